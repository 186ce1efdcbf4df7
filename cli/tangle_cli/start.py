"""The program's first lines: what a server can do at once is not waited for."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from tangle_cli.relay import relay

        code = relay(sys.argv[1:])
        if code is not None:
            sys.exit(code)
        from tangle_cli.main import main as run_here
    except KeyboardInterrupt:  # while all that is loaded, or before the server has taken over
        sys.stderr.write("tangle: interrupted\n")
        sys.exit(130)
    run_here()
