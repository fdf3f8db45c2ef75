"""A synthetic Kaur: places, families and people whose living conditions hang together as in life.

Every share below is chosen for the demo alone and claims nothing about the real Kaur. What is meant: a remote place, a
large family, little schooling and farm work lower expenditure; housing and assets show part of it (so that a welfare
model explains about half), the rest nobody sees. The level is set so that the demo's own poverty line leaves near 17%
of people poor.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from kaur_analysis.demo.identity import family_ids, names, national_ids
from kaur_analysis.reference import Area

POVERTY_LINE = 500_000
EXTREME_LINE = 350_000
POOR_SHARE = 0.17
REFERENCE_DATE = np.datetime64("2025-03-31")
_SECTOR = ("agriculture", "other", "not_working")
_EDUCATION = ("none", "primary_incomplete", "primary", "junior", "senior", "tertiary")


@dataclass(frozen=True)
class World:
    """Everything true: ``families`` and ``persons``, joined by ``family`` (position of the family)."""

    families: pd.DataFrame
    persons: pd.DataFrame


def make_world(area: Area, families: int, random: Generator) -> World:
    """Draw places, families, people and what they spend."""
    desa = _places(area, random)
    chosen = random.choice(len(desa), families, p=desa["share"].to_numpy())
    chosen.sort()
    table = desa.iloc[chosen].drop(columns="share").reset_index(drop=True)
    table.insert(0, "family", np.arange(families))
    persons = _people(table, random)
    _composition(table, persons)
    _living(table, random)
    table["kk"] = family_ids(table["kemendagri"].str[2:6].to_numpy(dtype=str), random)
    table["rt"] = random.integers(1, 7, families)
    table["dusun"] = random.choice(np.array(["Dusun I", "Dusun II", "Dusun III"]), families)
    return World(table, persons)


def redrawn(world: World, random: Generator) -> World:
    """Draw everything but places and people anew: effects of kecamatan and desa, schooling, work, housing, spending."""
    table = world.families.copy()
    desa = table[["desa", "kecamatan"]].drop_duplicates("desa").reset_index(drop=True)
    effect = _effects(desa["kecamatan"], pd.Index(sorted(desa["kecamatan"].unique())), random)
    table["effect"] = table["desa"].map(dict(zip(desa["desa"], effect, strict=True)))
    _living(table, random)
    return World(table, world.persons)


def _effects(kecamatan_of_desa: pd.Series, kecamatan: pd.Index, random: Generator) -> NDArray[np.float64]:
    """Common deviation of log expenditure in each desa: its kecamatan's and its own."""
    common = dict(zip(kecamatan, random.normal(0, 0.10, len(kecamatan)), strict=True))
    own = random.normal(0, 0.07, len(kecamatan_of_desa))
    return kecamatan_of_desa.map(common).to_numpy(dtype=float) + own


def _places(area: Area, random: Generator) -> pd.DataFrame:
    """Desa with their share of families, remoteness and common effects."""
    kecamatan = area.kecamatan.set_index("kecamatan")
    official = area.official.query("indicator == 'population' and year == 2022").set_index("area")["value"]
    known = official.reindex(kecamatan.index).astype(float)
    desa = area.desa.merge(kecamatan[["name"]].rename(columns={"name": "kecamatan_name"}), on="kecamatan")
    counts = desa.groupby("kecamatan").size().reindex(kecamatan.index)
    rest = max(official.get(area.code, np.nan) - known.sum(), 0) if area.code in official.index else np.nan
    average = rest / counts[known.isna()].sum() if np.isfinite(rest) and known.isna().any() else (known / counts).mean()
    people = known.fillna(counts * average)
    spread = random.lognormal(0, 0.35, len(desa))
    desa["share"] = spread * (people / counts).reindex(desa["kecamatan"]).to_numpy()
    desa["share"] /= desa["share"].sum()
    centre = kecamatan.loc[desa["kecamatan"], ["latitude", "longitude"]].to_numpy()
    seat = kecamatan.loc[desa.query("kind == 'kelurahan'")["kecamatan"], ["latitude", "longitude"]].to_numpy()
    seat = seat if len(seat) else centre[:1]
    distance = np.min(np.hypot(*(centre[:, None, :] - seat[None, :, :]).transpose(2, 0, 1)), axis=1)
    far = np.clip((distance - distance.mean()) / (distance.std() or 1), -1.2, 1.2)
    desa["remoteness"] = 0.7 * far + random.normal(0, 0.5, len(desa))
    desa["effect"] = _effects(desa["kecamatan"], kecamatan.index, random)
    near = desa["remoteness"].rank(pct=True) < 0.12
    desa["urban"] = ((desa["kind"] == "kelurahan") | (near & (random.random(len(desa)) < 0.5))).astype(int)
    return desa.rename(columns={"name": "desa_name"})


