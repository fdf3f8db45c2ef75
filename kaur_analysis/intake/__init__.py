"""Files become typed tables and findings; the only room that sees a NIK, a family card number, a name or an address."""

from kaur_analysis.intake.answers import read_answers, workbook_lines
from kaur_analysis.intake.findings import Findings
from kaur_analysis.intake.keys import Keys, create_key, demo_keys, keys_for, load_key
from kaur_analysis.intake.pseudonyms import NAME_PAIRS
from kaur_analysis.intake.read import Intake, is_on_shelf, put_on_shelf, read_study, rejection
from kaur_analysis.intake.shelf import Shelf
from kaur_analysis.intake.spreadsheet import (
    as_written,
    csv_text,
    new_workbook,
    safe_cell,
    write_findings_workbook,
    write_sheet,
)
from kaur_analysis.intake.vault import keep_vault, open_vault

__all__ = [
    "NAME_PAIRS",
    "Findings",
    "Intake",
    "Keys",
    "Shelf",
    "as_written",
    "create_key",
    "csv_text",
    "demo_keys",
    "is_on_shelf",
    "keep_vault",
    "keys_for",
    "load_key",
    "new_workbook",
    "open_vault",
    "put_on_shelf",
    "read_answers",
    "read_study",
    "rejection",
    "safe_cell",
    "workbook_lines",
    "write_findings_workbook",
    "write_sheet",
]
