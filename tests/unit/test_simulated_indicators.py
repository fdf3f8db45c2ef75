"""Indicators without closed form, and errors that find the transformation's parameter again."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.functionals import gini, weighted_quantile
from kaur_analysis.poverty.scales import Scale, found_again, scale_of
from kaur_analysis.poverty.simulated import measure
from tests.small_areas import LINE, kabupaten

NAMES = ("gini", "quintile_share_ratio", "q10", "q50")


def small(**options):
    return kabupaten(3, areas=5, families=60, psus_per_area=2, per_psu=8, **options)


def predict(world, registry=None, **options):
    settings = {"method": "census_eb", "seed": 1, "indicators": NAMES} | options
    table = world.registry if registry is None else registry
    covariates = ["size", "floor"]
    return empirical_best(world.survey, table, "welfare", covariates, "kecamatan", LINE, **settings).estimates


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return predict(small(), mse_replicates=4)


@pytest.fixture(scope="module")
def sample():
    random = np.random.default_rng(2)
    return random.lognormal(0, 0.6, (40, 3)), random.uniform(0.5, 3, 40)


def test_the_gini_of_draws_is_that_of_the_survey(sample):
    welfare, weight = sample
    expected = [gini(own, weight)[0] for own in welfare.T]
    np.testing.assert_allclose(measure(["gini"], welfare, weight)[0], expected, rtol=1e-12)


def test_quantiles_of_draws_are_those_of_the_survey(sample):
    welfare, weight = sample
    expected = [weighted_quantile(own, weight, [0.1, 0.5, 0.9]) for own in welfare.T]
    np.testing.assert_array_equal(measure(["q10", "q50", "q90"], welfare, weight).T, expected)


def test_the_share_ratio_is_the_top_fifth_over_the_bottom_fifth():
    welfare = np.arange(1.0, 11.0)[:, None]
    assert measure(["quintile_share_ratio"], welfare, np.ones(10))[0, 0] == (9 + 10) / (1 + 2)


def test_a_gini_of_nothing_is_missing():
    assert np.isnan(measure(["gini"], np.zeros((4, 1)), np.ones(4))[0, 0])


def test_values_carry_their_monte_carlo_error(found):
    relative = found["value_error"] / found["value"]
    assert ((relative > 1e-4) & (relative < 0.1)).all()


def test_closed_forms_carry_no_monte_carlo_error():
    table = predict(small(), indicators=("fgt0", "gini"), mse_replicates=3)
    assert (table.query("indicator == 'fgt0'")["value_error"] == 0).all()


def test_an_error_carries_its_own_monte_carlo_error():
    world = small()
    few, many = (predict(world, indicators=("fgt0",), mse_replicates=number) for number in (50, 800))
    ratio = np.median(few["mse_error"] / many["mse_error"])
    assert 3 < ratio < 5.5  # a sixteenth of the variance


def test_the_error_of_a_mean_squared_error_is_its_spread_over_seeds():
    world = small()
    tables = [predict(world, indicators=("fgt0",), mse_replicates=20, seed=seed) for seed in range(20)]
    spread = np.std([table["mse"] for table in tables], axis=0, ddof=1)
    stated = np.mean([table["mse_error"] for table in tables], axis=0)
    assert 0.75 < np.median(stated / spread) < 1.33


def test_values_lie_within_their_intervals(found):
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def test_mean_squared_errors_are_positive(found):
    assert (found["mse"] > 0).all()


def test_an_area_does_not_hang_on_the_order_of_areas(found):
    world = small()
    areas = world.registry["kecamatan"].unique()[::-1]
    turned = pd.concat([world.registry[world.registry["kecamatan"] == area] for area in areas])
    values = [
        table[table["area"] != "ALL"].set_index(["area", "indicator"])["value"].sort_index()
        for table in (predict(world, registry=turned), found)
    ]
    pd.testing.assert_series_equal(*values, rtol=1e-9)


def test_households_of_the_survey_keep_what_was_observed():
    world = small()
    table = predict(world, registry=world.registry.head(1), indicators=("q50",), method="eb").set_index("area")["value"]
    last = world.survey["kecamatan"].iloc[-1]
    own = world.survey.loc[world.survey["kecamatan"] == last, "welfare"].to_numpy()
    assert table[last] == pytest.approx(float(weighted_quantile(own, np.ones(len(own)), 0.5)), rel=1e-12)


def test_unknown_indicators_are_refused():
    with pytest.raises(EstimationError, match="quintile_share_ratio"):
        predict(small(), indicators=("q100",))


def likelihood(X):
    """Restricted likelihood of plain regressions, R × n responses."""

    def of(y):
        left = y - y @ X @ np.linalg.inv(X.T @ X) @ X.T
        return -0.5 * (X.shape[0] - X.shape[1]) * np.log((left**2).sum(axis=-1))

    return of


@pytest.mark.parametrize("transformation", ["box_cox", "log_shift"])
def test_a_parameter_found_in_many_samples_is_that_of_each_alone(transformation):
    random = np.random.default_rng(6)
    X = np.column_stack([np.ones(300), random.normal(size=300)])
    made = Scale("box_cox", power=0.4) if transformation == "box_cox" else Scale("log", shift=1.0)
    welfare = made.back(
        (1.5 if transformation == "log_shift" else 0.0) + X[:, 1] * 0.3 + random.normal(0, 0.3, (6, 300))
    )
    of = likelihood(X)
    alone = [scale_of(transformation, own, lambda y: float(of(y[None])[0]), 2, 0.0, None) for own in welfare]
    together = found_again(alone[0], welfare, of, 2)
    field, tolerance = ("power", 0.01) if transformation == "box_cox" else ("shift", 0.08)
    for one, other in zip(together, alone, strict=True):
        assert getattr(one, field) == pytest.approx(getattr(other, field), abs=0.01, rel=tolerance)


@pytest.mark.parametrize("transformation", ["box_cox", "log_shift"])
def test_errors_find_the_parameter_again_and_values_do_not_change(transformation):
    world = small()
    options = {"indicators": ("fgt2",), "mse_replicates": 60}
    model = empirical_best(
        world.survey, world.registry, "welfare", ["size", "floor"], "kecamatan", LINE, transformation, ("fgt2",), seed=1
    ).model.scale
    given = {"power": model.power} if transformation == "box_cox" else {"shift": model.shift}
    name = transformation if transformation == "box_cox" else "log"
    known = predict(world, transformation=name, **options, **given)
    found = predict(world, transformation=transformation, **options)
    np.testing.assert_allclose(found["value"], known["value"], rtol=1e-9)
    ratio = found["mse"] / known["mse"]
    assert 0.9 < ratio.mean() < 1.5
    assert (np.abs(ratio - 1) > 1e-3).any()
