"""Do the intervals of kecamatan hold the truth, with and without area codes in the survey?

    python -m benchmarks.small_areas --replicates 200 --out benchmarks/small_areas.csv

Each replicate makes a kabupaten of 15 kecamatan with effects of a known standard deviation, draws a survey of 450
families, and predicts the headcount of every kecamatan from a registry without welfare. Without codes the parameters
come from their posterior (``posterior``); ``plug-in`` takes the restricted-likelihood estimate for certain.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from kaur_analysis.poverty import empirical_best, unit_level
from tests.small_areas import LINE, kabupaten

SIGMAS = (0.0, 0.05, 0.1, 0.2)


def _plug_in(model: unit_level.UnitModel, survey: unit_level._Survey, seed: int) -> unit_level._Parameters:
    fit = survey.fit(survey.y)
    beta = np.random.default_rng(seed).multivariate_normal(fit.beta, fit.covariance, unit_level.INTERVAL_DRAWS)
    count, nothing = len(beta), np.zeros((len(beta), len(model.areas)))
    return unit_level._Parameters(beta, np.full(count, fit.sigma2_u), np.full(count, fit.sigma2_e), nothing, nothing)


def _replicate(seed: int, sigma_u: float, answer: str) -> dict[str, float]:
    world = kabupaten(seed, sigma_u=sigma_u)
    survey = world.survey if answer == "area codes" else world.survey.drop(columns="kecamatan")
    result = empirical_best(
        survey, world.registry, "welfare", ["size", "floor"], "kecamatan", LINE, method="census_eb", psu="psu", seed=1
    )
    table = result.estimates.query("indicator == 'fgt0' and area != 'ALL'").set_index("area").sort_index()
    return {
        "coverage": float(((table["low"] <= world.truth) & (world.truth <= table["high"])).mean()),
        "width": float((table["high"] - table["low"]).mean()),
        "rmse": float(np.sqrt(((table["value"] - world.truth) ** 2).mean())),
    }


def simulate(replicates: int) -> pd.DataFrame:
    """Coverage, mean width and root mean squared error per true deviation and answer."""
    rows = []
    for sigma_u in SIGMAS:
        for answer in ("area codes", "posterior", "plug-in"):
            chosen = _plug_in if answer == "plug-in" else unit_level._parameters
            with patch.object(unit_level, "_parameters", chosen):
                found = pd.DataFrame([_replicate(seed, sigma_u, answer) for seed in range(replicates)])
            error = found["coverage"].std() / np.sqrt(replicates)
            rows.append(
                {"sigma_u": sigma_u, "answer": answer, **found.mean().round(4), "coverage_error": round(error, 4)}
            )
    return pd.DataFrame(rows).assign(replicates=replicates)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/small_areas.csv"))
    options = parser.parse_args()
    table = simulate(options.replicates)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
