"""Replace a file whole or not at all: a draft beside it, fsync, one step that swaps them.

For a page that step is an exchange (`swapping`), so that a save of the very last moment is seen and
put back. Where the system or the file system has none, it is a rename right after a last look at
the page: a save between those two calls is lost there. The draft's name begins with a dot, so that
Logseq does not take it for a page, and it is removed whatever goes wrong. A file with several hard
links is replaced under this name only: the other names keep the old content, as they do with most
editors.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from tangle.store.errors import Changed, InUse, Outside, Unfinished, refusing
from tangle.store.exchange import PREFIX, Settled, Swap, exchanged, prepare, settle
from tangle.store.files import DISK, Files
from tangle.store.symlink_guard import resolve_links

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRAFT_PREFIX = PREFIX


def replace(path: Path, data: bytes, *, expected: bytes, root: Path, files: Files = DISK) -> None:
    """Replace a file by `data` if it still contains `expected`.

    Where `path` is a symbolic link that stays in `root`, the file it leads to is replaced.

    Args:
        path: of the file.
        data: its new content.
        expected: the content that was read.
        root: the folder that links must not lead out of.
        files: the calls to the operating system.

    Raises:
        Changed: the file is not (or no longer) what was read.
        InUse: another program has it open for writing.
        Outside: the path leads out of `root`.
        NotWritable: the operating system refuses; the old content stands.
        Unfinished: it refuses in the very middle; what was saved meanwhile stands in the draft.
    """
    target = inside(path, root)

    def unchanged() -> None:
        found = files.read(target)
        if found is None:
            raise Changed(path, "was removed by another program meanwhile")
        if found != expected:
            raise Changed(path)

    with refusing(path):
        unchanged()
        made = draft(target, data, like=target, files=files)
        try:
            unchanged()
            swap = prepare(made, target, old=expected, new=data, files=files)
            if swap is not None:
                made = swap.draft
                _check_unused(path, target, files)
        except BaseException:
            discard(made, files)
            raise
        if swap is None or not _exchange(path, swap, files):
            _rename(made, target, unchanged, files)


def _exchange(path: Path, swap: Swap, files: Files) -> bool:
    """Exchange a page with its draft; return whether that is possible here.

    Raises:
        Changed: the page is not what was read any more; what stands there is the user's.
        InUse: another program opened it for writing at the last moment.
        Unfinished: it may have come out, and could not be put back.
        OSError: that failed; what was read stands there.
    """
    try:
        if not exchanged(swap, files):
            return False
        settled = _settled(swap, files)
    except FileNotFoundError:
        discard(swap.draft, files)
        raise Changed(path, "was removed by another program meanwhile") from None
    except BaseException:
        # It may have been exchanged or not: the draft's content tells.
        try:
            settle(swap, files)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Unfinished(path, swap.draft, error) from error
        raise
    if settled.kept is not None:
        raise Changed(path, f"was saved twice meanwhile; the earlier text is in {settled.kept}")
    if not settled.placed:
        raise InUse(path) if settled.in_use else Changed(path)
    return True


def _check_unused(path: Path, target: Path, files: Files) -> None:
    """Check that no program has the page open, if `prepare` found that leases work."""
    try:
        data = files.read_still(target)
    except FileNotFoundError:
        raise Changed(path, "was removed by another program meanwhile") from None
    if data is None:
        raise InUse(path)


def is_being_written(path: Path) -> bool:
    """Whether another program has a file open for writing, as far as the system can tell."""
    try:
        target = path.resolve(strict=True)
        if DISK.read_still(target) is not None:
            return False
        own = draft(target, b"", like=None, files=DISK, flush=False)
        try:
            return DISK.read_still(own) is not None  # else leases mean nothing here
        finally:
            discard(own, DISK)
    except (OSError, RuntimeError):
        return False


def _settled(swap: Swap, files: Files) -> Settled:
    """Settle an exchange; retry once if the disk fails."""
    try:
        return settle(swap, files)
    except FileNotFoundError:
        raise
    except OSError:
        return settle(swap, files)


def create(path: Path, data: bytes, *, root: Path, files: Files = DISK) -> None:
    """Write a file that must not exist yet; its folder must.

    Args:
        path: of the file.
        data: its content.
        root: the folder that links must not lead out of.
        files: the calls to the operating system.

    Raises:
        Changed: something stands there already.
        Outside: the path leads out of `root`.
        NotWritable: the operating system refuses; nothing was written.
    """
    target = inside(path, root)

    def absent() -> None:
        if files.read(target) is not None:
            raise Changed(path, "exists already")

    with refusing(path):
        absent()
        _write(target, data, like=None, check=absent, files=files)


def inside(path: Path, root: Path) -> Path:
    """Return `path` with its links followed; refuse if it leads out of `root`.

    Args:
        path: of a file.
        root: the folder that links must not lead out of.

    Raises:
        Outside: it does not lie in `root`, or links lead in a circle.
    """
    try:
        resolved = resolve_links(path)
        within = resolved.is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise Outside(path, root, "its links lead nowhere") from error
    if not within:
        raise Outside(path, root, f"leads out to {resolved}")
    return resolved


def draft(
    target: Path, data: bytes, *, like: Path | None, files: Files, flush: bool = True
) -> Path:
    """Write `data` to a new file beside `target`; return its path.

    Args:
        target: the file to be replaced.
        data: its new content.
        like: the file whose mode and owner to copy.
        files: the calls to the operating system.
        flush: return only when the content is on disk.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path = target.with_name(f"{DRAFT_PREFIX}{os.urandom(8).hex()}.draft")
    descriptor = files.open_new(path)
    try:
        try:
            _write_all(descriptor, data, files)
            if flush:
                files.fsync(descriptor)
        finally:
            files.close(descriptor)
        files.mode(path, like)
    except BaseException:
        discard(path, files)
        raise
    return path


