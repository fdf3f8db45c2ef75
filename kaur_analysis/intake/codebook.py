"""What a source's headings and codes mean: one YAML per kind of source (and wave), read into frozen settings."""

from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz, process

from kaur_analysis.errors import StudyRejected
from kaur_analysis.intake.text import normal
from kaur_analysis.reference import read_yaml, reference_path
from kaur_analysis.study import Source

ColumnType = Literal[
    "text",
    "name",
    "address",
    "nik",
    "kk",
    "key",
    "kabupaten",
    "kecamatan",
    "desa",
    "region_code",
    "number",
    "date",
    "category",
    "flag",
    "any_flag",
]
Unit = Literal["family", "person", "recipient", "survey_household", "survey_person", "survey_consumption", "desa"]


class Column(BaseModel):
    """One canonical column: the headings it may have in a file and what its values mean.

    ``combine`` reads several headings as one code joined by ``/`` (``*`` fits any part); ``any_of`` is 1 where any of
    the headings says yes, ``otherwise`` are the headings read where none of those exists. ``blank`` is what an empty
    cell means, where that is known. ``instead`` is a column that makes up for a required one: either must exist.
    ``sum`` adds up the numbers of all its headings. ``quiet`` keeps unknown codes and rival headings to itself. A word
    among the ``codes`` of a number is that number. ``chosen`` says that the study named the heading.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ColumnType
    aliases: tuple[str, ...] = ()
    combine: tuple[str, ...] = ()
    sum: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    codes: dict[str, str | float | None] = {}
    blank: str | float | None = None
    required: bool = False
    instead: str | None = None
    filled: bool = False
    quiet: bool = False
    whole: bool = False
    minimum: float | None = None
    maximum: float | None = None
    from_title: str | None = None
    chosen: bool = False

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading the column may be read from, normalised."""
        return tuple(normal(text) for text in (*self.aliases, *self.combine, *self.sum, *self.any_of, *self.otherwise))


class Codebook(BaseModel):
    """All columns of a kind of source, and what may be ignored in its files.

    ``region_codes`` says which code system codes in the file follow; ``open`` lets the study name further columns,
    which are read as numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str
    unit: Unit
    region_codes: Literal["kemendagri", "bps"]
    source: str
    accessed: str
    columns: dict[str, Column]
    wave: str = ""
    doubt: str = ""
    open: bool = False
    ignored: frozenset[str] = frozenset()
    ignored_prefixes: tuple[str, ...] = ()
    ignored_rest: bool = False

    def ignores(self, heading: str) -> bool:
        """Whether a normalised heading is known and not needed."""
        return self.ignored_rest or heading in self.ignored or heading.startswith(self.ignored_prefixes or ("\0",))


def codebook_for(source: Source) -> Codebook:
    """Codebook of a source: the one the study names, else that of its kind and wave, with the study's aliases first.

    Raises
    ------
    StudyRejected
        No codebook for this kind and wave, or an alias or a factor for a column that the codebook does not have.
    """
    name = source.codebook or (f"{source.kind}_{source.wave}" if source.wave else source.kind)
    book = _load(name)
    columns = dict(book.columns)
    for canonical, heading in source.aliases.items():
        if canonical in columns:
            known = columns[canonical]
            columns[canonical] = known.model_copy(update={"aliases": (heading, *known.aliases), "chosen": True})
        elif canonical in _openable(book):
            columns[canonical] = _openable(book)[canonical].model_copy(update={"aliases": (heading,)})
        elif book.open:
            columns[canonical] = Column(type="number", aliases=(heading,))
        else:
            raise _unknown(source, "aliases", canonical, list(columns))
    numeric = [name for name, column in columns.items() if column.type == "number"]
    for canonical in source.times:
        if canonical not in numeric:
            raise _unknown(source, "times", canonical, numeric)
    return book.model_copy(update={"columns": columns})


def _unknown(source: Source, setting: str, name: str, known: list[str]) -> StudyRejected:
    best = process.extractOne(name, known, scorer=fuzz.WRatio, score_cutoff=60)
    hint = f"; maksud Anda '{best[0]}'?" if best else ""
    return StudyRejected(f"sumber '{source.name}': {setting} menyebut kolom '{name}' yang tidak dikenal{hint}")


def _openable(book: Codebook) -> dict[str, Column]:
    """Covariates that a survey without its own codebook may name, in canonical words and 0/1."""
    return _survey_columns() if book.open and book.unit == "survey_household" else {}


@cache
def _survey_columns() -> dict[str, Column]:
    from kaur_analysis.contracts import ASSETS, CATEGORIES

    words = {
        name: Column(type="category", codes={word: word for word in allowed}) for name, allowed in CATEGORIES.items()
    }
    yes_no: dict[str, str | float | None] = {"1": 1.0, "0": 0.0}
    return words | {name: Column(type="flag", codes=yes_no) for name in (*ASSETS, "head_female")}


@cache
def _load(name: str) -> Codebook:
    path = reference_path("codebooks", f"{name}.yaml")
    if not path.is_file() or name == "common":
        known = sorted(p.stem for p in reference_path("codebooks").glob("*.yaml") if p.stem != "common")
        raise StudyRejected(f"Buku kode '{name}' tidak ada. Tersedia: {', '.join(known)}.")
    content = read_yaml(path)
    content["columns"] = {column: _completed(entry, _common()) for column, entry in content["columns"].items()}
    content["ignored"] = frozenset(normal(heading) for heading in content.get("ignored", ()))
    content["accessed"] = str(content["accessed"])
    try:
        return Codebook.model_validate(content)
    except ValidationError as error:
        raise StudyRejected(f"Buku kode {path.name} rusak: {error.error_count()} kesalahan.") from error


@cache
def _common() -> dict[str, Any]:
    return dict(read_yaml(reference_path("codebooks", "common.yaml")))


def _completed(entry: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """An entry with what the shared column it is like says; codes of both, normalised."""
    shared = common[entry["like"]] if "like" in entry else {}
    merged = shared | {key: value for key, value in entry.items() if key != "like"}
    if codes := merged.get("codes"):
        merged["codes"] = {code_key(str(code)): value for code, value in codes.items()}
    return merged


def code_key(code: str) -> str:
    """A code as it is compared; parts of a combined code keep their slash and star."""
    return (
        "/".join("*" if part == "*" else normal(part) for part in code.split("/"))
        if _is_combined(code)
        else normal(code)
    )


def _is_combined(code: str) -> bool:
    head, _, tail = code.partition("/")
    return bool(tail) and head.isdigit()
