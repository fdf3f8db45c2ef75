"""The welfare model (proxy-means test): candidates compared out of sample, on what the programme cares about.

Predictions are made for whole primary sampling units left out in turn, so that neighbours do not vouch for each other.

What fits the candidates (statsmodels, scikit-learn) is imported where they are fitted: most runs fit none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.checks import one_of, several
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.poverty.encoding import Encoding, independent

FloatArray = NDArray[np.float64]
LEAKAGE_AUC = 0.90  # a registry model above this has most likely seen the answer (a rank used as a predictor)
KINDS = ("wls", "lasso", "quantile", "logit")


@dataclass(frozen=True, eq=False)
class WelfareModel:
    """Candidates side by side and the chosen one.

    Attributes
    ----------
    comparison
        Per candidate, out of sample: ``candidate, r2, exclusion_at_quota, auc, calibration_slope, poorest_residual,
        terms`` and ``chosen``. ``r2`` and ``poorest_residual`` (mean log residual of the poorest fifth) are missing for
        ``logit``, which predicts no welfare.
    chosen
        Name of the candidate with the fewest terms among those within one standard error of the lowest exclusion.
    covariates
        Covariates the chosen candidate keeps.
    coefficients
        ``term, value, se, t`` of a weighted least-squares fit of the kept covariates, with design-based errors.
    predictions
        Out-of-fold predicted log welfare of every household by weighted least squares on all covariates, in the
        design's order; the same whichever candidates were compared.
    smearing
        Duan's factor that turns exp(prediction) into expected welfare, from the residuals of ``predictions``.
    warnings
        What the researcher should look at.
    """

    comparison: pd.DataFrame
    chosen: str
    covariates: tuple[str, ...]
    coefficients: pd.DataFrame
    predictions: FloatArray
    smearing: float
    warnings: tuple[str, ...]


def welfare_model(
    design: SurveyDesign,
    welfare: str,
    candidates: Sequence[str],
    line: float,
    *,
    kinds: Sequence[str] = KINDS,
    always: Sequence[str] = (),
    folds: int = 10,
    rare: int = 15,
    seed: int = 0,
) -> WelfareModel:
    """Compare ways to predict poverty from covariates and choose one.

    ``wls``: weighted least squares of log welfare on all covariates. ``lasso``: the same on the covariates that a lasso
    with cross-validated penalty keeps. ``quantile``: weighted quantile regression at the headcount (linear
    programming). ``logit``: weighted logit of being poor. Each ranks households; the poorest ranked, as many (weighted)
    as are truly poor, are the quota, and the truly poor outside it are the exclusion error.

    Parameters
    ----------
    design
        Survey; weights and PSUs are taken from it.
    welfare
        Column, positive.
    candidates
        Covariates to choose from, numeric or categorical; a constant is added.
    line
        Poverty line in welfare's unit.
    always
        Covariates among the candidates that the lasso keeps whatever its penalty says: those by which families are told
        apart afterwards. What the model does not know of a group, it denies (congeniality: Meng 1994).
    kinds, folds, rare, seed
        Kinds of candidate, or one by its name; groups of PSUs left out in turn, two or more; levels with fewer
        households are pooled; seed of the folds.

    Returns
    -------
    WelfareModel
        Candidates side by side, the chosen one, its covariates and coefficients (of log welfare).

    Raises
    ------
    EstimationError
        Welfare not positive, nobody or everybody poor, constant, missing or dependent covariates, a sample of one PSU,
        fewer than two folds, unknown kinds or none.

    References
    ----------
    Duan (1983), JASA 78, for smearing; Koenker & Bassett (1978), Econometrica 46; Meng (1994), Statistical Science 9.
    """
    candidates, kinds, always = several(candidates), several(kinds), several(always)
    for kind in kinds:
        one_of(kind, KINDS, "kind of candidate")
    if not kinds:
        raise EstimationError(f"name at least one kind of candidate: {', '.join(KINDS)}")
    if folds < 2:
        raise EstimationError(f"out of {folds} group(s) of PSUs none can be left out: folds must be 2 or more")
    for name in always:
        one_of(name, candidates, "covariate that is always kept")
    data = design.data
    y = np.log(_positive(design.numeric(welfare), welfare))
    w = design.weight
    poor = design.numeric(welfare) < line
    if poor.all() or not poor.any():
        raise EstimationError(
            "the line separates nobody: everyone or no one in the sample is poor", "line_separates_nobody"
        )
    encoding = Encoding.of(data, candidates, rare)
    X = encoding.matrix(data, "reference")
    independent(X, encoding.terms)
    groups = pd.factorize(design.sampling.psu)[0]  # a PSU's label is read within its stratum
    if groups.max() == 0:
        raise EstimationError("the sample is a single PSU: none can be left out")
    fold = np.random.default_rng(seed).permutation(groups.max() + 1)[groups] % folds
    headcount = float(w @ poor / w.sum())
    kept = _lasso_terms(X, y, w, fold, encoding) | set(always)
    columns = [0, *(place for place, term in enumerate(encoding.terms) if _owner(term) in kept)]
    matrices = {kind: X[:, columns] if kind == "lasso" else X for kind in kinds}

    def left_out(kind: str) -> FloatArray:
        score, matrix = np.empty(len(y)), matrices.get(kind, X)
        for out in range(folds):
            inside = fold != out
            own = matrix[:, _told_apart(matrix[inside])]
            beta = _fit(kind, own[inside], y[inside], w[inside], poor[inside], headcount)
            score[~inside] = own[~inside] @ beta
        return score

    scores = {kind: left_out(kind) for kind in kinds}
    comparison = pd.DataFrame(
        {"candidate": kind, **_scores(kind, score, y, w, poor, headcount), "terms": matrices[kind].shape[1]}
        for kind, score in scores.items()
    )
    chosen = _choose(comparison, w[poor])
    comparison["chosen"] = comparison["candidate"] == chosen
    covariates = tuple(name for name in candidates if chosen != "lasso" or name in kept)
    encoded = Encoding.of(data, covariates, rare)
    predictions = scores["wls"] if "wls" in scores else left_out("wls")
    warnings = [
        f"{kind}: AUC {auc:.2f} above {LEAKAGE_AUC} points to a covariate that already holds the answer"
        for kind, auc in zip(comparison["candidate"], comparison["auc"], strict=True)
        if auc > LEAKAGE_AUC
    ]
    return WelfareModel(
        comparison,
        chosen,
        covariates,
        _coefficients(design, encoded, y, w),
        predictions,
        float(w @ np.exp(y - predictions) / w.sum()),
        tuple(warnings),
    )


def comparability(
    survey: pd.DataFrame, registry: pd.DataFrame, covariates: Sequence[str], weights: str
) -> pd.DataFrame:
    """Whether survey and registry see the same population in each covariate.

    Parameters
    ----------
    survey, registry
        Records of both; what is missing in a covariate is left out of it.
    covariates
        Columns of both.
    weights
        Column of the survey's weights.

    Returns
    -------
    pandas.DataFrame
        ``covariate, difference, comparable``. ``difference`` is the standardised difference of weighted survey mean and
        registry mean for numbers, and the total variation distance of the distributions for categories; below 0.25
        and 0.15 they count as comparable.

    References
    ----------
    Rubin (2001), for the bound of 0.25.

    Examples
    --------
    >>> survey = pd.DataFrame({"w": [1.0, 3.0], "floor": ["good", "earth"]})
    >>> registry = pd.DataFrame({"floor": ["good", "earth"]})
    >>> comparability(survey, registry, ["floor"], "w")["difference"].item()
    0.25
    """
    rows = []
    for name in covariates:
        one, two = survey[name].dropna(), registry[name].dropna()  # what is missing is left out on both sides
        w = survey.loc[survey[name].notna(), weights].to_numpy(dtype=float)
        if pd.api.types.is_numeric_dtype(one):
            mine, theirs = one.to_numpy(dtype=float), two.to_numpy(dtype=float)
            gap = abs(float(w @ mine / w.sum() - theirs.mean()))
            spread = float(np.sqrt((np.var(mine) + np.var(theirs)) / 2))
            value = gap / spread if spread else np.inf if gap else 0.0
            rows.append({"covariate": name, "difference": value, "comparable": value < 0.25})
            continue
        shares = pd.Series(w).groupby(one.astype(str).to_numpy()).sum() / w.sum()
        value = float(shares.sub(two.astype(str).value_counts(normalize=True), fill_value=0).abs().sum() / 2)
        rows.append({"covariate": name, "difference": value, "comparable": value < 0.15})
    return pd.DataFrame(rows)


def weighted_quantile_regression(X: FloatArray, y: FloatArray, w: FloatArray, level: float) -> FloatArray:
    """Koenker & Bassett's (1978) regression quantile with sampling weights, as a linear programme (HiGHS)."""
    n, p = X.shape
    cost = np.concatenate([np.zeros(p), level * w, (1 - level) * w])
    equal = np.hstack([X, np.eye(n), -np.eye(n)])
    bounds = [(None, None)] * p + [(0, None)] * (2 * n)
    found = linprog(cost, A_eq=equal, b_eq=y, bounds=bounds, method="highs")
    if found.status != 0:
        raise EstimationError(f"quantile regression found no solution: {found.message}")
    return np.asarray(found.x[:p])


