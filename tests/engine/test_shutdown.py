"""A session ends as a program does; `python` itself says what that is."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from tangle.engine.checkpoint.executor import ResumingExecutor
from tangle.engine.events import CellStarted, Event
from tangle.engine.local import LocalExecutor
from tangle.model import SessionResult, Stream

from .sessions import make_cell, make_job, run, text

PROGRAMS = {
    "text": """
        file = open("a.txt", "w")
        file.write("half a line")
    """,
    "binary": """
        file = open("a.bin", "wb")
        file.write(bytes(100))
    """,
    "kept in a list": """
        files = [open(f"{name}.txt", "w") for name in "abc"]
        for file in files:
            file.write(file.name)
    """,
    "in a class": """
        class Log:
            file = open("a.txt", "w")
        Log.file.write("an attribute")
    """,
    "in a module": """
        import types
        module = types.ModuleType("module")
        module.file = open("a.txt", "w")
        module.file.write("a module's")
    """,
    "in a closure": """
        def opened():
            file = open("a.txt", "w")
            return lambda text: file.write(text)
        opened_write = opened()
        opened_write("a closure's")
    """,
    "csv": """
        import csv
        rows = csv.writer(open("a.csv", "w", newline=""))
        rows.writerow([1, "two", 3.0])
    """,
    "gzip": """
        import gzip
        file = gzip.GzipFile("a.gz", "wb", mtime=0)
        file.write(b"squeezed" * 1000)
    """,
    "gzip text in a class": """
        import io, gzip
        class Log:
            file = io.TextIOWrapper(gzip.GzipFile("a.gz", "wb", mtime=0))
        Log.file.write("squeezed" * 1000)
    """,
    "bz2": """
        import bz2
        file = bz2.open("a.bz2", "wt")
        file.write("squeezed" * 1000)
    """,
    "zip": """
        import zipfile
        archive = zipfile.ZipFile("a.zip", "w")
        archive.writestr(zipfile.ZipInfo("a.txt"), "inside")
    """,
    "numpy's memmap": """
        import numpy
        numbers = numpy.memmap("a.dat", dtype="uint8", mode="w+", shape=(100,))
        numbers[:] = 7
    """,
    "sqlite without a commit": """
        import sqlite3
        base = sqlite3.connect("a.db")
        base.execute("create table numbers (n)")
        base.commit()
        base.execute("insert into numbers values (1)")
    """,
    "shelve": """
        import dbm.dumb, shelve
        shelf = shelve.Shelf(dbm.dumb.open("a"))
        shelf["key"] = [1, 2, 3]
    """,
    "a logger that gathers": """
        import logging, logging.handlers
        target = logging.FileHandler("a.log")
        gathering = logging.handlers.MemoryHandler(100, target=target)
        logging.getLogger("gathers").addHandler(gathering)
        logging.getLogger("gathers").warning("in the end")
    """,
    "exit handlers, the last first": """
        import atexit
        def note(text):
            with open("a.txt", "a") as file:
                file.write(text)
        atexit.register(note, "one ")
        atexit.register(note, "two ")
        atexit.register(lambda: note(name))
        name = "three "
    """,
    "an exit handler that fails": """
        import atexit
        atexit.register(lambda: open("a.txt", "w").write("after it"))
        atexit.register(lambda: 1 / 0)
    """,
    "weakref.finalize": """
        import pathlib, weakref
        class Thing: pass
        thing = Thing()
        weakref.finalize(thing, pathlib.Path("a.txt").write_text, "gone")
    """,
    "temporary folders and files": """
        import os, tempfile
        folder = tempfile.TemporaryDirectory(dir=".")
        file = tempfile.NamedTemporaryFile(dir=".")
        with open(os.path.join(folder.name, "inside"), "w") as inside:
            inside.write("gone")
    """,
    "a thread": """
        import threading, time
        def late():
            time.sleep(0.3)
            with open("a.txt", "w") as file:
                file.write("done")
        threading.Thread(target=late).start()
    """,
    "a pool of threads with work left": """
        import concurrent.futures, time
        def work(number):
            time.sleep(0.02)
            with open(f"{number}.txt", "w") as file:
                file.write("done")
        pool = concurrent.futures.ThreadPoolExecutor(2)
        left = [pool.submit(work, number) for number in range(8)]
    """,
    "a pool of processes with work left": """
        import concurrent.futures, multiprocessing, pathlib
        context = multiprocessing.get_context("fork")
        pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=context)
        left = [pool.submit(pathlib.Path(f"{n}.txt").write_text, "done") for n in range(4)]
    """,
    "a process that is waited for": """
        import multiprocessing, time
        def work():
            time.sleep(0.3)
            with open("a.txt", "w") as file:
                file.write("done")
        multiprocessing.get_context("fork").Process(target=work).start()
    """,
    "what is sent to a program": """
        import subprocess
        program = subprocess.Popen("cat > a.txt", shell=True, stdin=subprocess.PIPE, text=True)
        program.stdin.write("sent")
    """,
    "what a program reads that takes its time": """
        import subprocess
        slow = "sleep 0.2; cat > a.txt"
        program = subprocess.Popen(slow, shell=True, stdin=subprocess.PIPE, text=True)
        program.stdin.write("read")
    """,
    "an event writer's thread": """
        import atexit, queue, threading
        class Writer:
            def __init__(self, path):
                self.events, self.file = queue.Queue(), open(path, "w")
                self.thread = threading.Thread(target=self.work, daemon=True)
                self.thread.start()
                atexit.register(self.close)
            def work(self):
                while (event := self.events.get()) is not None:
                    self.file.write(f"{event}\\n")
            def close(self):
                self.events.put(None)
                self.thread.join()
        writer = Writer("a.txt")
        for number in range(100):
            writer.events.put(number)
    """,
    "a replaced stdout": """
        import sys
        sys.stdout = open("a.txt", "w")
        print("into the file")
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_leaves_what_python_leaves(name: str, tmp_path: Path) -> None:
    code = textwrap.dedent(PROGRAMS[name]).strip("\n")
    for folder in ("script", "session"):
        (tmp_path / folder).mkdir()
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "script", check=True, capture_output=True
    )
    result = run(code, directory=str(tmp_path / "session"))
    assert (result.outcome, result.notices) == ("passed", ())
    assert _content(tmp_path / "session") == _content(tmp_path / "script")


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _late(result: SessionResult) -> str:
    return "".join(output.text for output in result.late if isinstance(output, Stream))


