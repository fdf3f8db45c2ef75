"""A province: a list of kabupaten studies, each with an area, data and pages of its own."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
from pydantic import Field, ValidationError

from kaur_analysis.errors import KaurError, StudyRejected, UsageError
from kaur_analysis.formats import long_date
from kaur_analysis.pipeline.edition import Edition, open_edition
from kaur_analysis.pipeline.effort import Effort
from kaur_analysis.pipeline.manifest import read_manifest
from kaur_analysis.pipeline.run import Watcher, run_edition
from kaur_analysis.reference import read_yaml
from kaur_analysis.store import file_hash, project_root, write_text
from kaur_analysis.study import Settings, wrong_value

if TYPE_CHECKING:  # drawing a page is imported where it is drawn
    from kaur_analysis.reporting import Member

TABLE = "published.csv"
NUMBERS = ("value", "low", "high", "rse", "n")


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
    code, name
        Of the province; empty where a single study stands for a list.
    """

    studies: dict[str, Path]
    data: Path
    reports: Path
    code: str = ""
    name: str = ""

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
    page
        The province's first page; none of a single study.
    """

    editions: dict[str, Edition] = field(default_factory=dict)
    failed: dict[str, KaurError] = field(default_factory=dict)
    efforts: dict[str, Effort] = field(default_factory=dict)
    page: Path | None = None


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
    listed = _listed(path) if is_province(path) else None
    files = tuple(path.parent / study for study in listed.studies) if listed else (path,)
    studies: dict[str, Path] = {}
    for file in files:
        code = open_edition(str(file)).area.code
        if code in studies:
            raise StudyRejected(f"{path.name}: dua studi untuk wilayah {code}; satu kabupaten satu studi.")
        studies[code] = file.resolve()
    root = project_root()
    folders = Path(data or root / "data").resolve(), Path(reports or root / "reports").resolve()
    return Province(studies, *folders, *((listed.province, listed.name) if listed else ()))


def _listed(path: Path) -> ProvinceList:
    try:
        return ProvinceList.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise StudyRejected(f"{path.name}, {place}: {wrong_value(first)}. Isinya: province, name, studies.") from None


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
    outcome.page = write_province_page(province)
    return outcome


def write_province_page(province: Province) -> Path | None:
    """The first page of a province from the editions that stand, of this run or an earlier one; none of a single study.

    An edition whose table is not the one of its manifest counts as missing.
    """
    if not province.code:
        return None
    from kaur_analysis.disclosure import require_publishable
    from kaur_analysis.reporting import province_page, province_view

    members, missing = [], []
    for code in province.studies:
        edition = province.edition(code)
        member = _member(edition, province.reports)
        if member is None:
            missing.append(edition.area.full_name)
        else:
            members.append(member)
    name = f"provinsi-{province.code}"
    text = province_page(province_view(province.name, members, missing), name)
    require_publishable(text, name)
    return write_text(province.reports / f"{name}.html", text)


def _member(edition: Edition, reports: Path) -> "Member | None":
    from kaur_analysis.intake import as_written
    from kaur_analysis.reporting import Member

    place = edition.store.pages
    try:
        manifest = read_manifest(place)
        if file_hash(place / TABLE) != manifest["products"][TABLE]["sha256"]:
            return None
    except (KaurError, KeyError, OSError):
        return None
    settings = manifest["study"]["settings"]
    day = long_date(date.fromisoformat(settings["reference_date"]))
    about = f"edisi {edition.name} ({settings['status']}) · data per {day} · nomor proses {manifest['run']}"
    table = as_written(pd.read_csv(place / TABLE, dtype=str, keep_default_na=False))
    table = table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in NUMBERS})
    folder = place.relative_to(reports).as_posix()
    return Member(edition.area, table, folder, tuple(manifest["products"]), about, manifest["synthetic"])
