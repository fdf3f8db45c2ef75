"""Intervals of what was counted in joint draws."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=-1)
    return np.minimum(low, value), np.maximum(high, value)
