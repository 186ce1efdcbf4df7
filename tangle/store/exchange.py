"""A page is exchanged for its new text, and what comes out is looked at before it goes.

An editor knows nothing of our lock. Between the last look at a page and a rename over it, a save
of the user's would be lost, so nothing is renamed over: the draft and the page exchange their
names in one step, and then the page as it was has the draft's name. If it is not what was
read, or if a program has it open for writing, the two are exchanged back.

The draft's name says what it is for, so that a later run can finish what a crash cut short:

    .tangle-<page's name>-<new text>-<old text>-<random>-<signature>.swap      three digests

A later run finishes only what this user left on this machine in this folder: the signature tells.
A draft that came with a clone or by a sync client is named, and left alone, and so is a link.

- It holds the new text: the page was not exchanged, or was put back. The draft goes.
- It holds the old text: the page is done. The draft goes.
- It holds something else: a save that came out. It goes back, if tangle's text still stands there;
  if a later save does, that one is newer and stays, and the earlier is kept as `.tangle-….kept`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tangle import STATE_FOLDER
from tangle.store.errors import refusing
from tangle.store.files import DISK, Files
from tangle.store.system import UNSUPPORTED
from tangle.store.user_key import signature

PREFIX = f"{STATE_FOLDER}-"
"""How the names of drafts begin: with a dot, so that Logseq does not take them for pages."""

_ROUNDS = 100
"""How often a page that is saved again and again is exchanged."""

_SWAP = re.compile(
    r"\.tangle-((?:[0-9a-f]{16}-){3}[0-9a-f]{8})(?:-([0-9a-f]{16}))?\.swap", re.ASCII
)
_DRAFT = re.compile(r"\.tangle-[0-9a-f]{16}\.draft")


class Settled(Struct, frozen=True, kw_only=True):
    """What became of a page that was exchanged.

    Attributes:
        placed: whether the new text stands there.
        kept: where an earlier one of two saves is that came in between; None where none is.
        in_use: whether the page was put back because another program had it open for writing.
    """

    placed: bool
    kept: Path | None = None
    in_use: bool = False


class Swap(Struct, frozen=True, kw_only=True):
    """A draft that is to be exchanged with a page.

    Attributes:
        draft: its file.
        target: the page.
        new: digest of the draft's text.
        old: digest of the text that the page was read with.
    """

    draft: Path
    target: Path
    new: str
    old: str


def prepare(draft: Path, target: Path, *, old: bytes, new: bytes, files: Files) -> Swap | None:
    """Name a draft for what it is for; None where files cannot be exchanged or not be watched.

    Raises:
        OSError: it cannot be renamed.
    """
    # No other program knows of the draft: if it seems to be in use, leases mean nothing here.
    if files.read_still(draft) != new:
        return None
    names = (digest(os.fsencode(target.name)), digest(new), digest(old), os.urandom(4).hex())
    path = target.with_name(draft_name(target.parent, "-".join(names)))
    files.replace(draft, path)
    return Swap(draft=path, target=target, new=names[1], old=names[2])


def draft_name(folder: Path, facts: str) -> str:
    """The name of a draft that is to be exchanged, signed for its folder.

    Args:
        folder: where it is to stand.
        facts: digests of the page's name, the new text and the old one, and a random number.
    """
    return f"{PREFIX}{facts}-{signature(str(folder.resolve()), facts)}.swap"


def digest(data: bytes) -> str:
    """What stands for a text or a name in a draft's name: 16 hex digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def exchanged(swap: Swap, files: Files) -> bool:
    """Exchange a draft with its page; whether that can be done here.

    Raises:
        OSError: it could be, and failed.
    """
    try:
        files.exchange(swap.draft, swap.target)
    except OSError as error:
        if error.errno in UNSUPPORTED:
            return False
        raise
    return True


def settle(swap: Swap, files: Files) -> Settled:
    """Look at what stands under a draft's name, and see to it that no save is lost.

    Raises:
        OSError: that could not be done; the draft is as it was, and may be settled later.
    """
    out = _content(swap.draft, files)
    if out in {swap.old, swap.new}:
        _dismiss(swap, files)
        return Settled(placed=out == swap.old)
    return replace(_put_back(swap, out, files), in_use=out is None)


