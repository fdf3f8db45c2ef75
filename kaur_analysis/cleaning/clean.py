"""The room's door: from records of files to the tables that every later room reads."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from kaur_analysis.cleaning.corrections import Correction, correct, load_corrections
from kaur_analysis.cleaning.recipients import recipient_tables
from kaur_analysis.cleaning.registry import RegistryRows, RegistryTables, registry_keys, registry_rows, unify
from kaur_analysis.cleaning.survey import survey_table
from kaur_analysis.contracts import RECIPIENTS, SURVEY, checked
from kaur_analysis.errors import DataRejected, KaurError
from kaur_analysis.intake import Findings, Intake
from kaur_analysis.intake.findings import accounting
from kaur_analysis.study import CORRECTIONS_FILE, Study

_RECORDS = (
    "families",
    "persons",
    "recipients",
    "survey_households",
    "survey_persons",
    "survey_consumption",
    "villages",
)
_PLACE = ["source", "file", "sheet"]


@dataclass(frozen=True)
class Clean:
    """What the rest of the house knows of the files.

    Attributes
    ----------
    families, persons, survey, recipients
        Tables of the contracts ``FAMILIES``, ``PERSONS``, ``SURVEY``, ``RECIPIENTS``; empty where the study has no such
        source. ``families`` also holds ``listed_desil`` (decile on the targeting list) and ``head_record``.
    former_codes
        ``former, family``: the code that a family had while only an older registry knew it, and today's.
    registry_keys, recipient_keys
        Tokens that link people to lists; read by ``linkage`` alone and not meant to be stored.
    findings, set_aside, accounting
        Of intake and cleaning together; rows read = kept + set aside for every file and sheet.
    audit
        Every cell that a reviewed correction changed, before and after.
    """

    families: pd.DataFrame
    persons: pd.DataFrame
    survey: pd.DataFrame
    recipients: pd.DataFrame
    former_codes: pd.DataFrame
    registry_keys: pd.DataFrame
    recipient_keys: pd.DataFrame
    findings: pd.DataFrame
    set_aside: pd.DataFrame
    accounting: pd.DataFrame
    audit: pd.DataFrame


def clean(
    intake: Intake, study: Study, unified: Callable[[RegistryRows, Study, Findings], RegistryTables] = unify
) -> Clean:
    """Clean a study's records.

    Missing covariates stay missing: filling them is the poverty room's decision.

    Parameters
    ----------
    intake
        What the files say.
    study
        Its sources, corrections and settings.
    unified
        What makes one registry of the rows of all: :func:`~kaur_analysis.cleaning.registry.unify`, or who knows what
        that made of the very same rows.

    Returns
    -------
    Clean

    Raises
    ------
    DataRejected
        A reviewed correction does not match the rows it expects.
    """
    findings = Findings()
    corrections = load_corrections(study)
    _all_have_rows(corrections, intake)
    corrected, audits = {}, []
    for name in _RECORDS:
        corrected[name], audit = correct(getattr(intake, name), corrections, findings)
        audits.append(audit)
    intake = replace(intake, **corrected)
    registry = unified(registry_rows(intake, study, findings), study, findings) if study.registry else _no_registry()
    survey = survey_table(intake, study, findings)
    recipients, recipient_keys = recipient_tables(intake, study, findings)
    set_aside = pd.concat([intake.set_aside, findings.set_aside_table()], ignore_index=True)
    return Clean(
        families=registry.families,
        persons=registry.persons,
        survey=checked(SURVEY, survey) if len(survey) else survey,
        recipients=checked(RECIPIENTS, recipients),
        former_codes=registry.former,
        registry_keys=registry_keys(registry.places, intake) if study.registry else registry.places,
        recipient_keys=recipient_keys,
        findings=pd.concat([intake.findings, findings.table()], ignore_index=True),
        set_aside=set_aside,
        accounting=_balanced(intake, set_aside),
        audit=pd.concat(audits, ignore_index=True),
    )


def _all_have_rows(corrections: tuple[Correction, ...], intake: Intake) -> None:
    """Refuse an approved correction of a source of which nothing was read: it would be passed over in silence."""
    approved = [entry for entry in corrections if entry.status == "disetujui"]
    if not approved:
        return
    read = {source for name in _RECORDS for source in _sources(getattr(intake, name))}
    for entry in approved:
        if entry.source not in read:
            raise DataRejected(
                f"{CORRECTIONS_FILE}: koreksi {entry.source} ({entry.reason}): tidak ada baris dari sumber ini."
            )


def _sources(table: pd.DataFrame) -> list[str]:
    return list(table["source"].unique()) if "source" in table else []


def _no_registry() -> RegistryTables:
    return RegistryTables(
        pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame(columns=["former", "family"], dtype="str")
    )


def _balanced(intake: Intake, set_aside: pd.DataFrame) -> pd.DataFrame:
    """Accounting of intake and cleaning together, after seeing that no row is lost or counted twice.

    Raises
    ------
    KaurError
        A row is neither kept nor set aside, or both, or set aside twice: a defect of the program.
    """
    table = accounting(intake.accounting[[*_PLACE, "rows_read"]], set_aside)
    twice = set_aside.duplicated([*_PLACE, "line"])
    if twice.any() or (table["rows_kept"] < 0).any():
        raise KaurError(f"Pembukuan baris tidak seimbang: {int(twice.sum())} baris disisihkan dua kali.")
    return table
