"""Step 02: lines, what the survey says of the kabupaten, the welfare model, poverty of every family and kecamatan."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtri

from kaur_analysis.cleaning import complete_covariates
from kaur_analysis.contracts import ASSETS, CATEGORIES, COUNTS, ESTIMATES, FAMILY_POVERTY, checked
from kaur_analysis.errors import StudyRejected
from kaur_analysis.formats import number, percent
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.refusals import told_in_indonesian
from kaur_analysis.pipeline.steps import welfare_draws, where_registry
from kaur_analysis.pipeline.steps.unseen import ruled_by_unseen
from kaur_analysis.poverty import (
    EmpiricalBest,
    SurveyDesign,
    WelfareModel,
    comparability,
    empirical_best,
    estimate_fgt,
    estimate_inequality,
    estimate_mean,
    student,
    welfare_model,
)
from kaur_analysis.poverty.intervals import held_interval
from kaur_analysis.poverty.level import agreeing
from kaur_analysis.poverty.scales import Scale
from kaur_analysis.poverty.unit_level import TAIL
from kaur_analysis.reference.catalogue import Programme
from kaur_analysis.study import Study

WELFARE = "expenditure_rp_month"
SURVEY_PREFIX = "received_"  # columns that say whether a programme was received begin so
MONTHS = 12
RARE = 15  # levels of a category with fewer survey households are pooled
# Covariates that repeat what others say: household_size is the sum of the age groups.
REPEATED = ("adults_19_59",)
INDICATORS = {
    "fgt0_poor": ("poor_share", "bagian"),
    "fgt1_poor": ("gap_index", "indeks"),
    "fgt2_poor": ("severity_index", "indeks"),
    "fgt0_extreme": ("extreme_share", "bagian"),
}
# With fewer PSUs an area's linearised error is too small, by a fifth at two or three (benchmarks/survey_coverage.csv).
FEW_PSUS = 4
SURVEY_NAMES = {"fgt0": ("poor_share", "bagian"), "fgt1": ("gap_index", "indeks"), "fgt2": ("severity_index", "indeks")}


def scale_name(scale: Scale) -> str:
    """The scale of the model as pages call it."""
    if scale.name == "log":
        return "log, dengan geseran" if scale.shift else "log"
    return {"box_cox": "Box–Cox", "none": "rupiah"}[scale.name]


@dataclass(frozen=True)
class SmallAreas:
    """The fitted small-area model before and after benchmarking, with the registry it speaks of.

    Attributes
    ----------
    filled
        How many unknown covariates were filled by what is usual nearby.
    official_error
        Standard error of the official share; 0 without one.
    """

    before: EmpiricalBest
    after: EmpiricalBest
    registry: pd.DataFrame
    covariates: tuple[str, ...]
    filled: pd.DataFrame
    official_error: float


@told_in_indonesian
def survey_design(edition: Edition) -> SurveyDesign:
    """Survey persons' design: strata, PSUs and person weights; each household with its own poverty lines.

    Raises
    ------
    StudyRejected
        The study names no survey: nothing says how much anyone spends; or some households have no line, or an extreme
        one that is not below their poverty line.
    """
    survey = edition.store.read("clean/survey")
    if survey.empty:
        raise StudyRejected(
            "Studi ini tidak memuat survei. Kemiskinan ditaksir dari pengeluaran: tambahkan sumber susenas_household "
            "dan susenas_consumption, atau household_survey."
        )
    urban = survey["urban"] if "urban" in survey else pd.Series(np.nan, survey.index)
    covered = {"all": pd.Series(True, survey.index), "urban": urban == 1, "rural": urban == 0}
    for line in edition.study.priced_lines:
        own = survey[line.column] if line.column else pd.Series(float(line.rupiah or np.nan), survey.index)
        place = covered[line.urban_rural]
        survey.loc[place, f"line_{line.kind}"] = own[place] * line.times
    for kind in ("poverty", "extreme"):
        if lacking := int(survey[f"line_{kind}"].isna().sum()):
            raise StudyRejected(
                f"garis '{kind}': {lacking} dari {len(survey)} rumah tangga survei tidak mempunyai garis. Sebut garis "
                "untuk perkotaan dan perdesaan dan kolom urban yang terisi, atau satu garis untuk semua."
            )
    if above := int((survey["line_extreme"] >= survey["line_poverty"]).sum()):
        raise StudyRejected(
            f"garis miskin ekstrem tidak di bawah garis kemiskinan pada {above} dari {len(survey)} rumah tangga "
            "survei. Periksa kolom garis dan pengalinya (times)."
        )
    edition.store.write("estimates/survey", survey)
    return survey_sample(survey, "weight_person")


def survey_sample(survey: pd.DataFrame, weight: str) -> SurveyDesign:
    """How the survey was drawn, for households or persons by their weight."""
    stratum = None if (survey["stratum"] == survey["stratum"].iloc[0]).all() else "stratum"
    return SurveyDesign(survey, weight, strata=stratum, psu="psu", single_psu="center")


def has_areas(survey: pd.DataFrame) -> bool:
    """Whether every household's kecamatan is known (never in public Susenas files)."""
    return "kecamatan" in survey.columns and bool(survey["kecamatan"].notna().all())


