"""What every notebook imports, imported once: loaded by the process that the others are forked from.

Nothing here may start a thread or open a connection: neither survives a fork. Libraries of a single step (splink and
duckdb, statsmodels and scikit-learn) are left to that step.
"""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import ModuleType
from typing import cast

from kaur_analysis.pipeline.workers import AWAITED_BY

# jsonschema imports them to judge addresses, durations and colours, which no notebook's form has; the first compiles a
# grammar for longer than all others take together. jsonschema does without where they are absent.
UNUSED = ("rfc3987_syntax", "rfc3986_validator", "isoduration", "fqdn", "uri_template", "webcolors")
INTERRUPTED = 130  # what a shell says of a process that Ctrl-C ended
SHARED = (
    "kaur_analysis.pipeline.engine",
    "kaur_analysis.pipeline.notebooks",
    "kaur_analysis.pipeline.steps.pages",
    "kaur_analysis.reporting",
    "nbconvert.exporters.html",
    # What a shell and the reading of a table load at their first use, which every notebook has.
    "IPython.core.completerlib",
    "IPython.core.magics",
    "ipykernel.kernelspec",
    "pyarrow.dataset",
    "pyarrow.parquet",
)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile, nor ever among what is there then: loading makes hardly any.

    Looking takes a tenth of its time, and no child needs a copy of its own of what is never looked at.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # first: the next object would else have all of them looked at
        gc.enable()


@contextmanager
def quietly_interrupted() -> Iterator[None]:
    """Let Ctrl-C end the process without a traceback meanwhile: the fork server heeds it no more once it is loaded."""
    if current_thread() is not main_thread():  # the only one that may say what a signal does
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Let libraries that do without these modules find none of them meanwhile; who asks later does."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    refused = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(refused))  # the import system then says that there is none
    try:
        yield
    finally:
        for name in refused:
            del modules[name]


def load(names: Iterable[str]) -> None:
    """Import modules, unless whoever wanted others to be forked from this process is gone: it found nothing to do."""
    awaited_by = os.environ.get(AWAITED_BY)
    for name in names:
        if awaited_by is not None and os.getppid() != int(awaited_by):
            os._exit(0)
        importlib.import_module(name)


def rehearse_picture() -> None:
    """Read the catalogue and draw nothing, so that names and fonts are there for whoever shows something."""
    from kaur_analysis.reference.catalogue import load_catalogue
    from kaur_analysis.reporting import charts

    load_catalogue()
    figure, axes = charts.canvas(1.0)
    axes.set_title("latihan")
    charts.svg(figure, "latihan")


with quietly_interrupted(), uncollected(), without(UNUSED):
    load(SHARED)
