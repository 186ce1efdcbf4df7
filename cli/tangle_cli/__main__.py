"""`tangle`, and `python -m tangle_cli`: a short way in, for Ctrl-C while the rest is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from tangle_cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("tangle: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
