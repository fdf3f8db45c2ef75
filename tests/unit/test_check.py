"""``kaur check`` judges an office's lists without running anything; unknown headings come back as a proposal."""

import pytest
from python_calamine import CalamineWorkbook

from kaur_analysis.demo import make_demo
from kaur_analysis.errors import DataRejected, KeyMissing, UsageError
from kaur_analysis.pipeline.check import check_study
from kaur_analysis.study import load_study
from tests.intake_files import nik, workbook

HEAD = ["Nama", "NIK", "Tanggal Lahir", "Jenis Kelamin", "Desa", "Kecamatan"]
ANA = ["Zorabruk Vekador", nik(), "12/05/1980", "L", "Merpas", "Nasal"]
STUDY = """\
# Studi uji.
edition: uji
reference_date: 2025-03-31
synthetic: {synthetic}
sources:
  - name: daftar  # daftar dari dinas
    kind: recipients
    programme: pkh
    period: "2024"
    path: daftar.xlsx
  - {{name: kedua, kind: recipients, programme: sembako, period: "2024", path: kedua.xlsx}}
lines:
  - {{kind: poverty, rupiah: 500000, month: 2025-03, area: "1704", source: uji, accessed: 2025-04-01}}
  - {{kind: extreme, rupiah: 350000, month: 2025-03, area: "1704", source: uji, accessed: 2025-04-01}}
programmes: [pkh, sembako]
"""


@pytest.fixture
def office(tmp_path):
    def _open(head=HEAD, second=HEAD, row=ANA, synthetic=True):
        workbook(tmp_path / "daftar.xlsx", [head, row])
        workbook(tmp_path / "kedua.xlsx", [second, ANA])
        path = tmp_path / "studi.yaml"
        path.write_text(STUDY.format(synthetic=str(synthetic).lower()), encoding="utf-8")
        return path

    return _open


def test_good_lists_are_accepted(office):
    assert check_study(office()).rejected == ""


def test_a_source_is_accounted_for(office):
    assert check_study(office()).rows[0] == ("daftar", "1", "1", "0", "0")


def test_a_list_without_its_required_heading_is_rejected(office):
    assert "judul_wajib" in check_study(office(["Nama Penerimaan", *HEAD[1:]])).rejected


def test_a_rejection_names_file_sheet_line_and_column(office):
    rejected = check_study(office(["Nama Penerimaan", *HEAD[1:]])).rejected
    assert "daftar.xlsx Sheet1 baris 1, kolom name" in rejected


def test_findings_are_written_beside_the_study(office):
    path = office()
    assert check_study(path).workbook == path.with_name("studi-temuan.xlsx")


def test_the_workbook_can_go_elsewhere(office, tmp_path):
    wanted = tmp_path / "lain" / "temuan.xlsx"
    assert check_study(office(), wanted).workbook == wanted and wanted.is_file()


@pytest.mark.parametrize("name", ["studi.yaml", "daftar.xlsx"])
def test_the_workbook_never_takes_the_place_of_what_is_read(office, name):
    study = office()
    before = study.with_name(name).read_bytes()
    with pytest.raises(UsageError, match="bukan tempat untuk temuan"):
        check_study(study, study.with_name(name))
    assert study.with_name(name).read_bytes() == before


def test_the_workbook_of_synthetic_people_says_so(office):
    with CalamineWorkbook.from_path(str(check_study(office()).workbook)) as book:
        assert "DATA SINTETIS" in book.get_sheet_by_name("Ringkasan").to_python()[0][0]


def test_a_near_heading_is_proposed_for_the_study(office):
    path = office(["Nama Penerimaan", *HEAD[1:]])
    check_study(path)
    proposed = load_study(path.with_name("studi.usulan.yaml"))
    assert proposed.source("daftar").aliases == {"name": "nama penerimaan"}


