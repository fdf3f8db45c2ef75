"""Warm processes: a notebook sees nothing of the one before it, ends as in a kernel of its own, and dies alone."""

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from kaur_analysis.errors import DataRejected, NotebookFailed, RunFailed
from kaur_analysis.pipeline import run as running
from kaur_analysis.pipeline.edition import Edition
from kaur_analysis.pipeline.effort import Effort
from kaur_analysis.pipeline.notebooks import execute
from kaur_analysis.pipeline.workers import AWAITED_BY, FORKS, LOADED, RESEARCH, WARM, WorkerDied, Workers
from kaur_analysis.store import Store
from tests.intake_files import dtsen, nik, recipients, study, workbook
from tests.shared import ROOT

# A second way to make processes that is tried where there is one; elsewhere there is nothing to try.
FORKING = pytest.mark.skipif(not FORKS, reason="this system does not fork")
# Whether processes are forked, and whether one answers further calls.
EVERY_WAY = [(False, True), (True, False), (True, True)] if FORKS else [(False, True)]
# Everything a cell can leave behind it as output.
OUTPUTS = (
    "print('satu'); print('dua')",
    "import sys; print('gangguan', file=sys.stderr)",
    "from IPython.display import HTML, Markdown, clear_output, display, update_display; HTML('<b>tebal</b>')",
    "display(Markdown('*miring*')); display({'a': 1}); 7",
    "shown = display('lama', display_id='x'); update_display('baru', display_id='x')",
    "print('hilang'); clear_output(); print('tinggal')",
    "import pandas; pandas.DataFrame({'a': [1, 2]})",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
    "await __import__('asyncio').sleep(0, 'menunggu')",
    "In[-1], len(Out)",
    "from matplotlib.figure import Figure; Figure(figsize=(1, 1));",
)


@pytest.fixture(scope="module", params=EVERY_WAY, ids=lambda way: f"{'forked' if way[0] else 'started'}-kept-{way[1]}")
def workers(request):
    with Workers(forks=request.param[0], kept=request.param[1]) as warm:
        yield warm


@pytest.fixture
def forked():
    with Workers(forks=True) as warm:
        yield warm


def written(path, *cells):
    parameters = new_code_cell("", metadata={"tags": ["parameters"]})
    content = new_notebook(cells=[parameters, *map(new_code_cell, cells)])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, path)
    return path


def printed(code, **environment):
    """What a process of its own prints that runs some code."""
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True,
        cwd=ROOT,
    ).stdout  # fmt: skip


def last_output(path):
    return execute(path, {}).cells[-1].outputs[-1].data["text/plain"]


def reject():
    raise DataRejected("berkas kosong")


def end_without_answer():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)


def test_names_of_one_notebook_are_unknown_to_the_next(workers, tmp_path):
    workers.call(last_output, written(tmp_path / "a.ipynb", "rahasia = 1; rahasia"))
    later = written(tmp_path / "b.ipynb", "'rahasia' in globals()")
    assert workers.call(last_output, later) == "False"


def test_numbering_and_past_outputs_begin_anew(workers, tmp_path):
    path = written(tmp_path / "a.ipynb", "1", "2", "(len(In), dict(Out))")
    assert [workers.call(last_output, path) for _ in "ab"] == ["(4, {1: 1, 2: 2})"] * 2


@pytest.mark.parametrize(("kept", "processes"), [(True, 1), (False, 3)])
@FORKING
def test_a_process_answers_further_calls_only_where_it_is_kept(kept, processes):
    with Workers(kept=kept) as warm:
        assert len({warm.call(os.getpid) for _ in range(3)}) == processes


@FORKING
def test_a_forked_process_sees_no_change_another_made_to_modules_or_environment(forked, tmp_path):
    spoil = written(tmp_path / "a.ipynb", "import os, textwrap; textwrap.wrap = None; os.environ['KAUR_UJI'] = 'x'; 1")
    look = written(tmp_path / "b.ipynb", "import os, textwrap; (textwrap.wrap is None, 'KAUR_UJI' in os.environ)")
    forked.call(last_output, spoil)
    assert forked.call(last_output, look) == "(False, False)"


def threads_of_parent():
    tasks = Path(f"/proc/{os.getppid()}/task").iterdir()
    return [(task / "comm").read_text(encoding="utf-8").strip() for task in tasks]


