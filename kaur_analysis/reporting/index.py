"""The edition's first page: what was found, and the way to every page."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kaur_analysis.reference import Area
from kaur_analysis.reporting.actions import rule_table
from kaur_analysis.reporting.facts import read_facts
from kaur_analysis.reporting.figures import PublishedTable, compare
from kaur_analysis.reporting.html import page_html, section
from kaur_analysis.reporting.sections import header, headline, method
from kaur_analysis.reporting.views import Frame, Headline, place_headline


@dataclass(frozen=True)
class Link:
    """A page: file, name, and one line about what it says."""

    file: str
    name: str
    note: str


@dataclass(frozen=True)
class IndexView:
    """Everything the index says; ``missing`` names the kecamatan whose page could not be made."""

    frame: Frame
    headline: Headline
    kabupaten: tuple[Link, ...]
    kecamatan: tuple[Link, ...]
    agencies: tuple[Link, ...]
    missing: tuple[str, ...]


def index_view(published: pd.DataFrame, facts: dict[str, Any], area: Area, pages: dict[str, str]) -> IndexView:
    """View of the index.

    Parameters
    ----------
    pages
        File name → title of every page of the edition, as the pipeline names them.
    """
    table, known = PublishedTable(published), read_facts(facts)
    kecamatan, missing = [], []
    reference = table.one("poverty.poor_share", area.code)
    for row in area.kecamatan.sort_values("name").itertuples():
        file = next((name for name in pages if f"-{row.kecamatan}-" in name), None)
        own = table.one("poverty.poor_share", row.kecamatan)
        word = compare(own, reference, rule_table()["equivalence"])
        if file is None:
            missing.append(row.name)
        else:
            kecamatan.append(Link(file, row.name, f"miskin {own.text} ({word})" if own.shown else own.why))
    agencies = [
        Link(file, area.agencies[code].name, "") for code in area.agencies for file in pages if f"-opd-{code}." in file
    ]
    others = [Link(file, title, "") for file, title in pages.items() if f"-{area.code}-" in file]
    return IndexView(
        frame=Frame(f"Kemiskinan di {area.full_name}", f"Provinsi {area.province_name}", "indeks", known),
        headline=place_headline(table, area, area.code, area.full_name),
        kabupaten=tuple(others),
        kecamatan=tuple(kecamatan),
        agencies=tuple(agencies),
        missing=tuple(missing),
    )


def index_page(view: IndexView) -> str:
    """The index as one self-contained page; links are relative."""
    return page_html([header(view), headline(view), section("pages", view=view), method(view)], view.frame.title)
