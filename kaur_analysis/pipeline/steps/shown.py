"""What notebooks 01-04 show a researcher: stored tables as sections, no family and no person among them."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from kaur_analysis.disclosure import protect_parts
from kaur_analysis.formats import number, percent, rupiah, rupiah_short
from kaur_analysis.linkage import latest
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import where_lists, where_registry
from kaur_analysis.pipeline.steps.clean import link_summary
from kaur_analysis.pipeline.steps.poverty import SmallAreas
from kaur_analysis.pipeline.steps.publish import SCENARIO_NAMES
from kaur_analysis.pipeline.steps.targeting import UNION
from kaur_analysis.poverty import WelfareModel
from kaur_analysis.reporting import Section, diagnostics, targeting_diagnostics
from kaur_analysis.reporting.diagnostics import Columns
from kaur_analysis.reporting.targeting_findings import (
    fairer_facts,
    fairness_facts,
    lateness_facts,
    movement_facts,
    sentence,
)
from kaur_analysis.targeting import definition
from kaur_analysis.targeting.fairness import MULTIPLE_COMPARISONS
from kaur_analysis.targeting.measures import ROUTES

SIDES = ("value", "low", "high")
UNMATCHED = "Penerima tidak padan (golongan ketiga)"
NOT_JUDGED = "tidak dinilai"
RANKING_NAMES = {
    "any_programme": "seperti yang disalurkan",
    "model": "menurut taksiran model",
    "calibrated": "menurut model, setara antar-kelompok",
}
COMPARISON_NAMES = {
    "nik": "NIK",
    "kk": "nomor KK",
    "nama": "nama",
    "lahir": "tanggal lahir",
    "kelamin": "jenis kelamin",
    "tempat": "tempat tinggal",
}
ERROR_NAMES = {"exclusion_error": "galat terlewat", "inclusion_error": "penerima bukan miskin ekstrem"}
COST_NAMES = {
    "lower_bound": "batas bawah: menutup jurang miskin ekstrem",
    "programme_mix": "bauran program untuk yang miskin ekstrem",
    "uncovered": "jurang yang tersisa setelah bauran program",
    "lifted": "keluarga yang keluar dengan bauran program",
    "perfect_targeting": "sasaran sempurna",
    "imperfect_targeting": "sasaran menurut peluang model",
    "by_year": "sampai tahun sasaran",
    "sensitivity": "bila garis berubah",
}
# Said beside scenario scores: one size of transfer is a choice of the comparison, not of any programme.
EQUAL_TRANSFERS = (
    "Selain pada penyaluran sekarang, setiap keluarga yang dilayani menerima sama besar; penyaluran sekarang memberi "
    "lebih kepada keluarga besar dan penerima beberapa program, sehingga dapat menyisakan lebih sedikit daripada "
    "“Pengetahuan sempurna”. Sisa padanya adalah keadaan sebagaimana ditaksir."
)
NOTHING_TO_SPEND = (
    "Tidak ada bantuan uang atau pangan yang dapat dibagi dengan cara lain: daftar yang dipegang hanya memuat rumah, "
    "iuran atau modal, atau survei tidak menanyakan programnya."
)
INFORMED_NAME = {"informed": "Menurut desil, bila desil tahu sejauh mungkin"}
EFFECT_METHODS = {"doubly_robust": "regresi dan penimbang", "matching": "pemadanan keluarga serupa"}
EFFECT_NAMES = {
    "effect": "dampak",
    "average_effect": "dampak, rata-rata",
    "placebo": "uji sebelum program",
    "average_placebo": "uji sebelum program, rata-rata",
    "refusal": "tidak ada pernyataan",
}
METHOD_NAMES = {"optimal": "pilihan terbaik dalam batas", "greedy": "yang paling mendesak lebih dahulu"}
CONFLICT_NAMES = {
    "ganda_instansi": "keluarga yang sama dilayani dua instansi",
    "terlarang_diterima": "diterima bersama padahal tidak boleh",
    "terlarang_hak": "berhak atas dua program yang saling meniadakan",
}


def accounting(edition: Edition) -> Section:
    """Rows read, kept and set aside, per file."""
    return diagnostics.accounting_table(edition.store.read("clean/accounting"), _minimum(edition))


def findings(edition: Edition) -> Section:
    """Findings by severity and rule."""
    return diagnostics.findings_summary(edition.store.read("clean/findings"), _minimum(edition))


def set_aside(edition: Edition) -> Section:
    """Why rows were set aside."""
    by_source = edition.store.read("clean/set_aside").groupby("source")["reason"]
    return diagnostics.set_aside_table(
        {
            str(source): protect_parts(reasons.value_counts().to_dict(), _minimum(edition))[0]
            for source, reasons in by_source
        }
    )


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


def link_model(edition: Edition) -> Section:
    """What each agreement and disagreement says, as fitted to these lists."""
    return diagnostics.link_weights(edition.store.read("clean/link_model"), COMPARISON_NAMES)


def link_classes(edition: Edition) -> Section:
    """How sure the model is of each recipient's likeliest pair, held to the answers of the review."""
    table = edition.store.read("clean/link_classes")
    few = table["answered"] < edition.study.thresholds.minimum_families
    table[["answered_stated", "same"]] = table[["answered_stated", "same"]].mask(few)
    columns: Columns = {
        "low": ("Peluang di atas", lambda share: percent(share, 0)),
        "high": ("sampai dengan", lambda share: percent(share, 0)),
        "recipients": ("Penerima", _count(edition)),
        "stated": ("Peluang rata-rata", percent),
        "answered": ("Pasangan ditinjau", _count(edition)),
        "answered_stated": ("Peluang rata-ratanya", percent),
        "same": ("Dijawab orang yang sama", percent),
    }
    caption = (
        "Penerima menurut peluang pasangan terbaiknya. Model dapat dipercaya bila bagian yang oleh peninjau dijawab "
        "orang yang sama mendekati peluang rata-ratanya; tanpa jawaban tinjauan kolom itu kosong."
    )
    return diagnostics.table_of(table, columns, caption)


