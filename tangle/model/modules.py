"""The text of an installed module, as analysis reads it: nothing is imported."""

from __future__ import annotations

from msgspec import Struct


class ModuleText(Struct, frozen=True, kw_only=True):
    """A module of the standard library or of an installed package.

    Attributes:
        source: its Python text; None where it is compiled.
        package: whether it is a package, whose relative imports start in it.
        names: what a compiled module of the standard library has; empty where that is not known.
    """

    source: str | None
    package: bool
    names: tuple[str, ...] = ()
