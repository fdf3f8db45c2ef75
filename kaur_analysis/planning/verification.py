"""What the field verification found, read back from the lists as data that change the next run."""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import msoffcrypto
import pandas as pd
from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import read_answers, workbook_lines
from kaur_analysis.intake.answers import NO_WORKBOOK
from kaur_analysis.study import VERIFICATION_FILE as FILE

OUTCOMES = {"verified": "layak", "moved": "pindah", "died": "meninggal", "not_poor": "tidak miskin"}
HEADINGS = {
    "family": "Kode keluarga",
    "programme": "Kode program",
    "outcome": "Hasil verifikasi",
    "visited": "Tanggal kunjungan",
}
COLUMNS = ["family", "programme", "outcome", "visited", "file"]
FAMILY = re.compile(r"[a-p]{32}")  # a keyed pseudonym, as intake makes them
WRONG_FAMILY = "kode keluarga harus seperti di daftar: 32 huruf a sampai p"
WRONG_DAY = "harus tanggal dari tahun 2000 sampai hari ini (pakai 31-12-2025)"
EARLIEST = date(2000, 1, 1)  # an earlier visit is a slip of the pen


def latest_outcomes(verification: pd.DataFrame | None) -> pd.Series:
    """Outcome per family; where agencies visited the same family, the latest visit counts.

    Of visits on the same day the one that ends the entitlement counts, so that nobody is paid on a doubtful finding.
    """
    if verification is None or verification.empty:
        return pd.Series(dtype=object, name="outcome", index=pd.Index([], name="family"))
    ends = verification["outcome"] != "verified"
    ordered = verification.assign(ends=ends).sort_values(["visited", "ends", "outcome"], kind="stable")
    return ordered.drop_duplicates("family", keep="last").set_index("family")["outcome"].astype(object)


