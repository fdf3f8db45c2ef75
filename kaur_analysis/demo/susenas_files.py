"""A Susenas March sample of the synthetic Kaur: stratified, clustered, weighted, and without a kecamatan code.

Blocks of neighbouring families are drawn within strata (urban or rural × wealth of the place) and ten households in
each. Some households hold two families, as in life. A few blocks of the neighbouring kabupaten come along, as in the
province's file, and must be left out by whoever studies Kaur.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator

from kaur_analysis.demo.sheets import write_dbf
from kaur_analysis.demo.words import CERTIFICATE, SUSENAS, SUSENAS_ASSETS
from kaur_analysis.demo.world import World

BLOCKS, PER_BLOCK = 52, 10
NEIGHBOUR_BLOCKS = 12
SUMMED = ("household_size", "children_0_6", "elderly_60")
REPORTED = ("pkh", "sembako", "blt_dd", "pbi_jk", "umkm", "pkh_before")
YES, NO = 1, 5


@dataclass(frozen=True)
class Susenas:
    """Household, person and consumption file of one wave."""

    household: pd.DataFrame
    person: pd.DataFrame
    consumption: pd.DataFrame


def draw_susenas(world: World, neighbour: World, area: str, random: Generator) -> Susenas:
    """Draw the area's sample and the neighbour's, and put them in one file each."""
    own, other = int(area[2:]), 2 if area.endswith("01") else 1
    parts = [
        _draw(world, kabupaten, 1700 + kabupaten, first, blocks, random)
        for kabupaten, first, blocks, world in ((own, 0, BLOCKS, world), (other, 5000, NEIGHBOUR_BLOCKS, neighbour))
    ]
    return Susenas(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))


def write_susenas(folder: Path, susenas: Susenas) -> None:
    """Write the DBF files under the names BPS gives them."""
    write_dbf(folder / "ssn202403_kor_rt.dbf", susenas.household)
    write_dbf(folder / "ssn202403_kor_ind1.dbf", susenas.person)
    write_dbf(folder / "ssn202403_kp_blok43.dbf", susenas.consumption)


def _draw(
    world: World, kabupaten: int, code: int, first: int, blocks: int, random: Generator
) -> tuple[pd.DataFrame, ...]:
    sample = draw_sample(world, code, blocks, random)
    sample["URUT"] = np.arange(first + 1, first + 1 + len(sample))
    members = _members(world, sample)
    return _household(sample, kabupaten), _person(sample, members, kabupaten), _consumption(sample, kabupaten, random)


def draw_sample(world: World, code: int, blocks: int, random: Generator) -> pd.DataFrame:
    """Households of the sample: first family's facts, joint size and expenditure, design and weight."""
    table = world.families.sort_values(["urban", "desa", "family"]).reset_index(drop=True)
    length = max(12, min(108, len(table) // (blocks * 2)))
    block = np.arange(len(table)) // length
    wealth = table.groupby(block)["standing"].mean()
    urban = table.groupby(block)["urban"].max()
    stratum = np.where(urban == 1, 1, 2 + pd.qcut(wealth.rank(method="first"), 3, labels=False).to_numpy())
    frame = pd.DataFrame({"block": wealth.index, "stratum": stratum})
    drawn = []
    for _, group in frame.groupby("stratum"):
        count = min(len(group), max(2, round(blocks * len(group) / len(frame))))
        chosen = random.choice(group["block"].to_numpy(), count, replace=False)
        drawn.append(
            pd.DataFrame({"block": chosen, "STRATA": code * 10 + group["stratum"].iloc[0], "up": len(group) / count})
        )
    parts = []
    for number, (chosen, strata, up) in enumerate(pd.concat(drawn).itertuples(index=False), start=1):
        own = np.flatnonzero(block == chosen)
        joined = random.random(len(own)) < 0.03
        household = np.cumsum(~joined | (np.arange(len(own)) == 0)) - 1
        picked = np.sort(random.choice(household.max() + 1, min(PER_BLOCK, household.max() + 1), replace=False))
        order = np.searchsorted(picked, household)
        inside = np.isin(household, picked)
        parts.append(
            pd.DataFrame(
                {
                    "row": own[inside],
                    "PSU": code * 1000 + number,
                    "SSU": order[inside] + 1,
                    "STRATA": strata,
                    "FWT": round(up * (household.max() + 1) / len(picked), 4),
                }
            )
        )
    return _households(table, pd.concat(parts, ignore_index=True))


def _households(table: pd.DataFrame, drawn: pd.DataFrame) -> pd.DataFrame:
    """One row per household from its families: the first one's facts, joint size, expenditure and receipt."""
    families = table.iloc[drawn["row"]].reset_index(drop=True)
    families = families.assign(**{name: drawn[name] for name in ("PSU", "SSU", "STRATA", "FWT")})
    grouped = families.groupby(["PSU", "SSU"], sort=False)
    out = grouped.head(1).set_index(["PSU", "SSU"])
    people = families["household_size"]
    spent = (families["expenditure_rp_month"] * people).groupby([families["PSU"], families["SSU"]], sort=False).sum()
    out["expenditure_rp_month"] = spent / grouped["household_size"].sum()
    out["families"] = grouped["family"].agg(tuple)
    for name in SUMMED:
        out[name] = grouped[name].sum()
    for programme in REPORTED:
        out[programme] = grouped[programme].max()
    return out.reset_index()


def _members(world: World, sample: pd.DataFrame) -> pd.DataFrame:
    owner = sample[["families", "URUT"]].explode("families").rename(columns={"families": "family"})
    members = world.persons.merge(owner.astype({"family": int}), on="family")
    return members.sort_values(["URUT", "family", "order"]).assign(R401=lambda t: t.groupby("URUT").cumcount() + 1)


def _place(sample: pd.DataFrame, kabupaten: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"URUT": sample["URUT"], "R101": 17, "R102": kabupaten, "R105": np.where(sample["urban"] == 1, 1, 2)}
    )


def _household(sample: pd.DataFrame, kabupaten: int) -> pd.DataFrame:
    out = _place(sample, kabupaten).assign(
        PSU=sample["PSU"],
        SSU=sample["SSU"],
        WI1=sample["PSU"] % 1000,  # renumbered ids of block and household, not weights
        WI2=sample["SSU"],
        STRATA=sample["STRATA"],
        R301=sample["household_size"],
        R302=sample["children_0_6"],
        R1804=sample["floor_area_m2"],
    )
    for variable, (name, codes) in SUSENAS.items():
        out[variable] = sample[name].map(codes).astype(float)
    for variable, name in SUSENAS_ASSETS.items():
        out[variable] = np.where(sample[name] == 1, YES, NO)
    out["R2202"] = np.where(sample["pkh"] + sample["sembako"] > 0, YES, NO)
    ever = (sample["pkh"] + sample["pkh_before"]) > 0
    out["R2203"] = np.where(ever, YES, NO)
    out["R2204A"] = np.where(ever, np.where(sample["pkh"] == 1, YES, NO), np.nan)
    out["R2207"] = np.where(sample["sembako"] == 1, YES, NO)
    for month in ("A2", "A3", "A4", "A5"):
        out[f"R2208{month}"] = np.where(sample["sembako"] == 1, YES, np.nan)
    out["R2209A"] = np.where(sample["blt_dd"] == 1, YES, NO)
    out["R2210AA"] = np.where(sample["has_business"] == 1, YES, NO)
    out["R2210B1"] = np.where(sample["umkm"] == 1, YES, NO)
    return out.assign(FWT=sample["FWT"])


def _person(sample: pd.DataFrame, members: pd.DataFrame, kabupaten: int) -> pd.DataFrame:
    own = sample.set_index("URUT").loc[members["URUT"]].reset_index()
    is_head = (members["R401"] == 1).to_numpy()
    age = members["age"].to_numpy()
    works = np.where(
        is_head, own["head_sector"] != "not_working", (age >= 19) & (age < 60) & ~members["female"].to_numpy()
    )
    farms = own["head_sector"].to_numpy() == "agriculture"
    relation = members["relation"].map({"head": 1, "spouse": 2, "child": 3, "other": 9}).to_numpy()
    certificate = np.where(
        is_head, own["head_education"].map(CERTIFICATE), np.where(age < 12, 25, np.where(age < 19, 2, 12))
    )
    return pd.DataFrame(
        {
            "URUT": members["URUT"].to_numpy(),
            "R101": 17,
            "R102": kabupaten,
            "R105": np.where(own["urban"] == 1, 1, 2),
            "R401": members["R401"].to_numpy(),
            "R403": np.where((relation == 1) & ~is_head, 9, relation),
            "R404": np.where(np.isin(relation, (1, 2)), 2, 1),
            "R405": np.where(members["female"], 2, 1),
            "R407": age,
            "R610": np.where(members["in_school"], 2, np.where(age < 7, 1, 3)),
            "R614": certificate,
            "R703_A": np.where(works, YES, NO),
            "R706": np.where(works, np.where(farms, 1, 12), np.nan),
            "R707": np.where(works, np.where(farms, 1, 4), np.nan),
            "R1101_A": np.where(own["pbi_jk"] == 1, 1, np.nan),
            "R1101_X": np.where(own["pbi_jk"] == 1, np.nan, 1),
            "FWT": own["FWT"].to_numpy(),
        }
    )


def _consumption(sample: pd.DataFrame, kabupaten: int, random: Generator) -> pd.DataFrame:
    size = sample["household_size"].to_numpy()
    total = np.round(sample["expenditure_rp_month"].to_numpy(dtype=float) * size, 2)
    food = np.round(total * np.clip(random.normal(0.58, 0.07, len(sample)), 0.3, 0.85), 2)
    return _place(sample, kabupaten).assign(
        R301=size,
        FOOD=food,
        NONFOOD=np.round(total - food, 2),
        EXPEND=total,
        KAPITA=np.round(total / size, 4),
        WERT=sample["FWT"].to_numpy(),
        WEIND=np.round(sample["FWT"].to_numpy(dtype=float) * size, 4),
    )
