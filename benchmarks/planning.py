"""Speed, memory and optimality of the allocation at the size of Kaur.

    python -m benchmarks.planning --out benchmarks/planning.csv

40 000 families × 20 programmes under agency ceilings; a total with funds, quota, capacity and desa floors; and ceilings
per programme. The first kind of families is due programmes by desil and condition, as rules make them; the second draws
every due at random, so that hardly two families are due the same (the hardest case for merging alike families).
Each row is measured in its own process.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

from kaur_analysis.planning import Limits, Wide, allocate
from kaur_analysis.planning.wide import exclusive_pairs
from kaur_analysis.reference import load_area
from kaur_analysis.reference.catalogue import load_catalogue

FAMILIES, PROGRAMMES = 40_000, 20


def families(kind: str, size: int = FAMILIES, seed: int = 0) -> Wide:
    """Families whose chance of extreme poverty falls with the desil, due one to a dozen programmes."""
    random = np.random.default_rng(seed)
    packaged = list(load_catalogue().values())
    extra = [programme.model_copy(update={"code": f"{programme.code}_2"}) for programme in packaged]
    programmes = tuple((packaged + extra)[:PROGRAMMES])
    desil = random.integers(1, 11, size)
    if kind == "rules":
        reach = random.integers(1, 6, PROGRAMMES)
        condition = random.random((size, PROGRAMMES)) < np.where(np.arange(PROGRAMMES) % 2, 1.0, 0.5)
        due = (desil[:, None] <= reach) & condition
    else:
        due = random.random((size, PROGRAMMES)) < 0.3
    benefit = random.choice([450, 600, 900, 1000, 2000, 2400, 3000, 5000, 20_000], PROGRAMMES) * 1000.0
    people = random.integers(1, 5, (size, PROGRAMMES))
    rupiah = due * benefit * np.where(np.arange(PROGRAMMES) % 5 == 0, people, 1)
    chance = 1 / (1 + np.exp(1.2 + 0.45 * desil + random.normal(0, 0.8, size)))
    desa = load_area("1704").desa["desa"].to_numpy(dtype=object)[random.integers(0, 195, size)]
    return Wide(
        family=np.array([f"k{who}" for who in range(size)], dtype=object),
        kecamatan=np.array([code[:7] for code in desa], dtype=object),
        desa=desa,
        programmes=programmes,
        due=due.astype(float),
        rupiah=rupiah,
        units=due.astype(float),
        chance=chance,
        gap=chance * random.lognormal(14.5, 0.6, size),
        exclusive=exclusive_pairs(programmes),
    )


def limits(kind: str, wide: Wide) -> Limits:
    """Three ways an office bounds its plan."""
    if kind == "agencies":
        need: dict[str, float] = {}
        for column, programme in enumerate(wide.programmes):
            need[programme.agency] = need.get(programme.agency, 0) + float(wide.rupiah[:, column].sum())
        return Limits(agency={agency: 0.1 * rupiah for agency, rupiah in need.items()})
    if kind == "floors":
        total = 0.05 * float(wide.rupiah.sum())
        fund = {"apbd": total / 3, "dana_desa": total / 10}
        return Limits(total=total, fund=fund, quota={"pkh": 1500}, capacity=6000, desa_floor=5)
    need_of = wide.rupiah.sum(axis=0)
    codes = [programme.code for programme in wide.programmes]
    return Limits(programme={code: 0.1 * float(rupiah) for code, rupiah in zip(codes, need_of, strict=True)})


def measure(kind: str, bounded: str) -> list[object]:
    """One row of the table."""
    wide = families(kind)
    result = allocate(wide, limits(bounded, wide))
    score = result.comparison.set_index("method")["objective"]
    memory = float("nan")
    if sys.platform != "win32":
        import resource

        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    better = score["optimal"] / score["greedy"] - 1
    return [kind, bounded, f"{result.seconds:.1f}", f"{result.gap:.6f}", f"{better:.4f}", f"{memory:.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/planning.csv"))
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        print(*measure(*given.one), sep=",")
        return
    rows = []
    for kind in ("rules", "random"):
        for bounded in ("agencies", "floors", "programmes"):
            command = [sys.executable, "-m", "benchmarks.planning", "--one", kind, bounded]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append(done.stdout.strip().split(","))
            print(*rows[-1])
    with given.out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["families", "limits", "seconds", "gap", "better_than_greedy", "peak_gb"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
