"""What was worked out of the same things is not worked out again, and nothing else is ever taken for it."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kaur_analysis.pipeline.steps as steps_package
from kaur_analysis.pipeline.content import content
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.recall import each_recalled, of_tables, recalled
from kaur_analysis.pipeline.steps.incidence import (
    benefits_by_programme,
    costs_by_programme,
    effects_by_programme,
    movement_by_programme,
)
from kaur_analysis.pipeline.steps.targeting import errors_by_programme, reasons_by_programme
from kaur_analysis.store import Store
from tests.intake_files import dtsen, recipients, study, workbook

ROWS = [["No", "Nama", "Kecamatan", "Desa"], ["1", "Zorabruk Vekador", "Nasal", "Merpas"]]


@pytest.fixture
def edition(tmp_path):
    workbook(tmp_path / "daftar.xlsx", ROWS)
    made = study(tmp_path, *dtsen(tmp_path, [{}], [{}]), recipients())
    return Edition(made, tmp_path / "studi.yaml", made.reference, Store(tmp_path / "data", tmp_path / "reports", "uji"))


@pytest.fixture
def asked():
    """What was worked out, one entry per call."""
    return []


@pytest.fixture
def doubled(edition, asked):
    """Each part's number twice, with what is added; how often it was worked out is in ``asked``."""

    def work(parts, added):
        asked.append(list(parts))
        return {part: [pd.DataFrame({"n": [2 * own["n"] + added], "word": ["kata"]})] for part, own in parts.items()}

    def found(added=0, **numbers):
        tables = each_recalled(edition, "dua-kali", work, {part: {"n": n} for part, n in numbers.items()}, added=added)
        return {part: int(table["n"].iloc[0]) for part, (table,) in tables.items()}

    return found


@pytest.fixture
def summed(edition, asked):
    """Sum of a table of the edition, times a number; by which it was worked out is in ``asked``."""

    def work(read, times):
        asked.append(times)
        return [pd.DataFrame({"sum": [times * read("estimates/poverty")["n"].sum()]})]

    def found(tables=("estimates/poverty",), **given):
        return int(of_tables(edition, "jumlah", work, tables, **given)[0]["sum"].iloc[0])

    edition.store.write("estimates/poverty", pd.DataFrame({"n": [1, 2]}))
    return found


def test_every_part_is_answered_in_the_order_asked(doubled):
    assert list(doubled(pkh=1, csr=2).items()) == [("pkh", 2), ("csr", 4)]


def test_what_stayed_the_same_is_not_worked_out_again(doubled, asked):
    doubled(pkh=1, csr=2)
    assert doubled(csr=2, pkh=1) == {"csr": 4, "pkh": 2}
    assert asked == [["pkh", "csr"]]


def test_what_has_changed_is_worked_out_alone(doubled, asked):
    doubled(pkh=1, csr=2)
    assert doubled(pkh=1, csr=3) == {"pkh": 2, "csr": 6}
    assert asked[1:] == [["csr"]]


def test_what_all_share_decides_every_part(doubled):
    doubled(pkh=1, csr=2)
    assert doubled(added=5, pkh=1, csr=2) == {"pkh": 7, "csr": 9}


def test_a_part_no_longer_asked_for_does_not_stay(doubled, edition):
    doubled(pkh=1, csr=2)
    doubled(pkh=1)
    assert [path.stem for path in (edition.recollections / "dua-kali").iterdir()] == ["rak-pkh"]


def test_what_is_damaged_is_worked_out_again(doubled, edition):
    doubled(pkh=1)
    (path,) = (edition.recollections / "dua-kali").iterdir()
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert doubled(pkh=1) == {"pkh": 2}


def test_nothing_is_taken_from_another_program(doubled, asked, edition, monkeypatch):
    doubled(pkh=1)
    monkeypatch.setitem(vars(edition), "program_hash", "lain")
    doubled(pkh=1)
    assert asked == [["pkh"], ["pkh"]]


