"""Who lives in a family or household: counts by age and facts of the head, from its persons."""

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
    group = persons[unit]
    counts = {"household_size": np.ones(len(persons))}
    for name, (low, high) in AGE_GROUPS.items():
        counts[name] = np.where(np.isnan(age), np.nan, (np.floor(age) >= low) & (np.floor(age) <= high))
    if "in_school" in persons and persons["in_school"].notna().any():
        school = persons["in_school"].to_numpy(dtype=float)
        for name, ages in PUPILS.items():
            counts[name] = np.where(counts[ages] == 0, 0.0, counts[ages] * school)
    return complete_sums(pd.DataFrame(counts), group)


def complete_sums(values: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Sums per group that are missing where any part is."""
    keys = group.to_numpy()
    sums = values.groupby(keys).sum()
    return sums.where(values.isna().groupby(keys).sum() == 0)


def heads(persons: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Age, sex, education and sector of each unit's head; index ``unit``.

    ``persons`` holds ``is_head`` and, where known, ``age``, ``female``, ``education``, ``sector``.
    """
    rows = persons[persons["is_head"] == 1].drop_duplicates(unit).set_index(unit)
    renamed = {"age": "head_age", "female": "head_female", "education": "head_education", "sector": "head_sector"}
    return rows[[name for name in renamed if name in rows]].rename(columns=renamed)
