"""Difference-in-differences: what must hold of any panel of families."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.targeting import difference_in_differences

SIZE = 80
seeds = st.integers(0, 2**32 - 1)
METHODS = ("doubly_robust", "matching")
quick = settings(max_examples=30, deadline=None)


def panel(seed):
    """Families seen in three years; about a third began in the third, more of those with a high x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=SIZE)
    start = np.where(rng.permutation(SIZE) + 10 * x > SIZE * 0.65, 3.0, np.nan)
    level = 500 + 50 * x + rng.normal(0, 20, SIZE)
    parts = [
        pd.DataFrame(
            {"family": np.arange(SIZE), "year": year, "y": level + 9 * x * year + rng.normal(0, 10, SIZE), "x": x}
        ).assign(start=start)
        for year in (1, 2, 3)
    ]
    return pd.concat(parts, ignore_index=True)


def rows(data, method):
    found = difference_in_differences(data, "family", "year", "y", "start", ["x"], method=method)
    return found.effects.set_index("measure")


def effects(data, method):
    return rows(data, method)[["value", "se"]].to_numpy(dtype=float)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seed=seeds, scale=st.floats(1e-3, 1e6))
def test_another_currency_changes_effects_and_errors_alike(method, seed, scale):
    data = panel(seed)
    other = effects(data.assign(y=data["y"] * scale), method)
    assert other == pytest.approx(scale * effects(data, method), rel=1e-6, abs=1e-6 * scale)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seed=seeds, shift=st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3))
def test_what_happens_to_everybody_in_a_year_is_no_effect(method, seed, shift):
    data = panel(seed)
    moved = data.assign(y=data["y"] + data["year"].map(dict(zip((1, 2, 3), shift, strict=True))))
    assert effects(moved, method) == pytest.approx(effects(data, method), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seed=seeds, gain=st.floats(-500, 500))
def test_what_recipients_gain_after_the_start_is_added_to_the_effect_and_to_no_placebo(method, seed, gain):
    data = panel(seed)
    gained = data.assign(y=data["y"] + gain * (data["year"] >= data["start"]))
    added = rows(gained, method)["value"] - rows(data, method)["value"]
    assert added["effect"] == pytest.approx(gain, abs=1e-6)
    assert added["placebo"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seed=seeds)
def test_the_order_of_rows_does_not_matter(method, seed):
    data = panel(seed)
    mixed = effects(data.sample(frac=1, random_state=1), method)
    assert mixed == pytest.approx(effects(data, method), rel=1e-6, abs=1e-6)


def panel_of_counts(seed):
    """The same families known by two counts of few values, so that many are alike and many as near as others."""
    data = panel(seed)
    x = np.clip(np.round(1.5 * data["x"]), -2, 2)
    return data.assign(x=x, z=np.random.default_rng(seed).integers(0, 3, SIZE)[data["family"]])


def matched(data):
    found = difference_in_differences(data, "family", "year", "y", "start", ["x", "z"], method="matching")
    return found.effects[["value", "se"]].to_numpy(dtype=float)


@quick
@given(seed=seeds)
def test_matching_is_the_same_whatever_numbers_families_carry(seed):
    data = panel_of_counts(seed)
    numbers = np.random.default_rng(seed).permutation(SIZE)
    assert matched(data.assign(family=numbers[data["family"]])) == pytest.approx(matched(data), rel=1e-9, abs=1e-9)


@quick
@given(seed=seeds)
def test_matching_is_the_same_in_whatever_order_families_stand(seed):
    data = panel_of_counts(seed)
    assert matched(data.sample(frac=1, random_state=seed)) == pytest.approx(matched(data), rel=1e-9, abs=1e-9)


@quick
@given(seed=seeds, factor=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_matching_is_the_same_in_whatever_unit_a_covariate_is(seed, factor, shift):
    data = panel_of_counts(seed)
    assert matched(data.assign(x=data["x"] * factor + shift)) == pytest.approx(matched(data), rel=1e-6, abs=1e-6)


@quick
@given(seed=seeds)
def test_matching_is_its_definition_worked_out_pair_by_pair(seed):
    data = panel_of_counts(seed)
    wide = data.pivot(index="family", columns="year", values="y")
    ways = data.drop_duplicates("family").set_index("family")
    treated = ways["start"].notna().to_numpy()
    Z = ways[["x", "z"]].to_numpy(dtype=float)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    change = (wide[3] - wide[2]).to_numpy()
    design = np.column_stack([np.ones(SIZE), Z])
    change = change - design @ np.linalg.lstsq(design[~treated], change[~treated], rcond=None)[0]
    control = np.flatnonzero(~treated)

    def nearest(family, wanted):
        far = {other: round(float(np.linalg.norm(Z[family] - Z[other])), 9) for other in control if other != family}
        return [other for other in far if far[other] <= sorted(far.values())[wanted - 1]]

    matches = {family: nearest(family, 3) for family in np.flatnonzero(treated)}
    gains = np.array([change[family] - change[others].mean() for family, others in matches.items()])
    variance = ((gains - gains.mean()) ** 2).sum()
    for family in control:
        weights = np.array([(family in others) / len(others) for others in matches.values()])
        fellows = nearest(family, 1)
        spread = len(fellows) / (len(fellows) + 1) * (change[family] - change[fellows].mean()) ** 2
        variance += (weights.sum() ** 2 - (weights**2).sum()) * spread
    expected = [gains.mean(), np.sqrt(variance) / len(gains)]
    _placebo, found = matched(data)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
