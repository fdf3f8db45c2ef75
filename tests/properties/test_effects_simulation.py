"""What ``benchmarks/effects.csv`` says of difference-in-differences; two of its panels."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.effects import EFFECT, METHODS, WORLDS, replicate

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "effects.csv")
BY_WORLD = [pytest.param(row, id=f"{row.world}, {row.method}") for row in COMMITTED.itertuples()]


def test_five_hundred_panels_of_each_kind_were_tried():
    assert (COMMITTED["replicates"] >= 500).all() and len(COMMITTED) == len(WORLDS) * len(METHODS)


@pytest.mark.parametrize("row", BY_WORLD)
def test_intervals_of_effects_hold_the_truth_as_often_as_they_say(row):
    assert row.coverage == pytest.approx(0.95, abs=2 * row.coverage_error)


@pytest.mark.parametrize("row", BY_WORLD)
def test_stated_errors_of_effects_are_the_real_ones(row):
    assert row.error_ratio == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("method", METHODS)
def test_a_panel_shows_the_effect_within_its_error(method):
    found = replicate(1000, "counted", method)
    assert abs(found["value"] - EFFECT) < 3 * found["se"]
