"""NIK, KK number and name: what is usable as an identifier, what is damaged, and what two spellings have in common.

NIK (16 digits): region of first registration (Kemendagri province, kabupaten, kecamatan), date of birth with 40 added
to the day for women, serial number. Number of the family card: region, date of issue, serial number.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kaur_analysis.intake.text import by_pieces, from_arrow, from_pieces, pieces, same_text, spread, trimmed

# Provinces of the Kemendagri code list (Kepmendagri 2025, as kept by cahyadsn/wilayah); 54 was Timor Timur.
PROVINCES = frozenset(
    (*range(11, 20), 21, *range(31, 37), *range(51, 55), *range(61, 66), *range(71, 77), 81, 82, *range(91, 97))
)
Bools = NDArray[np.bool_]
_IS_PROVINCE = np.isin(np.arange(100), list(PROVINCES))
SYNTHETIC_PROVINCE = 99
NIK_DIGITS = 16
_FAULTS = ("", "nik_bukan_16_angka", "nik_rusak_excel", "nik_tidak_sah")
_DECORATION = re.compile(r"[\s'’`´\"._\-:]|nik|no", re.IGNORECASE)
_EXCEL_NUMBER = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Judged:
    """Numbers judged one by one.

    Attributes
    ----------
    usable
        The 16 digits where the number can be an identifier, ``""`` elsewhere.
    fault
        Rule that an unusable number breaks, ``""`` where usable or empty.
    real_province
        Whether a well-formed number carries a province that exists.
    """

    usable: pd.Series
    fault: pd.Series
    real_province: NDArray[np.bool_]


def judge_numbers(texts: pd.Series, kind: str, synthetic: bool) -> Judged:
    """Judge NIKs (``kind="nik"``) or family card numbers (``kind="kk"``) by their form alone.

    A number that a spreadsheet has damaged is not repaired: which digits it lost nobody knows. Where ``synthetic``,
    only numbers of the impossible province 99 are usable.
    """
    clean, well_formed, fault, real, zero = zip(
        *(_judged_piece(piece, kind, synthetic) for piece in pieces(texts)), strict=True
    )
    # A column where most numbers end in 0: a spreadsheet kept 15 digits and wrote 0 for the last.
    numbers, zeros = sum(map(np.count_nonzero, well_formed)), sum(map(np.count_nonzero, zero))
    if numbers >= 20 and zeros > numbers / 2:
        for faults, ends in zip(fault, zero, strict=True):
            faults[ends & (faults == 0)] = _FAULTS.index("nik_rusak_excel")
    usable = map(_usable, clean, well_formed, fault)
    faults = np.concatenate(fault)
    said = spread(_FAULTS, faults, texts.index) if faults.any() else same_text("", texts.index)
    return Judged(from_pieces(usable, texts.index), said, np.concatenate(real))


def _judged_piece(
    texts: pa.Array, kind: str, synthetic: bool
) -> tuple[pa.Array, Bools, NDArray[np.int8], Bools, Bools]:
    """Trimmed texts, which are numbers, their faults, which are of a province that exists, and which end in 0."""
    clean = trimmed(texts)
    well_formed, filled = _is_number(clean), _is_filled(clean)
    rest = filled & ~well_formed
    if rest.any():
        undecorated = [_undecorated(text) for text in clean.filter(rest).to_pylist()]
        clean = pc.replace_with_mask(clean, rest, pa.array(undecorated, type=pa.large_string()))
        well_formed, filled = _is_number(clean), _is_filled(clean)
    fault = np.zeros(len(clean), dtype=np.int8)
    other = filled & ~well_formed
    if other.any():
        damaged = [_EXCEL_NUMBER.fullmatch(text) is not None for text in clean.filter(other).to_pylist()]
        fault[other] = np.where(damaged, _FAULTS.index("nik_rusak_excel"), _FAULTS.index("nik_bukan_16_angka"))
    numbers = clean.filter(well_formed).cast(pa.int64()).to_numpy()
    province = numbers // 10**14
    impossible = _impossible(numbers, kind)
    known = _IS_PROVINCE[province]
    allowed = province == SYNTHETIC_PROVINCE if synthetic else known
    fault[well_formed] = np.where(impossible | ~allowed, _FAULTS.index("nik_tidak_sah"), 0)
    real, zero = np.zeros((2, len(clean)), dtype=bool)
    real[well_formed], zero[well_formed] = known & ~impossible, numbers % 10 == 0
    return clean, well_formed, fault, real, zero


def _usable(clean: pa.Array, well_formed: Bools, fault: NDArray[np.int8]) -> pa.Array:
    """The numbers without fault, ``""`` in place of others."""
    usable = well_formed & (fault == 0)
    return clean if usable.all() else pc.if_else(usable, clean, pa.scalar("", pa.large_string()))


def _is_number(texts: pa.Array) -> NDArray[np.bool_]:
    return pc.match_substring_regex(texts, r"^[0-9]{16}$").fill_null(False).to_numpy(zero_copy_only=False)


def _is_filled(texts: pa.Array) -> NDArray[np.bool_]:
    return pc.greater(pc.binary_length(texts), 0).fill_null(False).to_numpy(zero_copy_only=False)


def _undecorated(text: str) -> str:
    return text if _EXCEL_NUMBER.fullmatch(text) else _DECORATION.sub("", text)


def _impossible(numbers: NDArray[np.int64], kind: str) -> NDArray[np.bool_]:
    """Numbers whose date does not exist, whose serial is 0000, or that repeat one digit."""
    day, month, year, serial = numbers // 10**8 % 100, numbers // 10**6 % 100, numbers // 10**4 % 100, numbers % 10**4
    if kind == "nik":
        day = np.where(day > 40, day - 40, day)
    longest = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    real_month = (month >= 1) & (month <= 12)
    # 29 February needs a leap year in one of the centuries the two digits may mean; of these 2000 decides 00.
    leap = (month == 2) & (day == 29) & (year % 4 != 0)
    real_day = (day >= 1) & (day <= longest[np.where(real_month, month, 0)]) & ~leap
    return ~(real_month & real_day & (serial > 0)) | (numbers % (10**16 // 9) == 0)


def contradicts_sex(usable: pd.Series, female: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the day of a usable NIK says another sex than the list (NaN: unknown, no contradiction)."""
    return _against(usable, female, _other_sex)


