"""The settings of one edition: a YAML file, validated once and frozen.

Unknown keys are refused with the nearest key that exists; every message says where in the file and what is allowed.
"""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote_plus

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from rapidfuzz import fuzz, process

from kaur_analysis import __version__
from kaur_analysis.errors import StudyRejected
from kaur_analysis.formats import number
from kaur_analysis.reference import Area, load_area, publication_thresholds, read_yaml
from kaur_analysis.reference.boundaries import boundary_files
from kaur_analysis.reference.catalogue import FUND_NAMES, Programme, check_together, load_catalogue

Share = Annotated[float, Field(ge=0, le=1)]
_MONTH, _NAME, _EDITION = r"^\d{4}-(0[1-9]|1[0-2])$", r"^[a-z][a-z0-9_]*$", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$"
Month = Annotated[str, Field(pattern=_MONTH)]
# Years and codes that nobody puts in quotation marks are numbers to YAML.
Code = Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)]
SourceKind = Literal[
    "p3ke_family",
    "p3ke_person",
    "dtsen_family",
    "dtsen_person",
    "dtks_person",
    "bdt_household",
    "susenas_household",
    "susenas_person",
    "susenas_consumption",
    "household_survey",
    "recipients",
    "podes",
]
REGISTRY_KINDS = ("p3ke_family", "p3ke_person", "dtsen_family", "dtsen_person", "dtks_person", "bdt_household")
SUSENAS_KINDS = ("susenas_household", "susenas_person", "susenas_consumption")


