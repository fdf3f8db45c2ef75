"""What must hold for any families, lists and probabilities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.targeting import (
    benefit_incidence,
    concentration,
    concentration_curve,
    error_decomposition,
    overlap,
    targeting_measures,
)
from kaur_analysis.targeting.intervals import draw_interval

SEEDS = st.integers(0, 2**32 - 1)


def families(seed: int, size: int = 60, certain: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "poor": rng.random(size),
            "received": np.where(rng.random(size) < 0.5, (rng.random(size) < 0.4).astype(float), rng.random(size)),
            "other": (rng.random(size) < 0.3).astype(float),
            "weight": rng.integers(1, 5, size).astype(float),
            "welfare": rng.lognormal(13, 0.6, size).round(-4),
            "rupiah": rng.choice([100_000.0, 200_000.0, 300_000.0], size),
            "area": rng.choice(["a", "b", "c"], size),
            "listed": (rng.random(size) < 0.8).astype(float),
            "eligible": (rng.random(size) < 0.5).astype(float),
            "before": (rng.random(size) < 0.3).astype(float),
        }
    )
    if certain:
        frame[["poor", "received"]] = (frame[["poor", "received"]] > 0.6).astype(float)
        frame.loc[:1, "poor"], frame.loc[:1, "received"] = [1.0, 0.0], [1.0, 0.0]
    return frame


def values(table: pd.DataFrame, group: str = "all") -> pd.Series:
    return table[table["group"] == group].set_index("measure")["value"]


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_confusion_cells_sum_to_the_population(seed: int) -> None:
    frame = families(seed)
    found = values(targeting_measures(frame, "poor", "received", "weight"))
    reached = found["poor"] - found["missed_poor"]
    neither = frame["weight"].sum() - reached - found["missed_poor"] - found["included_nonpoor"]
    expected_neither = (frame["weight"] * (1 - frame["poor"]) * (1 - frame["received"])).sum()
    assert neither == pytest.approx(expected_neither, rel=1e-9)
    assert reached + found["included_nonpoor"] == pytest.approx(found["recipients"], rel=1e-12)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_certain_probabilities_give_plain_counts(seed: int) -> None:
    frame = families(seed, certain=True)
    poor, received = frame["poor"] == 1, frame["received"] == 1
    found = values(targeting_measures(frame, "poor", "received"))
    assert found["exclusion_error"] == pytest.approx((poor & ~received).sum() / poor.sum(), abs=1e-12)
    assert found["inclusion_error"] == pytest.approx((received & ~poor).sum() / received.sum(), abs=1e-12)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_inclusion_equals_exclusion_when_as_many_are_chosen_as_are_poor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"poor": rng.permutation(np.repeat([1, 0], [15, 45]))})
    frame["received"] = rng.permutation(frame["poor"])
    found = values(targeting_measures(frame, "poor", "received"))
    assert found["inclusion_error"] == pytest.approx(found["exclusion_error"], abs=1e-12)


@given(SEEDS, st.floats(0.5, 1000))
@settings(max_examples=25, deadline=None)
def test_shares_do_not_change_with_the_scale_of_weights_and_money(seed: int, scale: float) -> None:
    frame = families(seed)
    scaled = frame.assign(weight=frame["weight"] * scale, rupiah=frame["rupiah"] * scale)
    options = {"weights": "weight", "benefit": "rupiah", "welfare": "welfare", "by": "area"}
    before = targeting_measures(frame, "poor", "received", **options)
    after = targeting_measures(scaled, "poor", "received", **options)
    is_free = before["denominator"].isin(["count", "rupiah"]) | (before["measure"] == "mean_benefit")
    np.testing.assert_allclose(after.loc[~is_free, "value"], before.loc[~is_free, "value"], rtol=1e-8, atol=1e-12)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_row_order_and_splitting_a_record_with_its_weight_change_nothing(seed: int) -> None:
    frame = families(seed)
    halved = frame.assign(weight=frame["weight"] / 2)
    shuffled = pd.concat([halved, halved]).sample(frac=1, random_state=seed % 1000, ignore_index=True)
    options = {"weights": "weight", "benefit": "rupiah", "welfare": "welfare", "by": "area"}
    before = targeting_measures(frame, "poor", "received", **options)["value"]
    after = targeting_measures(shuffled, "poor", "received", **options)["value"]
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_counts_of_the_groups_add_up_to_everyone(seed: int) -> None:
    table = targeting_measures(families(seed), "poor", "received", "weight", by="area", benefit="rupiah")
    counts = table[table["denominator"].isin(["count", "rupiah"]) & (table["measure"] != "unserved_rupiah")]
    whole = counts[counts["group"] == "all"].set_index("measure")["value"]
    parts = counts[counts["group"] != "all"].groupby("measure")["value"].sum()
    pd.testing.assert_series_equal(parts.sort_index(), whole.sort_index(), check_names=False, rtol=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_every_measure_of_a_uniform_benefit_is_neutral(seed: int) -> None:
    frame = families(seed).assign(received=1.0)
    found = values(targeting_measures(frame, "poor", "received", "weight", benefit=100_000.0, welfare="welfare"))
    assert found["concentration_coefficient"] == pytest.approx(0, abs=1e-12)
    assert found["targeting_differential"] == pytest.approx(0, abs=1e-12)
    for neutral in ("cgh_index", "cgh_bottom_20", "cgh_bottom_40"):
        assert found[neutral] == pytest.approx(1, rel=1e-12)
    assert found["auc"] == pytest.approx(0.5, rel=1e-12)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_cgh_of_a_random_list_goes_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"poor": rng.random(40_000) < 0.2, "received": rng.random(40_000) < 0.3})
    found = values(targeting_measures(frame.astype(float), "poor", "received"))
    assert found["cgh_index"] == pytest.approx(1, abs=0.1)  # five standard errors: √(0.8·0.7/(8000·0.3)) = 0.015


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_shares_lie_in_zero_one_and_coefficients_in_minus_one_one(seed: int) -> None:
    found = values(targeting_measures(families(seed), "poor", "received", "weight", "rupiah", "welfare"))
    for share in ("coverage", "exclusion_error", "inclusion_error", "error_rate", "auc", "leakage_share", "gini"):
        assert 0 <= found[share] <= 1
    for coefficient in ("concentration_coefficient", "rank_correlation", "targeting_differential"):
        assert -1 <= found[coefficient] <= 1


@given(SEEDS, st.integers(2, 12))
@settings(max_examples=25, deadline=None)
def test_benefit_incidence_sums_to_one(seed: int, quantiles: int) -> None:
    table = benefit_incidence(families(seed), "received", "welfare", "weight", "rupiah", quantiles, by="area")
    sums = table.groupby(["measure", "group"])["value"].sum().unstack("measure")
    for measure in ("population_share", "recipient_share", "benefit_share"):
        np.testing.assert_allclose(sums[measure], 1, rtol=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_quantiles_hold_equal_weight(seed: int) -> None:
    table = benefit_incidence(families(seed), "received", "welfare", "weight", quantiles=5)
    np.testing.assert_allclose(table.loc[table["measure"] == "population_share", "value"], 0.2, rtol=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_incidence_is_the_difference_of_the_concentration_curve(seed: int) -> None:
    frame = families(seed)
    curve = concentration(frame, "received", "welfare", "weight", "rupiah").curve
    shares = benefit_incidence(frame, "received", "welfare", "weight", "rupiah")
    expected = np.diff(curve.loc[curve["programme"] == "received", "share"].to_numpy()[::10])
    np.testing.assert_allclose(shares.loc[shares["measure"] == "benefit_share", "value"], expected, atol=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_curve_alone_is_that_beside_the_measures(seed: int) -> None:
    frame = families(seed)
    given_columns = ("received", "welfare", "weight", "rupiah")
    curve = concentration(frame, *given_columns).curve
    pd.testing.assert_frame_equal(concentration_curve(frame, *given_columns), curve, check_exact=True)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_agencies_meet_in_the_families_that_both_serve_in_each_draw(seed: int) -> None:
    frame, random = families(seed), np.random.default_rng(seed)
    agencies = {"pkh": "dinsos", "sembako": "dinsos", "blt": "dpmd", "csr": "csr"}
    drawn = {code: (random.random((len(frame), 30)) < random.random()).astype(float) for code in agencies}
    drawn["csr"] = drawn["csr"][:, :1]  # a list whose links are known
    frame = frame.assign(**{code: columns.mean(axis=1) for code, columns in drawn.items()})
    poor = (random.random((len(frame), 30)) < frame["poor"].to_numpy()[:, None]).astype(float)
    found = overlap(frame, list(agencies), "poor", agencies, "weight", poor_draws=poor, received_draws=drawn)
    served = {
        agency: np.max([np.broadcast_to(drawn[code], poor.shape) for code, own in agencies.items() if own == agency], 0)
        for agency in agencies.values()
    }
    for row in found.matrix.itertuples():
        both = served[row.agency] * served[row.other]
        for name, whose in (("families", 1.0), ("poor_families", poor)):
            totals = (frame["weight"].to_numpy() @ (both * whose))[None]
            wanted = [float(part[0]) for part in draw_interval(totals, 0.95)]
            told = [getattr(row, f"{name}_{part}") for part in ("se", "low", "high")]
            np.testing.assert_allclose(told, wanted, rtol=1e-9, atol=1e-9)
    number = sum(np.broadcast_to(column, poor.shape) for column in drawn.values())
    spread = found.measures.set_index("measure")
    for name, inside in (("none", number == 0), ("one", number == 1), ("several", number > 1)):
        low = float(draw_interval((frame["weight"].to_numpy() @ inside)[None], 0.95)[1][0])
        assert spread.at[f"families_{name}", "low"] == pytest.approx(low, rel=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_concentration_coefficient_is_twice_the_area_over_its_curve(seed: int) -> None:
    frame = families(seed)
    frame["welfare"] = np.random.default_rng(seed).permutation(len(frame)) + 1.0
    result = concentration(frame, "received", "welfare", "weight", "rupiah", points=200_001)
    curve = result.curve[result.curve["programme"] == "received"]
    area = np.trapezoid(curve["share"], curve["population"])
    coefficient = values(result.measures)["concentration_coefficient"]
    assert coefficient == pytest.approx(1 - 2 * area, abs=1e-6)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_reasons_add_up_to_the_errors(seed: int) -> None:
    frame = families(seed)
    errors = values(targeting_measures(frame, "poor", "received", "weight"))
    reasons = error_decomposition(
        frame, "poor", "received", "weight", listed="listed", eligible="eligible", poor_before="before"
    )
    by_stem = reasons.groupby(reasons["measure"].str.split("_").str[0] + reasons["denominator"])["value"].sum()
    assert by_stem["exclusionpoor"] == pytest.approx(errors["exclusion_error"], rel=1e-9)
    assert by_stem["inclusionrecipients"] == pytest.approx(errors["inclusion_error"], rel=1e-9)
    assert by_stem["missedmissed_poor"] == pytest.approx(1, rel=1e-9)
    assert by_stem["missedcount"] == pytest.approx(errors["missed_poor"], rel=1e-9)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_none_one_and_several_programmes_add_up(seed: int) -> None:
    frame = families(seed)
    found = values(overlap(frame, ["received", "other", "eligible"], "poor", weights="weight").measures)
    everyone = frame["weight"].sum()
    assert found["families_none"] + found["families_one"] + found["families_several"] == pytest.approx(everyone)
    assert found["poor_share_none"] + found["poor_share_one"] + found["poor_share_several"] == pytest.approx(1)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_families_without_any_programme_are_those_any_does_not_cover(seed: int) -> None:
    frame = families(seed)
    table = targeting_measures(frame, "poor", ["received", "other"], "weight")
    any_programme = values(table[table["programme"] == "any"])
    none = values(overlap(frame, ["received", "other"], "poor", weights="weight").measures)
    assert any_programme["missed_poor"] == pytest.approx(none["poor_none"], rel=1e-9)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_overlap_matrix_is_symmetric_and_its_diagonal_is_the_agency(seed: int) -> None:
    frame = families(seed)
    matrix = overlap(frame, ["received", "other"], "poor").matrix
    wide = matrix.pivot(index="agency", columns="other", values="families")
    np.testing.assert_allclose(wide, wide.T)
    assert wide.loc["received", "received"] == pytest.approx(frame["received"].sum())


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_families_of_two_agencies_spread_as_their_independent_links_do(seed: int) -> None:
    frame = families(seed, size=400)
    poor = np.random.default_rng(seed).random((400, 2000)) < frame[["poor"]].to_numpy()
    table = overlap(frame, ["received", "other"], "poor", poor_draws=poor).matrix
    pair = table[(table["agency"] == "other") & (table["other"] == "received")].iloc[0]
    both = (frame["received"] * frame["other"]).to_numpy()
    assert pair["families"] == pytest.approx(both.sum())
    assert pair["families_se"] == pytest.approx(np.sqrt((both * (1 - both)).sum()), rel=0.1)
    poor_both = both * frame["poor"].to_numpy()
    assert pair["poor_families_se"] == pytest.approx(np.sqrt((poor_both * (1 - poor_both)).sum()), rel=0.1)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_families_of_two_agencies_add_up_over_areas(seed: int) -> None:
    frame = families(seed)
    table = overlap(frame, ["received", "other"], "poor", weights="weight", by="area").matrix
    sums = table.assign(whole=table["group"] == "all").groupby(["agency", "other", "whole"])[
        ["families", "poor_families"]
    ]
    parts = sums.sum().unstack("whole")
    np.testing.assert_allclose(parts.xs(True, axis=1, level="whole"), parts.xs(False, axis=1, level="whole"))
