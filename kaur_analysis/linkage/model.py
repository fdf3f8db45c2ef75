"""The linkage model: how much each agreement and disagreement says, fitted to the lists themselves.

Fellegi and Sunter (1969): each comparison has levels with m (how often true pairs show it) and u (how often other
pairs do). u of a level comes from random pairs, m from expectation-maximisation on pairs that agree on something else
(splink on DuckDB). Levels that a small list cannot teach keep the working values below.
"""

import copy
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_level_library import CustomLevel, ElseLevel
from splink.comparison_library import CustomComparison

from kaur_analysis.linkage.candidates import counted, likeness

MINIMUM_TRAINING_PAIRS = 100
MAXIMUM_TRAINING_PAIRS = 200_000
RANDOM_PAIRS = 1_000_000
# No agreement is proof and no disagreement excludes: bounds of m, and the fewest pseudo-observations of u.
LOWEST_M = 1e-3
LOWEST_U = 1e-7
_DICE = likeness("{}_l", "{}_r")
_DAY = "birth_day_token_l = birth_day_token_r"
_MONTH = "birth_month_token_l = birth_month_token_r"
_YEAR = "birth_year_l = birth_year_r"
_TWO_PARTS = f"({_DAY} and {_MONTH}) or ({_DAY} and {_YEAR}) or ({_MONTH} and {_YEAR})"
_ONE_DIGIT = "list_has_any(nik_masks_l, nik_masks_r)"
_SKIP = "{0}_l is null or {0}_r is null"


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: label, condition, working values of m and u.

    ``fixed_u`` marks levels too rare for random pairs to show.
    """

    label: str
    condition: str
    m: float
    u: float
    fixed_u: bool = False


COMPARISONS: dict[str, tuple[str, tuple[Level, ...]]] = {
    "nik": (
        _SKIP.format("person_token"),
        (
            Level("sama", "person_token_l = person_token_r", 0.95, 1e-7, fixed_u=True),
            Level("beda satu angka", _ONE_DIGIT, 0.03, 1e-4, fixed_u=True),
            Level("lain", "ELSE", 0.02, 0.9999, fixed_u=True),
        ),
    ),
    "kk": (
        _SKIP.format("family_token"),
        (Level("sama", "family_token_l = family_token_r", 0.9, 3e-5), Level("lain", "ELSE", 0.1, 0.99997)),
    ),
    "nama": (
        _SKIP.format("pairs_count"),
        (
            Level("sama", "name_token_l = name_token_r", 0.88, 3e-5),
            Level("sangat mirip", f"{_DICE} >= 0.8", 0.06, 1e-4),
            Level("mirip", f"{_DICE} >= 0.6", 0.04, 2e-3),
            Level("agak mirip", f"{_DICE} >= 0.4", 0.01, 3e-2),
            Level("lain", "ELSE", 0.01, 0.968),
        ),
    ),
    # Numbers that differ in one digit carry nearly the same date of birth: it says nothing new then.
    "lahir": (
        f"{_SKIP.format('birth_token')} or coalesce({_ONE_DIGIT}, false)",
        (
            Level("sama", "birth_token_l = birth_token_r", 0.95, 4e-5),
            Level("dua bagian sama", _TWO_PARTS, 0.03, 5e-3),
            Level("lain", "ELSE", 0.02, 0.995),
        ),
    ),
    "kelamin": (
        _SKIP.format("female"),
        (Level("sama", "female_l = female_r", 0.99, 0.5), Level("lain", "ELSE", 0.01, 0.5)),
    ),
    "tempat": (
        _SKIP.format("kecamatan"),
        (
            Level("desa sama", "desa_l = desa_r", 0.95, 0.008),
            Level("kecamatan sama", "kecamatan_l = kecamatan_r", 0.03, 0.08),
            Level("lain", "ELSE", 0.02, 0.912),
        ),
    ),
}  # fmt: skip
# Equal numbers carry the same date of birth and sex, whoever bears one by a slip of the pen: agreement counts once.
# Only when scoring: pairs of equal numbers are those that teach how often true pairs agree.
_SAME_NUMBER = "coalesce(person_token_l = person_token_r, false)"
_SAID_BY_NUMBER = {
    "lahir": f"{_SAME_NUMBER} and birth_token_l = birth_token_r",
    "kelamin": f"({_SAME_NUMBER} or coalesce({_ONE_DIGIT}, false)) and female_l = female_r",
}
_TERM_FREQUENCY = "name_token"
# What training pairs agree on, and the comparisons that such pairs cannot teach.
_TRAINING = ("person_token", ("name_token", "desa"))


def fit_and_score(
    connection: duckdb.DuckDBPyConnection, expected_matches: float, pairs_possible: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the model to tables ``recipients`` and ``registry`` and score table ``pairs``.

    Parameters
    ----------
    expected_matches
        How many recipients are expected to be in the registry, for the prior of a random pair.
    pairs_possible
        Number of all pairs.
    seed
        For the random pairs of u.

    Returns
    -------
    tuple
        Scored pairs (``record, person, odds, ...`` with the level of every comparison), and the fitted parameters
        (``comparison, level, m, u, weight_log2``).
    """
    with _quiet():
        prior = min(max(expected_matches / pairs_possible, 1e-9), 0.5)
        settings = _trained(connection, _settings(prior, _nik_levels(connection, pairs_possible)), seed)
        scored = _scored(connection, settings)
    return scored, _parameters(settings)


