"""Difference-in-differences: finds what is there, finds nothing where nothing is, refuses one date."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.targeting import DifferenceInDifferences, difference_in_differences


def panel(
    seed: int = 0, size: int = 3000, effect: float = 100.0, trend_by_x: float = 50.0, dates: int = 2
) -> pd.DataFrame:
    """Recipients have high x, and x alone makes outcomes grow: the raw difference is wrong, the adjusted one right."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=size)
    start = np.where(rng.random(size) < 1 / (1 + np.exp(-x)), float(dates), np.nan)
    level = 1000 + 200 * x + rng.normal(0, 50, size)
    parts = []
    for when in range(1, dates + 1):
        gain = np.where(when >= start, effect, 0.0)
        outcome = level + trend_by_x * x * when + gain + rng.normal(0, 30, size)
        parts.append(pd.DataFrame({"family": np.arange(size), "year": when, "y": outcome, "x": x, "start": start}))
    return pd.concat(parts, ignore_index=True).assign(desa=lambda table: table["family"] // 20)


ARGUMENTS = ("family", "year", "y", "start")


def effect_of(result: DifferenceInDifferences, measure: str = "effect") -> pd.Series:
    table = result.effects
    return table[table["measure"] == measure].iloc[0]


@pytest.mark.parametrize("method", ["doubly_robust", "matching"])
def test_the_effect_is_found_where_recipients_differ(method: str) -> None:
    row = effect_of(difference_in_differences(panel(), *ARGUMENTS, ["x"], method=method))
    assert abs(row["value"] - 100) < 4 * row["se"]
    assert row["se"] < 5


@pytest.mark.parametrize("options", [{"method": "matched"}, {"control": "not yet"}])
def test_a_name_that_is_not_known_does_not_end_in_another_method(options: dict[str, str]) -> None:
    with pytest.raises(EstimationError, match="unknown"):
        difference_in_differences(panel(), *ARGUMENTS, ["x"], **options)


def test_without_covariates_the_trend_of_the_recipients_is_taken_for_an_effect() -> None:
    row = effect_of(difference_in_differences(panel(), *ARGUMENTS))
    assert row["value"] > 130


def test_two_dates_without_covariates_are_the_plain_difference_in_differences() -> None:
    data = panel()
    change = data.pivot(index="family", columns="year", values="y").diff(axis=1)[2]
    is_treated = data.drop_duplicates("family").set_index("family")["start"].notna()
    row = effect_of(difference_in_differences(data, *ARGUMENTS))
    assert row["value"] == pytest.approx(change[is_treated].mean() - change[~is_treated].mean(), rel=1e-9)
    by_hand = np.sqrt(change[is_treated].var() / is_treated.sum() + change[~is_treated].var() / (~is_treated).sum())
    assert row["se"] == pytest.approx(by_hand, rel=2e-3)


@cache
def many_effects(method: str) -> list[pd.Series]:
    """The effect in each of 150 panels of 400 families; the true one is 100."""
    return [
        effect_of(difference_in_differences(panel(seed, 400), *ARGUMENTS, ["x"], method=method)) for seed in range(150)
    ]


@pytest.mark.parametrize("method", ["doubly_robust", "matching"])
def test_intervals_hold_the_truth_as_often_as_they_say(method: str) -> None:
    covered = np.mean([row["low"] <= 100 <= row["high"] for row in many_effects(method)])
    assert 0.89 <= covered <= 0.99  # 95% ± 3 Monte-Carlo errors


def test_matching_takes_out_what_neighbours_that_are_not_alike_make_of_it() -> None:
    values = [row["value"] for row in many_effects("matching")]
    assert abs(np.mean(values) - 100) < 2 * np.std(values) / np.sqrt(150)  # 1.2 too high without


def cells(seed: int = 3, size: int = 300) -> pd.DataFrame:
    """Families of six kinds, told apart by two covariates, that gain by kind; some of every kind receive."""
    rng = np.random.default_rng(seed)
    family = np.arange(size)
    x, z = family % 3, family // 3 % 2
    start = np.where(rng.random(size) < 0.2 + 0.15 * x, 2.0, np.nan)
    gain = 20.0 * x * z + np.where(start == 2, 100.0, 0.0) + rng.normal(0, 30, size)
    first = pd.DataFrame({"family": family, "year": 1, "y": 500.0, "x": x, "z": z, "start": start})
    return pd.concat([first, first.assign(year=2, y=500.0 + gain)], ignore_index=True)


def test_matching_of_families_alike_in_everything_compares_them_kind_by_kind() -> None:
    data = cells()
    change = data.pivot(index="family", columns="year", values="y").diff(axis=1)[2].rename("change")
    kinds = data.drop_duplicates("family").set_index("family").join(change)
    by_kind = []
    for _, kind in kinds.groupby(["x", "z"]):
        own, other = kind.loc[kind["start"] == 2, "change"], kind.loc[kind["start"].isna(), "change"]
        # Each of n₀ comparison families stands in K = n₁/n₀ times, with squares K' = n₁/n₀²: n₀ (K² − K') s².
        by_kind.append((own - other.mean(), (len(own) ** 2 - len(own)) / len(other) * other.var()))
    gains = pd.concat([gain for gain, _ in by_kind])
    effect = gains.mean()
    spread = ((gains - effect) ** 2).sum() + sum(of_kind for _, of_kind in by_kind)
    row = effect_of(difference_in_differences(data, *ARGUMENTS, ["x", "z"], method="matching"))
    assert row["value"] == pytest.approx(effect, rel=1e-9)
    assert row["se"] == pytest.approx(np.sqrt(spread) / len(gains), rel=1e-9)


def test_matching_of_alike_families_holds_the_truth_as_often_as_it_says() -> None:
    rows = [
        effect_of(difference_in_differences(cells(s), *ARGUMENTS, ["x", "z"], method="matching")) for s in range(150)
    ]
    assert 0.89 <= np.mean([row["low"] <= 100 <= row["high"] for row in rows]) <= 0.99
    assert np.mean([row["se"] for row in rows]) == pytest.approx(np.std([row["value"] for row in rows]), rel=0.2)


def test_outcome_model_alone_is_enough_when_the_propensity_is_wrong() -> None:
    data = panel()
    wrong = data.assign(start=np.where(data["x"].abs() > 1, 2.0, np.nan))
    wrong["y"] += np.where((wrong["year"] == 2) & wrong["start"].notna(), 100.0, 0.0) - np.where(
        (data["year"] == 2) & data["start"].notna(), 100.0, 0.0
    )
    row = effect_of(difference_in_differences(wrong, *ARGUMENTS, ["x"]))
    assert abs(row["value"] - 100) < 4 * row["se"]


def test_one_date_gives_no_claim() -> None:
    data = panel()
    with pytest.raises(EstimationError, match="satu tanggal"):
        difference_in_differences(data[data["year"] == 2], *ARGUMENTS)


def test_two_dates_say_that_no_placebo_was_possible() -> None:
    result = difference_in_differences(panel(), *ARGUMENTS, ["x"])
    assert "tidak dapat dilakukan" in result.assumptions[-1]


def test_placebo_finds_nothing_before_the_start_when_trends_are_parallel() -> None:
    row = effect_of(difference_in_differences(panel(dates=4), *ARGUMENTS, ["x"]), "average_placebo")
    assert abs(row["value"]) < 3.5 * row["se"]


def test_placebo_betrays_trends_that_are_not_parallel() -> None:
    row = effect_of(difference_in_differences(panel(dates=4), *ARGUMENTS), "average_placebo")
    assert row["p_value"] < 1e-6


def test_staggered_starts_are_compared_with_those_who_never_received() -> None:
    rng = np.random.default_rng(5)
    size = 2000
    start = rng.choice([2.0, 3.0, np.nan], size)
    parts = [
        pd.DataFrame(
            {
                "family": np.arange(size),
                "year": when,
                # The early starters' effect grows: a two-way fixed-effects regression would use them as controls.
                "y": 10 * when + np.where(when >= start, 50 * (when - start + 1), 0) + rng.normal(0, 5, size),
                "start": start,
            }
        )
        for when in (1, 2, 3)
    ]
    result = difference_in_differences(pd.concat(parts), *ARGUMENTS)
    found = result.effects.set_index(["measure", "start", "period"])["value"]
    assert found["effect", 2.0, 2] == pytest.approx(50, abs=2)
    assert found["effect", 2.0, 3] == pytest.approx(100, abs=2)
    assert found["effect", 3.0, 3] == pytest.approx(50, abs=2)


def test_later_starters_serve_as_controls_where_nobody_never_receives() -> None:
    data = panel(dates=3)
    data["start"] = data["start"].fillna(3.0).where(data["family"] % 2 == 0, 2.0)
    data["y"] = 10.0 * data["year"] + np.where(data["year"] >= data["start"], 70.0, 0.0)
    data["y"] += np.random.default_rng(1).normal(0, 1, len(data))
    result = difference_in_differences(data[data["year"] < 3], *ARGUMENTS, control="not_yet")
    assert effect_of(result)["value"] == pytest.approx(70, abs=0.5)


def test_families_missing_at_a_date_are_counted_not_hidden() -> None:
    data = panel().drop(index=[0, 1])
    assert difference_in_differences(data, *ARGUMENTS).set_aside["tidak ada pada semua tanggal"] == 2


def test_balance_shows_how_recipients_differed() -> None:
    balance = difference_in_differences(panel(), *ARGUMENTS, ["x"]).balance
    assert balance.loc[0, "standardised_difference"] > 0.5


def test_clusters_change_the_error_and_not_the_effect() -> None:
    plain = effect_of(difference_in_differences(panel(), *ARGUMENTS, ["x"]))
    grouped = effect_of(difference_in_differences(panel(), *ARGUMENTS, ["x"], cluster="desa"))
    assert grouped["value"] == plain["value"]
    assert grouped["se"] != plain["se"]


def test_recipients_without_anyone_alike_are_refused() -> None:
    data = panel()
    data["x"] = np.where(data["start"].notna(), 10.0, 0.0) + np.random.default_rng(2).normal(0, 1, len(data))
    with pytest.raises(EstimationError):
        difference_in_differences(data, *ARGUMENTS, ["x"])
