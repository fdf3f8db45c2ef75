"""Files become cells of text with their Excel lines; nothing is interpreted yet.

Numbers that a file keeps as numbers are written as text in the locale that its text cells follow, so that one parser
reads both; whole numbers beyond 15 digits are written as ``1.70404E+15``, because a spreadsheet has lost the rest.
"""

import codecs
import csv
import datetime as dt
import io
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from charset_normalizer import from_bytes
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.bombs import refuse_bombs
from kaur_analysis.intake.extent import allowed_bytes, too_many_cells
from kaur_analysis.intake.text import from_arrow, to_arrow
from kaur_analysis.study import Source

MAX_CELLS = 60_000_000  # of a sheet: a full one of 57 columns
MAX_TABLE_CELLS = 150_000_000  # of a database
_BLOCK_ROWS = 20_000
_STATA_ROWS, _TYPED_BYTES = 20_000, 32_000_000  # of a typed table at once
_NUMBER_BYTES, _TEXT_OBJECT_BYTES = 8, 72  # that a cell takes before it is text in a column
_MOST_HELD, _MOST_TIMES = 100_000_000, 400  # bytes that a packed table unpacks to, and of its file
_TEXT_COPIES = 3  # of a text of a packed table, while read
_PACKED_TEXTS = {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}
# A text that rows of a Stata file share, of format 117 and 118: whose it is, its kind, its length.
_STATA_TEXTS = [re.compile(rb"(?=GSO.{%d}[\x81\x82](.{4}))" % size, re.DOTALL) for size in (8, 12)]
_SHEET_CELLS = 10_000  # at once: rows that are gone again before the collector looks for them
_EMPTY = pa.scalar("", pa.large_string())
_EMPTY_PART = pa.array([], pa.large_string())
_PIECE_ROWS = 50_000  # of a column
_SAMPLE = 65_536
_PART_BYTES = 1_048_576  # of a text that is looked through
# Types in which pandas keeps every digit and every gap.
_EXACT = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
}  # fmt: skip
PANIC = "PanicException"  # how a reader written in Rust ends on what it did not foresee; no Exception to Python
_CSV_BLOCK_BYTES = 32_000_000  # whose columns are large enough to be given back one by one
_TEXT_CELL_BYTES, _TEXT_COLUMN_BYTES = 24, 3500  # of an empty cell of a delimited text, and of its column, while read
_CELLS_PER_BYTE = 16  # of a packed table whose rows differ at all
_MARKUP = re.compile(rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<")  # how no workbook begins
_WORKBOOKS = {b"PK\3\4": ".xlsx", b"\xd0\xcf\x11\xe0": ".xls"}  # how those two begin, and no text
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MARKS = tuple(_ENCODINGS)
_MOST_ODD_LINES = 10_000  # of a text, that are read apart from the others
_DELIMITERS = (",", ";", "\t", "|")
_SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".ods"}
_TEXT = {".csv", ".tsv", ".txt"}


@dataclass(frozen=True)
class RawTable:
    """Cells of one sheet or file as text.

    Attributes
    ----------
    cells
        Text columns 0, 1, ...; empty cells are ``""``.
    first_line
        Line that a spreadsheet shows for the first row of ``cells``.
    headings
        Column names where the format has them apart from the rows.
    locale
        How numbers are written where the format decides it; ``None``: as the source declares.
    free
        Columns that such a format keeps as text, in which numbers are written as the source declares all the same.
    labels
        What codes of a column are called in the file itself (Stata, SPSS): label by code as text, by column.
    """

    file: str
    sheet: str
    cells: pd.DataFrame
    first_line: int = 1
    headings: tuple[str, ...] | None = None
    locale: str | None = None
    free: frozenset[int] = frozenset()
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    unread_sheets: tuple[str, ...] = ()


Wanted = Callable[[str], bool]


