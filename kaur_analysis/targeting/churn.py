"""Over time: who stayed on the list, left it or came in, and how late the rupiah was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.functionals import weighted_quantile
from kaur_analysis.targeting.engine import EVERYBODY, Estimate, Items, Setting, estimate, linear_rules, rows_of
from kaur_analysis.targeting.evidence import Block, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula
from kaur_analysis.targeting.inputs import Array, Draws, partitions, weight_of
from kaur_analysis.targeting.intervals import COLUMNS, tidy
from kaur_analysis.targeting.measures import with_route

DAYS_PER_MONTH = 365.2425 / 12
_CHURN: Mapping[str, Formula] = {
    "stayed": lambda t: t["stayed"],
    "left": lambda t: t["left"],
    "entered": lambda t: t["entered"],
    "retention_rate": lambda t: t["stayed"] / (t["stayed"] + t["left"]),
    "exit_rate": lambda t: t["left"] / (t["stayed"] + t["left"]),
    "entry_rate": lambda t: t["entered"] / (t["stayed"] + t["entered"]),
}
_CHURN_OF_THE_POOR: Mapping[str, Formula] = {
    "leavers_still_poor": lambda t: t["left_poor"] / t["left"],
    "entrants_nonpoor": lambda t: (t["entered"] - t["entered_poor"]) / t["entered"],
}

_BEHIND: Mapping[str, Sequence[str]] = {
    "retention_rate": ("stayed", "left"),
    "exit_rate": ("stayed", "left"),
    "entry_rate": ("stayed", "entered"),
    "leavers_still_poor": ("left",),
    "entrants_nonpoor": ("entered",),
}


def churn(
    frame: pd.DataFrame,
    periods: Mapping[str, Mapping[str, str]],
    poor: str | None = None,
    weights: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    poor_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Movement on and off each programme's list between consecutive periods of the same families.

    Parameters
    ----------
    frame, poor, weights, by, design, poor_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`; ``poor`` is poverty in the later period.
    periods
        Programme → (period → column of receipt), periods in the order of time.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures` and ``start``, ``end`` (periods); measures ``stayed``, ``left``,
        ``entered``, ``retention_rate``, ``exit_rate``, ``entry_rate`` and, where poverty is known,
        ``leavers_still_poor`` and ``entrants_nonpoor``.

    Raises
    ------
    EstimationError
        Fewer than two periods of a programme, or as in :func:`targeting_measures`.

    Notes
    -----
    A family that is unmatched in one period looks like one that left: compare lists that were linked the same way.

    References
    ----------
    Errors as in :func:`targeting_measures`.
    """
    short = [programme for programme, columns in periods.items() if len(columns) < 2]
    if not periods or short:
        raise EstimationError(f"Perubahan penerima memerlukan dua periode atau lebih: {', '.join(short) or 'kosong'}.")
    steps = [
        (programme, start, end, columns[start], columns[end])
        for programme, columns in periods.items()
        for start, end in pairwise(columns)
    ]
    names = list(dict.fromkeys(name for step in steps for name in step[3:]))
    given = Uncertainty(poor_draws, received_draws, None, seed)
    evidence = read_evidence(frame, poor, names, weights, None, None, by, design, given, confidence, with_any=False)

    def views(block: Block) -> dict[int, Items]:
        return {
            place: _moves(block.received[before], block.received[after], block.poor)
            for place, (_, _, _, before, after) in enumerate(steps)
        }

    chosen = dict(_CHURN) | (dict(_CHURN_OF_THE_POOR) if poor is not None else {})
    expected = views(evidence.expected())

    def behind(step: int, measure: str, place: int) -> Sequence[Array]:
        moved = [expected[step][name][:, 0] for name in _BEHIND.get(measure, ())]
        return [np.sum(moved, axis=0) > 0] if moved else EVERYBODY

    joint = range(len(steps)) if evidence.dependent_links(given) else ()
    rules = linear_rules(evidence.setting, dict.fromkeys(range(len(steps)), chosen), joint, behind=behind)
    draws = ((block.size, views(block).items()) for block in evidence.joint_draws(given))
    rows: list[dict[str, object]] = []
    for (place, step), by_measure in estimate(evidence.setting, expected, draws, rules).items():
        programme, start, end, before, after = steps[step]
        groups = evidence.setting.partitions[place]
        for measure, estimated in by_measure.items():
            counts = evidence.counts(groups, after if measure == "entry_rate" else before)
            rows += rows_of(measure, programme, groups, estimated, counts, start=start, end=end)
    return with_route(tidy(rows, [*COLUMNS[:4], "start", "end", *COLUMNS[4:]]), design)


def _moves(before: Array, after: Array, poor: Array) -> Items:
    left, entered = before * (1 - after), (1 - before) * after
    return {
        "stayed": before * after,
        "left": left,
        "entered": entered,
        "left_poor": left * poor,
        "entered_poor": entered * poor,
    }


def timeliness(
    frame: pd.DataFrame,
    due: str,
    paid: str,
    programme: str,
    weights: str | None = None,
    by: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Months late, payment by payment.

    Parameters
    ----------
    frame
        One row per payment.
    due, paid
        Columns of dates: when it was due and when it came.
    programme
        Column of programmes.
    weights, by, confidence
        As in :func:`targeting_measures`.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures`: mean ``months_late`` and ``median_months_late`` (early payments count as
        on time) and ``late_share`` (more than one month late) of payments with both dates; ``n`` is their number. A
        list counted in full has no ``se``.

    Raises
    ------
    EstimationError
        Columns absent, or no payment with both dates.
    """
    for column in (due, paid, programme):
        if column not in frame.columns:
            raise EstimationError(f"Kolom '{column}' tidak ada di tabel.")
    frame = frame.reset_index(drop=True)  # payments are told apart by their place, whatever labels they carry
    dates = frame[[due, paid]].apply(pd.to_datetime, errors="coerce")
    is_dated = dates.notna().all(axis=1)
    if not is_dated.any():
        raise EstimationError("Tidak ada pembayaran yang tanggal jadwal dan tanggal terimanya diketahui.")
    rows: list[dict[str, object]] = []
    for name, part in frame[is_dated].groupby(programme, sort=True):
        late = (dates.loc[part.index, paid] - dates.loc[part.index, due]).dt.days.to_numpy() / DAYS_PER_MONTH
        months = np.maximum(late, 0.0)[:, None]
        setting = Setting(weight_of(part, weights), tuple(partitions(part, by)), None, confidence)
        view: Items = {"payments": np.ones_like(months), "months": months, "late": (months > 1).astype(float)}
        formulas: Mapping[str, Formula] = {
            "months_late": lambda t: t["months"] / t["payments"],
            "late_share": lambda t: t["late"] / t["payments"],
        }
        nothing: Iterator[tuple[int, Iterable[tuple[str, Items]]]] = iter(())
        found = estimate(setting, {str(name): view}, nothing, linear_rules(setting, {str(name): formulas}))
        for (place, key), by_measure in found.items():
            groups = setting.partitions[place]
            counts = {"payments": np.bincount(groups.codes, minlength=groups.size)}
            inside = [groups.codes == place for place in range(groups.size)]
            middle = [weighted_quantile(months[own, 0], setting.weights[own], 0.5, "school") for own in inside]
            unknown = np.full(groups.size, np.nan)
            by_measure["median_months_late"] = Estimate(np.array(middle, dtype=float), unknown, unknown, unknown)
            for measure, estimated in by_measure.items():
                rows += rows_of(measure, key, groups, estimated, counts)
    return tidy(rows)
