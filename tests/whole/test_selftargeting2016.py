"""Tables 3 to 5 of the Self-Targeting experiment from its CSVs, through intake and cleaning, to the printed digits.

Alatas, Purnamasari, Wai-Poi, Banerjee, Olken & Hanna, *Journal of Political Economy* 124(2), 2016. What the data do not
allow: the coefficients of table 5 with strata effects and of its column 2, of which only size and mean are known here.
Two households of the automatic arm have no consumption; intake sets them aside, the paper counts them as not very poor
and not served, so that they are added back where a printed base counts households (3,998 and 3,749). The whole edition
with its pages is in ``test_self_targeting.py``.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from kaur_analysis.cleaning import Clean, clean
from kaur_analysis.intake import create_key, keys_for, read_study
from kaur_analysis.poverty import SurveyDesign, estimate_mean
from kaur_analysis.study import load_study
from kaur_analysis.targeting import targeting_measures
from tests.shared import shared_path

DATA = "data/selftargeting2016_indonesia/"
ARMS = {"automatic": 1.0, "self": 2.0}


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(shared_path(f"{DATA}expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def waves(tmp_path_factory) -> dict[str, Clean]:
    """Baseline and midline as the package reads and cleans them."""
    home = tmp_path_factory.mktemp("self_targeting")
    shutil.copytree(Path(__file__).parent / "self_targeting", home / "studi")
    (home / "studi" / "sumber").mkdir()
    cleaned = {}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAUR_KEY_FILE", str(create_key(home / "kunci" / "kantor.key")))
        for wave, study_file in (("baseline", "studi.yaml"), ("midline", "midline.yaml")):
            content = shared_path(f"{DATA}{wave}.csv").read_bytes()
            (home / "studi" / "sumber" / f"{wave}.csv").write_bytes(content)
            study = load_study(home / "studi" / study_file)
            cleaned[wave] = clean(read_study(study, keys_for(study.synthetic)), study)
    return cleaned


@pytest.fixture(scope="module")
def survey(waves) -> pd.DataFrame:
    """The baseline's survey table with the paper's names of things."""
    table = waves["baseline"].survey
    very_poor = table["expenditure_rp_month"] < 0.8 * table["line_own"]
    return table.assign(
        very_poor=very_poor.astype(float),
        error=(very_poor == (table["received_pkh"] == 0)).astype(float),
        log_consumption=np.log(table["expenditure_rp_month"]),
        self_targeting=(table["arm"] == ARMS["self"]).astype(float),
        village=pd.factorize(table["psu"])[0],
    )


@pytest.fixture(scope="module")
def everyone(survey) -> pd.DataFrame:
    """The printed base: the two households of the automatic arm that intake set aside count as not very poor."""
    missing = pd.read_csv(shared_path(f"{DATA}baseline.csv"), dtype={"hhea": str}).query("consumption.isna()")
    villages = survey.drop_duplicates("psu").set_index("psu")["village"]
    added = pd.DataFrame(
        {
            "psu": missing["hhea"],
            "village": missing["hhea"].map(villages),
            "arm": missing["maintreatment"].astype(float),
            "self_targeting": missing["selftargeting"].astype(float),
            "interviewed": missing["showup"].astype(float),
            "received_pkh": missing["getbenefit"].astype(float),
            "very_poor": 0.0,
        }
    )
    added["error"] = added["received_pkh"]
    return pd.concat([survey[added.columns], added], ignore_index=True)


@pytest.fixture(scope="module")
def table5(expected) -> dict:
    return expected["table5_panelA_no_fixed_effects"]


@pytest.fixture(scope="module")
def measured(everyone) -> pd.DataFrame:
    frame = everyone.assign(group=everyone["arm"].map({code: arm for arm, code in ARMS.items()}))
    table = targeting_measures(frame, "very_poor", ["received_pkh", "interviewed"], by="group")
    return table.set_index(["programme", "group", "measure"])


def logit(formula: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Logit with errors clustered by village and Stata's factor for it, G/(G − 1), as the paper's."""
    groups = frame["village"]
    fit = smf.logit(formula, frame).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, disp=0
    )
    count = groups.nunique()
    return pd.DataFrame({"coefficient": fit.params, "se": fit.bse * np.sqrt(count / (count - 1))})


def mean_of(frame: pd.DataFrame, variable: str) -> float:
    design = SurveyDesign(frame.assign(one=1.0), "one", psu="psu")
    return float(estimate_mean(design, variable)["value"].iloc[0])


# --- the two waves come through intake ---


@pytest.mark.parametrize(("wave", "counts"), [("baseline", (3998, 3996, 2)), ("midline", (1034, 1034, 0))])
def test_rows_read_are_kept_or_set_aside(waves, wave, counts):
    row = waves[wave].accounting.iloc[0]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == counts


def test_every_household_lies_in_one_of_58_groups_of_kecamatan(survey):
    assert sorted(survey["kecamatan"].unique()) == [f"9901{number:03d}" for number in range(1, 59)]


def test_villages_are_as_many_as_in_the_file(survey):
    in_file = pd.read_csv(shared_path(f"{DATA}baseline.csv"), dtype=str)["hhea"]
    assert set(survey["psu"]) == set(in_file)


def test_very_poor_are_those_the_authors_mark(survey):
    marked = pd.read_csv(shared_path(f"{DATA}baseline.csv"), dtype={"hhid": str}).set_index("hhid")
    wanted = marked["verypoor_povertyline1"].reindex(survey["household"])
    np.testing.assert_array_equal(survey["very_poor"], wanted)


