"""From the files of a study to typed tables without identities: the room's main door."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process

from kaur_analysis.errors import DataRejected, KeyMissing, StudyRejected
from kaur_analysis.intake.codebook import Codebook, codebook_for
from kaur_analysis.intake.findings import Findings, accounting, rules
from kaur_analysis.intake.identity import contradicts_birth, contradicts_sex, judge_numbers
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.layout import find_layout, has_known_heading, without_furniture
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.intake.readers import RawTable, read_source
from kaur_analysis.intake.shelf import Shelf
from kaur_analysis.intake.text import distinct_days, factorized, from_arrow, normal, same_text, spread
from kaur_analysis.intake.typed import PLACE, Context, typed_table
from kaur_analysis.intake.vault import VAULT_COLUMNS, waiting_vault, write_vault
from kaur_analysis.store import file_hash
from kaur_analysis.study import Source, Study

# A well-formed NIK of a real province in synthetic data is a typing error of the demo; more than this share are people.
REAL_PEOPLE_SHARE = 0.01
_REGISTRY = ("family", "person")  # units whose people are the registry's
_TOKENS = "-samaran"  # begins the names under which tokens of people are kept; a source's begins with a letter
_IDENTITY = ("nik", "kk", "name", "address", "birth_date")


@dataclass(frozen=True)
class Intake:
    """What the files of a study say, line by line, without a NIK, card number, name or address.

    Attributes
    ----------
    families, persons, recipients
        One row per line of a registry or recipient list that could be read: ``record``, ``source, file, sheet, line``,
        tokens (``person_token, family_token, registry_family, nik_masks, name_token, birth_token, ...``), the letter
        pairs of the name (``NAME_PAIRS``),
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


@dataclass(frozen=True)
class _Reading:
    """What one source says, still with identities, and what is to be said of it."""

    tables: list[pd.DataFrame]
    findings: pd.DataFrame
    set_aside: pd.DataFrame
    proposals: list[dict[str, object]]
    counts: list[dict[str, object]]
    fingerprint: str = ""


def read_study(
    study: Study, keys: Keys, vault: Path | None = None, strict: bool = True, shelf: Shelf | None = None
) -> Intake:
    """Read every source of a study.

    Parameters
    ----------
    study
        The checked study file.
    keys
        From :func:`kaur_analysis.intake.keys_for`; the published demo key is refused unless the study is synthetic.
    vault
        The vault for the encrypted identities. They are written beside it, and take its place when
        :func:`~kaur_analysis.intake.keep_vault` is told that what was read is accepted; nothing is written without it.
    strict
        Whether to stop where a source is to be rejected; else the findings say so (``kaur check``).
    shelf
        Where readings are kept, so that a source that stayed as it was is not read again.

    Returns
    -------
    Intake

    Raises
    ------
    DataRejected
        A source cannot be used or breaks more rules than the study tolerates; ``findings`` holds them all.
    KeyMissing
        The demo key for real data.
    StudyRejected
        A source tolerates a rule that there is not.
    """
    _require_own_key(study, keys)
    _require_known_rules(study)
    findings = Findings()
    units, counts, groups = _readings(study, keys, shelf, findings)
    if shelf is not None:
        shelf.clear([*(source.name for source in study.sources), *(group.name for group in groups if group.people)])
    table = findings.table()
    rejected = rejection(table, study)
    if strict and rejected:
        raise DataRejected(rejected, table)
    tokens = _pseudonymised(units, keys, study, vault, shelf, groups)
    survey = _inside_area(units, study, findings)
    set_aside = findings.set_aside_table()
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


@dataclass
class _Group:
    """People whose tokens are kept together, those of the registry or of a list: their readings and their number."""

    name: str
    fingerprints: list[str] = field(default_factory=list)
    people: int = 0

    def add(self, reading: _Reading) -> None:
        self.fingerprints.append(reading.fingerprint)
        self.people += sum(map(len, reading.tables))


def _readings(
    study: Study, keys: Keys, shelf: Shelf | None, findings: Findings
) -> tuple[dict[str, pd.DataFrame], list[dict[str, object]], list[_Group]]:
    """Typed rows by unit, still with identities; rows read of each sheet; the registry's people, and those of lists."""
    paths = study.files()
    read: dict[str, list[pd.DataFrame]] = {}
    counts: list[dict[str, object]] = []
    registry, lists = _Group(_TOKENS), []
    for source in study.sources:
        book = codebook_for(source)
        reading = _recalled(source, paths[source.name], book, study, keys, shelf)
        findings.take(reading.findings, reading.set_aside, reading.proposals)
        counts += reading.counts
        read.setdefault(book.unit, []).extend(reading.tables)
        if book.unit in _REGISTRY:
            registry.add(reading)
        elif book.unit == "recipient":
            lists.append(_Group(f"{_TOKENS}-{source.name}"))
            lists[-1].add(reading)
    return {unit: _together(tables) for unit, tables in read.items() if tables}, counts, [registry, *lists]


