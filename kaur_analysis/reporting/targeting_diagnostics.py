"""The charts of notebook 03: one per question, each with a sentence of finding that a rule makes from its numbers."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kaur_analysis.formats import number, percent
from kaur_analysis.reporting import targeting_findings as findings
from kaur_analysis.reporting.charts import GREY, INK, canvas
from kaur_analysis.reporting.html import Section
from kaur_analysis.reporting.pictures import COLOURS, DASHES, HATCHES, WIDE, percent_axes, picture, stacked

Names = Mapping[str, str]


def reach_of_extreme(targeting: pd.DataFrame, overlap: pd.DataFrame, names: Names, minimum: int = 5) -> Section:
    """Share of extremely poor families that each programme reaches, with intervals; and those whom none reaches.

    Parameters
    ----------
    targeting
        Contract ``TARGETING``; measure ``true_positive_rate``.
    overlap
        ``measures`` of :func:`kaur_analysis.targeting.overlap`.
    """
    rows = targeting[(targeting["measure"] == "true_positive_rate") & (targeting["group"] == "all")]
    rows = rows.dropna(subset=["value"]).sort_values(["value", "programme"], ascending=[False, True])
    figure, axes = canvas(0.3 * len(rows) + 0.9, WIDE)
    place = np.arange(len(rows))
    axes.barh(place, rows["value"] * 100, height=0.62, color="#7FB2D6", edgecolor=INK, linewidth=0.6)
    low, high = (rows[side].fillna(rows["value"]) * 100 for side in ("low", "high"))
    axes.hlines(place, low, high, color=INK, linewidth=1.6)
    axes.set_yticks(place, [names.get(code, code) for code in rows["programme"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel("keluarga miskin ekstrem yang menerima (persen)")
    said = [
        findings.sentence("reach", findings.reach_facts(targeting, names), minimum),
        findings.sentence("without", findings.without_facts(overlap, minimum), minimum),
    ]
    return picture(figure, "jangkauan", "Jangkauan tiap program di antara keluarga miskin ekstrem.", " ".join(said))


def reasons_flow(reasons: pd.DataFrame, side: str, minimum: int = 5) -> Section:
    """Where the families of one side went wrong, all programmes together, as a flow from all of them to each reason.

    Parameters
    ----------
    reasons
        Table of :func:`kaur_analysis.targeting.error_decomposition`; group ``all``.
    side
        ``missed`` or ``included``.
    """
    parts = findings.reason_parts(reasons, side)
    heading = {"missed": "miskin ekstrem\nyang terlewat", "included": "penerima yang\ntidak miskin ekstrem"}[side]
    figure, axes = canvas(0.55 * len(parts) + 1.0, WIDE)
    _flow(axes, heading, parts, minimum)
    caption = {
        "missed": "Mengapa keluarga miskin ekstrem tidak ada di daftar penerima yang dipegang.",
        "included": "Mengapa keluarga yang tidak miskin ekstrem menerima program.",
    }[side]
    said = findings.sentence(side, findings.reason_facts(reasons, side), minimum)
    return picture(figure, f"alur-{side}", caption, said)


def _flow(axes: Axes, heading: str, parts: pd.Series, minimum: int) -> None:
    """Bands from one bar on the left to a bar for each part on the right, as high as the part is large."""
    axes.set_axis_off()
    total = float(parts.sum())
    if not total > 0:
        axes.text(0.5, 0.5, "tidak ada", ha="center", va="center", transform=axes.transAxes)
        return
    gap = 0.06
    across = np.linspace(0.0, 1.0, 60)
    bend = (1 - np.cos(np.pi * across)) / 2
    left, right = 1.0, 1.0 + gap * (len(parts) - 1) / 2
    for order, (name, value) in enumerate(parts.items()):
        height = float(value) / total
        upper = left + (right - left) * bend
        colour = mpl.colors.to_rgba(COLOURS[order % len(COLOURS)], 0.55)
        axes.fill_between(
            across, upper - height, upper, facecolor=colour, hatch=HATCHES[order % len(HATCHES)], edgecolor=INK,
            linewidth=0.4,
        )  # fmt: skip
        few = 0 < round(value) < minimum
        count = f"kurang dari {minimum}" if few else number(value)
        axes.text(1.03, right - height / 2, f"{name}: {count} ({percent(height, 0)})", va="center", fontsize=10)
        left, right = left - height, right - height - gap
    axes.text(-0.03, 0.5, f"{heading}\n{number(total)}", ha="right", va="center", fontsize=10)
    axes.set_xlim(-0.75, 2.5)


def reasons_chart(reasons: pd.DataFrame, names: Names, error: str = "exclusion") -> Section:
    """Exclusion or inclusion error of each programme split by its first reason.

    Parameters
    ----------
    reasons
        Table of :func:`kaur_analysis.targeting.error_decomposition`; measures ``exclusion_<reason>``.
    """
    rows = reasons[reasons["measure"].str.startswith(f"{error}_") & (reasons["group"] == "all")]
    wide = rows.assign(part=rows["measure"].str.removeprefix(f"{error}_")).pivot_table(
        index="programme", columns="part", values="value", aggfunc="first"
    )
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    said = findings.sentence(
        {"exclusion": "missed_by_programme", "inclusion": "included_by_programme"}[error],
        findings.reason_facts_by_programme(reasons, error, names),
    )
    if error == "exclusion":
        return stacked(
            wide * 100, findings.REASON_NAMES, names, "sebab-terlewat", "dari semua keluarga miskin ekstrem (persen)",
            "Mengapa keluarga miskin ekstrem tidak menerima, menurut program.", said,
        )  # fmt: skip
    return stacked(
        wide * 100, findings.REASON_NAMES_OF_RECIPIENTS, names, "sebab-masuk",
        "dari semua penerima yang padan (persen)", "Mengapa penerima tidak miskin ekstrem, menurut program.", said,
    )  # fmt: skip


def incidence_bars(incidence: pd.DataFrame) -> Section:
    """Share of all programmes' rupiah that each tenth of the families gets, from poorest to richest, with intervals.

    Parameters
    ----------
    incidence
        Table of :func:`kaur_analysis.targeting.benefit_incidence` by tenths; measure ``benefit_share``.
    """
    rows = incidence[(incidence["measure"] == "benefit_share") & (incidence["group"] == "all")]
    rows = rows[rows["programme"] == findings.UNION]
    rows = rows.assign(tenth=rows["quantile"].astype(int)).sort_values("tenth")
    figure, axes = canvas(3.0, WIDE)
    axes.bar(rows["tenth"], rows["value"] * 100, width=0.75, color="#7FB2D6", edgecolor=INK, linewidth=0.6)
    axes.vlines(rows["tenth"], rows["low"] * 100, rows["high"] * 100, color=INK, linewidth=1.4)
    axes.axhline(10, color=GREY, linestyle=DASHES[1], linewidth=1)
    axes.set_xticks(range(1, 11))
    axes.set_xlabel("persepuluhan keluarga, dari termiskin (1) ke terkaya (10)")
    axes.set_ylabel("bagian rupiah (persen)")
    axes.yaxis.set_major_formatter(lambda tick, _: number(tick))
    said = findings.sentence("incidence", findings.incidence_facts(incidence))
    caption = "Siapa menerima rupiah bantuan, semua program bersama; garis putus: dibagi rata."
    return picture(figure, "insidensi", caption, said)


def concentration_curves(curve: pd.DataFrame, names: Names, most: int = 6) -> Section:
    """Share of each programme's rupiah that the poorest get, against equality.

    Parameters
    ----------
    curve
        ``programme, group, population, share`` of ``targeting.concentration``; programme ``welfare`` is drawn grey.
    most
        Programmes drawn: those furthest from equality.
    """
    whole = curve[curve["group"] == "all"]
    lines = {code: part.sort_values("population") for code, part in whole.groupby("programme")}
    welfare = lines.pop("welfare", None)
    lean = {code: abs(float((part["share"] - part["population"]).mean())) for code, part in lines.items()}
    figure, axes = canvas(4.8, WIDE)
    for place, code in enumerate(sorted(lines, key=lambda code: (-lean[code], code))[:most]):
        part = lines[code]
        axes.plot(
            part["population"] * 100, part["share"] * 100, color=COLOURS[place % len(COLOURS)],
            linestyle=DASHES[place % len(DASHES)], label=names.get(code, code),
        )  # fmt: skip
    if welfare is not None:
        axes.plot(welfare["population"] * 100, welfare["share"] * 100, color=GREY, linewidth=2.5, label="pengeluaran")
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8)
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    percent_axes(axes, "keluarga, dari termiskin", "bagian rupiah")
    said = findings.sentence("concentration", findings.concentration_facts(curve, names))
    return picture(figure, "konsentrasi", "Kurva konsentrasi bantuan; di atas garis lurus: lebih banyak kepada yang "
                   "miskin daripada bagi rata.", said)  # fmt: skip


def scenario_curves(scenarios: pd.DataFrame, names: Names, title: str) -> Section:
    """What each way of choosing leaves of extreme poverty at each budget, with the interval at the budget spent.

    Parameters
    ----------
    scenarios
        Table of :func:`kaur_analysis.targeting.compare_scenarios` with ``budget_share``; measure ``headcount_after``.
        Where draws of the model are the judge, ``beyond_model`` marks the ways that may know more than they do, and
        ``informed`` holds their scores had they known the most that they can.
    title
        What the scores rest on.
    """
    rows = scenarios[(scenarios["measure"] == "headcount_after") & (scenarios["programme"] != "none")]
    figure, axes = canvas(4.6, WIDE)
    for place, (code, part) in enumerate(rows.groupby("programme", sort=True)):
        line = part.sort_values("budget_share")
        colour, mark = COLOURS[place % len(COLOURS)], "osD^v"[place % 5]
        axes.plot(
            line["budget_share"] * 100, line["value"] * 100, color=colour, marker=mark, markersize=4.5,
            linestyle=DASHES[place % len(DASHES)], label=names.get(str(code), str(code)),
        )  # fmt: skip
        spent = line[line["budget_share"].sub(1).abs() < 1e-9]
        axes.vlines(100 + 1.2 * (place - 4), spent["low"] * 100, spent["high"] * 100, color=colour, linewidth=1.2)
    axes.set_xlabel("anggaran (persen dari yang disalurkan)")
    axes.set_ylabel("penduduk yang tetap miskin ekstrem (persen)")
    axes.xaxis.set_major_formatter(lambda tick, _: number(tick))
    axes.yaxis.set_major_formatter(lambda tick, _: number(tick, 1))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    said = findings.sentence("scenarios", findings.scenario_facts(scenarios, names))
    if {"beyond_model", "informed"} <= set(scenarios.columns):
        beyond = rows.loc[rows["beyond_model"], "programme"].unique()
        said += " " + findings.sentence("beyond_model", findings.beyond_model_facts(sorted(beyond), names))
        spent = scenarios[(scenarios["measure"] == "exclusion_error") & (scenarios["budget_share"].sub(1).abs() < 1e-9)]
        for row in spent.dropna(subset=["informed"]).itertuples():
            known = findings.informed_facts(row.value, row.informed, names.get(row.programme, row.programme))
            said += " " + findings.sentence("informed", known)
    return picture(figure, "skenario", title, said)
