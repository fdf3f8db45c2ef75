"""Do the intervals of difference-in-differences hold the effect, also where many families are alike?

    python -m benchmarks.effects --replicates 500 --out benchmarks/effects.csv

400 families at two dates; recipients have higher covariates, which make outcomes grow by themselves; the effect is 100.
``measured``: one covariate that no two families share. ``counted``: two counts of few values, so that many families are
alike and many as near as others. ``counted, crooked``: the same, and growth is no straight line in them.
``error_ratio`` is the mean stated standard error over the spread of the estimates.
"""

import argparse
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from kaur_analysis.targeting import difference_in_differences
from kaur_analysis.targeting.effects import Method

WORLDS = ("measured", "counted", "counted, crooked")
METHODS = get_args(Method)
EFFECT, FAMILIES = 100.0, 400


def panel(seed: int, world: str) -> pd.DataFrame:
    """Families of one world at two dates, recipients from the second on."""
    random = np.random.default_rng(seed)
    x, z = random.normal(size=(2, FAMILIES))
    if world != "measured":
        x, z = np.clip(np.round(x), -2, 2), np.clip(np.round(z), -1, 1)
    growth = 50 * (x * z if world == "counted, crooked" else x)
    received = random.random(FAMILIES) < 1 / (1 + np.exp(-0.7 * x - 0.3 * z))
    first = pd.DataFrame({"family": np.arange(FAMILIES), "year": 1, "x": x, "z": z})
    first["start"] = np.where(received, 2.0, np.nan)
    first["y"] = 1000 + 200 * x + random.normal(0, 50, FAMILIES)
    gain = growth + EFFECT * received + random.normal(0, 42, FAMILIES)
    return pd.concat([first, first.assign(year=2, y=first["y"] + gain)], ignore_index=True)


def replicate(seed: int, world: str, method: Method) -> dict[str, float]:
    """The effect that one panel shows, its error, and whether its interval holds the true one."""
    covariates = ["x"] if world == "measured" else ["x", "z"]
    found = difference_in_differences(panel(seed, world), "family", "year", "y", "start", covariates, method=method)
    row = found.effects.query("measure == 'effect'").iloc[0]
    return {"value": row["value"], "se": row["se"], "held": float(row["low"] <= EFFECT <= row["high"])}


def simulate(replicates: int) -> pd.DataFrame:
    """Bias, stated against real error, and coverage with its Monte Carlo error."""
    rows = []
    for world in WORLDS:
        for method in METHODS:
            found = pd.DataFrame([replicate(seed, world, method) for seed in range(replicates)])
            spread, coverage = found["value"].std(), found["held"].mean()
            rows.append(
                {
                    "world": world,
                    "method": method,
                    "bias": found["value"].mean() - EFFECT,
                    "bias_error": spread / np.sqrt(replicates),
                    "spread": spread,
                    "error_ratio": found["se"].mean() / spread,
                    "coverage": coverage,
                    "coverage_error": np.sqrt(coverage * (1 - coverage) / replicates),
                }
            )
    return pd.DataFrame(rows).round(4).assign(replicates=replicates)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    table = simulate(options.replicates)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
