"""What families are due where links to the lists are in doubt: nothing but draws of the links can tell."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.planning.wide import Array, Flags
from kaur_analysis.reference.catalogue import Programme

Receipts = tuple[Flags, ...]
"""Who receives each programme: families × draws, or families × 1 where every link of it is known."""


@dataclass(frozen=True)
class DoubtfulDue:
    """Families × programmes, and what a right or wrong link makes of each claim.

    Attributes
    ----------
    chance
        Probability that the family is on the programme's list.
    due
        Expected share of the entitlement that is due.
    served
        Share of the entitlement that the list covers if its link is right: 1 for a family, k of n for persons.
    excludes, requires
        Per programme, the columns of those that bar it and of those of which one is needed.
    codes
        Of the programmes.
    """

    chance: Array
    due: Array
    served: Array
    excludes: tuple[tuple[int, ...], ...]
    requires: tuple[tuple[int, ...], ...]
    codes: tuple[str, ...]

    def generators(self, seed: int) -> tuple[np.random.Generator, ...]:
        """Random numbers of each programme's links, its own: which others there are changes nothing of them."""
        return tuple(np.random.default_rng([seed, zlib.crc32(code.encode("utf-8"))]) for code in self.codes)

    def receipts(self, size: int, generators: Sequence[np.random.Generator]) -> Receipts:
        """Draw who is on which list; links are independent of each other, and draws of the blocks that they come in."""
        found = []
        for chance, random in zip(self.chance.T, generators, strict=True):
            drawn = chance[:, None] == 1
            doubted = np.flatnonzero((chance > 0) & (chance < 1))
            if len(doubted):
                drawn = np.repeat(drawn, size, axis=1)
                drawn[doubted] = (random.random((size, len(doubted))) < chance[doubted]).T
            found.append(drawn)
        return tuple(found)

    def share(self, column: int, received: Receipts, rows: NDArray[np.intp]) -> Array:
        """Share of the entitlement to one programme that is due to the families in ``rows`` where lists say this."""
        left: Array = 1 - self.served[rows, column, None] * received[column][rows]
        for other in self.excludes[column]:
            left = left * ~received[other][rows]
        if needed := self.requires[column]:
            left = left * np.logical_or.reduce(np.broadcast_arrays(*(received[other][rows] for other in needed)))
        return np.where(self.due[rows, column, None] > 0, left, 0.0)


def doubtful_due(needs: pd.DataFrame, families: pd.Index, programmes: Sequence[Programme]) -> DoubtfulDue:
    """Read from the needs what each claim hangs on.

    ``due`` of the needs is ``(1 − chance × served) × P(no bar) × P(admitted)``: ``served`` is solved from it, so that
    draws agree with it on average.

    Parameters
    ----------
    needs
        Contract ``NEEDS``; rows of other families or programmes are left out.
    families, programmes
        Rows and columns.
    """
    codes = pd.Index([programme.code for programme in programmes])
    cells = families.get_indexer(needs["family"]), codes.get_indexer(needs["programme"])
    inside = (cells[0] >= 0) & (cells[1] >= 0)
    chance, due = (_table(needs[name], cells, inside, (len(families), len(codes))) for name in ("received", "due"))

    def columns(named: Sequence[str]) -> tuple[int, ...]:
        return tuple(int(place) for place in codes.get_indexer(list(named)) if place >= 0)

    excludes = tuple(columns(programme.excludes) for programme in programmes)
    requires = tuple(columns(programme.requires) for programme in programmes)
    admitted = np.ones_like(due)
    for column in range(len(codes)):
        admitted[:, column] = np.prod(1 - chance[:, list(excludes[column])], axis=1)
        if programmes[column].requires:
            admitted[:, column] *= 1 - np.prod(1 - chance[:, list(requires[column])], axis=1)
    missing = np.divide(due, admitted, out=np.ones_like(due), where=admitted > 0)
    served = np.divide(1 - missing, chance, out=np.zeros_like(due), where=chance > 0)
    return DoubtfulDue(chance, due, np.clip(served, 0.0, 1.0), excludes, requires, tuple(codes))


def _table(
    values: pd.Series, cells: tuple[NDArray[np.intp], NDArray[np.intp]], inside: Flags, shape: tuple[int, int]
) -> Array:
    table = np.zeros(shape)
    table[cells[0][inside], cells[1][inside]] = values.to_numpy(dtype=float)[inside]
    return table
