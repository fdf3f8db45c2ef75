"""Step 04, planning: who is due what, from which agency, paid by whom, and what zero extreme poverty costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.cleaning.answers import current_codes
from kaur_analysis.linkage import reach
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, each_recalled, of_each, of_tables, recalled
from kaur_analysis.pipeline.steps import drawn, where_registry
from kaur_analysis.pipeline.steps.unseen import DESIL, informed_welfare, ruled_by_unseen_desil
from kaur_analysis.planning import (
    Below,
    Limits,
    allocate,
    below,
    budget,
    conflicts,
    due_intervals,
    highest_line,
    limits_from_budgets,
    load_verification,
    needs_matrix,
    that_count,
    widen,
    zero_cost,
)
from kaur_analysis.poverty.intervals import spanned
from kaur_analysis.reference.catalogue import Programme
from kaur_analysis.study import VERIFICATION_FILE, AllocationRules

DUE = ["area", "programme", "fund", "measure"]
COST = ["measure", "detail", "area", "programme", "fund", "year"]
# Costs that hang on what the extremely poor are due; the others hang on how poor families are, whatever their desil.
COST_OF_DUE = ("programme_mix", "perfect_targeting", "by_year", "uncovered", "lifted")

RECEIPT = ["family", "programme", "received"]
OWED = [*RECEIPT, "desa", "eligible", "due", "units", "rupiah_year", "due_extreme"]
POVERTY = ["family", "kecamatan", "desa", "household_size", "p_extreme", "gap_extreme_rp_month"]


class Allotted(NamedTuple):
    """Tables of an allocation: who is given what, what bounds it, and what else it is compared with."""

    chosen: pd.DataFrame
    limits: pd.DataFrame
    comparison: pd.DataFrame


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
    table, intervals = due_of_each(edition, needs)
    edition.store.write("estimates/budget", table)
    edition.store.write("estimates/budget_intervals", intervals)
    return table


def due_of_each(edition: Edition, needs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is due by each programme, and how sure that is.

    How sure is said by the joint draws; where a rule goes by a desil that they do not know, by both ends. Column
    ``spans`` is then ``desil``, else empty.
    """
    study, ruled = edition.study, ruled_by_unseen_desil(edition)
    extreme, informed = extremely_poor(edition, bool(ruled))
    found = each_recalled(
        edition,
        "hak",
        due_by_programme,
        {code: own | {"ruled": code in ruled} for code, own in what_decides(needs, study.programmes).items()},
        families=edition.store.read("estimates/family_poverty", ["family"]),
        extreme=extreme,
        informed=informed,
        line_rp_month=study.line("extreme"),
        seed=study.seed,
    )
    table = pd.concat([tables[0] for tables in found.values()])
    table = table.sort_values("area", key=lambda area: area.str.len(), kind="stable", ignore_index=True)
    return table, pd.concat([tables[1] for tables in found.values() if len(tables[1])], ignore_index=True)


def what_decides(needs: pd.DataFrame, programmes: Iterable[Programme]) -> dict[str, dict[str, Any]]:
    """What each programme's sums hang on: its needs, and who is on lists of those that bar it or that it asks for."""
    listed = {programme.code: programme for programme in programmes}
    rows = dict(list(needs[OWED].groupby("programme", sort=False)))
    receipts = {code: own.loc[own["received"] > 0, RECEIPT] for code, own in rows.items()}
    named = {
        code: [other for other in dict.fromkeys([*one.excludes, *one.requires]) if other in listed]
        for code, one in listed.items()
    }
    return {
        code: {
            "programmes": [one, *(listed[other] for other in named[code])],
            "needs": rows[code],
            "receipts": [receipts[other] for other in named[code] if other in receipts],
        }
        for code, one in listed.items()
        if code in rows
    }


