"""A synthetic province is a list of studies, each with the reference folder of its own kabupaten."""

import pandas as pd
import pytest

from kaur_analysis.demo import BENGKULU, Regency, make_province
from kaur_analysis.demo.province import write_references
from kaur_analysis.intake import keys_for, read_study
from kaur_analysis.reference import load_area, read_yaml
from kaur_analysis.study import load_study

SMALL = (Regency("1701", "Bengkulu Selatan", 100_000, 2), Regency("1771", "Bengkulu", 100_000, 2, "Kota"))


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    return make_province(tmp_path_factory.mktemp("provinsi"), families=600, regencies=SMALL)


@pytest.fixture(scope="module")
def town(province):
    return load_study(province.parent / "1771" / "studi.yaml")


def test_bengkulu_has_ten_kabupaten_129_kecamatan_and_two_million_people():
    counts = len(BENGKULU), sum(r.kecamatan for r in BENGKULU), sum(r.people for r in BENGKULU)
    assert counts == (10, 129, 2_100_000)


def test_the_province_lists_its_studies(province):
    assert read_yaml(province)["studies"] == ["1701/studi.yaml", "1771/studi.yaml"]


def test_a_study_names_its_own_area(town):
    assert (town.reference.full_name, town.reference.code) == ("Kota Bengkulu", "1771")


def test_kaur_keeps_the_reference_folder_of_the_package(tmp_path):
    assert write_references(tmp_path, (Regency("1704", "Kaur", 1, 15),)) == {"1704": "1704"}


def test_every_place_of_a_synthetic_area_has_a_code_of_its_own(town):
    area = town.reference
    assert area.desa["desa"].is_unique and area.desa["kemendagri"].is_unique and area.desa["name"].is_unique


def test_places_lie_below_their_kecamatan_in_both_code_systems(town):
    desa = town.reference.desa.merge(town.reference.kecamatan, on="kecamatan", suffixes=("", "_kecamatan"))
    inside = [code.startswith(up) for code, up in zip(desa["kemendagri"], desa["kemendagri_kecamatan"], strict=True)]
    assert len(desa) == len(town.reference.desa) and all(inside)


def test_synthetic_figures_say_so(town):
    official = town.reference.official
    own = official[official["area"].str.startswith("1771")]
    assert len(own) == 3 and own["source"].str.startswith("DATA SINTETIS").all()


def test_the_lists_are_read_as_those_of_the_named_area(town):
    intake = read_study(town, keys_for(True))
    kept = intake.accounting.set_index("source")["rows_kept"]
    assert kept["dtsen_keluarga"] > 250 and kept["susenas_rt"] > 200


def test_people_of_two_kabupaten_share_no_number(province):
    files = sorted(province.parent.glob("*/truth/persons.parquet"))
    numbers = [pd.read_parquet(path, columns=["nik"])["nik"] for path in files]
    assert pd.concat(numbers).is_unique


def test_a_kabupaten_is_the_same_whichever_others_are_made(province, tmp_path):
    alone = make_province(tmp_path, families=300, regencies=SMALL[1:])
    assert load_area("acuan/1771", alone.parent).kecamatan.equals(load_area("acuan/1771", province.parent).kecamatan)
