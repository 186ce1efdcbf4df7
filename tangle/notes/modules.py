"""Queries about installed modules: an install or a removal changes their answers."""

from __future__ import annotations

from tangle.analyse import ModuleNames, own_module_names_of, with_stars
from tangle.notes.core import Core, environment
from tangle.notes.engine import query


@query(kept=ModuleNames | None)
def own_names_of(core: Core, module: str) -> ModuleNames | None:
    """The names that a module's own text shows; None where it is not installed."""
    environment(core, "")
    text = core.modules.read(module)
    return own_module_names_of(module, text) if text is not None else None


@query(kept=ModuleNames | None)
def names_of(core: Core, module: str) -> ModuleNames | None:
    """The names of a module; None where it is not installed."""
    return with_stars(module, lambda other: own_names_of(core, other))


@query(kept=bool)
def is_distribution(core: Core, module: str) -> bool:
    """Whether a distribution has the name of a module."""
    environment(core, "")
    return core.modules.is_distribution(module)


@query(kept=str | None)
def provider(core: Core, top: str) -> str | None:
    """What provides a top-level module; None where it is not installed."""
    environment(core, "")
    return core.modules.provider(top)


class Modules:
    """What is installed, for those who supply imports."""

    def __init__(self, core: Core) -> None:
        """Look it up in a store."""
        self._core = core

    def names(self, module: str) -> ModuleNames | None:
        """The names of a module; None where there is none."""
        return names_of(self._core, module)

    def is_distribution(self, module: str) -> bool:
        """Whether a distribution has this name."""
        return is_distribution(self._core, module)
