"""The kabupaten's page: the blocks of LP2KD and RPKD under their own names, ready to be pasted."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kaur_analysis.formats import number, percent, points, rupiah_short
from kaur_analysis.reference import DETERMINANT_GROUPS, Area, determinants
from kaur_analysis.reporting import titles
from kaur_analysis.reporting.actions import Action, actions_for, compared, glossary, rule_table
from kaur_analysis.reporting.facts import Facts, read_facts
from kaur_analysis.reporting.figures import HIGHER, LOWER, NOTHING, Figure, PublishedTable, compare
from kaur_analysis.reporting.maps import MapView, map_view
from kaur_analysis.reporting.package import Package, package_of
from kaur_analysis.reporting.targeting_findings import beyond_model_facts, informed_facts, sentence
from kaur_analysis.reporting.views import (
    Comparison,
    Frame,
    Headline,
    Indicator,
    Needs,
    Reach,
    Sum,
    comparison_of,
    indicators_of,
    limits_of,
    needs_of,
    not_shown,
    place_headline,
    reach_by_programme,
    reach_of,
    sum_of,
    unmatched_names,
)

YEARS_SHOWN = 11


@dataclass(frozen=True)
class Position:
    """*Posisi relatif*: the kabupaten beside its peers, province and country in one year.

    ``rows`` are name, figure, difference from the kabupaten in words, and whether it is the kabupaten.
    """

    year: str
    rows: tuple[tuple[str, Figure, str, bool], ...]
    sentence: str
    sources: str


@dataclass(frozen=True)
class Trend:
    """*Perkembangan antarwaktu*: official shares by year; ``rows`` are year and one figure per name.

    ``margin`` is half the 95 per cent interval of one year's kabupaten share by a survey of this edition's size.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]
    sentence: str
    margin: float
    noise: str


@dataclass(frozen=True)
class Change:
    """A change from one year to the next, in words, of kabupaten, province and country.

    ``certainty`` says whether the kabupaten's is larger than the survey's error, ``together`` whether province and
    country moved the same way.
    """

    years: str
    texts: tuple[str, ...]
    certainty: str
    together: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """*Efektivitas* and *relevansi*: is the trend steady, and does it move with province and country."""

    names: tuple[str, ...]
    rows: tuple[Change, ...]
    effectiveness: tuple[str, ...]
    relevance: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A kecamatan in *keterkaitan*: extreme poverty beside what may go with it."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Determinant:
    """What may go with extreme poverty: its share among the extreme poor and all others, and where it is most frequent.

    ``word`` compares the two shares; ``places`` are the kecamatan with the largest shares of all families.
    """

    label: str
    extreme: Figure
    other: Figure
    word: str
    places: str


@dataclass(frozen=True)
class Association:
    """*Keterkaitan*: indicator and determinant side by side; no cause is claimed."""

    labels: tuple[str, ...]
    rows: tuple[Link, ...]
    sentences: tuple[str, ...]
    determinants: tuple[Determinant, ...]


@dataclass(frozen=True)
class Pocket:
    """A kecamatan in *kantong kemiskinan*."""

    name: str
    share: Figure
    families: Figure
    quadrant: str
    sure: bool


@dataclass(frozen=True)
class Pockets:
    """*Kantong kemiskinan*: share × number."""

    places: tuple[Pocket, ...]
    share_line: Figure
    number_line: float
    quadrants: tuple[tuple[str, str], ...]
    title: str


@dataclass(frozen=True)
class Priority:
    """A kecamatan in *lokasi prioritas*."""

    name: str
    why: str
    families: Figure
    missed: Figure
    rupiah: Figure


@dataclass(frozen=True)
class SurveyReach:
    """Targeting of a programme by the survey route: observed expenditure and reported receipt."""

    name: str
    exclusion: Figure
    inclusion: Figure


@dataclass(frozen=True)
class Scenario:
    """One way to choose recipients, with how many it serves and what it would have done."""

    name: str
    served: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Scenarios:
    """Scenarios side by side.

    ``caution`` names those that their judge, the model, knows too little to judge; ``unmatched`` counts the names that
    none of them can be judged on.
    """

    labels: tuple[str, ...]
    definitions: tuple[str, ...]
    rows: tuple[Scenario, ...]
    caution: str
    unmatched: str


