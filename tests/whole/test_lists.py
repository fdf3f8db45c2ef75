"""Lists that name nobody, lists of houses alone, no list at all: what can be said is said, and nothing vanishes."""

import shutil
from dataclasses import replace

import pytest

from kaur_analysis.linkage import latest
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.steps import clean, poverty, publish, shown, targeting
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
