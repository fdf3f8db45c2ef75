"""Every list is linked by itself: what another one says changes nothing of it, and what is known is not linked anew."""

import shutil

import pandas as pd
import pytest

from kaur_analysis.demo import make_demo
from kaur_analysis.linkage import link_lists
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.steps import clean

TABLES = ("clean/links", "clean/grey_pairs", "clean/link_model", "clean/link_classes")
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


def written(folder):
    store = opened(folder).store
    return {name: store.path(name, ".parquet").read_bytes() for name in TABLES}


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
