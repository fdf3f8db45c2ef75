"""Direct, area-level and unit-level estimates of 15 kecamatan beside the truth, on the families of the synthetic Kaur.

    python -m benchmarks.simulation --replicates 500 --out benchmarks/simulation.csv

The registry's families and covariates are the synthetic Kaur's; every replicate draws their welfare anew (regression on
the covariates, an effect of the kecamatan, a deviation of the family), and a survey of PSUs with and without kecamatan
codes. Reported per method, over kecamatan and replicates: bias, root mean squared error, coverage of nominal 95 per
cent intervals with its Monte Carlo error, and estimated over true mean squared error.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.demo.world import POVERTY_LINE, make_world
from kaur_analysis.poverty import SurveyDesign, empirical_best, estimate_fgt, fay_herriot, smooth_variances
from kaur_analysis.poverty.estimates import interval
from kaur_analysis.reference import load_area

FAMILIES = 12_000
PSUS, PER_PSU = 6, 10  # in every kecamatan
SIGMA_AREA, SIGMA_FAMILY = 0.12, 0.34
COVARIATES = ["household_size", "head_education", "head_sector", "urban"]
NAMES = {
    "direct": "langsung",
    "fay_herriot": "Fay–Herriot",
    "eb": "EB",
    "census_eb": "Census EB",
    "census_eb_without_codes": "Census EB tanpa kode",
}


@cache
def registry() -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Families with covariates, and the part of log welfare that these explain."""
    families = make_world(load_area("1704"), FAMILIES, np.random.default_rng(1704)).families
    table = families[["kecamatan", *COVARIATES]].reset_index(drop=True)
    X = pd.get_dummies(table[COVARIATES], drop_first=True, dtype=float)
    X.insert(0, "constant", 1.0)
    log_welfare = np.log(families["expenditure_rp_month"].to_numpy())
    return table, X.to_numpy() @ np.linalg.lstsq(X.to_numpy(), log_welfare, rcond=None)[0]


