"""Findings kept from one command to the next, for notes that did not change meanwhile.

They are JSON with a digest of its own. What was kept by another tangle, by another Python, for
other options or in another folder counts as nothing, and so does what is damaged.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from typing import Any

from tangle import STATE_FOLDER
from tangle.store import FINDINGS, Cache, folder_identity, library_stamp, user_key
from tangle.verbs.incremental.findings import Findings, PackageFindings, PageFindings, UnitFindings
from tangle.verbs.project import Project

_BYTES = 256 * 1024 * 1024
_AGE = 30 * 24 * 3600.0


class Memory:
    """What is kept of a project with these settings; findings that cannot be kept are not."""

    def __init__(self, project: Project, settings: str) -> None:
        """Looks at nothing yet.

        Args:
            project: whose notes.
            settings: the text of the graph's `config.edn`.
        """
        self._cache = Cache(project.state / FINDINGS, dict, key=user_key())
        self._folder = project.state / STATE_FOLDER
        facts = (
            library_stamp(),
            sys.version,
            str(project.root),
            str(project.graph),
            str(project.output),
            str(project.package),
            repr(project.options),
            settings,
        )
        self._facts = repr(facts)

    def recall(self) -> Findings | None:
        """What was kept; None where there is nothing, or nothing whole."""
        key = self._key()
        document = self._cache.get(key) if key else None
        if document is None:
            return None
        try:
            return _findings(document)
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, findings: Findings) -> None:
        """Keep findings, where the project has a folder for tangle's own files already."""
        if key := self._key():
            self._cache.put(key, findings._asdict())
            self._cache.prune(_BYTES, _AGE)

    def _key(self) -> str | None:
        """The settings' digest, with what no other machine's folder has: a copied one is no use."""
        folder = folder_identity(self._folder)
        if folder is None:
            return None
        return hashlib.sha256(f"{folder}\n{self._facts}".encode("utf-8", "replace")).hexdigest()


def _findings(document: Mapping[str, Any]) -> Findings:
    """Findings from JSON's values: tuples came out as lists, which serve as well."""
    found = Findings(**document)
    return found._replace(
        pages={path: PageFindings._make(page) for path, page in found.pages.items()},
        units=[UnitFindings._make(unit) for unit in found.units],
        package=PackageFindings._make(found.package),
    )
