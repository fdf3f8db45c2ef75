"""Scales of welfare and indicators without closed form: do errors and intervals hold what they promise?

    python -m benchmarks.transformations --replicates 200 --out benchmarks/transformations.csv

Populations of 15 areas are made on each scale (log, log of welfare and a shift, Box–Cox), surveyed, and predicted on
the scale that made them, its shift or power found again in every survey. Reported by scale and indicator: bias,
coverage of nominal 95 per cent intervals with its Monte Carlo error, and estimated over true mean squared error.

    python -m benchmarks.transformations --bias log_shift --replicates 200

Everyone's headcount and gap in other populations, with the scale found in each survey and with the true one: what
finding it adds to the error is measured in few populations, the error with the true scale, which is quick, in more.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.nested_error import NestedError, Sums, fit_sums, sums_by
from kaur_analysis.poverty.scales import Scale, Transformation, scale_of
from kaur_analysis.poverty.simulated import measure

AREAS, FAMILIES, SURVEYED = 15, 300, 25
LINE = 450_000.0
OTHERS = 1_000  # seed of the first population that only levels are measured in
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


def levels(scale: Transformation, seed: int, found: bool) -> list[float]:
    """Error of everyone's headcount and gap, with the scale found in the survey or the true one, beside the truth."""
    population, survey = made(scale, seed)
    area, welfare = survey["area"].to_numpy(), survey["welfare"].to_numpy()
    X, everyone = (np.column_stack([np.ones(len(table)), table[["x1", "x2"]]]) for table in (survey, population))
    sums = Sums.of(X, area, AREAS)

    def fitted(y: NDArray[np.float64]) -> NestedError:
        return fit_sums(sums, X.T @ y, sums_by(area, y, AREAS), float(y @ y))

    used = SCALES[scale]
    if found:
        used = scale_of(scale, welfare, lambda y: fitted(y).log_likelihood, X.shape[1], 0.0, None)
    fit, own = fitted(used.forward(welfare)), population["area"].to_numpy()
    variance = (fit.sigma2_u * (1 - fit.gamma) + fit.sigma2_e)[own]
    expected = used.expected_fgt(everyone @ fit.beta + fit.effects[own], variance, LINE, (0, 1))
    gap = np.maximum(1 - population["welfare"].to_numpy() / LINE, 0)
    truth = [float((gap > 0).mean()), float(gap.mean())]
    return [float(each.mean()) - true for each, true in zip(expected, truth, strict=True)] + truth


def bias(scale: Transformation, replicates: int, many: int = 5) -> pd.DataFrame:
    """Bias of closed forms on one scale, and what finding its parameter has to do with it; relative to the truth.

    ``known`` is the bias with the true scale over ``many`` times as many populations, ``added`` what finding it adds.
    """
    known = np.array([levels(scale, OTHERS + seed, False) for seed in range(many * replicates)])
    found = np.array([levels(scale, OTHERS + seed, True) for seed in range(replicates)])
    truth = known[:, 2:].mean(axis=0)
    parts = {"known": known[:, :2] / truth, "added": (found[:, :2] - known[:replicates, :2]) / truth}
    rows: dict[str, object] = {"scale": scale, "indicator": ["fgt0", "fgt1"]}
    for name, each in parts.items():
        rows[name] = each.mean(axis=0)
        rows[f"{name}_error"] = each.std(axis=0, ddof=1) / np.sqrt(len(each))
    return pd.DataFrame(rows | {"replicates": replicates}).round(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/transformations.csv"))
    parser.add_argument("--bias", choices=list(SCALES), action="append", default=[])
    options = parser.parse_args()
    if options.bias:
        path = options.out.with_name("transformations_bias.csv")
        result = pd.concat([bias(scale, options.replicates) for scale in options.bias], ignore_index=True)
        result.to_csv(path, index=False, lineterminator="\n")
        print(result.to_string(index=False))
        raise SystemExit
    tasks = [(scale, seed) for scale in SCALES for seed in range(options.replicates)]
    with ProcessPoolExecutor(options.jobs) as pool:
        tables = list(pool.map(replicate, *zip(*tasks, strict=True), chunksize=5))
    result = summary(pd.concat(tables, ignore_index=True))
    result.to_csv(options.out, index=False, lineterminator="\n")
    print(result.to_string(index=False))
