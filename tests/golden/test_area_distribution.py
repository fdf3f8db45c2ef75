"""Gini, quantiles and shares of Austrian districts against R's emdi, which simulates them as we do."""

from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import empirical_best, unit_level
from kaur_analysis.poverty.simulated import measure
from tests.golden.test_area_units import FORMULA
from tests.shared import shared_path

COLUMNS = {
    "gini": "Gini",
    "quintile_share_ratio": "Quintile_Share",
    "q10": "Quantile_10",
    "q25": "Quantile_25",
    "q50": "Median",
    "q75": "Quantile_75",
    "q90": "Quantile_90",
}
DRAWS = 50  # of either side


def as_in_emdi(names, welfare, weight):
    """R's quantiles of type 7, and means of the fifths above and below them; the Gini coefficient is ours."""
    rows = {
        name: np.quantile(welfare, int(name[1:]) / 100, axis=0)
        for name in names
        if name.startswith("q") and name[1:].isdigit()
    }
    low, high = np.quantile(welfare, [0.2, 0.8], axis=0)
    top, bottom = welfare > high, welfare <= low
    rows["quintile_share_ratio"] = ((welfare * top).sum(0) / top.sum(0)) / ((welfare * bottom).sum(0) / bottom.sum(0))
    rows["gini"] = measure(["gini"], welfare, weight)[0]
    return np.array([rows[name] for name in names])


@pytest.fixture(scope="module", params=[("log", "log"), ("box_cox", "box.cox")], ids=["log", "box_cox"])
def scores(request) -> pd.DataFrame:
    """Differences in units of their Monte-Carlo error, district by district."""
    ours, theirs = request.param
    known = pd.read_csv(shared_path("reference/out/emdi_ebp_estimates_L50_seed123.csv"))
    known = known[known["transformation"] == theirs].set_index("Domain")
    sample = pd.read_csv(shared_path("reference/data/emdi_eusilcA_smp.csv"))
    census = pd.read_csv(shared_path("reference/data/emdi_eusilcA_pop.csv"))
    with patch.object(unit_level, "SIMULATED", DRAWS), patch.object(unit_level, "measure", as_in_emdi):
        table = empirical_best(
            sample, census, "eqIncome", FORMULA, "district", 10_000, ours, tuple(COLUMNS), "census_eb"
        ).estimates
    found = {}
    for name, column in COLUMNS.items():
        rows = table[table["indicator"] == name].set_index("area").loc[known.index]
        found[name] = (rows["value"] - known[column]) / (rows["value_error"] * np.sqrt(2))
    return pd.DataFrame(found)


@pytest.mark.parametrize("name", COLUMNS)
def test_districts_differ_by_no_more_than_the_draws_of_both_sides(scores, name):
    # 68 districts: a mean within 3 of its standard errors (0.12), a spread of 1 within a quarter
    assert abs(scores[name].mean()) < 0.37
    assert 0.75 < scores[name].std() < 1.25
