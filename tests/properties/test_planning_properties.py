"""What must hold for every allocation, whatever the families and ceilings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.planning import Limits, allocate
from kaur_analysis.planning.bundles import gap_closed
from tests.unit.test_planning_allocation import selection, small_world, worth

WORLDS = st.builds(small_world, seed=st.integers(0, 10_000), families=st.integers(1, 25), desa=st.integers(1, 4))
SHARES = st.floats(0.01, 1.2)


@settings(max_examples=40, deadline=None)
@given(WORLDS, SHARES, SHARES, st.integers(1, 3))
def test_no_ceiling_and_no_family_cap_is_ever_exceeded(wide, total, agency, at_most):
    everything = float(wide.rupiah.sum()) or 1.0
    limits = Limits(total=total * everything, agency={"dinsos": agency * everything}, family_programmes=at_most)
    pairs = selection(wide, allocate(wide, limits).chosen)
    dinsos = wide.rupiah[:, :2] * pairs[:, :2]
    assert (wide.rupiah * pairs).sum() <= limits.total + 1
    assert dinsos.sum() <= limits.agency["dinsos"] + 1
    assert pairs.sum(axis=1).max() <= at_most
    assert not (pairs & (wide.due == 0)).any()


@settings(max_examples=30, deadline=None)
@given(WORLDS, SHARES, st.floats(1.0, 2.0))
def test_more_budget_is_never_worse(wide, total, more):
    budget = total * (float(wide.rupiah.sum()) or 1.0)
    poorer = worth(wide, selection(wide, allocate(wide, Limits(total=budget, mip_gap=0)).chosen))
    richer = worth(wide, selection(wide, allocate(wide, Limits(total=budget * more, mip_gap=0)).chosen))
    assert richer >= poorer * (1 - 1e-9)


@settings(max_examples=30, deadline=None)
@given(WORLDS, SHARES)
def test_the_allocation_is_never_worse_than_the_greedy_one(wide, total):
    table = allocate(wide, Limits(total=total * (float(wide.rupiah.sum()) or 1.0))).comparison.set_index("method")
    assert table.loc["optimal", "objective"] >= table.loc["greedy", "objective"]


@settings(max_examples=30, deadline=None)
@given(WORLDS, SHARES)
def test_the_objective_reported_is_the_objective_of_what_was_chosen(wide, total):
    result = allocate(wide, Limits(total=total * (float(wide.rupiah.sum()) or 1.0)))
    reported = result.comparison.set_index("method").loc["optimal", "objective"]
    assert reported == pytest.approx(worth(wide, selection(wide, result.chosen)), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(WORLDS, SHARES)
def test_gap_closed_per_row_adds_up_to_the_comparison(wide, total):
    result = allocate(wide, Limits(total=total * (float(wide.rupiah.sum()) or 1.0)))
    reported = result.comparison.set_index("method").loc["optimal", "gap_closed_rp_year"]
    assert result.chosen["gap_closed_rp_year"].sum() == pytest.approx(reported, abs=1e-3)


@settings(max_examples=60)
@given(st.integers(0, 10**9).map(float), st.integers(1, 10**8).map(float), st.floats(0.001, 1))
def test_closed_gap_never_exceeds_gap_or_expected_transfer(transfer, gap, chance):
    closed = float(gap_closed(np.array([transfer]), np.array([gap]), np.array([chance]))[0])
    assert 0 <= closed <= min(gap, chance * transfer) * (1 + 1e-12)
