"""The registry route on many simulated kabupaten: its intervals hold the true errors, the naive answer does not.

A short run of ``benchmarks/targeting_simulation.py``; the long one (500 replicates, 93–97% at both levels) is committed
beside it.
"""

import numpy as np
import pandas as pd
import pytest

from benchmarks.targeting_simulation import MEASURES, WORLDS, replicate, summary

REPLICATES = 40
ANSWER = "P(poor | x, receipt), links given x"


@pytest.fixture(scope="module")
def results() -> pd.DataFrame:
    hardest = WORLDS["on welfare, links doubtful"]
    runs = [replicate(seed, *hardest).assign(world="on welfare, links doubtful") for seed in range(REPLICATES)]
    return summary(pd.concat(runs)).set_index(["answer", "level", "measure"])


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_of_the_kecamatan_hold_the_true_error(results: pd.DataFrame, measure: str) -> None:
    row = results.loc[(ANSWER, "kecamatan", measure)]
    assert abs(row["coverage"] - 0.95) < 0.02 + 3 * row["coverage_error"]


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_of_the_kabupaten_hold_the_true_error(results: pd.DataFrame, measure: str) -> None:
    coverage = results.loc[(ANSWER, "kabupaten", measure), "coverage"]
    assert coverage > 0.95 - 3 * np.sqrt(0.95 * 0.05 / REPLICATES)


@pytest.mark.parametrize("measure", MEASURES)
def test_ignoring_receipt_misses_the_truth_where_villages_knew_more(results: pd.DataFrame, measure: str) -> None:
    row = results.loc[("P(poor | x), links as given", "kabupaten", measure)]
    assert row["coverage"] < 0.2
    assert row["bias"] > 0.1


def test_naive_classification_is_far_from_the_true_inclusion_error(results: pd.DataFrame) -> None:
    assert results.loc[("naive yes/no", "kabupaten", "inclusion_error"), "bias"] > 0.1


@pytest.mark.parametrize("measure", MEASURES)
def test_the_adjusted_answer_is_nearly_unbiased(results: pd.DataFrame, measure: str) -> None:
    assert abs(results.loc[(ANSWER, "kabupaten", measure), "bias"]) < 0.03
