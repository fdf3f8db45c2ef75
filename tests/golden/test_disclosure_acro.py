"""The gate's primary rules against ACRO, the output checker of research data centres, on made-up tables.

ACRO 1.0.2 ran in an environment of its own; its decisions are kept with the numbers they rest on. Companions,
all-or-none groups and rounding are not compared: ACRO checks cell by cell.
"""

from pathlib import Path

import pandas as pd
import pytest

from kaur_analysis.disclosure import publish
from kaur_analysis.disclosure.publish import room_above
from kaur_analysis.study import Thresholds

CELLS = pd.read_csv(Path(__file__).parent / "data" / "acro_decisions.csv", comment="#")


def decided() -> pd.DataFrame:
    """What the gate shows, with ACRO's minimum of ten; every cell is a kecamatan and programme of its own."""
    cells = CELLS.assign(area=[f"1704{place:03d}" for place in range(len(CELLS))])
    counts = cells.assign(indicator="recipients", unit="keluarga", value=cells["families"].astype(float))
    counts = counts.drop(columns=["first", "second"])
    money = cells.assign(indicator="benefit_rupiah", unit="rupiah_tahun", value=cells["total"])
    published, *_ = publish({"targeting": pd.concat([counts, money])}, Thresholds(minimum_families=10))
    return published[published["indicator"] == "benefit_rupiah"].sort_values("area", ignore_index=True)


def test_the_tables_hold_every_kind_of_decision():
    kinds = set(CELLS[["threshold", "nk", "p_percent"]].itertuples(index=False, name=None))
    assert {(0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)} <= kinds


def test_money_is_hidden_wherever_acro_fails_a_cell_and_nowhere_else():
    failed = CELLS[["threshold", "nk", "p_percent"]].any(axis=1)
    assert list(decided()["status"].eq("disembunyikan")) == list(failed)


@pytest.mark.parametrize("rule", ["nk", "p_percent"])
def test_dominance_contains_each_of_acro_s_two_rules(rule):
    ours = room_above(CELLS["total"], CELLS["first"], CELLS["second"]) > 0
    assert ours[CELLS[rule] == 1].all()


def test_dominance_fails_no_cell_that_passes_both_of_acro_s_rules():
    ours = room_above(CELLS["total"], CELLS["first"], CELLS["second"]) > 0
    assert list(ours) == list(CELLS[["nk", "p_percent"]].any(axis=1))
