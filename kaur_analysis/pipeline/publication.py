"""Putting an edition in its place: products of the cache, pages about the edition itself, a last look, the manifest.

What was made or looked at for the last edition is not made or looked at again where it is the same to the byte.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.manifest import manifest_facts, write_manifest
from kaur_analysis.pipeline.provenance import code_hash, combined_hash, libraries
from kaur_analysis.store import file_hash, write_text

NOTE = "published/terbit"  # what the last publishing made and looked at


def publish(
    edition: Edition,
    cache: Path,
    state: Mapping[str, Any],
    steps: Mapping[str, str],
    titles: Mapping[str, str],
    failed: Iterable[str],
) -> None:
    """Assemble the edition from products that are true now, and exchange it for the last one in one move.

    Parameters
    ----------
    cache
        Folder in which the products lie.
    state
        Per step what it left and what it cost.
    steps
        Steps that are part of this edition, in order, each with its product.
    titles
        Title by file name of the pages among them.
    failed
        Steps that failed in this run.
    """
    note = _noted(edition)
    own = _own_products(edition, cache, titles, note.get("own", {}))
    staging = edition.store.reports / f".{edition.name}.sedang"
    shutil.rmtree(staging, ignore_errors=True)
    for product in (*steps.values(), *own["products"]):
        target = staging / product
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cache / product, target)
    seen = look_last(staging, edition.study.contact or "", note.get("seen", {}))
    edition.store.write_facts(NOTE, {"own": own, "seen": seen})
    write_manifest(staging, manifest_facts(edition, state, steps, failed))
    _exchange(staging, edition.store.pages)


def _noted(edition: Edition) -> dict[str, Any]:
    """What the last publishing noted; empty where there was none or the note is damaged."""
    try:
        return edition.store.read_facts(NOTE)
    except (UsageError, ValueError):
        return {}


def _own_products(edition: Edition, cache: Path, titles: Mapping[str, str], before: dict[str, Any]) -> dict[str, Any]:
    """Index, methods, data quality and the published table in the cache: hash of each, and of what they came from."""
    facts = edition.store.read_facts("published/edition")
    given = [edition.store.hash("published/published"), facts, edition.prefix, dict(titles)]
    made_from = combined_hash([*given, code_hash(), libraries()])
    if before.get("made_from") == made_from and all(
        (cache / name).is_file() and file_hash(cache / name) == value for name, value in before["products"].items()
    ):
        return before
    from kaur_analysis.intake import csv_text
    from kaur_analysis.reporting import edition_pages

    published = edition.store.read("published/published")
    texts = edition_pages(published, facts, edition.area, dict(titles), edition.prefix)
    texts["published.csv"] = csv_text(published)
    products = {name: file_hash(write_text(cache / name, text)) for name, text in texts.items()}
    return {"made_from": made_from, "products": products}


def look_last(folder: Path, contact: str, before: dict[str, Any]) -> dict[str, Any]:
    """Refuse the whole edition where any product seems to hold a person's number; the office's own may stand in it.

    A product that the same look let pass before, by its hash, need not be looked at again.
    """
    look = combined_hash([code_hash(), contact])
    passed = set(before["products"]) if before.get("look") == look else set()
    products = {path: file_hash(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    fresh = [path for path, value in products.items() if value not in passed]
    if fresh:
        from kaur_analysis.disclosure import require_publishable
    for path in fresh:
        require_publishable(path.read_text(encoding="utf-8"), path.name, contact)
    return {"look": look, "products": sorted(products.values())}


def _exchange(staging: Path, place: Path) -> None:
    """Put the new folder in the place of the old one; the old one is only removed once the new one stands."""
    old = aside(place)
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    try:
        staging.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def aside(place: Path) -> Path:
    """Where an edition stands while another is put in its place."""
    return place.with_name(f".{place.name}.lama")
