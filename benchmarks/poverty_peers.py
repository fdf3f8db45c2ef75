"""What other packages need for the tasks of ``benchmarks/poverty.py``; run by their own interpreter, never imported.

    PYTHON_WITH_PEERS benchmarks/poverty_peers.py TASK FILE.npz REPEATS

Prints one line of JSON: processor seconds (of all threads) and seconds by the clock of each call in this process, the
first with what the package compiles at it, and the package with its version. Importing the package and reading ``FILE``
with the arrays of the task belong to none; making the package's own table of them to each.
"""

import importlib
import json
import sys
import time
from importlib.metadata import version

import numpy as np

INDICATORS = ("fgt0", "fgt1", "fgt2")


def svy_fgt(data):
    """Means of the three FGT columns by domain with Taylor errors."""
    import polars as pl
    import svy

    columns = {name: data[name] for name in (*INDICATORS, "area", "w", "psu", "h")}
    frame = pl.DataFrame(columns)
    sample = svy.Sample(frame, svy.Design(stratum="h", psu="psu", wgt="w"))
    return sample.estimation.mean(list(INDICATORS), by="area")


def svy_sae_eb(data, draws=200):
    """Empirical best prediction of three FGT indices, a bootstrap of 100 replicates, draws as its authors set them."""
    import polars as pl
    import svy_sae

    names = [f"x{k}" for k in range(data["census_x"].shape[1])]
    census = pl.DataFrame(dict(zip(names, data["census_x"].T, strict=True)) | {"area": data["census_area"]})
    survey = pl.DataFrame(
        dict(zip(names, data["survey_x"].T, strict=True))
        | {"area": data["survey_area"], "y": data["survey_y"] / data["line"]}
    )
    kinds = svy_sae.Indicator
    return svy_sae.UnitLevel(survey).ebp(
        "y",
        x=names,
        area="area",
        pop_data=census,
        transformation="log",
        indicators=[kinds.POVERTY_HEADCOUNT, kinds.POVERTY_GAP, kinds.POVERTY_SEVERITY],
        threshold=1.0,
        n_mc=draws,
        n_reps=100,
        rstate=1,
    )


def svy_sae_eb_100(data):
    """The same with as many draws as the plain Monte Carlo."""
    return svy_sae_eb(data, draws=100)


def svy_sae_fh(data):
    """Fay-Herriot by restricted likelihood with the analytical MSE."""
    import polars as pl
    import svy_sae

    names = [f"x{k}" for k in range(1, data["X"].shape[1])]
    columns = dict(zip(names, data["X"].T[1:], strict=True))
    frame = pl.DataFrame(columns | {"y": data["y"], "v": data["psi"], "area": np.arange(len(data["y"]))})
    return svy_sae.AreaLevel(frame).fh("y", x=names, area="area", variance="v")


def samplics_fgt(data):
    """Means of the headcount column by domain with Taylor errors (one of three indices)."""
    from samplics import TaylorEstimator
    from samplics.utils.types import PopParam

    return TaylorEstimator(PopParam.mean).estimate(
        y=data["fgt0"], samp_weight=data["w"], stratum=data["h"], psu=data["psu"], domain=data["area"]
    )


TASKS = {
    "svy_fgt": (svy_fgt, "svy", ("polars", "svy")),
    "svy_sae_eb": (svy_sae_eb, "svy-sae", ("polars", "svy_sae")),
    "svy_sae_eb_100": (svy_sae_eb_100, "svy-sae", ("polars", "svy_sae")),
    "svy_sae_fh": (svy_sae_fh, "svy-sae", ("polars", "svy_sae")),
    "samplics_fgt": (samplics_fgt, "samplics", ("samplics",)),
}

if __name__ == "__main__":
    task, package, modules = TASKS[sys.argv[1]]
    for module in modules:
        importlib.import_module(module)
    arrays = dict(np.load(sys.argv[2], allow_pickle=False))
    seconds, clock = [], []
    for _ in range(int(sys.argv[3])):
        start, start_clock = time.process_time(), time.perf_counter()
        task(arrays)
        seconds.append(time.process_time() - start)
        clock.append(time.perf_counter() - start_clock)
    print(json.dumps({"package": f"{package} {version(package)}", "seconds": seconds, "clock": clock}))
