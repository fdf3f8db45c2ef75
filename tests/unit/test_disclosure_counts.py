"""Rows by reason may be told, but never so that a subtraction brings a small number back."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.disclosure import protect_parts
from kaur_analysis.pipeline.steps.publish import list_findings

COUNTS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 40), max_size=6)


def test_counts_that_are_large_enough_are_told():
    assert protect_parts({"a": 12, "b": 5}, 5) == ({"a": 12, "b": 5}, 17)


def test_a_small_count_takes_the_next_smallest_with_it():
    assert protect_parts({"a": 2, "b": 9, "c": 30}, 5) == ({"a": None, "b": None, "c": 30}, 41)


def test_a_single_small_count_hides_the_sum_as_well():
    assert protect_parts({"a": 3}, 5) == ({"a": None}, None)


def test_a_reason_that_never_occurred_is_not_listed():
    assert protect_parts({"a": 0, "b": 7}, 5) == ({"b": 7}, 7)


@given(COUNTS)
def test_no_small_count_is_told(parts):
    told, _ = protect_parts(parts, 5)
    assert all(count is None or count >= 5 for count in told.values())


@given(COUNTS)
def test_what_is_left_of_the_sum_is_never_one_part_nor_small(parts):
    told, total = protect_parts(parts, 5)
    hidden = [reason for reason, count in told.items() if count is None]
    if hidden and total is not None:
        assert len(hidden) >= 2 and total - sum(count for count in told.values() if count is not None) >= 5


@given(COUNTS)
def test_what_is_told_is_true(parts):
    told, total = protect_parts(parts, 5)
    assert all(count is None or count == parts[reason] for reason, count in told.items())
    assert total is None or total == sum(parts.values())


def findings(protected=()):
    set_aside = pd.DataFrame({"source": ["a"] * 11, "reason": ["Baris ganda"] * 8 + ["Tercatat meninggal"] * 3})
    found = pd.DataFrame(
        {
            "source": ["b"] * 9 + ["a"] * 3,
            "rule": ["angka_tidak_terbaca"] * 6 + ["tanggal_tidak_terbaca"] * 3 + ["meninggal"] * 3,
            "severity": ["peringatan"] * 9 + ["disisihkan"] * 3,
        }
    )
    told = list_findings(set_aside, found, 5, protected)
    return [(entry["source"], entry["title"], entry["set_aside"], entry["rows"]) for entry in told]


def test_a_row_that_was_set_aside_is_not_counted_again_among_the_warnings():
    assert findings() == [
        ("a", "Baris ganda", True, None),
        ("a", "Tercatat meninggal", True, None),
        ("b", "Bukan angka", False, 6),
        ("b", "Bukan tanggal", False, None),
    ]


def test_no_reason_is_counted_where_the_rows_set_aside_are_protected():
    set_aside = pd.DataFrame({"source": ["a"] * 8, "reason": ["Baris ganda"] * 8})
    none = pd.DataFrame(columns=["source", "rule", "severity"])
    assert [entry["rows"] for entry in list_findings(set_aside, none, 5, ())] == [8]
    assert [entry["rows"] for entry in list_findings(set_aside, none, 5, ("a",))] == [None]
