"""What one family can be given at once: sets of its due programmes, with cost and expected gap closed."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.errors import StudyRejected
from kaur_analysis.planning.wide import Array, Flags, Wide

Integers = NDArray[np.integer[Any]]


def gap_closed(lifts: Array, gap: Array, chance: Array) -> Array:
    """Expected part of a family's extreme-poverty gap that a transfer closes, rupiah per year.

    ``G (1 - max(0, 1 - b p / 3G) ** 3)`` for a transfer ``b``, expected gap ``G`` and probability ``p`` of being
    extremely poor: the expectation of ``min(gap, b)`` when the gap of an extremely poor family has mean ``G / p`` and
    a density that falls in a straight line from the poverty line down to nothing. Near zero every rupiah closes ``p``
    rupiah; the sum never exceeds ``min(G, p b)``. For lognormal welfare it is within 0.06 ``G`` of the exact
    expectation (spread of logs 0.3-0.5, probability from 0.003 to 0.4), which would need a third parameter per family.
    """
    steepness = np.divide(chance, 3 * gap, out=np.zeros(np.broadcast(gap, chance).shape), where=gap > 0)
    part = np.minimum(lifts * steepness, 1)
    return np.asarray(gap * part * (3 - 3 * part + part**2))  # 1 - (1 - part) ** 3 without cancellation


@dataclass(frozen=True)
class Bundles:
    """All sets of programmes that families may be given, one row per family and set, in the families' order.

    Attributes
    ----------
    family
        Row of the family in :class:`Wide`.
    members
        Positions of the (family, programme) pairs in a families × (programmes + 1) array, whose last column is a
        dummy that fills up short sets.
    value
        Objective in rupiah per year: expected gap closed plus ``in_kind_weight`` for every other rupiah that is
        expected to reach the extremely poor.
    starts
        First row of each family that has any set.
    """

    family: Integers
    members: Integers
    value: Array
    starts: Integers

    @classmethod
    def of(cls, family: Integers, members: Integers, value: Array) -> "Bundles":
        """Sets in the families' order, with the first row of each family worked out."""
        starts = np.flatnonzero(np.r_[True, family[1:] != family[:-1]][: len(family)])
        return cls(family, members, value, starts)

    def sums(self, pairs: Array) -> Array:
        """Sum of a families × programmes quantity over the members of every set."""
        padded = np.hstack([pairs, np.zeros((len(pairs), 1))]).ravel()
        total = np.zeros(len(self.members))
        for member in self.members.T:  # all members at once would take as much memory as the sets themselves
            total += padded[member]
        return total

    def locate(self, pairs: Flags) -> Integers:
        """Rows of the sets that a selection gives, one for every family it serves."""
        width = pairs.shape[1] + 1
        marks = np.append(np.left_shift(np.uint64(1), np.arange(width - 1, dtype=np.uint64)), np.uint64(0))
        wanted = (pairs * marks[:-1]).sum(axis=1, dtype=np.uint64)
        found = np.zeros(len(self.members), dtype=np.uint64)
        for member in self.members.T:
            found += marks[member % width]
        return np.flatnonzero((found == wanted[self.family]) & (found > 0))

    def pairs(self, chosen: Integers, shape: tuple[int, int]) -> Flags:
        """Families × programmes given by the chosen sets."""
        flat = np.zeros((shape[0], shape[1] + 1), dtype=bool)
        flat.ravel()[self.members[chosen].ravel()] = True
        return flat[:, :-1]


@cache
def _templates(size: int, at_most: int) -> Integers:
    """Non-empty subsets of ``range(size)`` with at most ``at_most`` members, filled up with ``size``."""
    rows = [
        (*subset, *([size] * (at_most - len(subset))))
        for length in range(1, min(size, at_most) + 1)
        for subset in combinations(range(size), length)
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), at_most)


def build_bundles(
    wide: Wide, candidates: Flags, at_most: int, in_kind_weight: float, family_rupiah: float | None = None
) -> Bundles:
    """Enumerate the sets of at most ``at_most`` candidate programmes that do not exclude each other.

    Raises
    ------
    StudyRejected
        More than 63 programmes (sets are compared by one 64-bit word).
    """
    width = len(wide.programmes) + 1
    if width > 64:
        raise StudyRejected("Alokasi menerima paling banyak 63 program.")
    exclusive = np.pad(wide.exclusive, (0, 1))
    patterns, which = np.unique(np.packbits(candidates, axis=1), axis=0, return_inverse=True)
    which = which.ravel()
    narrow = np.min_scalar_type(-candidates.shape[0] * width)  # half of the memory that the sets take
    by_pattern = np.argsort(which, kind="stable").astype(narrow)
    bounds = np.searchsorted(which[by_pattern], np.arange(len(patterns) + 1))
    families, members = [np.zeros(0, dtype=narrow)], [np.zeros((0, at_most), dtype=narrow)]
    for place in range(len(patterns)):
        rows = by_pattern[bounds[place] : bounds[place + 1]]
        columns = np.flatnonzero(candidates[rows[0]])
        if not len(columns):
            continue
        sets = np.append(columns, width - 1)[_templates(len(columns), at_most)]
        clash = np.zeros(len(sets), dtype=bool)
        for one, two in combinations(range(at_most), 2):
            clash |= exclusive[sets[:, one], sets[:, two]]
        sets = sets[~clash]
        families.append(np.repeat(rows, len(sets)))
        members.append((rows[:, None, None] * narrow.type(width) + sets.astype(narrow)).reshape(-1, at_most))
    family = np.concatenate(families)
    order = np.argsort(family, kind="stable")
    bundles = Bundles.of(family[order].astype(np.int64), np.concatenate(members)[order], np.zeros(len(order)))
    del families, members, family, order  # as large as the sets: gone before they are valued
    lifts, rupiah = bundles.sums(wide.lifts), bundles.sums(wide.rupiah)
    chance, gap = wide.chance[bundles.family], wide.gap[bundles.family]
    value = gap_closed(lifts, gap, chance) + in_kind_weight * chance * (rupiah - lifts)
    if family_rupiah is None:
        return replace(bundles, value=value)
    keep = rupiah <= family_rupiah
    return Bundles.of(bundles.family[keep], bundles.members[keep], value[keep])
