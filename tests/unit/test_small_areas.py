"""Empirical best prediction: what must be true of it whatever the data."""

from functools import partial
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import norm

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import empirical_best, unit_level
from kaur_analysis.poverty.encoding import Encoding
from kaur_analysis.poverty.grouping import Groups, grouped
from kaur_analysis.poverty.intervals import equal_tails
from kaur_analysis.poverty.nested_error import Posterior, Sums, fit_many, fit_sums, sums_by
from tests.small_areas import LINE, kabupaten

COVARIATES = ["size", "floor"]


def predict(world, survey=None, registry=None, **options):
    settings = {"method": "census_eb", "seed": 1} | options
    return empirical_best(
        world.survey if survey is None else survey,
        world.registry if registry is None else registry,
        "welfare",
        settings.pop("covariates", COVARIATES),
        "kecamatan",
        settings.pop("line", LINE),
        **settings,
    )


def headcounts(result):
    table = result.estimates
    return table[(table["indicator"] == "fgt0") & (table["area"] != "ALL")].set_index("area")["value"].sort_index()


@pytest.fixture(scope="module")
def world():
    return kabupaten(seed=3)


@pytest.fixture(scope="module")
def with_codes(world):
    return predict(world)


@pytest.fixture(scope="module")
def without_codes(world):
    return predict(world, survey=world.survey.drop(columns="kecamatan"), psu="psu")


def test_headcounts_follow_the_truth(world, with_codes):
    assert np.corrcoef(headcounts(with_codes), world.truth)[0, 1] > 0.9


def test_without_area_codes_nobody_has_an_effect(without_codes):
    assert (without_codes.model.areas["effect"] == 0).all() and without_codes.model.area_effects == "unconditional"


def test_area_codes_make_estimates_better(world, with_codes, without_codes):
    errors = [((headcounts(result) - world.truth) ** 2).mean() for result in (with_codes, without_codes)]
    assert errors[0] < errors[1]


def test_areas_are_the_mean_of_their_families(world, without_codes):
    chance = without_codes.families()["p"].groupby(world.registry["kecamatan"].to_numpy()).mean()
    pd.testing.assert_series_equal(headcounts(without_codes), chance, check_names=False, rtol=1e-10)


def test_draws_agree_with_the_estimates(world, without_codes):
    drawn = (without_codes.draws(500) < LINE).mean(axis=1)
    by_area = pd.Series(drawn).groupby(world.registry["kecamatan"].to_numpy()).mean()
    assert (by_area - headcounts(without_codes)).abs().max() < 0.02


def test_one_area_does_not_move_with_the_others_draws(world, without_codes):
    few = world.registry[world.registry["kecamatan"].isin(["K00", "K01"])]
    alone = predict(world, survey=world.survey.drop(columns="kecamatan"), registry=few, psu="psu")
    rows = (world.registry["kecamatan"] == "K00").to_numpy()
    np.testing.assert_array_equal(without_codes.draws(20)[rows], alone.draws(20)[: rows.sum()])


def test_benchmarking_meets_the_official_share(without_codes):
    table = without_codes.benchmarked(0.25).estimates
    assert table[(table["area"] == "ALL") & (table["indicator"] == "fgt0")]["value"].iloc[0] == pytest.approx(0.25)


def test_benchmarking_keeps_the_order_of_families(without_codes):
    before, after = (result.families()["p"].rank() for result in (without_codes, without_codes.benchmarked(0.25)))
    pd.testing.assert_series_equal(before, after)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_an_impossible_official_share_is_refused(without_codes, share):
    with pytest.raises(EstimationError):
        without_codes.benchmarked(share)


def everyone(result):
    table = result.estimates
    return table[(table["area"] == "ALL") & (table["indicator"] == "fgt0")].iloc[0]


def test_the_level_errs_as_its_official_figure_does(without_codes):
    row = everyone(without_codes.benchmarked(0.25, error=0.06))
    assert np.diff(logit([row["low"], row["high"]]))[0] / (2 * 1.96) == pytest.approx(0.06 / (0.25 * 0.75), rel=0.1)


def test_the_level_errs_as_much_where_the_survey_saw_a_part_of_the_families():
    seen = kabupaten(seed=3, families=60)  # 30 more per kecamatan were surveyed
    row = everyone(predict(seen, method="eb").benchmarked(0.5, error=0.06))
    assert (row["high"] - row["low"]) / (2 * 1.96) == pytest.approx(0.06, rel=0.1)


def test_an_official_figure_surer_than_the_model_leaves_intervals_as_they_are(without_codes):
    pd.testing.assert_frame_equal(
        without_codes.benchmarked(0.25, error=1e-6).estimates, without_codes.benchmarked(0.25).estimates
    )


