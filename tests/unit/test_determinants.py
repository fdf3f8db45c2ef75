"""What goes with extreme poverty: shares among the extreme poor and the others, on tables worked by hand."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.disclosure.quantities import rules
from kaur_analysis.pipeline.steps.determinants import determinant_table
from kaur_analysis.reference import determinants

FAMILIES = pd.DataFrame(
    {
        "family": ["k1", "k2", "k3", "k4"],
        "water": ["surface", "piped", "surface", None],
        "floor": ["earth", "earth", "cement", "cement"],
        "disabled_members": [1.0, 0.0, 0.0, 0.0],
    }
)
POVERTY = FAMILIES[["family"]].assign(
    kecamatan=["1704010", "1704010", "1704020", "1704020"], p_extreme=[0.5, 0.0, 0.5, 1.0]
)


@pytest.fixture(scope="module")
def table():
    welfare = np.array([[1.0, 9.0] * 50, [9.0] * 100, [9.0, 1.0] * 50, [1.0] * 100])
    tables = {
        "clean/families": FAMILIES,
        "estimates/family_poverty": POVERTY,
        "estimates/model_coefficients": pd.DataFrame({"term": ["constant", "water: piped", "disabled_members"]}),
        "estimates/welfare_draws": pd.DataFrame(welfare).assign(family=FAMILIES["family"]),
    }
    return determinant_table(tables.__getitem__, "1704", 5.0).set_index(["indicator", "group", "area"]).sort_index()


def test_the_share_among_the_extreme_poor_weighs_by_their_chance(table):
    assert table.at[("unsafe_water", "extreme", "1704"), "value"] == 1.0


def test_the_share_among_the_others_weighs_by_the_rest(table):
    assert table.at[("unsafe_water", "other", "1704"), "value"] == 0.5


def test_the_difference_is_one_minus_the_other(table):
    assert table.at[("unsafe_water", "difference", "1704"), "value"] == 0.5


def test_families_whose_answer_is_unknown_are_left_out(table):
    assert table.at[("unsafe_water", "", "1704"), "n"] == 3


def test_kecamatan_tell_the_share_of_all_families(table):
    assert table.at[("unsafe_water", "", "1704010"), "value"] == 0.5


def test_intervals_are_those_of_the_draws(table):
    row = table.loc[("disability", "extreme", "1704")]
    # one of the two extremely poor in half of the draws, none of two in the others
    assert (row["low"], row["value"], row["high"]) == (0.0, 0.25, 0.5)


def test_what_the_registry_lacks_has_no_rows(table):
    assert set(table.index.get_level_values(0)) == {"unsafe_water", "earth_floor", "disability"}


def test_what_the_model_does_not_see_is_not_compared(table):
    assert set(table.loc["earth_floor"].index.get_level_values("group")) == {""}


def test_every_determinant_has_a_label_and_one_way_to_count():
    assert all(entry["label"] and ("is_in" in entry) != ("at_least" in entry) for entry in determinants())


def test_every_determinant_has_its_cell_in_the_rules_of_disclosure():
    assert {f"determinants.{entry['code']}" for entry in determinants()} <= set(rules()["cells"])
