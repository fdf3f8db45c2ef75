"""From estimates to the published table: marks for error, hiding of small groups, rounding, and the record of it.

Order of the rules: no value → ``belum ada data``; error too large, or unknown where a sample was drawn → ``tidak
disajikan``; then hiding to protect families (small, resting on few, dominated by two, all or none, told by the last
edition), then whatever must be hidden so that those cannot be worked out, at the least loss to readers; last, rounding.
The published table does not tell a small number from a companion.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components

from kaur_analysis.disclosure.attack import System
from kaur_analysis.disclosure.quantities import (
    Equation,
    Quantities,
    Quantity,
    edition_period,
    equations,
    instances,
    read_quantities,
    rests,
    rules,
    told_families,
    twin_concepts,
)
from kaur_analysis.disclosure.suppression import Effort, Solution, blocks, suppress
from kaur_analysis.reference import publication_thresholds

KEYS = ["topic", "indicator", "area", "programme", "agency", "group", "period"]
COLUMNS = [*KEYS, "unit", "value", "low", "high", "rse", "n", "status", "reason", "source"]
NUMBERS = ["value", "low", "high", "rse", "n"]
EXTRA = ["sampled", "first", "second"]  # what the rules need besides the published columns
DECIMALS = {"bagian": 4, "indeks": 4}
HIDDEN = "disembunyikan untuk melindungi keluarga"
REASONS = {
    "disembunyikan": HIDDEN,
    "galat": "galat terlalu besar",
    "galat tak diketahui": "contoh survei terlalu kecil",
    "rentang lebar": "rentang terlalu lebar",
    "contoh kecil": "contoh survei terlalu kecil",
    "hati-hati": "galat besar, pakai dengan hati-hati",
    "belum ada data": "belum ada data",
    "tampil": "",
}
RULES = {
    "tampil": "cukup banyak keluarga dan galat cukup kecil",
    "hati-hati": "galat relatif di antara kedua batas",
    "galat": "galat relatif di atas batas",
    "galat tak diketahui": "contoh survei terlalu kecil untuk mengetahui galatnya",
    "rentang lebar": "rentang 95% lebih lebar daripada batas",
    "contoh kecil": "bagian dari lebih sedikit rumah tangga contoh daripada batas",
    "tanpa data": "tidak ada nilai",
    "sedikit": "menghitung lebih sedikit keluarga daripada batas",
    "dasar kecil": "bagian dari lebih sedikit keluarga daripada batas",
    "semua atau tidak ada": "berlaku bagi semua, hampir semua, atau tidak seorang pun di kelompoknya",
    "dominasi": "satu atau dua keluarga menerima hampir seluruhnya",
    "edisi lalu": "selisih dengan terbitan lalu mengungkap sedikit keluarga, atau disembunyikan waktu itu",
    "pendamping": "disembunyikan agar angka lain yang disembunyikan tidak dapat dihitung",
}
PROTECTING = ("sedikit", "dasar kecil", "semua atau tidak ada", "dominasi", "edisi lalu", "pendamping")


@dataclass(frozen=True)
class Search:
    """How much readers lose by companions, and how that was found.

    Attributes
    ----------
    loss, least
        Loss by all hidden numbers, in units of a desa's number; what is proven to be lost at least.
    searched
        Independent blocks of numbers that needed companions.
    method
        ``tanpa pendamping``, ``optimal`` (within the gap of ``thresholds.yaml``) or ``batas usaha`` (stopped by a limit
        of rounds or nodes: the greedy completion of the best pattern was kept).
    """

    loss: float
    least: float
    searched: int
    method: str

    @property
    def gap(self) -> float:
        """Share of the loss that could at most be saved."""
        return (self.loss - self.least) / self.loss if self.loss > 0 else 0.0


class Limits(Protocol):
    """Settings this room needs (``study.Thresholds`` has them)."""

    @property
    def rse_caution(self) -> float:
        """Relative standard error up to which a number is shown without a mark."""

    @property
    def rse_hide(self) -> float:
        """Relative standard error above which it is not shown."""

    @property
    def width_hide(self) -> float:
        """Widest 95 per cent interval of a share estimated from a sample alone."""

    @property
    def sampled_minimum(self) -> int:
        """Fewest sampled households a share estimated from a sample alone may rest on."""

    @property
    def minimum_families(self) -> int:
        """Fewest families a number may count or rest on; also the width an attacker must be left with."""


def publish(
    estimates_by_topic: Mapping[str, pd.DataFrame], thresholds: Limits, previous: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, Search]:
    """Decide what is shown, shown with a caution, or not shown.

    Parameters
    ----------
    estimates_by_topic
        Topic → rows in the shape of the published table (``docs/architecture.md``) before protection. Needed columns:
        ``indicator, area, unit, value``; absent text columns count as ``""``, absent numbers as missing. ``n`` of a
        share is the number of families it is a share of; where it is absent the base is not checked. ``sampled``
        (absent means no) marks estimates from a sample alone: they are shown only with a known error and, shares, from
        at least ``sampled_minimum`` households and with an interval no wider than ``width_hide`` (Parker et al. 2017,
        NCHS standards for proportions: an RSE alone passes a share of two clusters whose interval runs from nothing to
        all). ``first`` and ``second`` are the
        largest amounts that one family contributes to a row of money; where they are absent dominance is not checked.
    thresholds
        Error limits and the minimum number of families.
    previous
        Published table of an earlier issue, whatever its edition was called. What it hid stays hidden, and a count
        below the kabupaten, or a share of one, that has changed by fewer families than the minimum is hidden: the
        difference would tell of those few.

    Returns
    -------
    published : pandas.DataFrame
        Contract ``PUBLISHED``, sorted by its key.
    decisions : pandas.DataFrame
        One row per published row: its key, ``status``, ``n``, ``rule`` (a key of ``RULES``) and ``why``. It holds no
        hidden value, but tells small numbers from companions and how many families each rests on: it stays in the
        office.
    search : Search
        What the companions cost.

    Raises
    ------
    ValueError
        A needed column is absent, or two rows have the same key.

    Examples
    --------
    Fewer than five families are not told:

    >>> from kaur_analysis.study import Thresholds
    >>> rows = pd.DataFrame({"indicator": "families", "area": ["1704010", "1704020"], "unit": "keluarga"})
    >>> published, *_ = publish({"registry": rows.assign(value=[40.0, 3.0])}, Thresholds())
    >>> published["status"].tolist()
    ['tampil', 'disembunyikan']
    """
    from kaur_analysis.contracts import PUBLISHED, checked  # here: whoever only looks at products needs no contract

    table = _collected(estimates_by_topic)
    rule = _by_error(table, thresholds)
    minimum = thresholds.minimum_families
    families = table[~table["topic"].isin(rules()["open_topics"]) & table["value"].notna()]
    few = list(
        families.index[families["unit"].isin(list(DECIMALS)) & (families["n"].between(0, minimum, inclusive="neither"))]
    )
    rule[few] = "dasar kecil"
    nearly_all = _nearly_all(families, minimum)
    rule[nearly_all] = "semua atau tidak ada"
    found = read_quantities(families, minimum)
    room = room_above(families["value"], families["first"], families["second"])
    dominated = list(families.index[room > 0])
    rule[dominated] = "dominasi"
    told = [] if previous is None else _told_by_previous(families, previous, minimum)
    rule[told] = "edisi lalu"
    above = {found.of_row[row][0]: room[row] for row in dominated if row in found.of_row}
    hidden, solutions = _protected(_too_telling(found, few, nearly_all, dominated, told, minimum), found, above)
    protecting = {
        row: next(hidden[quantity] for quantity in quantities if quantity in hidden)
        for row, quantities in found.of_row.items()
        if not hidden.keys().isdisjoint(quantities)
    }
    rule[list(protecting)] = list(protecting.values())
    table["status"] = rule.map(lambda name: "disembunyikan" if name in PROTECTING else _STATUS.get(name, name))
    table["reason"] = table["reason"].where(
        table["reason"].ne("") & table["status"].ne("disembunyikan"),
        rule.map(REASONS).fillna(table["status"].map(REASONS)),
    )
    basis = table["n"].round()
    table["n"] = table["n"].where(_base_is_told(families, found, hidden).reindex(table.index, fill_value=True))
    table.loc[table["status"] == "disembunyikan", NUMBERS] = np.nan
    table.loc[table["status"] == "tidak disajikan", ["value", "low", "high"]] = np.nan
    published = _rounded(table)[COLUMNS].sort_values(KEYS, ignore_index=True)
    decisions = table[[*KEYS, "status"]].assign(n=basis, rule=rule, why=rule.map(RULES))
    return checked(PUBLISHED, published), decisions.sort_values(KEYS, ignore_index=True), _search(solutions)


def _base_is_told(families: pd.DataFrame, found: Quantities, hidden: Mapping[Quantity, str]) -> pd.Series:
    """Whether ``n`` of each row may be printed: the base of a share, or all families of its area, and not hidden.

    What else it counts (recipients, names, families due) is told by rows of its own or by none.
    """
    told = []
    for row in families[["area", "n"]].astype(object).itertuples():
        every = Quantity("families", row.area, "", "", "", "")
        base = found.base_of_row.get(row.Index, every)
        told.append(base not in hidden and (base != every or math.isclose(found.amounts.get(every, math.nan), row.n)))
    return pd.Series(told, families.index, dtype=bool)


def room_above(total: pd.Series, first: pd.Series, second: pd.Series) -> pd.Series:
    """How far above a total an attacker must be left able to believe, for what one or two contributors hold of it.

    Positive where they hold so much that one could learn of the other: the (n,k) rule with the largest two and the p%
    rule, with the parameters of ``thresholds.yaml``; whoever knows the second subtracts it from the upper bound (upper
    protection levels, Hundepool et al. 2012, 4.2.2). 0 where no rule is broken or the largest are not known.
    """
    limits = publication_thresholds()["dominance"]
    largest = first + second if limits["largest"] == 2 else first
    by_largest = (largest - limits["share"] * total) / limits["share"]
    asked = np.maximum(by_largest, limits["percent"] * first - (total - first - second))
    return asked.where(total > 0).clip(lower=0).fillna(0.0)


def largest_two(amount: pd.Series, keys: pd.DataFrame) -> pd.DataFrame:
    """The two largest amounts within each combination of keys.

    Parameters
    ----------
    amount
        Rupiah of each row; rows without an amount count nothing.
    keys
        Columns of keys, row by row as ``amount``; rows without a key count nothing.

    Returns
    -------
    pandas.DataFrame
        The keys, ``first`` and ``second`` (0 where alone).

    Examples
    --------
    >>> amount, keys = pd.Series([5.0, 9.0, 7.0]), pd.DataFrame({"desa": ["a", "a", "b"]})
    >>> largest_two(amount, keys).to_numpy().tolist()
    [['a', 9.0, 5.0], ['b', 7.0, 0.0]]
    """
    names = list(keys.columns)
    known = keys.assign(amount=amount).dropna().reset_index(drop=True)
    groups = known.groupby(names)["amount"]
    largest, others = groups.max().rename("first").reset_index(), known["amount"].to_numpy(dtype=float, copy=True)
    others[groups.idxmax().to_numpy(dtype=int)] = np.nan
    return largest.assign(second=pd.Series(others).groupby(groups.ngroup()).max().fillna(0.0))


_STATUS = {
    "galat": "tidak disajikan",
    "galat tak diketahui": "tidak disajikan",
    "rentang lebar": "tidak disajikan",
    "contoh kecil": "tidak disajikan",
    "tanpa data": "belum ada data",
}


def _collected(estimates_by_topic: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for topic, rows in estimates_by_topic.items():
        if absent := {"indicator", "area", "unit", "value"} - set(rows.columns):
            raise ValueError(f"topic {topic!r}: columns {sorted(absent)} are absent")
        parts.append(rows.assign(topic=topic).reindex(columns=[*COLUMNS, *EXTRA]).astype(object))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS, *EXTRA], dtype=object)
    text = [column for column in COLUMNS if column not in NUMBERS]
    table[text] = table[text].fillna("").astype(str)
    table[[*NUMBERS, "first", "second"]] = table[[*NUMBERS, "first", "second"]].astype(float)
    table["sampled"] = table["sampled"].eq(True)
    twice = table.loc[table.duplicated(KEYS), "topic"].unique()
    if len(twice):
        raise ValueError(f"rows with the same key in topics {sorted(twice)}")
    return table.sort_values(KEYS, ignore_index=True)


def _by_error(table: pd.DataFrame, thresholds: Limits) -> pd.Series:
    """Rule by value and error alone."""
    narrow = table["high"] - table["low"] <= thresholds.width_hide  # false where no interval is known
    share = table["sampled"] & table["unit"].eq("bagian")
    cases = {
        "tanpa data": table["value"].isna(),
        "galat": table["rse"] > thresholds.rse_hide,
        "galat tak diketahui": table["sampled"] & table["rse"].isna(),
        "rentang lebar": share & ~narrow,
        "contoh kecil": share & (table["n"] < thresholds.sampled_minimum),
        "hati-hati": table["rse"] > thresholds.rse_caution,
    }
    return pd.Series(np.select(list(cases.values()), list(cases), "tampil"), table.index, dtype=object)


def _told_by_previous(rows: pd.DataFrame, previous: pd.DataFrame, minimum: int) -> list[int]:
    """Rows that an earlier issue hid, or that differ from it by a few families."""
    own = rows.assign(period=edition_period(rows), told=told_families(rows))[[*KEYS, "told"]].reset_index(names="row")
    before = previous.assign(period=edition_period(previous), told=told_families(previous))[[*KEYS, "told", "status"]]
    both = own.merge(before, on=KEYS, suffixes=("", "_before"))
    change = (both["told"].round() - both["told_before"].round()).abs()
    counted = both["area"].str.len() > 4
    return list(both.loc[(both["status"] == "disembunyikan") | (counted & change.between(1, minimum - 1)), "row"])


def _nearly_all(rows: pd.DataFrame, minimum: int) -> list[int]:
    """Shares below the kabupaten of what nobody likes to have, where fewer than the minimum are without it."""
    adverse = {name for name, rule in rules()["cells"].items() if "adverse" in rule}
    told = (rows["topic"] + "." + rows["indicator"]).isin(adverse) & (rows["area"].str.len() > 4)
    return list(rows.index[told & (rows["value"] > 0) & (rows["n"] * (1 - rows["value"]) < minimum)])


def _too_telling(
    found: Quantities, few: list[int], nearly_all: list[int], dominated: list[int], told: list[int], minimum: int
) -> dict[Quantity, str]:
    """Quantities that must not be shown for their own sake, each with the rule."""
    hidden = {found.of_row[row][0]: "edisi lalu" for row in told if row in found.of_row}
    hidden |= {found.of_row[row][0]: "semua atau tidak ada" for row in nearly_all if row in found.of_row}
    hidden |= {found.of_row[row][0]: "dominasi" for row in dominated if row in found.of_row}
    hidden |= {found.of_row[row][0]: "dasar kecil" for row in few if row in found.of_row}
    for relation in rules()["relations"]:
        if relation.get("all_or_none"):
            for whole, parts in instances(relation, found.amounts):
                if not _is_harmless(whole, parts, relation, found):
                    hidden |= {part: "semua atau tidak ada" for part in parts if part in found.amounts}
    others = {*twin_concepts(), *rests()}
    for quantity, amount in found.amounts.items():
        if quantity.concept not in others and 0 < amount < minimum - 1e-9:
            hidden[quantity] = "sedikit"
    return hidden


def _is_harmless(
    whole: Quantity, parts: tuple[Quantity, ...], relation: Mapping[str, object], found: Quantities
) -> bool:
    """Whether no part holds all of the whole, or the reason for it is public."""
    total = found.amounts.get(whole, 0.0)
    holds_all = any(found.amounts.get(part, 0.0) >= total * (1 - 1e-9) for part in parts)
    if total <= 0 or not holds_all or len(whole.area) <= 4:
        return True
    absent = Quantity(
        str(relation.get("unless_zero")), whole.area, parts[0].programme, parts[0].agency, whole.group, whole.period
    )
    return found.amounts.get(absent) == 0


def _search(solutions: Sequence[Solution]) -> Search:
    loss, least = (sum(getattr(solution, name) for solution in solutions) for name in ("loss", "bound"))
    searched = [solution for solution in solutions if solution.rounds]
    optimal = all(solution.gap <= publication_thresholds()["search"]["gap"] for solution in searched)
    method = ("optimal" if optimal else "batas usaha") if searched else "tanpa pendamping"
    return Search(float(loss), float(least), len(searched), method)


def _protected(
    primary: Mapping[Quantity, str], found: Quantities, above: Mapping[Quantity, float]
) -> tuple[dict[Quantity, str], list[Solution]]:
    """Hide companions until an attacker can bound no hidden quantity more closely than its protection.

    ``above`` is what dominated quantities need above them besides.
    """
    hidden = {quantity: rule for quantity, rule in primary.items() if quantity in found.amounts}
    names = list(found.amounts)
    place = {quantity: position for position, quantity in enumerate(names)}
    # What no row states is unknown to readers from the start, at no loss; it needs width only for its own sake.
    stated = {quantity for quantities in found.of_row.values() for quantity in quantities}
    shown = np.array([quantity in stated for quantity in names], dtype=bool)
    sensitive = np.array([quantity in hidden for quantity in names], dtype=bool)
    upward = np.array([above.get(quantity, 0.0) for quantity in names])
    amounts = np.array([found.amounts[quantity] for quantity in names])
    counts = np.array([quantity.concept not in twin_concepts() for quantity in names], dtype=bool)
    # Nobody is shown as 0: who is counted one by one and hidden is somebody. An expected number may be any part of one.
    somebody = shown & counts & (amounts >= 1) & np.isclose(amounts, np.round(amounts), rtol=0, atol=1e-9)
    system = System(
        _matrix(equations(found), place),
        amounts,
        np.maximum([found.protection[quantity] for quantity in names], upward),
        shown | sensitive,
        upward,
        somebody.astype(float),
    )
    group = _together(found, place)
    cost = np.bincount(group, np.where(shown, [_cost(quantity, found) for quantity in names], 0.0))
    forced = np.zeros(len(cost), dtype=bool)
    forced[group[sensitive | ~shown]] = True
    solutions = []
    for places, groups, block in blocks(system, group, cost, forced):
        solution = suppress(block, Effort(**publication_thresholds()["search"]))
        solutions.append(solution)
        chosen = np.zeros(len(cost), dtype=bool)
        chosen[groups] = solution.chosen
        for position in places[chosen[group[places]]]:
            if shown[position]:
                hidden.setdefault(names[position], "pendamping")
    return hidden, solutions


def _matrix(sums: Sequence[Equation], place: Mapping[Quantity, int]) -> csc_array:
    """Equations as rows: the whole once, its parts with a minus."""
    entries = [
        (sign, row, place[quantity])
        for row, (whole, parts) in enumerate(sums)
        for quantity, sign in ((whole, 1.0), *((part, -1.0) for part in parts))
    ]
    signs, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
    return csc_array(coo_array((signs, (rows, columns)), shape=(len(sums), len(place))))


def _together(found: Quantities, place: Mapping[Quantity, int]) -> np.ndarray:
    """Label per quantity: twins share one."""
    pairs = [(place[one], place[other]) for one, others in found.twins.items() for other in others]
    one, other = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_array((np.ones(len(pairs)), (one, other)), shape=(len(place), len(place)))
    return np.asarray(connected_components(graph, directed=False)[1])


def _cost(quantity: Quantity, found: Quantities) -> float:
    """What readers lose: more for larger areas, for the totals everything is compared with, a little for size."""
    place = {10: 1.0, 7: 10.0}.get(len(quantity.area), 1000.0)
    size = found.amounts[quantity] / (found.amounts[quantity] + 100 * found.protection[quantity] + 1)
    return place * float(rules()["keep"].get(quantity.concept, 1)) * (1 + 0.1 * size)


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Counts to whole families or to the step their interval bears, shares to hundredths of a percent."""
    out = table.copy()
    estimated = ["value", "low", "high"]
    for end in ("low", "high"):  # of what is known exactly, sums in another order differ in the last digits
        out[end] = out[end].where(~np.isclose(out[end], out["value"], rtol=1e-12), out["value"])
    for unit, decimals in DECIMALS.items():
        rows = out["unit"] == unit
        out.loc[rows, estimated] = out.loc[rows, estimated].round(decimals)
    counted = ~out["unit"].isin(list(DECIMALS)) & (out["topic"] != "official")
    step = _bearing_step(out["high"] - out["low"])
    for column in estimated:
        out.loc[counted, column] = ((out[column] / step).round() * step)[counted]
    return out.assign(rse=out["rse"].round(3), n=out["n"].round())


def _bearing_step(width: pd.Series) -> pd.Series:
    """Power of ten about a tenth of the interval's width, at least 1: digits below it would only pretend."""
    tenth = (width / 10).clip(lower=1).fillna(1)
    return 10.0 ** np.floor(np.log10(tenth) + 1e-9)
