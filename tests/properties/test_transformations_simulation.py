"""What ``benchmarks/transformations.csv`` says of other scales of spending and of indicators without closed form."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.transformations import INDICATORS, SCALES

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "transformations.csv").set_index(
    ["scale", "indicator"]
)


@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("scale", SCALES)
def test_intervals_hold_the_truth_in_93_to_97_of_a_hundred_and_errors_are_a_tenth_off_at_most(scale, indicator):
    row = COMMITTED.loc[(scale, indicator)]
    assert 0.93 <= row["coverage"] <= 0.97
    assert 0.9 <= row["mse_ratio"] <= 1.1


# Too high by 2.1 per cent, and the page says so.
STATED = ("log_shift", "fgt1")


@pytest.mark.parametrize(("scale", "indicator"), [pair for pair in product(SCALES, INDICATORS) if pair != STATED])
def test_nothing_else_is_biased_by_more_than_two_parts_in_a_hundred(scale, indicator):
    assert abs(COMMITTED.at[(scale, indicator), "relative_bias"]) < 0.02


def test_what_is_off_by_more_is_off_by_little_more():
    assert 0 < COMMITTED.at[STATED, "relative_bias"] < 0.025


def test_the_page_says_how_far_the_gap_index_under_a_shifted_log_is_off():
    page = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    assert f"gap index comes out {COMMITTED.at[STATED, 'relative_bias'] * 100:.1f}% too high" in page
