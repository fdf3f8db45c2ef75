"""What is shown, marked or hidden, one rule at a time."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.disclosure import largest_two, publish
from kaur_analysis.disclosure.publish import HIDDEN, KEYS, RULES, room_above
from kaur_analysis.disclosure.quantities import read_quantities
from kaur_analysis.study import Thresholds

THRESHOLDS = Thresholds()
KEC = ["1704010", "1704020", "1704030", "1704031"]


def rows(indicator, values, unit="keluarga", areas=KEC, **more):
    return pd.DataFrame({"indicator": indicator, "area": areas[: len(values)], "unit": unit, "value": values} | more)


def shown(topic, table, previous=None):
    published, *_ = publish({topic: table}, THRESHOLDS, previous)
    return published.set_index(["area", "indicator"])


def decided(topics):
    return publish(topics, THRESHOLDS)[1].set_index(["topic", "area", "indicator"])["rule"]


@pytest.mark.parametrize(("families", "status"), [(4, "disembunyikan"), (5, "tampil")])
def test_a_count_is_hidden_below_the_minimum_and_shown_at_it(families, status):
    published = shown("registry", rows("families", [families, 90, 80]))
    assert published.at[("1704010", "families"), "status"] == status


def test_a_hidden_row_keeps_no_number_at_all():
    table = rows("families", [4.0, 90.0, 80.0]).assign(low=1.0, high=9.0, rse=0.1, n=4.0)
    hidden = shown("registry", table).loc[("1704010", "families")]
    assert hidden[["value", "low", "high", "rse", "n"]].isna().all()


def test_a_place_without_poor_families_may_say_so():
    assert shown("poverty", rows("extreme_families", [0, 9, 8])).at[("1704010", "extreme_families"), "value"] == 0


@pytest.mark.parametrize(
    ("rse", "status"), [(0.25, "tampil"), (0.2501, "hati-hati"), (0.5, "hati-hati"), (0.5001, "tidak disajikan")]
)
def test_relative_error_decides_the_mark_with_limits_included(rse, status):
    published = shown("poverty", rows("poor_share", [0.2], "bagian", rse=rse))
    assert published.at[("1704010", "poor_share"), "status"] == status


@pytest.mark.parametrize(("sampled", "status"), [(True, "tidak disajikan"), (False, "tampil")])
def test_an_unknown_error_stops_what_a_sample_alone_says(sampled, status):
    published = shown("poverty", rows("poor_share", [0.2], "bagian", sampled=sampled, low=0.15, high=0.25))
    assert published.at[("1704010", "poor_share"), "status"] == status


@pytest.mark.parametrize(("high", "status"), [(0.499, "tampil"), (0.501, "tidak disajikan")])
def test_a_sampled_share_is_shown_up_to_thirty_points_of_interval(high, status):
    table = rows("poor_share", [0.35], "bagian", sampled=True, rse=0.2, low=0.2, high=high)
    assert shown("poverty", table).at[("1704010", "poor_share"), "status"] == status


@pytest.mark.parametrize(("n", "status"), [(29, "tidak disajikan"), (30, "tampil")])
def test_a_sampled_share_is_shown_from_thirty_households_up(n, status):
    table = rows("poor_share", [0.35], "bagian", sampled=True, rse=0.2, low=0.25, high=0.45, n=float(n))
    assert shown("poverty", table).at[("1704010", "poor_share"), "status"] == status


def test_a_share_of_modelled_families_needs_no_sample():
    table = rows("poor_share", [0.35], "bagian", rse=0.2, low=0.25, high=0.45, n=29.0)
    assert shown("poverty", table).at[("1704010", "poor_share"), "status"] == "tampil"


def test_a_sampled_share_without_an_interval_is_not_shown():
    published = shown("poverty", rows("poor_share", [0.35], "bagian", sampled=True, rse=0.2))
    assert published.at[("1704010", "poor_share"), "status"] == "tidak disajikan"


def test_a_sampled_count_is_not_judged_by_its_width():
    table = rows("extreme_families", [900], "keluarga", sampled=True, rse=0.2, low=500.0, high=1300.0)
    assert shown("poverty", table).at[("1704010", "extreme_families"), "status"] == "tampil"


def test_a_number_too_uncertain_is_not_printed_in_the_table_either():
    assert np.isnan(shown("poverty", rows("poor_share", [0.2], "bagian", rse=0.7))["value"].item())


def test_a_missing_value_says_that_there_are_no_data():
    published = shown("official", rows("poor_share", [np.nan], "bagian", areas=["1704"]))
    assert published["status"].item() == "belum ada data"


def test_a_reason_given_with_a_missing_value_is_kept():
    published = shown("official", rows("poor_share", [np.nan], "bagian", areas=["1704"], reason="minta ke BPS"))
    assert published["reason"].item() == "minta ke BPS"


def test_a_share_of_fewer_families_than_the_minimum_is_hidden():
    published = shown("poverty", rows("poor_share", [0.25, 0.3], "bagian", n=[4.0, 40.0]))
    assert list(published["status"]) == ["disembunyikan", "tampil"]


def test_a_share_whose_area_has_no_survey_household_is_not_called_a_small_base():
    assert shown("poverty", rows("poor_share", [0.25], "bagian", n=[0.0]))["status"].item() == "tampil"


def desa(extreme, served):
    names = [f"1704010{place:03d}" for place in range(1, len(extreme) + 1)]
    extreme, served = np.asarray(extreme, float), np.asarray(served, float)
    parts = {"extreme_families": extreme, "served_extreme_families": served, "gap_extreme_families": extreme - served}
    return pd.concat([rows(name, list(values), areas=names) for name, values in parts.items()])


def test_when_nobody_of_a_group_is_served_the_two_parts_are_hidden():
    published = shown("desa", desa([30, 40, 50], [0, 20, 25]))
    assert published.at[("1704010001", "gap_extreme_families"), "status"] == "disembunyikan"


def test_when_nobody_of_a_group_is_served_its_size_may_be_shown():
    assert shown("desa", desa([30, 40, 50], [0, 20, 25])).at[("1704010001", "extreme_families"), "value"] == 30


def test_a_programme_that_is_not_in_a_place_at_all_may_be_named():
    parts = {"exclusion_error": 1.0, "missed_poor": 30.0, "recipients": 0.0, "poor": 30.0}
    table = pd.concat(
        rows(name, [value, value], "bagian" if value == 1 else "keluarga", programme="csr", n=30.0)
        for name, value in parts.items()
    )
    assert set(shown("targeting", table)["status"]) == {"tampil"}


def test_what_a_hidden_number_can_be_subtracted_from_hides_a_companion():
    whole = rows("families", [300], areas=["1704"])
    published = shown("registry", pd.concat([whole, rows("families", [3, 97, 95, 105])]))
    hidden = published.index[published["status"] == "disembunyikan"]
    assert [area for area, _ in hidden] == ["1704010", "1704030"]


def test_the_published_table_does_not_tell_a_small_number_from_its_companion():
    whole = rows("families", [300], areas=["1704"])
    published = shown("registry", pd.concat([whole, rows("families", [3, 97, 95, 105])]))
    assert set(published.loc[published["status"] == "disembunyikan", "reason"]) == {HIDDEN}


def test_the_record_tells_a_small_number_from_its_companion():
    table = pd.concat([rows("families", [300], areas=["1704"]), rows("families", [3, 97, 95, 105])])
    rule = decided({"registry": table})
    assert rule["registry", "1704010", "families"] == "sedikit"
    assert rule["registry", "1704030", "families"] == "pendamping"


def needs(families, cost=900_000.0):
    about = {"programme": "pkh", "agency": "dinsos"}
    money = [value * cost for value in families]
    return pd.concat(
        [
            rows("due_families", families, **about),
            rows("due_rupiah_year", money, "rupiah_tahun", **about),
            rows("due_rupiah_year", [value / 2 for value in money], "rupiah_tahun", group="apbn", **about),
        ]
    )


def test_money_is_hidden_with_the_families_it_would_give_away():
    published, *_ = publish({"needs": needs([3.0, 40.0, 50.0])}, THRESHOLDS)
    assert set(published.loc[published["area"] == "1704010", "status"]) == {"disembunyikan"}


def test_money_of_large_groups_is_shown_by_fund():
    published, *_ = publish({"needs": needs([3.0, 40.0, 50.0])}, THRESHOLDS)
    by_fund = published[(published["group"] == "apbn") & (published["area"] == "1704020")]
    assert by_fund["value"].item() == 18_000_000


def test_a_share_that_gives_a_hidden_count_away_is_hidden():
    table = pd.concat(
        [
            rows("poor", [60.0, 70.0], programme="pkh"),
            rows("exclusion_error", [58 / 60, 0.5], "bagian", programme="pkh", n=[60.0, 70.0]),
        ]
    )
    published = shown("targeting", table)
    assert published.at[("1704010", "exclusion_error"), "status"] == "disembunyikan"


def test_two_topics_that_state_the_same_families_are_hidden_together():
    one = rows("extreme_families", [3.0, 40.0], areas=["1704010001", "1704010002"], period="2025")
    two = desa([3.0, 40.0], [1.0, 20.0])
    rule = decided({"poverty": one, "desa": two})
    assert rule["poverty", "1704010001", "extreme_families"] in ("sedikit", "pendamping")
    assert rule["desa", "1704010001", "extreme_families"] in ("sedikit", "pendamping")


def test_a_count_that_no_rule_names_is_protected_as_well():
    assert shown("fairness", rows("families_headed_by_women", [3.0, 40.0]))["status"].iloc[0] == "disembunyikan"


def test_published_figures_of_others_are_never_hidden_or_rounded():
    table = rows("poor_people", [3.25], "orang", areas=["1704"])
    assert shown("official", table)["value"].item() == 3.25


def test_counts_are_rounded_to_the_step_their_interval_bears():
    table = rows("extreme_families", [1237.4], low=980.0, high=1562.0)
    assert shown("poverty", table)["value"].item() == 1240


def test_expected_counts_without_interval_are_rounded_to_whole_families():
    assert shown("registry", rows("listed_families", [12.4]))["value"].item() == 12


def test_shares_are_rounded_to_hundredths_of_a_percent():
    assert shown("poverty", rows("poor_share", [0.178349], "bagian"))["value"].item() == 0.1783


def test_a_change_of_few_families_since_the_last_issue_is_hidden():
    before, *_ = publish({"registry": rows("families", [60, 80, 90])}, THRESHOLDS)
    published = shown("registry", rows("families", [62, 80, 97]), before)
    assert list(published["status"]) == ["disembunyikan", "tampil", "tampil"]


def test_an_issue_with_another_edition_name_is_compared_all_the_same():
    before, *_ = publish({"poverty": rows("extreme_families", [60, 80, 90], period="2025")}, THRESHOLDS)
    published = shown("poverty", rows("extreme_families", [62, 80, 97], period="2025-b"), before)
    assert list(published["status"]) == ["disembunyikan", "tampil", "tampil"]


def test_numbers_of_two_years_in_one_topic_are_not_compared_with_each_other():
    years = [rows("families", [60, 80], period=year) for year in ("2023", "2024")]
    before, *_ = publish({"registry": pd.concat(years)}, THRESHOLDS)
    years[1] = rows("families", [60, 90], period="2025")
    assert set(shown("registry", pd.concat(years), before)["status"]) == {"tampil"}


def test_what_the_last_issue_hid_stays_hidden():
    before, *_ = publish({"registry": rows("families", [3, 80, 90])}, THRESHOLDS)
    published = shown("registry", rows("families", [30, 80, 90]), before)
    assert published.at[("1704010", "families"), "status"] == "disembunyikan"


def test_every_row_has_one_decision_with_a_known_rule():
    table = pd.concat([rows("families", [3, 97, 95, 105]), rows("listed_families", [np.nan])])
    published, decisions, _ = publish({"registry": table}, THRESHOLDS)
    assert len(decisions) == len(published) and set(decisions["rule"]) <= set(RULES)


def test_the_record_holds_what_rests_on_how_many_but_no_value():
    _, decisions, _ = publish({"registry": rows("families", [3, 97, 95])}, THRESHOLDS)
    assert list(decisions.columns) == [*KEYS, "status", "n", "rule", "why"]


def test_two_rows_with_the_same_key_are_refused():
    with pytest.raises(ValueError, match="same key"):
        publish({"registry": rows("families", [30, 40], areas=["1704010", "1704010"])}, THRESHOLDS)


def test_a_table_without_a_needed_column_is_refused():
    with pytest.raises(ValueError, match="unit"):
        publish({"registry": rows("families", [30]).drop(columns="unit")}, THRESHOLDS)


def test_the_same_estimates_are_published_the_same_way_in_any_order():
    table = pd.concat([rows("families", [300], areas=["1704"]), rows("families", [3, 97, 95, 105])])
    one, *_ = publish({"registry": table}, THRESHOLDS)
    two, *_ = publish({"registry": table.iloc[::-1]}, THRESHOLDS)
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [(50.0, 45.0, "disembunyikan"), (85.0, 4.0, "tampil"), (85.0, 7.0, "disembunyikan"), (np.nan, np.nan, "tampil")],
)
def test_money_that_two_families_hold_is_hidden(first, second, status):
    table = rows("benefit_rupiah", [100.0], "rupiah_tahun", programme="pkh", first=first, second=second)
    assert shown("targeting", table)["status"].item() == status


def test_what_is_left_without_the_two_largest_must_hide_the_largest():
    total, first, second = pd.Series([100.0, 100.0]), pd.Series([80.0, 80.0]), pd.Series([9.0, 13.0])
    assert list(room_above(total, first, second)) == pytest.approx([0.0, 93 / 0.9 - 100])


def test_the_search_says_when_no_companion_was_needed():
    *_, search = publish({"registry": rows("families", [30, 40, 50])}, THRESHOLDS)
    assert search.method == "tanpa pendamping" and search.gap == 0


def test_the_search_says_that_its_companions_are_the_least():
    table = pd.concat([rows("families", [300], areas=["1704"]), rows("families", [3, 97, 95, 105])])
    *_, search = publish({"registry": table}, THRESHOLDS)
    assert search.method == "optimal" and search.searched == 1 and search.gap <= 0.01


def lists(read, aside, unmatched, recipients, programme="pkh"):
    """A programme's list of names without repetition: rows of the list, and what was judged of it."""
    kept = float(read - aside)
    counts = {"rows_read": float(read), "rows_kept": kept, "rows_set_aside": float(aside)}
    about = {"areas": ["1704"], "programme": programme}
    told = pd.concat(rows(name, [value], "baris", group="pkh_2024", **about) for name, value in counts.items())
    judged = pd.concat(
        [
            rows("recipients", [float(recipients)], **about),
            rows("unmatched_recipients", [float(unmatched)], "unit", **about),
            rows("unmatched_share", [unmatched / kept], "bagian", n=kept, **about),
        ]
    )
    return {"lists": told, "targeting": judged}


