"""What a value holds, told by a hash: two that hold the same are the same, wherever they come from."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel


def content(given: object) -> str:
    """Hash of what a value holds: equal hashes, equal values.

    Raises
    ------
    TypeError
        It is nothing of which that could be told.
    """
    sha = _Sha()
    if isinstance(given, pd.Series):
        given = given.to_frame()
    if isinstance(given, pd.DataFrame):
        table = pa.Table.from_pandas(given)
        with pa.ipc.new_stream(pa.PythonFile(sha, "w"), table.schema) as writer:
            writer.write_table(table)
    elif isinstance(given, np.ndarray):
        if given.dtype.hasobject:  # its bytes are addresses
            raise TypeError("object array has no content to compare")
        sha.write(f"{given.dtype.str} {given.shape} ".encode())
        sha.write(np.ascontiguousarray(given).data)
    else:
        sha.write(json.dumps([type(given).__name__, _plain(given)]).encode())
    return sha.hexdigest()


def _plain(given: object) -> object:
    """A value as JSON can hold it, what it is made of by its content."""
    if isinstance(given, BaseModel):
        return given.model_dump(mode="json")
    if is_dataclass(given):
        return [[each.name, content(getattr(given, each.name))] for each in fields(given)]
    if isinstance(given, Mapping):
        return [[content(name), content(value)] for name, value in given.items()]
    if isinstance(given, list | tuple):
        return [content(value) for value in given]
    if isinstance(given, frozenset):
        return sorted(content(value) for value in given)
    if isinstance(given, date):
        return given.isoformat()
    if given is None or isinstance(given, str | int | float):
        return given
    raise TypeError(f"{type(given).__name__} has no content to compare")


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
