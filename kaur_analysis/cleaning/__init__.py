"""Typed records become one row per family, person, survey household and recipient, and nothing is lost silently."""

from kaur_analysis.cleaning.clean import Clean, clean
from kaur_analysis.cleaning.complete import complete_covariates

__all__ = ["Clean", "clean", "complete_covariates"]
