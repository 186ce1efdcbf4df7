"""Which modules code cannot do without, and where it says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tangle.analyse.code import ChunkCode
from tangle.analyse.plan import Plan
from tangle.model import Place, SectionName

_CAUGHT: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedModule:
    """A top-level module that a page's code imports, where it does so first."""

    name: str
    place: Place
    section: SectionName


def wanted_modules(plan: Plan) -> Iterator[WantedModule]:
    """The modules that chunks import, each once a page, but for those they can do without."""
    seen: set[tuple[str, str]] = set()
    for session in plan.sessions:
        for planned in session.chunks:
            code = planned.code
            if not code.runs or "import" not in code.parsed.text:
                continue
            for found in _wanted(code):
                key = (found.name, found.place.path)
                if key not in seen:
                    seen.add(key)
                    yield found


def _wanted(code: ChunkCode) -> Iterator[WantedModule]:
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
