"""Replicate weights and calibration: what they must keep, and where they must agree with linearisation."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import (
    ReplicateDesign,
    SurveyDesign,
    balanced_half_samples,
    calibrate,
    estimate_fgt,
    estimate_mean,
    estimate_total,
    given_replicates,
    jackknife,
    poststratify,
    rake,
    rao_wu_bootstrap,
)

RANDOM = np.random.default_rng(21)
N = 320
TABLE = pd.DataFrame(
    {
        "y": RANDOM.lognormal(13, 0.5, N),
        "w": RANDOM.uniform(10, 40, N),
        "psu": np.repeat(np.arange(32), 10),
        "h": np.repeat(np.arange(16), 20),
        "sex": np.tile(["P", "L"], N // 2),
        "rural": RANDOM.random(N) < 0.6,
        "one": 1.0,
    }
)
DESIGN = SurveyDesign(TABLE, "w", "h", "psu")


@pytest.mark.parametrize("method", [jackknife, balanced_half_samples])
def test_replicates_of_a_total_equal_linearisation(method):
    # a total is linear, so both methods give the stratified variance itself
    row = method(DESIGN).estimate(lambda design: estimate_total(design, "y")).iloc[0]
    assert row["se"] == pytest.approx(estimate_total(DESIGN, "y")["se"].item(), rel=1e-12)


def test_fay_keeps_the_variance_of_a_total():
    row = balanced_half_samples(DESIGN, fay=0.5).estimate(lambda design: estimate_total(design, "y")).iloc[0]
    assert row["se"] == pytest.approx(estimate_total(DESIGN, "y")["se"].item(), rel=1e-12)


def test_the_jackknife_carries_the_population_correction():
    corrected = SurveyDesign(TABLE.assign(f=0.4), "w", "h", "psu", fpc="f")
    row = jackknife(corrected).estimate(lambda design: estimate_total(design, "y")).iloc[0]
    assert row["se"] == pytest.approx(estimate_total(corrected, "y")["se"].item(), rel=1e-12)


@pytest.mark.parametrize("method", [jackknife, lambda design: rao_wu_bootstrap(design, 400, seed=3)])
def test_replicates_of_a_headcount_are_near_linearisation(method):
    def door(design):
        return estimate_fgt(design, "y", 400_000, (0,))

    # 400 replicates leave about 4 % of Monte-Carlo error in a standard error
    assert method(DESIGN).estimate(door)["se"].item() == pytest.approx(door(DESIGN)["se"].item(), rel=0.12)


def test_the_bootstrap_keeps_the_weight_of_every_stratum_on_average():
    multipliers = rao_wu_bootstrap(DESIGN, 4000, seed=1).multipliers
    np.testing.assert_allclose(multipliers.mean(axis=1), 1.0, atol=0.06)


def test_the_bootstrap_depends_on_its_seed_only():
    first, again, other = (rao_wu_bootstrap(DESIGN, 5, seed).multipliers for seed in (7, 7, 8))
    assert (first == again).all() and (first != other).any()


def test_half_samples_need_two_psus_per_stratum():
    with pytest.raises(EstimationError, match="exactly two"):
        balanced_half_samples(SurveyDesign(TABLE, "w", None, "psu"))


def test_replicates_are_taken_around_the_estimate_or_their_mean():
    rng = np.random.default_rng(0)
    multipliers = rng.uniform(0.5, 2.0, (N, 20))
    by_mean, by_estimate = (
        given_replicates(DESIGN, multipliers, 1.0, around=around).estimate(lambda each: estimate_total(each, "y"))
        for around in ("mean", "estimate")
    )
    assert by_estimate["se"].item() > by_mean["se"].item()


@pytest.mark.parametrize("multipliers", [np.ones((3, 2)), np.ones(N), np.full((N, 2), np.nan), -np.ones((N, 2))])
def test_multipliers_that_cannot_be_are_refused(multipliers):
    with pytest.raises(EstimationError, match="multipliers"):
        ReplicateDesign(DESIGN, multipliers, 1.0)


def test_replicates_without_the_area_are_counted():
    multipliers = np.ones((N, 4))
    multipliers[(TABLE["sex"] == "P").to_numpy(), 0] = 0.0
    table = given_replicates(DESIGN, multipliers, 1.0).estimate(lambda design: estimate_mean(design, "y", "sex"))
    assert table.set_index("area")["replicates"].to_dict() == {"L": 4, "P": 3}


SEX = {"L": 4_100.0, "P": 4_300.0}
RURAL = {True: 5_000.0, False: 3_400.0}


def test_poststratified_weights_meet_their_totals():
    weights = poststratify(DESIGN, "sex", SEX).data.groupby("sex")["w"].sum()
    assert weights.to_dict() == pytest.approx(SEX, rel=1e-12)


def test_a_poststratum_total_has_no_error():
    design = poststratify(DESIGN, "sex", SEX)
    assert estimate_total(design, "one")["se"].item() == pytest.approx(0.0, abs=1e-8)


def test_raked_weights_meet_all_margins():
    data = rake(DESIGN, {"sex": SEX, "rural": RURAL}).data
    assert data.groupby("sex")["w"].sum().to_dict() == pytest.approx(SEX, rel=1e-9)
    assert data.groupby("rural")["w"].sum().to_dict() == pytest.approx(RURAL, rel=1e-9)


def test_calibrated_weights_meet_their_totals():
    totals = {"one": 8_400.0, "y": 4.4e9}
    data = calibrate(DESIGN, totals).data
    assert data["w"].sum() == pytest.approx(8_400.0, rel=1e-10)
    assert data["w"] @ data["y"] == pytest.approx(4.4e9, rel=1e-10)


def test_calibration_to_class_totals_is_poststratification():
    table = SurveyDesign(TABLE.assign(L=TABLE["sex"] == "L", P=TABLE["sex"] == "P"), "w", "h", "psu")
    by_columns, by_classes = calibrate(table, SEX), poststratify(table, "sex", SEX)
    expected = estimate_mean(by_classes, "y")[["value", "se"]]
    np.testing.assert_allclose(estimate_mean(by_columns, "y")[["value", "se"]], expected, rtol=1e-10)


def test_calibration_is_indifferent_to_the_unit_of_a_total():
    thousands = SurveyDesign(TABLE.assign(y=TABLE["y"] / 1000), "w", "h", "psu")
    first = calibrate(DESIGN, {"one": 8_400.0, "y": 4.4e9}).weight
    np.testing.assert_allclose(calibrate(thousands, {"one": 8_400.0, "y": 4.4e6}).weight, first, rtol=1e-9)


def test_domains_of_a_calibrated_design_use_residuals_too():
    design = poststratify(DESIGN, "sex", SEX)
    domain = estimate_mean(design, "y", "rural").query("area").iloc[0]
    sub = estimate_mean(design.where(TABLE["rural"]), "y").iloc[0]
    assert domain["se"] == pytest.approx(sub["se"], rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poststratify(DESIGN, "sex", {"L": 1.0}), "differ"),
        (lambda: poststratify(DESIGN, "sex", {"L": 1.0, "P": 0.0}), "positive"),
        (lambda: rake(DESIGN, {"sex": SEX, "rural": {True: 1.0, False: 2.0}}), "disagree"),
        (lambda: calibrate(DESIGN, {"one": 8_400.0, "y": 1e12}), "negative"),
        (lambda: calibrate(SurveyDesign(TABLE.assign(two=2.0), "w"), {"one": 1.0, "two": 2.0}), "collinear"),
        (lambda: poststratify(poststratify(DESIGN, "sex", SEX), "rural", RURAL), "already"),
    ],
)
def test_totals_that_cannot_be_met_are_refused(call, message):
    with pytest.raises(EstimationError, match=message):
        call()
