"""Poverty lines: dated, cited values, and what may be done to them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from kaur_analysis.errors import EstimationError

KINDS = ("poverty", "food", "non_food", "extreme")
"""Kinds of line: the poverty line and its food and non-food parts, and the extreme-poverty line."""


@dataclass(frozen=True)
class PovertyLine:
    """A poverty line with where, when and whence.

    Parameters
    ----------
    area
        Code of the area it holds for.
    urban_rural
        ``"urban"``, ``"rural"`` or ``"all"``.
    month
        Month of its prices, ``YYYY-MM``.
    kind
        One of :data:`KINDS`.
    rupiah
        Rupiah per person per month.
    source
        Publication or decree it was read from, never empty.
    accessed
        Day it was read, ``YYYY-MM-DD``.
    """

    area: str
    urban_rural: str
    month: str
    kind: str
    rupiah: float
    source: str
    accessed: str

    def __post_init__(self) -> None:
        if self.urban_rural not in ("urban", "rural", "all"):
            raise EstimationError(f"urban_rural must be 'urban', 'rural' or 'all', not {self.urban_rural!r}")
        if self.kind not in KINDS:
            raise EstimationError(f"kind must be one of {KINDS}, not {self.kind!r}")
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", self.month):
            raise EstimationError(f"month must read YYYY-MM, not {self.month!r}")
        if not (math.isfinite(self.rupiah) and self.rupiah > 0):
            raise EstimationError(f"a line must be a positive number of rupiah, not {self.rupiah}")
        if not self.area.strip() or not self.source.strip():
            raise EstimationError("a line needs its area and its source")
        try:
            date.fromisoformat(self.accessed)
        except ValueError:
            raise EstimationError(f"accessed must be a day YYYY-MM-DD, not {self.accessed!r}") from None


def check_lines(extreme: PovertyLine | float, poverty: PovertyLine | float) -> None:
    """Refuse an extreme-poverty line that is not below the poverty line.

    The usual cause is a purchasing-power line converted at the market exchange rate: 1.90 dollars a day read as some
    900 000 rupiah a month, above every poverty line of Indonesia. Two dated lines must also be of one month.

    Raises
    ------
    EstimationError
        extreme ≥ poverty, or the two carry different months.
    """
    if isinstance(extreme, PovertyLine) and isinstance(poverty, PovertyLine) and extreme.month != poverty.month:
        raise EstimationError(
            f"the lines are of different months, {extreme.month} and {poverty.month}: inflate one of them first"
        )
    low = extreme.rupiah if isinstance(extreme, PovertyLine) else extreme
    high = poverty.rupiah if isinstance(poverty, PovertyLine) else poverty
    if not 0 < low < high:
        raise EstimationError(
            f"the extreme-poverty line ({low:g}) must be positive and below the poverty line ({high:g}); "
            "convert dollars a day with purchasing power parities, not the market exchange rate"
        )


def inflate(line: PovertyLine, index: Mapping[str, float], month_from: str, month_to: str) -> PovertyLine:
    """Carry a line to the prices of another month, rupiah × index(to) / index(from).

    Parameters
    ----------
    line
        A line in prices of ``month_from``.
    index
        Price index by month ``YYYY-MM``, one base throughout; for a poverty line the basket's own index where there
        is one.
    month_from, month_to
        Months, both in ``index``.

    Returns
    -------
    The line of ``month_to``; its source tells that it was inflated.

    Raises
    ------
    EstimationError
        The line is not of ``month_from``, or the index lacks a month or is not positive.
    """
    if line.month != month_from:
        raise EstimationError(f"the line is of {line.month}, not of {month_from}")
    for month in (month_from, month_to):
        if month not in index or not index[month] > 0:
            raise EstimationError(f"the price index has no positive value for {month}")
    factor = index[month_to] / index[month_from]
    return replace(
        line,
        month=month_to,
        rupiah=line.rupiah * factor,
        source=f"{line.source}; inflated from {month_from} by {factor:.6g}",
    )
