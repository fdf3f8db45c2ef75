"""Welfare of the same families at several dates, where an office has visited them again (``kunjungan.csv``)."""

from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.cleaning.answers import current_codes
from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import read_answers
from kaur_analysis.study import VISITS_FILE as FILE

AMOUNT = r"(?!\d{1,3}\.\d{3}$)\d+(\.\d+)?"  # 455.000 may be 455 thousand
COLUMNS = ("family", "period", "expenditure_rp_month")


def load_visits(folder: Path) -> pd.DataFrame | None:
    """Visits beside the study; ``None`` where there are none.

    Parameters
    ----------
    folder
        The study's folder. ``kunjungan.csv`` holds ``family`` (the code on the lists that ``kaur lists`` writes),
        ``period`` (``YYYY`` or ``YYYY-MM``) and ``expenditure_rp_month`` (rupiah per person per month), without names.

    Raises
    ------
    DataRejected
        The file is damaged, columns are missing, a period or an amount is no such thing, or a family is there twice
        in a period.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    table = read_answers(path)
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise DataRejected(f"{FILE}: kolom tidak ada: {', '.join(missing)}.")
    written = table["expenditure_rp_month"].str.strip()
    amount = pd.to_numeric(written.where(written.str.fullmatch(AMOUNT)), errors="coerce")
    for wrong, what in (
        (~table["period"].str.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?"), "period harus YYYY atau YYYY-MM"),
        (
            ~((amount > 0) & np.isfinite(amount)),
            "expenditure_rp_month harus rupiah di atas nol, tanpa pemisah ribuan; misalnya 455000",
        ),
        (table.duplicated(["family", "period"]), "keluarga ini sudah tercatat pada periode yang sama"),
    ):
        if wrong.any():
            raise DataRejected(f"{FILE}: baris {int(wrong.idxmax()) + 2}: {what}.")
    return table[["family", "period"]].assign(expenditure_rp_month=amount)


def of_families_today(visits: pd.DataFrame, families: pd.Series, former: pd.DataFrame) -> pd.DataFrame:
    """Visits under today's codes of their families.

    Parameters
    ----------
    visits
        From :func:`load_visits`.
    families, former
        As for :func:`~kaur_analysis.cleaning.answers.current_codes`.

    Returns
    -------
    The visits; of several of one family in a period the one that already has its code, else the first.

    Raises
    ------
    StudyRejected
        Most visits are of families that are not there.
    """
    current = current_codes(FILE, visits["family"], families, former)
    own = visits.assign(family=current, renamed=current != visits["family"]).sort_values("renamed", kind="stable")
    return own.drop_duplicates(["family", "period"]).drop(columns="renamed").sort_index()


def years(period: pd.Series) -> pd.Series:
    """Periods ``YYYY`` and ``YYYY-MM`` as numbers in the order of time: a year, and twelfths of it."""
    month = pd.to_numeric(period.str[5:7], errors="coerce").fillna(1)
    return pd.to_numeric(period.str[:4]) + (month - 1) / 12
