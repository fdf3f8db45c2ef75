"""The first page of a province: every kabupaten and kecamatan from one place, with what its own edition publishes."""

import re

import pytest

from kaur_analysis import reporting as r
from kaur_analysis.reporting.figures import PublishedTable
from tests.pages import extremes, pages
from tests.pages import fabricated as made
from tests.pages.reader import Reader

FILES = tuple(f"kaur-2025-{code}-x.html" for code in made.KEC)


def member(published, files=FILES):
    return r.Member(made.AREA, published, "1704/2025", files, "edisi 2025", synthetic=True)


def view(published=None, files=FILES):
    return r.province_view("Bengkulu", [member(made.published() if published is None else published, files)])


def kecamatan(seen):
    return [link for _, links in seen.kecamatan for link in links]


def test_a_kabupaten_leads_to_the_first_page_of_its_edition():
    (kabupaten,) = view().kabupaten
    assert (kabupaten.link.file, kabupaten.link.name) == ("1704/2025/index.html", "Kabupaten Kaur")


def test_a_kabupaten_says_its_finding_with_its_interval():
    poor = PublishedTable(made.published()).one("poverty.poor_share", "1704")
    assert f"({poor.text}, kisaran {poor.range}" in view().kabupaten[0].link.note


def test_every_kecamatan_is_found_in_alphabetical_order():
    names = [link.name for link in kecamatan(view())]
    assert (len(names), names) == (15, sorted(names))


def test_a_kecamatan_leads_to_its_page_and_says_its_kabupaten_share_and_interval():
    link = next(link for link in kecamatan(view()) if link.name == "Nasal")
    poor = PublishedTable(made.published()).one("poverty.poor_share", "1704010")
    wanted = ("1704/2025/kaur-2025-1704010-x.html", f"Kabupaten Kaur · miskin {poor.text} ({poor.range})")
    assert (link.file, link.note) == wanted


def test_a_share_with_a_large_error_says_so():
    table = made.published()
    share = (table["topic"] == "poverty") & (table["indicator"] == "poor_share") & (table["area"] == "1704010")
    seen = view(table.assign(status=table["status"].mask(share, "hati-hati")))
    assert [link.name for link in kecamatan(seen) if "hati-hati" in link.note] == ["Nasal"]


def test_a_kecamatan_whose_page_was_not_made_is_still_found():
    assert {link.file for link in kecamatan(view(files=()))} == {""}


def test_what_an_edition_does_not_show_the_province_does_not_show():
    seen = view(extremes.editions()["semua dilindungi"])
    told = [seen.kabupaten[0].link.note, *(link.note for link in kecamatan(seen))]
    assert [words for words in told if re.search(r"\d", words)] == []


@pytest.mark.parametrize("missing", [(), ("Kota Bengkulu",)])
def test_kabupaten_without_an_edition_are_named(missing):
    assert ("Belum ada edisi: Kota Bengkulu." in Reader(pages.province(missing=missing)).text) == bool(missing)


def test_two_kabupaten_stand_in_the_order_given_and_share_the_list_of_kecamatan():
    twice = r.province_view("Bengkulu", [member(made.published()), member(made.published())])
    assert (len(twice.kabupaten), len(kecamatan(twice))) == (2, 30)
