"""Which further quantities to hide so that no hidden one can be worked out, at the least loss to readers.

The optimal cell suppression problem of Fischetti & Salazar-González (2001, *JASA* 96, 1008-1018): a binary per group of
quantities that are hidden together, and for every hidden quantity the inequality that the attacker's linear programme
gives (:func:`kaur_analysis.disclosure.attack.capacity`), added only when it is broken (Benders' decomposition). The
integer programme bounds the loss from below; every pattern that is kept was shown safe by points the attacker could
believe. Limits count rounds and branching nodes, never seconds, so that every computer finds the same.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from kaur_analysis.disclosure.attack import Array, Attacker, System, View, capacity, cheapest_move, truth_only, widened

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

CORE = 1e-3  # how far shown quantities give way while inequalities are sought


@dataclass(frozen=True)
class Effort:
    """How long to look for less loss.

    Attributes
    ----------
    gap
        Stop when the loss is proven to be at most this share above the least possible.
    rounds
        Times the integer programme is solved, at most, per block.
    nodes
        Branching nodes of each, at most.
    cuts
        Inequalities sought per round.
    """

    gap: float
    rounds: int
    nodes: int
    cuts: int


@dataclass(frozen=True)
class Block:
    """Quantities that sums or twins tie together, and what hiding them costs.

    Attributes
    ----------
    system
        The quantities and their sums.
    group
        Group per quantity, 0 … G - 1; the quantities of one group are hidden together.
    cost
        What readers lose, per group.
    forced
        Groups that must be hidden.
    """

    system: System
    group: Array
    cost: Array
    forced: Array

    def loss(self, chosen: Array) -> float:
        """What readers lose by hiding some groups."""
        return float(self.cost[chosen].sum())


@dataclass(frozen=True)
class Solution:
    """Groups to hide, and how good that is.

    Attributes
    ----------
    chosen
        Whether each group is hidden.
    loss, bound
        What readers lose; what they would lose at least.
    rounds
        Integer programmes solved.
    """

    chosen: Array
    loss: float
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """Share of the loss that could at most be saved."""
        return (self.loss - self.bound) / self.loss if self.loss > 0 else 0.0


@dataclass
class _Cuts:
    """Inequalities ``coefficients @ chosen >= right`` found so far."""

    groups: int
    places: list[Array] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    known: set[tuple[bytes, bytes, float]] = field(default_factory=set)

    def add(self, coefficients: Array, right: float) -> bool:
        """Keep an inequality unless it is already there; whether it was new."""
        places = np.flatnonzero(coefficients)
        values = coefficients[places]
        rounded = values.round(9)
        told = rounded != 0
        key = (places[told].tobytes(), rounded[told].tobytes(), round(right, 9))
        if key in self.known:
            return False
        self.known.add(key)
        self.places.append(places)
        self.values.append(values)
        self.right.append(right)
        return True

    def constraint(self) -> "LinearConstraint | None":
        """All of them, for the integer programme."""
        from scipy.optimize import LinearConstraint

        if not self.right:
            return None
        ends = np.cumsum([0, *map(len, self.places)])
        entries = (np.concatenate(self.values), np.concatenate(self.places), ends)
        return LinearConstraint(csr_array(entries, shape=(len(self.right), self.groups)), lb=np.array(self.right))


def suppress(block: Block, effort: Effort) -> Solution:
    """Hide at the least loss found within an effort."""
    from scipy.optimize import Bounds, milp  # here: whoever only looks at products solves nothing

    forced = block.forced
    base = widened(block.system, forced[block.group], truth_only(block.system))
    least = block.loss(forced)
    if not len(base.open(block.system, forced[block.group])):
        return Solution(forced, least, least, 0)
    cuts = _Cuts(len(block.cost))
    for coefficients, right in _sum_cuts(block):
        cuts.add(coefficients, right)
    best, bound, rounds = np.ones(len(forced), dtype=bool), least, 0
    while rounds < effort.rounds:
        rounds += 1
        answer = milp(
            block.cost,
            integrality=np.ones(len(block.cost)),
            bounds=Bounds(forced.astype(float), np.ones(len(forced))),
            constraints=cuts.constraint(),
            options={"node_limit": effort.nodes, "mip_rel_gap": effort.gap / 4},
        )
        if answer.mip_dual_bound is not None:
            bound = max(bound, float(answer.mip_dual_bound))
        pattern = forced if answer.x is None else (answer.x > 0.5) | forced
        view = widened(block.system, pattern[block.group], base)
        best = min(best, greedy(block, pattern, view), key=block.loss)
        if block.loss(best) <= bound * (1 + effort.gap) or answer.x is None:
            break
        if not sum(cuts.add(*cut) for cut in _broken(block, pattern, view, effort.cuts)):
            break
    return Solution(best, block.loss(best), min(bound, block.loss(best)), rounds)


def greedy(block: Block, chosen: Array, view: View) -> Array:
    """Hide more, the cheapest for one exposed quantity after the other, until none is exposed.

    Parameters
    ----------
    chosen
        Groups to begin with, the forced ones among them.
    view
        What an attacker can believe when these are hidden: possible all the more when more is hidden.
    """
    system, chosen = block.system, chosen.copy()
    attacker = Attacker(system, chosen[block.group])
    while len(still := view.open(system, hidden := chosen[block.group])):
        for target in still:
            view = attacker.one(view, int(target))
            if not view.settled(system)[target]:
                point = cheapest_move(system, int(target), hidden, block.cost[block.group])
                view = view.with_point(point)
                new = np.setdiff1d(block.group[point != system.amounts], np.flatnonzero(chosen))
                if len(new):
                    chosen[new] = True
                    attacker.hide(np.flatnonzero(np.isin(block.group, new)))
                    break
    return chosen


def _sum_cuts(block: Block) -> Iterator[tuple[Array, float]]:
    """What single sums already say: who is hidden in a sum needs others hidden in it, with room enough."""
    system, fall = block.system, block.system.fall
    matrix, asked = csr_array(system.matrix), system.watched & (system.needed > 0)
    for start, end in itertools.pairwise(matrix.indptr):
        inside, signs = matrix.indices[start:end], matrix.data[start:end]
        targets = np.flatnonzero(asked[inside])  # a row of each below
        own, group = targets[:, None] == np.arange(len(inside)), block.group[inside]
        others = np.where(own, 0.0, 2.0)
        # A part rises as far as its fellows can fall, or the whole rise; it falls by itself at most.
        least = np.minimum(fall[inside] / system.needed[inside[targets], None], 1.0)
        rooms = np.stack([others, np.where(signs == signs[targets, None], least, others)], axis=1)
        hidden = block.forced[group] | (group == group[targets, None])
        # What is hidden anyway has room enough in most sums: the shorter way to the same answer.
        lacking = np.where(hidden[:, None], rooms, 0.0).sum(axis=2) < 1 - 1e-10
        lacking[:, 1] &= signs[targets] < 0
        for row, kind in np.argwhere(lacking):
            room = np.bincount(group, rooms[row, kind], minlength=len(block.cost))
            if (cut := _shaped(block, room, int(inside[targets[row]]))) is not None:
                yield cut


def _shaped(block: Block, room: Array, target: int) -> tuple[Array, float] | None:
    """The inequality over groups, by how far those of each can give way; None where the forced alone satisfy it."""
    own = block.group[target]
    given = float(room[block.forced].sum()) if block.forced[own] else float(room[block.forced].sum() + room[own])
    lacking = 1.0 - given
    if lacking <= 1e-9:
        return None
    coefficients = np.minimum(room, lacking)
    coefficients[block.forced] = 0.0
    if block.forced[own]:
        return coefficients, lacking
    coefficients[own] = -lacking
    return coefficients, 0.0


def _broken(block: Block, chosen: Array, view: View, most: int) -> Iterator[tuple[Array, float]]:
    """Inequalities that a pattern breaks, at most so many."""
    system, hidden, found = block.system, chosen[block.group], 0
    attacker = Attacker(system, hidden)
    for target in np.random.default_rng(1).permutation(view.open(system, hidden)):
        view = attacker.one(view, int(target))
        if not view.settled(system)[target]:
            capacities = np.minimum(capacity(system, int(target), np.maximum(hidden, CORE)), 2.0)
            room = np.bincount(block.group, capacities, minlength=len(block.cost))
            cut = _shaped(block, room, int(target))
            if cut is not None and cut[0] @ chosen < cut[1] - 1e-6:
                yield cut
                found += 1
                if found == most:
                    return


def blocks(system: System, group: Array, cost: Array, forced: Array) -> Iterator[tuple[Array, Array, Block]]:
    """The independent parts of a problem: places of their quantities, their groups, and the part itself."""
    size = len(group)
    links = coo_array((np.ones(size), (np.arange(size), size + group)), shape=(size + len(cost),) * 2)
    tied = coo_array(abs(system.matrix).T @ abs(system.matrix))
    sums = coo_array((tied.data, (tied.row, tied.col)), shape=links.shape)
    _, label = connected_components(csr_array(links + sums), directed=False)
    for part in np.unique(label[:size][forced[group]]):
        places = np.flatnonzero(label[:size] == part)
        groups = np.unique(group[places])
        yield (
            places,
            groups,
            Block(system.part(places), np.searchsorted(groups, group[places]), cost[groups], forced[groups]),
        )