def test_names_found_in_no_family_cannot_be_had_from_the_rows_of_the_list_and_its_recipients():
    published, *_ = publish(lists(read=603, aside=0, unmatched=3, recipients=600), THRESHOLDS)
    told = published[published["status"] == "tampil"].set_index("indicator")["value"]
    rest = [told[name] for name in ("rows_read", "rows_kept") if name in told]
    assert "unmatched_recipients" not in told and not (rest and "recipients" in told)


def test_rows_of_a_list_whose_names_were_all_judged_are_shown():
    published, *_ = publish(lists(read=700, aside=20, unmatched=60, recipients=600), THRESHOLDS)
    assert set(published["status"]) == {"tampil"}


def test_names_that_share_families_leave_room_enough_for_the_unmatched():
    published, *_ = publish(lists(read=900, aside=0, unmatched=3, recipients=600), THRESHOLDS)
    told = published.set_index("indicator")["status"]
    assert told["unmatched_recipients"] == "disembunyikan" and told["rows_kept"] == "tampil" == told["recipients"]


def test_few_rows_set_aside_cannot_be_had_from_the_families_of_the_registry():
    counts = {"rows_read": 603.0, "families_kept": 600.0, "rows_set_aside": 3.0}
    told = pd.concat(rows(name, [value], "baris", areas=["1704"], group="p3ke") for name, value in counts.items())
    published, *_ = publish({"lists": told, "registry": rows("families", [600.0], areas=["1704"])}, THRESHOLDS)
    status = published.set_index("indicator")["status"]
    assert status["rows_set_aside"] == status["rows_read"] == "disembunyikan" and status["families"] == "tampil"


