"""Answers of people that come back damaged are refused by the name of their file, in Indonesian."""

import io
import zipfile

import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import csv_text, read_answers, workbook_lines
from kaur_analysis.planning.verification import opened
from tests.intake_files import workbook
from tests.old_workbook import old_workbook


@pytest.fixture
def beside(tmp_path):
    def _write(content):
        path = tmp_path / "padanan.csv"
        path.write_bytes(content)
        return path

    return _write


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b'record,same\n"a,1\n', b"record,same\na,1,2\n", b"record,same\na,1\nb,1,2,3\n"],
    ids=["empty", "blank", "open quote", "longer lines", "one longer line"],
)
def test_a_damaged_table_is_refused_by_its_name(beside, content):
    with pytest.raises(DataRejected, match=r"padanan\.csv: kosong, rusak"):
        read_answers(beside(content))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_table_in_another_encoding_is_refused_by_its_name(beside, encoding):
    with pytest.raises(DataRejected, match=r"padanan\.csv: bukan teks UTF-8"):
        read_answers(beside("record,same\né,1\n".encode(encoding)))


def test_the_mark_that_excel_puts_before_a_table_is_no_part_of_its_first_heading(beside):
    assert list(read_answers(beside("record,same\na,1\n".encode("utf-8-sig")))) == ["record", "same"]


def test_a_table_that_excel_wrote_in_indonesian_is_read(beside):
    assert read_answers(beside(b"record;same\na;1\n")).to_dict("list") == {"record": ["a"], "same": ["1"]}


def test_cells_that_are_absent_are_empty(beside):
    assert read_answers(beside(b"record,same\na\n")).iloc[0].tolist() == ["a", ""]


def test_what_was_written_is_read_as_it_was(beside):
    table = read_answers(beside(b"record,same\n'=a,0\nNA,1\n"))
    assert read_answers(beside(csv_text(table).encode())).to_numpy().tolist() == [["=a", "0"], ["NA", "1"]]


def test_a_workbook_that_was_cut_short_is_refused(tmp_path):
    content = workbook(tmp_path / "isi.xlsx", [["a", "b"]] * 200).read_bytes()
    for length in range(0, len(content), 97):
        with pytest.raises(DataRejected, match="bukan buku kerja"):
            workbook_lines(content[:length])


def test_a_workbook_whose_sheet_is_damaged_inside_is_refused(tmp_path):
    with pytest.raises(DataRejected, match="bukan buku kerja"):
        workbook_lines(damaged(workbook(tmp_path / "isi.xlsx", [["a", "b"]])))


def damaged(path):
    """The workbook with the text of its sheet cut off; the archive around it is whole."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(content, "w") as made:
        for name in whole.namelist():
            text = whole.read(name)
            made.writestr(name, text[: len(text) // 2] if "sheet1.xml" in name else text)
    return content.getvalue()


def test_an_old_workbook_without_a_password_needs_none(tmp_path):
    assert workbook_lines(opened(old_workbook(tmp_path / "isi.xls"), None)) == {"S": []}
