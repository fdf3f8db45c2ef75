"""How much memory a spreadsheet will take, found in its packed text before any reader sets it aside.

A reader keeps a sheet as a full rectangle up to its last filled cell. One stray blank in the last cell of a sheet makes
that 17 thousand million cells, and a reader that asks for them takes the whole program with it. So the rule, for every
spreadsheet: reading takes no more than ``FLOOR_BYTES`` and ``TIMES`` what the file holds unpacked, a written cell
counted as ``LEAST_CELL_BYTES`` at least; a file that would take more is refused, with the cell that is far away.
"""

import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import olefile
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected

FLOOR_BYTES = 64_000_000
TIMES = 4
LEAST_CELL_BYTES = 24
MAX_UNPACKED_BYTES = 2_000_000_000
MAX_RATIO = 400
_CHUNK_BYTES = 4_000_000
_MARGIN_BYTES = 16  # of zeros, so that one may look at what comes before and after
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_COLUMN_LETTERS, _ROW_DIGITS = 3, 7
_XLSX_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_XLSX_CELL = re.compile(rb"<c[\s>/]")
_XLSX_PLACE = re.compile(rb'\sr="([A-Z]{0,3})(\d{1,7})"')
_XLSX_SHARED = re.compile(rb't="s"[^>]*>\s*<(?:\w+:)?v>(\d+)<')
_ODS_TAG = re.compile(rb"<(?:\w+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*?)(/?)>")
_ODS_SPACES = re.compile(rb"<(?:\w+:)?s\s[^>]*c=\"(\d+)")
_ODS_ROWS = re.compile(rb"number-rows-repeated=[\"'](\d+)")
_ODS_COLUMNS = re.compile(rb"number-columns-repeated=[\"'](\d+)")
# Records of an XLS file (MS-XLS 2.3.2) that hold a cell: its row and column are their first two numbers.
_XLS_CELLS = frozenset({0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x027E, 0x0406})
_XLS_MANY_CELLS = frozenset({0x00BD, 0x00BE})  # their last number is the last column
_XLS_COLUMNS = 256  # of a sheet (MS-XLS 2.5.51 ColU)
_XLS_DIMENSIONS, _XLS_TEXTS, _XLS_END, _XLS_SHEET = 0x0200, 0x00FC, 0x000A, 0x0085
_XLS_STREAMS = ("Workbook", "Book")
# Bytes that a cell of the rectangle takes while a file is read, filled or not. Sheets of the two older kinds are kept
# by the reader and copied out of it, and formulas beside them. Those of ODS are kept in a list that doubles as it
# grows: where the heap has holes it moves each time, and what it leaves behind holds up to twice its own size.
_XLSX_CELL_BYTES, _XLS_CELL_BYTES, _ODS_CELL_BYTES = 40, 88, 128


@dataclass(frozen=True)
class _Extent:
    """Size of sheets: cells of their rectangles, cells written in them, bytes of repeated text, the last corner."""

    cells: int = 0
    written: int = 0
    text: int = 0
    corner: tuple[int, int] = (0, 0)

    def __add__(self, other: "_Extent") -> "_Extent":
        corner = self.corner if self.cells > other.cells else other.corner
        return _Extent(self.cells + other.cells, self.written + other.written, self.text + other.text, corner)


def refuse_bombs(path: Path, most_cells: int) -> None:
    """Refuse a workbook that unpacks, or whose sheets unfold, out of proportion to what is written in it.

    Raises
    ------
    DataRejected
        The archive swells, a sheet has more than ``most_cells`` cells up to its last filled one, or reading would take
        more memory than the rule of this module allows.
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
        shared = _shared_lengths(archive, [e for e in entries if e.filename.lower().endswith("sharedstrings.xml")])
        for entry in entries:
            if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                extent = _xlsx_extent(archive, entry)
                limit = allowed_bytes(unpacked, extent.written)
                extent = _with_shared(extent, archive, entry, shared, limit)
                _require(path.name, extent, _XLSX_CELL_BYTES, limit, most_cells)
            elif entry.filename == "content.xml":
                extent = _ods_extent(archive, entry)
                limit = allowed_bytes(unpacked, extent.written)
                _require(path.name, extent, _ODS_CELL_BYTES, limit, most_cells)


def allowed_bytes(unpacked: int, written: int = 0) -> int:
    """Memory that reading a file may take: the rule of this module."""
    return FLOOR_BYTES + TIMES * max(unpacked, LEAST_CELL_BYTES * written)


def too_many_cells(name: str, cells: int, where: str = "") -> DataRejected:
    """What is said about a table with stray cells far away, or simply too many."""
    return DataRejected(
        f"{name}: isinya membentang {where}menjadi {cells} sel, jauh lebih banyak daripada yang terisi. Hapus kolom "
        "dan baris kosong di luar tabel (sering ada satu sel terisi jauh di bawah atau di kanan), lalu simpan lagi."
    )


def _require(name: str, extent: _Extent, cell_bytes: int, limit: int, most_cells: int) -> None:
    if extent.cells > most_cells or cell_bytes * extent.cells > limit:
        row, column = extent.corner
        raise too_many_cells(name, extent.cells, f"sampai baris {row} kolom {_letters(column)} ")
    if cell_bytes * extent.cells + extent.text > limit:
        raise DataRejected(f"{name}: teks yang sama diulang sampai membengkak tidak wajar; berkas ditolak.")


def _letters(column: int) -> str:
    """Name of a column as a spreadsheet shows it; 1 is ``A``."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


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
            # The reader takes a stream by its name from the whole directory, whether it hangs in its tree or not.
            listed = _stream_names(container.directory_fp.getvalue())
            names = [name for name in _XLS_STREAMS if name in listed]
            odd = not names or any(listed.count(name) > 1 or not container.exists(name) for name in names)
            content = container.openstream(names[0]).read() if not (odd or circular) else b""
    except Exception as error:  # a reader of other people's formats; contents must not show
        raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls ({type(error).__name__}).") from None
    if circular:
        raise DataRejected(f"{path.name}: berkas rusak: rangkaian isinya tidak berujung.")
    if odd:
        raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls (tidak memuat satu buku kerja).")
    extent = _xls_extent(path.name, content)
    _require(path.name, extent, _XLS_CELL_BYTES, allowed_bytes(len(content), extent.written), most_cells)


