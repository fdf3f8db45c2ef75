"""Whoever knows every published number cannot work out a hidden one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kaur_analysis.disclosure import publish
from kaur_analysis.disclosure.attack import Sums
from kaur_analysis.study import Thresholds

MINIMUM = Thresholds().minimum_families
CONCEPTS = ("extreme_families", "served_extreme_families", "gap_extreme_families")

small = st.integers(0, 14)
places = st.lists(st.lists(st.tuples(small, small), min_size=1, max_size=4), min_size=1, max_size=3)


def _table(kecamatan) -> pd.DataFrame:
    """Served and missed families per desa, and every sum a reader could expect: kecamatan, kabupaten, all families."""
    rows = []
    for k, desa in enumerate(kecamatan):
        for d, (served, gap) in enumerate(desa):
            code = f"17040{k + 1}0{d + 1:03d}"
            rows.append((code, served, gap))
    leaves = pd.DataFrame(rows, columns=["area", "served_extreme_families", "gap_extreme_families"])
    every = [leaves.assign(area=leaves["area"].str[:digits]).groupby("area").sum() for digits in (4, 7, 10)]
    table = pd.concat(every)
    table["extreme_families"] = table.sum(axis=1)
    return (
        table.rename_axis("area")
        .reset_index()
        .melt("area", var_name="indicator", value_name="value")
        .assign(unit="keluarga")
    )


def _published(kecamatan) -> pd.Series:
    published, _ = publish({"desa": _table(kecamatan)}, Thresholds())
    return published.set_index(["area", "indicator"])["value"]


def _equations(cells) -> list[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """The sums an attacker writes down, worked out here afresh from the codes."""
    areas = sorted({area for area, _ in cells})
    sums = [((area, CONCEPTS[0]), [(area, CONCEPTS[1]), (area, CONCEPTS[2])]) for area in areas]
    for area in areas:
        longer = {4: 7, 7: 10}.get(len(area))
        inside = [other for other in areas if len(other) == longer and other.startswith(area)]
        sums += [((area, concept), [(other, concept) for other in inside]) for concept in CONCEPTS if inside]
    return sums


def _bounds(published: pd.Series) -> dict[tuple[str, str], tuple[float, float]]:
    """Narrowest interval of each hidden cell, by two linear programmes over all cells."""
    cells = list(published.index)
    place = {cell: position for position, cell in enumerate(cells)}
    sums = _equations(cells)
    matrix = np.zeros((len(sums), len(cells)))
    for row, (whole, parts) in enumerate(sums):
        matrix[row, place[whole]] = 1
        for part in parts:
            matrix[row, place[part]] -= 1
    limits = [(0, None) if np.isnan(value) else (value, value) for value in published]
    found = {}
    for cell in cells:
        if np.isnan(published[cell]):
            ends = []
            for sign in (1, -1):
                objective = np.zeros(len(cells))
                objective[place[cell]] = sign
                answer = linprog(objective, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=limits)
                assert answer.status in (0, 3)
                ends.append(sign * answer.fun if answer.status == 0 else np.inf)
            found[cell] = (ends[0], ends[1])
    return found


@settings(max_examples=30, deadline=None)
@given(places)
def test_no_hidden_cell_can_be_bounded_within_the_protection(kecamatan):
    for cell, (low, high) in _bounds(_published(kecamatan)).items():
        assert high - low >= MINIMUM - 1e-6, cell


@settings(max_examples=30, deadline=None)
@given(places)
def test_no_shown_cell_counts_fewer_families_than_the_minimum(kecamatan):
    values = _published(kecamatan).dropna()
    assert ((values == 0) | (values >= MINIMUM)).all()


@settings(max_examples=20, deadline=None)
@given(places)
def test_what_is_shown_is_true(kecamatan):
    truth = _table(kecamatan).set_index(["area", "indicator"])["value"]
    values = _published(kecamatan).dropna()
    assert (values == truth[values.index]).all()


def test_a_table_of_large_cells_is_shown_whole():
    assert _published([[(20, 30), (40, 50)], [(60, 70), (80, 90)]]).notna().all()


def test_without_companions_the_attack_would_succeed():
    kecamatan = [[(20, 30), (3, 50)], [(60, 70), (80, 90)]]
    naive = _table(kecamatan).set_index(["area", "indicator"])["value"].astype(float)
    naive[("1704010002", "served_extreme_families")] = np.nan
    low, high = _bounds(naive)["1704010002", "served_extreme_families"]
    assert low == high == pytest.approx(3)


def test_the_room_s_own_attack_agrees_with_the_tests_on_what_is_exposed():
    amounts = {"whole": 10.0, "a": 3.0, "b": 7.0}
    sums = Sums(amounts, [("whole", ("a", "b"))], dict.fromkeys(amounts, 5.0))
    assert sums.exposed(["a"]) == ["a"]
    assert sums.exposed(["a", "b"]) == []


def test_a_companion_is_the_cheapest_that_leaves_room_enough():
    amounts = {"whole": 60.0, "a": 3.0, "b": 40.0, "c": 17.0}
    sums = Sums(amounts, [("whole", ("a", "b", "c"))], dict.fromkeys(amounts, 5.0))
    assert sums.companions("a", ["a"], {"whole": 1000.0, "a": 1.0, "b": 9.0, "c": 1.0}) == {"c"}
