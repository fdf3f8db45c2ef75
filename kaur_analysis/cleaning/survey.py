"""One row per survey household: design, weights, expenditure per person, covariates, receipt."""

import numpy as np
import pandas as pd

from kaur_analysis.cleaning.composition import composition, heads
from kaur_analysis.contracts import ASSETS, CATEGORIES, COUNTS
from kaur_analysis.intake import Findings, Intake
from kaur_analysis.study import Study


def survey_table(intake: Intake, study: Study, findings: Findings) -> pd.DataFrame:
    """Households of contract ``SURVEY``, with every ``received_<programme>`` and further column the survey has."""
    named = intake.survey_households["kind"] == "household_survey" if len(intake.survey_households) else []
    tables = []
    if np.any(named):
        tables.append(_named_survey(intake.survey_households[named], study, findings))
    if len(intake.survey_households) and not np.all(named):
        tables.append(_susenas(intake, intake.survey_households[~np.asarray(named)], findings))
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    empty = [name for name in table if table[name].isna().all() and name != "household_size"]
    return table.drop(columns=empty).reset_index(drop=True)


def _susenas(intake: Intake, households: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    households = _unique(households, findings)
    consumption = _unique(intake.survey_consumption, findings)
    persons = intake.survey_persons
    for table, others in ((households, consumption), (consumption, households), (persons, households)):
        findings.set_aside(
            "survei_tanpa_pasangan", table[~table["household"].isin(others["household"]).to_numpy()], True
        )
    money = consumption.set_index("household")
    table = households.set_index("household")
    table = table[table.index.isin(money.index)].copy()
    size = table["household_size"]
    table["expenditure_rp_month"] = expenditure_per_person(money.reindex(table.index), size)
    unspent = (~(table["expenditure_rp_month"] > 0)).to_numpy()
    findings.set_aside("survei_tanpa_pengeluaran", table[unspent], True)
    table = table[~unspent]
    by_person = money["weight_person"].reindex(table.index) if "weight_person" in money else np.nan
    table["weight_person"] = (table["weight_household"] * table["household_size"]).where(pd.isna(by_person), by_person)
    people = _people(persons[persons["household"].isin(table.index)])
    counts = composition(people, "household").reindex(table.index)
    whole = (counts["household_size"] == table["household_size"]).to_numpy()
    for name in COUNTS:
        if name != "household_size":
            table[name] = counts[name].where(whole)
    table = table.join(heads(people, "household"))
    receipt = [name for name in people if name.startswith("received_")]
    table = table.join(people.groupby("household")[receipt].max())
    kept = ["psu", "stratum", "weight_household", "weight_person", "expenditure_rp_month", "urban", "household_size"]
    kept += [name for name in COUNTS if name != "household_size"]
    kept += ["head_female", "head_age", *CATEGORIES, *ASSETS, "floor_area_m2", "has_business"]
    kept += [name for name in table if name.startswith("received_")]
    return table.reindex(columns=list(dict.fromkeys(kept))).rename_axis("household").reset_index()


def expenditure_per_person(money: pd.DataFrame, size: pd.Series) -> pd.Series:
    """Rupiah per person per month: KAPITA where given, else EXPEND, else FOOD plus NONFOOD, by household size."""
    missing = pd.Series(np.nan, index=money.index)
    kapita, expend, food, nonfood = (money.get(name, missing) for name in ("kapita", "expenditure", "food", "nonfood"))
    given = kapita.where(kapita > 0)
    return given.fillna(expend.where(expend > 0) / size).fillna((food + nonfood) / size)


def _unique(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    doubled = table["household"].duplicated().to_numpy() if len(table) else np.zeros(0, dtype=bool)
    findings.set_aside("baris_ganda", table[doubled], True)
    return table[~doubled]


def _people(persons: pd.DataFrame) -> pd.DataFrame:
    """Survey persons in the words of the registry: sex as a flag, one head, never at school told from unfinished."""
    schooling = persons["schooling"] if "schooling" in persons else pd.Series("", index=persons.index)
    education = persons["education"].where(~schooling.eq("never"), "none")
    heads_first = persons.assign(_head=(persons["relation"] != "head").astype(int), _order=np.arange(len(persons)))
    first = heads_first.sort_values(["household", "_head", "_order"]).drop_duplicates("household").index
    return persons.assign(
        female=persons["sex"].map({"female": 1.0, "male": 0.0}).astype(float),
        is_head=persons.index.isin(first).astype(float),
        education=education,
    )


def _named_survey(households: pd.DataFrame, study: Study, findings: Findings) -> pd.DataFrame:
    """A survey whose columns the study names; what it has no column for gets the plainest value.

    Without a column for size every household counts as one; where the column is there but the cell empty, the household
    cannot be weighted and is set aside.
    """
    if "weight_person" not in households and "household_size" in households:
        unknown = households["household_size"].isna().to_numpy()
        findings.set_aside("survei_tanpa_ukuran", households[unknown], True, "household_size")
        households = households[~unknown]
    table = households.drop(
        columns=["source", "file", "sheet", "line", "record", "region_codes", "kind", "wave", "programme", "period"]
    )
    table = table.dropna(axis=1, how="all").copy()
    defaults = {"weight_household": 1.0, "urban": np.nan, "stratum": "1", "household_size": np.nan}
    for name, value in defaults.items():
        if name not in table:
            table[name] = value
    table["psu"] = table["psu"] if "psu" in table else table["household"]
    if "weight_person" not in table:
        table["weight_person"] = table["weight_household"] * table["household_size"].fillna(1)
    if "kecamatan" in table:
        short = table["kecamatan"].str.len() < 7
        table["kecamatan"] = table["kecamatan"].mask(short, study.reference.code + table["kecamatan"].str.zfill(3))
    return table
