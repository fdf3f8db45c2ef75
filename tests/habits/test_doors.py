"""Every public door says what goes in, what comes out, what is refused and where its formula is from."""

import ast
import dataclasses
import doctest
import importlib
import inspect
import re
import textwrap
from functools import cached_property
from types import FunctionType

import pytest

from tests.shared import ROOT

ROOMS = sorted(
    path.parent.name
    for path in (ROOT / "kaur_analysis").glob("*/__init__.py")
    if "__all__" in path.read_text(encoding="utf-8")
)
# Doors of the two rooms of formulas that compute none, or one that is nobody else's.
WITHOUT_FORMULA = {
    *("definition", "definitions", "definitions_table", "scenario_kinds"),
    *("receipt_draws", "welfare_without", "group_calibrated_ranking", "timeliness"),
}


def doors() -> dict[str, object]:
    """Functions and classes in ``__all__`` of every room, and the public methods of the classes, by name."""
    found: dict[str, object] = {}
    for room in ROOMS:
        module = importlib.import_module(f"kaur_analysis.{room}")
        for name in module.__all__:
            door = getattr(module, name)
            door = getattr(door, "__wrapped__", door)  # of a cached function
            if not isinstance(door, type | FunctionType):
                continue  # a constant, explained where it stands
            found[f"{room}.{name}"] = door
            if isinstance(door, type):
                own = {n: m for n, m in vars(door).items() if not n.startswith("_") and isinstance(m, FunctionType)}
                found |= {f"{room}.{name}.{method}": function for method, function in own.items()}
    return found


DOORS = doors()
FUNCTIONS = {name: door for name, door in DOORS.items() if isinstance(door, FunctionType)}
CLASSES = {name: door for name, door in DOORS.items() if isinstance(door, type)}


class Told:
    """A numpydoc text in its sections."""

    def __init__(self, door: object) -> None:
        self.text = inspect.getdoc(door) or ""

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        lines, name, found = self.text.splitlines(), "", {"": []}
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            if below and set(below) == {"-"} and line == line.strip():
                name = line
                found[name] = []
            elif not (line and set(line) == {"-"}):
                found[name].append(line)
        return found

    def entries(self, section: str) -> dict[str, str]:
        """What is said of each name of a section; several names may share a line."""
        names: list[str] = []
        found: dict[str, str] = {}
        for line in self.sections.get(section, []):
            if line and not line.startswith(" "):
                names = [name.strip().lstrip("*") for name in line.split(":")[0].split(",")]
                found |= dict.fromkeys(names, "")
            elif line:
                found |= {name: f"{found[name]} {line.strip()}" for name in names}
        return found


def parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def raised(function) -> set[str]:
    """Names of the errors that a function raises in its own body."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name) and call.func.id[0].isupper()}


def fields(door) -> list[str]:
    """Public fields of a dataclass or a model."""
    named = [f.name for f in dataclasses.fields(door)] if dataclasses.is_dataclass(door) else []
    named += [*getattr(door, "model_fields", {}), *getattr(door, "_fields", ())]
    return [name for name in named if not name.startswith("_")]


def unsaid(names, *sections):
    said = {name for entries in sections for name, text in entries.items() if text.strip()}
    return [name for name in names if name not in said]


def test_every_room_has_doors():
    assert {name.split(".")[0] for name in DOORS} == set(ROOMS) and len(ROOMS) == 10


@pytest.mark.parametrize("name", DOORS)
def test_a_door_begins_with_one_sentence(name):
    summary, *rest = Told(DOORS[name]).text.splitlines() or [""]
    assert summary.endswith((".", "?")) and (not rest or not rest[0])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_door_explains_every_parameter(name):
    assert unsaid(parameters(FUNCTIONS[name]), Told(FUNCTIONS[name]).entries("Parameters")) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_door_explains_no_parameter_that_it_does_not_have(name):
    assert set(Told(FUNCTIONS[name]).entries("Parameters")) <= set(parameters(FUNCTIONS[name]))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_explains_every_field(name):
    told = Told(CLASSES[name])
    assert unsaid(fields(CLASSES[name]), told.entries("Parameters"), told.entries("Attributes")) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_door_says_what_comes_out(name):
    returned = inspect.signature(FUNCTIONS[name]).return_annotation
    told = "".join(Told(FUNCTIONS[name]).sections.get("Returns", [])).strip()
    assert bool(told) == (returned not in (None, "None"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_door_names_what_it_raises(name):
    told = "\n".join(Told(FUNCTIONS[name]).sections.get("Raises", []))
    assert {error for error in raised(FUNCTIONS[name]) if not re.search(rf"^{error}$", told, re.MULTILINE)} == set()


ESTIMATORS = [
    name
    for name in FUNCTIONS
    if name.split(".")[0] in ("poverty", "targeting")
    and name.count(".") == 1
    and name.split(".")[1] not in WITHOUT_FORMULA
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_names_the_source_of_its_formula(name):
    told = " ".join(Told(FUNCTIONS[name]).sections.get("References", []))
    assert re.search(r"\b(1[89]|20)\d\d\b|:func:|``survey``", told)


@pytest.mark.parametrize("name", sorted(WITHOUT_FORMULA))
def test_no_exception_is_kept_that_is_no_door(name):
    assert f"targeting.{name}" in FUNCTIONS


@pytest.mark.parametrize("name", [name for name in DOORS if ">>>" in Told(DOORS[name]).text])
def test_an_example_gives_what_it_prints(name):
    door = DOORS[name]
    found = doctest.DocTestFinder(recurse=False).find(door, name, globs=vars(inspect.getmodule(door)).copy())
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert sum(runner.run(example).failed for example in found) == 0 and runner.tries > 0


EXEMPLARY = ["poverty.estimate_fgt", "poverty.fay_herriot", "poverty.empirical_best", "poverty.basic_needs_line",
             "targeting.targeting_measures", "disclosure.publish", "planning.allocate"]  # fmt: skip


@pytest.mark.parametrize("name", EXEMPLARY)
def test_the_main_doors_show_an_example(name):
    assert "Examples" in Told(DOORS[name]).sections


# --- the habit itself can fail ---


def told_well(size: int) -> int:
    """Count.

    Parameters
    ----------
    size, other
        How many.

    Returns
    -------
    A number.
    """
    return size


def test_a_parameter_that_is_not_there_is_found():
    assert set(Told(told_well).entries("Parameters")) - set(parameters(told_well)) == {"other"}


def test_a_parameter_without_words_is_found():
    assert unsaid(["size", "shape"], Told(told_well).entries("Parameters")) == ["shape"]


def test_an_error_that_is_raised_is_seen():
    def refuses() -> None:
        raise ValueError("no")

    assert raised(refuses) == {"ValueError"}
