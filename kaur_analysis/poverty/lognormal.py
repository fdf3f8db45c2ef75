"""Expected poverty of a family whose welfare is known only in distribution, in closed form.

If log(y + c) is normal with mean μ and variance s², the expectation of every FGT index is a sum of partial moments of
the lognormal, E[(y + c)^k 1(y < z)] = exp(kμ + k²s²/2) Φ((log(z + c) − μ)/s − ks), so neither draws nor their error are
needed. If y itself is normal the partial moments follow a recursion. ``powers`` α may be any whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from kaur_analysis.poverty.normal import STEPS, below

FloatArray = NDArray[np.float64]


def expected_fgt_log(
    mean: FloatArray, variance: FloatArray | float, line: float, powers: Sequence[int], shift: float = 0.0
) -> list[FloatArray]:
    """E[((z − y)/z)^α 1(y < z)] for each α where log(y + shift) ~ N(mean, variance)."""
    top = line + shift
    if top <= 0:  # a negative shift may lie above the line: then nobody's welfare reaches down to it
        return [np.zeros(np.broadcast_shapes(np.shape(mean), np.shape(variance))) for _ in powers]
    deviation = np.sqrt(variance)
    edge = (np.log(top) - mean) / deviation
    edge *= STEPS
    moments = [below(edge)]  # of (y + shift) / (z + shift)
    if max(powers):
        deviation = deviation * STEPS
        factor = step = np.exp(mean + (0.5 * variance - np.log(top)))
        spread = np.exp(variance)
        for k in range(1, max(powers) + 1):
            edge -= deviation
            moment = below(edge)
            moment *= factor
            moments.append(moment)
            if k < max(powers):
                step = step * spread  # exp(kμ + k²s²/2) by recursion: one exponential of μ whatever the power
                factor *= step
    found = {0: moments[0]}
    for a in range(1, max(powers) + 1):  # E[(1 − r)^a r^k] by differences of those of the power below
        moments = [one - next_one for one, next_one in pairwise(moments)]
        found[a] = moments[0]
    return [found[a] if top == line else found[a] * (top / line) ** a for a in powers]


def expected_fgt_normal(
    mean: FloatArray, variance: FloatArray | float, line: float, powers: Sequence[int]
) -> list[FloatArray]:
    """E[((z − y)/z)^α 1(y < z)] for each α where y ~ N(mean, variance).

    With a = (z − μ)/s and I_k = E[(a − Z)^k 1(Z < a)]: I_0 = Φ(a), I_1 = aΦ(a) + φ(a), I_k = a I_{k−1} + (k−1) I_{k−2}.
    """
    deviation = np.sqrt(variance)
    a = (line - mean) / deviation
    steps = [ndtr(a), a * ndtr(a) + np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi)]
    for k in range(2, max(powers) + 1):
        steps.append(a * steps[k - 1] + (k - 1) * steps[k - 2])
    return [steps[power] * (deviation / line) ** power for power in powers]
