"""Step 03: who was reached, who was missed, why, and what the same rupiah could have done."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.contracts import TARGETING, checked
from kaur_analysis.errors import UsageError
from kaur_analysis.linkage import reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.planning.rules import judge, rule_fields
from kaur_analysis.poverty import SurveyDesign
from kaur_analysis.targeting import benefit_incidence, concentration, error_decomposition, overlap, targeting_measures

SURVEY_PREFIX = "received_"


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


def registry_route(edition: Edition) -> RegistryRoute | None:
    """Join families, their modelled poverty and their receipt; ``None`` where the study has no registry."""
    study, store = edition.study, edition.store
    if study.registry is None:
        return None
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
    frame[[*programmes, *benefits.values()]] = frame[[*programmes, *benefits.values()]].fillna(0.0)
    fields = rule_fields(families, poverty, persons).reindex(frame["family"])
    for code in programmes:
        frame[f"eligible_{code}"] = judge(fields, study.programme(code)).eligible.astype(float)
    frame["listed"] = frame["in_targeting_list"]
    extreme = welfare < study.line("extreme")
    return RegistryRoute(frame, programmes, extreme, welfare, _unmatched(current), benefits)


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
    return table


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


def concentration_curves(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Concentration curve of each programme over families from poorest to richest."""
    result = concentration(
        route.frame, list(route.programmes), welfare="expected_welfare_rp_month", benefit=route.benefits
    )
    edition.store.write("estimates/concentration", result.curve)
    return result.curve


def survey_errors(edition: Edition) -> pd.DataFrame:
    """Targeting errors by the survey route: observed expenditure, reported receipt, design-based errors."""
    survey = edition.store.read("clean/survey")
    columns = [name for name in survey.columns if name.startswith(SURVEY_PREFIX) and survey[name].notna().all()]
    frame = survey.rename(columns={name: name.removeprefix(SURVEY_PREFIX) for name in columns})
    programmes = [name.removeprefix(SURVEY_PREFIX) for name in columns if 0 < survey[name].sum() < len(survey)]
    frame["extreme"] = (frame["expenditure_rp_month"] < frame["line_extreme"]).astype(float)
    design = SurveyDesign(frame, "weight_household", strata="stratum", psu="psu", single_psu="center")
    table = targeting_measures(
        frame, poor="extreme", received=programmes, design=design, welfare="expenditure_rp_month"
    )
    edition.store.write("estimates/targeting_survey", checked(TARGETING, table))
    return table


def _wide_reach(reached: pd.DataFrame) -> pd.DataFrame:
    """One row per family; a column of link probability and one of rupiah per programme."""
    received = reached.pivot_table(index="family", columns="programme", values="received", aggfunc="max")
    rupiah = reached.pivot_table(index="family", columns="programme", values="rupiah_year", aggfunc="sum")
    return received.join(rupiah.add_prefix("rupiah_")).reset_index()


def _unmatched(links: pd.DataFrame) -> pd.DataFrame:
    """Recipients found in no family, counted by programme and kecamatan; those without a kecamatan apart."""
    rows = links[links["family"].isna()]
    counted = rows.assign(kecamatan=rows["kecamatan"].fillna("unknown"), recipients=1.0, rupiah=rows["rupiah_year"])
    return counted.groupby(["programme", "kecamatan"], as_index=False)[["recipients", "rupiah"]].sum()
