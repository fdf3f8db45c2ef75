"""Refusals that several doors share: a name out of a list, and values that are read by position."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import combinations

import pandas as pd

from kaur_analysis.errors import EstimationError


def one_of(value: object, known: Collection[object], what: str) -> None:
    """Refuse a name outside a list: a misspelt method must not end in another one.

    Raises
    ------
    EstimationError
        The name is not known.
    """
    if value not in known:
        raise EstimationError(f"unknown {what} {value!r}; known are {', '.join(map(str, known))}")


def several(names: Iterable[str]) -> tuple[str, ...]:
    """Names as given, or the one that stands for itself: text is no list of its letters."""
    return (names,) if isinstance(names, str) else tuple(names)


def levels(values: Iterable[float] | float) -> tuple[float, ...]:
    """Numbers as given, or the one that stands for itself."""
    return tuple(values) if isinstance(values, Iterable) else (values,)


def same_order(*given: object) -> None:
    """Refuse tables and columns whose labels are the same in another order, for they are read by position.

    Arrays, and labels that have nothing to do with each other, say nothing and pass.

    Raises
    ------
    EstimationError
        Two of them name the same rows in different orders.
    """
    labels = [each.index for each in given if isinstance(each, pd.Series | pd.DataFrame)]
    for one, other in combinations(labels, 2):
        if len(one) == len(other) and not one.equals(other) and set(one) == set(other):
            raise EstimationError("values are read by position, and these have the same labels in different orders")
