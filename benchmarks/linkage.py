"""How well and how fast recipients are found in the registry, and what damaged NIKs do to it.

    python -m benchmarks.linkage --families 39000 --out benchmarks/linkage.csv

Synthetic Kaur with the dirt of the field; then one digit wrong in a further share of the NIKs of the longest list.
Beside the table, ``linkage_calibration.csv`` holds the stated probabilities to the share of pairs that are right.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kaur_analysis.cleaning import clean
from kaur_analysis.demo import make_demo
from kaur_analysis.intake import keys_for, read_study
from kaur_analysis.linkage import link
from kaur_analysis.study import load_study
from tests.linkage_truth import calibration, compare, damage_niks

SHARES = (0.0, 0.05, 0.10, 0.20, 0.30)


def measure(families: int, shares: Sequence[float] = SHARES) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Precision, recall and seconds per share of damaged NIKs; and per share, pairs by their stated probability."""
    rows, stated = [], []
    for share in shares:
        with tempfile.TemporaryDirectory() as folder:
            path = make_demo(Path(folder), seed=11, families=families, dirt="field")
            damage_niks(Path(folder), share)
            study = load_study(path)
            intake = read_study(study, keys_for(True), strict=False)
            cleaned = clean(intake, study)
            start = time.perf_counter()
            linkage = link(cleaned, study)
            seconds = time.perf_counter() - start
            found = compare(linkage, intake, cleaned, study, Path(folder))
        rows.append(
            {
                "families": families,
                "damaged": share,
                "recipients": len(found.records),
                "precision": round(found.precision, 5),
                "recall": round(found.recall, 5),
                "unmatched": round(float((found.records["method"] == "unmatched").mean()), 5),
                "link_seconds": round(seconds, 1),
                "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            }
        )
        held = calibration(found).reset_index()
        stated.append(held.assign(families=families, damaged=share))
    columns = ["families", "damaged", "range", "pairs", "stated", "right"]
    return pd.DataFrame(rows), pd.concat(stated, ignore_index=True)[columns].round(4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=39_000)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, help="of the NIKs that are damaged")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/linkage.csv"))
    options = parser.parse_args()
    table, held = measure(options.families, options.shares)
    table.to_csv(options.out, index=False, lineterminator="\n")
    held.to_csv(options.out.with_name("linkage_calibration.csv"), index=False, lineterminator="\n")
    print(table.to_string(index=False))
    print(held.to_string(index=False))
