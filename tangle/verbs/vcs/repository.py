"""Read what git has stored: files of a revision, untracked files.

git is a process, so it is asked here. Nothing in the repository is changed, but its configuration
where `configure` says so.

A repository may come from anyone, and its configuration names programs: a monitor of files, filters
for contents, a diff of its own, hooks, ways to fetch what is missing. So git is asked only for what
it has stored, and those settings are overruled. Contents are compared by our own reading, never by
`git diff` or `git status`, which call a filter for each file.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tangle.engine.scratch import scratch_folder
from tangle.errors import Refused, TangleError, UsageError

_MOST_CONFLICTS = 127
"""`git merge-file` ends with the number of conflicts, or more than this where it failed."""

_PATIENCE = 600.0
"""Seconds that git may take to answer: a repository may make it wait for a pipe for ever."""

_OVERRULED = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.untrackedCache=false"),
    *("core.pager=cat", "protocol.allow=never", "log.showSignature=false"),
)
"""Settings by which a repository has git run programs, as far as our questions come near them."""

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone fetches what it lacks, by programs that its configuration names.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}

_PARTIAL = "as in a partial clone, whose rest is not fetched here: run git fetch --refetch"

_NOT_FETCHED = re.compile("lazy fetching disabled|transport '.*' not allowed|promisor remote")

EntryKind = Literal["file", "link", "repository"]

_KINDS: Mapping[str, EntryKind] = {
    "100644": "file",
    "100755": "file",
    "120000": "link",
    "160000": "repository",
}
_REGULAR = ("100644", "100755")


class NoRepository(UsageError):
    """There is no git repository where one is needed, or git will not look at it."""

    def __init__(self, folder: Path, said: str) -> None:
        """Tell the folder, and what git said of it."""
        hint = "revisions are known to git alone: run this in a clone"
        super().__init__(f"{folder}: git has no repository here ({said}); {hint}")


class NoGit(UsageError):
    """The program `git` is not installed."""

    def __init__(self) -> None:
        """Tell what is missing."""
        super().__init__("git: no such program; install it, or put it on the PATH")


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
    """git failed for a reason unrelated to the request."""

    def __init__(self, folder: Path, arguments: Sequence[str], said: str) -> None:
        """Tell what was asked, and the answer."""
        super().__init__(f"{folder}: git {arguments[0]} failed: {said}; fix this and try again")


class ForeignConfiguration(Refused):
    """git would write this clone's configuration to a place outside of it."""

    def __init__(self, root: Path, config: Path) -> None:
        """Name the clone, and what would be written."""
        super().__init__(
            f"{root}: its git configuration is {config}, of another repository; "
            "nothing was written; clone the repository itself"
        )


