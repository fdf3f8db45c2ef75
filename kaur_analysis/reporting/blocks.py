"""Sections of the kabupaten's page, under the names LP2KD and RPKD give them."""

import numpy as np

from kaur_analysis.reporting import charts
from kaur_analysis.reporting.html import Section, section
from kaur_analysis.reporting.kabupaten import KabupatenView


def relative_position(view: KabupatenView) -> Section:
    """*Posisi relatif*."""
    rows = [row for row in view.position.rows if row[1].shown]
    picture = charts.bars(
        [name for name, _, _ in rows], [figure.value for _, figure, _ in rows], [figure.text for _, figure, _ in rows],
        [own for _, _, own in rows],
    )  # fmt: skip
    return section("position", position=view.position, picture=charts.svg(picture, "posisi") if rows else "")


def change_over_time(view: KabupatenView) -> Section:
    """*Perkembangan antarwaktu*."""
    trend = view.trend
    years = [int(year) for year, _ in trend.rows]
    values = [[figures[place].value for _, figures in trend.rows] for place in range(len(trend.names))]
    picture = charts.svg(charts.series(years, values, trend.names), "perkembangan") if years else ""
    return section("trend", trend=trend, picture=picture)


def effectiveness(view: KabupatenView) -> Section:
    """*Efektivitas*."""
    return section("effectiveness", changes=view.changes)


def relevance(view: KabupatenView) -> Section:
    """*Relevansi*."""
    return section("relevance", changes=view.changes)


def association(view: KabupatenView) -> Section:
    """*Keterkaitan*."""
    return section("association", association=view.association)


def poverty_pockets(view: KabupatenView) -> Section:
    """*Kantong kemiskinan*: share × number."""
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
        unknown=unknown,
        mean="" if np.isnan(pockets.number_line) else f"{pockets.number_line:.0f}",
        picture=picture,
    )


def priority_places(view: KabupatenView) -> Section:
    """*Lokasi prioritas*."""
    return section("priorities", priorities=view.priorities)


def survey_route(view: KabupatenView) -> Section:
    """Targeting as the survey shows it: a check on the lists, for the kabupaten alone."""
    return section("survey_route", rows=view.survey_reach)


def scenario_table(view: KabupatenView) -> Section:
    """What other ways to choose recipients would have done."""
    return section("scenarios", scenarios=view.scenarios)


def zero_cost(view: KabupatenView) -> Section:
    """What no extreme poverty costs."""
    return section("zero_cost", zero=view.zero_cost)


def agencies_table(view: KabupatenView) -> Section:
    """Programmes and rupiah by agency."""
    return section(
        "agencies",
        agencies=view.agencies,
        whom="keluarga miskin ekstrem" if view.needs.with_extreme else "semua keluarga",
    )
