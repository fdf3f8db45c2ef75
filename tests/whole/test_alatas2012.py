"""The 2012 targeting experiment by village treatment, from its extract as it stands, as far as the extract allows.

Alatas, Banerjee, Hanna, Olken & Tobias, *American Economic Review* 102(4), 2012. Printed figures that need no poverty
line are met exactly: villages of every cell of table 1, consumption and the beneficiary list of table 2. What needs
lines cannot be recomputed: each location has its own, and neither they nor the urban flag that would choose between
them are in the extract. The poor under lines of their own lie between the poor under the lowest and under the highest
line, household by household; so do all counts of them, and what is printed must lie between what both lines give.
The whole edition with its pages is in ``test_alatas.py``.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.cleaning import Clean, clean
from kaur_analysis.intake import create_key, keys_for, read_study
from kaur_analysis.poverty import SurveyDesign, estimate_fgt
from kaur_analysis.study import Study, load_study
from kaur_analysis.targeting import targeting_measures
from tests.shared import shared_path

DATA = "data/alatas2012_indonesia/"
ARMS = ("pmt", "community", "hybrid")
LINES = {"lowest": "extreme", "highest": "poverty"}


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(shared_path(f"{DATA}expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    home = tmp_path_factory.mktemp("alatas") / "studi"
    shutil.copytree(Path(__file__).parent / "alatas", home)
    (home / "sumber").mkdir()
    (home / "sumber" / "alatas2012.csv").write_bytes(shared_path(f"{DATA}alatas2012.csv").read_bytes())
    return load_study(home / "petikan.yaml")


@pytest.fixture(scope="module")
def cleaned(study) -> Clean:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAUR_KEY_FILE", str(create_key(study.folder / "kunci" / "kantor.key")))
        return clean(read_study(study, keys_for(study.synthetic)), study)


@pytest.fixture(scope="module")
def survey(cleaned, study) -> pd.DataFrame:
    table = cleaned.survey
    lines = {name: study.line(kind) for name, kind in LINES.items()}
    below = {f"below_{name}": (table["expenditure_rp_month"] < line) * 1.0 for name, line in lines.items()}
    arm = table[list(ARMS)].idxmax(axis=1)
    return table.assign(arm=arm, one=1.0, **lines, **below)


@pytest.fixture(scope="module")
def villages(survey) -> pd.DataFrame:
    return survey.drop_duplicates("psu")


@pytest.fixture(scope="module")
def poverty(survey) -> pd.DataFrame:
    """FGT of households by treatment at the lowest and at the highest line."""
    design = SurveyDesign(survey, "one", psu="psu")
    tables = {line: estimate_fgt(design, "expenditure_rp_month", line, by="arm") for line in LINES}
    return pd.concat(tables, names=["line"]).set_index(["indicator", "area"], append=True).droplevel(1)


@pytest.fixture(scope="module")
def targeting(survey) -> pd.DataFrame:
    """Errors by treatment at the lowest and at the highest line."""
    design = SurveyDesign(survey, "one", psu="psu")
    tables = {
        line: targeting_measures(
            survey, f"below_{line}", "received_blt_dd", welfare="expenditure_rp_month", by="arm", design=design
        )
        for line in LINES
    }
    return pd.concat(tables, names=["line"]).set_index(["measure", "group"], append=True).droplevel(1)


# --- what the extract allows ---


def test_rows_read_are_kept_or_set_aside(cleaned):
    row = cleaned.accounting.iloc[0]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == (5756, 5753, 3)


def test_every_village_has_one_treatment(survey):
    assert (survey[list(ARMS)].sum(axis=1) == 1).all() and (survey.groupby("psu")["arm"].nunique() == 1).all()


@pytest.mark.parametrize("arm", ARMS)
def test_table_1_villages_of_a_treatment(villages, expected, arm):
    assert (villages["arm"] == arm).sum() == expected["table1_villages"][arm]


@pytest.mark.parametrize("arm", ["community", "hybrid"])
@pytest.mark.parametrize("meeting", ["day", "night"])
@pytest.mark.parametrize("poorest", [0, 1])
@pytest.mark.parametrize("elite", [0, 1])
def test_table_1_villages_of_a_cell(villages, expected, elite, poorest, meeting, arm):
    wanted = {"elite": elite, "poorest": poorest, "day": float(meeting == "day"), "arm": arm}
    cell = expected["table1_villages"]["cells"][f"elite{elite}_poor{poorest}_{meeting}"]
    found = (villages[list(wanted)] == pd.Series(wanted)).all(axis=1).sum()
    assert found == cell[["community", "hybrid"].index(arm)]


@pytest.mark.parametrize(("statistic", "name"), [("mean", "mean"), ("std", "sd")])
def test_table_2_consumption(survey, expected, statistic, name):
    printed = expected["table2"]["consumption"][name]
    digits = len(str(printed).split(".")[1])
    assert round(survey["expenditure_rp_month"].agg(statistic), digits) == printed


def test_table_2_beneficiaries_are_all_among_those_with_consumption(targeting, expected):
    assert (
        targeting.loc[("highest", "recipients", "all"), "value"] == expected["table2"]["on_beneficiary_list"]["count"]
    )


@pytest.mark.parametrize(("measure", "name"), [("mean", "mean"), ("std", "sd")])
def test_table_2_share_on_the_list(survey, expected, measure, name):
    assert round(survey["received_blt_dd"].agg(measure), 2) == expected["table2"]["on_beneficiary_list"][name]


# --- what it does not allow, and what bounds it ---


def test_no_column_tells_which_line_holds_where():
    names = pd.read_csv(shared_path(f"{DATA}variables.csv"))
    text = (names["Name"] + " " + names["Definition"]).str.lower()
    assert not text.str.contains(r"urban|rural|\bline\b|poverty|threshold").any()


@pytest.mark.parametrize(
    ("indicator", "printed"), [("fgt0", "P0"), ("fgt1", "P1"), ("fgt2", "P2")], ids=["P0", "P1", "P2"]
)
def test_table_5_poverty_in_pmt_villages_lies_between_the_lines(poverty, expected, indicator, printed):
    low, high = (poverty.loc[(line, indicator, "pmt"), "value"] for line in LINES)
    assert low < expected["table5_no_transfer_pmt_villages_poor_line"][printed] < high


@pytest.mark.parametrize(
    ("measure", "printed", "ascending"),
    [("missed_poor", "exclusion_error", True), ("included_nonpoor", "inclusion_error", False)],
)
def test_table_2_households_in_error_lie_between_the_lines(targeting, expected, measure, printed, ascending):
    base, share = expected["table2"]["needs_location_lines_not_in_extract"][printed]
    bounds = [targeting.loc[(line, measure, "all"), "value"] for line in LINES]
    low, high = bounds if ascending else bounds[::-1]
    assert low < (share - 0.005) * base and (share + 0.005) * base < high


def test_poor_and_not_poor_of_table_2_are_the_households_with_consumption(survey, expected):
    printed = expected["table2"]["needs_location_lines_not_in_extract"]
    assert printed["exclusion_error"][0] + printed["inclusion_error"][0] == len(survey)


# --- what the paper finds, at either line ---


@pytest.mark.parametrize("line", LINES)
def test_fewest_are_in_error_where_the_score_chose(targeting, line):
    errors = targeting.loc[line].loc["error_rate", "value"][list(ARMS)]
    assert errors.idxmin() == "pmt"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("arm", ARMS)
def test_every_treatment_reaches_the_poorer_more_often(targeting, line, arm):
    assert targeting.loc[(line, "targeting_differential", arm), "low"] > 0


@pytest.mark.parametrize("line", LINES)
def test_treatments_were_given_to_villages_equally_poor(poverty, line):
    shares = poverty.loc[(line, "fgt0", list(ARMS)), :]
    apart = np.subtract.outer(shares["value"].to_numpy(), shares["value"].to_numpy())
    error = np.sqrt(np.add.outer(shares["se"].to_numpy() ** 2, shares["se"].to_numpy() ** 2))
    assert (np.abs(apart) < 1.96 * error).all()
