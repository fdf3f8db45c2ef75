"""What finished pages tell is what ``published.csv`` tells: nothing more can be learnt from HTML than from it."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from kaur_analysis import reporting
from kaur_analysis.disclosure.publish import KEYS, NUMBERS
from kaur_analysis.intake import as_written
from kaur_analysis.pipeline.run import page_jobs
from kaur_analysis.pipeline.steps.pages import view_kecamatan
from kaur_analysis.pipeline.steps.publish import unprotected_rows
from kaur_analysis.reporting.card import card_caption
from kaur_analysis.reporting.facts import read_facts
from tests import page_cells
from tests.edition_attack import knowledge
from tests.pages import pages
from tests.pages.reader import Reader

PROTECTED = "disembunyikan"


@pytest.fixture(scope="module")
def table(finished):
    """``published.csv`` as whoever it was sent to reads it."""
    read = as_written(pd.read_csv(finished.folder / "published.csv", dtype=str, keep_default_na=False))
    return read.assign(**{name: pd.to_numeric(read[name], errors="coerce") for name in NUMBERS})


@pytest.fixture(scope="module")
def facts(finished):
    return finished.edition.store.read_facts("published/edition")


@pytest.fixture(scope="module")
def rebuilt(finished, table, facts):
    """Every page of the edition, made anew from the table that left the house, the edition's facts and names."""
    edition, area = finished.edition, finished.edition.area
    common = {"published": table, "facts": facts, "area": area}
    made = {edition.kecamatan_page(code): pages.kecamatan(code, **common) for code in area.kecamatan["kecamatan"]}
    made |= {edition.agency_page(code): pages.agency(code, **common) for code in facts["agencies"]}
    made[edition.kabupaten_page] = pages.kabupaten(**common)
    titles = {job.product: job.title for job in page_jobs(edition)}
    return made | reporting.edition_pages(table, facts, area, titles, edition.prefix)


def said(html: str) -> tuple[list, list[str]]:
    """Elements and words of a page without its title, which its header says already."""
    read = Reader(re.sub(r"<title>.*?</title>", "", html))
    return read.tags, read.text.split()


def test_every_page_follows_from_the_published_table_the_editions_facts_and_names(finished, rebuilt):
    told = {path.name: path.read_text(encoding="utf-8") for path in finished.pages()}
    assert set(told) == set(rebuilt)
    assert [name for name in told if said(told[name]) != said(rebuilt[name])] == []


def test_every_caption_to_forward_follows_from_them_too(finished, table, facts):
    area = finished.edition.area
    for code in area.kecamatan["kecamatan"]:
        view = reporting.kecamatan_view(table, facts, area, code)
        assert card_caption(view) == card_caption(view_kecamatan(finished.edition, code))


def numbers_in(facts: object) -> list[float]:
    """Numbers among facts, however deep."""
    if isinstance(facts, dict | list):
        return [
            number for part in (facts.values() if isinstance(facts, dict) else facts) for number in numbers_in(part)
        ]
    return [facts] if isinstance(facts, int | float) and not isinstance(facts, bool) else []


def test_the_editions_facts_count_no_families(facts):
    """Settings and catalogue aside, they count rows of lists, which pass the gate, and what the gate did."""
    settings = {"thresholds", "lines", "benchmark", "programmes", "boundaries", "target_year"}
    assert {name for name in facts.keys() - settings if numbers_in(facts[name])} == {"findings", "gate"}
    assert re.findall(r"\d+ (?:keluarga|orang|penerima|nama)\b", " ".join(facts["notes"])) == []


@pytest.fixture(scope="module")
def places(finished, facts):
    area = finished.edition.area
    programmes = read_facts(facts).programmes.values()
    return page_cells.Places(
        area.code,
        dict(zip(area.kecamatan["name"], area.kecamatan["kecamatan"], strict=True)),
        {programme.short: programme.code for programme in programmes},
    )


@pytest.fixture(scope="module")
def cells(finished, places):
    return [cell for file in finished.pages() for cell in page_cells.cells(file, places)]


def rows_of(table) -> dict[tuple[str, str, str, str], int]:
    """Place in the published table by name, area, programme and group; of a list by its own name alone."""
    names = (table["topic"] + "." + table["indicator"]).replace({"lists.families_kept": "lists.rows_kept"})
    programmes = table["programme"].where(table["topic"] != "lists", "")
    keys = zip(names, table["area"], programmes, table["group"], strict=True)
    return dict(zip(keys, table.index, strict=True))


def test_tables_of_every_kind_are_read(cells):
    assert len(cells) > 2000
    assert {cell.name.split(".")[0] for cell in cells} == {
        "poverty",
        "targeting",
        "desa",
        "needs",
        "zero_cost",
        "lists",
    }


def test_every_cell_of_a_page_says_what_its_row_of_the_published_table_says(cells, table):
    place = rows_of(table)
    wrong = []
    for cell in cells:
        key = (cell.name, cell.area, cell.programme, cell.group)
        row = table.loc[place[key]] if key in place else {"status": "belum ada data"}
        shown = row["status"] in ("tampil", "hati-hati")
        wrong += [cell] if bool(cell.text) != shown or (shown and not cell.says(row["value"])) else []
    assert wrong == []


def told_by(cells, table) -> pd.DataFrame:
    """The published table as a reader of pages alone has it: nothing but what some cell of a page tells."""
    place = rows_of(table)
    told = {place[cell.name, cell.area, cell.programme, cell.group] for cell in cells if cell.text}
    return table.assign(status=np.where(table.index.isin(told), "tampil", PROTECTED))


