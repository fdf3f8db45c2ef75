"""Step 03, targeting: who was reached, who was missed, why, and what the same rupiah could have done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.contracts import TARGETING, checked
from kaur_analysis.disclosure import largest_two
from kaur_analysis.errors import UsageError
from kaur_analysis.linkage import latest, reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, each_recalled, of_all, of_each, of_tables, recalled
from kaur_analysis.pipeline.steps import where_lists
from kaur_analysis.pipeline.steps.poverty import SURVEY_PREFIX, has_areas, survey_sample
from kaur_analysis.pipeline.steps.unseen import DESIL, informed_welfare, ruled_by_unseen_desil
from kaur_analysis.planning.rules import judge, rule_fields
from kaur_analysis.poverty import rao_wu_bootstrap
from kaur_analysis.poverty.intervals import spanned
from kaur_analysis.reference.catalogue import Programme
from kaur_analysis.targeting import (
    Scenario,
    compare_scenarios,
    error_decomposition,
    outside_rules,
    overlap,
    receipt_draws,
    targeting_measures,
    timeliness,
    welfare_without,
)
from kaur_analysis.targeting.evidence import ANY
from kaur_analysis.targeting.inputs import ALL
from kaur_analysis.targeting.intervals import COLUMNS

MONTHS = 12
LARGEST = ["area", "programme", "indicator", "first", "second"]
SCENARIO_DRAWS = 100  # draws that scenarios and costs are scored on; their intervals need fewer than tails do
SURVEY_REPLICATES = 100  # bootstrap of PSUs behind the survey's scenario scores
INFORMED = ["informed", "informed_se", "informed_low", "informed_high"]  # a score had the desil known the most it can
BUDGET_SHARES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # of what was really spent: the points of the curves
RULED_BY = ("clean/families", "clean/persons", "estimates/family_poverty")  # tables that rules ask
UNION = "any_programme"  # column: on the list of at least one programme


@dataclass(frozen=True)
class RegistryRoute:
    """Registry families with modelled poverty and linked receipt.

    Attributes
    ----------
    frame
        One row per family: ``p_extreme``, ``p_poor``, one column of link probability per programme and ``any`` (on the
        list of at least one), ``rupiah_<programme>`` and ``rupiah_any``, ``listed``, ``eligible_<programme>``,
        ``outside_<programme>`` (known not to meet its rules), ``kecamatan`` and the groups of the fairness table.
    programmes
        Programmes whose lists the office holds, latest period each; also those whose list names no family found.
    poor_draws, welfare_draws
        Families × M.
    unmatched
        Recipients found in no family: ``programme, kecamatan, recipients, rupiah``.
    largest_unmatched
        The two largest rupiah among the names found in no family: ``area, programme, first, second``.
    informed
        Gives the draws had the model known the desil (:func:`informed_welfare`); works them out at its first call.
    """

    frame: pd.DataFrame
    programmes: tuple[str, ...]
    poor_draws: NDArray[np.bool_]
    welfare_draws: NDArray[np.float32]
    unmatched: pd.DataFrame
    largest_unmatched: pd.DataFrame
    informed: Callable[[], NDArray[np.float32]]

    @property
    def judged(self) -> tuple[str, ...]:
        """The programmes, and ``any`` where there are several."""
        return (*self.programmes, ANY) if len(self.programmes) > 1 else self.programmes

    def receipt(self) -> dict[str, dict[str, pd.DataFrame]]:
        """What each of the judged is judged by: who received it, and how many rupiah."""
        return {code: {"receipt": self.frame[[code, f"rupiah_{code}"]]} for code in self.judged}


@where_lists
def registry_route(edition: Edition) -> RegistryRoute:
    """Join families, their modelled poverty and their receipt."""
    study, store = edition.study, edition.store
    if ANY in study.listed:
        raise UsageError(f"Kode program '{ANY}' dipakai untuk 'paling sedikit satu program'. Pakai kode lain.")
    families = store.read("clean/families")
    links = store.read("clean/links")
    poverty = store.read("estimates/family_poverty")
    draws = store.read("estimates/welfare_draws")
    if not (draws["family"].to_numpy() == poverty["family"].to_numpy()).all():
        raise UsageError("Tarikan dan peluang kemiskinan bukan dari langkah yang sama. Jalankan ulang langkah 02.")
    welfare = draws.drop(columns="family").to_numpy(dtype=np.float32)
    programmes = study.listed
    current = latest(links)
    wide = _wide_reach(reach(current), programmes)
    frame = poverty.merge(families.drop(columns=["kecamatan", "desa", "household_size"]), on="family", how="left")
    frame = frame.merge(wide, on="family", how="left")
    frame[list(programmes)] = frame[list(programmes)].fillna(0.0)
    judged = {code: study.programme(code) for code in programmes}
    (verdicts,) = of_tables(edition, "syarat", judged_by_rules, RULED_BY, programmes=judged)
    for code in programmes:
        frame[f"eligible_{code}"] = verdicts[f"eligible_{code}"]
        frame[f"outside_{code}"] = verdicts[f"outside_{code}"]
        rupiah = f"rupiah_{code}"
        frame[rupiah] = _paid(frame[code], frame[rupiah], verdicts[rupiah].to_numpy())
    frame[ANY] = any_programme(frame, programmes)
    known = sum(frame[code] * frame[f"rupiah_{code}"] for code in programmes)
    frame[f"rupiah_{ANY}"] = (known / frame[ANY]).where(frame[ANY] > 0, 0.0)
    frame["listed"] = frame["in_targeting_list"]
    extreme = welfare < study.line("extreme")
    largest = _largest_unmatched(current, edition.area.code)
    informed = cache(partial(informed_welfare, edition))
    return RegistryRoute(frame, programmes, extreme, welfare, _unmatched(current), largest, informed)


def judged_by_rules(read: Callable[[str], pd.DataFrame], programmes: Mapping[str, Programme]) -> Tables:
    """What the rules of some programmes say of every family with modelled poverty, in the order of these.

    Columns ``eligible_``, ``outside_`` and ``rupiah_<programme>``, the rupiah of a year by the programme's formula. No
    list enters: after a list has changed they are what they were.
    """
    poverty = read("estimates/family_poverty")
    fields = rule_fields(read("clean/families"), poverty, read("clean/persons")).reindex(poverty["family"])
    columns: dict[str, NDArray[np.float64]] = {}
    for code, programme in programmes.items():
        verdict = judge(fields, programme)
        columns[f"eligible_{code}"] = verdict.eligible.astype(float)
        columns[f"outside_{code}"] = verdict.outside.astype(float)
        columns[f"rupiah_{code}"] = verdict.rupiah_year
    return [pd.DataFrame(columns)]


@where_lists
def registry_errors(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Targeting errors per programme and kecamatan by the registry route, with posterior intervals.

    Beside them, for programmes that have rules, how many recipients do not meet those: another thing than not being
    extremely poor.
    """
    unmatched = route.unmatched
    parts = {
        code: {
            "receipt": route.frame[
                [code, f"rupiah_{code}", *([f"outside_{code}"] if code in route.programmes else [])]
            ],
            "unmatched": unmatched[unmatched["programme"] == code].reset_index(drop=True),
            "ruled": code in route.programmes and edition.study.programme(code).recorded,
        }
        for code in route.judged
    }
    found = each_recalled(
        edition,
        "kesalahan",
        errors_by_programme,
        parts,
        families=route.frame[["p_extreme", "expected_welfare_rp_month", "kecamatan"]],
        poor_draws=route.poor_draws,
        welfare_draws=route.welfare_draws,
        seed=edition.study.seed,
    )
    table = pd.concat([errors for errors, _ in found.values()], ignore_index=True)
    edition.store.write("estimates/targeting", checked(TARGETING, table))
    largest = [
        amounts.replace({"area": {ALL: edition.area.code}}) for code, (_, amounts) in found.items() if code != ANY
    ]
    names = route.largest_unmatched.assign(indicator="unmatched_rupiah")
    edition.store.write("estimates/largest", pd.concat([names, *largest], ignore_index=True)[LARGEST])
    return table


