"""The program's first lines: what a server can do at once is not waited for."""

from __future__ import annotations

# ruff: noqa: PTH100 -- pathlib takes longer to import than all of this
import os
import sys
from collections.abc import Callable


def main() -> None:
    """Run the command line; Ctrl-C counts from here on, while the rest is loaded, too."""
    _open_streams()
    _fix_temporary_folder()
    try:
        try:
            run = _loaded()
        except KeyboardInterrupt:
            sys.exit(interrupted())
        run()
    except SystemExit as end:
        if not sys.flags.inspect:
            raise
        _exit_for_good(end.code)


def interrupted() -> int:
    """Tell that Ctrl-C has ended the command; its exit code."""
    sys.stderr.write("tangle: interrupted\n")
    return 130


def _open_streams() -> None:
    """Opens streams that are closed, as if they led to nothing.

    Else the next file that is opened gets the number of a stream, and what is printed goes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _fix_temporary_folder() -> None:
    """Makes the folder for temporary files the same from wherever a process looks for it."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        path = os.environ.get(name)
        if path and not os.path.isabs(path):  # noqa: PTH117
            os.environ[name] = os.path.abspath(path)


def _exit_for_good(code: object) -> None:
    """End the process where Python would ask for more input (`-i`, `PYTHONINSPECT`)."""
    import ctypes

    if code is not None and not isinstance(code, int):
        sys.stderr.write(f"{code}\n")
        code = 1
    ctypes.pythonapi.Py_Exit(code or 0)


def _loaded() -> Callable[[], None]:
    """What is left to do when the server was asked, and had the command done where it could."""
    from tangle_cli.server_client import relay

    code = relay(sys.argv[1:])
    if code is not None:
        return lambda: sys.exit(code)
    from tangle_cli.main import main as run_here

    return run_here
