"""Find changed files that a section reads, from the cache or else from its code.

Where neither is certain, the section counts as one that reads what changed: rather one section too
many than one too few.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from pathlib import Path

from tangle import PAGE_SUFFIXES, STATE_FOLDER
from tangle.analyse import Session
from tangle.analyse.data_names import DataNames, data_names
from tangle.model import SectionName
from tangle.store import ASSET_FOLDER, NotReadable, is_page, read_bytes
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.results.cache import LastReads
from tangle.verbs.results.recorded_reads import known_reads
from tangle.verbs.vcs.worktree import FileChange, WorkTree

_MOST_REASONS = 8
_STEER_GIT = (".gitattributes", ".gitignore")
_WORD = re.compile(r"[^\W\d]\w*")
_DEFINED = re.compile(r"\b(?:def|class)\s+([^\W\d]\w*)")


class DataReads:
    """Finds out why a section's data may differ from that at a commit."""

    def __init__(self, now: Notes, options: RunOptions, tree: WorkTree) -> None:
        """Looks at nothing yet.

        Args:
            now: the notes.
            options: of the run that is meant, which finds in the cache what sections read.
            tree: the files, beside the commit.
        """
        self._now = now
        self._options = options
        self._tree = tree

    def reasons(self, session: Session) -> Iterator[str]:
        """Yield why a section's data may have changed, in words; the first of many."""
        found = dict.fromkeys(self._reasons(session))
        yield from islice(found, _MOST_REASONS)
        if len(found) > _MOST_REASONS:
            yield f"and {len(found) - _MOST_REASONS} more"

    def _reasons(self, session: Session) -> Iterator[str]:
        folder = self._now.project.graph / session.folder
        known = self._reads.get(session.name)
        if known is not None:
            yield from self._by_reads(known.paths)
        if known is None or known.unknown:
            yield from self._by_names(session, _codes(session, known), folder)
        # A module that is beside the page now, or is no longer, decides what is imported.
        for name in session.imports:
            for path in (folder / f"{name}.py", folder / name / "__init__.py"):
                if self._tree.kind(path) is not None:
                    yield self._data(path)

    @cached_property
    def _reads(self) -> Mapping[SectionName, LastReads]:
        return known_reads(self._now, self._options)

    def _data(self, path: Path, doubt: str = "") -> str:
        return f"data {_shown(self._now.project, path)}{doubt}"

    # --- what the cache knows ---------------------------------------------------------------------

    def _by_reads(self, reads: Iterable[str]) -> Iterator[str]:
        state = self._now.project.state / STATE_FOLDER
        for read in sorted(reads):
            path = Path(read)
            if path.is_relative_to(state):
                continue
            listed = read.endswith(os.sep)
            ask = self._tree.why_listing_changed if listed else self._tree.why_changed
            if (doubt := ask(path)) is not None:
                yield self._data(path, doubt)

    # --- what the code says -----------------------------------------------------------------------

    def _by_names(self, session: Session, codes: Sequence[str], folder: Path) -> Iterator[str]:
        """The changed files that a section's code, or a module of the user's, seems to read."""
        named = _Named(codes, frozenset(session.imports), folder, self._tree)
        for path in named.modules:
            if (doubt := self._tree.why_changed(path)) is not None:
                yield self._data(path, doubt)
        for path in sorted(named.paths):
            yield from self._named(path, folder)
        for change in self._tree.changes:
            if self._is_made(change.path) or change.path.name in _STEER_GIT:
                continue
            if named.has(change.path, exactly=self._is_notes(change.path)):
                yield self._data(change.path)
            elif named.doubt and self._may_be_read(change, named):
                yield f"may read {_shown(self._now.project, change.path)}: {named.doubt}"
                return

    def _named(self, path: Path, folder: Path) -> Iterator[str]:
        """Why what a path in the code leads to may have changed."""
        if path.is_dir():
            doubt = None if folder.is_relative_to(path) else self._tree.why_content_changed(path)
        elif os.path.lexists(path) or not path.is_relative_to(self._tree.root):
            doubt = self._tree.why_changed(path)
        else:  # most texts are no paths at all
            doubt = "" if self._tree.kind(path) is not None else None
        if doubt is not None and not self._is_made(path):
            yield self._data(path, doubt)

    def _may_be_read(self, change: FileChange, named: _Named) -> bool:
        """Whether code may read a changed file whose name it works out."""
        if self._is_notes(change.path):
            return named.mentions_pages
        root = self._now.project.root
        return change.path.is_relative_to(root) or not root.is_relative_to(self._tree.root)

    def _is_made(self, path: Path) -> bool:
        """Whether tangle made a file."""
        project = self._now.project
        made = (project.output, project.graph / ASSET_FOLDER, project.state / STATE_FOLDER)
        return any(map(path.is_relative_to, made))

    def _is_notes(self, path: Path) -> bool:
        """Whether a file is a page, or of the settings: read as data only if it is named so."""
        project = self._now.project
        if path == project.config or path.is_relative_to(project.graph / "logseq"):
            return True
        if not path.is_relative_to(project.graph):
            return False
        return is_page(path.relative_to(project.graph).as_posix(), self._now.config.hidden)


