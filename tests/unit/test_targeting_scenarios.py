"""Scenarios at equal budget, and programmes' cost-effectiveness."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting import (
    Scenario,
    compare_scenarios,
    cost_effectiveness,
    informed_draws,
    welfare_without,
)

ALL_KINDS = [
    Scenario("delivered", "delivered", "got"),
    Scenario("desil", "ranked", "desil"),
    Scenario("model", "ranked", "predicted"),
    Scenario("geographic", "geographic", "p", area="area"),
    Scenario("elderly", "categorical", "elderly"),
    Scenario("village", "quota", "predicted", area="area", quota="p"),
    Scenario("universal", "universal"),
]
LINE, TRANSFER = 400_000.0, 200_000.0
BEFORE = {"welfare_includes_benefit": False}  # welfare of the hand-worked tables is that before any aid


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = 2000
    x = rng.normal(size=size)
    return pd.DataFrame(
        {
            "welfare": np.exp(13.2 + 0.3 * x + 0.45 * rng.normal(size=size)),
            "predicted": np.exp(13.2 + 0.3 * x),
            "desil": np.ceil(10 * pd.Series(x).rank() / size),
            "p": 1 / (1 + np.exp(x + 1)),
            "area": rng.integers(0, 15, size).astype(str),
            "elderly": (rng.random(size) < 0.3).astype(float),
            "got": TRANSFER * (rng.random(size) < 0.2),
            "persons": rng.integers(1, 7, size).astype(float),
            "weight": rng.uniform(1, 3, size),
        }
    )


def run(frame: pd.DataFrame, scenarios: list[Scenario] = ALL_KINDS, **options: object) -> pd.DataFrame:
    options = BEFORE | options
    table = compare_scenarios(frame, "welfare", LINE, scenarios, TRANSFER, household_size="persons", **options)
    return table.pivot_table(index=["budget", "programme"], columns="measure", values="value", dropna=False)


@pytest.mark.parametrize("factor", [0.1, 1.0, 3.0, 30.0])
def test_every_scenario_spends_exactly_the_budget(frame: pd.DataFrame, factor: float) -> None:
    budget = factor * frame["got"].sum()
    spent = run(frame, budget_rp_month=budget, weights="weight")["budget_spent_rupiah"].drop("none", level=1)
    np.testing.assert_allclose(spent, budget, rtol=1e-9)


def test_the_budget_is_what_was_delivered_unless_said_otherwise(frame: pd.DataFrame) -> None:
    assert run(frame).index.get_level_values("budget").unique().tolist() == [frame["got"].sum()]


def test_perfect_information_is_best_at_the_gap(frame: pd.DataFrame) -> None:
    found = run(frame).droplevel("budget")
    assert found["gap_closed_rupiah"].idxmax() == "perfect"
    assert found["crra_gain_share"].drop("perfect").max() < 1


def test_doing_nothing_leaves_poverty_as_it_is(frame: pd.DataFrame) -> None:
    found = run(frame).loc[(frame["got"].sum(), "none")]
    poor = frame["welfare"] < LINE
    assert found["headcount_after"] == pytest.approx(frame.loc[poor, "persons"].sum() / frame["persons"].sum())
    assert found["exclusion_error"] == 1


def test_universal_excludes_nobody(frame: pd.DataFrame) -> None:
    found = run(frame).droplevel("budget").loc["universal"]
    assert found["exclusion_error"] == 0
    assert found["inclusion_error"] == pytest.approx((frame["welfare"] >= LINE).mean())


def test_poverty_after_transfer_by_hand() -> None:
    frame = pd.DataFrame({"y": [100.0, 300.0, 500.0], "rank": [2, 1, 3], "persons": [2.0, 1, 1]})
    table = compare_scenarios(
        frame, "y", 350.0, [Scenario("r", "ranked", "rank")], 100.0, 150.0, None, "persons", **BEFORE
    )
    found = table[table["programme"] == "r"].set_index("measure")["value"]
    # First the second family (300 + 100 ≥ 350: out), then half a chance for the first (100 + 100/2 = 150).
    assert found["families_out"] == pytest.approx(1)
    assert found["headcount_after"] == pytest.approx(2 / 4)
    assert found["poverty_gap_after"] == pytest.approx(2 * (0.5 * 250 / 350 + 0.5 * 200 / 350) / 4)
    assert found["gap_closed_rupiah"] == pytest.approx(50 + 0.5 * 2 * 50)
    assert found["exclusion_error"] == pytest.approx(0.25)


def test_a_family_exactly_at_the_line_is_not_poor() -> None:
    frame = pd.DataFrame({"y": [350.0, 349.99], "rank": [1, 2]})
    table = compare_scenarios(frame, "y", 350.0, [Scenario("r", "ranked", "rank")], 1.0, 1.0, **BEFORE)
    found = table[table["programme"] == "none"].set_index("measure")["value"]
    assert found["headcount_after"] == 0.5


def test_more_risk_aversion_prefers_perfect_over_universal_more(frame: pd.DataFrame) -> None:
    share = [run(frame, rho=rho).droplevel("budget").loc["universal", "crra_gain_share"] for rho in (0.0, 1.0, 3.0)]
    assert share[0] == pytest.approx(1)  # risk-neutral: a rupiah is a rupiah ... per head
    assert share[0] > share[1] > share[2]


def test_draws_of_the_truth_give_intervals(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    draws = frame["predicted"].to_numpy()[:, None] * np.exp(0.45 * rng.normal(size=(len(frame), 80)))
    table = compare_scenarios(frame, "welfare", LINE, ALL_KINDS, TRANSFER, welfare_draws=draws)
    model = table[(table["programme"] == "model") & (table["measure"] == "exclusion_error")].iloc[0]
    assert model["low"] < model["value"] < model["high"]
    assert 0.1 < model["value"] < 0.9


def test_draws_of_the_truth_that_are_missing_are_refused(frame: pd.DataFrame) -> None:
    draws = np.tile(frame["welfare"].to_numpy(dtype=float)[:, None], (1, 3))
    draws[0, 1] = np.nan
    with pytest.raises(EstimationError, match="lebih dari nol"):
        run(frame, welfare_draws=draws)


def test_a_kind_of_scenario_that_is_not_known_is_no_other_kind(frame: pd.DataFrame) -> None:
    scenario = Scenario("r", "Ranked", "desil", area="kecamatan")
    with pytest.raises(EstimationError, match="unknown kind of scenario"):
        run(frame, [*ALL_KINDS, scenario])


@pytest.mark.parametrize("kind", [int, np.int64, np.float32, lambda budget: np.array([budget])])
def test_a_budget_is_the_same_in_every_type_of_number(frame: pd.DataFrame, kind: Callable[[int], object]) -> None:
    expected = run(frame, budget_rp_month=1e7)
    pd.testing.assert_frame_equal(run(frame, budget_rp_month=kind(10_000_000)), expected)


def test_curves_go_over_the_budgets(frame: pd.DataFrame) -> None:
    budgets = [1e7, 3e7, 9e7]
    found = run(frame, budget_rp_month=budgets)["headcount_after"].unstack("programme")
    assert found.index.tolist() == budgets
    assert (found["model"].diff().dropna() < 0).all()


def test_a_scenario_that_alone_is_wanted_has_the_scores_it_has_beside_what_was_delivered(frame: pd.DataFrame) -> None:
    options = {"welfare_includes_benefit": True, "budget_rp_month": [1e6, 1e8]}
    alone, all_of = run(frame, ALL_KINDS[:2], wanted=["desil"], **options), run(frame, ALL_KINDS[:2], **options)
    assert set(alone.index.get_level_values("programme")) == {"desil", "perfect", "none"}
    pd.testing.assert_frame_equal(alone, all_of.loc[alone.index], check_exact=True)


def test_the_truth_cannot_rank_itself(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="perfect"):
        run(frame, [Scenario("model", "ranked", "welfare")], budget_rp_month=1e6)


def test_quota_that_a_village_cannot_use_goes_to_the_others() -> None:
    frame = pd.DataFrame({"y": 100.0, "rank": 1.0, "area": ["a", "b", "b", "b"], "q": [9.0, 1, 1, 1]})
    scenario = Scenario("quota", "quota", "rank", area="area", quota="q")
    table = compare_scenarios(frame.assign(y=[100.0, 100, 100, 100]), "y", 200.0, [scenario], 10.0, 30.0, **BEFORE)
    found = table[table["programme"] == "quota"].set_index("measure")["value"]
    assert found["budget_spent_rupiah"] == pytest.approx(30)
    assert found["served_families"] == pytest.approx(3)


def test_cost_effectiveness_by_hand() -> None:
    # Without the transfer of 100 the first had 100, the second 300, the third 900; line 350.
    frame = pd.DataFrame({"y": [200.0, 400.0, 1000.0, 200.0], "t": [1, 1, 1, 0]})
    found = cost_effectiveness(frame, "y", 350.0, "t", 100.0, overhead=0.1).set_index("measure")["value"]
    assert found["cost_rupiah"] == pytest.approx(330)
    assert found["poor_reached"] == 2
    assert found["rupiah_per_poor_reached"] == pytest.approx(165)
    assert found["gap_closed_rupiah"] == pytest.approx(100 + 50)
    assert found["vertical_efficiency"] == pytest.approx(2 / 3)
    assert found["poverty_reduction_efficiency"] == pytest.approx(0.5)
    assert found["spillover"] == pytest.approx(2 / 3 - 0.5)
    assert found["gap_reduction"] == pytest.approx(150 / (250 + 50 + 150))
    assert found["headcount_reduction"] == pytest.approx(1 / 4)


def test_uncertain_links_reach_and_close_what_is_expected_of_them() -> None:
    # With the link a family had 100 before and a gap of 20; without it 150, and no gap.
    frame = pd.DataFrame({"y": [150.0] * 200, "pkh": [0.5] * 200})
    table = cost_effectiveness(frame, "y", 120.0, "pkh", 50.0).set_index("measure")
    expected = {"poor_reached": 100, "cost_rupiah": 5000, "gap_closed_rupiah": 2000, "gap_reduction": 1.0}
    assert table.loc[list(expected), "value"].to_dict() == pytest.approx(expected)
    assert table.loc["headcount_reduction", "value"] == pytest.approx(0.5)


def test_uncertain_links_have_the_interval_of_their_number() -> None:
    frame = pd.DataFrame({"y": [150.0] * 200, "pkh": [0.5] * 200})
    row = cost_effectiveness(frame, "y", 120.0, "pkh", 50.0).set_index("measure").loc["poor_reached"]
    assert row["se"] == pytest.approx(np.sqrt(200 * 0.5 * 0.5), rel=0.15)
    assert row["low"] < row["value"] < row["high"]


def test_links_drawn_by_the_caller_are_counted_as_drawn() -> None:
    frame = pd.DataFrame({"y": [150.0, 100.0], "pkh": [0.5, 0.5]})
    drawn = np.array([[1, 1, 0, 0], [1, 0, 0, 0]])
    table = cost_effectiveness(frame, "y", 120.0, "pkh", 50.0, received_draws={"pkh": drawn}).set_index("measure")
    assert table.loc["poor_reached", "value"] == pytest.approx(3 / 4)
    assert table.loc["gap_closed_rupiah", "value"] == pytest.approx((2 * 20 + 1 * 50) / 4)


@pytest.mark.parametrize(("benefit", "closed"), [(30.0, 30.0), (300.0, 300.0), (600.0, 360.0)])
def test_a_benefit_above_what_a_family_spends_closes_no_more_than_nine_tenths_of_the_line(
    benefit: float, closed: float
) -> None:
    frame = pd.DataFrame({"y": [100.0], "t": [1.0]})
    found = cost_effectiveness(frame, "y", 400.0, "t", benefit).set_index("measure")["value"]
    assert found["gap_closed_rupiah"] == pytest.approx(closed)


def test_a_benefit_above_what_a_family_spends_leaves_it_a_tenth_of_the_line() -> None:
    frame = pd.DataFrame({"y": [100.0], "t": [1.0]})
    found = cost_effectiveness(frame, "y", 400.0, "t", 300.0).set_index("measure")["value"]
    assert found["gap_reduction"] == pytest.approx(300 / 360)  # of the gap between 40 and 400


def test_a_programme_alone_closes_what_its_scenario_as_delivered_does(frame: pd.DataFrame) -> None:
    frame = frame.assign(t=(frame["got"] > 0).astype(float))
    options = {"weights": "weight", "household_size": "persons"}
    delivered = compare_scenarios(frame, "welfare", LINE, ALL_KINDS[:1], TRANSFER, **options)
    alone = cost_effectiveness(frame, "welfare", LINE, "t", TRANSFER, **options)
    found = [
        table[(table["measure"] == "gap_closed_rupiah") & table["programme"].isin(["delivered", "t"])]["value"].item()
        for table in (delivered, alone)
    ]
    assert found[1] == pytest.approx(found[0])


def test_a_benefit_that_nobody_consumes_costs_but_closes_no_gap() -> None:
    frame = pd.DataFrame({"y": [200.0, 400.0, 1000.0], "house": [1, 1, 0]})
    found = cost_effectiveness(frame, "y", 350.0, "house", 20_000.0, consumed={"house": 0.0})
    found = found.set_index("measure")["value"]
    assert found["cost_rupiah"] == 40_000
    assert found["poor_reached"] == 1  # 200 is poor as measured: no house is taken out of its food
    assert found["vertical_efficiency"] == 0.5
    assert not {"gap_closed_rupiah", "rupiah_per_rupiah_gap", "gap_reduction", "headcount_reduction"} & set(found.index)


def test_half_of_a_benefit_consumed_closes_as_much_as_half_the_benefit() -> None:
    frame = pd.DataFrame({"y": [200.0, 400.0, 1000.0], "t": [1, 1, 0]})
    half = cost_effectiveness(frame, "y", 350.0, "t", 100.0, consumed=0.5).set_index("measure")["value"]
    small = cost_effectiveness(frame, "y", 350.0, "t", 50.0).set_index("measure")["value"]
    assert half["gap_closed_rupiah"] == small["gap_closed_rupiah"] == 50
    assert half["rupiah_per_rupiah_gap"] == 2 * small["rupiah_per_rupiah_gap"]


def test_a_part_consumed_that_is_no_share_is_refused() -> None:
    frame = pd.DataFrame({"y": [200.0], "t": [1]})
    with pytest.raises(EstimationError, match="0 sampai 1"):
        cost_effectiveness(frame, "y", 350.0, "t", 100.0, consumed=1.5)


def test_as_delivered_is_the_state_as_measured(frame: pd.DataFrame) -> None:
    measured = frame.assign(welfare=frame["welfare"] + frame["got"] / frame["persons"])
    found = run(measured, welfare_includes_benefit=True).droplevel("budget").loc["delivered"]
    poor = measured["welfare"] < LINE
    gap = (LINE - measured["welfare"]).clip(lower=0) / LINE
    people = measured["persons"]
    assert found["headcount_after"] == pytest.approx(people[poor].sum() / people.sum(), rel=1e-12)
    assert found["poverty_gap_after"] == pytest.approx((people * gap).sum() / people.sum(), rel=1e-12)


def test_as_delivered_is_richer_than_measured_by_what_the_floor_adds() -> None:
    frame = pd.DataFrame({"y": [100.0, 500.0], "got": [300.0, 0.0]})
    table = compare_scenarios(frame, "y", 400.0, ALL_KINDS[:1], 300.0)
    found = table[table["programme"] == "delivered"].set_index("measure")["value"]
    assert found["poverty_gap_after"] == pytest.approx((400 - (40 + 300)) / 400 / 2)  # 40, not -200, without the aid


def test_crra_welfare_is_in_units_of_the_mean_line() -> None:
    frame = pd.DataFrame({"y": [150.0, 600.0], "z": [200.0, 400.0], "rank": [1, 2]})
    table = compare_scenarios(frame, "y", "z", [Scenario("r", "ranked", "rank")], 60.0, 60.0, rho=2.0, **BEFORE)
    found = table[table["programme"] == "none"].set_index("measure")["value"]
    assert found["crra_welfare"] == pytest.approx(((1 - 300 / 150) + (1 - 300 / 600)) / 2)


def test_aid_that_welfare_holds_is_not_counted_twice(frame: pd.DataFrame) -> None:
    before = run(frame)
    measured = frame.assign(welfare=frame["welfare"] + frame["got"] / frame["persons"])
    pd.testing.assert_frame_equal(run(measured, welfare_includes_benefit=True), before, rtol=1e-9)


def test_without_aid_nobody_is_left_with_less_than_a_tenth_of_the_line_by_it() -> None:
    welfare = np.array([500.0, 120.0, 20.0, 20.0])
    np.testing.assert_array_equal(welfare_without(welfare, np.array([100.0, 100, 100, 0]), 350.0), [400, 35, 20, 20])


def test_welfare_with_a_benefit_of_unknown_size_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="welfare_includes_benefit"):
        run(frame, [Scenario("model", "ranked", "predicted")], budget_rp_month=1e6, welfare_includes_benefit=True)


def test_cost_effectiveness_of_a_survey_has_design_errors(frame: pd.DataFrame) -> None:
    data = frame.assign(t=(frame["got"] > 0) * 1, psu=np.arange(len(frame)) // 20)
    table = cost_effectiveness(data, "welfare", LINE, "t", 1e5, design=SurveyDesign(data, "weight", psu="psu"))
    assert (table["se"] > 0).all()
    assert table.attrs["route"] == "survey"


def test_replicates_of_the_sample_give_the_interval_and_leave_the_value(frame: pd.DataFrame) -> None:
    multipliers = np.random.default_rng(1).multinomial(len(frame), np.full(len(frame), 1 / len(frame)), 60).T
    plain = compare_scenarios(frame, "welfare", LINE, ALL_KINDS, TRANSFER)
    table = compare_scenarios(frame, "welfare", LINE, ALL_KINDS, TRANSFER, weight_multipliers=multipliers)
    assert (table["value"] - plain["value"]).abs().max() == 0
    of_model = table[(table["programme"] == "model") & (table["measure"] == "headcount_after")].iloc[0]
    expected = np.sqrt(of_model["value"] * (1 - of_model["value"]) / len(frame))  # a share of a simple random sample
    assert of_model["low"] < of_model["value"] < of_model["high"]
    assert 0.6 < of_model["se"] / expected < 1.4


def test_a_sample_and_draws_are_never_mixed(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="tidak boleh dicampur"):
        compare_scenarios(
            frame, "welfare", LINE, ALL_KINDS, TRANSFER,
            welfare_draws=frame[["welfare"]].to_numpy(), weight_multipliers=np.ones((len(frame), 2)),
        )  # fmt: skip


def test_a_point_of_the_gap_costs_what_was_spent_on_it(frame: pd.DataFrame) -> None:
    found = run(frame).droplevel("budget")
    nothing, model = found.loc["none"], found.loc["model"]
    points = 100 * (nothing["poverty_gap_after"] - model["poverty_gap_after"])
    assert model["rupiah_per_gap_point"] == pytest.approx(model["budget_spent_rupiah"] / points)


@pytest.mark.parametrize("rho", [0.0, 1.0, 3.0])
def test_a_higher_aversion_values_the_ranking_of_the_poorest_more(frame: pd.DataFrame, rho: float) -> None:
    shares = run(frame, rho=rho).droplevel("budget")["crra_gain_share"]
    assert shares["model"] > shares["universal"] or rho == 0.0
    assert shares["perfect"] == pytest.approx(1.0)


def doubtful(chance: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Four hundred alike families just above the line with the aid in it, each on the list with the same chance."""
    got = TRANSFER * (np.random.default_rng(1).random((400, 500)) < chance)
    families = pd.DataFrame({"welfare": 500_000.0, "got": chance * TRANSFER, "persons": 1.0}, index=range(400))
    return families, got


