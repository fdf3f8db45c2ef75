"""What each table that crosses a door must look like.

One schema per table; :func:`checked` is called where a room hands a table on. Columns not named here may travel along,
but no later room may need them. Codes and identifiers are text, shares 0-1, money rupiah per person per month unless
the name says otherwise. ``family`` and ``person`` are keyed pseudonyms.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kaur_analysis.errors import KaurError

# Categories that survey and registries share; the codebooks map every source's own codes or words to these.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "head_education": ("none", "primary_incomplete", "primary", "junior", "senior", "tertiary"),
    "head_sector": ("not_working", "agriculture", "other"),
    "tenure": ("own", "rent", "free", "official", "other"),
    "roof": ("concrete", "tile", "zinc_asbestos", "wood", "bamboo", "thatch", "other"),
    "wall": ("brick", "wood", "bamboo", "zinc", "other"),
    "floor": ("ceramic", "cement", "wood", "bamboo", "earth", "other"),
    "water": ("bottled", "piped", "borehole", "protected_well", "unprotected_well", "surface", "rain", "other"),
    "toilet": ("own_septic", "own_no_septic", "shared", "none"),
    "lighting": ("pln_up_to_900", "pln_above_900", "pln_shared", "non_pln", "none"),
    "cooking": ("gas_electric", "kerosene", "wood_charcoal", "other"),
}
ASSETS = (
    "asset_gas_large",
    "asset_refrigerator",
    "asset_air_conditioner",
    "asset_computer",
    "asset_gold",
    "asset_motorcycle",
    "asset_boat",
    "asset_motor_boat",
    "asset_car",
    "asset_flat_television",
    "asset_land",
)
COUNTS = (
    "household_size",
    "children_0_6",
    "children_7_12",
    "children_13_15",
    "children_16_18",
    "adults_19_59",
    "elderly_60",
)
LARGEST_FAMILY = 40  # whoever is more is not one family


def _category(values: tuple[str, ...]) -> pa.Column:
    return pa.Column(str, pa.Check.isin(values), nullable=True, required=False)


def _text(pattern: str | None = None, **options: Any) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(pattern) if pattern else None, **options)


def _number(low: float | None = None, high: float | None = None, **options: Any) -> pa.Column:
    check: pa.Check | None
    if low is not None and high is not None:
        check = pa.Check.in_range(low, high)
    elif low is not None:
        check = pa.Check.ge(low)
    else:
        check = None if high is None else pa.Check.le(high)
    return pa.Column(float, check, coerce=True, **options)


def _day(**options: Any) -> pa.Column:
    return pa.Column("datetime64[s]", coerce=True, **options)


def _flag(**options: Any) -> pa.Column:
    return _number(0, 1, **options)


_COVARIATES = {
    **{name: _number(0, LARGEST_FAMILY, nullable=True, required=name == "household_size") for name in COUNTS},
    "head_female": _flag(nullable=True, required=False),
    "head_age": _number(10, 120, nullable=True, required=False),
    **{name: _category(values) for name, values in CATEGORIES.items()},
    **{name: _flag(nullable=True, required=False) for name in ASSETS},
    "floor_area_m2": _number(0, 2000, nullable=True, required=False),
}
_KECAMATAN = r"^\d{7}$"
_DESA = r"^\d{10}$"

# cleaning -> linkage, poverty, targeting, planning: one row per registry family (KK).
FAMILIES = pa.DataFrameSchema(
    {
        "family": _text(unique=True),
        "kecamatan": _text(_KECAMATAN),
        "desa": _text(_DESA),
        **_COVARIATES,
        "disabled_members": _number(0, nullable=True, required=False),
        "severely_disabled": _number(0, nullable=True, required=False),
        "pregnant": _number(0, nullable=True, required=False),
        "desil": _number(1, 10, nullable=True),
        "in_targeting_list": _flag(),
        "sources": _text(),
    },
    name="families",
)

# One row per registry person.
PERSONS = pa.DataFrameSchema(
    {
        "person": _text(unique=True),
        "family": _text(),
        "age": _number(0, 125, nullable=True),
        "female": _flag(nullable=True),
        "is_head": _flag(),
        "in_school": _flag(nullable=True, required=False),
        "disabled": _flag(nullable=True, required=False),
    },
    name="persons",
)

# One row per survey household; welfare is expenditure per person per month.
SURVEY = pa.DataFrameSchema(
    {
        "household": _text(unique=True),
        "psu": _text(),
        "stratum": _text(),
        "weight_household": _number(0),
        "weight_person": _number(0),
        "expenditure_rp_month": _number(0),
        "urban": _flag(nullable=True, required=False),
        "kecamatan": _text(_KECAMATAN, nullable=True, required=False),
        **_COVARIATES,
    },
    name="survey",
)

# One row per line of a recipient list that was kept; rupiah is what the list or the programme says for the year.
RECIPIENTS = pa.DataFrameSchema(
    {
        "record": _text(unique=True),
        "programme": _text(),
        "period": _text(),
        "kecamatan": _text(_KECAMATAN, nullable=True),
        "desa": _text(_DESA, nullable=True),
        "rupiah_year": _number(0, nullable=True),
        "due_date": _day(nullable=True),
        "paid_date": _day(nullable=True),
    },
    name="recipients",
)

# linkage -> targeting, planning: one row per recipient record; family missing where nobody was found.
LINKS = pa.DataFrameSchema(
    {
        "record": _text(unique=True),
        "programme": _text(),
        "period": _text(),
        "family": _text(nullable=True),
        "person": _text(nullable=True),
        "probability": _flag(),
        "method": _text(r"^(nik|nik_one_error|kk_name|probabilistic|unmatched)$"),
        "kecamatan": _text(_KECAMATAN, nullable=True),
        "desa": _text(_DESA, nullable=True),
        "rupiah_year": _number(0, nullable=True),
    },
    name="links",
)

# poverty -> targeting, planning: one row per registry family.
FAMILY_POVERTY = pa.DataFrameSchema(
    {
        "family": _text(unique=True),
        "kecamatan": _text(_KECAMATAN),
        "desa": _text(_DESA),
        "household_size": _number(1),
        "p_poor": _flag(),
        "p_extreme": _flag(),
        "gap_poor_rp_month": _number(0),
        "gap_extreme_rp_month": _number(0),
        "expected_welfare_rp_month": _number(0),
    },
    name="family_poverty",
)

# Every estimate of the poverty room, direct or modelled.
ESTIMATES = pa.DataFrameSchema(
    {
        "indicator": _text(),
        "area": _text(),
        "value": _number(nullable=True),
        "se": _number(0, nullable=True),
        "rse": _number(0, nullable=True),
        "low": _number(nullable=True),
        "high": _number(nullable=True),
        "n_households": _number(0, nullable=True),
        "n_psu": _number(0, nullable=True),
        "quality": _text(nullable=True),
    },
    name="estimates",
)

TARGETING = pa.DataFrameSchema(
    {
        "measure": _text(),
        "denominator": _text(),
        "programme": _text(),
        "group": _text(),
        "value": _number(nullable=True),
        "se": _number(0, nullable=True),
        "low": _number(nullable=True),
        "high": _number(nullable=True),
        "n": _number(0, nullable=True),
    },
    name="targeting",
)

# planning -> disclosure and restricted lists: one row per family and programme where the family is eligible or served.
# units and rupiah_year are the whole entitlement of a year; due is the expected share of it not yet received.
NEEDS = pa.DataFrameSchema(
    {
        "family": _text(),
        "kecamatan": _text(_KECAMATAN),
        "desa": _text(_DESA),
        "programme": _text(),
        "agency": _text(),
        "eligible": _flag(),
        "received": _flag(),
        "received_period": _text(),
        "due": _flag(),
        "units": _number(0),
        "rupiah_year": _number(0),
        "why": _text(),
        "priority": _number(1),
        "confidence": _flag(),
        "p_extreme": _flag(),
        "due_extreme": _flag(),
    },
    name="needs",
    unique=["family", "programme"],
)

# The sums of NEEDS; rows of one fund are its share, rows with fund "" all funds together.
BUDGET = pa.DataFrameSchema(
    {
        "area": _text(r"^\d{4}(\d{3}(\d{3})?)?$"),
        "programme": _text(),
        "agency": _text(),
        "strategy": _text(),
        "fund": _text(),
        "families_eligible": _number(0),
        "families_due": _number(0),
        "units_due": _number(0),
        "unit_cost_rp_year": _number(0, nullable=True),
        "rupiah_year": _number(0),
        "families_due_extreme": _number(0),
        "units_due_extreme": _number(0),
        "rupiah_year_extreme": _number(0),
    },
    name="budget",
)

# disclosure -> reporting: the only table that pages are made of.
STATUSES = ("tampil", "hati-hati", "tidak disajikan", "disembunyikan", "belum ada data")
PUBLISHED = pa.DataFrameSchema(
    {
        "topic": _text(),
        "indicator": _text(),
        "area": _text(r"^\d{2,10}$"),
        "programme": _text(),
        "agency": _text(),
        "group": _text(),
        "period": _text(),
        "unit": _text(),
        "value": _number(nullable=True),
        "low": _number(nullable=True),
        "high": _number(nullable=True),
        "rse": _number(0, nullable=True),
        "n": _number(0, nullable=True),
        "status": pa.Column(str, pa.Check.isin(STATUSES)),
        "reason": _text(),
        "source": _text(),
    },
    name="published",
    unique=["topic", "indicator", "area", "programme", "agency", "group", "period"],
)


def checked(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the schema's types, or fail naming the contract, the column and the rule.

    A broken contract is a defect of the program, not of the data: values are never part of the message.
    """
    try:
        # the copy shares its columns until one gets another type: the table given stays as it was and is not held twice
        return schema.validate(table.copy(deep=False), lazy=True, inplace=True)
    except SchemaErrors as error:
        cases = error.failure_cases[["column", "check"]].drop_duplicates()
        problems = "; ".join(f"{column}: {check}" for column, check in cases.itertuples(index=False))
        raise KaurError(f"Tabel '{schema.name}' melanggar kontraknya: {problems}") from None
