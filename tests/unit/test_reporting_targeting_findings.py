"""What notebook 03 says under its charts: the sentence that a rule makes of the numbers, in plain and extreme cases."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.reporting import targeting_findings as f

NAMES = {"pkh": "PKH", "sembako": "Sembako", "model": "Menurut model", "desil": "Menurut desil"}


def rows(measure, values, width=0.02, n=200.0):
    return pd.DataFrame(
        {"measure": measure, "programme": list(values), "group": "all", "value": list(values.values()), "n": n}
    ).assign(low=lambda t: t["value"] - width, high=lambda t: t["value"] + width)


def reach(values, width=0.02):
    return f.sentence("reach", f.reach_facts(rows("true_positive_rate", values, width), NAMES))


def without(number, share, extreme=300.0):
    table = pd.concat(
        [rows("poor_none", {"all": number}, number / 2), rows("poor_share_none", {"all": share}, n=extreme)]
    )
    return f.sentence("without", f.without_facts(table))


def reasons(side, **families):
    table = pd.concat([rows(f"{side}_{name}_families", {"any": value}) for name, value in families.items()])
    return f.sentence(side, f.reason_facts(table, side))


def incidence(shares):
    table = rows("benefit_share", dict.fromkeys(["any"], 0.0))
    table = pd.concat([table.assign(quantile=str(n), value=share) for n, share in enumerate(shares, start=1)])
    return f.sentence("incidence", f.incidence_facts(table))


def concentration(**at_a_fifth):
    steps = np.linspace(0, 1, 101)
    lines = {code: np.interp(steps, [0, 0.2, 1], [0, share, 1]) for code, share in at_a_fifth.items()}
    curve = pd.concat(
        pd.DataFrame({"programme": code, "group": "all", "population": steps, "share": line})
        for code, line in lines.items()
    )
    return f.sentence("concentration", f.concentration_facts(curve, NAMES))


def scenarios(width=0.001, **left):
    table = rows("headcount_after", left, width).assign(budget_share=1.0)
    return f.sentence("scenarios", f.scenario_facts(table, NAMES))


def beyond_model(*codes):
    return f.sentence("beyond_model", f.beyond_model_facts(codes, {"desil": "Menurut desil", "delivered": "Sekarang"}))


def fairness(**p_values):
    table = pd.DataFrame(
        {"measure": "exclusion_error", "characteristic": "jarak", "group": list(p_values), "value": 0.6,
         "difference": np.linspace(0.2, 0.1, len(p_values)), "p_adjusted": list(p_values.values())}
    )  # fmt: skip
    return f.sentence("fairness", f.fairness_facts(table))


SAID = {
    "the widest and the narrowest reach": (
        reach({"pkh": 0.52, "sembako": 0.2}),
        "PKH menjangkau 52 persen keluarga miskin ekstrem, Sembako 20 persen.",
    ),
    "reach that differs less than its error": (
        reach({"pkh": 0.52, "sembako": 0.5}),
        "Jangkauan program berkisar 50 persen (Sembako) sampai 52 persen (PKH) keluarga miskin ekstrem; bedanya belum "
        "tentu nyata.",
    ),
    "one programme": (reach({"pkh": 0.52}), "PKH menjangkau 52 persen keluarga miskin ekstrem."),
    "nobody reached": (reach({"pkh": 0.0}), "Tidak satu program pun menjangkau keluarga miskin ekstrem."),
    "reach unknown": (reach({"pkh": np.nan}), "Belum ada program yang jangkauannya dapat ditaksir."),
    "the extreme poor without any": (
        without(60, 0.2),
        "60 keluarga miskin ekstrem (30 sampai 90) tidak ada di satu pun daftar penerima yang dipegang: 20 persen "
        "dari semua yang miskin ekstrem.",
    ),
    "a few without any are not told apart": (
        without(3, 0.01),
        "Kurang dari 5 keluarga miskin ekstrem tidak ada di satu pun daftar penerima yang dipegang.",
    ),
    "everyone reached": (
        without(0, 0.0),
        "Hampir setiap keluarga miskin ekstrem menerima paling sedikit satu program.",
    ),
    "too few extreme poor": (without(2, 0.6, 3.0), "Keluarga miskin ekstrem terlalu sedikit untuk dinilai."),
    "one main reason": (
        reasons("missed", unlisted=60, unserved=40),
        "Dari 100 keluarga miskin ekstrem yang terlewat, 60 persen terlewat karena belum terdaftar.",
    ),
    "many reasons": (
        reasons("missed", unlisted=40, unserved=35, ranked_out=25),
        "100 keluarga miskin ekstrem terlewat karena sebab yang beragam; yang terbanyak, belum terdaftar, hanya 40 "
        "persen.",
    ),
    "a single reason": (
        reasons("missed", unlisted=0, unserved=35),
        "Semua keluarga miskin ekstrem yang terlewat punya sebab yang sama: memenuhi syarat, belum dilayani.",
    ),
    "nobody missed": (
        reasons("missed", unlisted=0, unserved=0),
        "Terlalu sedikit keluarga miskin ekstrem yang terlewat untuk dirinci sebabnya.",
    ),
    "ways that know more than their judge": (
        beyond_model("delivered", "desil"),
        "Cara “Sekarang” dan “Menurut desil” dinilai dengan perkiraan model, yang tidak mengetahui semua yang "
        "diketahui cara itu: hasil sebenarnya dapat lebih baik daripada yang tertulis, jadi angka ini bukan alasan "
        "untuk menolaknya.",
    ),
    "what a way misses that knows more than its judge": (
        f.sentence("informed", f.informed_facts(0.09, 0.02, "Menurut desil")),
        "Bagian yang terlewat pada “Menurut desil” terletak kira-kira antara 2 persen (bila selisihnya dengan model "
        "seluruhnya pengetahuan yang benar, sejauh mungkin) "
        "dan 9 persen (bila cara itu tidak tahu lebih daripada model).",
    ),
    "no way that knows more than its judge": (
        beyond_model(),
        "Setiap cara memilih menurut hal yang juga diketahui model.",
    ),
    "why others are in": (
        reasons("included", ranked_in=700, unlisted=300),
        "Dari 1.000 keluarga penerima yang tidak miskin ekstrem, 70 persen masuk karena peringkat yang memasukkannya; "
        "banyak program memang melayani lebih dari yang miskin ekstrem.",
    ),
    "nobody wrongly in": (
        reasons("included", ranked_in=0),
        "Hampir tidak ada penerima di luar keluarga miskin ekstrem.",
    ),
    "rupiah to the poorest": (
        incidence([0.2, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02]),
        "Empat puluh persen keluarga termiskin menerima 70 persen rupiah bantuan, empat puluh persen terkaya "
        "15 persen.",
    ),
    "rupiah as if shared evenly": (
        incidence([0.1] * 10),
        "Empat puluh persen keluarga termiskin menerima 40 persen rupiah bantuan: hampir sama dengan dibagi rata.",
    ),
    "rupiah to the richest": (
        incidence([0.0] * 9 + [1.0]),
        "Empat puluh persen keluarga termiskin menerima 0 persen rupiah bantuan, kurang daripada bila dibagi rata.",
    ),
    "rupiah unknown": (
        incidence([np.nan] * 10),
        "Belum ada rupiah bantuan yang dapat dibagi menurut kesejahteraan.",
    ),
    "the most and the least concentrated": (
        concentration(pkh=0.6, sembako=0.3, welfare=0.1),
        "PKH paling terpusat pada keluarga termiskin: dua puluh persen termiskin menerima 60 persen rupiah; paling "
        "merata Sembako, 30 persen.",
    ),
    "one programme for the rich": (
        concentration(pkh=0.6, sembako=0.1),
        "PKH paling terpusat pada keluarga termiskin (dua puluh persen termiskin menerima 60 persen rupiah); Sembako "
        "justru kurang daripada bagi rata (10 persen).",
    ),
    "none for the poor": (
        concentration(pkh=0.15, sembako=0.1),
        "Tidak satu program pun memberi keluarga termiskin lebih banyak daripada bagi rata; yang paling dekat PKH.",
    ),
    "only a yardstick": (concentration(welfare=0.1), "Belum ada kurva konsentrasi yang dapat digambar."),
    "a better way": (
        scenarios(delivered=0.04, model=0.03, desil=0.035, perfect=0.02, none=0.05),
        "Dengan anggaran yang sama, cara “Menurut model” menyisakan 3,00 persen penduduk miskin ekstrem, penyaluran "
        "sekarang 4,00 persen; bila keadaan setiap keluarga diketahui, 2,00 persen.",
    ),
    "a better way within error": (
        scenarios(0.01, delivered=0.04, model=0.03, perfect=0.02),
        "Dengan anggaran yang sama, cara “Menurut model” menyisakan 3,00 persen penduduk miskin ekstrem, penyaluran "
        "sekarang 4,00 persen; bedanya masih dalam rentang galat.",
    ),
    "no better way": (
        scenarios(delivered=0.03, model=0.03, perfect=0.02),
        "Dengan anggaran yang sama, cara lain yang memberi semua penerimanya sama besar tidak lebih baik daripada "
        "penyaluran sekarang: sisa miskin ekstrem 3,00 persen penduduk.",
    ),
    "nothing delivered": (
        scenarios(model=0.03, perfect=0.02),
        "Belum ada anggaran yang disalurkan untuk dibandingkan.",
    ),
    "nobody loses": (
        fairness(dekat=0.5, jauh=1.0),
        "Tidak ada kelompok yang terlewat lebih sering daripada yang lain di luar kebetulan.",
    ),
    "one group loses": (
        fairness(jauh=0.001, dekat=0.9),
        "Satu kelompok terlewat lebih sering di luar kebetulan: jarak jauh (60 persen dari yang miskin ekstrem, 20 "
        "poin persen di atas yang lain).",
    ),
    "several groups lose": (
        fairness(jauh=0.001, sedang=0.01),
        "2 kelompok terlewat lebih sering di luar kebetulan, terutama jarak jauh (60 persen dari yang miskin ekstrem, "
        "20 poin persen di atas yang lain).",
    ),
    "one period": (
        f.sentence("movement", f.movement_facts(pd.DataFrame(columns=["measure", "programme", "group"]), NAMES)),
        "Hanya satu periode yang dipegang: perubahan penerima belum dapat dilihat.",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_chart_says(case):
    said, expected = SAID[case]
    assert said == expected


@pytest.mark.parametrize("question", f.rule_table())
def test_the_last_rule_of_a_question_always_speaks(question):
    assert set(f.rule_table()[question][-1]) == {"say"}


def test_a_question_without_a_rule_that_holds_is_a_defect(monkeypatch):
    monkeypatch.setattr(f, "rule_table", lambda: {"reach": [{"is": {"differ": True}, "say": "x"}]})
    with pytest.raises(LookupError):
        f.sentence("reach", {"differ": False})


def by_programme(error, **programmes):
    parts = [
        rows(f"{error}_{reason}", {code: value})
        for code, reasons_of in programmes.items()
        for reason, value in reasons_of.items()
    ]
    facts = f.reason_facts_by_programme(pd.concat(parts), error, NAMES)
    return f.sentence({"exclusion": "missed_by_programme", "inclusion": "included_by_programme"}[error], facts)


def test_a_reason_that_leads_everywhere_is_named_once_with_the_programme_it_weighs_most_in():
    said = by_programme("exclusion", pkh={"unlisted": 0.1, "unserved": 0.3}, sembako={"unlisted": 0.1, "unserved": 0.2})
    assert said == (
        "Pada setiap program, sebab terbanyak adalah memenuhi syarat, belum dilayani: paling sering pada PKH, "
        "30 persen dari semua keluarga miskin ekstrem."
    )


def test_reasons_that_differ_between_programmes_are_both_named():
    said = by_programme(
        "inclusion", pkh={"ranked_in": 0.5, "ineligible": 0.1}, sembako={"ineligible": 0.4}, a={"ranked_in": 0.2}
    )
    assert "pada 2 dari 3 program peringkat yang memasukkannya" in said
    assert said.endswith("pada yang lain dilayani di luar syarat.")


def test_programmes_that_miss_nobody_have_no_reason():
    assert by_programme("exclusion", pkh={"unlisted": 0.0}) == (
        "Tidak ada program yang melewatkan keluarga miskin ekstrem."
    )


def offer(now, model, calibrated):
    parts = [
        pd.DataFrame(
            {
                "characteristic": "kepala keluarga",
                "group": ["perempuan", "laki-laki"],
                "programme": programme,
                "value": [value, 0.2],
                "difference": [value - 0.2, 0.2 - value],
            }
        )
        for programme, value in (("any_programme", now), ("model", model), ("calibrated", calibrated))
    ]
    return f.sentence("fairer", f.fairer_facts(pd.concat(parts, ignore_index=True)))


def test_a_group_that_loses_is_offered_what_serves_it():
    assert offer(0.6, 0.5, 0.25) == (
        "Kepala keluarga perempuan terlewat 60 persen, 40 poin persen di atas yang lain. Dengan penerima sebanyak "
        "sekarang, urutan menurut model melewatkan 50 persen dari kelompok itu; urutan yang setara antar-kelompok "
        "25 persen, dengan selisih 5 poin persen."
    )


def test_an_offer_that_does_not_help_is_said_not_to():
    assert "tidak menolong kepala keluarga perempuan" in offer(0.6, 0.5, 0.6)


def test_nobody_losing_needs_no_offer():
    assert "tidak perlu ditawarkan" in f.sentence("fairer", f.fairer_facts(pd.DataFrame()))


def late(months, share=0.3, n=50.0, **places):
    table = pd.concat(
        [rows("months_late", {"pkh": months}, n=n), rows("late_share", {"pkh": share}, n=n)]
        + [rows("months_late", {"pkh": value}, n=count).assign(group=place) for place, (value, count) in places.items()]
    )
    return f.sentence("lateness", f.lateness_facts(table, NAMES | {"a": "Nasal", "b": "Maje"}))


def test_lateness_names_the_kecamatan_that_waits_longest():
    assert late(1.26, a=(0.5, 30.0), b=(2.0, 20.0)) == (
        "Pembayaran PKH rata-rata 1,3 bulan sesudah jadwal (30 persen lebih dari sebulan), paling lambat di Maje: "
        "2,0 bulan."
    )


def test_lateness_of_a_few_payments_names_no_place():
    assert "Maje" not in late(1.26, a=(0.5, 48.0), b=(2.0, 2.0))


def test_payments_on_time_are_said_to_be():
    assert late(0.0) == "Pembayaran PKH rata-rata tepat jadwal."


def test_lists_without_dates_say_nothing_of_lateness():
    nothing = f.lateness_facts(pd.DataFrame(columns=["measure", "programme", "group", "value", "n"]), NAMES)
    assert "belum dapat dihitung" in f.sentence("lateness", nothing)
