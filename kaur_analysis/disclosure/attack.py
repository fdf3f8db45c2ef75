"""What an attacker who knows every shown number can work out about the hidden ones.

Quantities satisfy linear equations (a whole is the sum of its parts) and are not negative. Where nobody is shown as 0,
a count that is hidden is known to be one or more. The narrowest interval an attacker can give for a hidden one is found
by two linear programmes (Fischetti & Salazar-González 2001; Hundepool et al. 2012, *Statistical Disclosure Control*,
ch. 4). What is shown counts as known exactly, although it is rounded: the true attacker knows less.
"""

from dataclasses import dataclass
from functools import cached_property

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

Array = np.ndarray
FRUITFUL = 4  # quantities that a point must settle for another one to be sought in the same way
PRIMAL = 4  # HiGHS' number of the simplex that goes on from the last solution when the objective alone changes
SLACK = 1 - 1e-6  # a width counts as reached within a millionth


@dataclass(frozen=True)
class System:
    """Quantities tied by sums; all arrays have one entry per quantity.

    Attributes
    ----------
    matrix
        Equations × quantities: ``matrix @ amounts`` is zero.
    amounts
        True amounts, not negative.
    needed
        Width of the interval an attacker must be left with.
    watched
        Whether that width is asked at all when the quantity is hidden.
    above
        How far above the truth the attacker must be left able to believe, which one who knows a part of the amount
        would subtract from; 0 where the width alone is asked.
    least
        What everybody knows each to be at least: where nothing is shown as nothing, a hidden count is one or more.
    """

    matrix: csc_array
    amounts: Array
    needed: Array
    watched: Array
    above: Array | float = 0.0
    least: Array | float = 0.0

    @cached_property
    def component(self) -> Array:
        """Label per quantity: those that some chain of equations ties together share one, and their unit."""
        return np.asarray(connected_components(abs(self.matrix).T @ abs(self.matrix), directed=False)[1])

    @cached_property
    def scale(self) -> Array:
        """Largest amount of the component, or width needed in it: what numbers are divided by while solving."""
        largest = np.zeros(self.component.max(initial=-1) + 1)
        np.maximum.at(largest, self.component, np.maximum(self.amounts, self.needed))
        return np.where(largest > 0, largest, 1.0)[self.component]

    @property
    def ceiling(self) -> Array:
        """What the attacker takes for possible at most: far above everything the component holds."""
        return self.amounts + 10 * self.scale

    @property
    def fall(self) -> Array:
        """How far below the truth each can be believed to lie at most."""
        return self.amounts - self.least

    @cached_property
    def _parts(self) -> "dict[int, tuple[Array, System]]":
        return {}

    def around(self, place: int) -> "tuple[Array, System]":
        """Places of the component that a quantity is of, and the system of these."""
        label = int(self.component[place])
        if label not in self._parts:
            near = np.flatnonzero(self.component == label)
            self._parts[label] = (near, self.part(near))
        return self._parts[label]

    def part(self, places: Array) -> "System":
        """The system of some of the quantities, with the equations that speak of them."""
        matrix = csr_array(self.matrix[:, places])
        matrix = matrix[np.diff(matrix.indptr) > 0]
        above, least = (np.broadcast_to(each, self.amounts.shape)[places] for each in (self.above, self.least))
        return System(csc_array(matrix), self.amounts[places], self.needed[places], self.watched[places], above, least)


@dataclass(frozen=True)
class View:
    """Lowest and highest amounts that an attacker was shown to be able to believe, per quantity."""

    lowest: Array
    highest: Array

    def open(self, system: System, hidden: Array) -> Array:
        """Places of hidden quantities that need more width than was found so far, the smallest amount first."""
        places = np.flatnonzero(hidden & system.watched & ~self.settled(system))
        return places[np.argsort(system.amounts[places], kind="stable")]

    def settled(self, system: System) -> Array:
        """Whether each quantity was found the width it needs, and enough of it above the truth."""
        wide = self.highest - self.lowest >= system.needed * SLACK
        return wide & (self.highest >= system.amounts + system.above * SLACK)

    def with_point(self, point: Array) -> "View":
        """The view after another believable point."""
        return View(np.minimum(self.lowest, point), np.maximum(self.highest, point))


def truth_only(system: System) -> View:
    """The view before any search: the attacker's beliefs hold the truth."""
    return View(system.amounts.copy(), system.amounts.copy())


