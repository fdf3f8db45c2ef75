"""How much memory a file may take, and what is said of one that would take more.

A reader keeps a sheet as a full rectangle up to its last filled cell. One stray blank in the last cell of a sheet makes
that 17 thousand million cells, and a reader that asks for them takes the whole program with it. So the rule, for every
spreadsheet: reading takes no more than ``FLOOR_BYTES`` and ``TIMES`` what the file holds unpacked, a written cell
counted as ``LEAST_CELL_BYTES`` at least; a file that would take more is refused, with the cell that is far away.
"""

from dataclasses import dataclass

from kaur_analysis.errors import DataRejected

FLOOR_BYTES = 64_000_000
TIMES = 4
LEAST_CELL_BYTES = 24
LONG_TEXT = 200  # bytes, from which on the rows that are worked on at once take memory of their own


@dataclass(frozen=True)
class Extent:
    """Size of sheets: cells of their rectangles, cells written in them, bytes of memory beyond, the last corner."""

    cells: int = 0
    written: int = 0
    more: int = 0
    corner: tuple[int, int] = (0, 0)

    def __add__(self, other: "Extent") -> "Extent":
        corner = self.corner if self.cells > other.cells else other.corner
        return Extent(self.cells + other.cells, self.written + other.written, self.more + other.more, corner)


def allowed_bytes(unpacked: int, written: int = 0) -> int:
    """Memory that reading a file may take: the rule of this module."""
    return FLOOR_BYTES + TIMES * max(unpacked, LEAST_CELL_BYTES * written)


def too_many_cells(name: str, cells: int, where: str = "") -> DataRejected:
    """What is said about a table with stray cells far away, or simply too many."""
    return DataRejected(
        f"{name}: isinya membentang {where}menjadi {cells} sel, jauh lebih banyak daripada yang terisi. Hapus kolom "
        "dan baris kosong di luar tabel (sering ada satu sel terisi jauh di bawah atau di kanan), lalu simpan lagi."
    )


def require(name: str, extent: Extent, cell_bytes: int, limit: int, most_cells: int) -> None:
    """Refuse a workbook whose sheets have too many cells, or unfold beyond the limit.

    Raises
    ------
    DataRejected
        It does; with the name of the far cell where that is why.
    """
    if extent.cells > most_cells or cell_bytes * extent.cells > limit:
        row, column = extent.corner
        raise too_many_cells(name, extent.cells, f"sampai baris {row} kolom {_letters(column)} ")
    if cell_bytes * extent.cells + extent.more > limit:
        raise DataRejected(
            f"{name}: isinya membengkak bila dibuka, misalnya karena teks yang sama diulang; berkas ditolak. "
            "Kalau isinya memang begitu, simpan sebagai CSV."
        )


def _letters(column: int) -> str:
    """Name of a column as a spreadsheet shows it; 1 is ``A``."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
