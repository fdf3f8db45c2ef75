"""Running one notebook: parameters are judged before a kernel starts, and what breaks shows no values."""

import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kaur_analysis.errors import NotebookFailed, NotebookRejected, UsageError
from kaur_analysis.pipeline import notebooks
from kaur_analysis.pipeline.notebooks import (
    check_notebook,
    check_parameters,
    execute,
    executed_copy,
    notebook_parameters,
)

PARAMETERS = 'kecamatan: str = "1704010"  # kode BPS\ncount: int = 1  # banyaknya\nshare: float = 0.5  # bagian'


@pytest.fixture
def notebook(tmp_path):
    def _write(*cells, parameters=PARAMETERS, kernel="python3"):
        first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        content = new_notebook(cells=[new_markdown_cell("# Uji"), first, *map(new_code_cell, cells)])
        content.metadata["kernelspec"] = {"name": kernel, "display_name": "Python 3", "language": "python"}
        path = tmp_path / "uji.ipynb"
        nbformat.write(content, path)
        return path

    return _write


@pytest.fixture
def no_kernel(monkeypatch):
    def _refuse(*args, **kwargs):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(notebooks.papermill, "execute_notebook", _refuse)


def test_the_parameters_cell_is_the_manual(notebook):
    assert notebook_parameters(notebook())["kecamatan"].help == "kode BPS"


def test_an_unknown_parameter_is_refused_before_a_kernel_starts(notebook, no_kernel):
    with pytest.raises(UsageError, match="'kecamatn' tidak dikenal; yang ada: kecamatan, count, share"):
        execute(notebook(), {"kecamatn": "1704010"})


@pytest.mark.parametrize("given", [{"kecamatan": 1704010}, {"count": "1"}, {"count": True}, {"share": "0,5"}])
def test_an_ill_typed_parameter_is_refused(notebook, given):
    with pytest.raises(UsageError, match="harus bertipe"):
        check_parameters(notebook(), given)


def test_a_whole_number_serves_as_a_float(notebook):
    assert check_parameters(notebook(), {"share": 1}) is None


def test_a_broken_cell_is_told_by_number_with_digits_masked(notebook):
    path = notebook("raise RuntimeError('99' + '04010112900001')")
    with pytest.raises(NotebookFailed, match=r"uji.ipynb, sel ke-\d: RuntimeError: 9904•+$"):
        execute(path, {})


def test_a_broken_notebook_leaves_no_file_with_a_traceback(notebook, tmp_path):
    path = notebook("1 / 0")
    with pytest.raises(NotebookFailed):
        execute(path, {})
    assert list(tmp_path.iterdir()) == [path]


def test_rejected_data_inside_a_notebook_stay_rejected_data(notebook):
    path = notebook("from kaur_analysis.errors import DataRejected\nraise DataRejected('berkas kosong')")
    with pytest.raises(NotebookRejected, match="berkas kosong"):
        execute(path, {})


def test_an_estimate_that_cannot_be_made_is_told_in_indonesian_first(notebook):
    path = notebook("from kaur_analysis.errors import EstimationError\nraise EstimationError('too few PSUs')")
    with pytest.raises(NotebookRejected, match="taksiran tidak dapat dibuat .*: too few PSUs"):
        execute(path, {})


def test_an_executed_copy_is_the_same_whenever_it_was_run(notebook):
    path = notebook("import sys; print('halo'); print('x', file=sys.stderr)", "kecamatan")
    copies = {executed_copy(execute(path, {"kecamatan": "1704020"})) for n in "ab"}
    assert len(copies) == 1


def test_an_executed_copy_holds_no_path_given_as_parameter(notebook):
    executed = execute(notebook("1"), {"kecamatan": "di/folder/rahasia"})
    assert "rahasia" not in executed_copy(executed)


def test_standard_error_does_not_leave_with_an_executed_copy(notebook):
    executed = execute(notebook("import sys; print('gangguan' + '42', file=sys.stderr)"), {})
    assert "gangguan42" not in executed_copy(executed)


def test_a_misspelt_parameter_is_answered_with_the_nearest(notebook):
    with pytest.raises(UsageError, match="Maksud Anda 'kecamatan'"):
        check_parameters(notebook(), {"kecamatn": "1704010"})


def test_a_parameter_without_default_must_be_given(notebook):
    path = notebook(parameters="agency: str = ...  # kode instansi")
    with pytest.raises(UsageError, match=r"'agency' wajib diisi \(kode instansi\)"):
        check_notebook(path, {})


def test_a_truncated_notebook_is_refused(notebook, no_kernel):
    path = notebook("1")
    path.write_text(path.read_text(encoding="utf-8")[:200], encoding="utf-8")
    with pytest.raises(UsageError, match="rusak atau terpotong"):
        execute(path, {})


def test_an_absent_notebook_is_refused(tmp_path, no_kernel):
    with pytest.raises(UsageError, match="tidak ada"):
        execute(tmp_path / "tiada.ipynb", {})


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path, no_kernel):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "uji.ipynb")
    with pytest.raises(UsageError, match="tepat satu sel kode bertanda 'parameters'; ada 0"):
        execute(tmp_path / "uji.ipynb", {})


def test_a_kernel_that_is_not_installed_is_refused(notebook, no_kernel):
    with pytest.raises(UsageError, match="kernel 'python-lama' tidak terpasang"):
        execute(notebook("1", kernel="python-lama"), {})


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "raise SystemExit", "exit()"])
def test_leaving_early_without_an_error_is_a_failure(notebook, leave):
    with pytest.raises(NotebookFailed, match="tidak selesai dikerjakan"):
        execute(notebook(leave, "'sesudahnya'"), {})


@pytest.mark.skipif(os.name == "nt", reason="limits of memory are a thing of POSIX")
def test_memory_that_runs_out_is_told_in_plain_words(notebook):
    path = notebook(
        "import numpy, resource; before = resource.getrlimit(resource.RLIMIT_AS)",
        "resource.setrlimit(resource.RLIMIT_AS, (8 << 30, before[1]))",
        "try:\n    numpy.ones(1 << 31)\nfinally:\n    resource.setrlimit(resource.RLIMIT_AS, before)",
    )
    with pytest.raises(NotebookFailed, match="memori habis"):
        execute(path, {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_is_told_in_plain_words(notebook):
    with pytest.raises(NotebookFailed, match="cakram penuh"):
        execute(notebook("stream = open('/dev/full', 'wb', 0)", "stream.write(b'x')"), {})


def test_a_file_that_another_program_holds_open_is_named(notebook):
    held = "raise PermissionError(13, 'denied', 'C:/d/temuan.xlsx.7.partial', None, 'C:/d/temuan.xlsx')"
    with pytest.raises(NotebookFailed, match=r": temuan\.xlsx tidak dapat ditulisi"):
        execute(notebook(held), {})
