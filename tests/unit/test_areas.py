"""The reference folder of Kaur."""

import json
import shutil
from dataclasses import replace
from math import acos, cos, radians, sin

import pytest

from kaur_analysis.errors import StudyRejected
from kaur_analysis.reference import load_area
from kaur_analysis.reference.files import reference_path
from tests.shared import shared_path


@pytest.fixture(scope="module")
def kaur():
    return load_area("1704")


def test_kaur_has_fifteen_kecamatan(kaur):
    assert kaur.kecamatan["kecamatan"].is_unique and len(kaur.kecamatan) == 15


def test_kaur_has_192_desa_and_three_kelurahan(kaur):
    assert kaur.desa["kind"].value_counts().to_dict() == {"desa": 192, "kelurahan": 3}


def test_every_desa_lies_in_its_kecamatan_by_bps_code(kaur):
    assert (kaur.desa["desa"].str[:7] == kaur.desa["kecamatan"]).all()


def test_both_code_systems_agree_on_which_desa_form_a_kecamatan(kaur):
    kemendagri = kaur.kecamatan.set_index("kecamatan")["kemendagri"]
    assert (kaur.desa["kemendagri"].str[:6] == kaur.desa["kecamatan"].map(kemendagri)).all()


def test_kinal_and_nasal_are_not_mixed_up(kaur):
    names = kaur.kecamatan.set_index("name")
    assert names.loc["Kinal", ["kecamatan", "kemendagri"]].tolist() == ["1704050", "170401"]
    assert names.loc["Nasal", ["kecamatan", "kemendagri"]].tolist() == ["1704010", "170407"]


def test_every_known_official_figure_has_source_and_access_date(kaur):
    known = kaur.official.dropna(subset="value")
    assert known["source"].str.len().gt(3).all() and known["accessed"].str.match(r"\d{4}-\d{2}-\d{2}").all()


def test_the_published_rate_of_2024_is_carried(kaur):
    figures = kaur.official.set_index(["area", "indicator", "year"])["value"]
    assert figures.loc[("1704", "poor_share", 2024)] == 0.1712


def test_the_rupiah_line_of_kaur_is_not_invented(kaur):
    lines = kaur.official.query("area == '1704' and indicator == 'poverty_line'")["value"]
    assert lines.isna().all()


def test_an_unknown_area_names_those_that_exist():
    with pytest.raises(StudyRejected, match="1704"):
        load_area("9999")


def changed_area(folder, column, value):
    shutil.copytree(reference_path("areas", "1704"), folder)
    lines = (folder / "desa.csv").read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index(column)
    second = lines[2].split(",")
    second[place] = value
    lines[2] = ",".join(second)
    (folder / "desa.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("column", "value"), [("latitude", ""), ("latitude", "103.5"), ("longitude", "-4;77"), ("longitude", "timur")]
)
def test_a_desa_without_a_place_in_indonesia_is_refused_by_line_and_column(tmp_path, column, value):
    with pytest.raises(StudyRejected, match=f"desa.csv, baris 3, kolom '{column}'"):
        load_area(str(changed_area(tmp_path / "area", column, value)))


def test_a_folder_whose_desa_have_no_coordinates_is_refused(tmp_path):
    folder = changed_area(tmp_path / "area", "latitude", "-4.8")
    text = (folder / "desa.csv").read_text(encoding="utf-8")
    (folder / "desa.csv").write_text(text.replace("latitude", "lintang"), encoding="utf-8")
    with pytest.raises(StudyRejected, match="kolom 'latitude' tidak ada"):
        load_area(str(folder))


def test_every_desa_lies_within_its_boundary_up_to_the_rounding(kaur):
    geometry = pytest.importorskip("shapely.geometry", reason="extra 'maps' is not installed")
    collection = json.loads(shared_path("data/kaur_boundaries/desa.geojson").read_text(encoding="utf-8"))
    boundary = {f["properties"]["kode"].replace(".", ""): geometry.shape(f["geometry"]) for f in collection["features"]}
    distance = [
        boundary[row.kemendagri].distance(geometry.Point(row.longitude, row.latitude)) for row in kaur.desa.itertuples()
    ]
    assert len(distance) == 195 and max(distance) <= 0.0072  # half a hundredth of a degree each way


def test_the_seat_is_one_of_the_desa_and_lies_at_no_distance(kaur):
    assert kaur.kilometres_to_seat()[kaur.seat] == 0


def test_a_hundredth_of_a_degree_to_the_south_is_1_1_kilometres():
    area = load_area("1704")
    desa = area.desa.iloc[:2].assign(latitude=[-4.80, -4.81], longitude=103.34)
    moved = replace(area, desa=desa, seat=desa["desa"].iloc[0])
    # a degree of latitude is a 360th of the circumference: 111.195 km on the mean sphere
    assert moved.kilometres_to_seat().iloc[1] == pytest.approx(1.11195, abs=1e-4)


def test_distance_follows_the_law_of_cosines(kaur):
    place = kaur.desa.set_index("desa")[["latitude", "longitude"]].map(radians)
    own, far = place.loc[kaur.seat], place.loc["1704010001"]
    cosine = sin(own.iloc[0]) * sin(far.iloc[0]) + cos(own.iloc[0]) * cos(far.iloc[0]) * cos(own.iloc[1] - far.iloc[1])
    assert kaur.kilometres_to_seat()["1704010001"] == pytest.approx(6371.0088 * acos(cosine), rel=1e-6)


def test_without_a_seat_no_distance_is_known(kaur):
    assert replace(kaur, seat="").kilometres_to_seat().empty
