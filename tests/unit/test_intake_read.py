"""A study's files become tables without identities, with every problem and every unused row on record."""

import pandas as pd
import pyreadstat
import pytest
from python_calamine import CalamineWorkbook

from kaur_analysis.errors import DataRejected, KeyMissing, UsageError
from kaur_analysis.intake import (
    create_key,
    demo_keys,
    keep_vault,
    load_key,
    open_vault,
    read_study,
    safe_cell,
    write_findings_workbook,
)
from kaur_analysis.intake.findings import rules as known_rules
from kaur_analysis.intake.read import completed_years
from tests.intake_files import REFERENCE_DAY, dtsen, nik, recipients, study, workbook

HEAD = ["Nama", "NIK", "Tanggal Lahir", "Jenis Kelamin", "Desa", "Kecamatan", "Nilai Bantuan"]
ANA = ["Zorabruk Vekador", nik(), "12/05/1980", "L", "Merpas", "Nasal", 3600000]


def intake(tmp_path, *rows, head=HEAD, **options):
    workbook(tmp_path / "daftar.xlsx", [head, *rows])
    return read_study(study(tmp_path, recipients(**options)), demo_keys(), strict=False)


def rules(result):
    return sorted(result.findings["rule"])


def test_a_row_keeps_where_it_came_from(tmp_path):
    row = intake(tmp_path, ANA).recipients.iloc[0]
    assert (row["source"], row["file"], row["sheet"], row["line"]) == ("daftar", "daftar.xlsx", "Sheet1", 2)


def test_a_good_list_has_no_findings(tmp_path):
    assert rules(intake(tmp_path, ANA)) == []


def test_identities_are_gone(tmp_path):
    table = intake(tmp_path, ANA).recipients
    assert {"nik", "kk", "name", "address", "birth_date"}.isdisjoint(table.columns)
    assert not table.astype(object).map(lambda cell: "Zorabruk" in str(cell) or nik() in str(cell)).to_numpy().any()


def test_sex_and_age_stay(tmp_path):
    row = intake(tmp_path, ANA).recipients.iloc[0]
    assert (row["female"], row["age"]) == (0.0, 44.0)


@pytest.mark.parametrize(("birth", "age"), [("1980-03-31", 45), ("1980-04-01", 44), ("2024-12-31", 0)])
def test_age_is_in_completed_years(birth, age):
    import numpy as np

    assert completed_years(np.array([birth], dtype="datetime64[D]"), REFERENCE_DAY)[0] == age


def test_a_damaged_number_is_reported_with_its_line_and_masked(tmp_path):
    result = intake(tmp_path, ANA, ["Qiledvin", "9,90407E+15", "", "L", "Merpas", "Nasal", 1])
    row = result.findings.iloc[0]
    assert (row["rule"], row["line"], row["column"], row["severity"]) == ("nik_rusak_excel", 3, "nik", "peringatan")


def test_a_wrong_number_is_shown_masked(tmp_path):
    result = intake(tmp_path, ANA, ["Qiledvin", nik()[:15], "", "L", "Merpas", "Nasal", 1])
    assert result.findings["found"][0] == "9904" + "•" * 11


@pytest.mark.parametrize("between", [" ", ".", "-"])
def test_a_wrong_number_written_in_groups_is_shown_masked(tmp_path, between):
    written = between.join(["9904", "0718", "0795", "00012"])
    result = intake(tmp_path, ANA, ["Qiledvin", written, "", "L", "Merpas", "Nasal", 1])
    assert result.findings["found"][0] == between.join(["9904", "••••", "••••", "•••••"])


def test_a_name_where_a_number_should_stand_is_shown_masked(tmp_path):
    result = intake(tmp_path, ANA, ["Qiledvin", "Zorabruk 123", "", "L", "Merpas", "Nasal", 1])
    assert result.findings["found"][0] == "Z• 123"


def test_a_number_of_the_other_sex_and_day_is_two_warnings(tmp_path):
    assert rules(intake(tmp_path, [ANA[0], nik(), "13/05/1980", "P", *ANA[4:]])) == [
        "nik_beda_kelamin",
        "nik_beda_tanggal",
    ]


def test_a_row_without_a_name_is_set_aside_and_reported(tmp_path):
    result = intake(tmp_path, ANA, ["", nik(serial=2), "12/05/1980", "L", "Merpas", "Nasal", 1])
    assert (rules(result), len(result.recipients), list(result.set_aside["line"])) == (["isian_wajib_kosong"], 1, [3])


def test_rows_read_are_rows_kept_and_set_aside(tmp_path):
    result = intake(tmp_path, ANA, ["", nik(serial=2), "", "", "", "", 1], ["JUMLAH", "", "", "", "", "", 2])
    row = result.accounting.iloc[0]
    assert (row["rows_read"], row["rows_kept"], row["rows_set_aside"]) == (3, 1, 2)


