"""A sheet that would unfold to more than memory holds is refused before anything unfolds it."""

import struct
import zipfile

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import extent, readers
from kaur_analysis.intake.readers import read_source
from tests.intake_files import recipients, workbook
from tests.memory import MEASURABLE, risen_in_holes, unpacked_bytes
from tests.old_workbook import SECTOR, formula, name, number, old_workbook, record, shared_cell, shared_text

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
_ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>'
    '<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
    'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)
_CELL = '<table:table-cell{times} office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
_NOTHING = '<table:table-cell table:number-columns-repeated="{times}"/>'


def read(path):
    return list(read_source(recipients(path=path.name), (path,)))


def far(path, row, column):
    rows = [["nama"], ["Ana"], *[[]] * (row - 2), [""] * column + ["x"]]
    return workbook(path, rows)


def ods(path, rows):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _ODS.format(rows=rows))
    return path


def test_a_stray_cell_in_the_last_corner_of_a_sheet_is_refused(tmp_path):
    with pytest.raises(DataRejected, match="Hapus kolom dan baris kosong"):
        read(far(tmp_path / "a.xlsx", LAST_ROW, LAST_COLUMN))


def test_a_file_that_lies_about_its_extent_is_refused_all_the_same(tmp_path):
    path = far(tmp_path / "a.xlsx", LAST_ROW, LAST_COLUMN)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    content[sheet] = content[sheet].replace(b'ref="A1:XFD1048576"', b'ref="A1:B2"')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    with pytest.raises(DataRejected, match="membentang"):
        read(path)


def test_a_stray_cell_in_the_last_column_of_a_short_list_is_read(tmp_path):
    assert len(read(far(tmp_path / "a.xlsx", 5, LAST_COLUMN))[0].cells) == 6


def test_a_stray_cell_far_below_a_narrow_list_is_read_within_bounds(tmp_path):
    [raw] = read(far(tmp_path / "a.xlsx", 499_999, 1))
    assert (len(raw.cells), raw.cells[0][1], raw.cells[1].iloc[-1]) == (500_000, "Ana", "x")


def test_a_refusal_names_the_cell_that_is_far_away(tmp_path):
    with pytest.raises(DataRejected, match="sampai baris 1048576 kolom AB "):
        read(far(tmp_path / "a.xlsx", LAST_ROW, 27))


def test_a_list_that_fills_its_rectangle_is_read_however_large(tmp_path, monkeypatch):
    monkeypatch.setattr(extent, "FLOOR_BYTES", 0)
    assert len(read(workbook(tmp_path / "a.xlsx", [["nama", "desa"], *[["Ana", "Merpas"]] * 500]))[0].cells) == 501


def sheet_of(path, sheet, shared=""):
    """A workbook whose sheet and shared texts are the given XML."""
    far(path, 3, 1)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["xl/worksheets/sheet1.xml"] = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode()
    if shared:
        content["xl/sharedStrings.xml"] = f"<sst>{shared}</sst>".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def test_cells_without_an_address_count_from_the_row_that_has_a_number(tmp_path):
    rows = f'<row r="1">{"<c><v>1</v></c>" * 200}</row><row r="1048576"><c><v>1</v></c></row>'
    with pytest.raises(DataRejected, match="sampai baris 1048576 kolom GR "):
        read(sheet_of(tmp_path / "a.xlsx", rows))


def test_cells_without_an_address_are_read_within_bounds(tmp_path):
    rows = '<row r="1"><c><v>1</v></c><c><v>2</v></c></row><row r="3"><c><v>3</v></c></row>'
    assert read(sheet_of(tmp_path / "a.xlsx", rows))[0].cells.to_numpy().tolist() == [["1", "2"], ["", ""], ["3", ""]]


