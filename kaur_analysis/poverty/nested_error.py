"""The nested-error model y = x'β + u_d + e by profile likelihood in the one variance ratio λ = σ²_u / σ²_e.

Given λ, β and σ²_e have closed forms that need only the sums of each area, so a fit costs milliseconds whatever the
sample (Battese, Harter & Fuller 1988; Rao & Molina 2015, ch. 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from kaur_analysis.errors import EstimationError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Likelihood = Literal["reml", "ml"]
_RATIOS = np.concatenate(
    [[0.0], np.logspace(-7, 5, 49)]
)  # where the likelihood is looked at before the root is refined
_CORRELATIONS = (np.arange(400) + 0.5) / 400 * 0.9  # grid of ρ; nine tenths is more than any survey of people shows


@dataclass(frozen=True, eq=False)
class Sums:
    """What the likelihood needs of the data: cross products and the sums of each area.

    ``X`` is n × p, ``areas`` holds the position 0 … D−1 of each record's area.
    """

    xx: FloatArray
    area_x: FloatArray
    sizes: FloatArray
    n: int

    @classmethod
    def of(cls, X: FloatArray, areas: IntArray, number: int) -> Sums:
        """Sums of a design matrix."""
        area_x = np.zeros((number, X.shape[1]))
        np.add.at(area_x, areas, X)
        return cls(X.T @ X, area_x, np.bincount(areas, minlength=number).astype(float), len(X))


@dataclass(frozen=True, eq=False)
class NestedError:
    """A fitted nested-error model.

    Attributes
    ----------
    beta, covariance
        Coefficients (p) and their model-based covariance (p × p).
    sigma2_u, sigma2_e
        Variance between areas and within them.
    effects, gamma
        Predicted effect u_d and shrinkage γ_d = σ²_u / (σ²_u + σ²_e / n_d) of each area (D); zero without sample.
    log_likelihood
        Of the chosen kind, constant terms included as in R's nlme.
    """

    beta: FloatArray
    covariance: FloatArray
    sigma2_u: float
    sigma2_e: float
    effects: FloatArray
    gamma: FloatArray
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Profile:
    """The likelihood at one λ with everything else at its best."""

    sums: Sums
    xy: FloatArray
    area_y: FloatArray
    yy: float
    ratio: float
    kind: Likelihood

    @cached_property
    def shrink(self) -> FloatArray:
        return self.ratio / (1 + self.ratio * self.sums.sizes)

    @cached_property
    def cross(self) -> FloatArray:
        return self.sums.xx - (self.sums.area_x.T * self.shrink) @ self.sums.area_x

    @cached_property
    def right(self) -> FloatArray:
        return self.xy - self.sums.area_x.T @ (self.shrink * self.area_y)

    @cached_property
    def beta(self) -> FloatArray:
        return np.asarray(np.linalg.solve(self.cross, self.right), dtype=np.float64)

    @cached_property
    def residual(self) -> float:
        return float(self.yy - self.shrink @ self.area_y**2 - self.beta @ self.right)

    @property
    def freedom(self) -> int:
        return self.sums.n - (len(self.xy) if self.kind == "reml" else 0)

    @property
    def log_likelihood(self) -> float:
        total = self.freedom * (np.log(2 * np.pi * self.residual / self.freedom) + 1)
        total += np.log1p(self.ratio * self.sums.sizes).sum()
        if self.kind == "reml":
            total += np.linalg.slogdet(self.cross)[1]
        return float(-0.5 * total)

    @property
    def score(self) -> float:
        """Derivative of −2 log-likelihood in λ."""
        spread = 1 + self.ratio * self.sums.sizes
        gap = self.area_y - self.sums.area_x @ self.beta
        total = -self.freedom * ((gap / spread) ** 2).sum() / self.residual + (self.sums.sizes / spread).sum()
        if self.kind == "reml":
            inner = (self.sums.area_x.T / spread**2) @ self.sums.area_x
            total -= np.trace(np.linalg.solve(self.cross, inner))
        return float(total)


def fit_sums(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: float, kind: Likelihood = "reml") -> NestedError:
    """Fit from sums: ``xy`` = X'y (p), ``area_y`` the sum of y in each area (D), ``yy`` = y'y.

    Raises
    ------
    EstimationError
        Nothing is left to vary: as many coefficients as records, or y without residual variation.
    """
    _can_vary(sums, xy, area_y, yy)

    def at(ratio: float) -> _Profile:
        return _Profile(sums, xy, area_y, yy, ratio, kind)

    heights = np.array([at(ratio).log_likelihood for ratio in _RATIOS])
    best = int(np.argmax(heights))
    low, high = _RATIOS[max(best - 1, 0)], _RATIOS[min(best + 1, len(_RATIOS) - 1)]
    ratio = float(_RATIOS[best])
    if at(low).score < 0 < at(high).score:
        ratio = float(brentq(lambda value: at(value).score, low, high, xtol=1e-14, rtol=1e-13))
    return _fitted(at(ratio))


def _can_vary(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: float) -> None:
    if sums.n <= sums.xx.shape[0] + 1:
        raise EstimationError(f"{sums.n} records cannot carry {sums.xx.shape[0]} coefficients and two variances")
    if not _Profile(sums, xy, area_y, yy, 0.0, "reml").residual > 1e-12 * max(yy, 1e-300):
        raise EstimationError("the covariates reproduce welfare exactly: no residual variation is left")


def _fitted(found: _Profile) -> NestedError:
    sums = found.sums
    sigma2_e = found.residual / found.freedom
    gamma = found.shrink * sums.sizes
    total = found.area_y - sums.area_x @ found.beta
    means = np.divide(total, sums.sizes, out=np.zeros_like(total), where=sums.sizes > 0)
    covariance: FloatArray = np.asarray(sigma2_e * np.linalg.inv(found.cross), dtype=np.float64)
    return NestedError(
        found.beta, covariance, found.ratio * sigma2_e, sigma2_e, gamma * means, gamma, found.log_likelihood
    )


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the data say of all parameters together, none of them taken as known.

    Priors of Molina, Nandram & Rao (2014, *Annals of Applied Statistics* 8(2)): flat for β, 1/σ² for the variance, flat
    for the intraclass correlation ρ = σ²_u / (σ²_u + σ²_e). The restricted likelihood at λ = ρ/(1−ρ) then is the
    posterior of ρ up to a constant; given ρ, σ²_e is scaled inverse χ² and β normal. A likelihood that is highest at
    σ²_u = 0 does not say that σ²_u is 0, and neither does this.

    Attributes
    ----------
    profiles, weight
        The model at each ρ of a grid, and the posterior probability of each.
    """

    profiles: tuple[_Profile, ...]
    weight: FloatArray

    @classmethod
    def of(cls, sums: Sums, xy: FloatArray, area_y: FloatArray, yy: float) -> Posterior:
        """Posterior from the sums that :func:`fit_sums` takes; the same errors."""
        _can_vary(sums, xy, area_y, yy)
        profiles = tuple(_Profile(sums, xy, area_y, yy, float(rho / (1 - rho)), "reml") for rho in _CORRELATIONS)
        height = np.array([profile.log_likelihood for profile in profiles])
        weight = np.exp(height - height.max())
        return cls(profiles, weight / weight.sum())

    def fit(self) -> NestedError:
        """The model at the posterior mean of ρ, which is never zero."""
        rho = float(self.weight @ _CORRELATIONS)
        one = self.profiles[0]
        return _fitted(_Profile(one.sums, one.xy, one.area_y, one.yy, rho / (1 - rho), "reml"))

    def draw(self, count: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draws of β (count × p), σ²_u and σ²_e (count)."""
        places = random.choice(len(self.weight), count, p=self.weight)
        chi2 = random.chisquare(self.profiles[0].freedom, count)
        normal = random.standard_normal((count, len(self.profiles[0].xy)))
        beta, between, within = np.empty_like(normal), np.empty(count), np.empty(count)
        for place in np.unique(places):
            own, profile = places == place, self.profiles[place]
            within[own] = profile.residual / chi2[own]
            between[own] = profile.ratio * within[own]
            root = np.linalg.cholesky(np.linalg.inv(profile.cross))
            beta[own] = profile.beta + np.sqrt(within[own])[:, None] * (normal[own] @ root.T)
        return beta, between, within


def sums_by(areas: IntArray, values: FloatArray, number: int) -> FloatArray:
    """Sum of the values in each of ``number`` areas."""
    return np.asarray(np.bincount(areas, values, number), dtype=np.float64)


def fit_nested_error(
    y: FloatArray, X: FloatArray, areas: IntArray, number: int, kind: Likelihood = "reml"
) -> NestedError:
    """Fit the model to records: ``y`` (n), ``X`` (n × p, a constant is the caller's column), ``areas`` (n, 0 … D−1)."""
    sums = Sums.of(X, areas, number)
    return fit_sums(sums, X.T @ y, sums_by(areas, y, number), float(y @ y), kind)


def pseudo_effects(
    fit: NestedError, y: FloatArray, X: FloatArray, areas: IntArray, number: int, weights: FloatArray
) -> NestedError:
    """Replace β and effects by You & Rao's (2002) pseudo-empirical-best ones, which use the survey weights.

    With weights normalised in each area, γ_dw = σ²_u / (σ²_u + σ²_e Σ w̃²); β solves Σ w x (y − x'β − γ_dw(ȳ_dw −
    x̄_dw'β)) = 0. The variances stay those of the likelihood.
    """
    total = sums_by(areas, weights, number)
    share = weights / total[areas]
    spread = sums_by(areas, share**2, number)
    gamma = np.where(total > 0, fit.sigma2_u / (fit.sigma2_u + fit.sigma2_e * spread), 0.0)
    mean_x = np.zeros((number, X.shape[1]))
    np.add.at(mean_x, areas, share[:, None] * X)
    mean_y = sums_by(areas, share * y, number)
    centred = weights[:, None] * (X - gamma[areas, None] * mean_x[areas])
    left = centred.T @ X
    beta: FloatArray = np.asarray(np.linalg.solve(left, centred.T @ y), dtype=np.float64)
    bread = np.linalg.inv(left)
    covariance: FloatArray = np.asarray(fit.sigma2_e * bread @ (centred.T @ centred) @ bread.T, dtype=np.float64)
    effects = gamma * (mean_y - mean_x @ beta)
    return NestedError(beta, covariance, fit.sigma2_u, fit.sigma2_e, effects, gamma, fit.log_likelihood)
