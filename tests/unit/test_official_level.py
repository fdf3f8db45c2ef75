"""Draws of families agree with the official share, give or take the error that it has itself."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from kaur_analysis.pipeline.steps.poverty import WELFARE, agreeing, official_error
from kaur_analysis.poverty import SurveyDesign, estimate_fgt
from kaur_analysis.poverty.intervals import erring

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


def test_without_one_the_surveys_own_error_stands_for_it(design):
    own = estimate_fgt(design, WELFARE, "line_poverty", alpha=(0,))["se"].iloc[0]
    assert official_error(study(None), design) == own > 0


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
