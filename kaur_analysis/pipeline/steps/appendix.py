"""What notebook 02 shows of the small-area model: the methods appendix, from the paths to what may be concluded."""

import numpy as np
import pandas as pd

from kaur_analysis.formats import number, percent, rupiah
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import where_registry
from kaur_analysis.pipeline.steps.poverty import SmallAreas, few_blocks
from kaur_analysis.poverty import EmpiricalBest, WelfareModel
from kaur_analysis.poverty.scales import Scale
from kaur_analysis.reporting import Section, diagnostics
from kaur_analysis.reporting.actions import rule_table
from kaur_analysis.reporting.diagnostics import Columns
from kaur_analysis.reporting.figures import HIGHER, LOWER, NOTHING, Figure, compare

SHARE = "fgt0_poor"
INFLUENTIAL = 10  # groups listed
PATHS = {
    "unconditional": "tanpa kode kecamatan",
    "survey": "dengan kode kecamatan",
}
POINTS = 100


@where_registry
def alarms(edition: Edition, model: WelfareModel) -> Section:
    """Whether a model looks too good to be true."""
    calm = "Tidak ada model yang terlalu cocok untuk dipercaya (AUC di atas 0,90)."
    alarm = (
        "Periksa: ada model dengan AUC di atas 0,90. Biasanya satu peubah sudah memuat jawabannya, misalnya peringkat "
        "kesejahteraan yang dipakai sebagai peubah."
    )
    return diagnostics.sentences([alarm if model.warnings else calm], "Tanda kebocoran jawaban.")


@where_registry
def coefficients(edition: Edition, areas: SmallAreas) -> Section:
    """Coefficients of the small-area model on its scale of welfare, and what the bootstrap's own error is."""
    table = areas.after.model.coefficients
    table = table.assign(t=table["value"] / table["se"])
    columns: Columns = {
        "term": ("Suku", str),
        "value": ("Koefisien", lambda value: number(value, 3)),
        "se": ("Galat baku", lambda value: number(value, 3)),
        "t": ("t", lambda value: number(value, 1)),
    }
    model = areas.after.model
    whole = model.fit.sigma2_u + model.fit.sigma2_e
    caption = (
        f"{scale_in_words(model.scale)} R² {number(model.marginal_r2, 2)} oleh peubah, "
        f"{number(model.conditional_r2, 2)} bersama wilayah; "
        f"korelasi dalam wilayah {number(model.fit.sigma2_u / whole, 3)}."
        f"{_bootstrap_error(areas.after.estimates)}"
    )
    return diagnostics.table_of(table, columns, caption)


def scale_in_words(scale: Scale) -> str:
    """On which scale spending is modelled, with the parameter that the survey gave."""
    if scale.name == "box_cox":
        return f"Model pengeluaran pada skala Box–Cox dengan pangkat λ = {number(scale.power, 2)}, dicari dari survei:"
    if scale.estimated:
        return f"Model log dari pengeluaran ditambah geseran {rupiah(scale.shift)}, dicari dari survei:"
    return "Model log pengeluaran:"


def _bootstrap_error(estimates: pd.DataFrame) -> str:
    """Monte-Carlo error of the MSE of the kecamatan's shares, as a sentence; nothing where there is no MSE."""
    rows = estimates[(estimates["indicator"] == SHARE) & (estimates["area"] != "ALL") & estimates["mse_error"].notna()]
    if rows.empty:
        return ""
    relative = float((rows["mse_error"] / rows["mse"]).median())
    return f" MSE tiap kecamatan dari bootstrap sendiri bergalat Monte Carlo sekitar {percent(relative)} (median)."


@where_registry
def effects(edition: Edition, areas: SmallAreas) -> Section:
    """Predicted effects of the survey's areas or PSUs against the normal distribution."""
    groups = "kecamatan" if areas.after.model.area_effects == "survey" else "blok sensus"
    values = areas.after.model.groups
    if not values.any():
        text = f"Ragam antar-{groups} ditaksir 0: tidak ada pengaruh {groups} yang dapat digambar."
        return diagnostics.sentences([text], f"Pengaruh {groups}.")
    return diagnostics.quantile_plot(
        values,
        name="kuantil-wilayah",
        caption=f"Pengaruh {groups} dibandingkan sebaran normal.",
        note="Titik yang jauh dari garis: wilayah yang berbeda karena sebab yang tidak ada di registri.",
    )


@where_registry
def shrinkage(edition: Edition, areas: SmallAreas) -> Section:
    """How far each kecamatan leans on its own households."""
    model = areas.after.model
    if model.area_effects == "unconditional":
        return diagnostics.sentences(
            [
                "Tanpa kode kecamatan tidak ada kecamatan yang bersandar pada sampelnya sendiri: bobotnya 0 di semua "
                f"{len(model.areas)} kecamatan, taksirannya seluruhnya dari keadaan keluarga di registri.",
                "Karena itu kecamatan yang paling miskin dan paling sejahtera tertarik ke tengah, dan selangnya lebar.",
            ],
            "Penyusutan.",
        )
    weights = model.areas.rename(columns={"gamma": "weight"})[["area", "weight"]]
    return diagnostics.shrinkage(weights, edition.names)


