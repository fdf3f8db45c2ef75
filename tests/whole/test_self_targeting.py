"""3,998 real households of the Self-Targeting experiment, from the CSV to a page per group of kecamatan.

Alatas, Purnamasari, Wai-Poi, Banerjee, Olken & Hanna, *Journal of Political Economy* 124(2), 2016. Two households
have no consumption. The paper counts them as not very poor (3,749); a survey without expenditure says nothing of
poverty, so that intake sets them aside and the base is 3,747. Regressions and tables are in
``tests/golden/test_targeting_published.py``.
"""

import json

import pandas as pd
import pytest

from kaur_analysis.errors import KeyMissing
from kaur_analysis.pipeline.run import run_edition
from tests.shared import shared_path
from tests.whole.real_study import office_key, open_real

DATA = "data/selftargeting2016_indonesia/"


def baseline() -> bytes:
    return shared_path(f"{DATA}baseline.csv").read_bytes()


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    home = tmp_path_factory.mktemp("self_targeting")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAUR_KEY_FILE", office_key(home))
        opened = open_real("self_targeting", "baseline.csv", baseline(), home)
        run_edition(opened, jobs=2)
    return opened


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(shared_path(f"{DATA}expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def published(edition) -> pd.DataFrame:
    table = edition.store.read("published/published")
    return table[table["area"] == "9901"].set_index(["topic", "indicator", "programme"])


def test_real_households_are_not_read_without_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("KAUR_KEY_FILE", str(tmp_path / "tidak-ada.key"))
    with pytest.raises(KeyMissing, match="kaur key new"):
        run_edition(open_real("self_targeting", "baseline.csv", baseline(), tmp_path))


def test_every_row_is_kept_or_set_aside(edition):
    row = edition.store.read("clean/accounting").iloc[0]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == (3998, 3996, 2)


def test_the_rows_set_aside_have_no_consumption(edition):
    findings = edition.store.read("clean/findings")
    assert list(findings.loc[findings["severity"] == "disisihkan", "column"]) == ["expenditure_rp_month"] * 2


def test_very_poor_households_are_as_many_as_published(edition):
    survey = edition.store.read("estimates/survey")
    assert (survey["expenditure_rp_month"] < survey["line_extreme"]).sum() == 249


def test_exclusion_error_is_as_published(published):
    assert round(published.loc[("targeting", "exclusion_error", "pkh"), "value"], 4) == 0.8795


def test_exclusion_error_is_219_of_249(edition):
    table = edition.store.read("estimates/targeting_survey").query("group == 'all'").set_index("measure")["value"]
    assert (table["missed_poor"], table["poor"]) == (219, 249)


def test_inclusion_error_is_as_published(published):
    assert round(published.loc[("targeting", "inclusion_error_nonpoor", "pkh"), "value"], 4) == 0.0344


def test_inclusion_error_is_of_129_households(edition):
    table = edition.store.read("estimates/targeting_survey").query("group == 'all'").set_index("measure")["value"]
    assert table["included_nonpoor"] == 129


def test_beneficiaries_are_those_of_both_arms(published, expected):
    arms = expected["table3"]
    assert published.loc[("targeting", "recipients", "pkh"), "value"] == arms["automatic"][2] + arms["self"][2]


@pytest.mark.parametrize(("arm", "code"), [("automatic", 1), ("self", 2)])
def test_counts_of_an_arm_come_through_intake(edition, expected, arm, code):
    survey = edition.store.read("clean/survey")
    own = survey[survey["arm"] == code]
    # The two households set aside belong to an arm as well; what they add is said by the file itself.
    raw = pd.read_csv(shared_path(f"{DATA}baseline.csv"))
    lost = raw[(raw["maintreatment"] == code) & raw["consumption"].isna()]
    counted = [
        len(own) + len(lost),
        own["interviewed"].sum() + lost["showup"].sum(),
        own["received_pkh"].sum() + lost["getbenefit"].sum(),
    ]
    assert counted == expected["table3"][arm][:3]


def test_every_group_of_kecamatan_has_its_page(edition):
    pages = {path.name for path in edition.store.pages.glob("*.html")}
    wanted = {edition.kecamatan_page(code) for code in edition.area.kecamatan["kecamatan"]}
    assert len(wanted) == 58 and wanted <= pages


def test_pages_do_not_say_that_real_data_are_synthetic(edition):
    assert not any("SINTETIS" in path.read_text(encoding="utf-8") for path in edition.store.pages.glob("*.html"))


def test_a_page_says_that_it_rests_on_the_survey_alone(edition):
    text = (edition.store.pages / edition.kecamatan_page("9901001")).read_text(encoding="utf-8")
    assert "taksiran langsung dari sampel survei" in text


def test_small_groups_are_estimated_with_their_design(edition):
    table = edition.store.read("estimates/direct")
    groups = table[(table["indicator"] == "poor_share") & (table["area"] != "9901")]
    survey = edition.store.read("clean/survey")
    assert len(groups) == 58 and groups["n_psu"].sum() == survey["psu"].nunique()
