"""The workbook in which a person judges doubtful links by name, and the answers read back."""

from pathlib import Path

import pandas as pd

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import Keys, workbook_lines
from kaur_analysis.planning.lists import Access, log_access, masked_number, people_in
from kaur_analysis.planning.verification import opened
from kaur_analysis.planning.workbook import Heading, Sheet, encrypt, write_workbook
from kaur_analysis.store import write_bytes

ANSWERS = {"ya": 1, "tidak": 0}
_SIDES = {"list": "daftar", "registry": "registri"}
_FIELDS = {"name": ("Nama", 26), "nik": ("NIK", 20), "kk": ("Nomor KK", 20), "address": ("Alamat", 28)}
COLUMNS = {
    "number": Heading("No.", "number", 6),
    **{
        f"{field}_{side}": Heading(f"{title} ({shown})", width=width)
        for field, (title, width) in _FIELDS.items()
        for side, shown in _SIDES.items()
    },
    "probability": Heading("Peluang orang sama", "share", 12),
    "answer": Heading("Orang yang sama?", width=14, choices=tuple(ANSWERS)),
    "record": Heading("Kode baris", width=14),
    "person": Heading("Kode orang", width=14),
    "check": Heading("Kode periksa", width=12),
}


def write_clerical(
    pairs: pd.DataFrame,
    vault: Path,
    keys: Keys,
    path: Path,
    *,
    password: str,
    access: Access,
    edition: str,
    synthetic: bool,
) -> Path:
    """Write doubtful pairs with the names of both sides, protected by a password.

    Parameters
    ----------
    pairs
        From :func:`kaur_analysis.linkage.grey_pairs`.
    vault, keys
        The identity vault and the office's key that made it; the opening is logged beside it.
    path
        The workbook to write.
    password, access, edition, synthetic
        As for :func:`~kaur_analysis.planning.lists.write_lists`.

    Returns
    -------
    The workbook.
    """
    known = people_in(vault, keys, access)
    table = pairs.assign(number=range(1, len(pairs) + 1), answer=None)
    for side, column in (("list", "record"), ("registry", "person_record")):
        for field in _FIELDS:
            shown = pairs[column].map(known[field]).fillna("")
            hide = field in ("nik", "kk") and not access.show_nik
            table[f"{field}_{side}"] = shown.map(masked_number) if hide else shown
    titles = [
        f"Padanan yang diragukan, edisi {edition}",
        "TERBATAS: data pribadi (UU 27/2022), dilarang meneruskan. Isi kolom 'Orang yang sama?' lalu kembalikan.",
    ]
    titles += ["DATA SINTETIS: bukan orang sungguhan."] if synthetic else []
    content = encrypt(write_workbook([Sheet("Padanan", titles, COLUMNS, table)]), password)
    log_access(access, edition, "tinjauan padanan", pairs=len(pairs))
    return write_bytes(path, content, private=True)


def read_clerical(path: Path, password: str | None = None) -> pd.DataFrame:
    """Answers of a reviewed workbook.

    Parameters
    ----------
    path
        The workbook.
    password
        Its password, if it has one.

    Returns
    -------
    DataFrame
        ``record, person, same, check``; lines without an answer are left out.

    Raises
    ------
    DataRejected
        Not such a workbook, a wrong password, or an answer that is neither ``ya`` nor ``tidak``; with its line.
    """
    try:
        sheets = workbook_lines(opened(path, password))
    except DataRejected as error:
        raise DataRejected(f"{path.name}: {error}.") from None
    lines = next(iter(sheets.values()), [])
    wanted = {name: COLUMNS[name].title for name in ("record", "person", "check", "answer")}
    head = next((i for i, cells in enumerate(lines) if set(wanted.values()) <= set(map(str, cells))), None)
    if head is None:
        raise DataRejected(f"{path.name}: bukan buku kerja tinjauan padanan.")
    place = {name: lines[head].index(title) for name, title in wanted.items()}
    rows = []
    for number, cells in enumerate(lines[head + 1 :], start=head + 2):
        word = str(cells[place["answer"]]).strip().lower()
        if not word:
            continue
        if word not in ANSWERS:
            raise DataRejected(f"{path.name} baris {number}: jawaban harus {' atau '.join(ANSWERS)}.")
        texts = [str(cells[place[name]]).strip() for name in ("record", "person", "check")]
        rows.append((texts[0], texts[1], ANSWERS[word], texts[2]))
    return pd.DataFrame(rows, columns=["record", "person", "same", "check"])
