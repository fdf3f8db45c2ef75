"""Poverty given receipt: what a list tells about a family beyond its covariates.

A registry's P(poor | x) knows nothing of receipt. Where recipients were chosen with more knowledge than x holds (a
village meeting sees who goes hungry), recipients are poorer than P(poor | x) says and the others richer; draws made
without receipt then overstate both errors, and their intervals miss the truth. A survey that asks about receipt shows
by how much: it is where poverty, covariates and receipt are seen together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.inputs import BLOCK, Array, Groups, numbers, probability, programme_names, weight_of
from kaur_analysis.targeting.logistic import fit_logit

EDGE = 1e-6  # probabilities are kept this far from 0 and 1 on the logit scale


@dataclass(frozen=True)
class ReceiptAdjustment:
    """Fitted P(poor | x, T) = expit(a + b logit P(poor | x) + Σ_k β_k T_k).

    Attributes
    ----------
    programmes
        Receipt columns, in the order of the coefficients.
    coefficients
        ``intercept``, ``slope`` of the logit, then the log odds ratio of every programme; all but the slope are zero
        (and the slope one) where receipt tells nothing.
    covariance
        Their covariance under the survey's design.
    """

    programmes: tuple[str, ...]
    coefficients: pd.Series
    covariance: pd.DataFrame

    def probability(self, probability: Array, received: Mapping[str, Array]) -> Array:
        """P(poor | x, T) of every family.

        Parameters
        ----------
        probability
            P(poor | x), rows.
        received
            Receipt by programme, rows or rows × M.

        Returns
        -------
        Probabilities, rows or rows × M.

        Raises
        ------
        EstimationError
            A programme of the fit is not among ``received``.
        """
        log_odds = logit(np.clip(probability, EDGE, 1 - EDGE))[:, None]
        return self._adjusted(log_odds, received, self.coefficients.to_numpy()[:, None]).squeeze()

    def draws(
        self,
        poor_draws: Array,
        probability: Array,
        received: Mapping[str, Array],
        areas: Array | None = None,
        seed: int = 0,
    ) -> Array:
        """Turn joint draws of poverty given x into joint draws given x and receipt.

        Every draw has its own rate of poverty per area; the part of it that is not the chance of single families is
        taken as that draw's shift of all probabilities of the area (by the ratio of its variance to the whole). So with
        p the shifted probability and q the one given receipt, a family drawn not poor becomes poor with probability (q
        − p)/(1 − p) where receipt raises p to q, and a family drawn poor stays so with probability q/p where it lowers
        it: every margin is q, the uncertainty of areas and parameters stays, and that of the coefficients is added.

        Parameters
        ----------
        poor_draws
            0/1, rows × M.
        probability
            P(poor | x) that the draws have on average, rows.
        received
            Receipt by programme, rows or rows × M: joint draws where links are uncertain.
        areas
            Labels of the areas whose effects the draws share; without it all families are one area.
        seed
            Of the coefficients and the changes.

        Returns
        -------
        Boolean draws, rows × M; hand ``received`` on as ``received_draws`` where it was drawn.

        Raises
        ------
        EstimationError
            Draws that are not rows × M, or a programme of the fit that is not among ``received``.
        """
        given = np.asarray(poor_draws) > 0.5
        if given.ndim != 2 or len(given) != len(probability):
            raise EstimationError("Tarikan kemiskinan harus berupa baris × tarikan dengan baris yang sama.")
        generator = np.random.default_rng(seed)
        coefficients = generator.multivariate_normal(
            self.coefficients.to_numpy(), self.covariance.to_numpy(), given.shape[1], method="eigh"
        ).T
        codes = np.zeros(len(given), dtype=np.intp) if areas is None else pd.factorize(np.asarray(areas))[0]
        shift = _area_shifts(given, probability, codes)
        at = logit(np.clip(probability, EDGE, 1 - EDGE))[:, None]
        result = np.empty(given.shape, dtype=bool)
        for start in range(0, given.shape[1], BLOCK):
            block = slice(start, start + BLOCK)
            lists = {name: _columns(receipt, block) for name, receipt in received.items()}
            shifted = at + shift[codes, block]
            before, after = expit(shifted), self._adjusted(shifted, lists, coefficients[:, block])
            chance = generator.random(after.shape)
            result[:, block] = np.where(
                given[:, block], chance < after / before, chance < (after - before) / (1 - before)
            )
        return result

    def _adjusted(self, log_odds: Array, received: Mapping[str, Array], coefficients: Array) -> Array:
        """P(poor | x, T), rows × M, from the log odds of P(poor | x); ``coefficients`` are parameters × M."""
        linear = coefficients[0] + coefficients[1] * log_odds
        for place, programme in enumerate(self.programmes, start=2):
            if programme not in received:
                raise EstimationError(f"Penerimaan '{programme}' diperlukan oleh penyesuaian.")
            receipt = np.asarray(received[programme], dtype=float)
            linear = linear + coefficients[place] * (receipt[:, None] if receipt.ndim == 1 else receipt)
        return expit(linear)


def _area_shifts(given: Array, probability: Array, codes: Array) -> Array:
    """Shift of the log odds in every draw, areas × M, by which the draw's probabilities differ from the average."""
    families = np.bincount(codes).astype(float)
    matrix = Groups(tuple(map(str, range(len(families)))), codes).matrix(np.ones(len(codes)))
    rate = (matrix @ given.astype(float)) / families[:, None]
    deviation = rate - rate.mean(axis=1, keepdims=True)
    spread = np.bincount(codes, probability * (1 - probability))
    chance = spread / families**2
    variance = deviation.var(axis=1, ddof=1) if given.shape[1] > 1 else np.zeros(len(families))
    reliability = np.divide(
        np.maximum(variance - chance, 0.0), variance, out=np.zeros_like(variance), where=variance > 0
    )
    slope = np.maximum(spread / families, EDGE)  # mean derivative of the probability in the log odds
    return reliability[:, None] * deviation / slope[:, None]