@FORKING
def test_the_process_that_is_forked_has_one_thread(forked):
    """What other threads held would be locked for ever in the child; Arrow's jemalloc prepares its own for forks."""
    assert len([name for name in forked.call(threads_of_parent) if not name.startswith("jemalloc")]) == 1


@FORKING
@pytest.mark.parametrize("modules", [(LOADED,), (WARM,), (WARM, RESEARCH)], ids=["page", "pages", "research"])
def test_what_is_loaded_before_forks_starts_no_thread(modules):
    code = f"import {', '.join(modules)}, threading, pathlib\nprint(threading.active_count())\n"
    code += "print([p.read_text().strip() for p in pathlib.Path('/proc/self/task').glob('*/comm')])"
    python, system = printed(code).splitlines()
    assert (python, [name for name in ast.literal_eval(system) if not name.startswith("jemalloc")][1:]) == ("1", [])


def test_outputs_are_those_of_a_kernel_of_its_own(tmp_path):
    path = written(tmp_path / "a.ipynb", *OUTPUTS)
    own = NotebookClient(nbformat.read(path, as_version=4), kernel_name="python3", record_timing=False).execute()
    warm = execute(path, {})
    assert [cell.outputs for cell in warm.cells] == [cell.outputs for cell in own.cells]
    assert [cell.execution_count for cell in warm.cells] == [cell.execution_count for cell in own.cells]


def test_each_call_sees_the_environment_that_the_caller_has_then(workers, monkeypatch):
    workers.call(os.getenv, "KAUR_UJI")
    monkeypatch.setenv("KAUR_UJI", "kini")
    assert workers.call(os.getenv, "KAUR_UJI") == "kini"


def test_an_error_comes_back_as_itself(workers):
    with pytest.raises(DataRejected, match="berkas kosong"):
        workers.call(reject)