def test_the_error_of_an_official_figure_moves_no_value(without_codes):
    sure, doubtful = (without_codes.benchmarked(0.25, error=error).estimates for error in (0, 0.06))
    pd.testing.assert_series_equal(sure["value"], doubtful["value"])


def test_most_of_a_large_official_error_comes_to_the_mse(without_codes):
    sure, doubtful = (everyone(without_codes.benchmarked(0.25, mse_replicates=20, error=error)) for error in (0, 0.06))
    assert 0.06**2 / 2 < doubtful["mse"] - sure["mse"] < 0.06**2


@pytest.mark.parametrize("error", [-0.01, np.nan, 1.0])
def test_an_impossible_error_of_an_official_figure_is_refused(without_codes, error):
    with pytest.raises(EstimationError, match="standard error"):
        without_codes.benchmarked(0.25, error=error)


def test_a_line_above_everyone_makes_everyone_poor(world):
    assert headcounts(predict(world, line=1e12)).to_numpy() == pytest.approx(1)


def test_several_lines_are_nested(world):
    chance = predict(world, line={"poor": LINE, "extreme": 0.7 * LINE}).families()
    assert (chance["p_extreme"] <= chance["p_poor"]).all()


def test_rare_levels_are_pooled(world):
    survey = world.survey.assign(floor=world.survey["floor"].where(world.survey.index != 0, "bambu"))
    assert not any("bambu" in term for term in predict(world, survey=survey, rare=5).model.coefficients["term"])


def test_a_level_the_survey_never_saw_is_refused(world):
    registry = world.registry.assign(floor=world.registry["floor"].where(world.registry.index != 0, "keramik"))
    with pytest.raises(EstimationError, match="keramik"):
        predict(world, registry=registry)


def test_a_level_the_survey_never_saw_can_count_as_the_usual_one(world):
    registry = world.registry.assign(floor=world.registry["floor"].where(world.registry.index != 0, "keramik"))
    assert np.isfinite(predict(world, registry=registry, unseen="reference").families()["p"]).all()


def first(column, value):
    """The column with another value in its first row."""
    return column.astype(object if value is None else float).where(column.index != 0, value)


def without_codes_and_one_psu(table):
    return table.drop(columns="kecamatan").assign(psu=first(table["psu"], None))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"survey": lambda table: table.assign(welfare=0.0)}, "zero or negative"),
        ({"survey": lambda table: table.assign(welfare=np.nan)}, "missing"),
        ({"survey": lambda table: table.assign(size=2.0)}, "size"),
        ({"survey": lambda table: table.assign(double=2 * table["size"])}, "double"),
        ({"survey": lambda table: table.assign(kecamatan="X9")}, "X9"),
        ({"survey": lambda table: table.head(3)}, "coefficients|dependent|constant"),
        ({"registry": lambda table: table.drop(columns="kecamatan")}, "kecamatan"),
        ({"registry": lambda table: table.drop(columns="size")}, "size"),
        ({"survey": lambda table: table.assign(welfare=np.inf)}, "missing or infinite"),
        ({"survey": lambda table: table.assign(kecamatan=first(table["kecamatan"], None))}, "'kecamatan' is missing"),
        ({"registry": lambda table: table.assign(kecamatan=first(table["kecamatan"], None))}, "missing in 1 rows"),
        ({"survey": without_codes_and_one_psu}, "'psu' is missing in 1 rows"),
        ({"registry": lambda table: table.assign(size=first(table["size"], np.inf))}, "infinite"),
        ({"registry": lambda table: table.assign(size=first(table["size"], np.nan))}, "infinite in 1 rows"),
    ],
)
def test_impossible_inputs_are_refused_by_name(world, change, words):
    options = {name: edit(getattr(world, name)) for name, edit in change.items()}
    if words == "double":
        options |= {"registry": world.registry.assign(double=1.0), "covariates": ["size", "double"]}
    with pytest.raises(EstimationError, match=words):
        predict(world, **options, psu="psu")


@pytest.mark.parametrize("line", [0.0, -1.0, np.nan, np.inf, {}, {"poor": LINE, "extreme": np.nan}])
def test_lines_that_are_no_lines_are_refused(world, line):
    with pytest.raises(EstimationError, match="line must be positive and finite"):
        predict(world, line=line)


@pytest.mark.parametrize("options", [{"method": "EB"}, {"unseen": "ignore"}])
def test_a_name_that_is_not_known_does_not_end_in_another_method(world, options):
    with pytest.raises(EstimationError, match="unknown"):
        predict(world, **options)


