"""Pages about the edition itself: the index that finds a desa, methods for the sceptic, data quality for senders."""

import csv
from pathlib import Path

import pytest

from kaur_analysis import reporting as r
from kaur_analysis.formats import number
from kaur_analysis.reporting.facts import read_facts
from kaur_analysis.reporting.methods import validation
from tests.pages import extremes, pages
from tests.pages import fabricated as made
from tests.pages.reader import Reader

FILES = {f"kaur-2025-{code}-x.html": made.AREA.kecamatan_name(code) for code in made.KEC}
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def index():
    return r.index_view(made.published(), made.facts(), made.AREA, FILES)


def test_every_desa_is_on_the_index(index):
    assert sum(len(links) for _, links in index.desa) == len(made.DESA) == 195


def test_desa_stand_in_alphabetical_order(index):
    names = [link.name for _, links in index.desa for link in links]
    assert names == sorted(names)


def test_a_desa_leads_to_its_line_on_its_kecamatans_page(index):
    link = next(link for _, links in index.desa for link in links if link.name == "Suku Tiga")
    file, _, anchor = link.file.partition("#")
    assert link.note == "Nasal" and file == "kaur-2025-1704010-x.html"
    assert anchor in Reader(pages.kecamatan("1704010")).ids


def test_a_desa_whose_page_was_not_made_is_still_found():
    view = r.index_view(made.published(), made.facts(), made.AREA, {})
    assert {link.file for _, links in view.desa for link in links} == {""}


def test_pages_are_named_after_edition_area_and_content():
    made_pages = r.edition_pages(made.published(), made.facts(), made.AREA, FILES, "kaur-2025")
    assert list(made_pages) == ["index.html", "kaur-2025-1704-metode.html", "kaur-2025-1704-mutu-data.html"]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("kecamatan", "Kecamatan Nasal · Kabupaten Kaur · edisi 2025 (draf)"),
        ("opd", "Dinas Sosial · Kabupaten Kaur · edisi 2025 (draf)"),
        ("kabupaten", "Kabupaten Kaur · Provinsi Bengkulu · edisi 2025 (draf)"),
        ("metode", "Metode · Kabupaten Kaur, untuk yang ingin memeriksa · edisi 2025 (draf)"),
    ],
)
def test_the_title_says_what_the_page_is_about(page, title):
    assert f"<title>{title}</title>" in pages.all_pages()[page]


def test_without_a_header_the_title_is_the_name_of_the_file():
    assert "<title>kaur-2025-x</title>" in r.page_html(["<p>x</p>"], "kaur-2025-x")


def test_a_title_carries_no_tags_of_a_name_that_means_harm():
    html = pages.kecamatan(area=extremes.with_names(extremes.HOSTILE))
    assert "<title>Kecamatan &lt;script&gt;" in html


@pytest.mark.parametrize("entry", validation(), ids=lambda entry: entry["claim"][:40])
def test_a_figure_of_the_validation_is_the_one_that_was_measured(entry):
    with (BENCHMARKS / entry["file"]).open(encoding="utf-8") as lines:
        found = [row for row in csv.DictReader(lines) if entry["where"].items() <= row.items()]
    assert len(found) == 1
    measured = number(float(found[0][entry["column"]]) * 100, entry["percent"])
    assert entry["text"] == measured, f"validation.yaml: '{entry['claim']}' harus {measured}"


def test_the_methods_page_says_how_many_numbers_are_withheld():
    view = r.methods_view(made.published(), made.facts(), made.AREA)
    hidden = int((made.published()["status"] == "disembunyikan").sum())
    assert any(words.startswith("dilindungi") and text.startswith(number(hidden)) for words, text in view.shown)


def test_the_methods_page_holds_survey_model_and_official_level_side_by_side():
    names = [check.name for check in r.methods_view(made.published(), made.facts(), made.AREA).checks]
    assert names[:3] == ["Survei saja", "Model, sebelum disesuaikan", "Model, seperti disajikan"]
    assert names[3].startswith("Angka resmi BPS")


def quality(**changes):
    return r.quality_view(made.published(), made.facts() | changes, made.AREA)


def test_a_sender_reads_first_what_to_do_most_often():
    first = quality().to_do[0]
    assert first.findings[0].rows == 412 and first.remedy.startswith("Cocokkan dengan KTP")


def test_what_several_lists_need_is_said_once():
    again = [entry | {"source": name} for name in ("a", "b") for entry in made.facts()["findings"][:1]]
    (task,) = quality(findings=again).to_do
    assert [finding.source for finding in task.findings] == ["a", "b"]


def test_a_protected_number_of_rows_is_not_on_the_page():
    found = quality().lists[1]
    assert [rows.text for rows in (found.read, found.kept, found.set_aside)] == ["•", "5.847", "•"]
    assert found.findings[0].rows is None


def test_findings_that_ask_for_nothing_are_no_task():
    nothing = {"source": "p3ke", "title": "x", "remedy": "Tidak perlu tindakan.", "set_aside": True, "rows": 900}
    assert quality(findings=[nothing]).to_do == ()


def test_lists_without_findings_say_so():
    html = r.quality_page(quality(findings=[]), "x")
    assert "Tidak ada temuan yang perlu tindakan." in html and "<p>Tidak ada temuan.</p>" in html


def test_an_edition_without_lists_still_has_a_quality_page():
    view = quality(sources=[], findings=[])
    assert view.headline.finding == "Belum ada daftar yang dibaca." and "Belum ada daftar." in r.quality_page(view, "x")


def named(*sources):
    facts = made.facts()
    facts["sources"] = [dict(zip(("name", "kind", "period", "programme"), source, strict=True)) for source in sources]
    return read_facts(facts)


def test_pages_name_lists_by_what_they_hold():
    facts = named(("p3ke", "p3ke_family", "2023", ""), ("a", "recipients", "2024", "pkh"))
    assert list(facts.labels.values()) == ["keluarga P3KE 2023", "PKH 2024"]


def test_a_list_that_speaks_of_one_day_says_which():
    facts = made.facts()
    facts["sources"] = [{"name": "p3ke", "kind": "p3ke_family", "period": "", "as_of": "2023-06-30"}]
    assert read_facts(facts).sources_in_words == "keluarga P3KE (30 Juni 2023)"


def test_pages_say_what_the_list_of_target_families_is():
    view = r.kecamatan_view(made.published(), made.facts() | {"targeting_list": "p3ke"}, made.AREA, "1704010")
    wanted = "Daftar keluarga sasaran, tempat penerima ditetapkan: keluarga P3KE 2023."
    assert wanted in r.method(view).html


def test_without_a_list_of_target_families_none_is_spoken_of():
    assert read_facts(made.facts() | {"targeting_list": ""}).registered == ""


def test_two_lists_that_hold_the_same_are_told_apart_by_their_names():
    facts = named(("a", "recipients", "2024", "pkh"), ("b", "recipients", "2024", "pkh"))
    assert list(facts.labels.values()) == ["PKH 2024 (a)", "PKH 2024 (b)"]


def test_the_small_print_names_lists_of_a_period_together():
    facts = named(("a", "recipients", "2024", "pkh"), ("b", "recipients", "2024", "sembako"))
    assert facts.sources_in_words == "penerima PKH, BPNT (2024)"
