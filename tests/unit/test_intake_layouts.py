"""A small list in every layout of the field goes in as it is: no heading unknown, no code unknown, nothing set aside.

Headings are those that public sources show of each system, not those of our codebooks.
"""

from datetime import date

import pandas as pd
import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.intake import demo_keys, read_study
from kaur_analysis.study import Registry, Source
from tests.intake_files import card, nik, recipients, study

PLACE = {"provinsi": "BENGKULU", "kabkot": "KAUR", "kecamatan": "NASAL", "desa": "MERPAS"}
NAME = "Zorabruk Vekador"
AGES = ["usia_dibawah_7", "usia_7_12", "usia_13_15", "usia_16_18", "usia_19_21", "usia_22_59", "usia_60_keatas"]

P3KE_HEAD = {
    "no": "1", "id_p3ke": "17040001", **PLACE, "kode_kemendagri": "17.04.07.2001", "jenis_desil": "1",
    "alamat": "Dusun I", "kepala_keluarga": NAME, "nik": nik(), "padan_dukcapil": "Ya",
    "jenis_kelamin": "Laki-laki", "tanggal_lahir": "12/05/1980", "pekerjaan": "Petani",
    "pendidikan": "Tamat SD/sederajat", "rumah": "Milik Sendiri", "punya_tabungan": "Tidak",
    "jenis_atap": "Asbes/Seng", "jenis_dinding": "Kayu/Papan", "jenis_lantai": "Semen",
    "sumber_penerangan": "Listrik Pribadi s/d 900 Watt", "bahan_bakar_memasak": "Arang/Kayu",
    "sumber_air_minum": "Sumur Terlindung", "fasilitas_bab": "Ya, dengan Septic Tank", "penerima_bnpt": "Ya",
    "penerima_bpum": "Tidak", "penerima_bst": "Tidak", "penerima_pkh": "Ya", "penerima_sembako": "Ya",
    "resiko_stunting": "Tidak",
}  # fmt: skip
P3KE_MEMBER = {
    "id_p3ke": "17040001", **PLACE, "kode_kemendagri": "17.04.07.2001", "jenis_desil": "1", "alamat": "Dusun I",
    "id_individu": "1", "nama": NAME, "nik": nik(), "padan_dukcapil": "Ya", "jenis_kelamin": "Laki-laki",
    "hubungan_keluarga": "Kepala Keluarga", "tanggal_lahir": "12/05/1980", "status_kawin": "Kawin",
    "pekerjaan": "Nelayan", "pendidikan": "Tidak tamat SD/sederajat", **dict.fromkeys(AGES, "Tidak"),
    "penerima_bpnt": "Ya", "resiko_stunting": "Tidak", "tahun_anggaran": "2023",
}  # fmt: skip
P3KE_SHOWN = {
    "ID Keluarga": "17040001", "Kecamatan": "NASAL", "Desa": "MERPAS", "Desil Kesejahteraan": "1",
    "Alamat": "Dusun I", "ID Individu": "1", "Nama": NAME, "NIK": nik(), "Padan DUKCAPIL": "Ya",
    "Jenis Kelamin": "Laki-laki", "Hub. dgn. Kpl Keluarga": "Kepala Keluarga", "Tanggal Lahir": "12/05/1980",
    "Status Kawin": "Kawin", "Pekerjaan": "Petani", "Pendidikan": "Tamat SMP/sederajat", "Usia < 7 Tahun": "Tidak",
    "Penerima BPNT": "Ya", "Penerima BPUM": "Tidak", "Penerima BST": "Tidak", "Penerima PKH": "Ya",
    "Penerima SEMBAKO": "Ya", "Resiko Stunting": "Tidak", "Pensasaran": "Ya",
}  # fmt: skip
DTSEN_FAMILY = {
    "id_keluarga": "K1", "no_kk": card(), "nama_kepala_keluarga": NAME, "nik": nik(), "alamat": "Dusun I",
    "provinsi": "BENGKULU", "kabupaten": "KAUR", "kecamatan": "NASAL", "kelurahan": "MERPAS", "rt": "1", "rw": "1",
    "id_wilayah": "17.04.07.2001", "desil_nasional": "1", "percentile_nasional": "4", "peringkat_nasional": "9",
    "peringkat_provinsi": "9", "peringkat_kab_kota": "9",
}  # fmt: skip
DTSEN_MEMBER = {
    "id_keluarga": "K1", "no_kk": card(), "nik": nik(), "nama": NAME, "hub_kepala_keluarga": "Kepala Keluarga",
    "pekerjaan_utama": "Petani", "idsemesta": "7",
}  # fmt: skip
OFFICIAL_FAMILY = {
    "kode_provinsi": "17", "kode_kabupaten_kota": "04", "kode_kecamatan": "07",
    "kode_kelurahan_desa": "1704072001", "alamat": "Dusun I", "lokasi": "", "nomor_kartu_keluarga": card(),
    "nama_kepala_keluarga": NAME, "keluarga_dalam_rumah": "1", "desil_nasional": "1", "luas_lantai": "36",
    "jumlah_anggota_keluarga": "4", "pbi_nas": "YA", "pbi_pemda": "",
}  # fmt: skip
OFFICIAL_MEMBER = {
    "nomor_induk_kependudukan": nik(), "nama": NAME, "nomor_kartu_keluarga": card(), "tanggal_lahir": "12/05/1980",
    "jenis_kelamin": "Laki-laki", "alamat": "Dusun I", "status_hubungan_keluarga": "Kepala Keluarga",
    "status_kawin": "Kawin", "pendidikan": "Tamat SD/sederajat", "pekerjaan": "Petani", "kepemilikan_usaha": "Tidak",
    "penyandang_disabilitas": "Tidak", "penyakit_kronis": "Tidak",
}  # fmt: skip
DTKS = {
    "provinsi": "BENGKULU", "kabupaten": "KAUR", "kecamatan": "NASAL", "desa_kelurahan": "MERPAS",
    "prop_capil": "17", "kab_capil": "04", "rt": "1", "rw": "1", "id_kec": "1", "id_desa": "17.04.07.2001",
    "Alamat": "Dusun I", "NIK": nik(), "NOKK": card(), "Nama": NAME, "idsemesta": "7", "FIRST_SK": "1", "PKH": "YA",
    "BPNT": "YA", "BST": "", "PBI": "YA", "BLT": "", "BLT_BBM": "", "BNPT_PPKM": "", "SEMBAKO_ADAPTIF": "",
    "RUTILAHU": "", "ATENSI": "", "PENA": "", "PERMAKANAN": "", "YAPI": "", "periode_pkh": "JAN-MAR 2024",
    "periode_bpnt": "JAN 2024", "periode_pbi": "", "periode_bst": "", "keterangan_disabilitas": "",
    "keterangan_meninggal": "", "masih_hidup_label": "", "is_nonaktif": "0", "padankan_at": "2024-01-01",
}  # fmt: skip
BDT = {
    "IDBDT": "B1", "RUTA6": "R1", "NoPesertaPBDT": "N1", "KDPROP": "17", "KDKAB": "04", "KDKEC": "010",
    "KDDESA": "1704010001", "Alamat": "Dusun I", "NoPesertaPKH": "", "NoPesertaKKS2016": "", "NoPesertaPBI": "",
    "PesertaKIP": "2", "Nama_SLS": "SLS", "Nama_KRT": NAME, "Jumlah_ART": "4", "Jumlah_Keluarga": "1",
    "Sta_bangunan": "1", "Sta_lahan": "1", "Luas_lantai": "36", "Lantai": "1", "Dinding": "1",
    "Kondisi_dinding": "1", "Atap": "1", "Kondisi_atap": "1", "Jumlah_kamar": "2", "Sumber_airminum": "1",
    "cara_peroleh_airminum": "1", "Sumber_penerangan": "1", "Daya": "1", "bb_masak": "1", "Fasbab": "1",
    "Kloset": "1", "Buang_tinja": "1", "Ada_tabung_gas": "1", "Ada_motor": "1", "Ada_mobil": "4",
    "Ada_perahu": "2", "Aset_tak_bergerak": "1", "Luas_atb": "0", "Rumah_lain": "2", "Jumlah_sapi": "0",
    "Jumlah_kambing": "0", "Sta_art_usaha": "2", "Sta_kks": "4", "Sta_kip": "4", "Sta_kis": "3", "Sta_pkh": "3",
    "Sta_rastra": "3", "Sta_kur": "4", "Sta_keberadaan_RT": "1", "Percentile": "8",
}  # fmt: skip
PERSON = {"nama": NAME, "nik": nik(), "alamat": "Dusun I"}
RTLH = {
    **PERSON, **PLACE, "rw": "1", "rt": "1", "nilai_bantuan": "10000000", "lpj": "Ada", "tgl_lpj": "12/12/2024",
    "sumber_dana": "DAK", "tahun_anggaran": "2024",
}  # fmt: skip
GRANT = {
    "kode": "1", "penerima": NAME, "nik": nik(), "kecamatan": "NASAL", "desa": "MERPAS", "anggaran": "5000000",
    "status_realisasi": "Realisasi", "no_sp2d": "7", "tgl_sp2d": "12/12/2024", "peruntukan": "Usaha",
    "jenis_data": "Induk", "tahun_anggaran": "2024",
}  # fmt: skip
BLT_DD = {
    "No": "1", "Nama": NAME, "NIK": nik(), "Alamat": "Dusun I", "Dusun": "I", "Kriteria": "Miskin ekstrem",
    "Kecamatan": "NASAL", "Desa": "MERPAS", "No. Rekening": "7", "Jumlah Bulan": "12", "Jumlah (Rp)": "3600000",
}  # fmt: skip
BAZNAS = {
    "No": "1", "Nama Mustahik": NAME, "NIK": nik(), "Asnaf": "Fakir", "Alamat": "Dusun I", "Desa": "MERPAS",
    "Kecamatan": "NASAL", "Jenis Bantuan": "Konsumtif", "Jumlah Bantuan": "500000",
}  # fmt: skip
UMKM = {
    "No": "1", "Nama Pemilik": NAME, "NIK": nik(), "Nama Usaha": "Warung", "Jenis Usaha": "Dagang",
    "Alamat Usaha": "Dusun I", "Desa": "MERPAS", "Kecamatan": "NASAL", "Nilai Bantuan": "2400000",
}  # fmt: skip
REGISTRIES = [
    ("p3ke_family", P3KE_HEAD), ("p3ke_person", P3KE_MEMBER), ("p3ke_person", P3KE_SHOWN),
    ("dtsen_family", DTSEN_FAMILY), ("dtsen_person", DTSEN_MEMBER), ("dtsen_family", OFFICIAL_FAMILY),
    ("dtsen_person", OFFICIAL_MEMBER), ("dtks_person", DTKS), ("bdt_household", BDT),
]  # fmt: skip
LISTS = [("rtlh", RTLH, 10e6), ("hibah", GRANT, 5e6), ("blt_dd", BLT_DD, 3.6e6), ("baznas", BAZNAS, 5e5),
         ("umkm", UMKM, 2.4e6)]  # fmt: skip
