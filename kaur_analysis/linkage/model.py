"""The linkage model: how much each agreement and disagreement says, fitted to each list by itself.

Fellegi and Sunter (1969): each comparison has levels with m (how often true pairs show it) and u (how often other
pairs do). u of a level comes from random pairs of the registry, m from expectation-maximisation on pairs of the list
and the registry that agree on something else (splink on DuckDB). A list that teaches little keeps near the working
values below: they count as so many pairs more.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_level_library import CustomLevel, ElseLevel
from splink.comparison_library import CustomComparison

from kaur_analysis.linkage.candidates import counted

if TYPE_CHECKING:
    from splink.internals.splink_dataframe import SplinkDataFrame

MINIMUM_TRAINING_PAIRS = 100
MAXIMUM_TRAINING_PAIRS = 200_000
RANDOM_PAIRS = 500_000
# What working values count for beside what is learnt: true pairs for m, random pairs for u.
WORKING_PAIRS = 100
WORKING_RANDOM_PAIRS = 100_000
# No agreement is proof and no disagreement excludes: bounds of m, and the fewest pseudo-observations of u.
LOWEST_M = 1e-3
LOWEST_U = 1e-7
_PARTS = ("birth_day_token", "birth_month_token", "birth_year")
_TWO_PARTS = " + ".join(f"coalesce({part}_l = {part}_r, false)::int" for part in _PARTS) + " >= 2"
_ONE_DIGIT = "list_contains(near_l, number_r)"


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: label, condition, working values of m and u."""

    label: str
    condition: str
    m: float
    u: float


@dataclass(frozen=True)
class Comparison:
    """What is compared, where both sides know the column and ``unless`` does not hold; the best outcome first.

    ``said`` is when the number has said the same already. Only when scoring: pairs of equal numbers are those that
    teach how often true pairs agree.
    """

    column: str
    levels: tuple[Level, ...]
    unless: str = ""
    said: str = ""

    def skipped(self, scoring: bool) -> str:
        """SQL of the pairs that it says nothing of."""
        reasons = [f"{self.column}_l is null", f"{self.column}_r is null", self.unless, self.said if scoring else ""]
        return " or ".join(reason for reason in reasons if reason)


# Equal numbers carry the same kecamatan, date of birth and sex, also by a slip of the pen: agreement counts once.
_SAME_NUMBER = "coalesce(number_l = number_r, false)"
_NEAR_NUMBER = f"coalesce({_ONE_DIGIT}, false)"
COMPARISONS: dict[str, Comparison] = {
    "nik": Comparison(
        "person_token",
        (
            Level("sama", "person_token_l = person_token_r", 0.95, 1e-7),
            Level("beda satu angka", _ONE_DIGIT, 0.03, 1e-4),
            Level("lain", "ELSE", 0.02, 0.9999),
        ),
    ),
    "kk": Comparison(
        "family_token",
        (Level("sama", "family_token_l = family_token_r", 0.9, 3e-5), Level("lain", "ELSE", 0.1, 0.99997)),
    ),
    "nama": Comparison(
        "pairs",
        (
            Level("sama", "name_token_l = name_token_r", 0.88, 3e-5),
            Level("sangat mirip", "alike(pairs_l, pairs_r) >= 0.8", 0.06, 1e-4),
            Level("mirip", "alike(pairs_l, pairs_r) >= 0.6", 0.04, 2e-3),
            Level("agak mirip", "alike(pairs_l, pairs_r) >= 0.4", 0.01, 3e-2),
            Level("lain", "ELSE", 0.01, 0.968),
        ),
    ),
    # Numbers that differ in one digit carry nearly the same date of birth: it says nothing new then.
    "lahir": Comparison(
        "birth_token",
        (
            Level("sama", "birth_token_l = birth_token_r", 0.95, 4e-5),
            Level("dua bagian sama", _TWO_PARTS, 0.03, 5e-3),
            Level("lain", "ELSE", 0.02, 0.995),
        ),
        unless=_NEAR_NUMBER,
        said=f"{_SAME_NUMBER} and birth_token_l = birth_token_r",
    ),
    "kelamin": Comparison(
        "female",
        (Level("sama", "female_l = female_r", 0.99, 0.5), Level("lain", "ELSE", 0.01, 0.5)),
        said=f"({_SAME_NUMBER} or {_NEAR_NUMBER}) and female_l = female_r",
    ),
    "tempat": Comparison(
        "kecamatan",
        (
            Level("desa sama", "desa_l = desa_r", 0.95, 0.008),
            Level("kecamatan sama", "kecamatan_l = kecamatan_r", 0.03, 0.08),
            Level("lain", "ELSE", 0.02, 0.912),
        ),
        said=f"{_SAME_NUMBER} and kecamatan_l = kecamatan_r",
    ),
}  # fmt: skip
_NUMBER = "nik"  # too rare for random pairs to show
_TERM_FREQUENCY = "name_token"
# What training pairs agree on, and the comparisons that such pairs cannot teach.
_TRAINING = (("person_token",), ("name_token", "desa"))
Shares = dict[str, NDArray[np.float64]]  # of the levels of each comparison
_LEFT, _RIGHT = "a_recipients", "b_registry"  # in the order of their names
_METHOD = (
    "case when l.number = r.number then 'nik' when list_contains(l.near, r.number) then 'nik_one_error' "
    "when l.family_token = r.family_token and (l.name_token = r.name_token or alike(l.pairs, r.pairs) >= 0.8) "
    "then 'kk_name' else 'probabilistic' end"
)


