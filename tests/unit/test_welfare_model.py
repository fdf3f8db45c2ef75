"""Which covariates the chosen welfare model holds, how candidates are judged, and which one is chosen."""

import warnings

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import SurveyDesign, comparability, welfare, welfare_model


def survey(size: int = 500) -> SurveyDesign:
    """Households whose welfare hangs on one covariate, and a little on a receipt that a lasso does not see."""
    random = np.random.default_rng(4)
    schooling, received = random.normal(size=size), (random.random(size) < 0.08).astype(float)
    noise = random.normal(size=(size, 6))
    log_welfare = 13 + 0.4 * schooling - 0.1 * received + 0.4 * random.normal(size=size)
    table = pd.DataFrame({"welfare": np.exp(log_welfare), "schooling": schooling, "received": received, "w": 1.0})
    table = table.assign(psu=np.arange(size) // 10, **{f"noise_{place}": noise[:, place] for place in range(6)})
    return SurveyDesign(table, "w", psu="psu")


def covariates_of(**options: list[str]) -> tuple[str, ...]:
    candidates = ["schooling", "received", *(f"noise_{place}" for place in range(6))]
    line = float(np.exp(12.7))
    return welfare_model(survey(), "welfare", candidates, line, kinds=("lasso",), **options).covariates


def test_the_lasso_drops_what_it_does_not_see() -> None:
    assert "received" not in covariates_of()


def test_what_families_are_told_apart_by_stays_in_the_model() -> None:
    assert covariates_of(always=["received"]) == ("schooling", "received")


def of_one_block(candidates: list[str]) -> np.ndarray:
    """Out-of-fold predictions where one block alone has a boat and another alone lives on stilts."""
    design = survey()
    boat, stilts = design.data["psu"] == 7, np.where(design.data["psu"] == 21, "stilts", "ground")
    table = design.data.assign(boat=boat.astype(float), house=stilts)
    model = welfare_model(
        SurveyDesign(table, "w", psu="psu"), "welfare", candidates, float(np.exp(12.7)), kinds=("wls", "quantile"),
        rare=5,
    )  # fmt: skip
    return model.predictions


@pytest.mark.parametrize(("covariate", "block"), [("boat", 7), ("house", 21)])
def test_what_only_the_blocks_left_out_have_counts_nothing_for_them(covariate: str, block: int) -> None:
    own = (survey().data["psu"] == block).to_numpy()
    with_it, without = of_one_block(["schooling", covariate])[own], of_one_block(["schooling"])[own]
    assert with_it == pytest.approx(without, rel=1e-9)


def test_what_only_the_blocks_left_out_have_raises_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_one_block(["schooling", "boat", "house"])


LINE = float(np.exp(12.7))


def uneven() -> SurveyDesign:
    """The same survey with weights that differ."""
    design = survey()
    weights = np.random.default_rng(9).uniform(0.5, 3, len(design.data))
    return SurveyDesign(design.data.assign(w=weights), "w", psu="psu")


@pytest.fixture(scope="module")
def judged():
    """Weighted least squares judged out of sample, with what it is judged by."""
    design = uneven()
    model = welfare_model(design, "welfare", ["schooling", "received", "noise_0"], LINE, kinds=("wls",))
    return model, np.log(design.data["welfare"].to_numpy()), model.predictions, design.weight


def test_explained_variance_is_that_of_predictions_out_of_sample(judged) -> None:
    model, y, predicted, w = judged
    whole = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    assert model.comparison["r2"].item() == pytest.approx(1 - np.average((y - predicted) ** 2, weights=w) / whole)


def test_exclusion_counts_the_poor_outside_a_quota_as_large_as_their_number(judged) -> None:
    model, y, predicted, w = judged
    poor, listed, left = np.exp(y) < LINE, set(), w[np.exp(y) < LINE].sum()
    for household in sorted(range(len(y)), key=lambda place: predicted[place]):
        left -= w[household]
        if left < -1e-9:
            break
        listed.add(household)
    missed = sum(w[household] for household in np.flatnonzero(poor) if household not in listed)
    assert model.comparison["exclusion_at_quota"].item() == pytest.approx(missed / w[poor].sum())


@pytest.mark.parametrize("unit", [1.0, 0.1, 1 / 3])
def test_a_perfect_ranking_excludes_nobody(unit: float) -> None:
    missed = [
        welfare._scores("quantile", y, y, np.full(size, unit), y < count, count / size)["exclusion_at_quota"]
        for size in range(20, 200)
        for y in [np.arange(float(size))]
        for count in range(1, size, 7)
    ]
    assert missed == [0.0] * len(missed)


def test_auc_is_the_chance_that_a_poor_household_is_ranked_below_another(judged) -> None:
    model, y, predicted, w = judged
    poor = np.exp(y) < LINE
    pairs = w[poor][:, None] * w[~poor]
    below = (predicted[poor][:, None] < predicted[~poor]) + 0.5 * (predicted[poor][:, None] == predicted[~poor])
    assert model.comparison["auc"].item() == pytest.approx((pairs * below).sum() / pairs.sum())


def test_calibration_is_the_slope_of_welfare_on_its_prediction(judged) -> None:
    model, y, predicted, w = judged
    together = np.cov(predicted, y, aweights=w)
    assert model.comparison["calibration_slope"].item() == pytest.approx(together[0, 1] / together[0, 0])


def test_the_poorest_fifth_is_taken_for_better_off_than_it_is(judged) -> None:
    model, y, predicted, w = judged
    poorest = y <= np.quantile(y, 0.2)
    residual = np.average((y - predicted)[poorest], weights=w[poorest])
    assert model.comparison["poorest_residual"].item() == pytest.approx(residual) and residual < 0


ALONE_OR_TOGETHER = [("lasso",), ("quantile",), ("logit",), ("lasso", "logit"), ("logit", "wls")]


@pytest.mark.parametrize("kinds", ALONE_OR_TOGETHER, ids="+".join)
def test_welfare_is_predicted_alike_whichever_candidates_are_compared(judged, kinds: tuple[str, ...]) -> None:
    model, _, predicted, _ = judged
    found = welfare_model(uneven(), "welfare", ["schooling", "received", "noise_0"], LINE, kinds=kinds)
    np.testing.assert_array_equal(found.predictions, predicted)
    assert found.smearing == model.smearing


@pytest.mark.parametrize("kinds", ALONE_OR_TOGETHER, ids="+".join)
def test_smeared_predictions_have_the_mean_of_welfare(judged, kinds: tuple[str, ...]) -> None:
    _, y, _, w = judged
    found = welfare_model(uneven(), "welfare", ["schooling", "received", "noise_0"], LINE, kinds=kinds)
    smeared = found.smearing * np.exp(found.predictions)
    assert np.average(smeared, weights=w) == pytest.approx(np.average(np.exp(y), weights=w), rel=0.02)


def test_a_block_is_predicted_without_its_own_households() -> None:
    def of_block(times: float) -> np.ndarray:
        design = survey()
        own = design.data["psu"] == 7
        table = design.data.assign(welfare=design.data["welfare"].where(~own, times * design.data["welfare"]))
        found = welfare_model(SurveyDesign(table, "w", psu="psu"), "welfare", ["schooling"], LINE, kinds=("wls",))
        return found.predictions[own.to_numpy()]

    np.testing.assert_allclose(of_block(50.0), of_block(1.0), rtol=1e-12)


def test_the_simplest_candidate_that_excludes_hardly_more_is_chosen() -> None:
    design = uneven()
    model = welfare_model(design, "welfare", ["schooling", *(f"noise_{place}" for place in range(6))], LINE)
    table = model.comparison.set_index("candidate")
    w = design.weight[design.data["welfare"] < LINE]
    best = table["exclusion_at_quota"].min()
    near = table["exclusion_at_quota"] <= best + np.sqrt(best * (1 - best) * (w**2).sum()) / w.sum()
    assert table.loc[model.chosen, "terms"] == table.loc[near, "terms"].min() < table["terms"].max()
    assert near[model.chosen] and table.index[table["chosen"]].tolist() == [model.chosen]


@pytest.mark.parametrize(("noise", "alarms"), [(0.01, 4), (1.0, 0)])
def test_a_covariate_that_holds_the_answer_raises_an_alarm(noise: float, alarms: int) -> None:
    design = survey()
    rank = np.log(design.data["welfare"]) + noise * np.random.default_rng(2).normal(size=len(design.data))
    known = SurveyDesign(design.data.assign(rank=rank), "w", psu="psu")
    warned = welfare_model(known, "welfare", ["schooling", "rank"], LINE).warnings
    assert len(warned) == alarms and all("already holds the answer" in each for each in warned)


def test_a_covariate_that_separates_the_poor_leaves_every_score_finite() -> None:
    design = survey()
    apart = (design.data["welfare"] < LINE).astype(float)
    known = SurveyDesign(design.data.assign(apart=apart), "w", psu="psu")
    model = welfare_model(known, "welfare", ["schooling", "apart"], LINE)
    assert model.comparison["exclusion_at_quota"].max() < 0.05 and model.warnings
    assert np.isfinite(model.coefficients[["value", "se"]].to_numpy()).all()


@pytest.mark.parametrize(("moved", "comparable"), [(0.24, True), (0.26, False)])
def test_numbers_are_comparable_below_a_quarter_of_their_spread(moved: float, comparable: bool) -> None:
    registry = pd.DataFrame({"size": [-1.0, 1.0]})
    found = comparability(registry.assign(w=1.0) + {"size": moved, "w": 0.0}, registry, ["size"], "w")
    assert found["difference"].item() == pytest.approx(moved) and bool(found["comparable"].item()) is comparable


@pytest.mark.parametrize(("earth", "comparable"), [(64, True), (66, False)])
def test_categories_are_comparable_below_fifteen_points_of_their_distribution(earth: int, comparable: bool) -> None:
    survey = pd.DataFrame({"w": [50.0, 50.0], "floor": ["earth", "good"]})
    registry = pd.DataFrame({"floor": ["earth"] * earth + ["good"] * (100 - earth)})
    assert bool(comparability(survey, registry, ["floor"], "w")["comparable"].item()) is comparable
