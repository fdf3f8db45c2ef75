"""View models: everything a page says, worked out from the published table, the edition's facts and names alone.

A section of a page only lays out what stands here; no number is computed or formatted anywhere else.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kaur_analysis.formats import number, rupiah_short
from kaur_analysis.reference import Area
from kaur_analysis.reference.catalogue import FUND_NAMES, STRATEGY_NAMES
from kaur_analysis.reporting import titles
from kaur_analysis.reporting.actions import Action, actions_for, compared, glossary
from kaur_analysis.reporting.facts import Facts, Programme, read_facts
from kaur_analysis.reporting.figures import (
    ALMOST_NONE,
    HIGHER,
    LOWER,
    NOTHING,
    UNCLEAR,
    Figure,
    PublishedTable,
    in_hundred,
    one_in,
    split_hundred,
    ten_signs,
)
from kaur_analysis.reporting.maps import MapView, map_view

ANY = "any"
ONE_EACH = ("keluarga", "rumah")  # units of which a family gets one, so that its number is that of the families
UNMATCHED = "targeting.unmatched_share"  # names found in no family, of all names on the list
REACH_SIGNS = "●◇○"  # reached, not listed, listed but passed over
_Reached = tuple[str, str, tuple[int, ...]]
# What stands under a number, by topic of the published table: a list's families are no sample.
BASES = {
    "poverty": "dihitung atas {n} keluarga di daftar",
    "survey": "sampel {n} rumah tangga",
    "targeting": "dihitung atas perkiraan {n} keluarga miskin ekstrem",
}


@dataclass(frozen=True)
class Frame:
    """What every page carries around its content."""

    title: str
    place: str
    kind: str
    facts: Facts


@dataclass(frozen=True)
class Headline:
    """The finding with its certainty, and the comparison with the kabupaten."""

    finding: str
    comparison: str
    word: str = ""


@dataclass(frozen=True)
class Indicator:
    """One indicator: own value, the kabupaten's, the word between them, and how many it was computed over."""

    label: str
    definition: str
    figure: Figure
    reference: Figure
    word: str
    compared: bool
    basis: str


@dataclass(frozen=True)
class Place:
    """An area in a comparison; ``word`` compares it with the kabupaten."""

    code: str
    name: str
    figure: Figure
    word: str
    own: bool
    latitude: float = math.nan
    longitude: float = math.nan


@dataclass(frozen=True)
class Comparison:
    """Areas side by side, largest value first, then those not shown, by name."""

    label: str
    definition: str
    places: tuple[Place, ...]
    reference: Figure
    reference_name: str
    title: str


@dataclass(frozen=True)
class Reach:
    """Targeting of one programme in words: of 100 extremely poor families and of 100 recipients.

    ``hundred`` are the same hundred as numbers: reached, not listed, listed but passed over; or reached and missed.
    ``outside`` is the share of recipients who do not meet the programme's own rules, poor or not.
    """

    name: str
    short: str
    agency: str
    sentences: tuple[str, ...]
    picture: str
    hundred: tuple[int, ...]
    exclusion: Figure
    inclusion: Figure
    recipients: Figure
    unmatched: Figure
    outside: Figure = NOTHING


@dataclass(frozen=True)
class DesaRow:
    """A desa's extremely poor families, of them served, of them not."""

    code: str
    name: str
    extreme: Figure
    served: Figure
    gap: Figure


@dataclass(frozen=True)
class Need:
    """What a programme still owes: to the extreme poor and to all who qualify; unit cost, who pays.

    ``units`` are persons or pupils where they, not families, get it; ``each`` is what one gets, in words.
    """

    about: Programme
    agency: str
    strategy: str
    extreme: Figure
    extreme_rupiah: Figure
    families: Figure
    rupiah: Figure
    units: Figure
    each: str
    funds: str

    @property
    def span(self) -> str:
        """Ranges of what the line counts: ``220–600 keluarga, Rp1,1–3 miliar``; empty where none is known."""
        lead = (self.families, self.rupiah) if self.extreme == NOTHING else (self.extreme, self.extreme_rupiah)
        families, money = (figure.range for figure in lead)
        return ", ".join(filter(None, [f"{families} keluarga" if families else "", money]))


