"""Hands a command to the project's server, which has all of tangle loaded, and waits for its end.

Importing tangle takes longer than a small section runs. This module imports hardly anything: it
finds the server by the folder that the command is given in, hands over arguments, environment and
the three streams, and passes signals on. Whatever is unusual is left to the ordinary way.
"""

from __future__ import annotations

# ruff: noqa: PTH109, PTH118 -- pathlib takes longer to import than all of this
import os
import sys
import zlib

from tangle import CI_IS_OFF

REFUSED = 112
"""Exit code of a command that was not begun: this process is to do it itself."""

GIVEN_UP: list[str] = []
"""What was amiss with the server, where this process did not go on waiting for it."""

_UNFIT = frozenset({"--no-server", "-h", "--help"})


def relay(arguments: list[str]) -> int | None:
    """The exit code of a command that a server has run; None where this process has to run it.

    Args:
        arguments: the command line, without the program's name.
    """
    if sys.platform != "linux" or arguments[:1] != ["run"] or not _UNFIT.isdisjoint(arguments):
        return None
    if not _suits_a_server():
        return None
    try:
        hints = [path for path in hint_paths(os.getcwd()) if os.path.lexists(path)]
    except OSError:
        return None
    if not hints:
        return None
    from tangle_cli.server_call import Trouble, run_there

    try:
        return run_there(hints[0], arguments)
    except Trouble as trouble:
        print(f"tangle: {trouble}; this run goes on without it", file=sys.stderr)  # noqa: T201
        GIVEN_UP.append(str(trouble))
        return None


def _suits_a_server() -> bool:
    """Whether this process is one that a server's could stand in for: none of them is isolated."""
    if os.environ.get("CI", "").lower() not in CI_IS_OFF or "_TANGLE_COMPLETE" in os.environ:
        return False
    return not (sys.flags.isolated or sys.flags.ignore_environment)


def hint_paths(folder: str) -> list[str]:
    """Where a link to the server's socket may be that commands in a folder use.

    The name need not be unique: whatever server it leads to finds the project itself.
    """
    data = os.fsencode(folder)
    name = f"from-{zlib.crc32(data):08x}{zlib.adler32(data):08x}"
    return [os.path.join(place, name) for place in _places()]


def _places() -> list[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    temporary = next(
        (os.environ[n] for n in ("TMPDIR", "TEMP", "TMP") if os.environ.get(n)), "/tmp"
    )
    places = [f"{runtime}/tangle"] if runtime.startswith("/") else []
    return [*places, f"{temporary}/tangle-{os.getuid()}"]
