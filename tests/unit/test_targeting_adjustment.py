"""Poverty given receipt, and links given covariates."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting import ReceiptAdjustment, links_given_covariates, receipt_adjustment


def survey(size: int = 20_000, log_odds: float = 1.5) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    p = expit(rng.normal(-1.5, 1, size))
    received = (rng.random(size) < 0.3).astype(float)
    poor = rng.random(size) < expit(logit(p) - 0.4 + log_odds * received)
    return pd.DataFrame(
        {
            "p": p,
            "pkh": received,
            "poor": poor.astype(float),
            "weight": rng.uniform(1, 3, size),
            "psu": np.arange(size) // 10,
        }
    )


def adjustment(intercept: float = 0.0, slope: float = 1.0, pkh: float = 0.0, se: float = 0.0) -> ReceiptAdjustment:
    index = ["intercept", "slope", "pkh"]
    covariance = pd.DataFrame(np.diag([0, 0, se**2]), index=index, columns=index)
    return ReceiptAdjustment(("pkh",), pd.Series([intercept, slope, pkh], index=index), covariance)


def test_the_log_odds_of_receipt_are_found_again() -> None:
    fitted = receipt_adjustment(survey(), "poor", "p", "pkh")
    np.testing.assert_allclose(fitted.coefficients, [-0.4, 1.0, 1.5], atol=0.12)


def test_coefficients_and_errors_agree_with_statsmodels() -> None:
    import statsmodels.api as sm

    frame = survey(3000)
    fitted = receipt_adjustment(frame, "poor", "p", "pkh")
    X = sm.add_constant(np.column_stack([logit(frame["p"]), frame["pkh"]]))
    reference = sm.GLM(frame["poor"], X, family=sm.families.Binomial()).fit(cov_type="HC0", tol=1e-14)
    np.testing.assert_allclose(fitted.coefficients, reference.params, rtol=1e-7)
    np.testing.assert_allclose(fitted.covariance, reference.cov_params(), rtol=1e-6)


def test_the_design_gives_the_covariance() -> None:
    frame = survey(3000)
    with_design = receipt_adjustment(frame, "poor", "p", "pkh", design=SurveyDesign(frame, "weight", psu="psu"))
    by_household = receipt_adjustment(frame, "poor", "p", "pkh", "weight")
    ratio = np.diag(with_design.covariance) / np.diag(by_household.covariance)
    assert ((ratio > 0.7) & (ratio < 1.4)).all()  # PSUs made at random: the same size, not the same number
    assert not np.allclose(ratio, 1, rtol=1e-6)


def test_receipt_that_tells_nothing_changes_no_draw() -> None:
    draws = np.random.default_rng(1).random((500, 40)) < 0.3
    received = {"pkh": np.ones(500)}
    np.testing.assert_array_equal(adjustment().draws(draws, np.full(500, 0.3), received), draws)


@pytest.mark.parametrize("log_odds", [1.2, -1.2])
def test_adjusted_draws_have_the_adjusted_probability(log_odds: float) -> None:
    fitted = adjustment(pkh=log_odds)
    p = np.full(4000, 0.3)
    draws = np.random.default_rng(1).random((4000, 100)) < 0.3
    received = {"pkh": np.repeat([1.0, 0.0], [1000, 3000])}
    expected = fitted.probability(p, received)
    drawn = fitted.draws(draws, p, received).mean(axis=1)
    assert logit(expected[0]) - logit(expected[-1]) == pytest.approx(log_odds)
    assert drawn[:1000].mean() == pytest.approx(expected[0], abs=0.01)
    assert drawn[1000:].mean() == pytest.approx(expected[-1], abs=0.01)


def test_draws_keep_the_uncertainty_of_the_areas() -> None:
    # Two areas whose rate of poverty is uncertain: receipt that tells nothing but a level must not make it certain.
    rng = np.random.default_rng(1)
    area = np.repeat([0, 1], 2000)
    shock = rng.normal(0, 0.5, (2, 300))
    draws = rng.random((4000, 300)) < expit(-1 + shock[area])
    p = np.full(4000, draws.mean())
    fitted = adjustment(pkh=1.0)
    adjusted = fitted.draws(draws, p, {"pkh": np.ones(4000)}, areas=area)
    expected = expit(logit(p[0]) + 1.0 + shock[0]).std()
    assert adjusted[area == 0].mean(axis=0).std() == pytest.approx(expected, rel=0.15)


def test_draws_of_an_area_still_move_together() -> None:
    rng = np.random.default_rng(1)
    shock = rng.normal(0, 0.8, 200)
    draws = rng.random((1000, 200)) < expit(-1 + shock)
    p = np.full(1000, draws.mean())
    adjusted = adjustment(pkh=0.5).draws(draws, p, {"pkh": np.repeat([1.0, 0.0], 500)})
    assert np.corrcoef(draws.mean(axis=0), adjusted.mean(axis=0))[0, 1] > 0.95


def test_receipt_that_separates_the_poor_is_refused() -> None:
    frame = survey(300)
    with pytest.raises(EstimationError, match="memisahkan"):
        receipt_adjustment(frame.assign(pkh=frame["poor"]), "poor", "p", "pkh")


def test_a_programme_nobody_reports_is_refused() -> None:
    with pytest.raises(EstimationError, match="tidak bervariasi"):
        receipt_adjustment(survey(300).assign(pkh=0.0), "poor", "p", "pkh")


def doubtful_links(size: int = 200_000) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    x = rng.normal(size=size)
    received = rng.random(size) < expit(-1.5 + 1.2 * x)
    evidence = rng.normal(size=size) + 2 * received
    overall = received.mean()
    link = expit(logit(overall) + 2 * evidence - 2)
    link = np.where(rng.random(size) < 0.3, link, received.astype(float))
    return pd.DataFrame({"x": x, "received": received.astype(float), "link": link})


def test_links_given_covariates_are_calibrated_among_the_poor_and_the_rich() -> None:
    frame = doubtful_links()
    frame["updated"] = links_given_covariates(frame, "link", ["x"])
    doubtful = frame[(frame["link"] > 0) & (frame["link"] < 1)]
    for side in (doubtful[doubtful["x"] > 0.5], doubtful[doubtful["x"] < -0.5]):
        assert abs(side["updated"].mean() - side["received"].mean()) < 0.01
        assert abs(side["link"].mean() - side["received"].mean()) > 0.03


def test_known_links_stay_known() -> None:
    frame = doubtful_links(2000)
    updated = links_given_covariates(frame, "link", ["x"])
    known = frame["link"].isin([0.0, 1.0]).to_numpy()
    np.testing.assert_array_equal(updated[known], frame.loc[known, "link"])
