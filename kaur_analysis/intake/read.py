"""From the files of a study to typed tables without identities: the room's main door."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.errors import DataRejected, KeyMissing
from kaur_analysis.intake.codebook import Codebook, codebook_for
from kaur_analysis.intake.findings import Findings, accounting
from kaur_analysis.intake.identity import contradicts_birth, contradicts_sex, judge_numbers
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.layout import find_layout, without_furniture
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.intake.readers import RawTable, read_source
from kaur_analysis.intake.text import normal
from kaur_analysis.intake.typed import PLACE, Context, typed_table
from kaur_analysis.intake.vault import VAULT_COLUMNS, write_vault
from kaur_analysis.study import Source, Study

# A well-formed NIK of a real province in synthetic data is a typing error of the demo; more than this share are people.
REAL_PEOPLE_SHARE = 0.01
_IDENTITY = ("nik", "kk", "name", "address", "birth_date")


@dataclass(frozen=True)
class Intake:
    """What the files of a study say, line by line, without a NIK, card number, name or address.

    Attributes
    ----------
    families, persons, recipients
        One row per line of a registry or recipient list that could be read: ``record``, ``source, file, sheet, line``,
        tokens (``person_token, family_token, registry_family, nik_masks, name_token, name_bigrams, birth_token, ...``),
        ``age`` (completed years at the reference date), ``female``, and the codebook's columns. In ``families`` the
        person is the head.
    survey_households, survey_persons, survey_consumption
        Records of the survey inside the study's area; households are named ``<wave>-<number>``.
    villages
        Facts of desa (Podes).
    findings, set_aside, accounting
        Every problem, every unused row with its reason, and rows read = kept + set aside per file and sheet.
    proposals
        Headings that nobody knows and the absent columns they may be: ``source, file, sheet, column, required,
        heading, score``.
    """

    families: pd.DataFrame
    persons: pd.DataFrame
    survey_households: pd.DataFrame
    survey_persons: pd.DataFrame
    survey_consumption: pd.DataFrame
    recipients: pd.DataFrame
    villages: pd.DataFrame
    findings: pd.DataFrame
    set_aside: pd.DataFrame
    accounting: pd.DataFrame
    proposals: pd.DataFrame


def read_study(study: Study, keys: Keys, vault: Path | None = None, strict: bool = True) -> Intake:
    """Read every source of a study.

    Parameters
    ----------
    keys
        From :func:`kaur_analysis.intake.keys_for`; the published demo key is refused unless the study is synthetic.
    vault
        Where to write the encrypted identities; nothing is written without it.
    strict
        Whether to stop where a source is to be rejected; else the findings say so (``kaur check``).

    Raises
    ------
    DataRejected
        A source cannot be used or breaks more rules than the study tolerates; ``findings`` holds them all.
    KeyMissing
        The demo key for real data.
    """
    if keys.synthetic_only and not study.synthetic:
        raise KeyMissing("Kunci contoh hanya untuk studi sintetis. Buat kunci sendiri dengan 'kaur key new'.")
    findings = Findings()
    paths = study.files()
    read: dict[str, list[pd.DataFrame]] = {}
    counts: list[dict[str, object]] = []
    for source in study.sources:
        book = codebook_for(source)
        for table in _tables(source, paths[source.name], book, study, keys, findings, counts):
            read.setdefault(book.unit, []).append(table)
    units = {unit: pd.concat(tables, ignore_index=True) for unit, tables in read.items()}
    tokens = _pseudonymised(units, keys, study, vault)
    survey = _inside_area(units, study, findings)
    set_aside = findings.set_aside_table()
    table = findings.table()
    rejected = rejection(table, study)
    if strict and rejected:
        raise DataRejected(rejected, table)
    empty = pd.DataFrame(columns=["record", *PLACE])
    return Intake(
        families=tokens.get("family", empty),
        persons=tokens.get("person", empty),
        survey_households=survey.get("survey_household", empty),
        survey_persons=survey.get("survey_person", empty),
        survey_consumption=survey.get("survey_consumption", empty),
        recipients=tokens.get("recipient", empty),
        villages=units.get("desa", empty),
        findings=table,
        set_aside=set_aside,
        accounting=accounting(pd.DataFrame(counts, columns=["source", "file", "sheet", "rows_read"]), set_aside),
        proposals=findings.proposals(),
    )


def rejection(findings: pd.DataFrame, study: Study) -> str:
    """Why the data cannot be used, in one sentence per source and rule; ``""`` where they can.

    Rules of severity ``ditolak`` are not tolerated unless the study says how many; other rules only where it says so.
    """
    counts = findings.groupby(["source", "rule", "severity"]).size()
    reasons = []
    for (source, rule, severity), count in counts.items():
        tolerated = study.source(source).tolerate.get(rule, 0 if severity == "ditolak" else None)
        if tolerated is not None and count > tolerated:
            example = findings[(findings["source"] == source) & (findings["rule"] == rule)].iloc[0]
            reasons.append(
                f"  - {source}: {rule} {count} kali (boleh {tolerated}); misalnya {example['file']} {example['sheet']} "
                f"baris {example['line']}, kolom {example['column'] or '-'}: {example['found']}. {example['remedy']}"
            )
    return "Masukan belum dapat dipakai:\n" + "\n".join(reasons) if reasons else ""


def _tables(
    source: Source,
    paths: tuple[Path, ...],
    book: Codebook,
    study: Study,
    keys: Keys,
    findings: Findings,
    counts: list[dict[str, object]],
) -> list[pd.DataFrame]:
    """Typed tables of a source, still with identities."""
    context = Context(source, book, study.reference_date, findings)
    known = {heading for column in book.columns.values() for heading in column.headings}
    tables = []
    # An unreadable file ends its source: the other files are judged when it has been repaired.
    try:
        for number, raw in enumerate(read_source(source, paths, lambda h: not book.ignored_rest or normal(h) in known)):
            table = _one_table(raw, context, counts)
            if table is not None and len(table):
                records = f"{source.name}:{number}:" + table["line"].astype(str)
                tables.append(table.assign(record=records, region_codes=book.region_codes, **_origin(source)))
    except DataRejected as error:
        findings.add("berkas_rusak", _place(source, "", "", 0), "", str(error))
    if not tables:
        return []
    joined = pd.concat(tables, ignore_index=True)
    if "nik" in joined or "kk" in joined:
        joined = _judged(joined, source, study, keys, findings)
    return [joined]


def _one_table(raw: RawTable, context: Context, counts: list[dict[str, object]]) -> pd.DataFrame | None:
    source, findings = context.source, context.findings
    place = _place(source, raw.file, raw.sheet, raw.first_line)
    if raw.unread_sheets:
        findings.add("lembar_tidak_dibaca", place, "", ", ".join(raw.unread_sheets))
    if raw.cells.empty:
        findings.add("berkas_kosong", place)
        return None
    layout = find_layout(raw, context.book, source.name, findings)
    if layout is None:
        return None
    counts.append({"source": source.name, "file": raw.file, "sheet": raw.sheet, "rows_read": len(layout.lines)})
    if not len(layout.lines):
        findings.add("berkas_kosong", place)
    return typed_table(raw, without_furniture(layout, context.book, source.name, raw, findings), context)


def _place(source: Source, file: str, sheet: str, line: int) -> pd.DataFrame:
    return pd.DataFrame({"source": [source.name], "file": file, "sheet": sheet, "line": line})


def _origin(source: Source) -> dict[str, object]:
    """What the study says about a source and later rooms need on every row."""
    return {
        "kind": source.kind,
        "wave": source.wave or "",
        "programme": source.programme or "",
        "period": source.period or "",
    }


def _judged(table: pd.DataFrame, source: Source, study: Study, keys: Keys, findings: Findings) -> pd.DataFrame:
    """Keep usable numbers, blank the others, report why."""
    table = table.copy()
    for kind in ("nik", "kk"):
        if kind not in table:
            continue
        judged = judge_numbers(table[kind], kind, keys.synthetic_only)
        if keys.synthetic_only and judged.real_province.mean() > REAL_PEOPLE_SHARE:
            findings.add("nik_bukan_sintetis", table[judged.real_province].head(1), kind, table[kind].head(1))
        for rule in sorted(set(judged.fault) - {""}):
            rows = (judged.fault == rule).to_numpy()
            findings.add(rule, table[rows], kind, table[kind][rows])
        table[kind] = judged.usable
    if "nik" in table:
        female, birth = _female(table), _birth(table)
        for rule, rows in (
            ("nik_beda_kelamin", contradicts_sex(table["nik"], female)),
            ("nik_beda_tanggal", contradicts_birth(table["nik"], birth)),
        ):
            findings.add(rule, table[rows], "nik", table["nik"][rows])
        if not study.synthetic:
            elsewhere = (table["nik"] != "") & ~table["nik"].str.startswith(study.reference.kemendagri)
            share = f"{int(elsewhere.sum())} dari {len(table)} NIK"
            findings.add("nik_wilayah_lain", table[elsewhere.to_numpy()].head(1), "nik", share)
    return table


def _female(table: pd.DataFrame) -> np.ndarray:
    if "sex" not in table:
        return np.full(len(table), np.nan)
    return table["sex"].map({"female": 1.0, "male": 0.0}).to_numpy(dtype=float, na_value=np.nan)


def _birth(table: pd.DataFrame) -> np.ndarray:
    if "birth_date" not in table:
        return np.full(len(table), np.datetime64("NaT"), dtype="datetime64[D]")
    return table["birth_date"].to_numpy().astype("datetime64[D]")


def _pseudonymised(
    units: dict[str, pd.DataFrame], keys: Keys, study: Study, vault: Path | None
) -> dict[str, pd.DataFrame]:
    """Tables of people with tokens in place of identities; the identities go into the vault or nowhere."""
    maker = Pseudonymiser(keys)
    people = {unit: units[unit] for unit in ("family", "person", "recipient") if unit in units}
    identities: list[pd.DataFrame] = []
    made: dict[str, pd.DataFrame] = {}
    for unit, table in people.items():
        text = {
            name: table[name].fillna("") if name in table else pd.Series("", index=table.index, dtype="str")
            for name in ("nik", "kk", "name", "address", "family_id")
        }
        tokens = pd.DataFrame(
            {
                "person_token": maker.tokens(text["nik"], "nik"),
                "family_token": maker.tokens(text["kk"], "kk"),
                "registry_family": maker.tokens(
                    (table["kind"].str.split("_").str[0] + ":" + text["family_id"]).where(text["family_id"] != "", ""),
                    "registry family",
                ),
            }
        )
        birth = _birth(table)
        features = [tokens, maker.names(text["name"]), maker.births(birth, table.index)]
        plain = table.drop(columns=[c for c in (*_IDENTITY, "family_id", "person_id", "sex") if c in table])
        plain = plain.assign(female=_female(table), age=completed_years(birth, study.reference_date))
        made[unit] = pd.concat([plain, *features], axis=1)
        identities.append(
            made[unit][["record", "person_token", "family_token"]].assign(
                **{k: text[k] for k in ("nik", "kk", "name", "address")}
            )
        )
    if "recipient" in people and ("person" in people or "family" in people):
        registry = [unit for unit in ("family", "person") if unit in people]
        niks = {
            "registry": pd.concat([_niks(people[unit]) for unit in registry], ignore_index=True),
            "recipients": _niks(people["recipient"]).reset_index(drop=True),
        }
        masks = maker.shared_masks(niks)
        made["recipient"]["nik_masks"] = masks["recipients"].to_numpy()
        start = 0
        for unit in registry:
            made[unit]["nik_masks"] = masks["registry"].iloc[start : start + len(made[unit])].to_numpy()
            start += len(made[unit])
    if vault is not None:
        everyone = pd.concat(identities, ignore_index=True) if identities else pd.DataFrame(columns=VAULT_COLUMNS)
        write_vault(everyone, vault, keys)
    return made


def _niks(table: pd.DataFrame) -> pd.Series:
    return table["nik"].fillna("") if "nik" in table else pd.Series("", index=table.index, dtype="str")


def completed_years(birth: np.ndarray, day: dt.date) -> np.ndarray:
    """Age in completed years at a day; NaN where the date of birth is unknown.

    Who is born on 29 February completes a year on 1 March of common years.
    """
    months = birth.astype("datetime64[M]")
    years = birth.astype("datetime64[Y]").astype(float) + 1970
    month = (months - birth.astype("datetime64[Y]")).astype(float) + 1
    of_month = (birth - months).astype(float) + 1
    not_yet = (month > day.month) | ((month == day.month) & (of_month > day.day))
    return np.where(np.isnat(birth), np.nan, day.year - years - not_yet)


def _inside_area(units: dict[str, pd.DataFrame], study: Study, findings: Findings) -> dict[str, pd.DataFrame]:
    """Survey tables of the study's kabupaten; others are set aside. Households carry their wave in their name."""
    survey = {unit: table.copy() for unit, table in units.items() if unit.startswith("survey")}
    for unit, table in survey.items():
        table["household"] = (table["wave"] + "-").where(table["wave"] != "", "") + table["household"]
        if "province" in table and "regency" in table:
            code = table["province"].str.zfill(2) + table["regency"].str.zfill(2)
            outside = (code != study.area).to_numpy()
            findings.set_aside("wilayah_lain", table[outside])
            survey[unit] = table[~outside].reset_index(drop=True)
    households = survey.get("survey_household")
    for unit, table in survey.items():
        if households is not None and "province" not in table and unit != "survey_household":
            outside = ~table["household"].isin(households["household"]).to_numpy()
            findings.set_aside("wilayah_lain", table[outside])
            survey[unit] = table[~outside].reset_index(drop=True)
    return survey
