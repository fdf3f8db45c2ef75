"""What small-area estimates may not depend on: order, labels, currency, and scale of weights; and what bounds them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.poverty import empirical_best, fay_herriot, smooth_variances
from tests.small_areas import LINE, kabupaten

quick = settings(max_examples=15, deadline=None, derandomize=True)
seeds = st.integers(0, 10_000)
scales = st.floats(1e-3, 1e3)


def small(seed, **options):
    return kabupaten(seed, areas=6, families=40, psus_per_area=2, per_psu=8, **options)


def estimates(survey, registry, line=LINE, **options):
    result = empirical_best(
        survey, registry, "welfare", ["size", "floor"], "kecamatan", line, method="census_eb", seed=1, **options
    )
    return result.estimates.set_index(["area", "indicator"]).sort_index()


@quick
@given(seeds, seeds)
def test_the_order_of_records_changes_nothing(seed, shuffle):
    world = small(seed)
    mixed = [table.sample(frac=1, random_state=shuffle) for table in (world.survey, world.registry)]
    one, other = (estimates(*tables)["value"] for tables in ((world.survey, world.registry), mixed))
    pd.testing.assert_series_equal(one, other, rtol=1e-6, atol=1e-9)


@quick
@given(seeds, scales)
def test_the_currency_changes_nothing(seed, scale):
    world = small(seed)
    other = world.survey.assign(welfare=world.survey["welfare"] * scale)
    pd.testing.assert_frame_equal(
        estimates(other, world.registry, LINE * scale), estimates(world.survey, world.registry), rtol=1e-6, atol=1e-9
    )


SCALES = ("log", "log_shift", "box_cox", "none")
rupiah = pytest.mark.parametrize("scale", [1e-4, 1.0, 1.7e4])  # a peer gave coefficients of zero at rupiah scale


@rupiah
@pytest.mark.parametrize("transformation", SCALES)
def test_families_do_not_hang_on_the_currency(transformation, scale):
    world = small(8)
    own = estimates(world.survey, world.registry, transformation=transformation)
    other = world.survey.assign(welfare=world.survey["welfare"] * scale)
    found = estimates(other, world.registry, LINE * scale, transformation=transformation)
    pd.testing.assert_frame_equal(found, own, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-4, 1.7e4])
@pytest.mark.parametrize("transformation", ["log", "box_cox"])
def test_errors_and_simulated_measures_do_not_hang_on_the_currency(transformation, scale):
    world = small(8)
    options = {"transformation": transformation, "indicators": ("fgt1", "gini", "q50"), "mse_replicates": 8}
    own = estimates(world.survey, world.registry, **options)
    other = world.survey.assign(welfare=world.survey["welfare"] * scale)
    found = estimates(other, world.registry, LINE * scale, **options)
    in_rupiah = own.index.get_level_values("indicator") == "q50"
    for column, power in (("value", 1), ("low", 1), ("high", 1), ("value_error", 1), ("mse", 2), ("mse_error", 2)):
        expected = own[column] * np.where(in_rupiah, scale**power, 1.0)
        np.testing.assert_allclose(found[column], expected, rtol=1e-5, err_msg=column)


@rupiah
@pytest.mark.parametrize("method", ["reml", "ml", "fh", "amrl", "ampl", "amrl_yl", "ampl_yl"])
def test_areas_do_not_hang_on_the_currency(method, scale):
    direct, psi, X, _ = areas(3)
    one, other = (
        fay_herriot(direct, psi, X, method=method),
        fay_herriot(direct * scale, psi * scale**2, X, method=method),
    )
    np.testing.assert_allclose(other.estimates["estimate"], one.estimates["estimate"] * scale, rtol=1e-6)
    np.testing.assert_allclose(other.estimates["mse"], one.estimates["mse"] * scale**2, rtol=1e-6)
    np.testing.assert_allclose(other.coefficients["se"], one.coefficients["se"] * scale, rtol=1e-6)


few = settings(max_examples=3, deadline=None, derandomize=True)
estimated = st.sampled_from(["log_shift", "box_cox"])


@few
@given(seeds, scales, estimated)
def test_the_currency_changes_nothing_where_the_scale_is_estimated(seed, factor, transformation):
    world = small(seed)
    other = world.survey.assign(welfare=world.survey["welfare"] * factor)
    one = estimates(world.survey, world.registry, transformation=transformation)["value"]
    two = estimates(other, world.registry, LINE * factor, transformation=transformation)["value"]
    pd.testing.assert_series_equal(two, one, rtol=1e-5, atol=1e-7)


@few
@given(seeds)
def test_box_cox_indices_are_bounded_and_ordered(seed):
    world = small(seed)
    wide = estimates(world.survey, world.registry, transformation="box_cox")["value"].unstack("indicator")
    assert (wide["fgt2"] >= 0).all() and (wide["fgt2"] <= wide["fgt1"]).all() and (wide["fgt1"] <= wide["fgt0"]).all()
    assert (wide["fgt0"] <= 1).all()


@few
@given(seeds, estimated)
def test_a_higher_line_never_lowers_poverty_on_an_estimated_scale(seed, transformation):
    world = small(seed)
    low, high = (
        estimates(world.survey, world.registry, line, transformation=transformation)["value"]
        for line in (LINE, 1.1 * LINE)
    )
    assert (high >= low).all()


@quick
@given(seeds, scales)
def test_the_scale_of_census_weights_changes_nothing(seed, scale):
    world = small(seed)
    one, other = (
        estimates(world.survey, world.registry.assign(people=world.registry["size"] * factor), census_weights="people")
        for factor in (1.0, scale)
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-9)


@quick
@given(seeds)
def test_labels_of_areas_are_only_names(seed):
    world = small(seed)
    renamed = [table.assign(kecamatan="A" + table["kecamatan"]) for table in (world.survey, world.registry)]
    values = estimates(world.survey, world.registry)["value"].drop("ALL", level="area").to_numpy()
    other = estimates(*renamed)["value"].drop("ALL", level="area").to_numpy()
    np.testing.assert_allclose(values, other, rtol=1e-9)


@quick
@given(seeds)
def test_indices_lie_between_nobody_and_everybody_and_are_ordered(seed):
    world = small(seed)
    wide = estimates(world.survey, world.registry)["value"].unstack("indicator")
    assert (wide["fgt2"] >= 0).all() and (wide["fgt2"] <= wide["fgt1"]).all() and (wide["fgt1"] <= wide["fgt0"]).all()
    assert (wide["fgt0"] <= 1).all()


@quick
@given(seeds)
def test_a_higher_line_never_lowers_poverty(seed):
    world = small(seed)
    low, high = (estimates(world.survey, world.registry, line)["value"] for line in (LINE, 1.1 * LINE))
    assert (high >= low).all()


@quick
@given(seeds)
def test_the_whole_is_the_mean_of_its_areas(seed):
    world = small(seed)
    headcount = estimates(world.survey, world.registry)["value"].xs("fgt0", level="indicator")
    assert headcount.drop("ALL").mean() == pytest.approx(headcount["ALL"])  # as many families in every area


@quick
@given(seeds, st.floats(0.05, 0.6))
def test_a_benchmark_is_met_whatever_the_data(seed, share):
    world = small(seed)
    result = empirical_best(
        world.survey, world.registry, "welfare", ["size"], "kecamatan", LINE, method="census_eb", seed=1
    )
    table = result.benchmarked(share).estimates.set_index(["area", "indicator"])
    assert table.loc[("ALL", "fgt0"), "value"] == pytest.approx(share, abs=1e-8)


# --- Fay-Herriot ---


def areas(seed, sigma=0.05, m=15):
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"constant": 1.0, "x": random.normal(0, 1, m)})
    psi = random.uniform(0.0005, 0.004, m)
    truth = 0.2 + 0.05 * X["x"].to_numpy() + random.normal(0, sigma, m)
    return truth + random.normal(0, np.sqrt(psi)), psi, X, truth


@quick
@given(seeds, st.sampled_from(["reml", "ml", "fh", "amrl", "ampl", "amrl_yl", "ampl_yl"]))
def test_an_area_estimate_lies_between_direct_and_synthetic(seed, method):
    direct, psi, X, _ = areas(seed)
    result = fay_herriot(direct, psi, X, method=method)
    table = result.estimates
    synthetic = X.to_numpy() @ result.coefficients["value"].to_numpy()
    low, high = np.minimum(direct, synthetic), np.maximum(direct, synthetic)
    assert ((table["estimate"] >= low - 1e-9) & (table["estimate"] <= high + 1e-9)).all()


@quick
@given(seeds, st.sampled_from(["reml", "ml", "fh", "amrl_yl"]))
def test_mean_squared_errors_are_positive(seed, method):
    direct, psi, X, _ = areas(seed)
    assert (fay_herriot(direct, psi, X, method=method).estimates["mse"] > 0).all()


@quick
@given(seeds, st.sampled_from(["reml", "ml", "fh", "amrl", "ampl", "amrl_yl", "ampl_yl"]), st.floats(0, 0.1))
def test_the_error_given_the_variance_between_areas_is_that_of_the_best_linear_predictor(seed, method, known):
    direct, psi, X, _ = areas(seed)
    found = fay_herriot(direct, psi, X, method=method, sigma2_u=known).estimates["mse"]
    X, variance = X.to_numpy(), known + psi
    gamma = np.diag(known / variance)
    hat = X @ np.linalg.solve(X.T / variance @ X, X.T / variance)
    rule = gamma + (np.eye(len(psi)) - gamma) @ hat  # the predictor is linear in the direct values
    error = known * (rule - np.eye(len(psi))) @ (rule - np.eye(len(psi))).T + rule * psi @ rule.T
    np.testing.assert_allclose(found, np.diag(error), rtol=1e-9)


@quick
@given(seeds, st.floats(0.01, 100))
def test_area_estimates_scale_with_the_unit(seed, scale):
    direct, psi, X, _ = areas(seed)
    one, other = fay_herriot(direct, psi, X), fay_herriot(direct * scale, psi * scale**2, X)
    np.testing.assert_allclose(other.estimates["estimate"], one.estimates["estimate"] * scale, rtol=1e-4)


@quick
@given(seeds, seeds)
def test_the_order_of_areas_changes_nothing(seed, shuffle):
    direct, psi, X, _ = areas(seed)
    mixed = np.random.default_rng(shuffle).permutation(len(direct))
    one = fay_herriot(direct, psi, X).estimates["estimate"].to_numpy()
    other = fay_herriot(direct[mixed], psi[mixed], X.iloc[mixed]).estimates["estimate"].to_numpy()
    np.testing.assert_allclose(other, one[mixed], rtol=1e-6)


def rising(unsampled):
    """Thirty areas whose shares rise with x, and others without sample at the x named: direct, design matrix, sizes."""
    random = np.random.default_rng(7)
    x = np.concatenate([random.uniform(0, 2, 30), unsampled])
    share = np.sin(0.115 + 0.463 * x[:30] + 0.05 * random.standard_normal(30)) ** 2
    direct = np.concatenate([random.binomial(60, share) / 60, np.full(len(unsampled), np.nan)])
    return direct, np.column_stack([np.ones(len(x)), x]), np.full(len(x), 60.0)


def shares(unsampled):
    direct, X, n = rising(unsampled)
    return fay_herriot(direct, np.full(len(n), np.nan), X, transformation="arcsine", effective_n=n)


def test_a_synthetic_share_never_falls_as_its_regression_rises():
    estimate = shares(np.linspace(-6, 6, 121)).estimates["estimate"].iloc[30:]
    assert estimate.is_monotonic_increasing and estimate.between(0, 1).all()


def test_beyond_the_ends_of_the_scale_a_share_is_that_of_the_end():
    result = shares([-0.5, -1.0, -3.0, 4.0, 6.0])
    lowest = 0.5 * (1 - np.exp(-2 * result.sigma2_u))
    np.testing.assert_allclose(result.estimates["estimate"].iloc[30:], [lowest] * 3 + [1 - lowest] * 2, rtol=1e-12)


def test_the_error_of_a_share_is_the_mean_square_of_what_its_angle_may_be():
    unsampled = [-3.0, -0.3, 0.1, 1.5, 6.0]
    direct, X, n = rising(unsampled)
    on_angles = fay_herriot(np.arcsin(np.sqrt(direct)), 0.25 / n, X).estimates
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    angle = np.clip(on_angles["estimate"], 0, np.pi / 2).to_numpy()[:, None] + np.outer(
        np.sqrt(on_angles["mse"]), nodes
    )
    found = shares(unsampled).estimates
    expected = (np.sin(angle) ** 2 - found["estimate"].to_numpy()[:, None]) ** 2 @ weights / weights.sum()
    np.testing.assert_allclose(found["mse"], expected, rtol=1e-9)


def test_stated_errors_of_shares_are_their_errors():
    random, squared, stated = np.random.default_rng(2), [], []
    X = np.column_stack([np.ones(40), np.linspace(-1.5, 1.5, 40)])
    for _ in range(400):
        truth = np.sin(X @ [0.5, 0.1] + 0.1 * random.standard_normal(40)) ** 2
        direct = random.binomial(30, truth) / 30
        found = fay_herriot(direct, direct, X, transformation="arcsine", effective_n=np.full(40, 30.0)).estimates
        squared.append(((found["estimate"] - truth) ** 2).mean())
        stated.append(found["mse"].mean())
    assert np.mean(stated) / np.mean(squared) == pytest.approx(1, abs=0.05)


@quick
@given(seeds)
def test_smoothed_variances_fall_with_the_number_of_psus(seed):
    random = np.random.default_rng(seed)
    n = pd.Series(np.arange(2, 12), dtype=float)
    smooth = smooth_variances(pd.Series(random.uniform(0.001, 0.01, 10)), n, pd.Series(0.2, index=n.index))
    assert (smooth.diff().dropna() < 0).all()


def test_area_level_intervals_hold_the_truth():
    inside = []
    for seed in range(200):
        direct, psi, X, truth = areas(seed)
        table = fay_herriot(direct, psi, X, method="amrl_yl").estimates
        inside.append((np.abs(table["estimate"] - truth) <= 1.96 * np.sqrt(table["mse"])).mean())
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)
