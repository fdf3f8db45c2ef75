"""The programme catalogue: dated, cited, and refused where an entry cannot be meant."""

from datetime import date

import pytest
from pydantic import ValidationError

from kaur_analysis.contracts import ASSETS, CATEGORIES, COUNTS, FAMILIES
from kaur_analysis.reference import load_area
from kaur_analysis.reference.catalogue import (
    Condition,
    Eligibility,
    Programme,
    check_together,
    known_fields,
    load_catalogue,
)

CATALOGUE = load_catalogue()


def entry(**changes):
    base = {
        "code": "contoh",
        "name": "Program contoh",
        "agency": "dinsos",
        "strategy": "beban_pengeluaran",
        "unit": "keluarga",
        "rupiah": 100000,
        "funds": {"apbd": 1},
        "year": 2026,
        "source": "Peraturan contoh",
        "accessed": date(2026, 11, 1),
    }
    return Programme.model_validate({k: v for k, v in (base | changes).items() if v is not None})


def test_the_packaged_codes_are_the_agreed_ones():
    assert set(CATALOGUE) == {
        *("pkh", "sembako", "pbi_jk", "pip", "blt_dd", "pangan_beras", "rtlh_bsps", "umkm", "pena", "padat_karya"),
        *("sanitasi", "air_minum", "baznas", "baznas_produktif", "csr"),
    }


def test_every_agency_of_the_area_has_a_programme():
    assert {programme.agency for programme in CATALOGUE.values()} == set(load_area("1704").agencies)


def test_every_strategy_of_the_instruction_has_a_programme():
    strategies = {programme.strategy for programme in CATALOGUE.values()}
    assert strategies == {"beban_pengeluaran", "pendapatan", "kantong_kemiskinan"}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_working_value_says_so_in_its_doubt_or_source(code):
    programme = CATALOGUE[code]
    assert programme.basis == "ketentuan" or "nilai kerja" in programme.doubt + programme.source


def test_rule_words_are_the_words_of_the_contracts():
    assert {name: tuple(known_fields()[name].words) for name in CATEGORIES} == CATEGORIES


def test_every_covariate_of_the_registry_can_be_used_in_a_rule():
    assert {*CATEGORIES, *ASSETS, *COUNTS, "desil", "pregnant", "severely_disabled"} <= set(known_fields())


def test_registry_fields_of_rules_exist_in_the_families_contract():
    derived = {"p_extreme", "p_poor", "pupils_primary", "pupils_junior", "pupils_senior", "has_business"}
    derived |= {"floor_area_per_person_m2"}
    assert set(known_fields()) - derived <= set(FAMILIES.columns)


def test_a_monthly_benefit_counts_its_months():
    assert entry(rupiah=200000, period="bulan", periods=12).rupiah_unit_year == 2_400_000


def test_a_one_time_benefit_counts_once():
    assert entry(rupiah=20_000_000, period="sekali").rupiah_unit_year == 20_000_000


def test_funds_add_up_with_their_total():
    assert entry(funds={"apbn": 0.4, "apbd": 0.6}).fund_shares == {"": 1.0, "apbn": 0.4, "apbd": 0.6}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rupiah": None}, "rupiah ATAU components"),
        ({"funds": {"apbd": 0.7}}, "berjumlah 1"),
        ({"funds": {"apbd": 1.5, "apbn": -0.5}}, "berjumlah 1"),
        ({"unit": "orang"}, "unit_field"),
        ({"unit": "orang", "unit_field": "desil_x"}, "tidak dikenal"),
        ({"unit": "orang", "unit_field": "roof"}, "menghitung orang"),
        ({"periods": 3}, "per bulan"),
        ({"excludes": ["contoh"]}, "dirinya sendiri"),
        ({"excludes": ["pkh"], "requires": ["pkh"]}, "bertentangan"),
        ({"rupiah": None, "components": [{"field": "roof", "rupiah_year": 1}]}, "menghitung orang"),
        ({"rupiah": None, "components": [{"field": "pregnant", "rupiah_year": 1}] * 2}, "dua kali"),
        ({"closes_gap": 1.5}, "less than or equal to 1"),
        ({"accessed": "kemarin"}, "valid date"),
        ({"hadiah": 1}, "Extra inputs"),
    ],
)
def test_an_incoherent_programme_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        entry(**changes)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"field": "desill", "maximum": 4}, "maksud Anda 'desil'"),
        ({"field": "desil"}, "batas angka ATAU is_in"),
        ({"field": "desil", "minimum": 4, "maximum": 1}, "tidak mungkin dipenuhi"),
        ({"field": "desil", "minimum": 11}, "tidak mungkin dipenuhi"),
        ({"field": "p_extreme", "minimum": 1.5}, "tidak mungkin dipenuhi"),
        ({"field": "elderly_60", "below": 0}, "tidak mungkin dipenuhi"),
        ({"field": "desil", "maximum": 4, "below": 5}, "maximum ATAU below"),
        ({"field": "roof", "minimum": 1}, "kategori memakai is_in"),
        ({"field": "desil", "is_in": ["1"]}, "kategori memakai is_in"),
        ({"field": "roof", "is_in": ["straw"]}, "bukan salah satu"),
        ({"field": "head_sector", "is_in": ["not_working", "agriculture", "other"]}, "semua kemungkinan"),
        ({"field": "roof", "is_in": []}, "kosong"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule, words):
    with pytest.raises(ValidationError, match=words):
        Condition.model_validate(rule)


