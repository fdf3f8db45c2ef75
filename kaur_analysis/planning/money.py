"""From needs to rupiah: budget lines per area, agency and fund, and what zero extreme poverty would cost."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.contracts import BUDGET, checked
from kaur_analysis.errors import StudyRejected
from kaur_analysis.planning.below import DRAWS_AT_ONCE, Below, Draws, below
from kaur_analysis.planning.doubt import DoubtfulDue, Receipts, doubtful_due
from kaur_analysis.planning.wide import MONTHS, Array, Flags, Wide, expected_gap, modelled, widen
from kaur_analysis.poverty.intervals import equal_tails, held_interval
from kaur_analysis.reference.catalogue import Programme

LINE_FACTORS = (0.9, 1.1)
AREA_DIGITS = {"kabupaten": 4, "kecamatan": 7, "desa": 10}
_SUMS = ["eligible", "due", "units_due", "rupiah_due", "due_extreme", "units_extreme", "rupiah_extreme"]
_OF_DUE = ["desa", "due", "due_extreme", "units", "rupiah_year"]


@dataclass(frozen=True)
class Areas:
    """Areas of some levels.

    Attributes
    ----------
    names
        Their codes.
    place
        Levels × families: the area of each family on each level.
    """

    names: list[str]
    place: NDArray[np.intp]

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Areas × families: sums over the families of each area."""
        families = np.tile(np.arange(self.place.shape[1]), len(self.place))
        shape = (len(self.names), self.place.shape[1])
        return sparse.csr_matrix((np.ones(self.place.size), (self.place.ravel(), families)), shape=shape)

    def by_draw(self, at: Below, values: Array, rows: NDArray[np.integer] | None = None) -> Array:
        """Areas × draws: sums of a value of each who is below a line; ``rows`` are their families if not the table's.

        Families are added in their order, as the matrix adds them: those who are not below the line add nothing.
        """
        size = len(self.names), at.size[1]
        sums = np.zeros(size[0] * size[1])
        for place in self.place:  # an area is of one level alone: to its sums the other levels add nothing
            cells = place[at.family if rows is None else rows] * size[1] + at.draw
            sums += np.bincount(cells, values, minlength=len(sums))
        return sums.reshape(size)


def areas_of(levels: Iterable[pd.Series]) -> Areas:
    """Areas by the codes that families have on each level."""
    codes = list(levels)
    place, names = pd.factorize(pd.concat(codes), sort=True)
    return Areas([str(name) for name in names], place.reshape(len(codes), -1))


def budget(
    needs: pd.DataFrame, programmes: Iterable[Programme], levels: Sequence[str] = ("kabupaten", "kecamatan", "desa")
) -> pd.DataFrame:
    """Sum what is due by area, programme and source of funds.

    Parameters
    ----------
    needs
        Contract ``NEEDS``.
    programmes
        The study's programmes.
    levels
        Areas that sums are made for, of ``kabupaten``, ``kecamatan``, ``desa``.

    Returns
    -------
    DataFrame
        Contract ``BUDGET``. Counts are expected numbers of families and units. ``families_due`` is every eligible
        family not yet served; ``families_due_extreme`` those among the extreme poor, which is the gap that the
        0 percent target is about and what a proposed budget line is bounded by. A fund's row holds its share of
        everything, so that the funds of a programme add up to its row with fund ``""``. ``unit_cost_rp_year`` is
        rupiah per unit due; where nothing is due, the benefit of one unit.
    """
    details = needs[["programme", "desa", "eligible", "due", "due_extreme"]].assign(
        units_due=needs["due"] * needs["units"],
        rupiah_due=needs["due"] * needs["rupiah_year"],
        units_extreme=needs["due_extreme"] * needs["units"],
        rupiah_extreme=needs["due_extreme"] * needs["rupiah_year"],
    )
    # Each is summed by itself: how pandas adds up, and so the last digit, hangs on all rows that it is given.
    own = [(programme, details[details["programme"] == programme.code]) for programme in programmes]
    tables = [_lines(_sums(rows, AREA_DIGITS[level]), programme) for level in levels for programme, rows in own]
    return checked(BUDGET, pd.concat(tables, ignore_index=True))


