"""Restricted lists: protected, masked, logged, read back; the meeting's sheet; the planners' workbook."""

import json
import shutil
import subprocess
import warnings
from datetime import date
from getpass import GetPassWarning
from io import BytesIO

import msoffcrypto
import pandas as pd
import pytest
from msoffcrypto.exceptions import InvalidKeyError
from python_calamine import CalamineWorkbook

from kaur_analysis.errors import DataRejected, StudyRejected, UsageError, mask
from kaur_analysis.intake import demo_keys
from kaur_analysis.intake.vault import write_vault
from kaur_analysis.planning import budget, musdes, needs_matrix, zero_cost
from kaur_analysis.planning.exports import Provenance, write_budget_workbook
from kaur_analysis.planning.lists import Access, identities_of, initials, masked_number, recipient_rows, write_lists
from kaur_analysis.planning.musdes import public_reasons, short_name, write_musdes
from kaur_analysis.planning.verification import HEADINGS, latest_outcomes, load_verification, read_verification
from kaur_analysis.planning.workbook import Heading, Sheet, encrypt, read_password, write_workbook
from kaur_analysis.reference import load_area
from kaur_analysis.reference.catalogue import load_catalogue
from tests.libreoffice import first_cell
from tests.unit.test_planning_needs import POVERTY, reach, world

AREA = load_area("1704")
PASSWORD = "gunung-laut-kaur-12"
# Identifiers that no register could issue: region 00.
IDENTITIES = {
    f"k{i}": {
        "name": f"Contoh Warga {letter}",
        "nik": f"000011112222333{i}",
        "kk": f"000044445555666{i}",
        "address": f"=Jalan Uji {i}",
        "dusun": f"Dusun {i}",
    }
    for i, letter in enumerate("ABC", start=1)
}
PROGRAMMES = [load_catalogue()[code] for code in ("pkh", "sembako", "baznas")]


@pytest.fixture(scope="module")
def needs():
    fields = world(severely_disabled=[1.0, 0.0, 0.0])
    return needs_matrix(fields, POVERTY, reach(("k2", "baznas", 1, 0, "2025")), PROGRAMMES)


@pytest.fixture
def access(tmp_path):
    return Access("Petugas Uji", "verifikasi lapangan Maret", tmp_path / "catatan" / "pembukaan.jsonl")


@pytest.fixture
def written(tmp_path, needs, access):
    rows = recipient_rows(needs, PROGRAMMES)
    folder = tmp_path / "terbatas"
    return write_lists(rows, IDENTITIES, AREA, folder, password=PASSWORD, access=access, edition="uji", synthetic=True)


def opened(path, password=PASSWORD):
    office = msoffcrypto.OfficeFile(BytesIO(path.read_bytes()))
    office.load_key(password=password)
    plain = BytesIO()
    office.decrypt(plain)
    return plain.getvalue()


def cells(content):
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def table_of(content):
    lines = cells(content)
    head = next(i for i, line in enumerate(lines) if HEADINGS["family"] in line)
    return pd.DataFrame(lines[head + 1 :], columns=lines[head])


def one(written, part):
    return next(path for path in written if part in path.name)


def test_there_is_one_workbook_per_agency_and_desa(written):
    names = sorted(path.name for path in written)
    assert names == ["calon-uji-baznas-1704010001.xlsx", "calon-uji-dinsos-1704010001.xlsx"]


def test_the_workbook_opens_with_its_password(written):
    assert table_of(opened(one(written, "dinsos")))["Kepala keluarga"].tolist() == ["Contoh Warga A"] * 2 + [
        "Contoh Warga B"
    ]


def test_the_workbook_does_not_open_with_another_password(written):
    with pytest.raises(InvalidKeyError):
        opened(one(written, "dinsos"), "salah-sekali-123")


def test_the_file_on_disk_is_no_readable_workbook(written):
    assert one(written, "dinsos").read_bytes()[:2] != b"PK"


def test_nothing_on_disk_holds_a_name_in_clear(written, tmp_path):
    found = [path for path in tmp_path.rglob("*") if path.is_file() and b"Contoh Warga" in path.read_bytes()]
    assert found == []


