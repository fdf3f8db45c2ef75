"""Names leave only into protected workbooks, every look is logged, and answers come back as data without names."""

import hashlib
import json
import os
import re
import shutil
import stat
from contextlib import nullcontext
from dataclasses import replace

import msoffcrypto
import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from kaur_analysis.errors import DataRejected, KaurError, StudyRejected, UsageError
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.restricted import (
    access_to,
    budget_workbook,
    reasons_workbook,
    recipient_lists,
    review_workbook,
    take_review,
    take_verification,
)
from kaur_analysis.pipeline.run import held, run_edition
from kaur_analysis.pipeline.steps import incidence, shown, targeting
from kaur_analysis.pipeline.steps.clean import clean_inputs, link_recipients, read_inputs
from kaur_analysis.pipeline.steps.planning import match_needs
from kaur_analysis.planning.clerical import COLUMNS
from kaur_analysis.planning.verification import HEADINGS
from kaur_analysis.study import VISITS_FILE
from tests.intake_files import workbook
from tests.libreoffice import first_cell

PASSWORD = "kata-sandi-uji-panjang"


@pytest.fixture
def edition(finished, tmp_path):
    """The finished edition, copied: answers change the study's folder."""
    shutil.copytree(finished.office, tmp_path / "demo")
    shutil.copytree(finished.edition.store.data, tmp_path / "data")
    return open_edition(str(tmp_path / "demo" / "studi.yaml"), str(tmp_path / "data"), str(tmp_path / "reports"))


@pytest.fixture
def access(edition):
    return access_to(edition, "Petugas Litbang", "verifikasi lapangan triwulan satu")


@pytest.fixture
def needs(edition):
    return edition.store.read("estimates/needs").query("due >= 0.5 and agency == 'dinsos'")


def lines(path, password=PASSWORD):
    """Rows of the first sheet, decrypted."""
    plain = path.with_suffix(".terbuka.xlsx")
    with path.open("rb") as protected, plain.open("wb") as out:
        office = msoffcrypto.OfficeFile(protected)
        office.load_key(password=password)
        office.decrypt(out)
    with CalamineWorkbook.from_path(str(plain)) as book:
        return book.get_sheet_by_index(0).to_python()


def test_lists_are_written_per_agency_and_desa(edition, access, needs):
    written = recipient_lists(edition, access, PASSWORD, agencies=["dinsos"])
    books = {path.name for path in written if path.suffix == ".xlsx"}
    assert books == {f"calon-2025-dinsos-{desa}.xlsx" for desa in needs["desa"].unique()}


def test_lists_lie_apart_from_what_is_shared(edition, access, needs):
    written = recipient_lists(edition, access, PASSWORD, ["dinsos"], [needs["desa"].iloc[0]])
    assert all(edition.restricted in path.parents for path in written)


def test_a_list_opens_with_its_password_and_names_people(edition, access, needs, finished):
    desa = needs["desa"].iloc[0]
    (path,) = [p for p in recipient_lists(edition, access, PASSWORD, ["dinsos"], [desa]) if p.suffix == ".xlsx"]
    names = set(pd.read_parquet(finished.office / "truth" / "families.parquet")["name"])
    cells = {str(cell) for row in lines(path) for cell in row}
    assert len(names & cells) > 0


def test_a_list_is_unreadable_without_its_password(edition, access, needs):
    desa = needs["desa"].iloc[0]
    (path,) = [p for p in recipient_lists(edition, access, PASSWORD, ["dinsos"], [desa]) if p.suffix == ".xlsx"]
    with pytest.raises(Exception, match=r"password|Key"):
        lines(path, "kata-sandi-yang-salah")


def test_a_list_hides_the_middle_of_niks(edition, access, needs):
    desa = needs["desa"].iloc[0]
    (path,) = [p for p in recipient_lists(edition, access, PASSWORD, ["dinsos"], [desa]) if p.suffix == ".xlsx"]
    assert not any(re.search(r"(?<![\d.])\d{16}", str(cell)) for row in lines(path) for cell in row)


