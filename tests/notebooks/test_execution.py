"""Running one notebook: parameters are judged before a kernel starts, and what breaks shows no values."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline import notebooks
from kaur_analysis.pipeline.notebooks import (
    NotebookFailed,
    NotebookRejected,
    check_parameters,
    execute,
    executed_copy,
    notebook_parameters,
)

PARAMETERS = 'kecamatan: str = "1704010"  # kode BPS\ncount: int = 1  # banyaknya\nshare: float = 0.5  # bagian'


@pytest.fixture
def notebook(tmp_path):
    def _write(*cells):
        parameters = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        content = new_notebook(cells=[new_markdown_cell("# Uji"), parameters, *map(new_code_cell, cells)])
        content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
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


def test_an_unknown_parameter_is_refused_before_a_kernel_starts(notebook, tmp_path, no_kernel):
    with pytest.raises(UsageError, match="'kecamatn' tidak dikenal; yang ada: kecamatan, count, share"):
        execute(notebook(), {"kecamatn": "1704010"}, tmp_path / "out.ipynb")


@pytest.mark.parametrize("given", [{"kecamatan": 1704010}, {"count": "1"}, {"count": True}, {"share": "0,5"}])
def test_an_ill_typed_parameter_is_refused(notebook, given):
    with pytest.raises(UsageError, match="harus bertipe"):
        check_parameters(notebook(), given)


def test_a_whole_number_serves_as_a_float(notebook):
    assert check_parameters(notebook(), {"share": 1}) is None


def test_a_broken_cell_is_told_by_number_with_digits_masked(notebook, tmp_path):
    path = notebook("raise RuntimeError('99' + '04010112900001')")
    with pytest.raises(NotebookFailed, match=r"uji.ipynb, sel ke-\d: RuntimeError: 9904•+$"):
        execute(path, {}, tmp_path / "out.ipynb")


def test_a_broken_notebook_leaves_no_file_with_a_traceback(notebook, tmp_path):
    with pytest.raises(NotebookFailed):
        execute(notebook("1 / 0"), {}, tmp_path / "out.ipynb")
    assert not (tmp_path / "out.ipynb").exists()


def test_rejected_data_inside_a_notebook_stay_rejected_data(notebook, tmp_path):
    path = notebook("from kaur_analysis.errors import DataRejected\nraise DataRejected('berkas kosong')")
    with pytest.raises(NotebookRejected, match="berkas kosong"):
        execute(path, {}, tmp_path / "out.ipynb")


def test_an_estimate_that_cannot_be_made_is_told_in_indonesian_first(notebook, tmp_path):
    path = notebook("from kaur_analysis.errors import EstimationError\nraise EstimationError('too few PSUs')")
    with pytest.raises(NotebookRejected, match="taksiran tidak dapat dibuat .*: too few PSUs"):
        execute(path, {}, tmp_path / "out.ipynb")


def test_an_executed_copy_is_the_same_whenever_it_was_run(notebook, tmp_path):
    path = notebook("import sys; print('halo'); print('x', file=sys.stderr)", "kecamatan")
    copies = {executed_copy(execute(path, {"kecamatan": "1704020"}, tmp_path / f"{n}.ipynb")) for n in "ab"}
    assert len(copies) == 1


def test_an_executed_copy_holds_no_path_given_as_parameter(notebook, tmp_path):
    executed = execute(notebook("1"), {"kecamatan": "di/folder/rahasia"}, tmp_path / "a.ipynb")
    assert "rahasia" not in executed_copy(executed)


def test_standard_error_does_not_leave_with_an_executed_copy(notebook, tmp_path):
    executed = execute(notebook("import sys; print('gangguan' + '42', file=sys.stderr)"), {}, tmp_path / "a.ipynb")
    assert "gangguan42" not in executed_copy(executed)
