"""The manifest notices every product that is not as it was made."""

import json
import shutil
import subprocess
import time

import jsonschema
import pytest

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.effort import measured
from kaur_analysis.pipeline.manifest import SCHEMA, Deviation, revision, verify, write_manifest


@pytest.fixture
def edition(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "index.html").write_text("halaman")
    (tmp_path / "notebooks" / "01_clean.ipynb").write_text("{}")
    write_manifest(tmp_path, {"edition": "2025"})
    return tmp_path


def test_an_untouched_edition_has_no_deviation(edition):
    assert verify(edition) == []


def test_a_changed_page_is_noticed(edition):
    (edition / "index.html").write_text("lain")
    assert verify(edition) == [Deviation("index.html", "berubah")]


def test_a_missing_page_is_noticed(edition):
    (edition / "notebooks" / "01_clean.ipynb").unlink()
    assert verify(edition) == [Deviation("notebooks/01_clean.ipynb", "hilang")]


def test_a_file_put_there_later_is_noticed(edition):
    (edition / "baru.html").write_text("x")
    assert verify(edition) == [Deviation("baru.html", "tidak tercatat")]


def test_a_folder_without_manifest_is_no_edition(tmp_path):
    with pytest.raises(UsageError, match="bukan folder edisi"):
        verify(tmp_path)


def test_a_broken_manifest_is_rejected(edition):
    (edition / "manifest.json").write_text("[")
    with pytest.raises(DataRejected, match="rusak"):
        verify(edition)


def test_a_manifest_whose_products_are_no_hashes_is_rejected(edition):
    (edition / "manifest.json").write_text('{"products": {"index.html": 5}}')
    with pytest.raises(DataRejected, match="rusak"):
        verify(edition)


def test_the_schema_is_itself_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_manifest_without_inputs_does_not_have_the_form(edition):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            json.loads((edition / "manifest.json").read_text()), json.loads(SCHEMA.read_text(encoding="utf-8"))
        )


@pytest.fixture
def clone(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed here")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_clean.ipynb").write_text("{}")
    (tmp_path / "pyproject.toml").write_text("")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


def test_a_clone_knows_its_commit_and_that_nothing_was_changed(clone):
    head = subprocess.run(["git", "-C", str(clone), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert revision(clone) == {"commit": head.stdout.strip(), "dirty": False}


def test_a_changed_notebook_makes_the_clone_dirty(clone):
    (clone / "notebooks" / "01_clean.ipynb").write_text("{ }")
    assert revision(clone)["dirty"] is True


def test_a_new_report_does_not_make_the_clone_dirty(clone):
    (clone / "laporan.html").write_text("x")
    assert revision(clone)["dirty"] is False


def test_a_project_unpacked_inside_another_repository_claims_no_commit(clone):
    (clone / "paket").mkdir()
    assert revision(clone / "paket") == {"commit": None, "dirty": None}


def test_a_folder_outside_git_has_no_commit(tmp_path):
    assert revision(tmp_path) == {"commit": None, "dirty": None}


def test_memory_held_inside_a_measured_step_is_seen():
    with measured() as small:
        pass
    with measured() as large:
        held = b"x" * 200_000_000
    assert large.peak_bytes - small.peak_bytes > 150_000_000 and len(held) == 200_000_000


def test_time_on_a_processor_is_told_from_waiting():
    with measured() as waiting:
        time.sleep(0.5)
    with measured() as working:
        begun = time.process_time()
        while time.process_time() - begun < 0.4:
            sum(range(10_000))
    assert waiting.seconds >= 0.5 and waiting.cpu_seconds < 0.3 < working.cpu_seconds