def scored(families: pd.DataFrame, got: np.ndarray, **options: object) -> pd.Series:
    welfare = np.full(got.shape, 500_000.0)
    given = {"welfare_draws": welfare, "delivered_draws": got} | options
    ways = [Scenario("delivered", "delivered", "got")]
    table = compare_scenarios(families, "p", LINE, ways, TRANSFER, household_size="persons", **given)
    return table[table["programme"] == "delivered"].set_index("measure")["value"]


def test_a_doubtful_link_counts_as_served_with_its_probability() -> None:
    assert scored(*doubtful(0.3))["served_families"] == pytest.approx(0.3 * 400, rel=0.02)


def test_as_delivered_leaves_welfare_as_it_is_measured_whatever_the_links() -> None:
    assert scored(*doubtful(0.3))["headcount_after"] == 0


def test_only_who_truly_received_is_poor_without_the_aid() -> None:
    # 500 000 less 200 000 is below the line; who received nothing stands above it with or without
    assert scored(*doubtful(0.3))["families_out"] == pytest.approx(0.3 * 400, rel=0.02)


def test_every_receiver_was_poor_without_the_aid_and_nobody_else() -> None:
    found = scored(*doubtful(0.3))
    assert (found["exclusion_error"], found["inclusion_error"]) == (0, 0)


