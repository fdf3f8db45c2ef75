"""How long intake and cleaning take beside a bare read of the same files, and how both grow.

    python -m benchmarks.intake --out benchmarks/intake.csv

Synthetic DTSEN lists of families and persons: CSV of 40 000, 400 000 and 4 million persons, XLSX up to 1 043 744, the
most whole copies that a sheet holds. Bare is ``pandas.read_csv(dtype=str)`` or
``read_excel(engine="calamine", dtype=str)`` of the same two files; full is reading, judging, pseudonymising, writing
the vault and cleaning to one row per family and person. Every measurement has a process of its own, in which both
first read a list of six hundred families: what loading libraries takes is no matter of rows (``start_seconds``). Then
their objects are put out of the collector's sight, for both, as the warm process of a run does. Of the smallest lists
the first reading of a process is timed as well, which reads the codebooks (``cold_cpu_ratio``; libraries are imported,
but some import more when they are first used). Reading the study's own file is not counted. ``growth`` is how many
times as long and as much memory each takes as the row before, of the same format.

Before anything is measured as much memory as the largest measurement takes is written to once: a virtual machine gets
memory from its host when it first writes there, which cost 0.9 s a gigabyte where writing again cost 0.3, and would
count as growth of whatever came first.

``ratio`` compares times of the clock, ``cpu_ratio`` those of the processor, which other work on the machine does not
lengthen as much; parallel reading counts against ``cpu_ratio``.
"""

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import psutil
import xlsxwriter

from kaur_analysis.cleaning import clean
from kaur_analysis.demo import make_demo
from kaur_analysis.intake import demo_keys, keep_vault, read_study
from kaur_analysis.study import Registry, Source, Study, load_study

SEED_FAMILIES = 11_800  # about 40 000 people
MOST_COPIES = 100
COPIES = {"csv": (1, 10, 100), "xlsx": (1, 10, 26)}
LISTS = {"keluarga": "dtsen_family", "anggota": "dtsen_person"}


def write_lists(folder: Path, copies: int, suffix: str, families: int = SEED_FAMILIES) -> int:
    """Write the seed's lists so many times below each other, every copy with numbers of its own; number of persons."""
    if copies > MOST_COPIES:
        raise ValueError(f"numbers suffice for {MOST_COPIES} copies")
    seed = folder / "benih"
    make_demo(seed, families=families)
    rows = 0
    for name in LISTS:
        once = pd.read_csv(seed / "sumber" / f"dtsen_{name}.csv", sep=";", dtype=str, keep_default_na=False)
        many = (_renumbered(once, copy) for copy in range(copies))
        rows = copies * len(once)
        if suffix == "csv":
            for copy, table in enumerate(many):
                table.to_csv(
                    folder / f"dtsen_{name}.csv", sep=";", index=False, header=not copy, mode="a" if copy else "w"
                )
        else:
            _write_workbook(folder / f"dtsen_{name}.xlsx", many)
    return rows


def _renumbered(table: pd.DataFrame, copy: int) -> pd.DataFrame:
    """The table as that of another kabupaten of the synthetic province: the two digits after 99 are the copy's own."""
    moved = table.assign(id_keluarga=table["id_keluarga"] + f"-{copy}")
    for name in ("nik", "no_kk"):
        moved[name] = table[name].str[:2] + f"{copy:02d}" + table[name].str[4:]
    return moved


def _write_workbook(path: Path, tables: Iterable[pd.DataFrame]) -> None:
    """All tables below each other on one sheet, row by row: a million rows do not fit into memory as objects."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet, line = book.add_worksheet(), 0
        for table in tables:
            if not line:
                sheet.write_row(0, 0, list(table.columns))
            for row in table.itertuples(index=False):
                line += 1
                sheet.write_row(line, 0, row)


def two_lists(folder: Path, suffix: str) -> Study:
    """The demo's study with the two lists alone."""
    study = load_study(folder / "benih" / "studi.yaml")
    day = date(2025, 3, 31)
    sources = tuple(
        Source(name=f"dtsen_{name}", kind=kind, path=f"dtsen_{name}.{suffix}", as_of=day)
        for name, kind in LISTS.items()
    )
    registry = Registry(precedence=("dtsen_keluarga",))
    return study.model_copy(update={"sources": sources, "registry": registry, "folder": folder})


