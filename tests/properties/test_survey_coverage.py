"""A CI-size look at what benchmarks/survey.py shows with 2 000 samples: intervals hold the truth as they promise."""

from functools import cache

import pandas as pd
import pytest

from benchmarks.survey import coverage

SAMPLES = 150
SLACK = (
    3.5 * (0.95 * 0.05 / SAMPLES) ** 0.5
)  # Monte-Carlo error of a coverage; the seed is fixed, so it fails always or never


@cache
def simulated() -> pd.DataFrame:
    table = coverage(SAMPLES, seed=1704)
    return table[(table["level"] == "kabupaten") & (table["variant"] == "logit, domain df")].set_index("indicator")


INDICATORS = ["fgt0", "fgt1", "fgt2", "fgt0 (0.6 median)", "fgt1 (0.6 median)", "fgt2 (0.6 median)", "gini"]


@pytest.mark.parametrize("indicator", INDICATORS)
def test_intervals_of_95_percent_hold_the_truth(indicator):
    assert abs(simulated().loc[indicator, "coverage"] - 0.95) < SLACK


@pytest.mark.parametrize("indicator", INDICATORS)
def test_estimates_are_unbiased(indicator):
    row = simulated().loc[indicator]
    assert abs(row["bias"]) < 3.5 * row["real_rse"] / SAMPLES**0.5


@pytest.mark.parametrize("indicator", INDICATORS)
def test_standard_errors_are_those_seen_over_samples(indicator):
    # 150 samples know their own spread to about 6 %
    assert 0.85 < simulated().loc[indicator, "se_ratio"] < 1.20
