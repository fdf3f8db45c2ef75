"""Student's t distribution, as ``scipy.stats`` computes it: that takes longer to load than many a step to run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Numbers = Floats | np.float64  # of one number one comes back


def quantile(share: float, degrees: Floats | float) -> Numbers:
    """What t stays below with probability ``share``, strictly between 0 and 1; NaN without degrees of freedom."""
    return stdtrit(degrees, share)


def critical(tail: float, degrees: Floats | float) -> Numbers:
    """What t exceeds with probability ``tail``, strictly between 0 and 1; NaN without degrees of freedom."""
    return -quantile(tail, degrees)


def above(value: Floats | float, degrees: Floats | float) -> Numbers:
    """Probability that t exceeds ``value``; NaN without degrees of freedom."""
    return stdtr(degrees, -value)