@dataclass(frozen=True)
class ZeroCost:
    """What no extreme poverty costs: the lower bound and the mix of programmes.

    ``amounts`` put every total of the page side by side: rupiah, range, and what each is for.
    """

    lower_bound: Figure
    package: Package
    sentence: str
    amounts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class AgencySum:
    """An agency's programmes and the rupiah they need; ``unlisted`` is the part without lists of recipients.

    ``absent`` says which programmes the rupiah leave out.
    """

    name: str
    programmes: str
    rupiah: Sum
    unlisted: Sum
    absent: str


@dataclass(frozen=True)
class KabupatenView:
    """Everything the kabupaten's page says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    actions
        Two to four things to do.
    indicators, comparison
        Main figures; all kecamatan beside each other.
    position, trend, changes
        Place among the peers, over the years, and since the issue before.
    association, pockets, priorities
        *Keterkaitan*, *kantong kemiskinan*, *lokasi prioritas*.
    scenarios, zero_cost
        Other ways to choose recipients; what no extreme poverty costs.
    reach_any, reach, survey_reach
        Families reached by any programme and by each; the same as the survey shows it.
    agencies, needs
        Rupiah by agency; needs by strategy.
    limits
        What cannot be concluded.
    desa_map
        The map of all desa.
    """

    frame: Frame
    headline: Headline
    actions: tuple[Action, ...]
    indicators: tuple[Indicator, ...]
    comparison: Comparison
    position: Position
    trend: Trend
    changes: Changes
    association: Association
    pockets: Pockets
    priorities: tuple[Priority, ...]
    scenarios: Scenarios
    zero_cost: ZeroCost
    reach_any: Reach | None
    reach: tuple[Reach, ...]
    survey_reach: tuple[SurveyReach, ...]
    agencies: tuple[AgencySum, ...]
    needs: Needs
    limits: tuple[str, ...]
    desa_map: MapView


def kabupaten_view(published: pd.DataFrame | PublishedTable, facts: dict[str, Any], area: Area) -> KabupatenView:
    """View of the kabupaten.

    Parameters
    ----------
    published, facts
        The published table, or look-ups in it, and the facts of the edition.
    area
        Names and places.

    Returns
    -------
    KabupatenView
    """
    table, known = PublishedTable.of(published), read_facts(facts)
    names = ("poverty.poor_share", "poverty.extreme_share", "poverty.extreme_families", "targeting.exclusion_error")
    pockets = _pockets(table, area)
    margin = _margin(table, area)
    needs = needs_of(table, known, area, area.code)
    changes = _changes(table, area, margin)
    return KabupatenView(
        frame=Frame(area.full_name, f"Provinsi {area.province_name}", "kabupaten", known),
        headline=place_headline(table, area, area.code, area.full_name, known.synthetic),
        actions=actions_for(table, known, area, area.code, "kabupaten"),
        indicators=indicators_of(table, known, area, area.code, (*names, "survey.poor_share")),
        comparison=comparison_of(table, area, "poverty.poor_share"),
        position=_position(table, area),
        trend=_trend(table, area, margin),
        changes=changes,
        association=_association(table, area),
        pockets=pockets,
        priorities=_priorities(table, area, pockets),
        scenarios=_scenarios(table, known, area),
        zero_cost=_zero_cost(table, known, area, needs),
        reach_any=reach_of(table, known, area, area.code, None),
        reach=reach_by_programme(table, known, area, area.code, known.programmes.values()),
        survey_reach=_survey_reach(table, known, area),
        agencies=_agencies(table, known, area),
        needs=needs,
        limits=limits_of(table, known, area, area.code),
        desa_map=map_view(table, facts, area),
    )


def _levels(area: Area) -> dict[str, str]:
    return {area.code: area.name, area.province: f"Provinsi {area.province_name}", "00": area.country_name}


