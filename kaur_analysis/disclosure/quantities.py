"""The quantities of families behind published rows, and the sums they obey (``rules.yaml``)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from kaur_analysis.reference import read_yaml

COUNTS = ("orang", "keluarga", "unit")
ABOVE = {7: 4, 10: 7}  # length of a BPS code → length of the code of the area it lies in


class Quantity(NamedTuple):
    """What a row states: a concept in an area; several rows may state the same."""

    concept: str
    area: str
    programme: str
    agency: str
    group: str
    period: str


Equation = tuple[Quantity, tuple[Quantity, ...]]


@dataclass
class Quantities:
    """Quantities of a table.

    Attributes
    ----------
    of_row
        Row → quantities it must be hidden with: what it states and, for a share, what it is a share of.
    base_of_row
        Row of a share → what it is a share of.
    amounts
        Quantity → amount that the rows state, or that follows from a whole and its other parts.
    protection
        Quantity → width that an attacker must be left with.
    twins
        Quantity → quantities hidden whenever it is hidden.
    """

    of_row: dict[int, list[Quantity]] = field(default_factory=dict)
    base_of_row: dict[int, Quantity] = field(default_factory=dict)
    amounts: dict[Quantity, float] = field(default_factory=dict)
    protection: dict[Quantity, float] = field(default_factory=dict)
    twins: dict[Quantity, list[Quantity]] = field(default_factory=dict)


@cache
def rules() -> dict[str, Any]:
    """The room's rules as data."""
    return dict(read_yaml(Path(__file__).with_name("rules.yaml")))


@cache
def twin_concepts() -> dict[str, str]:
    """Concept of money, units or people → concept of the families it gives away."""
    return {rule["concept"]: rule["twin"] for rule in rules()["cells"].values() if "twin" in rule}


def read_quantities(rows: pd.DataFrame, minimum: int) -> Quantities:
    """Quantities that rows of the published table state.

    Parameters
    ----------
    rows
        Columns of the published table.
    minimum
        Protection of a count of families; that of a twin is the same number of families in its own unit.

    Raises
    ------
    ValueError
        ``rules.yaml`` says of a row neither which families it tells of nor that it tells of none.
    """
    found = Quantities()
    rows = rows.assign(period=edition_period(rows))
    with_agency = rows[(rows["programme"] != "") & (rows["agency"] != "")]
    agency_of = dict(zip(with_agency["programme"], with_agency["agency"], strict=True))
    # As plain values: a column of text hands out its own ones one by one more slowly.
    stated = [(row, _rule_of(row)) for row in rows.astype(object).itertuples()]
    # Counts before shares: where both state a quantity, the count is exact.
    for row, rule in sorted(
        ((row, rule) for row, rule in stated if rule), key=lambda pair: ("share_of" in pair[1], pair[0].Index)
    ):
        quantity = _about(rule["concept"], rule.get("programme", row.programme), row, agency_of)
        beside = [_about(concept, quantity.programme, row, agency_of) for concept in rule.get("follows", ())]
        found.of_row[row.Index] = [quantity, *beside]
        if row.group and "groups_follow" in rule:
            found.of_row[row.Index] = [quantity._replace(group="")]
        elif "share_of" in rule:
            base = _about(rule["share_of"], row.programme, row, agency_of)
            found.of_row[row.Index].append(base)
            found.base_of_row[row.Index] = base
            _state(found, base, row.n, minimum)
            _state(found, quantity, row.value * row.n, minimum)
        elif "follows" not in rule:
            _state(found, quantity, row.value, minimum)
    _add_remainders(found, minimum)
    _add_wholes(found, minimum)
    _pair_twins(found, minimum)
    return found


def edition_period(rows: pd.DataFrame) -> pd.Series:
    """Period of each row; empty where its topic has one throughout: it speaks of the edition, whatever its name."""
    periods = rows.groupby("topic")["period"].transform("nunique")
    return rows["period"].where(periods > 1, "")


def told_families(rows: pd.DataFrame) -> pd.Series:
    """Number of families that each row tells: a count's value, a share's part of its base; missing for all others."""
    cells = (rows["topic"] + "." + rows["indicator"]).map(lambda name: rules()["cells"].get(name, {}))
    share = cells.map(lambda rule: "share_of" in rule)
    return rows["value"].where(rows["unit"].isin(COUNTS), (rows["value"] * rows["n"]).where(share))


def _rule_of(row: Any) -> Mapping[str, Any] | None:
    """The rule of ``rules.yaml``; a count that it does not name is a quantity of its own."""
    name = f"{row.topic}.{row.indicator}"
    found: Mapping[str, Any] | None = rules()["cells"].get(name)
    if found is None and row.unit in COUNTS:
        return {"concept": name}
    if found is None and name not in rules()["harmless"]:
        raise ValueError(f"rules.yaml does not say which families {name} tells of")
    return found