def small_numbers(finished, told):
    """Small numbers that follow from what is told, by linear programmes; what pages leave out is nobody's secret."""
    minimum = finished.edition.study.thresholds.minimum_families
    known = knowledge(unprotected_rows(finished.edition), told, minimum)
    return replace(known, withheld=[]).leaks()


def test_nothing_small_can_be_worked_out_from_the_tables_of_pages(finished, cells, table):
    assert small_numbers(finished, told_by(cells, table)) == []


def test_a_protected_cell_that_a_page_printed_would_be_found(finished, cells, table):
    truth = unprotected_rows(finished.edition).set_index(KEYS)["value"]
    place = rows_of(table)

    def printed(cell):
        row = place.get((cell.name, cell.area, cell.programme, cell.group))
        if row is None or cell.name != "needs.due_extreme_families":
            return cell
        key = tuple(table.loc[row, KEYS])
        return replace(cell, text=str(round(truth[key])))

    assert len(small_numbers(finished, told_by(map(printed, cells), table))) > 10


SENTENCES = ".finding, .comparison, .actions li, .indicators li, .reach p"
RANGE = re.compile(r"(Rp)?(\d[\d.,]*)( juta| miliar|)–(?:Rp)?(\d[\d.,]*)(%| juta| miliar| triliun| poin persen|)")
FEW = "(?:kurang dari 1|(\\d+))"
SPLIT = re.compile(rf"Dari 100 [^:]*?: {FEW} menerima, (?:{FEW} belum terdaftar, )?{FEW} |Dari 100 [^,]*?, {FEW} bukan")
# What is no number of the edition: shares as people, counts of lists and programmes, years, classes, legal constants.
CONSTANT = re.compile(
    r"[\d.]+ dari [\d.]+ penduduk|\d+ (?:program|daftar)\b|desil \d+|BPS \d{4}|80% miskin ekstrem dengan|"
    r"95 persen|P[12]\b"
)


def numbers_of(text: str) -> list[str]:
    """Numbers that a sentence tells of families, each with its unit."""
    text = RANGE.sub(lambda m: f"{m[1] or ''}{m[2]}{m[3] or m[5]} {m[1] or ''}{m[4]}{m[5]}", CONSTANT.sub("", text))
    text = re.sub(r"(?<=\d) poin persen", "%", SPLIT.sub(lambda m: m[0][: m[0].index(":") if ":" in m[0] else 0], text))
    return [found.group().strip().rstrip(".") for found in page_cells.NUMBER.finditer(text.replace("Dari 100", ""))]


def sums_of(rows: pd.DataFrame, once: set[str], listed: set[str]) -> list[float]:
    """Sums of published rupiah that sentences state: needs of an agency and of all, and the package by fund.

    Needs are told by whether the programme's list of recipients is held, and together.
    """
    shown = rows[rows["value"].notna()]
    needs = shown[shown["topic"].eq("needs") & shown["indicator"].str.endswith("rupiah_year") & shown["group"].eq("")]
    kinds = [needs["indicator"], needs["programme"].isin(once)]
    package = shown[shown["indicator"].eq("programme_mix_rp_year") & shown["programme"].ne("")]
    by_fund = package[package["group"].ne("")].groupby("group")
    parts = [*kinds, needs["programme"].isin(listed)]
    return [*needs.groupby(kinds)["value"].sum(), *needs.groupby([needs["agency"], *kinds])["value"].sum(),
            *needs.groupby(parts)["value"].sum(), *needs.groupby([needs["agency"], *parts])["value"].sum(),
            *by_fund["value"].sum()]  # fmt: skip


@pytest.fixture(scope="module")
def sentences(finished):
    """Sentences of the pages about a place or an agency, with the code of the place they are about."""
    found = []
    for file in finished.pages():
        if code := re.search(r"-(\d{7})-|-opd-|-kabupaten", file.name):
            page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
            texts = (" ".join(part.get_text(" ").split()) for part in page.select(SENTENCES))
            found += [(code[1] or finished.edition.area.code, text) for text in texts]
    return found


def unexplained(finished, table, sentences):
    once = {programme.code for programme in finished.edition.study.programmes if programme.period == "sekali"}
    listed = set(finished.edition.study.listed)
    whole, wrong = finished.edition.area.code, []
    known = {}
    for code in {code for code, _ in sentences}:
        rows = table[table["area"].isin([code, whole, whole[:2]])]
        stated = rows[["value", "low", "high", "n"]].abs().to_numpy().ravel()
        known[code] = [*stated[~np.isnan(stated)], *sums_of(table[table["area"] == code], once, listed)]
    for code, text in sentences:
        for number in numbers_of(text):
            cell = page_cells.Cell("", "", code, "", "", number)
            wrong += [] if any(map(cell.says, known[code])) else [(number, text)]
    return wrong


def test_every_number_of_a_sentence_is_published_or_a_sum_of_what_is(finished, table, sentences):
    assert len(sentences) > 200 and unexplained(finished, table, sentences) == []


def test_hundred_families_told_apart_are_a_hundred(sentences):
    splits = [found for _, text in sentences for found in SPLIT.finditer(text) if found[1]]
    assert splits and all(sum(int(part) for part in found.groups()[:3] if part) == 100 for found in splits)


def test_a_number_that_is_not_published_would_be_found_in_a_sentence(finished, table, sentences):
    code, text = next((code, text) for code, text in sentences if "keluarga miskin ekstrem" in text)
    assert unexplained(finished, table, [(code, f"{text} Rp123,4 miliar, 98.765 keluarga, 12,34%.")]) != []