def test_the_two_largest_amounts_are_found_by_place_and_programme():
    keys = pd.DataFrame({"area": ["1", "1", "1", "2", None], "programme": "pkh"})
    found = largest_two(pd.Series([4.0, 9.0, 7.0, 5.0, 50.0]), keys)
    assert found.to_numpy().tolist() == [["1", "pkh", 9.0, 7.0], ["2", "pkh", 5.0, 0.0]]


def test_what_families_are_due_is_hidden_with_them_where_two_of_them_hold_it():
    table = needs([30.0, 40.0, 50.0])
    money = table["indicator"].eq("due_rupiah_year") & table["group"].isna()
    table.loc[money, ["first", "second"]] = [[25e6, 1e6], [1e6, 1e6], [1e6, 1e6]]
    published, *_ = publish({"needs": table}, THRESHOLDS)
    assert set(published.loc[published["area"] == "1704010", "status"]) == {"disembunyikan"}
    assert set(published.loc[published["area"] == "1704020", "status"]) == {"tampil"}


def test_a_kecamatan_whose_names_no_row_counts_is_part_of_the_kabupatens_names():
    """Else nobody could be thought to be on the list there, and a hidden number would have no room at all."""
    areas = ["1704", "1704010", "1704020"]
    about = {"topic": "targeting", "programme": "pkh", "agency": "dinsos", "group": "", "period": ""}
    counts = pd.concat(
        [
            rows("recipients", [9.0, 0.0, 9.0], areas=areas, n=900.0, **about),
            rows("unmatched_recipients", [1.0, 0.0, 1.0], "unit", areas=areas, n=np.nan, **about),
            rows("unmatched_share", [0.1, 0.1], "bagian", areas=["1704", "1704020"], n=10.0, **about),
        ],
        ignore_index=True,
    )
    found = read_quantities(counts, 5)
    names = {quantity.area: amount for quantity, amount in found.amounts.items() if quantity.concept == "names"}
    assert names == {"1704": 10.0, "1704010": 0.0, "1704020": 10.0}