def _choose(comparison: pd.DataFrame, weight_of_poor: FloatArray) -> str:
    """The candidate with the fewest terms among those within one standard error of the lowest exclusion."""
    best = float(comparison["exclusion_at_quota"].min())
    effective = weight_of_poor.sum() ** 2 / (weight_of_poor**2).sum()
    error = float(np.sqrt(best * (1 - best) / effective))
    near = comparison[comparison["exclusion_at_quota"] <= best + error]
    return str(near.sort_values(["terms", "exclusion_at_quota"])["candidate"].iloc[0])


def _positive(values: FloatArray, name: str) -> FloatArray:
    if count := int((~((values > 0) & (values < np.inf))).sum()):
        raise EstimationError(f"{count} households have no {name!r} above zero", "welfare_not_positive", count=count)
    return values


def _owner(term: str) -> str:
    return term.split(": ")[0]


def _lasso_terms(X: FloatArray, y: FloatArray, w: FloatArray, fold: NDArray[np.int64], encoding: Encoding) -> set[str]:
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(fold.max() + 1)]
    from sklearn.linear_model import Lasso, LassoCV

    path = LassoCV(cv=splits, max_iter=50_000, n_jobs=1).fit(X[:, 1:], y, sample_weight=w)
    mean = path.mse_path_.mean(axis=1)
    error = path.mse_path_.std(axis=1) / np.sqrt(len(splits))
    best = int(np.argmin(mean))
    penalty = float(path.alphas_[mean <= mean[best] + error[best]].max())
    final = Lasso(penalty, max_iter=50_000).fit(X[:, 1:], y, sample_weight=w)
    return {_owner(term) for term, value in zip(encoding.terms[1:], final.coef_, strict=True) if value != 0}


