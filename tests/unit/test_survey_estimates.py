"""The tidy table: intervals, quality, and what each door says."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kaur_analysis.contracts import ESTIMATES, checked
from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import (
    EstimateSettings,
    PovertyTarget,
    RelativeLine,
    SurveyDesign,
    decompose_fgt,
    estimate_fgt,
    estimate_fgt_contributions,
    estimate_fgt_difference,
    estimate_inequality,
    estimate_line,
    estimate_mean,
    estimate_median_gap,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    share_interval,
)
from kaur_analysis.poverty.estimates import COLUMNS, boundary_interval, interval, quality

RANDOM = np.random.default_rng(1704)
TABLE = pd.DataFrame(
    {
        "y": np.round(RANDOM.lognormal(13.2, 0.5, 240)),
        "w": RANDOM.uniform(20, 90, 240),
        "psu": np.repeat(np.arange(24), 10),
        "h": np.repeat(np.arange(4), 60),
        "area": np.tile(["1704010", "1704020", "1704030"], 80),
        "z": np.tile([400_000.0, 500_000.0, 600_000.0], 80),
    }
)
DESIGN = SurveyDesign(TABLE, "w", "h", "psu")
MEDIAN_LINE = RelativeLine(0.6)

DOORS = {
    "fgt": lambda: estimate_fgt(DESIGN, "y", 500_000, by="area"),
    "relative fgt": lambda: estimate_fgt(DESIGN, "y", MEDIAN_LINE, by="area"),
    "line": lambda: estimate_line(DESIGN, "y", MEDIAN_LINE),
    "inequality": lambda: estimate_inequality(
        DESIGN, "y", ["gini", "theil", "atkinson", "watts", "sen_shorrocks_thon"], "area", line=500_000
    ),
    "mean": lambda: estimate_mean(DESIGN, "y", "area"),
    "total": lambda: estimate_total(DESIGN, "y", "area"),
    "ratio": lambda: estimate_ratio(DESIGN, "y", "z", "area"),
    "quantile": lambda: estimate_quantile(DESIGN, "y", by="area"),
    "difference": lambda: estimate_fgt_difference(
        DESIGN, PovertyTarget("y", 500_000, "area", "1704010"), PovertyTarget("y", 500_000, "area", "1704020")
    ),
    "contributions": lambda: estimate_fgt_contributions(DESIGN, "y", 500_000, "area"),
    "decomposition": lambda: decompose_fgt(DESIGN, "y", 500_000, "area"),
    "median gap": lambda: estimate_median_gap(DESIGN, "y", MEDIAN_LINE, "area"),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_returns_the_tidy_table(door):
    table = DOORS[door]()
    assert list(table.columns) == COLUMNS
    checked(ESTIMATES, table)


@pytest.mark.parametrize("door", DOORS)
def test_every_interval_holds_its_value(door):
    table = DOORS[door]().dropna(subset=["low"])
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_headcount_uses_strict_inequality():
    pair = SurveyDesign(pd.DataFrame({"y": [500_000.0, 499_999.0, 900_000.0, 900_000.0], "w": 1.0}), "w")
    assert estimate_fgt(pair, "y", 500_000, (0,))["value"].item() == 0.25


def test_who_stands_on_the_line_is_poor_only_when_asked_for():
    pair = SurveyDesign(pd.DataFrame({"y": [500_000.0, 499_999.0, 900_000.0, 900_000.0], "w": 1.0}), "w")
    assert estimate_fgt(pair, "y", 500_000, (0,), strict=False)["value"].item() == 0.5


def test_a_line_per_record_equals_welfare_over_that_line():
    own = estimate_fgt(DESIGN, "y", "z")
    scaled = SurveyDesign(TABLE.assign(r=TABLE["y"] / TABLE["z"]), "w", "h", "psu")
    np.testing.assert_allclose(own[["value", "se"]], estimate_fgt(scaled, "r", 1.0)[["value", "se"]], rtol=1e-12)


@pytest.mark.parametrize("line", [0.0, -1.0, np.nan])
def test_a_line_that_is_not_positive_is_refused(line):
    with pytest.raises(EstimationError, match="line must be positive"):
        estimate_fgt(DESIGN, "y", line)


def test_negative_welfare_is_refused():
    table = TABLE.assign(y=TABLE["y"].where(TABLE.index > 0, -1.0))
    with pytest.raises(EstimationError, match="negative in 1 records"):
        estimate_fgt(SurveyDesign(table, "w"), "y", 500_000)


@pytest.mark.parametrize("alpha", [(), (-1,)])
def test_orders_below_zero_or_none_are_refused(alpha):
    with pytest.raises(EstimationError, match="alpha"):
        estimate_fgt(DESIGN, "y", 500_000, alpha)


def test_orders_need_not_be_whole():
    table = estimate_fgt(DESIGN, "y", 500_000, (0.5,))
    assert table["indicator"].item() == "fgt0.5"


@pytest.mark.parametrize(("share", "quantile"), [(0.0, 0.5), (0.6, 0.0), (0.6, 1.0)])
def test_relative_lines_that_cannot_be_are_refused(share, quantile):
    with pytest.raises(EstimationError):
        RelativeLine(share, quantile)


def test_a_relative_line_is_of_everybody_not_of_the_area():
    line = estimate_line(DESIGN, "y", MEDIAN_LINE)["value"].item()
    ours = estimate_fgt(DESIGN, "y", MEDIAN_LINE, by="area")["value"]
    np.testing.assert_allclose(ours, estimate_fgt(DESIGN, "y", line, by="area")["value"], rtol=1e-12)


def test_estimating_the_line_changes_the_error():
    line = estimate_line(DESIGN, "y", MEDIAN_LINE)["value"].item()
    known, estimated = (estimate_fgt(DESIGN, "y", each, (1,))["se"].item() for each in (line, MEDIAN_LINE))
    assert abs(known / estimated - 1) > 0.01


@pytest.mark.parametrize(
    ("rse", "label"),
    [
        (0.25, "baik"),
        (0.2500001, "hati-hati"),
        (0.50, "hati-hati"),
        (0.5000001, "tidak disajikan"),
        (np.nan, "tidak disajikan"),
    ],
)
def test_quality_follows_the_relative_error(rse, label):
    assert quality(np.array([rse])) == [label]


def test_quality_thresholds_are_settings():
    assert quality(np.array([0.2]), EstimateSettings(careful_above=0.1, withheld_above=0.15)) == ["tidak disajikan"]


@pytest.mark.parametrize("wrong", [{"confidence": 1.0}, {"careful_above": 0.6}, {"careful_above": 0.0}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(EstimationError):
        EstimateSettings(**wrong)


def test_linear_interval_is_value_and_t():
    low, high = interval(np.array([10.0]), np.array([2.0]), np.array([5.0]), "linear", 0.9)
    reach = stats.t.ppf(0.95, 5) * 2
    assert (low.item(), high.item()) == pytest.approx((10 - reach, 10 + reach), rel=1e-12)


def test_logit_interval_stays_inside_zero_and_one():
    low, high = interval(np.array([0.01, 0.99]), np.array([0.05, 0.05]), np.array([3.0, 3.0]), "logit")
    assert (low > 0).all() and (high < 1).all()


def test_nobody_poor_is_an_upper_limit_not_a_certainty():
    rich = SurveyDesign(TABLE.assign(y=900_000.0), "w", "h", "psu")
    row = estimate_fgt(rich, "y", 500_000, (0,)).iloc[0]
    assert (row["value"], row["low"], row["quality"]) == (0.0, 0.0, "tidak disajikan")
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 24), rel=1e-12)


def test_everybody_poor_is_a_lower_limit_not_a_certainty():
    low, high = boundary_interval(np.array([1.0]), np.array([24]))
    assert (low.item(), high.item()) == (pytest.approx(0.025 ** (1 / 24)), 1.0)


def test_small_areas_get_their_own_degrees_of_freedom():
    table = TABLE.assign(area=np.repeat(["a", "b", "b", "b"], 60))
    small = SurveyDesign(table, "w", "h", "psu")
    linear = estimate_mean(small, "y", "area").set_index("area").loc["a"]
    assert (linear["high"] - linear["value"]) / linear["se"] == pytest.approx(stats.t.ppf(0.975, 5), rel=1e-10)


def test_degrees_of_the_whole_design_when_asked_for():
    row = estimate_mean(DESIGN, "y", "area", settings=EstimateSettings(degrees="design")).iloc[0]
    assert (row["high"] - row["value"]) / row["se"] == pytest.approx(stats.t.ppf(0.975, 20), rel=1e-10)


def test_a_boolean_column_is_a_share():
    table = SurveyDesign(TABLE.assign(poor=TABLE["y"] < 500_000), "w", "h", "psu")
    expected = estimate_fgt(table, "y", 500_000, (0,))[["value", "se", "low", "high"]]
    np.testing.assert_allclose(estimate_mean(table, "poor")[["value", "se", "low", "high"]], expected, rtol=1e-12)


def test_an_unknown_interval_method_is_refused():
    with pytest.raises(EstimationError, match="unknown interval method"):
        share_interval(SurveyDesign(TABLE.assign(poor=TABLE["y"] < 500_000), "w"), "poor", "wald")


def test_a_ratio_without_denominator_is_refused_by_area():
    table = TABLE.assign(z=TABLE["z"].where(TABLE["area"] != "1704020", 0.0))
    with pytest.raises(EstimationError, match="1704020"):
        estimate_ratio(SurveyDesign(table, "w", "h", "psu"), "y", "z", "area")


def test_difference_of_two_areas_counts_the_psus_they_share():
    first, second = (PovertyTarget("y", 500_000, "area", code) for code in ("1704010", "1704020"))
    joint = estimate_fgt_difference(DESIGN, first, second, (0,)).iloc[0]
    apart = estimate_fgt(DESIGN, "y", 500_000, (0,), "area").set_index("area")
    assert joint["value"] == pytest.approx(apart.loc["1704020", "value"] - apart.loc["1704010", "value"], rel=1e-12)
    independent = np.hypot(apart.loc["1704010", "se"], apart.loc["1704020", "se"])
    assert abs(joint["se"] / independent - 1) > 1e-3


def test_difference_with_an_unknown_area_is_refused():
    with pytest.raises(EstimationError, match="no area '9999999'"):
        estimate_fgt_difference(DESIGN, PovertyTarget("y", 1.0), PovertyTarget("y", 1.0, "area", "9999999"))


def test_contributions_add_up_to_the_whole():
    table = estimate_fgt_contributions(DESIGN, "y", 500_000, "area")
    sums = table.groupby("indicator")["value"].sum()
    whole = estimate_fgt(DESIGN, "y", 500_000).set_index("indicator")["value"]
    assert sums["population_share"] == pytest.approx(1.0, rel=1e-12)
    for order in ("fgt0", "fgt1", "fgt2"):
        assert sums[f"{order}_share"] == pytest.approx(1.0, rel=1e-12)
        assert sums[f"{order}_contribution"] == pytest.approx(whole[order], rel=1e-12)


def test_contributions_need_a_label_for_everybody():
    table = TABLE.assign(area=TABLE["area"].where(TABLE.index > 0, None))
    with pytest.raises(EstimationError, match="'area' is missing"):
        estimate_fgt_contributions(SurveyDesign(table, "w"), "y", 500_000, "area")


def test_severity_is_incidence_intensity_and_inequality():
    parts = decompose_fgt(DESIGN, "y", 500_000).set_index("indicator")["value"]
    rebuilt = parts["fgt0"] * parts["income_gap_ratio"] ** 2 * (1 + 2 * parts["gap_inequality"])
    assert rebuilt == pytest.approx(parts["fgt2"], rel=1e-12)


@pytest.mark.parametrize("door", [decompose_fgt, estimate_median_gap])
def test_nothing_is_said_of_the_poor_where_there_are_none(door):
    with pytest.raises(EstimationError, match="nobody is below the line"):
        door(DESIGN, "y", 1.0)


def test_median_gap_needs_one_line():
    with pytest.raises(EstimationError, match="one line"):
        estimate_median_gap(DESIGN, "y", "z")


def test_unknown_measures_are_refused_with_the_known_ones():
    with pytest.raises(EstimationError, match="known are gini"):
        estimate_inequality(DESIGN, "y", ["hoover"])


@pytest.mark.parametrize("measure", ["watts", "sen_shorrocks_thon"])
def test_measures_against_a_line_need_one(measure):
    with pytest.raises(EstimationError, match="needs a poverty line"):
        estimate_inequality(DESIGN, "y", [measure])


@pytest.mark.parametrize("measure", ["atkinson", "mean_log_deviation", "watts"])
def test_welfare_of_zero_is_refused_by_measures_with_logarithms(measure):
    table = TABLE.assign(y=TABLE["y"].where(TABLE.index > 0, 0.0))
    with pytest.raises(EstimationError, match="not positive in 1 records"):
        estimate_inequality(SurveyDesign(table, "w"), "y", [measure], line=500_000)


def test_inequality_aversion_stands_in_the_name():
    assert estimate_inequality(DESIGN, "y", ["atkinson"], epsilon=0.5)["indicator"].item() == "atkinson_0.5"


@pytest.mark.parametrize("levels", [(), (0.0,), (1.0,)])
def test_quantile_levels_outside_zero_and_one_are_refused(levels):
    with pytest.raises(EstimationError, match="between 0 and 1"):
        estimate_quantile(DESIGN, "y", levels)


def test_the_median_of_an_even_number_by_both_rules():
    four = SurveyDesign(pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0], "w": 1.0}), "w")
    values = {rule: estimate_quantile(four, "y", [0.5], rule=rule)["value"].item() for rule in ("math", "school")}
    assert values == {"math": 2.0, "school": 2.5}


def test_a_quantile_too_far_out_for_woodruff_has_no_interval():
    few = SurveyDesign(pd.DataFrame({"y": np.arange(8.0), "w": 1.0}), "w")
    row = estimate_quantile(few, "y", [0.1]).iloc[0]
    assert np.isnan(row["low"]) and row["quality"] == "tidak disajikan"
