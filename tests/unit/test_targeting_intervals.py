"""Intervals of draws: exact tails for what never repeats itself, the mid-distribution for counts of few families."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.targeting.intervals import draw_interval


def by_table(draws: np.ndarray, share: float) -> float:
    """The quantile by its definition: distinct values at the mean of their ranks, straight lines between them."""
    values, counts = np.unique(draws, return_counts=True)
    last = np.cumsum(counts)
    return float(np.interp((len(draws) + 1) * share, (2 * last - counts + 1) / 2, values))


def test_draws_that_differ_have_tails_of_two_and_a_half_percent_each() -> None:
    _, low, high = draw_interval(np.arange(1.0, 40.0)[None], 0.95)
    assert (low[0], high[0]) == pytest.approx((1.0, 39.0))


def test_equal_draws_share_the_mean_of_their_ranks() -> None:
    draws = np.array([0.0] * 10 + [1.0] * 20 + [2.0] * 9)
    _, low, high = draw_interval(draws[None], 0.5)
    assert low[0] == pytest.approx((10 - 5.5) / (20.5 - 5.5))
    assert high[0] == pytest.approx(1 + (30 - 20.5) / (35 - 20.5))


@given(st.lists(st.integers(0, 6), min_size=2, max_size=80), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_is_that_of_the_definition(counts: list[int], confidence: float) -> None:
    draws = np.array(counts, dtype=float)
    _, low, high = draw_interval(draws[None], confidence)
    tail = (1 - confidence) / 2
    assert (low[0], high[0]) == pytest.approx((by_table(draws, tail), by_table(draws, 1 - tail)))


def test_undefined_draws_are_left_out() -> None:
    draws = np.array([3.0, np.nan, 1.0, 2.0, np.nan, 2.0])
    both = draw_interval(np.vstack([draws, [1.0, 2.0, 2.0, 3.0, np.nan, np.nan]]), 0.8)
    assert [part[0] for part in both] == pytest.approx([part[1] for part in both])


def test_counts_of_few_families_are_held_as_often_as_stated() -> None:
    # A further draw stands for the truth: what the draws say is right, so that only the rule is judged.
    random = np.random.default_rng(5)
    drawn = np.stack([random.poisson(mean, (4000, 101)) for mean in (3, 4, 5, 6, 8, 10, 13)]).astype(float)
    _, low, high = draw_interval(drawn[..., 1:], 0.95)
    truth = drawn[..., 0]
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.01)
