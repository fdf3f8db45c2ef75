"""A study file says everything that decides a result, or it is refused with the place and the remedy."""

import copy
import re

import pytest
from ruamel.yaml import YAML

from kaur_analysis import __version__
from kaur_analysis.errors import StudyRejected
from kaur_analysis.study import Line, Source, Study, load_study

GOOD = {
    "edition": "2025",
    "reference_date": "2025-03-31",
    "sources": [
        {"name": "dtsen_keluarga", "kind": "dtsen_family", "path": "dtsen/*.csv", "locale": "en"},
        {"name": "pkh_2024", "kind": "recipients", "path": "pkh.xlsx", "programme": "pkh", "period": "2024"},
    ],
    "registry": {"precedence": ["dtsen_keluarga"], "targeting_list": "dtsen_keluarga"},
    "lines": [
        {
            "kind": "poverty",
            "rupiah": 500000,
            "month": "2025-03",
            "area": "1704",
            "source": "uji",
            "accessed": "2026-01-01",
        },
        {
            "kind": "extreme",
            "rupiah": 350000,
            "month": "2025-03",
            "area": "1704",
            "source": "uji",
            "accessed": "2026-01-01",
        },
    ],
    "programmes": ["pkh"],
}


@pytest.fixture
def write(tmp_path):
    def _write(**changes):
        content = copy.deepcopy(GOOD) | changes
        path = tmp_path / "studi.yaml"
        YAML().dump(content, path)
        return path

    return _write


def refusal(path):
    with pytest.raises(StudyRejected) as caught:
        load_study(path)
    return str(caught.value)


WRONG = [
    5,
    -1,
    2.5,
    float("inf"),
    "tidak tahu",
    "",
    True,
    [],
    ["a"],
    [[1]],
    {},
    {"a": "b"},
    {"code": ["a"]},
    [{"code": ["a"]}],
    None,
]


@pytest.mark.parametrize("key", sorted({*Study.model_fields} - {"folder"}))
@pytest.mark.parametrize("value", WRONG, ids=str)
def test_whatever_is_written_for_a_key_is_read_or_refused_with_a_reason_in_indonesian(write, key, value):
    try:
        load_study(write(**{key: value}))
    except StudyRejected as refused:
        assert not re.search(r"Input|should|valid |unable|nilai tidak sah$", str(refused), re.MULTILINE)


@pytest.mark.parametrize("model", [Source, Line])
@pytest.mark.parametrize("value", WRONG, ids=str)
def test_whatever_is_written_in_a_part_is_read_or_refused_with_a_reason_in_indonesian(write, model, value):
    part = "sources" if model is Source else "lines"
    for key in model.model_fields:
        first, second = copy.deepcopy(GOOD[part])
        try:
            load_study(write(**{part: [first | {key: value}, second]}))
        except StudyRejected as refused:
            assert not re.search(r"Input|should|valid |unable|nilai tidak sah$", str(refused), re.MULTILINE)


def test_years_and_codes_need_no_quotation_marks(write):
    source = GOOD["sources"][1] | {"period": 2024}
    study = load_study(write(edition=2025, area=1704, sources=[GOOD["sources"][0], source]))
    assert (study.edition, study.area, study.sources[1].period) == ("2025", "1704", "2024")


@pytest.mark.parametrize("path", ["", " ", ".", "/", "./", "//", "/."])
def test_a_path_that_names_no_file_is_refused(write, path):
    sources = [GOOD["sources"][0] | {"path": path}, GOOD["sources"][1]]
    assert "path harus menyebut berkas" in refusal(write(sources=sources))


def test_a_pattern_that_is_none_matches_nothing(write):
    study = load_study(write(sources=[GOOD["sources"][0] | {"path": "sumber/**.csv"}, GOOD["sources"][1]]))
    with pytest.raises(StudyRejected, match="tidak ada berkas yang cocok"):
        study.files()


def test_a_file_whose_name_holds_brackets_is_found(write, tmp_path):
    for name in ("csr[1].csv", "csr1.csv", "pkh.xlsx"):
        (tmp_path / name).touch()
    study = load_study(write(sources=[GOOD["sources"][0] | {"path": "csr[1].csv"}, GOOD["sources"][1]]))
    assert [path.name for path in study.files()["dtsen_keluarga"]] == ["csr[1].csv"]


@pytest.mark.parametrize("written", ["500.000", "595.242"])
def test_a_line_with_a_dot_before_its_thousands_is_refused_with_words_about_the_dot(write, written):
    path = write()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rupiah: 500000", f"rupiah: {written}"), encoding="utf-8")
    assert f"Tulis {written.replace('.', '')} tanpa titik" in refusal(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("edition: [1\nseed: 1\n", "bukan YAML yang sah. Periksa"), ("seed: 1\nseed: 2\n", "baris 2: kunci di baris itu")],
)
def test_a_file_that_is_no_yaml_is_told_so_in_indonesian(tmp_path, text, said):
    path = tmp_path / "studi.yaml"
    path.write_text(text, encoding="utf-8")
    assert said in refusal(path)


