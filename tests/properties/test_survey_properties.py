"""What must hold for every sample: bounds, monotony, and indifference to scale, order and splitting."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.poverty import (
    RelativeLine,
    SurveyDesign,
    estimate_fgt,
    estimate_fgt_contributions,
    estimate_inequality,
    estimate_mean,
    estimate_quantile,
    estimate_total,
)

LINE = 500_000.0
MEASURES = ["gini", "theil", "mean_log_deviation", "atkinson", "watts", "sen_shorrocks_thon"]


@st.composite
def samples(draw, low: int = 1) -> pd.DataFrame:
    """Three strata of two or three PSUs with one to four households each, welfare around the line and often on it."""
    rows = []
    for stratum in range(3):
        for psu in range(draw(st.integers(2, 3))):
            for _ in range(draw(st.integers(1, 4))):
                welfare = draw(st.one_of(st.just(LINE), st.integers(low, 2_000_000).map(float)))
                weight = draw(st.floats(0.5, 200.0))
                rows.append((stratum, psu, welfare, weight, draw(st.sampled_from(["1704010", "1704020"]))))
    return pd.DataFrame(rows, columns=["h", "k", "y", "w", "area"])


def design(table: pd.DataFrame) -> SurveyDesign:
    return SurveyDesign(table, "w", "h", "k")


quick = settings(max_examples=40, deadline=None, derandomize=True)


@quick
@given(samples(low=0))
def test_severity_gap_and_headcount_lie_in_that_order_between_zero_and_one(table):
    p = estimate_fgt(design(table), "y", LINE).set_index("indicator")["value"]
    assert 0 <= p["fgt2"] <= p["fgt1"] <= p["fgt0"] <= 1


@quick
@given(samples(low=0))
def test_intervals_of_shares_stay_between_zero_and_one_and_hold_the_value(table):
    p = estimate_fgt(design(table), "y", LINE, by="area").dropna(subset=["low"])
    assert ((p["low"] >= 0) & (p["high"] <= 1)).all()
    assert ((p["low"] <= p["value"] + 1e-12) & (p["value"] <= p["high"] + 1e-12)).all()


@quick
@given(samples(low=0), st.floats(1.0, 2_000_000.0), st.floats(1.0, 2_000_000.0))
def test_poverty_never_falls_when_the_line_rises(table, first, second):
    low, high = (estimate_fgt(design(table), "y", z)["value"] for z in sorted([first, second]))
    assert (low <= high + 1e-12).all()


@quick
@given(samples(), st.sampled_from([1e-4, 1.0, 1.7e4]))
def test_a_common_scale_of_welfare_and_line_changes_nothing(table, scale):
    scaled = design(table.assign(y=table["y"] * scale))
    ours, theirs = estimate_fgt(scaled, "y", LINE * scale), estimate_fgt(design(table), "y", LINE)
    columns = ["value", "se", "low", "high"]
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=1e-7, atol=1e-9)
    ours = estimate_inequality(scaled, "y", MEASURES, line=LINE * scale)
    theirs = estimate_inequality(design(table), "y", MEASURES, line=LINE)
    np.testing.assert_allclose(ours[["value", "se"]], theirs[["value", "se"]], rtol=1e-7, atol=1e-9)


@quick
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.iloc[order]
    for door in (
        lambda each: estimate_fgt(each, "y", LINE, by="area"),
        lambda each: estimate_inequality(each, "y", MEASURES, "area", line=LINE),
        lambda each: estimate_quantile(each, "y", by="area"),
    ):
        ours, theirs = door(design(shuffled)), door(design(table))
        assert ours["quality"].tolist() == theirs["quality"].tolist()
        np.testing.assert_allclose(ours["value"], theirs["value"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours["se"], theirs["se"], rtol=1e-7, atol=1e-9)


@quick
@given(samples(), st.floats(0.1, 0.9))
def test_splitting_a_record_with_its_weight_changes_nothing(table, share):
    split = pd.concat([table.assign(w=table["w"] * share), table.assign(w=table["w"] * (1 - share))])
    for door in (
        lambda each: estimate_fgt(each, "y", LINE, by="area"),
        lambda each: estimate_inequality(each, "y", MEASURES, line=LINE),
    ):
        ours, theirs = door(design(split)), door(design(table))
        np.testing.assert_allclose(ours[["value", "se"]], theirs[["value", "se"]], rtol=1e-7, atol=1e-9)


@quick
@given(samples())
def test_a_common_scale_of_weights_changes_no_rate(table):
    ours = estimate_fgt(design(table.assign(w=table["w"] * 7)), "y", LINE, by="area")
    theirs = estimate_fgt(design(table), "y", LINE, by="area")
    np.testing.assert_allclose(ours[["value", "se"]], theirs[["value", "se"]], rtol=1e-9, atol=1e-12)


@quick
@given(samples())
def test_areas_add_up_to_the_whole(table):
    areas = estimate_total(design(table), "y", "area")["value"].sum()
    assert np.isclose(areas, estimate_total(design(table), "y")["value"].item(), rtol=1e-12)


@quick
@given(samples())
def test_contributions_of_areas_add_up_to_poverty(table):
    whole = estimate_fgt(design(table), "y", LINE, (1,))["value"].item()
    if whole > 0:
        parts = estimate_fgt_contributions(design(table), "y", LINE, "area", (1,))
        assert np.isclose(parts.query("indicator == 'fgt1_contribution'")["value"].sum(), whole, rtol=1e-10)


@quick
@given(samples())
def test_errors_do_not_depend_on_a_shift_of_the_mean(table):
    moved = estimate_mean(design(table.assign(y=table["y"] + 1e6)), "y")["se"].item()
    assert np.isclose(moved, estimate_mean(design(table), "y")["se"].item(), rtol=1e-6, atol=1e-6)


@quick
@given(samples())
def test_quantiles_do_not_cross(table):
    for rule in ("math", "school"):
        values = estimate_quantile(design(table), "y", (0.1, 0.25, 0.5, 0.75, 0.9), rule=rule)["value"]
        assert values.is_monotonic_increasing


@quick
@given(samples())
def test_inequality_measures_stay_in_their_range(table):
    values = estimate_inequality(design(table), "y", ["gini", "atkinson", "theil"]).set_index("indicator")["value"]
    assert 0 <= values["gini"] < 1
    assert 0 <= values["atkinson"] < 1
    assert values["theil"] >= 0


@quick
@given(samples())
def test_a_larger_share_of_the_median_never_lowers_poverty(table):
    # a relative line moves with its share: P(0.5·median) ≤ P(0.6·median)
    if table["y"].nunique() > 1:
        low, high = (
            estimate_fgt(design(table), "y", RelativeLine(share), (0,))["value"].item() for share in (0.5, 0.6)
        )
        assert low <= high


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), poor=st.floats(0.05, 0.95))
def test_indices_and_errors_across_cut_psus_are_those_of_the_formula_written_out(seed, poor):
    random = np.random.default_rng(seed)
    psu = random.integers(0, 100, 500)
    table = pd.DataFrame({"k": psu, "h": psu % 10, "area": random.choice(list("abc"), 500)})
    table["y"], table["w"] = random.lognormal(0, 0.6, 500), random.uniform(1, 9, 500)
    line = float(table["y"].quantile(poor))
    found = estimate_fgt(design(table), "y", line, by="area").set_index(["indicator", "area"])
    for alpha, area in product((0, 1, 2), "abc"):
        inside = (table["area"] == area).astype(float)
        index = (table["y"] < line) * (1 - table["y"] / line).clip(0) ** alpha
        total = (inside * table["w"]).sum()
        value = (inside * table["w"] * index).sum() / total
        psus = (inside * table["w"] * (index - value) / total).groupby([table["h"], table["k"]]).sum()
        strata = psus.groupby("h")
        error = np.sqrt((strata.count() * strata.var(ddof=1)).sum())
        assert found.loc[(f"fgt{alpha}", area), ["value", "se"]].to_list() == pytest.approx([value, error], rel=1e-9)
