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

    def exposed(self, hidden: Iterable[Name]) -> list[Name]:
        """Hidden quantities that the attacker can bound more closely than needed, the smallest first."""
        places = np.array(sorted(self._place[name] for name in hidden), dtype=int)
        matrix = csr_array(self._matrix[:, places])
        bounded = np.flatnonzero(np.diff(matrix.tocsc().indptr))
        _, label = connected_components(abs(matrix).T @ abs(matrix), directed=False)
        found: list[int] = []
        for component in np.unique(label[bounded]):
            inside = bounded[label[bounded] == component]
            system = matrix[:, inside]
            widths = _widths(
                system[np.diff(system.indptr) > 0], self._amounts[places[inside]], self._needed[places[inside]]
            )
            found += list(places[inside[widths < self._needed[places[inside]] * (1 - 1e-6)]])
        return [self.names[place] for place in sorted(found, key=lambda place: (self._amounts[place], place))]

    def companions(self, name: Name, hidden: Iterable[Name], cost: Mapping[Name, float]) -> set[Name]:
        """Cheapest further quantities to hide so that a hidden one can lie anywhere in the needed width.

        Empty where the hidden ones suffice already. ``cost`` is what readers lose per quantity.
        """
        target = self._place[name]
        inside = np.flatnonzero(self._system == self._system[target])
        scale = self._needed[target]
        system = csr_array(self._matrix[:, inside])
        system = csc_array(system[np.diff(system.indptr) > 0])
        free = {self._place[other] for other in hidden}
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
        moved = np.abs(answer.x[: len(inside)] - answer.x[len(inside) :]) > 1e-7
        return {self.names[place] for place in inside[moved] if place not in free}


def _widths(system: csr_array, truth: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Widths within one connected system, searched up to what is needed.

    Every solution widens the view of all quantities, so a few random directions settle most of them.
    """
    scale = max(float(truth.max()), 1.0)
    right = system @ (truth / scale)
    lowest, highest = truth.copy(), truth.copy()
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
            highest[objective > 0] = np.inf
        elif answer.status != 3:
            raise ArithmeticError(f"attack check failed: {answer.message}")
    return highest - lowest
