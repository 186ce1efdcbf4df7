"""Programs beside Python are ended with all that they started."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import psutil

from tangle.engine.tool import end_tool, run_tool, start_tool

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""


def test_a_program_is_ended_with_a_child_that_holds_its_pipes(tmp_path: Path) -> None:
    async def session() -> int:
        process = await start_tool(sys.executable, "-c", PARENT, folder=tmp_path)
        assert process is not None
        assert process.stdout is not None
        child = int(await process.stdout.readline())
        async with asyncio.timeout(20):
            await end_tool(process)
            await end_tool(process)  # once more does no harm
        return child

    child = asyncio.run(session())
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(20)
    assert not psutil.pid_exists(child)


def test_a_program_whose_answer_is_not_waited_for_is_ended(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    code = (
        "import os, pathlib, time; "
        f"pathlib.Path({str(started)!r}).write_text(str(os.getpid())); time.sleep(600)"
    )

    async def session() -> None:
        asked = run_tool(sys.executable, "-c", code, text="", folder=tmp_path, patience=600)
        waiting = asyncio.create_task(asked)
        async with asyncio.timeout(20):
            while not (started.exists() and started.read_text()):
                await asyncio.sleep(0.02)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
        assert not psutil.pid_exists(int(started.read_text()))

    asyncio.run(session())