@dataclass(frozen=True)
class Sum:
    """Rupiah that are shown: what recurs every year and what is paid one time; missing where none of it is shown.

    ``careful`` are the kinds (``yearly``, ``single``) of which a part carries the caution mark.
    """

    regular: float = math.nan
    once: float = math.nan
    careful: frozenset[str] = frozenset()

    @property
    def yearly(self) -> str:
        """What recurs, alone; empty where there is none."""
        return "" if math.isnan(self.regular) else rupiah_short(self.regular)

    @property
    def single(self) -> str:
        """What is paid one time, alone; empty where there is none."""
        return "" if math.isnan(self.once) else rupiah_short(self.once)

    @property
    def text(self) -> str:
        """Both kinds, never added up: ``Rp7,6 miliar per tahun dan Rp22,7 miliar sekali``; empty where none is."""
        kinds = ((self.yearly, "per tahun"), (self.single, "sekali"))
        return " dan ".join(f"{amount} {per}" for amount, per in kinds if amount)


@dataclass(frozen=True)
class Needs:
    """Needs by strategy, and the sums of what is shown; ``with_extreme`` where the extreme poor are told apart.

    ``sums`` name, for the extreme poor and for all who qualify, the part of programmes whose list of recipients is held
    and the part of those without one, which alone is an upper bound. ``held`` and ``unlisted`` are those two parts of
    ``total``, ``absent`` the programmes that it leaves out because theirs are not shown. ``spanned`` where rules go by
    a desil that the model does not know, so that intervals span what it may know.
    """

    rows: tuple[Need, ...]
    sums: tuple[tuple[str, Sum], ...]
    total: Sum
    held: Sum
    unlisted: Sum
    absent: tuple[str, ...]
    total_note: str
    with_extreme: bool
    spanned: bool
    title: str


@dataclass(frozen=True)
class KecamatanView:
    """Everything a kecamatan's page says.

    Attributes
    ----------
    frame, headline
        Title, place and edition; the finding in words.
    actions
        Two to four things to do.
    indicators, comparison
        Main figures; all kecamatan beside each other.
    reach_any, reach
        Families reached by any programme, and by each.
    desa, desa_title
        The desa by gap, and what their table is called.
    unmatched
        What has to be said of recipients found in no family.
    needs
        By strategy and agency.
    limits
        What cannot be concluded.
    desa_map
        The map of its desa.
    """

    frame: Frame
    headline: Headline
    actions: tuple[Action, ...]
    indicators: tuple[Indicator, ...]
    comparison: Comparison
    reach_any: Reach | None
    reach: tuple[Reach, ...]
    desa: tuple[DesaRow, ...]
    desa_title: str
    unmatched: str
    needs: Needs
    limits: tuple[str, ...]
    desa_map: MapView


def kecamatan_view(
    published: pd.DataFrame | PublishedTable, facts: dict[str, Any], area: Area, code: str
) -> KecamatanView:
    """View of one kecamatan.

    Parameters
    ----------
    published, facts
        The published table, or look-ups in it, and the facts of the edition.
    area
        Names and places.
    code
        BPS code of the kecamatan.

    Returns
    -------
    KecamatanView
    """
    table, known = PublishedTable.of(published), read_facts(facts)
    name = area.kecamatan_name(code)
    frame = Frame(f"Kecamatan {name}", area.full_name, "kecamatan", known)
    reach = reach_by_programme(table, known, area, code, known.programmes.values())
    desa = _desa(table, area, code)
    return KecamatanView(
        frame=frame,
        headline=place_headline(table, area, code, name),
        actions=actions_for(table, known, area, code, "kecamatan"),
        indicators=indicators_of(
            table,
            known,
            area,
            code,
            ("poverty.poor_share", "poverty.extreme_share", "poverty.extreme_families", "targeting.exclusion_error"),
        ),
        comparison=comparison_of(table, area, "poverty.poor_share", own=code),
        reach_any=reach_of(table, known, area, code, None),
        reach=reach,
        desa=desa,
        desa_title=titles.desa([row.gap for row in desa], [row.extreme for row in desa]),
        unmatched=unmatched_names(table, code, known.programmes),
        needs=needs_of(table, known, area, code),
        limits=limits_of(table, known, area, code),
        desa_map=map_view(table, facts, area, code),
    )