def bare(study: Study) -> None:
    """Read both files as text and do nothing else."""
    for paths in study.files().values():
        for path in paths:
            if path.suffix == ".csv":
                pd.read_csv(path, sep=";", dtype=str)
            else:
                pd.read_excel(path, dtype=str, engine="calamine")


def full(study: Study) -> None:
    """Read, judge, pseudonymise, write the vault, clean."""
    intake = read_study(study, demo_keys(), strict=False, vault=study.folder / "brankas.bin")
    clean(intake, study)
    keep_vault(study.folder / "brankas.bin")


def timed(work: Callable[[Study], None], folder: Path, suffix: str, cold: bool = False) -> dict[str, float]:
    """Seconds by the clock and of the processor, peak gigabytes, and what starting took, of one call.

    A cold one is the first of its process.
    """
    small, study = two_lists(folder / "kecil", suffix), two_lists(folder, suffix)
    start = time.perf_counter()
    if not cold:
        work(small)
        gc.collect()
        gc.freeze()
    started, clock, processor = time.perf_counter() - start, time.perf_counter(), time.process_time()
    work(study)
    return {
        "seconds": time.perf_counter() - clock,
        "cpu_seconds": time.process_time() - processor,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "start_seconds": started,
    }


def hand_out(gigabytes: int = 8) -> None:
    """Write to that much memory, or to as much as is free, so that the machine has it."""
    free = int(psutil.virtual_memory().available / 2**30 * 0.8)
    parts = [np.ones(2**27) for _ in range(min(gigabytes, free))]
    print(f"{len(parts)} GB of memory written to", flush=True)


def measure(copies: int, suffix: str, repeats: int) -> dict[str, float | str]:
    """Median times and peak memory of both ways, each run in a fresh process."""
    row: dict[str, float | str] = {"format": suffix}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lists(folder / "kecil", 1, suffix, families=600)
        row["persons"] = write_lists(folder, copies, suffix)
        for label, work in (("bare", bare), ("full", full)):
            runs = [_apart(work, folder, suffix) for _ in range(repeats)]
            for figure in ("seconds", "cpu_seconds", "start_seconds"):
                row[f"{label}_{figure}"] = round(median(run[figure] for run in runs), 2)
            row[f"{label}_peak_gb"] = round(max(run["peak_gb"] for run in runs), 2)
            if copies == 1:
                first = [_apart(work, folder, suffix, cold=True)["cpu_seconds"] for _ in range(repeats)]
                row[f"cold_{label}_cpu_seconds"] = round(median(first), 2)
    return row


def _apart(work: Callable[[Study], None], folder: Path, suffix: str, cold: bool = False) -> dict[str, float]:
    """One measurement in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(timed, work, folder, suffix, cold).result()


def compared(rows: Sequence[Mapping[str, float | str]]) -> pd.DataFrame:
    """The measurements with ratios of full to bare, and growth from row to row of a format."""
    table = pd.DataFrame(rows)
    for label in ("bare", "full"):  # measured of the smallest lists alone
        table[f"cold_{label}_cpu_seconds"] = table.get(f"cold_{label}_cpu_seconds", float("nan"))
    table["ratio"] = (table["full_seconds"] / table["bare_seconds"]).round(1)
    table["cpu_ratio"] = (table["full_cpu_seconds"] / table["bare_cpu_seconds"]).round(1)
    table["cold_cpu_ratio"] = (table["cold_full_cpu_seconds"] / table["cold_bare_cpu_seconds"]).round(1)
    table["rows_per_second"] = (table["persons"] / table["full_seconds"]).round()
    for figure in ("bare_cpu_seconds", "full_cpu_seconds", "full_peak_gb"):
        before = table.groupby("format")[figure].shift()
        table[f"growth_{figure}"] = (table[figure] / before).round(1)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", help="of a list of about 40 000 persons, instead of the usual")
    parser.add_argument("--formats", nargs="+", default=list(COPIES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/intake.csv"))
    options = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        process.submit(hand_out).result()
    sizes = [(copies, suffix) for suffix in options.formats for copies in options.copies or COPIES[suffix]]
    table = compared([measure(copies, suffix, options.repeats) for copies, suffix in sizes])
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
