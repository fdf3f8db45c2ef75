"""What the same budget would have done otherwise: scenarios scored on true poverty, never on the ranking's own word."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of
from kaur_analysis.targeting.definitions import definition
from kaur_analysis.targeting.inputs import ALL, Array, Draws, Groups, blocks, numbers, weight_of
from kaur_analysis.targeting.intervals import COLUMNS, draw_interval, tidy
from kaur_analysis.targeting.ranks import Ranks, fractional_ranks

Kind = Literal["delivered", "ranked", "geographic", "categorical", "quota", "universal", "perfect"]
PERFECT = "perfect"
NONE = "none"
# Without the benefit in it a family's welfare is never taken to be below this share of the line (nor above what it
# is): a list may pay more than the model believes that the family spends, and nobody lives on nothing.
LEAST_OF_LINE = 0.1
LEVELS = ("poor_families", "P0", "P1", "P2", "gap_rupiah", "utility")  # what is summed over families
AT_ONCE = 5  # draws that are scored at once: each is 8 bytes per family in each of some fifty tables


@dataclass(frozen=True)
class Scenario:
    """A way to spend the budget.

    Attributes
    ----------
    name
        Name in the table.
    kind
        ``delivered``: the rupiah families really got, scaled to the budget.
        ``ranked``: lowest ``column`` first (a desil, predicted welfare).
        ``geographic``: everybody in the area with the highest mean of ``column``, then the next area.
        ``categorical``: families with ``column`` = 1, by lottery where money is short.
        ``quota``: each area gets the part of the budget that its total of ``quota`` gives it, and serves its lowest
        ``column`` first (a community's ranking).
        ``universal``: everybody the same. ``perfect``: truly poorest first.
    column
        What the kind goes by.
    area
        Column of areas (geographic, quota).
    quota
        Column whose total per area sets the area's share (expected poverty, or families).
    """

    name: str
    kind: Kind
    column: str | None = None
    area: str | None = None
    quota: str | None = None


@dataclass(frozen=True)
class _Plan:
    """Who is served (0–1, a fraction is a lottery) and with how many rupiah per family.

    Who is served is rows × 1 or rows × M; rupiah are rows × M or rows × 1, or 1 × 1 where everybody served gets
    the same.
    """

    served: Array
    rupiah: Array


@dataclass(frozen=True)
class _Population:
    """Families as the scenarios see them."""

    frame: pd.DataFrame
    weights: Array
    size: Array
    transfer: float
    includes_benefit: bool  # whether measured welfare holds the delivered benefit already

    @property
    def everyone(self) -> float:
        """Weighted number of families."""
        return float(self.weights.sum())


def compare_scenarios(
    frame: pd.DataFrame,
    welfare: str,
    line: float | str,
    scenarios: Sequence[Scenario],
    transfer_rp_month: float,
    budget_rp_month: float | Sequence[float] | None = None,
    weights: str | None = None,
    household_size: str | None = None,
    *,
    welfare_includes_benefit: bool = True,
    welfare_draws: Draws | None = None,
    delivered_draws: Draws | None = None,
    weight_multipliers: Array | None = None,
    wanted: Collection[str] | None = None,
    rho: float = 3.0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Score ways to spend equal budgets by what they do to true poverty.

    A scenario serves families at ``transfer_rp_month`` each until the budget is spent; the marginal block of equals is
    served by lottery, and where money is left after everyone eligible is served, all get equally more. Served or not,
    a family is then counted at its welfare without the delivered benefit plus transfer per head. Welfare measured with
    the benefit in it is first freed of it (:func:`welfare_without`), so that ``none`` is what would be left without any
    benefit, and ``delivered`` at the budget spent is the state as measured; but families whom the floor keeps from
    having less than a tenth of the line without it count in ``delivered`` as richer than measured by what it adds:

    - P0, P1, P2 of persons after transfer (strict y < z), families out of poverty, exclusion and inclusion error;
    - CRRA welfare Σ w n (((y + b/n)/z̄)^{1−ρ} − 1)/(1−ρ) per person, with z̄ the mean of the line over rows (log for
      ρ = 1; Hanna & Olken 2018), and the part of the gain under perfect information that the scenario reaches;
    - rupiah spent per rupiah of poverty gap closed, and per percentage point of P1.

    Parameters
    ----------
    frame
        One row per family.
    welfare
        Column: true welfare, rupiah per person per month (observed, or the demo's truth). With ``welfare_draws`` it is
        not read: name the column that must not be used for ranking.
    line
        Poverty line, rupiah per person per month: a number or a column.
    scenarios
        The alternatives; ``perfect`` and doing nothing (``none``) are always added as yardsticks.
    transfer_rp_month
        Rupiah per served family per month.
    budget_rp_month
        Rupiah per month, one or several (a curve); by default what the scenario of kind ``delivered`` spent.
    weights, household_size
        Columns of family weights and of persons per family; ones by default.
    welfare_includes_benefit
        Whether welfare was measured with the delivered benefit in it (a survey's expenditure is, and so is what a model
        of it predicts). It is then taken out of every family by the column of the one ``delivered`` scenario. Columns
        that rank by welfare should be freed of it as well.
    welfare_draws
        Joint draws of true welfare, rows × M: each scenario is scored on every draw, so that the ranking's own errors
        count against it. Observed or out-of-fold truth goes into ``welfare`` instead.
    delivered_draws
        Joint draws of the rupiah of the one ``delivered`` scenario, rows × M in step with ``welfare_draws``, where
        links to the lists are uncertain: in each draw a family counts as served, and its welfare as holding the
        benefit, only where its links hold. The column stays their expectation, which fixes the budget. Without them
        the column is taken as known, and whoever has any of it as served.
    weight_multipliers
        What a survey's weights are multiplied by in each replicate of its bootstrap, rows × R
        (:func:`kaur_analysis.poverty.rao_wu_bootstrap`): plans and scores are made anew with each, the budget per
        family staying as it is. Not together with ``welfare_draws``: two routes are never mixed.
    wanted
        Names of the scenarios that are scored, beside ``perfect`` and ``none``; all by default. Of the others only the
        one ``delivered`` is read, for the rupiah that welfare holds.
    rho
        Relative risk aversion ρ ≥ 0.
    confidence
        Level of the intervals, over the draws or the replicates.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures` (``programme`` is the scenario, ``group`` ``all``) and ``budget``; the
        value is the mean over draws, or that of the full sample. Without draws or replicates there is no interval.

    Raises
    ------
    EstimationError
        A ranking by the very column that is taken for the truth; welfare not positive; a budget not positive; no budget
        and nothing delivered; welfare that includes a benefit of which no scenario says how much it was; columns of a
        scenario missing.

    References
    ----------
    Hanna & Olken (2018), Journal of Economic Perspectives 32; Foster, Greer & Thorbecke (1984), Econometrica 52.
    """
    size = np.ones(len(frame)) if household_size is None else numbers(frame, household_size, 1.0)
    population = _Population(
        frame,
        weight_of(frame, weights),
        size,
        _positive(transfer_rp_month, "Bantuan per keluarga"),
        welfare_includes_benefit,
    )
    if welfare_includes_benefit or delivered_draws is not None:
        _require_one_delivered(scenarios)
    poverty_line = (
        numbers(frame, line, 0.0)[:, None] if isinstance(line, str) else np.array([[_positive(line, "Garis")]])
    )
    _check(scenarios, welfare, rho)
    if welfare_draws is not None and weight_multipliers is not None:
        raise EstimationError("Jalur survei (pengulangan) dan jalur daftar (tarikan) tidak boleh dicampur.")
    if delivered_draws is not None and welfare_draws is None:
        raise EstimationError("Tarikan bantuan yang disalurkan memerlukan tarikan kesejahteraan.")
    budgets = _budgets(population, scenarios, budget_rp_month)

    def scored(people: _Population, scale: float = 1.0) -> dict[tuple[str, float], dict[str, Array]]:
        spent = {budget: scale * budget for budget in budgets}
        observed = iter([numbers(frame, welfare)[:, None]]) if welfare_draws is None else None
        truth = observed or blocks(welfare_draws, len(frame), AT_ONCE)
        got = None if delivered_draws is None else blocks(delivered_draws, len(frame), AT_ONCE)
        return _scored(people, scenarios, spent, truth, got, poverty_line, rho, wanted)

    found = scored(population)
    if weight_multipliers is None:
        return _table(found, None, len(frame), confidence)
    replicates = [
        scored(people, people.everyone / population.everyone)
        for people in (replace(population, weights=population.weights * column) for column in weight_multipliers.T)
    ]
    repeated = {
        key: {name: np.concatenate([one[key][name] for one in replicates]) for name in scores}
        for key, scores in found.items()
    }
    return _table(found, repeated, len(frame), confidence)


def welfare_without(welfare: Array, benefit: Array, line: Array | float) -> Array:
    """Welfare less a benefit that it was measured with: at least a tenth of the line, or what it is if that is less.

    Parameters
    ----------
    welfare
        Rupiah per person per month, any shape.
    benefit
        Rupiah per person per month that welfare holds, of a shape that goes with it; 0 leaves welfare as it is.
    line
        Poverty line, rupiah per person per month.

    Returns
    -------
    Welfare without the benefit, rupiah per person per month.

    Examples
    --------
    >>> welfare_without(np.array([500.0, 500.0, 20.0]), np.array([100.0, 490.0, 15.0]), 400.0).tolist()
    [400.0, 40.0, 20.0]
    """
    return np.maximum(welfare - benefit, np.minimum(welfare, LEAST_OF_LINE * line))


def _scored(
    population: _Population,
    scenarios: Sequence[Scenario],
    budgets: Mapping[float, float],
    truth: Iterator[Array],
    got: Iterator[Array] | None,
    line: Array,
    rho: float,
    wanted: Collection[str] | None = None,
) -> dict[tuple[str, float], dict[str, Array]]:
    """Scores by scenario and budget, one entry per draw of the truth; ``budgets`` are amounts by their label.

    ``got`` are draws of the delivered rupiah in step with the truth; nothing where they are known. ``wanted`` are the
    scenarios that are scored; all where none is named.
    """
    delivered = {
        one.name: numbers(population.frame, one.column or "", 0.0) for one in scenarios if one.kind == "delivered"
    }
    ways = {
        scenario.name: _way(population, scenario)
        for scenario in scenarios
        if scenario.kind not in (PERFECT, "delivered") and (wanted is None or scenario.name in wanted)
    }
    plans = {(name, label): way.plan(budget) for name, way in ways.items() for label, budget in budgets.items()}
    alike = _alike(plans, population.weights)
    kept: dict[tuple[str, float], list[dict[str, Array]]] = {}
    starts: list[dict[str, Array]] = []
    for block in truth:
        y = block.astype(float, order="C")
        if not y.min() > 0:  # nor is a missing one
            raise EstimationError("Kesejahteraan harus lebih dari nol untuk dinilai.")
        known = {name: column[:, None] for name, column in delivered.items()}
        received = known if got is None else dict.fromkeys(known, next(got).astype(float, order="C"))
        size = _wide(population.size, y)
        if population.includes_benefit:
            y = welfare_without(y, next(iter(received.values())) / size, line)
        as_delivered = {
            (name, label): _Plan(served, rupiah * (budget / (population.weights @ delivered[name])))
            for name, rupiah in received.items()
            if wanted is None or name in wanted
            for served in [(rupiah > 0).astype(float)]
            for label, budget in budgets.items()
        }
        before = _Before(population, y, size, line, rho)
        starts.append(before.start)
        for key, changes in _changed(before, population, alike, as_delivered, budgets, y):
            kept.setdefault(key, []).append(changes)
    start, persons = _joined(starts), float(population.weights @ population.size)
    changed = {key: _joined(found) for key, found in kept.items()}
    return {
        key: _scores(start, changes, changed[PERFECT, key[1]]["utility"], persons) for key, changes in changed.items()
    }


def _wide(column: Array, table: Array) -> Array:
    """A column beside itself, as often as a table is wide: to go through it is quicker than through a column."""
    return np.repeat(column[:, None], table.shape[1], axis=1)


def _joined(blocks_of_draws: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Each of some numbers over all draws."""
    return {name: np.concatenate([block[name] for block in blocks_of_draws]) for name in blocks_of_draws[0]}


def _positive(value: float, what: str) -> float:
    if not (np.isfinite(value) and value > 0):
        raise EstimationError(f"{what} harus lebih dari nol.")
    return float(value)


def _check(scenarios: Sequence[Scenario], welfare: str, rho: float) -> None:
    names = [scenario.name for scenario in scenarios]
    if len(set(names)) != len(names) or NONE in names:
        raise EstimationError(f"Nama skenario harus berbeda-beda dan bukan '{NONE}'.")
    for scenario in scenarios:
        one_of(scenario.kind, get_args(Kind), "kind of scenario")
        if scenario.kind not in ("universal", PERFECT) and scenario.column is None:
            raise EstimationError(f"Skenario '{scenario.name}' memerlukan kolom.")
        if scenario.kind in ("geographic", "quota") and scenario.area is None:
            raise EstimationError(f"Skenario '{scenario.name}' memerlukan kolom wilayah.")
        if scenario.kind != PERFECT and scenario.column == welfare:
            raise EstimationError(f"Skenario '{scenario.name}' memakai kebenaran sebagai peringkat: itu 'perfect'.")
        if scenario.kind == PERFECT and scenario.name != PERFECT:
            raise EstimationError(f"Skenario pengetahuan sempurna bernama '{PERFECT}'.")
    if not rho >= 0:
        raise EstimationError("ρ tidak boleh negatif.")


def _require_one_delivered(scenarios: Sequence[Scenario]) -> None:
    """Refuse where not exactly one scenario says how many rupiah families really got."""
    if sum(one.kind == "delivered" for one in scenarios) != 1:
        raise EstimationError(
            "Kesejahteraan diukur bersama bantuannya, jadi harus ada tepat satu skenario 'delivered' yang menyebut "
            "besarnya; bila tidak, sebut welfare_includes_benefit=False."
        )


def _budgets(
    population: _Population, scenarios: Sequence[Scenario], given: float | Sequence[float] | None
) -> tuple[float, ...]:
    if given is not None:
        several = tuple(np.atleast_1d(np.asarray(given, dtype=float)).tolist())
        return tuple(_positive(budget, "Anggaran") for budget in several)
    spent = [
        float(population.weights @ numbers(population.frame, scenario.column, 0.0))
        for scenario in scenarios
        if scenario.kind == "delivered" and scenario.column is not None
    ]
    if len(spent) != 1:
        raise EstimationError("Anggaran harus disebut bila tidak ada tepat satu skenario 'delivered'.")
    return (_positive(spent[0], "Anggaran"),)


# --- plans: who is served with how much ---


@dataclass(frozen=True)
class _InOrder:
    """Lowest ``order`` first among the admitted; larger transfers where money is left, or one size for all."""

    population: _Population
    order: Array
    admitted: Array
    raised_for_all: bool = False

    def plan(self, budget: float) -> _Plan:
        """Who is served with a budget."""
        people, transfer = (self.population.weights * self.admitted).sum(), self.population.transfer
        if people <= 0:
            raise EstimationError("Tidak ada keluarga yang memenuhi kategori skenario.")
        affordable = budget / (transfer * people)
        if self.raised_for_all or affordable >= 1:
            return _Plan(self.admitted[:, None], np.array([[budget / people]]))
        return _Plan(self.admitted[:, None] * self._ranks.within(0.0, affordable), np.array([[transfer]]))

    @cached_property
    def _ranks(self) -> Ranks:
        return fractional_ranks(self.order, self.population.weights * self.admitted, Groups.everyone(len(self.order)))


@dataclass(frozen=True)
class _ByQuota:
    """Each area's part of the budget, lowest ``order`` first within it; what an area cannot use goes to the others."""

    population: _Population
    areas: Groups
    order: Array
    share: Array

    def plan(self, budget: float) -> _Plan:
        """Who is served with a budget."""
        population, areas, share = self.population, self.areas, self.share
        cost = population.transfer * np.bincount(areas.codes, population.weights, areas.size)
        if budget >= cost.sum() or share.sum() <= 0:
            return _InOrder(population, self.order, np.ones(len(self.order))).plan(budget)
        part = np.minimum(budget * share / share.sum(), cost)
        for _ in range(areas.size):
            left, room = budget - part.sum(), (part < cost) & (share > 0)
            if left <= budget * 1e-12 or not room.any():
                break
            part[room] = np.minimum(part[room] + left * share[room] / share[room].sum(), cost[room])
        left = budget - part.sum()
        if left > 0 and (cost > part).any():  # areas without any quota take what remains
            part += left * (cost - part) / (cost - part).sum()
        stop = np.divide(part, cost, out=np.zeros(areas.size), where=cost > 0)[areas.codes][:, None]
        return _Plan(self._ranks.within(0.0, stop), np.array([[population.transfer]]))

    @cached_property
    def _ranks(self) -> Ranks:
        return fractional_ranks(self.order, self.population.weights, self.areas)


def _way(population: _Population, scenario: Scenario) -> _InOrder | _ByQuota:
    """What a scenario goes by: read and ranked once for all budgets."""
    frame, rows = population.frame, len(population.frame)
    column, everyone = np.zeros(rows) if scenario.column is None else numbers(frame, scenario.column), np.ones(rows)
    if scenario.kind == "universal":
        return _InOrder(population, np.zeros(rows), everyone, raised_for_all=True)
    if scenario.kind == "ranked":
        return _InOrder(population, column, everyone)
    if scenario.kind == "categorical":
        return _InOrder(population, np.zeros(rows), numbers(frame, scenario.column or "", 0.0, 1.0))
    areas = Groups.read(frame, scenario.area or "")
    people = np.bincount(areas.codes, population.weights, areas.size)
    if scenario.kind == "geographic":
        rate = np.bincount(areas.codes, population.weights * column, areas.size) / np.maximum(people, 1e-300)
        return _InOrder(population, -rate[areas.codes], everyone)
    share = everyone if scenario.quota is None else numbers(frame, scenario.quota, 0.0)
    return _ByQuota(population, areas, column, np.bincount(areas.codes, population.weights * share, areas.size))


def _perfect(population: _Population, ranks: Ranks, budget: float) -> _Plan:
    """Truly poorest first, draw by draw; ``ranks`` are those of true welfare."""
    rows = len(population.weights)
    affordable = budget / (population.transfer * population.everyone)
    if affordable >= 1:
        return _Plan(np.ones((rows, 1)), np.array([[budget / population.everyone]]))
    return _Plan(ranks.within(0.0, affordable), np.array([[population.transfer]]))


# --- scores ---


def _utility(y: Array, rho: float) -> Array:
    if rho == 1.0:
        return np.asarray(np.log(y))
    utility = y ** (rho - 1.0)
    np.divide(1.0, utility, out=utility)  # in place here and below: new tables take longer than the numbers in them
    utility -= 1.0
    utility /= 1.0 - rho
    return utility


@dataclass(frozen=True)
class _Alike:
    """Plans that give the same rupiah whatever the draw, and who is served in each (rows × plans).

    ``number`` and ``spent`` are the families and the rupiah of each plan.
    """

    keys: tuple[tuple[str, float], ...]
    served: Array
    rupiah: Array
    number: Array
    spent: Array


def _alike(plans: Mapping[tuple[str, float], _Plan], weights: Array) -> list[_Alike]:
    by_rupiah: dict[bytes, list[tuple[str, float]]] = {}
    for key, plan in plans.items():
        by_rupiah.setdefault(plan.rupiah.tobytes(), []).append(key)
    found = []
    for keys in by_rupiah.values():
        served, rupiah = np.hstack([plans[key].served for key in keys]), plans[keys[0]].rupiah
        found.append(_Alike(tuple(keys), served, rupiah, weights @ served, (weights * rupiah[:, 0]) @ served))
    return found


class _Before:
    """One block of draws before any transfer, and what a transfer changes.

    Rupiah only add to welfare: poverty changes nowhere but among the few who are poor before, so that only these are
    looked at (``poor`` are their places in the table of rows × M); utility changes for everybody.
    """

    def __init__(self, population: _Population, y: Array, size: Array, line: Array, rho: float) -> None:
        self._rho, self._money = rho, float(line.mean())
        self._weights, self._y, self._size = population.weights, y, size
        persons = population.weights * population.size
        self._persons = _wide(persons, y)
        self._utility = self._welfare(y.copy())
        self._poor = np.flatnonzero(y < line)
        self._rows, self._draws = rows, draws = np.divmod(self._poor, y.shape[1])
        self._line = np.broadcast_to(line, y.shape).ravel()[self._poor]
        self._families_of_poor, self._persons_of_poor = population.weights[rows], persons[rows]
        self._levels = self._poverty(y.ravel()[self._poor])
        self._reached = self._levels[:1]
        measures = len(self._levels) + 1
        self._places = (draws[:, None] * measures + np.arange(measures)).ravel()
        self._ends = measures * np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(y)))])
        self.start = dict(zip(LEVELS, [*self._by_draw(self._levels), persons @ self._utility], strict=True))

    def changes(self, rupiah: Array) -> tuple[Array, Array]:
        """Change of the poverty levels of whoever is poor (levels × poor), and of everybody's utility (rows × M)."""
        after = rupiah / self._size
        after += self._y
        poverty = self._poverty(after.ravel()[self._poor]) - self._levels
        utility = self._welfare(after)
        utility -= self._utility
        utility *= self._persons
        return poverty, utility

    def totals_of_alike(self, plans: _Alike, changes: tuple[Array, Array]) -> dict[tuple[str, float], dict[str, Array]]:
        """What each of some plans changes, by one product of matrices; ``changes`` are those of their rupiah."""
        poverty, utility = changes
        size, levels = self._y.shape[1], np.concatenate([poverty, self._reached])
        shape = (len(self._y), size * len(levels))
        of_poor = sparse.csr_matrix((levels.T.ravel(), self._places, self._ends), shape=shape)
        sums = np.asarray(of_poor.T @ plans.served).reshape(size, len(levels), -1)
        gains = plans.served.T @ utility
        return {
            key: dict(zip(LEVELS, [*sums[:, :-1, place].T, gains[place]], strict=True))
            | {"served_poor": sums[:, -1, place]}
            | {"served": np.full(size, plans.number[place]), "spent": np.full(size, plans.spent[place])}
            for place, key in enumerate(plans.keys)
        }

    def totals(self, plan: _Plan, changes: tuple[Array, Array]) -> dict[str, Array]:
        """What a plan changes that differs by draw; ``changes`` are those of its rupiah."""
        poverty, utility = changes
        served = np.broadcast_to(plan.served, self._y.shape)
        of_poor = served[self._rows, self._draws]
        *sums, reached = self._by_draw(of_poor * np.concatenate([poverty, self._reached]))
        gains = np.einsum("im,im->m", served, utility)
        return dict(zip(LEVELS, [*sums, gains], strict=True)) | {
            "served_poor": reached,
            "served": self._weights @ served,
            "spent": self._weights @ (served * plan.rupiah),
        }

    def _welfare(self, rupiah: Array) -> Array:
        """Utility of welfare, which is written over, in units of the line: else rupiah lose digits as a power of −2."""
        rupiah /= self._money
        return _utility(rupiah, self._rho)

    def _poverty(self, welfare: Array) -> Array:
        """Levels of poverty of the poor at some welfare, weighted by family or by person: levels × poor."""
        families, persons = self._families_of_poor, self._persons_of_poor
        gap = np.maximum(self._line - welfare, 0.0)
        relative, poor = gap / self._line, welfare < self._line
        return np.stack([families * poor, persons * poor, persons * relative, persons * relative**2, persons * gap])

    def _by_draw(self, levels: Array) -> list[Array]:
        return [np.bincount(self._draws, level, minlength=self._y.shape[1]) for level in levels]


