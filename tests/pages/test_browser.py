"""Every kind of page as a real browser shows, judges and prints it. Skipped where no Chromium is."""

import re
import shutil
from functools import cache
from itertools import pairwise

import pytest

from tests.pages import extremes, pages

KINDS = ("kecamatan", "opd", "kabupaten", "indeks", "metode", "mutu", "provinsi")
ODD = ("kosong", "nol", "hostil", "resmi", "sanitasi")
PHONE, NARROW = {"width": 360, "height": 780}, {"width": 320, "height": 640}
PAPER = {"width": 703, "height": 1032}  # A4 within its margins
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip
LEAST_POINTS = 8.5

FIGURES = """() => [...document.querySelectorAll('figure')].map(figure => ({
    words: (figure.querySelector('[role=img]') || {ariaLabel: ''}).ariaLabel || '',
    table: !!figure.closest('section').querySelector('table') || /tabel/i.test(figure.textContent),
}))"""
WIDTH = "() => document.documentElement.scrollWidth"
LEVELS = "() => [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]))"
FIRST_SCREEN = """() => ['h1', '.finding', '.comparison', '.actions li:first-child', '.actions li:last-child']
    .map(name => document.querySelector(name)).map(found => found ? found.getBoundingClientRect().bottom : 0)"""
PRINTED_FIGURES = """() => [...document.querySelectorAll('figure')].filter(figure => figure.offsetHeight)
    .map(figure => ({
    broken: getComputedStyle(figure).breakInside !== 'avoid', height: figure.offsetHeight,
    wide: Math.max(...[...figure.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect().right)),
}))"""
PRINTED_POINTS = """() => [...document.querySelectorAll('main *')].filter(part => part.getClientRects().length
    && [...part.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())
    && !part.closest('.hidden, [aria-hidden=true] [aria-hidden=true]'))
    .map(part => 0.75 * parseFloat(getComputedStyle(part).fontSize)
        * (part.getScreenCTM ? Math.hypot(part.getScreenCTM().a, part.getScreenCTM().b) : 1))"""
FOREIGN = "() => document.querySelectorAll('script, img, iframe, object, embed, link').length"
OWN_NUMBERS = """() => ({
    headline: document.querySelector('.finding').textContent.match(/\\(([\\d,]+%)/)[1],
    indicator: document.querySelector('.indicators .value').textContent,
    table: document.querySelector('details tr.own td').textContent.trim(),
    chart: [...document.querySelectorAll('[aria-label^="Diagram titik"] svg text')]
        .filter(text => /bold|700/.test(text.getAttribute('style')) && /%/.test(text.textContent))[0].textContent,
    whole: document.querySelector('.comparison').textContent.match(/\\(([\\d,]+%)/)[1],
    wholeInTable: [...document.querySelectorAll('details tr.own')].pop().querySelector('td').textContent.trim(),
    wholeInChart: [...document.querySelectorAll('[aria-label^="Diagram titik"] svg text')]
        .filter(text => /^kabupaten/.test(text.textContent))[0].textContent.replace('kabupaten ', ''),
})"""


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
    }[name]()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def seen(browser, tmp_path_factory):
    """What the browser finds on a page, asked once for each page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()
    folder = tmp_path_factory.mktemp("halaman")

    @cache
    def look(name):
        file = folder / f"{name}.html"
        file.write_text(html(name), encoding="utf-8")
        page = browser.new_page(viewport=PHONE)
        asked, shouted = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: shouted.append(message.text))
        page.on("dialog", lambda dialog: shouted.append(dialog.message))
        page.goto(file.as_uri())
        found = {
            "asked": [address for address in asked if address != file.as_uri()],
            "title": page.title(),
            "foreign": page.evaluate(FOREIGN),
            "phone": page.evaluate(WIDTH),
            "first": page.evaluate(FIRST_SCREEN),
            "levels": page.evaluate(LEVELS),
            "figures": page.evaluate(FIGURES),
            "text": page.inner_text("body"),
            "own": page.evaluate(OWN_NUMBERS) if name == "kecamatan" else {},
        }
        page.set_viewport_size(NARROW)
        found["narrow"] = page.evaluate(WIDTH)
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        found["printed"] = page.evaluate(PRINTED_FIGURES)
        found["points"] = page.evaluate(PRINTED_POINTS)
        found["sheets"] = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))
        page.emulate_media(media="screen")
        page.set_viewport_size(PHONE)
        found["said"] = shouted
        found["violations"] = axe.run(page).response["violations"]
        page.close()
        return found

    return look


@pytest.mark.parametrize("name", KINDS + ODD)
def test_axe_finds_nothing_serious(seen, name):
    serious = [rule for rule in seen(name)["violations"] if rule["impact"] in ("serious", "critical")]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in serious] == []


@pytest.mark.parametrize("name", KINDS + ODD)
def test_a_page_reflows_at_320_pixels(seen, name):
    assert seen(name)["narrow"] <= 320


@pytest.mark.parametrize("name", KINDS + ODD)
def test_a_phone_does_not_scroll_sideways(seen, name):
    assert seen(name)["phone"] <= 360


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