def read_source(
    source: Source, paths: tuple[Path, ...], wanted: Wanted = lambda heading: True, folder: Path = Path()
) -> Iterator[RawTable]:
    """All sheets and files of a source.

    Parameters
    ----------
    wanted
        Says whether a heading is needed; formats that know their columns (DBF, Stata, SPSS, Parquet) read those alone.
    folder
        That of the study, from which a database's file is meant.

    Raises
    ------
    DataRejected
        A file is damaged, locked, too large once unpacked, or of an unknown format. The message never shows contents.
    """
    if "://" in source.path:
        from kaur_analysis.intake.database import table_rows  # here, because most studies have no database

        with table_rows(source, folder, MAX_TABLE_CELLS, wanted) as rows:
            comma = source.locale == "id"  # text columns of a database follow the office's way of writing numbers
            raw = _from_frames(source.table or "", rows.frames, comma=comma)
        yield replace(raw, locale=None, cells=raw.cells if rows.ordered else _sorted(raw.cells))
        return
    for path in paths:
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise DataRejected(
                f"{path.name}: jenis berkas tidak dikenal. Yang dapat dibaca: {', '.join(sorted(_READERS))}."
            )
        try:
            yield from reader(path, source, wanted)
        except DataRejected:
            raise
        except PasswordError:
            raise DataRejected(f"{path.name}: berkas terkunci kata sandi. Buka dan simpan tanpa kata sandi.") from None
        except BaseException as error:  # readers of other people's formats fail in many ways; contents must not show
            if not isinstance(error, Exception) and type(error).__name__ != PANIC:
                raise
            raise DataRejected(
                f"{path.name}: berkas rusak atau bukan {path.suffix} ({type(error).__name__})."
            ) from None


def table_fingerprint(source: Source, folder: Path = Path()) -> str:
    """Hash of what a database source holds now; a database's file is meant from the study's folder."""
    from kaur_analysis.intake.database import database_fingerprint

    return database_fingerprint(source, folder, MAX_TABLE_CELLS)


