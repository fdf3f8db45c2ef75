"""P3KE and DTSEN as offices hold them."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from kaur_analysis.demo.sheets import Sheet, write_csv, write_workbook
from kaur_analysis.demo.words import DTSEN_ASSETS, P3KE, RELATION, WORK
from kaur_analysis.demo.world import World

_BANDS = (
    ("usia_dibawah_7", 0, 6),
    ("usia_7_12", 7, 12),
    ("usia_13_15", 13, 15),
    ("usia_16_18", 16, 18),
    ("usia_19_21", 19, 21),
    ("usia_22_59", 22, 59),
    ("usia_60_keatas", 60, 200),
)


def work_words(sector: pd.Series, random: Generator) -> pd.Series:
    """Occupation in P3KE's words for each sector of the model."""
    pick = random.integers(0, 60, len(sector))
    words = {name: np.array(options)[pick % len(options)] for name, options in WORK.items()}
    return pd.Series(np.select([sector == name for name in words], list(words.values()), "Lainnya"), sector.index)


def p3ke(world: World, area_names: tuple[str, str], random: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Family and person sheet of P3KE: the families listed in 2021, 31 and 37 columns."""
    province, kabupaten = area_names
    listed = world.families[world.families["listed"]].copy()
    listed["work"] = work_words(listed["head_sector"], random)
    head = world.persons[world.persons["order"] == 0].set_index("family").loc[listed["family"]]
    place = pd.DataFrame(
        {
            "id_p3ke": "P3KE" + listed["family"].map("{:07d}".format),
            "provinsi": province,
            "kabkot": kabupaten,
            "kecamatan": listed["kecamatan_name"],
            "desa": listed["desa_name"],
            "kode_kemendagri": listed["kemendagri"],
            "jenis_desil": listed["desil_2021"].astype(str),
            "alamat": listed["dusun"] + " RT " + listed["rt"].map("{:03d}".format),
        }
    )
    receipt = pd.DataFrame(
        {
            "penerima_bpnt": _yes(listed["sembako"]),
            "penerima_bpum": _yes(listed["umkm"]),
            "penerima_bst": "Tidak",
            "penerima_pkh": _yes(listed["pkh_before"]),
            "penerima_sembako": _yes(listed["sembako"]),
        },
        index=listed.index,
    )
    family = place.assign(
        kepala_keluarga=head["name"].to_numpy(),
        nik=head["nik"].to_numpy(),
        padan_dukcapil=np.where(random.random(len(listed)) < 0.94, "Ya", "Tidak"),
        jenis_kelamin=_sex(head["female"]),
        tanggal_lahir=pd.DatetimeIndex(head["birth_date"]).strftime("%d/%m/%Y"),
        pekerjaan=listed["work"],
        pendidikan=listed["head_education"].map(P3KE["head_education"]),
        rumah=listed["tenure"].map(P3KE["tenure"]),
        punya_tabungan=_yes(listed["savings"]),
        jenis_atap=listed["roof"].map(P3KE["roof"]),
        jenis_dinding=listed["wall"].map(P3KE["wall"]),
        jenis_lantai=listed["floor"].map(P3KE["floor"]),
        sumber_penerangan=listed["lighting"].map(P3KE["lighting"]),
        bahan_bakar_memasak=listed["cooking"].map(P3KE["cooking"]),
        sumber_air_minum=listed["water"].map(P3KE["water"]),
        fasilitas_bab=listed["toilet"].map(P3KE["toilet"]),
        **{name: receipt[name] for name in receipt},
        resiko_stunting=_yes((listed["children_0_6"] > 0) & (random.random(len(listed)) < 0.3)),
    )
    family.insert(0, "no", [str(number) for number in range(1, len(family) + 1)])
    members = world.persons[world.persons["family"].isin(listed["family"])]
    shared = pd.concat([place, receipt], axis=1).loc[members["family"]].reset_index(drop=True)
    age = members["age"].to_numpy()
    adult = age >= 18
    person = shared[list(place.columns)].assign(
        id_individu=[f"I{number:07d}" for number in members.index],
        nama=members["name"].to_numpy(),
        nik=members["nik"].to_numpy(),
        padan_dukcapil=np.where(random.random(len(members)) < 0.94, "Ya", "Tidak"),
        jenis_kelamin=_sex(members["female"]),
        hubungan_keluarga=members["relation"].map(RELATION).to_numpy(),
        tanggal_lahir=pd.DatetimeIndex(members["birth_date"]).strftime("%d/%m/%Y"),
        status_kawin=np.where(members["relation"].isin(["head", "spouse"]), "Kawin", "Belum Kawin"),
        pekerjaan=np.where(adult, "Lainnya", "Tidak/belum bekerja"),
        pendidikan=np.where(adult, "Tamat SMP/sederajat", "Tidak/belum sekolah"),
        **{name: np.where((age >= low) & (age <= high), "Ya", "Tidak") for name, low, high in _BANDS},
        **{name: shared[name].to_numpy() for name in receipt},
        resiko_stunting="Tidak",
        tahun_anggaran="2023",
    )
    person.insert(0, "no", [str(number) for number in range(1, len(person) + 1)])
    return family, person


def dtsen(world: World, area_names: tuple[str, str], random: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Family and person extract of DTSEN: every registered family, deciles of 2025."""
    province, kabupaten = area_names
    table = world.families[world.families["registered"]]
    head = world.persons[world.persons["order"] == 0].set_index("family").loc[table["family"]]
    volts = {"pln_up_to_900": "900 VA", "pln_above_900": "1300 VA"}
    family = pd.DataFrame(
        {
            "id_keluarga": "K" + table["family"].map("{:07d}".format),
            "no_kk": table["kk"],
            "nama_kepala_keluarga": head["name"].to_numpy(),
            "nik": head["nik"].to_numpy(),
            "alamat": table["dusun"] + " RT " + table["rt"].map("{:03d}".format),
            "provinsi": province.upper(),
            "kabupaten": kabupaten.upper(),
            "kecamatan": table["kecamatan_name"].str.upper(),
            "kelurahan": table["desa_name"].str.upper(),
            "kode_kelurahan_desa": table["kemendagri"],
            "rt": table["rt"].map("{:03d}".format),
            "desil_nasional": table["desil"].astype(str),
            "jumlah_anggota_keluarga": table["household_size"].astype(str),
            "status_kepemilikan_rumah": table["tenure"].map(P3KE["tenure"]),
            "luas_lantai": table["floor_area_m2"].astype(int).astype(str),
            "jenis_lantai_terluas": table["floor"].map(P3KE["floor"]),
            "jenis_dinding_terluas": table["wall"].map(P3KE["wall"]),
            "jenis_atap_terluas": table["roof"].map(P3KE["roof"]),
            "sumber_air_minum_utama": table["water"].map(P3KE["water"]),
            "sumber_penerangan_utama": table["lighting"].map(P3KE["lighting"]),
            "daya_terpasang": table["lighting"].map(volts).fillna(""),
            "bahan_bakar_utama_memasak": table["cooking"].map(P3KE["cooking"]),
            "fasilitas_bab": table["toilet"].map(P3KE["toilet"]),
            **{heading: _yes(table[name]) for heading, name in DTSEN_ASSETS.items()},
        }
    )
    members = world.persons[world.persons["family"].isin(table["family"])]
    own = table.set_index("family").loc[members["family"]]
    work = work_words(own["head_sector"].reset_index(drop=True), random)
    is_head = (members["order"] == 0).to_numpy()
    age = members["age"].to_numpy()
    grown = np.where(
        age < 7, "Tidak/belum sekolah", np.where(age < 19, "Tidak tamat SD/sederajat", "Tamat SMA/sederajat")
    )
    person = pd.DataFrame(
        {
            "id_keluarga": ("K" + members["family"].map("{:07d}".format)).to_numpy(),
            "no_kk": own["kk"].to_numpy(),
            "nik": members["nik"].to_numpy(),
            "nama": members["name"].to_numpy(),
            "tanggal_lahir": pd.DatetimeIndex(members["birth_date"]).strftime("%d/%m/%Y"),
            "jenis_kelamin": _sex(members["female"]),
            "hub_kepala_keluarga": members["relation"].map(RELATION).to_numpy(),
            "status_kawin": np.where(members["relation"].isin(["head", "spouse"]), "Kawin", "Belum Kawin"),
            "pendidikan": np.where(is_head, own["head_education"].map(P3KE["head_education"]), grown),
            "pekerjaan_utama": np.where(is_head, work, np.where(age >= 19, "Lainnya", "Tidak/belum bekerja")),
            "kepemilikan_usaha": np.where(is_head & (own["has_business"].to_numpy() == 1), "Ya", "Tidak"),
            "penyandang_disabilitas": _yes(members["disabled"]),
            "penyakit_kronis": "Tidak",
        }
    )
    return family, person


def write_registry(
    folder: Path,
    p3ke_tables: tuple[pd.DataFrame, pd.DataFrame],
    dtsen_tables: tuple[pd.DataFrame, pd.DataFrame],
    trailing: int,
) -> None:
    """Write both registries; ``trailing`` blank rows follow the P3KE families, as in files seen in the field."""
    family, person = p3ke_tables
    write_workbook(folder / "p3ke_keluarga.xlsx", [Sheet("keluarga", family, trailing=trailing)])
    write_workbook(folder / "p3ke_individu.xlsx", [Sheet("individu", person)])
    write_csv(folder / "dtsen_keluarga.csv", dtsen_tables[0], ";")
    write_csv(folder / "dtsen_anggota.csv", dtsen_tables[1], ";")


def _yes(flags: pd.Series) -> np.ndarray:
    return np.where(flags.astype(bool), "Ya", "Tidak")


def _sex(female: pd.Series) -> np.ndarray:
    return np.where(female, "Perempuan", "Laki-laki")
