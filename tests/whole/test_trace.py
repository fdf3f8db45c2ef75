"""What of an edition is current and why not; where a published number comes from."""

import inspect
import re
import shutil

import pytest

from kaur_analysis.errors import DataRejected, KeyMissing, UsageError
from kaur_analysis.intake.keys import default_key_path
from kaur_analysis.pipeline import provenance
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.explain import TABLES, explain
from kaur_analysis.pipeline.manifest import read_manifest, verify
from kaur_analysis.pipeline.run import READS, RESEARCH, TURNS, WRITES, refuse_long_paths, run_edition, sole_run
from kaur_analysis.pipeline.status import CURRENT, NEVER, STALE, edition_status
from kaur_analysis.pipeline.steps import appendix, incidence, planning, poverty, publish, shown, targeting
from kaur_analysis.reference import reference_path
from kaur_analysis.store import Store, project_root


@pytest.fixture
def copied(finished, tmp_path):
    """The finished edition in another place, so that a test may spoil it."""
    edition = finished.edition
    shutil.copytree(finished.office, tmp_path / "demo")
    shutil.copytree(edition.store.data, tmp_path / "data")
    shutil.copytree(edition.store.reports, tmp_path / "reports")
    return tmp_path


def opened(home):
    return open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))


def statuses(edition):
    return {step.name: step for step in edition_status(edition)}


def test_after_a_run_everything_is_current(finished):
    assert {step.status for step in edition_status(finished.edition)} == {CURRENT}


def test_an_edition_never_run_says_so(finished, tmp_path):
    edition = open_edition(str(finished.office / "studi.yaml"), str(tmp_path / "data"), str(tmp_path / "reports"))
    assert {step.status for step in edition_status(edition)} == {NEVER}


