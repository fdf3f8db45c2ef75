"""Measures of an area's distribution of welfare that have no closed form, on draws of its families.

The names are those of :func:`kaur_analysis.poverty.empirical_best`: ``gini``, ``quintile_share_ratio`` (S80/S20) and
``q10``, ``q50``, … for quantiles; the definitions are those of :mod:`kaur_analysis.poverty.functionals`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_QUANTILE = re.compile(r"q([1-9]\d?)")


def is_simulated(name: str) -> bool:
    """Whether an indicator is one of those that draws are needed for."""
    return name in ("gini", "quintile_share_ratio") or _QUANTILE.fullmatch(name) is not None


def measure(names: Sequence[str], welfare: FloatArray, weight: FloatArray) -> FloatArray:
    """Measures of each draw.

    Parameters
    ----------
    names
        Names of the measures.
    welfare, weight
        Welfare of families (n × m draws) and their weights (n).

    Returns
    -------
    Measures, shape (names × m); missing where total welfare is not positive, for what divides by it.
    """
    order = np.argsort(welfare, axis=0, kind="stable")
    ordered, own = np.take_along_axis(welfare, order, axis=0), weight[order]
    reached = np.cumsum(own, axis=0)
    size, amount = reached[-1], own * ordered
    total = amount.sum(axis=0)

    def place(level: float) -> NDArray[np.intp]:
        """First family at which a share of the weight is reached; sums meet a level exactly only up to rounding."""
        return np.asarray((reached >= (level - 1e-12) * size).argmax(axis=0))

    def quantile(level: float) -> FloatArray:
        return np.take_along_axis(ordered, place(level)[None], axis=0)[0]

    found = np.empty((len(names), welfare.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, name in enumerate(names):
            if name == "gini":
                value = 2 * (amount * (reached - own / 2)).sum(axis=0) / (size * total) - 1
                found[row] = np.where(total > 0, value, np.nan)
            elif name == "quintile_share_ratio":
                poorest = np.where(ordered <= quantile(0.2), amount, 0.0).sum(axis=0)
                richest = np.where(ordered > quantile(0.8), amount, 0.0).sum(axis=0)
                found[row] = np.where(poorest > 0, richest / poorest, np.nan)
            else:
                found[row] = quantile(int(name[1:]) / 100)
    return found