def _stream_names(directory: bytes) -> list[str]:
    """Names in the entries of a directory (MS-CFB 2.6.1: 128 bytes, of which 64 are the name)."""
    names = (directory[place : place + 64] for place in range(0, len(directory), 128))
    return [name.decode("utf-16-le", errors="replace").partition("\0")[0] for name in names]


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


def _xls_extent(file: str, content: bytes) -> _Extent:
    """Sheets up to their last written or declared cell, each from where the list of sheets says that it begins."""
    starts, walked = [], 0
    for kind, body, end in _xls_records(content, 0):
        if kind == _XLS_SHEET and end - body >= 4:
            starts.append(struct.unpack_from("<I", content, body)[0])
        elif kind == _XLS_TEXTS and end - body >= 8 and struct.unpack_from("<i", content, body + 4)[0] > len(content):
            raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lebih banyak teks daripada isi).")
    total = _Extent()
    for start in starts:
        rows = columns = written = 0
        end = start
        for kind, body, end in _xls_records(content, start):
            if kind in _XLS_CELLS and end - body >= 4:
                row, column = struct.unpack_from("<HH", content, body)
                written += 1
                if kind in _XLS_MANY_CELLS:
                    last = struct.unpack_from("<H", content, end - 2)[0]
                    written += max(0, last - column)
                    column = max(column, last)
                if column >= _XLS_COLUMNS:  # the reader would make room for them in every row
                    raise DataRejected(f"{file}: berkas rusak atau bukan .xls (sel di luar {_XLS_COLUMNS} kolom).")
                rows, columns = max(rows, row + 1), max(columns, column + 1)
            elif kind == _XLS_DIMENSIONS:
                last_row, last_column = _xls_declared(file, content[body:end])
                rows, columns = max(rows, last_row), max(columns, last_column)
        walked += end - start
        if walked > len(content):  # each of a thousand sheets would be read anew
            raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lembar yang bertumpuk).")
        total += _Extent(rows * columns, written, 0, (rows, columns))
    return total


def _xls_records(content: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, first and last place of each record up to the end of its sheet or to where the content is damaged."""
    while place + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, place)
        body, place = place + 4, place + 4 + size
        if place > len(content):
            return
        yield kind, body, place
        if kind == _XLS_END:
            return


def _xls_declared(file: str, body: bytes) -> tuple[int, int]:
    """Last row and column that a sheet declares; the reader makes room for all from the first ones on."""
    layout = {10: "<HHHH", 14: "<IIHH"}.get(len(body))
    if layout is None:
        return 0, 0
    first_row, last_row, first_column, last_column = struct.unpack_from(layout, body)
    if last_row and last_column and (first_row >= last_row or first_column >= last_column):
        raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lembar yang berakhir sebelum mulai).")
    return last_row, last_column


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked text in pieces of whole tags; all quotation marks double."""
    before = b""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK_BYTES):
            piece = (before + piece).replace(b"'", b'"')
            cut = max(piece.rfind(b"<"), 0) or len(piece)
            before = piece[cut:]
            yield piece[:cut]
    yield before


