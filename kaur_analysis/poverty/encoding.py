"""Covariates of survey and registry as one design matrix: a constant, standardised numbers, dummies of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import EstimationError

FloatArray = NDArray[np.float64]
CONSTANT = "constant"
POOLED = "rare"
PART = 1 << 11  # rows at a time, of which a processor's cache holds some dozen columns


@dataclass(frozen=True)
class Encoding:
    """How columns become a design matrix, learnt from the survey and applied alike to the registry.

    Attributes
    ----------
    numbers
        Column, mean and standard deviation of each numeric covariate.
    levels
        Column and its levels; the first is the reference.
    pooled
        Column and the rare levels that were pooled.
    """

    numbers: tuple[tuple[str, float, float], ...]
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    pooled: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, sample: pd.DataFrame, covariates: Sequence[str], rare: int = 1) -> Encoding:
        """Learn means, deviations and levels.

        Levels with fewer than ``rare`` records are pooled into one; if even together they are fewer, they count as the
        reference, the most frequent level.

        Raises
        ------
        EstimationError
            A covariate is absent, missing somewhere or constant.
        """
        numbers, levels, pooled = [], [], []
        for name in covariates:
            column = _column(sample, name, "sample")
            if pd.api.types.is_numeric_dtype(column):
                values = column.to_numpy(dtype=float)
                mean, deviation = float(np.mean(values)), float(np.std(values))
                if not deviation > 0:
                    raise EstimationError(
                        f"covariate {name!r} is constant in the sample", "covariate_constant", covariate=name
                    )
                numbers.append((name, mean, deviation))
            else:
                # Levels as frequent as each other go by name, not by which row comes first.
                counts = column.astype(str).value_counts().sort_index().sort_values(ascending=False, kind="stable")
                if len(counts) < 2:
                    raise EstimationError(
                        f"covariate {name!r} is constant in the sample", "covariate_constant", covariate=name
                    )
                few = counts[counts < rare]
                kept = tuple(counts.index[counts >= rare]) or (str(counts.index[0]),)
                pooled.append((name, tuple(few.index)))
                levels.append((name, (*kept, *([POOLED] if few.sum() >= rare else []))))
        return cls(tuple(numbers), tuple(levels), tuple(pooled))

    @property
    def terms(self) -> list[str]:
        """Names of the matrix's columns."""
        dummies = [f"{name}: {level}" for name, own in self.levels for level in own[1:]]
        return [CONSTANT, *(name for name, _, _ in self.numbers), *dummies]

    def matrix(self, table: pd.DataFrame, unseen: str = "error") -> FloatArray:
        """Design matrix, rows × terms.

        Parameters
        ----------
        unseen
            What a level means that the survey never saw: ``error``, or ``reference`` (counted as the most frequent).

        Raises
        ------
        EstimationError
            A covariate is absent or missing somewhere, or a level was never seen.
        """
        out = np.empty((len(table), len(self.terms)))
        numbers = [_column(table, name, "table").to_numpy(dtype=float) for name, _, _ in self.numbers]
        columns = [np.ones(len(table)), *numbers]
        mean, deviation = np.array([(0.0, 1.0), *(scaling for _, *scaling in self.numbers)]).T[..., None]
        for start in range(0, len(table), PART):
            rows = slice(start, start + PART)
            part = np.array([values[rows] for values in columns])
            part -= mean
            part /= deviation
            out[rows, : len(columns)] = part.T
        place = len(self.numbers)
        for name, own in self.levels:
            values = _column(table, name, "table").astype(str).to_numpy(dtype=object)
            values = np.where(np.isin(values, dict(self.pooled)[name]), POOLED if POOLED in own else own[0], values)
            new = ~np.isin(values, own)
            if new.any() and unseen == "error":
                which = sorted(set(values[new]))[:5]
                raise EstimationError(
                    f"covariate {name!r} has level(s) the sample never saw in {int(new.sum())} rows: {which}",
                    "level_unseen",
                    covariate=name,
                    count=int(new.sum()),
                )
            for level in own[1:]:
                place += 1
                out[:, place] = values == level
        return out

    def unscaled(self, beta: FloatArray) -> FloatArray:
        """Coefficients per unit of each covariate instead of per standard deviation."""
        raw = beta.copy()
        for place, (_, mean, deviation) in enumerate(self.numbers, start=1):
            raw[place] = beta[place] / deviation
            raw[0] -= raw[place] * mean
        return raw

    def unscaling(self) -> FloatArray:
        """Matrix T with raw coefficients = T @ beta (p × p)."""
        identity = np.eye(len(self.terms))
        return np.column_stack([self.unscaled(column) for column in identity])


def independent(matrix: FloatArray, terms: Sequence[str]) -> None:
    """Refuse linearly dependent columns, naming those involved.

    Raises
    ------
    EstimationError
        The matrix is rank deficient.
    """
    _, singular, directions = np.linalg.svd(matrix, full_matrices=False)
    if singular[-1] > 1e-9 * singular[0]:
        return
    involved = [terms[int(place)] for place in np.flatnonzero(np.abs(directions[-1]) > 1e-6)]
    listed = ", ".join(involved)
    raise EstimationError(f"covariates are linearly dependent: {listed}", "covariates_dependent", covariates=listed)


def _column(table: pd.DataFrame, name: str, where: str) -> pd.Series:
    if name not in table.columns:
        raise EstimationError(f"covariate {name!r} is absent from the {where}", "covariate_absent", covariate=name)
    column = table[name]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        missing = len(column) - int(np.count_nonzero(np.isfinite(column.to_numpy())))
    else:
        missing = int(column.isna().sum())
        if not missing and pd.api.types.is_numeric_dtype(column):
            missing = int(np.isinf(column.to_numpy(dtype=float)).sum())
    if missing:
        raise EstimationError(
            f"covariate {name!r} is missing or infinite in {missing} rows of the {where}",
            "covariate_missing",
            covariate=name,
            count=missing,
        )
    return column.astype(float) if column.dtype == bool else column