def _position(table: PublishedTable, area: Area) -> Position:
    """The newest year in which kabupaten, province and most peers are known; else the newest of the kabupaten."""
    known = {code: table.periods("official.poor_share", code) for code in (*_levels(area), *area.peers)}

    def shown(code: str, year: str) -> bool:
        return year in known[code] and known[code][year].shown

    years = sorted((year for year in known[area.code] if shown(area.code, year)), reverse=True)
    if not years:
        return Position("", (), "Angka resmi kabupaten belum ada data.", "")
    complete = [year for year in years if sum(shown(code, year) for code in area.peers) > len(area.peers) / 2]
    year = (complete or years)[0]
    names = {**_levels(area), **area.peers}
    own = known[area.code][year]
    rows = []
    for code, name in names.items():
        figure = known[code].get(year, Figure())
        apart = _signed(figure.value - own.value) if figure.shown and code != area.code else ""
        rows.append((name, figure, apart, code == area.code))
    rows.sort(key=lambda row: (not row[1].shown, -row[1].value if row[1].shown else 0, row[0]))
    parts = [
        f"{_distance(own, known[code][year])} {names[code]} ({known[code][year].text})"
        for code in (area.province, "00")
        if shown(code, year)
    ]
    sentence = f"Tahun {year}, {own.text} penduduk {area.name} miskin menurut BPS"
    sources = _named_once(row[1].source for row in rows if row[1].shown)
    return Position(year, tuple(rows), sentence + (f": {' dan '.join(parts)}." if parts else "."), sources)


def _named_once(sources: Iterable[str]) -> str:
    """Sources in one line; one that another says with more words (``… mengutip BPS``) is not said again."""
    names = list(dict.fromkeys(name for source in sources for name in source.split("; ") if name))
    return "; ".join(name for name in names if not any(other.startswith(f"{name} ") for other in names))


def _signed(difference: float) -> str:
    """A difference of shares in percentage points with its sign: ``+3,79``, ``−8,47``, ``0,00``."""
    size = number(abs(difference) * 100, 2)
    return size if size == number(0, 2) else f"{'+' if difference > 0 else '−'}{size}"


def _margin(table: PublishedTable, area: Area) -> float:
    """Half of the interval of the kabupaten's share by the edition's survey; missing where it has none."""
    survey = table.one("survey.poor_share", area.code)
    return (survey.high - survey.low) / 2 if survey.has_range else math.nan


def _distance(own: Figure, other: Figure) -> str:
    gap = own.value - other.value
    size = number(abs(gap) * 100, 2)
    return f"{size} poin persen {'di atas' if gap > 0 else 'di bawah'}"


def _trend(table: PublishedTable, area: Area, margin: float) -> Trend:
    series = {name: table.periods("official.poor_share", code) for code, name in _levels(area).items()}
    years = [int(year) for values in series.values() for year in values]
    if not years:
        return Trend(tuple(series), (), "Angka resmi belum ada data.", math.nan, "")
    shown_years = [str(year) for year in range(max(years) - YEARS_SHOWN + 1, max(years) + 1)]
    rows = tuple((year, tuple(values.get(year, Figure()) for values in series.values())) for year in shown_years)
    own = [(year, figures[0]) for year, figures in rows if figures[0].shown]
    unknown = len(rows) - len(own)
    sentence = "Angka kabupaten belum ada data."
    if len(own) > 1:
        (first, start), (last, end) = own[0], own[-1]
        sentence = f"Dari {start.text} ({first}) menjadi {end.text} ({last}): {points(end.value - start.value)}."
    if unknown:
        sentence += f" Untuk {number(unknown)} dari {number(len(rows))} tahun angka kabupaten belum ada data."
    return Trend(tuple(series), rows, sentence, margin, _noise(own, margin))


def _noise(own: list[tuple[str, Figure]], margin: float) -> str:
    """Whether the newest change is larger than the error of two surveys of this size."""
    if len(own) < 2 or math.isnan(margin):
        return ""
    (before, start), (after, end) = own[-2:]
    change, error = end.value - start.value, math.sqrt(2) * margin
    verdict = (
        "lebih kecil daripada galat itu: belum dapat dibedakan dari nol"
        if abs(change) < error
        else "lebih besar daripada galat itu"
    )
    return (
        f"Galat survei seukuran ini ±{number(margin * 100, 1)} poin persen untuk satu tahun (garis tegak) dan "
        f"±{number(error * 100, 1)} untuk selisih dua tahun. Perubahan terakhir ({before} ke {after}) "
        f"{points(change)}, {verdict}."
    )


