"""From draws or linearised variances to ``se, low, high``; shares keep inside 0–1."""

from typing import Protocol

import numpy as np
import pandas as pd
from scipy import stats

from kaur_analysis.targeting.inputs import Array

COLUMNS = ["measure", "denominator", "programme", "group", "value", "se", "low", "high", "n"]


class Design(Protocol):
    """What this room needs of :class:`kaur_analysis.poverty.SurveyDesign`."""

    @property
    def data(self) -> pd.DataFrame:
        """The sample."""

    @property
    def weights(self) -> str:
        """Column of the weights."""

    @property
    def degrees_of_freedom(self) -> int:
        """PSUs minus strata."""

    def variance(self, influence: Array) -> float:
        """Variance of the weighted total of the influences."""


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


def normal_interval(value: Array, se: Array, degrees: int, confidence: float, *, share: bool) -> tuple[Array, Array]:
    """Student interval; for shares on the logit scale, so that it stays inside 0–1 (value ± 0 where se is 0)."""
    quantile = stats.t.ppf((1 + confidence) / 2, max(degrees, 1))
    if not share:
        return value - quantile * se, value + quantile * se
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (value > 0) & (value < 1)
        logit = np.log(value / (1 - value))
        step = quantile * se / (value * (1 - value))
        low, high = 1 / (1 + np.exp(step - logit)), 1 / (1 + np.exp(-step - logit))
    edge = np.where(np.isfinite(se), value, np.nan)
    return np.where(inside, low, edge), np.where(inside, high, edge)


def tidy(rows: list[dict[str, object]], columns: list[str] | None = None) -> pd.DataFrame:
    """Rows as a table with the fixed columns, numbers as float."""
    table = pd.DataFrame(rows, columns=columns or COLUMNS)
    return table.astype({name: float for name in ("value", "se", "low", "high", "n") if name in table.columns})
