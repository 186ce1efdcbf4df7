"""What each cell of a session needs from the cells before it, and what it defines or changes.

Nothing is run, so all of this is by name. A chunk *needs* the names that it uses, and those that
functions and classes which it uses need in turn when they are called. It *touches* the names that
it binds, deletes, patches or changes in place (see `mutations`). What can be known only by running
counts on the safe side:

- A star import, `exec` and magics that bind names touch every name that nothing before defines;
  all but a star import may rebind values, too.
- `exec`, `eval`, `globals()` and IPython's `_`, `Out`, `In` need all that was touched before.
- A chunk that does not parse touches what it seems to assign or to change.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.analyse.code import GIVEN, ChunkCode, names_lost
from tangle.analyse.mutations import changed_names, changed_when_called
from tangle.analyse.names import Statement
from tangle.analyse.plan import Borrowed, PlannedChunk, Session
from tangle.analyse.scopes import surely_binds
from tangle.analyse.statements import statements
from tangle.model import Touch

_ANYTHING: Final = "*"
"""Stands for all names that were touched before."""

_NO_VALUES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import)
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_HOLDERS: Final = (ast.Yield, ast.YieldFrom, ast.Lambda, ast.GeneratorExp, *_DEFINITIONS)
_TARGETED: Final = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)
_LASTING: Final = """
add append basicConfig chdir clear discard extend filterwarnings insert pop popitem register remove
setdefault simplefilter update use
"""
_STATEFUL: Final = frozenset(_LASTING.split())
"""Functions of modules, and methods of what modules hold, that are called for a lasting effect."""

_SESSION_NAMES: Final = re.compile(r"_{1,3}|_i{0,3}\d*|_[io]h|Out|In|globals|locals|get_ipython")
_LISTING: Final = re.compile(r"\s*%(?:who|whos|who_ls|store|history|recall|rerun|macro|run)\b")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_IN_SHELL: Final = re.compile(r"[{$]\s*([^\W\d]\w*)")
_LOST_TARGETS: Final = re.compile(
    r"^[ \t]*(?:>>>[ \t]|\.\.\.[ \t])?[ \t]*(?:"
    r"([^\W\d]\w*)[ \t]*(?:[.\[][^=\n]*)?(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)"
    r"|(?:async[ \t]+)?for[ \t]+([^\n]+?)[ \t]+in\b|del[ \t]+([^\n#]+)"
    r"|with\b[^\n]*\bas[ \t]+([^\W\d]\w*))",
    re.MULTILINE,
)
_LOST_CALLS: Final = re.compile(r"^[ \t]*(?:>>>[ \t])?[ \t]*([^\W\d]\w*)\.[\w.]*\(", re.MULTILINE)


class Flow(Struct, frozen=True, kw_only=True):
    """How names flow into a cell and out of it.

    Attributes:
        needs: names that it needs from before, in the order of their uses.
        touches: names that it defines or changes, each once.
        opaque: whether it does what no name shows: a star import, a magic, an import that only
            has an effect.
    """

    needs: tuple[str, ...]
    touches: tuple[Touch, ...]
    opaque: bool


class Flows(Struct, frozen=True, kw_only=True):
    """The flows of a session.

    Attributes:
        prelude: of the borrowed statements together; None where there are none.
        chunks: of each chunk; None for one that is not run.
    """

    prelude: Flow | None
    chunks: tuple[Flow | None, ...]


def flows(session: Session) -> Flows:
    """Work out what each cell of a session needs and touches.

    Args:
        session: whole.
    """
    parts = [_borrowed(session.prelude)] if session.prelude else []
    parts += [_of_chunk(planned.code) for planned in session.chunks if planned.code.runs]
    reader = _Reader(parts)
    found = [reader.flow(part) for part in parts]
    prelude = found.pop(0) if session.prelude else None
    rest = iter(found)
    return Flows(
        prelude=prelude,
        chunks=tuple(next(rest) if c.code.runs else None for c in session.chunks),
    )


def needed_chunks(found: Flows, wanted: Iterable[int]) -> frozenset[int]:
    """Return the chunks that wanted ones need, by a backward slice, and these themselves.

    Args:
        found: the flows of a session.
        wanted: chunks of it that run, by index.
    """
    targets = frozenset(wanted)
    needed: set[str] = set()
    taken: set[int] = set()
    for index in range(max(targets, default=-1), -1, -1):
        flow = found.chunks[index]
        if flow is None:
            continue
        touched = {touch.name for touch in flow.touches}
        if index in targets or flow.opaque or touched & needed:
            taken.add(index)
            needed -= {touch.name for touch in flow.touches if touch.sure}
            needed.update(flow.needs)
    return frozenset(taken)


def sliced(session: Session, wanted: Iterable[int]) -> Session:
    """Return a session in which only some chunks run, with the chunks that they need.

    What the others are the first to reach of the package counts with the next one that runs, since
    that one reaches it now, if any does.

    Args:
        session: whole.
        wanted: chunks of it that run, by index.
    """
    taken = needed_chunks(flows(session), wanted)
    chunks: list[PlannedChunk] = []
    reaches: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    cache = True
    for index, planned in enumerate(session.chunks):
        reaches, reads = (*reaches, *planned.reaches), (*reads, *planned.reads)
        cache = cache and planned.cache
        if index in taken:
            chunks.append(replace(planned, reaches=reaches, reads=reads, cache=cache))
            reaches, reads, cache = (), (), True
        else:
            chunks.append(_left_out(planned))
    return replace(session, chunks=tuple(chunks))


def _left_out(planned: PlannedChunk) -> PlannedChunk:
    occurrence = planned.occurrence
    chunk = occurrence.chunk
    chunk = replace(chunk, settings=replace(chunk.settings, run=False))
    code = replace(planned.code, occurrence=replace(occurrence, chunk=chunk))
    return replace(planned, code=code, reaches=(), reads=(), cache=True)


class _Part(Struct, frozen=True, kw_only=True):
    """The code of a cell.

    Attributes:
        lost: names that it seems to define where it does not parse.
        source: what it says there.
        words: names on lines that only IPython understands.
        naming: whether it may bind names that cannot be known.
        listing: whether it looks at all names.
        magic: whether it has lines that only IPython understands.
        last: its last line.
    """

    statements: tuple[Statement, ...]
    lost: tuple[str, ...] = ()
    source: str = ""
    words: tuple[str, ...] = ()
    naming: bool = False
    listing: bool = False
    magic: bool = False
    last: int = 0


def _borrowed(prelude: Sequence[Borrowed]) -> _Part:
    lines = [line for entry in prelude for line in entry.plain]
    try:
        found = statements(ast.parse("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError):
        found = ()
    lost = () if found else tuple(name for entry in prelude for name in entry.names)
    return _Part(statements=found, lost=lost, last=len(lines))


def _of_chunk(code: ChunkCode) -> _Part:
    rows = code.chunk.code.split("\n")
    magics = [rows[row - 1] for row in sorted(code.parsed.magics) if row <= len(rows)]
    words = [word for line in magics for word in _WORD.findall(line)]
    if code.parsed.foreign:
        words += _IN_SHELL.findall(code.chunk.code)
    broken = code.broken
    return _Part(
        statements=code.statements,
        lost=tuple(names_lost(code.source)) if broken else (),
        source=code.source if broken else "",
        words=tuple(words),
        naming=code.parsed.naming,
        listing=any(map(_LISTING.match, magics)),
        magic=bool(magics) or code.parsed.foreign,
        last=len(rows),
    )


class _Touches(Struct):
    """The touches of a cell as they are found: for each name its last line, and if it is sure."""

    found: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def add(self, names: Iterable[str], last: int, *, sure: bool = False) -> None:
        for name in names:
            before = self.found.get(name, (0, False))
            self.found[name] = (max(last, before[0]), sure or before[1])

    def freeze(self) -> tuple[Touch, ...]:
        return tuple(
            Touch(name=name, last=last, sure=sure) for name, (last, sure) in self.found.items()
        )


class _Reader:
    """Reads the cells of a session in order."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._values: set[str] = set()
        self._used: dict[str, None] = {}
        for part in parts:
            for statement in part.statements:
                if not isinstance(statement.node, (*_NO_VALUES, ast.ImportFrom)):
                    self._values.update(statement.binds)
                    self._values.update(statement.sets)
                self._used.update(dict.fromkeys(use.name for use in statement.uses))
            self._used.update(dict.fromkeys(part.words))
        self._bound: set[str] = set()
        self._touched: dict[str, None] = {}
        self._later: defaultdict[str, set[str]] = defaultdict(set)
        self._holds: defaultdict[str, set[str]] = defaultdict(set)
        self._effects: defaultdict[str, set[str]] = defaultdict(set)
        self._definitions: dict[str, Statement] = {}

    def flow(self, part: _Part) -> Flow:
        """Read the next cell."""
        needs: dict[str, None] = {}
        touches = _Touches()
        own: set[str] = set()
        opaque = part.magic or part.naming
        for statement in part.statements:
            uses = dict.fromkeys(_uses(statement))
            reached = self._closure(uses)
            needs.update((name, None) for name in self._names(reached) if name not in own)
            self._touch(statement, reached, touches)
            own |= {name for name in statement.binds if _is_sure(statement, name)}
            own.difference_update(statement.deletes)
            self._note(statement, uses)
            opaque = opaque or self._has_hidden_effect(statement)
        needs.update((name, None) for name in self._names(self._closure(part.words)))
        if part.listing:
            needs.update(self._touched)
        self._touch_unseen(part, touches)
        found = touches.freeze()
        flow = Flow(
            needs=tuple(name for name in needs if name in self._touched),
            touches=found,
            opaque=opaque,
        )
        self._touched.update((touch.name, None) for touch in found)
        self._bound.update(touch.name for touch in found)
        return flow

    def _names(self, reached: Iterable[str]) -> Iterator[str]:
        """Names, and in place of `_ANYTHING` all that was touched before."""
        for name in reached:
            if name == _ANYTHING:
                yield from self._touched
            else:
                yield name

    def _closure(self, names: Iterable[str]) -> dict[str, None]:
        """Names, and those that are needed once what they stand for is used."""
        found = dict.fromkeys(names)
        seen: set[str] = set()
        todo = list(found)[::-1]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            later = self._later.get(name, ())
            found.update(dict.fromkeys(sorted(later)))
            todo.extend((*later, *self._holds.get(name, ())))
        return found

    def _touch(self, statement: Statement, reached: Iterable[str], touches: _Touches) -> None:
        last = statement.last
        for name in statement.binds:
            touches.add([name], last, sure=_is_sure(statement, name))
        touches.add((*statement.deletes, *statement.patches, *statement.extends), last)
        touches.add(self._changes(statement), last)
        for name in self._holders(reached):
            touches.add(sorted(self._effects.get(name, ())), last)
        if any(entry.star for entry in statement.imports):
            touches.add(self._unknown(), last)

    def _holders(self, reached: Iterable[str]) -> Iterator[str]:
        """Names, and those whose things they may hold, all the way down."""
        todo, seen = list(reached), set[str]()
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                yield name
                todo.extend(self._holds.get(name, ()))

    def _touch_unseen(self, part: _Part, touches: _Touches) -> None:
        """Add what magics and `exec` may bind, and what a chunk that does not parse seems to do."""
        if part.naming:
            touches.add((*self._unknown(), *sorted(self._values & self._bound)), part.last)
        touches.add(part.lost, part.last)
        if part.source:
            touches.add(self._seemingly_changed(part.source), part.last)

    def _seemingly_changed(self, text: str) -> Iterator[str]:
        for match in _LOST_TARGETS.finditer(text):
            yield from _WORD.findall(next(filter(None, match.groups())))
        yield from (name for name in _LOST_CALLS.findall(text) if name in self._values)

    def _unknown(self) -> list[str]:
        """Names that the session uses and that nothing so far defines."""
        return [name for name in self._used if name not in self._bound and name not in GIVEN]

    def _changes(self, statement: Statement) -> Iterator[str]:
        """Names whose things a statement changes; calling a module's function seldom does."""
        yield from (name for name in statement.changes if name in self._values)
        if any(name not in self._values for name in statement.changes):
            for part in _parts(statement.node):
                if isinstance(part, ast.stmt) and _is_lasting(part):
                    yield from (n for n in changed_names(part) if n not in self._values)

    def _note(self, statement: Statement, uses: Iterable[str]) -> None:
        """Record what a statement's names need, hold and do once they are used."""
        names = (*statement.binds, *statement.changes, *statement.patches, *statement.extends)
        if not names:
            return
        later = {use.name for use in statement.uses if use.deferred and not use.quoted}
        later |= {_ANYTHING} if _runs_text(statement.node, deferred=True) else set()
        effects = {n for n in _changed_by_methods(statement.node) if n in self._values}
        held = set(uses) - set(self._plainly_called(statement.node))
        for name in names:
            self._later[name] |= later
            self._holds[name] |= held - {name}
            self._effects[name] |= {*effects, *statement.sets}
            if isinstance(statement.node, _DEFINITIONS):
                self._definitions[name] = statement

    def _plainly_called(self, node: ast.stmt) -> Iterator[str]:
        """Functions that a statement only calls, and whose results are plain values."""
        called = {id(part.func) for part in _parts(node) if isinstance(part, ast.Call)}
        loads: defaultdict[str, list[bool]] = defaultdict(list)
        for part in _parts(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                loads[part.id].append(id(part) in called)
        for name, each in loads.items():
            if all(each) and self._returns_values(name, set()):
                yield name

    def _returns_values(self, name: str, seen: set[str]) -> bool:
        """Whether what a function returns holds no function or object of the session."""
        statement = self._definitions.get(name)
        if name in seen:
            return True
        if statement is None or not isinstance(statement.node, ast.FunctionDef):
            return False
        inner = (part for part in _parts(statement.node) if part is not statement.node)
        if statement.node.decorator_list or any(isinstance(part, _HOLDERS) for part in inner):
            return False
        others = (u.name for u in statement.uses if u.deferred and u.name in self._definitions)
        return all(self._returns_values(other, {*seen, name}) for other in others)

    def _has_hidden_effect(self, statement: Statement) -> bool:
        """Whether a statement does something that no use of a name leads back to."""
        if statement.future or any(entry.star for entry in statement.imports):
            return True
        if isinstance(statement.node, ast.Import | ast.ImportFrom):
            return any(name not in self._used for name in statement.binds)
        return any(_is_stateful(part) for part in _parts(statement.node)) and any(
            name not in self._values and name not in self._definitions for name in statement.changes
        )


def _uses(statement: Statement) -> Iterator[str]:
    """Names that a statement uses when it runs, as far as they are not the language's own."""
    for use in statement.uses:
        if use.deferred:
            continue
        if _SESSION_NAMES.fullmatch(use.name):
            yield _ANYTHING
        elif use.name not in GIVEN:
            yield use.name
    if _runs_text(statement.node, deferred=False):
        yield _ANYTHING
    for part in _parts(statement.node):
        yield from (name for name in _hidden_uses(part) if name not in GIVEN)


def _hidden_uses(node: ast.AST) -> Iterator[str]:
    """Names that the walk leaves out: those behind `except NameError`, and in text that is run."""
    match node:
        case ast.Try():
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                    yield part.id
        case ast.Call():
            yield from _WORD.findall(_constant_text(node) or "")
        case _:
            return


def _runs_text(node: ast.stmt, *, deferred: bool) -> bool:
    """Whether a statement runs code that is not in it, or looks at all names."""
    if isinstance(node, _DEFINITIONS) != deferred:
        return False
    for part in _parts(node):
        match part:
            case ast.Call(func=ast.Name(id="exec" | "eval")):
                if _constant_text(part) is None:
                    return True
            case ast.Call(func=ast.Name(id="vars" | "dir"), args=[]):
                return True
            case ast.Name(id="globals" | "locals") if deferred:
                return True
            case _:
                continue
    return False


def _constant_text(call: ast.Call) -> str | None:
    match call:
        case ast.Call(func=ast.Name(id="exec" | "eval"), args=[ast.Constant(value=str(text)), *_]):
            return text
        case _:
            return None


@lru_cache(maxsize=32)
def _parts(node: ast.stmt) -> tuple[ast.AST, ...]:
    """All parts of a statement; it is walked once for all that is asked about it."""
    return tuple(ast.walk(node))


def _is_lasting(node: ast.stmt) -> bool:
    return isinstance(node, _TARGETED) or _is_stateful(node)


def _is_stateful(node: ast.AST) -> bool:
    """Whether a statement calls something for an effect that lasts: `np.random.seed(0)`."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in _STATEFUL or "seed" in name or name.startswith("set_")
        case _:
            return False


def _is_sure(statement: Statement, name: str) -> bool:
    """Whether a name means something new once a statement has completed."""
    return not isinstance(statement.node, _LOOPS) and surely_binds(statement.node, name)


def _changed_by_methods(node: ast.stmt) -> Iterator[str]:
    """Names whose things the functions of a definition change."""
    for part in _parts(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from changed_when_called(part)
