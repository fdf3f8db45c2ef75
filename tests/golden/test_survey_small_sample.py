"""Numbers that need nothing beside the checkout: hand checks, and an invented sample worked by another package."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from kaur_analysis.poverty import (
    SurveyDesign,
    estimate_fgt,
    estimate_inequality,
    estimate_mean,
    estimate_ratio,
    estimate_total,
)

DATA = Path(__file__).parent / "data"
EXPECTED = pd.read_csv(DATA / "survey_small_expected.csv")


@cache
def design() -> SurveyDesign:
    table = pd.read_csv(DATA / "survey_small_sample.csv")
    table["persons"] = table["size"] * table["household_weight"]
    return SurveyDesign(table, "persons", "stratum", "psu")


@pytest.mark.parametrize("row", list(EXPECTED.itertuples(index=False)), ids=lambda row: f"{row.indicator}-{row.area}")
def test_small_sample_against_samplics(row):
    by = None if row.area == "ALL" else "area"
    if row.indicator.startswith("fgt"):
        table = estimate_fgt(design(), "expenditure", row.line, (int(row.indicator[3]),), by)
    elif row.indicator.startswith("ratio"):
        table = estimate_ratio(design(), "expenditure", "size", by)
    else:
        door = estimate_mean if row.indicator.startswith("mean") else estimate_total
        table = door(design(), "expenditure", by)
    ours = table.set_index(["indicator", "area"]).loc[(row.indicator, row.area)]
    assert ours["value"] == pytest.approx(row.value, rel=1e-12)
    assert ours["se"] == pytest.approx(row.se, rel=1e-12)


FIVE = SurveyDesign(pd.DataFrame({"y": [100, 200, 300, 400, 500], "w": 1.0}), "w")


@pytest.mark.parametrize(("alpha", "expected"), [(0, 0.6), (1, 0.9 / 3.5), (2, 0.1428571428571)])
def test_fgt_worked_by_hand(alpha, expected):
    # gaps at z = 350: 250/350, 150/350, 50/350
    assert estimate_fgt(FIVE, "y", 350, (alpha,))["value"].item() == pytest.approx(expected, rel=1e-10)


def test_gini_worked_by_hand():
    # mean absolute difference 160, mean 300: 160 / 600
    assert estimate_inequality(FIVE, "y", ["gini"])["value"].item() == pytest.approx(0.2666666666667, rel=1e-10)


def test_headcount_error_worked_by_hand():
    # three of five poor, one stratum, every record a PSU: variance p(1 − p)/(n − 1)
    assert estimate_fgt(FIVE, "y", 350, (0,))["se"].item() == pytest.approx((0.6 * 0.4 / 4) ** 0.5, rel=1e-12)
