"""Sections that pages share, one function each: a view goes in, a fragment comes out."""

from typing import Any

from kaur_analysis.formats import number
from kaur_analysis.reporting import charts, titles
from kaur_analysis.reporting.facts import UNLISTED
from kaur_analysis.reporting.figures import EQUAL, HIGHER, LOWER, SIGNS, UNCLEAR
from kaur_analysis.reporting.html import Section, section
from kaur_analysis.reporting.views import REACH_SIGNS, Comparison, Needs

DETAILED_PROGRAMMES = 4
DRAWN_NEEDS = 6
SHAPES = (
    f"▲ {HIGHER}, ▼ {LOWER}, ■ {EQUAL}, ○ {UNCLEAR} dari kabupaten; "
    "garis mendatar: kisaran 95 persen; garis putus: kabupaten"
)
_WIDER = "Penerima yang bukan miskin ekstrem belum tentu keliru: banyak program melayani lebih luas."
_TENS_REGISTRY = (
    "Tiap tanda 10 dari 100 keluarga miskin ekstrem: ● menerima, ◇ belum terdaftar (di daftar keluarga sasaran), "
    "○ terdaftar, terlewat."
)
_TENS_SURVEY = "Tiap tanda 10 dari 100 rumah tangga miskin ekstrem: ● menerima, ○ terlewat."
_REACH_WORDS = ("menerima", "belum terdaftar", "terlewat")
_DENOMINATORS_REGISTRY = (
    "Terlewat: dari semua keluarga miskin ekstrem (belum terdaftar + terdaftar tetapi terlewat). Bukan miskin ekstrem: "
    "dari semua penerima yang padan dengan daftar keluarga. Yang tidak padan tidak dinilai."
)
_OUTSIDE_RULES = (
    " Di luar syarat: dari penerima yang sama, yang menurut catatan registri tidak memenuhi syarat program yang kini "
    "berlaku; saat ditetapkan, catatan dan syaratnya dapat berbeda."
)
_DENOMINATORS_SURVEY = (
    "Menurut survei. Terlewat: dari semua rumah tangga miskin ekstrem. Bukan miskin ekstrem: dari semua rumah "
    "tangga penerima."
)


def header(view: Any) -> Section:
    """Band for synthetic data, name, place, edition and day of the data.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("header", frame=view.frame, facts=view.frame.facts)


def headline(view: Any) -> Section:
    """The finding with its certainty, and the comparison in words.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("headline", headline=view.headline)


def actions(view: Any) -> Section:
    """Two to four things to do: number, agency, rupiah.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("actions", actions=view.actions)


def indicators(view: Any) -> Section:
    """Three to five indicators: value, range, the kabupaten's value, basis, mark.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("indicators", indicators=view.indicators)


def comparison_chart(view: Any) -> Section:
    """All kecamatan by size with intervals and the kabupaten's line; this one marked by shape and weight.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return _comparison_section(view.comparison, "Perbandingan kecamatan", "banding")


def _comparison_section(comparison: Comparison, heading: str, name: str) -> Section:
    places = comparison.places
    picture = charts.dots(
        labels=[place.name for place in places],
        values=[place.figure.value for place in places],
        lows=[place.figure.low for place in places],
        highs=[place.figure.high for place in places],
        texts=[place.figure.text for place in places],
        words=[place.word for place in places],
        own=[place.own for place in places],
        reference=comparison.reference.value,
        reference_text=f"kabupaten {comparison.reference.text}",
        unit="bagian",
    )
    own = next((f" {place.name} (◆) {place.figure.text}." for place in places if place.own), "")
    return section(
        "comparison",
        heading=heading,
        comparison=comparison,
        picture=charts.svg(picture, name),
        caption=f"{comparison.label} menurut kecamatan; kisaran yang bertumpang tindih tidak boleh diperingkat.",
        title=comparison.title,
        words=f"Diagram titik {len(places)} kecamatan dengan garis kabupaten {comparison.reference.text}.{own} "
        "Nilainya ada di tabel data gambar.",
        legend=f"{SHAPES}." + (" ◆ kecamatan ini." if own else ""),
    )


def tile_map(view: Any) -> Section:
    """Small map: a tile per kecamatan about where it lies.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    places = sorted(view.comparison.places, key=lambda place: place.code)
    words = [place.word if place.figure.shown else "" for place in places]
    picture = charts.tiles(
        names=[place.name for place in places],
        texts=[place.figure.text for place in places],
        words=words,
        own=[place.own for place in places],
        latitude=[place.latitude for place in places],
        longitude=[place.longitude for place in places],
    )
    signs = ", ".join(f"{SIGNS[word]} {word}" for word in (HIGHER, EQUAL, LOWER, UNCLEAR))
    return section(
        "tiles",
        picture=charts.svg(picture, "peta"),
        title=titles.tiles(
            [(place.name, word, place.own) for place, word in zip(places, words, strict=True)],
            view.comparison.reference_name,
        ),
        caption=f"{view.comparison.label}; tiap petak satu kecamatan, kira-kira di tempatnya (utara di atas). "
        f"{signs} (diarsir).",
        words=f"Peta petak {len(places)} kecamatan.",
    )


