"""The Python language server as a child."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tangle.lsp import backend
from tangle.lsp.backend import Backend

if TYPE_CHECKING:
    import pytest

PATIENCE = 20.0
SLOW = """
import json, sys, time

asked = []
while line := sys.stdin.buffer.readline():
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(int(line.split(b":")[1])))
    asked.append(message["method"])
    if message["method"] == "initialize":
        time.sleep(1)
    if "id" in message:
        answer = json.dumps({"id": message["id"], "result": asked}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(answer) + answer)
        sys.stdout.buffer.flush()
"""


def test_a_start_goes_on_when_the_first_question_is_withdrawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backend, "COMMANDS", {"slow": (sys.executable, "-c", SLOW)})
    why: list[str] = []

    async def session() -> object:
        server = Backend("slow", tmp_path, why.append)
        first = asyncio.create_task(server.ask({}, "first", {}))
        await asyncio.sleep(0.2)
        first.cancel()
        async with asyncio.timeout(PATIENCE):
            found = await server.ask({}, "second", {})
            await server.stop()
        return found

    assert asyncio.run(session()) == ["initialize", "initialized", "second"]
    assert why == []