def _told_apart(X: FloatArray) -> NDArray[np.bool_]:
    """Which columns are no combination of those before them.

    Where all who have something live in the blocks left out, the others cannot tell what it is worth: any number would
    fit them equally well, and those left out would be predicted by it. It counts nothing for them instead.
    """
    remaining = np.abs(np.diag(np.linalg.qr(X, mode="r")))
    return remaining > 1e-9 * np.linalg.norm(X, axis=0)


def _fit(
    kind: str, X: FloatArray, y: FloatArray, w: FloatArray, poor: NDArray[np.bool_], headcount: float
) -> FloatArray:
    """Coefficients of a score that is low for the poor."""
    if kind == "quantile":
        return weighted_quantile_regression(X, y, w / w.mean(), headcount)
    if kind == "logit":
        from statsmodels.genmod.families import Binomial
        from statsmodels.genmod.generalized_linear_model import GLM

        ridge = GLM(poor.astype(float), X, family=Binomial(), freq_weights=w / w.mean())
        return -np.asarray(ridge.fit_regularized(alpha=1e-4, L1_wt=0.0).params)
    return _least_squares(X, y, w)


def _least_squares(X: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    from statsmodels.regression.linear_model import WLS

    return np.asarray(WLS(y, X, weights=w).fit().params)


def _scores(
    kind: str, score: FloatArray, y: FloatArray, w: FloatArray, poor: NDArray[np.bool_], headcount: float
) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    order = np.argsort(score, kind="stable")
    inside = np.empty(len(y), dtype=bool)
    reached = np.cumsum(w[order])  # sums of weights meet the quota exactly only up to rounding
    inside[order] = reached <= (headcount + 1e-12) * reached[-1]
    scores = {
        "r2": np.nan,
        "exclusion_at_quota": float(w[poor & ~inside].sum() / w[poor].sum()),
        "auc": float(roc_auc_score(poor, -score, sample_weight=w)),
        "calibration_slope": np.nan,
        "poorest_residual": np.nan,
    }
    if kind in ("wls", "lasso"):
        from statsmodels.tools import add_constant

        centre = np.average(y, weights=w)
        scores["r2"] = float(1 - w @ (y - score) ** 2 / (w @ (y - centre) ** 2))
        scores["calibration_slope"] = float(_least_squares(add_constant(score), y, w)[1])
        poorest = y <= np.quantile(y, 0.2)
        scores["poorest_residual"] = float(np.average((y - score)[poorest], weights=w[poorest]))
    return scores


def _coefficients(design: SurveyDesign, encoding: Encoding, y: FloatArray, w: FloatArray) -> pd.DataFrame:
    """Weighted least squares with the design's sandwich."""
    X = encoding.matrix(design.data, "reference")
    inverse = np.linalg.inv((X.T * w) @ X)
    beta = inverse @ (X.T @ (w * y))
    influence = (y - X @ beta)[:, None] * (X @ inverse)
    turn = encoding.unscaling()
    covariance = turn @ design.covariance(influence) @ turn.T
    value, se = turn @ beta, np.sqrt(np.diag(covariance))
    return pd.DataFrame({"term": encoding.terms, "value": value, "se": se, "t": value / se})
