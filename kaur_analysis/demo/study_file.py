"""The study of the demo, and the commented study that a real office fills in."""

from pathlib import Path

from kaur_analysis import __version__
from kaur_analysis.demo.world import EXTREME_LINE, POVERTY_LINE
from kaur_analysis.errors import UsageError
from kaur_analysis.reference import Area, reference_path
from kaur_analysis.reference.catalogue import load_catalogue
from kaur_analysis.store import write_bytes, write_text

_FOLDER = Path(__file__).parent
_NEVER_IN_GIT = """# Daftar, jawaban dan temuan memuat orang dan tidak pernah masuk git; hanya tiga berkas ini boleh.
*
!.gitignore
!katalog_program.yaml
!studi.yaml
"""


def demo_study_text(area: Area, reference: str, poor_share: float, seed: int) -> str:
    """The demo's study file, with its own declared lines and official share.

    Parameters
    ----------
    reference
        The area as the study names it: a code of the package, or its folder seen from the study.
    """
    values = {
        "program": __version__,
        "area": reference,
        "code": area.code,
        "name": area.full_name,
        "poverty_line": POVERTY_LINE,
        "extreme_line": EXTREME_LINE,
        "poor_share": poor_share,
        "seed": seed,
        "programmes": ", ".join(load_catalogue()),
    }
    text = (_FOLDER / "studi_demo.yaml").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def write_template(folder: Path) -> Path:
    """Write a commented study to fill in, and the folders its lists go to.

    Wherever the folder lies, git sees the study and none of the lists beside it.

    Parameters
    ----------
    folder
        Where to write; made where absent.

    Returns
    -------
    The study file.

    Raises
    ------
    UsageError
        The folder holds a study already; nothing is overwritten.
    """
    study = folder / "studi.yaml"
    if study.exists():
        raise UsageError(f"{study.name} sudah ada di folder itu dan tidak ditimpa.")
    (folder / "sumber").mkdir(parents=True, exist_ok=True)
    codes = ", ".join(load_catalogue())
    text = (_FOLDER / "studi_kosong.yaml").read_text(encoding="utf-8").replace("{programmes}", codes)
    text = text.replace("{program}", __version__)
    if not (folder / ".gitignore").exists():
        write_text(folder / ".gitignore", _NEVER_IN_GIT)
    write_bytes(folder / "katalog_program.yaml", reference_path("programmes.yaml").read_bytes())
    return write_text(study, text)
