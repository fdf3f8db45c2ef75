"""Writing workbooks, CSV and DBF so that equal tables are equal bytes."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import shapefile
import xlsxwriter

_MADE = datetime(2025, 4, 1)


@dataclass(frozen=True)
class Sheet:
    """One sheet: title rows above the heading (merged over it), the table, foot rows and blank rows below.

    Cells are text unless the table's column holds numbers.
    """

    name: str
    table: pd.DataFrame
    titles: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    trailing: int = 0


def write_workbook(path: Path, sheets: list[Sheet]) -> None:
    """Write an XLSX file row by row, with a fixed creation date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties(
            {"title": "DATA SINTETIS", "comments": "Tidak ada orang nyata di berkas ini.", "created": _MADE}
        )
        centre = book.add_format({"bold": True, "align": "center"})
        blank = book.add_format({"bottom": 4})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name[:31])
            row = 0
            for title in sheet.titles:
                page.merge_range(row, 0, row, max(len(sheet.table.columns) - 1, 1), title, centre)
                row += 1
            page.write_row(row, 0, list(sheet.table.columns))
            for values in sheet.table.itertuples(index=False, name=None):
                row += 1
                for column, value in enumerate(values):
                    if isinstance(value, str):
                        page.write_string(row, column, value)
                    elif not pd.isna(value):
                        page.write_number(row, column, float(value))
            for text in sheet.foot:
                row += 1
                page.write_string(row, 0, text)
            for _ in range(sheet.trailing):
                row += 1
                page.write_blank(row, 0, None, blank)


def write_csv(path: Path, table: pd.DataFrame, separator: str = ",", encoding: str = "utf-8") -> None:
    """Write a CSV file with the same line ends on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep=separator, index=False, encoding=encoding, lineterminator="\r\n")


def write_dbf(path: Path, table: pd.DataFrame) -> None:
    """Write a DBF file: text columns as C, whole numbers as N without decimals, others as N with four."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with shapefile.Writer(dbf=str(path)) as writer:
        for name in table.columns:
            column = table[name]
            if pd.api.types.is_numeric_dtype(column):
                whole = bool((column.dropna() % 1 == 0).all())
                writer.field(name, "N", size=14, decimal=0 if whole else 4)
            else:
                writer.field(name, "C", size=max(1, int(column.str.len().max() or 1)))
        plain = table.astype(object).where(table.notna(), None)
        for values in plain.itertuples(index=False, name=None):
            writer.record(*values)
    # The header's date of last update would differ from day to day.
    with path.open("r+b") as stream:
        stream.seek(1)
        stream.write(bytes((125, 4, 1)))
