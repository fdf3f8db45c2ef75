"""Hashes that say what a result was made from: inputs, code, libraries."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import kaur_analysis
from kaur_analysis.store import file_hash

PACKAGE = Path(kaur_analysis.__file__).parent
DECIDING_EXTRAS = ("maps",)  # outlines rest on it; clusters, tests and documents decide nothing
CODE_SUFFIXES = (".py", ".yaml", ".csv", ".j2", ".css", ".json")


def combined_hash(parts: Any) -> str:
    """SHA-256 of anything JSON can write, independent of dictionary order."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def files_hash(paths: Iterable[Path], folder: Path) -> dict[str, str]:
    """Hash of each file by its path relative to ``folder`` (with ``/`` on every system)."""
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(paths)}


def code_hash() -> str:
    """Hash of the package's code and package data."""
    return combined_hash(files_hash((p for p in PACKAGE.rglob("*") if p.suffix in CODE_SUFFIXES), PACKAGE))


@cache
def libraries() -> dict[str, str]:
    """Installed version of each library that results rest on; read once, none can change under a running program.

    Libraries of an extra are among them where it decides what a page shows and they are installed.
    """
    return dict(sorted(_versions(metadata.requires("kaur-analysis") or [])))


def _versions(requirements: Iterable[str]) -> Iterator[tuple[str, str]]:
    for requirement in requirements:
        name, _, condition = (part.strip() for part in requirement.partition(";"))
        extra = re.search(r"extra == ['\"](\w+)", condition)
        if extra is None:
            yield name, metadata.version(name)
        elif extra.group(1) in DECIDING_EXTRAS:
            with suppress(metadata.PackageNotFoundError):
                yield name, metadata.version(name)