class Blob(Struct, frozen=True, kw_only=True):
    """A regular file of a commit.

    Attributes:
        digest: git's name for the content.
        size: bytes.
    """

    digest: str
    size: int


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of a commit at a path.

    Attributes:
        kind: a regular file, a symbolic link, or another repository (a submodule).
        digest: git's name for the file's content, the link's target, or the other's commit.
    """

    kind: EntryKind
    digest: str


class Repository(Struct, frozen=True, kw_only=True):
    """A repository with a work tree.

    Attributes:
        root: the top of its work tree.
    """

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """Return the repository that a folder is in.

        Raises:
            NoRepository: it is in none.
            NoGit: git is not installed.
        """
        done = _git(folder, ["rev-parse", "--show-toplevel"])
        if done.returncode:
            raise NoRepository(folder, _said(done))
        root = Path(os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve()
        if not folder.resolve().is_relative_to(root):
            raise NoRepository(folder, f"it names {root} as its work tree")
        return cls(root=root)

    def commit(self, revision: str) -> str:
        """Return the full name of the commit that a revision names.

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
        """Return the regular files of a commit in a folder, without links and submodules.

        Args:
            commit: full name.
            folder: relative to the work tree.

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
        """Return the regular file of a commit at a path; None if it has none.

        Args:
            commit: full name.
            path: relative to the work tree.
        """
        inside = path.relative_to(self.root).as_posix()
        entry = self._asked(["ls-tree", "-l", "-z", "--full-tree", commit, "--", inside])
        facts = entry.partition(b"\t")[0].decode("ascii").split()
        if not facts or facts[0] not in _REGULAR:
            return None
        return Blob(digest=facts[2], size=int(facts[3]))

    def contents(self, digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents of blobs, each with its name."""
        wanted = list(dict.fromkeys(digests))
        if not wanted:
            return
        names = "".join(f"{digest}\n" for digest in wanted).encode("ascii")
        data = self._asked(["cat-file", "--batch"], names)
        at = 0
        for digest in wanted:
            head_end = data.index(b"\n", at)
            if data[at:head_end].endswith(b" missing"):
                raise GitFailed(self.root, ["cat-file"], f"{digest} is missing, {_PARTIAL}")
            size = int(data[at:head_end].split()[2])
            yield digest, data[head_end + 1 : head_end + 1 + size]
            at = head_end + 1 + size + 1

    def entries(self, commit: str) -> Mapping[Path, Entry]:
        """Return all entries of a commit, by path."""
        found: dict[Path, Entry] = {}
        for line in self._asked(["ls-tree", "-r", "-z", "--full-tree", commit]).split(b"\0"):
            facts, _, path = line.partition(b"\t")
            if path:
                mode, _, digest = facts.decode("ascii").split()
                found[self._path(path)] = Entry(kind=_KINDS[mode], digest=digest)
        return found

    def untracked(self) -> tuple[Path, ...]:
        """Return files of the work tree that are neither in git's index nor ignored.

        A folder that is a repository of its own counts as one.
        """
        asked = ["ls-files", "--others", "--exclude-standard", "-z"]
        names = self._asked(asked).split(b"\0")
        return tuple(self._path(name.rstrip(b"/")) for name in names if name)

    def indexed(self) -> frozenset[Path]:
        """Return the paths in git's index: those of the last commit and those added since."""
        names = self._asked(["ls-files", "-z"]).split(b"\0")
        return frozenset(self._path(name) for name in names if name)

    def committed_at(self, commit: str) -> int:
        """Return the time of a commit, in seconds since 1970."""
        for line in self._asked(["cat-file", "commit", commit]).split(b"\n"):
            if line.startswith(b"committer "):
                return int(line.split()[-2])
        return 0

    def converts_line_ends(self, path: Path) -> bool:
        """Whether git treats a file with CRLF as equal to one with LF."""
        asked = ["check-attr", "-z", "text", "eol", "--", str(path.relative_to(self.root))]
        values = self._asked(asked).split(b"\0")[2::3]
        if any(value in (b"set", b"auto", b"lf", b"crlf") for value in values):
            return True
        if b"unset" in values:
            return False
        done = _git(self.root, ["config", "--get", "core.autocrlf"])
        return done.stdout.strip() in (b"true", b"input")

    def configure(self, name: str, value: str) -> None:
        """Set an option of this clone.

        Args:
            name: of the option.
            value: its new value.

        Raises:
            ForeignConfiguration: its configuration is another repository's.
        """
        self._check_configuration()
        self._asked(["config", "--local", name, value])

    def _check_configuration(self) -> None:
        """See that what git would write is this clone's own, wherever a `.git` file leads to."""
        asked = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"]
        own, common = (Path(os.fsdecode(line)) for line in self._asked(asked).splitlines())
        config = (common / "config").resolve()
        if config.is_relative_to(self.root) and config.parent == common.resolve():
            return
        # A linked work tree is named by the repository that it belongs to, and so is a submodule.
        back = own / "gitdir"
        worktree = back.is_file() and Path(os.fsdecode(back.read_bytes().strip())).parent
        named = _git(self.root, ["config", "--local", "core.worktree"]).stdout.rstrip(b"\n")
        places = [worktree] if worktree else []
        places += [own / os.fsdecode(named)] if named else []
        if config.parent != common.resolve() or self.root not in [p.resolve() for p in places]:
            raise ForeignConfiguration(self.root, config)

    def _path(self, name: bytes) -> Path:
        return self.root / os.fsdecode(name)

    def _asked(self, arguments: list[str], given: bytes = b"") -> bytes:
        done = _git(self.root, arguments, given)
        if done.returncode:
            raise GitFailed(self.root, arguments, _said(done))
        return done.stdout


def blob_digest(data: bytes, *, like: str) -> str:
    """Return git's name for a content, by the hash algorithm of another name.

    Args:
        data: the content.
        like: a name in the same repository: 40 hex digits are SHA-1, 64 SHA-256.
    """
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class MergedText(Struct, frozen=True, kw_only=True):
    """The result of a three-way merge.

    Attributes:
        conflicts: whether both sides changed the same lines, which are marked in the text.
    """

    data: bytes
    conflicts: bool


def merge_texts(base: bytes, ours: bytes, theirs: bytes, *, marker_size: int = 7) -> MergedText:
    """Merge two texts with a common base line by line, as git merges files.

    Args:
        base: the common ancestor.
        ours: our version.
        theirs: their version.
        marker_size: length of conflict markers.

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
    settings = (word for setting in _OVERRULED for word in ("-c", setting))
    try:
        return subprocess.run(
            ["git", *settings, *arguments],
            cwd=folder,
            env=os.environ | _ENVIRONMENT,
            input=given,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as error:
        raise NoGit from error
    except subprocess.TimeoutExpired as error:
        raise GitFailed(folder, arguments, f"no answer in {_PATIENCE:.0f} s") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return git's own error message."""
    text = done.stderr.decode("utf-8", "replace").strip()
    lines = text.split("\n")
    said = next((line for line in lines if line.startswith("fatal: ")), lines[0])
    partial = f", {_PARTIAL}" if _NOT_FETCHED.search(text) else ""
    return (said.removeprefix("fatal: ") or f"exit code {done.returncode}") + partial
