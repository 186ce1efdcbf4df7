"""What the system does not give, or gives no more, costs a comfort and not the run."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from tests.graphs import MakeNotes

pytestmark = pytest.mark.book

PAGE = """\
- ## 1.1. Sums
	- ```python
	  import json
	  print(1 + 1)
	  ```
"""

# The numbers of system calls are those of x86-64 and of AArch64.
CALLS = {
    "x86_64": {"flock": 73, "memfd_create": 319, "pidfd_open": 434},
    "aarch64": {"flock": 32, "memfd_create": 279, "pidfd_open": 434},
}
NO_LOCKS, NO_CALL = 37, 38  # ENOLCK, ENOSYS

DENIED = """\
import ctypes, os, struct, sys
number, error = int(sys.argv[1]), int(sys.argv[2])
# Load the call's number; if it is the one, answer with the error, else allow it.
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000 | error), (6, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
filter = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(filter), 0, 0):
    sys.exit(99)
os.execv(sys.executable, [sys.executable, "-m", "tangle_cli", *sys.argv[3:]])
"""
"""Runs tangle where a system call fails: a filter of the kernel's (seccomp) answers it."""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in CALLS,
    reason="system calls are denied by a filter of Linux's, for two kinds of machine",
)
@pytest.mark.parametrize("options", [[], ["--no-server"], ["--fresh"]], ids=" ".join)
@pytest.mark.parametrize(
    ("name", "error"),
    [("flock", NO_LOCKS), ("flock", NO_CALL), ("memfd_create", NO_CALL), ("pidfd_open", NO_CALL)],
)
def test_a_call_that_the_system_denies(
    notes: MakeNotes, monkeypatch: pytest.MonkeyPatch, name: str, error: int, options: list[str]
) -> None:
    monkeypatch.delenv("CI")
    graph = notes({"A": PAGE})
    call = str(CALLS[platform.machine()][name])
    run = [sys.executable, "-c", DENIED, call, str(error), "run", "--all", *options]
    try:
        for _ in range(2):
            said = subprocess.run(
                run,
                cwd=graph.root,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                env={**os.environ, "XDG_RUNTIME_DIR": ""},
            )
            if said.returncode == 99:
                pytest.skip("this system lets no process filter its own calls")
            assert said.returncode == 0, said.stdout + said.stderr
            assert "Traceback" not in said.stderr
            graph.write("A", PAGE)
    finally:
        graph.tangle("server", "stop")
