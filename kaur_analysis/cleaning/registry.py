"""One row per family and per person from registries of different age.

The newest registry decides who lives where; older ones fill what it does not say and add families it does not know.
A system is a registry with its family and person files (DTSEN, P3KE, ...).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kaur_analysis.cleaning.composition import complete_sums, composition, heads
from kaur_analysis.cleaning.places import locate, written_kabupaten
from kaur_analysis.contracts import ASSETS, CATEGORIES, COUNTS, FAMILIES, LARGEST_FAMILY, PERSONS, checked
from kaur_analysis.errors import DataRejected
from kaur_analysis.formats import number
from kaur_analysis.intake import NAME_PAIRS, Findings, Intake
from kaur_analysis.intake.text import among, encoded, factorized, places_in, spread
from kaur_analysis.study import Registry, Study

KEY_COLUMNS = (
    "record",
    "person_token",
    "family_token",
    "nik_masks",
    "name_token",
    *NAME_PAIRS,
    "birth_token",
    "birth_day_token",
    "birth_month_token",
    "birth_year",
)
_IDENTITY = ("family", "person_token", "name_token", "birth_token")
_PRIORITY = {"head": 0, "spouse": 1, "child": 2, "other": 3}


@dataclass(frozen=True)
class RegistryRows:
    """What the registries are made of: their rows as read and corrected, and which of them were set aside before.

    Neither masks of a NIK are among them, which hang on the recipients, nor letter pairs of names: they only link.
    """

    families: pd.DataFrame
    persons: pd.DataFrame
    set_aside: pd.DataFrame


@dataclass(frozen=True)
class RegistryTables:
    """Families, persons, where everybody who can be linked to lists lives, and codes that families had before.

    ``places`` are persons, and heads of family rows that no person row stands for: ``record, family, family_token,
    kecamatan, desa``. What else links them stands in their records (:func:`registry_keys`).
    """

    families: pd.DataFrame
    persons: pd.DataFrame
    places: pd.DataFrame
    former: pd.DataFrame


@dataclass(frozen=True)
class _System:
    """A registry's rows: families with a place, persons with their family."""

    name: str
    families: pd.DataFrame
    persons: pd.DataFrame


def registry_rows(intake: Intake, study: Study, findings: Findings) -> RegistryRows:
    """The rows of the registries that the study names, and no others: nothing here hangs on a recipient list."""
    names = [] if study.registry is None else list(_system_of(study, study.registry))
    set_aside = pd.concat([intake.set_aside, findings.set_aside_table()], ignore_index=True)
    tables = (intake.families, intake.persons, set_aside)
    own = (_rows_of(table, names).drop(columns=["nik_masks", *NAME_PAIRS], errors="ignore") for table in tables)
    return RegistryRows(*(table.reset_index(drop=True) for table in own))


def registry_keys(places: pd.DataFrame, intake: Intake) -> pd.DataFrame:
    """What links people of the registry to lists: their places, and the tokens of their records."""
    tokens = [name for name in (*KEY_COLUMNS, "female") if name not in places]
    read = [table.reindex(columns=["record", *tokens]) for table in (intake.persons, intake.families) if len(table)]
    if _same_records(places, read[0]):  # as in most registries: nothing to look up, and nothing to copy
        known = read[0].reset_index(drop=True)
    else:
        known = pd.concat(read, ignore_index=True)
        known = known.iloc[places_in(places["record"], known["record"])].reset_index(drop=True)
    keys = pd.concat([places, known[tokens]], axis=1)
    keys["person"] = _person(keys)
    return keys[["person", "family", *KEY_COLUMNS, "female", "kecamatan", "desa"]]


