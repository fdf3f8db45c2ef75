"""Named tables on disk."""

import pandas as pd
import pytest

from kaur_analysis.errors import UsageError
from kaur_analysis.store import Store, write_text


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data", tmp_path / "reports", "2025")


def test_a_table_comes_back_as_it_was_written(store):
    table = pd.DataFrame({"family": ["a", "b"], "size": [1.0, None]})
    store.write("clean/families", table)
    pd.testing.assert_frame_equal(store.read("clean/families"), table)


def test_a_name_says_its_folder(store):
    assert store.path("clean/families") == store.data / "clean" / "2025" / "families.parquet"


def test_a_name_without_a_known_stage_is_refused(store):
    with pytest.raises(ValueError, match="STAGE/TABLE"):
        store.path("elsewhere/families")


def test_equal_tables_are_equal_bytes(store):
    table = pd.DataFrame({"x": range(1000)})
    store.write("clean/a", table)
    store.write("clean/b", table)
    assert store.hash("clean/a") == store.hash("clean/b")


def test_a_missing_table_names_the_step_to_run_first(store):
    with pytest.raises(UsageError, match="langkah sebelumnya"):
        store.read("clean/families")


def test_nothing_partial_is_left_beside_a_table(store):
    store.write("clean/a", pd.DataFrame({"x": [1]}))
    assert [path.name for path in store.path("clean/a").parent.iterdir()] == ["a.parquet"]


def test_facts_come_back_as_they_were_written(store):
    store.write_facts("published/edition", {"b": 1, "a": "é"})
    assert store.read_facts("published/edition") == {"a": "é", "b": 1}


def test_text_has_the_same_line_ends_on_every_system(tmp_path):
    assert write_text(tmp_path / "x.txt", "satu\ndua\n").read_bytes() == b"satu\ndua\n"
