"""Foster–Greer–Thorbecke poverty indices against lines that are given or estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import levels
from kaur_analysis.poverty.design import Domains, FloatArray, SurveyDesign
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

    Raises
    ------
    EstimationError
        The share is not positive, or the level not between 0 and 1.

    References
    ----------
    Deville (1999), Survey Methodology 25; Osier (2009), Survey Research Methods 3.
    """

    share: float
    quantile: float | None = 0.5

    def __post_init__(self) -> None:
        if not self.share > 0:
            raise EstimationError(f"the share of a relative line must be positive, not {self.share}")
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise EstimationError(f"the quantile of a relative line must lie between 0 and 1, not {self.quantile}")

    def measure(self, y: FloatArray, w: FloatArray) -> Measured:
        """The line and the influence of each record on it.

        Parameters
        ----------
        y, w
            Welfare and weights of everybody, shapes (n,).

        Returns
        -------
        The line in the unit of welfare, and the influences, shape (n,).

        Raises
        ------
        EstimationError
            It is a quantile of welfare that does not vary.
        """
        value, influence = mean(y, w) if self.quantile is None else quantile(y, w, self.quantile)
        if np.isnan(influence).any():
            raise EstimationError("welfare does not vary, so that a line from its quantile has no error")
        return self.share * value, self.share * influence


Line = float | str | RelativeLine


@dataclass(frozen=True, eq=False)
class AgainstLine:
    """Welfare against a line in the domains of a design: what every poverty index starts from.

    Attributes
    ----------
    domains
        The design and its domains.
    welfare
        Column of welfare.
    line
        Number, column or relative line.
    strict
        Poor is y < z, else y ≤ z.
    """

    domains: Domains
    welfare: str
    line: Line
    strict: bool

    @cached_property
    def y(self) -> FloatArray:
        """Welfare, zero or more, shape (n,)."""
        y = self.domains.values(self.welfare)
        if len(y) and y.min() < 0 and (negative := int(((y < 0) & self.domains.inside).sum())):
            raise EstimationError(
                f"{self.welfare!r} is negative in {negative} records with positive weight",
                "welfare_negative",
                count=negative,
            )
        return y

    @cached_property
    def relative(self) -> Measured | None:
        """A line estimated from the sample, with its influences: from all records of the design, not of the domain."""
        if not isinstance(self.line, RelativeLine):
            return None
        return self.line.measure(self.domains.design.domains(None).values(self.welfare), self.domains.design.weight)

    @cached_property
    def z(self) -> FloatArray:
        """The line: one number, shape (), or one per record, shape (n,)."""
        if self.relative is not None:
            z = np.asarray(self.relative[0])
        elif isinstance(self.line, str):
            z = self.domains.values(self.line)
        else:
            z = np.asarray(self.line, dtype=np.float64)
        positive = z > 0
        if not np.isfinite(z).all() or (not positive.all() and (~positive & self.domains.inside).any()):
            raise EstimationError("the poverty line must be positive and finite for every record", "line_not_positive")
        return z

    def indices(self, alpha: Sequence[float]) -> list[tuple[FloatArray, FloatArray]]:
        """Value and variance of each order in every domain, shapes (D,)."""
        if self.relative is not None:
            return [self._with_estimated_line(order) for order in alpha]
        y, z = self.y, self.z
        poor = np.flatnonzero((y < z) if self.strict else (y <= z))
        gap = 1.0 - y[poor] / (z[poor] if z.ndim else z)
        ones = np.broadcast_to(1.0, gap.shape)  # without memory of their own
        powers = (ones if order == 0 else gap if order == 1 else gap**order for order in alpha)
        rows = self.domains.chosen(poor)
        return self.domains.ratios(powers, rows=rows)

    def influence(self, alpha: float, domain: int) -> Measured:
        """The index of one domain and the influence of every record of the design, shape (n,).

        With a line estimated from the sample, u = (h − P)/N + (dP/dz) u_z; dP/dz is the density of the domain at the
        line for α = 0 and α Σ w 1(y<z) ((z−y)/z)^{α−1} y/z² / N above (Berger & Skinner 2003; Osier 2009).
        """
        y, domains = self.y, self.domains
        inside = (domains.code == domain) & domains.inside
        z = np.broadcast_to(self.z, y.shape)
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


