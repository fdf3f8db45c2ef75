"""The nested-error model y = x'β + u_d + e by profile likelihood in the one variance ratio λ = σ²_u / σ²_e.

Given λ, β and σ²_e have closed forms that need only the sums of each area, so a fit costs milliseconds whatever the
sample (Battese, Harter & Fuller 1988; Rao & Molina 2015, ch. 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kaur_analysis.errors import EstimationError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Likelihood = Literal["reml", "ml"]
_RATIOS = np.concatenate(
    [[0.0], np.logspace(-7, 5, 49)]
)  # where the likelihood is looked at before the root is refined
_CORRELATIONS = (np.arange(400) + 0.5) / 400 * 0.9  # grid of ρ; nine tenths is more than any survey of people shows
_ODDS = _CORRELATIONS / (1 - _CORRELATIONS)  # λ at each


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

    @cached_property
    def area_xx(self) -> FloatArray:
        """Cross products of the sums of each area (D × p²), so that weighing the areas is one product of matrices."""
        areas, coefficients = self.area_x.shape
        return np.asarray(self.area_x[:, :, None] * self.area_x[:, None, :]).reshape(areas, coefficients**2)

    def weighed(self, weights: FloatArray) -> FloatArray:
        """Σ_d w_d x_d x_d' (… × p × p) for weights of the areas (… × D)."""
        return (weights @ self.area_xx).reshape(*weights.shape[:-1], *self.xx.shape)

    @cached_property
    def classes(self) -> list[IntArray]:
        """Areas of the same size together, without those of no record."""
        return [np.flatnonzero(self.sizes == size) for size in np.unique(self.sizes[self.sizes > 0])]

    @cached_property
    def spectrum(self) -> _Spectrum:
        """What the likelihood of any response can be told from without another inverse."""
        return _Spectrum.of(self)

    def decomposed(self, responses: int) -> bool:
        """Whether finding the spectrum costs less than inverting cross products for every response and ratio."""
        areas, coefficients = self.area_x.shape
        rank = sum(min(len(own), coefficients) for own in self.classes)
        return rank**3 <= 50 * responses * (areas * coefficients**2 + coefficients**3)

    @cached_property
    def tell_apart(self) -> bool:
        """Whether effects of areas can be told from x'β, and from the records' own deviations.

        With M the projection off the covariates and Z the areas' dummies, tr Z'MZ is zero where x'β can take the place
        of every effect: a single area, or as many area-level covariates as areas.
        """
        left = self.n - np.trace(np.linalg.solve(self.xx, self.area_x.T @ self.area_x))
        return bool(left > 1e-9 * self.n and self.sizes.max() > 1)


@dataclass(frozen=True, eq=False)
class _Spectrum:
    """Eigenvalues δ of Z'MZ, with M the projection off the covariates and Z the areas' dummies.

    With q the coordinates of Z'My in the eigenvectors, y'Py = y'My − Σ λq²/(1 + λδ), and of the determinants there is
    left Σ log(1 + λδ) (Kang et al. 2008, Genetics 178): a likelihood costs one pass over the areas, whatever their
    sizes. Areas of one size differ from a multiple of the identity only within the span of their covariates' sums, so
    that only this much has to be decomposed.

    Attributes
    ----------
    sums
        Of the design.
    solved
        (X'X)⁻¹X'Z, p × D.
    basis, turn
        Orthonormal basis of the spans, class of sizes after class (D × K), and the eigenvectors in it (K × K).
    class_of_area, class_of_basis
        Class of sizes of each area, after the last where it has no record (D), and of each vector of the basis (K).
    values, times
        Eigenvalues: K within the spans, then one for each class, with their multiplicities.
    """

    sums: Sums
    solved: FloatArray
    basis: FloatArray
    turn: FloatArray
    class_of_area: IntArray
    class_of_basis: IntArray
    values: FloatArray
    times: FloatArray

    @classmethod
    def of(cls, sums: Sums) -> _Spectrum:
        """Decompose a design."""
        classes, count = sums.classes, len(sums.sizes)
        ranks = [min(len(own), sums.area_x.shape[1]) for own in classes]
        basis, spans = np.zeros((count, sum(ranks))), []
        class_of_area, ends = np.full(count, len(classes)), np.cumsum(ranks)
        for number, (own, rank, end) in enumerate(zip(classes, ranks, ends, strict=True)):
            basis[own, end - rank : end], span = np.linalg.qr(sums.area_x[own])
            spans.append(span)
            class_of_area[own] = number
        class_of_basis = np.repeat(np.arange(len(classes)), ranks)
        size = np.array([sums.sizes[own[0]] for own in classes])
        inner = np.vstack(spans)
        within = np.diag(size[class_of_basis]) - inner @ np.linalg.solve(sums.xx, inner.T)
        values, turn = np.linalg.eigh(within)
        left = np.array([len(own) - rank for own, rank in zip(classes, ranks, strict=True)])
        return cls(
            sums,
            np.asarray(np.linalg.solve(sums.xx, sums.area_x.T), dtype=np.float64),
            basis,
            turn,
            class_of_area,
            class_of_basis,
            np.append(np.maximum(values, 0.0), size),
            np.append(np.ones(len(values)), left),
        )

    def seen(self, xy: FloatArray, area_y: FloatArray, yy: FloatArray, kind: Likelihood) -> _Seen:
        """Responses (R of them) in the coordinates of the eigenvectors."""
        left = area_y - xy @ self.solved
        inner = left @ self.basis
        classes = len(self.sums.classes)
        of_area = self.class_of_area[:, None] == np.arange(classes)
        of_basis = self.class_of_basis[:, None] == np.arange(classes)
        outside = np.where(self.times[len(self.turn) :] > 0, left**2 @ of_area - inner**2 @ of_basis, 0.0)
        squares = np.hstack([(inner @ self.turn) ** 2, np.maximum(outside, 0.0)])
        whole = yy - np.einsum("rp,rp->r", xy, np.linalg.solve(self.sums.xx, xy.T).T)
        if kind == "reml":
            return _Seen(squares, whole, self.values, self.values, self.times, self.sums.n - xy.shape[-1])
        return _Seen(squares, whole, self.values, self.sums.sizes, np.ones_like(self.sums.sizes), self.sums.n)


