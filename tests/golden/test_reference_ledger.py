"""Every file, column and run of the reference numbers has a test that reproduces it, or a reason why no door does."""

import ast
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.shared import shared_path

HERE = Path(__file__).parent
LEDGER = YAML(typ="safe").load(HERE / "reference_ledger.yaml")


def listed(entry: dict) -> list[str]:
    """Columns and runs that an entry speaks of."""
    groups = [*entry.get("proven", {}).values(), *entry.get("absent", {}).values()]
    return [*entry.get("labels", []), *(part for group in groups for part in group)]


def held(path: Path, key: str | None) -> list[str]:
    """Columns of a reference file, the key's values in the key's place."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [name for name in table.columns if name != key] + (list(table[key].unique()) if key else [])


def test_every_reference_file_is_listed():
    found = {path.name for path in shared_path("reference/out").glob("*.csv")}
    assert found == set(LEDGER)


@pytest.mark.parametrize("name", LEDGER)
def test_every_column_and_run_of_a_reference_file_is_listed_once(name):
    path = shared_path("reference/out") / name
    assert Counter(listed(LEDGER[name])) == Counter(held(path, LEDGER[name].get("key")))


@pytest.mark.parametrize("name", [name for name in LEDGER if "proven" in LEDGER[name]])
def test_every_proof_that_is_named_is_a_test_that_asserts(name):
    for proof in LEDGER[name]["proven"]:
        file, function = proof.split("::")
        tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
        (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
        assert "assert" in ast.unparse(found), proof