def _read_spreadsheet(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    with path.open("rb") as stream:
        if _MARKUP.match(stream.read(2000)):
            raise DataRejected(
                f"{path.name}: ini halaman web atau XML yang diberi nama lembar kerja. Buka di Excel atau "
                "LibreOffice, lalu simpan sebagai XLSX."
            )
    refuse_bombs(path, MAX_CELLS)
    with _unheard():
        book = CalamineWorkbook.from_path(str(path))
    try:
        sheets = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        visible = [meta.name for meta in sheets if meta.visible == SheetVisibleEnum.Visible] or [m.name for m in sheets]
        names = _wanted(source.sheet, visible, [meta.name for meta in sheets], path.name)
        with _unheard():
            others = [m.name for m in sheets if m.name not in names and (source.sheet == "*" or m.name in visible)]
            filled = [name for name in others if (book.get_sheet_by_name(name).height or 0) > 1]
        for name in names:
            with _unheard():
                sheet = book.get_sheet_by_name(name)
                if name == names[-1]:
                    book.close()  # it keeps the sheets of the older kinds a second time
                cells = _sheet_cells(sheet, source.locale == "id")
            yield RawTable(path.name, name, cells, unread_sheets=tuple(filled) if name == names[0] else ())
    finally:
        with suppress(CalamineError):  # closed already
            book.close()


@contextmanager
def _unheard() -> Iterator[None]:
    """Send what is written to the process's standard error nowhere.

    A reader written in Rust that meets what it did not foresee writes so itself, in English and sometimes with the text
    of a cell, before Python hears of it.
    """
    try:
        heard = os.dup(2)
    except OSError:  # a program without a console has none
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(heard, 2)
        os.close(heard)


def _sheet_cells(sheet: CalamineSheet, comma: bool) -> pd.DataFrame:
    """Cells of a sheet from its first row on, without the blank rows at its end and without blank columns."""
    rows = sheet.iter_rows()
    at_once = max(1, _SHEET_CELLS // max(sheet.total_width, 1))
    columns: dict[int, _Column] = {}
    height = 0
    while block := list(itertools.islice(rows, at_once)):
        for place, cells in enumerate(zip(*block, strict=True)):
            if cells.count("") < len(cells):
                columns.setdefault(place, _Column()).add(_column_text(cells, comma), height)
        height += len(block)
    kept = sorted(columns)
    texts = [columns.pop(place).whole(height) for place in kept]
    filled = [np.flatnonzero(pc.not_equal(text, "").to_numpy(zero_copy_only=False)) for text in texts]
    height = max((int(places[-1]) + 1 for places in filled if len(places)), default=0)
    return _frame([text[:height] for text, places in zip(texts, filled, strict=True) if len(places)], height)


class _Column:
    """A column that grows by parts of text, in pieces that are large but never copied whole."""

    def __init__(self) -> None:
        self._pieces: list[pa.Array] = []
        self._parts: list[pa.Array] = []
        self._length = self._waiting = 0

    def add(self, texts: pa.Array, at: int) -> None:
        """Add a part at a row, after as many empty cells as are missing before it."""
        if at > self._length:
            self.add(pa.repeat(_EMPTY, at - self._length), self._length)
        self._parts.append(texts)
        self._length, self._waiting = self._length + len(texts), self._waiting + len(texts)
        if self._waiting >= _PIECE_ROWS:
            self._gather()

    def whole(self, height: int) -> pa.ChunkedArray:
        """The column with so many rows."""
        self.add(_EMPTY_PART, height)
        self._gather()
        return pa.chunked_array(self._pieces, pa.large_string())

    def _gather(self) -> None:
        self._pieces.append(pa.chunked_array(self._parts, pa.large_string()).combine_chunks())
        self._parts, self._waiting = [], 0


def _wanted(asked: str | None, visible: list[str], every: list[str], file: str) -> list[str]:
    if asked is None:
        return visible[:1]
    if asked == "*":
        return visible
    if asked not in every:
        raise DataRejected(f"{file}: lembar '{asked}' tidak ada. Lembar yang ada: {', '.join(every)}.")
    return [asked]


def _column_text(column: tuple[Any, ...], comma: bool) -> pa.Array:
    try:
        return pa.array(column, pa.large_string())
    except pa.ArrowException:  # not all are texts
        return pa.array([c if type(c) is str else _cell_text(c, comma) for c in column], pa.large_string())


def _cell_text(cell: Any, comma: bool) -> str:
    """One cell that is no text, as text; see the module's note on numbers."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float | int):
        if abs(cell) >= 1e15:
            return f"{cell:.14E}"
        if cell == int(cell):
            return str(int(cell))
        return _decimal_text(repr(float(cell)), comma)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)


def _decimal_text(number: str, comma: bool) -> str:
    """A number with its decimals; three of them get a zero behind, so that nobody takes them for thousands."""
    unclear = number[-4:-3] == "." and number[-3:].isdigit()
    written = number + "0" if unclear else number
    return written.replace(".", ",") if comma else written


def _frame(columns: Sequence[pa.Array | pa.ChunkedArray], rows: int) -> pd.DataFrame:
    index = pd.RangeIndex(rows)
    return pd.DataFrame({place: from_arrow(column, index) for place, column in enumerate(columns)}, index=index)


def _read_text(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    yield RawTable(path.name, "", _text_cells(path, source))


def _text_cells(path: Path, source: Source) -> pd.DataFrame:
    """Cells of a delimited text; one of plain UTF-8 is read from the disk, any other is decoded first."""
    with path.open("rb") as stream:
        if suffix := _WORKBOOKS.get(stream.read(4)):
            raise DataRejected(
                f"{path.name}: ini lembar kerja yang diberi nama teks. Ganti akhiran namanya menjadi {suffix} di sini "
                "dan di studi, atau buka di Excel atau LibreOffice lalu simpan sebagai CSV."
            )
        if source.encoding is None and _is_plain(stream):
            return _cells(stream, path.name)
    text = _decoded(path.read_bytes(), source.encoding, path.name).replace("\0", "")
    return _cells(io.BytesIO(text.encode()), path.name)


def _cells(stream: IO[bytes], file: str) -> pd.DataFrame:
    """Cells of UTF-8 text: as Arrow reads it, else line by line with more care."""
    stream.seek(0)
    delimiter, width = _delimiter(_beginning(stream.read(_SAMPLE + 1)))
    cells = _regular(stream, delimiter, width, file)
    if cells is None:
        stream.seek(0)
        return _ragged(stream.read(), delimiter, file)
    return cells


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    """A stream from its beginning, part by part: it may be a gigabyte, which need not lie in memory to be judged."""
    stream.seek(0)
    while part := stream.read(_PART_BYTES):
        yield part


def _is_plain(stream: IO[bytes]) -> bool:
    """UTF-8 without a mark at its beginning and without zeros."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for place, part in enumerate(_parts(stream)):
            if b"\0" in part or (not place and part.startswith(_MARKS)):
                return False
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _regular(stream: IO[bytes], delimiter: str, width: int, file: str) -> pd.DataFrame | None:
    """Cells of UTF-8 text whose lines have the same number of them, but for titles, notes and the like.

    ``None`` where too many lines are odd or quotes do not close.
    """
    quotes = sum(part.count(b'"') for part in _parts(stream))
    if quotes % 2:
        return None
    size = stream.tell()
    _refuse_unfolding(1, width, size, 0, file)
    names = [str(place) for place in range(width)]
    odd: dict[int, list[str]] = {}

    def keep(row: arrow_csv.InvalidRow) -> str:
        if len(odd) == _MOST_ODD_LINES:
            return "error"
        odd[row.number - 1] = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=delimiter), [])
        return "skip"

    stream.seek(0)
    try:
        found = arrow_csv.read_csv(
            stream,
            # Lines are counted only by one thread, and a file with an odd one need not be read twice.
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_CSV_BLOCK_BYTES, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=quotes > 0,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowException:
        return None
    rows, columns = found.num_rows, found.columns
    del found  # so that a column is gone once its copy is made
    if not odd:
        return _frame(columns, rows)
    widest = max(width, *map(len, odd.values()))
    _refuse_unfolding(rows + len(odd), widest, size, rows * width + sum(map(len, odd.values())), file)
    order = np.empty(rows + len(odd), dtype=np.int64)
    among = np.zeros(len(order), dtype=bool)
    among[list(odd)] = True
    order[among] = rows + np.arange(len(odd))
    order[~among] = np.arange(rows)
    places = pa.array(order)

    def column(place: int) -> pa.Array:
        regular = columns.pop(0).chunks if columns else [pa.repeat(_EMPTY, rows)]
        others = pa.array([cells[place] if place < len(cells) else "" for cells in odd.values()], pa.large_string())
        return pa.chunked_array([*regular, others]).combine_chunks().take(places)

    return _frame([column(place) for place in range(widest)], len(order))


def _refuse_unfolding(lines: int, width: int, held: int, written: int, file: str) -> None:
    """Refuse lines that all become as long as the longest, where that is out of proportion to what they hold."""
    if _TEXT_COLUMN_BYTES * width + _TEXT_CELL_BYTES * lines * width > allowed_bytes(held, written):
        raise too_many_cells(file, lines * width)


def _ragged(content: bytes, delimiter: str, file: str) -> pd.DataFrame:
    """Slower reader for files whose lines differ in length or whose quotes do not close."""
    csv.field_size_limit(2**31 - 1)
    blocks = _blocks(content, delimiter, csv.QUOTE_MINIMAL, file)
    if sum(length for length, _ in blocks) < content.count(b"\n") / 2:  # a quote that never closes swallowed the rest
        blocks = _blocks(content, delimiter, csv.QUOTE_NONE, file)
    width = max((len(texts) for _, texts in blocks), default=0)
    columns = [_Column() for _ in range(width)]
    height = 0
    while blocks:
        length, texts = blocks.pop(0)
        for column, text in zip(columns, texts, strict=False):
            column.add(text, height)
        height += length
    return _frame([column.whole(height) for column in columns], height)


def _blocks(content: bytes, delimiter: str, quoting: Literal[0, 3], file: str) -> list[tuple[int, list[pa.Array]]]:
    """Number of rows and columns of so many lines at once; a block is as wide as its longest line."""
    lines = csv.reader(
        io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""), delimiter=delimiter, quoting=quoting
    )
    found: list[tuple[int, list[pa.Array]]] = []
    rows = written = widest = 0
    while block := list(itertools.islice(lines, _BLOCK_ROWS)):
        rows, written = rows + len(block), written + sum(map(len, block))
        widest = max(widest, *map(len, block))
        _refuse_unfolding(rows, widest, len(content), written, file)
        texts = itertools.zip_longest(*block, fillvalue="")
        found.append((len(block), [pa.array(column, pa.large_string()) for column in texts]))
    return found