@told_in_indonesian
def survey_estimates(edition: Edition, design: SurveyDesign) -> pd.DataFrame:
    """Direct estimates of the kabupaten, and of each kecamatan where the survey carries codes."""
    tables = [_direct(design, None).assign(area=edition.area.code)]
    if has_areas(design.data):
        tables.append(_direct(design, "kecamatan"))
    table = pd.concat(tables, ignore_index=True)
    edition.store.write("estimates/direct", checked(ESTIMATES, table))
    return table


@where_registry
def covariate_comparison(edition: Edition, design: SurveyDesign) -> pd.DataFrame:
    """Whether survey and registry see the same population in the covariates that both know."""
    shared = shared_covariates(edition, design.data)
    return comparability(design.data, _registry(edition), shared, "weight_household")


@where_registry
def choose_model(edition: Edition, design: SurveyDesign, comparison: pd.DataFrame) -> WelfareModel:
    """Compare welfare models out of sample and choose one.

    A covariate in which survey and registry differ is not offered to the models, unless the study itself names it:
    what it says of expenditure in the survey would be said of other families in the registry. Receipt, where offered,
    is in every model: a selection that drops it says that recipients are as poor as others like them, and errors of
    targeting are then overstated (``benchmarks/targeting_kaur.py``).
    """
    named = edition.study.model.covariates
    candidates = list(comparison.loc[comparison["comparable"] | comparison["covariate"].isin(named), "covariate"])
    line, seed = edition.study.line("poverty"), edition.study.seed
    model = welfare_model(
        design, WELFARE, candidates, line, always=receipt_covariates(candidates), rare=RARE, seed=seed
    )
    edition.store.write("estimates/model_comparison", model.comparison)
    edition.store.write("estimates/model_coefficients", model.coefficients)
    unseen = design.data[["household"]].assign(predicted_log=model.predictions)
    edition.store.write("estimates/out_of_fold", unseen)
    return model


def shared_covariates(edition: Edition, survey: pd.DataFrame) -> list[str]:
    """Covariates that survey and registry both know, receipt of programmes with a list included.

    Receipt is a covariate because programmes chose with more knowledge than the registry holds: poverty is predicted
    given the lists, else errors of targeting would be overstated.
    """
    families = edition.store.read("clean/families")
    known = [*COUNTS, "head_female", "head_age", "floor_area_m2", "has_business", *CATEGORIES, *ASSETS]
    asked = (f"{SURVEY_PREFIX}{code}" for code in sorted(edition.study.listed))
    receipts = [name for name in asked if name in survey.columns]
    both = [name for name in known if name in families.columns and name in survey.columns and name not in REPEATED]
    wanted = list(edition.study.model.covariates) or [*both, *receipts]
    return [name for name in wanted if survey[name].notna().all() and (survey[name] != survey[name].iloc[0]).any()]


def receipt_covariates(covariates: Iterable[str]) -> list[str]:
    """Those that say whether a programme was received."""
    return [name for name in covariates if name.startswith(SURVEY_PREFIX)]


