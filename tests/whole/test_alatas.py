"""5,756 real households of the 2012 targeting experiment: poverty and targeting by how their village chose.

Alatas, Banerjee, Hanna, Olken & Tobias, *American Economic Review* 102(4), 2012. What the extract does not allow: the
poverty line of each location and the urban flag that would tell which line holds where are not in it, so that the
error rates of table 2 (inclusion 0.20, exclusion 0.53), the groups from rich to very poor and the FGT of table 5 cannot
be recomputed. Six rounded lines are known from a third party; the lowest and the highest bound what is published.
Household size is missing in 401 households: shares are of households, as in the paper.
"""

import json

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.pipeline.run import run_edition
from tests.shared import shared_path
from tests.whole.real_study import office_key, open_real

DATA = "data/alatas2012_indonesia/"
ARMS = {"pmt": 1, "community": 2, "hybrid": 3}


def households() -> pd.DataFrame:
    """The extract with one column for the three arms, as a recipient list would say it."""
    frame = pd.read_csv(shared_path(f"{DATA}alatas2012.csv"), dtype=str)
    chosen = np.select([frame[arm].astype(float) == 1 for arm in ARMS], list(ARMS.values()), 0)
    return frame.assign(arm=chosen, treated=frame["treated"].str.removesuffix(".0"))


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    home = tmp_path_factory.mktemp("alatas")
    content = households().to_csv(index=False).encode()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAUR_KEY_FILE", office_key(home))
        opened = open_real("alatas", "alatas2012.csv", content, home)
        run_edition(opened, jobs=2)
    return opened


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(shared_path(f"{DATA}expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def direct(edition) -> pd.DataFrame:
    return edition.store.read("estimates/direct").set_index(["area", "indicator"])


@pytest.fixture(scope="module")
def errors(edition) -> pd.DataFrame:
    return edition.store.read("estimates/targeting_survey").set_index(["group", "measure"])


@pytest.mark.parametrize("absent", ["line", "urban", "rural"])
def test_the_extract_holds_no_location_lines(absent):
    assert [name for name in households().columns if absent in name] == []


def test_households_are_as_many_as_published(edition, expected):
    row = edition.store.read("clean/accounting").iloc[0]
    assert (row["rows_read"], row["rows_kept"]) == (
        expected["table2"]["on_beneficiary_list"]["n"],
        expected["table2"]["consumption"]["n"],
    )


def test_mean_consumption_is_as_published(direct, expected):
    assert (
        round(direct.loc[("9902", "mean_expenditure"), "value"] / 1000, 3) == expected["table2"]["consumption"]["mean"]
    )


@pytest.mark.parametrize(("arm", "code"), ARMS.items())
def test_villages_of_an_arm_are_as_many_as_published(direct, expected, arm, code):
    assert direct.loc[(f"990200{code}", "poor_share"), "n_psu"] == expected["table1_villages"][arm]


def test_the_beneficiary_list_is_as_long_as_published(errors, expected):
    listed = expected["table2"]["on_beneficiary_list"]
    lost = households()
    lost = lost[lost["consumption"].isna()]["treated"].astype(float).sum()
    assert errors.loc[("all", "recipients"), "value"] + lost == listed["count"]


@pytest.mark.parametrize(
    ("indicator", "bound"), [("extreme_share", "head_count_if_all_260.6"), ("poor_share", "if_all_352.9")]
)
def test_head_counts_at_the_outer_lines_are_the_bounds(direct, expected, indicator, bound):
    assert round(direct.loc[("9902", indicator), "value"], 4) == expected["bounds_from_lines"][bound]


def test_the_outer_lines_bound_the_published_head_count(direct, expected):
    low, high = (direct.loc[("9902", name), "value"] for name in ("extreme_share", "poor_share"))
    assert low < expected["bounds_from_lines"]["published"] < high


@pytest.mark.parametrize(("name", "indicator"), [("P0", "poor_share"), ("P1", "gap_index"), ("P2", "severity_index")])
def test_poverty_in_pmt_villages_lies_below_that_of_the_highest_line(direct, expected, name, indicator):
    published = expected["table5_no_transfer_pmt_villages_poor_line"][name]
    assert published < direct.loc[("9902001", indicator), "value"]


def test_every_arm_reaches_the_poorer_better_than_the_rest(errors):
    differential = errors["value"].xs("targeting_differential", level="measure")
    assert (differential[[f"990200{code}" for code in ARMS.values()]] > 0).all()


def test_beneficiaries_in_pmt_villages_are_as_poor_as_published(edition, expected):
    survey = edition.store.read("clean/survey")
    chosen = survey[(survey["kecamatan"] == "9902001") & (survey["received_blt_dd"] == 1)]
    published = expected["table3_col8"]["mean_consumption_of_beneficiaries_in_pmt_villages"]
    assert round(chosen["expenditure_rp_month"].mean() / 1000) == published


def test_every_arm_has_its_page(edition):
    pages = {path.name for path in edition.store.pages.glob("*.html")}
    assert {edition.kecamatan_page(f"990200{code}") for code in ARMS.values()} <= pages