def _decoded(content: bytes, declared: str | None, file: str) -> str:
    """Text of a file: by declaration, by byte order mark, as UTF-16 where half is zeros, as UTF-8, else CP1252."""
    encoding = declared or next((_ENCODINGS[mark] for mark in _MARKS if content.startswith(mark)), None)
    if encoding is None and content[:2000].count(0) > len(content[:2000]) / 5:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    if encoding is not None:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            raise DataRejected(f"{file}: bukan teks {encoding}. Perbaiki encoding sumber ini di studi.") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(content[:20_000], cp_isolation=["cp1252", "latin_1"]).best()
        return content.decode(best.encoding if best else "latin_1", errors="replace")


def _beginning(content: bytes) -> str:
    """Whole lines of UTF-8 text."""
    sample = content[:_SAMPLE]
    whole = sample[: sample.rfind(b"\n") + 1] if len(content) > len(sample) else b""
    return (whole or sample).decode("utf-8", errors="ignore")


def _delimiter(sample: str) -> tuple[str, int]:
    """The delimiter that cuts most lines of the beginning into the same number of cells, and that number."""
    best, best_score, best_width = ",", 0.0, 1
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        common, count = max(((w, widths.count(w)) for w in set(widths)), key=lambda pair: (pair[0] > 1, pair[1]))
        score = count / len(widths) + min(common, 10) / 20 if common > 1 else 0
        if score > best_score:
            best, best_score, best_width = delimiter, score, common
    return best, best_width


