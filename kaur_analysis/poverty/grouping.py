"""Families whom a model predicts nearly alike, as one row, where thousands of parameter sets have to be tried.

The expected poverty of an area is a mean of a smooth function of x'β. Families of an area are ordered by x'β at the fit
and cut into groups of equal number; a group stands for its families by its mean of x and by the variance of x'β within
it, which is added to the families' own variance: a mean of a normal integral over a spread of means is, to second
order, the same integral with the spread added. An area with no more families than groups loses nothing. Point estimates
are never made this way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kaur_analysis.poverty.nested_error import sums_by

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
PART = 1 << 11  # families looked at together, few enough for a processor's cache
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
    ends
        Row where each area begins, and the end of the last (D + 1).
    """

    X: FloatArray
    area: IntArray
    share: FloatArray
    squares: FloatArray
    known: FloatArray
    unknown: FloatArray
    ends: IntArray

    def of(self, area: int) -> slice:
        """Rows of one area."""
        return slice(self.ends[area], self.ends[area + 1])

    @cached_property
    def _to_area(self) -> csr_array:
        rows = len(self.area)
        return csr_array((self.share, np.arange(rows), self.ends), (len(self.ends) - 1, rows))

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums of the groups' values (G × R) in each area, weighed by the shares (D × R)."""
        return np.asarray(self._to_area @ values, dtype=np.float64)


def grouped(
    X: FloatArray,
    area: IntArray,
    areas: int,
    share: FloatArray,
    beta: FloatArray,
    covariance: FloatArray,
    most: int = MOST,
) -> Groups:
    """Group families by area and x'β.

    Parameters
    ----------
    X, area, share
        Covariates (N × p), area (N) and share in the area's total (N) of each family.
    areas
        How many there are; some may have no family.
    beta, covariance
        Coefficients at the fit and their covariance.
    most
        Groups of an area at most.
    """
    sizes = np.bincount(area, minlength=areas)
    groups = np.minimum(sizes, most)
    ends, offset = np.cumsum(sizes), np.cumsum(groups) - groups
    along = X @ beta
    # Narrow numbers are sorted by radix, and areas by themselves sooner than all families.
    families = np.split(np.argsort(area.astype(np.min_scalar_type(areas)), kind="stable"), ends[:-1])
    order = np.concatenate([own[np.argsort(along[own], kind="stable")] for own in families])
    own, part = area[order], share[order]
    number = offset[own] + (np.arange(len(own)) - (ends - sizes)[own]) * groups[own] // sizes[own]
    count = int(groups.sum())
    weight, squares = sums_by(number, part, count), sums_by(number, part**2, count)
    part = part / np.where(weight > 0, weight, 1.0)[number]
    members = np.append(0, np.cumsum(np.bincount(number, minlength=count)))
    mean = csr_array((part, order, members), (count, len(area)))
    middle, root = mean @ X, np.linalg.cholesky(covariance)
    along -= along.mean()  # so that squares keep their digits
    known = mean @ along**2 - (mean @ along) ** 2
    unknown = mean @ _squares(X, root) - _squares(middle, root)
    return Groups(
        middle,
        np.repeat(np.arange(areas), groups),
        weight,
        squares,
        np.maximum(known, 0.0),
        np.maximum(unknown, 0.0),
        np.append(0, np.cumsum(groups)),
    )


def _squares(X: FloatArray, root: NDArray[np.floating]) -> FloatArray:
    """Squared length of R'x for each row x, a part at a time: there may be a million families."""
    parts = (X[start : start + PART] @ root for start in range(0, len(X), PART))
    return np.concatenate([np.einsum("ij,ij->i", along, along) for along in parts])
