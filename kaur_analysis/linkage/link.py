"""Who on a list is whom in the registry, with how much certainty: the room's door."""

from contextlib import suppress
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from kaur_analysis.cleaning import Clean
from kaur_analysis.contracts import LINKS, checked
from kaur_analysis.linkage.candidates import candidate_pairs, load_sides
from kaur_analysis.linkage.model import fit_and_score
from kaur_analysis.study import Study

# Share of the people on lists who are in the registry, where no NIK tells it.
WORKING_COVERAGE = 0.9
_COLUMNS = list(LINKS.columns)
# Of the recipients who are in the registry, how many are found by an exact NIK.
EXACT_RECALL = 0.95
_PER_FAMILY = ("keluarga", "rumah")
_BEST_NAME_LEVELS = (3, 4)  # "sangat mirip", "sama" in splink's order, the best level last


@dataclass(frozen=True)
class Linkage:
    """What linking found.

    Attributes
    ----------
    links
        Contract ``LINKS``: one row per recipient record. ``family`` and ``person`` are missing, and the method is
        ``unmatched``, where no candidate reaches the study's threshold; ``probability`` is then that of the best one.
    candidates
        Scored pairs: ``record, person, family, probability, method``, ``stated`` (the model's own probability, whatever
        a review answered) and the level of every comparison.
    parameters
        The fitted model: ``comparison, level, m, u, weight_log2``.
    """

    links: pd.DataFrame
    candidates: pd.DataFrame
    parameters: pd.DataFrame


def link(clean: Clean, study: Study, decisions: pd.DataFrame | None = None) -> Linkage:
    """Link recipients to registry people.

    Parameters
    ----------
    clean
        Cleaned recipients and registry with their tokens.
    study
        Its thresholds of linking and its seed.
    decisions
        Answers of a clerical review: ``record, person, same`` (0/1); they overrule the model.

    Returns
    -------
    Linkage

    Notes
    -----
    A record's candidates exclude each other: with odds o_k of candidate k against being nobody, the probability of
    candidate k is o_k / (1 + sum of all odds).

    References
    ----------
    Fellegi & Sunter (1969), JASA 64, for the model of comparisons.
    """
    recipients = clean.recipients
    if recipients.empty or clean.registry_keys.empty:
        return _nobody(recipients)
    with duckdb.connect(config={"threads": 1}) as connection:
        # The bar is drawn past Python, into whatever log there is. A kernel without ipywidgets draws none, and refuses.
        with suppress(duckdb.InvalidInputException):
            connection.execute("set enable_progress_bar = false")
        load_sides(connection, clean.registry_keys, clean.recipient_keys)
        candidate_pairs(connection)
        possible = float(len(recipients)) * len(clean.registry_keys)
        scored, parameters = fit_and_score(connection, _expected(clean), possible, study.seed)
    candidates = _with_probability(scored, clean, decisions)
    links = _assigned(candidates, recipients, study)
    return Linkage(checked(LINKS, links), candidates, parameters)


def _expected(clean: Clean) -> float:
    """Recipients expected to be in the registry: by the share of usable NIKs that are found there."""
    numbers = clean.recipient_keys["person_token"].dropna()
    if len(numbers) < 30:
        return WORKING_COVERAGE * len(clean.recipients)
    found = numbers.isin(clean.registry_keys["person_token"].dropna()).mean()
    return float(min(found / EXACT_RECALL, 0.99)) * len(clean.recipients)


def _with_probability(scored: pd.DataFrame, clean: Clean, decisions: pd.DataFrame | None) -> pd.DataFrame:
    odds = np.exp2(scored["match_weight"].clip(-100, 100))
    total = odds.groupby(scored["record"]).transform("sum")
    stated = odds / (1 + total)
    table = scored.assign(probability=stated, stated=stated)
    if decisions is not None and len(decisions):
        table = _decided(table, decisions)
    method = np.select(
        [table["nik"] == 2, table["nik"] == 1, (table["kk"] == 1) & table["nama"].isin(_BEST_NAME_LEVELS)],
        ["nik", "nik_one_error", "kk_name"],
        "probabilistic",
    )
    family = table["person"].map(clean.registry_keys.set_index("person")["family"])
    return table.assign(method=method, family=family)


