"""Broken lists: files of every kind an office holds, damaged in the ways people, programs and attackers damage them."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import shapefile

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import Intake, demo_keys, read_study
from tests.intake_files import nik, recipients, study, workbook
from tests.old_workbook import old_workbook, text

SEPARATORS = (",", ";", "\t", "|")
ODD = (
    "", " ", "\u00a0", "0", "-1", "1E+16", "9,90407E+15", "=1+1", "@SUM(A1)", "+62811", "-", "NULL", "#REF!",
    "31/02/2024",
    "1.234,5", "1,234.5", "99/99/9999", "ñandú", "\u202egnud", "Jumlah", "L/P", "x" * 5000, '"', "'", ";;",
    "\x1f", "NaN", "inf",
)  # fmt: skip
HEAD = ["Nama", "NIK", "Tanggal Lahir", "Jenis Kelamin", "Desa", "Kecamatan", "Nilai Bantuan"]


def rows(random: np.random.Generator) -> list[list[str]]:
    """A small list with its heading; a third of the cells may be odd, headings may be lost, moved or doubled."""
    table = [["Zorabruk Vekador", nik(serial=k + 1), "12/05/1980", "L", "Merpas", "Nasal", "3600000"] for k in range(6)]
    head = list(HEAD)
    share = random.choice([0.0, 0.05, 0.3])
    for row in table:
        for place in range(len(row)):
            if random.random() < share:
                row[place] = str(random.choice(ODD))
    damage = random.integers(7)
    if damage == 0:
        head[int(random.integers(len(head)))] = str(random.choice(ODD))
    elif damage == 1:
        head = [*head, head[0]]
        table = [[*row, "lain"] for row in table]
    elif damage == 2:
        table = [row[: int(random.integers(1, len(row) + 1))] for row in table]
    elif damage == 3:
        head, table = table[0], [head, *table]
    above = [["DAFTAR PENERIMA"], [""]] if random.random() < 0.3 else []
    below = [["JUMLAH", "", "", "", "", "", "99"]] + [[""]] * int(random.integers(3)) if random.random() < 0.3 else []
    return [*above, head, *table, *below]


def _framed(random: np.random.Generator) -> pd.DataFrame:
    table = rows(random)
    head = [f"{name[:8] or 'k'}{k}".replace(" ", "_") for k, name in enumerate(HEAD)]
    return pd.DataFrame([(row + [""] * 7)[:7] for row in table], columns=head, dtype=str).map(lambda cell: cell[:80])


def _xlsx(path: Path, random: np.random.Generator) -> None:
    workbook(path, rows(random), more={"Kedua": rows(random)} if random.random() < 0.3 else None)


def _xls(path: Path, random: np.random.Generator) -> None:
    cells = ((i, k, cell) for i, row in enumerate(rows(random)) for k, cell in enumerate(row) if cell)
    old_workbook(path, *(text(*cell) for cell in cells))


def _csv(path: Path, random: np.random.Generator) -> None:
    separator = str(random.choice(SEPARATORS))
    quote = random.random() < 0.5
    lines = [
        separator.join(f'"{cell}"' if quote and '"' not in cell else cell.replace(separator, " ") for cell in row)
        for row in rows(random)
    ]
    encoding = str(random.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    path.write_bytes(str(random.choice(["\n", "\r\n", "\r"])).join(lines).encode(encoding, errors="replace"))


def _dbf(path: Path, random: np.random.Generator) -> None:
    table = _framed(random)
    buffer = BytesIO()
    with shapefile.Writer(dbf=buffer) as writer:
        for name in table.columns:
            writer.field(name[:10], "C", 80)
        for row in table.itertuples(index=False):
            writer.record(*[cell.encode("ascii", "replace").decode().strip() for cell in row])  # DBF pads anyway
    path.write_bytes(buffer.getvalue())


def _dta(path: Path, random: np.random.Generator) -> None:
    _framed(random).map(lambda cell: cell.replace("\x00", "")).to_stata(path, write_index=False, version=118)


def _sav(path: Path, random: np.random.Generator) -> None:
    table = _framed(random)
    pyreadstat.write_sav(table.rename(columns=lambda name: f"v_{name}"[:32]), str(path))


def _parquet(path: Path, random: np.random.Generator) -> None:
    _framed(random).to_parquet(path)


WRITERS: dict[str, Callable[[Path, np.random.Generator], None]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".xls": _xls,
    ".dbf": _dbf,
    ".dta": _dta,
    ".sav": _sav,
    ".parquet": _parquet,
}


def _hurt(content: bytes, random: np.random.Generator) -> bytes:
    """Bytes lost, changed, cut off, doubled, or none of it."""
    kind = random.integers(6)
    data = bytearray(content)
    if kind == 0 and data:
        for place in random.integers(0, len(data), int(random.integers(1, 30))):
            data[place] = int(random.integers(256))
    elif kind == 1:
        data = data[: int(random.integers(0, len(data) + 1))]
    elif kind == 2 and data:
        place = int(random.integers(len(data)))
        data[place:place] = bytes(random.integers(0, 256, 64, dtype=np.uint8))
    elif kind == 3 and random.random() < 0.2:
        data = bytearray(random.integers(0, 256, int(random.integers(0, 4000)), dtype=np.uint8).tobytes())
    return bytes(data)


def write(folder: Path, seed: int) -> tuple[Path, np.random.Generator]:
    """Write mutant ``seed`` into a folder; its file, and the numbers that come next."""
    random = np.random.default_rng(seed)
    suffix = list(WRITERS)[seed % len(WRITERS)]
    path = folder / f"daftar{suffix}"
    WRITERS[suffix](path, random)
    path.write_bytes(_hurt(path.read_bytes(), random))
    return path, random


def judge(folder: Path, seed: int) -> Intake | DataRejected:
    """Write mutant ``seed`` into a folder and read it as a recipient list.

    Whatever else than a table or a rejection comes out is a defect and is raised.
    """
    path, random = write(folder, seed)
    source = recipients(path=path.name, sheet=None if random.random() < 0.7 else "*")
    try:
        return read_study(study(folder, source), demo_keys(), strict=bool(random.random() < 0.5))
    except DataRejected as error:
        return error
    finally:
        path.unlink()
