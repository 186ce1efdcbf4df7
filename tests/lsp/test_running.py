"""Runs for an editor: one at a time, also where nobody waits for one any more."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from tangle.engine.interrupt import Interrupt
from tangle.errors import TangleError
from tangle.lsp.running import Runner

PATIENCE = 20.0


def test_a_run_that_nobody_waits_for_ends_before_the_next_begins() -> None:
    began, ended = threading.Event(), threading.Event()

    def run(_project: Any, what: Any, _options: Any, _observe: Any, end: Any) -> Any:
        if what == ["long"]:
            began.set()
            while not end.requested:
                ended.wait(0.01)
            ended.wait(0.2)
            ended.set()
        raise TangleError(f"{what[0]}: {ended.is_set()}")

    async def session() -> str:
        runner = Runner(run)
        project: Any = None
        first = asyncio.create_task(runner.run(project, ["long"], print, Interrupt()))
        await asyncio.to_thread(began.wait, PATIENCE)
        first.cancel()
        async with asyncio.timeout(PATIENCE):
            outcome = await runner.run(project, ["next"], print, Interrupt())
        assert first.cancelled()
        assert not runner.cancel()
        return outcome.message

    assert asyncio.run(session()) == "next: True"


def test_a_run_that_is_cancelled_while_it_waits_does_not_begin() -> None:
    def run(*_: Any) -> Any:
        raise AssertionError("it began")

    interrupt = Interrupt()
    interrupt.request()
    project: Any = None
    outcome = asyncio.run(Runner(run).run(project, ["3.6"], print, interrupt))
    assert (outcome.message, outcome.failed) == ("cancelled", True)
