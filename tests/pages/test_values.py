"""The same number reads the same wherever it stands, and what is not shown says so."""

import re

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from kaur_analysis import reporting as r
from kaur_analysis.pipeline import notebooks
from tests.pages import fabricated as made
from tests.pages import pages
from tests.pages.reader import Reader

CODE = "1704010"


def changed(topic, indicator, area, programme="", **values):
    """The invented edition with one row changed."""
    table = made.published().copy()
    rows = (
        (table["topic"] == topic)
        & (table["indicator"] == indicator)
        & (table["area"] == area)
        & (table["programme"] == programme)
        & (table["group"] == "")
    )
    assert rows.sum() == 1
    for column, value in values.items():
        table.loc[rows, column] = value
    return table


def view(table=None, code=CODE):
    return r.kecamatan_view(made.published() if table is None else table, made.facts(), made.AREA, code)


@pytest.fixture(scope="module")
def page():
    return pages.kecamatan(CODE)


@pytest.fixture(scope="module")
def text():
    return view().indicators[0].figure.text


def test_the_headline_carries_the_indicators_value(text):
    assert f"({text}, kisaran" in view().headline.finding


def test_the_chart_carries_the_indicators_value(page, text):
    picture = page[page.index('id="banding') - 3000 : page.index("Tabel data gambar ini")]
    assert f">{text}</text>" in picture


def test_the_base_of_the_missed_is_printed_as_the_number_of_the_extreme_poor_is():
    *_, poor, missed = view().indicators
    assert missed.basis == f"dihitung atas perkiraan {poor.figure.text} keluarga miskin ekstrem"


@pytest.mark.parametrize("spanned", [True, False])
def test_needs_say_where_intervals_span_what_a_desil_that_the_model_does_not_know_may_know(spanned):
    facts = made.facts()
    facts |= {"programmes": [programme | {"spanned": spanned} for programme in facts["programmes"]]}
    html = r.needs_table(r.kecamatan_view(made.published(), facts, made.AREA, CODE)).html
    assert ("Kisaran program yang syaratnya desil lebih lebar, karena model tidak mengenal desil." in html) == spanned


def needs_row(table, programme):
    """The line of small print below a programme in the needs of Nasal."""
    html = r.needs_table(view(table)).html
    name = next(row.about.name for row in view(table).needs.rows if row.about.code == programme)
    return spoken(html[html.index(name) :].partition('colspan="3"')[2].partition("</td>")[0])


def due(programme, **values):
    """The invented edition with other numbers due to the extreme poor of Nasal."""
    table = made.published()
    for name, value in values.items():
        rows = table["indicator"].eq(f"due_extreme_{name}") & table["area"].eq(CODE) & table["programme"].eq(programme)
        more = {
            "value": value,
            "low": np.nan,
            "high": np.nan,
            "status": "tampil" if value == value else "disembunyikan",
        }
        table = table.assign(**{key: table[key].mask(rows, held) for key, held in more.items()})
    return table


def test_families_times_what_one_gets_are_the_rupiah_beside_them():
    line = needs_row(due("pkh", families=350.0, units=350.0, rupiah_year=1.8e9), "pkh")
    assert "rata-rata Rp5,1 juta per keluarga" in line


def test_what_one_gets_is_called_the_mean_of_all_where_those_counted_are_protected():
    nan = float("nan")
    line = needs_row(due("pkh", families=nan, units=nan, rupiah_year=nan), "pkh")
    assert "rata-rata semua yang berhak Rp4,2 juta per keluarga" in line


def test_what_pupils_get_stands_beside_their_number():
    line = needs_row(due("pip", families=660.0, units=1200.0, rupiah_year=1.11e9), "pip")
    assert "1.200 murid · rata-rata Rp925.000 per murid" in line


def test_an_amount_that_a_rule_fixes_is_printed_as_the_rule_says():
    assert "· Rp504.000 per orang" in needs_row(due("pbi_jk", units=1000.0, rupiah_year=4.9e8), "pbi_jk")


