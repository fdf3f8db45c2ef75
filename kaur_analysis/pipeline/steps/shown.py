"""What notebooks 01-04 show a researcher: stored tables as sections, no family and no person among them."""

from collections.abc import Callable

import pandas as pd

from kaur_analysis.formats import number, percent, rupiah, rupiah_short
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import where_registry
from kaur_analysis.pipeline.steps.clean import link_summary
from kaur_analysis.pipeline.steps.poverty import SmallAreas
from kaur_analysis.pipeline.steps.publish import SCENARIO_NAMES
from kaur_analysis.poverty import WelfareModel
from kaur_analysis.reporting import Section, diagnostics
from kaur_analysis.reporting.diagnostics import Columns

ERROR_NAMES = {"exclusion_error": "galat terlewat", "inclusion_error": "galat di luar sasaran"}
COST_NAMES = {
    "lower_bound": "batas bawah: menutup jurang miskin ekstrem",
    "programme_mix": "bauran program untuk yang miskin ekstrem",
    "uncovered": "jurang yang tersisa setelah bauran program",
    "perfect_targeting": "sasaran sempurna",
    "imperfect_targeting": "sasaran sebaik daftar sekarang",
    "by_year": "sampai tahun sasaran",
    "sensitivity": "bila garis berubah",
}
METHOD_NAMES = {"optimal": "pilihan terbaik dalam batas", "greedy": "yang paling mendesak lebih dahulu"}
CONFLICT_NAMES = {
    "ganda_instansi": "keluarga yang sama dilayani dua instansi",
    "terlarang_diterima": "diterima bersama padahal tidak boleh",
    "terlarang_hak": "berhak atas dua program yang saling meniadakan",
}


def accounting(edition: Edition) -> Section:
    """Rows read, kept and set aside, per file."""
    return diagnostics.accounting_table(edition.store.read("clean/accounting"))


def findings(edition: Edition) -> Section:
    """Findings by severity and rule."""
    return diagnostics.findings_summary(edition.store.read("clean/findings"))


def set_aside(edition: Edition) -> Section:
    """Why rows were set aside."""
    return diagnostics.set_aside_table(edition.store.read("clean/set_aside"))


def links(edition: Edition) -> Section:
    """How recipients were found in the registry."""
    table = link_summary(edition.store.read("clean/links"))
    table["programme"] = table["programme"].map(edition.names)
    columns: Columns = {
        "programme": ("Program", str),
        "period": ("Periode", str),
        "method": ("Cara padan", str),
        "records": ("Penerima", _count(edition)),
        "probability": ("Peluang benar", percent),
    }
    return diagnostics.table_of(table, columns, "Penerima menurut cara ditemukan di registri.")


def lines(edition: Edition) -> Section:
    """Poverty lines of the study."""
    table = pd.DataFrame([line.model_dump(mode="json") for line in edition.study.lines])
    columns: Columns = {
        "kind": ("Garis", str),
        "rupiah": ("Rupiah per orang per bulan", rupiah),
        "column": ("Kolom survei", str),
        "times": ("Dikali", lambda times: number(times, 2)),
        "month": ("Bulan", str),
        "source": ("Sumber", str),
    }
    return diagnostics.table_of(table, columns, "Garis kemiskinan yang dipakai.")


def survey_estimates(edition: Edition) -> Section:
    """Direct estimates with their errors."""
    return diagnostics.estimates_table(edition.store.read("estimates/direct"), edition.names)


@where_registry
def model_comparison(edition: Edition, model: WelfareModel) -> Section:
    """Candidates for the welfare model, judged out of sample."""
    columns: Columns = {
        "candidate": ("Model", str),
        "terms": ("Suku", number),
        "r2": ("R² luar sampel", lambda value: number(value, 3)),
        "exclusion_at_quota": ("Terlewat pada kuota", percent),
        "auc": ("AUC", lambda value: number(value, 3)),
        "calibration_slope": ("Kemiringan kalibrasi", lambda value: number(value, 2)),
        "poorest_residual": ("Sisaan seperlima termiskin (log)", lambda value: number(value, 2)),
        "chosen": ("Dipilih", lambda chosen: "dipilih" if chosen else ""),
    }
    return diagnostics.table_of(model.comparison, columns, "Perbandingan model; makin sedikit terlewat makin baik.")


