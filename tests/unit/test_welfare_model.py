"""Which covariates the chosen welfare model holds."""

import numpy as np
import pandas as pd

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
