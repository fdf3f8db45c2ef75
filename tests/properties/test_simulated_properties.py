"""What holds of Gini, S80/S20 and quantiles of drawn families whatever their welfare."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.simulated import measure
from tests.small_areas import kabupaten

NAMES = ("gini", "quintile_share_ratio", "q10", "q50", "q90")
WELFARE = arrays(np.float64, st.tuples(st.integers(5, 30), st.just(2)), elements=st.floats(1e3, 1e7))
SEEDS = st.integers(0, 2**32 - 1)


def weights(welfare: np.ndarray, seed: int) -> np.ndarray:
    """Whole numbers of persons, so that sums are exact."""
    return np.random.default_rng(seed).integers(1, 9, len(welfare)).astype(float)


@given(WELFARE, SEEDS, st.sampled_from([2.0**-13, 2.0**14]))
def test_another_currency_moves_quantiles_alike_and_leaves_ratios(welfare, seed, factor):
    weight = weights(welfare, seed)
    found, moved = (measure(NAMES, each, weight) for each in (welfare, factor * welfare))
    np.testing.assert_allclose(moved[:2], found[:2], rtol=1e-9)
    np.testing.assert_allclose(moved[2:], factor * found[2:], rtol=1e-12)


@given(WELFARE, SEEDS)
def test_the_order_of_families_does_not_matter(welfare, seed):
    weight, order = weights(welfare, seed), np.random.default_rng(seed).permutation(len(welfare))
    found = measure(NAMES, welfare[order], weight[order])
    np.testing.assert_allclose(found, measure(NAMES, welfare, weight), rtol=1e-9, atol=1e-12)


@given(WELFARE, SEEDS)
def test_a_family_split_in_two_halves_changes_nothing(welfare, seed):
    weight = weights(welfare, seed)
    halves = measure(NAMES, np.vstack([welfare, welfare]), np.tile(weight / 2, 2))
    np.testing.assert_allclose(halves, measure(NAMES, welfare, weight), rtol=1e-9, atol=1e-12)


@given(WELFARE, SEEDS)
def test_gini_lies_between_nought_and_one_and_quantiles_rise_within_what_was_drawn(welfare, seed):
    gini, _, *quantiles = measure(NAMES, welfare, weights(welfare, seed))
    assert ((gini >= -1e-12) & (gini < 1)).all()
    assert (np.diff(quantiles, axis=0) >= 0).all()
    assert (quantiles[0] >= welfare.min(axis=0)).all() and (quantiles[-1] <= welfare.max(axis=0)).all()


@given(st.lists(st.integers(1, 10**6), min_size=5, max_size=25, unique=True).filter(lambda own: len(own) % 5 == 0))
def test_the_richest_fifth_never_holds_less_than_the_poorest(welfare):
    drawn = np.array(welfare, dtype=float)[:, None]
    assert measure(["quintile_share_ratio"], drawn, np.ones(len(drawn)))[0, 0] >= 1


def predicted(factor: float = 1.0, seed: int = 3):
    world = kabupaten(1, areas=4, families=40)
    survey = world.survey.assign(welfare=factor * world.survey["welfare"])
    return empirical_best(
        survey, world.registry, "welfare", ["size", "floor"], "kecamatan", 1.0, indicators=NAMES, method="census_eb",
        seed=seed,
    ).estimates  # fmt: skip


@pytest.mark.parametrize("factor", [1e-4, 1.7e4])
def test_estimates_without_closed_form_follow_the_currency(factor):
    found, moved = predicted(), predicted(factor)
    unit = np.where(found["indicator"].str.startswith("q") & (found["indicator"] != "quintile_share_ratio"), factor, 1)
    for column in ("value", "low", "high"):
        np.testing.assert_allclose(moved[column], unit * found[column], rtol=1e-6)


def test_the_same_seed_gives_the_same_draws_and_another_one_others():
    assert predicted(seed=3).equals(predicted(seed=3))
    assert (predicted(seed=3)["value"] != predicted(seed=4)["value"]).all()


def test_values_without_closed_form_lie_within_their_intervals():
    found = predicted()
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()
