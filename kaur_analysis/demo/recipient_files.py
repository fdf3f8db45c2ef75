"""Recipient lists in the layouts that offices use: exports, workbooks with a sheet per desa, grant lists."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from kaur_analysis.demo.sheets import Sheet, write_csv, write_workbook
from kaur_analysis.demo.world import World

LAST_PAYMENT_DUE = pd.Timestamp("2024-10-01")  # of the last quarter

Tables = dict[str, pd.DataFrame]


def recipient_tables(world: World, area_names: tuple[str, str], random: Generator) -> Tables:
    """One table per list, in the layout of its file; ``_family`` and ``_kecamatan`` are taken out when written."""
    table = world.families.set_index("family")
    members = world.persons
    heads = members[members["order"] == 0].set_index("family")
    mothers = (
        members[members["order"] <= 1].sort_values(["family", "female"]).groupby("family").tail(1).set_index("family")
    )

    def chosen(column: str) -> pd.DataFrame:
        return table[table[column] == 1]

    lists: Tables = {
        "pkh_2024": _siks(chosen("pkh"), mothers, "PKH", "2024", area_names),
        "pkh_2023": _siks(chosen("pkh_before"), mothers, "PKH", "2023", area_names),
        "sembako_2024": _siks(chosen("sembako"), mothers, "SEMBAKO", "2024", area_names),
        "pbi_jk_2024": _pbi(chosen("pbi_jk"), members),
        "blt_dd_2024": _village_cash(chosen("blt_dd"), heads, random),
        "rtlh_2024": _houses(chosen("rtlh_bsps"), heads, area_names),
        "umkm_2024": _business(chosen("umkm"), heads, random),
        "baznas_2024": _zakat(chosen("baznas"), heads, random),
        "csr_2024": _grants(chosen("csr"), heads, random),
    }
    return lists


def write_recipients(folder: Path, lists: Tables, area_name: str) -> None:
    """Write every list in its own kind of file, headed by the area's name where its layout has a heading."""
    for name in ("pkh_2024", "pkh_2023", "sembako_2024"):
        write_workbook(folder / f"{name}.xlsx", [Sheet("Export", _outer(lists[name]))])
    write_csv(folder / "pbi_jk_2024.csv", _outer(lists["pbi_jk_2024"]), ",", "utf-8-sig")
    for kecamatan, rows in lists["blt_dd_2024"].groupby("_kecamatan"):
        sheets = [
            Sheet(
                str(desa),
                _outer(own).drop(columns="desa").assign(no=range(1, len(own) + 1)),
                titles=(
                    "DAFTAR KELUARGA PENERIMA MANFAAT BLT DANA DESA TAHUN 2024 (DATA SINTETIS)",
                    f"DESA {str(desa).upper()} KECAMATAN {str(kecamatan).upper()} {area_name.upper()}",
                ),
                foot=(f"Jumlah penerima: {len(own)}",),
            )
            for desa, own in rows.groupby("desa")
        ]
        write_workbook(folder / "blt_dd_2024" / f"BLT DD 2024 {kecamatan}.xlsx", sheets)
    write_workbook(folder / "rtlh_2024.xlsx", [Sheet("RTLH", _outer(lists["rtlh_2024"]))])
    titles = ("DATA PENERIMA BANTUAN USAHA MIKRO TAHUN 2024 (DATA SINTETIS)", "")
    write_workbook(folder / "umkm_2024.xlsx", [Sheet("UMKM", _outer(lists["umkm_2024"]), titles=titles[:1])])
    write_workbook(
        folder / "baznas_2024.xlsx",
        [
            Sheet(
                "Penyaluran",
                _outer(lists["baznas_2024"]),
                titles=("LAPORAN PENYALURAN ZAKAT BAZNAS 2024 (DATA SINTETIS)",),
            )
        ],
    )
    write_csv(folder / "csr_2024.csv", _outer(lists["csr_2024"]), ";")


def _outer(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=[name for name in rows.columns if name.startswith("_")])


def _address(rows: pd.DataFrame) -> pd.Series:
    return rows["dusun"] + " RT " + rows["rt"].map("{:03d}".format).astype("str")  # of no rows, numbers would stay


def _siks(
    rows: pd.DataFrame, person: pd.DataFrame, programme: str, year: str, area_names: tuple[str, str]
) -> pd.DataFrame:
    province, kabupaten = area_names
    own = person.loc[rows.index]
    return pd.DataFrame(
        {
            "_family": rows.index,
            "provinsi": province.upper(),
            "kabupaten": kabupaten.upper(),
            "kecamatan": rows["kecamatan_name"].str.upper().to_numpy(),
            "desa_kelurahan": rows["desa_name"].str.upper().to_numpy(),
            "rt": rows["rt"].map("{:03d}".format).to_numpy(),
            "Alamat": _address(rows).to_numpy(),
            "NIK": own["nik"].to_numpy(),
            "NOKK": rows["kk"].to_numpy(),
            "Nama": own["name"].str.upper().to_numpy(),
            "tanggal_lahir": pd.DatetimeIndex(own["birth_date"]).strftime("%d/%m/%Y"),
            "jenis_kelamin": np.where(own["female"], "P", "L"),
            programme: "YA",
            f"periode_{programme.lower()}": f"JAN-DES {year}",
        }
    )


