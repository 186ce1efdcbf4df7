"""`tangle --version`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tangle import __version__
from tangle_cli.printing import print_lines

if TYPE_CHECKING:
    import click

_OWN: Final = ("click", "ipython", "msgspec", "pillow", "psutil", "rich", "watchfiles")
_OF_NOTES: Final = ("matplotlib", "numpy", "pandas", "torch")
"""Packages on which results depend, where they are installed. None of them is imported."""


def print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the versions that matter, and end the command.

    Args:
        ctx: of the command line.
        param: the option `--version`.
        value: whether it was given.
    """
    del param
    if value and not ctx.resilient_parsing:
        print_lines(_lines())
        ctx.exit()


def _lines() -> Iterator[str]:
    import platform

    yield f"tangle, version {__version__}"
    yield f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    yield platform.platform()
    for name in (*_OWN, *_OF_NOTES):
        if version := _version(name):
            yield f"{name} {version}"


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
