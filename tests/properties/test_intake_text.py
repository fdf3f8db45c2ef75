"""Delimited text gives the same cells whichever way it is read."""

import csv
import io

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.intake import readers
from tests.intake_files import recipients

CELLS = st.text(st.sampled_from('aZ09 ;,"é.-'), max_size=6)
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(CELLS, min_size=width, max_size=width) | st.lists(CELLS, max_size=7), min_size=1, max_size=20
    )
)


def written(rows):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def padded(rows):
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


def cells(table):
    return [list(row) for row in table.itertuples(index=False)]


@settings(max_examples=200, deadline=None)
@given(TABLES, st.integers(2, 7))
def test_lines_that_are_odd_stand_where_they_stood(rows, width):
    content = written(rows)
    one_by_one = readers._ragged(content, ";", "a.csv")
    whole = readers._regular(io.BytesIO(content), ";", width, "a.csv")
    narrow = one_by_one.shape[1]
    assert cells(whole.iloc[:, :narrow]) == cells(one_by_one)
    assert (whole.iloc[:, narrow:] == "").all(axis=None)


@settings(max_examples=100, deadline=None)
@given(TABLES)
def test_every_cell_written_is_read(rows):
    assert cells(readers._ragged(written(rows), ";", "a.csv")) == padded(rows)


def test_text_of_nothing_but_odd_lines_is_read_line_by_line(monkeypatch):
    monkeypatch.setattr(readers, "_MOST_ODD_LINES", 3)
    assert readers._regular(io.BytesIO(b"a\nb;c\n" * 4), ";", 3, "a.csv") is None


def test_stata_in_blocks_is_stata_at_once(tmp_path, monkeypatch):
    table = pd.DataFrame({"kode": [1.0, None, 3.0, 4.0, 5.0], "nama": ["a", "", "c", "d", "e"]})
    table.to_stata(tmp_path / "a.dta", write_index=False)
    source = recipients(path="a.dta")
    monkeypatch.setattr(readers, "_STATA_ROWS", 2)
    [raw] = readers.read_source(source, (tmp_path / "a.dta",))
    assert cells(raw.cells) == [["1", "a"], ["", ""], ["3", "c"], ["4", "d"], ["5", "e"]]


def test_spss_column_by_column_is_spss_at_once(tmp_path, monkeypatch):
    table = pd.DataFrame({"kode": [1.0, None, 3.0], "nama": ["a", "", "c"], "desa": ["x", "y", "z"]})
    pyreadstat.write_sav(table, str(tmp_path / "a.sav"), variable_value_labels={"kode": {1: "Ya"}})
    monkeypatch.setattr(readers, "_TYPED_BYTES", -10_000)
    [raw] = readers.read_source(recipients(path="a.sav"), (tmp_path / "a.sav",))
    assert cells(raw.cells) == [["1", "a", "x"], ["", "", "y"], ["3", "c", "z"]]
    assert (raw.headings, raw.free, raw.labels) == (("kode", "nama", "desa"), {1, 2}, {0: {"1": "Ya"}})


def test_a_title_of_two_lines_in_one_cell_is_one_row():
    table = readers._regular(io.BytesIO(b'"DAFTAR\nPENERIMA"\nnik;nama\n1;Ana\n'), ";", 2, "a.csv")
    assert cells(table) == [["DAFTAR\nPENERIMA", ""], ["nik", "nama"], ["1", "Ana"]]


@given(st.text(max_size=12).map(str.encode) | st.binary(max_size=12), st.integers(1, 5))
def test_a_text_looked_through_part_by_part_is_plain_where_the_whole_is(content, part):
    try:
        plain = isinstance(content.decode(), str) and b"\0" not in content and not content.startswith(readers._MARKS)
    except UnicodeDecodeError:
        plain = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "_PART_BYTES", max(part, max(map(len, readers._MARKS))))
        assert readers._is_plain(io.BytesIO(content)) == plain