named = pytest.mark.parametrize(("kind", "row"), REGISTRIES, ids=lambda value: value if isinstance(value, str) else "")
listed = pytest.mark.parametrize(
    ("name", "row", "rupiah"), LISTS, ids=lambda value: value if isinstance(value, str) else ""
)


def read(folder, source, row):
    pd.DataFrame([row]).to_csv(folder / source.path, sep=";", index=False)
    return read_study(study(folder, source), demo_keys(), strict=False)


def registry(folder, kind, row):
    return read(folder, Source(name="daftar", kind=kind, path="daftar.csv", as_of=date(2025, 3, 31)), row)


@named
def test_a_registry_in_the_layout_of_the_field_has_no_finding(tmp_path, kind, row):
    findings = registry(tmp_path, kind, row).findings
    assert findings[["rule", "column", "found"]].to_numpy().tolist() == []


@named
def test_a_registry_in_the_layout_of_the_field_is_read_whole(tmp_path, kind, row):
    result = registry(tmp_path, kind, row)
    assert (len(result.families) + len(result.persons) >= 1, len(result.set_aside)) == (True, 0)


@named
def test_a_registry_in_the_layout_of_the_field_has_no_heading_that_nobody_knows(tmp_path, kind, row):
    assert registry(tmp_path, kind, row).proposals.empty


