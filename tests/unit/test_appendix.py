"""The methods appendix of notebook 02 says what the model says, and names no census block."""

import base64
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from kaur_analysis.pipeline.steps import appendix
from kaur_analysis.pipeline.steps.poverty import scale_name
from kaur_analysis.poverty import empirical_best
from kaur_analysis.poverty.scales import Scale
from kaur_analysis.reporting.figures import HIGHER, LOWER, SIGNS
from tests.small_areas import LINE, kabupaten

CODES = [f"17040{number}0" for number in range(1, 7)]
NAMES = dict(zip(CODES, ["Nasal", "Maje", "Kaur Selatan", "Tetap", "Kinal", "Tanjung Kemuning"], strict=True))
OFFICIAL = SimpleNamespace(share=0.25, source="BPS", year=2024)


def model(codes):
    world = kabupaten(5, sigma_u=0.3, areas=6, families=80, psus_per_area=3, per_psu=8)
    place = {f"K{number:02d}": code for number, code in enumerate(CODES)}
    survey, registry = (
        table.assign(kecamatan=table["kecamatan"].map(place)) for table in (world.survey, world.registry)
    )
    survey = survey if codes else survey.drop(columns="kecamatan")
    lines = {"poor": LINE, "extreme": 0.6 * LINE}
    before = empirical_best(
        survey, registry, "welfare", ["size", "floor"], "kecamatan", lines, method="census_eb", seed=1, psu="psu"
    )
    return SimpleNamespace(before=before, after=before.benchmarked(OFFICIAL.share, "poor"))


@pytest.fixture(scope="module")
def with_codes():
    return model(codes=True)


@pytest.fixture(scope="module")
def without_codes():
    return model(codes=False)


def shares(result, group):
    rows = result.estimates.query("indicator == 'fgt0_poor'").drop(columns="mse").replace({"area": {"ALL": "1704"}})
    rows = rows.assign(indicator="poor_share", topic="poverty", group=group, n_households=24, n_psu=3)
    whole = rows.loc[rows["area"] == "1704", "value"].item()
    apart = rows[rows["area"] != "1704"].assign(indicator="poor_share_difference")
    apart[["value", "low", "high"]] -= whole  # as if the kabupaten were known exactly
    return pd.concat([rows, apart])


def edition(areas, direct=None, official=OFFICIAL):
    tables = {
        "estimates/poverty": pd.concat([shares(areas.after, ""), shares(areas.before, "model")]),
        "estimates/direct": shares(areas.before, "") if direct is None else direct,
        "estimates/family_poverty": areas.after.families(),
    }
    kecamatan = pd.DataFrame({"kecamatan": CODES, "name": list(NAMES.values())}).assign(
        latitude=[-4.9, -4.8, -4.8, -4.7, -4.7, -4.6], longitude=[103.1, 103.2, 103.3, 103.3, 103.4, 103.2]
    )
    return SimpleNamespace(
        study=SimpleNamespace(registry=object(), benchmark=official),
        area=SimpleNamespace(code="1704", kecamatan=kecamatan),
        names={"1704": "Kabupaten Kaur"} | NAMES,
        store=SimpleNamespace(read=tables.__getitem__),
    )


def words(section):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section.html))


