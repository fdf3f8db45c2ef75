"""Fractional ranks: where a family stands between the poorest (0) and the richest (1) of its group."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.targeting.inputs import Array, Groups


@dataclass(frozen=True)
class _Equals:
    """Entries of a table whose column holds their value more than once, and the interval that they share."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    low: Array
    high: Array


@dataclass(frozen=True)
class Ranks:
    """Share of the group's weight below each family (``low``) and up to it, its equals included (``high``).

    Arrays are rows × M. Equals share one interval, so that nothing depends on the order of the rows.

    What is kept stands from the poorest to the richest, one group after the other: where all weigh the same the shares
    at each place are those of every column, so that what is made of them is made once and then put in its rows.
    """

    _order: NDArray[np.intp]  # rows × M: the row at each place
    _below: Array  # places × M, or places × 1 where no column differs: shares as if nobody had equals
    _upto: Array
    _equals: _Equals
    _poorest: dict[float, Array] = field(default_factory=dict)

    @cached_property
    def low(self) -> Array:
        """Share of the group's weight below each family."""
        return self._by_row(lambda low, high: low)

    @cached_property
    def high(self) -> Array:
        """Share of the group's weight up to each family and its equals."""
        return self._by_row(lambda low, high: high)

    @cached_property
    def middle(self) -> Array:
        """Mid-ranks; their weighted mean is ½ in every group."""
        return self._by_row(lambda low, high: (low + high) / 2)

    def poorest(self, share: float) -> Array:
        """Part of each family among the poorest ``share`` of its group; worked out once for all programmes."""
        if share not in self._poorest:
            self._poorest[share] = self.within(0.0, share)
        return self._poorest[share]

    def within(self, start: float, stop: float | Array) -> Array:
        """Part of each family's interval that lies between two shares: 1 inside, 0 outside, a fraction on the edge.

        ``stop`` may differ by row (rows × 1).
        """
        if isinstance(stop, np.ndarray):
            return _between(self.low, self.high, start, stop)
        return self._by_row(lambda low, high: _between(low, high, start, stop))

    def _by_row(self, of: Callable[[Array, Array], Array]) -> Array:
        """What is made of each family's interval, in the order of the rows."""
        found = np.zeros(self._order.shape)
        steps = [(np.flatnonzero(step), step[step != 0]) for step in of(self._below, self._upto).T]
        for column, order, (places, step) in zip(found.T, self._order.T, cycle(steps), strict=False):
            column[order[places]] = step
        found[self._equals.rows, self._equals.columns] = of(self._equals.low, self._equals.high)
        return found


def _between(low: Array, high: Array, start: float, stop: float | Array) -> Array:
    """Part of each interval that lies between two shares; whoever has no weight has no width."""
    width = high - low
    inside = np.maximum(np.minimum(high, stop) - np.maximum(low, start), 0.0)
    return np.divide(inside, width, out=np.zeros_like(width), where=width > 0)


def orders(values: Array) -> NDArray[np.intp]:
    """Rows of every column of ``values`` from low to high, equals as they stand: sorted once for many partitions."""
    order = np.empty(values.shape, dtype=np.intp, order="F")
    for column in np.ndindex(values.shape[1:]):
        order[:, *column] = _order(np.ascontiguousarray(values[:, *column]))
    return order


