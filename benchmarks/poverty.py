"""Poverty estimates: how quick they are beside plain numpy, the peers in Python, and their own smaller tasks.

    python -m benchmarks.poverty [--peers PYTHON] [--repeats 5] [--out benchmarks/poverty.csv]

``seconds`` are processor seconds in every row, of all threads of the process (``time.process_time``): medians of the
repeats, taken in turn with what they are set against in the same process, so that other work on the machine weighs
little. ``--peers`` (or KAUR_PEERS) names an interpreter that has ``svy``, ``svy-sae`` and ``samplics``; each runs in a
process of its own (``benchmarks/poverty_peers.py``) with as many threads as it likes. A peer's median leaves out its
first call, which compiles; the note has that call in processor seconds, and both by the clock. ``svy-sae`` draws 200
times, as its authors set it, and 100 times, as the plain Monte Carlo does; nothing here is drawn. Empirical best is
also compared by first calls alone, each in a process of its own with everything imported, as a notebook makes it:
medians of five processes on either side, taken in turn. Without an interpreter their rows say that they did not run.
``bound`` is what the project wants ``ratio`` to keep to.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.survey import LINE, big_sample
from kaur_analysis.poverty import SurveyDesign, empirical_best, estimate_fgt, fay_herriot
from kaur_analysis.poverty.nested_error import NestedError, Sums, fit_sums, sums_by

FloatArray = NDArray[np.float64]
HERE = Path(__file__).parent
COVARIATES = [f"x{k}" for k in range(14)]
DRAWS = REPLICATES = 100
PEERS = {
    "svy_sae_eb": "empirical best, 25 000 families × 94 areas",
    "svy_fgt": "FGT 0–2 with errors, 1 000 000 records × 100 domains",
    "samplics_fgt": "FGT 0 with errors, 100 000 records × 100 domains",
    "svy_sae_fh": "Fay–Herriot, 514 areas",
}
PEER_REPEATS = 6  # of which the median leaves out the first, with compiling
PROCESSES = 5  # of first calls


@dataclass(frozen=True)
class Kabupaten:
    """A survey with welfare and a registry with the same covariates, in arrays."""

    survey: pd.DataFrame
    census: pd.DataFrame


def kabupaten(families: int, areas: int, per_area: int = 10, seed: int = 5) -> Kabupaten:
    """Families with seven continuous and seven yes-or-no covariates; log welfare with effects of areas."""
    random = np.random.default_rng(seed)
    area = np.sort(random.integers(0, areas, families))
    X = random.standard_normal((families, 14))
    X[:, 7:] = X[:, 7:] > 0
    sampled = np.concatenate([random.choice(np.flatnonzero(area == code), per_area) for code in range(areas)])
    y = 13.4 + X[sampled] @ np.linspace(-0.1, 0.1, 14)
    y += random.normal(0, 0.15, areas)[area[sampled]] + random.normal(0, 0.4, len(sampled))
    census = pd.DataFrame(X, columns=COVARIATES).assign(area=area)
    return Kabupaten(census.iloc[sampled].assign(welfare=np.exp(y)).reset_index(drop=True), census)


def exact(world: Kabupaten, replicates: int) -> pd.DataFrame:
    """This project's door: three indices, intervals and MSE."""
    return empirical_best(
        world.survey,
        world.census,
        "welfare",
        COVARIATES,
        "area",
        LINE,
        method="census_eb",
        mse_replicates=replicates,
    ).estimates


def fitted(y: FloatArray, X: FloatArray, area: NDArray[np.int64], areas: int) -> NestedError:
    """Nested-error model by restricted likelihood."""
    return fit_sums(Sums.of(X, area, areas), X.T @ y, sums_by(area, y, areas), float(y @ y))


