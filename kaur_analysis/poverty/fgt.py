"""Foster–Greer–Thorbecke poverty indices, their differences, decompositions and sub-group contributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import WHOLE, Domains, FloatArray, SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, EstimateSettings, tabulate
from kaur_analysis.poverty.functionals import Measured, bandwidth, density, gap_power, mean, quantile


@dataclass(frozen=True)
class RelativeLine:
    """A poverty line estimated from the same sample: a share of a quantile, or of the mean, of everybody in the design.

    Parameters
    ----------
    share
        Fraction of the quantile or mean, e.g. 0.6.
    quantile
        Level of the quantile, 0.5 for the median; ``None`` takes the mean.
    """

    share: float
    quantile: float | None = 0.5

    def __post_init__(self) -> None:
        if not self.share > 0:
            raise EstimationError(f"the share of a relative line must be positive, not {self.share}")
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise EstimationError(f"the quantile of a relative line must lie between 0 and 1, not {self.quantile}")

    def measure(self, y: FloatArray, w: FloatArray) -> Measured:
        """The line in rupiah and the influence of each record on it, shape (n,)."""
        value, influence = mean(y, w) if self.quantile is None else quantile(y, w, self.quantile)
        return self.share * value, self.share * influence


Line = float | int | str | RelativeLine


@dataclass(frozen=True, eq=False)
class _Poverty:
    """Welfare against a line in the domains of a design: what every door of this module starts from."""

    domains: Domains
    welfare: str
    line: Line
    strict: bool

    @cached_property
    def y(self) -> FloatArray:
        y = self.domains.values(self.welfare)
        negative = int(((y < 0) & self.domains.inside).sum())
        if negative:
            raise EstimationError(f"{self.welfare!r} is negative in {negative} records with positive weight")
        return y

    @cached_property
    def relative(self) -> Measured | None:
        """A line estimated from the sample, with its influences; the records of the whole design, not of the domain."""
        if not isinstance(self.line, RelativeLine):
            return None
        everybody = self.domains.design.domains(None)
        y = everybody.values(self.welfare)
        return self.line.measure(y, self.domains.design.weight)

    @cached_property
    def z(self) -> FloatArray | float:
        """The line, one number or one per record (n,)."""
        if self.relative is not None:
            z: FloatArray | float = self.relative[0]
        elif isinstance(self.line, str):
            z = self.domains.values(self.line)
        else:
            z = float(self.line)  # type: ignore[arg-type]
        refused = ~(np.asarray(z) > 0) & self.domains.inside
        if refused.any() or not np.isfinite(z).all():
            raise EstimationError("the poverty line must be positive and finite for every record")
        return z

    def indices(self, alpha: Sequence[float]) -> list[tuple[FloatArray, FloatArray]]:
        """Value and variance of each order in every domain, shapes (D,)."""
        if self.relative is not None:
            return [self._with_estimated_line(order) for order in alpha]
        y, z = self.y, self.z
        rows = np.flatnonzero((y < z) if self.strict else (y <= z))
        line = z[rows] if isinstance(z, np.ndarray) else z
        gap = 1.0 - y[rows] / line
        return [
            self.domains.ratio(gap**order if order not in (0, 1) else gap if order else np.ones_like(gap), rows=rows)
            for order in alpha
        ]

    def influence(self, alpha: float, domain: int) -> Measured:
        """The index of one domain and the influence of every record of the design, shape (n,).

        With a line estimated from the sample, u = (h − P)/N + (dP/dz) u_z; dP/dz is the density of the domain at the
        line for α = 0 and α Σ w 1(y<z) ((z−y)/z)^{α−1} y/z² / N above (Berger & Skinner 2003; Osier 2009).
        """
        y, domains = self.y, self.domains
        inside = (domains.code == domain) & domains.inside
        z = np.broadcast_to(np.asarray(self.z), y.shape)
        value, own = mean(gap_power(y[inside], z[inside], alpha, self.strict), domains.design.weight[inside])
        influence = np.zeros_like(y)
        influence[inside] = own
        if self.relative is not None:
            line, u_line = self.relative
            influence += self._slope(y[inside], domains.design.weight[inside], line, alpha) * u_line
        return value, influence

    def _slope(self, y: FloatArray, w: FloatArray, line: float, alpha: float) -> float:
        if alpha == 0:
            return density(y, w, line, bandwidth(y, w))
        each = alpha * gap_power(y, np.full_like(y, line), alpha - 1, self.strict) * y / line**2
        return float(w @ each / w.sum())

    def _with_estimated_line(self, alpha: float) -> tuple[FloatArray, FloatArray]:
        measured = [self.influence(alpha, d) for d in range(len(self.domains))]
        value = np.array([each for each, _ in measured])
        return value, np.array([self.domains.design.variance(u) for _, u in measured])


def _poverty(design: SurveyDesign, welfare: str, line: Line, by: str | None, strict: bool) -> _Poverty:
    return _Poverty(design.domains(by), welfare, line, strict)


def _orders(alpha: Sequence[float]) -> tuple[float, ...]:
    orders = tuple(alpha)
    if not orders or any(order < 0 for order in orders):
        raise EstimationError(f"alpha must list orders of zero or more, not {orders}")
    return orders


def estimate_fgt(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    alpha: Sequence[float] = (0, 1, 2),
    by: str | None = None,
    *,
    strict: bool = True,
    settings: EstimateSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Foster–Greer–Thorbecke indices P_α = Σ w 1(y < z) ((z − y)/z)^α / Σ w with design-based errors.

    Parameters
    ----------
    design
        The sample. Weights decide whom a rate is of: person weights give the share of persons.
    welfare
        Column of welfare, e.g. expenditure in rupiah per person per month; zero or more.
    line
        A number in the unit of ``welfare``; the name of a column with each record's own line; or a
        :class:`RelativeLine`, whose sampling error enters the variance.
    alpha
        Orders: 0 headcount, 1 gap, 2 severity; any number of zero or more.
    by
        Column of domains; by default one row, area ``"ALL"``.
    strict
        Poor is y < z (BPS); ``False`` counts y = z as poor, as R's ``convey`` does.
    settings
        Interval and quality rules.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)``; indicators ``fgt0``,
    ``fgt1``, … Values are shares 0–1.

    Raises
    ------
    EstimationError
        Welfare is missing or negative in a counted record, a line is not positive, a column is absent.

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52; Deville (1999), Survey Methodology 25; Berger & Skinner (2003),
    JRSS C 52, for the estimated line.
    """
    orders = _orders(alpha)
    poverty = _poverty(design, welfare, line, by, strict)
    return pd.concat(
        [
            tabulate(f"fgt{order:g}", poverty.domains, value, variance, scale="logit", settings=settings)
            for order, (value, variance) in zip(orders, poverty.indices(orders), strict=True)
        ],
        ignore_index=True,
    )


