"""What can be run at a chunk, and marks of outputs that are stale or failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lsprotocol import types

from tangle.lsp.names import units_on
from tangle.lsp.session import Session
from tangle.model import PagePath
from tangle.notes import UnitRow, units
from tangle.verbs.queries import FoundOutput

RUN: Final = "tangle.run"
"""The command; its arguments name what is run, as those of `tangle run` do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hosted:
    """A chunk of a unit that takes part on a page.

    Attributes:
        line: of its fence, or of the block whose reference stands for it.
    """

    unit: int
    at: int
    line: int


def code_lenses(session: Session, path: PagePath) -> list[types.CodeLens]:
    """Return what can be run at the chunks and sections of a page.

    Args:
        session: the notes.
        path: of the page.
    """
    found: list[types.CodeLens] = []
    for unit, hosted in _by_unit(session, path).items():
        row = units.row(session.core, unit)
        if row is None or not any(chunk.runs for chunk in row.chunks):
            continue
        at = row.section.line if row.section.page == path else hosted[0].line
        found.append(_lens(session, path, at, f"Run section {row.name}", [_name(row)]))
        above: list[str] = []
        for entry in hosted:
            target = f"{path}:{entry.line}"
            if row.chunks[entry.at].runs and target not in above:
                found.append(_lens(session, path, entry.line, "Run", [target]))
                if above:
                    lens = _lens(session, path, entry.line, "Run above", list(above))
                    found.append(lens)
                above.append(target)
    return found


def _name(row: UnitRow) -> str:
    return str(row.name) if row.section.number else f"[[{row.name}]]"


def _lens(
    session: Session, path: PagePath, line: int, title: str, what: list[str]
) -> types.CodeLens:
    command = types.Command(title=title, command=RUN, arguments=[*what])
    return types.CodeLens(range=session.line_range(path, line), command=command)


def _by_unit(session: Session, path: PagePath) -> dict[int, list[_Hosted]]:
    found: dict[int, list[_Hosted]] = {}
    for unit in units_on(session.core, path):
        hosted = list(_hosted(session, unit, path))
        if hosted:
            found[unit] = hosted
    return found


def _hosted(session: Session, unit: int, path: PagePath) -> Iterator[_Hosted]:
    page = session.page(path)
    for at, code in enumerate(units.code(session.core, unit).chunks):
        occurrence = code.occurrence
        if occurrence.page != path or page is None:
            continue
        own = code.chunk.page == path and code.chunk.block == occurrence.host
        line = code.chunk.line if own else page.blocks[occurrence.host].line
        yield _Hosted(unit=unit, at=at, line=line)


def inlay_hints(session: Session, path: PagePath, first: int, last: int) -> list[types.InlayHint]:
    """Return a mark at each chunk whose output is stale, or says that it failed.

    Args:
        session: the notes.
        path: of the page.
        first: the first line of the stretch that is shown, from 1.
        last: its last line.
    """
    standing = defaultdict(list)
    for output in session.notes.outputs.get(path, ()):
        if not (output.reworked or output.chunk_gone):
            standing[output.host].append(output)
    found: dict[int, str] = {}
    for unit, hosted in _by_unit(session, path).items() if standing else ():
        row = units.row(session.core, unit)
        if row is None:
            continue
        for entry in hosted:
            outputs = standing.get(row.chunks[entry.at].host)
            if outputs and first <= entry.line <= last and (label := _mark(row, entry.at, outputs)):
                found[entry.line] = label
    return [_hint(session, path, line, label) for line, label in sorted(found.items())]


def _mark(row: UnitRow, at: int, outputs: Sequence[FoundOutput]) -> str:
    """What to mark at a chunk whose host has outputs; empty where one is as it should be."""
    chunk = row.chunks[at]
    digests = {other.digest for other in row.chunks if other.host == chunk.host}
    fresh = [output for output in outputs if output.code_digest in digests]
    if any(output.failed for output in fresh):
        return "failed"
    return "" if any(output.code_digest == chunk.digest for output in fresh) else "stale"


def _hint(session: Session, path: PagePath, line: int, label: str) -> types.InlayHint:
    place = session.line_range(path, line).end
    return types.InlayHint(position=place, label=label, padding_left=True)
