"""Judging a study's inputs without running anything: what was read, what is wrong, which headings may mean what."""

import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from kaur_analysis.cleaning import clean
from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.formats import number
from kaur_analysis.intake import keys_for, read_study, rejection, write_findings_workbook
from kaur_analysis.planning.verification import load_verification
from kaur_analysis.reference.boundaries import read_boundaries
from kaur_analysis.store import write_text
from kaur_analysis.study import Study, load_study


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
        The workbook's place is a folder.
    """
    study = load_study(path)
    workbook = output or path.with_name(f"{path.stem}-temuan.xlsx")
    if workbook.is_dir():  # seen before all is read
        raise UsageError(
            f"--output {workbook.name} adalah folder, padahal diperlukan berkas. Sebut juga nama berkasnya."
        )
    workbook.parent.mkdir(parents=True, exist_ok=True)
    _read_companions(study)
    intake = read_study(study, keys_for(study.synthetic), strict=False)
    findings, accounting, rejected = intake.findings, intake.accounting, rejection(intake.findings, study)
    if not rejected:  # cleaning joins sources, so it only makes sense of sources that can be used
        try:
            cleaned = clean(intake, study)
        except DataRejected as error:  # what reading found is told all the same
            rejected = str(error)
        else:
            findings, accounting = cleaned.findings, cleaned.accounting
            rejected = rejection(findings, study)
    write_findings_workbook(findings, accounting, workbook, study.synthetic)
    remarks = _by_rule(findings)
    if len(intake.proposals):
        proposed = write_text(path.with_name(f"{path.stem}.usulan.yaml"), _with_proposals(path, intake.proposals))
        remarks += (f"Usulan arti judul kolom ditulis ke {proposed.name}: periksa, lalu pakai sebagai berkas studi.",)
    return Verdict(_by_source(study, accounting, findings), remarks, workbook, rejected)


def _read_companions(study: Study) -> None:
    """Open what lies beside the study, so that nothing but the lists can stop a run in its last step.

    Raises
    ------
    KaurError
        The boundary file, the previous issue or the field's answers cannot be used.
    """
    study.companions()
    load_verification(study.folder)
    if study.boundary_file is not None:
        read_boundaries(study.boundary_file, study.reference)


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
