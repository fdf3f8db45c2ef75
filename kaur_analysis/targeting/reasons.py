"""Why poor families were missed and why others were included, so that each agency sees what it can mend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting.engine import Rules, Setting, estimate, nested, rows_of
from kaur_analysis.targeting.evidence import ANY, Block, Uncertainty, read_evidence
from kaur_analysis.targeting.formulas import Formula, ratio, total
from kaur_analysis.targeting.inputs import Array, Draws, probability
from kaur_analysis.targeting.intervals import COLUMNS, tidy
from kaur_analysis.targeting.measures import with_route
from kaur_analysis.targeting.totals import Totals


def error_decomposition(
    frame: pd.DataFrame,
    poor: str,
    received: str | Sequence[str],
    weights: str | None = None,
    by: str | None = None,
    design: SurveyDesign | None = None,
    *,
    listed: str | None = None,
    eligible: str | Mapping[str, str] | None = None,
    poor_before: str | None = None,
    poor_draws: Draws | None = None,
    received_draws: Mapping[str, Array] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Split the exclusion and the inclusion error by the first thing that went wrong.

    A missed poor family is ``unlisted`` (not in the registry), else ``ranked_out`` (in it, outside the programme's
    criteria), else ``unserved`` (eligible and still without it). A recipient who is not poor has ``graduated`` (was
    poor when chosen), else is ``unlisted``, else ``ranked_in`` (eligible, so the ranking erred) or ``ineligible``
    (served against the criteria). Every case has exactly one reason, so that reasons add up to the error (Bah, Bazzi,
    Sumarto & Tobias 2019 for the missed).

    Parameters
    ----------
    frame, poor, received, weights, by, design, poor_draws, received_draws, confidence, seed
        As in :func:`targeting_measures`.
    listed
        Column: 1 where the family is in the registry the programmes select from. Without it nothing is said about
        registration, and the reason ``unlisted`` is absent.
    eligible
        Column, or mapping programme → column: 1 where the registry's ranking and the programme's criteria admit the
        family. Without it there is neither ``ranked_out`` nor ``ranked_in``/``ineligible``.
    poor_before
        Column: 1 (or the probability) that the family was poor when recipients were chosen; else no ``graduated``.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`targeting_measures` and ``error`` (``exclusion``, ``inclusion``) and ``reason``. Three
        measures per reason: ``missed_<reason>`` is its share of the missed, ``missed_<reason>_families`` their expected
        number, ``exclusion_<reason>`` its share of all poor families (likewise ``included_…`` and, of recipients,
        ``inclusion_…``).

    Raises
    ------
    EstimationError
        A programme without its column of eligibility, or as in :func:`targeting_measures`.

    Notes
    -----
    Recipients found in no family have no reason: they are the third class of :func:`targeting_measures`.

    References
    ----------
    Bah, Bazzi, Sumarto & Tobias (2019), World Bank Economic Review 33.
    """
    given = Uncertainty(poor_draws, received_draws, None, seed)
    evidence = read_evidence(
        frame, poor, received, weights, None, None, by, design, given, confidence, with_any=eligible is None
    )
    programmes = [receipt.programme for receipt in evidence.receipts]
    reasons = {
        programme: _reasons(frame, listed, _eligible_column(eligible, programme), poor_before)
        for programme in programmes
    }

    weighing = {programme: _weighing(evidence.setting, reasons[programme]) for programme in programmes}

    def views(block: Block) -> dict[str, _Cases]:
        return {
            programme: _Cases(block.poor, received_now, reasons[programme], weighing[programme])
            for programme, received_now in block.received.items()
        }

    formulas = {programme: _formulas(reasons[programme]) for programme in programmes}
    links = evidence.dependent_links(given)
    rules = Rules(*_summing(evidence.setting), formulas, links, behind=evidence.behind)
    draws = ((block.size, views(block).items()) for block in evidence.joint_draws(given))
    rows: list[dict[str, object]] = []
    for (place, programme), by_measure in estimate(evidence.setting, views(evidence.expected()), draws, rules).items():
        groups = evidence.setting.partitions[place]
        counts = evidence.counts(groups, programme)
        for measure, estimated in by_measure.items():
            side, reason = measure.removesuffix("_families").split("_", 1)
            error = "exclusion" if side in ("missed", "exclusion") else "inclusion"
            rows += rows_of(measure, programme, groups, estimated, counts, error=error, reason=reason)
    return with_route(tidy(rows, [*COLUMNS[:4], "error", "reason", *COLUMNS[4:]]), design)