def _people(table: pd.DataFrame, random: Generator) -> pd.DataFrame:
    """Heads, spouses, children and others; ages that fit each other."""
    size = len(table)
    head_age = np.clip(random.normal(47, 13.5, size), 20, 92)
    head_female = random.random(size) < np.where(head_age > 60, 0.27, 0.11)
    single = random.random(size) < np.where(head_female, 0.92, 0.07)
    children = random.poisson(np.select([head_age < 28, head_age < 55, head_age < 68], [0.85, 1.8, 0.95], 0.35))
    others = random.binomial(2, 0.11, size)
    members = np.minimum(1 + ~single + children + others, 11)
    family = np.repeat(np.arange(size), members)
    order = np.arange(len(family)) - np.repeat(np.cumsum(members) - members, members)
    is_head, is_spouse = order == 0, (order == 1) & ~single[family]
    is_child = ~is_head & ~is_spouse & (order < (1 + ~single + children)[family])
    age = np.select(
        [is_head, is_spouse, is_child],
        [
            head_age[family],
            np.clip(head_age[family] - random.normal(3, 4, len(family)), 17, 90),
            np.clip(head_age[family] - random.uniform(20, 40, len(family)), 0, 32),
        ],
        np.where(
            random.random(len(family)) < 0.6, random.uniform(61, 88, len(family)), random.uniform(3, 30, len(family))
        ),
    )
    female = np.select(
        [is_head, is_spouse], [head_female[family], ~head_female[family]], random.random(len(family)) < 0.49
    ).astype(bool)
    birth = REFERENCE_DATE - (age * 365.2425).astype("timedelta64[D]") - np.timedelta64(1, "D")
    years = np.floor((REFERENCE_DATE - birth).astype(int) / 365.2425)
    relation = np.select([is_head, is_spouse, is_child], ["head", "spouse", "child"], "other")
    in_school = (
        (years >= 7)
        & (years <= 18)
        & (random.random(len(family)) < np.where(years <= 12, 0.99, np.where(years <= 15, 0.95, 0.78)))
    )
    disabled = random.random(len(family)) < np.where(years > 65, 0.10, 0.012)
    place = table["kemendagri"].str[2:6].to_numpy(dtype=str)[family]
    return pd.DataFrame(
        {
            "family": family,
            "order": order,
            "relation": relation,
            "female": female,
            "age": years.astype(int),
            "birth_date": birth,
            "nik": national_ids(place, birth, female),
            "name": names(len(family), random),
            "in_school": in_school,
            "disabled": disabled,
            "severely_disabled": disabled & (random.random(len(family)) < 0.25),
            "pregnant": female & (years >= 18) & (years <= 42) & is_spouse & (random.random(len(family)) < 0.055),
        }
    )


def _composition(table: pd.DataFrame, persons: pd.DataFrame) -> None:
    """Counts by age and what is known of the head, per family."""
    ages = persons["age"]
    bands = {
        "household_size": ages >= 0,
        "children_0_6": ages <= 6,
        "children_7_12": ages.between(7, 12),
        "children_13_15": ages.between(13, 15),
        "children_16_18": ages.between(16, 18),
        "adults_19_59": ages.between(19, 59),
        "elderly_60": ages >= 60,
        "disabled_members": persons["disabled"],
        "severely_disabled": persons["severely_disabled"],
        "pregnant": persons["pregnant"],
    }
    for name, inside in bands.items():
        table[name] = np.bincount(persons["family"], inside, len(table)).astype(int)
    head = persons[persons["order"] == 0].set_index("family")
    table["head_age"], table["head_female"] = head["age"].to_numpy(), head["female"].to_numpy()


