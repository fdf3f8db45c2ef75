"""Programmes as dated, cited data: who runs them, for whom, how much, paid by whom, who is eligible.

An office adds a programme by writing it down, in the study or in ``programmes.yaml``; no Python is needed. Whatever
can be wrong in such an entry is refused here, when it is read: unknown fields and words, impossible bounds, rules that
contradict each other, programmes that both need and exclude one another.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import product
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from rapidfuzz import process

from kaur_analysis.errors import StudyRejected
from kaur_analysis.formats import number
from kaur_analysis.reference.files import read_yaml, reference_path

Strategy = Literal["beban_pengeluaran", "pendapatan", "kantong_kemiskinan"]
Fund = Literal["apbn", "apbd_provinsi", "apbd", "dana_desa", "baznas", "csr"]
STRATEGY_NAMES: dict[str, str] = {
    "beban_pengeluaran": "Pengurangan beban pengeluaran",
    "pendapatan": "Peningkatan pendapatan",
    "kantong_kemiskinan": "Penurunan kantong kemiskinan",
}
FUND_NAMES: dict[str, str] = {
    "apbn": "APBN",
    "apbd_provinsi": "APBD provinsi",
    "apbd": "APBD kabupaten",
    "dana_desa": "Dana Desa",
    "baznas": "BAZNAS",
    "csr": "CSR",
}


class _Entry(BaseModel):
    """Base of catalogue entries: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KnownField(_Entry):
    """A field that rules may use: its meaning in Indonesian, what kind of value it has, the words of a category.

    ``sensitive`` marks specially protected personal data (health, disability), which no meeting gets to see.
    """

    meaning: str
    kind: Literal["jumlah", "angka", "ya_tidak", "peluang", "kategori"]
    unit: str = ""
    words: dict[str, str] = {}
    minimum: float = 0
    maximum: float | None = None
    sensitive: bool = False

    @property
    def highest(self) -> float:
        """Largest value the field can have."""
        if self.kind in ("ya_tidak", "peluang"):
            return 1
        return float("inf") if self.maximum is None else self.maximum


@cache
def known_fields() -> dict[str, KnownField]:
    """Fields that eligibility rules may use (``reference/programme_fields.yaml``), by name."""
    entries = read_yaml(reference_path("programme_fields.yaml"))
    return {name: KnownField.model_validate(entry) for name, entry in entries.items()}


def _known(name: str) -> KnownField:
    field = known_fields().get(name)
    if field is None:
        best = process.extractOne(name, list(known_fields()), score_cutoff=60)
        raise ValueError(f"kolom aturan '{name}' tidak dikenal" + (f"; maksud Anda '{best[0]}'?" if best else ""))
    return field


