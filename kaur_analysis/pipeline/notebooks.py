"""Running a notebook with checked parameters, and turning its outputs into a page or a clean executed copy."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from kaur_analysis.errors import EXIT_REJECTED, KaurError, UsageError, mask
from kaur_analysis.reporting import PAGE_TEMPLATES

PARAMETER_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool}


# The numeric rooms speak to statisticians, in English; an office worker is told first what kind of thing went wrong.


class NotebookFailed(KaurError):
    """A notebook broke; the message names notebook and cell and repeats the error's last line, masked."""


class NotebookRejected(NotebookFailed):
    """A notebook stopped because study or data were rejected."""

    exit_code = EXIT_REJECTED


@dataclass(frozen=True)
class Parameter:
    """One entry of a notebook's ``parameters`` cell: declared type, default as written, comment."""

    name: str
    type_name: str
    default: str
    help: str


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Parameters a notebook declares in its tagged cell."""
    return {
        name: Parameter(name, entry["inferred_type_name"], entry["default"], entry["help"])
        for name, entry in papermill.inspect_notebook(str(path)).items()
    }


def check_parameters(path: Path, given: dict[str, Any]) -> None:
    """Refuse unknown or ill-typed parameters before any kernel starts.

    Raises
    ------
    UsageError
        Names the parameter and what the notebook declares.
    """
    declared = notebook_parameters(path)
    for name, value in given.items():
        if name not in declared:
            raise UsageError(f"{path.name}: parameter '{name}' tidak dikenal; yang ada: {', '.join(declared)}.")
        expected = PARAMETER_TYPES.get(declared[name].type_name)
        if expected is not None and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
            raise UsageError(f"{path.name}: parameter '{name}' harus bertipe {declared[name].type_name}.")


def execute(path: Path, parameters: dict[str, Any], output: Path) -> NotebookNode:
    """Run a notebook in a kernel of its own and return it executed.

    Raises
    ------
    NotebookFailed, NotebookRejected
        A cell raised; rejected where it raised one of the project's own rejections.
    """
    check_parameters(path, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        return papermill.execute_notebook(
            str(path),
            str(output),
            parameters=parameters,
            progress_bar=False,
            cwd=str(path.parent),
            extra_arguments=["--log-level=ERROR"],  # the kernel's own warnings are not a person's business
        )
    except DeadKernelError:
        output.unlink(missing_ok=True)
        raise NotebookFailed(
            f"{path.name}: proses penghitung mati di tengah jalan, biasanya karena memori habis. Tutup program lain, "
            "lalu jalankan kaur run lagi."
        ) from None
    except PapermillExecutionError as error:
        output.unlink(missing_ok=True)  # a broken notebook holds a traceback, and a traceback may hold values
        rejected = error.ename in {"DataRejected", "StudyRejected", "KeyMissing"}
        kind = NotebookRejected if rejected else NotebookFailed
        cell = error.exec_count
        message = error.evalue if rejected else f"{error.ename}: {error.evalue}"
        raise kind(f"{path.name}, sel ke-{cell}: {mask(message)}") from None


def executed_copy(notebook: NotebookNode) -> str:
    """The executed notebook as text, without timings, machine paths and standard error, so that reruns are equal."""
    clean = nbformat.from_dict(json.loads(nbformat.writes(notebook)))
    clean.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    kept = []
    for position, cell in enumerate(clean.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            continue  # holds paths of this machine
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        cell.id = f"cell-{position:02d}"
        if cell.cell_type == "code":
            cell.outputs = [entry for entry in cell.outputs if entry.output_type != "stream" or entry.name != "stderr"]
        kept.append(cell)
    clean.cells = kept
    return nbformat.writes(clean) + "\n"


def page(notebook: NotebookNode, title: str) -> str:
    """The executed notebook's outputs as one self-contained page."""
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(PAGE_TEMPLATES)])
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    return str(html)


def parameter_defaults(path: Path) -> dict[str, Any]:
    """Default values of a notebook's parameters as Python objects."""
    return {name: ast.literal_eval(entry.default) for name, entry in notebook_parameters(path).items()}