def test_what_keeps_itself_is_written(tmp_path: Path) -> None:
    """Python may lose it: it frees a cycle in any order."""
    code = """
        class Log:
            def __init__(self):
                self.file, self.me = open("a.txt", "w"), self
                self.file.write("kept by itself")
        Log()
    """
    run(textwrap.dedent(code), directory=str(tmp_path))
    assert _content(tmp_path) == {"a.txt": b"kept by itself"}


def test_finalizers_may_use_all_names(tmp_path: Path) -> None:
    """In Python they may be too late even for `open`."""
    code = """
        import os
        class Note:
            def __init__(self, name):
                self.name = name
            def __del__(self):
                with open(self.name, "w") as file:
                    file.write(os.path.basename(self.name) + suffix)
        note, suffix = Note("a.txt"), "!"
        notes = [Note("b.txt"), Note("c.txt")]
    """
    run(textwrap.dedent(code), directory=str(tmp_path))
    assert _content(tmp_path) == {f"{name}.txt": f"{name}.txt!".encode() for name in "abc"}


AT_EXIT = """
import atexit
file = open("held.txt", "w")
file.write("held back")
def leave():
    print("leaving")
    open("left.txt", "w").write("left")
atexit.register(leave)
"""


def test_what_is_put_out_at_the_end_is_no_cells(tmp_path: Path) -> None:
    result = run(AT_EXIT, "print('last')", directory=str(tmp_path))
    assert [text(cell) for cell in result.results] == ["", "last\n"]
    assert _late(result) == "leaving\n"


def test_an_exit_handler_that_fails_changes_no_outcome() -> None:
    result = run("import atexit\natexit.register(lambda: 1 / 0)")
    assert result.outcome == "passed"
    assert "ZeroDivisionError" in _late(result)


def test_an_exit_handler_may_end_the_process() -> None:
    result = run("import atexit, os\natexit.register(os._exit, 3)\nprint('fine')")
    assert result.outcome == "passed"
    assert "exit code 3" in result.notices[0]


