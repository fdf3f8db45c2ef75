"""Maps: where the tiles lie, what the shades say, and which boundary files are refused."""

import html
import json
import re
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from kaur_analysis.errors import DataRejected, StudyRejected
from kaur_analysis.reference import load_area
from kaur_analysis.reference.boundaries import boundary_files, read_boundaries
from kaur_analysis.reporting import maps
from kaur_analysis.reporting.figures import Figure, PublishedTable
from kaur_analysis.reporting.grids import least_moved
from tests.contrast import contrast, luminance
from tests.pages import fabricated as made
from tests.shared import shared_path

AREA = load_area("1704")
KEC = AREA.kecamatan.set_index("name")["kecamatan"]


def table():
    return PublishedTable(made.published())


def cells():
    return {code: (int(shape.y // maps.TILE), int(shape.x // maps.TILE)) for code, shape in tiles().desa.items()}


def tiles():
    return maps.tile_shapes(AREA)


def rows_and_columns(name):
    inside = AREA.desa.loc[AREA.desa["kecamatan"] == KEC[name], "desa"]
    return np.array([cells()[code] for code in inside]).mean(axis=0)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), places=st.integers(1, 20), spare=st.integers(0, 8))
def test_tiles_move_together_no_farther_than_the_dense_assignment_would_move_them(seed, places, spare):
    distance = np.random.default_rng(seed).integers(0, 9, (places, places + spare)).astype(float)  # zeros and ties too
    row, column = linear_sum_assignment(distance)
    assert distance[row, least_moved(distance)].sum() == distance[row, column].sum()


def test_no_place_gets_the_tile_of_another():
    distance = np.random.default_rng(1).integers(0, 9, (30, 33)).astype(float)
    assert len(set(least_moved(distance).tolist())) == 30


def test_a_place_without_coordinates_gets_no_tile():
    with pytest.raises(ValueError, match="finite"):
        least_moved(np.array([[np.nan, 1.0], [0.0, 2.0]]))


def test_every_desa_has_a_tile_of_its_own():
    assert len(set(cells().values())) == 195 and set(cells()) == set(AREA.desa["desa"])


@pytest.mark.parametrize("kecamatan", sorted(KEC.index))
def test_the_desa_of_a_kecamatan_form_one_piece(kecamatan):
    inside = AREA.desa.loc[AREA.desa["kecamatan"] == KEC[kecamatan], "desa"]
    assert maps._pieces([cells()[code] for code in inside]) == 1


def test_nasal_is_the_kecamatan_farthest_to_the_south_east():
    corner = {name: rows_and_columns(name).sum() for name in KEC.index}
    assert max(corner, key=corner.get) == "Nasal"


def test_no_desa_lies_in_the_sea_to_the_south_west():
    width, height = tiles().width / maps.TILE, tiles().height / maps.TILE
    assert not [cell for cell in cells().values() if cell[0] > 0.7 * height and cell[1] < 0.3 * width]


def test_muara_sahung_lies_inland_of_kaur_tengah():
    (row, column), (other_row, other_column) = rows_and_columns("Muara Sahung"), rows_and_columns("Kaur Tengah")
    assert row < other_row and column > other_column


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, -4), st.floats(103, 104), st.sampled_from("abc")), min_size=1, max_size=30))
def test_any_places_get_cells_of_their_own(places):
    latitude, longitude, parent = zip(*places, strict=True)
    found = maps.tile_grid(latitude, longitude, parent)
    assert len(set(found)) == len(places) and min(row for row, _ in found) == 0 == min(column for _, column in found)


def test_an_area_whose_desa_are_not_listed_has_no_map():
    bare = replace(AREA, desa=AREA.desa.iloc[:0])
    assert not maps.tile_shapes(bare).areas


def test_the_grid_does_not_depend_on_the_last_digits_of_coordinates():
    latitude, longitude = AREA.desa["latitude"], AREA.desa["longitude"]
    moved = maps.tile_grid(latitude + 1e-13, longitude - 1e-13, AREA.desa["kecamatan"])
    assert moved == maps.tile_grid(latitude, longitude, AREA.desa["kecamatan"])


@pytest.mark.parametrize(("value", "expected"), [(0.049, 0), (0.05, 1), (0.099, 1), (0.1, 2), (0.15, 3), (0.9, 3)])
def test_shades_are_multiples_of_the_kabupaten_not_quantiles(value, expected):
    assert maps.shade(Figure(value, status="tampil"), Figure(0.1, status="tampil")) == expected


def test_a_number_that_is_not_shown_has_no_shade():
    assert maps.shade(Figure(0.2, status="disembunyikan"), Figure(0.1, status="tampil")) == -1


def view(own="", facts=None, published=None):
    return maps.map_view(PublishedTable(made.published() if published is None else published), facts or {}, AREA, own)


