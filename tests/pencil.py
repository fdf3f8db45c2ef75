"""A reader with a pencil: what the published table tells of few families, by sums written here by hand.

It knows nothing of the gate's rules: columns are read as any reader reads them (values, intervals, ``n``), and what
they have to do with each other stands in ``RELATIONS``. It is given more than a reader has: the exact number of
families and of the extreme poor of every area whose number is shown.
"""

import math
from dataclasses import dataclass, field

import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

Name = tuple[str, str, str]  # what is counted, area, programme

COUNTS = {
    "targeting.missed_poor": "missed",
    "targeting.included_nonpoor": "included",
    "targeting.recipients": "recipients",
    "targeting.unmatched_recipients": "unmatched",
    "reasons.missed_unlisted_families": "missed_unlisted",
    "reasons.missed_ranked_out_families": "missed_ranked_out",
    "reasons.missed_unserved_families": "missed_unserved",
    "reasons.included_ranked_in_families": "included_ranked_in",
    "reasons.included_ineligible_families": "included_ineligible",
    "reasons.included_unlisted_families": "included_unlisted",
    "overlap.extreme_families_none": "missed",
    "overlap.extreme_families_one": "reached_by_one",
    "overlap.extreme_families_several": "reached_by_several",
    "overlap.families_none": "served_by_none",
    "overlap.families_one": "served_by_one",
    "overlap.families_several": "served_by_several",
}
SHARES = {  # part, whole that n counts
    "targeting.exclusion_error": ("missed", "extreme"),
    "targeting.true_positive_rate": ("reached", "extreme"),
    "targeting.inclusion_error": ("included", "recipients"),
    "targeting.precision": ("reached", "recipients"),
    "targeting.inclusion_error_nonpoor": ("included", "nonpoor"),
    "targeting.coverage": ("recipients", "families"),
    "targeting.unmatched_share": ("unmatched", "names"),
    "timeliness.late_share": ("late", "names"),
    "reasons.missed_unlisted": ("missed_unlisted", "missed"),
    "reasons.missed_ranked_out": ("missed_ranked_out", "missed"),
    "reasons.missed_unserved": ("missed_unserved", "missed"),
    "reasons.included_ranked_in": ("included_ranked_in", "included"),
    "reasons.included_ineligible": ("included_ineligible", "included"),
    "reasons.included_unlisted": ("included_unlisted", "included"),
    "overlap.extreme_families_share_none": ("missed", "extreme"),
    "overlap.extreme_families_share_one": ("reached_by_one", "extreme"),
    "overlap.extreme_families_share_several": ("reached_by_several", "extreme"),
    "overlap.share_none": ("served_by_none", "families"),
    "overlap.share_one": ("served_by_one", "families"),
    "overlap.share_several": ("served_by_several", "families"),
}
COUNTED_BY_N = {  # what else n would give away, were it printed
    "targeting.benefit_rupiah": "recipients",
    "targeting.leakage_rupiah": "recipients",
    "targeting.unserved_rupiah": "recipients",
    "targeting.cgh_bottom_40": "recipients",
    "targeting.concentration_coefficient": "recipients",
    "targeting.unmatched_recipients": "names",
    "targeting.unmatched_rupiah": "names",
    "timeliness.months_late": "names",
    "timeliness.median_months_late": "names",
}
RELATIONS = [  # whole, parts, programme it holds for ("" = each)
    ("extreme", ("missed", "reached"), ""),
    ("recipients", ("included", "reached"), ""),
    ("missed", ("missed_unlisted", "missed_ranked_out", "missed_unserved"), ""),
    ("included", ("included_ranked_in", "included_ineligible", "included_unlisted"), ""),
    ("reached", ("reached_by_one", "reached_by_several"), "any"),
    ("recipients", ("served_by_one", "served_by_several"), "any"),
    ("families", ("served_by_none", "served_by_one", "served_by_several"), "any"),
]
PUBLIC = {"families": "registry.families", "extreme": "poverty.extreme_families"}


