"""Quantiles of a survey with Woodruff intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import student
from kaur_analysis.poverty.checks import levels, one_of
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, degrees_of, tabulate
from kaur_analysis.poverty.functionals import QuantileRule, quantile, weighted_quantile

QuantileMethod = Literal["woodruff", "linearised"]


def estimate_quantile(
    design: SurveyDesign,
    variable: str,
    quantiles: Sequence[float] | float = (0.25, 0.5, 0.75),
    by: str | None = None,
    *,
    rule: QuantileRule = "math",
    method: QuantileMethod = "woodruff",
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Weighted quantiles; indicator ``quantile_<p>_<variable>``.

    Parameters
    ----------
    design
        The sample.
    variable
        Numeric column.
    quantiles
        Levels strictly between 0 and 1, or one.
    by
        Column of areas; records without a label are in none.
    rule
        How a level is read off the weights, see :func:`kaur_analysis.poverty.functionals.weighted_quantile`.
    method
        ``"woodruff"``: the interval of the distribution function at the quantile is mapped back through the quantiles,
        and the standard error is the interval's half width over t. ``"linearised"``: Deville's with a kernel density,
        which convey uses.
    settings
        Interval and quality rules.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)`` in the unit of the variable.
    Where Woodruff's interval leaves 0–1 there is none, and standard error and interval are missing; so are those of
    ``"linearised"`` where the variable does not vary.

    Raises
    ------
    EstimationError
        Levels outside 0–1, an unknown rule or method, or a variable that is missing in a counted record.

    References
    ----------
    Woodruff (1952), JASA 47; Deville (1999), Survey Methodology 25.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [1.0, 2.0, 3.0, 4.0], "w": 1.0})
    >>> estimate_quantile(SurveyDesign(sample, "w"), "y", [0.5], rule="school")["value"].item()
    2.5
    """
    shares = levels(quantiles)
    if not shares or not all(0 < p < 1 for p in shares):
        raise EstimationError(f"quantiles must be levels strictly between 0 and 1, not {shares}")
    one_of(method, get_args(QuantileMethod), "method")
    one_of(rule, get_args(QuantileRule), "rule")
    domains = design.domains(by)
    y = domains.values(variable)
    rows = domains.rows()
    critical = student.critical(0.5 - settings.confidence / 2, degrees_of(domains, settings))
    tables = []
    for p in shares:
        value = np.array([float(weighted_quantile(y[own], design.weight[own], p, rule)) for own in rows])
        bounds = None
        if method == "linearised":
            variance = np.empty(len(domains))
            for d, own in enumerate(rows):
                influence = np.zeros_like(y)
                _, influence[own] = quantile(y[own], design.weight[own], p)
                variance[d] = design.variance(influence)
        else:
            reached, spread = domains.ratio((y <= np.append(value, 0.0)[domains.code]).astype(np.float64))
            reach = critical * np.sqrt(spread)
            between = np.column_stack([reached - reach, reached + reach])
            limits = np.array(
                [
                    weighted_quantile(y[own], design.weight[own], ends, rule)
                    for own, ends in zip(rows, between, strict=True)
                ]
            )
            variance = ((limits[:, 1] - limits[:, 0]) / (2 * critical)) ** 2
            bounds = limits[:, 0], limits[:, 1]
        tables.append(
            tabulate(f"quantile_{p:g}_{variable}", domains, value, variance, settings=settings, bounds=bounds)
        )
    return pd.concat(tables, ignore_index=True)
