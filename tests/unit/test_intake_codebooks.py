"""Every codebook is complete, cited, and leads to canonical words only."""

import pytest

from kaur_analysis.contracts import ASSETS, CATEGORIES
from kaur_analysis.errors import StudyRejected
from kaur_analysis.intake.codebook import _load, codebook_for
from kaur_analysis.reference import reference_path
from kaur_analysis.study import Source
from tests.intake_files import recipients

NAMES = sorted(path.stem for path in reference_path("codebooks").glob("*.yaml") if path.stem != "common")
WORDS = {**CATEGORIES, "education": CATEGORIES["head_education"], "sector": CATEGORIES["head_sector"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_codebook_is_valid_and_says_where_it_is_from(name):
    book = _load(name)
    assert len(book.source) > 10 and book.accessed.startswith("2026-")


@pytest.mark.parametrize("name", NAMES)
def test_codes_lead_to_words_of_the_contract(name):
    strange = {
        (column, word)
        for column, entry in _load(name).columns.items()
        if column in WORDS
        for word in entry.codes.values()
        if word is not None and word not in WORDS[column]
    }
    assert strange == set()


@pytest.mark.parametrize("name", NAMES)
def test_assets_are_yes_or_no(name):
    columns = _load(name).columns
    assert all(set(columns[asset].codes.values()) <= {0, 1} for asset in ASSETS if asset in columns)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("susenas")])
def test_renumbered_ids_are_never_weights(name):
    headings = {heading for entry in _load(name).columns.values() for heading in entry.headings}
    assert headings.isdisjoint({"wi1", "wi2", "wi3"})


def test_every_wave_of_susenas_has_its_three_books():
    waves = {
        f"susenas_{part}_{year}-03" for part in ("household", "person", "consumption") for year in range(2022, 2026)
    }
    assert waves <= set(NAMES)


@pytest.mark.parametrize(("wave", "heading"), [("2023-03", "r1806"), ("2024-03", "r1806a"), ("2025-03", "r1606")])
def test_the_roof_moves_from_wave_to_wave(wave, heading):
    assert _load(f"susenas_household_{wave}").columns["roof"].headings == (heading,)


def test_the_roof_codes_of_2025_are_in_another_order_than_those_of_2024():
    codes = {year: _load(f"susenas_household_{year}-03").columns["roof"].codes for year in (2024, 2025)}
    assert (codes[2024]["4"], codes[2025]["4"]) == ("zinc_asbestos", "wood")


def test_receipt_is_not_read_from_a_wave_whose_numbers_nobody_confirmed():
    assert not any(name.startswith("received_") for name in _load("susenas_household_2025-03").columns)


def test_a_wave_without_a_codebook_is_refused():
    with pytest.raises(StudyRejected, match="susenas_household_2019-03"):
        codebook_for(Source(name="s", kind="susenas_household", path="x", wave="2019-03"))


def test_an_alias_for_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(StudyRejected, match="kecamatan_name"):
        codebook_for(recipients(aliases={"kecamatan_nama": "Kec"}))


def test_a_factor_for_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(StudyRejected, match=r"times menyebut kolom 'rupiah_totl'.*'rupiah_total'"):
        codebook_for(recipients(times={"rupiah_totl": 1000}))


def test_a_survey_without_codebook_takes_further_columns_from_the_study():
    source = Source(name="s", kind="household_survey", path="x", aliases={"garis": "povertyline1", "roof": "atap"})
    columns = codebook_for(source).columns
    assert (columns["garis"].type, columns["roof"].type) == ("number", "category")
