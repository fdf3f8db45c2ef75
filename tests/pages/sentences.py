"""Every text that rules make, over the editions at the edge: what ``sentences.txt`` holds, line by line.

Texts are read from finished pages, so that none can be forgotten: headings, sentences, captions, words for those who do
not see a picture, words inside pictures, and rows of tables that are not about one place. A text stands where it first
occurs; behind the name of each page stand the number of all its texts and a sum of them, so that none gets lost.

``python -m tests.pages.sentences`` writes the file anew; its difference is read before it is committed.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from kaur_analysis import reporting as r
from kaur_analysis.reporting.card import card_caption
from tests.pages import extremes, pages
from tests.pages import fabricated as made

FILE = Path(__file__).with_name("sentences.txt")
CODES = (extremes.CODE, "1704073")
PLACES = {*made.AREA.kecamatan["name"], *made.AREA.desa["name"]}
WORDS = {word for name in PLACES for word in name.split()}
TEXTS = "h1, h2, p, li, figcaption strong, figcaption span, caption, summary, dd, tr, [role=img], svg"
HEADINGS, ROWS, PICTURES = "#", "|", "~"  # marks of what is no sentence


def lines() -> Iterator[str]:
    """Texts of each edition that no page before has, with the edition and the page before them."""
    known: set[str] = set()
    for mark, texts in _pages():
        total = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:6]
        yield f"[{mark} · {len(texts)} teks · {total}]"
        yield from (text for text in dict.fromkeys(texts) if text not in known)
        yield ""
        known.update(texts)


def _pages() -> Iterator[tuple[str, list[str]]]:
    for name, table in extremes.editions().items():
        for route in ("registry", "survey") if name in ("biasa", "tanpa sampel") else ("registry",):
            facts = made.facts() | {"route": route}
            about = {"published": table, "facts": facts}
            for code in CODES:
                yield f"{name} · {route} · {code}", list(texts_of(pages.kecamatan(code, **about)))
                view = r.kecamatan_view(table, facts, made.AREA, code)
                yield f"{name} · {route} · kartu {code}", [line for line in card_caption(view).split("\n") if line]
            yield f"{name} · {route} · kabupaten", list(texts_of(pages.kabupaten(**about)))
            for agency in ("dinsos", "pupr"):
                yield f"{name} · {route} · opd {agency}", list(texts_of(pages.agency(agency, **about)))
            for kind, html in pages.edition_pages(**about).items():
                yield f"{name} · {route} · {kind}", list(texts_of(html))
        yield f"{name} · provinsi", list(texts_of(pages.province(published=table)))


def texts_of(html: str) -> Iterator[str]:
    """The texts of a page, in its order, as they are read aloud."""
    main = BeautifulSoup(html, "html.parser").main
    for unheard in main.select("[aria-hidden=true]:not(svg), style, span.paper"):
        unheard.extract()
    for beside in main.select(".small, .who, br, li p, li h3"):
        beside.insert_before(" ")
    for part in main.select(TEXTS):
        yield from filter(None, _texts(part))


def _texts(part: Tag) -> Iterator[str]:
    if part.name == "svg":
        told = [text for text in map(_plain, part.find_all("text")) if re.search("[A-Za-z]", text)]
        whys = [_plain(title).rpartition(": ")[2] for title in part.find_all("title")]
        told += [why for why in whys if not re.search(r"\d", why)]
        yield from (f"{PICTURES} {text}" for text in dict.fromkeys(told) if not WORDS.issuperset(text.split()))
    elif part.name == "tr":
        yield from () if part.find_parent("thead") else _row(part)
    elif part.get("role") == "img":
        yield part["aria-label"]
    elif part.name in ("h1", "h2"):
        yield f"{HEADINGS} {_plain(part)}"
    elif not part.find_parent(["li", "tr"]) and not part.find_parent(class_=["places", "letters", "contents"]):
        yield _plain(part)


def _row(row: Tag) -> Iterator[str]:
    cells = [_plain(cell) for cell in row.find_all(["th", "td"])]
    if row.th is None or next(row.th.stripped_strings, "").strip(" \u00a0○‡") not in PLACES:
        yield f"{ROWS} {' | '.join(cells)}".rstrip(" |")


def _plain(part: Tag) -> str:
    return " ".join(part.get_text("").split())


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()), encoding="utf-8", newline="\n")