def lines(edition: Edition) -> Section:
    """Poverty lines of the study."""
    study = edition.study
    table = pd.DataFrame([line.model_dump(mode="json") for line in study.priced_lines])
    columns: Columns = {
        "kind": ("Garis", str),
        "rupiah": ("Rupiah per orang per bulan", rupiah),
        "column": ("Kolom survei", str),
        "times": ("Dikali", lambda times: number(times, 2)),
        "month": ("Bulan", str),
        "source": ("Sumber", str),
    }
    caption = " ".join(
        [f"Garis kemiskinan yang dipakai; survei {study.survey_month or 'tanpa bulan'}.", *study.mixed_months]
    )
    return diagnostics.table_of(table, columns, caption)


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


@where_lists
def reach(edition: Edition) -> Section:
    """Share of the extremely poor that each programme reaches, and how many no programme reaches."""
    return targeting_diagnostics.reach_of_extreme(
        edition.store.read("estimates/targeting"),
        edition.store.read("estimates/overlap"),
        edition.names,
        edition.study.thresholds.minimum_families,
    )


@where_lists
def unmatched(edition: Edition) -> Section:
    """Recipients found in no family, by programme: no error, and not to be judged."""
    table = edition.store.read("estimates/targeting")
    measures = ["unmatched_recipients", "unmatched_share", "unmatched_rupiah"]
    wide = table[table["measure"].isin([*measures, "recipients"]) & (table["group"] == "all")].pivot_table(
        index="programme", columns="measure", values="value", aggfunc="first"
    )
    wide = wide.reindex(columns=["recipients", *measures]).drop(index="any", errors="ignore").reset_index()
    wide["programme"] = wide["programme"].map(edition.names).fillna(wide["programme"])
    told = wide["unmatched_recipients"].pipe(lambda n: (n == 0) | (n >= edition.study.thresholds.minimum_families))
    wide[["unmatched_share", "unmatched_rupiah"]] = wide[["unmatched_share", "unmatched_rupiah"]].where(told)
    columns: Columns = {
        "programme": ("Program", str),
        "recipients": ("Penerima yang padan", _count(edition)),
        "unmatched_recipients": ("Penerima tidak padan", _count(edition)),
        "unmatched_share": ("Bagian tidak padan", percent),
        "unmatched_rupiah": ("Rupiah yang belum dapat dinilai", rupiah_short),
    }
    caption = f"{definition('unmatched_recipients').name_id}: {definition('unmatched_recipients').definition_id}"
    return diagnostics.table_of(wide, columns, caption)


