"""Making small-area estimates agree with an official figure, openly: before and after are both kept."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of, same_order

FloatArray = NDArray[np.float64]
Method = Literal["raking", "ratio", "difference", "mse_adjusted"]


def benchmark(
    estimates: FloatArray | pd.Series,
    shares: FloatArray | pd.Series,
    target: float,
    method: Method = "ratio",
    mse: FloatArray | pd.Series | None = None,
) -> FloatArray:
    """Move area estimates so that Σ shares × estimate = target.

    Columns are read by position; same labels in different orders are refused. Additive methods do not know that shares
    lie between 0 and 1: look at the result, or move the model itself (:meth:`EmpiricalBest.benchmarked`).

    Parameters
    ----------
    estimates
        Area values (m), or draws of them (m × R) to be benchmarked draw by draw, which gives the error of the result.
    shares
        Population share of each area; they add up to 1.
    target
        The official figure, in the unit of the estimates.
    method
        ``ratio``: all times the same factor; ``raking`` and ``difference``: all plus the same number; ``mse_adjusted``:
        plus a number in proportion to each area's MSE.
    mse
        MSE of each area, for ``mse_adjusted``.

    Returns
    -------
    Benchmarked estimates in the shape they came in.

    Raises
    ------
    EstimationError
        Shares that do not add up to 1 or are negative, a missing estimate, target or MSE, a sum of zero to be scaled,
        an unknown method.

    References
    ----------
    Datta, Ghosh, Steorts & Maples (2011), Test 20.

    Examples
    --------
    >>> benchmark([0.25, 0.5], [0.5, 0.5], 0.75).tolist()
    [0.5, 1.0]
    """
    one_of(method, get_args(Method), "method")
    same_order(estimates, shares, mse)
    values, weights = np.asarray(estimates, dtype=float), np.asarray(shares, dtype=float)
    if len(values) != len(weights) or not (abs(weights.sum() - 1) <= 1e-8 and (weights >= 0).all()):
        raise EstimationError("one share per area is needed, none negative, and shares add up to 1")
    if not (np.isfinite(values).all() and np.isfinite(target)):
        raise EstimationError("every area's estimate and the target must be known: a missing one would spoil the sum")
    now = weights @ values
    if method == "ratio":
        if np.any(now <= 0):
            raise EstimationError("estimates that add up to zero cannot be scaled to a target")
        return values * (target / now)
    if method == "mse_adjusted":
        if mse is None:
            raise EstimationError("mse_adjusted needs the MSE of each area")
        error = np.asarray(mse, dtype=float)
        if error.shape != weights.shape or not ((error >= 0).all() and 0 < weights @ error < np.inf):
            raise EstimationError("mse_adjusted needs one MSE per area, none missing or negative, not all zero")
        step = error / (weights @ error)
        return values + (step[:, None] if values.ndim == 2 else step) * (target - now)
    return values + (target - now)
