"""The page of one agency: its programmes' accuracy, what they still owe and where, and the budget line to propose."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kaur_analysis.formats import MISSING, number
from kaur_analysis.reference import Area
from kaur_analysis.reporting import charts, titles
from kaur_analysis.reporting.actions import Action, actions_for
from kaur_analysis.reporting.facts import Programme, read_facts
from kaur_analysis.reporting.figures import NOTHING, Figure, PublishedTable
from kaur_analysis.reporting.html import Section, section
from kaur_analysis.reporting.sections import needs_section
from kaur_analysis.reporting.views import (
    Frame,
    Headline,
    Needs,
    Reach,
    Sum,
    limits_of,
    needs_of,
    not_shown,
    reach_by_programme,
    sum_of,
    unmatched_names,
)

OF_LISTS = "Jumlah dihitung dari daftar keluarga dan berubah bila daftar diperbarui."
NARROW = 4  # columns of a table that a telephone shows


@dataclass(frozen=True)
class GapRow:
    """A kecamatan's families due per programme, and the rupiah of all the agency's programmes that are shown.

    ``absent`` says which programmes they leave out; ``sign`` stands where none of a kind is shown.
    """

    name: str
    families: tuple[Figure, ...]
    rupiah: Sum
    absent: str
    sign: str


@dataclass(frozen=True)
class Gaps:
    """Families due per kecamatan for the agency's largest programmes; ``whom`` says which families are counted.

    ``kinds`` are the columns of rupiah, heading and attribute of :class:`~kaur_analysis.reporting.views.Sum`. ``whose``
    says which families the chart counts. ``absent`` says which programmes the rupiah of every row leave out; rows whose
    own differ say theirs.
    """

    programmes: tuple[Programme, ...]
    rows: tuple[GapRow, ...]
    whom: str
    kinds: tuple[tuple[str, str], ...]
    whose: str
    absent: str
    title: str


@dataclass(frozen=True)
class Shared:
    """Families that another agency serves as well."""

    agency: str
    families: Figure


@dataclass(frozen=True)
class AgencyView:
    """Everything an agency's page says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    actions
        Two to four things to do.
    reach_any, reach
        Families reached by any of its programmes, and by each.
    gaps
        Families due and rupiah by kecamatan.
    overlap
        Families that other agencies serve as well.
    unmatched
        What has to be said of recipients found in no family.
    needs
        Budget lines to propose.
    limits
        What cannot be concluded.
    """

    frame: Frame
    headline: Headline
    actions: tuple[Action, ...]
    reach_any: Reach | None
    reach: tuple[Reach, ...]
    gaps: Gaps
    overlap: tuple[Shared, ...]
    unmatched: str
    needs: Needs
    limits: tuple[str, ...]


def agency_view(published: pd.DataFrame | PublishedTable, facts: dict[str, Any], area: Area, agency: str) -> AgencyView:
    """View of one agency.

    Parameters
    ----------
    published, facts
        The published table, or look-ups in it, and the facts of the edition.
    area
        Names and places.
    agency
        Code in ``area.yaml``.

    Returns
    -------
    AgencyView

    Raises
    ------
    KeyError
        The area has no such agency.
    """
    table, known = PublishedTable.of(published), read_facts(facts)
    name = area.agencies[agency].name
    own = [programme for programme in known.programmes.values() if programme.agency == agency]
    needs = needs_of(table, known, area, area.code, agency)
    # Programmes without a list of recipients come last: their number is an upper bound.
    by_size = sorted(
        own,
        key=lambda programme: (not programme.listed, -_due(table, area.code, programme).size, programme.code),
    )
    return AgencyView(
        frame=Frame(name, area.full_name, "opd", known),
        headline=_headline(table, area, needs, by_size, name),
        actions=actions_for(table, known, area, area.code, "opd", agency),
        reach_any=None,
        reach=tuple(replace(reach, agency="") for reach in reach_by_programme(table, known, area, area.code, own)),
        gaps=_gaps(table, area, by_size),
        overlap=_overlap(table, area, agency),
        unmatched=unmatched_names(table, area.code, [programme.code for programme in own]),
        needs=needs,
        limits=(OF_LISTS, *limits_of(table, known, area, area.code, own)),
    )


def _due(table: PublishedTable, code: str, programme: Programme, what: str = "families") -> Figure:
    """Due to the extreme poor; where the table does not tell them apart, to all who qualify."""
    extreme = table.one(f"needs.due_extreme_{what}", code, programme.code)
    return table.one(f"needs.due_{what}", code, programme.code) if extreme == NOTHING else extreme


def _headline(table: PublishedTable, area: Area, needs: Needs, programmes: list[Programme], name: str) -> Headline:
    if not needs.total.text or not programmes:
        return Headline(f"Kebutuhan program {name} belum dapat dihitung.", "")
    amount = titles.bounded(needs.total.text, needs.held.text, needs.unlisted.text)
    begun = f"{amount[:1].upper()}{amount[1:]}" if amount.startswith("paling") else f"Perkiraan {amount}"
    count = len(needs.rows)
    what = f"{number(count)} program {name}" if count > 1 else programmes[0].short
    whom = "keluarga miskin ekstrem yang berhak" if needs.with_extreme else "semua keluarga yang berhak"
    largest = _due(table, area.code, programmes[0])
    finding = f"{begun}{',' * (', ' in amount)} diperlukan agar {whom} menerima {what}"
    finding += f" ({titles.without(needs.absent)}, yang angkanya tidak disajikan)" if needs.absent else ""
    lead = programmes[0]
    state = (
        f"belum menerima {lead.short}"
        if lead.listed
        else f"berhak atas {lead.short}, yang daftar penerimanya tidak dipegang"
    )
    finding += f"; perkiraan {largest.estimate} di antaranya {state}." if largest.shown else "."
    all_due = sum_of((row.about, row.rupiah) for row in needs.rows).text
    every = f"Untuk semua yang berhak {all_due}." if needs.with_extreme and all_due else ""
    return Headline(finding, every)


def _gaps(table: PublishedTable, area: Area, programmes: list[Programme]) -> Gaps:
    """Rows by the largest programme's gap, largest first; rows not shown follow by name."""
    kinds = tuple(
        (heading, kind)
        for heading, kind, once in (("Rupiah per tahun", "yearly", False), ("Rupiah sekali", "single", True))
        if any(programme.once is once for programme in programmes)
    )
    lead = programmes[: NARROW - 1 - len(kinds)]
    rows = []
    for row in area.kecamatan.itertuples():
        families = tuple(_due(table, row.kecamatan, programme) for programme in lead)
        costs = [(programme, _due(table, row.kecamatan, programme, "rupiah_year")) for programme in programmes]
        absent = titles.without(not_shown(costs))
        signs = [cost.sign for _, cost in costs if not cost.shown]
        rows.append(GapRow(row.name, families, sum_of(costs), absent, signs[0] if signs else MISSING))
    rows.sort(key=lambda row: (*((not row.families[0].shown, -row.families[0].size) if row.families else ()), row.name))
    whom, whose, title = "miskin ekstrem " if _told_apart(table) else "", "", ""
    if lead:
        state = "tetapi belum menerima" if lead[0].listed else "(daftar penerimanya tidak dipegang)"
        whose = f"{whom}yang berhak atas {lead[0].short} {state}"
        title = titles.gaps([row.families[0] for row in rows], _due(table, area.code, lead[0]), whose)
    said = {row.absent for row in rows if row.rupiah.text}
    absent = said.pop() if len(said) == 1 else ""
    return Gaps(tuple(lead), tuple(rows), whom, kinds, whose, absent, title)


