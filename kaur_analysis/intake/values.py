"""Text becomes numbers, dates and canonical words, by what the source declares; what does not fit is reported.

Every function works on the distinct texts of a column, because lists repeat themselves.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kaur_analysis.intake.codebook import Column, code_key
from kaur_analysis.intake.text import by_pieces, factorized, normal

_PLAIN = re.compile(r"-?\d{1,15}")
_NUMBER = {
    "id": re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?|-?\d+(,\d+)?"),
    "en": re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+(\.\d+)?([eE][+-]?\d{1,3})?|-?\.\d+"),
}
# Three digits behind the decimal sign may be thousands of the other locale, but for a zero or four digits before it.
_DOUBTFUL = {
    "id": re.compile(r"-?[1-9]\d{0,2}(\.\d{3})*,\d{3}"),
    "en": re.compile(r"-?[1-9]\d{0,2}(,\d{3})*\.\d{3}"),
}
_GROUPED = {"id": re.compile(r"\d\.\d{3}"), "en": re.compile(r"\d,\d{3}")}
_DECIMAL = {"id": ",", "en": "."}
_OTHER_LOCALE = {"id": "en", "en": "id"}
_BLANK = frozenset(
    {"", "-", "--", "–", "...", "…", "n a", "na", "nan", "null", "none", "tidak ada data", "#n/a", "n/a"}
)
_BLANK_TEXTS = pa.array(sorted(_BLANK), type=pa.large_string())
_CURRENCY = re.compile(r"^(rp|idr)\.?\s*|\s*(,-|,=|\.-)$|\s+", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ].*)?")
_PARTS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[t ].*)?")
_WORDS = re.compile(r"(\d{1,2})[-/. ]*([a-z]{3,9})[-/., ]*(\d{4}|\d{2})")
_SERIAL = re.compile(r"(\d{3,5})(?:[.,]\d+)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan januari january",
            "feb februari pebruari peb february",
            "mar maret march",
            "apr april",
            "mei may",
            "jun juni june",
            "jul juli july",
            "agu ags agt agustus aug august",
            "sep sept september",
            "okt oct oktober october",
            "nov nop november nopember",
            "des dec desember december",
        ),
        start=1,
    )
    for word in words.split()
}
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 366, 60_000  # 1901 to 2064
_YEARS = range(1900, 2101)  # numbers that are a year and no day of 1905

Array = NDArray[Any]


@dataclass(frozen=True)
class Parsed:
    """A column by its distinct texts: the value of each, whether it was one, and which of them each row holds.

    Attributes
    ----------
    codes
        Position of each row's text among the distinct ones.
    distinct
        Value of each distinct text.
    states
        0: a value or nothing; 1: no value at all; 2: a value of the other locale only; 3: a code that the file itself
        calls something else than the codebook does.
    """

    codes: NDArray[np.int32]
    distinct: Array
    states: NDArray[np.int8]

    @property
    def values(self) -> Array:
        """Value of each row."""
        return self.distinct[self.codes]

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Rows whose text is no value at all."""
        return self._rows_in(1)

    @property
    def other_locale(self) -> NDArray[np.bool_]:
        """Rows whose text is a value of the other locale only."""
        return self._rows_in(2)

    @property
    def contradicted(self) -> NDArray[np.bool_]:
        """Rows whose code has another meaning in the file than in the codebook; their value is the file's."""
        return self._rows_in(3)

    def _rows_in(self, state: int) -> NDArray[np.bool_]:
        found = self.states == state
        return found[self.codes] if found.any() else np.zeros(len(self.codes), dtype=bool)


def _by_distinct(texts: pd.Series, parse: Callable[[str], tuple[Any, int]], dtype: str, missing: Any) -> Parsed:
    """Apply ``parse`` (value and state) to the distinct texts."""
    codes, distinct = factorized(texts)
    values = np.full(len(distinct), missing, dtype=dtype)
    states = np.zeros(len(distinct), dtype=np.int8)
    for i, text in enumerate(distinct):
        value, states[i] = parse(text)
        if value is not None:
            values[i] = value
    return Parsed(codes, values, states)


