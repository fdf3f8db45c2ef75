"""Judging a study's inputs without running anything: what was read, what is wrong, which headings may mean what."""

import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from kaur_analysis.cleaning import Clean, clean
from kaur_analysis.cleaning.answers import unknown_codes
from kaur_analysis.cleaning.visits import load_visits
from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.formats import number
from kaur_analysis.intake import keys_for, read_answers, read_study, rejection, write_findings_workbook
from kaur_analysis.linkage import load_decisions
from kaur_analysis.planning.verification import load_verification
from kaur_analysis.reference.boundaries import read_boundaries
from kaur_analysis.store import write_text
from kaur_analysis.study import DECISIONS_FILE, VERIFICATION_FILE, VISITS_FILE, Study, load_study


@dataclass(frozen=True)
class Verdict:
    """What ``kaur check`` says.

    Attributes
    ----------
    rows
        Per source: name, rows read, kept, set aside, findings.
    remarks
        Findings by rule, the worst first, and what was proposed.
    workbook
        Findings with file, sheet and line.
    rejected
        Why the inputs cannot be used; ``""`` where they can.
    """

    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]
    workbook: Path
    rejected: str


def check_study(path: Path, output: Path | None = None) -> Verdict:
    """Read and judge every source of a study.

    Parameters
    ----------
    path
        The study file.
    output
        Workbook to write; beside the study where not given.

    Raises
    ------
    StudyRejected, KeyMissing
        The study cannot be used as it stands, or real people are to be read without a key.
    UsageError
        The workbook would take the place of the study, of a file it names, or of a folder.
    """
    study = load_study(path)
    target = output or path.with_name(f"{path.stem}-temuan.xlsx")
    _require_free(target, path, study)
    target.parent.mkdir(parents=True, exist_ok=True)
    _read_companions(study)
    intake = read_study(study, keys_for(study.synthetic), strict=False)
    findings, accounting, rejected = intake.findings, intake.accounting, rejection(intake.findings, study)
    answers: tuple[str, ...] = ()
    if not rejected:  # cleaning joins sources, so it only makes sense of sources that can be used
        try:
            cleaned = clean(intake, study)
        except DataRejected as error:  # what reading found is told all the same
            rejected = str(error)
        else:
            findings, accounting = cleaned.findings, cleaned.accounting
            rejected = rejection(findings, study) or _decisions_rejected(study, cleaned.recipient_keys)
            answers = _unknown_answers(study, cleaned)
    workbook = write_findings_workbook(findings, accounting, target, study.synthetic)
    remarks = _by_rule(findings) + answers
    if len(intake.proposals):
        proposed = write_text(path.with_name(f"{path.stem}.usulan.yaml"), _with_proposals(path, intake.proposals))
        remarks += (f"Usulan arti judul kolom ditulis ke {proposed.name}: periksa, lalu pakai sebagai berkas studi.",)
    return Verdict(_by_source(study, accounting, findings), remarks, workbook, rejected)


def _require_free(target: Path, path: Path, study: Study) -> None:
    """Refuse to write over what is read, or where a folder is."""
    if target.is_dir():  # seen before all is read
        raise UsageError(f"--output {target.name} adalah folder, padahal diperlukan berkas. Sebut juga nama berkasnya.")
    held = (path, *study.companions(), *(file for files in study.files().values() for file in files))
    if target.suffix.lower() != ".xlsx" or target.resolve() in {file.resolve() for file in held}:
        raise UsageError(f"{target.name} bukan tempat untuk temuan. Sebut berkas .xlsx yang bukan masukan studi ini.")


def _read_companions(study: Study) -> None:
    """Open what lies beside the study, so that nothing but the lists can stop a run in its last step.

    Raises
    ------
    KaurError
        The boundary file, the previous issue, judged links, the field's answers or visits cannot be used.
    """
    study.companions()
    load_verification(study.folder)
    load_visits(study.folder)
    if (judged := study.folder / DECISIONS_FILE).is_file():  # whose lines they are is seen when lists have been cleaned
        read_answers(judged)
    if study.previous_file is not None:
        from kaur_analysis.pipeline.steps.publish import previous_issue  # here, because few studies name one

        previous_issue(study)
    if study.boundary_file is not None:
        read_boundaries(study.boundary_file, study.reference)


def _unknown_answers(study: Study, cleaned: Clean) -> tuple[str, ...]:
    """What is lost of the answers beside the study, per file.

    Raises
    ------
    StudyRejected
        Most answers of a file are of families that are not there.
    """
    if not study.registry:
        return ()
    answered = {VERIFICATION_FILE: load_verification(study.folder), VISITS_FILE: load_visits(study.folder)}
    known = cleaned.families["family"], cleaned.former_codes
    said = [unknown_codes(file, table["family"], *known) for file, table in answered.items() if table is not None]
    return tuple(filter(None, said))


def _decisions_rejected(study: Study, recipient_keys: pd.DataFrame) -> str:
    """Why judged links cannot be used with the lists as they are now; empty where they can."""
    try:
        load_decisions(study.folder, recipient_keys)
    except DataRejected as error:
        return str(error)
    return ""


def _by_source(study: Study, accounting: pd.DataFrame, findings: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    counts = accounting.groupby("source")[["rows_read", "rows_kept", "rows_set_aside"]].sum()
    found = findings["source"].value_counts()
    rows = []
    for source in study.sources:
        own = [int(counts[name].get(source.name, 0)) for name in counts.columns]
        rows.append((source.name, *map(number, own), number(int(found.get(source.name, 0)))))
    return tuple(rows)


def _by_rule(findings: pd.DataFrame) -> tuple[str, ...]:
    order = {"ditolak": 0, "disisihkan": 1, "peringatan": 2}
    counted = findings.groupby(["severity", "source", "rule", "remedy"]).size()
    worst_first = sorted(counted.items(), key=lambda entry: (order[entry[0][0]], -entry[1], entry[0]))
    return tuple(
        f"{severity}: {source}, {rule}, {number(count)} kali. {remedy}"
        for (severity, source, rule, remedy), count in worst_first
    )


def _with_proposals(path: Path, proposals: pd.DataFrame) -> str:
    """The study with the best proposals written in as ``aliases``; its comments and everything else stay."""
    editor = YAML()
    editor.preserve_quotes, editor.width = True, 10_000
    study = editor.load(path.read_text(encoding="utf-8"))
    best = proposals.drop_duplicates(["source", "heading"]).drop_duplicates(["source", "column"])
    notes = ["Usulan kaur check. Periksa tiap baris berikut sebelum dipakai:"]
    for source in study["sources"]:
        for row in best[best["source"] == source["name"]].itertuples():
            source.setdefault("aliases", {})[row.column] = row.heading
            notes.append(f"{row.source}: kolom {row.column} = judul '{row.heading}' (kemiripan {row.score} dari 100)")
    text = io.StringIO()
    editor.dump(study, text)
    return "".join(f"# {note}\n" for note in notes) + text.getvalue()
