"""Folders for a command's time: its own go with it, those of a killed one with a later command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tangle.engine.local import LocalExecutor
from tangle.engine.pool import run_jobs
from tangle.engine.scratch import ScratchFolder, remove_abandoned, scratch_folder

from .sessions import make_job

HOLDS = (
    "import sys, time\nfrom tangle.engine.scratch import ScratchFolder\nmade = ScratchFolder()\n"
)


@pytest.fixture(autouse=True)
def executor() -> None:
    """Stands in for the folder's: each test here makes its own executors."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this process and of those that it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _holder(then: str) -> subprocess.Popen[str]:
    code = f"{HOLDS}print(made.path, flush=True)\n{then}"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def _path(holder: subprocess.Popen[str]) -> Path:
    assert holder.stdout is not None
    return Path(holder.stdout.readline().strip())


def test_it_is_gone_at_the_end(temporary: Path) -> None:
    with scratch_folder() as folder:
        (folder / "a").mkdir()
        assert folder.parent == temporary
    assert list(temporary.iterdir()) == []


def test_what_a_killed_command_left_goes(temporary: Path) -> None:
    with _holder("time.sleep(60)") as holder:
        left = _path(holder)
        (left / "deep" / "er").mkdir(parents=True)
        remove_abandoned()
        assert left.is_dir()  # its owner is there
        holder.kill()
    assert left.is_dir()
    remove_abandoned()
    assert list(temporary.iterdir()) == []


def test_a_run_removes_what_another_left(temporary: Path, tmp_path: Path) -> None:
    with _holder("time.sleep(60)") as holder:
        left = _path(holder)
        holder.kill()
    with LocalExecutor() as made:
        (result,) = run_jobs([make_job("1", directory=str(tmp_path))], executor=made)
    assert (result.outcome, left.exists()) == ("passed", False)
    assert list(temporary.iterdir()) == []


def test_one_that_a_fork_still_holds_is_left(temporary: Path) -> None:
    fork = "import os\nif os.fork() == 0:\n    sys.stdout.close(); sys.stdin.read()\nos._exit(0)"
    code = f"{HOLDS}print(made.path, flush=True)\n{fork}"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        left = _path(holder)
        holder.wait(30)
        remove_abandoned()
        assert list(temporary.iterdir()) == [left]


def test_what_is_not_tangles_stays(temporary: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "mine").mkdir(parents=True)
    (temporary / "tangle-run-4194305-link").symlink_to(elsewhere)
    (temporary / "tangle-run-4194305-file").write_text("")
    (temporary / "tangle-run-mine").mkdir()
    (temporary / "tangle-notes").mkdir()
    before = set(temporary.iterdir())
    remove_abandoned()
    assert set(temporary.iterdir()) == before
    assert (elsewhere / "mine").is_dir()


def test_a_relative_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", ".")
    monkeypatch.setenv("TMPDIR", ".")
    pages = tmp_path / "pages"
    pages.mkdir()
    folder = ScratchFolder()
    assert Path(folder.path).is_absolute()
    folder.close()
    job = make_job("import tempfile\nprint(tempfile.gettempdir())", directory=str(pages))
    for warm in (False, True):
        with LocalExecutor(warm=warm) as made:
            (result,) = run_jobs([job], executor=made)
        (output,) = result.results[0].outputs
        assert getattr(output, "text", "") == f"{tmp_path}\n"
