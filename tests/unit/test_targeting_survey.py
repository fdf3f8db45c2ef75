"""The survey route: linearised errors against delete-one-PSU jackknife, intervals inside their range."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from kaur_analysis.poverty import estimate_mean
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting import (
    benefit_incidence,
    churn,
    cost_effectiveness,
    error_decomposition,
    fairness,
    outside_rules,
    overlap,
    targeting_measures,
)
from kaur_analysis.targeting.fairness import holm


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    psus, per = 120, 12
    psu = np.repeat(np.arange(psus), per)
    welfare = np.exp(13 + 0.3 * rng.normal(size=psus)[psu] + 0.5 * rng.normal(size=psus * per))
    received = rng.random(psus * per) < 1 / (1 + np.exp(2 * (np.log(welfare) - 12.6)))
    return pd.DataFrame(
        {
            "psu": psu,
            "stratum": psu % 4,
            "weight": rng.uniform(1, 3, psus)[psu],
            "welfare": welfare,
            "poor": (welfare < 350_000).astype(float),
            "received": received.astype(float),
            "rupiah": rng.choice([1e5, 2e5, 3e5], psus * per),
            "sex": rng.choice(["L", "P"], psus * per),
        }
    )


def jackknife(sample: pd.DataFrame, values: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
    """Stratified delete-one-PSU standard errors."""
    whole = values(sample)
    variance = 0.0
    for _, stratum in sample.groupby("stratum"):
        psus = stratum["psu"].unique()
        factor = len(psus) / (len(psus) - 1)
        for psu in psus:
            raised = np.where(sample["stratum"].isin(stratum["stratum"]), factor, 1.0)
            left_out = values(sample.assign(weight=sample["weight"] * np.where(sample["psu"] == psu, 0.0, raised)))
            variance = variance + (left_out - whole) ** 2 / factor
    return np.sqrt(variance)


@pytest.fixture(scope="module")
def errors(sample: pd.DataFrame) -> pd.DataFrame:
    design = SurveyDesign(sample, "weight", strata="stratum", psu="psu")
    options = {"benefit": "rupiah", "welfare": "welfare"}
    linearised = targeting_measures(sample, "poor", "received", design=design, **options).set_index("measure")["se"]

    def values(frame: pd.DataFrame) -> pd.Series:
        return targeting_measures(frame, "poor", "received", "weight", **options).set_index("measure")["value"]

    return pd.DataFrame({"linearised": linearised, "jackknife": jackknife(sample, values)})


MEASURES = [
    "coverage", "exclusion_error", "inclusion_error", "error_rate", "targeting_differential",
    "normalised_targeting_differential", "cgh_index", "auc", "leakage_rupiah", "unserved_rupiah",
    "concentration_coefficient", "rank_correlation", "gini", "kakwani",
]  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
def test_linearised_error_agrees_with_the_jackknife(errors: pd.DataFrame, measure: str) -> None:
    row = errors.loc[measure]
    assert row["linearised"] == pytest.approx(row["jackknife"], rel=0.03)


def bootstrap(sample: pd.DataFrame, values: Callable[[pd.DataFrame], pd.Series], replicates: int = 500) -> pd.Series:
    """Rao–Wu standard errors: n_h − 1 PSUs drawn with replacement per stratum.

    Where a quantile decides who counts, the jackknife moves it by too little to see the density around it.
    """
    rng = np.random.default_rng(11)
    psus = sample.drop_duplicates("psu")[["psu", "stratum"]]
    drawn = []
    for _ in range(replicates):
        times = pd.Series(0.0, index=psus["psu"])
        for _, stratum in psus.groupby("stratum"):
            size = len(stratum)
            picked, count = np.unique(rng.choice(stratum["psu"], size - 1), return_counts=True)
            times[picked] = count * size / (size - 1)
        drawn.append(values(sample.assign(weight=sample["weight"] * sample["psu"].map(times))))
    return pd.DataFrame(drawn).std()


def test_quantile_shares_have_errors_close_to_the_bootstrap(sample: pd.DataFrame) -> None:
    design = SurveyDesign(sample, "weight", strata="stratum", psu="psu")
    index = ["measure", "quantile"]
    found = benefit_incidence(sample, "received", "welfare", benefit="rupiah", quantiles=5, design=design)

    def values(frame: pd.DataFrame) -> pd.Series:
        table = benefit_incidence(frame, "received", "welfare", "weight", "rupiah", quantiles=5)
        return table.set_index(index)["value"]

    ratio = (found.set_index(index)["se"] / bootstrap(sample, values))[["benefit_share", "quantile_coverage"]]
    assert ratio.between(0.85, 1.15).all()


def test_intervals_of_shares_stay_inside_zero_one(sample: pd.DataFrame) -> None:
    few = sample.assign(received=(np.arange(len(sample)) < 15).astype(float))
    design = SurveyDesign(few, "weight", strata="stratum", psu="psu")
    table = targeting_measures(few, "poor", "received", by="sex", design=design)
    shares = table[table["measure"].isin(["coverage", "exclusion_error", "inclusion_error"])]
    assert (shares[["low", "high"]].stack().between(0, 1)).all()
    assert (shares["low"] <= shares["value"]).all()


def test_fairness_difference_is_zero_when_there_is_nothing_to_see(sample: pd.DataFrame) -> None:
    design = SurveyDesign(sample, "weight", strata="stratum", psu="psu")
    table = fairness(sample, "poor", "received", ["sex"], design=design)
    assert table["p_adjusted"].min() > 0.05  # sex was drawn at random


def test_fairness_finds_the_group_that_was_left_out(sample: pd.DataFrame) -> None:
    left_out = sample.assign(
        received=np.where((sample["sex"] == "P") & (sample["psu"] % 2 == 0), 0, sample["received"])
    )
    design = SurveyDesign(left_out, "weight", strata="stratum", psu="psu")
    table = fairness(left_out, "poor", "received", ["sex"], design=design)
    women = table[(table["group"] == "P") & (table["measure"] == "exclusion_error")].iloc[0]
    assert women["difference_low"] > 0
    assert women["p_adjusted"] < 0.001
    poor = left_out[left_out["poor"] == 1]
    missed = (
        poor.assign(m=1 - poor["received"])
        .groupby("sex")[["m", "weight"]]
        .apply(lambda part: np.average(part["m"], weights=part["weight"]))
    )
    assert women["difference"] == pytest.approx(missed["P"] - missed["L"], rel=1e-9)
    assert women["n"] == (poor["sex"] == "P").sum()


def test_fairness_warns_of_many_comparisons(sample: pd.DataFrame) -> None:
    table = fairness(sample, "poor", "received", ["sex", "stratum"])
    assert "Holm" in table.attrs["note"]


@pytest.mark.parametrize("count", [1, 2, 3, 40, 500])
def test_p_values_of_tests_made_together_are_those_of_statsmodels(count: int) -> None:
    some = np.random.default_rng(count).random(count) ** 4
    alike = np.round(some, 1)  # many of them equal, some zero, and one where there are enough
    for alone in (some, alike):
        np.testing.assert_array_equal(holm(alone), multipletests(alone, method="holm")[1])


def test_a_sample_in_which_nobody_was_reached_is_not_taken_for_certainty(sample: pd.DataFrame) -> None:
    nobody = sample.assign(received=np.where(sample["poor"] == 1, 0.0, sample["received"]))
    design = SurveyDesign(nobody, "weight", strata="stratum", psu="psu")
    row = targeting_measures(nobody, "poor", "received", design=design).set_index("measure").loc["exclusion_error"]
    assert row["value"] == 1
    asked = nobody.loc[nobody["poor"] == 1, "psu"].nunique()
    assert row["low"] == pytest.approx(0.025 ** (1 / asked))  # as if each PSU with poor families had one voice
    assert row["high"] == 1


def test_the_interval_of_nobody_is_as_wide_as_the_confidence_that_was_asked_for(sample: pd.DataFrame) -> None:
    nobody = sample.assign(received=0.0)
    design = SurveyDesign(nobody, "weight", strata="stratum", psu="psu")
    row = errors_of(nobody, design=design, confidence=0.8).set_index("measure").loc["coverage"]
    assert row["high"] == pytest.approx(1 - 0.1 ** (1 / 120))


def test_psus_without_a_poor_family_have_no_voice_in_how_many_of_the_poor_were_reached() -> None:
    frame = villages(1, groups=1).assign(received=0.0)
    frame["poor"] *= frame["psu"] < 7
    row = errors_of(frame, design=of_villages(frame)).set_index("measure").loc["true_positive_rate"]
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 7))


INTERVAL = ["value", "se", "low", "high"]


def villages(seed: int, psus: int = 60, groups: int = 20, per: int = 8) -> pd.DataFrame:
    """Families of PSUs that differ, a few PSUs in each group; what families are and get hangs on their PSU alone."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(psus), per)
    drawn = rng.normal(size=(4, psus))[:, psu] * 0.6 + rng.normal(size=(4, psus * per))
    yes = pd.DataFrame((drawn.T > 0).astype(float), columns=["poor", "received", "other", "listed"])
    return yes.assign(psu=psu, group=psu % groups, weight=1.0, welfare=np.where(yes["poor"] == 1, 1.0, 3.0))