@where_registry
def covariates(edition: Edition, comparison: pd.DataFrame) -> Section:
    """Do survey and registry describe the same people."""
    columns: Columns = {
        "covariate": ("Peubah", str),
        "difference": ("Selisih baku", lambda value: number(value, 3)),
        "comparable": ("Dapat dibandingkan", lambda same: "ya" if same else "TIDAK"),
    }
    caption = "Peubah di survei dan di registri; yang tidak dapat dibandingkan tidak dipakai model."
    return diagnostics.table_of(comparison, columns, caption)


@where_registry
def residuals(edition: Edition, areas: SmallAreas) -> Section:
    """Residuals of the fitted model against the normal distribution it assumes."""
    return diagnostics.quantile_plot(areas.after.model.residuals)


def area_intervals(edition: Edition, indicator: str, label: str) -> Section:
    """One share over all kecamatan with intervals and the kabupaten's value."""
    table = edition.store.read("estimates/poverty")
    rows = table[(table["topic"] == "poverty") & (table["indicator"] == indicator) & (table["group"] == "")]
    thresholds = edition.study.thresholds
    rows = rows.assign(quality=(rows["rse"] <= thresholds.rse_caution).map({True: "baik", False: "hati-hati"}))
    whole = rows["area"] == edition.area.code
    return diagnostics.area_intervals(rows[~whole], edition.names, float(rows.loc[whole, "value"].iloc[0]), label)


@where_registry
def reach(edition: Edition) -> Section:
    """Share of the extremely poor that each programme reaches."""
    return diagnostics.reach_of_extreme(edition.store.read("estimates/targeting"), edition.names)


@where_registry
def reasons(edition: Edition) -> Section:
    """Why the extremely poor were missed."""
    return diagnostics.reasons_chart(edition.store.read("estimates/reasons"), edition.names)


@where_registry
def concentration(edition: Edition) -> Section:
    """Who gets the rupiah, from poorest to richest."""
    return diagnostics.concentration_curves(edition.store.read("estimates/concentration"), edition.names)


@where_registry
def scenarios(edition: Edition) -> Section:
    """What the same rupiah could have done."""
    return diagnostics.scenario_curves(
        edition.store.read("estimates/scenarios"), SCENARIO_NAMES, "headcount_after", "bagian miskin ekstrem sesudahnya"
    )


@where_registry
def fairness(edition: Edition) -> Section:
    """Errors by kind of family against everyone else."""
    table = edition.store.read("estimates/fairness")
    table["measure"] = table["measure"].map(ERROR_NAMES)
    columns: Columns = {
        "measure": ("Ukuran", str),
        "characteristic": ("Ciri", str),
        "group": ("Kelompok", str),
        "value": ("Galat", percent),
        "difference": ("Selisih dengan yang lain", percent),
        "p_adjusted": ("p (Holm)", lambda value: number(value, 3)),
    }
    return diagnostics.table_of(table, columns, "Apakah galat lebih sering menimpa kelompok tertentu.")


def survey_errors(edition: Edition) -> Section:
    """Targeting errors by the survey route, kabupaten."""
    table = edition.store.read("estimates/targeting_survey")
    table = table[table["measure"].isin(ERROR_NAMES) & (table["group"] == "all")]
    table = table.assign(
        measure=table["measure"].map(ERROR_NAMES),
        programme=table["programme"].map(edition.names).fillna(table["programme"]),
    )
    columns: Columns = {
        "programme": ("Program", str),
        "measure": ("Ukuran", str),
        "value": ("Nilai", percent),
        "low": ("Dari", percent),
        "high": ("Sampai", percent),
        "n": ("Rumah tangga", number),
    }
    return diagnostics.table_of(table, columns, "Galat sasaran menurut survei.")