def test_needs_carry_the_ranges_that_are_known():
    table = made.published()
    rows = table["area"].eq(CODE) & table["programme"].eq("pkh") & table["group"].eq("")
    for name, value, low, high in (("families", 350, 220, 600), ("rupiah_year", 1.8e9, 1.1e9, 3e9)):
        own = rows & table["indicator"].eq(f"due_extreme_{name}")
        more = {"value": float(value), "low": float(low), "high": float(high), "status": "tampil"}
        table = table.assign(**{key: table[key].mask(own, held) for key, held in more.items()})
    assert "· kisaran 220–600 keluarga, Rp1,1–3 miliar" in needs_row(table, "pkh")


def test_the_map_carries_the_indicators_value(page, text):
    assert re.search(rf"[▲▼■○] {re.escape(text)}</text>", page)


def test_the_charts_table_carries_the_indicators_value(page, text):
    assert f'<tr class="own"><th scope="row">Nasal</th><td>{text}</td>' in page


def spoken(html):
    return re.sub(r"<[^>]+>", " ", html)


def test_chart_map_and_table_carry_the_same_number_of_every_kecamatan(page):
    start = page.index('aria-label="Diagram titik')
    chart = re.findall(r">([\d,]+%)</text>", page[start : page.index("</svg>", start)])
    tiles = re.findall(r"[▲▼■○] ([\d,]+%)</text>", page)
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>(.*?)</td>', page[page.index("Tabel data gambar ini") :])
    cells = [re.search(r"[\d,]+%", spoken(cell)) for _, cell in rows[: len(made.KEC)]]
    wanted = sorted(cell.group() for cell in cells if cell)
    assert len(wanted) == len(made.KEC) and sorted(tiles) == wanted
    assert [number for number in chart if number in wanted] and set(wanted) <= set(chart)


def test_the_headline_says_how_sure_it_is():
    assert re.search(r"kisaran \d+–\d+%", view().headline.finding)


def test_a_changed_number_changes_in_every_place_at_once():
    table = changed("poverty", "poor_share", CODE, value=0.4444, low=0.43, high=0.46)
    other = r.page_html([r.headline(view(table)), r.indicators(view(table)), r.comparison_chart(view(table))], "x")
    assert other.count("44%") >= 4


def test_a_protected_number_is_marked_and_named():
    table = changed("poverty", "extreme_families", CODE, value=np.nan, low=np.nan, high=np.nan, status="disembunyikan")
    html = r.indicators(view(table)).html
    assert '<span aria-hidden="true">•</span><span class="hidden">dilindungi</span>' in html


def test_a_number_that_is_too_uncertain_is_not_printed():
    table = changed("poverty", "poor_share", CODE, value=np.nan, status="tidak disajikan")
    assert view(table).headline.finding.startswith("Sekitar 1 dari")
    assert "miskin ekstrem" in view(table).headline.finding


def test_a_kecamatan_without_any_figure_says_so_and_still_has_a_page():
    table = made.published()
    own = table["area"].str.startswith(CODE)
    empty = table.assign(value=table["value"].where(~own), status=table["status"].where(~own, "belum ada data"))
    assert view(empty).headline.finding == "Angka kemiskinan Nasal belum dapat disajikan: belum ada data."
    assert "<h1>Kecamatan Nasal</h1>" in pages.kecamatan(CODE, published=empty)


def test_a_kecamatan_missing_from_the_table_altogether_still_has_a_page():
    table = made.published()
    rest = table[~table["area"].str.startswith(CODE)]
    assert "<h1>Kecamatan Nasal</h1>" in pages.kecamatan(CODE, published=rest)


def test_an_edition_of_official_figures_alone_has_a_kabupaten_page():
    table = made.published()
    assert ">Posisi relatif</h2>" in pages.kabupaten(published=table[table["topic"] == "official"])


