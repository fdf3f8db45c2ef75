"""One published number as readers see it: its text, its range, its mark, and how it compares with another.

Every text of a number on a page comes from here, so that headline, chart and table cannot differ.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kaur_analysis.formats import MISSING, interval, number, percent, rupiah, rupiah_short

HIGHER, EQUAL, LOWER, UNCLEAR = "lebih tinggi", "setara", "lebih rendah", "belum dapat dibedakan"
SIGNS = {HIGHER: "▲", EQUAL: "■", LOWER: "▼", UNCLEAR: "○"}
NOUNS = ("keluarga", "orang", "unit", "baris")  # units that a sentence names
NOT_SHOWN = {
    "disembunyikan": ("•", "dilindungi"),
    "tidak disajikan": ("×", "tidak disajikan"),
    "belum ada data": (MISSING, "belum ada data"),
}
CAUSES = {"disembunyikan": "dilindungi karena menyangkut terlalu sedikit keluarga"}
FEW = 10_000  # families below which a second decimal of a share is less than one of them
ALMOST_NONE = 0.0005  # below half a person in a thousand


@dataclass(frozen=True)
class Figure:
    """A number of the published table.

    Attributes
    ----------
    value, low, high
        Estimate and 95 per cent interval; missing where not shown or not estimated.
    unit
        Unit of the published table; ``indeks100`` for indices that are printed times 100.
    n
        Families or households it rests on.
    status, reason
        Whether and why it is shown (``contracts.STATUSES``).
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    n: float = math.nan
    status: str = "belum ada data"
    reason: str = ""
    source: str = ""
    official: bool = False

    @property
    def shown(self) -> bool:
        """Whether the number may be printed."""
        return self.status in ("tampil", "hati-hati") and not math.isnan(self.value)

    @property
    def size(self) -> float:
        """What it is sorted by beside others: its value, nothing where it is not shown."""
        return self.value if self.shown else 0.0

    @property
    def caution(self) -> bool:
        """Whether it must carry the caution mark."""
        return self.shown and self.status == "hati-hati"

    @property
    def has_range(self) -> bool:
        """Whether an interval is known."""
        return self.shown and not (math.isnan(self.low) or math.isnan(self.high)) and self.high > self.low

    @property
    def decimals(self) -> int:
        """Decimals that the interval bears; two for official percentages, none or one where no interval is known."""
        if self.unit not in ("bagian", "indeks", "indeks100"):
            return 0
        plain = self.unit == "indeks"
        if self.official:
            return 2
        if not self.has_range:
            return 2 if plain else int(not self.n < 200)
        width = (self.high - self.low) / (100 if plain else 1)
        few = not plain and self.n < FEW  # one of them is more than a second decimal could tell
        return 0 if width >= 0.02 else 1 if width >= 0.002 or few else 2

    def _print(self, value: float) -> str:
        if self.unit == "bagian":
            return percent(value, self.decimals)
        if self.unit in ("indeks", "indeks100"):
            return number(value * (100 if self.unit == "indeks100" else 1), self.decimals)
        if self.unit == "rupiah":
            return rupiah(value)
        if self.unit == "rupiah_tahun":
            return rupiah_short(value)
        return number(value)

    @property
    def text(self) -> str:
        """The number alone, as in a table: ``17%``, ``1.240``, ``Rp2,3 miliar``; a sign where it is not shown."""
        return self._print(self.value) if self.shown else self.sign

    def beside(self, per: str = "") -> str:
        """The number beside its bar in a chart, with the caution that tables print in a box: ``Rp54 juta sekali !``."""
        return " ".join(filter(None, [self.text, per, "!" if self.caution else ""]))

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the interval; missing where none is known."""
        return (self.low, self.high) if self.has_range else (math.nan, math.nan)

    @property
    def words(self) -> str:
        """The number in a sentence, with its noun: ``1.240 keluarga``."""
        if not self.shown:
            return self.why
        return f"{self.text} {self.unit}" if self.unit in NOUNS else self.text

    @property
    def estimate(self) -> str:
        """The number in a sentence with its range and caution: ``350 (220–600, hati-hati) keluarga``."""
        certainty = ", ".join(filter(None, [self.range, "hati-hati" if self.caution else ""]))
        noun = f" {self.unit}" if self.unit in NOUNS else ""
        return f"{self.text} ({certainty}){noun}" if self.shown and certainty else self.words

    @property
    def range(self) -> str:
        """The interval: ``13–21%``; empty where none is known."""
        if not self.has_range:
            return ""
        if self.unit == "bagian":
            return interval(self.low, self.high, self.decimals)
        low, high = self._print(self.low), self._print(self.high)
        first, _, word = low.partition(" ")
        if word and high.endswith(word):  # Rp1,6–3,3 miliar
            return low if low == high else f"{first}–{high.removeprefix('Rp')}"
        return low if low == high else f"{low}–{high}"

    @property
    def sign(self) -> str:
        """What stands in a table in place of a number that is not shown."""
        return NOT_SHOWN.get(self.status, NOT_SHOWN["belum ada data"])[0]

    @property
    def why(self) -> str:
        """Why the number is not shown, in words."""
        word = NOT_SHOWN.get(self.status, NOT_SHOWN["belum ada data"])[1]
        return f"{word}, {self._imprecise}" if self._imprecise else word

    @property
    def cause(self) -> str:
        """Why the number is not shown, as the end of a sentence."""
        return CAUSES.get(self.status) or self._imprecise or self.why

    @property
    def _imprecise(self) -> str:
        """Why it is too imprecise to be shown; nothing where it is shown or withheld for another reason."""
        return self.reason if self.status == "tidak disajikan" else ""


NOTHING = Figure()


class PublishedTable:
    """Look-ups in the published table."""

    @classmethod
    def of(cls, published: "pd.DataFrame | PublishedTable") -> "PublishedTable":
        """Look-ups in a table; where it is one already, itself: pages of an edition can share it."""
        return published if isinstance(published, PublishedTable) else cls(published)

    def __init__(self, published: pd.DataFrame) -> None:
        self._rows: dict[tuple[str, ...], Any] = {}
        self._keys: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}  # of each number in each area
        # As Python's own values: rows of pandas' text are several times slower to walk through.
        for row in published.sort_values("period", kind="stable").astype(object).itertuples(index=False):
            key = (row.topic, row.indicator, row.area, row.programme, row.agency, row.group)
            # without a period: the edition's own, or the newest
            for known in ((*key, row.period), *([(*key, "")] if row.topic != "official" else ())):
                self._rows[known] = row
                self._keys.setdefault(key[:3], {})[known] = None
        self._known = {key[:2] for key in self._keys}
        needs = published[published["topic"] == "needs"]
        self._agency = dict(zip(needs["programme"], needs["agency"], strict=True))

    def one(
        self, name: str, area: str, programme: str = "", agency: str = "", group: str = "", period: str = ""
    ) -> Figure:
        """The number ``topic.indicator`` of an area; :data:`NOTHING` where the table has no such row.

        Without a period it is the newest (official figures are never asked for without one).
        """
        topic, _, indicator = name.partition(".")
        agencies = dict.fromkeys((agency, "", self._agency.get(programme, "")))
        found = (self._rows.get((topic, indicator, area, programme, office, group, period)) for office in agencies)
        row = next((row for row in found if row is not None), None)
        if row is None:
            return NOTHING
        unit = "indeks100" if indicator in ("gap_index", "severity_index") else row.unit
        return Figure(
            row.value, row.low, row.high, unit, row.n, row.status, row.reason, row.source, row.topic == "official"
        )

    def _of(self, name: str, area: str) -> Iterable[tuple[str, ...]]:
        topic, _, indicator = name.partition(".")
        return self._keys.get((topic, indicator, area), ())

    def has(self, name: str) -> bool:
        """Whether any area has a row ``topic.indicator``."""
        topic, _, indicator = name.partition(".")
        return (topic, indicator) in self._known

    def programmes(self, name: str, area: str) -> list[str]:
        """Programmes that the number ``topic.indicator`` of an area is known for."""
        return sorted({key[3] for key in self._of(name, area) if key[3]})

    def groups(self, name: str, area: str, programme: str = "") -> dict[str, Figure]:
        """The number for every non-empty group."""
        chosen = {key[4:6] for key in self._of(name, area) if key[3] == programme and key[5]}
        return {group: self.one(name, area, programme, agency, group) for agency, group in sorted(chosen)}

    def periods(self, name: str, area: str) -> dict[str, Figure]:
        """The number by period, oldest first."""
        chosen = sorted(key[6] for key in self._of(name, area) if key[6])
        return {period: self.one(name, area, period=period) for period in chosen}


def compare(own: Figure, other: Figure, equivalence: float, difference: Figure = NOTHING) -> str:
    """Word for the difference between two estimates: the one rule of pages, maps and notebooks.

    By the interval of the difference. Wholly above or below zero: *lebih tinggi*, *lebih rendah*. Wholly within
    ``equivalence`` times the other's value: *setara*. Else the data cannot tell: *belum dapat dibedakan*.

    Parameters
    ----------
    difference
        ``own`` minus ``other`` with the interval of their joint draws. Where it is not known the interval follows from
        the two intervals (MOVER; Zou & Donner 2008), taken as independent: wider, where a part moves with its whole.
    """
    if not (own.shown and other.shown):
        return UNCLEAR
    if difference.has_range:
        low, high = difference.low, difference.high
    elif own.has_range:
        other_low, other_high = (other.low, other.high) if other.has_range else (other.value, other.value)
        middle = own.value - other.value
        low = middle - math.hypot(own.value - own.low, other_high - other.value)
        high = middle + math.hypot(own.high - own.value, other.value - other_low)
    else:
        return UNCLEAR
    if low > 0:
        return HIGHER
    if high < 0:
        return LOWER
    return EQUAL if max(-low, high) <= equivalence * abs(other.value) else UNCLEAR


def one_in(share: float) -> str:
    """A share as people: ``1 dari 6``; from 29 per cent up ``4 dari 10``, below one in a hundred ``4 dari 1.000``."""
    if share >= 0.29:
        return f"{number(share * 10)} dari 10"
    if share >= 0.01:
        return f"1 dari {number(1 / share)}"
    return f"{number(share * 1000)} dari 1.000"


def in_hundred(share: float) -> int:
    """A share as a whole number out of 100, rounded as tables print it: a sentence and a table never differ by one."""
    return int(number(share * 100))


def split_hundred(missed: float, *reasons: float) -> tuple[int, ...]:
    """Of 100 how many are reached, and how many are missed for each reason.

    Parameters
    ----------
    missed
        Share that is missed: :func:`in_hundred` rounds it, as the table beside it does; the rest is reached.
    reasons
        Parts of the missed, which add up to 1; they share its whole number by largest remainders.
    """
    whole = in_hundred(missed)
    return (100 - whole, *of_hundred([part * whole / 100 for part in reasons or (1.0,)]))


def ten_signs(hundred: tuple[int, ...]) -> tuple[int, ...]:
    """Ten signs for parts of a hundred: the first is rounded by itself, so that more reached never show fewer signs."""
    first, left = int(number(hundred[0] / 10)), 100 - hundred[0]
    others = [part * (10 - first) / left / 100 for part in hundred[1:]] if left else [0.0 for _ in hundred[1:]]
    return (first, *of_hundred(others))


def of_hundred(shares: list[float]) -> list[int]:
    """Whole numbers out of 100 that add up as the shares do (largest remainders)."""
    exact = [share * 100 for share in shares]
    whole = [math.floor(part + 1e-9) for part in exact]
    missing = round(sum(exact)) - sum(whole)
    order = sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])
    for place in order[: max(missing, 0)]:
        whole[place] += 1
    return whole
