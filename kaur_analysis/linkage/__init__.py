"""Who is on which list, with how much certainty: recipients linked to the registry."""

from kaur_analysis.linkage.link import Linkage, link, reach

__all__ = ["Linkage", "link", "reach"]
