"""What is made of tables of the edition is known by their files, which are not read where none has changed."""

import pandas as pd
import pytest

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import of_tables
from kaur_analysis.store import Store
from tests.intake_files import dtsen, recipients, study, workbook


@pytest.fixture
def edition(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [["No", "Nama", "Kecamatan", "Desa"]])
    made = study(tmp_path, *dtsen(tmp_path, [{}], [{}]), recipients())
    return Edition(made, tmp_path / "studi.yaml", made.reference, Store(tmp_path / "data", tmp_path / "reports", "uji"))


@pytest.fixture
def asked():
    """Numbers that a sum was worked out for, one entry per call."""
    return []


@pytest.fixture
def summed(edition, asked):
    """Sum of a table of the edition, times a number; how often it was worked out is in ``asked``."""

    def work(read, times):
        asked.append(times)
        return [pd.DataFrame({"sum": [times * read("estimates/poverty")["n"].sum()]})]

    def found(tables=("estimates/poverty",), **given):
        return int(of_tables(edition, "jumlah", work, tables, **given)[0]["sum"].iloc[0])

    edition.store.write("estimates/poverty", pd.DataFrame({"n": [1, 2]}))
    return found


def test_tables_that_stayed_are_not_even_read(summed, asked, monkeypatch):
    summed(times=2)
    monkeypatch.setattr(Store, "read", None)
    assert summed(times=2) == 6
    assert asked == [2]


def test_another_table_is_asked_anew(summed, edition):
    summed(times=2)
    edition.store.write("estimates/poverty", pd.DataFrame({"n": [1, 5]}))
    assert summed(times=2) == 12


def test_something_else_given_beside_the_tables_is_asked_anew(summed):
    summed(times=2)
    assert summed(times=3) == 9


def test_a_table_that_nothing_is_known_by_cannot_be_read(summed):
    with pytest.raises(ValueError, match="estimates/poverty, which is not among"):
        summed(tables=(), times=2)
