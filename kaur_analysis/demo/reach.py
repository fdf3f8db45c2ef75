"""Who is listed, who is ranked where, and who receives what: mistargeting whose true size is known.

Lists of 2021 ranked families by an older and noisier score; the central programmes took the worst ranked of the list;
the village chose for its own money and saw more, but also favoured those close to it. Shares are chosen for the demo.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from kaur_analysis.demo.world import World

# Share of all families each list holds; of persons for pbi_jk.
SHARES = {
    "pkh": 0.15,
    "sembako": 0.22,
    "pbi_jk": 0.40,
    "blt_dd": 0.075,
    "rtlh_bsps": 0.012,
    "umkm": 0.022,
    "baznas": 0.016,
    "csr": 0.010,
}
# Share of Kaur's families in each national decile: more in the low ones than a tenth.
DECILE_SHARES = (0.145, 0.135, 0.125, 0.115, 0.105, 0.10, 0.09, 0.08, 0.06, 0.045)


def deciles(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """National decile of each family by a score, low is poor."""
    rank = pd.Series(score).rank(pct=True, method="first").to_numpy()
    return np.minimum(np.searchsorted(np.cumsum(DECILE_SHARES), rank, side="left") + 1, 10)


def add_reach(world: World, random: Generator) -> None:
    """Add registration, deciles and receipt (0/1 per programme, ``pkh_before`` for the year before) to the families.

    A world that knows who is registered keeps it.
    """
    table = world.families
    size = len(table)

    def normal() -> NDArray[np.float64]:
        return random.normal(0, 1, size)

    standing = table["standing"].to_numpy()
    unseen = np.log(table["expenditure_rp_month"]).to_numpy()
    unseen = (unseen - unseen.mean()) / unseen.std()
    close = normal()  # closeness to those who decide
    table["registered"] = table.get("registered", random.random(size) > 0.03)
    old = 0.85 * standing + 0.65 * normal()
    table["desil_2021"] = deciles(old)
    new_family = (table["head_age"] < 30) & (random.random(size) < 0.5)
    table["listed"] = table["registered"] & ~new_family & (table["desil_2021"] <= 4) & (random.random(size) > 0.05)
    table["desil"] = deciles(0.9 * standing + 0.45 * normal())
    has_component = (table[["pregnant", "children_0_6", "severely_disabled", "elderly_60"]].sum(axis=1) > 0) | (
        table[["children_7_12", "children_13_15", "children_16_18"]].sum(axis=1) > 0
    )
    rank = -0.55 * (table["desil_2021"].to_numpy() - 1)
    outside = np.where(table["listed"], 0.0, -3.0)
    bad_house = table["floor"].isin(["earth", "bamboo"]) | table["wall"].isin(["bamboo", "zinc"])
    scores = {
        "pkh": rank + outside - 0.25 * unseen + 0.5 * close + np.where(has_component, 0, -6.0) + 1.0 * normal(),
        "sembako": rank + outside - 0.2 * unseen + 0.45 * close + 1.1 * normal(),
        "pbi_jk": 0.6 * (rank + outside) - 0.2 * unseen + 0.3 * close + 1.4 * normal(),
        "blt_dd": -0.75 * unseen + 0.9 * close + 1.1 * normal(),
        "rtlh_bsps": 2.5 * bad_house - 0.5 * standing + 0.6 * close + normal() - 1.5 * (table["tenure"] != "own"),
        "umkm": 2.0 * table["has_business"] + 0.25 * standing + 0.6 * close + normal(),
        "baznas": -0.8 * unseen + 0.5 * close + normal(),
        "csr": -0.3 * unseen + 0.9 * close + normal() - 0.5 * table["remoteness"],
    }
    for code, score in scores.items():
        local = code in ("blt_dd",)
        table[code] = _best(pd.Series(np.asarray(score, dtype=float)), SHARES[code], table["desa"] if local else None)
    earlier = pd.Series(np.asarray(scores["pkh"], dtype=float)) + 0.8 * normal()
    table["pkh_before"] = _best(earlier, SHARES["pkh"], None)


def _best(score: pd.Series, share: float, within: pd.Series | None) -> NDArray[np.int64]:
    """1 for the highest scores: a share of all, or of each place."""
    if within is None:
        return (score.rank(pct=True, method="first") > 1 - share).astype(int).to_numpy()
    rank = score.groupby(within.to_numpy()).rank(ascending=False, method="first")
    quota = score.groupby(within.to_numpy()).transform("size") * share
    return (rank <= np.floor(quota + 0.5)).astype(int).to_numpy()
