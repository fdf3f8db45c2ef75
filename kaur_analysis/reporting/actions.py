"""What to do: the reviewed rule table applied to the published numbers of one page."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kaur_analysis.formats import together
from kaur_analysis.reference import Area, read_yaml
from kaur_analysis.reporting.facts import UNLISTED, Facts
from kaur_analysis.reporting.figures import Figure, PublishedTable, compare
from kaur_analysis.reporting.package import package_of

MOST_NAMED = 3  # programmes in a sentence; the table of needs marks them all


@dataclass(frozen=True)
class Action:
    """One thing to do: what, by whom, for how much; ``detail`` says more of the rupiah where there is room."""

    code: str
    sentence: str
    agency: str
    rupiah: str
    detail: str = ""


@cache
def rule_table() -> dict[str, Any]:
    """The rules as data (``actions.yaml``)."""
    return dict(read_yaml(Path(__file__).with_name("actions.yaml")))


@cache
def glossary() -> dict[str, dict[str, str]]:
    """Labels and definitions of indicators (``glossary.yaml``)."""
    return dict(read_yaml(Path(__file__).with_name("glossary.yaml")))


def compared(table: PublishedTable, name: str, place: str, whole: str, programme: str = "") -> str:
    """Word for a place's number ``topic.indicator`` beside that of the whole, by the interval of their difference."""
    own, other = table.one(name, place, programme), table.one(name, whole, programme)
    difference = table.one(f"{name}_difference", place, programme)
    return compare(own, other, rule_table()["equivalence"], difference)


def actions_for(
    table: PublishedTable, facts: Facts, area: Area, place: str, scope: str, agency: str = ""
) -> tuple[Action, ...]:
    """Two to four actions for a page.

    Parameters
    ----------
    place
        BPS code of the area the page is about.
    scope
        ``kecamatan``, ``kabupaten`` or ``opd``.
    agency
        For ``opd``: only programmes of this agency.
    """
    rules = rule_table()
    found: list[Action] = []
    for rule in rules["rules"]:
        if (
            scope not in rule["scope"]
            or facts.route not in rule.get("route", facts.route)
            or ("number" not in rule and "lists" not in rule and len(found) >= rules["fewest"])
        ):
            continue
        if rule.get("lists") == "absent" and "number" not in rule:
            found += _lists_wanted(rule, facts, area, agency)
            continue
        if {action.code for action in found} & set(rule.get("unless", "").split()):
            continue
        candidates = [
            (figure, programme)
            for programme in _programmes(rule, facts, agency)
            if _triggers(figure := _figure(table, rule, place, programme), rule)
        ]
        # Programmes whose amounts a rule fixes come before working values, then the largest number.
        candidates.sort(key=lambda pair: (_is_working_value(facts, pair[1]), -pair[0].size, pair[1]))
        at_most = rule.get(f"at_most_{scope}", rule.get("at_most", 1))
        found += [_action(rule, figure, code, table, facts, area, place) for figure, code in candidates[:at_most]]
    return tuple(found[: rules["most"]])


def _is_working_value(facts: Facts, code: str) -> bool:
    return code in facts.programmes and facts.programmes[code].working_value


def _programmes(rule: dict[str, Any], facts: Facts, agency: str) -> list[str]:
    if rule.get("each") != "programme":
        return [rule.get("programme", "")]
    own = [programme for programme in facts.programmes.values() if agency in ("", programme.agency)]
    listed = {"held": (True,), "absent": (False,)}.get(rule.get("lists", ""), (True, False))
    return [programme.code for programme in own if programme.listed in listed]


def _lists_wanted(rule: dict[str, Any], facts: Facts, area: Area, agency: str) -> list[Action]:
    """One action that names every programme whose list of recipients is not held."""
    names = [
        programme.short
        for programme in facts.programmes.values()
        if not programme.listed and agency in ("", programme.agency)
    ]
    if not names:
        return []
    office = area.agencies[agency].name if agency in area.agencies else rule["office"]
    named = together(names) if len(names) <= MOST_NAMED else f"{len(names)} program bertanda {UNLISTED}"
    return [Action(rule["code"], rule["sentence"].format(programme=named), office, rule["without"])]


def _figure(table: PublishedTable, rule: dict[str, Any], place: str, programme: str) -> Figure:
    return table.one(rule["number"], place, programme) if "number" in rule else Figure()


def _triggers(figure: Figure, rule: dict[str, Any]) -> bool:
    return "number" not in rule or (figure.shown and figure.value >= rule["at_least"])


def _action(
    rule: dict[str, Any], figure: Figure, code: str, table: PublishedTable, facts: Facts, area: Area, place: str
) -> Action:
    programme = facts.programmes.get(code)
    sentence = rule["sentence"].format(
        number=figure.words if figure.shown else "",
        estimate=figure.estimate if figure.shown else "",
        count=figure.text if figure.shown else "",
        programme=programme.short if programme else "",
        rule=f" ({programme.outside})" if programme and programme.outside else "",
    )
    office = programme.agency if rule.get("agency") == "programme" and programme else rule.get("agency", "")
    name = area.agencies[office].name if office in area.agencies else rule.get("office", "Bappeda-Litbang")
    money = rule.get("without", "")
    if "rupiah" in rule:
        cost = table.one(rule["rupiah"], place, code)
        money = f"{cost.text} {programme.per if programme else 'per tahun'}" if cost.shown else f"biaya {cost.why}"
        money += f" {rule['provided']}" if "provided" in rule and cost.shown else ""
        money += f" (kisaran {cost.range})" if cost.has_range else ""
    detail = package_of(table, facts, place).in_words if rule["code"] == "anggaran_nol" else ""
    return Action(rule["code"], sentence, name, money, detail)
