"""Workbooks that would unfold to more than memory holds are refused before any reader opens them."""

from pathlib import Path

import olefile

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.extent_old import refuse_old_bomb
from kaur_analysis.intake.extent_packed import refuse_packed_bomb


def refuse_bombs(path: Path, most_cells: int) -> None:
    """Refuse a workbook that unpacks, or whose sheets unfold, out of proportion to what is written in it.

    Raises
    ------
    DataRejected
        The archive swells, a sheet has more than ``most_cells`` cells up to its last filled one, or reading would take
        more memory than the rule of :mod:`kaur_analysis.intake.extent` allows.
    """
    if path.suffix.lower() == ".xls":  # as the reader decides it; Excel puts archives inside old workbooks
        if not olefile.isOleFile(path):
            raise DataRejected(f"{path.name}: berkas rusak atau bukan .xls.")
        refuse_old_bomb(path, most_cells)
    elif olefile.isOleFile(path):
        raise DataRejected(
            f"{path.name}: berkas terkunci kata sandi atau .xls yang diberi nama lain. Buka, lalu simpan sebagai XLSX "
            "tanpa kata sandi."
        )
    else:
        refuse_packed_bomb(path, most_cells)
