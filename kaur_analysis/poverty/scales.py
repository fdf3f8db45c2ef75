"""Scales on which welfare is modelled as normal, and what a family's poverty is expected to be on each.

Log and shifted log have closed forms (:mod:`kaur_analysis.poverty.lognormal`), so has welfare as it is. Box–Cox has
none: P_α = α ∫₀¹ (1 − v)^(α−1) F(vz) dv, by parts, where F(y) = Φ((T(y) − μ)/s) is the distribution of welfare; a fixed
Gauss–Legendre rule takes the integral, the same points for every family, without chance. The headcount is F(z) itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import boxcox, inv_boxcox, ndtr

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.lognormal import expected_fgt_log, expected_fgt_normal

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Transformation = Literal["log", "none", "log_shift", "box_cox"]
TRANSFORMATIONS: tuple[Transformation, ...] = get_args(Transformation)
# Where a parameter is looked for. Powers as in R's emdi; shifts in standard deviations of welfare, where with the last
# the log is straight over all welfare seen.
POWERS = np.linspace(-1.0, 2.0, 31)
SHIFTS = np.concatenate([[0.0], np.logspace(-2, 2, 33)])
POINTS = 48  # of either rule: gaps are right to 1e-8 where deviations are 0.2 of the unit and more

_RAW_POINTS, _RAW_WEIGHTS = np.polynomial.legendre.leggauss(POINTS)
# Squares of the points: near zero welfare F may rise like a fractional power.
_SHARES = (0.5 + 0.5 * _RAW_POINTS) ** 2
_WEIGHTS = 0.5 * _RAW_WEIGHTS * 2 * (0.5 + 0.5 * _RAW_POINTS)
_NODES, _MASSES = np.polynomial.hermite_e.hermegauss(POINTS)


@dataclass(frozen=True)
class Scale:
    """A transformation of welfare with its parameters.

    Attributes
    ----------
    name
        ``log`` (log(y + shift)), ``none`` or ``box_cox`` (((y/unit)^power − 1)/power, the log where power is 0).
    shift
        In welfare's unit.
    power
        λ of Box & Cox (1964).
    unit
        Welfare is divided by it before the power: the geometric mean of the survey's households, so that no result
        hangs on the currency and likelihoods at different powers can be compared (Gurka, Edwards, Muller & Kupper
        2006).
    estimated
        Whether shift or power were found in the data.
    """

    name: Literal["log", "none", "box_cox"]
    shift: float = 0.0
    power: float = 0.0
    unit: float = 1.0
    estimated: bool = False

    def forward(self, welfare: FloatArray) -> FloatArray:
        """Welfare on the scale of the model."""
        if self.name == "log":
            return np.asarray(np.log(welfare + self.shift), dtype=np.float64)
        if self.name == "box_cox":
            return np.asarray(boxcox(welfare / self.unit, self.power), dtype=np.float64)
        return welfare

    def back(self, values: FloatArray) -> FloatArray:
        """Welfare of values on the scale of the model; what lies below Box–Cox's reach has no welfare at all."""
        if self.name == "log":
            return np.asarray(np.exp(values) - self.shift, dtype=np.float64)
        if self.name == "box_cox":
            if self.power:
                edge = -1 / self.power
                values = np.maximum(values, edge) if self.power > 0 else np.minimum(values, edge)
            return np.asarray(self.unit * inv_boxcox(values, self.power), dtype=np.float64)
        return values

    def expected_fgt(
        self, mean: FloatArray, variance: FloatArray | float, line: float, powers: Sequence[int]
    ) -> list[FloatArray]:
        """E[((z − y)/z)^α 1(y < z)] for each α where welfare on this scale is N(mean, variance)."""
        if self.name == "log":
            return expected_fgt_log(mean, variance, line, powers, self.shift)
        if self.name == "none":
            return expected_fgt_normal(mean, variance, line, powers)
        deviation = np.sqrt(variance)
        edges = boxcox(_SHARES * line / self.unit, self.power)
        found = {power: np.zeros(np.broadcast(mean, deviation).shape) for power in powers if power}
        if found:
            for share, weight, edge in zip(_SHARES, _WEIGHTS, edges, strict=True):
                below = ndtr((edge - mean) / deviation)
                for power, total in found.items():
                    total += (power * weight * (1 - share) ** (power - 1)) * below
        if 0 in powers:
            found[0] = ndtr((boxcox(line / self.unit, self.power) - mean) / deviation)
        return [found[power] for power in powers]

    def expected_welfare(self, mean: FloatArray, variance: FloatArray) -> FloatArray:
        """E[y]; under Box–Cox by a Gauss–Hermite rule, and missing where the power is negative: there is none."""
        if self.name == "log":
            return np.asarray(np.exp(mean + variance / 2) - self.shift, dtype=np.float64)
        if self.name == "none":
            return mean
        if self.power < 0:
            return np.full(np.shape(mean), np.nan)
        deviation = np.sqrt(variance)
        total = np.zeros(np.broadcast(mean, deviation).shape)
        for node, mass in zip(_NODES, _MASSES / _MASSES.sum(), strict=True):
            total += mass * self.back(mean + deviation * node)
        return total


def scale_of(
    transformation: str,
    welfare: FloatArray,
    likelihood: Callable[[FloatArray], float],
    coefficients: int,
    shift: float,
    power: float | None,
) -> Scale:
    """The scale that was asked for, its parameter found by profile restricted likelihood where it is not given.

    Parameters
    ----------
    transformation
        One of ``TRANSFORMATIONS``.
    welfare
        Of the survey's households (n).
    likelihood
        Maximised restricted log-likelihood of responses (n).
    coefficients
        How many the model has.
    shift, power
        Given parameters of ``log`` and ``box_cox``.

    Raises
    ------
    EstimationError
        Welfare not positive under ``log`` (after the shift) or ``box_cox``.
    """
    if transformation == "none":
        return Scale("none")
    if transformation == "log_shift":
        return _shifted(welfare, likelihood, coefficients)
    lowest = shift if transformation == "log" else 0.0
    if not (welfare + lowest > 0).all():
        count = int((welfare + lowest <= 0).sum())
        raise EstimationError(
            f"{count} households have zero or negative welfare: {transformation!r} needs welfare above zero",
            "welfare_not_positive",
            count=count,
        )
    if transformation == "log":
        return Scale("log", shift)
    unit = float(np.exp(np.mean(np.log(welfare))))
    if power is not None:
        return Scale("box_cox", power=float(power), unit=unit)
    best = _highest(lambda trial: likelihood(Scale("box_cox", power=trial, unit=unit).forward(welfare)), POWERS)
    return Scale("box_cox", power=best, unit=unit, estimated=True)


def found_again(
    scale: Scale, welfare: FloatArray, likelihoods: Callable[[FloatArray], FloatArray], coefficients: int
) -> list[Scale]:
    """The parameter of an estimated scale for many samples, as a bootstrap needs it.

    The best of the same grid, refined by the parabola through it and its neighbours.

    Parameters
    ----------
    scale
        What the data gave.
    welfare
        Of R samples (R × n).
    likelihoods
        Maximised restricted log-likelihood of each of R responses.
    coefficients
        How many the model has.
    """
    heights, at = _profile(scale, welfare, likelihoods, coefficients)
    return at(_vertices(heights), np.arange(len(welfare)))


def likely(
    scale: Scale,
    welfare: FloatArray,
    likelihoods: Callable[[FloatArray], FloatArray],
    coefficients: int,
    count: int,
) -> list[Scale]:
    """Scales whose parameters stand for what the data leave open: middles of equal parts of the posterior.

    The posterior is the profile restricted likelihood (as in :func:`scale_of`) under a flat prior over the range that
    is searched, for a shift over its logarithm.

    Parameters
    ----------
    scale
        What the data gave.
    welfare
        Of the survey's households (n).
    likelihoods, coefficients
        As in :func:`found_again`.
    count
        How many scales.
    """
    from scipy.interpolate import PchipInterpolator  # here: no step but that of the model draws a curve

    heights, at = _profile(scale, welfare[None], likelihoods, coefficients)
    curve = PchipInterpolator(np.arange(len(heights)), heights[:, 0])
    steps = np.linspace(0, len(heights) - 1, 40 * (len(heights) - 1) + 1)
    weight = np.exp(curve(steps) - heights.max())
    reached = np.cumsum(weight) - weight / 2
    middles = (np.arange(count) + 0.5) / count
    return at(np.interp(middles * weight.sum(), reached, steps), np.zeros(count, dtype=np.int64))


