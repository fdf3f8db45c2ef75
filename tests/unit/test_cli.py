"""The command line: its help is the manual, its exit codes tell what kind of thing went wrong."""

import hashlib
import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kaur_analysis import cli
from kaur_analysis.cli import app
from kaur_analysis.demo import make_demo
from kaur_analysis.errors import UsageError
from kaur_analysis.pipeline.edition import DEMO_STAMP, demo_study, open_edition
from kaur_analysis.pipeline.manifest import write_manifest

COMMANDS = {
    "run": ["--only", "--jobs", "--force", "--continue-on-error", "--output", "--data"],
    "check": ["--output"],
    "demo": ["--seed", "--families", "--dirt"],
    "init": [],
    "verify": ["--output"],
    "lab": [],
}


def kaur(*arguments, **environment):
    """Run the program as a person does; returns exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "kaur_analysis", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUTF8": "1"} | environment,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def manual(*arguments):
    return re.sub(r"\x1b\[[0-9;]*m", "", CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "160"}).output)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("kantor"), seed=5, families=300)


def test_the_manual_lists_every_command():
    assert [command for command in (*COMMANDS, "key") if command not in manual()] == []


def test_the_manual_explains_the_exit_codes():
    assert all(f"{code} " in manual() for code in range(5)) and "Kode keluar" in manual()


@pytest.mark.parametrize(("command", "options"), COMMANDS.items())
def test_the_manual_of_a_command_lists_its_options(command, options):
    text = manual(command)
    assert [option for option in options if option not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_does_in_one_sentence(command):
    described = [line for line in manual(command).splitlines() if line.strip() and "Usage" not in line]
    assert len(described[0].strip()) > 20


def test_no_command_at_all_shows_the_manual():
    assert "kaur" in kaur()[1] + kaur()[2]


def test_a_good_study_is_checked_with_exit_0(office):
    assert kaur("check", office)[0] == 0


def test_an_unknown_option_is_a_usage_error():
    assert kaur("run", "--tanpa-arti")[0] == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["chekc", "x"], "perintah 'chekc' tidak ada. Maksud Anda 'check'?"),
        (["check"], "'study' belum diisi."),
        (["lists", "studi.yaml"], "pilihan '--person' wajib diisi."),
        (["run", "--jobz", "2"], "pilihan --jobz tidak ada. Yang ada: --jobs."),
        (["run", "--jobs", "dua"], "isian '--jobs' tidak sah: harus bilangan bulat."),
        (
            ["demo", "d", "--dirt", "banyak"],
            "'--dirt' tidak sah: 'banyak' bukan salah satu dari 'none', 'field'.",
        ),
        (["demo", "a", "b"], "kelebihan isian: b."),
        (["run", "--jobs"], "pilihan '--jobs' memerlukan isian."),
        (["run", "--force=1"], "pilihan '--force' tidak memerlukan isian."),
    ],
)
def test_a_wrong_call_is_told_in_indonesian(call, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kaur", *call])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    error = capsys.readouterr().err
    assert ended.value.code == 2 and words in error and "Cara memanggil: " in error


def test_a_command_of_commands_alone_shows_its_manual(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kaur", "key"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2 and "Buat kunci baru" in capsys.readouterr().err


def test_an_unknown_kecamatan_is_a_usage_error(office, tmp_path):
    code, _, error = kaur("run", office, "--only", "9999999", "--data", tmp_path / "d", "--output", tmp_path / "r")
    assert code == 2 and "1704010" in error


def test_a_missing_study_is_rejected(tmp_path):
    code, _, error = kaur("check", tmp_path / "tidak-ada.yaml")
    assert code == 3 and "kaur init" in error


def test_a_folder_stands_for_the_study_in_it(office):
    assert kaur("check", office.parent)[0] == 0


def test_a_folder_without_a_study_is_rejected_with_the_files_it_holds(tmp_path):
    (tmp_path / "provinsi.yaml").write_text("", encoding="utf-8")
    code, _, error = kaur("check", tmp_path)
    assert code == 3 and "tidak memuat studi.yaml" in error and "provinsi.yaml" in error


def test_an_unknown_key_is_rejected_with_the_nearest_known(office, tmp_path):
    study = tmp_path / "studi.yaml"
    study.write_text(office.read_text("utf-8").replace("target_year:", "target_yaer:"), encoding="utf-8")
    code, _, error = kaur("check", study)
    assert code == 3 and "target_year" in error


def test_a_missing_list_is_rejected_by_the_name_of_its_source(office, tmp_path):
    study = tmp_path / "studi.yaml"
    study.write_text(office.read_text("utf-8"), encoding="utf-8")
    code, _, error = kaur("check", study)
    assert code == 3 and "dtsen_keluarga" in error


def test_a_program_that_fails_ends_with_1_and_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(RuntimeError("rusak")))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    error = capsys.readouterr().err
    assert ended.value.code == 1 and "kesalahan program" in error and "Traceback" not in error


@pytest.mark.parametrize("command", [["init"], ["demo", "--families", "300"], ["key", "new"]])
def test_a_file_in_the_way_of_a_folder_is_a_wrong_call(tmp_path, command):
    place = tmp_path / "berkas"
    place.write_text("bukan folder", encoding="utf-8")
    code, _, error = kaur(*command, place / "di-dalam")
    assert code == 2 and "ada berkas, padahal diperlukan folder" in error


def test_a_folder_in_place_of_the_workbook_is_a_wrong_call(office, tmp_path):
    code, _, error = kaur("check", office, "--output", tmp_path)
    assert code == 2 and "adalah folder, padahal diperlukan berkas" in error


def test_a_workbook_below_a_file_is_a_wrong_call(office, tmp_path):
    place = tmp_path / "berkas"
    place.write_text("bukan folder", encoding="utf-8")
    code, _, error = kaur("check", office, "--output", place / "temuan.xlsx")
    assert code == 2 and "ada berkas, padahal diperlukan folder" in error


def test_a_folder_that_cannot_be_written_to_is_a_wrong_call(office, tmp_path):
    place = tmp_path / "berkas"
    place.write_text("bukan folder", encoding="utf-8")
    code, _, error = kaur("run", office, "--data", place, "--output", tmp_path / "r")
    assert code == 2 and "tidak dapat ditulisi: ada berkas di jalurnya" in error


def test_real_people_are_refused_without_a_key(office):
    study = office.with_name("nyata.yaml")
    study.write_text(office.read_text("utf-8").replace("synthetic: true", "synthetic: false"), encoding="utf-8")
    code, _, error = kaur("check", study, KAUR_KEY_FILE=str(office.parent / "tidak-ada.key"))
    assert code == 3 and "kaur key new" in error


def test_a_new_key_is_made_once(tmp_path):
    path = tmp_path / "kunci" / "kantor.key"
    assert (kaur("key", "new", path)[0], kaur("key", "new", path)[0]) == (0, 2)


def test_an_empty_study_says_what_is_to_be_filled_in(tmp_path):
    kaur("init", tmp_path / "studi")
    code, _, error = kaur("check", tmp_path / "studi" / "studi.yaml")
    assert code == 3 and "rupiah" in error


def test_the_demo_is_the_same_for_the_same_seed(tmp_path):
    for name in ("satu", "dua"):
        kaur("demo", tmp_path / name, "--families", "300", "--seed", "9")
    first, second = (
        {
            path.relative_to(tmp_path / name): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("satu", "dua")
    )
    assert len(first) > 15 and first == second


def test_the_demo_says_that_it_is_synthetic(tmp_path):
    assert "DATA SINTETIS" in kaur("demo", tmp_path, "--families", "300")[1]


def test_a_demo_over_a_study_of_an_office_is_a_wrong_call(tmp_path):
    kaur("init", tmp_path)
    assert kaur("demo", tmp_path, "--families", "300")[0] == 2


@pytest.mark.parametrize("option", [("--families", "299"), ("--seed", "-1")])
def test_too_small_a_number_is_refused_in_indonesian_before_anything_is_written(tmp_path, option):
    code, _, error = kaur("demo", tmp_path / "demo", *option)
    assert code == 2 and f"{option[1]} terlalu kecil; paling sedikit" in error and not (tmp_path / "demo").exists()


@pytest.fixture
def edition(tmp_path):
    folder = tmp_path / "2025"
    folder.mkdir()
    (folder / "index.html").write_text("<p>halo</p>", encoding="utf-8")
    write_manifest(folder, {"edition": "2025"})
    return folder


def test_an_untouched_edition_verifies(edition):
    assert kaur("verify", edition)[0] == 0


def test_an_altered_product_does_not_verify(edition):
    (edition / "index.html").write_text("<p>lain</p>", encoding="utf-8")
    code, _, error = kaur("verify", edition)
    assert code == 3 and "index.html" in error


def test_no_output_holds_a_long_number(office):
    _, out, error = kaur("check", office)
    assert re.findall(r"\d{8,}", out.replace(str(office.parent), "") + error) == []


def test_no_colour_where_nobody_looks(office):
    assert "\x1b[" not in "".join(map(str, kaur("check", office)))


def test_the_manual_is_shown_without_loading_what_only_commands_need():
    heavy = {"pandas", "numpy", "papermill", "pydantic", "rich", "yaml"}
    code = f"import kaur_analysis.cli, sys; print({heavy} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_a_console_of_code_page_1252_shows_what_it_can(tmp_path):
    """Names may have letters that it lacks; that is no reason to fail."""
    code, _, error = kaur("check", tmp_path / "studi-Ẓ→.yaml", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert code == 3 and "kesalahan program" not in error and "Berkas studi tidak ada" in error


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["explain", "--help"]])
def test_the_manual_can_be_read_on_code_page_1252(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "kaur_analysis", *arguments],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "COLUMNS": "100"},
        check=True,
    )
    text = done.stdout.decode("cp1252")
    assert "Usage" in text and "?" not in text.replace("kaur ?", "")


def test_jupyterlab_opens_with_the_study_chosen(office, tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        "kaur_analysis.cli.subprocess.run",
        lambda command, env, check: seen.update(env) or subprocess.CompletedProcess(command, 0),
    )
    done = CliRunner().invoke(app, ["lab", str(office), "--data", str(tmp_path / "d"), "--output", str(tmp_path / "r")])
    monkeypatch.setattr(os, "environ", seen)
    edition = open_edition()
    assert done.exit_code == 0
    assert (edition.study_file, edition.store.data, edition.store.reports) == (office, tmp_path / "d", tmp_path / "r")


def test_a_parameter_goes_before_the_study_of_jupyterlab(office, monkeypatch, tmp_path):
    monkeypatch.setenv("KAUR_STUDY", str(tmp_path / "lain.yaml"))
    assert open_edition(str(office)).study_file == office


def test_jupyterlab_is_not_opened_with_a_study_that_cannot_be_used(tmp_path):
    assert kaur("lab", tmp_path / "tiada.yaml")[0] == 3


def test_what_an_error_quotes_in_brackets_is_printed_as_it_stands(monkeypatch, capsys):
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(UsageError('pip install "kaur-analysis[maps]"')))
    with pytest.raises(SystemExit):
        cli.main()
    assert "kaur-analysis[maps]" in capsys.readouterr().err


def test_a_refusal_about_a_desa_is_printed_with_its_whole_code(monkeypatch, capsys):
    refused = UsageError("Tidak ada calon penerima untuk: 1704010999.", codes=["1704010999"])
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(refused))
    with pytest.raises(SystemExit):
        cli.main()
    assert "1704010999" in capsys.readouterr().err


@pytest.fixture
def held(monkeypatch):
    """Windows does not let a file be replaced that another program holds open."""
    replace = os.replace

    def refuse(source, target):
        if str(target).endswith("temuan.xlsx"):
            raise PermissionError(13, "Access is denied", str(source), None, str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)


def test_a_workbook_that_excel_holds_open_is_named(office, held, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kaur", "check", str(office)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err.strip()) == (
        1,
        "kaur: studi-temuan.xlsx tidak dapat ditulisi, biasanya karena sedang dibuka program lain, misalnya Excel. "
        "Tutup, lalu ulangi perintahnya.",
    )


def test_a_workbook_that_excel_holds_open_stays_as_it_was(office, held, monkeypatch):
    workbook = office.with_name("studi-temuan.xlsx")
    workbook.write_text("lama", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["kaur", "check", str(office)])
    with pytest.raises(SystemExit):
        cli.main()
    assert workbook.read_text(encoding="utf-8") == "lama"


def test_who_only_asks_makes_no_synthetic_kaur(tmp_path):
    with pytest.raises(UsageError, match="Data demo belum dibuat"):
        open_edition(data=str(tmp_path), as_it_is=True)
    assert list(tmp_path.iterdir()) == []


def test_who_only_asks_leaves_an_older_synthetic_kaur_as_it_is(tmp_path):
    (tmp_path / "studi.yaml").write_text("edition: lama", encoding="utf-8")
    (tmp_path / DEMO_STAMP).write_text("program lama", encoding="utf-8")
    assert demo_study(tmp_path, as_it_is=True).read_text(encoding="utf-8") == "edition: lama"
