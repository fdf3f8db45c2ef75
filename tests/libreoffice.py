"""LibreOffice as a judge of protected workbooks, where it is there with its Python bridge."""

import shutil
import subprocess

import pytest

from tests.shared import ROOT


def first_cell(path, password) -> str:
    """A1 of a workbook that LibreOffice opened with its password; the test is skipped where LibreOffice is absent."""
    python = next((p for p in ("/usr/bin/python3", shutil.which("python3")) if p and _has_bridge(p)), None)
    if python is None or shutil.which("soffice") is None:
        pytest.skip("LibreOffice with its Python bridge is not on this machine")
    command = [python, str(ROOT / "tests" / "libreoffice_reader.py"), str(path.resolve()), password]
    return subprocess.run(command, check=True, timeout=120, capture_output=True, encoding="utf-8").stdout.strip()


def _has_bridge(python) -> bool:
    return subprocess.run([python, "-c", "import uno"], check=False, capture_output=True).returncode == 0
