"""The last look at an edition: every product is read once, and again only where it or the look has changed."""

import pytest

from kaur_analysis.errors import KaurError
from kaur_analysis.pipeline.publication import look_last
from kaur_analysis.store import file_hash

CLEAN, TOLD = "<p>Sekitar 1 dari 6 penduduk</p>", f"<p>{'17' * 8}</p>"


def product(folder, text, name="index.html"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_product_that_holds_a_number_is_refused(tmp_path):
    with pytest.raises(KaurError, match="index"):
        look_last(product(tmp_path, TOLD), "", {})


def test_a_product_that_has_changed_is_looked_at_again(tmp_path):
    seen = look_last(product(tmp_path, CLEAN), "", {})
    with pytest.raises(KaurError, match="index"):
        look_last(product(tmp_path, TOLD), "", seen)


def test_a_product_that_has_come_is_looked_at(tmp_path):
    seen = look_last(product(tmp_path, CLEAN), "", {})
    with pytest.raises(KaurError, match="lain"):
        look_last(product(tmp_path, TOLD, "lain.html"), "", seen)


def test_a_number_of_the_office_that_is_no_longer_its_own_is_refused(tmp_path):
    telephone = "081234567890"
    seen = look_last(product(tmp_path, f"<p>{telephone}</p>"), telephone, {})
    with pytest.raises(KaurError, match="nomor telepon"):
        look_last(tmp_path, "litbang@kaurkab.go.id", seen)


def test_a_product_that_passed_the_same_look_is_not_read_again(tmp_path):
    seen = look_last(product(tmp_path, CLEAN), "", {})
    known = seen | {"products": [file_hash(product(tmp_path, TOLD) / "index.html")]}
    assert look_last(tmp_path, "", known) == known
