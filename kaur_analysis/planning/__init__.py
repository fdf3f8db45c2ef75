"""Who is due what, from which agency, paid by whom: needs, budget lines, allocation and restricted lists."""

from kaur_analysis.planning.allocation import Allocation, InfeasibleBudget, allocate, that_count
from kaur_analysis.planning.below import Below, below
from kaur_analysis.planning.clerical import read_clerical, write_clerical
from kaur_analysis.planning.exports import Provenance, write_budget_workbook, write_reasons_workbook
from kaur_analysis.planning.limits import Limits, limits_from_budgets
from kaur_analysis.planning.lists import Access, identities_of, log_access, recipient_rows, write_lists
from kaur_analysis.planning.money import budget, due_intervals, highest_line, zero_cost
from kaur_analysis.planning.musdes import write_musdes
from kaur_analysis.planning.needs import conflicts, needs_matrix
from kaur_analysis.planning.verification import load_verification, read_verification
from kaur_analysis.planning.wide import Wide, widen
from kaur_analysis.planning.workbook import read_password

__all__ = [
    "Access",
    "Allocation",
    "Below",
    "InfeasibleBudget",
    "Limits",
    "Provenance",
    "Wide",
    "allocate",
    "below",
    "budget",
    "conflicts",
    "due_intervals",
    "highest_line",
    "identities_of",
    "limits_from_budgets",
    "load_verification",
    "log_access",
    "needs_matrix",
    "read_clerical",
    "read_password",
    "read_verification",
    "recipient_rows",
    "that_count",
    "widen",
    "write_budget_workbook",
    "write_clerical",
    "write_lists",
    "write_musdes",
    "write_reasons_workbook",
    "zero_cost",
]
