"""What the charts of notebook 03 say: facts taken from the tables, and the sentence that a rule makes of them."""

import math
import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from kaur_analysis.formats import number, percent_words, rupiah_short
from kaur_analysis.reference import read_yaml

Fact = float | str | bool
Facts = Mapping[str, Fact]
REASON_NAMES = {
    "unlisted": "belum terdaftar",
    "ranked_out": "peringkat di luar syarat program",
    "unserved": "memenuhi syarat, belum dilayani",
    "graduated": "sudah tidak miskin lagi",
    "ranked_in": "peringkat yang memasukkannya",
    "ineligible": "dilayani di luar syarat",
}
REASON_NAMES_OF_RECIPIENTS = REASON_NAMES | {"unlisted": "di luar daftar keluarga sasaran"}
YARDSTICKS = ("none", "perfect", "model_unadjusted")  # no way that an office could choose, or one shown twice
UNION = "any"


@cache
def rule_table() -> dict[str, list[dict[str, Any]]]:
    """The rules as data (``targeting_findings.yaml``)."""
    return dict(read_yaml(Path(__file__).with_name("targeting_findings.yaml")))


class _Words(string.Formatter):
    """Numbers as running text has them; ``minimum`` families are the fewest told apart."""

    def __init__(self, minimum: int) -> None:
        self.minimum = minimum

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "persen":
            return percent_words(value, 0)
        if spec == "persen2":
            return percent_words(value, 2)
        if spec == "poin":
            return f"{number(100 * value)} poin persen"
        if spec == "jumlah":
            return number(value)
        if spec == "satu":
            return number(value, 1)
        if spec == "rupiah":
            return rupiah_short(value)
        if spec == "keluarga":
            few = 0 < round(value) < self.minimum
            return f"kurang dari {self.minimum} keluarga" if few else f"{number(value)} keluarga"
        return str(super().format_field(value, spec))


def sentence(question: str, facts: Facts, minimum: int = 5) -> str:
    """The finding of a question: what the first rule that holds says of the facts."""
    for rule in rule_table()[question]:
        if _holds(rule, facts):
            said = _Words(minimum).format(rule["say"], **facts)
            return said[:1].upper() + said[1:]
    raise LookupError(f"no rule of {question!r} holds for {dict(facts)}")


def _holds(rule: Mapping[str, Any], facts: Facts) -> bool:
    return (
        all(_known(facts.get(name)) >= bound for name, bound in rule.get("at_least", {}).items())
        and all(_known(facts.get(name)) < bound for name, bound in rule.get("below", {}).items())
        and all(facts.get(name) is wanted for name, wanted in rule.get("is", {}).items())
    )


def _known(value: Fact | None) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def reach_facts(targeting: pd.DataFrame, names: Mapping[str, str]) -> Facts:
    """Programmes' reach among the extreme poor: the widest and the narrowest, and whether they differ beyond error."""
    rows = _of_all(targeting, "true_positive_rate").dropna(subset="value")
    rows = rows[rows["programme"] != UNION].sort_values(["value", "programme"], ascending=[False, True])
    if rows.empty:
        return {"programmes": 0}
    best, worst = rows.iloc[0], rows.iloc[-1]
    return {
        "programmes": len(rows),
        "best": names.get(best["programme"], best["programme"]),
        "best_share": float(best["value"]),
        "worst": names.get(worst["programme"], worst["programme"]),
        "worst_share": float(worst["value"]),
        "differ": bool(best["low"] > worst["high"]),
    }


def without_facts(overlap: pd.DataFrame, minimum: int = 5) -> Facts:
    """The extreme poor without any programme at all."""
    number_of, share = (_of_all(overlap, name).iloc[0] for name in ("poor_none", "poor_share_none"))
    return {
        "none": float(number_of["value"]),
        "few": bool(round(number_of["value"]) < minimum),
        "low": float(number_of["low"]),
        "high": float(number_of["high"]),
        "share": float(share["value"]),
        "extreme": float(share["n"]),
    }


def reason_facts(reasons: pd.DataFrame, side: str) -> Facts:
    """Cases of a side (``missed``, ``included``) and the reason that most of them have."""
    parts = reason_parts(reasons, side)
    cases = float(parts.sum())
    if not cases > 0:
        return {"cases": 0.0}
    return {"cases": cases, "largest": str(parts.index[0]), "largest_share": float(parts.iloc[0]) / cases}


