"""Budgets and limits of a study file decide what the allocation may do."""

import re
import shutil

import pytest

from kaur_analysis.errors import KaurError
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.steps import shown
from kaur_analysis.pipeline.steps.clean import clean_inputs, link_recipients, read_inputs
from kaur_analysis.pipeline.steps.planning import allocation, match_needs


@pytest.fixture
def allocated(finished, tmp_path):
    """The finished edition with other budgets in its study; tables are read where they are."""

    def _with(replacement):
        text = (finished.office / "studi.yaml").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("budgets:"))
        study = finished.office / "studi-anggaran.yaml"
        study.write_text(text.replace(line, replacement), encoding="utf-8")
        edition = open_edition(str(study), str(finished.edition.store.data), str(tmp_path))
        study.unlink()
        return allocation(edition, edition.store.read("estimates/needs"))

    before = {p: p.read_bytes() for p in finished.edition.store.data.glob("estimates/2025/allocation*")}
    yield _with
    for path, content in before.items():
        path.write_bytes(content)


def test_no_budget_no_allocation(allocated):
    assert allocated("budgets: {}") is None


def test_a_budget_is_not_exceeded(allocated):
    assert allocated("budgets: {total: 200000000}").chosen["rupiah_year"].sum() <= 200_000_000 * (1 + 1e-9)


def test_the_chosen_close_more_than_the_most_urgent_first(allocated):
    table = allocated("budgets: {total: 200000000}").comparison.set_index("method")["gap_closed_rp_year"]
    assert table["optimal"] >= table["greedy"]


def test_the_gap_to_the_best_possible_is_small(allocated):
    assert allocated("budgets: {total: 200000000}").comparison["gap"].max() <= 0.005


def test_notebook_04_says_how_good_the_choice_is_proven_to_be(finished):
    said = shown.allocation(finished.edition).html
    assert re.search(r"terbukti paling jauh 0,\d\d(%| persen) dari yang mungkin\.", said)


def test_a_quota_of_the_study_holds(allocated):
    chosen = allocated("budgets: {total: 900000000}\nallocation: {quota: {pkh: 5}}").chosen
    assert chosen.loc[chosen["programme"] == "pkh", "units"].sum() <= 5 + 1e-9


def test_every_desa_is_served_where_the_study_says_so(allocated, finished):
    chosen = allocated("budgets: {total: 900000000}\nallocation: {desa_floor: 1}").chosen
    due = finished.edition.store.read("estimates/needs").query("due > 0.1")
    assert set(due["desa"]) == set(chosen["desa"])


def test_floors_that_no_budget_can_meet_are_explained(allocated):
    with pytest.raises(KaurError, match="pagu total"):
        allocated("budgets: {total: 1000}\nallocation: {desa_floor: 1}")


def test_the_demo_says_what_its_budgets_do(finished):
    assert len(finished.edition.store.read("estimates/allocation_comparison")) == 2


def test_zero_costs_otherwise_without_the_official_share(finished):
    table = finished.edition.store.read("estimates/zero_cost")
    assert "tanpa disesuaikan ke angka resmi" in set(table["detail"])


@pytest.fixture
def proposing(finished, tmp_path):
    """A copy of the finished edition whose list of small businesses is a proposal, linked anew."""
    shutil.copytree(finished.office, tmp_path / "demo")
    shutil.copytree(finished.edition.store.data, tmp_path / "data")
    study = tmp_path / "demo" / "studi.yaml"
    text = study.read_text(encoding="utf-8").replace("programme: umkm,", "proposal: true, programme: umkm,")
    study.write_text(text, encoding="utf-8")
    edition = open_edition(str(study), str(tmp_path / "data"), str(tmp_path))
    link_recipients(edition, clean_inputs(edition, read_inputs(edition)))
    return edition


def test_the_office_s_own_proposal_is_compared(proposing):
    assert "usulan kantor" in set(allocation(proposing, match_needs(proposing)).comparison["method"])


def test_a_proposal_has_reached_nobody(proposing):
    assert "umkm" not in set(proposing.store.read("clean/links")["programme"])


def test_a_proposal_is_linked_like_any_list(proposing):
    assert proposing.store.read("clean/proposals")["family"].notna().mean() > 0.8
