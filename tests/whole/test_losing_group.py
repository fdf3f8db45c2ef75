"""A world in which a kind of family really loses: the table finds it, the ranking on offer mends it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.steps import incidence, shown, targeting
from kaur_analysis.targeting.evidence import ANY

LOSERS = "perempuan"


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    """The finished edition, target the poor; lists leave out nine of ten families headed by a woman."""
    home = tmp_path_factory.mktemp("kalah")
    shutil.copytree(finished.office, home / "demo")
    shutil.copytree(finished.edition.store.data, home / "data")
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
    route = targeting.registry_route(edition)
    left_out = (route.frame["head_female"] == 1) & (np.random.default_rng(4).random(len(route.frame)) < 0.9)
    frame = route.frame.assign(p_extreme=route.frame["p_poor"])
    frame.loc[left_out, list(route.programmes)] = 0.0
    frame[ANY] = targeting.any_programme(frame, route.programmes)
    route = replace(route, frame=frame, poor_draws=route.welfare_draws < edition.study.line("poverty"))
    errors = incidence.fairness_of_errors(edition, route)
    return edition, errors, incidence.fairer_ranking(edition, route, errors)


def missed(table, **where):
    rows = table[(table["measure"] == "exclusion_error") & (table["group"] == LOSERS)]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_group_that_loses_is_found_beyond_chance(world):
    row = missed(world[1], characteristic="kepala keluarga")
    assert row["difference_low"] > 0.2 and row["p_adjusted"] < 0.001


@pytest.mark.parametrize(
    "characteristic",
    ["kepala keluarga", "usia kepala", "disabilitas", "besar keluarga", "jarak ke ibu kota kabupaten", "kecamatan"],
)
def test_errors_are_compared_by_every_kind_with_intervals(world, characteristic):
    rows = world[1].query("characteristic == @characteristic and measure == 'exclusion_error'").dropna(subset="value")
    assert len(rows) > 1 and rows[["low", "high", "difference_low", "difference_high"]].notna().all(axis=None)


def test_the_calibrated_ranking_takes_the_disadvantage_away(world):
    now, calibrated = (missed(world[2], programme=way)["difference"] for way in ("any_programme", "calibrated"))
    assert abs(calibrated) < now / 3


def test_three_ways_are_compared(world):
    assert set(world[2]["programme"]) == {"any_programme", "model", "calibrated"}


def test_the_sentence_names_the_group_that_loses(world):
    assert (
        "terutama kepala keluarga perempuan" in (said := shown.fairness(world[0]).html) or "kelompok terlewat" in said
    )


def test_the_offer_says_what_becomes_of_the_group(world):
    html = shown.fairer_ranking(world[0]).html
    assert "Kepala keluarga perempuan terlewat" in html and "urutan yang setara antar-kelompok" in html


def test_the_table_says_that_many_comparisons_were_made(world):
    assert "Holm" in shown.fairness(world[0]).html
