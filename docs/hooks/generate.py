"""Reference pages made from the program itself when the site is built, so that none can go stale.

Also by hand, into plain Markdown: ``python docs/hooks/generate.py FOLDER``.
"""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel

from kaur_analysis import study
from kaur_analysis.cli import app
from kaur_analysis.pipeline.manifest import SCHEMA
from kaur_analysis.reference import read_yaml, reference_path
from kaur_analysis.reference.catalogue import load_catalogue

PACKAGE = Path(study.__file__).parent
ROOMS = ("poverty", "targeting", "planning", "linkage", "cleaning", "intake", "disclosure", "reporting", "reference")
MADE = "Halaman ini dibuat dari program sendiri.\n"


def cell(value: Any) -> str:
    """A value as one cell of a Markdown table, shown as written."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    return text if text.startswith("`") else text.replace("<", "&lt;").replace("{", "&#123;").replace("[", "&#91;")


def table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; empty where there are no rows."""
    written = [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    names = list(headings)
    return "\n".join([f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *written]) + "\n" if written else ""


def commands() -> str:
    """Every command of ``kaur`` with its arguments and options."""
    parts = ["# Perintah kaur\n", MADE, "Kode keluar: 0 beres, 1 program gagal, 2 salah cara memanggil, "]
    parts[-1] += "3 studi atau data ditolak, 4 selesai sebagian.\n"
    parts += _commands(typer.main.get_command(app), "kaur")
    return "\n".join(parts)


def _commands(group: Any, name: str) -> list[str]:
    parts: list[str] = []
    for word, command in group.commands.items():
        full = f"{name} {word}"
        if hasattr(command, "commands"):
            parts += _commands(command, full)
            continue
        parameters = [parameter for parameter in command.params if parameter.name != "help"]
        rows = [
            (
                f"`{', '.join(parameter.opts) if parameter.param_type_name == 'option' else parameter.name.upper()}`",
                getattr(parameter, "help", "") or "",
                "wajib" if parameter.required else _default(parameter.default),
            )
            for parameter in parameters
        ]
        parts += [f"## {full}\n", inspect.cleandoc(command.help or "") + "\n"]
        parts.append(table(("Argumen atau opsi", "Arti", "Bawaan"), rows))
    return parts


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return "" if value in (None, "", (), []) else f"`{value}`"


def settings() -> str:
    """Every key of a study file with type, default and meaning."""
    parts = ["# Berkas studi\n", MADE, "Kunci yang tidak dikenal ditolak dengan menyebut yang terdekat.\n"]
    models = [study.Study, study.Source, study.Registry, study.Line, study.Benchmark, study.Model]
    for model in [*models, study.Thresholds, study.AllocationRules]:
        parts += [
            f"## {model.__name__}\n",
            inspect.cleandoc(model.__doc__ or "").replace("``", "`") + "\n",
            _keys(model),
        ]
    return "\n".join(parts)


def _keys(model: type[BaseModel]) -> str:
    rows = []
    for name, entry in model.model_fields.items():
        if entry.exclude:
            continue
        plain = isinstance(entry.default, str | int | float)
        default = "wajib" if entry.is_required() else _default(entry.default) if plain else ""
        rows.append((f"`{name}`", f"`{_type_name(entry.annotation)}`", default))
    return table(("Kunci", "Jenis", "Bawaan"), rows)


def _type_name(annotation: Any) -> str:
    """A type as people read it: bounds left out, choices as they are written in the file."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(inner[0])
    if origin is Literal:
        return " atau ".join(str(value) for value in inner)
    if origin in (Union, UnionType):
        return " atau ".join(_type_name(part) for part in inner if part is not type(None))
    name = getattr(origin or annotation, "__name__", str(annotation))
    known = [_type_name(part) for part in inner if part is not Ellipsis]
    return f"{name}[{', '.join(known)}]" if known else name


def indicators() -> str:
    """Indicators of the published table as readers see them, and the measures of targeting."""
    glossary = read_yaml(PACKAGE / "reporting" / "glossary.yaml")
    measures = read_yaml(PACKAGE / "targeting" / "definitions.yaml")
    names = {code: entry["name_id"] for code, entry in measures["denominators"].items()}
    shown = [(f"`{code}`", entry["label"], entry["definition"]) for code, entry in glossary.items()]
    counted = [
        (f"`{code}`", entry["name_id"], entry["definition_id"], names[entry["denominator"]])
        for code, entry in measures["measures"].items()
    ]
    return "\n".join(
        [
            "# Indikator\n",
            MADE,
            "## Di halaman dan di published.csv\n",
            table(("Kode", "Nama", "Arti"), shown),
            "## Ukuran ketepatan sasaran\n",
            table(("Kode", "Nama", "Arti", "Penyebut"), counted),
        ]
    )


def rules() -> str:
    """Every rule a finding of ``kaur check`` can be about."""
    rows = [
        (f"`{code}`", rule["title"], rule["severity"], rule["allowed"], rule["remedy"])
        for code, rule in read_yaml(PACKAGE / "intake" / "rules.yaml").items()
    ]
    headings = ("Kode", "Temuan", "Akibat", "Yang boleh", "Yang dilakukan")
    return "\n".join(["# Aturan pemeriksaan\n", MADE, table(headings, rows)])


def codebooks() -> str:
    """Columns that each kind of source may have, with the headings they are known by."""
    folder = reference_path("codebooks")
    common = read_yaml(folder / "common.yaml")
    shared = common.get("columns", common)
    parts = ["# Buku kode\n", MADE, "Judul dibaca tanpa membedakan huruf besar dan tanda baca.\n"]
    for path in sorted(folder.glob("*.yaml")):
        if path.stem == "common":
            continue
        book = read_yaml(path)
        rows = []
        for name, entry in book["columns"].items():
            entry = dict(shared.get(entry.get("like"), {})) | entry
            aliases = [str(alias) for alias in entry.get("aliases", ())]
            rows.append((f"`{name}`", "wajib" if entry.get("required") else "", ", ".join(aliases)))
        parts += [f"## {book['name']} (`{path.stem}`)\n", f"Sumber: {cell(book['source'])}\n"]
        parts.append(table(("Kolom", "", "Judul yang dikenal"), rows))
    return "\n".join(parts)


def programmes() -> str:
    """The catalogue of programmes with cost, funds and source."""
    rows = [
        (
            f"`{programme.code}`",
            programme.name,
            programme.agency,
            programme.unit,
            ", ".join(f"{fund} {share:.0%}" for fund, share in programme.funds.items()),
            programme.year,
            programme.source,
        )
        for programme in load_catalogue().values()
    ]
    headings = ("Kode", "Program", "Instansi", "Satuan", "Dana", "Tahun", "Sumber")
    return "\n".join(["# Program\n", MADE, table(headings, rows)])


def manifest() -> str:
    """The manifest's schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    rows = [(f"`{name}`", entry.get("description", "")) for name, entry in schema["properties"].items()]
    return "\n".join(
        [
            "# Manifest\n",
            MADE,
            schema["description"] + "\n",
            table(("Bagian", "Arti"), rows),
            f"## JSON Schema\n\n```json\n{json.dumps(schema, indent=1, ensure_ascii=False)}\n```\n",
        ]
    )


def doors() -> str:
    """What each room offers to others: signature and docstring of every public name."""
    parts = ["# Doors of the rooms\n", "Made from the program's docstrings.\n"]
    for room in ROOMS:
        module = importlib.import_module(f"kaur_analysis.{room}")
        parts += [f"## {room}\n", inspect.getdoc(module) or "", ""]
        for name in sorted(getattr(module, "__all__", ())):
            parts += _door(name, getattr(module, name))
    return "\n".join(parts)


def _door(name: str, thing: Any) -> list[str]:
    if not callable(thing):
        return []
    try:
        signature = str(inspect.signature(thing))
    except (TypeError, ValueError):
        signature = ""
    signature = re.sub(r"kaur_analysis\.(?:\w+\.)+|pandas\.|numpy\.|typing\.|<function .*?>", "", signature)
    text = inspect.getdoc(thing) or ""
    return [f"### {name}\n", f"```text\n{name}{signature}\n\n{text}\n```\n"]


PAGES: Mapping[str, Callable[[], str]] = {
    "reference/kaur.md": commands,
    "reference/studi.md": settings,
    "reference/indikator.md": indicators,
    "reference/aturan.md": rules,
    "reference/buku-kode.md": codebooks,
    "reference/program.md": programmes,
    "reference/manifest.md": manifest,
    "reference/api.md": doors,
}


def on_files(files: Any, config: Any) -> Any:
    """Add the made pages to those that are written by hand (called by MkDocs)."""
    from mkdocs.structure.files import File

    for uri, make in PAGES.items():
        files.append(File.generated(config, uri, content=make()))
    return files


def main(folder: Path) -> None:
    """Write the pages as plain Markdown."""
    for uri, make in PAGES.items():
        path = folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
