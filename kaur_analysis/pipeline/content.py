"""What a value holds, told by a hash: two that hold the same are the same, wherever they come from."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel

# Most of what a page says is one of these: asked for first, by the type itself.
_SIMPLE = frozenset({str, int, float, bool, type(None)})


def content(given: object) -> str:
    """Hash of what a value holds: equal hashes, equal values.

    Raises
    ------
    TypeError
        It is nothing of which that could be told.
    """
    told = _told(given)
    return told if isinstance(told, str) else hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _told(given: object) -> str | list[object]:
    """A hash of a table's or an array's bytes; of any other value its type and what JSON can hold of it."""
    if type(given) in _SIMPLE:
        return [type(given).__name__, given]
    if isinstance(given, pd.Series):
        given = given.to_frame()
    if isinstance(given, pd.DataFrame):
        sha, table = _Sha(), pa.Table.from_pandas(given)
        with pa.ipc.new_stream(pa.PythonFile(sha, "w"), table.schema) as writer:
            writer.write_table(table)
        return sha.hexdigest()
    if isinstance(given, np.ndarray):
        if given.dtype.hasobject:  # its bytes are addresses
            raise TypeError("object array has no content to compare")
        sha = _Sha()
        sha.write(f"{given.dtype.str} {given.shape} ".encode())
        sha.write(np.ascontiguousarray(given).data)
        return sha.hexdigest()
    return [type(given).__name__, _plain(given)]


def _plain(given: object) -> object:
    """A value as JSON can hold it, what it is made of told likewise."""
    if given is None or isinstance(given, str | int | float):
        return given
    if isinstance(given, BaseModel):
        return given.model_dump(mode="json")
    if is_dataclass(given):
        return [[name, _told(getattr(given, name))] for name in _names(given.__class__)]
    if isinstance(given, Mapping):
        return [[_told(name), _told(value)] for name, value in given.items()]
    if isinstance(given, list | tuple):
        return [_told(value) for value in given]
    if isinstance(given, frozenset):
        return sorted(content(value) for value in given)
    if isinstance(given, date):
        return given.isoformat()
    raise TypeError(f"{type(given).__name__} has no content to compare")


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Names of a dataclass's fields."""
    return tuple(each.name for each in fields(kind))


class _Sha(io.RawIOBase):
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._sha.update(piece)
        return memoryview(piece).nbytes

    def hexdigest(self) -> str:
        return self._sha.hexdigest()