@pytest.mark.parametrize(
    ("rows", "corner"),
    [
        ('<x:row r="900000"><x:c><v>1</v></x:c>{}</x:row>'.format("<x:c/>" * 99), "CV"),
        ('<x-y:row r="900000"><x-y:c><v>1</v></x-y:c>{}</x-y:row>'.format("<x-y:c/>" * 99), "CV"),
        ('<row r="1"><c r="cv900000"><v>1</v></c></row>', "CV"),
        ('<row r="1"><c x=">" r="CV900000"><v>1</v></c></row>', "CV"),
        ('<row r="1"><c x="<c" r="CV900000"><v>1</v></c></row>', ""),
        ('<row r="1"><c r = "CV900000"><v>1</v></c></row>', "CV"),
        ('<row r="1"><c\nr="CV900000"><v>1</v></c></row>', "CV"),
        ('<row r="1"><!-- c --><c r="CV900000"><v>1</v></c></row>', "CV"),
        ('<row r="1"><c r="AAAA900000"><v>1</v></c></row>', ""),
    ],
)
def test_a_far_cell_is_refused_however_it_is_written(tmp_path, rows, corner):
    with pytest.raises(DataRejected, match=f"baris 900000 kolom {corner} " if corner else "rusak"):
        read(sheet_of(tmp_path / "a.xlsx", rows))


def test_a_sheet_with_attributes_that_no_cell_shows_is_refused(tmp_path):
    path = sheet_of(tmp_path / "a.xlsx", '<row r="1"><c\tr="A1"><v>1</v></c></row>')
    declared = b'<!DOCTYPE worksheet [<!ATTLIST c r CDATA "A1">]>'
    with pytest.raises(DataRejected, match="rusak"):
        read(with_entries(path, lambda name, text: declared + text if name.endswith("sheet1.xml") else text))


def with_entries(path, change, kind=zipfile.ZIP_DEFLATED):
    """The same archive with other contents."""
    with zipfile.ZipFile(path) as archive:
        content = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize("entry", ["sheet1.xml", "styles.xml"])
def test_an_archive_that_lies_about_what_an_entry_unpacks_to_is_refused(tmp_path, entry):
    path = with_entries(
        far(tmp_path / "a.xlsx", 3, 1),
        lambda name, text: text + b" " * 50_000_000 if name.endswith(entry) else text,
    )
    with zipfile.ZipFile(path) as archive:
        [true] = [info.file_size for info in archive.infolist() if info.filename.endswith(entry)]
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", true), struct.pack("<I", 1000)))
    with pytest.raises(DataRejected, match="membengkak tidak wajar"):
        read(path)


def test_an_archive_in_which_another_reader_may_find_another_directory_is_refused(tmp_path):
    path = far(tmp_path / "a.xlsx", 3, 1)
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(DataRejected, match="satu daftar isi"):
        read(path)


def test_a_sheet_is_measured_however_its_place_is_spelled(tmp_path):
    path = far(tmp_path / "a.xlsx", LAST_ROW, LAST_COLUMN)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name.replace("xl/worksheets", "XL/Worksheets"), text)
    with pytest.raises(DataRejected, match="membentang"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A{k}" t="s"><f>A1</f><v>1</v></c>', "<si><t>{}</t></si>"),
        ('<c r="A{k}" t = "s"><v>1</v></c>', "<si><t>{}</t></si>"),
        ('<c r="A{k}" t="s"><v>&#49;</v></c>', "<si><t>{}</t></si>"),
        ('<c r="A{k}" t="s"><v>1</v></c>', "<x:si><x:t>{}</x:t></x:si>"),
        ('<c r="A{k}" t="s"><v>1</v></c>', "<!-- </si> --><si><t>{}</t></si >"),
    ],
)
def test_a_long_text_that_every_cell_shares_is_refused_however_it_is_written(tmp_path, cell, text):
    rows = "".join(f'<row r="{k}">{cell.format(k=k)}</row>' for k in range(1, 5001))
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(sheet_of(tmp_path / "a.xlsx", rows, "<si><t>nama</t></si>" + text.format("x" * 30_000)))


def test_one_long_text_that_every_cell_shares_is_refused(tmp_path):
    rows = "".join(f'<row r="{k}"><c r="A{k}" t="s"><v>1</v></c></row>' for k in range(1, 5001))
    shared = f"<si><t>nama</t></si><si><t>{'x' * 30_000}</t></si>"
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(sheet_of(tmp_path / "a.xlsx", rows, shared))


