"""What an attacker knows of a whole edition: its quantities, those that the published table tells, and all sums."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csc_array

from kaur_analysis.disclosure.attack import System, exposed
from kaur_analysis.disclosure.publish import KEYS, room_above
from kaur_analysis.disclosure.quantities import Quantity, equations, read_quantities, rests, rules, twin_concepts


@dataclass(frozen=True)
class Knowledge:
    """Quantities of an edition, which of them no row tells, and which count too few families.

    ``withheld`` holds, for every row that is not shown to protect families, the places of what it states: a number, or
    a share's part and base. One of them must stay unknown.
    """

    names: list[Quantity]
    system: System
    hidden: np.ndarray
    small: np.ndarray
    withheld: list[list[int]]

    def leaks(self) -> list[Quantity]:
        """Small numbers, and first quantities of withheld rows, that can be bounded more closely than needed."""
        known = ~self.hidden
        known[exposed(self.system, self.hidden)] = True
        rows = [places[0] for places in self.withheld if known[places].all()]
        return [self.names[place] for place in (*np.flatnonzero(known & self.small), *rows)]

    def counts(self) -> np.ndarray:
        """Places of withheld numbers that are no share, small ones among them."""
        return np.unique([places[0] for places in self.withheld if len(places) == 1])

    def bounds(self, place: int) -> tuple[float, float]:
        """Lowest and highest amount of one quantity, by two linear programmes over everything hidden beside it."""
        inside = np.flatnonzero(self.hidden & (self.system.component == self.system.component[place]))
        matrix = self.system.matrix[:, inside]
        aim = (inside == place).astype(float)
        right = matrix @ self.system.amounts[inside]
        possible = [(least, None) for least in np.asarray(self.system.least)[inside]]
        ends = []
        for sign in (1.0, -1.0):
            for presolve in (True, False):
                answer = linprog(sign * aim, A_eq=matrix, b_eq=right, bounds=possible, options={"presolve": presolve})
                if answer.status in (0, 3):
                    break
            assert answer.status in (0, 3), answer.message
            ends.append(sign * answer.fun if answer.status == 0 else np.inf)
        return ends[0], ends[1]


def knowledge(estimates: pd.DataFrame, published: pd.DataFrame, minimum: int) -> Knowledge:
    """Everything a reader of the published table can write down.

    Parameters
    ----------
    estimates
        Rows before protection: the truth that the attacker is after.
    published
        The table that left the house.
    """
    counted = ~estimates["topic"].isin(rules()["open_topics"]) & estimates["value"].notna()
    rows = estimates[counted].merge(published[[*KEYS, "status"]], on=KEYS, validate="one_to_one")
    found = read_quantities(rows, minimum)
    names = list(found.amounts)
    place = {name: position for position, name in enumerate(names)}
    told, withheld = set(), []
    for row, quantities in found.of_row.items():
        if rows.at[row, "status"] != "disembunyikan":
            told.update(quantities)
        else:
            withheld.append([place[quantity] for quantity in quantities if quantity in place])
    sums = equations(found)
    matrix = np.zeros((len(sums), len(names)), dtype=np.int8)
    for line, (whole, parts) in enumerate(sums):
        matrix[line, place[whole]] = 1
        matrix[line, [place[part] for part in parts]] -= 1
    amounts = np.array([found.amounts[name] for name in names])
    hidden = np.array([name not in told for name in names])
    others = {*twin_concepts(), *rests()}
    small = np.array([name.concept not in others and 0 < found.amounts[name] < minimum - 1e-9 for name in names])
    watched = small.copy()
    watched[[position for places in withheld for position in places]] = True
    above = np.zeros(len(names))
    for row, room in room_above(rows["value"], rows["first"], rows["second"]).items():
        if room > 0:
            above[place[found.of_row[row][0]]] = room
    needed = np.maximum([found.protection[name] for name in names], above)
    stated = {quantity for quantities in found.of_row.values() for quantity in quantities}
    somebody = np.array([name in stated and name.concept not in twin_concepts() for name in names])
    somebody &= (amounts >= 1) & np.isclose(amounts, np.round(amounts), rtol=0, atol=1e-9)  # no expected number
    system = System(csc_array(matrix.astype(float)), amounts, needed, watched, above, somebody.astype(float))
    return Knowledge(names, system, hidden, small, withheld)
