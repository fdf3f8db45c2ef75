"""Who is on which list, with how much certainty: recipients linked to the registry."""

from kaur_analysis.linkage.link import (
    Linkage,
    any_reach,
    latest,
    link,
    link_lists,
    reach,
)
from kaur_analysis.linkage.review import grey_pairs, load_decisions, probability_classes

__all__ = [
    "Linkage",
    "any_reach",
    "grey_pairs",
    "latest",
    "link",
    "link_lists",
    "load_decisions",
    "probability_classes",
    "reach",
]
