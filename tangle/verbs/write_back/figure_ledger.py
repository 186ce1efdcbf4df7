"""Record which figures in the graph tangle drew."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property

from tangle.model import Page, PagePath, Place, Problem
from tangle.model.problems.outputs import EDITED_OUTPUT
from tangle.store import (
    ASSET_FOLDER,
    RECORD,
    NotReadable,
    Records,
    asset_names,
    digest_file,
    read_bytes,
    remove_asset,
    user_key,
)
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.write import Figure, StoredOutput, is_named_after, stored_outputs, used_assets

_KEY = "figures"
_BEGUN = "begun"
_MOST = 4
"""Digests that are remembered of a figure: a run that was cut short may have left an older one."""


class FigureLedger:
    """The figures that tangle drew, by the digests of their files.

    It is read once: it changes only under the lock of the notes.
    """

    def __init__(self, project: Project) -> None:
        """Read nothing yet."""
        self._project = project

    @cached_property
    def _records(self) -> Records[dict[str, list[str]]]:
        return Records(self._project.state / RECORD, dict[str, list[str]], key=user_key())

    @cached_property
    def _begun(self) -> tuple[str, ...]:
        """Files that came or went with a page that may not have been written."""
        return tuple(self._records.get(_BEGUN) or ())

    @cached_property
    def _known(self) -> Mapping[str, Sequence[str]]:
        """Digests by figure."""
        return self._records.get(_KEY) or {}

    def note(self, figures: Sequence[Figure], passing: Collection[str]) -> None:
        """Record figures that are about to be written.

        Before, not after: one that a killed run leaves, and that no page shows, is known all the
        same, and the next run removes it.

        Args:
            figures: those that a page will show.
            passing: the names of files that come or go with the page.

        Raises:
            NotWritable: the ledger cannot be written.
        """
        ledger = {name: [*digests] for name, digests in self._known.items()} if figures else {}
        for figure in figures:
            digest = hashlib.sha256(figure.data).hexdigest()
            others = [known for known in ledger.get(figure.name, ()) if known != digest]
            ledger[figure.name] = [digest, *others][:_MOST]
        if figures and ledger != self._known:
            self._records.put(_KEY, ledger)
            self._known = ledger
        if passing:
            self._begun = tuple(sorted({*self._begun, *passing}))
            self._records.put(_BEGUN, {name: [] for name in self._begun})

    def settle(self) -> None:
        """Record that files came and went as their pages did."""
        if self._begun:
            self._records.drop(_BEGUN)
            self._begun = ()

    def sweep(self, mentioned: Callable[[], Collection[str]]) -> None:
        """Remove figures that a killed run left, and that no page mentions.

        Args:
            mentioned: finds the figures that pages mention.

        Raises:
            NotWritable: a file cannot be removed.
        """
        if not self._begun:
            return
        there = asset_names(self._project.graph)
        left = set(self._begun).intersection(there).difference(mentioned())
        for name in left - self.edited(left):
            remove_asset(self._project.graph, name)
        self.settle()

    def foreign(
        self, shown: Callable[[], Collection[str]], figures: Sequence[Figure]
    ) -> tuple[Figure, ...]:
        """Return the figures whose file name is taken by a file that is not tangle's.

        It is tangle's if an output shows it, if it has the figure's own content, or if it is as the
        ledger has it: deleting an output block by hand does not disown the file that it showed.

        Args:
            shown: finds the figures that outputs show.
            figures: those that are to be written.
        """
        unknown = [f for f in figures if self._digest(f.name) not in self._drawn(f.name, [f])]
        if not unknown:  # the usual case, in which no page's outputs need to be looked at
            return ()
        known = shown()
        return tuple(figure for figure in unknown if figure.name not in known)

    def edited(self, names: Iterable[str], drawn: Iterable[Figure] = ()) -> frozenset[str]:
        """Return the figures whose file a person edited.

        Of one that the ledger does not know, as in a clone, its name says what tangle drew; one
        with an older kind of name counts as drawn by tangle.

        Args:
            names: the figures' file names.
            drawn: what is to be written; a file that holds that already is not edited.
        """
        by_name: defaultdict[str, list[Figure]] = defaultdict(list)
        for figure in drawn:
            by_name[figure.name].append(figure)
        return frozenset(name for name in names if self._is_edited(name, by_name[name]))

    def drawn(self, names: Iterable[str]) -> set[str]:
        """Return the files that tangle made, whether or not a person edited them since.

        Args:
            names: of files.
        """
        return {name for name in names if name in self._known or self._is_as_named(name)}

    def edited_hosts(
        self, page: Page, figures: Mapping[int, Sequence[Figure]]
    ) -> Mapping[int, Problem]:
        """Return the blocks of a page whose outputs stay because a figure was edited by hand.

        Args:
            page: the page.
            figures: for each block whose outputs are to be written the figures that it shows then.

        Returns:
            For each such block what was edited.
        """
        lines: dict[str, int] = {}
        wanted = {host: {figure.name for figure in found} for host, found in figures.items()}
        for stored in _outputs(page):
            lines.update((name, stored.line) for name in stored.assets if name not in lines)
            if stored.host in wanted:
                wanted[stored.host].update(stored.assets)
        names = set[str]().union(*wanted.values()).intersection(lines)
        drawn = (figure for found in figures.values() for figure in found)
        edited = self.edited(names, drawn)
        return {
            host: _edited(self._project, page, min(found), lines)
            for host, names in wanted.items()
            if (found := edited & names)
        }

    def _is_edited(self, name: str, drawn: Iterable[Figure]) -> bool:
        digest = self._digest(name)
        if digest is None or digest in self._drawn(name, drawn):
            return False
        return name in self._known or self._is_as_named(name) is False

    def _is_as_named(self, name: str) -> bool | None:
        try:
            data = read_bytes(self._project.graph / ASSET_FOLDER / name)
        except NotReadable:
            return None
        return is_named_after(name, data)

    def _drawn(self, name: str, figures: Iterable[Figure]) -> set[str]:
        """Return the digests of a figure's file as tangle drew it, or is about to draw it."""
        return {*self._known.get(name, ()), *(hashlib.sha256(f.data).hexdigest() for f in figures)}

    def _digest(self, name: str) -> str | None:
        """The digest of a figure's file; None where it cannot be read."""
        try:
            return digest_file(self._project.graph / ASSET_FOLDER / name)
        except NotReadable:
            return None


def mentioned(notes: Notes) -> frozenset[str]:
    """Return the figures that any page mentions, pages that are left out included."""
    return frozenset[str]().union(*map(used_assets, notes.sources.data.values()))


def _outputs(page: Page) -> Iterable[StoredOutput]:
    return stored_outputs(page) if ASSET_FOLDER.encode() in page.data else ()


def _edited(project: Project, page: Page, name: str, lines: Mapping[str, int]) -> Problem:
    file = project.shown(PagePath(f"{ASSET_FOLDER}/{name}"))
    return EDITED_OUTPUT.at(
        Place(path=page.path, line=lines[name]),
        f"the figure {name} was edited by hand, and its output is left as it is",
        hint=f"delete {file} to have it drawn again, or use --force",
    )