# --- table 3 ---


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize(("place", "programme"), [(1, "interviewed"), (2, "received_pkh")])
def test_table_3_counts(measured, expected, arm, place, programme):
    assert measured.loc[(programme, arm, "recipients"), "value"] == expected["table3"][arm][place]


@pytest.mark.parametrize("arm", ARMS)
def test_table_3_households(measured, expected, arm):
    assert measured.loc[("received_pkh", arm, "coverage"), "n"] == expected["table3"][arm][0]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize(("place", "programme"), [(3, "interviewed"), (5, "received_pkh")])
def test_table_3_shares_of_all(measured, expected, arm, place, programme):
    assert round(100 * measured.loc[(programme, arm, "coverage"), "value"], 2) == expected["table3"][arm][place]


@pytest.mark.parametrize("arm", ARMS)
def test_table_3_share_of_the_interviewed(everyone, expected, arm):
    interviewed = everyone[(everyone["interviewed"] == 1) & (everyone["arm"] == ARMS[arm])]
    coverage = targeting_measures(interviewed, "very_poor", "received_pkh").set_index("measure")["value"]["coverage"]
    assert round(100 * coverage, 2) == expected["table3"][arm][4]


# --- table 4 ---


@pytest.fixture(scope="module")
def showing_up(survey) -> pd.DataFrame:
    """Self-targeting villages, with what consumption says beyond the score."""
    arm = survey[survey["self_targeting"] == 1]
    return arm.assign(residual=smf.ols("log_consumption ~ score", arm).fit().resid)


@pytest.mark.parametrize(("term", "published"), [("score", "PMTSCORE"), ("residual", "residual")])
def test_table_4_who_comes_forward(showing_up, expected, term, published):
    found = logit("interviewed ~ score + residual", showing_up).loc[term]
    assert list(found.round(3)) == expected["table4_logit_showup_on_pmtscore_and_residual"][published]


def test_table_4_base(showing_up, expected):
    printed = expected["table4_logit_showup_on_pmtscore_and_residual"]
    assert (len(showing_up), round(mean_of(showing_up, "interviewed"), 3)) == (printed["n"], printed["mean_dep"])


# --- table 5, panel A ---


def test_table_5_column_1_beneficiaries_are_poorer_under_self_targeting(survey, table5):
    served = survey[survey["received_pkh"] == 1]
    fit = smf.ols("log_consumption ~ self_targeting", served).fit(
        cov_type="cluster", cov_kwds={"groups": served["village"]}
    )
    found = [round(estimate["self_targeting"], 3) for estimate in (fit.params, fit.bse)]
    assert found == table5["col1_ols_log_consumption_beneficiaries"]


def test_table_5_column_1_base(survey, table5):
    served = survey[survey["received_pkh"] == 1]
    assert (len(served), round(mean_of(served, "log_consumption"), 2)) == (table5["n"][0], table5["mean_dep"][0])


def test_table_5_column_2_base_joins_both_waves(survey, waves, table5):
    midline = waves["midline"].survey
    added = midline[midline["new_household"] == 1]
    both = pd.concat([survey[survey["received_pkh"] == 1], added], ignore_index=True)
    both["log_consumption"] = np.log(both["expenditure_rp_month"])
    assert (len(both), round(mean_of(both, "log_consumption"), 2)) == (table5["n"][1], table5["mean_dep"][1])


@pytest.mark.parametrize(
    ("term", "published"),
    [("self_targeting", "self"), ("log_consumption", "logc"), ("self_targeting:log_consumption", "logc_x_self")],
)
def test_table_5_column_3_receipt_falls_faster_with_consumption(survey, table5, term, published):
    found = logit("received_pkh ~ self_targeting * log_consumption", survey).loc[term]
    assert list(found.round(3)) == table5["col3_logit_receives"][published]


def test_table_5_column_3_base(survey, table5):
    assert (len(survey), round(mean_of(survey, "received_pkh"), 4)) == (table5["n"][2], table5["mean_dep"][2])


def test_table_5_column_4_errors_by_arm(everyone, table5):
    found = logit("error ~ self_targeting", everyone).loc["self_targeting"]
    assert list(found.round(3)) == table5["col4_logit_error"]


def test_table_5_column_4_base(everyone, table5):
    assert (len(everyone), round(mean_of(everyone, "error"), 3)) == (table5["n"][3], table5["mean_dep"][3])


@pytest.mark.parametrize(("poor", "column"), [(1, "col5_logit_exclusion"), (0, "col6_logit_inclusion")])
def test_table_5_columns_5_and_6_errors_by_arm(everyone, table5, poor, column):
    found = logit("error ~ self_targeting", everyone[everyone["very_poor"] == poor]).loc["self_targeting"]
    assert list(found.round(3)) == table5[column]


def test_table_5_column_5_base_is_219_of_249(measured, table5):
    row = measured.loc[("received_pkh", "all", "exclusion_error")]
    assert (row["n"], round(row["value"], 2), round(row["value"] * row["n"])) == (249, table5["mean_dep"][4], 219)


def test_table_5_column_6_base_is_129_of_3749(measured, table5):
    row = measured.loc[("received_pkh", "all", "inclusion_error_nonpoor")]
    assert (row["n"], round(row["value"], 4), round(row["value"] * row["n"])) == (3749, table5["mean_dep"][5], 129)
