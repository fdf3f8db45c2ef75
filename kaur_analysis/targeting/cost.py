"""What a programme's rupiah does to poverty, and what it costs per poor family reached."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Items, estimate, linear_rules, rows_of
from kaur_analysis.targeting.evidence import Block, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula
from kaur_analysis.targeting.inputs import Array, Draws, numbers
from kaur_analysis.targeting.intervals import tidy
from kaur_analysis.targeting.measures import with_route
from kaur_analysis.targeting.scenarios import welfare_without

_BEHIND: Mapping[str, str] = {  # families below a line that only this door knows
    "rupiah_per_poor_reached": "poor_recipients",
    "rupiah_per_rupiah_gap": "gap_closed",
    "gap_reduction": "gap_before",
}


def cost_effectiveness(
    frame: pd.DataFrame,
    welfare: str,
    line: float | str,
    received: str | Sequence[str],
    benefit: str | float | Sequence[str] | Mapping[str, str | float],
    weights: str | None = None,
    household_size: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    overhead: float | Mapping[str, float] = 0.0,
    consumed: float | Mapping[str, float] = 1.0,
    welfare_includes_benefit: bool = True,
    welfare_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Programmes side by side: cost per poor family reached, and how much of each rupiah closes the poverty gap.

    Welfare without the programme is welfare less the benefit per head (nothing else changed: no behaviour), but not
    less than a tenth of the line by it (:func:`welfare_without`); welfare with it is that and the benefit. With gap
    before g₀ and after g₁, benefit B and benefit to the poor B_p (Beckerman 1979): vertical efficiency B_p / B, poverty
    reduction efficiency (g₀ − g₁) / B, spillover (B_p − (g₀ − g₁)) / B, gap reduction (g₀ − g₁) / g₀. Houses, premiums
    and capital are no expenditure of the family in the same year: they cost, but close no gap. Where a link is
    uncertain the sums are over what a family is as a recipient, with the chance of the link, and as none otherwise.

    Parameters
    ----------
    frame, received, weights, by, design, welfare_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`; weights count families.
    welfare, line
        Rupiah per person per month: a column, and a number or a column.
    benefit
        Rupiah per recipient family per month, per programme.
    household_size
        Column of persons per family; ones by default.
    overhead
        Cost of delivery as a share of the benefit, one number or by programme.
    consumed
        Part of a rupiah of benefit that the family consumes in the same year (0–1), one number or by programme. Only
        this part is taken out of welfare, or added to it. Of a programme with 0 no gap is judged: its rows of gap,
        spillover and headcount are missing, and the poor are those of welfare as it is.
    welfare_includes_benefit
        Whether welfare was measured with the benefit in it (a survey's expenditure is). Else the benefit is added.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures`. These are accounts, not effects: see
        :func:`difference_in_differences` for what a programme changed.

    Raises
    ------
    EstimationError
        Benefits missing, or as in :func:`targeting_measures`.

    References
    ----------
    Beckerman (1979), Economic Journal 89, for the efficiencies.
    """
    given = Uncertainty(None, received_draws, welfare_draws, seed)
    evidence = read_evidence(
        frame, None, received, weights, benefit, welfare, by, design, given, confidence, with_any=False
    )
    known = numbers(frame, welfare)[:, None]
    size = (np.ones(len(frame)) if household_size is None else numbers(frame, household_size, 1.0))[:, None]
    poverty_line = (
        numbers(frame, line, 0.0)[:, None] if isinstance(line, str) else np.full((len(frame), 1), float(line))
    )
    if not (poverty_line > 0).all():
        raise EstimationError("Garis kemiskinan harus lebih dari nol.")
    shares = overhead if isinstance(overhead, Mapping) else dict.fromkeys(evidence.amounts, overhead)
    programmes = [receipt.programme for receipt in evidence.receipts]
    if any(evidence.amounts[programme] is None or programme not in shares for programme in programmes):
        raise EstimationError("Besaran bantuan atau biaya penyelenggaraan belum disebut untuk semua program.")
    parts = consumed if isinstance(consumed, Mapping) else dict.fromkeys(programmes, consumed)
    if any(not 0 <= parts.get(programme, -1.0) <= 1 for programme in programmes):
        raise EstimationError("Bagian bantuan yang dikonsumsi harus 0 sampai 1 dan disebut untuk semua program.")

    def views(block: Block) -> Iterator[tuple[str, Items]]:
        # One programme at a time: the columns of all would lie in memory together, each as wide as the draws.
        measured = block.welfare
        if measured is None:  # only links are drawn: welfare is what the column says
            measured = known
        for programme, receipt in block.received.items():
            amount = evidence.amounts[programme]
            rupiah = (np.zeros(len(frame)) if amount is None else amount)[:, None]
            used = parts[programme] * rupiah / size
            without = welfare_without(measured, used, poverty_line) if welfare_includes_benefit else measured
            yield programme, _items(measured, without, used, rupiah, receipt, size, poverty_line)

    expected = dict(views(evidence.expected()))

    def behind(programme: str, measure: str, place: int) -> Sequence[Array]:
        column = _BEHIND.get(measure)
        return evidence.behind(programme, measure) if column is None else [expected[programme][column][:, 0] > 0]

    rules = linear_rules(
        evidence.setting,
        {programme: _formulas(shares[programme], parts[programme] > 0) for programme in programmes},
        evidence.dependent_links(given),
        behind=behind,
    )
    if welfare_draws is not None:
        rules = rules.valued_by_draws()
    draws = ((block.size, views(block)) for block in evidence.joint_draws(given))
    rows: list[dict[str, object]] = []
    for (place, programme), by_measure in estimate(evidence.setting, expected, draws, rules).items():
        groups = evidence.setting.partitions[place]
        counts = evidence.counts(groups, programme)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, programme, groups, estimated, counts)
    return with_route(tidy(rows), design)


