"""The catalogue's rules applied to families: who is eligible, for how much, and why, in the words of the rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kaur_analysis.errors import DataRejected
from kaur_analysis.reference.catalogue import Condition, Programme, known_fields

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PUPILS = {
    "pupils_primary": ("children_7_12", 7, 12),
    "pupils_junior": ("children_13_15", 13, 15),
    "pupils_senior": ("children_16_18", 16, 18),
}


def rule_fields(
    families: pd.DataFrame, family_poverty: pd.DataFrame, persons: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Everything rules may ask about a family, one row per family in the order of ``families``.

    Parameters
    ----------
    families
        Table of contract ``FAMILIES``.
    family_poverty
        Table of contract ``FAMILY_POVERTY``; families without a row have unknown probabilities.
    persons
        Table of contract ``PERSONS``. With it pupils are children of school age who are not known to be out of school;
        without it all children of school age count as pupils (an upper bound).

    Returns
    -------
    DataFrame
        Index ``family``; the known fields that could be had, the others are absent.

    Raises
    ------
    DataRejected
        Two rows for one family.
    """
    if families["family"].duplicated().any() or family_poverty["family"].duplicated().any():
        raise DataRejected("Tabel keluarga memuat keluarga yang sama dua kali.")
    table = families.set_index("family")
    fields = table[[name for name in known_fields() if name in table.columns]].copy()
    modelled = family_poverty.set_index("family")
    for name in ("p_extreme", "p_poor"):
        fields[name] = modelled[name].reindex(fields.index)
    for name, (children, low, high) in _PUPILS.items():
        if persons is not None:
            of_age = persons["age"].between(low, high + 1, inclusive="left")
            if "in_school" in persons.columns:
                of_age &= persons["in_school"] != 0
            count = persons.loc[of_age].groupby("family").size()
            fields[name] = count.reindex(fields.index).fillna(0).astype(float)
        elif name not in fields.columns and children in fields.columns:
            fields[name] = fields[children]
    if "floor_area_m2" in fields.columns and "household_size" in fields.columns:
        size = fields["household_size"].where(fields["household_size"] > 0)
        fields["floor_area_per_person_m2"] = fields["floor_area_m2"] / size
    return fields


def _column(fields: pd.DataFrame, name: str) -> pd.Series:
    return fields[name] if name in fields.columns else pd.Series(np.nan, index=fields.index, dtype=object)


def counts(fields: pd.DataFrame, name: str) -> Array:
    """A count per family; unknown counts nobody."""
    return pd.to_numeric(_column(fields, name)).fillna(0).to_numpy(dtype=float)


def passes(fields: pd.DataFrame, rule: Condition) -> tuple[Flags, Flags]:
    """Which families pass one test, and for which the field is known at all."""
    column = _column(fields, rule.field)
    known = column.notna().to_numpy(dtype=bool)
    if rule.is_in is not None:
        good = column.isin(rule.is_in).to_numpy(dtype=bool)
    else:
        values = pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
        good = known.copy()
        bounds: tuple[tuple[float | None, Callable[..., Flags]], ...] = (
            (rule.minimum, np.greater_equal),
            (rule.maximum, np.less_equal),
            (rule.below, np.less),
        )
        for bound, compare in bounds:
            if bound is not None:
                good &= compare(values, bound)
    return np.where(known, good, rule.unknown_passes), known


@dataclass(frozen=True)
class Verdict:
    """What a programme's rules say about every family, in the order of the fields' rows.

    Attributes
    ----------
    eligible
        Whether the family meets the rules and has at least one unit to be served.
    outside
        Whether it is known not to: a rule fails on a field that is known, or nobody of it can be served and all fields
        that say whom to serve are known.
    units, rupiah_year
        What it would get in a year, whether or not it is eligible.
    known
        Share of the fields asked about that are known for the family.
    outcome, sentences
        The rule in words: of each family the number of its sentence, and the sentences. They say what the family meets
        where eligible, what it does not meet elsewhere.
    """

    eligible: Flags
    outside: Flags
    units: Array
    rupiah_year: Array
    known: Array
    outcome: NDArray[np.intp]
    sentences: tuple[str, ...]

    @property
    def basis(self) -> NDArray[np.object_]:
        """The sentence of each family."""
        return np.array(self.sentences, dtype=object)[self.outcome]