def test_a_share_written_in_per_cent_is_told_how_a_share_is_written(write):
    official = {"share": 16.64, "year": 2025, "source": "BPS", "accessed": "2026-01-01"}
    assert "benchmark.share: paling besar 1 (bagian, bukan persen" in refusal(write(benchmark=official))


def test_a_key_that_is_like_no_other_is_answered_without_a_guess(write):
    assert refusal(write(garis=1)).endswith("garis: kunci tidak dikenal")


def test_a_good_study_loads(write):
    assert load_study(write()).edition == "2025"


def test_seconds_for_the_allocation_of_an_older_study_are_read_without_effect(write):
    assert load_study(write(allocation={"time_limit": 60})).allocation == load_study(write()).allocation


def test_the_area_is_kaur_unless_said_otherwise(write):
    assert load_study(write()).reference.name == "Kaur"


def test_a_loaded_study_cannot_be_changed(write):
    study = load_study(write())
    with pytest.raises(ValueError, match="frozen"):
        study.edition = "2026"


def test_an_unknown_key_is_refused_with_the_nearest_known_one(write):
    assert "maksud Anda 'reference_date'" in refusal(write(reference_dat="2025-03-31"))


def test_an_unknown_key_deep_inside_is_refused_with_its_place(write):
    sources = copy.deepcopy(GOOD["sources"])
    sources[1]["programe"] = "pkh"
    assert "sources.2.programe: kunci tidak dikenal; maksud Anda 'programme'" in refusal(write(sources=sources))


def test_all_problems_are_told_at_once(write):
    message = refusal(write(edition="", seed=-1))
    assert "edition" in message and "seed" in message


def test_an_extreme_line_at_the_poverty_line_is_refused(write):
    lines = copy.deepcopy(GOOD["lines"])
    lines[1]["rupiah"] = 500000
    assert "di bawah garis kemiskinan" in refusal(write(lines=lines))


def test_an_extreme_line_just_under_the_poverty_line_is_accepted(write):
    lines = copy.deepcopy(GOOD["lines"])
    lines[1]["rupiah"] = 499999
    assert load_study(write(lines=lines)).line("extreme") == 499999


def test_dollars_a_day_at_the_market_rate_are_refused_as_an_extreme_line(write):
    # 1.90 dollars at some 15 800 rupiah, against the line of Bengkulu province of March 2024
    poverty, extreme = copy.deepcopy(GOOD["lines"])
    lines = [poverty | {"rupiah": 671_095}, extreme | {"rupiah": 1.90 * 15_800 * 30}]
    assert "bukan kurs pasar" in refusal(write(lines=lines))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rupiah", 0),
        ("rupiah", float("nan")),
        ("rupiah", float("inf")),
        ("month", "2024-13"),
        ("month", "2024-00"),
        ("month", "Maret 2024"),
        ("area", ""),
        ("source", ""),
        ("accessed", "23-11-2026"),
        ("urban_rural", "kota"),
        ("kind", "hampir miskin"),
    ],
)
def test_a_line_without_its_particulars_is_refused(write, field, value):
    poverty, extreme = copy.deepcopy(GOOD["lines"])
    assert f"lines.1.{field}" in refusal(write(lines=[poverty | {field: value}, extreme]))


@pytest.mark.parametrize("month", ["2024-01", "2024-12"])
def test_the_first_and_the_last_month_of_a_year_are_months(write, month):
    lines = [line | {"month": month} for line in copy.deepcopy(GOOD["lines"])]
    assert load_study(write(lines=lines)).lines[0].month == month


def test_there_is_no_default_line(write):
    assert "poverty" in refusal(write(lines=GOOD["lines"][1:]))


def test_a_line_without_source_is_refused(write):
    lines = copy.deepcopy(GOOD["lines"])
    del lines[0]["source"]
    assert "lines.1.source: wajib diisi" in refusal(write(lines=lines))


def test_a_registry_of_an_unknown_source_is_refused(write):
    assert "maksud Anda 'dtsen_keluarga'" in refusal(write(registry={"precedence": ["dtsen_kelurga"]}))


def test_a_recipient_list_must_name_its_programme(write):
    sources = copy.deepcopy(GOOD["sources"])
    del sources[1]["programme"]
    assert "harus menyebut programme dan period" in refusal(write(sources=sources))


