"""Targeting errors and their kin, per programme and group, with the uncertainty that the route allows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.definitions import definition
from kaur_analysis.targeting.engine import Rules, estimate, rows_of
from kaur_analysis.targeting.evidence import ANY, Block, Evidence, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import COUNTING, RUPIAH, Formula, formulas
from kaur_analysis.targeting.inputs import ALL, UNKNOWN, Array, Benefit, Draws, numbers
from kaur_analysis.targeting.intervals import tidy
from kaur_analysis.targeting.ranks import Ranks, fractional_ranks, orders
from kaur_analysis.targeting.totals import Families, Ladder, Totals, base_totals, influences, totals

ROUTES = {
    "survey": "Jalur survei: pengeluaran yang diamati terhadap penerimaan yang dilaporkan; berlaku untuk kabupaten "
    "saja.",
    "registry": "Jalur daftar: kemiskinan yang diperkirakan terhadap daftar penerima yang dipadankan; ketidaksesuaian "
    "terhadap perkiraan atau peringkat, bukan bukti salah sasaran per keluarga.",
}


class View(NamedTuple):
    """Families of one programme; in each partition their welfare ranks and what programmes share."""

    families: Families
    receiving: "_Receiving"
    ranks: Sequence[Ranks | None]
    base: Sequence[Totals]


class _Receiving(NamedTuple):
    """Who may receive one programme, and where they stand in each partition by their amounts; whatever the draw.

    ``gathered`` leads from the rungs of the last partition to those of each.
    """

    rows: NDArray[np.intp]
    ladders: Sequence[Ladder]
    gathered: Sequence[sparse.csr_matrix]


def targeting_measures(
    frame: pd.DataFrame,
    poor: str,
    received: str | Sequence[str],
    weights: str | None = None,
    benefit: Benefit = None,
    welfare: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    poor_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    welfare_draws: Draws | None = None,
    welfare_is_rank: bool = False,
    unmatched: pd.DataFrame | None = None,
    bottom: Sequence[float] = (0.2, 0.4),
    with_any: bool = True,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Who was reached, who was missed and who was wrongly in, with intervals.

    With weights w, poverty p (0/1 or a probability) and receipt T (0/1 or a link probability) the point values are
    ratios of expected totals: exclusion error Σ w p (1 − T) / Σ w p, inclusion error Σ w (1 − p) T / Σ w T, and so on;
    :func:`definitions` states every measure and its denominator.

    Parameters
    ----------
    frame
        One row per family (registry) or household (survey).
    poor
        Column: 1 poor, 0 not, or the probability of being poor.
    received
        Column or columns, one per programme: receipt 0/1 or the probability that the link to the list is true. With
        several, the programme ``any`` (at least one of them) is added, unless ``with_any`` is false.
    weights
        Column of weights; the design's where a design is given, else ones.
    benefit
        Rupiah per recipient: a column, a number, or a mapping programme → column or number.
    welfare
        Column of welfare, low is poor (expenditure, or a desil with ``welfare_is_rank``): concentration, Kakwani,
        rank correlation and what the bottom shares get.
    by
        Column of groups; everyone together is always the group ``all``.
    design
        Survey route: standard errors by linearisation under this design, ``frame`` being its data row by row.
    poor_draws, welfare_draws
        Registry route: joint draws of poverty (0/1) and of welfare, rows × M, or a callable that returns them or yields
        blocks of columns. Intervals are their equal-tailed quantiles; ``se`` is their standard deviation.
    received_draws
        Joint draws of receipt per programme, rows × M, where links are not independent of each other or of poverty.
        Without it uncertain links are drawn independently.
    welfare_is_rank
        Welfare orders only: no Gini and no Kakwani.
    unmatched
        Recipients found in no family: columns ``programme``, optionally the ``by`` column, ``recipients`` (else every
        row counts one), ``rupiah``, and ``listed``, all names on the list: without it their share is missing, because
        names cannot be divided by families. They are counted in rows of their own and enter no error.
    bottom
        Shares for the Coady–Grosh–Hoddinott index of the poorest, e.g. ``cgh_bottom_20``.
    with_any
        Whether ``any`` is added where there are several programmes.
    confidence, seed
        Level of the intervals; seed of the link draws.

    Returns
    -------
    pandas.DataFrame
        ``(measure, denominator, programme, group, value, se, low, high, n)``; ``n`` is the unweighted (expected) number
        of families in the denominator. ``attrs["route"]`` is ``survey`` or ``registry``, ``attrs["route_label"]`` what
        that route can say. Without design and draws ``se, low, high`` are missing: the lists were counted in full.

    Raises
    ------
    EstimationError
        Columns absent, missing or outside their range; both a design and draws (two routes are never mixed); draws that
        do not fit the rows.

    Notes
    -----
    With ``received_draws`` of uncertain links, point values are ratios of the totals' means over the joint draws,
    because poverty and links may then depend on each other. Draws must be made *given receipt* where receipt tells
    something about poverty beyond the covariates: see :func:`receipt_adjustment`.

    Survey standard errors are Deville's linearisation (1999) of each measure, rank-based ones included; the Lorenz
    ordinates behind ``cgh_bottom_*`` use the local mean benefit within 5% of the population around the quantile.
    Degrees of freedom are those of a domain in :class:`kaur_analysis.poverty.EstimateSettings`: PSUs minus strata that
    hold families of the group of whom the measure is a share (Korn & Graubard 1999, §5.2), of poor or other families,
    whichever are fewer, where it compares the two. Where those families lie in one PSU there is no error.

    References
    ----------
    Coady, Grosh & Hoddinott (2004); Ravallion (2009) for the targeting differential; Kakwani, Wagstaff & van Doorslaer
    (1997) for the concentration coefficient; Alatas et al. (2012) for the error rate; Deville (1999), Survey
    Methodology 25.

    Examples
    --------
    Of two poor families one is reached, and of two recipients one is not poor:

    >>> frame = pd.DataFrame({"poor": [1, 1, 0, 0], "pkh": [1, 0, 1, 0]})
    >>> table = targeting_measures(frame, "poor", "pkh").set_index("measure")["value"]
    >>> table[["exclusion_error", "inclusion_error", "coverage"]].to_dict()
    {'exclusion_error': 0.5, 'inclusion_error': 0.5, 'coverage': 0.5}
    """
    given = Uncertainty(poor_draws, received_draws, welfare_draws, seed)
    evidence = read_evidence(
        frame, poor, received, weights, benefit, welfare, by, design, given, confidence, with_any=with_any
    )
    ranked = welfare is not None or welfare_draws is not None
    chosen = {
        receipt.programme: formulas(
            rupiah=evidence.amounts[receipt.programme] is not None,
            ranked=ranked,
            monetary=not welfare_is_rank,
            bottom=bottom,
        )
        for receipt in evidence.receipts
    }
    rows = measure_rows(evidence, chosen, given, bottom)
    if unmatched is not None:
        rows += _unmatched_rows(evidence, unmatched, by)
    return with_route(tidy(rows), design)


