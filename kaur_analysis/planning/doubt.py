"""What families are due where links to the lists are in doubt: nothing but draws of the links can tell."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.planning.below import DRAWS_AT_ONCE
from kaur_analysis.planning.wide import Array, Flags, places
from kaur_analysis.reference.catalogue import Programme

Which = slice | NDArray[np.integer[Any]]
"""Some draws of each family; or one of each, as many as families."""


@dataclass(frozen=True)
class Receipts:
    """Who is on the list of a programme in each draw.

    Attributes
    ----------
    row
        Each family's row of ``drawn``.
    drawn
        Families in doubt × draws; then a row of those who surely are not on it, and one of those who surely are.
    """

    row: NDArray[np.intp]
    drawn: Flags

    def of(self, families: NDArray[np.integer[Any]], draws: Which) -> Flags:
        """Families × draws, or one draw of each family."""
        return np.asarray(self.drawn[self.row[families], draws])


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

    def receipts(self, columns: Iterable[int], draws: int, seed: int) -> dict[int, Receipts]:
        """Draw who is on the lists that claims to these programmes hang on; links are independent of each other.

        Random numbers of each programme's links are its own: which others there are changes nothing of them.
        """
        asked = sorted({other for column in columns for other in self._hangs_on(column)})
        return {column: self._drawn(column, draws, seed) for column in asked}

    def share(
        self, column: int, received: Mapping[int, Receipts], families: NDArray[np.integer[Any]], draws: Which
    ) -> Array:
        """Share of the entitlement to one programme that is due to families where lists say this.

        Families × draws, or one draw of each family, as asked.
        """
        listed = {other: received[other].of(families, draws).T for other in self._hangs_on(column)}
        left: Array = 1 - self.served[families, column] * listed[column]
        for other in self.excludes[column]:
            left = left * ~listed[other]
        if needed := self.requires[column]:
            left = left * np.logical_or.reduce([listed[other] for other in needed])
        return np.where(self.due[families, column] > 0, left, 0.0).T

    def _hangs_on(self, column: int) -> tuple[int, ...]:
        return (column, *self.excludes[column], *self.requires[column])

    def _drawn(self, column: int, draws: int, seed: int) -> Receipts:
        random = np.random.default_rng([seed, zlib.crc32(self.codes[column].encode("utf-8"))])
        chance = self.chance[:, column]
        doubted = np.flatnonzero((chance > 0) & (chance < 1))
        row = np.where(chance == 1, len(doubted) + 1, len(doubted))
        row[doubted] = np.arange(len(doubted))
        drawn = np.zeros((len(doubted) + 2, draws), dtype=bool)
        drawn[-1] = True
        for start in range(0, draws, DRAWS_AT_ONCE):
            block = drawn[:-2, start : start + DRAWS_AT_ONCE]
            block[:] = (random.random(block.T.shape) < chance[doubted]).T
        return Receipts(row, drawn)


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
    cells = places(families, needs["family"]), places(codes, needs["programme"])
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
