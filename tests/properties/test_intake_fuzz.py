"""Every file ends in a clean table or in a rejection that says why; none in a traceback.

A thousand mutants here; ``python -m benchmarks.fuzz`` runs as many as one likes.
"""

import zipfile

import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import demo_keys, read_study
from tests.intake_files import recipients, study
from tests.mutants import WRITERS, judge

BATCH = 100


def _mutants(folder, batch):
    return [judge(folder, seed) for seed in range(batch * BATCH, (batch + 1) * BATCH)]


@pytest.mark.parametrize("batch", range(10))
def test_every_mutant_ends_in_a_balanced_table_or_a_rejection(tmp_path, batch):
    for outcome in _mutants(tmp_path, batch):
        if not isinstance(outcome, DataRejected):
            table = outcome.accounting
            assert (table["rows_read"] == table["rows_kept"] + table["rows_set_aside"]).all()
            assert len(outcome.recipients) == table["rows_kept"].sum()


def test_no_outcome_shows_an_identity(tmp_path):
    for outcome in _mutants(tmp_path, 10):
        shown = str(outcome) if isinstance(outcome, DataRejected) else outcome.findings["found"].str.cat(sep=" ")
        assert "Vekador" not in shown and "99040712058" not in shown


@pytest.mark.parametrize("suffix", WRITERS)
def test_some_mutants_of_every_format_are_still_read(tmp_path, suffix):
    seeds = [seed for seed in range(600) if list(WRITERS)[seed % len(WRITERS)] == suffix]
    assert any(not isinstance(judge(tmp_path, seed), DataRejected) for seed in seeds)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "daftar.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<sheetData>" + b" " * 300_000_000)
    result = read_study(study(tmp_path, recipients()), demo_keys(), strict=False)
    assert list(result.findings["rule"]) == ["berkas_rusak"]


def test_a_rejection_of_a_bomb_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "daftar.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<sheetData>" + b" " * 300_000_000)
    with pytest.raises(DataRejected, match="membengkak"):
        read_study(study(tmp_path, recipients()), demo_keys())
