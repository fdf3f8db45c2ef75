"""Student's distribution, value by value what scipy.stats gives: intervals stay the same to the last bit."""

import numpy as np
import pytest
from scipy import stats

from kaur_analysis.poverty import student

DEGREES = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 7.5, 30.0, 194.0, 1e4, 1e10, np.inf, np.nan])
SHARES = [1e-9, 0.005, 0.025, 0.05, 0.3, 0.5, 0.7, 0.95, 0.975, 0.995, 1 - 1e-9]
VALUES = np.array([0.0, 1e-9, 0.5, 1.96, 2.0, 10.0, 1e6, np.inf, np.nan])


@pytest.mark.parametrize("share", SHARES)
def test_a_quantile_is_that_of_scipy_to_the_last_bit(share):
    np.testing.assert_array_equal(student.quantile(share, DEGREES), stats.t.ppf(share, DEGREES))


@pytest.mark.parametrize("tail", SHARES)
def test_a_critical_value_is_that_of_scipy_to_the_last_bit(tail):
    np.testing.assert_array_equal(student.critical(tail, DEGREES), stats.t.isf(tail, DEGREES))


@pytest.mark.parametrize("degrees", DEGREES)
def test_a_tail_is_that_of_scipy_to_the_last_bit(degrees):
    np.testing.assert_array_equal(student.above(VALUES, degrees), stats.t.sf(VALUES, degrees))


def test_with_endless_degrees_of_freedom_it_is_the_normal_distribution():
    assert student.quantile(0.975, np.inf) == pytest.approx(stats.norm.ppf(0.975), rel=1e-15)


def test_without_degrees_of_freedom_nothing_is_known():
    assert np.isnan([student.quantile(0.975, 0), student.critical(0.025, 0), student.above(1.0, 0)]).all()
