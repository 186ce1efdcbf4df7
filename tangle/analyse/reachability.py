"""Find what code uses from the package, and which saved statements that reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.analyse.names import Import, Statement, Use
from tangle.analyse.plan import Package
from tangle.model import PackageName

if TYPE_CHECKING:
    from tangle.analyse.package import SavedStatement


def names_module(entry: Import, name: PackageName) -> bool:
    """Whether an import binds the generated module itself.

    Args:
        entry: the import.
        name: of the package.
    """
    if entry.attribute is not None:
        return entry.module == name.root and entry.attribute == name.module
    return entry.module == str(name) and entry.alias is not None


def from_module(entry: Import, name: PackageName) -> bool:
    """Whether an import takes a name from the generated module.

    Args:
        entry: the import.
        name: of the package.
    """
    return entry.module == str(name) and entry.attribute is not None


def package_attribute(use: Use, name: PackageName, aliases: Iterable[str]) -> str | None:
    """Return the attribute of the generated module that a use reads, if it does.

    Args:
        use: of a name.
        name: of the package.
        aliases: names that are bound to the module.
    """
    if use.name in aliases and use.path:
        return use.path[0]
    if use.name == name.root and len(use.path) > 1 and use.path[0] == name.module:
        return use.path[1]
    return None


def asked_of_package(
    statements: Iterable[Statement], name: PackageName, aliases: Iterable[str]
) -> Iterator[str]:
    """Yield the names that statements use from the package; `*` for all of them.

    Args:
        statements: of the code.
        name: of the package.
        aliases: names that are bound to the module.
    """
    for statement in statements:
        for use in statement.uses:
            attribute = package_attribute(use, name, aliases)
            if attribute is not None:
                yield attribute
            elif use.name in aliases:
                yield "*"  # the module itself is handed on
        for entry in statement.imports:
            if from_module(entry, name) and entry.attribute is not None:
                yield entry.attribute


class Reach(Struct, frozen=True, kw_only=True):
    """The saved statements that code reaches, directly or through others.

    Attributes:
        exports: every name that the package is known to have.
        by_name: for each name the saved statements, by index, that make or change its meaning.
        next: for each saved statement the names that it uses.
        statements: for each its text, behind the imports that it uses.
        cached: for each whether what it comes to may be answered from the cache.
        declared: for each the files that its chunk declares.
    """

    exports: frozenset[str]
    by_name: Mapping[str, tuple[int, ...]]
    next: tuple[tuple[str, ...], ...]
    statements: tuple[tuple[str, ...], ...]
    cached: tuple[bool, ...]
    declared: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, package: Package, statements: Sequence[SavedStatement]) -> Reach:
        """Index a package's statements by what they add and what they use."""
        by_name: defaultdict[str, list[int]] = defaultdict(list)
        for index, entry in enumerate(statements):
            for name in _touched(entry, package):
                by_name[name].append(index)
        following = tuple(
            tuple(dict.fromkeys(_package_names((use for use, _ in entry.uses), package)))
            for entry in statements
        )
        return cls(
            exports=package.exports,
            by_name={name: tuple(found) for name, found in by_name.items()},
            next=following,
            statements=tuple(
                (*(text for name in names for text in package.imports.get(name, ())), saved.text)
                for names, saved in zip(following, package.saved, strict=True)
            ),
            cached=tuple(saved.cache for saved in package.saved),
            declared=tuple(saved.reads for saved in package.saved),
        )

    def closure(self, names: Iterable[str]) -> frozenset[int]:
        """Return indices of the saved statements that the names reach."""
        todo = list(names)
        if "*" in todo:
            todo.extend(self.exports)
        seen: set[str] = set()
        reached: set[int] = set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for index in self.by_name.get(name, ()):
                if index not in reached:
                    reached.add(index)
                    todo.extend(self.next[index])
        return frozenset(reached)


def _touched(entry: SavedStatement, package: Package) -> tuple[str, ...]:
    """The names whose meaning a saved statement makes or changes."""
    if entry.names or entry.patches:
        return (*(entry.names or entry.patches), *entry.extends)
    uses = (use for use, _ in entry.uses if not use.deferred)
    return tuple(dict.fromkeys(_package_names(uses, package)))


def _package_names(uses: Iterable[Use], package: Package) -> Iterator[str]:
    """Names of the package that uses inside saved code, plain or through an alias, ask for."""
    for use in uses:
        attribute = package_attribute(use, package.name, package.aliases)
        yield attribute if attribute is not None else use.name
