"""Compare versions of packages across machines whose builds are for different devices.

A version may end with the build: torch is `2.13.0+cpu` on one machine and `2.13.0+cu128` on the
next. The device that a section used is said with its result, so the builds count as one version,
unless an output shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_BUILD: Final = re.compile(r"\+(?:cpu|cu\d+|cuda[\d.]*|rocm[\d.]*|xpu|mps)$")
_OF_DEVICE: Final = re.compile(r"(?:nvidia|cuda|rocm|triton|pytorch-triton|pynvml)(?:-.*)?")
"""Packages that come with a build for a device and are there for nothing else."""


def is_of_device(package: str) -> bool:
    """Whether a package is there only where the machine has a certain device."""
    return _OF_DEVICE.fullmatch(package) is not None


def is_same_version(installed: str, kept: str) -> bool:
    """Whether an installed version is the one that a result was made with.

    Args:
        installed: the version.
        kept: as `kept_versions` has it.
    """
    return kept in (installed, _BUILD.sub("", installed))


def kept_versions(
    packages: Iterable[tuple[str, str]], shown: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return packages with the versions that count for a result.

    Args:
        packages: names and versions.
        shown: the texts of the result.
    """
    texts = tuple(shown)
    return tuple(
        (name, version if any(version in text for text in texts) else _BUILD.sub("", version))
        for name, version in packages
    )
