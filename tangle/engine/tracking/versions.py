"""The versions of packages that a session has imported."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import warnings
from collections.abc import Iterable
from types import ModuleType

_FOUND: dict[str, str] = {}
"""Versions that were asked for already: distributions' metadata takes a millisecond to read."""

_OWN = frozenset({"tangle", "__main__", "__mp_main__", "sitecustomize", "usercustomize"})


def loaded_versions(imports: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and version of each of the modules that was loaded, with `python`, sorted.

    What else is loaded tells nothing: the fork server has loaded it for other sections.
    """
    names = set(imports).intersection(sys.modules) - sys.stdlib_module_names - _OWN
    found = {"python": platform.python_version()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            version = _FOUND.get(name) or _version(name, sys.modules.get(name))
            if version and not name.startswith("_"):
                found[name] = _FOUND[name] = version
    return tuple(sorted(found.items()))


def _version(name: str, module: ModuleType | None) -> str | None:
    if module is None:
        return None
    try:
        said = getattr(module, "__version__", None)
        if said is not None and not isinstance(said, ModuleType):
            return str(said)
        return importlib.metadata.version(name)
    except Exception:  # noqa: BLE001 -- any module's own `__getattr__` runs here
        return None
