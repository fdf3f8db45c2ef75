"""One command, one edition: run the research notebooks in order, make every page, put the edition in its place.

A step is skipped where nothing that decides it has changed. Pages are made in a cache and the edition's folder is
exchanged whole at the end, so a run that breaks leaves the last good edition untouched and the next run resumes.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from filelock import FileLock, Timeout

from kaur_analysis.errors import DataRejected, KaurError, NotebookFailed, RunFailed, UsageError
from kaur_analysis.pipeline.edition import BESIDE, SOURCE, Edition
from kaur_analysis.pipeline.manifest import read_manifest, verify
from kaur_analysis.pipeline.provenance import code_hash, combined_hash, libraries
from kaur_analysis.pipeline.publication import aside, publish
from kaur_analysis.pipeline.workers import RESEARCH as RESEARCH_WARM
from kaur_analysis.pipeline.workers import WARM, WorkerDied, Workers, warm_up
from kaur_analysis.store import PARTIAL, STAGES, file_hash, project_root, write_text

if TYPE_CHECKING:  # what only workers need is imported there: the process that waits stays small and quick to start
    from kaur_analysis.pipeline.effort import Effort

Given = ParamSpec("Given")
Result = TypeVar("Result")

STATE = "langkah"
# The synthetic Kaur of 39 000 families takes 230 MB of readings, tables and pages; pages lie twice while exchanged.
LEAST_FREE_BYTES = 300_000_000
WORKER_DIED = (
    "proses penghitung mati di tengah jalan, biasanya karena memori habis. Tutup program lain, lalu jalankan kaur run "
    "lagi."
)
CANNOT_WRITE = {
    errno.ENOSPC: "Cakram penuh. Kosongkan ruang, lalu jalankan kaur run lagi.",
    errno.EROFS: "Cakram hanya dapat dibaca. Pakai folder lain dengan --data dan --output.",
    errno.EIO: "Cakram gagal dibaca atau ditulisi. Periksa cakramnya sebelum menjalankan kaur run lagi.",
}
LONGEST_WINDOWS_PATH = 259  # MAX_PATH less its closing zero; longer ones work only where an administrator allows it
PARTIAL_SUFFIX = len(".1234567.partial")  # of a file while it is being written
# What a page is made from that may change without a change of what it says.
NUMBERS, FACTS = "angka terbit", "keterangan edisi"
# Research steps in order; those of one turn read nothing of each other and may be run side by side.
TURNS = (("01_clean",), ("02_poverty",), ("03_targeting", "03_incidence", "04_planning"), ("04_publishing",))
RESEARCH = tuple(name for turn in TURNS for name in turn)
# The step that reads the office's files, and from which size on a source is worth a process of its own to read it.
READS_FILES, WORTH_BYTES = "01_clean", 100_000
# Steps that read of the office's files only what these tables hold of them (a test compares with what they read).
READS = {"02_poverty": ("clean/families", "clean/received", "clean/survey")}
# Tables of the steps that are run beside another, which would else not know whose a table is (a test compares as well).
WRITES = {
    "03_targeting": (
        "estimates/targeting",
        "estimates/largest",
        "estimates/reasons",
        "estimates/reasons_desa",
        "estimates/overlap",
        "estimates/agency_overlap",
        "estimates/scenarios",
        "estimates/scenarios_survey",
        "estimates/targeting_survey",
        "estimates/timeliness",
    ),
    "03_incidence": (
        "estimates/incidence",
        "estimates/concentration",
        "estimates/fairness",
        "estimates/fairer_ranking",
        "estimates/churn",
        "estimates/cost_effectiveness",
        "estimates/effects",
    ),
    "04_planning": (
        "estimates/needs",
        "estimates/conflicts",
        "estimates/budget",
        "estimates/budget_intervals",
        "estimates/allocation",
        "estimates/allocation_limits",
        "estimates/allocation_comparison",
        "estimates/zero_cost",
    ),
}


@dataclass(frozen=True)
class Job:
    """One notebook to run: a research step (product ``.ipynb``) or a page (product ``.html``)."""

    name: str
    notebook: Path
    parameters: dict[str, Any]
    product: str
    title: str = ""


@dataclass
class Outcome:
    """What a run made, what it could keep from an earlier run, and what failed with which message."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, KaurError] = field(default_factory=dict)


Watcher = Callable[[str, str], None]
Made = tuple["Effort", dict[str, str] | None]
"""What a page cost, and what it says (:class:`kaur_analysis.pipeline.restamp.Told`) where that can be told."""


def research_jobs(edition: Edition) -> list[Job]:
    """Steps 01-04 in order, publishing last."""
    return [Job(name, _notebook(name), _common(edition), f"notebooks/{name}.ipynb") for name in RESEARCH]


def page_jobs(edition: Edition, only: Iterable[str] = ()) -> list[Job]:
    """All pages of the edition, or those of the named kecamatan, agencies or kabupaten (by code).

    Raises
    ------
    UsageError
        A code is none of the area's.
    """
    area, common = edition.area, _common(edition)
    jobs = {
        code: Job(
            f"05_kecamatan {code}",
            _notebook("05_kecamatan"),
            common | {"kecamatan": code},
            edition.kecamatan_page(code),
            f"Kecamatan {area.kecamatan_name(code)}, {area.full_name}",
        )
        for code in area.kecamatan["kecamatan"]
    }
    agencies = {programme.agency for programme in edition.study.programmes}
    jobs |= {
        code: Job(
            f"06_opd {code}",
            _notebook("06_opd"),
            common | {"agency": code},
            edition.agency_page(code),
            f"{agency.name}, {area.full_name}",
        )
        for code, agency in area.agencies.items()
        if code in agencies
    }
    jobs[area.code] = Job(
        f"07_kabupaten {area.code}", _notebook("07_kabupaten"), common, edition.kabupaten_page, area.full_name
    )
    unknown = [code for code in only if code not in jobs]
    if unknown:
        raise UsageError(f"Kode tidak dikenal: {', '.join(unknown)}. Yang ada: {', '.join(jobs)}.")
    return [job for code, job in jobs.items() if not only or code in only]


def run_edition(
    edition: Edition,
    only: Iterable[str] = (),
    jobs: int = 1,
    force: bool = False,
    continue_on_error: bool = False,
    watch: Watcher = lambda name, event: None,
    research_only: bool = False,
) -> Outcome:
    """Run what has changed and publish the edition.

    Parameters
    ----------
    only
        Codes of kecamatan, agencies or the kabupaten: make these pages alone; others are kept where still true.
    jobs
        Steps and pages made at the same time, where none waits for the other.
    force
        Run everything, changed or not; read every source and work out everything anew.
    continue_on_error
        Go on with the other pages where one fails, and publish what succeeded.
    watch
        Called with a job's name and ``mulai``, ``selesai``, ``tetap`` or ``gagal``.
    research_only
        End after steps 01-04: no page is made and nothing is published.

    Raises
    ------
    KaurError
        A research step failed, or a page without ``continue_on_error``; the last good edition is untouched.
    """
    chosen = [] if research_only else page_jobs(edition, tuple(only))
    with sole_run(edition), Workers() as workers:
        _sweep(edition)
        if force:
            for remembered in (edition.shelf, edition.recollections):
                shutil.rmtree(remembered, ignore_errors=True)
        try:
            return _run_alone(edition, chosen, workers, jobs, force, continue_on_error, watch)
        except WorkerDied:
            raise RunFailed(f"Sebuah {WORKER_DIED}") from None
        except OSError as error:
            if error.errno in CANNOT_WRITE:
                raise RunFailed(f"{CANNOT_WRITE[error.errno]} Edisi terakhir tetap utuh.") from None
            raise


def _run_alone(
    edition: Edition,
    chosen: list[Job],
    workers: Workers,
    jobs: int,
    force: bool,
    continue_on_error: bool,
    watch: Watcher,
) -> Outcome:
    outcome = Outcome()
    state = read_state(edition)
    ingredients = edition.ingredients()
    basis = research_basis(edition, ingredients)
    with Workers(kept=True) as makers:
        for turn in TURNS:
            stale = _stale(edition, state, islice(basis, len(turn)), force, watch, outcome)
            if stale and not outcome.made:
                warm_up(RESEARCH_WARM)
                workers.call(_check_start, [*research_jobs(edition), *chosen], edition.study.synthetic)
            if stale and turn == TURNS[-1] and jobs > 1:  # on the processor that is idle meanwhile
                makers.prepare(min(jobs, len(chosen)), WARM)
            _research(edition, ingredients, stale, workers, state, jobs, watch, outcome)
        _make_pages(edition, chosen, makers, state, jobs, force, continue_on_error, watch, outcome)
        _finish(edition, ingredients, chosen, makers, state, outcome)
    return outcome


