"""Identities that nobody can have: a province that does not exist, and names built from invented syllables.

Province code 99 has never been given out, so no NIK or KK number made here can belong to anyone; everything else about
the numbers (16 digits, birth date with 40 added to the day of women, serial number) is as in life, so that the same
rules apply to them. Names join syllables that form no Indonesian given name.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

PROVINCE = "99"
_STARTS = ("Zor", "Vek", "Qil", "Xan", "Bruz", "Fyo", "Gwen", "Jax", "Krov", "Lyz", "Myx", "Nuv", "Pliq", "Ryk", "Tvas")
_MIDDLES = ("a", "e", "i", "o", "u", "aza", "eko", "iva", "oqu", "uxe", "ary", "ely", "izo", "ovu", "ufa")
_ENDS = (
    "bruk",
    "dvin",
    "fex",
    "gor",
    "hiz",
    "jor",
    "kvan",
    "lux",
    "mirz",
    "nox",
    "prax",
    "quin",
    "rov",
    "svet",
    "tyx",
    "vaz",
)


def national_ids(
    place: NDArray[np.str_], birth_date: NDArray[np.datetime64], female: NDArray[np.bool_]
) -> NDArray[np.str_]:
    """NIK of each person: 99, kabupaten and kecamatan (``place``), birth date (day + 40 for women), serial number."""
    dates = pd.DatetimeIndex(birth_date)
    day = dates.day.to_numpy() + np.where(female, 40, 0)
    stem = pd.Series(place).str.cat(
        [pd.Series([f"{d:02d}" for d in day]), pd.Series(dates.strftime("%m%y").to_numpy())]
    )
    stem = PROVINCE + stem
    serial = stem.groupby(stem).cumcount() + 1
    return (stem + serial.map("{:04d}".format)).to_numpy(dtype=str)


def family_ids(place: NDArray[np.str_], random: Generator) -> NDArray[np.str_]:
    """KK number of each family: 99, ``place`` as in a NIK, date of issue, serial number within these."""
    issued = np.datetime64("2008-01-01") + random.integers(0, 6000, len(place)).astype("timedelta64[D]")
    stem = PROVINCE + pd.Series(place).str.cat(pd.Series(pd.DatetimeIndex(issued).strftime("%d%m%y").to_numpy()))
    serial = stem.groupby(stem).cumcount() + 1
    return (stem + serial.map("{:04d}".format)).to_numpy(dtype=str)


def names(size: int, random: Generator) -> NDArray[np.str_]:
    """Invented names of two words, some of three."""

    def words() -> NDArray[np.str_]:
        parts = [random.choice(np.array(list_), size) for list_ in (_STARTS, _MIDDLES, _ENDS)]
        return np.char.add(np.char.add(parts[0], parts[1]), parts[2])

    two = np.char.add(np.char.add(words(), " "), words())
    return np.where(random.random(size) < 0.25, np.char.add(np.char.add(two, " "), words()), two)


def invented(size: int, random: Generator) -> NDArray[np.str_]:
    """Invented words, no two alike, for places that do not exist.

    Raises
    ------
    ValueError
        More words than the syllables give.
    """
    words = np.array([start + middle + end for start in _STARTS for middle in _MIDDLES for end in _ENDS])
    return random.choice(words, size, replace=False)
