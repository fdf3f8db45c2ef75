"""The one table every survey estimate is returned in, with its interval and its fitness for use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import student
from kaur_analysis.poverty.checks import one_of
from kaur_analysis.poverty.design import Domains, FloatArray, IntArray

Scale = Literal["linear", "log", "logit"]
ShareInterval = Literal["logit", "linear"]
Degrees = Literal["domain", "design"]

GOOD, CAREFUL, WITHHELD = "baik", "hati-hati", "tidak disajikan"

COLUMNS = ["indicator", "area", "value", "se", "rse", "low", "high", "n_households", "n_psu", "quality"]


@dataclass(frozen=True)
class EstimateSettings:
    """How estimates are given intervals and judged.

    Parameters
    ----------
    confidence
        Level of the intervals.
    careful_above, withheld_above
        Relative standard errors up to ``careful_above`` are ``baik``, up to ``withheld_above`` ``hati-hati``, above it
        ``tidak disajikan``. The defaults 0.25 and 0.50 are the practice of BPS, which calls estimates with an RSE up
        to 25 % accurate, over 25 to 50 % to be used with care, and over 50 % not accurate.
    share_interval
        ``"logit"`` keeps the intervals of shares inside 0–1; ``"linear"`` is value ± t·se, for comparison with
        packages that print it.
    degrees
        ``"domain"`` takes PSUs minus strata that the domain touches, ``"design"`` those of the whole sample for every
        domain. The first is the cautious one for small areas.

    Raises
    ------
    EstimationError
        A level outside 0–1, thresholds out of order, or a name that is not known.

    References
    ----------
    Soedarti (2007), as cited in BPS's methodological notes on Susenas, for the thresholds; Korn & Graubard (1999),
    §5.2, for intervals and degrees of freedom.
    """

    confidence: float = 0.95
    careful_above: float = 0.25
    withheld_above: float = 0.50
    share_interval: ShareInterval = "logit"
    degrees: Degrees = "domain"

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise EstimationError(f"confidence must lie between 0 and 1, not {self.confidence}")
        if not 0 < self.careful_above <= self.withheld_above:
            raise EstimationError("quality thresholds must be positive and careful_above ≤ withheld_above")
        one_of(self.share_interval, get_args(ShareInterval), "share_interval")
        one_of(self.degrees, get_args(Degrees), "degrees")


DEFAULT_SETTINGS = EstimateSettings()


def interval(
    value: FloatArray, se: FloatArray, degrees: FloatArray, scale: Scale, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Student-t interval, symmetric on the given scale and mapped back.

    Parameters
    ----------
    value, se, degrees
        Estimates, standard errors and degrees of freedom, shapes (m,).
    scale
        ``"logit"`` for shares (Korn & Graubard 1999, §5.2; method ``xlogit`` of R's ``svyciprop``), ``"log"`` for
        positive quantities, ``"linear"`` for all others.
    confidence
        Level.

    Returns
    -------
    Lower and upper limits, shapes (m,); NaN where the scale does not reach the value.
    """
    reach = student.quantile(0.5 + confidence / 2, degrees) * se
    if scale == "linear":
        return value - reach, value + reach
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            width = np.exp(reach / value)
            return np.where(value > 0, value / width, np.nan), np.where(value > 0, value * width, np.nan)
        inner = (value > 0) & (value < 1)
        centre, width = np.log(value / (1 - value)), reach / (value * (1 - value))
        low, high = 1 / (1 + np.exp(width - centre)), 1 / (1 + np.exp(-width - centre))
        return np.where(inner, low, np.nan), np.where(inner, high, np.nan)


def boundary_interval(value: FloatArray, n: IntArray, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Clopper–Pearson interval of shares that came out at 0 or 1, shapes (m,).

    The sample shows no variation, so the effective size is taken as the number of PSUs, as if every PSU answered with
    one voice: the widest interval the design can ask for.
    """
    bound = (0.5 - confidence / 2) ** (1.0 / n)
    return np.where(value >= 1, bound, 0.0), np.where(value <= 0, 1.0 - bound, 1.0)


def quality(rse: FloatArray, settings: EstimateSettings = DEFAULT_SETTINGS) -> list[str]:
    """Fitness for use by relative standard error; an RSE that does not exist is not fit."""
    return [
        GOOD if each <= settings.careful_above else CAREFUL if each <= settings.withheld_above else WITHHELD
        for each in rse
    ]


def tabulate(
    indicator: str | Sequence[str],
    domains: Domains,
    value: FloatArray,
    variance: FloatArray,
    *,
    scale: Scale = "linear",
    settings: EstimateSettings = DEFAULT_SETTINGS,
    bounds: tuple[FloatArray, FloatArray] | None = None,
) -> pd.DataFrame:
    """One row per domain for each indicator, in the columns of :data:`COLUMNS`.

    A domain with one PSU has no standard error, and a share that came out at 0 or 1 no relative one: neither is ever
    called fit for use because its computed variance is zero.

    Parameters
    ----------
    indicator
        Name of the estimate, or names of k.
    domains
        Where it was estimated; gives labels, counts and degrees of freedom.
    value, variance
        Estimates and their design variances, shapes (D,), or (k, D) for several indicators.
    scale
        Scale of the interval.
    settings
        Level, thresholds and degrees of freedom.
    bounds
        Limits that are known already (Woodruff's), shapes (D,).
    """
    names, shape = np.atleast_1d(np.asarray(indicator, dtype=object)), np.shape(value)
    # One PSU shows no variation between PSUs; a ratio's linearised variance would be zero there, which is no precision.
    se = np.where(domains.n_psu > 1, np.sqrt(variance), np.nan)
    edge = (scale == "logit") & ((value <= 0) | (value >= 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        rse = np.where((value != 0) & ~edge, se / np.abs(value), np.nan)
    if bounds is None:
        used = settings.share_interval if scale == "logit" else scale
        low, high = interval(value, se, degrees_of(domains, settings), used, settings.confidence)
        if used == "logit":
            floor, ceiling = boundary_interval(value, domains.n_psu, settings.confidence)
            low, high = np.where(edge, floor, low), np.where(edge, ceiling, high)
    else:
        low, high = (np.where(domains.n_psu > 1, bound, np.nan) for bound in bounds)
    of_domains = {"area": domains.labels, "n_households": domains.n_households, "n_psu": domains.n_psu}
    numbers = {"value": value, "se": se, "rse": rse, "low": low, "high": high}
    return pd.DataFrame(
        {
            "indicator": np.repeat(names, len(domains)),
            **{name: np.broadcast_to(each, shape).ravel() for name, each in (of_domains | numbers).items()},
            "quality": quality(rse.ravel(), settings),
        },
        columns=COLUMNS,
    )


def degrees_of(domains: Domains, settings: EstimateSettings) -> FloatArray:
    """Degrees of freedom of each domain under the settings, shape (D,)."""
    if settings.degrees == "domain":
        return domains.degrees_of_freedom.astype(np.float64)
    return np.full(len(domains), float(max(domains.design.degrees_of_freedom, 1)))
