"""How far the sheets of a packed workbook (XLSX, ODS) reach, found in its text before any reader sets them aside.

Sheets as Excel and LibreOffice write them are measured by numpy; whatever is written otherwise is parsed. Both read the
text piece by piece, and each entry of the archive to its end, whatever size its directory gives it.
"""

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeAlias
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.extent import LONG_TEXT, Extent, allowed_bytes, require

MAX_UNPACKED_BYTES = 2_000_000_000
MAX_RATIO = 400
_CHUNK_BYTES = 500_000  # at a time: stays in a processor's cache while it is looked through
_MARGIN_BYTES = 64  # of zeros, so that one may look at what comes after
_COLUMN_LETTERS, _ROW_DIGITS, _TEXT_DIGITS = 3, 7, 9
_ENDS = np.isin(np.arange(256), list(b" >/\t\n\r"))  # of an element's name
_END_BYTES, _LOCATOR_BYTES = 22, 20  # of an archive's last records (APPNOTE 4.3.15, 4.3.16)
_XLSX_SHEETS, _XLSX_TEXTS = "xl/worksheets/", "xl/sharedstrings.xml"
_ODS_CONTENT, _ODS_LIST = "content.xml", "META-INF/manifest.xml"
_ADDRESS = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")
_ODS_LEVELS = {"table:table": 0, "table:table-row": 1, "table:table-cell": 2, "table:covered-table-cell": 2}
# Bytes that a cell of the rectangle takes while a file is read, filled or not. Sheets of ODS are kept by the reader and
# copied out of it, in a list that doubles as it grows: where the heap has holes it moves each time, and what it leaves
# behind holds up to twice its own size.
_XLSX_CELL_BYTES, _ODS_CELL_BYTES = 40, 128
_XLSX_COPIES, _XLSX_LONG_COPIES, _ODS_COPIES = 3, 7, 8  # of a text that cells share or repeat, while read

_Code: TypeAlias = NDArray[np.uint8]
_Test: TypeAlias = Callable[[_Code], NDArray[np.bool_]]


def refuse_packed_bomb(path: Path, most_cells: int) -> None:
    """Refuse a packed workbook whose sheets unfold out of proportion to what is written in it.

    Raises
    ------
    DataRejected
        As :func:`kaur_analysis.intake.bombs.refuse_bombs`.
    """
    if not zipfile.is_zipfile(path):
        raise DataRejected(f"{path.name}: berkas rusak atau bukan {path.suffix}.")
    with zipfile.ZipFile(path) as archive:
        _require_one_directory(path, archive)
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > MAX_UNPACKED_BYTES or (unpacked > 100_000_000 and unpacked > MAX_RATIO * path.stat().st_size):
            raise _swells(path.name)
        try:
            sizes = _text_sizes(archive, [entry for entry in entries if _place(entry) == _XLSX_TEXTS])
            for entry in entries:
                if _place(entry).startswith(_XLSX_SHEETS):
                    extent = _xlsx_extent(archive, entry, sizes, unpacked)
                    limit = allowed_bytes(unpacked, extent.written)
                    require(path.name, extent, _XLSX_CELL_BYTES, limit, most_cells)
                elif _place(entry) == _ODS_CONTENT:
                    _refuse_locked(path, archive)
                    extent = _ContentWalk().through(archive, entry).total
                    limit = allowed_bytes(unpacked, extent.written)
                    require(path.name, extent, _ODS_CELL_BYTES, limit, most_cells)
                elif _place(entry) != _XLSX_TEXTS:
                    for _ in _unpacked(archive, entry):
                        pass
        except _Swells:
            raise _swells(path.name) from None
        except (expat.ExpatError, ValueError, IndexError) as error:
            raise DataRejected(
                f"{path.name}: berkas rusak atau bukan {path.suffix} ({type(error).__name__})."
            ) from None


class _Swells(Exception):
    """An entry holds more than the directory says."""


def _swells(file: str) -> DataRejected:
    return DataRejected(f"{file}: isi terkompresi membengkak tidak wajar; berkas ditolak.")


