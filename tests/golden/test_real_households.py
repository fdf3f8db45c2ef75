"""The welfare model on real Indonesian households: the committed figures are what the data give."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.real_households import models
from tests.shared import ROOT, shared_path

COMMITTED = pd.read_csv(ROOT / "benchmarks" / "real_households.csv")


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return models(
        Path(shared_path("data/alatas2012_indonesia/alatas2012.csv")),
        Path(shared_path("data/selftargeting2016_indonesia/baseline.csv")),
    )


@pytest.mark.parametrize("column", ["r2", "exclusion_at_quota", "auc", "calibration_slope", "poorest_residual"])
def test_committed_figures_of_real_households_are_reproduced(found, column):
    np.testing.assert_allclose(found[column], COMMITTED[column], atol=2e-3)


def test_housing_goods_and_schooling_tell_as_much_as_the_literature_says():
    best = COMMITTED[COMMITTED["data"].str.startswith("2012")]["r2"]
    assert best.between(0.4, 0.6).all()
