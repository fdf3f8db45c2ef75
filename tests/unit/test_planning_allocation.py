"""Allocation under ceilings and floors: exact where everything can be enumerated, and clear where nothing fits."""

from itertools import count, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from kaur_analysis.errors import StudyRejected
from kaur_analysis.planning import InfeasibleBudget, Limits, Wide, allocate, limits_from_budgets
from kaur_analysis.planning import allocation as solver
from kaur_analysis.planning.bundles import gap_closed
from kaur_analysis.planning.wide import exclusive_pairs
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()
CODES = ("pkh", "sembako", "blt_dd", "rtlh_bsps")


def small_world(seed=0, families=5, desa=2, codes=CODES):
    """A few families with random dues, in two kecamatan."""
    random = np.random.default_rng(seed)
    programmes = tuple(CATALOGUE[code] for code in codes)
    due = (random.random((families, len(codes))) < 0.7).astype(float)
    rupiah = due * random.integers(5, 60, due.shape) * 100_000.0
    place = [f"17040{10 + 10 * (who % 2)}{1 + who % desa:03d}" for who in range(families)]
    chance = random.uniform(0.05, 0.9, families)
    return Wide(
        family=np.array([f"k{who}" for who in range(families)], dtype=object),
        kecamatan=np.array([code[:7] for code in place], dtype=object),
        desa=np.array(place, dtype=object),
        programmes=programmes,
        due=due,
        rupiah=rupiah,
        units=due * random.integers(1, 4, due.shape),
        chance=chance,
        gap=chance * random.uniform(500_000, 5_000_000, families),
        exclusive=exclusive_pairs(programmes),
    )


def selection(wide, table):
    """Families × programmes of a chosen table."""
    families, codes = list(wide.family), [programme.code for programme in wide.programmes]
    pairs = np.zeros(wide.rupiah.shape, dtype=bool)
    for family, code in zip(table["family"], table["programme"], strict=True):
        pairs[families.index(family), codes.index(code)] = True
    return pairs


def worth(wide, pairs, weight=0.1):
    """The objective written out by its definition, family by family."""
    total = 0.0
    for who in range(len(wide.family)):
        lifts = sum(
            wide.rupiah[who, j] * programme.closes_gap for j, programme in enumerate(wide.programmes) if pairs[who, j]
        )
        other = float(wide.rupiah[who][pairs[who]].sum()) - lifts
        total += wide.gap[who] * (1 - max(1 - lifts * wide.chance[who] / (3 * wide.gap[who]), 0) ** 3)
        total += weight * wide.chance[who] * other
    return total


def choices(wide, at_most):
    """Every set each family may be given."""
    count = len(wide.programmes)

    def allowed(who, bits):
        given = [j for j in range(count) if bits[j]]
        together = not wide.exclusive[np.ix_(given, given)].any()
        return len(given) <= at_most and together and all(wide.due[who, j] > 0 for j in given)

    every = list(product((False, True), repeat=count))
    return [[bits for bits in every if allowed(who, bits)] for who in range(len(wide.family))]


def enumerated(wide, limits, fits):
    """Best objective over every possible allocation, or minus infinity where none fits."""
    best = -np.inf
    for bits in product(*choices(wide, limits.family_programmes)):
        pairs = np.array(bits, dtype=bool)
        if fits(wide, pairs):
            best = max(best, worth(wide, pairs, limits.in_kind_weight))
    return best


def spent(wide, pairs, code=None):
    columns = [code is None or programme.code == code for programme in wide.programmes]
    return float((wide.rupiah * pairs)[:, columns].sum())


