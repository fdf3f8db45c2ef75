"""Who on a list is whom in the registry, with how much certainty: the room's door.

A list is the recipients of a programme in a period. Each is linked by itself: another list that changes leaves it as it
was. What fits the model is imported where a list must be linked: most runs know the links of nearly all lists.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from kaur_analysis.cleaning import Clean
from kaur_analysis.contracts import LINKS, checked
from kaur_analysis.linkage.review import GREY
from kaur_analysis.study import Study

if TYPE_CHECKING:
    import duckdb

# Share of the people on lists who are in the registry, where no NIK tells it.
WORKING_COVERAGE = 0.9
# A list whose numbers are not the registry's may name its people all the same: their names must be able to say so.
LEAST_COVERAGE = 0.5
# Of the recipients who are in the registry, how many are found by an exact NIK.
EXACT_RECALL = 0.95
_COLUMNS = list(LINKS.columns)
_LIST = ["programme", "period"]
_CARRIED = ["record", *_LIST, "kecamatan", "desa", "rupiah_year"]  # from recipients to links
_ANSWER = {"record": "str", "person": "str", "same": "int64"}
_PER_FAMILY = ("keluarga", "rumah")


@dataclass(frozen=True)
class Linkage:
    """What linking found.

    Attributes
    ----------
    links
        Contract ``LINKS``: one row per recipient record. ``family`` and ``person`` are missing, and the method is
        ``unmatched``, where no candidate reaches the study's threshold; ``probability`` is then that of the best one.
    candidates
        Scored pairs, of each record the likeliest one and whatever is not nearly impossible, and all pairs of records
        that a review judged: ``record, person, family, match_weight, method, probability, stated`` (the model's own
        probability, whatever a review answered).
    parameters
        The fitted model of each list: ``programme, period, comparison, level, m, u, weight_log2``.
    """

    links: pd.DataFrame
    candidates: pd.DataFrame
    parameters: pd.DataFrame


def registry_to_link(clean: Clean, study: Study) -> dict[str, Any]:
    """What :func:`link_lists` is given of the registry: nothing that hangs on a list.

    Parameters
    ----------
    clean, study
        As :func:`link` is given them.

    Returns
    -------
    Its arguments by name.
    """
    return {"keys": clean.registry_keys.drop(columns=["record", "nik_masks"], errors="ignore"), "seed": study.seed}


def lists_to_link(clean: Clean, study: Study, decisions: pd.DataFrame | None = None) -> dict[str, dict[str, Any]]:
    """What :func:`link_lists` is given of each list: nothing that hangs on another one.

    Parameters
    ----------
    clean, study, decisions
        As :func:`link` is given them.

    Returns
    -------
    Tables and settings by name, by the list's name, which a file can bear; of no list where there is no registry.
    """
    if clean.recipients.empty or clean.registry_keys.empty:
        return {}
    units = {programme.code: programme.unit for programme in study.programmes}
    # Of the same types with and without answers: a list without any is the same whoever judges another one.
    answers = (pd.DataFrame(columns=list(_ANSWER)) if decisions is None else decisions)[list(_ANSWER)].astype(_ANSWER)
    near = _one_digit_off(clean)
    keys = clean.recipient_keys.drop(columns="nik_masks")
    place = pd.Index(clean.recipients["record"])
    near_row, answer_row = (place.get_indexer(table["record"]) for table in (near, answers))
    given = {}
    for (programme, period), rows in _rows_of_lists(clean).items():
        given[quote(f"{programme}.{period}", safe="")] = {
            "recipients": clean.recipients[_CARRIED].iloc[rows].reset_index(drop=True),
            "keys": keys.iloc[rows].reset_index(drop=True),
            "near": near[np.isin(near_row, rows)].reset_index(drop=True),
            "answers": answers[np.isin(answer_row, rows)].reset_index(drop=True),
            "per_family": units.get(programme) in _PER_FAMILY,
            "least": study.thresholds.link_probability,
        }
    return given


def link_lists(
    lists: Mapping[str, Mapping[str, Any]],
    keys: pd.DataFrame,
    seed: int,
    known: Callable[[Callable[[], pd.DataFrame]], pd.DataFrame] = lambda work: work(),
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    """Link some of the lists; the registry is put into a database once for all of them.

    Parameters
    ----------
    lists
        Of :func:`lists_to_link`.
    keys, seed
        From :func:`registry_to_link`.
    known
        Given what works out how often people of the registry agree by chance, returns that: who knows what was worked
        out of the same ``keys`` and ``seed`` need not work it out again.

    Returns
    -------
    Links, candidates and parameters of a :class:`Linkage`, by list.
    """
    if not lists:
        return {}
    import duckdb

    from kaur_analysis.linkage.candidates import load_registry
    from kaur_analysis.linkage.model import usual_u

    with duckdb.connect(config={"threads": 1}) as connection:
        # The bar is drawn past Python, into whatever log there is. A kernel without ipywidgets draws none, and refuses.
        with suppress(duckdb.InvalidInputException):
            connection.execute("set enable_progress_bar = false")
        load_registry(connection, keys)
        usual = known(partial(usual_u, connection, seed))
        registry = _Registry(connection, keys[["person", "family"]], usual)
        return {name: _link_list(registry, **own) for name, own in lists.items()}


def link(
    clean: Clean,
    study: Study,
    decisions: pd.DataFrame | None = None,
    by_list: Callable[..., Mapping[str, Sequence[pd.DataFrame]]] = link_lists,
) -> Linkage:
    """Link recipients to registry people, list by list.

    Parameters
    ----------
    clean
        Cleaned recipients and registry with their tokens.
    study
        Its thresholds of linking and its seed.
    decisions
        Answers of a clerical review: ``record, person, same`` (0/1); they overrule the model.
    by_list
        What links the lists: :func:`link_lists`, or who knows what that made of the very same lists.

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
    return together(by_list(lists_to_link(clean, study, decisions), **registry_to_link(clean, study)), clean)


