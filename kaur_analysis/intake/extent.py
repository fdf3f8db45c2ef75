"""How many cells a spreadsheet unfolds to, found in its packed text before any reader sets memory aside for them.

A reader keeps a sheet as a full rectangle up to its last filled cell. One stray blank in the last cell of a sheet makes
that 17 thousand million cells, and a reader that asks for them takes the whole program with it.
"""

import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import olefile
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected

MAX_UNPACKED_BYTES = 2_000_000_000
MAX_RATIO = 400
_CHUNK_BYTES = 4_000_000
_OVERLAP_BYTES = 64  # longer than a cell's address, which may lie across two chunks
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_COLUMN_LETTERS, _ROW_DIGITS = 3, 7
_ODS_TAG = re.compile(rb"<(?:\w+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*?)(/?)>")
_ODS_ROWS = re.compile(rb"number-rows-repeated=[\"'](\d+)")
_ODS_COLUMNS = re.compile(rb"number-columns-repeated=[\"'](\d+)")
# Records of an XLS file (MS-XLS 2.3.2) that hold a cell: its row and column are their first two numbers.
_XLS_CELLS = frozenset({0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x027E, 0x0406})
_XLS_MANY_CELLS = frozenset({0x00BD, 0x00BE})  # their last number is the last column
_XLS_COLUMNS = 256  # of a sheet (MS-XLS 2.5.51 ColU)
_XLS_DIMENSIONS, _XLS_TEXTS, _XLS_END = 0x0200, 0x00FC, 0x000A
_XLS_STREAMS = ("Workbook", "Book")
_ODS_CELL_COST = 4  # bytes a cell of an ODS file takes while it is read, beside one of an XLSX file


def refuse_bombs(path: Path, most_cells: int) -> None:
    """Refuse a workbook that unpacks, or whose sheets unfold, to far more than a list of people can be.

    Raises
    ------
    DataRejected
        The archive swells, or a sheet has more than ``most_cells`` cells up to its last filled one.
    """
    if not zipfile.is_zipfile(path):
        if olefile.isOleFile(path):
            _refuse_old_workbook(path, most_cells)
        return
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MAX_UNPACKED_BYTES or (unpacked > 100_000_000 and unpacked > MAX_RATIO * path.stat().st_size):
            raise DataRejected(f"{path.name}: isi terkompresi membengkak tidak wajar; berkas ditolak.")
        for entry in entries:
            if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                cells = _xlsx_cells(archive, entry)
            elif entry.filename == "content.xml":
                cells = _ODS_CELL_COST * _ods_cells(archive, entry)
            else:
                continue
            if cells > most_cells:
                raise too_many_cells(path.name, most_cells)


def too_many_cells(name: str, most_cells: int) -> DataRejected:
    """What is said about a sheet with stray cells far away, or simply too many."""
    return DataRejected(
        f"{name}: sebuah lembar membentang lebih dari {most_cells} sel. Hapus kolom dan baris kosong di luar tabel "
        "(sering ada satu sel terisi jauh di bawah atau di kanan), lalu simpan lagi."
    )


def _refuse_old_workbook(path: Path, most_cells: int) -> None:
    """The same for XLS, whose reader takes every sheet at once and believes what the file says of its own size.

    It also follows a chain of sectors that runs in a circle for ever.
    """
    try:
        with olefile.OleFileIO(path) as container:
            container.loadminifat()
            starts = [container.first_dir_sector, container.first_mini_fat_sector]
            starts += [entry.isectStart for entry in container.direntries if entry is not None]
            tables = (container.fat, container.minifat)
            circular = not all(_ends(table, start) for table in tables for start in starts) or _long_list(path)
            names = [name for name in _XLS_STREAMS if container.exists(name)]
            content = container.openstream(names[0]).read() if names and not circular else b""
    except Exception as error:  # a reader of other people's formats; contents must not show
        raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls ({type(error).__name__}).") from None
    if circular:
        raise DataRejected(f"{path.name}: berkas rusak: rangkaian isinya tidak berujung.")
    if _xls_cells(path.name, content) > most_cells:
        raise too_many_cells(path.name, most_cells)


def _ends(following: Sequence[int], sector: int) -> bool:
    """Whether a chain of sectors comes to an end."""
    for _ in range(len(following) + 1):
        if sector >= len(following):
            return True
        sector = following[sector]
    return False


