"""What planning works out of one programme, or of those needs that count, hangs on nothing else."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.steps.planning import due_by_programme, what_decides
from kaur_analysis.planning import (
    Below,
    Limits,
    allocate,
    below,
    budget,
    due_intervals,
    highest_line,
    that_count,
    widen,
    zero_cost,
)
from kaur_analysis.planning.doubt import doubtful_due
from kaur_analysis.planning.money import mix
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()
CODES = ("pkh", "blt_dd", "csr")  # who has PKH gets no BLT; CSR has nothing to do with either
LINE = 350_000.0


def world(families=60, draws=50):
    """Families in two kecamatan, their draws, and needs of three programmes with uncertain links."""
    random = np.random.default_rng(8)
    welfare = random.lognormal(12.8, 0.5, (families, draws)).astype(np.float32)
    poverty = pd.DataFrame(
        {
            "family": [f"k{place:02d}" for place in range(families)],
            "kecamatan": np.where(np.arange(families) % 2, "1704010", "1704020"),
            "household_size": random.integers(1, 7, families).astype(float),
            "p_extreme": (welfare < LINE).mean(axis=1),
            "gap_extreme_rp_month": np.maximum(LINE - welfare, 0).mean(axis=1),
        }
    )
    poverty["desa"] = poverty["kecamatan"] + "001"
    tables = []
    for code in CODES:
        received = random.choice([0.0, 0.4, 0.97, 1.0], families)
        own = poverty[["family", "desa", "p_extreme"]].assign(programme=code, received=received, eligible=1.0)
        own = own.assign(due=1 - received, units=1.0, rupiah_year=random.integers(5, 40, families) * 1e5)
        tables.append(own.assign(due_extreme=own["due"] * own["p_extreme"]))
    return poverty, welfare, pd.concat(tables, ignore_index=True)


POVERTY, WELFARE, NEEDS = world()
PROGRAMMES = [CATALOGUE[code] for code in CODES]


def parts(needs=NEEDS, ruled=("blt_dd",)):
    return {code: own | {"ruled": code in ruled} for code, own in what_decides(needs, PROGRAMMES).items()}


def work(some):
    """Lines and intervals of some programmes, where those who know the desil find everybody poorer."""
    extreme, informed = (below(draws, LINE, len(POVERTY)) for draws in (WELFARE, 0.8 * WELFARE))
    return due_by_programme(some, POVERTY[["family"]], extreme, informed, line_rp_month=LINE, seed=3)


@pytest.mark.parametrize("code", CODES)
def test_a_programme_owes_the_same_whichever_others_are_worked_out(code):
    together, alone = work(parts())[code], work({code: parts()[code]})[code]
    for one, other in zip(together, alone, strict=True):
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True)


def test_only_a_rule_by_a_desil_that_draws_do_not_know_is_asked_of_those_who_know_it():
    found = {code: set(tables[1]["spans"]) for code, tables in work(parts()).items()}
    assert found == {"pkh": {""}, "blt_dd": {"", "desil"}, "csr": {""}}


def other(code, **columns):
    """Needs with other values of one programme."""
    own = NEEDS["programme"] == code
    return NEEDS.assign(**{name: NEEDS[name].where(~own, value) for name, value in columns.items()})


def changed(needs):
    """Programmes that are worked out anew of other needs."""
    return {code for code, own in parts(needs).items() if content(own) != content(parts()[code])}


@pytest.mark.parametrize(("code", "anew"), [("csr", {"csr"}), ("blt_dd", {"blt_dd"}), ("pkh", {"pkh", "blt_dd"})])
def test_another_list_changes_its_programme_and_those_that_it_bars(code, anew):
    assert changed(other(code, received=1.0, due=0.0)) == anew


def test_what_is_due_by_a_programme_that_bars_another_changes_nothing_of_that():
    assert changed(other("pkh", units=2.0)) == {"pkh"}


def test_lines_of_a_programme_are_the_same_to_the_last_digit_without_the_others():
    listed = budget(NEEDS, PROGRAMMES)
    alone = budget(NEEDS[NEEDS["programme"] == "csr"], [CATALOGUE["csr"]])
    own = listed[listed["programme"] == "csr"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone, check_exact=True)


NOBODY = pd.DataFrame({"family": pd.Series(dtype=str), "programme": pd.Series(dtype=str)})


@pytest.mark.parametrize("bounds", [{"total": 2e7}, {"total": 2e7, "desa_floor": 4}, {"agency": {"csr": 5e6}}])
@pytest.mark.parametrize("listed", [NOBODY, NEEDS.loc[NEEDS["due"] < 0.1, ["family", "programme"]].head(9)])
def test_an_allocation_is_the_same_of_those_needs_that_count(bounds, listed):
    few = that_count(NEEDS, Limits.minimum_due, listed)
    assert len(few) < len(NEEDS)
    lists = {"usulan kantor": listed} if len(listed) else {}
    given, alone = (allocate(widen(needs, POVERTY, PROGRAMMES), Limits(**bounds), lists) for needs in (NEEDS, few))
    for name in ("chosen", "limits", "comparison"):
        pd.testing.assert_frame_equal(getattr(given, name), getattr(alone, name), check_exact=True)


def test_what_is_hardly_due_to_anybody_leaves_the_allocation():
    trace = NEEDS["due"] < 0.1
    moved = NEEDS.assign(due=NEEDS["due"].where(~trace, NEEDS["due"] * 0.999))
    assert content(that_count(moved, Limits.minimum_due, NOBODY)) == content(
        that_count(NEEDS, Limits.minimum_due, NOBODY)
    )


def test_without_costs_by_list_everything_else_costs_the_same():
    cost = partial(zero_cost, POVERTY, NEEDS, PROGRAMMES, draws=WELFARE, line_rp_month=LINE, years=(2025, 2026))
    whole, without = cost(), cost(by_list=False)
    by_list = whole["measure"] == "imperfect_targeting"
    pd.testing.assert_frame_equal(whole[~by_list], without[~by_list], check_exact=True)
    assert whole.loc[by_list, "se"].notna().all() and without.loc[by_list, "se"].isna().all()


COST = partial(zero_cost, POVERTY, NEEDS, PROGRAMMES, line_rp_month=LINE, years=(2025, 2026))


def test_who_is_below_the_highest_line_is_all_that_costs_ask_of_draws():
    known = below(WELFARE, highest_line(LINE), len(POVERTY))
    pd.testing.assert_frame_equal(COST(draws=WELFARE), COST(draws=known), check_exact=True)


def test_who_is_below_the_line_is_all_that_what_is_due_asks_of_draws():
    owed = partial(due_intervals, NEEDS, POVERTY, PROGRAMMES, line_rp_month=LINE)
    known = below(WELFARE, LINE, len(POVERTY))
    pd.testing.assert_frame_equal(owed(draws=WELFARE), owed(draws=known), check_exact=True)


def test_who_is_below_a_higher_line_than_the_known_is_refused():
    with pytest.raises(ValueError, match="only who is below"):
        COST(draws=below(WELFARE, LINE, len(POVERTY)))


def test_who_is_below_a_line_is_the_same_after_it_was_kept():
    known = below(WELFARE, LINE, len(POVERTY))
    assert content(Below.of_tables(*known.tables())) == content(known)


def test_who_is_below_a_line_is_the_same_in_blocks_of_draws():
    blocks = iter([WELFARE[:, :7].astype(float), WELFARE[:, 7:].astype(float)])
    assert content(below(blocks, LINE, len(POVERTY))) == content(below(WELFARE, LINE, len(POVERTY)))


def all_families():
    """What the mix pays every family and closes of its gap in every draw, and the gap itself: families × draws."""
    wide = widen(NEEDS, POVERTY, PROGRAMMES)
    used, doubt = mix(wide), doubtful_due(NEEDS, pd.Index(POVERTY["family"]), PROGRAMMES)
    received = doubt.receipts(range(len(CODES)), WELFARE.shape[1], seed=0)
    everybody = np.arange(len(POVERTY))
    paid = np.zeros(WELFARE.shape)
    for column in range(len(CODES)):
        share = doubt.share(column, received, everybody, slice(None))
        whole = np.divide(wide.rupiah, wide.due, out=np.zeros_like(wide.due), where=wide.due > 0)[:, [column]]
        paid += used[:, [column]] * whole * share
    gap = np.maximum(LINE - WELFARE.astype(float), 0) * POVERTY["household_size"].to_numpy()[:, None] * 12
    return paid, gap


def kabupaten(measure, detail=""):
    table = COST(draws=WELFARE)
    return table[(table["measure"] == measure) & (table["detail"] == detail) & (table["area"] == "1704")].iloc[0]


def test_what_the_mix_leaves_is_that_of_all_families_though_only_the_poor_are_looked_at():
    paid, gap = all_families()
    assert kabupaten("uncovered")["rupiah_year"] == pytest.approx(np.maximum(gap - paid, 0).sum(axis=0).mean())


def test_families_that_the_mix_lifts_are_those_whose_gap_it_closes():
    paid, gap = all_families()
    assert kabupaten("lifted")["families"] == pytest.approx(((gap > 0) & (gap <= paid)).sum(axis=0).mean())


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_costs_by_list_are_those_of_serving_one_family_after_the_other(share):
    paid, gap = all_families()
    costs = []
    for poor, rupiah in zip(gap.T > 0, paid.T, strict=True):
        reached = total = 0.0
        for family in np.argsort(-POVERTY["p_extreme"].to_numpy(), kind="stable"):
            reached, total = reached + poor[family], total + rupiah[family]
            if reached >= share * poor.sum() * (1 - 1e-12):
                break
        costs.append(total)
    assert kabupaten("imperfect_targeting", f"{share:g}")["se"] == pytest.approx(np.std(costs, ddof=1))


def test_a_list_costs_nothing_in_a_draw_in_which_nobody_is_poor():
    rich = WELFARE.copy()
    rich[:, ::2] = 1e6
    table = COST(draws=rich)
    assert table.loc[(table["measure"] == "imperfect_targeting"), "low"].tolist() == [0.0] * 4


def test_a_table_of_draws_without_a_draw_is_refused():
    with pytest.raises(DataRejected, match="satu tarikan pun"):
        below(np.empty((3, 0)), LINE, 3)
