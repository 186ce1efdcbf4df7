"""Start a program that is beside Python in the environment, such as a language server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

_LAST_SECONDS: Final = 5.0
"""What a program that was killed may take to be gone."""


class ToolAnswer(Struct, frozen=True, kw_only=True):
    """What a program said when it was asked for its version, or the like.

    Attributes:
        path: of the program; empty if there is none.
        text: what it wrote to standard output; None if it failed or took too long.
    """

    path: str = ""
    text: str | None = None


def find_tool(name: str) -> str | None:
    """Return the path of a program, that of this environment before others; None without one."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=beside) or shutil.which(name)


async def start_tool(name: str, *arguments: str, folder: Path) -> asyncio.subprocess.Process | None:
    """Start a program, with pipes for its input and output; return None if it cannot be started.

    Args:
        name: of the program; that of this environment comes before others.
        arguments: for it.
        folder: where it works.
    """
    program = find_tool(name)
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
    finally:  # after a time-out, or if the answer is no longer waited for
        if process.returncode is None:
            await end_tool(process)
    return output.decode(errors="replace") if process.returncode == 0 else None


def ask_tools(questions: Mapping[str, Sequence[str]], patience: float) -> Mapping[str, ToolAnswer]:
    """Run some programs, all at the same time, and return what each one said.

    They work in the root folder, so that no file of a graph is in reach of a name.

    Args:
        questions: the arguments for each program, by its name or path.
        patience: seconds that each of them may take.
    """
    return asyncio.run(_ask_all(questions, patience))


async def _ask_all(
    questions: Mapping[str, Sequence[str]], patience: float
) -> Mapping[str, ToolAnswer]:
    root = Path(Path.cwd().anchor)
    texts = await asyncio.gather(
        *(
            run_tool(name, *arguments, text="", folder=root, patience=patience)
            for name, arguments in questions.items()
        )
    )
    found = zip(questions, texts, strict=True)
    return {name: ToolAnswer(path=find_tool(name) or "", text=text) for name, text in found}
