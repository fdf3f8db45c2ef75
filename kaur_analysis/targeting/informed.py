"""What if a ranking knows of families what the model does not: the other end of a range that data cannot close."""

import numpy as np
import pandas as pd
from scipy import stats

from kaur_analysis.errors import EstimationError
from kaur_analysis.targeting.inputs import Array


def informed_draws(welfare_draws: Array, ranking: pd.Series) -> Array:
    r"""Joint draws of welfare, had the model known a ranking that no survey holds.

    Draws of a model say of a family what its covariates say. A ranking made with other evidence (a desil) is then
    judged as if all by which it differs from the model were chance: its errors are overstated as far as it is not. No
    sample that lacks the ranking can tell how far. What data do give is the most that it can know. Let
    ``log y = m + e`` with variance σ² of e, and let the ranking's normal score, scaled to agree with m on average, be
    ``m + u``. If u is nothing but knowledge of e and noise, ``u = e + ν``, then

    .. math:: e \mid u \sim N(κu, (1-κ)σ²), \qquad κ = \min(1, σ²/\operatorname{var} u),

    and where u varies less than e (κ = 1), u is e on a smaller scale. The draws returned are those moved by κu (then by
    ``uσ/sd(u)``) with their own deviations shrunk by √(1−κ), but for what a draw says of all families together: welfare
    keeps its spread, the ranking is worth the most that it can be. Scores on ``welfare_draws`` and on these are the two
    ends of a range; the truth lies between them if u holds some knowledge and some chance. Ranks in ten classes are
    taken at the middle of their class, which makes a little of what they know look like chance.

    Parameters
    ----------
    welfare_draws
        Rupiah per person per month, families × M.
    ranking
        Low is poorest, in the order of the draws; missing where a family has no rank: it keeps its draws.

    Returns
    -------
    numpy.ndarray
        Draws in the shape and type of those given. They are the same where the ranking does not rise with welfare.

    Raises
    ------
    EstimationError
        Fewer than two draws, welfare not positive, or a ranking of other families.
    """
    if welfare_draws.ndim != 2 or welfare_draws.shape[1] < 2 or len(ranking) != len(welfare_draws):
        raise EstimationError("Peringkat dan tarikan harus dari keluarga yang sama, dengan paling sedikit dua tarikan.")
    if not welfare_draws.min() > 0:
        raise EstimationError("Kesejahteraan harus lebih dari nol untuk dinilai.")
    ranked = ranking.notna().to_numpy()
    logs = np.log(welfare_draws[ranked])
    middle = logs.mean(axis=1, dtype=float)
    together = logs.mean(axis=0, dtype=float) - middle.mean()  # what a draw says of all families at once stays
    unknown = float(
        np.mean([((column - middle - own) ** 2).mean() for column, own in zip(logs.T, together, strict=True)])
    )
    score = stats.norm.ppf((ranking[ranked].rank() - 0.5) / ranked.sum())
    slope = np.cov(score, middle)[0, 1] / middle.var(ddof=1) if middle.std() > 0 else 0.0
    if not slope > 0:
        return welfare_draws
    beyond = (score - score.mean()) / slope - (middle - middle.mean())
    spread = float(beyond.var())
    known = min(1.0, unknown / spread) if spread > 0 else 1.0
    shift = beyond * (known if known < 1 else np.sqrt(unknown / spread) if spread > 0 else 0.0)
    moved = welfare_draws.copy()
    for draw, own in enumerate(together):  # draw by draw: all of a large kabupaten at once would fill the memory
        left = np.sqrt(1 - known) * (logs[:, draw] - middle - own)
        moved[ranked, draw] = np.exp(middle + shift + own + left)
    return moved
