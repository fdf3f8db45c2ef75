"""Sections of the kabupaten's page, under the names LP2KD and RPKD give them."""

import numpy as np

from kaur_analysis.formats import number
from kaur_analysis.reporting import charts
from kaur_analysis.reporting.html import Section, section
from kaur_analysis.reporting.kabupaten import KabupatenView

BLOCKS = (
    "Posisi relatif", "Perkembangan antarwaktu", "Efektivitas", "Relevansi", "Keterkaitan", "Perbandingan kecamatan",
    "Kantong kemiskinan", "Lokasi prioritas", "Siapa yang terjangkau program", "Ketepatan sasaran menurut survei",
    "Bila penerima dipilih dengan cara lain", "Biaya nol kemiskinan ekstrem", "Program dan instansi",
    "Kebutuhan dan sumber dana",
)  # fmt: skip


def contents(view: KabupatenView) -> Section:
    """Where the blocks of the planning documents stand on this long page.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("contents", blocks=BLOCKS)


def relative_position(view: KabupatenView) -> Section:
    """*Posisi relatif*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    rows = [row for row in view.position.rows if row[1].shown]
    picture = charts.bars(
        [row[0] for row in rows], [row[1].value for row in rows], [row[1].text for row in rows],
        [row[3] for row in rows],
    )  # fmt: skip
    return section("position", position=view.position, picture=charts.svg(picture, "posisi") if rows else "")


def change_over_time(view: KabupatenView) -> Section:
    """*Perkembangan antarwaktu*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    trend = view.trend
    years = [int(year) for year, _ in trend.rows]
    values = [[figures[place].value for _, figures in trend.rows] for place in range(len(trend.names))]
    picture = charts.svg(charts.series(years, values, trend.names, trend.margin), "perkembangan") if years else ""
    return section("trend", trend=trend, picture=picture)


def effectiveness(view: KabupatenView) -> Section:
    """*Efektivitas*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("effectiveness", changes=view.changes)


def relevance(view: KabupatenView) -> Section:
    """*Relevansi*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("relevance", changes=view.changes)


def association(view: KabupatenView) -> Section:
    """*Keterkaitan*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("association", association=view.association, unreached=view.frame.facts.unreached)


def poverty_pockets(view: KabupatenView) -> Section:
    """*Kantong kemiskinan*: share × number.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    pockets = view.pockets
    known = [place for place in pockets.places if place.quadrant]
    picture = ""
    if known:
        drawn = charts.quadrants(
            [place.name for place in known],
            [place.share.value for place in known],
            [place.families.value for place in known],
            pockets.share_line.value,
            pockets.number_line,
        )
        picture = charts.svg(drawn, "kantong")
    unknown = sorted(place.name for place in pockets.places if not place.quadrant)
    return section(
        "pockets",
        pockets=pockets,
        groups=[
            (f"{code} · {label}", members)
            for code, label in pockets.quadrants
            if (members := [place for place in pockets.places if place.quadrant == code])
        ],
        unknown=unknown,
        mean="" if np.isnan(pockets.number_line) else number(pockets.number_line),
        picture=picture,
    )


def priority_places(view: KabupatenView) -> Section:
    """*Lokasi prioritas*.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("priorities", priorities=view.priorities, unreached=view.frame.facts.unreached)


def survey_route(view: KabupatenView) -> Section:
    """Targeting as the survey shows it: a check on the lists, for the kabupaten alone.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("survey_route", rows=view.survey_reach)


def scenario_table(view: KabupatenView) -> Section:
    """What other ways to choose recipients would have done.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("scenarios", scenarios=view.scenarios)


def zero_cost(view: KabupatenView) -> Section:
    """What no extreme poverty costs.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("zero_cost", zero=view.zero_cost)


def agencies_table(view: KabupatenView) -> Section:
    """Programmes and rupiah by agency.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section(
        "agencies",
        agencies=view.agencies,
        whom="keluarga miskin ekstrem" if view.needs.with_extreme else "semua keluarga",
    )
