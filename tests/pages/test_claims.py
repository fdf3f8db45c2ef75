"""Sentences claim no more than the lists and the model can tell."""

import re

import pandas as pd
import pytest

from kaur_analysis import reporting as r
from kaur_analysis.reporting.facts import read_facts
from tests.pages import fabricated as made
from tests.pages import pages

FACTS = made.facts()
NO_LIST = [programme.short for programme in read_facts(FACTS).programmes.values() if not programme.listed]


def kabupaten(facts=FACTS):
    return r.kabupaten_view(made.published(), facts, made.AREA)


def agency(code="dikbud", facts=FACTS):
    return r.agency_view(made.published(), facts, made.AREA, code)


def sentence(view, code):
    return next(action.sentence for action in view.actions if action.code == code)


def all_listed():
    return FACTS | {"programmes": [entry | {"listed": True} for entry in FACTS["programmes"]]}


@pytest.mark.parametrize("view", [kabupaten(), agency(), agency("dpmd")], ids=["kabupaten", "dikbud", "dpmd"])
def test_nobody_is_told_to_serve_by_a_programme_without_a_list(view):
    serve = " ".join(action.sentence for action in view.actions if action.code.startswith("layani"))
    assert not [name for name in NO_LIST if name in serve]


def test_many_lists_that_are_missing_are_asked_for_by_their_mark():
    assert f"Kirim daftar penerima {len(NO_LIST)} program bertanda †" in sentence(kabupaten(), "kirim_daftar")


def test_an_agency_is_asked_for_its_own_lists_alone():
    assert sentence(agency(), "kirim_daftar").startswith("Kirim daftar penerima PIP:")


def test_no_list_is_asked_for_where_all_are_held():
    assert "kirim_daftar" not in [action.code for action in kabupaten(all_listed()).actions]


def test_without_a_list_the_headline_says_entitled_not_unserved():
    finding = agency().headline.finding
    assert finding.startswith("Paling banyak Rp") and "berhak atas PIP, yang daftar penerimanya tidak" in finding
    assert "belum menerima" not in finding


def with_needs(agency, area="1704", **values):
    """An agency's page where a programme's needs of the extreme poor are others in one place."""
    table = made.published()
    for name, more in values.items():
        programme, _, what = name.partition("__")
        rows = table["indicator"].eq(f"due_extreme_{what}") & table["programme"].eq(programme) & table["area"].eq(area)
        table = table.assign(**{key: table[key].mask(rows, held) for key, held in more.items()})
    return r.agency_view(table, FACTS, made.AREA, agency)


SOME = {"value": 350.0, "low": 220.0, "high": 600.0, "status": "tampil"}
HIDDEN = {"status": "disembunyikan"}


def test_the_headline_of_an_agency_calls_an_estimate_one():
    view = with_needs("dinsos", pkh__families=SOME, sembako__families=SOME | {"value": 300.0})
    assert view.headline.finding.endswith("; perkiraan 350 (220–600) keluarga di antaranya belum menerima PKH.")


def test_families_to_serve_are_an_estimate_with_its_range():
    view = with_needs("dinsos", pkh__families=SOME, sembako__families=SOME | {"value": 300.0})
    assert "Layani perkiraan 350 (220–600) keluarga miskin ekstrem" in sentence(view, "layani_ekstrem")


def test_rupiah_of_programmes_with_a_list_are_no_upper_bound():
    finding = with_needs("dinsos", pena__rupiah_year=HIDDEN).headline.finding
    assert finding.startswith("Perkiraan Rp") and "paling banyak" not in finding


def test_the_headline_names_the_programme_that_the_rupiah_leave_out():
    finding = with_needs("dinsos", pena__rupiah_year=HIDDEN).headline.finding
    assert re.search(r"\(tanpa [^,]+, yang angkanya tidak disajikan\)", finding)


def test_at_most_is_said_of_the_part_without_a_list():
    assert re.search(r"^Perkiraan Rp.*, di antaranya paling banyak Rp[^,]+(,\d)? ", agency("dinsos").headline.finding)


