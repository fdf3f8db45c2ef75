"""What a person sees of a run: one line per step, and how long it will still take."""

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from kaur_analysis.pipeline.forecast import expected_seconds, seconds_left


class Progress:
    """A bar on a terminal, else a plain line for every step that has ended, fit for a log file.

    Parameters
    ----------
    names
        Steps and pages of the run, in order.
    state
        Notes of the last run (:func:`kaur_analysis.pipeline.run.read_state`).
    jobs
        Pages made at the same time.
    """

    def __init__(self, names: list[str], state: Mapping[str, Any], jobs: int, console: Console) -> None:
        before = {name: entry["effort"]["seconds"] for name, entry in state.items() if "effort" in entry}
        self._expected = expected_seconds(names, before)
        self._taken: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._kept: frozenset[str] = frozenset()
        self._jobs, self._console, self._lock = jobs, console, Lock()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
        self._bar = Bar(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("Menyiapkan", total=len(names), left="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.stop()

    def watch(self, name: str, event: str) -> None:
        """Take note of ``mulai``, ``selesai``, ``tetap`` or ``gagal`` (called from several threads)."""
        with self._lock:
            now = time.monotonic()
            if event == "mulai":
                self._begun[name] = now
                self._bar.update(self._task, description=name)
                return
            if event == "tetap":
                self._kept |= {name}
            else:
                self._taken[name] = now - self._begun.get(name, now)
            left = said(seconds_left(self._expected, self._taken, self._kept, self._jobs))
            self._bar.update(self._task, advance=1, left=left)
            if not self._console.is_terminal:
                took = f"{self._taken[name]:6.1f} dtk" if name in self._taken else " " * 10
                self._console.print(f"{event:8} {name:24} {took}   {left}".rstrip(), soft_wrap=True)


def said(seconds: float) -> str:
    """Time left in words; nothing where nothing is left."""
    if seconds < 1:
        return ""
    return f"sisa ±{round(seconds)} dtk" if seconds < 90 else f"sisa ±{round(seconds / 60)} mnt"
