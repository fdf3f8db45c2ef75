"""Active titles: what a picture or table shows, in one sentence made by rule from what is shown in it."""

from collections.abc import Sequence

from kaur_analysis.formats import number, rupiah_short, together
from kaur_analysis.reporting.facts import Programme
from kaur_analysis.reporting.figures import EQUAL, HIGHER, LOWER, UNCLEAR, Figure

NAMED = 3  # more places than these are counted instead of named
BESIDE = {
    HIGHER: "jelas di atas",
    LOWER: "jelas di bawah",
    EQUAL: "setara dengan",
    UNCLEAR: "belum dapat dibedakan dari",
}


def comparison(places: Sequence[tuple[str, str]], whole: str, level: str = "kecamatan", hidden: int = 0) -> str:
    """Which places stand clearly above and below the whole.

    Parameters
    ----------
    places
        Name and word of comparison of every place whose number is shown.
    level
        What the places are: ``kecamatan`` or ``desa``.
    hidden
        How many more there are whose number is not shown.
    """
    if not places:
        return f"Angka {level} belum dapat disajikan."
    above, below = ([name for name, word in places if word == wanted] for wanted in (HIGHER, LOWER))
    parts = [
        f"{_named(names, level)} {BESIDE[word]} {whole}" for names, word in ((above, HIGHER), (below, LOWER)) if names
    ]
    if not parts:
        return f"Belum ada {level} yang jelas di atas atau di bawah {whole}."
    rest = len(places) - len(above) - len(below)
    parts += [f"{number(rest)} lainnya setara atau belum dapat dibedakan"] if rest else []
    parts += [f"{number(hidden)} tidak disajikan"] if hidden else []
    return "; ".join(parts) + "."


def tiles(places: Sequence[tuple[str, str, bool]], whole: str) -> str:
    """Where the page's own kecamatan stands; without one, how many stand apart from the whole.

    Parameters
    ----------
    places
        Name, word of comparison (empty where the number is not shown), and whether the page is about it.
    """
    own = next(((name, word) for name, word, mine in places if mine), None)
    if own is not None:
        name, word = own
        return f"{name} {BESIDE[word]} {whole}." if word else f"Angka {name} tidak disajikan."
    if not any(word for _, word, _ in places):
        return "Angka kecamatan belum dapat disajikan."
    counts = [(word, sum(found == word for _, found, _ in places)) for word in (HIGHER, LOWER)]
    parts = [f"{number(count)} {BESIDE[word]}" for word, count in counts if count]
    if not parts:
        return f"Belum ada kecamatan yang jelas di atas atau di bawah {whole}."
    return f"Dari {number(len(places))} kecamatan, {' dan '.join(parts)} {whole}."


def gaps(places: Sequence[Figure], whole: Figure, whose: str) -> str:
    """In how few kecamatan half of the families live that a programme owes: none is ranked by name.

    Parameters
    ----------
    places
        Families of each kecamatan.
    whole
        Those of the kabupaten.
    whose
        Which families, e.g. ``miskin ekstrem yang berhak atas PKH tetapi belum menerima``.
    """
    shown = sorted((figure.value for figure in places if figure.shown), reverse=True)
    if whole.shown and not round(whole.value):
        return f"Menurut perkiraan tidak ada keluarga {whose}."
    if not sum(shown):
        return "Kesenjangan menurut kecamatan belum dapat disajikan."
    fewest = next((count for count in range(1, len(shown) + 1) if 2 * sum(shown[:count]) >= whole.value), 0)
    if whole.shown and fewest:
        where = f"{number(fewest)} dari {number(len(places))} kecamatan"
        return f"Sekitar separuh dari perkiraan {whole.words} {whose} ada di {where}."
    return (
        f"Perkiraan {number(sum(shown))} keluarga {whose}, di {number(len(shown))} kecamatan yang angkanya disajikan."
    )


def _named(names: Sequence[str], level: str = "kecamatan") -> str:
    return together(sorted(names)) if len(names) <= NAMED else f"{number(len(names))} {level}"


