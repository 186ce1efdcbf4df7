"""The program's first lines: what a server can do at once is not waited for."""

from __future__ import annotations

import sys
from collections.abc import Callable


def main() -> None:
    """Run the command line; Ctrl-C counts from here on, while the rest is loaded, too."""
    try:
        run = _loaded()
    except KeyboardInterrupt:
        sys.exit(interrupted())
    run()


def interrupted() -> int:
    """Tell that Ctrl-C has ended the command; its exit code."""
    sys.stderr.write("tangle: interrupted\n")
    return 130


def _loaded() -> Callable[[], None]:
    """What is left to do when the server was asked, and had the command done where it could."""
    from tangle_cli.relay import relay

    code = relay(sys.argv[1:])
    if code is not None:
        return lambda: sys.exit(code)
    from tangle_cli.main import main as run_here

    return run_here
