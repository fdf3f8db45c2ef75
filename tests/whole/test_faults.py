"""Runs that are killed, starved or started elsewhere end in the same edition, byte for byte."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import psutil
import pytest

from kaur_analysis.demo import make_demo
from kaur_analysis.errors import DataRejected, UsageError
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.manifest import SCHEMA, verify
from kaur_analysis.pipeline.run import RESEARCH, read_state, run_edition
from kaur_analysis.pipeline.status import NEVER, edition_status
from tests.shared import ROOT

FAMILIES = 400
PAGES = ("1704010", "dinsos")
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and mounts of Linux")
ELSEWHERE = {"TZ": "Asia/Jayapura", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}


def start(home, settings, jobs):
    command = [sys.executable, "-m", "kaur_analysis", "run", str(home / "demo" / "studi.yaml"), "--jobs", str(jobs)]
    command += ["--data", str(home / "data"), "--output", str(home / "reports"), *(f"--only={page}" for page in PAGES)]
    environment = os.environ | settings | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process):
    said, _ = process.communicate()
    assert process.returncode == 0, said.decode(errors="replace")[-2000:]


def contents(home):
    folder = home / "reports" / "2025"
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    tables = {f"data/{p.parent.parent.name}/{p.name}": p.read_bytes() for p in (home / "data").rglob("*.parquet")}
    manifest = json.loads(found["manifest.json"])
    del manifest["timing"]  # seconds and memory, the one part that differs between equal runs
    return found | tables | {"manifest.json": manifest}


def differing(one, other):
    return sorted(name for name in {**one, **other} if one.get(name) != other.get(name))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    home = tmp_path_factory.mktemp("tenang")
    make_demo(home / "demo", seed=5, families=FAMILIES)
    begun = time.monotonic()
    finish(start(home, HERE, jobs=2))
    return home, time.monotonic() - begun


def until(process, line):
    """Wait for a line of the run's log."""
    for said in process.stdout:
        if said.decode(errors="replace").startswith(line):
            return
    raise AssertionError(f"the run ended before {line!r}")


def worker_of(process):
    """The process that executes a notebook for this run: forked from the warm one."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if child.ppid() != process.pid and "forkserver" in " ".join(child.cmdline()):
                    return child
        time.sleep(0.02)
    raise AssertionError("no worker was started")


def failed(process):
    said, _ = process.communicate()
    assert process.returncode == 1, said.decode(errors="replace")[-2000:]
    return said.decode(errors="replace")


def fill(folder):
    """Leave no byte on the disk."""
    ballast = folder / "pemberat"
    with ballast.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(1 << 20))
    with ballast.open("ab", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(1))
    return ballast


JUMPY_CLOCK = """
import time
_plain, _calls = time.time, 0
def _jumping():
    global _calls
    _calls += 1
    return _plain() + (86_400 if _calls % 2 else -864_000)
time.time = _jumping
"""


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A small disk of its own, so that it can be filled."""
    place = tmp_path_factory.mktemp("cakram")
    command = ["mount", "-t", "tmpfs", "-o", "size=420m", "tmpfs", str(place)]
    mounted = sys.platform == "linux" and shutil.which("mount") and subprocess.run(command, check=False).returncode == 0
    yield place, mounted
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


@dataclass
class Disturbed:
    """One edition, disturbed at every step: what each broken run said, and whether the last good edition stood."""

    home: Path
    said: dict
    stood: dict


@pytest.fixture(scope="module")
def disturbed(undisturbed, disk, tmp_path_factory):
    """Each fault breaks the step that follows; what was done before it is kept, so they cost little over one run."""
    calm, _ = undisturbed
    home, mounted = disk
    shutil.copytree(calm / "demo", home / "demo")
    shutil.copytree(calm / "reports", home / "reports")  # the last good edition
    good = {name: text for name, text in contents(calm).items() if not name.startswith("data/")}
    found = Disturbed(home, {}, {})

    def stands(fault):
        now = {name: text for name, text in contents(home).items() if not name.startswith("data/")}
        found.stood[fault] = (differing(good, now), verify(home / "reports" / "2025"))

    run = start(home, ELSEWHERE, jobs=1)
    worker_of(run)
    run.kill()
    run.communicate()
    stands("run")

    run = start(home, ELSEWHERE, jobs=1)
    until(run, "selesai  01_clean")
    worker_of(run).kill()
    found.said["kernel"] = failed(run)
    stands("kernel")

    run = start(home, ELSEWHERE, jobs=1)
    until(run, "selesai  02_poverty")
    worker = worker_of(run)
    worker.rlimit(psutil.RLIMIT_AS, (worker.memory_info().vms + (1 << 20),) * 2)
    found.said["memory"] = failed(run)
    stands("memory")

    if mounted:
        run = start(home, ELSEWHERE, jobs=1)
        until(run, "selesai  03_targeting")
        worker_of(run)
        ballast = fill(home)
        found.said["disk"] = failed(run)
        ballast.unlink()
        stands("disk")

    for table in (home / "data").rglob("*.parquet"):
        os.utime(table, (4e9, 4e9))  # written in the year 2096, says the clock
    clock = tmp_path_factory.mktemp("jam")
    (clock / "sitecustomize.py").write_text(JUMPY_CLOCK, encoding="utf-8")
    finish(start(home, ELSEWHERE | {"PYTHONPATH": str(clock)}, jobs=1))
    return found