@pytest.mark.parametrize("column", ["census_weights", "survey_weights"])
@pytest.mark.parametrize("value", [np.nan, -1.0, np.inf])
def test_weights_that_would_spoil_their_area_are_refused(world, column, value):
    tables = [table.assign(people=first(table["size"], value)) for table in (world.survey, world.registry)]
    with pytest.raises(EstimationError, match="'people' must be zero or more"):
        predict(world, *tables, **{column: "people"})


@pytest.mark.parametrize("column", ["census_weights", "survey_weights"])
def test_an_area_without_any_weight_is_refused(world, column):
    tables = [table.assign(people=(table["kecamatan"] != "K03") * 1.0) for table in (world.survey, world.registry)]
    with pytest.raises(EstimationError, match="above zero in every area"):
        predict(world, *tables, **{column: "people"})


def test_families_of_weight_zero_count_for_nothing(world):
    weight = np.random.default_rng(1).integers(0, 2, len(world.registry)).astype(float)
    found = predict(world, registry=world.registry.assign(people=weight), census_weights="people")
    pd.testing.assert_series_equal(headcounts(found), headcounts(predict(world, registry=world.registry[weight > 0])))


@pytest.mark.parametrize("method", ["eb", "census_eb"])
@pytest.mark.parametrize("spelt", [{"K00": "K0"}, None])
def test_areas_spelt_otherwise_in_the_registry_are_refused(world, method, spelt):
    survey, registry = (table.assign(kecamatan=table["kecamatan"].str[1:].astype(int)) for table in
                        (world.survey, world.registry))  # fmt: skip
    if spelt:  # one area alone, whose number is a text in the survey
        survey = survey.assign(kecamatan=survey["kecamatan"].astype(object).where(survey["kecamatan"] != 0, "0"))
    else:
        survey = survey.assign(kecamatan="K" + survey["kecamatan"].astype(str))
    with pytest.raises(EstimationError, match="not in the census"):
        predict(world, survey, registry, method=method)


def test_an_area_whose_every_family_was_surveyed_keeps_what_was_seen(world):
    registry = world.registry[world.registry["kecamatan"] != "K00"]
    found = headcounts(predict(world, registry=registry, method="eb"))
    seen = world.survey[world.survey["kecamatan"] == "K00"]["welfare"]
    assert found["K00"] == pytest.approx((seen < LINE).mean()) and len(found) == 15


