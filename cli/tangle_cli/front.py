"""A command in a process that was forked with all of tangle loaded: as if it had been started.

Imported in the server, so that its forks need not import anything more.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

from tangle.pipeline import read_ahead, rehearse
from tangle.run import same_start
from tangle_cli import documents, progress, text
from tangle_cli.main import main
from tangle_cli.relay import REFUSED, circumstances
from tangle_cli.start import interrupted

__all__ = ["documents", "progress", "read_ahead", "serve", "text"]
"""What a command imports on its way is here already."""


def serve(order: Mapping[str, Any]) -> NoReturn:
    """Runs the command of an order, and ends the process with its exit code.

    Streams, folder and environment are the command's already.
    """
    if order["circumstances"] != circumstances() or not same_start(os.environ):
        os._exit(REFUSED)
    _take_streams(order["streams"])
    sys.argv = ["tangle", *order["arguments"]]
    code: object = 0
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked since the fork
        main()
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = interrupted()
    except BaseException:  # noqa: BLE001 -- as the interpreter would
        traceback.print_exc()
        code = 1
    os._exit(_leave(code))


def _leave(code: object) -> int:
    try:
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 1
    return int(code or 0) if isinstance(code, int | None) else 1


def _take_streams(told: list[list[str]]) -> None:
    """Makes the streams anew, as Python does at its start."""
    names = ("stdin", "stdout", "stderr")
    for fd, (name, (encoding, errors)) in enumerate(zip(names, told, strict=True)):
        at_once = fd == 2 or bool(os.environ.get("PYTHONUNBUFFERED")) or os.isatty(fd)
        stream = open(  # noqa: SIM115
            fd,
            "w" if fd else "r",
            buffering=1 if fd and at_once else -1,
            encoding=encoding,
            errors=errors,
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


rehearse()
