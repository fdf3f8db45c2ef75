"""Identities become keyed tokens (HMAC-SHA-256): equal inputs, equal tokens, and no way back without the key.

Tokens are letters a-p, so that no token can be mistaken for a number and no spreadsheet for a formula. Every purpose
has its own subkey: the token of a NIK says nothing about the token of a name.
"""

import hashlib
import itertools
import string
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kaur_analysis.intake.identity import NIK_DIGITS, as_numbers, normal_names
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.text import distinct_days, encoded, factorized, spread_array

# Two letters for each byte: its hexadecimal digits, 0-9 as g-p.
_LETTERS = np.frombuffer(b"ghijklmnopabcdef", dtype=np.uint8)
_PAIRS = np.stack([np.repeat(_LETTERS, 16), np.tile(_LETTERS, 16)], axis=1)
TOKEN_BYTES = 16
_WORD_BITS = 64
# Columns of a name's letter pairs: 27 letters and ends of words make 728 pairs, and every pair has a bit of its own.
NAME_PAIRS = tuple(f"name_pairs_{word}" for word in range(-(-(27**2 - 1) // _WORD_BITS)))
_AT_ONCE = 8_000
_QUARTER = NIK_DIGITS // 4  # digits left out at once, before single ones are
_TWO_DIGITS = [f"{number:02d}" for number in range(32)]

_Sides = Mapping[str, tuple[NDArray[np.intp], NDArray[np.int64]]]  # rows and numbers of the registry and the recipients


@dataclass(frozen=True)
class Pseudonymiser:
    """Makes tokens with the subkeys of one master key."""

    keys: Keys

    def tokens(self, texts: pd.Series, purpose: str, size: int = TOKEN_BYTES) -> pd.Series:
        """Token of each text; ``""`` stays missing. Every distinct text is keyed once."""
        codes, distinct = encoded(texts)
        codes = _blank_missing(codes, distinct)
        return spread_array(self._keyed(distinct, purpose, size), codes, texts.index)

    def _keyed(self, texts: pa.Array, purpose: str, size: int) -> pa.Array:
        """HMAC-SHA-256 (RFC 2104) of each text in letters; both passes start from the key's own state, made once.

        Some at a time, so that a million texts take no more than their tokens.
        """
        key = self.keys.derive(purpose).ljust(hashlib.sha256().block_size, b"\0")
        inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)).copy for pad in (0x36, 0x5C))
        letters = np.empty((len(texts), 2 * size), dtype=np.uint8)
        for start in range(0, len(texts), _AT_ONCE):
            digests = bytearray()
            for text in texts.slice(start, _AT_ONCE).cast(pa.large_binary()).to_pylist():
                first, second = inner(), outer()
                first.update(text)
                second.update(first.digest())
                digests += second.digest()[:size]
            block = np.frombuffer(digests, dtype=np.uint8)
            letters[start : start + _AT_ONCE] = _PAIRS.take(block, axis=0).reshape(-1, 2 * size)
        offsets = np.arange(0, 2 * size * len(texts) + 1, 2 * size, dtype=np.int64)
        return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(letters))

    def names(self, names: pd.Series) -> pd.DataFrame:
        """``name_token`` of the normalised name, and its keyed letter pairs as bits of the columns ``NAME_PAIRS``.

        Without a name the token is missing and no bit is set.
        """
        codes, distinct = factorized(names)
        # Spellings of one name share what is made of it.
        same, normalised = encoded(normal_names(distinct))
        codes = np.append(_blank_missing(same, normalised), np.int32(-1))[codes]
        token = spread_array(self._keyed(normalised, "name", TOKEN_BYTES), codes, names.index)
        words = np.vstack([self._pairs_of(normalised), np.zeros((1, len(NAME_PAIRS)), dtype=np.uint64)])
        pairs = {name: words[:, place][codes] for place, name in enumerate(NAME_PAIRS)}
        return pd.DataFrame({"name_token": token, **pairs}, index=names.index)

    def _pairs_of(self, names: pa.Array) -> NDArray[np.uint64]:
        """Letter pairs of each normalised name as bits, names × words; which bit a pair has the key decides.

        Words are marked at both ends: a space stands for the end of one and the beginning of the next.
        """
        pairs = ["".join(pair) for pair in itertools.product("_" + string.ascii_uppercase, repeat=2)][1:]
        tokens = self._keyed(pa.array(pairs, pa.large_string()), "bigram", TOKEN_BYTES)
        bit = np.append(0, np.argsort(np.argsort(tokens.to_numpy(zero_copy_only=False))))  # two ends make no pair
        blocks = (names.slice(start, _AT_ONCE).to_pylist() for start in range(0, len(names), _AT_ONCE))
        made = [_pair_bits(block, bit) for block in blocks]
        return np.concatenate(made) if made else np.zeros((0, len(NAME_PAIRS)), dtype=np.uint64)

    def births(self, days: NDArray[np.datetime64], index: pd.Index) -> pd.DataFrame:
        """Tokens of the whole date, of day and of month, and the plain year."""
        codes, distinct = distinct_days(days.astype("datetime64[D]"))
        months = distinct.astype("datetime64[M]")
        years = distinct.astype("datetime64[Y]")
        parts = {
            "birth_token": ("birth", np.datetime_as_string(distinct, unit="D"), np.arange(len(distinct))),
            "birth_day_token": ("birth day", _TWO_DIGITS, (distinct - months).astype(np.int64) + 1),
            "birth_month_token": ("birth month", _TWO_DIGITS, (months - years).astype(np.int64) + 1),
        }
        table = {}
        for name, (purpose, texts, places) in parts.items():
            tokens = self._keyed(pa.array(texts, pa.large_string()), purpose, TOKEN_BYTES)
            table[name] = spread_array(tokens.take(pa.array(places)), codes, index)
        year = np.append(years.astype(float) + 1970, np.nan)[codes]
        return pd.DataFrame(table, index=index).assign(birth_year=year)

    def shared_masks(self, niks: dict[str, pd.Series]) -> dict[str, pd.Series]:
        """Keyed tokens of NIKs with one digit left out, where a recipient's and a registry's number share them.

        Two numbers that differ in one digit share exactly one such mask. Only masks that occur on both sides are
        tokenised: the others could link nobody.

        Parameters
        ----------
        niks
            Usable NIKs (``""`` where none) under ``"registry"`` and ``"recipients"``.

        Returns
        -------
        dict
            For each side, tokens joined by a space, missing where no mask is shared.
        """
        sides = {side: _numbers(series) for side, series in niks.items()}
        rows, numbers = sides["recipients"]
        unmatched = ~_among(numbers, sides["registry"][1])
        sides["recipients"] = rows[unmatched], numbers[unmatched]
        found: dict[str, dict[int, list[str]]] = {side: {} for side in niks}
        for first in range(0, NIK_DIGITS, _QUARTER):
            # Who shares a mask shares what is left without the whole quarter: of most numbers no more is asked.
            alike = _shared(sides, first, _QUARTER)
            near = {side: (sides[side][0][own], sides[side][1][own]) for side, own in alike.items()}
            for position in range(first, first + _QUARTER):
                hits = _shared(near, position, 1)
                for side, own in hits.items():
                    rows, numbers = near[side]
                    masks = _without(numbers[own], position, 1)
                    labels = pd.Series([f"{position}:{mask}" for mask in masks], dtype="str")
                    for row, token in zip(rows[own], self.tokens(labels, "nik mask"), strict=True):
                        found[side].setdefault(int(row), []).append(token)
        return {
            side: pd.Series({row: " ".join(tokens) for row, tokens in found[side].items()}, dtype="str").reindex(
                pd.RangeIndex(len(series))
            )
            for side, series in niks.items()
        }


