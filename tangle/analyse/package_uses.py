"""Choose the name of the generated module: what the notes call it, else one after the graph."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final

from msgspec import Struct

from tangle.analyse.code import UnitCode
from tangle.analyse.names import Import
from tangle.model import PackageName

LIBRARIES: Final = frozenset(
    {
        *("IPython", "PIL", "click", "coverage", "filelock", "matplotlib", "numpy", "pandas"),
        *("pip", "pytest", "requests", "rich", "scipy", "seaborn", "setuptools", "sklearn"),
        *("tangle", "tangle_cli", "test", "torch", "torchvision", "tqdm"),
    }
)
"""Libraries of tangle and of most notes: never the notes' own package."""

_RUN_BY_ITSELF: Final = frozenset({"conftest", "sitecustomize", "usercustomize"})
_MODULE: Final = "saved"
"""The module of a package that is called after its graph."""
_USUAL: Final = "notes"
"""What a package is called, or its name begins with, where the graph's name gives none."""


class PackageUses(Struct, frozen=True, kw_only=True):
    """What a unit saves, and what it takes from modules of packages.

    Attributes:
        taken: for each package and module in it, the names; `*` for all.
        imports: the top-level modules that it imports.
        defines: the names that it defines at top level, imports aside.
        renamed: packages and modules in them that it gives the package's name, as in
            `from d2l import torch as d2l`.
    """

    saved: frozenset[str] = frozenset()
    taken: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    imports: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    renamed: frozenset[tuple[str, str]] = frozenset()


class PackageChoice(Struct, frozen=True, kw_only=True):
    """The name of the generated module.

    Attributes:
        avoided: what the graph's own name would hide, in words; empty where it is used.
        by_notes: whether the notes import a module of that name.
    """

    name: PackageName
    avoided: str = ""
    by_notes: bool = False


def package_uses(unit: UnitCode) -> PackageUses:
    """What a unit saves, and what it takes from modules of packages."""
    saved = frozenset(
        name
        for code in unit.chunks
        for row in code.marked.saved
        for name in code.statements[row].binds
    )
    uses = [use for code in unit.chunks for s in code.statements for use in s.uses]
    found: dict[tuple[str, str], set[str]] = {}
    renamed: set[tuple[str, str]] = set()
    for code in unit.chunks:
        for statement in code.statements:
            for entry in statement.imports:
                for root, module, name in _modules(entry):
                    attributes = {use.path[0] for use in uses if use.name == name and use.path}
                    taken = attributes if name else {entry.attribute or ""}
                    found.setdefault((root, module), set()).update(taken)
                    if name == root:
                        renamed.add((root, module))
    return PackageUses(
        saved=saved,
        taken=tuple((*key, tuple(sorted(names))) for key, names in sorted(found.items())),
        imports=frozenset(
            entry.module.partition(".")[0]
            for code in unit.chunks
            for statement in code.statements
            for entry in statement.imports
        ),
        defines=frozenset(
            name
            for code in unit.chunks
            for statement in code.statements
            if not statement.imports
            for name in statement.binds
        ),
        renamed=frozenset(renamed),
    )


def _modules(entry: Import) -> Iterator[tuple[str, str, str]]:
    """The package and module that an import may be of, and the name that it gives the module."""
    root, _, module = entry.module.partition(".")
    if not root:
        return
    if entry.attribute is None:
        if module.isidentifier() and entry.alias:
            yield root, module, entry.bound
    elif not module and not entry.star:
        yield root, entry.attribute, entry.bound
    elif module.isidentifier():
        yield root, module, ""


def reserved(root: str) -> str | None:
    """Return what a package of a name would hide wherever it is generated, in words.

    Args:
        root: the top-level name.
    """
    if root in sys.stdlib_module_names or root in sys.builtin_module_names:
        return f"the module {root} of the standard library"
    if root in _RUN_BY_ITSELF:
        return f"{root}, which Python or pytest run by themselves"
    if root in LIBRARIES:  # even where this Python does not have them
        return f"the package {root}"
    return None


def package_after(graph: str) -> PackageName:
    """Return the name of a package after its graph, made a valid identifier in lower case.

    Args:
        graph: the name of the graph's folder.
    """
    words = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", graph)).strip("_").lower()
    if not words.isidentifier() or keyword.iskeyword(words):
        words = f"{_USUAL}_{words}".rstrip("_")
    return PackageName(root=words, module=_MODULE)


def free_package(usual: PackageName, hides: Callable[[str], str | None]) -> PackageChoice:
    """Return a package that hides no other module: the usual one, or another one made from it.

    Args:
        usual: as `package_after` made it.
        hides: what a package of a top-level name would hide, in words.
    """
    avoided = hides(usual.root)
    if avoided is None:
        return PackageChoice(name=usual)
    names = (f"{usual.root}_{_USUAL}{number if number > 1 else ''}" for number in count(1))
    root = next(name for name in names if hides(name) is None)
    return PackageChoice(name=PackageName(root=root, module=usual.module), avoided=avoided)


def found_package(
    units: Iterable[PackageUses], is_installed: Callable[[str], bool]
) -> PackageName | None:
    """Return the package that the notes mean by their own; None where there is none.

    It is the one from which they use most of what they save; an installed package counts there,
    and the generated one then lies over it. If there is none, it is one that is not installed and
    from which they use only what they define, or which they rename as books do if they save
    anything: they forgot to save what is missing in it.

    Args:
        units: what each unit saves and takes.
        is_installed: whether a package is installed.
    """
    known = list(units)
    saved = frozenset[str]().union(*(unit.saved for unit in known))
    counts: Counter[tuple[str, str]] = Counter()
    for _, root, module, names in _candidates(known) if saved else ():
        common = len(saved.intersection(names))
        if common or ("*" in names and not is_installed(root)):
            counts[root, module] += max(1, common)
    if not counts:
        defined = frozenset[str]().union(*(unit.defines for unit in known))
        for unit, root, module, names in _candidates(known):
            renamed = bool(saved) and (root, module) in unit.renamed
            if (renamed or (names and defined.issuperset(names))) and not is_installed(root):
                counts[root, module] += 1
    if not counts:
        return None
    root, module = min(counts, key=lambda key: (-counts[key], key))
    return PackageName(root=root, module=module)


def _candidates(
    units: Iterable[PackageUses],
) -> Iterator[tuple[PackageUses, str, str, tuple[str, ...]]]:
    """What units take from modules that may be the notes' own."""
    for unit in units:
        for root, module, names in unit.taken:
            if reserved(root) is None:
                yield unit, root, module, names