def test_suppressed_desa_are_dots_without_a_number():
    shown = view()
    hidden = [place for place in shown.places if not place.figure.shown]
    picture = maps.draw(shown, "x")
    assert hidden and picture.count("<circle") == len(hidden)
    for place in hidden:
        assert f"<title>{place.name}: {place.figure.why}</title>" in picture


def test_the_picture_carries_no_suppressed_number():
    shown = view()
    titles = set(re.findall(r"<title>(.*?)</title>", html.unescape(maps.draw(shown, "x"))))
    assert titles == {
        f"{place.name}: {place.figure.text if place.figure.shown else place.figure.why}" for place in shown.places
    }


def test_what_cannot_be_told_from_the_kabupaten_is_hatched():
    shown = view()
    unclear = [place for place in shown.places if place.figure.shown and place.word == "belum dapat dibedakan"]
    assert unclear and maps.draw(shown, "x").count('fill="url(#x-') == len(unclear)


def test_a_desa_whose_interval_lies_above_the_kabupaten_is_not_hatched():
    told = [place for place in view().places if place.word in ("lebih tinggi", "lebih rendah")]
    assert told and all(
        place.figure.low > view().reference.value or place.figure.high < view().reference.value for place in told
    )
    drawn = maps.draw(replace(view(), places=tuple(told)), "x")
    assert "url(#x-" not in drawn


def test_a_desa_as_poor_as_the_kabupaten_is_not_hatched():
    place = next(place for place in view().places if place.figure.shown)
    drawn = maps.draw(replace(view(), places=(replace(place, word="setara"),)), "x")
    assert "url(#x-" not in drawn


@pytest.mark.parametrize("chosen", range(len(maps.SHADES)))
def test_hatching_stands_out_from_its_shade(chosen):
    (pattern,) = re.findall(rf'<pattern id="x-{chosen}".*?</pattern>', maps.draw(view(), "x"))
    fill, line = re.search(r'fill="(#\w+)"', pattern)[1], re.search(r'stroke="(#\w+)"', pattern)[1]
    assert fill == maps.SHADES[chosen] and contrast(fill, line) >= 3


def test_shades_grow_darker_on_a_grey_print():
    grey = [luminance(shade) for shade in maps.SHADES]
    assert all(after < 0.85 * before for before, after in pairwise(grey))


def test_names_on_the_map_stand_out_from_the_edge_drawn_around_them():
    names = re.findall(r"<text [^>]*>", maps.draw(view(), "x"))
    edges = [(re.search(r'fill="(#\w+)"', name)[1], re.search(r'stroke="(#\w+)"', name)[1]) for name in names]
    assert edges and all(contrast(*pair) >= 4.5 for pair in edges)
    assert all('paint-order="stroke"' in name for name in names)


def test_hostile_names_are_escaped_in_the_picture():
    shown = view()
    place = shown.places[0]
    hostile = maps.MapPlace(place.code, "<script>alert(1)</script>", place.kecamatan, place.figure, place.word)
    picture = maps.draw(maps.MapView(shown.shapes, (hostile,), shown.kecamatan, shown.reference, ""), "x")
    assert "<script" not in picture


def test_the_same_map_is_drawn_twice():
    assert maps.draw(view("1704010"), "x") == maps.draw(view("1704010"), "x")