def test_a_village_sheet_has_initials_only(edition, access, needs, finished):
    desa = needs["desa"].iloc[0]
    (sheet,) = [p for p in recipient_lists(edition, access, PASSWORD, ["dinsos"], [desa]) if p.suffix == ".html"]
    names = pd.read_parquet(finished.office / "truth" / "families.parquet")["name"]
    words = {word for name in names for word in name.split() if len(word) > 5}
    assert words.isdisjoint(re.findall(r"\w+", sheet.read_text(encoding="utf-8")))


def test_the_planners_workbook_stays_in_the_office(edition):
    assert edition.restricted in budget_workbook(edition).parents


def test_libreoffice_opens_the_planners_workbook(edition):
    assert first_cell(budget_workbook(edition), "").startswith("Usulan anggaran per program")


def test_every_look_is_logged_with_who_and_why(edition, access, needs):
    recipient_lists(edition, access, PASSWORD, ["dinsos"], [needs["desa"].iloc[0]])
    entries = [json.loads(line) for line in access.log.read_text(encoding="utf-8").splitlines()]
    assert {entry["person"] for entry in entries} == {"Petugas Litbang"} and len(entries) == 2


@pytest.mark.parametrize("readable", [True, False])
def test_answers_read_from_a_workbook_of_names_are_logged(edition, access, needs, tmp_path, readable):
    row = needs.iloc[0]
    word = "layak" if readable else "entah"
    with nullcontext() if readable else pytest.raises(DataRejected):
        take_verification(
            edition, access, [answered(tmp_path, (row["family"], row["programme"], word, "01-04-2025"))], None
        )
    (entry,) = (json.loads(line) for line in access.log.read_text(encoding="utf-8").splitlines())
    assert (entry["person"], entry["what"]) == ("Petugas Litbang", "hasil verifikasi dibaca")


def test_judged_pairs_read_from_a_workbook_of_names_are_logged(edition, access, doubtful, tmp_path):
    take_review(edition, access, judged(tmp_path, doubtful.head(1), ["ya"]), None)
    (entry,) = (json.loads(line) for line in access.log.read_text(encoding="utf-8").splitlines())
    assert entry["what"] == "jawaban tinjauan padanan dibaca"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_nobody_but_the_owner_looks_into_what_is_restricted(edition, access, needs):
    written = recipient_lists(edition, access, PASSWORD, ["dinsos"], [needs["desa"].iloc[0]])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (*written, edition.vault, access.log)}
    assert set(modes.values()) == {0o600}
    folders = (edition.restricted.parent, edition.restricted, *(path.parent for path in written))
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_an_agency_without_candidates_is_refused(edition, access):
    with pytest.raises(UsageError, match="bukan_instansi"):
        recipient_lists(edition, access, PASSWORD, ["bukan_instansi"])


def test_names_are_not_shown_without_a_reason(edition):
    with pytest.raises(UsageError, match="alasan"):
        access_to(edition, "Petugas", "lihat")


# --- names and tables are of one reading ---


def in_vault(edition):
    return hashlib.sha256(edition.vault.read_bytes()).hexdigest()


def broken_list(edition):
    """One list of the office without any heading that is known."""
    (edition.study.folder / edition.study.source("csr_2024").path).write_text("x;y\n1;2\n", encoding="utf-8")


def test_a_rejected_reading_leaves_the_vault_to_the_tables_it_belongs_to(edition):
    before = in_vault(edition)
    broken_list(edition)
    with pytest.raises(DataRejected):
        read_inputs(edition)
    assert in_vault(edition) == before


def test_a_reading_that_is_not_cleaned_leaves_the_vault_to_the_tables_it_belongs_to(edition):
    before = in_vault(edition)
    read_inputs(edition)
    assert in_vault(edition) == before


