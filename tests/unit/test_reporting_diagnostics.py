"""Researchers' tables and pictures: they say what the table says and show no row of a household."""

import base64
import re

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.reporting import diagnostics as d
from kaur_analysis.reporting import targeting_diagnostics as t

NAMES = {"1704010": "Nasal", "1704020": "Maje", "pkh": "PKH", "sembako": "Sembako", "dinsos": "Dinas Sosial"}


def drawn(section):
    """The picture of a section as SVG."""
    (found,) = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", section.html)
    return base64.b64decode(found).decode("utf-8")


def accounting(kept=90):
    return pd.DataFrame(
        {"source": ["p3ke"], "file": ["keluarga.xlsx"], "sheet": ["Sheet1"], "rows_read": [100], "rows_kept": [kept],
         "rows_set_aside": [10]}
    )  # fmt: skip


def findings():
    return pd.DataFrame(
        {
            "source": "p3ke", "file": "a.xlsx", "sheet": "1", "line": range(3), "column": "nik",
            "rule": ["nik_rusak", "nik_rusak", "kode_tak_dikenal"], "found": "1704••••", "allowed": "16 angka",
            "remedy": "ekspor sebagai teks", "severity": ["peringatan", "peringatan", "ditolak"],
        }
    )  # fmt: skip


def estimates(shift=0.0):
    return pd.DataFrame(
        {
            "indicator": "poor_share", "area": ["1704010", "1704020"], "value": [0.2 + shift, 0.1 + shift], "se": 0.02,
            "rse": [0.1, 0.3], "low": [0.16 + shift, 0.04 + shift], "high": [0.24 + shift, 0.16 + shift],
            "n_households": [60.0, 20.0], "n_psu": 6.0, "quality": ["baik", "hati-hati"],
        }
    )  # fmt: skip


def targeting(measure):
    return pd.DataFrame(
        {"measure": measure, "denominator": "poor", "programme": ["pkh", "sembako"], "group": "all",
         "value": [0.4, 0.5], "se": 0.02, "low": [0.36, 0.46], "high": [0.44, 0.54], "n": 200.0}
    )  # fmt: skip


def overlap():
    rows = targeting("poor_none").assign(programme="all", value=40.0, low=30.0, high=50.0, n=400.0).iloc[:1]
    return pd.concat([rows, rows.assign(measure="poor_share_none", value=0.1, low=0.08, high=0.12)])


def reasons():
    parts = [
        targeting(f"exclusion_{name}").assign(value=value) for name, value in (("unlisted", 0.2), ("unserved", 0.3))
    ]
    families = [
        targeting(f"{side}_{name}_families").iloc[:1].assign(value=value)
        for side, name, value in (
            ("missed", "unlisted", 30.0), ("missed", "unserved", 3.0), ("included", "ranked_in", 900.0),
        )
    ]  # fmt: skip
    return pd.concat([*parts, *families])


def incidence():
    share = np.array([20, 16, 14, 10, 10, 8, 8, 6, 4, 4]) / 100
    return pd.DataFrame(
        {"measure": "benefit_share", "programme": "any", "group": "all", "quantile": [str(n) for n in range(1, 11)],
         "value": share, "low": share - 0.01, "high": share + 0.01}
    )  # fmt: skip


def curve():
    steps = np.linspace(0, 1, 11)
    lines = {"pkh": steps**0.5, "welfare": steps**2}
    return pd.concat(
        pd.DataFrame({"programme": code, "group": "all", "population": steps, "share": line})
        for code, line in lines.items()
    )


def scenarios():
    return pd.DataFrame(
        {"measure": "headcount_after", "programme": ["model", "delivered", "perfect"] * 2,
         "value": [0.05, 0.06, 0.02, 0.03, 0.04, 0.01], "low": 0.01, "high": 0.07,
         "budget_share": [0.5] * 3 + [1.0] * 3}
    )  # fmt: skip


def budget():
    return pd.DataFrame(
        {"area": "1704", "programme": "pkh", "agency": "dinsos", "fund": ["apbn", "apbd", ""],
         "rupiah_year": [3e9, 1e9, 4e9]}
    )  # fmt: skip


