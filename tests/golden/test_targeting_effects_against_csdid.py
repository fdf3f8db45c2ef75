"""Group-time effects beside csdid 0.4.3 (which rests on drdid 1.1.7, both MIT) on an invented panel of 240 families.

The peer divides the variance of its influence function by n, this project by n − 1.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.targeting import difference_in_differences

FAMILIES = 240
# Comparison families, start, period → effect and standard error; ``est_method="dr", bstrap=False``, covariates x and z.
CSDID = {
    ("never", 2, 2): (30.73139192612642, 1.6109409113085285),
    ("never", 2, 3): (57.88782345344678, 2.9632785832429267),
    ("never", 3, 2): (5.959619212766983, 1.8425853196199267),
    ("never", 3, 3): (32.46393466383992, 1.8818981636094838),
    ("not_yet", 2, 2): (28.342272486753735, 1.4108624800341547),
    ("not_yet", 2, 3): (57.88782345344678, 2.9632785832429267),
    ("not_yet", 3, 2): (5.959619212766983, 1.8425853196199267),
    ("not_yet", 3, 3): (32.46393466383992, 1.8818981636094838),
}


@cache
def effects(control):
    number = np.arange(FAMILIES)
    x = np.sin(1.7 * number) + 0.4 * np.cos(0.9 * number * number)
    z = np.cos(2.3 * number + 0.5)
    ever = np.sin(5.1 * number + 0.3 * number * number) < 0.8 * x - 0.2 * z * x - 0.1
    start = np.where(ever, np.where(np.sin(2.9 * number) > 0, 2.0, 3.0), np.nan)
    level = 500 + 80 * x - 30 * z + 25 * np.sin(3.3 * number)
    parts = []
    for year in (1, 2, 3):
        gained = np.where(year >= start, 30 * (year - start + 1), 0.0)
        y = level + year * (20 + 15 * x + 10 * z * z) + gained + 12 * np.cos(4.7 * number + year)
        parts.append(pd.DataFrame({"family": number, "year": year, "y": y, "x": x, "z": z, "start": start}))
    found = difference_in_differences(pd.concat(parts), "family", "year", "y", "start", ["x", "z"], control=control)
    return found.effects.dropna(subset="start").set_index(["start", "period"])


@pytest.mark.parametrize(("cell", "expected"), CSDID.items())
def test_an_effect_is_that_of_csdid(cell, expected):
    control, start, period = cell
    assert effects(control).at[(start, period), "value"] == pytest.approx(expected[0], rel=1e-8)


@pytest.mark.parametrize(("cell", "expected"), CSDID.items())
def test_its_standard_error_is_that_of_csdid(cell, expected):
    control, start, period = cell
    by_n = effects(control).at[(start, period), "se"] * np.sqrt((FAMILIES - 1) / FAMILIES)
    assert by_n == pytest.approx(expected[1], rel=1e-7)