def test_names_are_not_put_to_tables_after_a_run_that_was_rejected(edition, access):
    broken_list(edition)
    with pytest.raises(KaurError):
        run_edition(edition)
    with pytest.raises(DataRejected, match="nama dan keluarga mungkin tidak cocok"):
        recipient_lists(edition, access, PASSWORD)


def test_names_are_not_put_to_tables_that_somebody_made_by_hand(edition, access):
    clean_inputs(edition, read_inputs(edition))
    with pytest.raises(DataRejected, match="nama dan keluarga mungkin tidak cocok"):
        recipient_lists(edition, access, PASSWORD)


def test_doubtful_pairs_are_not_named_from_another_vault(edition, access, doubtful):
    clean_inputs(edition, read_inputs(edition))
    with pytest.raises(DataRejected, match="nama dan keluarga mungkin tidak cocok"):
        review_workbook(edition, access, PASSWORD)


def test_no_names_are_written_beside_a_run(edition, access):
    with held(edition), pytest.raises(UsageError, match="sedang dikerjakan"):
        recipient_lists(edition, access, PASSWORD)


def test_a_candidate_who_is_no_longer_in_the_files_is_said_aloud(edition, access):
    someone = edition.store.read("estimates/allocation").query("agency == 'dinsos'")["family"].iloc[0]
    for name in ("estimates/needs", "estimates/allocation"):
        table = edition.store.read(name)
        edition.store.write(name, table.assign(family=table["family"].replace(someone, "keluarga lama")))
    with pytest.raises(StudyRejected, match="1 keluarga calon penerima tidak ada lagi"):
        recipient_lists(edition, access, PASSWORD, ["dinsos"])


def answered(tmp_path, *rows):
    head = [HEADINGS[name] for name in ("family", "programme", "outcome", "visited")]
    return workbook(tmp_path / "hasil.xlsx", [head, *map(list, rows)])


def test_a_family_found_to_be_not_poor_is_due_nothing_in_the_next_run(edition, access, needs, tmp_path):
    row = needs.iloc[0]
    take_verification(
        edition, access, [answered(tmp_path, (row["family"], row["programme"], "tidak miskin", "01-04-2025"))], None
    )
    again = match_needs(edition)
    assert again.loc[again["family"] == row["family"], "due"].sum() == 0


def test_what_the_field_found_holds_under_the_code_of_an_older_registry(edition, access, needs, tmp_path):
    former = edition.store.read("clean/former_codes")
    row = former[former["family"].isin(needs["family"])].iloc[0]
    take_verification(edition, access, [answered(tmp_path, (row["former"], "pkh", "meninggal", "01-04-2025"))], None)
    again = match_needs(edition)
    assert again.loc[again["family"] == row["family"], "due"].sum() == 0


def test_answers_about_families_of_no_registry_are_refused_aloud(edition, access, tmp_path):
    take_verification(edition, access, [answered(tmp_path, ("a" * 32, "pkh", "meninggal", "01-04-2025"))], None)
    with pytest.raises(StudyRejected, match=r"verifikasi\.csv: 1 dari 1 kode keluarga"):
        match_needs(edition)


def test_what_the_field_found_changes_the_input_of_the_edition(edition, access, needs, tmp_path):
    before, row = edition.input_hash(), needs.iloc[0]
    take_verification(
        edition, access, [answered(tmp_path, (row["family"], row["programme"], "layak", "01-04-2025"))], None
    )
    assert edition.input_hash() != before


def test_a_later_round_adds_to_the_earlier_one(edition, access, needs, tmp_path):
    for row in needs.drop_duplicates("family").head(2).itertuples():
        path = take_verification(
            edition, access, [answered(tmp_path, (row.family, row.programme, "layak", "01-04-2025"))], None
        )
    assert len(pd.read_csv(path)) == 2


def test_a_list_in_which_nothing_is_filled_in_is_refused(edition, access, needs, tmp_path):
    row = needs.iloc[0]
    with pytest.raises(DataRejected, match="Tidak ada hasil verifikasi yang terisi"):
        take_verification(edition, access, [answered(tmp_path, (row["family"], row["programme"], "", ""))], None)


