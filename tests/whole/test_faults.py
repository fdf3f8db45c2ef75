"""Runs that are killed, starved or started elsewhere end in the same edition, byte for byte."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import jsonschema
import pytest

from kaur_analysis.demo import make_demo
from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.manifest import SCHEMA, verify
from kaur_analysis.pipeline.run import run_edition
from kaur_analysis.pipeline.status import NEVER, edition_status
from tests.shared import ROOT

FAMILIES = 400
PAGES = ("1704010", "dinsos")
# More with KAUR_KILLS=50; every kill costs half a run.
KILLS = int(os.environ.get("KAUR_KILLS", "1"))
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


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a thing of POSIX")
def test_a_run_killed_at_any_moment_is_completed_by_the_next(undisturbed, tmp_path):
    """Killed at random moments, in another folder, time zone, locale and hash seed, with one job instead of two."""
    home, seconds = undisturbed
    make_demo(tmp_path / "demo", seed=5, families=FAMILIES)
    moments = random.Random(20240227)
    for _ in range(KILLS):
        process = start(tmp_path, ELSEWHERE, jobs=1)
        time.sleep(moments.uniform(0.1, 0.7) * seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    finish(start(tmp_path, ELSEWHERE, jobs=1))
    assert differing(contents(home), contents(tmp_path)) == []


@pytest.mark.skipif("KAUR_KILLS" not in os.environ, reason="two more minutes: only where KAUR_KILLS asks for kills")
def test_a_killed_rerun_leaves_the_last_good_edition(undisturbed):
    home, seconds = undisturbed
    before = contents(home)
    study = home / "demo" / "studi.yaml"
    kept = study.read_text(encoding="utf-8")
    study.write_text(kept.replace("contact: ", "contact: Lain, "), encoding="utf-8")
    process = start(home, HERE, jobs=2)
    time.sleep(0.6 * seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    study.write_text(kept, encoding="utf-8")
    pages = {name: text for name, text in before.items() if not name.startswith("data/")}
    after = {name: text for name, text in contents(home).items() if not name.startswith("data/")}
    assert (differing(pages, after), verify(home / "reports" / "2025")) == ([], [])


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
