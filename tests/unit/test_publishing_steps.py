"""What comes to the disclosure gate beside the numbers: the largest amounts, and the issue before this one."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.disclosure import publish
from kaur_analysis.errors import DataRejected
from kaur_analysis.intake import csv_text
from kaur_analysis.pipeline.steps.publish import extreme_by_desa, previous_issue, registered, scenario_rows
from kaur_analysis.pipeline.steps.targeting import _largest_unmatched, largest_benefits
from kaur_analysis.reference import load_area
from kaur_analysis.study import Thresholds


@pytest.fixture
def route():
    return pd.DataFrame(
        {
            "kecamatan": ["1704010", "1704010", "1704010", "1704020"],
            "p_extreme": [0.5, 0.0, 1.0, 0.25],
            "pkh": [1.0, 0.5, 0.0, 1.0],
            "rupiah_pkh": [100.0, 400.0, 0.0, 300.0],
        }
    )


def largest(route, indicator, area):
    table = largest_benefits(route, "pkh").set_index(["indicator", "area"])
    return list(table.loc[(indicator, area), ["first", "second"]])


def test_the_largest_benefits_of_the_kabupaten_are_those_of_any_kecamatan(route):
    assert largest(route, "benefit_rupiah", "all") == [300.0, 200.0]


def test_a_kecamatan_with_one_recipient_has_no_second(route):
    assert largest(route, "benefit_rupiah", "1704020") == [300.0, 0.0]


def test_the_largest_leakage_leaves_out_what_reaches_the_extremely_poor(route):
    assert largest(route, "leakage_rupiah", "1704010") == [200.0, 50.0]


def test_what_the_missed_would_need_is_dominated_as_the_benefits_are(route):
    # 1 missed and 1.5 reached in 1704010: the mean benefit is told by the number of the missed.
    assert largest(route, "unserved_rupiah", "1704010") == pytest.approx([200 / 1.5, 100 / 1.5])


def test_names_without_a_kecamatan_count_for_the_kabupaten():
    links = pd.DataFrame(
        {
            "programme": "pkh",
            "family": [None, None, "k1"],
            "kecamatan": ["1704010", None, "1704010"],
            "rupiah_year": [5.0, 9.0, 80.0],
        }
    )
    found = _largest_unmatched(links, "1704").set_index("area")
    assert list(found.loc["1704", ["first", "second"]]) == [9.0, 5.0]
    assert list(found.loc["1704010", ["first", "second"]]) == [5.0, 0.0]


def scored(**columns):
    """One scenario at the budget spent, as step 03 leaves it, published."""
    row = {"measure": "exclusion_error", "programme": "desil", "budget_share": 1.0, "value": 0.1, "se": 0.02}
    row |= {"low": 0.06, "high": 0.14, "informed": 0.05, "informed_se": 0.03, "informed_low": 0.0} | columns
    table = pd.DataFrame([row | {"informed_high": 0.12}])
    store = SimpleNamespace(read=lambda name: table)
    study = SimpleNamespace(registry=True, listed=("pkh",))
    edition = SimpleNamespace(study=study, store=store, area=SimpleNamespace(code="1704"))
    return scenario_rows(edition).set_index("indicator")


def test_a_scenario_comes_to_the_gate_with_the_relative_error_of_its_draws():
    assert scored().loc["exclusion_error", "rse"] == pytest.approx(0.2)


def test_the_other_end_of_the_range_has_a_relative_error_of_its_own():
    assert scored().loc["exclusion_error_informed", "rse"] == pytest.approx(0.6)


def test_how_many_families_a_budget_serves_is_no_estimate():
    assert np.isnan(scored(measure="served_families", value=500.0).loc["served_families", "rse"])


def study(path):
    return SimpleNamespace(previous_file=path, reference=load_area("1704"))


def test_without_an_earlier_issue_nothing_is_compared():
    assert previous_issue(study(None)) is None


def test_an_earlier_issue_is_read_back_as_it_was_published(tmp_path):
    counts = {"indicator": "families", "area": ["1704010", "1704020"], "unit": "keluarga", "value": [3.0, 90.0]}
    counts |= {"programme": "=pkh"}
    published, *_ = publish({"registry": pd.DataFrame(counts)}, Thresholds())
    (tmp_path / "published.csv").write_text(csv_text(published), encoding="utf-8")
    again = previous_issue(study(tmp_path / "published.csv"))
    pd.testing.assert_frame_equal(again, published)


def test_an_earlier_issue_that_tells_shares_of_hidden_bases_is_compared_with(tmp_path):
    shares = {"indicator": "exclusion_error", "area": ["1704010", "1704020"], "unit": "bagian", "value": [0.4, 0.5]}
    tables = {"targeting": pd.DataFrame(shares | {"programme": "pkh", "n": [4.0, 90.0]})}
    published, *_ = publish(tables, Thresholds())
    assert list(published["n"].isna()) == [True, False]
    (tmp_path / "published.csv").write_text(csv_text(published), encoding="utf-8")
    again, *_ = publish(tables, Thresholds(), previous_issue(study(tmp_path / "published.csv")))
    assert list(again["status"]) == list(published["status"])


@pytest.mark.parametrize("area", ["1705010", "17"])
def test_an_earlier_issue_that_tells_nothing_of_the_area_is_refused(tmp_path, area):
    counts = {"indicator": "families", "area": [area], "unit": "keluarga", "value": [90.0]}
    published, *_ = publish({"registry": pd.DataFrame(counts)}, Thresholds())
    (tmp_path / "published.csv").write_text(csv_text(published), encoding="utf-8")
    with pytest.raises(DataRejected, match="tidak ada angka Kabupaten Kaur"):
        previous_issue(study(tmp_path / "published.csv"))


def test_an_earlier_issue_of_a_header_alone_is_refused(tmp_path):
    counts = {"indicator": "families", "area": ["1704010"], "unit": "keluarga", "value": [90.0]}
    published, *_ = publish({"registry": pd.DataFrame(counts)}, Thresholds())
    (tmp_path / "published.csv").write_text(csv_text(published.head(0)), encoding="utf-8")
    with pytest.raises(DataRejected, match="tidak ada angka Kabupaten Kaur"):
        previous_issue(study(tmp_path / "published.csv"))


def test_official_figures_of_the_area_in_the_issue_of_another_kabupaten_do_not_make_it_its_own(tmp_path):
    shares = {"indicator": "poor_share", "area": ["1704"], "unit": "bagian", "value": [0.2], "period": "2024"}
    published, *_ = publish({"official": pd.DataFrame(shares)}, Thresholds())
    (tmp_path / "published.csv").write_text(csv_text(published), encoding="utf-8")
    with pytest.raises(DataRejected, match="edisi lalu"):
        previous_issue(study(tmp_path / "published.csv"))


def test_a_file_that_is_no_published_table_is_refused_with_the_columns_it_lacks(tmp_path):
    (tmp_path / "published.csv").write_text("area,value\n1704,3\n", encoding="utf-8")
    with pytest.raises(DataRejected, match="status"):
        previous_issue(study(tmp_path / "published.csv"))


def test_of_each_family_it_is_kept_in_which_draws_it_is_extremely_poor():
    draws = np.array([[1.0] * 9, [9.0] * 9, [9.0] * 8 + [1.0]], dtype=np.float32)
    tables = {
        "estimates/family_poverty": pd.DataFrame({"desa": ["a", "a", "b"], "p_extreme": [1.0, 0.0, 0.1]}),
        "estimates/welfare_draws": pd.DataFrame(draws).rename(columns=str).assign(family=["k1", "k2", "k3"]),
    }
    *_, packed = extreme_by_desa(lambda name, columns=None: tables[name][columns or tables[name].columns], 5.0)
    kept = np.unpackbits(packed.to_numpy(), axis=1, count=9)
    assert kept.tolist() == (draws < 5.0).astype(int).tolist()


def test_the_registry_s_people_are_counted_by_desa_kecamatan_and_kabupaten():
    families = pd.DataFrame(
        {
            "desa": ["1704010001", "1704010002", "1704020001"],
            "household_size": [4.0, 3.0, 2.0],
            "desil": [1, 2, 1],
            "in_targeting_list": [1.0, 0.0, 1.0],
        }
    )
    (rows,) = registered(lambda name, columns: families[columns], desil_extreme=1)
    people = rows[rows["indicator"].eq("people")].set_index("area")["value"]
    assert people.to_dict() == {
        "1704": 9.0,
        "1704010": 7.0,
        "1704020": 2.0,
        "1704010001": 4.0,
        "1704010002": 3.0,
        "1704020001": 2.0,
    }
