"""The command ``kaur``: one function per sentence a person says, each one call."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from kaur_analysis.errors import (
    EXIT_OK,
    EXIT_PARTLY_DONE,
    EXIT_PROGRAM_FAILED,
    EXIT_REJECTED,
    EXIT_USAGE,
    DataRejected,
    KaurError,
    StudyRejected,
    UsageError,
    held_open,
    mask,
    mask_quoted,
)

if TYPE_CHECKING:  # imported where something is printed with it: help and refusals of a call need none of it
    from rich.console import Console
    from rich.text import Text

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich and its Markdown would double the time of kaur --help
    help=(
        "Analisis kemiskinan dan ketepatan sasaran per kecamatan.\n\n"
        "Tanpa studi, kaur run mengerjakan Kaur sintetis bawaan. Untuk data sendiri: "
        "kaur init, isi berkas studi, kaur check, lalu kaur run.\n\n"
        "Kode keluar: 0 beres · 1 program gagal · 2 salah cara memanggil · 3 studi atau data ditolak · "
        "4 selesai sebagian."
    ),
)
key_app = typer.Typer(no_args_is_help=True, help="Kunci penyamaran identitas (NIK, KK, nama).")
app.add_typer(key_app, name="key")


def _at_least(least: int) -> Callable[[int | None], int | None]:
    """Refuse a smaller number in Indonesian; the library that reads commands would refuse it in English."""

    def judged(number: int | None) -> int | None:
        if number is not None and number < least:
            raise UsageError(f"{number} terlalu kecil; paling sedikit {least}.")
        return number

    return judged


def _study_file(path: Path | None) -> Path | None:
    """The study of a folder, where a folder is named: people name what they see in their file manager."""
    if path is None or not path.is_dir():
        return path
    if (path / "studi.yaml").is_file():
        return path / "studi.yaml"
    held = ", ".join(sorted(file.name for file in path.glob("*.yaml")))
    raise StudyRejected(
        f"Folder {path.name} tidak memuat studi.yaml. "
        + (f"Sebut berkas studinya; di dalamnya ada: {held}." if held else "Buat dengan 'kaur init'.")
    )


# What the library that reads commands says of a wrong call, and how it is said here.
_CALL_REFUSED = cast("type[typer.BadParameter]", typer.BadParameter.__base__)  # the base of all, which typer hides
_CALL_WORDS = (
    (r"No such command ('[^']+')\.", r"perintah \1 tidak ada."),
    (r"No such option: (\S+)", r"pilihan \1 tidak ada."),
    (r"Did you mean (.+?)\?", r"Maksud Anda \1?"),
    (r"\(Possible options: (.+)\)", r"Yang ada: \1."),
    (r"Missing (?:argument|parameter) ('[^']+')\.", r"\1 belum diisi."),
    (r"Missing option ('[^']+')\.", r"pilihan \1 wajib diisi."),
    (r"Invalid value for ('[^']+'): ", r"isian \1 tidak sah: "),
    (r"(?:Value error, )?('[^']+') is not one of (.+)\.", r"\1 bukan salah satu dari \2."),
    (
        r"Input should be a valid (?:integer|number).*|'[^']*' is not a valid (?:integer|float).*",
        "harus bilangan bulat.",
    ),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r"kelebihan isian: \1."),
    (r"Option ('[^']+') requires an argument\.", r"pilihan \1 memerlukan isian."),
    (r"Option ('[^']+') does not take a value\.", r"pilihan \1 tidak memerlukan isian."),
)


def _said_of_call(error: typer.BadParameter) -> str:
    """What is wrong with a call, in Indonesian, and where the manual of the command is."""
    said = error.format_message()
    for english, indonesian in _CALL_WORDS:
        said = re.sub(english, indonesian, said)
    return f"{said} Cara memanggil: {error.ctx.command_path if error.ctx else 'kaur'} --help"


StudyArgument = Annotated[
    Path | None, typer.Argument(callback=_study_file, help="Berkas studi (YAML). Kosong: data demo sintetis.")
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder tabel antara. Bawaan: data/ proyek.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Folder hasil; edisi menjadi subfolder. Bawaan: reports/ proyek.")
]
PersonOption = Annotated[str, typer.Option("--person", help="Siapa yang membuka nama orang; dicatat.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Alasannya, paling sedikit 10 huruf; dicatat.")]
PasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="Berkas kata sandi buku kerja. Kosong: ditanyakan. Tidak pernah diketik di sini."
    ),
]


@cache
def out() -> "Console":
    """Where answers are printed."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


