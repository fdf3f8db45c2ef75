"""Corrections are reviewed data: each changes exactly what it says, or stops the run."""

import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.errors import DataRejected, StudyRejected
from kaur_analysis.intake import demo_keys, read_study
from tests.intake_files import nik, recipients, study, workbook

HEAD = ["Nama", "NIK", "Desa", "Kecamatan", "Nilai Bantuan"]
ROWS = [
    ["Zorabruk Vekador", nik(serial=1), "Merpas", "Nasal", 1000],
    ["Qiledvin Tvasop", nik(serial=2), "Merpas", "Nasal", 2000],
    ["Lyzizotyx Rykoq", nik(serial=3), "Air Batang", "Nasal", 3000],
]
ENTRY = """\
- source: {source}
  column: {column}
  rows: {rows}
  action: {action}
  value: {value}
  reason: salah ketik petugas
  who: Bidang Litbang
  date: 2025-04-02
  status: {status}
  expected: {expected}
"""


@pytest.fixture
def cleaned(tmp_path):
    def _run(**entry):
        usual = {
            "source": "daftar", "column": "rupiah_total", "rows": "{line: 3}", "action": "set", "value": 500.0,
            "status": "disetujui", "expected": 1,
        }  # fmt: skip
        workbook(tmp_path / "daftar.xlsx", [HEAD, *ROWS])
        text = ENTRY.format(**usual | entry)
        (tmp_path / "corrections.yaml").write_text(text, encoding="utf-8")
        own = study(tmp_path, recipients())
        return clean(read_study(own, demo_keys(), strict=False), own)

    return _run


def rupiah(result):
    return sorted(result.recipients["rupiah_year"])


def test_an_approved_correction_is_applied(cleaned):
    assert rupiah(cleaned()) == [500, 1000, 3000]


def test_the_audit_holds_the_cell_before_and_after(cleaned):
    row = cleaned().audit.iloc[0]
    assert (row["file"], row["line"], row["column"], row["before"], row["after"]) == (
        "daftar.xlsx",
        3,
        "rupiah_total",
        "2000.0",
        "500.0",
    )


def test_the_audit_says_who_decided_why_and_when(cleaned):
    row = cleaned().audit.iloc[0]
    assert (row["reason"], row["who"], row["date"]) == ("salah ketik petugas", "Bidang Litbang", "2025-04-02")


@pytest.mark.parametrize("status", ["usulan", "ditolak"])
def test_what_is_not_approved_changes_nothing(cleaned, status):
    assert rupiah(cleaned(status=status)) == [1000, 2000, 3000]


def test_rows_can_be_set_aside(cleaned):
    result = cleaned(action="set_aside", column="''", value="null")
    assert rupiah(result) == [1000, 3000] and list(result.set_aside["line"]) == [3]


def test_rows_set_aside_stay_in_the_accounting(cleaned):
    row = cleaned(action="set_aside", column="''", value="null").accounting.iloc[0]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == (3, 2, 1)


def test_a_correction_that_matches_nothing_stops_the_run(cleaned):
    with pytest.raises(DataRejected, match="cocok dengan 0 baris"):
        cleaned(rows="{line: 99}")


def test_a_correction_that_matches_more_than_it_expects_stops_the_run(cleaned):
    with pytest.raises(DataRejected, match="cocok dengan 2 baris, seharusnya 1"):
        cleaned(rows="{line: [2, 3]}")


def test_a_correction_by_identity_is_refused(cleaned):
    with pytest.raises(DataRejected, match="memuat identitas"):
        cleaned(rows="{name: Zorabruk Vekador}")


def test_a_correction_of_an_unknown_source_is_refused(cleaned):
    with pytest.raises(StudyRejected, match="lain"):
        cleaned(source="lain")


