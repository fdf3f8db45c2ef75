"""Nested-error fits and empirical best predictions against R's sae, nlme (through emdi) and hbsae."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.nested_error import NestedError, Sums, fit_sums, sums_by
from tests.shared import shared_path

FORMULA = (
    *("gender", "eqsize", "cash", "self_empl", "unempl_ben", "age_ben", "surv_ben", "sick_ben", "dis_ben", "rent"),
    *("fam_allow", "house_allow", "cap_inv", "tax_adj"),
)


def known_rows(file, transformation):
    table = pd.read_csv(shared_path(file))
    return table[table["transformation"] == transformation]


@pytest.fixture(scope="module")
def corn():
    table = pd.read_csv(shared_path("reference/data/sae_cornsoybean.csv"))
    means = pd.read_csv(shared_path("reference/data/sae_cornsoybeanmeans.csv"))
    return table, means


def fitted(y: np.ndarray, X: np.ndarray, areas: np.ndarray, number: int, kind: str) -> NestedError:
    return fit_sums(Sums.of(X, areas, number), X.T @ y, sums_by(areas, y, number), float(y @ y), kind)


def _corn(corn, crop, kind, dropped):
    table, _ = corn
    rows = table.drop(index=32) if dropped else table
    X = np.column_stack([np.ones(len(rows)), rows["CornPix"], rows["SoyBeansPix"]])
    areas = rows["County"].to_numpy() - 1
    return fitted(rows[crop].to_numpy(float), X, areas, 12, kind.lower())


CASES = [
    (crop, kind, dropped) for crop in ("CornHec", "SoyBeansHec") for kind in ("REML", "ML") for dropped in (False, True)
]


@pytest.mark.parametrize(("crop", "kind", "dropped"), CASES)
def test_variances_and_coefficients_of_the_crops(corn, crop, kind, dropped):
    known = pd.read_csv(shared_path("reference/out/sae_bhf_cornsoybean_fit.csv")).query(
        "y == @crop and method == @kind and dropped_obs33 == @dropped"
    )
    if known.empty:
        pytest.skip("no reference run of this case")
    fit = _corn(corn, crop, kind, dropped)
    np.testing.assert_allclose([fit.sigma2_u, fit.sigma2_e], known[["refvar", "errorvar"]].iloc[0], rtol=1e-6)
    np.testing.assert_allclose(fit.beta, known["beta"], rtol=1e-6)


@pytest.mark.parametrize(("crop", "kind", "dropped"), CASES)
def test_log_likelihood_of_the_crops(corn, crop, kind, dropped):
    known = pd.read_csv(shared_path("reference/out/sae_bhf_cornsoybean_fit.csv")).query(
        "y == @crop and method == @kind and dropped_obs33 == @dropped"
    )
    if known.empty:
        pytest.skip("no reference run of this case")
    assert _corn(corn, crop, kind, dropped).log_likelihood == pytest.approx(known["loglike"].iloc[0], rel=1e-8)


@pytest.mark.parametrize(("crop", "kind", "dropped"), CASES)
def test_predicted_means_of_the_counties(corn, crop, kind, dropped):
    known = pd.read_csv(shared_path("reference/out/sae_bhf_cornsoybean_eblup.csv")).query(
        "y == @crop and method == @kind and dropped_obs33 == @dropped"
    )
    if known.empty:
        pytest.skip("no reference run of this case")
    table, means = corn
    rows = table.drop(index=32) if dropped else table
    fit = _corn(corn, crop, kind, dropped)
    population = means.set_index("CountyIndex")
    X = np.column_stack([np.ones(12), population["MeanCornPixPerSeg"], population["MeanSoyBeansPixPerSeg"]])
    sample = rows.groupby("County")
    n, N = sample.size().to_numpy(), population["PopnSegments"].to_numpy()
    own = np.column_stack([np.ones(12), sample["CornPix"].mean(), sample["SoyBeansPix"].mean()])
    rest = (N[:, None] * X - n[:, None] * own) / (N - n)[:, None]
    predicted = (n * sample[crop].mean() + (N - n) * (rest @ fit.beta + fit.effects)) / N
    np.testing.assert_allclose(predicted, known["eblup"], rtol=1e-6)


@pytest.fixture(scope="module")
def austria():
    sample = pd.read_csv(shared_path("reference/data/emdi_eusilcA_smp.csv"))
    census = pd.read_csv(shared_path("reference/data/emdi_eusilcA_pop.csv"))
    return sample, census


@pytest.fixture(scope="module", params=["no", "log"])
def prediction(request, austria):
    sample, census = austria
    line = 0.6 * np.median(sample["eqIncome"])
    transformation = {"no": "none", "log": "log"}[request.param]
    return request.param, empirical_best(
        sample, census, "eqIncome", FORMULA, "district", line, transformation, method="census_eb"
    )


def test_fit_of_austrian_incomes(prediction):
    name, result = prediction
    known = known_rows("reference/out/emdi_ebp_fit.csv", name)
    fit = result.model.fit
    np.testing.assert_allclose([fit.sigma2_u, fit.sigma2_e], known[["sigma2_u", "sigma2_e"]].iloc[0], rtol=1e-6)
    terms = known["term"].replace({"(Intercept)": "constant", "genderfemale": "gender: female"})
    found = result.model.coefficients.set_index("term").loc[terms]
    np.testing.assert_allclose(found["value"], known["beta"], rtol=1e-6)
    np.testing.assert_allclose(found["se"], known["se"], rtol=1e-6)


def test_restricted_likelihood_of_austrian_incomes(prediction):
    name, result = prediction
    known = known_rows("reference/out/emdi_ebp_fit.csv", name)["logLik_REML"].iloc[0]
    # standardising covariates adds the logarithms of their deviations to a restricted likelihood
    deviations = sum(np.log(deviation) for _, _, deviation in result.model.encoding.numbers)
    assert result.model.fit.log_likelihood - deviations == pytest.approx(known, rel=1e-9)


def test_effects_of_austrian_districts(prediction):
    name, result = prediction
    known = known_rows("reference/out/emdi_ebp_random_effects.csv", name)
    found = result.model.areas.set_index("area").loc[known["Domain"], "effect"]
    np.testing.assert_allclose(found, known["u"], rtol=1e-6, atol=1e-7 * np.abs(known["u"]).max())


@pytest.mark.parametrize(("indicator", "column"), [("fgt0", "P0_exact"), ("fgt1", "P1_exact"), ("fgt2", "P2_exact")])
def test_expected_poverty_of_austrian_districts(prediction, indicator, column):
    name, result = prediction
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", name)
    table = result.estimates.query("indicator == @indicator").set_index("area")["value"]
    np.testing.assert_allclose(table.loc[known["Domain"]], known[column], rtol=1e-6)


def test_expected_incomes_of_austrian_districts(austria, prediction):
    name, result = prediction
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", name).set_index("Domain")["Mean_exact"]
    found = result.families()["expected_welfare"].groupby(austria[1]["district"].to_numpy()).mean()
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-6)


def transformed(austria, transformation, **given):
    sample, census = austria
    line = 0.6 * np.median(sample["eqIncome"])
    return empirical_best(
        sample, census, "eqIncome", FORMULA, "district", line, transformation, method="census_eb", **given
    )


@pytest.fixture(scope="module")
def shifted(austria):
    return transformed(austria, "log_shift")


@pytest.fixture(scope="module")
def powered(austria):
    return transformed(austria, "box_cox")


def test_the_shift_of_the_log_is_found(shifted):
    known = known_rows("reference/out/emdi_ebp_fit.csv", "log.shift")
    assert shifted.model.scale.shift == pytest.approx(known["lambda"].iloc[0], rel=2e-4)
    found = [shifted.model.fit.sigma2_u, shifted.model.fit.sigma2_e]
    np.testing.assert_allclose(found, known[["sigma2_u", "sigma2_e"]].iloc[0], rtol=2e-4)
    np.testing.assert_allclose(shifted.model.coefficients["value"].iloc[1], known["beta"].iloc[2], rtol=2e-4)


@pytest.mark.parametrize(("indicator", "column"), [("fgt0", "P0_exact"), ("fgt1", "P1_exact"), ("fgt2", "P2_exact")])
def test_expected_poverty_under_a_shifted_log(shifted, indicator, column):
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", "log.shift").set_index("Domain")[column]
    found = shifted.estimates.query("indicator == @indicator").set_index("area")["value"]
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-6)


def test_expected_incomes_under_a_shifted_log(austria, shifted):
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", "log.shift").set_index("Domain")["Mean_exact"]
    found = shifted.families()["expected_welfare"].groupby(austria[1]["district"].to_numpy()).mean()
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-6)


def test_the_power_of_box_and_cox_is_found(powered):
    known = known_rows("reference/out/emdi_ebp_fit.csv", "box.cox")
    scale, fit = powered.model.scale, powered.model.fit
    assert scale.power == pytest.approx(known["lambda"].iloc[0], rel=2e-4)
    found = np.array([fit.sigma2_u, fit.sigma2_e]) * scale.unit ** (2 * known["lambda"].iloc[0])
    np.testing.assert_allclose(found, known[["sigma2_u", "sigma2_e"]].iloc[0], rtol=2e-4)


def test_variances_at_the_power_where_emdi_stopped(austria):
    known = known_rows("reference/out/emdi_ebp_fit.csv", "box.cox")
    stopped = float(known["lambda"].iloc[0])
    sample, census = austria
    model = transformed((sample, census.drop_duplicates("district")), "box_cox", power=stopped).model
    found = np.array([model.fit.sigma2_u, model.fit.sigma2_e]) * model.scale.unit ** (2 * stopped)
    np.testing.assert_allclose(found, known[["sigma2_u", "sigma2_e"]].iloc[0], rtol=1e-9)


@pytest.mark.parametrize("indicator", ["fgt0", "fgt1", "fgt2"])
def test_expected_poverty_under_box_and_cox(powered, indicator):
    # the reference's own 4 000-point rule is good to 4e-5
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", "box.cox").set_index("Domain")
    found = powered.estimates.query("indicator == @indicator").set_index("area")["value"]
    np.testing.assert_allclose(found.loc[known.index], known[f"P{indicator[3]}_quad"], rtol=0, atol=4e-5)


def test_expected_incomes_under_box_and_cox(austria, powered):
    known = known_rows("reference/out/emdi_ebp_exact_expectations.csv", "box.cox").set_index("Domain")["Mean_quad"]
    found = powered.families()["expected_welfare"].groupby(austria[1]["district"].to_numpy()).mean()
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-4)


def test_bootstrap_errors_of_sampled_austrian_districts_agree_within_monte_carlo(austria):
    sample, census = austria
    line = 0.6 * np.median(sample["eqIncome"])
    result = empirical_best(
        sample, census, "eqIncome", FORMULA, "district", line, method="census_eb", mse_replicates=200, seed=5
    )
    known = pd.read_csv(shared_path("reference/out/emdi_ebp_mse_L50_B100_seed123.csv")).query(
        "transformation == 'log' and n > 0"
    )
    mse = result.estimates.query("indicator == 'fgt0'").set_index("area").loc[known["Domain"], "mse"].to_numpy()
    ratio = mse / known["MSE_Head_Count"].to_numpy()
    # emdi's own L = 50 draws add Monte-Carlo noise of about P0(1 - P0)/(50 N) to each, hence a little above ours
    assert 0.85 < np.median(ratio) < 1.05
    assert 0.9 < np.exp(np.mean(np.log(ratio))) / np.median(ratio) < 1.1


@pytest.mark.parametrize(("indicator", "column"), [("fgt0", "P0"), ("fgt1", "P1"), ("fgt2", "P2")])
def test_empirical_best_of_spanish_provinces_keeps_families_of_the_sample(indicator, column):
    sample = (
        pd.read_csv(shared_path("reference/data/sae_incomedata.csv")).rename(columns={"prov": "domain"}).assign(n=1.0)
    )
    outside = pd.read_csv(shared_path("reference/data/sae_Xoutsamp_counts.csv"))
    known = pd.read_csv(shared_path("reference/out/sae_ebBHF_incomedata_exact_closed_form.csv")).set_index("domain")
    covariates = [name for name in outside.columns if name not in ("domain", "n")]
    result = empirical_best(sample, outside, "income", covariates, "domain", 6477.484, census_weights="n", shift=3600)
    found = result.estimates.query("indicator == @indicator").set_index("area")["value"]
    np.testing.assert_allclose(found.loc[known.index], known[column], rtol=1e-6)


def test_fit_of_spanish_incomes():
    sample = pd.read_csv(shared_path("reference/data/sae_incomedata.csv")).rename(columns={"prov": "domain"})
    outside = pd.read_csv(shared_path("reference/data/sae_Xoutsamp_counts.csv"))
    known = pd.read_csv(shared_path("reference/out/sae_ebBHF_incomedata_fit.csv")).set_index("term")
    covariates = [name for name in outside.columns if name not in ("domain", "n")]
    model = empirical_best(sample, outside, "income", covariates, "domain", 6477.484, shift=3600).model
    found = model.coefficients.set_index("term")["value"].rename({"constant": known.index[0]})
    np.testing.assert_allclose(found.to_numpy(), known["beta"], rtol=1e-6)
    np.testing.assert_allclose(
        [model.fit.sigma2_u, model.fit.sigma2_e], known[["refvar", "errorvar"]].iloc[0], rtol=1e-6
    )
    deviations = sum(np.log(deviation) for _, _, deviation in model.encoding.numbers)
    assert model.fit.log_likelihood - deviations == pytest.approx(known["loglike"].iloc[0], rel=1e-8)
    areas = model.areas.set_index("area")
    effects = pd.read_csv(shared_path("reference/out/sae_ebBHF_incomedata_random.csv")).set_index("domain")["random"]
    np.testing.assert_allclose(areas.loc[effects.index, "effect"], effects, rtol=1e-6, atol=1e-9)
    exact = pd.read_csv(shared_path("reference/out/sae_ebBHF_incomedata_exact_closed_form.csv")).set_index("domain")
    np.testing.assert_allclose(areas.loc[exact.index, ["effect", "gamma"]], exact[["u", "gamma"]], rtol=1e-6)


def test_maximum_likelihood_of_the_landsat_counties():
    table = pd.read_csv(shared_path("reference/data/rsae_landsat.csv"))
    table = table[~table["outlier"].astype(bool)]
    known = pd.read_csv(shared_path("reference/out/rsae_landsat_fit.csv")).query("method == 'ml'")
    known = known.set_index("term")["value"]
    X = np.column_stack([np.ones(len(table)), table["PixelsCorn"], table["PixelsSoybeans"]])
    areas, labels = pd.factorize(table["CountyName"])
    fit = fitted(table["HACorn"].to_numpy(float), X, areas, len(labels), "ml")
    np.testing.assert_allclose(fit.beta, known[["(Intercept)", "PixelsCorn", "PixelsSoybeans"]], rtol=1e-5)
    np.testing.assert_allclose([fit.sigma2_u, fit.sigma2_e], known[["AreaVar", "ResidualVar"]], rtol=1e-5)


def test_restricted_likelihood_predictions_of_hbsae(corn):
    known = pd.read_csv(shared_path("reference/out/hbsae_corn_unit_drop33.csv"))["REML"]
    table, means = corn
    rows, population = table.drop(index=32), means.set_index("CountyIndex")
    fit = _corn(corn, "CornHec", "REML", True)
    sample = rows.groupby("County")
    n, N = sample.size().to_numpy(), population["PopnSegments"].to_numpy()
    whole = np.column_stack([np.ones(12), population["MeanCornPixPerSeg"], population["MeanSoyBeansPixPerSeg"]])
    own = np.column_stack([np.ones(12), sample[["CornPix", "SoyBeansPix"]].mean()])
    rest = (N[:, None] * whole - n[:, None] * own) / (N - n)[:, None]
    predicted = (n * sample["CornHec"].mean() + (N - n) * (rest @ fit.beta + fit.effects)) / N
    np.testing.assert_allclose(predicted, known, rtol=1e-5)