def _sums(rows: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Sums of a programme per area."""
    return rows.groupby(rows["desa"].str[:digits].rename("area"))[_SUMS].sum().reset_index()


def _lines(rows: pd.DataFrame, programme: Programme) -> pd.DataFrame:
    unit_cost = (rows["rupiah_due"] / rows["units_due"].where(rows["units_due"] > 0)).astype(float)
    if programme.rupiah_unit_year is not None:
        unit_cost = unit_cost.fillna(programme.rupiah_unit_year)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "area": rows["area"],
                    "programme": programme.code,
                    "agency": programme.agency,
                    "strategy": programme.strategy,
                    "fund": fund,
                    "families_eligible": rows["eligible"] * share,
                    "families_due": rows["due"] * share,
                    "units_due": rows["units_due"] * share,
                    "unit_cost_rp_year": unit_cost,
                    "rupiah_year": rows["rupiah_due"] * share,
                    "families_due_extreme": rows["due_extreme"] * share,
                    "units_due_extreme": rows["units_extreme"] * share,
                    "rupiah_year_extreme": rows["rupiah_extreme"] * share,
                }
            )
            for fund, share in programme.fund_shares.items()
        ],
        ignore_index=True,
    )


def due_intervals(
    needs: pd.DataFrame,
    family_poverty: pd.DataFrame,
    programmes: Iterable[Programme],
    *,
    draws: Draws,
    line_rp_month: float,
    levels: Sequence[str] = ("kabupaten", "kecamatan"),
    only: Collection[str] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """How sure the sums of :func:`budget` are: who is extremely poor, and who already stands on a list, is not known.

    Every joint draw of welfare also draws which uncertain links are right, independently of each other. What a family
    is due follows from them as in :func:`~kaur_analysis.planning.needs.needs_matrix`: the part of its entitlement that
    its own list leaves, where no list of a programme that bars this one names it and one of those it needs does.
    Needs of other programmes change nothing of it.

    Parameters
    ----------
    needs, family_poverty, programmes
        As for :func:`zero_cost`.
    draws, line_rp_month
        Joint draws of welfare and the extreme-poverty line, as for :func:`zero_cost`.
    levels
        Areas, as for :func:`budget`.
    only
        Codes of the programmes wanted; all where nothing is said.
    level
        Probability content of intervals.
    seed
        Of the draws of links.

    Returns
    -------
    DataFrame
        ``area, programme, fund, measure, se, low, high``; ``measure`` is a column of contract ``BUDGET``. A fund's row
        is its share of the row with fund ``""``.

    Raises
    ------
    DataRejected
        Draws of another length than the table.
    """
    listed = tuple(programmes)
    _check(draws, line_rp_month, (), None)
    extreme = below(draws, line_rp_month, len(family_poverty))
    families = pd.Index(family_poverty["family"])
    doubt = doubtful_due(needs, families, listed)
    due = needs.loc[needs["due"] > 0, ["family", "programme", *_OF_DUE]]
    due = due.assign(place=modelled(families, due["family"]))
    rows = dict(list(due.groupby("programme", sort=False)))
    sums = [
        _DueOf(rows[programme.code], column, programme, levels)
        for column, programme in enumerate(listed)
        if programme.code in rows and (only is None or programme.code in only)
    ]
    received = doubt.receipts([own.column for own in sums], extreme.size[1], seed)
    tables = [own.table(own.drawn(extreme, doubt, received), level) for own in sums]
    columns = ["area", "programme", "fund", "measure", "se", "low", "high"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


class _DueOf:
    """What one programme owes: families with something due, and sums over areas of what a draw says they are due."""

    def __init__(
        self,
        rows: pd.DataFrame,
        column: int,
        programme: Programme,
        levels: Sequence[str],
    ) -> None:
        self.column, self.programme = column, programme
        self.families = rows["place"].to_numpy()
        self.areas = areas_of(rows["desa"].str[: AREA_DIGITS[name]] for name in levels)
        self.amounts = [np.ones(len(rows)), *rows[["units", "rupiah_year"]].to_numpy(dtype=float).T]
        matrix = self.areas.matrix
        self.sums = sparse.vstack([matrix.multiply(amount) for amount in self.amounts], format="csr")
        expected = rows[["due", "due_extreme"]].to_numpy(dtype=float)
        self.values = (self.sums @ expected).ravel(order="F")

    def drawn(self, extreme: Below, doubt: DoubtfulDue, received: Mapping[int, Receipts]) -> Array:
        """Totals of families, units and rupiah per area, of everybody and of the extremely poor, by draw.

        A family has one row; those of the extremely poor are added in the order of the draws' families.
        """
        everybody = [self.sums @ doubt.share(self.column, received, self.families, block) for block in _blocks(extreme)]
        row = np.full(extreme.size[0], -1)
        row[self.families] = np.arange(len(self.families))
        own = extreme.where(row[extreme.family] >= 0)
        rows, due = row[own.family], doubt.share(self.column, received, own.family, own.draw)
        poor = [self.areas.by_draw(own, amount[rows] * due, rows) for amount in self.amounts]
        return np.concatenate([np.hstack(everybody), *poor])

    def table(self, totals: Array, level: float) -> pd.DataFrame:
        """Spread of the totals; an expectation between two whole numbers of families lies within its interval."""
        se = totals.std(axis=1, ddof=1)
        low, high = held_interval(self.values, totals, level)
        measures = ("families_due", "units_due", "rupiah_year")
        names = [*measures, *("families_due_extreme", "units_due_extreme", "rupiah_year_extreme")]
        whole = pd.DataFrame(
            {
                "area": np.tile(np.array(self.areas.names, dtype=object), len(names)),
                "programme": self.programme.code,
                "measure": np.repeat(names, len(self.areas.names)),
            }
        )
        funds = [
            whole.assign(fund=fund, se=share * se, low=share * low, high=share * high)
            for fund, share in self.programme.fund_shares.items()
        ]
        return pd.concat(funds, ignore_index=True)


def zero_cost(
    family_poverty: pd.DataFrame,
    needs: pd.DataFrame,
    programmes: Iterable[Programme],
    *,
    draws: Draws | None = None,
    line_rp_month: float | None = None,
    line_factors: Sequence[float] = LINE_FACTORS,
    alternatives: Mapping[str, pd.DataFrame] | None = None,
    coverages: Sequence[float] = (0.5, 0.8, 0.9, 0.95),
    by_list: bool = True,
    years: tuple[int, int] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """What it would cost a year to bring everyone up to the extreme-poverty line.

    Parameters
    ----------
    family_poverty, needs
        Contracts ``FAMILY_POVERTY`` and ``NEEDS``.
    programmes
        The study's programmes; their order is the order in which a family's programmes are used.
    draws
        Joint draws of welfare (rupiah per person per month), families × M in the order of ``family_poverty``, whole or
        as blocks of columns, or who is below the highest of the lines in them; with them costs have intervals, and
        what the mix leaves is known. Each also draws which uncertain links are right, as in :func:`due_intervals`: what
        a family already receives is not paid again and lifts it no further.
    line_rp_month
        Extreme-poverty line, needed with ``draws``.
    line_factors
        Multiples of the line at which the lower bound is repeated (with ``draws``).
    alternatives
        The same families under other lines or models, by a name that readers understand; the lower bound is repeated
        for each.
    coverages
        Shares of the extreme poor to be reached when nobody knows who they are and families are served in the order
        of their probability.
    by_list
        Whether the draws are asked what that costs; without it ``imperfect_targeting`` has no interval.
    years
        First year of the plan and year by which the target is to be met: the number of families served grows in equal
        steps.
    level
        Probability content of intervals.
    seed
        Of the draws of links.

    Returns
    -------
    DataFrame
        ``measure, detail, area, programme, agency, fund, year, rupiah_year, families, se, low, high``; empty text where
        a part does not apply, and either rupiah or families. Standard error and interval are those of the draws; there
        are none without draws and for ``alternatives``. Measures:

        ``lower_bound``
            sum of expected gaps: perfect targeting, every transfer exactly as large as the gap;
        ``programme_mix``
            the due programmes of the extremely poor at their real, indivisible size, until each family's gap is
            covered, by programme, agency and fund, and together; still perfect targeting. The mix is chosen by what is
            due to a family on average; what it pays is what is due to it;
        ``uncovered``
            the part of the gap that the mix leaves. The mix is sized to each family's mean gap, so families that turn
            out poorer than that, or to be on a list already, keep a remainder: on the draws it is E max(0, gap − mix).
            Without draws only max(0, E gap − mix) is known, which is never more (Jensen's inequality);
        ``lifted``
            ``families`` that are below the line in a draw and not after the mix (with ``draws``);
        ``imperfect_targeting``
            what the mix costs when ``detail`` of the extreme poor are reached by serving families in the order of
            their probability; compare with ``perfect_targeting`` of the same ``detail``;
        ``by_year``
            the mix in each year up to the target;
        ``sensitivity``
            the lower bound under other lines and models.

    Raises
    ------
    DataRejected
        Draws of another length than the table.
    StudyRejected
        Draws without a line; a coverage outside 0-1; years in the wrong order.
    """
    listed = tuple(programmes)
    _check(draws, line_rp_month, coverages, years)
    wide = widen(needs, family_poverty, listed)
    used = mix(wide)
    spent = np.where(used, wide.rupiah, 0.0)
    areas = _areas(wide)
    doubt = doubtful_due(needs, pd.Index(family_poverty["family"]), listed)
    listed_to = coverages if by_list else ()
    drawn = _drawn(areas, wide, family_poverty, used, doubt, draws, line_rp_month, line_factors, listed_to, seed)
    rows = [
        *_totals("lower_bound", areas, wide.gap, _spread(drawn.get("gap"), level)),
        *_totals("programme_mix", areas, wide.chance * spent.sum(axis=1), _spread(drawn.get("mix"), level)),
        *_mix_lines(areas, wide, spent, drawn, level),
        *(
            [*_of_draws("uncovered", areas, drawn, level), *_of_draws("lifted", areas, drawn, level, "families")]
            if drawn
            else _totals("uncovered", areas, wide.chance * _uncovered(wide, used))
        ),
        *_targeting(wide, spent.sum(axis=1), coverages, drawn, level),
        *(_by_year(wide, spent, years, drawn, level) if years else []),
        *_sensitivity(family_poverty, alternatives or {}, drawn, line_factors, level),
    ]
    text = dict.fromkeys(["detail", "programme", "agency", "fund", "year"], "")
    numbers = dict.fromkeys(["rupiah_year", "families", "se", "low", "high"], np.nan)
    table = pd.DataFrame([text | numbers | row for row in rows])
    return table[["measure", "detail", "area", "programme", "agency", "fund", "year", *numbers]]


def highest_line(line: float, factors: Sequence[float] = LINE_FACTORS) -> float:
    """The line or its highest multiple: what :func:`zero_cost` asks of draws is who is below that.

    Parameters
    ----------
    line
        Extreme-poverty line, rupiah per person per month.
    factors
        Its multiples that costs are told for.

    Returns
    -------
    Rupiah per person per month.
    """
    return max([line, *(line * factor for factor in factors)])


def mix(wide: Wide) -> Flags:
    """Which due programmes each family would use if it is extremely poor (families × programmes).

    Programmes are taken in order until together they cover the conditional gap; the last one may overshoot. Of
    programmes that exclude each other only the first is taken, and those that close no gap are not used.
    """
    used = np.zeros(wide.rupiah.shape, dtype=bool)
    covered = np.zeros(len(wide.family))
    lifts = wide.lifts
    for column in range(len(wide.programmes)):
        barred = used[:, wide.exclusive[column]].any(axis=1)
        used[:, column] = (lifts[:, column] > 0) & (covered < wide.conditional_gap) & ~barred
        covered += np.where(used[:, column], lifts[:, column], 0.0)
    return used


def _covered(wide: Wide, used: Flags) -> Array:
    """Rupiah of a year by which the mix raises each family's consumption."""
    return np.asarray(np.where(used, wide.lifts, 0.0).sum(axis=1))


def _uncovered(wide: Wide, used: Flags) -> Array:
    return np.maximum(wide.conditional_gap - _covered(wide, used), 0.0)


def _check(
    draws: Draws | None,
    line: float | None,
    coverages: Sequence[float],
    years: tuple[int, int] | None,
) -> None:
    if draws is not None and line is None:
        raise StudyRejected("Biaya nol persen: tarikan kesejahteraan memerlukan garis miskin ekstrem.")
    if any(not 0 < share <= 1 for share in coverages):
        raise StudyRejected("Cakupan harus di antara 0 dan 1.")
    if years and years[1] < years[0]:
        raise StudyRejected(f"Tahun target {years[1]} mendahului tahun pertama rencana {years[0]}.")


def _areas(wide: Wide) -> Areas:
    """Kabupaten and kecamatan."""
    codes = pd.Series(wide.kecamatan, dtype=str)
    return areas_of([codes.str[:4], codes])


def _drawn(
    areas: Areas,
    wide: Wide,
    family_poverty: pd.DataFrame,
    used: Flags,
    doubt: DoubtfulDue,
    draws: Draws | None,
    line: float | None,
    factors: Sequence[float],
    coverages: Sequence[float],
    seed: int,
) -> dict[str, Array]:
    """Area totals in every draw: of the gap, of the mix, of what it leaves and lifts, of the gap at other lines.

    Those of the mix by programme too (``mix <code>``); costs by a list of probabilities (``list <share>``) are the
    kabupaten's alone. The mix pays in each draw what is due in it.
    """
    if draws is None or line is None:
        return {}
    people = family_poverty["household_size"].to_numpy(dtype=float) * MONTHS
    all_lines = below(draws, highest_line(line, factors), len(wide.family))
    poor = all_lines.under(line)
    paying = np.flatnonzero(used.any(axis=0)).tolist()
    received = doubt.receipts(paying, poor.size[1], seed)
    whole = np.divide(wide.rupiah, wide.due, out=np.zeros_like(wide.rupiah), where=wide.due > 0)

    gap = _gap(poor, line, people)
    covered = np.zeros(len(gap))
    drawn = {f"mix {programme.code}": np.zeros((len(areas.names), poor.size[1])) for programme in wide.programmes}
    for column in paying:
        programme, rows = wide.programmes[column], used[poor.family, column]
        own = poor.where(rows)
        rupiah = whole[own.family, column] * doubt.share(column, received, own.family, own.draw)
        covered[rows] += programme.closes_gap * rupiah
        drawn[f"mix {programme.code}"] = areas.by_draw(own, rupiah)
    return {
        **drawn,
        "mix": np.sum(list(drawn.values()), axis=0),
        "gap": areas.by_draw(poor, gap),
        "uncovered": areas.by_draw(poor, np.maximum(gap - covered, 0.0)),
        "lifted": areas.by_draw(poor, (gap <= covered).astype(float)),
        **{f"line {factor}": areas.by_draw(all_lines, _gap(all_lines, line * factor, people)) for factor in factors},
        **_costs_by_list(poor, wide, used, whole, doubt, received, coverages),
    }


def _gap(poor: Below, line: float, people: Array) -> Array:
    """Rupiah of a year that those below a line lack to one that may be lower."""
    return np.asarray(np.maximum(line - poor.welfare, 0.0) * people[poor.family])


def _blocks(draws: Below) -> list[slice]:
    return [slice(start, start + DRAWS_AT_ONCE) for start in range(0, draws.size[1], DRAWS_AT_ONCE)]


def _spread(totals: Array | None, level: float) -> Array | None:
    """Standard deviation and equal-tailed interval over the draws, 3 × areas; nothing without draws."""
    if totals is None:
        return None
    return np.vstack([totals.std(axis=1, ddof=1), *equal_tails(totals, level)])


def _totals(
    measure: str,
    areas: Areas,
    values: Array,
    spread: Array | None = None,
    **labels: str,
) -> list[dict[str, object]]:
    return [
        {"measure": measure, "area": area, "rupiah_year": float(total), **_sides(spread, place), **labels}
        for place, (area, total) in enumerate(zip(areas.names, areas.matrix @ values, strict=True))
    ]


def _sides(spread: Array | None, place: int = 0) -> dict[str, object]:
    return {} if spread is None else dict(zip(("se", "low", "high"), map(float, spread[:, place]), strict=True))


def _of_draws(
    measure: str, areas: Areas, drawn: dict[str, Array], level: float, column: str = "rupiah_year"
) -> list[dict[str, object]]:
    """Mean and interval over the draws of what the draws alone can tell."""
    spread, means = _spread(drawn[measure], level), drawn[measure].mean(axis=1)
    return [
        {"measure": measure, "area": area, column: float(means[place]), **_sides(spread, place)}
        for place, area in enumerate(areas.names)
    ]


def _mix_lines(
    areas: Areas, wide: Wide, spent: Array, drawn: dict[str, Array], level: float
) -> list[dict[str, object]]:
    rows = []
    for column, programme in enumerate(wide.programmes):
        if not spent[:, column].any():
            continue
        spread = _spread(drawn.get(f"mix {programme.code}"), level)
        for fund, share in programme.fund_shares.items():
            rows += _totals(
                "programme_mix",
                areas,
                share * wide.chance * spent[:, column],
                None if spread is None else share * spread,
                programme=programme.code,
                agency=programme.agency,
                fund=fund,
            )
    return rows


def _targeting(
    wide: Wide, spent: Array, coverages: Sequence[float], drawn: dict[str, Array], level: float
) -> list[dict[str, object]]:
    """Cost of reaching a share of the extreme poor, knowing them and knowing only their probability."""
    order = np.argsort(-wide.chance, kind="stable")
    reached = np.cumsum(wide.chance[order])
    cost = np.cumsum(spent[order])
    perfect = float(wide.chance @ spent)
    kabupaten = str(wide.kecamatan[0])[:4] if len(wide.kecamatan) else ""
    mix = _spread(drawn["mix"][:1], level) if drawn else None
    rows: list[dict[str, object]] = []
    for share in coverages:
        last = min(int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12))), len(cost) - 1) if len(cost) else 0
        common = {"detail": f"{share:g}", "area": kabupaten}
        known = _sides(None if mix is None else share * mix)
        by_list = _sides(_spread(drawn.get(f"list {share:g}"), level))
        rows.append({"measure": "perfect_targeting", "rupiah_year": share * perfect, **known, **common})
        rows.append({"measure": "imperfect_targeting", "rupiah_year": float(cost[last]), **by_list, **common})
    return rows


