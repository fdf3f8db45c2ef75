"""What a kabupaten costs by its size, from a whole synthetic Bengkulu run on a local cluster and on one computer.

    python -m benchmarks.scale FOLDER [--families 617647] [--workers 2] [--cluster-only]

Writes ``benchmarks/scale.csv``: processor time and largest memory of each research step and of the pages, for each of
the ten kabupaten/kota as the cluster ran them. Straight lines through the ten sizes give the cost model of
``docs/scale.md``. Then the same province is run on one computer and every file of every edition is compared, byte for
byte (the manifest without its block of times).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.demo import make_province
from kaur_analysis.demo.province import FAMILIES
from kaur_analysis.pipeline.cluster import LOCAL, run_on_cluster
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.province import Province, ProvinceOutcome, open_province, run_province
from kaur_analysis.pipeline.run import RESEARCH, read_state

TABLE = Path(__file__).with_suffix(".csv")


def costs(province: Province) -> pd.DataFrame:
    """What each step of each kabupaten took on the cluster; its pages as one row of means."""
    rows = []
    for code, study in province.studies.items():
        (place,) = (province.data / "klaster" / code).glob("*-*")
        edition = open_edition(str(study), str(place), str(place))
        families = len(edition.store.read("clean/families", columns=["family"]))
        for task, entry in read_state(edition).items():
            effort = entry["effort"]
            name = task if task in RESEARCH else "page"
            rows.append((code, families, name, effort["cpu_seconds"], effort["peak_bytes"] / 1e9))
    table = pd.DataFrame(rows, columns=["kabupaten", "families", "task", "cpu_seconds", "peak_gb"])
    return (
        table.groupby(["kabupaten", "families", "task"])
        .agg(tasks=("task", "size"), cpu_seconds=("cpu_seconds", "mean"), peak_gb=("peak_gb", "max"))
        .round(2)
        .reset_index()
    )


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Processor seconds of a kabupaten's research and of a page, and memory: at no families, and per 1 000."""
    page = table["task"] == "page"
    figures = {
        "research_cpu_seconds": table[~page].groupby("families")["cpu_seconds"].sum(),
        "page_cpu_seconds": table[page].set_index("families")["cpu_seconds"],
        "peak_gb": table.groupby("families")["peak_gb"].max(),
    }
    rows = []
    for name, values in figures.items():
        slope, start = np.polyfit(values.index / 1000, values, 1)
        away = np.abs(values - (start + slope * values.index / 1000)).max()
        rows.append((name, round(start, 2), round(slope, 3), round(away, 2)))
    return pd.DataFrame(rows, columns=["figure", "start", "per_1000_families", "farthest_from_line"])


def differing(one: Path, other: Path) -> list[str]:
    """Files of two folders of editions that are not the same, by name."""
    contents = _contents(one), _contents(other)
    names = sorted({*contents[0], *contents[1]})
    print(f"{len(names)} files compared")
    return [name for name in names if contents[0].get(name) != contents[1].get(name)]


def _contents(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "manifest.json":
            manifest = json.loads(path.read_text(encoding="utf-8"))
            del manifest["timing"]
            found[path.relative_to(folder).as_posix()] = manifest
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _told(name: str, begun: float, outcome: ProvinceOutcome) -> None:
    print(f"{name}: {time.monotonic() - begun:.0f} s, failed: {dict(outcome.failed)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--families", type=int, default=FAMILIES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cluster-only", action="store_true")
    given = parser.parse_args()
    listed = make_province(given.folder / "provinsi", families=given.families)
    cluster, alone = (
        open_province(listed, str(given.folder / name / "data"), str(given.folder / name / "hasil"))
        for name in ("klaster", "satu")
    )
    begun = time.monotonic()
    _told("cluster", begun, run_on_cluster(cluster, tuple(cluster.studies), LOCAL, given.workers))
    table = costs(cluster)
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False), slopes(table).to_string(index=False), sep="\n\n", flush=True)
    if not given.cluster_only:
        begun = time.monotonic()
        _told("one computer", begun, run_province(alone, tuple(alone.studies), jobs=given.workers))
        print("differing:", differing(cluster.reports, alone.reports))


if __name__ == "__main__":
    main()
