"""Processes whose imports are paid for: forked where the system can fork, else started once and used again.

On Linux the standard library's fork server is the warm parent: one process, one thread, the program imported; each call
gets a child of its own that sees nothing of any other. Where calls are many and short (pages), and elsewhere always, a
process serves many calls, and what runs in it cleans up behind itself (:mod:`kaur_analysis.pipeline.engine` gives every
notebook a new namespace).
"""

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any, ParamSpec, Self, TypeVar

from kaur_analysis.errors import RunFailed, mask_quoted

FORKS = sys.platform == "linux"
AWAITED_BY = "KAUR_AWAITED_BY"  # environment of the process that others are forked from: who started it
LOADED = "kaur_analysis.pipeline.loaded"
WARM = "kaur_analysis.pipeline.warm"
RESEARCH = "kaur_analysis.pipeline.warm_research"

Given = ParamSpec("Given")
Result = TypeVar("Result")


class WorkerDied(Exception):
    """A process ended before it answered: killed, or out of memory."""


class _Worker:
    """A process and the pipe to it."""

    def __init__(self, forks: bool) -> None:
        context: Any = get_context("forkserver" if forks else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()
        self._unheard = 0

    def begin(self, function: Callable[..., Any], *args: Any) -> None:
        """Send a call whose answer nobody waits for; what is asked next is answered after it."""
        with suppress(ConnectionError):  # it died at once: whoever asks next finds out
            self.connection.send((dict(os.environ), function, args, {}))
            self._unheard += 1

    def ask(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            # The warm process knows the environment of its own start; the caller's may have changed since.
            self.connection.send((dict(os.environ), function, args, kwargs))
            while self._unheard:
                self.connection.recv()
                self._unheard -= 1
            succeeded, answer = self.connection.recv()
        except (EOFError, ConnectionError) as error:
            self.process.join()
            raise WorkerDied(f"exit code {self.process.exitcode}") from error
        if succeeded:
            return answer
        raise answer

    def close(self) -> None:
        self.connection.close()
        self.process.join()


def warm_up(*modules: str) -> None:
    """Start the process that others are forked from, with these modules loaded; do not wait for it.

    Where it runs already, or nothing can be forked, this changes nothing. It loads no further when this process ends.
    """
    if FORKS:
        from multiprocessing.forkserver import ensure_running  # there is none on Windows

        get_context("forkserver").set_forkserver_preload(list(modules))
        os.environ[AWAITED_BY] = str(os.getpid())
        try:
            ensure_running()
        finally:
            del os.environ[AWAITED_BY]


class Workers:
    """Runs functions in warm processes; :meth:`call` waits for the answer and may be called from many threads.

    Parameters
    ----------
    forks
        Whether processes are forked from a warm one.
    preload
        Modules that the warm process imports.
    kept
        Whether a forked process answers further calls; one that is not forked always does.
    """

    def __init__(self, forks: bool = FORKS, preload: Sequence[str] = (WARM,), kept: bool = False) -> None:
        self._forks, self._kept = forks, kept or not forks
        self._idle: list[_Worker] = []
        if forks:
            get_context("forkserver").set_forkserver_preload(list(preload))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        while self._idle:
            self._idle.pop().close()

    def prepare(self, processes: int, module: str) -> None:
        """Start processes that import a module before the first calls reach them; do not wait for any."""
        for _ in range(processes):
            self._idle.append(_Worker(self._forks))
            self._idle[-1].begin(_load, module)

    def call(self, function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
        """Answer of a module-level function; what it raises is raised here.

        Raises
        ------
        WorkerDied
            The process ended without an answer.
        """
        worker = self._living()
        try:
            answer: Result = worker.ask(function, args, kwargs)
        finally:
            if not self._kept:
                worker.close()
            elif worker.process.is_alive():
                self._idle.append(worker)
        return answer

    def _living(self) -> _Worker:
        """An idle process, unless it has died meanwhile, or a new one."""
        while True:
            try:
                worker = self._idle.pop()
            except IndexError:
                return _Worker(self._forks)
            if worker.process.is_alive():
                return worker
            worker.close()


def _serve(connection: Connection) -> None:
    """Answer calls until the other side hangs up."""
    Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            environment, function, args, kwargs = connection.recv()
        except (EOFError, ConnectionError):  # the latter where an answer was not waited for
            return
        os.environ.clear()
        os.environ.update(environment)
        try:
            answer = (True, function(*args, **kwargs))
        except Exception as error:
            answer = (False, error)
        try:
            connection.send(_sendable(answer))
        except ConnectionError:
            return


def _load(module: str) -> None:
    import_module(module)


def _sendable(answer: tuple[bool, Any]) -> tuple[bool, Any]:
    """The answer, or what kind of thing it is where it cannot be sent: the process itself did not die of it."""
    try:
        pickle.loads(pickle.dumps(answer))
    except Exception:
        succeeded, told = answer
        said = f"{type(told).__name__}: {mask_quoted(told)}" if not succeeded else f"hasil {type(told).__name__}"
        return False, RunFailed(f"{said} (tidak dapat diteruskan dari proses penghitung)")
    return answer


def _end_with_parent() -> None:
    """Do not work on for a run that was killed: the next one may have begun."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
