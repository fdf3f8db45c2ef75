"""The same steps on many machines: Dask hands out kabupaten, then pages; results lie on a folder all of them see.

A kabupaten's research works in a folder of its own and is moved, whole, to one named by what it was made from; whoever
comes second finds it there. So a task may be lost, repeated or done twice, and the result is the same: a worker that
dies costs its task and nothing else. Pages follow as tasks of their own. The computer that asked publishes each edition
by :func:`kaur_analysis.pipeline.run.run_edition`, which believes nothing it has not hashed.
"""

import logging
import multiprocessing
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from kaur_analysis.errors import KaurError, UsageError
from kaur_analysis.pipeline.edition import open_edition
from kaur_analysis.pipeline.effort import Effort, measured
from kaur_analysis.pipeline.provenance import code_hash, combined_hash
from kaur_analysis.pipeline.province import Province, ProvinceOutcome, write_province_page
from kaur_analysis.pipeline.run import (
    Made,
    Watcher,
    keep_pages,
    make_page,
    page_basis,
    page_jobs,
    read_state,
    research_basis,
    run_edition,
    still_true,
)

LOCAL = "local"
BEGUN = ".sedang-"
HASH_DIGITS = 16  # of what a folder was made from, in its name
# How often a task may lose its worker before it is blamed for it.
LOSSES = 3
# Seconds without any worker after which a run ends, and between two looks at what has ended.
PATIENCE = 300
LOOKED_EVERY = 0.5


class WorkersLost(KaurError):
    """One task ended several workers, or none is left."""


@dataclass(frozen=True)
class Research:
    """Where a kabupaten's tables lie, which pages are still to be made, and what research cost; ``None``: was there."""

    code: str
    place: Path
    pages: tuple[str, ...]
    effort: Effort | None


def research(study: str, shared: str, code: str) -> Research:
    """Steps 01-04 of one kabupaten, into a folder named by what they are made from (a task)."""
    folder = Path(shared) / code
    work = folder / f"{BEGUN}{uuid.uuid4().hex}"
    edition = open_edition(study, str(work), str(work / "reports"))
    *_, (_, made_from) = research_basis(edition, edition.ingredients())
    place = folder / f"{edition.name}-{combined_hash(made_from)[:HASH_DIGITS]}"
    if place.is_dir():
        return Research(code, place, _stale_pages(study, place), None)
    try:
        with measured(_memory_limit()) as effort:
            run_edition(edition, research_only=True)
        with suppress(OSError):  # another worker may have been quicker with the same
            work.rename(place)
        if not place.is_dir():
            raise UsageError(f"Folder bersama {folder} tidak dapat ditulisi.")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Research(code, place, _stale_pages(study, place), effort)


def _stale_pages(study: str, place: Path) -> tuple[str, ...]:
    """Codes of the pages that are not in the folder yet, or no longer true."""
    edition = open_edition(study, str(place), str(place))
    state = read_state(edition)
    return tuple(
        job.name.split()[1]
        for job, made_from in page_basis(edition, page_jobs(edition))
        if not still_true(edition, state, job, combined_hash(made_from))
    )


def _memory_limit() -> int:
    """Bytes that Dask grants the worker this runs in; 0 where it runs in none, or without a limit."""
    from distributed import get_worker

    try:
        return int(get_worker().memory_manager.memory_limit or 0)
    except ValueError:
        return 0


def one_page(study: str, place: str, page: str) -> tuple[str, Made]:
    """One page of a kabupaten whose research is done, into its folder (a task); its name and what it cost."""
    edition = open_edition(study, place, place)
    (job,) = page_jobs(edition, (page,))
    return job.name, make_page(edition, job)


