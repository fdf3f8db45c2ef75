"""How far the sheets of an old workbook (XLS) reach, found in its records before any reader sets them aside."""

import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import olefile

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.extent import LONG_TEXT, Extent, allowed_bytes, require

# Records of an XLS file (MS-XLS 2.3.2) that hold a cell: its row and column are their first two numbers.
_CELLS = frozenset({0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x027E, 0x0406})
_MANY_CELLS = frozenset({0x00BD, 0x00BE})  # their last number is the last column
_COLUMNS = 256  # of a sheet (MS-XLS 2.5.51 ColU)
_DIMENSIONS, _END, _SHEET = 0x0200, 0x000A, 0x0085
_TEXTS, _MORE, _TEXT_CELL = 0x00FC, 0x003C, 0x00FD
_WIDE, _OTHER_SCRIPT, _RUNS = 0x01, 0x04, 0x08  # flags of a text (MS-XLS 2.5.293)
# Formulas are written out: a mark of spaces (MS-XLS 2.5.198.38) says how many, marks of names and sheets repeat theirs.
_FORMULA, _FORMULA_HEAD, _NAME = 0x0006, 20, 0x0018
_SPACES = re.compile(rb"(?=\x19[\x40\x41].(.))", re.DOTALL)
_NAMES, _SHEETS = re.compile(rb"[\x23\x43\x63]"), re.compile(rb"[\x3a-\x3d\x5a-\x5d\x7a-\x7d]")
_MOST_SPACES, _MOST_SHEET_LETTERS = 8192, 31  # of a formula, of the name of a sheet, as Excel has them
_STREAMS = ("Workbook", "Book")
_CELL_BYTES = 88  # of the rectangle, filled or not: kept by the reader and copied out of it, and formulas beside
_WRITTEN_BYTES = 60  # more, of a cell that is written: before it has its place, and as text
_TEXT_COPIES, _LONG_COPIES = 5, 8  # of a text that cells share, while read
_SHORT_TEXT = 8  # bytes of it, that a written cell takes anyway


