"""Inequality and distribution-sensitive poverty measures with design-based errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import functionals
from kaur_analysis.poverty.checks import several
from kaur_analysis.poverty.design import Domains, FloatArray, SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, Scale, tabulate
from kaur_analysis.poverty.functionals import Measured

WITHOUT_LINE: dict[str, tuple[Callable[[FloatArray, FloatArray], Measured], Scale]] = {
    "gini": (functionals.gini, "logit"),
    "gini_langel_tille": (functionals.gini_langel_tille, "logit"),
    "quintile_share_ratio": (functionals.quintile_share_ratio, "log"),
    "theil": (functionals.theil, "log"),
    "mean_log_deviation": (functionals.mean_log_deviation, "log"),
}

WITH_LINE: dict[str, tuple[Callable[..., Measured], Scale]] = {
    "watts": (functionals.watts, "log"),
    "sen_shorrocks_thon": (functionals.sen_shorrocks_thon, "logit"),
}

MEASURES = (*WITHOUT_LINE, "atkinson", *WITH_LINE)
"""Names ``estimate_inequality`` knows."""


def estimate_inequality(
    design: SurveyDesign,
    welfare: str,
    measures: Sequence[str] = ("gini", "quintile_share_ratio", "theil"),
    by: str | None = None,
    *,
    line: float | str | None = None,
    epsilon: float = 1.0,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Measures of the distribution of welfare with linearised errors.

    Parameters
    ----------
    design
        The sample.
    welfare
        Column of welfare; negative values are refused, zero is refused by measures that take logarithms.
    measures
        Names out of :data:`MEASURES`, or one: ``gini`` (trapezoids, as BPS), ``gini_langel_tille`` (as convey and
        vardpoor), ``quintile_share_ratio`` (S80/S20), ``theil``, ``mean_log_deviation``, ``atkinson``, and against a
        line ``watts`` and ``sen_shorrocks_thon``. Formulas stand in :mod:`kaur_analysis.poverty.functionals`.
    by
        Column of areas; each is measured by its own distribution. Records without a label are in none.
    line
        Poverty line for ``watts`` and ``sen_shorrocks_thon``: a number, or a column with each record's own line.
    epsilon
        Inequality aversion of ``atkinson``; shown in its name unless 1.
    settings
        Interval and quality rules. Gini, Atkinson and Sen–Shorrocks–Thon get logit intervals, the others log ones.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)``; no units. Where welfare does
    not vary in an area, S80/S20 is missing.

    Raises
    ------
    EstimationError
        An unknown measure, a measure without the line it needs, or welfare it does not exist for.

    References
    ----------
    Deville (1999), Survey Methodology 25; Osier (2009), Survey Research Methods 3; Langel & Tillé (2013), JRSS A 176;
    Shorrocks (1995), Econometrica 63, for Sen–Shorrocks–Thon.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [1.0, 1.0, 2.0, 4.0], "w": 1.0})
    >>> estimate_inequality(SurveyDesign(sample, "w"), "y", ["gini"])["value"].item()
    0.3125
    """
    domains = design.domains(by)
    y = domains.values(welfare)
    if (y[domains.inside] < 0).any():
        raise EstimationError(
            f"{welfare!r} is negative in {int((y[domains.inside] < 0).sum())} records with positive weight"
        )
    lines = _lines(domains, domains.values(line) if isinstance(line, str) else line)
    rows = domains.rows()
    tables = []
    for name in several(measures):
        indicator, function, scale = _measure(name, lines, epsilon)
        value, variance = np.empty(len(domains)), np.empty(len(domains))
        for d, own in enumerate(rows):
            influence = np.zeros_like(y)
            value[d], influence[own] = function(y[own], design.weight[own], own)
            variance[d] = design.variance(influence)
        tables.append(tabulate(indicator, domains, value, variance, scale=scale, settings=settings))
    return pd.concat(tables, ignore_index=True)


def _lines(domains: Domains, line: float | FloatArray | None) -> FloatArray | None:
    if line is None:
        return None
    lines = np.broadcast_to(np.asarray(line, dtype=np.float64), domains.code.shape)
    own = lines[domains.inside]
    if not ((own > 0) & (own < np.inf)).all():
        raise EstimationError("the poverty line must be positive and finite for every record")
    return lines


def _measure(
    name: str, lines: FloatArray | None, epsilon: float
) -> tuple[str, Callable[[FloatArray, FloatArray, np.ndarray], Measured], Scale]:
    """Name to print, function of (y, w, positions) and scale of the interval."""
    if name in WITHOUT_LINE:
        plain, scale = WITHOUT_LINE[name]
        return name, lambda y, w, _: plain(y, w), scale
    if name == "atkinson":
        averse = partial(functionals.atkinson, epsilon=epsilon)
        return name if epsilon == 1 else f"atkinson_{epsilon:g}", lambda y, w, _: averse(y, w), "logit"
    if name in WITH_LINE:
        if lines is None:
            raise EstimationError(f"{name!r} needs a poverty line")
        against, scale = WITH_LINE[name]
        return name, lambda y, w, own: against(y, w, lines[own]), scale
    raise EstimationError(f"unknown measure {name!r}; known are {', '.join(MEASURES)}")