def _read_dbf(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    """DBF as the fixed-width text it is, so that malformed numbers survive until they are judged.

    Layout: 32-byte header (record count at 4, header length at 8, record length at 10), 32 bytes for each field
    (name 11 bytes, type, 4 bytes, length at 16), then records that begin with a deletion flag.
    """
    content = np.fromfile(path, dtype=np.uint8)
    header = content[:32].tobytes()
    length, width = int.from_bytes(header[8:10], "little"), int.from_bytes(header[10:12], "little")
    names, kinds, fields = ["_deleted"], ["S1"], [b""]
    for start in range(32, length - 1, 32):
        entry = content[start : start + 32].tobytes()
        if entry[:1] == b"\r":
            break
        size = entry[16] + (256 * entry[17] if entry[11:12] == b"C" else 0)
        names.append(entry[:11].split(b"\0")[0].decode("ascii", errors="replace"))
        kinds.append(f"S{size}")
        fields.append(entry[11:12])
    layout = np.dtype({"names": [f"f{i}" for i in range(len(names))], "formats": kinds})
    if layout.itemsize != width:
        raise DataRejected(f"{path.name}: panjang rekaman DBF tidak sesuai daftar kolomnya.")
    declared = int.from_bytes(header[4:8], "little")
    if declared > (len(content) - length) // width:
        raise DataRejected(
            f"{path.name}: berkas terpotong; kepalanya menyebut {declared} baris, isinya lebih sedikit. "
            "Salin atau ekspor ulang berkas itu."
        )
    records = content[length : length + declared * width].view(layout)
    encoding = source.encoding or "cp1252"
    read = [i for i, name in enumerate(names) if i and wanted(name)]
    columns = [_Column() for _ in read]
    height = 0
    for start in range(0, len(records), _BLOCK_ROWS):
        block = records[start : start + _BLOCK_ROWS]
        alive = block["f0"] != b"*"
        for column, place in zip(columns, read, strict=True):
            column.add(pa.array(_decoded_field(block[f"f{place}"][alive], encoding), pa.large_string()), height)
        height += int(alive.sum())
    frame = _frame([column.whole(height) for column in columns], height)
    free = frozenset(place for place, i in enumerate(read) if fields[i] == b"C")
    yield RawTable(path.name, "", frame, first_line=2, headings=tuple(names[i] for i in read), locale="en", free=free)


def _decoded_field(field: np.ndarray, encoding: str) -> np.ndarray:
    stripped = np.char.strip(np.char.rstrip(field, b"\0"))
    if field.dtype.itemsize:  # asterisks fill a number that is missing or does not fit
        stripped = np.where(np.char.strip(stripped, b"*") == b"", b"", stripped)
    try:
        return stripped.astype("U")
    except UnicodeDecodeError:
        return np.char.decode(stripped, encoding, errors="replace")


def _read_stata(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    from pyreadstat import read_dta  # here: it loads a library of tables that no other kind of file needs

    yield _read_labelled(path, source, wanted, read_dta, by_rows=True)


def _read_spss(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    from pyreadstat import read_sav

    yield _read_labelled(path, source, wanted, read_sav, by_rows=False)  # a later row costs all before


def _read_labelled(path: Path, source: Source, wanted: Wanted, read: Callable[..., Any], by_rows: bool) -> RawTable:
    """A file that gives codes their labels, some rows or some columns at once."""
    _, meta = read(str(path), encoding=source.encoding, metadataonly=True)
    columns = [name for name in meta.column_names if wanted(name)]
    rows = meta.number_rows or 0
    _refuse_cells(path, rows * len(columns))
    widths = [meta.variable_storage_width[name] for name in columns]
    texts = [meta.readstat_variable_types[name] == "string" for name in columns]
    _refuse_swelling(path, rows * sum(max(width, _NUMBER_BYTES) for width in widths))
    shared = sum(text and not width for text, width in zip(texts, widths, strict=True))
    if shared and rows * shared * _longest_of_stata(path) > allowed_bytes(path.stat().st_size):
        raise _swelling(path)
    taken = [
        _TEXT_OBJECT_BYTES + 2 * width if text else _NUMBER_BYTES for text, width in zip(texts, widths, strict=True)
    ]
    at_once = max(1, min(_STATA_ROWS, _TYPED_BYTES // max(1, sum(taken)))) if by_rows else 0  # 0: all
    starts = range(0, max(rows, 1), at_once) if by_rows else range(1)
    most = rows * sum(taken) if by_rows else _TYPED_BYTES + _NUMBER_BYTES * rows * len(columns)
    tables = [
        _from_frames(
            path.name,
            (
                read(str(path), encoding=source.encoding, usecols=group, row_offset=start, row_limit=at_once)[0]
                for start in starts
            ),
        )
        for group in _groups(columns, [rows * size for size in taken], most)
    ]
    labels = {
        place: {
            _cell_or_text(code, comma=False): str(label) for code, label in meta.variable_value_labels[name].items()
        }
        for place, name in enumerate(columns)
        if name in meta.variable_value_labels
    }
    return replace(_side_by_side(tables), labels=labels)


def _longest_of_stata(path: Path) -> int:
    """Bytes of the longest text that rows of a Stata file may share; none is longer than the file."""
    content = path.read_bytes()
    lengths = (int.from_bytes(found[1], "little") for mark in _STATA_TEXTS for found in mark.finditer(content))
    return max((length for length in lengths if length <= len(content)), default=0)


def _groups(columns: list[str], taken: list[int], most: int) -> list[list[str]]:
    """Neighbouring columns that take no more than so much together, one at least."""
    groups: list[list[str]] = [[]]
    total = 0
    for column, size in zip(columns, taken, strict=True):
        if groups[-1] and total + size > most:
            groups.append([])
            total = 0
        groups[-1].append(column)
        total += size
    return groups


def _side_by_side(tables: list[RawTable]) -> RawTable:
    """One table of the columns of several with the same rows."""
    if len(tables) == 1:
        return tables[0]
    before = np.cumsum([0, *(len(table.headings or ()) for table in tables)])
    return replace(
        tables[0],
        cells=pd.concat([table.cells for table in tables], axis=1, ignore_index=True),
        headings=tuple(heading for table in tables for heading in table.headings or ()),
        free=frozenset(
            int(start) + place for start, table in zip(before, tables, strict=False) for place in table.free
        ),
    )


def _read_parquet(path: Path, source: Source, wanted: Wanted) -> Iterator[RawTable]:
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if field.type in _PACKED_TEXTS]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        columns = [name for name in schema.names if wanted(name)]
        _refuse_cells(path, file.metadata.num_rows * len(columns))
        # an empty table still has its headings
        empty = pa.RecordBatch.from_pylist([], schema=pa.schema([schema.field(name) for name in columns]))
        rows = max(1, min(_BLOCK_ROWS, _TYPED_BYTES // _TEXT_OBJECT_BYTES // max(1, len(columns))))
        batches = itertools.chain([empty], _unfolded(path, file, columns, rows))
        frames = (batch.to_pandas(types_mapper=_EXACT.get, ignore_metadata=True) for batch in batches)
        yield _from_frames(path.name, frames)


def _unfolded(path: Path, file: pq.ParquetFile, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Rows of a packed table; texts that many of them share are counted before each gets its own."""
    groups = [file.metadata.row_group(place) for place in range(file.metadata.num_row_groups)]
    unpacked = sum(
        group.column(place).total_uncompressed_size for group in groups for place in range(group.num_columns)
    )
    _refuse_swelling(path, unpacked)
    held = max(unpacked, _NUMBER_BYTES * file.metadata.num_rows * len(columns))
    left = allowed_bytes(held) // _TEXT_COPIES
    for batch in file.iter_batches(rows, columns=columns):
        own = []
        for column in batch.columns:
            if isinstance(column, pa.DictionaryArray):
                left -= pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0
                if left < 0:
                    raise _swelling(path)
                own.append(column.dictionary_decode())
            else:
                own.append(column)
        yield pa.RecordBatch.from_arrays(own, names=batch.schema.names)


def _swelling(path: Path) -> DataRejected:
    return DataRejected(
        f"{path.name}: isi terkompresi membengkak tidak wajar; berkas ditolak. "
        "Kalau isinya memang begitu, simpan sebagai CSV."
    )


def _refuse_swelling(path: Path, unpacked: int) -> None:
    if unpacked > _MOST_HELD and unpacked > _MOST_TIMES * path.stat().st_size:
        raise _swelling(path)


def _refuse_cells(path: Path, cells: int) -> None:
    if cells > MAX_TABLE_CELLS:
        raise DataRejected(f"{path.name}: memuat lebih dari {MAX_TABLE_CELLS} sel. Bagi menjadi beberapa berkas.")
    if cells > allowed_bytes(0) // _TEXT_CELL_BYTES + _CELLS_PER_BYTE * path.stat().st_size:
        raise _swelling(path)


def _from_frames(file: str, frames: Iterable[pd.DataFrame], comma: bool = False) -> RawTable:
    """Typed rows as text, frame by frame; ``map`` keeps no frame while the next is read."""
    headings: tuple[str, ...] = ()
    columns: list[_Column] = []
    free: set[int] = set()
    height = 0
    for headings, texts, own_free in map(partial(_texts, comma=comma), frames):
        columns = columns or [_Column() for _ in headings]
        for column, text in zip(columns, texts, strict=True):
            column.add(text, height)
        height += len(texts[0]) if texts else 0
        free |= own_free
    cells = _frame([column.whole(height) for column in columns], height)
    return RawTable(file, "", cells, first_line=2, headings=headings, locale="en", free=frozenset(free))


def _texts(frame: pd.DataFrame, comma: bool) -> tuple[tuple[str, ...], list[pa.Array], set[int]]:
    """Headings, columns as text, and the places of those that were text before."""
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    free = {place for place, column in enumerate(columns) if pd.api.types.infer_dtype(column) in ("string", "bytes")}
    return tuple(map(str, frame.columns)), [to_arrow(_typed_text(column, comma)) for column in columns], free


def _sorted(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.sort_values(list(cells.columns), ignore_index=True)


def _typed_text(column: pd.Series, comma: bool = False) -> pd.Series:
    """A typed column as text; missing is empty, whole numbers have no decimals."""
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").astype("str")
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Int64").astype("str").where(column.notna(), "")
    if pd.api.types.is_integer_dtype(column):
        return column.astype("str").where(column.notna(), "")
    if pd.api.types.is_float_dtype(column):
        unique, inverse = np.unique(column.to_numpy(dtype=float, na_value=np.nan), return_inverse=True)
        texts = ["" if np.isnan(value) else _cell_text(float(value), comma) for value in unique]
        return pd.Series(np.array(texts, dtype=object)[inverse], dtype="str")
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").fillna("").astype("str")
    return column.map(
        lambda cell: (
            "" if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell else _cell_or_text(cell, comma)
        )
    ).astype("str")


def _cell_or_text(cell: Any, comma: bool) -> str:
    if isinstance(cell, Decimal):
        return _decimal_text(str(cell), comma)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return cell if isinstance(cell, str) else _cell_text(cell, comma)


_Reader = Callable[[Path, Source, Wanted], Iterator[RawTable]]
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(sorted(_SPREADSHEETS), _read_spreadsheet),
    **dict.fromkeys(sorted(_TEXT), _read_text),
    ".dbf": _read_dbf,
    ".dta": _read_stata,
    ".sav": _read_spss,
    ".parquet": _read_parquet,
}