class Condition(_Entry):
    """One test on a field of the family: ``is_in`` for categories; bounds for numbers.

    ``minimum`` and ``maximum`` are inclusive, ``below`` is not. A field that is unknown for a family fails the test
    unless ``unknown_passes``.
    """

    field: str
    minimum: float | None = None
    maximum: float | None = None
    below: float | None = None
    is_in: tuple[str, ...] | None = None
    unknown_passes: bool = False

    @model_validator(mode="after")
    def _can_be_met_and_can_fail(self) -> Self:
        known = _known(self.field)
        if self.maximum is not None and self.below is not None:
            raise ValueError(f"aturan untuk '{self.field}': isi maximum ATAU below")
        numeric = any(bound is not None for bound in (self.minimum, self.maximum, self.below))
        if numeric == (self.is_in is not None):
            raise ValueError(f"aturan untuk '{self.field}' harus berisi batas angka ATAU is_in")
        if (known.kind == "kategori") != (self.is_in is not None):
            raise ValueError(f"aturan untuk '{self.field}': kategori memakai is_in, angka memakai batas")
        if self.is_in is not None:
            if unknown := sorted(set(self.is_in) - set(known.words)):
                raise ValueError(
                    f"aturan untuk '{self.field}': '{unknown[0]}' bukan salah satu dari {', '.join(known.words)}"
                )
            if not self.is_in or len(set(self.is_in)) >= len(known.words):
                raise ValueError(f"aturan untuk '{self.field}': is_in kosong atau memuat semua kemungkinan")
        elif not self._span_is_possible(known):
            raise ValueError(f"aturan untuk '{self.field}' tidak mungkin dipenuhi: periksa batas-batasnya")
        return self

    def _span_is_possible(self, known: KnownField) -> bool:
        low = max(known.minimum, known.minimum if self.minimum is None else self.minimum)
        high = known.highest if self.maximum is None else min(self.maximum, known.highest)
        return low <= high and (self.below is None or low < self.below)

    def meets(self, other: "Condition") -> bool:
        """Whether one value can pass both tests of the same field (both true at once is possible)."""
        if self.is_in is not None and other.is_in is not None:
            return bool(set(self.is_in) & set(other.is_in))
        lows = [c.minimum for c in (self, other) if c.minimum is not None]
        highs = [c.maximum for c in (self, other) if c.maximum is not None]
        belows = [c.below for c in (self, other) if c.below is not None]
        low = max(lows, default=float("-inf"))
        return low <= min(highs, default=float("inf")) and low < min(belows, default=float("inf"))

    def implies(self, other: "Condition") -> bool:
        """Whether every known value that passes this test passes the other, for the same field."""
        if self.is_in is not None and other.is_in is not None:
            return set(self.is_in) <= set(other.is_in)
        known = _known(self.field)
        low = known.minimum if self.minimum is None else self.minimum
        top = min(self.below if self.below is not None else float("inf"), known.highest)
        top = top if self.maximum is None else min(top, self.maximum)
        exclusive = self.below is not None and top == self.below
        return (
            (other.minimum is None or low >= other.minimum)
            and (other.maximum is None or top <= other.maximum)
            and (other.below is None or top < other.below or (exclusive and top == other.below))
        )

    def phrase(self) -> str:
        """The test in words, e.g. ``desil kesejahteraan 1–4`` or ``lantai tanah, bambu``."""
        known = _known(self.field)
        if self.is_in is not None:
            return f"{known.meaning} {', '.join(known.words[word] for word in self.is_in)}"
        if known.kind == "ya_tidak":
            return known.meaning if self.minimum else f"tidak: {known.meaning}"
        unit = f" {known.unit}" if known.unit else ""
        if self.minimum is not None and self.maximum is not None:
            span = _short(self.minimum)
            span += f"–{_short(self.maximum)}" if self.maximum > self.minimum else ""
            return f"{known.meaning} {span}{unit}"
        bounds = [
            *([f"paling sedikit {_short(self.minimum)}"] if self.minimum is not None else []),
            *([f"paling banyak {_short(self.maximum)}"] if self.maximum is not None else []),
            *([f"di bawah {_short(self.below)}"] if self.below is not None else []),
        ]
        return f"{known.meaning} {', '.join(bounds)}{unit}"


def _short(value: float) -> str:
    """A bound without needless decimals."""
    decimals = next((d for d in range(4) if round(value, d) == value), 4)
    return number(value, decimals)


