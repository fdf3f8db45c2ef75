"""The manifest of an edition: what it was made from and the hash of every product, so that anyone can check a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.store import file_hash, write_text

NAME = "manifest.json"


@dataclass(frozen=True)
class Deviation:
    """A product that is not what the manifest says: ``hilang``, ``berubah`` or ``tidak tercatat``."""

    product: str
    kind: str


def write_manifest(folder: Path, facts: dict[str, Any]) -> Path:
    """Hash every file of the edition's folder and write the manifest beside them."""
    products = {
        path.relative_to(folder).as_posix(): {"sha256": file_hash(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }
    text = json.dumps(facts | {"products": products}, ensure_ascii=False, indent=1, sort_keys=True)
    return write_text(folder / NAME, text + "\n")


def verify(folder: Path) -> list[Deviation]:
    """Hash the products again and list what deviates from the manifest; an empty list means all is as made.

    Raises
    ------
    UsageError
        The folder is no edition.
    DataRejected
        The manifest itself cannot be read.
    """
    path = folder / NAME
    if not path.is_file():
        raise UsageError(f"{folder.name}: bukan folder edisi (tidak ada {NAME}).")
    try:
        products = json.loads(path.read_text(encoding="utf-8"))["products"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataRejected(f"{NAME} rusak dan tidak dapat dibaca.") from error
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != NAME}
    missing = [Deviation(name, "hilang") for name in products if name not in found]
    changed = [
        Deviation(name, "berubah")
        for name, entry in products.items()
        if name in found and file_hash(found[name]) != entry["sha256"]
    ]
    extra = [Deviation(name, "tidak tercatat") for name in sorted(found) if name not in products]
    return [*missing, *changed, *extra]