def test_identifiers_are_masked_without_a_grant(written):
    assert table_of(opened(one(written, "baznas")))["NIK"].tolist() == ["0000••••••••3331"]


def test_identifiers_are_whole_with_a_grant(tmp_path, needs):
    access = Access("Petugas Uji", "verifikasi lapangan Maret", tmp_path / "log.jsonl", show_nik=True)
    rows = recipient_rows(needs, PROGRAMMES)
    paths = write_lists(rows, IDENTITIES, AREA, tmp_path / "t", password=PASSWORD, access=access, edition="uji")
    assert table_of(opened(one(paths, "baznas")))["NIK"].tolist() == ["0000111122223331"]


def test_benefits_are_number_cells(written):
    assert table_of(opened(one(written, "baznas")))["Manfaat (Rp/tahun)"].tolist() == [600_000.0]


def test_the_reason_stands_beside_the_name(written):
    assert (
        table_of(opened(one(written, "baznas")))["Mengapa berhak"]
        .iloc[0]
        .startswith("memenuhi desil kesejahteraan 1–2")
    )


def test_text_that_looks_like_a_formula_stands_behind_an_apostrophe(written):
    assert table_of(opened(one(written, "baznas")))["Alamat"].tolist() == ["'=Jalan Uji 1"]


def test_synthetic_lists_say_so(written):
    assert any("DATA SINTETIS" in str(line[0]) for line in cells(opened(one(written, "baznas"))))


def test_every_use_is_logged_without_identities(written, access):
    entry = json.loads(access.log.read_text(encoding="utf-8"))
    assert (entry["families"], entry["files"], entry["reason"]) == (2, 2, "verifikasi lapangan Maret")


def test_a_family_without_identity_is_refused(tmp_path, needs, access):
    with pytest.raises(StudyRejected, match="2 keluarga"):
        write_lists(
            recipient_rows(needs, PROGRAMMES), {}, AREA, tmp_path, password=PASSWORD, access=access, edition="uji"
        )


def test_lists_never_go_beside_shared_pages(tmp_path, needs, access):
    (tmp_path / "index.html").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="dibagikan"):
        write_lists(
            recipient_rows(needs, PROGRAMMES), IDENTITIES, AREA, tmp_path, password=PASSWORD, access=access, edition="u"
        )


def test_opening_needs_a_person_and_a_reason(tmp_path):
    with pytest.raises(UsageError, match="alasannya"):
        Access("Petugas", "cek", tmp_path / "log")


def test_a_short_password_is_refused():
    with pytest.raises(UsageError, match="12 karakter"):
        encrypt(b"", "pendek")


def test_a_password_is_read_from_the_first_line_of_a_file(tmp_path):
    file = tmp_path / "sandi.txt"
    file.write_text(PASSWORD + "\ncatatan\n", encoding="utf-8")
    assert read_password(file) == PASSWORD


def test_the_mark_that_notepad_puts_before_a_text_is_no_letter_of_the_password(tmp_path):
    file = tmp_path / "sandi.txt"
    file.write_text(PASSWORD, encoding="utf-8-sig")
    assert read_password(file) == PASSWORD


def test_a_password_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "sandi.txt"
    file.write_text(PASSWORD, encoding="utf-16")
    with pytest.raises(UsageError, match="bukan teks UTF-8"):
        read_password(file)


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_a_missing_or_empty_password_file_is_refused(tmp_path, content):
    file = tmp_path / "sandi.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError):
        read_password(file)


def test_identities_come_from_the_head_of_the_family(tmp_path, access):
    people = pd.DataFrame(
        {
            "record": ["r1", "r2"],
            "person_token": ["t1", "t2"],
            "family_token": ["f1", "f2"],
            "nik": ["0000111122223331", None],
            "kk": ["0000444455556661", "0000444455556662"],
            "name": ["Contoh A", "Contoh B"],
            "address": ["Jl. Uji 1 DUSUN Tiga RT 2", "Jl. Uji 2"],
        }
    )
    vault = write_vault(people, tmp_path / "brankas.bin", demo_keys())
    found = identities_of(pd.Series({"k1": "r1", "k2": "r2", "k3": "r9"}), vault, demo_keys(), access)
    assert {family: (person["name"], person["dusun"]) for family, person in found.items()} == {
        "k1": ("Contoh A", "Dusun Tiga"),
        "k2": ("Contoh B", ""),
    }