def of_villages(frame: pd.DataFrame) -> SurveyDesign:
    return SurveyDesign(frame, "weight", psu="psu")


def mean_among(frame: pd.DataFrame, inside: pd.Series, value: pd.Series) -> np.ndarray:
    """What the poverty room says of a share among some families of each group."""
    design = of_villages(frame.assign(value=value.astype(float))).where(inside.to_numpy())
    return estimate_mean(design, "value", by="group")[INTERVAL].to_numpy()


def errors_of(frame: pd.DataFrame, **route: object) -> pd.DataFrame:
    return targeting_measures(frame, "poor", "received", **route)


SHARES: dict[str, tuple[Callable[..., pd.DataFrame], str, str]] = {  # measure: its door, among whom, who has it
    "coverage": (errors_of, "weight > 0", "received == 1"),
    "exclusion_error": (errors_of, "poor == 1", "received == 0"),
    "inclusion_error": (errors_of, "received == 1", "poor == 0"),
    "poor_share_none": (
        lambda frame, **route: overlap(frame, ["received", "other"], "poor", **route).measures,
        "poor == 1",
        "received + other == 0",
    ),
    "retention_rate": (
        lambda frame, **route: churn(frame, {"pkh": {"2023": "received", "2024": "other"}}, **route),
        "received == 1",
        "other == 1",
    ),
    "missed_unlisted": (
        lambda frame, **route: error_decomposition(frame, "poor", "received", listed="listed", **route),
        "poor == 1 and received == 0",
        "listed == 0",
    ),
    "outside_rules": (
        lambda frame, **route: outside_rules(frame, {"received": "other"}, **route),
        "received == 1",
        "other == 1",
    ),
    "quantile_coverage": (
        lambda frame, **route: benefit_incidence(frame, "received", classes="other", **route).query("quantile == '1'"),
        "other == 1",
        "received == 1",
    ),
    "vertical_efficiency": (
        lambda frame, **route: cost_effectiveness(
            frame, "welfare", 2.0, "received", 0.5, welfare_includes_benefit=False, **route
        ),
        "received == 1",
        "poor == 1",
    ),
}


