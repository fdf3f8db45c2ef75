"""Little files and studies for tests of intake, cleaning and linkage; identifiers have the impossible province 99."""

from datetime import date
from pathlib import Path

import pandas as pd
import xlsxwriter

from kaur_analysis.reference.catalogue import load_catalogue
from kaur_analysis.study import Line, Registry, Source, Study

REFERENCE_DAY = date(2025, 3, 31)
PROGRAMMES = ("pkh", "sembako", "pbi_jk", "blt_dd", "rtlh_bsps")


def nik(birth: date = date(1980, 5, 12), female: bool = False, serial: int = 1, region: str = "990407") -> str:
    """A synthetic NIK with a birth date, sex and serial number."""
    return f"{region}{birth.day + 40 * female:02d}{birth:%m%y}{serial:04d}"


def card(serial: int = 1) -> str:
    """A synthetic family card number."""
    return f"990407010120{serial:04d}"


def workbook(
    path: Path, rows: list[list[object]], sheet: str = "Sheet1", more: dict[str, list[list[object]]] | None = None
) -> Path:
    """An XLSX file with text cells as text and numbers as numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, own in {sheet: rows, **(more or {})}.items():
            page = book.add_worksheet(name)
            for line, row in enumerate(own):
                for column, cell in enumerate(row):
                    if isinstance(cell, str) and cell:
                        page.write_string(line, column, cell)
                    elif cell not in ("", None):
                        page.write(line, column, cell)
    return path


def study(folder: Path, *sources: Source, registry: Registry | None = None, synthetic: bool = True) -> Study:
    """A study of Kaur in a folder, with whatever lines the schema asks for."""
    catalogue = load_catalogue()
    line = {"month": "2025-03", "area": "1704", "source": "uji", "accessed": REFERENCE_DAY}
    return Study(
        edition="uji",
        reference_date=REFERENCE_DAY,
        synthetic=synthetic,
        sources=sources,
        registry=registry,
        lines=(Line(kind="poverty", rupiah=500_000, **line), Line(kind="extreme", rupiah=350_000, **line)),
        programmes=tuple(catalogue[code] for code in PROGRAMMES),
        folder=folder,
    )


def recipients(
    name: str = "daftar", path: str = "daftar.xlsx", programme: str = "pkh", period: str = "2024", **more: object
) -> Source:
    """A recipient source."""
    return Source(name=name, kind="recipients", path=path, programme=programme, period=period, **more)


def dtsen(
    folder: Path, families: list[dict[str, str]], persons: list[dict[str, str]], stem: str = "dtsen"
) -> tuple[Source, Source]:
    """DTSEN family and person files (CSV, semicolon), with usual values where a row says nothing."""
    usual_family = {
        "id_keluarga": "K1", "no_kk": card(), "nama_kepala_keluarga": "Zorabruk Vekador", "nik": nik(),
        "alamat": "Dusun I", "kabupaten": "KAUR", "kecamatan": "NASAL", "kelurahan": "MERPAS", "desil_nasional": "1",
    }  # fmt: skip
    usual_person = {
        "id_keluarga": "K1", "no_kk": card(), "nik": nik(), "nama": "Zorabruk Vekador", "tanggal_lahir": "12/05/1980",
        "jenis_kelamin": "Laki-laki", "hub_kepala_keluarga": "Kepala Keluarga",
    }  # fmt: skip
    for kind, rows, usual in (("keluarga", families, usual_family), ("anggota", persons, usual_person)):
        table = pd.DataFrame(
            [usual | row for row in rows], columns=list(dict.fromkeys([*usual, *(k for r in rows for k in r)]))
        )
        table.fillna("").to_csv(folder / f"{stem}_{kind}.csv", sep=";", index=False)
    return (
        Source(name=f"{stem}_keluarga", kind="dtsen_family", path=f"{stem}_keluarga.csv", as_of=date(2025, 3, 31)),
        Source(name=f"{stem}_anggota", kind="dtsen_person", path=f"{stem}_anggota.csv", as_of=date(2025, 3, 31)),
    )
