from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tangle.errors import Refused
from tangle.store import Changed, NotWritable, Outside, create, recover, replace

from .disks import CODES, FailingDisk, snapshot

OLD, NEW = b"- old\r\n", b"- new \xe4\xbd\xa0\n" * 3


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "pages" / "x.md"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def test_replaces_the_whole_content(page: Path, tmp_path: Path) -> None:
    replace(page, NEW, expected=OLD, root=tmp_path)
    assert snapshot(tmp_path) == {"pages/x.md": NEW}


def test_writes_on_where_the_system_takes_a_few_bytes_at_a_time(page: Path, tmp_path: Path) -> None:
    replace(page, NEW, expected=OLD, root=tmp_path, files=FailingDisk(-1, 0, piece=5))
    assert page.read_bytes() == NEW


def test_the_mode_is_kept(page: Path, tmp_path: Path) -> None:
    page.chmod(0o640)
    replace(page, NEW, expected=OLD, root=tmp_path)
    assert stat.S_IMODE(page.stat().st_mode) == 0o640


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)
def test_the_owner_is_kept(page: Path, tmp_path: Path) -> None:
    os.chown(page, 12345, 54321)
    replace(page, NEW, expected=OLD, root=tmp_path)
    status = page.stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from tangle.store import replace
page = Path(sys.argv[1])
os.setgroups([54321])
os.setgid(11111)
os.setuid(11111)
replace(page, b"new", expected=b"old", root=page.parent)
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root becomes another user"
)
def test_a_colleagues_page_keeps_the_group_that_shares_it() -> None:
    # Outside of pytest's folders, which no other user may enter.
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "x.md"
        page.write_bytes(b"old")
        for path, mode in ((page, 0o664), (page.parent, 0o775)):
            os.chown(path, 12345, 54321)
            path.chmod(mode)
        subprocess.run(
            [sys.executable, "-c", WITHOUT_RIGHTS, str(page)],
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        status = page.stat()
        assert page.read_bytes() == b"new"
        assert (status.st_uid, status.st_gid) == (11111, 54321)
        assert stat.S_IMODE(status.st_mode) == 0o664


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="there are no extended attributes here")
def test_extended_attributes_are_kept(page: Path, tmp_path: Path) -> None:
    try:
        os.setxattr(page, "user.sync", b"seen")
    except OSError:
        pytest.skip("this file system keeps none")
    replace(page, NEW, expected=OLD, root=tmp_path)
    assert os.getxattr(page, "user.sync") == b"seen"


def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    create(tmp_path / "new.md", NEW, root=tmp_path)
    assert (tmp_path / "new.md").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_page_that_changed_is_left(page: Path, tmp_path: Path) -> None:
    page.write_bytes(b"- typed meanwhile\n")
    with pytest.raises(Changed, match=r"x\.md: was changed .*again") as caught:
        replace(page, NEW, expected=OLD, root=tmp_path)
    assert caught.value.exit_code == 3
    assert snapshot(tmp_path) == {"pages/x.md": b"- typed meanwhile\n"}


def test_a_page_that_changes_while_the_draft_is_written_is_left(page: Path, tmp_path: Path) -> None:
    class Typing(FailingDisk):
        def fsync(self, descriptor: int) -> None:
            super().fsync(descriptor)
            page.write_bytes(b"- typed just now\n")

    with pytest.raises(Changed):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Typing(-1, 0))
    assert snapshot(tmp_path) == {"pages/x.md": b"- typed just now\n"}


def test_a_page_that_was_removed_is_not_brought_back(page: Path, tmp_path: Path) -> None:
    page.unlink()
    with pytest.raises(Changed, match="removed"):
        replace(page, NEW, expected=OLD, root=tmp_path)
    assert snapshot(tmp_path) == {}


def test_create_leaves_what_is_there(page: Path, tmp_path: Path) -> None:
    with pytest.raises(Changed, match="exists already"):
        create(page, NEW, root=tmp_path)
    assert page.read_bytes() == OLD


def test_create_in_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="still there"):
        create(tmp_path / "no" / "x.md", NEW, root=tmp_path)


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("code", CODES)
def test_whatever_call_fails_the_file_is_whole_and_no_draft_stays(
    page: Path, tmp_path: Path, code: int, lasting: bool
) -> None:
    counting = FailingDisk(-1, code)
    replace(page, NEW, expected=OLD, root=tmp_path, files=counting)
    assert set(counting.calls) >= {"read", "open_new", "write", "fsync", "mode", "exchange"}
    for at in range(len(counting.calls)):
        page.write_bytes(OLD)
        disk = FailingDisk(at, code, lasting=lasting)
        try:
            replace(page, NEW, expected=OLD, root=tmp_path, files=disk)
        except NotWritable:
            assert snapshot(tmp_path) == {"pages/x.md": OLD}
        else:
            # What comes after the exchange changes nothing: the new text stands.
            assert at > counting.calls.index("exchange")
            assert page.read_bytes() == NEW
            assert not recover(page.parent).kept
            assert snapshot(tmp_path) == {"pages/x.md": NEW}


def test_a_refusal_begins_with_the_place_and_ends_with_the_way_out(
    page: Path, tmp_path: Path
) -> None:
    with pytest.raises(NotWritable) as caught:
        replace(page, NEW, expected=OLD, root=tmp_path, files=FailingDisk(1, errno.ENOSPC))
    assert str(caught.value) == (
        f"{page}: cannot be written: no space left on device; make room on the disk and try again"
    )
    assert caught.value.exit_code == 3


def test_an_interruption_leaves_no_draft(page: Path, tmp_path: Path) -> None:
    class Interrupted(FailingDisk):
        def mode(self, path: Path, like: Path | None) -> None:
            super().mode(path, like)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(page, NEW, expected=OLD, root=tmp_path, files=Interrupted(-1, 0))
    assert snapshot(tmp_path) == {"pages/x.md": OLD}


def test_a_link_that_leads_out_is_refused(page: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_bytes(OLD)
    link = page.parent / "link.md"
    link.symlink_to(outside)
    with pytest.raises(Outside, match="leads out"):
        replace(link, NEW, expected=OLD, root=page.parent)
    assert outside.read_bytes() == OLD
    assert link.is_symlink()


def test_a_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    elsewhere, graph = tmp_path / "elsewhere", tmp_path / "graph"
    elsewhere.mkdir()
    graph.mkdir()
    (graph / "pages").symlink_to(elsewhere)
    (elsewhere / "x.md").write_bytes(OLD)
    with pytest.raises(Outside):
        replace(graph / "pages" / "x.md", NEW, expected=OLD, root=graph)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(Refused):
        replace(tmp_path / "a", NEW, expected=OLD, root=tmp_path)


def test_a_link_that_stays_inside_is_followed(page: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.md"
    link.symlink_to(page)
    replace(link, NEW, expected=OLD, root=tmp_path)
    assert link.is_symlink()
    assert page.read_bytes() == NEW


def test_a_hard_link_is_replaced_under_this_name_only(page: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    os.link(page, other)
    replace(page, NEW, expected=OLD, root=tmp_path)
    assert (page.read_bytes(), other.read_bytes()) == (NEW, OLD)


def test_the_longest_of_names_can_be_drafted(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 252 + ".md")
    path.write_bytes(OLD)
    replace(path, NEW, expected=OLD, root=tmp_path)
    assert path.read_bytes() == NEW
