"""Recipients outside a programme's own rules."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting import definition, outside_rules

FAMILIES = pd.DataFrame(
    {
        "pkh": [1.0, 1.0, 0.5, 0.0, 1.0],
        "sembako": [0.0, 1.0, 1.0, 1.0, 1.0],
        "unmet": [1.0, 0.0, 1.0, 1.0, 0.0],
        "never": 0.0,
        "area": ["a", "a", "b", "b", "b"],
    }
)


def value(table, measure, programme="pkh", group="all", column="value"):
    rows = table.set_index(["measure", "programme", "group"])
    return rows.at[(measure, programme, group), column]


@pytest.fixture(scope="module")
def table():
    return outside_rules(FAMILIES, {"pkh": "unmet", "sembako": "never"}, by="area")


def test_recipients_outside_the_rules_count_by_their_link(table):
    assert value(table, "outside_rules_families") == 1.5


def test_their_share_is_one_of_recipients_found_in_the_registry(table):
    assert value(table, "outside_rules") == 1.5 / 3.5


def test_each_programme_is_held_to_its_own_rules(table):
    assert value(table, "outside_rules", "sembako") == 0


def test_areas_add_up(table):
    parts = [value(table, "outside_rules_families", group=area) for area in "ab"]
    assert sum(parts) == value(table, "outside_rules_families")


def test_a_doubtful_link_gives_an_error(table):
    # one family at one half: sqrt(1/2 * 1/2)
    assert value(table, "outside_rules_families", column="se") == pytest.approx(0.5, abs=0.03)


def test_whether_a_family_is_poor_plays_no_part(table):
    assert set(table["measure"]) == {"outside_rules", "outside_rules_families"}


def test_in_a_survey_the_error_is_that_of_the_sample():
    frame = pd.concat([FAMILIES.assign(psu=psu, weight=2.0) for psu in range(6)], ignore_index=True)
    frame["pkh"] = np.tile([1.0, 1.0, 0.0, 0.0, 1.0], 6) * (frame["psu"] != 5)
    design = SurveyDesign(frame, "weight", psu="psu")
    found = outside_rules(frame, {"pkh": "unmet"}, design=design)
    assert value(found, "outside_rules_families", column="se") > 0


def test_the_two_measures_have_an_indonesian_line():
    assert "miskin atau tidak" in definition("outside_rules").definition_id