def _unmatched(edition: Edition) -> pd.Series:
    """The third class: names on each programme's latest list that no family has.

    Counted on the links: what the targeting step says of them is written while the incidence step runs beside it.
    """
    links = latest(edition.store.read("clean/links", ["programme", "period", "family"]))
    counted = links["family"].isna().groupby(links["programme"]).sum().astype(float)
    return counted.reindex(list(edition.study.listed), fill_value=0.0)


def _unmatched_row(edition: Edition, columns: Columns, at: str) -> tuple[str, ...]:
    """The third class as the last row of a table of families; its number stands in column ``at``.

    Programmes with so few that they must not be told apart are left out of the sum, which would tell them.
    """
    names = _unmatched(edition)
    told = names[(names == 0) | (names >= edition.study.thresholds.minimum_families)]
    least = "sedikitnya " if len(told) < len(names) else ""
    said = {next(iter(columns)): UNMATCHED, at: f"{least}{number(told.sum())} nama di semua daftar"}
    return tuple(said.get(name, NOT_JUDGED) for name in columns)


@where_lists
def measures(edition: Edition) -> Section:
    """Every measure of all programmes together, with its denominator and its definition in one line."""
    table = edition.store.read("estimates/targeting")
    table = table[(table["programme"] == "any") & (table["group"] == "all")]
    known = [definition(name) for name in table["measure"]]
    table = table.assign(
        name=[one.name_id for one in known],
        base=[one.denominator_id for one in known],
        meaning=[one.definition_id for one in known],
        **{side: [_written(one.unit, value) for one, value in zip(known, table[side], strict=True)] for side in SIDES},
    )
    columns: Columns = {
        "name": ("Ukuran", str),
        "value": ("Nilai", str),
        "low": ("Dari", str),
        "high": ("Sampai", str),
        "base": ("Dari apa", str),
        "meaning": ("Artinya", str),
    }
    foot = [_unmatched_row(edition, columns, "value")]
    return diagnostics.table_of(table, columns, f"Semua program bersama. {ROUTES['registry']}", foot)


@where_lists
def missed_flow(edition: Edition) -> Section:
    """Where the extremely poor whom no programme reaches went wrong."""
    minimum = edition.study.thresholds.minimum_families
    return targeting_diagnostics.reasons_flow(_reasons_together(edition), "missed", minimum)


@where_lists
def included_flow(edition: Edition) -> Section:
    """Why recipients who are not extremely poor receive."""
    minimum = edition.study.thresholds.minimum_families
    return targeting_diagnostics.reasons_flow(_reasons_together(edition), "included", minimum)


def _reasons_together(edition: Edition) -> pd.DataFrame:
    """Reasons of all programmes taken together."""
    table = edition.store.read("estimates/reasons_desa")
    return table[table["programme"] == UNION]


@where_lists
def reasons(edition: Edition) -> Section:
    """Why the extremely poor were missed, programme by programme."""
    return targeting_diagnostics.reasons_chart(edition.store.read("estimates/reasons"), edition.names)


@where_lists
def reasons_of_recipients(edition: Edition) -> Section:
    """Why recipients are not extremely poor, programme by programme."""
    return targeting_diagnostics.reasons_chart(edition.store.read("estimates/reasons"), edition.names, "inclusion")


