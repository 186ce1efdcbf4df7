"""Ask about a place that a mark (`¦`) names in a page's text, without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from tangle.lsp.session import Session
from tangle.model import PagePath
from tangle.verbs.project import find_project
from tests.graphs import MakeNotes

MARK = "¦"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A session, and the place in one of its pages that has the mark."""

    session: Session
    path: PagePath
    offset: int

    @property
    def at(self) -> tuple[Session, PagePath, int]:
        return self.session, self.path, self.offset

    def shown(self, locations: list[types.Location]) -> list[str]:
        """Places as `Page:line:column text`, counted from 1."""
        return sorted(self._shown(entry) for entry in locations)

    def _shown(self, location: types.Location) -> str:
        path = self.session.path_of(location.uri)
        assert path is not None
        start, end = location.range.start, location.range.end
        text = self.session.text(path)
        found = text.string[
            text.offset(start, self.session.encoding) : text.offset(end, self.session.encoding)
        ]
        return f"{Path(path).stem}:{start.line + 1}:{start.character + 1} {found}"


def session_of(root: Path) -> Session:
    project = find_project(start=root, graph=None, output=None, config=None)
    return Session(project)


def asked(notes: MakeNotes, pages: Mapping[str, str], config: str | None = None) -> Asked:
    """Make a graph of pages, of which one has the mark, and a configuration."""
    (name,) = (name for name, text in pages.items() if MARK in text)
    graph = notes({name: text.replace(MARK, "") for name, text in pages.items()})
    if config is not None:
        (graph.root / "tangle.toml").write_text(config, encoding="utf-8")
    session = session_of(graph.root)
    return Asked(session=session, path=PagePath(f"pages/{name}.md"), offset=pages[name].index(MARK))


def edited(session: Session, edit: types.WorkspaceEdit) -> dict[str, str]:
    """The pages after an edit of the workspace, by their names."""
    found = {}
    for change in edit.document_changes or ():
        assert isinstance(change, types.TextDocumentEdit)
        page = session.path_of(change.text_document.uri)
        assert page is not None
        text = session.text(page)
        string = text.string
        for one in sorted(change.edits, key=_start, reverse=True):
            assert isinstance(one, types.TextEdit)
            start, end = (
                text.offset(place, session.encoding) for place in (one.range.start, one.range.end)
            )
            string = string[:start] + one.new_text + string[end:]
        found[Path(page).stem] = string
    return found


def _start(edit: object) -> tuple[int, int]:
    assert isinstance(edit, types.TextEdit)
    return edit.range.start.line, edit.range.start.character