def is_on_shelf(study: Study, name: str, shelf: Shelf) -> bool:
    """Whether the shelf holds a source as its files are now.

    Parameters
    ----------
    study
        The checked study file.
    name
        Of the source.
    shelf
        Where readings lie.

    Returns
    -------
    bool
        False for a table of a database too: it is asked anew each time.
    """
    paths = study.files()[name]
    return bool(paths) and shelf.holds(name, _fingerprint(study.source(name), paths, study, shelf))


def put_on_shelf(study: Study, name: str, shelf: Shelf) -> None:
    """Read one source onto the shelf, where :func:`read_study` finds it: sources can so be read side by side.

    What is wrong with a source is found, but not told: the findings lie on the shelf with the rest.

    Parameters
    ----------
    study
        The checked study file.
    name
        Of the source.
    shelf
        Where the reading goes.

    Raises
    ------
    KeyMissing
        The demo key for real data.
    """
    _require_own_key(study, shelf.keys)
    source = study.source(name)
    _recalled(source, study.files()[name], codebook_for(source), study, shelf.keys, shelf)


def rejection(findings: pd.DataFrame, study: Study) -> str:
    """Why the data cannot be used, in one sentence per source and rule.

    Rules of severity ``ditolak`` are not tolerated unless the study says how many; other rules only where it says so.

    Parameters
    ----------
    findings
        As :class:`Intake` holds them.
    study
        What it tolerates.

    Returns
    -------
    The sentences; empty where the data can be used.
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


def _require_own_key(study: Study, keys: Keys) -> None:
    if keys.synthetic_only and not study.synthetic:
        raise KeyMissing("Kunci contoh hanya untuk studi sintetis. Buat kunci sendiri dengan 'kaur key new'.")


def _require_known_rules(study: Study) -> None:
    known = list(rules())
    for source in study.sources:
        for rule in source.tolerate:
            if rule not in known:
                nearest = process.extractOne(rule, known)[0]
                raise StudyRejected(
                    f"sumber '{source.name}', tolerate: aturan '{rule}' tidak dikenal; mungkin maksudnya '{nearest}'."
                )


def _recalled(
    source: Source, paths: tuple[Path, ...], book: Codebook, study: Study, keys: Keys, shelf: Shelf | None
) -> _Reading:
    """A source as it was read the last time, where nothing that decides it has changed; else read, and kept."""
    if shelf is None or not paths:  # a database is asked anew
        return _read(source, paths, book, study, keys)
    before = _fingerprint(source, paths, study, shelf)
    if kept := shelf.recall(source.name, before):
        (said, aside, *tables), notes = kept
        return _Reading(tables, said, aside, notes["proposals"], notes["counts"], before)
    reading = replace(_read(source, paths, book, study, keys), fingerprint=before)
    if _fingerprint(source, paths, study, shelf) == before:  # else somebody wrote the file while it was read
        notes = {"proposals": reading.proposals, "counts": reading.counts}
        shelf.keep(source.name, before, [reading.findings, reading.set_aside, *reading.tables], notes)
    return reading


def _fingerprint(source: Source, paths: tuple[Path, ...], study: Study, shelf: Shelf) -> str:
    """Hash of everything that decides a reading."""
    settings = [source.model_dump(mode="json"), study.reference_date, study.synthetic, study.reference.kemendagri]
    return shelf.fingerprint(settings, [(path.name, file_hash(path)) for path in paths])


def _read(source: Source, paths: tuple[Path, ...], book: Codebook, study: Study, keys: Keys) -> _Reading:
    findings = Findings()
    context = Context(source, book, study.reference_date, findings)
    known = {heading for column in book.columns.values() for heading in column.headings}
    found: list[_Sheet] = []
    said: list[Findings] = []
    # An unreadable file ends its source: the other files are judged when it has been repaired.
    try:
        for raw in read_source(source, paths, lambda h: not book.ignored_rest or normal(h) in known, study.folder):
            if raw.unread_sheets:
                place = _place(source, raw.file, raw.sheet, raw.first_line)
                findings.add("lembar_tidak_dibaca", place, "", ", ".join(raw.unread_sheets))
            said.append(Findings())
            found.append(_sheet(raw, replace(context, findings=said[-1]), f"{source.name}:{len(found)}:"))
            del raw  # the cells are large and not needed again
        _tell(found, said, findings)
    except DataRejected as error:
        _tell(found, said, findings)
        findings.add("berkas_rusak", _place(source, "", "", 0), "", str(error))
    tables = [sheet.table for sheet in found if sheet.table is not None and len(sheet.table)]
    counts = [sheet.rows_read for sheet in found if sheet.rows_read]
    del found
    typed = [_finished(tables, source, book, study, keys, findings)] if tables else []
    return _Reading(typed, findings.table(), findings.set_aside_table(), findings.proposed(), counts)


def _finished(
    tables: list[pd.DataFrame], source: Source, book: Codebook, study: Study, keys: Keys, findings: Findings
) -> pd.DataFrame:
    """Typed rows of a source in one table, their numbers judged, with what study and codebook say of them."""
    joined = _together(tables)
    if "nik" in joined or "kk" in joined:
        joined = _judged(joined, study, keys, findings)
    return joined.assign(**{name: same_text(text, joined.index) for name, text in _origin(source, book).items()})


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables below each other; one alone is not copied."""
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]


