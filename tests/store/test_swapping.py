"""The last gap: what an editor saves between the last look at a page and the exchange."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tangle.store import (
    DISK,
    Changed,
    InUse,
    NotWritable,
    Unfinished,
    is_being_written,
    recover,
    replace,
)
from tangle.store.exchange import Leftovers, digest, draft_name

from .disks import CODES, FailingDisk, snapshot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges files")

OLD, NEW, TYPED, LATER = b"- old\n", b"- new\n", b"- typed\n", b"- typed later\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "x.md"
    path.write_bytes(OLD)
    return path


def in_place(page: Path, text: bytes) -> None:
    page.write_bytes(text)


def by_rename(page: Path, text: bytes) -> None:
    other = page.with_name("editor.tmp")
    other.write_bytes(text)
    other.replace(page)


Save = Callable[[Path, bytes], None]
SAVES = pytest.mark.parametrize("save", [in_place, by_rename])


class Typing(FailingDisk):
    """A disk on which an editor saves right before some exchanges, when all looks are over."""

    def __init__(
        self,
        save: Save,
        texts: dict[int, bytes],
        *,
        at: int = -1,
        code: int = 0,
        lasting: bool = False,
    ) -> None:
        super().__init__(at, code, lasting=lasting)
        self.save = save
        self.texts = texts
        self.exchanges = 0

    def exchange(self, one: Path, other: Path) -> None:
        self.exchanges += 1
        if self.exchanges in self.texts:
            self.save(other, self.texts[self.exchanges])
        super().exchange(one, other)


def kept(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob(".tangle-*.kept"))]


@SAVES
def test_a_save_in_the_last_gap_is_put_back(page: Path, tmp_path: Path, save: Save) -> None:
    disk = Typing(save, {1: TYPED})
    with pytest.raises(Changed, match="changed by another program"):
        replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    assert snapshot(tmp_path) == {"x.md": TYPED}
    assert disk.exchanges == 2


def test_a_second_save_while_the_first_is_put_back_stands(page: Path, tmp_path: Path) -> None:
    with pytest.raises(Changed, match=r"saved twice meanwhile; .*\.kept") as caught:
        replace(
            page, NEW, expected=OLD, root=tmp_path, files=Typing(by_rename, {1: TYPED, 2: LATER})
        )
    assert page.read_bytes() == LATER
    assert kept(tmp_path) == [TYPED]
    assert str(next(tmp_path.glob(".tangle-*.kept"))) in str(caught.value)


def test_a_third_save_stands_too(page: Path, tmp_path: Path) -> None:
    texts = {1: TYPED, 2: LATER, 3: b"- third\n"}
    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Typing(by_rename, texts))
    standing = {page.read_bytes(), *kept(tmp_path)}
    assert page.read_bytes() == b"- third\n"
    # The second save was written over by the third, as it would have been without tangle.
    assert standing in ({b"- third\n", LATER}, {b"- third\n", TYPED})


def test_a_page_that_is_being_written_is_put_back(page: Path, tmp_path: Path) -> None:
    """An editor has emptied the page and not written yet: its handle must lead to the page."""
    handles: list[int] = []

    class Opened(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            if not handles:
                handles.append(os.open(other, os.O_RDWR))
            super().exchange(one, other)

    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Opened(-1, 0))
    os.write(handles[0], TYPED)
    os.close(handles[0])
    assert snapshot(tmp_path) == {"x.md": TYPED}


def test_a_page_that_vanishes_in_the_last_gap_stays_away(page: Path, tmp_path: Path) -> None:
    class Removing(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            other.unlink()
            super().exchange(one, other)

    with pytest.raises(Changed, match="removed"):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Removing(-1, 0))
    assert snapshot(tmp_path) == {}


def test_a_page_that_becomes_a_link_is_put_back(page: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.write_bytes(OLD)

    class Linking(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            if not other.is_symlink() and not one.is_symlink():
                other.unlink()
                other.symlink_to(outside)
            super().exchange(one, other)

    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Linking(-1, 0))
    assert page.is_symlink()
    assert snapshot(tmp_path) == {"x.md": OLD, "elsewhere": OLD}


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
def test_where_nothing_can_be_exchanged_the_draft_is_renamed(
    page: Path, tmp_path: Path, code: int
) -> None:
    class Without(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            del one, other
            raise OSError(code, os.strerror(code))

    replace(page, NEW, expected=OLD, root=tmp_path, files=Without(-1, 0))
    assert snapshot(tmp_path) == {"x.md": NEW}


def test_a_page_that_is_open_for_writing_is_not_exchanged(page: Path, tmp_path: Path) -> None:
    disk = FailingDisk(-1, 0)
    with page.open("r+b"):
        assert is_being_written(page)
        with pytest.raises(InUse, match="is open for writing in another program"):
            replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    assert not is_being_written(page)
    assert "exchange" not in disk.calls
    assert snapshot(tmp_path) == {"x.md": OLD}


def test_one_that_is_opened_at_the_last_moment_is_put_back(page: Path, tmp_path: Path) -> None:
    class Opened(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            if "exchange" not in self.calls:
                editors.append(page.open("r+b"))
            super().exchange(one, other)

    editors: list[BinaryIO] = []
    with pytest.raises(InUse):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Opened(-1, 0))
    editors[0].close()
    assert snapshot(tmp_path) == {"x.md": OLD}


def test_where_leases_mean_nothing_the_draft_is_renamed(page: Path, tmp_path: Path) -> None:
    class Busy(FailingDisk):
        def read_still(self, path: Path) -> bytes | None:
            del path
            return None

    disk = Busy(-1, 0)
    replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    assert "exchange" not in disk.calls
    assert snapshot(tmp_path) == {"x.md": NEW}


def test_an_interruption_after_the_exchange_leaves_nothing_open(page: Path, tmp_path: Path) -> None:
    class Interrupted(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            super().exchange(one, other)
            if self.calls.count("exchange") == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Interrupted(-1, 0))
    assert snapshot(tmp_path) == {"x.md": NEW}


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("code", CODES)
@SAVES
def test_whatever_call_fails_after_a_save_in_the_last_gap_it_is_there(
    page: Path, tmp_path: Path, save: Save, code: int, lasting: bool
) -> None:
    counting = Typing(save, {1: TYPED})
    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=counting)
    unfinished = 0
    for at in range(counting.calls.index("exchange"), len(counting.calls)):
        page.write_bytes(OLD)
        disk = Typing(save, {1: TYPED}, at=at, code=code, lasting=lasting)
        with pytest.raises((Changed, NotWritable, Unfinished)) as caught:
            replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
        if isinstance(caught.value, Unfinished):
            unfinished += 1
            assert lasting
            assert (page.read_bytes(), caught.value.draft.read_bytes()) == (NEW, TYPED)
            assert f"is in {caught.value.draft}" in str(caught.value)
        else:
            assert page.read_bytes() == TYPED
        assert recover(page.parent) == Leftovers()
        assert snapshot(tmp_path) == {"x.md": TYPED}
    # The look at what came out, and the way back.
    assert unfinished == (2 if lasting else 0)


# --- what a crash leaves --------------------------------------------------------------------------


def left(page: Path, text: bytes) -> Path:
    """A draft as a killed tangle leaves it."""
    names = (digest(os.fsencode(page.name)), digest(NEW), digest(OLD), "0123abcd")
    path = page.with_name(draft_name(page.parent, "-".join(names)))
    path.write_bytes(text)
    return path


@pytest.mark.parametrize(
    ("draft", "standing", "after", "aside"),
    [
        (NEW, OLD, OLD, []),  # before the exchange
        (OLD, NEW, NEW, []),  # after it
        (TYPED, NEW, TYPED, []),  # a save had come out, and was not put back yet
        (NEW, TYPED, TYPED, []),  # and after it was
        (TYPED, LATER, LATER, [TYPED]),  # saved again since: the later stands
    ],
)
def test_what_a_crash_leaves_is_finished(
    page: Path, draft: bytes, standing: bytes, after: bytes, aside: list[bytes]
) -> None:
    left(page, draft)
    page.write_bytes(standing)
    assert len(recover(page.parent).kept) == len(aside)
    assert page.read_bytes() == after
    assert kept(page.parent) == aside
    assert list(page.parent.glob(".tangle-*.swap")) == []
    assert recover(page.parent) == Leftovers()


def as_before(page: Path) -> Path:
    """The name that drafts had in clones of earlier times, which anyone can make."""
    return page.with_name(left(page, TYPED).name[:-22] + ".swap")


@pytest.mark.parametrize("how", ["unsigned", "copied", "another key", "another name", "link"])
@pytest.mark.parametrize("standing", [NEW, OLD, LATER])
def test_what_came_from_elsewhere_is_left_alone_and_named(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, standing: bytes
) -> None:
    draft = left(page, TYPED)
    page.write_bytes(standing)
    folder = page.parent
    secret = tmp_path.parent / "secret"
    secret.write_bytes(TYPED)
    match how:
        case "unsigned":
            draft = draft.rename(as_before(page))
            left(page, TYPED).unlink()
        case "copied":  # as a clone, a backup or a sync client does it
            folder = tmp_path / "copy"
            folder.mkdir()
            for path in (page, draft):
                path.rename(folder / path.name)
        case "another key":
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.parent / "another"))
        case "another name":
            digits = "0" if draft.name[8] != "0" else "1"
            draft = draft.rename(draft.with_name(f".tangle-{digits}{draft.name[9:]}"))
        case "link":
            draft.unlink()
            draft.symlink_to(secret)
    before = snapshot(folder)
    found = recover(folder)
    assert (found.kept, [path.name for path in found.foreign]) == ((), [draft.name])
    assert snapshot(folder) == before
    assert (folder / page.name).read_bytes() == standing
    assert secret.read_bytes() == TYPED


def test_a_save_whose_page_is_gone_is_kept(page: Path) -> None:
    left(page, TYPED)
    page.unlink()
    assert [path.read_bytes() for path in recover(page.parent).kept] == [TYPED]
    assert not page.exists()


def test_only_drafts_are_removed(page: Path) -> None:
    others = (".tangle-x.draft", ".tangle", ".tangle-notes.md", "tangle-0123456789abcdef.draft")
    for name in others:
        page.with_name(name).write_bytes(b"mine")
    page.with_name(".tangle-0123456789abcdef.draft").write_bytes(b"half")
    assert recover(page.parent) == Leftovers()
    assert set(snapshot(page.parent)) == {"x.md", *others}


def test_a_folder_that_is_missing_has_nothing_to_recover(tmp_path: Path) -> None:
    assert recover(tmp_path / "no") == Leftovers()


def test_content_is_reported_only_of_a_file_at_rest(page: Path, tmp_path: Path) -> None:
    assert DISK.read_still(page) == OLD
    with page.open("r+b"):
        assert DISK.read_still(page) is None
    assert DISK.read_still(page) == OLD
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(page)
    os.mkfifo(pipe)
    assert (DISK.read_still(link), DISK.read_still(pipe)) == (None, None)
    with pytest.raises(FileNotFoundError):
        DISK.read_still(tmp_path / "no")


def test_the_draft_says_what_it_is_for(page: Path, tmp_path: Path) -> None:
    names: list[str] = []

    class Looking(FailingDisk):
        def exchange(self, one: Path, other: Path) -> None:
            names.append(one.name)
            super().exchange(one, other)

    replace(page, NEW, expected=OLD, root=tmp_path, files=Looking(-1, 0))
    parts = (digest(b"x.md"), digest(NEW), digest(OLD))
    assert re.fullmatch(rf"\.tangle-{'-'.join(parts)}-[0-9a-f]{{8}}-[0-9a-f]{{16}}\.swap", names[0])
