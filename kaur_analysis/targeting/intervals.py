"""From joint draws to ``se, low, high``, and from rows to the tidy table."""

import numpy as np
import pandas as pd

from kaur_analysis.targeting.inputs import Array

COLUMNS = ["measure", "denominator", "programme", "group", "value", "se", "low", "high", "n"]


def draw_interval(draws: Array, confidence: float) -> tuple[Array, Array, Array]:
    """Standard deviation and equal-tailed interval over the last axis; undefined draws are left out."""
    ordered = np.sort(draws, axis=-1)  # NaN last
    valid = np.isfinite(ordered).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(_nan_variance(draws, valid))
    tail = (1 - confidence) / 2
    return spread, _quantile(ordered, valid, tail), _quantile(ordered, valid, 1 - tail)


def _nan_variance(draws: Array, valid: Array) -> Array:
    filled = np.nan_to_num(draws)
    known = np.isfinite(draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=-1) / valid
        squares = (np.where(known, draws - mean[..., None], 0.0) ** 2).sum(axis=-1)
        return np.where(valid > 1, squares / (valid - 1), np.nan)


def _quantile(ordered: Array, valid: Array, share: float) -> Array:
    """Quantile of the mid-distribution at (M + 1)·share: equal draws share the mean of their ranks.

    Without equal draws this is type 6: M + 1 exchangeable values leave out these tails exactly on average. Counts of
    few families repeat themselves; an interval closed at a repeated value holds all of its weight, and more than it
    says on average. The mid-distribution (Lancaster 1961; Ma, Genton & Parzen 2011) counts half of it.
    """
    position = (valid + 1) * share
    place = np.clip(np.floor(position).astype(int), 1, np.maximum(valid, 1))
    value = np.take_along_axis(ordered, place[..., None] - 1, axis=-1)
    first = (ordered < value).sum(axis=-1) + 1
    last = (ordered <= value).sum(axis=-1)
    rank = (first + last) / 2
    beside = np.where(rank <= position, last + 1, first - 1)  # rank of the nearest other value
    there = np.take_along_axis(ordered, np.clip(beside, 1, np.maximum(valid, 1))[..., None] - 1, axis=-1)
    other = ((ordered < there).sum(axis=-1) + 1 + (ordered <= there).sum(axis=-1)) / 2
    value, there = value[..., 0], there[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = value + (there - value) * (position - rank) / (other - rank)
    return np.where(valid > 1, np.where(there == value, value, found), np.nan)


def tidy(rows: list[dict[str, object]], columns: list[str] | None = None) -> pd.DataFrame:
    """Rows as a table with the fixed columns, numbers as float."""
    table = pd.DataFrame(rows, columns=columns or COLUMNS)
    return table.astype({name: float for name in ("value", "se", "low", "high", "n") if name in table.columns})