def against_line(design: SurveyDesign, welfare: str, line: Line, by: str | None, strict: bool) -> AgainstLine:
    """Set welfare against a line in the domains of a column."""
    return AgainstLine(design.domains(by), welfare, line, strict)


def orders_of(alpha: Sequence[float] | float) -> tuple[float, ...]:
    """Orders of FGT indices, refusing negative ones and none."""
    orders = levels(alpha)
    if not orders or not all(0 <= order < np.inf for order in orders):
        raise EstimationError(f"alpha must list orders of zero or more, not {orders}")
    return orders


def estimate_fgt(
    design: SurveyDesign,
    welfare: str,
    line: Line,
    alpha: Sequence[float] | float = (0, 1, 2),
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
        Orders, or one: 0 headcount, 1 gap, 2 severity; any number of zero or more.
    by
        Column of areas; by default one row, area ``"ALL"``. Records without a label are in no area.
    strict
        Poor is y < z (BPS); ``False`` counts y = z as poor, as R's ``convey`` does.
    settings
        Interval and quality rules.

    Returns
    -------
    Rows ``(indicator, area, value, se, rse, low, high, n_households, n_psu, quality)``; indicators ``fgt0``,
    ``fgt1``, … Values are shares 0–1. Against a relative line a headcount has no error in an area where welfare does
    not vary.

    Raises
    ------
    EstimationError
        Welfare is missing or negative in a counted record, a line is not positive, a column is absent.

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52; Deville (1999), Survey Methodology 25; Berger & Skinner (2003),
    JRSS C 52, for the estimated line.

    Examples
    --------
    Who stands on the line is not poor:

    >>> sample = pd.DataFrame({"y": [3.0, 6.0, 9.0, 9.0], "w": 1.0, "block": [1, 1, 2, 2]})
    >>> table = estimate_fgt(SurveyDesign(sample, "w", psu="block"), "y", 6.0)
    >>> table.set_index("indicator")["value"].to_dict()
    {'fgt0': 0.25, 'fgt1': 0.125, 'fgt2': 0.0625}
    """
    orders = orders_of(alpha)
    poverty = against_line(design, welfare, line, by, strict)
    value, variance = np.moveaxis(np.array(poverty.indices(orders)), 1, 0)
    names = [f"fgt{order:g}" for order in orders]
    return tabulate(names, poverty.domains, value, variance, scale="logit", settings=settings)


def estimate_line(
    design: SurveyDesign, welfare: str, line: RelativeLine, *, settings: EstimateSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Estimate a relative poverty line with its linearised standard error; indicator ``line``.

    Parameters
    ----------
    design
        The sample.
    welfare
        Column of welfare.
    line
        Share and quantile, or share of the mean.
    settings
        Interval and quality rules.

    Returns
    -------
    One row of the tidy table, in the unit of welfare; the quantile's influence is −(1(y ≤ q) − p) / (N f(q)) with a
    Gaussian kernel density.

    Raises
    ------
    EstimationError
        Welfare is missing in a counted record or does not vary, or the column is absent.

    References
    ----------
    Deville (1999), Survey Methodology 25; Osier (2009), Survey Research Methods 3.

    Examples
    --------
    >>> sample = pd.DataFrame({"y": [2.0, 4.0, 6.0, 10.0, 20.0], "w": 1.0})
    >>> round(estimate_line(SurveyDesign(sample, "w"), "y", RelativeLine(0.6))["value"].item(), 6)
    3.6
    """
    everybody = design.domains(None)
    value, influence = line.measure(everybody.values(welfare), design.weight)
    return tabulate("line", everybody, np.array([value]), np.array([design.variance(influence)]), settings=settings)
