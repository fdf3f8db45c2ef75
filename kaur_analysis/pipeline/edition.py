"""What a run works on: a study, its area, its tables and its folders."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.provenance import code_hash, combined_hash, files_hash, libraries
from kaur_analysis.reference import Area
from kaur_analysis.store import Store, file_hash, project_root, write_text
from kaur_analysis.study import Source, Study, load_study

# Set by ``kaur lab`` for the notebooks it opens; what is said by parameter goes first.
CHOSEN = ("KAUR_STUDY", "KAUR_DATA", "KAUR_REPORTS")
SOURCE = "sumber "  # begins the name of an ingredient that is a source of the study
BESIDE = "berkas "  # begins the name of one that is a file beside it
DEMO_FOLDER = "demo"
DEMO_STAMP = "dibuat-dari.txt"


@dataclass(frozen=True)
class Edition:
    """A study opened for work.

    Attributes
    ----------
    study_file
        The YAML it came from.
    """

    study: Study
    study_file: Path
    area: Area
    store: Store

    @property
    def name(self) -> str:
        """Name of the edition, e.g. ``2025``."""
        return self.study.edition

    @property
    def vault(self) -> Path:
        """The encrypted identity vault of this edition; written by intake, opened by planning."""
        return self.store.data / "clean" / self.name / "brankas.bin"

    @property
    def shelf(self) -> Path:
        """Folder of sealed readings: what intake made of each source the last time."""
        return self.store.data / "clean" / self.name / "bacaan"

    @property
    def recollections(self) -> Path:
        """Folder of sealed tables: what steps worked out the last time, by what they were made from."""
        return self.store.data / "estimates" / self.name / "ingatan"

    @property
    def restricted(self) -> Path:
        """Folder for lists by name; never part of the shareable edition."""
        return self.store.data / "terbatas" / self.name

    @property
    def names(self) -> dict[str, str]:
        """Names as people read them, of areas, programmes and agencies by code."""
        kecamatan = dict(zip(self.area.kecamatan["kecamatan"], self.area.kecamatan["name"], strict=True))
        programmes = {programme.code: programme.name for programme in self.study.programmes}
        agencies = {code: agency.name for code, agency in self.area.agencies.items()}
        return {self.area.code: self.area.full_name, "any": "Program apa pun"} | kecamatan | programmes | agencies

    def reopened(self) -> "Edition":
        """The edition with its study as the file says it now: notebooks read it anew, whatever was read before.

        Raises
        ------
        StudyRejected
            The study can no longer be used.
        """
        study = load_study(self.study_file)
        return replace(self, study=study, area=study.reference)

    def files(self) -> dict[str, str]:
        """Hash of the study, of every file it names and of each file beside it that changes its result, by name."""
        files = {name: combined_hash([file_hash(path) for path in paths]) for name, paths in self.study.files().items()}
        beside = {f"{BESIDE}{path.name}": file_hash(path) for path in self.study.companions()}
        sources = {f"{SOURCE}{name}": value for name, value in files.items()}
        area = self.study.folder / self.study.area  # an area of the package is part of the program's code
        if area.is_dir():
            sources["wilayah"] = combined_hash(files_hash((p for p in area.rglob("*") if p.is_file()), area))
        return {"studi": combined_hash(self.study.model_dump(mode="json"))} | sources | beside

    def inputs(self) -> dict[str, str]:
        """Hash of the study, of every source it names and of each file beside it that changes its result, by name."""
        tables = (source for source in self.study.sources if "://" in source.path)
        return self.files() | {f"{SOURCE}{source.name}": _table_hash(source, self.study.folder) for source in tables}

    def ingredients(self) -> dict[str, str]:
        """Hash of everything that decides the result, by name: inputs, the program's code, its libraries."""
        return self.inputs() | _program()

    @cached_property
    def program_hash(self) -> str:
        """Hash of the program and its libraries when it is first asked for: by then they are loaded, and stay so."""
        return combined_hash(_program())

    def input_hash(self) -> str:
        """Hash of all inputs."""
        return combined_hash(self.inputs())

    def hashes(self) -> tuple[str, str]:
        """Hash of all inputs, and of all ingredients, from one look at the files."""
        inputs = self.inputs()
        return combined_hash(inputs), combined_hash(inputs | _program())

    @property
    def prefix(self) -> str:
        """Beginning of every page's file name, e.g. ``kaur-2025``."""
        return f"{slug(self.area.name)}-{self.name}"

    def kecamatan_page(self, code: str) -> str:
        """File name of a kecamatan's page."""
        return f"{self.prefix}-{code}-{slug(self.area.kecamatan_name(code))}.html"

    def agency_page(self, code: str) -> str:
        """File name of an agency's page."""
        return f"{self.prefix}-opd-{code}.html"

    @property
    def kabupaten_page(self) -> str:
        """File name of the kabupaten's page."""
        return f"{self.prefix}-{self.area.code}-kabupaten.html"


