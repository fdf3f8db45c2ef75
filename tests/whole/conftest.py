"""One small synthetic edition, run once for all tests of this room."""

import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from kaur_analysis.demo import make_demo
from kaur_analysis.pipeline.edition import Edition, open_edition
from kaur_analysis.pipeline.run import Outcome, run_edition


@dataclass(frozen=True)
class Finished:
    """A finished run: the edition, what the run said, the folder of the office's files, and where it was run."""

    edition: Edition
    outcome: Outcome
    office: Path
    made_in: Path

    @property
    def folder(self) -> Path:
        return self.edition.store.pages

    def pages(self) -> list[Path]:
        return sorted(self.folder.glob("*.html"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Finished:
    """Run by the first process of the tests that asks; each has a copy of its own, which runs may renew."""
    base = tmp_path_factory.getbasetemp()
    made_in = (base if worker_id == "master" else base.parent) / "edisi"
    told = made_in / "hasil.pickle"
    with FileLock(f"{made_in}.kunci"):
        if not told.exists():
            shutil.rmtree(made_in, ignore_errors=True)
            make_demo(made_in / "demo", seed=7, families=1500, dirt="field")
            told.write_bytes(pickle.dumps(run_edition(_opened(made_in), jobs=2)))
    home = tmp_path_factory.mktemp("kantor")
    shutil.copytree(made_in, home, dirs_exist_ok=True)
    return Finished(_opened(home), pickle.loads(told.read_bytes()), home / "demo", made_in)


def _opened(home: Path) -> Edition:
    return open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
