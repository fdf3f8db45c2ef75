"""Behaviour of the measures' door: routes, refusals, third class, draws."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from kaur_analysis.contracts import TARGETING, checked
from kaur_analysis.errors import EstimationError
from kaur_analysis.poverty.design import SurveyDesign
from kaur_analysis.targeting import (
    definition,
    definitions,
    error_decomposition,
    ranking_measures,
    receipt_draws,
    scenario_kinds,
    targeting_measures,
)
from kaur_analysis.targeting.scenarios import Kind


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    size = 400
    return pd.DataFrame(
        {
            "p": rng.random(size) * 0.6,
            "poor": (rng.random(size) < 0.3).astype(float),
            "pkh": (rng.random(size) < 0.25).astype(float),
            "blt": np.where(rng.random(size) < 0.3, rng.random(size), 0.0),
            "weight": rng.uniform(1, 3, size),
            "welfare": rng.lognormal(13, 0.5, size),
            "rupiah": rng.choice([1e5, 2e5], size),
            "area": rng.choice(["x", "y"], size),
            "psu": rng.integers(0, 40, size),
            "stratum": "s",
        }
    )


def value(table: pd.DataFrame, measure: str, group: str = "all", column: str = "value") -> float:
    row = table[(table["measure"] == measure) & (table["group"] == group)]
    return float(row[column].iloc[0])


def test_the_table_keeps_its_contract(frame: pd.DataFrame) -> None:
    table = targeting_measures(frame, "poor", ["pkh", "blt"], "weight", by="area", welfare="welfare")
    assert len(checked(TARGETING, table)) == len(table)


def test_every_measure_in_the_table_is_defined_in_indonesian(frame: pd.DataFrame) -> None:
    table = targeting_measures(frame, "poor", "pkh", "weight", "rupiah", "welfare")
    for measure, denominator in table[["measure", "denominator"]].itertuples(index=False):
        assert definition(measure).definition_id.endswith(".")
        assert definition(measure).denominator == denominator


def test_bottom_share_is_written_into_the_definition() -> None:
    assert "20 persen" in definition("cgh_bottom_20").definition_id


def test_only_definitions_of_a_share_have_a_place_to_fill() -> None:
    unfilled = [name for name, entry in definitions().items() if "{" in entry.definition_id]
    assert unfilled == ["cgh_bottom", "precision_at_quota", "recall_at_quota"]


def test_survey_route_and_registry_draws_are_never_mixed(frame: pd.DataFrame) -> None:
    design = SurveyDesign(frame, "weight", psu="psu")
    with pytest.raises(EstimationError, match="tidak boleh dicampur"):
        targeting_measures(frame, "poor", "pkh", design=design, poor_draws=np.ones((len(frame), 10)))


@pytest.mark.parametrize(("route", "word"), [("survey", "Jalur survei"), ("registry", "Jalur daftar")])
def test_tables_say_their_route(frame: pd.DataFrame, route: str, word: str) -> None:
    design = SurveyDesign(frame, "weight", psu="psu") if route == "survey" else None
    table = targeting_measures(frame, "poor", "pkh", design=design)
    assert table.attrs["route"] == route
    assert table.attrs["route_label"].startswith(word)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_poverty_outside_zero_one_is_refused(frame: pd.DataFrame, wrong: float) -> None:
    frame.loc[3, "p"] = wrong
    with pytest.raises(EstimationError, match="Kolom 'p'"):
        targeting_measures(frame, "p", "pkh")


def test_an_absent_column_is_named(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="'bpnt'"):
        targeting_measures(frame, "poor", "bpnt")


def test_draws_of_other_families_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="399 baris"):
        targeting_measures(frame, "p", "pkh", poor_draws=np.ones((399, 5)))


def test_unmatched_recipients_change_no_error(frame: pd.DataFrame) -> None:
    unmatched = pd.DataFrame({"programme": ["pkh"] * 30, "area": ["x"] * 20 + ["y"] * 10})
    plain = targeting_measures(frame, "poor", "pkh", by="area")
    with_third = targeting_measures(frame, "poor", "pkh", by="area", unmatched=unmatched)
    pd.testing.assert_frame_equal(with_third.iloc[: len(plain)], plain)


def test_unmatched_recipients_have_their_own_rows(frame: pd.DataFrame) -> None:
    unmatched = pd.DataFrame({"programme": ["pkh", "pkh"], "area": ["x", "y"], "recipients": [20, 10]})
    table = targeting_measures(frame, "poor", "pkh", by="area", unmatched=unmatched)
    assert [value(table, "unmatched_recipients", group) for group in ("all", "x", "y")] == [30, 20, 10]


def test_the_unmatched_are_a_share_of_the_names_on_the_list(frame: pd.DataFrame) -> None:
    unmatched = pd.DataFrame({"programme": ["pkh", "pkh"], "area": ["x", "y"], "recipients": [20, 10]})
    table = targeting_measures(frame, "poor", "pkh", by="area", unmatched=unmatched.assign(listed=[1500, 500]))
    shares = [value(table, "unmatched_share", group) for group in ("all", "x", "y")]
    assert shares == pytest.approx([0.015, 1 / 75, 0.02])


def test_names_are_not_divided_by_families(frame: pd.DataFrame) -> None:
    unmatched = pd.DataFrame({"programme": ["pkh"], "recipients": [20]})
    assert np.isnan(value(targeting_measures(frame, "poor", "pkh", unmatched=unmatched), "unmatched_share"))


def test_unmatched_recipients_of_an_unseen_area_are_not_lost(frame: pd.DataFrame) -> None:
    unmatched = pd.DataFrame({"programme": ["pkh", "pkh"], "area": ["x", None]})
    table = targeting_measures(frame, "poor", "pkh", by="area", unmatched=unmatched)
    assert value(table, "unmatched_recipients", "unknown") == 1


def test_counted_lists_have_no_sampling_error(frame: pd.DataFrame) -> None:
    table = targeting_measures(frame, "poor", "pkh", "weight")
    assert table[["se", "low", "high"]].isna().all(axis=None)


def test_point_values_use_the_probability_and_intervals_the_draws(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    draws = rng.random((len(frame), 2000)) < frame["p"].to_numpy()[:, None]
    table = targeting_measures(frame, "p", "pkh", "weight", poor_draws=draws)
    weight, p, received = frame["weight"], frame["p"], frame["pkh"]
    assert value(table, "exclusion_error") == pytest.approx((weight * p * (1 - received)).sum() / (weight * p).sum())
    drawn = [(weight * d * (1 - received)).sum() / (weight * d).sum() for d in draws.T]
    assert value(table, "exclusion_error", column="low") == pytest.approx(np.quantile(drawn, 0.025, method="weibull"))
    assert value(table, "exclusion_error", column="high") == pytest.approx(np.quantile(drawn, 0.975, method="weibull"))
    assert value(table, "exclusion_error", column="se") == pytest.approx(np.std(drawn, ddof=1), rel=1e-9)


def test_draws_may_come_as_blocks_from_a_callable(frame: pd.DataFrame) -> None:
    draws = np.random.default_rng(2).random((len(frame), 120)) < frame["p"].to_numpy()[:, None]
    whole = targeting_measures(frame, "p", "pkh", poor_draws=draws)
    in_blocks = targeting_measures(frame, "p", "pkh", poor_draws=lambda: (draws[:, :70], draws[:, 70:]))
    pd.testing.assert_frame_equal(whole, in_blocks)


def test_uncertain_links_widen_the_interval(frame: pd.DataFrame) -> None:
    draws = np.random.default_rng(2).random((len(frame), 400)) < frame["p"].to_numpy()[:, None]
    known = frame.assign(blt=(frame["blt"] > 0.5).astype(float))
    narrow = targeting_measures(known, "p", "blt", poor_draws=draws)
    wide = targeting_measures(frame, "p", "blt", poor_draws=draws)
    assert value(wide, "recipients", column="se") > 0
    assert value(narrow, "recipients", column="se") == 0


def test_link_uncertainty_alone_gives_intervals_against_a_known_target(frame: pd.DataFrame) -> None:
    table = targeting_measures(frame, "poor", "blt")
    expected = np.sqrt((frame["blt"] * (1 - frame["blt"])).sum())
    assert value(table, "recipients", column="se") == pytest.approx(expected, rel=0.15)


def test_given_receipt_draws_are_used_as_they_are(frame: pd.DataFrame) -> None:
    drawn = receipt_draws(frame, "blt", 60, seed=5)
    table = targeting_measures(frame, "poor", "blt", received_draws=drawn)
    assert value(table, "recipients", column="se") == pytest.approx(drawn["blt"].sum(axis=0).std(ddof=1))


def test_joint_draws_of_poverty_and_links_keep_their_dependence(frame: pd.DataFrame) -> None:
    # Poor exactly where the link is true: nobody poor is missed, whatever the marginal probabilities say.
    frame = frame.assign(blt=0.5)
    drawn = receipt_draws(frame, "blt", 100, seed=5)
    table = targeting_measures(frame.assign(p=0.5), "p", "blt", poor_draws=drawn["blt"], received_draws=drawn)
    assert value(table, "exclusion_error") == pytest.approx(0, abs=1e-12)


def test_chances_of_receipt_are_refused_as_draws_of_it() -> None:
    frame = pd.DataFrame({"poor": [1.0, 0.0], "blt": [0.4, 1.0]})
    with pytest.raises(EstimationError, match="harus 0 atau 1"):
        targeting_measures(frame, "poor", "blt", received_draws={"blt": np.array([[0.4, 0.4], [1.0, 1.0]])})


def test_a_group_without_poor_families_has_no_exclusion_error(frame: pd.DataFrame) -> None:
    frame.loc[frame["area"] == "y", "poor"] = 0.0
    table = targeting_measures(frame, "poor", "pkh", by="area")
    assert np.isnan(value(table, "exclusion_error", "y"))
    assert value(table, "missed_poor", "y") == 0


def test_rows_without_a_group_form_one_of_their_own(frame: pd.DataFrame) -> None:
    frame.loc[:9, "area"] = None
    table = targeting_measures(frame, "poor", "pkh", by="area")
    assert value(table, "coverage", "unknown", "n") == 10


def test_desil_order_as_welfare_gives_no_gini(frame: pd.DataFrame) -> None:
    table = targeting_measures(frame, "poor", "pkh", welfare="welfare", welfare_is_rank=True)
    assert "concentration_coefficient" in set(table["measure"])
    assert not {"gini", "kakwani"} & set(table["measure"])


def test_a_recipient_of_zero_rupiah_ties_with_who_is_not_on_the_list() -> None:
    frame = pd.DataFrame({"poor": [1.0, 0.0], "received": [1.0, 0.0], "rupiah": [0.0, 5.0]})
    assert value(targeting_measures(frame, "poor", "received", benefit="rupiah"), "auc") == 0.5


def test_why_a_family_was_missed_goes_by_the_first_thing_that_went_wrong() -> None:
    frame = pd.DataFrame({"poor": 1.0, "t": 0.0, "listed": [0, 0, 1, 1], "eligible": [0, 1, 0, 1]})
    table = error_decomposition(frame, "poor", "t", listed="listed", eligible="eligible")
    found = table.set_index("measure")["value"]
    assert found["missed_unlisted_families"] == 2
    assert found["missed_ranked_out_families"] == 1
    assert found["missed_unserved_families"] == 1


def test_without_a_registry_nothing_is_said_about_registration() -> None:
    frame = pd.DataFrame({"poor": 1.0, "t": [0.0, 1.0], "eligible": [1, 1]})
    assert "unlisted" not in set(error_decomposition(frame, "poor", "t", eligible="eligible")["reason"])


def test_a_ranking_by_welfare_itself_is_perfect(frame: pd.DataFrame) -> None:
    line = frame["welfare"].quantile(0.2)
    table = ranking_measures(frame.assign(poor=(frame["welfare"] < line) * 1.0), "welfare", "poor", "welfare", [0.2])
    found = table.set_index("measure")["value"]
    assert found["score_auc"] == pytest.approx(1)
    assert found["score_rank_correlation"] == pytest.approx(1)
    assert found["precision_at_quota_20"] == pytest.approx(1)
    assert found["recall_at_quota_20"] == pytest.approx(1)


def test_auc_and_rank_correlation_of_a_ranking_agree_with_the_libraries(frame: pd.DataFrame) -> None:
    score = frame["welfare"] + np.random.default_rng(0).normal(0, 4e5, len(frame))
    used = frame.assign(score=score.round(-4))
    found = ranking_measures(used, "score", "poor", "welfare").set_index("measure")["value"]
    assert found["score_auc"] == pytest.approx(roc_auc_score(used["poor"], -used["score"]), rel=1e-12)
    expected = spearmanr(used["score"], used["welfare"]).statistic
    assert found["score_rank_correlation"] == pytest.approx(expected, rel=1e-9)


def test_equals_at_the_margin_of_a_quota_are_served_by_lottery() -> None:
    frame = pd.DataFrame({"desil": [1.0, 1, 1, 1], "poor": [1.0, 0, 0, 0]})
    found = ranking_measures(frame, "desil", "poor", quotas=[0.5]).set_index("measure")["value"]
    assert found["recall_at_quota_50"] == pytest.approx(0.5)


def test_every_kind_of_scenario_has_an_indonesian_name() -> None:
    assert set(scenario_kinds()) == {*get_args(Kind), "none"}
