"""What a kabupaten costs by its size, and what all Indonesia would: processor time and memory of research and pages.

    python -m benchmarks.scale FOLDER [--families 1500 6000] [--province FAMILIES --workers 2]

Each size is a synthetic Kaur: its research once, and the pages of a kecamatan, an agency and the kabupaten, each as the
task that a worker of a cluster would be given. Straight lines through the sizes give the cost model of
``docs/scale.md``. With ``--province`` the ten kabupaten of the synthetic Bengkulu are run as well, on one computer and
on a local cluster, and compared byte for byte.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.demo import make_demo, make_province
from kaur_analysis.pipeline.cluster import LOCAL, one_page, research, run_on_cluster
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.province import open_province, run_province
from kaur_analysis.pipeline.run import read_state

PAGES = ("1704010", "dinsos", "1704")
TABLE = Path(__file__).with_suffix(".csv")


def one_size(folder: Path, families: int) -> pd.DataFrame:
    """Cost of each step and of three pages of a synthetic Kaur of this many families."""
    study = str(make_demo(folder / str(families), families=families))
    done = research(study, str(folder / f"{families}-data"), "1704")
    state = read_state(open_edition(study, str(done.place), str(done.place)))
    costs = {name: entry["effort"] for name, entry in state.items()}
    costs |= {f"halaman {code}": one_page(study, str(done.place), code)[1].as_facts() for code in PAGES}
    rows = [
        {"families": families, "task": name, "cpu_seconds": cost["cpu_seconds"], "peak_mb": cost["peak_bytes"] / 1e6}
        for name, cost in costs.items()
    ]
    return pd.DataFrame(rows)


def slopes(table: pd.DataFrame) -> pd.DataFrame:
    """Processor seconds of research and of a page, and megabytes of the largest step: at no families, and per 1 000."""
    page = table["task"].str.startswith("halaman")
    research_seconds = table[~page].groupby("families")["cpu_seconds"].sum()
    figures = {
        "research_cpu_seconds": research_seconds,
        "page_cpu_seconds": table[page].groupby("families")["cpu_seconds"].mean(),
        "peak_mb": table.groupby("families")["peak_mb"].max(),
    }
    rows = []
    for name, values in figures.items():
        slope, start = np.polyfit(values.index / 1000, values, 1)
        rows.append({"figure": name, "start": round(start, 2), "per_1000_families": round(slope, 3)})
    return pd.DataFrame(rows)


def compared(folder: Path, families: int, workers: int) -> dict[str, float]:
    """The synthetic Bengkulu on one computer and on a cluster: wall seconds of each, and files that differ."""
    listed = make_province(folder / "provinsi", families=families)
    seconds = {}
    contents = []
    for name in ("satu", "klaster"):
        province = open_province(listed, str(folder / name / "data"), str(folder / name / "hasil"))
        begun = time.monotonic()
        if name == "satu":
            run_province(province, tuple(province.studies), jobs=workers)
        else:
            run_on_cluster(province, tuple(province.studies), LOCAL, workers)
        seconds[name] = round(time.monotonic() - begun, 1)
        contents.append(_contents(province.reports))
    names = {*contents[0], *contents[1]}
    differing = sum(contents[0].get(name) != contents[1].get(name) for name in names)
    return seconds | {"files": len(names), "differing": differing}


def _contents(folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "manifest.json":
            manifest = json.loads(path.read_text(encoding="utf-8"))
            del manifest["timing"]
            found[str(path.relative_to(folder))] = manifest
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--families", type=int, nargs="*", default=[1_500, 6_000])
    parser.add_argument("--province", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.families:
        table = pd.concat([one_size(given.folder, families) for families in given.families], ignore_index=True)
        table.round(2).to_csv(TABLE, index=False)
        print(table.round(2).to_string(index=False), slopes(table).to_string(index=False), sep="\n\n")
    if given.province:
        print(compared(given.folder, given.province, given.workers))


if __name__ == "__main__":
    main()
