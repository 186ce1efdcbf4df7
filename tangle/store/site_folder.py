"""A folder all of whose files are listed in it: the site, which people publish as it is.

HTML, fonts and pictures cannot begin with a line that says who wrote them, as generated code does.
So the folder holds a list of tangle's files. What is not in the list is not tangle's, and is never
written over or removed; a folder with files and no list is refused.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from tangle.store.atomic_replace import DRAFT_PREFIX, discard, draft, put_quickly
from tangle.store.errors import ForeignFile, NotReadable, NotWritable, reason, refusing, way_out
from tangle.store.exchange import is_draft
from tangle.store.files import DISK, Files
from tangle.store.tree import check_name, check_words, folders_above, make_folders, undo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SITE_LIST: Final = ".tangle-site.json"
"""The list of tangle's files in a site's folder."""


class _Entry(msgspec.Struct, array_like=True):
    """A file as it was written: the digest of what it is made of, its size and time."""

    digest: str
    size: int
    changed: int


class _List(msgspec.Struct):
    """What the list holds."""

    about: str
    files: dict[str, _Entry]


_ABOUT: Final = "The files here that tangle wrote; tangle weave replaces and removes no others."
_decoder: Final = msgspec.json.Decoder(_List)


class SiteChanges(Struct, frozen=True, kw_only=True):
    """What was written, each path relative to the folder, sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


class SiteFolder:
    """The folder of a site.

    Attributes:
        root: the folder; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        """Look at a folder.

        Raises:
            ForeignFile: it has files, and none says that they are tangle's.
            NotReadable: it cannot be read.
        """
        self.root = root
        self._known = self._read()

    def _read(self) -> dict[str, _Entry]:
        path = self.root / SITE_LIST
        try:
            if stat.S_ISREG(path.lstat().st_mode):
                return dict(_decoder.decode(path.read_bytes()).files)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise NotReadable(path, reason(error), way_out(error)) from error
        except msgspec.MsgspecError as error:
            raise ForeignFile([path]) from error
        if self.root.is_dir():
            if any(not is_draft(name) for name in os.listdir(self.root)):  # noqa: PTH208
                raise ForeignFile([self.root])
        elif self.root.exists() or self.root.is_symlink():
            raise ForeignFile([self.root])
        return {}

    def write(
        self,
        wanted: Mapping[str, str],
        content: Callable[[str], bytes | Path],
        disk: Files = DISK,
    ) -> SiteChanges:
        """Make the folder hold these files, and none of tangle's own besides.

        Every file is drafted before the first is renamed, so that a full disk changes nothing.
        Files that hold what they should are not touched.

        Args:
            wanted: relative POSIX path, and a digest of what the file is made of.
            content: of a file: bytes, or the file to copy.
            disk: the effects.

        Raises:
            ForeignFile: a file that tangle did not write is in the way; nothing was written.
            Outside: a name leaves the folder, or a folder on the way is a link.
            NotWritable: the operating system refuses.
        """
        for name in wanted:
            check_words(self.root, name)
        stale = sorted(name for name, found in wanted.items() if not self._holds(name, found))
        for folder in sorted({name.rpartition("/")[0] for name in stale}):
            check_name(self.root, f"{folder}/x" if folder else "x")
        foreign = [self.root / n for n in stale if n not in self._known and self._stands(n)]
        if foreign:
            raise ForeignFile(foreign)
        gone = sorted(set(self._known).difference(wanted))
        with refusing(self.root):
            if stale:
                self._replace(stale, wanted, content, disk)
            for name in gone:
                self._remove(name, disk)
            for folder in folders_above(gone):
                with contextlib.suppress(OSError):  # others' files may be left in it
                    disk.remove_folder(self.root / folder)
            if stale or gone:
                self._known = {name: self._known[name] for name in sorted(wanted)}
                self._keep(self._known, disk)
        return SiteChanges(
            written=tuple(stale), removed=tuple(gone), unchanged=len(wanted) - len(stale)
        )

    def _holds(self, name: str, digest: str) -> bool:
        """Whether a file was made of what it is to be made of, and is as it was written."""
        known = self._known.get(name)
        if known is None or known.digest != digest:
            return False
        found = self._status(name)
        return found is not None and (found.st_size, found.st_mtime_ns) == (
            known.size,
            known.changed,
        )

    def _status(self, name: str) -> os.stat_result | None:
        try:
            found = os.lstat(f"{self.root}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _stands(self, name: str) -> bool:
        return os.path.lexists(f"{self.root}/{name}")

    def _replace(
        self,
        names: Iterable[str],
        digests: Mapping[str, str],
        content: Callable[[str], bytes | Path],
        disk: Files,
    ) -> None:
        made: list[Path] = []
        drafts: dict[str, Path] = {}
        try:
            make_folders(self.root, made, disk)
            for name in names:
                target = self.root / name
                make_folders(target.parent, made, disk)
                drafts[name] = _draft(target, content(name), disk)
            # Should this be killed half-way, what it wrote by then is tangle's all the same.
            begun = {name: _Entry("", 0, 0) for name in drafts}
            self._keep({**begun, **self._known}, disk)
            for name in tuple(drafts):
                disk.replace(drafts[name], self.root / name)
                del drafts[name]
                found = self._status(name)
                if found is not None:
                    entry = _Entry(digests[name], found.st_size, found.st_mtime_ns)
                    self._known[name] = entry
        except BaseException:
            undo(drafts.values(), made, disk)
            raise

    def _keep(self, files: Mapping[str, _Entry], disk: Files) -> None:
        data = msgspec.json.encode(_List(about=_ABOUT, files=dict(files)))
        put_quickly(self.root / SITE_LIST, data, disk)

    def _remove(self, name: str, disk: Files) -> None:
        check_name(self.root, name)
        if self._status(name) is not None:
            disk.unlink(self.root / name)
        self._known.pop(name, None)


def _draft(target: Path, content: bytes | Path, disk: Files) -> Path:
    """A file beside its target; a site can be made again, so nothing waits for the disk."""
    if isinstance(content, bytes):
        return draft(target, content, like=None, files=disk, flush=False)
    path = target.with_name(f"{DRAFT_PREFIX}{secrets.token_hex(8)}.draft")
    try:
        shutil.copyfile(content, path)
    except BaseException as error:
        discard(path, disk)
        if isinstance(error, OSError):
            raise NotWritable(target, error) from error
        raise
    return path
