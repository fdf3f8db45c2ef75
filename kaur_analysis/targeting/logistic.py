"""The weighted logit that adjustment and effects share."""

import numpy as np
from scipy.special import expit

from kaur_analysis.errors import EstimationError
from kaur_analysis.targeting.inputs import Array

STEPS = 50
TOLERANCE = 1e-10
CONDITION = 1e12  # an information matrix worse than this means separation or collinear columns


def fit_logit(X: Array, outcome: Array, weight: Array) -> Array:
    """Coefficients of the weighted logit by Newton's method; outcomes may be shares in 0–1.

    Written here because statsmodels only warns of separation and returns coefficients that mean nothing.

    Raises
    ------
    EstimationError
        Columns separate the outcomes or are collinear.
    """
    scale = np.sqrt((X**2).mean(axis=0))  # rupiah beside 0/1 columns would look collinear
    if not (scale > 0).all():
        raise EstimationError("Model logit tidak dapat diduga: ada ciri yang nol pada semua keluarga.")
    X = X / scale
    coefficients = np.zeros(X.shape[1])
    for _ in range(STEPS):
        fitted = expit(X @ coefficients)
        information = X.T @ ((weight * fitted * (1 - fitted))[:, None] * X)
        if not np.isfinite(information).all() or np.linalg.cond(information) > CONDITION:
            break
        step = np.linalg.solve(information, X.T @ (weight * (outcome - fitted)))
        coefficients = coefficients + step
        if np.abs(step).max() < TOLERANCE * (1 + np.abs(coefficients).max()):
            return coefficients / scale
    raise EstimationError("Model logit tidak dapat diduga: ciri-ciri memisahkan hasil atau saling bergantung.")
