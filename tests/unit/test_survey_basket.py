"""The basic-needs line worked by hand, and Ravallion's bounds on a curve that is known."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty import BasketSettings, basic_needs_line, ravallion_bounds

COMMODITIES = pd.DataFrame(
    {
        "commodity": ["rice", "fish", "rent", "clothes"],
        "group": ["food", "food", "non_food", "non_food"],
        "kcal": [3600.0, 1000.0, np.nan, np.nan],
        "basic_share": [np.nan, np.nan, 0.8, 0.5],
    }
)
# Five households of two persons; expenditure rises by 100 000, so a fifth of all persons is one household.
HOUSEHOLDS = pd.DataFrame(
    {
        "household": list("abcde"),
        "weight": 10.0,
        "size": 2.0,
        "expenditure": [300_000.0, 400_000.0, 500_000.0, 600_000.0, 700_000.0],
    }
)
# Rice 30 kg and fish 10 kg per household and month at the same prices: 118 000 kcal, 1 966.67 a day and person.
CONSUMPTION = pd.concat(
    [
        pd.DataFrame(
            {
                "household": household,
                "commodity": ["rice", "fish", "rent", "clothes"],
                "quantity": [30.0, 10.0, np.nan, np.nan],
                "value": [360_000.0, 240_000.0, rent, 40_000.0],
            }
        )
        for household, rent in zip("abcde", [50_000.0, 100_000.0, 200_000.0, 300_000.0, 400_000.0], strict=True)
    ],
    ignore_index=True,
)


def line(provisional: float = 400_000.0, **changes):
    tables = {"consumption": CONSUMPTION, "households": HOUSEHOLDS, "commodities": COMMODITIES} | changes
    return basic_needs_line(**tables, provisional=provisional)


FOOD = 300_000.0 * 2100 * 30 / 59_000  # per person: 300 000 rupiah buy 59 000 kcal a month


def test_the_food_line_is_the_basket_scaled_to_2100_kcal():
    assert line().food == pytest.approx(FOOD, rel=1e-12)


def test_the_line_settles_where_its_reference_population_is_its_own():
    # round 1: household b, 40 000 + 10 000 of basic non-food; 370 339 lies between a and b, so b remains the reference
    result = line()
    assert (result.total, result.settled) == (pytest.approx(FOOD + 50_000.0, rel=1e-12), "fixed")
    assert result.rounds["n_households"].tolist() == [1, 1]


def test_the_start_decides_between_two_lines_that_are_their_own_reference():
    # from above, household d leads to c, whose basic non-food is 90 000: 410 339 is just below c as well
    assert line(600_000.0).total == pytest.approx(FOOD + 90_000.0, rel=1e-12)


def test_the_parts_of_commodities_add_up_to_the_line():
    result = line()
    assert result.commodities["line"].sum() == pytest.approx(result.total, rel=1e-12)
    assert result.food + result.non_food == pytest.approx(result.total, rel=1e-12)


def test_calories_of_the_reference_population_are_told():
    assert line().rounds["kcal_per_day"].iloc[-1] == pytest.approx(59_000 / 30, rel=1e-12)


def test_weights_and_sizes_make_persons():
    doubled = HOUSEHOLDS.assign(weight=20.0)
    assert line(households=doubled).total == pytest.approx(line().total, rel=1e-12)


def test_a_line_that_goes_in_circles_is_the_mean_of_its_circle():
    # the basket of household b is so cheap that the line falls below a, and that of a lifts it above a again
    dear = CONSUMPTION.assign(value=CONSUMPTION["value"].where(CONSUMPTION["household"] != "b", 100_000.0))
    result = line(350_000.0, consumption=dear)
    totals = result.rounds["total"].tolist()
    assert result.settled == "cycle"
    assert result.total == pytest.approx(np.mean(totals[-2:]), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commodities": COMMODITIES.drop(columns="kcal")}, "lacks the columns"),
        ({"commodities": COMMODITIES.assign(kcal=np.nan)}, "kcal"),
        ({"commodities": COMMODITIES.assign(kcal=0.0)}, "no calories"),
        ({"commodities": COMMODITIES.assign(basic_share=1.2)}, "basic share"),
        ({"commodities": COMMODITIES.assign(group="makanan")}, "groups"),
        ({"commodities": pd.concat([COMMODITIES, COMMODITIES.head(1)])}, "repeat a commodity"),
        ({"households": HOUSEHOLDS.assign(size=[0.0, 1, 1, 1, 1])}, "sizes must be positive"),
        ({"households": HOUSEHOLDS.assign(expenditure=np.nan)}, "5 rows have no expenditure"),
        ({"households": HOUSEHOLDS.head(4)}, "belong to no household"),
        ({"consumption": CONSUMPTION.assign(quantity=np.nan)}, "quantity"),
        ({"consumption": CONSUMPTION.assign(value=-1.0)}, "20 rows have no value"),
    ],
)
def test_tables_that_cannot_be_are_refused(changes, message):
    with pytest.raises(EstimationError, match=message):
        line(**changes)


def test_a_provisional_line_above_almost_everybody_is_refused():
    with pytest.raises(EstimationError, match="reference needs 20%"):
        line(700_001.0)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(EstimationError):
        BasketSettings(reference_share=1.0)


SPENDING = np.linspace(200_000.0, 900_000.0, 60)
ALPHA, BETA, FOOD_LINE = 0.7, -0.12, 300_000.0
FOOD_SPENDING = SPENDING * (ALPHA + BETA * np.log(SPENDING / FOOD_LINE))


def test_the_lower_bound_adds_what_the_poorest_spend_beside_food():
    bounds = ravallion_bounds(FOOD_SPENDING, SPENDING, np.ones(60), FOOD_LINE)
    assert bounds.lower == pytest.approx(FOOD_LINE * (2 - ALPHA), rel=1e-10)


def test_who_lives_at_the_upper_bound_spends_the_food_line_on_food():
    upper = ravallion_bounds(FOOD_SPENDING, SPENDING, np.ones(60), FOOD_LINE).upper
    assert upper * (ALPHA + BETA * np.log(upper / FOOD_LINE)) == pytest.approx(FOOD_LINE, rel=1e-10)


def test_the_upper_bound_is_above_the_lower():
    bounds = ravallion_bounds(FOOD_SPENDING, SPENDING, np.ones(60), FOOD_LINE)
    assert FOOD_LINE < bounds.lower < bounds.upper


def test_weights_count_like_repeated_records():
    noisy = FOOD_SPENDING * np.where(np.arange(60) % 2, 1.05, 0.95)
    weights = np.where(np.arange(60) % 2, 3, 1)
    weighted = ravallion_bounds(noisy, SPENDING, weights, FOOD_LINE)
    repeated = ravallion_bounds(
        np.repeat(noisy, weights), np.repeat(SPENDING, weights), np.ones(weights.sum()), FOOD_LINE
    )
    assert weighted.upper == pytest.approx(repeated.upper, rel=1e-10)


@pytest.mark.parametrize(
    ("food", "food_line"),
    [
        (SPENDING * (0.3 + 0.1 * np.log(SPENDING / FOOD_LINE)), FOOD_LINE),
        (SPENDING * 0.5 * (FOOD_LINE / SPENDING) ** 1.5, FOOD_LINE),
        (SPENDING * 1.1, FOOD_LINE),
        (FOOD_SPENDING, 0.0),
    ],
    ids=["share rises", "food spending never reaches the line", "food above the total", "no food line"],
)
def test_engel_curves_without_bounds_are_refused(food, food_line):
    with pytest.raises(EstimationError):
        ravallion_bounds(food, SPENDING, np.ones(60), food_line)
