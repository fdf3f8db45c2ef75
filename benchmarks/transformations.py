"""Scales of welfare and indicators without closed form: do errors and intervals hold what they promise?

    python -m benchmarks.transformations --replicates 200 --out benchmarks/transformations.csv

Populations of 15 areas are made on each scale (log, log of welfare and a shift, Box–Cox), surveyed, and predicted on
the scale that made them, its shift or power found again in every survey. Reported by scale and indicator: bias,
coverage of nominal 95 per cent intervals with its Monte Carlo error, and estimated over true mean squared error.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.scales import Scale, Transformation
from kaur_analysis.poverty.simulated import measure

AREAS, FAMILIES, SURVEYED = 15, 300, 25
LINE = 450_000.0
SIMULATED = ("gini", "q50")
INDICATORS = ("fgt0", "fgt1", *SIMULATED)
SCALES: dict[Transformation, Scale] = {
    "log": Scale("log"),
    "log_shift": Scale("log", shift=200_000.0),
    "box_cox": Scale("box_cox", power=0.3, unit=600_000.0),
}
CENTRES = {"log": np.log(600_000), "log_shift": np.log(800_000), "box_cox": 0.0}
SPREADS = {"log": 1.0, "log_shift": 0.75, "box_cox": 1.0}  # so that about a quarter is poor on each


def made(scale: Transformation, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Families with welfare, and a survey of other families of the same areas."""
    random = np.random.default_rng([seed, len(scale)])
    effects = random.normal(0, 0.12, AREAS)
    tables = []
    for families in (FAMILIES, SURVEYED):
        area = np.repeat(np.arange(AREAS), families)
        x = random.normal(size=(len(area), 2))
        value = 0.2 * x[:, 0] - 0.15 * x[:, 1] + effects[area] + random.normal(0, 0.4, len(area))
        welfare = SCALES[scale].back(CENTRES[scale] + SPREADS[scale] * value)
        tables.append(pd.DataFrame({"area": area, "x1": x[:, 0], "x2": x[:, 1], "welfare": welfare}))
    return tables[0], tables[1]


def replicate(scale: Transformation, seed: int, mse_replicates: int = 30) -> pd.DataFrame:
    """Estimates of one survey beside the truth of its population."""
    population, survey = made(scale, seed)
    found = empirical_best(
        survey,
        population.drop(columns="welfare"),
        "welfare",
        ["x1", "x2"],
        "area",
        LINE,
        scale,
        INDICATORS,
        "census_eb",
        mse_replicates=mse_replicates,
        seed=seed,
    ).estimates
    rows = []
    for area, own in population.groupby("area"):
        gap = np.maximum(1 - own["welfare"].to_numpy() / LINE, 0)
        rest = measure(SIMULATED, own[["welfare"]].to_numpy(), np.ones(len(own)))[:, 0]
        rows += [
            (area, name, value) for name, value in zip(INDICATORS, [(gap > 0).mean(), gap.mean(), *rest], strict=True)
        ]
    truth = pd.DataFrame(rows, columns=["area", "indicator", "truth"])
    return truth.merge(found, on=["area", "indicator"]).assign(scale=scale, seed=seed)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row per scale and indicator; bias is relative to the mean truth."""
    table = found.assign(
        error=found["value"] - found["truth"],
        inside=((found["low"] <= found["truth"]) & (found["truth"] <= found["high"])).astype(float),
    )
    rows = []
    for (scale, indicator), own in table.groupby(["scale", "indicator"], sort=False):
        by_replicate = own.groupby("seed")["inside"].mean()
        rows.append(
            {
                "scale": scale,
                "indicator": indicator,
                "relative_bias": own["error"].mean() / own["truth"].mean(),
                "coverage": own["inside"].mean(),
                "coverage_error": by_replicate.std() / np.sqrt(len(by_replicate)),
                "mse_ratio": own["mse"].mean() / (own["error"] ** 2).mean(),
                "replicates": len(by_replicate),
            }
        )
    return pd.DataFrame(rows).round(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/transformations.csv"))
    options = parser.parse_args()
    tasks = [(scale, seed) for scale in SCALES for seed in range(options.replicates)]
    with ProcessPoolExecutor(options.jobs) as pool:
        tables = list(pool.map(replicate, *zip(*tasks, strict=True), chunksize=5))
    result = summary(pd.concat(tables, ignore_index=True))
    result.to_csv(options.out, index=False, lineterminator="\n")
    print(result.to_string(index=False))