def extremely_poor(edition: Edition, with_desil: bool) -> tuple[Below, Below | None]:
    """Who is extremely poor in which joint draw of welfare, and who is where the model knows the desil, if asked for.

    Those above the line but below the highest that costs are told for are among them.
    """
    study = edition.study
    tables = of_tables(
        edition,
        "miskin-ekstrem",
        # what informs the draws is not among what is given: they, the desil and the seed decide it
        partial(below_by_draws, informed=partial(informed_welfare, edition)),
        ("clean/families", "estimates/welfare_draws"),
        line_rp_month=highest_line(study.line("extreme")),
        seed_of_informed=study.seed if with_desil else None,
    )
    return Below.of_tables(*tables[:2]), Below.of_tables(*tables[2:]) if with_desil else None


def below_by_draws(
    read: Callable[..., pd.DataFrame],
    line_rp_month: float,
    seed_of_informed: int | None,
    informed: Callable[[], NDArray[np.float32]],
) -> Tables:
    """Who is below a line by the draws, and by the informed ones where they are asked for."""
    draws = [drawn(read("estimates/welfare_draws")), *([] if seed_of_informed is None else [informed()])]
    return [table for each in draws for table in below(each, line_rp_month, len(each)).tables()]


def due_by_programme(
    parts: Mapping[str, Mapping[str, Any]],
    families: pd.DataFrame,
    extreme: Below,
    informed: Below | None,
    line_rp_month: float,
    seed: int,
) -> dict[str, Tables]:
    """Budget lines of some programmes, and their intervals."""
    owed = pd.concat([own["needs"] for own in parts.values()])
    receipts = [table.assign(due=0.0) for own in parts.values() for table in own["receipts"]]
    programmes = {one.code: one for own in parts.values() for one in own["programmes"]}
    intervals = partial(
        due_intervals,
        pd.concat([owed, *receipts]).drop_duplicates(["family", "programme"]),
        families,
        programmes.values(),
        line_rp_month=line_rp_month,
        seed=seed,
    )
    sure = intervals(draws=extreme, only=parts).assign(spans="")
    ruled = [code for code, own in parts.items() if own["ruled"]]
    if ruled and informed is not None:
        other = intervals(draws=informed, only=ruled)
        sure = spanned(sure, other[other["measure"].str.endswith("_extreme")], DUE, DESIL)
    lines = of_each(budget(owed, [programmes[code] for code in parts]), parts)
    return {code: [*lines[code], *tables] for code, tables in of_each(sure, parts).items()}


@where_registry
def allocation(edition: Edition, needs: pd.DataFrame) -> Allotted | None:
    """Whom to serve with what first, within the budgets that the study names; nothing where it names none."""
    study, store = edition.study, edition.store
    if not study.budgets:
        return None
    proposals = store.read("clean/proposals").dropna(subset="family")[["family", "programme"]].drop_duplicates()
    found = Allotted(
        *recalled(
            edition,
            "alokasi",
            allotted,
            needs=that_count(needs, Limits(**study.allocation.model_dump()).minimum_due, proposals),
            families=store.read("estimates/family_poverty", POVERTY),
            programmes=study.programmes,
            budgets=study.budgets,
            rules=study.allocation,
            proposals=proposals.reset_index(drop=True),
        )
    )
    store.write("estimates/allocation", found.chosen)
    store.write("estimates/allocation_limits", found.limits)
    store.write("estimates/allocation_comparison", found.comparison)
    return found


def allotted(
    needs: pd.DataFrame,
    families: pd.DataFrame,
    programmes: Sequence[Programme],
    budgets: Mapping[str, float],
    rules: AllocationRules,
    proposals: pd.DataFrame,
) -> Allotted:
    """An allocation of those needs that count."""
    wide = widen(needs, families, programmes)
    limits = limits_from_budgets(budgets, wide, **rules.model_dump())
    found = allocate(wide, limits, {"usulan kantor": proposals} if len(proposals) else {})
    return Allotted(found.chosen, found.limits, found.comparison)


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
    ruled = ruled_by_unseen_desil(edition)
    extreme, informed = extremely_poor(edition, bool(ruled))
    table = cost(draws=extreme).assign(spans="")
    if informed is not None:
        other = cost(draws=informed, line_factors=(), by_list=False)
        of_due = other["measure"].isin(COST_OF_DUE) & other["programme"].isin(["", *ruled])
        table = spanned(table, other[of_due], COST, DESIL)
    store.write("estimates/zero_cost", table)
    return table