def is_blank(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return text.strip().lower() in _BLANK


def blanks(texts: pd.Series) -> NDArray[np.bool_]:
    """Whether each cell says that there is nothing."""
    return by_pieces(texts, _blank, np.bool_)


def _blank(texts: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), value_set=_BLANK_TEXTS)


def numbers(texts: pd.Series, locale: str, certain: bool = False) -> Parsed:
    """Numbers in the declared locale: ``id`` writes ``1.234,5``, ``en`` writes ``1,234.5``; ``Rp`` may stand before.

    ``600,000`` is 600 in ``id`` only where the column has other decimals and no thousands in groups, or where the
    format itself is ``certain`` of its decimal sign; else it is a number of the other locale.
    """
    doubtful = False

    def parse(text: str) -> tuple[float | None, int]:
        nonlocal doubtful
        if _PLAIN.fullmatch(text):
            return float(text), 0
        if is_blank(text):
            return None, 0
        bare = _bare(text)
        if _NUMBER[locale].fullmatch(bare):
            doubtful = doubtful or _DOUBTFUL[locale].fullmatch(bare) is not None
            plain = bare.replace(".", "").replace(",", ".") if locale == "id" else bare.replace(",", "")
            return float(plain), 0
        return None, _no_number(bare, locale)

    parsed = _by_distinct(texts, parse, "float64", np.nan)
    return _without_doubtful(parsed, factorized(texts)[1], locale) if doubtful and not certain else parsed


def _bare(text: str) -> str:
    return _CURRENCY.sub("", text.strip())


def _no_number(bare: str, locale: str) -> int:
    """State of a text that is no number of the locale."""
    return 2 if _NUMBER[_OTHER_LOCALE[locale]].fullmatch(bare) else 1


def _without_doubtful(parsed: Parsed, distinct: list[str], locale: str) -> Parsed:
    """Numbers without those that may be a thousand times as large, unless the column shows how it writes decimals."""
    written = [_bare(text) for text in distinct]
    sign, shape = _DECIMAL[locale], _DOUBTFUL[locale]
    read = [text for text, state in zip(written, parsed.states, strict=True) if state == 0]
    decimals = any(sign in text and not shape.fullmatch(text) for text in read)
    if decimals and not any(_GROUPED[locale].search(text) for text in read):
        return parsed
    states, values = parsed.states.copy(), parsed.distinct.copy()
    for place, text in enumerate(written):
        if shape.fullmatch(text):
            states[place], values[place] = _no_number(text, locale), np.nan
    return Parsed(parsed.codes, values, states)


def dates(texts: pd.Series, locale: str, latest: dt.date) -> Parsed:
    """Dates as days: ISO, day-month-year (``id``) or month-day-year (``en``), month names, Excel serials.

    A year alone is no date. A two-digit year is of this century where that is not after ``latest``, else of the last.
    """

    def parse(text: str) -> tuple[Any, int]:
        if is_blank(text):
            return None, 0
        bare = text.strip().lower()
        if found := _ISO.fullmatch(bare):
            return _day(int(found[1]), int(found[2]), int(found[3]))
        if found := _PARTS.fullmatch(bare):
            first, second, year = int(found[1]), int(found[2]), _year(found[3], latest)
            day, month = (first, second) if locale == "id" else (second, first)
            value, state = _day(year, month, day)
            return (value, state) if value is not None or _day(year, day, month)[0] is None else (None, 2)
        if (found := _WORDS.fullmatch(bare)) and found[2] in _MONTHS:
            return _day(_year(found[3], latest), _MONTHS[found[2]], int(found[1]))
        if (found := _SERIAL.fullmatch(bare)) and _is_serial(int(found[1])):
            return np.datetime64(_EXCEL_EPOCH + dt.timedelta(days=int(found[1])), "D"), 0
        if found := _COMPACT.fullmatch(bare):
            return _day(int(found[1]), int(found[2]), int(found[3]))
        return None, 1

    codes, distinct = factorized(texts)
    days, read = _usual_dates(distinct, locale)
    states = np.zeros(len(distinct), dtype=np.int8)
    for i in np.flatnonzero(~read):
        value, states[i] = parse(distinct[i])
        if value is not None:
            days[i] = value
    return Parsed(codes, days, states)