def _pbi(rows: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    own = members[members["family"].isin(rows.index)]
    place = rows.loc[own["family"]]
    return pd.DataFrame(
        {
            "_family": own["family"].to_numpy(),
            "no": range(1, len(own) + 1),
            "nama": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "no_kk": place["kk"].to_numpy(),
            "tanggal_lahir": pd.DatetimeIndex(own["birth_date"]).strftime("%d/%m/%Y"),
            "jenis_kelamin": np.where(own["female"], "P", "L"),
            "kecamatan": place["kecamatan_name"].to_numpy(),
            "desa": place["desa_name"].to_numpy(),
            "status": "AKTIF",
        }
    )


def _village_cash(rows: pd.DataFrame, heads: pd.DataFrame, random: Generator) -> pd.DataFrame:
    own = heads.loc[rows.index]
    reasons = np.array(
        ["Kehilangan mata pencaharian", "Lansia tunggal", "Penyakit menahun", "Miskin ekstrem", "Disabilitas"]
    )
    return pd.DataFrame(
        {
            "_family": rows.index,
            "_kecamatan": rows["kecamatan_name"].to_numpy(),
            "desa": rows["desa_name"].to_numpy(),
            "no": 0,
            "nama": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "alamat": _address(rows).to_numpy(),
            "dusun": rows["dusun"].to_numpy(),
            "kriteria": random.choice(reasons, len(rows)),
            "no. rekening": "",
            "bulan": 12,
            "jumlah": 3_600_000,
            "jadwal_salur": LAST_PAYMENT_DUE.strftime("%d/%m/%Y"),
            "tanggal_cair": (LAST_PAYMENT_DUE + _delay(rows["desa"])).dt.strftime("%d/%m/%Y").to_numpy(),
        }
    )


def _delay(desa: pd.Series) -> pd.Series:
    """Days after its date that a desa pays: two of three within a month, all families of the desa on one day."""
    number = desa.astype(int)
    return pd.to_timedelta((number * 37) % 30 + (number % 3 == 0) * (number * 11 % 90), unit="D")


def _houses(rows: pd.DataFrame, heads: pd.DataFrame, area_names: tuple[str, str]) -> pd.DataFrame:
    province, kabupaten = area_names
    own = heads.loc[rows.index]
    return pd.DataFrame(
        {
            "_family": rows.index,
            "nama": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "alamat": _address(rows).to_numpy(),
            "provinsi": province,
            "kabkot": kabupaten,
            "kecamatan": rows["kecamatan_name"].to_numpy(),
            "desa": rows["desa_name"].to_numpy(),
            "rw": "001",
            "rt": rows["rt"].map("{:03d}".format).to_numpy(),
            "nilai_bantuan": 20_000_000,
            "lpj": "Sudah",
            "tgl_lpj": "15/12/2024",
            "sumber_dana": "DAK",
            "tahun_anggaran": "2024",
        }
    )


def _business(rows: pd.DataFrame, heads: pd.DataFrame, random: Generator) -> pd.DataFrame:
    own = heads.loc[rows.index]
    trades = np.array(["Warung", "Gorengan", "Kerupuk ikan", "Bengkel", "Kopi bubuk", "Jahit"])
    return pd.DataFrame(
        {
            "_family": rows.index,
            "no": range(1, len(rows) + 1),
            "nama": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "jenis_usaha": random.choice(trades, len(rows)),
            "alamat": _address(rows).to_numpy(),
            "desa": rows["desa_name"].to_numpy(),
            "kecamatan": rows["kecamatan_name"].to_numpy(),
            "nilai_bantuan": 2_400_000,
        }
    )


def _zakat(rows: pd.DataFrame, heads: pd.DataFrame, random: Generator) -> pd.DataFrame:
    own = heads.loc[rows.index]
    return pd.DataFrame(
        {
            "_family": rows.index,
            "no": range(1, len(rows) + 1),
            "nama": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "asnaf": random.choice(np.array(["Fakir", "Miskin"]), len(rows)),
            "alamat": _address(rows).to_numpy(),
            "desa": rows["desa_name"].to_numpy(),
            "kecamatan": rows["kecamatan_name"].to_numpy(),
            "jumlah": random.choice(np.array([500_000, 1_000_000, 1_500_000]), len(rows)),
        }
    )


def _grants(rows: pd.DataFrame, heads: pd.DataFrame, random: Generator) -> pd.DataFrame:
    own = heads.loc[rows.index]
    return pd.DataFrame(
        {
            "_family": rows.index,
            "kode": [f"CSR-{number:04d}" for number in range(1, len(rows) + 1)],
            "penerima": own["name"].to_numpy(),
            "nik": own["nik"].to_numpy(),
            "desa": rows["desa_name"].to_numpy(),
            "kecamatan": rows["kecamatan_name"].to_numpy(),
            "anggaran": random.choice(np.array([750_000, 1_500_000]), len(rows)),
            "status_realisasi": "Realisasi",
            "peruntukan": "Paket sembako",
            "jenis_data": "Induk",
            "tahun_anggaran": "2024",
        }
    )
