"""What the poverty doors make of odd inputs: the same answer whatever a column's type, and no wrong one in silence."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import (
    EstimateSettings,
    PovertyTarget,
    RelativeLine,
    SurveyDesign,
    benchmark,
    calibrate,
    comparability,
    design_effect,
    empirical_best,
    estimate_fgt,
    estimate_fgt_contributions,
    estimate_fgt_difference,
    estimate_inequality,
    estimate_line,
    estimate_mean,
    estimate_median_gap,
    estimate_quantile,
    fay_herriot,
    given_replicates,
    jackknife,
    rake,
    share_interval,
    smooth_variances,
    welfare_model,
)
from tests.small_areas import kabupaten

LINE = 500_000.0
N = 360
RANDOM = np.random.default_rng(1704)
# 60 strata of three PSUs, whose labels repeat in every stratum, as household surveys number them.
TABLE = pd.DataFrame(
    {
        "y": np.round(RANDOM.lognormal(13.2, 0.5, N)),
        "w": RANDOM.integers(20, 90, N).astype(float),
        "h": np.repeat(np.arange(60), 6),
        "k": np.tile(np.repeat(np.arange(3), 2), 60),
        "area": np.tile(["1704010", "1704020", "1704030"], 120),
    }
)


def design(table=TABLE, **options):
    return SurveyDesign(table, "w", "h", "k", **options)


def same(found, expected=None):
    pd.testing.assert_frame_equal(found, estimate_fgt(design(), "y", LINE, by="area") if expected is None else expected)


# --- types of columns ---


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint64", "float32", "Int8", "Int64", "category", "str"])
@pytest.mark.parametrize("columns", [["h"], ["k"], ["h", "k"]])
def test_strata_and_psus_count_the_same_in_every_type(columns, dtype):
    same(estimate_fgt(design(TABLE.astype(dict.fromkeys(columns, dtype))), "y", LINE, by="area"))


@pytest.mark.parametrize("lowest", [-128, -1, 1])
def test_strata_in_one_byte_may_begin_anywhere(lowest):
    table = TABLE.assign(h=((np.arange(N) // 3 + lowest).astype("int8")), k=np.arange(N) % 3)
    wide = table.assign(h=table["h"].astype("int64"))
    assert estimate_mean(design(table), "y")["se"].item() == estimate_mean(design(wide), "y")["se"].item()


@pytest.mark.parametrize("dtype", ["int32", "uint32", "Int64", "Float64", "float32"])
def test_welfare_and_weights_count_the_same_in_every_type(dtype):
    same(estimate_fgt(design(TABLE.astype({"y": dtype, "w": dtype})), "y", LINE, by="area"))


def test_labels_of_rows_do_not_matter():
    same(estimate_fgt(design(TABLE.set_index(pd.Index(np.arange(N) % 7))), "y", LINE, by="area"))


def test_columns_that_may_not_be_written_can_be_read():
    table = pd.DataFrame({name: _read_only(TABLE[name].to_numpy()) for name in TABLE}, copy=False)
    same(estimate_fgt(design(table), "y", LINE, by="area"))


def _read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def test_a_column_given_twice_is_refused():
    with pytest.raises(EstimationError, match="2 columns 'y'"):
        estimate_mean(design(pd.concat([TABLE, TABLE[["y"]]], axis=1)), "y")


# --- areas ---


def test_a_category_that_nobody_has_is_no_area():
    labels = pd.Categorical(TABLE["area"], ["1704030", "1704010", "1704020", "1704999"])
    table = estimate_fgt(design(TABLE.assign(area=labels)), "y", LINE, (0,), "area")
    assert table["area"].tolist() == ["1704030", "1704010", "1704020"]  # in the order of the categories


def test_labels_of_several_types_are_areas_of_their_own():
    labels = TABLE["area"].map({"1704010": 1704010, "1704020": "1704010", "1704030": "1704030"}).astype(object)
    table = estimate_fgt(design(TABLE.assign(area=labels)), "y", LINE, (0,), "area")
    same(table["value"].to_frame(), estimate_fgt(design(), "y", LINE, (0,), "area")["value"].to_frame())


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_who_has_no_area_is_left_out_of_areas_and_kept_in_the_whole(missing):
    nowhere = np.arange(N) < 30
    labelled = design(TABLE.assign(area=TABLE["area"].astype(object).where(~nowhere, missing)))
    rows = estimate_fgt(labelled, "y", LINE, (0,), "area")
    same(rows, estimate_fgt(design().where(~nowhere), "y", LINE, (0,), "area"))
    assert estimate_fgt(labelled, "y", LINE, (0,))["n_households"].item() == N


def test_ten_thousand_areas_add_up():
    many = pd.concat([TABLE] * 56, ignore_index=True).assign(area=lambda table: np.arange(len(table)) // 2)
    table = estimate_fgt(SurveyDesign(many, "w", "h", "k"), "y", LINE, (1,), "area")
    weights = many.groupby("area")["w"].sum().to_numpy()
    whole = estimate_fgt(SurveyDesign(many, "w", "h", "k"), "y", LINE, (1,))["value"].item()
    assert len(table) == 10_080 and table["value"].to_numpy() @ weights / weights.sum() == pytest.approx(whole)


# --- one PSU is no precision ---

ALONE = TABLE.assign(area=np.where((TABLE["h"] == 0) & (TABLE["k"] == 0), "alone", "rest"))


def test_a_quantile_of_one_psu_has_no_interval():
    row = estimate_quantile(design(ALONE), "y", [0.5], "area").set_index("area").loc["alone"]
    assert np.isnan([row["se"], row["low"], row["high"]]).all() and row["quality"] == "tidak disajikan"


def test_a_difference_from_an_area_of_one_psu_has_no_error():
    alone, rest = (PovertyTarget("y", LINE, "area", label) for label in ("alone", "rest"))
    row = estimate_fgt_difference(design(ALONE), rest, alone, (0,)).iloc[0]
    assert np.isfinite(row["value"]) and np.isnan([row["se"], row["low"], row["high"]]).all()


def test_a_jackknife_of_one_psu_has_no_error():
    table = jackknife(design(ALONE)).estimate(lambda each: estimate_mean(each, "y", "area")).set_index("area")
    assert np.isnan(table.loc["alone", "se"]) and table.loc["rest", "se"] > 0


def test_replicates_that_lost_the_area_do_not_make_it_more_certain():
    random = np.random.default_rng(3)
    multipliers = random.uniform(0.5, 1.5, (N, 8))
    lost = np.concatenate([multipliers, np.where(TABLE[["area"]] == "1704010", 0.0, multipliers)], axis=1)

    def error(factors):
        replicates = given_replicates(design(), factors, 1 / factors.shape[1], around="estimate")
        return replicates.estimate(lambda each: estimate_mean(each, "y", "area")).set_index("area")["se"]

    assert error(lost)["1704010"] == pytest.approx(error(multipliers)["1704010"], rel=1e-12)


# --- welfare that does not vary has no density ---

SOLO = TABLE.iloc[:1].assign(area="solo")
EQUALS = TABLE.iloc[:18].assign(y=500_000.1, area="equals")
OF_DENSITY = {
    "inequality": lambda sample: estimate_inequality(sample, "y", by="area"),
    "headcount": lambda sample: estimate_fgt(sample, "y", RelativeLine(0.6), (0,), "area"),
    "quantile": lambda sample: estimate_quantile(sample, "y", [0.5], "area", method="linearised"),
    "median gap": lambda sample: estimate_median_gap(sample, "y", RelativeLine(1.5), "area"),
}


@pytest.mark.parametrize("door", OF_DENSITY)
@pytest.mark.parametrize("alike", [SOLO, EQUALS], ids=["solo", "equals"])
def test_an_area_where_welfare_does_not_vary_leaves_the_others_as_they_are(door, alike):
    joined = design(pd.concat([TABLE, alike], ignore_index=True))
    without = design(pd.concat([TABLE, alike.assign(area=None)], ignore_index=True))
    table = OF_DENSITY[door](joined)
    others = table[table["area"] != alike["area"].iloc[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, OF_DENSITY[door](without), rtol=1e-9)


def row_of_equals(door, indicator):
    table = OF_DENSITY[door](design(pd.concat([TABLE, EQUALS], ignore_index=True)))
    return table.set_index(["area", "indicator"]).loc[("equals", indicator)]


@pytest.mark.parametrize(
    ("door", "indicator", "value"),
    [
        ("headcount", "fgt0", 0.0),
        ("quantile", "quantile_0.5_y", 500_000.1),
        ("median gap", "poor_median", 500_000.1),
    ],
)
def test_what_needs_a_density_has_a_value_but_no_error_where_welfare_does_not_vary(door, indicator, value):
    row = row_of_equals(door, indicator)
    assert row["value"] == value and np.isnan(row["se"]) and row["quality"] == "tidak disajikan"


def test_equals_have_no_ratio_of_the_richest_to_the_poorest_fifth():
    assert row_of_equals("inequality", "quintile_share_ratio")[["value", "se", "low", "high"]].isna().all()


def test_a_line_from_a_quantile_of_equals_is_refused():
    with pytest.raises(EstimationError, match="does not vary"):
        estimate_line(design(TABLE.assign(y=500_000.1)), "y", RelativeLine(0.6))


# --- shares and design effects ---


@pytest.mark.parametrize("method", ["logit", "beta", "likelihood"])
def test_nobody_of_a_sample_is_an_upper_limit_by_every_method(method):
    low, high = share_interval(design(TABLE.assign(poor=0)), "poor", method)
    assert low == 0 and high == pytest.approx(1 - 0.025 ** (1 / 180))


def test_what_is_no_share_has_no_interval_of_shares():
    with pytest.raises(EstimationError, match="no share"):
        share_interval(design(TABLE.assign(poor=100 * (TABLE["y"] < LINE))), "poor")


def test_weights_that_add_up_to_the_sample_have_no_design_effect():
    with pytest.raises(EstimationError, match="add up to the population"):
        design_effect(design(TABLE.assign(w=TABLE["w"] / TABLE["w"].mean())), "y")


# --- names and settings ---

SMALL = pd.DataFrame({"one": 1.0, "x": np.arange(6.0)})
DIRECT = pd.Series([0.1, 0.3, 0.2, 0.4, 0.3, 0.5])
PSI = pd.Series([0.01, 0.02, 0.01, 0.03, 0.02, 0.01])


MODELLED = TABLE.assign(x=np.log(TABLE["y"]) + RANDOM.normal(0, 0.5, N), z=RANDOM.normal(0, 1, N))


def chosen(table=MODELLED, **options):
    return welfare_model(design(table), "y", ["x", "z"], LINE, **{"kinds": ("wls",)} | options)


@pytest.mark.parametrize(
    "call",
    [
        lambda: EstimateSettings(share_interval="wald"),
        lambda: EstimateSettings(degrees="area"),
        lambda: estimate_quantile(design(), "y", method="Woodruff"),
        lambda: estimate_quantile(design(), "y", rule="hf7"),
        lambda: share_interval(design(TABLE.assign(poor=TABLE["y"] < LINE)), "poor", "wald"),
        lambda: given_replicates(design(), np.ones((N, 2)), 1.0, around="median"),
        lambda: fay_herriot(DIRECT, PSI, SMALL, method="REML"),
        lambda: fay_herriot(DIRECT, PSI, SMALL, transformation="sqrt"),
        lambda: benchmark(DIRECT, np.full(6, 1 / 6), 0.2, "Ratio"),
        lambda: chosen(kinds=["ols"]),
        lambda: chosen(always=["X"]),
    ],
)
def test_a_name_that_is_not_known_does_not_end_in_another_method(call):
    with pytest.raises(EstimationError, match="unknown"):
        call()


ONE_FOR_ITSELF = {
    "alpha": (lambda given: estimate_fgt(design(), "y", LINE, given, "area"), 1, (1,)),
    "alpha of contributions": (lambda given: estimate_fgt_contributions(design(), "y", LINE, "area", given), 1, (1,)),
    "alphas in an array": (lambda given: estimate_fgt(design(), "y", LINE, given), np.arange(3), (0, 1, 2)),
    "quantiles": (lambda given: estimate_quantile(design(), "y", given, "area"), 0.5, (0.5,)),
    "quantiles in an array": (lambda given: estimate_quantile(design(), "y", given), np.array([0.2, 0.8]), (0.2, 0.8)),
    "measures": (lambda given: estimate_inequality(design(), "y", given), "gini", ("gini",)),
    "indicators": (lambda given: small_area(indicators=given), "fgt0", ("fgt0",)),
    "covariates": (lambda given: small_area(covariates=given), "size", ("size",)),
}


def small_area(**options):
    world = kabupaten(1, areas=4, families=30)
    return empirical_best(
        world.survey,
        world.registry,
        welfare="welfare",
        area="kecamatan",
        line=LINE,
        method="census_eb",
        **{"covariates": ["size"]} | options,
    ).estimates


@pytest.mark.parametrize("door", ONE_FOR_ITSELF)
def test_one_name_or_number_stands_for_itself(door):
    call, one, several = ONE_FOR_ITSELF[door]
    pd.testing.assert_frame_equal(call(one), call(several))


@pytest.mark.parametrize(
    "call",
    [
        lambda: estimate_fgt(design(), "y", LINE, by=["area", "h"]),
        lambda: estimate_mean(design(), TABLE["y"]),
        lambda: SurveyDesign(TABLE, TABLE["w"], "h", "k"),
        lambda: SurveyDesign(TABLE, TABLE["w"].to_numpy(), "h", "k"),
        lambda: SurveyDesign(TABLE, "w", "h", ["h", "k"]),
    ],
    ids=["several areas", "a variable", "weights", "weights in an array", "several psus"],
)
def test_what_is_no_name_of_a_column_is_refused_with_what_to_do(call):
    with pytest.raises(EstimationError, match="given by its name, not by a"):
        call()


@pytest.mark.parametrize("inside", [np.ones(N), np.full(N, np.nan), np.array([True, None] * (N // 2), dtype=object)])
def test_a_subpopulation_is_given_in_booleans(inside):
    with pytest.raises(EstimationError, match="booleans"):
        design().where(inside)


def test_a_subpopulation_in_nullable_booleans_is_one_too():
    inside = TABLE["area"] == "1704010"
    found = estimate_mean(design().where(inside.astype("boolean")), "y")
    pd.testing.assert_frame_equal(found, estimate_mean(design().where(inside), "y"))


@pytest.mark.parametrize("order", [np.nan, np.inf, -1])
def test_orders_that_are_no_numbers_are_refused(order):
    with pytest.raises(EstimationError, match="alpha"):
        estimate_fgt(design(), "y", LINE, (order,))


@pytest.mark.parametrize(
    "options", [{"measures": ["atkinson"], "epsilon": np.nan}, {"measures": ["watts"], "line": np.inf}]
)
def test_parameters_of_inequality_that_are_no_numbers_are_refused(options):
    with pytest.raises(EstimationError):
        estimate_inequality(design(), "y", **options)


@pytest.mark.parametrize(
    "call",
    [lambda: rake(design(), {}), lambda: calibrate(design(), {}), lambda: calibrate(design(), {"y": np.nan})],
)
def test_calibration_to_nothing_is_refused(call):
    with pytest.raises(EstimationError, match="at least one"):
        call()


@pytest.mark.parametrize(
    "factors",
    [{"scale": 0.0}, {"scale": np.nan}, {"scale": 1.0, "rscales": [1.0]}, {"scale": 1.0, "rscales": [1.0, -1.0]}],
)
def test_factors_of_replicates_that_cannot_be_are_refused(factors):
    with pytest.raises(EstimationError, match="scale"):
        given_replicates(design(), np.ones((N, 2)), **factors)


# --- area level ---


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"direct": DIRECT.replace(0.5, np.inf)}, "infinite"),
        ({"variance": PSI.replace(0.03, np.inf)}, r"finite; it is not in area\(s\) \[3\]"),
        ({"variance": PSI.replace(0.03, 0.0)}, r"positive and finite; it is not in area\(s\) \[3\]"),
        ({"variance": PSI.replace(0.03, np.nan)}, r"it is not in area\(s\) \[3\]"),
        ({"covariates": SMALL.replace(5.0, np.inf)}, "known for every area"),
        ({"covariates": np.arange(6.0)}, "matrix"),
        ({"covariates": SMALL.assign(two=2.0)}, "dependent"),
        ({"areas": ["a"] * 6}, "twice"),
        ({"direct": DIRECT.head(1), "variance": PSI.head(1), "covariates": SMALL.head(1)}, "cannot carry"),
        ({"sigma2_u": -1.0}, "variance"),
        ({"sigma2_u": np.nan}, "variance"),
    ],
)
def test_areas_that_cannot_be_modelled_are_refused(changed, words):
    with pytest.raises(EstimationError, match=words):
        fay_herriot(**{"direct": DIRECT, "variance": PSI, "covariates": SMALL} | changed)


@pytest.mark.parametrize("name", ["direct", "variance", "covariates"])
def test_areas_in_different_orders_are_refused(name):
    given = {"direct": DIRECT, "variance": PSI, "covariates": SMALL}
    with pytest.raises(EstimationError, match="different orders"):
        fay_herriot(**given | {name: given[name].iloc[::-1]})


def test_areas_all_in_one_other_order_are_taken_in_it():
    back = fay_herriot(DIRECT.iloc[::-1], PSI.iloc[::-1], SMALL.iloc[::-1], DIRECT.index[::-1]).estimates
    found = back.set_index("area")["estimate"].sort_index().to_numpy()
    np.testing.assert_allclose(found, fay_herriot(DIRECT, PSI, SMALL).estimates["estimate"], rtol=1e-9)


def test_areas_without_sample_need_no_variance():
    direct = pd.Series([0.1, 0.3, np.nan, 0.4, 0.3, 0.5])
    result = fay_herriot(direct, PSI.where(direct.notna()), SMALL)
    row = result.estimates.iloc[2]
    synthetic = SMALL.iloc[2].to_numpy() @ result.coefficients["value"].to_numpy()
    assert (row["in_sample"], row["gamma"]) == (False, 0.0) and row["estimate"] == pytest.approx(synthetic)


def test_areas_that_do_not_differ_are_their_regression():
    X = SMALL.to_numpy()
    result = fay_herriot(X @ [0.1, 0.05], PSI, SMALL)
    assert result.sigma2_u == 0 and (result.estimates["gamma"] == 0).all()
    np.testing.assert_allclose(result.estimates["estimate"], X @ [0.1, 0.05], rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("far", [0.0, 1e6])
def test_unit_and_origin_of_a_covariate_of_areas_change_nothing(scale, far):
    own = fay_herriot(DIRECT, PSI, SMALL)
    moved = fay_herriot(DIRECT, PSI, SMALL.assign(x=(SMALL["x"] + far) * scale))
    np.testing.assert_allclose(moved.estimates[["estimate", "mse"]], own.estimates[["estimate", "mse"]], rtol=1e-7)
    np.testing.assert_allclose(moved.coefficients["se"][1] * scale, own.coefficients["se"][1], rtol=1e-7)
    assert moved.log_likelihood + np.log(scale) == pytest.approx(own.log_likelihood, abs=1e-6)


def test_areas_without_psus_have_no_variance_to_smooth():
    n = pd.Series([0.0, np.nan, 3.0, 6.0])
    smooth = smooth_variances(pd.Series([np.nan, np.nan, 0.02, 0.01]), n, pd.Series(0.2, n.index))
    assert smooth.isna().tolist() == [True, True, False, False]


# --- benchmark ---

SHARES = pd.Series([0.1, 0.1, 0.2, 0.2, 0.2, 0.2])


@pytest.mark.parametrize("method", ["ratio", "raking", "difference", "mse_adjusted"])
def test_a_benchmark_meets_its_target_by_every_method(method):
    assert SHARES @ benchmark(DIRECT, SHARES, 0.25, method, PSI) == pytest.approx(0.25, rel=1e-12)


@pytest.mark.parametrize("method", ["ratio", "raking", "mse_adjusted"])
def test_draws_are_benchmarked_one_by_one(method):
    draws = np.random.default_rng(1).uniform(0.1, 0.5, (6, 4))
    found = benchmark(draws, SHARES, 0.25, method, PSI)
    each = [benchmark(column, SHARES, 0.25, method, PSI) for column in draws.T]
    np.testing.assert_allclose(found, np.column_stack(each), rtol=1e-12)


@pytest.mark.parametrize(
    "changed",
    [
        {"estimates": DIRECT.replace(0.5, np.nan)},
        {"target": np.nan},
        {"shares": SHARES * 100},
        {"shares": SHARES.replace(0.1, np.nan)},
        {"shares": pd.Series([-0.1, 0.3, 0.2, 0.2, 0.2, 0.2])},
        {"shares": SHARES.iloc[::-1]},
        {"method": "mse_adjusted"},
        {"method": "mse_adjusted", "mse": PSI.replace(0.03, np.nan)},
        {"method": "mse_adjusted", "mse": PSI * 0},
        {"estimates": DIRECT * 0},
    ],
)
def test_what_cannot_be_benchmarked_is_refused(changed):
    with pytest.raises(EstimationError):
        benchmark(**{"estimates": DIRECT, "shares": SHARES, "target": 0.25} | changed)


# --- welfare model and comparability ---


def test_psus_are_left_out_within_their_strata():
    own_labels = MODELLED.assign(k=MODELLED["h"] * 10 + MODELLED["k"])  # three labels in sixty strata are 180 PSUs
    np.testing.assert_array_equal(chosen().predictions, chosen(own_labels).predictions)


@pytest.mark.parametrize("welfare", [0.0, -1.0, np.nan, np.inf])
def test_a_welfare_model_needs_positive_welfare(welfare):
    with pytest.raises(EstimationError, match="1 households have no 'y' above zero"):
        chosen(MODELLED.assign(y=MODELLED["y"].where(MODELLED.index > 0, welfare)))


def test_one_psu_cannot_be_left_out():
    one = SurveyDesign(MODELLED.assign(k=1), "w", psu="k", single_psu="certainty")
    with pytest.raises(EstimationError, match="single PSU"):
        welfare_model(one, "y", ["x"], LINE, kinds=("wls",))


@pytest.mark.parametrize("folds", [1, 0, -3])
def test_a_single_fold_cannot_be_left_out(folds):
    with pytest.raises(EstimationError, match="folds must be 2 or more"):
        chosen(folds=folds)


def test_a_welfare_model_compares_at_least_one_candidate():
    with pytest.raises(EstimationError, match="at least one kind"):
        chosen(kinds=())


def test_one_kind_of_candidate_may_be_named_alone():
    pd.testing.assert_frame_equal(chosen(kinds="wls").comparison, chosen(kinds=("wls",)).comparison)


def test_what_is_missing_is_left_out_of_the_comparison_on_both_sides():
    survey = pd.DataFrame({"w": [1.0, 1.0, 2.0, 9.0], "n": [1.0, 2.0, 3.0, np.nan], "c": ["a", "b", "b", None]})
    registry = pd.DataFrame({"n": [1.0, 2.0, 3.0, 3.0, np.nan], "c": ["a", "b", "b", "b", None]})
    found = comparability(survey, registry, ["n", "c"], "w")
    np.testing.assert_allclose(found["difference"], 0.0, atol=1e-12)


@pytest.mark.parametrize(("theirs", "comparable"), [(2.0, True), (2.1, False)])
def test_a_covariate_that_does_not_vary_is_comparable_only_where_it_is_the_same(theirs, comparable):
    survey, registry = pd.DataFrame({"w": [1.0, 1.0], "n": 2.0}), pd.DataFrame({"n": [theirs, theirs]})
    assert bool(comparability(survey, registry, ["n"], "w")["comparable"].item()) is comparable