class Settings(BaseModel):
    """Base of all parts of a study: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# A password between user and host, or among the options of a database address.
_PASSWORD_IN_URL = re.compile(r":/{1,2}(?!/)[^:]*:.*@|[?&;].*(pass|password|passwd|pwd)\s*=", re.IGNORECASE)
_THOUSANDS = re.compile(r"\brupiah(?:_year)?\s*:\s*(\d{1,3}\.\d{3})(?![\d.])")
# Names of devices that Windows keeps for itself, with any suffix (learn.microsoft.com, Naming Files).
RESERVED_NAMES = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))]
)
# What Excel and macOS leave beside a file that is open or was copied.
NEVER_A_LIST = ("~$", "._")
# Files beside the study that people fill in and that change its result.
CORRECTIONS_FILE = "corrections.yaml"
DECISIONS_FILE = "padanan.csv"
VERIFICATION_FILE = "verifikasi.csv"
VISITS_FILE = "kunjungan.csv"


class Source(Settings):
    """One list that an office holds: one or many files (``path`` may be a glob), or a table of a database.

    Files are meant from the study's folder, a file of SQLite (``sqlite:///sumber/a.db``) too.

    ``aliases`` maps a canonical column to the heading this file uses; ``times`` multiplies a number column whose unit
    differs from the canonical one (1000 where a file counts in thousand rupiah); ``tolerate`` says how many findings of
    a rule the office accepts before the list is rejected; ``codebook`` overrides the one that ``kind`` implies. A
    recipient list marked ``proposal`` names whom the office means to serve, not who was: the allocation is compared
    with it.
    """

    name: str = Field(pattern=_NAME)
    kind: SourceKind
    path: str
    sheet: str | None = None
    table: str | None = None
    locale: Literal["id", "en"] = "id"
    encoding: str | None = None
    wave: Code | None = None
    codebook: str | None = None
    programme: str | None = None
    period: Code | None = None
    as_of: date | None = None
    proposal: bool = False
    aliases: dict[str, str] = {}
    times: dict[str, Annotated[float, Field(gt=0)]] = {}
    tolerate: dict[str, int] = {}

    @model_validator(mode="after")
    def _recipients_name_their_programme(self) -> Self:
        if self.kind == "recipients" and not (self.programme and self.period):
            raise ValueError(f"sumber '{self.name}': daftar penerima harus menyebut programme dan period")
        if self.proposal and self.kind != "recipients":
            raise ValueError(f"sumber '{self.name}': hanya daftar penerima yang dapat menjadi proposal")
        if not Path(self.path.strip()).name:
            raise ValueError(f"sumber '{self.name}': path harus menyebut berkas, misalnya sumber/pkh.xlsx")
        if _PASSWORD_IN_URL.search(unquote_plus(self.path)):
            raise ValueError(
                f"sumber '{self.name}': kata sandi tidak boleh ditulis dalam studi. Hapus dari alamat dan simpan di "
                "PGPASSWORD atau berkas .pgpass"
            )
        if self.kind.startswith("susenas") and not self.wave:
            raise ValueError(f"sumber '{self.name}': Susenas harus menyebut wave, misalnya '2024-03'")
        return self


class Line(Settings):
    """A poverty line: rupiah per person per month, dated and cited. There is no default line.

    Where a survey carries a line for each household, ``column`` names it instead, and ``times`` multiplies it.
    """

    kind: Literal["poverty", "extreme"]
    rupiah: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    column: str | None = None
    times: float = Field(default=1, gt=0, allow_inf_nan=False)
    month: Month
    area: Code = Field(min_length=1)
    urban_rural: Literal["all", "urban", "rural"] = "all"
    source: str = Field(min_length=3)
    accessed: date

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        if (self.rupiah is None) == (self.column is None):
            raise ValueError(f"garis '{self.kind}': isi rupiah ATAU column")
        return self


def _below(extreme: Line, poverty: Line) -> bool:
    """Whether one line is below another; lines of unlike columns cannot be compared before the survey is read."""
    if extreme.column != poverty.column:
        return True
    return (extreme.rupiah or 1) * extreme.times < (poverty.rupiah or 1) * poverty.times


class Prices(Settings):
    """A price index by month, dated and cited, that carries lines to the prices of the survey's month."""

    index: dict[Month, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    source: str = Field(min_length=3)
    accessed: date

    def carried(self, line: Line, month: str) -> Line:
        """The line at the prices of a month, rupiah × index(month) / index(its month); its source says so."""
        factor = self.index[month] / self.index[line.month]
        value = {"times": line.times * factor} if line.rupiah is None else {"rupiah": line.rupiah * factor}
        source = f"{line.source}; dari harga {line.month} dengan indeks × {number(factor, 4)} ({self.source})"
        return line.model_copy(update=value | {"month": month, "source": source})


class Benchmark(Settings):
    """The official kabupaten share that modelled shares are made to agree with.

    ``error`` is its standard error as published (0.02: two points); not given, the survey's own stands for it.
    """

    share: Share
    error: Annotated[float, Field(ge=0, lt=0.5)] | None = None
    year: int
    source: str = Field(min_length=3)
    accessed: date


class Registry(Settings):
    """Which sources make the registry, the newest first, and whom it covers.

    ``targeting_list`` is the source that programmes drew recipients from; ``desil_target`` the highest desil served.
    """

    precedence: tuple[str, ...]
    coverage: Literal["all", "desil_1_4", "desil_1"] = "all"
    targeting_list: str | None = None
    desil_extreme: int = Field(default=1, ge=1, le=10)


_SHOWN = publication_thresholds()["shown"]


class Thresholds(Settings):
    """When a number is shown with caution, hidden for its error, or hidden to protect people.

    What a study does not name is as ``reference/thresholds.yaml`` has it, with sources. ``width_hide`` is the widest 95
    per cent interval of a share that a survey alone may give, ``sampled_minimum`` the fewest households it may rest on.
    """

    rse_caution: Share = _SHOWN["rse_caution"]
    rse_hide: Share = _SHOWN["rse_hide"]
    width_hide: Share = _SHOWN["width_hide"]
    sampled_minimum: int = Field(default=_SHOWN["sampled_minimum"], ge=2)
    minimum_families: int = Field(default=_SHOWN["minimum_families"], ge=3)
    link_probability: Share = 0.90

    @model_validator(mode="after")
    def _caution_comes_before_hiding(self) -> Self:
        if self.rse_caution > self.rse_hide:
            raise ValueError(
                f"rse_caution ({self.rse_caution:g}) tidak boleh di atas rse_hide ({self.rse_hide:g}): angka diberi "
                "tanda hati-hati sebelum tidak disajikan"
            )
        return self


class Model(Settings):
    """How family welfare is modelled from the survey.

    ``area_effects`` is ``unconditional`` where the survey carries no kecamatan code (public Susenas), ``survey`` where
    BPS gave codes. ``covariates`` empty means: all that survey and registry share. ``transformation`` is the scale on
    which spending is taken as normal: its logarithm, the logarithm of spending and a shift (``log_shift``), or a power
    (``box_cox``); shift and power are found in the survey.
    """

    area_effects: Literal["unconditional", "survey"] = "unconditional"
    transformation: Literal["log", "log_shift", "box_cox"] = "log"
    covariates: tuple[str, ...] = ()
    mse_replicates: int = Field(default=200, ge=0)
    draws: int = Field(default=200, ge=50)


class AllocationRules(Settings):
    """What bounds an allocation besides the budgets: quotas, verification capacity, floors, caps per family.

    The names and meanings of :class:`kaur_analysis.planning.Limits`. ``time_limit`` of older studies is read and has no
    effect: the clock does not decide who is chosen.
    """

    quota: dict[str, Annotated[float, Field(ge=0)]] = {}
    capacity: float | dict[str, float] | None = None
    desa_floor: int = Field(default=0, ge=0)
    reserve: float = Field(default=0.0, ge=0, lt=1)
    family_programmes: int = Field(default=3, ge=1)
    family_rupiah: float | None = Field(default=None, gt=0)
    in_kind_weight: float = Field(default=0.1, ge=0)
    mip_gap: float = Field(default=0.005, gt=0)
    rounds: int = Field(default=5, ge=1)
    nodes: int = Field(default=1000, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _without_clock(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {name: value for name, value in content.items() if name != "time_limit"}


class TargetingRules(Settings):
    """How targeting is judged.

    ``rho`` is the relative risk aversion with which scenarios are scored (3: Hanna & Olken 2018); ``distance_km`` are
    the borders between classes of a desa's distance to the seat of the kabupaten.
    """

    rho: float = Field(default=3.0, ge=0)
    distance_km: tuple[Annotated[float, Field(gt=0)], ...] = (10, 20, 30)

    @field_validator("distance_km")
    @classmethod
    def _borders_rise(cls, borders: tuple[float, ...]) -> tuple[float, ...]:
        if sorted(set(borders)) != list(borders):
            raise ValueError("distance_km: batas jarak harus naik, misalnya [10, 20, 30]")
        return borders


class Study(Settings):
    """Everything that decides an edition's result.

    ``program`` is the version of the program that the study was written for; an older one refuses it.
    """

    edition: Code = Field(pattern=_EDITION)
    program: str = ""
    reference_date: date
    area: Code = "1704"
    synthetic: bool = False
    status: Literal["draf", "final"] = "draf"
    contact: str = ""
    sources: tuple[Source, ...] = Field(min_length=1)
    registry: Registry | None = None
    lines: tuple[Line, ...]
    prices: Prices | None = None
    benchmark: Benchmark | None = None
    programmes: tuple[Programme, ...]
    budgets: dict[str, Annotated[float, Field(ge=0)]] = {}
    allocation: AllocationRules = AllocationRules()
    targeting: TargetingRules = TargetingRules()
    show_nik: bool = False
    previous: str = ""
    boundaries: str = ""
    thresholds: Thresholds = Thresholds()
    model: Model = Model()
    target_year: int = 2026
    seed: int = Field(default=20240227, ge=0)
    folder: Path = Field(default=Path(), exclude=True)

    @field_validator("edition")
    @classmethod
    def _is_a_folder_on_every_system(cls, edition: str) -> str:
        if edition.split(".")[0].upper() in RESERVED_NAMES or edition.endswith("."):
            raise ValueError(f"'{edition}' tidak dapat menjadi nama folder di Windows; pilih nama lain")
        return edition

    @field_validator("lines")
    @classmethod
    def _extreme_lies_below_poverty(cls, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        by_kind = {(line.kind, line.urban_rural): line for line in lines}
        if not any(kind == "poverty" for kind, _ in by_kind) or not any(kind == "extreme" for kind, _ in by_kind):
            raise ValueError("perlu satu garis 'poverty' dan satu garis 'extreme', masing-masing dengan sumber")
        if len(by_kind) < len(lines):
            raise ValueError("ada dua garis dengan kind dan urban_rural yang sama; pilih satu")
        for (kind, where), line in by_kind.items():
            poverty = by_kind.get(("poverty", where)) or by_kind.get(("poverty", "all"))
            if kind != "extreme" or poverty is None:
                continue
            if line.month != poverty.month:
                raise ValueError(
                    f"garis miskin ekstrem berharga {line.month}, garis kemiskinan {poverty.month}; samakan bulannya"
                )
            if not _below(line, poverty):
                raise ValueError(
                    "garis miskin ekstrem harus di bawah garis kemiskinan. Nilai USD 1,90 atau 2,15 memakai paritas "
                    "daya beli, bukan kurs pasar"
                )
        return lines

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError("nama sumber tidak boleh berulang")
        codes = [programme.code for programme in self.programmes]
        registry = self.registry
        listed = (*registry.precedence, registry.targeting_list) if registry else ()
        if registry and not registry.precedence:
            raise ValueError(
                "registry.precedence: sebutkan paling sedikit satu sumber registri, yang terbaru lebih dulu"
            )
        for name in filter(None, listed):
            if name not in names:
                raise ValueError(f"registry menyebut sumber '{name}' yang tidak ada di sources{_nearest(name, names)}")
            if self.source(name).kind not in REGISTRY_KINDS:
                raise ValueError(
                    f"registry menyebut sumber '{name}' yang bukan registri; kind yang boleh: "
                    f"{', '.join(REGISTRY_KINDS)}"
                )
        for source in self.sources:
            if source.programme and source.programme not in codes:
                raise ValueError(
                    f"sumber '{source.name}' menyebut program '{source.programme}' yang tidak ada di programmes"
                    f"{_nearest(source.programme, codes)}"
                )
        check_together(self.programmes)
        agencies = [programme.agency for programme in self.programmes]
        known = list(dict.fromkeys(["total", *FUND_NAMES, *agencies, *codes]))
        for key in self.budgets:
            if key not in known:
                raise ValueError(
                    f"budgets: '{key}' bukan 'total', sumber dana, instansi atau program{_nearest(key, known)}"
                )
        return self

    @model_validator(mode="after")
    def _days_have_been(self) -> Self:
        today = date.today()
        dated = {f"as_of sumber '{source.name}'": source.as_of for source in self.sources if source.as_of}
        for what, day in ({"reference_date": self.reference_date} | dated).items():
            if day > today:
                raise ValueError(
                    f"{what} ({day}) belum terjadi: hari ini {today} menurut komputer. Benarkan tanggalnya, atau "
                    "tanggal komputer"
                )
        return self

    @model_validator(mode="after")
    def _months_agree(self) -> Self:
        waves = sorted({source.wave for source in self.sources if source.kind.startswith("susenas") and source.wave})
        if len(waves) > 1:
            raise ValueError(f"berkas Susenas berasal dari bulan yang berlainan ({', '.join(waves)}); pakai satu bulan")
        if self.prices is None:
            return self
        if not self.survey_month:
            raise ValueError("prices: bulan survei tidak diketahui; isi wave atau as_of pada sumber survei")
        for month in (self.survey_month, *(line.month for line in self.lines)):
            if month not in self.prices.index:
                raise ValueError(f"prices: indeks untuk {month} tidak ada")
        return self

    @property
    def survey_month(self) -> str:
        """Month whose spending the survey asked for (its wave, else the day it is of), empty where not said."""
        for source in self.sources:
            if source.kind.startswith("susenas") or source.kind == "household_survey":
                found = source.wave or (source.as_of.isoformat()[:7] if source.as_of else "")
                if re.fullmatch(r"\d{4}-\d{2}", found):
                    return found
        return ""

    @property
    def priced_lines(self) -> tuple[Line, ...]:
        """The lines at the prices of the survey's month where the study names an index, else as they are."""
        if self.prices is None:
            return self.lines
        month, prices = self.survey_month, self.prices
        return tuple(line if line.month == month else prices.carried(line, month) for line in self.lines)

    @property
    def mixed_months(self) -> tuple[str, ...]:
        """What has to be said where survey, lines and official figure are not of one month, a sentence each."""
        month, said = self.survey_month, []
        months = sorted({line.month for line in self.priced_lines})
        if not month:
            return (
                f"Bulan survei tidak disebut dalam studi: tidak dapat diperiksa apakah garis ({', '.join(months)}) "
                "berharga bulan yang sama.",
            )
        if months != [month]:
            said.append(
                f"Pengeluaran survei berharga {month}, garis berharga {', '.join(months)}, dan studi tidak menyebut "
                "indeks harga (prices): kenaikan harga di antaranya terbaca sebagai perubahan kemiskinan."
            )
        if self.benchmark and self.benchmark.year != int(month[:4]):
            said.append(
                f"Angka resmi tahun {self.benchmark.year} dikenakan pada survei {month}: tingkat kemiskinan mengikuti "
                "tahun angka resmi, perbedaan antar-keluarga mengikuti tahun survei."
            )
        return tuple(said)

    @property
    def listed(self) -> tuple[str, ...]:
        """Programmes with a recipient list, whether or not anybody on it is found; proposals are no list."""
        held = {source.programme for source in self.sources if not source.proposal}
        return tuple(programme.code for programme in self.programmes if programme.code in held)

    @property
    def reference(self) -> Area:
        """The kabupaten's reference folder."""
        return load_area(self.area, self.folder)

    def line(self, kind: Literal["poverty", "extreme"]) -> float:
        """Rupiah per person per month of the line that covers the whole area.

        Raises
        ------
        StudyRejected
            The line differs between households, so there is no one number.
        """
        line = next((line for line in self.priced_lines if line.kind == kind and line.urban_rural == "all"), None)
        if line is None or line.rupiah is None:
            raise StudyRejected(f"garis '{kind}': langkah ini memerlukan satu nilai rupiah untuk seluruh wilayah.")
        return line.rupiah * line.times

    def companions(self) -> tuple[Path, ...]:
        """Files beside the study that change its result: corrections, answers, the last issue, outlines."""
        names = (CORRECTIONS_FILE, DECISIONS_FILE, VERIFICATION_FILE, VISITS_FILE)
        beside = tuple(path for name in names if (path := self.folder / name).is_file())
        drawn = () if self.boundary_file is None else boundary_files(self.boundary_file)
        return (*beside, *filter(None, [self.previous_file]), *drawn)

    @property
    def boundary_file(self) -> Path | None:
        """Outlines of desa or kecamatan for the maps.

        Raises
        ------
        StudyRejected
            The study names one that is not there.
        """
        return self._named_file("boundaries", self.boundaries, "jalur berkas batas wilayah")

    @property
    def previous_file(self) -> Path | None:
        """``published.csv`` of an earlier issue, which readers hold already.

        Raises
        ------
        StudyRejected
            The study names one that is not there.
        """
        return self._named_file("previous", self.previous, "jalur published.csv terbitan lalu")

    def _named_file(self, setting: str, name: str, wanted: str) -> Path | None:
        if not name:
            return None
        path = self.folder / name
        if not path.is_file():
            raise StudyRejected(f"{setting}: berkas '{name}' tidak ada. Isi {wanted}.")
        return path

    def files(self) -> dict[str, tuple[Path, ...]]:
        """Files of each source, sorted; a database source has none.

        Raises
        ------
        StudyRejected
            A path matches no file.
        """
        found: dict[str, tuple[Path, ...]] = {}
        for source in self.sources:
            if "://" in source.path:
                found[source.name] = ()
                continue
            paths = _matching(self.folder, Path(source.path))
            found[source.name] = tuple(
                sorted(path for path in paths if path.is_file() and not path.name.startswith(NEVER_A_LIST))
            )
            if not found[source.name]:
                raise StudyRejected(
                    f"sumber '{source.name}': tidak ada berkas yang cocok dengan '{source.path}' di folder studi."
                )
        return found

    def source(self, name: str) -> Source:
        """Settings of a source by name."""
        return next(source for source in self.sources if source.name == name)

    def programme(self, code: str) -> Programme:
        """A programme by code."""
        return next(programme for programme in self.programmes if programme.code == code)


def _matching(folder: Path, wanted: Path) -> Iterable[Path]:
    """Paths that fit: the very file where there is one (names of files may hold brackets), else all of the pattern."""
    if (folder / wanted).is_file():
        return [folder / wanted]
    start, pattern = (Path(wanted.anchor), wanted.relative_to(wanted.anchor)) if wanted.anchor else (folder, wanted)
    try:
        return list(start.glob(str(pattern)))
    except ValueError:  # ** beside other letters is no pattern before Python 3.13
        return []


def load_study(path: Path) -> Study:
    """Read and validate a study file.

    Parameters
    ----------
    path
        YAML file; relative paths inside it are meant from its folder. In ``programmes`` a plain code takes the
        catalogue's entry, a mapping with a known ``code`` overrides parts of it, one with a new code defines a
        programme.

    Raises
    ------
    StudyRejected
        Missing file, invalid YAML, unknown keys or values; all problems at once, each with its place in the file.
    """
    if not path.is_file():
        raise StudyRejected(f"Berkas studi tidak ada: {path.name}. Buat dengan 'kaur init'.")
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise StudyRejected(f"{path.name}: berkas studi harus berisi pasangan kunci dan nilai.")
    if "folder" in content:
        raise StudyRejected(f"{path.name}: kunci 'folder' tidak dikenal.")
    _check_version(path, str(content.get("program", "")))
    _require_no_dots_in_thousands(path)
    catalogue = load_catalogue()
    if isinstance(entries := content.get("programmes") or [], list):
        content["programmes"] = [_with_catalogue(entry, catalogue, path) for entry in entries]
    try:
        study = Study.model_validate(content | {"folder": path.parent})
    except ValidationError as error:
        problems = "\n".join(f"  - {_problem(detail)}" for detail in error.errors(include_url=False))
        raise StudyRejected(f"{path.name} belum dapat dipakai:\n{problems}") from error
    area = study.reference
    for programme in study.programmes:
        if programme.agency not in area.agencies:
            raise StudyRejected(
                f"{path.name}: program '{programme.code}' menyebut instansi '{programme.agency}' yang tidak ada di "
                f"acuan {area.name}{_nearest(programme.agency, list(area.agencies))}"
            )
    _require_whole_survey(study, path)
    return study


def _require_whole_survey(study: Study, path: Path) -> None:
    """A Susenas household has its size, its members and its spending in three files: none makes up for another."""
    kinds = {source.kind for source in study.sources}
    absent = [kind for kind in SUSENAS_KINDS if kind not in kinds]
    if absent and len(absent) < len(SUSENAS_KINDS):
        raise StudyRejected(
            f"{path.name}: Susenas belum lengkap, sources tidak memuat {' dan '.join(absent)}. Survei memerlukan tiga "
            "berkas: KOR rumah tangga (susenas_household), KOR individu (susenas_person), dan KP blok 43 "
            "(susenas_consumption)."
        )


def _check_version(path: Path, written_for: str) -> None:
    """A newer study may hold settings that this program does not know: say that first."""
    if not re.fullmatch(r"(\d+(\.\d+)*)?", written_for):
        raise StudyRejected(f"{path.name}: program harus nomor versi seperti '{__version__}', bukan '{written_for}'.")
    if _version(written_for) > _version(__version__):
        raise StudyRejected(
            f"{path.name} dibuat untuk program versi {written_for}; yang terpasang {__version__}. Perbarui program."
        )


def _require_no_dots_in_thousands(path: Path) -> None:
    """A dot parts thousands in Indonesia, and is a decimal point to YAML: 500.000 is read as 500."""
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if found := _THOUSANDS.search(line.partition("#")[0]):
            written = found.group(1)
            raise StudyRejected(
                f"{path.name}, baris {at}: rupiah {written} terbaca sebagai {float(written):g}, karena titik di sini "
                f"tanda desimal. Tulis {written.replace('.', '')} tanpa titik."
            )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part)


def _with_catalogue(entry: Any, catalogue: dict[str, Programme], path: Path) -> Any:
    """Complete a programme entry of the study from the packaged catalogue."""
    if isinstance(entry, str):
        if entry not in catalogue:
            raise StudyRejected(
                f"{path.name}: program '{entry}' tidak ada di katalog{_nearest(entry, list(catalogue))}"
            )
        return catalogue[entry]
    if isinstance(entry, dict) and isinstance(entry.get("code"), str) and entry["code"] in catalogue:
        return catalogue[entry["code"]].model_dump(exclude_unset=True) | entry
    return entry


def _nearest(word: str, known: list[str]) -> str:
    """``; maksud Anda 'x'?`` for the nearest known word, or nothing where none is near."""
    best = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=60)
    return f"; maksud Anda '{best[0]}'?" if best else ""


def _problem(detail: Any) -> str:
    """One pydantic error in the words of the person who wrote the file."""
    location = [part for part in detail["loc"] if not str(part).startswith("function-")]
    place = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in location) or "berkas"
    kind = detail["type"]
    if kind == "extra_forbidden":
        *parents, key = location
        model: Any = Study
        for part in parents:
            model = _inner_model(model, part)
        known = list(model.model_fields) if model else []
        return f"{place}: kunci tidak dikenal{_nearest(str(key), known)}"
    if kind == "missing":
        return f"{place}: wajib diisi"
    return f"{place}: {wrong_value(detail)}"


_PATTERNS = {
    _MONTH: "harus tahun dan bulan, misalnya 2025-03",
    _NAME: "hanya huruf kecil, angka dan garis bawah, diawali huruf",
    _EDITION: "hanya huruf, angka, titik dan garis, diawali huruf atau angka, paling banyak 41",
}
# What pydantic refuses, by the first part of its name for it (docs.pydantic.dev, Validation Errors).
_WRONG = {
    "string_type": "harus teks; tulis di dalam tanda kutip",
    "string_too_short": "paling sedikit {min_length} huruf",
    "float": "harus angka tanpa pemisah ribuan, dengan titik desimal, misalnya 500000 atau 0.16",
    "int": "harus bilangan bulat tanpa pemisah ribuan, misalnya 2026",
    "finite_number": "harus angka yang berhingga",
    "greater_than_equal": "paling kecil {ge:g}",
    "greater_than": "harus lebih dari {gt:g}",
    "less_than_equal": "paling besar {le:g}",
    "less_than": "harus kurang dari {lt:g}",
    "bool": "harus true atau false",
    "date": "harus tanggal tahun-bulan-hari, misalnya 2025-03-31",
    "model": "harus pasangan kunci dan nilai",
    "dict": "harus pasangan kunci dan nilai",
    "list": "harus daftar, misalnya [a, b]",
    "tuple": "harus daftar, misalnya [a, b]",
    "too_short": "paling sedikit {min_length} isian",
    "missing": "wajib diisi",
    "extra_forbidden": "kunci tidak dikenal",
}


def wrong_value(detail: Any) -> str:
    """What is wrong with a value, in Indonesian.

    Parameters
    ----------
    detail
        One of pydantic's errors.

    Returns
    -------
    A clause without the place.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"nilai tidak sah; yang boleh: {context['expected'].replace(' or ', ' atau ')}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "ditulis dengan cara yang tidak dikenal")
    said = next((words for name, words in _WRONG.items() if kind.startswith(name)), "nilai tidak sah")
    percent = " (bagian, bukan persen: 16,64% ditulis 0.1664)" if context.get("le") == 1 else ""
    return said.format(**context) + percent


def _inner_model(model: Any, part: Any) -> Any:
    """Model behind one step of an error's location; list positions stay in the same model."""
    if model is None or isinstance(part, int):
        return model
    field = model.model_fields.get(part)
    if field is None:
        return None
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
