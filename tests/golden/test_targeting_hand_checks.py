"""Numbers worked out by hand: N = 100, poor 20, recipients 25, of these poor 12."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.targeting import targeting_measures


@pytest.fixture(scope="module")
def hundred() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "poor": np.repeat([1, 0], [20, 80]),
            "received": np.concatenate([np.repeat([1, 0], [12, 8]), np.repeat([1, 0], [13, 67])]),
        }
    )


EXPECTED = {
    "exclusion_error": 0.40,
    "inclusion_error": 0.52,
    "inclusion_error_nonpoor": 0.1625,
    "coverage": 0.25,
    "error_rate": 0.21,
    "targeting_differential": 0.4375,
    "cgh_index": 2.4,
    "true_positive_rate": 0.6,
    "false_positive_rate": 0.1625,
    "precision": 0.48,
    "normalised_targeting_differential": 0.4375 / 0.25,
    "auc": (1 + 0.4375) / 2,
    "poor": 20,
    "recipients": 25,
    "missed_poor": 8,
    "included_nonpoor": 13,
}


@pytest.mark.parametrize(("measure", "value"), EXPECTED.items())
def test_measures_of_the_hand_worked_hundred(hundred: pd.DataFrame, measure: str, value: float) -> None:
    table = targeting_measures(hundred, "poor", "received").set_index("measure")
    assert table.loc[measure, "value"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "size"),
    {"exclusion_error": 20, "inclusion_error": 25, "inclusion_error_nonpoor": 80, "coverage": 100}.items(),
)
def test_n_is_the_number_of_families_in_the_denominator(hundred: pd.DataFrame, measure: str, size: int) -> None:
    table = targeting_measures(hundred, "poor", "received").set_index("measure")
    assert table.loc[measure, "n"] == size


def test_rupiah_outside_and_missing_inside_the_target(hundred: pd.DataFrame) -> None:
    table = targeting_measures(hundred, "poor", "received", benefit=200_000.0).set_index("measure")["value"]
    assert table["leakage_rupiah"] == 13 * 200_000
    assert table["unserved_rupiah"] == 8 * 200_000


def test_gini_of_five_incomes_by_hand() -> None:
    frame = pd.DataFrame({"poor": [1, 0, 0, 0, 0], "received": 1, "welfare": [100.0, 200, 300, 400, 500]})
    table = targeting_measures(frame, "poor", "received", welfare="welfare").set_index("measure")["value"]
    assert table["gini"] == pytest.approx(0.2666666667, rel=1e-9)
    assert table["concentration_coefficient"] == pytest.approx(0, abs=1e-15)
    assert table["kakwani"] == pytest.approx(-0.2666666667, rel=1e-9)
