"""Fractional ranks: where a family stands between the poorest (0) and the richest (1) of its group."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.targeting.inputs import Array, Groups


@dataclass(frozen=True)
class Ranks:
    """Share of the group's weight below each family (``low``) and up to it, its equals included (``high``).

    Arrays are rows × M. Equals share one interval, so that nothing depends on the order of the rows.
    """

    low: Array
    high: Array
    _poorest: dict[float, Array] = field(default_factory=dict)

    @cached_property
    def middle(self) -> Array:
        """Mid-ranks; their weighted mean is ½ in every group."""
        return (self.low + self.high) / 2

    def poorest(self, share: float) -> Array:
        """Part of each family among the poorest ``share`` of its group; worked out once for all programmes."""
        if share not in self._poorest:
            self._poorest[share] = self.within(0.0, share)
        return self._poorest[share]

    def within(self, start: float | Array, stop: float | Array) -> Array:
        """Part of each family's interval that lies between two shares: 1 inside, 0 outside, a fraction on the edge."""
        width = self.high - self.low
        inside = np.minimum(self.high, stop)
        inside -= np.maximum(self.low, start)
        np.maximum(inside, 0.0, out=inside)
        if width.size and width.min() > 0:  # whoever has no weight has no width: to ask each costs more than dividing
            inside /= width
            return inside
        return np.divide(inside, width, out=np.zeros_like(width), where=width > 0)


def orders(values: Array) -> NDArray[np.intp]:
    """Rows of every column of ``values`` from low to high, equals as they stand: sorted once for many partitions."""
    order = np.empty(values.shape, dtype=np.intp, order="F")
    for column in np.ndindex(values.shape[1:]):
        order[:, *column] = _order(np.ascontiguousarray(values[:, *column]))
    return order


def _order(values: Array) -> NDArray[np.intp]:
    """What a stable sort says, in a fraction of its time: whoever has equals is sorted once more, by value and row."""
    order = np.argsort(values)
    ascending = values[order]
    is_equal = ascending[1:] == ascending[:-1]
    if is_equal.any():
        several = np.flatnonzero(np.append(is_equal, False) | np.append(False, is_equal))
        block = np.append(0, np.cumsum(~is_equal))[several]
        order[several] = np.sort(block * len(order) + order[several]) - block * len(order)
    return order


def fractional_ranks(values: Array, weights: Array, groups: Groups, order: NDArray[np.intp] | None = None) -> Ranks:
    """Fractional ranks of ``values`` within groups, for every column of ``values``.

    Parameters
    ----------
    values
        Welfare or rank, low is poor; rows × M (or one column).
    weights
        Weights of the rows.
    groups
        Classes within which families are ranked.
    order
        :func:`orders` of the columns, where they are known.
    """
    columns = values[:, None] if values.ndim == 1 else values
    order = orders(columns) if order is None else order
    codes = _small(groups)
    group_weight = np.bincount(groups.codes, weights, minlength=groups.size)
    before_group = np.cumsum(group_weight) - group_weight
    scale = np.where(group_weight > 0, group_weight, 1.0)[groups.codes]
    low = np.empty(columns.shape)
    high = np.empty(columns.shape)
    for column in range(columns.shape[1]):
        below, upto = _cumulated(columns[:, column], weights, codes, order[:, column])
        low[:, column] = (below - before_group[groups.codes]) / scale
        high[:, column] = (upto - before_group[groups.codes]) / scale
    return Ranks(low, high)


def _small(groups: Groups) -> NDArray[np.integer]:
    """Codes in as few bytes as hold them: numbers of two bytes are sorted by radix, several times quicker."""
    return groups.codes.astype(np.int16) if groups.size <= np.iinfo(np.int16).max else groups.codes


def _cumulated(
    values: Array, weights: Array, codes: NDArray[np.integer], order: NDArray[np.intp]
) -> tuple[Array, Array]:
    """Weight sorted before a row's block of equals, and up to its end, over all groups laid end to end."""
    if codes.any():
        order = order[np.argsort(codes[order], kind="stable")]
    sorted_values, sorted_codes = values[order], codes[order]
    running = np.concatenate(([0.0], np.cumsum(weights[order])))
    is_first = np.empty(len(order), dtype=bool)
    is_first[:1] = True
    is_first[1:] = (sorted_values[1:] != sorted_values[:-1]) | (sorted_codes[1:] != sorted_codes[:-1])
    starts = np.flatnonzero(is_first)
    block = np.cumsum(is_first) - 1
    ends = np.append(starts[1:], len(order))
    below, upto = np.empty(len(order)), np.empty(len(order))
    below[order] = running[starts][block]
    upto[order] = running[ends][block]
    return below, upto


def weight_above(values: Array, amounts: Array, groups: Groups) -> Array:
    """Sum of ``amounts`` of the rows of the same group with higher ``values``, equals counted half (one column)."""
    below, upto = _cumulated(values, amounts, _small(groups), orders(values))
    total = np.bincount(groups.codes, amounts, minlength=groups.size)
    before_group = np.cumsum(total) - total
    return (total + before_group)[groups.codes] - (below + upto) / 2
