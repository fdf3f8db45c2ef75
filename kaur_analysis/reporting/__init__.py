"""The published table becomes view models, sections, charts and pages; nothing else comes in here."""

from kaur_analysis.reporting.html import PAGE_TEMPLATES, Section, notebook_page, page_html
from kaur_analysis.reporting.sections import (
    actions,
    comparison_chart,
    desa_table,
    header,
    headline,
    indicators,
    limits,
    method,
    needs_table,
    targeting_sentences,
    tile_map,
)
from kaur_analysis.reporting.views import KecamatanView, kecamatan_view

__all__ = [
    "PAGE_TEMPLATES",
    "KecamatanView",
    "Section",
    "actions",
    "comparison_chart",
    "desa_table",
    "header",
    "headline",
    "indicators",
    "kecamatan_view",
    "limits",
    "method",
    "needs_table",
    "notebook_page",
    "page_html",
    "targeting_sentences",
    "tile_map",
]
