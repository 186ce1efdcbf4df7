"""Sessions that hang, die, flood or take their process apart: each ends soon, with a reason."""

from __future__ import annotations

import gc
import os
import time

import psutil
import pytest

from tangle.engine.output_limits import CUT_NOTICE, KEPT_TEXT
from tangle.model import Result

from .sessions import bundles, make_cell, make_job, run, run_all, run_one, text, workers


def ended(result: Result, outcome: str, name: str) -> str:
    """The failure's message."""
    assert result.outcome == outcome
    assert result.failure is not None
    assert result.failure.name == name
    return result.failure.message


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import time\ndef f():\n    time.sleep(60)\nprint('before', end='')\nf()", 12),
        ("import itertools\nprint('before', end='')\nsum(itertools.count())", 12),
        ("print('before', end='')\nwhile True:\n    pass", 11),
        (
            (
                "import signal, time\nprint('before', end='')\n"
                "for n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, signal.SIG_IGN)\n"
                "time.sleep(60)"
            ),
            13,
        ),
        ("import re\nprint('before', end='')\nre.match('(a+)+$', 'a' * 64 + 'b')", 12),
        ("import ctypes\nprint('before', end='')\nctypes.PyDLL(None).sleep(60)", 12),
        ("import ctypes\nprint('before', end='')\nctypes.CDLL(None).sleep(60)", 12),
    ],
)
def test_a_cell_past_its_time(code: str, line: int) -> None:
    before = time.monotonic()
    session = run(make_cell(code, timeout=0.5), "2")
    assert time.monotonic() - before < 30
    first, second = session.results
    assert (session.outcome, second.outcome) == ("timed-out", "skipped")
    assert ended(first, "timed-out", "Timeout") == "the cell took more than 0.5 s"
    assert text(first) == "before"
    assert first.failure is not None
    assert first.failure.place is not None
    assert abs(first.failure.place.line - line) <= (1 if "while" in code else 0)
    assert f'File "pages/x.md", line {first.failure.place.line}, in ' in first.failure.traceback
    assert session.peak_memory > 0


def test_a_stopped_worker_is_past_its_time_at_its_first_line() -> None:
    result = run_one("x = 1\nimport os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", timeout=0.5)
    ended(result, "timed-out", "Timeout")
    assert result.failure is not None
    assert str(result.failure.place) == "pages/x.md:10:5"


def test_a_session_past_its_time() -> None:
    session = run("1", "import time\ntime.sleep(60)", timeout=3.0)
    assert [result.outcome for result in session.results] == ["passed", "timed-out"]
    message = ended(session.results[1], "timed-out", "Timeout")
    assert message == "the session took more than 3 s"


# --- death ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\nos.kill(os.getpid(), 9)", "killed by signal 9 (SIGKILL); the system may"),
        ("import os\nos._exit(0)", "ended by itself with exit code 0"),
        ("import ctypes\nctypes.string_at(0)", "killed by signal 11 (SIGSEGV)"),
        ("import os\nos.abort()", "killed by signal 6 (SIGABRT)"),
        ("import os\nos.closerange(0, 65536)\nprint(1)", "closed the pipe"),
        ("import os\nos.execvp('true', ['true'])", "ended by itself with exit code 0"),
        (
            (
                "import os\nfor fd in range(3, 2000):\n    try: os.write(fd, b'rubbish\\n')\n"
                "    except OSError: pass"
            ),
            "not a message",
        ),
        (
            (
                "import os\nfor fd in range(3, 2000):\n    try: os.write(fd, b'[[],[],{}]\\n')\n"
                "    except OSError: pass"
            ),
            "not a message",
        ),
    ],
)
def test_a_worker_that_dies(code: str, reason: str) -> None:
    before = time.monotonic()
    session = run("print('first')\n1", f"print('x')\n{code}", "3")
    assert time.monotonic() - before < 30
    assert session.outcome == "died"
    first, second, third = session.results
    assert (first.outcome, third.outcome) == ("passed", "skipped")
    assert text(first) == "first\n"
    assert text(second) == "x\n"
    assert reason in ended(second, "died", "WorkerDied")


def test_a_crash_tells_its_line() -> None:
    result = run_one("import ctypes\n\nctypes.string_at(0)")
    assert result.failure is not None
    assert str(result.failure.place) == "pages/x.md:12:5"


