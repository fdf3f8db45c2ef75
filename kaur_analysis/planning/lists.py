"""Recipient lists by name, for those entitled to see them: who is due what, why, and what the field found.

Nothing here is for sharing. Names come from the identity vault, leave only inside password-protected workbooks, and
every use is logged without any of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from kaur_analysis.errors import StudyRejected, UsageError, mask
from kaur_analysis.formats import percent
from kaur_analysis.intake import Keys, open_vault
from kaur_analysis.planning.verification import HEADINGS, OUTCOMES
from kaur_analysis.planning.workbook import Heading, Sheet, encrypt, write_workbook
from kaur_analysis.reference import Area
from kaur_analysis.reference.catalogue import Programme
from kaur_analysis.store import append_entry, write_bytes

Identities = Mapping[str, Mapping[str, str]]
LIKELY_DUE = 0.5

COLUMNS = {
    "number": Heading("No.", "number", 6),
    "name": Heading("Kepala keluarga", width=26),
    "nik": Heading("NIK", width=20),
    "kk": Heading("Nomor KK", width=20),
    "address": Heading("Alamat", width=30),
    "dusun": Heading("Dusun", width=14),
    "programme_name": Heading("Program", width=28),
    "units": Heading("Satuan", "number", 8),
    "rupiah_year": Heading("Manfaat (Rp/tahun)", "rupiah", 16),
    "why": Heading("Mengapa berhak", width=44),
    "evidence": Heading("Bukti", width=34),
    "priority": Heading("Urutan", "number", 9),
    "outcome": Heading(HEADINGS["outcome"], width=16, choices=tuple(OUTCOMES.values())),
    "visited": Heading(HEADINGS["visited"], "date", 14),
    "note": Heading("Catatan petugas", width=28),
    "family": Heading(HEADINGS["family"], width=12),
    "programme": Heading(HEADINGS["programme"], width=12),
}


@dataclass(frozen=True)
class Access:
    """Who opens the lists and why.

    Attributes
    ----------
    person, reason
        Name of who opens them, and what for.
    log
        File that gains one line for every use.
    show_nik
        Needs a grant in the study; without it identifiers keep their first and last four digits.
    """

    person: str
    reason: str
    log: Path
    show_nik: bool = False

    def __post_init__(self) -> None:
        if not self.person.strip() or len(self.reason.strip()) < 10:
            raise UsageError("Sebutkan siapa yang membuka daftar dan alasannya (paling sedikit 10 huruf).")


def identities_of(head_record: pd.Series, vault: Path, keys: Keys, access: Access) -> Identities:
    """Identity of each family's head; the vault is opened and the opening logged.

    Parameters
    ----------
    head_record
        Record of the head, indexed by the family's pseudonym. Families whose record is not in the vault are left out.
    vault, keys
        The identity vault and the office's key that made it.
    access
        Who opens it and why.

    Returns
    -------
    dict
        Family to ``name, nik, kk, address, dusun``; the dusun is what the address says after "Dusun".
    """
    known = people_in(vault, keys, access)
    wanted = head_record[head_record.isin(known.index)]
    people = known.loc[wanted.to_numpy()].to_dict("records")
    return {
        str(family): person | {"dusun": _dusun(person["address"])}
        for family, person in zip(wanted.index, people, strict=True)
    }


def people_in(vault: Path, keys: Keys, access: Access) -> pd.DataFrame:
    """``name, nik, kk, address`` by record, of everybody in the vault; the opening is logged beside it."""
    opened = open_vault(vault, keys, access.reason).drop_duplicates("record").set_index("record")
    return opened[["name", "nik", "kk", "address"]].fillna("").astype(str)


def _dusun(address: str) -> str:
    found = re.search(r"\b(?:dusun|dsn)\b\.?\s*(\w+)", address, flags=re.IGNORECASE)
    return f"Dusun {found.group(1)}" if found else ""


def recipient_rows(
    needs: pd.DataFrame, programmes: Iterable[Programme], chosen: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Rows of the lists, without any identity: who is proposed for what, and why, the most urgent first.

    Parameters
    ----------
    needs
        Contract ``NEEDS``.
    programmes
        The study's programmes.
    chosen
        An allocation's ``chosen`` table; without it everyone who is more likely due than not.

    Returns
    -------
    DataFrame
        One row per family and programme, without names.
    """
    if chosen is None:
        rows = needs[needs["due"] >= LIKELY_DUE]
        rows = rows.assign(units=rows["due"] * rows["units"], rupiah_year=rows["due"] * rows["rupiah_year"])
    else:
        given = chosen[["family", "programme", "units", "rupiah_year"]]
        rows = needs.drop(columns=["units", "rupiah_year"]).merge(given, on=["family", "programme"], how="inner")
    names = {programme.code: programme.name for programme in programmes}
    rows = rows[rows["programme"].isin(list(names))].sort_values(["desa", "priority", "programme"], kind="stable")
    evidence = [
        f"kemungkinan miskin ekstrem {percent(chance, 0)}; keyakinan aturan {percent(sure, 0)}"
        for chance, sure in zip(rows["p_extreme"], rows["confidence"], strict=True)
    ]
    return rows.assign(programme_name=rows["programme"].map(names), evidence=evidence).reset_index(drop=True)


