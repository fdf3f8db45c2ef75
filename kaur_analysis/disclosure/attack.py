"""What an attacker who knows every shown number can work out about the hidden ones, and what to hide against it.

Quantities satisfy linear equations (a whole is the sum of its parts) and are not negative. The narrowest interval an
attacker can give for a hidden one is found by two linear programmes (Fischetti & Salazar-González 2001; Hundepool et
al. 2012, *Statistical Disclosure Control*, ch. 4). Companions are chosen by another: the cheapest way to move the
hidden quantity far enough while all sums hold (Kelly, Golden & Assad 1992); whatever moves with it is hidden too.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csc_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

Name = TypeVar("Name", bound=Hashable)
DIRECTIONS = 8  # random directions in which a system is searched before quantities are taken one by one


class Sums(Generic[Name]):
    """Quantities tied by sums.

    Parameters
    ----------
    amounts
        True amounts. What is shown counts as known exactly, although it is rounded: the true attacker knows less.
    equations
        ``(whole, parts)``: the whole is the sum of its parts.
    needed
        Width of the interval an attacker must be left with, per quantity.

    What an attacker could also believe stays possible when more is hidden: while the hidden ones only grow, every such
    point that was found once is remembered and not searched again.
    """

    def __init__(
        self,
        amounts: Mapping[Name, float],
        equations: Sequence[tuple[Name, tuple[Name, ...]]],
        needed: Mapping[Name, float],
    ) -> None:
        self.names = list(amounts)
        self._place = {name: position for position, name in enumerate(self.names)}
        self._amounts = np.array([amounts[name] for name in self.names], dtype=float)
        self._needed = np.array([needed[name] for name in self.names], dtype=float)
        entries = [
            (sign, row, self._place[name])
            for row, (whole, parts) in enumerate(equations)
            for name, sign in ((whole, 1.0), *((part, -1.0) for part in parts))
        ]
        signs, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
        self._matrix = csc_array(coo_array((signs, (rows, columns)), shape=(len(equations), len(self.names))))
        _, self._system = connected_components(abs(self._matrix).T @ abs(self._matrix), directed=False)
        self._forget(set())

    def _forget(self, hidden: set[Name]) -> None:
        self._lowest, self._highest = self._amounts.copy(), self._amounts.copy()
        self._hidden = hidden

    def _remember(self, hidden: set[Name]) -> None:
        """Keep what was found while the hidden ones grow; else start anew."""
        if hidden >= self._hidden:
            self._hidden = hidden
        else:
            self._forget(hidden)

    def _open(self, places: np.ndarray) -> np.ndarray:
        """Whether no points found so far leave an attacker unsure enough, per place."""
        return np.asarray(self._highest[places] - self._lowest[places] < self._needed[places] * (1 - 1e-6))

    def exposed(self, hidden: Iterable[Name]) -> list[Name]:
        """Hidden quantities that the attacker can bound more closely than needed, the smallest first."""
        chosen = set(hidden)
        self._remember(chosen)
        places = np.array(sorted(self._place[name] for name in chosen), dtype=int)
        matrix = csr_array(self._matrix[:, places])
        bounded = np.flatnonzero(np.diff(matrix.tocsc().indptr))
        _, label = connected_components(abs(matrix).T @ abs(matrix), directed=False)
        found: list[int] = []
        for component in np.unique(label[bounded[self._open(places[bounded])]]):
            inside = bounded[label[bounded] == component]
            system, here = matrix[:, inside], places[inside]
            self._lowest[here], self._highest[here] = _widened(
                system[np.diff(system.indptr) > 0],
                self._amounts[here],
                self._needed[here],
                (self._lowest[here], self._highest[here]),
            )
            found += list(here[self._open(here)])
        return [self.names[place] for place in sorted(found, key=lambda place: (self._amounts[place], place))]

    def companions(self, name: Name, hidden: Iterable[Name], cost: Mapping[Name, float]) -> set[Name]:
        """Cheapest further quantities to hide so that a hidden one can lie anywhere in the needed width.

        Empty where the hidden ones suffice already. ``cost`` is what readers lose per quantity.
        """
        chosen = set(hidden)
        self._remember(chosen)
        target = self._place[name]
        if not self._open(np.array([target]))[0]:
            return set()
        inside = np.flatnonzero(self._system == self._system[target])
        scale = self._needed[target]
        system = csr_array(self._matrix[:, inside])
        system = csc_array(system[np.diff(system.indptr) > 0])
        free = {self._place[other] for other in chosen}
        price = np.array([1e-6 if place in free else cost[self.names[place]] for place in inside])
        # Upward by u, downward by v; nothing can fall below zero. Prices differ a little so that the answer is one.
        price *= 1 + 1e-4 * np.arange(len(inside)) / len(inside)
        bounds = [(0.0, None)] * len(inside) + [(0.0, amount / scale) for amount in self._amounts[inside]]
        here = int(np.flatnonzero(inside == target)[0])
        bounds[here], bounds[here + len(inside)] = (1.0, 1.0), (0.0, 0.0)
        answer = linprog(
            np.tile(price, 2),
            A_eq=hstack([system, -system]),
            b_eq=np.zeros(system.shape[0]),
            bounds=bounds,
            method="highs",
        )
        if answer.status != 0:
            raise ArithmeticError(f"companions not found: {answer.message}")
        move = answer.x[: len(inside)] - answer.x[len(inside) :]
        moved = np.abs(move) > 1e-7
        new = {self.names[place] for place in inside[moved] if place not in free}
        self._remember(chosen | new)
        point = self._amounts[inside] + scale * np.where(moved, move, 0.0)
        self._lowest[inside] = np.minimum(self._lowest[inside], point)
        self._highest[inside] = np.maximum(self._highest[inside], point)
        return new


def _widened(
    system: csr_array, truth: np.ndarray, needed: np.ndarray, seen: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest possible amounts within one connected system, searched up to the width that is needed.

    Every solution widens the view of all quantities, so a few random directions settle most of them.
    """
    scale = max(float(truth.max()), 1.0)
    right = system @ (truth / scale)
    lowest, highest = seen
    together = np.random.default_rng(0).choice([-1.0, 1.0], (DIRECTIONS, len(truth)))
    alone = np.eye(len(truth))
    for objective in (*together, *alone, *-alone):
        asked = objective != 0 if np.count_nonzero(objective) == 1 else slice(None)
        if np.all((highest - lowest >= needed)[asked]):
            continue
        answer = linprog(-objective, A_eq=system, b_eq=right, bounds=(0, None), method="highs")
        if answer.status == 0:
            lowest, highest = np.minimum(lowest, answer.x * scale), np.maximum(highest, answer.x * scale)
        elif answer.status == 3 and np.count_nonzero(objective) == 1:  # nothing holds this quantity from above
            highest = np.where(objective > 0, np.inf, highest)
        elif answer.status != 3:
            raise ArithmeticError(f"attack check failed: {answer.message}")
    return lowest, highest
