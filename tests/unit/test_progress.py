"""What a person sees of a run: a line per step, and how long it will still take."""

import io

import pytest
from rich.console import Console

from kaur_analysis.pipeline.forecast import expected_seconds, seconds_left
from kaur_analysis.pipeline.progress import Progress, said

NAMES = ["01_clean", "02_poverty", "05_kecamatan 1704010", "05_kecamatan 1704020"]
EXPECTED = {"01_clean": 10.0, "02_poverty": 10.0, "05_kecamatan 1704010": 2.0, "05_kecamatan 1704020": 2.0}


def test_a_step_is_expected_to_take_what_it_took_the_last_time():
    assert expected_seconds(NAMES, EXPECTED) == EXPECTED


def test_a_step_never_run_has_a_first_guess():
    assert min(expected_seconds(NAMES, {}).values()) > 0


def test_steps_of_one_turn_are_waited_for_together_where_two_may_run():
    waiting = {"03_targeting": 20.0, "04_planning": 15.0}
    assert [seconds_left(waiting, {}, frozenset(), jobs) for jobs in (1, 2)] == [35.0, 20.0]


@pytest.mark.parametrize(
    ("taken", "kept", "jobs", "left"),
    [
        ({}, frozenset(), 1, 24.0),
        ({}, frozenset(), 2, 22.0),  # pages go two at a time, steps do not
        ({"01_clean": 20.0}, frozenset(), 1, 28.0),  # this run is at half the pace
        ({}, frozenset({"01_clean", "02_poverty"}), 1, 4.0),
        (EXPECTED, frozenset(), 1, 0.0),
    ],
)
def test_time_left_follows_the_pace_of_this_run(taken, kept, jobs, left):
    assert seconds_left(EXPECTED, taken, kept, jobs) == pytest.approx(left)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, ""), (12.2, "sisa ±12 dtk"), (89.4, "sisa ±89 dtk"), (95, "sisa ±2 mnt")]
)
def test_time_left_is_said_in_words(seconds, words):
    assert said(seconds) == words


def test_a_log_has_one_line_per_step_without_control_characters():
    log = io.StringIO()
    state = {name: {"effort": {"seconds": seconds}} for name, seconds in EXPECTED.items()}
    with Progress(NAMES, state, 1, Console(file=log)) as progress:
        progress.watch("01_clean", "tetap")
        for name in NAMES[1:]:
            progress.watch(name, "mulai")
            progress.watch(name, "selesai")
    lines = log.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["tetap", "01_clean"],
        *(["selesai", name.split()[0]] for name in NAMES[1:]),
    ]
    assert "sisa" in lines[0] and "sisa" not in lines[-1] and "\x1b" not in log.getvalue()