@where_lists
def outside_rules(edition: Edition) -> Section:
    """Recipients who are not extremely poor, and those who do not meet the programme's own rules: two things."""
    table = edition.store.read("estimates/targeting")
    table = table[(table["group"] == "all") & (table["programme"] != "any")].set_index(["programme", "measure"])
    codes = [code for code in edition.study.listed if (code, "recipients") in table.index]
    rows = [
        {
            "programme": edition.names.get(code, code),
            "recipients": table.at[(code, "recipients"), "value"],
            "nonpoor": table.at[(code, "inclusion_error"), "value"],
            **{
                name: table["value"].get((code, measure), np.nan)
                for name, measure in (("outside", "outside_rules_families"), ("share", "outside_rules"))
            },
            "rules": edition.study.programme(code).rules_in_words,
        }
        for code in codes
    ]
    few = _minimum(edition)
    for row in rows:
        row["share"] = np.nan if 0 < row["outside"] < few else row["share"]
    columns: Columns = {
        "programme": ("Program", str),
        "recipients": ("Penerima yang padan", _count(edition)),
        "nonpoor": ("Bukan miskin ekstrem", percent),
        "outside": ("Di luar syarat program (keluarga)", _count(edition)),
        "share": ("Di luar syarat program", percent),
        "rules": ("Syarat program", str),
    }
    caption = (
        "Dua hal yang berbeda: bukan miskin ekstrem, dan menurut catatan registri tidak memenuhi syarat program yang "
        "kini berlaku (saat ditetapkan, catatan dan syaratnya dapat berbeda). Keluarga yang isian syaratnya belum "
        "diketahui tidak dihitung di luar syarat; program tanpa syarat, atau yang syaratnya memakai peluang menurut "
        "model, tidak dinilai."
    )
    foot = [_unmatched_row(edition, columns, "recipients")]
    return diagnostics.table_of(pd.DataFrame(rows, columns=list(columns)), columns, caption, foot)


@where_lists
def agencies_meet(edition: Edition) -> Section:
    """Families that two agencies both serve."""
    table = edition.store.read("estimates/agency_overlap")
    table = table[(table["group"] == "all") & (table["agency"] < table["other"]) & (table["families"] >= 0.5)]
    names = edition.names
    enough = table["families"].round() >= edition.study.thresholds.minimum_families
    table = table.assign(
        agency=table["agency"].map(names),
        other=table["other"].map(names),
        share_of_agency=table["share_of_agency"].where(enough),
    )
    columns: Columns = {
        "agency": ("Instansi", str),
        "other": ("Dan", str),
        "families": ("Keluarga", _count(edition)),
        "poor_families": ("Di antaranya miskin ekstrem", _count(edition)),
        "share_of_agency": ("Bagian keluarga instansi pertama", percent),
    }
    foot = [_unmatched_row(edition, columns, "families")]
    return diagnostics.table_of(table, columns, "Keluarga yang sama dilayani dua instansi.", foot)


@where_lists
def money(edition: Edition) -> Section:
    """Rupiah outside the target and rupiah missing inside it, by programme."""
    table = edition.store.read("estimates/targeting")
    names = {
        "benefit_rupiah": "Dibagikan",
        "leakage_rupiah": "Kepada yang bukan miskin ekstrem",
        "unserved_rupiah": "Kurang bagi miskin ekstrem",
        "unmatched_rupiah": "Belum dapat dinilai (tidak padan)",
    }
    wide = table[table["measure"].isin(names) & (table["group"] == "all")].pivot_table(
        index="programme", columns="measure", values="value", aggfunc="first"
    )
    wide = wide.reset_index().assign(programme=lambda t: t["programme"].map(edition.names).fillna(t["programme"]))
    unmatched = table[(table["measure"] == "unmatched_recipients") & (table["group"] == "all")]
    few = unmatched.loc[unmatched["value"] < edition.study.thresholds.minimum_families, "programme"]
    wide["unmatched_rupiah"] = wide["unmatched_rupiah"].mask(wide["programme"].isin(few.map(edition.names)))
    columns: Columns = {"programme": ("Program", str)} | {
        name: (word, rupiah_short) for name, word in names.items() if name in wide.columns
    }
    caption = "Rupiah setahun kepada yang bukan miskin ekstrem, dan yang kurang bagi yang miskin ekstrem."
    return diagnostics.table_of(wide, columns, caption, [_unmatched_row(edition, columns, "unmatched_rupiah")])