def test_an_unknown_programme_is_refused_with_the_nearest_code(write):
    assert "sembako" in refusal(write(programmes=["pkh", "sembakko"]))


def test_a_programme_of_the_catalogue_can_be_overridden_in_part(write):
    programmes = [{"code": "pkh", "quota": 1000}]
    assert load_study(write(programmes=programmes)).programme("pkh").quota == 1000


def test_an_overridden_programme_keeps_the_rest_of_its_entry(write):
    programmes = [{"code": "pkh", "quota": 1000}]
    assert load_study(write(programmes=programmes)).programme("pkh").agency == "dinsos"


def test_a_programme_of_an_unknown_agency_is_refused(write):
    programmes = [{"code": "pkh", "agency": "dinsoss"}]
    assert "maksud Anda 'dinsos'" in refusal(write(programmes=programmes))


def test_yaml_that_cannot_be_read_names_the_line(tmp_path):
    path = tmp_path / "studi.yaml"
    path.write_text("edition: '2025'\nsources: [\n", encoding="utf-8")
    assert "baris 3" in refusal(path)


def test_a_missing_file_tells_how_to_make_one(tmp_path):
    assert "kaur init" in refusal(tmp_path / "tidak_ada.yaml")


def test_an_edition_cannot_leave_its_folder(write):
    assert "edition" in refusal(write(edition="../lain"))


def test_paths_that_match_nothing_are_refused(write):
    with pytest.raises(StudyRejected, match="tidak ada berkas yang cocok"):
        load_study(write()).files()


def test_paths_may_be_patterns(write, tmp_path):
    (tmp_path / "dtsen").mkdir()
    for name in ("b.csv", "a.csv"):
        (tmp_path / "dtsen" / name).touch()
    (tmp_path / "pkh.xlsx").touch()
    assert [path.name for path in load_study(write()).files()["dtsen_keluarga"]] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("key", ["total", "apbd", "dinsos", "pkh"])
def test_a_budget_may_be_of_all_a_fund_an_agency_or_a_programme(write, key):
    assert load_study(write(budgets={key: 1e9})).budgets == {key: 1e9}


def test_a_budget_of_nobody_known_is_refused_with_the_nearest(write):
    assert "maksud Anda 'dinsos'" in refusal(write(budgets={"dinsoss": 1e9}))


def test_a_negative_budget_is_refused(write):
    assert "budgets" in refusal(write(budgets={"total": -1}))


def test_a_study_for_a_newer_program_is_refused_before_its_unknown_keys(write):
    with pytest.raises(StudyRejected, match=r"versi 999\.1; yang terpasang .* Perbarui program"):
        load_study(write(program="999.1", setting_of_the_future=1))


def test_a_study_for_this_program_loads(write):
    assert load_study(write(program=__version__)).program == __version__


def test_a_version_that_is_none_is_refused(write):
    with pytest.raises(StudyRejected, match="nomor versi"):
        load_study(write(program="terbaru"))


@pytest.mark.parametrize("name", ["CON", "nul", "aux.1", "com1", "2025."])
def test_an_edition_that_could_be_no_folder_on_windows_is_refused(write, name):
    with pytest.raises(StudyRejected, match="Windows"):
        load_study(write(edition=name))


@pytest.mark.parametrize("name", ["console", "2025-nul", "com10"])
def test_an_edition_that_only_resembles_a_device_is_accepted(write, name):
    assert load_study(write(edition=name)).edition == name


def lines(**extreme):
    poverty, lowest = copy.deepcopy(GOOD["lines"])
    return [poverty, lowest | extreme]


def test_lines_of_two_months_are_refused(write):
    assert "samakan bulannya" in refusal(write(lines=lines(month="2024-03")))


def test_an_urban_extreme_line_is_compared_with_the_urban_poverty_line(write):
    poverty, extreme = GOOD["lines"]
    urban, rural = ({**poverty, "urban_rural": w, "rupiah": r} for w, r in (("urban", 620000), ("rural", 510000)))
    study = write(lines=[urban, rural, {**extreme, "urban_rural": "urban", "rupiah": 520000}])
    assert load_study(study).lines[2].rupiah == 520_000


def test_a_line_in_rupiah_may_stand_beside_one_by_column(write):
    poverty, extreme = copy.deepcopy(GOOD["lines"])
    del poverty["rupiah"]
    assert load_study(write(lines=[poverty | {"column": "garis"}, extreme])).lines[0].column == "garis"


def test_the_lock_file_that_excel_leaves_beside_an_open_list_is_no_list(write, tmp_path):
    (tmp_path / "dtsen").mkdir()
    for name in ("a.csv", "~$a.csv"):
        (tmp_path / "dtsen" / name).write_text("", encoding="utf-8")
    (tmp_path / "pkh.xlsx").touch()
    assert [path.name for path in load_study(write()).files()["dtsen_keluarga"]] == ["a.csv"]


