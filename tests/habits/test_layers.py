"""Rooms import downstairs only."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.shared import ROOT

PACKAGE = ROOT / "kaur_analysis"
FLOORS = [  # from the ground up
    {"errors", "formats"},
    {"reference"},
    {"store"},
    {"contracts"},
    {"study"},
    {"demo"},
    {"intake"},
    {"cleaning"},
    {"linkage"},
    {"poverty"},
    {"targeting"},
    {"planning"},
    {"disclosure"},
    {"reporting"},
    {"pipeline"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))
NUMERIC_ONLY = {"numpy", "scipy", "pandas", "statsmodels", "sklearn", "kaur_analysis"}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def _imports(path: Path) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "kaur_analysis"}
    return frozenset(found)


def _rooms_imported(path: Path) -> set[str]:
    parts = [name.split(".") for name in _imports(path) if name.startswith("kaur_analysis.")]
    return {name[1] for name in parts if name[1] in LEVEL}


def _ids(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != PACKAGE or p.stem != "__init__"], ids=_ids)
def test_a_room_imports_only_rooms_below_it(path):
    room = _room(path)
    upstairs = {other for other in _rooms_imported(path) if other != room and LEVEL[other] >= LEVEL[room]}
    assert upstairs == set()


def test_every_room_has_its_floor():
    rooms = {_room(path) for path in MODULES} - {"__init__"}
    assert rooms == set(LEVEL)


@pytest.mark.parametrize("path", sorted((PACKAGE / "poverty").rglob("*.py")), ids=_ids)
def test_the_poverty_room_knows_numbers_only(path):
    import sys

    outside = {name.split(".")[0] for name in _imports(path)} - set(sys.stdlib_module_names)
    assert outside <= NUMERIC_ONLY


@pytest.mark.parametrize("path", sorted((PACKAGE / "poverty").rglob("*.py")), ids=_ids)
def test_the_poverty_room_knows_no_other_room_but_errors(path):
    assert _rooms_imported(path) <= {"poverty", "errors"}


@pytest.mark.parametrize("library", ["papermill", "nbconvert"])
def test_only_the_pipeline_knows_papermill_and_nbconvert(library):
    users = {_room(path) for path in MODULES if any(name.split(".")[0] == library for name in _imports(path))}
    assert users == {"pipeline"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "reporting").rglob("*.py")), ids=_ids)
def test_reporting_knows_no_room_that_holds_household_rows(path):
    allowed = {"reporting", "errors", "formats", "reference", "contracts"}
    assert _rooms_imported(path) <= allowed


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_no_module_imports_everything_from_another(path):
    stars = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []
