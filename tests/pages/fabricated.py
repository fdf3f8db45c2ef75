"""A made-up edition in the shape of the published table before protection: every number here is invented.

It exists so that disclosure and pages can be tested without running the rooms below. Quantities add up as real ones do:
desa to kecamatan to kabupaten, served and missed to all, reasons to the missed.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from kaur_analysis.disclosure import publish
from kaur_analysis.reference import load_area
from kaur_analysis.reference.catalogue import load_catalogue
from kaur_analysis.study import Thresholds

AREA = load_area("1704")
PROGRAMMES = load_catalogue()
KEC = list(AREA.kecamatan["kecamatan"])
DESA = list(AREA.desa["desa"])
# Programmes of the made-up edition whose lists of recipients nobody has sent.
UNLISTED = ("air_minum", "baznas_produktif", "padat_karya", "pangan_beras", "pena", "pip", "sanitasi")
COVER = {"pkh": 0.42, "sembako": 0.5, "pbi_jk": 0.72, "pip": 0.3, "blt_dd": 0.22, "pangan_beras": 0.35, "csr": 0.02}
SCENARIOS = ("sekarang", "peringkat_model", "semua_desil_1", "musyawarah_desa")


def _row(topic, indicator, area, unit, value, **more) -> dict[str, Any]:
    return {"topic": topic, "indicator": indicator, "area": area, "unit": unit, "value": value} | more


def _share(topic, indicator, area, value, rse, n=np.nan, **more):
    value = float(np.clip(value, 0, 1))
    half = 1.96 * rse * value
    return _row(
        topic,
        indicator,
        area,
        "bagian",
        value,
        low=max(0, value - half),
        high=min(1, value + half),
        rse=rse,
        n=n,
        **more,
    )


def _count(topic, indicator, area, value, rse=np.nan, unit="keluarga", **more):
    half = 1.96 * rse * value if rse == rse else np.nan
    return _row(topic, indicator, area, unit, value, low=max(0, value - half), high=value + half, rse=rse, **more)


@cache
def estimates() -> dict[str, pd.DataFrame]:
    """Rows by topic before protection."""
    random = np.random.default_rng(20240227)
    desa = pd.DataFrame({"desa": DESA, "kec": [code[:7] for code in DESA]})
    level = dict(zip(KEC, np.clip(random.normal(0.045, 0.02, len(KEC)), 0.012, 0.1), strict=True))
    desa["families"] = random.integers(90, 340, len(desa))
    desa["extreme"] = desa["families"] * np.clip(desa["kec"].map(level) * random.lognormal(0, 0.35, len(desa)), 0, 0.3)
    desa["served"] = desa["extreme"] * random.beta(5, 3, len(desa))
    desa["gap"] = desa["extreme"] - desa["served"]
    by_kec = desa.groupby("kec")[["families", "extreme", "served", "gap"]].sum()
    places = {code: by_kec.loc[code] for code in KEC} | {"1704": by_kec.sum()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TOPICS}
    for area, place in places.items():
        rse = 0.09 if area == "1704" else float(random.uniform(0.12, 0.32))
        _poverty(rows, area, place, rse)
        _targeting(rows, area, place, random)
    for row in desa.itertuples():
        for name, value in (("extreme", row.extreme), ("served_extreme", row.served), ("gap_extreme", row.gap)):
            rse = min(0.45, 1 / np.sqrt(value))
            rows["desa"].append(_count("desa", f"{name}_families", row.desa, value, rse))
        rows["poverty"].append(_count("poverty", "extreme_families", row.desa, row.extreme))
        rows["registry"].append(_count("registry", "families", row.desa, float(row.families)))
    rows["poverty"] += _differences(rows["poverty"])
    for topic in ("targeting", "reasons"):
        rows[topic] = [row for row in rows[topic] if row.get("programme") not in UNLISTED]
    _add_wholes(rows)
    _kabupaten_only(rows)
    return {topic: pd.DataFrame(entries) for topic, entries in rows.items()} | {"official": official()}


def _differences(poverty) -> list[dict[str, Any]]:
    """Shares of kecamatan minus the kabupaten's; the joint draws leave them four fifths of the share's own width."""
    shares = [row for row in poverty if row["indicator"].endswith("_share") and "group" not in row]
    whole = {row["indicator"]: row["value"] for row in shares if row["area"] == "1704"}
    return [
        row
        | {
            "indicator": f"{row['indicator']}_difference",
            "value": row["value"] - whole[row["indicator"]],
            "low": row["value"] - whole[row["indicator"]] - 0.8 * (row["value"] - row["low"]),
            "high": row["value"] - whole[row["indicator"]] + 0.8 * (row["high"] - row["value"]),
        }
        for row in shares
        if row["area"] != "1704"
    ]


TOPICS = (
    "poverty", "survey", "registry", "targeting", "targeting_survey", "reasons", "overlap", "needs", "desa",
    "zero_cost", "scenarios", "lists", "determinants",
)  # fmt: skip


def _poverty(rows, area, place, rse) -> None:
    extreme = place["extreme"] / place["families"]
    people = place["families"] * 3.6
    poor = min(0.5, 0.1 + 1.6 * extreme)
    for name, share in (("poor_share", poor), ("extreme_share", extreme)):
        error = rse * (0.5 if name == "poor_share" else 1)
        rows["poverty"].append(_share("poverty", name, area, share, error, n=place["families"]))
        rows["poverty"].append(
            _share("poverty", name, area, share * 1.04, error * 1.1, place["families"], group="model")
        )
    rows["poverty"].append(
        _row("poverty", "gap_index", area, "indeks", poor * 0.17, low=poor * 0.12, high=poor * 0.22, rse=rse)
    )
    rows["poverty"].append(
        _row("poverty", "severity_index", area, "indeks", poor * 0.05, low=poor * 0.03, high=poor * 0.07, rse=rse)
    )
    for name, value, unit in (
        ("poor_people", poor * people, "orang"),
        ("extreme_people", place["extreme"] * 4.1, "orang"),
        ("poor_families", poor * place["families"], "keluarga"),
        ("extreme_families", place["extreme"], "keluarga"),
        ("extreme_gap_rp_year", place["extreme"] * 4.1 * 12 * 52000, "rupiah_tahun"),
    ):
        rows["poverty"].append(_count("poverty", name, area, value, rse, unit))
    for name, value, unit in (
        ("families", place["families"], "keluarga"),
        ("people", people, "orang"),
        ("desil_1_families", place["families"] * 0.11, "keluarga"),
        ("listed_families", place["families"] * 0.93, "keluarga"),
    ):
        rows["registry"].append(_count("registry", name, area, value, unit=unit))


def _targeting(rows, area, place, random) -> None:
    if area == "1704":
        return
    for code, programme in {"any": None, **PROGRAMMES}.items():
        cover = (
            1 - place["gap"] / place["extreme"] if code == "any" else COVER.get(code, 0.08) * random.uniform(0.7, 1.2)
        )
        reached = place["extreme"] * min(cover, 1)
        recipients = float(round(place["families"] * (0.5 if code == "any" else COVER.get(code, 0.08) * 0.45)))
        recipients = max(recipients, round(reached) + 1.0)
        _targeting_rows(
            rows, area, code, place["extreme"], place["families"], reached, recipients, random.uniform(0, 0.08)
        )
        missed = place["extreme"] - reached
        parts = random.dirichlet([3, 3, 2])
        for name, part in zip(("unlisted", "ranked_out", "unserved"), parts, strict=True):
            rows["reasons"].append(_count("reasons", f"missed_{name}_families", area, missed * part, programme=code))
            rows["reasons"].append(_share("reasons", f"missed_{name}", area, part, 0.1, n=missed, programme=code))
        if programme is None:
            several = place["served"] * 0.55
            for name, value in (("none", place["gap"]), ("one", place["served"] - several), ("several", several)):
                rows["overlap"].append(_count("overlap", f"extreme_families_{name}", area, value))
            continue
        due = float(round(place["families"] * 0.12 * (1 - COVER.get(code, 0.08)) * random.uniform(0.5, 1)))
        _needs_rows(rows, area, programme, due)
    agencies = sorted({programme.agency for programme in PROGRAMMES.values()})
    for first in agencies[:5]:
        for second in agencies[:5]:
            if first != second:
                rows["overlap"].append(
                    _count("overlap", "agency_pair", area, round(place["families"] * 0.06), agency=first, group=second)
                )
    gap = place["extreme"] * 4.1 * 12 * 52000
    rows["zero_cost"].append(_row("zero_cost", "lower_bound_rp_year", area, "rupiah_tahun", gap))
    rows["zero_cost"].append(
        _row("zero_cost", "programme_mix_rp_year", area, "rupiah_tahun", gap * 2.3, low=gap * 1.6, high=gap * 3.4)
    )
    for code, fund, part in (("sembako", "apbn", 0.6), ("pip", "apbn", 0.3), ("blt_dd", "dana_desa", 0.1)):
        about = {"programme": code, "agency": PROGRAMMES[code].agency, "group": fund}
        rows["zero_cost"].append(
            _row("zero_cost", "programme_mix_rp_year", area, "rupiah_tahun", gap * 2.3 * part, **about)
        )
    rows["zero_cost"].append(_row("zero_cost", "uncovered_rp_year", area, "rupiah_tahun", gap * 0.27))


def _targeting_rows(rows, area, code, extreme, families, reached, recipients, unmatched) -> None:
    missed, included = extreme - reached, recipients - reached
    for name, value, base in (
        ("exclusion_error", missed / extreme, extreme),
        ("inclusion_error", included / recipients, recipients),
        ("coverage", recipients / families, families),
    ):
        rows["targeting"].append(_share("targeting", name, area, value, 0.06, n=base, programme=code))
    names = 1.4 * recipients  # several names of a list stand in one family
    rows["targeting"].append(
        _row(
            "targeting",
            "unmatched_share",
            area,
            "bagian",
            round(unmatched * recipients) / names,
            n=names,
            programme=code,
        )
    )
    for name, value in (
        ("poor", extreme),
        ("recipients", recipients),
        ("missed_poor", missed),
        ("included_nonpoor", included),
        ("unmatched_recipients", round(unmatched * recipients)),
    ):
        rows["targeting"].append(_count("targeting", name, area, value, programme=code))


def _needs_rows(rows, area, programme, due) -> None:
    cost = 4_200_000.0 if programme.components else programme.rupiah * (programme.periods or 1)
    about = {"programme": programme.code, "agency": programme.agency}
    rows["needs"].append(_count("needs", "due_families", area, due, **about))
    rows["needs"].append(_count("needs", "due_units", area, due * 1.2, unit="unit", **about))
    rows["needs"].append(_count("needs", "due_rupiah_year", area, due * cost, unit="rupiah_tahun", **about))
    for name, value, unit in (
        ("families", due * 0.3, "keluarga"),
        ("units", due * 0.36, "unit"),
        ("rupiah_year", due * 0.3 * cost, "rupiah_tahun"),
    ):
        rows["needs"].append(_count("needs", f"due_extreme_{name}", area, value, unit=unit, **about))
    for fund, part in programme.funds.items():
        rows["needs"].append(
            _count("needs", "due_rupiah_year", area, due * cost * part, unit="rupiah_tahun", group=fund, **about)
        )
    rows["needs"].append(_count("needs", "unit_cost_rp_year", area, cost, unit="rupiah_tahun", **about))


def _add_wholes(rows) -> None:
    """Kabupaten rows of what was made per kecamatan: sums for counts, ratios of sums for shares."""
    for topic in ("targeting", "reasons", "overlap", "needs", "zero_cost"):
        table = pd.DataFrame(rows[topic]).fillna({"programme": "", "agency": "", "group": ""})
        for column in ("programme", "agency", "group"):
            if column not in table:
                table[column] = ""
        keys = ["indicator", "programme", "agency", "group", "unit"]
        for (name, programme, agency, group, unit), part in table.groupby(keys):
            about = {"programme": programme, "agency": agency, "group": group}
            if unit == "bagian":
                share = float((part["value"] * part["n"]).sum() / part["n"].sum())
                rows[topic].append(_share(topic, name, "1704", share, 0.03, n=part["n"].sum(), **about))
            elif name == "unit_cost_rp_year":
                rows[topic].append(_count(topic, name, "1704", part["value"].iloc[0], unit=unit, **about))
            else:
                rows[topic].append(_count(topic, name, "1704", part["value"].sum(), unit=unit, **about))


LISTS = {"p3ke": ("families_kept", 38951, 169), "pkh_2024": ("rows_kept", 5847, 3), "susenas": ("rows_kept", 512, 0)}


def _kabupaten_only(rows) -> None:
    for name, (indicator, kept, aside) in LISTS.items():
        counts = {"rows_read": kept + aside, indicator: kept, "rows_set_aside": aside}
        rows["lists"] += [
            _row("lists", what, "1704", "baris", float(value), group=name) for what, value in counts.items()
        ]
    whole = {row["indicator"]: row["value"] for row in rows["zero_cost"] if row["area"] == "1704" and not row["group"]}
    for share, factor in (("0.8", 4.2), ("0.95", 7.7)):
        cost = whole["programme_mix_rp_year"] * factor
        rows["zero_cost"].append(
            _row("zero_cost", "imperfect_targeting_rp_year", "1704", "rupiah_tahun", cost, group=share)
        )
    families = next(r["value"] for r in rows["poverty"] if (r["area"], r["indicator"]) == ("1704", "extreme_families"))
    rows["zero_cost"].append(_count("zero_cost", "lifted_families", "1704", families * 0.65, 0.1))
    rows["survey"] += [
        _share("survey", "poor_share", "1704", 0.171, 0.108, n=512),
        _share("survey", "extreme_share", "1704", 0.041, 0.31, n=512),
        _row("survey", "gini", "1704", "indeks", 0.312, low=0.29, high=0.334, rse=0.036, n=512),
        _row(
            "survey",
            "mean_expenditure",
            "1704",
            "rupiah",
            1_043_210.0,
            low=988_000.0,
            high=1_098_000.0,
            rse=0.027,
            n=512,
        ),
    ]
    for code in ("pkh", "sembako", "any"):
        rows["targeting_survey"].append(
            _share("targeting_survey", "exclusion_error", "1704", 0.46, 0.2, n=46, programme=code)
        )
        rows["targeting_survey"].append(
            _share("targeting_survey", "inclusion_error", "1704", 0.88, 0.05, n=160, programme=code)
        )
    for code, inside, outside in (
        ("unsafe_water", 0.41, 0.18),
        ("poor_sanitation", 0.62, 0.6),
        ("head_farms", 0.3, 0.5),
    ):
        for group, value in (("extreme", inside), ("other", outside)):
            rows["determinants"].append(_share("determinants", code, "1704", value, 0.04, n=1500, group=group))
        gap = inside - outside
        rows["determinants"].append(
            _row("determinants", code, "1704", "indeks", gap, low=gap - 0.05, high=gap + 0.05, group="difference")
        )
        for place, kecamatan in enumerate(KEC):
            rows["determinants"].append(
                _row("determinants", code, kecamatan, "bagian", outside + 0.01 * place, n=2000.0)
            )
    for code, share in (("pkh", 0.12), ("sembako", 0.21)):
        recipients = next(
            row["value"]
            for row in rows["targeting"]
            if (row["area"], row["indicator"], row.get("programme")) == ("1704", "recipients", code)
        )
        rows["targeting"].append(
            _share("targeting", "outside_rules", "1704", share, 0.01, n=recipients, programme=code)
        )
    for name, value in (("exclusion_error", 0.09), ("exclusion_error_informed", 0.02)):
        rows["scenarios"].append(_share("scenarios", name, "1704", value, 0.1, group="desil"))
    rows["scenarios"].append(_row("scenarios", "served_families", "1704", "keluarga", 18944.0, group="desil"))
    for place, scenario in enumerate(SCENARIOS):
        for name, value in (("exclusion_error", 0.4 - 0.07 * place), ("inclusion_error", 0.9 - 0.05 * place)):
            rows["scenarios"].append(_share("scenarios", name, "1704", value, 0.05, n=1500, group=scenario))
        rows["scenarios"].append(
            _share("scenarios", "extreme_share_after", "1704", 0.04 - 0.006 * place, 0.12, group=scenario)
        )
        rows["scenarios"].append(_row("scenarios", "served_families", "1704", "keluarga", 18944.0, group=scenario))
        rows["scenarios"].append(_count("scenarios", "families_out", "1704", 200.0 + 180 * place, 0.15, group=scenario))
        rows["scenarios"].append(
            _row("scenarios", "rupiah_per_rupiah_gap", "1704", "indeks", 4.2 - 0.6 * place, low=3.5 - 0.6 * place,
                 high=5 - 0.6 * place, group=scenario)
        )  # fmt: skip


def official() -> pd.DataFrame:
    """The package's official series as published rows."""
    table = AREA.official
    return pd.DataFrame(
        {
            "indicator": table["indicator"],
            "area": table["area"],
            "period": table["year"].astype(str),
            "unit": table["unit"].replace({"jiwa": "orang"}),
            "value": table["value"],
            "reason": table["doubt"].fillna(""),
            "source": table["source"].fillna(""),
        }
    )