def test_a_kecamatan_names_the_programme_that_its_rupiah_leave_out():
    html = r.gap_table(with_needs("dinsos", "1704010", pkh__rupiah_year=HIDDEN)).html
    assert 'Nasal<span class="small">rupiah tanpa PKH</span></th>' in html


def test_what_every_row_leaves_out_is_said_once():
    table = made.published()
    rows = table["indicator"].eq("due_extreme_rupiah_year") & table["programme"].eq("blt_dd")
    hidden = table.assign(status=table["status"].mask(rows, "disembunyikan"))
    html = r.gap_table(r.agency_view(hidden, FACTS, made.AREA, "dpmd")).html
    assert html.count("tanpa BLT Dana Desa") == 1


def test_rupiah_of_a_kecamatan_carry_the_caution_of_their_parts():
    html = r.gap_table(with_needs("dinsos", "1704010", pkh__rupiah_year={"status": "hati-hati"})).html
    row = html.partition("<tbody>")[2].partition(">Nasal<")[2].partition("</tr>")[0]
    assert re.search(r'<td class="num">Rp[^<]+\s<span class="mark">', row.replace("&nbsp;", " "))


def test_an_agency_whose_families_are_not_shown_has_no_empty_chart():
    table = made.published()
    rows = table["indicator"].eq("due_extreme_families") & table["programme"].eq("blt_dd")
    view = r.agency_view(table.assign(status=table["status"].mask(rows, "disembunyikan")), FACTS, made.AREA, "dpmd")
    assert view.gaps.programmes[0].code == "blt_dd" and "<svg" not in r.gap_table(view).html


def test_an_agency_without_lists_is_told_its_families_and_rupiah():
    action = next(action for action in agency("pupr").actions if action.code == "siapkan")
    assert re.search(r"bagi perkiraan [\d.]+ keluarga .* \(mungkin sudah ada yang menerima\)", action.sentence)
    assert action.rupiah.startswith("Rp") and action.rupiah.endswith(" sekali")


def test_where_a_programme_with_a_list_asks_to_serve_one_without_waits_for_its_list():
    codes = [action.code for action in with_needs("dpmd", blt_dd__families=HIDDEN).actions]
    assert "layani" in codes and "siapkan" not in codes and "kirim_daftar" in codes


def test_a_dagger_is_explained_where_a_column_carries_it_alone():
    assert "†" not in r.gap_table(agency("dinsos")).html and "† daftar penerima" in r.gap_table(agency("pupr")).html


def test_with_a_list_the_headline_says_unserved():
    assert agency(facts=all_listed()).headline.finding.endswith("belum menerima PIP.")


def test_programmes_without_a_list_carry_a_mark_in_the_needs():
    html = r.needs_table(kabupaten()).html
    assert html.count("\u00a0†</th>") == len(NO_LIST) and "† daftar penerimanya tidak dipegang" in html


def test_sums_of_needs_tell_programmes_with_and_without_a_list_apart():
    names = [name for name, _ in kabupaten().needs.sums]
    assert names == [
        "miskin ekstrem, daftar penerima dipegang",
        "miskin ekstrem, tanpa daftar, paling banyak",
        "semua yang berhak, daftar penerima dipegang",
        "semua yang berhak, tanpa daftar, paling banyak",
    ]


def test_the_parts_of_the_sum_are_the_sum():
    needs = kabupaten().needs
    parts = [part for name, part in needs.sums if name.startswith("miskin ekstrem")]
    assert sum(part.once for part in parts) == pytest.approx(needs.total.once)
    assert sum(part.regular for part in parts) == pytest.approx(needs.total.regular)


def test_one_time_benefits_are_never_called_yearly():
    houses = next(row for row in kabupaten().needs.rows if row.about.code == "rtlh_bsps")
    assert f"{houses.extreme_rupiah.text} sekali" in r.needs_table(kabupaten()).html
    assert f"{houses.extreme_rupiah.text} per tahun" not in r.needs_table(kabupaten()).html


def test_the_action_for_a_one_time_benefit_says_so():
    action = next(action for action in kabupaten().actions if action.code == "layani_ekstrem")
    assert "Rumah Tidak Layak Huni" in action.sentence and action.rupiah.endswith(" sekali")


