"""A province: a list of kabupaten studies, each with an area, data and pages of its own."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from kaur_analysis.errors import KaurError, StudyRejected, UsageError
from kaur_analysis.pipeline.edition import Edition, open_edition
from kaur_analysis.pipeline.effort import Effort
from kaur_analysis.pipeline.run import Watcher, run_edition
from kaur_analysis.reference import read_yaml
from kaur_analysis.store import project_root
from kaur_analysis.study import Settings


class ProvinceList(Settings):
    """``provinsi.yaml``: BPS code and name of the province, and its studies, seen from the file."""

    province: str = Field(pattern=r"^\d{2}$")
    name: str = Field(min_length=1)
    studies: Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Province:
    """Studies that are run together.

    Attributes
    ----------
    studies
        Study file by BPS code of its kabupaten, in the order of the list.
    data, reports
        Folders below which each kabupaten has one of its own, named by its code.
    """

    studies: dict[str, Path]
    data: Path
    reports: Path

    def edition(self, code: str) -> Edition:
        """The study of a kabupaten opened for work on this computer."""
        return open_edition(str(self.studies[code]), str(self.data / code), str(self.reports / code))


@dataclass
class ProvinceOutcome:
    """What a run of many studies left.

    Attributes
    ----------
    editions
        By BPS code: the published edition.
    failed
        By step, page or task: why.
    efforts
        By task of a cluster that was done now: what it cost.
    """

    editions: dict[str, Edition] = field(default_factory=dict)
    failed: dict[str, KaurError] = field(default_factory=dict)
    efforts: dict[str, Effort] = field(default_factory=dict)


def is_province(path: Path) -> bool:
    """Whether a file lists studies instead of being one."""
    content = read_yaml(path) if path.is_file() else None
    return isinstance(content, dict) and "studies" in content


def open_province(path: Path, data: str = "", reports: str = "") -> Province:
    """Open a list of studies; a single study is a list of one.

    Parameters
    ----------
    data, reports
        Folders for tables and for editions; ``""`` for the project's own ``data/`` and ``reports/``.

    Raises
    ------
    StudyRejected
        The list or one of its studies cannot be used, or two studies are of one kabupaten.
    """
    files = _listed(path) if is_province(path) else (path,)
    studies: dict[str, Path] = {}
    for file in files:
        code = open_edition(str(file)).area.code
        if code in studies:
            raise StudyRejected(f"{path.name}: dua studi untuk wilayah {code}; satu kabupaten satu studi.")
        studies[code] = file.resolve()
    root = project_root()
    return Province(studies, Path(data or root / "data").resolve(), Path(reports or root / "reports").resolve())


def _listed(path: Path) -> tuple[Path, ...]:
    try:
        content = ProvinceList.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise StudyRejected(f"{path.name}, {place}: {first['msg']}. Isinya: province, name, studies.") from None
    return tuple(path.parent / study for study in content.studies)


def chosen_codes(province: Province, only: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of the kabupaten to run: all, or those named.

    Raises
    ------
    UsageError
        A code is none of the list's.
    """
    unknown = [code for code in only if code not in province.studies]
    if unknown:
        raise UsageError(f"Kode tidak dikenal: {', '.join(unknown)}. Yang ada: {', '.join(province.studies)}.")
    return tuple(code for code in province.studies if not only or code in only)


def run_province(
    province: Province,
    codes: tuple[str, ...],
    jobs: int = 1,
    force: bool = False,
    continue_on_error: bool = False,
    watch: Watcher = lambda name, event: None,
) -> ProvinceOutcome:
    """Run the studies one after the other on this computer.

    Raises
    ------
    KaurError
        A study failed, without ``continue_on_error``; those before it are published.
    """
    outcome = ProvinceOutcome()
    for code in codes:
        edition = province.edition(code)

        def say(name: str, event: str, code: str = code) -> None:
            watch(f"{code} {name}", event)

        try:
            made = run_edition(edition, (), jobs, force, continue_on_error, say)
        except KaurError as error:
            if not continue_on_error:
                raise
            outcome.failed[code] = error
            continue
        outcome.failed |= {f"{code} {name}": error for name, error in made.failed.items()}
        outcome.editions[code] = edition
    return outcome
