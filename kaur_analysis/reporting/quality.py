"""The data-quality page, for whoever sent the lists: rows read, kept and set aside, what was found, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kaur_analysis.formats import number, percent
from kaur_analysis.reference import Area
from kaur_analysis.reporting.facts import Facts, Finding, Source, read_facts
from kaur_analysis.reporting.figures import NOTHING, Figure, PublishedTable
from kaur_analysis.reporting.html import page_html, section
from kaur_analysis.reporting.sections import header, headline, method
from kaur_analysis.reporting.views import UNMATCHED, Frame, Headline

MOST_TO_DO = 4
FEW = "sedikit (dilindungi)"


@dataclass(frozen=True)
class ListQuality:
    """One list: what it is, its name in the study, its rows in words, and what was found in it."""

    about: str
    name: str
    read: Figure
    kept: Figure
    set_aside: Figure
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Task:
    """What to do about one kind of finding, in which lists."""

    remedy: str
    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class QualityView:
    """Everything the data-quality page says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    to_do
        Kinds of finding that ask for something.
    lists
        Every source with what was found in it.
    unmatched
        Recipients found in no family, by programme.
    """

    frame: Frame
    headline: Headline
    to_do: tuple[Task, ...]
    lists: tuple[ListQuality, ...]
    unmatched: tuple[tuple[str, str], ...]


def quality_view(published: pd.DataFrame | PublishedTable, facts: dict[str, Any], area: Area) -> QualityView:
    """View of the data-quality page.

    Parameters
    ----------
    published, facts
        The published table, or look-ups in it, and the facts of the edition.
    area
        Names and places.

    Returns
    -------
    QualityView
    """
    table, known = PublishedTable.of(published), read_facts(facts)
    unmatched = [
        (programme.name, figure.text)
        for programme in known.programmes.values()
        if (figure := table.one(UNMATCHED, area.code, programme.code)).shown
    ]
    lists = tuple(_list_quality(source, known, table, area.code) for source in known.sources)
    return QualityView(
        frame=Frame("Mutu data", f"{area.full_name}, untuk pengirim daftar", "mutu", known),
        headline=_headline(lists),
        to_do=_to_do(known),
        lists=lists,
        unmatched=tuple(unmatched),
    )


def _to_do(facts: Facts) -> tuple[Task, ...]:
    """Kinds of finding that ask for something, the most frequent first."""
    needed = [finding for finding in facts.findings if not finding.remedy.startswith("Tidak perlu tindakan")]
    needed.sort(key=lambda finding: (finding.rows is None, -(finding.rows or 0), finding.source))
    kinds = dict.fromkeys((finding.remedy, finding.title) for finding in needed)
    tasks = [Task(*kind, tuple(each for each in needed if (each.remedy, each.title) == kind)) for kind in kinds]
    return tuple(sorted(tasks, key=lambda task: -sum(finding.rows or 0 for finding in task.findings))[:MOST_TO_DO])


def _headline(lists: Sequence[ListQuality]) -> Headline:
    told = [quality for quality in lists if quality.read.shown and quality.set_aside.shown]
    read = sum(quality.read.value for quality in told)
    aside = sum(quality.set_aside.value for quality in told)
    whole = "Tiap baris yang dibaca dipakai atau disisihkan dengan alasan; tidak ada yang hilang."
    if lists and not told:
        return Headline(f"{number(len(lists))} daftar dibaca; banyak barisnya dilindungi.", whole)
    if not read:
        return Headline("Belum ada daftar yang dibaca.", "")
    least = "sedikitnya " if len(told) < len(lists) else ""
    finding = f"{number(len(lists))} daftar dengan {least}{number(read)} baris dibaca; "
    finding += f"{least}{number(aside)} baris disisihkan ({percent(aside / read, 1)})."
    return Headline(finding, whole)


def _list_quality(source: Source, facts: Facts, table: PublishedTable, code: str) -> ListQuality:
    return ListQuality(
        about=facts.label(source),
        name=source.name,
        read=rows_of(table, code, source, "rows_read"),
        kept=rows_of(table, code, source, "rows_kept", "families_kept"),
        set_aside=rows_of(table, code, source, "rows_set_aside"),
        findings=tuple(finding for finding in facts.findings if finding.source == source.name),
    )


def rows_of(table: PublishedTable, code: str, source: Source, *indicators: str) -> Figure:
    """A number of rows of a list, by the first of its names that the table knows; 0 where nothing was read of it."""
    names = [(indicator, programme) for indicator in indicators for programme in (source.programme, "")]
    found = (table.one(f"lists.{name}", code, programme, group=source.name) for name, programme in names)
    return next((figure for figure in found if figure is not NOTHING), Figure(0.0, unit="baris", status="tampil"))


def quality_page(view: QualityView, title: str) -> str:
    """The data-quality page as one self-contained page.

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
    parts = [header(view), headline(view), section("quality", view=view, few=FEW), method(view)]
    return page_html(parts, title)