def test_agencies_have_a_column_for_each_kind_of_rupiah():
    html = r.agencies_table(kabupaten()).html
    assert ">Per tahun</th>" in html and ">Sekali</th>" in html


@pytest.mark.parametrize("page", ["kecamatan", "kabupaten", "opd"])
def test_no_page_says_that_families_receive_nothing_at_all(page):
    assert not re.search("program apa pun|tidak menerima apa pun", pages.all_pages()[page])


def test_the_families_missed_are_those_on_none_of_the_lists_held():
    held = sum(entry["listed"] for entry in FACTS["programmes"])
    assert f"tidak ada di {held} daftar penerima yang dipegang" in pages.all_pages()["kecamatan"]


def test_by_the_survey_the_missed_are_those_who_named_no_programme():
    assert "ditanyakan survei" in read_facts(FACTS | {"route": "survey"}).unreached


def test_the_package_says_what_it_assumes_and_its_range():
    action = next(action for action in r.kecamatan_view(made.published(), FACTS, made.AREA, "1704010").actions)
    assert action.code == "anggaran_nol" and "per tahun bila sasaran diketahui pasti" in action.rupiah
    assert "(kisaran Rp" in action.rupiah


def test_the_package_says_what_it_costs_when_only_probabilities_are_known_and_who_pays():
    action = kabupaten().actions[0]
    assert "menjangkau 80% miskin ekstrem dengan daftar menurut peluang: Rp" in action.detail
    assert action.detail.endswith(" per tahun")
    assert re.search(r"^APBN Rp[^;]+, Dana Desa Rp[^;]+; perkiraan [\d.]+ keluarga naik ke atas garis;", action.detail)


def test_the_package_says_how_many_it_lifts_and_what_it_leaves():
    assert re.search(
        r"mengangkat [\d.]+ \([\d.–]+\) keluarga dari [\d.]+ keluarga ke atas garis miskin ekstrem; kekurangan Rp",
        kabupaten().zero_cost.sentence,
    )


def with_zero_cost(indicator, group="", **values):
    """The kabupaten's page where an amount of its cost of zero is another one."""
    table = made.published()
    rows = table["indicator"].eq(indicator) & table["area"].eq("1704") & table["group"].eq(group)
    rows &= table["topic"].eq("zero_cost") & table["programme"].eq("")
    return r.kabupaten_view(
        table.assign(**{key: table[key].mask(rows, held) for key, held in values.items()}), FACTS, made.AREA
    ).zero_cost


def test_an_amount_of_zero_cost_carries_its_caution():
    zero = with_zero_cost("lower_bound_rp_year", value=3.4e9, low=2.2e9, high=6e9, status="hati-hati")
    assert zero.amounts[0][1:] == ("Rp3,4 miliar per tahun", "Rp2,2–6 miliar, pakai dengan hati-hati")
    assert zero.sentence.startswith("Batas bawah Rp3,4 miliar (Rp2,2–6 miliar, hati-hati) per tahun")


def test_the_cost_by_a_list_of_probabilities_has_its_range():
    zero = with_zero_cost("imperfect_targeting_rp_year", "0.8", value=1.84e10, low=1.56e10, high=2.34e10)
    assert ("Rp18,4 miliar per tahun", "Rp15,6–23,4 miliar") in [amounts[1:] for amounts in zero.amounts]


def test_other_ways_of_choosing_say_why_their_ranges_differ_from_the_main_figures():
    assert "dapat berbeda kisaran dan tandanya" in r.scenario_table(kabupaten()).html


def test_the_methods_page_does_not_claim_a_range_for_every_number():
    assert "Setiap angka disertai" not in pages.edition_pages()["metode"]


def test_the_level_of_a_synthetic_study_is_not_called_official():
    assert "Disesuaikan dengan angka acuan buatan 17,12% tahun 2024" in r.method(kabupaten()).html
    assert "angka resmi kabupaten 17,12%" in r.method(kabupaten(made.facts(synthetic=False))).html