def reason_parts(reasons: pd.DataFrame, side: str) -> pd.Series:
    """Expected families by the name of their reason, the most first."""
    names = REASON_NAMES if side == "missed" else REASON_NAMES_OF_RECIPIENTS
    whole = reasons[reasons["group"] == "all"]
    rows = whole[whole["measure"].str.fullmatch(f"{side}_.*_families")]
    reason = rows["measure"].str.removeprefix(f"{side}_").str.removesuffix("_families")
    parts = pd.Series(rows["value"].to_numpy(), index=reason.map(names).to_numpy())
    return parts.sort_values(ascending=False, kind="stable")


def reason_facts_by_programme(reasons: pd.DataFrame, error: str, names: Mapping[str, str]) -> Facts:
    """The reason that leads in most programmes, where it weighs most, and what leads in the others.

    Parameters
    ----------
    reasons
        Table of :func:`kaur_analysis.targeting.error_decomposition`; measures ``<error>_<reason>``, group ``all``.
    error
        ``exclusion`` or ``inclusion``.
    """
    words = REASON_NAMES if error == "exclusion" else REASON_NAMES_OF_RECIPIENTS
    rows = reasons[reasons["measure"].str.startswith(f"{error}_") & (reasons["group"] == "all")]
    rows = rows[rows["value"] > 0].sort_values(["programme", "value", "measure"], ascending=[True, False, True])
    first = rows.drop_duplicates("programme")
    if first.empty:
        return {"programmes": 0}
    reason = first["measure"].str.removeprefix(f"{error}_").map(words)
    leading = str(reason.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[0])
    own = first[reason == leading].sort_values(["value", "programme"], ascending=[False, True])
    most = own.iloc[0]
    return {
        "programmes": len(first),
        "reason": leading,
        "leading": len(own),
        "same": len(own) == len(first),
        "others": " atau ".join(sorted(set(reason) - {leading})),
        "programme": names.get(most["programme"], most["programme"]),
        "share": float(most["value"]),
    }


def incidence_facts(incidence: pd.DataFrame) -> Facts:
    """Shares of all programmes' rupiah that the poorest and the richest four tenths get."""
    rows = _of_all(incidence, "benefit_share")
    rows = rows[rows["programme"] == UNION] if (rows["programme"] == UNION).any() else rows
    share = rows.assign(tenth=rows["quantile"].astype(int)).groupby("tenth")["value"].mean()
    if share.isna().any() or len(share) != 10:
        return {"known": False}
    return {"known": True, "bottom": float(share.loc[:4].sum()), "top": float(share.loc[7:].sum())}


def concentration_facts(curve: pd.DataFrame, names: Mapping[str, str], bottom: float = 0.2) -> Facts:
    """Share of each programme's rupiah that the poorest fifth gets: the most and the least concentrated."""
    whole = curve[(curve["group"] == "all") & ~curve["programme"].isin(["welfare", UNION])]
    at = whole[(whole["population"] - bottom).abs() < 1e-9].set_index("programme")["share"].sort_index()
    at = at.sort_values(ascending=False, kind="stable")
    if at.empty:
        return {"programmes": 0}
    return {
        "programmes": len(at),
        "best": names.get(str(at.index[0]), str(at.index[0])),
        "best_share": float(at.iloc[0]),
        "worst": names.get(str(at.index[-1]), str(at.index[-1])),
        "worst_share": float(at.iloc[-1]),
        "any_towards_poor": bool(at.iloc[0] > bottom),
        "any_towards_rich": bool(at.iloc[-1] < bottom),
    }


def scenario_facts(scenarios: pd.DataFrame, names: Mapping[str, str]) -> Facts:
    """The best way that could be chosen, beside what was delivered and what perfect information could do."""
    rows = scenarios[(scenarios["measure"] == "headcount_after") & (scenarios["budget_share"].sub(1).abs() < 1e-9)]
    rows = rows.set_index("programme")
    if "delivered" not in rows.index:
        return {"known": False}
    others = rows.drop(index=[*YARDSTICKS, "delivered"], errors="ignore")
    best = str(others["value"].sort_index().idxmin())
    delivered = rows.loc["delivered"]
    return {
        "known": True,
        "delivered": float(delivered["value"]),
        "best": f"cara “{names.get(best, best)}”",
        "best_share": float(rows.at[best, "value"]),
        "gain": float(delivered["value"] - rows.at[best, "value"]),
        "certain": bool(rows.at[best, "high"] < delivered["low"]),
        "perfect": float(rows.at["perfect", "value"]),
    }


def beyond_model_facts(codes: Sequence[str], names: Mapping[str, str]) -> Facts:
    """The ways of choosing that may know what the model does not."""
    named = [f"“{names.get(code, code)}”" for code in codes]
    listed = " dan ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))
    return {"ways": len(named), "names": f"Cara {listed}"}


