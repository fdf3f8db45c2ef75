"""Do the intervals of kecamatan hold the truth, with and without area codes in the survey?

    python -m benchmarks.small_areas --replicates 200 --out benchmarks/small_areas.csv
    python -m benchmarks.small_areas --boundary --out benchmarks/small_areas_boundary.csv

Each replicate makes a kabupaten of 15 kecamatan with effects of a known standard deviation and 3 000 families each,
draws a survey of 450 families (a hundredth, as in Kaur: who was asked is part of the truth, and of a tenth intervals
would hold it too often), and predicts the headcount of every kecamatan from a registry without welfare. Without codes
the parameters come from their posterior (``posterior``); ``plug-in`` takes the restricted-likelihood estimate for
certain.

``--boundary`` asks what errors are worth where the variance between kecamatan is estimated as 0: the MSE that is stated
(samples made with the posterior mean) and that of samples made without effects, over the true squared error.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from kaur_analysis.poverty import EmpiricalBest, empirical_best, unit_level
from tests.small_areas import LINE, Kabupaten, kabupaten

SIGMAS = (0.0, 0.05, 0.1, 0.2)
FAMILIES = 3_000  # of a kecamatan
BOUNDARIES = ((5, 10, 0.0), (5, 10, 0.1), (10, 20, 0.05), (15, 30, 0.0), (15, 30, 0.05))


def _plug_in(model: unit_level.UnitModel, survey: unit_level._Survey, seed: int) -> unit_level._Parameters:
    fit = survey.fit(survey.y)
    beta = np.random.default_rng(seed).multivariate_normal(fit.beta, fit.covariance, unit_level.INTERVAL_DRAWS)
    count, nothing = len(beta), np.zeros((len(beta), len(model.areas)))
    return unit_level._Parameters(
        beta,
        np.full(count, fit.sigma2_u),
        np.full(count, fit.sigma2_e),
        nothing,
        nothing,
        [model.scale],
        np.ones(count),
    )


def _replicate(seed: int, sigma_u: float, answer: str) -> dict[str, float]:
    world = kabupaten(seed, sigma_u=sigma_u, families=FAMILIES)
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


def boundary(replicates: int) -> pd.DataFrame:
    """Stated over true MSE in the replicates that estimate no variance between areas."""
    rows = []
    for areas, per_area, sigma_u in BOUNDARIES:
        found = []
        for seed in range(replicates):
            world = kabupaten(seed, sigma_u=sigma_u, areas=areas, psus_per_area=1, per_psu=per_area)
            if (own := _at_boundary(world, seed)) is not None:
                found.append(own)
        true, stated, without, held = np.mean(found, axis=0)
        error = np.std([each[0] for each in found]) / true / np.sqrt(len(found))
        rows.append(
            {
                "areas": areas,
                "households": per_area,
                "sigma_u": sigma_u,
                "estimated_0": round(len(found) / replicates, 3),
                "rmse": round(float(np.sqrt(true)), 4),
                "stated_over_true": round(stated / true, 3),
                "without_effects_over_true": round(without / true, 3),
                "error_of_ratios": round(float(error), 3),
                "coverage": round(held, 3),
                "replicates": replicates,
            }
        )
    return pd.DataFrame(rows)


def _at_boundary(world: Kabupaten, seed: int) -> tuple[float, float, float, float] | None:
    """Squared error, the MSE stated and without effects, and coverage, where the variance is estimated as 0."""

    def predicted(replicates: int) -> EmpiricalBest:
        return empirical_best(
            world.survey,
            world.registry,
            "welfare",
            ["size", "floor"],
            "kecamatan",
            LINE,
            indicators=("fgt0",),
            method="census_eb",
            mse_replicates=replicates,
            seed=seed,
        )

    if predicted(0).model.fit.sigma2_u > 0:
        return None
    tables = [predicted(60).estimates.query("area != 'ALL'").set_index("area").sort_index()]
    with patch.object(unit_level, "_making", lambda model, survey: model):
        tables.append(predicted(60).estimates.query("area != 'ALL'").set_index("area").sort_index())
    stated, without = tables
    held = (stated["low"] <= world.truth) & (world.truth <= stated["high"])
    squared = ((stated["value"] - world.truth) ** 2).mean()
    return float(squared), float(stated["mse"].mean()), float(without["mse"].mean()), float(held.mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/small_areas.csv"))
    parser.add_argument("--boundary", action="store_true")
    options = parser.parse_args()
    table = (boundary if options.boundary else simulate)(options.replicates)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