def monte_carlo(world: Kabupaten) -> FloatArray:
    """Plain numpy after Molina & Rao (2010): L draws of every family, a bootstrap of B whole populations.

    Returns the MSE of three indices, areas × 3. The fits are this project's, so that the ratio speaks of the draws.
    """
    random = np.random.default_rng(1)
    area = world.census["area"].to_numpy()
    group = world.survey["area"].to_numpy()
    first = np.searchsorted(area, np.arange(area[-1] + 1))
    sizes = np.bincount(area)
    X = np.column_stack([np.ones(len(area)), world.census[COVARIATES]])
    own = np.column_stack([np.ones(len(group)), world.survey[COVARIATES]])
    count = len(sizes)

    def indices(log_welfare: FloatArray) -> FloatArray:
        """FGT 0-2 by area of populations (R × N), summed over R."""
        gap = np.maximum(1 - np.exp(log_welfare) / LINE, 0)
        powers = [(gap > 0).sum(axis=0), gap.sum(axis=0), (gap * gap).sum(axis=0)]
        return np.stack([np.add.reduceat(each, first) / sizes for each in powers], axis=1)

    def predicted(y: FloatArray) -> FloatArray:
        fit = fitted(y, own, group, count)
        mean = X @ fit.beta + fit.effects[area]
        left = np.sqrt(fit.sigma2_u * (1 - fit.gamma))
        total = np.zeros((count, 3))
        for _ in range(DRAWS // 10):  # ten at a time: all at once does not fit into a laptop's memory at larger sizes
            effects = left * random.standard_normal((10, count))
            noise = np.sqrt(fit.sigma2_e) * random.standard_normal((10, len(area)))
            total += indices(mean + effects[:, area] + noise)
        return total / DRAWS

    y = np.log(world.survey["welfare"].to_numpy())
    fit = fitted(y, own, group, count)
    predicted(y)
    squared = np.zeros((count, 3))
    for _ in range(REPLICATES):
        effects = np.sqrt(fit.sigma2_u) * random.standard_normal(count)
        population = X @ fit.beta + effects[area] + np.sqrt(fit.sigma2_e) * random.standard_normal(len(area))
        made = own @ fit.beta + effects[group] + np.sqrt(fit.sigma2_e) * random.standard_normal(len(group))
        squared += (predicted(made) - indices(population[None])) ** 2
    return squared / REPLICATES


def medians(repeats: int, *calls: Callable[[], object]) -> list[float]:
    """Median processor seconds of each call; the calls take turns."""
    seconds = np.empty((repeats, len(calls)))
    for turn in range(repeats):
        for place, call in enumerate(calls):
            start = time.process_time()
            call()
            seconds[turn, place] = time.process_time() - start
    return [float(each) for each in np.median(seconds, axis=0)]


def alone(families: int, areas: int, replicates: int, repeats: int) -> dict[str, float]:
    """Median processor seconds of this project's door, and the largest memory (MB), in a process of its own."""
    size = ",".join(str(each) for each in (families, areas, replicates, repeats))
    command = [sys.executable, "-m", "benchmarks.poverty", "--alone", size]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def be_alone(families: int, areas: int, replicates: int, repeats: int) -> None:
    """What :func:`alone` asks a process for."""
    world = kabupaten(families, areas)
    (seconds,) = medians(repeats, lambda: exact(world, replicates))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "megabytes": kilobytes / 1024}))