class _Named:
    """What a section's code, and the user's modules that it imports, say about files.

    Attributes:
        modules: the files of those modules, those that were there at the commit included.
        paths: what texts in the code lead to from the page's folder, or from such a module's.
        doubt: why it may read more than is named.
        mentions_pages: whether a text in it looks like the name of a page.
    """

    def __init__(
        self, codes: Sequence[str], imports: frozenset[str], folder: Path, tree: WorkTree
    ) -> None:
        self._folder = folder
        self._tree = tree
        self._imports = imports
        self.modules: dict[Path, None] = {}
        self.paths: set[Path] = set()
        self.doubt = ""
        texts: set[str] = set()
        todo = [(folder, data_names(codes))]
        while todo:
            base, names = todo.pop()
            texts |= names.texts
            self.doubt = self.doubt or names.doubt
            self.paths.update(_paths((folder, base), names.texts))
            for path in self._modules(base, names):
                if path not in self.modules:
                    self.modules[path] = None
                    todo.append((path.parent, _names_of_module(path)))
        self._segments = {part for text in texts for part in text.replace("\\", "/").split("/")}
        self._folders = [
            path.resolve() for path in self.paths if path.is_dir() and not _is_around(path, folder)
        ]
        self._patterns = [
            part for part in self._segments if part.strip("*?.") and set(part) & {*"*?"}
        ]
        self.mentions_pages = any(
            part.endswith((*PAGE_SUFFIXES, "*")) or part in ("pages", "journals", "logseq")
            for part in self._segments
        )

    def has(self, path: Path, *, exactly: bool) -> bool:
        """Whether the code names a file, or a folder around it.

        Args:
            path: the file.
            exactly: a part of its name is not enough.
        """
        if any(map(path.is_relative_to, self._folders)):
            return True
        if path.name in self._segments and "." in path.name:
            return True
        if any(fnmatchcase(path.name, pattern) for pattern in self._patterns):
            return True
        return not exactly and self._names_part(path)

    def _names_part(self, path: Path) -> bool:
        steps = Path(os.path.relpath(path, self._folder)).parts
        if path.suffix == ".py" and steps[0] != os.pardir:
            return Path(steps[0]).stem in self._imports
        around = {step for step in steps[:-1] if step != os.pardir}
        stem = {path.stem} if len(path.stem) > 2 and path.suffix != ".py" else set()
        return not self._segments.isdisjoint({path.name, *around, *stem})

    def _modules(self, base: Path, names: DataNames) -> Iterator[Path]:
        """The files of modules that code imports, as far as they are the user's own."""
        folders = [self._folder, base, *(path for path in self.paths if path.is_dir())]
        for dotted in names.imports:
            level = len(dotted) - len(dotted.lstrip("."))
            places = [base.joinpath(*[os.pardir] * (level - 1))] if level else folders
            parts = dotted.lstrip(".").split(".")
            for folder in places:
                for count in range(1, len(parts) + 1):
                    module = folder.joinpath(*parts[:count])
                    for path in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
                        if path.is_file() or self._tree.kind(path) is not None:
                            yield Path(os.path.normpath(path))


def _codes(session: Session, known: LastReads | None) -> list[str]:
    """The code of a section, as far as its last run does not say what it read.

    All of it, where that calls a function of what is known: its arguments are unknown.
    """
    run = [chunk for chunk in session.chunks if chunk.code.chunk.settings.run]
    codes = [chunk.code.chunk.code for chunk in run]
    everything = [*(entry.text for entry in session.prelude), *session.package, *codes]
    if known is None or known.unknown >= len(run):
        return everything
    last = run[-known.unknown :]
    unknown = [*(text for chunk in last for text in chunk.reaches), *codes[-known.unknown :]]
    words = set(_WORD.findall("\n".join(unknown)))
    defined = set(_DEFINED.findall("\n".join(everything[: -known.unknown])))
    return unknown if defined.isdisjoint(words) else everything


def _names_of_module(path: Path) -> DataNames:
    try:
        return data_names([read_bytes(path).decode("utf-8", "replace")])
    except NotReadable:
        return DataNames(texts=frozenset(), doubt="", imports=frozenset())


def _paths(folders: Iterable[Path], texts: Iterable[str]) -> Iterator[Path]:
    """What texts lead to, as far as they can be paths."""
    for text in texts:
        if 0 < len(text) < 1000 and text.isprintable():
            for folder in folders:
                yield Path(os.path.normpath(folder / os.path.expanduser(text)))  # noqa: PTH111 -- quick


def _is_around(path: Path, folder: Path) -> bool:
    return folder.resolve().is_relative_to(path.resolve())


def _shown(project: Project, path: Path) -> str:
    return Path(os.path.relpath(path, project.root)).as_posix()