@where_registry
def fit_small_areas(edition: Edition, design: SurveyDesign, model: WelfareModel) -> SmallAreas:
    """Predict welfare of every registry family; agree with the official share where the study names one."""
    registry, filled = complete_covariates(_registry(edition), model.covariates)
    with_codes = edition.study.model.area_effects == "survey"
    if with_codes and not has_areas(design.data):
        raise StudyRejected(
            "model.area_effects: survey meminta kode kecamatan tiap rumah tangga survei, tetapi kolom itu kosong atau "
            "tidak lengkap. Minta kodenya kepada BPS, atau tulis area_effects: unconditional."
        )
    error = official_error(edition.study, design)
    before, after = _predict(edition, design, model.covariates, registry, with_codes, error)
    return SmallAreas(before, after, registry, model.covariates, filled, error)


def official_error(study: Study, design: SurveyDesign) -> float:
    """Standard error of the official share: as the study states it, else that of the survey it is computed from.

    The survey's own is known from few PSUs: it is widened by as much as Student's interval is wider than the normal
    one, so that draws spread by it hold the truth as often as the survey's interval does.

    Raises
    ------
    StudyRejected
        The study states no error and the survey has none to stand for it.
    """
    if not study.benchmark:
        return 0.0
    if study.benchmark.error is not None:
        return study.benchmark.error
    own = float(estimate_fgt(design, WELFARE, "line_poverty", alpha=(0,))["se"].iloc[0])
    error = own * float(student.quantile(1 - TAIL, design.degrees_of_freedom) / ndtri(1 - TAIL))
    if not 0 < error < 0.5:
        raise StudyRejected(
            "benchmark.error kosong, dan galat angka resmi itu tidak dapat ditaksir dari survei (tidak ada rumah "
            "tangga miskin di dalamnya, semuanya miskin, atau terlalu sedikit blok sensus). Isi benchmark.error: galat "
            "baku yang diterbitkan BPS, sebagai bagian (0,02 berarti 2 poin)."
        )
    return error


def _predict(
    edition: Edition,
    design: SurveyDesign,
    covariates: tuple[str, ...],
    registry: pd.DataFrame,
    with_codes: bool,
    error: float,
) -> tuple[EmpiricalBest, EmpiricalBest]:
    """Prediction before and after agreeing with the official share, with the survey's kecamatan codes or without."""
    study = edition.study
    before = empirical_best(
        design.data if with_codes else design.data.drop(columns="kecamatan", errors="ignore"),
        registry,
        WELFARE,
        covariates,
        "kecamatan",
        {"poor": study.line("poverty"), "extreme": study.line("extreme")},
        study.model.transformation,
        method="census_eb",
        census_weights="household_size",
        mse_replicates=0 if study.benchmark else study.model.mse_replicates,
        seed=study.seed,
        psu="psu",
        unseen="reference",
        rare=RARE,
    )
    if not study.benchmark:
        return before, before
    return before, before.benchmarked(study.benchmark.share, "poor", study.model.mse_replicates, error)


@where_registry
def other_path(edition: Edition, design: SurveyDesign, areas: SmallAreas) -> EmpiricalBest | None:
    """The path that the study did not choose, for comparison: with kecamatan codes or without.

    Missing where there is no other path: without codes in the survey only the one remains.
    """
    if not has_areas(design.data):
        return None
    chosen = edition.study.model.area_effects == "survey"
    return _predict(edition, design, areas.covariates, areas.registry, not chosen, areas.official_error)[1]


@where_registry
def family_poverty(edition: Edition, areas: SmallAreas) -> pd.DataFrame:
    """P(poor), P(extreme poor) and expected gaps of every family; joint draws of welfare beside them.

    Where the study names an official share, the same before agreeing with it is kept for comparison.
    """
    table = _family_table(areas.after, areas.registry)
    if edition.study.benchmark:
        edition.store.write("estimates/family_poverty_model", _family_table(areas.before, areas.registry))
    draws = areas.after.draws(edition.study.model.draws)
    if edition.study.benchmark:
        people = table["household_size"].to_numpy(dtype=float)
        line, share = edition.study.line("poverty"), edition.study.benchmark.share
        draws = agreeing(draws, people, line, share, areas.official_error)
    columns = pd.DataFrame(draws, columns=[f"draw_{number:03d}" for number in range(draws.shape[1])])
    edition.store.write("estimates/family_poverty", table)
    edition.store.write("estimates/welfare_draws", pd.concat([table[["family"]], columns], axis=1))
    return table


