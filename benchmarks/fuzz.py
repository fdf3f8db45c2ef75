"""Many mutants through intake: does any end in something else than a table or a rejection?

    python -m benchmarks.fuzz --cases 20000

Prints the seed of every defect; ``tests.mutants.judge(folder, seed)`` repeats it.
"""

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

from kaur_analysis.errors import DataRejected
from tests.mutants import judge


def main() -> None:
    """Run the cases and print a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=10_000)
    options = parser.parse_args()
    rejected, slowest, largest = 0, 0.0, 0
    defects: list[tuple[int, str]] = []
    tracemalloc.start()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first, options.first + options.cases):
            start = time.perf_counter()
            tracemalloc.reset_peak()
            try:
                rejected += isinstance(judge(Path(folder), seed), DataRejected)
            except Exception as error:  # what this looks for
                defects.append((seed, type(error).__name__))
            slowest = max(slowest, time.perf_counter() - start)
            largest = max(largest, tracemalloc.get_traced_memory()[1])
    print(f"{options.cases} mutants: {rejected} rejected, {len(defects)} defects {defects[:20]}")
    print(f"slowest {slowest:.2f} s, largest {largest / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