@where_registry
def budget(edition: Edition) -> Section:
    """Rupiah due per agency and fund."""
    return diagnostics.budget_bars(edition.store.read("estimates/budget"), edition.names)


@where_registry
def conflicts(edition: Edition) -> Section:
    """Programmes that meet in the same families."""
    table = edition.store.read("estimates/conflicts")
    names = edition.names
    table = table.assign(
        kind=table["kind"].map(CONFLICT_NAMES).fillna(table["kind"]),
        programme=table["programme"].map(names),
        other=table["other"].map(names),
        rupiah_year=table["rupiah_year"].where(table["families"] >= edition.study.thresholds.minimum_families),
    )
    columns: Columns = {
        "kind": ("Jenis", str),
        "programme": ("Program", str),
        "other": ("Dan", str),
        "families": ("Keluarga", _count(edition)),
        "rupiah_year": ("Rupiah setahun", rupiah_short),
    }
    return diagnostics.table_of(table, columns, "Program yang bertemu pada keluarga yang sama.")


@where_registry
def allocation(edition: Edition) -> Section | None:
    """What the budgets can do when chosen well, and when simply the most urgent come first."""
    if not edition.study.budgets:
        return None
    table = edition.store.read("estimates/allocation_comparison")
    table["method"] = table["method"].map(METHOD_NAMES).fillna(table["method"])
    columns: Columns = {
        "method": ("Cara", str),
        "rupiah_year": ("Rupiah setahun", rupiah_short),
        "families": ("Keluarga", number),
        "extreme_families": ("Perkiraan miskin ekstrem", number),
        "gap_share": ("Jurang tertutup", percent),
    }
    return diagnostics.table_of(table, columns, "Hasil menurut cara memilih, dengan anggaran yang sama.")


@where_registry
def budget_limits(edition: Edition) -> Section | None:
    """Which budget binds, and what one more rupiah of it would do."""
    if not edition.study.budgets:
        return None
    table = edition.store.read("estimates/allocation_limits")
    columns: Columns = {
        "constraint": ("Batas", str),
        "limit": ("Besarnya", rupiah_short),
        "used": ("Terpakai", rupiah_short),
        "left": ("Sisa", rupiah_short),
        "price": ("Jurang per rupiah tambahan", lambda value: number(value, 3)),
    }
    return diagnostics.table_of(table, columns, "Anggaran yang membatasi.")


@where_registry
def zero_cost(edition: Edition) -> Section:
    """What zero extreme poverty costs the kabupaten."""
    table = edition.store.read("estimates/zero_cost")
    table = table[(table["area"] == edition.area.code) & (table["programme"] == "") & (table["agency"] == "")]
    table = table.assign(measure=table["measure"].map(COST_NAMES).fillna(table["measure"]))
    columns: Columns = {
        "measure": ("Ukuran", str),
        "detail": ("Rincian", str),
        "fund": ("Dana", str),
        "year": ("Tahun", str),
        "rupiah_year": ("Rupiah setahun", rupiah_short),
        "low": ("Dari", rupiah_short),
        "high": ("Sampai", rupiah_short),
    }
    return diagnostics.table_of(table, columns, "Biaya menuju nol kemiskinan ekstrem.")


def decisions(edition: Edition) -> Section:
    """What the disclosure gate let through and what it held back, and why."""
    table = edition.store.read("published/decisions")
    counted = table.groupby(["status", "rule", "why"], as_index=False).agg(numbers=("indicator", "size"))
    columns: Columns = {
        "status": ("Keputusan", str),
        "rule": ("Aturan", str),
        "why": ("Sebab", str),
        "numbers": ("Angka", number),
    }
    return diagnostics.table_of(counted, columns, "Keputusan sebelum diterbitkan.")


def _count(edition: Edition) -> Callable[[float], str]:
    """Writes a count of families or people; executed notebooks are shared, so a few are not told apart."""
    minimum = edition.study.thresholds.minimum_families
    return lambda value: f"kurang dari {minimum}" if 0 < value < minimum else number(value)
