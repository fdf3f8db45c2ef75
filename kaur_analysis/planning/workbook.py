"""Workbooks that Excel and LibreOffice open: Indonesian headings, real numbers, a password where people are named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from getpass import GetPassWarning, getpass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from warnings import catch_warnings, simplefilter

import pandas as pd
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from xlsxwriter.worksheet import Worksheet

from kaur_analysis.errors import UsageError
from kaur_analysis.intake import safe_cell

MINIMUM_PASSWORD = 12
Kind = Literal["text", "number", "rupiah", "share", "date"]
_FORMATS: dict[Kind, dict[str, Any]] = {
    "text": {"text_wrap": True, "num_format": "@"},
    "number": {"num_format": "#,##0"},
    "rupiah": {"num_format": "#,##0"},
    "share": {"num_format": "0.0%"},
    "date": {"num_format": "dd-mm-yyyy"},
}
_CREATED = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Heading:
    """One column of a sheet: its heading, the kind of its cells, its width, and the words it accepts, if fixed."""

    title: str
    kind: Kind = "text"
    width: float = 18
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet: title lines, columns by the table's column names, and the rows."""

    name: str
    titles: Sequence[str]
    columns: Mapping[str, Heading]
    table: pd.DataFrame


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """Bytes of an ``.xlsx`` file with the given sheets, each printing on A4 landscape with its heading repeated.

    Text is written as text, behind an apostrophe where it begins like a formula: a sheet saved as CSV and opened again
    has no formula either. Missing cells are empty. The file carries no time, so equal tables are equal bytes.
    """
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    title, head = (
        book.add_format({"bold": True, "font_size": 13}),
        book.add_format({"bold": True, "bg_color": "#E8E8E8", "border": 1, "text_wrap": True, "valign": "top"}),
    )
    formats = {kind: book.add_format({"valign": "top", **style}) for kind, style in _FORMATS.items()}
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for line, text in enumerate(sheet.titles):
            page.write_string(line, 0, text, title if line == 0 else None)
        first = len(sheet.titles) + (1 if sheet.titles else 0)
        for position, (column, heading) in enumerate(sheet.columns.items()):
            page.set_column(position, position, heading.width)
            page.write_string(first, position, heading.title, head)
            _write_cells(page, first + 1, position, sheet.table[column].tolist(), heading, formats[heading.kind])
            if heading.choices and len(sheet.table):
                page.data_validation(
                    first + 1,
                    position,
                    first + len(sheet.table),
                    position,
                    {"validate": "list", "source": list(heading.choices), "error_title": "Pilihan tidak dikenal"},
                )
        page.freeze_panes(first + 1, 0)
        page.autofilter(first, 0, first + max(len(sheet.table), 1), len(sheet.columns) - 1)
        page.set_paper(9)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(first)
    book.close()
    return buffer.getvalue()


def _write_cells(page: Worksheet, first: int, column: int, cells: list[Any], heading: Heading, style: Any) -> None:
    for row, cell in enumerate(cells, start=first):
        if cell is None or pd.isna(cell):
            page.write_blank(row, column, None, style)
        elif heading.kind == "text":
            page.write_string(row, column, safe_cell(str(cell)), style)
        elif heading.kind == "date" and isinstance(cell, date):
            page.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), style)
        else:
            page.write_number(row, column, float(cell), style)


def encrypt(workbook: bytes, password: str) -> bytes:
    """Protect a workbook with a password (ECMA-376 agile encryption, as Excel itself writes it).

    Raises
    ------
    UsageError
        The password is shorter than :data:`MINIMUM_PASSWORD` characters.
    """
    if len(password) < MINIMUM_PASSWORD:
        raise UsageError(f"Kata sandi terlalu pendek; paling sedikit {MINIMUM_PASSWORD} karakter.")
    protected = BytesIO()
    OOXMLFile(BytesIO(workbook)).encrypt(password, protected)
    return protected.getvalue()


def read_password(file: Path | None = None) -> str:
    """Password from the first line of a file, else asked for on the terminal; never from the command line.

    Parameters
    ----------
    file
        Its first line is the password; without a file the terminal asks.

    Returns
    -------
    The password.

    Raises
    ------
    UsageError
        No such file, it is empty, or it is not text in UTF-8; or there is no terminal to ask on.
    """
    if file is None:
        try:
            with catch_warnings():
                simplefilter("error", GetPassWarning)  # it would show what is typed
                return getpass("Kata sandi daftar penerima: ")
        except (GetPassWarning, EOFError):
            raise UsageError("Kata sandi tidak dapat ditanyakan di sini. Pakai --password-file.") from None
    if not file.is_file():
        raise UsageError(f"Berkas kata sandi tidak ada: {file.name}.")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()  # Notepad's mark is no letter of the password
    except UnicodeDecodeError:
        raise UsageError(f"Berkas kata sandi {file.name} bukan teks UTF-8. Simpan ulang sebagai UTF-8.") from None
    if not lines or not lines[0].strip():
        raise UsageError(f"Berkas kata sandi kosong: {file.name}.")
    return lines[0].strip()