def test_a_long_text_that_one_cell_has_is_read(tmp_path):
    rows = "".join(f'<row r="{k}"><c r="A{k}" t="s"><v>{int(k == 7)}</v></c></row>' for k in range(1, 5001))
    shared = f"<si><t>nama</t></si><si><t>{'x' * 30_000}</t></si>"
    assert read(sheet_of(tmp_path / "a.xlsx", rows, shared))[0].cells[0].str.len().max() == 30_000


@pytest.mark.skipif(not MEASURABLE, reason="only Linux tells how much memory a piece of work took")
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_sheet_just_within_bounds_takes_no_more_memory_than_the_rule_says(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "xlsx":
        far(path, 31_000, 50)
    elif kind == "xls":
        old_workbook(path, number(0, 0), number(14_000, 50))
    else:
        blank = f'<table:table-row table:number-rows-repeated="9700">{_NOTHING.format(times=50)}</table:table-row>'
        last = f"<table:table-row>{_NOTHING.format(times=50)}{_CELL.format(times='', text='x')}</table:table-row>"
        ods(path, f"<table:table-row>{_CELL.format(times='', text='nama')}</table:table-row>" + blank + last)
    assert risen_in_holes(read, path) <= extent.allowed_bytes(unpacked_bytes(path))


@pytest.mark.skipif(not MEASURABLE, reason="only Linux tells how much memory a piece of work took")
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_repeated_text_just_within_bounds_takes_no_more_memory_than_the_rule_says(tmp_path, kind):
    path, long = tmp_path / f"a.{kind}", "x" * 30_000
    if kind == "xlsx":
        rows = "".join(f'<row r="{k}"><c r="A{k}" t="s"><v>0</v></c></row>' for k in range(1, 271))
        sheet_of(path, rows, f"<si><t>{long}</t></si>")
    elif kind == "xls":
        old_workbook(path, *[shared_cell(row, 0, 0) for row in range(240)], shared=shared_text([long]))
    else:
        ods(
            path,
            f'<table:table-row table:number-rows-repeated="240">{_CELL.format(times="", text=long)}</table:table-row>',
        )
    assert risen_in_holes(read, path) <= extent.allowed_bytes(unpacked_bytes(path))


def test_a_delimited_text_whose_one_long_line_would_lengthen_all_others_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("," * 2000 + "\n" + "a\n" * 50_000, encoding="utf-8")
    with pytest.raises(DataRejected, match="membentang"):
        read(path)


def test_a_delimited_text_of_more_columns_than_memory_holds_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["," * 60_000] * 2), encoding="utf-8")
    with pytest.raises(DataRejected, match="membentang"):
        read(path)


def test_a_parquet_file_that_unfolds_out_of_proportion_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(extent, "FLOOR_BYTES", 0)
    path = tmp_path / "a.parquet"
    pd.DataFrame({"nama": ["Ana"] * 2_000_000}).to_parquet(path)
    with pytest.raises(DataRejected, match="membengkak"):
        read(path)


@pytest.mark.parametrize("kind", ["parquet", "dta"])
def test_a_long_text_that_all_rows_of_a_typed_table_share_is_refused(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    table = pd.DataFrame({"nama": ["x" * 50_000] * 2000})
    if kind == "dta":
        table.to_stata(path, write_index=False, version=118, convert_strl=["nama"])
    else:
        table.to_parquet(path)
    with pytest.raises(DataRejected, match="membengkak"):
        read(path)


def test_a_packed_spss_file_that_unfolds_out_of_proportion_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "_MOST_TIMES", 50)  # its writer packs no closer than 108 to 1
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"nama": ["x" * 30_000] * 4000}), str(path), compress=True)
    with pytest.raises(DataRejected, match="membengkak"):
        read(path)


def test_a_long_text_that_one_row_of_a_stata_file_has_is_read(tmp_path):
    path = tmp_path / "a.dta"
    table = pd.DataFrame({"nama": ["x" * 50_000, *["Ana"] * 500]})
    table.to_stata(path, write_index=False, version=118, convert_strl=["nama"])
    assert read(path)[0].cells[0].str.len().max() == 50_000


