"""Who lives in a family or household: counts by age and facts of the head, from its persons."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

AGE_GROUPS = {
    "children_0_6": (0, 6),
    "children_7_12": (7, 12),
    "children_13_15": (13, 15),
    "children_16_18": (16, 18),
    "adults_19_59": (19, 59),
    "elderly_60": (60, 125),
}
PUPILS = {"pupils_primary": "children_7_12", "pupils_junior": "children_13_15", "pupils_senior": "children_16_18"}


def composition(persons: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Household size and counts by age per family or household.

    Parameters
    ----------
    persons
        ``unit``, ``age`` (NaN unknown) and, where known, ``in_school``.

    Returns
    -------
    DataFrame
        Index ``unit``. Counts by age are missing where the age of anybody is; pupils where the schooling of anybody of
        that age is.
    """
    age = persons["age"].to_numpy(dtype=float)

    def within(ages: str) -> np.ndarray:
        low, high = AGE_GROUPS[ages]
        return np.where(np.isnan(age), np.nan, (np.floor(age) >= low) & (np.floor(age) <= high))

    counts: dict[str, Callable[[], np.ndarray]] = {"household_size": lambda: np.ones(len(persons))}
    counts |= {ages: partial(within, ages) for ages in AGE_GROUPS}
    if "in_school" in persons and persons["in_school"].notna().any():
        school = persons["in_school"].to_numpy(dtype=float)

        def pupils(ages: str) -> np.ndarray:
            of_age = within(ages)
            return np.where(of_age == 0, 0.0, of_age * school)

        counts |= {name: partial(pupils, ages) for name, ages in PUPILS.items()}
    return _sums(counts, persons[unit])


def complete_sums(values: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Sums per group that are missing where any part is."""
    return _sums({name: partial(values[name].to_numpy, dtype=float) for name in values}, group)


def _sums(values: Mapping[str, Callable[[], np.ndarray]], group: pd.Series) -> pd.DataFrame:
    """The same of columns that are made one after the other: all beside each other would be most of the memory."""
    codes, units = pd.factorize(group, sort=True)
    known = codes >= 0
    sums = {}
    for name, make in values.items():
        sums[name] = np.bincount(codes[known], weights=make()[known], minlength=len(units))  # nan where any part is
    return pd.DataFrame(sums, index=units)


def heads(persons: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Age, sex, education and sector of each unit's head; index ``unit``.

    ``persons`` holds ``is_head`` and, where known, ``age``, ``female``, ``education``, ``sector``.
    """
    renamed = {"age": "head_age", "female": "head_female", "education": "head_education", "sector": "head_sector"}
    facts = persons[[unit, *(name for name in renamed if name in persons)]]
    return facts[persons["is_head"] == 1].drop_duplicates(unit).set_index(unit).rename(columns=renamed)