@where_lists
def incidence(edition: Edition) -> Section:
    """Which tenth of the families gets which share of the rupiah."""
    return targeting_diagnostics.incidence_bars(edition.store.read("estimates/incidence"))


@where_lists
def concentration(edition: Edition) -> Section:
    """Who gets the rupiah, from poorest to richest."""
    return targeting_diagnostics.concentration_curves(edition.store.read("estimates/concentration"), edition.names)


@where_lists
def scenarios(edition: Edition) -> Section:
    """What the same rupiah could have done, scored on draws of welfare."""
    title = (
        "Hasil tiap cara memilih penerima bantuan uang dan pangan menurut perkiraan model; bantuan sekarang "
        "dikeluarkan dari pengeluaran sebelum dibagi lagi. Garis tegak: rentang 95 persen."
    )
    return _scenario_curves(edition.store.read("estimates/scenarios"), title)


@where_lists
def survey_scenarios(edition: Edition) -> Section:
    """The same, scored on what survey households spend and by predictions that never saw them."""
    title = (
        "Hasil menurut pengeluaran yang diamati, bantuan uang dan pangan yang diakui dikeluarkan sebelum dibagi lagi; "
        "model menaksir rumah tangga yang tidak pernah dilihatnya."
    )
    return _scenario_curves(edition.store.read("estimates/scenarios_survey"), title)


def _scenario_curves(table: pd.DataFrame, title: str) -> Section:
    """Curves of the ways to spend the same rupiah, or why there are none."""
    if table.empty:
        return diagnostics.sentences([NOTHING_TO_SPEND], title)
    return targeting_diagnostics.scenario_curves(table, SCENARIO_NAMES, title)


@where_lists
def scenario_scores(edition: Edition) -> Section:
    """Every score of every way at the budget that was spent."""
    table = edition.store.read("estimates/scenarios")
    if table.empty:
        return diagnostics.sentences([NOTHING_TO_SPEND], "Nilai tiap cara.")
    table = table[table["budget_share"].sub(1).abs() < 1e-9]
    most = table.dropna(subset="informed").assign(programme="informed", value=lambda rows: rows["informed"])
    table = pd.concat([table, most])
    wide = table.pivot_table(index="programme", columns="measure", values="value", aggfunc="first", sort=False)
    wide = wide.reset_index().assign(programme=lambda t: t["programme"].map(SCENARIO_NAMES | INFORMED_NAME))
    columns: Columns = {
        "programme": ("Cara", str),
        "served_families": ("Keluarga dilayani", number),
        "exclusion_error": ("Terlewat", percent),
        "inclusion_error": ("Penerima bukan miskin ekstrem", percent),
        "headcount_after": ("P0 sesudah", percent),
        "poverty_gap_after": ("P1 sesudah", lambda value: number(value, 4)),
        "severity_after": ("P2 sesudah", lambda value: number(value, 4)),
        "families_out": ("Keluarga keluar", number),
        "crra_gain_share": ("Kesejahteraan CRRA, bagian dari yang mungkin", percent),
        "rupiah_per_rupiah_gap": ("Rupiah per rupiah celah", lambda value: number(value, 1)),
        "rupiah_per_gap_point": ("Rupiah sebulan per poin P1", rupiah_short),
    }
    caption = (
        "Pada anggaran bantuan uang dan pangan yang sama, dinilai dengan perkiraan model; terlewat dan bukan miskin "
        f"ekstrem menurut keadaan tanpa bantuan; ρ = {number(edition.study.targeting.rho, 1)}. {EQUAL_TRANSFERS}"
    )
    return diagnostics.table_of(wide, columns, caption, [_unmatched_row(edition, columns, "exclusion_error")])


