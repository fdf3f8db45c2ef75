"""The published table becomes view models, sections, charts and pages; nothing else comes in here."""

from kaur_analysis.reporting.agency import AgencyView, agency_view, budget_lines, gap_table, overlap_table
from kaur_analysis.reporting.blocks import (
    agencies_table,
    association,
    change_over_time,
    contents,
    effectiveness,
    poverty_pockets,
    priority_places,
    relative_position,
    relevance,
    scenario_table,
    survey_route,
    zero_cost,
)
from kaur_analysis.reporting.html import PAGE_TEMPLATES, Section, notebook_page, page_html
from kaur_analysis.reporting.index import IndexView, edition_pages, index_page, index_view
from kaur_analysis.reporting.kabupaten import KabupatenView, kabupaten_view
from kaur_analysis.reporting.maps import desa_map
from kaur_analysis.reporting.methods import MethodsView, methods_page, methods_view
from kaur_analysis.reporting.province import Member, ProvinceView, province_page, province_view
from kaur_analysis.reporting.quality import QualityView, quality_page, quality_view
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
    "AgencyView",
    "IndexView",
    "KabupatenView",
    "KecamatanView",
    "Member",
    "MethodsView",
    "ProvinceView",
    "QualityView",
    "Section",
    "actions",
    "agencies_table",
    "agency_view",
    "association",
    "budget_lines",
    "change_over_time",
    "comparison_chart",
    "contents",
    "desa_map",
    "desa_table",
    "edition_pages",
    "effectiveness",
    "gap_table",
    "header",
    "headline",
    "index_page",
    "index_view",
    "indicators",
    "kabupaten_view",
    "kecamatan_view",
    "limits",
    "method",
    "methods_page",
    "methods_view",
    "needs_table",
    "notebook_page",
    "overlap_table",
    "page_html",
    "poverty_pockets",
    "priority_places",
    "province_page",
    "province_view",
    "quality_page",
    "quality_view",
    "relative_position",
    "relevance",
    "scenario_table",
    "survey_route",
    "targeting_sentences",
    "tile_map",
    "zero_cost",
]