def test_a_changed_list_is_named_as_the_reason(copied):
    with (copied / "demo" / "sumber" / "csr_2024.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert statuses(opened(copied))["01_clean"].reasons == ("sumber csr_2024 berubah",)


def test_a_changed_setting_is_named_as_the_study(copied):
    study = copied / "demo" / "studi.yaml"
    text = study.read_text(encoding="utf-8").replace("contact: ", "contact: Meja lain, ")
    study.write_text(text, encoding="utf-8")
    assert statuses(opened(copied))["04_planning"].reasons == ("studi berubah",)


def test_a_changed_official_figure_of_the_studys_own_area_is_an_input(copied):
    shutil.copytree(reference_path("areas", "1704"), copied / "demo" / "wilayah")
    study = copied / "demo" / "studi.yaml"
    text = study.read_text(encoding="utf-8").replace("edition:", "area: wilayah\nedition:", 1)
    study.write_text("\n".join(line for line in text.splitlines() if not line.startswith('area: "')), encoding="utf-8")
    before = opened(copied).inputs()["wilayah"]
    with (copied / "demo" / "wilayah" / "official.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert opened(copied).inputs()["wilayah"] != before


def test_a_step_whose_tables_may_change_waits_for_the_step_that_writes_them(copied):
    with (copied / "demo" / "sumber" / "csr_2024.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    found = statuses(opened(copied))["02_poverty"]
    assert (found.status, found.reasons) == (STALE, ("menunggu langkah 01_clean",))


def test_the_poverty_step_says_every_cleaned_table_that_it_reads():
    cells = (project_root() / "notebooks" / "02_poverty.ipynb").read_text(encoding="utf-8")
    called = [getattr(shown, name) for name in re.findall(r"shown\.(\w+)\(", cells)]
    source = "".join(map(inspect.getsource, (poverty, appendix, *called)))
    assert sorted(set(re.findall(r'"(clean/\w+)"', source))) == sorted(READS["02_poverty"])


def told(notebook, *modules):
    """Source of a step's modules and of everything its notebook shows."""
    cells = (project_root() / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8")
    called = [getattr(shown, name) for name in re.findall(r"shown\.(\w+)\(", cells)]
    return "".join(map(inspect.getsource, (*modules, *called)))


SIDE_BY_SIDE = {
    "03_targeting": targeting,
    "03_incidence": incidence,
    "04_planning": planning,
}


def test_the_steps_that_say_what_they_write_are_those_run_side_by_side():
    assert set(WRITES) == set(SIDE_BY_SIDE) == {name for turn in TURNS if len(turn) > 1 for name in turn}


@pytest.mark.parametrize("step", SIDE_BY_SIDE)
def test_a_step_beside_another_says_every_table_that_it_writes(step):
    written = re.findall(r'\.write\(\s*"(\w+/\w+)"', told(step, SIDE_BY_SIDE[step]))
    assert sorted(written) == sorted(WRITES[step])


@pytest.mark.parametrize("step", SIDE_BY_SIDE)
def test_steps_side_by_side_name_no_table_of_each_other(step):
    named = set(re.findall(r'"(\w+/\w+)"', told(step, SIDE_BY_SIDE[step])))
    others = {name for other, tables in WRITES.items() if other != step for name in tables}
    assert named & others == set()


def test_pages_wait_for_the_first_stale_step(copied):
    (copied / "demo" / "corrections.yaml").write_text("[]\n", encoding="utf-8")
    edition = opened(copied)
    page = statuses(edition)[f"07_kabupaten {edition.area.code}"]
    assert (page.status, page.reasons) == (STALE, ("menunggu langkah 01_clean",))


def test_a_damaged_table_makes_its_step_stale(copied):
    edition = opened(copied)
    edition.store.path("estimates/poverty").write_bytes(b"rusak")
    assert statuses(edition)["02_poverty"].reasons == ("hasilnya hilang atau rusak",)


def test_a_second_run_at_the_same_time_is_refused(finished):
    with sole_run(finished.edition), pytest.raises(UsageError, match="sedang dikerjakan"):
        run_edition(finished.edition)


def test_a_lock_left_behind_by_a_dead_process_stops_nobody(finished):
    with sole_run(finished.edition):
        pass
    assert run_edition(finished.edition).made == []


def test_too_small_a_disk_is_refused_before_anything_is_written(finished, monkeypatch):
    monkeypatch.setattr("kaur_analysis.pipeline.run.LEAST_FREE_BYTES", 10**18)
    with pytest.raises(DataRejected, match="Ruang cakram"):
        run_edition(finished.edition)


def test_an_input_that_changes_during_the_run_stops_publishing(copied):
    edition = opened(copied)
    before = (edition.store.pages / "manifest.json").read_bytes()

    def somebody_saves_the_list(name, event):
        if event == "tetap" and name == "04_planning":
            with (copied / "demo" / "sumber" / "csr_2024.csv").open("a", encoding="utf-8") as stream:
                stream.write("\n")

    with pytest.raises(DataRejected, match=r"sumber csr_2024\. Edisi tidak diterbitkan"):
        run_edition(edition, watch=somebody_saves_the_list)
    assert (edition.store.pages / "manifest.json").read_bytes() == before


def test_a_changed_line_of_code_makes_every_step_stale(finished, tmp_path, monkeypatch):
    package = tmp_path / "kaur_analysis"
    shutil.copytree(provenance.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "poverty" / "fgt.py").open("a", encoding="utf-8") as stream:
        stream.write("# lain\n")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    found = statuses(finished.edition)
    assert {found[step].reasons for step in RESEARCH} == {("kode program berubah",)}


@pytest.mark.skipif(default_key_path().is_file(), reason="this computer has a key")
def test_a_missing_key_is_refused_before_the_first_notebook(copied):
    study = copied / "demo" / "studi.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace("synthetic: true", "synthetic: false"), encoding="utf-8")
    seen = []
    with pytest.raises(KeyMissing, match="kaur key new"):
        run_edition(opened(copied), watch=lambda name, event: seen.append((name, event)))
    assert seen == []


def test_a_broken_notebook_is_refused_before_the_first_is_run(copied, monkeypatch):
    """The last notebook is cut short; no step before it is begun."""
    notebooks = copied / "notebooks"
    shutil.copytree(project_root() / "notebooks", notebooks)
    last = notebooks / "07_kabupaten.ipynb"
    last.write_text(last.read_text(encoding="utf-8")[:300], encoding="utf-8")
    monkeypatch.setattr("kaur_analysis.pipeline.run.project_root", lambda: copied)
    seen = []
    with pytest.raises(UsageError, match=r"07_kabupaten\.ipynb: .* rusak atau terpotong"):
        run_edition(opened(copied), force=True, watch=lambda name, event: seen.append(event))
    assert seen == []


def test_folders_too_deep_for_windows_are_refused(finished, tmp_path):
    deep = tmp_path / ("folder" * 20)
    edition = open_edition(str(finished.office / "studi.yaml"), str(deep / "data"), str(deep / "reports"))
    with pytest.raises(UsageError, match=r"terlalu panjang \d+ huruf untuk Windows"):
        refuse_long_paths(edition)


def test_a_short_folder_is_not_refused(finished):
    edition = open_edition(str(finished.office / "studi.yaml"), "/kaur/data", "/kaur/reports")
    assert refuse_long_paths(edition) is None


def test_a_run_with_nothing_to_do_leaves_every_file_as_it_is(finished):
    before = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")}
    run_edition(finished.edition)
    assert {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")} == before


def test_a_page_damaged_in_the_edition_is_published_again(copied):
    edition = opened(copied)
    page = edition.store.pages / edition.kabupaten_page
    whole = page.read_bytes()
    page.write_bytes(whole[:1000])
    assert (run_edition(edition).made, page.read_bytes()) == ([], whole)


def _products(edition):
    return read_manifest(edition.store.pages)["products"]


def test_a_page_made_again_alone_leaves_the_edition_as_it_was_to_the_byte(copied):
    edition = opened(copied)
    before = _products(edition)
    (edition.store.data / "published" / edition.name / "produk" / edition.kecamatan_page("1704010")).unlink()
    made = run_edition(edition, only=["1704010"]).made
    assert (made, _products(edition), verify(edition.store.pages)) == (["05_kecamatan 1704010"], before, [])


@pytest.mark.parametrize("damaged", ["index.html", "published.csv"])
def test_a_damaged_page_about_the_edition_is_not_published_again(copied, damaged):
    edition = opened(copied)
    before = _products(edition)
    folder = edition.store.data / "published" / edition.name / "produk"
    (folder / damaged).write_text("rusak", encoding="utf-8")
    (folder / edition.kecamatan_page("1704010")).unlink()
    run_edition(edition, only=["1704010"])
    assert _products(edition) == before


def test_a_damaged_note_of_what_was_published_is_not_believed(copied):
    edition = opened(copied)
    before = _products(edition)
    edition.store.path("published/terbit", ".json").write_text('{"own": {', encoding="utf-8")
    (edition.store.data / "published" / edition.name / "produk" / edition.kecamatan_page("1704010")).unlink()
    run_edition(edition, only=["1704010"])
    assert _products(edition) == before


def test_a_number_is_traced_to_its_table_and_step(finished):
    edition = finished.edition
    found = explain(edition, "poverty.poor_share", edition.area.code)
    assert {entry.tables["estimates/poverty"][0] for entry in found} == {"02_poverty"}


def test_a_number_is_traced_to_every_input(finished):
    found = explain(finished.edition, "poverty.poor_share", finished.edition.area.code)[0]
    assert {f"sumber {source.name}" for source in finished.edition.study.sources} <= set(found.inputs)


def test_every_published_topic_can_be_explained(finished):
    assert set(finished.edition.store.read("published/published")["topic"]) <= set(TABLES)


def test_a_survey_figure_is_traced_to_its_table(finished):
    found = explain(finished.edition, "survey.gini", finished.edition.area.code)
    assert set(found[0].tables) == {"estimates/poverty"}


def test_a_hidden_number_is_not_told(finished):
    published = finished.edition.store.read("published/published")
    row = published[published["status"] == "disembunyikan"].iloc[0]
    narrowed = {column: row[column] for column in ("programme", "agency", "group", "period")}
    [found] = explain(finished.edition, f"{row['topic']}.{row['indicator']}", row["area"], **narrowed)
    assert (found.value, found.decision) == (f"disembunyikan: {row['reason']}", row["reason"])


def test_a_misspelt_indicator_is_answered_with_the_nearest(finished):
    with pytest.raises(UsageError, match="poor_share"):
        explain(finished.edition, "por_share", finished.edition.area.code)


# Topics whose rows are made by a function of another name.
ROWS_OF = {
    "determinants": "determinant",
    "lists": "list",
    "reasons": "reason",
    "scenarios": "scenario",
    "targeting_survey": "survey_targeting",
}


def test_the_tables_of_each_topic_are_those_that_publishing_reads(finished, monkeypatch):
    read = []
    plain, known = Store.read, Store.hash
    monkeypatch.setattr(Store, "read", lambda self, name, columns=None: read.append(name) or plain(self, name, columns))
    monkeypatch.setattr(Store, "hash", lambda self, name: read.append(name) or known(self, name))  # told by its file
    for topic, tables in TABLES.items():
        if topic == "survey":
            continue  # rows of the poverty table under a topic of their own
        read.clear()
        getattr(publish, f"{ROWS_OF.get(topic, topic)}_rows")(finished.edition)
        assert sorted(set(read)) == sorted(tables), topic
