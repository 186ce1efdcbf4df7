"""Run a command in the project's server, which has all of tangle loaded.

Importing tangle takes longer than running a small section. This module imports almost nothing: it
finds the server by the working folder, passes on arguments, environment and the three streams, and
forwards signals. In any unusual case the command runs in this process.
"""

from __future__ import annotations

# ruff: noqa: PTH109, PTH118 -- pathlib takes longer to import than all of this
import os
import sys
import zlib

from tangle import CI_IS_OFF

REFUSED = 112
"""Exit code of a command that the server did not begin: this process has to run it."""

GIVEN_UP: list[str] = []
"""What was wrong with the server, if this process gave up on it."""

_UNFIT = frozenset({"--no-server", "-h", "--help"})


def relay(arguments: list[str]) -> int | None:
    """Return the exit code of a command that the server ran; None if this process has to run it.

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
        from tangle_cli.messages import _

        text = _(f"tangle: {trouble}; this run continues without it")
        print(text, file=sys.stderr)  # noqa: T201
        GIVEN_UP.append(str(trouble))
        return None


def _suits_a_server() -> bool:
    """Whether this process is one that a server's could stand in for: none of them is isolated."""
    if os.environ.get("CI", "").lower() not in CI_IS_OFF or "_TANGLE_COMPLETE" in os.environ:
        return False
    return not (sys.flags.isolated or sys.flags.ignore_environment)


def hint_paths(folder: str) -> list[str]:
    """Return the paths where commands in a folder look for a link to the server's socket.

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
