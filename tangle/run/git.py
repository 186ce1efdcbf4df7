"""What git knows of the notes: how they were at a revision, and which files differ from it.

git is a process, so it is asked here. Nothing in the repository is changed, but its configuration
where `configure` says so.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tangle.errors import TangleError, UsageError
from tangle.run.scratch import scratch_folder

_MOST_CONFLICTS = 127
"""`git merge-file` ends with the number of conflicts, or more than this where it failed."""

ChangeKind = Literal["added", "changed", "removed"]

_REGULAR = ("100644", "100755")


class NoRepository(UsageError):
    """There is no git repository where one is needed, or git will not look at it."""

    def __init__(self, folder: Path, said: str) -> None:
        """Tell the folder, and what git said of it."""
        hint = "revisions are known to git alone: run this in a clone"
        super().__init__(f"{folder}: git has no repository here ({said}); {hint}")


class NoGit(UsageError):
    """The program `git` is not there."""

    def __init__(self) -> None:
        """Tell what is missing."""
        super().__init__("git: there is no such program; install it, or put it on the PATH")


class UnknownRevision(UsageError):
    """The repository has no commit of that name."""

    def __init__(self, revision: str, *, shallow: bool) -> None:
        """Tell the name; `shallow` where the clone lacks older commits."""
        hint = "name a commit, a branch or a tag"
        if shallow:
            hint = (
                "this clone is shallow: fetch more of its history "
                "(git fetch --unshallow; fetch-depth: 0 in actions/checkout)"
            )
        super().__init__(f"{revision}: git knows no commit of this name; {hint}")


class GitFailed(TangleError):
    """git ended with an error that says nothing about the user's request."""

    def __init__(self, folder: Path, arguments: Sequence[str], said: str) -> None:
        """Tell what was asked, and the answer."""
        super().__init__(f"{folder}: git {arguments[0]} failed: {said}; see to that and try again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A regular file of a commit.

    Attributes:
        digest: git's name for the content.
        size: bytes.
    """

    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that differs from a commit; one that git does not track yet is added."""

    path: Path
    kind: ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository with a work tree.

    Attributes:
        root: the top of its work tree.
    """

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder is in.

        Raises:
            NoRepository: it is in none.
            NoGit: git is not installed.
        """
        done = _git(folder, ["rev-parse", "--show-toplevel"])
        if done.returncode:
            raise NoRepository(folder, _said(done))
        return cls(root=Path(os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve())

    def commit(self, revision: str) -> str:
        """The full name of the commit that a revision means.

        Raises:
            UnknownRevision: it means none that is here.
        """
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        done = _git(self.root, asked)
        if done.returncode:
            shallow = _git(self.root, ["rev-parse", "--is-shallow-repository"])
            raise UnknownRevision(revision, shallow=shallow.stdout.strip() == b"true")
        return done.stdout.decode("ascii").strip()

    def files(self, commit: str, folder: Path) -> Mapping[str, Blob]:
        """The regular files that a commit has in a folder: links and submodules are none.

        Returns:
            Blobs by path, in POSIX form, relative to the folder.
        """
        inside = folder.relative_to(self.root).as_posix()
        arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit]
        if inside != ".":
            arguments += ["--", f"{inside}/"]
        prefix = "" if inside == "." else f"{inside}/"
        found: dict[str, Blob] = {}
        for entry in self._asked(arguments).split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            if path and facts.split()[0].decode("ascii") in _REGULAR:
                _, _, digest, size = facts.decode("ascii").split()
                name = os.fsdecode(path).removeprefix(prefix)
                found[name] = Blob(digest=digest, size=int(size))
        return found

    def file(self, commit: str, path: Path) -> Blob | None:
        """A regular file that a commit has at a path; None where it has none."""
        inside = path.relative_to(self.root).as_posix()
        entry = self._asked(["ls-tree", "-l", "-z", "--full-tree", commit, "--", inside])
        facts = entry.partition(b"\t")[0].decode("ascii").split()
        if not facts or facts[0] not in _REGULAR:
            return None
        return Blob(digest=facts[2], size=int(facts[3]))

    def contents(self, digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs, each with its name."""
        wanted = list(dict.fromkeys(digests))
        if not wanted:
            return
        names = "".join(f"{digest}\n" for digest in wanted).encode("ascii")
        data = self._asked(["cat-file", "--batch"], names)
        at = 0
        for digest in wanted:
            head_end = data.index(b"\n", at)
            size = int(data[at:head_end].split()[2])
            yield digest, data[head_end + 1 : head_end + 1 + size]
            at = head_end + 1 + size + 1

    def differing(self, commit: str, folder: Path) -> tuple[FileChange, ...]:
        """The files in a folder that differ from a commit, saved and unsaved alike.

        Files that git ignores are left out.
        """
        inside = str(folder)
        asked = ["diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", commit]
        fields = self._asked([*asked, "--", inside]).split(b"\0")
        kinds: dict[bytes, ChangeKind] = {b"A": "added", b"D": "removed"}
        found: dict[Path, ChangeKind] = {
            self._path(path): kinds.get(status, "changed")
            for status, path in zip(fields[::2], fields[1::2], strict=False)
        }
        new = self._asked(["ls-files", "--others", "--exclude-standard", "-z", "--", inside])
        found.update((self._path(path), "added") for path in new.split(b"\0") if path)
        return tuple(FileChange(path=path, kind=found[path]) for path in sorted(found))

    def configure(self, name: str, value: str) -> None:
        """Set an option of this clone."""
        self._asked(["config", "--local", name, value])

    def _path(self, name: bytes) -> Path:
        return self.root / os.fsdecode(name)

    def _asked(self, arguments: list[str], given: bytes = b"") -> bytes:
        done = _git(self.root, arguments, given)
        if done.returncode:
            raise GitFailed(self.root, arguments, _said(done))
        return done.stdout


def blob_digest(data: bytes, *, like: str) -> str:
    """The name that git has for a content, by the algorithm that made another name.

    Args:
        data: the content.
        like: a name in the same repository: 40 hex digits are SHA-1, 64 SHA-256.
    """
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedText:
    """What three texts came to.

    Attributes:
        conflicts: whether both sides changed the same lines, which are marked in the text.
    """

    data: bytes
    conflicts: bool


def merge_texts(base: bytes, ours: bytes, theirs: bytes, *, marker_size: int = 7) -> MergedText:
    """Two texts that come from a third, merged line by line as git merges files.

    Raises:
        GitFailed: they are no texts.
        NoGit: git is not installed.
    """
    with scratch_folder() as folder:
        paths = [folder / side for side in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(data)
        asked = ["merge-file", "--stdout", "--quiet", f"--marker-size={marker_size}"]
        asked += [word for path in paths for word in ("-L", path.name)]
        # Here, so that git obeys what the repository says of conflicts (merge.conflictStyle).
        done = _git(Path.cwd(), [*asked, *(str(path) for path in paths)])
    if done.returncode > _MOST_CONFLICTS:
        raise GitFailed(Path.cwd(), asked, _said(done))
    return MergedText(data=done.stdout, conflicts=done.returncode > 0)


def _git(
    folder: Path, arguments: Sequence[str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoGit from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git said, in its own words."""
    lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
    return lines[0].removeprefix("fatal: ") or f"exit code {done.returncode}"
