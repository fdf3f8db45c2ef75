"""Package data: regions, official figures, programmes and codebooks, each with year, source and access date."""

from kaur_analysis.reference.areas import Agency, Area, load_area
from kaur_analysis.reference.files import (
    DETERMINANT_GROUPS,
    determinants,
    publication_thresholds,
    read_yaml,
    reference_path,
)

__all__ = [
    "DETERMINANT_GROUPS",
    "Agency",
    "Area",
    "determinants",
    "load_area",
    "publication_thresholds",
    "read_yaml",
    "reference_path",
]