def errors_by_programme(
    parts: Mapping[str, Mapping[str, Any]],
    families: pd.DataFrame,
    poor_draws: NDArray[np.bool_],
    welfare_draws: NDArray[np.float32],
    seed: int,
) -> dict[str, Tables]:
    """Targeting errors of some programmes in the kabupaten and its kecamatan, and the largest amounts behind them.

    Of those that are ``ruled``, who does not meet the rules as well.
    """
    frame = joined(families, parts)
    table = targeting_measures(
        frame,
        poor="p_extreme",
        received=list(parts),
        benefit={code: f"rupiah_{code}" for code in parts},
        welfare="expected_welfare_rp_month",
        by="kecamatan",
        poor_draws=poor_draws,
        welfare_draws=welfare_draws,
        unmatched=pd.concat([own["unmatched"] for own in parts.values()]),
        with_any=False,
        seed=seed,
    )
    if ruled := {code: f"outside_{code}" for code, own in parts.items() if own["ruled"]}:
        table = pd.concat([table, outside_rules(frame, ruled, by="kecamatan", seed=seed)], ignore_index=True)
    return {code: [*tables, largest_benefits(frame, code)] for code, tables in of_each(table, parts).items()}


def largest_benefits(frame: pd.DataFrame, programme: str) -> pd.DataFrame:
    """The two largest amounts of one family in each rupiah of a programme, per area (``all``: the kabupaten).

    The office's alone. What the missed would need is their number times the mean benefit: it tells as much of the
    largest as the benefits.
    """
    poor, received = frame["p_extreme"], frame[programme]
    paid = received * frame[f"rupiah_{programme}"]
    found = []
    for area in (pd.Series(ALL, frame.index), frame["kecamatan"]):
        missed, reached = (part.groupby(area).transform("sum") for part in (poor * (1 - received), received))
        amounts = {
            "benefit_rupiah": paid,
            "leakage_rupiah": paid * (1 - poor),
            "unserved_rupiah": paid * (missed / reached.where(reached > 0)),
        }
        for indicator, amount in amounts.items():
            keys = pd.DataFrame({"area": area, "programme": programme})
            found.append(largest_two(amount, keys).assign(indicator=indicator))
    return pd.concat(found, ignore_index=True)


