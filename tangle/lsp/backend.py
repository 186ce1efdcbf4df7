"""A Python language server as a child: requests, and a new start when it ends or hangs.

Its messages are read as plain JSON: lsprotocol cannot read all that such servers say of themselves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from tangle.engine.tool import end_tool, start_tool

COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ty": ("ty", "server"),
    "basedpyright": ("basedpyright-langserver", "--stdio"),
}
"""The programs by what an editor's settings call them."""

_PATIENCE: Final = 4.0
"""Seconds that an answer may take."""

_FIRST_PATIENCE: Final = 20.0
"""Seconds that the start may take."""

_STARTS: Final = 3
"""How often it is started before it is given up."""

_LIMIT: Final = 64 * 1024 * 1024

Json = dict[str, Any]


class Gone(Exception):
    """There is no answer: the server is missing, has ended, or takes too long."""


class Backend:
    """One child, started when it is first asked.

    Attributes:
        folder: where it works.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        report: Callable[[str], None],
        commands: Mapping[str, Sequence[str]] = COMMANDS,
    ) -> None:
        """Start nothing yet.

        Args:
            kind: which server, by its name in the settings.
            folder: where it works.
            report: called once with the reason why there will be no answers.
            commands: what starts each kind.
        """
        self._kind = kind
        self._command = commands[kind]
        self.folder = folder
        self._report = report
        self._starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._starting = asyncio.Lock()
        self._texts: dict[str, tuple[int, str]] = {}

    async def ask(self, texts: Mapping[str, str], method: str, params: Json) -> Any:
        """Return the result of a request.

        Args:
            texts: the documents that it is about, by address, as they are now.
            method: of the request.
            params: its parameters.

        Raises:
            Gone: there is none.
        """
        # Editors cancel requests as more is typed; the start continues for the next one.
        await asyncio.shield(self._start())
        for uri, text in texts.items():
            self._sync(uri, text)
        try:
            return await self._request(method, params, _PATIENCE)
        except TimeoutError:
            await self.stop()
            raise Gone(method) from None

    async def stop(self) -> None:
        """End the child; the next question starts another."""
        process, self._process = self._process, None
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        self._texts.clear()
        for future in self._waiting.values():
            future.cancel()
        self._waiting.clear()
        if process is not None:
            await end_tool(process)

    async def _start(self) -> None:
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            await self.stop()
            if self._starts >= _STARTS:
                raise Gone(self._kind)
            self._starts += 1
            name, *arguments = self._command
            self._process = await start_tool(name, *arguments, folder=self.folder)
            if self._process is None:
                self._give_up(f"{name} is not installed or cannot be started")
            self._reader = asyncio.create_task(self._read(self._process))
            try:
                await self._request("initialize", self._greeting(), _FIRST_PATIENCE)
            except TimeoutError:
                await self.stop()
                self._give_up(f"{name} does not answer")
            self._send({"method": "initialized", "params": {}})

    def _give_up(self, why: str) -> NoReturn:
        self._starts = _STARTS
        self._report(f"{why}: there are no answers about Python beyond those of the notes")
        raise Gone(self._kind)

    def _greeting(self) -> Json:
        return {
            "processId": None,
            "rootUri": self.folder.as_uri(),
            "workspaceFolders": [{"uri": self.folder.as_uri(), "name": "notes"}],
            "capabilities": {
                "general": {"positionEncodings": ["utf-32"]},
                "textDocument": {
                    "hover": {"contentFormat": ["markdown"]},
                    "signatureHelp": {
                        "signatureInformation": {"documentationFormat": ["markdown"]}
                    },
                },
            },
        }

    def _sync(self, uri: str, text: str) -> None:
        """Give a document as it is now, if it was given otherwise before."""
        version, before = self._texts.get(uri, (0, ""))
        if version and before == text:
            return
        self._texts[uri] = (version + 1, text)
        if version:
            document: Json = {"uri": uri, "version": version + 1}
            params: Json = {"textDocument": document, "contentChanges": [{"text": text}]}
            self._send({"method": "textDocument/didChange", "params": params})
        else:
            document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    async def _request(self, method: str, params: Json, patience: float) -> Any:
        self._number += 1
        number = self._number
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._send({"id": number, "method": method, "params": params})
        try:
            async with asyncio.timeout(patience):
                return await future
        except asyncio.CancelledError:
            if future.cancelled():
                raise Gone(method) from None
            raise
        finally:
            self._waiting.pop(number, None)

    def _send(self, message: Json) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            raise Gone(self._kind)
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Read messages until there are no more; whoever waits then has no answer."""
        try:
            while (message := await _message(process.stdout)) is not None:
                self._take(message)
        finally:
            for future in self._waiting.values():
                future.cancel()

    def _take(self, message: Json) -> None:
        if "method" in message:
            if "id" in message:  # it asks for settings, or to register: there are none
                asked = message.get("params") or {}
                items = asked.get("items") if isinstance(asked, dict) else None
                result = [None] * len(items) if items is not None else None
                self._send({"id": message["id"], "result": result})
            return
        future = self._waiting.get(message.get("id", -1))
        if future is not None and not future.done():
            future.set_result(message.get("result"))


async def _message(stream: asyncio.StreamReader | None) -> Json | None:
    """The next message; None at the end, or where something else than one comes."""
    if stream is None:
        return None
    length = 0
    try:
        while (line := await stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if not 0 < length < _LIMIT:
            return None
        found = json.loads(await stream.readexactly(length))
    except (ValueError, asyncio.IncompleteReadError):
        return None
    return found if isinstance(found, dict) else None
