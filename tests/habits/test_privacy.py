"""Nothing personal, and nothing of this machine, stands in a tracked file."""

import re
import subprocess

import pytest

from tests.shared import ROOT


def _tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [name for name in listing.decode("utf-8").split("\0") if name and (ROOT / name).is_file()]


def _texts() -> dict[str, str]:
    texts = {}
    for name in _tracked():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            texts[name] = content.decode("utf-8")
    return texts


# 16 digits with a real province (11-96), a day 1-31 or 41-71 and a month 1-12: what a real NIK looks like.
NIK = re.compile(
    r"(?<!\d)(?:1[1-9]|2[1]|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-6])\d{4}(?:[04][1-9]|[1256]\d|[37][01])"
    r"(?:0[1-9]|1[0-2])\d{6}(?!\d)"
)


def test_the_pattern_knows_a_nik_when_it_sees_one():
    assert NIK.search("nik 17" + "0406" + "410190" + "0001 ")


def test_no_tracked_file_holds_what_looks_like_a_nik():
    assert [name for name, text in _texts().items() if NIK.search(text)] == []


def test_no_generated_or_raw_data_is_tracked():
    allowed = {"data/README.md", "reports/README.md"}
    assert [name for name in _tracked() if name.startswith(("data/", "reports/")) and name not in allowed] == []


def test_no_key_is_tracked():
    assert [name for name in _tracked() if name.endswith((".key", ".pem", "brankas.bin"))] == []


def test_no_tracked_file_names_a_package_host_or_a_folder_of_one_machine():
    hosts = ["--(extra-)?index" + "-url", "--find" + "-links", "/sim" + "ple/"]
    folders = ["/wo" + "rk/", "/ro" + "ot/", r"[A-Z]:\\Use" + r"rs\\"]
    pattern = re.compile("|".join(hosts + folders))
    assert {name: pattern.search(text).group() for name, text in _texts().items() if pattern.search(text)} == {}


def test_only_tests_know_where_reference_material_is_kept():
    word = ".." + "/shared"
    assert [name for name, text in _texts().items() if word in text and not name.startswith("tests/")] == []


@pytest.mark.parametrize(
    ("door", "allowed"),
    [
        ("write_vault(", {"intake/read.py", "intake/vault.py"}),
        ("open_vault(", {"intake/vault.py", "planning/lists.py"}),
    ],
)
def test_only_intake_writes_the_vault_and_only_planning_opens_it(door, allowed):
    package = ROOT / "kaur_analysis"
    users = {p.relative_to(package).as_posix() for p in package.rglob("*.py") if door in p.read_text(encoding="utf-8")}
    assert users == allowed
