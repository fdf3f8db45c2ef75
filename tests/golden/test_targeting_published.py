"""Published targeting numbers from real Indonesian households, recomputed through the room's doors."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.means import estimate_mean
from kaur_analysis.targeting import concentration, error_decomposition, overlap, targeting_measures
from tests.shared import shared_path

PUBLISHED = json.loads((Path(__file__).parent / "data/targeting_self_targeting_2016.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def households() -> pd.DataFrame:
    frame = pd.read_csv(shared_path("data/selftargeting2016_indonesia/baseline.csv"), dtype={"hhid": str, "hhea": str})
    return frame.assign(
        very_poor=(frame["consumption"] < 0.8 * frame["povertyline1"]).astype(float),
        arm=np.where(frame["selftargeting"] == 1, "self", "automatic"),
        village=pd.factorize(frame["hhea"])[0],
        one=1.0,
    )


@pytest.fixture(scope="module")
def measured(households: pd.DataFrame) -> pd.DataFrame:
    table = targeting_measures(households, "very_poor", "getbenefit", by="arm")
    return table.set_index(["measure", "group"])


def test_exclusion_error_of_the_very_poor_is_as_published(measured: pd.DataFrame) -> None:
    expected = PUBLISHED["very_poor_without_benefit"] / PUBLISHED["very_poor"]
    assert measured.loc[("exclusion_error", "all"), "value"] == pytest.approx(expected, rel=1e-12)
    assert measured.loc[("exclusion_error", "all"), "value"] == pytest.approx(0.8795, abs=5e-5)


def test_inclusion_error_is_of_the_not_very_poor_in_that_paper(measured: pd.DataFrame) -> None:
    expected = PUBLISHED["not_very_poor_with_benefit"] / PUBLISHED["not_very_poor"]
    assert measured.loc[("inclusion_error_nonpoor", "all"), "value"] == pytest.approx(expected, rel=1e-12)
    assert measured.loc[("inclusion_error_nonpoor", "all"), "value"] == pytest.approx(0.0344, abs=5e-5)


def test_inclusion_error_of_beneficiaries_is_another_number_altogether(measured: pd.DataFrame) -> None:
    assert measured.loc[("inclusion_error", "all"), "value"] == pytest.approx(129 / 159, rel=1e-12)


@pytest.mark.parametrize("arm", ["automatic", "self"])
def test_counts_of_table_3(measured: pd.DataFrame, households: pd.DataFrame, arm: str) -> None:
    published = PUBLISHED["table3"][arm]
    assert measured.loc[("recipients", arm), "value"] == published["beneficiaries"]
    assert measured.loc[("coverage", arm), "n"] == published["households"]
    interviewed = targeting_measures(households, "very_poor", "showup", by="arm").set_index(["measure", "group"])
    assert interviewed.loc[("recipients", arm), "value"] == published["interviewed"]


def test_who_did_not_come_forward_explains_most_of_the_exclusion(households: pd.DataFrame) -> None:
    table = error_decomposition(households, "very_poor", "getbenefit", listed="showup", by="arm")
    found = table[table["error"] == "exclusion"].set_index(["measure", "group"])["value"]
    poor = households[(households["very_poor"] == 1) & (households["arm"] == "self")]
    by_hand = ((poor["showup"] == 0) & (poor["getbenefit"] == 0)).sum() / len(poor)
    assert found["exclusion_unlisted", "self"] == pytest.approx(by_hand, rel=1e-12)


def test_exclusion_error_has_the_clustered_standard_error(households: pd.DataFrame) -> None:
    design = SurveyDesign(households, "one", psu="village")
    table = targeting_measures(households, "very_poor", "getbenefit", design=design).set_index("measure")
    poor = households[households["very_poor"] == 1]
    fit = smf.ols("I(1 - getbenefit) ~ 1", poor).fit(cov_type="cluster", cov_kwds={"groups": poor["village"]})
    assert table.loc["exclusion_error", "value"] == pytest.approx(fit.params.iloc[0], rel=1e-12)
    # Two small-sample factors: statsmodels counts the villages with a very poor household, the design all of them.
    villages, with_poor, size = households["village"].nunique(), poor["village"].nunique(), len(poor)
    factor = np.sqrt(villages / (villages - 1) / (with_poor / (with_poor - 1) * (size - 1) / (size - 1)))
    assert table.loc["exclusion_error", "se"] == pytest.approx(fit.bse.iloc[0] * factor, rel=1e-6)


# --- Self-Targeting midline: households surveyed later; the paper uses its recipients only (table 5, column 2) ---


def test_targeting_of_the_midline_households_is_that_of_plain_pandas() -> None:
    frame = pd.read_csv(shared_path("data/selftargeting2016_indonesia/midline.csv"))
    frame = frame.assign(
        very_poor=(frame["consumption"] < 0.8 * frame["povertyline1"]).astype(float),
        arm=np.where(frame["selftargeting"] == 1, "self", "automatic"),
    )
    table = targeting_measures(frame, "very_poor", "getbenefit", by="arm").set_index(["measure", "group"])
    assert (frame["very_poor"] == frame["verypoor_povertyline1"]).all()
    for arm, part in [("all", frame), *frame.groupby("arm")]:
        cells = pd.crosstab(part["very_poor"], part["getbenefit"])
        assert table.loc[("exclusion_error", arm), "value"] == pytest.approx(cells.at[1, 0] / cells.loc[1].sum())
        assert table.loc[("inclusion_error", arm), "value"] == pytest.approx(cells.at[0, 1] / cells[1].sum())
        assert table.loc[("inclusion_error_nonpoor", arm), "value"] == pytest.approx(
            cells.at[0, 1] / cells.loc[0].sum()
        )


# --- Alatas et al. 2012: the extract holds no location lines, so the paper's error rates cannot be recomputed ---


@pytest.fixture(scope="module")
def villages() -> pd.DataFrame:
    frame = pd.read_csv(shared_path("data/alatas2012_indonesia/alatas2012.csv")).dropna(subset=["consumption"])
    arm = np.select([frame["pmt"] == 1, frame["community"] == 1], ["pmt", "community"], "hybrid")
    return frame.assign(
        arm=arm, lowest=(frame["consumption"] < 260.6) * 1.0, highest=(frame["consumption"] < 352.9) * 1.0
    )


def test_table_2_share_on_the_beneficiary_list() -> None:
    frame = pd.read_csv(shared_path("data/alatas2012_indonesia/alatas2012.csv")).assign(poor=0.0)
    table = targeting_measures(frame, "poor", "treated").set_index("measure")
    assert table.loc["recipients", "value"] == 1719
    assert table.loc["coverage", "value"] == pytest.approx(0.30, abs=0.005)


def test_table_3_mean_consumption_of_beneficiaries_in_pmt_villages(villages: pd.DataFrame) -> None:
    chosen = villages[(villages["arm"] == "pmt") & (villages["treated"] == 1)]
    assert chosen["consumption"].mean() == pytest.approx(366, abs=0.5)


@pytest.mark.parametrize("line", ["lowest", "highest"])
def test_published_exclusion_error_is_near_what_any_of_the_lines_gives(villages: pd.DataFrame, line: str) -> None:
    # 0.53 with each location's own line; the lines run from 260.6 to 352.9 thousand rupiah and are not in the extract.
    table = targeting_measures(villages, line, "treated").set_index("measure")
    assert table.loc["exclusion_error", "value"] == pytest.approx(0.53, abs=0.06)


def test_every_arm_is_pro_poor_and_pmt_most(villages: pd.DataFrame) -> None:
    found = concentration(villages, "treated", "consumption", by="arm").measures
    coefficient = found[found["measure"] == "concentration_coefficient"].set_index("group")["value"]
    assert (coefficient < 0).all()
    assert coefficient["pmt"] == coefficient.min()


# --- Gini and its error on EU-SILC (laeken 0.5.2, convey 1.0.1) ---


@pytest.fixture(scope="module")
def silc() -> pd.DataFrame:
    return pd.read_csv(shared_path("reference/data/laeken_eusilc.csv.gz")).assign(poor=0.0, got=1.0)


def test_gini_equals_laeken_in_every_state(silc: pd.DataFrame) -> None:
    reference = pd.read_csv(shared_path("reference/out/laeken_eusilc_point.csv"))
    reference = reference[reference["indicator"] == "gini"].set_index("stratum")["value"] / 100
    table = concentration(silc, "got", "eqincome", "rb050", by="db040").measures
    found = table[table["measure"] == "gini"].set_index("group")["value"].rename({"all": "ALL"})
    assert len(found) == 10
    np.testing.assert_allclose(found, reference.loc[found.index], rtol=1e-10)


def test_linearised_error_of_gini_equals_convey(silc: pd.DataFrame) -> None:
    reference = pd.read_csv(
        shared_path("reference/out/convey_eusilc.csv"),
        header=0,
        names=["data", "design", "call", "group", "value", "se"],
    )
    reference = reference[(reference["design"] == "person_strata") & (reference["call"] == "svygini")].set_index(
        "group"
    )
    design = SurveyDesign(silc, "rb050", strata="db040")
    table = concentration(silc, "got", "eqincome", by="db040", design=design).measures
    found = table[table["measure"] == "gini"].set_index("group")["se"]
    # convey's Gini is larger by about 1/n; its error follows.
    assert found["all"] == pytest.approx(reference.loc["ALL", "se"], rel=2e-3)
    for state in ("Styria", "Upper Austria", "Vorarlberg", "Carinthia"):
        assert found[state] == pytest.approx(reference.loc[f"db040={state}", "se"], rel=2e-3)


# --- Susenas March 2020, DKI extract: receipt without expenditure, so coverage and overlap only ---


PROGRAMMES = ["kks_card", "pkh_recipient", "bpnt_program"]


@pytest.fixture(scope="module")
def susenas() -> pd.DataFrame:
    frame = pd.read_parquet(shared_path("data/susenas_2020_extract/dki_mar2020.parquet"))
    households = frame.drop_duplicates("no_household")[
        ["psu", "strata", "weight", "kks_card", "pkh_recipient", "bpnt_program", "regency"]
    ]
    return households.assign(poor=0.0, **{name: (households[name] == 1) * 1.0 for name in PROGRAMMES})


def test_coverage_of_real_susenas_households_is_the_designs_ratio(susenas: pd.DataFrame) -> None:
    design = SurveyDesign(susenas, "weight", strata="strata", psu="psu", single_psu="center")
    table = targeting_measures(susenas, "poor", "pkh_recipient", by="regency", design=design)
    coverage = table[table["measure"] == "coverage"].set_index("group")
    reference = estimate_mean(design, "pkh_recipient").iloc[0]
    assert coverage.loc["all", "value"] == pytest.approx(reference["value"], rel=1e-12)
    assert coverage.loc["all", "se"] == pytest.approx(reference["se"], rel=1e-9)


def ratio_by_hand(households: pd.DataFrame, received: str, inside: pd.Series) -> tuple[float, float]:
    """Weighted share with its linearised error, in plain pandas; a lone PSU of a stratum lies off the mean of all."""
    weight = households["weight"].where(inside, 0.0)
    share = (weight * households[received]).sum() / weight.sum()
    effect = weight * (households[received] - share) / weight.sum()
    total = effect.groupby([households["strata"], households["psu"]]).sum()
    size = total.groupby(level="strata").transform("size")
    off = (total - total.groupby(level="strata").transform("mean")).where(size > 1, total - total.mean())
    factor = (size / (size - 1)).where(size > 1, 1.0)
    return float(share), float(np.sqrt((factor * off**2).sum()))


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_coverage_of_real_programmes_and_its_error_are_those_of_plain_pandas(
    susenas: pd.DataFrame, programme: str
) -> None:
    design = SurveyDesign(susenas, "weight", strata="strata", psu="psu", single_psu="center")
    table = targeting_measures(susenas, "poor", programme, by="regency", design=design)
    coverage = table[table["measure"] == "coverage"].set_index("group")
    groups = {"all": susenas["regency"].notna()}
    groups |= {str(code): susenas["regency"] == code for code in susenas["regency"].unique()}
    assert set(coverage.index) == set(groups)
    for group, inside in groups.items():
        share, error = ratio_by_hand(susenas, programme, inside)
        assert coverage.loc[group, "value"] == pytest.approx(share, rel=1e-12)
        assert coverage.loc[group, "se"] == pytest.approx(error, rel=1e-9)


def test_families_that_two_real_programmes_share_are_those_of_plain_pandas(susenas: pd.DataFrame) -> None:
    agencies = {"kks_card": "kks", "pkh_recipient": "pkh", "bpnt_program": "bpnt"}
    found = overlap(susenas, PROGRAMMES, weights="weight", agencies=agencies).matrix
    found = found[found["group"] == "all"].set_index(["agency", "other"])["families"]
    for one, first in agencies.items():
        for other, second in agencies.items():
            both = susenas.loc[(susenas[one] == 1) & (susenas[other] == 1), "weight"].sum()
            assert found[first, second] == pytest.approx(both, rel=1e-12)


def test_overlap_of_real_programmes_adds_up(susenas: pd.DataFrame) -> None:
    found = overlap(susenas, PROGRAMMES, weights="weight").measures.set_index("measure")["value"]
    several = susenas[PROGRAMMES].sum(axis=1) >= 2
    assert found["families_several"] == pytest.approx(susenas.loc[several, "weight"].sum(), rel=1e-12)
