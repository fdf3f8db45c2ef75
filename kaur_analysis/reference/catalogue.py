"""Programmes as dated, cited data: who runs them, for whom, how much, paid by whom, who is eligible."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kaur_analysis.reference.files import read_yaml, reference_path

Strategy = Literal["beban_pengeluaran", "pendapatan", "kantong_kemiskinan"]
Fund = Literal["apbn", "apbd_provinsi", "apbd", "dana_desa", "baznas", "csr"]


class Condition(BaseModel):
    """One test on a field of the family table: ``is_in`` for categories, inclusive bounds for numbers.

    A field that is unknown for a family fails the test unless ``unknown_passes``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    minimum: float | None = None
    maximum: float | None = None
    is_in: tuple[str, ...] | None = None
    unknown_passes: bool = False

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        numeric = self.minimum is not None or self.maximum is not None
        if numeric == (self.is_in is not None):
            raise ValueError(f"aturan untuk '{self.field}' harus berisi minimum/maximum ATAU is_in")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"aturan untuk '{self.field}' tidak mungkin dipenuhi: minimum di atas maximum")
        return self


class Eligibility(BaseModel):
    """All of ``all_of`` and, where given, at least one of ``any_of``; then none of ``none_of``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    none_of: tuple[Condition, ...] = ()


class Component(BaseModel):
    """A part of a benefit paid per person of a kind, e.g. PKH's school components."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    rupiah_year: float = Field(gt=0)
    at_most: int | None = None


class Programme(BaseModel):
    """One programme of one agency.

    ``rupiah`` is the benefit of one unit per ``period`` (``bulan``, ``tahun`` or ``sekali``), over ``periods`` months
    of a year; ``components`` replace it where the benefit depends on who lives in the family.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    components_at_most: int | None = None
    funds: dict[Fund, float]
    eligibility: Eligibility = Eligibility()
    excludes: tuple[str, ...] = ()
    quota: int | None = Field(default=None, ge=0)
    year: int
    source: str
    accessed: str
    note: str = ""

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if (self.rupiah is None) == (not self.components):
            raise ValueError(f"program {self.code}: isi rupiah ATAU components")
        if abs(sum(self.funds.values()) - 1) > 1e-9:
            raise ValueError(f"program {self.code}: bagian sumber dana harus berjumlah 1")
        if self.unit in ("orang", "murid") and self.unit_field is None and not self.components:
            raise ValueError(
                f"program {self.code}: unit {self.unit} memerlukan unit_field (kolom yang menghitung orangnya)"
            )
        return self

    @property
    def rupiah_unit_year(self) -> float | None:
        """Rupiah of one unit in one year; ``None`` where components decide."""
        if self.rupiah is None:
            return None
        return self.rupiah * (self.periods if self.period == "bulan" else 1)


def load_catalogue() -> dict[str, Programme]:
    """Read the packaged catalogue (``reference/programmes.yaml``) by code."""
    entries = read_yaml(reference_path("programmes.yaml"))
    programmes = [Programme.model_validate(entry) for entry in entries]
    return {programme.code: programme for programme in programmes}
