"""The first page of a province: the way to every kabupaten's edition, and in which of them a kecamatan lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from kaur_analysis.reference import Area
from kaur_analysis.reporting.figures import Figure, PublishedTable
from kaur_analysis.reporting.html import page_html, section
from kaur_analysis.reporting.index import Link
from kaur_analysis.reporting.views import place_headline


@dataclass(frozen=True)
class Member:
    """A kabupaten's edition as it was published.

    Attributes
    ----------
    area
        Names and places of the kabupaten.
    published
        Its published table.
    folder
        Where it lies, seen from the province's page, e.g. ``1704/2025``.
    files
        Names of its pages.
    edition
        Name, status, day of the data and number of the run, in words.
    synthetic
        Whether its people are invented.
    """

    area: Area
    published: pd.DataFrame
    folder: str
    files: tuple[str, ...]
    edition: str
    synthetic: bool


@dataclass(frozen=True)
class Kabupaten:
    """A kabupaten on the page: its edition's first page, what was found there, which edition it is."""

    link: Link
    edition: str


@dataclass(frozen=True)
class ProvinceView:
    """Everything the province's page says.

    Attributes
    ----------
    name
        Of the province.
    kabupaten
        Their editions.
    kecamatan
        Links to their pages, by first letter.
    missing
        Kabupaten that have no edition yet.
    synthetic
        Whether any of it is invented.
    """

    name: str
    kabupaten: tuple[Kabupaten, ...]
    kecamatan: tuple[tuple[str, tuple[Link, ...]], ...]
    missing: tuple[str, ...]
    synthetic: bool


def province_view(name: str, members: Iterable[Member], missing: Iterable[str] = ()) -> ProvinceView:
    """View of a province.

    Parameters
    ----------
    name
        Name of the province.
    members
        Kabupaten that have an edition, in the order in which they are shown.
    missing
        Names of those that have none.

    Returns
    -------
    ProvinceView
    """
    kabupaten, kecamatan, synthetic = [], [], False
    for member in members:
        table, area = PublishedTable(member.published), member.area
        finding = place_headline(table, area, area.code, area.full_name).finding
        kabupaten.append(Kabupaten(Link(f"{member.folder}/index.html", area.full_name, finding), member.edition))
        kecamatan += _kecamatan(table, member)
        synthetic |= member.synthetic
    kecamatan.sort(key=lambda link: (link.name, link.note))
    letters = groupby(kecamatan, key=lambda link: link.name[:1].upper())
    by_letter = tuple((letter, tuple(links)) for letter, links in letters)
    return ProvinceView(name, tuple(kabupaten), by_letter, tuple(missing), synthetic)


def _kecamatan(table: PublishedTable, member: Member) -> list[Link]:
    """Each kecamatan with the share of poor people; without a file where its page was not made."""
    links = []
    for row in member.area.kecamatan.itertuples():
        file = next((f"{member.folder}/{name}" for name in member.files if f"-{row.kecamatan}-" in name), "")
        poor = table.one("poverty.poor_share", row.kecamatan)
        links.append(Link(file, row.name, f"{member.area.full_name} · {_said(poor)}"))
    return links


def _said(poor: Figure) -> str:
    if not poor.shown:
        return poor.why
    said = f"miskin {poor.text} ({poor.range})" if poor.has_range else f"miskin {poor.text}"
    return f"{said}; pakai dengan hati-hati" if poor.caution else said


def province_page(view: ProvinceView, title: str) -> str:
    """The province as one self-contained page; links lead down into the editions.

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
    return page_html([section("province", view=view)], title)
