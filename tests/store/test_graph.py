from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tangle.store import NotReadable, digest_file, find_graph, page_files, read_bytes


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"- a\n")


def test_the_nearest_graph_is_found(tmp_path: Path) -> None:
    fill(tmp_path, "logseq/config.edn", "inner/logseq/config.edn", "inner/pages/a.md")
    assert find_graph(tmp_path / "inner" / "pages") == tmp_path / "inner"
    assert find_graph(tmp_path / "logseq") == tmp_path
    assert find_graph(tmp_path) == tmp_path


def test_no_graph_is_none(tmp_path: Path) -> None:
    assert find_graph(tmp_path) is None


def test_a_relative_start_finds_graphs_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "logseq/config.edn", "pages/a.md")
    monkeypatch.chdir(tmp_path / "pages")
    assert find_graph(Path()) == tmp_path


def test_every_markdown_file_is_a_page(tmp_path: Path) -> None:
    fill(tmp_path, "b.md", "pages/深度学习.md", "pages/a.markdown", "journals/2024_01_01.md")
    fill(tmp_path, "pages/x.org", "pages/x.MD", "assets/x.svg", "deep/er/x.md", "node_modules/r.md")
    assert page_files(tmp_path) == (
        "b.md",
        "deep/er/x.md",
        "journals/2024_01_01.md",
        "node_modules/r.md",
        "pages/a.markdown",
        "pages/深度学习.md",
    )


@pytest.mark.parametrize(
    "name",
    [
        ".git/x.md",
        "pages/.x.md",
        "pages/.tangle-0123.draft",
        "logseq/bak/pages/x.md",
        "logseq/version-files/x.md",
        "logseq/.recycle/x.md",
        "deep/node_modules/pack/x.md",
    ],
)
def test_what_logseq_ignores(tmp_path: Path, name: str) -> None:
    fill(tmp_path, name, "pages/a.md")
    assert page_files(tmp_path) == ("pages/a.md",)


@pytest.mark.parametrize(
    ("hidden", "left"),
    [
        ([], ("a/b.md", "scripts.md", "scripts/x.md")),
        (["script"], ("a/b.md",)),
        (["/script"], ("a/b.md",)),
        (["scripts/"], ("a/b.md", "scripts.md")),
        (["/a/b.md", "scripts.md"], ("scripts/x.md",)),
        (["b.md"], ("a/b.md", "scripts.md", "scripts/x.md")),
    ],
)
def test_hidden_names_beginnings(tmp_path: Path, hidden: list[str], left: tuple[str, ...]) -> None:
    fill(tmp_path, "a/b.md", "scripts.md", "scripts/x.md")
    assert page_files(tmp_path, hidden) == left


def test_links_are_not_followed(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    fill(tmp_path, "graph/a.md", "elsewhere/b.md")
    (graph / "loop").symlink_to(graph)
    (graph / "out").symlink_to(tmp_path / "elsewhere")
    (graph / "b.md").symlink_to(tmp_path / "elsewhere" / "b.md")
    (graph / "gone.md").symlink_to(tmp_path / "nothing")
    assert page_files(graph) == ("a.md",)


def test_a_fifo_is_no_page_and_is_not_opened(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")
    assert page_files(tmp_path) == ("a.md",)
    with pytest.raises(NotReadable, match="not a regular file"):
        read_bytes(tmp_path / "pipe.md")
    with pytest.raises(NotReadable, match="not a regular file"):
        digest_file(tmp_path / "pipe.md")


def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="no such file"):
        page_files(tmp_path / "no")


def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert page_files(tmp_path) == ("a.md",)


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf- a\r\n\xff")
    assert read_bytes(path) == b"\xef\xbb\xbf- a\r\n\xff"
    assert read_bytes(path, limit=9) == path.read_bytes()
    with pytest.raises(NotReadable, match=r"a\.md: cannot be read: more than 8 bytes; split"):
        read_bytes(path, limit=8)


@pytest.mark.parametrize(("name", "why"), [("no.md", "no such file"), ("", "it is a folder")])
def test_what_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(NotReadable, match=why) as caught:
        read_bytes(tmp_path / name)
    assert caught.value.exit_code == 3
    with pytest.raises(NotReadable, match=why):
        digest_file(tmp_path / name)


def test_digest(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"x" * 3_000_000)
    assert digest_file(path) == hashlib.sha256(path.read_bytes()).hexdigest()
