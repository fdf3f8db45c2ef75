"""What must hold for needs and budget lines, whatever the families and lists."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.planning import budget, due_intervals, needs_matrix, zero_cost
from kaur_analysis.planning.rules import benefit
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()
PKH = CATALOGUE["pkh"]
PARTS = {part.field: part.rupiah_year for part in PKH.components}
PEOPLE = st.fixed_dictionaries({name: st.integers(0, 2) for name in PARTS})


@settings(deadline=None)
@given(PEOPLE)
def test_no_choice_of_four_components_is_worth_more_than_the_one_paid(people):
    worths = [PARTS[name] for name, count in people.items() for _ in range(count)]
    best = max(sum(chosen) for size in range(5) for chosen in combinations(worths, size)) if worths else 0
    assert benefit(pd.DataFrame([people]), PKH)[2][0] == best


def tables(seed):
    """Twelve random families in three kecamatan, their poverty, and random lists of all programmes."""
    random = np.random.default_rng(seed)
    size = 12
    desa = random.choice(["1704010001", "1704010002", "1704020001", "1704030001"], size)
    place = {"family": [f"k{i}" for i in range(size)], "kecamatan": [code[:7] for code in desa], "desa": desa}
    families = pd.DataFrame(place).assign(
        household_size=random.integers(1, 8, size).astype(float),
        children_0_6=random.integers(0, 3, size).astype(float),
        children_7_12=random.integers(0, 3, size).astype(float),
        adults_19_59=random.integers(0, 3, size).astype(float),
        desil=random.integers(1, 11, size).astype(float),
        floor=random.choice(["earth", "cement"], size),
        tenure="own",
        head_sector=random.choice(["agriculture", "other"], size),
        head_age=random.integers(20, 70, size).astype(float),
        in_targeting_list=1.0,
        sources="uji",
    )
    chance = random.uniform(0, 1, size)
    poverty = pd.DataFrame(place).assign(
        household_size=families["household_size"],
        p_poor=np.minimum(chance * 1.5, 1),
        p_extreme=chance,
        gap_poor_rp_month=100_000 * chance,
        gap_extreme_rp_month=40_000 * chance,
        expected_welfare_rp_month=500_000.0,
    )
    listed = pd.DataFrame(
        [
            {"family": family, "programme": code, "received": float(random.choice([0.5, 1.0])), "period": "2025"}
            for family in place["family"]
            for code in CATALOGUE
            if random.random() < 0.3
        ],
        columns=["family", "programme", "received", "period"],
    )
    return families, poverty, listed


WORLDS = st.builds(tables, st.integers(0, 10_000))


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_nobody_is_due_more_than_is_missing(world):
    needs = needs_matrix(*world, CATALOGUE.values())
    assert (needs["due"] <= needs["eligible"] * (1 - needs["received"]) + 1e-12).all()


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_whoever_receives_more_is_due_less(world):
    families, poverty, listed = world
    key = ["family", "programme"]
    with_lists = needs_matrix(families, poverty, listed, CATALOGUE.values()).set_index(key)["due"]
    certain = needs_matrix(families, poverty, listed.assign(received=1.0), CATALOGUE.values()).set_index(key)["due"]
    needing_another = with_lists.index.get_level_values("programme").isin(["pena"])
    assert (certain <= with_lists + 1e-12)[~needing_another].all()


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_smaller_areas_and_funds_add_up_in_the_budget(world):
    lines = budget(needs_matrix(*world, CATALOGUE.values()), CATALOGUE.values())
    length = lines["area"].str.len()
    whole = lines[(length == 4) & (lines["fund"] == "")]["rupiah_year"].sum()
    parts = [lines[(length == n) & (lines["fund"] != "")]["rupiah_year"].sum() for n in (4, 7, 10)]
    assert parts == pytest.approx([whole] * 3)


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_zero_costs_at_least_the_lower_bound_less_what_nobody_covers(world):
    _, poverty, _ = world
    cost = zero_cost(poverty, needs_matrix(*world, CATALOGUE.values()), CATALOGUE.values())
    kabupaten = cost[(cost["area"] == "1704") & (cost["programme"] == "")].set_index("measure")["rupiah_year"]
    assert kabupaten["programme_mix"] >= kabupaten["lower_bound"] - kabupaten["uncovered"] - 1e-3


def due_if(right, row, programme, served):
    """Share of the claim that is due to a family where only the lists in ``right`` name it."""
    barred = any(code in right for code in programme.excludes)
    admitted = not programme.requires or any(code in right for code in programme.requires)
    return row["eligible"] * (1 - served * (programme.code in right)) * (not barred) * admitted


def moments(row, programme, chances, served):
    """Mean and mean square of what is due to one family, over all ways in which its lists may be right or wrong."""
    codes = [code for code in {programme.code, *programme.excludes, *programme.requires} if chances.get(code)]
    first, second = 0.0, 0.0
    for holds in product([False, True], repeat=len(codes)):
        right = {code for code, is_right in zip(codes, holds, strict=True) if is_right}
        chance = np.prod([chances[code] if code in right else 1 - chances[code] for code in codes])
        due = due_if(right, row, programme, served)
        first, second = first + chance * due, second + chance * due**2
    return first, second


def enumerated(world, needs):
    """Each claim with the exact mean and mean square of its due share; lists of persons name one person each."""
    chances = {family: rows.set_index("programme")["received"].to_dict() for family, rows in world[2].groupby("family")}
    rows = []
    for row in needs.to_dict("records"):
        programme = CATALOGUE[row["programme"]]
        served = 1 / row["units"] if programme.unit in ("orang", "murid") and row["units"] > 0 else 1.0
        first, second = moments(row, programme, chances.get(row["family"], {}), served)
        rows.append(row | {"mean": first, "square": second})
    return pd.DataFrame(rows)


def naming_one_person(world):
    families, poverty, listed = world
    return families, poverty, listed.assign(units_received=1.0)


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_what_is_due_is_its_mean_over_all_ways_in_which_links_may_be_right(world):
    world = naming_one_person(world)
    claims = enumerated(world, needs_matrix(*world, CATALOGUE.values()))
    np.testing.assert_allclose(claims["due"], claims["mean"], atol=1e-12)


@settings(max_examples=8, deadline=None)
@given(WORLDS)
def test_the_error_of_what_is_due_is_that_of_links_and_poverty_together(world):
    families, poverty, listed = naming_one_person(world)
    poverty = poverty.assign(p_extreme=poverty["p_extreme"].clip(0.2, 0.8))  # rare events need more draws
    world = families, poverty, listed
    needs = needs_matrix(*world, CATALOGUE.values())
    random = np.random.default_rng(1)
    welfare = np.where(random.random((len(families), 2_000)) < poverty[["p_extreme"]].to_numpy(), 1e5, 9e5)
    errors = due_intervals(needs, poverty, CATALOGUE.values(), draws=welfare, line_rp_month=400_000.0)
    claims = enumerated(world, needs)
    spread = {
        "families_due": claims["square"] - claims["mean"] ** 2,
        "families_due_extreme": claims["p_extreme"] * claims["square"] - (claims["p_extreme"] * claims["mean"]) ** 2,
    }
    for measure, variance in spread.items():
        exact = np.sqrt(variance.clip(0).groupby(claims["programme"]).sum())
        found = errors[(errors["area"] == "1704") & (errors["fund"] == "") & (errors["measure"] == measure)]
        found = found.set_index("programme")["se"]
        np.testing.assert_allclose(found, exact[found.index], rtol=0.1, atol=1e-9)
