"""Running a notebook with checked parameters, and turning its outputs into a page or a clean executed copy."""

import errno
import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbconvert import HTMLExporter, TemplateExporter
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from kaur_analysis.errors import NotebookFailed, NotebookRejected, UsageError, held_open, mask, mask_quoted
from kaur_analysis.pipeline.engine import ENGINE
from kaur_analysis.reporting import PAGE_TEMPLATES

NO_DEFAULT = ("None", "...")  # written so in the parameters cell: whoever runs the notebook must say
PARAMETER_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool}


# The numeric rooms speak to statisticians, in English; an office worker is told first what kind of thing went wrong.
LEAD_INS = {"EstimationError": "taksiran tidak dapat dibuat dari data ini. Keterangan untuk ahli statistik: "}


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


def check_notebook(path: Path, given: dict[str, Any]) -> None:
    """Refuse before anything runs what could not end well: a broken notebook, an absent kernel, a wrong parameter.

    Raises
    ------
    UsageError
        Names the notebook and what is wrong with it.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError:
        raise UsageError(f"{path.name}: buku catatan tidak ada atau tidak dapat dibaca.") from None
    except (ValueError, nbformat.ValidationError):
        raise UsageError(
            f"{path.name}: berkas buku catatan rusak atau terpotong. Ambil kembali dari salinan program."
        ) from None
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1 or tagged[0].cell_type != "code":
        raise UsageError(f"{path.name}: harus ada tepat satu sel kode bertanda 'parameters'; ada {len(tagged)}.")
    _check_kernel(path, notebook.metadata.get("kernelspec", {}))
    check_parameters(path, given)


def _check_kernel(path: Path, kernelspec: dict[str, Any]) -> None:
    name = kernelspec.get("name", "")
    try:
        language = KernelSpecManager().get_kernel_spec(name).language
    except NoSuchKernel:
        raise UsageError(
            f"{path.name}: kernel '{name}' tidak terpasang. Pasang dengan: "
            f"python -m ipykernel install --user --name {name}"
        ) from None
    if language != "python":
        raise UsageError(f"{path.name}: kernel '{name}' berbahasa {language}; yang dapat dijalankan hanya python.")


def check_parameters(path: Path, given: dict[str, Any]) -> None:
    """Refuse missing, unknown or ill-typed parameters before any kernel starts.

    Raises
    ------
    UsageError
        Names the parameter, the nearest that is declared, and the type it must have.
    """
    declared = notebook_parameters(path)
    for name, value in given.items():
        if name not in declared:
            near = get_close_matches(name, declared, n=1)
            hint = f" Maksud Anda '{near[0]}'?" if near else ""
            raise UsageError(f"{path.name}: parameter '{name}' tidak dikenal; yang ada: {', '.join(declared)}.{hint}")
        expected = PARAMETER_TYPES.get(declared[name].type_name)
        if expected is not None and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
            raise UsageError(f"{path.name}: parameter '{name}' harus bertipe {declared[name].type_name}.")
    for name, parameter in declared.items():
        if name not in given and parameter.default in NO_DEFAULT:
            raise UsageError(f"{path.name}: parameter '{name}' wajib diisi ({parameter.help or parameter.type_name}).")


def execute(path: Path, parameters: dict[str, Any]) -> NotebookNode:
    """Run a notebook in this process and return it executed; nothing is written.

    Raises
    ------
    NotebookFailed, NotebookRejected
        A cell raised, or was not completed; rejected where it raised one of the project's own rejections.
    """
    check_notebook(path, parameters)
    try:
        executed = papermill.execute_notebook(
            str(path), None, parameters=parameters, engine_name=ENGINE, progress_bar=False, cwd=str(path.parent)
        )
    except PapermillExecutionError as error:
        raise _failure(path, error) from None
    _check_completed(path, executed)
    return executed


def _failure(path: Path, error: PapermillExecutionError) -> NotebookFailed:
    """What a person is told of a cell that raised: never its traceback, which may hold values."""
    rejected = error.ename in {"DataRejected", "StudyRejected", "KeyMissing", "EstimationError"}
    kind = NotebookRejected if rejected else NotebookFailed
    message = mask(LEAD_INS.get(error.ename, "") + error.evalue)
    if error.ename.endswith("MemoryError"):  # numpy and Arrow have their own
        message = "memori habis. Tutup program lain, lalu jalankan kaur run lagi."
    elif error.ename == "OSError" and f"[Errno {errno.ENOSPC}]" in error.evalue:
        message = "cakram penuh. Kosongkan ruang, lalu jalankan kaur run lagi."
    elif error.ename == "PermissionError":  # of two paths the second is the file that was to be replaced
        message = held_open(next(reversed(re.findall(r"'([^']+)'", error.evalue)), None))
    elif not rejected:
        message = f"{error.ename}: {mask_quoted(error.evalue)}"
    return kind(f"{path.name}, sel ke-{error.exec_count}: {message}")


def _check_completed(path: Path, executed: NotebookNode) -> None:
    """Papermill takes ``sys.exit(0)`` for success and leaves the cells after it unrun."""
    for number, cell in enumerate((c for c in executed.cells if c.cell_type == "code" and c.source.strip()), start=1):
        ended = cell.metadata.papermill["status"] == "completed" and cell.execution_count is not None
        if not ended or any(output.output_type == "error" for output in cell.outputs):
            raise NotebookFailed(f"{path.name}, sel kode ke-{number}: tidak selesai dikerjakan.")


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
    # HTMLExporter's own way reads every page once more, to describe images and give cells a focus: pages have neither.
    html, _ = TemplateExporter.from_notebook_node(_exporter(), notebook, resources={"metadata": {"name": title}})
    return str(html)


@cache
def _exporter() -> HTMLExporter:
    """One for all pages, so that its templates are read and compiled once."""
    return HTMLExporter(template_name="page", extra_template_basedirs=[str(PAGE_TEMPLATES)])
