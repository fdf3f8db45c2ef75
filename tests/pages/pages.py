"""The kinds of page in the order the notebooks show their sections, of the invented edition where no other is given."""

from functools import cache

from kaur_analysis import reporting as r
from tests.pages import fabricated as made

AREA = made.AREA


def kecamatan(code: str = "1704010", synthetic: bool = True, published=None, area=AREA, facts=None, title="") -> str:
    view = r.kecamatan_view(_table(published), facts or made.facts(synthetic), area, code)
    steps = (
        r.header, r.headline, r.actions, r.indicators, r.comparison_chart, r.tile_map, r.desa_map,
        r.targeting_sentences, r.desa_table, r.needs_table, r.limits, r.method,
    )  # fmt: skip
    return r.page_html([step(view) for step in steps], title or view.frame.title)


def agency(code: str = "dinsos", synthetic: bool = True, published=None, area=AREA, facts=None, title="") -> str:
    view = r.agency_view(_table(published), facts or made.facts(synthetic), area, code)
    steps = (
        r.header, r.headline, r.actions, r.targeting_sentences, r.gap_table, r.overlap_table, r.budget_lines, r.limits,
        r.method,
    )  # fmt: skip
    return r.page_html([step(view) for step in steps], title or view.frame.title)


def kabupaten(synthetic: bool = True, published=None, area=AREA, facts=None, title="") -> str:
    view = r.kabupaten_view(_table(published), facts or made.facts(synthetic), area)
    steps = (
        r.header, r.headline, r.actions, r.contents, r.indicators, r.relative_position, r.change_over_time,
        r.effectiveness, r.relevance, r.association, r.comparison_chart, r.tile_map, r.desa_map, r.poverty_pockets,
        r.priority_places, r.targeting_sentences, r.survey_route, r.scenario_table, r.zero_cost, r.agencies_table,
        r.needs_table, r.limits, r.method,
    )  # fmt: skip
    return r.page_html([step(view) for step in steps], title or view.frame.title)


def edition_pages(synthetic: bool = True, published=None, facts=None) -> dict[str, str]:
    """Index, methods and data quality, by name."""
    files = {f"kaur-2025-{code}-x.html": f"Kecamatan {AREA.kecamatan_name(code)}" for code in made.KEC}
    files |= {f"kaur-2025-opd-{code}.html": name.name for code, name in AREA.agencies.items()}
    files["kaur-2025-1704-kabupaten.html"] = AREA.full_name
    made_pages = r.edition_pages(_table(published), facts or made.facts(synthetic), AREA, files, "kaur-2025")
    return dict(zip(("indeks", "metode", "mutu"), made_pages.values(), strict=True))


def province(synthetic: bool = True, published=None, missing: tuple[str, ...] = ("Kota Bengkulu",)) -> str:
    """The first page of a province with one kabupaten."""
    files = tuple(f"kaur-2025-{code}-x.html" for code in made.KEC)
    edition = "edisi 2025 (uji coba) · data per 31 Maret 2025 · nomor proses 5d41402abc4b"
    member = r.Member(AREA, _table(published), "1704/2025", files, edition, synthetic)
    return r.province_page(r.province_view("Bengkulu", [member], missing), "provinsi-17")


def every_page(synthetic: bool) -> dict[str, str]:
    """Every kind of page, by name."""
    own = {"kecamatan": kecamatan(synthetic=synthetic), "opd": agency(synthetic=synthetic)}
    return own | {"kabupaten": kabupaten(synthetic), "provinsi": province(synthetic)} | edition_pages(synthetic)


@cache
def all_pages() -> dict[str, str]:
    """Every kind of page of the synthetic edition, by name."""
    return every_page(synthetic=True)


def _table(published):
    return made.published() if published is None else published
