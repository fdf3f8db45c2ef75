"""One file to send: all pages of an edition with its table and manifest in a ZIP, checked before."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from kaur_analysis.errors import DataRejected
from kaur_analysis.pipeline.manifest import NAME, verify
from kaur_analysis.store import write_bytes

# The oldest time a ZIP can hold, for every file: the same edition gives the same bytes.
NO_TIME = (1980, 1, 1, 0, 0, 0)
SENT = (".html", ".csv")


def share_zip(folder: Path, name: str) -> Path:
    """Write ``<name>.zip`` beside an edition's folder: pages, published table and manifest, nothing else.

    Raises
    ------
    DataRejected
        A product is not what the manifest says; nothing is written.
    """
    unchanged(folder)
    files = [path for path in sorted(folder.iterdir()) if path.suffix in SENT or path.name == NAME]
    return deterministic_zip(folder.with_name(f"{name}.zip"), {path.name: path.read_bytes() for path in files})


def unchanged(folder: Path) -> None:
    """Refuse an edition that is not as it was made.

    Raises
    ------
    DataRejected
        Names up to five files that are not what the manifest says.
    """
    deviations = verify(folder)
    if deviations:
        listed = ", ".join(f"{deviation.product} ({deviation.kind})" for deviation in deviations[:5])
        raise DataRejected(f"Edisi tidak sesuai manifest dan tidak dikemas: {listed}. Jalankan kaur run lagi.")


def deterministic_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a ZIP whose bytes follow from names, order and contents alone, on every system."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in files.items():
            entry = zipfile.ZipInfo(name, NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # or Windows and Linux would differ in one byte
            archive.writestr(entry, held)
    return write_bytes(path, content.getvalue())