def _living(table: pd.DataFrame, random: Generator) -> None:
    """Schooling, work, housing, assets and expenditure per person per month."""
    size = len(table)
    noise = random.normal(0, 1, (size, 6))
    schooling = -0.028 * (table["head_age"] - 45) - 0.35 * table["remoteness"] + 0.5 * table["urban"] + noise[:, 0]
    education = np.searchsorted([-1.75, -0.95, 0.15, 0.85, 1.95], schooling)
    table["head_education"] = np.array(_EDUCATION)[education]
    farm = random.random(size) < 1 / (
        1 + np.exp(-(0.9 + 0.5 * table["remoteness"] - 0.9 * table["urban"] - 0.55 * (education - 2)))
    )
    idle = random.random(size) < np.where(table["head_age"] > 70, 0.45, 0.04)
    sector = np.where(idle, 2, np.where(farm, 0, 1))
    table["head_sector"] = np.array(_SECTOR)[sector]
    means = (
        0.115 * (education - 2)
        - 0.50 * np.log(table["household_size"] / 3.4)
        - 0.06 * table["children_0_6"]
        + np.array([-0.03, 0.14, -0.10])[sector]
        - 0.07 * table["remoteness"]
        + 0.08 * table["urban"]
        - 0.05 * table["head_female"]
        + table["effect"]
    )
    shown = means + 0.20 * noise[:, 1]  # what housing and assets betray
    log_expenditure = shown + 0.27 * noise[:, 2]
    order = np.argsort(log_expenditure)
    people = np.cumsum(table["household_size"].to_numpy()[order])
    poorest = log_expenditure.to_numpy()[order][np.searchsorted(people, POOR_SHARE * people[-1])]
    log_expenditure += np.log(POVERTY_LINE) - poorest
    table["expenditure_rp_month"] = np.exp(log_expenditure).round(0)
    table["poor"] = table["expenditure_rp_month"] < POVERTY_LINE
    table["extreme"] = table["expenditure_rp_month"] < EXTREME_LINE
    latent = (shown - shown.mean()) / shown.std()
    table["standing"] = latent
    _housing(table, latent.to_numpy(), random)


def _housing(table: pd.DataFrame, latent: NDArray[np.float64], random: Generator) -> None:
    def graded(cuts: list[float], labels: list[str], weight: float = 0.62) -> NDArray[np.str_]:
        score = weight * latent + np.sqrt(1 - weight**2) * random.normal(0, 1, len(latent))
        return np.array(labels)[np.searchsorted(cuts, score)]

    def has(cut: float, weight: float = 0.65) -> NDArray[np.int64]:
        score = weight * latent + np.sqrt(1 - weight**2) * random.normal(0, 1, len(latent))
        return (score > cut).astype(int)

    table["floor"] = graded([-2.0, -1.45, -0.65, 0.15], ["earth", "bamboo", "wood", "cement", "ceramic"])
    table["wall"] = graded([-2.1, -1.9, -0.45], ["bamboo", "zinc", "wood", "brick"])
    table["roof"] = graded(
        [-2.0, -1.85, -1.75, 1.5, 2.1], ["thatch", "bamboo", "wood", "zinc_asbestos", "tile", "concrete"], 0.4
    )
    table["tenure"] = graded([-1.2, -0.95, -0.9], ["free", "rent", "official", "own"], 0.25)
    table["toilet"] = graded([-1.25, -0.85, -0.35], ["none", "shared", "own_no_septic", "own_septic"])
    table["lighting"] = graded(
        [-2.2, -1.95, -1.35, 1.0], ["none", "non_pln", "pln_shared", "pln_up_to_900", "pln_above_900"]
    )
    table["cooking"] = graded([-0.75, -0.7], ["wood_charcoal", "kerosene", "gas_electric"], 0.7)
    table["water"] = graded(
        [-1.75, -1.7, -1.0, 0.35, 0.95, 1.45],
        ["surface", "rain", "unprotected_well", "protected_well", "borehole", "piped", "bottled"],
        0.45,
    )
    table["floor_area_m2"] = np.clip(
        np.round(np.exp(3.75 + 0.22 * latent + 0.30 * random.normal(0, 1, len(latent)))), 9, 400
    )
    cuts = {
        "asset_gas_large": 1.6,
        "asset_refrigerator": 0.2,
        "asset_air_conditioner": 2.2,
        "asset_computer": 1.3,
        "asset_gold": 1.2,
        "asset_motorcycle": -0.6,
        "asset_boat": 1.9,
        "asset_motor_boat": 2.2,
        "asset_car": 1.6,
        "asset_flat_television": 1.0,
        "asset_land": -0.2,
    }
    for name, cut in cuts.items():
        table[name] = has(cut, 0.35 if name in ("asset_boat", "asset_motor_boat", "asset_land") else 0.68)
    table["has_business"] = has(0.85, 0.3)
    table["savings"] = has(0.5, 0.5)