def informed_facts(stated: float, informed: float, way: str) -> Facts:
    """Between what and what the error of a way lies whose knowledge its judge does not share.

    Parameters
    ----------
    stated
        Exclusion error if the way knows no more than the model.
    informed
        The same if it knows the most that its disagreement with the model allows.
    way
        Its name.
    """
    return {"way": f"“{way}”", "stated": stated, "informed": informed}


def fairness_facts(fairness: pd.DataFrame, significant: float = 0.05) -> Facts:
    """Groups whose poor are missed more often than all others beyond chance, many comparisons accounted for."""
    rows = fairness[(fairness["measure"] == "exclusion_error") & (fairness["difference"] > 0)]
    rows = rows[rows["p_adjusted"] < significant].sort_values("difference", ascending=False, kind="stable")
    if rows.empty:
        return {"groups": 0}
    worst = rows.iloc[0]
    return {
        "groups": len(rows),
        "group": f"{worst['characteristic']} {worst['group']}",
        "share": float(worst["value"]),
        "difference": float(worst["difference"]),
    }


def fairer_facts(offer: pd.DataFrame) -> Facts:
    """The group that loses most now, and what becomes of it by the model's ranking and by the calibrated one.

    Parameters
    ----------
    offer
        Table of ``fairer_ranking``; empty where no group loses.
    """
    if offer.empty:
        return {"offered": False}
    now = offer[offer["programme"] == "any_programme"].sort_values("difference", ascending=False, kind="stable").iloc[0]
    same = (offer["characteristic"] == now["characteristic"]) & (offer["group"] == now["group"])
    ways = offer[same].set_index("programme")
    return {
        "offered": True,
        "group": f"{now['characteristic']} {now['group']}",
        "now": float(now["value"]),
        "gap_now": float(now["difference"]),
        "model": float(ways.at["model", "value"]),
        "calibrated": float(ways.at["calibrated", "value"]),
        "gap_calibrated": float(ways.at["calibrated", "difference"]),
        "narrowed": float(now["difference"] - ways.at["calibrated", "difference"]),
    }


def lateness_facts(table: pd.DataFrame, names: Mapping[str, str], minimum: int = 5) -> Facts:
    """The programme that pays latest, and the kecamatan where it does.

    Parameters
    ----------
    table
        Table of :func:`kaur_analysis.targeting.timeliness` by kecamatan.
    minimum
        Fewest payments that a place is named by.
    """
    rows = table[table["n"] >= minimum] if len(table) else table
    whole = _of_all(rows, "months_late").sort_values(["value", "programme"], ascending=[False, True])
    if whole.empty:
        return {"programmes": 0}
    most = whole.iloc[0]
    own = rows[rows["programme"] == most["programme"]]
    places = own[(own["measure"] == "months_late") & ~own["group"].isin(["all", "unknown"])]
    places = places.sort_values(["value", "group"], ascending=[False, True])
    place = str(places["group"].iloc[0]) if len(places) else ""
    return {
        "programmes": len(whole),
        "programme": names.get(most["programme"], most["programme"]),
        "months": float(most["value"]),
        "late": float(_of_all(own, "late_share")["value"].iloc[0]),
        "places": len(places) > 1,
        "place": names.get(place, place),
        "worst": float(places["value"].iloc[0]) if len(places) else math.nan,
    }


def movement_facts(movement: pd.DataFrame, names: Mapping[str, str]) -> Facts:
    """The programme and step of time in which most families left a list."""
    rows = movement[(movement["measure"] == "left") & (movement["group"] == "all")] if len(movement) else movement
    if rows.empty:
        return {"programmes": 0}
    most = rows.sort_values("value", ascending=False, kind="stable").iloc[0]
    same = (movement[["programme", "start", "end"]] == most[["programme", "start", "end"]]).all(axis=1)
    own = movement[same & (movement["group"] == "all")].set_index("measure")["value"]
    return {
        "programmes": rows["programme"].nunique(),
        "programme": names.get(most["programme"], most["programme"]),
        "start": str(most["start"]),
        "end": str(most["end"]),
        "left": float(own["exit_rate"]),
        "still_poor": float(own["leavers_still_poor"]),
    }


def _of_all(table: pd.DataFrame, measure: str | Sequence[str]) -> pd.DataFrame:
    wanted = [measure] if isinstance(measure, str) else list(measure)
    return table[table["measure"].isin(wanted) & (table["group"] == "all")]