def _finish(
    edition: Edition,
    ingredients: Mapping[str, str],
    chosen: list[Job],
    workers: Workers,
    state: dict[str, Any],
    outcome: Outcome,
) -> None:
    """Publish, unless an ingredient has changed meanwhile or nothing would change.

    Raises
    ------
    DataRejected
        An ingredient is not what it was when the run began.
    """
    now = edition.reopened().ingredients()
    try:
        _refuse_changes(ingredients, now, {**ingredients, **now})
    except DataRejected:  # what was made may be of the one or of the other
        for job in (*research_jobs(edition), *chosen):
            if job.name in outcome.made:
                _forget(edition, state, job)
        raise
    if chosen and (outcome.made or outcome.failed or not _stands(edition, state)):
        _publish(edition, state, workers, sorted(outcome.failed))


def _refuse_changes(begun: Mapping[str, str], now: Mapping[str, str], names: Iterable[str]) -> None:
    changed = sorted(name for name in names if begun.get(name) != now.get(name))
    if changed:
        raise DataRejected(
            f"Berubah selama pengerjaan: {', '.join(changed)}. Edisi tidak diterbitkan; jalankan kaur run lagi."
        )


def _research(
    edition: Edition,
    ingredients: Mapping[str, str],
    stale: list[tuple[Job, dict[str, str]]],
    workers: Workers,
    state: dict[str, Any],
    jobs: int,
    watch: Watcher,
    outcome: Outcome,
) -> None:
    """Run the stale steps of one turn, as many side by side as there are jobs, and note what each left.

    Nothing is noted of a step during which the study or a file has changed: it was made of who knows which of both.

    Raises
    ------
    DataRejected
        Study or files are not what they were when the run began.
    """
    with _side_by_side(jobs) as pool:
        waiting = {}
        for job, made_from in stale:
            _forget(edition, state, job)
            waiting[pool.submit(_step, watch, workers, job, edition, jobs)] = (job, made_from)
        for future in as_completed(waiting):
            job, made_from = waiting[future]
            effort, tables = future.result()
            now = edition.reopened().files()
            _refuse_changes(ingredients, now, {*now, *(name for name in ingredients if name.startswith(BESIDE))})
            _remember(edition, state, job, made_from, tables, effort)
            outcome.made.append(job.name)
            watch(job.name, "selesai")


def _step(watch: Watcher, workers: Workers, job: Job, edition: Edition, jobs: int) -> tuple["Effort", dict[str, str]]:
    """Run a research step; what it cost, and the hash of every table it wrote."""
    watch(job.name, "mulai")
    before = _written(edition)
    ahead = _read_ahead(edition, workers, job, jobs) if job.name == READS_FILES and jobs > 1 else None
    effort = _in_worker(workers, job, _run_job, job, _cache(edition))
    effort = effort if ahead is None else ahead.then(effort)
    made = [name for name, written in _written(edition).items() if before.get(name) != written]
    if job.name in WRITES:
        own = {edition.store.path(name).relative_to(edition.store.data).as_posix() for name in WRITES[job.name]}
        made = [name for name in made if name in own]
    return effort, {name: file_hash(edition.store.data / name) for name in made}


def _read_ahead(edition: Edition, workers: Workers, job: Job, jobs: int) -> "Effort":
    """Read sources side by side onto the shelf, where the step will find them; a single one is left to the step."""
    from kaur_analysis.pipeline.effort import Effort

    begun = time.monotonic()
    unread = _in_worker(workers, job, _unread, edition, WORTH_BYTES)
    with _side_by_side(jobs) as pool:
        reading = unread if len(unread) > 1 else []
        read = list(pool.map(lambda name: _in_worker(workers, job, _read_source, edition, name), reading))
    return Effort.together(read, time.monotonic() - begun, jobs)


