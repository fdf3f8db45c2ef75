"""Speed and memory of the targeting room at the size of Kaur, against a plain pandas ``groupby.apply``.

    python -m benchmarks.targeting --out benchmarks/targeting.csv

40 000 families × 8 programmes × 200 joint draws × 195 desa on the registry route: every measure with intervals, reasons
and overlap. The plain version computes the six counting measures only, one function call per desa, programme and draw;
it is timed on a few draws and scaled up, because the whole of it takes minutes.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.targeting import error_decomposition, overlap, targeting_measures

PROGRAMMES = [f"programme_{number}" for number in range(1, 9)]
DRAWS, DESA = 200, 195
PLAIN_DRAWS = 3


def families(size: int, draws: int = DRAWS, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Families with probabilities of poverty and links, a tenth of the links uncertain, and joint draws of poverty."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=size)
    frame = pd.DataFrame(
        {
            "p": 1 / (1 + np.exp(1.7 + x)),
            "welfare": np.exp(13.2 + 0.3 * x),
            "desa": generator.integers(0, DESA, size),
            "listed": (generator.random(size) < 0.9).astype(float),
            "eligible": (x < 0).astype(float),
        }
    )
    for name in PROGRAMMES:
        received = (generator.random(size) < 1 / (1 + np.exp(1.5 + x))).astype(float)
        frame[name] = np.where(generator.random(size) < 0.1, generator.random(size), received)
    poor = generator.random((size, draws), dtype=np.float32) < frame["p"].to_numpy(dtype=np.float32)[:, None]
    return frame, poor


def room(frame: pd.DataFrame, draws: np.ndarray) -> None:
    """Everything the registry route publishes by desa."""
    benefit = dict.fromkeys(PROGRAMMES, 200_000.0)
    targeting_measures(frame, "p", PROGRAMMES, benefit=benefit, welfare="welfare", by="desa", poor_draws=draws)
    error_decomposition(frame, "p", PROGRAMMES, by="desa", listed="listed", eligible="eligible", poor_draws=draws)
    overlap(frame, PROGRAMMES, "p", by="desa", poor_draws=draws)


def same_measures(frame: pd.DataFrame, draws: np.ndarray) -> None:
    """The counting measures, for comparison with the plain version (which computes six of these sixteen)."""
    targeting_measures(frame, "p", PROGRAMMES, by="desa", poor_draws=draws)


def plain(frame: pd.DataFrame, draws: np.ndarray) -> None:
    """What an analyst writes first: a function per group, applied draw by draw."""
    generator = np.random.default_rng(0)

    def measures(part: pd.DataFrame) -> pd.Series:
        reached = (part["poor"] * part["received"]).sum()
        poor, received = part["poor"].sum(), part["received"].sum()
        return pd.Series(
            {
                "coverage": received / len(part),
                "exclusion_error": 1 - reached / poor,
                "inclusion_error": 1 - reached / received,
                "false_positive_rate": (received - reached) / (len(part) - poor),
                "error_rate": (poor + received - 2 * reached) / len(part),
                "differential": reached / poor - (received - reached) / (len(part) - poor),
            }
        )

    for name in PROGRAMMES:
        results = []
        for draw in draws.T:
            drawn = pd.DataFrame(
                {
                    "desa": frame["desa"],
                    "poor": draw.astype(float),
                    "received": (generator.random(len(frame)) < frame[name]).astype(float),
                }
            )
            results.append(drawn.groupby("desa")[["poor", "received"]].apply(measures))
        pd.concat(results).groupby(level=0).quantile([0.025, 0.975])


def seconds(
    call: Callable[[pd.DataFrame, np.ndarray], None], frame: pd.DataFrame, draws: np.ndarray, repeats: int
) -> float:
    """Median wall-clock time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call(frame, draws)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    rows = []
    for size in (10_000, 20_000, 40_000):
        frame, draws = families(size)
        rows.append({"families": size, "what": "room", "seconds": seconds(room, frame, draws, options.repeats)})
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    counting = seconds(same_measures, frame, draws, options.repeats)
    rows.append({"families": size, "what": "room, counting measures only", "seconds": counting})
    few = seconds(plain, frame, draws[:, :PLAIN_DRAWS], 1)
    rows.append({"families": size, "what": "plain, scaled to all draws", "seconds": few * DRAWS / PLAIN_DRAWS})
    table = pd.DataFrame(rows)
    table["ratio_to_counting_measures"] = (table["seconds"] / counting).round(2)
    table["seconds"] = table["seconds"].round(2)
    table["peak_gb_of_room"] = round(peak, 2)
    print(table.to_string(index=False))
    if options.out:
        table.to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
