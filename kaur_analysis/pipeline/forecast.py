"""How long a run will still take, from what each step took the last time."""

from collections.abc import Mapping

from kaur_analysis.pipeline.run import TURNS

# Seconds on a laptop of two cores, for what was never run: the synthetic Kaur of 39 000 families.
FIRST_GUESS = {
    "01_clean": 30.0,
    "02_poverty": 20.0,
    "03_targeting": 20.0,
    "03_incidence": 10.0,
    "04_planning": 15.0,
    "04_publishing": 15.0,
}
A_PAGE = 1.5


def expected_seconds(names: list[str], before: Mapping[str, float]) -> dict[str, float]:
    """What each step is expected to take: as long as the last time, else as long as on the synthetic Kaur.

    Parameters
    ----------
    before
        Seconds per step of an earlier run.
    """
    return {name: before.get(name, FIRST_GUESS.get(name, A_PAGE)) for name in names}


def seconds_left(expected: Mapping[str, float], taken: Mapping[str, float], kept: frozenset[str], jobs: int) -> float:
    """Seconds until the end, at the pace of this run so far.

    Parameters
    ----------
    taken
        Seconds of each step that this run has finished.
    kept
        Steps that need not be made again.
    jobs
        Steps and pages made at the same time; steps of one turn (``TURNS``) do not wait for each other.
    """
    done = sum(expected[name] for name in taken)
    pace = sum(taken.values()) / done if done else 1.0
    waiting = {name: seconds for name, seconds in expected.items() if name not in taken and name not in kept}
    steps = {name for turn in TURNS for name in turn}
    rounds = [[waiting[name] for name in turn if name in waiting] for turn in TURNS]
    rounds.append([seconds for name, seconds in waiting.items() if name not in steps])
    return pace * sum(max(max(alike), sum(alike) / max(1, jobs)) for alike in rounds if alike)