def _unread(edition: Edition, least_bytes: int) -> list[str]:
    """Sources of so many bytes that the shelf does not hold as they are, those first that take longest to read."""
    from kaur_analysis.pipeline.steps.clean import is_read

    files = edition.study.files()
    sizes = {name: sum(path.stat().st_size for path in paths) for name, paths in files.items()}

    def length(name: str) -> tuple[bool, int]:
        return any(path.suffix.lower().startswith(".xls") for path in files[name]), sizes[name]  # workbooks are packed

    with suppress(KaurError, OSError):
        worth = [name for name in sorted(files, key=length, reverse=True) if sizes[name] >= least_bytes]
        return [name for name in worth if not is_read(edition, name)]
    return []  # the step says what is wrong


def _read_source(edition: Edition, name: str) -> "Effort":
    """Read one source onto the shelf; whatever is wrong with it is left to the step to find and tell."""
    from kaur_analysis.pipeline.effort import measured
    from kaur_analysis.pipeline.steps.clean import read_ahead

    with measured() as effort, suppress(Exception):
        read_ahead(edition, name)
    return effort


def _stale(
    edition: Edition,
    state: dict[str, Any],
    basis: Iterable[tuple[Job, dict[str, str]]],
    force: bool,
    watch: Watcher,
    outcome: Outcome,
) -> list[tuple[Job, dict[str, str]]]:
    """Those jobs that are to be run, with what they are made from; the others are noted as kept."""
    stale = []
    for job, made_from in basis:
        if not force and still_true(edition, state, job, combined_hash(made_from)):
            outcome.kept.append(job.name)
            watch(job.name, "tetap")
        else:
            stale.append((job, made_from))
    return stale


def _check_start(jobs: list[Job], synthetic: bool) -> None:
    """Refuse what could not end well before the first notebook is run (in a worker, which has the libraries for it)."""
    from kaur_analysis.intake.keys import keys_for

    keys_for(synthetic)
    _check_notebooks(jobs)


def _check_notebooks(jobs: list[Job]) -> None:
    from kaur_analysis.pipeline.notebooks import check_notebook

    for job in jobs:
        check_notebook(job.notebook, job.parameters)


def _stands(edition: Edition, state: dict[str, Any]) -> bool:
    """Whether the edition's folder is undamaged and made of the steps as they are: publishing would change nothing."""
    try:
        manifest = read_manifest(edition.store.pages)
    except KaurError:
        return False
    jobs = [*research_jobs(edition), *_true_pages(edition, state)]
    made_from = {step["name"]: step.get("made_from") for step in manifest["steps"]}
    return (
        made_from == {job.name: state[job.name]["fingerprint"] for job in jobs}
        and all(manifest["products"][job.product]["sha256"] == state[job.name]["product"] for job in jobs)
        and not verify(edition.store.pages)
    )


def _true_pages(edition: Edition, state: dict[str, Any]) -> list[Job]:
    return [
        job
        for job, made_from in page_basis(edition, page_jobs(edition))
        if still_true(edition, state, job, combined_hash(made_from))
    ]


def _publish(edition: Edition, state: dict[str, Any], workers: Workers, failed: list[str]) -> None:
    """Put the edition of what is true now in the place of the last one (in a worker, which has the libraries)."""
    pages = _true_pages(edition, state)
    steps = {job.name: job.product for job in (*research_jobs(edition), *pages)}
    workers.call(publish, edition, _cache(edition), state, steps, {job.product: job.title for job in pages}, failed)


@contextmanager
def sole_run(edition: Edition) -> Iterator[None]:
    """Hold the edition against other runs; the system lets go of it when a process ends, however it ends.

    Raises
    ------
    UsageError
        Another run works on this edition, or a folder cannot be written to.
    DataRejected
        The disk is too full to begin.
    """
    if os.name == "nt":
        refuse_long_paths(edition)
    place = edition.store.data / "published" / edition.name
    for folder in (place, edition.store.reports):
        _writable(folder)
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        raise DataRejected(
            f"Ruang cakram tinggal {free // 1_000_000} MB; perlu paling sedikit {LEAST_FREE_BYTES // 1_000_000} MB."
        )
    with held(edition):
        yield


