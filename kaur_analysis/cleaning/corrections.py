"""Corrections as reviewed data: who decided what about which rows, when and why; each must match what it expects."""

import datetime as dt
import math
from datetime import date
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaur_analysis.errors import DataRejected, StudyRejected, mask
from kaur_analysis.formats import number
from kaur_analysis.intake import Findings
from kaur_analysis.intake.codebook import Column, codebook_for
from kaur_analysis.reference import read_yaml
from kaur_analysis.study import CORRECTIONS_FILE as FILE
from kaur_analysis.study import Study

AUDIT_COLUMNS = ["source", "file", "sheet", "line", "column", "before", "after", "reason", "who", "date"]
Value = str | float | dt.date | None
SAID = {  # what each key of an entry may hold, for whoever reads that theirs does not
    "source": "nama sumber seperti di studi",
    "column": "nama kolom",
    "rows": "paling sedikit satu syarat, misalnya {line: 12}",
    "action": "set atau set_aside",
    "value": "angka, teks, atau null",
    "reason": "alasan, paling sedikit 5 huruf",
    "who": "nama pemutus, paling sedikit 2 huruf",
    "date": "tanggal seperti 2025-04-02",
    "status": "usulan, disetujui, atau ditolak",
    "expected": "banyak baris, paling sedikit 1",
}
_FIXED = ("source", "file", "sheet", "line", "record")  # where a row stands
# Columns that intake derives, in the words of the codebooks' columns.
_DERIVED = {
    "age": Column(type="number", minimum=0, maximum=125),
    "birth_year": Column(type="number", minimum=1850, maximum=2100),
    **dict.fromkeys(("female", "in_school"), Column(type="flag")),
}


