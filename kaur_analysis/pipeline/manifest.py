"""The manifest of an edition: what it was made from and the hash of every product, so that anyone can check a file.

Its form is ``manifest.schema.json``. All but ``timing`` follows from inputs, code and libraries alone: two runs of the
same differ there and nowhere else.
"""

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaur_analysis import __version__
from kaur_analysis.errors import DataRejected, UsageError, mask
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.provenance import code_hash, combined_hash, libraries
from kaur_analysis.reference.files import reference_path
from kaur_analysis.store import file_hash, project_root, write_text
from kaur_analysis.study import Source

NAME = "manifest.json"
SCHEMA = Path(__file__).with_name("manifest.schema.json")
FORM = "kaur-manifest-1"
# Settings that may hold folders of the office's computer, or a person: inputs are listed by name and hash instead.
NOT_SHOWN = {"sources", "contact", "area", "previous", "boundaries"}
# What a result depends on in the project's folder; a change elsewhere does not make it dirty.
DECIDES = ("kaur_analysis", "notebooks", "constraints.txt", "pyproject.toml")


@dataclass(frozen=True)
class Deviation:
    """A product that is not what the manifest says: ``hilang``, ``berubah`` or ``tidak tercatat``."""

    product: str
    kind: str


def manifest_facts(
    edition: Edition, state: Mapping[str, Any], products: Mapping[str, str], failed: Iterable[str]
) -> dict[str, Any]:
    """Everything the manifest says but the hashes of the products.

    Parameters
    ----------
    state
        Per step what it left and what it cost (:func:`kaur_analysis.pipeline.run.read_state`).
    products
        Steps that are part of this edition, in order, each with the file it left.
    failed
        Steps that failed in this run.
    """
    published = edition.store.read_facts("published/edition")
    settings = edition.study.model_dump(mode="json", exclude=NOT_SHOWN)
    steps: list[dict[str, Any]] = [
        {"name": name, "status": "selesai", "product": file, **_made(state[name])} for name, file in products.items()
    ]
    steps += [{"name": name, "status": "gagal"} for name in sorted(failed)]
    return {
        "form": FORM,
        "edition": edition.name,
        "area": edition.area.code,
        "area_name": edition.area.full_name,
        "synthetic": edition.study.synthetic,
        "contact": mask(edition.study.contact),
        "program": {"version": __version__, "code": code_hash(), **revision(project_root())},
        "python": platform.python_version(),
        "libraries": libraries(),
        "study": {"sha256": combined_hash(edition.study.model_dump(mode="json")), "settings": settings},
        "seeds": {"study": edition.study.seed},
        "inputs": inputs(edition),
        "key": published["key"],
        "input": published["input"],
        "run": published["run"],
        "steps": steps,
        "timing": {name: state[name]["effort"] for name in products},
    }


def _made(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a step was made from and its tables; the vault is not among them, it is sealed anew each time."""
    tables = {name: value for name, value in entry["tables"].items() if name.endswith(".parquet")}
    return {"made_from": entry["fingerprint"], "tables": tables}


def revision(folder: Path) -> dict[str, Any]:
    """Git commit of the program and whether files that decide results differ from it; both unknown without git."""

    def git(*arguments: str) -> str | None:
        try:
            said = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=20
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return said.stdout.strip()

    if git("rev-parse", "--show-prefix") != "":  # an unpacked project may lie inside somebody else's repository
        return {"commit": None, "dirty": None}
    changed = git("status", "--porcelain", "--", *DECIDES)
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}


def inputs(edition: Edition) -> list[dict[str, Any]]:
    """Each input file or table: source, kind, origin, size and hash, as the study orders them.

    Origins hold no folders of this computer and no long numbers: a list is known by its hash.
    """
    found: list[dict[str, Any]] = []
    files = edition.study.files()
    for source in edition.study.sources:
        common: dict[str, Any] = {"source": source.name, "kind": source.kind, **_dates(source)}
        if "://" in source.path:
            from kaur_analysis.intake.readers import table_fingerprint  # here, because most studies have no database

            origin = f"{source.path.split(':', 1)[0]}, tabel {source.table}"
            found.append(
                common
                | {"origin": mask(origin), "bytes": None, "sha256": table_fingerprint(source, edition.study.folder)}
            )
        found += [common | _file(path, edition.study.folder) for path in files[source.name]]
    beside = [{"source": "pendamping", "kind": "companion"} | _file(p, p.parent) for p in edition.study.companions()]
    return [*found, *beside, *_reference(edition)]


def _reference(edition: Edition) -> list[dict[str, Any]]:
    packaged = reference_path("areas", edition.study.area)
    folder = packaged if packaged.is_dir() else edition.study.folder / edition.study.area
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [{"source": "wilayah", "kind": "reference"} | _file(path, folder) for path in paths]


def _file(path: Path, folder: Path) -> dict[str, Any]:
    inside = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return {"origin": mask(inside), "bytes": path.stat().st_size, "sha256": file_hash(path)}


def _dates(source: Source) -> dict[str, str]:
    stated = {"as_of": source.as_of, "period": source.period, "wave": source.wave}
    return {name: str(value) for name, value in stated.items() if value}


def write_manifest(folder: Path, facts: dict[str, Any]) -> Path:
    """Hash every file of the edition's folder and write the manifest beside them."""
    products = {
        path.relative_to(folder).as_posix(): {"sha256": file_hash(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }
    text = json.dumps(facts | {"products": products}, ensure_ascii=False, indent=1, sort_keys=True)
    return write_text(folder / NAME, text + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an edition's folder.

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
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
        if not all(isinstance(entry["sha256"], str) for entry in manifest["products"].values()):
            raise TypeError("sha256")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataRejected(f"{NAME} rusak dan tidak dapat dibaca.") from error
    return manifest


def verify(folder: Path) -> list[Deviation]:
    """Hash the products again and list what deviates from the manifest; an empty list means all is as made.

    Raises
    ------
    UsageError
        The folder is no edition.
    DataRejected
        The manifest itself cannot be read.
    """
    products = read_manifest(folder)["products"]
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != NAME}
    missing = [Deviation(name, "hilang") for name in products if name not in found]
    changed = [
        Deviation(name, "berubah")
        for name, entry in products.items()
        if name in found and file_hash(found[name]) != entry["sha256"]
    ]
    extra = [Deviation(name, "tidak tercatat") for name in sorted(found) if name not in products]
    return [*missing, *changed, *extra]
