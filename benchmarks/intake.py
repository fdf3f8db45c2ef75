"""How long intake and cleaning take beside a bare read of the same files, and how both grow.

    python -m benchmarks.intake --out benchmarks/intake.csv

Synthetic DTSEN lists of families and persons, CSV and XLSX. Bare is ``pandas.read_csv(dtype=str)`` or
``read_excel(engine="calamine", dtype=str)`` of the same two files; full is reading, judging, pseudonymising, writing
the vault and cleaning to one row per family and person. Every measurement has a process of its own, in which both
first read a list of six hundred families: what loading libraries takes is no matter of rows (``start_seconds``). Then
their objects are put out of the collector's sight, for both, as the warm process of a run does. Reading the study's
own file is not counted.

``ratio`` compares times of the clock, ``cpu_ratio`` those of the processor, which other work on the machine does not
lengthen as much; parallel reading counts against ``cpu_ratio``.
"""

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import pandas as pd
import xlsxwriter

from kaur_analysis.cleaning import clean
from kaur_analysis.demo import make_demo
from kaur_analysis.intake import demo_keys, read_study
from kaur_analysis.study import Registry, Source, Study, load_study

SEED_FAMILIES = 11_800  # about 40 000 people
MOST_COPIES = 100
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
        Source(name=f"dtsen_{name}", kind=kind, path=f"dtsen_{name}.{suffix}", as_of=day)  # type: ignore[arg-type]
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


def timed(work: Callable[[Study], None], folder: Path, suffix: str) -> dict[str, float]:
    """Seconds by the clock and of the processor, peak gigabytes, and what starting took, of one call."""
    small, study = two_lists(folder / "kecil", suffix), two_lists(folder, suffix)
    start = time.perf_counter()
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


def measure(copies: int, suffix: str, repeats: int) -> dict[str, float | str]:
    """Median times and peak memory of both ways, each run in a fresh process."""
    row: dict[str, float | str] = {"format": suffix}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_lists(folder / "kecil", 1, suffix, families=600)
        row["persons"] = write_lists(folder, copies, suffix)
        for label, work in (("bare", bare), ("full", full)):
            runs = []
            for _ in range(repeats):
                with ProcessPoolExecutor(1, get_context("spawn")) as process:
                    runs.append(process.submit(timed, work, folder, suffix).result())
            for figure in ("seconds", "cpu_seconds", "start_seconds"):
                row[f"{label}_{figure}"] = round(median(run[figure] for run in runs), 2)
            row[f"{label}_peak_gb"] = round(max(run["peak_gb"] for run in runs), 2)
    for figure, ratio in (("seconds", "ratio"), ("cpu_seconds", "cpu_ratio")):
        row[ratio] = round(float(row[f"full_{figure}"]) / float(row[f"bare_{figure}"]), 1)
    row["rows_per_second"] = round(float(row["persons"]) / float(row["full_seconds"]))
    return row


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 10], help="of a list of about 40 000 persons")
    parser.add_argument("--formats", nargs="+", default=["csv", "xlsx"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/intake.csv"))
    options = parser.parse_args()
    rows = [measure(copies, suffix, options.repeats) for suffix in options.formats for copies in options.copies]
    table = pd.DataFrame(rows)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.to_string(index=False))
