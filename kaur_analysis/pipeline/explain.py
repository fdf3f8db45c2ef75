"""From a published number back to the rule that let it out, the notebook that made it and the files behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd

from kaur_analysis.disclosure.publish import KEYS
from kaur_analysis.errors import UsageError
from kaur_analysis.formats import number
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.run import RESEARCH, read_state
from kaur_analysis.pipeline.steps.publish import SURVEY

# Tables that the rows of a topic are made of (a test compares with what publishing reads).
TABLES = {
    "official": (),
    "poverty": ("estimates/poverty",),
    "survey": ("estimates/poverty",),
    "lists": ("clean/accounting", "clean/links"),
    "registry": ("clean/families",),
    "targeting": ("estimates/targeting", "estimates/largest"),
    "targeting_survey": ("estimates/targeting_survey",),
    "reasons": ("estimates/reasons",),
    "timeliness": ("estimates/timeliness",),
    "overlap": ("estimates/overlap", "estimates/agency_overlap"),
    "needs": ("estimates/budget", "estimates/budget_intervals", "estimates/needs"),
    "desa": ("clean/links", "estimates/family_poverty", "estimates/welfare_draws"),
    "determinants": (
        "clean/families",
        "estimates/family_poverty",
        "estimates/model_coefficients",
        "estimates/welfare_draws",
    ),
    "zero_cost": ("estimates/zero_cost",),
    "scenarios": ("estimates/scenarios",),
}


@dataclass(frozen=True)
class Explanation:
    """One published number and where it comes from.

    Attributes
    ----------
    key
        Columns of its key in the published table that are filled.
    value
        The number with interval as it was published, or why it is not shown.
    decision
        What the disclosure rule says; of a hidden number only that it is protected, because the rule would tell a small
        number from one hidden with it.
    tables
        Each table it is made of: the step that wrote it and its hash.
    inputs
        Hash of the study, of each source and of code and libraries, as the last step had them.
    """

    key: dict[str, str]
    value: str
    source: str
    decision: str
    tables: dict[str, tuple[str, str]]
    inputs: dict[str, str]


def explain(edition: Edition, indicator: str, area: str, **more: str) -> tuple[Explanation, ...]:
    """Explain the published numbers of an indicator in an area.

    Parameters
    ----------
    indicator
        ``indicator`` or ``topic.indicator``, as in ``published.csv``.
    area
        BPS code.
    more
        Further columns of the key that must agree: ``programme``, ``agency``, ``group``, ``period``.

    Raises
    ------
    UsageError
        No such indicator or area, with the nearest; no such number.
    """
    published = edition.store.read("published/published")
    topic, _, name = indicator.rpartition(".")
    _known(name, published["indicator"], "indikator")
    _known(area, published["area"], "kode wilayah")
    asked = {"topic": topic, "indicator": name, "area": area} | more
    wanted = {column: value for column, value in asked.items() if value}
    rows = published[(published[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    if rows.empty:
        raise UsageError(f"Tidak ada angka untuk {', '.join(wanted.values())}.", codes=wanted.values())
    decisions = edition.store.read("published/decisions").set_index(KEYS)["why"]
    state = read_state(edition)
    return tuple(_explained(row, decisions, state) for row in rows.to_dict("records"))


def _explained(row: dict[str, Any], decisions: pd.Series, state: dict[str, Any]) -> Explanation:
    hidden = row["status"] == "disembunyikan"
    by_survey = row["topic"] == "targeting" and row["source"] == SURVEY  # a study without a registry
    names = {f"{name}.parquet": name for name in TABLES["targeting_survey" if by_survey else row["topic"]]}
    wrote = {
        names[_short(path)]: (step, value)
        for step, entry in state.items()
        for path, value in entry["tables"].items()
        if _short(path) in names
    }
    return Explanation(
        key={column: row[column] for column in KEYS if row[column]},
        value=_value(row),
        source=row["source"],
        decision=row["reason"] if hidden else decisions[tuple(row[column] for column in KEYS)],
        tables=wrote,
        inputs=state.get(RESEARCH[-1], {}).get("made_from", {}),
    )


def _short(path: str) -> str:
    """``estimates/2025/poverty.parquet`` without the edition."""
    stage, _, table = path.split("/", 2)
    return f"{stage}/{table}"


def _value(row: dict[str, Any]) -> str:
    if pd.isna(row["value"]):
        return f"{row['status']}: {row['reason']}" if row["reason"] else row["status"]
    text = f"{number(row['value'], 4)} {row['unit']}"
    text += f", kisaran {number(row['low'], 4)}–{number(row['high'], 4)}" if pd.notna(row["low"]) else ""
    text += f", galat relatif {number(row['rse'], 3)}" if pd.notna(row["rse"]) else ""
    return text + (f", dasar {number(row['n'])}" if pd.notna(row["n"]) else "") + f" ({row['status']})"


def _known(value: str, there: Iterable[str], what: str) -> None:
    known = sorted(set(there))
    if value not in known:
        near = get_close_matches(value, known, n=3, cutoff=0.5)
        hint = f" Maksud Anda: {', '.join(near)}?" if near else ""
        raise UsageError(f"{what} '{value}' tidak ada dalam edisi ini.{hint}", codes=(value, *near))
