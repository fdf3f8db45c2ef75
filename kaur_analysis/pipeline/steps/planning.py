"""Step 04, planning: who is due what, from which agency, paid by whom, and what zero extreme poverty costs."""

from functools import partial

import pandas as pd

from kaur_analysis.cleaning.answers import current_codes
from kaur_analysis.linkage import reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import welfare_draws, where_registry
from kaur_analysis.pipeline.steps.unseen import DESIL, informed_welfare, ruled_by_unseen_desil
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
from kaur_analysis.poverty.intervals import spanned
from kaur_analysis.study import VERIFICATION_FILE

DUE = ["area", "programme", "fund", "measure"]
COST = ["measure", "detail", "area", "programme", "fund", "year"]
# Costs that hang on what the extremely poor are due; the others hang on how poor families are, whatever their desil.
COST_OF_DUE = ("programme_mix", "perfect_targeting", "by_year", "uncovered", "lifted")


@where_registry
def match_needs(edition: Edition) -> pd.DataFrame:
    """Every registry family against every programme of the study, minus what it already receives.

    What the field found in earlier rounds (``verifikasi.csv`` beside the study) counts: nobody who moved, died or is
    not poor is due anything. Answers about a family that a newer registry calls otherwise are found again.
    """
    store = edition.store
    families, verification = store.read("clean/families"), load_verification(edition.study.folder)
    if verification is not None:
        former = store.read("clean/former_codes")
        current = current_codes(VERIFICATION_FILE, verification["family"], families["family"], former)
        verification = verification.assign(family=current)
    table = needs_matrix(
        families,
        store.read("estimates/family_poverty"),
        reach(store.read("clean/links")),
        edition.study.programmes,
        persons=store.read("clean/persons"),
        verification=verification,
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
    store.write("estimates/budget_intervals", needs_intervals(edition, needs))
    return table


def needs_intervals(edition: Edition, needs: pd.DataFrame) -> pd.DataFrame:
    """How sure what is due is: by the joint draws; where a rule goes by a desil that they do not know, by both ends.

    Column ``spans`` is then ``desil``, else empty.
    """
    study = edition.study
    intervals = partial(
        due_intervals,
        needs,
        edition.store.read("estimates/family_poverty"),
        study.programmes,
        line_rp_month=study.line("extreme"),
        seed=study.seed,
    )
    stated = intervals(draws=welfare_draws(edition)).assign(spans="")
    if not (ruled := ruled_by_unseen_desil(edition)):
        return stated
    informed = intervals(draws=informed_welfare(edition), only=ruled)
    return spanned(stated, informed[informed["measure"].str.endswith("_extreme")], DUE, DESIL)


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
    """Lower bound, programme mix, years to the target, sensitivity and the price of imperfect targeting.

    What hangs on programmes whose rule goes by a desil that the draws do not know spans both ends, as the needs do.
    """
    store, study = edition.store, edition.study
    alternatives = (
        {"tanpa disesuaikan ke angka resmi": store.read("estimates/family_poverty_model")} if study.benchmark else {}
    )
    cost = partial(
        zero_cost,
        store.read("estimates/family_poverty"),
        needs,
        study.programmes,
        line_rp_month=study.line("extreme"),
        alternatives=alternatives,
        years=(min(study.reference_date.year + 1, study.target_year), study.target_year),
        seed=study.seed,
    )
    table = cost(draws=welfare_draws(edition)).assign(spans="")
    if ruled := ruled_by_unseen_desil(edition):
        informed = cost(draws=informed_welfare(edition))
        of_due = informed["measure"].isin(COST_OF_DUE) & informed["programme"].isin(["", *ruled])
        table = spanned(table, informed[of_due], COST, DESIL)
    store.write("estimates/zero_cost", table)
    return table
