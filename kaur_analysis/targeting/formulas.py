"""Targeting measures as functions of totals; domain sources stand beside the definitions in ``definitions.yaml``.

Sources: Coady, Grosh & Hoddinott (2004); Ravallion (2009) for the targeting differential; Kakwani, Wagstaff &
van Doorslaer (1997) for the concentration index; Alatas et al. (2012) for the error rate.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kaur_analysis.targeting.inputs import Array
from kaur_analysis.targeting.totals import Totals, bottom_name

Formula = Callable[[Totals], Array]


def total(name: str) -> Formula:
    """The total itself."""
    return lambda totals: totals[name]


def ratio(above: str, below: str) -> Formula:
    """One total over another."""
    return lambda totals: totals[above] / totals[below]


def _concentration(t: Totals) -> Array:
    return 2 * t["benefit_by_rank"] / t["benefit"] - 1


def _gini(t: Totals) -> Array:
    return 2 * t["welfare_by_rank"] / t["welfare"] - 1


def _differential(t: Totals) -> Array:
    return t["poor_recipients"] / t["poor"] - (t["recipients"] - t["poor_recipients"]) / (t["population"] - t["poor"])


def _normalised_differential(t: Totals) -> Array:
    difference = t["poor_benefit"] / t["poor"] - (t["benefit"] - t["poor_benefit"]) / (t["population"] - t["poor"])
    return difference / (t["benefit"] / t["population"])


def _rank_correlation(t: Totals) -> Array:
    centre = t["population"] / 4  # mid-ranks have mean ½
    spread = (t["rank_squared"] - centre) * (t["benefit_rank_squared"] - centre)
    return (t["benefit_rank_product"] - centre) / np.sqrt(spread)


COUNTING: Mapping[str, Formula] = {
    "poor": lambda t: t["poor"],
    "recipients": lambda t: t["recipients"],
    "missed_poor": lambda t: t["poor"] - t["poor_recipients"],
    "included_nonpoor": lambda t: t["recipients"] - t["poor_recipients"],
    "coverage": lambda t: t["recipients"] / t["population"],
    "exclusion_error": lambda t: (t["poor"] - t["poor_recipients"]) / t["poor"],
    "inclusion_error": lambda t: (t["recipients"] - t["poor_recipients"]) / t["recipients"],
    "inclusion_error_nonpoor": lambda t: (t["recipients"] - t["poor_recipients"]) / (t["population"] - t["poor"]),
    "true_positive_rate": lambda t: t["poor_recipients"] / t["poor"],
    "false_positive_rate": lambda t: (t["recipients"] - t["poor_recipients"]) / (t["population"] - t["poor"]),
    "precision": lambda t: t["poor_recipients"] / t["recipients"],
    "error_rate": lambda t: (t["poor"] + t["recipients"] - 2 * t["poor_recipients"]) / t["population"],
    "targeting_differential": _differential,
    "normalised_targeting_differential": _normalised_differential,
    "cgh_index": lambda t: (t["poor_benefit"] / t["benefit"]) / (t["poor"] / t["population"]),
    "auc": lambda t: t["concordant"] / (t["poor"] * (t["population"] - t["poor"])),
}
RUPIAH: Mapping[str, Formula] = {
    "benefit_rupiah": lambda t: t["benefit"],
    "leakage_rupiah": lambda t: t["benefit"] - t["poor_benefit"],
    "leakage_share": lambda t: (t["benefit"] - t["poor_benefit"]) / t["benefit"],
    "unserved_rupiah": lambda t: (t["poor"] - t["poor_recipients"]) * t["benefit"] / t["recipients"],
    "mean_benefit": lambda t: t["benefit"] / t["recipients"],
}
RANKED: Mapping[str, Formula] = {
    "concentration_coefficient": _concentration,
    "rank_correlation": _rank_correlation,
}
MONETARY: Mapping[str, Formula] = {
    "gini": _gini,
    "kakwani": lambda t: _concentration(t) - _gini(t),
}


def _bottom(share: float) -> Formula:
    key = bottom_name(share)
    return lambda t: t[key] / t["benefit"] / share


def formulas(*, rupiah: bool, ranked: bool, monetary: bool, bottom: Sequence[float]) -> dict[str, Formula]:
    """The measures that the inputs at hand allow, by name."""
    chosen = dict(COUNTING)
    if rupiah:
        chosen |= RUPIAH
    if ranked:
        chosen |= RANKED
        chosen |= {f"cgh_bottom_{100 * share:g}": _bottom(share) for share in bottom}
    if ranked and monetary:
        chosen |= MONETARY
    return chosen


def evaluate(chosen: Mapping[str, Formula], sums: Totals) -> dict[str, Array]:
    """Values of all measures; undefined ones (no poor family, no recipient) are NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: np.asarray(formula(sums)) for name, formula in chosen.items()}
    return {name: np.where(np.isfinite(value), value, np.nan) for name, value in values.items()}


def linearised(formula: Formula, sums: Totals, influence: Totals, codes: Array) -> Array:
    """First-order influence of every family on a measure of its own class (rows).

    Gradients are complex-step derivatives of the formula: exact to rounding, no differences taken.
    """
    step = 1e-30
    result = np.zeros(len(codes))
    plain = {name: values[:, 0].astype(complex) for name, values in sums.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, z in influence.items():
            scale = np.where(plain[name].real != 0, np.abs(plain[name].real), 1.0)
            gradient = np.asarray(formula({**plain, name: plain[name] + 1j * step * scale})).imag / (step * scale)
            result += np.where(np.isfinite(gradient), gradient, 0.0)[codes] * z
    return result