def _settings(prior: float, nik_u: dict[str, float]) -> SettingsCreator:
    comparisons: list[Any] = []
    for name, (skip, levels) in COMPARISONS.items():
        made: list[Any] = [CustomLevel(skip).configure(is_null_level=True, label_for_charts="tidak ada")]
        for level in levels:
            condition = ElseLevel() if level.condition == "ELSE" else CustomLevel(level.condition)
            u = nik_u.get(level.label, level.u) if name == "nik" else level.u
            options: dict[str, Any] = {"m_probability": level.m, "u_probability": u, "label_for_charts": level.label}
            if level.fixed_u:
                options["fix_u_probability"] = True
            if level.condition.startswith(_TERM_FREQUENCY):
                options |= {"tf_adjustment_column": _TERM_FREQUENCY, "tf_minimum_u_value": 1e-6}
            made.append(condition.configure(**options))
        comparisons.append(CustomComparison(made, output_column_name=name))
    return SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on("person_token")],
        probability_two_random_records_match=prior,
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=False,
    )


def _nik_levels(connection: duckdb.DuckDBPyConnection, pairs_possible: float) -> dict[str, float]:
    """How often two people share a NIK or all but a digit of it: pairs that do although their names differ wholly."""
    name = likeness("l.{}", "r.{}")
    query = (
        "select count(*) from pairs join recipients l using (record) join registry r using (person) "
        f"where {{condition}} and {name} < 0.3"
    )
    u = {}
    for label, condition in (
        ("sama", "l.person_token = r.person_token"),
        ("beda satu angka", "l.person_token <> r.person_token and list_has_any(l.nik_masks, r.nik_masks)"),
    ):
        u[label] = (counted(connection, query.format(condition=condition)) + 0.5) / pairs_possible
    return u | {"lain": 1 - sum(u.values())}


def _linker(
    connection: duckdb.DuckDBPyConnection, settings: SettingsCreator | dict[str, Any]
) -> tuple[Linker, DuckDBAPI]:
    api = DuckDBAPI(connection)
    sides = []
    for name, key in (("recipients", "record"), ("registry", "person")):
        connection.execute(f"create or replace view side_{name} as select * rename ({key} as unique_id) from {name}")
        sides.append(
            api.register(f"side_{name}", dataset_display_name=f"a_{name}" if name == "recipients" else "b_registry")
        )
    return Linker(sides, settings, log_level=None, validate_settings=False), api


