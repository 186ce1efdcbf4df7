"""Findings kept from one command to the next, for notes that did not change meanwhile.

They are JSON with a digest of its own. What was kept by another tangle, by another Python or for
other options counts as nothing, and so does what is damaged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tangle
from tangle.pipeline.findings import (
    Findings,
    PackageFindings,
    PageFindings,
    UnitFindings,
    digest_of,
)
from tangle.pipeline.project import Project
from tangle.store import LOCK_FOLDER, Cache

MEMORY = f"{LOCK_FOLDER}/memory"
_BYTES = 256 * 1024 * 1024
_AGE = 90 * 24 * 3600.0


class Memory:
    """What is remembered of a project."""

    def __init__(self, project: Project, *, create: bool = False) -> None:
        """Use the project's own folder; `create` allows making it, where it is not there."""
        self._folder = project.state / LOCK_FOLDER
        self._cache = Cache(project.state / MEMORY)
        self._create = create
        self._key = digest_of(
            str(project.graph), str(project.output), str(project.root), project.options
        )

    def recall(self) -> Findings | None:
        """What was kept last; None where nothing was, or nothing that still holds."""
        document, stamp = self._cache.get(self._key), _stamp()
        if document is None or stamp is None or document.get("stamp") != stamp:
            return None
        try:
            return _findings(document["findings"])
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, findings: Findings) -> None:
        """Keep findings for the next command, where there is a place for them."""
        stamp = _stamp()
        if stamp is not None and (self._create or self._folder.is_dir()):
            self._cache.put(self._key, {"stamp": stamp, "findings": findings})
            self._cache.prune(_BYTES, _AGE)


def forget(project: Project) -> None:
    """Drop everything that is remembered in a project."""
    Cache(project.state / MEMORY).clear()


def _stamp() -> list[str] | None:
    """What findings depend on besides notes and options: Python, and tangle to the letter.

    None where tangle does not lie in a folder, so that its files cannot be looked at.
    """
    try:
        sources = sorted(_sources(str(Path(tangle.__file__).parent), ""))
    except OSError:
        return None
    return [tangle.__version__, sys.version, digest_of(sources)]


def _sources(folder: str, relative: str) -> Iterator[tuple[str, int, int]]:
    """The library's files, each with its size and when it was written."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield f"{relative}{entry.name}", status.st_size, status.st_mtime_ns
            elif entry.is_dir() and not entry.name.startswith((".", "__")):
                yield from _sources(entry.path, f"{relative}{entry.name}/")


def _findings(row: list[Any]) -> Findings:
    """Findings from JSON's values: tuples came out as lists, which serve as well."""
    found = Findings._make(row)
    return found._replace(
        pages={path: PageFindings._make(page) for path, page in found.pages.items()},
        units=[UnitFindings._make(unit) for unit in found.units],
        package=PackageFindings._make(found.package),
    )
