"""Empirical best prediction of poverty for small areas and for every family (Molina & Rao 2010), without Monte Carlo.

log y = x'β + u_d + e in the survey; every family of the registry then has a lognormal distribution of welfare given
what is known of its area, and the expectation of an FGT index is a closed form. Other scales: see
:mod:`kaur_analysis.poverty.scales`. Errors come from a parametric bootstrap
(González-Manteiga et al. 2008) in which the area's true value enters by its expectation and variance given u*, so that
no census is ever simulated.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.polynomial.chebyshev import chebpts1, chebval, chebvander
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.optimize.elementwise import bracket_root, find_root
from scipy.sparse import csr_array

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of, several
from kaur_analysis.poverty.encoding import Encoding, independent
from kaur_analysis.poverty.grouping import Groups, grouped
from kaur_analysis.poverty.intervals import equal_tails
from kaur_analysis.poverty.level import erring
from kaur_analysis.poverty.nested_error import (
    NestedError,
    NestedErrors,
    Posterior,
    Sums,
    fit_many,
    fit_sums,
    leave_out,
    pseudo_effects,
    sums_by,
)
from kaur_analysis.poverty.scales import TRANSFORMATIONS, Scale, Transformation, found_again, likely, scale_of
from kaur_analysis.poverty.simulated import is_simulated, measure

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Method = Literal["eb", "census_eb"]
Unseen = Literal["error", "reference"]
ALL = "ALL"
POWERS = {"fgt0": 0, "fgt1": 1, "fgt2": 2}
REFITS = 100  # parametric refits where effects are predicted with survey weights
INTERVAL_DRAWS = 500
TAIL = 0.025  # of a 95% interval
SCALES = 25  # scales that intervals and draws try where shift or power were found in the data
SIMULATED = 200  # draws of each family for indicators without closed form
NODES = 40  # of integrals over effects of areas
REPEATED = 10  # the same within each bootstrap replicate, whose noise is taken out again
AT_ONCE = 20_000_000  # numbers drawn at a time
CACHED = 1 << 14  # numbers that a processor's cache holds several arrays of
_NODES, _MASSES = np.polynomial.hermite_e.hermegauss(12)  # of variances on average over effects
_MASSES /= _MASSES.sum()


@dataclass(frozen=True, eq=False)
class UnitModel:
    """The fitted model behind an empirical best prediction.

    Attributes
    ----------
    coefficients
        ``term, value, se`` in units of the covariates.
    fit
        The nested-error fit on standardised covariates; ``encoding`` says how they were made.
    scale
        On which welfare is modelled: log, shifted log, Box–Cox or as it is, with the parameter found or given.
    area_effects
        ``survey`` where the survey carries areas, ``unconditional`` where it does not: then the variance between PSUs
        (its posterior, see :class:`~kaur_analysis.poverty.nested_error.Posterior`) stands for that between areas and no
        area is told from another by more than its covariates.
    areas
        ``area, n, effect, gamma`` per area of the registry.
    offset
        Added to everyone's log welfare to agree with an official figure; 0 before benchmarking.
    residuals, groups
        Standardised residuals of the survey's households and predicted effects of its areas or PSUs, for diagnostics.
    marginal_r2, conditional_r2
        Share of the variance of the transformed welfare told by x, and by x and u (Nakagawa & Schielzeth 2013).
    """

    coefficients: pd.DataFrame
    fit: NestedError
    encoding: Encoding
    scale: Scale
    offset: float
    area_effects: str
    areas: pd.DataFrame
    residuals: FloatArray
    groups: FloatArray
    marginal_r2: float
    conditional_r2: float


@dataclass(frozen=True, eq=False)
class _Census:
    """Registry families as the formulas see them."""

    X: FloatArray
    area: IntArray
    labels: list[Hashable]
    weight: FloatArray
    observed: tuple[IntArray, FloatArray, FloatArray] | None  # area, welfare, weight of families seen in the survey
    # Shares in their areas of survey households that are among the families, though unknown which.
    unlinked: FloatArray | None = None

    @cached_property
    def total(self) -> FloatArray:
        """Weight of each area, families seen in the survey included."""
        total = sums_by(self.area, self.weight, len(self.labels))
        if self.observed is not None:
            total = total + sums_by(self.observed[0], self.observed[2], len(self.labels))
        return total

    def means(self, values: FloatArray) -> FloatArray:
        """Weighted mean of a family value in each area; whoever the survey saw is not in it yet."""
        return np.asarray(np.bincount(self.area, self.weight * values, len(self.labels)) / self.total)


@dataclass(frozen=True, eq=False)
class _Survey:
    """Survey households as the fit sees them."""

    y: FloatArray
    X: FloatArray
    group: IntArray
    number: int
    weights: FloatArray | None
    labels: list[Hashable]

    @cached_property
    def sums(self) -> Sums:
        return Sums.of(self.X, self.group, self.number)

    @cached_property
    def posterior(self) -> Posterior:
        """Posterior of the parameters; used where the groups are not the areas."""
        return Posterior.of(
            self.sums, self.X.T @ self.y, sums_by(self.group, self.y, self.number), float(self.y @ self.y)
        )

    @cached_property
    def households(self) -> list[IntArray]:
        """Households of each group, ordered by what is known of them and not as the rows are."""
        weights = [] if self.weights is None else [self.weights]
        order = np.lexsort([*weights, *self.X.T, self.y, self.group])
        return np.split(order, np.cumsum(np.bincount(self.group, minlength=self.number))[:-1])

    def by_group(self, values: FloatArray) -> FloatArray:
        """Sums of R responses (R × n) in each group, R × D."""
        order = np.argsort(self.group, kind="stable")
        present, first = np.unique(self.group[order], return_index=True)
        out = np.zeros((len(values), self.number))
        out[:, present] = np.add.reduceat(values[:, order], first, axis=1)
        return out

    def fits(self, y: FloatArray) -> NestedErrors:
        """Fits of R responses (R × n) on the survey's design."""
        if self.weights is None:
            return fit_many(self.sums, y @ self.X, self.by_group(y), np.einsum("ri,ri->r", y, y))
        each = [self.fit(one) for one in y]
        return NestedErrors(
            np.stack([one.beta for one in each]),
            np.array([one.sigma2_u for one in each]),
            np.array([one.sigma2_e for one in each]),
            np.stack([one.effects for one in each]),
            np.stack([one.gamma for one in each]),
            np.array([one.log_likelihood for one in each]),
        )

    def likeliest(self, y: FloatArray) -> NestedError:
        """Fit by restricted likelihood, survey weights left aside."""
        return fit_sums(self.sums, self.X.T @ y, sums_by(self.group, y, self.number), float(y @ y))

    def restricted_likelihood(self, y: FloatArray) -> float:
        """Highest restricted log-likelihood of a response."""
        return self.likeliest(y).log_likelihood

    def restricted_likelihoods(self, y: FloatArray) -> FloatArray:
        """The same of R responses (R × n)."""
        return fit_many(self.sums, y @ self.X, self.by_group(y), np.einsum("ri,ri->r", y, y)).log_likelihood

    def fit(self, y: FloatArray) -> NestedError:
        found = self.likeliest(y)
        return (
            found if self.weights is None else pseudo_effects(found, y, self.X, self.group, self.number, self.weights)
        )


@dataclass(frozen=True)
class _Settings:
    """What estimates are computed with."""

    indicators: tuple[str, ...]
    replicates: int
    seed: int
    level_line: str = ""  # of the headcount that everyone was moved to meet, the headcount and its standard error
    level_target: float = 0.0
    level_error: float = 0.0

    @property
    def closed(self) -> tuple[str, ...]:
        """Indicators with a closed form."""
        return tuple(name for name in self.indicators if not is_simulated(name))

    @property
    def simulated(self) -> tuple[str, ...]:
        """Indicators without."""
        return tuple(name for name in self.indicators if is_simulated(name))


