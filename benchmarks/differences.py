"""Do the intervals by which pages call a kecamatan higher or lower than the kabupaten hold the true difference?

    python -m benchmarks.differences --replicates 200 --out benchmarks/differences.csv

The worlds of ``benchmarks/small_areas.py`` with 300 families a kecamatan; the interval of each kecamatan's headcount
minus the kabupaten's comes from the joint draws, as in an edition. ``apart`` is the share of kecamatan told to be
higher or lower, ``wrong`` the share told so whose true difference has the other sign; ``overlap_apart`` what two
intervals of their own would tell apart.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.small_areas import SIGMAS
from kaur_analysis.pipeline.steps.poverty import differences_of_shares
from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.intervals import held_interval
from tests.small_areas import LINE, kabupaten

DRAWS = 200  # as in an edition
ANSWERS = ("area codes", "no codes")


def replicate(seed: int, sigma_u: float, answer: str) -> dict[str, float]:
    """One world: coverage of the differences' intervals, who is told apart, and who wrongly."""
    world = kabupaten(seed, sigma_u=sigma_u)
    survey = world.survey if answer == "area codes" else world.survey.drop(columns="kecamatan")
    result = empirical_best(
        survey, world.registry, "welfare", ["size", "floor"], "kecamatan", LINE, method="census_eb", psu="psu", seed=1
    )
    place, one = world.registry["kecamatan"], np.ones(len(world.registry))
    value = differences_of_shares(result.families()[["p"]].to_numpy(), one, place)[:, 0]
    drawn = differences_of_shares(result.draws(DRAWS) < LINE, one, place)
    low, high = held_interval(value, drawn)
    truth = (world.truth - world.truth.mean()).to_numpy()  # kecamatan are of one size here
    whole = result.estimates.query("indicator == 'fgt0' and area == 'ALL'").iloc[0]
    own = result.estimates.query("indicator == 'fgt0' and area != 'ALL'")
    return {
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "apart": float(((low > 0) | (high < 0)).mean()),
        "wrong": float((((low > 0) & (truth < 0)) | ((high < 0) & (truth > 0))).mean()),
        "overlap_apart": float(((own["low"] > whole["high"]) | (own["high"] < whole["low"])).mean()),
    }


def simulate(replicates: int) -> pd.DataFrame:
    """Means over the replicates, and the Monte Carlo error of coverage."""
    rows = []
    for sigma_u in SIGMAS:
        for answer in ANSWERS:
            found = pd.DataFrame([replicate(seed, sigma_u, answer) for seed in range(replicates)])
            error = round(found["coverage"].std() / np.sqrt(replicates), 4)
            rows.append({"sigma_u": sigma_u, "answer": answer, **found.mean().round(4), "coverage_error": error})
    return pd.DataFrame(rows).assign(replicates=replicates)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    table = simulate(options.replicates)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