def test_an_allocation_limits_the_lists(needs):
    chosen = pd.DataFrame({"family": ["k2"], "programme": ["sembako"], "units": [1.0], "rupiah_year": [2_400_000.0]})
    assert recipient_rows(needs, PROGRAMMES, chosen)[["family", "programme"]].to_numpy().tolist() == [["k2", "sembako"]]


def test_rows_come_in_the_order_of_urgency(needs):
    rows = recipient_rows(needs, PROGRAMMES)
    assert rows["priority"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("name", "short"), [("Siti Rahayu binti Ali", "S. R. B."), ("a'an", "A. A."), ("", ""), ("Élok", "É.")]
)
def test_names_are_shortened_to_initials(name, short):
    assert initials(name) == short


def test_short_numbers_are_left_alone():
    assert masked_number("1234") == "1234"


K1, K2 = "a" * 32, "b" * 32  # codes of families as lists show them


def filled(tmp_path, *lines, headings=None, password=None):
    """A workbook as an officer returns it: (family, programme, outcome, visited) per line."""
    headings = headings or tuple(HEADINGS.values())
    columns = {f"c{i}": Heading(title) for i, title in enumerate(headings)}
    table = pd.DataFrame(lines, columns=[f"c{i}" for i in range(len(headings))])
    content = write_workbook([Sheet("Calon penerima", ["Judul", "Baris kedua"], columns, table)])
    path = tmp_path / "isi.xlsx"
    path.write_bytes(encrypt(content, password) if password else content)
    return path


def test_what_officers_filled_in_comes_back_as_rows(tmp_path):
    path = filled(tmp_path, (K1, "pkh", "Pindah", "05-03-2026"), (K2, "pkh", None, None))
    rows = read_verification([path]).drop(columns="file").to_numpy().tolist()
    assert rows == [[K1, "pkh", "moved", "2026-03-05"]]


def test_a_date_cell_is_read_as_well(tmp_path):
    columns = {"a": Heading("Kode keluarga"), "b": Heading("Kode program"), "c": Heading("Hasil verifikasi")}
    columns["d"] = Heading("Tanggal kunjungan", "date")
    table = pd.DataFrame({"a": [K1], "b": ["pkh"], "c": ["layak"], "d": [date(2026, 3, 5)]})
    path = tmp_path / "isi.xlsx"
    path.write_bytes(write_workbook([Sheet("x", [], columns, table)]))
    assert read_verification([path])["visited"].tolist() == ["2026-03-05"]


def test_protected_returns_are_read_with_the_password(tmp_path):
    path = filled(tmp_path, (K1, "pkh", "layak", "05-03-2026"), password=PASSWORD)
    assert read_verification([path], PASSWORD)["outcome"].tolist() == ["verified"]