@where_lists
def fairness(edition: Edition) -> Section:
    """Errors by kind of family against everyone else."""
    table = edition.store.read("estimates/fairness")
    said = sentence("fairness", fairness_facts(table))
    table["measure"] = table["measure"].map(ERROR_NAMES)
    columns: Columns = {
        "measure": ("Ukuran", str),
        "characteristic": ("Ciri", str),
        "group": ("Kelompok", str),
        "value": ("Galat", percent),
        "low": ("Dari", percent),
        "high": ("Sampai", percent),
        "difference": ("Selisih dengan yang lain", percent),
        "p_adjusted": ("p (Holm)", lambda value: number(value, 3)),
    }
    foot = [_unmatched_row(edition, columns, "value")]
    return diagnostics.table_of(table, columns, f"{said} {MULTIPLE_COMPARISONS}", foot)


@where_lists
def fairer_ranking(edition: Edition) -> Section:
    """What a ranking calibrated within groups would do for a group that loses systematically."""
    table = edition.store.read("estimates/fairer_ranking")
    said = sentence("fairer", fairer_facts(table))
    table = table.assign(programme=table["programme"].map(RANKING_NAMES))
    columns: Columns = {
        "characteristic": ("Ciri", str),
        "group": ("Kelompok", str),
        "programme": ("Cara memilih, sebanyak penerima sekarang", str),
        "value": ("Terlewat", percent),
        "low": ("Dari", percent),
        "high": ("Sampai", percent),
        "difference": ("Selisih dengan yang lain", percent),
    }
    foot = [_unmatched_row(edition, columns, "value")] if len(table) else []
    return diagnostics.table_of(table, columns, said, foot)


@where_lists
def movement(edition: Edition) -> Section:
    """Who stayed on, left and entered each list."""
    table = edition.store.read("estimates/churn")
    said = sentence("movement", movement_facts(table, edition.names))
    wide = table.pivot_table(index=["programme", "start", "end"], columns="measure", values="value", aggfunc="first")
    wide = wide.reset_index()
    links = edition.store.read("clean/links")
    lost = links[links["family"].isna()].groupby(["programme", "period"]).size()
    wide["unmatched"] = lost.reindex(pd.MultiIndex.from_frame(wide[["programme", "end"]]), fill_value=0).to_numpy()
    wide = wide.assign(programme=lambda t: t["programme"].map(edition.names).fillna(t["programme"]))
    columns: Columns = {
        "programme": ("Program", str),
        "start": ("Dari periode", str),
        "end": ("Ke periode", str),
        "stayed": ("Tetap", _count(edition)),
        "left": ("Keluar", _count(edition)),
        "entered": ("Masuk", _count(edition)),
        "leavers_still_poor": ("Yang keluar masih miskin ekstrem", percent),
        "entrants_nonpoor": ("Yang masuk tidak miskin ekstrem", percent),
        "unmatched": ("Tidak padan di periode akhir (tidak dinilai)", _count(edition)),
    }
    columns = {name: written for name, written in columns.items() if name in wide.columns}
    return diagnostics.table_of(wide, columns, said)


