"""Families whom a model predicts nearly alike, as one row, where thousands of parameter sets have to be tried.

The expected poverty of an area is a mean of a smooth function of x'β. Families of an area are ordered by x'β at the fit
and cut into groups of equal number; a group stands for its families by its mean of x and by the variance of x'β within
it, which is added to the families' own variance: a mean of a normal integral over a spread of means is, to second
order, the same integral with the spread added. An area with no more families than groups loses nothing. Point estimates
are never made this way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MOST = 24  # groups of an area: an MSE then moves by at most 2%, a limit by 3% of its interval, both without bias


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of families, area after area.

    Attributes
    ----------
    X, area
        Mean covariates (G × p) and area 0 … D−1 of each group (G).
    share, squares
        Sum of the families' shares in their area's total, and of their squares (G).
    known, unknown
        Variance within the group of x'β at the fit, and what the uncertainty of β adds to it on average (G).
    """

    X: FloatArray
    area: IntArray
    share: FloatArray
    squares: FloatArray
    known: FloatArray
    unknown: FloatArray

    def of(self, area: int) -> slice:
        """Rows of one area."""
        return slice(*np.searchsorted(self.area, [area, area + 1]))


def grouped(
    X: FloatArray, area: IntArray, share: FloatArray, beta: FloatArray, covariance: FloatArray, most: int = MOST
) -> Groups:
    """Group families by area and x'β.

    Parameters
    ----------
    X, area, share
        Covariates (N × p), area (N) and share in the area's total (N) of each family.
    beta, covariance
        Coefficients at the fit and their covariance.
    most
        Groups of an area at most.
    """
    sizes = np.bincount(area)
    along = X @ np.column_stack([beta, np.linalg.cholesky(covariance)])
    order = np.argsort(along[:, 0], kind="stable")
    # Narrow numbers are sorted by radix.
    order = order[np.argsort(area[order].astype(np.min_scalar_type(len(sizes))), kind="stable")]
    groups = np.minimum(sizes, most)
    first, offset = np.cumsum(sizes) - sizes, np.cumsum(groups) - groups
    own = area[order]
    number = np.empty(len(area), dtype=np.int64)
    number[order] = offset[own] + (np.arange(len(own)) - first[own]) * groups[own] // sizes[own]
    weight = np.asarray(np.bincount(number, share), dtype=np.float64)
    part = share / np.where(weight > 0, weight, 1.0)[number]
    mean = csr_array((part, (number, np.arange(len(area)))))
    along -= along.mean(axis=0)  # so that squares keep their digits, in place: there may be a million families
    inner = mean @ along
    along *= along
    spread = np.maximum(mean @ along - inner**2, 0.0)
    return Groups(
        mean @ X,
        np.repeat(np.arange(len(sizes)), groups),
        weight,
        np.asarray(np.bincount(number, share**2), dtype=np.float64),
        spread[:, 0],
        spread[:, 1:].sum(axis=1),
    )