def _changed(
    before: _Before,
    population: _Population,
    alike: Sequence[_Alike],
    drawn: Mapping[tuple[str, float], _Plan],
    budgets: Mapping[float, float],
    y: Array,
) -> Iterator[tuple[tuple[str, float], dict[str, Array]]]:
    """What every plan changes in one block of draws; plans that give the same rupiah share what a transfer changes."""
    truth = fractional_ranks(y, population.weights, Groups.everyone(len(y)))
    best = {(PERFECT, label): _perfect(population, truth, budget) for label, budget in budgets.items()}
    totals: dict[tuple[str, float], dict[str, Array]] = {}
    shared: dict[tuple[str, float], dict[str, Array]] = {}
    for plans in alike:
        changes = before.changes(plans.rupiah)
        totals |= before.totals_of_alike(plans, changes)
        same = {key: plan for key, plan in best.items() if np.array_equal(plan.rupiah, plans.rupiah)}
        shared |= {key: before.totals(plan, changes) for key, plan in same.items()}
    for key, plan in {**best, **drawn}.items():
        totals[key] = shared[key] if key in shared else before.totals(plan, before.changes(plan.rupiah))
    nothing = {name: np.zeros(y.shape[1]) for name in (*LEVELS, "served", "served_poor", "spent")}
    totals |= dict.fromkeys(((NONE, label) for label in budgets), nothing)
    yield from totals.items()