def test_an_unknown_code_is_a_finding_and_missing(tmp_path):
    result = intake(tmp_path, [*ANA[:3], "Lelaki2", *ANA[4:]])
    assert rules(result) == ["kode_tidak_dikenal"] and result.recipients["female"].isna().all()


def test_a_name_in_the_wrong_column_does_not_reach_the_findings(tmp_path):
    result = intake(tmp_path, [*ANA[:3], "Qiledvin Tvasoprax", *ANA[4:]])
    assert not result.findings["found"].str.contains("Qiledvin|Tvasoprax").any()


def test_a_number_outside_bounds_is_a_finding_and_missing(tmp_path):
    result = intake(tmp_path, [*ANA[:6], -5])
    assert rules(result) == ["angka_di_luar_batas"] and result.recipients["rupiah_total"].isna().all()


def test_a_declared_locale_that_the_data_contradict_rejects_the_source(tmp_path):
    rows = [[*ANA[:6], f"{n},000,000.50"] for n in range(1, 6)]
    workbook(tmp_path / "daftar.xlsx", [HEAD, *rows])
    with pytest.raises(DataRejected, match="locale"):
        read_study(study(tmp_path, recipients(locale="id")), demo_keys())


@pytest.mark.parametrize(("locale", "rupiah"), [("id", 3_600_000.0), ("en", 3.6)])
def test_text_in_a_typed_file_is_read_in_the_locale_of_the_source(tmp_path, locale, rupiah):
    amount = "3.600.000" if locale == "id" else "3.6"
    table = {
        "nama": ["Zorabruk"],
        "nik": [nik()],
        "desa": ["Merpas"],
        "kecamatan": ["Nasal"],
        "nilai bantuan": [amount],
    }
    pd.DataFrame(table).to_parquet(tmp_path / "daftar.parquet")
    result = read_study(study(tmp_path, recipients(path="daftar.parquet", locale=locale)), demo_keys())
    assert list(result.recipients["rupiah_total"]) == [rupiah]


def test_a_column_of_people_is_not_taken_for_rupiah_beside_one_of_money(tmp_path):
    head = ["Nama", "NIK", "Desa", "Jumlah", "Nominal"]
    workbook(tmp_path / "daftar.xlsx", [head, ["Zorabruk", nik(), "Merpas", 4, 600_000]])
    result = read_study(study(tmp_path, recipients()), demo_keys())
    assert (list(result.recipients["rupiah_total"]), rules(result)) == ([600_000], ["judul_bersaing"])


@pytest.mark.parametrize("locale", ["id", "en"])
def test_a_number_that_a_spreadsheet_keeps_with_three_decimals_is_read(tmp_path, locale):
    workbook(tmp_path / "daftar.xlsx", [HEAD, [*ANA[:6], 12.125]])
    result = read_study(study(tmp_path, recipients(locale=locale)), demo_keys())
    assert list(result.recipients["rupiah_total"]) == [12.125]


def test_a_number_of_a_typed_file_with_three_decimals_is_read(tmp_path):
    table = {"nama": ["Zorabruk"], "nik": [nik()], "desa": ["Merpas"], "kecamatan": ["Nasal"], "nominal": [12.125]}
    pd.DataFrame(table).to_stata(tmp_path / "daftar.dta", write_index=False)
    result = read_study(study(tmp_path, recipients(path="daftar.dta")), demo_keys())
    assert list(result.recipients["rupiah_total"]) == [12.125]


def test_rupiah_grouped_by_commas_beside_rupiah_grouped_by_stops_are_reported(tmp_path):
    result = intake(tmp_path, [*ANA[:6], "600.000"], [*ANA[:6], "600.000"], [*ANA[:6], "600,000"])
    assert rules(result) == ["angka_tidak_terbaca"] and result.recipients["rupiah_total"].isna().sum() == 1


@pytest.mark.parametrize("suffix", ["sav", "dta"])
def test_codes_and_places_mean_what_the_file_itself_calls_them(tmp_path, suffix):
    table = pd.DataFrame({"nama": ["Zorabruk"], "nik": [nik()], "jk": [2], "desa": [7], "kecamatan": ["Nasal"]})
    labels = {"jk": {1: "Perempuan", 2: "Laki-laki"}, "desa": {7: "Merpas"}}
    write = pyreadstat.write_sav if suffix == "sav" else pyreadstat.write_dta
    write(table, str(tmp_path / f"daftar.{suffix}"), variable_value_labels=labels)
    result = read_study(study(tmp_path, recipients(path=f"daftar.{suffix}")), demo_keys())
    assert list(result.recipients[["female", "desa_name"]].iloc[0]) == [0.0, "Merpas"]
    assert rules(result) == ["label_bertentangan"]


