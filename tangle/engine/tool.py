"""Start a program that is beside Python in the environment, such as a language server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Final

_LAST_SECONDS: Final = 5.0
"""What a program that was killed may take to be gone."""


async def start_tool(name: str, *arguments: str, folder: Path) -> asyncio.subprocess.Process | None:
    """Start a program, with pipes for its input and output; return None if it cannot be started.

    Args:
        name: of the program; that of this environment comes before others.
        arguments: for it.
        folder: where it works.
    """
    beside = str(Path(sys.executable).parent)
    program = shutil.which(name, path=beside) or shutil.which(name)
    if program is None:
        return None
    environment = {**os.environ}
    if sys.prefix != sys.base_prefix:
        environment["VIRTUAL_ENV"] = sys.prefix
    try:
        return await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,  # so that it can be ended with all that it starts
        )
    except OSError:
        return None


async def end_tool(process: asyncio.subprocess.Process) -> None:
    """End a program with those that it started: one that is left would hold its pipes open.

    Args:
        process: as `start_tool` returned it; it may have ended by itself.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_SECONDS):
            await process.wait()


async def run_tool(
    name: str, *arguments: str, text: str, folder: Path, patience: float
) -> str | None:
    """Return what a program makes of a text; None if it fails, takes too long or is missing.

    Args:
        name: of the program.
        arguments: for it.
        text: its input.
        folder: where it works.
        patience: seconds that it may take.
    """
    process = await start_tool(name, *arguments, folder=folder)
    if process is None:
        return None
    try:
        async with asyncio.timeout(patience):
            output, _ = await process.communicate(text.encode())
    except TimeoutError:
        return None
    finally:  # after a time-out, or if nobody waits for the answer any more
        if process.returncode is None:
            await end_tool(process)
    return output.decode() if process.returncode == 0 else None