def test_official_figures_beside_synthetic_ones_are_said_to_be_of_the_real_place():
    assert "Angka resmi BPS 2024 (wilayah yang sebenarnya): 17,12%" in kabupaten().headline.comparison
    assert "Angka resmi BPS 2024: 17,12%" in kabupaten(made.facts(synthetic=False)).headline.comparison


def test_the_totals_of_the_page_stand_side_by_side():
    amounts = [amount for _, amount, _ in kabupaten().zero_cost.amounts]
    assert len(amounts) == 6 and kabupaten().needs.total.text in amounts


def test_unmatched_names_are_a_share_of_the_names_of_the_list():
    table = made.published()
    rows = table[(table["area"] == "1704") & (table["programme"] == "sembako") & (table["topic"] == "targeting")]
    number = rows.set_index("indicator")["value"]
    reach = next(reach for reach in kabupaten().reach if reach.short == "BPNT")
    said = next(text for text in reach.sentences if "nama penerima tidak ditemukan" in text)
    assert number["unmatched_share"] < number["unmatched_recipients"] / number["recipients"]
    assert said.startswith(f"{number['unmatched_share'] * 100:.1f}".replace(".", ",") + "% nama")


def outside_the_rule(*numbers):
    """The health agency's page where recipients of PBI-JKN outside its rule are known by these numbers."""
    table = made.published()
    row = table[(table["topic"] == "reasons") & (table["area"] == "1704")].iloc[[0]]
    more = [
        row.assign(topic=topic, indicator=name, programme="pbi_jk", unit="keluarga", value=value, status="tampil")
        for topic, name, value in numbers
    ]
    return r.agency_view(pd.concat([table, *more]), FACTS, made.AREA, "dinkes")


ALL_OUTSIDE = ("targeting", "outside_rules_families", 2281.0)
PART_OUTSIDE = ("reasons", "included_ineligible_families", 1742.0)


def test_the_recipients_to_verify_are_those_whose_share_the_page_prints():
    wanted = "Verifikasi 2.281 keluarga penerima PBI-JKN yang menurut catatan registri di luar syarat program"
    assert sentence(outside_the_rule(ALL_OUTSIDE, PART_OUTSIDE), "periksa").startswith(wanted)


def test_where_all_outside_the_rule_are_told_a_part_of_them_is_not():
    codes = [action.code for action in outside_the_rule(ALL_OUTSIDE, PART_OUTSIDE).actions]
    assert "periksa_sebagian" not in codes


def test_where_only_a_part_is_known_the_sentence_names_it():
    wanted = "1.742 keluarga penerima PBI-JKN di daftar sasaran yang diperkirakan bukan miskin ekstrem"
    assert wanted in sentence(outside_the_rule(PART_OUTSIDE), "periksa_sebagian")


def test_recipients_outside_the_rule_are_told_the_rule():
    assert "di luar syarat (di atas desil 5)" in sentence(outside_the_rule(PART_OUTSIDE), "periksa_sebagian")


def test_the_methods_page_says_what_is_uncertain_of_a_programme():
    doubt = made.PROGRAMMES["sembako"].doubt
    assert f"Keraguan: {doubt}" in pages.edition_pages()["metode"]


@pytest.mark.parametrize("page", ["kecamatan", "kabupaten", "opd"])
def test_recipients_who_are_not_extremely_poor_are_not_called_outside_the_target(page):
    html = pages.all_pages()[page]
    assert ">Di luar sasaran<" not in html and ">Bukan miskin ekstrem</th>" in html


def test_paper_says_too_that_serving_others_may_be_right():
    html = r.targeting_sentences(kabupaten()).html
    assert "belum tentu keliru" in re.sub(r'<div class="screen">.*?</div></div>', "", html, flags=re.S)


def test_the_programmes_own_rules_are_another_thing_than_extreme_poverty():
    html = r.targeting_sentences(kabupaten()).html
    assert "Sedikitnya 12,0% penerima menurut catatan registri tidak memenuhi syarat program yang kini berlaku." in html


