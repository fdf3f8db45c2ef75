"""Who is due what, from which agency, paid by whom: needs, budget lines, allocation and restricted lists."""

from kaur_analysis.planning.money import budget, zero_cost
from kaur_analysis.planning.needs import conflicts, needs_matrix

__all__ = ["budget", "conflicts", "needs_matrix", "zero_cost"]
