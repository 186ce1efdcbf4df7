"""`breakpoint()` in a session that no debugger looks at."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from typing import Final

_REASON: Final = "a breakpoint was passed"


def pass_breakpoints(section: str, hide: Callable[[str], None] | None) -> None:
    """Have `breakpoint()` write a line and go on; `PYTHONBREAKPOINT` is obeyed as usual.

    Args:
        section: that runs.
        hide: is called with the reason why the results cannot be reused.
    """
    if "PYTHONBREAKPOINT" in os.environ:
        return

    def go_on(*_: object, **__: object) -> None:
        command = f"tangle debug {shlex.quote(section)}"
        sys.stderr.write(f"breakpoint() was passed; `{command}` stops there\n")
        if hide is not None:
            hide(_REASON)

    sys.breakpointhook = go_on