def _costs_by_list(
    poor: Below,
    wide: Wide,
    used: Flags,
    whole: Array,
    doubt: DoubtfulDue,
    received: Mapping[int, Receipts],
    shares: Sequence[float],
) -> dict[str, Array]:
    """What serving families by their chance costs in each draw until each share of its poor is reached, 1 × draws."""
    if not shares:
        return {}
    order = np.argsort(-wide.chance, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    last = _last_served(poor, rank, shares)
    served = order[: last.max() + 1]
    payers = served[used[served].any(axis=1)]
    number = np.searchsorted(rank[payers], last, side="right")  # of those who are paid until then
    costs = []
    for block in _blocks(poor):
        paid = np.zeros((len(payers) + 1, number[:, block].shape[1]))  # the first row is nobody's
        for column in np.flatnonzero(used[payers].any(axis=0)).tolist():
            rows = np.flatnonzero(used[payers, column])
            families = payers[rows]
            share = doubt.share(column, received, families, block)
            paid[rows + 1] += whole[families, column, None] * share
        costs.append(np.take_along_axis(np.cumsum(paid, axis=0), number[:, block], axis=0))
    return {f"list {share:g}": row[None, :] for share, row in zip(shares, np.hstack(costs), strict=True)}


def _last_served(poor: Below, rank: NDArray[np.intp], shares: Sequence[float]) -> NDArray[np.intp]:
    """Rank of the last family that is served until each share of a draw's poor is reached, shares × draws.

    -1 where nobody is poor.
    """
    number = np.bincount(poor.draw, minlength=poor.size[1])
    ranks = rank[poor.family][np.lexsort((rank[poor.family], poor.draw))]
    wanted = np.ceil(np.outer(shares, number) * (1 - 1e-12)).astype(np.intp)
    ranks_of = np.append(ranks, -1)  # the last is that of nobody
    return ranks_of[np.where(number > 0, np.cumsum(number) - number + wanted - 1, -1)]


def _by_year(
    wide: Wide, spent: Array, years: tuple[int, int], drawn: dict[str, Array], level: float
) -> list[dict[str, object]]:
    """Equal steps to the target: yearly benefits grow with the families served, one-time ones are spread evenly."""
    once = np.array([programme.period == "sekali" for programme in wide.programmes], dtype=bool)
    expected = wide.chance @ spent
    steps = years[1] - years[0] + 1
    kabupaten = str(wide.kecamatan[0])[:4]
    rows: list[dict[str, object]] = []
    for step in range(1, steps + 1):
        share = np.where(once, 1 / steps, step / steps)
        parts = [
            part * drawn[f"mix {programme.code}"][:1]
            for part, programme in zip(share, wide.programmes, strict=True)
            if f"mix {programme.code}" in drawn
        ]
        spread = _sides(_spread(np.sum(parts, axis=0), level)) if parts else {}
        rows.append(
            {"measure": "by_year", "area": kabupaten, "year": str(years[0] + step - 1), **spread}
            | {"rupiah_year": float(expected @ share)}
        )
    return rows


def _sensitivity(
    family_poverty: pd.DataFrame,
    alternatives: Mapping[str, pd.DataFrame],
    drawn: dict[str, Array],
    factors: Sequence[float],
    level: float,
) -> list[dict[str, object]]:
    kabupaten = str(family_poverty["kecamatan"].iloc[0])[:4]
    rows: list[dict[str, object]] = []
    for factor in factors if drawn else ():
        totals = drawn[f"line {factor}"][:1]
        rows.append(
            {"measure": "sensitivity", "detail": f"garis × {factor:g}", "rupiah_year": float(totals.mean())}
            | {"area": kabupaten, **_sides(_spread(totals, level))}
        )
    for name, table in alternatives.items():
        total = float(expected_gap(table).sum())
        rows.append({"measure": "sensitivity", "detail": name, "area": kabupaten, "rupiah_year": total})
    return rows