def drawn(seed: int) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Welfare of all families, and the rows of the survey."""
    random = np.random.default_rng(seed)
    table, explained = registry()
    codes, labels = pd.factorize(table["kecamatan"])
    effect = random.normal(0, SIGMA_AREA, len(labels))[codes]
    welfare = np.exp(explained + effect + random.normal(0, SIGMA_FAMILY, len(table)))
    rows = [random.choice(np.flatnonzero(codes == code), PSUS * PER_PSU, replace=False) for code in range(len(labels))]
    return table.assign(welfare=welfare), np.concatenate(rows)


def replicate(seed: int, mse_replicates: int = 50) -> pd.DataFrame:
    """Estimate, interval, mean squared error and truth by method and kecamatan."""
    population, rows = drawn(seed)
    truth = (population["welfare"] < POVERTY_LINE).groupby(population["kecamatan"]).mean()
    survey = population.iloc[rows].reset_index(drop=True)
    survey["psu"] = np.arange(len(survey)) // PER_PSU
    size = population["kecamatan"].value_counts()
    survey["weight"] = survey["kecamatan"].map(size) / (PSUS * PER_PSU)
    unseen = population.drop(index=rows).drop(columns="welfare")
    everyone = population.drop(columns="welfare")
    survey["blocks"] = survey["kecamatan"].map(size) / PER_PSU  # in the kecamatan, of which PSUS are drawn
    direct = _direct(survey)
    parts = {
        "direct": direct,
        "fay_herriot": _area_level(direct, everyone),
        "eb": _unit_level(survey, unseen, "eb", mse_replicates, seed),
        "census_eb": _unit_level(survey, everyone, "census_eb", mse_replicates, seed),
        "census_eb_without_codes": _unit_level(
            survey.drop(columns="kecamatan"), everyone, "census_eb", mse_replicates, seed
        ),
    }
    table = pd.concat([part.assign(method=method) for method, part in parts.items()])
    return table.assign(truth=truth.reindex(table.index), seed=seed).rename_axis("area").reset_index()


def _direct(survey: pd.DataFrame) -> pd.DataFrame:
    design = SurveyDesign(survey, "weight", strata="kecamatan", psu="psu", fpc="blocks")
    table = estimate_fgt(design, "welfare", POVERTY_LINE, (0,), "kecamatan").set_index("area").sort_index()
    return table[["value", "low", "high"]].assign(mse=table["se"] ** 2)


def _area_level(direct: pd.DataFrame, everyone: pd.DataFrame) -> pd.DataFrame:
    means = pd.DataFrame(
        {
            "constant": 1.0,
            "size": everyone.groupby("kecamatan")["household_size"].mean(),
            "farm": everyone["head_sector"].eq("agriculture").groupby(everyone["kecamatan"]).mean(),
        }
    ).reindex(direct.index)
    psus = pd.Series(float(PSUS), direct.index)
    regression = means.to_numpy() @ np.linalg.lstsq(means.to_numpy(), direct["value"].to_numpy(), rcond=None)[0]
    variance = smooth_variances(direct["mse"], psus, pd.Series(regression, direct.index))
    table = fay_herriot(direct["value"], variance, means, list(direct.index), method="amrl_yl").estimates
    table = table.set_index("area")
    degrees = np.full(len(means), float(means.shape[0] - means.shape[1]))
    low, high = interval(table["estimate"].to_numpy(), np.sqrt(table["mse"].to_numpy()), degrees, "logit")
    return table[["mse"]].assign(value=table["estimate"], low=low, high=high)


def _unit_level(
    survey: pd.DataFrame, census: pd.DataFrame, method: str, mse_replicates: int, seed: int
) -> pd.DataFrame:
    found = empirical_best(
        survey,
        census,
        "welfare",
        COVARIATES,
        "kecamatan",
        POVERTY_LINE,
        indicators=("fgt0",),
        method=method,
        mse_replicates=mse_replicates,
        seed=seed,
        psu="psu",
        unseen="reference",
        among_census=True,
    )
    table = found.estimates.query("area != 'ALL'").set_index("area").sort_index()
    return table[["value", "low", "high", "mse"]]


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """One row per method."""
    table = found.assign(
        error=found["value"] - found["truth"],
        inside=((found["low"] <= found["truth"]) & (found["truth"] <= found["high"])).astype(float),
        width=found["high"] - found["low"],
    )
    rows = []
    for method, own in table.groupby("method", sort=False):
        by_replicate = own.groupby("seed")["inside"].mean()
        by_area = own.groupby("area")[["error"]].mean()["error"]
        rows.append(
            {
                "method": method,
                "bias": own["error"].mean(),
                "largest_area_bias": by_area.abs().max(),
                "rmse": np.sqrt((own["error"] ** 2).mean()),
                "coverage": own["inside"].mean(),
                "coverage_error": by_replicate.std() / np.sqrt(len(by_replicate)),
                "width": own["width"].mean(),
                "mse_ratio": own["mse"].mean() / (own["error"] ** 2).mean(),
                "replicates": len(by_replicate),
            }
        )
    return pd.DataFrame(rows).round(4)


def simulate(replicates: int, jobs: int, mse_replicates: int = 50) -> pd.DataFrame:
    """All replicates, below each other."""
    with ProcessPoolExecutor(jobs) as pool:
        tables = list(pool.map(replicate, range(replicates), [mse_replicates] * replicates, chunksize=5))
    return pd.concat(tables, ignore_index=True)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Coverage with its Monte Carlo error, and root mean squared error, by method."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "kaur"
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), sharey=True, layout="constrained")
    places = np.arange(len(table))[::-1]
    left.axvspan(0.93, 0.97, color="#e8eef4")
    left.axvline(0.95, color="#888", linewidth=0.8)
    left.errorbar(table["coverage"], places, xerr=1.96 * table["coverage_error"], fmt="o", color="#0072B2")
    left.set(xlabel="coverage of nominal 95% intervals", yticks=places, yticklabels=[NAMES[m] for m in table["method"]])
    right.plot(table["rmse"], places, "s", color="#D55E00", label="root mean squared error")
    right.plot(table["bias"].abs(), places, "|", color="#444", markersize=12, label="|bias|")
    right.set(xlabel="share", xlim=(0, None))
    right.legend(frameon=False, fontsize=8, loc="lower right")
    figure.savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/simulation.csv"))
    parser.add_argument("--figure", type=Path, default=Path("docs/simulation.svg"))
    options = parser.parse_args()
    result = summary(simulate(options.replicates, options.jobs))
    result.to_csv(options.out, index=False, lineterminator="\n")
    draw(result, options.figure)
    print(result.to_string(index=False))