def _changes(table: PublishedTable, area: Area, margin: float) -> Changes:
    levels = _levels(area)
    series = [table.periods("official.poor_share", code) for code in levels]
    own = series[0]
    pairs = [
        (str(int(year) - 1), year)
        for year, figure in own.items()
        if figure.shown and (before := own.get(str(int(year) - 1))) is not None and before.shown
    ]
    differences = [[_change(values, *pair) for values in series] for pair in pairs]
    rows = tuple(
        Change(
            f"{before} ke {after}",
            tuple(points(value).removesuffix(" poin persen") if value is not None else "–" for value in changed),
            _beyond(changed[0], margin),
            tuple(_same_way(changed[0], other) for other in changed[1:]),
        )
        for (before, after), changed in zip(pairs, differences, strict=True)
    )
    mine = [changed[0] for changed in differences if changed[0] is not None]
    return Changes(
        names=tuple(levels.values()),
        rows=rows,
        effectiveness=_effectiveness(mine, margin),
        relevance=_relevance(differences, list(levels.values())),
    )


def _change(values: dict[str, Figure], before: str, after: str) -> float | None:
    if before in values and after in values and values[before].shown and values[after].shown:
        return values[after].value - values[before].value
    return None


def _beyond(change: float | None, margin: float) -> str:
    if change is None or math.isnan(margin):
        return "–"
    return "di dalam galat" if abs(change) < math.sqrt(2) * margin else "melebihi galat"


def _same_way(own: float | None, other: float | None) -> str:
    if own is None or other is None:
        return "–"
    return "searah" if (own > 0) == (other > 0) else "tidak searah"


def _effectiveness(changes: list[float], margin: float) -> tuple[str, ...]:
    """Whether the share falls steadily, and whether a year's change is larger than the survey's error."""
    if not changes:
        return ("Belum ada dua tahun berurutan yang angkanya diketahui.",)
    falls = sum(change < 0 for change in changes)
    steady = "selalu turun" if falls == len(changes) else "tidak selalu turun"
    known = f"{number(falls)} dari {number(len(changes))} perubahan tahunan yang diketahui"
    sentences = [f"Angka resmi turun pada {known}: {steady}."]
    if not math.isnan(margin):
        # Two independent surveys of the same size: the error of a change is √2 times that of one.
        noise = math.sqrt(2) * margin
        small = sum(abs(change) < noise for change in changes)
        sentences.append(
            f"Galat survei membuat perubahan setahun di bawah {number(noise * 100, 1)} poin persen belum dapat "
            f"dibedakan dari nol; itu berlaku bagi {number(small)} dari {number(len(changes))} perubahan ini."
        )
    return tuple(sentences)


def _relevance(differences: list[list[float | None]], names: list[str]) -> tuple[str, ...]:
    sentences = []
    for place, name in list(enumerate(names))[1:]:
        both = [
            (own, other)
            for changed in differences
            if (own := changed[0]) is not None and (other := changed[place]) is not None
        ]
        if both:
            together = sum((own > 0) == (other > 0) for own, other in both)
            sentences.append(f"Searah dengan {name} pada {number(together)} dari {number(len(both))} perubahan.")
        else:
            sentences.append(f"Dengan {name}: belum ada tahun yang dapat dibandingkan.")
    return tuple(sentences)


_ASSOCIATED = (
    ("poverty.extreme_share", "", "Miskin ekstrem"),
    ("targeting.exclusion_error", "any", "Terlewat"),
    ("poverty.gap_index", "", "Kedalaman (P1)"),
)


