"""Every kind of page as a real browser shows, judges and prints it. Skipped where no Chromium is."""

import re
from functools import cache
from itertools import pairwise

import pytest

from tests.pages import extremes, pages
from tests.pages.browsing import PAPER, PHONE, chromium, judge, look

KINDS = ("kecamatan", "opd", "kabupaten", "indeks", "metode", "mutu", "provinsi")
ODD = ("kosong", "nol", "hostil", "resmi", "sanitasi", "zakat")
LEAST_POINTS = 8.5


@cache
def html(name):
    if name in KINDS:
        return pages.all_pages()[name]
    editions = extremes.editions()
    return {
        "kosong": lambda: pages.kecamatan(published=editions["semua dilindungi"]),
        "nol": lambda: pages.kecamatan(published=editions["nol miskin"]),
        "hostil": lambda: pages.kecamatan(area=extremes.with_names(extremes.HOSTILE)),
        "resmi": lambda: pages.kabupaten(published=editions["resmi saja"]),
        "sanitasi": lambda: pages.agency("pupr"),  # several programmes beside several kinds of rupiah: wide tables
        "zakat": lambda: pages.agency("baznas", published=careful(pages.made.published())),  # every number marked
    }[name]()


def careful(table):
    """The published table with the caution mark on every need that it shows."""
    return table.assign(
        status=table["status"].mask(table["topic"].eq("needs") & table["status"].eq("tampil"), "hati-hati")
    )


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser finds on a page, asked once for each page."""
    axe, folder = judge(), tmp_path_factory.mktemp("halaman")
    with chromium() as browser:

        @cache
        def found(name):
            file = folder / f"{name}.html"
            file.write_text(html(name), encoding="utf-8")
            return look(browser, axe, file, own=name == "kecamatan")

        yield found


@pytest.mark.parametrize("name", KINDS + ODD)
def test_axe_finds_nothing_serious(seen, name):
    assert seen(name)["serious"] == []


@pytest.mark.parametrize("name", KINDS + ODD)
def test_a_page_reflows_at_320_pixels(seen, name):
    assert seen(name)["narrow"] <= 320


@pytest.mark.parametrize("name", KINDS + ODD)
def test_a_phone_does_not_scroll_sideways(seen, name):
    assert seen(name)["phone"] <= 360


@pytest.mark.parametrize("name", KINDS + ODD)
def test_no_phone_in_between_scrolls_sideways(seen, name):
    assert [(screen, page) for screen, page in seen(name)["between"] if page > screen] == []


@pytest.mark.parametrize("name", ["kecamatan", "kabupaten", "opd", "kosong"])
def test_the_first_screen_holds_place_finding_comparison_and_what_to_do(seen, name):
    assert max(seen(name)["first"]) <= PHONE["height"]


@pytest.mark.parametrize("name", KINDS + ODD)
def test_nothing_is_asked_of_a_network(seen, name):
    assert seen(name)["asked"] == []


@pytest.mark.parametrize("name", KINDS + ODD)
def test_headings_come_in_order(seen, name):
    levels = seen(name)["levels"]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", KINDS + ODD)
def test_every_figure_has_words_and_a_table(seen, name):
    assert all(len(figure["words"]) > 20 and figure["table"] for figure in seen(name)["figures"])


@pytest.mark.parametrize("name", ["kecamatan", "kosong", "nol"])
def test_a_kecamatan_prints_on_two_pages_of_a4(seen, name):
    assert 1 <= seen(name)["sheets"] <= 2


def test_the_kabupaten_prints_on_a_few_pages(seen):
    assert 1 <= seen("kabupaten")["sheets"] <= 5


@pytest.mark.parametrize("name", KINDS + ODD)
def test_no_figure_is_cut_on_paper(seen, name):
    printed = seen(name)["printed"]
    assert [part for part in printed if part["broken"] or part["height"] > 500 or part["wide"] > PAPER["width"]] == []


@pytest.mark.parametrize("name", KINDS)
def test_no_printed_letter_is_smaller_than_eight_and_a_half_points(seen, name):
    assert min(seen(name)["points"]) >= LEAST_POINTS - 0.05


def test_headline_indicator_chart_and_table_carry_the_same_numbers(seen):
    own = seen("kecamatan")["own"]
    assert len({own[name] for name in ("headline", "indicator", "table", "chart")}) == 1
    assert len({own[name] for name in ("whole", "wholeInTable", "wholeInChart")}) == 1


@pytest.mark.parametrize("name", KINDS + ODD)
def test_nobody_reads_a_number_of_sixteen_digits(seen, name):
    assert re.findall(r"\d(?:[ .-]?\d){15}", seen(name)["text"]) == []


def test_a_name_that_means_harm_is_only_text(seen):
    found = seen("hostil")
    assert found["title"] != "diretas" and found["foreign"] == 0 and found["said"] == []
    assert extremes.HOSTILE in found["text"]


@pytest.mark.parametrize("name", KINDS + ODD)
def test_a_page_weighs_at_most_300_kilobytes(name):
    assert len(html(name).encode("utf-8")) <= 300_000
