"""The files that watched sections read, and the packages that they import."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from tangle.analyse import Package
from tangle.model import ReadFile, SectionName
from tangle.pipeline.jobs import PreparedPackage, package_files, scratch_tree
from tangle.store import NotReadable, digest_file, digest_listing, file_stamp

_PACKAGES: Final = 32
"""Copies of sessions have imported from the folders of as many packages at most."""


class ReadFiles:
    """The data files that each section read, with their digests then."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._reads: dict[SectionName, dict[str, str]] = {}
        self._stamps: dict[str, str] = {}
        self._moving: set[tuple[SectionName, str]] = set()

    def note(self, section: SectionName, reads: Iterable[ReadFile]) -> None:
        """Takes the files of a section's last run in the place of those before.

        A file that is another at the end of a run than when the run read it was written by somebody
        else, or by the section itself: in that case it is so each time, and no reason to run.
        """
        last = tuple(reads)
        found = {read.path: read.digest for read in last}
        untouched = {r.path for r in last if r.stamp and file_stamp(r.path) == r.stamp}
        for path, digest in found.items():
            now = digest if path in untouched else _digest(path)
            both = (section, path)
            if now == digest:
                self._moving.discard(both)
            elif both in self._moving:
                found[path] = now
            else:
                self._moving.add(both)
                self._stamps.pop(path, None)
            self._stamps.setdefault(path, "")
        self._reads[section] = found

    def changed(self) -> list[tuple[SectionName, str]]:
        """Sections of which a file is another now, with that file; each change is told once."""
        found: list[tuple[SectionName, str]] = []
        for path in [path for path, stamp in self._stamps.items() if file_stamp(path) != stamp]:
            self._stamps[path] = file_stamp(path)
            digest = _digest(path)
            for section, reads in self._reads.items():
                if path in reads and reads[path] != digest:
                    reads[path] = digest
                    found.append((section, path))
        return found


def _digest(path: str) -> str:
    """As a session's log has it; empty for what is not there."""
    try:
        return (digest_listing if path.endswith(os.sep) else digest_file)(Path(path))
    except NotReadable:
        return ""


@contextlib.contextmanager
def packages() -> Iterator[Callable[[Package], PreparedPackage]]:
    """Writes packages where workers find them: one text, one folder, for the last texts."""
    with contextlib.ExitStack() as end:
        known: dict[str, tuple[Path, contextlib.ExitStack]] = {}

        def prepared(package: Package) -> PreparedPackage:
            files, module = package_files(package)
            root = package.name.root
            text = "\0".join(files.values())
            if text not in known:
                made = end.enter_context(contextlib.ExitStack())
                known[text] = made.enter_context(scratch_tree(files, owned=root)), made
                for old in list(known)[:-_PACKAGES]:
                    known.pop(old)[1].close()
            known[text] = known.pop(text)  # the last is the one that was used last
            folder = known[text][0]
            path = folder / root / f"{package.name.module}.py"
            return PreparedPackage(folder=folder, path=path, module=module)

        yield prepared