def _program() -> dict[str, str]:
    return {"kode program": code_hash(), "pustaka": combined_hash(libraries())}


def _table_hash(source: Source, folder: Path) -> str:
    from kaur_analysis.intake.readers import table_fingerprint  # here, because most studies have no database

    return table_fingerprint(source, folder)


def slug(name: str) -> str:
    """Name as a part of a file name: small letters and hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def chosen_study(study: str = "", data: str = "", reports: str = "") -> dict[str, str]:
    """Environment in which :func:`open_edition`, called without arguments, opens this study.

    Raises
    ------
    StudyRejected
        There is no such study, or it cannot be used as it stands.
    """
    if study:
        load_study(Path(study))
    named = zip(CHOSEN, (study, data, reports), strict=True)
    return {variable: str(Path(value).resolve()) for variable, value in named if value}


def open_edition(study: str = "", data: str = "", reports: str = "", as_it_is: bool = False) -> Edition:
    """Open a study for work; without one, that of ``kaur lab``, else the synthetic Kaur, made first where it is absent.

    Parameters
    ----------
    study
        Path of the study file; ``""`` for the demo.
    data, reports
        Folders for tables and for editions; ``""`` for the project's own ``data/`` and ``reports/``.
    as_it_is
        Look at the synthetic Kaur as it was last made, however old: whoever only asks writes nothing.

    Raises
    ------
    StudyRejected
        The study cannot be used as it stands.
    UsageError
        The synthetic Kaur is asked for as it is, and there is none.
    """
    study, data, reports = (
        value or os.environ.get(variable, "") for variable, value in zip(CHOSEN, (study, data, reports), strict=True)
    )
    data_folder = Path(data) if data else project_root() / "data"
    reports_folder = Path(reports) if reports else project_root() / "reports"
    path = Path(study) if study else demo_study(data_folder / "raw" / DEMO_FOLDER, as_it_is)
    settings = load_study(path)
    return Edition(settings, path, settings.reference, Store(data_folder, reports_folder, settings.edition))


def demo_study(folder: Path, as_it_is: bool = False) -> Path:
    """Study file of the built-in synthetic Kaur; written anew where the generator has changed since."""
    stamp = folder / DEMO_STAMP
    study = folder / "studi.yaml"
    if as_it_is:
        if not stamp.is_file():
            raise UsageError("Data demo belum dibuat. Jalankan dahulu: kaur run")
        return study
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.kunci")):  # two runs at once: the second waits and finds it made
        return _made_demo(folder, stamp, study)


def _made_demo(folder: Path, stamp: Path, study: Path) -> Path:
    generator = combined_hash([code_hash(), libraries()])
    if not (study.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == generator):
        from kaur_analysis.demo import make_demo  # here, because it is needed once

        made = make_demo(folder)
        if made != study:
            raise UsageError(f"Data demo harus menulis {study.name}.")
        write_text(stamp, generator)
    return study