def test_draws_of_receipt_without_draws_of_welfare_are_refused() -> None:
    families, got = doubtful(0.3)
    with pytest.raises(EstimationError, match="memerlukan tarikan kesejahteraan"):
        scored(families, got, welfare_draws=None)


SIZE = 40_000


def ranked_by(knowledge: float, noise: float) -> tuple[np.ndarray, pd.Series, np.ndarray]:
    """Model draws of 40 000 families, a desil that knows a part of what the model does not, and their true welfare."""
    rng = np.random.default_rng(5)
    middle, beyond = 13.6 + 0.35 * rng.normal(size=SIZE), 0.35 * rng.normal(size=SIZE)
    draws = np.exp(middle[:, None] + 0.35 * rng.normal(size=(SIZE, 40)))
    score = pd.Series(middle + knowledge * beyond + noise * rng.normal(size=SIZE))
    return draws, np.ceil(10 * score.rank() / SIZE), np.exp(middle + beyond)


def missed_by(welfare: np.ndarray, desil: pd.Series) -> float:
    poor = welfare < np.exp(13.0)
    passed = (desil > 3).to_numpy().reshape(-1, *[1] * (welfare.ndim - 1))
    return float((poor & passed).sum() / poor.sum())


def test_a_ranking_of_chance_alone_errs_as_the_model_says() -> None:
    draws, desil, true = ranked_by(0.0, 0.3)
    assert missed_by(draws, desil) == pytest.approx(missed_by(true, desil), abs=0.03)