def _decided(table: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """A yes makes a pair certain and its rivals impossible; a no makes it impossible."""
    answers = (
        table[["record", "person"]].merge(decisions, on=["record", "person"], how="left")["same"].to_numpy(dtype=float)
    )
    settled = table["record"].isin(decisions.loc[decisions["same"] == 1, "record"]).to_numpy()
    probability = np.where(answers == 1, 1.0, np.where((answers == 0) | settled, 0.0, table["probability"]))
    return table.assign(probability=probability)


def _assigned(candidates: pd.DataFrame, recipients: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Best candidate of each record, where it is sure enough and not taken by a better record of the same list."""
    best = candidates.sort_values(["record", "probability", "person"], ascending=[True, False, True])
    best = best.drop_duplicates("record").set_index("record")[["person", "family", "probability", "method"]]
    table = recipients.join(best, on="record")
    sure = np.array(table["probability"] >= study.thresholds.link_probability)
    units = {programme.code: programme.unit for programme in study.programmes}
    per_family = table["programme"].map(units).isin(_PER_FAMILY).to_numpy()
    order = table.assign(exact=table["method"] == "nik", sure=sure).sort_values(
        ["exact", "probability", "record"], ascending=[False, False, True]
    )
    order = order[order["sure"]]
    list_of = ["programme", "period"]
    taken = order.duplicated([*list_of, "person"])
    # Two members of a family may both stand on a list; only an exact NIK says so.
    taken |= order.duplicated([*list_of, "family"]) & ~order["exact"] & per_family[order.index]
    sure[order.index[taken]] = False
    return table.assign(
        family=table["family"].where(sure),
        person=table["person"].where(sure),
        probability=table["probability"].fillna(0.0).clip(0, 1),
        method=table["method"].where(sure, "unmatched"),
    )[_COLUMNS]


def _nobody(recipients: pd.DataFrame) -> Linkage:
    links = recipients.assign(
        family=pd.Series(None, index=recipients.index, dtype="str"),
        person=pd.Series(None, index=recipients.index, dtype="str"),
        probability=0.0,
        method="unmatched",
    )
    return Linkage(checked(LINKS, links[_COLUMNS]), pd.DataFrame(), pd.DataFrame())


def latest(links: pd.DataFrame) -> pd.DataFrame:
    """Links or recipients of each programme's latest period: what counts as receipt today.

    Parameters
    ----------
    links
        Links or recipients with ``programme`` and ``period``.

    Returns
    -------
    The rows of the latest periods.
    """
    return links[links["period"] == links.groupby("programme")["period"].transform("max")]


def any_reach(links: pd.DataFrame) -> pd.Series:
    """Probability by family that at least one programme reaches it today, lists taken as independent of each other.

    Parameters
    ----------
    links
        Table of contract ``LINKS``.

    Returns
    -------
    Probability, indexed by family.
    """
    missed = 1 - reach(latest(links)).set_index("family")["received"]
    return 1 - missed.groupby(level="family").prod()


def reach(links: pd.DataFrame) -> pd.DataFrame:
    """Which family each programme reached, with what probability and how much.

    Parameters
    ----------
    links
        Table of contract ``LINKS``.

    Returns
    -------
    DataFrame
        One row per family, programme and period: ``received`` (probability that at least one of its links is right),
        ``rupiah_year`` (sum of what its links were paid if right; missing where no amount is known) and
        ``units_received`` (its different people on the list; missing where the list names families).
    """
    found = links.dropna(subset="family")
    missed = 1 - found["probability"]
    grouped = found.assign(missed=missed).groupby(["family", "programme", "period"], as_index=False)
    table = grouped.agg(
        missed=("missed", "prod"),
        rupiah_year=("rupiah_year", "sum"),
        amounts=("rupiah_year", "count"),
        people=("person", "nunique"),
    )
    return table.assign(
        received=1 - table["missed"],
        rupiah_year=table["rupiah_year"].where(table["amounts"] > 0),
        units_received=table["people"].astype(float).where(table["people"] > 0),
    )[["family", "programme", "period", "received", "rupiah_year", "units_received"]]