def _put_back(swap: Swap, saved: str | None, files: Files) -> Settled:
    """Exchange until what comes out is what went in before: then the newest save stands."""
    there: str | None = swap.new
    for _ in range(_ROUNDS):
        try:
            files.exchange(swap.draft, swap.target)
        except FileNotFoundError:
            break  # the page was removed
        out = _content(swap.draft, files)
        if out is not None and out == there:
            if out in {swap.new, swap.old}:
                _dismiss(swap, files)
                return Settled(placed=False)
            break
        there, saved = saved, out
    return Settled(placed=False, kept=_keep(swap, files))


def _content(path: Path, files: Files) -> str | None:
    """The digest of what a draft holds; None while a program writes into it."""
    data = files.read_still(path)
    return None if data is None else digest(data)


def _dismiss(swap: Swap, files: Files) -> None:
    """Remove a draft, once the names are safely on the disk; what cannot go now goes later."""
    with contextlib.suppress(OSError):
        files.fsync_folder(swap.target.parent)
    with contextlib.suppress(OSError):
        files.unlink(swap.draft)


def _keep(swap: Swap, files: Files) -> Path:
    path = swap.draft.with_suffix(".kept")
    files.replace(swap.draft, path)
    return path


def is_draft(name: str) -> bool:
    """Whether a file is called as a draft is that has not been named for a page."""
    return _DRAFT.fullmatch(name) is not None


# --- after a crash --------------------------------------------------------------------------------


class Leftovers(Struct, frozen=True, kw_only=True):
    """What a killed tangle left in a folder, and cannot be put in its place.

    Attributes:
        kept: earlier ones of two saves, beside the page that holds the later.
        foreign: drafts of another user, machine or folder, and links: they were not touched.
    """

    kept: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()


def recover(folder: Path, *, files: Files = DISK) -> Leftovers:
    """Finish what a tangle that was killed left in a folder.

    To be called under the lock, so that every draft there is one of the dead.

    Args:
        folder: of the pages.
        files: the operations on files, which tests replace.

    Raises:
        NotWritable: the folder cannot be listed, or a page that is to be put back cannot be.
    """
    kept: list[Path] = []
    foreign: list[Path] = []
    with refusing(folder):
        for path in _drafts(folder):
            regular = stat.S_ISREG(path.lstat().st_mode)
            if is_draft(path.name) and regular:
                with contextlib.suppress(OSError):
                    files.unlink(path)
            elif regular and (facts := _own_facts(path)) is not None:
                settled = _recovered(path, facts, files)
                if settled.kept is not None:
                    kept.append(settled.kept)
            else:
                foreign.append(path)
    return Leftovers(kept=tuple(kept), foreign=tuple(foreign))


def _drafts(folder: Path) -> list[Path]:
    """Whatever in a folder is called as a draft is, sorted."""
    try:
        return sorted(
            path for path in folder.iterdir() if is_draft(path.name) or _SWAP.fullmatch(path.name)
        )
    except FileNotFoundError:
        return []


def _own_facts(path: Path) -> tuple[str, ...] | None:
    """The digests in a draft's name; None where this user did not make it here."""
    found = _SWAP.fullmatch(path.name)
    if found is None or path.name != draft_name(path.parent, found[1]):
        return None
    return tuple(found[1].split("-")[:3])


def _recovered(draft: Path, digests: tuple[str, ...], files: Files) -> Settled:
    of_name, new, old = digests
    target = next((p for p in _pages(draft.parent) if digest(os.fsencode(p.name)) == of_name), None)
    swap = Swap(draft=draft, target=target or draft, new=new, old=old)
    if _content(draft, files) in {new, old}:
        _dismiss(swap, files)
        return Settled(placed=False)
    if target is not None and _content(target, files) == new:
        return settle(swap, files)
    return Settled(placed=False, kept=_keep(swap, files))


def _pages(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(PREFIX)]
