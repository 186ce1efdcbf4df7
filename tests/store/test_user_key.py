"""The user's key: made once, private, and never taken from another user."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tangle.store import user_key


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "tangle"


def test_it_is_made_once_and_private(folder: Path) -> None:
    key = user_key()
    assert key is not None
    assert len(key) == 32
    assert user_key() == key
    assert [path.name for path in folder.iterdir()] == ["key"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "key").stat().st_mode & 0o777 == 0o600


def test_many_at_once_have_the_same(folder: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(lambda _: user_key(), range(64)))
    assert len(set(keys)) == 1
    assert keys[0] == (folder / "key").read_bytes()
    assert [path.name for path in folder.iterdir()] == ["key"]


@pytest.mark.parametrize("damage", ["short", "long", "empty", "others may read it"])
def test_one_that_does_not_count_is_replaced(folder: Path, damage: str) -> None:
    before = user_key()
    assert before is not None
    path = folder / "key"
    if damage == "others may read it":
        path.chmod(0o644)
    else:
        path.write_bytes({"short": before[:31], "long": before + b"x", "empty": b""}[damage])
    after = user_key()
    assert after is not None
    assert after not in {before, before + b"x", before[:31]}
    assert path.stat().st_mode & 0o777 == 0o600
    assert user_key() == after


def test_none_where_others_can_put_one(folder: Path, tmp_path: Path) -> None:
    user_key()
    folder.chmod(0o777)
    assert user_key() is None
    folder.chmod(0o700)
    assert user_key() is not None
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert user_key() is None


def test_none_through_a_link(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "theirs").write_bytes(b"x" * 32)
    (folder / "key").symlink_to(tmp_path / "theirs")
    assert user_key() is None
    assert (tmp_path / "theirs").read_bytes() == b"x" * 32


def test_none_where_a_file_is_in_the_way(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert user_key() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", [".", "key"])
def test_none_that_belongs_to_another_user(folder: Path, name: str) -> None:
    key = user_key()
    os.chown(folder / name, 12345, -1)
    if name == ".":
        assert user_key() is None
    else:
        assert user_key() not in {key, None}  # the folder is ours, so it can be replaced


def test_a_relative_state_folder_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert user_key() is not None
    assert (tmp_path / "home" / ".local" / "state" / "tangle" / "key").is_file()
    assert not (tmp_path / "here").exists()
