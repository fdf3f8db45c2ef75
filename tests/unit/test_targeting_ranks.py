"""Ranks: equals share one, whatever order they stand in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kaur_analysis.targeting.inputs import Groups
from kaur_analysis.targeting.ranks import fractional_ranks, orders, weight_above

SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=60)


@given(st.sampled_from([np.float32, np.float64]), SHAPES, st.integers(1, 50), st.integers(0, 1000))
def test_equals_stay_in_the_order_of_their_rows(kind, shape, distinct, seed):
    values = np.random.default_rng(seed).integers(0, distinct, shape).astype(kind)
    order = orders(values)
    assert order.shape == shape
    np.testing.assert_array_equal(order, np.argsort(values, axis=0, kind="stable"))


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_many_families_of_whom_some_live_on_the_floor_stand_in_order(share):
    random = np.random.default_rng(4)
    values = random.lognormal(12.8, 0.5, (20_000, 3))
    values[random.random(values.shape) < share] = 35_000.0
    np.testing.assert_array_equal(orders(values), np.argsort(values, axis=0, kind="stable"))


@pytest.fixture(params=[np.float32, np.float64])
def welfare(request):
    """Two draws of many families; some have equals, in their group and in others."""
    return np.random.default_rng(2).integers(1, 90, (60, 2)).astype(request.param)


@pytest.fixture(params=["all weigh the same", "some weigh more", "some weigh nothing"])
def weights(request):
    random = np.random.default_rng(3)
    sample = {"all weigh the same": [2.0], "some weigh more": [1.0, 3.0], "some weigh nothing": [0.0, 1.0]}
    return random.choice(sample[request.param], 60)


@pytest.fixture(params=[1, 4])
def groups(request):
    return Groups(tuple("abcd"[: request.param]), np.random.default_rng(5).integers(0, request.param, 60))


def share_of(below, welfare, weights, groups):
    """Share of a family's group that ``below`` says of each pair of welfares, family by family."""
    own = weights * (groups.codes[:, None] == groups.codes)
    return np.stack([(own * below(draw, draw[:, None])).sum(axis=1) / own.sum(axis=1) for draw in welfare.T], axis=1)


def test_a_family_stands_above_the_weight_of_all_poorer_of_its_group(welfare, weights, groups):
    expected = share_of(np.less, welfare, weights, groups)
    np.testing.assert_array_equal(fractional_ranks(welfare, weights, groups).low, expected)


def test_a_family_reaches_up_to_the_weight_of_its_equals_in_its_group(welfare, weights, groups):
    expected = share_of(np.less_equal, welfare, weights, groups)
    np.testing.assert_array_equal(fractional_ranks(welfare, weights, groups).high, expected)


def test_the_poorest_share_holds_that_share_of_the_weight_of_each_group(welfare, weights, groups):
    inside = fractional_ranks(welfare, weights, groups).within(0.0, 0.3)
    matrix = groups.matrix(weights)
    np.testing.assert_allclose(matrix @ inside, 0.3 * (matrix @ np.ones_like(inside)), rtol=1e-12)


def test_a_share_that_differs_by_family_is_as_if_said_for_each(welfare, weights, groups):
    ranks = fractional_ranks(welfare, weights, groups)
    stop = np.where(np.arange(60) % 2, 0.3, 0.6)[:, None]
    expected = np.where(stop == 0.3, ranks.within(0.0, 0.3), ranks.within(0.0, 0.6))
    np.testing.assert_array_equal(ranks.within(0.0, stop), expected)


def test_the_weight_above_a_family_counts_its_equals_half(welfare, weights, groups):
    welfare, amounts = welfare[:, 0], weights
    own = amounts * (groups.codes[:, None] == groups.codes)
    expected = (own * ((welfare > welfare[:, None]) + (welfare == welfare[:, None]) / 2)).sum(axis=1)
    np.testing.assert_array_equal(weight_above(welfare, amounts, groups), expected)
