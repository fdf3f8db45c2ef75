"""How heavy pages are, how many sheets they print on and how fast a slow phone shows them, in Debian's Chromium.

``python -m benchmarks.pages EDITION`` opens every page of an edition's folder with the processor slowed four times
(CDP ``Emulation.setCPUThrottlingRate``), five times over, and writes the median time to ``benchmarks/pages.csv``: from
navigation to the load event and to the first contentful paint, by kind of page, the slowest page of the kind.
"""

import argparse
import csv
import re
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SLOWER, TIMES = 4, 5
KINDS = {
    "kecamatan": r"-\d{7}-",
    "opd": r"-opd-",
    "kabupaten": r"-kabupaten\.",
    "indeks": r"^index",
    "metode": r"-metode\.",
    "mutu data": r"-mutu-data\.",
}
TIMING = """() => new Promise(done => setTimeout(() => {
    const [load] = performance.getEntriesByType('navigation');
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    done([load.loadEventEnd, paint ? paint.startTime : NaN]);
}, 100))"""


def measure(browser: Browser, file: Path) -> dict[str, float]:
    """One page: bytes, sheets of A4, median milliseconds to load event and first paint."""
    found = []
    for _ in range(TIMES):
        page = browser.new_page(viewport={"width": 360, "height": 780})
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(file.resolve().as_uri())
        found.append(page.evaluate(TIMING))
        page.close()
    page = browser.new_page()
    page.goto(file.resolve().as_uri())
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))
    page.close()
    load, paint = (statistics.median(part) for part in zip(*found, strict=True))
    return {"bytes": file.stat().st_size, "sheets": sheets, "load_ms": round(load), "paint_ms": round(paint)}


def main(folder: Path) -> None:
    """Measure every page and write the worst of each kind."""
    rows = []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for kind, pattern in KINDS.items():
            measured = [
                measure(browser, file) for file in sorted(folder.glob("*.html")) if re.search(pattern, file.name)
            ]
            worst = {name: max(entry[name] for entry in measured) for name in measured[0]}
            rows.append({"kind": kind, "pages": len(measured), **worst})
        browser.close()
    with Path(__file__).with_name("pages.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("edition", type=Path, help="folder of a finished edition")
    main(parser.parse_args().edition)
