"""What the research notebooks import beside what every notebook does: loaded only where one of them is to be run."""

import atexit
import gc
import importlib

from kaur_analysis.pipeline.loaded import keep, quietly_interrupted, uncollected

STEPS = tuple(
    f"kaur_analysis.pipeline.steps.{name}"
    for name in ("clean", "poverty", "appendix", "targeting", "incidence", "planning", "publish", "shown")
)

with quietly_interrupted(), uncollected():
    for step in STEPS:
        importlib.import_module(step)
keep()
atexit.register(gc.unfreeze)  # else DuckDB tells of everything that is still there when the process ends