@ON_LINUX
@pytest.mark.parametrize("fault", ["run", "kernel", "memory", "disk"])
def test_a_fault_leaves_the_last_good_edition(disturbed, fault):
    if fault not in disturbed.stood:
        pytest.skip("no disk of its own can be mounted here, so none can be filled")
    assert disturbed.stood[fault] == ([], [])


@ON_LINUX
def test_a_run_after_all_faults_ends_in_the_same_bytes(undisturbed, disturbed):
    """In another folder, time zone, locale and hash seed, with one job instead of two, and a clock that jumps."""
    assert differing(contents(undisturbed[0]), contents(disturbed.home)) == []


@ON_LINUX
def test_faults_leave_no_half_written_file(disturbed):
    assert list(disturbed.home.rglob("*.partial")) == []


@ON_LINUX
def test_a_killed_kernel_is_told_with_its_step(disturbed):
    assert "02_poverty: proses penghitung mati" in " ".join(disturbed.said["kernel"].split())


@ON_LINUX
def test_a_kernel_without_memory_is_told_with_its_step(disturbed):
    assert "03_targeting" in disturbed.said["memory"] and "Traceback" not in disturbed.said["memory"]


@ON_LINUX
def test_a_full_disk_is_told_in_plain_words(disturbed):
    if "disk" not in disturbed.said:
        pytest.skip("no disk of its own can be mounted here, so none can be filled")
    assert "akram penuh" in disturbed.said["disk"]


@pytest.mark.skipif("KAUR_KILLS" not in os.environ, reason="half a run per kill: only where KAUR_KILLS asks for kills")
def test_a_run_killed_at_any_moment_is_completed_by_the_next(undisturbed, tmp_path):
    """The run, or the process that executes its notebook, at random moments."""
    home, seconds = undisturbed
    make_demo(tmp_path / "demo", seed=5, families=FAMILIES)
    chance = random.Random(20240227)
    for _ in range(int(os.environ["KAUR_KILLS"])):
        process = start(tmp_path, ELSEWHERE, jobs=1)
        time.sleep(chance.uniform(0.05, 0.7) * seconds)
        try:
            victim = process if chance.random() < 0.5 else worker_of(process)
            victim.kill()
        except (AssertionError, psutil.NoSuchProcess):
            assert process.poll() is not None, "a run that goes on has a worker"
        process.communicate()
        if process.returncode == 0:
            shutil.rmtree(tmp_path / "data")  # it was done: begin anew
        if (tmp_path / "reports" / "2025").exists():
            assert verify(tmp_path / "reports" / "2025") == []
    finish(start(tmp_path, ELSEWHERE, jobs=1))
    assert differing(contents(home), contents(tmp_path)) == []


@ON_LINUX
def test_a_disk_that_can_only_be_read_is_refused_before_the_run(undisturbed, tmp_path):
    command = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(tmp_path)]
    if not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("no disk of its own can be mounted here")
    try:
        edition = open_edition(str(undisturbed[0] / "demo" / "studi.yaml"), str(tmp_path / "data"), str(tmp_path / "r"))
        with pytest.raises(UsageError, match="tidak dapat ditulisi"):
            run_edition(edition)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_damaged_tables_notebooks_and_notes_are_made_again(undisturbed):
    home, _ = undisturbed
    finish(start(home, HERE, jobs=2))
    before = contents(home)
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
    table = edition.store.path("estimates/scenarios")
    table.write_bytes(table.read_bytes()[:100])
    cached = home / "data" / "published" / "2025" / "produk" / "notebooks" / "03_targeting.ipynb"
    cached.write_text(cached.read_text(encoding="utf-8")[:500], encoding="utf-8")
    finish(start(home, HERE, jobs=2))
    assert differing(before, contents(home)) == []