@contextmanager
def held(edition: Edition) -> Iterator[None]:
    """Hold an edition's lock: no run changes its tables meanwhile.

    Raises
    ------
    UsageError
        A run, or another command that holds it, is at work on this edition.
    """
    place = edition.store.data / "published" / edition.name
    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place / "sedang-jalan.kunci", timeout=0):
            yield
    except Timeout:
        raise UsageError(
            f"Edisi {edition.name} sedang dikerjakan oleh proses lain di komputer ini. Tunggu sampai selesai."
        ) from None


def refuse_long_paths(edition: Edition) -> None:
    """Refuse folders so deep that Windows could not write the longest file of the edition.

    Raises
    ------
    UsageError
        Says how many characters the folder must lose.
    """
    folder = max(
        map(str, (_cache(edition).resolve(), (edition.store.reports / f".{edition.name}.sedang").resolve())), key=len
    )
    longest = max(len(job.product) for job in (*research_jobs(edition), *page_jobs(edition)))
    over = len(folder) + 1 + longest + PARTIAL_SUFFIX - LONGEST_WINDOWS_PATH
    if over > 0:
        raise UsageError(
            f"Jalur folder hasil terlalu panjang {over} huruf untuk Windows. Pindahkan proyek ke folder yang lebih "
            "pendek, misalnya C:\\kaur, atau pakai --data dan --output."
        )


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
        why = "ada berkas di jalurnya" if in_the_way else "periksa izin dan sisa tempatnya"
        raise UsageError(f"Folder {folder} tidak dapat ditulisi: {why}.") from None


def research_basis(edition: Edition, ingredients: dict[str, str]) -> Iterator[tuple[Job, dict[str, str]]]:
    """Each research step with what it is made from: all ingredients, its notebook and those before it.

    In the place of sources and of the notebooks before it, a step that says what it reads (``READS``) has the tables'
    contents: where a new list leaves them as they were, it is kept. Tables are looked at when its turn comes.
    """
    notebooks: dict[str, str] = {}
    for job in research_jobs(edition):
        own = {f"buku catatan {job.name}": file_hash(job.notebook)}
        notebooks |= own
        if job.name in READS:
            others = {name: value for name, value in ingredients.items() if not name.startswith(SOURCE)}
            yield job, others | _tables(edition, READS[job.name]) | own
        else:
            yield job, ingredients | notebooks


def _tables(edition: Edition, names: Iterable[str]) -> dict[str, str]:
    paths = {name: edition.store.path(name) for name in names}
    return {f"tabel {name}": file_hash(path) if path.is_file() else "belum ada" for name, path in paths.items()}


def page_basis(edition: Edition, jobs: Iterable[Job]) -> list[tuple[Job, dict[str, str]]]:
    """Each page with what it is made from: published numbers, facts, code, libraries, its notebook, its parameters."""
    facts = edition.store.read_facts("published/edition")
    shared = {
        NUMBERS: edition.store.hash("published/published"),
        FACTS: combined_hash(facts),
        "kode program": code_hash(),
        "pustaka": combined_hash(libraries()),
    }
    basis = []
    for job in jobs:
        own = {name: value for name, value in job.parameters.items() if name not in ("study", "data", "reports")}
        made_from = shared | {"buku catatan": file_hash(job.notebook), "parameter": combined_hash([own, job.product])}
        basis.append((job, made_from))
    return basis


