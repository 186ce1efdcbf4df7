from __future__ import annotations

import os
from pathlib import Path

import pytest

from tangle.store import NotWritable, Outside, asset_names, remove_asset, write_asset

from .disks import CODES, FailingDisk, snapshot


def test_a_figure_is_written_once(tmp_path: Path) -> None:
    assert asset_names(tmp_path) == ()
    assert write_asset(tmp_path, "3.6.7-1.svg", b"<svg/>")
    path = tmp_path / "assets" / "tangle" / "3.6.7-1.svg"
    os.utime(path, (1, 1))
    assert not write_asset(tmp_path, "3.6.7-1.svg", b"<svg/>")
    assert path.stat().st_mtime == 1
    assert write_asset(tmp_path, "3.6.7-1.svg", b"<svg />")
    assert asset_names(tmp_path) == ("3.6.7-1.svg",)
    assert snapshot(tmp_path) == {"assets/tangle/3.6.7-1.svg": b"<svg />"}


def test_a_figure_is_removed(tmp_path: Path) -> None:
    assert not remove_asset(tmp_path, "a.svg")
    write_asset(tmp_path, "a.svg", b"")
    assert remove_asset(tmp_path, "a.svg")
    assert asset_names(tmp_path) == ()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x.svg", "a/b.svg", "/x.svg", "a\\b.svg", ".x", "a\0", "a:b", "x."]
)
def test_other_places_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Outside):
        write_asset(tmp_path, name, b"x")
    with pytest.raises(Outside):
        remove_asset(tmp_path, name)
    assert snapshot(tmp_path) == {}


@pytest.mark.parametrize("folder", ["assets", "assets/tangle"])
def test_linked_folders_are_refused(tmp_path: Path, folder: str) -> None:
    graph, elsewhere = tmp_path / "graph", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.svg").write_bytes(b"theirs")
    (graph / folder).parent.mkdir(parents=True)
    (graph / folder).symlink_to(elsewhere)
    for refused in (
        lambda: write_asset(graph, "a.svg", b"x"),
        lambda: remove_asset(graph, "a.svg"),
        lambda: asset_names(graph),
    ):
        with pytest.raises(Outside):
            refused()
    assert snapshot(elsewhere) == {"a.svg": b"theirs"}


def test_a_link_in_place_of_a_figure_is_refused(tmp_path: Path) -> None:
    write_asset(tmp_path, "b.svg", b"")
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "assets" / "tangle" / "a.svg").symlink_to(tmp_path / "theirs")
    with pytest.raises(Outside):
        write_asset(tmp_path, "a.svg", b"x")
    with pytest.raises(Outside):
        remove_asset(tmp_path, "a.svg")
    assert asset_names(tmp_path) == ("b.svg",)
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


@pytest.mark.parametrize("code", CODES)
def test_whatever_call_fails_the_figure_is_whole(tmp_path: Path, code: int) -> None:
    counting = FailingDisk(-1, code)
    write_asset(tmp_path, "a.svg", b"old", files=counting)
    for at in range(len(counting.calls)):
        disk = FailingDisk(at, code)
        remove_asset(tmp_path, "a.svg")
        write_asset(tmp_path, "a.svg", b"old")
        try:
            write_asset(tmp_path, "a.svg", b"new", files=disk)
        except NotWritable:
            assert snapshot(tmp_path) == {"assets/tangle/a.svg": b"old"}
        else:
            assert snapshot(tmp_path) == {"assets/tangle/a.svg": b"new"}
    with pytest.raises(NotWritable):
        remove_asset(tmp_path, "a.svg", files=FailingDisk(0, code))


def test_a_fifo_in_place_of_a_figure_is_not_opened(tmp_path: Path) -> None:
    write_asset(tmp_path, "b.svg", b"")
    os.mkfifo(tmp_path / "assets" / "tangle" / "a.svg")
    with pytest.raises(NotWritable, match="not a regular file"):
        write_asset(tmp_path, "a.svg", b"x")