def joined(families: pd.DataFrame, parts: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Families with what each programme is judged by."""
    return pd.concat([families, *(own["receipt"] for own in parts.values())], axis=1)


@where_lists
def error_reasons(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Why the extreme poor were missed and others included, per programme and kecamatan (:func:`split_by_reason`)."""
    table = split_by_reason(edition, route, route.programmes, "kecamatan")
    edition.store.write("estimates/reasons", table)
    return table


def split_by_reason(edition: Edition, route: RegistryRoute, programmes: Iterable[str], by: str) -> pd.DataFrame:
    """Reasons of the errors of each programme, whose column of eligibility is ``eligible_<programme>``.

    Where a rule goes by a desil that the model does not know, nobody knows how many of those that it admits are
    extremely poor: the interval then spans what the draws say and what they would say had the desil known the most
    that it can, and column ``spans`` is ``desil``.
    """
    unseen = set(ruled_by_unseen_desil(edition))
    ruled = [code for code in programmes if code in unseen or (code == UNION and unseen.intersection(route.programmes))]
    found = each_recalled(
        edition,
        f"sebab-{by}",
        reasons_by_programme,
        {code: {"receipt": route.frame[[code, f"eligible_{code}"]], "ruled": code in ruled} for code in programmes},
        families=route.frame[["p_extreme", "listed", by]],
        by=by,
        poor_draws=route.poor_draws,
        informed=(route.informed() < edition.study.line("extreme")) if ruled else route.poor_draws,
        seed=edition.study.seed,
    )
    return of_all(found)


def reasons_by_programme(
    parts: Mapping[str, Mapping[str, Any]],
    families: pd.DataFrame,
    by: str,
    poor_draws: NDArray[np.bool_],
    informed: NDArray[np.bool_],
    seed: int,
) -> dict[str, Tables]:
    """Reasons of the errors of some programmes; of those that are ``ruled`` by what the model does not know, a span."""

    def split(programmes: Sequence[str], draws: NDArray[np.bool_]) -> pd.DataFrame:
        return error_decomposition(
            joined(families, parts),
            poor="p_extreme",
            received=list(programmes),
            by=by,
            listed="listed",
            eligible={code: f"eligible_{code}" for code in programmes},
            poor_draws=draws,
            seed=seed,
        )

    table = split(list(parts), poor_draws).assign(spans="")
    if ruled := [code for code, own in parts.items() if own["ruled"]]:
        table = spanned(table, split(ruled, informed), ["measure", "programme", "group"], DESIL)
    return of_each(table, parts)


@where_lists
def programme_overlap(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Families with none, one and several programmes, and which agencies meet in the same families."""
    result = overlap(
        route.frame,
        list(route.programmes),
        poor="p_extreme",
        agencies={code: edition.study.programme(code).agency for code in route.programmes},
        by="kecamatan",
        poor_draws=route.poor_draws,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/overlap", result.measures)
    edition.store.write("estimates/agency_overlap", result.matrix)
    return result.measures


@where_lists
def reasons_by_desa(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Why the extreme poor of each desa were missed and others included: all programmes together, and one by one.

    Taken together (programme ``any_programme``), a family is eligible where any of the programmes admits it, and
    received where any of the lists names it. Almost all numbers are too few to be published: the office has them in a
    workbook of its own, few families not told apart.
    """
    frame = route.frame.assign(
        **{UNION: route.frame[ANY]},
        **{f"eligible_{UNION}": route.frame[[f"eligible_{code}" for code in route.programmes]].max(axis=1)},
    )
    table = split_by_reason(edition, replace(route, frame=frame), [UNION, *route.programmes], "desa")
    edition.store.write("estimates/reasons_desa", table)
    return table


@where_lists
def scenarios(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Ways to spend the cash and food of the latest lists otherwise, scored on draws of true welfare.

    Welfare is expenditure with the aid in it. The aid is taken out first, in the draws and in what the ways rank by
    (but for the desil, which stays as it was given), and then spent in each way: as delivered is the state today.

    Column ``beyond_model`` marks the ways that may know of families what the model does not, or stand for somebody who
    does. The draws know nothing of it either, so that such a way is judged as if its knowledge were chance: the true
    result may be better. For the desil the columns ``informed``, ``informed_se``, ``informed_low`` and
    ``informed_high`` hold the other end: the score had it known the most that its disagreement with the model allows
    (:func:`kaur_analysis.targeting.informed_draws`). The table is empty where no list brings cash or food.
    """
    frame = route.frame.copy()
    line, rho = edition.study.line("extreme"), edition.study.targeting.rho
    draws = route.welfare_draws[:, :SCENARIO_DRAWS]
    programmes = list(route.programmes)
    delivered = _delivered(edition, frame, receipt_draws(frame, programmes, draws.shape[1], edition.study.seed))
    expected = {code: frame[[code]].to_numpy() for code in programmes}
    frame["delivered_rp_month"] = _delivered(edition, frame, expected)
    consumed = [code for code in route.programmes if edition.study.programme(code).closes_gap > 0]
    frame["delivered_to"] = any_programme(frame, consumed)
    aid = (frame["delivered_rp_month"] / frame["household_size"]).to_numpy()
    frame["welfare_without"] = welfare_without(frame["expected_welfare_rp_month"].to_numpy(), aid, line)
    poor_without = welfare_without(route.welfare_draws, aid.astype(np.float32)[:, None], line) < line
    frame["extreme_without"] = poor_without.mean(axis=1)
    frame["desil_rank"] = frame["desil"].fillna(frame["desil"].max())
    frame["vulnerable"] = (count(frame, "elderly_60") + count(frame, "disabled_members") > 0).astype(float)
    frame["local_rank"] = frame.groupby("desa")["welfare_without"].rank()
    frame["one"] = 1.0
    alternatives = [
        Scenario("delivered", "delivered", "delivered_rp_month"),
        Scenario("desil", "ranked", "desil_rank"),
        Scenario("model", "ranked", "welfare_without"),
        Scenario("geographic", "geographic", "extreme_without", area="desa"),
        Scenario("categorical", "categorical", "vulnerable"),
        Scenario("quota", "quota", "local_rank", area="desa", quota="one"),
        Scenario("universal", "universal"),
    ]
    if edition.study.benchmark:
        unadjusted = edition.store.read("estimates/family_poverty_model").set_index("family")
        unadjusted = frame["family"].map(unadjusted["expected_welfare_rp_month"])
        frame["unadjusted"] = welfare_without(unadjusted.to_numpy(), aid, line)
        alternatives.insert(3, Scenario("model_unadjusted", "ranked", "unadjusted"))
    known = {"welfare": "p_poor", "household_size": "household_size", "delivered_draws": delivered}
    table = _scored(frame, alternatives, line, rho, welfare_draws=draws, **known)
    beyond = _beyond_model(edition, route.programmes)
    table["beyond_model"] = table["programme"].isin(beyond)
    if "desil" in beyond and len(table):
        compared = [one for one in alternatives if one.name in ("delivered", "desil")]
        informed = route.informed()[:, :SCENARIO_DRAWS]
        best = _scored(frame, compared, line, rho, welfare_draws=informed, wanted=["desil"], **known)
        keys = ["measure", "programme", "budget"]
        best = best[best["programme"] == "desil"].set_index(keys)[["value", "se", "low", "high"]]
        best.columns = pd.Index(INFORMED)
        table = table.join(best, on=keys)
    table = table.reindex(columns=[*table.columns.drop(INFORMED, errors="ignore"), *INFORMED])
    edition.store.write("estimates/scenarios", table)
    return table


@where_lists
def survey_scenarios(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """The ways that the survey can judge, scored on observed expenditure.

    Here nothing is judged by itself: households are ranked by predictions from a model that never saw them or their
    neighbours (whole blocks left out in turn), receipt is what they report, and welfare is what they spend, the
    reported aid taken out of both. Intervals are those of the sample: PSUs drawn again within strata (Rao & Wu 1988),
    budgets and ranks made anew. The table is empty where the survey asks about no programme that brings cash or food.
    """
    survey = edition.store.read("estimates/survey")
    frame = survey.merge(edition.store.read("estimates/out_of_fold"), on="household", validate="one_to_one")
    asked = {code: f"{SURVEY_PREFIX}{code}" for code in route.programmes if f"{SURVEY_PREFIX}{code}" in frame.columns}
    usual = {code: route.frame.loc[route.frame[code] > 0, f"rupiah_{code}"].mean() for code in asked}
    consumed = {code: edition.study.programme(code).closes_gap * np.nan_to_num(usual[code]) for code in asked}
    parts = [frame[column] * consumed[code] for code, column in asked.items()]
    frame["delivered_rp_month"] = sum(parts, start=pd.Series(0.0, frame.index)) / MONTHS
    frame["delivered_to"] = (frame["delivered_rp_month"] > 0).astype(float)
    aid = (frame["delivered_rp_month"] / frame["household_size"]).to_numpy()
    predicted = np.exp(frame["predicted_log"].to_numpy())
    frame["predicted_without"] = welfare_without(predicted, aid, edition.study.line("extreme"))
    frame["vulnerable"] = (count(frame, "elderly_60") > 0).astype(float)
    study = edition.study
    (table,) = recalled(
        edition,
        "cara-survei",
        survey_scores,
        frame=frame,
        line=study.line("extreme"),
        rho=study.targeting.rho,
        seed=study.seed,
    )
    edition.store.write("estimates/scenarios_survey", table)
    return table


def survey_scores(frame: pd.DataFrame, line: float, rho: float, seed: int) -> Tables:
    """Scenarios that the survey's households judge, over replicates of the sample."""
    alternatives = [
        Scenario("delivered", "delivered", "delivered_rp_month"),
        Scenario("model", "ranked", "predicted_without"),
        Scenario("categorical", "categorical", "vulnerable"),
        Scenario("universal", "universal"),
    ]
    sampled = rao_wu_bootstrap(survey_sample(frame, "weight_household"), SURVEY_REPLICATES, seed)
    table = _scored(
        frame,
        alternatives,
        line,
        rho,
        welfare="expenditure_rp_month",
        household_size="household_size",
        weights="weight_household",
        weight_multipliers=sampled.multipliers,
    )
    return [table]


@where_lists
def lateness(edition: Edition) -> pd.DataFrame:
    """How many months payments came late, by programme and kecamatan; empty where no list carries both dates.

    Of every name on the latest list, matched or not: lateness asks for no poverty and no family.
    """
    paid = latest(edition.store.read("clean/recipients")).dropna(subset=["due_date", "paid_date"])
    if paid.empty:
        table = pd.DataFrame(columns=["measure", "programme", "group", "value", "n"])
    else:
        table = timeliness(paid, "due_date", "paid_date", "programme", by="kecamatan")
    edition.store.write("estimates/timeliness", table)
    return table


def survey_errors(edition: Edition) -> pd.DataFrame:
    """Targeting errors by the survey route: observed expenditure, reported receipt, design-based errors.

    Of the kabupaten, and of each kecamatan where the survey carries codes.
    """
    (table,) = of_tables(edition, "galat-survei", survey_route, ["estimates/survey"])
    edition.store.write("estimates/targeting_survey", checked(TARGETING, table))
    return table


def survey_route(read: Callable[[str], pd.DataFrame]) -> Tables:
    """Targeting errors among the survey's households."""
    survey = read("estimates/survey")
    columns = [name for name in survey.columns if name.startswith(SURVEY_PREFIX) and survey[name].notna().all()]
    frame = survey.rename(columns={name: name.removeprefix(SURVEY_PREFIX) for name in columns})
    programmes = [name.removeprefix(SURVEY_PREFIX) for name in columns if 0 < survey[name].sum() < len(survey)]
    frame["extreme"] = (frame["expenditure_rp_month"] < frame["line_extreme"]).astype(float)
    table = targeting_measures(
        frame,
        poor="extreme",
        received=programmes,
        design=survey_sample(frame, "weight_household"),
        welfare="expenditure_rp_month",
        by="kecamatan" if has_areas(survey) else None,
    )
    return [table]


def _scored(frame: pd.DataFrame, alternatives: list[Scenario], line: float, rho: float, **options: Any) -> pd.DataFrame:
    """Scenarios at shares of the budget that column ``delivered_rp_month`` adds up to; ``budget_share`` names them.

    A family is served with what was spent per family served; ``delivered_to`` is the chance that it was one.
    Without anybody elderly or disabled there is no way by category; where nothing was delivered the table is empty.
    """
    weight = frame[options["weights"]] if "weights" in options else pd.Series(1.0, frame.index)
    spent = float((weight * frame["delivered_rp_month"]).sum())
    if spent == 0:
        return pd.DataFrame(columns=[*COLUMNS[:4], "budget", *COLUMNS[4:], "budget_share"])
    if not frame["vulnerable"].any():
        alternatives = [scenario for scenario in alternatives if scenario.kind != "categorical"]
    table = compare_scenarios(
        frame,
        line=line,
        scenarios=alternatives,
        transfer_rp_month=spent / float((weight * frame["delivered_to"]).sum()),
        budget_rp_month=[spent * share for share in BUDGET_SHARES],
        rho=rho,
        **options,
    )
    table["budget_share"] = table["budget"] / spent
    return table


def _beyond_model(edition: Edition, programmes: Sequence[str]) -> list[str]:
    """Scenarios that rest on evidence which is no covariate of the model, or stand for a village's judgement."""
    seen = set(edition.store.read("estimates/model_coefficients")["term"])
    evidence = {"desil": ["desil"], "delivered": [f"{SURVEY_PREFIX}{code}" for code in programmes]}
    return [*(scenario for scenario, columns in evidence.items() if not seen.issuperset(columns)), "quota"]


def _delivered(edition: Edition, frame: pd.DataFrame, received: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Rupiah a month that the lists brought each family to consume, by receipt of each programme (families × M).

    Houses, premiums and capital are left out: expenditure of the same year does not hold them.
    """
    total = np.zeros((len(frame), 1), dtype=np.float32)
    for code, receipt in received.items():
        consumed = edition.study.programme(code).closes_gap / MONTHS
        if consumed > 0:
            amount = (consumed * frame[f"rupiah_{code}"]).to_numpy(dtype=np.float32)
            total = total + amount[:, None] * receipt.astype(np.float32)
    return total


def any_programme(frame: pd.DataFrame, programmes: Sequence[str]) -> NDArray[np.float64]:
    """Probability of being on the list of at least one programme."""
    return np.asarray(1 - np.prod(1 - frame[list(programmes)].to_numpy(), axis=1))


def count(frame: pd.DataFrame, column: str) -> pd.Series:
    """A count per family, 0 where unknown or not in the registry at all."""
    return frame[column].fillna(0) if column in frame.columns else pd.Series(0.0, frame.index)


def _wide_reach(reached: pd.DataFrame, programmes: Sequence[str]) -> pd.DataFrame:
    """One row per family; a column of link probability and one of rupiah per programme, found in a family or not."""
    received = reached.pivot_table(index="family", columns="programme", values="received", aggfunc="max")
    paid = reached.groupby(["family", "programme"])["rupiah_year"].sum(min_count=1)
    rupiah = paid.reset_index().pivot_table(index="family", columns="programme", values="rupiah_year", aggfunc="first")
    received, rupiah = (table.reindex(columns=list(programmes)) for table in (received, rupiah))
    return received.join(rupiah.add_prefix("rupiah_")).rename_axis(index="family", columns=None).reset_index()


def _paid(received: pd.Series, listed: pd.Series, by_formula: NDArray[np.float64]) -> pd.Series:
    """Rupiah of a year per family: as its list says, else by the programme's formula, else what others get on average.

    A list without amounts (PKH) names families that by formula get nothing; they were paid all the same.
    """
    reached = received > 0
    known = listed.where(listed.notna(), pd.Series(by_formula, listed.index)).where(reached, 0.0)
    unknown = reached & ~(known > 0)
    usual = known[reached & ~unknown].mean()
    return known.mask(unknown, 0.0 if np.isnan(usual) else usual)


def _unmatched(links: pd.DataFrame) -> pd.DataFrame:
    """Names found in no family and all names listed, by programme and kecamatan; those without a kecamatan apart.

    Family for family nothing could be compared: several names of a list may stand in one family.
    """
    absent = links["family"].isna()
    counted = links.assign(
        kecamatan=links["kecamatan"].fillna("unknown"),
        recipients=absent.astype(float),
        rupiah=links["rupiah_year"].where(absent),
        listed=1.0,
    )
    return counted.groupby(["programme", "kecamatan"], as_index=False)[["recipients", "rupiah", "listed"]].sum()


def _largest_unmatched(links: pd.DataFrame, kabupaten: str) -> pd.DataFrame:
    """The two largest rupiah of names found in no family, by programme and area."""
    absent = links[links["family"].isna()]
    areas = (absent["kecamatan"], pd.Series(kabupaten, absent.index))
    return pd.concat(largest_two(absent["rupiah_year"], absent[["programme"]].assign(area=area)) for area in areas)
