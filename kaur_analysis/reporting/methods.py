"""The methods page, for the sceptic: sources, model, what it was held against, what was withheld, limits."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from kaur_analysis.formats import number, percent
from kaur_analysis.reference import Area, read_yaml
from kaur_analysis.reporting.facts import Source, read_facts
from kaur_analysis.reporting.figures import Figure, PublishedTable
from kaur_analysis.reporting.html import page_html, section
from kaur_analysis.reporting.quality import rows_of
from kaur_analysis.reporting.sections import header, headline, limits
from kaur_analysis.reporting.views import Frame, Headline, limits_of

STATUS_WORDS = {
    "tampil": "ditampilkan",
    "hati-hati": "ditampilkan dengan tanda hati-hati",
    "disembunyikan": "dilindungi (keluarga terlalu sedikit, atau dapat dihitung dari angka lain)",
    "tidak disajikan": "tidak disajikan (galat terlalu besar, atau contoh survei terlalu kecil)",
    "belum ada data": "belum ada data",
}


@dataclass(frozen=True)
class Check:
    """The kabupaten's share from one source beside the others."""

    name: str
    figure: Figure


@dataclass(frozen=True)
class MethodsView:
    """Everything the methods page says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    sources, checks
        Every source with its size, and what was checked.
    shown
        How many numbers are shown, and how many withheld for which reason.
    validation, real
        Figures of the validation, by simulation and on real data.
    programmes, official
        Year and source of every programme; official figures with theirs.
    limits
        What cannot be concluded.
    """

    frame: Frame
    headline: Headline
    sources: tuple[tuple[Source, Figure], ...]
    checks: tuple[Check, ...]
    shown: tuple[tuple[str, str], ...]
    validation: tuple[tuple[str, str], ...]
    real: tuple[tuple[str, str], ...]
    programmes: tuple[tuple[str, str], ...]
    official: tuple[str, ...]
    limits: tuple[str, ...]


@cache
def validation() -> list[dict[str, Any]]:
    """Figures of the validation (``validation.yaml``)."""
    return list(read_yaml(Path(__file__).with_name("validation.yaml")))


def methods_view(published: pd.DataFrame, facts: dict[str, Any], area: Area) -> MethodsView:
    """View of the methods page.

    Parameters
    ----------
    published, facts
        The published table and the facts of the edition.
    area
        Names and places.

    Returns
    -------
    MethodsView
    """
    table, known = PublishedTable(published), read_facts(facts)
    basis = {
        "registry": "Survei mengajarkan hubungan keadaan keluarga dengan pengeluarannya; hubungan itu diterapkan pada "
        "semua keluarga di daftar.",
        "survey": "Studi ini tanpa daftar keluarga: angka dihitung langsung dari survei.",
    }[known.route]
    return MethodsView(
        frame=Frame("Metode", f"{area.full_name}, untuk yang ingin memeriksa", "metode", known),
        headline=Headline(f"{basis} Angka utama disertai kisarannya; kisaran semua taksiran ada di published.csv.", ""),
        sources=tuple((source, rows_of(table, area.code, source, "rows_read")) for source in known.sources),
        checks=_checks(table, area, known.synthetic),
        shown=_shown(published),
        validation=tuple((entry["claim"], entry["text"]) for entry in validation() if not entry.get("real")),
        real=tuple((entry["claim"], entry["text"]) for entry in validation() if entry.get("real")),
        programmes=tuple(
            (
                programme.name,
                " · ".join(filter(None, [programme.year, programme.source, _doubted(programme.doubt)])),
            )
            for programme in known.programmes.values()
        ),
        official=_official_sources(published, area),
        limits=limits_of(table, known, area, area.code),
    )


def _checks(table: PublishedTable, area: Area, synthetic: bool) -> tuple[Check, ...]:
    """The kabupaten's poor share by survey, by model before and after the official level, and officially."""
    official = table.periods("official.poor_share", area.code)
    newest = [(year, figure) for year, figure in official.items() if figure.shown][-1:]
    found = [
        Check("Survei saja", table.one("survey.poor_share", area.code)),
        Check("Model, sebelum disesuaikan", table.one("poverty.poor_share", area.code, group="model")),
        Check("Model, seperti disajikan", table.one("poverty.poor_share", area.code)),
        *(
            Check(f"Angka resmi BPS {year}{' (wilayah yang sebenarnya)' * synthetic}", figure)
            for year, figure in newest
        ),
    ]
    return tuple(check for check in found if check.figure.shown)


def _doubted(doubt: str) -> str:
    return f"Keraguan: {doubt}" if doubt else ""


def _shown(published: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """How many numbers of the edition are shown, and how many withheld for which reason."""
    counts = published["status"].value_counts()
    return tuple(
        (words, f"{number(int(counts[status]))} ({percent(counts[status] / len(published), 1)})")
        for status, words in STATUS_WORDS.items()
        if status in counts
    )


def _official_sources(published: pd.DataFrame, area: Area) -> tuple[str, ...]:
    own = published[(published["topic"] == "official") & (published["area"] == area.code)]
    return tuple(sorted({str(source) for source in own["source"] if source}))


def methods_page(view: MethodsView, title: str) -> str:
    """The methods page as one self-contained page.

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
    facts = view.frame.facts
    body = section(
        "methods",
        view=view,
        facts=facts,
        caution=f"{number(facts.rse_caution * 100)}%",
        hide=f"{number(facts.rse_hide * 100)}%",
        width=number(facts.width_hide * 100),
    )
    return page_html([header(view), headline(view), body, limits(view), section("provenance", facts=facts)], title)