def _columns(receipt: Array, block: slice) -> Array:
    given = np.asarray(receipt)
    return given[:, block] if given.ndim == 2 and given.shape[1] > 1 else given


def receipt_adjustment(
    frame: pd.DataFrame,
    poor: str,
    predicted: str,
    received: str | Sequence[str],
    weights: str | None = None,
    design: SurveyDesign | None = None,
) -> ReceiptAdjustment:
    """Estimate from a survey what receipt tells about poverty beyond the welfare model.

    Parameters
    ----------
    frame
        Survey households.
    poor
        Column: 1 where observed welfare lies below the line.
    predicted
        Column: P(poor | x) by the welfare model as a registry family with these covariates would get it (without the
        household's own expenditure: predictions across folds).
    received
        Column or columns: reported receipt 0/1, named as the registry's programmes.
    weights, design
        Weights; or the design, which has its own and gives the covariance.

    Returns
    -------
    ReceiptAdjustment

    Raises
    ------
    EstimationError
        A programme has no or only recipients, poverty is all 0 or all 1, or receipt separates the poor.

    Notes
    -----
    Weighted pseudo-likelihood logit, sandwich covariance: by the design's variance of the scores, else with households
    independent. It assumes that reported receipt means what the lists mean, and that the survey's population is the
    registry's. The alternative, in the welfare model itself, is receipt among the covariates of survey and registry.

    References
    ----------
    Binder (1983), International Statistical Review 51.
    """
    names = programme_names(received)
    outcome = numbers(frame, poor, 0.0, 1.0)
    if outcome.min() == outcome.max():
        raise EstimationError("Semua rumah tangga miskin, atau semua tidak miskin: penyesuaian tidak dapat diduga.")
    columns = [np.ones(len(frame)), logit(np.clip(probability(frame, predicted), EDGE, 1 - EDGE))]
    for name in names:
        receipt = probability(frame, name)
        if receipt.min() == receipt.max():
            raise EstimationError(f"Program '{name}' di survei tidak bervariasi: penyesuaian tidak dapat diduga.")
        columns.append(receipt)
    X = np.column_stack(columns)
    weight = design.weight if design is not None else weight_of(frame, weights)
    weight = weight / weight.mean()
    try:
        coefficients = fit_logit(X, outcome, weight)
    except EstimationError as error:
        raise EstimationError(
            "Penerimaan memisahkan miskin dan tidak miskin di survei: penyesuaian tidak dapat diduga."
        ) from error
    fitted = expit(X @ coefficients)
    bread = np.linalg.inv(X.T @ ((weight * fitted * (1 - fitted))[:, None] * X))
    effect = X * (outcome - fitted)[:, None] @ bread  # influence of each household on the coefficients
    covariance = _covariance(effect, weight, design)
    index = pd.Index(["intercept", "slope", *names])
    return ReceiptAdjustment(
        names, pd.Series(coefficients, index=index), pd.DataFrame(covariance, index=index, columns=index)
    )


def links_given_covariates(frame: pd.DataFrame, link: str, covariates: Sequence[str], rounds: int = 200) -> Array:
    """Link probabilities that know what kind of family is at hand.

    A linkage gives every doubtful pair the same prior, the overall share of recipients. Recipients are poorer than
    others, so that a doubtful link to a poor family is likelier true than one to a rich family; ignoring this
    overstates both targeting errors. By EM on all families: the prior becomes e(x), a logit of receipt on the
    covariates, and the evidence of each pair, odds(link)/odds(overall), stays as it was.

    Parameters
    ----------
    frame
        Registry families.
    link
        Column: probability that the family is on the list, 0 and 1 where known, calibrated overall.
    covariates
        Numeric columns, such as the logit of P(poor) and the area's dummies.
    rounds
        At most so many rounds of EM.

    Returns
    -------
    Probabilities, rows; 0 and 1 stay.

    Raises
    ------
    EstimationError
        Columns absent, missing or outside their range.

    References
    ----------
    Dempster, Laird & Rubin (1977), JRSS B 39, for the EM algorithm.
    """
    given = probability(frame, link)
    is_doubtful = (given > 0) & (given < 1)
    if not is_doubtful.any():
        return given
    X = np.column_stack([np.ones(len(frame)), *(numbers(frame, name) for name in covariates)])
    overall = given.mean()
    evidence = logit(given[is_doubtful]) - logit(overall)
    current = given.copy()
    weight = np.ones(len(frame))
    for _ in range(rounds):
        prior = X[is_doubtful] @ fit_logit(X, current, weight)
        updated = expit(evidence + prior)
        change = np.abs(updated - current[is_doubtful]).max()
        current[is_doubtful] = updated
        if change < 1e-6:
            break
    return current


def _covariance(effect: Array, weight: Array, design: SurveyDesign | None) -> Array:
    if design is None:
        scores = effect * weight[:, None]
        return scores.T @ scores
    # Scale of the weights: influences per design weight, so that Σ (design weight) × influence is the deviation.
    design_weight = design.weight
    effect = effect / design_weight.mean()
    size = effect.shape[1]
    single = [design.variance(effect[:, j]) for j in range(size)]
    covariance = np.diag(single)
    for j in range(size):
        for k in range(j):
            # V(a + b) = V(a) + V(b) + 2 Cov(a, b)
            both = (design.variance(effect[:, j] + effect[:, k]) - single[j] - single[k]) / 2
            covariance[j, k] = covariance[k, j] = both
    return covariance