def discard(path: Path, files: Files) -> None:
    """Remove a draft, if possible.

    Args:
        path: of the draft.
        files: the calls to the operating system.
    """
    with contextlib.suppress(OSError):
        files.unlink(path)


def _write_all(descriptor: int, data: bytes, files: Files) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[files.write(descriptor, bytes(rest[: 1 << 20])) :]


def _write(
    target: Path, data: bytes, *, like: Path | None, check: Callable[[], None], files: Files
) -> None:
    _rename(draft(target, data, like=like, files=files), target, check, files)


def _rename(path: Path, target: Path, check: Callable[[], None], files: Files) -> None:
    """Rename a draft to what it is for, after a last look; it goes where that fails."""
    _rename_unflushed(path, target, check, files)
    # The new content stands by now, and a folder that cannot be flushed changes nothing about it.
    with contextlib.suppress(OSError):
        files.fsync_folder(target.parent)


def _rename_unflushed(path: Path, target: Path, check: Callable[[], None], files: Files) -> None:
    try:
        check()
        files.replace(path, target)
    except BaseException:
        discard(path, files)
        raise


def put(path: Path, data: bytes, files: Files) -> None:
    """Write one of tangle's own files, whatever it contains now.

    Args:
        path: of the file.
        data: its content.
        files: the calls to the operating system.

    Raises:
        OSError: it cannot be written; the old content stands.
    """
    like = path if path.exists() else None
    _write(path, data, like=like, check=lambda: None, files=files)


def put_quickly(path: Path, data: bytes, files: Files) -> None:
    """Write a file that can be recomputed, without flushing: a power cut may leave it empty.

    Args:
        path: of the file.
        data: its content.
        files: the calls to the operating system.

    Raises:
        OSError: it cannot be written; the old content stands.
    """
    like = path if path.exists() else None
    made = draft(path, data, like=like, files=files, flush=False)
    _rename_unflushed(made, path, lambda: None, files)
