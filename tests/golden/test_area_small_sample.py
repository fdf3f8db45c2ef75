"""Small areas with nothing beside the checkout: invented areas worked with 40 digits and full covariance matrices."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import empirical_best, fay_herriot

DATA = Path(__file__).parent / "data"
OPTIONS = {"log": {}, "log_shift": {"transformation": "log", "shift": 150_000.0},
           "box_cox": {"transformation": "box_cox", "power": 0.4}}  # fmt: skip
INDICATORS = ["fgt0", "fgt1", "fgt2"]


def expected(level: str, model: str) -> pd.DataFrame:
    table = pd.read_csv(DATA / f"areas_small_{level}_expected.csv", dtype={"area": str}, keep_default_na=False)
    rows = table[table["model"] == model].astype({"value": float})
    assert len(rows), f"no expected numbers of {model}"
    return rows.set_index(["quantity", "area"])["value"]


@cache
def areas(method):
    table = pd.read_csv(DATA / "areas_small_direct.csv")
    X = pd.DataFrame({"constant": 1.0, "x": table["x"]})
    return fay_herriot(table["direct"], table["variance"], X, table["area"], method)


@pytest.mark.parametrize("method", ["reml", "ml", "fh"])
def test_variance_and_coefficients_between_areas(method):
    known, found = expected("area_level", method), areas(method)
    assert found.sigma2_u == pytest.approx(known[("sigma2_u", "")], rel=1e-8)
    value = found.coefficients.set_index("term")["value"]
    np.testing.assert_allclose(value, [known[(term, "")] for term in value.index], rtol=1e-9)


@pytest.mark.parametrize("method", ["reml", "ml", "fh"])
@pytest.mark.parametrize("quantity", ["estimate", "mse"])
def test_areas_and_their_errors(method, quantity):
    found = areas(method).estimates.set_index("area")[quantity]
    np.testing.assert_allclose(found, expected("area_level", method)[quantity].loc[found.index], rtol=1e-8)


@cache
def families(model):
    sample, census = (pd.read_csv(DATA / f"areas_small_{name}.csv") for name in ("sample", "census"))
    return empirical_best(sample, census, "welfare", ["size"], "area", 400_000, method="census_eb", **OPTIONS[model])


@pytest.mark.parametrize("model", list(OPTIONS))
def test_variances_of_welfare(model):
    known, found = expected("unit_level", model), families(model).model
    # Box–Cox works on welfare over its geometric mean, which divides deviations by its power λ
    per_unit = found.scale.unit ** (2 * found.scale.power) if model == "box_cox" else 1.0
    variances = np.array([found.fit.sigma2_u, found.fit.sigma2_e]) * per_unit
    np.testing.assert_allclose(variances, [known[("sigma2_u", "")], known[("sigma2_e", "")]], rtol=1e-8)


@pytest.mark.parametrize("model", ["log", "log_shift"])
def test_coefficients_of_welfare(model):
    known, found = expected("unit_level", model), families(model).model.coefficients
    np.testing.assert_allclose(found["value"], [known[(term, "")] for term in found["term"]], rtol=1e-9)


@pytest.mark.parametrize("model", list(OPTIONS))
@pytest.mark.parametrize("indicator", INDICATORS)
def test_expected_poverty_of_areas(model, indicator):
    known = expected("unit_level", model)[indicator]
    found = families(model).estimates.query("indicator == @indicator").set_index("area")["value"]
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-8)


@pytest.mark.parametrize("model", list(OPTIONS))
def test_expected_welfare_of_areas(model):
    known = expected("unit_level", model)["mean"]
    census = pd.read_csv(DATA / "areas_small_census.csv")
    found = families(model).families()["expected_welfare"].groupby(census["area"]).mean()
    np.testing.assert_allclose(found.loc[known.index], known, rtol=1e-8)
