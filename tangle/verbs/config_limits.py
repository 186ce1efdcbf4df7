"""Limits on values of a configuration, which may come from an untrusted clone.

The package may not have the name of a module that other programs import, and no path may lead out
of the configuration's folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tangle.analyse import reserved
from tangle.store import ModuleFiles, resolve_links

_BOOK_PACKAGE: Final = "d2l"
"""What the book's notes call their package: it may be laid over an installed one of that name."""


def leads_outside(folder: Path, name: str) -> bool:
    """Whether a path that a configuration names lies outside of the configuration's folder.

    Args:
        folder: the configuration's.
        name: the path; links on it count as what they lead to.
    """
    try:
        return not resolve_links(folder / name).is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a circle of links, a null byte
        return True


def taken_by(name: str, folder: Path) -> str | None:
    """Return what a package of that name would shadow; None if nothing.

    Args:
        name: the package's top-level name.
        folder: the configuration's: what stands there is the project's own.
    """
    if (found := reserved(name)) is not None:
        return found
    if name == _BOOK_PACKAGE:
        return None
    found = installed_as(name, folder)
    return None if found is None else f"the installed package {found}"


def overlay_notice(name: str, folder: Path, *, overlay: bool) -> str | None:
    """Return a notice that the generated package lies over an installed one; None if it does not.

    Args:
        name: the package's top-level name.
        folder: the project's.
        overlay: whether the installed one has the generated module, too.
    """
    found = installed_as(name, folder)
    if found is None:
        return None
    if overlay:
        return (
            f"notice: the generated package {name} lies over the installed one ({found}): "
            "names that no section saves come from there"
        )
    return (
        f"notice: a package {name} is installed, too ({found}); "
        "the sections use the generated one, and so do programs with generated/ on their path"
    )


def installed_as(name: str, folder: Path) -> str | None:
    """Return what provides an installed module; None if nothing does, or tangle generated it.

    Args:
        name: the module's top-level name.
        folder: the project's: what stands there is its own.
    """
    own = folder.resolve()
    return ModuleFiles([at for at in sys.path if at and Path(at).resolve() != own]).provider(name)
