"""Notebooks tell a story and hold no logic: that lives in the package, where it is tested."""

import ast
import json

import nbformat
import pytest

from tests.shared import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
names = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def statements(path):
    return [statement for cell in code_cells(path) for statement in ast.parse(cell.source).body]


def test_there_are_the_nine_of_the_story():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_clean",
        "02_poverty",
        "03_incidence",
        "03_targeting",
        "04_planning",
        "04_publishing",
        "05_kecamatan",
        "06_opd",
        "07_kabupaten",
    ]


@names
def test_a_notebook_is_stripped(path):
    cells = code_cells(path)
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count is not None] == []


@names
def test_a_notebook_carries_no_trace_of_a_run(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    held = {key for cell in document["cells"] for key in cell["metadata"]} - {"tags"}
    assert (held, set(document["metadata"]) - {"kernelspec", "language_info"}) == (set(), set())


@names
def test_a_cell_is_one_call_an_import_or_parameters(path):
    allowed = (ast.Import, ast.ImportFrom, ast.AnnAssign, ast.Expr, ast.Assign)
    assert [ast.unparse(s) for s in statements(path) if not isinstance(s, allowed)] == []


@names
def test_a_call_computes_nothing_in_its_arguments(path):
    simple = (ast.Name, ast.Constant)
    called = [s.value for s in statements(path) if isinstance(s, ast.Assign | ast.Expr)]
    bad = [
        ast.unparse(value)
        for value in called
        if not isinstance(value, ast.Call) or not all(isinstance(argument, simple) for argument in value.args)
    ]
    assert bad == []


@names
def test_a_code_cell_has_at_most_one_call(path):
    parameters = {"parameters"}
    crowded = [
        cell.source
        for cell in code_cells(path)
        if parameters.isdisjoint(cell.metadata.get("tags", []))
        and sum(isinstance(s, ast.Assign | ast.Expr) for s in ast.parse(cell.source).body) > 1
    ]
    assert crowded == []


@names
def test_every_parameter_is_typed_and_explained(path):
    (cell,) = [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    body = ast.parse(cell.source).body
    explained = [line for line in cell.source.splitlines() if "  # " in line]
    assert all(isinstance(s, ast.AnnAssign) for s in body) and len(explained) == len(body)


@names
def test_a_notebook_begins_with_its_title(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith(f"# {path.stem[:2]} · ")
