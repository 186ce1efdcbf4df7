"""Split a syntax tree into statements, with their spans, imports and names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from tangle.analyse.mutations import changed_names
from tangle.analyse.name_visitor import Walker
from tangle.analyse.names import Import, Statement

_KEEPERS: Final = frozenset({"register", "setter", "getter", "deleter"})
"""Methods that keep what they decorate, under whatever name it has."""
VARIANTS: Final = frozenset({"overload", "dispatch", "multimethod"})
"""Decorators of definitions of which several have one name."""
_CONDITIONAL: Final = (ast.If, ast.Try, ast.TryStar, ast.Match)


def statements(tree: ast.Module, *, lazy: bool = False) -> tuple[Statement, ...]:
    """The top-level statements of a module, each with the names it binds and uses.

    Args:
        tree: the module.
        lazy: whether annotations are not evaluated: a `from __future__ import annotations` came
            before it in the session.

    Raises:
        RecursionError: the code is nested too deeply.
    """
    nodes = tree.body
    spans = [(_first_line(node), node.end_lineno or node.lineno) for node in nodes]
    found: list[Statement] = []
    for index, node in enumerate(nodes):
        lazy = lazy or lazy_annotations(node)
        walker = Walker(node, lazy=lazy)
        first, last = spans[index]
        shares = (index > 0 and spans[index - 1][1] == first) or (
            index + 1 < len(nodes) and spans[index + 1][0] == last
        )
        found.append(
            Statement(
                node=node,
                first=first,
                last=last,
                binds=tuple(walker.binds),
                sets=tuple(walker.sets),
                deletes=tuple(walker.deletes),
                uses=tuple(walker.uses),
                imports=tuple(_imports(node)),
                patches=tuple(_patched(node)),
                extends=tuple(_extended(node)),
                variant=_is_variant(node),
                changes=tuple(dict.fromkeys(changed_names(node))),
                alone=not shares,
            )
        )
    return tuple(found)


def lazy_annotations(node: ast.stmt) -> bool:
    """Whether a statement is `from __future__ import annotations`."""
    match node:
        case ast.ImportFrom(module="__future__", names=names):
            return any(entry.name == "annotations" for entry in names)
        case _:
            return False


def is_ellipsis(node: ast.stmt) -> bool:
    """Whether a statement is a bare `...`."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and (node.value.value is Ellipsis)
    )


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(entry.lineno for entry in _decorators(node))])


def _decorators(node: ast.stmt) -> Sequence[ast.expr]:
    found: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return found


def _imports(node: ast.stmt) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            for entry in names:
                yield Import(
                    bound=entry.asname or entry.name.partition(".")[0],
                    text="import " + _aliased(entry),
                    module=entry.name,
                    attribute=None,
                    alias=entry.asname,
                    line=entry.lineno,
                    column=entry.col_offset,
                )
        case ast.ImportFrom(module=module, names=names, level=level) if module != "__future__":
            source = "." * level + (module or "")
            for entry in names:
                yield Import(
                    bound="" if entry.name == "*" else entry.asname or entry.name,
                    text=f"from {source} import {_aliased(entry)}",
                    module=source,
                    attribute=entry.name,
                    alias=entry.asname,
                    line=entry.lineno,
                    column=entry.col_offset,
                )
        case _:
            return


def _aliased(entry: ast.alias) -> str:
    return f"{entry.name} as {entry.asname}" if entry.asname else entry.name


def _patched(node: ast.stmt) -> Iterator[str]:
    """The classes in `@add_to_class(Trainer)` and `@d2l.add_to_class(d2l.Trainer)`."""
    for decorator in _decorators(node):
        match decorator:
            case ast.Call(
                func=ast.Name(id="add_to_class") | ast.Attribute(attr="add_to_class"), args=args
            ):
                yield from (_last_name(entry) for entry in args if _last_name(entry))
            case _:
                continue


def _extended(node: ast.stmt) -> Iterator[str]:
    """The names in `@kind.register`, `@kind.register(int)`, `@size.setter`."""
    for decorator in _decorators(node):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        match called:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if attribute in _KEEPERS:
                yield name
            case _:
                continue


def decorator_names(node: ast.stmt) -> tuple[str, ...]:
    """The decorators of a definition that are plain names: `@ov`, not `@typing.overload`."""
    return tuple(each.id for each in _decorators(node) if isinstance(each, ast.Name))


def _is_variant(node: ast.stmt) -> bool:
    """Whether a definition is one of several: an overload, or one that another keeps."""
    names = {getattr(node, "name", "")}
    for decorator in _decorators(node):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _last_name(called) in VARIANTS:
            return True
        match called:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                if attribute in _KEEPERS or name in names:
                    return True
            case _:
                continue
    return isinstance(node, _CONDITIONAL)


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
