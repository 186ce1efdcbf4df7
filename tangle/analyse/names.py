"""Names that the statements of a chunk define and use, by Python's own scope rules.

Each top-level statement is walked in the order in which Python evaluates it. A use inside a
function's body counts as *deferred*: the name is needed only when the function is called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A name that a statement takes from the module's scope.

    Attributes:
        line: line of the chunk's code, from 1.
        column: characters before it on that line.
        deferred: whether it is needed only when a function is called.
        path: the attributes that follow it: `("plt", "show")` for `d2l.plt.show`.
    """

    name: str
    line: int
    column: int
    deferred: bool
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One name that an import statement binds.

    Attributes:
        bound: the name; empty for a star.
        text: the statement that binds this name alone: `from torch import nn`.
        module: the module named, dots and all; empty for a relative import of nothing more.
        attribute: the name taken from the module, None for a plain `import`.
    """

    bound: str
    text: str
    module: str
    attribute: str | None
    alias: str | None
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A top-level statement of a chunk.

    Attributes:
        first: its first line, decorators included, from 1.
        last: its last line.
        binds: names that it may bind at module level.
        deletes: names that it deletes there.
        imports: for an import statement, what it binds.
        alone: whether it shares none of its lines with another statement.
    """

    node: ast.stmt
    first: int
    last: int
    binds: tuple[str, ...]
    deletes: tuple[str, ...]
    uses: tuple[Use, ...]
    imports: tuple[Import, ...]
    alone: bool

    @property
    def star(self) -> bool:
        """Whether it imports names that cannot be known without running."""
        return any(not entry.bound for entry in self.imports)


def statements(tree: ast.Module) -> tuple[Statement, ...]:
    """The top-level statements of a module, each with the names it binds and uses."""
    nodes = tree.body
    spans = [(_first_line(node), node.end_lineno or node.lineno) for node in nodes]
    found: list[Statement] = []
    for index, node in enumerate(nodes):
        walker = _Walker()
        walker.visit(node)
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
                deletes=tuple(walker.deletes),
                uses=tuple(walker.uses),
                imports=tuple(_imports(node)),
                alone=not shares,
            )
        )
    return tuple(found)


def _first_line(node: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from arguments.posonlyargs
    yield from arguments.args
    yield from arguments.kwonlyargs
    if arguments.vararg:
        yield arguments.vararg
    if arguments.kwarg:
        yield arguments.kwarg


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default is not None)


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
        case ast.ImportFrom(module=module, names=names, level=level):
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


# --- bindings of one scope ------------------------------------------------------------------------


