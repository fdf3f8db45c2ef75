"""What the research notebooks import beside what every notebook does: loaded only where one of them is to be run.

What several of them prepare at its first use is prepared as well.
"""

import atexit
import gc

from kaur_analysis.pipeline.loaded import load, quietly_interrupted, rehearse_picture, uncollected, without

# pandera imports it, where it is installed, to make up tables; here it only checks some.
UNUSED = ("hypothesis",)
STEPS = tuple(
    f"kaur_analysis.pipeline.steps.{name}"
    for name in ("clean", "poverty", "appendix", "targeting", "incidence", "planning", "publish", "shown")
)


def rehearse() -> None:
    """Check a table of nothing, read what every measure is called and which libraries there are: once for all steps."""
    import pandas as pd

    from kaur_analysis.contracts import TARGETING, checked
    from kaur_analysis.pipeline.provenance import libraries
    from kaur_analysis.targeting import definitions

    checked(
        TARGETING, pd.DataFrame({name: pd.Series(dtype=kind.dtype.type) for name, kind in TARGETING.columns.items()})
    )
    definitions()
    libraries()
    rehearse_picture()


with quietly_interrupted(), uncollected(), without(UNUSED):
    load(STEPS)
    rehearse()
atexit.register(gc.unfreeze)  # else DuckDB tells of everything that is still there when the process ends