@dataclass(frozen=True, eq=False)
class EmpiricalBest:
    """Predictions for areas and families.

    Attributes
    ----------
    estimates
        ``area, indicator, value, mse, low, high, value_error, mse_error``; area ``ALL`` is everyone. ``mse`` is missing
        without replicates. ``low`` and ``high`` hold 95% of the predictive distribution, parameters' uncertainty
        included. ``value_error`` is the Monte-Carlo standard error of the value, 0 for closed forms; ``mse_error`` that
        of the MSE, from its spread over replicates.
    model
        The fit and its diagnostics.
    """

    estimates: pd.DataFrame
    model: UnitModel
    _survey: _Survey
    _census: _Census
    _lines: dict[str, float]
    _settings: _Settings

    def benchmarked(
        self, target: float, line: str = "", mse_replicates: int | None = None, error: float = 0.0
    ) -> EmpiricalBest:
        """The same prediction with everyone's welfare moved on the model's scale by one number to meet a headcount.

        One number for all keeps the order of families and areas, keeps probabilities between 0 and 1, and moves
        headcount, gap, counts and draws alike, so that they go on agreeing with each other. Errors are computed anew.
        The target has an error of its own: intervals keep the model's uncertainty of the level, or hold the target's
        where that is larger. :meth:`draws` keep the model's.

        Parameters
        ----------
        target
            Official headcount (0-1) of everyone in the census.
        line
            Name of the line it belongs to.
        mse_replicates
            Bootstrap replicates of the benchmarked prediction; as many as before where not given.
        error
            Standard error of the target (0-1). Where it is larger than that of the level in the predictive draws, each
            draw is moved on the model's scale until the levels spread as much; what that adds to the variance of a
            closed-form indicator is added to its MSE.

        Returns
        -------
        EmpiricalBest
            ``model.offset`` is the move; the prediction it was made from stays as it is.

        Raises
        ------
        EstimationError
            The target lies outside 0-1 or out of reach, its error is negative, not a number or so large that no move
            spreads the draws by it, there is no such line, or welfare is modelled as it is.
        """
        if not 0 <= error < 1:
            raise EstimationError(f"the standard error of a headcount lies between 0 and 1, not {error}")
        if not 0 < target < 1 or self.model.scale.name == "none":
            raise EstimationError("a headcount target lies between 0 and 1 and needs a model of transformed welfare")
        one_of(line, self._lines, "line")
        weights = self._census.total / self._census.total.sum()

        def excess(offset: float) -> float:
            moved = replace(self.model, offset=offset)
            mean, variance = _moments(moved, self._census)
            share = self._census.means(_expected(moved, mean, variance, self._lines[line], (0,))[0])
            return float(weights @ (share + _observed(self._census, self._lines[line], 0))) - target

        if not excess(3.0) < 0 < excess(-3.0):
            raise EstimationError(
                f"no common move of welfare brings the headcount to {target}", "target_out_of_reach", target=target
            )
        model = replace(self.model, offset=float(brentq(excess, -3.0, 3.0, xtol=1e-12)))
        settings = replace(self._settings, level_line=line, level_target=target, level_error=error)
        settings = settings if mse_replicates is None else replace(settings, replicates=mse_replicates)
        estimates = _estimates(model, self._survey, self._census, self._lines, settings)
        return replace(self, estimates=estimates, model=model, _settings=settings)

    def families(self) -> pd.DataFrame:
        """P(poor) and expected gap of every registry family, in the registry's order.

        Returns
        -------
        pandas.DataFrame
            For each line ``p_<line>`` and ``gap_<line>`` (E[(z − y)⁺], in welfare's unit; plain ``p`` and ``gap`` for a
            single unnamed line), ``expected_welfare`` and ``predictor`` (mean of the transformed welfare).
        """
        mean, variance = _moments(self.model, self._census)
        out: dict[str, FloatArray] = {}
        for name, line in self._lines.items():
            poor, gap = _expected(self.model, mean, variance, line, (0, 1))
            suffix = f"_{name}" if name else ""
            out[f"p{suffix}"], out[f"gap{suffix}"] = poor, gap * line
        out["expected_welfare"] = self.model.scale.expected_welfare(mean, variance)
        return pd.DataFrame(out | {"predictor": mean})

    def draws(self, m: int) -> NDArray[np.float32]:
        """Joint draws of every family's welfare.

        Each draw has its own parameters (their posterior, or refits to samples made by the model), its own effect of
        every area, shared by the area's families, and its own deviation of every family. Areas do not depend on each
        other's draws.

        Parameters
        ----------
        m
            How many.

        Returns
        -------
        Welfare in its own unit, families × m, in the registry's order.
        """
        parameters = _parameters(self.model, self._survey, self._settings.seed)
        out = np.empty((len(self._census.area), m), dtype=np.float32)
        chosen = np.arange(m) % len(parameters.beta)
        for place, label in enumerate(self._census.labels):
            rows = np.flatnonzero(self._census.area == place)
            random = _generator(self._settings.seed, label)
            effect = _effect(parameters, chosen, place, random)
            mean = _offset(self.model, parameters, chosen) + self._census.X[rows] @ parameters.beta[chosen].T + effect
            deviation = random.standard_normal((len(rows), m), dtype=np.float32)
            out[rows] = parameters.welfare(mean + deviation * np.sqrt(parameters.sigma2_e[chosen]), chosen)
        return out

    def influence(self) -> pd.DataFrame:
        """What leaving out each of the survey's areas (without codes: PSUs) does to the headcounts.

        β and the effects are found again without the group's households, at the variances of the fit, before any
        benchmarking.

        Returns
        -------
        pandas.DataFrame
            ``group, n, shift, largest, area``: households left out, change of everyone's headcount against the first
            line, largest change among areas and where; most influential first.

        References
        ----------
        Demidenko & Stukel (2005), for deletion diagnostics of mixed models.
        """
        model, survey, census = replace(self.model, offset=0.0), self._survey, self._census
        line = next(iter(self._lines.values()))
        weights = census.total / census.total.sum()
        with_codes = model.area_effects == "survey"

        def headcounts(beta: FloatArray, effects: FloatArray, gamma: FloatArray) -> FloatArray:
            mean = census.X @ beta + effects[census.area]
            variance = (model.fit.sigma2_u * (1 - gamma) + model.fit.sigma2_e)[census.area]
            return census.means(_expected(model, mean, variance, line, (0,))[0])

        areas = model.areas
        whole = headcounts(model.fit.beta, areas["effect"].to_numpy(), areas["gamma"].to_numpy())
        rows = []
        for place in np.unique(survey.group):
            kept = survey.group != place
            left = leave_out(survey.X[kept], survey.y[kept], survey.group[kept], survey.number, model.fit)
            zeros = np.zeros(len(areas))
            moved = headcounts(left.beta, *((left.effects, left.gamma) if with_codes else (zeros, zeros))) - whole
            most = int(np.abs(moved).argmax())
            rows.append((survey.labels[place], int((~kept).sum()), weights @ moved, moved[most], census.labels[most]))
        table = pd.DataFrame(rows, columns=["group", "n", "shift", "largest", "area"])
        order = table["shift"].abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index(drop=True)

    def sensitivity(self, factors: Sequence[float] = (0.0, 0.5, 1.0, 2.0)) -> pd.DataFrame:
        """Estimates under other variances between areas.

        The total variance of a family stays; the factor moves it between area and family. Expectations given covariates
        alone then stay as they are, what is left open does not. Integrals over the effects are Gauss–Hermite's.

        Parameters
        ----------
        factors
            What the variance between areas is multiplied by.

        Returns
        -------
        pandas.DataFrame
            ``factor, area, indicator, value, spread``: headcounts (0–1) and the standard deviation of the area's true
            value.
        """
        fit = self.model.fit
        base = self.model.offset + self._census.X @ fit.beta
        nodes, masses = np.polynomial.hermite_e.hermegauss(NODES)
        masses /= masses.sum()
        rows = []
        for factor in factors:
            between = min(fit.sigma2_u * factor, fit.sigma2_u + fit.sigma2_e)
            within = fit.sigma2_u + fit.sigma2_e - between
            for name, line in self._lines.items():
                values = np.stack(
                    [
                        self._census.means(_expected(self.model, base + np.sqrt(between) * node, within, line, (0,))[0])
                        for node in nodes
                    ]
                )
                value = masses @ values
                rows.append(
                    pd.DataFrame(
                        {
                            "factor": factor,
                            "area": self._census.labels,
                            "indicator": "fgt0" + (f"_{name}" if name else ""),
                            "value": value,
                            "spread": np.sqrt(masses @ (values - value) ** 2),
                        }
                    )
                )
        return pd.concat(rows, ignore_index=True)


