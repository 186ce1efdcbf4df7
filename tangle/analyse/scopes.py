"""Find the names that a scope binds, by Python's rules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from msgspec import Struct, field

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope(Struct):
    """A scope inside the module's.

    Attributes:
        kind: what is in a `class` is not seen by the functions in it; `comprehension` and `types`
            (type parameters) are scopes in which nothing else is bound.
        names: its own names; those of a class grow while its body is walked.
        declared: names that it declares global.
    """

    kind: Literal["function", "class", "comprehension", "types"]
    names: set[str]
    declared: set[str] = field(default_factory=set)


def arguments(node: ast.arguments) -> Iterator[ast.arg]:
    """The parameters of a function."""
    yield from node.posonlyargs
    yield from node.args
    yield from node.kwonlyargs
    if node.vararg:
        yield node.vararg
    if node.kwarg:
        yield node.kwarg


def defaults(node: ast.arguments) -> Iterator[ast.expr]:
    """The defaults of a function's parameters."""
    yield from node.defaults
    yield from (entry for entry in node.kw_defaults if entry is not None)


def quoted(annotation: ast.expr) -> Iterator[ast.expr]:
    """What the texts in an annotation say, at the place of the text: `list["Tree"]` says `Tree`.

    Those in `Literal` are values, and those behind the type in `Annotated` are notes.
    """
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                found = ast.parse(text.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            for node in ast.walk(found):
                ast.copy_location(node, annotation)
            yield found
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            return
        case ast.Subscript(
            value=ast.Name(id="Annotated") | ast.Attribute(attr="Annotated"),
            slice=ast.Tuple(elts=[first, *_]),
        ):
            yield from quoted(first)
        case _:
            for child in ast.iter_child_nodes(annotation):
                if isinstance(child, ast.expr):
                    yield from quoted(child)


def annotations_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """The annotations of a function's parameters and of what it returns."""
    yield from (entry.annotation for entry in arguments(node.args) if entry.annotation)
    if node.returns is not None:
        yield node.returns


def bindings(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Names that statements bind in their own scope, and names they declare global."""
    bound: set[str] = set()
    elsewhere: set[str] = set()
    declared: set[str] = set()
    stack = [(node, False) for node in nodes]
    while stack:
        node, comprehension = stack.pop()
        bound.update(_bound_by(node, comprehension=comprehension))
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            elsewhere.update(node.names)
        if isinstance(node, _SCOPES):
            stack.extend((child, comprehension) for child in _evaluated_outside(node))
        else:
            inner = comprehension or isinstance(node, _COMPREHENSIONS)
            stack.extend((child, inner) for child in ast.iter_child_nodes(node))
    return bound - declared - elsewhere, declared


def surely_binds(node: ast.stmt, name: str) -> bool:
    """Whether a statement binds a name on every path through its branches.

    Args:
        node: the statement.
        name: that it may bind.
    """
    match node:
        case ast.If(body=body, orelse=orelse):
            return _one_binds(body, name) and _one_binds(orelse, name)
        case (
            ast.Try(body=body, handlers=handlers, finalbody=final)
            | ast.TryStar(body=body, handlers=handlers, finalbody=final)
        ):
            ways = [body, *(handler.body for handler in handlers)]
            return _one_binds(final, name) or all(_one_binds(way, name) for way in ways)
        case ast.Match():
            return False
        case _:
            return True


def _one_binds(body: Iterable[ast.stmt], name: str) -> bool:
    return any(
        isinstance(node, ast.Raise) or (name in bindings([node])[0] and surely_binds(node, name))
        for node in body
    )


def _bound_by(node: ast.AST, *, comprehension: bool) -> Iterator[str]:
    match node:
        case ast.NamedExpr(target=ast.Name(id=name)):
            yield name
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if not comprehension:
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias(name=name, asname=asname) if name != "*":
            yield asname or name.partition(".")[0]
        case _:
            return


def _evaluated_outside(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda,
) -> Iterator[ast.AST]:
    """Parts of a function or class that are evaluated in the scope around it."""
    if isinstance(node, ast.Lambda):
        yield from defaults(node.args)
        return
    yield from node.decorator_list
    if isinstance(node, ast.ClassDef):
        yield from node.bases
        yield from (keyword.value for keyword in node.keywords)
    else:
        yield from defaults(node.args)
        yield from annotations_of(node)


def set_globally(body: Iterable[ast.AST]) -> Iterator[str]:
    """Names that a function's body declares global and binds."""
    declared: set[str] = set()
    stored: set[str] = set()
    for node in body:
        for part in ast.walk(node):
            if isinstance(part, ast.Global):
                declared.update(part.names)
            stored.update(_bound_by(part, comprehension=False))
    yield from sorted(declared & stored)
