"""Named tables on disk."""

import os

import pandas as pd
import pytest

from kaur_analysis.errors import UsageError
from kaur_analysis.store import Store, append_entry, private_folder, write_text


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


@pytest.fixture
def synced(monkeypatch):
    """Sizes of what was waited for, in order."""
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    return sizes


def test_what_cannot_be_made_again_is_on_the_disk_when_it_is_said_to_be_written(tmp_path, synced):
    write_text(tmp_path / "verifikasi.csv", "kode", lasting=True)
    assert synced[0] == 4


def test_a_line_of_a_log_is_on_the_disk_when_it_is_said_to_be_written(tmp_path, synced):
    append_entry(tmp_path / "akses.log", {})
    assert synced == [3]


def test_a_private_folder_is_its_owners_alone(tmp_path):
    folder = private_folder(tmp_path / "data" / "terbatas")
    assert os.name == "nt" or folder.stat().st_mode & 0o077 == 0


def test_equal_tables_are_equal_bytes(store):
    table = pd.DataFrame({"x": range(1000)})
    store.write("clean/a", table)
    store.write("clean/b", table)
    assert store.hash("clean/a") == store.hash("clean/b")


def test_a_missing_table_names_the_step_to_run_first(store):
    with pytest.raises(UsageError, match="langkah sebelumnya"):
        store.read("clean/families")


def test_the_hash_of_a_table_not_yet_made_says_what_to_run(store):
    with pytest.raises(UsageError, match="langkah sebelumnya"):
        store.hash("clean/absent")


def test_nothing_partial_is_left_beside_a_table(store):
    store.write("clean/a", pd.DataFrame({"x": [1]}))
    assert [path.name for path in store.path("clean/a").parent.iterdir()] == ["a.parquet"]


def test_facts_come_back_as_they_were_written(store):
    store.write_facts("published/edition", {"b": 1, "a": "é"})
    assert store.read_facts("published/edition") == {"a": "é", "b": 1}


def test_text_has_the_same_line_ends_on_every_system(tmp_path):
    assert write_text(tmp_path / "x.txt", "satu\ndua\n").read_bytes() == b"satu\ndua\n"