def with_route(table: pd.DataFrame, design: SurveyDesign | None) -> pd.DataFrame:
    """Label a table with the route it was made by."""
    table.attrs["route"] = "registry" if design is None else "survey"
    table.attrs["route_label"] = ROUTES[table.attrs["route"]]
    return table


def measure_rows(
    evidence: Evidence, chosen: Mapping[str, Mapping[str, Formula]], given: Uncertainty, bottom: Sequence[float]
) -> list[dict[str, object]]:
    """Rows of the chosen formulas for every programme and partition."""
    partitions, weights = evidence.setting.partitions, evidence.setting.weights
    matrices = [groups.matrix(weights) for groups in partitions]
    receiving = {
        programme: _receiving(rows, [Ladder.of(evidence.amounts[programme], weights, groups) for groups in partitions])
        for programme, rows in evidence.recipients(given).items()
    }
    fixed = _ranks(evidence, evidence.welfare)

    def views(block: Block) -> dict[str, View]:
        is_drawn = given.welfare is not None and block.welfare is not None
        ranks = _ranks(evidence, block.welfare) if is_drawn else fixed
        welfare = block.welfare
        if welfare is None and evidence.welfare is not None:
            welfare = evidence.welfare[:, None]
        base = [base_totals(block.poor, *known, welfare) for known in zip(matrices, ranks, strict=True)]
        return {
            programme: View(
                Families(weights, block.poor, received, evidence.amounts[programme], welfare),
                receiving[programme],
                ranks,
                base,
            )
            for programme, received in block.received.items()
        }

    def sums(view: View) -> list[Totals]:
        rows, ladders, gathered = view.receiving
        received, poor = view.families.received[rows], view.families.poor[rows]
        on_rungs, poor_on_rungs = (ladders[-1].rungs @ column for column in (received, received * poor))
        return [
            totals(received, rows, ranks, ladder, into @ on_rungs, into @ poor_on_rungs, base, bottom)
            for ranks, ladder, into, base in zip(view.ranks, ladders, gathered, view.base, strict=True)
        ]

    def influence(view: View, place: int, at: Totals) -> Totals:
        return influences(view.families, view.ranks[place], partitions[place], at, bottom)

    measures = {name for given_formulas in chosen.values() for name in given_formulas}
    if given.welfare is not None:
        from_draws = measures - set(COUNTING) - set(RUPIAH)
    else:  # the ranks of uncertain receipts are no function of their expectation
        from_draws = measures & {"rank_correlation"} if evidence.uncertain_links() else set()
    rules = Rules(sums, influence, chosen, evidence.dependent_links(given), from_draws, evidence.behind)
    point = views(evidence.expected())
    draws: Iterator[tuple[int, Iterable[tuple[str, View]]]] = (
        (block.size, views(block).items()) for block in evidence.joint_draws(given)
    )
    estimates = estimate(evidence.setting, point, draws, rules)
    rows: list[dict[str, object]] = []
    for (place, programme), by_measure in estimates.items():
        groups = partitions[place]
        counts = evidence.counts(groups, programme)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, programme, groups, estimated, counts)
    return rows


