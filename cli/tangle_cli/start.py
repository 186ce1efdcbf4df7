"""Entry point: pass the command to the server if there is one, otherwise run it here."""

from __future__ import annotations

# ruff: noqa: PTH100 -- pathlib takes longer to import than all of this
import os
import sys
from collections.abc import Callable


def main() -> None:
    """Run the command line; handle Ctrl-C while modules are still being imported, too."""
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
    """Report that Ctrl-C ended the command, and return the exit code."""
    from tangle_cli.messages import _

    sys.stderr.write(f"{_('tangle: interrupted')}\n")
    return 130


def _open_streams() -> None:
    """Connect closed standard streams to the null device.

    Otherwise the next file opened would get a stream's number, and receive what is printed.
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
    """Make the folder for temporary files absolute, so that all processes agree on it."""
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


def _leave_at_once(code: int) -> None:
    """Exit without finalizing the interpreter, which takes longer than passing the command on."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _loaded() -> Callable[[], None]:
    """Return what remains to be done: exit with the server's exit code, or run the command."""
    from tangle_cli.server_client import relay

    code = relay(sys.argv[1:])
    if code is not None:
        return lambda: _leave_at_once(code)
    from tangle_cli.main import main as run_here

    return run_here