def test_p3ke_speaks_the_words_of_the_contract(tmp_path):
    family = registry(tmp_path, "p3ke_family", P3KE_HEAD).families.iloc[0]
    columns = ["desil", "roof", "wall", "floor", "water", "toilet", "lighting", "cooking", "tenure", "sector"]
    assert family[columns].tolist() == [
        1.0, "zinc_asbestos", "wood", "cement", "protected_well", "own_septic", "pln_up_to_900", "wood_charcoal",
        "own", "agriculture",
    ]  # fmt: skip


def test_a_family_and_its_members_meet_by_card_in_the_variables_of_the_regulation(tmp_path):
    sources = []
    for part, row in (("family", OFFICIAL_FAMILY), ("person", OFFICIAL_MEMBER)):
        path = f"{part}.csv"
        pd.DataFrame([row]).to_csv(tmp_path / path, sep=";", index=False)
        sources.append(Source(name=part, kind=f"dtsen_{part}", path=path, as_of=date(2025, 3, 31)))
    own = study(tmp_path, *sources, registry=Registry(precedence=("family",)))
    result = clean(read_study(own, demo_keys(), strict=False), own)
    assert (len(result.families), len(result.persons), len(result.set_aside)) == (1, 1, 0)


def test_a_family_file_with_neither_names_nor_code_of_the_desa_is_rejected(tmp_path):
    row = {name: value for name, value in OFFICIAL_FAMILY.items() if name != "kode_kelurahan_desa"}
    findings = registry(tmp_path, "dtsen_family", row).findings
    assert set(findings.loc[findings["rule"] == "judul_wajib", "column"]) == {"kecamatan_name", "desa_name"}


