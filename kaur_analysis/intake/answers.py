"""What people answer, read back: tables beside the study and workbooks filled in. Damaged ones are refused by name."""

import warnings
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.errors import ParserWarning
from python_calamine import CalamineWorkbook

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.readers import PANIC
from kaur_analysis.intake.spreadsheet import as_written

NO_WORKBOOK = "bukan buku kerja yang dapat dibuka"


def read_answers(path: Path) -> pd.DataFrame:
    """A CSV file beside the study, as texts; a cell that is absent is empty.

    Commas part its cells, or semicolons, as Excel writes them on a computer that speaks Indonesian.

    Parameters
    ----------
    path
        As :func:`~kaur_analysis.intake.csv_text` writes it, or as a person typed it.

    Returns
    -------
    DataFrame
        Every column as text.

    Raises
    ------
    DataRejected
        The file is empty, is no UTF-8, or has lines longer than its headings (pandas would move those cells one column
        to the left, or drop the last); names the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        headings = text.partition("\n")[0]
        comma = ";" if ";" in headings and "," not in headings else ","
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)
            table = pd.read_csv(StringIO(text), sep=comma, dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError:
        raise DataRejected(f"{path.name}: bukan teks UTF-8. Simpan ulang sebagai CSV UTF-8.") from None
    except (ValueError, ParserWarning):  # pandas' own are kinds of ValueError, and quote cells
        raise DataRejected(
            f"{path.name}: kosong, rusak, atau bukan CSV yang dipisah koma. Perbaiki, atau hapus bila tidak dipakai."
        ) from None
    return as_written(table.fillna(""))


def workbook_lines(content: bytes) -> dict[str, list[list[Any]]]:
    """Cells of every sheet of a workbook, line by line from the first.

    Parameters
    ----------
    content
        Bytes of an XLSX, XLS or ODS file without a password.

    Returns
    -------
    dict
        Sheet → lines.

    Raises
    ------
    DataRejected
        It is no workbook, or a damaged one.
    """
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except BaseException as error:  # as it fails in many ways; contents must not show
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        raise DataRejected(NO_WORKBOOK) from None
