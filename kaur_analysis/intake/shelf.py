"""What was made of a source, kept encrypted between runs: what stayed as it was is not read again.

A reading still holds names and numbers of people, so it lies sealed under the office's key like the identity vault. An
entry is taken only where everything that decides it is the same: the files' bytes, the study's entry, the key and the
program. A damaged one, or one of anything else, is nothing at all: the source is read again.
"""

import hashlib
import io
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kaur_analysis.intake.keys import Keys
from kaur_analysis.intake.seal import sealing, unseal
from kaur_analysis.store import writing

SUFFIX = ".bin"
_MAGIC = b"KAURBACAAN1\n"
_PURPOSE = "bacaan"
_SIZE_BYTES = 8  # of the number before each part, which says how long it is
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True)
class Shelf:
    """Sealed tables in a folder, each under a name.

    Attributes
    ----------
    folder
        Where they lie.
    program
        Hash of the program and its libraries: of another one nothing is taken.
    keys
        The office's key, which seals them.
    """

    folder: Path
    program: str
    keys: Keys

    def fingerprint(self, *made_from: object) -> str:
        """Hash of what decides an entry.

        Parameters
        ----------
        made_from
            Whatever the entry was made from: settings as values, files as paths.

        Returns
        -------
        The hash as text.
        """
        text = json.dumps([self.program, self.keys.key_id, *made_from], sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def holds(self, name: str, fingerprint: str) -> bool:
        """Whether an entry of this fingerprint lies under a name; whether it is whole shows when it is recalled.

        Parameters
        ----------
        name, fingerprint
            Of the entry.

        Returns
        -------
        Whether it is there.
        """
        head = _head(fingerprint)
        try:
            with self._place(name).open("rb") as stream:
                return stream.read(len(head)) == head
        except OSError:
            return False

    def recall(self, name: str, fingerprint: str) -> "tuple[list[pd.DataFrame], dict[str, Any]] | None":
        """Tables and notes kept under a name.

        Parameters
        ----------
        name, fingerprint
            Of the entry.

        Returns
        -------
        Tables and notes; nothing where there are none of this fingerprint, or damaged ones.
        """
        try:
            content = self._place(name).read_bytes()
        except OSError:
            return None
        plain = unseal(content, self.keys, _PURPOSE, _head(fingerprint))
        if plain is None:
            return None
        notes, *tables = _parts(memoryview(plain))
        return [_unpacked(table) for table in tables], json.loads(bytes(notes))

    def keep(self, name: str, fingerprint: str, tables: Iterable[pd.DataFrame], notes: Mapping[str, Any]) -> None:
        """Seal tables and notes in the place of whatever lies under the name.

        Parameters
        ----------
        name, fingerprint
            Of the entry.
        tables, notes
            What is kept.
        """
        parts = itertools.chain([json.dumps(notes, ensure_ascii=False).encode("utf-8")], map(_packed, tables))
        place = self._place(name)
        head = _head(fingerprint)
        try:
            with writing(place, private=True) as stream, sealing(stream, self.keys, _PURPOSE, head) as sealed:
                for part in parts:
                    sealed.write(len(part).to_bytes(_SIZE_BYTES))
                    sealed.write(part)
        except PermissionError:  # Windows replaces no file that is open: a step beside this one reads what it has kept
            if not self.holds(name, fingerprint):
                raise

    def clear(self, known: Collection[str]) -> None:
        """Remove what is kept under any other name: nobody's data stay longer than their source.

        Parameters
        ----------
        known
            Names that stay.
        """
        places = {self._place(name) for name in known}
        for path in self.folder.glob(f"*{SUFFIX}"):
            if path not in places:
                path.unlink()

    def _place(self, name: str) -> Path:
        """File of an entry; its beginning keeps the names of devices away from Windows (CON, NUL)."""
        return self.folder / f"rak-{name}{SUFFIX}"


def _head(fingerprint: str) -> bytes:
    return _MAGIC + fingerprint.encode("ascii") + b"\n"


def _parts(plain: memoryview) -> Iterator[memoryview]:
    """Parts of an entry where they lie: none is copied."""
    start = 0
    while start < len(plain):
        end = start + _SIZE_BYTES + int.from_bytes(plain[start : start + _SIZE_BYTES])
        yield plain[start + _SIZE_BYTES : end]
        start = end


def _unpacked(part: memoryview) -> pd.DataFrame:
    with pa.ipc.open_stream(pa.py_buffer(part)) as reader:
        return reader.read_all().to_pandas()


def _packed(table: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    packed = pa.Table.from_pandas(table, preserve_index=True)
    with pa.ipc.new_stream(sink, packed.schema, options=_COMPRESSED) as writer:
        writer.write_table(packed)
    return sink.getvalue()