def _records(prefix: str, lines: pd.Series) -> pd.Series:
    before, nothing = (pa.scalar(text, pa.large_string()) for text in (prefix, ""))
    numbers = pa.array(lines).cast(pa.large_string())
    return from_arrow(pc.binary_join_element_wise(before, numbers, nothing), lines.index)


@dataclass(frozen=True)
class _Sheet:
    """Typed rows of one sheet, still with identities, and how many rows were read; neither where it holds no table.

    ``no_list`` says why a sheet is none at all, in words; among sheets of its workbook that are it is left alone.
    """

    place: pd.DataFrame
    no_list: str = ""
    table: pd.DataFrame | None = None
    rows_read: dict[str, object] = field(default_factory=dict)


def _sheet(raw: RawTable, context: Context, prefix: str) -> _Sheet:
    """One sheet; its records are named by the prefix and the line."""
    source, findings = context.source, context.findings
    place = _place(source, raw.file, raw.sheet, raw.first_line)
    if raw.cells.empty:
        findings.add("berkas_kosong", place)
        return _Sheet(place, "lembar kosong")
    layout = find_layout(raw, context.book, source.name, findings)
    if layout is None:
        return _Sheet(place, "" if has_known_heading(raw, context.book) else "tidak ada judul yang dikenal")
    count: dict[str, object] = {
        "source": source.name, "file": raw.file, "sheet": raw.sheet, "rows_read": len(layout.lines)
    }  # fmt: skip
    if not len(layout.lines):
        findings.add("berkas_kosong", place)
    table = typed_table(raw, without_furniture(layout, context.book, source.name, raw, findings), context)
    empty = "" if len(layout.lines) else "tidak ada baris di bawah judul"
    return _Sheet(place, empty, table.assign(record=_records(prefix, table["line"])), count)


def _tell(sheets: list[_Sheet], said: list[Findings], findings: Findings) -> None:
    """What was found on the sheets; of those that hold no list beside others that do, only that they are left alone."""
    files = {sheet.place["file"].item() for sheet in sheets if not sheet.no_list}
    for sheet, own in zip(sheets, said, strict=False):
        if sheet.no_list and sheet.place["sheet"].item() and sheet.place["file"].item() in files:
            findings.add("lembar_bukan_daftar", sheet.place, "", sheet.no_list)
        else:
            findings.take(own.table(), own.set_aside_table(), own.proposed())


def _place(source: Source, file: str, sheet: str, line: int) -> pd.DataFrame:
    return pd.DataFrame({"source": [source.name], "file": file, "sheet": sheet, "line": line})


def _origin(source: Source, book: Codebook) -> dict[str, str]:
    """What study and codebook say about a source and later rooms need on every row."""
    return {
        "region_codes": book.region_codes,
        "kind": source.kind,
        "wave": source.wave or "",
        "programme": source.programme or "",
        "period": source.period or "",
    }