@where_lists
def lateness(edition: Edition) -> Section:
    """Months that payments came late, by programme and where they came latest."""
    table = edition.store.read("estimates/timeliness")
    minimum = edition.study.thresholds.minimum_families
    said = sentence("lateness", lateness_facts(table, edition.names, minimum))
    table = table[table["n"] >= minimum]
    wide = table.pivot_table(index=["programme", "group", "n"], columns="measure", values="value").reset_index()
    wide = wide.reindex(columns=["programme", "group", "months_late", "median_months_late", "late_share", "n"])
    whole = wide["group"] == "all"
    wide = pd.concat([wide[whole], wide[~whole]]).sort_values("programme", kind="stable")
    words = edition.names | {"all": "kabupaten", "unknown": "kecamatan tidak diketahui"}
    wide = wide.assign(
        programme=wide["programme"].map(edition.names), group=wide["group"].map(words).fillna(wide["group"])
    )
    columns: Columns = {
        "programme": ("Program", str),
        "group": ("Tempat", str),
        "months_late": ("Bulan terlambat, rata-rata", lambda months: number(months, 1)),
        "median_months_late": ("Nilai tengah", lambda months: number(months, 1)),
        "late_share": ("Lebih dari sebulan terlambat", percent),
        "n": ("Pembayaran bertanggal", number),
    }
    note = (
        "Semua nama di daftar terbaru ikut dihitung, padan atau tidak; tempat dengan terlalu sedikit pembayaran tidak."
    )
    return diagnostics.table_of(wide, columns, f"{said} {note}")


@where_lists
def effects(edition: Edition) -> Section:
    """What may be said of programmes' effects: by two methods, with the placebo before the start, or why nothing is."""
    table = edition.store.read("estimates/effects")
    refused = table[table["measure"] == "refusal"]
    if len(refused) == len(table):
        return diagnostics.sentences(list(dict.fromkeys(refused["said"])), "Dampak program.")
    assumed = " ".join(dict.fromkeys(table.loc[table["measure"] != "refusal", "said"]))
    names = edition.names
    table = table.assign(
        programme=table["programme"].map(names),
        method=table["method"].map(EFFECT_METHODS),
        measure=table["measure"].map(EFFECT_NAMES),
        said=table["said"].where(table["measure"] == "refusal"),
    )
    few = table["n_treated"] < _minimum(edition)
    table[["value", "low", "high"]] = table[["value", "low", "high"]].mask(few)
    columns: Columns = {
        "programme": ("Program", str),
        "method": ("Cara", str),
        "measure": ("Ukuran", str),
        "period": ("Periode", _year_and_month),
        "value": ("Perubahan pengeluaran per orang sebulan karena program", rupiah),
        "low": ("Dari", rupiah),
        "high": ("Sampai", rupiah),
        "n_treated": ("Penerima", _count(edition)),
        "n_control": ("Pembanding", _count(edition)),
        "said": ("Mengapa tidak ada", str),
    }
    caption = (
        f"Selisih dari selisih pada keluarga yang dikunjungi lebih dari sekali. {assumed} Keluarga di daftar terlama "
        "suatu program tidak dihitung bila daftar itu lebih baru daripada kunjungan pertama: mungkin sudah lama "
        "menerima. Uji sebelum program harus di sekitar nol; bila tidak, dampaknya tidak dapat dipercaya."
    )
    return diagnostics.table_of(table, columns, caption)


