"""A small province on workers, one of which is killed, ends in the same bytes as on one computer."""

import json
import os
import re
import shutil
import signal
import threading
import time

import pytest

from kaur_analysis.demo import Regency, make_province
from kaur_analysis.pipeline.cluster import BEGUN, run_on_cluster
from kaur_analysis.pipeline.manifest import verify
from kaur_analysis.pipeline.province import open_province, run_province, write_province_page

SMALL = (Regency("1701", "Bengkulu Selatan", 1, 2), Regency("1771", "Bengkulu", 1, 2, "Kota"))
KEPT_LISTS = ("pkh", "sembako")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Two kabupaten of 300 families with two programmes of one agency each, so that few pages have to be made."""
    province = make_province(tmp_path_factory.mktemp("provinsi"), families=600, regencies=SMALL)
    for study in province.parent.glob("*/studi.yaml"):
        text = study.read_text(encoding="utf-8")
        kept = [
            line
            for line in text.splitlines()
            if "kind: recipients" not in line or any(f"programme: {name}," in line for name in KEPT_LISTS)
        ]
        text = re.sub(r"^programmes: .*", f"programmes: [{', '.join(KEPT_LISTS)}]", "\n".join(kept), flags=re.MULTILINE)
        study.write_text(re.sub(r"^budgets: .*", "budgets: {total: 3000000000}", text, flags=re.MULTILINE) + "\n")
    return province


class Killer(threading.Thread):
    """Kills one worker once a research task has written a table, and counts each kabupaten's work folders."""

    def __init__(self, cluster, shared):
        super().__init__(daemon=True)
        self.cluster, self.shared, self.killed, self.done = cluster, shared, 0, threading.Event()
        self.folders = {code: set() for code in ("1701", "1771")}

    def run(self):
        while not self.done.wait(0.2):
            for code, seen in self.folders.items():
                seen |= {path.name for path in (self.shared / code).glob(f"{BEGUN}*")}
            if not self.killed and any(self.shared.glob(f"*/{BEGUN}*/clean/*/families.parquet")):
                self.killed = next(iter(self.cluster.workers.values())).pid
                os.kill(self.killed, signal.SIGKILL)


@pytest.fixture(scope="module")
def clustered(listed, tmp_path_factory):
    dask = pytest.importorskip("dask", reason="the extra 'cluster' is not installed")
    from distributed import LocalCluster

    home = tmp_path_factory.mktemp("klaster")
    province = open_province(listed, str(home / "data"), str(home / "reports"))
    with (
        dask.config.set({"distributed.worker.daemon": False, "distributed.deploy.lost-worker-timeout": "300s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        killer = Killer(cluster, home / "data" / "klaster")
        killer.start()
        outcome = run_on_cluster(province, ("1701", "1771"), cluster.scheduler_address)
        killer.done.set()
        killer.join()
        begun = time.monotonic()
        again = run_on_cluster(province, ("1701", "1771"), cluster.scheduler_address)
        return home, outcome, killer, again, time.monotonic() - begun


def contents(folder):
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    manifest = json.loads(found["manifest.json"])
    del manifest["timing"]
    return found | {"manifest.json": manifest}


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a thing of POSIX")
def test_a_worker_killed_in_the_middle_costs_its_task_alone(clustered):
    _, outcome, killer, *_ = clustered
    assert killer.killed and outcome.failed == {}
    assert sorted(len(seen) for seen in killer.folders.values()) == [1, 2]


def test_every_kabupaten_of_the_province_is_published(clustered):
    _, outcome, *_ = clustered
    assert {code: verify(edition.store.pages) for code, edition in outcome.editions.items()} == {"1701": [], "1771": []}


def test_the_edition_equals_that_of_one_computer_byte_for_byte(listed, clustered, tmp_path):
    home, *_ = clustered
    alone = open_province(listed, str(tmp_path / "data"), str(tmp_path / "reports"))
    run_province(alone, ("1771",), jobs=2)
    one, other = contents(tmp_path / "reports" / "1771" / "2025"), contents(home / "reports" / "1771" / "2025")
    assert sorted(name for name in {**one, **other} if one.get(name) != other.get(name)) == []


def test_the_provinces_page_leads_to_both_editions(clustered):
    home, outcome, *_ = clustered
    page = outcome.page.read_text(encoding="utf-8")
    found = [home / "reports" / address for address in re.findall(r'href="(17[^"#]+)"', page)]
    assert outcome.page == home / "reports" / "provinsi-17.html" and len(found) == 2 + 4
    assert [path for path in found if not path.is_file()] == []


def test_a_damaged_edition_is_not_told_by_the_provinces_page(clustered, listed, tmp_path):
    home, *_ = clustered
    shutil.copytree(home / "reports", tmp_path / "reports")
    (tmp_path / "reports" / "1771" / "2025" / "published.csv").write_text("rusak", encoding="utf-8")
    page = write_province_page(open_province(listed, str(tmp_path / "data"), str(tmp_path / "reports")))
    assert "Belum ada edisi: Kota Bengkulu." in page.read_text(encoding="utf-8")


def test_memory_of_every_task_is_known(clustered):
    _, outcome, *_ = clustered
    assert len(outcome.efforts) == 10 and all(effort.peak_bytes > 0 for effort in outcome.efforts.values())


def test_a_rerun_with_nothing_changed_gives_out_no_work(clustered):
    _, _, _, again, _ = clustered
    assert (again.efforts, sorted(again.editions)) == ({}, ["1701", "1771"])


def test_no_folder_of_unfinished_work_is_left(clustered):
    home, *_ = clustered
    assert list((home / "data" / "klaster").glob(f"*/{BEGUN}*")) == []