def test_a_number_with_caution_carries_the_mark():
    table = changed("poverty", "poor_share", CODE, status="hati-hati", rse=0.3)
    assert "pakai dengan hati-hati" in view(table).headline.finding
    assert '<span class="mark">hati-hati</span>' in r.indicators(view(table)).html


def test_desa_are_listed_by_gap_and_hidden_ones_by_name():
    desa = view().desa
    gaps = [row.gap.value for row in desa if row.gap.shown]
    names = [row.name for row in desa if not row.gap.shown]
    assert gaps == sorted(gaps, reverse=True) and names == sorted(names) and names


def gaps(hidden):
    """Rows of an agency's gaps where the largest programme's number is protected in some kecamatan."""
    table = made.published().copy()
    rows = table["indicator"].eq("due_extreme_families") & table["programme"].eq("pkh") & table["area"].isin(hidden)
    table.loc[rows, "status"] = "disembunyikan"
    return r.agency_view(table, made.facts(), made.AREA, "dinsos").gaps.rows


def test_gaps_that_are_hidden_follow_by_name_so_that_their_order_tells_nothing():
    hidden = made.KEC[::2]
    rows = gaps(hidden)
    assert [row.families[0].shown for row in rows] == [True] * (len(rows) - len(hidden)) + [False] * len(hidden)
    names = [row.name for row in rows if not row.families[0].shown]
    assert names == sorted(names)


def test_every_desa_of_the_kecamatan_is_listed():
    assert len(view().desa) == (made.AREA.desa["kecamatan"] == CODE).sum()


def test_parts_of_a_hundred_families_add_up_to_a_hundred():
    for reach in view().reach:
        found = re.search(r": (\d+) menerima, (?:(\d+) belum terdaftar, )?(\d+) t", reach.sentences[0])
        if found:
            assert sum(int(part) for part in found.groups() if part) == 100
            assert len(reach.picture) == 10


def reach_of_pkh(**values):
    """The page's sentences and table where the share of extremely poor families without PKH is another one."""
    table = changed("targeting", "exclusion_error", CODE, "pkh", **values)
    return next(reach for reach in view(table).reach if reach.short == "PKH"), r.targeting_sentences(view(table)).html


def test_sentence_and_table_round_the_missed_alike():
    reach, html = reach_of_pkh(value=0.4751, low=0.4, high=0.55)
    numbers = [int(part) for part in re.findall(r"\d+(?= )", reach.sentences[0].partition(":")[2])]
    assert (numbers[0], sum(numbers[1:])) == (52, 48) and "<td>48%" in html


def test_few_who_are_reached_are_not_called_nobody():
    reach, _ = reach_of_pkh(value=0.9964, low=0.99, high=1.0)
    assert ": kurang dari 1 menerima, " in reach.sentences[0]


def test_a_sentence_of_reach_says_the_range_and_the_caution_of_the_missed():
    reach, _ = reach_of_pkh(value=0.2, low=0.08, high=0.34, status="hati-hati")
    assert reach.sentences[0].endswith("; kisaran semua yang terlewat 8–34%; pakai dengan hati-hati.")


def test_ten_signs_of_an_uncertain_number_carry_the_mark():
    _, html = reach_of_pkh(value=0.2, low=0.08, high=0.34, status="hati-hati")
    assert re.search(r'<p class="picture" aria-hidden="true">[●◇○]{10} <span class="mark">!</span></p>', html)


def test_the_title_of_the_picture_carries_the_caution():
    table = changed("targeting", "exclusion_error", CODE, "any", status="hati-hati")
    html = r.targeting_sentences(view(table)).html
    assert "daftar penerima yang dipegang (pakai dengan hati-hati).</strong>" in html


def test_paper_tells_those_who_are_not_listed_from_those_passed_over():
    pkh = next(reach for reach in view().reach if reach.short == "PKH")
    table = r.targeting_sentences(view()).html.partition("<table")[2]
    row = spoken(table[table.index(">PKH<") :].partition("</tr>")[0])
    assert re.search(rf"{pkh.exclusion.text} +\({pkh.hundred[1]} \+ {pkh.hundred[2]}\)", row)


