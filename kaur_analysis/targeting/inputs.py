"""Columns in, checked arrays out: everything the measures need, read once and refused where it makes no sense."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kaur_analysis.errors import EstimationError

Array = NDArray[Any]
Draws: TypeAlias = NDArray[Any] | pd.DataFrame | Callable[[], Any]
Benefit: TypeAlias = str | float | Sequence[str] | Mapping[str, str | float] | None
ALL = "all"
UNKNOWN = "unknown"
BLOCK = 50  # joint draws that are made at once: another number would be other draws
WIDTH = 10  # draws that are summed at once: a column more is 8 bytes per family, in each of dozens of tables


def numbers(frame: pd.DataFrame, column: str, low: float = -np.inf, high: float = np.inf) -> Array:
    """One column as float64, refused when absent, missing somewhere or outside ``[low, high]``."""
    if column not in frame.columns:
        raise EstimationError(f"Kolom '{column}' tidak ada di tabel.")
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = ~((values >= low) & (values <= high)) | np.isinf(values)
    if wrong.any():
        raise EstimationError(
            f"Kolom '{column}' memuat {int(wrong.sum())} nilai kosong, bukan angka, atau di luar {low}–{high}."
        )
    return values


def probability(frame: pd.DataFrame, column: str) -> Array:
    """A 0/1 or probability column."""
    return numbers(frame, column, 0.0, 1.0)


def weight_of(frame: pd.DataFrame, weights: str | None) -> Array:
    """Weights of the rows; ones where no column is named."""
    if weights is None:
        return np.ones(len(frame))
    values = numbers(frame, weights, 0.0)
    if values.sum() <= 0:
        raise EstimationError(f"Penimbang '{weights}' berjumlah nol.")
    return values


def programme_names(received: str | Sequence[str]) -> tuple[str, ...]:
    """The programmes' column names, as given or as a list of one."""
    names = (received,) if isinstance(received, str) else tuple(received)
    if not names or len(set(names)) != len(names):
        raise EstimationError("Daftar program kosong atau memuat nama yang sama dua kali.")
    return names


def amounts(frame: pd.DataFrame, programmes: Sequence[str], benefit: Benefit) -> dict[str, Array | None]:
    """Rupiah a recipient gets, per programme: a column, a number, a list in the programmes' order, or a mapping.

    The amount is what the family gets *if* it receives: where receipt is 0 the amount plays no part.
    """
    if benefit is None:
        return dict.fromkeys(programmes)
    if isinstance(benefit, Mapping):
        given: dict[str, str | float] = dict(benefit)
    elif isinstance(benefit, str | int | float):
        given = dict.fromkeys(programmes, benefit)
    else:
        given = dict(zip(programmes, benefit, strict=True))
    if isinstance(benefit, str) and len(programmes) > 1:
        raise EstimationError(
            "Satu kolom bantuan tidak dapat dipakai untuk beberapa program; beri pemetaan per program."
        )
    unknown = set(given) - set(programmes)
    if unknown:
        raise EstimationError(f"Bantuan disebut untuk program yang tidak dinilai: {', '.join(sorted(unknown))}.")
    return {name: _amount(frame, given.get(name)) for name in programmes}


def _amount(frame: pd.DataFrame, given: str | float | None) -> Array | None:
    if given is None:
        return None
    if isinstance(given, str):
        return numbers(frame, given, 0.0)
    if not given > 0:
        raise EstimationError("Besaran bantuan harus lebih dari nol.")
    return np.full(len(frame), float(given))


