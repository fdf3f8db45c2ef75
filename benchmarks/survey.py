"""Survey estimates: how quick they are, and whether their intervals hold what they promise.

    python benchmarks/survey.py speed      # 1 000 000 records, 100 domains, against a bare groupby().sum()
    python benchmarks/survey.py coverage   # 2 000 samples from a population whose truth is known

Prints a table; ``--write`` puts it beside this file.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.poverty import EstimateSettings, RelativeLine, SurveyDesign, estimate_fgt, estimate_inequality

HERE = Path(__file__).parent
LINE = 500_000.0


def median_time(call: Callable[[], object], repeats: int = 7) -> float:
    """Median of the wall-clock seconds of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def big_sample(domains: str, records: int = 1_000_000, psus: int = 20_000, areas: int = 100) -> pd.DataFrame:
    """Records in random order: areas made of whole PSUs, or cutting across all of them."""
    rng = np.random.default_rng(1)
    psu = rng.integers(0, psus, records)
    area = psu % areas if domains == "of whole PSUs" else rng.integers(0, areas, records)
    return pd.DataFrame(
        {
            "area": pd.Series(area).map(lambda code: f"1704{code:03d}"),
            "y": rng.lognormal(13.3, 0.6, records),
            "w": rng.uniform(50, 500, records),
            "psu": psu,
            "h": psu % 200,
        }
    )


def speed() -> pd.DataFrame:
    """Seconds of FGT 0–2 with standard errors against the bare sums of the same columns, in one process."""
    rows = []
    for domains in ("of whole PSUs", "across PSUs"):
        table = big_sample(domains)
        design = SurveyDesign(table, "w", "h", "psu")
        bare = median_time(lambda table=table: table.groupby("area")[["y", "w", "psu", "h"]].sum())
        first = median_time(
            lambda table=table: estimate_fgt(SurveyDesign(table, "w", "h", "psu"), "y", LINE, by="area")
        )
        again = median_time(lambda design=design: estimate_fgt(design, "y", LINE, by="area"))
        rows.append(
            {
                "domains": domains,
                "bare_groupby_sum_s": bare,
                "design_and_fgt_s": first,
                "fgt_s": again,
                "design_and_fgt_ratio": first / bare,
                "fgt_ratio": again / bare,
            }
        )
    return pd.DataFrame(rows)


def population(seed: int = 4) -> pd.DataFrame:
    """A kabupaten of 30 000 households in 600 PSUs, 15 areas and two strata, alike within PSUs; sizes differ.

    Log expenditure has a PSU effect (sd 0.18) beside the household's own (sd 0.42); about a sixth of persons are poor.
    """
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(600), 50)
    urban = rng.random(600) < 0.25
    level = 13.55 + 0.2 * urban + rng.normal(0, 0.10, 15)[np.arange(600) % 15] + rng.normal(0, 0.18, 600)
    y = np.exp(level[psu] + rng.normal(0, 0.42, len(psu)))
    size = rng.integers(1, 8, len(psu))
    return pd.DataFrame({"y": y, "size": size, "psu": psu, "h": urban[psu].astype(int), "area": psu % 15})


def draw(people: pd.DataFrame, rng: np.random.Generator, psus: int = 60, households: int = 10) -> pd.DataFrame:
    """PSUs by simple random sampling within strata, proportionally, then households; person weights."""
    chosen = []
    for _, stratum in people.groupby("h"):
        available = stratum["psu"].unique()
        count = max(2, round(psus * len(available) / people["psu"].nunique()))
        for psu in rng.choice(available, count, replace=False):
            rows = np.flatnonzero(people["psu"].to_numpy() == psu)
            taken = people.iloc[rng.choice(rows, households, replace=False)]
            weight = len(available) / count * len(rows) / households
            chosen.append(taken.assign(w=weight * taken["size"]))
    return pd.concat(chosen, ignore_index=True)


def truth(people: pd.DataFrame, line: float) -> np.ndarray:
    """P0, P1, P2 of all persons."""
    gap = np.maximum(1 - people["y"] / line, 0)
    return np.array([np.average((people["y"] < line) * gap**order, weights=people["size"]) for order in (0, 1, 2)])