class Eligibility(_Entry):
    """All of ``all_of`` and, where given, at least one of ``any_of``; then none of ``none_of``."""

    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    none_of: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _rules_do_not_contradict(self) -> Self:
        for one, two in product(self.all_of, self.all_of):
            if one is not two and one.field == two.field and not one.meets(two):
                raise ValueError(f"aturan bertentangan: '{one.phrase()}' dan '{two.phrase()}' tidak dapat bersama")
        for needed, refused in product(self.all_of, self.none_of):
            if needed.field == refused.field and needed.implies(refused):
                raise ValueError(f"aturan bertentangan: '{needed.phrase()}' disyaratkan, '{refused.phrase()}' ditolak")
        possible = [
            choice
            for choice in self.any_of
            if not any(rule.field == choice.field and not rule.meets(choice) for rule in self.all_of)
            and not any(rule.field == choice.field and choice.implies(rule) for rule in self.none_of)
        ]
        if len(possible) < len(self.any_of):
            dead = next(choice for choice in self.any_of if choice not in possible)
            raise ValueError(f"aturan bertentangan: pilihan '{dead.phrase()}' tidak pernah dapat berlaku")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields the rules ask about, each once."""
        return tuple(dict.fromkeys(rule.field for rule in (*self.all_of, *self.any_of, *self.none_of)))


class Component(_Entry):
    """A part of a benefit paid per person of a kind, e.g. PKH's school components; ``at_most`` caps the kind."""

    field: str
    rupiah_year: float = Field(gt=0)
    at_most: int | None = Field(default=None, ge=1)

    @field_validator("field")
    @classmethod
    def _counts_people(cls, name: str) -> str:
        if _known(name).kind != "jumlah":
            raise ValueError(f"komponen '{name}' harus kolom yang menghitung orang")
        return name


class Programme(_Entry):
    """One programme of one agency.

    ``rupiah`` is the benefit of one unit per ``period`` (``bulan``, ``tahun`` or ``sekali``), over ``periods`` months
    of a year; ``components`` replace it where the benefit depends on who lives in the family. Of the components of a
    family at most ``components_at_most`` are paid, those of the highest value.

    ``basis`` says what the amount rests on: ``ketentuan`` (a rule that the source states) or ``nilai_kerja`` (a working
    value for planning until the office enters its own); ``doubt`` says what is uncertain or where sources differ.
    ``excludes`` are programmes whose recipients may not have this one as well; ``requires`` are programmes of which
    a family must already have at least one. ``closes_gap`` is the part of a rupiah of benefit that raises what the
    family consumes in the same year: 1 for cash and food, 0 for houses, premiums and capital, whose later effect
    nobody has measured here.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    agency: str
    strategy: Strategy
    unit: Literal["keluarga", "orang", "rumah", "murid", "desa"]
    unit_field: str | None = None
    rupiah: float | None = Field(default=None, gt=0)
    period: Literal["bulan", "tahun", "sekali"] = "tahun"
    periods: int = Field(default=1, ge=1, le=12)
    components: tuple[Component, ...] = ()
    components_at_most: int | None = Field(default=None, ge=1)
    funds: dict[Fund, float]
    eligibility: Eligibility = Eligibility()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    quota: int | None = Field(default=None, ge=0)
    closes_gap: float = Field(default=1, ge=0, le=1)
    basis: Literal["ketentuan", "nilai_kerja"] = "ketentuan"
    year: int
    source: str = Field(min_length=3)
    accessed: date
    doubt: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if (self.rupiah is None) == (not self.components):
            raise ValueError(f"program {self.code}: isi rupiah ATAU components")
        if abs(sum(self.funds.values()) - 1) > 1e-9 or min(self.funds.values(), default=0) < 0:
            raise ValueError(f"program {self.code}: bagian sumber dana harus positif dan berjumlah 1")
        if self.unit in ("orang", "murid") and self.unit_field is None and not self.components:
            raise ValueError(
                f"program {self.code}: unit {self.unit} memerlukan unit_field (kolom yang menghitung orangnya)"
            )
        if self.unit_field is not None and _known(self.unit_field).kind != "jumlah":
            raise ValueError(f"program {self.code}: unit_field '{self.unit_field}' harus kolom yang menghitung orang")
        if self.periods > 1 and self.period != "bulan":
            raise ValueError(f"program {self.code}: periods hanya untuk bantuan per bulan")
        if len({part.field for part in self.components}) < len(self.components):
            raise ValueError(f"program {self.code}: komponen yang sama disebut dua kali")
        if self.code in (*self.excludes, *self.requires):
            raise ValueError(f"program {self.code}: tidak dapat mensyaratkan atau menolak dirinya sendiri")
        if both := sorted(set(self.excludes) & set(self.requires)):
            raise ValueError(f"program {self.code}: aturan bertentangan, '{both[0]}' disyaratkan dan ditolak")
        return self

    @property
    def rupiah_unit_year(self) -> float | None:
        """Rupiah of one unit in one year; ``None`` where components decide."""
        if self.rupiah is None:
            return None
        return self.rupiah * (self.periods if self.period == "bulan" else 1)

    @property
    def rules_in_words(self) -> str:
        """All eligibility rules as one Indonesian sentence."""
        rules = self.eligibility
        parts = [rule.phrase() for rule in rules.all_of]
        if rules.any_of:
            parts.append("salah satu dari " + " / ".join(rule.phrase() for rule in rules.any_of))
        parts += ["tidak: " + rule.phrase() for rule in rules.none_of]
        parts += ["sudah menerima " + " atau ".join(self.requires)] if self.requires else []
        parts += ["tidak menerima " + ", ".join(self.excludes)] if self.excludes else []
        return "; ".join(parts) or "tanpa syarat"

    @property
    def highest_desil(self) -> int | None:
        """Highest desil that every recipient must stay within; nothing where the rules set none."""
        bounds = [rule.maximum for rule in self.eligibility.all_of if rule.field == "desil" and rule.maximum]
        return int(min(bounds)) if bounds else None

    @property
    def fund_shares(self) -> dict[str, float]:
        """Share of each source of funds, and under ``""`` all of them together."""
        return {"": 1.0, **{str(fund): share for fund, share in self.funds.items()}}

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that eligibility and benefit ask about, each once."""
        counted = (*([self.unit_field] if self.unit_field else []), *(part.field for part in self.components))
        return tuple(dict.fromkeys((*self.eligibility.fields, *counted)))

    @property
    def recorded(self) -> bool:
        """Whether there are rules and all ask for what lists record: a modelled chance is no fact about a family."""
        kinds = {known_fields()[name].kind for name in self.fields}
        return bool(kinds) and "peluang" not in kinds