def _eligible_column(eligible: str | Mapping[str, str] | None, programme: str) -> str | None:
    if eligible is None or isinstance(eligible, str):
        return eligible
    if programme not in eligible and programme != ANY:
        raise EstimationError(f"Kolom kelayakan untuk program '{programme}' belum disebut.")
    return eligible[programme]


def _reasons(
    frame: pd.DataFrame, listed: str | None, eligible: str | None, poor_before: str | None
) -> dict[str, dict[str, Array]]:
    """Per error, the part of each family's case that falls to each reason; parts add up to one."""
    everyone = np.ones((len(frame), 1))
    in_registry = everyone if listed is None else probability(frame, listed)[:, None]
    admitted = everyone if eligible is None else probability(frame, eligible)[:, None]
    before = 0 * everyone if poor_before is None else probability(frame, poor_before)[:, None]
    missed = {"unserved": in_registry * admitted}
    included = {"ranked_in": (1 - before) * in_registry * admitted}
    if eligible is not None:
        missed["ranked_out"] = in_registry * (1 - admitted)
        included["ineligible"] = (1 - before) * in_registry * (1 - admitted)
    if listed is not None:
        missed["unlisted"] = 1 - in_registry
        included["unlisted"] = (1 - before) * (1 - in_registry)
    if poor_before is not None:
        included["graduated"] = before
    return {"missed": missed, "included": included}


@dataclass(frozen=True)
class _Cases:
    """One programme's families, and which part of each family's case falls to which reason (rows × 1, by error).

    ``weighing`` are, by error, the classes of one reason after the other × rows: weights times that part.
    """

    poor: Array
    received: Array
    reasons: Mapping[str, Mapping[str, Array]]
    weighing: Mapping[str, sparse.csr_matrix]

    @cached_property
    def reached(self) -> Array:
        """Poor recipients, rows × M."""
        return self.poor * self.received


def _weighing(setting: Setting, reasons: Mapping[str, Mapping[str, Array]]) -> dict[str, sparse.csr_matrix]:
    """The same for all draws, so that it is made once."""
    groups, found = setting.partitions[-1], {}
    for side, parts in reasons.items():
        weighted = [groups.matrix(setting.weights * part[:, 0]) for part in parts.values()]
        found[side] = sparse.vstack(weighted, format="csr")
        found[side].eliminate_zeros()
    return found


def _summing(
    setting: Setting,
) -> tuple[Callable[[_Cases], list[Totals]], Callable[[_Cases, int, Totals], Totals]]:
    """Sums and influences. A reason's sum weighs each family by its part in it, so that draws are never split up.

    A case is the difference of two columns (missed = poor − reached), so its sum is that of theirs; reasons add up to
    their case, and over the reasons of one side everybody counts once.
    """

    def sums(view: _Cases) -> list[Totals]:
        reached: Array = np.zeros(1)
        fine: Totals = {}
        for side, all_of in (("missed", view.poor), ("included", view.received)):
            parts, weighing = view.reasons[side], view.weighing[side]
            of_all, of_reached = weighing @ all_of, weighing @ view.reached
            cases = np.split(of_all - of_reached, len(parts))
            fine |= {f"{side}_{reason}": case for reason, case in zip(parts, cases, strict=True)}
            fine[side] = np.sum(cases, axis=0)
            reached = np.sum(np.split(of_reached, len(parts)), axis=0)
        fine |= {"poor": fine["missed"] + reached, "recipients": fine["included"] + reached}
        return nested(setting, fine)

    def influence(view: _Cases, place: int, at: Totals) -> Totals:
        cases = {"missed": view.poor - view.reached, "included": view.received - view.reached}
        columns = {"poor": view.poor, "recipients": view.received, **cases}
        for side, parts in view.reasons.items():
            columns |= {f"{side}_{reason}": cases[side] * part for reason, part in parts.items()}
        return {name: column[:, 0] for name, column in columns.items()}

    return sums, influence


def _formulas(reasons: Mapping[str, Mapping[str, Array]]) -> dict[str, Formula]:
    formulas: dict[str, Formula] = {}
    for side, error, base in (("missed", "exclusion", "poor"), ("included", "inclusion", "recipients")):
        for reason in reasons[side]:
            formulas[f"{side}_{reason}"] = ratio(f"{side}_{reason}", side)
            formulas[f"{side}_{reason}_families"] = total(f"{side}_{reason}")
            formulas[f"{error}_{reason}"] = ratio(f"{side}_{reason}", base)
    return formulas
