"""A CI-size look at ``benchmarks/targeting_kaur.py``: the pipeline's steps on the synthetic Kaur with field dirt."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.targeting_kaur import ALONE, MEASURES, replicates, summary

COMMITTED = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "targeting_kaur.csv")
BY_PROGRAMME = COMMITTED[COMMITTED["level"] == "kabupaten"].set_index(["answer", "measure", "programme"])
EVERY = COMMITTED[COMMITTED["programme"] == "every programme"].set_index(["answer", "level", "measure"])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return replicates(1000, tmp_path_factory.mktemp("kaur"), families=2000, size=2)


@pytest.fixture(scope="module")
def short(found: pd.DataFrame) -> pd.DataFrame:
    table = summary(found)
    return table[table["programme"] == "every programme"].set_index(["answer", "level", "measure"])


@pytest.mark.parametrize("measure", MEASURES)
def test_a_short_run_is_as_near_the_truth_as_the_long_one_says(short: pd.DataFrame, measure: str) -> None:
    row = short.loc[("registry route", "kabupaten", measure)]
    assert abs(row["bias"]) < 5 * EVERY.at[("registry route", "kabupaten", measure), "rmse"]


def test_kecamatan_intervals_of_a_short_run_hold_the_truth(short: pd.DataFrame) -> None:
    rows = short.loc[[("registry route", "kecamatan", measure) for measure in MEASURES]]
    assert rows["coverage"].min() > 0.85


def test_naive_yes_no_says_that_far_fewer_are_missed_than_are(short: pd.DataFrame) -> None:
    naive, route = (
        abs(short.loc[(answer, "kabupaten", "exclusion_error"), "bias"])
        for answer in ("naive yes/no", "registry route")
    )
    assert naive > 2 * route


# What a rule by desil decides. BLT Dana Desa serves desil 1 alone.
BY_DESIL = [
    ("needs", "families_due_extreme"),
    ("needs", "rupiah_year_extreme"),
    ("reasons", "missed_ranked_out_families"),
    ("reasons", "missed_unserved_families"),
    ("cost", "programme_mix"),
]


@pytest.mark.parametrize(("answer", "measure"), BY_DESIL)
def test_what_a_rule_by_desil_decides_is_held_in_a_short_run(found: pd.DataFrame, answer: str, measure: str) -> None:
    rows = found[(found["answer"] == answer) & (found["measure"] == measure) & (found["programme"] == "blt_dd")]
    assert len(rows) == 2
    assert ((rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])).all()


@pytest.mark.parametrize(("answer", "measure"), BY_DESIL)
def test_the_span_of_an_unseen_desil_widens_intervals_and_moves_no_value(
    found: pd.DataFrame, answer: str, measure: str
) -> None:
    told = found[(found["measure"] == measure) & (found["programme"] == "blt_dd")].set_index(["answer", "seed"])
    spanned, alone = told.loc[answer], told.loc[f"{answer}{ALONE}"]
    assert (spanned["high"] - spanned["low"] > alone["high"] - alone["low"]).all()
    assert spanned["value"].to_list() == pytest.approx(alone["value"].to_list(), rel=1e-12)


@pytest.mark.parametrize(("answer", "measure"), BY_DESIL)
def test_the_long_run_holds_what_a_rule_by_desil_decides(answer: str, measure: str) -> None:
    assert BY_PROGRAMME.loc[(answer, measure, "blt_dd"), "coverage"] >= 0.95


@pytest.mark.parametrize(("answer", "measure"), BY_DESIL[:-1])
def test_the_long_run_shows_that_the_draws_alone_do_not(answer: str, measure: str) -> None:
    row = BY_PROGRAMME.loc[(f"{answer}{ALONE}", measure, "blt_dd")]
    assert row["coverage"] + 2 * row["coverage_error"] < 0.93


@pytest.mark.parametrize("level", ["kabupaten", "kecamatan"])
@pytest.mark.parametrize("measure", MEASURES)
def test_the_long_run_holds_the_truth_in_no_fewer_than_93_of_a_hundred(level: str, measure: str) -> None:
    row = EVERY.loc[("registry route", level, measure)]
    assert row["coverage"] + 2 * row["coverage_error"] >= 0.93
    assert abs(row["bias"]) < 0.02


@pytest.mark.parametrize("programme", ["pkh", "sembako", "blt_dd"])
@pytest.mark.parametrize("measure", MEASURES)
def test_the_long_run_holds_the_errors_of_each_programme_of_the_kabupaten(programme: str, measure: str) -> None:
    row = BY_PROGRAMME.loc[("registry route", measure, programme)]
    assert row["coverage"] >= 0.93


def test_the_range_of_the_desil_holds_its_true_exclusion_error() -> None:
    assert BY_PROGRAMME.loc[("scenarios", "exclusion_error", "desil, from informed to stated"), "coverage"] >= 0.95


def test_the_range_of_the_desil_with_intervals_holds_what_is_left_after() -> None:
    row = BY_PROGRAMME.loc[("scenarios", "headcount_after", "desil, the range with intervals")]
    assert row["coverage"] + 2 * row["coverage_error"] >= 0.95


@pytest.mark.parametrize("measure", ["poor_none", "poor_one", "poor_several"])
def test_the_long_run_holds_how_many_programmes_the_extreme_poor_have(measure: str) -> None:
    row = BY_PROGRAMME.loc[("overlap", measure, "all")]
    assert row["coverage"] + 2 * row["coverage_error"] >= 0.95


@pytest.mark.parametrize("level", ["kabupaten", "kecamatan"])
@pytest.mark.parametrize("measure", ["poor_share", "extreme_share"])
def test_the_long_run_holds_the_shares_that_the_model_states(level: str, measure: str) -> None:
    assert 0.93 <= EVERY.loc[("area model", level, measure), "coverage"] <= 0.97
