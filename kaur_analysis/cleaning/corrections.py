"""Corrections as reviewed data: who decided what about which rows, when and why; each must match what it expects."""

from datetime import date
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kaur_analysis.errors import DataRejected, StudyRejected
from kaur_analysis.intake import Findings
from kaur_analysis.reference import read_yaml
from kaur_analysis.study import CORRECTIONS_FILE as FILE
from kaur_analysis.study import Study, wrong_value

AUDIT_COLUMNS = ["source", "file", "sheet", "line", "column", "before", "after", "reason", "who", "date"]
Value = str | float | None


class Correction(BaseModel):
    """One decision about some rows.

    ``rows`` are conditions on columns, all of which must hold (``line``, ``desa_name``, ...); ``set`` gives ``column``
    a value, ``set_aside`` takes the rows out. Only ``disetujui`` is applied.
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
        An entry is incomplete or names a source the study does not have.
    """
    path = study.folder / FILE
    if not path.is_file():
        return ()
    try:
        entries = tuple(Correction.model_validate(entry) for entry in read_yaml(path) or ())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise StudyRejected(f"{FILE}: {'.'.join(map(str, first['loc']))}: {wrong_value(first)}") from None
    names = {source.name for source in study.sources}
    for entry in entries:
        if entry.source not in names:
            raise StudyRejected(f"{FILE}: sumber '{entry.source}' tidak ada di studi.")
    return entries


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
            table.loc[chosen, entry.column] = entry.value
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