def test_nothing_can_be_read_of_what_is_kept(doubled, edition):
    doubled(pkh=1)
    (path,) = (edition.recollections / "dua-kali").iterdir()
    assert b"kata" not in path.read_bytes()


def test_known_or_new_an_answer_is_the_same(edition):
    def work(number):
        return [
            pd.DataFrame({"kind": pd.Categorical(["a", "b"]), "n": pd.array([1, None], dtype="Int64")}, index=[7, 9])
        ]

    new, known = recalled(edition, "satu", work, number=1), recalled(edition, "satu", work, number=1)
    pd.testing.assert_frame_equal(new[0], known[0])


def never_replaced(*_):
    raise PermissionError("open elsewhere")


def test_a_step_that_reads_what_another_beside_it_would_keep_as_well_is_no_failure(edition, monkeypatch):
    made = pd.DataFrame({"n": [1]})

    def as_another_does(number):
        recalled(edition, "satu", lambda number: [made], number=number)
        monkeypatch.setattr(Path, "replace", never_replaced)
        return [made]

    (table,) = recalled(edition, "satu", as_another_does, number=1)
    pd.testing.assert_frame_equal(table, made)


def test_what_cannot_be_kept_and_nobody_has_kept_is_a_failure(edition, monkeypatch):
    monkeypatch.setattr(Path, "replace", never_replaced)
    with pytest.raises(PermissionError):
        recalled(edition, "satu", lambda number: [pd.DataFrame({"n": [1]})], number=1)


@dataclass(frozen=True)
class Pair:
    one: object
    other: object