def empirical_best(
    sample: pd.DataFrame,
    census: pd.DataFrame,
    welfare: str,
    covariates: Sequence[str],
    area: str,
    line: float | Mapping[str, float],
    transformation: Transformation = "log",
    indicators: Sequence[str] = ("fgt0", "fgt1", "fgt2"),
    method: Method = "eb",
    census_weights: str | None = None,
    survey_weights: str | None = None,
    mse_replicates: int = 0,
    seed: int = 0,
    *,
    psu: str | None = None,
    unseen: Unseen = "error",
    shift: float = 0.0,
    power: float | None = None,
    rare: int = 1,
    among_census: bool = False,
) -> EmpiricalBest:
    """Predict poverty of areas and families from a survey with welfare and a registry with the same covariates.

    T(y) = x'β + u_d + e in the survey, T a transformation; an area's value is the mean of E[1(y < z) ((z − y)/z)^α]
    over its families given the survey.

    Parameters
    ----------
    sample
        Survey households: ``welfare``, the covariates, the area or the PSU.
    census
        Registry families: the covariates and the area. Under ``method="eb"`` those not in the survey (whoever the
        survey saw keeps the observed welfare); under ``census_eb`` all of them (a survey that cannot be linked).
    welfare, covariates, area
        Column names, of one or several covariates; numeric ones are standardised inside, others become dummies, a
        constant is added.
    line
        Poverty line in the unit of welfare, or several by name; indicators are then named ``fgt0_<name>``.
    transformation
        Scale on which welfare is taken as normal. ``log`` (with ``shift``), ``none``: expectations in closed form.
        ``log_shift``: log(y + c) with c ≥ 0 found by profile restricted likelihood up to 100 standard deviations of
        welfare, which may be negative; closed form as well. ``box_cox`` (Box & Cox 1964): λ within −1…2 found by
        profile restricted likelihood of welfare over its geometric mean (Gurka et al. 2006); headcounts in closed form,
        gaps by a fixed quadrature (below 1e-8), expected welfare likewise and missing where λ < 0. A best value at an
        end of its range is that end. The MSE finds the parameter anew in every replicate; intervals and draws carry its
        posterior (with ``survey_weights`` they take it as known). The dual power transformation is not offered: its
        results hang on the currency.
    indicators
        One or several. ``fgt0``, ``fgt1``, ``fgt2``: closed forms. ``gini``, ``quintile_share_ratio`` and quantiles
        ``q1`` … ``q99`` of welfare, which need no line: means over 200 draws of all families given the survey, with
        their Monte-Carlo error in ``value_error``; seeded by area. Their MSE repeats whole populations (10 draws in
        each replicate, whose noise is taken out); survey households among the census count as drawn from elsewhere.
    method
        ``eb`` or ``census_eb``. Areas of the sample must be in the census; under ``eb`` one whose every family was
        surveyed need not be.
    census_weights
        Column of weights within areas, e.g. persons of a family; zero or more, some above zero in every area. Under
        ``eb`` the sample needs it too; ``among_census`` reads it there if present, and else takes the mean weight.
    survey_weights
        Column: pseudo-empirical-best effects and coefficients (You & Rao 2002); needs a sample with areas.
    mse_replicates
        Bootstrap replicates; 0 gives no MSE. Where the variance between areas is estimated as 0, replicates are made
        with its posterior mean.
    seed
        Of bootstrap, draws and intervals. An area's random numbers depend on the seed and its label alone: areas that
        join or leave the census do not move its errors, nor does the order of rows. Where families are drawn one by one
        (:meth:`EmpiricalBest.draws`, indicators without closed form), those of an area take turns as in the census.
    psu
        Column of the survey's primary sampling units, for a survey without area codes: effects of areas are then
        unconditional, the variance between PSUs standing for that between areas.
    unseen
        ``error`` or ``reference``: what to do with levels of a category that the survey never saw.
    shift
        Added to welfare before the log (0 for expenditure; incomes may be zero or negative); with ``log`` only.
    power
        λ of ``box_cox`` where it is known instead of estimated.
    rare
        Levels of a category with fewer sample records than this are pooled.
    among_census
        Under ``census_eb`` with areas: the survey's households are among the census families though nobody knows which.
        Their deviations then are part of the truth that the MSE is about; else the survey counts as drawn from
        elsewhere (as R's ``emdi`` and ``povmap`` do), which overstates the MSE where a large share was sampled.

    Returns
    -------
    EmpiricalBest
        Values of FGT are shares 0–1, quantiles in the unit of welfare, MSE in the square of the value's unit.

    Raises
    ------
    EstimationError
        Missing, infinite, constant or dependent covariates; levels never seen; welfare missing, or not positive under
        ``log`` or ``box_cox``; a parameter of another transformation; an area, PSU or weight that is missing; areas of
        the sample that the census does not have; a survey without area that names no PSU; lines not positive; unknown
        names.

    References
    ----------
    Molina & Rao (2010), Canadian Journal of Statistics 38; Corral, Molina, Cojocaru & Segovia (2022), for Census EB;
    González-Manteiga et al. (2008), for the bootstrap; You & Rao (2002), for survey weights; Molina, Nandram & Rao
    (2014), Annals of Applied Statistics 8, for the posterior behind intervals.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> families = pd.DataFrame({"area": np.repeat(["a", "b", "c"], 40), "size": random.integers(1, 7, 120)})
    >>> spending = np.exp(13.4 - 0.1 * families["size"] + random.normal(0, 0.4, 120))
    >>> survey = families.assign(welfare=spending).groupby("area").head(12)
    >>> found = empirical_best(survey, families, "welfare", ["size"], "area", 500_000, method="census_eb")
    >>> found.estimates.query("indicator == 'fgt0'")["area"].tolist()
    ['a', 'b', 'c', 'ALL']
    >>> bool(found.families()["p"].between(0, 1).all())
    True
    """
    covariates, indicators = several(covariates), several(indicators)
    lines = (
        {str(name): float(value) for name, value in line.items()} if isinstance(line, Mapping) else {"": float(line)}
    )
    one_of(method, get_args(Method), "method")
    one_of(unseen, get_args(Unseen), "unseen")
    if mse_replicates < 0:
        raise EstimationError(f"there cannot be {mse_replicates} bootstrap replicates")
    _check(sample, census, welfare, area, lines, indicators, psu, survey_weights)
    _check_scale(transformation, shift, power)
    unconditional = area not in sample.columns
    group, labels_in_sample = pd.factorize(sample[psu if unconditional else area])
    census_area, labels = pd.factorize(census[area])
    encoding = Encoding.of(sample, covariates, rare)
    X = encoding.matrix(sample)
    independent(X, encoding.terms)
    y = sample[welfare].to_numpy(dtype=float)
    weights = None if survey_weights is None else _weights(sample, survey_weights, area)
    all_labels = list(labels)
    if not unconditional:
        listed = set(labels)
        all_labels += [label for label in labels_in_sample if label not in listed] if method == "eb" else []
        position = {label: place for place, label in enumerate(all_labels)}
        _matched(labels_in_sample, labels, method)
        group = np.array([position[label] for label in labels_in_sample])[group]
    if ALL in all_labels:
        raise EstimationError(f"an area is called {ALL!r}, as everyone together is in the estimates")
    number = len(labels_in_sample) if unconditional else len(all_labels)
    groups = list(labels_in_sample) if unconditional else all_labels
    survey = _Survey(y, X, group, number, weights, groups)
    scale = scale_of(transformation, y, survey.restricted_likelihood, X.shape[1], shift, power)
    survey = replace(survey, y=scale.forward(y))
    own = np.ones(len(census)) if census_weights is None else _weights(census, census_weights, area)
    registry = _Census(encoding.matrix(census, unseen), census_area, all_labels, own, None)
    if not unconditional and (method == "eb" or among_census):
        kept = _weights_of_sample(sample, census_weights, area, method, own)
        if method == "eb":
            registry = replace(registry, observed=(group, y, kept))
        else:
            drawn = sums_by(group, kept, number)
            among = np.where(drawn < registry.total, 1 / np.where(registry.total > 0, registry.total, 1.0), 0.0)
            registry = replace(registry, unlinked=kept * among[group])
    model = _model(survey, encoding, registry, scale, unconditional)
    settings = _Settings(indicators, mse_replicates, seed)
    estimates = _estimates(model, survey, registry, lines, settings)
    return EmpiricalBest(estimates, model, survey, registry, lines, settings)


