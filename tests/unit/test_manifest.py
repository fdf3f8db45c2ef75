"""The manifest notices every product that is not as it was made."""

import pytest

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.manifest import Deviation, verify, write_manifest


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