def _items(
    measured: Array, without: Array, used: Array, rupiah: Array, receipt: Array, size: Array, line: Array
) -> Items:
    """Columns to be summed, per family; gaps and persons are the family's.

    ``without`` and ``used`` per head, and ``rupiah``, are those of a family that receives. Each column is linear in
    receipt, so that the chance of a link in place of 0 or 1 gives what is expected.
    """
    gap, gap_before = np.maximum(line - measured, 0.0), np.maximum(line - without, 0.0)
    after = without + used
    poor_before = (without < line).astype(float)
    return {
        "persons": np.broadcast_to(size, measured.shape),
        "benefit": receipt * rupiah,
        "poor_benefit": receipt * rupiah * poor_before,
        "poor_recipients": receipt * poor_before,
        "gap_before": size * (gap + receipt * (gap_before - gap)),
        "gap_closed": size * receipt * (gap_before - np.maximum(line - after, 0.0)),
        "left_poverty": size * receipt * (poor_before - (after < line)),
    }


def _formulas(overhead: float, closes_gap: bool) -> dict[str, Formula]:
    if overhead < 0:
        raise EstimationError("Biaya penyelenggaraan tidak boleh negatif.")
    factor = 1.0 + overhead
    reach: dict[str, Formula] = {
        "cost_rupiah": lambda t: factor * t["benefit"],
        "poor_reached": lambda t: t["poor_recipients"],
        "rupiah_per_poor_reached": lambda t: factor * t["benefit"] / t["poor_recipients"],
        "vertical_efficiency": lambda t: t["poor_benefit"] / t["benefit"],
    }
    gap: dict[str, Formula] = {
        "gap_closed_rupiah": lambda t: t["gap_closed"],
        "rupiah_per_rupiah_gap": lambda t: factor * t["benefit"] / t["gap_closed"],
        "poverty_reduction_efficiency": lambda t: t["gap_closed"] / t["benefit"],
        "spillover": lambda t: (t["poor_benefit"] - t["gap_closed"]) / t["benefit"],
        "gap_reduction": lambda t: t["gap_closed"] / t["gap_before"],
        "headcount_reduction": lambda t: t["left_poverty"] / t["persons"],
    }
    return reach | gap if closes_gap else reach
