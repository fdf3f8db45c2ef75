"""Recipients outside a programme's own rules: another thing than recipients who are not poor."""

from collections.abc import Mapping

import pandas as pd

from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Items, estimate, linear_rules, rows_of
from kaur_analysis.targeting.evidence import Block, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula, ratio, total
from kaur_analysis.targeting.inputs import Array, probability
from kaur_analysis.targeting.intervals import tidy
from kaur_analysis.targeting.measures import with_route

_FORMULAS: Mapping[str, Formula] = {
    "outside_rules": ratio("outside", "recipients"),
    "outside_rules_families": total("outside"),
}


def outside_rules(
    frame: pd.DataFrame,
    outside: Mapping[str, str],
    weights: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Recipients who do not meet the rules of the programme they receive.

    A programme for desil 1 to 4 serves many who are not extremely poor and are meant to be served: inclusion error
    against extreme poverty says nothing of whether its rules are kept. With receipt T, link probability included, and
    O = 1 where the rules are known not to be met: ``outside_rules_families`` = Σ w T O and ``outside_rules`` =
    Σ w T O / Σ w T. No poverty enters, so that only links (or the sample) are uncertain.

    Parameters
    ----------
    frame, weights, by, design, received_draws, confidence, seed
        As in :func:`targeting_measures`.
    outside
        Programme (its column of receipt) → column: 1 where the family is known not to meet the programme's rules, 0
        where it meets them or this is not known. Programmes without rules are left out.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures`; ``outside_rules`` is a share of the recipients found in the registry.

    Raises
    ------
    EstimationError
        As in :func:`targeting_measures`.

    References
    ----------
    Errors as in :func:`targeting_measures`.
    """
    given = Uncertainty(None, received_draws, None, seed)
    evidence = read_evidence(
        frame, None, list(outside), weights, None, None, by, design, given, confidence, with_any=False
    )
    unmet = {programme: probability(frame, column)[:, None] for programme, column in outside.items()}

    def views(block: Block) -> dict[str, Items]:
        return {
            programme: {"recipients": received, "outside": received * unmet[programme]}
            for programme, received in block.received.items()
        }

    links = evidence.dependent_links(given)
    rules = linear_rules(evidence.setting, dict.fromkeys(unmet, _FORMULAS), links, behind=evidence.behind)
    draws = ((block.size, views(block).items()) for block in evidence.joint_draws(given))
    rows: list[dict[str, object]] = []
    for (place, programme), by_measure in estimate(evidence.setting, views(evidence.expected()), draws, rules).items():
        groups = evidence.setting.partitions[place]
        counts = evidence.counts(groups, programme)
        for measure, estimated in by_measure.items():
            rows += rows_of(measure, programme, groups, estimated, counts)
    return with_route(tidy(rows), design)
