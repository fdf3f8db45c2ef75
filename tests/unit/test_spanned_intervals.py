"""Intervals of what lies between two ends, and which programmes have them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.steps.planning import due_of_each, extremely_poor
from kaur_analysis.pipeline.steps.unseen import informed_welfare, ruled_by_unseen_desil
from kaur_analysis.poverty.intervals import spanned
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()
ALONE = pd.DataFrame({"programme": ["blt", "rtlh"], "value": [25.0, 8.0], "se": 7.0, "low": [12.0, 1.0], "high": 40.0})


def ends(low: float, high: float) -> pd.Series:
    other = pd.DataFrame({"programme": ["blt"], "low": [low], "high": [high]})
    return spanned(ALONE, other, ["programme"], "desil").set_index("programme").loc["blt"]


def test_an_interval_reaches_from_the_lowest_to_the_highest_of_both_ends() -> None:
    assert list(ends(30.0, 70.0)[["low", "high"]]) == [12.0, 70.0]


def test_the_value_stays_as_stated() -> None:
    assert ends(30.0, 70.0)["value"] == 25.0


def test_the_value_lies_inside_where_neither_end_holds_it() -> None:
    other = pd.DataFrame({"programme": ["rtlh"], "low": [20.0], "high": [30.0]})
    found = spanned(ALONE.assign(low=10.0), other, ["programme"], "desil").set_index("programme").loc["rtlh"]
    assert found["low"] == 8.0


def test_the_error_grows_by_what_a_normal_interval_grows() -> None:
    assert ends(30.0, 70.0)["se"] == pytest.approx(7.0 + 30.0 / (2 * 1.959964))


def test_two_ends_that_agree_change_nothing() -> None:
    assert list(ends(12.0, 40.0)[["se", "low", "high"]]) == [7.0, 12.0, 40.0]


def test_rows_without_another_end_stay_as_they_are() -> None:
    other = pd.DataFrame({"programme": ["blt"], "low": [30.0], "high": [70.0]})
    found = spanned(ALONE, other, ["programme"], "desil").set_index("programme").loc["rtlh"]
    assert list(found[["se", "low", "high", "spans"]]) == [7.0, 1.0, 40.0, ""]


def test_rows_say_what_the_other_end_knows() -> None:
    assert ends(30.0, 70.0)["spans"] == "desil"


FAMILIES = 2_000
DESIL = np.arange(FAMILIES) % 10 + 1.0


def edition(*terms: str, folder: Path = Path("tidak-ada")) -> SimpleNamespace:
    """Families of ten desil; the lowest are poorer, but the draws know nothing of it."""
    random = np.random.default_rng(8)
    known = random.normal(13 + 0.03 * DESIL, 0.2)
    drawn = np.exp(known[:, None] + random.normal(0, 0.4, (FAMILIES, 100))).astype(np.float32)
    names = pd.Series([f"k{place}" for place in range(FAMILIES)])
    line = float(np.quantile(drawn, 0.05))
    chance = (drawn < line).mean(axis=1)
    place = {"kecamatan": "1704010", "desa": "1704010001"}
    poverty = pd.DataFrame({"family": names, "household_size": 4.0, "p_extreme": chance, **place})
    tables = {
        "clean/families": pd.DataFrame({"family": names, "desil": DESIL}).sample(frac=1, random_state=1),
        "estimates/family_poverty": poverty,
        "estimates/model_coefficients": pd.DataFrame({"term": ["constant", *terms]}),
        "estimates/welfare_draws": pd.DataFrame(drawn).assign(family=names),
    }
    return SimpleNamespace(
        store=SimpleNamespace(
            read=lambda name, columns=None: tables[name][columns] if columns else tables[name],
            hash=lambda name: name,  # families and draws are the same in every edition here
        ),
        study=SimpleNamespace(
            programmes=[CATALOGUE["blt_dd"], CATALOGUE["pena"]],
            seed=0,
            line=lambda kind: line,
            registry=True,
            synthetic=True,
        ),
        area=SimpleNamespace(code="1704"),
        recollections=folder,
        program_hash="program",
    )


def test_programmes_ruled_by_a_desil_that_the_model_does_not_know_are_found() -> None:
    assert ruled_by_unseen_desil(edition()) == ("blt_dd",)


def test_a_model_that_knows_the_desil_leaves_no_programme() -> None:
    assert ruled_by_unseen_desil(edition("desil")) == ()


def test_informed_draws_are_of_the_families_in_the_order_of_the_draws(tmp_path: Path) -> None:
    one = edition(folder=tmp_path)
    poorest = np.log(informed_welfare(one))[DESIL == 1].mean()
    assert poorest < np.log(one.store.read("estimates/welfare_draws").drop(columns="family"))[DESIL == 1].mean().mean()


def test_who_is_extremely_poor_is_found_again_without_a_draw_being_read(tmp_path: Path) -> None:
    made = extremely_poor(edition(folder=tmp_path), with_desil=True)
    blind = edition(folder=tmp_path)
    blind.store.read = None
    found = extremely_poor(blind, with_desil=True)
    assert [content(one) for one in found] == [content(one) for one in made]


def test_those_who_know_the_desil_are_not_asked_where_no_rule_goes_by_it(tmp_path: Path) -> None:
    assert extremely_poor(edition("desil", folder=tmp_path), with_desil=False)[1] is None


def test_those_who_know_the_desil_find_more_of_its_lowest_class_extremely_poor(tmp_path: Path) -> None:
    blind, informed = extremely_poor(edition(folder=tmp_path), with_desil=True)
    assert informed is not None
    assert (DESIL[informed.family] == 1).sum() > (DESIL[blind.family] == 1).sum()


def due(folder: Path, *terms: str) -> pd.DataFrame:
    """What those of desil 1 are due by the one programme, and everybody alike by the other."""
    one = edition(*terms, folder=folder)
    poverty = one.store.read("estimates/family_poverty")
    everybody = poverty.assign(
        received=0.0, eligible=1.0, due=1.0, units=1.0, rupiah_year=1e6, due_extreme=poverty["p_extreme"]
    )
    needs = pd.concat([everybody[DESIL == 1].assign(programme="blt_dd"), everybody.assign(programme="pena")])
    _, found = due_of_each(one, needs)
    return found[(found["fund"] == "") & (found["area"] == "1704")].set_index(["programme", "measure"])


def test_what_a_rule_by_an_unseen_desil_owes_spans_what_the_desil_may_know(tmp_path: Path) -> None:
    row, unseen, seen = ("blt_dd", "families_due_extreme"), due(tmp_path), due(tmp_path, "desil")
    assert unseen.loc[row, "high"] > 1.5 * seen.loc[row, "high"]
    assert unseen.loc[row, "low"] == seen.loc[row, "low"]


@pytest.mark.parametrize("row", [("pena", "families_due_extreme"), ("blt_dd", "families_due")])
def test_nothing_changes_where_no_desil_matters(tmp_path: Path, row: tuple[str, str]) -> None:
    numbers = ["se", "low", "high", "spans"]
    assert list(due(tmp_path).loc[row, numbers]) == list(due(tmp_path, "desil").loc[row, numbers])