def test_an_answer_about_a_programme_that_the_study_does_not_have_is_refused(edition, access, needs, tmp_path):
    answer = (needs["family"].iloc[0], "pkhx", "layak", "01-04-2025")
    with pytest.raises(DataRejected, match="kode program harus salah satu dari"):
        take_verification(edition, access, [answered(tmp_path, answer)], None)


# --- doubtful links ---


@pytest.fixture
def doubtful(edition):
    """The edition with every exact link made doubtful, so that there is something to judge."""
    pairs = edition.store.read("clean/grey_pairs")
    if len(pairs) < 2:
        raise AssertionError("the demo's dirt leaves no doubtful pair")
    return pairs


def judged(tmp_path, pairs, answers):
    titles = [COLUMNS[name].title for name in ("record", "person", "check", "answer")]
    rows = [
        [pair.record, pair.person, pair.check, answer] for pair, answer in zip(pairs.itertuples(), answers, strict=True)
    ]
    return workbook(tmp_path / "putusan.xlsx", [titles, *rows])


def test_doubtful_pairs_are_written_with_both_names(edition, access, doubtful):
    rows = lines(review_workbook(edition, access, PASSWORD))
    head = next(row for row in rows if COLUMNS["name_list"].title in row)
    below = rows[rows.index(head) + 1 :]
    named = [row for row in below if row[head.index("Nama (daftar)")] and row[head.index("Nama (registri)")]]
    assert len(named) == len(doubtful)


def test_libreoffice_opens_the_review_with_its_password(edition, access, doubtful):
    assert first_cell(review_workbook(edition, access, PASSWORD), PASSWORD).startswith("Padanan yang diragukan")


def test_a_judged_pair_is_linked_or_not_as_judged(edition, access, doubtful, tmp_path):
    pair = doubtful.head(1)
    take_review(edition, access, judged(tmp_path, pair, ["ya"]), None)
    links = link_recipients(edition, clean_inputs(edition, read_inputs(edition))).links.set_index("record")
    assert links.loc[pair["record"].iloc[0], "person"] == pair["person"].iloc[0]


def test_a_rejected_pair_is_not_linked(edition, access, doubtful, tmp_path):
    pair = doubtful.head(1)
    take_review(edition, access, judged(tmp_path, pair, ["tidak"]), None)
    links = link_recipients(edition, clean_inputs(edition, read_inputs(edition))).links.set_index("record")
    assert links.loc[pair["record"].iloc[0], "person"] != pair["person"].iloc[0]


def test_answers_about_another_list_are_refused(edition, access, doubtful, tmp_path):
    pair = doubtful.head(1).assign(check="zzzzzzzz")
    take_review(edition, access, judged(tmp_path, pair, ["ya"]), None)
    with pytest.raises(DataRejected, match="daftar berubah"):
        link_recipients(edition, clean_inputs(edition, read_inputs(edition)))


def test_answers_hold_no_name(edition, access, doubtful, tmp_path):
    path = take_review(edition, access, judged(tmp_path, doubtful, ["ya"] * len(doubtful)), None)
    assert list(pd.read_csv(path).columns) == ["record", "person", "same", "check"]


def test_an_answer_that_is_neither_yes_nor_no_is_refused_with_its_line(edition, access, doubtful, tmp_path):
    with pytest.raises(DataRejected, match="baris 2"):
        take_review(edition, access, judged(tmp_path, doubtful.head(1), ["mungkin"]), None)


def test_the_programme_refuses_a_short_password(edition, access, doubtful):
    with pytest.raises(UsageError, match="pendek"):
        review_workbook(edition, replace(access), "pendek")


