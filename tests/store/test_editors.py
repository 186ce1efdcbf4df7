"""Editors that say on disk that they hold unsaved changes of a file."""

from __future__ import annotations

import os
import pty
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tangle.store import unsaved_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals, no links")


def swap(*, changed: bool, pid: int, host: str = "", version: bytes = b"VIM 9.0") -> bytes:
    """The first block of a swap file."""
    block = bytearray(4096)
    block[:2] = b"b0"
    block[2 : 2 + len(version)] = version
    block[24:28] = pid.to_bytes(4, "little")
    name = (host or socket.gethostname()).encode()[:39]
    block[68 : 68 + len(name)] = name
    block[1007] = 0x55 if changed else 0
    return bytes(block)


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "notes" / "a page.md"
    path.parent.mkdir()
    path.write_text("- a\n")
    return path


@pytest.mark.parametrize("ending", ["swp", "swo"])
def test_a_swap_file_tells_of_changes_that_are_not_saved(page: Path, ending: str) -> None:
    file = page.with_name(f".a page.md.{ending}")
    file.write_bytes(swap(changed=False, pid=os.getpid()))
    assert unsaved_in(page) is None
    file.write_bytes(swap(changed=True, pid=os.getpid()))
    assert unsaved_in(page) == f"Vim (process {os.getpid()})"


@pytest.mark.parametrize("folder", ["state", "data"])
def test_neovim_keeps_its_swap_files_elsewhere(page: Path, tmp_path: Path, folder: str) -> None:
    there = tmp_path / folder / "nvim" / "swap"
    there.mkdir(parents=True)
    name = str(page).replace("/", "%")
    (there / f"{name}.swp").write_bytes(swap(changed=True, pid=os.getpid()))
    assert unsaved_in(page) == f"Neovim (process {os.getpid()})"


def test_nano_writes_such_a_file_too(page: Path) -> None:
    block = swap(changed=True, pid=os.getpid(), version=b"nano 7.2")
    page.with_name(".a page.md.swp").write_bytes(block)
    assert unsaved_in(page) == f"nano (process {os.getpid()})"


def test_what_a_crash_left_counts_for_nothing(page: Path, gone: int) -> None:
    page.with_name(".a page.md.swp").write_bytes(swap(changed=True, pid=gone))
    page.with_name(".#a page.md").symlink_to(f"me@{socket.gethostname()}.{gone}:1700000000")
    assert unsaved_in(page) is None


def test_an_editor_on_another_machine_is_believed(page: Path) -> None:
    page.with_name(".a page.md.swp").write_bytes(swap(changed=True, pid=1, host="far"))
    assert unsaved_in(page) == "Vim on far"


def test_emacs_leaves_a_link(page: Path) -> None:
    link = page.with_name(".#a page.md")
    link.symlink_to(f"me@{socket.gethostname()}.{os.getpid()}:1700000000")
    assert unsaved_in(page) == f"Emacs (process {os.getpid()})"
    link.unlink()
    assert unsaved_in(page) is None


@pytest.mark.parametrize("content", [b"", b"b0", b"x" * 4096, b"b0" + b"\0" * 4094])
def test_other_files_of_such_a_name_mean_nothing(page: Path, content: bytes) -> None:
    page.with_name(".a page.md.swp").write_bytes(content)
    page.with_name(".#a page.md").symlink_to("anywhere")
    assert unsaved_in(page) is None


def test_a_fifo_of_such_a_name_is_not_waited_for(page: Path) -> None:
    os.mkfifo(page.with_name(".a page.md.swp"))
    assert unsaved_in(page) is None


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("program", "name"), [("vim", "Vim"), ("nvim", "Neovim")])
def test_a_real_one(page: Path, program: str, name: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    terminal, inside = pty.openpty()
    command = [program, "-N", "-u", "NONE", "-i", "NONE", str(page)]
    environment = {**os.environ, "TERM": "xterm"}
    editor = subprocess.Popen(
        command, stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True
    )
    threading.Thread(target=_drain, args=(terminal,), daemon=True).start()
    try:
        time.sleep(0.5)
        os.write(terminal, b"ohello")
        until(lambda: unsaved_in(page) == f"{name} (process {editor.pid})")
        os.write(terminal, b"\x1b:w\r")
        until(lambda: unsaved_in(page) is None)
        assert "hello" in page.read_text()
    finally:
        editor.kill()
        editor.wait()
        os.close(inside)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        return
