"""Poverty with errors as Stata's DASP prints them in a public course.

Six decimals are printed, so half of the last one is the tolerance.
"""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import (
    EstimateSettings,
    PovertyTarget,
    RelativeLine,
    SurveyDesign,
    estimate_fgt,
    estimate_fgt_contributions,
    estimate_fgt_difference,
    estimate_mean,
)
from tests.shared import shared_path

PRINTED = 0.51e-6
LIMITS = 1.01e-6  # DASP builds limits from numbers it has rounded
DASP = EstimateSettings(share_interval="linear", degrees="design")
FILES = {"uganda_3000.csv": 12, "uganda_4000.csv": 3}


@cache
def course() -> dict:
    return json.loads(shared_path("data/uganda_dasp_course/expected.json").read_text(encoding="utf-8"))


@cache
def sample(name: str = "uganda_3000.csv") -> SurveyDesign:
    table = pd.read_csv(shared_path(f"data/uganda_dasp_course/{name}"))
    table["persons"] = table["sweight"] * table["hsize"]
    table["changed"] = table["ae_exp"] * table["region"].map({3: 1.10, 2: 0.94}).fillna(1.0)
    for region in (1, 2, 3, 4):
        table[f"region_{region}"] = table["region"] == region
    return SurveyDesign(table, "persons", "strata", "psu")


def assert_printed(row: pd.Series, expected: dict) -> None:
    assert row["value"] == pytest.approx(expected["est"], abs=PRINTED)
    assert row["se"] == pytest.approx(expected["se"], abs=PRINTED)
    if "lb95" in expected:
        assert row["low"] == pytest.approx(expected["lb95"], abs=LIMITS)
        assert row["high"] == pytest.approx(expected["ub95"], abs=LIMITS)


@pytest.mark.parametrize(("name", "position"), [(name, i) for name, count in FILES.items() for i in range(count)])
def test_printed_fgt_indices(name, position):
    expected = course()[name]["ifgt"][position]
    line = RelativeLine(0.5, quantile=None) if isinstance(expected["pline"], str) else expected["pline"]
    by, area = next(iter(expected.get("domain", {}).items()), (None, "ALL"))
    table = estimate_fgt(sample(name), "ae_exp", line, (expected["alpha"],), by, settings=DASP)
    assert_printed(table.set_index("area").loc[area], expected)


def test_every_printed_index_is_checked():
    assert {name: len(course()[name]["ifgt"]) for name in FILES} == FILES


@pytest.mark.parametrize(("sex", "label"), [(1, "Male"), (2, "Female")])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("population_share", "pop_share"), ("fgt0_contribution", "abs_contrib"), ("fgt0_share", "rel_contrib")],
)
def test_printed_contributions_by_sex(ours, theirs, sex, label):
    table = estimate_fgt_contributions(sample(), "ae_exp", 21_000, "sex", (0,)).set_index(["indicator", "area"])
    value, se = course()["uganda_3000.csv"]["dfgtg_by_sex_alpha0_pline21000"][label][theirs]
    assert_printed(table.loc[(ours, sex)], {"est": value, "se": se})


@pytest.mark.parametrize(("sex", "label"), [(1, "Male"), (2, "Female")])
def test_printed_headcount_by_sex(sex, label):
    value, se = course()["uganda_3000.csv"]["dfgtg_by_sex_alpha0_pline21000"][label]["fgt"]
    row = estimate_fgt(sample(), "ae_exp", 21_000, (0,), "sex").set_index("area").loc[sex]
    assert_printed(row, {"est": value, "se": se})


def test_printed_paired_difference():
    expected = course()["uganda_3000.csv"]["paired_difference"]
    before, after = PovertyTarget("ae_exp", 21_000), PovertyTarget("changed", 21_000)
    row = estimate_fgt_difference(sample(), before, after, (1,), settings=DASP).iloc[0]
    value, se = expected["diff"]
    assert_printed(row, {"est": value, "se": se, "lb95": expected["lb95"], "ub95": expected["ub95"]})


@pytest.mark.parametrize(("region", "name"), [(1, "central"), (2, "eastern"), (3, "northern"), (4, "western")])
def test_printed_population_shares(region, name):
    value, se = course()["uganda_3000.csv"]["region_pop_share"][name]
    assert_printed(estimate_mean(sample(), f"region_{region}").iloc[0], {"est": value, "se": se})


@pytest.mark.parametrize(
    ("key", "line", "deflator"), [("fgt1_z100", 100, [1, 1, 1]), ("fgt1_z120_real", 120, [1, 1.1, 1.3])]
)
def test_printed_worked_example(key, line, deflator):
    example = course()["tiny_worked_example"]
    table = pd.DataFrame(example["rows"], columns=example["columns"])
    table["real"] = table["income"] / table["hhsize"] / np.array(deflator)[table["region"] - 1]
    row = estimate_fgt(SurveyDesign(table, "hhsize"), "real", line, (1,), settings=DASP).iloc[0]
    printed = example[key]
    assert_printed(row, {name.removesuffix("_t11"): value for name, value in printed.items() if name != "def"})
