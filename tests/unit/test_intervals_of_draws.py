"""Intervals of what was counted in joint draws."""

import numpy as np
from numpy.testing import assert_allclose

from kaur_analysis.poverty.intervals import held_interval

DRAWS = np.arange(101.0)[None, :]


def test_the_interval_leaves_out_equal_tails():
    assert_allclose(held_interval([50.0], DRAWS, 0.9), [[5.0], [95.0]])


def test_a_value_below_the_draws_is_held():
    assert_allclose(held_interval([-3.0], DRAWS), [[-3.0], [97.5]])


def test_a_value_above_the_draws_is_held():
    assert_allclose(held_interval([120.0], DRAWS), [[2.5], [120.0]])