def test_an_untouched_list_brings_nothing_back(written):
    assert read_verification(written, PASSWORD).empty


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ((K1, "pkh", "mungkin", "05-03-2026"), "baris 5: hasil verifikasi harus salah satu dari"),
        ((K1, "pkh", "layak", None), "baris 5: tanggal kunjungan"),
        ((K1, "pkh", "layak", "31-02-2026"), "baris 5: tanggal kunjungan"),
        ((None, "pkh", "layak", "05-03-2026"), "baris 5: kode keluarga kosong"),
        (("zzzz", "pkh", "layak", "05-03-2026"), "baris 5: kode keluarga harus seperti di daftar"),
        ((K1, "pkhx", "layak", "05-03-2026"), "baris 5: kode program harus salah satu dari: pkh, sembako"),
        ((K1, "pkh", "layak", "05-03-2995"), "baris 5: tanggal kunjungan harus tanggal dari tahun 2000 sampai hari"),
        ((K1, "pkh", "layak", "05-03-0202"), "baris 5: tanggal kunjungan harus tanggal dari tahun 2000 sampai hari"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(tmp_path, line, words):
    with pytest.raises(DataRejected, match=words):
        read_verification([filled(tmp_path, line)], programmes=["pkh", "sembako"])


def test_all_problems_come_at_once(tmp_path):
    path = filled(tmp_path, (K1, "pkh", "mungkin", "x"), (K2, "pkh", "layak", "x"))
    with pytest.raises(DataRejected) as error:
        read_verification([path])
    assert len(error.value.findings) == 2


def test_a_wrong_password_is_a_finding(tmp_path):
    path = filled(tmp_path, (K1, "pkh", "layak", "05-03-2026"), password=PASSWORD)
    with pytest.raises(DataRejected, match="kata sandi tidak cocok"):
        read_verification([path], "salah-sekali-123")


def test_a_file_that_is_no_workbook_is_a_finding(tmp_path):
    path = tmp_path / "isi.xlsx"
    path.write_bytes(b"bukan buku kerja")
    with pytest.raises(DataRejected, match="bukan buku kerja"):
        read_verification([path])


def test_an_answer_that_is_not_there_is_called_so(tmp_path):
    with pytest.raises(DataRejected, match=r"isi\.xlsx baris 0: berkas tidak ada"):
        read_verification([tmp_path / "isi.xlsx"])


def test_a_list_that_is_refused_is_named_with_the_whole_code_of_its_desa(tmp_path):
    with pytest.raises(DataRejected) as refused:
        read_verification([tmp_path / "calon-2025-dinsos-1704010001.xlsx"])
    assert "calon-2025-dinsos-1704010001.xlsx" in mask(refused.value, codes=refused.value.codes)


def test_a_list_without_its_columns_is_a_finding(tmp_path):
    path = filled(tmp_path, (K1, "layak"), headings=("Kode keluarga", "Hasil verifikasi"))
    with pytest.raises(DataRejected, match="tidak memuat kolom"):
        read_verification([path])


def test_of_two_findings_of_one_day_the_one_that_ends_the_entitlement_counts():
    visits = pd.DataFrame({"family": [K1] * 2, "outcome": ["died", "verified"], "visited": ["2026-03-01"] * 2})
    assert latest_outcomes(visits).to_dict() == {K1: "died"}


def recorded(tmp_path, *lines):
    rows = "\n".join(["family,programme,outcome,visited", *(",".join(line) for line in lines)])
    (tmp_path / "verifikasi.csv").write_text(rows + "\n", encoding="utf-8")
    return load_verification(tmp_path)


def test_of_dates_that_a_spreadsheet_wrote_its_own_way_the_later_counts(tmp_path):
    table = recorded(tmp_path, (K1, "pkh", "died", "31/12/2024"), (K1, "pkh", "verified", "02/01/2025"))
    assert latest_outcomes(table).to_dict() == {K1: "verified"}


def test_a_programme_that_the_study_has_no_more_leaves_the_answer(tmp_path):
    assert len(recorded(tmp_path, (K1, "program_lama", "died", "2025-03-01"))) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("zzzz", "pkh", "died", "2025-03-01"), "baris 2: kode keluarga harus seperti di daftar"),
        ((K1, "pkh", "died", "kapan"), "baris 2: visited: harus tanggal dari tahun 2000"),
        ((K1, "pkh", "died", "2995-03-01"), "baris 2: visited: harus tanggal dari tahun 2000"),
        ((K1, "pkh", "wafat", "2025-03-01"), "baris 2: outcome harus salah satu dari"),
    ],
)
def test_a_recorded_answer_that_cannot_be_is_refused_with_its_line(tmp_path, line, words):
    with pytest.raises(DataRejected, match=words):
        recorded(tmp_path, line)


def test_a_password_is_not_asked_for_where_it_would_be_seen(monkeypatch):
    def seen(_prompt):
        warnings.warn("echoed", GetPassWarning, stacklevel=1)
        raise EOFError

    monkeypatch.setattr("kaur_analysis.planning.workbook.getpass", seen)
    with pytest.raises(UsageError, match="--password-file"):
        read_password()