@pytest.fixture(scope="module")
def reasons(finished, tmp_path_factory):
    """Sheets of the workbook of reasons by desa, read as tables."""
    data = tmp_path_factory.mktemp("sebab") / "data"
    shutil.copytree(finished.edition.store.data, data)
    study = str(finished.office / "studi.yaml")
    book = CalamineWorkbook.from_path(str(reasons_workbook(open_edition(study, str(data), str(data / "reports")))))
    tables = {}
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        head = next(place for place, row in enumerate(rows) if "Desa/kelurahan" in row)
        tables[name] = pd.DataFrame(rows[head + 1 :], columns=rows[head])
    return tables


def test_reasons_of_every_desa_and_programme_are_in_the_offices_workbook(finished, reasons):
    table = reasons["Terlewat"]
    inhabited = finished.edition.area.desa["desa"].isin(finished.edition.store.read("clean/families")["desa"])
    assert set(table["Desa/kelurahan"]) == set(finished.edition.area.desa.loc[inhabited, "name"])
    assert set(table["Program"]) >= {"Program apa pun"} and len(set(table["Program"])) > 3


@pytest.mark.parametrize("side", ["Terlewat", "Bukan miskin ekstrem"])
def test_few_families_of_a_desa_are_not_told_apart(reasons, side):
    numbers = reasons[side].iloc[:, 3:].apply(pd.to_numeric, errors="coerce")
    assert not ((numbers > 0) & (numbers < 5)).any(axis=None)


def test_no_row_of_the_workbook_gives_its_hidden_reason_away(reasons):
    numbers = reasons["Bukan miskin ekstrem"].iloc[:, 3:].apply(pd.to_numeric, errors="coerce")
    whole = numbers.dropna(subset=numbers.columns[0])
    left = whole.iloc[:, 0] - whole.iloc[:, 1:].sum(axis=1)
    hidden = whole.iloc[:, 1:].isna().any(axis=1)
    assert hidden.any() and left[hidden].min() >= 5


EFFECT = 60_000.0


@pytest.fixture(scope="module")
def visited(finished, tmp_path_factory):
    """The finished edition whose families were visited three times: whoever is on a list of PKH gained in 2025.

    PKH's first list is of 2023, later than the first visit: whoever stands on it may have begun long before.
    """
    home = tmp_path_factory.mktemp("kunjungan")
    shutil.copytree(finished.office, home / "demo")
    shutil.copytree(finished.edition.store.data, home / "data")
    edition = open_edition(str(home / "demo" / "studi.yaml"), str(home / "data"), str(home / "reports"))
    route = targeting.registry_route(edition)
    random = np.random.default_rng(8)
    families = route.frame["family"]
    level = 500_000 + 60_000 * random.normal(size=len(families))
    parts = []
    for period, gained in (("2022-07", 0.0), ("2023-07", 0.0), ("2025-01", EFFECT)):
        amount = level + gained * (route.frame["pkh"] >= 0.5) + 30_000 * random.normal(size=len(families))
        parts.append(pd.DataFrame({"family": families, "period": period, "expenditure_rp_month": amount.round()}))
    pd.concat(parts).to_csv(home / "demo" / VISITS_FILE, index=False)
    return edition, incidence.programme_effects(edition, route).query("programme == 'pkh'")


@pytest.mark.parametrize("method", ["doubly_robust", "matching"])
def test_families_visited_before_and_after_show_what_a_programme_changed(visited, method):
    row = visited[1].query("method == @method and measure == 'effect'").iloc[0]
    assert abs(row["value"] - EFFECT) < 3 * row["se"]


@pytest.mark.parametrize("method", ["doubly_robust", "matching"])
def test_the_placebo_before_the_start_finds_nothing(visited, method):
    row = visited[1].query("method == @method and measure == 'placebo'").iloc[0]
    assert abs(row["value"]) < 3 * row["se"]


def test_notebook_03_shows_the_effect_with_what_it_assumes(visited):
    html = shown.effects(visited[0]).html
    assert "tren sejajar" in html and "uji sebelum program" in html


def test_from_one_date_the_notebook_claims_nothing(finished):
    html = shown.effects(finished.edition).html
    assert "Hanya ada satu tanggal" in html and "dampak, rata-rata" not in html