def place_headline(table: PublishedTable, area: Area, code: str, name: str, synthetic: bool = False) -> Headline:
    """The finding about a place and its comparison with the kabupaten (of the kabupaten: with the province)."""
    poor, extreme = table.one("poverty.poor_share", code), table.one("poverty.extreme_share", code)
    families = table.one("poverty.extreme_families", code)
    lead, word, indicator = (
        (poor, "miskin", "poor_share") if poor.shown else (extreme, "miskin ekstrem", "extreme_share")
    )
    if not lead.shown:
        return Headline(f"Angka kemiskinan {name} belum dapat disajikan: {lead.cause}.", "")
    whom = (
        f"Hampir tidak ada penduduk {name} yang"
        if lead.value < ALMOST_NONE
        else f"Sekitar {one_in(lead.value)} penduduk {name}"
    )
    finding = f"{whom} diperkirakan {word} ({_certainty(lead)})"
    if poor.shown and families.shown:
        finding += f"; {families.words} miskin ekstrem" + (f" (kisaran {families.range})" if families.has_range else "")
    if code == area.code:
        return Headline(finding + ".", _official_sentence(table, area, synthetic))
    reference = table.one(f"poverty.{indicator}", area.code)
    relation = compared(table, f"poverty.{indicator}", code, area.code) if reference.shown else ""
    difference = table.one(f"poverty.{indicator}_difference", code)
    return Headline(finding + ".", _comparison_sentence(relation, reference, difference, area, word), relation)


def _official_sentence(table: PublishedTable, area: Area, synthetic: bool) -> str:
    """The newest year in which kabupaten and province both have an official figure; it is of the real kabupaten."""
    own, province = (table.periods("official.poor_share", code) for code in (area.code, area.province))
    both = [year for year, figure in own.items() if figure.shown and year in province and province[year].shown]
    if not both:
        return "Angka resmi BPS untuk kabupaten belum ada data."
    year = both[-1]
    real = " (wilayah yang sebenarnya)" if synthetic else ""
    return f"Angka resmi BPS {year}{real}: {own[year].text}; Provinsi {area.province_name} {province[year].text}."


def _certainty(figure: Figure) -> str:
    text = f"{figure.text}, kisaran {figure.range}" if figure.has_range else figure.text
    return text + ("; pakai dengan hati-hati" if figure.caution else "")


def _comparison_sentence(relation: str, reference: Figure, difference: Figure, area: Area, word: str) -> str:
    if not relation:
        return ""
    if relation == UNCLEAR:
        return f"Belum dapat dibedakan dari {area.full_name} ({reference.text})."
    link = "dengan" if relation == "setara" else "daripada"
    by = f", selisihnya {_points_between(difference)}" if relation in (HIGHER, LOWER) and difference.has_range else ""
    return f"Bagian penduduk {word} di sini {relation} {link} {area.full_name} ({reference.text}){by}."


def _points_between(difference: Figure) -> str:
    """Size of a difference that is not zero, in percentage points: ``1,2–4,6 poin persen``."""
    low, high = sorted(abs(end) * 100 for end in (difference.low, difference.high))
    decimals = 1 if low >= 0.05 else 2
    return f"{number(low, decimals)}–{number(high, decimals)} poin persen"