def test_a_proposal_is_also_written_into_a_source_on_one_line(office):
    path = office(second=["Nama Penerimaan", *HEAD[1:]])
    check_study(path)
    assert load_study(path.with_name("studi.usulan.yaml")).source("kedua").aliases == {"name": "nama penerimaan"}


def test_a_confirmed_proposal_makes_the_list_acceptable(office):
    path = office(["Nama Penerimaan", *HEAD[1:]])
    check_study(path)
    assert check_study(path.with_name("studi.usulan.yaml")).rejected == ""


def test_a_proposal_tells_how_alike_the_headings_are(office):
    path = office(["Nama Penerimaan", *HEAD[1:]])
    check_study(path)
    assert "kolom name = judul 'nama penerimaan' (kemiripan " in path.with_name("studi.usulan.yaml").read_text("utf-8")


def test_a_proposal_keeps_the_comments_of_the_study(office):
    path = office(["Nama Penerimaan", *HEAD[1:]])
    check_study(path)
    assert "# daftar dari dinas" in path.with_name("studi.usulan.yaml").read_text("utf-8")


def test_the_study_itself_is_never_touched(office):
    path = office(["Nama Penerimaan", *HEAD[1:]])
    before = path.read_bytes()
    check_study(path)
    assert path.read_bytes() == before


def test_known_headings_need_no_proposal(office):
    path = office()
    check_study(path)
    assert not path.with_name("studi.usulan.yaml").exists()


def test_real_people_are_not_read_without_a_key(office, monkeypatch, tmp_path):
    monkeypatch.setenv("KAUR_KEY_FILE", str(tmp_path / "tidak-ada.key"))
    with pytest.raises(KeyMissing):
        check_study(office(synthetic=False))


@pytest.mark.parametrize("name", ["padanan.csv", "verifikasi.csv", "kunjungan.csv"])
def test_a_damaged_file_beside_the_study_is_refused_by_its_name(office, name):
    study = office()
    (study.parent / name).write_bytes("a,b".encode("utf-16"))
    with pytest.raises(DataRejected, match=f"{name}: bukan teks UTF-8"):
        check_study(study)


def test_judged_links_of_another_list_are_refused_beside_the_findings(office):
    study = office()
    (study.parent / "padanan.csv").write_text("record,person,same,check\ndaftar:1,p1,1,abcdefgh\n", encoding="utf-8")
    verdict = check_study(study)
    assert "padanan.csv: 1 putusan tidak cocok lagi" in verdict.rejected and verdict.workbook.is_file()


def test_a_previous_issue_whose_values_are_words_is_refused_by_its_name(office):
    study = office()
    heads = "topic,indicator,area,programme,agency,group,period,unit,value,low,high,rse,n,status,reason,source"
    (study.parent / "lama.csv").write_text(heads + "\n" + ",".join(heads.split(",")) + "\n", encoding="utf-8")
    study.write_text(study.read_text(encoding="utf-8") + "previous: lama.csv\n", encoding="utf-8")
    with pytest.raises(DataRejected, match=r"lama\.csv: ada yang bukan angka"):
        check_study(study)


def test_a_rejection_by_cleaning_leaves_the_findings_in_the_workbook(office):
    path = office()
    path.with_name("corrections.yaml").write_text(
        "- {source: daftar, rows: {line: 99}, action: set_aside, reason: salah ketik, "
        "who: Litbang, date: 2025-04-02, status: disetujui, expected: 1}",
        encoding="utf-8",
    )
    verdict = check_study(path)
    assert "cocok dengan 0 baris" in verdict.rejected and verdict.workbook.is_file()


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    return check_study(make_demo(tmp_path_factory.mktemp("lapangan"), seed=3, families=600, dirt="field"))


def test_field_dirt_is_reported_and_tolerated(dirty):
    assert dirty.rejected == "" and any("nik_rusak_excel" in remark for remark in dirty.remarks)


def test_remarks_hold_no_long_number(dirty):
    assert not any(sum(c.isdigit() for c in word) > 7 for remark in dirty.remarks for word in remark.split())
