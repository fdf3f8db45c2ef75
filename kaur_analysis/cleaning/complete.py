"""Filling unknown covariates of the registry, so that every family can be modelled, and saying how many were filled."""

from collections.abc import Sequence

import pandas as pd


def complete_covariates(families: pd.DataFrame, covariates: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill each unknown covariate with what is usual nearby: desa, else kecamatan, else kabupaten.

    Numbers take the median, words the most frequent one (the first in the alphabet where several are).

    Parameters
    ----------
    families
        Contract ``FAMILIES``.
    covariates
        Columns to fill.

    Returns
    -------
    completed, filled
        The families with nothing unknown among ``covariates``; and ``covariate, filled, share`` per covariate.
    """
    out = families.copy()
    counts = []
    for name in covariates:
        unknown = out[name].isna()
        counts.append({"covariate": name, "filled": int(unknown.sum()), "share": float(unknown.mean())})
        for place in ("desa", "kecamatan", None):
            if not out[name].isna().any():
                break
            known = out.dropna(subset=name)
            usual = _usual(known[name]) if place is None else known.groupby(place)[name].agg(_usual)
            out[name] = out[name].fillna(usual if place is None else out[place].map(usual))
    return out, pd.DataFrame(counts)


def _usual(values: pd.Series) -> object:
    return values.median() if pd.api.types.is_numeric_dtype(values) else values.mode().iloc[0]