@pytest.mark.parametrize(("below", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_who_was_seen_exactly_on_the_line_is_not_poor(world, below, share):
    seen = world.survey["kecamatan"] == "K00"
    survey = world.survey.assign(welfare=world.survey["welfare"].where(~seen, LINE - below))
    registry = world.registry[world.registry["kecamatan"] != "K00"]
    assert headcounts(predict(world, survey, registry, method="eb"))["K00"] == share


def test_no_area_may_be_called_as_everyone_together(world):
    tables = [table.replace({"kecamatan": {"K00": "ALL"}}) for table in (world.survey, world.registry)]
    with pytest.raises(EstimationError, match="called 'ALL'"):
        predict(world, *tables)


def test_areas_without_a_survey_are_predicted_by_their_covariates_alone(world):
    result = predict(world, survey=world.survey[world.survey["kecamatan"] != "K00"])
    row = result.model.areas.set_index("area").loc["K00"]
    assert (row["n"], row["effect"], row["gamma"]) == (0, 0, 0) and np.isfinite(headcounts(result)["K00"])


def one_area(world):
    return [table[table["kecamatan"] == "K00"] for table in (world.survey, world.registry)]


def a_covariate_for_every_area(world):
    names = {f"K{code:02d}": code % 3 for code in range(15)}
    few = [table[table["kecamatan"].isin(["K00", "K01", "K02"])] for table in (world.survey, world.registry)]
    return [table.assign(zone=table["kecamatan"].map(names).astype(str)) for table in few]


@pytest.mark.parametrize(
    ("made", "covariates"), [(one_area, COVARIATES), (a_covariate_for_every_area, [*COVARIATES, "zone"])]
)
def test_areas_that_cannot_show_how_much_they_differ_are_refused(world, made, covariates):
    with pytest.raises(EstimationError, match="cannot show how much they differ"):
        predict(world, *made(world), covariates=covariates)


def test_psus_of_one_household_cannot_show_how_much_they_differ(world):
    survey = world.survey.drop(columns="kecamatan").assign(psu=range(len(world.survey)))
    with pytest.raises(EstimationError, match="none holds two households"):
        predict(world, survey=survey, psu="psu")


def test_a_single_area_can_be_predicted_from_its_psus(world):
    survey, registry = one_area(world)
    result = predict(world, survey.drop(columns="kecamatan"), registry, psu="psu", mse_replicates=20)
    assert 0 < headcounts(result)["K00"] < 1
    assert (result.estimates.query("indicator == 'fgt0'")["mse"] > 0).all()


def test_nobody_is_poor_below_a_shift_that_lies_above_the_line(world):
    survey = world.survey.assign(welfare=world.survey["welfare"] + 2 * LINE)
    assert (headcounts(predict(world, survey=survey, shift=-1.5 * LINE)) == 0).all()


@pytest.mark.parametrize("dtype", ["category", "string"])
def test_labels_of_areas_and_levels_may_have_any_type(world, with_codes, dtype):
    tables = [table.astype({"kecamatan": dtype, "floor": dtype}) for table in (world.survey, world.registry)]
    pd.testing.assert_series_equal(headcounts(predict(world, *tables)), headcounts(with_codes), check_index_type=False)


@pytest.mark.parametrize("dtype", ["int8", "Int64", "Float64"])
def test_numbers_may_have_any_type(world, with_codes, dtype):
    tables = [table.astype({"size": dtype}) for table in (world.survey, world.registry)]
    pd.testing.assert_series_equal(headcounts(predict(world, *tables)), headcounts(with_codes))


def test_labels_of_rows_do_not_matter(world, with_codes):
    tables = [table.set_index(pd.Index(np.arange(len(table)) % 7)) for table in (world.survey, world.registry)]
    pd.testing.assert_series_equal(headcounts(predict(world, *tables)), headcounts(with_codes))


# --- survey weights (You & Rao 2002) ---


def weighted(world):
    random = np.random.default_rng(5)
    return world.survey.assign(people=random.uniform(1, 9, len(world.survey)))


def test_equal_survey_weights_change_nothing(world, with_codes):
    found = predict(world, survey=world.survey.assign(people=3.0), survey_weights="people")
    np.testing.assert_allclose(headcounts(found), headcounts(with_codes), rtol=1e-9)
    np.testing.assert_allclose(found.model.coefficients["value"], with_codes.model.coefficients["value"], rtol=1e-8)


def test_the_scale_of_survey_weights_changes_nothing(world):
    survey = weighted(world)
    one, other = (
        predict(world, survey=survey.assign(people=survey["people"] * scale), survey_weights="people")
        for scale in (1.0, 1e4)
    )
    pd.testing.assert_frame_equal(one.estimates, other.estimates, rtol=1e-9)


def test_weighted_effects_and_coefficients_solve_their_equations(world):
    survey = weighted(world)
    result = predict(world, survey=survey, survey_weights="people")
    s2u, s2e = result.model.fit.sigma2_u, result.model.fit.sigma2_e
    beta = result.model.coefficients.set_index("term")["value"]
    X = np.column_stack([np.ones(len(survey)), survey["size"], survey["floor"] != survey["floor"].mode()[0]])
    residual = np.log(survey["welfare"].to_numpy()) - X @ beta.to_numpy()
    left = np.zeros(3)
    for area, rows in survey.groupby("kecamatan").indices.items():
        w = survey["people"].to_numpy()[rows]
        gamma = s2u / (s2u + s2e * (w**2).sum() / w.sum() ** 2)
        effect = gamma * w @ residual[rows] / w.sum()
        assert result.model.areas.set_index("area").loc[area, "effect"] == pytest.approx(effect, rel=1e-8)
        left += (w * (residual[rows] - effect)) @ X[rows]
    np.testing.assert_allclose(left, 0.0, atol=1e-7 * len(survey))


def test_survey_weights_without_area_codes_are_refused(world):
    survey = weighted(world).drop(columns="kecamatan")
    with pytest.raises(EstimationError, match="survey weights"):
        predict(world, survey=survey, psu="psu", survey_weights="people")


def test_a_survey_without_codes_must_name_its_psu(world):
    with pytest.raises(EstimationError, match="PSU"):
        predict(world, survey=world.survey.drop(columns=["kecamatan", "psu"]))


# --- the truth of bootstrap replicates ---


@pytest.mark.parametrize("transformation", ["log", "none"])
@pytest.mark.parametrize("apart", [0.1, 1.0, 6.0, 30.0])
def test_a_polynomial_in_the_effects_stands_for_the_values(world, transformation, apart):
    found = predict(world, transformation=transformation)
    model, census = found.model, found._census
    share = census.weight / census.total[census.area]
    groups = grouped(census.X, census.area, len(census.labels), share, model.fit.beta, model.fit.covariance)
    effects = np.random.default_rng(1).uniform(-1, 1, (len(census.labels), 400)) * apart * np.sqrt(model.fit.sigma2_e)
    told = unit_level._given_effects(model, groups, effects, {"": LINE}, (0, 1, 2))
    each = [unit_level._given_effects(model, groups, one, {"": LINE}, (0, 1, 2)) for one in np.split(effects, 40, 1)]
    # ten effects at a time are fewer than the points of any polynomial, so that these are the values themselves
    np.testing.assert_allclose(told, np.concatenate(each, axis=-1), rtol=1e-11, atol=2e-14 * (1 + apart) ** 2)


# --- the posterior of the variances ---


def likelihood(world, group="psu"):
    y = np.log(world.survey["welfare"].to_numpy())
    X = np.column_stack([np.ones(len(y)), world.survey["size"], world.survey["floor"] == "baik"])
    code, labels = pd.factorize(world.survey[group])
    return Sums.of(X, code, len(labels)), X.T @ y, sums_by(code, y, len(labels)), float(y @ y)


@pytest.fixture(scope="module")
def boundary():
    """A survey whose restricted likelihood is highest where PSUs do not differ at all."""
    worlds = (kabupaten(seed, sigma_u=0.0) for seed in range(50))
    return next(world for world in worlds if fit_sums(*likelihood(world)).sigma2_u < 1e-8)


def test_a_likelihood_highest_at_zero_is_no_certainty(boundary):
    assert Posterior.of(*likelihood(boundary)).fit().sigma2_u > 0


def test_draws_of_the_variance_spread_above_zero(boundary):
    _, between, _ = Posterior.of(*likelihood(boundary)).draw(500, np.random.default_rng(1))
    assert between.min() > 0 and np.quantile(between, 0.95) > 10 * np.quantile(between, 0.05)


def test_posterior_weights_are_a_distribution(world):
    weight = Posterior.of(*likelihood(world)).weight
    assert weight.sum() == pytest.approx(1) and (weight >= 0).all()


def test_much_data_put_the_posterior_on_the_truth():
    large = kabupaten(4, sigma_u=0.3, areas=150, families=60, psus_per_area=1, per_psu=30)
    fit = Posterior.of(*likelihood(large)).fit()
    assert np.sqrt(fit.sigma2_u) == pytest.approx(0.3, abs=0.05) and np.sqrt(fit.sigma2_e) == pytest.approx(
        0.45, abs=0.02
    )


def test_drawn_coefficients_have_the_errors_of_generalised_least_squares(world):
    posterior = Posterior.of(*likelihood(world))
    beta, _, _ = posterior.draw(4000, np.random.default_rng(2))
    np.testing.assert_allclose(beta.std(axis=0), np.sqrt(np.diag(posterior.fit().covariance)), rtol=0.1)


# --- simulation: does the truth lie inside ---


@pytest.mark.parametrize("sigma_u", [0.0, 0.1, 0.2])
def test_intervals_without_area_codes_hold_the_truth(sigma_u):
    inside = []
    for seed in range(30):
        drawn = kabupaten(100 + seed, sigma_u=sigma_u, families=150)
        result = predict(drawn, survey=drawn.survey.drop(columns="kecamatan"), psu="psu")
        table = result.estimates.query("indicator == 'fgt0' and area != 'ALL'").set_index("area").sort_index()
        inside.append(((table["low"] <= drawn.truth) & (drawn.truth <= table["high"])).mean())
    assert np.mean(inside) >= 0.93  # 450 intervals of nominal 95%: two standard errors below


@pytest.fixture(scope="module")
def undecided():
    """Worlds whose kecamatan differ a little, though the likelihood is highest where they do not."""
    found = []
    for seed in range(120):
        drawn = kabupaten(seed, sigma_u=0.05, psus_per_area=1, per_psu=30)
        areas = pd.factorize(drawn.survey["kecamatan"])[0]
        X = np.column_stack([np.ones(len(areas)), drawn.survey["size"], drawn.survey["floor"] == "baik"])
        y = np.log(drawn.survey["welfare"].to_numpy())
        if fit_sums(Sums.of(X, areas, 15), X.T @ y, sums_by(areas, y, 15), float(y @ y)).sigma2_u == 0:
            found.append(drawn)
    return found


def areas_of(result):
    return result.estimates.query("indicator == 'fgt0' and area != 'ALL'").set_index("area").sort_index()


def test_errors_hold_where_a_variance_that_is_not_zero_was_estimated_as_zero(undecided):
    tables = [areas_of(predict(drawn, mse_replicates=60)) for drawn in undecided]
    true = np.mean([(table["value"] - drawn.truth) ** 2 for table, drawn in zip(tables, undecided, strict=True)])
    stated = np.mean([table["mse"] for table in tables])
    assert len(undecided) >= 25
    assert 0.9 * true < stated < 1.6 * true  # samples made without any effects say about 0.6 of it


def test_errors_of_medians_are_not_those_of_areas_without_effects(undecided):
    def stated():
        return predict(undecided[0], indicators=["q50"], mse_replicates=30).estimates["mse"].iloc[:-1].mean()

    own = stated()
    with patch.object(unit_level, "_making", lambda model, survey: model):
        assert own > 1.2 * stated()


def test_intervals_of_weighted_effects_do_not_take_a_variance_of_zero_for_certain(undecided):
    def width(**options):
        table = areas_of(predict(undecided[0], **options))
        return (table["high"] - table["low"]).mean()

    survey = undecided[0].survey.assign(w=1.0)
    weighted = width(survey=survey, survey_weights="w")
    assert weighted == pytest.approx(width(), rel=0.25)
    with patch.object(unit_level, "_making", lambda model, survey: model):
        assert width(survey=survey, survey_weights="w") < 0.85 * weighted


def test_errors_are_right_in_areas_without_a_survey_too():
    squared, stated = [], []
    for seed in range(80):
        drawn = kabupaten(seed, sigma_u=0.2)
        table = areas_of(predict(drawn, survey=drawn.survey[drawn.survey["kecamatan"] >= "K05"], mse_replicates=60))
        unseen = table.index < "K05"
        squared.append(((table["value"] - drawn.truth) ** 2)[unseen].mean())
        stated.append(table["mse"][unseen].mean())
    error = np.std(squared) / np.mean(squared) / np.sqrt(80)
    assert error < 0.1 and np.mean(stated) / np.mean(squared) == pytest.approx(1, abs=2 * error)


def test_without_codes_shares_stay_whatever_the_variance_between_areas_and_their_spread_does_not(without_codes):
    table = without_codes.sensitivity((0.0, 1.0, 4.0)).set_index(["factor", "area"])
    for factor in (0.0, 1.0, 4.0):
        np.testing.assert_allclose(table.loc[factor, "value"].sort_index(), headcounts(without_codes), rtol=1e-7)
    none, own, four = (table.loc[factor, "spread"].mean() for factor in (0.0, 1.0, 4.0))
    assert none == pytest.approx(0, abs=1e-12) and four / own == pytest.approx(2, rel=0.1)


def test_the_spread_of_an_area_is_that_of_its_share_over_drawn_effects(without_codes):
    fit, census = without_codes.model.fit, without_codes._census
    drawn = np.sqrt(fit.sigma2_u) * np.random.default_rng(1).standard_normal(2_000)
    mean = (census.X @ fit.beta)[census.area == 0]
    shares = norm.cdf((np.log(LINE) - mean[:, None] - drawn) / np.sqrt(fit.sigma2_e)).mean(axis=0)
    table = without_codes.sensitivity((1.0,)).set_index("area")
    assert table.loc[census.labels[0], "spread"] == pytest.approx(shares.std(), rel=0.06)


def test_responses_fitted_together_are_fitted_as_each_alone():
    world, random = kabupaten(4), np.random.default_rng(2)
    X = np.column_stack([np.ones(len(world.survey)), world.survey["size"]])
    areas = pd.factorize(world.survey["kecamatan"])[0]
    own = Sums.of(X, areas, 15)
    made = random.normal(0, 1, (6, len(X))) + random.normal(0, 0.5, (6, 15))[:, areas]
    together = fit_many(
        own, made @ X, np.stack([sums_by(areas, y, 15) for y in made]), np.einsum("ri,ri->r", made, made)
    )
    for number, y in enumerate(made):
        alone = fit_sums(own, X.T @ y, sums_by(areas, y, 15), float(y @ y))
        assert together.sigma2_u[number] == pytest.approx(alone.sigma2_u, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(together.beta[number], alone.beta, rtol=1e-9)
        np.testing.assert_allclose(together.effects[number], alone.effects, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kind", ["reml", "ml"])
@pytest.mark.parametrize("sizes", [np.full(30, 6), np.arange(30), np.array([12, 12, 12, 5, 0, 3])], ids=str)
def test_fits_by_eigenvalues_are_those_by_inverses(sizes, kind):
    random = np.random.default_rng(len(sizes))
    number = len(sizes)
    area = np.repeat(np.arange(number), sizes)
    X = np.column_stack([np.ones(len(area)), random.standard_normal(number)[area], random.standard_normal(len(area))])
    effects = random.uniform(0, 0.4, (40, 1)) * random.standard_normal((40, number))
    y = 13 + X @ [0.0, 0.1, -0.2] + effects[:, area] + random.normal(0, 0.4, (40, len(area)))
    area_y = np.stack([sums_by(area, each, number) for each in y])
    made = (Sums.of(X, area, number), y @ X, area_y, (y**2).sum(axis=1), kind)
    by_eigenvalues = fit_many(*made)
    with patch.object(Sums, "decomposed", lambda *_: False):
        by_inverses = fit_many(*made)
    assert 0 < (by_inverses.sigma2_u == 0).sum() < 40
    np.testing.assert_array_equal(by_eigenvalues.sigma2_u == 0, by_inverses.sigma2_u == 0)
    np.testing.assert_allclose(by_eigenvalues.sigma2_u, by_inverses.sigma2_u, rtol=1e-8)
    np.testing.assert_allclose(by_eigenvalues.beta, by_inverses.beta, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(by_eigenvalues.effects, by_inverses.effects, rtol=1e-8, atol=1e-11)


def errors_and_limits(most: int | None) -> pd.DataFrame:
    """By groups as they are, or by so many of an area that none stands for two families."""
    if most is None:
        return predict(kabupaten(6), mse_replicates=60).estimates
    with (
        patch.object(unit_level, "grouped", partial(grouped, most=most)),
        patch.object(Groups, "fewer", lambda groups, *_: groups),
    ):
        return predict(kabupaten(6), mse_replicates=60).estimates


def test_grouping_families_moves_errors_by_less_than_their_monte_carlo():
    groups, families = errors_and_limits(None), errors_and_limits(10_000)
    np.testing.assert_allclose(groups["value"], families["value"], rtol=1e-12)
    np.testing.assert_allclose(groups["mse"], families["mse"], rtol=0.03)
    width = families["high"] - families["low"]
    assert (np.abs(groups["low"] - families["low"]) < 0.03 * width).all()
    assert (np.abs(groups["high"] - families["high"]) < 0.03 * width).all()


@pytest.mark.parametrize("most", [1, 3, 8])
def test_fewer_groups_are_those_of_the_families_themselves(most):
    random = np.random.default_rng(2)
    area = np.repeat([0, 2, 1], [48, 5, 96])
    X = np.column_stack([np.ones(len(area)), random.standard_normal((len(area), 2))])
    beta, covariance, share = np.array([1.0, 0.3, -0.2]), np.diag([0.01, 0.02, 0.03]), random.random(len(area))
    few = grouped(X, area, 4, share, beta, covariance, most=24).fewer(beta, covariance, most)
    once = grouped(X, area, 4, share, beta, covariance, most)
    for name in ("X", "area", "share", "squares", "known", "unknown", "ends"):
        np.testing.assert_allclose(getattr(few, name), getattr(once, name), rtol=1e-12, atol=1e-15, err_msg=name)


def test_a_survey_drawn_from_the_census_families_errs_less_than_one_drawn_from_elsewhere():
    world = kabupaten(6, families=60)
    mse = [predict(world, mse_replicates=60, among_census=among).estimates["mse"].mean() for among in (True, False)]
    assert mse[0] < 0.9 * mse[1]


def test_weights_of_a_survey_drawn_from_elsewhere_are_not_looked_at(world):
    registry = world.registry.assign(persons=world.registry["size"])
    without, missing = (
        predict(world, world.survey.assign(**own), registry, census_weights="persons").estimates
        for own in ({}, {"persons": np.nan})
    )
    pd.testing.assert_frame_equal(missing, without)


@pytest.mark.parametrize("options", [{"method": "eb"}, {"among_census": True}])
def test_weights_of_households_among_the_families_are_needed(world, options):
    registry = world.registry.assign(persons=world.registry["size"])
    with pytest.raises(EstimationError, match="persons"):
        predict(world, world.survey.assign(persons=np.nan), registry, census_weights="persons", **options)


@pytest.mark.parametrize("indicator", ["fgt0", "q50"])
def test_an_interval_leaves_out_as_many_draws_as_a_truth_among_them_would(world, indicator):
    with patch.object(unit_level, "equal_tails", wraps=equal_tails) as told:
        table = predict(world, indicators=[indicator]).estimates
    draws = told.call_args.args[0].reshape(len(table), -1)
    expected = np.quantile(draws, [0.025, 0.975], axis=1, method="weibull")
    np.testing.assert_allclose(table[["low", "high"]].to_numpy().T, expected, rtol=1e-12)


# --- random numbers of an area are its own ---

KINDS = {
    "with codes": {},
    "without codes": {"psu": "psu"},
    "linked": {"method": "eb"},
    "weighted": {"survey_weights": "w"},
    "median": {"indicators": ["q50"]},
}


def errors_of(world, kind, survey=None, registry=None):
    """Values, errors and intervals of the areas where three of them have no survey."""
    survey = world.survey if survey is None else survey
    survey = survey[survey["kecamatan"] >= "K03"].assign(w=survey["size"] + 1)
    survey = survey.drop(columns="kecamatan") if kind == "without codes" else survey
    table = predict(world, survey, registry, mse_replicates=30, **KINDS[kind]).estimates
    table = table[table["area"] != "ALL"].set_index(["area", "indicator"]).sort_index()
    return table[["value", "mse", "low", "high"]]


@pytest.mark.parametrize("kind", KINDS)
def test_an_area_that_leaves_the_census_moves_no_other(world, kind):
    left = errors_of(world, kind, registry=world.registry[world.registry["kecamatan"] != "K01"])
    pd.testing.assert_frame_equal(left, errors_of(world, kind).loc[left.index], rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_moves_no_area(world, kind):
    survey, registry = (table.sample(frac=1, random_state=8) for table in (world.survey, world.registry))
    registry = world.registry if kind == "median" else registry  # whose families are drawn one by one
    pd.testing.assert_frame_equal(errors_of(world, kind, survey, registry), errors_of(world, kind), rtol=1e-8)


def test_levels_as_frequent_as_each_other_are_in_no_order_of_the_rows():
    floors = pd.DataFrame({"floor": ["tanah", "tanah", "baik", "baik"]})
    assert Encoding.of(floors, ["floor"]) == Encoding.of(floors[::-1], ["floor"])


# --- influence ---


def without(world, label, fit, group):
    """Headcount of everyone with one group left out, at the fit's variances, by full covariance matrices."""
    rows = world.survey[world.survey[group] != label]
    X, census = (
        np.column_stack([np.ones(len(table)), table["size"], table["floor"] == "baik"])
        for table in (rows, world.registry)
    )
    y = np.log(rows["welfare"].to_numpy())
    same = (rows[group].to_numpy()[:, None] == rows[group].to_numpy()[None, :]).astype(float)
    precision = np.linalg.inv(fit.sigma2_u * same + fit.sigma2_e * np.eye(len(rows)))
    beta = np.linalg.solve(X.T @ precision @ X, X.T @ precision @ y)
    effect = np.zeros(len(census))
    variance = np.full(len(census), fit.sigma2_u + fit.sigma2_e)
    if group == "kecamatan":
        for area in rows[group].unique():
            own = (rows[group] == area).to_numpy()
            here = (world.registry[group] == area).to_numpy()
            effect[here] = fit.sigma2_u * (precision @ (y - X @ beta))[own].sum()
            variance[here] -= fit.sigma2_u**2 * precision[np.ix_(own, own)].sum()
    return norm.cdf((np.log(LINE) - census @ beta - effect) / np.sqrt(variance)).mean()


@pytest.mark.parametrize(("path", "group"), [("with_codes", "kecamatan"), ("without_codes", "psu")])
def test_influence_is_what_leaving_a_group_out_does(world, path, group, request):
    result = request.getfixturevalue(path)
    table = result.influence()
    whole = result.estimates.query("indicator == 'fgt0' and area == 'ALL'")["value"].item()
    for row in (table.iloc[0], table.iloc[-1]):
        left = without(world, row["group"], result.model.fit, group)
        assert row["shift"] == pytest.approx(left - whole, abs=1e-9)


def test_influence_lists_every_group_once_the_strongest_first(world, without_codes):
    table = without_codes.influence()
    assert sorted(table["group"]) == sorted(world.survey["psu"].unique()) and table["n"].sum() == len(world.survey)
    assert (table["shift"].abs().diff().dropna() <= 0).all()


def test_no_area_moves_more_than_the_one_that_is_named(with_codes):
    table = with_codes.influence()
    assert (table["largest"].abs() >= table["shift"].abs() - 1e-12).all()


def test_a_block_that_was_spoilt_is_the_most_influential(world):
    spoilt = world.survey.assign(welfare=world.survey["welfare"].where(world.survey["psu"] != "P007", lambda y: y * 6))
    result = predict(world, survey=spoilt.drop(columns="kecamatan"), psu="psu")
    assert result.influence()["group"].iloc[0] == "P007"


def test_influence_is_the_same_before_and_after_benchmarking(without_codes):
    pd.testing.assert_frame_equal(without_codes.influence(), without_codes.benchmarked(0.25).influence())
