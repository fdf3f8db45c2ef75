"""Programmes together: families with none, one, several; which agencies serve the same families."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Items, estimate, linear_rules, rows_of
from kaur_analysis.targeting.evidence import Block, Evidence, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula, ratio, total
from kaur_analysis.targeting.inputs import ALL, Array, Draws, Groups
from kaur_analysis.targeting.intervals import COLUMNS, draw_interval, tidy
from kaur_analysis.targeting.measures import with_route

HOW_MANY = ("none", "one", "several")


@dataclass(frozen=True)
class Overlap:
    """How programmes and agencies meet in the same families.

    Attributes
    ----------
    measures
        Tidy rows: ``families_none/one/several`` and ``share_…`` of all families, ``poor_none/one/several`` (the poor
        without any programme are ``poor_none``) and ``poor_share_…`` of poor families; ``programme`` is ``all``.
    matrix
        ``(agency, other, group, families, poor_families, share_of_agency)``: families both agencies serve; on the
        diagonal, all an agency serves. Expected numbers; ``<name>_se/_low/_high`` are those of the joint draws.
    """

    measures: pd.DataFrame
    matrix: pd.DataFrame


def overlap(
    frame: pd.DataFrame,
    received: Sequence[str],
    poor: str | None = None,
    agencies: Mapping[str, str] | None = None,
    weights: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    poor_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Overlap:
    """Families with none, one and several programmes, and the overlap of agencies.

    With link probabilities the number of programmes of a family is Poisson-binomial: P(none) = Π(1 − T_k),
    P(one) = Σ_k T_k Π_{j≠k}(1 − T_j), links taken as independent unless ``received_draws`` are given.

    Parameters
    ----------
    frame, poor, received, weights, by, design, poor_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`; without ``poor`` only all families are counted.
    agencies
        Programme → agency. Without it every programme stands for itself in the matrix.

    Returns
    -------
    Overlap
        Expected numbers of families, and shares 0–1.

    Raises
    ------
    EstimationError
        A programme without agency, or as in :func:`targeting_measures`.

    References
    ----------
    Errors as in :func:`targeting_measures`.
    """
    given = Uncertainty(poor_draws, received_draws, None, seed)
    evidence = read_evidence(frame, poor, received, weights, None, None, by, design, given, confidence, with_any=False)
    agency_of = agencies or {receipt.programme: receipt.programme for receipt in evidence.receipts}
    missing = [receipt.programme for receipt in evidence.receipts if receipt.programme not in agency_of]
    if missing:
        raise EstimationError(f"Perangkat daerah belum disebut untuk program: {', '.join(missing)}.")

    def views(block: Block, by: tuple[Array, Array, Array]) -> dict[str, Items]:
        by_number = dict(zip(HOW_MANY, by, strict=True))
        poor_too = {f"poor_{name}": share * block.poor for name, share in by_number.items()} if poor else {}
        return {ALL: {"population": np.ones((len(frame), 1)), "poor": block.poor, **by_number, **poor_too}}

    formulas = {ALL: _formulas(with_poor=poor is not None)}
    first = evidence.receipts[0].programme  # whichever: only all families and the poor are counted

    def behind(key: str, measure: str, place: int) -> Sequence[Array]:
        return evidence.behind(first, measure)

    rules = linear_rules(evidence.setting, formulas, {ALL} if evidence.dependent_links(given) else (), behind=behind)
    names = sorted({agency_of[receipt.programme] for receipt in evidence.receipts})
    recipients = evidence.recipients(given)
    meetings = _Agencies.of(evidence, agency_of, names, recipients).meetings
    met: list[tuple[Array, Array]] = []

    def draws() -> Iterator[tuple[int, Iterable[tuple[str, Items]]]]:
        for block in evidence.joint_draws(given):
            met.append(meetings(block))
            yield block.size, views(block, _number_drawn(block, recipients)).items()

    expected = evidence.expected()
    point = views(expected, _number_expected(list(expected.received.values())))
    rows: list[dict[str, object]] = []
    for (place, _), by_measure in estimate(evidence.setting, point, draws(), rules).items():
        groups = evidence.setting.partitions[place]
        counts = evidence.counts(groups, first)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, ALL, groups, estimated, counts)
    return Overlap(with_route(tidy(rows, COLUMNS), design), _matrix(evidence, names, meetings(expected), met))


def _number_drawn(block: Block, recipients: Mapping[str, NDArray[np.intp]]) -> tuple[Array, Array, Array]:
    """Whether none, exactly one, two or more of drawn receipts, each 0 or 1."""
    number = np.zeros((len(block.poor), block.size))
    for programme, rows in recipients.items():
        number[rows] += block.received[programme][rows]
    return (number == 0).astype(float), (number == 1).astype(float), (number > 1).astype(float)


def _number_expected(received: Sequence[Array]) -> tuple[Array, Array, Array]:
    """P(none), P(exactly one), P(two or more) of independent receipts; 0/1 where receipt is known."""
    none, one = np.ones((1, 1)), np.zeros((1, 1))
    for programme in received:
        none, one = none * (1 - programme), one * (1 - programme) + none * programme
    return none, one, np.maximum(1 - none - one, 0.0)


def _formulas(*, with_poor: bool) -> dict[str, Formula]:
    formulas: dict[str, Formula] = {}
    for name in HOW_MANY:
        formulas[f"families_{name}"] = total(name)
        formulas[f"share_{name}"] = ratio(name, "population")
        if with_poor:
            formulas[f"poor_{name}"] = total(f"poor_{name}")
            formulas[f"poor_share_{name}"] = ratio(f"poor_{name}", "poor")
    return formulas


def _matrix(
    evidence: Evidence, names: Sequence[str], expected: tuple[Array, Array], drawn: Sequence[tuple[Array, Array]]
) -> pd.DataFrame:
    """Expected families served by both of two agencies, per class, with the spread of the joint draws."""
    first, second = (axis.ravel() for axis in np.meshgrid(names, names, indexing="ij"))
    labels = [label for groups in evidence.setting.partitions for label in groups.labels]
    columns: dict[str, Array] = {
        "agency": np.tile(first, len(labels)),
        "other": np.tile(second, len(labels)),
        "group": np.repeat(labels, len(first)),
    }
    for place, name in enumerate(("families", "poor_families")):
        columns[name] = expected[place][..., 0].ravel()
        draws = [block[place].reshape(len(columns[name]), -1) for block in drawn]
        unknown = np.full((3, len(columns[name])), np.nan)
        spread = draw_interval(np.hstack(draws), evidence.setting.confidence) if draws else unknown
        columns |= dict(zip((f"{name}_se", f"{name}_low", f"{name}_high"), spread, strict=True))
    own = np.repeat(np.diagonal(expected[0][..., 0], axis1=1, axis2=2).ravel(), len(names))
    families = columns["families"]
    return pd.DataFrame(columns).assign(
        share_of_agency=np.divide(families, own, out=np.full(len(own), np.nan), where=own > 0)
    )


@dataclass(frozen=True)
class _Pair:
    """Two agencies and the families that both may serve: where these stand among those of each, and their classes."""

    one: int
    other: int
    rows: NDArray[np.intp]
    among_one: NDArray[np.intp]
    among_other: NDArray[np.intp]
    classes: sparse.csr_matrix


@dataclass(frozen=True)
class _Agencies:
    """Which families agencies may serve and where they may meet, whatever the draw: nobody else is looked at."""

    programmes: Sequence[Sequence[str]]  # of each agency
    rows: Sequence[NDArray[np.intp]]
    pairs: Sequence[_Pair]
    partitions: tuple[Groups, ...]

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        agency_of: Mapping[str, str],
        names: Sequence[str],
        recipients: Mapping[str, NDArray[np.intp]],
    ) -> "_Agencies":
        """The agencies of some evidence, whose programmes have ``recipients``."""
        programmes = [[code for code in recipients if agency_of[code] == name] for name in names]
        rows = [np.unique(np.concatenate([recipients[code] for code in own])) for own in programmes]
        partitions = evidence.setting.partitions
        matrix = partitions[-1].matrix(evidence.setting.weights)
        pairs = []
        for one, other in combinations_with_replacement(range(len(names)), 2):
            both, among_one, among_other = np.intersect1d(
                rows[one], rows[other], assume_unique=True, return_indices=True
            )
            pairs.append(_Pair(one, other, both, among_one, among_other, matrix[:, both]))
        return cls(programmes, rows, pairs, partitions)

    def meetings(self, block: Block) -> tuple[Array, Array]:
        """Weighted families, and poor families, that both of two agencies serve: classes × agencies² × draws."""
        served = [self._served(block, *own) for own in zip(self.programmes, self.rows, strict=True)]
        shape = (self.partitions[-1].size, len(self.rows), len(self.rows), block.size)
        each, poor = np.empty(shape), np.empty(shape)
        for pair in self.pairs:
            both = served[pair.one][pair.among_one]
            if pair.one != pair.other:  # an agency with itself: who it serves, not the square of a link probability
                both = both * served[pair.other][pair.among_other]
            each[:, pair.one, pair.other] = each[:, pair.other, pair.one] = pair.classes @ both
            of_poor = pair.classes @ (both * block.poor[pair.rows])
            poor[:, pair.one, pair.other] = poor[:, pair.other, pair.one] = of_poor
        if len(self.partitions) == 1:
            return each, poor
        return np.concatenate([each.sum(axis=0, keepdims=True), each]), np.concatenate(
            [poor.sum(axis=0, keepdims=True), poor]
        )

    @staticmethod
    def _served(block: Block, programmes: Sequence[str], rows: NDArray[np.intp]) -> Array:
        missed = np.ones((1, 1))
        for programme in programmes:
            missed = missed * (1 - block.received[programme][rows])
        return np.asarray(1 - missed)