@pytest.fixture
def sheet(tmp_path, needs, access):
    rows = recipient_rows(needs, PROGRAMMES)
    return write_musdes(rows, IDENTITIES, AREA, tmp_path / "m", access=access, edition="uji", synthetic=True)[0]


def test_the_meeting_sees_initials_and_dusun_but_no_name(sheet):
    page = sheet.read_text(encoding="utf-8")
    assert "C. W. A." in page and "Dusun 1" in page and "Contoh" not in page


def test_the_meeting_sees_no_identifier_and_no_pseudonym(sheet):
    page = sheet.read_text(encoding="utf-8")
    assert not any(number in page for identity in IDENTITIES.values() for number in (identity["nik"], identity["kk"]))
    assert "k1" not in page


def test_the_meeting_sees_nothing_on_health_and_no_probability(sheet):
    page = sheet.read_text(encoding="utf-8")
    assert "disabilitas" not in page and "peluang" not in page and "kemungkinan" not in page


def test_the_meeting_has_room_to_object_and_to_propose(sheet):
    page = sheet.read_text(encoding="utf-8")
    assert "Sanggahan" in page and "Usulan keluarga yang belum tercantum" in page


def test_the_sheet_prints_on_a4(sheet):
    assert "size: A4" in sheet.read_text(encoding="utf-8")


def test_the_sheet_needs_nothing_from_elsewhere(sheet):
    assert "http" not in sheet.read_text(encoding="utf-8")


def test_reasons_keep_what_neighbours_can_see():
    why = "memenuhi desil kesejahteraan 1–4; lantai tanah; penyandang disabilitas: 1; belum ada di daftar penerima"
    assert public_reasons([why]) == "desil kesejahteraan 1–4; lantai tanah"


def test_reasons_of_several_programmes_are_said_once_with_the_narrowest_desil():
    whys = ["memenuhi desil kesejahteraan 1–5; lantai tanah", "memenuhi desil kesejahteraan 1–2; lantai tanah"]
    assert public_reasons(whys) == "desil kesejahteraan 1–2; lantai tanah"


def test_reasons_with_nothing_to_show_still_say_something():
    assert public_reasons(["memenuhi peluang miskin ekstrem paling sedikit 0,5"]) == "memenuhi syarat program"


@pytest.mark.parametrize(("name", "short"), [("Program Keluarga Harapan (PKH)", "PKH"), ("Zakat", "Zakat")])
def test_programmes_are_called_by_their_abbreviation(name, short):
    assert short_name(name) == short


def test_the_sheet_says_how_many_families_it_leaves_out(tmp_path, needs, access, monkeypatch):
    monkeypatch.setattr(musdes, "MOST_CANDIDATES", 1)
    rows = recipient_rows(needs, PROGRAMMES)
    page = write_musdes(rows, IDENTITIES, AREA, tmp_path / "m", access=access, edition="uji")[0]
    assert "1 keluarga lain ada di daftar petugas" in page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def planners_book(tmp_path_factory, needs):
    lines = budget(needs, PROGRAMMES)
    many = lines.assign(families_due_extreme=lines["families_due_extreme"] * 20)
    provenance = Provenance(
        "uji", date(2026, 11, 1), "2026", "registri contoh", "Bappeda Contoh", "Garis contoh.", True
    )
    path = tmp_path_factory.mktemp("buku") / "rkpd.xlsx"
    cost = zero_cost(POVERTY, needs, PROGRAMMES, years=(2025, 2026))
    return write_budget_workbook(path, many, cost, PROGRAMMES, AREA, provenance, listed={"sembako"}, minimum=5)


def sheet_table(path, name, heading):
    lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(name).to_python(skip_empty_area=False)
    head = next(i for i, line in enumerate(lines) if heading in line)
    return pd.DataFrame(lines[head + 1 :], columns=lines[head])


def test_the_planners_workbook_has_its_sheets(planners_book):
    names = CalamineWorkbook.from_path(str(planners_book)).sheet_names
    assert names == ["Kabupaten", "Kecamatan", "Biaya nol persen", "Program", "Metadata"]