@where_lists
def cost_per_result(edition: Edition) -> Section:
    """Programmes side by side: what one reached family costs, and what a rupiah does to the gap."""
    table = edition.store.read("estimates/cost_effectiveness")
    table = table[table["group"] == "all"]
    wide = table.pivot_table(index="programme", columns="measure", values="value", aggfunc="first")
    wide = wide.assign(unmatched=_unmatched(edition).reindex(wide.index)).reset_index()
    unjudged = np.array([edition.study.programme(code).closes_gap == 0 for code in wide["programme"]], dtype=bool)
    for name, write in (("rupiah_per_rupiah_gap", lambda value: number(value, 1)), ("gap_reduction", percent)):
        known = wide[name] if name in wide.columns else pd.Series(np.nan, wide.index)
        wide[name] = known.map(write, na_action="ignore").mask(unjudged, "tidak dinilai")
    wide["programme"] = wide["programme"].map(edition.names)
    columns: Columns = {
        "programme": ("Program", str),
        "rupiah_per_poor_reached": ("Rupiah sebulan per keluarga miskin ekstrem terjangkau", rupiah_short),
        "rupiah_per_rupiah_gap": ("Rupiah per rupiah celah tertutup", str),
        "vertical_efficiency": ("Rupiah yang sampai ke miskin ekstrem", percent),
        "gap_reduction": ("Celah tertutup", str),
        "unmatched": ("Penerima tidak padan (tidak dinilai)", _count(edition)),
    }
    caption = (
        "Biaya dan hasil tiap program; perhitungan, bukan dampak: tidak ada yang berubah selain uangnya. Keluarga "
        "dinilai menurut keadaannya tanpa bantuan itu. Rumah, iuran dan modal bukan pengeluaran keluarga pada tahun "
        "yang sama, jadi tidak menutup celah dan di situ tidak dinilai."
    )
    return diagnostics.table_of(wide, columns, caption)


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
    none = "tidak ada pada jalan ini: rumah tangga sendiri menyebut apa yang diterimanya, tanpa daftar yang dipadankan"
    foot = [tuple({"programme": UNMATCHED, "measure": none}.get(name, "–") for name in columns)]
    return diagnostics.table_of(table, columns, f"Galat sasaran menurut survei. {ROUTES['survey']}", foot)


@where_registry
def budget(edition: Edition) -> Section:
    """Rupiah due per agency and fund."""
    once = [programme.code for programme in edition.study.programmes if programme.period == "sekali"]
    return diagnostics.budget_bars(edition.store.read("estimates/budget"), edition.names, once)


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
    best = table[table["search"] != ""].iloc[0]
    proven = f"Pilihan terbaik terbukti paling jauh {percent(best['gap'], 2)} dari yang mungkin"
    ended = (
        "." if best["search"] == "optimal" else "; pencarian berhenti karena batas usaha (allocation.rounds, nodes)."
    )
    return diagnostics.table_of(
        table, columns, f"Hasil menurut cara memilih, dengan anggaran yang sama. {proven}{ended}"
    )


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
    in_families = table["families"].notna()
    table = table.assign(
        measure=table["measure"].map(COST_NAMES).fillna(table["measure"]),
        **{
            side: [
                None if pd.isna(bound) else number(bound) if families else rupiah_short(bound)
                for bound, families in zip(table[side], in_families, strict=True)
            ]
            for side in ("low", "high")
        },
    )
    columns: Columns = {
        "measure": ("Ukuran", str),
        "detail": ("Rincian", str),
        "fund": ("Dana", str),
        "year": ("Tahun", str),
        "rupiah_year": ("Rupiah setahun", rupiah_short),
        "families": ("Keluarga", number),
        "low": ("Dari", str),
        "high": ("Sampai", str),
    }
    caption = "Biaya menuju nol kemiskinan ekstrem, bila diketahui pasti siapa yang miskin ekstrem."
    if table["spans"].ne("").any():
        caption += " Kisaran bauran program lebih lebar bila syaratnya desil, karena model tidak mengenal desil."
    return diagnostics.table_of(table, columns, caption)


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


def _written(unit: str, value: float) -> str:
    """A measure's value by its unit."""
    if pd.isna(value):
        return ""
    writers = {"share": percent, "rupiah": rupiah_short, "count": number}
    return writers[unit](value) if unit in writers else number(value, 3)


def _year_and_month(date: float) -> str:
    """A date in years as it was written: ``2024``, or ``2024-07``."""
    year, month = divmod(round(date * 12), 12)
    return f"{year}-{month + 1:02d}" if month else f"{year}"


def _minimum(edition: Edition) -> int:
    return edition.study.thresholds.minimum_families


def _count(edition: Edition) -> Callable[[float], str]:
    """Writes a count of families or people; executed notebooks are shared, so a few are not told apart."""
    minimum = _minimum(edition)
    return lambda value: f"kurang dari {minimum}" if 0 < value < minimum else number(value)