def _family_table(result: EmpiricalBest, registry: pd.DataFrame) -> pd.DataFrame:
    expected = result.families()
    places = registry[["family", "kecamatan", "desa", "household_size"]].reset_index(drop=True)
    table = places.assign(
        p_poor=expected["p_poor"],
        p_extreme=expected["p_extreme"],
        gap_poor_rp_month=expected["gap_poor"],
        gap_extreme_rp_month=expected["gap_extreme"],
        expected_welfare_rp_month=expected["expected_welfare"],
    )
    return checked(FAMILY_POVERTY, table)


@told_in_indonesian
def area_estimates(edition: Edition, areas: SmallAreas | None) -> pd.DataFrame:
    """Everything pages say of poverty, in one table: survey, model before and after benchmarking, counts."""
    code = edition.area.code
    direct = edition.store.read("estimates/direct")
    surveyed = _survey_rows(direct)
    tables = [surveyed[surveyed["area"] == code]]
    if areas is None:
        shown = surveyed["indicator"].isin([name for name, _ in INDICATORS.values()])
        tables.append(surveyed[shown].assign(topic="poverty"))
    else:
        tables.append(_model_rows(areas.after, code).assign(group=""))
        if edition.study.benchmark:
            tables.append(_model_rows(areas.before, code).assign(group="model"))
        families = edition.store.read("estimates/family_poverty")
        tables.append(_counts(edition, families, code))
        tables.append(_differences(edition, families, tables[1]))
        people = families.groupby("kecamatan")["household_size"].size()
        sizes = pd.concat([people, pd.Series({code: people.sum()})])
        tables[1:] = [table.assign(n_households=table["area"].map(sizes)) for table in tables[1:]]
    table = pd.concat(tables, ignore_index=True)
    edition.store.write("estimates/poverty", table)
    edition.store.write_facts("estimates/model", {"notes": _notes(edition, areas)})
    return table


def _direct(design: SurveyDesign, by: str | None) -> pd.DataFrame:
    fgt = [
        estimate_fgt(design, WELFARE, f"line_{kind}", by=by).replace({"indicator": names})
        for kind, names in (
            ("poverty", {name: shown for name, (shown, _) in SURVEY_NAMES.items()}),
            ("extreme", {"fgt0": "extreme_share"}),
        )
    ]
    fgt[1] = fgt[1][fgt[1]["indicator"] == "extreme_share"]
    mean = estimate_mean(design, WELFARE, by=by).assign(indicator="mean_expenditure")
    gini = estimate_inequality(design, WELFARE, measures=("gini",), by=by)
    return pd.concat([*fgt, mean, gini], ignore_index=True)


def _survey_rows(direct: pd.DataFrame) -> pd.DataFrame:
    units = dict(SURVEY_NAMES.values()) | {
        "extreme_share": "bagian",
        "mean_expenditure": "rupiah",
        "gini": "indeks",
    }
    return direct.assign(topic="survey", unit=direct["indicator"].map(units), group="", source="survei rumah tangga")


def _model_rows(result: EmpiricalBest, code: str) -> pd.DataFrame:
    table = result.estimates[result.estimates["indicator"].isin(INDICATORS)]
    table = table.drop(columns=["value_error", "mse_error"])
    shown = table["indicator"].map(INDICATORS)
    se = np.sqrt(table["mse"])
    return table.assign(
        topic="poverty",
        indicator=shown.str[0],
        unit=shown.str[1],
        area=table["area"].replace({"ALL": code}),
        se=se,
        rse=se / table["value"].where(table["value"] > 0),
        source="taksiran model",
    )


