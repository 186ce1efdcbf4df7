"""The exact places of the names of a module's scope in a chunk, for editors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from tangle.analyse.code import ChunkCode
from tangle.analyse.name_visitor import Walker
from tangle.model import Place

NameKind = Literal["binds", "uses", "member", "imports"]


class NamePlace(Struct, frozen=True, kw_only=True):
    """A name in a chunk.

    Attributes:
        kind: how it is used there: it is bound, used, an attribute (`d2l.NAME`), or taken from a
            module (`from d2l.torch import NAME`).
        of: for an attribute the dotted name before it, for an import the module.
        statement: the statement in which it is, by its place in the chunk.
        place: of its first character in the notes.
        exact: whether the note has exactly the name there.
    """

    name: str
    kind: NameKind
    of: str
    statement: int
    place: Place
    exact: bool


def name_places(code: ChunkCode) -> tuple[NamePlace, ...]:
    """Return the names of the module's scope in a chunk, in order.

    Args:
        code: the chunk; one that does not parse has none.
    """
    rows = _Rows(code)
    found = [
        rows.placed(hit, index)
        for index, statement in enumerate(code.statements)
        for hit in _Finder(statement.node, rows.texts).hits
    ]
    unique = {(e.name, e.kind, e.place): e for e in found}
    return tuple(sorted(unique.values(), key=lambda e: (e.statement, e.place.line, e.place.column)))


class _Hit(Struct, frozen=True, kw_only=True):
    """A name in the code that Python reads; the column counts bytes."""

    name: str
    kind: NameKind
    line: int
    column: int
    of: str = ""


class _Rows:
    """The lines of a chunk as Python reads them."""

    def __init__(self, code: ChunkCode) -> None:
        self._code = code
        self.texts = [line.encode() for line in code.parsed.text.split("\n")]

    def placed(self, hit: _Hit, statement: int) -> NamePlace:
        """Return a hit at its place in the notes."""
        text = self.texts[hit.line - 1] if hit.line <= len(self.texts) else b""
        spelt = text[hit.column : hit.column + len(hit.name.encode())]
        return NamePlace(
            name=hit.name,
            kind=hit.kind,
            of=hit.of,
            statement=statement,
            place=self._code.place_of(hit.line, hit.column),
            exact=spelt == hit.name.encode(),
        )


class _Finder(Walker):
    """Walks a top-level statement, and notes where names of the module occur."""

    def __init__(self, node: ast.stmt, rows: Sequence[bytes]) -> None:
        self.hits: list[_Hit] = []
        self._rows = rows
        super().__init__(node)

    def _note(self, name: str, kind: NameKind, at: tuple[int, int], of: str = "") -> None:
        self.hits.append(_Hit(name=name, kind=kind, line=at[0], column=at[1], of=of))

    def _binds_here(self, name: str) -> bool:
        """Whether a name that is bound now is the module's."""
        scope = next((s for s in reversed(self._scopes) if s.kind in {"function", "class"}), None)
        return scope is None or name in scope.declared

    def _name(self, node: ast.Name, path: tuple[str, ...]) -> None:
        if isinstance(node.ctx, ast.Load):
            self._note_use(node)
        elif self._binds_here(node.id):
            self._note(node.id, "binds", (node.lineno, node.col_offset))
        super()._name(node, path)

    def _note_use(self, node: ast.Name) -> None:
        if self._is_local(node.id):
            return
        if not self._quoting:
            self._note(node.id, "uses", (node.lineno, node.col_offset))
            return
        text = self._rows[node.lineno - 1]
        end = node.end_col_offset if node.end_lineno == node.lineno else None
        for column in _words(text[:end], node.id, node.col_offset):
            self._note(node.id, "uses", (node.lineno, column))

    def visit(self, node: ast.AST) -> None:
        """Note the names that a node holds besides those of its children, then walk it."""
        self._note_parts(node)
        super().visit(node)

    def _note_parts(self, node: ast.AST) -> None:
        match node:
            case ast.Attribute():
                self._note_attributes(node)
            case ast.NamedExpr():
                self._note_target(node.target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._note_definition(node)
            case ast.Global():
                self._note_declared(node)
            case ast.Import() | ast.ImportFrom():
                self._note_imports(node)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self._note_captured(node, name)
            case ast.MatchMapping(rest=str(name)):
                self._note_captured(node, name)

    def _note_target(self, node: ast.Name) -> None:
        if self._binds_here(node.id):
            self._note(node.id, "binds", (node.lineno, node.col_offset))

    def _note_attributes(self, node: ast.Attribute) -> None:
        """Note each attribute of a dotted name of the module."""
        inner: ast.expr = node
        chain: list[ast.Attribute] = []
        while isinstance(inner, ast.Attribute):
            chain.append(inner)
            inner = inner.value
        if not isinstance(inner, ast.Name) or self._is_local(inner.id) or self._quoting:
            return
        dotted = inner.id
        for entry in reversed(chain):
            end = (entry.end_lineno or 0, (entry.end_col_offset or 0) - len(entry.attr.encode()))
            self._note(entry.attr, "member", end, dotted)
            dotted += f".{entry.attr}"

    def _note_definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if self._binds_here(node.name):
            row = self._rows[node.lineno - 1]
            found = next(_words(row, node.name, node.col_offset + len("def")), 0)
            self._note(node.name, "binds", (node.lineno, found))

    def _note_declared(self, node: ast.Global) -> None:
        """Note the names that a function takes from the module with `global`."""
        for name in node.names if self._scopes else ():
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                start = node.col_offset + len("global") if line == node.lineno else 0
                end = node.end_col_offset if line == node.end_lineno else None
                for column in _words(self._rows[line - 1][:end], name, start):
                    self._note(name, "binds", (line, column))

    def _note_imports(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note what is taken from a module, and what that binds."""
        module = None
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
        for entry in node.names if module != "__future__" else ():
            if entry.name == "*":
                continue
            if module is not None:
                self._note(entry.name, "imports", (entry.lineno, entry.col_offset), module)
            bound = entry.asname or (entry.name if module else entry.name.partition(".")[0])
            at = (entry.lineno, entry.col_offset)
            if entry.asname:
                end = (entry.end_col_offset or 0) - len(bound.encode())
                at = (entry.end_lineno or entry.lineno, end)
            if self._binds_here(bound):
                self._note(bound, "binds", at)

    def _note_captured(self, node: ast.pattern, name: str) -> None:
        """Note what a pattern captures: the last such word in it."""
        if self._binds_here(name):
            row = self._rows[node.end_lineno - 1][: node.end_col_offset]
            start = node.col_offset if node.lineno == node.end_lineno else 0
            self._note(name, "binds", (node.end_lineno, max(_words(row, name, start), default=0)))


def _words(row: bytes, name: str, start: int) -> Iterator[int]:
    """Where a name occurs as a word in a line, in bytes, from a column on."""
    text = row[max(start, 0) :].decode(errors="replace")
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
        yield max(start, 0) + len(text[: match.start()].encode())
