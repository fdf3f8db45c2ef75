"""The project can be unpacked and run on Windows: names, lengths, encodings."""

import ast
import re
import subprocess

import pytest

from kaur_analysis.study import RESERVED_NAMES
from tests.shared import ROOT

TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
SOURCES = sorted((ROOT / "kaur_analysis").rglob("*.py"))


@pytest.mark.skipif(not TRACKED, reason="not a git clone")
def test_no_file_of_the_project_has_a_name_that_windows_refuses():
    parts = {part for path in TRACKED for part in path.split("/")}
    refused = re.compile(r'[<>:"|?*\\]|[. ]$')
    assert [part for part in parts if refused.search(part) or part.split(".")[0].upper() in RESERVED_NAMES] == []


@pytest.mark.skipif(not TRACKED, reason="not a git clone")
def test_no_two_files_of_the_project_differ_in_capitals_alone():
    assert len({path.lower() for path in TRACKED}) == len(TRACKED)


@pytest.mark.skipif(not TRACKED, reason="not a git clone")
def test_the_project_fits_into_an_ordinary_folder():
    """259 characters less ``C:\\Users\\<20 letters>\\Documents\\kaur-analysis\\``."""
    assert [path for path in TRACKED if len(path) > 190] == []


def _as_text(call):
    """Whether a call opens a file as text: ``open(path)``, ``path.open("a")``, ``path.read_text()``."""
    name, place = (call.func.attr, 0) if isinstance(call.func, ast.Attribute) else (getattr(call.func, "id", ""), 1)
    if name in {"read_text", "write_text"}:
        return place == 0  # the store's own write_text is UTF-8 by itself
    modes = call.args[place : place + 1]
    return name == "open" and (not modes or (isinstance(modes[0], ast.Constant) and "b" not in str(modes[0].value)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_text_is_read_or_written_in_the_code_page_of_the_computer(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [{word.arg for word in call.keywords} for call in calls]
    assert [c.lineno for c, words in zip(calls, named, strict=True) if _as_text(c) and "encoding" not in words] == []


def test_the_rule_for_text_finds_what_it_should():
    found = [
        _as_text(ast.parse(text).body[0].value) for text in ("open(p)", "p.open('a')", "p.read_text()", "p.open('rb')")
    ]
    assert found == [True, True, True, False]