def area_level(areas: int = 514) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Direct values, variances and covariates of as many areas as Indonesia has kabupaten and kota."""
    random = np.random.default_rng(2)
    X = np.column_stack([np.ones(areas), random.standard_normal((areas, 3))])
    psi = random.uniform(0.1, 1.0, areas)
    y = X @ [1.0, 0.5, 0.2, 0.1] + random.normal(0, 0.6, areas) + random.normal(0, np.sqrt(psi))
    return y, psi, X


@dataclass(frozen=True)
class Calls:
    """Processor seconds and seconds by the clock of each call of a peer; none where ``note`` says why."""

    package: str
    seconds: list[float]
    clock: list[float]
    note: str = ""


def peer(python: str, task: str, arrays: dict[str, NDArray[np.generic]], repeats: int = PEER_REPEATS) -> Calls:
    """Calls of a peer, one after the other in a process of its own."""
    if not python:
        return Calls(task.rsplit("_", 1)[0].replace("_", "-"), [], [], "no interpreter named")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        np.savez(path, **arrays)
        command = [python, str(HERE / "poverty_peers.py"), task, str(path), str(repeats)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return Calls(task, [], [], lines[-1] if lines else "failed")
    return Calls(**json.loads(done.stdout.strip().splitlines()[-1]))


def first_calls(python: str, task: str, arrays: dict[str, NDArray[np.generic]]) -> tuple[float, Calls]:
    """First calls of this project's door and of a peer in turn, each in a process of its own: ours is a median."""
    ours, found = [], []
    for _ in range(PROCESSES):
        ours.append(alone(25_000, 94, REPLICATES, 1)["seconds"])
        found.append(peer(python, task, arrays, 1))
    seconds, clock = ([second for each in found for second in getattr(each, name)] for name in ("seconds", "clock"))
    return float(np.median(ours)), Calls(found[0].package, seconds, clock, found[0].note)


def row(
    task: str, by: str, seconds: float | np.floating, ratio: float | np.floating, bound: str, note: str = ""
) -> dict[str, object]:
    """One line of the table."""
    return {"task": task, "by": by, "seconds": seconds, "ratio": ratio, "bound": bound, "note": note}


def small_areas(python: str, repeats: int) -> list[dict[str, object]]:
    """Empirical best against Monte Carlo, against svy-sae, and against its own size."""
    task = PEERS["svy_sae_eb"]
    world, larger = kabupaten(25_000, 94), kabupaten(250_000, 94)
    ours, plain, ten = medians(
        repeats,
        lambda: exact(world, REPLICATES),
        lambda: monte_carlo(world),
        lambda: exact(larger, REPLICATES),
    )
    arrays: dict[str, NDArray[np.generic]] = {
        "census_x": world.census[COVARIATES].to_numpy(),
        "census_area": world.census["area"].to_numpy(),
        "survey_x": world.survey[COVARIATES].to_numpy(),
        "survey_area": world.survey["area"].to_numpy(),
        "survey_y": world.survey["welfare"].to_numpy(),
        "line": np.array(LINE),
    }
    other, fewer = (peer(python, name, arrays) for name in ("svy_sae_eb", "svy_sae_eb_100"))
    first, firsts = first_calls(python, "svy_sae_eb", arrays)
    big = alone(1_000_000, 500, 200, 3)
    per_replicate = (big["seconds"] / 200) / (ours / REPLICATES)
    return [
        row(task, "kaur-analysis", ours, 1.0, "", f"{DRAWS} draws nowhere: closed form; B = {REPLICATES}, intervals"),
        row(task, "numpy Monte Carlo", plain, plain / ours, "at least 15", f"L = {DRAWS}, B = {REPLICATES}"),
        _peer_row(task, other, ours, "at least 200", "200 draws"),
        _peer_row(task, fewer, ours, "", "100 draws"),
        row(f"{task}, first call of a process", "kaur-analysis", first, 1.0, ""),
        _first_row(f"{task}, first call of a process", firsts, first, "", "200 draws"),
        row("the same, 250 000 families", "kaur-analysis", ten, ten / ours, "at most 8"),
        row("1 000 000 families × 500 areas, B = 200", "kaur-analysis", big["seconds"], per_replicate,
            "at most 25 per replicate", f"largest memory {big['megabytes']:.0f} MB (at most 1024)"),
    ]  # fmt: skip


