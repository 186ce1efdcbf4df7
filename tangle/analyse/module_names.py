"""The names of an installed module, known from its text alone."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tangle.analyse.scopes import bindings
from tangle.model import ModuleText

_DYNAMIC: Final = ("globals()", "__getattr__", "sys.modules[", "vars()", "exec(", "_LazyModule")
"""Words of modules that may have names which their text does not show."""

_MOST_STARS: Final = 64
"""Modules that are read to resolve the stars of one."""


class ModuleNames(Struct, frozen=True, kw_only=True):
    """The names that a module has.

    Attributes:
        stars: the modules from which it imports all names.
        exported: its `__all__`, where that is a plain list.
        open: whether it may have more.
    """

    names: frozenset[str]
    stars: tuple[str, ...] = ()
    exported: frozenset[str] | None = None
    open: bool = False

    @property
    def public(self) -> frozenset[str]:
        """What `from module import *` takes of its own names."""
        if self.exported is not None:
            return self.exported
        return frozenset(name for name in self.names if not name.startswith("_"))


def own_module_names_of(module: str, text: ModuleText) -> ModuleNames:
    """The names that a module's text shows, stars not resolved.

    Args:
        module: its dotted name.
        text: what it holds.
    """
    if text.source is None:
        return ModuleNames(names=frozenset(text.names), open=not text.names)
    try:
        tree = ast.parse(text.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ModuleNames(names=frozenset(), open=True)
    stars = []
    exported = None
    parent = module if text.package else module.rpartition(".")[0]
    for node in ast.walk(tree) if "import *" in text.source else tree.body:
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")], module=source, level=level):
                stars.append(_absolute(parent, source or "", level))
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() | ast.Tuple()):
                exported = _texts(node.value)
    return ModuleNames(
        names=frozenset(bindings(tree.body)[0] - {"*"}),
        stars=tuple(stars),
        exported=exported,
        open=any(word in text.source for word in _DYNAMIC),
    )


def _absolute(parent: str, module: str, level: int) -> str:
    if not level:
        return module
    parts = parent.split(".")
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, *([module] if module else [])])


def _texts(node: ast.expr) -> frozenset[str] | None:
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    found = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return frozenset(found) if len(found) == len(node.elts) else None


def with_stars(module: str, names: Callable[[str], ModuleNames | None]) -> ModuleNames | None:
    """The names of a module, those that it imports by stars included; None where there is none.

    Args:
        module: its dotted name.
        names: what a module's own text shows.
    """
    own = names(module)
    if own is None or not own.stars:
        return own
    found, is_open = set(own.names), own.open
    seen, todo = {module}, list(own.stars)
    while todo:
        other = todo.pop()
        if other in seen:
            continue
        seen.add(other)
        entry = names(other) if len(seen) <= _MOST_STARS else None
        if entry is None:
            is_open = True
            continue
        found |= entry.public
        is_open |= entry.open and entry.exported is None
        if entry.exported is None:
            todo.extend(entry.stars)
    return ModuleNames(names=frozenset(found), exported=own.exported, open=is_open)
