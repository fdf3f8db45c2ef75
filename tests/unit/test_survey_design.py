"""What a survey design accepts, refuses and reports."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import SurveyDesign, estimate_fgt, estimate_mean, estimate_total
from kaur_analysis.poverty.design import Cells, Grid, IntArray, numbered

BASE = pd.DataFrame(
    {
        "y": [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
        "w": [1.0, 2.0, 1.0, 2.0, 3.0, 1.0, 1.0, 2.0],
        "h": ["a", "a", "a", "a", "b", "b", "b", "b"],
        "k": ["1", "1", "2", "2", "1", "1", "2", "2"],
        "area": ["x", "y", "x", "y", "x", "y", "x", "y"],
    }
)


def design(**changes) -> SurveyDesign:
    return SurveyDesign(BASE.assign(**changes), "w", "h", "k")


def test_psu_labels_are_read_within_their_stratum():
    assert design().summary()["psus"] == 4


def test_degrees_of_freedom_are_psus_minus_strata():
    assert design().degrees_of_freedom == 2


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([-1.0] + [1.0] * 7, "1 negative"),
        ([np.nan] + [1.0] * 7, "1 not finite"),
        ([np.inf] + [1.0] * 7, "1 not finite"),
        ([0.0] * 8, "all zero"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, message):
    with pytest.raises(EstimationError, match=message):
        design(w=weights)


def test_an_absent_column_is_named():
    with pytest.raises(EstimationError, match="no column 'pengeluaran'"):
        estimate_mean(design(), "pengeluaran")


def test_a_text_column_has_no_mean():
    with pytest.raises(EstimationError, match="must be numeric"):
        estimate_mean(design(), "area")


def test_an_empty_sample_is_refused():
    with pytest.raises(EstimationError, match="no records"):
        SurveyDesign(BASE.head(0), "w")


def test_a_missing_stratum_is_refused():
    with pytest.raises(EstimationError, match="'h' is missing in 1 records"):
        design(h=[None, *BASE["h"][1:]])


def test_an_unknown_rule_for_single_psus_is_refused():
    with pytest.raises(EstimationError, match="single_psu"):
        SurveyDesign(BASE, "w", single_psu="adjust")


LONELY = BASE.assign(h=["a", "a", "a", "a", "b", "b", "lonely", "lonely"])


def test_a_stratum_with_one_psu_is_refused_by_name():
    with pytest.raises(EstimationError, match="'b', 'lonely'"):
        SurveyDesign(LONELY, "w", "h", "k")


@pytest.mark.parametrize("rule", ["center", "average", "certainty"])
def test_rules_for_single_psus_are_reported(rule):
    summary = SurveyDesign(LONELY, "w", "h", "k", single_psu=rule).summary()
    assert (summary["single_psu_rule"], summary["single_psu_strata"]) == (rule, ["b", "lonely"])


def test_average_needs_a_stratum_to_average_over():
    with pytest.raises(EstimationError, match="every stratum"):
        SurveyDesign(BASE.assign(k="1"), "w", "h", "k", single_psu="average")


def test_a_certainty_stratum_is_not_a_single_psu():
    table = LONELY.assign(n=LONELY["h"].map({"a": 10, "b": 1, "lonely": 1}))
    assert SurveyDesign(table, "w", "h", "k", fpc="n").summary()["single_psu_strata"] == []


def test_population_correction_as_count_and_as_fraction_agree():
    count = SurveyDesign(BASE.assign(f=8), "w", "h", "k", fpc="f")
    fraction = SurveyDesign(BASE.assign(f=0.25), "w", "h", "k", fpc="f")
    assert estimate_mean(count, "y")["se"].item() == estimate_mean(fraction, "y")["se"].item()


def test_population_correction_shrinks_the_error_by_the_unsampled_fraction():
    corrected = SurveyDesign(BASE.assign(f=0.25), "w", "h", "k", fpc="f")
    ratio = estimate_mean(corrected, "y")["se"].item() / estimate_mean(design(), "y")["se"].item()
    assert ratio == pytest.approx(0.75**0.5, rel=1e-12)


@pytest.mark.parametrize("fpc", [[1.5] * 8, [8] * 7 + [9], [8] * 7 + [np.nan], [0] * 8])
def test_population_corrections_that_cannot_be_are_refused(fpc):
    with pytest.raises(EstimationError, match="'f'"):
        SurveyDesign(BASE.assign(f=fpc), "w", "h", "k", fpc="f")


def test_missing_welfare_is_refused_where_it_counts():
    with pytest.raises(EstimationError, match="missing or infinite in 1 records"):
        estimate_mean(design(y=[np.nan, *BASE["y"][1:]]), "y")


def test_missing_welfare_outside_the_subpopulation_does_not_matter():
    table = design(y=[np.nan, *BASE["y"][1:]])
    assert np.isfinite(estimate_mean(table.where(table.data["y"].notna()), "y")["se"].item())


def test_a_record_without_a_label_is_in_no_area_but_its_psu_still_counts():
    labelled = design(area=["x", None, "x", None, "x", None, "x", None])
    expected = estimate_total(design(), "y", "area").set_index("area").loc["x"]
    row = estimate_total(labelled, "y", "area").set_index("area").loc["x"]
    assert (row["value"], row["se"]) == (expected["value"], expected["se"])


def test_a_domain_equals_the_subpopulation_with_the_whole_design_kept():
    domain = estimate_mean(design(), "y", "area").set_index("area").loc["y"]
    sub = estimate_mean(design().where(BASE["area"] == "y"), "y").iloc[0]
    assert sub["se"] == pytest.approx(domain["se"], rel=1e-12)


def test_the_error_of_a_domain_total_worked_by_hand():
    # area x: PSU totals 1 and 3 in stratum a, 24 and 21 in b: V = (1 − 3)² + (24 − 21)²
    row = estimate_total(design(), "y", "area").set_index("area").loc["x"]
    assert row["se"] == pytest.approx(13**0.5, rel=1e-12)


def test_an_area_without_weight_has_no_row():
    table = design().where(BASE["area"] == "x")
    assert estimate_mean(table, "y", "area")["area"].tolist() == ["x"]


def test_areas_keep_their_labels_and_order():
    table = estimate_mean(design(area=["1704020", "1704010"] * 4), "y", "area")
    assert table["area"].tolist() == ["1704010", "1704020"]


def test_households_are_counted_by_their_column_when_records_are_persons():
    table = BASE.assign(hh=["p", "p", "q", "q", "r", "s", "s", "s"])
    counted = SurveyDesign(table, "w", "h", "k", household="hh")
    assert estimate_mean(counted, "y")["n_households"].item() == 4


def test_records_with_zero_weight_are_not_counted():
    assert estimate_mean(design(w=[0.0, *BASE["w"][1:]]), "y")["n_households"].item() == 7


def test_psus_of_an_area_are_those_with_its_records():
    table = estimate_mean(design(area=["x", "x", "x", "x", "x", "x", "y", "y"]), "y", "area").set_index("area")
    assert table["n_psu"].to_dict() == {"x": 3, "y": 1}


def test_one_psu_gives_no_error_and_is_not_presented():
    table = estimate_mean(design(area=["x", "x", "x", "x", "x", "x", "y", "y"]), "y", "area").set_index("area")
    assert np.isnan(table.loc["y", "se"])
    assert table.loc["y", "quality"] == "tidak disajikan"


def test_a_design_does_not_follow_later_changes_of_the_frame():
    table = BASE.copy()
    fixed = SurveyDesign(table, "w", "h", "k")
    before = estimate_mean(fixed, "y")["value"].item()
    table.loc[0, "y"] = 1e9
    assert estimate_mean(fixed, "y")["value"].item() == before


@pytest.mark.parametrize("rule", ["center", "average", "certainty"])
def test_the_diagonal_of_the_covariance_is_the_variance(rule):
    lonely = SurveyDesign(LONELY, "w", "h", "k", single_psu=rule)
    influences = np.column_stack([BASE["y"], BASE["y"] ** 2, np.ones(8)])
    expected = [lonely.variance(each) for each in influences.T]
    np.testing.assert_allclose(np.diag(lonely.covariance(influences)), expected, rtol=1e-12)


def test_covariance_gives_the_variance_of_a_difference():
    influences = np.column_stack([BASE["y"], BASE["y"] ** 2])
    matrix = design().covariance(influences)
    expected = design().variance(influences[:, 1] - influences[:, 0])
    assert matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1] == pytest.approx(expected, rel=1e-12)


def test_the_data_are_not_changed():
    before = BASE.copy(deep=True)
    estimate_fgt(design().where(BASE["area"] == "x"), "y", 10.0, by="area")
    pd.testing.assert_frame_equal(BASE, before)


@pytest.fixture
def crossing() -> tuple[Cells, Grid, IntArray, IntArray]:
    """PSUs cut by domains both ways: only the occupied pairs, and all pairs."""
    random = np.random.default_rng(8)
    psu, code = random.integers(0, 60, 900), random.integers(0, 4, 900)
    stratum = np.arange(60) % 7
    stratum[stratum == 6] = np.where(np.flatnonzero(stratum == 6) == 6, 6, 0)  # stratum 6 keeps a single PSU
    table = pd.DataFrame({"w": 1.0, "psu": psu, "h": stratum[psu]})
    sampling = SurveyDesign(table, "w", "h", "psu", single_psu="center").sampling
    cell, domain, inner = numbered(code, sampling.psu, 60)
    place, _ = sampling.by_stratum
    return Cells(sampling, inner, domain, 4), Grid(sampling, 4), cell, place[sampling.psu] * 4 + code


def test_all_pairs_of_psu_and_domain_give_the_ratios_and_variances_of_the_occupied_ones(crossing):
    cells, grid, cell, pair = crossing
    above, below = np.random.default_rng(3).random((2, 900))
    above[300:] = 0.0
    found = grid.ratios([np.bincount(pair, above, grid.size)], np.bincount(pair, below, grid.size))
    expected = cells.ratios([np.bincount(cell, above, cells.size)], np.bincount(cell, below, cells.size))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_ratios_given_for_some_pairs_alone_are_those_with_zero_in_all_others(crossing):
    _, grid, _, pair = crossing
    above, below = np.random.default_rng(6).random((2, 900))
    below = np.bincount(pair, below, grid.size)
    pairs, number = grid.occupied(pair[:90])
    found = grid.ratios([np.bincount(number, above[:90])], below, pairs)
    expected = grid.ratios([np.bincount(pair[:90], above[:90], grid.size)], below)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_all_pairs_of_psu_and_domain_give_the_variance_of_totals_of_the_occupied_ones(crossing):
    cells, grid, cell, pair = crossing
    scores = np.random.default_rng(4).random(900)
    found = grid.variance(np.bincount(pair, scores, grid.size))
    np.testing.assert_allclose(found, cells.variance(np.bincount(cell, scores, cells.size)), rtol=1e-12)


def test_a_ratio_that_is_the_same_everywhere_has_no_variance_among_all_pairs(crossing):
    _, grid, _, pair = crossing
    below = np.bincount(pair, np.random.default_rng(5).random(900), grid.size)
    ((value, variance),) = grid.ratios([0.3 * below], below)
    np.testing.assert_allclose(value, 0.3, rtol=1e-12)
    np.testing.assert_allclose(variance, 0.0, atol=1e-12)


def test_all_pairs_of_psu_and_domain_touch_the_same_psus_and_strata(crossing):
    cells, grid, cell, pair = crossing
    half = np.arange(900) < 100
    one = np.bincount(cell, half, cells.size) > 0
    other = np.bincount(pair, half, grid.size) > 0
    np.testing.assert_array_equal(grid.touched(other), cells.touched(one))
