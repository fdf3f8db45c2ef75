"""The rule table, the glossary and the pictures' geometry are whole."""

import numpy as np
import pytest

from kaur_analysis.contracts import PUBLISHED
from kaur_analysis.reference import load_area
from kaur_analysis.reporting.actions import glossary, rule_table
from kaur_analysis.reporting.charts import BLUE, GREY, INK, VERMILLION, dots, svg, tile_places
from kaur_analysis.reporting.facts import Programme
from tests.contrast import contrast

RULES = rule_table()["rules"]


@pytest.mark.parametrize("rule", RULES, ids=[rule["code"] for rule in RULES])
def test_a_rule_says_who_and_for_how_much(rule):
    assert ("agency" in rule) != ("office" in rule)
    assert ("rupiah" in rule) != ("without" in rule)


@pytest.mark.parametrize("rule", [rule for rule in RULES if "number" in rule], ids=lambda rule: rule["code"])
def test_a_rule_with_a_number_has_a_threshold_and_says_the_number(rule):
    assert rule["at_least"] > 0
    assert [name for name in ("{number}", "{estimate}", "{count}") if name in rule["sentence"]]


@pytest.mark.parametrize("rule", RULES, ids=[rule["code"] for rule in RULES])
def test_an_agency_of_a_rule_is_one_of_the_area(rule):
    assert rule.get("agency", "programme") in {"programme", *load_area("1704").agencies}


def test_a_rule_without_number_keeps_every_page_at_two_actions():
    last = RULES[-1]
    assert "number" not in last and set(last["scope"]) == {"kecamatan", "kabupaten", "opd"}


@pytest.mark.parametrize("name", list(glossary()))
def test_every_indicator_is_labelled_and_defined_in_one_line(name):
    entry = glossary()[name]
    assert (
        set(entry) == {"label", "definition"} and entry["definition"].endswith(".") and "\n" not in entry["definition"]
    )


@pytest.mark.parametrize("name", [name for name in glossary() if name.endswith(("_share", "_error"))])
def test_every_share_names_its_denominator(name):
    assert " dari semua " in glossary()[name]["definition"] or "Bagian penduduk" in glossary()[name]["definition"]


def test_the_published_contract_has_what_look_ups_use():
    assert list(PUBLISHED.columns)[:7] == ["topic", "indicator", "area", "programme", "agency", "group", "period"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Program Keluarga Harapan (PKH)", "PKH"),
        ("Penerima Bantuan Iuran Jaminan Kesehatan (PBI-JKN)", "PBI-JKN"),
        ("Rehabilitasi Rumah Tidak Layak Huni (BSPS dan RTLH)", "Rehabilitasi Rumah Tidak Layak Huni"),
        ("BLT Dana Desa", "BLT Dana Desa"),
    ],
)
def test_a_programme_is_called_by_its_abbreviation_where_its_name_carries_one(name, short):
    assert Programme("x", name, "dinsos", "", "", (), "", "", False).short == short


def test_every_kecamatan_has_a_tile_of_its_own():
    places = load_area("1704").kecamatan
    cells, _, _ = tile_places(places["latitude"], places["longitude"])
    assert len(set(cells)) == len(places) == 15


def test_tiles_keep_south_east_in_the_south_east():
    places = load_area("1704").kecamatan
    cells, rows, columns = tile_places(places["latitude"], places["longitude"])
    nasal = cells[list(places["name"]).index("Nasal")]
    assert nasal == (rows - 1, columns - 1)


def test_areas_without_coordinates_are_tiled_in_order():
    cells, rows, columns = tile_places([np.nan] * 4, [np.nan] * 4)
    assert cells == [(0, 0), (0, 1), (0, 2), (1, 0)] and (rows, columns) == (2, 3)


@pytest.mark.parametrize("colour", [BLUE, VERMILLION, GREY, INK])
def test_marks_stand_out_from_paper_three_to_one(colour):
    assert contrast(colour, "#ffffff") >= 3


def picture(values):
    count = len(values)
    figure = dots(
        [f"Tempat {place}" for place in range(count)],
        values,
        [value - 0.02 for value in values],
        [value + 0.02 for value in values],
        [f"{value:.0%}" for value in values],
        ["setara"] * count,
        [False] * count,
        0.2,
        "kabupaten 20%",
        "bagian",
    )
    return str(svg(figure, "uji"))


def test_a_picture_is_the_same_bytes_every_time():
    assert picture([0.1, 0.2, 0.3]) == picture([0.1, 0.2, 0.3])


def test_a_picture_carries_text_not_outlines():
    assert ">Tempat 0</text>" in picture([0.1, 0.2])


def test_a_picture_carries_no_date_and_no_address():
    text = picture([0.1, 0.2])
    assert "http" not in text and "<metadata" not in text and "<!--" not in text


def test_a_missing_value_leaves_its_line_with_its_sign():
    assert ">Tempat 1</text>" in picture([0.1, np.nan])
