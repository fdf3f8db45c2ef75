"""A source that stayed as it was is not read again; what is kept of it is sealed, and nothing else is ever taken."""

from dataclasses import fields

import pandas as pd
import pytest

from kaur_analysis.errors import KeyMissing
from kaur_analysis.intake import Shelf, create_key, demo_keys, is_on_shelf, load_key, put_on_shelf, read, read_study
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.study import RESERVED_NAMES, Registry
from tests.intake_files import dtsen, nik, recipients, study, workbook

NAME = "Zorabruk Vekador"
ROWS = [["No", "NIK", "Nama", "Kecamatan", "Desa"], ["1", nik(), NAME, "Nasal", "Merpas"]]


@pytest.fixture
def office(tmp_path):
    """A study of a registry and one list, and a shelf on which it was read once."""
    workbook(tmp_path / "daftar.xlsx", ROWS)
    sources = dtsen(tmp_path, [{}], [{}])
    registry = Registry(precedence=(sources[0].name,))
    made = study(tmp_path, *sources, recipients(), registry=registry)
    shelf = Shelf(tmp_path / "rak", "program", demo_keys())
    read_study(made, demo_keys(), shelf=shelf)
    return made, shelf


def same(one, other):
    for part in fields(one):
        pd.testing.assert_frame_equal(getattr(one, part.name), getattr(other, part.name))


def refuse(*args, **kwargs):
    raise AssertionError("a file was read")


def test_what_is_taken_from_the_shelf_is_what_was_read(office):
    made, shelf = office
    same(read_study(made, demo_keys(), shelf=shelf), read_study(made, demo_keys()))


def test_a_source_that_stayed_as_it_was_is_not_read_again(office, monkeypatch):
    made, shelf = office
    monkeypatch.setattr(read, "read_source", refuse)
    assert len(read_study(made, demo_keys(), shelf=shelf).recipients) == 1


def test_a_changed_list_is_read_again_and_it_alone(office, monkeypatch):
    made, shelf = office
    workbook(made.folder / "daftar.xlsx", [*ROWS, ["2", nik(serial=2), "Tambira Solevan", "Nasal", "Merpas"]])
    asked, usual = [], read.read_source
    monkeypatch.setattr(read, "read_source", lambda source, *rest: asked.append(source.name) or usual(source, *rest))
    assert len(read_study(made, demo_keys(), shelf=shelf).recipients) == 2
    assert asked == ["daftar"]


def test_no_token_stays_of_a_list_that_has_nobody_any_more(office):
    made, shelf = office
    workbook(made.folder / "daftar.xlsx", ROWS[:1])
    read_study(made, demo_keys(), shelf=shelf, strict=False)
    assert not list(shelf.folder.glob("*samaran-daftar*"))


def test_no_token_stays_of_a_registry_that_the_study_no_longer_names(office):
    made, shelf = office
    alone = made.model_copy(update={"sources": made.sources[-1:], "registry": None})
    read_study(alone, demo_keys(), shelf=shelf, strict=False)
    assert [path.name for path in shelf.folder.glob("*samaran*")] == ["rak--samaran-daftar.bin"]


def test_nobody_is_keyed_again_but_the_people_of_a_changed_list(office, monkeypatch):
    made, shelf = office
    workbook(made.folder / "lain.xlsx", [ROWS[0], ["1", nik(serial=3), "Wesodra Kimbalu", "Nasal", "Merpas"]])
    other = made.model_copy(update={"sources": (*made.sources, recipients(name="lain", path="lain.xlsx"))})
    read_study(other, demo_keys(), shelf=shelf)
    workbook(made.folder / "daftar.xlsx", [*ROWS, ["2", nik(serial=2), "Tambira Solevan", "Nasal", "Merpas"]])
    keyed, usual = [], Pseudonymiser.names
    monkeypatch.setattr(Pseudonymiser, "names", lambda self, names: keyed.extend(names) or usual(self, names))
    read_study(other, demo_keys(), shelf=shelf)
    assert keyed == [NAME, "Tambira Solevan"]


def test_a_changed_entry_of_the_study_is_read_by(office):
    made, shelf = office
    other = made.model_copy(update={"sources": (*made.sources[:-1], recipients(programme="sembako"))})
    assert set(read_study(other, demo_keys(), shelf=shelf).recipients["programme"]) == {"sembako"}