def together(parts: Mapping[str, Sequence[pd.DataFrame]], clean: Clean) -> Linkage:
    """The lists' links in the order of the recipients, their candidates in the order of the records.

    Parameters
    ----------
    parts
        Tables of :func:`link_lists`, by list in the order of :func:`lists_to_link`.
    clean
        The recipients.

    Returns
    -------
    Linkage
    """
    if not parts:
        return _nobody(clean.recipients)
    links, candidates, parameters = (pd.concat(each, ignore_index=True) for each in zip(*parts.values(), strict=True))
    place = np.argsort(np.concatenate(list(_rows_of_lists(clean).values())))
    return Linkage(
        checked(LINKS, links.iloc[place].reset_index(drop=True)),
        candidates.sort_values("record", kind="stable", ignore_index=True),
        parameters,
    )


@dataclass(frozen=True)
class _Registry:
    """The registry in a database: its people in the order of their rows, and agreements by chance."""

    connection: "duckdb.DuckDBPyConnection"
    people: pd.DataFrame
    usual: pd.DataFrame


def _link_list(
    registry: _Registry,
    recipients: pd.DataFrame,
    keys: pd.DataFrame,
    near: pd.DataFrame,
    answers: pd.DataFrame,
    per_family: bool,
    least: float,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    from kaur_analysis.linkage.candidates import candidate_pairs, load_list
    from kaur_analysis.linkage.model import fit_and_score

    load_list(registry.connection, keys, near)
    candidate_pairs(registry.connection)
    possible = float(len(recipients)) * len(registry.people)
    expected = _share_found(registry.connection) * len(recipients)
    scored, parameters = fit_and_score(registry.connection, expected, possible, registry.usual)
    candidates = _with_probability(scored, keys["record"], registry.people, answers)
    for place, name in enumerate(_LIST):
        parameters.insert(place, name, recipients[name].iloc[0])
    return _assigned(candidates, recipients, per_family, least), candidates, parameters


def _rows_of_lists(clean: Clean) -> dict[tuple[str, str], np.ndarray]:
    """Rows of the recipients of each list."""
    rows = clean.recipients.groupby(_LIST).indices
    return {(str(programme), str(period)): own for (programme, period), own in sorted(rows.items())}


def _one_digit_off(clean: Clean) -> pd.DataFrame:
    """Numbers of the registry that differ from a recipient's in one digit: ``record, person_token``.

    The registry has the masks that any list shares with it. Which numbers are near a recipient's hangs on no other one.
    """
    recipients, registry = (
        table[[name, "nik_masks"]]
        .dropna()
        .astype("str")
        .assign(mask=lambda t: t["nik_masks"].str.split(" "))
        .explode("mask")
        for table, name in ((clean.recipient_keys, "record"), (clean.registry_keys, "person_token"))
    )
    near = recipients.merge(registry, on="mask")[["record", "person_token"]].astype("str").drop_duplicates()
    return near.sort_values(["record", "person_token"], ignore_index=True)


def _share_found(connection: "duckdb.DuckDBPyConnection") -> float:
    """Share of a list's people expected in the registry: by the share of usable NIKs that are found there."""
    from kaur_analysis.linkage.candidates import counted

    numbers, found = counted(
        connection,
        "select count(number), count(number) filter (number in (select number from registry where number is not null)) "
        "from recipients",
    )
    return min(max(found / numbers / EXACT_RECALL, LEAST_COVERAGE), 0.99) if numbers >= 30 else WORKING_COVERAGE


def _with_probability(
    scored: pd.DataFrame, records: pd.Series, registry: pd.DataFrame, answers: pd.DataFrame
) -> pd.DataFrame:
    """Candidates with their probability, of whatever may yet be looked at; rows of both sides become their names."""
    odds = np.exp2(scored["match_weight"].clip(-100, 100))
    stated = odds / (1 + odds.groupby(scored["record"]).transform("sum"))
    judged = np.flatnonzero(records.isin(answers["record"]))
    kept = (stated > GREY[0]) | ~scored["record"].duplicated() | scored["record"].isin(judged)
    table, people = scored[kept], registry.take(scored["person"][kept])
    table = table.assign(
        record=records.take(table["record"]).to_numpy(),
        person=people["person"].to_numpy(),
        family=people["family"].to_numpy(),
        probability=stated[kept],
        stated=stated[kept],
    ).astype({"record": "str", "person": "str", "family": "str", "method": "str"})
    order = ["record", "match_weight", "person"]
    return _decided(table.sort_values(order, ascending=[True, False, True], ignore_index=True), answers)


def _decided(table: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """A yes makes a pair certain and its rivals impossible; a no makes it impossible."""
    if decisions.empty:
        return table
    answers = (
        table[["record", "person"]].merge(decisions, on=["record", "person"], how="left")["same"].to_numpy(dtype=float)
    )
    settled = table["record"].isin(decisions.loc[decisions["same"] == 1, "record"]).to_numpy()
    probability = np.where(answers == 1, 1.0, np.where((answers == 0) | settled, 0.0, table["probability"]))
    return table.assign(probability=probability)


def _assigned(candidates: pd.DataFrame, recipients: pd.DataFrame, per_family: bool, least: float) -> pd.DataFrame:
    """Best candidate of each record of a list, where it is sure enough and not taken by a better record."""
    best = candidates.sort_values(["record", "probability", "person"], ascending=[True, False, True])
    best = best.drop_duplicates("record").set_index("record")[["person", "family", "probability", "method"]]
    table = recipients.join(best, on="record")
    sure = np.array(table["probability"] >= least)
    order = table.assign(exact=table["method"] == "nik")[sure].sort_values(
        ["exact", "probability", "record"], ascending=[False, False, True]
    )
    taken = order.duplicated("person")
    if per_family:  # Two members of a family may both stand on a list; only an exact NIK says so.
        taken |= order.duplicated("family") & ~order["exact"]
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
        Columns ``family, programme, period, probability`` of contract ``LINKS``.

    Returns
    -------
    Probability, indexed by family.
    """
    missed = 1 - _received(latest(links).dropna(subset="family"))
    return 1 - missed.groupby(level="family").prod()


def _received(found: pd.DataFrame) -> pd.Series:
    """Probability by family, programme and period that at least one of the links is right."""
    return 1 - (1 - found["probability"]).groupby([found[name] for name in ("family", "programme", "period")]).prod()


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