def survey(python: str, repeats: int) -> list[dict[str, object]]:
    """FGT with errors against a bare sum, svy and samplics; domains that cut PSUs, and domains of whole PSUs."""
    task, rows = PEERS["svy_fgt"], []
    for domains in ("across PSUs", "of whole PSUs"):
        table = big_sample(domains)
        ours, bare = medians(
            3 * repeats,
            lambda table=table: estimate_fgt(SurveyDesign(table, "w", "h", "psu"), "y", LINE, by="area"),
            lambda table=table: table.groupby("area")[["y", "w", "psu", "h"]].sum(),
        )
        rows += [
            row(f"{task} {domains}", "kaur-analysis", ours, 1.0, ""),
            row(f"{task} {domains}", "bare groupby().sum()", bare, ours / bare, "ours at most 3 times it"),
        ]
        if domains == "across PSUs":
            rows.append(_peer_row(f"{task} {domains}", peer(python, "svy_fgt", _columns(table)), ours, "at least 40"))
    less = big_sample("across PSUs", records=100_000)
    (ours,) = medians(repeats, lambda: estimate_fgt(SurveyDesign(less, "w", "h", "psu"), "y", LINE, (0,), by="area"))
    rows.append(row(PEERS["samplics_fgt"], "kaur-analysis", ours, 1.0, ""))
    rows.append(_peer_row(PEERS["samplics_fgt"], peer(python, "samplics_fgt", _columns(less)), ours, ""))
    return rows


def _columns(table: pd.DataFrame) -> dict[str, NDArray[np.generic]]:
    gap = np.maximum(1 - table["y"].to_numpy() / LINE, 0)
    return {
        "fgt0": (gap > 0).astype(float),
        "fgt1": gap,
        "fgt2": gap**2,
        "area": table["area"].to_numpy(dtype=str),
        **{name: table[name].to_numpy() for name in ("w", "psu", "h")},
    }


def areas(python: str, repeats: int) -> list[dict[str, object]]:
    """Fay-Herriot with its MSE."""
    y, psi, X = area_level()
    (ours,) = medians(3 * repeats, lambda: fay_herriot(y, psi, X))
    other = peer(python, "svy_sae_fh", {"y": y, "psi": psi, "X": X})
    return [
        row(PEERS["svy_sae_fh"], "kaur-analysis", ours, 1.0, "at most 0.010 s"),
        _peer_row(PEERS["svy_sae_fh"], other, ours, ""),
    ]


def _peer_row(task: str, found: Calls, ours: float, bound: str, how: str = "") -> dict[str, object]:
    """Further calls of a peer, its first told apart in the note."""
    if not found.seconds:
        return _absent_row(task, found, bound)
    middle, by_clock = np.median(found.seconds[1:]), np.median(found.clock[1:])
    first = f"first call {found.seconds[0]:.1f} s, by the clock {found.clock[0]:.1f} s"
    note = "; ".join(part for part in (how, f"by the clock {by_clock:.2f} s", first) if part)
    return row(task, found.package, middle, middle / ours, bound, note)


def _first_row(task: str, found: Calls, ours: float, bound: str, how: str) -> dict[str, object]:
    """First calls of a peer."""
    if not found.seconds:
        return _absent_row(task, found, bound)
    middle, spread = np.median(found.seconds), f"{min(found.seconds):.1f} to {max(found.seconds):.1f} s"
    note = f"{how}; by the clock {np.median(found.clock):.1f} s; {spread}"
    return row(task, found.package, middle, middle / ours, bound, note)


def _absent_row(task: str, found: Calls, bound: str) -> dict[str, object]:
    return row(task, found.package, float("nan"), float("nan"), bound, found.note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=os.environ.get("KAUR_PEERS", ""))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--only", choices=["small_areas", "survey", "areas"], action="append")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        be_alone(*(int(each) for each in options.alone.split(",")))
        raise SystemExit
    parts: dict[str, Callable[[str, int], list[dict[str, object]]]] = {
        "small_areas": small_areas,
        "survey": survey,
        "areas": areas,
    }
    found = [line for name, part in parts.items() if name in (options.only or parts)
             for line in part(options.peers, options.repeats)]  # fmt: skip
    result = pd.DataFrame(found).round({"seconds": 4, "ratio": 2})
    if options.out:
        result.to_csv(options.out, index=False, lineterminator="\n")
    print(result.to_string(index=False))