@where_registry
def direct_and_model(edition: Edition) -> Section:
    """Direct estimates beside those of the model, per kecamatan where the survey has codes, else for the kabupaten."""
    direct = _share(edition.store.read("estimates/direct"))
    table = edition.store.read("estimates/poverty")
    model = _share(table[(table["topic"] == "poverty") & (table["group"] == "")])
    before = _share(table[(table["topic"] == "poverty") & (table["group"] == "model")])
    code = edition.area.code
    if set(direct["area"]) - {code}:
        shown = before if len(before) else model
        own = direct[direct["area"] != code]
        return diagnostics.direct_against_model(own, shown[shown["area"] != code], edition.names, few_blocks(own))
    rows = [("langsung dari survei", direct), ("model sebelum disesuaikan", before), ("model yang diterbitkan", model)]
    found = pd.concat([part[part["area"] == code].head(1).assign(way=way) for way, part in rows])
    columns: Columns = {
        "way": ("Kabupaten", str),
        "value": ("Penduduk miskin", lambda value: percent(value, 1)),
        "low": ("Dari", lambda value: percent(value, 1)),
        "high": ("Sampai", lambda value: percent(value, 1)),
    }
    caption = "Survei tanpa kode kecamatan: taksiran langsung dan model hanya dapat disandingkan untuk kabupaten."
    return diagnostics.table_of(found, columns, caption)


@where_registry
def influence(edition: Edition, areas: SmallAreas) -> Section:
    """Which part of the survey moves the result most when it is left out."""
    table = areas.before.influence().head(INFLUENTIAL)
    with_codes = areas.before.model.area_effects == "survey"
    names = edition.names
    ranked = [f"nomor {place}" for place in range(1, len(table) + 1)]  # a survey's block is nobody's business
    shown = table["group"].map(names).fillna(table["group"]) if with_codes else ranked
    table = table.assign(group=shown, area=table["area"].map(names).fillna(table["area"]))
    columns: Columns = {
        "group": ("Kecamatan" if with_codes else "Blok sensus", str),
        "n": ("Rumah tangga", number),
        "shift": ("Kabupaten berubah (poin)", lambda value: number(value * POINTS, 2)),
        "largest": ("Kecamatan paling berubah (poin)", lambda value: number(value * POINTS, 2)),
        "area": ("Yaitu", str),
    }
    caption = "Bagian survei yang paling berpengaruh: perubahan bagian penduduk miskin bila ia dikeluarkan."
    return diagnostics.table_of(table, columns, caption)


@where_registry
def paths(edition: Edition, areas: SmallAreas, other: EmpiricalBest | None) -> Section:
    """Both paths side by side where the survey has codes; else how far the answer hangs on what codes would tell."""
    chosen, names = areas.after, edition.names
    own = PATHS[chosen.model.area_effects]
    if other is None:
        table = chosen.sensitivity()
        table = table[table["indicator"] == SHARE].groupby("factor", as_index=False).agg(
            low=("value", "min"), high=("value", "max"), spread=("spread", "mean")
        )  # fmt: skip
        columns: Columns = {
            "factor": ("Ragam antar-kecamatan dikali", lambda value: number(value, 1)),
            "low": ("Kecamatan terendah", lambda value: percent(value, 1)),
            "high": ("Kecamatan tertinggi", lambda value: percent(value, 1)),
            "spread": ("Simpangan rata-rata (poin)", lambda value: number(value * POINTS, 1)),
        }
        caption = f"Jalur {own}: kepekaan terhadap ragam antar-kecamatan, yang tidak terlihat tanpa kode."
        return diagnostics.table_of(table, columns, caption)
    one, two = (_headcounts(each).add_suffix(f"_{place}") for place, each in enumerate((chosen, other)))
    both = pd.concat([one, two], axis=1).reset_index()
    both = both.assign(area=both["area"].map(names).fillna(both["area"]))
    rival = PATHS[other.model.area_effects]
    columns = {"area": ("Kecamatan", str)} | {
        f"{column}_{place}": (f"{heading} {way}", lambda value: percent(value, 1))
        for place, way in enumerate((own, rival))
        for column, heading in (("value", "Miskin"), ("low", "dari"), ("high", "sampai"))
    }
    return diagnostics.table_of(both, columns, f"Jalur yang dipakai ({own}) dan jalur lain ({rival}).")