def _weights_of_sample(
    sample: pd.DataFrame, census_weights: str | None, area: str, method: Method, own: FloatArray
) -> FloatArray:
    """Weight of the survey's households in the unit of the census weights."""
    if census_weights is None:
        return np.ones(len(sample))
    if census_weights in sample.columns:
        return _weights(sample, census_weights, area)
    if method == "eb":
        raise EstimationError(f"the sample has no column {census_weights!r}, which weighs its observed households")
    return np.full(len(sample), own.mean())


def _check(
    sample: pd.DataFrame,
    census: pd.DataFrame,
    welfare: str,
    area: str,
    lines: Mapping[str, float],
    indicators: Sequence[str],
    psu: str | None,
    survey_weights: str | None,
) -> None:
    if area not in census.columns:
        raise EstimationError(f"the census has no column {area!r}")
    if area not in sample.columns and survey_weights is not None:
        raise EstimationError("survey weights move effects of areas: they need a sample that carries areas")
    if area not in sample.columns and (psu is None or psu not in sample.columns):
        raise EstimationError(f"the sample has no column {area!r}: name its PSU column for unconditional area effects")
    for table, name in ((census, area), (sample, area if area in sample.columns else str(psu))):
        if count := int(table[name].isna().sum()):
            raise EstimationError(f"{name!r} is missing in {count} rows", "area_missing", column=name, count=count)
    if count := int((~np.isfinite(sample[welfare].to_numpy(dtype=float, na_value=np.nan))).sum()):
        raise EstimationError(
            f"{welfare!r} is missing or infinite in {count} households", "welfare_missing", count=count
        )
    if not lines or not all(0 < line < np.inf for line in lines.values()):
        raise EstimationError("a poverty line must be positive and finite", "line_not_positive")
    unknown = [name for name in indicators if name not in POWERS and not is_simulated(name)]
    if unknown or not indicators:
        raise EstimationError(
            f"indicator(s) {unknown} are not among {list(POWERS)}, gini, quintile_share_ratio and q1 … q99"
        )


def _weights(table: pd.DataFrame, name: str, area: str) -> FloatArray:
    """A column of weights: a missing or negative one would spoil its whole area without a word."""
    if name not in table.columns:
        raise EstimationError(f"there is no column of weights {name!r}")
    values = table[name].to_numpy(dtype=float, na_value=np.nan)
    wrong = ~((values >= 0) & (values < np.inf))
    if not wrong.any():  # nor may an area have no weight at all
        wrong = (pd.Series(values).groupby(table[area].to_numpy()).transform("sum") == 0).to_numpy()
    if wrong.any():
        count = int(wrong.sum())
        raise EstimationError(
            f"weights in {name!r} must be zero or more, none missing and some above zero in every area: "
            f"they are not in {count} rows",
            "weights_invalid",
            column=name,
            count=count,
        )
    return values


def _matched(in_sample: Iterable[Hashable], in_census: Iterable[Hashable], method: Method) -> None:
    """Refuse areas of the sample that the census does not have.

    Under ``eb`` an area may lie in the sample alone, seen as a whole; but not under another spelling (1704010 and
    "1704010"), nor all of them.
    """
    known = set(in_census)
    spelt = {str(label) for label in known}
    areas = list(in_sample)
    outside = [label for label in areas if label not in known]
    if method == "eb" and len(outside) < len(areas):
        outside = [label for label in outside if str(label) in spelt]
    if outside:
        raise EstimationError(
            f"area(s) of the sample are not in the census: {outside[:5]}", "areas_unmatched", areas=outside[:5]
        )


def _check_scale(transformation: str, shift: float, power: float | None) -> None:
    if transformation not in TRANSFORMATIONS:
        listed = ", ".join(TRANSFORMATIONS)
        raise EstimationError(f"transformation {transformation!r} is not one of {listed}")
    if shift and transformation != "log":
        raise EstimationError(f"a given shift belongs to transformation 'log', not {transformation!r}")
    if power is not None and transformation != "box_cox":
        raise EstimationError(f"a given power belongs to transformation 'box_cox', not {transformation!r}")


def _model(survey: _Survey, encoding: Encoding, registry: _Census, scale: Scale, unconditional: bool) -> UnitModel:
    fit = survey.posterior.fit() if unconditional else survey.fit(survey.y)
    turn = encoding.unscaling()
    coefficients = pd.DataFrame(
        {
            "term": encoding.terms,
            "value": turn @ fit.beta,
            "se": np.sqrt(np.diag(turn @ fit.covariance @ turn.T)),
        }
    )
    count = len(registry.labels)
    effect = np.zeros(count) if unconditional else fit.effects
    gamma = np.zeros(count) if unconditional else fit.gamma
    sizes = np.zeros(count) if unconditional else np.bincount(survey.group, minlength=count).astype(float)
    areas = pd.DataFrame({"area": registry.labels, "n": sizes, "effect": effect, "gamma": gamma})
    fixed = survey.X @ fit.beta
    residual = survey.y - fixed - fit.effects[survey.group]
    of_x = float(np.var(fixed))
    whole = of_x + fit.sigma2_u + fit.sigma2_e
    return UnitModel(
        coefficients,
        fit,
        encoding,
        scale,
        0.0,
        "unconditional" if unconditional else "survey",
        areas,
        residual / np.sqrt(fit.sigma2_e),
        fit.effects,
        of_x / whole,
        (of_x + fit.sigma2_u) / whole,
    )


def _expected(
    model: UnitModel, mean: FloatArray, variance: FloatArray | float, line: float, powers: Sequence[int]
) -> list[FloatArray]:
    return model.scale.expected_fgt(mean, variance, line, powers)


def _moments(model: UnitModel, registry: _Census) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of every family's transformed welfare given the survey."""
    areas, fit = model.areas, model.fit
    mean = model.offset + registry.X @ fit.beta + areas["effect"].to_numpy()[registry.area]
    variance = fit.sigma2_u * (1 - areas["gamma"].to_numpy()) + fit.sigma2_e
    return mean, variance[registry.area]


