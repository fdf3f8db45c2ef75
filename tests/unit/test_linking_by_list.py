"""Every list is linked by itself: what another one says changes nothing of it, and what is known is not linked anew.

Nor is the registry cleaned anew, whatever a list says.
"""

import shutil
from types import SimpleNamespace

import pandas as pd
import pytest

from kaur_analysis.cleaning.registry import registry_keys, unify
from kaur_analysis.demo import make_demo
from kaur_analysis.linkage import link_lists, model
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.steps import clean

TABLES = ("clean/links", "clean/grey_pairs", "clean/link_model", "clean/link_classes")
CLEAN = (
    *("clean/families", "clean/persons", "clean/former_codes", "clean/survey", "clean/recipients"),
    *("clean/findings", "clean/set_aside", "clean/accounting", "clean/audit"),
)
CHANGED = "csr"  # programme of the list that changes


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """Folder of a study whose lists have been linked."""
    folder = tmp_path_factory.mktemp("daftar")
    make_demo(folder / "studi", seed=5, families=400, dirt="field")
    link_in(folder)
    return folder


@pytest.fixture
def folder(linked, tmp_path):
    """A copy of it, to change."""
    return shutil.copytree(linked, tmp_path / "salinan")


@pytest.fixture
def asked(monkeypatch):
    """Lists that were linked, one entry per call."""
    calls = []

    def told(lists, **registry):
        calls.append(list(lists))
        return link_lists(lists, **registry)

    monkeypatch.setattr(clean, "link_lists", told)
    return calls


def opened(folder):
    return open_edition(str(folder / "studi" / "studi.yaml"), str(folder / "data"), str(folder / "reports"))


def link_in(folder):
    edition = opened(folder)
    return clean.link_recipients(edition, clean.clean_inputs(edition, clean.read_inputs(edition)))


def shorten(folder):
    """Take the last people off the list that changes."""
    path = folder / "studi" / "sumber" / "csr_2024.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    path.write_text("".join(lines[:-2]), encoding="utf-8-sig")


def written(folder, names=TABLES):
    store = opened(folder).store
    return {name: store.path(name, ".parquet").read_bytes() for name in names}


def table(folder, name):
    return opened(folder).store.read(name)


def of_others(folder, name):
    found = table(folder, name)
    return found[found["programme"] != CHANGED].reset_index(drop=True)


@pytest.mark.parametrize("name", ["clean/links", "clean/link_model"])
def test_a_changed_list_leaves_those_of_other_lists_the_same(linked, folder, name):
    shorten(folder)
    link_in(folder)
    pd.testing.assert_frame_equal(of_others(folder, name), of_others(linked, name), check_exact=True)


def test_a_changed_list_is_linked_alone(folder, asked):
    shorten(folder)
    link_in(folder)
    assert asked == [["csr.2024"]]


def test_the_changed_list_has_its_own_people_only(folder):
    shorten(folder)
    linkage = link_in(folder)
    links = table(folder, "clean/links")
    assert set(links["record"]) == set(linkage.links["record"])


def test_lists_that_are_known_are_not_linked(folder, asked):
    link_in(folder)
    assert asked == []


def test_links_that_are_known_are_written_as_linking_writes_them(linked, folder):
    link_in(folder)
    assert written(folder) == written(linked)


def test_linking_once_more_gives_the_same(linked, folder):
    shutil.rmtree(opened(folder).recollections)
    link_in(folder)
    assert written(folder) == written(linked)


def test_a_recollection_that_is_damaged_is_linked_anew(linked, folder, asked):
    path = opened(folder).recollections / "padanan" / "rak-csr.2024.bin"
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    link_in(folder)
    assert asked == [["csr.2024"]]
    assert written(folder) == written(linked)


def test_an_answer_of_a_review_changes_only_its_list(linked, folder, asked, monkeypatch):
    links = table(linked, "clean/links").dropna(subset="person")
    pair = links[links["programme"] == CHANGED].iloc[[0]][["record", "person"]].assign(same=0)
    monkeypatch.setattr(clean, "load_decisions", lambda *_: pair)
    link_in(folder)
    assert asked == [["csr.2024"]]
    after = table(folder, "clean/links").set_index("record")
    assert after.loc[pair["record"].item(), "person"] != pair["person"].item()
    pd.testing.assert_frame_equal(of_others(folder, "clean/links"), of_others(linked, "clean/links"), check_exact=True)


def test_links_stand_in_the_order_of_the_recipients(linked):
    recipients, links = table(linked, "clean/recipients"), table(linked, "clean/links")
    assert list(links["record"]) == list(recipients["record"])


# --- the registry, which hangs on no list ---


