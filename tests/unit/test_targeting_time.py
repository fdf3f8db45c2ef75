"""Churn, timeliness and the ranking that evens out groups."""

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.targeting import churn, group_calibrated_ranking, timeliness


@pytest.fixture
def lists() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y23": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
            "y24": [1, 1, 0, 0, 1, 1, 1, 0, 0, 0],
            "y25": [1, 0, 0, 0, 1, 0, 0, 0, 0, 1],
            "poor": [1, 0, 1, 0, 0, 0, 1, 1, 1, 0],
        }
    )


PERIODS = {"pkh": {"2023": "y23", "2024": "y24", "2025": "y25"}}


def test_churn_counts_who_stayed_left_and_entered(lists: pd.DataFrame) -> None:
    table = churn(lists, PERIODS, "poor")
    found = table[table["start"] == "2023"].set_index("measure")["value"]
    assert [found[name] for name in ("stayed", "left", "entered")] == [2, 2, 3]
    assert found["retention_rate"] == 0.5
    assert found["entry_rate"] == pytest.approx(3 / 5)
    assert found["leavers_still_poor"] == 0.5
    assert found["entrants_nonpoor"] == pytest.approx(2 / 3)


def test_every_pair_of_consecutive_periods_is_compared(lists: pd.DataFrame) -> None:
    pairs = churn(lists, PERIODS)[["start", "end"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["2023", "2024"], ["2024", "2025"]]


def test_one_period_shows_no_churn(lists: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="dua periode"):
        churn(lists, {"pkh": {"2023": "y23"}})


def test_months_late_counts_early_payments_as_on_time() -> None:
    frame = pd.DataFrame(
        {
            "due": ["2024-01-01"] * 4,
            "paid": ["2024-01-01", "2023-12-01", "2024-04-01", None],
            "programme": "pkh",
        }
    )
    table = timeliness(frame, "due", "paid", "programme").set_index("measure")
    assert table.loc["months_late", "value"] == pytest.approx((91 / (365.2425 / 12)) / 3)
    assert table.loc["late_share", "value"] == pytest.approx(1 / 3)
    assert table.loc["median_months_late", "value"] == 0
    assert table.loc["months_late", "n"] == 3


def test_payments_are_told_apart_by_their_place_whatever_labels_their_rows_carry() -> None:
    dates = ["2024-01-01", "2024-02-01", "2024-04-01", "2024-03-01"]
    frame = pd.DataFrame({"due": "2024-01-01", "paid": dates, "programme": ["pkh", "pkh", "blt", "blt"]})
    twice = frame.set_index(pd.Index([0, 1, 0, 1]))
    pd.testing.assert_frame_equal(*(timeliness(table, "due", "paid", "programme") for table in (twice, frame)))


def test_group_calibrated_ranking_serves_groups_by_their_expected_poor() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"group": np.repeat(["seen", "unseen"], [800, 200])})
    # The model sees nothing among the unseen: their scores are all middling, and a common cut-off never reaches them.
    frame["score"] = np.where(frame["group"] == "seen", rng.normal(size=1000), 0.5 + 0.01 * rng.normal(size=1000))
    frame["p"] = np.where(frame["group"] == "seen", 1 / (1 + np.exp(2 * frame["score"] + 1)), 0.3)
    expected = frame.groupby("group")["p"].sum()
    quota = 150

    def served(rank: pd.Series) -> pd.Series:
        return frame.loc[rank.nsmallest(quota).index].groupby("group").size().reindex(expected.index, fill_value=0)

    assert served(frame["score"])["unseen"] == 0
    calibrated = served(group_calibrated_ranking(frame, "score", "group", "p"))
    np.testing.assert_allclose(calibrated / quota, expected / expected.sum(), atol=0.01)


def test_group_calibrated_ranking_keeps_the_order_within_a_group() -> None:
    frame = pd.DataFrame({"score": [3.0, 1, 2, 5, 4], "group": ["a", "a", "a", "b", "b"], "p": 0.2})
    rank = group_calibrated_ranking(frame, "score", "group", "p")
    assert rank[:3].rank().tolist() == [3, 1, 2]


def test_a_group_without_expected_poor_families_is_refused() -> None:
    frame = pd.DataFrame({"score": [1.0, 2], "group": ["a", "b"], "p": [0.5, 0.0]})
    with pytest.raises(EstimationError, match="tanpa satu pun"):
        group_calibrated_ranking(frame, "score", "group", "p")