def test_recipients_are_families_and_those_not_found_are_names():
    html = spoken(r.targeting_sentences(view()).html)
    assert re.search(r"[\d.]+ +keluarga +\+ [\d.]+ +nama", html)


def test_denominators_stand_beside_the_sentences():
    poor, recipients = view().reach_any.sentences[:2]
    assert "perkiraan" in poor and re.search(r"\([\d.]+ keluarga\)", recipients)


def test_there_are_two_to_four_actions_with_agency_and_money():
    for code in made.KEC:
        actions = view(code=code).actions
        assert 2 <= len(actions) <= 4
        assert all(action.agency and action.rupiah for action in actions)


def test_an_action_below_its_threshold_is_not_proposed():
    table = changed("poverty", "extreme_families", CODE, value=4.0, low=3.0, high=5.0)
    assert "anggaran_nol" not in [action.code for action in view(table).actions]


def test_the_sum_of_needs_leaves_out_what_is_hidden_and_says_so():
    table = changed("needs", "due_rupiah_year", CODE, "pkh", value=np.nan, status="disembunyikan")
    assert view(table).needs.total_note == "tidak termasuk angka yang tidak disajikan"


def test_every_way_of_choosing_says_how_many_families_it_serves():
    ways = r.kabupaten_view(made.published(), made.facts(), made.AREA).scenarios.rows
    assert {way.served for way in ways if way.figures[0].shown} == {"melayani 18.944 keluarga"}


def test_the_kabupaten_page_has_the_blocks_of_the_planning_documents():
    found = re.findall(r"<h2[^>]*>([^<]+)</h2>", pages.all_pages()["kabupaten"])
    wanted = ["Posisi relatif", "Perkembangan antarwaktu", "Efektivitas", "Relevansi", "Keterkaitan",
              "Kantong kemiskinan", "Lokasi prioritas"]  # fmt: skip
    assert [name for name in found if name in wanted] == wanted


def test_unknown_official_years_say_that_there_are_no_data():
    row = re.search(r'<th scope="row">2018</th><td>(.*?)</td>', pages.all_pages()["kabupaten"])
    assert "belum ada data" in row.group(1)


def test_relative_position_names_the_difference_in_percentage_points():
    kabupaten = r.kabupaten_view(made.published(), made.facts(), made.AREA)
    assert "3,79 poin persen di atas Provinsi Bengkulu (14,04%)" in kabupaten.position.sentence


def test_a_fall_within_the_surveys_error_is_called_so():
    kabupaten = r.kabupaten_view(made.published(), made.facts(), made.AREA)
    assert "belum dapat dibedakan dari nol" in kabupaten.changes.effectiveness[1]


def test_an_agency_without_programmes_still_has_a_page():
    facts = made.facts() | {"programmes": []}
    page = r.agency_view(made.published(), facts, made.AREA, "dinsos")
    assert "belum dapat dihitung" in page.headline.finding
    assert "Belum ada program" in r.gap_table(page).html


def test_the_index_names_pages_that_could_not_be_made():
    index = r.index_view(made.published(), made.facts(), made.AREA, {"kaur-2025-1704010-nasal.html": "Nasal"})
    assert len(index.kecamatan) == 1 and "Maje" in index.missing


def test_text_from_the_study_is_escaped():
    facts = made.facts() | {"contact": "<script>alert(1)</script>"}
    html = r.method(r.kecamatan_view(made.published(), facts, made.AREA, CODE)).html
    assert "<script>" not in html and "&lt;script&gt;" in html


def notebook():
    page = view()
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": section.html, "text/plain": "Section(...)"})
        for section in (r.header(page), r.headline(page), r.actions(page))
    ]
    noise = nbformat.v4.new_output("stream", name="stderr", text="FutureWarning: rahasia")
    cells = [nbformat.v4.new_markdown_cell("catatan untuk peneliti")]
    cells += [nbformat.v4.new_code_cell("kode_rahasia()", outputs=[noise, output]) for output in outputs]
    return nbformat.v4.new_notebook(cells=cells)


