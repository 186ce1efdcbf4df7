"""Work in a fork beside this process."""

from __future__ import annotations

import os
import threading

import pytest

from tangle.engine.side_task import beside

pytestmark = pytest.mark.skipif(
    (os.cpu_count() or 1) < 2 or not hasattr(os, "fork"), reason="needs two cores and fork"
)


def test_what_a_fork_works_out_comes_back() -> None:
    outcome = beside(lambda: b"x" * 3_000_000 + str(os.getpid()).encode())
    found = outcome()
    if threading.active_count() == 1:
        assert found is not None
        assert found.startswith(b"xxx")
        assert int(found.lstrip(b"x")) != os.getpid()


def test_a_fork_that_fails_comes_to_nothing() -> None:
    def fail() -> bytes:
        raise MemoryError

    assert beside(fail)() is None


def test_a_fork_that_is_killed_comes_to_nothing() -> None:
    def die() -> bytes:
        os.kill(os.getpid(), 9)
        return b"never"

    assert beside(die)() is None


def test_with_threads_nothing_is_forked() -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    try:
        assert beside(lambda: b"x")() is None
    finally:
        go_on.set()
        thread.join()