@dataclass(frozen=True, eq=False)
class _Parameters:
    """Parameter sets with what each predicts of the areas: β (R × p), variances (R), effects and γ (R × D).

    Attributes
    ----------
    scales
        On which each holds; several take turns.
    stretch
        What a variance of x'β measured on the fit's scale is multiplied by on each of ``scales`` (R).
    """

    beta: FloatArray
    sigma2_u: FloatArray
    sigma2_e: FloatArray
    effects: FloatArray
    gamma: FloatArray
    scales: list[Scale]
    stretch: FloatArray

    @cached_property
    def in_turn(self) -> _Parameters:
        """The sets that predictive draws carry, one after the other."""
        if len(self.beta) == INTERVAL_DRAWS:
            return self
        chosen = np.arange(INTERVAL_DRAWS) % len(self.beta)
        names = ("beta", "sigma2_u", "sigma2_e", "effects", "gamma", "stretch")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})

    @cached_property
    def of_areas(self) -> tuple[FloatArray, FloatArray]:
        """Predicted effects of the areas and the deviations left to them (D × R): each area's numbers lie together."""
        return np.ascontiguousarray(self.effects.T), np.sqrt(self.sigma2_u * (1 - self.gamma.T))

    def on_scales(self, chosen: IntArray) -> list[tuple[Scale, IntArray | slice]]:
        """The scales, and which of some chosen sets hold on each."""
        if len(self.scales) == 1:
            return [(self.scales[0], slice(None))]
        place = chosen % len(self.scales)
        return [(scale, np.flatnonzero(place == number)) for number, scale in enumerate(self.scales)]

    def welfare(self, values: FloatArray, chosen: IntArray) -> FloatArray:
        """Welfare of values on the scales of the chosen sets (n × chosen)."""
        if len(self.scales) == 1:
            return self.scales[0].back(values)
        out = np.empty_like(values)
        for scale, own in self.on_scales(chosen):
            out[:, own] = scale.back(values[:, own])
        return out


@dataclass(frozen=True, eq=False)
class _Made:
    """Samples made by the fitted model, and what a fit of each says.

    Attributes
    ----------
    effects
        With which each was made (R × D).
    y
        The responses (R × n).
    found
        The parameters that a fit of each finds.
    scales
        On which each was fitted: with its own shift or power where the data gave it.
    """

    effects: FloatArray
    y: FloatArray
    found: _Parameters
    scales: list[Scale]


def _making(model: UnitModel, survey: _Survey) -> UnitModel:
    """The model that samples and their truth are made by: its areas differ, even where the likelihood is highest at 0.

    A σ²_u estimated as 0 does not say that it is 0, and areas made without effects would err too little (as Li & Lahiri
    2010 say of area-level models). There the posterior mean of the intraclass correlation is taken, as where the survey
    carries no areas (:meth:`~kaur_analysis.poverty.nested_error.Posterior.fit`); elsewhere the fit itself.
    """
    return model if model.fit.sigma2_u > 0 else replace(model, fit=survey.posterior.fit())


def _make(model: UnitModel, survey: _Survey, replicates: int, seed: int, rescaled: bool = False) -> _Made:
    """Make samples by the fitted model and fit each again, ``rescaled`` with the transformation's parameter too.

    Each group has random numbers of its own, and its households take them in an order that is not that of the rows.
    """
    fit = model.fit
    effects, noise = np.empty((replicates, survey.number)), np.empty((replicates, len(survey.y)))
    for place, (label, own) in enumerate(zip(survey.labels, survey.households, strict=True)):
        drawn = _generator(seed, label, 1).standard_normal((replicates, 1 + len(own)))
        effects[:, place], noise[:, own] = drawn[:, 0], drawn[:, 1:]
    effects *= np.sqrt(fit.sigma2_u)
    made = np.multiply(noise, np.sqrt(fit.sigma2_e), out=noise)
    made += survey.X @ fit.beta + effects[:, survey.group]
    scales, responses = [model.scale] * replicates, made
    if rescaled and model.scale.estimated:
        welfare = model.scale.back(made)
        scales = found_again(model.scale, welfare, survey.restricted_likelihoods, survey.X.shape[1])
        least = 1e-3 * model.scale.unit if model.scale.name == "box_cox" else -np.inf
        responses = np.stack(
            [scale.forward(np.maximum(own, least)) for scale, own in zip(scales, welfare, strict=True)]
        )
    fits = survey.fits(responses)
    found = _Parameters(
        fits.beta, fits.sigma2_u, fits.sigma2_e, fits.effects, fits.gamma, [model.scale], np.ones(replicates)
    )
    return _Made(effects, made, found, scales)


