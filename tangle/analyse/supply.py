"""Supply imports that notes often leave out: which import an undefined name stands for."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Final, Protocol

from msgspec import Struct

from tangle.analyse.code import GIVEN, UnitCode
from tangle.analyse.module_names import ModuleNames
from tangle.analyse.names import Import
from tangle.analyse.statements import statements
from tangle.analyse.usual_imports import COMPANY, PLACEHOLDERS, WORDS, usual_lines
from tangle.model import PackageName

_MODULES: Final = sys.stdlib_module_names | set(sys.builtin_module_names)
_NEVER: Final = frozenset({"__main__", "antigravity", "idlelib", "test", "this", "tkinter"})


class InstalledModules(Protocol):
    """What is installed."""

    def names(self, module: str) -> ModuleNames | None:
        """The names of a module; None where there is none."""

    def is_distribution(self, module: str) -> bool:
        """Whether a distribution has this name."""


class NameUse(Struct, frozen=True, kw_only=True):
    """How a unit uses a name that nothing defines for it.

    Attributes:
        paths: the attributes that follow it, for each use.
        beside: the names that the unit uses.
        imported: modules that the unit imports, or uses by their own names.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    beside: frozenset[str]
    imported: tuple[str, ...]

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes that are read of it."""
        return frozenset(path[0] for path in self.paths if path)


def name_use(unit: UnitCode, name: str) -> NameUse:
    """How a unit uses a name.

    Args:
        unit: its code.
        name: that nothing defines for it.
    """
    uses = [use for code in unit.chunks for s in code.statements for use in s.uses]
    entries = [entry for code in unit.chunks for s in code.statements for entry in s.imports]
    own = {use.name for use in uses if use.path and use.name not in unit.binders}
    imported = [entry.module for entry in entries if entry.module and entry.module[0] != "."]
    roots = (module.partition(".")[0] for module in (*imported, *sorted(own)))
    return NameUse(
        name=name,
        paths=tuple(dict.fromkeys(use.path for use in uses if use.name == name)),
        beside=frozenset(use.name for use in uses),
        imported=tuple(m for m in dict.fromkeys((*imported, *roots)) if m != name),
    )


def supplied_lines(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    """The import lines that a name means; none where it may mean anything.

    Args:
        use: of the name.
        modules: what is installed.
    """
    if use.name in GIVEN or use.name in ("self", "cls", "df"):
        return ()
    for find in (_usual, _of_library, _submodule, _installed):
        if found := find(use, modules):
            return found
    return ()


def usual_line(name: str, attributes: Collection[str]) -> str | None:
    """The import line that a name usually stands for, installed or not.

    Args:
        name: that nothing defines.
        attributes: those that are read of it.
    """
    found = next(usual_lines(name, attributes=bool(attributes)), None)
    if found is not None and not (found[1] and len(name) == 1):
        return found[0] if not found[1] or name not in PLACEHOLDERS else None
    if name in _MODULES and name not in _NEVER and (attributes or name not in WORDS):
        return f"import {name}" if name not in WORDS else None
    return None


def _usual(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    if use.name in COMPANY and COMPANY[use.name][0] in use.beside:
        return (COMPANY[use.name][1],)
    for line, certain in usual_lines(use.name, attributes=bool(use.attributes)):
        if _has(line, use.attributes if certain else frozenset(), modules):
            return (line,)
    return ()


def _has(line: str, attributes: Collection[str], modules: InstalledModules) -> bool:
    """Whether an import line works, and what it binds surely has the attributes."""
    (entry,) = imports_of(line)
    meant = entry.module if entry.attribute is None else f"{entry.module}.{entry.attribute}"
    found = modules.names(meant)
    if found is not None:
        return found.names.issuperset(attributes)
    around = modules.names(entry.module)
    if around is None or attributes:
        return False
    return entry.attribute in around.names or around.open


def _of_library(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    """A module of the standard library."""
    name = use.name
    if name not in _MODULES or name in _NEVER or name.startswith("_"):
        return ()
    if name == "datetime" and (found := _class_datetime(use, modules)):
        return found
    word = name in WORDS
    if not use.attributes:
        return () if word else (f"import {name}",)
    return _as_module(use, modules, certain=word)


def _class_datetime(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    """`datetime.now()` means the class of that name."""
    known = modules.names("datetime")
    own = use.attributes - (known.names if known is not None else frozenset())
    return ("from datetime import datetime",) if own and not known_open(known) else ()


def known_open(names: ModuleNames | None) -> bool:
    """Whether a module may have names that are not known."""
    return names is None or names.open


def _installed(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    """An installed package that is used by its own name, as its distribution is called."""
    name = use.name
    if name in PLACEHOLDERS or not use.attributes or not modules.is_distribution(name):
        return ()
    return _as_module(use, modules, certain=len(name) <= 2)


def _as_module(use: NameUse, modules: InstalledModules, *, certain: bool) -> tuple[str, ...]:
    """`import x`, with the submodules that are used, where it has every attribute."""
    names = modules.names(use.name)
    if names is None:
        return ()
    lines = {f"import {use.name}": None}
    for attribute in sorted(use.attributes - names.names):
        if modules.names(f"{use.name}.{attribute}") is not None:
            lines[f"import {use.name}.{attribute}"] = None
        elif certain or not names.open:
            return ()
    return tuple(lines)


def _submodule(use: NameUse, modules: InstalledModules) -> tuple[str, ...]:
    """A submodule of a package that the unit imports, which has every attribute that is used."""
    if not use.attributes:
        return ()
    for package in use.imported:
        names = modules.names(f"{package}.{use.name}")
        if names is None:
            continue
        certain = use.name in PLACEHOLDERS or len(use.name) == 1
        if names.names.issuperset(use.attributes) or (names.open and not certain):
            return (f"from {package} import {use.name}",)
    return ()


@lru_cache(maxsize=1024)
def imports_of(line: str) -> tuple[Import, ...]:
    """What an import line binds."""
    return statements(ast.parse(line))[0].imports


def unit_imports(lines: Collection[str]) -> Iterator[Import]:
    """What several import lines bind."""
    for line in lines:
        yield from imports_of(line)


Supply = Callable[[int, str], tuple[str, ...]]
"""The import lines that are supplied for a name in a unit."""


def no_supply(unit: int, name: str) -> tuple[str, ...]:
    """Nothing is supplied.

    Args:
        unit: place of the unit in reading order.
        name: one that nothing defines.
    """
    del unit, name
    return ()


def taken_bare(name: str) -> bool:
    """Whether a name that is used bare may be one that the package has."""
    return len(name) > 1 and name not in PLACEHOLDERS and name not in GIVEN


def installed_name(name: PackageName) -> str:
    """The name under which the generated package has the installed module that it is laid over."""
    return f"{name.root}._installed.{name.module}"
