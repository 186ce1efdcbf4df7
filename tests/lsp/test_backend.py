"""The Python language server as a child."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tangle.lsp.backend import Backend

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


def test_a_start_goes_on_when_the_first_question_is_withdrawn(tmp_path: Path) -> None:
    commands = {"slow": (sys.executable, "-c", SLOW)}
    why: list[str] = []

    async def session() -> object:
        server = Backend("slow", tmp_path, why.append, commands)
        first = asyncio.create_task(server.ask({}, "first", {}))
        await asyncio.sleep(0.2)
        first.cancel()
        async with asyncio.timeout(PATIENCE):
            found = await server.ask({}, "second", {})
            await server.stop()
        return found

    assert asyncio.run(session()) == ["initialize", "initialized", "second"]
    assert why == []
