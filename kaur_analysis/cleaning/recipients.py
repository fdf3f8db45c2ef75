"""Recipient lists: a place where one is named, each person once per programme and period, rupiah of a year, dates."""

import numpy as np
import pandas as pd

from kaur_analysis.cleaning.places import locate
from kaur_analysis.cleaning.registry import KEY_COLUMNS
from kaur_analysis.intake import Findings, Intake
from kaur_analysis.study import Study

DATES = ("due_date", "paid_date")  # when a payment was due and when it was made, where a list says so
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
    findings.set_aside("wilayah_lain", rows[outside], True)
    rows = rows[~outside]
    if "realised" in rows:
        unpaid = rows["realised"].eq(0).to_numpy()
        findings.set_aside("tidak_disalurkan", rows[unpaid], True)
        rows = rows[~unpaid]
    doubled = _doubled(rows)
    findings.set_aside("baris_ganda", rows[doubled], True)
    rows = rows[~doubled].reset_index(drop=True)
    findings.add("wilayah_penerima", rows[rows["desa"].isna().to_numpy()], "desa")
    table = rows[["record", "programme", "period", "kecamatan", "desa"]].assign(
        rupiah_year=_rupiah_year(rows, study),
        **{name: rows[name].astype(DAY) if name in rows else pd.Series(pd.NaT, rows.index, DAY) for name in DATES},
    )
    return table, rows.reindex(columns=[*KEY_COLUMNS, "female", "kecamatan", "desa"])


def _doubled(rows: pd.DataFrame) -> np.ndarray:
    """Rows of a person who stands on the list of a programme and period already.

    The same person is the same NIK, or without NIK the same name with the same date of birth or family card. The same
    name alone may be two people.
    """
    by_birth = rows["name_token"] + rows["birth_token"]
    by_card = rows["name_token"] + rows["family_token"]
    identity = rows["person_token"].fillna(by_birth).fillna(by_card)
    keyed = pd.DataFrame({"identity": identity, "programme": rows["programme"], "period": rows["period"]})
    return keyed.duplicated().to_numpy() & identity.notna().to_numpy()


def _rupiah_year(rows: pd.DataFrame, study: Study) -> pd.Series:
    """What a row says was paid in the year; else by month times months; else the programme's amount for a unit."""
    missing = pd.Series(np.nan, index=rows.index)
    total, month, months = (rows.get(name, missing) for name in ("rupiah_total", "rupiah_month", "months"))
    programmes = {programme.code: programme for programme in study.programmes}
    usual = rows["programme"].map({code: float(p.periods) for code, p in programmes.items()})
    unit = rows["programme"].map({code: p.rupiah_unit_year for code, p in programmes.items()}).astype(float)
    return total.fillna(month * months.fillna(usual)).fillna(unit).astype(float)