def _about(concept: str, programme: str, row: Any, agency_of: Mapping[str, str]) -> Quantity:
    programme = "" if concept in rules()["without_programme"] else programme
    agency = agency_of.get(programme, "" if concept in rules()["without_programme"] else row.agency)
    return Quantity(concept, row.area, programme, agency, row.group, row.period)


def _state(found: Quantities, quantity: Quantity, amount: float, minimum: int) -> None:
    if not math.isnan(amount):
        found.amounts.setdefault(quantity, amount)
        found.protection.setdefault(quantity, float(minimum))


def _add_remainders(found: Quantities, minimum: int) -> None:
    """A whole and all its parts but one give the last part: it exists for an attacker though no row states it."""
    for relation in rules()["relations"]:
        for whole, parts in instances(relation, found.amounts):
            unstated = [part for part in parts if part not in found.amounts]
            known = len(parts) == 2 or [part.concept for part in unstated] == [relation.get("rest")]
            known &= "stated" not in relation
            if whole in found.amounts and len(unstated) == 1 and known:
                stated = sum(found.amounts[part] for part in parts if part in found.amounts)
                _state(found, unstated[0], max(found.amounts[whole] - stated, 0.0), minimum)


def _add_wholes(found: Quantities, minimum: int) -> None:
    """A whole that no row states for an area, though its parts and the whole of the area above are stated.

    Else the area above would be the sum of the others alone, and no part here could be more than it is.
    """
    for relation in rules()["relations"]:
        for whole, parts in instances(relation, found.amounts):
            stated = [found.amounts[part] for part in parts if part in found.amounts]
            above = whole._replace(area=whole.area[: ABOVE.get(len(whole.area), 0)])
            if len(stated) > 1 and whole not in found.amounts and above in found.amounts:
                _state(found, whole, sum(stated), minimum)


def _pair_twins(found: Quantities, minimum: int) -> None:
    for quantity, amount in found.amounts.items():
        if quantity.concept in twin_concepts():
            families = quantity._replace(concept=twin_concepts()[quantity.concept], group="")
            if families in found.amounts:
                found.twins.setdefault(families, []).append(quantity)
                found.twins.setdefault(quantity, []).append(families)
                found.protection[quantity] = minimum * amount / max(found.amounts[families], 1.0)


def instances(relation: Mapping[str, Any], amounts: Mapping[Quantity, float]) -> list[Equation]:
    """A relation of ``rules.yaml`` wherever one of its parts is stated."""
    stated = {
        quantity[1:]: quantity
        for quantity in amounts
        if quantity.concept in relation["parts"] and relation.get("programme") in (None, quantity.programme)
    }
    general = {"programme": "", "agency": ""} if relation["whole"] in rules()["without_programme"] else {}
    return [
        (
            quantity._replace(concept=relation["whole"], **general),
            tuple(Quantity(name, *where) for name in relation["parts"]),
        )
        for where, quantity in stated.items()
    ]


def equations(found: Quantities) -> list[Equation]:
    """Every sum among the quantities."""
    sums = list(_sums(found.amounts))
    for relation in rules()["relations"]:
        for whole, parts in instances(relation, found.amounts):
            stated = tuple(part for part in parts if part in found.amounts)
            if whole in found.amounts and len(stated) > 1:
                sums.append((whole, stated))
    return sums


def _sums(amounts: Mapping[Quantity, float]) -> Iterator[Equation]:
    """An area is the sum of its areas; money and units without programme or agency of those with one; lists."""
    parts_of: dict[tuple[str, Quantity], list[Quantity]] = {}
    for quantity in amounts:
        wholes = {}
        if len(quantity.area) in ABOVE:
            wholes["area"] = quantity.area[: ABOVE[len(quantity.area)]]
        if quantity.concept in twin_concepts():
            wholes |= {name: "" for name in ("programme", "agency") if getattr(quantity, name)}
        for name, value in wholes.items():
            whole = quantity._replace(**{name: value})
            if whole in amounts:
                parts_of.setdefault((name, whole), []).append(quantity)
        if (name := rules()["groups"].get(quantity.concept)) and quantity.group:
            whole = quantity._replace(concept=name, group="")
            if whole in amounts:
                parts_of.setdefault(("group", whole), []).append(quantity)
    for (kind, whole), parts in parts_of.items():
        if kind != "group" or math.isclose(amounts[whole], sum(amounts[part] for part in parts), abs_tol=1e-6):
            yield whole, tuple(parts)


def rests() -> set[str]:
    """Concepts of what is left over of a whole: never stated, without protection of their own."""
    return {relation["rest"] for relation in rules()["relations"] if "rest" in relation}
