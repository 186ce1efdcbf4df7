"""Sections that hold too much memory are ended, and say where they were."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tangle.engine.events import Event, Sampled
from tangle.engine.local import LocalExecutor
from tangle.engine.memory import (
    MemoryFiles,
    MemoryWatch,
    descendants,
    free_memory,
    memory_limit,
    pause,
    proportional,
    resident,
    shown_size,
    total_memory,
)
from tangle.engine.pool import run_jobs

from .sessions import make_cell, make_job, run, run_one, text

MIB = 2**20

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(),
    reason="no report of memory here",
)


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        ("2G", 2**31),
        ("2GiB", 2**31),
        (" 500 m ", 500 * MIB),
        ("1.5g", 3 * 2**29),
        ("4096", 4096),
        ("64kb", 2**16),
        ("90%", 900),
        ("0", None),
        ("0%", None),
        ("0G", None),
    ],
)
def test_a_size(size: str, limit: int | None) -> None:
    assert memory_limit(size, 1000) == limit


@pytest.mark.parametrize("size", ["", "G", "-1", "2X", "2GG", "1e9", "five", "10%%", "½G"])
def test_no_size(size: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        memory_limit(size, 1000)


def test_a_share_of_an_unknown_memory_is_no_limit() -> None:
    assert memory_limit("90%", 0) is None


def test_sizes_for_people() -> None:
    assert [shown_size(n) for n in (0, 3 * 1024, 500 * MIB, 3 * 2**29)] == [
        *("0 KiB", "3 KiB", "500 MiB", "1.5 GiB"),
    ]


# --- looking --------------------------------------------------------------------------------------


def test_looks_come_oftener_near_the_limit() -> None:
    pauses = [pause(room) for room in (-1, 0, 2**24, 2**30, 2**40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.002, 0.5)


@needs_proc
def test_what_this_process_holds() -> None:
    own = os.getpid()
    held = resident(own)
    assert MIB < proportional(own) <= held * 1.1
    assert held < total_memory()
    assert descendants(own)[0] == own


@needs_proc
def test_processes_that_are_spared_do_not_count() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in descendants(os.getpid())
        assert child.pid not in descendants(os.getpid(), without={child.pid})
        child.communicate(b"\n")
    assert 0 < free_memory() <= total_memory()


def test_a_process_that_is_gone_holds_nothing() -> None:
    gone = 2**22 + 1  # more than the system ever gives
    assert (resident(gone), proportional(gone), descendants(gone)) == (0, 0, [gone])


@needs_proc
def test_a_watch_waits_and_searches_for_strays_seldom() -> None:
    now, searched = [0.0], []

    def orphans() -> list[int]:
        searched.append(now[0])
        return [os.getpid()]

    watch = MemoryWatch(2**22 + 1, None, orphans, lambda: now[0])
    assert not watch.look()
    for tenth in range(1, 100):
        now[0] = tenth / 10
        watch.look()
    assert len(searched) == 4
    assert watch.held > MIB
    assert not watch.outgrown


# --- sessions -------------------------------------------------------------------------------------

GROWS = {
    "in Python": ("x = []\nwhile True:\n    x.append(bytearray(10**7))", 12),
    "in one call": ("\nx = bytearray(3 * 10**9)", 11),
    "in children": (
        (
            "import os, time\nfor _ in range(3):\n    if not os.fork():\n"
            "        x = b'x' * 10**8\n        time.sleep(60)\ntime.sleep(60)"
        ),
        15,
    ),
    "far away": (
        (
            "import subprocess, sys, time\n"
            "code = 'import os, time\\nif os.fork(): os._exit(0)\\n'\n"
            "code += 'os.setsid()\\nx = b\"x\" * 3 * 10**8\\ntime.sleep(60)'\n"
            "p = subprocess.Popen([sys.executable, '-c', code], env={})\ntime.sleep(60)"
        ),
        14,
    ),
}


@needs_proc
@pytest.mark.parametrize(("code", "line"), GROWS.values(), ids=GROWS.keys())
def test_a_session_that_outgrows_its_limit(code: str, line: int) -> None:
    cell = make_cell(f"print('before')\n{code}", timeout=30.0)
    session = run(cell, "2", max_memory=250 * MIB)
    first, second = session.results
    assert (session.outcome, first.outcome, second.outcome) == ("died", "died", "skipped")
    assert text(first) == "before\n"
    failure = first.failure
    assert failure is not None
    assert failure.name == "MemoryLimit"
    assert failure.message == "the session held more than 250 MiB of memory (max_memory)"
    assert failure.place is not None
    assert abs(failure.place.line - line - 1) <= 1
    assert "Traceback" in failure.traceback


@needs_proc
def test_shared_memory_does_not_count_in_full_for_each() -> None:
    code = (
        "import os, time\nx = b'x' * (100 * 2**20)\n"
        "for _ in range(4):\n    if not os.fork():\n        time.sleep(60)\n"
        "time.sleep(1.2)\nlen(x)"
    )
    assert run_one(code, max_memory=250 * MIB).outcome == "passed"


FILES = {
    "in memory": "file = open(os.memfd_create('x'), 'wb')",
    "in shared memory": "file = tempfile.TemporaryFile(dir=folder)",
    "in shared memory, by name": "file = tempfile.NamedTemporaryFile(dir=folder)",
}


@pytest.fixture
def shared_memory() -> Iterator[str]:
    """A folder in shared memory, since a session that is killed leaves its files there."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield folder


