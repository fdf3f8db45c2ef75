"""Numbers as readers see them, and the words that compare them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.reporting.figures import (
    EQUAL,
    HIGHER,
    LOWER,
    UNCLEAR,
    Figure,
    compare,
    of_hundred,
    one_in,
    split_hundred,
    ten_signs,
)


def share(value, low=math.nan, high=math.nan, **more):
    return Figure(value, low, high, "bagian", status=more.pop("status", "tampil"), **more)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (share(0.1783, 0.14, 0.22), "18%"),
        (share(0.1783, 0.172, 0.184), "17,8%"),
        (share(0.1783, 0.1778, 0.1788), "17,83%"),
        (share(0.1783, 0.1778, 0.1788, n=837), "17,8%"),
        (share(0.1783, official=True), "17,83%"),
        (share(0.1783, n=60), "18%"),
        (share(0.1783, n=6000), "17,8%"),
        (Figure(1240.0, unit="keluarga", status="tampil"), "1.240"),
        (Figure(2.3e9, unit="rupiah_tahun", status="tampil"), "Rp2,3 miliar"),
        (Figure(671095.0, unit="rupiah", status="tampil"), "Rp671.095"),
        (Figure(0.0287, 0.0285, 0.0289, unit="indeks100", status="tampil"), "2,87"),
        (Figure(0.312, 0.29, 0.334, unit="indeks", status="tampil"), "0,31"),
        (Figure(status="disembunyikan"), "•"),
        (Figure(status="tidak disajikan"), "×"),
        (Figure(), "–"),
    ],
)
def test_a_number_is_written_with_the_decimals_its_interval_bears(figure, text):
    assert figure.text == text


def test_a_range_has_the_decimals_of_its_value():
    assert share(0.1783, 0.13, 0.21).range == "13–21%"


def test_a_number_without_interval_has_no_range():
    assert share(0.1783).range == ""


def test_a_count_in_a_sentence_has_its_noun():
    assert Figure(98.0, unit="keluarga", status="tampil").words == "98 keluarga"


def test_a_hidden_number_in_a_sentence_says_why():
    assert Figure(status="disembunyikan").words == "dilindungi"


KABUPATEN = share(0.18, 0.17, 0.19)


@pytest.mark.parametrize(
    ("own", "word"),
    [
        (share(0.25, 0.22, 0.28), HIGHER),
        (share(0.12, 0.10, 0.14), LOWER),
        (share(0.185, 0.18, 0.19), EQUAL),
        (share(0.2, 0.14, 0.26), UNCLEAR),
        (share(0.25), UNCLEAR),
        (Figure(status="disembunyikan"), UNCLEAR),
    ],
)
def test_the_word_follows_from_the_interval_of_the_difference(own, word):
    assert compare(own, KABUPATEN, 0.15) == word


def test_intervals_that_only_touch_the_line_are_not_called_different():
    assert compare(share(0.2, 0.19, 0.21), share(0.19, 0.18, 0.2), 0.01) == UNCLEAR


def test_the_difference_uses_both_errors():
    # MOVER: 0.20 − 0.18 ± √(0.015² + 0.010²) leaves zero outside, √(0.02² + 0.01²) does not.
    assert compare(share(0.2, 0.185, 0.215), KABUPATEN, 0.01) == HIGHER
    assert compare(share(0.2, 0.18, 0.22), KABUPATEN, 0.01) == UNCLEAR


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.001, 0.06, HIGHER), (-0.06, -0.001, LOWER), (-0.02, 0.02, EQUAL), (-0.001, 0.06, UNCLEAR)],
)
def test_the_joint_draws_of_the_difference_decide_where_they_are_known(low, high, word):
    assert compare(share(0.2, 0.14, 0.26), KABUPATEN, 0.15, share((low + high) / 2, low, high)) == word


def test_a_number_that_is_not_shown_is_not_compared_by_its_difference_either():
    assert compare(Figure(status="disembunyikan"), KABUPATEN, 0.15, share(0.05, 0.03, 0.07)) == UNCLEAR


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.17, "1 dari 6"),
        (0.04, "1 dari 25"),
        (0.28, "1 dari 4"),
        (0.29, "3 dari 10"),
        (0.41, "4 dari 10"),
        (0.6, "6 dari 10"),
        (0.004, "4 dari 1.000"),
    ],
)
def test_a_share_is_told_as_people(value, words):
    assert one_in(value) == words


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=5))
def test_parts_out_of_a_hundred_always_add_up(parts):
    total = sum(parts)
    assert sum(of_hundred([part / total for part in parts])) == 100


def test_the_largest_remainder_gets_the_odd_one():
    assert of_hundred([1 / 3, 1 / 3 + 0.001, 1 / 3 - 0.001]) == [33, 34, 33]


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_missed_out_of_a_hundred_are_the_percent_that_a_table_prints(missed, unlisted):
    reached, *parts = split_hundred(missed, unlisted, 1 - unlisted)
    assert share(missed, n=60).text == f"{sum(parts)}%" and reached == 100 - sum(parts)


@pytest.mark.parametrize(
    ("hundred", "signs"),
    [((56, 7, 37), (6, 1, 3)), ((55, 0, 45), (6, 0, 4)), ((100, 0), (10, 0)), ((0, 5, 95), (0, 1, 9))],
)
def test_ten_signs_round_those_who_are_reached(hundred, signs):
    assert ten_signs(hundred) == signs


@given(st.integers(0, 99))
def test_one_more_who_is_reached_never_shows_fewer_signs(reached):
    fewer, more = (ten_signs((count, 100 - count))[0] for count in (reached, reached + 1))
    assert fewer <= more


@pytest.mark.parametrize(("status", "text"), [("tampil", "1.240 sekali"), ("hati-hati", "1.240 sekali !")])
def test_a_number_beside_a_bar_carries_its_caution(status, text):
    assert Figure(1240.0, unit="keluarga", status=status).beside("sekali") == text


@pytest.mark.parametrize(
    ("low", "high", "status", "text"),
    [
        (220.0, 600.0, "tampil", "350 (220–600) keluarga"),
        (220.0, 600.0, "hati-hati", "350 (220–600, hati-hati) keluarga"),
        (math.nan, math.nan, "tampil", "350 keluarga"),
        (math.nan, math.nan, "disembunyikan", "dilindungi"),
    ],
)
def test_an_estimate_in_a_sentence_carries_its_range_and_caution(low, high, status, text):
    assert Figure(350.0, low, high, "keluarga", status=status).estimate == text
