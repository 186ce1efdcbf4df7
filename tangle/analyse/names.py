"""Top-level statements of a chunk, with the names that each defines and uses."""

from __future__ import annotations

import ast

from msgspec import Struct


class Use(Struct, frozen=True, kw_only=True):
    """A name that a statement takes from the module's scope.

    Attributes:
        line: line of the chunk's code, from 1.
        column: UTF-8 bytes before it on that line, as Python counts.
        deferred: whether it is needed only when a function is called.
        path: the attributes that follow it: `("plt", "show")` for `d2l.plt.show`.
        quoted: whether it stands in an annotation that is a text: one that nothing defines is no
            error, as it is needed only to resolve the annotation.
    """

    name: str
    line: int
    column: int
    deferred: bool
    path: tuple[str, ...] = ()
    quoted: bool = False


class Import(Struct, frozen=True, kw_only=True):
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

    @property
    def star(self) -> bool:
        """Whether it binds names that cannot be known without running."""
        return self.attribute == "*"

    @property
    def plain(self) -> bool:
        """Whether it is `import a.b`, which binds `a` and adds to what others like it bound."""
        return self.attribute is None and self.alias is None


class Statement(Struct, frozen=True, kw_only=True):
    """A top-level statement of a chunk.

    Attributes:
        first: its first line, decorators included, from 1.
        last: its last line.
        binds: names that it may bind at module level.
        sets: names that functions in it bind there when they are called.
        deletes: names that it deletes there.
        imports: for an import statement, what it binds.
        patches: the classes that its decorator, `@add_to_class(...)`, puts it onto.
        extends: the names whose things its decorators add it to: `kind` for `@kind.register`.
        variant: whether it is one of several definitions of its name that belong together.
        changes: names whose things it changes in place.
        alone: whether it shares none of its lines with another statement.
    """

    node: ast.stmt
    first: int
    last: int
    binds: tuple[str, ...]
    sets: tuple[str, ...]
    deletes: tuple[str, ...]
    uses: tuple[Use, ...]
    imports: tuple[Import, ...]
    patches: tuple[str, ...]
    extends: tuple[str, ...]
    variant: bool
    changes: tuple[str, ...]
    alone: bool

    @property
    def future(self) -> bool:
        """Whether it is `from __future__ import ...`, which changes how the rest is read."""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    @property
    def touched(self) -> tuple[str, ...]:
        """The names to which it does something."""
        return (*self.binds, *self.sets, *self.deletes, *self.patches, *self.extends, *self.changes)

    def binds_before(self, use: Use) -> bool:
        """Whether it is a loop that may have bound the name on the turn before."""
        if use.name not in self.binds:
            return False
        if not isinstance(self.node, ast.For | ast.AsyncFor | ast.While):
            return False
        body = self.node.body[0]
        return (use.line, use.column) >= (body.lineno, body.col_offset)


def future_features(statement: Statement) -> tuple[str, ...]:
    """The features that a `from __future__ import` asks for."""
    if isinstance(statement.node, ast.ImportFrom) and statement.future:
        return tuple(entry.name for entry in statement.node.names)
    return ()