DRAWN = {
    "accounting": lambda: d.accounting_table(accounting()),
    "findings": lambda: d.findings_summary(findings()),
    "set_aside": lambda: d.set_aside_table({"a": {"baris kosong": 9, "ganda": None}}),
    "direct": lambda: d.direct_against_model(estimates(), estimates(0.01), NAMES),
    "quantiles": lambda: d.quantile_plot(np.random.default_rng(1).normal(size=500)),
    "shrinkage": lambda: d.shrinkage(pd.DataFrame({"area": ["1704010", "1704020"], "weight": [0.7, 0.3]}), NAMES),
    "intervals": lambda: d.area_intervals(estimates(), NAMES, 0.15, "Penduduk miskin"),
    "concentration": lambda: t.concentration_curves(curve(), NAMES),
    "incidence": lambda: t.incidence_bars(incidence()),
    "reach": lambda: t.reach_of_extreme(targeting("true_positive_rate"), overlap(), NAMES),
    "reasons": lambda: t.reasons_chart(reasons(), NAMES),
    "missed": lambda: t.reasons_flow(reasons(), "missed"),
    "included": lambda: t.reasons_flow(reasons(), "included"),
    "scenarios": lambda: t.scenario_curves(scenarios(), NAMES, "Hasil tiap cara."),
    "budget": lambda: d.budget_bars(budget(), NAMES),
    "estimates": lambda: d.estimates_table(estimates(), NAMES),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_diagnostic_is_the_same_every_time(name):
    assert DRAWN[name]().html == DRAWN[name]().html


@pytest.mark.parametrize("name", DRAWN)
def test_a_diagnostic_has_a_caption(name):
    assert "<figcaption>" in DRAWN[name]().html or "<caption>" in DRAWN[name]().html


def test_a_file_whose_rows_do_not_add_up_is_called_out():
    assert "TIDAK COCOK" in d.accounting_table(accounting(kept=80)).html
    assert "TIDAK COCOK" not in d.accounting_table(accounting(kept=90)).html


def test_findings_are_counted_by_rule_with_the_worst_first():
    html = d.findings_summary(findings()).html
    assert html.index("ditolak") < html.index("peringatan") and "<td>2</td>" in html


def test_findings_never_show_what_was_found():
    assert "1704••••" not in d.findings_summary(findings()).html


def test_no_findings_are_said_to_be_none():
    assert "Tidak ada." in d.findings_summary(findings().iloc[:0]).html


def test_a_quantile_plot_draws_far_fewer_points_than_there_are_households():
    picture = drawn(d.quantile_plot(np.random.default_rng(1).normal(size=60)))
    assert 0 < picture.count("<use") <= 60 // 5 + 20


def test_areas_are_named():
    assert ">Nasal</text>" in drawn(d.area_intervals(estimates(), NAMES, 0.15, "Penduduk miskin"))


def test_rows_without_a_fund_are_not_counted_twice_in_the_budget():
    assert "Rp4 miliar per tahun" in d.budget_bars(budget()).html


def test_programmes_that_reach_most_come_first():
    html = drawn(t.reach_of_extreme(targeting("true_positive_rate"), overlap(), NAMES))
    assert html.index(">Sembako</text>") < html.index(">PKH</text>")


def test_a_picture_is_an_image_that_shows_even_where_a_notebook_is_not_trusted():
    picture = drawn(t.reach_of_extreme(targeting("true_positive_rate"), overlap(), NAMES))
    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg"')


WITH_FINDING = ["concentration", "incidence", "reach", "missed", "included", "scenarios"]


@pytest.mark.parametrize("name", WITH_FINDING)
def test_a_targeting_chart_says_what_it_found(name):
    assert re.search(r'<p class="note">[A-Z0-9].+\.</p>', DRAWN[name]().html)


def test_scenarios_say_which_ways_the_model_knows_too_little_to_judge():
    table = scenarios().assign(beyond_model=lambda table: table["programme"].eq("delivered"), informed=np.nan)
    html = t.scenario_curves(table, {"delivered": "Seperti yang disalurkan"}, "Hasil tiap cara.").html
    assert "Cara “Seperti yang disalurkan” dinilai dengan perkiraan model" in html


def test_the_range_of_a_way_that_knows_more_is_said_with_its_curve():
    missed = scenarios().iloc[[0]].assign(measure="exclusion_error", programme="desil", value=0.09, informed=0.02)
    table = pd.concat([scenarios().assign(informed=np.nan), missed.assign(budget_share=1.0)])
    html = t.scenario_curves(table.assign(beyond_model=False), {"desil": "Menurut desil"}, "Hasil tiap cara.").html
    assert "“Menurut desil” terletak kira-kira antara 2 persen" in html and "dan 9 persen" in html


def test_scenarios_judged_on_observed_spending_need_no_such_caution():
    assert "perkiraan model" not in DRAWN["scenarios"]().html


def test_a_reason_of_a_few_families_is_not_told_apart():
    assert "kurang dari 5" in drawn(t.reasons_flow(reasons(), "missed"))


def test_a_flow_of_nothing_is_said_to_be_none():
    assert "tidak ada" in drawn(t.reasons_flow(reasons().iloc[:0], "missed"))


# --- the linkage model ---


def link_model(*programmes, m=0.95):
    own = pd.DataFrame(
        {"comparison": ["nik", "nik"], "level": ["sama", "lain"], "m": [m, 1 - m], "u": [1e-7, 0.9999],
         "weight_log2": [23.2, -4.3]}
    )  # fmt: skip
    return pd.concat([own.assign(programme=name, period="2024") for name in programmes])


def test_the_linkage_model_names_every_outcome():
    picture = drawn(d.link_weights(link_model("pkh"), {"nik": "NIK"}))
    assert "NIK: sama" in picture and "NIK: lain" in picture and "95,0 / &lt; 0,1" in picture


def test_linkage_models_of_several_lists_are_shown_from_the_lowest_to_the_highest():
    models = pd.concat([link_model("pkh"), link_model("csr", m=0.7), link_model("sembako", m=0.8)])
    picture = drawn(d.link_weights(models, {"nik": "NIK"}))
    assert picture.count("NIK: sama") == 1 and "70,0–95,0 / &lt; 0,1" in picture


def test_without_links_there_is_no_model_and_it_is_said():
    assert "tidak ada model" in d.link_weights(pd.DataFrame(), {}).html


def test_few_rows_set_aside_are_not_counted_nor_found_by_subtraction():
    few = accounting(kept=98).assign(rows_set_aside=2)
    html = d.accounting_table(few, minimum=5).html
    assert ">98<" not in html and ">2<" not in html and ">100<" not in html


def test_no_file_of_a_source_is_counted_where_few_rows_of_another_were_set_aside():
    files = pd.concat([accounting(kept=98).assign(rows_set_aside=2), accounting(kept=90)])
    assert ">90<" not in d.accounting_table(files, minimum=5).html


def test_a_reason_of_few_rows_is_not_counted():
    assert "tidak disajikan" in d.set_aside_table({"a": {"ganda": 9, "meninggal": None}}).html