# --- output ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("for _ in range(10**7): print('x' * 100)", "failed"),
        ("print('x' * 10**9)", "failed"),
        ("'x' * 10**9", "failed"),
        ("import sys\nsys.stdout.buffer.write(b'x' * 10**9)", "failed"),
        ("!yes", "failed"),
        ("while True:\n    try: print('x' * 100)\n    except Exception: pass", "died"),
        ("import os\nwhile True: os.write(1, b'x' * 10000)", "died"),
        ("import os\nfor _ in range(2**11): os.write(1, b'x' * 2**20)", "died"),
        ("import os\nwhile True: os.write(2, b'\\0' * 10000)", "died"),
        ("import subprocess\nsubprocess.run(['yes'])", "died"),
        ("%%bash\nyes", "died"),
        (
            (
                "import threading\nt = threading.Thread(target=lambda: print('x' * 10**9))\n"
                "t.start(); t.join()\nprint('y' * 10**8)"
            ),
            "died",
        ),
        ("while True: display(1)", "failed"),
        ("while True:\n    try: display('x' * 10**6)\n    except Exception: pass", "died"),
        ("'x' * 10**8", "failed"),
        ("display('\\x01' * 12_000_000)", "failed"),
        ("display({'text/html': '中' * 12_000_000}, raw=True)", "failed"),
    ],
)
def test_a_flood(code: str, outcome: str) -> None:
    before = time.monotonic()
    session = run(make_cell(code, timeout=30.0))
    assert time.monotonic() - before < 30
    (result,) = session.results
    ended(result, outcome, "OutputLimit")
    assert len(text(result).encode()) <= KEPT_TEXT + 100


def test_text_past_the_limit_is_cut_once() -> None:
    code = "for i in range(5000): print('é' * 50)\nimport sys\nprint('err', file=sys.stderr)\n1"
    result = run_one(code)
    assert result.outcome == "passed"
    kept = text(result)
    assert kept.endswith(f"é\n{CUT_NOTICE}\n")
    assert len(kept.encode()) < KEPT_TEXT + 100
    assert text(result, "stderr") == ""
    assert bundles([result]) == [{"text/plain": "1"}]


def test_clearing_makes_room_again() -> None:
    result = run_one(
        "from IPython.display import clear_output\n"
        "for i in range(20):\n    print('x' * 200_000)\n    clear_output(wait=True)\n"
        "print('end')"
    )
    assert (result.outcome, text(result)) == ("passed", "end\n")


# --- the process taken apart ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\nos.closerange(0, 256)\nprint('still')", "still\n"),
        ("import os\nos.closerange(0, 256)\nf = open(os.devnull, 'w')\nprint('still')", "still\n"),
        ("import sys, io\nsys.stdout = io.StringIO()\nprint('gone')", ""),
        ("import sys\nsys.stdout = sys.stderr = sys.stdin = None", ""),
        ("import sys\nsys.stdout.close()\nprint('still')", "still\n"),
        ("import os\nos.chdir('/')", ""),
        ("import os, tempfile\nwith tempfile.TemporaryDirectory() as f: os.chdir(f)", ""),
        ("import os\nchild = os.fork()", ""),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()", ""),
        ("import signal\nfor n in (2, 15): signal.signal(n, lambda *_: print('no'))", ""),
        ("import signal\nfor n in (10, 12, 15): signal.signal(n, signal.SIG_IGN)", ""),
        ("import atexit, time\natexit.register(time.sleep, 60);", ""),
        ("import builtins\nbuiltins.open = None", ""),
        ("import os\nos.environ.clear()", ""),
        ("import time\ntime.monotonic = time.perf_counter = None\nprint(1, end='')", "1"),
    ],
)
def test_a_session_that_takes_its_process_apart(code: str, said: str) -> None:
    before = time.monotonic()
    session = run(code, "1 + 1")
    assert time.monotonic() - before < 30
    assert session.outcome == "passed"
    assert text(session.results[0]) == said
    assert bundles(session.results) == [{"text/plain": "2"}]


def sleepers(seconds: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if (process.info["cmdline"] or [])[1:] == [seconds]]


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '61.5'])",
        "subprocess.Popen(['sleep', '61.5'], start_new_session=True)",
        "os.system('setsid sleep 61.5 &')",
        "os.fork() or (os.setsid(), os.execvp('sleep', ['sleep', '61.5']))",
        "subprocess.Popen(['sleep', '61.5'], env={}, start_new_session=True)",
        "os.system('env -i setsid sleep 61.5 >/dev/null 2>&1 &')",
        (
            "os.fork() or (os.setsid(), os.fork() and os._exit(0),"
            " os.closerange(0, 9999), os.execvpe('sleep', ['sleep', '61.5'], {}))"
        ),
    ],
)
@pytest.mark.parametrize(
    ("end", "outcome"),
    [("", "passed"), ("os._exit(1)", "died"), ("import time; time.sleep(60)", "timed-out")],
)
def test_children_do_not_outlive_the_session(start: str, end: str, outcome: str) -> None:
    cell = make_cell(f"import os, subprocess\np = {start}\n{end}", timeout=1.5)
    assert run(cell).outcome == outcome
    for _ in range(100):
        if not sleepers("61.5"):
            break
        time.sleep(0.02)
    assert sleepers("61.5") == []


def test_many_sessions_leave_nothing() -> None:
    run("1")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    jobs = [make_job("1" if number % 5 else "import os\nos._exit(1)") for number in range(50)]
    results = run_all(jobs, workers=2)
    assert [result.outcome for result in results].count("passed") == 40
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert workers() == []


def test_jobs_have_their_defaults() -> None:
    assert make_job("1").timeout is None
