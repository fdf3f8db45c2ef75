"""What ``benchmarks/transformations.csv`` says of other scales of spending and of indicators without closed form."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.transformations import INDICATORS, SCALES

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "transformations.csv").set_index(
    ["scale", "indicator"]
)


@pytest.mark.parametrize("indicator", INDICATORS)
def test_log_welfare_holds_the_truth_in_93_to_97_of_a_hundred(indicator):
    row = COMMITTED.loc[("log", indicator)]
    assert 0.93 <= row["coverage"] <= 0.97
    assert 0.9 <= row["mse_ratio"] <= 1.1


@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("scale", SCALES)
def test_nothing_is_biased_by_more_than_two_parts_in_a_hundred(scale, indicator):
    assert abs(COMMITTED.at[(scale, indicator), "relative_bias"]) < 0.02