def _trained(connection: duckdb.DuckDBPyConnection, settings: SettingsCreator, seed: int) -> dict[str, Any]:
    """Settings with fitted m and u, bounded, working values where there was nothing to learn from."""
    linker, _ = _linker(connection, settings)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=RANDOM_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for rule in _TRAINING:
        columns = (rule,) if isinstance(rule, str) else rule
        if _agreeing(connection, columns) >= MINIMUM_TRAINING_PAIRS:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), max_pairs=MAXIMUM_TRAINING_PAIRS, estimate_without_term_frequencies=True
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        linker.misc.save_model_to_json(str(path))
        fitted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return _bounded(fitted)


def _agreeing(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> int:
    pairs = f"select 1 from recipients join registry using ({', '.join(columns)}) limit {MINIMUM_TRAINING_PAIRS}"
    return counted(connection, f"select count(*) from ({pairs})")


def _bounded(fitted: dict[str, Any]) -> dict[str, Any]:
    """Replace m and u that were not learned or are too sure of themselves, and make each comparison sum to one."""
    for comparison in fitted["comparisons"]:
        working = {level.label: level for level in COMPARISONS[comparison["output_column_name"]][1]}
        levels = [entry for entry in comparison["comparison_levels"] if not entry.get("is_null_level")]
        for key, lowest in (("m_probability", LOWEST_M), ("u_probability", LOWEST_U)):
            given = [getattr(working[entry["label_for_charts"]], key[0]) for entry in levels]
            found = [entry.get(key) for entry in levels]
            learned = [isinstance(v, float | int) and v != g for v, g in zip(found, given, strict=True)]
            # a level that training never met is rarer than it could see; where nothing was met, working values stay
            bounded = [
                max(float(v), min(lowest, g)) if known else (min(lowest, g) if any(learned) else g)
                for v, g, known in zip(found, given, learned, strict=True)
            ]
            for entry, value in zip(levels, bounded, strict=True):
                entry[key] = value / sum(bounded)
    return fitted


def _scored(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> pd.DataFrame:
    linker, api = _linker(connection, _each_fact_once(settings) | {"linker_uid": "scoring"})
    connection.execute(
        "create or replace table blocked as select 0 as match_key, 'a_recipients-__-' || record as join_key_l, "
        "'b_registry-__-' || person as join_key_r from pairs"
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked", table_name="blocked_pairs"))
    predicted = linker.inference.predict(warning_mode="never")
    levels = ", ".join(f"gamma_{name} as {name}" for name in COMPARISONS)
    return connection.execute(
        f"select unique_id_l as record, unique_id_r as person, match_weight, {levels} from {predicted.physical_name} "
        "order by record, match_weight desc, person"
    ).df()


def _each_fact_once(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in which a comparison is passed over where the number has said the same already."""
    known = copy.deepcopy(settings)
    for comparison in known["comparisons"]:
        if said := _SAID_BY_NUMBER.get(comparison["output_column_name"]):
            nothing = next(level for level in comparison["comparison_levels"] if level.get("is_null_level"))
            nothing["sql_condition"] = f"({nothing['sql_condition']}) or ({said})"
    return known


def _parameters(settings: dict[str, Any]) -> pd.DataFrame:
    """Fitted m and u of every level, and the evidence it gives in bits."""
    rows = [
        (comparison["output_column_name"], entry["label_for_charts"], entry["m_probability"], entry["u_probability"])
        for comparison in settings["comparisons"]
        for entry in comparison["comparison_levels"]
        if not entry.get("is_null_level")
    ]
    table = pd.DataFrame(rows, columns=["comparison", "level", "m", "u"])
    return table.assign(weight_log2=np.log2(table["m"] / table["u"]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep splink's progress reports out of notebooks and logs."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
