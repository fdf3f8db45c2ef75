"""Identities become keyed tokens (HMAC-SHA-256): equal inputs, equal tokens, and no way back without the key.

Tokens are letters a-p, so that no token can be mistaken for a number and no spreadsheet for a formula. Every purpose
has its own subkey: the token of a NIK says nothing about the token of a name.
"""

import hmac
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.intake.identity import bigrams, normal_name
from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.values import factorized

_LETTERS = str.maketrans("0123456789", "ghijklmnop")
TOKEN_BYTES = 16
_BIGRAM_BYTES = 3
NIK_DIGITS = 16


@dataclass(frozen=True)
class Pseudonymiser:
    """Makes tokens with the subkeys of one master key."""

    keys: Keys

    def tokens(self, texts: pd.Series, purpose: str, size: int = TOKEN_BYTES) -> pd.Series:
        """Token of each text; ``""`` stays missing."""
        key = self.keys.derive(purpose)
        codes, distinct = factorized(texts)
        made = [
            hmac.digest(key, text.encode(), "sha256")[:size].hex().translate(_LETTERS) if text else None
            for text in distinct
        ]
        return pd.Series(np.array([*made, None], dtype=object)[codes], index=texts.index, dtype="str")

    def names(self, names: pd.Series) -> pd.DataFrame:
        """``name_token`` of the normalised name; ``name_bigrams``, keyed tokens of its letter pairs, spaces between."""
        codes, distinct = factorized(names)
        names_made = [normal_name(name) for name in distinct]
        words = [name.split() for name in names_made]
        # Names share most of their words: letter pairs are keyed once a word, not once a name.
        pairs = {word: bigrams(word) for word in {word for row in words for word in row}}
        every = pd.Series(sorted({pair for own in pairs.values() for pair in own}), dtype="str")
        keyed = dict(zip(every, self.tokens(every, "bigram", _BIGRAM_BYTES), strict=True))
        of_word = {word: {keyed[pair] for pair in own} for word, own in pairs.items()}
        joined = np.array(
            [" ".join(sorted(set().union(*(of_word[word] for word in row)))) or None for row in words] + [None],
            dtype=object,
        )
        tokens = np.array([*self.tokens(pd.Series(names_made, dtype="str"), "name"), None], dtype=object)
        return pd.DataFrame(
            {
                "name_token": pd.Series(tokens[codes], index=names.index, dtype="str"),
                "name_bigrams": pd.Series(joined[codes], index=names.index, dtype="str"),
            }
        )

    def births(self, days: NDArray[np.datetime64], index: pd.Index) -> pd.DataFrame:
        """Tokens of the whole date, of day and of month, and the plain year."""
        iso = pd.Series(days, index=index).dt.strftime("%Y-%m-%d").fillna("").astype("str")
        year = (
            pd.to_numeric(iso.str[:4].where(iso != "", None)).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        )
        return pd.DataFrame(
            {
                "birth_token": self.tokens(iso, "birth"),
                "birth_day_token": self.tokens(iso.str[8:], "birth day"),
                "birth_month_token": self.tokens(iso.str[5:7], "birth month"),
                "birth_year": year,
            },
            index=index,
        )

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
    rows = np.flatnonzero((series != "").to_numpy())
    return rows, series.iloc[rows].astype("int64").to_numpy()


def _masked(numbers: NDArray[np.int64], position: int) -> NDArray[np.int64]:
    """Numbers without the digit at ``position`` from the right."""
    scale = 10**position
    return numbers // (scale * 10) * scale + numbers % scale
