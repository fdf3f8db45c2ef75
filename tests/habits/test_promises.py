"""What docs/validation.md says is held by a test is the name of one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def test_(\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}
SECTION = "## Poverty: each promise and the tests that hold it"


def promises() -> list[tuple[str, str]]:
    """Each promise with the names in its row."""
    told = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in told.splitlines() if line.startswith("| ")][1:]
    return [(promise.strip(), held) for promise, held in rows]


def test_there_are_the_promises_of_every_part():
    parts = {promise.split(":")[0] for promise, _ in promises()}
    assert len(parts) == 7 and len(promises()) >= 30


@pytest.mark.parametrize(("promise", "held"), promises())
def test_a_promise_is_held_by_tests_that_exist(promise, held):
    names = set(re.findall(r"`(\w+)`", held))
    assert names and names <= TESTS, names - TESTS
