"""Resolve the names of sections on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from tangle.analyse import Session
from tangle.errors import UsageError
from tangle.model import SectionName
from tangle.notes import UnitRow
from tangle.verbs.block_address import chunks_at
from tangle.verbs.lookup import AmbiguousTitle, named_parts, titled
from tangle.verbs.notes import Notes
from tangle.verbs.parts import Named
from tangle.verbs.unknown_names import NoCode, UnknownSection, unknown, unquoted


class SeveralScripts(UsageError):
    """The section is a chapter, which has a script for each of its sections."""

    def __init__(self, wanted: str, names: Sequence[str]) -> None:
        """Say which it has."""
        super().__init__(f"{wanted!r}: it has several scripts; name one: {', '.join(names)}")


class Selected(Struct, frozen=True, kw_only=True):
    """A session, whole or to the end of one of its sections.

    Attributes:
        chunks: how many of its chunks take part.
    """

    session: Session
    chunks: int

    def only(self, wanted: Iterable[int]) -> Selected:
        """The same with nothing but some chunks, and those that they need; the others do not run.

        Args:
            wanted: their places among the session's chunks.
        """
        from tangle.analyse.dependencies import sliced  # few runs are of one block

        return Selected(session=sliced(self.session, wanted), chunks=max(wanted) + 1)


def select(notes: Notes, wanted: Iterable[str]) -> tuple[Selected, ...]:
    """Return the sessions that the arguments name, and those that they need, in reading order.

    Args:
        notes: the notes.
        wanted: names of sections, chapters, pages or headings, and addresses of blocks.

    Raises:
        UnknownSection: an argument names no section.
        Ambiguous: an argument names several.
        NoCode: it names one without code.
        UnknownBlock, NoChunkThere: it is the address of a block that is not there, or has no code.
    """
    found, blocks = _wanted(notes, list(wanted))
    by_name = {row.name: row for row in notes.rows}
    todo = list(found)
    while todo:
        for need in by_name[todo.pop()].needs:
            if need in by_name and need not in found and by_name[need].chunks:
                found[need] = len(by_name[need].chunks)
                todo.append(need)
    rows = [row for row in notes.rows if row.name in found]
    sessions = _sessions(notes, ((row, found[row.name]) for row in _needs_first(rows)))
    return tuple(
        one.only(blocks[one.session.name]) if one.session.name in blocks else one
        for one in sessions
    )


def named_chunks(notes: Notes, wanted: Iterable[str]) -> dict[SectionName, frozenset[int]]:
    """Return the places of the chunks that the arguments name, by unit.

    They are those that `run` would run for the same arguments, without what these need.

    Args:
        notes: the notes.
        wanted: as `select` takes them.

    Raises:
        UnknownSection, Ambiguous, NoCode, UnknownBlock, NoChunkThere: as `select` does.
    """
    found, blocks = _wanted(notes, list(wanted))
    return {name: frozenset(blocks.get(name) or range(count)) for name, count in found.items()}


def _wanted(
    notes: Notes, names: Sequence[str]
) -> tuple[dict[SectionName, int], dict[SectionName, set[int]]]:
    """The same as `_each_wanted`; a title that the shell has split gets a separate error."""
    try:
        return _each_wanted(notes, names)
    except (UnknownSection, AmbiguousTitle, NoCode) as error:
        raise unquoted(notes, names) or error from None


def _each_wanted(
    notes: Notes, names: Iterable[str]
) -> tuple[dict[SectionName, int], dict[SectionName, set[int]]]:
    """How many chunks of each section take part; and which of them, where blocks were named."""
    found: dict[SectionName, int] = {}
    blocks: dict[SectionName, set[int]] = {}
    for name in names:
        at = None if titled(notes, name) else chunks_at(notes, name)
        for block in at or ():
            blocks.setdefault(block.row.name, set()).update(block.chunks)
        for row, chunks in _named(notes, name) if at is None else ():
            found[row.name] = max(found.get(row.name, 0), chunks)
    for section, chunks_of in list(blocks.items()):
        if found.get(section, 0) > max(chunks_of):
            del blocks[section]  # they run in any case
        else:
            chunks_of.update(range(found.get(section, 0)))
            found[section] = max(chunks_of) + 1
    return found, blocks


def find_row(notes: Notes, wanted: str) -> UnitRow:
    """Return the one section that an argument names.

    Args:
        notes: the notes.
        wanted: its name.

    Raises:
        UnknownSection: it names no section.
        Ambiguous: it names several.
        NoCode: it names one without code.
        SeveralScripts: it names a chapter.
    """
    found = _named(notes, wanted)
    if len(found) > 1:
        # A page's title means the script of what is in none of its sections.
        found = tuple(part for part in found if part[0].section.block < 0) or found
    if len(found) > 1:
        raise SeveralScripts(wanted, [row.name for row, _ in found])
    return found[0][0]


def select_all(notes: Notes) -> tuple[Selected, ...]:
    """Return every session that has code, in reading order."""
    rows = [row for row in notes.rows if row.chunks]
    return _sessions(notes, ((row, len(row.chunks)) for row in _needs_first(rows)))


def _sessions(notes: Notes, rows: Iterable[tuple[UnitRow, int]]) -> tuple[Selected, ...]:
    by_name = notes.plan.by_name
    return tuple(Selected(session=by_name[row.name], chunks=count) for row, count in rows)


def _needs_first(rows: Sequence[UnitRow]) -> list[UnitRow]:
    """Sections with those they need before them; where needs run in a circle, as they stand."""
    names = {row.name: row for row in rows}
    done: dict[SectionName, UnitRow] = {}
    for row in rows:
        stack = [row]
        entered: set[SectionName] = set()
        while stack:
            top = stack[-1]
            entered.add(top.name)
            missing = [
                names[need]
                for need in top.needs
                if need in names and need not in done and need not in entered
            ]
            if missing:
                stack.append(missing[0])
            else:
                done.setdefault(top.name, top)
                stack.pop()
    return list(done.values())


def _named(notes: Notes, wanted: str) -> tuple[Named, ...]:
    found = named_parts(notes, wanted)
    if found is None:
        raise unknown(notes, wanted)
    if not any(chunks for _, chunks in found):
        page = notes.page_of_title(wanted)
        raise NoCode(wanted, excluded=page is not None and notes.is_excluded(page))
    return tuple(part for part in found if part[1])