def _told_apart(table: PublishedTable) -> bool:
    return table.has("needs.due_extreme_families")


def _overlap(table: PublishedTable, area: Area, agency: str) -> tuple[Shared, ...]:
    found = [
        Shared(other.name, figure)
        for other in area.agencies.values()
        if (figure := table.one("overlap.agency_pair", area.code, "", agency, other.code)) != NOTHING
    ]
    return tuple(sorted(found, key=lambda row: (not row.families.shown, -row.families.size, row.agency)))


def gap_table(view: AgencyView) -> Section:
    """Gap per kecamatan: families due for the largest programmes, rupiah of all, with a bar chart.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    rows = [row for row in view.gaps.rows if row.families]
    first = [row.families[0] for row in rows]
    picture = charts.bars(
        [row.name for row in rows],
        [figure.value for figure in first],
        [figure.beside() for figure in first],
        ends=[figure.ends for figure in first],
    )
    return section(
        "gaps",
        gaps=view.gaps,
        picture=charts.svg(picture, "kesenjangan") if any(figure.size > 0 for figure in first) else "",
        marked=any(not programme.listed for programme in view.gaps.programmes),
        unlisted=any(not row.about.listed for row in view.needs.rows),
    )


def overlap_table(view: AgencyView) -> Section:
    """Families that other agencies serve as well.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("overlap", overlap=view.overlap, unmatched=view.unmatched)


def budget_lines(view: AgencyView) -> Section:
    """Budget lines to propose, by programme and fund.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return needs_section(view.needs, "Baris anggaran yang diusulkan")
