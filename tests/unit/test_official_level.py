"""Draws of families agree with the official share, give or take the error that it has itself."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import norm, t

from kaur_analysis.errors import StudyRejected
from kaur_analysis.pipeline.steps.poverty import WELFARE, official_error
from kaur_analysis.poverty import SurveyDesign, estimate_fgt
from kaur_analysis.poverty.level import agreeing, erring

LINE, SHARE, ERROR = 500_000.0, 0.17, 0.03
PEOPLE = np.random.default_rng(1).integers(1, 7, 4000).astype(float)


@pytest.fixture(scope="module")
def draws():
    random = np.random.default_rng(2)
    levels = random.normal(0, 0.02, 200)
    return np.exp(13.4 + levels + 0.5 * random.standard_normal((len(PEOPLE), 200))).astype(np.float32)


def levels(draws):
    return PEOPLE @ (draws < LINE) / PEOPLE.sum()


def test_levels_spread_as_the_official_share_errs(draws):
    drawn = logit(levels(agreeing(draws, PEOPLE, LINE, SHARE, ERROR)))
    assert drawn.std(ddof=1) == pytest.approx(ERROR / (SHARE * (1 - SHARE)), rel=0.01)


def test_levels_stay_at_the_official_share_on_average(draws):
    assert levels(agreeing(draws, PEOPLE, LINE, SHARE, ERROR)).mean() == pytest.approx(SHARE, abs=2e-5)


def test_a_share_surer_than_the_draws_moves_all_of_them_alike(draws):
    factors = agreeing(draws, PEOPLE, LINE, SHARE, 0.0001) / draws
    assert np.ptp(factors) == pytest.approx(0, abs=1e-6)


def test_families_keep_their_order_in_every_draw(draws):
    moved = agreeing(draws, PEOPLE, LINE, SHARE, ERROR)
    order = np.argsort(draws, axis=0, kind="stable")
    assert (np.diff(np.take_along_axis(moved, order, axis=0), axis=0) >= 0).all()


@pytest.fixture(scope="module")
def design():
    random = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            WELFARE: np.exp(random.normal(13.4, 0.5, 300)),
            "line_poverty": LINE,
            "psu": np.arange(300) // 10,
            "weight": 1.0,
        }
    )
    return SurveyDesign(table, "weight", psu="psu")


def study(error):
    return SimpleNamespace(benchmark=SimpleNamespace(share=SHARE, error=error))


def test_a_stated_error_of_the_official_share_is_taken(design):
    assert official_error(study(0.011), design) == 0.011


def test_without_an_official_share_there_is_no_error(design):
    assert official_error(SimpleNamespace(benchmark=None), design) == 0


SHARES = st.lists(st.floats(0.01, 0.6), min_size=20, max_size=60, unique=True).map(np.array)


@settings(deadline=None)
@given(SHARES, st.floats(0.001, 0.2))
def test_levels_keep_their_order_and_mean_whatever_the_error(drawn, error):
    found = erring(drawn, error)
    assert found.mean() == pytest.approx(drawn.mean(), abs=1e-9)
    assert (np.diff(found[np.argsort(drawn)]) >= 0).all()


@settings(deadline=None)
@given(SHARES, st.floats(0.001, 0.2))
def test_an_error_never_brings_levels_together(drawn, error):
    assert logit(erring(drawn, error)).std() >= logit(drawn).std() * (1 - 1e-9)


def test_logits_about_a_figure_are_those_worked_out_by_hand():
    # logits of 0.1, 0.2, 0.3 lie -0.72029, 0.09064, 0.62964 from their mean, with a standard deviation of 0.67951
    apart = np.array([-0.72029, 0.09064, 0.62964]) / 0.67951 * 0.2 / (0.25 * 0.75)
    found = logit(erring(np.array([0.1, 0.2, 0.3]), 0.2, 0.25))
    np.testing.assert_allclose(found, np.log(1 / 3) + apart, atol=2e-5)


def test_levels_about_a_figure_hold_the_truth_that_it_errs_from():
    random = np.random.default_rng(5)
    truth, n, times = 0.15, 400, 2000
    figures = random.binomial(n, truth, times) / n
    draws = random.normal(0, 0.001, 400)  # hardly any spread of the model's own
    held = 0
    for figure in figures:
        error = np.sqrt(figure * (1 - figure) / n)
        low, high = np.quantile(erring(figure + draws, error, figure), [0.025, 0.975])
        held += low <= truth <= high
    assert 0.93 <= held / times <= 0.97


def test_an_error_as_large_as_can_be_still_leaves_the_mean():
    found = erring(np.array([0.001, 0.002, 0.6]), 0.49)
    assert found.mean() == pytest.approx(0.201, abs=1e-9)


def test_the_surveys_own_error_is_widened_as_students_interval_is(design):
    own = estimate_fgt(design, WELFARE, "line_poverty", alpha=(0,))["se"].iloc[0]
    wider = t.ppf(0.975, design.degrees_of_freedom) / norm.ppf(0.975)
    assert official_error(study(None), design) == pytest.approx(own * wider)


def test_a_survey_without_poor_households_says_nothing_of_the_official_error(design):
    rich = SurveyDesign(design.data.assign(**{WELFARE: 10 * LINE}), "weight", psu="psu")
    with pytest.raises(StudyRejected, match=r"benchmark\.error"):
        official_error(study(None), rich)


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_survey_of_hardly_any_blocks_says_nothing_of_the_official_error(design, blocks):
    half = design.data.assign(psu=design.data.index * blocks // len(design.data))
    half[WELFARE] = np.where((half["psu"] == 0) & (half.index % 2 == 0), LINE / 2, LINE * 2)
    with pytest.raises(StudyRejected, match=r"benchmark\.error"):
        official_error(study(None), SurveyDesign(half, "weight", psu="psu", single_psu="center"))
