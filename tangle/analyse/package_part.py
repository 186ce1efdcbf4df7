"""The part of the package that code reaches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from tangle.analyse.plan import Package
from tangle.analyse.reachability import Reach

_WORD: Final = re.compile(r"\w+")


def package_part(package: Package, reach: Reach, names: Iterable[str]) -> Package:
    """Return a package with the saved statements that some names lead to.

    Args:
        package: the whole package.
        reach: what its names lead to.
        names: that are asked of it; `*` for all.
    """
    saved = tuple(package.saved[index] for index in sorted(reach.closure(names)))
    words = {word for entry in saved for word in _WORD.findall(entry.text)}
    return replace(
        package,
        saved=saved,
        imports={name: texts for name, texts in package.imports.items() if name in words},
        exports=frozenset(name for entry in saved for name in entry.names),
    )