def _shared_lengths(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> NDArray[np.int64]:
    """Bytes of each text that cells of an XLSX file share, with its marks."""
    code = np.frombuffer(b"".join(map(archive.read, entries)) + bytes(_MARGIN_BYTES), dtype=np.uint8)
    place = np.flatnonzero((code[:-1] == ord("s")) & (code[1:] == ord("i")))
    closing = (code[place - 1] == ord("/")) & (code[place + 2] == ord(">"))
    alone = (code[place + 2] == ord("/")) & (code[place + 3] == ord(">"))
    return np.diff(place[closing | alone], prepend=0)


def _with_shared(
    extent: _Extent, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lengths: NDArray[np.int64], limit: int
) -> _Extent:
    """A sheet with its shared text, of which every cell gets a copy: counted one by one only where it could matter."""
    if int(lengths.max(initial=0)) * extent.written <= limit:
        return extent
    text = 0
    for piece in _chunks(archive, entry):
        used = np.array(_XLSX_SHARED.findall(piece), dtype=np.int64)
        text += int(lengths[used[used < len(lengths)]].sum())
    return replace(extent, text=text)


def _xlsx_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Extent:
    """Rows and columns up to the farthest address ``A1`` to ``XFD1048576`` in quotation marks."""
    rows = columns = written = 0
    for text in _chunks(archive, entry):
        code = np.frombuffer(bytes(_MARGIN_BYTES) + text + bytes(_MARGIN_BYTES), dtype=np.uint8)
        place = np.flatnonzero(code == ord('"')) + 1
        place = place[_is_letter(code[place])]
        named = int(((code[place - 6] == ord("<")) & (code[place - 5] == ord("c"))).sum())
        if text.count(b"<c") != named and len(_XLSX_CELL.findall(text)) != named:
            return _xlsx_extent_of_tags(archive, entry)
        column = np.zeros(len(place), dtype=np.int64)
        for _ in range(_COLUMN_LETTERS):
            more = np.flatnonzero(_is_letter(code[place]))
            column[more] = 26 * column[more] + code[place[more]] - (ord("A") - 1)
            place[more] += 1
        address = np.flatnonzero(_is_digit(code[place]))
        written += len(address)
        columns = max(columns, int(column[address].max(initial=0)))
        rows = max(rows, _largest_number(code, place[address]))
    rows, columns = min(rows, _MOST_ROWS), min(columns, _MOST_COLUMNS)
    return _Extent(rows * columns, written, 0, (rows, columns))


def _largest_number(code: NDArray[np.uint8], place: NDArray[np.int64]) -> int:
    """The largest of the numbers that begin at the places; 0 where none does."""
    largest, number = 0, np.zeros(len(place), dtype=np.int64)
    for _ in range(_ROW_DIGITS):
        more = np.flatnonzero(_is_digit(code[place]))
        number = 10 * number[more] + code[place[more]] - ord("0")
        place = place[more] + 1
        largest = max(largest, int(number.max(initial=0)))
    return largest


def _xlsx_extent_of_tags(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Extent:
    """The same, slower, where some cells have no address: they follow the cell before them."""
    rows = columns = written = row = column = 0
    for text in _chunks(archive, entry):
        for tag, attributes in _XLSX_TAG.findall(text):
            named = _XLSX_PLACE.search(attributes)
            if tag == b"row":
                row, column = int(named[2]) if named else row + 1, 0
            else:
                written += 1
                column = _column(named[1]) if named else column + 1
                row = int(named[2]) if named else row
            rows, columns = max(rows, row), max(columns, column)
    return _Extent(rows * columns, written, 0, (rows, columns))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - (ord("A") - 1)
    return number


def _is_letter(code: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return code - np.uint8(ord("A")) < 26  # bytes below A wrap round to large ones


def _is_digit(code: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return code - np.uint8(ord("0")) < 10


def _ods_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Extent:
    """All sheets up to their last filled cell, repeated rows and cells counted, and the text that is repeated."""
    total, sheet = _Extent(), _Extent()
    row = column = repeated = last_row = last_column = 0
    for piece in _chunks(archive, entry):
        spaces = sum(int(times) for times in _ODS_SPACES.findall(piece))
        total += _Extent(text=spaces * max(repeated, 1))
        tags = list(_ODS_TAG.finditer(piece))
        ends = [found.start() for found in tags[1:]] + [len(piece)]
        for found, end in zip(tags, ends, strict=False):
            tag, attributes, closed = found.groups()
            if tag == b"table":
                total += sheet
                sheet = _Extent()
                row = last_row = last_column = repeated = 0
            elif tag == b"table-row":
                row, column, repeated = row + repeated, 0, _times(_ODS_ROWS, attributes)
            else:
                times = _times(_ODS_COLUMNS, attributes)
                column += times
                if not closed or b"value" in attributes:
                    last_row, last_column = row + repeated, max(last_column, column)
                    text = (times * repeated - 1) * (end - found.start())
                    cells, corner = last_row * last_column, (last_row, last_column)
                    sheet = _Extent(cells, sheet.written + 1, sheet.text + text, corner)
    return total + sheet


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