@cache
def err() -> "Console":
    """Where progress and refusals are printed."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)


def _red(word: str) -> "Text":
    """A word in red; what files and cells say is never read as markup."""
    from rich.text import Text

    return Text(word, style="red")


@app.command()
def run(
    study: StudyArgument = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Kode kecamatan, instansi atau kabupaten; boleh diulang.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", callback=_at_least(1), help="Banyak langkah atau halaman sekaligus.")
    ] = 2,
    force: Annotated[bool, typer.Option("--force", help="Kerjakan ulang semua, berubah atau tidak.")] = False,
    continue_on_error: Annotated[
        bool, typer.Option("--continue-on-error", help="Lanjutkan halaman lain bila satu halaman gagal.")
    ] = False,
    cluster: Annotated[
        str,
        typer.Option("--cluster", help="Alamat penjadwal Dask, atau local: kabupaten dan halaman dibagi ke pekerja."),
    ] = "",
    output: OutputOption = None,
    data: DataOption = None,
) -> None:
    """Kerjakan sebuah edisi. Data dibersihkan, kemiskinan ditaksir, ketepatan sasaran dinilai, halaman disusun."""
    from kaur_analysis.pipeline.workers import LOADED, RESEARCH, WARM, warm_up

    if not cluster:  # what most runs need is loaded while this process still reads the study and looks at the files
        warm_up(RESEARCH if not only else LOADED if len(only) == 1 else WARM)
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.progress import Progress
    from kaur_analysis.pipeline.province import is_province
    from kaur_analysis.pipeline.run import page_jobs, read_state, research_jobs, run_edition

    if cluster or (study is not None and is_province(study)):
        _run_province(study, tuple(only or ()), jobs, force, continue_on_error, cluster, _text(data), _text(output))
        return
    with err().status("Membuka studi …"):
        edition = open_edition(_text(study), _text(data), _text(output))
    names = [job.name for job in (*research_jobs(edition), *page_jobs(edition, only or ()))]
    with Progress(names, read_state(edition), jobs, err()) as progress:
        outcome = run_edition(edition, only or (), jobs, force, continue_on_error, progress.watch)
    for name, error in outcome.failed.items():
        err().print(_red("gagal"), f"{name}: {mask(error)}")
    out().print(
        f"Edisi {edition.name}: {len(outcome.made)} langkah dikerjakan, {len(outcome.kept)} tetap, "
        f"{len(outcome.failed)} gagal."
    )
    out().print(f"Buka {edition.store.pages / 'index.html'}", soft_wrap=True)
    if outcome.failed:
        raise typer.Exit(EXIT_PARTLY_DONE)


def _run_province(
    study: Path | None,
    only: tuple[str, ...],
    jobs: int,
    force: bool,
    continue_on_error: bool,
    cluster: str,
    data: str,
    output: str,
) -> None:
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.province import chosen_codes, open_province, run_province

    with err().status("Membuka studi …"):
        province = open_province(study or open_edition("", data).study_file, data, output)
    codes = chosen_codes(province, only)
    if cluster:
        from kaur_analysis.pipeline.cluster import run_on_cluster

        outcome = run_on_cluster(province, codes, cluster, jobs, force, continue_on_error, _say)
    else:
        outcome = run_province(province, codes, jobs, force, continue_on_error, _say)
    for name, error in outcome.failed.items():
        err().print(_red("gagal"), f"{name}: {mask(error)}")
    for edition in outcome.editions.values():
        out().print(f"{edition.area.full_name}: {edition.store.pages / 'index.html'}", soft_wrap=True)
        if cluster:  # tables of a cluster lie in a folder named by what they were made of
            out().print(f"  perintah lain untuk edisi ini: --data {edition.store.data}", soft_wrap=True)
    if outcome.page:
        out().print(f"Semua kabupaten/kota: {outcome.page}", soft_wrap=True)
    if outcome.failed:
        raise typer.Exit(EXIT_PARTLY_DONE)


def _say(name: str, event: str) -> None:
    if event != "mulai":
        err().print(f"{event:8} {name}")


@app.command()
def check(
    study: Annotated[Path, typer.Argument(callback=_study_file, help="Berkas studi (YAML).")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Buku kerja temuan (XLSX). Bawaan: di samping studi.")
    ] = None,
) -> None:
    """Baca dan nilai semua masukan tanpa menjalankan analisis. Temuan ditulis ke buku kerja."""
    from rich.table import Table

    from kaur_analysis.pipeline.check import check_study

    with err().status("Membaca dan menilai masukan …"):
        verdict = check_study(study, output)
    table = Table(title="Masukan")
    for heading, right in (
        ("Sumber", False),
        ("Dibaca", True),
        ("Dipakai", True),
        ("Disisihkan", True),
        ("Temuan", True),
    ):
        table.add_column(heading, justify="right" if right else "left")
    for row in verdict.rows:
        table.add_row(*row)
    out().print(table)
    for line in verdict.remarks:
        out().print(line)
    out().print(f"Temuan lengkap: {verdict.workbook}", soft_wrap=True)
    if verdict.rejected:
        err().print(_red("Ditolak."), verdict.rejected)
        raise typer.Exit(EXIT_REJECTED)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder tujuan (dibuat bila belum ada).")],
    seed: Annotated[
        int, typer.Option("--seed", callback=_at_least(0), help="Benih acak; benih sama, berkas sama.")
    ] = 20240227,
    families: Annotated[
        int | None,
        typer.Option(
            "--families",
            callback=_at_least(300),
            help="Banyak keluarga, paling sedikit 300. Bawaan: 39000; sebuah provinsi 617647.",
        ),
    ] = None,
    dirt: Annotated[
        Literal["none", "field"], typer.Option("--dirt", help="Kotoran data seperti di lapangan.")
    ] = "none",
    province: Annotated[
        bool, typer.Option("--province", help="Provinsi Bengkulu sintetis: 10 kabupaten/kota, bukan Kaur saja.")
    ] = False,
) -> None:
    """Tulis Kaur sintetis, tanpa orang nyata. Berkas-berkasnya seperti yang dipegang kantor."""
    from kaur_analysis.demo import FAMILIES, make_demo, make_province

    with err().status("Menulis data sintetis …"):
        if province:
            study = make_province(folder, seed, families or FAMILIES, dirt)
        else:
            study = make_demo(folder, seed, families or 39_000, dirt)
    out().print(f"DATA SINTETIS ditulis. Lanjutkan: kaur run {study}", soft_wrap=True)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Folder studi baru.")]) -> None:
    """Buat berkas studi berkomentar untuk diisi. Folder masukannya ikut dibuat."""
    from kaur_analysis.demo import write_template

    study = write_template(folder)
    out().print(f"Isi berkas ini, lalu jalankan kaur check: {study}", soft_wrap=True)


@app.command()
def lists(
    study: Annotated[Path, typer.Argument(callback=_study_file, help="Berkas studi (YAML) yang sudah dijalankan.")],
    person: PersonOption,
    reason: ReasonOption,
    agency: Annotated[list[str] | None, typer.Option("--agency", help="Kode instansi; boleh diulang.")] = None,
    desa: Annotated[list[str] | None, typer.Option("--desa", help="Kode BPS desa; boleh diulang.")] = None,
    answers: Annotated[
        list[Path] | None, typer.Option("--answers", help="Daftar yang sudah diverifikasi; boleh diulang.")
    ] = None,
    password_file: PasswordOption = None,
    data: DataOption = None,
) -> None:
    """Tulis daftar calon penerima dengan nama (TERBATAS). Juga lembar musdes; atau terima hasil verifikasinya."""
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.restricted import access_to, recipient_lists, take_verification
    from kaur_analysis.planning import read_password

    edition = open_edition(_text(study), _text(data), as_it_is=True)
    access = access_to(edition, person, reason)
    if answers:
        taken = take_verification(edition, access, answers, read_password(password_file))
        out().print(f"Hasil verifikasi dicatat di {taken.name}. Lanjutkan: kaur run {study}", soft_wrap=True)
        return
    written = recipient_lists(edition, access, read_password(password_file), agency or (), desa or ())
    out().print(f"TERBATAS: {len(written)} berkas di {edition.restricted}", soft_wrap=True)


@app.command()
def review(
    study: Annotated[Path, typer.Argument(callback=_study_file, help="Berkas studi (YAML) yang sudah dijalankan.")],
    person: PersonOption,
    reason: ReasonOption,
    answers: Annotated[Path | None, typer.Option("--answers", help="Buku kerja yang sudah diisi.")] = None,
    password_file: PasswordOption = None,
    data: DataOption = None,
) -> None:
    """Tulis padanan yang diragukan untuk ditinjau (TERBATAS). Atau terima jawabannya."""
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.restricted import access_to, review_workbook, take_review
    from kaur_analysis.planning import read_password

    edition = open_edition(_text(study), _text(data), as_it_is=True)
    access = access_to(edition, person, reason)
    if answers:
        taken = take_review(edition, access, answers, read_password(password_file))
        out().print(f"Putusan dicatat di {taken.name}. Lanjutkan: kaur run {study}", soft_wrap=True)
        return
    written = review_workbook(edition, access, read_password(password_file))
    out().print(f"TERBATAS: {written}", soft_wrap=True)


@app.command()
def export(
    study: Annotated[Path, typer.Argument(callback=_study_file, help="Berkas studi (YAML) yang sudah dijalankan.")],
    data: DataOption = None,
) -> None:
    """Tulis buku kerja anggaran untuk RKPD/RPKD. Juga sebab terlewat menurut desa; untuk di dalam kantor."""
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.restricted import budget_workbook, reasons_workbook

    edition = open_edition(_text(study), _text(data), as_it_is=True)
    for written in (budget_workbook(edition), reasons_workbook(edition)):
        if written is not None:
            out().print(f"Ditulis: {written}", soft_wrap=True)


@app.command()
def verify(
    edition: Annotated[str, typer.Argument(help="Nama edisi di bawah reports/, atau foldernya.")],
    output: OutputOption = None,
) -> None:
    """Periksa keutuhan edisi. Sidik setiap berkas dihitung ulang dan dibandingkan dengan manifest.json."""
    from kaur_analysis.pipeline.manifest import verify as verify_folder

    deviations = verify_folder(_edition_folder(edition, output))
    for deviation in deviations:
        err().print(f"{deviation.kind:15} {deviation.product}")
    if deviations:
        raise DataRejected(f"{len(deviations)} berkas tidak sesuai manifest.")
    out().print("Semua berkas sesuai manifest.")


@app.command()
def status(study: StudyArgument = None, output: OutputOption = None, data: DataOption = None) -> None:
    """Tunjukkan apa yang terkini, apa yang usang, dan mengapa. Tidak menjalankan apa pun."""
    from rich.table import Table

    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.status import edition_status

    edition = open_edition(_text(study), _text(data), _text(output), as_it_is=True)
    table = Table(title=f"Edisi {edition.name}")
    for heading in ("Langkah", "Keadaan", "Sebab"):
        table.add_column(heading)
    for step in edition_status(edition):
        table.add_row(step.name, step.status, "; ".join(step.reasons))
    out().print(table)


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(help="Indikator seperti di published.csv, misalnya poverty.poor_share.")],
    area: Annotated[str, typer.Argument(help="Kode BPS kabupaten, kecamatan atau desa.")],
    study: Annotated[
        Path | None, typer.Option("--study", callback=_study_file, help="Berkas studi. Kosong: data demo sintetis.")
    ] = None,
    programme: Annotated[str, typer.Option("--programme", help="Kode program.")] = "",
    agency: Annotated[str, typer.Option("--agency", help="Kode instansi.")] = "",
    group: Annotated[str, typer.Option("--group", help="Kelompok.")] = "",
    period: Annotated[str, typer.Option("--period", help="Tahun atau masa.")] = "",
    data: DataOption = None,
) -> None:
    """Telusuri sebuah angka terbit. Aturan penyajian, tabel dan langkah yang membuatnya, berkas masukan."""
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.explain import explain as explain_number

    edition = open_edition(_text(study), _text(data), as_it_is=True)
    narrowed = {"programme": programme, "agency": agency, "group": group, "period": period}
    found = explain_number(edition, indicator, area, **narrowed)
    for entry in found:
        out().print(f"{' · '.join(entry.key.values())}: {entry.value}")
        out().print(f"  sumber: {entry.source}")
        out().print(f"  penyajian: {entry.decision}")
        for name, (step, value) in entry.tables.items():
            out().print(f"  tabel {name}, ditulis {step}, sidik {value[:12]}")
    out().print("Dibuat dari:")
    for name, value in found[0].inputs.items():
        out().print(f"  {name}: {value[:12]}")


@app.command()
def share(
    study: StudyArgument = None,
    cards: Annotated[
        bool, typer.Option("--cards", help="Juga gambar dan teks per kecamatan untuk diteruskan.")
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Juga satu PDF per halaman; perlu Chromium, Chrome, atau Edge.")
    ] = False,
    output: OutputOption = None,
    data: DataOption = None,
) -> None:
    """Kemas semua halaman edisi dalam satu ZIP untuk dikirim. Edisi yang berubah sejak dibuat ditolak."""
    from kaur_analysis.pipeline.edition import open_edition
    from kaur_analysis.pipeline.share import find_browser, share_zip, write_cards, write_pdfs

    edition = open_edition(_text(study), _text(data), _text(output), as_it_is=True)
    out().print(f"Ditulis: {share_zip(edition.store.pages, edition.prefix)}", soft_wrap=True)
    if cards:
        out().print(f"Ditulis: {write_cards(edition)}", soft_wrap=True)
    if pdf:
        out().print(f"Ditulis: {write_pdfs(edition.store.pages, edition.prefix, find_browser())}", soft_wrap=True)


@app.command()
def archive(
    edition: Annotated[str, typer.Argument(help="Nama edisi di bawah reports/, atau foldernya.")],
    license_url: Annotated[str, typer.Option("--license", help="Alamat lisensi edisi. Kosong: belum ditetapkan.")] = "",
    output: OutputOption = None,
) -> None:
    """Kemas edisi sebagai RO-Crate untuk arsip. Notebook dan masukan hanya sebagai sidik."""
    from kaur_analysis.pipeline.archive import archive as archive_edition

    out().print(f"Ditulis: {archive_edition(_edition_folder(edition, output), license_url)}", soft_wrap=True)


@app.command()
def lab(study: StudyArgument = None, output: OutputOption = None, data: DataOption = None) -> None:
    """Buka JupyterLab dengan studi ini. Buku catatan memakainya tanpa parameternya diubah."""
    from kaur_analysis.pipeline.edition import chosen_study
    from kaur_analysis.store import project_root

    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(project_root() / "notebooks")]
    chosen = chosen_study(_text(study), _text(data), _text(output))
    raise typer.Exit(subprocess.run(command, env=os.environ | chosen, check=False).returncode)


@key_app.command("new")
def key_new(
    path: Annotated[Path | None, typer.Argument(help="Tempat kunci. Bawaan: folder pribadi pengguna.")] = None,
) -> None:
    """Buat kunci baru di luar proyek. Simpan salinannya: tanpa kunci yang sama, samaran lama tidak dapat dicocokkan."""
    from kaur_analysis.intake import create_key

    created = create_key(path)
    out().print(f"Kunci dibuat: {created}", soft_wrap=True)


def _edition_folder(edition: str, output: Path | None) -> Path:
    """An edition by its folder, or by its name below the folder of editions."""
    from kaur_analysis.store import project_root

    folder = Path(edition)
    return folder if folder.is_dir() else (output or project_root() / "reports") / edition


def _text(path: Path | None) -> str:
    return "" if path is None else str(path)


def main() -> None:
    """Entry point: errors a person can act on are one message and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console of code page 1252 lacks letters that names may have
    try:
        code = app(standalone_mode=False)
    except _CALL_REFUSED as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # what it says is the manual
            err().print(error.format_message(), soft_wrap=True)
        else:
            err().print(_red("kaur:"), mask(_said_of_call(error)), soft_wrap=True)
        sys.exit(EXIT_USAGE)
    except typer.Abort:
        err().print(_red("kaur:"), "dibatalkan.")
        sys.exit(EXIT_PROGRAM_FAILED)
    except KaurError as error:
        err().print(_red("kaur:"), mask(error, codes=error.codes), soft_wrap=True)
        sys.exit(error.exit_code)
    except (FileExistsError, NotADirectoryError) as error:
        name = Path(str(error.filename or "sebuah jalur")).name
        said = f"{mask(name)}: di jalur ini ada berkas, padahal diperlukan folder. Pilih tempat lain."
        err().print(_red("kaur:"), said, soft_wrap=True)
        sys.exit(EXIT_USAGE)
    except IsADirectoryError as error:
        name = Path(str(error.filename2 or error.filename or "sebuah jalur")).name
        said = f"{mask(name)} adalah folder, padahal diperlukan berkas. Sebut juga nama berkasnya."
        err().print(_red("kaur:"), said, soft_wrap=True)
        sys.exit(EXIT_USAGE)
    except PermissionError as error:
        err().print(_red("kaur:"), held_open(error.filename2 or error.filename), soft_wrap=True)
        sys.exit(EXIT_PROGRAM_FAILED)
    except Exception as error:  # the last line of defence: a traceback could show values of cells
        said = f"kesalahan program: {type(error).__name__}: {mask_quoted(error)}"
        err().print(_red("kaur:"), said, soft_wrap=True)
        sys.exit(EXIT_PROGRAM_FAILED)
    sys.exit(code or EXIT_OK)