def _require_one_directory(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive in which another reader may find another directory than this one."""
    size = path.stat().st_size
    end = size - _END_BYTES - len(archive.comment)
    with path.open("rb") as stream:
        stream.seek(max(end - _LOCATOR_BYTES, 0))
        locator, record = stream.read(_LOCATOR_BYTES), stream.read(_END_BYTES)
    if len(record) == _END_BYTES and not locator.startswith(b"PK\6\7"):
        mark, entries, length, start = struct.unpack("<4s6xHII2x", record)
        if (mark, entries, length + start) == (b"PK\5\6", len(archive.infolist()), end):
            return
    raise DataRejected(f"{path.name}: berkas rusak atau bukan {path.suffix} (arsip tanpa satu daftar isi).")


def _place(entry: zipfile.ZipInfo) -> str:
    """Where an entry lies, as readers look for it."""
    return entry.filename.replace("\\", "/").lower()


def _refuse_locked(path: Path, archive: zipfile.ZipFile) -> None:
    if _ODS_LIST in archive.namelist() and b"encryption-data" in b"".join(
        _unpacked(archive, archive.getinfo(_ODS_LIST))
    ):
        raise DataRejected(f"{path.name}: berkas terkunci kata sandi. Buka dan simpan tanpa kata sandi.")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What an entry holds, piece by piece, but no more than the directory says that it holds."""
    whole = copy(entry)
    whole.file_size = MAX_UNPACKED_BYTES  # else the reading would stop where the directory says
    left = entry.file_size
    with archive.open(whole) as stream:
        while piece := stream.read(_CHUNK_BYTES):
            left -= len(piece)
            if left < 0:
                raise _Swells
            yield piece


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked text in pieces of whole tags; all quotation marks double."""
    before = b""
    for unpacked in _unpacked(archive, entry):
        piece = (before + unpacked).replace(b"'", b'"')
        cut = max(piece.rfind(b"<"), 0) or len(piece)
        before = piece[cut:]
        yield piece[:cut]
    yield before


class _Walk:
    """A parser that hears of elements as they begin and end, and takes nothing that another takes otherwise."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse  # may give attributes that no cell shows

    def through(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Self:
        """Hear of a whole entry."""
        for piece in _unpacked(archive, entry):
            self.parser.Parse(piece)
        self.parser.Parse(b"", True)
        return self

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Hear of the beginning of an element."""

    def end(self, name: str) -> None:
        """Hear of the end of an element."""

    def refuse(self, *_: object) -> None:
        """End the parsing."""
        raise ValueError


def _local(name: str) -> str:
    """The name of an element without its prefix."""
    prefix, colon, local = name.partition(":")
    return local if colon else prefix


class _TextWalk(_Walk):
    """Bytes of each text that cells share, with its marks."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []
        self._began = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "si":
            self._began = self.parser.CurrentByteIndex

    def end(self, name: str) -> None:
        if _local(name) == "si":
            self.lengths.append(self.parser.CurrentByteIndex - self._began)


def _text_sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> NDArray[np.int64]:
    """Bytes that each text takes which cells of an XLSX file share, in every one of them."""
    lengths = np.concatenate([np.zeros(0, dtype=np.int64), *(_text_lengths_of(archive, entry) for entry in entries)])
    return np.where(lengths > LONG_TEXT, _XLSX_LONG_COPIES, _XLSX_COPIES) * lengths


def _text_lengths_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[np.int64]:
    """Bytes of each text, with its marks."""
    parts: list[NDArray[np.int64]] = []
    before = 0
    for text in _chunks(archive, entry):
        code, mark = _marks(text)
        begins, ends = _says(code, mark, b"<si>"), _says(code, mark, b"</si>") | _says(code, mark, b"<si/>")
        others = _says(code, mark, b"<!") | _says(code, mark, b"<si") | _says(code, mark, b"</si")
        if b":si" in text or (others & ~begins & ~ends).any():
            return np.array(_TextWalk().through(archive, entry).lengths, dtype=np.int64)
        if not parts:  # what comes before the first text belongs to none
            parts.append(mark[begins | ends][:1])
        parts.append(before + mark[ends] + len(b"</si>"))
        before += len(text)
    ends = np.concatenate(parts)
    return ends[1:] - ends[:-1]


class _SheetWalk(_Walk):
    """The extent of a sheet of XLSX; a cell without an address follows the one before it."""

    def __init__(self, sizes: NDArray[np.int64]) -> None:
        super().__init__()
        self.rows = self.columns = self.written = self.more = 0
        self._sizes = sizes
        self._row = self._column = 0
        self._shared, self._value = False, ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = _local(name)
        if kind == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row
        elif kind == "c":
            self._cell(attributes.get("r"))
            self._shared = attributes.get("t") == "s"
        elif kind == "v" and self._shared:
            self._value, self.parser.CharacterDataHandler = "", self._add

    def _cell(self, place: str | None) -> None:
        row = self._row + 1
        if place is not None:
            address = _ADDRESS.fullmatch(place)
            if address is None:
                raise ValueError
            self._column, row = _column(address[1].upper()) - 1, int(address[2])
        self._column += 1
        self.written += 1
        self.rows, self.columns = max(self.rows, row), max(self.columns, self._column)

    def _add(self, text: str) -> None:
        self._value += text

    def end(self, name: str) -> None:
        kind = _local(name)
        if kind == "row":
            self._row, self._column = self._row + 1, 0
        elif kind == "v" and self._shared:
            self.parser.CharacterDataHandler = None
            self.more += int(self._sizes[int(self._value)])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - (ord("A") - 1)
    return number


def _xlsx_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, sizes: NDArray[np.int64], unpacked: int) -> Extent:
    """Rows and columns up to the farthest cell, and the shared text of which every cell gets a copy.

    The text is counted cell by cell only where it could matter.
    """
    plain = _plain_extent(archive, entry)
    if plain is not None:
        most = plain + Extent(more=int(sizes.max(initial=0)) * plain.written)
        if _XLSX_CELL_BYTES * most.cells + most.more <= allowed_bytes(unpacked, plain.written):
            return plain
        text = _plain_text(archive, entry, sizes)
        if text is not None:
            return replace(plain, more=text)
    found = _SheetWalk(sizes).through(archive, entry)
    corner = (found.rows, found.columns)
    return Extent(found.rows * found.columns, found.written, found.more, corner)


def _plain_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Extent | None:
    """The extent of a sheet all of whose cells begin ``<c r="A1"``, up to ``ZZZ9999999``; else nothing."""
    rows = columns = written = 0
    for piece in _chunks(archive, entry):
        code, mark = _marks(piece)
        cell = _plain_cells(code, mark)
        if cell is None or b":c" in piece:
            return None
        column, place = _numbers(code, cell + len(b'<c r="'), _is_letter, ord("A") - 1, 26, _COLUMN_LETTERS)
        row, place = _numbers(code, place, _is_digit, ord("0"), 10, _ROW_DIGITS)
        if not ((column > 0) & (row > 0) & (code[place] == ord('"'))).all():
            return None
        written += len(cell)
        rows, columns = max(rows, int(row.max(initial=0))), max(columns, int(column.max(initial=0)))
    return Extent(rows * columns, written, 0, (rows, columns))


def _plain_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, sizes: NDArray[np.int64]) -> int | None:
    """Bytes of shared text in such a sheet where cells go on with their style and type, if any; else nothing.

    A text whose number does not follow at once counts as the longest.
    """
    text, longest = 0, int(sizes.max(initial=0))
    for piece in _chunks(archive, entry):
        code, mark = _marks(piece)
        place = mark[_says(code, mark, b"<c ")] + len(b'<c r="')
        place = _numbers(code, place, _is_letter, ord("A") - 1, 26, _COLUMN_LETTERS)[1]
        place = _numbers(code, place, _is_digit, ord("0"), 10, _ROW_DIGITS)[1]
        styled = np.flatnonzero(_says(code, place, b'" s="'))
        place[styled] = _numbers(code, place[styled] + len(b'" s="'), _is_digit, ord("0"), 10, _ROW_DIGITS)[1]
        typed = _says(code, place, b'" t="')
        if not (typed | _says(code, place, b'">') | _says(code, place, b'"/>')).all():
            return None
        shared = place[typed & _says(code, place, b'" t="s"')]
        known = shared[_says(code, shared, b'" t="s"><v>')]
        number, end = _numbers(code, known + len(b'" t="s"><v>'), _is_digit, ord("0"), 10, _TEXT_DIGITS)
        number = number[(code[end] == ord("<")) & (number < len(sizes))]
        text += int(sizes[number].sum()) + longest * (len(shared) - len(number))
    return text


