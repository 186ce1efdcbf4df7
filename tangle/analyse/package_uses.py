"""Which module the notes mean by their own package: the one from which they use what they save."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUses:
    """What a unit saves, and what it takes from modules of packages.

    Attributes:
        taken: for each package and module in it, the names; `*` for all.
    """

    saved: frozenset[str] = frozenset()
    taken: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


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
    for code in unit.chunks:
        for statement in code.statements:
            for entry in statement.imports:
                for root, module, name in _modules(entry):
                    attributes = {use.path[0] for use in uses if use.name == name and use.path}
                    taken = attributes if name else {entry.attribute or ""}
                    found.setdefault((root, module), set()).update(taken)
    return PackageUses(
        saved=saved,
        taken=tuple((*key, tuple(sorted(names))) for key, names in sorted(found.items())),
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


def found_package(
    units: Iterable[PackageUses], is_installed: Callable[[str], bool]
) -> PackageName | None:
    """The package from which the notes use most of what they save; None where there is none.

    An installed package counts where the notes save what they take from it: the generated one then
    lies over it.

    Args:
        units: what each unit saves and takes.
        is_installed: whether a package is installed.
    """
    known = list(units)
    saved = frozenset[str]().union(*(unit.saved for unit in known))
    counts: Counter[tuple[str, str]] = Counter()
    for unit in known:
        for root, module, names in unit.taken:
            common = saved.intersection(names)
            if root in LIBRARIES or root in sys.stdlib_module_names or not saved:
                continue
            if common or ("*" in names and not is_installed(root)):
                counts[root, module] += max(1, len(common))
    if not counts:
        return None
    root, module = min(counts, key=lambda key: (-counts[key], key))
    return PackageName(root=root, module=module)