ALIKE = [
    *(None, 0, 1, 1.0, True, "", "1", "1.0", (), [], [[]], {}, {"a": 1}, {"a": 1.0}, {"b": 1}, [1], (1,), [1, 1]),
    *(Pair(1, 2), Pair(2, 1), [1, 2], {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    *(np.zeros(4), np.zeros((2, 2)), np.zeros((1, 4)), np.zeros(4, np.float32), np.zeros(4, bool), np.zeros(5)),
    *(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": ["1"]})),
    *(
        pd.DataFrame({"a": [1]}, index=[1]),
        pd.DataFrame({"a": [1], "b": [1]}),
        pd.DataFrame({"a": [None]}, dtype="str"),
    ),
]


def test_values_that_differ_have_different_contents():
    assert len({content(value) for value in ALIKE}) == len(ALIKE)


@given(st.lists(st.floats() | st.none(), min_size=1), st.lists(st.text(), min_size=1))
def test_equal_values_have_equal_contents(numbers, words):
    def made():
        return {"numbers": np.array(numbers, dtype=float), "words": pd.DataFrame({"word": list(words)}), "plain": words}

    assert content(made()) == content(made())


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5), st.integers(0, 4), st.floats(allow_nan=False))
def test_a_changed_cell_changes_the_content(numbers, place, other):
    changed = np.array(numbers)
    changed[place % len(numbers)] = other
    same = changed.tobytes() == np.array(numbers).tobytes()
    assert (content(pd.DataFrame({"n": numbers})) == content(pd.DataFrame({"n": changed}))) == same


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(TypeError, match="object has no content"):
        content({"a": [object()]})
    with pytest.raises(TypeError, match="object array has no content"):
        content({"a": np.array(["kata", None], dtype=object)})


CODES = ("pkh", "csr", "any")


@pytest.fixture(scope="module")
def families():
    """Sixty families in two kecamatan, with draws of welfare and three programmes of uncertain links."""
    random = np.random.default_rng(8)
    draws = random.lognormal(12.8, 0.5, (60, 40)).astype(np.float32)
    frame = pd.DataFrame(
        {
            "expected_welfare_rp_month": draws.mean(axis=1),
            "p_extreme": (draws < 350_000).mean(axis=1),
            "kecamatan": np.where(np.arange(60) < 30, "1704010", "1704020"),
            "household_size": random.integers(1, 7, 60).astype(float),
            "listed": 1.0,
        }
    )
    unmatched = pd.DataFrame(
        {"programme": ["pkh"], "kecamatan": ["1704010"], "recipients": [2.0], "rupiah": [5.0], "listed": [9.0]}
    )
    parts = {}
    for code in CODES:
        receipt = pd.DataFrame({code: random.choice([0.0, 0.4, 0.97, 1.0], 60), f"rupiah_{code}": 1e6})
        receipt[f"outside_{code}"] = receipt[f"eligible_{code}"] = random.choice([0.0, 1.0], 60)
        parts[code] = {
            "receipt": receipt,
            "unmatched": unmatched[unmatched["programme"] == code],
            "ruled": code != "any",
            "consumed": 1.0,
            "on_list": pd.DataFrame(random.choice([0.0, 0.4, 1.0], (60, 2)), columns=["2023", "2024"]),
            "started": pd.Series(random.choice([2023.0, 2024.0], 30), [f"k{n}" for n in random.permutation(60)[:30]]),
        }
    return frame, draws, parts


def steps(families):
    frame, draws, _ = families
    poor = draws < 350_000
    visits = pd.DataFrame(
        {
            "family": [f"k{n}" for n in range(60)] * 2,
            "date": np.repeat([2023.0, 2024.0], 60),
            "expenditure_rp_month": draws[:, :2].T.ravel(),
            "desa": np.tile(np.arange(60) // 6, 2).astype(str),
            "head_age": np.tile(np.arange(20.0, 80.0), 2),
            "head_female": np.tile([0.0, 1.0], 60),
            "household_size": np.tile(frame["household_size"], 2),
        }
    )
    return {
        "errors": lambda some: errors_by_programme(some, frame, poor, draws, 3),
        "reasons": lambda some: reasons_by_programme(some, frame, "kecamatan", poor, draws < 400_000, 3),
        "benefits": lambda some: benefits_by_programme(some, frame, draws, 3),
        "movement": lambda some: movement_by_programme(some, frame, poor, 3),
        "effects": lambda some: effects_by_programme(some, visits),
        "costs": lambda some: costs_by_programme(some, frame, 350_000.0, draws, 3),
    }


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("step", ["errors", "reasons", "benefits", "movement", "effects", "costs"])
def test_a_programme_is_judged_the_same_whichever_others_are(families, step, code):
    work, parts = steps(families)[step], families[2]
    together, alone = work(parts)[code], work({code: parts[code]})[code]
    for one, other in zip(together, alone, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_effects_are_told_of_the_families_that_are_compared(families):
    found = steps(families)["effects"](families[2])
    assert all(table["value"].notna().all() for (table,) in found.values())


def test_other_receipts_of_one_programme_leave_the_others(families):
    frame, draws, parts = families
    changed = parts | {"csr": parts["csr"] | {"receipt": parts["csr"]["receipt"].assign(csr=1.0)}}
    before, after = (
        errors_by_programme(given, frame, draws < 350_000, draws, 3)["pkh"][0] for given in (parts, changed)
    )
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_tables_that_stayed_are_not_even_read(summed, asked, monkeypatch):
    summed(times=2)
    monkeypatch.setattr(Store, "read", None)
    assert summed(times=2) == 6
    assert asked == [2]


def test_another_table_is_asked_anew(summed, edition):
    summed(times=2)
    edition.store.write("estimates/poverty", pd.DataFrame({"n": [1, 5]}))
    assert summed(times=2) == 12


def test_something_else_given_beside_the_tables_is_asked_anew(summed):
    summed(times=2)
    assert summed(times=3) == 9


def test_a_table_that_nothing_is_known_by_cannot_be_read(summed):
    with pytest.raises(ValueError, match="estimates/poverty, which is not among"):
        summed(tables=(), times=2)


def test_no_two_steps_keep_what_they_worked_out_under_one_name():
    steps = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(steps_package.__path__[0]).glob("*.py")))
    names = re.findall(r"(?:recalled|of_tables)\(\s*edition,\s*f?\"([^\"]+)\"", steps)
    assert len(names) > 5 and len(names) == len(set(names))
