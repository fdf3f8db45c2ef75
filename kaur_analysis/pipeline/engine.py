"""A papermill engine that runs cells in the process that asks, so that no kernel has to be started and imported into.

IPython's own shell runs the cells; its results, displays, streams and errors become outputs as nbclient makes them of a
kernel's messages. A notebook therefore ends the same by plain ``papermill``, in JupyterLab and here.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

ENGINE = "kaur"
# As ipykernel's launcher sets it: a figure of pyplot becomes an output of its cell.
INLINE = "module://matplotlib_inline.backend_inline"
NO_HISTORY = Config({"HistoryManager": {"enabled": False}})


class Outputs:
    """What the running cell has put out so far, in order."""

    def __init__(self) -> None:
        self.cell: list[NotebookNode] = []
        self._named: dict[str, list[NotebookNode]] = {}
        self._clear_first = False

    def begin(self, cell: list[NotebookNode]) -> None:
        """From now on, put everything into this cell's list."""
        self.cell, self._clear_first = cell, False

    def add(self, output: NotebookNode, name: str | None = None) -> None:
        """Append an output; with a name it can be replaced later, from any cell."""
        if self._clear_first:
            self.cell.clear()
            self._clear_first = False
        self.cell.append(output)
        if name:
            self._named.setdefault(name, []).append(output)

    def write(self, stream: str, text: str) -> None:
        """Append to a stream; what follows in the same stream is one output."""
        last = self.cell[-1] if self.cell and not self._clear_first else None
        if last is not None and last.output_type == "stream" and last.name == stream:
            last.text += text
        else:
            self.add(new_output("stream", name=stream, text=text))

    def replace(self, name: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Give every output of that name new contents."""
        for output in self._named.get(name, ()):
            output.update(new_output(output.output_type, data=data, metadata=metadata))

    def clear(self, wait: bool) -> None:
        """Empty the cell, at once or before what comes next."""
        if wait:
            self._clear_first = True
        else:
            self.cell.clear()


class _Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    def __init__(self, name: str, outputs: Outputs) -> None:
        self._name, self._outputs = name, outputs

    def write(self, text: str) -> int:
        if text:
            self._outputs.write(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True


def _gathered(hook: DisplayHook | DisplayPublisher) -> Outputs:
    outputs: Outputs = hook.shell.gathered  # type: ignore[union-attr]
    return outputs


class _Results(DisplayHook):
    """The value of a cell's last line."""

    def start_displayhook(self) -> None:
        pass

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        made = new_output("execute_result", _plain(format_dict), execution_count=self.prompt_count)
        made.metadata = NotebookNode(json_clean(md_dict or {}))
        _gathered(self).add(made)

    def finish_displayhook(self) -> None:
        pass


class _Displays(DisplayPublisher):
    """What a cell displays by name."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: Any = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        name = (transient or {}).get("display_id")
        if update and name:
            _gathered(self).replace(name, _plain(data), json_clean(metadata or {}))
        else:
            made = new_output("display_data", _plain(data), metadata=json_clean(metadata or {}))
            _gathered(self).add(made, name)

    def clear_output(self, wait: bool = False) -> None:
        _gathered(self).clear(wait)


class _Shell(InteractiveShell):
    """IPython without a terminal: everything that would be shown is gathered."""

    displayhook_class = Type(_Results)
    display_pub_class = Type(_Displays)
    gathered = AnyTrait()

    def _showtraceback(self, etype: type, evalue: Any, stb: list[str]) -> None:
        error = new_output("error", ename=str(etype.__name__), evalue=str(evalue), traceback=stb)
        self.gathered.add(error)

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window to draw in."""

    def ask_exit(self) -> None:
        """Called by ``exit()``: the cells after it would not run."""
        self.exit_now = True


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Formats of a result as a notebook's file holds them."""
    return dict(json_clean(encode_images(data)))


def _draw_inline(shell: _Shell) -> None:
    """Let figures of pyplot become outputs of their cell, whether or not an earlier notebook has loaded it."""
    os.environ.setdefault("MPLBACKEND", INLINE)
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use(INLINE)
    if "matplotlib.pyplot" in sys.modules:
        shell.enable_matplotlib("inline")


@contextmanager
def _shell() -> Iterator[_Shell]:
    """A new shell with an empty namespace; it is gone afterwards."""
    main, hook = sys.modules["__main__"], sys.excepthook
    shell = _Shell.instance(config=NO_HISTORY, gathered=Outputs())
    _draw_inline(shell)
    try:
        yield shell
    finally:
        _Shell.clear_instance()
        sys.modules["__main__"], sys.excepthook = main, hook  # the shell puts its own in these places


def _run(shell: _Shell, cell: NotebookNode) -> bool:
    """Run one code cell; whether it succeeded."""
    outputs = shell.gathered
    cell.outputs, cell.execution_count = [], shell.execution_count
    outputs.begin(cell.outputs)
    with redirect_stdout(_Stream("stdout", outputs)), redirect_stderr(_Stream("stderr", outputs)):
        result = shell.run_cell(cell.source, store_history=True)
    if shell.exit_now:
        outputs.add(new_output("error", ename="SystemExit", evalue="", traceback=[]))
    return bool(result.success) and not shell.exit_now


class InProcessEngine(Engine):
    """The engine's door as papermill knows it."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **kwargs: Any) -> None:
        """Run the notebook's cells in this process, up to the first that raises or leaves."""
        with _shell() as shell:
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                went_well = cell.cell_type != "code" or not cell.source.strip() or _run(shell, cell)
                if not went_well:
                    nb_man.cell_exception(cell, cell_index=index)
                nb_man.cell_complete(cell, cell_index=index)
                if not went_well:
                    return
            nb_man.nb.metadata["language_info"] = {"name": "python"}


papermill_engines.register(ENGINE, InProcessEngine)
