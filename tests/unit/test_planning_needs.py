"""Who is due what, and why: entitlements minus receipt, exclusions, verification."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.planning import budget, conflicts, needs_matrix
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def world(**columns):
    """Three families of one desa in desil 1, 3 and 8."""
    base = {
        "family": ["k1", "k2", "k3"],
        "kecamatan": ["1704010"] * 3,
        "desa": ["1704010001", "1704010001", "1704010002"],
        "household_size": [4.0, 2.0, 3.0],
        "children_0_6": [1.0, 0.0, 0.0],
        "desil": [1.0, 3.0, 8.0],
        "in_targeting_list": [1.0, 1.0, 0.0],
        "sources": ["p3ke"] * 3,
    }
    return pd.DataFrame(base | columns)


POVERTY = pd.DataFrame(
    {
        "family": ["k1", "k2", "k3"],
        "kecamatan": ["1704010"] * 3,
        "desa": ["1704010001", "1704010001", "1704010002"],
        "household_size": [4.0, 2.0, 3.0],
        "p_poor": [0.9, 0.5, 0.1],
        "p_extreme": [0.5, 0.2, 0.01],
        "gap_poor_rp_month": [200000.0, 80000.0, 1000.0],
        "gap_extreme_rp_month": [50000.0, 20000.0, 100.0],
        "expected_welfare_rp_month": [450000.0, 700000.0, 2000000.0],
    }
)


def reach(*rows):
    columns = ["family", "programme", "received", "rupiah_year", "period"]
    return pd.DataFrame(rows, columns=columns).astype({"received": float, "rupiah_year": float})


def needs_of(*rows, codes=("sembako", "pkh", "blt_dd"), **options):
    return needs_matrix(world(), POVERTY, reach(*rows), [CATALOGUE[code] for code in codes], **options)


def row(needs, family, programme):
    return needs[(needs["family"] == family) & (needs["programme"] == programme)].iloc[0]


def test_an_eligible_family_on_no_list_is_due_in_full():
    assert row(needs_of(), "k1", "sembako")["due"] == 1


def test_a_family_that_is_neither_eligible_nor_served_has_no_row():
    assert "k3" not in set(needs_of()["family"])


def test_a_served_family_outside_the_rules_has_a_row_and_is_due_nothing():
    found = row(needs_of(("k3", "sembako", 1, 0, "2025")), "k3", "sembako")
    assert (found["eligible"], found["received"], found["due"], found["rupiah_year"]) == (0, 1, 0, 0)


def test_its_reason_says_what_is_not_met_and_when_it_received():
    found = row(needs_of(("k3", "sembako", 1, 0, "2025")), "k3", "sembako")
    assert found["why"] == "tidak memenuhi desil kesejahteraan 1–5; sudah menerima (2025)"


def test_an_uncertain_link_leaves_the_rest_of_the_chance_due():
    assert row(needs_of(("k1", "sembako", 0.7, 0, "2025")), "k1", "sembako")["due"] == pytest.approx(0.3)


def test_the_same_receipt_seen_twice_counts_once():
    needs = needs_of(("k1", "sembako", 0.7, 0, "2025"), ("k1", "sembako", 0.6, 0, "2025"))
    assert row(needs, "k1", "sembako")["received"] == 0.7


def test_a_regular_programme_is_judged_by_its_latest_year():
    needs = needs_of(("k1", "sembako", 1, 0, "2023"), ("k2", "sembako", 1, 0, "2025"))
    assert row(needs, "k1", "sembako")["received"] == 0


def test_all_lists_of_the_latest_year_count():
    needs = needs_of(("k1", "sembako", 1, 0, "2025-01"), ("k2", "sembako", 1, 0, "2025-09"))
    assert row(needs, "k1", "sembako")["received"] == 1


def test_a_house_repaired_in_any_year_is_not_due_again():
    house = world(tenure=["own"] * 3, floor=["earth"] * 3)
    lists = reach(("k1", "rtlh_bsps", 1, 0, "2021"), ("k2", "rtlh_bsps", 0.0, 0, "2025"))
    needs = needs_matrix(house, POVERTY, lists, [CATALOGUE["rtlh_bsps"]])
    assert row(needs, "k1", "rtlh_bsps")["due"] == 0


def test_a_family_with_an_excluding_programme_is_due_nothing():
    assert row(needs_of(("k1", "pkh", 1, 0, "2025")), "k1", "blt_dd")["due"] == 0


def test_the_exclusion_is_part_of_the_reason():
    assert "tidak boleh bersama pkh" in row(needs_of(("k1", "pkh", 1, 0, "2025")), "k1", "blt_dd")["why"]


def test_a_programme_that_needs_another_is_due_only_with_it():
    adults = world(adults_19_59=[2.0, 1.0, 1.0], head_age=[30.0, 30.0, 30.0])
    programmes = [CATALOGUE["pena"], CATALOGUE["pkh"]]
    needs = needs_matrix(adults, POVERTY, reach(("k1", "pkh", 1, 0, "2025")), programmes)
    assert [row(needs, family, "pena")["due"] for family in ("k1", "k2")] == [1, 0]


def test_people_served_of_a_family_reduce_what_is_due():
    lists = reach(("k1", "pbi_jk", 1, 0, "2025")).assign(units_received=[3.0])
    needs = needs_matrix(world(), POVERTY, lists, [CATALOGUE["pbi_jk"]])
    assert row(needs, "k1", "pbi_jk")["due"] == 0.25


def test_people_on_a_doubtful_list_reduce_what_is_due_as_far_as_the_link_is_sure():
    lists = reach(("k1", "pbi_jk", 0.5, 0, "2025")).assign(units_received=[3.0])
    needs = needs_matrix(world(), POVERTY, lists, [CATALOGUE["pbi_jk"]])
    assert row(needs, "k1", "pbi_jk")["due"] == 1 - 0.5 * 0.75


def test_a_family_programme_counts_the_family_however_many_members_are_listed():
    lists = reach(("k1", "sembako", 0.7, 0, "2025")).assign(units_received=[1.3])
    needs = needs_matrix(world(), POVERTY, lists, [CATALOGUE["sembako"]])
    assert row(needs, "k1", "sembako")["due"] == pytest.approx(0.3)


def test_due_among_the_extreme_poor_is_due_times_probability():
    assert row(needs_of(), "k1", "sembako")["due_extreme"] == 0.5


def test_the_largest_expected_gap_of_the_family_comes_first():
    assert needs_of().groupby("family")["priority"].first().to_dict() == {"k1": 1, "k2": 2}


def test_equal_gaps_are_ordered_by_vulnerability():
    equal = POVERTY.assign(gap_extreme_rp_month=0.0, p_poor=[0.5, 0.6, 0.1])
    needs = needs_matrix(world(), equal, reach(), [CATALOGUE["sembako"]])
    assert needs.set_index("family")["priority"].to_dict() == {"k2": 1, "k1": 2}


def test_doubt_about_the_link_lowers_confidence():
    assert row(needs_of(("k1", "sembako", 0.6, 0, "2025")), "k1", "sembako")["confidence"] == 0.6


@pytest.mark.parametrize(
    ("outcome", "words"), [("moved", "pindah"), ("died", "meninggal"), ("not_poor", "tidak miskin")]
)
def test_what_the_field_found_ends_what_is_due(outcome, words):
    visits = pd.DataFrame({"family": ["k1"], "outcome": [outcome], "visited": ["2026-03-01"]})
    found = row(needs_of(verification=visits), "k1", "sembako")
    assert found["due"] == 0 and words in found["why"]


def test_a_verified_family_is_certain():
    visits = pd.DataFrame({"family": ["k1"], "outcome": ["verified"], "visited": ["2026-03-01"]})
    needs = needs_of(("k1", "sembako", 0.6, 0, "2025"), verification=visits)
    assert row(needs, "k1", "sembako")["confidence"] == 1


def test_the_latest_visit_counts():
    visits = pd.DataFrame(
        {"family": ["k1"] * 2, "outcome": ["moved", "verified"], "visited": ["2026-03-01", "2026-04-01"]}
    )
    assert row(needs_of(verification=visits), "k1", "sembako")["due"] == 1


def test_a_list_of_an_unknown_programme_is_refused():
    with pytest.raises(DataRejected, match="kartu_x"):
        needs_of(("k1", "kartu_x", 1, 0, "2025"))


def test_a_link_to_an_unknown_family_is_refused():
    with pytest.raises(DataRejected, match="tidak ada di registri"):
        needs_of(("k9", "pkh", 1, 0, "2025"))


def test_unlinked_recipients_change_nothing():
    needs = needs_of((None, "pkh", 0.0, 0, "2025"))
    assert row(needs, "k1", "pkh")["received"] == 0


def conflicts_of(*rows, codes=("sembako", "pkh", "blt_dd")):
    programmes = [CATALOGUE[code] for code in codes]
    return conflicts(needs_matrix(world(), POVERTY, reach(*rows), programmes), programmes)


def test_receiving_two_programmes_that_exclude_each_other_is_shown():
    found = conflicts_of(("k1", "pkh", 1, 0, "2025"), ("k1", "blt_dd", 0.8, 0, "2025"))
    wrong = found[found["kind"] == "terlarang_diterima"]
    assert wrong[["family", "programme", "other", "probability"]].to_numpy().tolist() == [["k1", "pkh", "blt_dd", 0.8]]


def test_being_due_two_programmes_that_exclude_each_other_shows_the_smaller_amount():
    found = conflicts_of()
    assert found.loc[found["kind"] == "terlarang_hak", "rupiah_year"].tolist() == [900_000]


def test_two_agencies_serving_one_family_with_the_same_strategy_are_shown():
    found = conflicts_of(("k1", "pkh", 1, 0, "2025"), ("k1", "baznas", 1, 0, "2025"), codes=("pkh", "baznas"))
    assert found[["kind", "agency", "other_agency"]].to_numpy().tolist() == [["ganda_instansi", "dinsos", "baznas"]]


def test_two_programmes_of_one_agency_are_no_duplicate():
    found = conflicts_of(("k1", "pkh", 1, 0, "2025"), ("k1", "sembako", 1, 0, "2025"), codes=("pkh", "sembako"))
    assert found.empty


def test_budget_counts_expected_families_units_and_rupiah():
    needs = needs_of(("k1", "sembako", 0.7, 0, "2025"), codes=("sembako",))
    line = budget(needs, [CATALOGUE["sembako"]]).query("area == '1704' and fund == ''").iloc[0]
    assert line[["families_due", "units_due", "rupiah_year"]].tolist() == pytest.approx([1.3, 1.3, 1.3 * 2_400_000])


def test_budget_among_the_extreme_poor_weighs_by_their_probability():
    line = budget(needs_of(codes=("sembako",)), [CATALOGUE["sembako"]]).query("area == '1704' and fund == ''").iloc[0]
    assert line[["families_due_extreme", "rupiah_year_extreme"]].tolist() == pytest.approx([0.7, 0.7 * 2_400_000])


def test_unit_cost_of_a_component_programme_is_the_mean_of_what_is_due():
    needs = needs_matrix(world(elderly_60=[0.0, 1.0, 0.0]), POVERTY, reach(), [CATALOGUE["pkh"]])
    line = budget(needs, [CATALOGUE["pkh"]]).query("area == '1704' and fund == ''").iloc[0]
    assert line["unit_cost_rp_year"] == (3_000_000 + 2_400_000) / 2


def test_unit_cost_without_anything_due_is_the_benefit():
    needs = needs_of(("k1", "sembako", 1, 0, "2025"), ("k2", "sembako", 1, 0, "2025"), codes=("sembako",))
    assert budget(needs, [CATALOGUE["sembako"]])["unit_cost_rp_year"].tolist() == [2_400_000] * len(
        budget(needs, [CATALOGUE["sembako"]])
    )


def test_a_programme_nobody_is_eligible_for_has_no_line():
    needs = needs_of(codes=("sembako",))
    assert np.isin(budget(needs, CATALOGUE.values())["programme"], ["sembako"]).all()
