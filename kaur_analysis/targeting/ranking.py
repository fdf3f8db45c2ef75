"""How well a ranking finds the poor, whatever programme uses it: by desil, by model, by a community."""

from collections.abc import Sequence

import pandas as pd

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.definitions import definition
from kaur_analysis.targeting.inputs import Draws, Groups, numbers, weight_of
from kaur_analysis.targeting.measures import targeting_measures, with_route
from kaur_analysis.targeting.ranks import fractional_ranks

_AT_QUOTA = {"precision": "precision_at_quota", "true_positive_rate": "recall_at_quota"}


def ranking_measures(
    frame: pd.DataFrame,
    scores: str | Sequence[str],
    poor: str,
    welfare: str | None = None,
    quotas: Sequence[float] = (0.1, 0.2, 0.4),
    weights: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    poor_draws: Draws | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Area under the ROC curve, rank correlation, and precision and recall when a quota is filled by the ranking.

    Parameters
    ----------
    frame, poor, weights, by, design, poor_draws, confidence, seed
        As in :func:`targeting_measures`.
    scores
        Columns, low is served first (a desil, predicted welfare, a community's rank).
    welfare
        Column of welfare for the rank correlation (positive: the score orders families as welfare does).
    quotas
        Shares of all families that can be served; equals at the margin are served by lottery.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures`, ``programme`` being the score: ``score_auc``, ``score_rank_correlation``,
        ``precision_at_quota_20``, ``recall_at_quota_20`` and so on.

    Raises
    ------
    EstimationError
        A quota outside 0–1, or as in :func:`targeting_measures`.

    References
    ----------
    Hanna & Olken (2018), Journal of Economic Perspectives 32, for errors at a quota; errors as in
    :func:`targeting_measures`.
    """
    names = (scores,) if isinstance(scores, str) else tuple(scores)
    if not all(0 < quota < 1 for quota in quotas):
        raise EstimationError("Kuota adalah bagian keluarga di antara 0 dan 1.")
    weight = weight_of(frame, weights) if design is None else design.weight

    def measured(table: pd.DataFrame, received: str, benefit: str | None, rank_by: str | None) -> pd.DataFrame:
        return targeting_measures(
            table,
            poor,
            received,
            weights,
            benefit,
            rank_by,
            by,
            design,
            poor_draws=poor_draws,
            confidence=confidence,
            seed=seed,
        )

    def of_score(name: str) -> pd.DataFrame:
        score = numbers(frame, name)
        ranks = fractional_ranks(score, weight, Groups.everyone(len(frame)))
        order = measured(frame.assign(_all=1.0, _merit=score.max() - score + 1.0), "_all", "_merit", welfare)
        parts = [order[order["measure"] == "auc"].assign(measure="score_auc")]
        against = order[order["measure"] == "rank_correlation"]  # merit runs against the score
        parts.append(
            against.assign(
                measure="score_rank_correlation", value=-against["value"], low=-against["high"], high=-against["low"]
            )
        )
        for quota in quotas:
            chosen = measured(frame.assign(_chosen=ranks.within(0.0, quota)[:, 0]), "_chosen", None, None)
            kept = chosen[chosen["measure"].isin(_AT_QUOTA)]
            parts.append(kept.assign(measure=kept["measure"].map(_AT_QUOTA) + f"_{100 * quota:g}"))
        return pd.concat(parts).assign(programme=name)

    table = pd.concat([of_score(name) for name in names], ignore_index=True)
    table["denominator"] = [definition(measure).denominator for measure in table["measure"]]
    return with_route(table, design)