def _make_pages(
    edition: Edition,
    chosen: list[Job],
    workers: Workers,
    state: dict[str, Any],
    jobs: int,
    force: bool,
    continue_on_error: bool,
    watch: Watcher,
    outcome: Outcome,
) -> None:
    stale = _stale(edition, state, page_basis(edition, chosen), force, watch, outcome)
    if len(stale) > 1 and not outcome.made:  # a single one is looked at when it is made, before anything else
        workers.prepare(min(jobs, len(stale)), WARM)
        workers.call(_check_notebooks, [job for job, _ in stale])
    idle = len(stale) < jobs
    with _side_by_side(jobs) as pool:
        waiting = {}
        for job, made_from in (*stale[-1:], *stale[:-1]):  # the kabupaten's, the longest, first: nobody waits for it
            before = None if force else _said_before(edition, state, job, made_from)
            _forget(edition, state, job)
            waiting[pool.submit(_watched, watch, workers, job, edition, before, idle)] = (job, made_from)
        for future in as_completed(waiting):
            job, made_from = waiting[future]
            error = future.exception()
            if error is None:
                effort, told = future.result()
                _remember(edition, state, job, made_from, {}, effort, told)
                outcome.made.append(job.name)
                watch(job.name, "selesai")
                continue
            if isinstance(error, KaurError) and continue_on_error:
                watch(job.name, "gagal")
                outcome.failed[job.name] = error
                continue
            raise error


@contextmanager
def _side_by_side(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for processes; whatever breaks off the run (Ctrl-C too), none that has not begun is begun."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _watched(
    watch: Watcher, workers: Workers, job: Job, edition: Edition, before: dict[str, str] | None, idle: bool
) -> Made:
    """Make a page; a process that would else be ``idle`` tells meanwhile what it says, where no last one needs it."""
    watch(job.name, "mulai")
    if before is not None or not idle:
        return _in_worker(workers, job, _run_page, job, edition, before)
    with _side_by_side(1) as pool:
        said = pool.submit(_in_worker, workers, job, _tell, job, edition)
        effort, _ = _in_worker(workers, job, _run_page, job, edition, None, tell=False)
        return effort, said.result()


def _said_before(
    edition: Edition, state: dict[str, Any], job: Job, made_from: Mapping[str, str]
) -> dict[str, str] | None:
    """What the last page said, where it lies there undamaged and nothing but numbers and facts may have changed."""
    entry, product = state.get(job.name), _cache(edition) / job.product
    if entry is None or not product.is_file() or file_hash(product) != entry["product"]:
        return None
    before, now = ({**made, NUMBERS: "", FACTS: ""} for made in (entry["made_from"], made_from))
    said: dict[str, str] | None = entry.get("told")
    return said if before == now else None


def _in_worker(
    workers: Workers, job: Job, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
) -> Result:
    """Answer of what a worker does for a job; where it dies or lacks a library, the job is said to have failed."""
    try:
        return workers.call(work, *given, **named)
    except WorkerDied:
        raise NotebookFailed(f"{job.name}: {WORKER_DIED}") from None
    except ModuleNotFoundError as error:
        raise NotebookFailed(
            f"{job.name}: pustaka {error.name} tidak terpasang. "
            "Pasang lagi: python -m pip install -e . -c constraints.txt"
        ) from None
    except (ImportError, MemoryError, RuntimeError) as error:  # without memory no library and no thread can be had
        if isinstance(error, RuntimeError) and "new thread" not in str(error):
            raise
        raise NotebookFailed(
            f"{job.name}: pustaka tidak dapat dimuat, biasanya karena memori komputer habis. "
            "Tutup program lain, lalu jalankan kaur run lagi."
        ) from None


def _run_job(job: Job, folder: Path) -> "Effort":
    """Execute a research notebook and leave its copy in the cache (a module-level function, for worker processes)."""
    from kaur_analysis.pipeline.effort import measured
    from kaur_analysis.pipeline.notebooks import execute, executed_copy

    with measured() as effort:
        write_text(folder / job.product, executed_copy(execute(job.notebook, job.parameters)))
    return effort


def _tell(job: Job, edition: Edition) -> dict[str, str] | None:
    """What a page would say, where that can be told; where it cannot, its notebook says what is wrong."""
    from kaur_analysis.pipeline.restamp import told

    with suppress(Exception):
        now = told(edition, job.notebook, job.parameters)
        return None if now is None else asdict(now)
    return None


def _run_page(job: Job, edition: Edition, before: dict[str, str] | None, tell: bool = True) -> Made:
    """Leave a page in the cache: the last one under its new number where it says the same, else a new one."""
    from kaur_analysis.pipeline.effort import measured
    from kaur_analysis.pipeline.notebooks import execute, page
    from kaur_analysis.pipeline.restamp import Told, restamped

    product = _cache(edition) / job.product
    with measured() as effort:
        now = _tell(job, edition) if tell else None
        made = None
        if now is not None and before is not None:
            made = restamped(product.read_bytes().decode("utf-8"), Told(**before), Told(**now))
        write_text(product, made or page(execute(job.notebook, job.parameters), Path(job.product).stem))
    return effort, now