def _plain_cells(code: _Code, mark: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Places of all cells; nothing where one does not begin with its address, or a comment may hide some."""
    after = code[mark + 1]
    if (after == ord("!")).any():
        return None
    cell = mark[after == ord("c")]
    plain = _says(code, cell, b'<c r="')
    if plain.all():
        return cell
    return None if _ENDS[code[cell[~plain] + 2]].any() else cell[plain]  # others are named longer: <cols>


def _marks(text: bytes) -> tuple[_Code, NDArray[np.int64]]:
    """The text in numbers, with a margin, and the places of ``<`` in it."""
    code = np.frombuffer(text + bytes(_MARGIN_BYTES), dtype=np.uint8)
    return code, np.flatnonzero(code == ord("<"))


def _says(code: _Code, place: NDArray[np.int64], text: bytes) -> NDArray[np.bool_]:
    """At which places the text stands; eight letters are compared at once."""
    eight: NDArray[np.uint64] = np.ndarray((len(code) - 7,), dtype="<u8", buffer=code, strides=(1,))
    found = np.ones(len(place), dtype=np.bool_)
    for start in range(0, len(text), 8):
        part = text[start : start + 8]
        letters = eight[place + start if start else place]
        found &= letters & np.uint64((1 << 8 * len(part)) - 1) == np.uint64(int.from_bytes(part, "little"))
    return found


def _numbers(
    code: _Code, place: NDArray[np.int64], belongs: _Test, zero: int, base: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers that begin at the places, of so many signs at most, and where they end."""
    number, place = np.zeros(len(place), dtype=np.int64), place.copy()
    longer = np.arange(len(place))
    for _ in range(most):
        sign = code[place[longer]]
        belonging = belongs(sign)
        if not belonging.all():
            longer, sign = longer[belonging], sign[belonging]
        if not len(longer):
            break
        number[longer] = base * number[longer] + sign - zero
        place[longer] += 1
    return number, place


def _is_letter(code: _Code) -> NDArray[np.bool_]:
    return code - np.uint8(ord("A")) < 26  # bytes below A wrap round to large ones


def _is_digit(code: _Code) -> NDArray[np.bool_]:
    return code - np.uint8(ord("0")) < 10


class _ContentWalk(_Walk):
    """All sheets of ODS up to their last filled cell, repeated rows and cells counted, and the text repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.total = Extent()
        self._open: list[str] = []  # of tables, rows and cells
        self._row = self._column = self._rows = self._columns = 0
        self._last_row = self._last_column = self._written = self._text = 0
        self._began = self._spaces = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "text:s":
            self._spaces += int(attributes.get("text:c", 1))
        if name not in _ODS_LEVELS:
            return
        if len(self._open) != _ODS_LEVELS[name]:
            raise ValueError  # a table within a table
        self._open.append(name)
        if name == "table:table":
            self._row = self._rows = self._last_row = self._last_column = self._written = self._text = 0
        elif name == "table:table-row":
            self._row, self._column = self._row + self._rows, 0
            self._rows = int(attributes.get("table:number-rows-repeated", 1))
        else:
            self._columns = int(attributes.get("table:number-columns-repeated", 1))
            self._column += self._columns
            self._began, self._spaces = self.parser.CurrentByteIndex, 0
            if any("value" in key or "formula" in key for key in attributes):
                self._last_row, self._last_column = self._row + self._rows, max(self._last_column, self._column)
                self._written += 1

    def end(self, name: str) -> None:
        if name not in _ODS_LEVELS:
            return
        self._open.pop()
        if name == "table:table":
            corner = (self._last_row, self._last_column)
            self.total += Extent(corner[0] * corner[1], self._written, _ODS_COPIES * self._text, corner)
        elif name != "table:table-row" and self._last_row == self._row + self._rows:
            times = self._columns * self._rows
            self._text += (times - 1) * (self.parser.CurrentByteIndex - self._began) + times * self._spaces