def test_a_study_saved_in_another_encoding_says_how_to_save_it(tmp_path):
    path = tmp_path / "studi.yaml"
    path.write_bytes("edition: '2025'\n".encode("utf-16"))
    assert "UTF-8" in refusal(path)


SUSENAS = ("susenas_household", "susenas_person", "susenas_consumption")
SURVEY = [{"name": kind, "kind": kind, "wave": "2024-03", "path": f"{kind}.dbf"} for kind in SUSENAS]
PRICES = {"index": {"2024-03": 105.0, "2025-03": 106.05}, "source": "indeks uji", "accessed": "2026-01-01"}


def surveyed(**changes):
    """Sources with a survey of March 2024, or with what is changed of it."""
    return [*copy.deepcopy(GOOD["sources"]), *(source | changes for source in SURVEY)]


def test_lines_of_another_month_than_the_survey_are_told_where_no_index_is_named(write):
    (told,) = load_study(write(sources=surveyed())).mixed_months
    assert "survei berharga 2024-03, garis berharga 2025-03" in told


def test_lines_of_the_month_of_the_survey_need_no_word(write):
    assert load_study(write(sources=surveyed(wave="2025-03"))).mixed_months == ()


def test_a_survey_without_a_month_is_told(write):
    survey = {"name": "survei", "kind": "household_survey", "path": "survei.csv"}
    (told,) = load_study(write(sources=[*copy.deepcopy(GOOD["sources"]), survey])).mixed_months
    assert "Bulan survei tidak disebut" in told


def test_an_official_share_of_another_year_than_the_survey_is_told(write):
    official = {"share": 0.17, "year": 2024, "source": "uji", "accessed": "2026-01-01"}
    (told,) = load_study(write(sources=surveyed(wave="2025-03"), benchmark=official)).mixed_months
    assert "Angka resmi tahun 2024 dikenakan pada survei 2025-03" in told


def test_a_named_index_carries_lines_to_the_prices_of_the_survey(write):
    study = load_study(write(sources=surveyed(), prices=PRICES))
    assert study.line("poverty") == pytest.approx(500_000 * 105.0 / 106.05, rel=1e-12)
    assert study.mixed_months == ()


def test_a_carried_line_says_by_which_index(write):
    line = load_study(write(sources=surveyed(), prices=PRICES)).priced_lines[0]
    assert (line.month, line.source) == ("2024-03", "uji; dari harga 2025-03 dengan indeks × 0,9901 (indeks uji)")


def test_an_index_without_the_month_of_a_line_is_refused(write):
    index = {"index": {"2024-03": 105.0}}
    assert "indeks untuk 2025-03 tidak ada" in refusal(write(sources=surveyed(), prices=PRICES | index))


def test_susenas_files_of_two_months_are_refused(write):
    other = SURVEY[0] | {"name": "tahun_lain", "wave": "2025-03"}
    assert "bulan yang berlainan" in refusal(write(sources=[*surveyed(), other]))


def test_a_registry_names_at_least_one_source(write):
    assert "paling sedikit satu sumber registri" in refusal(write(registry={"precedence": []}))


@pytest.mark.parametrize(
    "registry", [{"precedence": ["pkh_2024"]}, {"precedence": ["dtsen_keluarga"], "targeting_list": "pkh_2024"}]
)
def test_a_list_of_recipients_is_no_registry(write, registry):
    assert "registry menyebut sumber 'pkh_2024' yang bukan registri" in refusal(write(registry=registry))


@pytest.mark.parametrize("absent", SUSENAS)
def test_a_susenas_of_two_files_is_refused_by_the_third(write, absent):
    sources = [source for source in surveyed() if source["kind"] != absent]
    assert f"sources tidak memuat {absent}." in refusal(write(sources=sources))


def test_a_reference_date_that_has_not_been_is_refused(write):
    assert "reference_date (2995-03-31) belum terjadi" in refusal(write(reference_date="2995-03-31"))


def test_a_list_of_a_day_that_has_not_been_is_refused_by_its_name(write):
    sources = [GOOD["sources"][0] | {"as_of": "2995-01-01"}, GOOD["sources"][1]]
    assert "as_of sumber 'dtsen_keluarga' (2995-01-01) belum terjadi" in refusal(write(sources=sources))


def test_a_number_is_not_hidden_before_it_is_marked(write):
    assert "rse_caution (0.6) tidak boleh di atas rse_hide (0.5)" in refusal(
        write(thresholds={"rse_caution": 0.6, "rse_hide": 0.5})
    )
