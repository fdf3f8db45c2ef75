"""The normal distribution against scipy's."""

import numpy as np
from scipy.special import ndtr
from scipy.stats import norm

from kaur_analysis.poverty.normal import STEPS, below, density


def test_the_table_is_right_to_rounding_everywhere():
    x = np.random.default_rng(1).uniform(-45, 15, 1_000_000)
    np.testing.assert_allclose(below(x * STEPS), ndtr(x), rtol=0, atol=4e-15)


def test_small_probabilities_keep_their_digits():
    x = np.linspace(-10, 0, 200_001)
    np.testing.assert_allclose(below(x * STEPS), ndtr(x), rtol=3e-11)


def test_far_from_the_line_there_is_no_doubt():
    assert below(np.array([-np.inf, -1e300, -1e15, 1e15, 1e300, np.inf])).tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]


def test_at_the_line_there_is_an_even_chance():
    assert below(np.zeros(1)).tolist() == [0.5]


def test_the_density_is_that_of_scipy_to_the_last_bit():
    x = np.append(np.linspace(-45, 45, 200_001), [-np.inf, np.inf])
    np.testing.assert_array_equal(density(x), norm.pdf(x))
