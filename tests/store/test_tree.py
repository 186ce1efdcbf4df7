from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tangle.store import MARK, ForeignFile, NotWritable, Outside, plan_tree, write_tree

from .disks import CODES, FailingDisk, snapshot


def text(body: str = "") -> str:
    return f"{MARK} from notes\n{body}"


FILES = {"d2l/__init__.py": text(), "d2l/sections/sec_3_6.py": text("é\n"), "d2l/torch.py": text()}


def written(root: Path) -> dict[str, str]:
    return {name: data.decode() for name, data in snapshot(root).items()}


def test_a_new_tree(tmp_path: Path) -> None:
    root = tmp_path / "a" / "generated"
    plan = plan_tree(root, FILES, owned="d2l")
    assert not root.exists()
    assert plan.added == tuple(FILES)
    assert plan.any
    assert write_tree(root, FILES, owned="d2l") == plan
    assert written(root) == FILES
    again = plan_tree(root, FILES, owned="d2l")
    assert again.unchanged == tuple(FILES)
    assert not again.any


def test_what_is_right_is_not_written_again(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, owned="d2l")
    for name in FILES:
        os.utime(tmp_path / name, (1, 1))
    changes = write_tree(tmp_path, FILES | {"d2l/torch.py": text("x = 1\n")}, owned="d2l")
    assert changes.changed == ("d2l/torch.py",)
    times = {name: (tmp_path / name).stat().st_mtime for name in FILES}
    assert [name for name, time in times.items() if time != 1] == ["d2l/torch.py"]


def test_what_no_section_makes_any_more_goes(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, owned="d2l")
    cache = tmp_path / "d2l" / "sections" / "__pycache__"
    cache.mkdir()
    (cache / "sec_3_6.cpython-311.pyc").write_bytes(b"x")
    left = {"d2l/__init__.py": FILES["d2l/__init__.py"]}
    assert write_tree(tmp_path, left, owned="d2l").removed == (
        "d2l/sections/sec_3_6.py",
        "d2l/torch.py",
    )
    assert written(tmp_path) == left
    assert not (tmp_path / "d2l" / "sections").exists()
    assert write_tree(tmp_path, {}, owned="d2l").removed == ("d2l/__init__.py",)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_tangle_drafted_goes(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, owned="d2l")
    names = ("d2l/.tangle-0123456789abcdef.draft", "d2l/sections/.tangle-fedcba9876543210.draft")
    (tmp_path / names[0]).touch()
    (tmp_path / names[1]).write_text("# Gene")
    (tmp_path / "d2l" / ".tangle-mine.draft").write_text("mine")
    assert plan_tree(tmp_path, FILES, owned="d2l").removed == names
    assert write_tree(tmp_path, FILES, owned="d2l").removed == names
    assert written(tmp_path) == {**FILES, "d2l/.tangle-mine.draft": "mine"}


@pytest.mark.parametrize("other", ["__pycache__/notes.txt", "mine.txt", "mine/x.py"])
def test_folders_with_anything_else_stay(tmp_path: Path, other: str) -> None:
    write_tree(tmp_path, FILES, owned="d2l")
    path = tmp_path / "d2l" / "sections" / other
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    write_tree(tmp_path, {}, owned="d2l")
    assert written(tmp_path) == {f"d2l/sections/{other}": "mine"}


def test_files_without_the_mark_are_never_touched(tmp_path: Path) -> None:
    mine = {
        "d2l/mine.py": "x = 1\n",
        "d2l/empty.py": "",
        "d2l/late.py": f"\n{MARK}\n",
        "x.py": MARK,
    }
    for name, content in mine.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    changes = write_tree(tmp_path, FILES, owned="d2l")
    assert changes.removed == ()
    assert written(tmp_path) == mine | FILES


def test_a_foreign_file_in_the_way_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "d2l").mkdir()
    (tmp_path / "d2l" / "torch.py").write_text("mine")
    assert plan_tree(tmp_path, FILES, owned="d2l").foreign == ("d2l/torch.py",)
    with pytest.raises(ForeignFile, match=r"d2l/torch\.py: not written by tangle") as caught:
        write_tree(tmp_path, FILES, owned="d2l")
    assert caught.value.exit_code == 3
    assert written(tmp_path) == {"d2l/torch.py": "mine"}


