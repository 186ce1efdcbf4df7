"""An editor for tests: pygls's client, which starts `tangle lsp` and remembers what it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.client import LanguageClient

PATIENCE: Final = 30.0


class Editor:
    """A client with open documents, each with the text and version that it has."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.problems: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.progress: list[Any] = []
        self.is_up = True
        self._news = asyncio.Event()

    def reports(self) -> int:
        """Count the reports of progress."""
        return sum(news.value["kind"] == "report" for news in self.progress)

    async def hang_up(self) -> None:
        """End the connection as an editor that crashes does, and wait for the end of the server."""
        self.is_up = False
        server: Any = self.client._server
        server.stdin.close()
        async with asyncio.timeout(PATIENCE):
            await server.wait()

    def uri(self, page: str) -> str:
        return (self.root / page).as_uri()

    def note(self) -> None:
        self._news.set()

    async def until(self, met: Callable[[], bool]) -> None:
        """Wait until something that the server sends has made a condition true."""
        async with asyncio.timeout(PATIENCE):
            while not met():
                self._news.clear()
                await self._news.wait()

    def open(self, page: str, text: str | None = None) -> str:
        uri = page if page.startswith("untitled:") else self.uri(page)
        found = text if text is not None else (self.root / page).read_bytes().decode()
        self.texts[uri], self.versions[uri] = found, 1
        item = types.TextDocumentItem(uri=uri, language_id="markdown", version=1, text=found)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def edit(self, uri: str, old: str, new: str) -> None:
        """Replace the only place of a text, as an editor with UTF-16 columns says it."""
        before, _, rest = self.texts[uri].partition(old)
        assert old not in rest
        self.replace(uri, len(before), len(before) + len(old), new)

    def replace(self, uri: str, start: int, end: int, new: str) -> None:
        text = self.texts[uri]
        change = types.TextDocumentContentChangePartial(
            range=types.Range(start=utf16(text, start), end=utf16(text, end)), text=new
        )
        self.texts[uri] = text[:start] + new + text[end:]
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        params = types.DidChangeTextDocumentParams(document, [change])
        self.client.text_document_did_change(params)

    def close(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def save(self, uri: str, page: str) -> None:
        (self.root / page).write_bytes(self.texts[uri].encode())
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def codes(self, uri: str) -> list[Any]:
        found = self.problems.get(uri)
        return [entry.code for entry in found.diagnostics] if found is not None else []

    def at(self, uri: str, text: str, within: int = 0) -> dict[str, Any]:
        """The place of the only such text in a document, as the parameters of a question."""
        before, _, rest = self.texts[uri].partition(text)
        assert text not in rest
        position = utf16(self.texts[uri], len(before) + within)
        return {"text_document": types.TextDocumentIdentifier(uri), "position": position}


def utf16(text: str, offset: int) -> types.Position:
    """Where an editor has a character whose lines end at line feeds."""
    line = text.count("\n", 0, offset)
    start = text.rfind("\n", 0, offset) + 1
    return types.Position(line, len(text[start:offset].encode("utf-16-le")) // 2)


@contextlib.asynccontextmanager
async def editor(
    root: Path,
    *,
    encodings: Sequence[str] = ("utf-16",),
    folder: Path | None = None,
    watches: bool = False,
    settings: dict[str, str] | None = None,
) -> AsyncIterator[Editor]:
    """Start `tangle lsp`, and end it in good order."""
    client = LanguageClient("tests", "1")
    found = Editor(client, root)

    def published(params: types.PublishDiagnosticsParams) -> None:
        found.problems[params.uri] = params
        found.note()

    def shown(params: types.ShowMessageParams) -> None:
        found.messages.append(params.message)
        found.note()

    def progressed(params: types.ProgressParams) -> None:
        found.progress.append(params)
        found.note()

    def created(_: types.WorkDoneProgressCreateParams) -> None:
        return None

    def registered(_: types.RegistrationParams) -> None:
        return None

    for method, answer in (
        (types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, published),
        (types.WINDOW_SHOW_MESSAGE, shown),
        (types.PROGRESS, progressed),
        (types.WINDOW_WORK_DONE_PROGRESS_CREATE, created),
        (types.CLIENT_REGISTER_CAPABILITY, registered),
    ):
        client.feature(method)(answer)
    await client.start_io(sys.executable, "-m", "tangle_cli", "lsp", cwd=str(folder or root))
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(name) for name in encodings]
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=watches
            )
        ),
    )
    where = types.WorkspaceFolder(uri=(folder or root).as_uri(), name="notes")
    async with asyncio.timeout(PATIENCE):
        await client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[where],
                initialization_options=settings,
            )
        )
    client.initialized(types.InitializedParams())
    try:
        yield found
    finally:
        async with asyncio.timeout(PATIENCE):
            if found.is_up:
                await client.shutdown_async(None)
                client.exit(None)
            stop: Any = client.stop  # it has no annotations
            await stop()
