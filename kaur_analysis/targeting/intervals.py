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
    """Order statistic at (M + 1)·share (type 6): M + 1 exchangeable values give these tails exactly on average."""
    position = np.clip((valid + 1) * share - 1, 0, np.maximum(valid - 1, 0))
    lower = np.floor(position).astype(int)
    upper = np.minimum(lower + 1, np.maximum(valid - 1, 0))
    at_lower = np.take_along_axis(ordered, lower[..., None], axis=-1)[..., 0]
    at_upper = np.take_along_axis(ordered, upper[..., None], axis=-1)[..., 0]
    return np.where(valid > 1, at_lower + (at_upper - at_lower) * (position - lower), np.nan)


def tidy(rows: list[dict[str, object]], columns: list[str] | None = None) -> pd.DataFrame:
    """Rows as a table with the fixed columns, numbers as float."""
    table = pd.DataFrame(rows, columns=columns or COLUMNS)
    return table.astype({name: float for name in ("value", "se", "low", "high", "n") if name in table.columns})
