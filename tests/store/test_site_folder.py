"""The folder of a site: what is tangle's in it, and what is never touched."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

import pytest

from tangle.store import SITE_LIST, ForeignFile, NotWritable, Outside, SiteFolder
from tests.store.disks import FailingDisk


def write(root: Path, **files: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write files, and return what was written and removed."""
    named = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    changes = SiteFolder(root).write(named, lambda name: named[name].encode())
    return changes.written, changes.removed


def held(root: Path) -> dict[str, str]:
    """The files of a folder, the list left out."""
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != SITE_LIST
    }


def test_a_new_folder_is_made_and_filled(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "site"
    assert write(root, a_html="1", b__c_html="2") == (("a.html", "b/c.html"), ())
    assert held(root) == {"a.html": "1", "b/c.html": "2"}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write(tmp_path, a_html="1", b_html="2")
    before = (tmp_path / "a.html").stat()
    assert write(tmp_path, a_html="1", b_html="3") == (("b.html",), ())
    assert (tmp_path / "a.html").stat() == before
    assert write(tmp_path, a_html="1", b_html="3") == ((), ())


def test_what_is_no_longer_made_is_removed_with_its_folder(tmp_path: Path) -> None:
    write(tmp_path, a_html="1", b__c__d_html="2")
    assert write(tmp_path, a_html="1") == ((), ("b/c/d.html",))
    assert not (tmp_path / "b").exists()


def test_a_file_that_was_changed_or_lost_is_written_again(tmp_path: Path) -> None:
    write(tmp_path, a_html="1", b_html="2")
    (tmp_path / "a.html").write_text("edited")
    (tmp_path / "b.html").unlink()
    assert write(tmp_path, a_html="1", b_html="2") == (("a.html", "b.html"), ())
    assert held(tmp_path) == {"a.html": "1", "b.html": "2"}


def test_a_folder_with_files_of_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ForeignFile):
        SiteFolder(tmp_path)
    assert held(tmp_path) == {"mine.txt": "mine"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(ForeignFile):
        SiteFolder(tmp_path / "site")


def test_files_of_others_beside_the_site_stay(tmp_path: Path) -> None:
    write(tmp_path, a_html="1", b__c_html="2")
    (tmp_path / "CNAME").write_text("notes.example")
    (tmp_path / "b" / "own.txt").write_text("own")
    write(tmp_path, a_html="3")
    assert held(tmp_path) == {"CNAME": "notes.example", "a.html": "3", "b/own.txt": "own"}


def test_a_file_of_others_in_the_way_refuses_everything(tmp_path: Path) -> None:
    write(tmp_path, a_html="1")
    (tmp_path / "b.html").write_text("mine")
    with pytest.raises(ForeignFile):
        write(tmp_path, a_html="2", b_html="2")
    assert held(tmp_path) == {"a.html": "1", "b.html": "mine"}


def test_a_list_that_is_damaged_owns_nothing(tmp_path: Path) -> None:
    write(tmp_path, a_html="1")
    (tmp_path / SITE_LIST).write_text("{")
    with pytest.raises(ForeignFile):
        SiteFolder(tmp_path)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\b", "a//b", "a\nb"])
def test_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / "site"
    with pytest.raises(Outside):
        SiteFolder(root).write({name: "1"}, lambda _: b"1")
    assert sorted(path.name for path in tmp_path.iterdir()) in ([], ["site"])


def test_a_list_that_names_files_elsewhere_removes_none_of_them(tmp_path: Path) -> None:
    write(tmp_path / "site", a_html="1")
    (tmp_path / "mine.txt").write_text("mine")
    listed = tmp_path / "site" / SITE_LIST
    listed.write_text(listed.read_text("utf-8").replace('"a.html"', '"../mine.txt"'), "utf-8")
    (tmp_path / "site" / "a.html").unlink()
    with pytest.raises(Outside):
        write(tmp_path / "site")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "site", a_html="1")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site" / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Outside):
        write(tmp_path / "site", a_html="1", b__c_html="2")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "plan.png"
    source.write_bytes(b"\x89PNG" * 1000)
    SiteFolder(tmp_path / "site").write({"assets/plan.png": "1"}, lambda _: source)
    assert (tmp_path / "site" / "assets" / "plan.png").read_bytes() == source.read_bytes()


def _calls(root: Path, wanted: Mapping[str, str]) -> int:
    """How many calls of the system that write the same change takes."""
    write(root, a_html="1", b_html="1")
    disk = FailingDisk(-1, errno.ENOSPC)
    SiteFolder(root).write(wanted, lambda name: wanted[name].encode(), disk)
    return len(disk.calls)


@pytest.mark.parametrize("fails", range(30))
def test_a_disk_that_fails_leaves_a_site_that_can_be_written_again(
    tmp_path: Path, fails: int
) -> None:
    root = tmp_path / "site"
    write(root, a_html="1", b_html="1")
    wanted = {"a.html": "2", "b.html": "2", "c.html": "2"}
    disk = FailingDisk(fails, errno.ENOSPC, lasting=True)
    if fails < _calls(tmp_path / "other", wanted):
        with pytest.raises(NotWritable):
            SiteFolder(root).write(wanted, lambda name: wanted[name].encode(), disk)
    assert set(held(root).values()) <= {"1", "2"}
    assert not [path for path in root.iterdir() if path.suffix == ".draft"]
    SiteFolder(root).write(wanted, lambda name: wanted[name].encode())
    assert held(root) == dict.fromkeys(wanted, "2")
