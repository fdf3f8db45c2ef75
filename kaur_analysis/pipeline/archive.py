"""An edition as an RO-Crate: one ZIP that an archive can keep and describe without this program.

Follows RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and the profile Process Run Crate 0.5
(https://w3id.org/ro/wfrun/process/0.5): the run is an action, its instrument is the program at its commit, its
results are the files of the edition, its objects are the inputs. Inputs hold people and executed notebooks stay in the
office (docs/privacy.md), so none is in the crate: each is named by hash and size alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.manifest import NAME, read_manifest
from kaur_analysis.pipeline.share import deterministic_zip, may_leave, unchanged

METADATA = "ro-crate-metadata.json"
VERSION = "1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
MIT = "https://spdx.org/licenses/MIT"
UNDECIDED = "#lisensi"
FORMATS = {
    ".html": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
    ".ipynb": "application/x-ipynb+json",
}


def archive(folder: Path, license_url: str = "") -> Path:
    """Write the crate of an edition beside its folder, as ``<area>-<edition>-arsip.zip``.

    Parameters
    ----------
    folder
        An edition's folder, with its manifest.
    license_url
        Licence under which the office gives the edition away; empty: said to be undecided.

    Raises
    ------
    UsageError
        The folder is no edition, or the licence is no web address.
    DataRejected
        A product is not what the manifest says; nothing is written.
    """
    if license_url and not license_url.startswith(("https://", "http://")):
        raise UsageError(
            "Lisensi harus berupa alamat, misalnya https://creativecommons.org/licenses/by/4.0/ ; kosongkan bila belum "
            "diputuskan."
        )
    unchanged(folder)
    manifest = read_manifest(folder)
    metadata = json.dumps(crate(manifest, license_url), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    content = {name: (folder / name).read_bytes() for name in sorted((NAME, *manifest["products"])) if may_leave(name)}
    path = folder.with_name(f"{manifest['area']}-{manifest['edition']}-arsip.zip")
    return deterministic_zip(path, {METADATA: metadata.encode("utf-8")} | content)


def crate(manifest: Mapping[str, Any], license_url: str = "") -> dict[str, Any]:
    """The metadata of the crate as JSON-LD, entities ordered by their identifier.

    Its only dates are those of the manifest: the same edition gives the same crate.
    """
    made = ROCrate(version=VERSION)
    end = max(cost["finished"] for cost in manifest["timing"].values())
    place = manifest["area_name"]
    synthetic = "DATA SINTETIS. " if manifest["synthetic"] else ""
    publisher = _entity(made, "#penerbit", "Organization", name=f"Pemerintah {place}")
    author = _entity(made, "#penyusun", "Organization", name=manifest["contact"] or f"Bappeda/Litbang {place}")
    program = _program(made, manifest)
    licence = _licence(made, license_url)
    results = [(_file if may_leave(name) else _kept)(made, name, entry) for name, entry in manifest["products"].items()]
    results.append(made.add_file(dest_path=NAME, properties={"name": NAME, "encodingFormat": FORMATS[".json"]}))
    run = _entity(
        made,
        f"#proses-{manifest['run']}",
        "CreateAction",
        name=f"Proses {manifest['run']}",
        endTime=end,
        agent=author,
        instrument=program,
        object=[_input(made, number, entry) for number, entry in enumerate(manifest["inputs"], start=1)],
        result=results,
        actionStatus="http://schema.org/CompletedActionStatus",
    )
    profile = _entity(made, PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    root = {
        "name": f"{place}: kemiskinan dan ketepatan sasaran, edisi {manifest['edition']}",
        "description": (
            f"{synthetic}Halaman per kecamatan, instansi dan kabupaten, dan tabel angka terbit. Masukan memuat orang "
            "dan buku catatan analisis tinggal di kantor: keduanya tidak disertakan; masing-masing dikenal dari "
            "sidiknya."
        ),
        "datePublished": end,
        "inLanguage": "id",
        "version": manifest["edition"],
        "license": licence,
        "author": author,
        "publisher": publisher,
        "conformsTo": profile,
        "mentions": run,
        "identifier": f"sha256:{manifest['input']}",
    }
    for name, value in root.items():
        made.root_dataset[name] = value
    described = made.metadata.generate()
    described["@graph"] = sorted((_sorted(entity) for entity in described["@graph"]), key=lambda entity: entity["@id"])
    return dict(described)


def _entity(made: ROCrate, entity_id: str, kind: str, **properties: Any) -> ContextEntity:
    entity = made.add(ContextEntity(made, entity_id, {"@type": kind}))
    for name, value in properties.items():
        entity[name] = value
    return entity


def _program(made: ROCrate, manifest: Mapping[str, Any]) -> ContextEntity:
    program = manifest["program"]
    licence = _entity(made, MIT, "CreativeWork", name="MIT License", identifier="MIT")
    needed = [
        _entity(made, f"#pustaka-{name}", "SoftwareApplication", name=name, softwareVersion=version)
        for name, version in (("python", manifest["python"]), *manifest["libraries"].items())
    ]
    known = {"identifier": f"git:{program['commit']}"} if program["commit"] else {}
    return _entity(
        made,
        "#program",
        "SoftwareApplication",
        name="kaur-analysis",
        softwareVersion=program["version"],
        sha256=program["code"],
        license=licence,
        softwareRequirements=needed,
        **known,
    )


def _licence(made: ROCrate, url: str) -> ContextEntity:
    if url:
        return _entity(made, url, "CreativeWork", name=url)
    text = "Belum ditetapkan. Hak atas isi edisi ada pada penerbit; tanyakan sebelum dipakai di luar."
    return _entity(made, UNDECIDED, "CreativeWork", name="Lisensi belum ditetapkan", description=text)


def _file(made: ROCrate, name: str, entry: Mapping[str, Any]) -> Any:
    return made.add_file(dest_path=name, properties=_described(name, entry))


def _kept(made: ROCrate, name: str, entry: Mapping[str, Any]) -> ContextEntity:
    """A result that stays in the office: no file of the crate, so that what is listed as one is there."""
    return _entity(made, f"#di-kantor/{name}", "CreativeWork", **_described(name, entry))


def _described(name: str, entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": name,
        "encodingFormat": FORMATS.get(Path(name).suffix, "application/octet-stream"),
        "contentSize": str(entry["bytes"]),
        "sha256": entry["sha256"],
    }


def _input(made: ROCrate, number: int, entry: Mapping[str, Any]) -> ContextEntity:
    stated = {name: entry[name] for name in ("as_of", "period", "wave") if name in entry}
    size = {} if entry["bytes"] is None else {"contentSize": str(entry["bytes"])}
    dates = {"temporalCoverage": ", ".join(stated.values())} if stated else {}
    kind = {"name": entry["source"], "additionalType": entry["kind"], "sha256": entry["sha256"]}
    return _entity(made, f"#masukan-{number:03d}", "CreativeWork", **kind, **size, **dates)


def _sorted(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The entity with what it refers to in one order; the library keeps some of it in sets."""
    return {name: _in_order(value) for name, value in entity.items()}


def _in_order(value: Any) -> Any:
    return sorted(value, key=lambda part: json.dumps(part, sort_keys=True)) if isinstance(value, list) else value
