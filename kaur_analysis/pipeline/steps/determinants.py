"""What goes with extreme poverty: shares among the extreme poor and all others, from registry and draws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.pipeline.steps import drawn
from kaur_analysis.reference import DETERMINANT_GROUPS, determinants
from kaur_analysis.targeting.intervals import draw_interval

CONFIDENCE = 0.95


TABLES = ("clean/families", "estimates/family_poverty", "estimates/model_coefficients", "estimates/welfare_draws")


def determinant_table(read: Callable[..., pd.DataFrame], area: str, line_rp_month: float) -> pd.DataFrame:
    """Share of families with each determinant of ``determinants.yaml``.

    Of the kabupaten: among extremely poor families Σ p x / Σ p, among all others Σ (1 − p) x / Σ (1 − p), and their
    difference, with the intervals of the joint draws of welfare. Families whose answer is unknown are left out. Only of
    what the model sees: given its covariates the draws know nothing of any other trait, so that its difference would
    come out too small, and its interval too sure. Of the kabupaten and each kecamatan: among all families (no estimate,
    so without interval).

    Parameters
    ----------
    read
        Reads a table of the edition (:data:`TABLES`) by its name.
    area
        Code of the kabupaten.
    line_rp_month
        Below which a family is extremely poor.

    Returns
    -------
    pandas.DataFrame
        ``indicator, group, area, value, se, low, high, n``; ``group`` is empty for all families. A determinant whose
        field the registry lacks has no rows.
    """
    poverty = read("estimates/family_poverty")
    families = read("clean/families").set_index("family").reindex(poverty["family"])
    extreme = drawn(read("estimates/welfare_draws")) < line_rp_month
    seen = read("estimates/model_coefficients")["term"].str.split(": ").str[0]
    rows: list[dict[str, object]] = []
    for determinant in determinants():
        if determinant["field"] not in families.columns:
            continue
        column = families[determinant["field"]]
        known = column.notna().to_numpy()
        if not known.any():
            continue
        has = _has(column[known], determinant)
        about = {"indicator": determinant["code"]}
        kecamatan = poverty.loc[known, "kecamatan"].astype(str)
        for place in (pd.Series(area, kecamatan.index), kecamatan):
            shares = pd.Series(has, kecamatan.index).groupby(place.to_numpy()).agg(["mean", "size"])
            rows += [
                about | {"group": "", "area": str(code), "value": float(share), "n": float(size)}
                for code, share, size in zip(shares.index, shares["mean"], shares["size"], strict=True)
            ]
        if determinant["field"] not in set(seen):
            continue
        p = poverty.loc[known, "p_extreme"].to_numpy()
        values, in_draws = _shares(has, p[:, None]), _shares(has, extreme[known])
        sizes = (p.sum(), (1 - p).sum(), p.sum())
        for place, group in enumerate(DETERMINANT_GROUPS):
            se, low, high = (float(side[0]) for side in draw_interval(in_draws[place][None, :], CONFIDENCE))
            spread = {"se": se, "low": low, "high": high, "n": float(sizes[place])}
            rows.append(about | {"group": group, "area": area, "value": float(values[place][0])} | spread)
    return pd.DataFrame(rows, columns=["indicator", "group", "area", "value", "se", "low", "high", "n"])


def _has(column: pd.Series, determinant: dict[str, Any]) -> NDArray[np.float64]:
    met = column.isin(determinant["is_in"]) if "is_in" in determinant else column >= determinant["at_least"]
    return met.to_numpy(dtype=float)


def _shares(has: NDArray[np.float64], extreme: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
    """Shares among the extreme poor, among the others, and their difference, one entry per draw."""
    poor = extreme.astype(float)
    inside = np.divide(has @ poor, poor.sum(axis=0), out=np.full(poor.shape[1], np.nan), where=poor.sum(axis=0) > 0)
    outside = (has.sum() - has @ poor) / (len(has) - poor.sum(axis=0))
    return inside, outside, inside - outside
