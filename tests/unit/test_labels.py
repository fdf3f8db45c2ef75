"""Names on a map: none covers another, none leaves the frame, a moved one keeps a line to its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.reporting import labels
from kaur_analysis.reporting.labels import Name

FRAME = (0.0, 0.0, 100.0, 100.0)
SQUARE = labels.rings("M10,10l20,0 0,20 -20,0z")


def name(code, x, y, text="Padang Guci"):
    return Name(code, tuple(text.split(" ")), x, y)


def boxes(placed, size=4.0):
    return [labels._box(each.name.lines, each.x, each.y, size) for each in placed]


def apart(one, other):
    return one[2] <= other[0] or one[0] >= other[2] or one[3] <= other[1] or one[1] >= other[3]


POINTS = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=12, unique=True)


@given(POINTS)
def test_no_name_covers_another_or_leaves_the_frame(points):
    found = boxes(labels.place([name(str(n), *map(float, point)) for n, point in enumerate(points)], FRAME, 4.0))
    assert all(apart(one, other) for n, one in enumerate(found) for other in found[:n])
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= 100 and box[3] <= 100 for box in found)


def test_a_name_alone_stands_on_its_place():
    (placed,) = labels.place([name("a", 50.0, 40.0)], FRAME, 4.0)
    assert (placed.x, placed.y, placed.end) == (50.0, 40.0, None)


def test_a_name_that_had_to_move_keeps_a_line_to_its_place():
    placed = labels.place([name("a", 50.0, 50.0), name("b", 51.0, 50.0)], FRAME, 4.0)
    assert [each.end is None for each in placed] == [True, False]


def test_a_name_that_moves_goes_to_sea_where_that_is_near():
    land = [labels.rings("M45,0l55,0 0,100 -55,0z")]
    placed = labels.place([name("a", 52.0, 50.0), name("b", 53.0, 50.0)], FRAME, 4.0, land)
    assert placed[1].x < 45


def test_a_name_without_room_is_left_out():
    assert labels.place([name("a", 50.0, 50.0)], (48.0, 48.0, 52.0, 52.0), 4.0) == []


def test_the_same_names_stand_the_same_way_in_any_order():
    names = [name(str(n), 40.0 + 3 * n, 50.0) for n in range(5)]
    assert labels.place(names, FRAME, 4.0) == labels.place(names[::-1], FRAME, 4.0)


@pytest.mark.parametrize(("x", "y", "within"), [(20, 20, True), (5, 20, False), (20, 31, False)])
def test_a_point_is_known_to_lie_in_an_outline(x, y, within):
    assert labels.inside(SQUARE, x, y) is within


def test_the_extent_of_an_outline_is_that_of_its_corners():
    assert labels.extent(SQUARE) == (10.0, 10.0, 30.0, 30.0)
    assert np.allclose(SQUARE[0], [(10, 10), (30, 10), (30, 30), (10, 30)])
