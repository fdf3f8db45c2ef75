"""Step 04, planning: who is due what, from which agency, paid by whom, and what zero extreme poverty costs."""

import numpy as np
import pandas as pd

from kaur_analysis.linkage import reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import welfare_draws, where_registry
from kaur_analysis.planning import (
    Allocation,
    allocate,
    budget,
    conflicts,
    due_intervals,
    limits_from_budgets,
    load_verification,
    needs_matrix,
    widen,
    zero_cost,
)


@where_registry
def match_needs(edition: Edition) -> pd.DataFrame:
    """Every registry family against every programme of the study, minus what it already receives.

    What the field found in earlier rounds (``verifikasi.csv`` beside the study) counts: nobody who moved, died or is
    not poor is due anything.
    """
    store = edition.store
    table = needs_matrix(
        store.read("clean/families"),
        store.read("estimates/family_poverty"),
        reach(store.read("clean/links")),
        edition.study.programmes,
        persons=store.read("clean/persons"),
        verification=load_verification(edition.study.folder),
    )
    store.write("estimates/needs", table)
    return table


@where_registry
def agency_conflicts(edition: Edition, needs: pd.DataFrame) -> pd.DataFrame:
    """Families that programmes serve twice or against each other, counted by pair of programmes."""
    table = conflicts(needs, edition.study.programmes)
    pair = ["kind", "programme", "agency", "other", "other_agency"]
    expected = table.assign(families=table["probability"], rupiah_year=table["probability"] * table["rupiah_year"])
    counted = expected.groupby(pair, as_index=False)[["families", "rupiah_year"]].sum()
    edition.store.write("estimates/conflicts", counted)
    return counted


@where_registry
def budget_lines(edition: Edition, needs: pd.DataFrame) -> pd.DataFrame:
    """Expected families, units and rupiah due per area, programme and source of funds; how sure they are beside it."""
    store, study = edition.store, edition.study
    table = budget(needs, study.programmes)
    store.write("estimates/budget", table)
    errors = due_intervals(
        needs,
        store.read("estimates/family_poverty"),
        study.programmes,
        draws=welfare_draws(edition),
        line_rp_month=study.line("extreme"),
        seed=study.seed,
    )
    store.write("estimates/budget_intervals", errors)
    return table


@where_registry
def allocation(edition: Edition, needs: pd.DataFrame) -> Allocation | None:
    """Whom to serve with what first, within the budgets that the study names; nothing where it names none."""
    study, store = edition.study, edition.store
    if not study.budgets:
        return None
    wide = widen(needs, store.read("estimates/family_poverty"), study.programmes)
    limits = limits_from_budgets(study.budgets, wide, **study.allocation.model_dump())
    proposals = store.read("clean/proposals").dropna(subset="family")[["family", "programme"]].drop_duplicates()
    found = allocate(wide, limits, {"usulan kantor": proposals} if len(proposals) else {})
    store.write("estimates/allocation", found.chosen)
    store.write("estimates/allocation_limits", found.limits)
    store.write("estimates/allocation_comparison", found.comparison)
    return found


@where_registry
def cost_of_zero(edition: Edition, needs: pd.DataFrame) -> pd.DataFrame:
    """Lower bound, programme mix, years to the target, sensitivity and the price of imperfect targeting."""
    store, study = edition.store, edition.study
    poverty = store.read("estimates/family_poverty")
    draws = welfare_draws(edition).astype(np.float64)
    alternatives = (
        {"tanpa disesuaikan ke angka resmi": store.read("estimates/family_poverty_model")} if study.benchmark else {}
    )
    table = zero_cost(
        poverty,
        needs,
        study.programmes,
        draws=draws,
        line_rp_month=study.line("extreme"),
        alternatives=alternatives,
        years=(min(study.reference_date.year + 1, study.target_year), study.target_year),
        seed=study.seed,
    )
    store.write("estimates/zero_cost", table)
    return table