def test_a_correction_of_a_source_without_rows_stops_the_run(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, *ROWS])
    workbook(tmp_path / "kosong.xlsx", [["Judul Lain"], ["isi"]])
    text = ENTRY.format(
        source="kosong",
        column="rupiah_total",
        rows="{line: 2}",
        action="set",
        value=1.0,
        status="disetujui",
        expected=1,
    )
    (tmp_path / "corrections.yaml").write_text(text, encoding="utf-8")
    own = study(tmp_path, recipients(), recipients(name="kosong", path="kosong.xlsx", programme="sembako"))
    with pytest.raises(DataRejected, match="tidak ada baris dari sumber ini"):
        clean(read_study(own, demo_keys(), strict=False), own)


def test_a_correction_without_a_reviewer_is_refused(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, *ROWS])
    (tmp_path / "corrections.yaml").write_text("- {source: daftar, action: set, rows: {line: 2}}", encoding="utf-8")
    own = study(tmp_path, recipients())
    with pytest.raises(StudyRejected, match=r"corrections\.yaml"):
        clean(read_study(own, demo_keys(), strict=False), own)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"value": "seribu"}, "koreksi ke-1: value untuk kolom 'rupiah_total' harus angka, paling sedikit 0"),
        ({"value": -500}, "koreksi ke-1: value untuk kolom 'rupiah_total' harus angka, paling sedikit 0"),
        ({"column": "desa_name", "value": 12}, "koreksi ke-1: value untuk kolom 'desa_name' harus teks"),
        (
            {"column": "sex", "value": "pria"},
            "koreksi ke-1: value untuk kolom 'sex' harus salah satu dari: female, male",
        ),
        ({"column": "female", "value": 7}, "koreksi ke-1: value untuk kolom 'female' harus 1"),
        ({"column": "paid_date", "value": "kapan"}, "koreksi ke-1: value untuk kolom 'paid_date' harus tanggal"),
        ({"column": "line", "value": 7}, "koreksi ke-1: kolom 'line' tidak dapat diubah"),
        ({"action": "ganti"}, "koreksi ke-1 belum dapat dipakai: action: set atau set_aside"),
        ({"status": "oke"}, "koreksi ke-1 belum dapat dipakai: status: usulan, disetujui, atau ditolak"),
        ({"expected": 0}, "koreksi ke-1 belum dapat dipakai: expected: banyak baris, paling sedikit 1"),
    ],
)
def test_what_an_entry_cannot_hold_is_refused_with_what_it_can(cleaned, entry, words):
    with pytest.raises(StudyRejected, match=words):
        cleaned(**entry)


def test_a_value_of_another_kind_than_a_column_without_codebook_is_refused(cleaned):
    with pytest.raises(DataRejected, match="kolom 'region_codes' harus teks"):
        cleaned(column="region_codes", value=12)


def test_an_empty_cell_is_set_by_saying_null(cleaned):
    assert cleaned(column="desa_name", value="null").recipients["desa"].isna().sum() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("teks saja", "harus berupa daftar"),
        ("source: daftar", "harus berupa daftar"),
        ("- teks saja", "koreksi ke-1: harus berisi kunci dan nilai"),
        (ENTRY.replace("  value: {value}\n", ""), "koreksi ke-1 belum dapat dipakai: value: wajib diisi"),
        (ENTRY.replace("2025-04-02", "kemarin"), "koreksi ke-1 belum dapat dipakai: date: tanggal seperti 2025-04-02"),
        (ENTRY.replace("  who", "  siapa"), "siapa: kunci tidak dikenal; who: nama pemutus"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_form(tmp_path, text, words):
    workbook(tmp_path / "daftar.xlsx", [HEAD, *ROWS])
    usual = {"source": "daftar", "column": "rupiah_total", "rows": "{line: 3}", "action": "set", "value": 500}
    text = text.format(**usual, status="disetujui", expected=1) if text.startswith("- source") else text
    (tmp_path / "corrections.yaml").write_text(text, encoding="utf-8")
    own = study(tmp_path, recipients())
    with pytest.raises(StudyRejected, match=words):
        clean(read_study(own, demo_keys(), strict=False), own)
