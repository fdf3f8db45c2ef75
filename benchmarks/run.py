"""How long an edition takes, beside plain papermill and nbconvert over the same notebooks, in one run on one computer.

    python benchmarks/run.py [--families 39000] [--repeat 3] [--keep-plain]

Writes ``benchmarks/run.csv``. The synthetic files are written before any clock starts; both sides read the same ones.
The plain side runs ``papermill`` and then ``jupyter nbconvert --to html`` for every notebook, one after the other;
Kaur's side is ``kaur run --jobs 2``. Measures are the best of several, an edition and one with a changed list in turn:
other work on the computer lengthens one run and not the next. The plain side is taken once. Both sides import libraries
that lie there compiled, as they do after anybody's first run. ``--keep-plain`` takes the plain side's
time from the table, where it was measured with as many families: minutes of work for a number that no change
of the program moves.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

import pandas as pd
import psutil

from kaur_analysis.demo import make_demo
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.run import page_jobs, research_jobs
from kaur_analysis.store import project_root

TABLE = Path(__file__).with_suffix(".csv")
PAGE = "1704010"
LIST = "csr_2024.csv"
PLAIN = "edition, plain papermill + nbconvert"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compile_libraries() -> None:
    """Write the bytecode of everything installed, as installing with pip or a first run does."""
    folders = (sysconfig.get_path("purelib"), str(project_root() / "kaur_analysis"))
    command = [sys.executable, "-m", "compileall", "-q", "-j", "0", *folders]
    subprocess.run(command, check=False, env=ENVIRONMENT, stdout=subprocess.DEVNULL)  # some ship files of Python 2


def seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def watched(command: list[str]) -> tuple[float, int, int]:
    """Seconds, largest resident process, and largest proportional memory of all processes together."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done, largest, together = Event(), 0, 0

    def watch() -> None:
        nonlocal largest, together
        root = psutil.Process(process.pid)
        while not done.wait(0.25):
            sizes, shares = [0], [0]
            for part in (root, *root.children(recursive=True)):
                try:
                    sizes.append(part.memory_info().rss)
                    shares.append(part.memory_full_info().pss)
                except (psutil.Error, AttributeError):
                    continue
            largest, together = max(largest, *sizes), max(together, sum(shares))

    watcher = Thread(target=watch)
    watcher.start()
    code = process.wait()
    took = time.perf_counter() - begun
    done.set()
    watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, command)
    return took, largest, together


def plain(study: Path, home: Path) -> float:
    """papermill and nbconvert, notebook after notebook, as commands."""
    edition = open_edition(str(study), str(home / "data"), str(home / "reports"))
    total = 0.0
    for number, job in enumerate((*research_jobs(edition), *page_jobs(edition))):
        executed = home / f"{number:02d}.ipynb"
        given = [part for name, value in job.parameters.items() for part in ("-p", name, str(value))]
        total += seconds(
            [sys.executable, "-m", "papermill", "--no-progress-bar", str(job.notebook), str(executed), *given]
        )
        total += seconds([sys.executable, "-m", "nbconvert", "--to", "html", str(executed)])
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=39_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep-plain", action="store_true", help="take the plain side's time from the table")
    asked = parser.parse_args()
    before = pd.read_csv(TABLE).set_index(["measure", "families"])["value"] if asked.keep_plain else pd.Series()
    compile_libraries()
    with tempfile.TemporaryDirectory(prefix="kaur-bench-") as folder:
        home = Path(folder)
        study = make_demo(home / "demo", families=asked.families)
        run = [sys.executable, "-m", "kaur_analysis", "run", str(study), "--jobs", "2"]
        run += ["--data", str(home / "data"), "--output", str(home / "reports")]
        page = home / "data" / "published" / "2025" / "produk" / f"kaur-2025-{PAGE}-nasal.html"
        full, largest, together = watched(run)
        unchanged = min(seconds(run) for _ in range(asked.repeat))
        recipients = home / "demo" / "sumber" / LIST
        whole = recipients.read_text(encoding="utf-8")

        def again() -> float:
            page.unlink()
            return seconds([*run, "--only", PAGE])

        one_page = min(again() for _ in range(asked.repeat))
        changed = float("inf")
        for turn in range(asked.repeat):
            if turn:
                full = min(full, seconds([*run, "--force"]))
            recipients.write_text("".join(whole.splitlines(keepends=True)[:-1]), encoding="utf-8")
            changed = min(changed, seconds(run))
            recipients.write_text(whole, encoding="utf-8")
        if (PLAIN, asked.families) in before.index:
            by_hand = float(before[PLAIN, asked.families])
        else:
            (home / "plain").mkdir()
            by_hand = plain(study, home / "plain")
        manual = min(seconds([sys.executable, "-m", "kaur_analysis", "--help"]) for _ in range(asked.repeat))
        bare = min(seconds([sys.executable, "-c", "pass"]) for _ in range(asked.repeat))
    rows = [
        (PLAIN, by_hand, "s", ""),
        ("edition, kaur run --jobs 2", full, "s", ""),
        ("edition, share of the plain commands", full / by_hand, "", "<= 0.25"),
        ("rerun, nothing changed", unchanged, "s", "<= 2"),
        ("rerun, one recipient list changed", changed, "s", ""),
        ("rerun, one recipient list changed, share of an edition", changed / full, "", "<= 0.4"),
        ("one page", one_page, "s", "<= 3"),
        ("largest process of an edition", largest / 1e9, "GB", "<= 1.5"),
        ("all processes of an edition together", together / 1e9, "GB", "<= 1.5"),
        ("kaur --help", manual, "s", ""),
        ("kaur --help, without python itself", manual - bare, "s", "<= 0.3"),
    ]
    table = pd.DataFrame(rows, columns=["measure", "value", "unit", "target"]).assign(families=asked.families)
    table["value"] = table["value"].round(3)
    table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