@dataclass(frozen=True, eq=False)
class _Seen:
    """Responses as their likelihoods see them: squared coordinates (R × K), y'My (R), and the determinant's values."""

    squares: FloatArray
    whole: FloatArray
    values: FloatArray
    spread: FloatArray
    times: FloatArray
    freedom: int

    def heights(self, ratios: FloatArray) -> FloatArray:
        """Log-likelihood up to a constant at each of some ratios, ratios × R."""
        weights = ratios / (1 + self.values[:, None] * ratios)
        residual = self.whole - (self.squares @ weights).T
        return -0.5 * (
            self.freedom * np.log(residual) + (self.times @ np.log1p(self.spread[:, None] * ratios))[:, None]
        )

    def score(self, ratio: FloatArray, rows: IntArray) -> FloatArray:
        """Derivative of −2 log-likelihood of some responses, each at its own ratio."""
        shrunk = 1 / (1 + ratio[:, None] * self.values)
        squares = self.squares[rows]
        residual = self.whole[rows] - ratio * (squares * shrunk).sum(axis=1)
        apart = (self.spread / (1 + ratio[:, None] * self.spread)) @ self.times
        return np.asarray(apart - self.freedom * (squares * shrunk**2).sum(axis=1) / residual, dtype=np.float64)


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
    """The likelihood at one λ with everything else at its best, for one response or many that share the design.

    With R responses ``xy`` is R × p, ``area_y`` R × D and ``yy`` R; ``ratio`` is one number or one for each of them.
    One response may also be seen at many λ.
    """

    sums: Sums
    xy: FloatArray
    area_y: FloatArray
    yy: FloatArray | float
    ratio: FloatArray | float
    kind: Likelihood

    @cached_property
    def spread(self) -> FloatArray:
        return np.asarray(1 + np.asarray(self.ratio)[..., None] * self.sums.sizes, dtype=np.float64)

    @cached_property
    def shrink(self) -> FloatArray:
        return np.asarray(np.asarray(self.ratio)[..., None] / self.spread, dtype=np.float64)

    @cached_property
    def cross(self) -> FloatArray:
        return np.asarray(self.sums.xx - self.sums.weighed(self.shrink), dtype=np.float64)

    @cached_property
    def inverse(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.cross), dtype=np.float64)

    @cached_property
    def right(self) -> FloatArray:
        return np.asarray(self.xy - (self.shrink * self.area_y) @ self.sums.area_x, dtype=np.float64)

    @cached_property
    def beta(self) -> FloatArray:
        return np.asarray((self.right[..., None, :] @ self.inverse)[..., 0, :], dtype=np.float64)

    @cached_property
    def residual(self) -> FloatArray:
        told = (self.shrink * self.area_y**2).sum(axis=-1) + (self.beta * self.right).sum(axis=-1)
        return np.asarray(self.yy - told, dtype=np.float64)

    @property
    def freedom(self) -> int:
        return self.sums.n - (self.xy.shape[-1] if self.kind == "reml" else 0)

    @cached_property
    def log_likelihood(self) -> FloatArray:
        total = self.freedom * (np.log(2 * np.pi * self.residual / self.freedom) + 1)
        total = total + np.log(self.spread).sum(axis=-1)
        if self.kind == "reml":
            total = total + np.linalg.slogdet(self.cross)[1]
        return np.asarray(-0.5 * total, dtype=np.float64)

    @property
    def score(self) -> FloatArray:
        """Derivative of −2 log-likelihood in λ."""
        gap = self.area_y - self.beta @ self.sums.area_x.T
        total = -self.freedom * ((gap / self.spread) ** 2).sum(axis=-1) / self.residual
        total = total + (self.sums.sizes / self.spread).sum(axis=-1)
        if self.kind == "reml":
            total = total - (self.inverse * self.sums.weighed(1 / self.spread**2)).sum(axis=(-2, -1))
        return np.asarray(total, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Inverted:
    """The same as :class:`_Seen` where a spectrum would cost more than it saves."""

    sums: Sums
    xy: FloatArray
    area_y: FloatArray
    yy: FloatArray
    kind: Likelihood

    def heights(self, ratios: FloatArray) -> FloatArray:
        """Log-likelihood at each of some ratios, ratios × R."""
        each = (_Profile(self.sums, self.xy, self.area_y, self.yy, float(ratio), self.kind) for ratio in ratios)
        return np.stack([profile.log_likelihood for profile in each])

    def score(self, ratio: FloatArray, rows: IntArray) -> FloatArray:
        """Derivative of −2 log-likelihood of some responses, each at its own ratio."""
        return _Profile(self.sums, self.xy[rows], self.area_y[rows], self.yy[rows], ratio, self.kind).score


@dataclass(frozen=True, eq=False)
class NestedErrors:
    """Fits of R responses on one design: β (R × p), σ²_u and σ²_e (R), effects and γ (R × D), log-likelihood (R)."""

    beta: FloatArray
    sigma2_u: FloatArray
    sigma2_e: FloatArray
    effects: FloatArray
    gamma: FloatArray
    log_likelihood: FloatArray


def _responses(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: FloatArray, kind: Likelihood) -> _Seen | _Inverted:
    """Likelihoods of responses by whichever way costs less."""
    decomposed = sums.decomposed(len(xy))
    return sums.spectrum.seen(xy, area_y, yy, kind) if decomposed else _Inverted(sums, xy, area_y, yy, kind)


def fit_many(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: FloatArray, kind: Likelihood = "reml") -> NestedErrors:
    """Fit many responses on one design at once, as a bootstrap needs it.

    Parameters
    ----------
    sums
        Of the design, shared by all.
    xy, area_y, yy
        Per response X'y (R × p), the sum of y in each area (R × D) and y'y (R).
    kind
        Likelihood.

    Raises
    ------
    EstimationError
        As :func:`fit_sums`.
    """
    _can_vary(sums, xy, area_y, yy)
    responses = _responses(sums, xy, area_y, yy, kind)
    best = responses.heights(_RATIOS).argmax(axis=0)
    low, high = _RATIOS[np.maximum(best - 1, 0)], _RATIOS[np.minimum(best + 1, len(_RATIOS) - 1)]
    score, ratio, every = responses.score, _RATIOS[best], np.arange(len(xy))
    inner = np.flatnonzero((score(low, every) < 0) & (score(high, every) > 0))
    if len(inner):
        ratio[inner] = _roots(lambda tried: score(tried, inner), low[inner], high[inner])
    found = _Profile(sums, xy, area_y, yy, ratio, kind)
    sigma2_e = found.residual / found.freedom
    effects = found.shrink * (area_y - found.beta @ sums.area_x.T)
    return NestedErrors(
        found.beta, ratio * sigma2_e, sigma2_e, effects, found.shrink * sums.sizes, found.log_likelihood
    )


def _roots(score: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """Where each of many scores is zero, whose signs differ at ``low`` and ``high``: by secants of a bracket.

    The height of an end that stays is halved ("Illinois", Dowell & Jarratt 1971), so that it cannot stay for long.
    """
    end, at_end, found, at_found = low, score(low), high, score(high)
    for _ in range(100):
        last, at_last = found, at_found
        found = last - at_last * (last - end) / (at_last - at_end)
        at_found = score(found)
        if (np.abs(found - last) <= 1e-13 * found).all():
            break
        passed = at_found * at_last < 0
        end, at_end = np.where(passed, last, end), np.where(passed, at_last, 0.5 * at_end)
    return found


def fit_sums(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: float, kind: Likelihood = "reml") -> NestedError:
    """Fit from sums: ``xy`` = X'y (p), ``area_y`` the sum of y in each area (D), ``yy`` = y'y.

    Raises
    ------
    EstimationError
        Nothing is left to vary: as many coefficients as records, or y without residual variation; or effects of areas
        cannot be told from the covariates, or from the records' own deviations.
    """
    one = fit_many(sums, xy[None], area_y[None], np.array([yy]), kind)
    return _fitted(_Profile(sums, xy, area_y, yy, float(one.sigma2_u[0] / one.sigma2_e[0]), kind))


def _can_vary(sums: Sums, xy: FloatArray, area_y: FloatArray, yy: FloatArray | float) -> None:
    if sums.n <= sums.xx.shape[0] + 1:
        raise EstimationError(
            f"{sums.n} records cannot carry {sums.xx.shape[0]} coefficients and two variances",
            "too_few_records",
            count=sums.n,
            coefficients=sums.xx.shape[0],
        )
    if not sums.tell_apart:
        count = int((sums.sizes > 0).sum())
        raise EstimationError(
            f"{count} area(s) or PSU(s) cannot show how much they differ: they are no more than the covariates that "
            "are the same for all of an area, or none holds two households",
            "areas_too_few",
            count=count,
        )
    left = _Profile(sums, xy, area_y, yy, 0.0, "reml").residual
    if not (left > 1e-12 * np.maximum(yy, 1e-300)).all():
        raise EstimationError(
            "the covariates reproduce welfare exactly: no residual variation is left", "welfare_reproduced"
        )


def _fitted(found: _Profile) -> NestedError:
    sums = found.sums
    sigma2_e = float(found.residual) / found.freedom
    gamma = found.shrink * sums.sizes
    effects = found.shrink * (found.area_y - sums.area_x @ found.beta)
    return NestedError(
        found.beta,
        sigma2_e * found.inverse,
        float(found.ratio) * sigma2_e,
        sigma2_e,
        effects,
        gamma,
        float(found.log_likelihood),
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
    profile, weight
        The model at ρ = 0, and the posterior probability of each ρ of a grid.
    """

    profile: _Profile
    weight: FloatArray

    @classmethod
    def of(cls, sums: Sums, xy: FloatArray, area_y: FloatArray, yy: float) -> Posterior:
        """Posterior from the sums that :func:`fit_sums` takes; the same errors."""
        _can_vary(sums, xy, area_y, yy)
        [heights] = _responses(sums, xy[None], area_y[None], np.array([yy]), "reml").heights(_ODDS).T
        weight = np.exp(heights - heights.max())
        return cls(_Profile(sums, xy, area_y, yy, 0.0, "reml"), weight / weight.sum())

    def fit(self) -> NestedError:
        """The model at the posterior mean of ρ, which is never zero."""
        rho = float(self.weight @ _CORRELATIONS)
        return _fitted(replace(self.profile, ratio=rho / (1 - rho)))

    def draw(self, count: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draws of β (count × p), σ²_u and σ²_e (count)."""
        places = random.choice(len(self.weight), count, p=self.weight)
        tried, own = np.unique(places, return_inverse=True)
        grid = replace(self.profile, ratio=_ODDS[tried])
        chi2 = random.chisquare(grid.freedom, count)
        normal = random.standard_normal((count, len(grid.xy)))
        within = grid.residual[own] / chi2
        roots = np.linalg.cholesky(grid.inverse)
        beta = grid.beta[own] + np.sqrt(within)[:, None] * np.einsum("rij,rj->ri", roots[own], normal)
        between = _ODDS[places] * within
        return beta, between, within


def sums_by(areas: IntArray, values: FloatArray, number: int) -> FloatArray:
    """Sum of the values in each of ``number`` areas."""
    return np.asarray(np.bincount(areas, values, number), dtype=np.float64)


def leave_out(X: FloatArray, y: FloatArray, areas: IntArray, number: int, fit: NestedError) -> NestedError:
    """β and effects of the records that are left, at the variances of a fit to all."""
    sums = Sums.of(X, areas, number)
    ratio = fit.sigma2_u / fit.sigma2_e
    return _fitted(_Profile(sums, X.T @ y, sums_by(areas, y, number), float(y @ y), ratio, "reml"))


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
    whole = fit.sigma2_u + fit.sigma2_e * spread
    # areas without sample lean on nothing of their own
    gamma = np.divide(fit.sigma2_u, whole, out=np.zeros_like(spread), where=total > 0)
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
