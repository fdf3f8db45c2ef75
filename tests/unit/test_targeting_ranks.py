"""Ranks: equals share one, whatever order they stand in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kaur_analysis.targeting.ranks import orders

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
