"""Who is below a line in which joint draw of welfare: few of all, and all that costs of poverty hang on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected

DRAWS_AT_ONCE = 25  # a draw more is 8 bytes per family


Places = NDArray[np.intp]


@dataclass(frozen=True)
class Below:
    """Families below a line in joint draws of welfare, in their order, each in the order of the draws.

    Attributes
    ----------
    family, draw
        Positions of who is below the line when.
    welfare
        Rupiah per person per month there.
    size
        Number of all families, and of all draws.
    line
        The line.
    """

    family: Places
    draw: Places
    welfare: NDArray[np.float64]
    size: tuple[int, int]
    line: float

    def under(self, line: float) -> "Below":
        """Those who are below a line that is no higher than this one.

        Parameters
        ----------
        line
            That line.

        Returns
        -------
        They.

        Raises
        ------
        ValueError
            The line is higher.
        """
        if line > self.line:
            raise ValueError(f"who is below {line} is not known: only who is below {self.line}")
        return replace(self.where(self.welfare < line), line=line)

    def where(self, chosen: NDArray[np.bool_]) -> "Below":
        """Some of them.

        Parameters
        ----------
        chosen
            Whether each is wanted.

        Returns
        -------
        Those who are.
        """
        own = np.flatnonzero(chosen)
        return replace(self, family=self.family[own], draw=self.draw[own], welfare=self.welfare[own])

    def tables(self) -> list[pd.DataFrame]:
        """What is known as tables, of which :meth:`of_tables` makes it again.

        Returns
        -------
        Who is below the line, and a row that says of how many families, in how many draws, and the line.
        """
        entries = {"family": self.family.astype(np.int32), "draw": self.draw.astype(np.int32), "welfare": self.welfare}
        families, draws = self.size
        return [pd.DataFrame(entries), pd.DataFrame({"families": [families], "draws": [draws], "line": [self.line]})]

    @classmethod
    def of_tables(cls, entries: pd.DataFrame, about: pd.DataFrame) -> "Below":
        """Make of tables what it was before.

        Parameters
        ----------
        entries, about
            As :meth:`tables` gave them.

        Returns
        -------
        Who is below the line.
        """
        family, draw = (entries[name].to_numpy(dtype=np.intp) for name in ("family", "draw"))
        families, draws, line = about.iloc[0]
        return cls(family, draw, entries["welfare"].to_numpy(), (int(families), int(draws)), float(line))


Draws = NDArray[np.floating[Any]] | Iterable[NDArray[np.float64]] | Below
"""Joint draws of welfare: families × M, blocks of columns of that, or who is below the line in them."""


def below(draws: Draws, line: float, families: int) -> Below:
    """Who is below a line in joint draws of welfare.

    Parameters
    ----------
    draws
        The draws, or who is below a line in them that is no lower.
    line
        The line, rupiah per person per month.
    families
        How many families they should be of.

    Returns
    -------
    Below

    Raises
    ------
    DataRejected
        Draws of another number of families, or none.
    """
    if isinstance(draws, Below):
        _of_all(draws.size[0], families)
        return draws.under(line)
    found, size = [], 0
    for block in _blocks(draws):
        _of_all(len(block), families)
        family, draw = np.nonzero(block < line)
        found.append((family, draw + size, block[family, draw]))
        size += block.shape[1]
    if not size:
        raise DataRejected("Tabel tarikan tidak memuat satu tarikan pun.")
    family, draw, welfare = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(family, kind="stable")
    return Below(family[order], draw[order], welfare[order], (families, size), line)


def _of_all(number: int, families: int) -> None:
    if number != families:
        raise DataRejected(f"Tarikan berisi {number} keluarga, tabel berisi {families}.")


def _blocks(draws: NDArray[np.floating[Any]] | Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    if isinstance(draws, np.ndarray):
        for start in range(0, draws.shape[1], DRAWS_AT_ONCE):
            yield draws[:, start : start + DRAWS_AT_ONCE].astype(np.float64)
    else:
        yield from draws