@pytest.mark.skipif(os.name == "nt", reason="signals are a thing of POSIX")
def test_a_process_that_dies_is_told_and_the_next_call_answered(workers):
    with pytest.raises(WorkerDied):
        workers.call(end_without_answer)
    assert workers.call(os.getpid) > 0


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a thing of POSIX")
def test_workers_end_with_a_run_that_is_killed():
    """Else they would write on into the folders of the run that follows."""
    code = (
        "from kaur_analysis.pipeline.workers import Workers\n"
        "Workers(preload=()).call(exec, 'import os, time; print(os.getpid(), flush=True); time.sleep(60)')"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    worker = int(run.stdout.readline())
    run.kill()
    run.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and _alive(worker):
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_libraries_of_research_are_never_loaded_for_a_page():
    heavy = {"statsmodels", "sklearn", "pandera", "duckdb", "splink", "rfc3987_syntax", "scipy.stats"}
    code = f"import kaur_analysis.pipeline.warm, sys; print({heavy} & set(sys.modules))"
    assert printed(code).strip() == "set()"


def test_libraries_of_a_single_step_are_left_to_it():
    heavy = {"sklearn", "duckdb", "splink", "sqlalchemy", "statsmodels", "scipy.stats", "scipy.interpolate"}
    heavy |= {"pyreadstat", "hypothesis"}
    code = f"import kaur_analysis.pipeline.warm_research, sys; print({heavy} & set(sys.modules))"
    assert printed(code).strip() == "set()"


def modules_that_reading_loads(path):
    before = set(sys.modules)
    execute(path, {})
    return {name.split(".")[0] for name in set(sys.modules) - before}


@FORKING
def test_no_notebook_that_reads_a_table_loads_what_reads_it_once_more(forked, tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    path = written(tmp_path / "a.ipynb", f"import pandas; len(pandas.read_parquet({str(tmp_path / 'a.parquet')!r}))")
    assert "pyarrow" not in forked.call(modules_that_reading_loads, path)


UNCOLLECTED = """
import gc
from kaur_analysis.pipeline.loaded import uncollected
looked = []
gc.callbacks.append(lambda phase, told: looked.append(phase))
with uncollected():
    loaded = [[] for _ in range(100_000)]
later = [[] for _ in range(10)]
print(len(looked), gc.isenabled())
"""


def test_what_was_loaded_is_not_looked_through_for_garbage_when_loading_ends():
    assert printed(UNCOLLECTED).split() == ["0", "True"]


def said_by_who_loads(awaited_by):
    return printed("import kaur_analysis.pipeline.loaded; print('termuat')", **{AWAITED_BY: str(awaited_by)})


def test_a_process_that_whoever_started_it_awaits_loads_what_is_shared():
    assert said_by_who_loads(os.getpid()) == "termuat\n"


def test_a_process_that_nobody_awaits_any_more_loads_no_further():
    assert said_by_who_loads(os.getpid() + 1) == ""


WITHOUT = """
import sys
from kaur_analysis.pipeline.loaded import without
def found(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True
"""


def said_of_refused(lines):
    return printed(WITHOUT + lines).strip()


def test_a_refused_module_is_not_found_while_others_load():
    assert said_of_refused("with without(['wave']): print(found('wave'))") == "False"


def test_a_refused_module_is_found_by_whoever_asks_later():
    assert said_of_refused("with without(['wave']): found('wave')\nprint(found('wave'))") == "True"


def test_a_refused_module_is_found_again_where_loading_others_failed():
    failing = "try:\n    with without(['wave']): 1 / 0\nexcept ZeroDivisionError: print(found('wave'))"
    assert said_of_refused(failing) == "True"


def test_a_module_that_is_there_already_is_not_refused():
    assert said_of_refused("import wave\nwith without(['wave']): print(sys.modules['wave'] is wave)") == "True"


def test_tables_are_judged_where_nothing_makes_up_any():
    code = (
        "import kaur_analysis.pipeline.warm_research, pandas\n"
        "from kaur_analysis.contracts import NEEDS, checked\n"
        "from kaur_analysis.errors import KaurError\n"
        "try:\n    checked(NEEDS, pandas.DataFrame({'family': [1]}))\nexcept KaurError as error: print(error)"
    )
    assert "Tabel 'needs' melanggar kontraknya" in printed(code)


def test_what_several_steps_prepare_is_prepared_once():
    code = (
        "import kaur_analysis.pipeline.warm_research\n"
        "from kaur_analysis.targeting import definitions\n"
        "from pandera.backends.pandas.register import register_pandas_backends\n"
        "print(definitions.cache_info().currsize, register_pandas_backends.cache_info().currsize > 0)"
    )
    assert printed(code).split() == ["1", "True"]


def test_linear_algebra_uses_one_thread_whatever_the_environment_says():
    code = (
        "import kaur_analysis, numpy, scipy.linalg\nfrom threadpoolctl import threadpool_info\n"
        "print({pool['num_threads'] for pool in threadpool_info()})"
    )
    assert printed(code, OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="4").strip() == "{1}"


class Unsendable(Exception):
    def __init__(self, one, two):
        super().__init__(f"rusak pada 9904061212990001 {one}{two}")


def fail_unsendably():
    raise Unsendable("a", "b")


def test_an_error_that_cannot_be_sent_is_told_by_kind_and_without_numbers_of_people(workers):
    with pytest.raises(RunFailed, match="Unsendable") as told:
        workers.call(fail_unsendably)
    assert "9904061212990001" not in str(told.value)


def test_an_answer_that_cannot_be_sent_is_told_as_such(workers):
    with pytest.raises(RunFailed, match="tidak dapat diteruskan"):
        workers.call(make_a_lock)


def make_a_lock():
    return threading.Lock()


def test_a_library_that_is_not_installed_is_named():
    class Absent:
        def call(self, *given):
            raise ModuleNotFoundError("No module named 'splink'", name="splink")

    with pytest.raises(NotebookFailed, match="pustaka splink tidak terpasang"):
        running._in_worker(Absent(), running.Job("01_clean", Path(), {}, ""), print)


INTERRUPTED = """
import os, signal, time
from kaur_analysis.pipeline.loaded import quietly_interrupted
try:
    with quietly_interrupted():
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
except KeyboardInterrupt:
    print("seperti biasa", flush=True)
with quietly_interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(10)
print("jalan terus")
"""


@FORKING
def test_ctrl_c_while_libraries_are_loaded_ends_the_process_without_a_word():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "seperti biasa\n", "")


def test_after_ctrl_c_nothing_more_is_begun():
    begun, gate = [], threading.Event()

    def work(number):
        begun.append(number)
        gate.wait(10)

    def broken_off():
        with running._side_by_side(1) as pool:
            waiting = [pool.submit(work, number) for number in range(3)]
            while not begun:
                time.sleep(0.01)
            threading.Timer(0.2, gate.set).start()
            raise KeyboardInterrupt
        return waiting

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert begun == [0]


@pytest.fixture
def office(tmp_path):
    """An edition of small files, none of them read yet."""
    rows = [["No", "NIK", "Nama", "Kecamatan", "Desa"], ["1", nik(), "Zorabruk Vekador", "Nasal", "Merpas"]]
    workbook(tmp_path / "daftar.xlsx", rows)
    made = study(tmp_path, *dtsen(tmp_path, [{}], [{}]), recipients())
    return Edition(made, tmp_path / "studi.yaml", made.reference, Store(tmp_path / "data", tmp_path / "reports", "uji"))


def read_ahead(edition):
    with Workers() as warm:
        return running._read_ahead(edition, warm, running.research_jobs(edition)[0], jobs=2)


def die(edition, name):
    end_without_answer()


def test_sources_worth_a_process_lie_on_the_shelf_before_the_step_begins(office, monkeypatch):
    monkeypatch.setattr(running, "WORTH_BYTES", 1)
    spent = read_ahead(office)
    assert {path.stem for path in office.shelf.iterdir()} == {f"rak-{source.name}" for source in office.study.sources}
    assert spent.cpu_seconds > 0 and spent.peak_bytes > 0


def test_a_single_unread_source_is_left_to_the_step(office, monkeypatch):
    monkeypatch.setattr(running, "WORTH_BYTES", 1)
    read_ahead(office)
    (office.shelf / "rak-daftar.bin").unlink()
    read_ahead(office)
    assert not (office.shelf / "rak-daftar.bin").exists()


def test_workbooks_are_begun_first(office):
    assert running._unread(office, 1)[0] == "daftar"


def test_small_sources_are_left_to_the_step(office):
    assert read_ahead(office).cpu_seconds == 0
    assert not office.shelf.exists()


def test_what_cannot_be_read_ahead_is_left_to_the_step(office, monkeypatch):
    monkeypatch.setattr(running, "WORTH_BYTES", 1)
    (office.study.folder / "daftar.xlsx").write_bytes(b"bukan buku kerja")
    office.shelf.parent.mkdir(parents=True)
    office.shelf.write_text("sebuah berkas di tempat foldernya")
    read_ahead(office)


def test_a_reader_that_dies_is_told_with_its_step(office, monkeypatch):
    monkeypatch.setattr(running, "WORTH_BYTES", 1)
    monkeypatch.setattr(running, "_read_source", die)
    with pytest.raises(NotebookFailed, match="01_clean: proses penghitung mati"):
        read_ahead(office)


def test_what_was_done_side_by_side_before_a_step_counts_with_it():
    readings = [Effort("", 3.0, 2.5, 500), Effort("", 2.0, 1.5, 300), Effort("", 1.0, 0.5, 400)]
    whole = Effort.together(readings, seconds=4.0, jobs=2).then(Effort("kini", 10.0, 9.0, 800))
    assert whole == Effort("kini", 14.0, 13.5, 900)


def is_loaded(module):
    return module in sys.modules


@pytest.mark.parametrize("forks", [False, True] if FORKS else [False])
def test_a_prepared_process_has_loaded_its_module_before_it_answers(forks):
    with Workers(forks, preload=(), kept=True) as workers:
        workers.prepare(1, "colorsys")
        assert workers.call(is_loaded, "colorsys")


@pytest.mark.parametrize("forks", [False, True] if FORKS else [False])
def test_a_prepared_process_answers_though_its_module_is_absent(forks):
    with Workers(forks, preload=(), kept=True) as workers:
        workers.prepare(1, "tidak_ada")
        assert not workers.call(is_loaded, "tidak_ada")


@pytest.mark.parametrize("forks", [False, True] if FORKS else [False])
def test_in_place_of_a_prepared_process_that_has_died_another_answers(forks):
    with Workers(forks, preload=(), kept=True) as workers:
        workers.prepare(1, "colorsys")
        os.kill(workers.call(os.getpid), signal.SIGTERM)
        time.sleep(1)
        assert workers.call(is_loaded, "sys")


def test_a_prepared_process_that_nobody_asks_ends_without_a_word(tmp_path):
    code = "from kaur_analysis.pipeline.workers import Workers\nif __name__ == '__main__':\n"
    code += "    with Workers(preload=(), kept=True) as workers: workers.prepare(2, 'kaur_analysis.errors')"
    path = tmp_path / "a.py"
    path.write_text(code, encoding="utf-8")
    said = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout + said.stderr == ""
