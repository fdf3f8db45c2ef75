"""Scales of welfare: there and back, expectations by rule or adaptive integration, parameters found and refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import logit
from scipy.stats import norm

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import empirical_best, unit_level
from kaur_analysis.poverty.scales import Scale
from tests.small_areas import LINE, kabupaten

WELFARE = np.array([120_000.0, 400_000.0, 2_500_000.0])
EVERY = [Scale("none"), Scale("log"), Scale("log", shift=50_000.0),
         *(Scale("box_cox", power=power, unit=500_000.0) for power in (-0.5, 0.0, 0.3, 1.0, 2.0))]  # fmt: skip


def predict(survey, registry, transformation, **options):
    return empirical_best(
        survey, registry, "welfare", ["size", "floor"], "kecamatan", LINE, transformation, method="census_eb", **options
    )


@pytest.fixture(scope="module")
def world():
    return kabupaten(seed=11, areas=8, families=60)


@pytest.mark.parametrize("scale", EVERY)
def test_welfare_comes_back_from_every_scale(scale):
    np.testing.assert_allclose(scale.back(scale.forward(WELFARE)), WELFARE, rtol=1e-9)


def test_below_the_reach_of_box_cox_there_is_no_welfare():
    assert Scale("box_cox", power=0.5, unit=500_000.0).back(np.array([-7.0])).item() == 0


@pytest.mark.parametrize("power", [-0.5, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("deviation", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("alpha", [1, 2, 4])
def test_gaps_under_box_cox_agree_with_adaptive_integration(power, deviation, alpha):
    scale, mean = Scale("box_cox", power=power, unit=500_000.0), 0.1
    top = float((scale.forward(np.array([LINE])) - mean).item() / deviation)

    def integrand(t):
        return (1 - scale.back(np.array([mean + deviation * t])).item() / LINE) ** alpha * norm.pdf(t)

    known = quad(integrand, -12, top, epsabs=1e-12, limit=400, points=_kink(power, mean, deviation, top))[0]
    found = scale.expected_fgt(np.array([mean]), deviation**2, LINE, (alpha,))[0].item()
    assert found == pytest.approx(known, abs=1e-8)


def _kink(power, mean, deviation, top):
    """Where welfare meets zero, if below the line and within the integral."""
    edge = (-1 / power - mean) / deviation if power > 0 else -np.inf
    return [edge] if -12 < edge < top else None


@pytest.mark.parametrize(("one", "other"), [(Scale("box_cox", power=0.0), Scale("log")),])  # fmt: skip
def test_box_cox_at_zero_is_the_log(one, other):
    mean, variance = np.array([12.5, 13.0]), np.array([0.2, 0.3])
    for found, known in zip(
        *(each.expected_fgt(mean, variance, LINE, (0, 1, 2)) for each in (one, other)), strict=True
    ):
        np.testing.assert_allclose(found, known, atol=1e-8)
    np.testing.assert_allclose(one.expected_welfare(mean, variance), other.expected_welfare(mean, variance), rtol=1e-10)


def test_a_negative_power_has_no_expected_welfare():
    assert np.isnan(Scale("box_cox", power=-0.3).expected_welfare(np.array([0.0]), np.array([0.1]))).all()


def test_lognormal_welfare_has_a_power_near_zero(world):
    assert predict(world.survey, world.registry, "box_cox").model.scale.power == pytest.approx(0, abs=0.12)


def test_welfare_normal_after_a_square_root_has_a_power_near_a_half(world):
    root = 600 + 250 * (np.log(world.survey["welfare"]) - 13)
    other = world.survey.assign(welfare=root**2)
    assert predict(other, world.registry, "box_cox").model.scale.power == pytest.approx(0.5, abs=0.15)


def test_a_known_shift_is_found_again():
    world = kabupaten(seed=13, areas=8, families=60)  # its best shift is not at the end, zero
    other = world.survey.assign(welfare=world.survey["welfare"] - 40_000.0)
    moved, own = (predict(survey, world.registry, "log_shift").model.scale.shift for survey in (other, world.survey))
    assert own > 0 and moved == pytest.approx(own + 40_000.0, rel=1e-4)


def test_negative_welfare_is_no_obstacle_to_a_shifted_log(world):
    other = world.survey.assign(welfare=world.survey["welfare"] - world.survey["welfare"].quantile(0.1))
    result = predict(other, world.registry, "log_shift")
    assert result.model.scale.shift > -other["welfare"].min() and np.isfinite(result.estimates["value"]).all()


@pytest.mark.parametrize("transformation", ["log_shift", "box_cox"])
def test_draws_agree_with_estimates_on_an_estimated_scale(world, transformation):
    result = predict(world.survey, world.registry, transformation)
    drawn = pd.Series((result.draws(400) < LINE).mean(axis=1)).groupby(world.registry["kecamatan"].to_numpy()).mean()
    table = result.estimates.query("indicator == 'fgt0' and area != 'ALL'").set_index("area")["value"]
    assert (drawn - table.sort_index()).abs().max() < 0.03


@pytest.mark.parametrize("transformation", ["log_shift", "box_cox"])
def test_errors_on_an_estimated_scale_are_near_those_of_the_log(world, transformation):
    # welfare here is lognormal: another scale may not err much more or claim to err much less
    mse = [
        predict(world.survey, world.registry, each, mse_replicates=40).estimates.query("indicator == 'fgt0'")["mse"]
        for each in (transformation, "log")
    ]
    assert 0.7 < (mse[0] / mse[1]).median() < 1.4


def test_a_fit_without_area_codes_finds_the_power_among_its_psus(world):
    survey = world.survey.drop(columns="kecamatan")
    result = predict(survey, world.registry, "box_cox", psu="psu")
    assert result.model.area_effects == "unconditional" and abs(result.model.scale.power) < 0.2


@pytest.mark.parametrize(
    ("transformation", "given", "words"),
    [("box_cox", {"shift": 5.0}, "shift"), ("log_shift", {"shift": 5.0}, "shift"), ("log", {"power": 0.5}, "power"),
     ("dual", {}, "dual")],
)  # fmt: skip
def test_parameters_of_another_scale_are_refused(world, transformation, given, words):
    with pytest.raises(EstimationError, match=words):
        predict(world.survey, world.registry, transformation, **given)


def test_box_cox_refuses_welfare_of_zero(world):
    with pytest.raises(EstimationError, match="zero or negative"):
        predict(world.survey.assign(welfare=0.0), world.registry, "box_cox")


def test_welfare_that_is_modelled_as_it_is_cannot_be_benchmarked(world):
    with pytest.raises(EstimationError, match="transformed"):
        predict(world.survey, world.registry, "none").benchmarked(0.2)


@pytest.mark.parametrize("transformation", ["log", "log_shift", "box_cox"])
def test_the_level_errs_as_its_official_figure_does_on_every_scale(world, transformation):
    result = predict(world.survey, world.registry, transformation).benchmarked(0.25, error=0.06)
    row = result.estimates.query("indicator == 'fgt0' and area == 'ALL'").iloc[0]
    assert np.diff(logit([row["low"], row["high"]]))[0] / (2 * 1.96) == pytest.approx(0.06 / (0.25 * 0.75), rel=0.1)


def test_an_official_figure_hardly_known_at_all_still_has_an_interval(world):
    result = predict(world.survey, world.registry, "box_cox").benchmarked(0.02, error=0.4)
    row = result.estimates.query("indicator == 'fgt0' and area == 'ALL'").iloc[0]
    assert 0 <= row["low"] < 0.02 < row["high"] <= 1


def test_an_error_beyond_the_reach_of_any_move_is_refused(world, monkeypatch):
    monkeypatch.setattr(unit_level, "erring", lambda levels, error, figure: np.full_like(levels, 1.5))
    with pytest.raises(EstimationError, match="no move of welfare"):
        predict(world.survey, world.registry, "log").benchmarked(0.25, error=0.06)
