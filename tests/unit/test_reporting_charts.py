"""What the bars of the needs and of the gaps show, and the tiles of the small map."""

import math

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from kaur_analysis.reporting import charts
from kaur_analysis.reporting.charts import bars
from kaur_analysis.reporting.figures import EQUAL, HIGHER, LOWER, UNCLEAR
from tests.contrast import contrast


def tiles(*words):
    """Squares of a tile map, one for each word of comparison, and the words written on them."""
    names, count = [f"Tempat {place}" for place in range(len(words))], len(words)
    picture = charts.tiles(names, ["12%"] * count, words, [False] * count, [-4.0] * count, range(count))
    squares = [patch for patch in picture.axes[0].patches if isinstance(patch, Rectangle)]
    return squares, picture.axes[0].texts


@pytest.mark.parametrize("word", [HIGHER, EQUAL, LOWER, UNCLEAR, ""])
def test_a_tile_is_hatched_where_it_cannot_be_told_from_the_whole(word):
    (square,), _ = tiles(word)
    assert bool(square.get_hatch()) == (word == UNCLEAR)


def test_words_on_a_hatched_tile_stand_on_plain_ground():
    (square,), words = tiles(UNCLEAR)
    assert [word.get_bbox_patch().get_facecolor() for word in words] == [square.get_facecolor()] * len(words)


def test_a_tile_whose_number_is_not_shown_carries_no_sign():
    _, words = tiles("")
    assert [word.get_text() for word in words] == ["Tempat 0", "12%"]


@pytest.mark.parametrize("word", [HIGHER, EQUAL, LOWER, UNCLEAR, ""])
def test_words_and_edges_of_a_tile_stand_out_from_its_fill(word):
    (square,), words = tiles(word)
    fill = to_hex(square.get_facecolor())
    assert min(contrast(to_hex(text.get_color()), fill) for text in words) >= 4.5
    assert contrast(to_hex(square.get_edgecolor()), fill) >= 3


def drawn(*ends):
    return bars(["Nasal", "Maje"], [3.0, 2.0], ["3", "2"], ends=ends).axes[0]


def test_a_bar_carries_the_interval_of_its_number():
    assert [list(line.get_xdata()) for line in drawn((1.0, 5.0), (1.5, 2.5)).lines] == [[1.0, 5.0], [1.5, 2.5]]


def test_a_bar_whose_interval_is_not_known_stands_without_a_line():
    assert [list(line.get_xdata()) for line in drawn((math.nan, math.nan), (1.5, 2.5)).lines] == [[1.5, 2.5]]


def test_the_longest_interval_stays_inside_the_picture():
    assert drawn((1.0, 5.0), (1.5, 2.5)).get_xlim()[1] == 5.0


def test_the_number_stands_right_of_its_interval():
    assert [words.xy[0] for words in drawn((1.0, 5.0), (1.5, 2.5)).texts] == [5.0, 2.5]
