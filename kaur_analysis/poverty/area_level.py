"""The Fay–Herriot model: direct estimates of areas, their variances, and covariates of the areas.

direct_d = x_d'β + u_d + e_d with u_d ~ N(0, σ²_u) and known Var(e_d) = ψ_d (Fay & Herriot 1979). The estimate shrinks
the direct value towards the regression by γ_d = σ²_u / (σ²_u + ψ_d).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of, same_order

FloatArray = NDArray[np.float64]
Method = Literal["reml", "ml", "fh", "amrl", "ampl", "amrl_yl", "ampl_yl"]
Transformation = Literal["log", "arcsine"]


@dataclass(frozen=True, eq=False)
class FayHerriot:
    """A fitted area-level model.

    Attributes
    ----------
    estimates
        ``area, direct, variance, estimate, mse, gamma, in_sample``, one row per area in the order given. Areas without
        a direct estimate are synthetic (x'β), with γ = 0 and ``in_sample`` False.
    coefficients
        ``term, value, se``.
    sigma2_u
        Variance between areas; with the adjusted likelihoods never zero.
    log_likelihood
        Maximum of the (restricted) likelihood at the estimate, without adjustment factors; missing for ``fh``.
    method
        As asked for.
    """

    estimates: pd.DataFrame
    coefficients: pd.DataFrame
    sigma2_u: float
    log_likelihood: float
    method: str


@dataclass(frozen=True, eq=False)
class _Areas:
    """Direct values, known variances and the design matrix of the sampled areas.

    The matrix is orthonormal, so that nothing hangs on the units of covariates; ``volume`` is the logarithm of the
    determinant that was taken out of it.
    """

    y: FloatArray
    psi: FloatArray
    X: FloatArray
    volume: float

    def beta(self, s2: float) -> tuple[FloatArray, FloatArray]:
        """Weighted least squares at σ²_u: coefficients and (X'V⁻¹X)⁻¹."""
        weighted = self.X / (s2 + self.psi)[:, None]
        inverse: FloatArray = np.asarray(np.linalg.inv(weighted.T @ self.X), dtype=np.float64)
        return inverse @ (weighted.T @ self.y), inverse

    def log_likelihood(self, s2: float, restricted: bool) -> float:
        """Log-likelihood profiled over β."""
        variance = s2 + self.psi
        beta, inverse = self.beta(s2)
        residual = self.y - self.X @ beta
        freedom = len(self.y) - (self.X.shape[1] if restricted else 0)
        total = freedom * np.log(2 * np.pi) + np.log(variance).sum() + (residual**2 / variance).sum()
        if restricted:
            total -= np.linalg.slogdet(inverse)[1] - 2 * self.volume
        return float(-0.5 * total)

    def log_likelihoods(self, s2: FloatArray, restricted: bool) -> FloatArray:
        """The same at many σ²_u at once, where constants do not matter."""
        precision = 1 / (s2[:, None] + self.psi)
        cross = (self.X.T * precision[:, None, :]) @ self.X
        right = (precision * self.y) @ self.X
        told = (right * np.linalg.solve(cross, right[..., None])[..., 0]).sum(axis=1)
        total = precision @ self.y**2 - told - np.log(precision).sum(axis=1)
        if restricted:
            total += np.linalg.slogdet(cross)[1]
        return np.asarray(-0.5 * total, dtype=np.float64)

    def score(self, s2: float, restricted: bool) -> float:
        """Derivative of the log-likelihood in σ²_u."""
        variance = s2 + self.psi
        beta, inverse = self.beta(s2)
        residual = self.y - self.X @ beta
        total = (1 / variance).sum() - ((residual / variance) ** 2).sum()
        if restricted:
            total -= np.trace(inverse @ ((self.X.T / variance**2) @ self.X))
        return float(-0.5 * total)

    def moment(self, s2: float) -> float:
        """Fay & Herriot's moment equation: Σ r²/V − (m − p)."""
        beta, _ = self.beta(s2)
        residual = self.y - self.X @ beta
        return float((residual**2 / (s2 + self.psi)).sum() - (len(self.y) - self.X.shape[1]))


def fay_herriot(
    direct: Sequence[float] | FloatArray | pd.Series,
    variance: Sequence[float] | FloatArray | pd.Series,
    covariates: FloatArray | pd.DataFrame,
    areas: Sequence[object] | None = None,
    method: Method = "reml",
    transformation: Transformation | None = None,
    *,
    effective_n: Sequence[float] | FloatArray | pd.Series | None = None,
    sigma2_u: float | None = None,
) -> FayHerriot:
    """Estimate areas from their direct values and covariates: direct = x'β + u + e, e of known variance.

    Tables and columns are read by position; same labels in different orders are refused.

    Parameters
    ----------
    direct, variance
        Direct estimate and its (smoothed) sampling variance per area (m); missing direct = area without sample.
    covariates
        Design matrix as given (m × p); a constant is the caller's column.
    areas
        Labels, kept as they are; positions by default.
    method
        ``reml``, ``ml``, ``fh`` (moments); ``amrl``, ``ampl``: restricted and profile likelihood times σ²_u (Li &
        Lahiri 2010); ``amrl_yl``, ``ampl_yl``: times arctan(Σγ_d)^(1/m) (Yoshimori & Lahiri 2014); never zero.
    transformation
        ``log``: the model holds for log(direct), with variance ψ/direct²; results are turned back by exp(θ̂ + mse/2)
        (Rao 2003, the crude form in Slud & Maiti 2006). ``arcsine``: shares, the model holds for arcsin √direct with
        variance 1/(4ñ), which unlike p(1 − p)/ñ does not err together with the direct share; turned back by the
        expectation of sin² under the normal left over, ½(1 − exp(−2v) cos 2θ̂) with v = σ²_u(1 − γ) and θ̂ held within
        0 … π/2 (Schmid et al. 2017, in closed form). MSE of ``log`` by the delta rule, of ``arcsine`` the mean square
        of sin²θ around the estimate, where the delta rule would leave none at 0 and 1.
    effective_n
        Effective sample size ñ of each area, the sample size over the design effect; for ``arcsine``.
    sigma2_u
        Variance between areas taken as known instead of estimated, e.g. to see how much hangs on it.

    Returns
    -------
    FayHerriot
        MSE after Prasad & Rao (1990), Datta & Lahiri (2000) and Li & Lahiri (2010): g₁ + g₂ + 2g₃ − (1 − γ)² b with
        the bias b of σ̂²_u under each method; a correction by more than half is left out. Given ``sigma2_u``: g₁ + g₂.
        Areas without sample: σ²_u + x'Var(β̂)x. Estimates in the unit of ``direct``, MSE in its square.

    Raises
    ------
    EstimationError
        Unknown names, shapes or orders that do not fit, variances that are not positive and finite, too few areas for
        the coefficients, a rank-deficient matrix, direct values not positive under ``log`` or not shares with known ñ
        under ``arcsine``.

    References
    ----------
    Fay & Herriot (1979), JASA 74; Prasad & Rao (1990), JASA 85; Datta & Lahiri (2000), Statistica Sinica 10; Li &
    Lahiri (2010) and Yoshimori & Lahiri (2014), Journal of Multivariate Analysis; Slud & Maiti (2006), JRSS B 68;
    Schmid, Bruckschen, Salvati & Zbiranski (2017), JRSS A 180.

    Examples
    --------
    An area without sample is synthetic:

    >>> X = np.column_stack([np.ones(5), [1.0, 2.0, 3.0, 4.0, 5.0]])
    >>> result = fay_herriot([0.11, 0.19, 0.32, 0.38, np.nan], [0.001, 0.001, 0.001, 0.001, np.nan], X)
    >>> result.estimates["in_sample"].tolist()
    [True, True, True, True, False]
    """
    one_of(method, get_args(Method), "method")
    one_of(transformation, (None, *get_args(Transformation)), "transformation")
    same_order(direct, variance, covariates, effective_n)
    y, psi = np.asarray(direct, dtype=float), np.asarray(variance, dtype=float)
    X = np.asarray(covariates, dtype=float)
    if X.ndim != 2:
        raise EstimationError(f"covariates are a matrix, areas × terms, not of shape {X.shape}")
    names = list(covariates.columns) if isinstance(covariates, pd.DataFrame) else [f"x{k}" for k in range(X.shape[1])]
    labels: list[object] = list(range(len(y))) if areas is None else list(areas)
    sampled = ~np.isnan(y)
    if transformation == "arcsine":
        psi = 0.25 / _sizes(effective_n, len(y))
    _check(y, psi, X, labels, sampled)
    y, psi = _transformed(y, psi, sampled, transformation)
    turn, volume = _orthonormal(X[sampled])
    X = X @ turn
    data = _Areas(y[sampled], psi[sampled], X[sampled], volume)
    if sigma2_u is not None and not sigma2_u >= 0:
        raise EstimationError(f"a variance cannot be {sigma2_u}")
    s2 = _between(data, method) if sigma2_u is None else float(sigma2_u)
    beta, inverse = data.beta(s2)
    synthetic = X @ beta
    gamma = np.where(sampled, s2 / (s2 + np.where(sampled, psi, 1.0)), 0.0)
    estimate = np.where(sampled, gamma * np.where(sampled, y, 0.0) + (1 - gamma) * synthetic, synthetic)
    mse = np.where(sampled, 0.0, s2 + np.einsum("ij,jk,ik->i", X, inverse, X))
    mse[sampled] = _mse(data, s2, inverse, method if sigma2_u is None else None)
    if transformation == "log":
        estimate = np.exp(estimate + mse / 2)
        mse = estimate**2 * mse
    elif transformation == "arcsine":
        estimate, mse = _shares(estimate, s2 * (1 - gamma), mse)
    table = pd.DataFrame(
        {
            "area": labels,
            "direct": np.asarray(direct, dtype=float),
            "variance": np.asarray(variance, dtype=float),
            "estimate": estimate,
            "mse": mse,
            "gamma": gamma,
            "in_sample": sampled,
        }
    )
    se = np.sqrt(np.diag(turn @ inverse @ turn.T))
    coefficients = pd.DataFrame({"term": names, "value": turn @ beta, "se": se})
    likelihood = np.nan if method == "fh" else data.log_likelihood(s2, method in ("reml", "amrl", "amrl_yl"))
    return FayHerriot(table, coefficients, s2, likelihood, method)


def _sizes(effective_n: Sequence[float] | FloatArray | pd.Series | None, areas: int) -> FloatArray:
    """Effective sample sizes, one per area."""
    if effective_n is None or len(effective_n) != areas:
        raise EstimationError("the arcsine transformation needs the effective sample size of every area")
    return np.asarray(effective_n, dtype=float)


def _transformed(
    y: FloatArray, psi: FloatArray, sampled: NDArray[np.bool_], transformation: Transformation | None
) -> tuple[FloatArray, FloatArray]:
    """Direct values and their variances on the scale of the model."""
    out = np.full_like(y, np.nan)
    if transformation is None:
        return y, psi
    if transformation == "log":
        if (y[sampled] <= 0).any():
            raise EstimationError("the log transformation needs direct estimates above zero")
        return np.log(y, where=sampled, out=out), psi / np.where(sampled, y, 1.0) ** 2
    if ((y[sampled] < 0) | (y[sampled] > 1)).any():
        raise EstimationError("the arcsine transformation needs direct shares between 0 and 1")
    return np.arcsin(np.sqrt(y, where=sampled, out=out), where=sampled, out=out), psi


def _shares(angle: FloatArray, left: FloatArray, mse: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares sin²θ and their MSE from predicted angles, the variance v left over, and the MSE of the angles.

    Under N(θ̂, v), E sin²θ = ½(1 − exp(−2v) cos 2θ̂). With a = 1 − exp(−4 mse), Var sin²θ = ¼a(1 − a) sin² 2θ̂ + ⅛a²
    under N(θ̂, mse), to which the square of the difference of the two expectations is added; the delta rule, its first
    term, would take a share at 0 or 1 for certain. Angles end at 0 and π/2 (as in R's emdi): beyond, sin² turns back.
    """
    angle = np.clip(angle, 0.0, np.pi / 2)
    expected = np.cos(2 * angle) * np.exp(-2 * left)
    a = -np.expm1(-4 * mse)
    spread = a * (1 - a) * np.sin(2 * angle) ** 2 / 4 + a**2 / 8
    return 0.5 * (1 - expected), spread + (expected - np.cos(2 * angle) * np.exp(-2 * mse)) ** 2 / 4


def _check(y: FloatArray, psi: FloatArray, X: FloatArray, labels: list[object], sampled: NDArray[np.bool_]) -> None:
    if not len(y) == len(psi) == len(X) == len(labels):
        raise EstimationError(f"{len(y)} direct values, {len(psi)} variances, {len(X)} rows of covariates do not fit")
    if len(set(labels)) < len(labels):
        raise EstimationError("an area appears twice")
    if not np.isfinite(X).all():
        raise EstimationError("covariates must be known for every area, with sample or without")
    if np.isinf(y).any():
        raise EstimationError("a direct value is infinite")
    usable = (psi > 0) & np.isfinite(psi)
    if not usable[sampled].all():
        wrong = [label for label, bad in zip(labels, sampled & ~usable, strict=True) if bad]
        raise EstimationError(
            f"the sampling variance must be positive and finite; it is not in area(s) {wrong[:5]}: smooth them first"
        )
    if sampled.sum() <= X.shape[1]:
        raise EstimationError(f"{int(sampled.sum())} areas with sample cannot carry {X.shape[1]} coefficients")
    unit = np.abs(X[sampled]).max(axis=0)
    if (unit == 0).any() or np.linalg.matrix_rank(X[sampled] / unit) < X.shape[1]:
        raise EstimationError("covariates of the sampled areas are linearly dependent")


def _orthonormal(X: FloatArray) -> tuple[FloatArray, float]:
    """Matrix T that makes the columns of X T orthonormal, and log |det T⁻¹|."""
    unit = np.abs(X).max(axis=0)
    triangle = np.linalg.qr(X / unit, mode="r")
    turn: FloatArray = np.asarray(np.linalg.inv(triangle), dtype=np.float64) / unit[:, None]
    return turn, float(np.log(np.abs(np.diag(triangle))).sum() + np.log(unit).sum())


def _between(data: _Areas, method: Method) -> float:
    """σ²_u by the chosen method."""
    top = 10 * float(np.var(data.y) + data.psi.max())
    if method == "fh":
        return 0.0 if data.moment(0.0) <= 0 else _root(lambda s2: -data.moment(s2), 0.0, top)
    restricted = method in ("reml", "amrl", "amrl_yl")
    if method in ("reml", "ml"):
        grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 60)])
        best = int(np.argmax(data.log_likelihoods(grid, restricted)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        if data.score(low, restricted) > 0 > data.score(high, restricted):
            return _root(lambda s2: -data.score(s2, restricted), low, high)
        return float(grid[best])

    def height(log_s2: float) -> float:
        s2 = float(np.exp(log_s2))
        factor = np.log(s2)
        if method.endswith("_yl"):
            factor = np.log(np.arctan((s2 / (s2 + data.psi)).sum())) / len(data.y)
        return -data.log_likelihood(s2, restricted) - float(factor)

    def slope(s2: float) -> float:
        factor: float = 1 / s2
        if method.endswith("_yl"):
            shares = (s2 / (s2 + data.psi)).sum()
            change = (data.psi / (s2 + data.psi) ** 2).sum()
            factor = float(change / ((1 + shares**2) * np.arctan(shares) * len(data.y)))
        return float(data.score(s2, restricted) + factor)

    found = minimize_scalar(
        height, bounds=(np.log(1e-10 * top), np.log(top)), method="bounded", options={"xatol": 1e-12}
    )
    peak = float(np.exp(found.x))
    # A top is flat: its place is known to half the digits only, where the slope crosses zero it is known to all.
    low, high = 0.999 * peak, 1.001 * peak
    return _root(slope, low, high) if slope(low) > 0 > slope(high) else peak


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-16 * high, rtol=1e-14))


def _mse(data: _Areas, s2: float, inverse: FloatArray, method: Method | None) -> FloatArray:
    """Second-order MSE of the sampled areas by the method that σ²_u was estimated with; exact where it was not."""
    variance = s2 + data.psi
    gamma = s2 / variance
    g1 = gamma * data.psi
    g2 = (1 - gamma) ** 2 * np.einsum("ij,jk,ik->i", data.X, inverse, data.X)
    if method is None:
        return np.asarray(g1 + g2)
    sum1, sum2 = (1 / variance).sum(), (1 / variance**2).sum()
    of_s2 = 2 * len(variance) / sum1**2 if method == "fh" else 2 / sum2
    g3 = data.psi**2 / variance**3 * of_s2
    bias = 0.0
    if method in ("ml", "ampl", "ampl_yl"):
        bias = -np.trace(inverse @ ((data.X.T / variance**2) @ data.X)) / sum2
    elif method == "fh":
        bias = 2 * (len(variance) * sum2 - sum1**2) / sum1**3
    if method in ("amrl", "ampl"):
        bias += 2 / (s2 * sum2)
    whole = g1 + g2 + 2 * g3
    corrected = whole - bias * (1 - gamma) ** 2
    # Li & Lahiri's correction grows without bound as σ²_u falls; where it would take half, it says nothing any more.
    return np.asarray(np.where(corrected < whole / 2, whole, corrected))


def smooth_variances(variance: pd.Series, n_psu: pd.Series, mean: pd.Series) -> pd.Series:
    """Generalised variance function of shares: direct variances of few PSUs are themselves noise.

    v = a p(1 − p)/n with one level a for all areas, the ratio of the sums of both sides. The mean of logarithms would
    be too low, by a fifth where each variance has five degrees of freedom.

    Parameters
    ----------
    variance, n_psu
        Direct variance and number of PSUs of each area.
    mean
        A share p of each area. Best one that does not err together with the direct share, such as the fit of a
        regression on covariates: with its own p an area that came out low by chance also counts as precise, and the
        estimates are pulled down. Shares at 0 or 1 take half a PSU from the edge.

    Returns
    -------
    Smoothed variances on the given index; missing for areas without PSUs.

    Raises
    ------
    EstimationError
        No area has a usable variance.

    References
    ----------
    Wolter (2007), ch. 7.

    Examples
    --------
    >>> smooth_variances(pd.Series([0.04, 0.02]), pd.Series([4, 8]), pd.Series([0.5, 0.5])).round(6).tolist()
    [0.04, 0.02]
    """
    drawn = n_psu.where(n_psu > 0)  # areas without sample have no variance to smooth
    share = mean.clip(0.5 / drawn, 1 - 0.5 / drawn)
    usable = (variance > 0) & (drawn > 1)
    if not usable.any():
        raise EstimationError("no area has a usable direct variance to smooth from")
    expected = share * (1 - share) / drawn
    return variance[usable].sum() / expected[usable].sum() * expected
