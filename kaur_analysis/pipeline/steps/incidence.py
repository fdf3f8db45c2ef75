"""Step 03, incidence: who gets the rupiah, whom errors befall, what changed, what it costs and what it did.

It needs nothing that the targeting step writes: the two are run side by side.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.cleaning.visits import load_visits, of_families_today, years
from kaur_analysis.errors import EstimationError
from kaur_analysis.formats import number
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, each_recalled, of_all, of_each
from kaur_analysis.pipeline.steps import where_lists
from kaur_analysis.pipeline.steps.targeting import (
    MONTHS,
    SCENARIO_DRAWS,
    UNION,
    RegistryRoute,
    count,
    joined,
)
from kaur_analysis.targeting import (
    benefit_incidence,
    churn,
    concentration_curve,
    cost_effectiveness,
    difference_in_differences,
    fairness,
    group_calibrated_ranking,
)
from kaur_analysis.targeting.effects import Method
from kaur_analysis.targeting.evidence import ANY

ELDERLY = 60  # UU 13/1998 Pasal 1: lanjut usia is 60 years and above
METHODS: tuple[Method, ...] = ("doubly_robust", "matching")
VISITED = ["household_size", "head_age", "head_female"]  # what recipients and comparison families are made alike in
EFFECT_COLUMNS = [
    *("programme", "method", "measure", "start", "period", "value", "se", "low", "high", "p_value"),
    *("n_treated", "n_control", "said"),
]
DISTANCE = "jarak ke ibu kota kabupaten"
SIGNIFICANT = 0.05  # adjusted p below which a group counts as losing systematically


@where_lists
def benefits(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Which tenth of the families, from poorest to richest, gets which share of each programme's rupiah."""
    found = each_recalled(
        edition,
        "manfaat",
        benefits_by_programme,
        route.receipt(),
        families=route.frame[["expected_welfare_rp_month"]],
        welfare_draws=route.welfare_draws,
        seed=edition.study.seed,
    )
    table = of_all(found)
    edition.store.write("estimates/incidence", table)
    return table


def benefits_by_programme(
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
    families: pd.DataFrame,
    welfare_draws: NDArray[np.float32],
    seed: int,
) -> dict[str, Tables]:
    """Benefit incidence of some programmes."""
    table = benefit_incidence(
        joined(families, parts),
        list(parts),
        welfare="expected_welfare_rp_month",
        benefit={code: f"rupiah_{code}" for code in parts},
        welfare_draws=welfare_draws,
        with_any=False,
        seed=seed,
    )
    return of_each(table, parts)


