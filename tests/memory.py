"""How far a piece of work raises the memory of the process, by what Linux says of it."""

import ctypes
import gc
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

_RESET = Path("/proc/self/clear_refs")
MEASURABLE = _RESET.is_file()
_LARGEST_HOLE = 31_000_000  # larger blocks are mapped apart (mallopt(3), M_MMAP_THRESHOLD)
_WALL = 300_000  # bytes between two holes


def risen(work: Callable[[], object]) -> int:
    """Bytes of resident memory at the highest point of the work beyond those before it, what it lets go included."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    before = _resident("VmRSS")
    _RESET.write_text("5", encoding="ascii")  # forgets the highest point so far (proc(5))
    work()
    return max(0, _resident("VmHWM") - before)


def risen_in_holes(work: Callable[..., object], *given: Any) -> int:
    """The same in a process of its own, with free holes of every size in its heap as a process has that did much.

    A list that grows moves from hole to hole there and leaves what it has touched behind; so this is the most that the
    work takes anywhere, and the same every time.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_risen_in_holes, work, *given).result()


def _risen_in_holes(work: Callable[..., object], *given: Any) -> int:
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.restype, library.free.argtypes = None, [ctypes.c_void_p]
    library.free(library.malloc(_LARGEST_HOLE + 900_000))  # from here on blocks of that size come from the heap
    holes = []
    for size in range(1_000_000, _LARGEST_HOLE + 1, 1_000_000):
        holes.append(library.malloc(size))
        library.malloc(_WALL)
    for hole in holes:
        library.free(hole)
    return risen(lambda: work(*given))


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
