"""Tables are found on a sheet by their headings, whatever stands above, between and below."""

import pandas as pd
import pytest

from kaur_analysis.intake.codebook import codebook_for
from kaur_analysis.intake.findings import Findings
from kaur_analysis.intake.layout import find_layout, without_furniture
from kaur_analysis.intake.readers import RawTable
from tests.intake_files import recipients

HEAD = ["No", "Nama", "NIK", "Alamat", "Desa", "Kecamatan"]
ANA = ["1", "Ana", "0012", "Dusun I", "Merpas", "Nasal"]
BUDI = ["2", "Budi", "0013", "Dusun II", "Merpas", "Nasal"]
BLANK = [""] * 6


def padded(rows):
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def found(*rows, source=None):
    source = source or recipients()
    book = codebook_for(source)
    raw = RawTable("daftar.xlsx", "Sheet1", pd.DataFrame(padded(rows), dtype="str"))
    findings = Findings()
    layout = find_layout(raw, book, source.name, findings)
    if layout is not None:
        layout = without_furniture(layout, book, source.name, raw, findings)
    return layout, findings


def column(layout, heading):
    return list(layout.cells[layout.positions[heading]])


def test_headings_are_found_below_title_rows():
    layout, _ = found(["DAFTAR PENERIMA"], ["TAHUN 2024"], BLANK, HEAD, ANA)
    assert column(layout, "nama") == ["Ana"]


def test_lines_are_those_a_spreadsheet_shows():
    layout, _ = found(["DAFTAR PENERIMA"], BLANK, HEAD, ANA, BLANK, BUDI)
    assert list(layout.lines) == [4, 6]


def test_a_list_without_headings_is_called_so_and_nobody_on_it_is_shown():
    layout, findings = found(["1", "Nana", "0012", "Dusun I", "Merpas", "Nasal"], BUDI)
    [shown] = findings.table()["found"]
    assert (layout, findings.proposed(), shown.startswith("tidak ada baris judul")) == (None, [], True)


def test_columns_are_matched_by_heading_not_by_position():
    layout, _ = found(["NIK", "Kecamatan", "Nama"], ["0012", "Nasal", "Ana"])
    assert column(layout, "kecamatan") == ["Nasal"]


@pytest.mark.parametrize("heading", ["  nama  ", "NAMA_", "Nama.", "Nama Penerima", "nama_penerima"])
def test_headings_are_compared_without_case_spaces_and_punctuation(heading):
    layout, _ = found([heading, "nik"], ["Ana", "0012"])
    assert layout is not None


def test_a_heading_of_two_merged_rows_is_one_heading():
    layout, _ = found(
        ["No", "Nama", "Identitas", "", "Alamat"], ["", "", "NIK", "No KK", ""], ["1", "Ana", "0012", "0099", "x"]
    )
    assert (column(layout, "nik"), column(layout, "no kk"), column(layout, "nama")) == (["0012"], ["0099"], ["Ana"])


def test_a_missing_required_heading_is_reported_with_the_nearest():
    layout, findings = found(["No", "Nma Lengkp", "NIK"], ["1", "Ana", "0012"])
    report = findings.table()
    assert layout is None
    assert list(report["rule"]) == ["judul_wajib"]
    assert "nma lengkp" in report["found"][0] and "kemiripan" in report["found"][0]


def test_the_study_may_say_what_a_heading_is_called():
    layout, _ = found(["Nma Lengkp", "NIK"], ["Ana", "0012"], source=recipients(aliases={"name": "Nma Lengkp"}))
    assert layout is not None


def test_an_unknown_heading_is_a_warning_with_a_suggestion():
    _, findings = found([*HEAD, "Kecamatn Asal"], [*ANA, "x"])
    report = findings.table()
    assert list(report["rule"]) == ["judul_tidak_dikenal"] and report["severity"][0] == "peringatan"


def test_repeated_headings_with_different_cells_are_reported():
    _, findings = found(["Nama", "NIK", "NIK"], ["Ana", "0012", "0013"])
    assert "judul_ganda" in set(findings.table()["rule"])


def rivals(*rows, **more):
    report = found(*rows, **more)[1].table()
    return list(report.loc[report["rule"] == "judul_bersaing", "found"])


@pytest.mark.parametrize(
    ("headings", "used"),
    [
        (["Jumlah", "Nominal"], "dipakai: nominal; tidak dibaca: jumlah"),
        (["Jumlah", "Total Diterima"], "dipakai: total diterima; tidak dibaca: jumlah"),
        (["Jumlah", "Jumlah", "Total"], "dipakai: total; tidak dibaca: jumlah"),
        (["Jumlah", "Besaran"], "dipakai: besaran; tidak dibaca: jumlah"),
    ],
)
def test_of_two_headings_of_a_column_the_more_specific_is_used_and_told(headings, used):
    assert rivals(["Nama", "NIK", *headings], ["Ana", "0012", *"345"[: len(headings)]]) == [used]


def test_two_headings_of_a_column_that_say_the_same_are_not_told():
    assert rivals(["Nama", "NIK", "Jumlah", "Nominal"], ["Ana", "0012", "600000", "600000"]) == []


def test_a_heading_that_the_study_chose_has_no_rival():
    own = recipients(aliases={"rupiah_total": "Jumlah"})
    assert rivals(["Nama", "NIK", "Jumlah", "Nominal"], ["Ana", "0012", "3", "600000"], source=own) == []


def test_a_row_of_column_numbers_is_not_data():
    layout, findings = found(HEAD, ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"], ANA)
    assert column(layout, "nama") == ["Ana"]
    assert list(findings.set_aside_table()["line"]) == [2]


@pytest.mark.parametrize(
    "foot",
    [["JUMLAH", "", "2"], ["Jumlah penerima: 2"], ["Keterangan: data per Desember"], ["Mengetahui, Kepala Desa"]],
)
def test_totals_and_notes_below_are_set_aside(foot):
    layout, findings = found(HEAD, ANA, BUDI, foot)
    assert len(layout.lines) == 2
    assert list(findings.set_aside_table()["reason"]) == ["Baris jumlah atau catatan kaki"]


def test_a_person_whose_name_begins_like_a_total_stays():
    layout, _ = found(HEAD, ["1", "Total Zorabruk", "0012", "Dusun I", "Merpas", "Nasal"])
    assert column(layout, "nama") == ["Total Zorabruk"]


def test_headings_printed_again_on_the_next_page_are_not_people():
    layout, findings = found(HEAD, ANA, HEAD, BUDI)
    assert column(layout, "nama") == ["Ana", "Budi"]
    assert list(findings.set_aside_table()["reason"]) == ["Judul atau nomor kolom di tengah data"]


def test_rows_of_spaces_are_blank():
    layout, _ = found(HEAD, ANA, [" ", "  ", "", "", "", " "])
    assert len(layout.lines) == 1


def test_people_of_a_desa_named_sumber_are_not_footnotes_of_a_narrow_list():
    layout, _ = found(["Desa", "Nama", "NIK"], ["Sumber Harapan", "Ana", "0012"], ["Sumber Harapan", "Budi", "0013"])
    assert column(layout, "nama") == ["Ana", "Budi"]


def test_a_note_that_might_be_a_person_is_set_aside_and_told():
    _, findings = found(["Desa", "Nama", "NIK"], ["Merpas", "Ana", "0012"], ["Sumber Harapan", "Budi", ""])
    assert list(findings.table()["rule"]) == ["baris_kaki"]