def targeting_sentences(view: Any) -> Section:
    """Reach of programmes in sentences and signs; the largest in words, the rest as a table.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    by_survey = view.frame.facts.route == "survey"
    counted = "rumah tangga" if by_survey else "keluarga"
    hundred = view.reach_any.hundred if view.reach_any else ()
    careful = view.reach_any.exclusion.caution if view.reach_any else False
    marks = (
        list(zip(REACH_SIGNS, _REACH_WORDS, strict=True))
        if len(hundred) == 3
        else [("●", "menerima"), ("○", "terlewat")]
    )
    parts = [(sign, f"{number(count)} {word}", count) for (sign, word), count in zip(marks, hundred, strict=False)]
    return section(
        "reach",
        picture=charts.svg(charts.families(parts), "jangkauan") if parts else "",
        title=titles.reach(hundred, counted, view.frame.facts.unreached, careful),
        legend=f"Tiap tanda satu dari 100 {counted} miskin ekstrem.",
        words=f"Gambar 100 tanda: {', '.join(text for _, text, _ in parts)}{'; pakai dengan hati-hati' * careful}.",
        wider=_WIDER if any(reach.inclusion.shown for reach in (view.reach_any, *view.reach) if reach) else "",
        tens=_TENS_SURVEY if by_survey else _TENS_REGISTRY,
        denominators=(_DENOMINATORS_SURVEY if by_survey else _DENOMINATORS_REGISTRY)
        + (_OUTSIDE_RULES if any(reach.outside.shown for reach in view.reach) else ""),
        by_survey=by_survey,
        counted=counted,
        whole=view.reach_any,
        detailed=view.reach[:DETAILED_PROGRAMMES],
        rest=view.reach[DETAILED_PROGRAMMES:],
    )


def desa_table(view: Any) -> Section:
    """Desa by gap: extremely poor families, served, not served.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section(
        "desa",
        desa=view.desa,
        told=any(row.gap.shown or row.served.shown for row in view.desa),
        title=view.desa_title,
        unreached=view.frame.facts.unreached,
        unmatched=view.unmatched,
        minimum=view.frame.facts.minimum_families,
    )


def needs_table(view: Any) -> Section:
    """Needs by strategy and agency: families, unit cost, rupiah, source of funds.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return needs_section(view.needs, "Kebutuhan dan sumber dana", beside_package=True)


def needs_section(needs: Needs, heading: str, beside_package: bool = False) -> Section:
    """Needs as a chart of the largest and a table of all; ``beside_package`` where the page prices the package too."""
    money = [(row.about, row.extreme_rupiah if needs.with_extreme else row.rupiah) for row in needs.rows]
    shown = sorted(
        ((about, figure) for about, figure in money if figure.shown and figure.value > 0),
        key=lambda pair: (-pair[1].value, pair[0].code),
    )[:DRAWN_NEEDS]
    picture = charts.bars(
        [f"{about.short}{about.mark}" for about, _ in shown],
        [figure.value for _, figure in shown],
        [figure.beside("sekali" if about.once else "") for about, figure in shown],
        ends=[figure.ends for _, figure in shown],
    )
    whom = "keluarga miskin ekstrem" if needs.with_extreme else "semua keluarga"
    return section(
        "needs",
        heading=heading,
        needs=needs,
        several=len({row.agency for row in needs.rows}) > 1,
        beside_package=beside_package,
        picture=charts.svg(picture, "kebutuhan") if len(shown) > 1 else "",
        caption=f"Rupiah agar {whom} yang berhak tetapi belum menerima dilayani, setahun atau sekali; "
        f"{number(len(shown))} program terbesar yang angkanya disajikan. Garis: kisaran 95 persen."
        + (f" {UNLISTED} daftar penerima tidak dipegang." if any(not about.listed for about, _ in shown) else ""),
        words="Diagram batang rupiah per program; nilainya ada di tabel di bawahnya.",
        working=any(row.about.working_value for row in needs.rows),
        unlisted=any(not row.about.listed for row in needs.rows),
    )


def limits(view: Any) -> Section:
    """What cannot be concluded.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    return section("limits", limits=view.limits)


def method(view: Any) -> Section:
    """Method, sources, contact, run id and input hash in small print.

    Parameters
    ----------
    view
        Of the page.

    Returns
    -------
    Section
    """
    facts = view.frame.facts
    return section(
        "method",
        facts=facts,
        caution=f"{number(facts.rse_caution * 100)}%",
        hide=f"{number(facts.rse_hide * 100)}%",
    )
