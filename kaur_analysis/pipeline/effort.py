"""What a step costs: seconds, and the most memory it held with all processes it started."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import psutil

SAMPLED_EVERY = 0.25  # seconds; a shorter peak may be missed


@dataclass
class Effort:
    """Cost of one step, filled while it is measured.

    Attributes
    ----------
    finished
        UTC time of the end, ISO 8601 to the second; for people, never for decisions.
    seconds
        By the monotonic clock, so that setting the computer's clock does not change it.
    peak_bytes
        Largest sampled sum of resident memory of this process and its descendants.
    """

    finished: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0

    def as_facts(self) -> dict[str, Any]:
        """The three figures as JSON holds them."""
        return {"finished": self.finished, "seconds": round(self.seconds, 2), "peak_bytes": self.peak_bytes}


@contextmanager
def measured() -> Iterator[Effort]:
    """Measure what happens inside the ``with``; the figures stand when it is left without an error."""
    effort, done = Effort(), Event()

    def watch() -> None:
        while True:
            effort.peak_bytes = max(effort.peak_bytes, _resident())
            if done.wait(SAMPLED_EVERY):
                return

    watcher = Thread(target=watch, daemon=True)
    begun = time.monotonic()
    watcher.start()
    try:
        yield effort
    finally:
        done.set()
        watcher.join()
    effort.seconds = time.monotonic() - begun
    effort.finished = datetime.now(UTC).isoformat(timespec="seconds")


def _resident() -> int:
    """Resident bytes of this process and its descendants; one that just ended counts nothing."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total
