"""Step 01: from the office's files to one row per family, person, survey household and recipient."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from kaur_analysis.cleaning import Clean, clean
from kaur_analysis.cleaning.registry import RegistryRows, RegistryTables, unify
from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import (
    Findings,
    Intake,
    Shelf,
    is_on_shelf,
    keep_vault,
    keys_for,
    put_on_shelf,
    read_study,
    rejection,
    write_findings_workbook,
)
from kaur_analysis.linkage import (
    Linkage,
    grey_pairs,
    latest,
    link,
    link_lists,
    load_decisions,
    probability_classes,
    reach,
)
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import Tables, each_recalled, recalled
from kaur_analysis.pipeline.steps import give_back
from kaur_analysis.reference import Area
from kaur_analysis.study import Study


def read_inputs(edition: Edition) -> Intake:
    """Read every source and pseudonymise people; their identities, encrypted, wait until cleaning has accepted them.

    Sources that stayed as they were are taken from the shelf, sealed with the same key.
    """
    shelf = _shelf(edition)
    return read_study(edition.study, shelf.keys, edition.vault, shelf=shelf)


def is_read(edition: Edition, name: str) -> bool:
    """Whether the shelf holds a source as its files are now."""
    return is_on_shelf(edition.study, name, _shelf(edition))


def read_ahead(edition: Edition, name: str) -> None:
    """Read one source onto the shelf, so that :func:`read_inputs` finds it there."""
    put_on_shelf(edition.study, name, _shelf(edition))


def _shelf(edition: Edition) -> Shelf:
    return Shelf(edition.shelf, edition.program_hash, keys_for(edition.study.synthetic))


def clean_inputs(edition: Edition, intake: Intake) -> Clean:
    """Clean and store, the identities into the vault; findings also go to a workbook that the office can act on.

    Raises
    ------
    DataRejected
        Cleaning found more than the study tolerates of a rule.
    """
    give_back()  # of what reading held; cleaning holds the most memory of the step
    cleaned = clean(intake, edition.study, partial(_unified, edition))
    if reason := rejection(cleaned.findings, edition.study):
        raise DataRejected(reason, cleaned.findings)
    store = edition.store
    for name in (
        "families",
        "former_codes",
        "persons",
        "survey",
        "recipients",
        "findings",
        "set_aside",
        "accounting",
        "audit",
    ):
        store.write(f"clean/{name}", getattr(cleaned, name))
    keep_vault(edition.vault)
    write_findings_workbook(
        cleaned.findings, cleaned.accounting, store.path("clean/temuan", ".xlsx"), edition.study.synthetic
    )
    store.write_facts("clean/key", {"key": keys_for(edition.study.synthetic).key_id})
    return cleaned


def _unified(edition: Edition, rows: RegistryRows, study: Study, findings: Findings) -> RegistryTables:
    """The registry as it was made of the same rows the last time: another list of recipients changes nothing of it."""
    *tables, said, set_aside = recalled(edition, "registri", _unify, rows=rows, study=study, area=study.reference)
    findings.take(said, set_aside, [])
    return RegistryTables(*tables)


def _unify(rows: RegistryRows, study: Study, area: Area) -> Tables:
    """Tables of the registry and what is to be said of its rows; the study names the area, whose content may change."""
    findings = Findings()
    made = unify(rows, study, findings)
    return [made.families, made.persons, made.places, made.former, findings.table(), findings.set_aside_table()]


def let_go(intake: Intake) -> None:
    """Nothing: it takes the place of the records as read, whose memory linking needs."""


def link_recipients(edition: Edition, cleaned: Clean) -> Linkage:
    """Find recipients in the registry; who is not found is a class of its own, and doubtful pairs can be judged."""
    give_back()  # of tables that are gone
    decisions = load_decisions(edition.study.folder, cleaned.recipient_keys)
    linkage = link(cleaned, edition.study, decisions, partial(_by_list, edition))
    doubtful = grey_pairs(linkage.candidates, cleaned.registry_keys, cleaned.recipient_keys)
    edition.store.write("clean/grey_pairs", doubtful)
    proposals = tuple(f"{source.name}:" for source in edition.study.sources if source.proposal)
    proposed = linkage.links["record"].str.startswith(proposals)
    links = linkage.links[~proposed]
    edition.store.write("clean/links", links)
    asked = set(cleaned.survey.columns)
    known = [name for name in (f"received_{code}" for code in edition.study.listed) if name in asked]
    edition.store.write("clean/received", received(links, edition.study.thresholds.link_probability, known))
    edition.store.write("clean/proposals", linkage.links[proposed])
    edition.store.write("clean/link_model", linkage.parameters)
    edition.store.write("clean/link_classes", probability_classes(linkage.candidates, decisions))
    return linkage


def _by_list(edition: Edition, lists: Mapping[str, Mapping[str, Any]], **registry: Any) -> Mapping[str, Tables]:
    """Links list by list, each recalled where the list, its answers and the registry stayed as they were."""

    def linked(lists: Mapping[str, Mapping[str, Any]], **registry: Any) -> Mapping[str, Tables]:
        return link_lists(lists, **registry, known=partial(_agreements, edition, registry))

    return each_recalled(edition, "padanan", linked, lists, **registry)


def _agreements(edition: Edition, registry: Mapping[str, Any], work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """How often people of the registry agree by chance, recalled where the registry stayed as it was."""
    (table,) = recalled(edition, "kebetulan", lambda **_: [work()], **registry)
    return table


def received(links: pd.DataFrame, least: float, known: list[str]) -> pd.DataFrame:
    """Families that a programme reached in its latest period, as 0/1 columns named as in the survey.

    Only programmes that the survey asks about: poverty is predicted from nothing else of the lists, so a list of
    another programme changes no estimate of it. A programme whose list names nobody of the registry keeps its column.

    Parameters
    ----------
    least
        Probability from which a link counts.
    known
        Columns ``received_<programme>`` of the survey whose programmes have a list.
    """
    reached = reach(latest(links)).pivot_table(index="family", columns="programme", values="received", aggfunc="max")
    flags = (reached >= least).astype(float).add_prefix("received_")
    flags = flags.reindex(columns=sorted(known), fill_value=0.0)
    table = flags[flags.any(axis=1)].rename_axis(columns=None)
    return table.reset_index(names="family")


def link_summary(links: pd.DataFrame) -> pd.DataFrame:
    """Recipients by programme, period and how they were found; mean probability of the link."""
    grouped = links.groupby(["programme", "period", "method"], as_index=False)
    return grouped.agg(records=("record", "size"), probability=("probability", "mean"))
