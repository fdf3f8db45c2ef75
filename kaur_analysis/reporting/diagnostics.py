"""Tables and pictures for researchers in notebooks 01-04: is the data whole, is the model sound, what does it say.

Every function takes a tidy table (``docs/architecture.md``) and returns a :class:`Section`. No household row, no
identifier and no cell content is ever drawn: files, rules, areas, programmes and quantiles only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from kaur_analysis.formats import number, percent, rupiah_short
from kaur_analysis.reporting import charts
from kaur_analysis.reporting.charts import BLUE, GREY, INK, VERMILLION, canvas
from kaur_analysis.reporting.figures import SIGNS
from kaur_analysis.reporting.html import Section, section
from kaur_analysis.reporting.pictures import DASHES, WIDE, percent_axes, picture, stacked

Columns = Mapping[str, tuple[str, Callable[..., str]]]  # column → heading and way of writing a value


def accounting_table(accounting: pd.DataFrame, minimum: int = 0) -> Section:
    """Rows read, kept and set aside by source and file; a line that does not add up is called so.

    Parameters
    ----------
    accounting
        ``source, file, sheet, rows_read, rows_kept, rows_set_aside``.
    minimum
        Smallest number of rows that is told; where fewer were set aside of a file, no number of its source is told: the
        others and what pages say of the source would give it away.
    """
    few = set(accounting.loc[accounting["rows_set_aside"].between(1, minimum - 1), "source"])
    rows = [
        (
            row.source,
            " · ".join(filter(None, [row.file, row.sheet])),
            *(
                ["–"] * 3
                if row.source in few
                else [number(row.rows_read), number(row.rows_kept), number(row.rows_set_aside)]
            ),
            "cocok" if row.rows_read == row.rows_kept + row.rows_set_aside else "TIDAK COCOK",
        )
        for row in accounting.fillna({"file": "", "sheet": ""}).itertuples()
    ]
    columns = ["Sumber", "Berkas", "Dibaca", "Dipakai", "Disisihkan", "Jumlah"]
    return _table(columns, rows, "Tiap baris yang dibaca dipakai atau disisihkan dengan alasan.")


def set_aside_table(told: Mapping[str, Mapping[str, int | None]]) -> Section:
    """Why rows were set aside: by source and reason how many, or None where few rows are not told apart."""
    rows = [
        (source, reason, "tidak disajikan" if count is None else number(count))
        for source, reasons in told.items()
        for reason, count in reasons.items()
    ]
    return _table(["Sumber", "Alasan", "Baris"], rows, "Baris yang disisihkan, menurut alasan.")


def findings_summary(findings: pd.DataFrame, minimum: int = 0) -> Section:
    """Findings counted by severity, rule, source and column; never what was found in a cell."""
    keys = ["severity", "rule", "source", "column"]
    counts = (
        findings.fillna(dict.fromkeys(keys, "")).groupby(keys).agg(count=("rule", "size"), remedy=("remedy", "first"))
    )
    order = {"ditolak": 0, "disisihkan": 1, "peringatan": 2}
    listed = sorted(counts.itertuples(), key=lambda row: (order.get(row.Index[0], 3), -row.count, row.Index))
    rows = [(*row.Index, _at_least(row.count, minimum), row.remedy) for row in listed]
    return _table(["Tingkat", "Aturan", "Sumber", "Kolom", "Kali", "Cara memperbaiki"], rows, "Temuan pada masukan.")


def _at_least(count: float, minimum: int) -> str:
    return f"kurang dari {minimum}" if 0 < count < minimum else number(count)


def link_weights(parameters: pd.DataFrame, names: Mapping[str, str]) -> Section:
    """What each outcome of a comparison says for or against two records being one person, in powers of two.

    Parameters
    ----------
    parameters
        ``programme, period, comparison, level, m, u, weight_log2``: of the linkage model of each list.
    names
        Of the comparisons.
    """
    if parameters.empty:
        return sentences(["Tidak ada yang dipadankan, jadi tidak ada model."], "Model padanan.")
    outcomes = parameters.groupby(["comparison", "level"], sort=False)[["m", "u", "weight_log2"]]
    low, middle, high = outcomes.min(), outcomes.median(), outcomes.max()
    figure, axes = canvas(0.27 * len(middle) + 0.9, WIDE)
    place = np.arange(len(middle))
    weight = middle["weight_log2"].to_numpy(dtype=float)
    axes.barh(place, weight, height=0.66, color=np.where(weight > 0, BLUE, VERMILLION), edgecolor=INK, linewidth=0.6)
    axes.hlines(place, low["weight_log2"], high["weight_log2"], color=INK, linewidth=2.2)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(place, [f"{names.get(comparison, comparison)}: {level}" for comparison, level in middle.index])
    axes.set_ylim(len(middle) - 0.4, -0.6)
    for row in range(len(middle)):
        shares = (_shares(low[share].iloc[row], high[share].iloc[row]) for share in ("m", "u"))
        axes.text(1.02, row, " / ".join(shares), va="center", fontsize=9, transform=axes.get_yaxis_transform())
    axes.xaxis.set_major_formatter(lambda tick, _: number(tick))
    axes.set_xlabel("bobot bukti (pangkat dua): ke kanan orang yang sama, ke kiri orang lain")
    note = (
        "Tiap daftar punya model sendiri: batang menunjukkan yang tengah, garis hitam dari yang terendah sampai yang "
        "tertinggi. Di kanan: seberapa sering terjadi pada pasangan yang benar / pada dua orang lain, dalam persen."
    )
    return picture(
        figure, "bobot padanan", "Apa kata tiap kesamaan menurut model padanan yang dicocokkan pada tiap daftar.", note
    )


def _shares(low: float, high: float) -> str:
    """The shares of all lists: one, or from which to which."""
    return _share(low) if _share(low) == _share(high) else f"{_share(low)}–{_share(high)}"


def _share(value: float) -> str:
    shown = 100 * value
    return number(shown, 1) if shown >= 0.1 else "< 0,1"


def direct_against_model(
    direct: pd.DataFrame, model: pd.DataFrame, names: Mapping[str, str] | None = None, caution: str = ""
) -> Section:
    """Direct against modelled estimates per area with the line of equality; the larger the sample, the larger the dot.

    Parameters
    ----------
    direct, model
        Contract ``ESTIMATES`` for one indicator, one row per area.
    names
        Area code → name for the labels.
    caution
        What has to be said of the direct estimates.
    """
    both = direct.merge(model, on="area", suffixes=("_direct", "_model")).dropna(subset=["value_direct", "value_model"])
    figure, axes = canvas(4.2, WIDE)
    size = 18 + 60 * (both["n_households_direct"] / max(both["n_households_direct"].max(), 1)).fillna(0)
    _whiskers(axes, both, "direct", "model")
    axes.scatter(both["value_direct"] * 100, both["value_model"] * 100, s=size, color=BLUE, zorder=3)
    top = 105 * max(both["value_direct"].max(), both["value_model"].max()) if len(both) else 1.0
    axes.plot([0, top], [0, top], color=GREY, linestyle=DASHES[1], linewidth=1)
    for row in both.itertuples():
        axes.annotate(
            (names or {}).get(row.area, row.area), (row.value_direct * 100, row.value_model * 100), xytext=(5, 4),
            textcoords="offset points", fontsize=8.5,
        )  # fmt: skip
    percent_axes(axes, "taksiran langsung", "taksiran model")
    note = f"Titik jauh dari garis dengan sampel besar menandakan model yang bias. {caution}".strip()
    return picture(figure, "langsung-model", "Taksiran langsung dan taksiran model menurut wilayah.", note)


def _whiskers(axes: Axes, both: pd.DataFrame, across: str, up: str) -> None:
    x, y = both[f"value_{across}"] * 100, both[f"value_{up}"] * 100
    for side, data, other in ((across, x, y), (up, y, x)):
        low, high = both[f"low_{side}"] * 100, both[f"high_{side}"] * 100
        draw = axes.hlines if side == across else axes.vlines
        draw(other, low.fillna(data), high.fillna(data), color=GREY, linewidth=0.7)


def quantile_plot(
    residuals: npt.ArrayLike,
    points: int = 99,
    *,
    name: str = "kuantil",
    caption: str = "Sisaan model dibandingkan sebaran normal.",
    note: str = "Lengkung di ujung bawah berarti model menaksir yang paling miskin terlalu tinggi.",
) -> Section:
    """Normal quantile plot of standardised residuals, at ``points`` quantiles so that no household shows.

    Few residuals are drawn at fewer quantiles: at most one for every five.

    Parameters
    ----------
    residuals
        Residuals, or predicted effects.
    points
        Quantiles drawn at most.
    name, caption, note
        Of the picture.
    """
    values = np.asarray(residuals, dtype=float)
    values = values[~np.isnan(values)]
    shares = np.linspace(0, 1, max(min(points, len(values) // 5), 1) + 2)[1:-1]
    spread = values.std()
    observed = np.quantile((values - values.mean()) / (spread if spread > 0 else 1), shares)
    figure, axes = canvas(3.6, WIDE)
    axes.plot(ndtri(shares), observed, linestyle="none", marker="o", markersize=3.5, color=BLUE)
    edge = float(ndtri(shares[-1])) * 1.05
    axes.plot([-edge, edge], [-edge, edge], color=GREY, linestyle=DASHES[1], linewidth=1)
    axes.set_xlabel("kuantil normal")
    axes.set_ylabel("kuantil sisaan baku")
    return picture(figure, name, caption, note)


def shrinkage(weights: pd.DataFrame, names: Mapping[str, str] | None = None) -> Section:
    """How much each area's estimate leans on its own sample.

    Parameters
    ----------
    weights
        ``area, weight``: 1 means the direct estimate alone, 0 the model alone.
    """
    ordered = weights.sort_values(["weight", "area"], ascending=[False, True])
    figure, axes = canvas(0.27 * len(ordered) + 0.7, WIDE)
    place = np.arange(len(ordered))
    axes.hlines(place, 0, ordered["weight"], color=GREY, linewidth=1)
    axes.plot(ordered["weight"], place, linestyle="none", marker="o", color=BLUE)
    axes.set_yticks(place, [(names or {}).get(code, code) for code in ordered["area"]])
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda tick, _: number(tick, 1))
    axes.set_xlabel("bobot sampel sendiri")
    return picture(figure, "penyusutan", "Seberapa jauh taksiran tiap wilayah bersandar pada sampelnya sendiri.")


def area_intervals(estimates: pd.DataFrame, names: Mapping[str, str], reference: float, label: str) -> Section:
    """Estimates with intervals per area, largest first, and the kabupaten's line.

    Parameters
    ----------
    estimates
        Contract ``ESTIMATES`` for one indicator (a share).
    """
    ordered = estimates.dropna(subset=["value"]).sort_values(["value", "area"], ascending=[False, True])
    figure, axes = canvas(0.27 * len(ordered) + 0.8, WIDE)
    place = np.arange(len(ordered))
    axes.hlines(place, ordered["low"] * 100, ordered["high"] * 100, color=GREY, linewidth=1.6)
    quality = ordered["quality"].fillna("")
    for mark, face, chosen in (("o", BLUE, quality == "baik"), ("s", "white", quality != "baik")):
        axes.plot(
            ordered["value"].where(chosen) * 100, place, linestyle="none", marker=mark, color=BLUE, markerfacecolor=face
        )
    axes.axvline(reference * 100, color=INK, linestyle=DASHES[1], linewidth=1)
    axes.set_yticks(place, [names.get(code, code) for code in ordered["area"]])
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{label} (persen)")
    return picture(figure, "selang", f"{label} menurut wilayah, selang kepercayaan 95 persen; garis putus: kabupaten.",
                    "Kotak kosong: galat relatif di atas 25 persen.")  # fmt: skip


def area_tiles(estimates: pd.DataFrame, places: pd.DataFrame, reference: float, label: str) -> Section:
    """Tile map of a share: higher than the kabupaten, lower, equal, or not to be told from it.

    Parameters
    ----------
    estimates
        ``area, value, word`` of one share; the word as :func:`kaur_analysis.reporting.figures.compare` says it.
    places
        ``kecamatan, name, latitude, longitude``.
    reference
        The kabupaten's value.
    label
        What the share is of.
    """
    rows = places.merge(estimates, left_on="kecamatan", right_on="area").sort_values("kecamatan")
    figure = charts.tiles(
        names=list(rows["name"]),
        texts=[percent(value, 1) for value in rows["value"]],
        words=[str(word) for word in rows["word"]],
        own=[False] * len(rows),
        latitude=list(rows["latitude"]),
        longitude=list(rows["longitude"]),
    )
    signs = ", ".join(f"{sign} {word}" for word, sign in SIGNS.items())
    return picture(figure, "peta", f"{label}; tiap petak satu kecamatan, kira-kira di tempatnya.",
                    f"Dibandingkan kabupaten ({percent(reference, 1)}): {signs}.")  # fmt: skip


def sentences(texts: Sequence[str], caption: str) -> Section:
    """Statements made from the numbers, one below the other."""
    return section("sentences", texts=texts, caption=caption)


def budget_bars(budget: pd.DataFrame, names: Mapping[str, str] | None = None, once: Collection[str] = ()) -> Section:
    """Rupiah due per agency, split by source of funds.

    Parameters
    ----------
    budget
        Contract ``BUDGET`` of the kabupaten: rows with a fund.
    once
        Programmes whose benefit is paid one time; their rupiah are summed apart.
    """
    rows = budget[(budget["fund"] != "") & (budget["area"].str.len() == 4)]
    wide = rows.pivot_table(index="agency", columns="fund", values="rupiah_year", aggfunc="sum").fillna(0) / 1e9
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    single = rows["programme"].isin(list(once))
    sums = ((rows.loc[~single, "rupiah_year"].sum(), "per tahun"), (rows.loc[single, "rupiah_year"].sum(), "sekali"))
    total = " dan ".join(f"{rupiah_short(float(amount))} {per}" for amount, per in sums if amount > 0)
    return stacked(
        wide, {}, names, "anggaran", "miliar rupiah, setahun atau sekali",
        f"Kebutuhan semua yang berhak menurut instansi dan sumber dana: {total or rupiah_short(0.0)}.",
    )  # fmt: skip


def estimates_table(estimates: pd.DataFrame, names: Mapping[str, str] | None = None) -> Section:
    """Estimates with standard error, relative error, interval, basis and quality word."""
    rows = [
        (
            (names or {}).get(row.area, row.area),
            row.indicator,
            _plain(row.value),
            f"{_plain(row.low)}–{_plain(row.high)}",
            percent(row.rse, 1),
            number(row.n_households),
            row.quality or "",
        )
        for row in estimates.itertuples()
    ]
    columns = ["Wilayah", "Indikator", "Nilai", "Selang", "RSE", "n", "Mutu"]
    return _table(columns, rows, "Taksiran dengan galatnya.")


def table_of(table: pd.DataFrame, columns: Columns, caption: str, foot: Sequence[tuple[str, ...]] = ()) -> Section:
    """Columns of a table in order, each with its heading and its way of writing a value; unknown values stay blank.

    ``foot`` are rows in words below it, for what the table cannot hold.
    """
    rows = [
        tuple("" if pd.isna(value) else write(value) for value, (_, write) in zip(row, columns.values(), strict=True))
        for row in table[list(columns)].itertuples(index=False)
    ]
    return _table([heading for heading, _ in columns.values()], [*rows, *foot], caption)


def _plain(value: float) -> str:
    return number(value, 4 if abs(value) < 10 else 0)


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]], caption: str) -> Section:
    note = "" if rows else "Tidak ada."
    return section("plain_table", columns=columns, rows=rows, caption=caption, note=note)