@pytest.mark.parametrize(
    "rules",
    [
        {"all_of": [{"field": "desil", "maximum": 2}, {"field": "desil", "minimum": 3}]},
        {"all_of": [{"field": "desil", "below": 3}, {"field": "desil", "minimum": 3}]},
        {"all_of": [{"field": "roof", "is_in": ["tile"]}, {"field": "roof", "is_in": ["wood"]}]},
        {"all_of": [{"field": "desil", "maximum": 2}], "none_of": [{"field": "desil", "maximum": 4}]},
        {"all_of": [{"field": "desil", "maximum": 2}], "none_of": [{"field": "desil", "below": 2.5}]},
        {"all_of": [{"field": "roof", "is_in": ["tile"]}], "none_of": [{"field": "roof", "is_in": ["tile", "wood"]}]},
        {"all_of": [{"field": "desil", "maximum": 2}], "any_of": [{"field": "desil", "minimum": 3}]},
        {"any_of": [{"field": "desil", "maximum": 2}], "none_of": [{"field": "desil", "maximum": 4}]},
    ],
)
def test_rules_that_contradict_each_other_are_refused(rules):
    with pytest.raises(ValidationError, match="bertentangan"):
        Eligibility.model_validate(rules)


@pytest.mark.parametrize(
    "rules",
    [
        {"all_of": [{"field": "desil", "maximum": 3}, {"field": "desil", "minimum": 3}]},
        {"all_of": [{"field": "desil", "maximum": 4}], "none_of": [{"field": "desil", "maximum": 2}]},
        {"all_of": [{"field": "desil", "maximum": 2}], "none_of": [{"field": "desil", "below": 2}]},
        {"all_of": [{"field": "roof", "is_in": ["tile", "wood"]}], "none_of": [{"field": "roof", "is_in": ["tile"]}]},
    ],
)
def test_rules_that_touch_without_contradiction_are_accepted(rules):
    assert Eligibility.model_validate(rules)


def test_an_exclusion_of_an_unknown_programme_is_refused_with_the_nearest_code():
    with pytest.raises(ValueError, match="maksud Anda 'sembako'"):
        check_together([entry(excludes=["sembakoo"])])


def test_a_programme_may_exclude_one_of_the_catalogue_that_the_study_does_not_use():
    check_together([entry(excludes=["pkh"])])


def test_requiring_a_programme_that_refuses_this_one_is_refused():
    with pytest.raises(ValueError, match="bertentangan"):
        check_together([entry(requires=["lain"]), entry(code="lain", excludes=["contoh"])])


def test_repeated_codes_are_refused():
    with pytest.raises(ValueError, match="berulang"):
        check_together([entry(), entry()])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"field": "desil", "minimum": 1, "maximum": 4}, "desil kesejahteraan 1–4"),
        ({"field": "desil", "minimum": 1, "maximum": 1}, "desil kesejahteraan 1"),
        ({"field": "floor_area_per_person_m2", "below": 7.2}, "luas lantai per orang di bawah 7,2 m²"),
        ({"field": "elderly_60", "minimum": 1}, "lanjut usia 60 tahun ke atas paling sedikit 1 orang"),
        ({"field": "floor", "is_in": ["earth", "bamboo"]}, "lantai tanah, bambu"),
        ({"field": "has_business", "minimum": 1}, "memiliki usaha"),
        ({"field": "asset_car", "maximum": 0}, "tidak: mobil"),
        ({"field": "desil", "maximum": 3}, "desil kesejahteraan paling banyak 3"),
    ],
)
def test_a_rule_reads_as_indonesian(rule, words):
    assert Condition.model_validate(rule).phrase() == words


@pytest.mark.parametrize(("code", "judged"), [("pkh", True), ("rtlh_bsps", True), ("blt_dd", False), ("csr", False)])
def test_only_rules_about_what_lists_record_judge_who_was_rightly_served(code, judged):
    assert CATALOGUE[code].recorded is judged


def test_a_programme_without_rules_judges_nobody():
    assert not entry().recorded
