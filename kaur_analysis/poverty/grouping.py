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
MOST = 24  # groups of an area for its MSE, which then moves by at most 2%, without bias
FEW = 8  # for its predictive draws: a limit then moves by at most 3% of its interval, as with as many as one likes


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

    @cached_property
    def _to_area(self) -> csr_array:
        rows = len(self.area)
        return csr_array((self.share, np.arange(rows), self.ends), (len(self.ends) - 1, rows))

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums of the groups' values (G × R) in each area, weighed by the shares (D × R)."""
        return np.asarray(self._to_area @ values, dtype=np.float64)

    def fewer(self, beta: FloatArray, covariance: FloatArray, most: int = FEW) -> Groups:
        """Groups of neighbours among these, ``most`` of an area at most; ``beta`` and ``covariance`` as they were."""
        sizes, starts = np.diff(self.ends), self.ends[:-1]
        groups = np.minimum(sizes, most)
        row = np.arange(len(self.area))
        number = _numbered(row - starts[self.area], sizes[self.area], groups, self.area)
        return _averaged(
            self.X, row, number, groups, self.share, self.squares, self.known, self.unknown, beta, covariance
        )


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
    groups, ends = np.minimum(sizes, most), np.cumsum(sizes)
    # Narrow numbers are sorted by radix, and areas by themselves sooner than all families.
    families = np.split(np.argsort(area.astype(np.min_scalar_type(areas)), kind="stable"), ends[:-1])
    along = X @ beta
    order = np.concatenate([own[np.argsort(along[own], kind="stable")] for own in families])
    own, part = area[order], share[order]
    number = _numbered(np.arange(len(own)) - (ends - sizes)[own], sizes[own], groups, own)
    return _averaged(X, order, number, groups, part, part**2, 0.0, 0.0, beta, covariance)


def _numbered(place: IntArray, size: IntArray, groups: IntArray, area: IntArray) -> IntArray:
    """Number of the group of each row, by its place among so many of its area."""
    return np.asarray((np.cumsum(groups) - groups)[area] + place * groups[area] // size, dtype=np.int64)


def _averaged(
    X: FloatArray,
    order: IntArray,
    number: IntArray,
    groups: IntArray,
    share: FloatArray,
    squares: FloatArray,
    known: FloatArray | float,
    unknown: FloatArray | float,
    beta: FloatArray,
    covariance: FloatArray,
) -> Groups:
    """Groups as means of rows: shares, squares and the group's number (rising) are in the order of the rows given."""
    count = int(groups.sum())
    weight = sums_by(number, share, count)
    part = share / np.where(weight > 0, weight, 1.0)[number]
    members = np.append(0, np.cumsum(np.bincount(number, minlength=count)))
    mean = csr_array((part, order, members), (count, len(X)))
    middle, root = mean @ X, np.linalg.cholesky(covariance)
    along = X @ beta
    along -= along.mean()  # so that squares keep their digits
    known = mean @ (along**2 + known) - (mean @ along) ** 2
    unknown = mean @ (_squares(X, root) + unknown) - _squares(middle, root)
    return Groups(
        middle,
        np.repeat(np.arange(len(groups)), groups),
        weight,
        sums_by(number, squares, count),
        np.maximum(known, 0.0),
        np.maximum(unknown, 0.0),
        np.append(0, np.cumsum(groups)),
    )


def _squares(X: FloatArray, root: NDArray[np.floating]) -> FloatArray:
    """Squared length of R'x for each row x, a part at a time: there may be a million families."""
    parts = (X[start : start + PART] @ root for start in range(0, len(X), PART))
    return np.concatenate([np.einsum("ij,ij->i", along, along) for along in parts])
