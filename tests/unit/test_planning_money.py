"""What zero extreme poverty costs: bounds, mixes, imperfect targeting, years and sensitivity."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import DataRejected, StudyRejected
from kaur_analysis.planning import due_intervals, zero_cost
from kaur_analysis.reference.catalogue import Programme, load_catalogue

CATALOGUE = load_catalogue()
PLACES = ["1704010001", "1704010002", "1704020001"]


def poverty(**columns):
    """Three families of 4, 2 and 5 people."""
    base = {
        "family": ["k1", "k2", "k3"],
        "kecamatan": [desa[:7] for desa in PLACES],
        "desa": PLACES,
        "household_size": [4.0, 2.0, 5.0],
        "p_extreme": [0.5, 0.2, 0.1],
        "gap_extreme_rp_month": [20_000.0, 10_000.0, 1_000.0],
    }
    return pd.DataFrame(base | columns)


def due(*rows):
    """Needs table from (family, programme, due, rupiah_year); what is not due is received."""
    table = pd.DataFrame(rows, columns=["family", "programme", "due", "rupiah_year"])
    return table.assign(units=1.0, received=1 - table["due"])


def programmes(*codes):
    return [CATALOGUE[code] for code in codes]


def cost(needs, listed, table=None, **options):
    return zero_cost(poverty() if table is None else table, needs, listed, **options)


def value(table, measure, **where):
    where = {"area": "1704", "programme": "", "fund": "", "detail": "", "year": ""} | where
    rows = table[table["measure"] == measure]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1
    return float(rows["rupiah_year"].iloc[0])


NOTHING = due(("k1", "sembako", 0.0, 0.0))
SEMBAKO = due(("k1", "sembako", 1.0, 2_400_000.0), ("k2", "sembako", 1.0, 2_400_000.0))


def test_the_lower_bound_is_the_sum_of_expected_gaps_of_people_and_months():
    table = cost(NOTHING, programmes("sembako"))
    assert value(table, "lower_bound") == 12 * (4 * 20_000 + 2 * 10_000 + 5 * 1_000)


def test_kecamatan_add_up_to_the_kabupaten():
    table = cost(SEMBAKO, programmes("sembako"))
    parts = table[(table["measure"] == "lower_bound") & (table["area"].str.len() == 7)]["rupiah_year"]
    assert parts.sum() == pytest.approx(value(table, "lower_bound"))


def test_the_mix_pays_the_extremely_poor_their_whole_programme():
    # conditional gaps: k1 12*4*20000/0.5 = 1.92 million, k2 12*2*10000/0.2 = 1.2 million: one programme is enough
    table = cost(SEMBAKO, programmes("sembako"))
    assert value(table, "programme_mix") == pytest.approx(0.5 * 2_400_000 + 0.2 * 2_400_000)


def test_the_mix_stops_when_the_gap_is_covered():
    needs = pd.concat([SEMBAKO, due(("k1", "csr", 1.0, 1_000_000.0))])
    table = cost(needs, programmes("sembako", "csr"))
    assert "csr" not in set(table["programme"])


def test_the_order_of_the_study_decides_what_is_used_first():
    needs = pd.concat([SEMBAKO, due(("k1", "csr", 1.0, 1_000_000.0))])
    table = cost(needs, programmes("csr", "sembako"))
    assert value(table, "programme_mix", programme="csr") == 0.5 * 1_000_000


def test_programmes_that_close_no_gap_are_not_used():
    needs = pd.concat([SEMBAKO, due(("k1", "rtlh_bsps", 1.0, 20_000_000.0))])
    table = cost(needs, programmes("rtlh_bsps", "sembako"))
    assert value(table, "programme_mix") == pytest.approx(0.7 * 2_400_000)


def test_of_programmes_that_exclude_each_other_one_is_used():
    needs = due(("k1", "pkh", 1.0, 900_000.0), ("k1", "blt_dd", 1.0, 900_000.0))
    table = cost(needs, programmes("pkh", "blt_dd"))
    assert set(table["programme"]) == {"", "pkh"}


def test_what_no_programme_covers_is_shown():
    # k1 lacks 1.92 million when poor and is due 0.9 million; k2 and k3 are due nothing
    table = cost(due(("k1", "pkh", 1.0, 900_000.0)), programmes("pkh"))
    assert value(table, "uncovered") == pytest.approx(0.5 * 1_020_000 + 12 * 2 * 10_000 + 12 * 5 * 1_000)


def test_funds_share_the_mix():
    split = Programme.model_validate(CATALOGUE["sembako"].model_dump() | {"funds": {"apbn": 0.75, "apbd": 0.25}})
    table = cost(SEMBAKO, [split])
    assert value(table, "programme_mix", programme="sembako", fund="apbd") == pytest.approx(0.25 * 0.7 * 2_400_000)


def test_imperfect_targeting_pays_everyone_up_to_the_coverage():
    # half of the 0.8 expected extremely poor are in k1 alone (0.5)
    table = cost(SEMBAKO, programmes("sembako"), coverages=(0.5,))
    assert value(table, "imperfect_targeting", detail="0.5") == 2_400_000


def test_perfect_targeting_pays_only_the_extremely_poor():
    table = cost(SEMBAKO, programmes("sembako"), coverages=(0.5,))
    assert value(table, "perfect_targeting", detail="0.5") == pytest.approx(0.5 * 0.7 * 2_400_000)


def test_years_grow_in_equal_steps_to_the_whole_mix():
    table = cost(SEMBAKO, programmes("sembako"), years=(2025, 2026))
    whole = value(table, "programme_mix")
    assert [value(table, "by_year", year=year) for year in ("2025", "2026")] == pytest.approx([whole / 2, whole])


def test_one_time_benefits_are_spread_over_the_years():
    once = Programme.model_validate(CATALOGUE["csr"].model_dump() | {"period": "sekali"})
    table = cost(due(("k1", "csr", 1.0, 1_000_000.0)), [once], years=(2025, 2026))
    assert [value(table, "by_year", year=year) for year in ("2025", "2026")] == pytest.approx([250_000, 250_000])


def test_another_model_is_another_row():
    other = poverty(gap_extreme_rp_month=[0.0, 0.0, 1_000.0])
    table = cost(NOTHING, programmes("sembako"), alternatives={"model kuantil": other})
    assert value(table, "sensitivity", detail="model kuantil") == 60_000


def drawn(rows=2_000):
    """Welfare draws whose gap at 400 000 has the expectation of the table's first family and none elsewhere."""
    welfare = np.full((3, rows), 1_000_000.0)
    welfare[0, ::2] = 360_000.0
    return welfare


