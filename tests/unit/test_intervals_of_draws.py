"""Intervals of what was counted in joint draws."""

import numpy as np
from numpy.testing import assert_allclose

from kaur_analysis.poverty.intervals import held_interval

DRAWS = np.arange(99.0)[None, :]


def test_the_interval_leaves_out_equal_tails():
    assert_allclose(held_interval([49.0], DRAWS, 0.9), [[4.0], [94.0]])


def test_a_value_below_the_draws_is_held():
    assert_allclose(held_interval([-3.0], DRAWS), [[-3.0], [96.5]])


def test_a_value_above_the_draws_is_held():
    assert_allclose(held_interval([120.0], DRAWS), [[1.5], [120.0]])


def test_a_further_draw_is_held_as_often_as_the_interval_says():
    random = np.random.default_rng(4)
    draws = random.standard_normal((20_000, 200))
    low, high = held_interval(np.zeros(20_000), draws)
    further = random.standard_normal(20_000)
    assert abs(((low <= further) & (further <= high)).mean() - 0.95) < 0.004