@dataclass(frozen=True)
class Groups:
    """A partition of the rows: ``labels`` of the classes, ``codes`` of the rows, and sums over classes."""

    labels: tuple[str, ...]
    codes: NDArray[np.intp]

    @classmethod
    def everyone(cls, size: int) -> "Groups":
        """The partition with one class."""
        return cls((ALL,), np.zeros(size, dtype=np.intp))

    @classmethod
    def read(cls, frame: pd.DataFrame, by: str) -> "Groups":
        """The classes of one column, in sorted order; rows without a value form the class ``unknown``."""
        if by not in frame.columns:
            raise EstimationError(f"Kolom kelompok '{by}' tidak ada di tabel.")
        codes, found = pd.factorize(frame[by], sort=True)  # numbers (a desil) keep their order as numbers
        labels = [str(int(label)) if isinstance(label, float) and label.is_integer() else str(label) for label in found]
        if (codes < 0).any():
            codes = np.where(codes < 0, len(labels), codes)
            labels.append(UNKNOWN)
        if ALL in labels:
            raise EstimationError(f"Kolom '{by}' memuat kelompok bernama '{ALL}', yang dipakai untuk keseluruhan.")
        return cls(tuple(labels), codes.astype(np.intp))

    @property
    def size(self) -> int:
        """Number of classes."""
        return len(self.labels)

    def matrix(self, weights: Array) -> sparse.csr_matrix:
        """Classes × rows with the weights as entries, so that ``matrix @ x`` are the weighted sums of ``x``."""
        rows = np.arange(len(self.codes))
        return sparse.csr_matrix((weights, (self.codes, rows)), shape=(self.size, len(rows)))


def partitions(frame: pd.DataFrame, by: str | None) -> list[Groups]:
    """Everyone together first, then the classes of ``by``."""
    whole = [Groups.everyone(len(frame))]
    return whole if by is None else [*whole, Groups.read(frame, by)]


def blocks(draws: Draws | None, rows: int, width: int = BLOCK) -> Iterator[Array]:
    """Cut joint draws (rows × M, or a callable that returns them or yields such blocks) into narrow blocks."""
    if draws is None:
        return
    given = draws() if callable(draws) else draws
    for piece in [given] if hasattr(given, "shape") else given:
        block = np.asarray(piece)
        block = block[:, None] if block.ndim == 1 else block
        if block.shape[0] != rows:
            raise EstimationError(f"Tarikan berisi {block.shape[0]} baris, tabel berisi {rows}.")
        for start in range(0, block.shape[1], width):
            yield block[:, start : start + width]


@dataclass(frozen=True)
class Receipt:
    """Receipt of one programme as the probability that the family is on the list; 0 and 1 where that is known."""

    programme: str
    expected: Array

    @property
    def is_certain(self) -> bool:
        """Whether every link is known."""
        return bool(np.isin(self.expected, (0.0, 1.0)).all())

    def generator(self, seed: int) -> np.random.Generator:
        """Random numbers of this programme's own: which others are drawn beside it changes nothing of it."""
        return np.random.default_rng([seed, zlib.crc32(self.programme.encode("utf-8"))])

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.bool_]:
        """``size`` joint draws of receipt, rows × size; one column where receipt is known."""
        if self.is_certain:
            return self.expected[:, None] == 1.0
        drawn = np.zeros((len(self.expected), size), dtype=bool)
        drawn[self.expected == 1.0] = True
        open_rows = np.flatnonzero((self.expected > 0.0) & (self.expected < 1.0))
        drawn[open_rows] = generator.random((len(open_rows), size)) < self.expected[open_rows, None]
        return drawn


def receipts(frame: pd.DataFrame, programmes: Sequence[str]) -> list[Receipt]:
    """Receipt of every programme, checked."""
    return [Receipt(name, probability(frame, name)) for name in programmes]


def receipt_draws(
    frame: pd.DataFrame, received: str | Sequence[str], draws: int, seed: int = 0
) -> dict[str, NDArray[np.bool_]]:
    """Joint draws of who is on which list, from the link probabilities.

    Link errors are drawn independently between families. Where one recipient record may belong to one of several
    families, draw in ``linkage`` instead and pass those draws on: here the record could be counted twice.

    Parameters
    ----------
    frame
        One row per family.
    received
        Column or columns: the probability that the link to the list is true.
    draws
        How many.
    seed
        Of the draws.

    Returns
    -------
    Booleans by programme, families × draws.

    Raises
    ------
    EstimationError
        Columns absent, missing or outside 0–1.
    """
    return {
        receipt.programme: np.broadcast_to(receipt.draw(receipt.generator(seed), draws), (len(frame), draws))
        for receipt in receipts(frame, programme_names(received))
    }
