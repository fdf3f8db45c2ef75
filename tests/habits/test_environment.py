"""conda users, pip users and the lock get the same libraries."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from kaur_analysis.reference import read_yaml
from tests.shared import ROOT

# Where conda-forge calls a library by another name than PyPI.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "jupyter-client": "jupyter_client",
    "playwright": "playwright-python",
    "psycopg-binary": "psycopg-c",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = [name for names in PROJECT["optional-dependencies"].values() for name in names]
# An extra may name the project's own other extras; their libraries are listed there.
DECLARED = sorted(name for name in PROJECT["dependencies"] + EXTRAS if not name.startswith(PROJECT["name"]))


def _environment() -> list[str]:
    return list(read_yaml(ROOT / "environment.yml")["dependencies"])


def _locked() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    return dict(pin.split("==", 1) for pin in pins)


def test_environment_yml_lists_what_pyproject_declares():
    wanted = {CONDA_NAMES.get(name, name) for name in DECLARED} | {"pip", f"python {PROJECT['requires-python']}"}
    assert set(_environment()) == wanted


def test_environment_yml_lists_nothing_twice():
    assert len(_environment()) == len(set(_environment()))


@pytest.mark.parametrize("name", DECLARED)
def test_every_declared_library_is_locked(name):
    assert re.sub(r"[._]", "-", name) in _locked()


def _imported() -> set[str]:
    """Top-level modules from outside that the program imports anywhere, also inside functions."""
    found = set()
    for path in (ROOT / "kaur_analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"kaur_analysis"}


def test_every_library_that_is_imported_is_declared():
    declared = {_plain(name) for name in DECLARED}
    brought_by = packages_distributions()
    undeclared = [name for name in _imported() if declared.isdisjoint(map(_plain, brought_by.get(name, ())))]
    assert sorted(undeclared) == []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_exactly_and_names_no_host():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"^[a-z0-9-]+==[0-9][\w.!+]*( ; [^/@]+)?$")
    assert [line for line in lines if not pin.match(line)] == []


def test_every_declared_library_says_why_it_is_there():
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert [name for name in DECLARED if f"| `{name}` |" not in text] == []


def test_no_library_is_explained_that_is_not_declared():
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) - set(DECLARED)) == []
