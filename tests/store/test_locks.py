from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tangle.store import Locked, NotWritable, lock

HOLD = """
import sys
from pathlib import Path
from tangle.store import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = """
import sys
from pathlib import Path
from tangle.store import lock
path = Path(sys.argv[1]) / "count"
for _ in range(25):
    with lock(Path(sys.argv[1]), timeout=30):
        path.write_text(str(int(path.read_text()) + 1))
"""


def python(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_a_lock_can_be_had_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        with lock(tmp_path):
            assert (tmp_path / ".tangle" / "holder").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / ".tangle" / "holder").exists()


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    with python(HOLD, tmp_path) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(
                Locked, match=rf"lock: another tangle \(process {holder.pid}\)"
            ) as caught,
            lock(tmp_path, timeout=0.1),
        ):
            pytest.fail("two held one lock")
        assert (caught.value.pid, caught.value.exit_code) == (holder.pid, 3)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (tmp_path / ".tangle" / "holder").exists()  # it had no time to tidy up
        with lock(tmp_path, timeout=5):
            assert (tmp_path / ".tangle" / "holder").read_text() == f"{os.getpid()}\n"


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with (
        lock(tmp_path),
        pytest.raises(Locked, match=f"process {os.getpid()}"),
        lock(tmp_path, timeout=0.1),
    ):
        pytest.fail("held twice")
    with lock(tmp_path, timeout=0.1):
        pass


def test_an_error_inside_frees_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), lock(tmp_path):
        raise ValueError("mine")
    with lock(tmp_path, timeout=0.1):
        pass


def test_several_processes_take_turns(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    workers = [python(COUNT, tmp_path) for _ in range(4)]
    for worker in workers:
        worker.communicate()
        assert worker.returncode == 0
    assert (tmp_path / "count").read_text() == "100"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".tangle").write_text("mine")
    with pytest.raises(NotWritable), lock(tmp_path):
        pytest.fail("held")
    assert (tmp_path / ".tangle").read_text() == "mine"


def test_a_project_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="check that the file"), lock(tmp_path / "no"):
        pytest.fail("held")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folder")
def test_two_projects_with_one_graph_take_turns(tmp_path: Path) -> None:
    one, two, notes = (tmp_path / name for name in ("one", "two", "notes"))
    for folder in (one, two, notes):
        folder.mkdir()
    with lock(one, notes=notes):
        with lock(two):
            pass
        with (
            pytest.raises(Locked, match="notes: another tangle"),
            lock(two, notes=notes, timeout=0),
        ):
            pytest.fail("two wrote to one graph")
        with lock(two, timeout=0):
            pass  # what was taken on the way was given back
    with lock(two, notes=notes, timeout=0):
        pass
    assert list(notes.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folder")
def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="no: "), lock(tmp_path, notes=tmp_path / "no"):
        pytest.fail("held")