@needs_proc
@pytest.mark.parametrize("opened", FILES.values(), ids=FILES.keys())
def test_a_file_that_a_session_fills(opened: str, shared_memory: str) -> None:
    code = (
        f"import os, tempfile, time\nfolder = {shared_memory!r}\n{opened}\n"
        "for _ in range(30):\n    file.write(bytes(10**7))\n    time.sleep(0.02)\n"
        "file.flush()\ntime.sleep(5)"
    )
    result = run_one(code, max_memory=250 * MIB, timeout=60.0)
    assert result.failure is not None
    assert result.failure.name == "MemoryLimit"


@needs_proc
def test_a_file_in_shared_memory_counts_until_it_is_removed(tmp_path: Path) -> None:
    files, here = MemoryFiles(), [os.getpid()]
    before = files.held(here)
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(bytes(10 * MIB))
        file.flush()
        assert files.held(here) == before + 10 * MIB
        elsewhere: list[int] = []
        assert files.held(elsewhere) >= 10 * MIB
    assert files.held(here) == before
    with (tmp_path / "on a disk").open("wb") as other:
        other.write(bytes(10 * MIB))
        assert files.held(here) == before


@needs_proc
def test_a_file_in_memory_that_is_mapped_counts_once() -> None:
    code = (
        "import mmap, os, time\nfile = os.memfd_create('x')\nos.truncate(file, 150 * 2**20)\n"
        "memory = mmap.mmap(file, 0)\nfor at in range(0, len(memory), 4096): memory[at] = 1\n"
        "time.sleep(1.2)"
    )
    assert run_one(code, max_memory=250 * MIB).outcome == "passed"


@needs_proc
def test_an_observer_learns_what_a_session_holds() -> None:
    events: list[Event] = []
    with LocalExecutor() as executor:
        job = make_job("import time\nx = b'x' * 10**8", "time.sleep(1.5)")
        run_jobs([job], executor=executor, observe=events.append)
    held = [event.memory for event in events if isinstance(event, Sampled)]
    assert held
    assert max(held) > 10**8


@needs_proc
def test_where_memory_runs_out_the_session_is_the_first_to_be_ended() -> None:
    adjusted = "print(open('/proc/self/oom_score_adj').read().strip())"
    assert text(run_one(adjusted)) == "1000\n"
    assert Path("/proc/self/oom_score_adj").read_text().strip() != "1000"


def test_the_limit_is_looked_at_though_the_session_is_silent() -> None:
    before = time.monotonic()
    assert run_one("import time\ntime.sleep(0.1)", max_memory=2**40).outcome == "passed"
    assert time.monotonic() - before < 30