def test_a_note_of_steps_that_is_damaged_is_not_believed(undisturbed):
    home, _ = undisturbed
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
    note = edition.store.path("published/langkah", ".json")
    kept = note.read_text(encoding="utf-8")
    note.write_text(kept[: len(kept) // 2], encoding="utf-8")
    found = {step.status for step in edition_status(edition)}
    note.write_text(kept, encoding="utf-8")
    assert found == {NEVER}


def notes(home):
    """What each step up to publishing says it left and took, as the run noted it."""
    state = json.loads((home / "data" / "published" / "2025" / "langkah.json").read_text(encoding="utf-8"))
    return {step: state[step] for step in RESEARCH}


def left(home):
    """Hash of every table and executed notebook of these steps; the vault is sealed anew each time."""
    found = {step: (note["fingerprint"], note["product"]) for step, note in notes(home).items()}
    tables = [note["tables"].items() for note in notes(home).values()]
    return found | {name: value for entries in tables for name, value in entries if name.endswith(".parquet")}


@pytest.fixture(scope="module")
def renewed(undisturbed, tmp_path_factory):
    """An edition made again after one list has lost a line, and made anew from the same files; notes of before."""
    again, anew = tmp_path_factory.mktemp("lagi"), tmp_path_factory.mktemp("baru")
    for folder in ("demo", "data"):
        shutil.copytree(undisturbed[0] / folder, again / folder)
    before = notes(again)
    names = again / "demo" / "sumber" / "csr_2024.csv"
    names.write_text("".join(names.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    shutil.copytree(again / "demo", anew / "demo")
    for home in (again, anew):
        finish(start(home, HERE, jobs=2))
    return again, anew, before


def test_a_list_that_poverty_is_not_predicted_from_leaves_the_poverty_step(renewed):
    again, _, before = renewed
    assert [step for step, note in notes(again).items() if note == before[step]] == ["02_poverty"]


def test_steps_after_a_changed_list_end_as_if_made_anew(renewed):
    again, anew, _ = renewed
    assert differing(left(again), left(anew)) == []


def test_an_edition_after_a_changed_list_is_the_one_made_anew(renewed):
    again, anew, _ = renewed
    assert differing(contents(again), contents(anew)) == []


def test_an_output_that_cannot_be_written_is_refused_before_the_run(undisturbed, tmp_path):
    home, _ = undisturbed
    (tmp_path / "reports").write_text("sebuah berkas di tempat folder", encoding="utf-8")
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(tmp_path / "reports"))
    with pytest.raises(UsageError, match="tidak dapat ditulisi"):
        run_edition(edition)


def test_the_manifest_of_a_run_with_few_pages_has_the_form_of_its_schema(undisturbed):
    home, _ = undisturbed
    manifest = json.loads((home / "reports" / "2025" / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_rerun_with_nothing_changed_leaves_the_manifest_byte_for_byte(undisturbed):
    home, _ = undisturbed
    finish(start(home, HERE, jobs=1))
    before = (home / "reports" / "2025" / "manifest.json").read_bytes()
    finish(start(home, HERE, jobs=2))
    assert (home / "reports" / "2025" / "manifest.json").read_bytes() == before


@pytest.fixture
def underway(undisturbed, tmp_path):
    """A copy of the finished edition whose poverty step and one page are to be made again."""
    shutil.copytree(undisturbed[0], tmp_path / "kantor")
    home = tmp_path / "kantor"
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
    edition.store.path("estimates/poverty").unlink()
    (edition.store.data / "published" / edition.name / "produk" / edition.kecamatan_page("1704010")).unlink()
    return edition


def editing(edition, step, old, new):
    """A watcher that edits the study when a step begins."""

    def watch(name, event):
        if (name, event) == (step, "mulai"):
            text = edition.study_file.read_text(encoding="utf-8")
            assert old in text
            edition.study_file.write_text(text.replace(old, new), encoding="utf-8")

    return watch


def test_no_edition_is_made_of_a_study_that_was_edited_meanwhile(underway):
    before = (underway.store.pages / "manifest.json").read_bytes()
    with pytest.raises(DataRejected, match="Berubah selama pengerjaan: studi"):
        run_edition(underway, ["1704010"], watch=editing(underway, "02_poverty", "350000", "450000"))
    assert (underway.store.pages / "manifest.json").read_bytes() == before


def test_a_step_made_of_an_edited_study_is_not_kept_when_the_study_is_as_it_was_again(underway):
    as_it_was = underway.study_file.read_bytes()
    with pytest.raises(DataRejected):
        run_edition(underway, ["1704010"], watch=editing(underway, "02_poverty", "350000", "450000"))
    underway.study_file.write_bytes(as_it_was)
    assert "02_poverty" not in read_state(underway)


def test_a_page_made_while_the_study_was_edited_is_not_kept(underway):
    with pytest.raises(DataRejected, match="Berubah selama pengerjaan: studi"):
        run_edition(underway, ["1704010"], watch=editing(underway, "05_kecamatan 1704010", "350000", "450000"))
    assert {"05_kecamatan 1704010", "02_poverty"}.isdisjoint(read_state(underway))