def converted():
    exporter = HTMLExporter(template_name="page", extra_template_basedirs=[str(r.PAGE_TEMPLATES)])
    return exporter.from_notebook_node(notebook(), resources={"metadata": {"name": "Kecamatan Nasal"}})[0]


def test_nbconvert_makes_the_page_that_reporting_makes():
    ours, theirs = Reader(r.notebook_page(notebook(), "Kecamatan Nasal")), Reader(converted())
    assert theirs.tags == ours.tags
    assert theirs.text.split() == ours.text.split()


def test_a_page_read_once_more_is_the_page_that_nbconvert_makes_by_reading_twice():
    assert str(BeautifulSoup(notebooks.page(notebook(), "Kecamatan Nasal"), "html.parser")) == converted()


@pytest.mark.parametrize("word", ["kode_rahasia", "FutureWarning", "catatan untuk peneliti", "Section("])
def test_code_logs_and_notes_stay_out_of_the_page(word):
    assert word not in converted()


def test_unmatched_names_are_a_share_of_the_whole_list():
    table = changed("targeting", "unmatched_share", CODE, "pkh", value=0.2, low=np.nan, high=np.nan)
    pkh = next(reach for reach in view(table).reach if "PKH" in reach.name)
    assert "20% nama penerima tidak ditemukan" in pkh.sentences[-1].replace(",0%", "%")


def test_nothing_is_said_of_unmatched_names_where_their_number_is_protected():
    table = changed("targeting", "unmatched_share", CODE, "pkh", value=np.nan, status="disembunyikan")
    pkh = next(reach for reach in view(table).reach if "PKH" in reach.name)
    assert "tidak ditemukan" not in " ".join(pkh.sentences)


def test_without_numbers_for_the_extreme_poor_everyone_who_qualifies_is_named():
    table = made.published()
    rest = table[~table["indicator"].str.startswith("due_extreme")]
    codes = [action.code for action in view(rest).actions]
    assert "layani" in codes and "layani_ekstrem" not in codes


def test_needs_are_listed_by_strategy_of_the_instruction():
    strategies = [row.strategy for row in view().needs.rows]
    assert strategies == sorted(strategies, key=list(dict.fromkeys(strategies)).index)
    assert len(set(strategies)) == 3


def test_a_pages_provenance_cannot_be_left_out():
    facts = made.facts()
    del facts["run"]
    with pytest.raises(KeyError, match="run"):
        r.kecamatan_view(made.published(), facts, made.AREA, CODE)


def test_a_line_that_differs_between_households_is_described():
    facts = made.facts()
    facts["lines"][0] |= {"rupiah": None, "times": 1.0}
    assert "menurut kolom garis di survei" in r.method(r.kecamatan_view(made.published(), facts, made.AREA, CODE)).html


# --- a study without a registry ---


def by_survey(table=None):
    return r.kecamatan_view(
        made.published() if table is None else table, made.facts() | {"route": "survey"}, made.AREA, CODE
    )


def test_a_survey_counts_households():
    table = made.published()
    found = by_survey(table[table["topic"] != "reasons"])  # a survey knows no reasons
    assert "rumah tangga miskin ekstrem" in found.reach[0].sentences[0]


def test_a_survey_has_no_matched_recipients():
    assert not any("padan" in sentence for sentence in by_survey().reach_any.sentences)


def test_without_a_registry_no_recipient_list_is_asked_to_be_updated():
    assert "pantau" not in [action.code for action in by_survey().actions]


def test_a_survey_without_kecamatan_codes_says_so():
    table = made.published()
    whole = table[table["area"].str.len() < 7]
    assert by_survey(whole).limits[0].startswith("Survei ini tidak memuat kode kecamatan")


def test_a_page_without_any_supported_action_says_so():
    nothing = made.published()[lambda table: table["topic"] == "official"]
    page = r.actions(by_survey(nothing)).html
    assert "Belum ada angka yang cukup pasti" in page