def _association(table: PublishedTable, area: Area) -> Association:
    """Extreme poverty beside families without a programme and depth, kecamatan by kecamatan."""
    rows, both = [], []
    for row in area.kecamatan.itertuples():
        figures = tuple(table.one(name, row.kecamatan, programme) for name, programme, _ in _ASSOCIATED)
        rows.append(Link(row.name, figures))
        words = [compared(table, name, row.kecamatan, area.code, programme) for name, programme, _ in _ASSOCIATED[:2]]
        if words == [HIGHER, HIGHER]:
            both.append(row.name)
    rows.sort(key=lambda link: (not link.figures[0].shown, -link.figures[0].size, link.name))
    if both:
        found = ", ".join(sorted(both))
        told = f"Bagian miskin ekstrem dan bagian terlewat sama-sama jelas di atas kabupaten: {found}."
    elif any(extreme.shown and missed.shown for extreme, missed in (link.figures[:2] for link in rows)):
        told = "Tidak ada kecamatan yang bagian miskin ekstrem dan terlewatnya sama-sama jelas di atas kabupaten."
    else:
        told = "Angka kecamatan tidak disajikan: belum dapat dikatakan apakah yang lebih miskin lebih banyak terlewat."
    sentences = (
        told,
        *_determinant_sentence(apart := _determinants(table, area)),
        "Keterkaitan bukan sebab akibat.",
    )
    return Association(tuple(label for *_, label in _ASSOCIATED), tuple(rows), sentences, apart)


MOST_PLACES = 3  # kecamatan named beside a determinant


def _determinants(table: PublishedTable, area: Area) -> tuple[Determinant, ...]:
    """Determinants that the registry holds, those that set the extreme poor apart first."""
    equivalence = rule_table()["equivalence"]
    found = []
    for entry in determinants():
        name = f"determinants.{entry['code']}"
        extreme, other, difference = (table.one(name, area.code, group=group) for group in DETERMINANT_GROUPS)
        if NOTHING in (extreme, other):
            continue
        shares = [(row.name, table.one(name, row.kecamatan)) for row in area.kecamatan.itertuples()]
        most = sorted((place for place in shares if place[1].shown), key=lambda place: (-place[1].value, place[0]))
        places = ", ".join(f"{name} {figure.text}" for name, figure in most[:MOST_PLACES])
        word = compare(extreme, other, equivalence, difference)
        found.append(Determinant(entry["label"], extreme, other, word, places))
    order = {HIGHER: 0, LOWER: 1}
    return tuple(sorted(found, key=lambda row: (order.get(row.word, 2), -abs(row.extreme.size - row.other.size))))


def _determinant_sentence(found: tuple[Determinant, ...]) -> tuple[str, ...]:
    """What clearly is more frequent among the extreme poor, and why that is no discovery of the model's."""
    if not found:
        return ()
    more = [row for row in found if row.word == HIGHER]
    said = "; ".join(
        f"{row.label[0].lower()}{row.label[1:]} ({row.extreme.text}, lainnya {row.other.text})" for row in more
    )
    if more:
        first = f"Pada keluarga miskin ekstrem jelas lebih sering daripada pada keluarga lain: {said}."
    elif any(row.extreme.shown and row.other.shown for row in found):
        first = "Tidak ada ciri yang pada keluarga miskin ekstrem jelas lebih sering daripada pada keluarga lain."
    else:
        first = "Ciri keluarga miskin ekstrem belum dapat dibandingkan dengan keluarga lain: angkanya tidak disajikan."
    return (first, "Ciri-ciri itu dipakai model untuk menaksir kemiskinan, jadi bukan temuan tersendiri.")


QUADRANTS = (
    ("I", "Bagian tinggi, jumlah banyak: kantong kemiskinan"),
    ("II", "Bagian rendah, jumlah banyak: banyak karena penduduknya banyak"),
    ("III", "Bagian rendah, jumlah sedikit"),
    ("IV", "Bagian tinggi, jumlah sedikit: keluarganya sedikit"),
)