def _counts(edition: Edition, families: pd.DataFrame, code: str) -> pd.DataFrame:
    """Expected people and families below the lines and the rupiah of the gap, with intervals from the draws."""
    draws = welfare_draws(edition)
    size = families["household_size"].to_numpy(dtype=np.float32)
    below = {kind: draws < edition.study.line(kind) for kind in ("poverty", "extreme")}
    line = np.float32(edition.study.line("extreme"))
    gap = np.maximum(line - draws, 0) * size[:, None] * MONTHS
    wanted: list[tuple[str, str, NDArray[np.float64], NDArray[np.float32] | NDArray[np.bool_]]] = [
        ("poor_people", "orang", families["p_poor"] * size, below["poverty"] * size[:, None]),
        ("extreme_people", "orang", families["p_extreme"] * size, below["extreme"] * size[:, None]),
        ("poor_families", "keluarga", families["p_poor"], below["poverty"]),
        ("extreme_families", "keluarga", families["p_extreme"], below["extreme"]),
        ("extreme_gap_rp_year", "rupiah_tahun", families["gap_extreme_rp_month"] * size * MONTHS, gap),
    ]
    tables = []
    for place in ("kecamatan", None):
        key = families["kecamatan"].to_numpy() if place else np.full(len(families), code)
        labels, position = np.unique(key, return_inverse=True)
        inside = csr_array((np.ones(len(key)), (position, np.arange(len(key)))), shape=(len(labels), len(key)))
        for name, unit, expected, drawn in wanted:
            sums = inside @ drawn
            value = np.bincount(position, np.asarray(expected, dtype=float))
            low, high = held_interval(value, sums)
            rse = sums.std(axis=1) / np.where(value > 0, value, np.nan)
            tables.append(
                pd.DataFrame(
                    {
                        "indicator": name,
                        "unit": unit,
                        "area": labels,
                        "value": value,
                        "low": low,
                        "high": high,
                        "rse": rse,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True).assign(topic="poverty", group="", source="taksiran model")


def _differences(edition: Edition, families: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Each kecamatan's share of poor people minus the kabupaten's, with the interval of the draws of the difference.

    What moves all kecamatan together (the level, the coefficients) drops out of a difference: it is known better than
    two intervals apart would say. ``rse`` is that of the kecamatan's share: both are shown or withheld.
    """
    draws = welfare_draws(edition)
    size = families["household_size"].to_numpy(dtype=float)
    kinds: dict[str, tuple[str, Literal["poverty", "extreme"]]] = {
        "poor_share": ("p_poor", "poverty"),
        "extreme_share": ("p_extreme", "extreme"),
    }
    known = shares.set_index(["indicator", "area"])["rse"]
    tables = []
    for name, (probability, line) in kinds.items():
        expected = families[[probability]].to_numpy(dtype=float)
        value = differences_of_shares(expected, size, families["kecamatan"])
        drawn = differences_of_shares(draws < edition.study.line(line), size, families["kecamatan"])
        low, high = held_interval(value[:, 0], drawn)
        areas = np.unique(families["kecamatan"])
        table = pd.DataFrame({"area": areas, "value": value[:, 0], "low": low, "high": high})
        tables.append(table.assign(indicator=f"{name}_difference", rse=known[name].reindex(areas).to_numpy()))
    return pd.concat(tables, ignore_index=True).assign(
        topic="poverty", unit="bagian", group="", source="taksiran model"
    )


def differences_of_shares(
    values: NDArray[np.floating] | NDArray[np.bool_], weight: NDArray[np.float64], place: pd.Series
) -> NDArray[np.float64]:
    """Share of each place minus the share of all, per column of values (0-1, families × M): places × M, places sorted.

    Parameters
    ----------
    weight
        Persons, or 1, per family.
    """
    labels, position = np.unique(place, return_inverse=True)
    inside = csr_array((weight, (position, np.arange(len(position)))), shape=(len(labels), len(position)))
    sums = inside @ np.asarray(values, dtype=np.float32)
    own = np.asarray(inside.sum(axis=1)).reshape(-1, 1)
    return np.asarray(sums / own - sums.sum(axis=0) / own.sum())


def _registry(edition: Edition) -> pd.DataFrame:
    """Families with receipt of each listed programme that the survey knows as 0/1 columns named as there."""
    families = edition.store.read("clean/families")
    received = edition.store.read("clean/received").set_index("family")
    table = families.join(received, on="family")
    return table.fillna(dict.fromkeys(received.columns, 0.0))


def few_blocks(direct: pd.DataFrame) -> str:
    """What has to be said of direct estimates of areas with few PSUs, or nothing where no area has so few."""
    few = int((direct.groupby("area")["n_psu"].max() < FEW_PSUS).sum())
    if not few:
        return ""
    return (
        f"{few} wilayah disurvei pada kurang dari {FEW_PSUS} blok sensus: galat langsungnya rata-rata seperlima "
        "terlalu kecil; selangnya dilebarkan menurut jumlah blok dan itu yang dipakai."
    )


def unseen_desil(programmes: Iterable[Programme], covariates: Collection[str]) -> list[str]:
    """What has to be said where rules go by the desil and the model does not know it; nothing else."""
    ruled = [programme.name for programme in ruled_by_unseen(programmes, covariates)]
    if not ruled:
        return []
    return [
        "Model tidak mengenal desil, karena survei tidak memuatnya: nilai kebutuhan dan sebab terlewat menganggap "
        "keluarga berdesil rendah semiskin keluarga lain yang cirinya sama. Bila desil lebih tahu, di antara yang "
        f"berhak menurut desil ({', '.join(ruled)}) lebih banyak yang miskin ekstrem dan belum dilayani; "
        "kisarannya mencakup kedua ujung: desil tidak lebih tahu daripada model, dan desil tahu sebanyak yang mungkin."
    ]


def _official_doubt(error: float) -> str:
    """What is said of the official share's own error, where it has one."""
    if not error:
        return ""
    points = number(float(ndtri(1 - TAIL)) * error * 100, 1)
    return f" Selang memuat galat angka resmi itu sendiri (95 persen: kira-kira ±{points} poin)."


def _notes(edition: Edition, areas: SmallAreas | None) -> list[str]:
    """What pages say about the model, in a sentence each."""
    if areas is None:
        direct = edition.store.read("estimates/direct")
        alone = "Taksiran langsung dari survei, tanpa model: studi ini tidak memuat registri keluarga."
        few = few_blocks(direct[direct["area"] != edition.area.code])
        return [alone, *filter(None, [few]), *edition.study.mixed_months]
    model = areas.after.model
    notes = []
    if model.area_effects == "unconditional":
        notes.append(
            "Survei tidak memuat kode kecamatan: perbedaan antar-kecamatan hanya berasal dari keadaan keluarga di "
            "registri, dan ragam antar-blok sensus dipakai sebagai pengganti ragam antar-kecamatan."
        )
    notes.append(
        f"Model menerangkan {model.marginal_r2 * 100:.0f} persen keragaman pengeluaran "
        f"({scale_name(model.scale)}); sisanya tidak terlihat "
        "dari registri, sehingga tiap keluarga hanya diberi peluang, bukan kepastian."
    )
    if edition.study.benchmark:
        notes.append(
            "Tingkat kabupaten disesuaikan dengan angka resmi; perbedaan antar-kecamatan tidak berubah urutannya."
            + _official_doubt(areas.official_error)
        )
    notes += unseen_desil(edition.study.programmes, areas.covariates)
    notes += edition.study.mixed_months
    families = edition.store.read("estimates/family_poverty")
    draws = welfare_draws(edition)
    people = families["household_size"].to_numpy(dtype=float)
    drawn = people @ (draws < edition.study.line("extreme")).mean(axis=1) / people.sum()
    stated = people @ families["p_extreme"] / people.sum()
    notes.append(
        "Selang jumlah dan hasil cara memilih penerima berasal dari tarikan model, yang memuat ketidakpastian "
        f"ragamnya: rata-rata penduduk miskin ekstrem di dalamnya {percent(drawn, 2)}, nilai yang diterbitkan "
        f"{percent(stated, 2)}."
    )
    return notes