@cache
def published() -> pd.DataFrame:
    """The made-up edition after protection."""
    return publish(estimates(), Thresholds())[0]


def facts(synthetic: bool = True) -> dict[str, Any]:
    """Facts of the made-up edition."""
    return {
        "edition": "2025",
        "reference_date": "2025-03-31",
        "area": "1704",
        "synthetic": synthetic,
        "status": "draf",
        "contact": "Bidang Litbang, Bappeda-Litbang Kabupaten Kaur",
        "target_year": 2026,
        "lines": [
            {"kind": "poverty", "rupiah": 520000, "month": "2025-03", "area": "1704", "urban_rural": "all",
             "source": "garis contoh", "accessed": "2026-11-01"},
            {"kind": "extreme", "rupiah": 391000, "month": "2025-03", "area": "00", "urban_rural": "all",
             "source": "garis contoh", "accessed": "2026-11-01"},
        ],
        "thresholds": Thresholds().model_dump(),
        "benchmark": {"share": 0.1712, "year": 2024, "source": "BPS melalui Databoks", "accessed": "2026-11-01"},
        "sources": [
            {"name": "p3ke", "kind": "p3ke_family", "period": "2023", "as_of": "2023-06-30"},
            {"name": "pkh_2024", "kind": "recipients", "period": "2024", "programme": "pkh"},
            {"name": "susenas", "kind": "susenas_household", "period": "2024-03"},
        ],
        "targeting_list": "p3ke",
        "findings": [
            {"source": "p3ke", "title": "Baris ganda", "remedy": "Hapus salah satu baris.", "set_aside": True,
             "rows": 160},
            {"source": "p3ke", "title": "NIK atau nomor KK bukan 16 angka",
             "remedy": "Cocokkan dengan KTP atau KK. Nomor yang kurang jangan ditambah nol.", "set_aside": False,
             "rows": 412},
            {"source": "pkh_2024", "title": "Tercatat meninggal",
             "remedy": "Laporkan ke Dukcapil dan hapus dari daftar.", "set_aside": True, "rows": None},
        ],
        "programmes": [
            {"code": p.code, "name": p.name, "agency": p.agency, "strategy": p.strategy, "unit": p.unit,
             "unit_cost_rp_year": None, "funds": dict(p.funds), "year": p.year, "source": p.source, "basis": p.basis,
             "listed": p.code not in UNLISTED, "period": p.period, "highest_desil": p.highest_desil,
             "doubt": p.doubt, "spanned": p.highest_desil is not None,
             "varies": bool(p.components)}
            for p in PROGRAMMES.values()
        ],
        "agencies": sorted({p.agency for p in PROGRAMMES.values()}),
        "scenarios": {"desil": "Menurut desil"},
        "beyond_model": ["desil"],
        "notes": ["Model kesejahteraan keluarga menjelaskan 52 persen ragam pengeluaran (survei 512 rumah tangga)."],
        "run": "5d41402abc4b2a76b9719d911017c592",
        "input": "7d793037a0760186574b0282f2f435e7",
    }  # fmt: skip
