"""Step 03: who was reached, who was missed, why, and what the same rupiah could have done."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.contracts import TARGETING, checked
from kaur_analysis.errors import UsageError
from kaur_analysis.linkage import reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import where_registry
from kaur_analysis.pipeline.steps.poverty import has_areas, survey_sample
from kaur_analysis.planning.rules import judge, rule_fields
from kaur_analysis.targeting import (
    Scenario,
    benefit_incidence,
    churn,
    compare_scenarios,
    concentration,
    cost_effectiveness,
    error_decomposition,
    fairness,
    overlap,
    targeting_measures,
)

SURVEY_PREFIX = "received_"
MONTHS = 12
ELDERLY = 60  # UU 13/1998 Pasal 1: lanjut usia is 60 years and above
SCENARIO_DRAWS = 50  # draws that scenarios and costs are scored on; their intervals need fewer than tails do


@dataclass(frozen=True)
class RegistryRoute:
    """Registry families with modelled poverty and linked receipt.

    Attributes
    ----------
    frame
        One row per family: ``p_extreme``, ``p_poor``, one column of link probability per programme, ``listed``,
        ``eligible_<programme>``, ``kecamatan`` and the groups of the fairness table.
    programmes
        Programmes whose lists the office holds, latest period each.
    poor_draws, welfare_draws
        Families × M.
    unmatched
        Recipients found in no family: ``programme, kecamatan, recipients, rupiah``.
    benefits
        Column of rupiah per programme.
    """

    frame: pd.DataFrame
    programmes: tuple[str, ...]
    poor_draws: NDArray[np.bool_]
    welfare_draws: NDArray[np.float32]
    unmatched: pd.DataFrame
    benefits: dict[str, str]


@where_registry
def registry_route(edition: Edition) -> RegistryRoute:
    """Join families, their modelled poverty and their receipt."""
    study, store = edition.study, edition.store
    families = store.read("clean/families")
    links = store.read("clean/links")
    poverty = store.read("estimates/family_poverty")
    persons = store.read("clean/persons")
    draws = store.read("estimates/welfare_draws")
    if not (draws["family"].to_numpy() == poverty["family"].to_numpy()).all():
        raise UsageError("Tarikan dan peluang kemiskinan bukan dari langkah yang sama. Jalankan ulang langkah 02.")
    welfare = draws.drop(columns="family").to_numpy(dtype=np.float32)
    latest = links.groupby("programme")["period"].transform("max") == links["period"]
    current = links[latest]
    wide = _wide_reach(reach(current))
    frame = poverty.merge(families.drop(columns=["kecamatan", "desa", "household_size"]), on="family", how="left")
    frame = frame.merge(wide, on="family", how="left")
    programmes = tuple(programme.code for programme in study.programmes if programme.code in wide.columns)
    benefits = {code: f"rupiah_{code}" for code in programmes}
    frame[list(programmes)] = frame[list(programmes)].fillna(0.0)
    fields = rule_fields(families, poverty, persons).reindex(frame["family"])
    for code in programmes:
        verdict = judge(fields, study.programme(code))
        frame[f"eligible_{code}"] = verdict.eligible.astype(float)
        frame[benefits[code]] = _paid(frame[code], frame[benefits[code]], verdict.rupiah_year)
    frame["listed"] = frame["in_targeting_list"]
    extreme = welfare < study.line("extreme")
    return RegistryRoute(frame, programmes, extreme, welfare, _unmatched(current), benefits)


@where_registry
def registry_errors(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Targeting errors per programme and kecamatan by the registry route, with posterior intervals."""
    table = targeting_measures(
        route.frame,
        poor="p_extreme",
        received=list(route.programmes),
        benefit=route.benefits,
        welfare="expected_welfare_rp_month",
        by="kecamatan",
        poor_draws=route.poor_draws,
        welfare_draws=route.welfare_draws,
        unmatched=route.unmatched,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/targeting", checked(TARGETING, table))
    edition.store.write("estimates/largest", largest_benefits(edition.area.code, route))
    return table


def largest_benefits(kabupaten: str, route: RegistryRoute) -> pd.DataFrame:
    """The two largest amounts that one family is expected to receive, per programme and area; the office's alone."""
    found = []
    for programme in route.programmes:
        paid = route.frame[programme] * route.frame[route.benefits[programme]]
        for indicator, amount in (("benefit_rupiah", paid), ("leakage_rupiah", paid * (1 - route.frame["p_extreme"]))):
            for area in (pd.Series(kabupaten, route.frame.index), route.frame["kecamatan"]):
                order = amount.groupby(area.rename("area")).nlargest(2).groupby(level="area")
                top = pd.DataFrame({"first": order.max(), "second": order.sum() - order.max()}).reset_index()
                found.append(top.assign(programme=programme, indicator=indicator))
    columns = ["area", "programme", "indicator", "first", "second"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


@where_registry
def error_reasons(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Why the extreme poor were missed and others included, per programme and kecamatan."""
    table = error_decomposition(
        route.frame,
        poor="p_extreme",
        received=list(route.programmes),
        by="kecamatan",
        listed="listed",
        eligible={code: f"eligible_{code}" for code in route.programmes},
        poor_draws=route.poor_draws,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/reasons", table)
    return table


@where_registry
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


@where_registry
def incidence(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Which tenth of the families, from poorest to richest, gets which share of each programme's rupiah."""
    table = benefit_incidence(
        route.frame,
        list(route.programmes),
        welfare="expected_welfare_rp_month",
        benefit=route.benefits,
        welfare_draws=route.welfare_draws,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/incidence", table)
    return table


@where_registry
def concentration_curves(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Concentration curve of each programme over families from poorest to richest."""
    result = concentration(
        route.frame, list(route.programmes), welfare="expected_welfare_rp_month", benefit=route.benefits
    )
    edition.store.write("estimates/concentration", result.curve)
    return result.curve


@where_registry
def scenarios(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Ways to spend the cash of the latest lists otherwise, scored on draws of true welfare."""
    frame = route.frame.copy()
    received = frame[list(route.programmes)].to_numpy()
    rupiah = frame[list(route.benefits.values())].to_numpy()
    frame["delivered_rp_month"] = (received * rupiah).sum(axis=1) / MONTHS
    frame["desil_rank"] = frame["desil"].fillna(frame["desil"].max())
    frame["vulnerable"] = (_count(frame, "elderly_60") + _count(frame, "disabled_members") > 0).astype(float)
    frame["local_rank"] = frame.groupby("desa")["expected_welfare_rp_month"].rank()
    frame["one"] = 1.0
    alternatives = [
        Scenario("delivered", "delivered", "delivered_rp_month"),
        Scenario("desil", "ranked", "desil_rank"),
        Scenario("model", "ranked", "expected_welfare_rp_month"),
        Scenario("geographic", "geographic", "p_extreme", area="desa"),
        Scenario("categorical", "categorical", "vulnerable"),
        Scenario("quota", "quota", "local_rank", area="desa", quota="one"),
        Scenario("universal", "universal"),
    ]
    served = frame.loc[frame["delivered_rp_month"] > 0, "delivered_rp_month"]
    table = compare_scenarios(
        frame,
        welfare="p_poor",
        line=edition.study.line("extreme"),
        scenarios=alternatives,
        transfer_rp_month=float(served.mean()),
        budget_rp_month=[float(served.sum()) * share for share in (0.25, 0.5, 1.0, 1.5)],
        household_size="household_size",
        welfare_draws=route.welfare_draws[:, :SCENARIO_DRAWS],
    )
    table["budget_share"] = table["budget"] / served.sum()
    edition.store.write("estimates/scenarios", table)
    return table


@where_registry
def fairness_of_errors(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Whether the errors fall on some kinds of family more than on others; all programmes together."""
    frame = route.frame.copy()
    missed = np.prod(1 - frame[list(route.programmes)].to_numpy(), axis=1)
    frame["any_programme"] = 1 - missed
    frame["kepala keluarga"] = np.where(frame["head_female"] == 1, "perempuan", "laki-laki")
    frame["usia kepala"] = np.where(frame["head_age"] >= ELDERLY, "60 tahun ke atas", "di bawah 60 tahun")
    frame["disabilitas"] = np.where(_count(frame, "disabled_members") > 0, "ada", "tidak ada")
    sizes = ["1-2 orang", "3-4 orang", "5 orang atau lebih"]
    frame["besar keluarga"] = pd.cut(frame["household_size"], [0, 2, 4, np.inf], labels=sizes).astype(str)
    names = edition.area.kecamatan.set_index("kecamatan")["name"]
    frame["kecamatan"] = frame["kecamatan"].map(names)
    table = fairness(
        frame,
        poor="p_extreme",
        received="any_programme",
        characteristics=["kepala keluarga", "usia kepala", "disabilitas", "besar keluarga", "kecamatan"],
        poor_draws=route.poor_draws,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/fairness", table)
    return table


@where_registry
def movement(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Who stayed on, left and entered each programme's list between two periods; empty where only one is held."""
    links = edition.store.read("clean/links").dropna(subset="family")
    frame = route.frame[["family", "p_extreme"]]
    periods: dict[str, dict[str, str]] = {}
    for programme, own in links.groupby("programme"):
        known = sorted(own["period"].unique())
        if len(known) > 1:
            periods[str(programme)] = {period: f"{programme} {period}" for period in known}
            for period in known:
                on_list = own[own["period"] == period].groupby("family")["probability"].max()
                frame = frame.join(on_list.rename(f"{programme} {period}"), on="family")
    if not periods:
        return pd.DataFrame(columns=["measure", "programme", "start", "end", "value", "low", "high"])
    table = churn(frame.fillna(0.0), periods, poor="p_extreme", poor_draws=route.poor_draws, seed=edition.study.seed)
    edition.store.write("estimates/churn", table)
    return table


@where_registry
def cost_per_result(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """What each programme's rupiah does to the extreme-poverty gap, and what one family reached costs."""
    frame = route.frame.copy()
    monthly = {code: f"monthly_{code}" for code in route.programmes}
    for code, column in monthly.items():
        frame[column] = frame[route.benefits[code]] / MONTHS
    table = cost_effectiveness(
        frame,
        welfare="expected_welfare_rp_month",
        line=edition.study.line("extreme"),
        received=list(route.programmes),
        benefit=monthly,
        household_size="household_size",
        welfare_draws=route.welfare_draws[:, :SCENARIO_DRAWS],
        seed=edition.study.seed,
    )
    edition.store.write("estimates/cost_effectiveness", table)
    return table


def survey_errors(edition: Edition) -> pd.DataFrame:
    """Targeting errors by the survey route: observed expenditure, reported receipt, design-based errors.

    Of the kabupaten, and of each kecamatan where the survey carries codes.
    """
    survey = edition.store.read("estimates/survey")
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
    edition.store.write("estimates/targeting_survey", checked(TARGETING, table))
    return table


def _count(frame: pd.DataFrame, column: str) -> pd.Series:
    """A count per family, 0 where unknown or not in the registry at all."""
    return frame[column].fillna(0) if column in frame.columns else pd.Series(0.0, frame.index)


def _wide_reach(reached: pd.DataFrame) -> pd.DataFrame:
    """One row per family; a column of link probability and one of rupiah per programme."""
    received = reached.pivot_table(index="family", columns="programme", values="received", aggfunc="max")
    paid = reached.groupby(["family", "programme"])["rupiah_year"].sum(min_count=1)
    rupiah = paid.reset_index().pivot_table(index="family", columns="programme", values="rupiah_year", aggfunc="first")
    rupiah = rupiah.reindex(columns=received.columns)
    return received.join(rupiah.add_prefix("rupiah_")).reset_index()


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
    """Recipients found in no family, counted by programme and kecamatan; those without a kecamatan apart."""
    rows = links[links["family"].isna()]
    counted = rows.assign(kecamatan=rows["kecamatan"].fillna("unknown"), recipients=1.0, rupiah=rows["rupiah_year"])
    return counted.groupby(["programme", "kecamatan"], as_index=False)[["recipients", "rupiah"]].sum()
