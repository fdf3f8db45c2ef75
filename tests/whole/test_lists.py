"""Lists that name nobody, lists of houses alone, no list at all: what can be said is said, and nothing vanishes."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest

from kaur_analysis.linkage import latest
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import clean, incidence, poverty, publish, shown, targeting
from kaur_analysis.store import Store


def holding(finished, folder, *programmes: str) -> Edition:
    """The finished edition as if only these programmes had a list; its tables may be changed."""
    known = finished.edition
    shutil.copytree(known.store.data, folder / "data")
    sources = tuple(one for one in known.study.sources if one.kind != "recipients" or one.programme in programmes)
    study = known.study.model_copy(update={"sources": sources})
    edition = replace(known, study=study, store=Store(folder / "data", folder / "reports", study.edition))
    links = edition.store.read("clean/links")
    edition.store.write("clean/links", links[links["programme"].isin(programmes)].reset_index(drop=True))
    return edition


@pytest.fixture
def lost(finished, tmp_path) -> Edition:
    """A list of which nobody is found in the registry, beside one that is found."""
    edition = holding(finished, tmp_path, "pkh", "csr")
    links = edition.store.read("clean/links")
    links.loc[links["programme"] == "pkh", ["family", "person", "probability", "method"]] = None
    edition.store.write("clean/links", links)
    return edition


def test_a_list_that_finds_nobody_keeps_its_recipients_as_unmatched(lost):
    errors = targeting.registry_errors(lost, targeting.registry_route(lost))
    own = errors[(errors["programme"] == "pkh") & (errors["group"] == "all")].set_index("measure")["value"]
    assert own["recipients"] == 0
    assert own["unmatched_share"] == 1
    assert own["unmatched_recipients"] == (latest(lost.store.read("clean/links"))["programme"] == "pkh").sum()


def test_poverty_is_predicted_with_a_list_that_finds_nobody(lost):
    found = clean.received(lost.store.read("clean/links"), 0.5, ["received_csr", "received_pkh"])
    assert found.columns.tolist() == ["family", "received_csr", "received_pkh"]
    assert found["received_pkh"].sum() == 0
    lost.store.write("clean/received", found)
    survey = lost.store.read("estimates/survey")
    assert "received_pkh" in poverty.shared_covariates(lost, survey)
    compared = poverty.covariate_comparison(lost, poverty.survey_sample(survey, "weight_person"))
    assert "received_pkh" in set(compared["covariate"])


def test_a_list_of_houses_alone_leaves_no_cash_to_spend_otherwise(finished, tmp_path):
    edition = holding(finished, tmp_path, "rtlh_bsps")
    route = targeting.registry_route(edition)
    assert targeting.scenarios(edition, route).empty
    assert targeting.survey_scenarios(edition, route).empty
    assert publish.scenario_rows(edition) is None
    for section in (shown.scenarios(edition), shown.survey_scenarios(edition), shown.scenario_scores(edition)):
        assert "Tidak ada bantuan uang atau pangan" in section.html


def test_without_elderly_in_the_survey_the_ways_by_category_are_left_out(finished, tmp_path):
    edition = holding(finished, tmp_path, "pkh")
    survey = edition.store.read("estimates/survey")
    edition.store.write("estimates/survey", survey.drop(columns="elderly_60"))
    table = targeting.survey_scenarios(edition, targeting.registry_route(edition))
    assert set(table["programme"]) == {"none", "delivered", "model", "universal", "perfect"}


def test_without_any_list_poverty_is_published_and_nobody_is_said_to_be_missed(finished, tmp_path):
    edition = holding(finished, tmp_path)
    assert targeting.registry_route(edition) is None
    assert targeting.registry_errors(edition, None) is None
    published = publish.publish_edition(edition)
    topics = set(published["topic"])
    assert {"poverty", "needs", "registry", "targeting_survey"} <= topics
    assert not {"targeting", "reasons", "overlap", "scenarios"} & topics
    of_desa = set(published.loc[published["topic"] == "desa", "indicator"])
    assert of_desa == {"extreme_families", "extreme_share_difference"}
    assert publish.edition_facts(edition, published)["scenarios"] == {}


BY_PROGRAMME = {
    targeting: ("errors_by_programme", "reasons_by_programme"),
    incidence: ("benefits_by_programme", "costs_by_programme", "movement_by_programme", "effects_by_programme"),
}
OF_ALL = {"any", "any_programme"}  # what is said of all programmes together


def judged(edition: Edition) -> dict[str, bytes]:
    """Tables of both notebooks of step 03."""
    route = targeting.registry_route(edition)
    for step in (
        *(targeting.registry_errors, targeting.programme_overlap, targeting.error_reasons, targeting.reasons_by_desa),
        *(targeting.survey_scenarios, targeting.scenarios, incidence.benefits, incidence.concentration_curves),
        *(incidence.movement, incidence.cost_per_result, incidence.programme_effects),
    ):
        step(edition, route)
    incidence.fairer_ranking(edition, route, incidence.fairness_of_errors(edition, route))
    tables = (edition.store.data / "estimates" / edition.name).glob("*.parquet")
    return {path.name: path.read_bytes() for path in tables}


@pytest.fixture
def shorter(finished, tmp_path) -> Edition:
    """The finished edition with three links less to the list of the CSR companies."""
    edition = holding(finished, tmp_path, *finished.edition.study.listed)
    links = edition.store.read("clean/links")
    gone = links.index[(links["programme"] == "csr") & links["family"].notna()][:3]
    edition.store.write("clean/links", links.drop(index=gone).reset_index(drop=True))
    return edition


def test_programmes_whose_lists_stayed_as_they_were_are_not_judged_again(shorter, monkeypatch):
    asked = {}

    def watched(name, work):
        def told(parts, **shared):
            asked.setdefault(name, set()).update(parts)
            return work(parts, **shared)

        return told

    for module, names in BY_PROGRAMME.items():
        for name in names:
            monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    judged(shorter)
    steps = [name for names in BY_PROGRAMME.values() for name in names if name != "movement_by_programme"]
    assert {name: parts - OF_ALL for name, parts in asked.items()} == {name: {"csr"} for name in steps}


def test_what_is_known_of_other_programmes_gives_what_judging_all_anew_gives(shorter):
    known = judged(shorter)
    shutil.rmtree(shorter.recollections)
    assert judged(shorter) == known


def test_a_changed_list_has_no_family_judged_by_the_rules_again(shorter, monkeypatch):
    before = targeting.registry_route(shorter).frame

    def judged_again(*_):
        raise AssertionError("rules hang on no list")

    monkeypatch.setattr(targeting, "judge", judged_again)
    links = shorter.store.read("clean/links")
    shorter.store.write("clean/links", links.drop(index=links.index[links["programme"] == "csr"][:1]))
    after = targeting.registry_route(shorter).frame
    told = [name for name in before if name.startswith(("eligible_", "outside_"))]
    pd.testing.assert_frame_equal(after[told], before[told], check_exact=True)


def test_the_draws_that_know_the_desil_are_opened_once(shorter, monkeypatch):
    opened = []
    draws = targeting.informed_welfare

    def told(edition):
        opened.append(edition.name)
        return draws(edition)

    monkeypatch.setattr(targeting, "informed_welfare", told)
    judged(shorter)
    assert opened == [shorter.name]