def make_page(edition: Edition, job: Job) -> Made:
    """Make one page of an edition whose research is done, into its cache; :func:`keep_pages` notes it."""
    with Workers() as workers:
        return _in_worker(workers, job, _run_page, job, edition, None)


def keep_pages(edition: Edition, made: Mapping[str, Made]) -> None:
    """Note pages that were made elsewhere, by name, so that a run finds them true and publishes them."""
    state = read_state(edition)
    for job, made_from in page_basis(edition, [job for job in page_jobs(edition) if job.name in made]):
        effort, told = made[job.name]
        _remember(edition, state, job, made_from, {}, effort, told)


def _notebook(name: str) -> Path:
    return project_root() / "notebooks" / f"{name}.ipynb"


def _common(edition: Edition) -> dict[str, Any]:
    return {
        "study": str(edition.study_file.resolve()),
        "data": str(edition.store.data.resolve()),
        "reports": str(edition.store.reports.resolve()),
    }


def _cache(edition: Edition) -> Path:
    return edition.store.data / "published" / edition.name / "produk"


def _sweep(edition: Edition) -> None:
    """Remove what a killed run was writing, and give back an edition that it had moved aside."""
    place = edition.store.pages
    if not place.exists() and aside(place).exists():
        aside(place).rename(place)
    for folder in (*(edition.store.data / stage / edition.name for stage in STAGES), _cache(edition)):
        for path in folder.rglob(f"*{PARTIAL}"):
            path.unlink()


def _written(edition: Edition) -> dict[str, tuple[int, int]]:
    """Identity of each table of the edition, by its path below ``data/``: a table written anew is another file.

    Times alone would not tell where the clock was set back.
    """
    return {
        path.relative_to(edition.store.data).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for stage in STAGES
        for path in sorted((edition.store.data / stage / edition.name).glob("*.*"))
        if path.suffix != PARTIAL and path.stem != STATE and path.is_file()  # a partial one may be gone by now
    }


def read_state(edition: Edition) -> dict[str, Any]:
    """What each job made when it last ran, by its name; empty where nothing was run or the note is damaged."""
    try:
        return edition.store.read_facts(f"published/{STATE}")
    except (UsageError, ValueError):
        return {}


def still_true(edition: Edition, state: dict[str, Any], job: Job, fingerprint: str) -> bool:
    """Whether a job's product and tables are there, undamaged, and made from what there is now."""
    entry = state.get(job.name)
    product = _cache(edition) / job.product
    return (
        entry is not None
        and entry["fingerprint"] == fingerprint
        and product.is_file()
        and file_hash(product) == entry["product"]
        and all(
            (edition.store.data / name).is_file() and file_hash(edition.store.data / name) == value
            for name, value in entry["tables"].items()
        )
    )


def changed_since(edition: Edition, state: Mapping[str, Any], step: str, paths: Iterable[Path]) -> list[str]:
    """Names of those files that are not what a step left when it last ended; all where it has not, or is under way."""
    left = state.get(step, {"tables": {}})["tables"]
    return [
        path.name
        for path in paths
        if not path.is_file() or left.get(path.relative_to(edition.store.data).as_posix()) != file_hash(path)
    ]


def _remember(
    edition: Edition,
    state: dict[str, Any],
    job: Job,
    made_from: dict[str, str],
    tables: dict[str, str],
    effort: "Effort",
    told: dict[str, str] | None = None,
) -> None:
    state[job.name] = {
        "fingerprint": combined_hash(made_from),
        "made_from": made_from,
        "product": file_hash(_cache(edition) / job.product),
        "tables": tables,
        "effort": effort.as_facts(),
    } | ({} if told is None else {"told": told})
    edition.store.write_facts(f"published/{STATE}", state)


def _forget(edition: Edition, state: dict[str, Any], job: Job) -> None:
    if state.pop(job.name, None) is not None:
        edition.store.write_facts(f"published/{STATE}", state)