def targeting(missed=(3.0, 20.0, 20.0, 20.0)):
    """Poor, recipients and their errors in one consistent table, with the difference of two shares."""
    missed = np.array(missed)
    families, poor, recipients = 1000.0, np.full(4, 40.0), np.full(4, 200.0)
    reached = poor - missed
    included = recipients - reached
    pieces = [
        rows("poor", poor, programme="pkh"),
        rows("recipients", recipients, programme="pkh"),
        rows("missed_poor", missed, programme="pkh"),
        rows("included_nonpoor", included, programme="pkh"),
        rows("coverage", recipients / families, "bagian", programme="pkh", n=families),
        rows("targeting_differential", reached / poor - included / (families - poor), "indeks", programme="pkh"),
        rows("benefit_rupiah", recipients * 1e6, "rupiah_tahun", programme="pkh", n=recipients),
    ]
    return pd.concat(pieces)


def test_a_number_made_of_two_shares_is_hidden_with_either():
    assert shown("targeting", targeting()).at[("1704010", "targeting_differential"), "status"] == "disembunyikan"


def test_a_number_made_of_two_shares_is_shown_with_both():
    assert shown("targeting", targeting([20.0] * 4)).at[("1704010", "targeting_differential"), "status"] == "tampil"


def test_how_many_money_goes_to_stands_in_rows_of_its_own_alone():
    assert np.isnan(shown("targeting", targeting()).at[("1704010", "benefit_rupiah"), "n"])


