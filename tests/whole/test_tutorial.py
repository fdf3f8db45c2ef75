"""What the tutorial says is done, word for word."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.shared import ROOT

TUTORIAL = ROOT / "docs" / "tutorial" / "edisi-pertama.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    return done.stdout


def said(kind, block, folder):
    if kind == "python":
        return run([sys.executable, "-c", block], folder)
    lines = [shlex.split(line) for line in block.splitlines() if line]
    assert all(words[0] == "kaur" for words in lines)
    return "".join(run([sys.executable, "-m", "kaur_analysis", *words[1:]], folder) for words in lines)


@pytest.fixture(scope="module")
def followed(finished, tmp_path_factory):
    """What each step of the tutorial said; from its second step on with the office, tables and pages of this room's
    edition in place of the tutorial's own, so that the research is not done a second time."""
    folder = tmp_path_factory.mktemp("pelajaran")
    (first, *rest) = BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    answers = [said(*first, folder)]
    shutil.rmtree(folder / "latihan")
    shutil.copytree(finished.office, folder / "latihan")
    shutil.copytree(finished.edition.store.data, folder / "latihan-data")
    return [*answers, *(said(*block, folder) for block in rest)], folder


def test_each_step_of_the_tutorial_succeeds(followed):
    answers, _ = followed
    assert len(answers) == 7 and all(answers)


def test_the_pages_the_tutorial_opens_are_there(followed):
    _, folder = followed
    for name in ("latihan/studi-temuan.xlsx", "latihan-hasil/2025/index.html", "latihan-hasil/2025/published.csv"):
        assert (folder / name).is_file(), name


def test_the_python_of_the_tutorial_prints_the_poor_of_each_kecamatan(followed):
    answers, _ = followed
    assert len(re.findall(r"^\s*1704\d{3}\s", answers[5], re.MULTILINE)) == 15
