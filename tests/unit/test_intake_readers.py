"""Files of every kind become text cells with their Excel lines, and broken ones are refused without a traceback."""

import os
import struct
import zipfile

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import shapefile
import sqlalchemy
import xlsxwriter

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import readers
from kaur_analysis.intake.database import _connected
from kaur_analysis.intake.readers import read_source
from tests.intake_files import recipients, study, workbook
from tests.old_workbook import number, old_workbook


def read(path, **options):
    return list(read_source(recipients(path=path.name, **options), (path,)))


def texts(raw, row):
    return list(raw.cells.iloc[row])


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_a_spreadsheet_keeps_text_as_it_is(tmp_path):
    [raw] = read(workbook(tmp_path / "a.xlsx", [["nik", "nama"], ["0012", "Ana"]]))
    assert texts(raw, 1) == ["0012", "Ana"]


def test_a_whole_number_in_a_spreadsheet_has_no_decimals(tmp_path):
    [raw] = read(workbook(tmp_path / "a.xlsx", [["jumlah"], [3600000]]))
    assert texts(raw, 1) == ["3600000"]


@pytest.mark.parametrize(("locale", "shown"), [("id", "36,5"), ("en", "36.5")])
def test_a_number_is_written_in_the_locale_that_its_text_neighbours_follow(tmp_path, locale, shown):
    [raw] = read(workbook(tmp_path / "a.xlsx", [["luas"], [36.5]]), locale=locale)
    assert texts(raw, 1) == [shown]


def test_a_number_that_a_spreadsheet_cannot_hold_shows_as_damaged(tmp_path):
    [raw] = read(workbook(tmp_path / "a.xlsx", [["nik"], [9904071205800001]]))
    assert texts(raw, 1)[0].endswith("E+15")


