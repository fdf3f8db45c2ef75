"""The synthetic Kaur: impossible people in the files an office holds, with the truth beside them."""

import subprocess

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.demo import LEAST_FAMILIES, make_demo, make_province, write_template
from kaur_analysis.errors import StudyRejected, UsageError
from kaur_analysis.store import file_hash
from kaur_analysis.study import load_study


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo"), seed=3, families=1200).parent


@pytest.fixture(scope="module")
def truth(demo):
    return pd.read_parquet(demo / "truth" / "families.parquet")


def test_the_same_seed_gives_the_same_bytes(demo, tmp_path):
    make_demo(tmp_path, seed=3, families=1200)
    files = [path.relative_to(demo) for path in demo.rglob("*") if path.is_file()]
    assert [str(name) for name in files if file_hash(demo / name) != file_hash(tmp_path / name)] == []


def test_another_seed_gives_other_families(demo, tmp_path):
    make_demo(tmp_path, seed=4, families=1200)
    name = "sumber/dtsen_keluarga.csv"
    assert file_hash(demo / name) != file_hash(tmp_path / name)


def test_its_study_is_valid_and_synthetic(demo):
    assert load_study(demo / "studi.yaml").synthetic


def test_every_source_of_its_study_exists(demo):
    assert all(load_study(demo / "studi.yaml").files().values())


def test_identity_numbers_carry_a_province_that_does_not_exist(demo):
    persons = pd.read_parquet(demo / "truth" / "persons.parquet")
    assert persons["nik"].str.fullmatch(r"99\d{14}").all() and persons["nik"].is_unique


def test_day_of_birth_in_the_number_of_women_is_raised_by_forty(demo):
    persons = pd.read_parquet(demo / "truth" / "persons.parquet")
    assert ((persons["nik"].str[6:8].astype(int) > 40) == persons["female"]).all()


def test_poverty_is_near_the_level_declared(truth):
    assert abs(np.average(truth["poor"], weights=truth["household_size"]) - 0.17) < 0.005


def test_extreme_poverty_lies_between_two_and_five_percent(truth):
    assert 0.02 < np.average(truth["extreme"], weights=truth["household_size"]) < 0.05


def test_kecamatan_differ_in_poverty(truth):
    rates = truth.groupby("kecamatan")["poor"].mean()
    assert len(rates) == 15 and rates.max() > 2 * rates.min()


def test_some_families_are_in_no_registry(truth):
    assert 0.01 < 1 - truth["registered"].mean() < 0.06


@pytest.mark.parametrize("programme", ["pkh", "sembako", "pbi_jk", "blt_dd"])
def test_programmes_miss_some_extreme_poor_and_reach_some_others(truth, programme):
    extreme = truth["extreme"]
    assert truth.loc[extreme, programme].mean() < 1 and truth.loc[~extreme, programme].sum() > 0


def test_p3ke_has_the_headings_of_the_field(demo):
    headings = pd.read_excel(demo / "sumber" / "p3ke_keluarga.xlsx", engine="calamine", nrows=0).columns
    assert len(headings) == 31 and list(headings[:4]) == ["no", "id_p3ke", "provinsi", "kabkot"]


def test_the_survey_carries_no_kecamatan_code(demo):
    import shapefile

    fields = {field[0] for field in shapefile.Reader(dbf=str(demo / "sumber" / "ssn202403_kor_rt.dbf")).fields}
    assert "R103" not in fields and {"R101", "R102", "R105", "PSU", "STRATA", "FWT"} <= fields


def test_the_survey_weights_add_up_to_the_families(demo, truth):
    import shapefile

    records = shapefile.Reader(dbf=str(demo / "sumber" / "ssn202403_kor_rt.dbf")).records()
    weight = sum(float(record["FWT"]) for record in records if record["R102"] == 4)
    assert abs(weight / len(truth) - 1) < 0.08


def test_the_dirt_of_the_field_damages_numbers(tmp_path):
    make_demo(tmp_path, seed=3, families=1200, dirt="field")
    numbers = pd.read_excel(tmp_path / "sumber" / "pkh_2024.xlsx", engine="calamine", dtype=str)["NIK"]
    assert not numbers.str.fullmatch(r"\d{16}").all()


def test_a_template_does_not_overwrite_a_study(tmp_path):
    write_template(tmp_path)
    with pytest.raises(UsageError, match="tidak ditimpa"):
        write_template(tmp_path)


def test_git_sees_the_study_of_a_template_and_none_of_its_lists(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    study = write_template(tmp_path / "studi")
    for name in ("sumber/pkh.xlsx", "studi-temuan.xlsx", "verifikasi.csv"):
        (study.parent / name).write_text("nama orang", encoding="utf-8")
    subprocess.run(["git", "-C", tmp_path, "add", "--all"], check=True)
    listed = subprocess.run(["git", "-C", tmp_path, "ls-files"], check=True, capture_output=True, text=True).stdout
    assert listed.split() == ["studi/.gitignore", "studi/katalog_program.yaml", "studi/studi.yaml"]


def test_a_template_leaves_what_the_office_told_git_as_it_is(tmp_path):
    (tmp_path / ".gitignore").write_text("/lain/\n", encoding="utf-8")
    write_template(tmp_path)
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "/lain/\n"


def test_a_list_that_nobody_stands_on_is_written_all_the_same(tmp_path):
    make_demo(tmp_path, seed=3, families=60, dirt="field")
    assert len(list((tmp_path / "sumber").iterdir())) > 5


def test_too_few_families_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UsageError, match="paling sedikit 60 keluarga"):
        make_demo(tmp_path / "demo", families=10)
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("make", [make_demo, make_province])
def test_a_study_of_an_office_is_not_overwritten(tmp_path, make):
    study = write_template(tmp_path)
    text = study.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="bukan data sintetis"):
        make(tmp_path, families=300)
    assert study.read_text(encoding="utf-8") == text and not (tmp_path / "truth").exists()


def test_a_synthetic_folder_is_written_anew(tmp_path):
    make_demo(tmp_path, seed=3, families=60)
    assert make_demo(tmp_path, seed=4, families=60).is_file()


@pytest.mark.parametrize("seed", range(3))
def test_the_fewest_families_are_a_kabupaten_all_the_same(tmp_path, seed):
    assert load_study(make_demo(tmp_path, seed=seed, families=LEAST_FAMILIES)).synthetic


def test_a_template_is_refused_until_it_is_filled_in(tmp_path):
    with pytest.raises(StudyRejected, match="rupiah"):
        load_study(write_template(tmp_path))


def test_a_template_filled_in_is_a_valid_study(tmp_path):
    path = write_template(tmp_path)
    text = path.read_text(encoding="utf-8").replace('"ISI"', '"2026-1"').replace("source: ISI", "source: BPS Kaur")
    path.write_text(
        text.replace("rupiah: ISI", "rupiah: 520000", 1).replace("rupiah: ISI", "rupiah: 360000"), encoding="utf-8"
    )
    assert load_study(path).edition == "2026-1"


def test_the_template_offers_kecamatan_codes_as_a_choice(tmp_path):
    path = write_template(tmp_path)
    text = path.read_text(encoding="utf-8").replace('"ISI"', '"2026-1"').replace("source: ISI", "source: BPS Kaur")
    text = text.replace("rupiah: ISI", "rupiah: 520000", 1).replace("rupiah: ISI", "rupiah: 360000")
    path.write_text(text.replace("# model: {", "model: {"), encoding="utf-8")
    assert load_study(path).model.area_effects == "survey"
