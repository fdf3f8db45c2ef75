"""One small synthetic edition, run once for all tests of this room."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from kaur_analysis.demo import make_demo
from kaur_analysis.pipeline.edition import Edition, open_edition
from kaur_analysis.pipeline.run import Outcome, run_edition


@dataclass(frozen=True)
class Finished:
    """A finished run: the edition, what the run said, and the folder of the office's files."""

    edition: Edition
    outcome: Outcome
    office: Path

    @property
    def folder(self) -> Path:
        return self.edition.store.pages

    def pages(self) -> list[Path]:
        return sorted(self.folder.glob("*.html"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    home = tmp_path_factory.mktemp("kantor")
    study = make_demo(home / "demo", seed=7, families=1500, dirt="field")
    edition = open_edition(str(study), str(home / "data"), str(home / "reports"))
    return Finished(edition, run_edition(edition, jobs=2), home / "demo")