def test_what_a_shown_share_is_of_is_printed_with_it():
    assert shown("targeting", targeting()).at[("1704010", "coverage"), "n"] == 1000


def served(none):
    counts = {"none": np.array(none), "one": np.array([297.0, 300.0, 300.0, 300.0])}
    counts["several"] = 500 - counts["none"] - counts["one"]
    families = [rows(f"families_{name}", count) for name, count in counts.items()]
    shares = [rows(f"share_{name}", count / 500, "bagian", n=500) for name, count in counts.items()]
    return pd.concat([*families, *shares])


@pytest.mark.parametrize("indicator", ["families_none", "share_none"])
def test_few_families_without_any_programme_are_hidden_as_count_and_as_share(indicator):
    assert shown("overlap", served([3, 50, 50, 50])).at[("1704010", indicator), "status"] == "disembunyikan"


def test_few_families_without_any_programme_cannot_be_had_from_those_with_one_or_several():
    published = shown("overlap", served([3, 50, 50, 50])).xs("1704010")["status"]
    assert "disembunyikan" in set(published[["families_one", "families_several"]])


def test_a_share_of_two_families_late_is_hidden():
    late = rows("late_share", [0.05, 0.5, 0.5], "bagian", n=40)
    assert shown("timeliness", late).at[("1704010", "late_share"), "status"] == "disembunyikan"