def indicators_of(
    table: PublishedTable, facts: Facts, area: Area, code: str, names: tuple[str, ...]
) -> tuple[Indicator, ...]:
    """Indicators of a place beside the kabupaten's, by ``topic.indicator``; targeting ones are of any programme."""
    found = []
    for name in names:
        programme = ANY if name.startswith("targeting.") else ""
        own, reference = table.one(name, code, programme), table.one(name, area.code, programme)
        # A count of a part is never above that of the whole: only shares are compared.
        word = (
            compared(table, name, code, area.code, programme)
            if own.unit == "bagian" and own.shown and code != area.code
            else ""
        )
        words = glossary()[name]
        definition = words["definition"].format(unreached=facts.unreached)
        inside = code != area.code
        basis = _basis(name, own, table.one("poverty.extreme_families", code))
        found.append(Indicator(words["label"], definition, own, reference, word, inside, basis))
    return tuple(found)


def _basis(name: str, figure: Figure, poor: Figure) -> str:
    """Over how many a number was computed; only the survey's is a sample, whose size tells of its error.

    Those of targeting are shares of the extreme poor, whose number is an estimate: it is printed as everywhere else.
    """
    if math.isnan(figure.n):
        return ""
    topic = name.split(".")[0]
    count = poor.text if topic == "targeting" and poor.shown else number(figure.n)
    if topic == "poverty" and figure.unit == "bagian":  # a share of people, in so many families
        return f"penduduk di {count} keluarga di daftar"
    return BASES.get(topic, "dihitung atas {n} keluarga").format(n=count)


def comparison_of(table: PublishedTable, area: Area, name: str, own: str = "", programme: str = "") -> Comparison:
    """One indicator over all kecamatan."""
    reference = table.one(name, area.code, programme)
    places = []
    for row in area.kecamatan.itertuples():
        figure = table.one(name, row.kecamatan, programme)
        word = compared(table, name, row.kecamatan, area.code, programme)
        places.append(Place(row.kecamatan, row.name, figure, word, row.kecamatan == own, row.latitude, row.longitude))
    places.sort(
        key=lambda place: (not place.figure.shown, -place.figure.value if place.figure.shown else 0, place.name)
    )
    words = glossary()[name]
    title = titles.comparison([(place.name, place.word) for place in places if place.figure.shown], area.full_name)
    return Comparison(words["label"], words["definition"], tuple(places), reference, area.full_name, title)


def reach_by_programme(
    table: PublishedTable, facts: Facts, area: Area, code: str, programmes: Iterable[Programme]
) -> tuple[Reach, ...]:
    """Reach of the programmes that have recipients in a place, the largest first."""
    found = [reach for programme in programmes if (reach := reach_of(table, facts, area, code, programme)) is not None]
    found.sort(key=lambda reach: (-reach.recipients.value if reach.recipients.shown else 0, reach.name))
    return tuple(found)


