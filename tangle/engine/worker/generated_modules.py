"""Load the modules that tangle generated in another way than Python does."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType

from tangle.model import Source

MakeLoader = Callable[[str, str], Loader]
"""Makes the loader of a module from its name and path."""


def load_generated(sources: Iterable[Source], make_loader: MakeLoader) -> None:
    """Have generated modules loaded by loaders of this kind, in this process."""
    sys.meta_path.insert(0, _Finder(frozenset(source.path for source in sources), make_loader))


class _Finder(MetaPathFinder):
    """Finds the generated modules where they are, and gives them the loader."""

    def __init__(self, paths: frozenset[str], make_loader: MakeLoader) -> None:
        self._paths = paths
        self._make_loader = make_loader

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if path is None:  # a generated module is always in a package
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin not in self._paths:
            return None
        loader = self._make_loader(fullname, spec.origin)
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=loader)