@pytest.mark.skipif(not MEASURABLE, reason="only Linux tells how much memory a piece of work took")
@pytest.mark.parametrize(("kind", "cell"), [("dta", 1), ("parquet", 1), ("sav", 1), ("sav", "abcdefg")])
def test_a_typed_table_takes_no_more_memory_than_64_mb_and_four_times_its_cells_as_numbers(tmp_path, kind, cell):
    path = tmp_path / f"a.{kind}"
    codes = np.random.default_rng(1).integers(0, 9, (150_000, 20))
    table = pd.DataFrame(codes, dtype="int8").add_prefix("k")
    table = table if cell == 1 else table.astype("str") + cell
    if kind == "dta":
        table.to_stata(path, write_index=False)
    elif kind == "sav":
        pyreadstat.write_sav(table, str(path))
    else:
        table.to_parquet(path)
    assert risen_in_holes(read, path) <= extent.allowed_bytes(8 * table.size)


@pytest.mark.skipif(not MEASURABLE, reason="only Linux tells how much memory a piece of work took")
def test_a_dbf_file_of_one_wide_column_takes_no_more_memory_than_the_rule_says(tmp_path):
    path = tmp_path / "a.dbf"
    head = struct.pack("<BBBBIHH20x", 3, 25, 1, 1, 100_000, 65, 255)
    column = b"NAMA".ljust(11, b"\0") + b"C" + bytes(4) + bytes([254]) + bytes(15)
    path.write_bytes(head + column + b"\r" + 100_000 * (b" " + 254 * b"x"))
    assert risen_in_holes(read, path) <= extent.allowed_bytes(unpacked_bytes(path))


def test_blank_rows_that_an_ods_file_repeats_to_the_end_are_no_rows(tmp_path):
    row = "<table:table-row>{cell}</table:table-row>"
    rows = row.format(cell=_CELL.format(times="", text="nama")) + row.format(cell=_CELL.format(times="", text="Ana"))
    tail = '<table:table-row table:number-rows-repeated="1048574">' + _NOTHING.format(times=16384)
    assert len(read(ods(tmp_path / "a.ods", rows + tail + "</table:table-row>"))[0].cells) == 2


def test_an_ods_file_whose_filled_cells_are_repeated_beyond_bounds_is_refused(tmp_path):
    cell = _CELL.format(times=' table:number-columns-repeated="16384"', text="a")
    rows = f'<table:table-row table:number-rows-repeated="100000">{cell}</table:table-row>'
    with pytest.raises(DataRejected, match="membentang"):
        read(ods(tmp_path / "a.ods", rows))


def test_a_stray_cell_far_below_in_an_ods_file_is_refused(tmp_path):
    first = f"<table:table-row>{_CELL.format(times='', text='nama')}</table:table-row>"
    blank = f'<table:table-row table:number-rows-repeated="1048000">{_NOTHING.format(times=16384)}</table:table-row>'
    last = f"<table:table-row>{_NOTHING.format(times=60)}{_CELL.format(times='', text='x')}</table:table-row>"
    with pytest.raises(DataRejected, match="membentang"):
        read(ods(tmp_path / "a.ods", first + blank + last))


def test_a_text_that_an_ods_file_repeats_beyond_bounds_is_refused(tmp_path):
    cell = _CELL.format(times=' table:number-columns-repeated="10000"', text="x" * 20_000)
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(ods(tmp_path / "a.ods", f"<table:table-row>{cell}</table:table-row>"))


def test_spaces_that_an_ods_file_counts_in_many_cells_are_refused(tmp_path):
    cell = _CELL.format(times=' table:number-columns-repeated="1000"', text='<text:s text:c="100000"/>')
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(ods(tmp_path / "a.ods", f"<table:table-row>{cell}</table:table-row>"))


@pytest.mark.parametrize("other", ['x:number-columns-repeated="1"', 'table:x=">"'])
def test_the_repetition_of_an_ods_cell_is_found_beside_any_other_attribute(tmp_path, other):
    cell = _CELL.format(times=f' {other} table:number-columns-repeated="16384"', text="a")
    with pytest.raises(DataRejected, match="membentang"):
        rows = f'<table:table-row table:number-rows-repeated="100000">{cell}</table:table-row>'
        read(ods(tmp_path / "a.ods", rows.replace("table:x", "table:style-name")))


