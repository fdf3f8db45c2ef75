"""A CI-size look at ``benchmarks/simulation.py``: intervals hold the truth as the committed table says."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.simulation import NAMES, replicate, summary

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "simulation.csv").set_index("method")


@pytest.fixture(scope="module")
def short() -> pd.DataFrame:
    found = pd.concat([replicate(10_000 + seed, mse_replicates=4) for seed in range(15)])
    return summary(found).set_index("method")


@pytest.mark.parametrize("method", NAMES)
def test_a_short_run_agrees_with_the_long_one(short, method):
    error = (short.at[method, "coverage_error"] ** 2 + COMMITTED.at[method, "coverage_error"] ** 2) ** 0.5
    assert abs(short.at[method, "coverage"] - COMMITTED.at[method, "coverage"]) <= 4 * error


@pytest.mark.parametrize("method", NAMES)
def test_every_method_holds_the_truth_in_93_to_97_of_a_hundred(method):
    assert 0.93 <= COMMITTED.at[method, "coverage"] <= 0.97


@pytest.mark.parametrize("method", NAMES)
def test_every_method_states_its_mean_squared_error_within_a_tenth(method):
    assert 0.9 <= COMMITTED.at[method, "mse_ratio"] <= 1.1


@pytest.mark.parametrize("method", NAMES)
def test_nothing_is_biased_by_more_than_a_point(method):
    assert abs(COMMITTED.at[method, "bias"]) < 0.01