def _same_records(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables are of the same records in the same order."""
    return len(one) == len(other) and bool((one["record"].array == other["record"].array).all())


def unify(rows: RegistryRows, study: Study, findings: Findings) -> RegistryTables:
    """Families and persons of all registries the study names, newest first, as the contracts have them.

    Raises
    ------
    DataRejected
        No family is left, or nothing says how many people a family has.
    """
    registry = study.registry
    if registry is None:
        raise ValueError("the study has no registry")
    names = _system_of(study, registry)
    members = rows.persons if "registry_family" in rows.persons else _nobody(rows.families)
    systems = []
    for system in dict.fromkeys(names.values()):
        sources = [source for source, own in names.items() if own == system]
        families, persons = _rows_of(rows.families, sources), _rows_of(members, sources)
        if len(families) or len(persons):
            systems.append(_one_system(system, families, persons, study, findings))
    if not any(len(system.families) for system in systems):
        raise DataRejected(_nothing_left([rows.set_aside, findings.set_aside_table()], study, list(names)))
    listed = names.get(registry.targeting_list or "", "")
    tables = _finished(*_joined(systems, findings), listed)
    _require_sizes(tables.families["household_size"], list(names))
    return replace(tables, families=checked(FAMILIES, tables.families), persons=checked(PERSONS, tables.persons))


def _require_sizes(size: pd.Series, names: list[str]) -> None:
    """Refuse families of whom nobody knows how many they are, or who are more than a family can be."""
    if size.isna().all():
        raise DataRejected(
            f"Besar keluarga tidak diketahui: registri ({', '.join(names)}) tidak memuat anggota dan tidak memuat "
            "jumlah anggota. Tambahkan berkas anggotanya ke sources, atau kolom jumlah anggota keluarga."
        )
    if (size > LARGEST_FAMILY).any():
        raise DataRejected(
            f"{number(int((size > LARGEST_FAMILY).sum()))} keluarga beranggota lebih dari {LARGEST_FAMILY} orang "
            f"(terbesar {number(int(size.max()))}). Rupanya kode keluarga di {', '.join(names)} sama pada banyak "
            "baris. Perbaiki kolom kode keluarganya."
        )


def _nothing_left(set_aside: list[pd.DataFrame], study: Study, names: list[str]) -> str:
    """What became of the rows of a registry of which no family is left: how many were set aside, and why."""
    rows = pd.concat(set_aside)
    rows = rows[rows["source"].isin(names)]
    told = [
        f"  - {source}: {number(count)} baris disisihkan: {reason}"
        for (source, reason), count in rows.groupby(["source", "reason"]).size().items()
    ]
    return "\n".join(
        [
            "Tidak ada keluarga yang tersisa dari registri.",
            *(told or ["  - berkasnya tidak memuat satu baris pun"]),
            f"Periksa apakah berkasnya dari {study.reference.full_name}, dan kolom wilayah serta kode keluarganya "
            "terisi.",
        ]
    )


def _system_of(study: Study, registry: Registry) -> dict[str, str]:
    """System of each registry source: a source of ``precedence`` founds one, others join by kind, then by date."""
    founders = [study.source(name) for name in registry.precedence]
    systems: dict[str, str] = {}
    for founder in founders:
        kin = [
            name
            for name in systems
            if study.source(name).kind.split("_")[0] == founder.kind.split("_")[0]
            and study.source(name).as_of == founder.as_of
            and study.source(name).kind != founder.kind
        ]
        systems[founder.name] = systems[kin[0]] if kin else founder.name
    for source in study.sources:
        kin_of = [f for f in founders if f.kind.split("_")[0] == source.kind.split("_")[0]]
        if source.name not in systems and kin_of and source.kind != "podes":
            same_day = [f for f in kin_of if f.as_of == source.as_of]
            systems[source.name] = systems[(same_day or kin_of)[0].name]
    order = {system: rank for rank, system in enumerate(dict.fromkeys(systems[name] for name in registry.precedence))}
    return dict(sorted(systems.items(), key=lambda item: order[item[1]]))


def _nobody(families: pd.DataFrame) -> pd.DataFrame:
    """No member, with the columns that tell people apart: a registry may be a list of families alone."""
    columns = ["record", "source", "file", "sheet", "line", "registry_family", *_IDENTITY[1:], "age", "female"]
    return families.iloc[:0].reindex(columns=columns)


def _rows_of(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    return _kept(table, table["source"].isin(sources).to_numpy(dtype=bool))


def _kept(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """The rows, without copying a table of which all are kept."""
    return table if rows.all() else table[rows]


def _one_system(name: str, families: pd.DataFrame, persons: pd.DataFrame, study: Study, findings: Findings) -> _System:
    """Rows of one registry: a place for every family, no doubles, no dead, nobody in two families."""
    if "deceased" in persons and len(persons):
        dead = persons["deceased"].eq(1).to_numpy()
        findings.set_aside("meninggal", persons[dead], report=True)
        persons = _kept(persons, ~dead)
    own_file, rows = len(families) > 0, len(families)
    if not own_file:
        families = persons.sort_values("line").drop_duplicates(["source", "registry_family"])
    families = _once(families, findings if own_file else Findings(), ["registry_family"])
    if 2 * len(families) < rows:
        raise DataRejected(
            f"{name}: hanya {number(len(families))} kode keluarga pada {number(rows)} baris. Setiap keluarga harus "
            "berkode sendiri. Perbaiki kolom kode keluarganya."
        )
    families = locate(families, study.reference, findings)
    outside, unknown = families["outside"].to_numpy(), (~families["outside"] & families["desa"].isna()).to_numpy()
    if own_file:
        findings.set_aside("wilayah_lain", families[outside], True, "kabupaten", written_kabupaten(families[outside]))
        findings.set_aside("wilayah_tidak_dikenal", families[unknown], report=True, column="desa")
    families = _kept(families, ~outside & ~unknown)
    home = places_in(persons["registry_family"], families["registry_family"])
    lost = home < 0
    findings.set_aside("keluarga_tidak_ada", persons[lost], report=True)
    persons, home = _kept(persons, ~lost), home[~lost]
    once = _one_family_each(persons, home, findings)
    persons, home = _kept(persons, once), home[once]
    if own_file and len(persons):
        empty = np.bincount(home, minlength=len(families)) == 0
        elsewhere = np.zeros(len(families), dtype=bool)
        elsewhere[empty] = among(families["person_token"][empty], persons["person_token"])
        findings.set_aside("dua_keluarga", families[elsewhere], report=True)
        families = _kept(families, ~elsewhere)
    return _System(name, families, persons)


def _once(rows: pd.DataFrame, findings: Findings, key: list[str]) -> pd.DataFrame:
    """One row per key: the most complete, the first of equals; the others are set aside."""
    several = np.flatnonzero(rows.duplicated(key, keep=False).to_numpy())
    if not len(several):
        return rows
    alike = rows.iloc[several]
    filled = alike.notna().sum(axis=1).to_numpy()
    order = np.argsort(-filled, kind="stable")
    doubled = np.sort(several[order[alike.iloc[order].duplicated(key).to_numpy()]])
    findings.set_aside("baris_ganda", rows.iloc[doubled], report=True)
    return rows[~np.isin(np.arange(len(rows)), doubled)]


def _one_family_each(persons: pd.DataFrame, home: np.ndarray, findings: Findings) -> np.ndarray:
    """Rows that hold every person once: who stands in two families stays where they are head, else spouse, else first.

    ``home`` numbers the family of each row.
    """
    identity, by_number = _identity(persons)
    several = np.flatnonzero(np.bincount(identity)[identity] > 1) if len(persons) else np.zeros(0, dtype=np.int64)
    order = several[np.argsort(_rank(persons.filter(["relation"]).iloc[several]), kind="stable")]
    found = pd.DataFrame({"identity": identity[order], "home": home[order]})
    same_family = found.duplicated().to_numpy()
    twice = np.zeros(len(order), dtype=bool)
    twice[~same_family] = found["identity"][~same_family].duplicated().to_numpy() & by_number[order][~same_family]
    if same_family.any():
        findings.set_aside("baris_ganda", persons.iloc[order[same_family]], report=True)
    if twice.any():
        findings.set_aside("dua_keluarga", persons.iloc[order[twice]], report=True)
    once = np.ones(len(persons), dtype=bool)
    once[order[same_family | twice]] = False
    return once


def _rank(persons: pd.DataFrame) -> np.ndarray:
    """How near each person stands to the head of the family; the head is 0."""
    last = _PRIORITY["other"]
    if "relation" not in persons:
        return np.full(len(persons), last)
    codes, words = factorized(persons["relation"])
    return np.array([*(_PRIORITY.get(word, last) for word in words), last])[codes]


def _identity(persons: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Who each row is, as a number: by NIK, else by name and date of birth, else nobody else; and whether by NIK."""
    identity, numbers = encoded(persons["person_token"])
    by_number = identity >= 0
    rest = persons[~by_number]
    if len(rest):
        codes, _ = encoded(_by_name(rest).fillna(rest["record"]))
        identity[~by_number] = codes + len(numbers)
    return identity, by_number


def _by_name(rows: pd.DataFrame) -> pd.Series:
    """Name and whole date of birth as an identity where both are known."""
    return rows["name_token"] + rows["birth_token"]


def _joined(systems: list[_System], findings: Findings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Families and persons of all systems under one family name, the newest system first."""
    families: list[pd.DataFrame] = []
    persons: list[pd.DataFrame] = []
    for rank, system in enumerate(systems):
        own = system.families.assign(family=system.families["registry_family"], system=system.name)
        members = system.persons.assign(family=system.persons["registry_family"])
        if rank:
            match = _families_of(own, members, _who([*persons, *families]))
            own["family"] = _renamed(own["registry_family"], match)
            members = members.assign(family=_renamed(members["registry_family"], match))
            replaced = among(members["registry_family"], pd.Series(list(match), dtype="str"))
            known = _same_people(members, _who(persons)) if persons else ~replaced
            findings.set_aside("digantikan", members[replaced & ~known])
            members = members[~replaced]
        families.append(own)
        persons.append(members)
    return _together(families), _together(persons)


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables below each other; one alone is not copied."""
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0].reset_index(drop=True)


def _who(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows below each other with what tells people and families apart alone: whole tables would double the memory."""
    return pd.concat([table[[name for name in _IDENTITY if name in table]] for table in tables], ignore_index=True)


def _renamed(families: pd.Series, match: dict[str, str]) -> pd.Series:
    codes, names = factorized(families)
    return spread([match.get(name, name) for name in names], codes, families.index)


def _families_of(own: pd.DataFrame, members: pd.DataFrame, newer: pd.DataFrame) -> dict[str, str]:
    """Newer family of each older one: of its head by NIK, else of most members, else of its head by name and birth."""
    by_number = newer.dropna(subset="person_token").drop_duplicates("person_token").set_index("person_token")["family"]
    found = own.set_index("registry_family")["person_token"].map(by_number)
    votes = members[["registry_family"]].assign(newer=members["person_token"].map(by_number)).dropna(subset="newer")
    most = votes.groupby(["registry_family", "newer"]).size().rename("votes").reset_index()
    most = most.sort_values(["registry_family", "votes", "newer"], ascending=[True, False, True])
    found = found.fillna(most.drop_duplicates("registry_family").set_index("registry_family")["newer"])
    named = newer.assign(identity=_by_name(newer)).dropna(subset="identity")
    single = named.drop_duplicates(["identity", "family"]).drop_duplicates("identity", keep=False)
    identity = pd.Series(_by_name(own).to_numpy(), index=own["registry_family"])
    found = found.fillna(identity.map(single.set_index("identity")["family"]))
    return dict(found.dropna())


def _same_people(older: pd.DataFrame, newer: pd.DataFrame) -> np.ndarray:
    """Which older rows are people that a newer registry has."""
    by_number = among(older["person_token"], newer["person_token"])
    return by_number | among(_by_name(older), _by_name(newer))


def _finished(families: pd.DataFrame, persons: pd.DataFrame, listed: str) -> RegistryTables:
    """Tables of the contracts, and the keys of everybody for linkage."""
    merged = _one_row_each(families)
    home = places_in(persons["family"], merged.index)
    persons = _with_heads(persons, home)
    merged["listed_desil"], merged["in_targeting_list"] = np.nan, 1.0
    if listed:
        on_list = families[families["system"] == listed]
        ranked = on_list.dropna(subset="desil").drop_duplicates("family").set_index("family")
        merged["listed_desil"] = ranked["desil"].reindex(merged.index)
        merged["in_targeting_list"] = merged.index.isin(on_list["family"]).astype(float)
    merged = merged.rename(columns={"record": "head_record"})
    table = _covariates(merged, persons, home)
    shown = [
        "kecamatan", "desa", *COUNTS, "head_female", "head_age", *CATEGORIES, *ASSETS, "floor_area_m2",
        "disabled_members", "severely_disabled", "pregnant", "has_business", "pupils_primary", "pupils_junior",
        "pupils_senior", "desil", "listed_desil", "in_targeting_list", "sources", "head_record",
    ]  # fmt: skip
    tidy = table.reindex(columns=shown)
    tidy = tidy.drop(
        columns=[name for name in tidy if tidy[name].isna().all() and name not in ("desil", "household_size")]
    )
    places = _places(persons, families, table[["kecamatan", "desa"]], home)
    shown_persons = ["person", "family", "age", "female", "is_head", "in_school", "disabled", "record"]
    people = persons[[name for name in shown_persons if name in persons]].reset_index(drop=True)
    return RegistryTables(tidy.rename_axis("family").reset_index(), people, places, _former(families))


def _former(families: pd.DataFrame) -> pd.DataFrame:
    """Codes of families in older registries beside today's: people have answered under them."""
    renamed = families.loc[families["registry_family"] != families["family"], ["registry_family", "family"]]
    return renamed.dropna().set_axis(["former", "family"], axis=1).drop_duplicates("former").reset_index(drop=True)


def _one_row_each(families: pd.DataFrame) -> pd.DataFrame:
    """What the newest registry that says it says of each family, and ``sources``: all that know it. Index: family."""
    doubled = families["family"].duplicated(keep=False).to_numpy()
    single = families[~doubled].set_index("family") if doubled.any() else families.set_index("family")
    single["sources"] = single["source"]
    if not doubled.any():
        return single
    rows = families[doubled]
    several = rows.groupby("family", sort=False).first().assign(sources=_sources(rows))
    return pd.concat([single, several]).loc[families["family"].drop_duplicates()]


def _sources(rows: pd.DataFrame) -> np.ndarray:
    """Names of the sources that know each family, in the order of the rows; families as they first occur."""
    family, names = pd.factorize(rows["family"])[0], pd.unique(rows["source"])
    known = np.zeros(family.max() + 1, dtype=object)  # whole numbers of any length: there may be a source per desa
    for place, name in enumerate(names):
        known[family[(rows["source"] == name).to_numpy()]] |= 1 << place
    which, of_family = np.unique(known, return_inverse=True)
    said = ["+".join(name for place, name in enumerate(names) if sources >> place & 1) for sources in which.tolist()]
    return np.array(said, dtype=object)[of_family]


def _with_heads(persons: pd.DataFrame, home: np.ndarray) -> pd.DataFrame:
    """Name every person and one head of every family: where none is written, the spouse, else the oldest.

    ``home`` numbers the family of each row.
    """
    if persons.empty:
        columns = ["person", "family", "age", "female", "is_head", "in_school", "disabled", *KEY_COLUMNS, "relation"]
        return pd.DataFrame(columns=columns).astype("str").astype(dict.fromkeys(("age", "female", "is_head"), float))
    rows = np.arange(len(persons))
    for further in (_rank(persons), -persons["age"].fillna(-1).to_numpy()):
        rows = rows[_is_least(further[rows], home[rows])]
    is_head = np.zeros(len(persons))
    is_head[rows[~pd.Series(home[rows]).duplicated().to_numpy()]] = 1.0
    return persons.assign(is_head=is_head, person=_person(persons))


def _person(rows: pd.DataFrame) -> pd.Series:
    """Name of every person: of the NIK where there is one, else of the record."""
    return rows["person_token"].fillna(rows["record"])


def _is_least(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Where no value of the group is smaller; faster than putting millions of rows in order."""
    least = np.full(group.max() + 1, np.inf)
    np.minimum.at(least, group, values)
    return values == least[group]


def _covariates(families: pd.DataFrame, persons: pd.DataFrame, home: np.ndarray) -> pd.DataFrame:
    """Composition and head of every family: from its persons where it has any, else from the family's own row.

    ``home`` is the row of each person's family.
    """
    own_head = {"age": "head_age", "female": "head_female", "education": "head_education", "sector": "head_sector"}
    table = families.rename(columns=own_head)
    # people and families meet by position: numbers are compared faster than names
    row = pd.RangeIndex(len(table))
    people = persons.assign(family=home)
    counted, of_head = (facts(people, "family").reindex(row).set_axis(table.index) for facts in (composition, heads))
    for source in (counted, of_head):
        for name in source:
            table[name] = source[name].fillna(table[name]) if name in table else source[name]
    flags = {
        "disabled": "disabled_members",
        "severely_disabled": "severely_disabled",
        "pregnant": "pregnant",
        "has_business": "has_business",
    }
    given = [name for name in flags if name in persons]
    sums = (
        complete_sums(people[given], people["family"]).reindex(row).set_axis(table.index) if given else pd.DataFrame()
    )
    for name in given:
        table[flags[name]] = sums[name].clip(upper=1) if name == "has_business" else sums[name]
    head_age = table["head_age"] if "head_age" in table else pd.Series(np.nan, table.index)
    table["head_age"] = head_age.where(head_age.between(10, 120))
    return table


def _places(persons: pd.DataFrame, families: pd.DataFrame, placed: pd.DataFrame, home: np.ndarray) -> pd.DataFrame:
    """Where everybody lives who can be linked to lists: persons, and heads of family rows without a person row.

    ``home`` is the row of each person's family among those that are ``placed``.
    """
    columns = ["record", "family", "family_token"]
    people = persons.reindex(columns=columns)
    row = home
    empty = placed.index[np.bincount(home, minlength=len(placed)) == 0].to_series()
    absent = among(families["family"], empty)
    if absent.any():
        own_heads = families[absent].drop_duplicates("family")
        people = pd.concat([people, own_heads.reindex(columns=columns)], ignore_index=True)
        row = np.append(row, places_in(own_heads["family"], placed.index))
    if people["family_token"].isna().any():
        cards = families.dropna(subset="family_token").drop_duplicates("family").set_index("family")["family_token"]
        people["family_token"] = people["family_token"].fillna(people["family"].map(cards))
    return pd.concat([people.reset_index(drop=True), placed.iloc[row].reset_index(drop=True)], axis=1)
