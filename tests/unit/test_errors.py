"""What a message may show of what stood in a cell."""

from kaur_analysis.errors import DataRejected, KaurError, StudyRejected, UsageError, mask, mask_quoted


def test_long_digit_runs_keep_only_their_first_four():
    assert mask("NIK 9904011204900001 salah") == "NIK 9904•••••••••••• salah"


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