def _judged(table: pd.DataFrame, study: Study, keys: Keys, findings: Findings) -> pd.DataFrame:
    """Keep usable numbers, blank the others, report why."""
    table = table.copy(deep=False)
    for kind in ("nik", "kk"):
        if kind not in table:
            continue
        judged = judge_numbers(table[kind], kind, keys.synthetic_only)
        if keys.synthetic_only and judged.real_province.mean() > REAL_PEOPLE_SHARE:
            findings.add(
                "nik_bukan_sintetis",
                table[judged.real_province].head(1),
                kind,
                table[kind].head(1),
                personal=True,
                identifier=True,
            )
        for rule in sorted(set(factorized(judged.fault)[1]) - {""}):
            rows = (judged.fault == rule).to_numpy()
            findings.add(rule, table[rows], kind, table[kind][rows], personal=True, identifier=True)
        table[kind] = judged.usable
    if "nik" in table:
        female, birth = _female(table), _birth(table)
        for rule, rows in (
            ("nik_beda_kelamin", contradicts_sex(table["nik"], female)),
            ("nik_beda_tanggal", contradicts_birth(table["nik"], birth)),
        ):
            if rows.any():
                findings.add(rule, table[rows], "nik", table["nik"][rows], personal=True, identifier=True)
        if not study.synthetic:
            elsewhere = (table["nik"] != "") & ~table["nik"].str.startswith(study.reference.kemendagri)
            share = f"{int(elsewhere.sum())} dari {len(table)} NIK"
            findings.add("nik_wilayah_lain", table[elsewhere.to_numpy()].head(1), "nik", share)
    return table


def _female(table: pd.DataFrame) -> np.ndarray:
    if "sex" not in table:
        return np.full(len(table), np.nan)
    sex = table["sex"]
    return np.select([(sex == "female").to_numpy(), (sex == "male").to_numpy()], [1.0, 0.0], np.nan)


def _birth(table: pd.DataFrame) -> np.ndarray:
    if "birth_date" not in table:
        return np.full(len(table), np.datetime64("NaT"), dtype="datetime64[D]")
    return table["birth_date"].to_numpy().astype("datetime64[D]")  # pandas keeps days as seconds


def _pseudonymised(
    units: dict[str, pd.DataFrame],
    keys: Keys,
    study: Study,
    vault: Path | None,
    shelf: Shelf | None,
    groups: list[_Group],
) -> dict[str, pd.DataFrame]:
    """Tables of people with tokens in place of identities; the identities go into the vault or nowhere.

    The tables are taken out of ``units``: identities are most of them, and gone when the vault has them.
    """
    people: dict[str, pd.DataFrame] = {
        unit: units.pop(unit) for unit in ("family", "person", "recipient") if unit in units
    }
    if not people:
        if vault is not None:
            write_vault(pd.DataFrame(columns=VAULT_COLUMNS), waiting_vault(vault), keys)
        return {}
    everybody = _together([_identities(table) for table in people.values()])
    birth = _birth(everybody)
    bounds = np.cumsum([0, *map(len, people.values())])
    known = groups[0].people
    plain = {unit: _plain(people.pop(unit), study.reference_date) for unit in list(people)}
    maker = Pseudonymiser(keys)
    # Apart, because the registry's are too many to be copied.
    features = [
        _kept_features(maker, everybody.iloc[:known], shelf, groups[:1]),
        _kept_features(maker, everybody.iloc[known:], shelf, groups[1:]),
    ]
    with ThreadPoolExecutor(1) as beside:  # packing and sealing hold no lock of Python's
        if vault is not None:
            written = beside.submit(write_vault, _beside_tokens(everybody, features), waiting_vault(vault), keys)
        masks = _masks(maker, everybody["nik"], known) if "recipient" in plain and len(plain) > 1 else None
        if vault is not None:
            written.result()
    del everybody
    births = maker.births(birth, pd.RangeIndex(len(birth)))
    made: dict[str, pd.DataFrame] = {}
    for unit, start, stop in zip(plain, bounds, bounds[1:], strict=False):
        side, rows = (0, slice(start, stop)) if stop <= known else (1, slice(start - known, stop - known))
        own = (part.reset_index(drop=True) for part in (features[side].iloc[rows], births.iloc[start:stop]))
        table = pd.concat([plain[unit], *own], axis=1)
        made[unit] = table if masks is None else table.assign(nik_masks=masks[side].iloc[rows].array)
    return made


def _beside_tokens(identities: pd.DataFrame, features: list[pd.DataFrame]) -> pd.DataFrame:
    """Identities with their tokens, as the vault keeps them."""
    tokens = _together([table[["person_token", "family_token"]] for table in features if len(table)])
    return pd.concat([identities[["record", "nik", "kk", "name", "address"]], tokens], axis=1)