def estimate_line(
    design: SurveyDesign, welfare: str, line: RelativeLine, *, settings: EstimateSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Estimate a relative poverty line with its linearised standard error; indicator ``line``."""
    everybody = design.domains(None)
    value, influence = line.measure(everybody.values(welfare), design.weight)
    return tabulate("line", everybody, np.array([value]), np.array([design.variance(influence)]), settings=settings)


@dataclass(frozen=True)
class PovertyTarget:
    """One FGT index to be compared with another: whose welfare, against which line, in which area."""

    welfare: str
    line: Line
    by: str | None = None
    area: object = WHOLE

    def measure(self, design: SurveyDesign, alpha: float, strict: bool) -> Measured:
        """The index and the influence of every record of the design, shape (n,)."""
        poverty = _poverty(design, self.welfare, self.line, self.by, strict)
        position = np.flatnonzero(poverty.domains.labels == self.area)
        if len(position) != 1:
            raise EstimationError(f"{self.by!r} has no area {self.area!r} with positive weight")
        return poverty.influence(alpha, int(position[0]))


def estimate_fgt_difference(
    design: SurveyDesign,
    first: PovertyTarget,
    second: PovertyTarget,
    alpha: Sequence[float] = (0, 1, 2),
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
        Orders.
    strict, settings
        As in :func:`estimate_fgt`.

    Returns
    -------
    The tidy table, indicators ``fgt0_difference``, …; variance of Σ w (u₂ − u₁); linear intervals with the design's
    degrees of freedom.
    """
    everybody = design.domains(None)
    tables = []
    for order in _orders(alpha):
        before, u_before = first.measure(design, order, strict)
        after, u_after = second.measure(design, order, strict)
        variance = np.array([design.variance(u_after - u_before)])
        tables.append(
            tabulate(f"fgt{order:g}_difference", everybody, np.array([after - before]), variance, settings=settings)
        )
    return pd.concat(tables, ignore_index=True)


def estimate_fgt_contributions(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    by: str,
    alpha: Sequence[float] = (0, 1, 2),
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
    """
    poverty = _poverty(design, welfare, line, by, strict)
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
    for order in _orders(alpha):
        total, u_total = _Poverty(whole, welfare, line, strict).influence(order, 0)
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

    I = P₁/P₀ is the mean gap of the poor and GE₂ the generalised entropy of order 2 of the gaps among the poor
    (Aristondo, García-Lapresta, Lasso de la Vega & Marques Pereira 2010). Standard errors by the delta method.

    Returns
    -------
    The tidy table with ``fgt0``, ``fgt1``, ``fgt2``, ``income_gap_ratio`` (I) and ``gap_inequality`` (GE₂).
    """
    poverty = _poverty(design, welfare, line, by, strict)
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
