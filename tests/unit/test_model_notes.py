"""What has to be said of a model that knows less than the rules."""

from kaur_analysis.pipeline.steps.poverty import unseen_desil
from kaur_analysis.reference.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def test_programmes_ruled_by_a_desil_that_the_model_does_not_know_are_named() -> None:
    ruled = [CATALOGUE["blt_dd"], CATALOGUE["pkh"]]
    (note,) = unseen_desil(ruled, ["floor"])
    assert all(programme.name in note for programme in ruled)


def test_a_model_that_knows_the_desil_needs_no_note() -> None:
    assert unseen_desil([CATALOGUE["blt_dd"]], ["floor", "desil"]) == []


def test_without_rules_by_desil_nothing_is_said() -> None:
    assert unseen_desil([], ["floor"]) == []
