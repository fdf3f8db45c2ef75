"""The level of drawn headcounts: made to meet an official figure, and to err as it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit


def erring(levels: NDArray[np.float64], error: float, figure: float | None = None) -> NDArray[np.float64]:
    """Drawn headcounts spread as far as a figure that errs by ``error``, in the same order.

    They are spread on the logit scale, on which the figure's standard error is error / (P (1 − P)) by the delta method
    (Korn & Graubard 1998): a low figure is rather too low than too high, as its interval says.

    Parameters
    ----------
    levels
        Headcounts of the draws (0–1).
    error
        Standard error of the figure (0–1).
    figure
        The figure (0–1): its logit is the middle of those spread, as in an interval of its own. Where it is not given,
        the mean of the headcounts is the figure, and stays.

    Returns
    -------
    Headcounts of the same draws; the given ones where they spread as far already.
    """
    centre = float(levels.mean()) if figure is None else figure
    if not (error > 0 and 0 < centre < 1):
        return levels
    place = logit(np.clip(levels, centre / 50, 1 - (1 - centre) / 50))
    deviation = float(place.std(ddof=1))
    times = error / (centre * (1 - centre)) / deviation if deviation > 0 else 0.0
    if times <= 1:
        return levels
    apart = times * (place - place.mean())
    middle = float(logit(centre)) if figure is not None else _middle(apart, centre)
    return np.asarray(expit(middle + apart), dtype=np.float64)


def _middle(apart: NDArray[np.float64], mean: float) -> float:
    """Where logits that lie so far apart have their middle, so that the headcounts have the mean."""
    reach = float(np.abs(apart).max()) + abs(float(logit(mean))) + 1.0
    return float(brentq(lambda at: float(expit(at + apart).mean()) - mean, -reach, reach, xtol=1e-12))


def agreeing(
    draws: NDArray[np.float32], people: NDArray[np.float64], line: float, share: float, error: float = 0.0
) -> NDArray[np.float32]:
    """Draws moved so that on average the official share of people lies below the line, give or take its error.

    The families' probabilities agree with it at the fitted parameters; draws carry the parameters' uncertainty, whose
    longer tails would leave more people below. One factor for all draws keeps the level's uncertainty in them. The
    official share comes from a survey too: where its standard error is the larger, each draw gets a factor of its own,
    so that the shares below spread by it about the same mean, in the same order.

    Parameters
    ----------
    draws
        Welfare, families × M, positive.
    people
        Persons per family.
    line
        The line that the share belongs to, in the unit of welfare.
    share
        Official headcount (0–1).
    error
        Its standard error (0–1).

    Returns
    -------
    Welfare, families × M, each draw multiplied by a number of its own.
    """
    common = _common_factor(draws, people, line, share)
    level = _below(draws, people, line / common)
    wanted = erring(level, error)
    if wanted is level:
        return draws * np.float32(common)
    limits = [_limit(own, people, part) for own, part in zip(draws.T, wanted, strict=True)]
    apart = draws * (line / np.array(limits)).astype(np.float32)
    return apart * np.float32(_common_factor(apart, people, line, share))


def _below(draws: NDArray[np.float32], people: NDArray[np.float64], line: float) -> NDArray[np.float64]:
    """Share of people below the line in each draw."""
    return np.asarray(people @ (draws < line) / people.sum(), dtype=np.float64)


def _common_factor(draws: NDArray[np.float32], people: NDArray[np.float64], line: float, share: float) -> float:
    """What all draws are multiplied by so that the share holds on average."""
    return float(
        brentq(lambda factor: float(_below(draws, people, line / factor).mean()) - share, 0.05, 20.0, xtol=1e-7)
    )


def _limit(values: NDArray[np.float32], weights: NDArray[np.float64], share: float) -> float:
    """Between two families' values, where the share of the weights below comes nearest to the one given."""
    order = np.argsort(values, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(weights[order])])
    count = int(np.clip(np.abs(reached - share * reached[-1]).argmin(), 1, len(values) - 1))
    return float(np.sqrt(float(values[order[count - 1]]) * float(values[order[count]])))
