"""Watch the files that sections read, and write the package that they import."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from tangle.analyse import Package
from tangle.engine.file_identity import file_stamp, folders_of, is_as_read, is_quiet, state_of
from tangle.model import Asked, ReadFile, SectionName
from tangle.verbs.job_builder import PreparedPackage, package_with_places, scratch_tree

_PACKAGES: Final = 32
"""Copies of sessions have imported from the folders of as many packages at most."""


_Question = tuple[Asked, str]


class ReadFiles:
    """What each section learned from the disk, as of its last run."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._reads: dict[SectionName, dict[_Question, str]] = {}
        self._stamps: dict[_Question, str] = {}
        self._moving: set[tuple[SectionName, _Question]] = set()

    def note(self, section: SectionName, reads: Iterable[ReadFile]) -> None:
        """Replace what a section learned in earlier runs by what it learned in the last.

        A file that differs at the end of a run from what the run read was changed from outside, or
        by the section itself: in that case it differs each time, and is no reason to run.

        Args:
            section: its name.
            reads: the files that it read, with their states.
        """
        # Variables of the environment are those of this process, and stay.
        last = tuple(read for read in reads if read.what != "variable")
        found = {(read.what, read.path): read.digest for read in last}
        for read in last:
            question = (read.what, read.path)
            both = (section, question)
            if is_as_read(read):
                self._moving.discard(both)
            elif both in self._moving:
                found[question] = state_of(*question)
            else:
                self._moving.add(both)
                self._stamps.pop(question, None)
            self._stamps.setdefault(question, "")
        self._reads[section] = found

    def changed(self) -> list[tuple[SectionName, str]]:
        """Return sections whose files have changed, with the path; each change is reported once."""
        found: list[tuple[SectionName, str]] = []
        for question in list(self._stamps):
            stamp = file_stamp(question[1]) if question[0] == "content" else ""
            if stamp and stamp == self._stamps[question]:
                continue
            # A file that was written just now may be written again without another stamp.
            self._stamps[question] = stamp if is_quiet(stamp) else ""
            digest = state_of(*question)
            for section, reads in self._reads.items():
                if question in reads and reads[question] != digest:
                    reads[question] = digest
                    found.append((section, _shown(question)))
        return found


def _shown(question: _Question) -> str:
    """Return the path of a change, for a message."""
    what, path = question
    return folders_of(path)[0] if what == "module" else path


@contextlib.contextmanager
def packages() -> Iterator[Callable[[Package], PreparedPackage]]:
    """Writes packages where workers find them: one text, one folder, for the last texts."""
    with contextlib.ExitStack() as end:
        known: dict[str, tuple[Path, contextlib.ExitStack]] = {}

        def prepared(package: Package) -> PreparedPackage:
            files, module = package_with_places(package)
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
