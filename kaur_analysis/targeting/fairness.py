"""Whom the errors fall on: the same errors by kind of family, against everyone else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import student
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Rules, estimate, rows_of
from kaur_analysis.targeting.evidence import Block, Evidence, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula
from kaur_analysis.targeting.inputs import Array, Draws, Groups, numbers, weight_of
from kaur_analysis.targeting.intervals import COLUMNS, tidy
from kaur_analysis.targeting.measures import with_route
from kaur_analysis.targeting.ranks import fractional_ranks
from kaur_analysis.targeting.totals import Totals

ERRORS = ("exclusion_error", "inclusion_error")
MULTIPLE_COMPARISONS = (
    "Banyak kelompok dibandingkan sekaligus: p_adjusted sudah memperhitungkannya (Holm); selang per kelompok belum."
)


def fairness(
    frame: pd.DataFrame,
    poor: str,
    received: str | Sequence[str],
    characteristics: Sequence[str],
    weights: str | None = None,
    design: SurveyDesign | None = None,
    *,
    poor_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Exclusion and inclusion error of each kind of family, and the difference from all other families.

    Parameters
    ----------
    frame, poor, received, weights, design, poor_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`.
    characteristics
        Columns of classes: sex of the head, elderly head, disability, class of household size, kecamatan, remoteness.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures` and ``characteristic``, ``difference`` (the class minus all others),
        ``difference_se``, ``difference_low``, ``difference_high``, ``p_value`` and ``p_adjusted`` (Holm over all rows
        of a measure): a t test on the degrees of freedom of the class or of the others, whichever are fewer, or on the
        registry route the normal tail at the draws' spread. ``attrs["note"]`` says so to the reader.

    Raises
    ------
    EstimationError
        No characteristic is named, or as in :func:`targeting_measures`.

    References
    ----------
    Deville (1999), Survey Methodology 25, for errors of differences; Holm (1979), Scandinavian Journal of Statistics 6.
    """
    if not characteristics:
        raise EstimationError("Sebutkan paling sedikit satu ciri keluarga.")
    given = Uncertainty(poor_draws, received_draws, None, seed)
    evidence = read_evidence(frame, poor, received, weights, None, None, None, design, given, confidence)
    table = _by_characteristic(evidence, given, {name: Groups.read(frame, name) for name in characteristics})
    table["p_adjusted"] = np.nan
    for measure in ERRORS:
        tested = (table["measure"] == measure) & table["p_value"].notna()
        if tested.any():
            table.loc[tested, "p_adjusted"] = holm(table.loc[tested, "p_value"].to_numpy())
    table = with_route(table, design)
    table.attrs["note"] = MULTIPLE_COMPARISONS
    return table


def holm(p_values: Array) -> Array:
    """P values of tests that are made together, as ``statsmodels`` computes them, which takes half a second to load.

    The smallest of n counts n times, the next n − 1 times; none comes out below a smaller one, or above 1.

    Parameters
    ----------
    p_values
        Of each test alone, shape (n,).

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(p_values)
    together = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty_like(together)
    adjusted[order] = np.minimum(together, 1.0)
    return adjusted


def _by_characteristic(evidence: Evidence, given: Uncertainty, classes: Mapping[str, Groups]) -> pd.DataFrame:
    """Both errors inside and outside every class; their difference is one measure with its own error."""
    recipients = evidence.recipients(given)
    matrices = {name: groups.matrix(evidence.setting.weights) for name, groups in classes.items()}
    of_recipients = {
        (name, programme): matrix[:, rows]
        for name, matrix in matrices.items()
        for programme, rows in recipients.items()
    }
    keys = [
        (name, receipt.programme, place)
        for name, groups in classes.items()
        for receipt in evidence.receipts
        for place in range(groups.size)
    ]

    def views(block: Block) -> Iterator[tuple[tuple[str, str, int], _Class]]:
        received = {programme: block.received[programme][rows] for programme, rows in recipients.items()}
        reached = {programme: block.poor[rows] * received[programme] for programme, rows in recipients.items()}
        for name, groups in classes.items():
            poor = matrices[name] @ block.poor
            for programme in recipients:
                matrix = of_recipients[name, programme]
                sums = _sums_by_class(poor, matrix @ received[programme], matrix @ reached[programme])
                cases = _Cases(block.poor, block.received[programme], sums)
                yield from (
                    ((name, programme, place), _Class(cases, groups.codes, place)) for place in range(groups.size)
                )

    formulas = {f"{name}{part}": formula for name in ERRORS for part, formula in _FORMULAS[name].items()}

    def behind(key: tuple[str, str, int], measure: str, _: int) -> list[Array]:
        name, programme, place = key
        (rows,), member = evidence.behind(programme, measure), classes[name].codes == place
        return [rows & member, rows & ~member] if measure.endswith("_difference") else [rows & member]

    joint = [key for key in keys if key[1] in evidence.dependent_links(given)]
    rules = Rules(_sums, _influence, dict.fromkeys(keys, formulas), joint, behind=behind)
    draws = ((block.size, views(block)) for block in evidence.joint_draws(given))
    found = estimate(evidence.setting, dict(views(evidence.expected())), draws, rules)
    rows: list[dict[str, object]] = []
    for (_, (characteristic, programme, place)), by_measure in found.items():
        groups = classes[characteristic]
        counts = {name: total[[place]] for name, total in evidence.counts(groups, programme).items()}
        for name in ERRORS:
            difference, se, low, high, degrees = (float(np.ravel(part)[0]) for part in by_measure[f"{name}_difference"])
            rows += rows_of(
                name,
                programme,
                Groups((groups.labels[place],), groups.codes),
                by_measure[name],
                counts,
                characteristic=characteristic,
                difference=difference,
                difference_se=se,
                difference_low=low,
                difference_high=high,
                p_value=2 * float(student.above(abs(difference) / se, degrees)) if se > 0 else np.nan,
            )
    extra = ["difference", "difference_se", "difference_low", "difference_high", "p_value"]
    return tidy(rows, [*COLUMNS[:3], "characteristic", *COLUMNS[3:], *extra])


def _sums_by_class(poor: Array, recipients: Array, reached: Array) -> Totals:
    """Each case's sum over every class, from those of the poor, of recipients and of poor recipients: classes × M."""
    return {"poor": poor, "missed": poor - reached, "recipients": recipients, "included": recipients - reached}


