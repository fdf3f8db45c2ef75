"""Who was reached, who was missed, who was wrongly in, why, and what would have been better."""

from kaur_analysis.targeting.adjustment import ReceiptAdjustment, links_given_covariates, receipt_adjustment
from kaur_analysis.targeting.churn import churn, timeliness
from kaur_analysis.targeting.cost import cost_effectiveness
from kaur_analysis.targeting.definitions import Definition, definition, definitions, definitions_table, scenario_kinds
from kaur_analysis.targeting.effects import DifferenceInDifferences, difference_in_differences
from kaur_analysis.targeting.eligibility import outside_rules
from kaur_analysis.targeting.fairness import fairness, group_calibrated_ranking
from kaur_analysis.targeting.incidence import Concentration, benefit_incidence, concentration, concentration_curve
from kaur_analysis.targeting.informed import informed_draws
from kaur_analysis.targeting.inputs import receipt_draws
from kaur_analysis.targeting.measures import targeting_measures
from kaur_analysis.targeting.overlap import Overlap, overlap
from kaur_analysis.targeting.ranking import ranking_measures
from kaur_analysis.targeting.reasons import error_decomposition
from kaur_analysis.targeting.scenarios import Scenario, compare_scenarios, welfare_without

__all__ = [
    "Concentration",
    "Definition",
    "DifferenceInDifferences",
    "Overlap",
    "ReceiptAdjustment",
    "Scenario",
    "benefit_incidence",
    "churn",
    "compare_scenarios",
    "concentration",
    "concentration_curve",
    "cost_effectiveness",
    "definition",
    "definitions",
    "definitions_table",
    "difference_in_differences",
    "error_decomposition",
    "fairness",
    "group_calibrated_ranking",
    "informed_draws",
    "links_given_covariates",
    "outside_rules",
    "overlap",
    "ranking_measures",
    "receipt_adjustment",
    "receipt_draws",
    "scenario_kinds",
    "targeting_measures",
    "timeliness",
    "welfare_without",
]