def test_a_ranking_that_knows_all_it_can_errs_as_informed_draws_say() -> None:
    draws, desil, true = ranked_by(1.0, 0.4)
    assert missed_by(informed_draws(draws, desil), desil) == pytest.approx(missed_by(true, desil), abs=0.01)


def test_the_lowest_class_of_a_ranking_that_knows_all_has_its_poorest() -> None:
    draws, desil, _ = ranked_by(1.0, 0.0)
    rare = np.exp(12.65)  # three families of a hundred; a desil is ten
    assert (informed_draws(draws, desil) < rare).mean() == pytest.approx((draws < rare).mean(), rel=0.05)


def test_a_ranking_that_knows_something_errs_between_the_two() -> None:
    draws, desil, true = ranked_by(0.5, 0.4)
    assert missed_by(informed_draws(draws, desil), desil) < missed_by(true, desil) < missed_by(draws, desil)


def test_informed_draws_keep_the_spread_of_welfare() -> None:
    draws, desil, _ = ranked_by(1.0, 0.4)
    assert np.log(informed_draws(draws, desil)).std() == pytest.approx(np.log(draws).std(), rel=0.02)


def test_families_without_a_rank_keep_their_draws() -> None:
    draws, desil, _ = ranked_by(1.0, 0.4)
    desil[:50] = np.nan
    np.testing.assert_array_equal(informed_draws(draws, desil)[:50], draws[:50])


def test_a_ranking_that_does_not_rise_with_welfare_tells_nothing() -> None:
    draws, desil, _ = ranked_by(1.0, 0.4)
    np.testing.assert_array_equal(informed_draws(draws, -desil), draws)


def test_a_ranking_of_other_families_is_refused() -> None:
    draws, desil, _ = ranked_by(1.0, 0.4)
    with pytest.raises(EstimationError, match="keluarga yang sama"):
        informed_draws(draws, desil[:-1])