def test_a_single_cell_of_the_other_locale_is_only_a_bad_cell(tmp_path):
    rows = [[*ANA[:6], f"{n}.000.000,50"] for n in range(1, 6)]
    assert rules(intake(tmp_path, *rows, [*ANA[:6], "1,000,000.50"])) == ["angka_tidak_terbaca"]


def beside_a_list(tmp_path, **more):
    """What the findings say of a workbook with a list and other sheets, and how many people were read."""
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA], sheet="Merpas", more=more)
    result = read_study(study(tmp_path, recipients(sheet="*")), demo_keys(), strict=False)
    return result.findings[["rule", "sheet", "found", "severity"]].to_numpy().tolist(), len(result.recipients)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["REKAPITULASI"], ["Uraian", "Banyak"], ["Orang", 1]], "tidak ada judul yang dikenal"),
        ([], "lembar kosong"),
        ([HEAD], "tidak ada baris di bawah judul"),
    ],
)
def test_a_sheet_without_a_list_among_lists_is_left_alone_and_told(tmp_path, rows, why):
    assert beside_a_list(tmp_path, Rekap=rows) == ([["lembar_bukan_daftar", "Rekap", why, "peringatan"]], 1)


def test_a_list_of_which_a_heading_is_missing_rejects_and_tells_the_way_out(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA], more={"Rekap": [["Desa", "Jumlah"], ["Merpas", 1]]})
    with pytest.raises(DataRejected, match=r"Rekap.*sembunyikan atau hapus"):
        read_study(study(tmp_path, recipients(sheet="*")), demo_keys())


def test_a_workbook_without_any_list_is_rejected(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [["Uraian"], ["Orang"]], more={"Kosong": []})
    result = read_study(study(tmp_path, recipients(sheet="*")), demo_keys(), strict=False)
    assert rules(result) == ["berkas_kosong", "judul_wajib"]


def test_a_missing_required_heading_rejects_with_all_findings(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [["NIK", "Desa"], [nik(), "Merpas"]])
    with pytest.raises(DataRejected, match="judul_wajib") as caught:
        read_study(study(tmp_path, recipients()), demo_keys())
    assert list(caught.value.findings["rule"]) == ["judul_wajib"]


def test_a_study_says_how_many_findings_it_tolerates(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA, ["Qiledvin", nik()[:15], *ANA[2:]]])
    with pytest.raises(DataRejected, match="nik_bukan_16_angka"):
        read_study(study(tmp_path, recipients(tolerate={"nik_bukan_16_angka": 0})), demo_keys())
    assert read_study(study(tmp_path, recipients(tolerate={"nik_bukan_16_angka": 1})), demo_keys()) is not None


def test_an_unreadable_file_is_a_finding_of_its_source(tmp_path):
    (tmp_path / "daftar.xlsx").write_bytes(b"bukan xlsx")
    with pytest.raises(DataRejected, match="berkas_rusak"):
        read_study(study(tmp_path, recipients()), demo_keys())


def test_the_place_of_a_village_list_is_read_from_its_titles(tmp_path):
    rows = [
        ["DAFTAR PENERIMA BLT DANA DESA TAHUN 2024"],
        ["DESA MERPAS KECAMATAN NASAL KABUPATEN KAUR"],
        ["No", "Nama", "NIK"],
        ["1", "Zorabruk", nik()],
    ]
    workbook(tmp_path / "daftar.xlsx", rows)
    table = read_study(study(tmp_path, recipients(programme="blt_dd")), demo_keys()).recipients
    assert (table["desa_name"][0], table["kecamatan_name"][0]) == ("merpas", "nasal")


def test_the_place_of_a_village_list_may_be_the_name_of_its_sheet(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [["No", "Nama", "NIK"], ["1", "Zorabruk", nik()]], sheet="Merpas")
    table = read_study(study(tmp_path, recipients(programme="blt_dd")), demo_keys()).recipients
    assert table["desa_name"][0] == "Merpas"


def test_the_demo_key_is_refused_for_real_data(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    with pytest.raises(KeyMissing):
        read_study(study(tmp_path, recipients(), synthetic=False), demo_keys())


def test_real_numbers_in_a_synthetic_study_reject_it(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, [ANA[0], "17" + nik()[2:], *ANA[2:]]])
    with pytest.raises(DataRejected, match="nik_bukan_sintetis"):
        read_study(study(tmp_path, recipients()), demo_keys())


def test_synthetic_numbers_are_unusable_in_a_real_study(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    keys = load_key(create_key(tmp_path / "k.key"))
    result = read_study(study(tmp_path, recipients(), synthetic=False), keys)
    assert "nik_tidak_sah" in rules(result) and result.recipients["person_token"].isna().all()


def test_a_number_of_another_region_is_a_warning_and_stays_usable(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, [ANA[0], nik(region="110407"), *ANA[2:]]])
    keys = load_key(create_key(tmp_path / "k.key"))
    result = read_study(study(tmp_path, recipients(), synthetic=False), keys)
    severity = result.findings.set_index("rule")["severity"].to_dict()
    assert severity["nik_wilayah_lain"] == "peringatan" and result.recipients["person_token"].notna().all()


