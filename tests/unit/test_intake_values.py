"""Numbers and dates follow the declared locale; codes follow the codebook; the rest is reported."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.intake.codebook import Column
from kaur_analysis.intake.values import dates, numbers, words

LATEST = dt.date(2025, 3, 31)


def series(*texts):
    return pd.Series(texts, dtype="str")


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("1.234.567,89", "id", 1234567.89),
        ("1,234,567.89", "en", 1234567.89),
        ("Rp 3.600.000", "id", 3_600_000),
        ("Rp3.600.000,-", "id", 3_600_000),
        ("300000", "id", 300_000),
        ("-12,5", "id", -12.5),
        ("36,5", "id", 36.5),
        ("36.5", "en", 36.5),
        ("1.5E+3", "en", 1500),
    ],
)
def test_numbers_of_a_locale(text, locale, value):
    assert numbers(series(text), locale).values[0] == value


@pytest.mark.parametrize("text", ["", "-", "...", "N/A", "n/a"])
def test_signs_of_nothing_are_missing_and_no_fault(text):
    parsed = numbers(series(text), "id")
    assert np.isnan(parsed.values[0]) and not parsed.bad[0] and not parsed.other_locale[0]


@pytest.mark.parametrize(("text", "locale"), [("1,234.5", "id"), ("36.5", "id"), ("1.234,5", "en"), ("36,5", "en")])
def test_a_number_that_only_the_other_locale_writes_is_told_apart(text, locale):
    parsed = numbers(series(text), locale)
    assert np.isnan(parsed.values[0]) and parsed.other_locale[0]


@pytest.mark.parametrize(("text", "locale"), [("600,000", "id"), ("Rp 1,000", "id"), ("600.000", "en")])
def test_three_digits_behind_a_sign_with_nothing_that_tells_are_of_the_other_locale(text, locale):
    parsed = numbers(series(text), locale)
    assert np.isnan(parsed.values[0]) and parsed.other_locale[0]


@pytest.mark.parametrize(("text", "beside", "locale"), [("600,000", "600.000", "id"), ("600.000", "600,000", "en")])
def test_three_digits_beside_grouped_thousands_are_reported_and_the_thousands_stay(text, beside, locale):
    parsed = numbers(series(text, beside), locale)
    assert list(parsed.other_locale) == [True, False] and parsed.values[1] == 600_000


@pytest.mark.parametrize(("text", "locale"), [("1.200,000", "id"), ("1,200.000", "en")])
def test_thousands_grouped_by_two_signs_are_no_number(text, locale):
    assert numbers(series(text), locale).bad[0]


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [("0,125", "id", 0.125), ("0.125", "en", 0.125), ("1234,567", "id", 1234.567), ("12,1250", "id", 12.125)],
)
def test_three_decimals_that_cannot_be_thousands_are_decimals(text, locale, value):
    assert numbers(series(text), locale).values[0] == value


@pytest.mark.parametrize(("text", "beside", "locale"), [("12,125", "36,5", "id"), ("12.125", "36.5432", "en")])
def test_three_decimals_beside_other_decimals_are_decimals(text, beside, locale):
    assert numbers(series(text, beside), locale).values[0] == 12.125


def test_three_decimals_of_a_format_that_writes_them_itself_are_decimals():
    assert numbers(series("12.125"), "en", certain=True).values[0] == 12.125


@pytest.mark.parametrize("text", ["abc", "12x", "1.23.4"])
def test_what_is_no_number_is_bad(text):
    assert numbers(series(text), "id").bad[0]


@pytest.mark.parametrize(
    ("text", "locale", "day"),
    [
        ("12/05/1980", "id", "1980-05-12"),
        ("05/12/1980", "en", "1980-05-12"),
        ("1980-05-12", "en", "1980-05-12"),
        ("12-05-80", "id", "1980-05-12"),
        ("12-05-24", "id", "2024-05-12"),
        ("12 Mei 1980", "id", "1980-05-12"),
        ("12 Agt 1980", "id", "1980-08-12"),
        ("29353", "id", "1980-05-12"),
        ("29353.999988425926", "id", "1980-05-12"),
        ("29353,9999884", "id", "1980-05-12"),
        ("19800512", "id", "1980-05-12"),
        ("1980-05-12 00:00:00", "id", "1980-05-12"),
        ("1980-05-12T00:00", "id", "1980-05-12"),
        ("1980-05-12T00:00:00.000Z", "en", "1980-05-12"),
        ("12/05/1980T00:00", "id", "1980-05-12"),
    ],
)
def test_dates_in_every_way_offices_write_them(text, locale, day):
    assert dates(series(text), locale, LATEST).values[0] == np.datetime64(day)


@pytest.mark.parametrize("text", ["31/02/1980", "00/05/1980", "12/13/14/15", "kemarin", "12 Foo 1980"])
def test_what_is_no_date_is_bad(text):
    parsed = dates(series(text), "id", LATEST)
    assert np.isnat(parsed.values[0]) and parsed.bad[0]


@pytest.mark.parametrize("text", ["1900", "1980", "1980.0", "2100"])
def test_a_year_alone_is_no_day_of_1905(text):
    parsed = dates(series(text), "id", LATEST)
    assert np.isnat(parsed.values[0]) and parsed.bad[0]


def test_a_date_that_only_the_other_locale_writes_is_told_apart():
    assert dates(series("05/25/1980"), "id", LATEST).other_locale[0]


CATEGORY = Column(type="category", codes={"milik sendiri": "own", "1": "own", "8": None, "2/*": "shared", "1/3": "big"})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Milik Sendiri", "own"),
        ("MILIK  SENDIRI ", "own"),
        ("1", "own"),
        ("01", "own"),
        ("1.0", "own"),
        ("2/", "shared"),
        ("2/9", "shared"),
        ("1/3", "big"),
    ],
)
def test_codes_are_compared_without_case_spaces_and_zeros(text, word):
    assert words(series(text), CATEGORY).values[0] == word


def test_a_code_known_to_mean_missing_is_no_fault():
    parsed = words(series("8"), CATEGORY)
    assert parsed.values[0] is None and not parsed.bad[0]


def test_an_unknown_code_is_reported_and_missing():
    parsed = words(series("7"), CATEGORY)
    assert parsed.values[0] is None and parsed.bad[0]


def test_a_blank_has_the_meaning_the_codebook_gives_it():
    flag = Column(type="flag", codes={"1": 1, "5": 0}, blank=0)
    assert list(words(series("", "1", "5"), flag).values) == [0, 1, 0]


SEX = Column(type="category", codes={"1": "male", "2": "female", "laki laki": "male", "perempuan": "female"})


def test_a_label_of_the_file_decides_over_a_code_of_the_codebook_and_is_reported():
    parsed = words(series("1", "2"), SEX, {"1": "Perempuan", "2": "Laki-laki"})
    assert (list(parsed.values), list(parsed.contradicted)) == (["female", "male"], [True, True])


def test_a_code_that_only_the_label_explains_is_understood():
    parsed = words(series("0", "1"), SEX, {"0": "Perempuan", "1": "Laki-laki"})
    assert (list(parsed.values), parsed.contradicted.any(), parsed.bad.any()) == (["female", "male"], False, False)


def test_a_label_that_the_codebook_does_not_know_changes_nothing():
    assert list(words(series("1"), SEX, {"1": "Pria dewasa"}).values) == ["male"]