def _long_list(path: Path) -> bool:
    """Whether the list of the table's own sectors, which large files have, goes on for more sectors than there are."""
    with path.open("rb") as stream:
        head = stream.read(512)
        size = 1 << struct.unpack_from("<H", head, 30)[0]
        (sector,) = struct.unpack_from("<I", head, 68)
        sectors = path.stat().st_size // size
        for _ in range(sectors + 1):
            if sector >= sectors:
                return False
            stream.seek((sector + 2) * size - 4)
            link = stream.read(4)
            if len(link) < 4:
                return False
            (sector,) = struct.unpack("<I", link)
    return True


def _xls_cells(file: str, content: bytes) -> int:
    """Cells of all sheets up to their last written or declared one."""
    total = rows = columns = place = 0
    while place + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, place)
        body, place = place + 4, place + 4 + size
        if place > len(content):
            break
        if kind in _XLS_CELLS and size >= 4:
            row, column = struct.unpack_from("<HH", content, body)
            if kind in _XLS_MANY_CELLS:
                column = max(column, struct.unpack_from("<H", content, place - 2)[0])
            if column >= _XLS_COLUMNS:  # the reader would make room for them in every row
                raise DataRejected(f"{file}: berkas rusak atau bukan .xls (sel di luar {_XLS_COLUMNS} kolom).")
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        elif kind == _XLS_DIMENSIONS and size >= 12:
            _, last_row, _, last_column = struct.unpack_from("<IIHH", content, body)
            rows, columns = max(rows, last_row), max(columns, last_column)
        elif kind == _XLS_TEXTS and size >= 8 and struct.unpack_from("<i", content, body + 4)[0] > len(content):
            raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lebih banyak teks daripada isi).")
        elif kind == _XLS_END:
            total, rows, columns = total + rows * columns, 0, 0
    return total + rows * columns


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked text, piece by piece, each with the end of the one before; all quotation marks double."""
    before = b""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK_BYTES):
            yield (before + piece).replace(b"'", b'"')
            before = piece[-_OVERLAP_BYTES:]


def _xlsx_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Rows times columns up to the farthest address in quotation marks: of a cell, ``A1`` to ``XFD1048576``."""
    rows = columns = 0
    for text in _chunks(archive, entry):
        code = np.frombuffer(text + bytes(_OVERLAP_BYTES), dtype=np.uint8)
        place = np.flatnonzero(code == ord('"')) + 1
        place = place[_is_letter(code[place])]
        column = np.zeros(len(place), dtype=np.int64)
        for _ in range(_COLUMN_LETTERS):
            more = np.flatnonzero(_is_letter(code[place]))
            column[more] = 26 * column[more] + code[place[more]] - (ord("A") - 1)
            place[more] += 1
        columns = max(columns, int(column[_is_digit(code[place])].max(initial=0)))
        row = np.zeros(len(place), dtype=np.int64)
        for _ in range(_ROW_DIGITS):
            more = np.flatnonzero(_is_digit(code[place]))
            row = 10 * row[more] + code[place[more]] - ord("0")
            place = place[more] + 1
            rows = max(rows, int(row.max(initial=0)))
    return min(rows, _MOST_ROWS) * min(columns, _MOST_COLUMNS)


def _is_letter(code: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return code - np.uint8(ord("A")) < 26  # bytes below A wrap round to large ones


def _is_digit(code: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return code - np.uint8(ord("0")) < 10


def _ods_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Rows times columns up to the last filled cell of the largest sheet, repeated rows and cells counted."""
    largest = row = column = repeated = last_row = last_column = 0
    for text in _chunks(archive, entry):
        for found in _ODS_TAG.finditer(text):
            tag, attributes, closed = found.groups()
            if tag == b"table":
                row = last_row = last_column = repeated = 0
            elif tag == b"table-row":
                row, column, repeated = row + repeated, 0, _times(_ODS_ROWS, attributes)
            else:
                column += _times(_ODS_COLUMNS, attributes)
                if not closed or b"value" in attributes:
                    last_row, last_column = row + repeated, max(last_column, column)
                    largest = max(largest, last_row * last_column)
    return largest


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