def _plain(table: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """Rows of people without identities, with what sex and date of birth say."""
    named = [name for name in (*_IDENTITY, "family_id", "person_id", "sex") if name in table]
    return table.drop(columns=named).assign(female=_female(table), age=completed_years(_birth(table), day))


def _kept_features(
    maker: Pseudonymiser, people: pd.DataFrame, shelf: Shelf | None, groups: list[_Group]
) -> pd.DataFrame:
    """Tokens of people group by group, as they were made of the same readings the last time, or made and kept."""
    made, start = [_features(maker, people.iloc[:0])], 0
    for group in groups:
        own = people.iloc[start : start + group.people]
        start += group.people
        if shelf is None or not all(group.fingerprints) or not len(own):
            made.append(_features(maker, own))
            continue
        fingerprint = shelf.fingerprint(group.name, group.fingerprints)
        kept = shelf.recall(group.name, fingerprint)
        if kept is None:
            kept = [_features(maker, own)], {}
            shelf.keep(group.name, fingerprint, *kept)
        made += kept[0]
    return _together([table for table in made if len(table)] or made[:1])


def _features(maker: Pseudonymiser, people: pd.DataFrame) -> pd.DataFrame:
    """Tokens of numbers and names that stand for people: each distinct one is keyed once."""
    people = people.reset_index(drop=True)
    tokens = pd.DataFrame(
        {
            "person_token": maker.tokens(people["nik"], "nik"),
            "family_token": maker.tokens(people["kk"], "kk"),
            "registry_family": maker.tokens(people["registry_family"], "registry family"),
        }
    )
    return pd.concat([tokens, maker.names(people["name"])], axis=1)


def _identities(table: pd.DataFrame) -> pd.DataFrame:
    """What identifies the people of a table, ``""`` where unknown, and the registry's own number of their family."""
    text = {
        name: table[name].fillna("") if name in table else same_text("", table.index)
        for name in ("nik", "kk", "name", "address", "family_id")
    }
    number = text.pop("family_id")
    codes, kinds = factorized(table["kind"])
    system = spread([kind.split("_")[0] + ":" for kind in kinds], codes, table.index)
    return pd.DataFrame(
        {
            "record": table["record"],
            **text,
            "registry_family": (system + number).where(number != "", ""),
            "birth_date": _birth(table),
        }
    )


def _masks(maker: Pseudonymiser, niks: pd.Series, registry: int) -> tuple[pd.Series, pd.Series]:
    """Masks of the numbers of the first ``registry`` rows and of the recipients below them."""
    sides = {"registry": niks.iloc[:registry], "recipients": niks.iloc[registry:]}
    found = maker.shared_masks({side: rows.reset_index(drop=True) for side, rows in sides.items()})
    return found["registry"], found["recipients"]


def completed_years(birth: np.ndarray, day: dt.date) -> np.ndarray:
    """Age in completed years at a day; NaN where the date of birth is unknown.

    Who is born on 29 February completes a year on 1 March of common years.
    """
    codes, days = distinct_days(birth)
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(float) + 1970
    month = (months - days.astype("datetime64[Y]")).astype(float) + 1
    of_month = (days - months).astype(float) + 1
    not_yet = (month > day.month) | ((month == day.month) & (of_month > day.day))
    return np.append(day.year - years - not_yet, np.nan)[codes]


def _inside_area(units: dict[str, pd.DataFrame], study: Study, findings: Findings) -> dict[str, pd.DataFrame]:
    """Survey tables of the study's kabupaten; others are set aside. Households carry their wave in their name."""
    area = study.reference.code  # the study may name its area by a folder
    survey = {unit: table.copy() for unit, table in units.items() if unit.startswith("survey")}
    for unit, table in survey.items():
        table["household"] = (table["wave"] + "-").where(table["wave"] != "", "") + table["household"]
        if "province" in table and "regency" in table:
            code = table["province"].str.zfill(2) + table["regency"].str.zfill(2)
            outside = (code != area).to_numpy()
            findings.set_aside("wilayah_lain", table[outside])
            survey[unit] = table[~outside].reset_index(drop=True)
    households = survey.get("survey_household")
    for unit, table in survey.items():
        if households is not None and "province" not in table and unit != "survey_household":
            outside = ~table["household"].isin(households["household"]).to_numpy()
            findings.set_aside("wilayah_lain", table[outside])
            survey[unit] = table[~outside].reset_index(drop=True)
    return survey
