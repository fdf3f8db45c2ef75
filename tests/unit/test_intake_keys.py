"""The key lives outside the project, is private, and without it nothing is read; the vault opens only with it."""

import hmac
import json
import os
import stat

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaur_analysis.errors import DataRejected, KeyMissing, UsageError
from kaur_analysis.intake import NAME_PAIRS, create_key, demo_keys, keys_for, load_key, open_vault
from kaur_analysis.intake.pseudonyms import Pseudonymiser
from kaur_analysis.intake.vault import VAULT_COLUMNS, write_vault
from tests.shared import ROOT

LETTERS = str.maketrans("0123456789", "ghijklmnop")
POSIX = pytest.mark.skipif(os.name != "posix", reason="file permissions of POSIX")


def test_a_new_key_can_be_loaded(tmp_path):
    assert load_key(create_key(tmp_path / "k.key")).key_id


def test_two_new_keys_differ(tmp_path):
    one, other = (load_key(create_key(tmp_path / name)) for name in ("a.key", "b.key"))
    assert one.key_id != other.key_id


@POSIX
def test_a_new_key_is_readable_by_its_owner_alone(tmp_path):
    assert stat.S_IMODE(create_key(tmp_path / "k.key").stat().st_mode) == 0o600


@POSIX
def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = create_key(tmp_path / "k.key")
    path.chmod(0o644)
    with pytest.raises(DataRejected, match="chmod 600"):
        load_key(path)


def test_a_key_is_never_overwritten(tmp_path):
    path = create_key(tmp_path / "k.key")
    with pytest.raises(UsageError, match="sudah ada"):
        create_key(path)


def test_a_key_is_not_made_inside_a_repository():
    with pytest.raises(UsageError, match="git"):
        create_key(ROOT / "data" / "k.key")


def test_without_a_key_nothing_is_read(tmp_path):
    with pytest.raises(KeyMissing, match="kaur key new"):
        load_key(tmp_path / "none.key")


def test_a_damaged_key_is_refused(tmp_path):
    path = create_key(tmp_path / "k.key")
    path.write_text("bukan kunci", encoding="ascii")
    with pytest.raises(DataRejected, match="rusak"):
        load_key(path)


def test_the_environment_may_say_where_the_key_is(tmp_path, monkeypatch):
    path = create_key(tmp_path / "k.key")
    monkeypatch.setenv("KAUR_KEY_FILE", str(path))
    assert load_key().key_id == load_key(path).key_id


def test_synthetic_studies_need_no_key_of_their_own():
    assert keys_for(synthetic=True).synthetic_only


def test_a_key_does_not_show_itself(tmp_path):
    path = create_key(tmp_path / "k.key")
    assert path.read_text(encoding="ascii").strip() not in repr(load_key(path))


def test_purposes_have_different_keys():
    keys = demo_keys()
    assert keys.derive("nik") != keys.derive("name")


def test_equal_numbers_have_equal_tokens_under_one_key_only(tmp_path):
    texts = pd.Series(["9904"], dtype="str")
    one, other = (Pseudonymiser(load_key(create_key(tmp_path / name))) for name in ("a.key", "b.key"))
    assert one.tokens(texts, "nik")[0] == one.tokens(texts, "nik")[0] != other.tokens(texts, "nik")[0]


def test_tokens_are_letters_that_cannot_be_taken_for_a_number_or_formula():
    tokens = Pseudonymiser(demo_keys()).tokens(pd.Series([str(n) for n in range(500)], dtype="str"), "nik")
    assert tokens.str.fullmatch("[a-p]{32}").all()


@pytest.mark.parametrize("text", ["9904071205800001", "Zoraé", "x" * 200])
def test_a_token_is_the_beginning_of_the_standard_hmac_of_the_text(text):
    [token] = Pseudonymiser(demo_keys()).tokens(pd.Series([text], dtype="str"), "nik")
    digest = hmac.digest(demo_keys().derive("nik"), text.encode(), "sha256")
    assert token == digest[:16].hex().translate(LETTERS)


def test_every_row_has_the_token_of_its_own_text():
    texts = pd.Series(["b", "", "a", "b"], dtype="str")
    tokens = Pseudonymiser(demo_keys()).tokens(texts, "nik")
    alone = [Pseudonymiser(demo_keys()).tokens(pd.Series([text], dtype="str"), "nik")[0] for text in ("b", "a")]
    assert [tokens[0], tokens[2], tokens[3], tokens.isna()[1]] == [*alone, alone[0], True]


def test_spellings_of_a_name_have_one_token():
    names = Pseudonymiser(demo_keys()).names(pd.Series(["Muh. Zorabruk", "MUHAMMAD ZORABRUK", ""], dtype="str"))
    assert names["name_token"][0] == names["name_token"][1] and names["name_token"].isna()[2]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(alphabet="ABZ ", max_size=12), max_size=8))