def _programme(objective: Array, matrix: csc_array, right: Array, bounds: Array) -> highspy.Highs:
    """The linear programme of least ``objective @ x`` with ``matrix @ x`` as said and ``x`` between its bounds."""
    solver, (equations, quantities) = highspy.Highs(), matrix.shape
    solver.setOptionValue("output_flag", False)
    # As arrays: the fields of a model, set one by one, become lists of numbers, which takes longer than solving.
    shape = (quantities, equations, matrix.nnz, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize))
    lower, upper = bounds.T.copy()
    columns = (matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data.astype(float))
    parted = np.full(quantities, int(highspy.HighsVarType.kContinuous), dtype=np.int32)
    solver.passModel(*shape, 0.0, objective, lower, upper, right, right, *columns, parted)
    return solver


def _solved(solver: highspy.Highs) -> highspy.HighsSolution:
    """Solution of a linear programme that has one."""
    for presolve in ("off", "on"):  # without it is twice as fast here; with it some more are solved
        solver.setOptionValue("presolve", presolve)
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return solver.getSolution()
    raise ArithmeticError(f"attack check failed: {solver.modelStatusToString(solver.getModelStatus())}")


class Attacker:
    """Whoever knows what is shown, and asks how high and how low hidden quantities can be, one after the other.

    All questions are one programme with another objective: each begins where the last one ended, a few steps away.
    """

    def __init__(self, system: System, hidden: Array) -> None:
        self._system, self._scale, self._asked = system, system.scale, 0
        # In moves from the truth: staying there solves the sums exactly, whatever the last digits.
        self._room = np.column_stack([-system.fall, system.ceiling - system.amounts]) / self._scale[:, None]
        equations, quantities = system.matrix.shape
        bounds = np.where(hidden[:, None], self._room, 0.0)
        self._solver = _programme(np.zeros(quantities), system.matrix, np.zeros(equations), bounds)
        self._solver.setOptionValue("simplex_strategy", PRIMAL)

    def hide(self, places: Array) -> None:
        """Take away some more of what was shown."""
        self._solver.changeColsBounds(len(places), places.astype(np.int32), *self._room[places].T.copy())

    def one(self, view: View, place: int) -> View:
        """The view after points that let a quantity be as wide as it needs, or as wide as it can be at all."""
        for sign in (-1.0, 1.0):
            if view.settled(self._system)[place]:
                break
            view = view.with_point(self._extreme(place, sign))
        return view

    def _extreme(self, place: int, sign: float) -> Array:
        """Point with the lowest (sign 1) or highest (sign -1) amount of a quantity."""
        self._solver.changeColCost(self._asked, 0.0)
        self._solver.changeColCost(place, sign)
        self._asked = place
        return self._system.amounts + np.fromiter(_solved(self._solver).col_value, float) * self._scale


class Sweep:
    """Points of one component that an attacker can believe, each good for as many hidden quantities as can be."""

    def __init__(self, system: System, hidden: Array) -> None:
        self._system, self._places = system, np.flatnonzero(hidden)
        inner, self._scale = system.part(self._places), system.scale[self._places]
        self._right = inner.matrix @ (inner.amounts / self._scale)
        self._top, self._bottom = system.ceiling[self._places] / self._scale, inner.least / self._scale
        # Every amount in two pieces, below and above a turn: only one of them is rewarded.
        self._matrix = csc_array(hstack([inner.matrix, inner.matrix]))

    def many(self, view: View, wanted: Array, upward: bool, weight: Array) -> View:
        """The view after a point that gives as many quantities as it can the width they need, on one side."""
        needed = self._system.needed
        above = self._system.amounts + self._system.above
        ends = np.maximum(view.lowest + needed, above) if upward else view.highest - needed
        chosen = np.isin(self._places, wanted)
        reward = np.where(chosen, weight * self._scale / np.maximum(needed[self._places], 1e-12), 0.0)
        turn = np.where(chosen, np.clip(ends[self._places] / self._scale, self._bottom, self._top), self._bottom)
        return view.with_point(self._point(reward / reward.max(), upward, turn))

    def _point(self, reward: Array, upward: bool, turn: Array) -> Array:
        """Point with the most reward, paid per amount up to a turn, or below it."""
        none = np.zeros(len(self._places))
        bounds = np.column_stack([np.concatenate([self._bottom, none]), np.concatenate([turn, self._top])])
        aim = np.concatenate([-reward, none] if upward else [none, reward])
        pieces = np.fromiter(_solved(_programme(aim, self._matrix, self._right, bounds)).col_value, float)
        point = self._system.amounts.copy()
        point[self._places] = pieces.reshape(2, -1).sum(axis=0) * self._scale
        return point


