"""Poverty taken apart: differences, contributions of areas, incidence–intensity–inequality, and the median gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import WHOLE, Domains, SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, tabulate
from kaur_analysis.poverty.fgt import AgainstLine, Line, against_line, estimate_fgt, orders_of
from kaur_analysis.poverty.functionals import Measured, bandwidth, density, mean, weighted_quantile


@dataclass(frozen=True)
class PovertyTarget:
    """One FGT index to be compared with another: whose welfare, against which line, in which area.

    Parameters
    ----------
    welfare
        Column of welfare.
    line
        Number, column or :class:`RelativeLine`, as in :func:`estimate_fgt`.
    by
        Column of areas; without it everybody.
    area
        Label of the area in ``by``.
    """

    welfare: str
    line: Line
    by: str | None = None
    area: object = WHOLE

    def measure(self, design: SurveyDesign, alpha: float, strict: bool) -> Measured:
        """The index and the influence of every record of the design on it.

        Parameters
        ----------
        design
            The sample.
        alpha
            Order.
        strict
            Poor is y < z, else y ≤ z.

        Returns
        -------
        The index (0–1) and the influences, shape (n,).

        Raises
        ------
        EstimationError
            There is no such area, or as in :func:`estimate_fgt`.
        """
        poverty = against_line(design, self.welfare, self.line, self.by, strict)
        return poverty.influence(alpha, self._place(poverty.domains))

    def n_psu(self, design: SurveyDesign) -> int:
        """PSUs with a counted record in the area.

        Parameters
        ----------
        design
            The sample.

        Returns
        -------
        Their number.

        Raises
        ------
        EstimationError
            There is no such area.
        """
        domains = design.domains(self.by)
        return int(domains.n_psu[self._place(domains)])

    def _place(self, domains: Domains) -> int:
        position = np.flatnonzero(domains.labels == self.area)
        if len(position) != 1:
            raise EstimationError(f"{self.by!r} has no area {self.area!r} with positive weight")
        return int(position[0])


def estimate_fgt_difference(
    design: SurveyDesign,
    first: PovertyTarget,
    second: PovertyTarget,
    alpha: Sequence[float] | float = (0, 1, 2),
    *,
    strict: bool = True,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Difference of two FGT indices of one sample, second minus first, with their covariance.

    The two may differ in area (two domains share PSUs and strata), in welfare (before and after a transfer) or in line.

    Parameters
    ----------
    design
        The sample both are estimated from.
    first, second
        What is compared.
    alpha
        Orders, or one.
    strict, settings
        As in :func:`estimate_fgt`.

    Returns
    -------
    The tidy table, indicators ``fgt0_difference``, …; variance of Σ w (u₂ − u₁); linear intervals with the design's
    degrees of freedom. Where one of the areas has one PSU there is no error.

    Raises
    ------
    EstimationError
        An area that is not there, or as in :func:`estimate_fgt`.

    References
    ----------
    Deville (1999), Survey Methodology 25.

    Examples
    --------
    What a transfer of 2 to everyone changes in the headcount:

    >>> sample = pd.DataFrame({"y": [3.0, 5.0, 9.0, 9.0], "w": 1.0}).assign(after=lambda table: table["y"] + 2)
    >>> before, after = PovertyTarget("y", 6.0), PovertyTarget("after", 6.0)
    >>> estimate_fgt_difference(SurveyDesign(sample, "w"), before, after, (0,))["value"].item()
    -0.25
    """
    everybody = design.domains(None)
    # An area with one PSU shows no variation between PSUs: its part of the difference would count as known.
    shown = min(first.n_psu(design), second.n_psu(design)) > 1
    tables = []
    for order in orders_of(alpha):
        before, u_before = first.measure(design, order, strict)
        after, u_after = second.measure(design, order, strict)
        variance = np.array([design.variance(u_after - u_before) if shown else np.nan])
        tables.append(
            tabulate(f"fgt{order:g}_difference", everybody, np.array([after - before]), variance, settings=settings)
        )
    return pd.concat(tables, ignore_index=True)


