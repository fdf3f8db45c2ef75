"""Recipient lists: a place where one is named, each person once per programme and period, rupiah of a year, dates.

Rows of a person that differ in stage, month or date are payments, and are added.
"""

import numpy as np
import pandas as pd

from kaur_analysis.cleaning.places import locate, written_kabupaten, written_place
from kaur_analysis.cleaning.registry import KEY_COLUMNS
from kaur_analysis.intake import Findings, Intake
from kaur_analysis.intake.text import encoded, factorized, normal, spread
from kaur_analysis.study import Study

DATES = ("due_date", "paid_date")  # when a payment was due and when it was made, where a list says so
PAYMENT = ("stage", "paid_month", *DATES)  # what tells payments of one person from each other
DAY = "datetime64[s]"


def recipient_tables(intake: Intake, study: Study, findings: Findings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recipients of contract ``RECIPIENTS`` and the keys that link them to the registry."""
    rows = intake.recipients
    if rows.empty:
        columns = ["record", "programme", "period", "kecamatan", "desa", "rupiah_year", *DATES]
        empty = pd.DataFrame(columns=columns).astype("str").astype({"rupiah_year": float} | dict.fromkeys(DATES, DAY))
        return empty, pd.DataFrame(columns=[*KEY_COLUMNS, "female", "kecamatan", "desa"])
    rows = locate(rows, study.reference, findings)
    outside = rows["outside"].to_numpy()
    findings.set_aside("wilayah_lain", rows[outside], True, "kabupaten", written_kabupaten(rows[outside]))
    rows = rows[~outside]
    if "realised" in rows:
        unpaid = rows["realised"].eq(0).to_numpy()
        findings.set_aside("tidak_disalurkan", rows[unpaid], True)
        rows = rows[~unpaid]
    person = _person(rows)
    doubled = _doubled(rows, person)
    findings.set_aside("baris_ganda", rows[doubled], True)
    rows = _one_row_each(rows[~doubled], person[~doubled], study, findings).reset_index(drop=True)
    unknown = rows[rows["desa"].isna().to_numpy()]
    findings.add("wilayah_penerima", unknown, "desa", written_place(unknown))
    table = rows[["record", "programme", "period", "kecamatan", "desa", "rupiah_year"]].assign(
        **{name: rows[name].astype(DAY) if name in rows else pd.Series(pd.NaT, rows.index, DAY) for name in DATES},
    )
    return table, rows.reindex(columns=[*KEY_COLUMNS, "female", "kecamatan", "desa"])


def _doubled(rows: pd.DataFrame, person: np.ndarray) -> np.ndarray:
    """Rows of a person who stands on the list of a programme and period already, for the same payment.

    A row that does not say which payment it is repeats one that does.
    """
    payment = _payment(rows)
    keyed = pd.DataFrame({"person": person, "payment": encoded(payment)[0]}, rows.index)
    told = payment.ne("")
    elsewhere = told.groupby(person).transform("any") & ~told
    return (keyed.duplicated() | elsewhere).to_numpy(dtype=bool)


def _person(rows: pd.DataFrame) -> np.ndarray:
    """Number of a person on the list of a programme and period; of the row itself where it does not say who that is.

    The same person is the same NIK, or without NIK the same name with the same date of birth or family card. The same
    name alone may be two people.
    """
    by_birth = rows["name_token"] + rows["birth_token"]
    by_card = rows["name_token"] + rows["family_token"]
    identity = rows["person_token"].fillna(by_birth).fillna(by_card)
    return encoded((identity + "|" + rows["programme"] + "|" + rows["period"]).fillna(rows["record"]))[0]


def _payment(rows: pd.DataFrame) -> pd.Series:
    """Which payment of the year a row is, as far as the list says so."""
    said = pd.Series("", index=rows.index, dtype="str")
    for name in PAYMENT:
        if name in rows and rows[name].notna().any():
            written = rows[name].astype("str").where(rows[name].notna(), "")
            codes, distinct = factorized(written)
            text = spread([normal(word) for word in distinct], codes, rows.index)
            said = said.where(text.eq(""), said + f"|{name}:" + text)
    return said


def _one_row_each(rows: pd.DataFrame, person: np.ndarray, study: Study, findings: Findings) -> pd.DataFrame:
    """The first row of every person, with the rupiah of all their payments in the year."""
    payments = pd.Series(np.bincount(person)[person].astype(float), rows.index)
    amounts = _rupiah_year(rows, study, payments)
    rows = rows.assign(rupiah_year=amounts.groupby(person).transform("sum", min_count=1))
    later = pd.Series(person).duplicated().to_numpy()
    findings.set_aside("pembayaran_bertahap", rows[later], True)
    return rows[~later]


def _rupiah_year(rows: pd.DataFrame, study: Study, payments: pd.Series) -> pd.Series:
    """What a row says was paid in the year, altogether or by stages; else by month times months; else of a unit.

    The programme's months and its amount for a unit are those of a year: the ``payments`` of a person share them.
    """
    missing = pd.Series(np.nan, index=rows.index)
    names = ("rupiah_total", "rupiah_stages", "rupiah_month", "months")
    total, stages, month, months = (rows.get(name, missing) for name in names)
    programmes = {programme.code: programme for programme in study.programmes}
    usual = rows["programme"].map({code: p.periods for code, p in programmes.items()}).astype(float) / payments
    unit = rows["programme"].map({code: p.rupiah_unit_year for code, p in programmes.items()}).astype(float) / payments
    if "paid_month" in rows:  # the number of the month that was paid, not how many were
        which = pd.to_numeric(rows["paid_month"], errors="coerce").eq(months) & payments.gt(1)
        months = months.mask(which, 1.0)
    return total.fillna(stages).fillna(month * months.fillna(usual)).fillna(unit).astype(float)
