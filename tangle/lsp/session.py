"""What an editor shows: open buffers over the notes, and where things are in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from lsprotocol import types

from tangle.lsp.texts import Encoding, Text, as_text, changed
from tangle.model import Page, PagePath
from tangle.notes import Core, pages, query
from tangle.verbs.notes import Notes
from tangle.verbs.open_notes import OpenNotes
from tangle.verbs.project import Project


@query()
def text_of(core: Core, path: PagePath) -> Text:
    """Return the text of a page."""
    return Text(core.data(path))


@dataclass(slots=True, kw_only=True)
class Buffer:
    """A page that is open in an editor.

    Attributes:
        uri: as the editor writes it.
        path: of the page; None if the file is no page of the graph.
        base: what the file held when the buffer was opened or saved; None without a file.
    """

    uri: str
    path: PagePath | None
    version: int
    text: Text
    base: bytes | None


class Session:
    """The notes as an editor has them.

    Attributes:
        encoding: how the editor counts columns.
        notes: the notes, with the open buffers.
    """

    def __init__(self, project: Project, encoding: Encoding = "utf-16") -> None:
        """Read the notes.

        Args:
            project: whose notes.
            encoding: how the editor counts columns.

        Raises:
            NotReadable: the graph's folder cannot be listed.
        """
        self.project = project
        self.encoding: Encoding = encoding
        self._open = OpenNotes(project)
        self.buffers: dict[str, Buffer] = {}

    @property
    def notes(self) -> Notes:
        """The notes as they are now."""
        return self._open.notes

    @property
    def core(self) -> Core:
        """The store of the notes."""
        return self.notes.core

    # --- buffers ----------------------------------------------------------------------------------

    def open(self, uri: str, version: int, string: str) -> None:
        """Take a page that an editor has opened.

        Args:
            uri: of the document.
            version: of its text.
            string: its text.
        """
        path = self._path(uri)
        buffer = Buffer(
            uri=uri,
            path=path,
            version=version,
            text=as_text(string),
            base=self._open.on_disk(path) if path is not None else None,
        )
        self.buffers[uri] = buffer
        self._lay(buffer)

    def change(
        self, uri: str, version: int, edits: Iterable[types.TextDocumentContentChangeEvent]
    ) -> None:
        """Take edits, one after the other; of a document that is not open they are ignored.

        Args:
            uri: of the document.
            version: of its text after them.
            edits: the edits.
        """
        buffer = self.buffers.get(uri)
        if buffer is None:
            return
        for edit in edits:
            buffer.text = changed(buffer.text, edit, self.encoding)
        buffer.version = version
        self._lay(buffer)

    def save(self, uri: str) -> None:
        """Note that a document was saved.

        Args:
            uri: of the document.
        """
        buffer = self.buffers.get(uri)
        if buffer is not None and buffer.path is not None:
            buffer.base = self._open.on_disk(buffer.path)
            self._open.look_at([self._file(buffer.path)])

    def close(self, uri: str) -> None:
        """Let the file count again.

        Args:
            uri: of the document.
        """
        buffer = self.buffers.pop(uri, None)
        if buffer is not None and buffer.path is not None:
            self._open.lift(buffer.path)

    def look_at(self, paths: Iterable[Path]) -> None:
        """Take in files that may have changed on disk.

        Args:
            paths: absolute.
        """
        self._open.look_at([self._in_graph(path) for path in paths])

    def end(self) -> None:
        """Let all files count again, and keep what is known of them for the next command."""
        self.buffers.clear()
        self._open.remember()

    def buffer_of(self, path: PagePath) -> Buffer | None:
        """Return the buffer of a page; None if it is not open.

        Args:
            path: of the page.
        """
        return next((b for b in self.buffers.values() if b.path == path), None)

    def changed_on_disk(self, path: PagePath) -> bool:
        """Return whether a page's file was changed behind the editor's back.

        Args:
            path: of the page.
        """
        buffer = self.buffer_of(path)
        if buffer is not None:
            return self._open.on_disk(path) != buffer.base
        return self._open.changed_on_disk(path)

    def unsaved(self) -> Iterator[PagePath]:
        """Yield the pages whose buffers differ from their files."""
        for buffer in self.buffers.values():
            path = buffer.path
            if path is not None and self._open.on_disk(path) != self.notes.sources.data[path]:
                yield path

    def _lay(self, buffer: Buffer) -> None:
        if buffer.path is not None:
            self._open.lay(buffer.path, buffer.text.data)

    # --- addresses --------------------------------------------------------------------------------

    def path_of(self, uri: str) -> PagePath | None:
        """Return the page of a document; None if it is no page that can be read.

        Args:
            uri: of the document.
        """
        buffer = self.buffers.get(uri)
        path = buffer.path if buffer is not None else self._path(uri)
        return path if path is not None and self.page(path) is not None else None

    def uri_of(self, path: PagePath) -> str:
        """Return the address of a page, as the editor writes it where the page is open.

        Args:
            path: of the page.
        """
        buffer = self.buffer_of(path)
        return buffer.uri if buffer is not None else uri_of_file(self._file(path))

    def page(self, path: PagePath) -> Page | None:
        """Return a page; None if it cannot be read.

        Args:
            path: of the page.
        """
        if path not in self.notes.sources.digests:
            return None
        found = pages.reading(self.core, path)
        return found if isinstance(found, Page) else None

    def paths(self) -> Iterable[PagePath]:
        """Return all pages, in order of path."""
        return self.notes.sources.digests

    def _file(self, path: PagePath) -> Path:
        return self.project.graph / path

    def _in_graph(self, file: Path) -> Path:
        """A file's path below the graph as the project writes it, whatever links lead there."""
        if file.is_relative_to(self.project.graph):
            return file
        folder = os.path.realpath(file.parent)
        graph = os.path.realpath(self.project.graph)
        if folder == graph or folder.startswith(graph + os.sep):
            return self.project.graph / os.path.relpath(folder, graph) / file.name
        return file

    def _path(self, uri: str) -> PagePath | None:
        """The page that a document is, or will be once it is saved."""
        parts = urlsplit(uri)
        if parts.scheme == "untitled":
            name = unquote(parts.path).strip("/").replace("/", "-") or "Untitled"
            return PagePath(f"{name}.md")
        file = file_of_uri(uri)
        if file is None:
            return None
        file = self._in_graph(file)
        if not file.is_relative_to(self.project.graph):
            return None
        path = PagePath(file.relative_to(self.project.graph).as_posix())
        return path if self._open.is_page(path) else None

    # --- places -----------------------------------------------------------------------------------

    def text(self, path: PagePath) -> Text:
        """Return the text of a page.

        Args:
            path: of the page.
        """
        return text_of(self.core, path)

    def offset(self, path: PagePath, position: types.Position) -> int:
        """Return the number of characters before a position, clamped to the text.

        Args:
            path: of the page.
            position: as the editor counts.
        """
        return self.text(path).offset(position, self.encoding)

    def lines(self, path: PagePath, place: types.Range) -> tuple[int, int]:
        """Return the first and the last line (from 1) that a stretch of a page touches.

        Args:
            path: of the page.
            place: as the editor counts.
        """
        text = self.text(path)
        first, last = (self.offset(path, end) for end in (place.start, place.end))
        return text.line_of(first), text.line_of(last)

    def range(self, path: PagePath, start: int, end: int) -> types.Range:
        """Return a stretch of a page, as the editor counts.

        Args:
            path: of the page.
            start: its first character.
            end: behind its last one.
        """
        return self.text(path).range(start, end, self.encoding)

    def location(self, path: PagePath, start: int, end: int) -> types.Location:
        """Return a stretch of a page, with its address; arguments as for `range`."""
        return types.Location(uri=self.uri_of(path), range=self.range(path, start, end))

    def document_edit(
        self, path: PagePath, edits: Iterable[types.TextEdit]
    ) -> types.TextDocumentEdit:
        """Return edits of a page, for the version of it that the editor has.

        Args:
            path: of the page.
            edits: the edits.
        """
        buffer = self.buffer_of(path)
        document = types.OptionalVersionedTextDocumentIdentifier(
            uri=self.uri_of(path), version=buffer.version if buffer is not None else None
        )
        return types.TextDocumentEdit(text_document=document, edits=[*edits])

    def line_range(self, path: PagePath, line: int) -> types.Range:
        """Return a line of a page (from 1), without its end and the blanks before it.

        Args:
            path: of the page.
            line: as `Place` counts.
        """
        start, end = self.text(path).line_span(line)
        string = self.text(path).string[start:end]
        return self.range(path, end - len(string.lstrip()), end)


def file_of_uri(uri: str) -> Path | None:
    """Return the file of an address; None if it is none.

    Args:
        uri: `file:` and a path, whose characters some editors leave as they are.
    """
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return None
    rest = uri.split("://", 1)[-1]  # a `#` or a `?` that was left alone belongs to the path
    path = unquote("/" + rest.split("/", 1)[1] if "/" in rest else "/")
    if os.name == "nt":
        path = path.lstrip("/")
    return Path(os.path.normpath(path))


def uri_of_file(file: Path) -> str:
    """Return the address of a file.

    Args:
        file: absolute.
    """
    path = file.as_posix()
    return "file://" + quote(path if path.startswith("/") else f"/{path}", safe="/")
