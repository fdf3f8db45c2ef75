"""What every notebook imports, imported once: loaded by the process that the others are forked from.

Nothing here may start a thread or open a connection: neither survives a fork. Libraries of a single step (splink and
duckdb, statsmodels and scikit-learn) are left to that step.
"""

import gc
import importlib

SHARED = (
    "kaur_analysis.pipeline.engine",
    "kaur_analysis.pipeline.notebooks",
    "kaur_analysis.pipeline.steps.pages",
    "kaur_analysis.reporting",
    "nbconvert.exporters.html",
)

for name in SHARED:
    importlib.import_module(name)
gc.collect()
gc.freeze()  # what is imported is never freed, so no child needs a copy of its own only to count references