def usual_u(connection: duckdb.DuckDBPyConnection, seed: int) -> pd.DataFrame:
    """How often random pairs of the registry show each outcome: ``comparison, level, u``.

    People of a list are people of the registry: they meet the others of it in sex, family card, name, date of birth and
    place about as often as those meet each other. Outcomes of NIKs are too rare to be seen so.
    """
    with _quiet():
        settings = replace(_settings(_working("m"), _working("u"), 0.5, scoring=False), link_type="dedupe_only")
        linker = _linker(_sides(connection, {_RIGHT: "registry"}), settings)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
        )
        found = _fitted(linker.misc.save_model_to_json(), "u_probability")
        linker.table_management.delete_tables_created_by_splink_from_db()
    people, *known = counted(
        connection,
        f"select count(*), {', '.join(f'count({each.column})' for each in COMPARISONS.values())} from registry",
    )
    pairs = min(RANDOM_PAIRS, people * (people - 1) / 2)
    shares = _working("u")
    for (name, given), count in zip(shares.items(), known, strict=True):
        if name != _NUMBER:
            learnt = pairs * (count / people) ** 2 * found[name]
            shares[name] = _bounded(learnt + WORKING_RANDOM_PAIRS * given, LOWEST_U)
    return _of_levels(u=shares)


def fit_and_score(
    connection: duckdb.DuckDBPyConnection, expected_matches: float, pairs_possible: float, usual: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the model to tables ``recipients`` and ``registry`` and score table ``pairs``.

    Parameters
    ----------
    expected_matches
        How many recipients are expected to be in the registry, for the prior of a random pair.
    pairs_possible
        Number of all pairs.
    usual
        From :func:`usual_u`.

    Returns
    -------
    tuple
        Scored pairs by their rows (``record, person, match_weight, method``), and the fitted parameters
        (``comparison, level, m, u, weight_log2``).
    """
    prior = min(max(expected_matches / pairs_possible, 1e-9), 0.5)
    u = {str(name): own.to_numpy() for name, own in usual.groupby("comparison", sort=False)["u"]}
    u[_NUMBER] = _number_u(connection, pairs_possible)
    _meet(connection)
    with _quiet():
        sides = _sides(connection, {_LEFT: "recipients", _RIGHT: "met"})
        m = _learnt_m(connection, sides, _settings(_working("m"), u, prior, scoring=False))
        scored = _scored(connection, sides, _settings(m, u, prior, scoring=True))
    table = _of_levels(m=m, u=u)
    return scored, table.assign(weight_log2=np.log2(table["m"] / table["u"]))


def _working(kind: str) -> Shares:
    return {
        name: np.array([getattr(level, kind) for level in comparison.levels])
        for name, comparison in COMPARISONS.items()
    }


def _of_levels(**shares: Shares) -> pd.DataFrame:
    """Shares as a table of levels."""
    rows = [(name, level.label) for name, comparison in COMPARISONS.items() for level in comparison.levels]
    table = pd.DataFrame(rows, columns=["comparison", "level"])
    return table.assign(**{kind: np.concatenate([of[name] for name in COMPARISONS]) for kind, of in shares.items()})


def _bounded(pairs: NDArray[np.float64], lowest: float) -> NDArray[np.float64]:
    """Shares of pairs, none below the lowest."""
    shares = np.maximum(pairs / pairs.sum(), lowest)
    return np.asarray(shares / shares.sum())


def _meet(connection: duckdb.DuckDBPyConnection) -> None:
    """Make table ``met`` of the registry's people who are in any pair: the others are not passed through."""
    training = " union ".join(
        f"select r.unique_id from registry r semi join recipients using ({', '.join(columns)})" for columns in _TRAINING
    )
    connection.execute(
        "create or replace table met as select * from registry semi join "
        f"(select person as unique_id from pairs union {training}) using (unique_id) order by unique_id"
    )


def _settings(m: Shares, u: Shares, prior: float, scoring: bool) -> SettingsCreator:
    comparisons: list[Any] = []
    for name, comparison in COMPARISONS.items():
        nothing = CustomLevel(comparison.skipped(scoring)).configure(is_null_level=True, label_for_charts="tidak ada")
        made: list[Any] = [nothing]
        for level, own_m, own_u in zip(comparison.levels, m[name], u[name], strict=True):
            condition = ElseLevel() if level.condition == "ELSE" else CustomLevel(level.condition)
            options: dict[str, Any] = {
                "m_probability": float(own_m), "u_probability": float(own_u), "label_for_charts": level.label
            }  # fmt: skip
            if level.condition.startswith(_TERM_FREQUENCY):
                options |= {"tf_adjustment_column": _TERM_FREQUENCY, "tf_minimum_u_value": 1e-6}
            made.append(condition.configure(**options))
        comparisons.append(CustomComparison(made, output_column_name=name))
    return SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on("person_token")],
        probability_two_random_records_match=prior,
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def _number_u(connection: duckdb.DuckDBPyConnection, pairs_possible: float) -> NDArray[np.float64]:
    """How often two people share a NIK or all but a digit of it: pairs that do although their names differ wholly."""
    same, near = counted(
        connection,
        "select count(*) filter (l.number = r.number), count(*) filter (list_contains(l.near, r.number)) "
        "from pairs join recipients l on record = l.unique_id join registry r on person = r.unique_id "
        "where (l.number = r.number or list_contains(l.near, r.number)) and alike(l.pairs, r.pairs) < 0.3",
    )
    learnt = np.array([same, near, pairs_possible - same - near])
    return _bounded(learnt + WORKING_RANDOM_PAIRS * _working("u")[_NUMBER], LOWEST_U)