def test_an_ods_table_within_a_table_is_refused(tmp_path):
    inner = "<table:table-cell><table:table><table:table-row/></table:table></table:table-cell>"
    with pytest.raises(DataRejected, match="rusak"):
        read(ods(tmp_path / "a.ods", f"<table:table-row>{inner}</table:table-row>"))


def test_spaces_that_an_ods_file_counts_beyond_bounds_are_refused(tmp_path):
    cell = _CELL.format(times="", text='<text:s text:c="2000000000"/>')
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(ods(tmp_path / "a.ods", f"<table:table-row>{cell}</table:table-row>"))


@pytest.mark.parametrize(
    "beginning",
    [
        "<html>",
        "<div>",
        "<!-- ekspor --><div>",
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_web_page_named_as_a_workbook_is_refused_with_what_to_do(tmp_path, beginning, encoding):
    path = tmp_path / "ekspor.xls"
    path.write_text(f"{beginning}<table><tr><td>NIK</td></tr></table>", encoding=encoding)
    with pytest.raises(DataRejected, match="halaman web"):
        read(path)


# --- old workbooks: one stream of records inside a compound file (MS-XLS, MS-CFB) ---


def test_an_old_workbook_is_read(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0), number(1, 1))
    assert read(path)[0].cells.to_numpy().tolist() == [["1", ""], ["", "1"]]


def test_an_old_workbook_that_declares_more_than_it_holds_is_refused(tmp_path):
    declared = record(0x0200, struct.pack("<IIHHH", 0, 2**31, 0, 65_535, 0))
    with pytest.raises(DataRejected, match="membentang"):
        read(old_workbook(tmp_path / "a.xls", declared, number(0, 0)))


def test_an_old_workbook_whose_sheet_ends_before_it_begins_is_refused(tmp_path):
    declared = record(0x0200, struct.pack("<IIHHH", 5, 1, 0, 7, 0))
    with pytest.raises(DataRejected, match="berakhir sebelum mulai"):
        read(old_workbook(tmp_path / "a.xls", declared, number(0, 0)))


def test_an_old_workbook_with_a_stray_cell_is_refused_wherever_its_list_of_sheets_points(tmp_path):
    path = old_workbook(tmp_path / "a.xls", b"\0\0\xff\x7f", record(0x0809, b""), number(0, 0), number(60_000, 200))
    content = path.read_bytes()
    [start] = struct.unpack_from("<I", content, content.index(b"\x85\0") + 4)  # past what stops a walk from the start
    path.write_bytes(
        content.replace(b"\x85\0\x09\0" + struct.pack("<I", start), b"\x85\0\x09\0" + struct.pack("<I", start + 24))
    )
    with pytest.raises(DataRejected, match="sampai baris 60001 kolom GS "):
        read(path)


def test_an_old_workbook_that_names_one_sheet_many_times_is_refused(tmp_path):
    path = old_workbook(tmp_path / "a.xls", *[number(row, 0) for row in range(200)], sheets=50)
    with pytest.raises(DataRejected, match="bertumpuk"):
        read(path)


def test_an_old_workbook_with_a_cell_in_a_column_that_no_sheet_has_is_refused(tmp_path):
    with pytest.raises(DataRejected, match="di luar 256 kolom"):
        read(old_workbook(tmp_path / "a.xls", number(0, 0), number(65_535, 65_535)))


def test_an_old_workbook_with_a_cell_in_its_last_column_is_read(tmp_path):
    assert len(read(old_workbook(tmp_path / "a.xls", number(0, 0), number(1, 255)))) == 1


def test_an_old_workbook_that_promises_more_texts_than_it_has_bytes_is_refused(tmp_path):
    with pytest.raises(DataRejected, match="lebih banyak teks"):
        read(old_workbook(tmp_path / "a.xls", shared=record(0x00FC, struct.pack("<II", 1, 2**31 - 1))))


def test_an_old_workbook_whose_directory_runs_in_a_circle_is_refused(tmp_path):
    with pytest.raises(DataRejected, match="tidak berujung"):
        read(old_workbook(tmp_path / "a.xls", number(0, 0), directory_follows=1))


def test_an_old_workbook_whose_list_of_sectors_runs_in_a_circle_is_refused(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0), list_begins=2)
    content = bytearray(path.read_bytes())
    content[4 * SECTOR - 4 : 4 * SECTOR] = struct.pack("<I", 2)  # the sector that is taken for the list names itself
    path.write_bytes(content)
    with pytest.raises(DataRejected, match=r"tidak berujung|rusak"):
        read(path)


