"""A page that says what it said is the last one under a new number; any other is laid out anew."""

import json
from types import SimpleNamespace

import pytest

from kaur_analysis.pipeline import restamp, run
from kaur_analysis.pipeline.restamp import Told, restamped, told, view_of
from kaur_analysis.pipeline.run import FACTS, NUMBERS, Job, _cache, _said_before
from kaur_analysis.store import Store, file_hash
from tests.pages import fabricated as made
from tests.pages import pages
from tests.shared import ROOT

NOTEBOOKS = {
    "05_kecamatan": ({"kecamatan": "1704010"}, pages.kecamatan),
    "06_opd": ({"agency": "dinsos"}, pages.agency),
    "07_kabupaten": ({}, pages.kabupaten),
}
EDITION = SimpleNamespace(area=made.AREA)


def notebook(name):
    return ROOT / "notebooks" / f"{name}.ipynb"


@pytest.fixture
def saying(monkeypatch):
    """What the page of a notebook would say of these published numbers and facts."""

    def said(name, published=None, **facts):
        known = made.published() if published is None else published
        monkeypatch.setattr(restamp.pages, "_public", lambda edition: (known, made.facts() | facts))
        return told(EDITION, notebook(name), NOTEBOOKS[name][0])

    return said


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_page_of_the_program_lays_out_a_view_and_nothing_else(name):
    assert view_of(notebook(name)) == (f"view_{name[3:].replace('opd', 'agency')}", tuple(NOTEBOOKS[name][0]))


@pytest.mark.parametrize("cell", ["reporting.header(edition)", "print(view)", "edition.store.read('clean/families')"])
def test_a_notebook_that_says_more_is_not_known_by_its_view(tmp_path, cell):
    known = json.loads(notebook("05_kecamatan").read_text(encoding="utf-8"))
    known["cells"].append({"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None})
    path = tmp_path / "05_kecamatan.ipynb"
    path.write_text(json.dumps(known), encoding="utf-8")
    assert view_of(path) is None
    assert told(EDITION, path, NOTEBOOKS["05_kecamatan"][0]) is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_last_page_under_a_new_number_is_the_new_page(saying, name):
    numbers = {"run": "0f" * 32, "input": "e1" * 32}, {"run": "ab" * 32, "input": "77" * 32}
    before, after = (NOTEBOOKS[name][1](facts=made.facts() | own) for own in numbers)
    assert before != after
    assert restamped(before, saying(name, **numbers[0]), saying(name, **numbers[1])) == after


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_page_of_another_number_says_something_else(saying, name):
    other = made.published().copy()
    other["value"] = other["value"].where(other["status"] != "tampil", other["value"] * 1.5)
    assert restamped(NOTEBOOKS[name][1](), saying(name), saying(name, other)) is None


def test_a_page_of_other_facts_says_something_else(saying):
    assert saying("06_opd").content != saying("06_opd", contact="Bidang lain").content


def test_numbers_that_a_page_does_not_print_do_not_change_what_it_says(saying):
    other = made.published().copy()
    elsewhere = other["area"].str.startswith("1704020") & other["topic"].eq("desa")
    assert elsewhere.any()
    other.loc[elsewhere, "n"] += 1
    assert saying("06_opd").content == saying("06_opd", other).content


def test_a_page_that_holds_its_number_twice_is_not_stamped():
    before, now = Told("a", "1f", "2e"), Told("a", "3d", "4c")
    assert restamped(f"<p>{before.stamp} Lihat 1f.</p>", before, now) is None


@pytest.fixture
def left(tmp_path):
    """A page in the cache of an edition, and the note of what it said."""
    edition = SimpleNamespace(name="2025", store=Store(tmp_path, tmp_path, "2025"))
    job = Job("06_opd dinsos", notebook("06_opd"), {}, "dinsos.html")
    product = _cache(edition) / job.product
    product.parent.mkdir(parents=True)
    product.write_text("halaman", encoding="utf-8")
    made_from = {NUMBERS: "1", FACTS: "2", "kode program": "3"}
    entry = {"made_from": made_from, "product": file_hash(product), "told": {"content": "a"}}
    return edition, job, made_from, {job.name: entry}, product


def test_other_numbers_alone_leave_the_last_page_to_be_looked_at(left):
    edition, job, made_from, state, _ = left
    assert _said_before(edition, state, job, made_from | {NUMBERS: "7", FACTS: "8"}) == {"content": "a"}


def test_nothing_is_taken_from_a_page_of_another_program(left):
    edition, job, made_from, state, _ = left
    assert _said_before(edition, state, job, made_from | {"kode program": "4"}) is None


def test_nothing_is_taken_from_a_page_that_is_damaged_or_gone(left):
    edition, job, made_from, state, product = left
    product.write_text("halama", encoding="utf-8")
    assert _said_before(edition, state, job, made_from) is None
    product.unlink()
    assert _said_before(edition, state, job, made_from) is None


@pytest.mark.parametrize("idle", [True, False])
def test_what_a_page_says_is_kept_whoever_tells_it(left, monkeypatch, idle):
    edition, job, *_ = left
    monkeypatch.setattr(run, "_tell", lambda job, edition: {"content": "a"})
    monkeypatch.setattr(
        run, "_run_page", lambda job, edition, before, tell=True: ("effort", run._tell(job, edition) if tell else None)
    )
    here = SimpleNamespace(call=lambda work, *given, **named: work(*given, **named))
    assert run._watched(lambda *_: None, here, job, edition, None, idle) == ("effort", {"content": "a"})