def with_numbers(code, **numbers):
    """The made-up edition with other numbers of extreme poverty in one kecamatan: value and half width."""
    table = made.published().copy()
    for name, (value, half) in numbers.items():
        rows = (table["topic"] == "poverty") & (table["area"] == code) & (table["group"] == "")
        table = table[~(rows & (table["indicator"] == f"{name}_difference"))]
        rows = rows.reindex(table.index) & (table["indicator"] == name)
        table.loc[rows, ["value", "low", "high"]] = [value, value - half, value + half]
        table.loc[rows, "status"] = "tampil"
    return {place.name: place for place in r.kabupaten_view(table, FACTS, made.AREA).pockets.places}["Nasal"]


@pytest.mark.parametrize(
    ("share", "families", "quadrant"),
    [(0.4, 5000.0, "I"), (0.01, 5000.0, "II"), (0.01, 10.0, "III"), (0.4, 10.0, "IV")],
)
def test_share_and_number_decide_the_quadrant(share, families, quadrant):
    place = with_numbers("1704010", extreme_share=(share, 0.001), extreme_families=(families, 1.0))
    assert (place.quadrant, place.sure) == (quadrant, True)


@pytest.mark.parametrize("indicator", ["extreme_share", "extreme_families"])
def test_a_kecamatan_whose_share_or_number_is_protected_has_no_quadrant(indicator):
    table = made.published().copy()
    rows = (table["topic"] == "poverty") & (table["area"] == "1704010") & (table["indicator"] == indicator)
    table.loc[rows, "status"] = "disembunyikan"
    pockets = r.kabupaten_view(table, FACTS, made.AREA).pockets
    assert {place.name: place.quadrant for place in pockets.places}["Nasal"] == ""


def test_a_quadrant_stands_under_its_own_words():
    html = r.poverty_pockets(kabupaten()).html
    for place in kabupaten().pockets.places:
        label = next((label for code, label in kabupaten().pockets.quadrants if code == place.quadrant), None)
        if label:
            group = html[html.index(f"{place.quadrant} · {label}") :]
            assert f'<th scope="row">{place.name}' in group[: group.index("</tbody>")]


def test_a_quadrant_is_sure_where_share_and_number_both_stand_apart():
    place = with_numbers("1704010", extreme_share=(0.4, 0.01), extreme_families=(5000.0, 10.0))
    assert (place.quadrant, place.sure) == ("I", True)


def test_a_quadrant_is_not_sure_where_the_number_may_be_the_usual():
    place = with_numbers("1704010", extreme_share=(0.4, 0.01), extreme_families=(5000.0, 4990.0))
    assert (place.quadrant, place.sure) == ("I", False)


def test_what_goes_with_extreme_poverty_stands_under_keterkaitan():
    html = r.association(kabupaten()).html
    assert "jelas lebih sering daripada pada keluarga lain: air minum dari sumber tidak terlindung (41%" in html


def test_a_determinant_that_does_not_set_the_extreme_poor_apart_is_not_named():
    assert "tanpa jamban" not in kabupaten().association.sentences[1]


def test_what_is_rarer_among_the_extreme_poor_is_said_to_be():
    words = {row.label: row.word for row in kabupaten().association.determinants}
    assert words["Kepala keluarga bekerja di pertanian atau perikanan"] == "lebih rendah"


def test_the_kecamatan_where_a_determinant_is_most_frequent_are_named():
    assert kabupaten().association.determinants[0].places.count("%") == 3


def test_a_share_of_people_is_not_said_to_be_counted_over_families():
    assert kabupaten().indicators[0].basis.startswith("penduduk di ")


def test_depth_says_its_unit():
    assert "P1: rata-rata jarak ke garis kemiskinan, persen dari garis" in r.association(kabupaten()).html


def test_pockets_say_that_they_are_compared_before_rounding():
    assert "dibandingkan sebelum dibulatkan" in r.poverty_pockets(kabupaten()).html


def test_a_source_is_named_once():
    names = kabupaten().position.sources.split("; ")
    assert len(set(names)) == len(names) and "Kupas Bengkulu" not in names


def test_keterkaitan_says_that_the_model_used_it():
    assert "dipakai model untuk menaksir kemiskinan" in r.association(kabupaten()).html
