"""A recipient list has each person once per programme and period, in this kabupaten, and only what was paid."""

import pytest

from kaur_analysis.cleaning import clean
from kaur_analysis.intake import demo_keys, read_study
from tests.intake_files import card, nik, recipients, study, workbook

HEAD = ["Nama", "NIK", "No KK", "Tanggal Lahir", "Kabupaten", "Kecamatan", "Desa", "Nilai Bantuan", "Status Salur"]
PERSON = dict(zip(HEAD, ["Zorabruk Vekador", nik(), "", "", "Kaur", "Nasal", "Merpas", 1000, "salur"], strict=True))
NO_NUMBER = {"NIK": ""}
ELSEWHERE = {"Desa": "Air Batang"}


@pytest.fixture
def cleaned(tmp_path):
    def _clean(*rows, second_list=None):
        """Lists of rows that differ from the usual person by what they say."""
        lists = {"daftar": ({}, rows)} | ({"lain": second_list} if second_list else {})
        sources = []
        for name, (about, people) in lists.items():
            filled = [list((PERSON | row).values()) for row in people]
            workbook(tmp_path / f"{name}.xlsx", [HEAD, *filled])
            sources.append(recipients(name, path=f"{name}.xlsx", **about))
        own = study(tmp_path, *sources)
        return clean(read_study(own, demo_keys(), strict=False), own)

    return _clean


def kept(result):
    return len(result.recipients)


def rules(result):
    return set(result.findings["rule"])


def test_a_person_twice_in_a_desa_is_kept_once_and_told(cleaned):
    result = cleaned({}, {})
    assert kept(result) == 1 and "baris_ganda" in rules(result)


def test_a_person_in_two_desa_is_kept_once_and_told(cleaned):
    result = cleaned({}, ELSEWHERE)
    assert kept(result) == 1 and "baris_ganda" in rules(result)


def test_the_first_line_of_a_person_is_the_one_that_stays(cleaned):
    assert cleaned({}, ELSEWHERE | {"Nilai Bantuan": 5000}).recipients["rupiah_year"].tolist() == [1000]


def test_without_a_number_the_same_name_and_birth_is_the_same_person(cleaned):
    assert kept(cleaned(*[NO_NUMBER | {"Tanggal Lahir": "12/05/1980"}] * 2)) == 1


def test_without_a_number_the_same_name_and_card_is_the_same_person(cleaned):
    assert kept(cleaned(*[NO_NUMBER | {"No KK": card()}] * 2)) == 1


def test_the_same_name_alone_may_be_two_people(cleaned):
    assert kept(cleaned(NO_NUMBER, NO_NUMBER)) == 2


def test_a_person_receives_two_programmes_twice(cleaned):
    assert kept(cleaned({}, second_list=({"programme": "sembako"}, [{}]))) == 2


def test_a_person_receives_a_programme_in_two_periods_twice(cleaned):
    assert kept(cleaned({}, second_list=({"period": "2025"}, [{}]))) == 2


def test_a_person_on_two_lists_of_a_programme_and_period_is_kept_once(cleaned):
    assert kept(cleaned({}, second_list=({}, [{}]))) == 1


@pytest.fixture
def listed(tmp_path):
    def _listed(head, *rows, **about):
        """Recipients of a list of these headings; every row begins with the name, NIK and place of a person."""
        workbook(tmp_path / "daftar.xlsx", [["Nama", "NIK", "Kecamatan", "Desa", *head], *rows])
        own = study(tmp_path, recipients(**about))
        return clean(read_study(own, demo_keys(), strict=False), own)

    return _listed


ANA = ["Zorabruk Vekador", nik(), "Nasal", "Merpas"]


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("Tahap", [1, 2, 3, 4]),
        ("Termin", ["I", "II", "III", "IV"]),
        ("Bulan", ["Januari", "April", "Juli", "Oktober"]),
        ("Bulan", [1, 4, 7, 10]),
        ("Periode Bayar", ["Jan-Mar 2024", "Apr-Jun 2024", "Jul-Sep 2024", "Okt-Des 2024"]),
        ("Tanggal Cair", ["2024-02-01", "2024-05-01", "2024-08-01", "2024-11-01"]),
    ],
)
def test_payments_of_a_person_are_added(listed, heading, said):
    result = listed([heading, "Nominal"], *([*ANA, stage, 750_000] for stage in said))
    assert result.recipients["rupiah_year"].tolist() == [3_000_000]