def test_a_folder_or_a_link_in_the_way_of_a_file_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "d2l" / "torch.py").mkdir(parents=True)
    (tmp_path / "theirs.py").write_text(text())
    (tmp_path / "d2l" / "__init__.py").symlink_to(tmp_path / "theirs.py")
    foreign = plan_tree(tmp_path, FILES, owned="d2l").foreign
    assert foreign == ("d2l/__init__.py", "d2l/torch.py")


def test_a_file_in_the_way_of_a_folder_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "d2l").write_text("mine")
    with pytest.raises(ForeignFile):
        write_tree(tmp_path, FILES, owned="d2l")
    assert written(tmp_path) == {"d2l": "mine"}


@pytest.mark.parametrize(
    "name", ["../x.py", "/x.py", "d2l/../../x.py", "d2l//x.py", "d2l/./x.py", "", "a\\b.py", "a\0b"]
)
def test_names_that_leave_the_root_are_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "generated"
    with pytest.raises(Outside):
        write_tree(root, FILES | {name: text()}, owned="d2l")
    with pytest.raises(Outside):
        write_tree(root, FILES, owned=name)
    assert snapshot(tmp_path) == {}


@pytest.mark.parametrize("folder", ["d2l", "d2l/sections"])
def test_linked_folders_are_refused(tmp_path: Path, folder: str) -> None:
    root, elsewhere = tmp_path / "generated", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs.py").write_text(text())
    (root / folder).parent.mkdir(parents=True)
    (root / folder).symlink_to(elsewhere)
    with pytest.raises(Outside, match="is a link"):
        write_tree(root, FILES, owned="d2l")
    assert snapshot(elsewhere) == {"theirs.py": text().encode()}


def test_what_links_lead_to_is_not_removed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "generated", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "theirs.py").write_text(text())
    write_tree(root, FILES, owned="d2l")
    (root / "d2l" / "linked").symlink_to(elsewhere)
    (root / "d2l" / "linked.py").symlink_to(elsewhere / "theirs.py")
    assert write_tree(root, FILES, owned="d2l").removed == ()
    assert (elsewhere / "theirs.py").exists()
    assert (root / "d2l" / "linked.py").is_symlink()


def test_text_without_the_mark_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must begin"):
        write_tree(tmp_path, {"d2l/x.py": "x"}, owned="d2l")


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("code", CODES)
def test_whatever_call_fails_every_file_is_whole(tmp_path: Path, code: int, lasting: bool) -> None:
    new = {name: content + "y = 2\n" for name, content in FILES.items()} | {"d2l/a/n.py": text()}
    del new["d2l/torch.py"]
    old = {name: data.encode() for name, data in FILES.items()}
    target = {name: data.encode() for name, data in new.items()}

    def start(name: str) -> Path:
        write_tree(tmp_path / name, FILES, owned="d2l")
        return tmp_path / name

    counting = FailingDisk(-1, code)
    write_tree(start("count"), new, owned="d2l", disk=counting)
    first_rename = counting.calls.index("replace")
    assert "open_new" not in counting.calls[first_rename:]
    for at, call in enumerate(counting.calls):
        root = start(str(at))
        try:
            write_tree(root, new, owned="d2l", disk=FailingDisk(at, code, lasting=lasting))
        except NotWritable:
            found = snapshot(root)
            if at <= first_rename:
                assert found == old
                assert not (root / "d2l" / "a").exists()
            for name, data in found.items():
                assert data in {old.get(name), target.get(name)}
        else:
            assert call in {"fsync_folder", "remove_folder"}
            assert snapshot(root) == target


def test_a_full_disk_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="no space left on device; make room on the disk"):
        write_tree(tmp_path, FILES, owned="d2l", disk=FailingDisk(2, errno.ENOSPC))
