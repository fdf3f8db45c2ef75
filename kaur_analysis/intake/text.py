"""How text is held and compared: Arrow columns worked on whole or by their distinct values; headings normalised."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_OTHER = re.compile(r"[^0-9a-z]+")
_TEXT = pd.StringDtype(na_value=np.nan)  # what pandas calls "str"


def normal(text: str) -> str:
    """Small letters and digits, single spaces: ``" No. KK "`` and ``"no_kk"`` become ``"no kk"``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub(" ", plain).strip()


def to_arrow(texts: pd.Series) -> pa.Array:
    """A text column as one Arrow array; missing texts are null."""
    given = pa.array(texts, type=pa.large_string(), from_pandas=True)
    return given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given


def from_arrow(texts: pa.Array | pa.ChunkedArray, index: pd.Index | None = None) -> pd.Series:
    """A text column of an Arrow array, without going through its cells."""
    return pd.Series(_TEXT.__from_arrow__(texts.cast(pa.large_string())), index=index)


def encoded(texts: pd.Series) -> tuple[NDArray[np.int64], pa.Array]:
    """Code of each text and the distinct texts as they first occur; the code of a missing text is -1."""
    found = to_arrow(texts).dictionary_encode()
    codes = found.indices.fill_null(-1) if found.indices.null_count else found.indices
    return codes.to_numpy(zero_copy_only=False).astype(np.int64), found.dictionary


def factorized(texts: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """The same with the distinct texts as a list, for those that are few."""
    codes, distinct = encoded(texts)
    return codes, distinct.to_pylist()


def spread(distinct: Iterable[str | None], codes: NDArray[np.int64], index: pd.Index | None = None) -> pd.Series:
    """A text column of distinct texts and the code of each row; code -1 is a missing text."""
    return spread_array(pa.array(list(distinct), type=pa.large_string()), codes, index)


def spread_array(distinct: pa.Array, codes: NDArray[np.int64], index: pd.Index | None = None) -> pd.Series:
    """The same for distinct texts that are an Arrow array."""
    missing = codes < 0
    places = pa.array(codes, mask=missing) if missing.any() else pa.array(codes)
    return from_arrow(distinct.take(places), index)


def same_text(text: str, index: pd.Index) -> pd.Series:
    """A text column that says the same on every row."""
    return from_arrow(pa.repeat(pa.scalar(text, pa.large_string()), len(index)), index)


def among(texts: pd.Series, others: pd.Series) -> NDArray[np.bool_]:
    """Which texts occur among others; missing ones do not."""
    wanted = to_arrow(others).drop_null()
    return pc.is_in(to_arrow(texts), value_set=wanted).to_numpy(zero_copy_only=False)


def places_in(texts: pd.Series, others: pd.Series | pd.Index) -> NDArray[np.int64]:
    """Where each text first occurs among others; -1 where it does not."""
    found = pc.index_in(to_arrow(texts), value_set=to_arrow(pd.Series(others)))
    return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
