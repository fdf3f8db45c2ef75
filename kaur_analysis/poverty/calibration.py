"""Weights brought to known population totals: post-stratification, raking and linear calibration.

The calibrated design remembers the calibration variables, so that later standard errors are those of the residuals.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import Calibration, FloatArray, SurveyDesign, sum_by


def poststratify(design: SurveyDesign, by: str, totals: Mapping[object, float]) -> SurveyDesign:
    """Scale the weights of each class to its known total.

    Parameters
    ----------
    design
        The sample.
    by
        Column of classes.
    totals
        Population total of each class, in the unit of the weights; exactly the classes of the sample.

    Returns
    -------
    The design with weights w N_c / N̂_c.

    Raises
    ------
    EstimationError
        Classes differ between sample and totals, a total is not positive, a record has no class, or the weights are
        calibrated already.

    References
    ----------
    Deville & Särndal (1992), JASA 87.

    Examples
    --------
    >>> sample = pd.DataFrame({"w": [1.0, 1.0, 2.0], "sex": ["L", "P", "P"]})
    >>> poststratify(SurveyDesign(sample, "w"), "sex", {"L": 10.0, "P": 12.0}).weight.tolist()
    [10.0, 4.0, 8.0]
    """
    indicators, target = _margin(design, by, totals)
    return _calibrated(design, indicators, design.weight * (indicators @ (target / (design.weight @ indicators))))


def rake(
    design: SurveyDesign,
    totals: Mapping[str, Mapping[object, float]],
    *,
    tolerance: float = 1e-12,
    iterations: int = 1000,
) -> SurveyDesign:
    """Scale the weights to several margins in turn until all hold.

    Parameters
    ----------
    design
        The sample.
    totals
        Per column, the population total of each class. Margins must agree on the population.
    tolerance
        Largest relative distance from a margin that counts as met.
    iterations
        Rounds after which raking is given up.

    Returns
    -------
    The design with raked weights.

    Raises
    ------
    EstimationError
        No margin, margins that disagree or are not met in time, or as in :func:`poststratify`.

    References
    ----------
    Deming & Stephan (1940); Deville & Särndal (1992), JASA 87.
    """
    if not totals:
        raise EstimationError("raking needs at least one margin")
    margins = [_margin(design, column, margin) for column, margin in totals.items()]
    sizes = [target.sum() for _, target in margins]
    if not np.allclose(sizes, sizes[0], rtol=1e-6, atol=0):
        raise EstimationError(f"the margins disagree on the population: {sizes}")
    weight = design.weight
    for _ in range(iterations):
        for indicators, target in margins:
            weight = weight * (indicators @ (target / (weight @ indicators)))
        if max(np.abs(weight @ indicators / target - 1).max() for indicators, target in margins) < tolerance:
            return _calibrated(design, np.hstack([indicators for indicators, _ in margins]), weight)
    raise EstimationError(f"raking did not reach the margins in {iterations} rounds")


def calibrate(design: SurveyDesign, totals: Mapping[str, float]) -> SurveyDesign:
    """Linear (GREG) calibration to totals of numeric columns.

    Parameters
    ----------
    design
        The sample.
    totals
        Population total of each column; a column of ones is the caller's when the population size is known. Indicator
        columns serve for classes.

    Returns
    -------
    The design with weights w g, g = 1 + (t − t̂)' (Σ w x x')⁻¹ x.

    Raises
    ------
    EstimationError
        No totals or a missing one, collinear columns, a weight that would become negative, or weights calibrated
        already.

    References
    ----------
    Deville & Särndal (1992), JASA 87.
    """
    if not totals or not np.isfinite(list(totals.values())).all():
        raise EstimationError("calibration needs at least one total, and none missing or infinite")
    X = np.column_stack([design.domains(None).values(column) for column in totals])
    target = np.array(list(totals.values()), dtype=np.float64)
    unit = np.abs(X).max(axis=0)
    if (unit == 0).any():
        raise EstimationError("a calibration column is zero throughout")
    X, target = X / unit, target / unit
    moments = X.T @ (design.weight[:, None] * X)
    if np.linalg.matrix_rank(moments) < len(target):
        raise EstimationError(f"the calibration columns are collinear: {list(totals)}")
    g = 1 + X @ np.linalg.solve(moments, target - design.weight @ X)
    negative = int((g[design.weight > 0] < 0).sum())
    if negative:
        raise EstimationError(f"linear calibration makes {negative} weights negative; use fewer totals, or raking")
    return _calibrated(design, X, design.weight * g)


def _margin(design: SurveyDesign, column: str, totals: Mapping[object, float]) -> tuple[FloatArray, FloatArray]:
    """Indicator matrix (n, classes) of a column and the target of each class."""
    code, labels = pd.factorize(design.series(column), sort=True)
    if (code < 0).any():
        raise EstimationError(f"{column!r} is missing in {int((code < 0).sum())} records")
    present = sum_by(code, design.weight, len(labels)) > 0
    sampled = {label for label, there in zip(labels, present, strict=True) if there}
    if sampled != set(totals):
        raise EstimationError(
            f"classes of {column!r} differ between sample and totals: {sorted(map(str, sampled ^ set(totals)))}"
        )
    target = np.array([float(totals.get(label, 0.0)) for label in labels])[present]
    if not (target > 0).all():
        raise EstimationError(f"population totals of {column!r} must be positive")
    return (code[:, None] == np.flatnonzero(present)).astype(np.float64), target


def _calibrated(design: SurveyDesign, X: FloatArray, weight: FloatArray) -> SurveyDesign:
    if design.calibration is not None:
        raise EstimationError("the weights are calibrated already; calibrate once, to all totals together")
    root = np.sqrt(design.weight)
    left, singular, _ = np.linalg.svd(root[:, None] * X, full_matrices=False)
    basis = left[:, singular > 1e-10 * singular[0]]
    scale = np.divide(weight, root, out=np.zeros_like(weight), where=root > 0)
    return design.with_weights(weight, Calibration(basis, scale))
