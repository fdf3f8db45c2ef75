"""Columns worked on piece by piece say what they say worked on whole."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.intake import text
from kaur_analysis.intake.identity import judge_numbers

WORDS = ["b", None, " a", "b", "", "c ", "a", None, "b", "c", "a"]


@pytest.fixture(params=[1, 3, 100], autouse=True)
def piece_rows(request, monkeypatch):
    monkeypatch.setattr(text, "PIECE_ROWS", request.param)


@pytest.fixture(params=["whole", "chunks", "empty"])
def words(request):
    if request.param == "empty":
        return pd.Series([], dtype="str")
    parts = [WORDS] if request.param == "whole" else [WORDS[:4], WORDS[4:5], WORDS[5:]]
    return pd.concat([pd.Series(part, dtype="str") for part in parts], ignore_index=True)


def test_codes_number_texts_as_they_first_occur(words):
    codes, distinct = text.encoded(words)
    assert list(codes) == list(pd.factorize(words)[0])
    assert distinct.to_pylist() == list(words.dropna().unique())


def test_distinct_texts_and_codes_make_the_column_again(words):
    codes, distinct = text.encoded(words)
    pd.testing.assert_series_equal(text.spread_array(distinct, codes, words.index), words)


def test_texts_lose_the_spaces_around_them(words):
    pd.testing.assert_series_equal(text.stripped(words), words.str.strip())


def test_a_column_of_one_text_has_it_on_every_row(words):
    expected = pd.Series("kaur", index=words.index, dtype="str")
    pd.testing.assert_series_equal(text.same_text("kaur", words.index), expected)


@pytest.mark.parametrize("others", [["a", None], ["a", "b", "z"] * 10])
def test_missing_texts_are_nowhere_among_others(words, others):
    other = pd.Series(others, dtype="str")
    present = [word is not None and word in others for word in words.astype(object).where(words.notna(), None)]
    assert list(text.among(words, other)) == present
    places = [others.index(word) if found else -1 for word, found in zip(words, present, strict=True)]
    assert list(text.places_in(words, other)) == places


def test_a_day_that_is_missing_has_no_code():
    days = np.array(["1980-02-29", "NaT", "2001-01-01", "1980-02-29"], dtype="datetime64[D]")
    codes, distinct = text.distinct_days(days)
    assert list(codes) == [0, -1, 1, 0] and list(distinct) == [days[0], days[2]]


def test_a_column_is_judged_by_all_its_numbers():
    damaged = [f"99040712058000{tens}0" for tens in range(1, 10)]
    numbers = pd.Series(damaged * 3 + ["9904071205800001"], dtype="str")
    judged = judge_numbers(numbers, "nik", True)
    assert list(judged.fault) == ["nik_rusak_excel"] * 27 + [""]
    assert list(judged.usable) == [""] * 27 + ["9904071205800001"]
