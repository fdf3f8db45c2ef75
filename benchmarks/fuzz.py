"""Many mutants through intake: does any end in something else than a table or a rejection?

    python -m benchmarks.fuzz --cases 20000 --out benchmarks/fuzz.csv

Prints the seed of every defect and of the slowest and largest case; ``tests.mutants.judge(folder, seed)`` repeats it.
Memory is how far a case raises the resident memory of the process at its highest point, what it takes and gives back
included; a case that takes more than ``kaur_analysis.intake.extent`` allows for its file is a defect as well.
"""

import argparse
import gc
import tempfile
import time
from pathlib import Path

import pandas as pd

from kaur_analysis.errors import DataRejected
from kaur_analysis.intake.extent import allowed_bytes
from tests.memory import risen, unpacked_bytes
from tests.mutants import judge, write


def run(first: int, cases: int) -> dict[str, object]:
    """Judge the mutants ``first`` to ``first + cases - 1``; counts, defects, and the slowest and largest of them."""
    rejected = 0
    defects: list[tuple[int, str]] = []
    slowest, largest = (0.0, -1), (0.0, -1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        judge(folder, first)  # what libraries take once is no case's doing
        gc.freeze()
        for seed in range(first, first + cases):
            path, _ = write(folder, seed)
            limit = allowed_bytes(unpacked_bytes(path))
            start = time.process_time()
            outcomes: list[object] = []
            try:
                taken = risen(lambda seed=seed, seen=outcomes: seen.append(judge(folder, seed)))
            except Exception as error:  # what this looks for
                defects.append((seed, type(error).__name__))
                continue
            rejected += isinstance(outcomes[0], DataRejected)
            slowest = max(slowest, (time.process_time() - start, seed))
            largest = max(largest, (taken / 1e6, seed))
            if taken > limit:
                defects.append((seed, "memory"))
    return {
        "first": first,
        "cases": cases,
        "rejected": rejected,
        "defects": len(defects),
        "defect_seeds": " ".join(f"{seed}:{name}" for seed, name in defects[:20]),
        "slowest_cpu_seconds": round(slowest[0], 2),
        "slowest_seed": slowest[1],
        "largest_mb": round(largest[0], 1),
        "largest_seed": largest[1],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=10_000)
    parser.add_argument("--out", type=Path, help="table to which the run is added")
    options = parser.parse_args()
    row = pd.DataFrame([run(options.first, options.cases)])
    print(row.T.to_string(header=False))
    if options.out:
        known = [pd.read_csv(options.out, keep_default_na=False)] if options.out.is_file() else []
        pd.concat([*known, row]).to_csv(options.out, index=False, lineterminator="\n")
