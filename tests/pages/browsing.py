"""What a real browser shows, judges and prints of a page; tests that ask are skipped where no Chromium is."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PHONE, NARROW = {"width": 360, "height": 780}, {"width": 320, "height": 640}
BETWEEN = (337, 345, 352, 375, 390, 412, 480, 560)  # where a narrower layout has ended or not begun
PAPER = {"width": 703, "height": 1032}  # A4 within its margins
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip

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


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield opened
        opened.close()


def judge() -> Any:
    """axe-core."""
    return pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed").Axe()


def look(browser: Any, axe: Any, file: Path, own: bool = False) -> dict[str, Any]:
    """What the browser finds on a page, on a phone, narrower still, and on paper.

    ``own`` asks for the numbers of a kecamatan wherever they stand.
    """
    page = browser.new_page(viewport=PHONE)
    asked: list[str] = []
    shouted: list[str] = []
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
        "own": page.evaluate(OWN_NUMBERS) if own else {},
    }
    page.set_viewport_size(NARROW)
    found["narrow"] = page.evaluate(WIDTH)
    found["between"] = []
    for width in BETWEEN:
        page.set_viewport_size(PHONE | {"width": width})
        found["between"].append((width, page.evaluate(WIDTH)))
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    found["printed"] = page.evaluate(PRINTED_FIGURES)
    found["points"] = page.evaluate(PRINTED_POINTS)
    found["sheets"] = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)
    found["said"] = shouted
    violations = axe.run(page).response["violations"]
    page.close()
    serious = [rule for rule in violations if rule["impact"] in ("serious", "critical")]
    return found | {"serious": [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in serious]}
