"""What ``benchmarks/transformations.csv`` says of other scales of spending and of indicators without closed form."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.transformations import INDICATORS, LINE, SCALES, levels, made
from kaur_analysis.poverty import empirical_best

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "transformations.csv").set_index(
    ["scale", "indicator"]
)


@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("scale", SCALES)
def test_intervals_hold_the_truth_in_93_to_97_of_a_hundred_and_errors_are_a_tenth_off_at_most(scale, indicator):
    row = COMMITTED.loc[(scale, indicator)]
    assert 0.93 <= row["coverage"] <= 0.97
    assert 0.9 <= row["mse_ratio"] <= 1.1


# Too high by 2.1 per cent in its 120 populations, and by none of it in others.
STATED = ("log_shift", "fgt1")
ELSEWHERE = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "transformations_bias.csv").set_index(
    ["scale", "indicator"]
)


@pytest.mark.parametrize(("scale", "indicator"), [pair for pair in product(SCALES, INDICATORS) if pair != STATED])
def test_nothing_else_is_biased_by_more_than_two_parts_in_a_hundred(scale, indicator):
    assert abs(COMMITTED.at[(scale, indicator), "relative_bias"]) < 0.02


def test_what_is_off_by_more_is_off_by_little_more():
    assert 0 < COMMITTED.at[STATED, "relative_bias"] < 0.025


@pytest.mark.parametrize("pair", list(ELSEWHERE.index))
def test_in_other_populations_the_shifted_log_is_off_by_less_than_one_part_in_a_hundred(pair):
    row = ELSEWHERE.loc[pair]
    assert abs(row["known"] + row["added"]) + 2 * np.hypot(row["known_error"], row["added_error"]) < 0.01


def test_the_page_says_how_far_the_gap_index_under_a_shifted_log_is_off():
    page = (Path(__file__).parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")
    row = ELSEWHERE.loc[STATED]
    known, known_error, added, added_error = (
        f"{row[name] * 100:.2f}" for name in ("known", "known_error", "added", "added_error")
    )
    assert f"gap index comes out {COMMITTED.at[STATED, 'relative_bias'] * 100:.1f}% too high in these 120" in page
    assert f"{known}% (standard error {known_error})" in page
    assert f"adds {added}% ({added_error}; {row['replicates']:.0f} populations" in page


def test_levels_are_measured_on_the_door_s_own_estimate():
    population, survey = made("log_shift", 3)
    families = population.drop(columns="welfare")
    found = empirical_best(
        survey, families, "welfare", ["x1", "x2"], "area", LINE, "log_shift", method="census_eb"
    ).estimates.query("area == 'ALL'")
    errors = levels("log_shift", 3, found=True)
    np.testing.assert_allclose(
        found["value"].iloc[:2], np.add(errors[:2], errors[2:]), rtol=1e-7
    )  # the optimiser's own
