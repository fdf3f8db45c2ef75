"""Intervals of what was counted in joint draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri


def equal_tails(draws: NDArray[np.floating], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equal-tailed interval over the last axis of the draws.

    Quantiles are at (M + 1)·share (type 6 of Hyndman & Fan 1996): of M + 1 exchangeable values, the truth among them,
    so many lie outside on average. At (M − 1)·share + 1 the interval of 200 draws would hold 0.940 instead of 0.95.

    Parameters
    ----------
    draws
        Rows × M.
    level
        Probability content of the interval.
    """
    tail = (1 - level) / 2
    draws = np.sort(draws, axis=-1)  # a part of the time that numpy's search for the quantiles takes
    low, high = np.quantile(draws, [tail, 1 - tail], axis=-1, method="weibull")
    return low, high


def held_interval(
    value: ArrayLike, draws: NDArray[np.floating], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equal-tailed interval over the last axis of the draws, stretched where need be until it holds the value.

    A value is an expectation in closed form, draws are few whole numbers of families: the one may lie just outside the
    quantiles of the others.

    Parameters
    ----------
    value
        What is stated, one per row of the draws.
    draws
        Rows × M.
    level
        Probability content of the interval.
    """
    low, high = equal_tails(draws, level)
    return np.minimum(low, value), np.maximum(high, value)


def spanned(
    stated: pd.DataFrame, other: pd.DataFrame, keys: Sequence[str], evidence: str, level: float = 0.95
) -> pd.DataFrame:
    """Estimates whose truth lies between two ends that no data tell apart: their intervals hold those of both.

    Where each end's interval holds its own truth in 95 of 100 samples, what holds both holds every truth between them
    at least as often (Imbens & Manski 2004; Vansteelandt, Goetghebeur, Kenward & Molenberghs 2006). Values stay as
    stated. Standard errors grow as those of a normal estimate would whose interval became as much wider.

    Parameters
    ----------
    stated, other
        Columns ``se, low, high``, and ``value`` in ``stated`` where there is one, which is held as well. Rows that only
        ``stated`` has stay as they are.
    keys
        Columns that name a row.
    evidence
        What the other end knows: put in column ``spans`` of the rows that both have, which is empty elsewhere.
    level
        Probability content of the intervals.
    """
    ends = stated[list(keys)].merge(other[[*keys, "low", "high"]], how="left", on=list(keys), validate="one_to_one")
    ends = ends.set_index(stated.index)
    known = ends[["low", "high"]].notna().all(axis=1).to_numpy()
    held = [stated["value"]] if "value" in stated.columns else []
    low = np.fmin.reduce([stated["low"], ends["low"], *held])
    high = np.fmax.reduce([stated["high"], ends["high"], *held])
    wider = (high - low) - (stated["high"] - stated["low"])
    return stated.assign(
        se=stated["se"] + np.where(known, wider / (2 * ndtri((1 + level) / 2)), 0.0),
        low=np.where(known, low, stated["low"]),
        high=np.where(known, high, stated["high"]),
        spans=np.where(known, evidence, ""),
    )
