"""What every notebook imports, imported once: loaded by the process that the others are forked from.

Nothing here may start a thread or open a connection: neither survives a fork. Libraries of a single step (splink and
duckdb, statsmodels and scikit-learn) are left to that step.
"""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import ModuleType
from typing import cast

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
)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: loading makes hardly any, and looking takes a tenth of its time."""
    gc.disable()
    try:
        yield
    finally:
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


def load() -> None:
    """Import what is shared, without what is unused."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    refused = [name for name in UNUSED if name not in modules]
    modules.update(dict.fromkeys(refused))  # the import system then says that there is none
    for name in SHARED:
        importlib.import_module(name)
    for name in refused:
        del modules[name]


def keep() -> None:
    """Never look again for garbage among what is there now: no child then needs a copy of its own of what it shares."""
    gc.freeze()


with quietly_interrupted(), uncollected():
    load()
keep()
