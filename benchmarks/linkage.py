"""How well and how fast recipients are found in the registry, and what damaged NIKs do to it.

    python -m benchmarks.linkage --families 39000 --seeds 11 12 --out benchmarks/linkage.csv

Synthetic Kaur with the dirt of the field; then one digit wrong in a further share of the NIKs of the longest list.
Every case has a process of its own, whose highest memory, of making, reading and cleaning the lists too, is shown.
Beside the table, ``linkage_calibration.csv`` holds the stated probabilities to the share of pairs that are right.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from kaur_analysis.cleaning import clean
from kaur_analysis.demo import make_demo
from kaur_analysis.intake import keys_for, read_study
from kaur_analysis.linkage import link
from kaur_analysis.study import load_study
from tests.linkage_truth import calibration, compare, damage_niks

SHARES = (0.0, 0.05, 0.10, 0.20, 0.30)


def measure(families: int, seed: int, share: float) -> tuple[dict[str, float], pd.DataFrame]:
    """Precision, recall, seconds and memory at one share of damaged NIKs; and its pairs by their stated probability."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_demo(Path(folder), seed=seed, families=families, dirt="field")
        damage_niks(Path(folder), share, seed)
        study = load_study(path)
        intake = read_study(study, keys_for(True), strict=False)
        cleaned = clean(intake, study)
        clock, processor = time.perf_counter(), time.process_time()
        linkage = link(cleaned, study)
        seconds, cpu_seconds = time.perf_counter() - clock, time.process_time() - processor
        found = compare(linkage, intake, cleaned, study, Path(folder))
    case = {"families": families, "seed": seed, "damaged": share}
    figures = {
        "lists": found.records["source"].nunique(),
        "recipients": len(found.records),
        "precision": round(found.precision, 5),
        "recall": round(found.recall, 5),
        "unmatched": round(float((found.records["method"] == "unmatched").mean()), 5),
        "link_seconds": round(seconds, 1),
        "link_cpu_seconds": round(cpu_seconds, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    return case | figures, calibration(found).reset_index().assign(**case)


def measure_all(
    families: int, seeds: Sequence[int], shares: Sequence[float] = SHARES
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per seed and share, and their pairs by stated probability."""
    rows, stated = [], []
    for seed, share in product(seeds, shares):
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            row, held = process.submit(measure, families, seed, share).result()
        print(row, flush=True)
        rows.append(row)
        stated.append(held)
    columns = ["families", "seed", "damaged", "range", "pairs", "stated", "right"]
    return pd.DataFrame(rows), pd.concat(stated, ignore_index=True)[columns].round(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=39_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11], help="of the synthetic kabupaten")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, help="of the NIKs that are damaged")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/linkage.csv"))
    options = parser.parse_args()
    table, held = measure_all(options.families, options.seeds, options.shares)
    table.to_csv(options.out, index=False, lineterminator="\n")
    held.to_csv(options.out.with_name("linkage_calibration.csv"), index=False, lineterminator="\n")
    print(table.to_string(index=False))
    print(held.to_string(index=False))
