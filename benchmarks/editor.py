"""How soon `tangle lsp` answers during typing, and how much memory it uses.

    python -m benchmarks.editor [--pages 5000] [--keys 60]

Makes a graph of so many pages, opens one with code in pygls's client, and types into a chunk of
it. Prints a Markdown table: from a key to the problems, and from a question to completions, each as
median and 95th percentile; CPU time and memory of the server, without a Python language server.
"""

# ruff: noqa: T201  (a script talks to the person who runs it)

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.any_pages import graph, write

_PATIENCE = 300.0
_KEY = 0.12


class _Typist:
    """A client with one page open."""

    def __init__(self, page: Path) -> None:
        self.client = LanguageClient("benchmark", "1")
        self.uri = page.as_uri()
        self.text = page.read_text(encoding="utf-8")
        self.version = 1
        self._seen: dict[str, int | None] = {}
        self._news = asyncio.Event()

        def published(params: types.PublishDiagnosticsParams) -> None:
            self._seen[params.uri] = params.version
            self._news.set()

        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)

    async def start(self, root: Path) -> None:
        """Start the server, and open the page."""
        await self.client.start_io(sys.executable, "-m", "tangle_cli", "lsp", cwd=str(root))
        folder = types.WorkspaceFolder(uri=root.as_uri(), name="notes")
        params = types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[folder],
            initialization_options={"python": "off"},
        )
        await self.client.initialize_async(params)
        self.client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(self.uri, "markdown", 1, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await self.problems()

    async def problems(self) -> None:
        """Wait for the problems of the text as it is."""
        async with asyncio.timeout(_PATIENCE):
            while self._seen.get(self.uri) != self.version:
                self._news.clear()
                await self._news.wait()

    def type(self, place: types.Position, key: str) -> None:
        """Insert a key."""
        self.version += 1
        change = types.TextDocumentContentChangePartial(types.Range(place, place), key)
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def complete(self, place: types.Position) -> None:
        """Ask for completions."""
        document = types.TextDocumentIdentifier(self.uri)
        await self.client.text_document_completion_async(
            types.CompletionParams(text_document=document, position=place)
        )

    async def end(self) -> None:
        """End the server."""
        await self.client.shutdown_async(None)
        self.client.exit(None)
        stop: Any = self.client.stop
        await stop()


async def _measure(root: Path, page: Path, keys: int) -> None:
    typist = _Typist(page)
    start = time.perf_counter()
    await typist.start(root)
    first = time.perf_counter() - start
    server = psutil.Process().children()[0]
    before = typist.text[: typist.text.index("print(") + len("print(")]
    place = types.Position(before.count("\n"), len(before.rpartition("\n")[2]))
    behind = types.Position(place.line, place.character + 1)
    problems, completions = [], []
    used = sum(server.cpu_times()[:2])
    for number in range(keys):
        await asyncio.sleep(_KEY)
        start = time.perf_counter()
        typist.type(place, "x" if number % 2 else "(")
        await typist.problems()
        problems.append(time.perf_counter() - start)
    cpu = (sum(server.cpu_times()[:2]) - used) / keys
    for _ in range(keys):
        start = time.perf_counter()
        await typist.complete(behind)
        completions.append(time.perf_counter() - start)
    memory = server.memory_info().rss / 2**20
    await typist.end()
    print("| first problems, s | key to problems, ms | CPU a key, ms | completion, ms | MiB |")
    print("|---|---|---|---|---|")
    found = (f"{first:.1f}", _both(problems), f"{1e3 * cpu:.0f}", _both(completions))
    print(f"| {' | '.join(found)} | {memory:.0f} |")


def _both(seconds: Sequence[float]) -> str:
    last = sorted(seconds)[int(0.95 * len(seconds))]
    return f"{1e3 * statistics.median(seconds):.0f} ({1e3 * last:.0f})"


def main() -> None:
    """Make the graph, and type into it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--keys", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write(root, graph(options.pages, 1))
        pages = (path for path in sorted((root / "pages").glob("Notes *.md")))
        page = next(path for path in pages if b"print(" in path.read_bytes())
        asyncio.run(_measure(root, page, options.keys))


if __name__ == "__main__":
    main()
