"""What a message may show of what stood in a cell."""

import pytest

from kaur_analysis.errors import DataRejected, KaurError, StudyRejected, UsageError, mask, mask_quoted


def test_long_digit_runs_keep_only_their_first_four():
    assert mask("NIK 9904011204900001 salah") == "NIK 9904•••••••••••• salah"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("9904 0718 0795 00012", "9904 •••• •••• •••••"),
        ("99.04.07.120395.0001.3", "99.04.••.••••••.••••.•"),
        ("9904-0712-0495 0001", "9904-••••-•••• ••••"),
        ("9.904.071.204.950.001", "9.904.•••.•••.•••.•••"),
        ("2024-03-31 9904 0712 0495 0001", "2024-••-•• •••• •••• •••• ••••"),
    ],
)
def test_a_number_of_a_person_written_apart_is_masked_as_one_written_whole(written, shown):
    assert mask(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-31",
        "2024-03-31 - 2024-04-30",
        "31-12-2024/01-01-2025",
        "Rp1.234.567",
        "1.234.567 - 2.345.678",
        "999.999.999.999",
        "17.04.01.2001",
        "kaur-2025-1704010-nasal.html",
    ],
)
def test_days_amounts_and_codes_of_places_stay_readable(written):
    assert mask(written) == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("9904 0718", "9904 ••••"),
        ("9904O71204950001", "9904O•••••••••••"),
        ("9.904071234567E+15", "9.904•••••••••E+15"),
    ],
)
def test_where_numbers_of_persons_stand_eight_digits_are_masked_however_written(written, shown):
    assert mask(written, identifier=True) == shown


def test_what_excel_left_of_a_number_is_shown_where_it_holds_no_more_than_a_kecamatan():
    assert mask("9,90407E+15", identifier=True) == "9,90407E+15"


def test_the_code_of_a_desa_is_shown_whole_where_the_message_is_about_it():
    error = UsageError("Tidak ada: 1704010999, 9904071204950001", codes=["1704010999", "9904071204950001"])
    assert mask(error, codes=error.codes) == "Tidak ada: 1704010999, 9904••••••••••••"


def test_amounts_of_money_stay_readable():
    assert mask("Rp671095") == "Rp671095"


def test_names_keep_only_their_initials():
    assert mask("Contoh Nama", name=True) == "C• N•"


def test_every_kind_of_failure_has_its_own_exit_code():
    codes = [kind.exit_code for kind in (KaurError, UsageError, DataRejected)]
    assert codes == [1, 2, 3]


def test_a_rejected_study_counts_as_rejected_data():
    assert StudyRejected.exit_code == 3


def test_what_a_library_quotes_of_a_cell_keeps_only_its_initials():
    assert mask_quoted(ValueError("could not convert string to float: 'CONTOH NAMA'")).endswith("'C• N•'")
