"""Find the modules that code needs, and where it imports them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from tangle.analyse.code import ChunkCode, UnitCode
from tangle.model import Place, SectionName

_CAUGHT: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class WantedModule(Struct, frozen=True, kw_only=True):
    """A top-level module that a page's code imports, where it does so first.

    Attributes:
        folder: where the code runs, relative to the graph.
    """

    name: str
    place: Place
    section: SectionName
    folder: str


def modules_of_unit(unit: UnitCode) -> Iterator[WantedModule]:
    """Return the modules that a unit's chunks need, each once per page."""
    found = (
        module
        for code in unit.chunks
        if code.runs and "import" in code.parsed.text
        for module in _wanted(code, unit.unit.folder)
    )
    return once_a_page(found)


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Top-level names of the modules that code imports anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                yield entry.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def once_a_page(modules: Iterable[WantedModule]) -> Iterator[WantedModule]:
    """The modules, where a page imports each of them first."""
    seen: set[tuple[str, str]] = set()
    for found in modules:
        key = (found.name, found.place.path)
        if key not in seen:
            seen.add(key)
            yield found


def _wanted(code: ChunkCode, folder: str) -> Iterator[WantedModule]:
    for node in _needed(code.parsed.tree):
        match node:
            case ast.Import(names=names):
                modules = [entry.name for entry in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for name in modules:
            yield WantedModule(
                name=name.partition(".")[0],
                place=code.place_of(node.lineno, node.col_offset),
                section=code.occurrence.section,
                folder=folder,
            )


def _needed(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements, but for those in a `try` that goes on without, or for type checkers."""
    match node:
        case ast.Import() | ast.ImportFrom():
            yield node
            return
        case ast.Try(handlers=handlers, orelse=orelse, finalbody=finalbody) if any(
            map(_catches_import_error, handlers)
        ):
            inner: list[ast.AST] = [*orelse, *finalbody]
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
            inner = list(orelse)
        case _:
            inner = list(ast.iter_child_nodes(node))
    for child in inner:
        if not isinstance(child, ast.expr):
            yield from _needed(child)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    return handler.type is None or not _CAUGHT.isdisjoint(names)
