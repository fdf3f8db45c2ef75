"""What every page holds to, whatever it is about."""

import re

import pytest
from bs4 import BeautifulSoup

from kaur_analysis.disclosure import identifier_findings
from kaur_analysis.reporting import charts
from tests import picture_numbers
from tests.contrast import contrast
from tests.pages import pages
from tests.pages.reader import Reader

NAMES = ("kecamatan", "opd", "kabupaten", "indeks", "metode", "mutu", "provinsi")


@pytest.fixture(params=NAMES)
def page(request):
    return pages.all_pages()[request.param]


@pytest.fixture
def read(page):
    return Reader(page)


def test_a_page_is_at_most_300_kilobytes(page):
    assert len(page.encode("utf-8")) <= 300_000


def test_a_page_needs_nothing_from_elsewhere(page):
    assert re.findall(r"(?:https?:)?//|@import|url\((?!#)", page) == []


def test_a_page_holds_no_script(read):
    assert not [tag for tag, given in read.tags if tag == "script" or any(name.startswith("on") for name in given)]


def test_links_lead_inside_the_edition_only(read):
    """Of a province: inside the editions below it."""
    inside = re.compile(r"#[\w-]+|(1704/2025/)?[\w.-]+\.(html|csv|json)(#[\w-]+)?")
    assert [address for address in read.addresses if not inside.fullmatch(address)] == []


def test_links_within_a_page_lead_somewhere(read):
    assert [address for address in read.addresses if address[0] == "#" and address[1:] not in read.ids] == []


def test_a_page_says_it_is_in_indonesian(read):
    assert read.attributes["html"]["lang"] == "id"


def test_a_page_fits_the_width_of_a_phone(read):
    viewports = [given["content"] for tag, given in read.tags if given.get("name") == "viewport"]
    assert viewports == ["width=device-width, initial-scale=1"]


def test_a_page_has_one_first_heading(read):
    assert read.headings.count(1) == 1


def test_headings_never_skip_a_level(read):
    assert read.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(read.headings, read.headings[1:], strict=False))


def test_every_tag_is_closed_where_it_was_opened(read):
    assert read.errors == [] and read.open == []


def test_every_table_has_a_caption(read):
    assert all(table["caption"] for table in read.tables)


def test_every_table_cell_that_heads_says_what_it_heads(read):
    assert set(read.cells) <= {"col", "row", "rowgroup"}


def test_no_table_has_more_than_four_columns(read):
    assert max((table["columns"] for table in read.tables), default=0) <= 4


def test_no_two_elements_share_an_id(read):
    assert len(read.ids) == len(set(read.ids))


def test_every_picture_has_words_for_those_who_cannot_see_it(read):
    pictures = sum(tag == "svg" for tag, _ in read.tags)
    spoken = [given["aria-label"] for tag, given in read.tags if given.get("role") == "img"]
    assert len(spoken) == pictures and all(len(words) > 20 for words in spoken)


@pytest.mark.parametrize("name", ["kecamatan", "kabupaten", "indeks"])
def test_maps_of_invented_pages_tell_numbers_that_stand_in_tables_too(name):
    """In those of the page itself; desa of other kecamatan in the kabupaten's."""
    beside = {name, "kabupaten"} if name == "kecamatan" else {name}
    parsed = {one: BeautifulSoup(pages.all_pages()[one], "html.parser") for one in beside}
    told, on_maps = picture_numbers.told(parsed), set(picture_numbers.of_places(parsed[name]))
    assert on_maps and {pair for pair in on_maps if pair[1] not in told.get(pair[0], ())} == set()


def test_every_figure_has_a_caption(read):
    tags = [tag for tag, _ in read.tags]
    assert tags.count("figure") == tags.count("figcaption")


def test_synthetic_data_are_called_so_before_anything_else_and_at_the_end(page):
    body = page[page.index("<main>") :]
    assert body.index("DATA SINTETIS") < body.index("<h1>") and body.rindex("DATA SINTETIS") > body.index("<footer")


def test_real_data_are_not_called_synthetic():
    assert not [name for name, page in pages.every_page(synthetic=False).items() if "SINTETIS" in page]


def test_nothing_on_a_page_looks_like_an_identifier(page):
    assert identifier_findings(page) == []


def test_a_page_prints_on_a4(page):
    assert re.search(r"@page \{ size: A4", page)


def test_no_python_value_leaks_into_the_text(read):
    assert re.findall(r"\bnan\b|\bNone\b|\bTrue\b|\bFalse\b|Figure\(|<[A-Z]\w+", read.text) == []


def test_no_text_speaks_of_p_values_or_ranks(read):
    assert re.findall(r"p-value|nilai p\b|peringkat ke-?\d|ranking", read.text, re.IGNORECASE) == []


def test_decimals_have_commas(read):
    words = re.sub(r"\b[\w-]+\.(?:csv|json|html)\b", "", read.own_words)
    assert re.findall(r"\d\.\d{1,2}(?!\d)", words) == []


def test_edition_day_and_provenance_are_named(read):
    assert "31 Maret 2025" in read.text and "edisi 2025" in read.text and "5d41402abc4b" in read.text


def test_the_same_numbers_give_the_same_bytes():
    assert pages.kecamatan("1704020") == pages.kecamatan("1704020")


@pytest.mark.parametrize("name", ["--ink", "--quiet", "--accent"])
def test_text_colours_stand_out_from_paper_and_from_shaded_rows(name):
    page = pages.all_pages()["kecamatan"]
    colours = dict(re.findall(r"(--\w+): (#[0-9a-f]{6});", page))
    for paper in ("#ffffff", colours["--pale"]):
        assert contrast(paper, colours[name]) >= 4.5


@pytest.mark.parametrize("name", ["BLUE", "VERMILLION", "GREY", "INK"])
def test_lines_and_marks_of_charts_stand_out_from_paper(name):
    assert contrast("#ffffff", getattr(charts, name)) >= 3


def test_body_text_is_the_sixteen_pixels_of_the_browser():
    page = pages.all_pages()["kecamatan"]
    assert "body { margin: 0; background: #fff; color: var(--ink); font: 1rem/" in page
    assert re.findall(r"html \{ font-size: [^}]*px", page) == []
