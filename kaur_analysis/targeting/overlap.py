"""Programmes together: families with none, one, several; which agencies serve the same families."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Items, estimate, linear_rules, rows_of
from kaur_analysis.targeting.evidence import Block, Evidence, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula, ratio, total
from kaur_analysis.targeting.inputs import ALL, Array, Draws
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

    def views(block: Block, number: Callable[[Sequence[Array]], tuple[Array, Array, Array]]) -> dict[str, Items]:
        by_number = dict(zip(HOW_MANY, number(list(block.received.values())), strict=True))
        poor_too = {f"poor_{name}": share * block.poor for name, share in by_number.items()} if poor else {}
        return {ALL: {"population": np.ones((len(frame), 1)), "poor": block.poor, **by_number, **poor_too}}

    formulas = {ALL: _formulas(with_poor=poor is not None)}
    first = evidence.receipts[0].programme  # whichever: only all families and the poor are counted

    def behind(key: str, measure: str, place: int) -> Sequence[Array]:
        return evidence.behind(first, measure)

    rules = linear_rules(evidence.setting, formulas, {ALL} if evidence.dependent_links(given) else (), behind=behind)
    names = sorted({agency_of[receipt.programme] for receipt in evidence.receipts})
    meetings = partial(_meetings, evidence, agency_of, names)
    met: list[tuple[Array, Array]] = []

    def draws() -> Iterator[tuple[int, Iterable[tuple[str, Items]]]]:
        for block in evidence.joint_draws(given):
            met.append(meetings(block))
            yield block.size, views(block, _number_drawn).items()

    point = views(evidence.expected(), _number_expected)
    rows: list[dict[str, object]] = []
    for (place, _), by_measure in estimate(evidence.setting, point, draws(), rules).items():
        groups = evidence.setting.partitions[place]
        counts = evidence.counts(groups, first)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, ALL, groups, estimated, counts)
    return Overlap(
        with_route(tidy(rows, COLUMNS), design), _matrix(evidence, names, meetings(evidence.expected()), met)
    )


def _number_drawn(received: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Whether none, exactly one, two or more of drawn receipts, each 0 or 1."""
    number = np.zeros((1, 1))
    for programme in received:
        number = number + programme
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


def _meetings(
    evidence: Evidence, agency_of: Mapping[str, str], names: Sequence[str], block: Block
) -> tuple[Array, Array]:
    """Weighted families, and poor families, that both of two agencies serve: classes × agencies × agencies × draws."""
    missed: dict[str, Array] = {}
    for programme, received in block.received.items():
        agency = agency_of[programme]
        missed[agency] = missed.get(agency, np.ones((1, 1))) * (1 - received)
    served = [1 - missed[name] for name in names]
    rows = [np.flatnonzero(one.any(axis=1)) for one in served]
    fine = evidence.setting.partitions[-1]
    matrix = fine.matrix(evidence.setting.weights)
    shape = (fine.size, len(names), len(names), block.size)
    each, poor = np.empty(shape), np.empty(shape)
    for one, other in combinations_with_replacement(range(len(names)), 2):
        fewer, more = (one, other) if len(rows[one]) <= len(rows[other]) else (other, one)
        inside = rows[fewer]  # whoever the smaller agency serves: nobody else is served by both
        # An agency with itself: who it serves, not the square of a link probability.
        both = served[fewer][inside] * (1.0 if one == other else served[more][inside])
        classes = matrix[:, inside]
        each[:, one, other] = each[:, other, one] = classes @ both
        poor[:, one, other] = poor[:, other, one] = classes @ (both * block.poor[inside])
    if len(evidence.setting.partitions) == 1:
        return each, poor
    return np.concatenate([each.sum(axis=0, keepdims=True), each]), np.concatenate(
        [poor.sum(axis=0, keepdims=True), poor]
    )