def write_lists(
    rows: pd.DataFrame,
    identities: Identities,
    area: Area,
    folder: Path,
    *,
    password: str,
    access: Access,
    edition: str,
    synthetic: bool = False,
) -> list[Path]:
    """One password-protected workbook per agency and desa.

    Parameters
    ----------
    rows
        From :func:`recipient_rows`.
    identities
        Family pseudonym to ``name, nik, kk, address, dusun`` (missing fields are left empty), from the vault.
    area
        The kabupaten, for names of desa and agencies.
    folder
        Where the lists go: a restricted folder, never that of an edition's pages.
    password
        At least twelve characters.
    access
        Who, why, and the log.
    edition, synthetic
        Printed on every list: which edition it belongs to, and whether its people are invented.

    Returns
    -------
    The workbooks written.

    Raises
    ------
    UsageError
        The folder holds pages that are shared, or the password is too short.
    StudyRejected
        A family has no identity in the vault.
    """
    if (folder / "index.html").exists() or (folder / "manifest.json").exists():
        raise UsageError("Daftar penerima tidak boleh disimpan di folder halaman yang dibagikan.")
    if missing := sum(family not in identities for family in rows["family"].unique()):
        raise StudyRejected(
            f"{missing} keluarga calon penerima tidak ada lagi di berkas kantor: tidak ada di brankas identitas. "
            "Jalankan kaur run sampai selesai, lalu ulangi perintah ini."
        )
    desa_names = area.desa.set_index("desa")["name"].to_dict()
    written = []
    for (agency, desa), part in rows.groupby(["agency", "desa"], sort=True):
        agency_name = area.agencies[str(agency)].name if str(agency) in area.agencies else str(agency)
        titles = [
            f"Calon penerima {agency_name}, {desa_names.get(str(desa), desa)}",
            f"{area.kecamatan_name(str(desa)[:7])}, {area.full_name}; edisi {edition}",
            "TERBATAS: data pribadi (UU 27/2022), dilarang meneruskan. Isi kolom hasil verifikasi lalu kembalikan.",
        ]
        titles += ["DATA SINTETIS: bukan orang sungguhan."] if synthetic else []
        sheet = Sheet("Calon penerima", titles, COLUMNS, _named(part, identities, access.show_nik))
        content = encrypt(write_workbook([sheet]), password)
        written.append(write_bytes(folder / f"calon-{edition}-{agency}-{desa}.xlsx", content, private=True))
    log_access(access, edition, "daftar calon penerima", families=rows["family"].nunique(), files=len(written))
    return written


def _named(part: pd.DataFrame, identities: Identities, show_nik: bool) -> pd.DataFrame:
    known = [identities[family] for family in part["family"]]
    fields = {name: [identity.get(name, "") for identity in known] for name in ("name", "address", "dusun")}
    numbers = {
        name: [identity.get(name, "") if show_nik else masked_number(identity.get(name, "")) for identity in known]
        for name in ("nik", "kk")
    }
    return part.assign(
        number=range(1, len(part) + 1), **fields, **numbers, outcome=None, visited=None, note=None
    ).reset_index(drop=True)


def masked_number(number: str) -> str:
    """NIK or KK number with only its first and last four digits."""
    return number if len(number) <= 8 else number[:4] + "•" * (len(number) - 8) + number[-4:]


def initials(name: str) -> str:
    """``Siti Rahayu binti Ali`` becomes ``S. R. B.``: at most three letters."""
    return " ".join(f"{word[0].upper()}." for word in re.findall(r"[^\W\d_]+", name)[:3])


def log_access(access: Access, edition: str, what: str, **counts: int) -> None:
    """Append who opened what, when and why; never whose data.

    Parameters
    ----------
    access
        Who, why, and the log.
    edition
        Whose names were opened.
    what
        For which list or answers, as the log's reader understands it.
    counts
        How many families, files or pairs.
    """
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "person": mask(access.person),
        "reason": mask(access.reason),
        "edition": edition,
        "what": what,
        "nik_shown": access.show_nik,
        **counts,
    }
    append_entry(access.log, entry)
