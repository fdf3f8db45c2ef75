"""Identities become keyed tokens (HMAC-SHA-256): equal inputs, equal tokens, and no way back without the key.

Tokens are letters a-p, so that no token can be mistaken for a number and no spreadsheet for a formula. Every purpose
has its own subkey: the token of a NIK says nothing about the token of a name.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kaur_analysis.intake.identity import NIK_DIGITS, as_numbers, bigrams, normal_names
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.text import factorized, from_arrow, spread_array, to_arrow

# Two letters for each byte: its hexadecimal digits, 0-9 as g-p.
_LETTERS = np.frombuffer(b"ghijklmnopabcdef", dtype=np.uint8)
_PAIRS = np.stack([np.repeat(_LETTERS, 16), np.tile(_LETTERS, 16)], axis=1)
TOKEN_BYTES = 16
_BIGRAM_BYTES = 3
_MARKED_NAMES = 4_000


@dataclass(frozen=True)
class Pseudonymiser:
    """Makes tokens with the subkeys of one master key."""

    keys: Keys

    def tokens(self, texts: pd.Series, purpose: str, size: int = TOKEN_BYTES) -> pd.Series:
        """Token of each text; ``""`` stays missing. Every distinct text is keyed once."""
        codes, distinct = factorized(texts)
        if "" in distinct:
            empty = distinct.index("")
            codes = np.where(codes == empty, -1, codes - (codes > empty))
            del distinct[empty]
        return spread_array(self._keyed(distinct, purpose, size), codes, texts.index)

    def _keyed(self, texts: list[str], purpose: str, size: int) -> pa.Array:
        """HMAC-SHA-256 (RFC 2104) of each text in letters; both passes start from the key's own state, made once."""
        key = self.keys.derive(purpose).ljust(hashlib.sha256().block_size, b"\0")
        inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)).copy for pad in (0x36, 0x5C))
        digests = bytearray()
        for text in texts:
            first, second = inner(), outer()
            first.update(text.encode())
            second.update(first.digest())
            digests += second.digest()[:size]
        letters = _PAIRS[np.frombuffer(digests, dtype=np.uint8)]
        offsets = np.arange(0, 2 * size * len(texts) + 1, 2 * size, dtype=np.int64)
        return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(letters))

    def names(self, names: pd.Series) -> pd.DataFrame:
        """``name_token`` of the normalised name; ``name_bigrams``, keyed tokens of its letter pairs, spaces between."""
        codes, distinct = factorized(names)
        # Spellings of one name share what is made of it.
        same, normalised = factorized(pd.Series(normal_names(distinct), dtype="str"))
        codes = np.where(codes < 0, -1, np.append(same, -1)[codes])
        tokens = self.tokens(pd.Series(normalised, dtype="str"), "name")
        return pd.DataFrame(
            {
                "name_token": spread_array(to_arrow(tokens), codes, names.index),
                "name_bigrams": spread_array(self._pairs_of(normalised), codes, names.index),
            }
        )

    def _pairs_of(self, names: list[str]) -> pa.Array:
        """Keyed letter pairs of each name in the order of their tokens; those of a word are made once."""
        split = pc.utf8_split_whitespace(pa.array(names, type=pa.large_string()))
        name = pc.list_parent_indices(split).to_numpy()
        of_word, words = factorized(from_arrow(pc.list_flatten(split)))
        pairs = [bigrams(word) for word in words]
        every = sorted({pair for own in pairs for pair in own})
        keyed = self._keyed(every, "bigram", _BIGRAM_BYTES).to_pylist()
        order = {pair: rank for rank, (_, pair) in enumerate(sorted(zip(keyed, every, strict=True)))}
        counts = np.array([len(own) for own in pairs], dtype=np.int64)
        ranks = np.array([order[pair] for own in pairs for pair in own], dtype=np.int64)
        begin = np.cumsum(counts) - counts
        owners, held = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for first in range(0, len(names), _MARKED_NAMES):
            own = slice(*np.searchsorted(name, [first, first + _MARKED_NAMES]))
            # every pair of every word of these names: where the word's pairs begin, and how far in
            times = counts[of_word[own]]
            far_in = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
            pair = ranks[np.repeat(begin[of_word[own]], times) + far_in]
            # marks for every possible pair bring them in order quicker than sorting
            marks = np.zeros((min(_MARKED_NAMES, len(names) - first), len(every)), dtype=bool)
            marks[np.repeat(name[own] - first, times), pair] = True
            owner, rank = np.nonzero(marks)
            owners.append(owner + first)
            held.append(rank)
        owner, rank = np.concatenate(owners), np.concatenate(held)
        offsets = np.append(0, np.cumsum(np.bincount(owner, minlength=len(names)))).astype(np.int32)
        tokens = pa.array(sorted(keyed), type=pa.string()).take(pa.array(rank))
        joined = pc.binary_join(pa.ListArray.from_arrays(offsets, tokens), " ")
        return pc.if_else(pc.equal(pc.binary_length(joined), 0), pa.scalar(None, pa.string()), joined)

    def births(self, days: NDArray[np.datetime64], index: pd.Index) -> pd.DataFrame:
        """Tokens of the whole date, of day and of month, and the plain year."""
        whole = days.astype("datetime64[D]")
        distinct, codes = np.unique(whole[~np.isnat(whole)], return_inverse=True)
        iso = np.datetime_as_string(distinct, unit="D").tolist()
        row = np.full(len(days), -1, dtype=np.int64)
        row[~np.isnat(whole)] = codes
        parts = {
            "birth_token": ("birth", iso),
            "birth_day_token": ("birth day", [day[8:] for day in iso]),
            "birth_month_token": ("birth month", [day[5:7] for day in iso]),
        }
        table = pd.DataFrame(
            {
                name: spread_array(to_arrow(self.tokens(pd.Series(texts, dtype="str"), purpose)), row, index)
                for name, (purpose, texts) in parts.items()
            },
            index=index,
        )
        years = whole.astype("datetime64[Y]").astype(float) + 1970
        return table.assign(birth_year=np.where(np.isnat(whole), np.nan, years))

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
        unmatched = np.setdiff1d(sides["recipients"][1], sides["registry"][1])
        wanted = {
            position: np.intersect1d(_masked(unmatched, position), _masked(sides["registry"][1], position))
            for position in range(NIK_DIGITS)
        }
        found: dict[str, dict[int, list[str]]] = {side: {} for side in niks}
        for side, (rows, numbers) in sides.items():
            pool = np.isin(numbers, unmatched) if side == "recipients" else np.ones(len(numbers), dtype=bool)
            for position, shared in wanted.items():
                if not len(shared):
                    continue
                masks = _masked(numbers[pool], position)
                hits = np.flatnonzero(np.isin(masks, shared))
                labels = pd.Series([f"{position}:{mask}" for mask in masks[hits]], dtype="str")
                for row, token in zip(rows[pool][hits], self.tokens(labels, "nik mask"), strict=True):
                    found[side].setdefault(int(row), []).append(token)
        return {
            side: pd.Series({row: " ".join(tokens) for row, tokens in found[side].items()}, dtype="str").reindex(
                pd.RangeIndex(len(series))
            )
            for side, series in niks.items()
        }


def _numbers(series: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    numbers = as_numbers(series)
    rows = np.flatnonzero(numbers)
    return rows, numbers[rows]


def _masked(numbers: NDArray[np.int64], position: int) -> NDArray[np.int64]:
    """Numbers without the digit at ``position`` from the right."""
    scale = 10**position
    return numbers // (scale * 10) * scale + numbers % scale