def _profile(
    scale: Scale, welfare: FloatArray, likelihoods: Callable[[FloatArray], FloatArray], coefficients: int
) -> tuple[FloatArray, Callable[[FloatArray, IntArray], list[Scale]]]:
    """Height of the profile likelihood of each of R samples (grid × R), and the scales at places of the grid.

    Places are steps of the grid, fractions between two, each with the sample that it is of.
    """
    if scale.name == "box_cox":
        # A made value below the reach of the transformation has welfare zero, which no other power could hold.
        welfare = np.maximum(welfare, 1e-3 * scale.unit)
        units = np.exp(np.log(welfare).mean(axis=1))
        heights = np.array([likelihoods(boxcox(welfare / units[:, None], power)) for power in POWERS])

        def powers(steps: FloatArray, samples: IntArray) -> list[Scale]:
            found = np.interp(steps, np.arange(len(POWERS)), POWERS)
            return [
                Scale("box_cox", power=float(power), unit=float(units[own]), estimated=True)
                for power, own in zip(found, samples, strict=True)
            ]

        return heights, powers
    deviation = welfare.std(axis=1, keepdims=True)
    lowest = welfare.min(axis=1, keepdims=True)
    start = np.where(lowest > 0, 0.0, 0.01 * deviation - lowest)
    heights = np.empty((len(SHIFTS), len(welfare)))
    for place, trial in enumerate(SHIFTS):
        logs = np.log((welfare + start + trial * deviation) / deviation)
        centre = logs.mean(axis=1)
        heights[place] = likelihoods(logs - centre[:, None]) - (welfare.shape[1] - coefficients) * centre

    def shifts(steps: FloatArray, samples: IntArray) -> list[Scale]:
        found = start[samples, 0] + np.interp(steps, np.arange(len(SHIFTS)), SHIFTS) * deviation[samples, 0]
        return [Scale("log", shift=float(shift), estimated=True) for shift in found]

    return heights, shifts


def _vertices(heights: FloatArray) -> FloatArray:
    """Top of the parabola through the best point and its neighbours of each column of heights, in steps of the grid."""
    best = heights.argmax(axis=0)
    inner = np.clip(best, 1, len(heights) - 2)
    column = np.arange(heights.shape[1])
    left, middle, right = (heights[inner + step, column] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    move = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.asarray(np.where(best == inner, inner + np.clip(move, -0.5, 0.5), best), dtype=np.float64)


def _shifted(welfare: FloatArray, likelihood: Callable[[FloatArray], float], coefficients: int) -> Scale:
    """Shift of the highest profile likelihood, in standard deviations of welfare above the lowest allowed one."""
    deviation = float(np.std(welfare))
    if not deviation > 0:
        raise EstimationError("welfare does not vary: nothing is left to explain", "welfare_reproduced")
    lowest = float(np.min(welfare))
    # A shift close to the lowest welfare lets the likelihood grow without bound, so some room is kept there.
    start = 0.0 if lowest > 0 else -lowest + 0.01 * deviation

    def height(trial: float) -> float:
        logs = np.log((welfare + start + trial * deviation) / deviation)
        centre = float(np.mean(logs))
        # The geometric mean scales the logs so that likelihoods at different shifts can be compared.
        return likelihood(logs - centre) - (len(welfare) - coefficients) * centre

    return Scale("log", start + _highest(height, SHIFTS) * deviation, estimated=True)


def _highest(height: Callable[[float], float], grid: FloatArray) -> float:
    """Where a function is highest: the best of a grid, then the maximum between its neighbours."""
    heights = [height(float(trial)) for trial in grid]
    best = int(np.argmax(heights))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(
        lambda trial: -height(trial), bounds=(low, high), method="bounded", options={"xatol": 1e-10 * (high - low)}
    )
    return float(found.x) if -found.fun > heights[best] else float(grid[best])
