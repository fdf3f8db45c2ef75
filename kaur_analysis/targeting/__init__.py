"""Who was reached, who was missed, who was wrongly in, why, and what would have been better."""

from kaur_analysis.targeting.definitions import Definition, definition, definitions, definitions_table
from kaur_analysis.targeting.inputs import receipt_draws
from kaur_analysis.targeting.measures import targeting_measures

__all__ = ["Definition", "definition", "definitions", "definitions_table", "receipt_draws", "targeting_measures"]
