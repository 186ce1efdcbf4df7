"""Repairs and imports that an editor can insert."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from tangle.analyse import ChunkCode
from tangle.lsp.names import names_in, units_on
from tangle.lsp.session import Session
from tangle.lsp.texts import edits_between
from tangle.model import Page, PagePath
from tangle.model.problems.page import PROPERTY_IN_CODE
from tangle.notes import units
from tangle.write import Entangled, with_repair, without_written_lines


def code_actions(session: Session, path: PagePath, start: int, end: int) -> list[types.CodeAction]:
    """Return the repairs and imports that apply to a stretch of a page.

    Args:
        session: the notes.
        path: of the page.
        start: its first character.
        end: behind its last one.
    """
    page = session.page(path)
    if page is None:
        return []
    text = session.text(path)
    first, last = text.line_of(start), text.line_of(end)
    found: dict[str, types.CodeAction] = {}
    for action in _written_lines(session, page, (first, last)):
        found.setdefault(action.title, action)
    for unit in units_on(session.core, path):
        for at, code in enumerate(units.code(session.core, unit).chunks):
            chunk = code.written
            if chunk.page != path or not _touches(code, first, last):
                continue
            for action in (*_repair(session, page, code), *_imports(session, unit, at)):
                found.setdefault(f"{action.title} {chunk.line}", action)
    return list(found.values())


def _touches(code: ChunkCode, first: int, last: int) -> bool:
    """Whether a chunk is on some of the lines, its fence included."""
    chunk = code.written
    return chunk.line <= last and first <= chunk.line + len(chunk.lines) + 1


def _action(session: Session, path: PagePath, title: str, new: str) -> types.CodeAction:
    text = session.text(path)
    return _with_edits(session, path, title, edits_between(text, new, session.encoding))


def _with_edits(
    session: Session, path: PagePath, title: str, edits: list[types.TextEdit]
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        edit=types.WorkspaceEdit(document_changes=[session.document_edit(path, edits)]),
    )


def _repair(session: Session, page: Page, code: ChunkCode) -> Iterator[types.CodeAction]:
    """The one certain repair of a chunk that does not parse, as `check --fix` makes it."""
    diagnosis = code.parsed.diagnosis
    chunk = code.written
    if diagnosis is None or diagnosis.sure is None or not chunk.is_as_written:
        return
    try:
        data = with_repair(page, chunk, diagnosis.sure.lines)
    except Entangled:
        return
    title = f"Repair the chunk: {'; '.join(diagnosis.sure.causes)}"
    yield _action(session, page.path, title, data.decode("utf-8-sig"))


def _written_lines(
    session: Session, page: Page, lines: tuple[int, int]
) -> Iterator[types.CodeAction]:
    """The removal of properties that Logseq wrote into code."""
    if not any(problem.code == PROPERTY_IN_CODE.code for problem in page.problems):
        return
    try:
        data, fences = without_written_lines(page)
    except Entangled:
        return
    first, last = lines
    if any(f.line <= last and first <= f.line + f.code.count("\n") + 1 for f in fences):
        title = "Remove the properties that Logseq wrote into code"
        yield _action(session, page.path, title, data.decode("utf-8-sig"))


def _imports(session: Session, unit: int, at: int) -> Iterator[types.CodeAction]:
    """The imports that are supplied for names which a chunk is the first to use."""
    core = session.core
    code = units.code(core, unit).chunks[at]
    if not code.statements or code.chunk.session or code.parsed.rows or code.parsed.foreign:
        return
    uses: dict[str, int] = {}
    for standing in names_in(core, unit):
        if standing.found.kind == "uses":
            uses.setdefault(standing.found.name, standing.chunk)
    for entry in units.session(core, unit).prelude:
        first = min((uses[name] for name in entry.names if name in uses), default=None)
        if entry.kind == "supplied" and first == at:
            edit = _inserted(session, code, entry.text)
            if edit is not None:
                title = f"Write the supplied import: {entry.text}"
                yield _with_edits(session, code.chunk.page, title, [edit])


def _inserted(session: Session, code: ChunkCode, line: str) -> types.TextEdit | None:
    """A line of code before the first statement that may come after it."""
    first = next((s for s in code.statements if not s.future), None)
    if first is None or not first.alone:
        return None
    place = code.start(first)
    if place.path != code.chunk.page:
        return None
    text = session.text(place.path)
    start, _ = text.line_span(place.line)
    margin = text.string[start : start + max(place.column - 1, 0)]
    end = "\r\n" if text.string[start:].partition("\n")[0].endswith("\r") else "\n"
    return types.TextEdit(
        range=session.range(place.path, start, start), new_text=f"{margin}{line}{end}"
    )