def _parameters(model: UnitModel, survey: _Survey, seed: int) -> _Parameters:
    """Parameters that draws and intervals carry, with the effects of areas that each set predicts.

    Parameters come from their posterior: a σ²_u estimated as 0 would make every interval too narrow. A shift or power
    that the data gave comes from its own posterior first, the others given it. Effects predicted with survey weights
    stay where these put them; their parameters come from refits to made samples, on the scale of the fit.
    """
    if survey.weights is not None and model.area_effects == "survey":
        made = _make(_making(model, survey), survey, REFITS, seed).found
        return replace(made, effects=np.tile(model.fit.effects, (REFITS, 1)))
    random = np.random.default_rng([seed, 1])
    if not model.scale.estimated:
        return _posterior(model, survey, INTERVAL_DRAWS, random)
    welfare = model.scale.back(survey.y)
    scales = likely(model.scale, welfare, survey.restricted_likelihoods, survey.X.shape[1], SCALES)
    each = []
    for scale in scales:
        moved = replace(survey, y=scale.forward(welfare))
        own = _posterior(model, moved, INTERVAL_DRAWS // SCALES, random)
        stretch = float(np.var(survey.X @ moved.posterior.fit().beta) / np.var(survey.X @ model.fit.beta))
        each.append(replace(own, stretch=np.full(len(own.beta), stretch)))

    def turns(name: str) -> FloatArray:
        sets = np.stack([getattr(own, name) for own in each], axis=1)
        return np.asarray(sets.reshape(-1, *sets.shape[2:]), dtype=np.float64)

    return _Parameters(
        turns("beta"),
        turns("sigma2_u"),
        turns("sigma2_e"),
        turns("effects"),
        turns("gamma"),
        scales,
        turns("stretch"),
    )


def _posterior(model: UnitModel, survey: _Survey, count: int, random: np.random.Generator) -> _Parameters:
    """Draws from the posterior on the survey's scale."""
    beta, between, within = survey.posterior.draw(count, random)
    effects = gamma = np.zeros((count, len(model.areas)))
    if model.area_effects == "survey":
        sums, total = survey.sums, sums_by(survey.group, survey.y, survey.number)
        gamma = between[:, None] * sums.sizes / (between[:, None] * sums.sizes + within[:, None])
        left = total - beta @ sums.area_x.T
        effects = gamma * np.divide(left, sums.sizes, out=np.zeros_like(left), where=sums.sizes > 0)
    return _Parameters(beta, between, within, effects, gamma, [model.scale], np.ones(count))


def _generator(seed: int, label: Hashable, stream: int = 2) -> np.random.Generator:
    return np.random.default_rng([seed, stream, zlib.crc32(str(label).encode("utf-8"))])


def _effect(parameters: _Parameters, chosen: IntArray | slice, place: int, random: np.random.Generator) -> FloatArray:
    """Draws of one area's effect given the survey: around its prediction, which without sample of its own is 0."""
    effects, left = (each[place, chosen] for each in parameters.of_areas)
    return np.asarray(effects + random.standard_normal(len(left)) * left)


def _offset(model: UnitModel, parameters: _Parameters, chosen: IntArray | slice) -> FloatArray:
    """The common move of everyone on the scales of the chosen parameters."""
    return np.asarray(model.offset * np.sqrt(parameters.stretch[chosen]), dtype=np.float64)


def _estimates(
    model: UnitModel, survey: _Survey, registry: _Census, lines: Mapping[str, float], settings: _Settings
) -> pd.DataFrame:
    indicators, seed = settings.closed, settings.seed
    simulated = [_simulated(model, survey, registry, settings)] if settings.simulated else []
    if not indicators:
        return simulated[0]
    powers = tuple(POWERS[name] for name in indicators)
    mean, variance = _moments(model, registry)
    weights = registry.total / registry.total.sum()
    share = registry.weight / registry.total[registry.area]
    areas = len(registry.labels)
    groups = grouped(registry.X, registry.area, areas, share, model.fit.beta, model.fit.covariance)
    mse, mse_error = np.full((2, len(lines), len(powers), areas + 1), np.nan)
    if settings.replicates:
        mse, mse_error = _bootstrap(model, survey, registry, groups, lines, powers, settings.replicates, seed)
    few = groups.fewer(model.fit.beta, model.fit.covariance)
    drawn = _Drawn.of(model, _parameters(model, survey, seed), few, registry.labels, seed)
    deviations = _deviations(model, registry, groups, lines, powers)
    still, moves = np.zeros(INTERVAL_DRAWS), _level_moves(drawn, registry, lines, settings)
    draws = _area_draws(drawn, deviations, registry, lines, powers, still)
    if moves.any():
        moved = _area_draws(drawn, deviations, registry, lines, powers, moves)
        mse, draws = mse + np.maximum(moved.var(axis=-1) - draws.var(axis=-1), 0), moved
    low, high = equal_tails(draws, 1 - 2 * TAIL)
    values = np.empty((len(lines), len(powers), areas, 1))
    for position, line in enumerate(lines.values()):
        for place, expected in enumerate(_expected(model, mean, variance, line, powers)):
            values[position, place, :, 0] = registry.means(expected) + _observed(registry, line, powers[place])
    names = [indicator + (f"_{name}" if name else "") for name in lines for indicator in indicators]
    table = pd.DataFrame(
        {
            "area": [*registry.labels, ALL] * len(names),
            "indicator": np.repeat(names, areas + 1),
            "value": _with_everyone(values, weights).ravel(),
            "mse": mse.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "value_error": 0.0,
            "mse_error": mse_error.ravel(),
        }
    )
    return pd.concat([table, *simulated], ignore_index=True)


def _with_everyone(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Values of areas (… × D × R) and after them everyone's (… × (D + 1) × R)."""
    return np.concatenate([values, (weights @ values)[..., None, :]], axis=-2)


def _observed(registry: _Census, line: float, power: int) -> FloatArray:
    """What families seen in the survey add to their area's value."""
    if registry.observed is None:
        return np.zeros(len(registry.labels))
    area, welfare, weight = registry.observed
    poverty = np.where(welfare < line, np.clip((line - welfare) / line, 0, None) ** power, 0.0)
    return np.bincount(area, weight * poverty, len(registry.labels)) / registry.total


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Predictive draws of areas by groups of families.

    Attributes
    ----------
    groups, parameters
        Of whom, and the parameters that the draws carry in turn.
    effects
        Of the areas in each draw, the common move included (D × draws).
    deviation
        Standard normal numbers for what each area's families add (D × draws).
    """

    groups: Groups
    parameters: _Parameters
    effects: FloatArray
    deviation: FloatArray

    @classmethod
    def of(
        cls, model: UnitModel, parameters: _Parameters, groups: Groups, labels: Sequence[Hashable], seed: int
    ) -> _Drawn:
        drawn = parameters.in_turn
        chances = np.stack([_generator(seed, label).standard_normal((2, INTERVAL_DRAWS)) for label in labels], axis=1)
        effects, left = drawn.of_areas
        return cls(groups, parameters, _offset(model, drawn, slice(None)) + effects + chances[0] * left, chances[1])

    def expected(
        self, moves: FloatArray, chosen: IntArray, line: float, powers: tuple[int, ...]
    ) -> Iterator[tuple[IntArray, list[FloatArray]]]:
        """Poverty of the areas in some of the draws, each with a move of its own: which of them, and by power."""
        groups, drawn = self.groups, self.parameters.in_turn
        for scale, own in self.parameters.on_scales(chosen % len(self.parameters.beta)):
            for at in _in_cache(np.arange(len(chosen))[own], len(groups.area)):
                sets = chosen[at]
                mean = groups.X @ drawn.beta[sets].T
                mean += (self.effects[:, sets] + moves[at])[groups.area]
                variance = np.outer(groups.known + groups.unknown, drawn.stretch[sets])
                variance += drawn.sigma2_e[sets]
                yield at, [groups.sums(each) for each in scale.expected_fgt(mean, variance, line, powers)]


def _in_cache(numbers: IntArray, rows: int) -> list[IntArray]:
    """Numbers of draws in parts, of which a processor's cache holds several arrays with so many rows."""
    step = max(1, CACHED // max(rows, 1))
    return np.split(numbers, np.arange(step, len(numbers), step))


def _level_moves(drawn: _Drawn, registry: _Census, lines: Mapping[str, float], settings: _Settings) -> FloatArray:
    """How far each draw has to move on the model's scale so that everyone's headcount errs as the target does.

    Zero where the levels spread as far already, see :func:`~kaur_analysis.poverty.level.erring`. Families that the
    survey saw are known: only the others' headcount can err.
    """
    still = np.zeros(INTERVAL_DRAWS)
    if not settings.level_error:
        return still
    line = lines[settings.level_line]
    weights = registry.total / registry.total.sum()
    unseen = weights[drawn.groups.area] @ drawn.groups.share

    def level(moves: FloatArray, own: IntArray) -> FloatArray:
        out = np.empty(len(own))
        for at, [poor] in drawn.expected(moves, own, line, (0,)):
            out[at] = weights @ poor / unseen
        return out

    every = np.arange(INTERVAL_DRAWS)
    found = level(still, every)
    target = settings.level_target - float(weights @ _observed(registry, line, 0))
    wanted = erring(found, settings.level_error / unseen, target / unseen)
    if wanted is found:
        return still

    def excess(moves: FloatArray, own: IntArray) -> FloatArray:
        return level(moves, own) - wanted[own]

    bracket = bracket_root(excess, still - 1, still + 1, args=(every,), maxiter=20)
    moved = find_root(excess, bracket.bracket, args=(every,)) if bracket.success.all() else None
    if moved is None or not moved.success.all():
        raise EstimationError(
            f"no move of welfare spreads the headcount by a standard error of {settings.level_error}",
            "error_out_of_reach",
            error=settings.level_error,
        )
    return np.asarray(moved.x, dtype=np.float64)


def _area_draws(
    drawn: _Drawn,
    deviations: FloatArray,
    registry: _Census,
    lines: Mapping[str, float],
    powers: tuple[int, ...],
    moves: FloatArray,
) -> FloatArray:
    """Predictive draws of the areas' values and of everyone's, lines × powers × (areas + 1) × draws.

    Given parameters and effect an area's value is a mean over finitely many families: normal around its expectation,
    with the variance Σ w² Var(h) of their deviations, taken at the fit. Without it the intervals of small areas would
    hold the expectation, not the truth (coverage 0.89 instead of 0.95 at 800 families, ``benchmarks/simulation.csv``).
    """
    out = np.empty((len(lines), len(powers), len(registry.labels) + 1, INTERVAL_DRAWS))
    areas, everyone = out[..., :-1, :], out[..., -1, :]
    np.multiply(deviations[..., None], drawn.deviation, out=areas)
    for position, line in enumerate(lines.values()):
        for at, found in drawn.expected(moves, np.arange(INTERVAL_DRAWS), line, powers):
            areas[position][..., at] += found
    np.clip(areas, 0, 1, out=areas)
    for position, line in enumerate(lines.values()):
        for order, power in enumerate(powers):
            areas[position, order] += _observed(registry, line, power)[:, None]
    everyone[:] = (registry.total / registry.total.sum()) @ areas
    return out


def _deviations(
    model: UnitModel, registry: _Census, groups: Groups, lines: Mapping[str, float], powers: tuple[int, ...]
) -> FloatArray:
    """Standard deviation that the families' own deviations give an area's value, lines × powers × areas."""
    count = len(registry.labels)
    mean, left = _predicted(model, groups)
    doubled = tuple(sorted({*powers, *(2 * power for power in powers)}))
    out = np.zeros((len(lines), len(powers), count))
    for position, line in enumerate(lines.values()):
        expected = dict(zip(doubled, _expected(model, mean, left, line, doubled), strict=True))
        for order, power in enumerate(powers):
            spread = np.clip(expected[2 * power] - expected[power] ** 2, 0, None)
            out[position, order] = np.sqrt(np.bincount(groups.area, groups.squares * spread, count))
    return out


def _predicted(model: UnitModel, groups: Groups) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of a group's transformed welfare given the survey."""
    areas, fit = model.areas, model.fit
    mean = model.offset + groups.X @ fit.beta + areas["effect"].to_numpy()[groups.area]
    variance = fit.sigma2_u * (1 - areas["gamma"].to_numpy()) + fit.sigma2_e
    return mean, variance[groups.area] + groups.known


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Survey households that are among the registry's families though nobody knows which: shares in their areas (n).

    Their deviations have moved the fit and are part of the truth, so that the two do not err independently.
    """

    X: FloatArray
    group: IntArray
    share: FloatArray
    number: int

    @classmethod
    def of(cls, survey: _Survey, registry: _Census) -> _Sampled:
        if registry.unlinked is None:
            return cls(survey.X[:0], survey.group[:0], survey.y[:0], len(registry.labels))
        return cls(survey.X, survey.group, registry.unlinked, len(registry.labels))

    def deviations(
        self, model: UnitModel, made: _Made, replicates: IntArray, lines: Mapping[str, float], powers: tuple[int, ...]
    ) -> FloatArray:
        """What they add to their area's value beyond its expectation given u*, lines × powers × areas × replicates."""
        out = np.zeros((len(lines), len(powers), self.number, len(replicates)))
        if not len(self.share):
            return out
        fit = model.fit
        mean = model.offset + self.X @ fit.beta + made.effects[np.ix_(replicates, self.group)]
        value = model.offset + made.y[replicates]
        welfare = model.scale.back(value)
        to_area = csr_array((self.share, (self.group, np.arange(len(self.group)))), (self.number, len(self.group)))
        for position, line in enumerate(lines.values()):
            expected = _expected(model, mean, fit.sigma2_e, line, powers)
            poor, gap = welfare < line, np.clip(1 - welfare / line, 0, None)
            for order, power in enumerate(powers):
                out[position, order] = to_area @ (poor * gap**power - expected[order]).T
        return out


def _bootstrap(
    model: UnitModel,
    survey: _Survey,
    registry: _Census,
    groups: Groups,
    lines: Mapping[str, float],
    powers: tuple[int, ...],
    replicates: int,
    seed: int,
) -> FloatArray:
    """MSE of the areas' values and of everyone's, and its Monte-Carlo error, 2 × lines × powers × (areas + 1).

    Per replicate: the area's true value given u* is E[h | u*] and the deviations of its families; the predictor is that
    of the replicate's refit. Deviations of families outside the survey are independent of the predictor and enter by
    their variance Σ w² Var(h); those of families that the survey saw have moved the predictor too and enter as made
    (under ``eb`` they are known and cancel).
    """
    model = _making(model, survey)
    made = _make(model, survey, replicates, seed + 1, rescaled=True)
    fit, found = model.fit, made.found
    count = len(registry.labels)
    unconditional = model.area_effects == "unconditional"
    true_effects = made.effects
    if unconditional:
        normal = [_generator(seed, label, 3).standard_normal(replicates) for label in registry.labels]
        true_effects = np.sqrt(fit.sigma2_u) * np.stack(normal, axis=1)
    effects, gamma = np.zeros((2, count, replicates)) if unconditional else (found.effects.T, found.gamma.T)
    left = found.sigma2_u * (1 - gamma) + found.sigma2_e
    weights = registry.total / registry.total.sum()
    sampled = _Sampled.of(survey, registry)
    off = -_given_effects(model, groups, true_effects.T, lines, powers)
    spread_of_x = float(np.var(groups.X @ fit.beta))
    # Replicates on one scale go together.
    every = np.arange(replicates)
    for own in np.split(every, replicates) if model.scale.estimated else _in_cache(every, len(groups.area)):
        mean = groups.X @ found.beta[own].T
        # Another shift or power stretches the scale: what was measured on the fit's is stretched alike.
        stretch = float(np.var(mean)) / spread_of_x if model.scale.estimated and spread_of_x > 0 else 1.0
        mean += (model.offset * np.sqrt(stretch) + effects[:, own])[groups.area]
        variance = left[:, own][groups.area]
        variance += (stretch * (groups.known + groups.unknown))[:, None]
        off[..., own] -= sampled.deviations(model, made, own, lines, powers)
        for position, line in enumerate(lines.values()):
            predicted = made.scales[own[0]].expected_fgt(mean, variance, line, powers)
            off[position][..., own] += [groups.sums(each) for each in predicted]
    squared = _with_everyone(off, weights) ** 2
    mse = squared.mean(axis=-1)
    out = np.stack([mse, _monte_carlo_error(mse, (squared**2).mean(axis=-1), replicates)])
    noise = _independent(model, groups, sampled, lines, powers, count)
    out[0, ..., :-1] += noise
    out[0, ..., -1] += noise @ weights**2
    return out


def _given_effects(
    model: UnitModel, groups: Groups, effects: FloatArray, lines: Mapping[str, float], powers: tuple[int, ...]
) -> FloatArray:
    """Expected values of areas given effects of theirs (D × R), lines × powers × areas × R.

    They are smooth in one number for each area: where that takes fewer points than there are effects, the polynomial
    through Chebyshev's points stands for them. Φ over H deviations to either side is met by degree 16 + 8H within 2e-14
    (``tests/unit/test_small_areas.py``).
    """
    base, variance = model.offset + groups.X @ model.fit.beta, (model.fit.sigma2_e + groups.known)[:, None]

    def values(given: FloatArray) -> FloatArray:
        out = np.empty((len(lines), len(powers), *given.shape))
        for own in _in_cache(np.arange(given.shape[1]), len(base)):
            mean = base[:, None] + given[:, own][groups.area]
            for position, line in enumerate(lines.values()):
                out[position][..., own] = [groups.sums(each) for each in _expected(model, mean, variance, line, powers)]
        return out

    middle, reach = 0.5 * (effects.max() + effects.min()), 0.5 * float(np.ptp(effects)) or 1.0
    degree = 16 + int(8 * reach / np.sqrt(model.fit.sigma2_e))
    if degree >= effects.shape[1]:
        return values(effects)
    points = chebpts1(degree + 1)
    at_points = values(np.tile(middle + reach * points, (len(effects), 1)))
    # Values are orthogonal to Chebyshev's polynomials at their points, which gives the coefficients.
    coefficients = at_points @ chebvander(points, degree) * (2 / (degree + 1))
    coefficients[..., 0] /= 2
    return np.asarray(chebval((effects - middle) / reach, np.moveaxis(coefficients, -1, 0)[..., None], tensor=False))


def _monte_carlo_error(mean: FloatArray, square: FloatArray, replicates: int) -> FloatArray:
    """Standard error of a mean over replicates from the means of the values and of their squares."""
    if replicates < 2:
        return np.full_like(mean, np.nan)
    return np.sqrt(np.clip(square - mean**2, 0, None) / (replicates - 1))


@dataclass(frozen=True, eq=False)
class _Families:
    """The registry's families area by area, for draws of their welfare.

    Attributes
    ----------
    rows
        Positions of each area's families.
    observed
        Welfare and weight of the survey's households of each area, where they keep what was observed.
    """

    model: UnitModel
    registry: _Census
    rows: list[IntArray]
    observed: list[tuple[IntArray, FloatArray]]

    @classmethod
    def of(cls, model: UnitModel, registry: _Census) -> _Families:
        count = len(registry.labels)
        rows = [np.flatnonzero(registry.area == place) for place in range(count)]
        if registry.observed is None:
            return cls(model, registry, rows, [])
        area, _, weight = registry.observed
        seen = [np.flatnonzero(area == place) for place in range(count)]
        return cls(model, registry, rows, [(own, weight[own]) for own in seen])

    def measured(
        self,
        names: Sequence[str],
        base: Callable[[IntArray, slice], FloatArray],
        effect: FloatArray,
        within: FloatArray,
        randoms: Sequence[np.random.Generator],
        back: Callable[[FloatArray, slice], FloatArray],
        seen: FloatArray | None = None,
    ) -> FloatArray:
        """Measures of m draws of all families, names × (areas + 1) × m.

        Parameters
        ----------
        names
            Measures.
        base
            What covariates tell of some families in some of the draws (n × 1 or n × draws).
        effect, within
            Effects of the areas (D × m) and variance of the families' deviations (m).
        randoms
            A generator for each area.
        back
            Welfare of values in some of the draws.
        seen
            Welfare of the survey's households, kept as it is.
        """
        draws = effect.shape[1]
        out = np.empty((len(names), len(self.rows) + 1, draws))
        step = max(1, AT_ONCE // max(len(self.registry.area), 1))
        for start in range(0, draws, step):
            part = slice(start, min(start + step, draws))
            everyone, weights = [], []
            for place, rows in enumerate(self.rows):
                noise = randoms[place].standard_normal((part.stop - part.start, len(rows))).T
                values = base(rows, part) + effect[place, part] + noise * np.sqrt(within[part])
                welfare, weight = back(values, part), self.registry.weight[rows]
                if self.observed and seen is not None:
                    own, kept = self.observed[place]
                    welfare = np.vstack([welfare, np.repeat(seen[own][:, None], welfare.shape[1], axis=1)])
                    weight = np.append(weight, kept)
                out[:, place, part] = measure(names, welfare, weight)
                everyone.append(welfare)
                weights.append(weight)
            out[:, -1, part] = measure(names, np.vstack(everyone), np.concatenate(weights))
        return out


def _of_families(values: FloatArray) -> Callable[[IntArray, slice], FloatArray]:
    """The same values of families in every draw."""
    return lambda rows, _: values[rows, None]


def _on(scale: Scale) -> Callable[[FloatArray, slice], FloatArray]:
    """Welfare on the same scale in every draw."""
    return lambda values, _: scale.back(values)


def _simulated(model: UnitModel, survey: _Survey, registry: _Census, settings: _Settings) -> pd.DataFrame:
    """Rows of the indicators without closed form."""
    names, seed, fit = settings.simulated, settings.seed, model.fit
    families = _Families.of(model, registry)
    seen = None if registry.observed is None else registry.observed[1]
    areas, within = model.areas, np.full(SIMULATED, fit.sigma2_e)

    def randoms(stream: int) -> list[np.random.Generator]:
        return [_generator(seed, label, stream) for label in registry.labels]

    fixed = model.offset + registry.X @ fit.beta
    chances = randoms(4)
    left = np.sqrt(fit.sigma2_u * (1 - areas["gamma"].to_numpy()))
    effect = np.stack([own.standard_normal(SIMULATED) for own in chances]) * left[:, None]
    effect += areas["effect"].to_numpy()[:, None]
    drawn = families.measured(names, _of_families(fixed), effect, within, chances, _on(model.scale), seen)
    parameters, chances = _parameters(model, survey, seed), randoms(5)
    chosen = np.arange(SIMULATED) % len(parameters.beta)
    offset = _offset(model, parameters, chosen)
    effect = np.stack([_effect(parameters, chosen, place, own) for place, own in enumerate(chances)])
    predicted = families.measured(
        names,
        lambda rows, part: offset[part] + registry.X[rows] @ parameters.beta[chosen[part]].T,
        effect,
        parameters.sigma2_e[chosen],
        chances,
        lambda values, part: parameters.welfare(values, chosen[part]),
        seen,
    )
    low, high = equal_tails(predicted, 1 - 2 * TAIL)
    errors = np.full((2, len(names), len(registry.labels) + 1), np.nan)
    if settings.replicates:
        errors = _simulated_errors(model, survey, families, names, settings)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "area": [*registry.labels, ALL],
                    "indicator": name,
                    "value": drawn[row].mean(axis=1),
                    "mse": errors[0, row],
                    "low": low[row],
                    "high": high[row],
                    "value_error": drawn[row].std(axis=1, ddof=1) / np.sqrt(SIMULATED),
                    "mse_error": errors[1, row],
                }
            )
            for row, name in enumerate(names)
        ],
        ignore_index=True,
    )