def reach_of(table: PublishedTable, facts: Facts, area: Area, code: str, programme: Programme | None) -> Reach | None:
    """Sentences about a programme, or about any programme at all; nothing where the table has no row of it."""
    about = programme.code if programme else ANY
    exclusion = table.one("targeting.exclusion_error", code, about)
    inclusion = table.one("targeting.inclusion_error", code, about)
    recipients = table.one("targeting.recipients", code, about)
    if NOTHING in (exclusion, inclusion):
        return None
    sentences: list[str] = []
    picture = ""
    hundred: tuple[int, ...] = ()
    extreme = table.one("poverty.extreme_families", code)
    if extreme.shown and extreme.value == 0:
        sentences.append(f"Menurut perkiraan tidak ada {_unit(facts)} miskin ekstrem di sini.")
    elif exclusion.shown:
        listed, picture, hundred = _of_the_poor(table, facts, code, about, exclusion, based=programme is None)
        sentences.append(listed)
    else:
        sentences.append(f"Jangkauan {_unit(facts)} miskin ekstrem: {exclusion.why}.")
    if inclusion.shown:
        outside = _count(in_hundred(inclusion.value), inclusion.value)
        careful = " (pakai dengan hati-hati)" if inclusion.caution else ""
        base = f" ({recipients.words})" if recipients.shown else ""
        judged = (
            "rumah tangga penerima dalam survei"
            if facts.route == "survey"
            else f"penerima yang ada di daftar keluarga{base}"
        )
        sentences.append(f"Dari 100 {judged}, {outside} bukan miskin ekstrem{careful}.")
    unruled = table.one("targeting.outside_rules", code, about)
    if unruled.shown:
        rules = "menurut catatan registri tidak memenuhi syarat program yang kini berlaku"
        sentences.append(f"Sedikitnya {unruled.text} penerima {rules}.")
    unmatched = table.one(UNMATCHED, code, about)
    if unmatched.shown and unmatched.value > 0:
        sentences.append(f"{unmatched.text} nama penerima tidak ditemukan di daftar keluarga dan tidak dinilai.")
    months, late = (table.one(f"timeliness.{name}", code, about) for name in ("months_late", "late_share"))
    if months.shown and late.shown:
        sentences.append(
            f"Pembayaran rata-rata {number(months.value, 1)} bulan sesudah jadwal; {late.text} lebih dari sebulan."
        )
    return Reach(
        name=programme.name if programme else "Program apa pun",
        short=programme.short if programme else "Program apa pun",
        agency=area.agencies[programme.agency].name if programme and programme.agency in area.agencies else "",
        sentences=tuple(sentences),
        picture=picture,
        hundred=hundred,
        exclusion=exclusion,
        inclusion=inclusion,
        recipients=recipients,
        unmatched=table.one("targeting.unmatched_recipients", code, about),
        outside=unruled,
    )


def unmatched_names(table: PublishedTable, code: str, programmes: Iterable[str]) -> str:
    """The third class of a table of families: names on the lists of these programmes that no family has.

    The sum of the shown counts, and that it is the least where some are not; empty where there is no list at all.
    """
    counts = [table.one("targeting.unmatched_recipients", code, programme) for programme in programmes]
    counts = [count for count in counts if count != NOTHING]
    shown = [count.value for count in counts if count.shown]
    if not shown:
        return "dilindungi" if counts else ""
    return f"{'sedikitnya ' if len(shown) < len(counts) else ''}{number(sum(shown))} nama"


def _unit(facts: Facts) -> str:
    """What is counted: families of the registry, or households of the survey."""
    return "rumah tangga" if facts.route == "survey" else "keluarga"


def _of_the_poor(
    table: PublishedTable, facts: Facts, code: str, about: str, exclusion: Figure, based: bool
) -> _Reached:
    """Of 100 extremely poor families: reached, not listed, listed but passed over; as ten signs; as numbers."""
    base = table.one("poverty.extreme_families", code)
    of = f" (perkiraan {base.words})" if based and base.shown else ""
    unlisted = table.one("reasons.missed_unlisted", code, about)
    reasons = (unlisted.value, 1 - unlisted.value) if unlisted.shown else ()
    hundred = split_hundred(exclusion.value, *reasons)
    missed = [exclusion.value * reason for reason in reasons or (1.0,)]
    counts = [_count(part, share) for part, share in zip(hundred, (1 - exclusion.value, *missed), strict=True)]
    states, signs = (_THREE, REACH_SIGNS) if reasons else (_TWO, REACH_SIGNS[0] + REACH_SIGNS[2])
    told = ", ".join(f"{count} {state}" for count, state in zip(counts, states, strict=True))
    picture = "".join(sign * count for sign, count in zip(signs, ten_signs(hundred), strict=True))
    doubt = "" if based else _doubt(exclusion)  # of any programme it is one of the main figures, which carry it
    return f"Dari 100 {_unit(facts)} miskin ekstrem{of}: {told}{doubt}.", picture, hundred


_THREE = ("menerima", "belum terdaftar", "terdaftar tetapi terlewat")
_TWO = ("menerima", "terlewat")


