"""Editions at the edge: nobody poor, all protected, no sample, one desa, as poor as the whole, names that mean harm."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from kaur_analysis.contracts import PUBLISHED
from kaur_analysis.reference import Area
from tests.pages import fabricated as made

HOSTILE = '<script>document.title="diretas"</script>'
LONG = r"$\rugi$ " + "Tanjung " * 12
CODE = "1704010"
NUMBERS = ["value", "low", "high", "rse", "n"]


@cache
def editions() -> dict:
    """Published tables by name of the extreme."""
    table = _shown()
    families = table["unit"].isin(["keluarga", "orang", "unit", "rupiah_tahun"])
    estimated = ~table["topic"].isin(["official"])
    shares = table["unit"].eq("bagian") & estimated
    return {
        "biasa": table,
        "nol miskin": _zero(table),
        "semua dilindungi": _status(table, families | estimated, "disembunyikan"),
        "tanpa sampel": table[table["topic"].isin(["official", "registry"])],
        "galat besar": _status(table, shares, "tidak disajikan", "galat terlalu besar"),
        "contoh kecil": _status(table, shares, "tidak disajikan", "contoh survei terlalu kecil"),
        "resmi saja": table[table["topic"] == "official"],
        "setara dan rendah": _beside_the_whole(table),
        "satu desa": table[(table["area"].str.len() < 10) | (table["area"] == "1704010001")],
    }


def _shown():
    """The invented estimates with statuses by the plain rules alone, so that sentences do not hang on companions."""
    table = pd.concat([rows.assign(topic=topic) for topic, rows in made.estimates().items()], ignore_index=True)
    table = table.reindex(columns=list(PUBLISHED.columns))
    words = [name for name in table.columns if name not in NUMBERS]
    table[words] = table[words].astype(object).fillna("")
    few = table["unit"].eq("keluarga") & table["value"].lt(5) & table["topic"].isin(["desa", "reasons", "needs"])
    table["status"] = np.select(
        [table["value"].isna(), few, table["rse"] > 0.5, table["rse"] > 0.25],
        ["belum ada data", "disembunyikan", "tidak disajikan", "hati-hati"],
        "tampil",
    )
    table.loc[~table["status"].isin(["tampil", "hati-hati"]), NUMBERS] = np.nan
    table.loc[table["status"] == "tidak disajikan", "reason"] = "galat terlalu besar"
    return table


def _zero(table):
    """Nobody is poor: shares, counts and money of poverty, targeting and needs are all nought."""
    rows = table["topic"].isin(["poverty", "needs", "reasons", "desa", "zero_cost", "overlap"]) & table["value"].notna()
    found = table.copy()
    found.loc[rows, ["value", "low", "high"]] = 0.0
    missed = found["topic"].eq("targeting") & found["indicator"].eq("exclusion_error")  # a share of nobody
    return _status(found, missed, "belum ada data")


def _beside_the_whole(table):
    """The first kecamatan as poor as the kabupaten, Padang Guci Hulu clearly less, each with narrow intervals."""
    found = table.copy()
    for indicator in ("poor_share", "extreme_share"):
        rows = found["topic"].eq("poverty") & found["group"].eq("")
        whole = found.loc[rows & found["indicator"].eq(indicator) & found["area"].eq("1704"), "value"].item()
        for area, times in ((CODE, 1.0), ("1704073", 0.5)):
            for name, middle in ((indicator, times * whole), (f"{indicator}_difference", (times - 1) * whole)):
                own = rows & found["indicator"].eq(name) & found["area"].eq(area)
                found.loc[own, ["value", "low", "high"]] = middle, middle - 0.05 * whole, middle + 0.05 * whole
                found.loc[own, ["rse", "status", "reason"]] = 0.05, "tampil", ""
    return found


def _status(table, rows, status, reason=""):
    found = table.copy()
    found.loc[rows, ["value", "low", "high", "rse"]] = np.nan
    found.loc[rows, ["status", "reason"]] = status, reason
    return found


def with_names(first: str, second: str = LONG) -> Area:
    """The area, its first two kecamatan and their first desa renamed."""
    area = made.AREA
    kecamatan, desa = area.kecamatan.copy(), area.desa.copy()
    kecamatan.loc[kecamatan["kecamatan"] == CODE, "name"] = first
    kecamatan.loc[kecamatan["kecamatan"] == "1704020", "name"] = second
    desa.loc[desa["desa"] == desa["desa"].iloc[0], "name"] = first
    return replace(area, kecamatan=kecamatan, desa=desa)
