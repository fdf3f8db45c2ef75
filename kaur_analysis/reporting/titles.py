"""Active titles: what a picture or table shows, in one sentence made by rule from what is shown in it."""

from collections.abc import Sequence

from kaur_analysis.formats import number, rupiah_short, together
from kaur_analysis.reporting.figures import HIGHER, LOWER, Figure

NAMED = 3  # more places than these are counted instead of named


def comparison(places: Sequence[tuple[str, str]], whole: str) -> str:
    """Which kecamatan stand clearly above and below the whole.

    Parameters
    ----------
    places
        Name and word of comparison of every kecamatan whose number is shown.
    """
    if not places:
        return "Angka kecamatan belum dapat disajikan."
    above, below = ([name for name, word in places if word == wanted] for wanted in (HIGHER, LOWER))
    parts = [
        f"{_named(names)} jelas {side} {whole}" for names, side in ((above, "di atas"), (below, "di bawah")) if names
    ]
    if not parts:
        return f"Belum ada kecamatan yang jelas di atas atau di bawah {whole}."
    rest = len(places) - len(above) - len(below)
    return "; ".join(parts) + (f"; {number(rest)} lainnya setara atau belum dapat dibedakan." if rest else ".")


def _named(names: Sequence[str]) -> str:
    return together(sorted(names)) if len(names) <= NAMED else f"{number(len(names))} kecamatan"


def reach(hundred: Sequence[int], counted: str) -> str:
    """How many of a hundred are not reached by any programme."""
    if not hundred:
        return f"Jangkauan {counted} miskin ekstrem belum dapat disajikan."
    missed = 100 - hundred[0]
    if missed == 0:
        return f"Hampir semua {counted} miskin ekstrem menerima sedikitnya satu program."
    return f"Dari 100 {counted} miskin ekstrem, {number(missed)} tidak menerima program apa pun."


def needs(money: Sequence[tuple[str, Figure]], total: str) -> str:
    """The largest need, and the sum it is part of."""
    shown = [(figure.value, name) for name, figure in money if figure.shown and figure.value > 0]
    if money and not shown and all(figure.shown for _, figure in money):
        return "Menurut perkiraan tidak ada kebutuhan yang belum terpenuhi."
    if not shown:
        return "Kebutuhan rupiah belum dapat disajikan."
    value, name = max(shown, key=lambda pair: (pair[0], pair[1]))
    if len(shown) == 1:
        return f"Yang dapat dihitung: {name}, {rupiah_short(value)} per tahun."
    return f"Kebutuhan terbesar: {name}, {rupiah_short(value)} dari {total} per tahun."


def desa(gaps: Sequence[Figure]) -> str:
    """Families not served in the desa whose number is shown, and for how many desa it is not."""
    shown = [gap.value for gap in gaps if gap.shown]
    hidden = len(gaps) - len(shown)
    if not shown:
        return "Keluarga yang belum terlayani tidak dapat disajikan untuk desa mana pun."
    found = (
        f"Sekitar {number(sum(shown))} keluarga miskin ekstrem di {number(len(shown))} desa belum terlayani"
        if round(sum(shown))
        else f"Tidak ada keluarga miskin ekstrem yang belum terlayani di {number(len(shown))} desa"
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
    return "Tidak ada kecamatan yang bagian dan jumlahnya sama-sama di atas kabupaten."
