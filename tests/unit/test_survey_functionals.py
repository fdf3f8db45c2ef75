"""Every influence function is the derivative of its measure, found again by changing one weight at a time."""

import numpy as np
import pytest

from kaur_analysis.poverty import functionals

RANDOM = np.random.default_rng(4)
Y = np.round(RANDOM.lognormal(0.0, 0.7, 40), 2)
Y[5] = Y[9] = Y[20]  # ties
W = RANDOM.uniform(0.5, 3.0, 40)

SMOOTH = {
    "mean": functionals.mean,
    "gini": functionals.gini,
    "theil": functionals.theil,
    "mean log deviation": functionals.mean_log_deviation,
    "atkinson 1": functionals.atkinson,
    "atkinson 0.5": lambda y, w: functionals.atkinson(y, w, 0.5),
    "atkinson 2": lambda y, w: functionals.atkinson(y, w, 2.0),
    "headcount": lambda y, w: functionals.fgt(y, w, 1.0, 0),
    "gap": lambda y, w: functionals.fgt(y, w, 1.0, 1),
    "severity": lambda y, w: functionals.fgt(y, w, 1.0, 2),
    "watts": lambda y, w: functionals.watts(y, w, 1.0),
    "sen-shorrocks-thon": lambda y, w: functionals.sen_shorrocks_thon(y, w, 1.0),
}


@pytest.mark.parametrize("measure", SMOOTH)
def test_influence_is_the_derivative_by_the_weight(measure):
    function, step = SMOOTH[measure], 1e-6
    numeric = np.empty_like(W)
    for i in range(len(W)):
        up, down = W.copy(), W.copy()
        up[i] += step
        down[i] -= step
        numeric[i] = (function(Y, up)[0] - function(Y, down)[0]) / (2 * step)
    np.testing.assert_allclose(function(Y, W)[1], numeric, rtol=1e-6, atol=1e-9)


def test_gini_is_half_the_relative_mean_difference():
    differences = np.abs(Y[:, None] - Y) * np.outer(W, W)
    expected = differences.sum() / W.sum() ** 2 / (2 * (W @ Y / W.sum()))
    assert functionals.gini(Y, W)[0] == pytest.approx(expected, rel=1e-12)


def test_gini_is_the_trapezoid_formula_of_bps():
    order = np.argsort(Y)
    share, held = W[order] / W.sum(), np.cumsum((W * Y)[order]) / (W @ Y)
    expected = 1 - share @ (held + np.concatenate([[0.0], held[:-1]]))
    assert functionals.gini(Y, W)[0] == pytest.approx(expected, rel=1e-12)


def test_theil_by_its_formula():
    relative = Y / (W @ Y / W.sum())
    assert functionals.theil(Y, W)[0] == pytest.approx(W @ (relative * np.log(relative)) / W.sum(), rel=1e-12)


def test_atkinson_two_is_one_minus_harmonic_over_arithmetic_mean():
    harmonic = W.sum() / (W @ (1 / Y))
    assert functionals.atkinson(Y, W, 2.0)[0] == pytest.approx(1 - harmonic / (W @ Y / W.sum()), rel=1e-12)


def test_atkinson_is_continuous_at_one():
    assert functionals.atkinson(Y, W, 1 + 1e-7)[0] == pytest.approx(functionals.atkinson(Y, W)[0], rel=1e-6)


def test_sen_shorrocks_thon_by_its_double_sum():
    # mean over pairs of the larger gap
    gap = np.maximum(1.0 - Y, 0.0)
    expected = (np.maximum(gap[:, None], gap) * np.outer(W, W)).sum() / W.sum() ** 2
    assert functionals.sen_shorrocks_thon(Y, W, 1.0)[0] == pytest.approx(expected, rel=1e-12)


def test_kernel_density_integrates_to_one():
    h = functionals.bandwidth(Y, W)
    grid = np.linspace(Y.min() - 8 * h, Y.max() + 8 * h, 4001)
    heights = [functionals.density(Y, W, at, h) for at in grid]
    assert np.trapezoid(heights, grid) == pytest.approx(1.0, rel=1e-6)


def test_lower_totals_rise_to_the_whole():
    totals = [functionals.lower_total(Y, W, p)[0] for p in (0.2, 0.5, 0.8, 1.0)]
    assert totals == sorted(totals)
    assert totals[-1] == pytest.approx(W @ Y, rel=1e-12)


@pytest.mark.parametrize("measure", ["gini", "gini_langel_tille", "theil", "quintile_share_ratio"])
def test_measures_need_some_welfare(measure):
    with pytest.raises(functionals.EstimationError):
        getattr(functionals, measure)(np.zeros(5), np.ones(5))
