"""What people answered about a family is found again when a newer registry calls the family otherwise."""

import pandas as pd
import pytest

from kaur_analysis.cleaning.answers import current_codes, unknown_codes
from kaur_analysis.cleaning.visits import of_families_today
from kaur_analysis.errors import StudyRejected

FAMILIES = pd.Series(["baru1", "baru2", "baru3"])
FORMER = pd.DataFrame({"former": ["lama1", "lama2", "lama3"], "family": ["baru1", "baru2", "baru2"]})


def today(*codes):
    return current_codes("verifikasi.csv", pd.Series(codes, dtype=str), FAMILIES, FORMER).tolist()


def test_an_answer_under_a_former_code_is_found_again():
    assert today("lama1", "baru3") == ["baru1", "baru3"]


def test_a_family_that_left_the_registry_keeps_its_code():
    assert today("baru1", "baru2", "pergi") == ["baru1", "baru2", "pergi"]


def test_answers_of_which_most_families_are_unknown_are_refused_with_their_number():
    with pytest.raises(StudyRejected, match=r"verifikasi\.csv: 2 dari 3 kode keluarga tidak ada"):
        today("baru1", "pergi", "entah", "entah")


def test_no_answers_are_no_reason_to_refuse():
    assert today() == []


def test_a_few_unknown_families_are_told():
    said = unknown_codes("verifikasi.csv", pd.Series(["lama1", "baru2", "pergi"]), FAMILIES, FORMER)
    assert said == "verifikasi.csv: 1 dari 3 kode keluarga tidak ada di registri; jawabannya tidak dipakai."


def test_nothing_is_told_where_every_family_is_known():
    assert unknown_codes("verifikasi.csv", pd.Series(["lama1", "baru2"]), FAMILIES, FORMER) == ""


def visits(*rows):
    table = pd.DataFrame(rows, columns=["family", "period", "expenditure_rp_month"])
    return list(of_families_today(table, FAMILIES, FORMER).itertuples(index=False, name=None))


def test_visits_under_former_and_present_codes_are_of_one_family():
    assert visits(("lama1", "2023", 1.0), ("baru1", "2025", 2.0)) == [("baru1", "2023", 1.0), ("baru1", "2025", 2.0)]


def test_of_two_visits_in_a_period_the_one_under_the_present_code_counts():
    assert visits(("lama1", "2025", 1.0), ("baru1", "2025", 2.0)) == [("baru1", "2025", 2.0)]


def test_of_two_families_that_became_one_the_first_visit_in_a_period_counts():
    assert visits(("lama2", "2025", 1.0), ("lama3", "2025", 2.0)) == [("baru2", "2025", 1.0)]