def widened(system: System, hidden: Array, view: View) -> View:
    """Search for points an attacker could believe; each is chosen to settle as many quantities at once as it can.

    What is open afterwards may be exposed, or may not have been settled yet.
    """
    for component in np.unique(system.component[view.open(system, hidden)]):
        inside = hidden & (system.component == component)
        sweep, random = Sweep(system, inside), np.random.default_rng(0)
        for upward in (True, False):
            settled = FRUITFUL
            while settled >= FRUITFUL and len(still := view.open(system, inside)):
                # Unequal rewards, so that amounts gather where they suffice.
                view = sweep.many(view, still, upward, random.uniform(0.2, 1.0, int(inside.sum())))
                settled = len(still) - len(view.open(system, inside))
    return view


def exposed(system: System, hidden: Array) -> Array:
    """Places of hidden quantities that the attacker can bound more closely than needed, the smallest first."""
    view, attacker = widened(system, hidden, truth_only(system)), Attacker(system, hidden)
    for place in view.open(system, hidden):
        view = attacker.one(view, int(place))
    return view.open(system, hidden)


def cheapest_move(system: System, target: int, hidden: Array, price: Array) -> Array:
    """Point that raises one quantity by the width it needs while all sums hold, moving the cheapest others.

    Parameters
    ----------
    price
        What readers lose when a quantity is hidden; hidden ones move almost freely (Kelly, Golden & Assad 1992).
    """
    near, inner = system.around(target)
    size, scale = len(near), system.needed[target]
    # Prices differ a little so that the answer is one.
    paid = np.where(hidden, 1e-6, price)[near] * (1 + 1e-4 * np.arange(size) / size)
    upward = np.column_stack([np.zeros(size), np.full(size, np.inf)])
    downward = np.column_stack([np.zeros(size), inner.fall / scale])
    upward[near == target], downward[near == target] = 1.0, 0.0
    programme = _programme(
        np.tile(paid, 2),
        csc_array(hstack([inner.matrix, -inner.matrix])),
        np.zeros(inner.matrix.shape[0]),
        np.vstack([upward, downward]),
    )
    moves = np.fromiter(_solved(programme).col_value, float)
    move = moves[:size] - moves[size:]
    point = system.amounts.copy()
    point[near] += scale * np.where(np.abs(move) > 1e-7, move, 0.0)
    return point


def capacity(system: System, target: int, share: Array) -> Array:
    """Coefficients of the inequality that a hiding pattern must satisfy so that a target is wide enough.

    Fischetti & Salazar-González (2001): for any prices of the equations, the width an attacker is left with is at most
    the sum over hidden quantities of what each can give way, priced; the prices of the two attacking programmes make
    that sum the width itself.

    Parameters
    ----------
    share
        How far each quantity is hidden: 1 wholly, 0 not; a fraction lets it give way a little, so that among equal
        prices those are found that charge what is shown least.

    Returns
    -------
    numpy.ndarray
        ``c`` with ``c @ hidden`` the largest width (up to ``needed`` each way), valid for every pattern ``hidden``.
    """
    near, inner = system.around(target)
    need, own = system.needed[target], (near == target).astype(float)
    give_up = np.where(near == target, 1.0, system.ceiling[near] / need)
    give_down = np.where(near == target, np.minimum(inner.fall / need, 1.0), inner.fall / need)
    room = np.concatenate([give_up, give_down])
    limits = np.where(np.tile(share[near], 2) >= 1, room, np.minimum(room, 1.0) * np.tile(share[near], 2))
    matrix = csc_array(hstack([inner.matrix, -inner.matrix]))
    bounds = np.column_stack([np.zeros(2 * len(near)), limits])
    total = np.zeros(len(system.amounts))
    for sign in (1.0, -1.0):
        aim = np.concatenate([-sign * own, sign * own])
        prices = _solved(_programme(aim, matrix, np.zeros(matrix.shape[0]), bounds)).row_dual
        left = sign * own + inner.matrix.T @ np.fromiter(prices, float)
        total[near] += np.where(left > 0, left * give_up, -left * give_down)
    return np.where(total > 1e-9, total, 0.0)
