"""Who on a list is whom in the registry, judged against the hidden truth of a Kaur with the dirt of the field."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.demo import make_demo
from kaur_analysis.intake import NAME_PAIRS, keys_for, read_study
from kaur_analysis.linkage import any_reach, link, probability_classes, reach
from kaur_analysis.linkage.model import COMPARISONS
from kaur_analysis.study import load_study
from tests.linkage_truth import calibration, damage_niks, link_and_compare


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    return link_and_compare(make_demo(tmp_path_factory.mktemp("lapangan"), seed=11, families=2000, dirt="field"))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rusak")
    study = make_demo(folder, seed=11, families=2000, dirt="field")
    damage_niks(folder, 0.3)
    return link_and_compare(study)


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """Lists without a slip of the pen, their registry, and the study."""
    study = load_study(make_demo(tmp_path_factory.mktemp("tanpa-salah"), seed=11, families=400))
    return clean(read_study(study, keys_for(True)), study), study


def found(cleaned, **changed):
    """Share of the recipients that are linked, with what has changed in the tables of keys."""
    tables, study = cleaned
    return (link(replace(tables, **changed), study).links["method"] != "unmatched").mean()


def test_lists_without_a_slip_are_linked(cleaned):
    assert found(cleaned) > 0.97


@pytest.mark.parametrize(
    "columns",
    [
        ["person_token", "nik_masks"],
        ["family_token"],
        ["birth_token", "birth_day_token", "birth_month_token", "birth_year"],
    ],
    ids=["NIK", "card", "birth"],
)
@pytest.mark.parametrize("side", ["recipient_keys", "registry_keys"])
def test_people_are_found_where_a_side_knows_nothing_of(cleaned, side, columns):
    lacking = getattr(cleaned[0], side).assign(**dict.fromkeys(columns, np.nan))
    assert found(cleaned, **{side: lacking}) > 0.97


def test_people_are_found_whose_list_has_numbers_that_the_registry_does_not_know(cleaned):
    tables, study = cleaned
    keys, own = tables.recipient_keys.copy(), (tables.recipients["programme"] == "pkh").to_numpy()
    keys.loc[own, "person_token"] = [f"lain{place}" for place in range(own.sum())]
    keys.loc[own, "nik_masks"] = None
    links = link(replace(tables, recipient_keys=keys), study).links
    assert (links.loc[own, "method"] != "unmatched").mean() > 0.97


def test_strangers_are_not_found_in_the_registry(cleaned):
    tables, study = cleaned
    keys, own = tables.recipient_keys.copy(), (tables.recipients["programme"] == "pkh").to_numpy()
    for name in ("person_token", "family_token", "birth_token", "name_token"):
        keys.loc[own, name] = [f"asing{place}" for place in range(own.sum())]
    keys.loc[own, ["nik_masks", "birth_day_token", "birth_month_token"]] = None
    keys.loc[own, list(NAME_PAIRS)] = 0
    keys.loc[own, NAME_PAIRS[0]] = 2**12 + 2**33
    links = link(replace(tables, recipient_keys=keys), study).links
    assert (links.loc[own, "method"] == "unmatched").all()


def test_nobody_is_found_where_lists_say_nothing_of_anybody(cleaned):
    keys = cleaned[0].recipient_keys
    nothing = keys.assign(**dict.fromkeys(keys.columns.drop("record"), np.nan))
    assert found(cleaned, recipient_keys=nothing) == 0


def test_links_are_right(field):
    assert field.precision >= 0.995


def test_recipients_in_the_registry_are_found(field):
    assert field.recall >= 0.97


def test_links_are_right_where_a_third_of_the_niks_is_damaged(damaged):
    assert damaged.precision >= 0.995


def test_recipients_are_found_where_a_third_of_the_niks_is_damaged(damaged):
    assert damaged.recall >= 0.97


def test_most_damaged_niks_are_found_by_one_wrong_digit(damaged):
    pbi = damaged.records[damaged.records["source"] == "pbi_jk_2024"]
    assert (pbi["method"] == "nik_one_error").mean() > 0.2  # of 0.3 damaged; others are found by card and name


def test_whoever_is_not_in_the_registry_is_mostly_left_unmatched(field):
    absent = field.records[~field.records["in_registry"]]
    assert len(absent) > 5 and absent["linked"].isna().mean() > 0.9


def test_unmatched_is_a_method_of_its_own(field):
    links = field.linkage.links
    assert ((links["method"] == "unmatched") == links["family"].isna()).all()


def test_every_recipient_has_a_probability(field):
    assert field.linkage.links["probability"].between(0, 1).all()


def test_links_reach_the_threshold(field):
    assert (field.linkage.links.dropna(subset="family")["probability"] >= 0.9).all()


def test_stated_probabilities_are_near_the_share_that_is_right(damaged):
    table = calibration(damaged)
    many = table[table["pairs"] >= 30]
    assert len(many) and (many["stated"] - many["right"]).abs().max() < 0.05


def test_classes_of_probability_hold_every_recipient_that_has_a_candidate(field):
    classes = probability_classes(field.linkage.candidates, None)
    assert classes["recipients"].sum() == field.linkage.candidates["record"].nunique()


def test_answers_are_held_against_what_the_model_said_before_them():
    candidates = pd.DataFrame(
        {
            "record": ["a", "b", "c"],
            "person": ["p", "q", "r"],
            "stated": [0.6, 0.8, 0.95],
            "probability": [1.0, 0.0, 1.0],
        }
    )
    decisions = pd.DataFrame({"record": ["a", "b"], "person": ["p", "q"], "same": [1, 0]})
    row = probability_classes(candidates, decisions).set_index("high").loc[0.9]
    assert (row["answered"], row["answered_stated"], row["same"]) == (2, pytest.approx(0.7), 0.5)


def test_a_class_without_answers_states_no_share():
    candidates = pd.DataFrame({"record": ["a"], "person": ["p"], "stated": [0.6], "probability": [0.6]})
    assert probability_classes(candidates, None)["same"].isna().all()


def test_without_candidates_every_class_is_empty():
    assert probability_classes(pd.DataFrame(), None)["recipients"].tolist() == [0] * 5


def test_the_fitted_model_is_shown(field):
    assert {"comparison", "level", "m", "u", "weight_log2"} <= set(field.linkage.parameters.columns)


def model_of(linked, programme):
    own = linked.linkage.parameters.query("programme == @programme and period == '2024'")
    return own.set_index(["comparison", "level"])["m"]


def working():
    return {(name, level.label): level.m for name, of in COMPARISONS.items() for level in of.levels}


def test_every_list_has_a_model_of_its_own(damaged):
    parameters = damaged.linkage.parameters
    lists = damaged.linkage.links[["programme", "period"]].drop_duplicates()
    assert len(parameters) == len(lists) * len(working())


def test_a_list_of_few_people_keeps_the_working_values(damaged):
    assert model_of(damaged, "csr").to_dict() == pytest.approx(working())


def test_a_list_of_some_hundred_keeps_near_the_working_values(damaged):
    few, some, many = (model_of(damaged, name)["kk", "sama"] for name in ("csr", "pkh", "pbi_jk"))
    assert few < some < many


def test_a_long_list_learns_how_many_of_its_niks_are_damaged(damaged):
    assert (
        model_of(damaged, "pbi_jk")["nik", "beda satu angka"] > 5 * model_of(damaged, "csr")["nik", "beda satu angka"]
    )


def test_agreement_speaks_for_a_link_and_disagreement_against(field):
    weights = field.linkage.parameters.groupby(["programme", "period", "comparison"])["weight_log2"]
    assert (weights.max() > 0).all() and (weights.min() < 0).all()


def test_nobody_receives_a_programme_twice_on_one_list(field):
    links = field.linkage.links.dropna(subset="person")
    assert not links.duplicated(["programme", "period", "person"]).any()


def test_every_recipient_record_comes_back_once(field):
    assert field.linkage.links["record"].is_unique


# --- what a programme reached ---


def links(*rows):
    columns = ["record", "programme", "period", "family", "person", "probability", "rupiah_year"]
    return pd.DataFrame(rows, columns=columns)


def test_a_family_is_reached_unless_all_its_links_are_wrong():
    table = reach(links(("a", "pkh", "2024", "f", "p", 0.9, 1.0), ("b", "pkh", "2024", "f", "q", 0.5, 1.0)))
    assert table["received"].item() == pytest.approx(1 - 0.1 * 0.5)


def test_rupiah_of_a_family_add_up():
    table = reach(links(("a", "pkh", "2024", "f", "p", 1.0, 100.0), ("b", "pkh", "2024", "f", "q", 1.0, 50.0)))
    assert table["rupiah_year"].item() == 150


def test_unknown_rupiah_stay_unknown():
    assert np.isnan(reach(links(("a", "pkh", "2024", "f", "p", 1.0, np.nan)))["rupiah_year"].item())


def test_different_people_of_a_family_are_units():
    rows = [("a", "pbi_jk", "2024", "f", "p", 1.0, 1.0), ("b", "pbi_jk", "2024", "f", "q", 1.0, 1.0)]
    assert reach(links(*rows, ("c", "pbi_jk", "2024", "f", "q", 1.0, 1.0)))["units_received"].item() == 2


def test_periods_are_kept_apart():
    table = reach(links(("a", "pkh", "2023", "f", "p", 1.0, 1.0), ("b", "pkh", "2024", "f", "p", 1.0, 1.0)))
    assert list(table["period"]) == ["2023", "2024"]


def test_the_unmatched_reach_nobody():
    assert reach(links(("a", "pkh", "2024", None, None, 0.4, 1.0))).empty


def test_a_family_on_two_lists_is_reached_where_either_link_is_right():
    found = any_reach(links(("a", "pkh", "2024", "f", "p", 0.5, 1.0), ("b", "blt", "2024", "f", "p", 0.8, 1.0)))
    assert found["f"] == pytest.approx(0.9)


def test_who_was_on_an_earlier_list_alone_is_not_reached_today():
    found = any_reach(links(("a", "pkh", "2023", "f", "p", 1.0, 1.0), ("b", "pkh", "2024", "g", "q", 1.0, 1.0)))
    assert list(found.index) == ["g"]