@pytest.mark.parametrize("measure", SHARES)
def test_a_share_of_a_group_has_the_interval_that_the_poverty_room_gives_it(measure: str) -> None:
    door, inside, value = SHARES[measure]
    frame = villages(1, groups=10)  # in some of them nobody or everybody
    table = door(frame, by="group", design=of_villages(frame))
    found = table[(table["measure"] == measure) & (table["group"] != "all")][INTERVAL].to_numpy()
    np.testing.assert_allclose(found, mean_among(frame, frame.eval(inside), frame.eval(value)), rtol=1e-9)


def test_a_difference_between_families_is_tested_on_the_fewer_degrees_of_freedom() -> None:
    frame = villages(3)
    row = fairness(frame, "poor", "received", ["group"], design=of_villages(frame)).iloc[0]
    t = abs(row["difference"]) / row["difference_se"]
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(t, 3 - 1))  # the group's three PSUs


UNKNOWN = ["se", "low", "high"]


def one_psu_stands_alone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(group=np.where(frame["psu"] == 0, "one", "many"))


def test_a_group_in_one_psu_has_no_interval() -> None:
    frame = one_psu_stands_alone(villages(1))
    table = targeting_measures(frame, "poor", "received", by="group", design=of_villages(frame))
    row = table.set_index(["group", "measure"]).loc[("one", "coverage")]
    assert 0 < row["value"] < 1
    assert row[UNKNOWN].isna().all()


@pytest.mark.parametrize("measure", ["exclusion_error", "targeting_differential"])
def test_a_group_whose_poor_live_in_one_psu_has_no_interval_of_their_errors(measure: str) -> None:
    frame = villages(1, groups=1)
    frame["poor"] *= frame["psu"] == 0
    row = targeting_measures(frame, "poor", "received", design=of_villages(frame)).set_index("measure").loc[measure]
    assert row[UNKNOWN].isna().all()


def test_a_total_that_one_of_many_psus_makes_up_keeps_its_error() -> None:
    frame = villages(1, groups=1)
    frame["received"] *= frame["psu"] == 0
    row = errors_of(frame, design=of_villages(frame)).set_index("measure").loc["recipients"]
    assert row["se"] == pytest.approx(row["value"])  # √(60/59 · (1 − 1/60)) of it


def test_nothing_is_significant_of_families_in_one_psu() -> None:
    frame = one_psu_stands_alone(villages(1))
    table = fairness(frame, "poor", "received", ["group"], design=of_villages(frame))
    assert table[["difference_se", "difference_low", "difference_high", "p_value", "p_adjusted"]].isna().all(axis=None)
    assert table["difference"].notna().all()


def test_intervals_of_groups_of_three_psus_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(40):
        frame = villages(seed)
        table = targeting_measures(frame, "poor", "received", by="group", design=of_villages(frame))
        rows = table[(table["measure"] == "coverage") & (table["group"] != "all")]
        held += ((rows["low"] <= 0.5) & (rows["high"] >= 0.5)).tolist()
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)  # 0.78 by the 59 degrees of freedom of the whole sample