@dataclass
class Pencil:
    """Bounds on what a reader writes down: linear inequalities over named counts, none below zero."""

    place: dict[Name, int] = field(default_factory=dict)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def at_most(self, terms: dict[Name, float], limit: float) -> None:
        for name, factor in terms.items():
            self.entries.append((len(self.limits), self.place.setdefault(name, len(self.place)), factor))
        self.limits.append(limit)

    def about(self, terms: dict[Name, float], value: float, error: float = 1e-6) -> None:
        self.at_most(terms, value + error)
        self.at_most({name: -factor for name, factor in terms.items()}, error - value)

    def range(self, name: Name) -> tuple[float, float]:
        rows, columns, factors = zip(*self.entries, strict=True)
        matrix = csr_array((factors, (rows, columns)), shape=(len(self.limits), len(self.place)))
        aim = [float(column == self.place[name]) for column in range(len(self.place))]
        ends = []
        for sign in (1.0, -1.0):
            answer = linprog([sign * one for one in aim], matrix, self.limits, bounds=(0, None), method="highs")
            assert answer.status in (0, 3), answer.message
            ends.append(sign * answer.fun if answer.status == 0 else math.inf)
        return ends[0], ends[1]


def read(published: pd.DataFrame, truth: pd.DataFrame, programme: str) -> Pencil:
    """Everything that rows of one programme (``any``: of all together) say, area by area."""
    pencil = Pencil()
    names = truth["topic"] + "." + truth["indicator"]
    shown_rows = published[published["value"].notna()]
    printed = set(shown_rows["topic"] + "." + shown_rows["indicator"] + shown_rows["area"])
    exact = {
        what: {
            area: value
            for area, value in truth[names == public].set_index("area")["value"].items()
            if f"{public}{area}" in printed
        }
        for what, public in PUBLIC.items()
    }
    shown = published[published["value"].notna() & published["group"].eq("") & published["area"].str.len().le(7)]
    for row in shown[shown["programme"].isin([programme, "" if programme == "any" else programme])].itertuples():
        name = f"{row.topic}.{row.indicator}"
        if name in COUNTS:
            step = 10.0 ** math.floor(math.log10(max((row.high - row.low) / 8, 1))) if row.high > row.low else 1.0
            pencil.about({(COUNTS[name], row.area, programme): 1.0}, row.value, step / 2)
        if name in SHARES and row.n > 0:
            part, whole = SHARES[name]
            pencil.about({(part, row.area, programme): 1.0}, row.value * row.n, 0.00005 * row.n + row.value / 2)
            pencil.about({(whole, row.area, programme): 1.0}, row.n, 0.5)
        if name in COUNTED_BY_N and row.n > 0:
            pencil.about({(COUNTED_BY_N[name], row.area, programme): 1.0}, row.n, 0.5)
        if name == "targeting.targeting_differential" and row.area in exact["extreme"]:
            poor, others = exact["extreme"][row.area], exact["families"][row.area] - exact["extreme"][row.area]
            terms = {("reached", row.area, programme): 1 / poor, ("included", row.area, programme): -1 / others}
            pencil.about(terms, row.value, 0.00005)
    _add_sums(pencil, exact, set(truth.loc[names == PUBLIC["families"], "area"]), programme)
    return pencil


def _add_sums(pencil: Pencil, exact: dict[str, dict[str, float]], every: set[str], programme: str) -> None:
    areas = {area for area in every if len(area) <= 7}
    for area in areas:
        for what, of in exact.items():
            if area in of:
                pencil.about({(what, area, programme): 1.0}, of[area])
        pencil.about(
            {
                ("families", area, programme): 1.0,
                ("extreme", area, programme): -1.0,
                ("nonpoor", area, programme): -1.0,
            },
            0.0,
        )
        for whole, parts, only in RELATIONS:
            if only in ("", programme):
                pencil.about({(whole, area, programme): 1.0} | {(part, area, programme): -1.0 for part in parts}, 0.0)
    (kabupaten,) = {area for area in areas if len(area) == 4}
    for what in {name for name, _, _ in list(pencil.place)} - {"names", "unmatched", "late"}:  # some name no kecamatan
        places = [area for area in areas if len(area) == 7]
        pencil.about({(what, kabupaten, programme): 1.0} | {(what, area, programme): -1.0 for area in places}, 0.0)


def small(truth: pd.DataFrame, programme: str, minimum: int) -> list[Name]:
    """Counts of fewer families than the minimum that rows of a programme are about."""
    found = set()
    for row in truth[truth["group"].eq("") & truth["area"].str.len().le(7)].itertuples():
        name = f"{row.topic}.{row.indicator}"
        own = row.programme in (programme, "" if programme == "any" else programme)
        if name in COUNTS and own and 0 < row.value < minimum - 1e-9:
            found.add((COUNTS[name], row.area, programme))
    return sorted(found)
