"""A province is a list of studies; what is wrong with it is said before anything runs."""

import subprocess
import sys
import time
from contextlib import nullcontext

import pytest

from kaur_analysis.demo import Regency, make_province
from kaur_analysis.errors import KaurError, StudyRejected, UsageError
from kaur_analysis.pipeline import cluster
from kaur_analysis.pipeline.cluster import _trouble, run_on_cluster
from kaur_analysis.pipeline.effort import MemoryExceeded, measured
from kaur_analysis.pipeline.provenance import code_hash
from kaur_analysis.pipeline.province import chosen_codes, is_province, open_province, write_province_page


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    regencies = (Regency("1701", "Bengkulu Selatan", 1, 2), Regency("1771", "Bengkulu", 1, 2, "Kota"))
    return make_province(tmp_path_factory.mktemp("provinsi"), families=600, regencies=regencies)


def test_a_list_of_studies_is_a_province_and_a_study_is_none(listed):
    assert (is_province(listed), is_province(listed.parent / "1701" / "studi.yaml")) == (True, False)


def test_each_kabupaten_has_folders_of_its_own(listed, tmp_path):
    edition = open_province(listed, str(tmp_path / "data"), str(tmp_path / "hasil")).edition("1771")
    own = edition.store.data, edition.store.pages
    assert own == (tmp_path / "data" / "1771", tmp_path / "hasil" / "1771" / "2025")


def test_a_single_study_is_a_province_of_one(listed):
    assert list(open_province(listed.parent / "1701" / "studi.yaml").studies) == ["1701"]


def test_a_single_study_has_no_page_of_a_province(listed, tmp_path):
    alone = open_province(listed.parent / "1701" / "studi.yaml", str(tmp_path / "data"), str(tmp_path / "hasil"))
    assert write_province_page(alone) is None and not (tmp_path / "hasil").exists()


def test_a_province_without_any_edition_names_all_its_kabupaten(listed, tmp_path):
    page = write_province_page(open_province(listed, str(tmp_path / "data"), str(tmp_path / "hasil")))
    assert "Belum ada edisi: Kabupaten Bengkulu Selatan, Kota Bengkulu." in page.read_text(encoding="utf-8")


def test_two_studies_of_one_kabupaten_are_refused(listed):
    twice = listed.with_name("dua.yaml")
    twice.write_text('province: "17"\nname: X\nstudies: [1701/studi.yaml, 1701/studi.yaml]\n', encoding="utf-8")
    with pytest.raises(StudyRejected, match="dua studi untuk wilayah 1701"):
        open_province(twice)


def test_a_key_that_a_province_does_not_have_is_refused_with_its_place(listed):
    wrong = listed.with_name("salah.yaml")
    wrong.write_text('province: "17"\nname: X\nstudies: [1701/studi.yaml]\nkabupaten: 3\n', encoding="utf-8")
    with pytest.raises(StudyRejected, match=r"salah\.yaml, kabupaten"):
        open_province(wrong)


def test_an_unknown_kabupaten_is_refused_with_those_that_exist(listed):
    with pytest.raises(UsageError, match="1701, 1771"):
        chosen_codes(open_province(listed), ("1704",))


def test_a_worker_without_the_shared_folder_is_told_apart(tmp_path):
    assert "tidak melihat folder bersama" in _trouble(str(tmp_path / "tidak-ada.txt"))


def test_a_worker_of_another_program_is_told_apart(tmp_path):
    (tmp_path / "tanda.txt").write_text("lain")
    assert "versi program" in _trouble(str(tmp_path / "tanda.txt"))


def test_a_worker_that_can_do_its_part_has_no_trouble(tmp_path):
    (tmp_path / "tanda.txt").write_text(code_hash())
    assert _trouble(str(tmp_path / "tanda.txt")) == ""


def test_without_the_extra_the_command_says_what_to_install(listed, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"kaur-analysis\[cluster\]"):
        run_on_cluster(open_province(listed, str(tmp_path), str(tmp_path)), ("1701",), "local")


def test_a_step_that_holds_more_than_its_worker_may_is_ended():
    hungry = "held = b'x' * 400_000_000; import time; time.sleep(60)"
    begun = time.monotonic()
    with pytest.raises(MemoryExceeded, match="batas pekerja"), measured(limit_bytes=300_000_000 + _own_bytes()):
        subprocess.run([sys.executable, "-c", hungry], check=False)
        raise KaurError("the step notices that its process is gone")
    assert time.monotonic() - begun < 30


def _own_bytes():
    with measured() as effort:
        pass
    return effort.peak_bytes


def test_force_takes_nothing_that_lies_in_the_shared_folder(listed, tmp_path, monkeypatch):
    old = tmp_path / "klaster" / "1701" / "2025-0123456789abcdef"
    old.mkdir(parents=True)
    monkeypatch.setattr(cluster, "_client", lambda address, workers: nullcontext())
    monkeypatch.setattr(cluster, "_ready", lambda client, shared: None)
    monkeypatch.setattr(cluster._Run, "run", lambda self, codes: codes)
    province = open_province(listed, str(tmp_path), str(tmp_path))
    run_on_cluster(province, ("1701",), "local")
    assert old.exists()
    run_on_cluster(province, ("1701",), "local", force=True)
    assert not old.exists()