def formatted(path, rows, blank=0, hidden=()):
    """A workbook of text cells with formatted blank rows below them; some rows are hidden."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, border = book.add_worksheet(), book.add_format({"border": 1})
        for line, row in enumerate([*rows, *[[""] * len(rows[0])] * blank]):
            sheet.set_row(line, None, None, {"hidden": line in hidden})
            for column, cell in enumerate(row):
                sheet.write_blank(line, column, None, border) if cell == "" else sheet.write_string(line, column, cell)
    return path


def test_thirty_thousand_blank_rows_with_borders_below_are_not_rows(tmp_path):
    path = formatted(tmp_path / "a.xlsx", [["nik", "nama"], ["1", "Ana"]], blank=30_000)
    assert len(read(path)[0].cells) == 2


def test_hidden_rows_are_kept(tmp_path):
    path = formatted(tmp_path / "a.xlsx", [["nama"], ["Ana"], ["Budi"]], hidden={1})
    assert list(read(path)[0].cells[0]) == ["nama", "Ana", "Budi"]


@pytest.fixture
def with_a_hidden_sheet(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("Depan", "Belakang", "Lama"):
            book.add_worksheet(name).write_column(0, 0, ["nama", name])
        book.get_worksheet_by_name("Lama").hide()
    return path


def test_a_star_leaves_hidden_sheets_and_names_those_with_rows_once(with_a_hidden_sheet):
    found = [(raw.sheet, raw.unread_sheets) for raw in read(with_a_hidden_sheet, sheet="*")]
    assert found == [("Depan", ("Lama",)), ("Belakang", ())]


def test_a_hidden_sheet_is_read_where_it_is_named(with_a_hidden_sheet):
    assert [raw.sheet for raw in read(with_a_hidden_sheet, sheet="Lama")] == ["Lama"]


def test_a_pattern_of_file_names_reads_every_file_in_the_order_of_their_names(tmp_path):
    for name in ("nasal", "kinal"):
        workbook(tmp_path / f"{name}.xlsx", [["nama"], [name]])
    source = recipients(path="*.xlsx")
    tables = read_source(source, study(tmp_path, source).files()[source.name])
    assert [raw.file for raw in tables] == ["kinal.xlsx", "nasal.xlsx"]


def test_a_reader_that_panics_is_a_rejection_with_its_reason(tmp_path, monkeypatch):
    class PanicException(BaseException):  # how readers written in Rust end: no Exception
        pass

    def panic(path, cells):
        raise PanicException("isi sel 9904071205800001")

    monkeypatch.setattr(readers, "refuse_bombs", panic)
    with pytest.raises(DataRejected, match=r"a\.xlsx: berkas rusak atau bukan \.xlsx \(PanicException\)") as caught:
        read(workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]]))
    assert "9904" not in str(caught.value)


def test_what_a_panicking_reader_says_by_itself_is_not_heard(tmp_path, capfd):
    path = old_workbook(tmp_path / "a.xls", number(0, 0))
    content = path.read_bytes()
    listed = content.index(b"\x85\0") + 4  # where the list says that the sheet begins
    path.write_bytes(content[:listed] + struct.pack("<I", 10_000_000) + content[listed + 4 :])
    with pytest.raises(DataRejected, match="PanicException"):
        read(path)
    assert capfd.readouterr().err == ""


def test_standard_error_is_heard_again_after_a_spreadsheet(tmp_path, capfd):
    read(workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]]))
    os.write(2, b"terdengar")
    assert capfd.readouterr().err == "terdengar"


def test_whoever_stops_the_program_is_not_told_of_a_broken_file(tmp_path, monkeypatch):
    def stopped(path, cells):
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "refuse_bombs", stopped)
    with pytest.raises(KeyboardInterrupt):
        read(workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]]))


def test_the_first_sheet_is_read_and_others_with_data_are_named(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]], more={"Lain": [["nama"], ["Budi"]]})
    [raw] = read(path)
    assert (raw.sheet, raw.unread_sheets) == ("Sheet1", ("Lain",))


def test_a_star_reads_every_sheet(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]], more={"Lain": [["nama"], ["Budi"]]})
    assert [raw.sheet for raw in read(path, sheet="*")] == ["Sheet1", "Lain"]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]])
    with pytest.raises(DataRejected, match="Sheet1"):
        read(path, sheet="Data")


def test_a_workbook_named_as_text_is_refused_with_what_to_do(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["nama"], ["Ana"]]).rename(tmp_path / "a.csv")
    with pytest.raises(DataRejected, match=r"lembar kerja yang diberi nama teks.*\.xlsx"):
        read(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_of_any_delimiter(tmp_path, delimiter):
    path = write(tmp_path / "a.csv", f"nik{delimiter}nama\n1{delimiter}Ana\n")
    assert texts(read(path)[0], 1) == ["1", "Ana"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_csv_of_any_encoding(tmp_path, encoding):
    path = write(tmp_path / "a.csv", "nama,desa\nJosé Zorabruk,Merpas\n" * 30, encoding)
    assert texts(read(path)[0], 1)[0] == "José Zorabruk"


def test_a_declared_encoding_that_the_file_contradicts_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", "nama\nJosé\n", "cp1252")
    with pytest.raises(DataRejected, match="encoding"):
        read(path, encoding="utf-8")


def test_csv_lines_count_as_a_spreadsheet_counts_them(tmp_path):
    path = write(tmp_path / "a.csv", 'nama,alamat\nAna,"jalan\npanjang"\n\nBudi,pendek\n')
    raw = read(path)[0]
    assert [texts(raw, row)[0] for row in range(4)] == ["nama", "Ana", "", "Budi"]


def test_csv_with_lines_longer_than_its_heading_keeps_all_cells(tmp_path):
    path = write(tmp_path / "a.csv", "judul\nnik,nama\n" + "1,Ana\n" * 40 + "2,Budi,lebih,panjang\n")
    raw = read(path)[0]
    assert texts(raw, 42) == ["2", "Budi", "lebih", "panjang"]


def test_csv_with_a_quote_that_never_closes_keeps_its_lines(tmp_path):
    path = write(tmp_path / "a.csv", 'nik,nama\n1,"Ana\n' + "2,Budi\n" * 50)
    assert len(read(path)[0].cells) == 52


def dbf(path, rows):
    with shapefile.Writer(dbf=str(path)) as writer:
        writer.field("R301", "N", size=4, decimal=0)
        writer.field("R1804", "N", size=8, decimal=2)
        writer.field("NAMA", "C", size=12)
        for row in rows:
            writer.record(*row)
    return path


def test_dbf_numbers_are_read_as_the_text_they_are(tmp_path):
    [raw] = read(dbf(tmp_path / "a.dbf", [(4, 36.5, "Ana")]))
    assert (raw.headings, texts(raw, 0), raw.locale) == (("R301", "R1804", "NAMA"), ["4", "36.50", "Ana"], "en")


def test_a_missing_dbf_number_is_blank(tmp_path):
    [raw] = read(dbf(tmp_path / "a.dbf", [(None, 36.5, "Ana")]))
    assert texts(raw, 0)[0] == ""


def test_a_malformed_dbf_number_survives_as_text(tmp_path):
    path = dbf(tmp_path / "a.dbf", [(4, 36.5, "Ana"), (5, 40, "Budi")])
    content = path.read_bytes()
    path.write_bytes(content.replace(b"   36.50", b" 3 6.5x "))
    [raw] = read(path)
    assert [texts(raw, row)[1] for row in (0, 1)] == ["3 6.5x", "40.00"]


def test_deleted_dbf_records_are_not_rows(tmp_path):
    path = dbf(tmp_path / "a.dbf", [(4, 36.5, "Ana"), (5, 40, "Budi")])
    content = bytearray(path.read_bytes())
    content[32 + 3 * 32 + 1] = ord("*")
    path.write_bytes(bytes(content))
    assert list(read(path)[0].cells[2]) == ["Budi"]


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
def test_stata_and_spss_codes_are_text_without_decimals(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    table = pd.DataFrame({"R301": [4.0, np.nan], "FWT": [10.5, 2.0]})
    (pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav)(table, str(path))
    [raw] = read(path)
    assert [texts(raw, row) for row in (0, 1)] == [["4", "10.5"], ["", "2"]]


def test_parquet_is_read_column_by_column_as_text(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"nik": ["01", None], "aktif": [True, False], "n": [1, 2]}).to_parquet(path)
    [raw] = read(path)
    assert [texts(raw, row) for row in (0, 1)] == [["01", "1", "1"], ["", "0", "2"]]


def test_whole_numbers_with_gaps_keep_all_their_digits_in_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"nik": pd.array([9904071205800001, None], dtype="Int64")}).to_parquet(path)
    assert list(read(path)[0].cells[0]) == ["9904071205800001", ""]


def test_text_that_a_parquet_file_keeps_as_bytes_is_text(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"nama": ["Zoraé".encode()]}).to_parquet(path)
    assert list(read(path)[0].cells[0]) == ["Zoraé"]


def test_an_empty_parquet_table_still_has_its_headings(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"nik": pd.Series(dtype="str")}).to_parquet(path)
    [raw] = read(path)
    assert (raw.headings, len(raw.cells)) == (("nik",), 0)


def test_a_parquet_file_of_too_many_cells_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "MAX_TABLE_CELLS", 3)
    path = tmp_path / "a.parquet"
    pd.DataFrame({"n": [1] * 4}).to_parquet(path)
    with pytest.raises(DataRejected, match="sel"):
        read(path)


@pytest.mark.parametrize("suffix", [".parquet", ".sav", ".dta", ".dbf"])
def test_numbers_that_people_typed_as_text_follow_the_source_and_those_of_the_format_its_own_way(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    table = pd.DataFrame({"luas": [36.5], "bantuan": ["3.600.000"]})
    if suffix == ".parquet":
        table.to_parquet(path)
    elif suffix == ".dbf":
        with shapefile.Writer(dbf=str(path)) as writer:
            writer.field("luas", "N", size=8, decimal=2)
            writer.field("bantuan", "C", size=12)
            writer.record(*table.iloc[0])
    else:
        (pyreadstat.write_sav if suffix == ".sav" else pyreadstat.write_dta)(table, str(path))
    [raw] = read(path)
    assert (raw.locale, raw.free, texts(raw, 0)[1]) == ("en", {1}, "3.600.000")


def test_only_wanted_columns_of_wide_formats_are_read(tmp_path):
    path = dbf(tmp_path / "a.dbf", [(4, 36.5, "Ana")])
    [raw] = read_source(recipients(path=path.name), (path,), lambda heading: heading == "R301")
    assert raw.headings == ("R301",)


def test_a_table_in_a_database_is_a_source_like_any_other(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    pd.DataFrame({"nik": ["01"], "nama": ["Ana"]}).to_sql("penerima", sqlalchemy.create_engine(url), index=False)
    [raw] = read_source(recipients(path=url, table="penerima"), ())
    assert (raw.headings, texts(raw, 0)) == (("nik", "nama"), ["01", "Ana"])


def test_a_database_is_found_from_the_folder_of_the_study(tmp_path, monkeypatch):
    (tmp_path / "studi").mkdir()
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'studi' / 'a.db'}")
    pd.DataFrame({"nik": ["01"]}).to_sql("penerima", engine, index=False)
    monkeypatch.chdir(tmp_path)
    [raw] = read_source(recipients(path="sqlite:///a.db", table="penerima"), (), folder=tmp_path / "studi")
    assert texts(raw, 0) == ["01"]


def test_a_database_that_is_not_there_is_refused_and_not_made(tmp_path):
    with pytest.raises(DataRejected, match="folder studi"):
        list(read_source(recipients(path="sqlite:///a.db", table="penerima"), (), folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_opened_to_read_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    pd.DataFrame({"nik": ["01"]}).to_sql("penerima", sqlalchemy.create_engine(url), index=False)
    with (
        _connected(recipients(path=url, table="penerima"), tmp_path) as connection,
        pytest.raises(sqlalchemy.exc.OperationalError, match="readonly"),
    ):
        connection.execute(sqlalchemy.text("delete from penerima"))


def test_a_database_that_fails_does_not_show_its_password(tmp_path):
    url = "sqlite:////tidak/ada/rahasia123.db"
    with pytest.raises(DataRejected) as caught:
        list(read_source(recipients(path=url, table="penerima"), ()))
    assert "rahasia123" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".dbf", ".dta", ".sav", ".parquet"])
def test_a_broken_file_is_refused_by_name(tmp_path, suffix):
    path = tmp_path / f"rusak{suffix}"
    path.write_bytes(b"ini bukan berkas seperti itu" * 20)
    with pytest.raises(DataRejected, match="rusak"):
        read(path)


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    path = write(tmp_path / "a.pdf", "x")
    with pytest.raises(DataRejected, match="jenis berkas"):
        read(path)


def test_an_archive_that_swells_is_refused(tmp_path):
    path = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 120_000_000)
    with pytest.raises(DataRejected, match="membengkak"):
        read(path)


def test_a_sheet_of_too_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "MAX_CELLS", 3)
    path = workbook(tmp_path / "a.xlsx", [["a", "b"], ["1", "2"]])
    with pytest.raises(DataRejected, match="sel"):
        read(path)


def test_a_dbf_that_was_cut_short_is_refused(tmp_path):
    path = dbf(tmp_path / "a.dbf", [(4, 36.5, "Ana"), (5, 40, "Budi")])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataRejected, match="terpotong"):
        read(path)
