"""Means, totals, ratios and shares of a survey, and the design effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, tabulate


def estimate_mean(
    design: SurveyDesign, variable: str, by: str | None = None, *, settings: EstimateSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Weighted mean Σ w y / Σ w; indicator ``mean_<variable>``.

    Parameters
    ----------
    design
        The sample.
    variable
        Numeric or boolean column. A boolean column (or one of zeros and ones) is a share and gets a logit interval.
    by
        Column of domains.
    settings
        Interval and quality rules.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)``; the variance is that of a ratio
    (Särndal, Swensson & Wretman 1992, §5.7).
    """
    domains = design.domains(by)
    values = domains.values(variable)
    counted = values[domains.inside]
    share = bool(((counted == 0) | (counted == 1)).all())
    value, variance = domains.ratio(values)
    return tabulate(
        f"mean_{variable}", domains, value, variance, scale="logit" if share else "linear", settings=settings
    )


def estimate_total(
    design: SurveyDesign, variable: str, by: str | None = None, *, settings: EstimateSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Weighted total Σ w y; indicator ``total_<variable>``.

    Parameters
    ----------
    design, variable, by, settings
        As in :func:`estimate_mean`; the total is in the unit of the variable times that of the weights.

    Returns
    -------
    The tidy table; linear intervals.
    """
    domains = design.domains(by)
    value, variance = domains.total(domains.values(variable))
    return tabulate(f"total_{variable}", domains, value, variance, settings=settings)


def estimate_ratio(
    design: SurveyDesign,
    numerator: str,
    denominator: str,
    by: str | None = None,
    *,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Ratio of totals R = Σ w y / Σ w x; indicator ``ratio_<numerator>_<denominator>``.

    Parameters
    ----------
    design, by, settings
        As in :func:`estimate_mean`.
    numerator, denominator
        Numeric columns y and x.

    Returns
    -------
    The tidy table; influence (y − R x) / Σ w x, linear intervals.

    Raises
    ------
    EstimationError
        The denominator adds up to zero in an area, which is named.
    """
    domains = design.domains(by)
    value, variance = domains.ratio(domains.values(numerator), domains.values(denominator))
    return tabulate(f"ratio_{numerator}_{denominator}", domains, value, variance, settings=settings)


def design_effect(design: SurveyDesign, variable: str, by: str | None = None) -> pd.DataFrame:
    """Variance of the mean against that of simple random sampling without replacement of as many records.

    deff = V / [(1 − n/N) S² / n], with S² the weighted variance times n/(n−1) and N the sum of weights (Kish 1965;
    ``deff=TRUE`` of R's ``survey``).

    Returns
    -------
    Rows ``(indicator, area, deff, effective_n)``; ``effective_n`` is n over the design effect.
    """
    domains = design.domains(by)
    values = domains.values(variable)
    centre, variance = domains.ratio(values)
    spread, _ = domains.ratio((values - np.append(centre, 0.0)[domains.code]) ** 2)
    n = np.bincount(domains.code[domains.inside], minlength=len(domains)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = variance / (spread / (n - 1) * (1 - n / domains.weight))
    return pd.DataFrame(
        {"indicator": f"mean_{variable}", "area": domains.labels, "deff": deff, "effective_n": n / deff}
    )


def share_interval(
    design: SurveyDesign, variable: str, method: str = "logit", confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of one share of the whole sample by other methods than the tidy table's, for comparison.

    Parameters
    ----------
    design
        The sample.
    variable
        Column of zeros and ones.
    method
        ``"logit"``; ``"beta"``, Clopper–Pearson with the effective sample size (Korn & Graubard 1998); ``"mean"``,
        value ± t·se; ``"likelihood"``, where the binomial deviance over the design effect reaches t² (the scaled
        likelihood of Rao & Scott 1984).
    confidence
        Level.

    Returns
    -------
    Lower and upper limit.
    """
    settings = EstimateSettings(confidence=confidence, share_interval="linear" if method == "mean" else "logit")
    row = estimate_mean(design, variable, settings=settings).iloc[0]
    p, se, degrees = row["value"], row["se"], design.degrees_of_freedom
    if method in ("logit", "mean"):
        return float(row["low"]), float(row["high"])
    tail = 0.5 - confidence / 2
    critical = stats.t.isf(tail, degrees)
    if method == "likelihood":
        n = float((design.weight > 0).sum())
        allowed = critical**2 * se**2 * n / (p * (1 - p)) * n / (n - 1)

        def excess(share: float) -> float:
            told = p * np.log(p / share) + (1 - p) * np.log((1 - p) / (1 - share))
            return float(2 * n * told - allowed)

        return float(brentq(excess, 1e-12, p)), float(brentq(excess, p, 1 - 1e-12))
    if method == "beta":
        n = int((design.weight > 0).sum())
        effective = p * (1 - p) / se**2 * (stats.t.isf(tail, n - 1) / critical) ** 2
        x = p * effective
        return float(stats.beta.ppf(tail, x, effective - x + 1)), float(stats.beta.isf(tail, x + 1, effective - x))
    raise EstimationError(f"unknown interval method {method!r}")
