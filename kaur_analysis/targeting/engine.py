"""One way from totals to a table, for every door: points, then intervals by draws (registry) or by design (survey).

A *view* is whatever a door sums over: the families of one programme at their expected values, or in one block of draws.
The door says how a view is summed and which formulas of the sums it wants; the engine does the rest.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from kaur_analysis.poverty.design import Domains, SurveyDesign
from kaur_analysis.poverty.estimates import DEFAULT_SETTINGS, Scale, boundary_interval, degrees_of, interval
from kaur_analysis.targeting.definitions import definition, denominator_size
from kaur_analysis.targeting.formulas import Formula, evaluate, linearised
from kaur_analysis.targeting.inputs import Array, Groups
from kaur_analysis.targeting.intervals import draw_interval
from kaur_analysis.targeting.totals import Totals

View = TypeVar("View")
Key = TypeVar("Key", bound=Hashable)
EVERYBODY = (np.array([True]),)
"""All rows, as the families behind a measure."""
Items = Mapping[str, Array]
"""A plain view: named columns to be summed, rows × M or rows × 1."""


class Estimate(NamedTuple):
    """Value and uncertainty of one measure, one entry per class; draws have no degrees of freedom to count."""

    value: Array
    se: Array
    low: Array
    high: Array
    degrees: Array | float = np.inf


@dataclass(frozen=True)
class Setting:
    """What all estimates of one table share."""

    weights: Array
    partitions: tuple[Groups, ...]
    design: SurveyDesign | None = None
    confidence: float = 0.95


@dataclass(frozen=True)
class Rules(Generic[View, Key]):
    """How a door's views are summed, and what is made of the sums.

    Attributes
    ----------
    sums
        Totals of a view in every partition, each classes × M.
    influence
        Influence of each row on these totals at the point view, arrays of rows; needed on the survey route.
    formulas
        Measures per key (programme).
    joint
        Keys whose expected totals are means over the joint draws, because poverty and links may depend on each other.
    from_draws
        Measures whose point value is the mean over the draws.
    behind
        Families that a key's measure rests on in one partition, columns of rows, one per part that is compared;
        everybody without it. On the survey route each part is a domain of the sample, and the part that shows least
        decides.
    """

    sums: Callable[[View], Sequence[Totals]]
    influence: Callable[[View, int, Totals], Totals]
    formulas: Mapping[Key, Mapping[str, Formula]]
    joint: Collection[Key] = ()
    from_draws: Collection[str] = ()
    behind: Callable[[Key, str, int], Sequence[Array]] = lambda key, measure, place: EVERYBODY

    def valued_by_draws(self) -> "Rules[View, Key]":
        """The same rules with every value the mean over draws: no expected view stands for what draws differ in."""
        return replace(self, from_draws={name for chosen in self.formulas.values() for name in chosen})


@dataclass
class _Kept:
    """Draws of the measures and the running sums of the totals, of one key in one partition."""

    values: list[dict[str, Array]] = field(default_factory=list)
    sums: Totals = field(default_factory=dict)

    def add(self, values: Mapping[str, Array], sums: Totals, size: int) -> None:
        self.values.append({name: np.broadcast_to(value, (len(value), size)) for name, value in values.items()})
        for name, value in sums.items():
            total = value.sum(axis=1, keepdims=True) * (size / value.shape[1])
            self.sums[name] = self.sums.get(name, 0.0) + total

    def of(self, measure: str) -> Array:
        return np.concatenate([block[measure] for block in self.values], axis=1)


def estimate(
    setting: Setting,
    point: Mapping[Key, View],
    draws: Iterable[tuple[int, Iterable[tuple[Key, View]]]],
    rules: Rules[View, Key],
) -> dict[tuple[int, Key], dict[str, Estimate]]:
    """Every measure of every key in every partition, by ``(place of the partition, key)``.

    ``draws`` are blocks ``(number of draws, pairs of key and view)``; nothing is kept of a block but its measures, so
    that memory grows with groups, not with families.
    """
    kept: dict[tuple[int, Key], _Kept] = {}
    size = 0
    for width, views in draws:
        size += width
        for key, view in views:
            for place, sums in enumerate(rules.sums(view)):
                kept.setdefault((place, key), _Kept()).add(evaluate(rules.formulas[key], sums), sums, width)
    at = {key: rules.sums(view) for key, view in point.items()}
    return {
        (place, key): (
            _by_design(setting, view, place, key, rules, at[key][place])
            if setting.design is not None
            else _by_draws(setting, place, key, rules, at[key][place], kept.get((place, key)), size)
        )
        for place in range(len(setting.partitions))
        for key, view in point.items()
    }


def _by_draws(
    setting: Setting, place: int, key: Key, rules: Rules[View, Key], at: Totals, kept: _Kept | None, size: int
) -> dict[str, Estimate]:
    if kept is None:
        values = evaluate(rules.formulas[key], at)
        unknown = np.full(setting.partitions[place].size, np.nan)
        return {name: Estimate(value[:, 0], unknown, unknown, unknown) for name, value in values.items()}
    expected = {name: total / size for name, total in kept.sums.items()} if key in rules.joint else at
    closed = {name: formula for name, formula in rules.formulas[key].items() if name not in rules.from_draws}
    values = evaluate(closed, expected)
    result = {}
    for name in rules.formulas[key]:
        drawn = kept.of(name)
        value = values[name][:, 0] if name in values else _mean(drawn)
        result[name] = Estimate(value, *draw_interval(drawn, setting.confidence))
    return result


def _mean(draws: Array) -> Array:
    valid = np.isfinite(draws).sum(axis=1)
    return np.divide(np.nan_to_num(draws).sum(axis=1), valid, out=np.full(len(draws), np.nan), where=valid > 0)


def _by_design(
    setting: Setting, view: View, place: int, key: Key, rules: Rules[View, Key], sums: Totals
) -> dict[str, Estimate]:
    groups, design = setting.partitions[place], setting.design
    if design is None:
        raise AssertionError("the survey route has a design")
    effect = rules.influence(view, place, sums)
    result = {}
    for name, values in evaluate(rules.formulas[key], sums).items():
        influence = linearised(rules.formulas[key][name], sums, effect, groups.codes)
        variance = [design.variance(np.where(groups.codes == g, influence, 0.0)) for g in range(groups.size)]
        value = values[:, 0]
        parts = [_domains(design, groups, rows) for rows in rules.behind(key, name, place)]
        degrees = np.min([degrees_of(part, DEFAULT_SETTINGS) for part in parts], axis=0)
        psus = np.min([part.n_psu for part in parts], axis=0)
        # One PSU shows no variation between PSUs: a ratio's linearised variance is zero there, which is no precision.
        se = np.where(np.isfinite(value) & (psus > 1), np.sqrt(variance), np.nan)
        scale: Scale = "logit" if definition(name).unit == "share" else "linear"
        low, high = interval(value, se, degrees, scale, setting.confidence)
        if scale == "logit":  # nobody or everybody of a sample: its PSUs, not its variance, say how sure that is
            edge = np.isin(value, (0.0, 1.0)) & np.isfinite(se)
            floor, ceiling = boundary_interval(value, np.maximum(psus, 1), setting.confidence)
            low, high = np.where(edge, floor, low), np.where(edge, ceiling, high)
        result[name] = Estimate(value, se, low, high, degrees)
    return result


def _domains(design: SurveyDesign, groups: Groups, rows: Array) -> Domains:
    """The classes as domains of the sample, of these rows alone."""
    return Domains(design, np.array(groups.labels, dtype=object), np.where(rows, groups.codes, groups.size))


def nested(setting: Setting, fine: Totals) -> list[Totals]:
    """Plain sums in every partition from those in the last: everyone together is the sum of all classes."""
    whole = {name: total.sum(axis=0, keepdims=True) for name, total in fine.items()}
    return [whole, fine] if len(setting.partitions) > 1 else [fine]


def linear_rules(
    setting: Setting, formulas: Mapping[Key, Mapping[str, Formula]], joint: Collection[Key] = (), **more: Any
) -> Rules[Items, Key]:
    """Rules for plain views: weighted sums of named columns, whose influences are the columns themselves."""
    matrix = setting.partitions[-1].matrix(setting.weights)

    def sums(view: Items) -> list[Totals]:
        return nested(setting, {name: matrix @ column for name, column in view.items()})

    def influence(view: Items, place: int, totals: Totals) -> Totals:
        return {name: column[:, 0] for name, column in view.items()}

    return Rules(sums, influence, formulas, joint, **more)


def rows_of(
    measure: str, programme: str, groups: Groups, estimated: Estimate, counts: Mapping[str, Array], **extra: object
) -> list[dict[str, object]]:
    """One tidy row per class; ``n`` is the count behind the measure's denominator."""
    known = definition(measure)
    size = counts[denominator_size(measure)]
    return [
        {
            "measure": measure,
            "denominator": known.denominator,
            "programme": programme,
            "group": label,
            **extra,
            "value": estimated.value[place],
            "se": estimated.se[place],
            "low": estimated.low[place],
            "high": estimated.high[place],
            "n": size[place],
        }
        for place, label in enumerate(groups.labels)
    ]
