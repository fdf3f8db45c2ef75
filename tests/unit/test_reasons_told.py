"""Reasons of a desa as they stand in the office's workbook: few families are not told apart, nor by subtraction."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.pipeline.restricted import told_apart
from kaur_analysis.study import Thresholds

REASONS = ["unlisted", "ranked_out", "unserved"]
LIMITS = Thresholds()
counted = st.lists(st.integers(0, 40), min_size=len(REASONS), max_size=len(REASONS))


def told(counts, se=0.0):
    rows = pd.DataFrame({"reason": REASONS, "value": map(float, counts), "se": se})
    return told_apart(rows.assign(group="1704010001", programme="pkh"), LIMITS).iloc[0]


@given(counted)
def test_no_number_below_the_minimum_is_told(counts):
    row = told(counts)[[*REASONS, "total"]].dropna()
    assert not row.between(1, LIMITS.minimum_families - 1).any()


@given(counted)
def test_what_is_left_of_the_total_is_of_two_reasons_and_not_few(counts):
    row = told(counts)
    hidden = row[REASONS].isna()
    if hidden.any() and pd.notna(row["total"]):
        assert hidden.sum() >= 2
        assert row["total"] - row[REASONS].sum() >= LIMITS.minimum_families


def test_a_small_reason_takes_the_next_larger_one_with_it():
    row = told([3, 20, 9])
    assert row.isna()[[*REASONS, "total"]].tolist() == [True, False, True, False]


def test_large_reasons_are_told():
    assert told([6, 20, 9])[[*REASONS, "total"]].tolist() == [6, 20, 9, 35]


@pytest.mark.parametrize(("error", "shown"), [(0.4, True), (0.6, False)])
def test_a_number_whose_error_is_too_large_is_not_told(error, shown):
    assert pd.notna(told([6, 20, 9], se=[6 * error, 0.0, 0.0])["unlisted"]) is shown