def _pockets(table: PublishedTable, area: Area) -> Pockets:
    line = table.one("poverty.extreme_share", area.code)
    families = table.one("poverty.extreme_families", area.code)
    size = len(area.kecamatan)
    mean = families.value / size if families.shown else math.nan
    usual = replace(families, value=mean, low=families.low / size, high=families.high / size)
    equivalence = rule_table()["equivalence"]
    places = []
    for row in area.kecamatan.itertuples():
        share = table.one("poverty.extreme_share", row.kecamatan)
        count = table.one("poverty.extreme_families", row.kecamatan)
        quadrant = ""
        if share.shown and count.shown and line.shown and not math.isnan(mean):
            high, many = share.value > line.value, count.value > mean
            quadrant = {(True, True): "I", (False, True): "II", (False, False): "III", (True, False): "IV"}[high, many]
        words = {
            compared(table, "poverty.extreme_share", row.kecamatan, area.code),
            compare(count, usual, equivalence),
        }
        sure = words <= {HIGHER, LOWER}  # both axes: a quadrant is no surer than its less sure side
        places.append(Pocket(row.name, share, count, quadrant, sure))
    pocket = [place for place in places if place.quadrant == "I"]
    title = titles.pockets(
        [place.name for place in pocket if place.sure],
        [place.name for place in pocket if not place.sure],
        any(place.quadrant for place in places),
    )
    return Pockets(tuple(places), line, mean, QUADRANTS, title)


def _priorities(table: PublishedTable, area: Area, pockets: Pockets) -> tuple[Priority, ...]:
    """Kecamatan above the kabupaten in share and number, the sure ones first, by number: money follows numbers."""
    found = []
    for pocket, code in zip(pockets.places, area.kecamatan["kecamatan"], strict=True):
        if pocket.quadrant == "I":
            why = "prioritas" if pocket.sure else "calon"
            found.append(
                Priority(
                    pocket.name,
                    why,
                    pocket.families,
                    table.one("targeting.missed_poor", code, "any"),
                    table.one("zero_cost.programme_mix_rp_year", code),
                )
            )
    return tuple(sorted(found, key=lambda row: (row.why != "prioritas", -row.families.size, row.name)))


def _survey_reach(table: PublishedTable, facts: Facts, area: Area) -> tuple[SurveyReach, ...]:
    rows = [
        SurveyReach(
            "Program apa pun" if code == "any" else facts.programmes[code].name if code in facts.programmes else code,
            table.one("targeting_survey.exclusion_error", area.code, code),
            table.one("targeting_survey.inclusion_error", area.code, code),
        )
        for code in table.programmes("targeting_survey.exclusion_error", area.code)
    ]
    return tuple(sorted(rows, key=lambda row: (row.name != "Program apa pun", row.name)))


_MISSED = "scenarios.exclusion_error"
_NOW, _BOUNDS = "delivered", ("perfect", "none")  # what is done, and the best and worst that could be
_SCENARIO_COLUMNS = (_MISSED, "scenarios.inclusion_error", "scenarios.extreme_share_after")


def _scenarios(table: PublishedTable, facts: Facts, area: Area) -> Scenarios:
    codes = list(dict.fromkeys([*facts.scenarios, *table.groups(_SCENARIO_COLUMNS[0], area.code)]))
    codes.sort(key=lambda code: (code != _NOW, code in _BOUNDS))  # the others stay as they are
    rows = [
        Scenario(
            facts.scenarios.get(code, code.replace("_", " ").capitalize()),
            _served(table.one("scenarios.served_families", area.code, group=code)),
            tuple(table.one(name, area.code, group=code) for name in _SCENARIO_COLUMNS),
        )
        for code in codes
    ]
    words = [glossary()[name] for name in _SCENARIO_COLUMNS]
    labels, definitions = (tuple(word[part] for word in words) for part in ("label", "definition"))
    beyond = beyond_model_facts(facts.beyond_model, facts.scenarios)
    caution = sentence("beyond_model", beyond) if facts.beyond_model else ""
    stated, informed = (table.one(name, area.code, group="desil") for name in (_MISSED, f"{_MISSED}_informed"))
    if stated.shown and informed.shown:
        known = informed_facts(stated.value, informed.value, facts.scenarios.get("desil", "desil"))
        caution = f"{caution} {sentence('informed', known)}".strip()
    unmatched = unmatched_names(table, area.code, facts.programmes)
    return Scenarios(labels, definitions, tuple(rows), caution, unmatched)