def _count(whole: int, share: float) -> str:
    """A whole number out of 100; nought is said of nobody alone."""
    return "kurang dari 1" if whole == 0 and share > 0 else number(whole)


def _doubt(missed: Figure) -> str:
    """How uncertain the number of the missed is, in a sentence about a hundred; empty where no range is known."""
    parts = [f"kisaran semua yang terlewat {missed.range}" if missed.has_range else ""]
    parts += ["pakai dengan hati-hati" if missed.caution else ""]
    return "".join(f"; {part}" for part in parts if part)


def _desa(table: PublishedTable, area: Area, code: str) -> tuple[DesaRow, ...]:
    """Largest gap first; rows whose gap is not shown follow by name, so that their order tells nothing."""
    names = area.desa[area.desa["kecamatan"] == code]
    rows = [
        DesaRow(
            desa,
            name,
            table.one("desa.extreme_families", desa),
            table.one("desa.served_extreme_families", desa),
            table.one("desa.gap_extreme_families", desa),
        )
        for desa, name in zip(names["desa"], names["name"], strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.gap.shown, -row.gap.value if row.gap.shown else 0, row.name)))


def needs_of(table: PublishedTable, facts: Facts, area: Area, code: str, agency: str = "") -> Needs:
    """Needs in a place by strategy, then by rupiah; of one agency where it is given."""
    rows = []
    for programme in facts.programmes.values():
        families = table.one("needs.due_families", code, programme.code)
        if agency not in ("", programme.agency) or families == NOTHING:
            continue
        by_fund = table.groups("needs.due_rupiah_year", code, programme.code)
        funds = [fund for fund, figure in by_fund.items() if not figure.shown or figure.value > 0] or programme.funds
        extreme = table.one("needs.due_extreme_families", code, programme.code)
        among = "due" if extreme == NOTHING else "due_extreme"
        single = programme.unit in ONE_EACH
        counted = table.one(f"needs.{among}_{'families' if single else 'units'}", code, programme.code)
        paid = table.one(f"needs.{among}_rupiah_year", code, programme.code)
        rows.append(
            Need(
                about=programme,
                agency=area.agencies[programme.agency].name if programme.agency in area.agencies else programme.agency,
                strategy=STRATEGY_NAMES.get(programme.strategy, programme.strategy),
                extreme=extreme,
                extreme_rupiah=table.one("needs.due_extreme_rupiah_year", code, programme.code),
                families=families,
                units=NOTHING if single else counted,
                each=_each(programme, table.one("needs.unit_cost_rp_year", code, programme.code), counted, paid),
                rupiah=table.one("needs.due_rupiah_year", code, programme.code),
                funds=" dan ".join(FUND_NAMES.get(fund, fund) for fund in funds),
            )
        )
    order = list(STRATEGY_NAMES.values())
    with_extreme = any(row.extreme != NOTHING for row in rows)

    def size(row: Need) -> float:
        money = row.extreme_rupiah if with_extreme else row.rupiah
        return money.value if money.shown else 0.0

    rows.sort(
        key=lambda row: (order.index(row.strategy) if row.strategy in order else len(order), -size(row), row.about.name)
    )
    figures = [row.rupiah for row in rows] + [row.extreme_rupiah for row in rows if with_extreme]
    every = [(row.about, row.rupiah) for row in rows]
    money = [(row.about, row.extreme_rupiah) for row in rows] if with_extreme else every
    total, (held, unlisted), absent = sum_of(money), _by_list(money), tuple(not_shown(money))
    groups = [("miskin ekstrem", money)] if with_extreme else []
    sums = [
        (f"{whom}, {words}", part)
        for whom, amounts in [*groups, ("semua yang berhak", every)]
        for words, part in zip(_HELD, _by_list(amounts), strict=True)
        if part.text
    ]
    return Needs(
        rows=tuple(rows),
        sums=tuple(sums),
        total=total,
        held=held,
        unlisted=unlisted,
        absent=absent,
        title=titles.needs(money, total.text, held.text, unlisted.text, absent),
        total_note="" if all(figure.shown for figure in figures) else "tidak termasuk angka yang tidak disajikan",
        with_extreme=with_extreme,
        spanned=with_extreme and any(row.about.spanned for row in rows),
    )