def test_a_name_has_the_bits_of_its_letter_pairs_with_words_marked_at_both_ends(names):
    def token(pair):
        return hmac.digest(demo_keys().derive("bigram"), pair.encode(), "sha256")[:16].hex().translate(LETTERS)

    pairs = [one + other for one in "_ABCDEFGHIJKLMNOPQRSTUVWXYZ" for other in "_ABCDEFGHIJKLMNOPQRSTUVWXYZ"][1:]
    bits = {pair: bit for bit, pair in enumerate(sorted(pairs, key=token))}
    made = Pseudonymiser(demo_keys()).names(pd.Series(names, dtype="str"))[list(NAME_PAIRS)]
    for name, words in zip(names, made.itertuples(index=False), strict=True):
        marked = [f"_{word}_" for word in name.split()]
        held = {bits[word[i : i + 2]] for word in marked for i in range(len(word) - 1)}
        assert {64 * word + bit for word, number in enumerate(words) for bit in range(64) if number >> bit & 1} == held


def test_no_text_has_no_token():
    assert Pseudonymiser(demo_keys()).tokens(pd.Series([""], dtype="str"), "nik").isna().all()


def test_numbers_that_differ_in_one_digit_share_exactly_one_mask():
    niks = {
        "registry": pd.Series(["9904071205800001", "9904071205800077"]),
        "recipients": pd.Series(["9904071205800002"]),
    }
    masks = Pseudonymiser(demo_keys()).shared_masks(niks)
    assert masks["registry"][0] == masks["recipients"][0] and " " not in masks["registry"][0]
    assert pd.isna(masks["registry"][1])


@pytest.mark.parametrize("place", range(16))
def test_a_number_is_near_another_whichever_digit_differs(place):
    number = "9904071205800001"
    other = f"{number[:place]}{(int(number[place]) + 1) % 10}{number[place + 1 :]}"
    niks = {"registry": pd.Series([other, "9904073112990009"]), "recipients": pd.Series([number])}
    masks = Pseudonymiser(demo_keys()).shared_masks(niks)
    assert masks["registry"][0] == masks["recipients"][0]


def test_numbers_that_differ_in_two_digits_are_not_near():
    niks = {"registry": pd.Series(["9904071205800012"]), "recipients": pd.Series(["9904071205800001"])}
    assert Pseudonymiser(demo_keys()).shared_masks(niks)["registry"].isna().all()


def test_numbers_found_as_they_are_have_no_masks():
    niks = {"registry": pd.Series(["9904071205800001"]), "recipients": pd.Series(["9904071205800001"])}
    assert Pseudonymiser(demo_keys()).shared_masks(niks)["recipients"].isna().all()


def vault(tmp_path, keys=None):
    people = pd.DataFrame([["r1", "t1", "f1", "9904", "", "Zorabruk", "Dusun I"]], columns=VAULT_COLUMNS)
    return write_vault(people, tmp_path / "brankas.bin", keys or demo_keys())


def test_the_vault_gives_back_what_was_put_in(tmp_path):
    assert open_vault(vault(tmp_path), demo_keys(), "uji")["name"].tolist() == ["Zorabruk"]


def test_the_vault_file_shows_nothing(tmp_path):
    content = vault(tmp_path).read_bytes()
    assert b"Zorabruk" not in content and b"9904" not in content


def test_another_key_does_not_open_the_vault(tmp_path):
    path = vault(tmp_path)
    with pytest.raises(DataRejected, match="kunci"):
        open_vault(path, load_key(create_key(tmp_path / "k.key")), "uji")


def test_a_changed_vault_does_not_open(tmp_path):
    path = vault(tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataRejected, match="diubah"):
        open_vault(path, demo_keys(), "uji")


def test_opening_needs_a_reason(tmp_path):
    with pytest.raises(UsageError, match="alasan"):
        open_vault(vault(tmp_path), demo_keys(), " ")


def test_every_opening_leaves_a_line(tmp_path):
    path = vault(tmp_path)
    for reason in ("daftar Dinas Sosial", "daftar BAZNAS"):
        open_vault(path, demo_keys(), reason)
    lines = (tmp_path / "brankas.bin.log").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["daftar Dinas Sosial", "daftar BAZNAS"]


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\x85"])
def test_a_reason_cannot_write_a_line_of_its_own(tmp_path, end):
    reason = f"uji{end}2026-01-01T00:00:00+07:00\tkepala\taudit"
    open_vault(vault(tmp_path), demo_keys(), reason)
    (line,) = (tmp_path / "brankas.bin.log").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["reason"] == reason


@POSIX
def test_vault_and_log_are_their_owners_alone(tmp_path):
    path = vault(tmp_path)
    open_vault(path, demo_keys(), "uji")
    assert {stat.S_IMODE(p.stat().st_mode) for p in (path, tmp_path / "brankas.bin.log")} == {0o600}