@dataclass(frozen=True)
class _Cases:
    """One programme in one block of draws; the sums over classes serve every class, and what is outside of it."""

    poor: Array
    received: Array
    by_class: Totals

    @cached_property
    def everybody(self) -> Totals:
        """Each case's sum over all classes."""
        return {name: sums.sum(axis=0, keepdims=True) for name, sums in self.by_class.items()}


@dataclass(frozen=True)
class _Class:
    """One class of families within the cases of a programme."""

    cases: _Cases
    codes: NDArray[np.intp]
    place: int


def _sums(view: _Class) -> list[Totals]:
    inside = {name: sums[[view.place]] for name, sums in view.cases.by_class.items()}
    outside = {f"{name}_outside": total - inside[name] for name, total in view.cases.everybody.items()}
    return [{f"{name}_inside": sums for name, sums in inside.items()} | outside]


def _influence(view: _Class, place: int, at: Totals) -> Totals:
    poor, received = view.cases.poor[:, 0], view.cases.received[:, 0]
    member = view.codes == view.place
    cases = {
        "poor": poor,
        "missed": poor * (1 - received),
        "recipients": received,
        "included": (1 - poor) * received,
    }
    inside = {f"{name}_inside": column * member for name, column in cases.items()}
    return inside | {f"{name}_outside": column * ~member for name, column in cases.items()}


def _error(above: str, below: str) -> Mapping[str, Formula]:
    return {
        "": lambda t: t[f"{above}_inside"] / t[f"{below}_inside"],
        "_difference": lambda t: (
            t[f"{above}_inside"] / t[f"{below}_inside"] - t[f"{above}_outside"] / t[f"{below}_outside"]
        ),
    }


_FORMULAS = {"exclusion_error": _error("missed", "poor"), "inclusion_error": _error("included", "recipients")}


def group_calibrated_ranking(
    frame: pd.DataFrame,
    score: str,
    group: str,
    expected_poor: str,
    weights: str | None = None,
) -> pd.Series:
    """Rank families so that no group of them loses systematically: lowest rank first.

    Within a group families keep the order of ``score``. Between groups, a family's rank is the number of families of
    its group that come before it, per expected poor family of that group: a quota filled by this rank serves every
    group in proportion to its expected poor. Use it where :func:`fairness` shows a group whose poor are missed more
    often because a model sees them badly; what it costs in total error shows in :func:`compare_scenarios`.

    Parameters
    ----------
    frame, weights
        Families and their weights.
    score
        Column, low is served first.
    group
        Column of groups.
    expected_poor
        Column of P(poor), calibrated within groups.

    Returns
    -------
    pandas.Series
        Ranks on the frame's index; equals within a group share one.

    Raises
    ------
    EstimationError
        A group without any expected poor family has no rank.

    Examples
    --------
    Two families of each group; the second group has half as many expected poor:

    >>> frame = pd.DataFrame({"score": [1, 2, 3, 4], "sex": ["L", "L", "P", "P"], "p": [0.8, 0.8, 0.4, 0.4]})
    >>> group_calibrated_ranking(frame, "score", "sex", "p").round(4).tolist()
    [0.3125, 0.9375, 0.625, 1.875]
    """
    weight = weight_of(frame, weights)
    groups = Groups.read(frame, group)
    poor = np.bincount(groups.codes, weight * numbers(frame, expected_poor, 0.0, 1.0), groups.size)
    if (poor <= 0).any():
        raise EstimationError("Ada kelompok tanpa satu pun keluarga yang diperkirakan miskin.")
    people = np.bincount(groups.codes, weight, groups.size)
    middle = fractional_ranks(numbers(frame, score), weight, groups).middle[:, 0]
    return pd.Series(middle * (people / poor)[groups.codes], index=frame.index, name="group_calibrated_rank")
