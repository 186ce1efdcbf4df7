"""Names that a statement binds and uses, found by a walk in the order in which Python evaluates it.

A use inside a function's body counts as *deferred*: the name is needed only when the function is
called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from tangle.analyse.names import Use
from tangle.analyse.scopes import (
    Scope,
    annotations_of,
    arguments,
    bindings,
    defaults,
    quoted,
    set_globally,
)


class Walker(ast.NodeVisitor):
    """Walks one top-level statement.

    Attributes:
        binds: names that it may bind at module level.
        sets: names that functions in it bind there when they are called.
        deletes: names that it deletes there.
        uses: names that it takes from there.
    """

    def __init__(self, node: ast.stmt, *, lazy: bool = False) -> None:
        """Walk a statement; `lazy` tells that annotations are not evaluated."""
        self.binds: dict[str, None] = {}
        self.sets: dict[str, None] = {}
        self.deletes: dict[str, None] = {}
        self.uses: list[Use] = []
        self._top = node
        self._lazy = lazy
        self._bound: set[str] = set()
        self._scopes: list[Scope] = []
        self._deferring = 0  # inside something that is evaluated later, or never
        self._quoting = 0  # inside an annotation that is a text
        self._guarded = 0  # inside a `try` that expects a NameError
        self.visit(node)

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
                self._delete(node)
            case _:
                self._use(node, path)

    def _use(self, node: ast.Name, path: tuple[str, ...]) -> None:
        if self._guarded or self._is_local(node.id):
            return
        deferred = self._deferring > 0 or any(scope.kind == "function" for scope in self._scopes)
        if not deferred and node.id in self._bound:
            return
        self.uses.append(
            Use(
                name=node.id,
                line=node.lineno,
                column=node.col_offset,
                deferred=deferred,
                path=path,
                quoted=self._quoting > 0,
            )
        )

    def _is_local(self, name: str) -> bool:
        innermost = True
        for scope in reversed(self._scopes):
            if scope.kind != "class" or innermost:
                if name in scope.declared:
                    return False
                if name in scope.names:
                    return True
            innermost = innermost and scope.kind == "types"
        return False

    def _bind(self, name: str) -> None:
        """Bind a name in the nearest scope that is a function's or a class's.

        A function's own names were collected before its body is walked, and those that it
        declares global were noted then.
        """
        scope = next((s for s in reversed(self._scopes) if s.kind in {"function", "class"}), None)
        if scope is not None and (scope.kind == "function" or name not in scope.declared):
            scope.names.add(name)
            return
        self.binds[name] = None
        self._bound.add(name)

    def _delete(self, node: ast.Name) -> None:
        """A `del` inside an `if` or a loop may well not happen, and asks for nothing."""
        if self._scopes:
            return
        if isinstance(self._top, ast.Delete):
            self._use(node, ())
            self.deletes[node.id] = None
        self._bound.discard(node.id)
        self.binds.pop(node.id, None)

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
        """Without a value nothing is bound; a function's own variables are never annotated."""
        simple = isinstance(node.target, ast.Name)
        if not (simple and self._scopes and self._scopes[-1].kind == "function"):
            self._annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)
        if node.value is not None or not simple:
            self.visit(node.target)

    def _annotation(self, node: ast.expr) -> None:
        if self._lazy:
            self._later(node)
        else:
            self.visit(node)
        for text in quoted(node):
            self._quoting += 1
            self._deferring += 1
            self._annotation(text)
            self._deferring -= 1
            self._quoting -= 1

    def _later(self, node: ast.AST) -> None:
        self._deferring += 1
        self.visit(node)
        self._deferring -= 1

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """A walrus binds in the nearest scope that is no comprehension."""
        self.visit(node.value)
        self._bind(node.target.id)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """A sum of a thousand terms is a tree a thousand deep."""
        rights: list[ast.expr] = []
        inner: ast.expr = node
        while isinstance(inner, ast.BinOp):
            rights.append(inner.right)
            inner = inner.left
        self.visit(inner)
        self._visit_all(reversed(rights))

    def visit_If(self, node: ast.If) -> None:
        """So is a chain of a thousand `elif`."""
        while True:
            self.visit(node.test)
            self._visit_all(node.body)
            match node.orelse:
                case [ast.If() as node]:
                    continue
                case orelse:
                    self._visit_all(orelse)
                    return

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

    def visit_Try(self, node: ast.Try) -> None:
        """What stands before an `except NameError` may be missing."""
        expected = any(_expects_name_error(handler) for handler in node.handlers)
        self._guarded += expected
        self._visit_all(node.body)
        self._guarded -= expected
        self._visit_all([*node.handlers, *node.orelse, *node.finalbody])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """`except E as e` binds `e` for the handler alone."""
        if node.type is not None:
            self.visit(node.type)
        if node.name is None:
            self._visit_all(node.body)
            return
        if self._scopes:
            self._bind(node.name)
            self._visit_all(node.body)
            return
        self._scopes.append(Scope(kind="types", names={node.name}))
        self._visit_all(node.body)
        self._scopes.pop()

    def visit_Global(self, node: ast.Global) -> None:
        """In a class's body the names are the module's from here on."""
        if self._scopes:
            self._scopes[-1].declared.update(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        """Each name binds its alias, or its first part."""
        self._bind_aliases(node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Each name binds its alias, or itself; a star binds unknown names."""
        if node.module != "__future__":
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
        self._visit_all(node.decorator_list)
        self._visit_all(defaults(node.args))
        with self._type_parameters(node):
            for annotation in annotations_of(node):
                self._annotation(annotation)
            self._body(node.args, node.body)
        self._bind(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda's body is evaluated when it is called."""
        self._visit_all(defaults(node.args))
        self._body(node.args, [node.body])

    def _body(self, parameters: ast.arguments, body: Sequence[ast.AST]) -> None:
        names, declared = bindings(body)
        names.update(entry.arg for entry in arguments(parameters))
        self.sets.update(dict.fromkeys(set_globally(body)))
        self._scopes.append(Scope(kind="function", names=names, declared=declared))
        self._visit_all(body)
        self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class's body runs at once, in a scope that its methods do not see."""
        self._visit_all(node.decorator_list)
        with self._type_parameters(node):
            self._visit_all([*node.bases, *(keyword.value for keyword in node.keywords)])
            self._scopes.append(Scope(kind="class", names={"__module__", "__qualname__"}))
            self._visit_all(node.body)
            self._scopes.pop()
        self._bind(node.name)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """`type X = ...` is evaluated when it is asked for."""
        name, value = (getattr(node, field) for field in ("name", "value"))
        with self._type_parameters(node):
            self._later(value)
        self.visit(name)

    @contextmanager
    def _type_parameters(self, node: ast.AST) -> Iterator[None]:
        """The scope of `[T]` in a definition; bounds are evaluated when they are asked for."""
        parameters: Sequence[ast.AST] = getattr(node, "type_params", ())
        names = {getattr(entry, "name", "") for entry in parameters}
        self._scopes.append(Scope(kind="types", names=names))
        for entry in parameters:
            self._later(entry)
        yield
        self._scopes.pop()

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
        targets = [part for entry in generators for part in ast.walk(entry.target)]
        names = {
            part.id
            for part in targets
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
        self._scopes.append(Scope(kind="comprehension", names=names))
        for index, generator in enumerate(generators):
            if index > 0:
                self.visit(generator.iter)
            self._visit_all(generator.ifs)
        self._visit_all(elements)
        self._scopes.pop()

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _expects_name_error(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case ast.Name(id="NameError"):
            return True
        case ast.Tuple(elts=entries):
            return any(isinstance(e, ast.Name) and e.id == "NameError" for e in entries)
        case _:
            return False
