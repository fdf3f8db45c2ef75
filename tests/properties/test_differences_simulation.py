"""What ``benchmarks/differences.csv`` says of calling a kecamatan higher or lower than the kabupaten; a small run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.differences import replicate
from kaur_analysis.pipeline.steps.poverty import differences_of_shares

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "differences.csv")
BY_WORLD = [pytest.param(row, id=f"{row.sigma_u} {row.answer}") for row in COMMITTED.itertuples()]


def test_two_hundred_worlds_of_each_kind_were_tried():
    assert (COMMITTED["replicates"] >= 200).all() and len(COMMITTED) == 8


@pytest.mark.parametrize("row", BY_WORLD)
def test_intervals_of_differences_hold_the_truth_at_least_as_often_as_they_say(row):
    assert row.coverage >= 0.95 - 2 * row.coverage_error


@pytest.mark.parametrize("row", BY_WORLD)
def test_hardly_any_kecamatan_is_called_higher_that_is_lower(row):
    assert row.wrong <= 0.005


def test_twenty_new_worlds_agree():
    found = pd.DataFrame([replicate(1000 + seed, 0.1, "area codes") for seed in range(20)])
    assert found["coverage"].mean() >= 0.90 and found["wrong"].mean() <= 0.01


def test_a_difference_is_the_place_minus_everybody():
    poor, people = np.array([[1.0], [0.0], [1.0]]), np.array([2.0, 2.0, 4.0])
    found = differences_of_shares(poor, people, pd.Series(["a", "a", "b"]))
    assert found[:, 0] == pytest.approx([0.5 - 0.75, 1.0 - 0.75])