def _simulated_errors(
    model: UnitModel, survey: _Survey, families: _Families, names: Sequence[str], settings: _Settings
) -> FloatArray:
    """MSE of indicators without closed form and its Monte-Carlo error, 2 × names × (areas + 1).

    Each replicate makes a population and a sample, fits the sample and predicts by a few draws; with s² their variance,
    s²/draws is what their noise adds to the squared error, and is taken from it (González-Manteiga et al. 2008).
    """
    model = _making(model, survey)
    registry, fit, replicates = families.registry, model.fit, settings.replicates
    made = _make(model, survey, replicates, settings.seed + 1, rescaled=True)
    found, count = made.found, len(registry.labels)
    unconditional = model.area_effects == "unconditional"
    randoms = [_generator(settings.seed, label, 6) for label in registry.labels]
    out = np.zeros((2, len(names), count + 1))
    fixed = model.offset + registry.X @ fit.beta
    zero = np.zeros(count)
    for b in range(replicates):
        seen = None if registry.observed is None else model.scale.back(model.offset + made.y[b])
        effect = made.effects[b]
        if unconditional:
            effect = np.sqrt(fit.sigma2_u) * np.array([own.standard_normal() for own in randoms])
        within = np.full(1, fit.sigma2_e)
        drawn = families.measured(names, _of_families(fixed), effect[:, None], within, randoms, _on(model.scale), seen)
        truth = drawn[..., 0]
        predictor = registry.X @ found.beta[b]
        stretch = float(np.var(predictor) / np.var(fixed)) if model.scale.estimated and np.var(fixed) > 0 else 1.0
        predictor = predictor + model.offset * np.sqrt(stretch)
        own_effect, gamma = (zero, zero) if unconditional else (found.effects[b], found.gamma[b])
        left = np.sqrt(found.sigma2_u[b] * (1 - gamma))
        drawn_effect = own_effect[:, None] + left[:, None] * np.stack(
            [own.standard_normal(REPEATED) for own in randoms]
        )
        drawn = families.measured(
            names,
            _of_families(predictor),
            drawn_effect,
            np.full(REPEATED, found.sigma2_e[b]),
            randoms,
            _on(made.scales[b]),
            seen,
        )
        squared = (drawn.mean(axis=2) - truth) ** 2 - drawn.var(axis=2, ddof=1) / REPEATED
        out[0] += squared
        out[1] += squared**2
    out /= replicates
    return np.stack([np.clip(out[0], 0, None), _monte_carlo_error(out[0], out[1], replicates)])