@pytest.mark.parametrize("seed", range(6))
def test_a_total_ceiling_is_solved_exactly(seed):
    wide = small_world(seed, families=4)
    limits = Limits(total=0.4 * wide.rupiah.sum(), mip_gap=0)
    best = enumerated(wide, limits, lambda wide, pairs: spent(wide, pairs) <= limits.total)
    assert worth(wide, selection(wide, allocate(wide, limits).chosen)) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_agency_ceilings_quotas_and_capacity_are_solved_exactly_together(seed):
    wide = small_world(seed, families=4)
    limits = Limits(agency={"dinsos": 6e6, "dpmd": 3e6}, quota={"sembako": 3}, capacity=3, mip_gap=0)

    def fits(wide, pairs):
        dinsos = spent(wide, pairs, "pkh") + spent(wide, pairs, "sembako")
        units = (wide.units * pairs)[:, 1].sum()
        return dinsos <= 6e6 and spent(wide, pairs, "blt_dd") <= 3e6 and units <= 3 and pairs.any(axis=1).sum() <= 3

    best = enumerated(wide, limits, fits)
    assert worth(wide, selection(wide, allocate(wide, limits).chosen)) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_desa_floors_are_solved_exactly(seed):
    wide = small_world(seed, families=4)
    limits = Limits(total=0.35 * wide.rupiah.sum(), desa_floor=1, family_programmes=2, mip_gap=0)

    def fits(wide, pairs):
        served = {desa for desa, row in zip(wide.desa, pairs, strict=True) if row.any()}
        return spent(wide, pairs) <= limits.total and served == set(wide.desa)

    best = enumerated(wide, limits, fits)
    assert worth(wide, selection(wide, allocate(wide, limits).chosen)) == pytest.approx(best, rel=1e-9)


def test_without_ceilings_every_family_gets_its_best_set():
    wide = small_world(3, families=4)
    limits = Limits(mip_gap=0)
    best = enumerated(wide, limits, lambda wide, pairs: True)
    assert worth(wide, selection(wide, allocate(wide, limits).chosen)) == pytest.approx(best)


def test_the_stated_bound_is_not_below_the_optimum():
    wide = small_world(5, families=4)
    limits = Limits(total=0.3 * wide.rupiah.sum())
    best = enumerated(wide, limits, lambda wide, pairs: spent(wide, pairs) <= limits.total)
    assert allocate(wide, limits).bound >= best * (1 - 1e-9)


def test_the_reduced_programme_reaches_the_stated_gap(monkeypatch):
    wide = small_world(7, families=400, desa=8)
    limits = Limits(total=0.2 * wide.rupiah.sum(), agency={"dinsos": 0.1 * wide.rupiah.sum()}, mip_gap=0.005)
    exact = allocate(wide, limits)
    monkeypatch.setattr(solver, "CONTESTED", 150)
    reduced = allocate(wide, limits)
    objective = reduced.comparison.set_index("method")["objective"]["optimal"]
    assert reduced.gap <= 0.005 and objective >= exact.bound * (1 - 0.01)


def three_rounds(monkeypatch, **options):
    """A world that is solved within the gap only after the integer programme was widened."""
    wide = small_world(7, families=400, desa=8)
    monkeypatch.setattr(solver, "CONTESTED", 20)
    return allocate(wide, Limits(agency={"dinsos": 0.1 * wide.rupiah.sum()}, quota={"sembako": 50}, **options))


def test_a_slow_clock_does_not_change_who_is_chosen(monkeypatch):
    usual = three_rounds(monkeypatch, mip_gap=1e-6)
    ticks = count(step=1_000_000)
    monkeypatch.setattr(solver, "perf_counter", lambda: next(ticks))
    pd.testing.assert_frame_equal(three_rounds(monkeypatch, mip_gap=1e-6).chosen, usual.chosen)


def test_a_search_that_ended_within_the_gap_says_so(monkeypatch):
    found = three_rounds(monkeypatch)
    assert found.search == "optimal" and found.gap <= 0.005


def test_a_search_that_a_limit_of_work_ended_says_so(monkeypatch):
    found = three_rounds(monkeypatch, mip_gap=1e-6, rounds=1)
    assert found.search == "batas usaha" and found.gap > 1e-6


def test_how_the_search_ended_stands_beside_the_scores(monkeypatch):
    table = three_rounds(monkeypatch, mip_gap=1e-6, rounds=1).comparison.set_index("method")
    assert table["search"].to_dict() == {"optimal": "batas usaha", "greedy": ""}


@pytest.mark.parametrize("given", [None, 1.0])
def test_floors_that_a_limit_of_work_leaves_open_are_not_said_to_be_impossible(monkeypatch, given):
    wide = small_world(2, families=12)
    usual = solver.milp

    def ended(cost, **options):
        solved = usual(cost, **options)
        solved.status, solved.x = 1, None if given is None else np.full(len(cost), given)
        return solved

    monkeypatch.setattr(solver, "milp", ended)
    with pytest.raises(StudyRejected, match="batas usaha tercapai") as error:
        allocate(wide, Limits(total=1e12, desa_floor=1))
    assert not isinstance(error.value, InfeasibleBudget)