def run_on_cluster(
    province: Province,
    codes: tuple[str, ...],
    address: str,
    workers: int = 2,
    force: bool = False,
    continue_on_error: bool = False,
    watch: Watcher = lambda name, event: None,
) -> ProvinceOutcome:
    """Run the studies of a province on a Dask cluster and publish their editions.

    Parameters
    ----------
    codes
        Kabupaten to run.
    address
        Address of a Dask scheduler, or ``local`` for workers on this computer.
    workers
        How many, where they are started here.
    force
        Make everything anew, also what lies in the shared folder already.
    watch
        Called with a task's name and ``mulai``, ``selesai``, ``tetap`` or ``gagal``.

    Raises
    ------
    UsageError
        The extra ``cluster`` is not installed, no scheduler answers, or a worker could not do its part.
    KaurError
        A task failed, without ``continue_on_error``; kabupaten that were finished are published.
    """
    shared = province.data / "klaster"
    shared.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(shared / "sedang-jalan.kunci", timeout=0), _client(address, workers) as client:
            _ready(client, shared)
            for code in codes if force else ():
                shutil.rmtree(shared / code, ignore_errors=True)
            return _Run(client, province, shared, continue_on_error, watch).run(codes)
    except Timeout:
        raise UsageError(f"Folder {shared} sedang dipakai oleh proses lain. Tunggu sampai selesai.") from None


class _Run:
    """One run: submits research, then pages as their research ends, and publishes each kabupaten that is complete."""

    def __init__(self, client: Any, province: Province, shared: Path, continue_on_error: bool, watch: Watcher) -> None:
        self._client, self._province, self._shared = client, province, shared
        self._continue, self._watch = continue_on_error, watch
        self._outcome = ProvinceOutcome()
        self._found: dict[str, Research] = {}
        self._pages: dict[str, dict[str, Made]] = {}
        self._waiting: dict[str, set[str]] = {}

    def run(self, codes: tuple[str, ...]) -> ProvinceOutcome:
        from distributed import as_completed

        futures = as_completed([self._submit_research(code) for code in codes])
        for future in self._as_they_end(futures):
            kind, code, *_ = future.key
            error = self._error(future)
            name = " ".join(future.key[:-1])
            if error is not None:
                self._watch(name, "gagal")
                self._outcome.failed[name] = error
                if not self._continue:
                    self._client.cancel(list(futures.futures))
                    raise error
            if kind == "riset" and error is None:
                self._researched(future.result())
                futures.update([self._submit_page(code, page) for page in self._found[code].pages])
                if not self._waiting[code]:
                    self._publish(code)
            elif kind == "halaman":
                self._waiting[code].discard(future.key[2])
                if error is None:
                    self._paged(code, name, *future.result())
                if not self._waiting[code]:
                    self._publish(code)
        self._outcome.page = write_province_page(self._province)
        return self._outcome

    def _as_they_end(self, futures: Any) -> Iterator[Any]:
        """Tasks as they end; a cluster that has been without any worker for too long is not waited for."""
        served = time.monotonic()
        while not futures.is_empty():
            batch = futures.next_batch(block=False)
            yield from batch
            if batch or self._client.scheduler_info(n_workers=1)["workers"]:
                served = time.monotonic()
            elif time.monotonic() - served > PATIENCE:
                raise WorkersLost(
                    f"Sudah {PATIENCE} detik tidak ada pekerja. Yang selesai tersimpan; mulai pekerja, jalankan lagi."
                )
            if not batch:
                time.sleep(LOOKED_EVERY)

    def _submit_research(self, code: str) -> Any:
        self._watch(f"riset {code}", "mulai")
        study = str(self._province.studies[code])
        key = ("riset", code, uuid.uuid4().hex)
        return self._client.submit(research, study, str(self._shared), code, key=key, pure=False, priority=0)

    def _submit_page(self, code: str, page: str) -> Any:
        place = str(self._found[code].place)
        key = ("halaman", code, page, uuid.uuid4().hex)
        # Pages before research: a kabupaten that is finished can be read while others are being worked on.
        study = str(self._province.studies[code])
        return self._client.submit(one_page, study, place, page, key=key, pure=False, priority=1)

    def _researched(self, found: Research) -> None:
        self._found[found.code] = found
        self._waiting[found.code], self._pages[found.code] = set(found.pages), {}
        if found.effort is not None:
            self._outcome.efforts[f"riset {found.code}"] = found.effort
        self._watch(f"riset {found.code}", "tetap" if found.effort is None else "selesai")

    def _paged(self, code: str, name: str, job: str, made: Made) -> None:
        self._pages[code][job] = made
        self._outcome.efforts[name], _ = made
        self._watch(name, "selesai")

    def _publish(self, code: str) -> None:
        place = self._found[code].place
        reports = self._province.reports / code
        edition = open_edition(str(self._province.studies[code]), str(place), str(reports))
        keep_pages(edition, self._pages[code])
        run_edition(edition, continue_on_error=self._continue)
        self._outcome.editions[code] = edition
        for other in self._shared.joinpath(code).iterdir():
            earlier = re.fullmatch(rf"{re.escape(edition.name)}-[0-9a-f]{{{HASH_DIGITS}}}", other.name)
            if other != place and (earlier or other.name.startswith(BEGUN)):
                shutil.rmtree(other, ignore_errors=True)

    def _error(self, future: Any) -> KaurError | None:
        from distributed.scheduler import KilledWorker

        error = future.exception()
        if isinstance(error, KilledWorker):
            return WorkersLost(
                f"{' '.join(future.key[:3])}: {LOSSES + 1} pekerja mati ketika mengerjakannya, biasanya karena memori "
                "habis. Beri pekerja lebih banyak memori, atau kerjakan kabupaten itu di satu komputer besar."
            )
        if error is not None and not isinstance(error, KaurError):
            raise error
        return error