def test_planners_get_numbers_in_number_cells(planners_book):
    table = sheet_table(planners_book, "Kabupaten", "Program")
    sembako = table[(table["Kode program"] == "sembako") & (table["Sumber dana"] == "Semua sumber dana")].iloc[0]
    assert sembako["Usulan anggaran (Rp)"] == pytest.approx(0.7 * 2_400_000)


def test_planners_see_which_needs_are_an_upper_bound_for_want_of_a_list(planners_book):
    table = sheet_table(planners_book, "Kabupaten", "Program").set_index("Kode program")["Daftar penerima"]
    assert set(table["sembako":"sembako"]) == {"dipegang"}
    assert all(words.startswith("tidak dipegang") for code, words in table.items() if code != "sembako")


@pytest.fixture(scope="module")
def houses_book(tmp_path_factory, needs):
    houses = [load_catalogue()["rtlh_bsps"], load_catalogue()["pkh"]]
    of_houses = needs[needs["programme"] == "sembako"].assign(programme="rtlh_bsps", agency="perkim")
    rows = pd.concat([of_houses, needs[needs["programme"] == "pkh"]])
    provenance = Provenance("uji", date(2026, 11, 1), "2026", "registri contoh", "Bappeda Contoh", "Garis contoh.")
    path, cost = tmp_path_factory.mktemp("rumah") / "rkpd.xlsx", zero_cost(POVERTY, rows, houses)
    return write_budget_workbook(path, budget(rows, houses), cost, houses, AREA, provenance, listed=(), minimum=5)


def column_of(book, name):
    return sheet_table(book, "Kabupaten", "Program").set_index("Kode program")[name].to_dict()


def test_planners_see_what_is_paid_one_time(houses_book):
    assert column_of(houses_book, "Per tahun atau sekali") == {"rtlh_bsps": "sekali", "pkh": "per tahun"}


def test_planners_see_that_the_split_between_funds_is_an_assumption(houses_book):
    assert column_of(houses_book, "Pembagian dana") == {"rtlh_bsps": "anggapan", "pkh": ""}


def test_lines_of_a_few_families_are_left_empty(planners_book):
    table = sheet_table(planners_book, "Kabupaten", "Program")
    assert set(table["Semua yang berhak dan belum terlayani (keluarga)"]) == {""}


def test_metadata_carries_what_satu_data_asks_for(planners_book):
    table = sheet_table(planners_book, "Metadata", "Produsen data")
    wanted = ["Data", "Konsep dan definisi", "Satuan", "Periode", "Sumber", "Produsen data", "Tanggal"]
    assert table.columns.tolist() == wanted and (table != "").all(axis=None)


def test_working_values_are_marked_for_planners(planners_book):
    table = sheet_table(planners_book, "Program", "Dasar besaran").set_index("Kode program")
    assert table["Dasar besaran"].to_dict()["baznas"].startswith("nilai kerja")


def test_no_desa_stands_in_the_planners_workbook(planners_book):
    assert not any(
        "1704010001" in str(cell) for cell in sheet_table(planners_book, "Kecamatan", "Program").to_numpy().ravel()
    )


def test_equal_tables_are_equal_bytes():
    sheet = Sheet("x", ["Judul"], {"a": Heading("A", "number")}, pd.DataFrame({"a": [1.0, None]}))
    assert write_workbook([sheet]) == write_workbook([sheet])


def test_libreoffice_opens_the_list(written, tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not on this machine")
    plain = tmp_path / "plain.xlsx"
    plain.write_bytes(opened(one(written, "dinsos")))
    utf8 = "csv:Text - txt - csv (StarCalc):44,34,76"  # comma, quote, UTF-8
    command = [office, "--headless", "--convert-to", utf8, "--outdir", str(tmp_path), str(plain)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    assert "Contoh Warga A" in (tmp_path / "plain.csv").read_text(encoding="utf-8")


def test_libreoffice_opens_the_list_with_its_password(written):
    assert first_cell(one(written, "dinsos"), PASSWORD).startswith("Calon penerima Dinas Sosial")