def _independent(
    model: UnitModel,
    groups: Groups,
    sampled: _Sampled,
    lines: Mapping[str, float],
    powers: tuple[int, ...],
    areas: int,
) -> FloatArray:
    """Variance that deviations of families outside the survey give an area's value, lines × powers × areas."""
    base = model.offset + groups.X @ model.fit.beta
    own = model.offset + sampled.X @ model.fit.beta
    out = np.zeros((len(lines), len(powers), areas))
    for position, line in enumerate(lines.values()):
        for order, everyone in enumerate(_variance_within(model, base, groups.known, line, powers)):
            out[position, order] = np.bincount(groups.area, groups.squares * everyone, areas)
        if len(own):
            for order, known in enumerate(_variance_within(model, own, 0.0, line, powers)):
                out[position, order] -= np.bincount(sampled.group, sampled.share**2 * known, areas)
    return np.clip(out, 0, None)


def _variance_within(
    model: UnitModel, mean: FloatArray, spread: FloatArray | float, line: float, powers: tuple[int, ...]
) -> list[FloatArray]:
    """Variance of a family's poverty given its area's effect, on average over effects (Gauss–Hermite)."""
    fit = model.fit
    within = fit.sigma2_e + spread
    doubled = tuple(sorted({2 * power for power in powers}))
    whole = dict(zip(doubled, _expected(model, mean, within + fit.sigma2_u, line, doubled), strict=True))
    nodes = mean + np.sqrt(fit.sigma2_u) * _NODES[:, None]
    given = _expected(model, nodes, within, line, powers)
    return [whole[2 * power] - _MASSES @ each**2 for power, each in zip(powers, given, strict=True)]
