"""NIK and family card numbers are judged by their form; damaged ones are told apart and never repaired."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.intake.identity import (
    contradicts_birth,
    contradicts_sex,
    judge_numbers,
    normal_name,
    normal_names,
)
from tests.intake_files import card, nik

GOOD = nik()


def judged(*texts, kind="nik", synthetic=True):
    return judge_numbers(pd.Series(texts, dtype="str"), kind, synthetic)


@pytest.mark.parametrize(
    "text", [GOOD, f" {GOOD} ", f"'{GOOD}", f"{GOOD[:6]}.{GOOD[6:12]}.{GOOD[12:]}", f"NIK: {GOOD}"]
)
def test_a_good_number_is_usable_however_it_is_decorated(text):
    assert list(judged(text).usable) == [GOOD]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD[:15], "nik_bukan_16_angka"),
        (GOOD + "1", "nik_bukan_16_angka"),
        ("99040712O5800001", "nik_bukan_16_angka"),
        ("9,90407E+15", "nik_rusak_excel"),
        ("9.90407120580000E+15", "nik_rusak_excel"),
        ("9" * 16, "nik_tidak_sah"),
        (GOOD[:12] + "0000", "nik_tidak_sah"),
        (GOOD[:6] + "32" + GOOD[8:], "nik_tidak_sah"),
        (GOOD[:6] + "1213" + GOOD[10:], "nik_tidak_sah"),
        (GOOD[:6] + "300280" + GOOD[12:], "nik_tidak_sah"),
        (GOOD[:6] + "290281" + GOOD[12:], "nik_tidak_sah"),
        ("00" + GOOD[2:], "nik_tidak_sah"),
    ],
)
def test_each_fault_has_its_rule(text, fault):
    result = judged(text)
    assert (list(result.fault), list(result.usable)) == ([fault], [""])


def test_no_number_is_no_fault():
    result = judged("")
    assert (list(result.fault), list(result.usable)) == ([""], [""])


def test_29_february_of_a_leap_year_is_a_date():
    assert list(judged(nik(date(1980, 2, 29))).fault) == [""]


def test_a_woman_has_40_added_to_her_day():
    assert list(judged(nik(female=True)).fault) == [""]


def test_a_card_number_has_no_40_added():
    assert list(judged(card()[:6] + "52" + card()[8:], kind="kk").fault) == ["nik_tidak_sah"]


def test_the_impossible_province_is_refused_outside_synthetic_data():
    assert list(judged(GOOD, synthetic=False).fault) == ["nik_tidak_sah"]


def test_a_real_province_is_refused_in_synthetic_data_and_noticed():
    result = judged("17" + GOOD[2:])
    assert (list(result.usable), list(result.real_province)) == ([""], [True])


def test_a_column_that_nearly_always_ends_in_zero_was_kept_as_numbers():
    whole = [nik(serial=s) for s in range(10, 400, 10)]
    result = judged(*whole, nik(serial=7))
    assert set(result.fault) == {"nik_rusak_excel", ""} and list(result.usable)[-1] == nik(serial=7)


def test_a_column_with_some_numbers_ending_in_zero_is_fine():
    assert set(judged(*[nik(serial=s) for s in range(1, 60)]).fault) == {""}


def test_sex_is_read_from_the_day():
    usable = pd.Series([nik(female=True), nik(female=True), nik(), ""], dtype="str")
    assert list(contradicts_sex(usable, np.array([1.0, 0.0, np.nan, 1.0]))) == [False, True, False, False]


def test_birth_is_read_from_the_date_with_and_without_40():
    birth = np.array(["1980-05-12", "1980-05-12", "1980-05-13", "NaT"], dtype="datetime64[D]")
    usable = pd.Series([nik(), nik(female=True), nik(), nik()], dtype="str")
    assert list(contradicts_birth(usable, birth)) == [False, False, True, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Muh. Zorabruk", "MUHAMMAD ZORABRUK"),
        ("Mohd Zorabruk", "Mochammad Zorabruk"),
        ("H. Zorabruk, S.Pd", "Zorabruk"),
        ("Zorabruk bin Vekador", "ZORABRUK"),
        ("Hj. Zorabruk binti Vekador", "zorabruk"),
        ("Zórabruk", "Zorabruk"),
        ("Zorabruk (alm)", "Zorabruk"),
        ("Bpk. Zorabruk", "Zorabruk"),
    ],
)
def test_spellings_of_a_name_meet(one, other):
    assert normal_name(one) == normal_name(other)


@given(
    st.lists(
        st.text("aeMmuhdrst .,'()/é\tİ", max_size=12)
        | st.sampled_from(["Muh. Ana", "haji Budi", "Ana bin Budi", "ANA"])
    )
)
def test_many_names_are_normalised_as_each_alone(names):
    assert normal_names(names).tolist() == [normal_name(name) for name in names]


@pytest.mark.parametrize("name", ["Bin", "Haji", "H", "Ir"])
def test_a_name_never_normalises_to_nothing(name):
    assert normal_name(name) != ""


def test_different_names_stay_different():
    assert normal_name("Zorabruk Vekador") != normal_name("Zorabruk Qiledvin")
