"""What a notebook cell calls: each module composes the rooms for one notebook, each function is one sentence of it."""

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.refusals import told_in_indonesian

Given = ParamSpec("Given")
Result = TypeVar("Result")


def where_registry(
    step: Callable[Concatenate[Edition, Given], Result],
) -> Callable[Concatenate[Edition, Given], Result | None]:
    """Skip a step that speaks of registry families where the study has no registry: it then returns ``None``."""
    return _where(step, has_registry)


def where_lists(
    step: Callable[Concatenate[Edition, Given], Result],
) -> Callable[Concatenate[Edition, Given], Result | None]:
    """Skip a step that speaks of who was reached where the study has no registry or no recipient list."""
    return _where(step, has_lists)


def has_registry(edition: Edition) -> bool:
    """Whether families are known."""
    return edition.study.registry is not None


def has_lists(edition: Edition) -> bool:
    """Whether families are known and any list says who was reached."""
    return has_registry(edition) and bool(edition.study.listed)


def welfare_draws(edition: Edition) -> NDArray[np.float32]:
    """Joint draws of welfare, rupiah per person per month: families × M, in the order of the families' estimates."""
    return drawn(edition.store.read("estimates/welfare_draws"))


def drawn(table: pd.DataFrame) -> NDArray[np.float32]:
    """Draws as the table of them holds them."""
    return np.asarray(table.drop(columns="family").to_numpy(dtype=np.float32))


def give_back() -> None:
    """Give the memory of tables that are gone back to the system, as far as its allocators can."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(AttributeError):  # not every C library has it
            ctypes.CDLL(None).malloc_trim(0)


def _where(
    step: Callable[Concatenate[Edition, Given], Result], holds: Callable[[Edition], bool]
) -> Callable[Concatenate[Edition, Given], Result | None]:
    @wraps(step)
    def run(edition: Edition, *args: Given.args, **kwargs: Given.kwargs) -> Result | None:
        if not holds(edition):
            return None
        give_back()  # steps run side by side: what one has let go of is another's room
        return told_in_indonesian(step)(edition, *args, **kwargs)

    return run