def squares(level="desa"):
    """Made-up boundaries: the area's desa as squares side by side."""
    codes = AREA.desa["desa"] if level == "desa" else AREA.kecamatan["kecamatan"]
    features = []
    for place, code in enumerate(codes):
        x, y = 103 + 0.02 * (place % 15), -4.9 + 0.02 * (place // 15)
        ring = [[x, y], [x + 0.02, y], [x + 0.02, y + 0.02], [x, y + 0.02], [x, y]]
        features.append(
            {"type": "Feature", "properties": {"KODE": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    return {"type": "FeatureCollection", "features": features}


def written(folder, collection, name="batas.geojson"):
    path = folder / name
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


@pytest.fixture
def geo():
    return pytest.importorskip("geopandas", reason="extra 'maps' is not installed")


def changed(level="desa", **changes):
    """Squares with one thing wrong, by name of the wrong."""
    made_up = squares(level)
    features = made_up["features"]
    if "missing" in changes:
        del features[changes["missing"]]
    if "twice" in changes:
        features.append(json.loads(json.dumps(features[changes["twice"]])))
    if "ring" in changes:
        features[0]["geometry"]["coordinates"] = [changes["ring"]]
    if "shift" in changes:
        for feature in features:
            feature["geometry"]["coordinates"] = [
                [[x + changes["shift"], y] for x, y in feature["geometry"]["coordinates"][0]]
            ]
    if "code" in changes:
        features[0]["properties"]["KODE"] = changes["code"]
    return made_up


BOW = [[103, -4.9], [103.02, -4.88], [103.02, -4.9], [103, -4.88], [103, -4.9]]
WIDE = [[103, -4.9], [103.03, -4.9], [103.03, -4.88], [103, -4.88], [103, -4.9]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"missing": 3}, "desa tidak ada dalam berkas"),
        ({"twice": 3}, "desa muncul lebih dari sekali"),
        ({"ring": BOW}, "bidang tidak sah: 1704010001"),
        ({"ring": WIDE}, "bertumpang tindih: 1704010001 dan 1704010003"),
        ({"shift": 40.0}, "di luar Indonesia"),
        ({"code": "1704010999"}, "kode desa tidak dikenal di Kabupaten Kaur: 1704010999"),
    ],
)
def test_a_boundary_file_is_refused_for_what_is_wrong_with_it(geo, tmp_path, changes, words):
    with pytest.raises(DataRejected, match=words):
        read_boundaries(written(tmp_path, changed(**changes)), AREA)


def test_areas_of_another_kabupaten_are_left_out(geo, tmp_path):
    collection = squares()
    neighbour = json.loads(json.dumps(collection["features"][0]))
    neighbour["properties"]["KODE"] = "1701010001"
    neighbour["geometry"]["coordinates"] = [[[x - 1, y] for x, y in neighbour["geometry"]["coordinates"][0]]]
    collection["features"].append(neighbour)
    assert len(read_boundaries(written(tmp_path, collection), AREA)["desa"]) == 195


def test_a_file_without_the_area_s_codes_names_its_columns(geo, tmp_path):
    collection = squares()
    for feature in collection["features"]:
        feature["properties"] = {"NAMOBJ": "x"}
    with pytest.raises(DataRejected, match="Kolom yang ada: NAMOBJ"):
        read_boundaries(written(tmp_path, collection), AREA)


def test_a_file_without_a_coordinate_system_is_refused(geo, tmp_path):
    layer = geo.read_file(written(tmp_path, squares()))
    layer.to_file(tmp_path / "batas.shp")
    (tmp_path / "batas.prj").unlink()
    with pytest.raises(DataRejected, match="sistem koordinat tidak disebut"):
        read_boundaries(tmp_path / "batas.shp", AREA)


@pytest.mark.parametrize("name", ["batas.shp", "batas.gpkg", "batas.geojson"])
def test_every_kind_of_file_in_another_coordinate_system_gives_the_same_map(geo, tmp_path, name):
    plain = read_boundaries(written(tmp_path, squares(), "asal.geojson"), AREA)
    geo.read_file(tmp_path / "asal.geojson").to_crs("EPSG:32748").to_file(tmp_path / name)
    found = read_boundaries(tmp_path / name, AREA)
    assert found["desa"].keys() == plain["desa"].keys() and abs(found["height"] - plain["height"]) <= 2


def test_a_shapefile_is_hashed_with_its_table(geo, tmp_path):
    geo.read_file(written(tmp_path, squares())).to_file(tmp_path / "batas.shp")
    assert {path.suffix for path in boundary_files(tmp_path / "batas.shp")} == {".shp", ".dbf", ".shx", ".prj", ".cpg"}


def test_a_file_of_kecamatan_is_drawn_by_kecamatan(geo, tmp_path):
    found = read_boundaries(written(tmp_path, squares("kecamatan")), AREA)
    assert not found["desa"] and len(view(facts={"boundaries": found}).places) == 15


def test_without_the_extra_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(StudyRejected, match=r"kaur-analysis\[maps\]"):
        read_boundaries(tmp_path / "batas.geojson", AREA)


def test_the_real_boundaries_fit_on_a_page(geo):
    found = read_boundaries(shared_path("data/kaur_boundaries/desa.geojson"), AREA)
    picture = maps.draw(view("1704010", {"boundaries": found}), "x")
    assert len(found["desa"]) == 195 and len(found["kecamatan"]) == 15 and len(picture) < 100_000


def test_a_kecamatan_with_real_boundaries_is_shown_from_near_with_the_names_of_its_desa(geo):
    found = read_boundaries(shared_path("data/kaur_boundaries/desa.geojson"), AREA)
    own = view("1704070", {"boundaries": found})
    sight = [float(part) for part in re.search('viewBox="([^"]+)"', maps.draw(own, "x")).group(1).split()]
    left, top, right, bottom = maps.labels.extent(maps.labels.rings(found["kecamatan"]["1704070"][0]))
    assert sight[0] < left and sight[1] < top and sight[0] + sight[2] > right and sight[1] + sight[3] > bottom
    assert sight[2] < 300 and "Perugaian" in maps.draw(own, "x")


def test_real_kecamatan_that_overlap_are_named(geo):
    with pytest.raises(DataRejected, match="1704030 dan 1704031"):
        read_boundaries(shared_path("data/kaur_boundaries/kecamatan.geojson"), AREA)


def test_the_real_coast_lies_in_the_south_west_of_the_picture(geo):
    found = read_boundaries(shared_path("data/kaur_boundaries/desa.geojson"), AREA)
    x, y = np.array([point for _, *point in found["desa"].values()]).T
    assert not ((x < 300) & (y > 700)).any()
