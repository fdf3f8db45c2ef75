"""Every rule of the packaged catalogue decides a family just inside and one just outside."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import DataRejected
from kaur_analysis.planning.rules import benefit, distinct, judge, rule_fields
from kaur_analysis.reference.catalogue import Programme, load_catalogue

CATALOGUE = load_catalogue()
NAN = float("nan")

# One family that meets every rule of every programme.
FAMILY = {
    "desil": 1.0,
    "p_extreme": 0.6,
    "p_poor": 0.9,
    "household_size": 5.0,
    "children_0_6": 1.0,
    "pupils_primary": 1.0,
    "pupils_junior": 0.0,
    "pupils_senior": 0.0,
    "adults_19_59": 2.0,
    "elderly_60": 0.0,
    "pregnant": 0.0,
    "severely_disabled": 0.0,
    "head_age": 35.0,
    "head_sector": "agriculture",
    "has_business": 1.0,
    "tenure": "own",
    "roof": "thatch",
    "wall": "bamboo",
    "floor": "earth",
    "toilet": "none",
    "water": "surface",
    "floor_area_per_person_m2": 5.0,
}
SOUND_HOUSE = {
    "roof": "tile",
    "wall": "brick",
    "floor": "cement",
    "toilet": "own_septic",
    "floor_area_per_person_m2": 7.2,
}
NOBODY = dict.fromkeys(["children_0_6", "pupils_primary", "pupils_junior", "pupils_senior", "elderly_60"], 0.0)

# programme, what changes in the family, eligible
CASES = [
    ("pkh", {"desil": 4.0}, True),
    ("pkh", {"desil": 5.0}, False),
    ("pkh", {"desil": NAN}, False),
    ("pkh", NOBODY, False),
    ("pkh", NOBODY | {"elderly_60": 1.0}, True),
    ("sembako", {"desil": 5.0}, True),
    ("sembako", {"desil": 6.0}, False),
    ("pbi_jk", {"desil": 5.0}, True),
    ("pbi_jk", {"desil": 6.0}, False),
    ("pip", {"desil": 4.0}, True),
    ("pip", {"desil": 5.0}, False),
    ("pip", {"pupils_primary": 0.0}, False),
    ("blt_dd", {"desil": 1.0, "p_extreme": 0.0}, True),
    ("blt_dd", {"desil": 2.0, "p_extreme": 0.5}, True),
    ("blt_dd", {"desil": 2.0, "p_extreme": 0.49}, False),
    ("pangan_beras", {"desil": 4.0}, True),
    ("pangan_beras", {"desil": 5.0}, False),
    ("rtlh_bsps", {"desil": 4.0}, True),
    ("rtlh_bsps", {"desil": 5.0}, False),
    ("rtlh_bsps", {"tenure": "rent"}, False),
    ("rtlh_bsps", SOUND_HOUSE, False),
    ("rtlh_bsps", SOUND_HOUSE | {"roof": "bamboo"}, True),
    ("rtlh_bsps", SOUND_HOUSE | {"wall": "zinc"}, True),
    ("rtlh_bsps", SOUND_HOUSE | {"floor": "wood"}, True),
    ("rtlh_bsps", SOUND_HOUSE | {"toilet": "none"}, True),
    ("rtlh_bsps", SOUND_HOUSE | {"floor_area_per_person_m2": 7.19}, True),
    ("sanitasi", {"desil": 4.0}, True),
    ("sanitasi", {"desil": 5.0}, False),
    ("sanitasi", {"toilet": "own_no_septic"}, True),
    ("sanitasi", {"toilet": "own_septic"}, False),
    ("air_minum", {"desil": 4.0}, True),
    ("air_minum", {"desil": 5.0}, False),
    ("air_minum", {"water": "unprotected_well"}, True),
    ("air_minum", {"water": "protected_well"}, False),
    ("padat_karya", {"desil": 2.0}, True),
    ("padat_karya", {"desil": 3.0}, False),
    ("padat_karya", {"adults_19_59": 0.0}, False),
    ("padat_karya", {"head_sector": "other"}, False),
    ("umkm", {"desil": 4.0}, True),
    ("umkm", {"desil": 5.0}, False),
    ("umkm", {"adults_19_59": 0.0}, False),
    ("umkm", {"has_business": 0.0, "head_sector": "not_working"}, False),
    ("umkm", {"has_business": 1.0, "head_sector": "not_working"}, True),
    ("umkm", {"has_business": NAN, "head_sector": "other"}, True),
    ("pena", {"head_age": 45.0}, True),
    ("pena", {"head_age": 46.0}, False),
    ("pena", {"head_age": 19.0}, False),
    ("pena", {"adults_19_59": 0.0}, False),
    ("baznas", {"desil": 2.0, "p_extreme": 0.0}, True),
    ("baznas", {"desil": 3.0, "p_extreme": 0.5}, True),
    ("baznas", {"desil": 3.0, "p_extreme": 0.49}, False),
    ("baznas_produktif", {"desil": 3.0}, True),
    ("baznas_produktif", {"desil": 4.0}, False),
    ("baznas_produktif", {"adults_19_59": 0.0}, False),
    ("baznas_produktif", {"head_sector": "not_working"}, False),
    ("csr", {"desil": 2.0, "p_extreme": 0.0}, True),
    ("csr", {"desil": 3.0, "p_extreme": 0.5}, True),
    ("csr", {"desil": 3.0, "p_extreme": 0.49}, False),
]


def table(*families):
    return pd.DataFrame([FAMILY | changes for changes in families], index=[f"k{i}" for i in range(len(families))])


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_the_family_that_meets_everything_is_eligible(code):
    assert judge(table({}), CATALOGUE[code]).eligible[0]


@pytest.mark.parametrize(("code", "changes", "eligible"), CASES)
def test_each_rule_decides_at_its_edge(code, changes, eligible):
    assert judge(table(changes), CATALOGUE[code]).eligible[0] == eligible


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_condition_of_the_catalogue_has_a_case_of_its_own(code):
    tested = {name for case, changes, _ in CASES if case == code for name in changes}
    assert set(CATALOGUE[code].eligibility.fields) <= tested


def pkh(**people):
    fields = pd.DataFrame([dict.fromkeys(FAMILY, 0.0) | people])
    return float(benefit(fields, CATALOGUE["pkh"])[2][0])


@pytest.mark.parametrize(
    ("people", "rupiah"),
    [
        ({"pregnant": 1, "children_0_6": 1}, 6_000_000),
        ({"pupils_primary": 1, "pupils_junior": 1, "pupils_senior": 1, "elderly_60": 1}, 6_800_000),
        # five components: the primary pupil, worth least, is left out
        ({"children_0_6": 1, "pupils_primary": 1, "pupils_junior": 1, "pupils_senior": 1, "elderly_60": 1}, 8_900_000),
        # six people: two small children, two elderly
        ({"children_0_6": 2, "pupils_primary": 2, "elderly_60": 2}, 10_800_000),
        ({"children_0_6": 7}, 12_000_000),
        ({"severely_disabled": 1, "pupils_primary": 3}, 5_100_000),
        ({}, 0),
    ],
)
def test_pkh_pays_the_four_components_of_the_highest_value(people, rupiah):
    assert pkh(**people) == rupiah


def test_an_unknown_count_is_nobody():
    assert pkh(pregnant=NAN, children_0_6=1) == 3_000_000


def test_a_kind_of_component_can_be_capped():
    part = [{"field": "children_0_6", "rupiah_year": 10, "at_most": 2}, {"field": "elderly_60", "rupiah_year": 5}]
    programme = CATALOGUE["pkh"].model_copy(
        update={"components": Programme.model_validate(CATALOGUE["pkh"].model_dump() | {"components": part}).components}
    )
    assert benefit(table({"children_0_6": 5.0, "elderly_60": 1.0}), programme)[2][0] == 25


def test_pkh_is_one_unit_for_the_family():
    assert judge(table({"children_0_6": 3.0}), CATALOGUE["pkh"]).units[0] == 1


def test_pip_counts_every_pupil_and_has_no_cap():
    verdict = judge(table({"pupils_primary": 3.0, "pupils_junior": 1.0, "pupils_senior": 2.0}), CATALOGUE["pip"])
    assert (verdict.units[0], verdict.rupiah_year[0]) == (6, 3 * 450_000 + 750_000 + 2 * 1_800_000)


def test_health_premiums_are_due_for_every_member():
    verdict = judge(table({"household_size": 5.0}), CATALOGUE["pbi_jk"])
    assert (verdict.units[0], verdict.rupiah_year[0]) == (5, 5 * 42_000 * 12)


def test_a_rule_of_refusal_refuses():
    programme = Programme.model_validate(
        CATALOGUE["sembako"].model_dump()
        | {"eligibility": {"all_of": [], "any_of": [], "none_of": [{"field": "asset_car", "minimum": 1}]}}
    )
    fields = table({"asset_car": 1.0}, {"asset_car": 0.0}, {"asset_car": NAN})
    assert judge(fields, programme).eligible.tolist() == [False, True, True]


def test_an_unknown_field_may_pass_where_the_rule_says_so():
    rules = {"all_of": [{"field": "desil", "maximum": 4, "unknown_passes": True}], "any_of": [], "none_of": []}
    programme = Programme.model_validate(CATALOGUE["sembako"].model_dump() | {"eligibility": rules})
    assert judge(table({"desil": NAN}), programme).eligible[0]


def test_a_field_the_registry_does_not_have_is_unknown():
    fields = table({}).drop(columns="water")
    assert not judge(fields, CATALOGUE["air_minum"]).eligible[0]


def test_the_reason_names_the_choice_that_was_met():
    basis = judge(table(SOUND_HOUSE | {"floor": "earth"}), CATALOGUE["rtlh_bsps"]).basis[0]
    assert basis == "memenuhi desil kesejahteraan 1–4; status rumah milik sendiri; lantai tanah, kayu, bambu"


def test_the_reason_names_the_components_paid():
    basis = judge(table({"children_0_6": 2.0}), CATALOGUE["pkh"]).basis[0]
    assert basis == "memenuhi desil kesejahteraan 1–4; anak usia 0–6 tahun: 2; murid SD/sederajat: 1"


def test_the_reason_says_what_is_not_met():
    basis = judge(table({"desil": 7.0}), CATALOGUE["sembako"]).basis[0]
    assert basis == "tidak memenuhi desil kesejahteraan 1–5"


def test_the_reason_says_what_is_unknown():
    basis = judge(table({"desil": NAN}), CATALOGUE["sembako"]).basis[0]
    assert basis == "tidak memenuhi desil kesejahteraan 1–5 (belum diketahui)"


def test_confidence_falls_with_unknown_fields():
    known = judge(table({}, {"head_sector": NAN}), CATALOGUE["umkm"]).known
    assert known.tolist() == [1.0, 0.75]


def families(**columns):
    base = {"family": ["k1", "k2"], "kecamatan": ["1704010"] * 2, "desa": ["1704010001"] * 2}
    return pd.DataFrame(base | {"household_size": [4.0, 2.0], "floor_area_m2": [28.0, np.nan]} | columns)


POVERTY = pd.DataFrame({"family": ["k2"], "p_extreme": [0.3], "p_poor": [0.5]})


def test_floor_area_is_shared_among_the_members():
    assert rule_fields(families(), POVERTY)["floor_area_per_person_m2"].iloc[0] == 7.0


def test_a_family_without_a_model_has_unknown_chances():
    assert rule_fields(families(), POVERTY)["p_extreme"].isna().tolist() == [True, False]


def test_pupils_are_children_of_school_age_when_persons_are_not_given():
    assert rule_fields(families(children_7_12=[2.0, 0.0]), POVERTY)["pupils_primary"].tolist() == [2, 0]


def test_children_known_to_be_out_of_school_are_no_pupils():
    persons = pd.DataFrame(
        {"family": ["k1", "k1", "k1", "k2"], "age": [8.0, 9.0, 12.9, 13.0], "in_school": [1.0, 0.0, np.nan, 1.0]}
    )
    fields = rule_fields(families(), POVERTY, persons)
    assert fields[["pupils_primary", "pupils_junior"]].to_numpy().tolist() == [[2, 0], [0, 1]]


def test_where_nobody_was_asked_about_school_all_children_of_school_age_are_pupils():
    persons = pd.DataFrame({"family": ["k1", "k1", "k2"], "age": [8.0, 40.0, 13.0]})
    fields = rule_fields(families(), POVERTY, persons)
    assert fields[["pupils_primary", "pupils_junior"]].to_numpy().tolist() == [[1, 0], [0, 1]]


def test_a_family_listed_twice_is_refused():
    with pytest.raises(DataRejected, match="dua kali"):
        rule_fields(families(family=["k1", "k1"]), POVERTY)


@pytest.mark.parametrize(
    ("changes", "outside"),
    [
        ({}, False),
        ({"desil": 5.0}, True),
        ({"desil": NAN}, False),
        (NOBODY, True),
        (NOBODY | {"elderly_60": NAN}, False),
    ],
)
def test_a_family_is_outside_the_rules_only_where_that_is_known(changes, outside):
    verdict = judge(pd.DataFrame([FAMILY | changes]), CATALOGUE["pkh"])
    assert verdict.outside[0] == outside


def test_no_family_is_both_eligible_and_outside():
    families = pd.DataFrame([FAMILY, FAMILY | SOUND_HOUSE, FAMILY | NOBODY, FAMILY | {"desil": 9.0}])
    verdicts = [judge(families, programme) for programme in CATALOGUE.values()]
    assert not any((verdict.eligible & verdict.outside).any() for verdict in verdicts)


def test_rows_of_equal_numbers_are_one_combination():
    first, which = distinct([np.array([1, 0, 1, 1]), np.array([2, 2, 2, 0])])
    assert (first.tolist(), which.tolist()) == ([0, 1, 3], [0, 1, 0, 2])


def test_combinations_are_told_apart_where_their_number_outgrows_a_number():
    column = np.array([0, 2**40, 5, 2**40])
    first, which = distinct([column, column[::-1].copy(), column])
    assert (first.tolist(), which.tolist()) == ([0, 1, 2, 3], [0, 1, 2, 3])
