"""What a step costs: seconds, and the most memory it held with all processes it started."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import psutil

from kaur_analysis.errors import KaurError

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
    cpu_seconds
        Time on a processor of this process and of those it waited for: the same on a busy computer as on an idle one.
        On Windows without those it waited for.
    peak_bytes
        Largest sampled sum of resident memory of this process and its descendants.
    """

    finished: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    @classmethod
    def together(cls, efforts: Iterable["Effort"], seconds: float, jobs: int) -> "Effort":
        """Cost of what was done in so many seconds, ``jobs`` at a time: at most the largest were held at once."""
        done = list(efforts)
        largest = sorted((effort.peak_bytes for effort in done), reverse=True)[:jobs]
        return cls("", seconds, sum(effort.cpu_seconds for effort in done), sum(largest))

    def then(self, last: "Effort") -> "Effort":
        """Cost of this and of what followed."""
        return Effort(
            last.finished,
            self.seconds + last.seconds,
            self.cpu_seconds + last.cpu_seconds,
            max(self.peak_bytes, last.peak_bytes),
        )

    def as_facts(self) -> dict[str, Any]:
        """The figures as JSON holds them."""
        costs = {"seconds": round(self.seconds, 2), "cpu_seconds": round(self.cpu_seconds, 2)}
        return {"finished": self.finished, **costs, "peak_bytes": self.peak_bytes}


class MemoryExceeded(KaurError):
    """A step held more memory than it may."""


@contextmanager
def measured(limit_bytes: int = 0) -> Iterator[Effort]:
    """Measure what happens inside the ``with``; the figures stand when it is left without an error.

    Parameters
    ----------
    limit_bytes
        What this process and its descendants may hold together; 0 for no limit. The descendants are ended when more is
        held, so that one step cannot starve the machine.

    Raises
    ------
    MemoryExceeded
        The descendants were ended.
    """
    effort, done, exceeded = Effort(), Event(), Event()

    def watch() -> None:
        while True:
            effort.peak_bytes = max(effort.peak_bytes, _resident())
            if 0 < limit_bytes < effort.peak_bytes and not exceeded.is_set():
                exceeded.set()
                _end_descendants()
            if done.wait(SAMPLED_EVERY):
                return

    watcher = Thread(target=watch, daemon=True)
    begun, worked = time.monotonic(), _worked()
    watcher.start()
    try:
        yield effort
    except KaurError:
        if not exceeded.is_set():
            raise
        raise MemoryExceeded(
            f"Langkah ini memerlukan lebih dari {limit_bytes // 1_000_000} MB, batas pekerja ini, dan dihentikan."
        ) from None
    finally:
        done.set()
        watcher.join()
    effort.seconds, effort.cpu_seconds = time.monotonic() - begun, _worked() - worked
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


def _worked() -> float:
    """Processor seconds of this process and of its descendants that have ended."""
    times = psutil.Process().cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in ("user", "system", "children_user", "children_system")))


def _end_descendants() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.kill()
