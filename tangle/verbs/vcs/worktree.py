"""Find files that differ from a commit by reading them, without git's filters and monitors.

What git cannot know, a file outside of the repository or one that it ignores, counts as changed
unless the disk says that nothing touched it since the commit was made.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tangle.errors import UsageError
from tangle.store import NotReadable, digest_file, read_bytes
from tangle.verbs.vcs.repository import Entry, Repository, blob_digest

ChangeKind = Literal["added", "changed", "removed"]

_LARGE_FILE = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_LINE_ENDS_LIMIT = 64 * 1024 * 1024
_POINTER_LIMIT = 1024
_MOST_FOLDERS = 1000


class FileChange(Struct, frozen=True, kw_only=True):
    """A file, link or repository in the work tree that differs from a commit.

    Attributes:
        path: of a repository inside this one, its folder: what is in it may all have changed.
    """

    path: Path
    kind: ChangeKind


class WorkTree:
    """The files of a work tree, compared with a commit on demand."""

    def __init__(self, repository: Repository, commit: str) -> None:
        """Compares nothing yet."""
        self.root = repository.root
        self._repository = repository
        self._commit = commit
        self._found: dict[Path, ChangeKind | None] = {}

    @cached_property
    def changes(self) -> tuple[FileChange, ...]:
        """Return every difference, including those in submodules, sorted by path."""
        found = [
            FileChange(path=path, kind=kind)
            for tree in self.trees
            for path in {*tree.entries, *tree.new}
            if (kind := tree.kind(path)) is not None
        ]
        return tuple(sorted(found, key=lambda change: change.path))

    def kind(self, path: Path) -> ChangeKind | None:
        """Return how a path differs from the commit; None if it does not, or neither has it."""
        return self._tree_of(path).own_kind(path)

    def own_kind(self, path: Path) -> ChangeKind | None:
        """Return the same for a path that is in no submodule."""
        if path not in self._found:
            self._found[path] = self._compare(path)
        return self._found[path]

    def why_changed(self, path: Path) -> str | None:
        """Why what stands at a path may be other than it was; None where it is not.

        Args:
            path: absolute; links on it are followed, and count themselves.

        Returns:
            A remark in words, empty where the change is certain.
        """
        real = _real(path)
        for at in dict.fromkeys((path, real)):
            if self.kind(at) is not None or any(map(self._is_opaque, at.parents)):
                return ""
        tree = self._tree_of(real)
        if real in tree.entries or self._is_foreign_and_settled(real):
            return None
        return self._doubt(real) if self._touched_since(real) else None

    def _is_foreign_and_settled(self, path: Path) -> bool:
        """Whether a path is outside of git, and is a folder, or missing with its folder.

        Libraries look for settings in many such places. The times of a home folder, in which names
        come and go, would make each section that uses such a library count as changed.
        """
        return not path.is_relative_to(self.root) and (path.is_dir() or not _exists(path.parent))

    def why_listing_changed(self, folder: Path) -> str | None:
        """Why a folder may have other names in it; as `why_changed`. Ignored names do not count."""
        real = _real(folder)
        if any(map(self._is_opaque, (folder, *folder.parents))):
            return ""
        if not (real.is_relative_to(self.root) or _exists(real)):
            return None
        tree = self._tree_of(real / "x")
        then = {_child(path, real) for path in tree.entries if path.is_relative_to(real)}
        new = {_child(path, real) for path in tree.new if path.is_relative_to(real)}
        if not new <= then or any(not _exists(real / name) for name in then):
            return ""
        return None if then or not self._touched_since(real) else self._doubt(real)

    def why_content_changed(self, folder: Path) -> str | None:
        """Why something in a folder that git does not know may have changed; as `why_changed`."""
        real = _real(folder)
        tree = self._tree_of(real / "x")
        if any(path.is_relative_to(real) for path in tree.entries):
            return None  # `changes` has what changed
        for count, (top, _, names) in enumerate(os.walk(real)):
            at = Path(top)
            if count > _MOST_FOLDERS or any(
                map(self._touched_since, (at, *map(at.joinpath, names)))
            ):
                return self._doubt(real)
        return None

    def _doubt(self, path: Path) -> str:
        """Why git does not know whether something changed."""
        where = "git ignores it" if path.is_relative_to(self.root) else "it is outside of git"
        return f" (may have changed: {where})"

    def _is_opaque(self, path: Path) -> bool:
        """Whether a changed link or repository stands at a path, so that all behind it changed."""
        entry = self.entries.get(path)
        if entry is None:
            return path in self.new and (path.is_symlink() or path.is_dir())
        return entry.kind != "file" and self.kind(path) is not None

    def _touched_since(self, path: Path) -> bool:
        """Whether anything was done to a file since the commit, as far as the disk knows.

        The time of a file's status cannot be set back, as that of its content can. Of one that is
        not there, the folder around it tells.
        """
        for at in (path, *path.parents):
            with contextlib.suppress(OSError):
                return at.stat().st_ctime >= self._committed_at
        return True

    @cached_property
    def _committed_at(self) -> int:
        return self._repository.committed_at(self._commit)

    @cached_property
    def entries(self) -> Mapping[Path, Entry]:
        """What the commit has, by path."""
        return self._repository.entries(self._commit)

    @cached_property
    def new(self) -> frozenset[Path]:
        """Return what git would add: untracked files, and those added since the commit."""
        new = {*self._repository.untracked(), *self._repository.indexed()}
        return frozenset(path for path in new if path not in self.entries and _exists(path))

    @cached_property
    def trees(self) -> tuple[WorkTree, ...]:
        """This work tree, and those of the submodules in it, as far as they can be compared."""
        inner = (
            tree
            for path, entry in self.entries.items()
            if entry.kind == "repository" and (tree := _inner_tree(path, entry)) is not None
        )
        return (self, *(deeper for tree in inner for deeper in tree.trees))

    def _tree_of(self, path: Path) -> WorkTree:
        """The work tree that knows a path: the innermost around it."""
        around = [
            tree for tree in self.trees if path != tree.root and path.is_relative_to(tree.root)
        ]
        return max(around, key=lambda tree: len(tree.root.parts), default=self)

    def _compare(self, path: Path) -> ChangeKind | None:
        entry = self.entries.get(path)
        if entry is None:
            return "added" if path in self.new else None
        if not _exists(path):
            return "removed"
        same = {"file": self._same_file, "link": self._same_link, "repository": _same_repository}
        return None if same[entry.kind](path, entry) else "changed"

    def _same_link(self, path: Path, entry: Entry) -> bool:
        if not path.is_symlink():
            return False
        return blob_digest(os.fsencode(path.readlink()), like=entry.digest) == entry.digest

    def _same_file(self, path: Path, entry: Entry) -> bool:
        """Whether a file equals that in git, ignoring conversion of line ends and large files."""
        if path.is_symlink() or not path.is_file():
            return False
        try:
            if _blob_digest_of(path, like=entry.digest) == entry.digest:
                return True
            return self._same_lines(path, entry) or self._same_large_file(path, entry)
        except NotReadable:
            return False

    def _same_lines(self, path: Path, entry: Entry) -> bool:
        if path.stat().st_size > _LINE_ENDS_LIMIT:
            return False
        data = read_bytes(path, _LINE_ENDS_LIMIT).replace(b"\r\n", b"\n")
        same = blob_digest(data, like=entry.digest) == entry.digest
        return same and self._repository.converts_line_ends(path)

    def _same_large_file(self, path: Path, entry: Entry) -> bool:
        """Whether git has, in place of the file, a pointer of Git LFS that is about it."""
        blob = self._repository.file(self._commit, path)
        if blob is None or blob.size > _POINTER_LIMIT:
            return False
        ((_, pointer),) = self._repository.contents([entry.digest])
        named = _LARGE_FILE.match(pointer)
        return named is not None and digest_file(path) == named[1].decode()


def _inner_tree(path: Path, entry: Entry) -> WorkTree | None:
    """A submodule's work tree beside the commit that it should have; None where that is unknown."""
    try:
        repository = Repository.around(path)
        if repository.root != path.resolve():
            return None
        return WorkTree(repository, repository.commit(entry.digest))
    except (UsageError, OSError):
        return None


def _same_repository(path: Path, entry: Entry) -> bool:
    """Whether all of a submodule can be compared, file by file, or none of it is there."""
    if not path.is_dir():
        return False
    return not any(path.iterdir()) or _inner_tree(path, entry) is not None


def _blob_digest_of(path: Path, *, like: str) -> str:
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    begun = algorithm(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    return digest_file(path, begun)


def _child(path: Path, folder: Path) -> str:
    """The name in a folder on the way to a path below it; empty for the folder itself."""
    return next(iter(path.relative_to(folder).parts), "")


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a circle of links
        return path
