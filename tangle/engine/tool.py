"""Start a program that stands beside Python in the environment, such as a language server."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path


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
        )
    except OSError:
        return None