def test_prices_found_on_a_sample_lead_to_the_same_bound(monkeypatch):
    wide = small_world(8, families=600, desa=8)
    limits = Limits(total=0.2 * wide.rupiah.sum(), quota={"sembako": 150})
    monkeypatch.setattr(solver, "SAMPLE", 10**9)
    whole = allocate(wide, limits)
    monkeypatch.setattr(solver, "SAMPLE", 300)
    assert allocate(wide, limits).bound == pytest.approx(whole.bound, rel=2e-3)


def test_taking_back_what_exceeds_keeps_the_floors():
    wide = small_world(9, families=40, desa=4)
    problem = solver._problem(wide, Limits(capacity=8, desa_floor=1))
    everyone = np.eye(len(CODES), dtype=bool)[wide.due.argmax(axis=1)] & (wide.due > 0)
    kept = solver._repair(problem, everyone, np.zeros(1))
    assert kept.any(axis=1).sum() == 8 and len(set(wide.desa[kept.any(axis=1)])) == len(set(wide.desa))


def test_families_alike_are_solved_as_one_pattern():
    one = small_world(1, families=1)
    many = Wide(
        family=np.array([f"k{i}" for i in range(50)], dtype=object),
        **{name: np.repeat(getattr(one, name), 50, axis=0) for name in ("kecamatan", "desa", "due", "rupiah", "units")},
        **{name: np.repeat(getattr(one, name), 50) for name in ("chance", "gap")},
        programmes=one.programmes,
        exclusive=one.exclusive,
    )
    problem = solver._problem(many, Limits(total=float(many.rupiah.sum()) / 3))
    nothing = np.zeros(many.rupiah.shape, dtype=bool)
    assert len(solver._contest(problem, np.array([0.0]), nothing, 10**6).count) == 1


def test_reserve_is_kept_back():
    wide = small_world(2, families=30)
    table = allocate(wide, Limits(total=1e7, reserve=0.2)).limits
    assert table["limit"].iloc[0] == 8e6 and table["used"].iloc[0] <= 8e6


def test_a_ceiling_of_zero_gives_nothing():
    wide = small_world(2, families=10)
    chosen = allocate(wide, Limits(agency={"dinsos": 0})).chosen
    assert "dinsos" not in set(chosen["agency"])


def test_funds_are_charged_by_their_share():
    wide = small_world(2, families=10)
    result = allocate(wide, Limits(fund={"apbn": 1e7, "apbd": 1e9}))
    houses = result.chosen.loc[result.chosen["programme"] == "rtlh_bsps", "rupiah_year"].sum()
    used = result.limits.set_index("constraint").loc["pagu sumber dana APBD kabupaten", "used"]
    assert used == pytest.approx(houses / 2)


def test_programmes_that_exclude_each_other_never_meet():
    wide = small_world(4, families=60)
    chosen = allocate(wide, Limits()).chosen
    both = chosen[chosen["programme"].isin(["pkh", "blt_dd"])].groupby("family")["programme"].nunique()
    assert both.max() == 1


def test_capacity_may_differ_by_kecamatan():
    wide = small_world(6, families=20)
    chosen = allocate(wide, Limits(capacity={"1704010": 2, "1704020": 5})).chosen
    assert chosen.groupby("kecamatan")["family"].nunique().to_dict() == {"1704010": 2, "1704020": 5}


def test_a_family_ceiling_in_rupiah_holds():
    wide = small_world(6, families=20)
    chosen = allocate(wide, Limits(family_rupiah=4e6)).chosen
    assert chosen.groupby("family")["rupiah_year"].sum().max() <= 4e6


def test_families_with_a_small_share_due_are_not_proposed():
    wide = small_world(6, families=20)
    doubtful = Wide(**{**wide.__dict__, "due": wide.due * 0.05})
    assert allocate(doubtful, Limits()).chosen.empty


def test_the_offices_list_is_scored_beside_the_optimum():
    wide = small_world(2, families=10)
    office = pd.DataFrame({"family": ["k0", "k1", "k99"], "programme": ["pkh", "pkh", "pkh"]})
    table = allocate(wide, Limits(total=1e7), {"dinas": office}).comparison.set_index("method")
    assert table.loc["dinas", "rupiah_year"] == pytest.approx(wide.rupiah[:2, 0].sum())
    assert table.loc["dinas", "not_due"] == 1 + int((wide.due[:2, 0] == 0).sum())


