"""The tables that Bappeda types into RKPD and RPKD, as a workbook with its Satu Data metadata. Aggregates only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from kaur_analysis.formats import long_date
from kaur_analysis.planning.workbook import Heading, Sheet, write_workbook
from kaur_analysis.reference import Area
from kaur_analysis.reference.catalogue import FUND_NAMES, STRATEGY_NAMES, Programme
from kaur_analysis.store import write_bytes

ALL_FUNDS = "Semua sumber dana"

_LINES = {
    "place": Heading("Lokasi", width=24),
    "strategy_name": Heading("Strategi", width=26),
    "agency_name": Heading("Perangkat daerah", width=30),
    "programme": Heading("Kode program", width=14),
    "programme_name": Heading("Program", width=34),
    "fund_name": Heading("Sumber dana", width=18),
    "unit": Heading("Satuan", width=10),
    "families_due_extreme": Heading("Sasaran miskin ekstrem belum terlayani (keluarga)", "number", 18),
    "units_due_extreme": Heading("Volume miskin ekstrem", "number", 14),
    "unit_cost_rp_year": Heading("Biaya satuan (Rp)", "rupiah", 16),
    "rupiah_year_extreme": Heading("Usulan anggaran (Rp)", "rupiah", 18),
    "period_name": Heading("Per tahun atau sekali", width=12),
    "listed_name": Heading("Daftar penerima", width=18),
    "families_due": Heading("Semua yang berhak dan belum terlayani (keluarga)", "number", 18),
    "rupiah_year": Heading("Kebutuhan semua yang berhak (Rp)", "rupiah", 18),
    "funds_name": Heading("Pembagian dana", width=16),
    "basis_name": Heading("Dasar besaran", width=24),
}
_ZERO = {
    "what": Heading("Ukuran", width=44),
    "detail": Heading("Rincian", width=18),
    "place": Heading("Lokasi", width=24),
    "programme": Heading("Kode program", width=14),
    "agency_name": Heading("Perangkat daerah", width=30),
    "fund_name": Heading("Sumber dana", width=18),
    "year": Heading("Tahun", width=8),
    "rupiah_year": Heading("Rupiah per tahun", "rupiah", 20),
    "families": Heading("Keluarga", "number", 12),
    "low": Heading("Batas bawah 95%", "rupiah", 20),
    "high": Heading("Batas atas 95%", "rupiah", 20),
}
MEASURES = {
    "lower_bound": "Batas bawah: jumlah kekurangan pengeluaran",
    "programme_mix": "Paket program bagi yang miskin ekstrem",
    "uncovered": "Kekurangan yang tidak tertutup program",
    "lifted": "Keluarga yang keluar dari miskin ekstrem dengan paket itu",
    "perfect_targeting": "Paket program bila sasaran diketahui pasti",
    "imperfect_targeting": "Paket program bila sasaran hanya diperkirakan",
    "by_year": "Paket program per tahun menuju target",
    "sensitivity": "Batas bawah dengan garis atau model lain",
}
_BASIS = {"ketentuan": "ketentuan", "nilai_kerja": "nilai kerja, ganti dengan nilai dinas"}
_METADATA = {
    "indicator": Heading("Data", width=36),
    "concept": Heading("Konsep dan definisi", width=70),
    "unit": Heading("Satuan", width=18),
    "period": Heading("Periode", width=16),
    "source": Heading("Sumber", width=50),
    "producer": Heading("Produsen data", width=30),
    "updated": Heading("Tanggal", width=18),
}


@dataclass(frozen=True)
class Provenance:
    """What the metadata sheet says about the whole workbook (Perpres 39/2019).

    Attributes
    ----------
    edition, reference_date, period
        Name of the edition, day of the data and the time that they speak of.
    source, producer
        Where the numbers come from and who made them.
    lines
        The poverty lines, in words.
    synthetic
        Whether the data are invented.
    """

    edition: str
    reference_date: date
    period: str
    source: str
    producer: str
    lines: str
    synthetic: bool = False


def write_budget_workbook(
    path: Path,
    budget: pd.DataFrame,
    zero_cost: pd.DataFrame,
    programmes: list[Programme],
    area: Area,
    provenance: Provenance,
    listed: Collection[str],
    minimum: int,
) -> Path:
    """Write budget lines, the cost of zero extreme poverty, the programmes and their metadata.

    Parameters
    ----------
    path
        The workbook.
    budget
        Contract ``BUDGET``; only kabupaten and kecamatan are written.
    zero_cost
        From :func:`~kaur_analysis.planning.money.zero_cost`.
    programmes, area
        For names, units and where amounts come from.
    provenance
        For the metadata sheet.
    listed
        Programmes whose lists of recipients are held; of the others every entitled family counts as due.
    minimum
        Lines of fewer families are left empty, as on pages.

    Returns
    -------
    The workbook.
    """
    marks = ["DATA SINTETIS: bukan angka Kabupaten sungguhan."] if provenance.synthetic else []
    heading = [f"{area.full_name}, edisi {provenance.edition}", f"Sumber: {provenance.source}", *marks]
    lines = _budget_lines(budget, programmes, area, listed, minimum)
    sheets = [
        Sheet("Kabupaten", ["Usulan anggaran per program", *heading], _LINES, lines[lines["area"].str.len() == 4]),
        Sheet("Kecamatan", ["Usulan per program dan kecamatan", *heading], _LINES, lines[lines["area"].str.len() == 7]),
        Sheet("Biaya nol persen", ["Biaya menuju nol persen", *heading], _ZERO, _zero_lines(zero_cost, area)),
        Sheet("Program", ["Program dan dasar besarannya", *heading], _PROGRAMMES, _programme_lines(programmes, area)),
        Sheet("Metadata", ["Metadata Satu Data Indonesia", *heading], _METADATA, _metadata(provenance)),
    ]
    return write_bytes(path, write_workbook(sheets))


_PLACED = {
    "kecamatan_name": Heading("Kecamatan", width=22),
    "desa_name": Heading("Desa/kelurahan", width=26),
    "programme_name": Heading("Program", width=34),
}
_MISSED = {
    "total": Heading("Miskin ekstrem terlewat (keluarga)", "number", 18),
    "unlisted": Heading("Belum terdaftar", "number", 14),
    "ranked_out": Heading("Terdaftar, peringkat di luar syarat program", "number", 18),
    "unserved": Heading("Memenuhi syarat, belum dilayani", "number", 18),
}
_INCLUDED = {
    "total": Heading("Penerima bukan miskin ekstrem (keluarga)", "number", 18),
    "ranked_in": Heading("Peringkat memasukkannya", "number", 18),
    "ineligible": Heading("Dilayani di luar syarat program", "number", 18),
    "unlisted": Heading("Di luar daftar keluarga sasaran", "number", 18),
}


def write_reasons_workbook(
    path: Path, missed: pd.DataFrame, included: pd.DataFrame, minimum: int, area: Area, provenance: Provenance
) -> Path:
    """Write why families of each desa were missed or included, one sheet per side.

    Parameters
    ----------
    path
        The workbook.
    missed, included
        ``desa, programme_name, order`` (of the programme), ``total`` and a column per reason: protected counts, missing
        where not told.
    minimum
        Smallest count that is told.
    area, provenance
        For names and the lines above the tables.

    Returns
    -------
    The workbook.
    """
    names = area.desa.merge(
        area.kecamatan[["kecamatan", "name"]], on="kecamatan", suffixes=("_desa", "_kecamatan")
    ).rename(columns={"name_desa": "desa_name", "name_kecamatan": "kecamatan_name"})
    heading = [
        f"{area.full_name}, edisi {provenance.edition}. Untuk di dalam kantor: jangan diterbitkan.",
        f"Perkiraan keluarga. Kosong: kurang dari {minimum} keluarga, dapat dihitung dari yang lain, atau "
        "galatnya terlalu besar.",
        *(["DATA SINTETIS: bukan angka Kabupaten sungguhan."] if provenance.synthetic else []),
    ]
    sheets = [
        Sheet(name, [title, *heading], _PLACED | columns, rows.merge(names, on="desa").sort_values(["desa", "order"]))
        for name, title, columns, rows in (
            ("Terlewat", "Mengapa keluarga miskin ekstrem terlewat, menurut desa", _MISSED, missed),
            ("Bukan miskin ekstrem", "Mengapa yang bukan miskin ekstrem menerima, menurut desa", _INCLUDED, included),
        )
    ]
    return write_bytes(path, write_workbook(sheets))


_PROGRAMMES = {
    "code": Heading("Kode program", width=14),
    "name": Heading("Program", width=34),
    "agency_name": Heading("Perangkat daerah", width=30),
    "strategy_name": Heading("Strategi", width=26),
    "unit": Heading("Satuan", width=10),
    "rupiah": Heading("Besaran (Rp/satuan)", "rupiah", 18),
    "period_name": Heading("Per tahun atau sekali", width=12),
    "rules": Heading("Aturan kelayakan", width=60),
    "basis_name": Heading("Dasar besaran", width=24),
    "year": Heading("Tahun", width=8),
    "source": Heading("Sumber", width=60),
    "doubt": Heading("Keraguan", width=60),
}


def _place_names(area: Area) -> dict[str, str]:
    names = dict(zip(area.kecamatan["kecamatan"], area.kecamatan["name"], strict=True))
    return {area.code: area.full_name, **{str(code): f"Kecamatan {name}" for code, name in names.items()}}


def _agency_names(area: Area) -> dict[str, str]:
    return {code: agency.name for code, agency in area.agencies.items()}


def _per(programme: Programme) -> str:
    return "sekali" if programme.period == "sekali" else "per tahun"


def _budget_lines(
    budget: pd.DataFrame, programmes: list[Programme], area: Area, listed: Collection[str], minimum: int
) -> pd.DataFrame:
    by_code = {programme.code: programme for programme in programmes}
    rows = budget[budget["area"].str.len() <= 7].copy()
    together = rows[rows["fund"] == ""].set_index(["area", "programme"])
    key = pd.MultiIndex.from_frame(rows[["area", "programme"]])
    for families, columns in (
        ("families_due_extreme", ["families_due_extreme", "units_due_extreme", "rupiah_year_extreme"]),
        ("families_due", ["families_due", "rupiah_year"]),
    ):
        whole = together[families].reindex(key).to_numpy()
        rows.loc[(whole > 0) & (whole < minimum), columns] = float("nan")
    rows["place"] = rows["area"].map(_place_names(area))
    rows["strategy_name"] = rows["strategy"].map(STRATEGY_NAMES)
    rows["agency_name"] = rows["agency"].map(_agency_names(area)).fillna(rows["agency"])
    rows["programme_name"] = rows["programme"].map({code: programme.name for code, programme in by_code.items()})
    rows["fund_name"] = rows["fund"].map({"": ALL_FUNDS, **FUND_NAMES})
    rows["unit"] = rows["programme"].map({code: programme.unit for code, programme in by_code.items()})
    rows["period_name"] = rows["programme"].map({code: _per(programme) for code, programme in by_code.items()})
    rows["listed_name"] = rows["programme"].map(
        {code: "dipegang" if code in listed else "tidak dipegang: angka paling banyak" for code in by_code}
    )
    # The catalogue states funds without a source for their shares: with one fund there is nothing to assume.
    rows["funds_name"] = rows["programme"].map(
        {code: "anggapan" if len(programme.funds) > 1 else "" for code, programme in by_code.items()}
    )
    rows["basis_name"] = rows["programme"].map({code: _BASIS[programme.basis] for code, programme in by_code.items()})
    return rows.sort_values(["area", "strategy", "agency", "programme", "fund"], kind="stable")


def _zero_lines(zero_cost: pd.DataFrame, area: Area) -> pd.DataFrame:
    return zero_cost.assign(
        what=zero_cost["measure"].map(MEASURES),
        place=zero_cost["area"].map(_place_names(area)),
        agency_name=zero_cost["agency"].map(_agency_names(area)).fillna(zero_cost["agency"]),
        fund_name=zero_cost["fund"].map({"": ALL_FUNDS, **FUND_NAMES}),
    )


def _programme_lines(programmes: list[Programme], area: Area) -> pd.DataFrame:
    names = _agency_names(area)
    return pd.DataFrame(
        [
            {
                "code": programme.code,
                "name": programme.name,
                "agency_name": names.get(programme.agency, programme.agency),
                "strategy_name": STRATEGY_NAMES[programme.strategy],
                "unit": programme.unit,
                "rupiah": programme.rupiah_unit_year,
                "period_name": _per(programme),
                "rules": programme.rules_in_words,
                "basis_name": _BASIS[programme.basis],
                "year": programme.year,
                "source": programme.source,
                "doubt": programme.doubt,
            }
            for programme in programmes
        ]
    )


def _metadata(provenance: Provenance) -> pd.DataFrame:
    entries = [
        (
            "Sasaran miskin ekstrem belum terlayani",
            "Jumlah harapan keluarga miskin ekstrem yang memenuhi aturan program dan belum ada di daftar penerimanya: "
            "jumlah peluang miskin ekstrem keluarga dikali bagian hak yang belum diterima.",
            "keluarga",
        ),
        (
            "Usulan anggaran",
            "Hak keluarga tersebut menurut besaran program: setahun, atau sekali seumur bantuan; keduanya tidak "
            "dijumlahkan. Baris per sumber dana adalah bagiannya. Program tanpa daftar penerima: semua yang berhak.",
            "rupiah",
        ),
        (
            "Semua yang berhak dan belum terlayani",
            "Jumlah harapan keluarga yang memenuhi aturan program dan belum ada di daftar penerimanya, miskin ekstrem "
            "atau tidak.",
            "keluarga",
        ),
        (
            "Batas bawah biaya nol persen",
            "Jumlah kekurangan pengeluaran keluarga terhadap garis miskin ekstrem, dikali anggota keluarga dan 12 "
            f"bulan. {provenance.lines}",
            "rupiah per tahun",
        ),
        (
            "Paket program",
            "Program yang menjadi hak keluarga, menurut urutan studi, sampai kekurangannya tertutup; satuan program "
            "tidak dapat dibagi. Dihitung seolah-olah diketahui pasti siapa yang miskin ekstrem.",
            "rupiah per tahun",
        ),
    ]
    return pd.DataFrame(entries, columns=["indicator", "concept", "unit"]).assign(
        period=provenance.period,
        source=provenance.source,
        producer=provenance.producer,
        updated=long_date(provenance.reference_date),
    )
