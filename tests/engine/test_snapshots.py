"""A session that goes on from a copy shows what a fresh one shows; and when there is no copy."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.events import CellStarted, Event, ignore
from tangle.engine.forkserver.client import ForkServerClient
from tangle.engine.local import LocalExecutor
from tangle.engine.memory import proportional
from tangle.model import Job, SessionResult

from .sessions import bundles, make_cell, make_job, text

pytestmark = pytest.mark.skipif(not ForkServerClient.possible(), reason="this system has no pidfds")


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: each test here makes its own executors."""


@pytest.fixture
def resuming() -> Iterator[ResumingExecutor]:
    """An executor that copies a session after every cell."""
    with ResumingExecutor(threshold=0.0) as made:
        yield made


class Steps:
    """Runs jobs, and knows which cells were run each time."""

    def __init__(self, executor: ResumingExecutor, folder: Path) -> None:
        self._executor, self._folder = executor, folder
        self.ran: list[int] = []

    def __call__(self, *codes: str, **options: object) -> SessionResult:
        self.ran = []

        def observe(event: Event) -> None:
            if isinstance(event, CellStarted):
                self.ran.append(event.index)

        job = make_job(*codes, directory=str(self._folder), **options)
        result = self._executor.run(job, observe)
        self._executor.settle()
        return result


@pytest.fixture
def steps(resuming: ResumingExecutor, tmp_path: Path) -> Steps:
    return Steps(resuming, tmp_path)


def _shown(result: SessionResult) -> list[object]:
    return [(r.outcome, r.outputs, r.failure) for r in result.results]


# --- the same as a fresh run ----------------------------------------------------------------------

CHUNKS = (
    "import random\nx = [random.random()]",
    "x.append(len(x)); print(x)",
    "x = [0]",
    "x[0] += 1\nx",
    "y = x",
    "y.append('y'); print(x is y)",
    "import random; print(random.random())",
    "import random; random.seed(5)",
    "def f(n):\n    return n + len(x)",
    "print(f(1))",
    "f.calls = getattr(f, 'calls', 0) + 1; f.calls",
    "from IPython.display import display, update_display\n_h = display('first', display_id='d')",
    "update_display('second', display_id='d')",
    "from IPython.display import clear_output\nprint('gone'); clear_output()",
    "1 / 0",
    "x = (",
    "print(In[-1]); _",
    "print(len(In))",
    "import sys; print('err', file=sys.stderr)",
    "import os; os.makedirs('d', exist_ok=True); os.chdir('d')\nos.path.basename(os.getcwd())",
    "open('a', 'w').write(str(len(x)))",
    "print(open('a').read())",
    "import os; print(sorted(os.listdir('.')))",
    "import os; os.remove('a')",
    "import sys\nsys.stdout.write('no end')",
    "import warnings; warnings.warn('once')",
    "!echo shell",
    ("import threading; e = threading.Event()\n"
    "t = threading.Thread(target=e.wait, daemon=True); t.start()"),
    "e.set(); t.join(); print(t.is_alive())",
    "held = open('a', 'a+'); held.write('z'); held.seek(0); print(held.read(1))",
    "print(held.read(1))",
    "gen = iter(range(10))",
    "print(next(gen))",
    "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('x')",
)  # fmt: skip

Edit = tuple[str, int, str]

edits = st.lists(
    st.tuples(
        st.sampled_from(["edit", "insert", "delete", "touch"]),
        st.integers(0, 7),
        st.sampled_from(CHUNKS),
    ),
    min_size=1,
    max_size=5,
)


def _edited(codes: Sequence[str], edit: Edit) -> list[str]:
    kind, at, code = edit
    found = list(codes)
    at = min(at, len(found))
    if kind == "insert" or at == len(found):
        found.insert(at, code)
    elif kind == "edit":
        found[at] = code
    elif kind == "delete" and len(found) > 1:
        del found[at]
    else:
        found[at] += "\n# touched"
    return found


