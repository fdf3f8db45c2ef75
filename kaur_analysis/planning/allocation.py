"""Who comes first when money is short: an integer programme over families and programmes.

Every family may be given one of the sets of programmes it is due (:mod:`~kaur_analysis.planning.bundles`); ceilings and
floors couple the families. Without the couplings every family would simply take its best set, so the ceilings are first
given prices (a Lagrangian dual, minimised by cutting planes), which settles most families. Those whose best set is not
clear at these prices, merged where they are alike, form the integer programme that HiGHS solves. The prices also bound
what any allocation could reach, so the stated optimality gap holds for the whole problem, not for the reduced one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from kaur_analysis.errors import StudyRejected
from kaur_analysis.planning.bundles import Bundles, Integers, build_bundles, gap_closed
from kaur_analysis.planning.limits import Ceilings, Limits, ceilings
from kaur_analysis.planning.wide import Array, Flags, Wide

Search = Literal["optimal", "batas usaha"]
CONTESTED = 3_000
CUTTING_ROUNDS = 150
SAMPLE = 200_000
_TOLERANCE = 1e-9
_AT_ONCE = 1_000  # pairs that filling looks at together
_SCALE = 1e5  # of the ceilings inside HiGHS, whose tolerance of 1e-6 then means 1e-11 of a ceiling


class InfeasibleBudget(StudyRejected):
    """No allocation meets all floors within all ceilings; the message names those that clash."""


@dataclass(frozen=True)
class Allocation:
    """An allocation and the proof of how good it is.

    Attributes
    ----------
    chosen
        ``family, kecamatan, desa, programme, agency, units, rupiah_year, gap_closed_rp_year``: what each chosen family
        is given, with its share of the gap closed for the family (by rupiah that raise consumption).
    limits
        ``constraint, limit, used, left, binding, price``: ``price`` is what one more unit of the limit would add to
        the objective (for a ceiling in rupiah: rupiah of gap closed per rupiah).
    comparison
        ``method, rupiah_year, families, extreme_families, gap_closed_rp_year, gap_share, objective, within_limits``:
        the integer programme (``optimal``, with its ``gap`` and ``search``), the best greedy allocation (``greedy``)
        and other lists that were given.
    gap, bound
        Optimality gap and the upper bound of the objective behind it.
    search
        ``optimal`` where the gap is proven to be within ``limits.mip_gap``, ``batas usaha`` where a limit of rounds or
        nodes ended the search before.
    seconds
        Time taken.
    """

    chosen: pd.DataFrame
    limits: pd.DataFrame
    comparison: pd.DataFrame
    gap: float
    bound: float
    search: Search
    seconds: float


@dataclass(frozen=True)
class _Problem:
    """Everything fixed about one allocation; ``desa`` and ``floor`` are positions and least numbers of families."""

    wide: Wide
    limits: Limits
    rows: Ceilings
    candidates: Flags
    bundles: Bundles
    desa: Integers
    floor: Integers

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.wide.family), len(self.wide.programmes)

    def objective(self, pairs: Flags) -> float:
        return float(_worth(self.wide, pairs, self.limits.in_kind_weight).sum())

    def fits(self, pairs: Flags) -> bool:
        return bool((self.rows.use(self.wide, pairs) <= 1 + _TOLERANCE).all())


@dataclass(frozen=True)
class _Response:
    """Best sets of all families at given prices: ``chosen`` rows of the bundles, ``net`` of every set, the bound."""

    chosen: Integers
    net: Array
    bound: float


def allocate(wide: Wide, limits: Limits, lists: Mapping[str, pd.DataFrame] | None = None) -> Allocation:
    """Choose which families get which of their due programmes.

    The objective is the expected extreme-poverty gap closed (rupiah per year) plus ``limits.in_kind_weight`` times the
    other rupiah expected to reach the extremely poor.

    Parameters
    ----------
    wide
        Needs as arrays (:func:`~kaur_analysis.planning.wide.widen`).
    limits
        Ceilings, floors and how far to solve.
    lists
        Other allocations to compare with, e.g. the office's own: tables with ``family, programme``, by name.

    Returns
    -------
    Allocation
        Chosen families and programmes with the bound that says how good the choice is; rupiah per year.

    Raises
    ------
    InfeasibleBudget
        Floors cannot be met within the ceilings.
    StudyRejected
        Limits name codes that do not exist, or whether floors can be met is not found out within the limit of nodes.

    Notes
    -----
    Lagrangian relaxation over families, then an integer programme (HiGHS) over the pairs that prices leave open.

    Examples
    --------
    Two of three families can be paid, the likeliest and poorest first:

    >>> from kaur_analysis.reference.catalogue import load_catalogue
    >>> one, names = np.ones((3, 1)), np.array(["a", "b", "c"], dtype=object)
    >>> chance, gap = np.array([0.9, 0.5, 0.1]), np.array([9e5, 5e5, 1e5])
    >>> programmes = (load_catalogue()["pkh"],)
    >>> wide = Wide(names, names, names, programmes, one, 1e6 * one, one, chance, gap, np.zeros((1, 1), dtype=bool))
    >>> allocate(wide, Limits(total=2e6)).chosen["family"].tolist()
    ['a', 'b']
    """
    began = perf_counter()
    problem = _problem(wide, limits)
    floor_pairs = _meet_floors(problem)
    greedy = _fill(problem, floor_pairs)
    prices, bound = _search_prices(problem, _sampled_prices(problem))
    priced = problem.bundles.pairs(_respond(problem, prices).chosen, problem.shape)
    best = max(greedy, _fill(problem, _repair(problem, priced, prices)), key=problem.objective)
    size, sets = CONTESTED, len(problem.bundles.value)
    for _ in range(limits.rounds if sets else 0):
        everything = size >= sets
        pairs, lp_prices, milp_bound = _solve_contested(problem, prices, bound, best, size)
        if everything:
            bound = min(bound, milp_bound)
        for candidate in (lp_prices, (prices + lp_prices) / 2):
            candidate_bound = _respond(problem, candidate).bound
            if candidate_bound < bound:
                prices, bound = candidate, candidate_bound
        best = max(best, _fill(problem, pairs), key=problem.objective)
        if everything or _gap(problem.objective(best), bound) <= limits.mip_gap:
            break
        size *= 2
    gap = _gap(problem.objective(best), bound)
    search: Search = "optimal" if gap <= limits.mip_gap + _TOLERANCE else "batas usaha"
    return Allocation(
        chosen=_chosen(problem, best),
        limits=_limit_table(problem, best, prices),
        comparison=_comparison(problem, {"optimal": best, "greedy": greedy}, lists or {}).assign(
            gap=lambda table: np.where(table["method"] == "optimal", gap, np.nan),
            search=lambda table: np.where(table["method"] == "optimal", search, ""),
        ),
        gap=gap,
        bound=bound,
        search=search,
        seconds=perf_counter() - began,
    )


def that_count(needs: pd.DataFrame, minimum_due: float, listed: pd.DataFrame) -> pd.DataFrame:
    """Needs that an allocation can hang on: due at least the minimum, or on a list that it is compared with.

    Parameters
    ----------
    needs
        Contract ``NEEDS``.
    minimum_due
        As in :class:`~kaur_analysis.planning.limits.Limits`.
    listed
        ``family, programme`` of all lists.

    Returns
    -------
    pandas.DataFrame
        ``family, programme, due, units, rupiah_year``: of these alone :func:`allocate` makes the same as of all.
    """
    pairs = ["family", "programme"]
    counted = needs["due"] >= minimum_due
    if len(listed):
        counted |= pd.MultiIndex.from_frame(needs[pairs]).isin(pd.MultiIndex.from_frame(listed[pairs]))
    return needs.loc[counted, [*pairs, "due", "units", "rupiah_year"]].reset_index(drop=True)


def _gap(value: float, bound: float) -> float:
    """What the bound leaves open, as a share of the bound."""
    return max(1 - value / bound, 0.0) if bound > 0 else 0.0


def _problem(wide: Wide, limits: Limits) -> _Problem:
    rows, open_pairs = ceilings(wide, limits)
    candidates = (wide.due >= limits.minimum_due) & (wide.rupiah > 0) & (wide.chance > 0)[:, None]
    if limits.family_rupiah is not None:
        candidates &= wide.rupiah <= limits.family_rupiah
    due = candidates.any(axis=1)
    candidates &= open_pairs[:, rows.kecamatan].T
    bundles = build_bundles(wide, candidates, limits.family_programmes, limits.in_kind_weight, limits.family_rupiah)
    codes, desa = np.unique(wide.desa.astype(str), return_inverse=True)
    desa = desa.ravel()
    available = np.bincount(desa[due], minlength=len(codes))
    if isinstance(limits.desa_floor, Mapping):
        if unknown := sorted(set(limits.desa_floor) - set(codes)):
            raise StudyRejected(f"Batas menyebut desa '{unknown[0]}' yang tidak ada.")
        floor = np.array([limits.desa_floor.get(code, 0) for code in codes], dtype=np.int64)
        if short := [code for code, wanted, there in zip(codes, floor, available, strict=True) if wanted > there]:
            raise InfeasibleBudget(
                f"Lantai desa tidak dapat dipenuhi: di desa {', '.join(short[:5])} keluarga yang berhak lebih sedikit "
                "daripada lantainya."
            )
    else:
        floor = np.minimum(limits.desa_floor, available).astype(np.int64)
    return _Problem(wide, limits, rows, candidates, bundles, desa, floor)


def _worth(wide: Wide, pairs: Flags, in_kind_weight: float) -> Array:
    """Objective of every family under a selection."""
    lifts, rupiah = (wide.lifts * pairs).sum(axis=1), (wide.rupiah * pairs).sum(axis=1)
    return gap_closed(lifts, wide.gap, wide.chance) + in_kind_weight * wide.chance * (rupiah - lifts)


# ------------------------------------------------------------------------------------------------------------ prices


def _respond(problem: _Problem, prices: Array) -> _Response:
    """Best set of every family when using a ceiling costs its price, floors met within each desa."""
    bundles, wide = problem.bundles, problem.wide
    net = bundles.value - bundles.sums(problem.rows.pair_prices(wide, prices))
    net -= problem.rows.visit_prices(prices)[bundles.family]
    if not len(net):
        return _Response(np.zeros(0, dtype=np.int64), net, float(prices.sum()))
    top = np.maximum.reduceat(net, bundles.starts)
    repeats = np.diff(np.r_[bundles.starts, len(net)])
    place = np.where(net == np.repeat(top, repeats), np.arange(len(net)), len(net))
    first = np.minimum.reduceat(place, bundles.starts)
    taken = (top > 0) | _needed_for_floor(problem, bundles.family[bundles.starts], top)
    return _Response(first[taken], net, float(prices.sum() + top[taken].sum()))


def _needed_for_floor(problem: _Problem, families: Integers, top: Array) -> Flags:
    """The families that come first in their desa, as many as its floor asks for."""
    desa = problem.desa[families]
    order = np.lexsort((-top, desa))
    ordered = desa[order]
    starts = np.searchsorted(ordered, ordered)
    needed = np.zeros(len(families), dtype=bool)
    needed[order] = np.arange(len(order)) - starts < problem.floor[ordered]
    return needed


def _sampled_prices(problem: _Problem) -> Array:
    """Prices that fit every n-th family, against ceilings as many times smaller; where to start the whole search."""
    step = len(problem.bundles.value) // SAMPLE
    if step < 2:
        return np.zeros(len(problem.rows.names))
    rows, bundles = problem.rows, problem.bundles
    inside = bundles.family % step == 0
    sample = replace(
        problem,
        rows=replace(rows, rupiah=rows.rupiah * step, units=rows.units * step, served=rows.served * step),
        bundles=Bundles.of(bundles.family[inside], bundles.members[inside], bundles.value[inside]),
        floor=np.zeros_like(problem.floor),
    )
    return step * _search_prices(sample, np.zeros(len(rows.names)))[0]


def _search_prices(problem: _Problem, start: Array) -> tuple[Array, float]:
    """Minimise the Lagrangian bound over the ceilings' prices by cutting planes, one plane per kecamatan and round.

    Kelley's method within a box around the best prices so far, widened after success and narrowed after failure.
    """
    count, groups = len(problem.rows.names), problem.rows.served.shape[1]
    best = start
    response = _respond(problem, best)
    bound = response.bound
    radius = 0.2 * start + 0.02 * start.max(initial=0) if start.any() else np.full(count, 0.05 * bound)
    slopes, heights = [], []
    for _ in range(CUTTING_ROUNDS if count and bound > 0 else 0):
        use, value = _by_kecamatan(problem, response)
        slopes.append(use)
        heights.append(value)
        point, promised = _lowest_point(np.vstack(slopes), np.concatenate(heights), groups, best, radius)
        if bound - promised <= 1e-5 * bound:
            break
        response = _respond(problem, point)
        if response.bound < bound:
            best, bound = point, response.bound
            radius *= 1.5
        else:
            radius *= 0.7
    return best, bound


def _by_kecamatan(problem: _Problem, response: _Response) -> tuple[Array, Array]:
    """Use of every ceiling, and value, of a response in each kecamatan: the slope and height of its planes."""
    rows, wide = problem.rows, problem.wide
    groups = rows.served.shape[1]
    families = problem.bundles.family[response.chosen]
    pairs = problem.bundles.pairs(response.chosen, problem.shape)
    sums = sparse.csr_matrix(
        (np.ones(len(rows.kecamatan)), (rows.kecamatan, np.arange(len(rows.kecamatan)))),
        shape=(groups, len(rows.kecamatan)),
    )
    served = np.bincount(rows.kecamatan[families], minlength=groups)
    spent, given = sums @ (wide.rupiah * pairs), sums @ (wide.units * pairs)
    use = spent @ rows.rupiah.T + given @ rows.units.T + rows.served.T * served[:, None]
    value = sums[:, families] @ problem.bundles.value[response.chosen]
    return np.asarray(use, dtype=float), np.asarray(value, dtype=float)


def _lowest_point(slopes: Array, heights: Array, groups: int, centre: Array, radius: Array) -> tuple[Array, float]:
    """Lowest point of the planes gathered so far, within the box around the best prices."""
    count = len(centre)
    rounds = len(heights) // groups
    planes = sparse.hstack([-slopes, -sparse.vstack([sparse.eye(groups)] * rounds)])
    bounds = [*zip(np.maximum(centre - radius, 0), centre + radius, strict=True), *([(None, None)] * groups)]
    found = linprog(np.ones(count + groups), A_ub=planes, b_ub=-heights, bounds=bounds, method="highs")
    if found.status != 0:
        raise StudyRejected("Harga batas tidak dapat dihitung; periksa besaran pagu.")
    return np.asarray(found.x[:count]), float(found.fun)


# --------------------------------------------------------------------------------------------------- integer programme


@dataclass(frozen=True)
class _Contested:
    """The reduced integer programme.

    ``settled`` are the sets of families whose choice is clear. Of the others, families with the same options, values
    and uses in the same place form a pattern: ``options`` lists the sets of each pattern's families (variables ×
    members), ``pattern`` the pattern of each variable, ``count`` its families, ``idle`` whether they may get nothing.
    """

    settled: Integers
    options: list[Integers]
    pattern: Integers
    count: Integers
    idle: Flags


def _contest(problem: _Problem, prices: Array, incumbent: Flags, size: int) -> _Contested:
    """Keep every family's best option at the given prices, the ``size`` others that lose least, and the incumbent's.

    With the options of a known allocation among them the reduced programme always has a solution.
    """
    bundles = problem.bundles
    net = _respond(problem, prices).net
    families = bundles.family[bundles.starts]
    repeats = np.diff(np.r_[bundles.starts, len(net)])
    top = np.maximum.reduceat(net, bundles.starts)
    needed = _needed_for_floor(problem, families, top)
    # In a desa short of its floor, serving anyone is worth what the last needed family loses.
    subsidy = np.zeros(len(problem.floor))
    np.maximum.at(subsidy, problem.desa[families[needed]], -top[needed])
    extra = np.maximum(subsidy, 0)[problem.desa[families]]
    best = np.maximum(top + extra, 0)
    regret, idle_regret = np.repeat(best - extra, repeats) - net, best
    both = np.concatenate([regret, idle_regret])
    place = size + len(families)  # the best option of every family comes first, with no regret
    reach = np.inf if place >= len(both) else np.partition(both, place)[place]
    # The best option is always kept, whatever rounding says.
    keep = regret <= max(reach, _TOLERANCE * max(float(best.max()), 1))
    keep[bundles.locate(incumbent)] = True
    idle = (idle_regret <= reach) | ~incumbent[families].any(axis=1)
    kept = np.add.reduceat(keep, bundles.starts)
    contested = kept + idle > 1
    of_set = np.repeat(np.arange(len(families)), repeats)
    settled = np.flatnonzero(keep & ~contested[of_set])
    return _patterns(problem, settled, np.flatnonzero(keep & contested[of_set]), idle[of_set])


def _patterns(problem: _Problem, settled: Integers, options: Integers, idle: Flags) -> _Contested:
    bundles = problem.bundles
    uses = np.hstack([_uses(problem, options), bundles.value[options, None]])
    family = bundles.family[options]
    starts = np.flatnonzero(np.r_[True, family[1:] != family[:-1]][: len(family)])
    grouped: dict[tuple[int, bool, bytes], list[Integers]] = {}
    for start, end in zip(starts, np.r_[starts[1:], len(options)][: len(starts)], strict=True):
        desa = problem.desa[family[start]]
        place = int(desa) if problem.floor[desa] > 0 else -1
        key = (place, bool(idle[options[start]]), uses[start:end].tobytes())
        grouped.setdefault(key, []).append(options[start:end])
    members = [np.array(alike) for alike in grouped.values()]
    return _Contested(
        settled=settled,
        options=[column for alike in members for column in alike.T],
        pattern=np.repeat(np.arange(len(members)), [alike.shape[1] for alike in members]).astype(np.int64),
        count=np.array([len(alike) for alike in members], dtype=np.int64),
        idle=np.array([key[1] for key in grouped], dtype=bool),
    )


def _uses(problem: _Problem, sets: Integers) -> Array:
    """Use of every ceiling by each of the given sets."""
    rows, wide, bundles = problem.rows, problem.wide, problem.bundles
    chosen = Bundles.of(bundles.family[sets], bundles.members[sets], bundles.value[sets])
    use = np.empty((len(sets), len(rows.names)))
    for row in range(len(rows.names)):
        use[:, row] = chosen.sums(wide.rupiah * rows.rupiah[row] + wide.units * rows.units[row])
    return use + rows.served.T[rows.kecamatan[bundles.family[sets]]]


def _solve_contested(
    problem: _Problem, prices: Array, bound: float, incumbent: Flags, size: int
) -> tuple[Flags, Array, float]:
    """Solve the reduced programme.

    Returns
    -------
    tuple
        The selection (the incumbent where time ran out first), the ceilings' prices in the relaxation, and a bound,
        which bounds the whole problem only if nothing was left out.
    """
    bundles = problem.bundles
    contested = _contest(problem, prices, incumbent, size)
    first = np.array([options[0] for options in contested.options], dtype=np.int64)
    served = problem.rows.names
    settled_pairs = bundles.pairs(contested.settled, problem.shape)
    room = 1 - problem.rows.use(problem.wide, settled_pairs)
    if not len(first):
        return settled_pairs, prices, float(bundles.value[contested.settled].sum())
    variables = np.arange(len(first))
    of_pattern = sparse.csr_matrix((np.ones(len(first)), (contested.pattern, variables)))
    desa = problem.desa[bundles.family[first]]
    of_desa = sparse.csr_matrix((np.ones(len(first)), (desa, variables)), shape=(len(problem.floor), len(first)))
    there = np.bincount(problem.desa[bundles.family[contested.settled]], minlength=len(problem.floor))
    wanted = problem.floor - there
    short = np.flatnonzero(wanted > 0)
    matrix = sparse.vstack(
        [sparse.csr_matrix(_uses(problem, first).T * _SCALE), of_pattern, of_desa[short]], format="csr"
    )
    upper = np.r_[room * _SCALE, contested.count, np.full(len(short), np.inf)]
    lower = np.r_[np.full(len(served), -np.inf), np.where(contested.idle, 0, contested.count), wanted[short]]
    value = bundles.value[first]
    limit = contested.count[contested.pattern].astype(float)
    constant = float(bundles.value[contested.settled].sum())
    # HiGHS measures its gap against the contested part; half of the allowed gap is left for what was settled.
    share = bound / max(bound - constant, 1e-12)
    solved = milp(
        -value,
        integrality=np.ones(len(first)),
        bounds=Bounds(0, limit),
        constraints=LinearConstraint(matrix, lower, upper),
        options={"mip_rel_gap": min(problem.limits.mip_gap / 2 * share, 0.1), "node_limit": problem.limits.nodes},
    )
    if solved.x is None:
        return incumbent, prices, np.inf
    given = _distribute(contested, np.rint(solved.x).astype(np.int64))
    pairs = bundles.pairs(np.concatenate([contested.settled, given]), problem.shape)
    reduced_bound = constant - float(solved.mip_dual_bound if solved.mip_dual_bound is not None else solved.fun)
    return pairs, _relaxed_prices(matrix, lower, upper, value, limit, len(served)) * _SCALE, reduced_bound


def _distribute(contested: _Contested, counts: Integers) -> Integers:
    """Hand the solved numbers out to the families of each pattern, one after the other."""
    given, next_family = [], np.zeros(len(contested.count), dtype=np.int64)
    for variable, options in enumerate(contested.options):
        pattern = contested.pattern[variable]
        begin = next_family[pattern]
        given.append(options[begin : begin + counts[variable]])
        next_family[pattern] += counts[variable]
    return np.concatenate(given)


def _relaxed_prices(
    matrix: sparse.csr_matrix, lower: Array, upper: Array, value: Array, limit: Array, count: int
) -> Array:
    """Prices of the ceilings (the first ``count`` rows) in the linear relaxation."""
    above, below = np.isfinite(upper), np.isfinite(lower)
    stacked = sparse.vstack([matrix[above], -matrix[below]])
    relaxed = linprog(
        -value,
        A_ub=stacked,
        b_ub=np.r_[upper[above], -lower[below]],
        bounds=np.column_stack([np.zeros(len(limit)), limit]),
        method="highs",
    )
    if relaxed.status != 0:
        return np.zeros(count)
    return np.maximum(-np.asarray(relaxed.ineqlin.marginals)[:count], 0)


# ---------------------------------------------------------------------------------------------------- floors and greed


def _meet_floors(problem: _Problem) -> Flags:
    """Serve as many families as every desa's floor asks for, at least cost; the start of the greedy allocation.

    One programme is enough to be served, and of the families of a desa only as many as the floor are needed for each
    programme, the cheapest first.

    Raises
    ------
    InfeasibleBudget
        Not even this is possible; names the desa left short and the ceilings that stand in the way.
    """
    pairs = np.zeros(problem.shape, dtype=bool)
    if not problem.floor.any():
        return pairs
    wide, rows = problem.wide, problem.rows
    family, column = np.nonzero(problem.candidates & (problem.floor[problem.desa] > 0)[:, None])
    desa = problem.desa[family]
    wanted = np.zeros(len(family), dtype=bool)
    for cost in (wide.rupiah[family, column], wide.units[family, column]):
        order = np.lexsort((cost, column, desa))
        group = desa[order] * problem.shape[1] + column[order]
        wanted[order] |= np.arange(len(order)) - np.searchsorted(group, group) < problem.floor[desa[order]]
    family, column, desa = family[wanted], column[wanted], desa[wanted]
    size, floors = len(family), np.flatnonzero(problem.floor)
    use = wide.rupiah[family, column] * rows.rupiah[:, column] + wide.units[family, column] * rows.units[:, column]
    use = use + rows.served[:, rows.kecamatan[family]]
    position = np.arange(size)
    once = sparse.csr_matrix((np.ones(size), (family, position)), shape=(problem.shape[0], size))
    once = once[np.unique(family)]
    in_desa = sparse.csr_matrix((np.ones(size), (desa, position)), shape=(len(problem.floor), size))[floors]
    matrix = sparse.vstack(
        [
            sparse.hstack([sparse.csr_matrix(use), sparse.csr_matrix((len(rows.names), len(floors)))]),
            sparse.hstack([once, sparse.csr_matrix((once.shape[0], len(floors)))]),
            sparse.hstack([in_desa, sparse.eye(len(floors))]),
        ],
        format="csr",
    )
    lower = np.r_[np.full(len(rows.names) + once.shape[0], -np.inf), problem.floor[floors]]
    upper = np.r_[np.ones(len(rows.names) + once.shape[0]), np.full(len(floors), np.inf)]
    # Shortfall first; among allocations without any, the cheapest use of all ceilings together.
    cheap = use.sum(axis=0) / max(float(use.sum()), 1e-12) / 2 if len(rows.names) else np.zeros(size)
    solved = milp(
        np.r_[cheap, np.ones(len(floors))],
        integrality=np.r_[np.ones(size), np.zeros(len(floors))],
        bounds=Bounds(0, np.r_[np.ones(size), problem.floor[floors]]),
        constraints=LinearConstraint(matrix, lower, upper),
        options={"mip_rel_gap": 1e-3, "node_limit": problem.limits.nodes},
    )
    if solved.x is None or (solved.status != 0 and (solved.x[size:] > 0.5).any()):
        raise StudyRejected(
            "Lantai desa belum dapat dipastikan terpenuhi atau tidak: batas usaha tercapai. Naikkan allocation.nodes, "
            "turunkan lantai desa, atau naikkan pagunya."
        )
    taken = solved.x[:size] > 0.5
    pairs[family[taken], column[taken]] = True
    missing = solved.x[size:] > 0.5
    if missing.any():
        raise InfeasibleBudget(_explain(problem, pairs, floors[missing], solved.x[size:][missing]))
    return pairs


def _explain(problem: _Problem, pairs: Flags, desa: Integers, shortfall: Array) -> str:
    """Which floors stay unmet, and which ceilings leave no room for one family more."""
    codes = np.unique(problem.wide.desa.astype(str))
    use = problem.rows.use(problem.wide, pairs)
    waiting = np.isin(problem.desa, desa) & ~pairs.any(axis=1)
    cheapest = np.zeros(len(use))
    for row in range(len(use)):
        cost = problem.wide.rupiah * problem.rows.rupiah[row] + problem.wide.units * problem.rows.units[row]
        cost = cost + problem.rows.served[row][problem.rows.kecamatan][:, None]
        needing = cost[(problem.candidates & waiting[:, None]) & (cost > 0)]
        cheapest[row] = needing.min() if needing.size else np.inf
    blocking = [*problem.rows.closed]
    blocking += [problem.rows.names[row] for row in np.flatnonzero(use + cheapest > 1 + 1e-9)]
    named = ", ".join(
        f"{codes[place]} (kurang {round(short)})" for place, short in list(zip(desa, shortfall, strict=True))[:5]
    )
    more = f" dan {len(desa) - 5} desa lain" if len(desa) > 5 else ""
    return (
        f"Pagu tidak dapat memenuhi lantai desa: desa {named}{more} tidak terpenuhi karena habisnya "
        f"{', '.join(blocking) or 'gabungan beberapa pagu'}. Naikkan pagu itu atau turunkan lantai desa."
    )


def _repair(problem: _Problem, pairs: Flags, prices: Array) -> Flags:
    """Take back what exceeds the ceilings, at each of them first what gains least beyond its price.

    Floors are kept: nobody of a desa at its floor loses everything.
    """
    wide, rows, weight = problem.wide, problem.rows, problem.limits.in_kind_weight
    pairs = pairs.copy()
    worth, cost = _worth(wide, pairs, weight), rows.pair_prices(wide, prices)
    net = np.empty(problem.shape)
    for place in range(problem.shape[1]):
        without = pairs.copy()
        without[:, place] = False
        net[:, place] = worth - _worth(wide, without, weight) - cost[:, place]
    served = np.bincount(problem.desa[pairs.any(axis=1)], minlength=len(problem.floor))
    for row in range(len(rows.names)):
        excess = float(rows.use(wide, pairs)[row]) - 1
        use = wide.rupiah * rows.rupiah[row] + wide.units * rows.units[row]
        visit = rows.served[row][rows.kecamatan]
        if visit.any():  # a ceiling on families: those leave whose whole set gains least
            gain, use = np.where(pairs, net, 0).sum(axis=1, keepdims=True), visit[:, None]
            given = pairs.any(axis=1, keepdims=True) & (use > 0)
        else:
            gain, given = net, pairs & (use > 0)
        family, column = np.nonzero(given)
        order = np.argsort(gain[family, column] / use[family, column], kind="stable")
        for who, what in zip(family[order].tolist(), column[order].tolist(), strict=True):
            if excess <= _TOLERANCE:
                break
            leaving = pairs[who].copy() if visit.any() else np.arange(problem.shape[1]) == what
            desa, last = problem.desa[who], not (pairs[who] & ~leaving).any()
            if last and served[desa] <= problem.floor[desa]:
                continue
            pairs[who] &= ~leaving
            served[desa] -= last
            excess -= float(use[who, what])
    return pairs if problem.fits(pairs) else np.zeros(problem.shape, dtype=bool)


def _fill(problem: _Problem, start: Flags) -> Flags:
    """Add (family, programme) pairs to a selection while there is room, those that gain most per rupiah first."""
    wide, limits, rows = problem.wide, problem.limits, problem.rows
    pairs = start.copy()
    room = 1 - rows.use(wide, pairs)
    cost = np.where(pairs, 0, wide.rupiah) * problem.candidates
    alone = gap_closed(wide.lifts, wide.gap[:, None], wide.chance[:, None])
    worth = alone + limits.in_kind_weight * wide.chance[:, None] * (wide.rupiah - wide.lifts)
    density = np.divide(worth, cost, out=np.zeros(problem.shape), where=cost > 0)
    possible = density > 0
    for row in range(len(room)):
        use = wide.rupiah * rows.rupiah[row] + wide.units * rows.units[row]
        possible &= use <= room[row] + _TOLERANCE
    family, column = np.nonzero(possible)
    order = np.argsort(-density[family, column], kind="stable")
    number, spent = pairs.sum(axis=1), (wide.rupiah * pairs).sum(axis=1)
    for first in range(0, len(order), _AT_ONCE):
        some = order[first : first + _AT_ONCE]
        families, columns = family[some], column[some]
        rupiah, units = wide.rupiah[families, columns], wide.units[families, columns]
        uses = rupiah[:, None] * rows.rupiah.T[columns] + units[:, None] * rows.units.T[columns]
        # Room only shrinks: what does not fit now never will. Late in the order that is nearly everything.
        fits = (uses <= room + _TOLERANCE).all(axis=1) & (number[families] < limits.family_programmes)
        for place in np.flatnonzero(fits).tolist():
            who, what, use = families[place], columns[place], uses[place]
            if number[who] >= limits.family_programmes or (pairs[who] & wide.exclusive[what]).any():
                continue
            if limits.family_rupiah is not None and spent[who] + rupiah[place] > limits.family_rupiah:
                continue
            if not number[who]:
                use = use + rows.served[:, rows.kecamatan[who]]
            if (use > room + _TOLERANCE).any():
                continue
            room = room - use
            pairs[who, what] = True
            number[who] += 1
            spent[who] += rupiah[place]
    return pairs


# ------------------------------------------------------------------------------------------------------------- results


def _chosen(problem: _Problem, pairs: Flags) -> pd.DataFrame:
    wide = problem.wide
    family, column = np.nonzero(pairs)
    lifts = (wide.lifts * pairs).sum(axis=1)
    closed = gap_closed(lifts, wide.gap, wide.chance)
    share = np.divide(wide.lifts[family, column], lifts[family], out=np.zeros(len(family)), where=lifts[family] > 0)
    codes = np.array([programme.code for programme in wide.programmes], dtype=object)
    agencies = np.array([programme.agency for programme in wide.programmes], dtype=object)
    return pd.DataFrame(
        {
            "family": wide.family[family],
            "kecamatan": wide.kecamatan[family],
            "desa": wide.desa[family],
            "programme": codes[column],
            "agency": agencies[column],
            "units": wide.units[family, column],
            "rupiah_year": wide.rupiah[family, column],
            "gap_closed_rp_year": closed[family] * share,
        }
    )


def _limit_table(problem: _Problem, pairs: Flags, prices: Array) -> pd.DataFrame:
    rows = problem.rows
    used = rows.use(problem.wide, pairs) * rows.limit
    return pd.DataFrame(
        {
            "constraint": list(rows.names),
            "limit": rows.limit,
            "used": used,
            "left": rows.limit - used,
            "binding": prices > 0,
            "price": prices / rows.limit,
        }
    )


def _comparison(problem: _Problem, selections: dict[str, Flags], lists: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Score selections and given lists alike; pairs of a list that are not due close no gap but cost nothing here."""
    wide = problem.wide
    families = pd.Index(wide.family)
    codes = pd.Index([programme.code for programme in wide.programmes])
    outside = dict.fromkeys(selections, 0)
    for name, table in lists.items():
        row, column = families.get_indexer(table["family"]), codes.get_indexer(table["programme"])
        known = (row >= 0) & (column >= 0)
        pairs = np.zeros(problem.shape, dtype=bool)
        pairs[row[known], column[known]] = True
        due = wide.due > 0
        outside[name] = int((~known).sum() + (pairs & ~due).sum())
        selections = selections | {name: pairs & due}
    gap = float(wide.gap.sum())
    rows = []
    for name, pairs in selections.items():
        closed = float(gap_closed((wide.lifts * pairs).sum(axis=1), wide.gap, wide.chance).sum())
        rows.append(
            {
                "method": name,
                "rupiah_year": float((wide.rupiah * pairs).sum()),
                "families": int(pairs.any(axis=1).sum()),
                "extreme_families": float(wide.chance[pairs.any(axis=1)].sum()),
                "gap_closed_rp_year": closed,
                "gap_share": closed / gap if gap > 0 else np.nan,
                "objective": problem.objective(pairs),
                "not_due": outside[name],
                "within_limits": problem.fits(pairs),
            }
        )
    return pd.DataFrame(rows)