class Correction(BaseModel):
    """One decision about some rows.

    ``rows`` are conditions on columns, all of which must hold (``line``, ``desa_name``, ...); ``set`` gives ``column``
    a value (``null`` empties it), ``set_aside`` takes the rows out. Only ``disetujui`` is applied.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    column: str = ""
    rows: dict[str, Value | int | list[Value | int]] = Field(min_length=1)
    action: Literal["set", "set_aside"]
    value: Value = None
    reason: str = Field(min_length=5)
    who: str = Field(min_length=2)
    date: date
    status: Literal["usulan", "disetujui", "ditolak"]
    expected: int = Field(ge=1)


def load_corrections(study: Study) -> tuple[Correction, ...]:
    """Corrections beside the study file; none where there is no ``corrections.yaml``.

    Raises
    ------
    StudyRejected
        The file is no list; an entry is incomplete, names a source the study does not have, or a value that the column
        cannot hold.
    """
    path = study.folder / FILE
    if not path.is_file():
        return ()
    content = read_yaml(path) or []
    if not isinstance(content, list):
        raise StudyRejected(f"{FILE}: harus berupa daftar; setiap koreksi diawali tanda hubung: - source: nama_sumber")
    entries = tuple(_read(place, entry) for place, entry in enumerate(content, start=1))
    names = {source.name for source in study.sources}
    for place, entry in enumerate(entries, start=1):
        if entry.source not in names:
            raise StudyRejected(f"{FILE}: koreksi ke-{place}: sumber '{entry.source}' tidak ada di studi.")
        if entry.action == "set":
            if entry.column in _FIXED:
                raise StudyRejected(f"{FILE}: koreksi ke-{place}: kolom '{entry.column}' tidak dapat diubah.")
            column = (_DERIVED | codebook_for(study.source(entry.source)).columns).get(entry.column)
            if problem := "" if column is None else _unfit(entry.value, column):
                raise StudyRejected(f"{FILE}: koreksi ke-{place}: value untuk kolom '{entry.column}' {problem}.")
    return entries


def _read(place: int, entry: Any) -> Correction:
    """One entry, or every key of it that does not hold what it may."""
    if not isinstance(entry, dict):
        raise StudyRejected(f"{FILE}: koreksi ke-{place}: harus berisi kunci dan nilai: {', '.join(SAID)}.")
    wrong = [f"{key}: kunci tidak dikenal" for key in entry if key not in SAID]
    if entry.get("action") == "set":
        wrong += [f"{key}: wajib diisi untuk action: set" for key in ("column", "value") if key not in entry]
    try:
        correction = Correction.model_validate({key: held for key, held in entry.items() if key in SAID})
    except ValidationError as error:
        keys = dict.fromkeys(str(detail["loc"][0]) for detail in error.errors(include_url=False, include_input=False))
        wrong += [f"{key}: {SAID[key]}" for key in keys]
    if wrong:
        raise StudyRejected(f"{FILE}: koreksi ke-{place} belum dapat dipakai: {'; '.join(wrong)}.")
    return correction


def _unfit(value: Value, column: Column) -> str:
    """Why a column cannot hold a value, by what its codebook says of it; empty where it can."""
    if value is None:
        return ""
    kind = column.type
    if kind == "number":
        return "" if isinstance(value, int | float) and _in_bounds(value, column) else f"harus {_bounds(column)}"
    if kind in ("flag", "any_flag"):
        return "" if value in (0, 1) else "harus 1 (ya) atau 0 (tidak)"
    if kind == "date":
        return "" if isinstance(value, dt.date) else "harus tanggal seperti 2025-04-02"
    if kind == "category":
        words = sorted({word for word in column.codes.values() if isinstance(word, str)})
        return "" if value in words else f"harus salah satu dari: {', '.join(words)}"
    return "" if isinstance(value, str) else f'harus teks; tulis dalam tanda kutip: "{mask(value)}"'


def _in_bounds(value: float, column: Column) -> bool:
    low, high = column.minimum, column.maximum
    whole = value.is_integer() if column.whole else math.isfinite(value)
    return whole and (low is None or value >= low) and (high is None or value <= high)


def _bounds(column: Column) -> str:
    kind = "bilangan bulat" if column.whole else "angka"
    low = "" if column.minimum is None else f", paling sedikit {number(column.minimum)}"
    high = "" if column.maximum is None else f", paling banyak {number(column.maximum)}"
    return f"{kind}{low}{high}"


def _fitting(entry: Correction, cells: pd.Series) -> Any:
    """The value as the column of the table holds it: a day as the library's own.

    Raises
    ------
    DataRejected
        It is a number where the column holds text, or text where it holds numbers.
    """
    value = entry.value
    if value is not None and cells.dtype.kind in "iufO" and isinstance(value, str) == (cells.dtype.kind in "iuf"):
        kind = "teks" if cells.dtype.kind == "O" else "angka"
        raise DataRejected(
            f"{FILE}: koreksi {entry.source} ({entry.reason}): value untuk kolom '{entry.column}' harus {kind}."
        )
    return pd.Timestamp(value) if isinstance(value, dt.date) and cells.dtype.kind == "M" else value


def correct(
    table: pd.DataFrame, corrections: tuple[Correction, ...], findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply approved corrections to a table of records.

    Returns
    -------
    tuple
        The corrected table and the audit: every changed cell before and after.

    Raises
    ------
    DataRejected
        A correction matches no row, or another number of rows than it expects, or a column the table does not have.
    """
    audit: list[pd.DataFrame] = []
    here = set(table["source"].unique()) if corrections and "source" in table else set()
    approved = [entry for entry in corrections if entry.status == "disetujui" and entry.source in here]
    table = table.copy() if approved else table
    for entry in approved:
        chosen = _chosen(table, entry)
        rows = table[chosen.to_numpy()]
        if len(rows) != entry.expected:
            raise DataRejected(
                f"{FILE}: koreksi {entry.source} ({entry.reason}) cocok dengan {len(rows)} baris, "
                f"seharusnya {entry.expected}."
            )
        note = rows[["source", "file", "sheet", "line"]].assign(
            column=entry.column, reason=entry.reason, who=entry.who, date=entry.date.isoformat()
        )
        if entry.action == "set_aside":
            findings.set_aside("koreksi", rows)
            audit.append(note.assign(before="dipakai", after="disisihkan"))
            table = table[~chosen.to_numpy()]
        else:
            audit.append(note.assign(before=rows[entry.column].astype(str).to_numpy(), after=str(entry.value)))
            findings.add("koreksi", rows, entry.column, entry.reason)
            table.loc[chosen, entry.column] = _fitting(entry, table[entry.column])
    whole = pd.concat(audit, ignore_index=True)[AUDIT_COLUMNS] if audit else pd.DataFrame(columns=AUDIT_COLUMNS)
    return table, whole


def _chosen(table: pd.DataFrame, entry: Correction) -> pd.Series:
    for name in (*entry.rows, *([entry.column] if entry.action == "set" else [])):
        if name not in table:
            raise DataRejected(f"{FILE}: kolom '{name}' tidak ada di sumber {entry.source}, atau memuat identitas.")
    chosen = table["source"] == entry.source
    for name, wanted in entry.rows.items():
        chosen &= table[name].isin(wanted if isinstance(wanted, list) else [wanted])
    return chosen
