"""Numbers, money and dates as Indonesian readers write them; the only place where a share becomes a percentage."""

import math
import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel.dates import format_date as babel_date
from babel.lists import format_list
from babel.numbers import format_decimal

LOCALE = "id_ID"
MISSING = "–"


def number(value: float | None, decimals: int = 0) -> str:
    """``1234567.891`` with 2 decimals becomes ``1.234.567,89``; missing becomes an en dash.

    Halves round away from zero, as official tables print them.
    """
    if value is None or math.isnan(value):
        return MISSING
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(rounded + 0, format=pattern, locale=LOCALE)


def percent(share: float | None, decimals: int = 2) -> str:
    """``0.1783`` becomes ``17,83%`` (for tables)."""
    text = number(None if share is None else share * 100, decimals)
    return text if text == MISSING else text + "%"


def percent_words(share: float | None, decimals: int = 2) -> str:
    """``0.1783`` becomes ``17,83 persen`` (for running text)."""
    text = number(None if share is None else share * 100, decimals)
    return text if text == MISSING else text + " persen"


def points(difference: float | None, decimals: int = 2) -> str:
    """``-0.0027`` becomes ``turun 0,27 poin persen``; never "0,27 persen" for a change."""
    if difference is None or math.isnan(difference):
        return MISSING
    size = number(abs(difference) * 100, decimals)
    if size == number(0, decimals):
        return "tetap"
    return f"{'naik' if difference > 0 else 'turun'} {size} poin persen"


def rupiah(value: float | None) -> str:
    """``671095`` becomes ``Rp671.095``."""
    text = number(value)
    return text if text == MISSING else ("-Rp" + text[1:] if text.startswith("-") else "Rp" + text)


_SCALES = ((1e6, "juta"), (1e9, "miliar"), (1e12, "triliun"))


def rupiah_short(value: float | None, decimals: int = 1) -> str:
    """``20000000`` becomes ``Rp20 juta``, ``1234567890`` becomes ``Rp1,2 miliar``; below a million in full.

    The word is chosen after rounding, so that no sum reads "Rp1.000 juta".
    """
    if value is None or math.isnan(value) or abs(value) < 999_999:
        return rupiah(value)
    scale, word = next((entry for entry in _SCALES if round(abs(value) / entry[0], decimals) < 1000), _SCALES[-1])
    head, _, tail = number(value / scale, decimals).partition(",")
    text = "Rp" + head.removeprefix("-") + (f",{tail}" if tail.strip("0") else "")
    return f"{'-' if head.startswith('-') else ''}{text} {word}"


def long_date(day: date) -> str:
    """``date(2024, 2, 27)`` becomes ``27 Februari 2024``."""
    return babel_date(day, format="d MMMM y", locale=LOCALE)


_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_words(period: str) -> str:
    """``"2024-03"`` becomes ``Maret 2024``; a period that is no month stays as it is."""
    found = _MONTH.fullmatch(period)
    if not found:
        return period
    return babel_date(date(int(found[1]), int(found[2]), 1), format="MMMM y", locale=LOCALE)


def interval(low: float | None, high: float | None, decimals: int = 0) -> str:
    """Interval of shares as ``13–21%``."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return MISSING
    return f"{number(low * 100, decimals)}–{number(high * 100, decimals)}%"


def together(names: Sequence[str]) -> str:
    """``["Maje", "Nasal", "Luas"]`` becomes ``Maje, Nasal, dan Luas``."""
    return format_list(list(names), locale=LOCALE)
