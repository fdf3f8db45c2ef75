"""Active titles: one sentence made by rule from what a picture shows."""

import math

import pytest

from kaur_analysis.reporting import titles
from kaur_analysis.reporting.figures import EQUAL, HIGHER, LOWER, UNCLEAR, Figure

WHOLE = "Kabupaten Kaur"


def families(*values):
    """Numbers of families; one that is not known is protected."""
    return [
        Figure(value, unit="keluarga", status="disembunyikan" if math.isnan(value) else "tampil") for value in values
    ]


@pytest.mark.parametrize(
    ("word", "title"),
    [
        (HIGHER, "Nasal jelas di atas Kabupaten Kaur."),
        (LOWER, "Nasal jelas di bawah Kabupaten Kaur."),
        (EQUAL, "Nasal setara dengan Kabupaten Kaur."),
        (UNCLEAR, "Nasal belum dapat dibedakan dari Kabupaten Kaur."),
        ("", "Angka Nasal tidak disajikan."),
    ],
)
def test_the_tiles_of_a_kecamatan_say_where_it_stands(word, title):
    assert titles.tiles([("Maje", HIGHER, False), ("Nasal", word, True)], WHOLE) == title


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ([HIGHER, HIGHER, LOWER, UNCLEAR], "Dari 4 kecamatan, 2 jelas di atas dan 1 jelas di bawah Kabupaten Kaur."),
        ([EQUAL, LOWER, ""], "Dari 3 kecamatan, 1 jelas di bawah Kabupaten Kaur."),
        ([EQUAL, UNCLEAR], "Belum ada kecamatan yang jelas di atas atau di bawah Kabupaten Kaur."),
        (["", ""], "Angka kecamatan belum dapat disajikan."),
    ],
)
def test_the_tiles_of_the_kabupaten_say_how_many_stand_apart(words, title):
    assert titles.tiles([("x", word, False) for word in words], WHOLE) == title


def test_desa_that_stand_apart_are_counted_as_desa():
    places = [(f"Desa {place}", HIGHER) for place in range(4)] + [("Suku Tiga", LOWER), ("Muara", UNCLEAR)]
    assert titles.comparison(places, WHOLE, "desa") == (
        "4 desa jelas di atas Kabupaten Kaur; Suku Tiga jelas di bawah Kabupaten Kaur; "
        "1 lainnya setara atau belum dapat dibedakan."
    )


def test_a_map_without_any_number_says_so():
    assert titles.comparison([], WHOLE, "desa") == "Angka desa belum dapat disajikan."


@pytest.mark.parametrize(
    ("places", "whole", "title"),
    [
        ([10, 50, 40], 100, "Sekitar separuh dari perkiraan 100 keluarga yang belum ada di 1 dari 3 kecamatan."),
        ([30, 30, 40], 100, "Sekitar separuh dari perkiraan 100 keluarga yang belum ada di 2 dari 3 kecamatan."),
        ([math.nan, 30, math.nan], 100, "Perkiraan 30 keluarga yang belum, di 1 kecamatan yang angkanya disajikan."),
        ([10, 30], math.nan, "Perkiraan 40 keluarga yang belum, di 2 kecamatan yang angkanya disajikan."),
        ([math.nan], 100, "Kesenjangan menurut kecamatan belum dapat disajikan."),
        ([0, 0], 0, "Menurut perkiraan tidak ada keluarga yang belum."),
    ],
)
def test_gaps_say_in_how_few_kecamatan_half_of_them_are(places, whole, title):
    assert titles.gaps(families(*places), *families(whole), "yang belum") == title


def test_which_kecamatan_hold_the_half_is_not_told_by_the_order_they_come_in():
    assert titles.gaps(families(10, 50, 40), *families(100), "x") == titles.gaps(
        families(50, 40, 10), *families(100), "x"
    )


@pytest.mark.parametrize(
    ("sizes", "title"),
    [
        ((12, 7, 31), "Diperkirakan 7–31 keluarga miskin ekstrem di tiap desa."),
        ((12, math.nan), "Diperkirakan 12 keluarga miskin ekstrem di tiap desa yang angkanya disajikan."),
        ((math.nan,), "Angka desa tidak disajikan."),
    ],
)
def test_where_no_desa_shows_who_is_missed_the_title_says_how_many_families_there_are(sizes, title):
    assert titles.desa(families(*[math.nan] * len(sizes)), families(*sizes)) == title


def test_the_title_of_a_map_counts_the_desa_that_are_not_shown():
    assert titles.comparison([("Merpas", HIGHER)], WHOLE, "desa", hidden=3).endswith("; 3 tidak disajikan.")


@pytest.mark.parametrize(
    ("held", "unlisted", "words"),
    [
        ("Rp2 miliar", "", "Rp3 miliar"),
        ("Rp2 miliar", "Rp1 miliar", "Rp3 miliar, di antaranya paling banyak Rp1 miliar tanpa daftar penerima"),
        ("", "Rp3 miliar", "paling banyak Rp3 miliar"),
    ],
)
def test_at_most_is_said_of_the_part_without_a_list_alone(held, unlisted, words):
    assert titles.bounded("Rp3 miliar", held, unlisted) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["PKH"], "tanpa PKH"), (["PKH", "BPNT"], "tanpa PKH dan BPNT"), (["x"] * 4, "tanpa 4 program")],
)
def test_a_sum_names_the_programmes_that_it_leaves_out(names, words):
    assert titles.without(names) == words
