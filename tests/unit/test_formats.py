"""Numbers and dates as Indonesian readers write them."""

import math
from datetime import date

import pytest

from kaur_analysis import formats


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234567.891, 2, "1.234.567,89"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (1.005, 2, "1,01"),
        (-3.2, 1, "-3,2"),
        (-0.04, 1, "0,0"),
        (None, 0, "–"),
        (math.nan, 2, "–"),
    ],
)
def test_numbers_use_dots_for_thousands_and_round_halves_up(value, decimals, text):
    assert formats.number(value, decimals) == text


def test_a_share_becomes_percent_only_here():
    assert formats.percent(0.1783) == "17,83%"


def test_running_text_says_persen():
    assert formats.percent_words(0.1712) == "17,12 persen"


def test_a_change_is_in_points():
    assert formats.points(0.1783 - 0.1810) == "turun 0,27 poin persen"


def test_a_rise_says_so():
    assert formats.points(0.01, 1) == "naik 1,0 poin persen"


def test_a_change_that_prints_as_zero_is_no_change():
    assert formats.points(0.00004) == "tetap"


def test_rupiah_has_no_space_and_no_decimals():
    assert formats.rupiah(671095.4) == "Rp671.095"


def test_negative_rupiah_keeps_its_sign_first():
    assert formats.rupiah(-5000) == "-Rp5.000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20_000_000, "Rp20 juta"),
        (1_234_567_890, "Rp1,2 miliar"),
        (999_960_000, "Rp1 miliar"),
        (999_940_000, "Rp999,9 juta"),
        (999_999, "Rp1 juta"),
        (450_000, "Rp450.000"),
        (-2_500_000, "-Rp2,5 juta"),
        (3.2e12, "Rp3,2 triliun"),
    ],
)
def test_large_sums_are_shortened_to_the_word_people_say(value, text):
    assert formats.rupiah_short(value) == text


def test_dates_are_written_out():
    assert formats.long_date(date(2024, 2, 27)) == "27 Februari 2024"


def test_an_interval_is_one_range_of_percent():
    assert formats.interval(0.131, 0.208) == "13–21%"


@pytest.mark.parametrize(("period", "words"), [("2024-03", "Maret 2024"), ("2024", "2024"), ("2024-13", "2024-13")])
def test_a_month_is_written_out_and_any_other_period_stays(period, words):
    assert formats.month_words(period) == words