def _is_serial(number: int) -> bool:
    """Whether a bare number is a day as Excel counts them."""
    return _FIRST_SERIAL <= number <= _LAST_SERIAL and number not in _YEARS


def _usual_dates(texts: list[str], locale: str) -> tuple[Array, NDArray[np.bool_]]:
    """Days of texts like ``1980-01-31`` or, by locale, ``31/01/1980``, and which texts are such a day."""
    written = pa.array(texts, type=pa.large_string())
    days = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[D]")
    order = {"id": r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})", "en": r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"}[locale]
    for pattern in (r"^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})$", rf"^{order}[-/.](?P<y>\d{{4}})$"):
        parts = pc.extract_regex(written, pattern)
        rows = np.flatnonzero(parts.is_valid().to_numpy(zero_copy_only=False))
        named = parts.take(pa.array(rows)).flatten()
        year, month, day = (
            named[parts.type.get_field_index(name)].cast(pa.int64()).to_numpy() for name in ("y", "m", "d")
        )
        first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
        found = first.astype("datetime64[D]") + (day - 1)
        # the 31st of a shorter month would be in the next one
        right = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (found.astype("datetime64[M]") == first)
        days[rows[right]] = found[right]
    return days, ~np.isnat(days)


def _day(year: int, month: int, day: int) -> tuple[Any, int]:
    try:
        return np.datetime64(dt.date(year, month, day), "D"), 0
    except ValueError:
        return None, 1


def _year(text: str, latest: dt.date) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if 2000 + year <= latest.year else 1900 + year


def words(texts: pd.Series, column: Column, labels: Mapping[str, str] | None = None) -> Parsed:
    """Canonical words of a category or 0/1 of a flag, by the column's codes; missing is ``None`` or NaN.

    ``labels`` is what the file itself calls its codes. Where the codebook knows a label, the label decides: numbers of
    codes move from year to year and from office to office, their names hardly.
    """
    own = {
        code: column.codes[key] for code, label in (labels or {}).items() if (key := code_key(label)) in column.codes
    }
    is_flag = column.type in ("flag", "any_flag")
    prefixes = {code.removesuffix("/*"): value for code, value in column.codes.items() if code.endswith("/*")}

    def parse(text: str) -> tuple[Any, int]:
        if text not in own:
            return by_code(text)
        value, state = by_code(text)
        return own[text], 3 if state == 0 and value != own[text] else 0

    def by_code(text: str) -> tuple[Any, int]:
        if not text.strip(" /"):
            return column.blank, 0
        key = code_key(text.strip())
        if key not in column.codes:
            key = _as_whole_number(text) or key
        if key in column.codes:
            return column.codes[key], 0
        head = key.split("/")[0]
        if head in prefixes:
            return prefixes[head], 0
        return (column.blank, 0) if is_blank(text) else (None, 1)

    return _by_distinct(texts, parse, "float64" if is_flag else "object", np.nan if is_flag else None)


def _as_whole_number(text: str) -> str:
    """``1.0``, ``01`` and ``1,00`` are the code ``1``; parts of a combined code alike."""
    parts = [re.fullmatch(r"0*(\d+)(?:[.,]0+)?", part.strip()) for part in text.split("/")]
    return "/".join(part[1] if part else "" for part in parts) if any(parts) else ""


def nearest_code(text: str, column: Column) -> str:
    """A code of the column that reads like the text, or nothing."""
    from rapidfuzz import fuzz, process

    best = process.extractOne(normal(text), list(column.codes), scorer=fuzz.ratio, score_cutoff=60)
    return best[0] if best else ""
