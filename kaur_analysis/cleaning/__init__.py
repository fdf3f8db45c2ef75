"""Typed records become one row per family, person, survey household and recipient, and nothing is lost silently."""

from kaur_analysis.cleaning.clean import Clean, clean

__all__ = ["Clean", "clean"]
