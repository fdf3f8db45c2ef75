"""Visits of the same families at several dates, as an office puts them beside the study."""

import pandas as pd
import pytest

from kaur_analysis.cleaning.visits import load_visits, years
from kaur_analysis.errors import DataRejected
from kaur_analysis.study import VISITS_FILE

HEAD = "family,period,expenditure_rp_month\n"


def read(folder, *lines):
    (folder / VISITS_FILE).write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return load_visits(folder)


def test_without_the_file_there_are_no_visits(tmp_path):
    assert load_visits(tmp_path) is None


def test_visits_are_read_with_their_amount(tmp_path):
    table = read(tmp_path, "k1,2023,450000", "k1,2024-07,500000")
    assert table["expenditure_rp_month"].tolist() == [450_000, 500_000]


def test_amounts_may_have_decimals(tmp_path):
    table = read(tmp_path, "k1,2023,450000.50", "k2,2023,450000.125")
    assert table["expenditure_rp_month"].tolist() == [450_000.5, 450_000.125]


def test_codes_of_families_stay_text(tmp_path):
    assert read(tmp_path, "0012,2023,450000")["family"].tolist() == ["0012"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["k1,2023,450000", "k1,23,450000"], "baris 3: period"),
        (["k1,2023-13,450000"], "baris 2: period"),
        (["k1,2023,450.000 rupiah"], "baris 2: expenditure"),
        (["k1,2023,0"], "baris 2: expenditure"),
        (["k1,2023,450000", "k2,2023,455.000"], "kunjungan.csv: baris 3: expenditure_rp_month .* misalnya 455000"),
        (["k1,2023,inf"], "baris 2: expenditure"),
        (["k1,2023,1e999"], "baris 2: expenditure"),
        (["k1,2023,nan"], "baris 2: expenditure"),
        (["k1,2023,1_000"], "baris 2: expenditure"),
        (["k1,2023,450000", "k1,2023,460000"], "baris 3: keluarga ini sudah"),
    ],
)
def test_a_visit_that_cannot_be_is_refused_with_its_line(tmp_path, lines, words):
    with pytest.raises(DataRejected, match=words):
        read(tmp_path, *lines)


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / VISITS_FILE).write_text("family,period\n", encoding="utf-8")
    with pytest.raises(DataRejected, match="expenditure_rp_month"):
        load_visits(tmp_path)


def test_periods_lie_in_the_order_of_time():
    found = years(pd.Series(["2023", "2023-01", "2023-07", "2024"]))
    assert found.tolist() == [2023, 2023, 2023.5, 2024]
