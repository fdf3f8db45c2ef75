"""What must hold of every interval that spans two ends."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from kaur_analysis.poverty.intervals import spanned

NUMBERS = st.floats(-1e6, 1e6)


@st.composite
def ends(draw) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Up to five estimates, and the other end of some of them."""
    rows = [
        {"row": row, "value": value, "se": abs(error), "low": min(limits), "high": max(limits)}
        for row, (value, error, limits) in enumerate(
            draw(st.lists(st.tuples(NUMBERS, NUMBERS, st.tuples(NUMBERS, NUMBERS)), min_size=1, max_size=5))
        )
    ]
    stated = pd.DataFrame(rows)
    known = draw(st.lists(st.sampled_from(list(stated["row"])), unique=True))
    limits = [sorted(draw(st.tuples(NUMBERS, NUMBERS))) for _ in known]
    other = pd.DataFrame({"row": known, "low": [low for low, _ in limits], "high": [high for _, high in limits]})
    return stated, other.astype({"row": int, "low": float, "high": float})


@given(ends())
def test_both_ends_and_the_value_are_held(given_ends: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    stated, other = given_ends
    found = spanned(stated, other, ["row"], "desil").set_index("row").loc[other["row"]].reset_index()
    own = stated.set_index("row").loc[other["row"]].reset_index()
    for limits in (own[["low", "high"]], other[["low", "high"]], own[["value", "value"]]):
        assert (found["low"] <= limits.iloc[:, 0]).all()
        assert (found["high"] >= limits.iloc[:, 1]).all()


@given(ends())
def test_nothing_becomes_surer(given_ends: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    stated, other = given_ends
    assert (spanned(stated, other, ["row"], "desil")["se"] >= stated["se"] - 1e-6).all()


@given(ends())
def test_only_rows_with_another_end_change(given_ends: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    stated, other = given_ends
    found = spanned(stated, other, ["row"], "desil")
    alone = ~stated["row"].isin(other["row"])
    np.testing.assert_array_equal(found.loc[alone, stated.columns], stated[alone])
    assert (found["spans"].eq("desil") == ~alone).all()