def _bindings(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Names that statements bind in their own scope, and names they declare global."""
    bound: set[str] = set()
    elsewhere: set[str] = set()
    declared: set[str] = set()
    stack = [(node, False) for node in nodes]
    while stack:
        node, comprehension = stack.pop()
        bound.update(_bound_by(node, comprehension))
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            elsewhere.update(node.names)
        inner = comprehension or isinstance(
            node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        )
        if isinstance(node, _SCOPES):
            stack.extend((child, comprehension) for child in _evaluated_outside(node))
        else:
            stack.extend((child, inner) for child in ast.iter_child_nodes(node))
    return bound - declared - elsewhere, declared


def _bound_by(node: ast.AST, comprehension: bool) -> Iterator[str]:
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


def _evaluated_outside(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a function or class that are evaluated in the scope around it."""
    yield from getattr(node, "decorator_list", ())
    if isinstance(node, ast.ClassDef):
        yield from node.bases
        yield from (keyword.value for keyword in node.keywords)
        return
    arguments: ast.arguments | None = getattr(node, "args", None)
    if arguments is not None:
        yield from _defaults(arguments)
        for argument in _arguments(arguments):
            if argument.annotation is not None:
                yield argument.annotation
    returns: ast.expr | None = getattr(node, "returns", None)
    if returns is not None:
        yield returns


# --- the walk -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Scope:
    """A scope inside the module's.

    Attributes:
        kind: what is in a `class` is not seen by the functions in it; `transparent` are the scopes
            of comprehensions and type parameters, in which nothing else is bound.
        names: its own names; those of a class grow while its body is walked.
        declared: names that it declares global.
    """

    kind: Literal["function", "class", "transparent"]
    names: set[str]
    declared: set[str]


class _Walker(ast.NodeVisitor):
    """Walks one top-level statement in evaluation order."""

    def __init__(self) -> None:
        self.binds: dict[str, None] = {}
        self.deletes: dict[str, None] = {}
        self.uses: list[Use] = []
        self._bound: set[str] = set()
        self._scopes: list[_Scope] = []

    # names

    def visit_Name(self, node: ast.Name) -> None:
        """A name stands for itself."""
        self._name(node, ())

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`a.b.c` is one use of `a` with the attributes that follow."""
        path: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            path.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            self._name(inner, tuple(reversed(path)))
        else:
            self.visit(inner)

    def _name(self, node: ast.Name, path: tuple[str, ...]) -> None:
        match node.ctx:
            case ast.Store():
                self._bind(node.id)
            case ast.Del():
                self._use(node, path)
                self._delete(node.id)
            case _:
                self._use(node, path)

    def _use(self, node: ast.Name, path: tuple[str, ...]) -> None:
        if self._is_local(node.id):
            return
        deferred = any(scope.kind == "function" for scope in self._scopes)
        if not deferred and node.id in self._bound:
            return
        self.uses.append(
            Use(
                name=node.id,
                line=node.lineno,
                column=node.col_offset,
                deferred=deferred,
                path=path,
            )
        )

    def _is_local(self, name: str) -> bool:
        for depth, scope in enumerate(reversed(self._scopes)):
            if name in scope.declared:
                return False
            if name in scope.names and (scope.kind != "class" or depth == 0):
                return True
        return False

    def _bind(self, name: str) -> None:
        """Bind a name in the nearest scope that is no comprehension.

        A function's own names were collected before its body is walked, and those that it
        declares global were bound then.
        """
        scope = next((s for s in reversed(self._scopes) if s.kind != "transparent"), None)
        if scope is not None and (scope.kind == "function" or name not in scope.declared):
            scope.names.add(name)
            return
        self.binds[name] = None
        self.deletes.pop(name, None)
        self._bound.add(name)

    def _delete(self, name: str) -> None:
        if not self._scopes:
            self._bound.discard(name)
            self.binds.pop(name, None)
            self.deletes[name] = None

    # statements whose parts Python evaluates in another order than the tree lists them

    def visit_Assign(self, node: ast.Assign) -> None:
        """The value comes before the targets."""
        self.visit(node.value)
        self._visit_all(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The target is used, then bound."""
        if isinstance(node.target, ast.Name):
            self._use(node.target, ())
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Without a value nothing is bound."""
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """A walrus binds in the nearest scope that is no comprehension."""
        self.visit(node.value)
        self._bind(node.target.id)

    def visit_For(self, node: ast.For) -> None:
        """The iterable comes first."""
        self._loop(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        """The iterable comes first."""
        self._loop(node)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self._visit_all(node.body)
        self._visit_all(node.orelse)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """`except E as e` binds `e` for the handler alone."""
        if node.type is not None:
            self.visit(node.type)
        if node.name is None or self._scopes:
            if node.name is not None:
                self._bind(node.name)
            self._visit_all(node.body)
            return
        before = node.name in self._bound
        self._bound.add(node.name)
        self._visit_all(node.body)
        if not before:
            self._bound.discard(node.name)

    def visit_Import(self, node: ast.Import) -> None:
        """Each name binds its alias, or its first part."""
        self._bind_aliases(node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Each name binds its alias, or itself; a star binds what nobody knows."""
        self._bind_aliases(node.names)

    def _bind_aliases(self, names: Sequence[ast.alias]) -> None:
        for entry in names:
            if entry.name != "*":
                self._bind(entry.asname or entry.name.partition(".")[0])

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        """A capture binds."""
        if node.pattern is not None:
            self.visit(node.pattern)
        if node.name is not None:
            self._bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        """A starred capture binds."""
        if node.name is not None:
            self._bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        """The rest of a mapping binds."""
        self.generic_visit(node)
        if node.rest is not None:
            self._bind(node.rest)

    # scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Defaults and annotations are evaluated now, the body when it is called."""
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Defaults and annotations are evaluated now, the body when it is called."""
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        types = _type_parameters(node)
        self._visit_all(node.decorator_list)
        if types:
            self._scopes.append(_Scope(kind="transparent", names=types, declared=set()))
        self._visit_all(part for part in _evaluated_outside(node) if part not in node.decorator_list)
        self._body(node.args, node.body, types)
        if types:
            self._scopes.pop()
        self._bind(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda's body is evaluated when it is called."""
        self._visit_all(_defaults(node.args))
        self._body(node.args, [node.body], set())

    def _body(self, arguments: ast.arguments, body: Sequence[ast.AST], types: set[str]) -> None:
        names, declared = _bindings(body)
        names.update(argument.arg for argument in _arguments(arguments))
        for name in _global_names(body):
            self.binds.setdefault(name, None)
        self._scopes.append(_Scope(kind="function", names=names | types, declared=declared))
        self._visit_all(body)
        self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class's body runs at once, in a scope that its methods do not see."""
        types = _type_parameters(node)
        self._visit_all(node.decorator_list)
        if types:
            self._scopes.append(_Scope(kind="transparent", names=types, declared=set()))
        self._visit_all([*node.bases, *(keyword.value for keyword in node.keywords)])
        self._scopes.append(
            _Scope(kind="class", names={"__module__", "__qualname__"}, declared=set())
        )
        self._visit_all(node.body)
        self._scopes.pop()
        if types:
            self._scopes.pop()
        self._bind(node.name)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """A comprehension has a scope of its own."""
        self._comprehension(node.generators, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        """A comprehension has a scope of its own."""
        self._comprehension(node.generators, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """A generator has a scope of its own."""
        self._comprehension(node.generators, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """A comprehension has a scope of its own."""
        self._comprehension(node.generators, [node.key, node.value])

    def _comprehension(
        self, generators: Sequence[ast.comprehension], elements: Sequence[ast.expr]
    ) -> None:
        self.visit(generators[0].iter)
        names = {
            part.id
            for generator in generators
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
        self._scopes.append(_Scope(kind="transparent", names=names, declared=set()))
        for index, generator in enumerate(generators):
            if index > 0:
                self.visit(generator.iter)
            self._visit_all(generator.ifs)
        self._visit_all(elements)
        self._scopes.pop()

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _type_parameters(node: ast.AST) -> set[str]:
    return {parameter.name for parameter in getattr(node, "type_params", ())}


def _global_names(body: Sequence[ast.AST]) -> Iterator[str]:
    """Names that a function's body declares global and binds."""
    globals_: set[str] = set()
    stored: set[str] = set()
    for node in body:
        for part in ast.walk(node):
            if isinstance(part, ast.Global):
                globals_.update(part.names)
            stored.update(_bound_by(part, comprehension=False))
    yield from sorted(globals_ & stored)