def _served(families: Figure) -> str:
    """How many families a way serves, where it serves any."""
    return f"melayani {families.text} keluarga" if families.shown and families.value else ""


def _zero_cost(table: PublishedTable, facts: Facts, area: Area, needs: Needs) -> ZeroCost:
    lower, package = table.one("zero_cost.lower_bound_rp_year", area.code), package_of(table, facts, area.code)
    if not lower.shown and not package.cost.shown:
        return ZeroCost(lower, package, "Biaya nol kemiskinan ekstrem belum dapat dihitung.", ())
    every = sum_of((row.about, row.rupiah) for row in needs.rows).text
    amounts = [
        ("Kekurangan pengeluaran yang miskin ekstrem (batas bawah)", f"{lower.text} per tahun", _span(lower)),
        ("Paket program bila sasaran diketahui pasti", f"{package.cost.text} per tahun", _span(package.cost)),
        *(
            (
                f"Paket untuk menjangkau {percent(float(share), 0)} dengan daftar peluang",
                f"{cost.text} per tahun",
                _span(cost),
            )
            for share, cost in package.by_list.items()
            if cost.shown
        ),
        *([("Semua program bagi yang miskin ekstrem", needs.total.text, "")] if needs.with_extreme else []),
        ("Semua program bagi semua yang berhak", every or "–", ""),
    ]
    return ZeroCost(lower, package, _zero_sentence(lower, package, table, area), tuple(amounts))


def _span(figure: Figure) -> str:
    """Range and caution of an amount, as they stand below it."""
    return ", ".join(filter(None, [figure.range, "pakai dengan hati-hati" if figure.caution else ""]))


def _zero_sentence(lower: Figure, package: Package, table: PublishedTable, area: Area) -> str:
    """What the mix assumes, whom it lifts, what it leaves, who pays it."""
    families = table.one("poverty.extreme_families", area.code)
    parts = [
        f"Batas bawah {lower.estimate} per tahun: bila setiap keluarga menerima tepat sebesar kekurangannya.",
        f"Paket program yang ada: {package.cost.estimate} per tahun, bila diketahui pasti siapa yang miskin ekstrem.",
    ]
    if package.lifted.shown and families.shown and families.value:
        parts.append(
            f"Paket itu mengangkat {package.lifted.estimate} dari {families.words} ke atas garis miskin ekstrem; "
            f"kekurangan {package.uncovered.estimate} per tahun tetap tidak tertutup."
        )
    if package.paid_by:
        parts.append(f"Yang membayar setahun: {package.paid_by} (pembagian dana sebagian anggapan).")
    if package.unlisted > 0:
        parts.append(f"{rupiah_short(package.unlisted)} di antaranya lewat program yang daftarnya tidak dipegang.")
    return " ".join(parts)


def _agencies(table: PublishedTable, facts: Facts, area: Area) -> tuple[AgencySum, ...]:
    by_agency: dict[str, list[str]] = {}
    for programme in facts.programmes.values():
        by_agency.setdefault(programme.agency, []).append(programme.code)
    rows = [_agency_sum(table, facts, area, agency, codes) for agency, codes in by_agency.items()]
    return tuple(row for _, row in sorted(rows, key=lambda pair: (-pair[0], pair[1].name)))


def _agency_sum(
    table: PublishedTable, facts: Facts, area: Area, agency: str, codes: Iterable[str]
) -> tuple[float, AgencySum]:
    name_of = "needs.due_extreme_rupiah_year" if table.has("needs.due_extreme_rupiah_year") else "needs.due_rupiah_year"
    costs = [(facts.programmes[code], table.one(name_of, area.code, code)) for code in codes]
    shown = [cost.value for _, cost in costs if cost.shown]
    name = area.agencies[agency].name if agency in area.agencies else agency
    programmes = ", ".join(f"{programme.short}{programme.mark}" for programme, _ in costs)
    unlisted = sum_of((programme, cost) for programme, cost in costs if not programme.listed)
    absent = titles.without(not_shown(costs)) if shown else ""
    return sum(shown), AgencySum(name, programmes, sum_of(costs), unlisted, absent)