def test_the_same_person_has_the_same_token_in_registry_and_list(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    result = read_study(study(tmp_path, *dtsen(tmp_path, [{}], [{}]), recipients()), demo_keys())
    assert result.persons["person_token"][0] == result.recipients["person_token"][0]


def test_identities_go_to_the_vault_and_come_back_by_record(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    result = read_study(study(tmp_path, recipients()), demo_keys(), vault=tmp_path / "brankas.bin")
    people = open_vault(keep_vault(tmp_path / "brankas.bin"), demo_keys(), "uji").set_index("record")
    assert people.loc[result.recipients["record"][0], "name"] == "Zorabruk Vekador"


def test_the_vault_stays_as_it_is_until_what_was_read_is_accepted(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    read_study(study(tmp_path, recipients()), demo_keys(), vault=tmp_path / "brankas.bin")
    assert not (tmp_path / "brankas.bin").exists()


def test_nothing_is_written_of_people_whose_list_is_rejected(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ["Qiledvin", nik()[:15], *ANA[2:]]])
    with pytest.raises(DataRejected):
        read_study(
            study(tmp_path, recipients(tolerate={"nik_bukan_16_angka": 0})), demo_keys(), vault=tmp_path / "brankas.bin"
        )
    assert list(tmp_path.glob("brankas*")) == []


def test_identities_are_accepted_once(tmp_path):
    workbook(tmp_path / "daftar.xlsx", [HEAD, ANA])
    read_study(study(tmp_path, recipients()), demo_keys(), vault=tmp_path / "brankas.bin")
    keep_vault(tmp_path / "brankas.bin")
    with pytest.raises(UsageError, match="Baca masukan"):
        keep_vault(tmp_path / "brankas.bin")


@pytest.mark.parametrize("text", ["=1+1", "+62", "-5", "@cmd", "\t=1"])
def test_text_that_begins_like_a_formula_is_neutralised(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(("value", "kept"), [("Nasal", "Nasal"), (-5, -5), (float("nan"), ""), (None, ""), (2.5, 2.5)])
def test_other_values_stay_or_are_empty(value, kept):
    assert safe_cell(value) == kept


def sheets(path):
    with CalamineWorkbook.from_path(str(path)) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_findings_workbook_has_a_summary_first_and_a_sheet_for_each_rule(tmp_path):
    result = intake(tmp_path, ANA, ["Qiledvin", "9,90407E+15", "", "L", "Merpas", "Nasal", 1], ["", *ANA[1:]])
    found = sheets(write_findings_workbook(result.findings, result.accounting, tmp_path / "temuan.xlsx"))
    assert list(found) == ["Ringkasan", "Yang dibaca", "isian_wajib_kosong", "nik_rusak_excel"]


def test_the_findings_workbook_of_synthetic_data_says_so(tmp_path):
    result = intake(tmp_path, ANA)
    found = sheets(
        write_findings_workbook(result.findings, result.accounting, tmp_path / "temuan.xlsx", synthetic=True)
    )
    assert "DATA SINTETIS" in found["Ringkasan"][0][0]


def test_equal_findings_make_equal_bytes(tmp_path):
    result = intake(tmp_path, ANA)
    one, other = (
        write_findings_workbook(result.findings, result.accounting, tmp_path / name).read_bytes()
        for name in ("a.xlsx", "b.xlsx")
    )
    assert one == other


def test_a_survey_is_cut_to_the_kabupaten_and_the_rest_is_counted(tmp_path):
    columns = {
        "URUT": [1, 2],
        "R101": [17, 17],
        "R102": [4, 1],
        "R105": [2, 2],
        "PSU": [1, 2],
        "STRATA": [1, 1],
        "R301": [3, 4],
        "FWT": [10.0, 20.0],
    }
    pd.DataFrame(columns).to_parquet(tmp_path / "rt.parquet")
    from kaur_analysis.study import Source

    source = Source(name="rt", kind="susenas_household", wave="2024-03", path="rt.parquet")
    result = read_study(study(tmp_path, source), demo_keys())
    assert (list(result.survey_households["household"]), list(result.set_aside["reason"])) == (
        ["2024-03-1"],
        ["Di luar wilayah studi"],
    )


def test_every_rule_says_what_is_allowed_and_what_to_do_in_a_whole_sentence():
    broken = {code for code, rule in known_rules().items() if set(rule) != {"title", "severity", "allowed", "remedy"}}
    assert broken == set() and all(rule["remedy"].endswith(".") for rule in known_rules().values())