def estimate_fgt_contributions(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    by: str,
    alpha: Sequence[float] | float = (0, 1, 2),
    *,
    strict: bool = True,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """What each area adds to the poverty of all: P = Σ_d (N_d/N) P_d.

    Parameters
    ----------
    design, welfare, line, by, alpha, strict, settings
        As in :func:`estimate_fgt`; ``by`` is needed, and every counted record must have a label.

    Returns
    -------
    The tidy table with ``population_share`` (N_d/N), and per order ``fgt0_contribution`` ((N_d/N) P_d, adding up to
    P) and ``fgt0_share`` (its share in P, adding up to 1).

    Raises
    ------
    EstimationError
        A counted record has no area, nobody is below the line, or as in :func:`estimate_fgt`.

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52.
    """
    poverty = against_line(design, welfare, line, by, strict)
    domains = poverty.domains
    if (poverty.domains.code[design.weight > 0] == len(domains)).any():
        raise EstimationError(f"{by!r} is missing in records with positive weight: their contribution has no area")
    w, whole = design.weight, design.domains(None)
    tables = []

    def add(indicator: str, measured: list[Measured]) -> None:
        value = np.array([each for each, _ in measured])
        variance = np.array([design.variance(u) for _, u in measured])
        tables.append(tabulate(indicator, domains, value, variance, scale="logit", settings=settings))

    shares = [mean((domains.code == d).astype(np.float64), w) for d in range(len(domains))]
    add("population_share", shares)
    for order in orders_of(alpha):
        total, u_total = AgainstLine(whole, welfare, line, strict).influence(order, 0)
        if total == 0:
            raise EstimationError(f"nobody is below the line: P{order:g} has no contributions")
        parts = []
        for d, (share, u_share) in enumerate(shares):
            value, u_value = poverty.influence(order, d)
            parts.append((share * value, share * u_value + value * u_share))
        add(f"fgt{order:g}_contribution", parts)
        add(f"fgt{order:g}_share", [(part / total, (u - part / total * u_total) / total) for part, u in parts])
    return pd.concat(tables, ignore_index=True)


def decompose_fgt(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    by: str | None = None,
    *,
    strict: bool = True,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Incidence, intensity and inequality behind severity: P₂ = P₀ · I² · (1 + 2 GE₂).

    I = P₁/P₀ is the mean gap of the poor and GE₂ the generalised entropy of order 2 of the gaps among the poor.
    Standard errors by the delta method.

    Parameters
    ----------
    design, welfare, line, by, strict, settings
        As in :func:`kaur_analysis.poverty.estimate_fgt`.

    Returns
    -------
    The tidy table with ``fgt0``, ``fgt1``, ``fgt2``, ``income_gap_ratio`` (I) and ``gap_inequality`` (GE₂).

    Raises
    ------
    EstimationError
        Nobody is below the line in an area, which is named; or as in :func:`estimate_fgt`.

    References
    ----------
    Aristondo, García-Lapresta, Lasso de la Vega & Marques Pereira (2010).
    """
    poverty = against_line(design, welfare, line, by, strict)
    value = np.empty((2, len(poverty.domains)))
    variance = np.empty_like(value)
    for d, label in enumerate(poverty.domains.labels):
        (p0, u0), (p1, u1), (p2, u2) = (poverty.influence(order, d) for order in (0, 1, 2))
        if p1 == 0:
            raise EstimationError(f"nobody is below the line in {label!r}: there is no gap to decompose")
        value[:, d] = p1 / p0, (p2 * p0 / p1**2 - 1) / 2
        variance[0, d] = design.variance((u1 - p1 / p0 * u0) / p0)
        variance[1, d] = design.variance((p0 * u2 + p2 * u0 - 2 * p0 * p2 / p1 * u1) / (2 * p1**2))
    parts = estimate_fgt(design, welfare, line, (0, 1, 2), by, strict=strict, settings=settings)
    ratio = tabulate("income_gap_ratio", poverty.domains, value[0], variance[0], scale="logit", settings=settings)
    entropy = tabulate("gap_inequality", poverty.domains, value[1], variance[1], scale="log", settings=settings)
    return pd.concat([parts, ratio, entropy], ignore_index=True)


def estimate_median_gap(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    by: str | None = None,
    *,
    strict: bool = True,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Median welfare of the poor, and how far below the line it lies: (z − m)/z.

    The median m of the poor solves F(m) = P₀/2, so that its influence is (u_{P₀}/2 − (1(y ≤ m) − P₀/2)/N) / f(m), with
    the line's own influence inside u_{P₀}.

    Parameters
    ----------
    design, welfare, by, strict, settings
        As in :func:`kaur_analysis.poverty.estimate_fgt`.
    line
        A number or a relative line; one for everybody.

    Returns
    -------
    The tidy table with ``poor_median`` (in the unit of welfare) and ``relative_median_gap`` (share of the line).

    Raises
    ------
    EstimationError
        Nobody is below the line in an area, or the line differs between records.

    References
    ----------
    Osier (2009), Survey Research Methods 3.
    """
    poverty = against_line(design, welfare, line, by, strict)
    domains, y = poverty.domains, poverty.y
    if poverty.z.ndim:
        raise EstimationError("the median gap needs one line for everybody")
    z = float(poverty.z)
    u_line = poverty.relative[1] if poverty.relative is not None else np.zeros_like(y)
    value, variance = np.empty((2, len(domains))), np.empty((2, len(domains)))
    for d, own in enumerate(domains.rows()):
        inside, w = y[own], design.weight[own]
        poor = inside < z if strict else inside <= z
        if not poor.any():
            raise EstimationError(f"nobody is below the line in {domains.labels[d]!r}: the poor have no median")
        median = float(weighted_quantile(inside[poor], w[poor], 0.5))
        share, influence = poverty.influence(0, d)
        influence = influence / 2
        influence[own] -= ((inside <= median) - share / 2) / w.sum()
        influence /= density(inside, w, median, bandwidth(inside, w))
        value[:, d] = median, 1 - median / z
        variance[0, d] = design.variance(influence)
        variance[1, d] = design.variance(median / z**2 * u_line - influence / z)
    medians = tabulate("poor_median", domains, value[0], variance[0], settings=settings)
    gaps = tabulate("relative_median_gap", domains, value[1], variance[1], scale="logit", settings=settings)
    return pd.concat([medians, gaps], ignore_index=True)
