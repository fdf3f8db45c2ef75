"""Means, totals, ratios and shares of a survey, and the design effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import betainccinv, betaincinv

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import student
from kaur_analysis.poverty.checks import one_of
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, tabulate

SHARE_INTERVALS = ("logit", "beta", "mean", "likelihood")


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
        Column of areas; records without a label are in none.
    settings
        Interval and quality rules.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)`` in the unit of the variable; the
    variance is that of a ratio.

    Raises
    ------
    EstimationError
        The variable is missing in a counted record or not numeric, or a column is absent.

    References
    ----------
    Särndal, Swensson & Wretman (1992), §5.7.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [1.0, 2.0, 3.0], "w": [1.0, 1.0, 2.0]})
    >>> estimate_mean(SurveyDesign(sample, "w"), "y")["value"].item()
    2.25
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

    Raises
    ------
    EstimationError
        As in :func:`estimate_mean`.

    References
    ----------
    Särndal, Swensson & Wretman (1992), §4.6.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [1.0, 2.0, 3.0], "w": [10.0, 10.0, 20.0]})
    >>> estimate_total(SurveyDesign(sample, "w"), "y")["value"].item()
    90.0
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
    The tidy table, in the unit of y over that of x; influence (y − R x) / Σ w x, linear intervals.

    Raises
    ------
    EstimationError
        The denominator adds up to zero in an area, which is named; or as in :func:`estimate_mean`.

    References
    ----------
    Särndal, Swensson & Wretman (1992), ch. 5.

    Examples
    --------
    >>> sample = pd.DataFrame({"food": [2.0, 3.0], "all": [4.0, 5.0], "w": [1.0, 2.0]})
    >>> round(estimate_ratio(SurveyDesign(sample, "w"), "food", "all")["value"].item(), 6)
    0.571429
    """
    domains = design.domains(by)
    value, variance = domains.ratio(domains.values(numerator), domains.values(denominator))
    return tabulate(f"ratio_{numerator}_{denominator}", domains, value, variance, settings=settings)


def design_effect(design: SurveyDesign, variable: str, by: str | None = None) -> pd.DataFrame:
    """Variance of the mean against that of simple random sampling without replacement of as many records.

    deff = V / [(1 − n/N) S² / n], with S² the weighted variance times n/(n−1) and N the sum of weights.

    Parameters
    ----------
    design
        The sample; its weights add up to the population.
    variable
        Numeric column.
    by
        Column of areas.

    Returns
    -------
    Rows ``(indicator, area, deff, effective_n)``; ``effective_n`` is n over the design effect.

    Raises
    ------
    EstimationError
        Weights add up to no more than the records (normalised weights), or as in :func:`estimate_mean`.

    References
    ----------
    Kish (1965); ``deff=TRUE`` of R's ``survey``.
    """
    domains = design.domains(by)
    values = domains.values(variable)
    centre, variance = domains.ratio(values)
    spread, _ = domains.ratio((values - np.append(centre, 0.0)[domains.code]) ** 2)
    n = np.bincount(domains.code[domains.inside], minlength=len(domains)).astype(np.float64)
    if (domains.weight <= n).any():  # 1 − n/N would be zero or less, and the design effect infinite or negative
        raise EstimationError(
            f"weights add up to {domains.weight.min():g} or less for {int(n.max())} records: the design effect needs "
            "weights that add up to the population"
        )
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
        ``"logit"``; ``"beta"``, Clopper–Pearson with the effective sample size; ``"mean"``, value ± t·se;
        ``"likelihood"``, where the binomial deviance over the design effect reaches t² (the scaled likelihood). A share
        of 0 or 1 has no effective size: all but ``"mean"`` then give Clopper–Pearson with the number of PSUs.
    confidence
        Level.

    Returns
    -------
    Lower and upper limit, shares 0–1.

    Raises
    ------
    EstimationError
        An unknown method, or a column that holds other values than 0 and 1.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24; Rao & Scott (1984), Annals of Statistics 12.
    """
    one_of(method, SHARE_INTERVALS, "interval method")
    values = design.domains(None).values(variable)[design.weight > 0]
    if not ((values == 0) | (values == 1)).all():
        raise EstimationError(f"{variable!r} is no share: it holds other values than 0 and 1")
    settings = EstimateSettings(confidence=confidence, share_interval="linear" if method == "mean" else "logit")
    row = estimate_mean(design, variable, settings=settings).iloc[0]
    p, se, degrees = row["value"], row["se"], design.degrees_of_freedom
    if method in ("logit", "mean") or p in (0, 1):
        return float(row["low"]), float(row["high"])
    tail = 0.5 - confidence / 2
    critical = student.critical(tail, degrees)
    if method == "likelihood":
        n = float((design.weight > 0).sum())
        allowed = critical**2 * se**2 * n / (p * (1 - p)) * n / (n - 1)

        def excess(share: float) -> float:
            told = p * np.log(p / share) + (1 - p) * np.log((1 - p) / (1 - share))
            return float(2 * n * told - allowed)

        return float(brentq(excess, 1e-12, p)), float(brentq(excess, p, 1 - 1e-12))
    n = int((design.weight > 0).sum())
    effective = p * (1 - p) / se**2 * (student.critical(tail, n - 1) / critical) ** 2
    x = p * effective
    return float(betaincinv(x, effective - x + 1, tail)), float(betainccinv(x + 1, effective - x, tail))