def check_together(programmes: Iterable[Programme]) -> None:
    """Refuse programmes that name others nobody knows, or that require what excludes them.

    Raises
    ------
    ValueError
        Codes repeat; ``excludes`` or ``requires`` name an unknown code; a required programme excludes this one.
    """
    listed = list(programmes)
    by_code = {programme.code: programme for programme in listed}
    if len(by_code) < len(listed):
        raise ValueError("kode program tidak boleh berulang")
    known = set(by_code) | set(_packaged_codes())
    for programme in listed:
        for other in (*programme.excludes, *programme.requires):
            if other not in known:
                best = process.extractOne(other, sorted(known), score_cutoff=60)
                raise ValueError(
                    f"program {programme.code}: menyebut program '{other}' yang tidak dikenal"
                    + (f"; maksud Anda '{best[0]}'?" if best else "")
                )
        for other in programme.requires:
            if other in by_code and programme.code in by_code[other].excludes:
                raise ValueError(
                    f"program {programme.code}: aturan bertentangan, mensyaratkan '{other}' yang menolaknya"
                )


@cache
def _entries() -> tuple[dict[str, object], ...]:
    return tuple(read_yaml(reference_path("programmes.yaml")))


def _packaged_codes() -> tuple[str, ...]:
    return tuple(str(entry["code"]) for entry in _entries())


def load_catalogue() -> dict[str, Programme]:
    """Read the packaged catalogue (``reference/programmes.yaml``) by code.

    Raises
    ------
    StudyRejected
        An entry is not valid, or entries contradict each other; the message names the programme.
    """
    try:
        programmes = [Programme.model_validate(entry) for entry in _entries()]
        check_together(programmes)
    except ValidationError as error:
        problems = "; ".join(str(detail["msg"]) for detail in error.errors(include_url=False))
        raise StudyRejected(f"programmes.yaml: katalog program tidak sah ({error.title}): {problems}") from error
    except ValueError as error:
        raise StudyRejected(f"programmes.yaml: {error}") from error
    return {programme.code: programme for programme in programmes}