def _blank_missing(codes: NDArray[np.int32], distinct: pa.Array) -> NDArray[np.int32]:
    """The same codes with that of ``""`` as missing."""
    blank = pc.index(distinct, pa.scalar("", distinct.type)).as_py()
    return codes if blank < 0 else np.where(codes == blank, np.int32(-1), codes)


def _pair_bits(names: list[str], bit: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Letter pairs of normalised names, one bit each, in as many words as hold them.

    ``bit`` is that of pair ``27 * first + second`` (A-Z as 1-26, the end of a word as 0).
    """
    text = np.frombuffer("\n".join(["", *names, ""]).encode("ascii"), dtype=np.uint8)
    letter = np.where(text >= ord("A"), text - (ord("A") - 1), 0).astype(np.int64)
    pair = 27 * letter[:-1] + letter[1:]
    owner = (np.cumsum(text[:-1] == ord("\n")) - 1)[pair > 0]
    word, place = np.divmod(bit[pair[pair > 0]], _WORD_BITS)
    found = np.zeros(len(names) * len(NAME_PAIRS), dtype=np.uint64)
    np.bitwise_or.at(found, owner * len(NAME_PAIRS) + word, np.uint64(1) << place.astype(np.uint64))
    return found.reshape(-1, len(NAME_PAIRS))


def _numbers(series: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    numbers = as_numbers(series)
    rows = np.flatnonzero(numbers)
    return rows, numbers[rows]


def _among(numbers: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which numbers are among others; a table of these is sought in, nothing is put in order."""
    found = pc.is_in(pa.array(numbers), value_set=pa.array(others))
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _shared(sides: _Sides, first: int, digits: int) -> dict[str, NDArray[np.intp]]:
    """Places of the numbers of each side that, without some digits, the other side has as well."""
    left = {side: _without(numbers, first, digits) for side, (_, numbers) in sides.items()}
    # A few recipients are sought among all the registry, and they only among those of it that were found.
    registry = np.flatnonzero(_among(left["registry"], left["recipients"]))
    recipients = np.flatnonzero(_among(left["recipients"], left["registry"][registry]))
    return {"registry": registry, "recipients": recipients}


def _without(numbers: NDArray[np.int64], first: int, digits: int) -> NDArray[np.int64]:
    """Numbers without so many digits from the one at ``first`` on, counted from the right."""
    scale = 10**first
    return numbers // (scale * 10**digits) * scale + numbers % scale
