"""How far a piece of work raises the memory of the process, by what Linux says of it."""

import ctypes
import gc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

_RESET = Path("/proc/self/clear_refs")
MEASURABLE = _RESET.is_file()


def risen(work: Callable[[], object]) -> int:
    """Bytes of resident memory at the highest point of the work beyond those before it, what it lets go included."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    before = _resident("VmRSS")
    _RESET.write_text("5", encoding="ascii")  # forgets the highest point so far (proc(5))
    work()
    return max(0, _resident("VmHWM") - before)


def unpacked_bytes(path: Path) -> int:
    """What a file holds unpacked, as the rule on memory counts it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError):  # no archive, or one of a kind that Python does not read
        return path.stat().st_size


def _resident(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key))