def load_verification(folder: Path) -> pd.DataFrame | None:
    """Outcomes of earlier rounds beside the study (``verifikasi.csv``); ``None`` where there are none.

    Parameters
    ----------
    folder
        That of the study.

    Returns
    -------
    Contract of :func:`read_verification`, or nothing where no round was held.

    Raises
    ------
    DataRejected
        The file is damaged, columns are missing, an outcome is not known, a family has no code of the lists, or a
        visit no day that was.

    Notes
    -----
    Dates that a spreadsheet has written its own way (``31/12/2024``) are read as such: as text the older would win. A
    programme that the study no longer has is no reason to refuse: what was found is true of the family.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    table = read_answers(path)
    if missing := [name for name in COLUMNS if name not in (*table.columns, "file")]:
        raise DataRejected(f"{FILE}: kolom tidak ada: {', '.join(missing)}.")
    days = table["visited"].map(_day)
    for wrong, rule in (
        (~table["outcome"].isin(list(OUTCOMES)), f"outcome harus salah satu dari {', '.join(OUTCOMES)}"),
        (~table["family"].map(_is_family), WRONG_FAMILY),
        (~days.map(_has_been), f"visited: {WRONG_DAY}"),
    ):
        if wrong.any():
            raise DataRejected(f"{FILE}: baris {int(wrong.idxmax()) + 2}: {rule}.")
    return table.assign(visited=days.map(date.isoformat))


def read_verification(
    files: Iterable[Path], password: str | None = None, programmes: Collection[str] | None = None
) -> pd.DataFrame:
    """Read what officers filled in on the recipient lists.

    Parameters
    ----------
    files
        Workbooks as :func:`~kaur_analysis.planning.lists.write_lists` made them, with or without their password.
    password
        Password of those that have one.
    programmes
        Codes that an answer may name; any where not given.

    Returns
    -------
    DataFrame
        ``family, programme, outcome, visited`` (ISO date), ``file``; one row per line that was filled in. Officers'
        notes stay in the workbooks: they are free text about people.

    Raises
    ------
    DataRejected
        Everything that cannot be read or understood, all at once, with file and line.
    """
    found: list[dict[str, str]] = []
    problems: list[dict[str, object]] = []
    for file in files:
        rows, wrong = _read_one(file, password, programmes)
        found += rows
        problems += wrong
    if problems:
        shown = "; ".join(f"{p['file']} baris {p['line']}: {p['rule']}" for p in problems[:10])
        codes = [code for p in problems for code in re.findall(r"\d+", str(p["file"]))]  # lists are named by desa
        raise DataRejected(f"Hasil verifikasi belum dapat dipakai: {shown}", pd.DataFrame(problems), codes=codes)
    return pd.DataFrame(found, columns=COLUMNS)


def _read_one(
    file: Path, password: str | None, programmes: Collection[str] | None
) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    def problem(line: int, rule: str) -> dict[str, object]:
        return {"file": file.name, "line": line, "rule": rule}

    try:
        sheets = workbook_lines(opened(file, password))
    except DataRejected as error:
        return [], [problem(0, str(error))]
    rows, wrong = [], []
    for sheet, lines in sheets.items():
        head = next((i for i, cells in enumerate(lines) if set(HEADINGS.values()) <= {_text(c) for c in cells}), None)
        if head is None:
            wrong.append(problem(0, f"lembar '{sheet}' tidak memuat kolom {', '.join(HEADINGS.values())}"))
            continue
        titles = [_text(cell) for cell in lines[head]]
        place = {column: titles.index(title) for column, title in HEADINGS.items()}
        for number, cells in enumerate(lines[head + 1 :], start=head + 2):
            row = {column: cells[position] if position < len(cells) else "" for column, position in place.items()}
            word = _text(row["outcome"]).lower()
            if not word:
                continue
            outcome = next((code for code, shown in OUTCOMES.items() if shown == word), None)
            day = _day(row["visited"])
            family, programme = _text(row["family"]), _text(row["programme"])
            if outcome is None:
                wrong.append(problem(number, f"hasil verifikasi harus salah satu dari: {', '.join(OUTCOMES.values())}"))
            elif day is None:
                wrong.append(problem(number, "tanggal kunjungan kosong atau bukan tanggal (pakai 31-12-2026)"))
            elif not _has_been(day):
                wrong.append(problem(number, f"tanggal kunjungan {WRONG_DAY}"))
            elif not family:
                wrong.append(problem(number, "kode keluarga kosong"))
            elif not _is_family(family):
                wrong.append(problem(number, WRONG_FAMILY))
            elif programmes is not None and programme not in programmes:
                wrong.append(problem(number, f"kode program harus salah satu dari: {', '.join(programmes)}"))
            else:
                rows.append(dict(zip(COLUMNS, (family, programme, outcome, day.isoformat(), file.name), strict=True)))
    return rows, wrong


def opened(file: Path, password: str | None) -> bytes:
    """Bytes of a workbook, decrypted where it has a password.

    Raises
    ------
    DataRejected
        There is no such file, it cannot be read, or the password is wrong or absent.
    """
    if not file.exists():
        raise DataRejected("berkas tidak ada")
    try:
        content = file.read_bytes()
    except OSError:
        raise DataRejected(NO_WORKBOOK) from None
    plain = BytesIO()
    try:
        office = msoffcrypto.OfficeFile(BytesIO(content))
        if not office.is_encrypted():
            return content
        office.load_key(password=password or "")
        office.decrypt(plain)
    except (InvalidKeyError, DecryptionError):
        raise DataRejected("kata sandi tidak cocok atau belum diberikan") from None
    except Exception:  # it fails in many ways on what Office did not lock; whether that is a workbook shows later
        return content
    return plain.getvalue()


def _is_family(code: str) -> bool:
    return FAMILY.fullmatch(code) is not None


def _has_been(day: date | None) -> bool:
    return day is not None and EARLIEST <= day <= date.today()


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _day(cell: Any) -> date | None:
    """A date cell, or a date typed as text in the Indonesian order."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    for pattern in ("%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(_text(cell), pattern).date()
        except ValueError:
            continue
    return None
