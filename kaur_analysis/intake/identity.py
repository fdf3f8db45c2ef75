"""NIK, KK number and name: what is usable as an identifier, what is damaged, and what two spellings have in common.

NIK (16 digits): region of first registration (Kemendagri province, kabupaten, kecamatan), date of birth with 40 added
to the day for women, serial number. Number of the family card: region, date of issue, serial number.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Provinces of the Kemendagri code list (Kepmendagri 2025, as kept by cahyadsn/wilayah); 54 was Timor Timur.
PROVINCES = frozenset(
    (*range(11, 20), 21, *range(31, 37), *range(51, 55), *range(61, 66), *range(71, 77), 81, 82, *range(91, 97))
)
SYNTHETIC_PROVINCE = 99
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
    clean = texts.str.strip()
    well_formed = clean.str.fullmatch(r"\d{16}").to_numpy(dtype=bool)
    if not well_formed.all():
        rest = ~well_formed & (clean != "").to_numpy()
        undecorated = clean[rest].map(_undecorated)
        clean = clean.mask(rest, undecorated.reindex(clean.index)) if rest.any() else clean
        well_formed = clean.str.fullmatch(r"\d{16}").to_numpy(dtype=bool)
    fault = np.full(len(clean), "", dtype=object)
    other = ~well_formed & (clean != "").to_numpy()
    if other.any():
        damaged = clean[other].str.fullmatch(_EXCEL_NUMBER.pattern, case=False).to_numpy(dtype=bool)
        fault[other] = np.where(damaged, "nik_rusak_excel", "nik_bukan_16_angka")
    numbers = clean[well_formed].astype("int64").to_numpy()
    province = numbers // 10**14
    impossible = _impossible(numbers, kind)
    known = np.isin(province, list(PROVINCES))
    allowed = province == SYNTHETIC_PROVINCE if synthetic else known
    damaged = _ends_in_zero_too_often(numbers)
    fault[well_formed] = np.where(impossible | ~allowed, "nik_tidak_sah", np.where(damaged, "nik_rusak_excel", ""))
    real = np.zeros(len(clean), dtype=bool)
    real[well_formed] = known & ~impossible
    usable = clean.where(well_formed & (fault == ""), "")
    return Judged(usable, pd.Series(fault, index=texts.index, dtype="str"), real)


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


def _ends_in_zero_too_often(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Numbers ending in 0 of a column where most do: a spreadsheet kept 15 digits and wrote 0 for the last."""
    zero = numbers % 10 == 0
    return zero if len(numbers) >= 20 and zero.mean() > 0.5 else np.zeros(len(numbers), dtype=bool)


def contradicts_sex(usable: pd.Series, female: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the day of a usable NIK says another sex than the list (NaN: unknown, no contradiction)."""
    by_nik = _part(usable, 6, 8) > 40
    return (usable != "").to_numpy() & ~np.isnan(female) & (by_nik != (female == 1))


def contradicts_birth(usable: pd.Series, birth: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Where a usable NIK carries another date of birth than the list."""
    known = (usable != "").to_numpy() & ~np.isnat(birth)
    years, months = birth.astype("datetime64[Y]"), birth.astype("datetime64[M]")
    day = (birth - months).astype("timedelta64[D]").astype(float) + 1
    month = (months - years).astype(float) + 1
    year = (years.astype(float) + 1970) % 100
    by_nik = _part(usable, 6, 8)
    same = (by_nik % 40 == day % 40) & (_part(usable, 8, 10) == month) & (_part(usable, 10, 12) == year)
    # day 40 does not occur, so 31 and 71 agree modulo 40 as they should
    return known & ~same


def _part(usable: pd.Series, start: int, stop: int) -> NDArray[np.int64]:
    numbers = usable.where(usable != "", "0" * 16).astype("int64").to_numpy()
    return numbers // 10 ** (16 - stop) % 10 ** (stop - start)


_HONORIFIC = r"h|hj|haji|hajah|kh|ust|ustad|alm|almh|almarhum|almarhumah|bpk|bapak|pak|ibu|bu|tn|ny|nn|sdr|sdri"
_DEGREE = r"drs|dra|dr|drg|ir|prof|sh|se|st|spd|sag|mpd|msi|mm"
_TITLES = frozenset(f"{_HONORIFIC}|{_DEGREE}".split("|"))
_NO_LETTER = re.compile(r"[^a-z ]")
_MUHAMMAD = re.compile(r"mu?h|muh?d|mo(h|ch)|mohd|mhd|mhmd|md|m[uo](h|ch)am+ad")
_PATRONYMS = frozenset({"bin", "binti", "bt", "bte"})


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


def bigrams(name: str) -> list[str]:
    """Distinct letter pairs of a normalised name, words marked at both ends."""
    pairs = {word[i : i + 2] for word in (f"_{part}_" for part in name.split()) for i in range(len(word) - 1)}
    return sorted(pairs)
