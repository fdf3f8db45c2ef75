"""What the bars of the needs and of the gaps show."""

import math

from kaur_analysis.reporting.charts import bars


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
