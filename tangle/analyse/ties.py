"""What each chunk of a session has to do with the names of others: what depends on one that failed.

A chunk depends on another by a name that the other defines or changes, and that it uses itself or
through a function that it may call. Nothing is run, so a call is any use of the function's name.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from tangle.analyse.code import GIVEN, ChunkCode, UnitCode, names_lost
from tangle.analyse.names import Statement
from tangle.analyse.plan import Borrowed
from tangle.analyse.scopes import surely_binds
from tangle.model import Ties

_ANY_NAME: Final = frozenset({"exec", "globals", "locals", "vars", "get_ipython"})
"""Functions by which code may define names that nobody can know."""

_WHOLE: Final = sys.maxsize


def ties_of_chunks(unit: UnitCode, borrowed: Iterable[Borrowed]) -> tuple[Ties, ...]:
    """What each chunk of a unit has to do with names; of those that are not run, nothing.

    Args:
        unit: its code.
        borrowed: what its session borrows.
    """
    touched = _touched(unit)
    known = {name for entry in borrowed for name in entry.names}
    known.update(unit.binders, unit.lost)
    needed = _needed_when_called(unit.chunks)
    return tuple(
        _ties(code, touched[at], needed, known) if code.runs else Ties()
        for at, code in enumerate(unit.chunks)
    )


def ties_of_borrowed(borrowed: Iterable[Borrowed]) -> Ties:
    """What borrowed statements, one after the other in one cell, have to do with names."""
    touches: dict[str, int] = {}
    rows = 0
    for entry in borrowed:
        rows += len(entry.lines)
        touches.update(dict.fromkeys(entry.names, rows - 1))
    return Ties(touches=tuple(touches.items()), binds=tuple(touches))


def _touched(unit: UnitCode) -> Mapping[int, Mapping[str, int]]:
    """For each chunk, the names that it defines or changes, with the last line that does so."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for index in (unit.binders, unit.patches, unit.changers):
        for name, places in index.items():
            for at, row in places:
                last = unit.chunks[at].statements[row].last - 1
                found[at][name] = max(last, found[at].get(name, 0))
    for at, code in enumerate(unit.chunks):
        for statement in code.statements:
            found[at].update(dict.fromkeys(statement.deletes, statement.last - 1))
        if code.broken:
            found[at].update(dict.fromkeys(names_lost(code.source), _WHOLE))
    return found


def _needed_when_called(chunks: Iterable[ChunkCode]) -> Mapping[str, frozenset[str]]:
    """For each function or class of a unit, and what is made of them, the names it may need."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for statement in (each for code in chunks if code.runs for each in code.statements):
        later = {use.name for use in statement.uses if use.deferred}
        # An object needs what its class needs, a partial function what the function does.
        later.update(use.name for use in statement.uses if use.name in found)
        if later:
            for name in (*statement.binds, *statement.patches):
                found[name] |= later
    return {name: frozenset(names) for name, names in found.items()}


def _ties(
    code: ChunkCode,
    touched: Mapping[str, int],
    needed: Mapping[str, frozenset[str]],
    known: Collection[str],
) -> Ties:
    binds = {
        name
        for statement in code.statements
        for name in statement.binds
        if surely_binds(statement.node, name)
    }
    uses = _reached(_uses_first(code.statements), needed, binds)
    return Ties(
        uses=tuple(uses),
        unknown=tuple(name for name in uses if name not in known),
        touches=tuple(touched.items()),
        binds=tuple(sorted(binds)),
        opaque=_is_opaque(code),
    )


def _uses_first(statements: Iterable[Statement]) -> Iterator[tuple[str, bool]]:
    """Yield the names that a chunk uses, and whether it has defined them itself by then."""
    defined: set[str] = set()
    for statement in statements:
        names = (use.name for use in statement.uses if not use.deferred)
        for name in (*names, *statement.changes, *statement.patches, *statement.deletes):
            yield name, name in defined
        defined.update(name for name in statement.binds if surely_binds(statement.node, name))


def _reached(
    uses: Iterable[tuple[str, bool]], needed: Mapping[str, frozenset[str]], own: Collection[str]
) -> list[str]:
    """The names that are used, and those that what is used may need, but for the chunk's own."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    for name, is_own in uses:
        if not is_own and name not in GIVEN:
            found[name] = None
        todo = [name]
        while todo:
            later = needed.get(todo.pop(), frozenset()) - seen
            seen |= later
            todo.extend(later)
            found.update(dict.fromkeys(sorted(later.difference(own, GIVEN))))
    return list(found)


def _is_opaque(code: ChunkCode) -> bool:
    return code.parsed.naming or any(
        any(use.name in _ANY_NAME for use in statement.uses)
        or any(entry.star for entry in statement.imports)
        for statement in code.statements
    )
