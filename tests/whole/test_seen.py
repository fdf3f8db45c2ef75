"""Pages of a real run as a real browser shows, judges and prints them. Skipped where no Chromium is."""

from functools import cache

import pytest

from tests.pages.browsing import PHONE, chromium, judge, look

KECAMATAN = ("1704010", "1704060", "1704073")
KINDS = (*KECAMATAN, "1704", "dinsos", "pupr", "index", "metode", "mutu-data")


@pytest.fixture(scope="module")
def seen(finished):
    """What the browser finds on a page of the edition, asked once for each page."""
    edition, axe = finished.edition, judge()
    names = {code: edition.kecamatan_page(code) for code in KECAMATAN}
    names |= {code: edition.agency_page(code) for code in ("dinsos", "pupr")}
    names |= {kind: f"{edition.prefix}-{edition.area.code}-{kind}.html" for kind in ("metode", "mutu-data")}
    names |= {"1704": edition.kabupaten_page, "index": "index.html"}
    with chromium() as browser:
        yield cache(lambda name: look(browser, axe, finished.folder / names[name]))


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_serious_on_a_page_of_the_edition(seen, name):
    assert seen(name)["serious"] == []


@pytest.mark.parametrize("name", KINDS)
def test_a_page_of_the_edition_reflows_and_does_not_scroll_sideways(seen, name):
    assert seen(name)["narrow"] <= 320 and seen(name)["phone"] <= 360


@pytest.mark.parametrize("name", [*KECAMATAN, "1704", "dinsos", "pupr"])
def test_the_first_screen_of_a_page_of_the_edition_holds_what_to_do(seen, name):
    assert max(seen(name)["first"]) <= PHONE["height"]


@pytest.mark.parametrize("name", KECAMATAN)
def test_a_kecamatan_of_the_edition_prints_on_two_pages_of_a4(seen, name):
    assert 1 <= seen(name)["sheets"] <= 2


@pytest.mark.parametrize("name", KINDS)
def test_nobody_is_asked_for_anything_by_a_page_of_the_edition(seen, name):
    assert (seen(name)["asked"], seen(name)["said"], seen(name)["foreign"]) == ([], [], 0)