def test_payments_that_are_added_are_set_aside_as_such_and_told(listed):
    result = listed(["Tahap", "Nominal"], [*ANA, 1, 750_000], [*ANA, 2, 750_000])
    assert (rules(result), list(result.set_aside["line"])) == ({"pembayaran_bertahap"}, [3])


def test_the_same_payment_twice_is_a_double(listed):
    result = listed(["Tahap", "Nominal"], [*ANA, 1, 750_000], [*ANA, 1, 750_000], [*ANA, 2, 750_000])
    assert (result.recipients["rupiah_year"].tolist(), rules(result)) == (
        [1_500_000],
        {"baris_ganda", "pembayaran_bertahap"},
    )


def test_a_row_that_does_not_say_which_payment_it_is_repeats_one_that_does(listed):
    result = listed(["Tahap", "Nominal"], [*ANA, "", 750_000], [*ANA, 1, 750_000])
    assert (result.recipients["rupiah_year"].tolist(), rules(result)) == ([750_000], {"baris_ganda"})


def test_stages_beside_each_other_are_added(listed):
    head = ["Tahap 1", "Tahap II", "Tahap 3", "Tahap 4"]
    assert listed(head, [*ANA, 750_000, "750.000", "", 0]).recipients["rupiah_year"].tolist() == [1_500_000]


def test_a_written_total_goes_before_stages_beside_each_other(listed):
    result = listed(["Tahap 1", "Tahap 2", "Total"], [*ANA, 750_000, 750_000, 1_600_000])
    assert result.recipients["rupiah_year"].tolist() == [1_600_000]


def test_payments_without_an_amount_share_that_of_the_programme(listed):
    whole, staged = (
        listed(["Tahap"], *([*ANA, stage] for stage in stages), programme="sembako").recipients["rupiah_year"].item()
        for stages in ([1], [1, 2, 3])
    )
    assert staged == pytest.approx(whole)


@pytest.mark.parametrize("months", [[1, 2, 3], ["Januari", "Februari", "Maret"]])
def test_the_month_that_was_paid_is_not_the_number_of_months(listed, months):
    result = listed(["Bulan", "Nominal per bulan"], *([*ANA, month, 300_000] for month in months))
    assert (result.recipients["rupiah_year"].tolist(), rules(result)) == ([900_000], {"pembayaran_bertahap"})


def test_a_number_of_months_stays_one(listed):
    assert listed(["Bulan", "Nominal per bulan"], [*ANA, 3, 300_000]).recipients["rupiah_year"].tolist() == [900_000]


def test_what_was_not_paid_is_set_aside_and_told(cleaned):
    result = cleaned({"Status Salur": "gagal salur"})
    assert kept(result) == 0 and "tidak_disalurkan" in rules(result)


def test_a_recipient_of_another_kabupaten_is_set_aside_and_told(cleaned):
    result = cleaned({"Kabupaten": "Seluma", "Kecamatan": "Sukaraja", "Desa": "Cahaya Negeri"})
    assert kept(result) == 0 and "wilayah_lain" in rules(result)


def test_a_recipient_of_an_unknown_desa_stays_and_is_told(cleaned):
    result = cleaned({"Desa": "Xyqwkap"})
    assert kept(result) == 1 and "wilayah_penerima" in rules(result)


def test_an_unknown_desa_is_shown_by_its_kecamatan_and_its_first_letter(cleaned):
    assert list(cleaned({"Desa": "Xyqwkap"}).findings["found"]) == ["Nasal / X•"]


def test_lines_read_are_lines_kept_and_set_aside(cleaned):
    counts = cleaned({}, {}, ELSEWHERE, {"NIK": nik(serial=2)}).accounting.iloc[0]
    assert (counts["rows_read"], counts["rows_kept"], counts["rows_set_aside"]) == (4, 2, 2)
