"""Every problem is a row a person can act on: file, sheet, line as Excel shows it, rule, what was found, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from kaur_analysis.errors import mask
from kaur_analysis.reference import read_yaml

COLUMNS = ["source", "file", "sheet", "line", "column", "rule", "found", "allowed", "remedy", "severity"]
PROPOSAL_COLUMNS = ["source", "file", "sheet", "column", "required", "heading", "score"]
SET_ASIDE_COLUMNS = ["source", "file", "sheet", "line", "reason"]
ACCOUNTING_COLUMNS = ["source", "file", "sheet", "rows_read", "rows_kept", "rows_set_aside"]


@cache
def rules() -> dict[str, dict[str, str]]:
    """Rules by code: ``title``, ``severity``, ``allowed``, ``remedy`` in Bahasa Indonesia."""
    return dict(read_yaml(Path(__file__).with_name("rules.yaml")))


@dataclass
class Findings:
    """Findings and set-aside rows of a run, collected in the order in which they were made."""

    _findings: list[pd.DataFrame] = field(default_factory=list)
    _set_aside: list[pd.DataFrame] = field(default_factory=list)
    _proposals: list[dict[str, object]] = field(default_factory=list)

    def add(
        self,
        rule: str,
        places: pd.DataFrame,
        column: str = "",
        found: pd.Series | str = "",
        allowed: str | None = None,
        personal: bool = False,
        identifier: bool = False,
        codes: Iterable[str] = (),
    ) -> None:
        """Report a rule for each row of ``places`` (columns ``source, file, sheet, line``).

        Parameters
        ----------
        rule
            Code of the rule.
        places
            Where: ``source, file, sheet, line``, a row per finding.
        column
            Column of the file.
        found
            Values as text, one per row, or one text for all; long digit runs are masked, and names and free text as
            well where ``personal``.
        allowed
            What would have been right, in words.
        personal
            Whether the values are about a person.
        identifier
            Whether they stand where NIK or KK numbers do: masked however their digits are written apart.
        codes
            BPS codes that are shown whole.
        """
        if places.empty:
            return
        entry = rules()[rule]
        public = frozenset(codes)

        def safe(value: object) -> str:
            return mask(value, name=personal, identifier=identifier, codes=public)

        shown = (
            np.array([safe(value)[:80] for value in found], dtype=object)
            if isinstance(found, pd.Series)
            else safe(found)
        )
        table = places[["source", "file", "sheet", "line"]].assign(
            column=column,
            rule=rule,
            found=shown,
            allowed=entry["allowed"] if allowed is None else allowed,
            remedy=entry["remedy"],
            severity=entry["severity"],
        )
        self._findings.append(table)

    def set_aside(
        self, rule: str, places: pd.DataFrame, report: bool = False, column: str = "", found: pd.Series | str = ""
    ) -> None:
        """Note rows that are not used, with the rule's title as reason.

        Parameters
        ----------
        rule
            Code of the rule.
        places
            Where: ``source, file, sheet, line``, a row per row that is set aside.
        report
            Whether they are findings as well.
        column
            Column of the file.
        found
            What is reported of the values, as :meth:`add` takes it.
        """
        if places.empty:
            return
        self._set_aside.append(places[["source", "file", "sheet", "line"]].assign(reason=rules()[rule]["title"]))
        if report:
            self.add(rule, places, column, found)

    def propose(self, place: pd.DataFrame, column: str, required: bool, heading: str, score: float) -> None:
        """Note that a heading nobody knows may be a column that is absent.

        Parameters
        ----------
        place
            Where the heading stands.
        column, required
            The absent column, and whether the source needs it.
        heading
            As it is written.
        score
            How alike the two are, 0–100.
        """
        where = place.iloc[0][["source", "file", "sheet"]].to_dict()
        self._proposals.append({**where, "column": column, "required": required, "heading": heading, "score": score})

    def take(self, findings: pd.DataFrame, set_aside: pd.DataFrame, proposals: list[dict[str, object]]) -> None:
        """Add what was collected elsewhere (:meth:`table`, :meth:`set_aside_table`, :meth:`proposed`).

        Parameters
        ----------
        findings, set_aside, proposals
            What :meth:`table`, :meth:`set_aside_table` and :meth:`proposed` of the other returned.
        """
        self._findings += [findings] if len(findings) else []
        self._set_aside += [set_aside] if len(set_aside) else []
        self._proposals += proposals

    def proposed(self) -> list[dict[str, object]]:
        """Proposed mappings in the order in which they were made.

        Returns
        -------
        A dict per proposal.
        """
        return list(self._proposals)

    def proposals(self) -> pd.DataFrame:
        """Proposed mappings, columns as in ``PROPOSAL_COLUMNS``, required columns and the most alike first.

        Returns
        -------
        A row per proposal.
        """
        table = pd.DataFrame(self._proposals, columns=PROPOSAL_COLUMNS)
        order = ["source", "required", "score", "column"]
        return table.sort_values(order, ascending=[True, False, False, True], ignore_index=True)

    def table(self) -> pd.DataFrame:
        """All findings, columns as in ``COLUMNS``.

        Returns
        -------
        A row per finding.
        """
        return _joined(self._findings, COLUMNS)

    def set_aside_table(self) -> pd.DataFrame:
        """All set-aside rows, columns as in ``SET_ASIDE_COLUMNS``.

        Returns
        -------
        A row per row that was set aside.
        """
        return _joined(self._set_aside, SET_ASIDE_COLUMNS)


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    if not tables:
        return _nothing(*columns).copy()
    joined = pd.concat(tables, ignore_index=True)
    text = {name: "str" for name in columns if name != "line"}
    return joined[columns].astype(text | {"line": "int64"})


@cache
def _nothing(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "line" else "str") for name in columns})


def accounting(read: pd.DataFrame, set_aside: pd.DataFrame) -> pd.DataFrame:
    """Rows read, kept and set aside per file and sheet.

    Parameters
    ----------
    read
        ``source, file, sheet, rows_read``.
    set_aside
        Set-aside rows, ``SET_ASIDE_COLUMNS``.
    """
    place = ["source", "file", "sheet"]
    aside = set_aside.groupby(place).size().rename("rows_set_aside").reset_index()
    table = read.merge(aside, on=place, how="left")
    table["rows_set_aside"] = table["rows_set_aside"].fillna(0).astype("int64")
    table["rows_kept"] = table["rows_read"] - table["rows_set_aside"]
    return table[ACCOUNTING_COLUMNS]