@pytest.mark.parametrize("unit", ["bagian", "indeks", "rupiah_tahun"])
def test_a_number_of_which_no_rule_says_whom_it_tells_of_is_refused(unit):
    with pytest.raises(ValueError, match=r"targeting\.new"):
        shown("targeting", rows("new", [0.5], unit))


@pytest.mark.parametrize(("share", "status"), [(0.202, "disembunyikan"), (0.2, "tampil"), (0.25, "tampil")])
def test_a_share_that_moved_by_one_family_since_the_last_issue_is_hidden(share, status):
    before = shown("determinants", rows("unsafe_water", [0.2], "bagian", n=500)).reset_index()
    after = shown("determinants", rows("unsafe_water", [share], "bagian", n=500), before)
    assert after.at[("1704010", "unsafe_water"), "status"] == status


def test_an_interval_of_no_width_holds_its_number_to_the_last_digit():
    row = shown("registry", rows("families", [90.0]).assign(low=90.0 - 1e-12, high=90.0 - 1e-12)).iloc[0]
    assert row["low"] <= row["value"] <= row["high"]


@pytest.mark.parametrize(("share", "status"), [(1.0, "disembunyikan"), (0.9, "disembunyikan"), (0.75, "tampil")])
def test_what_all_recipients_but_a_few_break_the_rules_of_is_hidden(share, status):
    outside = rows("outside_rules", [share, 0.5, 0.5], "bagian", n=20)
    assert shown("targeting", outside).at[("1704010", "outside_rules"), "status"] == status


def test_that_all_families_of_a_place_bear_a_mark_of_poverty_is_hidden():
    disabled = rows("disability", [1.0, 0.5, 0.5], "bagian", n=6)
    assert shown("determinants", disabled).at[("1704010", "disability"), "status"] == "disembunyikan"


def test_that_no_family_of_a_place_bears_a_mark_of_poverty_is_shown():
    earth = rows("earth_floor", [0.0, 0.5, 0.5], "bagian", n=6)
    assert shown("determinants", earth).at[("1704010", "earth_floor"), "status"] == "tampil"