def test_draws_give_the_bound_an_interval():
    welfare = drawn()
    welfare[:, :100] = 1_000_000.0
    table = cost(NOTHING, programmes("sembako"), draws=welfare, line_rp_month=400_000.0)
    row = table[(table["measure"] == "lower_bound") & (table["area"] == "1704")].iloc[0]
    assert (row["low"], row["high"]) == (0, 12 * 4 * 40_000)


def test_a_higher_line_costs_more():
    table = cost(NOTHING, programmes("sembako"), draws=drawn(), line_rp_month=400_000.0, line_factors=(1.1,))
    assert value(table, "sensitivity", detail="garis × 1.1") == pytest.approx(0.5 * 12 * 4 * 80_000)


def uneven():
    """Welfare draws with the same mean gap as ``drawn``: half the time poor, then short of 20 000 or of 60 000."""
    welfare = np.full((3, 2_000), 1_000_000.0)
    welfare[0, ::4], welfare[0, 1::4] = 380_000.0, 340_000.0
    return welfare


ONE_SEMBAKO = due(("k1", "sembako", 1.0, 2_400_000.0))
FIRST_ALONE = {"p_extreme": [0.5, 0.0, 0.0], "gap_extreme_rp_month": [20_000.0, 0.0, 0.0]}


def test_what_the_mix_leaves_to_families_poorer_than_expected_counts_as_uncovered():
    # the mean gap of k1 when poor, 1.92 million, is covered; the 2.88 million of a quarter of the draws is not
    table = cost(ONE_SEMBAKO, programmes("sembako"), poverty(**FIRST_ALONE), draws=uneven(), line_rp_month=400_000.0)
    assert value(table, "uncovered") == pytest.approx(0.25 * 480_000)


