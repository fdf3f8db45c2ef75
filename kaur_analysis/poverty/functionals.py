"""Distributional measures as functionals of a weighted sample, each with the influence of every record.

Each function takes welfare ``y`` and weights ``w``, shapes (n,), and returns ``(value, u)`` with ``u`` the derivative
of the value with respect to each record's weight (Deville 1999), so that Var(value) ≈ Var(Σ w u) under the design.
Where the derivative needs a density, it is the Gaussian kernel estimate of :func:`density` (Osier 2009). Sums run
over all records; a domain is estimated from its own records, with zero influence elsewhere. Where welfare does not
vary there is no density: influences that need one are missing, and so is the error of the value.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from kaur_analysis.errors import EstimationError

FloatArray = npt.NDArray[np.float64]
QuantileRule = Literal["math", "school"]
Measured = tuple[float, FloatArray]


def weighted_quantile(y: FloatArray, w: FloatArray, p: npt.ArrayLike, rule: QuantileRule = "math") -> FloatArray:
    """Weighted quantiles.

    Parameters
    ----------
    y, w
        Values and weights, shapes (n,).
    p
        Levels between 0 and 1, any shape.
    rule
        ``"math"`` is the smallest value whose share of weight reaches p (inverse of the distribution function);
        ``"school"`` averages with the next value where the share is met exactly, as in the median of an even number.
        Names as in R's ``survey``; ``"school"`` is also the rule of R's ``laeken``.

    Returns
    -------
    Quantiles in the shape of ``p``; NaN where a level is outside 0–1.
    """
    used = w > 0
    order = np.argsort(y[used], kind="stable")
    ordered = y[used][order]
    reached = np.cumsum(w[used][order])
    level = np.asarray(p, dtype=np.float64)
    target = level * reached[-1]
    tolerance = 1e-12 * reached[-1]  # sums of weights meet a level exactly only up to rounding
    last = len(ordered) - 1
    lower = ordered[np.minimum(np.searchsorted(reached, target - tolerance), last)]
    if rule == "school":
        upper = ordered[np.minimum(np.searchsorted(reached, target + tolerance, side="right"), last)]
        lower = (lower + upper) / 2
    elif rule != "math":
        raise EstimationError(f"quantile rule must be 'math' or 'school', not {rule!r}")
    return np.where((level >= 0) & (level <= 1), lower, np.nan)


def bandwidth(y: FloatArray, w: FloatArray) -> float:
    """Kernel bandwidth σ̂ / N̂^{1/5} with N̂ the sum of weights (Osier 2009); missing where welfare does not vary."""
    if np.ptp(y[w > 0]) == 0:
        return np.nan
    size = w.sum()
    mean = w @ y / size
    return float(np.sqrt(w @ (y - mean) ** 2 / size) / size**0.2)


def density(y: FloatArray, w: FloatArray, at: float, h: float) -> float:
    """Gaussian kernel density of y at a point; integrates to one. Missing without a bandwidth."""
    return float(w @ _kernel(y, at, h) / w.sum())


def _kernel(y: FloatArray, at: float, h: float) -> FloatArray:
    return np.exp(-0.5 * ((at - y) / h) ** 2) / (h * np.sqrt(2 * np.pi))


def mean(y: FloatArray, w: FloatArray) -> Measured:
    """Weighted mean; u = (y − ȳ) / N."""
    size = w.sum()
    value = w @ y / size
    return float(value), (y - value) / size


def quantile(y: FloatArray, w: FloatArray, p: float) -> Measured:
    """Quantile at level p; u = −(1(y ≤ q) − p) / (N f(q))."""
    value = float(weighted_quantile(y, w, p))
    return value, -((y <= value) - p) / (w.sum() * density(y, w, value, bandwidth(y, w)))


def gini(y: FloatArray, w: FloatArray) -> Measured:
    """Gini coefficient from the trapezoids under the Lorenz curve, 1 − Σ p_i (F_i + F_{i−1}), the formula of BPS.

    Equal to 2 Σ w y (C − w/2) / (W T) − 1 with C the running sum of weights (R's ``laeken``). Convey and vardpoor print
    the variant of Langel & Tillé (2013), :func:`gini_langel_tille`, higher by about 1/n.
    Influence: 2 (y M + A) / (W T) − (G + 1)(1/W + y/T), M the weight up to the middle of the record's tie, A the
    welfare above that middle.
    """
    size, total = w.sum(), w @ y
    if total <= 0:
        raise EstimationError("the Gini coefficient needs positive total welfare")
    _, tie = np.unique(y, return_inverse=True)
    weight, amount = np.bincount(tie, w), np.bincount(tie, w * y)
    middle = (np.cumsum(weight) - weight / 2)[tie]
    above = (total - np.cumsum(amount) + amount / 2)[tie]
    value = _without_noise(2 * (w * y) @ middle / (size * total) - 1)
    return value, 2 * (y * middle + above) / (size * total) - (value + 1) * (1 / size + y / total)


def gini_langel_tille(y: FloatArray, w: FloatArray) -> Measured:
    """Gini coefficient in the form of Langel & Tillé (2013, eq. 6), (2 Σ w y C − Σ w y) / (W T) − 1.

    Influence: the derivative [2 (y C + Σ_{l ≥ k} w y) − y − (G + 1)(T + W y)] / (W T) in the order of y, ties as they
    stand.
    """
    size, total = w.sum(), w @ y
    if total <= 0:
        raise EstimationError("the Gini coefficient needs positive total welfare")
    order = np.argsort(y, kind="stable")
    reached, above = np.empty_like(y), np.empty_like(y)
    reached[order] = np.cumsum(w[order])
    above[order] = total - np.cumsum((w * y)[order]) + (w * y)[order]
    value = (2 * (w * y) @ reached - total) / (size * total) - 1
    return float(value), (2 * (y * reached + above) - y - (value + 1) * (total + y * size)) / (size * total)


def lower_total(y: FloatArray, w: FloatArray, p: float) -> Measured:
    """Welfare held by the records up to the p-quantile, Σ w y 1(y ≤ q).

    Influence: y 1(y ≤ q) − (S'(q)/F'(q)) (1(y ≤ q) − p) / N, both derivatives by kernel (Osier 2009).
    """
    cut = float(weighted_quantile(y, w, p))
    below = y <= cut
    kernel = w * _kernel(y, cut, bandwidth(y, w))
    slope = float(kernel @ y / kernel.sum())
    return float((w * y) @ below), y * below - slope * (below - p)


def quintile_share_ratio(y: FloatArray, w: FloatArray) -> Measured:
    """S80/S20, the welfare above the 80 % quantile over that up to the 20 % quantile.

    Missing where welfare does not vary: nobody is then above, and equals are no ratio of 0.
    """
    most, u_most = lower_total(y, w, 0.8)
    least, u_least = lower_total(y, w, 0.2)
    if least <= 0:
        raise EstimationError("the poorest fifth holds no welfare: S80/S20 does not exist")
    if np.ptp(y[w > 0]) == 0:
        return np.nan, np.full_like(y, np.nan)
    value = (w @ y - most) / least
    return float(value), (y - u_most - value * u_least) / least


def theil(y: FloatArray, w: FloatArray) -> Measured:
    """Theil's index, Σ w (y/μ) ln(y/μ) / N; welfare of zero counts as zero (the limit)."""
    centre, u_centre = mean(y, w)
    if centre <= 0:
        raise EstimationError("Theil's index needs positive total welfare")
    relative = y / centre  # a constant scale: it cancels in the index
    product, u_product = mean(relative * np.log(np.where(y > 0, relative, 1.0)), w)
    # T = mean(r ln r)/m − ln m with m the mean of r, at m = 1
    return _without_noise(product), u_product - (product + 1) * u_centre / centre


def mean_log_deviation(y: FloatArray, w: FloatArray) -> Measured:
    """Mean log deviation, ln μ − Σ w ln y / N (generalised entropy of order 0)."""
    _require_positive(y, w, "the mean log deviation")
    centre, u_centre = mean(y, w)
    logs, u_logs = mean(np.log(np.where(y > 0, y, 1.0)), w)
    return _without_noise(np.log(centre) - logs), u_centre / centre - u_logs


def atkinson(y: FloatArray, w: FloatArray, epsilon: float = 1.0) -> Measured:
    """Atkinson's index with inequality aversion ε: one minus the equally distributed equivalent over the mean."""
    if not 0 < epsilon < np.inf:
        raise EstimationError(f"Atkinson's ε must be positive, not {epsilon}")
    _require_positive(y, w, "Atkinson's index")
    safe = np.where(y > 0, y, 1.0)
    centre, u_centre = mean(y, w)
    if epsilon == 1:
        logs, u_logs = mean(np.log(safe), w)
        equivalent = float(np.exp(logs))
        u_equivalent = equivalent * u_logs
    else:
        power = 1 - epsilon
        moment, u_moment = mean((safe / centre) ** power, w)  # scaled by the mean, so rupiah do not overflow
        equivalent = centre * moment ** (1 / power)
        u_equivalent = equivalent / (power * moment) * u_moment
        # ``centre`` in the scaling is a constant: it cancels in the equivalent.
    return _without_noise(1 - equivalent / centre), -u_equivalent / centre + equivalent / centre**2 * u_centre


def fgt(y: FloatArray, w: FloatArray, line: npt.ArrayLike, alpha: float, strict: bool = True) -> Measured:
    """Foster–Greer–Thorbecke index of order α; u = (h − P) / N."""
    return mean(gap_power(y, np.broadcast_to(np.asarray(line, dtype=np.float64), y.shape), alpha, strict), w)


def gap_power(y: FloatArray, line: FloatArray, alpha: float, strict: bool = True) -> FloatArray:
    """Contribution 1(y < z) ((z − y)/z)^α of each record, shape (n,); ``strict=False`` counts y = z as poor."""
    poor = y < line if strict else y <= line
    gap = np.where(poor, (line - y) / line, 0.0)
    return np.where(poor, gap**alpha, 0.0)


def watts(y: FloatArray, w: FloatArray, line: npt.ArrayLike) -> Measured:
    """Watts index, Σ w 1(y < z) ln(z/y) / N."""
    _require_positive(y, w, "the Watts index")
    safe = np.where(y > 0, y, 1.0)
    return mean(np.where(safe < line, np.log(line / safe), 0.0), w)


def sen_shorrocks_thon(y: FloatArray, w: FloatArray, line: npt.ArrayLike) -> Measured:
    """Sen–Shorrocks–Thon index, P₁ (1 + G of the poverty gaps over everybody) (Shorrocks 1995)."""
    gap = gap_power(y, np.broadcast_to(np.asarray(line, dtype=np.float64), y.shape), 1)
    depth, u_depth = mean(gap, w)
    if depth == 0:
        return 0.0, np.zeros_like(y)
    spread, u_spread = gini(gap, w)
    return depth * (1 + spread), u_depth * (1 + spread) + depth * u_spread


def _without_noise(value: float) -> float:
    """Zero for what is only the rounding of equal welfares: inequality is never negative, nor 1e-12."""
    return 0.0 if value <= 1e-12 else float(value)


def _require_positive(y: FloatArray, w: FloatArray, measure: str) -> None:
    count = int(((y <= 0) & (w > 0)).sum())
    if count:
        raise EstimationError(
            f"{measure} takes logarithms or powers of welfare, and it is not positive in {count} records"
        )
