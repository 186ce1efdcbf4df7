"""Python's answers: those of a Python language server, brought back to the notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lsprotocol import types

from tangle.lsp.backend import Backend, Gone, Json
from tangle.lsp.scripts import Files, Spot
from tangle.lsp.session import Session
from tangle.model import PagePath

_WORD: Final = re.compile(r"\w*$")
_UNKNOWN: Final = re.compile(r"```python\nUnknown\n```\s*")
"""What ty says of a name of which it knows nothing."""

MOST: Final = 300
"""Completions that are passed on; the rest come as more is typed."""


class Question:
    """A place in a page's code, as the server has it; made before anything is awaited."""

    def __init__(self, session: Session, path: PagePath, spot: Spot, files: Files) -> None:
        """Take the notes as they are now.

        Args:
            session: the notes.
            path: of the page.
            spot: the place in a script.
            files: the scripts.
        """
        self.session, self.path, self.spot, self.files = session, path, spot, files
        self.texts = self.files.texts(spot.unit)
        self.offset = spot.offset
        self.line = session.text(path).string[: self.offset].rpartition("\n")[2]

    def cut_word(self) -> None:
        """Take away the rest of the word: servers complete only where one ends."""
        uri, column = self.files.uri(self.spot.unit), self.spot.column
        lines = self.texts[uri].split("\n")
        line = lines[self.spot.line]
        lines[self.spot.line] = line[:column] + re.sub(r"^\w+", "", line[column:])
        self.texts[uri] = "\n".join(lines)

    @property
    def params(self) -> Json:
        """The place, as a request has it."""
        return {
            "textDocument": {"uri": self.files.uri(self.spot.unit)},
            "position": {"line": self.spot.line, "character": self.spot.column},
        }


async def completions(backend: Backend, asked: Question) -> list[types.CompletionItem]:
    """Return what Python knows of what is typed; nothing where the server has no answer.

    Args:
        backend: the server.
        asked: the place.
    """
    word = _WORD.search(asked.line)
    typed = word[0] if word is not None else ""
    start = asked.offset - len(typed)
    place = asked.session.range(asked.path, start, asked.offset)
    asked.cut_word()
    result = await _answer(backend, asked, "textDocument/completion")
    items = result.get("items") if isinstance(result, dict) else result
    # An import that the server would add has no place in the notes.
    found = [
        _item(item, place)
        for item in items or ()
        if not item.get("additionalTextEdits") and item["label"].startswith(typed)
    ]
    return found[:MOST]


def _item(item: Mapping[str, Any], place: types.Range) -> types.CompletionItem:
    kind = item.get("kind")
    return types.CompletionItem(
        label=item["label"],
        kind=types.CompletionItemKind(kind) if kind else None,
        detail=item.get("detail"),
        sort_text="9" + str(item.get("sortText") or item["label"]),
        text_edit=types.TextEdit(range=place, new_text=item["label"]),
    )


async def hover_text(backend: Backend, asked: Question) -> str:
    """Return what Python knows of a name, in Markdown; empty where nothing.

    Args:
        backend: the server.
        asked: the place.
    """
    result = await _answer(backend, asked, "textDocument/hover")
    contents = result.get("contents") if isinstance(result, dict) else None
    value = contents.get("value") if isinstance(contents, dict) else contents
    return value if isinstance(value, str) and not _UNKNOWN.fullmatch(value) else ""


async def signatures(backend: Backend, asked: Question) -> Any:
    """Return the signatures of a call, as the server has them.

    Args:
        backend: the server.
        asked: the place.
    """
    return await _answer(backend, asked, "textDocument/signatureHelp")


async def places(backend: Backend, asked: Question) -> list[types.Location]:
    """Return where a name is defined: in the notes, or in a library.

    Args:
        backend: the server.
        asked: the place.
    """
    return _locations(asked, await _answer(backend, asked, "textDocument/definition"))


async def uses(backend: Backend, asked: Question, *, declaration: bool) -> list[types.Location]:
    """Return where a name occurs that is no name of the notes: a local one, or a library's.

    Args:
        backend: the server.
        asked: the place.
        declaration: whether the place counts where it is bound.
    """
    context = {"context": {"includeDeclaration": declaration}}
    result = await _answer(backend, asked, "textDocument/references", context)
    return _locations(asked, result)


def _locations(asked: Question, result: Any) -> list[types.Location]:
    entries = [result] if isinstance(result, dict) else result or []
    found: dict[str, types.Location] = {}
    for entry in entries:
        location = _location(asked, entry)
        if location is not None:
            found[str(location)] = location
    return list(found.values())


def _location(asked: Question, entry: Mapping[str, Any]) -> types.Location | None:
    uri = entry.get("targetUri") or entry["uri"]
    place = entry.get("targetSelectionRange") or entry["range"]
    start, end = place["start"], place["end"]
    origin = asked.files.origin(asked.spot.unit, uri, start["line"])
    if origin is not None:
        text = asked.session.text(origin.path)
        first = text.of_line(origin.line, origin.margin + start["character"] + 1)
        length = end["character"] - start["character"] if start["line"] == end["line"] else 0
        return asked.session.location(origin.path, first, first + max(length, 0))
    if uri in asked.texts:
        return None  # a line that no note holds
    # Columns of libraries count characters, which matters only behind others than Latin ones.
    whole = types.Range(types.Position(**start), types.Position(**end))
    return types.Location(uri=uri, range=whole)


async def _answer(
    backend: Backend, asked: Question, method: str, more: Mapping[str, Any] | None = None
) -> Any:
    try:
        return await backend.ask(asked.texts, method, {**asked.params, **(more or {})})
    except Gone:
        return None