def test_without_draws_what_is_uncovered_is_a_lower_bound():
    table = cost(ONE_SEMBAKO, programmes("sembako"), poverty(**FIRST_ALONE))
    assert value(table, "uncovered") == 0


def test_only_families_whose_whole_gap_is_covered_count_as_lifted():
    table = cost(ONE_SEMBAKO, programmes("sembako"), poverty(**FIRST_ALONE), draws=uneven(), line_rp_month=400_000.0)
    lifted = table[(table["measure"] == "lifted") & (table["area"] == "1704")].iloc[0]
    assert (lifted["families"], lifted["low"], lifted["high"]) == (0.25, 0, 1)


def test_what_is_left_and_what_is_lifted_have_no_row_of_the_other_unit():
    table = cost(ONE_SEMBAKO, programmes("sembako"), draws=uneven(), line_rp_month=400_000.0)
    assert (table["families"].notna() != table["rupiah_year"].notna()).all()


def test_draws_in_blocks_give_the_same_interval():
    welfare = np.random.default_rng(1).uniform(200_000, 800_000, (3, 300))
    options = {"line_rp_month": 400_000.0}
    whole = cost(SEMBAKO, programmes("sembako"), draws=welfare, **options)
    blocks = cost(SEMBAKO, programmes("sembako"), draws=iter([welfare[:, :70], welfare[:, 70:]]), **options)
    pd.testing.assert_frame_equal(whole, blocks)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": drawn()}, "memerlukan garis"),
        ({"draws": drawn()[:2], "line_rp_month": 1.0}, "tabel berisi 3"),
        ({"draws": iter([drawn()[:2]]), "line_rp_month": 1.0}, "tabel berisi 3"),
        ({"coverages": (1.5,)}, "Cakupan"),
        ({"years": (2027, 2026)}, "mendahului"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(options, words):
    with pytest.raises((DataRejected, StudyRejected), match=words):
        cost(SEMBAKO, programmes("sembako"), **options)


def test_a_need_of_a_family_without_a_model_is_refused():
    with pytest.raises(DataRejected, match="tanpa perkiraan"):
        cost(due(("k9", "sembako", 1.0, 1.0)), programmes("sembako"))


DRAWN, ALIKE = 4_000, 300


def alike(received=0.0):
    """Families alike: extremely poor with chance 0.3, due one sembako unless the doubtful list already names them."""
    names = [f"k{place}" for place in range(ALIKE)]
    table = pd.DataFrame(
        {"family": names, "kecamatan": "1704010", "desa": "1704010001", "household_size": 4.0, "p_extreme": 0.3}
    )
    needs = table[["family", "desa"]].assign(
        programme="sembako", received=received, due=1 - received, units=1.0, rupiah_year=2_400_000.0
    )
    welfare = np.where(np.random.default_rng(3).random((ALIKE, DRAWN)) < 0.3, 300_000.0, 900_000.0)
    return needs.assign(due_extreme=needs["due"] * 0.3), table, welfare


def due_of(received=0.0, listed=("sembako",), **options):
    needs, table, welfare = alike(received)
    found = due_intervals(needs, table, programmes(*listed), draws=welfare, line_rp_month=400_000.0, **options)
    return found.set_index(["area", "fund", "measure"])


def test_the_spread_of_what_the_extreme_poor_are_due_is_that_of_who_is_extremely_poor():
    found = due_of().loc[("1704", "", "families_due_extreme"), "se"]
    assert found == pytest.approx(np.sqrt(ALIKE * 0.3 * 0.7), rel=0.05)


def test_a_doubtful_link_widens_what_the_extreme_poor_are_due():
    found = due_of(0.5).loc[("1704", "", "families_due_extreme"), "se"]
    assert found == pytest.approx(np.sqrt(ALIKE * 0.15 * 0.85), rel=0.05)


def test_without_doubt_about_links_what_everybody_is_due_is_certain():
    assert due_of().loc[("1704", "", "families_due"), "se"] == 0


def test_a_doubtful_link_makes_what_everybody_is_due_uncertain():
    assert due_of(0.5).loc[("1704", "", "families_due"), "se"] == pytest.approx(np.sqrt(ALIKE / 4), rel=0.05)


def test_rupiah_due_are_as_uncertain_as_their_families():
    found = due_of(0.5)["se"]
    rupiah, families = found["1704", "", "rupiah_year_extreme"], found["1704", "", "families_due_extreme"]
    assert rupiah == pytest.approx(2_400_000 * families)


def test_blocks_of_draws_give_the_same_spread_of_what_is_due():
    needs, table, welfare = alike()
    options = {"line_rp_month": 400_000.0}
    whole = due_intervals(needs, table, programmes("sembako"), draws=welfare, **options)
    cut = due_intervals(needs, table, programmes("sembako"), draws=iter([welfare[:, :70], welfare[:, 70:]]), **options)
    pd.testing.assert_frame_equal(whole, cut)


def test_draws_of_other_families_are_refused_for_what_is_due():
    needs, table, welfare = alike()
    with pytest.raises(DataRejected, match="tabel berisi 300"):
        due_intervals(needs, table, programmes("sembako"), draws=welfare[:7], line_rp_month=400_000.0)


def test_the_cost_of_the_mix_by_programme_and_fund_has_its_error():
    needs, table, welfare = alike()
    poor = table.assign(gap_extreme_rp_month=30_000.0)
    found = zero_cost(poor, needs, programmes("sembako"), draws=welfare, line_rp_month=400_000.0)
    mix = found[(found["measure"] == "programme_mix") & (found["area"] == "1704") & (found["programme"] == "sembako")]
    wanted = 2_400_000 * np.sqrt(ALIKE * 0.3 * 0.7)
    assert mix.set_index("fund")["se"][""] == pytest.approx(wanted, rel=0.05)


def mix_of(received):
    needs, table, welfare = alike(received)
    poor = table.assign(gap_extreme_rp_month=30_000.0)
    found = zero_cost(poor, needs, programmes("sembako"), draws=welfare, line_rp_month=400_000.0)
    return found[(found["area"] == "1704") & (found["fund"] == "")].set_index(["measure", "programme"])


def test_a_doubtful_link_widens_the_cost_of_the_mix():
    found = mix_of(0.5).loc[("programme_mix", "sembako"), "se"]
    assert found == pytest.approx(2_400_000 * np.sqrt(ALIKE * 0.15 * 0.85), rel=0.05)


def test_families_that_perhaps_have_it_already_are_lifted_as_seldom_as_it_is_due():
    needs, table, welfare = alike(0.5)
    poor = table.assign(gap_extreme_rp_month=15_000.0)
    shallow = np.where(welfare < 400_000, 360_000.0, welfare)
    found = zero_cost(poor, needs, programmes("sembako"), draws=shallow, line_rp_month=400_000.0)
    lifted = found[(found["measure"] == "lifted") & (found["area"] == "1704")]["families"].item()
    assert lifted == pytest.approx(ALIKE * 0.3 * 0.5, rel=0.02)


def test_a_doubtful_link_to_a_programme_that_bars_this_one_makes_it_uncertain():
    needs, table, welfare = alike()
    barring = needs.assign(programme="pkh", received=0.5, due=0.5, due_extreme=0.15)
    barred = needs.assign(programme="blt_dd", due=0.5, due_extreme=0.15)
    both = pd.concat([barring, barred], ignore_index=True)
    found = due_intervals(both, table, programmes("pkh", "blt_dd"), draws=welfare, line_rp_month=400_000.0)
    own = found[(found["programme"] == "blt_dd") & (found["area"] == "1704") & (found["measure"] == "families_due")]
    assert own["se"].max() == pytest.approx(np.sqrt(ALIKE / 4), rel=0.05)


def test_serving_by_a_list_of_probabilities_costs_an_uncertain_amount():
    needs, table, welfare = alike()
    poor = table.assign(gap_extreme_rp_month=30_000.0)
    found = zero_cost(poor, needs, programmes("sembako"), draws=welfare, line_rp_month=400_000.0, coverages=(0.5,))
    row = found[found["measure"] == "imperfect_targeting"].iloc[0]
    assert row["low"] < row["rupiah_year"] < row["high"]


def test_every_cost_that_rests_on_draws_has_an_error():
    needs, table, welfare = alike()
    poor = table.assign(gap_extreme_rp_month=30_000.0)
    found = zero_cost(poor, needs, programmes("sembako"), draws=welfare, line_rp_month=400_000.0, years=(2025, 2026))
    assert found["se"].notna().all()
