"""What is sent, checked before: all pages in a ZIP, a picture per kecamatan to forward, a PDF per page."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.manifest import NAME, verify
from kaur_analysis.pipeline.steps.pages import view_kecamatan
from kaur_analysis.reporting.card import card_caption, card_image
from kaur_analysis.store import write_bytes, write_text

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
    files = [path for path in sorted(folder.iterdir()) if may_leave(path.name)]
    return deterministic_zip(folder.with_name(f"{name}.zip"), {path.name: path.read_bytes() for path in files})


def may_leave(product: str) -> bool:
    """Whether a file of an edition may leave the office: pages, published table and manifest.

    Executed notebooks may not: small counts are not shown in them, but no companions are hidden (docs/privacy.md).

    Parameters
    ----------
    product
        Its path inside the edition's folder, as the manifest writes it.
    """
    return "/" not in product and (product.endswith(SENT) or product == NAME)


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


def write_cards(edition: Edition) -> Path:
    """Write a picture and its caption per kecamatan into ``<name>-kartu`` beside the edition's folder.

    Raises
    ------
    DataRejected
        A product is not what the manifest says, or the tables are those of another run; nothing is written.
    """
    unchanged(edition.store.pages)
    made = json.loads((edition.store.pages / NAME).read_text(encoding="utf-8"))["run"]
    if made != edition.store.read_facts("published/edition")["run"]:
        raise DataRejected("Angka di data/ bukan lagi angka edisi ini. Jalankan kaur run lagi.")
    folder = _emptied(edition.store.pages.with_name(f"{edition.prefix}-kartu"), (".png", ".txt"))
    for code in edition.area.kecamatan["kecamatan"]:
        view = view_kecamatan(edition, code)
        picture = folder / edition.kecamatan_page(code).replace(".html", ".png")
        write_bytes(picture, card_image(view))
        write_text(picture.with_suffix(".txt"), card_caption(view))
    return folder


def _emptied(folder: Path, suffixes: tuple[str, ...]) -> Path:
    """A folder without what was written into it before: a page that is no more must not be sent on."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.suffix in suffixes:
            path.unlink()
    return folder


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
# Where Windows keeps the browser that every Windows has.
EDGE = Path("Microsoft", "Edge", "Application", "msedge.exe")
PRINT_SECONDS = 120


def find_browser() -> str | None:
    """A Chromium, Chrome or Edge of this computer; nothing where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    places = [Path(os.environ[name]) / EDGE for name in ("PROGRAMFILES(X86)", "PROGRAMFILES") if name in os.environ]
    return found or next((str(place) for place in places if place.is_file()), None)


def write_pdfs(folder: Path, name: str, browser: str | None) -> Path:
    """Print every page of an edition's folder as a PDF into ``<name>-pdf`` beside it.

    The bytes of a PDF hold the time at which it was printed and differ from run to run.

    Raises
    ------
    DataRejected
        A product is not what the manifest says.
    UsageError
        There is no browser, or it could not print a page.
    """
    unchanged(folder)
    if browser is None:
        raise UsageError(
            "Untuk PDF perlu Chromium, Chrome, atau Edge di komputer ini. Halaman HTML dapat dicetak sendiri."
        )
    target = _emptied(folder.with_name(f"{name}-pdf"), (".pdf",))
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for page in sorted(folder.glob("*.html")):
            printed = target / f"{page.stem}.pdf"
            command = [
                browser, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run", *root,
                f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={printed.resolve()}",
                page.resolve().as_uri(),
            ]  # fmt: skip
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(command, check=False, capture_output=True, timeout=PRINT_SECONDS)
            if not printed.is_file():
                raise UsageError(
                    f"Peramban tidak dapat mencetak {page.name}. Buka halaman itu dan cetak dari peramban."
                )
    return target