@pytest.mark.parametrize(
    ("code", "options", "outcome"),
    [
        ("1 / 0", {}, "failed"),
        ("raise SystemExit", {}, "failed"),
        ("import time\ntime.sleep(60)", {"timeout": 1.5}, "timed-out"),
        ("while True: pass", {"timeout": 1.5}, "timed-out"),
    ],
)
def test_a_session_that_does_not_pass_ends_so_too(
    code: str, options: dict[str, float], outcome: str, tmp_path: Path
) -> None:
    result = run(AT_EXIT, code, directory=str(tmp_path), **options)
    assert result.outcome == outcome
    assert _content(tmp_path) == {"held.txt": b"held back", "left.txt": b"left"}


def test_an_interrupted_session_ends_so_too(tmp_path: Path) -> None:
    job = make_job(AT_EXIT, "import time\ntime.sleep(60)", directory=str(tmp_path))
    with LocalExecutor() as executor:

        def observe(event: Event) -> None:
            if isinstance(event, CellStarted) and event.index == 1:
                threading.Timer(0.2, executor.stop).start()

        result = executor.run(job, observe)
    assert result.outcome == "interrupted"
    assert _content(tmp_path) == {"held.txt": b"held back", "left.txt": b"left"}


def test_one_that_takes_no_interruption_is_ended_all_the_same() -> None:
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"
    started = time.monotonic()
    assert run(stubborn, timeout=0.5).outcome == "timed-out"
    assert time.monotonic() - started < 30


def test_a_thread_that_does_not_end_is_ended() -> None:
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(300,)).start()"
    started = time.monotonic()
    result = run(code)
    assert (result.outcome, [cell.outcome for cell in result.results]) == ("passed", ["passed"])
    assert "was still at work" in result.notices[0]
    assert time.monotonic() - started < 60


def test_an_exit_handler_that_does_not_end_is_named() -> None:
    code = "import atexit, time\ndef stay():\n    time.sleep(300)\natexit.register(stay)"
    result = run(make_cell(code))
    assert result.outcome == "passed"
    assert "pages/x.md:12" in result.notices[0]


def test_one_that_floods_its_end_is_ended() -> None:
    code = (
        "import atexit\ndef flood():\n    while True: print('x' * 10_000)\natexit.register(flood)"
    )
    result = run(code)
    assert result.outcome == "passed"
    assert 0 < len(_late(result)) < 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="sessions are copied on Linux alone")
def test_exit_handlers_run_once_in_the_session_that_ends(tmp_path: Path) -> None:
    first = "import atexit\natexit.register(lambda: open('ends.txt', 'a').write(name))\nname = 'a'"
    codes = [first, "name += 'b'", "name += 'c'"]
    jobs = [
        make_job(*codes, last, directory=str(tmp_path), watched=str(tmp_path))
        for last in ("name += 'd'", "name += 'e'")
    ]
    with ResumingExecutor(threshold=0.0) as executor:
        for job in jobs:
            assert executor.run(job, lambda _: None).outcome == "passed"
            executor.settle()
        assert executor.resumes_at(jobs[1])
    assert (tmp_path / "ends.txt").read_text() == "abcdabce"


SHARED_MEMORY = Path("/dev/shm")

SHARED = """
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=1 << 20)
print(block.name)
"""


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="shared memory is no folder here")
@pytest.mark.parametrize("end", ["", "\nimport time\ntime.sleep(60)", "\nimport os\nos._exit(1)"])
def test_nothing_is_left_in_shared_memory(end: str) -> None:
    result = run(SHARED + "import sys\nsys.stdout.flush()" + end, timeout=3.0)
    name = text(result.results[0]).strip()
    assert name
    assert not (SHARED_MEMORY / name).exists()


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="shared memory is no folder here")
def test_joblib_leaves_nothing() -> None:
    pytest.importorskip("joblib")
    code = """
        import os, numpy as np
        from joblib import Parallel, delayed
        before = set(os.listdir("/dev/shm"))
        sums = (delayed(np.sum)(np.ones(200_000)) for _ in range(3))
        print(Parallel(n_jobs=2, max_nbytes=1000)(sums))
        print(*(set(os.listdir("/dev/shm")) - before))
    """
    result = run(textwrap.dedent(code))
    shown, made = text(result.results[0]).splitlines()
    assert shown.count("200000") == 3
    assert made
    assert not {name for name in made.split() if (SHARED_MEMORY / name).exists()}
