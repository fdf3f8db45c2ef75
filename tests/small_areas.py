"""Little kabupaten with a known truth, for tests and simulations of small-area estimates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LINE = 400_000.0


@dataclass(frozen=True)
class Kabupaten:
    """A registry of families, a survey of some of them, and the true headcount of every kecamatan."""

    survey: pd.DataFrame
    registry: pd.DataFrame
    truth: pd.Series


def kabupaten(
    seed: int,
    sigma_u: float = 0.1,
    sigma_e: float = 0.45,
    areas: int = 15,
    families: int = 300,
    psus_per_area: int = 3,
    per_psu: int = 10,
) -> Kabupaten:
    """log y = 13.2 − 0.12·size + 0.35·good floor + u_d + e; PSUs are families drawn within a kecamatan."""
    random = np.random.default_rng(seed)
    place = np.repeat(np.arange(areas), families)
    wealth = random.normal(0, 0.6, areas)[place]
    size = random.poisson(3, len(place)) + 1.0
    floor = (random.normal(wealth, 1) > 0).astype(float)
    effect = random.normal(0, sigma_u, areas) if sigma_u else np.zeros(areas)
    log_welfare = 13.2 - 0.12 * size + 0.35 * floor + effect[place] + random.normal(0, sigma_e, len(place))
    table = pd.DataFrame(
        {
            "kecamatan": [f"K{code:02d}" for code in place],
            "size": size,
            "floor": np.where(floor == 1, "baik", "tanah"),
            "welfare": np.exp(log_welfare),
        }
    )
    drawn = [
        random.choice(np.flatnonzero(place == code), psus_per_area * per_psu, replace=False) for code in range(areas)
    ]
    psu = np.repeat([f"P{number:03d}" for number in range(areas * psus_per_area)], per_psu)
    survey = table.iloc[np.concatenate(drawn)].reset_index(drop=True).assign(psu=psu)
    truth = (table["welfare"] < LINE).groupby(table["kecamatan"]).mean()
    return Kabupaten(survey, table.drop(columns="welfare"), truth)
