"""Where package data lie and how YAML is read everywhere in the project."""

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kaur_analysis.errors import StudyRejected

_FOLDER = Path(__file__).parent
DETERMINANT_GROUPS = ("extreme", "other", "difference")  # extreme-poor families, all others, the one minus the other


def reference_path(*parts: str) -> Path:
    """Path of a package data file or folder below ``kaur_analysis/reference``.

    Parameters
    ----------
    parts
        Folder and file names.

    Returns
    -------
    The path.
    """
    return _FOLDER.joinpath(*parts)


@cache
def publication_thresholds() -> dict[str, Any]:
    """The reviewed thresholds of publication (``thresholds.yaml``).

    Returns
    -------
    The file's content.
    """
    return dict(read_yaml(reference_path("thresholds.yaml")))


@cache
def determinants() -> tuple[dict[str, Any], ...]:
    """What may go with extreme poverty (``determinants.yaml``): code, label, field and when a family counts.

    Returns
    -------
    A dict per determinant.
    """
    return tuple(dict(entry) for entry in read_yaml(reference_path("determinants.yaml")))


def read_yaml(path: Path) -> Any:
    """Read a YAML 1.2 file (``ya``, ``no`` and ``off`` stay words) into plain dicts, lists and scalars.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    The content.

    Raises
    ------
    StudyRejected
        The file is not valid YAML, or no text in UTF-8; the message names file and line.
    """
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1
        raise StudyRejected(f"{path.name}, baris {line}: kunci di baris itu sudah ditulis di atasnya.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise StudyRejected(
            f"{path.name}, baris {line}: bukan YAML yang sah. Periksa titik dua, kurung, tanda kutip dan "
            "spasi di awal baris, di baris itu dan di atasnya."
        ) from error
    except UnicodeDecodeError:
        raise StudyRejected(f"{path.name}: bukan teks UTF-8. Simpan ulang berkas itu dengan pengodean UTF-8.") from None
    except YAMLError:
        raise StudyRejected(f"{path.name}: berisi tanda yang tidak terbaca. Tulis ulang sebagai teks biasa.") from None
