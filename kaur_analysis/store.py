"""Named tables as Parquet files on disk: the only place that builds paths of data and reports.

A table's name says its folder: ``clean/families`` of edition ``2025`` is ``data/clean/2025/families.parquet``.
Writes are atomic (a file is complete or absent), and files carry no time, so equal tables are equal bytes.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd

from kaur_analysis.errors import UsageError

PARTIAL = ".partial"  # ending of a file that is being written, or was when a run was killed
STAGES = ("clean", "estimates", "published")


def project_root() -> Path:
    """Folder that holds ``notebooks/``: that of the editable install, else the working folder or one above it.

    Raises
    ------
    UsageError
        None of them holds the notebooks.
    """
    for folder in (Path(__file__).resolve().parents[1], Path.cwd(), *Path.cwd().parents):
        if (folder / "notebooks" / "01_clean.ipynb").is_file():
            return folder
    raise UsageError("Folder proyek (yang memuat notebooks/) tidak ditemukan. Jalankan perintah dari dalamnya.")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes, private: bool = False, lasting: bool = False) -> Path:
    """Write a file so that it is complete or absent, whatever ends the process.

    Parameters
    ----------
    path, content
        The file and what it will hold.
    private
        Only the owner may read it, where the system knows owners.
    lasting
        Wait until the disk holds it, so that a power cut leaves the old file or the new one. For what nobody can make
        again: a hundred files of an edition would take a second longer.

    Returns
    -------
    The file.
    """
    with writing(path, private) as stream:
        stream.write(content)
        if lasting:
            on_disk(stream)
    if lasting:
        folder_on_disk(path.parent)
    return path


@contextmanager
def writing(path: Path, private: bool = False) -> Iterator[IO[bytes]]:
    """A file to write part by part that is complete or absent as that of :func:`write_bytes`.

    Parameters
    ----------
    path, private
        As :func:`write_bytes` takes them.

    Yields
    ------
    What the parts are written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(path) as partial, open(partial, "wb", opener=owners_alone if private else None) as stream:
        yield stream


def append_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Add a line to a log of JSON lines that only its owner may read, and wait until the disk holds it.

    All beyond ASCII is escaped: nothing that somebody types can begin a line of its own or turn the direction of
    reading.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", opener=owners_alone) as stream:
        stream.write(json.dumps(entry).encode("ascii") + b"\n")
        on_disk(stream)


def private_folder(path: Path) -> Path:
    """A folder, made if it is not there, into which only its owner may look, where the system knows owners."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def owners_alone(path: str, flags: int) -> int:
    """Opener of a file that only its owner may read."""
    return os.open(path, flags, 0o600)


def on_disk(stream: IO[bytes]) -> None:
    """Wait until the disk holds what was written to a file."""
    stream.flush()
    os.fsync(stream.fileno())


def folder_on_disk(folder: Path) -> None:
    """Wait until the disk holds a folder's entries; Windows writes them with the file."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of ``path`` when it is complete, and is removed when it is not."""
    partial = path.with_name(path.name + f".{os.getpid()}{PARTIAL}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str, private: bool = False, lasting: bool = False) -> Path:
    """Write UTF-8 text as :func:`write_bytes` does, with the same line ends on every system."""
    return write_bytes(path, text.encode("utf-8"), private, lasting)


@dataclass(frozen=True)
class Store:
    """Tables of one edition.

    Attributes
    ----------
    data
        The project's ``data/`` folder.
    reports
        Folder that holds one folder per edition.
    edition
        Name of the edition.
    """

    data: Path
    reports: Path
    edition: str

    def path(self, name: str, suffix: str = ".parquet") -> Path:
        """Path of a named table; the first part of the name is one of the stages."""
        stage, _, table = name.partition("/")
        if stage not in STAGES or not table:
            raise ValueError(f"table name {name!r} must be STAGE/TABLE with STAGE one of {STAGES}")
        return self.data / stage / self.edition / (table + suffix)

    @property
    def pages(self) -> Path:
        """Folder of this edition's pages and published tables."""
        return self.reports / self.edition

    def write(self, name: str, table: pd.DataFrame) -> Path:
        """Write a table atomically; its index is not kept."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as partial:
            table.to_parquet(partial, index=False, compression="zstd")
        return path

    def read(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Read a named table.

        Raises
        ------
        UsageError
            The step that makes it has not been run.
        """
        return pd.read_parquet(self._made(name), columns=columns)

    def write_facts(self, name: str, facts: dict[str, Any]) -> Path:
        """Write a small dictionary as JSON beside the tables."""
        text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)
        return write_text(self.path(name, ".json"), text + "\n")

    def read_facts(self, name: str) -> dict[str, Any]:
        """Read a dictionary written by :meth:`write_facts`."""
        path = self.path(name, ".json")
        if not path.is_file():
            raise UsageError(f"Catatan {name} edisi {self.edition} belum ada. Jalankan dahulu langkah sebelumnya.")
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def hash(self, name: str) -> str:
        """Content hash of a named table.

        Raises
        ------
        UsageError
            The step that makes it has not been run.
        """
        return file_hash(self._made(name))

    def _made(self, name: str) -> Path:
        path = self.path(name)
        if not path.is_file():
            raise UsageError(f"Tabel {name} edisi {self.edition} belum ada. Jalankan dahulu langkah sebelumnya.")
        return path
