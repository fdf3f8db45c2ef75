"""Running a study of real households, kept beside the tests, through the same door as an office's."""

import shutil
from pathlib import Path

from kaur_analysis.intake import create_key
from kaur_analysis.pipeline.edition import Edition, open_edition


def open_real(name: str, file: str, content: bytes, home: Path) -> Edition:
    """The study in ``tests/whole/<name>``, with a data file put where it expects one, in a folder of its own."""
    shutil.copytree(Path(__file__).parent / name, home / "studi")
    (home / "studi" / "sumber").mkdir()
    (home / "studi" / "sumber" / file).write_bytes(content)
    return open_edition(str(home / "studi" / "studi.yaml"), str(home / "data"), str(home / "reports"))


def office_key(home: Path) -> str:
    """A key as an office has one: real households are not read without."""
    return str(create_key(home / "kunci" / "kantor.key"))