def _other_sex(numbers: NDArray[np.int64], female: NDArray[np.float64]) -> NDArray[np.bool_]:
    by_nik = _part(numbers, 6, 8) > 40
    return (numbers > 0) & ~np.isnan(female) & (by_nik != (female == 1))


def contradicts_birth(usable: pd.Series, birth: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Where a usable NIK carries another date of birth than the list."""
    return _against(usable, birth, _other_birth)


def _against(
    usable: pd.Series, listed: NDArray[Any], judge: Callable[[NDArray[np.int64], NDArray[Any]], Bools]
) -> NDArray[np.bool_]:
    """What is judged of numbers and what the list says beside them, piece by piece."""
    found = np.empty(len(listed), dtype=bool)
    start = 0
    for piece in pieces(usable):
        rows = slice(start, start + len(piece))
        found[rows] = judge(_as_numbers(piece).to_numpy(), listed[rows])
        start += len(piece)
    return found


def _other_birth(numbers: NDArray[np.int64], birth: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    known = (numbers > 0) & ~np.isnat(birth)
    years, months = birth.astype("datetime64[Y]"), birth.astype("datetime64[M]")
    day = (birth - months).astype("timedelta64[D]").astype(np.int64) + 1
    month = (months - years).astype(np.int64) + 1
    year = (years.astype(np.int64) + 1970) % 100
    by_nik = _part(numbers, 6, 8)
    same = (by_nik % 40 == day % 40) & (_part(numbers, 8, 10) == month) & (_part(numbers, 10, 12) == year)
    # day 40 does not occur, so 31 and 71 agree modulo 40 as they should
    return known & ~same


def as_numbers(usable: pd.Series) -> NDArray[np.int64]:
    """Usable numbers as integers; 0 where there is none."""
    return by_pieces(usable, _as_numbers, np.int64)


def _as_numbers(usable: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(usable, ""), pa.scalar("0", pa.large_string()), usable).cast(pa.int64())


def _part(numbers: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Digits of 16-digit numbers from ``start`` to before ``stop``, counted from the left."""
    return numbers // 10 ** (NIK_DIGITS - stop) % 10 ** (stop - start)


_HONORIFIC = r"h|hj|haji|hajah|kh|ust|ustad|alm|almh|almarhum|almarhumah|bpk|bapak|pak|ibu|bu|tn|ny|nn|sdr|sdri"
_DEGREE = r"drs|dra|dr|drg|ir|prof|sh|se|st|spd|sag|mpd|msi|mm"
_TITLES = frozenset(f"{_HONORIFIC}|{_DEGREE}".split("|"))
_NO_LETTER = re.compile(r"[^a-z ]")
_MUHAMMAD = re.compile(r"mu?h|muh?d|mo(h|ch)|mohd|mhd|mhmd|md|m[uo](h|ch)am+ad")
_PATRONYMS = frozenset({"bin", "binti", "bt", "bte"})
_PLAIN = r"^[a-z]+( [a-z]+)*$"
_SPECIAL = rf"\b({'|'.join(sorted(_TITLES | _PATRONYMS))}|{_MUHAMMAD.pattern})\b"


def normal_name(name: str) -> str:
    """A name as it is compared: capitals without accents, titles, degrees and patronym; forms of Muhammad made one.

    Only for matching; lists and letters keep the name as it was written.
    """
    ascii_name = name if name.isascii() else unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = ascii_name.lower().replace(".", " ")
    before_degrees = plain.split(",")[0].split("/")[0].split("(")[0]
    words = _NO_LETTER.sub("", before_degrees).split()
    patronym = next((position for position, word in enumerate(words) if position and word in _PATRONYMS), None)
    words = words[:patronym]
    kept = [word for word in words if word not in _TITLES] or words
    return " ".join("muhammad" if word[0] == "m" and _MUHAMMAD.fullmatch(word) else word for word in kept).upper()


def normal_names(names: list[str]) -> pd.Series:
    """The same for many names; those of plain words alone, which most are, need their capitals only."""
    written = pa.array(names, type=pa.large_string())
    small = pc.ascii_lower(written)
    plain = pc.and_not(pc.match_substring_regex(small, _PLAIN), pc.match_substring_regex(small, _SPECIAL))
    others = ~plain.to_numpy(zero_copy_only=False)
    made = [normal_name(names[place]) for place in np.flatnonzero(others)]
    capitals = pc.ascii_upper(written)
    return from_arrow(pc.replace_with_mask(capitals, others, pa.array(made, pa.large_string())) if made else capitals)