@where_lists
def concentration_curves(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Concentration curve of each programme over families from poorest to richest."""
    curve = concentration_curve(
        route.frame,
        list(route.programmes),
        welfare="expected_welfare_rp_month",
        benefit={code: f"rupiah_{code}" for code in route.programmes},
    )
    edition.store.write("estimates/concentration", curve)
    return curve


@where_lists
def fairness_of_errors(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Whether the errors fall on some kinds of family more than on others; all programmes together."""
    frame = _kinds(edition, route)
    table = fairness(
        frame,
        poor="p_extreme",
        received=UNION,
        characteristics=_characteristics(frame),
        poor_draws=route.poor_draws,
        seed=edition.study.seed,
    )
    edition.store.write("estimates/fairness", table)
    return table


@where_lists
def fairer_ranking(edition: Edition, route: RegistryRoute, errors: pd.DataFrame) -> pd.DataFrame:
    """What a ranking calibrated within groups would do, where a group's poor are missed systematically.

    A group loses where more of its extreme poor are missed than of all others, beyond chance even after the correction
    for many comparisons. As many families as the lists name now are served three ways: as delivered, by the model, and
    by the model with every group served in proportion to its expected extreme poor.

    Returns
    -------
    pandas.DataFrame
        Rows of :func:`kaur_analysis.targeting.fairness` (exclusion error, inside and difference) with ``programme``
        ``any_programme`` (as delivered), ``model`` or ``calibrated``; empty where no group loses.
    """
    missed = errors[errors["measure"] == "exclusion_error"]
    losers = missed[(missed["difference"] > 0) & (missed["p_adjusted"] < SIGNIFICANT)]
    frame = _kinds(edition, route)
    places = float(frame[UNION].sum())
    frame["model"] = _first(frame["expected_welfare_rp_month"], places)
    parts = []
    for characteristic in losers["characteristic"].unique():
        ranking = group_calibrated_ranking(frame, "expected_welfare_rp_month", characteristic, "p_extreme")
        table = fairness(
            frame.assign(calibrated=_first(ranking, places)),
            poor="p_extreme",
            received=[UNION, "model", "calibrated"],
            characteristics=[characteristic],
            poor_draws=route.poor_draws,
            seed=edition.study.seed,
        )
        parts.append(table[(table["measure"] == "exclusion_error") & (table["programme"] != "any")])
    table = pd.concat(parts, ignore_index=True) if parts else missed.iloc[:0]
    edition.store.write("estimates/fairer_ranking", table)
    return table


@where_lists
def movement(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Who stayed on, left and entered each programme's list between two periods; empty where only one is held."""
    links = edition.store.read("clean/links").dropna(subset="family")
    lists = {}
    for programme, own in links.groupby("programme"):
        on_list = own.pivot_table(index="family", columns="period", values="probability", aggfunc="max")
        if on_list.shape[1] > 1:
            lists[str(programme)] = {
                "on_list": on_list.reindex(route.frame["family"]).fillna(0.0).reset_index(drop=True)
            }
    found = each_recalled(
        edition,
        "gerak",
        movement_by_programme,
        lists,
        families=route.frame[["p_extreme"]],
        poor_draws=route.poor_draws,
        seed=edition.study.seed,
    )
    nothing = pd.DataFrame(columns=["measure", "programme", "group", "start", "end", "value", "low", "high"])
    table = of_all(found) if found else nothing
    edition.store.write("estimates/churn", table)
    return table


def movement_by_programme(
    parts: Mapping[str, Mapping[str, pd.DataFrame]],
    families: pd.DataFrame,
    poor_draws: NDArray[np.bool_],
    seed: int,
) -> dict[str, Tables]:
    """Who stayed on, left and entered some programmes' lists, whose columns are the periods."""
    named = [own["on_list"].add_prefix(f"{code} ") for code, own in parts.items()]
    periods = {code: {period: f"{code} {period}" for period in own["on_list"]} for code, own in parts.items()}
    frame = pd.concat([families, *named], axis=1)
    return of_each(churn(frame, periods, poor="p_extreme", poor_draws=poor_draws, seed=seed), parts)


@where_lists
def cost_per_result(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """What each programme's rupiah does to the extreme-poverty gap, and what one family reached costs."""
    receipt, study = route.receipt(), edition.study
    found = each_recalled(
        edition,
        "biaya",
        costs_by_programme,
        {code: receipt[code] | {"consumed": study.programme(code).closes_gap} for code in route.programmes},
        families=route.frame[["expected_welfare_rp_month", "household_size"]],
        line=study.line("extreme"),
        welfare_draws=route.welfare_draws[:, :SCENARIO_DRAWS],
        seed=study.seed,
    )
    table = of_all(found)
    edition.store.write("estimates/cost_effectiveness", table)
    return table


def costs_by_programme(
    parts: Mapping[str, Mapping[str, Any]],
    families: pd.DataFrame,
    line: float,
    welfare_draws: NDArray[np.float32],
    seed: int,
) -> dict[str, Tables]:
    """Cost-effectiveness of some programmes, from their rupiah of a year."""
    frame = joined(families, parts)
    monthly = {code: f"monthly_{code}" for code in parts}
    table = cost_effectiveness(
        frame.assign(**{column: frame[f"rupiah_{code}"] / MONTHS for code, column in monthly.items()}),
        welfare="expected_welfare_rp_month",
        line=line,
        received=list(parts),
        benefit=monthly,
        household_size="household_size",
        consumed={code: own["consumed"] for code, own in parts.items()},
        welfare_draws=welfare_draws,
        seed=seed,
    )
    return of_each(table, parts)


@where_lists
def programme_effects(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """What each programme changed, where the same families were visited at two dates or more; else the refusal.

    Families' welfare enters a study once, by the survey; lists of two years are no second date of it. An office that
    has visited the same families again puts ``kunjungan.csv`` beside the study: then each programme's effect on
    recipients is told by difference-in-differences, doubly robust (clustered by desa) and by matching, with placebos
    before the start where there are dates for one. A family starts with the first of the held lists that names it by a
    link above the threshold. Where a programme's first held list is later than the first visit, whoever stands on it
    may have begun long before: those families are left out.

    Returns
    -------
    pandas.DataFrame
        Rows of :class:`kaur_analysis.targeting.DifferenceInDifferences` with ``programme`` and ``method``; ``said``
        holds the assumptions, or why nothing is claimed.
    """
    visits = load_visits(edition.study.folder)
    if visits is None:
        period = f"{edition.study.reference_date.year}"
        visits = route.frame[["family"]].assign(
            period=period, expenditure_rp_month=route.frame["expected_welfare_rp_month"]
        )
    else:
        families = edition.store.read("clean/families", ["family"])["family"]
        visits = of_families_today(visits, families, edition.store.read("clean/former_codes"))
    panel = visits.merge(route.frame[["family", "desa", *VISITED]].dropna(), on="family")
    panel["date"] = years(panel["period"])
    links = edition.store.read("clean/links").dropna(subset="family")
    links = links[links["probability"] >= edition.study.thresholds.link_probability]
    starts = links.assign(start=years(links["period"])).groupby(["programme", "family"])["start"].min()
    started = {code: starts[code] if code in starts else pd.Series(dtype=float) for code in route.programmes}
    parts = {code: {"started": own} for code, own in started.items()}
    found = each_recalled(edition, "dampak", effects_by_programme, parts, panel=panel)
    table = of_all(found).reindex(columns=EFFECT_COLUMNS)
    edition.store.write("estimates/effects", table)
    return table


def effects_by_programme(parts: Mapping[str, Mapping[str, pd.Series]], panel: pd.DataFrame) -> dict[str, Tables]:
    """Effects of some programmes on families that ``started`` at a date, or why nothing is claimed."""
    found: dict[str, Tables] = {}
    for code, part in parts.items():
        started = part["started"]
        own = panel.assign(first_received=panel["family"].map(started))
        if started.min() > panel["date"].min():
            own = own[own["first_received"] != started.min()]
        tables = [_effect(own, method).assign(programme=code, method=method) for method in METHODS]
        found[code] = [pd.concat(tables, ignore_index=True)]
    return found


def _effect(panel: pd.DataFrame, method: Method) -> pd.DataFrame:
    """Effects by one method with what they assume, or one row that says why there are none."""
    cluster = "desa" if method == "doubly_robust" else None
    try:
        found = difference_in_differences(
            panel, "family", "date", "expenditure_rp_month", "first_received", VISITED, cluster, method=method
        )
    except EstimationError as refusal:
        return pd.DataFrame({"measure": ["refusal"], "said": [str(refusal)]})
    return found.effects.assign(said=" ".join(found.assumptions))


def _first(ranking: pd.Series, places: float) -> NDArray[np.float64]:
    """1 for the lowest ranks, as many as there are places."""
    return (ranking.rank(method="first") <= places).astype(float).to_numpy()


def _kinds(edition: Edition, route: RegistryRoute) -> pd.DataFrame:
    """Families with their kinds in words."""
    frame = route.frame.copy()
    frame[UNION] = frame[ANY]
    frame["kepala keluarga"] = np.where(frame["head_female"] == 1, "perempuan", "laki-laki")
    frame["usia kepala"] = np.where(frame["head_age"] >= ELDERLY, "60 tahun ke atas", "di bawah 60 tahun")
    frame["disabilitas"] = np.where(count(frame, "disabled_members") > 0, "ada", "tidak ada")
    sizes = ["1-2 orang", "3-4 orang", "5 orang atau lebih"]
    frame["besar keluarga"] = pd.cut(frame["household_size"], [0, 2, 4, np.inf], labels=sizes).astype(str)
    kilometres = frame["desa"].map(edition.area.kilometres_to_seat())
    if kilometres.notna().all():
        borders = edition.study.targeting.distance_km
        words = [f"sampai {number(borders[0])} km"]
        words += [f"{number(low)}-{number(high)} km" for low, high in pairwise(borders)]
        words += [f"lebih dari {number(borders[-1])} km"]
        frame[DISTANCE] = pd.cut(kilometres, [-1.0, *borders, np.inf], labels=words).astype(str)
    names = edition.area.kecamatan.set_index("kecamatan")["name"]
    frame["kecamatan"] = frame["kecamatan"].map(names)
    return frame


def _characteristics(frame: pd.DataFrame) -> list[str]:
    """Kinds that the fairness table speaks of."""
    known = ["kepala keluarga", "usia kepala", "disabilitas", "besar keluarga", DISTANCE, "kecamatan"]
    return [name for name in known if name in frame.columns]