def _sides(connection: duckdb.DuckDBPyConnection, tables: dict[str, str]) -> "list[SplinkDataFrame]":
    """Tables by the names that splink shall know them by; linkers of the same ones share what is made of them."""
    api = DuckDBAPI(connection)
    return [api.register(table, dataset_display_name=name) for name, table in tables.items()]


def _linker(sides: "list[SplinkDataFrame]", settings: SettingsCreator) -> Linker:
    """A linker; how frequent names are, the registry says."""
    linker = Linker(sides, settings, log_level=None, validate_settings=False)
    frequencies = sides[0].db_api.register("name_frequencies")
    linker.table_management.register_term_frequency_lookup(frequencies, _TERM_FREQUENCY)
    return linker


def _learnt_m(
    connection: duckdb.DuckDBPyConnection, sides: "list[SplinkDataFrame]", settings: SettingsCreator
) -> Shares:
    """What pairs of the list teach of m; working values count as so many true pairs more.

    Of the pairs of a training rule those count in which both sides know what is compared, as far as they are true ones.
    """
    pairs = {name: WORKING_PAIRS * given for name, given in _working("m").items()}
    linker = _linker(sides, settings)
    for columns in _TRAINING:
        together, *counts = _agreeing(connection, columns)
        if together < MINIMUM_TRAINING_PAIRS:
            continue
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns),
            max_pairs=MAXIMUM_TRAINING_PAIRS if together > MAXIMUM_TRAINING_PAIRS else None,
            estimate_without_term_frequencies=True,
            # In a list without a slip all pairs would be true for certain, and that has no logarithm.
            fix_probability_two_random_records_match=True,
        )
        known, model = dict(zip(COMPARISONS, counts, strict=True)), session.core_model_settings
        for comparison in model.comparisons:
            name, levels = comparison.output_column_name, comparison.as_dict()["comparison_levels"]
            true = known[name] * model.probability_two_random_records_match
            pairs[name] = pairs[name] + true * _seen(levels, "m_probability")
    return {name: _bounded(count, LOWEST_M) for name, count in pairs.items()}


def _agreeing(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> list[int]:
    """Number of training pairs, and of those in which both sides know what a comparison is about."""
    known = ", ".join(
        f"count(*) filter (l.{each.column} is not null and r.{each.column} is not null)"
        for each in COMPARISONS.values()
    )
    return counted(
        connection, f"select count(*), {known} from recipients l join registry r using ({', '.join(columns)})"
    )


def _fitted(model: dict[str, Any], key: str) -> Shares:
    """Shares of a fitted model, of the levels of each comparison."""
    return {entry["output_column_name"]: _seen(entry["comparison_levels"], key) for entry in model["comparisons"]}


def _seen(levels: list[dict[str, Any]], key: str) -> NDArray[np.float64]:
    """Shares of the levels; nothing for those that were never met."""
    found = (level.get(key) for level in levels if not level.get("is_null_level"))
    return np.array([value if isinstance(value, float) else 0.0 for value in found])


def _scored(
    connection: duckdb.DuckDBPyConnection, sides: "list[SplinkDataFrame]", settings: SettingsCreator
) -> pd.DataFrame:
    linker = _linker(sides, settings)
    connection.execute(
        f"create or replace table blocked as select 0 as match_key, '{_LEFT}-__-' || record as "
        f"join_key_l, '{_RIGHT}-__-' || person as join_key_r from pairs"
    )
    linker.table_management.register_blocked_pairs_for_predict(sides[0].db_api.register("blocked"))
    predicted = linker.inference.predict(warning_mode="never")
    table = connection.execute(
        f"select unique_id_l as record, unique_id_r as person, match_weight, {_METHOD} as method "
        f"from {predicted.physical_name} join recipients l on unique_id_l = l.unique_id "
        "join registry r on unique_id_r = r.unique_id order by record, match_weight desc, person"
    ).df()
    linker.table_management.delete_tables_created_by_splink_from_db()
    return table


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
