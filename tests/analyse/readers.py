"""An environment given as a table of modules."""

from __future__ import annotations

from collections.abc import Mapping

from tangle.model import ModuleText
from tangle.store import ModuleFiles


class Reader:
    """Reads modules out of a table; the standard library is this Python's."""

    def __init__(self, installed: Mapping[str, str]) -> None:
        """Take the text of each module, by its dotted name."""
        self._installed = installed
        self._library = ModuleFiles([])

    def read(self, module: str) -> ModuleText | None:
        """The text of a module; None where it is not installed."""
        if module in self._installed:
            package = any(name.startswith(f"{module}.") for name in self._installed)
            return ModuleText(source=self._installed[module], package=package)
        return self._library.read(module)

    def is_distribution(self, module: str) -> bool:
        """Whether a distribution has the name of a module."""
        return module in self._installed

    def provider(self, top: str) -> str | None:
        """What provides a top-level module; None where nothing does."""
        return top if top in self._installed else None
