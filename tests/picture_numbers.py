"""Numbers of the pictures of an edition's pages, and where else they stand."""

import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup

NUMBER = re.compile(r"(?:Rp)?\d[\d.,]*(?:%| (?:juta|miliar))?")
SIGNS = "▲▼■○"
TICK = re.compile(r"\d*[05]%?")  # of an axis


def pages(folder: Path) -> dict[str, BeautifulSoup]:
    """Every page about a place or an agency, and the kabupaten's."""
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in folder.glob("kaur-*.html")
    }


def told(found: dict[str, BeautifulSoup]) -> dict[str, set[str]]:
    """Numbers that tables give of each place, whatever the page."""
    numbers: dict[str, set[str]] = {}
    for page in found.values():
        for row in page.find_all("tr"):
            if head := row.find("th"):
                place = re.split(f"[{SIGNS}]", head.get_text(" ", strip=True))[0].strip()
                numbers.setdefault(place, set()).update(NUMBER.findall(row.get_text(" ")))
    return numbers


def of_places(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Place and number of every title inside a picture."""
    for title in page.select("svg title"):
        place, _, said = title.get_text(" ", strip=True).rpartition(": ")
        yield from ((place, number) for number in NUMBER.findall(said))


def words(page: BeautifulSoup) -> list[str]:
    """Numbers written in pictures, those of axes left out."""
    found = [number for text in page.select("svg text") for number in NUMBER.findall(text.get_text(" ", strip=True))]
    return [number for number in found if not TICK.fullmatch(number)]


def around(page: BeautifulSoup) -> set[str]:
    """Numbers of a page outside its pictures."""
    copy = BeautifulSoup(str(page), "html.parser")
    for picture in copy.find_all("svg"):
        picture.extract()
    return set(NUMBER.findall(copy.get_text(" ")))