def test_an_old_workbook_that_hangs_in_no_directory_is_refused(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0), number(60_000, 200))
    content = bytearray(path.read_bytes())
    root = content.index("Root Entry".encode("utf-16-le"))
    content[root + 76 : root + 80] = b"\xff" * 4  # its first child
    path.write_bytes(content)
    with pytest.raises(DataRejected, match="tidak memuat satu buku kerja"):
        read(path)


def test_an_old_workbook_named_twice_is_refused(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0), number(60_000, 200))
    content = bytearray(path.read_bytes())
    entry = content.index("Workbook".encode("utf-16-le"))
    content[entry + 128 : entry + 256] = content[entry : entry + 128]
    path.write_bytes(content)
    with pytest.raises(DataRejected, match="tidak memuat satu buku kerja"):
        read(path)


def test_an_old_workbook_whose_long_text_every_cell_shares_is_refused(tmp_path):
    cells = [shared_cell(row, 0, 1) for row in range(3000)]
    with pytest.raises(DataRejected, match="teks yang sama diulang"):
        read(old_workbook(tmp_path / "a.xls", *cells, shared=shared_text(["nama", "x" * 30_000])))


def test_an_old_workbook_whose_long_text_one_cell_has_is_read(tmp_path):
    cells = [shared_cell(row, 0, int(row == 7)) for row in range(3000)]
    [raw] = read(old_workbook(tmp_path / "a.xls", *cells, shared=shared_text(["nama", "x" * 30_000])))
    assert raw.cells[0].str.len().max() == 30_000


def test_an_old_workbook_is_measured_though_it_holds_an_archive(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0), number(60_000, 200))
    inner = far(tmp_path / "b.xlsx", 3, 1).read_bytes()  # Excel keeps the look of a workbook in one
    path.write_bytes(path.read_bytes() + inner.ljust(-(-len(inner) // SECTOR) * SECTOR, b"\0"))
    with pytest.raises(DataRejected, match="sampai baris 60001 kolom GS "):
        read(path)


def test_a_locked_workbook_says_what_to_do(tmp_path):
    path = old_workbook(tmp_path / "a.xls", number(0, 0))
    with pytest.raises(DataRejected, match="terkunci kata sandi"):
        read(path.rename(tmp_path / "a.xlsx"))


def test_an_old_workbook_whose_formula_is_blown_up_with_spaces_is_refused(tmp_path):
    one, spaces = b"\x1e\1\0", b"\x19\x40\0\xff"
    with pytest.raises(DataRejected, match="rumus"):
        read(old_workbook(tmp_path / "a.xls", formula(0, 0, one + 2000 * spaces)))


def test_an_old_workbook_whose_formulas_repeat_a_long_name_is_refused(tmp_path):
    named, plus = b"\x23\1\0\0\0", b"\3"
    cells = [formula(row, 0, named + 1300 * (named + plus)) for row in range(200)]
    with pytest.raises(DataRejected, match="membengkak"):
        read(old_workbook(tmp_path / "a.xls", *cells, shared=name("N" * 250)))


def test_an_old_workbook_with_formulas_is_read(tmp_path):
    cells = [formula(row, 0, b"\x1e\1\0\x1e\2\0\x19\x40\0\1\3") for row in range(3000)]
    assert set(read(old_workbook(tmp_path / "a.xls", *cells))[0].cells[0]) == {"1"}