def test_an_impossible_floor_names_desa_and_ceiling():
    wide = small_world(2, families=12)
    with pytest.raises(InfeasibleBudget, match=r"17040[12]000[12].*pagu total"):
        allocate(wide, Limits(total=600_000, desa_floor=3))


def test_an_impossible_floor_names_only_the_ceiling_that_stands_in_the_way():
    wide = small_world(2, families=12)
    with pytest.raises(InfeasibleBudget, match="kapasitas verifikasi") as error:
        allocate(wide, Limits(total=1e12, capacity=3, desa_floor=3))
    assert "pagu total" not in str(error.value)


def test_a_ceiling_of_zero_that_empties_a_desa_is_named():
    wide = small_world(2, families=12)
    with pytest.raises(InfeasibleBudget, match="pagu total"):
        allocate(wide, Limits(total=0, desa_floor=1))


def test_a_floor_above_the_families_due_is_named():
    wide = small_world(2, families=6)
    with pytest.raises(InfeasibleBudget, match="berhak lebih sedikit"):
        allocate(wide, Limits(desa_floor={"1704010001": 9}))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(agency={"dinas_x": 1}),
        Limits(programme={"pkhh": 1}),
        Limits(fund={"hibah": 1}),
        Limits(capacity={"9999999": 1}),
        Limits(desa_floor={"9999999999": 1}),
    ],
)
def test_limits_of_unknown_codes_are_refused(limits):
    with pytest.raises(StudyRejected, match="tidak ada"):
        allocate(small_world(), limits)


@pytest.mark.parametrize("options", [{"total": -1.0}, {"reserve": 1.0}, {"family_programmes": 0}])
def test_limits_that_make_no_sense_are_refused(options):
    with pytest.raises(StudyRejected):
        Limits(**options)


def test_study_budgets_are_read_by_their_code():
    limits = limits_from_budgets({"total": 9.0, "dinsos": 1.0, "pkh": 2.0, "apbd": 3.0}, small_world())
    assert (limits.total, limits.agency, limits.programme, limits.fund) == (9, {"dinsos": 1}, {"pkh": 2}, {"apbd": 3})


def test_a_study_budget_of_an_unknown_code_is_refused():
    with pytest.raises(StudyRejected, match="apbx"):
        limits_from_budgets({"apbx": 1.0}, small_world())


def test_no_candidates_is_an_empty_allocation():
    wide = small_world()
    assert allocate(Wide(**{**wide.__dict__, "chance": wide.chance * 0}), Limits(total=1e9)).chosen.empty


def test_gap_closed_is_the_expectation_under_a_straight_falling_density():
    chance, gap, transfer = 0.3, 900_000.0, 2_000_000.0
    most = 3 * gap / chance
    grid = np.linspace(0, most, 200_001)
    expectation = chance * np.trapezoid(np.minimum(grid, transfer) * 2 / most * (1 - grid / most), grid)
    closed = gap_closed(np.array([transfer]), np.array([gap]), np.array([chance]))[0]
    assert closed == pytest.approx(expectation, rel=1e-6)


@pytest.mark.parametrize("spread", [0.3, 0.4, 0.5])
@pytest.mark.parametrize("typical", [450_000, 600_000, 900_000])
def test_gap_closed_is_near_the_exact_expectation_of_lognormal_welfare(spread, typical):
    def expected_gap(line):
        place = (np.log(line) - np.log(typical)) / spread
        return line * norm.cdf(place) - typical * np.exp(spread**2 / 2) * norm.cdf(place - spread)

    line = 400_000.0
    chance, gap = norm.cdf(np.log(line / typical) / spread), expected_gap(line)
    transfers = np.array([0.25, 0.5, 1, 2, 3]) * gap / chance
    exact = np.array([gap - (expected_gap(line - transfer) if transfer < line else 0) for transfer in transfers])
    closed = gap_closed(transfers, np.full(5, gap), np.full(5, chance))
    assert np.abs(closed - exact).max() <= 0.06 * gap


def test_a_family_without_a_gap_has_none_to_close():
    assert gap_closed(np.array([1e6]), np.array([0.0]), np.array([0.5]))[0] == 0