def test_yes_and_no_of_bdt_alternate_by_question(tmp_path):
    family = registry(tmp_path, "bdt_household", BDT).families.iloc[0]
    assert family[["asset_gas_large", "asset_car", "asset_boat"]].tolist() == [1.0, 0.0, 0.0]


@listed
def test_a_list_in_the_layout_of_the_field_has_no_finding(tmp_path, name, row, rupiah):
    findings = read(tmp_path, recipients(path="daftar.csv"), row).findings
    assert findings[["rule", "column", "found"]].to_numpy().tolist() == []


@listed
def test_a_list_in_the_layout_of_the_field_says_how_much_was_given(tmp_path, name, row, rupiah):
    assert read(tmp_path, recipients(path="daftar.csv"), row).recipients["rupiah_total"].tolist() == [rupiah]


def test_podes_names_its_desa_by_parts_of_the_code(tmp_path):
    row = {"R101": "17", "R102": "04", "R103": "010", "R103N": "NASAL", "R104": "001", "R104N": "MERPAS", "R301": "9"}
    source = Source(name="podes", kind="podes", path="podes.csv", as_of=date(2024, 5, 1))
    village = read(tmp_path, source, row).villages.iloc[0]
    assert village[["regency", "kecamatan_part", "desa_part"]].tolist() == ["04", "010", "001"]


# --- Susenas: names and codes move from wave to wave ---

HOUSEHOLD = {"URUT": "1", "R101": "17", "R102": "4", "R105": "2", "PSU": "11", "SSU": "1", "STRATA": "17042",
             "FWT": "85,5", "R301": "4"}  # fmt: skip
ROOF_OF_ZINC = {
    "2022-03": ("R1806", "3"),
    "2023-03": ("R1806", "3"),
    "2024-03": ("R1806A", "3"),
    "2025-03": ("R1606", "3"),
}


def survey(folder, part, wave, row):
    source = Source(name="survei", kind=f"susenas_{part}", wave=wave, path="survei.csv")
    return read(folder, source, row)


@pytest.mark.parametrize("wave", ROOF_OF_ZINC)
def test_a_household_of_each_wave_has_the_roof_that_it_had(tmp_path, wave):
    heading, code = ROOF_OF_ZINC[wave]
    result = survey(tmp_path, "household", wave, HOUSEHOLD | {heading: code})
    row = result.survey_households.iloc[0]
    assert (row["roof"], row["weight_household"], len(result.findings)) == ("zinc_asbestos", 85.5, 0)


@pytest.mark.parametrize("wave", ROOF_OF_ZINC)
def test_an_unknown_roof_of_any_wave_is_a_finding(tmp_path, wave):
    result = survey(tmp_path, "household", wave, HOUSEHOLD | {ROOF_OF_ZINC[wave][0]: "77"})
    assert "kode_tidak_dikenal" in set(result.findings["rule"])


@pytest.mark.parametrize("wave", ROOF_OF_ZINC)
def test_consumption_of_each_wave_is_read(tmp_path, wave):
    row = {"URUT": "1", "R101": "17", "R102": "4", "R301": "4", "FOOD": "2000000", "NONFOOD": "1000000",
           "EXPEND": "3000000", "KAPITA": "750000", "WERT": "85,5", "WEIND": "342"}  # fmt: skip
    assert survey(tmp_path, "consumption", wave, row).survey_consumption["expenditure"].tolist() == [3e6]


@pytest.mark.parametrize("wave", ROOF_OF_ZINC)
def test_a_person_of_each_wave_is_read(tmp_path, wave):
    row = {"URUT": "1", "R101": "17", "R102": "4", "R401": "1", "R403": "1", "R405": "2", "R407": "44"}
    person = survey(tmp_path, "person", wave, row).survey_persons.iloc[0]
    assert (person["relation"], person["sex"], person["age"]) == ("head", "female", 44.0)


@pytest.mark.parametrize("paid", ["Tanggal Salur", "Tgl. Cair", "TANGGAL PENCAIRAN", "Tanggal Realisasi", "tgl_bayar"])
@pytest.mark.parametrize("due", ["Jadwal Salur", "Tgl Jadwal", "TANGGAL JATUH TEMPO", "Jatuh Tempo", "jadwal_bayar"])
def test_when_a_payment_was_due_and_made_is_read_from_the_headings_of_lists(tmp_path, due, paid):
    row = {"Nama": NAME, "NIK": nik(), **PLACE, due: "01/02/2024", paid: "15/04/2024"}
    pd.DataFrame([row]).to_csv(tmp_path / "daftar.csv", index=False)
    [payment] = read_study(study(tmp_path, recipients(path="daftar.csv")), demo_keys()).recipients.itertuples()
    assert (payment.due_date, payment.paid_date) == (pd.Timestamp(2024, 2, 1), pd.Timestamp(2024, 4, 15))