def _contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def _restored(folder: Path, before: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(before, folder, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[ResumingExecutor, LocalExecutor]]:
    with ResumingExecutor(threshold=0.0, warm=True) as resuming, LocalExecutor(warm=True) as fresh:
        yield resuming, fresh


@settings(max_examples=15)
@given(st.lists(st.sampled_from(CHUNKS), min_size=1, max_size=5), edits)
def test_whatever_is_edited_what_shows_is_what_a_fresh_run_shows(
    engines: tuple[ResumingExecutor, LocalExecutor],
    tmp_path_factory: pytest.TempPathFactory,
    codes: list[str],
    changes: list[Edit],
) -> None:
    resuming, fresh = engines
    top = tmp_path_factory.mktemp("law")
    folder, before = top / "notes", top / "before"
    folder.mkdir()
    for change in [None, *changes]:
        codes = _edited(codes, change) if change else codes
        job = make_job(*codes, directory=str(folder))
        shutil.copytree(folder, before)
        resumed = resuming.run(job, ignore)
        left = _contents(folder)
        _restored(folder, before)
        shutil.rmtree(before)
        clean = fresh.run(job, ignore)
        assert _shown(resumed) == _shown(clean)
        assert left == _contents(folder)
    resuming.settle()


def test_only_what_changed_runs(steps: Steps) -> None:
    steps("x = 1", "y = x", "print(x, y)")
    assert steps.ran == [0, 1, 2]
    result = steps("x = 1", "y = x", "print(x, y, 'new')")
    assert (steps.ran, text(result.results[2])) == ([2], "1 1 new\n")
    result = steps("x = 1", "y = x + 1", "print(x, y, 'new')")
    assert (steps.ran, text(result.results[2])) == ([1, 2], "1 2 new\n")
    result = steps("x = 1", "y = x")
    assert (steps.ran, len(result.results)) == ([], 2)
    steps("x = 1", "y = x", "x", "y")
    assert steps.ran == [2, 3]


def test_lines_that_moved_are_reported_where_they_are_now(steps: Steps) -> None:
    def job(line: int) -> Job:
        cells = [make_cell("def f():\n    1 / 0", line), make_cell("f()", line + 1)]
        named = [make_cell(c.code, line + i, name=f"chunk {i}") for i, c in enumerate(cells)]
        return make_job(*named, directory=str(steps._folder))

    first = steps._executor.run(job(1), ignore)
    again = steps._executor.run(job(5), ignore)
    assert first.results[1].failure is not None
    assert again.results[1].failure is not None
    assert first.results[1].failure.place is not None
    assert again.results[1].failure.place is not None
    assert first.results[1].failure.place.line == 11
    assert again.results[1].failure.place.line == 51


def test_torch_with_threads_goes_on_with_the_same_numbers(tmp_path: Path) -> None:
    cells = (
        "import torch\nfrom torch import nn\ntorch.set_num_threads(2)",
        "net = nn.Linear(300, 300)\nX = torch.randn(300, 300)\n(net(X) ** 2).sum().backward()",
        "import numpy as np\nones = np.ones((300, 300)); ones @ ones\nr = torch.rand(1)",
        ("opt = torch.optim.SGD(net.parameters(), 1e-3)\nfor _ in range(5):\n"
        "    opt.zero_grad(); (net(X) ** 2).mean().backward(); opt.step()\n"
        "print(net.weight.sum().item(), torch.rand(3), r)"),
    )  # fmt: skip
    edited = (*cells[:-1], cells[-1] + "\nprint(torch.get_num_threads())")
    with ResumingExecutor(threshold=0.0, warm=True) as resuming:
        steps = Steps(resuming, tmp_path)
        steps(*cells)
        resumed = steps(*edited)
        assert steps.ran == [3]
    with LocalExecutor() as fresh:
        clean = fresh.run(make_job(*edited, directory=str(tmp_path)), ignore)
    assert _shown(resumed) == _shown(clean)


# --- when a copy is not used ----------------------------------------------------------------------


def test_a_file_that_changed_makes_copies_worthless(steps: Steps, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("one")
    steps("x = 1", "d = open('data').read()", "print(d)")
    (tmp_path / "data").write_text("two")
    result = steps("x = 1", "d = open('data').read()", "print(d)")
    # A file that was written right after the run may be the session's own work: then once more.
    assert (steps.ran[0], text(result.results[2])) == (1, "two\n")


def test_a_module_beside_the_notes_that_changed_is_imported_again(
    steps: Steps, tmp_path: Path
) -> None:
    (tmp_path / "helper.py").write_text("N = 1")
    steps("x = 1", "import helper", "print(helper.N)")
    (tmp_path / "helper.py").write_text("N = 22")
    result = steps("x = 1", "import helper", "print(helper.N)")
    assert (steps.ran[0], text(result.results[2])) == (1, "22\n")


def test_the_generated_package_is_imported_again(steps: Steps, tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name / "pkg").mkdir(parents=True)
        (tmp_path / name / "pkg" / "__init__.py").write_text(f"NAME = {name!r}")
    cells = ("x = 1", "import pkg", "print(pkg.NAME)")
    steps(*cells, path=(str(tmp_path / "old"),))
    steps(*cells, path=(str(tmp_path / "old"),))
    assert steps.ran == []
    result = steps(*cells, path=(str(tmp_path / "new"),))
    assert (steps.ran, text(result.results[2])) == ([1, 2], "new\n")


def test_what_is_written_unseen_is_found_when_it_is_read(steps: Steps) -> None:
    write = (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.fopen.restype = ctypes.c_void_p\n"
        "f = ctypes.c_void_p(libc.fopen(b'hidden', b'w'))\n"
        "libc.fputs(b'1', f); libc.fclose(f)"
    )
    change = "f = ctypes.c_void_p(libc.fopen(b'hidden', b'w')); libc.fputs(b'2', f); libc.fclose(f)"
    steps(write, "x = 1", "print(open('hidden').read())", change)
    result = steps(write, "x = 1", "print(open('hidden').read(), 'new')", change)
    assert text(result.results[2]) == "1 new\n"


def test_a_file_that_changed_between_runs_has_nothing_executed_twice(
    steps: Steps, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("1")
    log = "open('log', 'a').write('+'); print(open('data').read(), {})"
    steps("x = 1", log.format(0))
    (tmp_path / "data").write_text("2")
    steps("x = 1", log.format(1))
    result = steps("x = 1", log.format(2))
    assert (steps.ran, text(result.results[1])) == ([1], "2 2\n")
    assert (tmp_path / "log").read_text() == "+++"


def test_what_native_code_left_elsewhere_is_read_and_its_copies_are_not_used_again(
    steps: Steps, tmp_path_factory: pytest.TempPathFactory
) -> None:
    left = tmp_path_factory.mktemp("elsewhere") / "w.pt"
    write = ("import torch", f"torch.save(torch.tensor(1), {str(left)!r})")
    load = f"print(torch.load({str(left)!r}).item(), {{}})"
    steps(*write)
    result = steps(*write, load.format(0))
    assert (steps.ran, text(result.results[2])) == ([2], "1 0\n")
    left.unlink()
    result = steps(*write, load.format(1))
    assert (steps.ran[-2:], text(result.results[2])) == ([1, 2], "1 1\n")


@pytest.mark.parametrize(
    "holds",
    [
        "import threading as t, time\nt.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "import subprocess; p = subprocess.Popen(['sleep', '9'])",
        "f = open(__import__('tempfile').mkstemp()[1])",
        "import socket; s = socket.socketpair()",
        "import mmap; m = mmap.mmap(-1, 4096)",
        "import signal; signal.setitimer(signal.ITIMER_VIRTUAL, 900)",
        "import signal; signal.signal(signal.SIGCHLD, lambda *_: None)",
        "import os; os.dup2(os.open('/dev/null', os.O_RDWR), 1)",
        "import os; os.register_at_fork(before=lambda: None)",
    ],
)  # fmt: skip
def test_what_a_fork_would_lose_forbids_it(steps: Steps, holds: str) -> None:
    steps("x = 1", holds, "y = 2", "z = 3")
    result = steps("x = 1", holds, "y = 2", "z = 4")
    assert result.outcome == "passed"
    assert steps.ran[0] <= 1
    assert steps.ran[-1] == 3


def test_what_waits_for_children_finds_none(steps: Steps) -> None:
    wait = "import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('none')"
    steps("x = 1", "y = 1")
    result = steps("x = 1", "y = 1", wait)
    assert text(result.results[2]) == "none\n"


# --- nothing is lost, nothing is left -------------------------------------------------------------


def test_a_copy_that_was_killed_is_done_without(steps: Steps) -> None:
    steps("x = 1", "y = x", "y")
    for snapshot in list(steps._executor.copies.all):
        os.kill(snapshot.pid, signal.SIGKILL)
    result = steps("x = 1", "y = x + 1", "y")
    assert bundles(result.results) == [{"text/plain": "2"}]
    assert steps.ran == [0, 1, 2]


def test_stopping_ends_a_run_and_the_next_goes_on(steps: Steps) -> None:
    steps("x = 1", "y = 2")
    executor = steps._executor

    def observe(event: Event) -> None:
        if isinstance(event, CellStarted) and event.index == 2:
            executor.stop()

    job = make_job("x = 1", "y = 2", "while True: pass", directory=str(steps._folder))
    assert executor.run(job, observe).outcome == "interrupted"
    executor.go_on()
    result = steps("x = 1", "y = 2", "x + y")
    assert bundles(result.results) == [{"text/plain": "3"}]
    assert steps.ran in ([2], [1, 2])  # the last copy may come too late where the machine is busy


def test_copies_are_bounded_in_number(steps: Steps) -> None:
    steps(*(f"x{i} = {i}" for i in range(20)))
    assert len(steps._executor.copies.all) == 12


def test_copies_do_not_count_against_the_sessions_memory(steps: Steps) -> None:
    codes = [f"x = bytes([{n}]) * 10**8; print(len(x))" for n in range(7)]
    assert (
        steps("import time", *codes, "time.sleep(0.6)", max_memory=500 * 2**20).outcome == "passed"
    )


def test_what_may_fail_is_part_of_what_a_copy_has_done(
    resuming: ResumingExecutor, tmp_path: Path
) -> None:
    cells = [make_cell("1 / 0"), make_cell("print(1)")]
    known = [replace(cells[0], may_fail=True), cells[1]]
    job = replace(make_job("", directory=str(tmp_path)), cells=tuple(known))
    assert resuming.run(job, ignore).outcome == "passed"
    resuming.settle()
    assert resuming.run(replace(job, cells=tuple(cells)), ignore).outcome == "failed"


def test_closing_ends_every_copy(tmp_path: Path) -> None:
    with ResumingExecutor(threshold=0.0, warm=True) as executor:
        steps = Steps(executor, tmp_path)
        steps("x = 1", "y = 2")
        steps("x = 1", "y = 3")
        pids = _pids(executor)
        assert len(pids) == 4
        assert all(proportional(pid) > 0 for pid in pids)
    _until(lambda: not any(map(_alive, pids)))


def test_copies_end_when_tangle_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        from sessions import make_job
        from tangle.engine.checkpoint.executor import ResumingExecutor
        with ResumingExecutor(threshold=0.0) as executor:
            for code in ("y = 2", "import time; time.sleep(60)"):
                job = make_job("x = 1", code, directory={str(tmp_path)!r})
                if "sleep" in code:
                    print(*(s.pid for s in executor.copies.all), flush=True)
                executor.run(job, lambda event: print(event, flush=True))
                executor.settle()
        """
    )
    here = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=here, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        pids = next(list(map(int, line.split())) for line in lines if line[0].isdigit())
        next(line for line in lines if "CellStarted" in line and "index=1" in line)
        everyone = {child.pid for pid in pids for child in psutil.Process(pid).children()}
        assert everyone  # the worker that continued
        process.kill()
    _until(lambda: not any(map(_alive, {*pids, *everyone})))


def _pids(executor: ResumingExecutor) -> list[int]:
    return [snapshot.pid for snapshot in executor.copies.all]


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