def drawn(section):
    """The pictures of a section as SVG."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", section.html)
    return "".join(base64.b64decode(one).decode("utf-8") for one in found)


def test_no_step_speaks_of_families_without_a_registry(with_codes):
    none = edition(with_codes)
    none.study.registry = None
    assert appendix.coefficients(none, with_codes) is None


@pytest.mark.parametrize(("warnings", "said"), [((), "Tidak ada model"), (("auc",), "Periksa")])
def test_a_model_too_good_to_be_true_is_called_so(with_codes, warnings, said):
    assert said in words(appendix.alarms(edition(with_codes), SimpleNamespace(warnings=warnings)))


def test_every_coefficient_is_listed(with_codes):
    text = words(appendix.coefficients(edition(with_codes), with_codes))
    assert all(term in text for term in with_codes.after.model.coefficients["term"])


def test_effects_are_drawn_where_there_are_any(with_codes):
    assert "Pengaruh kecamatan dibandingkan sebaran normal" in appendix.effects(edition(with_codes), with_codes).html


def test_effects_that_are_all_zero_are_said_to_be(with_codes):
    flat = with_codes.after.model.groups * 0
    areas = SimpleNamespace(after=SimpleNamespace(model=SimpleNamespace(area_effects="survey", groups=flat)))
    assert "ditaksir 0" in words(appendix.effects(edition(with_codes), areas))


def test_without_codes_no_area_leans_on_its_sample(without_codes):
    assert "bobotnya 0 di semua 6 kecamatan" in words(appendix.shrinkage(edition(without_codes), without_codes))


def test_with_codes_every_area_has_a_weight(with_codes):
    picture = drawn(appendix.shrinkage(edition(with_codes), with_codes))
    assert all(name in picture for name in NAMES.values())


def test_with_codes_direct_and_model_values_are_drawn_for_each_kecamatan(with_codes):
    picture = drawn(appendix.direct_and_model(edition(with_codes)))
    assert "model" in picture and "Kabupaten Kaur" not in picture


def test_direct_estimates_of_the_kabupaten_stand_beside_the_model_before_and_after(without_codes):
    direct = shares(without_codes.before, "").query("area == '1704'")
    text = words(appendix.direct_and_model(edition(without_codes, direct)))
    assert all(way in text for way in ("langsung dari survei", "sebelum disesuaikan", "diterbitkan"))
    assert "25,0%" in text


def test_influence_of_census_blocks_names_none(without_codes):
    text = words(appendix.influence(edition(without_codes), without_codes))
    assert "nomor 1" in text and not re.search(r"P\d{3}", text)


def test_influence_of_kecamatan_names_them(with_codes):
    text = words(appendix.influence(edition(with_codes), with_codes))
    assert all(name in text for name in NAMES.values())


def test_both_paths_stand_side_by_side_where_the_survey_has_codes(with_codes, without_codes):
    text = words(appendix.paths(edition(with_codes), with_codes, without_codes.after))
    assert "dengan kode kecamatan" in text and "tanpa kode kecamatan" in text


def test_a_single_path_shows_what_codes_could_change(without_codes):
    assert "kepekaan" in words(appendix.paths(edition(without_codes), without_codes, None))


def test_a_benchmark_shows_the_official_share_and_both_values(without_codes):
    text = words(appendix.benchmark(edition(without_codes)))
    assert "25,00%" in text and "Kabupaten Kaur" in text


def test_no_official_share_is_said_to_be_missing(without_codes):
    assert "tidak menyebut angka resmi" in words(appendix.benchmark(edition(without_codes, official=None)))


def test_conclusions_warn_of_unseen_causes_only_without_codes(with_codes, without_codes):
    said = [
        "tidak terlihat tanpa kode" in words(appendix.conclusions(edition(a), a)) for a in (without_codes, with_codes)
    ]
    assert said == [True, False]


def test_conclusions_name_exactly_the_areas_whose_interval_lies_apart(with_codes):
    places = shares(with_codes.after, "").query("indicator == 'poor_share_difference'").set_index("area")
    apart = places[(places["low"] > 0) | (places["high"] < 0)].index
    assert 0 < len(apart) < len(places)
    first = words(appendix.conclusions(edition(with_codes), with_codes)).split("Boleh: membagi")[0]
    assert {code for code in CODES if NAMES[code] in first} == set(apart)


def test_conclusions_say_where_no_area_lies_apart(with_codes):
    wide = edition(with_codes)
    table = wide.store.read("estimates/poverty").assign(low=0.0, high=1.0)
    families = with_codes.after.families()
    wide.store = SimpleNamespace(read={"estimates/poverty": table, "estimates/family_poverty": families}.__getitem__)
    assert "Tidak satu kecamatan pun" in words(appendix.conclusions(wide, with_codes))


def test_the_map_marks_exactly_the_areas_whose_interval_lies_apart(with_codes):
    places = shares(with_codes.after, "").query("indicator == 'poor_share_difference'")
    found = appendix.area_map(edition(with_codes), "poor_share", "Penduduk miskin")
    expected = [(places["low"] > 0).sum(), (places["high"] < 0).sum()]
    assert [drawn(found).count(f">{SIGNS[word]} ") for word in (HIGHER, LOWER)] == expected
    assert 0 < sum(expected) < len(places)


def test_the_map_names_every_kecamatan_and_the_kabupatens_share(with_codes):
    found = appendix.area_map(edition(with_codes), "poor_share", "Penduduk miskin")
    assert "Dibandingkan kabupaten (25,0%)" in words(found)
    assert all(name.split()[0] in drawn(found) for name in NAMES.values())


def test_no_map_is_drawn_without_a_registry(with_codes):
    none = edition(with_codes)
    none.study.registry = None
    assert appendix.area_map(none, "poor_share", "Penduduk miskin") is None


def test_errors_from_few_census_blocks_are_said_to_be_too_small(with_codes):
    assert "6 wilayah disurvei pada kurang dari 4 blok sensus" in words(appendix.direct_and_model(edition(with_codes)))


def test_nothing_is_said_of_errors_from_enough_blocks(with_codes):
    direct = shares(with_codes.before, "").assign(n_psu=4)
    assert "blok sensus" not in words(appendix.direct_and_model(edition(with_codes, direct)))


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (Scale("log"), "Model log pengeluaran"),
        (Scale("log", shift=120_000.0, estimated=True), "geseran Rp120.000"),
        (Scale("box_cox", power=0.25, estimated=True), "λ = 0,25"),
    ],
)
def test_the_scale_of_spending_is_said_with_its_parameter(scale, said):
    assert said in appendix.scale_in_words(scale).replace("\u00a0", "").replace("Rp ", "Rp")


@pytest.mark.parametrize(
    ("scale", "name"),
    [(Scale("log"), "log"), (Scale("log", shift=2e5), "log, dengan geseran"), (Scale("box_cox"), "Box–Cox")],
)
def test_a_shifted_log_is_not_called_a_plain_one(scale, name):
    assert scale_name(scale) == name


def test_the_bootstraps_own_error_is_said(with_codes):
    assert "Monte Carlo" not in words(appendix.coefficients(edition(with_codes), with_codes))
    after = with_codes.before.benchmarked(OFFICIAL.share, "poor", 20)
    text = words(appendix.coefficients(edition(with_codes), SimpleNamespace(before=with_codes.before, after=after)))
    assert "bergalat Monte Carlo sekitar" in text


@pytest.mark.parametrize("transformation", ["log_shift", "box_cox"])
def test_other_scales_agree_with_the_official_share_too(transformation):
    world = kabupaten(5, areas=4, families=60, psus_per_area=2, per_psu=8)
    found = empirical_best(
        world.survey, world.registry, "welfare", ["size", "floor"], "kecamatan", LINE, transformation, seed=1,
        method="census_eb",
    ).benchmarked(0.2)  # fmt: skip
    assert found.estimates.query("area == 'ALL' and indicator == 'fgt0'")["value"].item() == pytest.approx(0.2)
