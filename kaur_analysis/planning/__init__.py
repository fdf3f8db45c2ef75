"""Who is due what, from which agency, paid by whom: needs, budget lines, allocation and restricted lists."""

from kaur_analysis.planning.allocation import Allocation, InfeasibleBudget, allocate
from kaur_analysis.planning.limits import Limits, limits_from_budgets
from kaur_analysis.planning.money import budget, zero_cost
from kaur_analysis.planning.needs import conflicts, needs_matrix
from kaur_analysis.planning.wide import Wide, widen

__all__ = [
    "Allocation",
    "InfeasibleBudget",
    "Limits",
    "Wide",
    "allocate",
    "budget",
    "conflicts",
    "limits_from_budgets",
    "needs_matrix",
    "widen",
    "zero_cost",
]
