"""The power fails while a page is replaced: whatever had reached the disk, the page is whole.

A model of a disk that keeps the promises of a journaling file system and no more: names change on
it in the order in which they were changed, as far as it came; what was synced is there; the content
of a file that was not synced may be anything between nothing and all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tangle.store import Changed, recover, replace

from .disks import FailingDisk

OLD, NEW, TYPED = b"- old\n", b"- new\n" * 3, b"- typed\n"
Names = dict[str, int]


class Powered(FailingDisk):
    """A disk that notes all that may have reached it, at each moment.

    Attributes:
        history: after each call the names as they were after each change since the last sync of
            the folder, and by file the content that is certain (None: nothing is).
    """

    def __init__(self, page: Path) -> None:
        super().__init__(-1, 0)
        self.names: list[Names] = [{page.name: 0}]
        self.synced: dict[int, bytes | None] = {0: page.read_bytes()}
        self.files: dict[int, int] = {}
        self.now: dict[int, bytes] = {}
        self.history: list[tuple[list[Names], dict[int, bytes | None]]] = []

    def note(self) -> None:
        self.history.append(([dict(names) for names in self.names], dict(self.synced)))

    def change(self, names: Names) -> None:
        self.names.append(names)
        self.note()

    def open_new(self, path: Path) -> int:
        descriptor = super().open_new(path)
        file = len(self.synced)
        self.files[descriptor], self.synced[file], self.now[file] = file, None, b""
        self.change({**self.names[-1], path.name: file})
        return descriptor

    def write(self, descriptor: int, data: bytes) -> int:
        done = super().write(descriptor, data)
        self.now[self.files[descriptor]] += data[:done]
        self.note()
        return done

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        file = self.files[descriptor]
        self.synced[file] = self.now[file]
        self.note()

    def exchange(self, one: Path, other: Path) -> None:
        super().exchange(one, other)
        last = self.names[-1]
        self.change({**last, one.name: last[other.name], other.name: last[one.name]})

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        last = dict(self.names[-1])
        self.change({**last, target.name: last.pop(source.name)} if source != target else last)
        self.names[-1].pop(source.name, None)

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.change({name: file for name, file in self.names[-1].items() if name != path.name})

    def fsync_folder(self, path: Path) -> None:
        super().fsync_folder(path)
        self.names = self.names[-1:]
        self.note()


def remains(disk: Powered) -> Iterator[dict[str, bytes]]:
    """What may stand in the folder after the power failed, at any moment and in any way."""
    for names, synced in disk.history:
        for reached in names:
            for whole in (False, True):
                yield {
                    name: synced[file] or (disk.now[file] if whole else b"")
                    for name, file in reached.items()
                }


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "pages" / "x.md"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def after_recovery(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """What recovering makes of these files, in the folder that drafts are signed for."""
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    recover(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_page_is_the_old_or_the_new_one(page: Path, tmp_path: Path) -> None:
    disk = Powered(page)
    replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    states = list(remains(disk))
    seen = {state["x.md"] for state in states}
    assert seen == {OLD, NEW}
    for state in states:
        assert after_recovery(page.parent, state) == {"x.md": state["x.md"]}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes the last gap")
def test_a_save_in_the_last_gap_is_the_page_or_beside_it(page: Path, tmp_path: Path) -> None:
    class Typing(Powered):
        def exchange(self, one: Path, other: Path) -> None:
            if "exchange" not in self.calls:
                other.write_bytes(TYPED)  # and the editor saw to it that it is on the disk
                self.synced[0] = TYPED
                self.history.clear()
            super().exchange(one, other)

    disk = Typing(page)
    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    states = list(remains(disk))
    assert {state["x.md"] for state in states} == {TYPED, NEW}
    for state in states:
        assert TYPED in state.values()
        assert after_recovery(page.parent, state) == {"x.md": TYPED}


def test_the_model_would_see_a_page_that_is_replaced_before_it_is_on_the_disk(
    page: Path, tmp_path: Path
) -> None:
    class Forgetful(Powered):
        def fsync(self, descriptor: int) -> None:
            del descriptor

    disk = Forgetful(page)
    replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
    assert b"" in {state["x.md"] for state in remains(disk)}
