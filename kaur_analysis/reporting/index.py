"""The edition's first page: what was found, the way to every page, and in which kecamatan a desa lies."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from kaur_analysis.reference import Area
from kaur_analysis.reporting.actions import compared
from kaur_analysis.reporting.facts import read_facts
from kaur_analysis.reporting.figures import PublishedTable
from kaur_analysis.reporting.html import page_html, section
from kaur_analysis.reporting.maps import MapView, desa_map, map_view
from kaur_analysis.reporting.methods import methods_page, methods_view
from kaur_analysis.reporting.quality import quality_page, quality_view
from kaur_analysis.reporting.sections import header, headline, method
from kaur_analysis.reporting.views import Frame, Headline, place_headline


@dataclass(frozen=True)
class Link:
    """A page: file, name, and one line about what it says; ``word`` compares it with the kabupaten."""

    file: str
    name: str
    note: str
    word: str = ""


@dataclass(frozen=True)
class IndexView:
    """Everything the index says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    kabupaten, kecamatan, agencies, about
        Links to the pages of each kind.
    desa
        The desa by first letter, each linked to its line on its kecamatan's page (without file: not made).
    missing
        Kecamatan whose page could not be made.
    desa_map
        The map of all desa.
    """

    frame: Frame
    headline: Headline
    kabupaten: tuple[Link, ...]
    kecamatan: tuple[Link, ...]
    agencies: tuple[Link, ...]
    about: tuple[Link, ...]
    desa: tuple[tuple[str, tuple[Link, ...]], ...]
    missing: tuple[str, ...]
    desa_map: MapView


def index_view(
    published: pd.DataFrame | PublishedTable, facts: dict[str, Any], area: Area, pages: dict[str, str]
) -> IndexView:
    """View of the index.

    Parameters
    ----------
    published, facts
        The published table, or look-ups in it, and the facts of the edition.
    area
        Names and places.
    pages
        File name → title of every page of the edition, as the pipeline names them.

    Returns
    -------
    IndexView
    """
    table, known = PublishedTable.of(published), read_facts(facts)
    kecamatan, missing = [], []
    files: dict[str, str] = {}
    for row in area.kecamatan.sort_values("name").itertuples():
        file = next((name for name in pages if f"-{row.kecamatan}-" in name), None)
        own = table.one("poverty.poor_share", row.kecamatan)
        word = compared(table, "poverty.poor_share", row.kecamatan, area.code) if own.shown else ""
        if file is None:
            missing.append(row.name)
            continue
        files[row.kecamatan] = file
        kecamatan.append(Link(file, row.name, f"miskin {own.text} · {word}" if own.shown else own.why, word))
    agencies = [
        Link(file, area.agencies[code].name, "") for code in area.agencies for file in pages if f"-opd-{code}." in file
    ]
    others = [Link(file, title, "") for file, title in pages.items() if f"-{area.code}-" in file]
    return IndexView(
        frame=Frame(f"Kemiskinan di {area.full_name}", f"Provinsi {area.province_name}", "indeks", known),
        headline=place_headline(table, area, area.code, area.full_name, known.synthetic),
        kabupaten=tuple(link for link in others if link.file.endswith("-kabupaten.html")),
        kecamatan=tuple(kecamatan),
        agencies=tuple(agencies),
        about=tuple(link for link in others if not link.file.endswith("-kabupaten.html")),
        desa=_desa_by_letter(area, files),
        missing=tuple(missing),
        desa_map=map_view(table, facts, area),
    )


def _desa_by_letter(area: Area, files: dict[str, str]) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    links = [
        Link(
            f"{files[row.kecamatan]}#desa-{row.desa}" if row.kecamatan in files else "",
            row.name,
            area.kecamatan_name(row.kecamatan),
        )
        for row in area.desa.sort_values(["name", "desa"]).itertuples()
    ]
    return tuple((letter, tuple(group)) for letter, group in groupby(links, key=lambda link: link.name[:1].upper()))


def index_page(view: IndexView, title: str) -> str:
    """The index as one self-contained page; links are relative.

    Parameters
    ----------
    view
        Of the page.
    title
        Of the browser's tab.

    Returns
    -------
    The HTML of the page.
    """
    return page_html([header(view), headline(view), section("pages", view=view), desa_map(view), method(view)], title)


def edition_pages(
    published: pd.DataFrame, facts: dict[str, Any], area: Area, pages: dict[str, str], prefix: str
) -> dict[str, str]:
    """Pages about the edition itself: index, methods, data quality.

    Parameters
    ----------
    published, facts
        The published table and the facts of the edition.
    area
        Names and places.
    pages
        File name → title of the pages that notebooks made.
    prefix
        Beginning of every file name, e.g. ``kaur-2025``.

    Returns
    -------
    HTML by file name.
    """
    methods, quality = f"{prefix}-{area.code}-metode", f"{prefix}-{area.code}-mutu-data"
    every = pages | {f"{methods}.html": "Metode: sumber, model, pengujian, batas"}
    every |= {f"{quality}.html": "Mutu data: baris yang dibaca dan disisihkan, temuan"}
    table = PublishedTable(published)
    return {
        "index.html": index_page(index_view(table, facts, area, every), f"{prefix}-indeks"),
        f"{methods}.html": methods_page(methods_view(published, facts, area), methods),
        f"{quality}.html": quality_page(quality_view(table, facts, area), quality),
    }
