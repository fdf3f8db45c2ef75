"""How text is held and compared: Arrow columns worked on whole or by their distinct values; headings normalised."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import DTypeLike, NDArray

_OTHER = re.compile(r"[^0-9a-z]+")
_TEXT = pd.StringDtype(na_value=np.nan)  # what pandas calls "str"
PIECE_ROWS = 131_072  # of a column that is worked on piece by piece


def normal(text: str) -> str:
    """Small letters and digits, single spaces: ``" No. KK "`` and ``"no_kk"`` become ``"no kk"``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub(" ", plain).strip()


def to_arrow(texts: pd.Series) -> pa.Array:
    """A text column as one Arrow array; missing texts are null."""
    given = to_chunks(texts)
    return given.chunk(0) if given.num_chunks == 1 else given.combine_chunks()


def to_chunks(texts: pd.Series) -> pa.ChunkedArray:
    """A text column in the chunks in which it is held; missing texts are null."""
    given = pa.array(texts, type=pa.large_string(), from_pandas=True)
    chunks = given.chunks if isinstance(given, pa.ChunkedArray) else [given]
    return pa.chunked_array(chunks or [pa.array([], given.type)])


def pieces(texts: pd.Series) -> Iterator[pa.Array]:
    """A text column piece by piece.

    What is made of a piece is small enough for its memory to be used again for the next. Copies of a whole column of
    millions of rows would each ask the system for memory, which costs more than the work itself.
    """
    for chunk in to_chunks(texts).chunks:
        for start in range(0, max(len(chunk), 1), PIECE_ROWS):
            yield chunk.slice(start, PIECE_ROWS)


def by_pieces(texts: pd.Series, work: Callable[[pa.Array], pa.Array], dtype: DTypeLike) -> NDArray[Any]:
    """What a function says of each text, as one array without missing values."""
    return _flat(pa.chunked_array([work(piece) for piece in pieces(texts)], pa.from_numpy_dtype(dtype)), dtype)


def from_arrow(texts: pa.Array | pa.ChunkedArray, index: pd.Index | None = None) -> pd.Series:
    """A text column of an Arrow array, without going through its cells."""
    return pd.Series(_TEXT.__from_arrow__(texts.cast(pa.large_string())), index=index)


def from_pieces(texts: Iterable[pa.Array], index: pd.Index | None = None) -> pd.Series:
    """A text column of pieces below each other."""
    return from_arrow(pa.chunked_array(list(texts), pa.large_string()), index)


def stripped(texts: pd.Series) -> pd.Series:
    """Texts without spaces around them; pieces that have none are those given and take no memory."""
    return from_pieces(map(trimmed, pieces(texts)), texts.index)


def trimmed(texts: pa.Array) -> pa.Array:
    """The same for a piece."""
    bare = pc.utf8_trim_whitespace(texts)
    return texts if _bytes(bare) == _bytes(texts) else bare


def _bytes(texts: pa.Array) -> int:
    return pc.sum(pc.binary_length(texts)).as_py() or 0


def encoded(texts: pd.Series) -> tuple[NDArray[np.int32], pa.Array]:
    """Code of each text and the distinct texts as they first occur; the code of a missing text is -1."""
    return encoded_chunks(to_chunks(texts))


def encoded_chunks(values: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    """The same for an Arrow column of any kind."""
    found = values.dictionary_encode().chunks
    codes = pa.chunked_array([chunk.indices.fill_null(-1) for chunk in found], pa.int32())
    return _flat(codes, np.int32), found[0].dictionary if found else pa.array([], values.type)


def distinct_days(days: NDArray[np.datetime64]) -> tuple[NDArray[np.int32], NDArray[np.datetime64]]:
    """Code of each day and the distinct days as they first occur; the code of a missing day is -1."""
    parts = [pa.array(days[start : start + PIECE_ROWS]) for start in range(0, len(days), PIECE_ROWS)]
    codes, distinct = encoded_chunks(pa.chunked_array(parts, pa.date32()))
    return codes, distinct.to_numpy(zero_copy_only=False).astype("datetime64[D]")


def factorized(texts: pd.Series) -> tuple[NDArray[np.int32], list[str]]:
    """The same with the distinct texts as a list, for those that are few."""
    codes, distinct = encoded(texts)
    return codes, distinct.to_pylist()


def spread(distinct: Iterable[str | None], codes: NDArray[np.integer], index: pd.Index | None = None) -> pd.Series:
    """A text column of distinct texts and the code of each row; code -1 is a missing text."""
    return spread_array(pa.array(list(distinct), type=pa.large_string()), codes, index)


def spread_array(distinct: pa.Array, codes: NDArray[np.integer], index: pd.Index | None = None) -> pd.Series:
    """The same for distinct texts that are an Arrow array."""
    parts = (codes[start : start + PIECE_ROWS] for start in range(0, len(codes), PIECE_ROWS))
    return from_pieces((distinct.take(_places(part)) for part in parts), index)


def _places(codes: NDArray[np.integer]) -> pa.Array:
    missing = codes < 0
    return pa.array(codes, mask=missing) if missing.any() else pa.array(codes)


def same_text(text: str, index: pd.Index) -> pd.Series:
    """A text column that says the same on every row; its pieces are one and the same."""
    piece = pa.repeat(pa.scalar(text, pa.large_string()), min(len(index), PIECE_ROWS))
    whole, rest = divmod(len(index), PIECE_ROWS)
    return from_pieces([*[piece] * whole, piece.slice(0, rest)], index)


def among(texts: pd.Series, others: pd.Series) -> NDArray[np.bool_]:
    """Which texts occur among others; missing ones do not."""
    wanted = to_chunks(others)
    if len(texts) < len(others):  # a small table of what is asked for is searched sooner than a large one is built
        wanted = wanted.filter(pc.is_in(wanted, value_set=to_arrow(texts)))
    return _flat(pc.is_in(to_chunks(texts), value_set=wanted.combine_chunks().drop_null()), np.bool_)


def places_in(texts: pd.Series, others: pd.Series | pd.Index) -> NDArray[np.int32]:
    """Where each text first occurs among others; -1 where it does not, as missing ones do not."""
    found = pc.index_in(to_chunks(texts), value_set=to_arrow(pd.Series(others)), skip_nulls=True)
    return _flat(found.fill_null(-1), np.int32)


def _flat(values: pa.ChunkedArray, dtype: DTypeLike) -> NDArray[Any]:
    """An Arrow column without missing values as one array."""
    found = np.empty(len(values), dtype=dtype)
    start = 0
    for chunk in values.chunks:
        found[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)
    return found
