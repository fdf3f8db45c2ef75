"""The ZIP that is sent holds the pages of an unchanged edition and nothing else."""

import sys
import zipfile

import pytest

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.manifest import verify, write_manifest
from kaur_analysis.pipeline.share import find_browser, share_zip, write_pdfs


@pytest.fixture
def edition(tmp_path):
    folder = tmp_path / "2025"
    (folder / "notebooks").mkdir(parents=True)
    for name in ("kaur-2025-1704-kabupaten.html", "index.html", "published.csv", "notebooks/01_clean.ipynb"):
        (folder / name).write_text(f"isi {name}", encoding="utf-8")
    write_manifest(folder, {"edition": "2025"})
    return folder


def names(path):
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_it_holds_pages_table_and_manifest_and_no_notebook(edition):
    held = ["index.html", "kaur-2025-1704-kabupaten.html", "manifest.json", "published.csv"]
    assert names(share_zip(edition, "kaur-2025")) == held


def test_it_lies_beside_the_edition_under_its_name(edition):
    assert share_zip(edition, "kaur-2025") == edition.parent / "kaur-2025.zip"


def test_the_edition_itself_stays_as_its_manifest_says(edition):
    share_zip(edition, "kaur-2025")
    assert verify(edition) == []


def test_the_same_edition_gives_the_same_bytes(edition):
    first = share_zip(edition, "kaur-2025").read_bytes()
    (edition / "index.html").touch()
    assert share_zip(edition, "kaur-2025").read_bytes() == first


def test_pages_come_out_as_they_went_in(edition):
    with zipfile.ZipFile(share_zip(edition, "kaur-2025")) as archive:
        assert archive.read("index.html") == (edition / "index.html").read_bytes()


def test_a_changed_edition_is_not_packed(edition):
    (edition / "index.html").write_text("diubah", encoding="utf-8")
    with pytest.raises(DataRejected, match=r"index\.html \(berubah\)"):
        share_zip(edition, "kaur-2025")


def test_nothing_is_written_for_a_changed_edition(edition):
    (edition / "published.csv").unlink()
    with pytest.raises(DataRejected):
        share_zip(edition, "kaur-2025")
    assert list(edition.parent.glob("*.zip")) == []


# --- a PDF per page ---


def test_without_a_browser_a_pdf_is_refused_in_words(edition):
    with pytest.raises(UsageError, match="Chromium, Chrome, atau Edge"):
        write_pdfs(edition, "kaur-2025", None)


def test_a_page_that_a_browser_cannot_print_is_named(edition):
    with pytest.raises(UsageError, match=r"tidak dapat mencetak index\.html"):
        write_pdfs(edition, "kaur-2025", sys.executable)


def test_every_page_becomes_a_pdf_of_its_name(edition):
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium on this machine")
    folder = write_pdfs(edition, "kaur-2025", browser)
    assert sorted(path.name for path in folder.iterdir()) == ["index.pdf", "kaur-2025-1704-kabupaten.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF") for path in folder.iterdir())


def test_a_pdf_of_a_page_that_is_no_more_is_removed(edition):
    old = edition.parent / "kaur-2025-pdf" / "kaur-2025-1704999-dihapus.pdf"
    old.parent.mkdir()
    old.write_bytes(b"%PDF lama")
    with pytest.raises(UsageError):
        write_pdfs(edition, "kaur-2025", sys.executable)
    assert not old.exists()
