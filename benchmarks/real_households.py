"""How well do covariates of a registry tell the welfare of real Indonesian households?

    python -m benchmarks.real_households ALATAS2012.csv SELFTARGETING_BASELINE.csv --out benchmarks/real_households.csv

The welfare model of this project on the public data of two experiments (Alatas, Banerjee, Hanna, Olken & Tobias 2012;
Alatas, Purnamasari, Wai-Poi, Banerjee, Olken & Hanna 2016): judged on villages or enumeration areas left out in turn.
"Poor" are the poorest fifth of households by consumption per person.
"""

import argparse
from pathlib import Path

import pandas as pd

from kaur_analysis.poverty import SurveyDesign, WelfareModel, welfare_model

HOUSING = ["pcfloor", "tfloor", "twall", "toilet", "water", "lighting", "troof", "fcook", "house", "credit"]
PEOPLE = ["hhsize", "hhage", "hhmale", "hhmarried", "hhsector1", "hhsector2", "formal", "informal", "depratio"]
SCHOOL = [
    "hheduc2",
    "hheduc3",
    "hheduc4",
    "higheduc2",
    "higheduc3",
    "higheduc4",
    "age04",
    "eschild",
    "jschild",
    "sschild",
]
GOODS = ["ac", "computer", "radio", "tv", "dvd", "satellite", "gas", "refrigerator", "bicycle", "motorcycle", "auto"]
MORE = ["hp", "jewelry", "chicken", "cow"]
CHILDREN = ["children0to3", "children4to5", "children6to12", "children13to15"]
POOREST = 0.2


def _model(table: pd.DataFrame, candidates: list[str], psu: str) -> WelfareModel:
    known = table[["consumption", psu, *candidates]].dropna()
    known = known[known["consumption"] > 0].assign(one=1.0)
    line = float(known["consumption"].quantile(POOREST))
    design = SurveyDesign(known, "one", psu=psu)
    return welfare_model(design, "consumption", candidates, line, kinds=("wls", "lasso"), rare=15)


def models(alatas: Path, self_targeting: Path) -> pd.DataFrame:
    """One row per data set and candidate."""
    first = pd.read_csv(alatas).astype({"district": "str"})
    second = pd.read_csv(self_targeting).astype({"kabgroup": "str"})
    # The score holds the whole proxy-means test of the time, of which the extract carries few variables.
    parts = {
        "2012 experiment: housing, people, schooling, goods, district": _model(
            first, [*HOUSING, *PEOPLE, *SCHOOL, *GOODS, *MORE, "district"], "village"
        ),
        "2012 experiment: without district": _model(first, [*HOUSING, *PEOPLE, *SCHOOL, *GOODS, *MORE], "village"),
        "self-targeting: the government's score, people, kabupaten": _model(
            second, ["PMTSCORE", "hhmale", "hhwidow", "hhsize", *CHILDREN, "urban", "kabgroup"], "hhea"
        ),
        "self-targeting: people and kabupaten only": _model(
            second, ["educationhhhead", "hhmale", "hhwidow", "hhsize", *CHILDREN, "urban", "kabgroup"], "hhea"
        ),
    }
    return pd.concat(
        [found.comparison.assign(data=name, households=len(found.predictions)) for name, found in parts.items()]
    ).round(4)[
        ["data", "households", "candidate", "terms", "r2", "calibration_slope", "exclusion_at_quota", "auc",
         "poorest_residual", "chosen"]
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("alatas", type=Path)
    parser.add_argument("self_targeting", type=Path)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/real_households.csv"))
    options = parser.parse_args()
    table = models(options.alatas, options.self_targeting)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
