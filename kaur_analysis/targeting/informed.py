"""What if a ranking knows of families what the model does not: the other end of a range that data cannot close."""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.normal import density
from kaur_analysis.targeting.inputs import Array


def informed_draws(welfare_draws: Array, ranking: pd.Series, seed: int = 0) -> Array:
    r"""Joint draws of welfare, had the model known a ranking that no survey holds.

    Draws of a model say of a family what its covariates say. A ranking made with other evidence (a desil) is then
    judged as if all by which it differs from the model were chance: its errors are overstated as far as it is not. No
    sample that lacks the ranking can tell how far. What data do give is the most that it can know. Let
    ``log y = m + e`` with variance σ² of e, and let the ranking be that of a normal score z with correlation ρ to m.
    The score, scaled to agree with m on average, is ``m + u`` with ``var u = var m (1/ρ² − 1)``. If u is nothing but
    knowledge of e and noise, ``u = e + ν``, then

    .. math:: e \mid u \sim N(κu, (1-κ)σ²), \qquad κ = \min(1, σ²/\operatorname{var} u),

    and where u varies less than e (κ = 1), u is e on a smaller scale. The draws returned are those moved by κu (then by
    ``uσ/sd(u)``) with their own deviations shrunk by √(1−κ), but for what a draw says of all families together: welfare
    keeps its spread, the ranking is worth the most that it can be. Scores on ``welfare_draws`` and on these are the two
    ends of a range; the truth lies between them if u holds some knowledge and some chance.

    A ranking in classes tells of z only between which bounds it lies. Each draw takes it from its distribution there
    given m (a truncated normal), so that a class has its poorest too; ρ is the two-step polyserial correlation, the
    covariance of m with the mean score of the class over the variance of that (Olsson, Drasgow & Dorans 1982).

    Parameters
    ----------
    welfare_draws
        Rupiah per person per month, families × M.
    ranking
        Low is poorest, in the order of the draws; missing where a family has no rank: it keeps its draws.
    seed
        Of the scores within classes.

    Returns
    -------
    numpy.ndarray
        Draws in the shape and type of those given. They are the same where the ranking does not rise with welfare, or
        is wholly the model's own.

    Raises
    ------
    EstimationError
        Fewer than two draws, welfare not positive, or a ranking of other families.

    References
    ----------
    Olsson, Drasgow & Dorans (1982), Psychometrika 47, for the polyserial correlation.
    """
    if welfare_draws.ndim != 2 or welfare_draws.shape[1] < 2 or len(ranking) != len(welfare_draws):
        raise EstimationError("Peringkat dan tarikan harus dari keluarga yang sama, dengan paling sedikit dua tarikan.")
    if not welfare_draws.min() > 0:
        raise EstimationError("Kesejahteraan harus lebih dari nol untuk dinilai.")
    ranked = ranking.notna().to_numpy()
    logs = np.log(welfare_draws[ranked])
    mean = logs.mean(axis=1, dtype=float)
    together = logs.mean(axis=0, dtype=float) - mean.mean()  # what a draw says of all families at once stays
    within = [((column - mean - own) ** 2).mean() for column, own in zip(logs.T, together, strict=True)]
    unknown = float(np.sum(within)) / (len(together) - 1)
    # The mean of M draws is m and a chance of variance σ²/M: the best guess at m is nearer to the middle of all.
    spread = float(np.sqrt(max(mean.var() - unknown / len(together), 0.0)))
    centred = (mean - mean.mean()) * (spread**2 / mean.var() if spread > 0 else 0.0)
    middle = mean.mean() + centred
    low, high = _bounds(ranking[ranked])
    class_mean = (density(low) - density(high)) / (ndtr(high) - ndtr(low))
    if not (spread > 0 and class_mean.std() > 0):
        return welfare_draws
    agreement = float(np.mean(class_mean * (mean - mean.mean())) / (spread * np.mean(class_mean**2)))
    if not 0 < agreement < 1:
        return welfare_draws
    beyond = spread**2 * (1 / agreement**2 - 1)
    known = min(1.0, unknown / beyond)
    scale = known if known < 1 else np.sqrt(unknown / beyond)
    expected, around = agreement * centred / spread, np.sqrt(1 - agreement**2)
    below, above = ndtr((low - expected) / around), ndtr((high - expected) / around)
    random = np.random.default_rng(seed)
    moved = welfare_draws.copy()
    for draw, own in enumerate(together):  # draw by draw: all of a large kabupaten at once would fill the memory
        inside = np.clip(below + random.random(len(middle)) * (above - below), 1e-15, 1 - 1e-15)
        score = np.clip(expected + around * ndtri(inside), low, high)
        shift = scale * (spread * score / agreement - centred)
        left = np.sqrt(1 - known) * (logs[:, draw] - middle - own)
        moved[ranked, draw] = np.exp(middle + shift + own + left)
    return moved


def _bounds(ranking: pd.Series) -> tuple[Array, Array]:
    """Between which normal scores each family's rank lies; −∞ and ∞ at the ends."""
    last = ranking.rank(method="max").to_numpy()
    first = ranking.rank(method="min").to_numpy() - 1
    return ndtri(first / len(ranking)), ndtri(last / len(ranking))