def _each(programme: Programme, usual: Figure, units: Figure, money: Figure) -> str:
    """What one unit gets, so that units times it are the rupiah beside them; empty where it is not known.

    A benefit that depends on who lives in the family has no amount of its own: it is the mean of those counted, or
    where their number is not shown the mean of all who qualify, which is called so.
    """
    per = f"per {programme.unit}{' sekali' if programme.once else ''}"
    if not programme.varies:
        return f"{usual.text} {per}" if usual.shown else ""
    if units.shown and money.shown and units.value > 0:
        return f"rata-rata {rupiah_short(float(f'{money.value / units.value:.3g}'))} {per}"
    return f"rata-rata semua yang berhak {usual.text} {per}" if usual.shown else ""


_HELD = ("daftar penerima dipegang", "tanpa daftar, paling banyak")


def sum_of(amounts: Iterable[tuple[Programme, Figure]]) -> Sum:
    """Sum of the rupiah that are shown, yearly and one-time apart."""
    shown = [(programme.once, figure) for programme, figure in amounts if figure.shown]
    regular, once = ([figure.value for kind, figure in shown if kind is wanted] for wanted in (False, True))
    careful = frozenset("single" if kind else "yearly" for kind, figure in shown if figure.caution)
    return Sum(sum(regular) if regular else math.nan, sum(once) if once else math.nan, careful)


def not_shown(amounts: Iterable[tuple[Programme, Figure]]) -> list[str]:
    """Programmes that a sum leaves out, because their rupiah are not shown."""
    return [programme.short for programme, figure in amounts if not figure.shown]


def _by_list(amounts: list[tuple[Programme, Figure]]) -> tuple[Sum, Sum]:
    """Sums of programmes whose list of recipients is held, and of those without one."""
    held, absent = (sum_of(pair for pair in amounts if pair[0].listed is wanted) for wanted in (True, False))
    return held, absent


def limits_of(
    table: PublishedTable, facts: Facts, area: Area, code: str, programmes: Iterable[Programme] = ()
) -> tuple[str, ...]:
    """What cannot be concluded: about the estimates, about lists, about signs."""
    about = [programme.code for programme in programmes] or [ANY]
    unmatched = [(name, table.one(UNMATCHED, code, name)) for name in about]
    parts = [
        f"{figure.text} nama penerima{f' {facts.programmes[name].short}' if name in facts.programmes else ''}"
        for name, figure in unmatched
        if figure.shown and figure.value > 0
    ]
    matched = f"{', '.join(parts)} belum dapat dipadankan; mereka tidak dihitung salah sasaran. " if parts else ""
    basis = {
        "registry": "perkiraan model dari survei dan daftar keluarga",
        "survey": "taksiran langsung dari sampel survei",
    }[facts.route]
    by_kecamatan = [table.one("poverty.poor_share", each) for each in area.kecamatan["kecamatan"]]
    first = (
        "Survei ini tidak memuat kode kecamatan: kemiskinan hanya dapat ditaksir untuk kabupaten."
        if facts.route == "survey" and set(by_kecamatan) == {NOTHING}
        else f"Angka kecamatan adalah {basis}, bukan sensus; dua tempat yang kisarannya bertumpang tindih tidak boleh "
        "diperingkat."
    )
    return (
        first,
        f"{matched}Terlewat atau bukan miskin ekstrem adalah peluang statistik, bukan putusan tentang satu keluarga: "
        "verifikasi tetap di lapangan.",
        f"Tanda • berarti dilindungi: kurang dari {number(facts.minimum_families)} keluarga, atau dapat dihitung dari "
        "angka lain. Tanda ! berarti galatnya besar, pakai dengan hati-hati; "
        "× berarti tidak disajikan: galat terlalu besar atau contoh terlalu kecil.",
    )