def _scores(
    start: Mapping[str, Array], change: Mapping[str, Array], gain_at_best: Array, persons: float
) -> dict[str, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = {
            "served_families": change["served"],
            "budget_spent_rupiah": change["spent"],
            "exclusion_error": 1 - change["served_poor"] / start["poor_families"],
            "inclusion_error": 1 - change["served_poor"] / change["served"],
            "headcount_after": (start["P0"] + change["P0"]) / persons,
            "poverty_gap_after": (start["P1"] + change["P1"]) / persons,
            "severity_after": (start["P2"] + change["P2"]) / persons,
            "families_out": -change["poor_families"],
            "gap_closed_rupiah": -change["gap_rupiah"],
            "rupiah_per_rupiah_gap": change["spent"] / -change["gap_rupiah"],
            "rupiah_per_gap_point": change["spent"] / (-100 * change["P1"] / persons),
            "crra_welfare": (start["utility"] + change["utility"]) / persons,
            "crra_gain_share": change["utility"] / gain_at_best,
        }
    for name in ("exclusion_error", "inclusion_error", "headcount_after", "poverty_gap_after", "severity_after"):
        scores[name] = np.clip(scores[name], 0.0, 1.0)  # differences of sums may miss the ends by a rounding
    return {name: np.where(np.isfinite(value), value, np.nan) for name, value in scores.items()}


def _table(
    found: Mapping[tuple[str, float], Mapping[str, Array]],
    repeated: Mapping[tuple[str, float], Mapping[str, Array]] | None,
    families: int,
    confidence: float,
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    spread: list[Array] = []
    for (scenario, budget), scores in sorted(found.items(), key=lambda item: item[0][1]):
        for measure, values in scores.items():
            known = values[np.isfinite(values)]
            spread.append(values if repeated is None else repeated[scenario, budget][measure])
            rows.append(
                {
                    "measure": measure,
                    "denominator": definition(measure).denominator,
                    "programme": scenario,
                    "group": ALL,
                    "budget": budget,
                    "value": known.mean() if len(known) else np.nan,
                    "n": families,
                }
            )
    table = tidy(rows, [*COLUMNS[:4], "budget", *COLUMNS[4:]])
    drawn = np.stack(spread)
    if drawn.shape[1] > 1:
        table["se"], table["low"], table["high"] = draw_interval(drawn, confidence)
    return table