def _receiving(rows: NDArray[np.intp], ladders: Sequence[Ladder]) -> _Receiving:
    gathered = [ladder.gathered(ladders[-1]) for ladder in ladders]
    return _Receiving(rows, [ladder.among(rows) for ladder in ladders], gathered)


def _ranks(evidence: Evidence, welfare: Array | None) -> list[Ranks | None]:
    if welfare is None:
        return [None] * len(evidence.setting.partitions)
    columns = welfare[:, None] if welfare.ndim == 1 else welfare
    order = orders(columns)
    return [
        fractional_ranks(columns, evidence.setting.weights, groups, order) for groups in evidence.setting.partitions
    ]


def _unmatched_rows(evidence: Evidence, unmatched: pd.DataFrame, by: str | None) -> list[dict[str, object]]:
    """Recipients found in no family: their number, their share of the list, their rupiah; never part of an error.

    ``any`` gets none: one person may stand on several lists, so unmatched names of different lists cannot be added up.
    """
    table = _read_unmatched(unmatched, by)
    rows: list[dict[str, object]] = []
    for receipt in evidence.receipts:
        if receipt.programme == ANY:
            continue
        mine = table[table["programme"] == receipt.programme].groupby("group")[["recipients", "rupiah", "listed"]].sum()
        for groups in evidence.setting.partitions:
            matched = pd.Series(np.bincount(groups.codes, receipt.expected, groups.size), index=pd.Index(groups.labels))
            is_whole = groups.labels == (ALL,)
            if not is_whole and (by is None or by not in unmatched.columns):
                continue
            labels = matched.index if is_whole else matched.index.union(mine.index.drop(ALL, errors="ignore"))
            counted = mine.reindex(labels, fill_value=0.0)
            listed = counted["listed"]
            found = {
                "unmatched_recipients": counted["recipients"],
                "unmatched_share": counted["recipients"] / listed.where(listed > 0),
            }
            if "rupiah" in unmatched.columns:
                found["unmatched_rupiah"] = counted["rupiah"]
            rows += [
                {
                    "measure": measure,
                    "denominator": definition(measure).denominator,
                    "programme": receipt.programme,
                    "group": label,
                    "value": values[label],
                    "n": listed[label] if "listed" in unmatched.columns else np.nan,
                }
                for measure, values in found.items()
                for label in labels
            ]
    return rows


def _read_unmatched(unmatched: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Unmatched recipients as ``programme, group, recipients, rupiah, listed``, once in all and once per group."""
    if "programme" not in unmatched.columns:
        raise EstimationError("Tabel penerima tidak padan harus memuat kolom 'programme'.")
    ones = pd.Series(1.0, index=unmatched.index)
    table = pd.DataFrame(
        {
            "programme": unmatched["programme"].astype(str),
            "group": ALL,
            "recipients": numbers(unmatched, "recipients", 0.0) if "recipients" in unmatched.columns else ones,
            "rupiah": numbers(unmatched, "rupiah", 0.0) if "rupiah" in unmatched.columns else 0.0 * ones,
            "listed": numbers(unmatched, "listed", 0.0) if "listed" in unmatched.columns else 0.0 * ones,
        }
    )
    if by is None or by not in unmatched.columns:
        return table
    return pd.concat([table, table.assign(group=unmatched[by].astype("string").fillna(UNKNOWN).to_numpy())])