@where_registry
def benchmark(edition: Edition) -> Section:
    """Model values before and after agreeing with the official share."""
    official = edition.study.benchmark
    if official is None:
        text = "Studi tidak menyebut angka resmi kabupaten; taksiran model diterbitkan apa adanya."
        return diagnostics.sentences([text], "Penyesuaian dengan angka resmi.")
    table = edition.store.read("estimates/poverty")
    rows = _share(table[table["topic"] == "poverty"])
    wide = rows.pivot_table(index="area", columns="group", values="value", aggfunc="first").reset_index()
    wide = wide.rename(columns={"": "after"})
    wide = wide.assign(difference=wide["after"] - wide["model"], area=wide["area"].map(edition.names))
    columns: Columns = {
        "area": ("Wilayah", str),
        "model": ("Model", lambda value: percent(value, 1)),
        "after": ("Setelah disesuaikan", lambda value: percent(value, 1)),
        "difference": ("Selisih (poin)", lambda value: number(value * POINTS, 1)),
    }
    caption = f"Penyesuaian dengan angka resmi {percent(official.share, 2)} ({official.source}, {official.year})."
    return diagnostics.table_of(wide, columns, caption)


@where_registry
def area_map(edition: Edition, indicator: str, label: str) -> Section:
    """Tile map of one share: above, below or not to be told from the kabupaten."""
    places, whole = _compared(edition, indicator)
    return diagnostics.area_tiles(places, edition.area.kecamatan, whole, label)


def _compared(edition: Edition, indicator: str) -> tuple[pd.DataFrame, float]:
    """Value of each kecamatan with the word pages say of it (``area, value, low, high, word``); the whole's value."""
    table = edition.store.read("estimates/poverty")
    own = table[(table["topic"] == "poverty") & (table["group"] == "")]
    known = {
        (row.indicator, row.area): Figure(row.value, row.low, row.high, "bagian", status="tampil")
        for row in own.itertuples()
    }
    whole = known[indicator, edition.area.code]
    places = own[(own["indicator"] == indicator) & (own["area"] != edition.area.code)]
    words = [
        compare(
            known[indicator, area],
            whole,
            rule_table()["equivalence"],
            known.get((f"{indicator}_difference", area), NOTHING),
        )
        for area in places["area"]
    ]
    return places[["area", "value", "low", "high"]].assign(word=words), whole.value


@where_registry
def conclusions(edition: Edition, areas: SmallAreas) -> Section:
    """What these estimates allow to be said, and what not, with this study's numbers."""
    places, whole = _compared(edition, "poor_share")
    higher = places[places["word"] == HIGHER].sort_values("value", ascending=False)["area"].map(edition.names)
    lower = places[places["word"] == LOWER].sort_values("value")["area"].map(edition.names)
    told = (
        f"Boleh: menyebut {_listed(higher)} lebih miskin daripada kabupaten ({percent(whole, 1)}), dan "
        f"{_listed(lower)} kurang miskin; selang 95 persen selisihnya tidak memuat nol."
    )
    if not len(higher) + len(lower):
        told = (
            "Tidak satu kecamatan pun dapat disebut lebih atau kurang miskin daripada kabupaten "
            f"({percent(whole, 1)}): semua selang selisihnya memuat nol."
        )
    unclear = len(places) - len(higher) - len(lower)
    width = float((places["high"] - places["low"]).mean()) * POINTS
    families = edition.store.read("estimates/family_poverty")
    certain = float(((families["p_poor"] > 0.9) | (families["p_poor"] < 0.1)).mean())
    may = [
        told,
        "Boleh: membagi anggaran menurut perkiraan jumlah beserta selangnya, dan menguji pembagian itu di kedua ujung.",
    ]
    must_not = [
        f"Jangan: memeringkat {unclear} kecamatan yang belum dapat dibedakan dari kabupaten, atau kecamatan satu "
        f"terhadap yang lain; rata-rata selangnya selebar {number(width, 0)} poin.",
        f"Jangan: menyebut keluarga tertentu miskin atau tidak. Peluang di bawah 10 atau di atas 90 persen hanya ada "
        f"pada {percent(certain)} keluarga; selebihnya perlu verifikasi.",
        "Jangan: membandingkan dengan tahun lain yang memakai garis, registri atau model lain.",
    ]
    if areas.after.model.area_effects == "unconditional":
        must_not.append(
            "Jangan: menganggap perbedaan antar-kecamatan ini hasil pengukuran. Ia berasal dari keadaan keluarga di "
            "registri; sebab setempat yang tidak tercatat di sana tidak terlihat tanpa kode kecamatan."
        )
    return diagnostics.sentences(may + must_not, "Yang boleh dan yang tidak boleh disimpulkan.")


def _share(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["indicator"] == "poor_share"]


def _headcounts(result: EmpiricalBest) -> pd.DataFrame:
    table = result.estimates
    rows = table[(table["indicator"] == SHARE) & (table["area"] != "ALL")]
    return rows.set_index("area")[["value", "low", "high"]]


def _listed(names: pd.Series) -> str:
    found = list(np.asarray(names, dtype=str))
    if not found:
        return "tidak satu kecamatan pun"
    return found[0] if len(found) == 1 else ", ".join(found[:-1]) + " dan " + found[-1]
