"""Which covariates the chosen welfare model holds."""

import warnings

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.poverty import SurveyDesign, welfare_model


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
