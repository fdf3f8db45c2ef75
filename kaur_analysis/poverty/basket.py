"""Poverty lines from what households consume: the basic-needs method of BPS and the bounds of Ravallion.

Both are arithmetic on a consumption module. What is official (the list of commodities, their calories, the share of
each non-food item that counts as basic) comes in as tables, so that an office puts its own in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from kaur_analysis.errors import EstimationError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BasketSettings:
    """Constants of the basic-needs method.

    Parameters
    ----------
    kcal_per_day
        Energy a person needs a day: 2 100 kcal (Widyakarya Pangan dan Gizi 1978, used by BPS since).
    days_per_month
        Days a month's consumption is spread over.
    reference_share
        Share of all persons, just above the provisional line, who make up the reference population (BPS: 20 %).
    tolerance
        Relative change of the line at which the iteration has settled.
    iterations
        Rounds after which it is given up.

    Raises
    ------
    EstimationError
        Calories or days are not positive, or the share not between 0 and 1.
    """

    kcal_per_day: float = 2100.0
    days_per_month: float = 30.0
    reference_share: float = 0.20
    tolerance: float = 1e-9
    iterations: int = 100

    def __post_init__(self) -> None:
        if not (self.kcal_per_day > 0 and self.days_per_month > 0 and 0 < self.reference_share < 1):
            raise EstimationError("calories and days must be positive and the reference share between 0 and 1")


DEFAULT_BASKET = BasketSettings()


@dataclass(frozen=True, eq=False)
class BasicNeedsLine:
    """A line of the basic-needs method and how it came about.

    Attributes
    ----------
    total, food, non_food
        Rupiah per person per month; ``total = food + non_food``.
    commodities
        ``(commodity, group, value, kcal, basic_share, line)``: rupiah and calories per person per month in the
        reference population, and what the commodity adds to the line.
    rounds
        ``(round, provisional, food, non_food, total, kcal_per_day, n_households)`` of each iteration.
    settled
        ``"fixed"`` when the line repeats itself, ``"cycle"`` when it goes round a few reference populations for ever;
        then the line is the mean of that cycle, and ``commodities`` belong to its last round.
    """

    total: float
    food: float
    non_food: float
    commodities: pd.DataFrame
    rounds: pd.DataFrame
    settled: str


def basic_needs_line(
    consumption: pd.DataFrame,
    households: pd.DataFrame,
    commodities: pd.DataFrame,
    provisional: float,
    *,
    settings: BasketSettings = DEFAULT_BASKET,
) -> BasicNeedsLine:
    """Poverty line by the basic-needs method of BPS.

    The food line is the value of the food basket of the reference population, scaled to the energy a person needs,

        food = Σ_k V_k · 2100 / Σ_k K_k,

    the non-food line Σ_j r_j V_j with r_j the basic share of each item. The reference population are the 20 % of
    persons just above the provisional line. The new line takes the provisional one's place until the line stays.
    More than one line can be its own reference; the start decides, so a published line names its provisional one.

    Parameters
    ----------
    consumption
        ``(household, commodity, quantity, value)`` per household and month, value in rupiah; commodities outside the
        list are ignored, commodities a household does not consume need no row. ``quantity`` counts only for food.
    households
        ``(household, weight, size, expenditure)``: household weight, number of members, and expenditure in rupiah per
        person per month.
    commodities
        ``(commodity, group, kcal, basic_share)``: group ``"food"`` or ``"non_food"``; kcal per unit of quantity (food);
        basic share 0–1 (non-food).
    provisional
        Line to start from, rupiah per person per month; usually last year's, inflated.
    settings
        Constants.

    Returns
    -------
    BasicNeedsLine
        Rupiah per person per month.

    Raises
    ------
    EstimationError
        Columns or values are missing or negative, a household is unknown or twice, fewer persons live above a
        provisional line than the reference population needs, their food has no calories, or the iteration does not
        settle.

    References
    ----------
    BPS, *Penghitungan dan Analisis Kemiskinan Makro Indonesia*, chapter on method; Priebe (2014), Bulletin of
    Indonesian Economic Studies 50.

    Examples
    --------
    Everyone eats the same rice, 70 000 kcal a month for 300 000 rupiah, so that 63 000 kcal cost 270 000:

    >>> people = pd.DataFrame({"household": range(10), "weight": 1.0, "size": 1, "expenditure": [4e5] * 10})
    >>> rice = pd.DataFrame({"household": range(10), "commodity": "rice", "quantity": 20.0, "value": 3e5})
    >>> basket = pd.DataFrame({"commodity": ["rice"], "group": "food", "kcal": 3500.0, "basic_share": np.nan})
    >>> round(basic_needs_line(rice, people, basket, 350_000).total)
    270000
    """
    weight, size, expenditure, listed, value, kcal = _arrays(consumption, households, commodities)
    food = (listed["group"] == "food").to_numpy()
    basic = np.where(food, 0.0, listed["basic_share"].to_numpy(dtype=np.float64, na_value=0.0))
    persons = weight * size
    rounds: list[dict[str, float]] = []
    line = float(provisional)
    if not line > 0:
        raise EstimationError(f"the provisional line must be positive, not {provisional}")
    for _ in range(settings.iterations):
        chosen = _just_above(expenditure, persons, line, settings.reference_share)
        members = persons[chosen].sum()
        values = weight[chosen] @ value[chosen] / members
        energy = weight[chosen] @ kcal[chosen] / members
        if not energy[food].sum() > 0:
            raise EstimationError("the food of the reference population has no calories: check kcal and quantities")
        scale = settings.kcal_per_day * settings.days_per_month / energy[food].sum()
        parts = np.where(food, values * scale, values * basic)
        rounds.append(
            {
                "round": len(rounds) + 1,
                "provisional": line,
                "food": float(parts[food].sum()),
                "non_food": float(parts[~food].sum()),
                "total": float(parts.sum()),
                "kcal_per_day": float(energy[food].sum() / settings.days_per_month),
                "n_households": int(chosen.sum()),
            }
        )
        line = float(parts.sum())
        if seen := _repeated(rounds, settings.tolerance):
            cycle = pd.DataFrame(rounds[-seen:])
            table = listed[["commodity", "group"]].assign(value=values, kcal=energy, basic_share=basic, line=parts)
            return BasicNeedsLine(
                total=float(cycle["total"].mean()),
                food=float(cycle["food"].mean()),
                non_food=float(cycle["non_food"].mean()),
                commodities=table,
                rounds=pd.DataFrame(rounds),
                settled="fixed" if seen == 1 else "cycle",
            )
    raise EstimationError(f"the line did not settle in {settings.iterations} rounds; the last was {line:.0f}")


def _repeated(rounds: list[dict[str, float]], tolerance: float) -> int:
    """Length of the cycle the last line closes: the rounds since it was the provisional line; 0 while it is new."""
    line = rounds[-1]["total"]
    for back, earlier in enumerate(reversed(rounds), start=1):
        if abs(earlier["provisional"] / line - 1) <= tolerance:
            return back
    return 0


def _just_above(expenditure: FloatArray, persons: FloatArray, line: float, share: float) -> npt.NDArray[np.bool_]:
    """Households that hold the given share of all persons, counted upwards from the line."""
    order = np.argsort(expenditure, kind="stable")
    order = order[expenditure[order] >= line]
    needed = share * persons.sum()
    reached = np.cumsum(persons[order])
    if not len(order) or reached[-1] < needed * (1 - 1e-9):
        above = reached[-1] / persons.sum() if len(order) else 0.0
        raise EstimationError(f"only {above:.1%} of persons live above {line:.0f}, the reference needs {share:.0%}")
    last = int(np.searchsorted(reached, needed * (1 - 1e-9)))
    # Equal expenditure is one group: who comes first in the file must not matter.
    return (expenditure >= line) & (expenditure <= expenditure[order[last]]) & (persons > 0)


def _arrays(
    consumption: pd.DataFrame, households: pd.DataFrame, commodities: pd.DataFrame
) -> tuple[FloatArray, FloatArray, FloatArray, pd.DataFrame, FloatArray, FloatArray]:
    """Weight, size, expenditure (H,), commodity list, and household × commodity tables of rupiah and kcal (H, K)."""
    _need(consumption, "consumption", ("household", "commodity", "quantity", "value"), numeric=("value",))
    _need(
        households,
        "households",
        ("household", "weight", "size", "expenditure"),
        numeric=("weight", "size", "expenditure"),
    )
    _need(commodities, "commodities", ("commodity", "group", "kcal", "basic_share"))
    for table, key in ((households, "household"), (commodities, "commodity")):
        if table[key].duplicated().any():
            raise EstimationError(f"{int(table[key].duplicated().sum())} rows repeat a {key}")
    listed = commodities.reset_index(drop=True)
    food = listed["group"] == "food"
    if not listed["group"].isin(["food", "non_food"]).all() or not food.any():
        raise EstimationError("the commodity list needs groups 'food' and 'non_food', and some food")
    if not (listed.loc[food, "kcal"] >= 0).all():
        raise EstimationError("every food needs its kcal per unit, zero or more")
    if not listed.loc[~food, "basic_share"].between(0, 1).all():
        raise EstimationError("every non-food item needs a basic share between 0 and 1")
    rows = consumption[consumption["commodity"].isin(listed["commodity"])]
    where = pd.Index(households["household"]).get_indexer(rows["household"])
    if (where < 0).any():
        raise EstimationError(f"{int((where < 0).sum())} consumption rows belong to no household of the table")
    which = pd.Index(listed["commodity"]).get_indexer(rows["commodity"])
    quantity = np.where(food.to_numpy()[which], rows["quantity"].to_numpy(dtype=np.float64, na_value=np.nan), 0.0)
    if not (quantity >= 0).all():
        raise EstimationError("every row of food needs its quantity, zero or more")
    shape = (len(households), len(listed))
    value, kcal = np.zeros(shape), np.zeros(shape)
    np.add.at(value, (where, which), rows["value"].to_numpy(dtype=np.float64))
    np.add.at(kcal, (where, which), quantity * listed["kcal"].to_numpy(dtype=np.float64, na_value=0.0)[which])
    weight, size, expenditure = (
        households[name].to_numpy(dtype=np.float64) for name in ("weight", "size", "expenditure")
    )
    if not ((size > 0).all() and (weight > 0).any()):
        raise EstimationError("household sizes must be positive, and some weight too")
    return weight, size, expenditure, listed, value, kcal


def _need(table: pd.DataFrame, name: str, columns: tuple[str, ...], numeric: tuple[str, ...] = ()) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise EstimationError(f"{name} lacks the columns {missing}")
    for column in numeric:
        wrong = int((~(table[column] >= 0) | ~np.isfinite(table[column])).sum())
        if wrong:
            raise EstimationError(f"{name}: {wrong} rows have no {column} of zero or more")


@dataclass(frozen=True)
class RavallionBounds:
    """Lower and upper poverty line around a food line.

    Attributes
    ----------
    lower, upper
        Rupiah per person per month.
    food_line
        The food line both stand on.
    intercept, slope
        α and β of the food-share regression; α is the food share of somebody who just affords the food line.
    """

    lower: float
    upper: float
    food_line: float
    intercept: float
    slope: float


def ravallion_bounds(
    food_expenditure: npt.ArrayLike, expenditure: npt.ArrayLike, weights: npt.ArrayLike, food_line: float
) -> RavallionBounds:
    """Poverty lines from the food Engel curve s = α + β ln(x/z_f) + e, by weighted least squares.

    Lower bound: non-food spending of those who could just pay the food line if they bought nothing else, z_f (2 − α).
    Upper bound: total spending of those whose food spending is the food line, z with z (α + β ln(z/z_f)) = z_f.

    Parameters
    ----------
    food_expenditure, expenditure
        Rupiah per person per month, shapes (n,).
    weights
        Person weights, shape (n,).
    food_line
        z_f, rupiah per person per month.

    Returns
    -------
    RavallionBounds
        Both lines, rupiah per person per month, and the curve.

    Raises
    ------
    EstimationError
        The curve does not fall (β ≥ 0), α is outside 0–1, or no spending meets the upper bound.

    References
    ----------
    Ravallion (1994), *Poverty Comparisons*; Ravallion & Bidani (1994), World Bank Economic Review 8.

    Examples
    --------
    >>> spending = np.array([2e5, 3e5, 4e5, 6e5])
    >>> food = spending * (0.7 - 0.2 * np.log(spending / 2e5))
    >>> bounds = ravallion_bounds(food, spending, np.ones(4), 2e5)
    >>> round(bounds.lower), round(bounds.intercept, 6), round(bounds.slope, 6)
    (260000, 0.7, -0.2)
    """
    food, total, weight = (np.asarray(each, dtype=np.float64) for each in (food_expenditure, expenditure, weights))
    if not ((total > 0).all() and (food >= 0).all() and (food <= total).all() and (weight >= 0).all()):
        raise EstimationError("food spending must lie between zero and a positive total, weights at zero or more")
    if not food_line > 0:
        raise EstimationError(f"the food line must be positive, not {food_line}")
    root = np.sqrt(weight)
    design = np.column_stack([root, root * np.log(total / food_line)])
    (alpha, beta), _, rank, _ = np.linalg.lstsq(design, root * food / total, rcond=None)
    if rank < 2 or not (0 < alpha < 1 and beta < 0):
        raise EstimationError(f"food shares must fall with spending from below 1: α={alpha:.3g}, β={beta:.3g}")

    def surplus(t: float) -> float:
        return t * (alpha + beta * np.log(t)) - 1.0

    peak = float(np.exp(-alpha / beta - 1.0))  # food spending of the fitted curve rises up to here
    if peak <= 1 or surplus(peak) < 0:
        raise EstimationError("the fitted food spending never reaches the food line: there is no upper bound")
    upper = food_line * optimize.brentq(surplus, 1.0, peak, xtol=1e-14, rtol=1e-14)
    return RavallionBounds(food_line * (2.0 - alpha), upper, food_line, float(alpha), float(beta))