@pytest.mark.parametrize("harm", [lambda c: c[:-40], lambda c: c[:30], lambda c: c[:-1] + bytes([c[-1] ^ 1]), len])
def test_a_damaged_entry_is_read_anew(office, harm):
    made, shelf = office
    for path in shelf.folder.iterdir():
        harmed = harm(path.read_bytes())
        path.write_bytes(harmed if isinstance(harmed, bytes) else b"")
    same(read_study(made, demo_keys(), shelf=shelf), read_study(made, demo_keys()))


def test_a_source_put_on_the_shelf_is_not_read_again(office, monkeypatch):
    made, shelf = office
    usual = read_study(made, demo_keys())
    for path in shelf.folder.iterdir():
        path.unlink()
    for source in made.sources:
        put_on_shelf(made, source.name, shelf)
    monkeypatch.setattr(read, "read_source", refuse)
    same(read_study(made, demo_keys(), shelf=shelf), usual)


def test_a_source_that_was_read_is_on_the_shelf(office):
    made, shelf = office
    assert is_on_shelf(made, "daftar", shelf)


def test_a_changed_list_is_not_on_the_shelf(office):
    made, shelf = office
    workbook(made.folder / "daftar.xlsx", [*ROWS, ["2", nik(serial=2), "Tambira Solevan", "Nasal", "Merpas"]])
    assert not is_on_shelf(made, "daftar", shelf)


def test_a_changed_list_is_put_on_the_shelf_anew(office):
    made, shelf = office
    before = (shelf.folder / "rak-daftar.bin").read_bytes()
    workbook(made.folder / "daftar.xlsx", [*ROWS, ["2", nik(serial=2), "Tambira Solevan", "Nasal", "Merpas"]])
    put_on_shelf(made, "daftar", shelf)
    assert (shelf.folder / "rak-daftar.bin").read_bytes() != before


def test_the_demo_key_seals_no_real_list(office):
    made, shelf = office
    with pytest.raises(KeyMissing):
        put_on_shelf(made.model_copy(update={"synthetic": False}), "daftar", shelf)


def test_of_another_program_nothing_is_taken(office, monkeypatch):
    made, shelf = office
    monkeypatch.setattr(read, "read_source", refuse)
    with pytest.raises(AssertionError, match="a file was read"):
        read_study(made, demo_keys(), shelf=Shelf(shelf.folder, "program lain", demo_keys()))


def test_another_key_does_not_open_the_shelf(office, tmp_path):
    _, shelf = office
    fingerprint = next(shelf.folder.glob("rak-daftar.bin")).read_bytes().split(b"\n")[1].decode()
    assert shelf.recall("daftar", fingerprint) is not None
    other = Shelf(shelf.folder, "program", load_key(create_key(tmp_path / "k.key")))
    assert other.recall("daftar", fingerprint) is None


def test_no_identity_can_be_read_on_the_shelf(office):
    _, shelf = office
    kept = b"".join(path.read_bytes() for path in shelf.folder.iterdir())
    assert len(kept) > 1000
    assert not any(secret.encode() in kept for secret in (NAME, "Zorabruk", nik()))


def test_what_was_kept_of_a_source_goes_with_it(office):
    made, shelf = office
    read_study(made.model_copy(update={"sources": made.sources[:-1]}), demo_keys(), shelf=shelf)
    assert not (shelf.folder / "rak-daftar.bin").exists()


@pytest.mark.parametrize("name", ["con", "nul", "com1"])
def test_an_entry_called_as_a_windows_device_lies_in_a_file_of_another_name(tmp_path, name):
    shelf = Shelf(tmp_path, "program", demo_keys())
    shelf.keep(name, shelf.fingerprint(name), [pd.DataFrame({"a": [1]})], {})
    assert [path.stem.upper() in RESERVED_NAMES for path in tmp_path.iterdir()] == [False]


def test_a_file_that_is_written_while_it_is_read_is_not_kept(office, monkeypatch):
    made, shelf = office
    path, usual = made.folder / "daftar.xlsx", read.read_source
    workbook(path, [*ROWS, ["2", nik(serial=2), "Tambira Solevan", "Nasal", "Merpas"]])
    before = (shelf.folder / "rak-daftar.bin").read_bytes()

    def slow(source, *rest):
        yield from usual(source, *rest)
        if source.name == "daftar":
            workbook(path, ROWS)

    monkeypatch.setattr(read, "read_source", slow)
    read_study(made, demo_keys(), shelf=shelf)
    assert (shelf.folder / "rak-daftar.bin").read_bytes() == before