@pytest.fixture
def unified(monkeypatch):
    """Rows of families from which the registry was made, one entry per time."""
    made = []

    def told(rows, study, findings):
        made.append(len(rows.families))
        return unify(rows, study, findings)

    monkeypatch.setattr(clean, "unify", told)
    return made


@pytest.fixture
def agreements(monkeypatch):
    """How often it was worked out how people of the registry agree by chance."""
    made, usual_u = [], model.usual_u

    def told(connection, seed):
        made.append(seed)
        return usual_u(connection, seed)

    monkeypatch.setattr(model, "usual_u", told)
    return made


def doubled_line(folder, name):
    """Write the first line of a source twice: the second is set aside, and reported."""
    path = folder / "studi" / "sumber" / name
    head, first, *rest = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    path.write_text("".join([head, first, first, *rest]), encoding="utf-8-sig")


def correction(folder, source, **rows):
    entry = f"""- source: {source}
  rows: {rows}
  action: set_aside
  reason: bukan warga
  who: Bidang Litbang
  date: 2025-04-02
  status: disetujui
  expected: 1
"""
    (folder / "studi" / "corrections.yaml").write_text(entry, encoding="utf-8")


def test_a_changed_list_leaves_the_registry_as_it_was_made(folder, unified, agreements):
    shorten(folder)
    link_in(folder)
    assert (unified, agreements) == ([], [])


def test_a_changed_line_of_the_registry_makes_it_anew(folder, unified, agreements):
    doubled_line(folder, "dtsen_keluarga.csv")
    link_in(folder)
    assert len(unified) == 1 and len(agreements) == 0  # the line is set aside again: nobody is linked to another


def test_a_correction_of_the_registry_makes_it_anew(folder, unified):
    correction(folder, "dtsen_keluarga", line=2)
    link_in(folder)
    assert len(unified) == 1


def test_a_correction_of_a_list_leaves_the_registry_as_it_was_made(folder, unified):
    correction(folder, "csr_2024", line=2)
    link_in(folder)
    assert unified == []
    assert list(table(folder, "clean/audit")["source"]) == ["csr_2024"]


@pytest.mark.parametrize(
    "changed", [lambda folder: None, shorten, lambda folder: doubled_line(folder, "dtsen_keluarga.csv")]
)
def test_what_is_known_of_the_registry_gives_what_making_it_gives(folder, tmp_path, changed):
    changed(folder)
    anew = shutil.copytree(folder, tmp_path / "dari awal")
    shutil.rmtree(opened(anew).recollections)
    for each in (folder, anew):
        link_in(each)
    assert written(folder, (*CLEAN, *TABLES)) == written(anew, (*CLEAN, *TABLES))


def test_lines_set_aside_of_the_registry_are_told_though_it_is_known(linked, folder, unified):
    link_in(folder)
    told = table(folder, "clean/findings")
    registry = told["source"].str.startswith(("dtsen", "p3ke"))
    assert unified == [] and registry.any()
    pd.testing.assert_frame_equal(told, table(linked, "clean/findings"), check_exact=True)


def test_numbers_that_a_new_list_shares_with_the_registry_are_found_though_it_is_known(folder, unified):
    keys = cleaned_keys(folder)
    shorten(folder)
    fewer = cleaned_keys(folder)
    assert unified == [] and keys["nik_masks"].notna().sum() >= fewer["nik_masks"].notna().sum() > 0
    anew = opened(folder).recollections
    shutil.rmtree(anew)
    pd.testing.assert_frame_equal(fewer, cleaned_keys(folder), check_exact=True)


def cleaned_keys(folder):
    edition = opened(folder)
    return clean.clean_inputs(edition, clean.read_inputs(edition)).registry_keys


def test_nobody_can_be_read_in_what_is_kept_of_the_registry(linked):
    (path,) = (opened(linked).recollections / "registri").iterdir()
    person = table(linked, "clean/persons")["person"].iloc[0]
    assert person.encode() not in path.read_bytes()


def test_people_keep_their_tokens_in_whatever_order_their_places_are():
    persons = pd.DataFrame({"record": ["a:1", "a:2", "a:3"], "person_token": ["p1", None, "p3"], "female": [1, 0, 1]})
    places = persons[["record"]].assign(family=["f1", "f1", "f2"], family_token="k", kecamatan="1704010", desa="x")
    read = SimpleNamespace(persons=persons, families=persons.iloc[:0])
    keys = registry_keys(places, read).set_index("record")
    turned = registry_keys(places.iloc[::-1].reset_index(drop=True), read).set_index("record")
    pd.testing.assert_frame_equal(turned.loc[keys.index], keys)
