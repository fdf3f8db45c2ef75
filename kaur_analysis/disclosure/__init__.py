"""What may leave the house: thresholds, suppression, rounding, a record of every decision, a last look at products."""

from kaur_analysis.disclosure.counts import protect_parts
from kaur_analysis.disclosure.guard import identifier_findings, require_publishable
from kaur_analysis.disclosure.publish import largest_two, publish

__all__ = ["identifier_findings", "largest_two", "protect_parts", "publish", "require_publishable"]