@contextmanager
def _client(address: str, workers: int) -> Iterator[Any]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise UsageError(
            "--cluster memerlukan Dask, yang belum terpasang. Pasang dengan: pip install kaur-analysis[cluster]"
        ) from None
    # A worker starts processes of its own, which a daemonic one must not.
    settings = {
        "distributed.worker.daemon": False,
        "distributed.scheduler.allowed-failures": LOSSES,
        # On a busy laptop a worker takes longer than Dask's 15 seconds to come back, and would be given up for good.
        "distributed.deploy.lost-worker-timeout": f"{PATIENCE}s",
        "distributed.comm.timeouts.connect": "10s",
    }
    with dask.config.set(settings):
        if address == LOCAL:
            with (
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(address)
        except (OSError, ValueError) as error:
            raise UsageError(f"Tidak ada penjadwal Dask di {address} ({type(error).__name__}).") from None
        with client:
            yield client


def _ready(client: Any, shared: Path) -> None:
    """Refuse workers that could not do their part, before any work is given out.

    Raises
    ------
    UsageError
        No worker, one with several threads, of other code, or without the shared folder.
    """
    known = client.scheduler_info(n_workers=-1)["workers"]
    if not known:
        raise UsageError("Penjadwal belum mempunyai pekerja. Mulai satu atau lebih: dask worker ALAMAT --nthreads 1")
    token = shared / f"{BEGUN}{uuid.uuid4().hex}.txt"
    token.write_text(code_hash(), encoding="utf-8")
    try:
        answers = client.run(_trouble, str(token))
    finally:
        token.unlink()
    for address, worker in known.items():
        single = worker["nthreads"] == 1
        trouble = answers[address] if single else "memakai lebih dari satu utas; mulai dengan --nthreads 1"
        if trouble:
            raise UsageError(f"Pekerja {address} {trouble}.")


def _trouble(token: str) -> str:
    """Why this worker could not do its part; ``""`` where it can."""
    try:
        wanted = Path(token).read_text(encoding="utf-8")
    except OSError:
        return f"tidak melihat folder bersama {Path(token).parent}"
    if wanted != code_hash():
        return "memakai versi program yang lain"
    if multiprocessing.current_process().daemon:
        return "tidak boleh memulai proses; mulai dengan DASK_DISTRIBUTED__WORKER__DAEMON=False"
    return ""