def reach(hundred: Sequence[int], counted: str, unreached: str, caution: bool = False) -> str:
    """How many of a hundred are not reached; ``unreached`` says by what (``Facts.unreached``)."""
    if not hundred:
        return f"Jangkauan {counted} miskin ekstrem belum dapat disajikan."
    missed = 100 - hundred[0]
    careful = " (pakai dengan hati-hati)" if caution else ""
    if missed == 0:
        return f"Hampir semua {counted} miskin ekstrem menerima sedikitnya satu program{careful}."
    return f"Dari 100 {counted} miskin ekstrem, {number(missed)} {unreached}{careful}."


def without(names: Sequence[str]) -> str:
    """Which programmes a sum leaves out: ``tanpa PKH dan BPNT``; empty where it holds all."""
    if not names:
        return ""
    return f"tanpa {together(names) if len(names) <= NAMED else f'{number(len(names))} program'}"


def bounded(total: str, held: str, unlisted: str) -> str:
    """A sum of rupiah; *paling banyak* is said of programmes without a list of recipients alone.

    Parameters
    ----------
    total
        What ``held`` and ``unlisted`` add up to: the parts with and without a list, empty where there is none.
    """
    if not unlisted:
        return total
    return f"{total}, di antaranya paling banyak {unlisted} tanpa daftar penerima" if held else f"paling banyak {total}"


def needs(
    money: Sequence[tuple[Programme, Figure]],
    total: str,
    held: str = "",
    unlisted: str = "",
    absent: Sequence[str] = (),
) -> str:
    """The largest need and the sum it is part of, with its parts (:func:`bounded`) and what it leaves out.

    Programmes without a list are named as the largest only where there is no other: their number is an upper bound.
    """
    shown = [
        (programme.listed, figure.value, programme) for programme, figure in money if figure.shown and figure.value > 0
    ]
    if money and not shown and all(figure.shown for _, figure in money):
        return "Menurut perkiraan tidak ada kebutuhan yang belum terpenuhi."
    if not shown:
        return "Kebutuhan rupiah belum dapat disajikan."
    listed, value, programme = max(shown, key=lambda entry: (*entry[:2], entry[2].code))
    most = "" if listed else "paling banyak "
    name = f"{programme.short}, {most}{rupiah_short(value)} {programme.per}"
    if len(shown) == 1:
        return f"Yang dapat dihitung: {name}."
    whole = "; ".join(filter(None, [f"semua program {bounded(total, held, unlisted)}", without(absent)]))
    return f"Kebutuhan terbesar: {name}; {whole}."


def desa(gaps: Sequence[Figure], families: Sequence[Figure]) -> str:
    """Families not served in the desa that show it, and how many desa do not; else how many families there are."""
    shown = [gap.value for gap in gaps if gap.shown]
    hidden = len(gaps) - len(shown)
    if not shown:
        sizes = sorted(figure.value for figure in families if figure.shown)
        if not sizes:
            return "Angka desa tidak disajikan."
        span = number(sizes[0]) + (f"–{number(sizes[-1])}" if round(sizes[0]) < round(sizes[-1]) else "")
        which = " yang angkanya disajikan" if len(sizes) < len(families) else ""
        return f"Diperkirakan {span} keluarga miskin ekstrem di tiap desa{which}."
    where = f"di {number(len(shown))} desa"
    found = (
        f"Sekitar {number(sum(shown))} keluarga miskin ekstrem {where} belum ada di daftar penerima yang dipegang"
        if round(sum(shown))
        else f"Tidak ada keluarga miskin ekstrem {where} yang belum ada di daftar penerima yang dipegang"
    )
    return found + (f"; angka {number(hidden)} desa lain tidak disajikan." if hidden else ".")


def pockets(sure: Sequence[str], candidates: Sequence[str], known: bool) -> str:
    """Which kecamatan are high in share and number, and which only may be."""
    if not known:
        return "Kantong kemiskinan belum dapat ditentukan."
    if sure:
        more = f"; calon: {_named(candidates)}." if candidates else "."
        return f"Kantong yang jelas: {_named(sure)}{more}"
    if candidates:
        return f"Belum ada kantong yang jelas; calon: {_named(candidates)}."
    return "Tidak ada kecamatan yang bagiannya di atas kabupaten dan jumlahnya di atas rata-rata."