def refuse_old_bomb(path: Path, most_cells: int) -> None:
    """Refuse an XLS file whose sheets unfold out of proportion to what is written in it.

    Its reader takes every sheet at once and believes what the file says of its own size. It also follows a chain of
    sectors that runs in a circle for ever.

    Raises
    ------
    DataRejected
        As :func:`kaur_analysis.intake.bombs.refuse_bombs`.
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
            names = [name for name in _STREAMS if name in listed]
            odd = not names or any(listed.count(name) > 1 or not container.exists(name) for name in names)
            content = container.openstream(names[0]).read() if not (odd or circular) else b""
    except Exception as error:  # a reader of other people's formats; contents must not show
        raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls ({type(error).__name__}).") from None
    if circular:
        raise DataRejected(f"{path.name}: berkas rusak: rangkaian isinya tidak berujung.")
    if odd:
        raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls (tidak memuat satu buku kerja).")
    extent = _extent(path.name, content)
    require(path.name, extent, _CELL_BYTES, allowed_bytes(len(content), extent.written), most_cells)


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


def _extent(file: str, content: bytes) -> Extent:
    """Sheets up to their last written or declared cell, each from where the list of sheets says that it begins."""
    starts, walked = [], 0
    shared: list[bytes] = []
    before = longest_name = 0
    for kind, body, end in _records(content, 0):
        if kind == _SHEET and end - body >= 4:
            starts.append(struct.unpack_from("<I", content, body)[0])
        elif kind == _TEXTS and end - body >= 8:
            if struct.unpack_from("<i", content, body + 4)[0] > len(content):
                raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lebih banyak teks daripada isi).")
            shared = [content[body + 8 : end]]
        elif kind == _MORE and shared and before in (_TEXTS, _MORE):
            shared.append(content[body:end])
        elif kind == _NAME and end - body >= 4:
            longest_name = max(longest_name, content[body + 3])
        before = kind
    sizes = [_text_size(length) for length in _text_lengths(shared)]
    total = Extent()
    for start in starts:
        rows = columns = written = more = 0
        end = start
        for kind, body, end in _records(content, start):
            if kind in _CELLS and end - body >= 4:
                row, column = struct.unpack_from("<HH", content, body)
                written += 1
                if kind in _MANY_CELLS:
                    last = struct.unpack_from("<H", content, end - 2)[0]
                    written += max(0, last - column)
                    column = max(column, last)
                if column >= _COLUMNS:  # the reader would make room for them in every row
                    raise DataRejected(f"{file}: berkas rusak atau bukan .xls (sel di luar {_COLUMNS} kolom).")
                rows, columns = max(rows, row + 1), max(columns, column + 1)
                if kind == _FORMULA:
                    more += _TEXT_COPIES * _formula_length(file, content[body + _FORMULA_HEAD : end], longest_name)
                elif kind == _TEXT_CELL and end - body >= 10:
                    (place,) = struct.unpack_from("<I", content, body + 6)
                    more += sizes[place] if place < len(sizes) else 0
            elif kind == _DIMENSIONS:
                last_row, last_column = _declared(file, content[body:end])
                rows, columns = max(rows, last_row), max(columns, last_column)
        walked += end - start
        if walked > len(content):  # each of a thousand sheets would be read anew
            raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lembar yang bertumpuk).")
        total += Extent(rows * columns, written, more + _WRITTEN_BYTES * written, (rows, columns))
    return total


def _formula_length(file: str, marks: bytes, longest_name: int) -> int:
    """Letters that a formula has at most beyond its own bytes."""
    spaces = sum(found[1][0] for found in _SPACES.finditer(marks))
    if spaces > _MOST_SPACES:  # the reader puts them in one by one
        raise DataRejected(f"{file}: berkas rusak atau bukan .xls (rumus yang tidak wajar).")
    return spaces + longest_name * len(_NAMES.findall(marks)) + _MOST_SHEET_LETTERS * len(_SHEETS.findall(marks))


def _text_size(length: int) -> int:
    """Bytes that a shared text takes in every cell that has it."""
    return _LONG_COPIES * length if length > LONG_TEXT else _TEXT_COPIES * max(0, length - _SHORT_TEXT)


def _text_lengths(parts: list[bytes]) -> list[int]:
    """Bytes of each text that cells share, as UTF-8 (MS-XLS 2.5.293), up to where the list is damaged.

    A text that goes on in the next part says there anew whether its letters take two bytes.
    """
    lengths: list[int] = []
    part, place = 0, 0
    while part < len(parts):
        if place == len(parts[part]):
            part, place = part + 1, 0
            continue
        try:
            letters, flags = struct.unpack_from("<HB", parts[part], place)
            place += 3
            runs = extra = 0
            if flags & _RUNS:
                (runs,) = struct.unpack_from("<H", parts[part], place)
                place += 2
            if flags & _OTHER_SCRIPT:
                (extra,) = struct.unpack_from("<I", parts[part], place)
                place += 4
        except struct.error:
            break
        length = 0
        while True:
            wide = flags & _WIDE
            piece = parts[part][place : place + letters * (1 + wide)]
            length += len(piece.decode("utf-16-le" if wide else "latin-1", errors="replace").encode())
            letters, place = letters - (len(piece) >> wide), place + len(piece)
            if letters <= 0 or part + 1 == len(parts) or not parts[part + 1]:
                break
            part, place, flags = part + 1, 1, parts[part + 1][0]
        lengths.append(length)
        skipped = 4 * runs + extra
        while skipped > len(parts[part]) - place and part + 1 < len(parts):
            skipped -= len(parts[part]) - place
            part, place = part + 1, 0
        place += skipped
        if place > len(parts[part]):
            break
    return lengths


def _records(content: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, first and last place of each record up to the end of its sheet or to where the content is damaged."""
    while place + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, place)
        body, place = place + 4, place + 4 + size
        if place > len(content):
            return
        yield kind, body, place
        if kind == _END:
            return


def _declared(file: str, body: bytes) -> tuple[int, int]:
    """Last row and column that a sheet declares; the reader makes room for all from the first ones on."""
    layout = {10: "<HHHH", 14: "<IIHH"}.get(len(body))
    if layout is None:
        return 0, 0
    first_row, last_row, first_column, last_column = struct.unpack_from(layout, body)
    if last_row and last_column and (first_row >= last_row or first_column >= last_column):
        raise DataRejected(f"{file}: berkas rusak atau bukan .xls (lembar yang berakhir sebelum mulai).")
    return last_row, last_column