def judge(fields: pd.DataFrame, programme: Programme) -> Verdict:
    """Apply a programme's rules and benefit formula to all families."""
    rules = programme.eligibility
    tests = {rule: passes(fields, rule) for rule in (*rules.all_of, *rules.any_of, *rules.none_of)}
    size = len(fields)
    eligible = np.ones(size, dtype=bool)
    for rule in rules.all_of:
        eligible &= tests[rule][0]
    if rules.any_of:
        eligible &= np.any([tests[rule][0] for rule in rules.any_of], axis=0)
    for rule in rules.none_of:
        eligible &= ~tests[rule][0]
    paid, units, rupiah = benefit(fields, programme)
    eligible &= units > 0
    counted = [_column(fields, name).notna().to_numpy(dtype=bool) for name in paid]
    asked = [known for _, known in tests.values()] + counted
    known_share = np.mean(asked, axis=0) if asked else np.ones(size)
    failed = {rule: known & ~good for rule, (good, known) in tests.items()}
    outside = (units <= 0) & np.all(counted, axis=0) if counted else np.zeros(size, dtype=bool)
    for rule in rules.all_of:
        outside |= failed[rule]
    if rules.any_of:
        outside |= np.all([failed[rule] for rule in rules.any_of], axis=0)
    for rule in rules.none_of:
        outside |= tests[rule][1] & tests[rule][0]
    return Verdict(eligible, outside, units, rupiah, known_share, *_basis(programme, tests, eligible, paid))


def benefit(fields: pd.DataFrame, programme: Programme) -> tuple[dict[str, Array], Array, Array]:
    """People paid for by field, units and rupiah of a year, per family.

    Components are paid from the highest value down until ``components_at_most`` is used up, which is the choice of
    highest total value; each kind counts at most ``at_most`` people.
    """
    if not programme.components:
        units = np.ones(len(fields)) if programme.unit_field is None else counts(fields, programme.unit_field)
        paid = {} if programme.unit_field is None else {programme.unit_field: units}
        return paid, units, units * float(programme.rupiah_unit_year or 0)
    left = np.full(len(fields), float(programme.components_at_most or np.inf))
    rupiah = np.zeros(len(fields))
    people = np.zeros(len(fields))
    paid = {}
    for part in sorted(programme.components, key=lambda part: -part.rupiah_year):
        taken = np.minimum(np.minimum(counts(fields, part.field), part.at_most or np.inf), left)
        left -= taken
        rupiah += taken * part.rupiah_year
        people += taken
        paid[part.field] = taken
    units = (rupiah > 0).astype(float) if programme.unit in ("keluarga", "rumah") else people
    return paid, units, rupiah


def _basis(
    programme: Programme, tests: dict[Condition, tuple[Flags, Flags]], eligible: Flags, paid: dict[str, Array]
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """One sentence per distinct outcome of the tests, and which of them is each family's."""
    tested = [good * 2 + known for good, known in tests.values()]
    first, outcome = distinct([eligible, *tested, *(taken.astype(int) for taken in paid.values())])
    return outcome, tuple(_sentence(programme, tests, bool(eligible[row]), paid, int(row)) for row in first)


def distinct(columns: Sequence[NDArray[Any]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each distinct combination of whole numbers, none negative, and which combination each row is."""
    combined, many = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if many * width > np.iinfo(np.int64).max:  # number what there is anew
            combined = pd.factorize(combined)[0]
            many = len(combined)
        combined, many = combined * width + column, many * width
    outcome, _ = pd.factorize(combined)
    first = np.unique(outcome, return_index=True)[1]
    return first, outcome


def _sentence(
    programme: Programme,
    tests: dict[Condition, tuple[Flags, Flags]],
    eligible: bool,
    paid: dict[str, Array],
    row: int,
) -> str:
    rules = programme.eligibility
    good = {rule: bool(result[0][row]) for rule, result in tests.items()}
    if eligible:
        parts = [rule.phrase() for rule in rules.all_of]
        parts += [rule.phrase() for rule in rules.any_of if good[rule]]
        meanings = {name: known_fields()[name].meaning for name in paid}
        parts += [f"{meanings[name]}: {int(taken[row])}" for name, taken in paid.items() if taken[row] > 0]
        return "memenuhi " + "; ".join(parts) if parts else "memenuhi: tanpa syarat"
    unmet = [_unmet(rule, tests[rule], row) for rule in rules.all_of if not good[rule]]
    if rules.any_of and not any(good[rule] for rule in rules.any_of):
        unmet.append("salah satu dari " + " / ".join(rule.phrase() for rule in rules.any_of))
    unmet += ["dikecualikan karena " + rule.phrase() for rule in rules.none_of if good[rule]]
    return "tidak memenuhi " + "; ".join(unmet) if unmet else "tidak ada anggota keluarga yang termasuk sasaran"


def _unmet(rule: Condition, result: tuple[Flags, Flags], row: int) -> str:
    return rule.phrase() + ("" if result[1][row] else " (belum diketahui)")