def _order(values: Array) -> NDArray[np.intp]:
    """What a stable sort says, in a fraction of its time.

    Bits of positive numbers stand in the order of the numbers: those of a short one are sorted together with its row.
    Else whoever has equals is sorted once more, by value and row.
    """
    if values.dtype == np.float32 and values.size and values.min() > 0:
        keys = values.view(np.int32).astype(np.int64) << 32
        keys |= np.arange(len(values))
        keys.sort()
        return keys & 0xFFFFFFFF
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
    order = _by_group(orders(columns) if order is None else order, groups)
    starts = _starts(groups)
    group_weight = np.bincount(groups.codes, weights, minlength=groups.size)
    group = np.repeat(np.arange(groups.size), np.bincount(groups.codes, minlength=groups.size))  # at each place
    before_group = (np.cumsum(group_weight) - group_weight)[group]
    scale = np.where(group_weight > 0, group_weight, 1.0)[group]
    differs = (weights != weights[:1]).any()  # where all weigh the same no column's sums differ from another's
    below = np.empty((len(weights), columns.shape[1] if differs else 1))
    upto = np.empty_like(below)
    for column in range(below.shape[1]):
        running = _running(weights, order[:, column])
        below[:, column] = (running[:-1] - before_group) / scale
        upto[:, column] = (running[1:] - before_group) / scale
    return Ranks(order, below, upto, _equals_of(columns, order, starts, below, upto))


def _equals_of(columns: Array, order: NDArray[np.intp], starts: NDArray[np.intp], below: Array, upto: Array) -> _Equals:
    """Whoever has equals, and from where to where these reach together."""
    found: list[tuple[Array, ...]] = []
    for column in range(columns.shape[1]):
        places, first, last = _blocks(columns[order[:, column], column], starts)
        shares = column % below.shape[1]
        found.append((order[places, column], np.full(len(places), column), below[first, shares], upto[last, shares]))
    return _Equals(*map(np.concatenate, zip(*found, strict=True)))


def _by_group(order: NDArray[np.intp], groups: Groups) -> NDArray[np.intp]:
    """Rows of every column from low to high, one group after the other."""
    if groups.size == 1:
        return order
    codes, grouped = _small(groups), np.empty_like(order)
    for column in range(order.shape[1]):
        ascending = order[:, column]
        grouped[:, column] = ascending[np.argsort(codes[ascending], kind="stable")]
    return grouped


def _starts(groups: Groups) -> NDArray[np.intp]:
    """Places at which a group begins behind another."""
    starts = np.cumsum(np.bincount(groups.codes, minlength=groups.size))
    return starts[(starts > 0) & (starts < len(groups.codes))]


def _small(groups: Groups) -> NDArray[np.integer]:
    """Codes in as few bytes as hold them: numbers of two bytes are sorted by radix, several times quicker."""
    return groups.codes.astype(np.int16) if groups.size <= np.iinfo(np.int16).max else groups.codes


def _running(weights: Array, order: NDArray[np.intp]) -> Array:
    """Weight before each place, and behind the last."""
    return np.concatenate(([0.0], np.cumsum(weights[order])))


def _blocks(ascending: Array, starts: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Places of values that stand more than once in their group; the first and the last place of their equals.

    Few families are alike to the last digit of a draw: these few are looked up, and nothing is done to the others.
    """
    is_equal = ascending[1:] == ascending[:-1]
    is_equal[starts - 1] = False
    again = np.flatnonzero(is_equal) + 1
    opens = np.flatnonzero(np.diff(again, prepend=-1) > 1)
    first, last = again[opens] - 1, again[np.append(opens, len(again))[1:] - 1]
    size = last - first + 1
    places = np.repeat(last + 1 - np.cumsum(size), size) + np.arange(size.sum())
    return places, np.repeat(first, size), np.repeat(last, size)


def weight_above(values: Array, amounts: Array, groups: Groups) -> Array:
    """Sum of ``amounts`` of the rows of the same group with higher ``values``, equals counted half (one column)."""
    order = _by_group(orders(values[:, None]), groups)[:, 0]
    running = _running(amounts, order)
    below, upto = running[:-1].copy(), running[1:].copy()
    places, first, last = _blocks(values[order], _starts(groups))
    below[places], upto[places] = running[first], running[last + 1]
    both = np.empty(len(order))
    both[order] = below + upto
    total = np.bincount(groups.codes, amounts, minlength=groups.size)
    before_group = np.cumsum(total) - total
    return (total + before_group)[groups.codes] - both / 2
