"""Actions that run right after a module is first imported, before its importer goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Action = Callable[[ModuleType], None]


class AfterImport(MetaPathFinder):
    """A finder that finds nothing itself: it has the loader of others call an action at its end."""

    def __init__(self) -> None:
        """Watches for nothing yet."""
        self._actions: dict[str, list[Action]] = {}

    def install(self) -> None:
        """Puts itself before the other finders."""
        sys.meta_path.insert(0, self)

    def add(self, name: str, action: Action) -> None:
        """Calls `action` with the module `name` once it is imported; now, if it is already."""
        module = sys.modules.get(name)
        if module is not None:
            action(module)
        else:
            self._actions.setdefault(name, []).append(action)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the next finder has, its loader prepared; None for all other modules."""
        actions = self._actions.pop(fullname, None)
        if actions is None:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                _prepare(spec, actions)
                return spec
        self._actions[fullname] = actions
        return None


def _prepare(spec: ModuleSpec, actions: Sequence[Action]) -> None:
    loader = spec.loader
    if loader is None:
        return
    load = loader.exec_module

    def load_and_act(module: ModuleType) -> None:
        load(module)
        for action in actions:
            action(module)

    loader.exec_module = load_and_act  # type: ignore[method-assign]
