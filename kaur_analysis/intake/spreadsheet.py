"""Workbooks and CSV for people: text that a spreadsheet would run as a formula is neutralised everywhere alike."""

import datetime as dt
import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from pandas.api.types import is_numeric_dtype, is_string_dtype

from kaur_analysis.intake.findings import rules
from kaur_analysis.store import write_bytes

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_APOSTROPHE = f"^'(?=[{re.escape(''.join(_DANGEROUS))}])"
MAX_SHEET_ROWS = 1_048_000
FINDINGS_HEADINGS = {
    "source": "Sumber",
    "file": "Berkas",
    "sheet": "Lembar",
    "line": "Baris",
    "column": "Kolom",
    "found": "Yang ditemukan",
    "allowed": "Yang boleh",
    "remedy": "Yang perlu dilakukan",
    "severity": "Akibat",
}
_ACCOUNTING_HEADINGS = {
    "source": "Sumber",
    "file": "Berkas",
    "sheet": "Lembar",
    "rows_read": "Baris dibaca",
    "rows_kept": "Dipakai",
    "rows_set_aside": "Disisihkan",
}
_SEVERITIES = {"ditolak": 0, "disisihkan": 1, "peringatan": 2}


def safe_cell(value: Any) -> Any:
    """A value as a spreadsheet may hold it: text that begins like a formula gets an apostrophe in front.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    The value, or text with an apostrophe in front.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell(-5)
    ("'=1+1", -5)
    """
    if isinstance(value, str):
        return "'" + value if value.startswith(_DANGEROUS) else value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return value.item() if hasattr(value, "item") else value


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV that a spreadsheet opens without running any of its texts; numbers, also negative, stay numbers.

    :func:`as_written` gives texts that were read back as they were.

    Parameters
    ----------
    table
        What to write.

    Returns
    -------
    The text of the file.
    """
    texts = {name: _safe(column) for name, column in table.items() if not is_numeric_dtype(column)}
    return table.assign(**texts).to_csv(index=False, lineterminator="\n")


def _safe(column: pd.Series) -> pd.Series:
    """A column of safe cells; a text that is repeated is looked at once."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column.map(safe_cell)
    place, texts = pd.factorize(column)
    safe = np.array([*map(safe_cell, texts), ""], dtype=object)  # the last is that of what is missing
    return pd.Series(safe[place], column.index)


def as_written(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of a table without the apostrophes that :func:`csv_text` puts before what looks like a formula.

    Parameters
    ----------
    table
        As it was read back.

    Returns
    -------
    The table as it was before it was written.
    """
    texts = {name: column for name, column in table.items() if is_string_dtype(column)}
    return table.assign(**{name: column.str.replace(_APOSTROPHE, "", regex=True) for name, column in texts.items()})


def write_sheet(
    book: xlsxwriter.Workbook, name: str, table: pd.DataFrame, headings: dict[str, str], note: str = ""
) -> None:
    """One sheet: an optional note, bold headings, rows with safe cells, frozen headings, a filter, readable widths.

    Parameters
    ----------
    book
        From :func:`new_workbook`.
    name
        Of the sheet.
    table
        Its rows.
    headings
        Column → heading, in the order of the sheet.
    note
        Line above the headings.
    """
    sheet = book.add_worksheet(name[:31])
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1, "text_wrap": True, "valign": "top"})
    top = 0
    if note:
        sheet.write_string(0, 0, note)
        top = 2
    columns = list(headings)
    for position, column in enumerate(columns):
        sheet.write_string(top, position, headings[column], bold)
        texts = table[column].head(200).astype(str)
        longest = int(texts.str.len().max()) if len(texts) else 0
        sheet.set_column(position, position, min(60, max(8, len(headings[column]) + 1, longest + 1)))
    shown = table.head(MAX_SHEET_ROWS)
    for row, values in enumerate(shown[columns].itertuples(index=False), start=top + 1):
        for position, value in enumerate(values):
            cell = safe_cell(value)
            if isinstance(cell, str):
                sheet.write_string(row, position, cell)
            else:
                sheet.write(row, position, cell)
    sheet.freeze_panes(top + 1, 0)
    if len(shown):
        sheet.autofilter(top, 0, top + len(shown), len(columns) - 1)


def new_workbook(file: BytesIO) -> xlsxwriter.Workbook:
    """A workbook that never turns text into formulas, links or numbers; equal contents give equal bytes.

    Parameters
    ----------
    file
        What its bytes go to: onto disk they come whole, by :func:`kaur_analysis.store.write_bytes`.

    Returns
    -------
    An open workbook, to be closed by the caller.
    """
    book = xlsxwriter.Workbook(
        file, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)})
    return book


def write_findings_workbook(
    findings: pd.DataFrame, accounting: pd.DataFrame, path: Path, synthetic: bool = False
) -> Path:
    """Findings as an office reads them: a summary, what was read, then one sheet for each rule.

    Parameters
    ----------
    findings, accounting
        As ``Intake`` and ``Clean`` hold them.
    path
        XLSX to write.
    synthetic
        Whether to print that the data are synthetic.

    Returns
    -------
    The workbook.

    Raises
    ------
    PermissionError
        Another program holds the workbook open; it stays as it was.
    """
    titles = {code: rule["title"] for code, rule in rules().items()}
    counts = findings.groupby(["rule", "severity", "source"], as_index=False).size()
    counts = counts.assign(title=counts["rule"].map(titles), order=counts["severity"].map(_SEVERITIES))
    counts = counts.sort_values(["order", "size"], ascending=[True, False])
    stamp = "DATA SINTETIS. " if synthetic else ""
    content = BytesIO()
    with new_workbook(content) as book:
        write_sheet(
            book,
            "Ringkasan",
            counts,
            {"severity": "Akibat", "title": "Aturan", "source": "Sumber", "size": "Banyak temuan", "rule": "Lembar"},
            stamp + "Temuan per aturan. ditolak: sumber tidak dapat dipakai; disisihkan: baris tidak dipakai; "
            "peringatan: dipakai dengan hati-hati.",
        )
        write_sheet(book, "Yang dibaca", accounting, _ACCOUNTING_HEADINGS, stamp + "Dibaca = dipakai + disisihkan.")
        for rule in dict.fromkeys(counts["rule"]):
            rows = findings[findings["rule"] == rule]
            note = (
                stamp
                + titles[rule]
                + (f" ({len(rows)} temuan, sebagian tidak muat)" if len(rows) > MAX_SHEET_ROWS else "")
            )
            write_sheet(book, str(rule), rows, FINDINGS_HEADINGS, note)
    return write_bytes(path, content.getvalue())
