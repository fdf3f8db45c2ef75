"""What every measure means: its denominator, unit and the one Indonesian line printed beside the number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from types import MappingProxyType

import pandas as pd
from ruamel.yaml import YAML

_QUANTILE_SUFFIX = re.compile(r"_(\d+)$")


@dataclass(frozen=True)
class Definition:
    """One measure as a reader needs it.

    Attributes
    ----------
    measure
        Name in the tidy tables.
    denominator
        Whom the measure is a share of (``count`` and ``rupiah`` have none).
    unit
        ``share`` (0–1), ``index``, ``count``, ``rupiah`` or ``months``.
    name_id, definition_id, denominator_id
        Name, one-line definition and denominator in Bahasa Indonesia.
    """

    measure: str
    denominator: str
    unit: str
    name_id: str
    definition_id: str
    denominator_id: str


@cache
def _glossary() -> dict:
    text = resources.files(__package__).joinpath("definitions.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe").load(text)


@cache
def definitions() -> Mapping[str, Definition]:
    """All measures by name; measures of a bottom share (``cgh_bottom_20``) stand under their stem.

    Returns
    -------
    Definition by measure.
    """
    glossary = _glossary()
    return MappingProxyType(
        {
            name: Definition(name, denominator_id=glossary["denominators"][entry["denominator"]]["name_id"], **entry)
            for name, entry in glossary["measures"].items()
        }
    )


def definition(measure: str) -> Definition:
    """Definition of one measure, with the bottom share written out for names that end in one.

    Parameters
    ----------
    measure
        Name in the tidy tables; shares at the end (``cgh_bottom_20``) belong to it.

    Returns
    -------
    Definition
        Name, definition and denominator in Bahasa Indonesia.

    Raises
    ------
    KeyError
        If the measure is not in the glossary.
    """
    known = definitions()
    if measure in known:
        return known[measure]
    stem = known[_QUANTILE_SUFFIX.sub("", measure)]
    share = measure.rsplit("_", 1)[1]
    return replace(
        stem,
        measure=measure,
        name_id=stem.name_id.format(q=share),
        definition_id=stem.definition_id.format(q=share),
    )


def denominator_size(measure: str) -> str:
    """Which count of families stands behind ``n`` of a measure (population, poor, nonpoor, recipients, …)."""
    return _glossary()["denominators"][definition(measure).denominator]["size"]


def denominator_parts(measure: str) -> tuple[str, ...]:
    """Which families a measure rests on, by kind: two kinds where it compares them; everybody where it is a total."""
    known = _glossary()["denominators"][definition(measure).denominator]
    return tuple(known.get("parts", [known["size"]]))


def scenario_kinds() -> Mapping[str, str]:
    """Name of every kind of scenario in Bahasa Indonesia.

    Returns
    -------
    Name by kind.
    """
    return MappingProxyType(_glossary()["scenario_kinds"])


def definitions_table() -> pd.DataFrame:
    """The glossary as a table ``(measure, denominator, unit, name_id, definition_id, denominator_id)``.

    Returns
    -------
    A row per measure.
    """
    return pd.DataFrame([vars(entry) for entry in definitions().values()])
