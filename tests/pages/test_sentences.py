"""Every text that rules make is the one that was read and agreed; a changed one shows up in the difference."""

import re

import pytest

from tests.pages import extremes, sentences


@pytest.fixture(scope="module")
def made():
    return list(sentences.lines())


def test_every_sentence_is_the_agreed_one(made):
    agreed = sentences.FILE.read_text(encoding="utf-8").split("\n")
    changed = [(new, old) for new, old in zip(made, agreed, strict=False) if new != old]
    assert (changed[:5], len(made)) == ([], len(agreed)), "read python -m tests.pages.sentences, then git diff"


@pytest.mark.parametrize("edition", list(extremes.editions()))
def test_every_edition_at_the_edge_is_among_them(made, edition):
    assert any(line.startswith(f"[{edition} ·") for line in made)


def test_no_text_has_a_gap_or_a_value_of_the_program(made):
    assert [line for line in made if re.search(r"\bnan\b|None|\{|\}|  | \.(?!\w)| ,|\(\)|: \.", line)] == []


def test_every_sentence_begins_with_a_capital_or_a_number(made):
    words = [line for line in made if line and line[0] not in "[#|~▲†‡"]
    assert [line for line in words if not (line[0].isupper() or line[0].isdigit())] == []


@pytest.mark.parametrize("kind", ["kartu 1704010", "kabupaten", "opd pupr", "indeks", "metode", "mutu", "provinsi"])
def test_every_kind_of_page_is_read(made, kind):
    assert any(line.startswith("[") and f" · {kind} · " in line for line in made)


@pytest.mark.parametrize("word", ["lebih tinggi daripada", "setara dengan", "lebih rendah daripada", "dibedakan dari"])
def test_every_outcome_of_a_comparison_is_said_of_a_kecamatan(made, word):
    assert any(f"{word} Kabupaten Kaur (" in line for line in made)


@pytest.mark.parametrize("text", ["<figcaption><span>A</span></figcaption>", "<li>A</li>", '<p class="note">A</p>'])
def test_texts_are_read_from_pages_as_they_stand(text):
    assert list(sentences.texts_of(f"<main>{text}<span aria-hidden=true>x</span></main>")) == ["A"]