VARIANTS = {
    "logit, domain df": EstimateSettings(),
    "linear, domain df": EstimateSettings(share_interval="linear"),
    "linear, design df": EstimateSettings(share_interval="linear", degrees="design"),
}


def coverage(samples: int = 2_000, seed: int = 9) -> pd.DataFrame:
    """Share of samples whose 95 % interval holds the truth, bias, and mean standard error over the real one."""
    people = population()
    relative = RelativeLine(0.6)
    median_line = relative.measure(people["y"].to_numpy(), people["size"].to_numpy(dtype=float))[0]
    rng = np.random.default_rng(seed)
    collected: list[pd.DataFrame] = []
    for sample in range(samples):
        design = SurveyDesign(draw(people, rng), "w", "h", "psu")
        for variant, settings in VARIANTS.items():
            for by, name in ((None, "kabupaten"), ("area", "one area")):
                table = estimate_fgt(design, "y", LINE, by=by, settings=settings)
                collected.append(table.assign(variant=variant, level=name, sample=sample))
        table = estimate_fgt(design, "y", relative).assign(indicator=lambda t: t["indicator"] + " (0.6 median)")
        collected.append(table.assign(variant="logit, domain df", level="kabupaten", sample=sample))
        table = estimate_inequality(design, "y", ["gini"])
        collected.append(table.assign(variant="logit, domain df", level="kabupaten", sample=sample))
    estimates = pd.concat(collected, ignore_index=True)
    return summarise(estimates, truths(people, median_line))


def truths(people: pd.DataFrame, median_line: float) -> pd.DataFrame:
    """True value of each indicator and area."""
    rows = [("fgt" + str(k), "ALL", v) for k, v in enumerate(truth(people, LINE))]
    rows += [(f"fgt{k} (0.6 median)", "ALL", v) for k, v in enumerate(truth(people, median_line))]
    whole = SurveyDesign(people.assign(w=people["size"]), "w")
    rows.append(("gini", "ALL", estimate_inequality(whole, "y", ["gini"])["value"].item()))
    for area, own in people.groupby("area"):
        rows += [("fgt" + str(k), area, v) for k, v in enumerate(truth(own, LINE))]
    return pd.DataFrame(rows, columns=["indicator", "area", "true"])


def summarise(estimates: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias and error ratio by level, indicator and kind of interval."""
    table = estimates.merge(true, on=["indicator", "area"])
    table["held"] = (table["low"] <= table["true"]) & (table["true"] <= table["high"])
    table["width"] = table["high"] - table["low"]
    keys = ["level", "indicator", "variant"]
    per_area = table.groupby([*keys, "area"]).agg(
        true=("true", "first"),
        mean=("value", "mean"),
        real_se=("value", "std"),
        rms_se=("se", lambda each: np.sqrt((each**2).mean())),
        held=("held", "mean"),
        width=("width", "mean"),
        estimates=("value", "size"),
    )
    per_area["bias"] = per_area["mean"] / per_area["true"] - 1
    per_area["real_rse"] = per_area["real_se"] / per_area["true"]
    per_area["se_ratio"] = per_area["rms_se"] / per_area["real_se"]
    return (
        per_area.groupby(keys)[["true", "bias", "real_rse", "se_ratio", "held", "width"]]
        .mean()
        .join(per_area.groupby(keys)["estimates"].sum())
        .rename(columns={"held": "coverage"})
        .reset_index()
    )


def main() -> None:
    """Run one part and print, or write, its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["speed", "coverage"])
    parser.add_argument("--samples", type=int, default=2_000)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    table = speed() if chosen.part == "speed" else coverage(chosen.samples)
    print(table.round(4).to_string(index=False))
    if chosen.write:
        table.round(5).to_csv(HERE / f"survey_{chosen.part}.csv", index=False, encoding="utf-8", lineterminator="\n")


if __name__ == "__main__":
    main()
