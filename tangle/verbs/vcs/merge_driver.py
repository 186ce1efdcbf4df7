"""Merge pages for git: text as git does, outputs by the code that they belong to.

An output is right for the merged page if the code before it, in its section on this page, is the
code that it had on the side that it comes from. Where that holds for no side, or where both sides
have one that the other does not have, there is none in the merged page, and the next run makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from tangle import PAGE_SUFFIXES
from tangle.link import GraphConfig
from tangle.model import Page, PagePath
from tangle.notes import units_alone
from tangle.parse import NotUtf8, parse
from tangle.store import ASSET_FOLDER, create, read_bytes, replace, write_file
from tangle.verbs.project import Project
from tangle.verbs.vcs.repository import MergedText, Repository, merge_texts
from tangle.write import CutBlock, cut_outputs, is_content_name, put_back

_Chain = tuple[tuple[str, ...], int]
_Blocks = tuple[CutBlock, ...]


class TextMerge(Protocol):
    """Merges three texts line by line."""

    def __call__(self, base: bytes, ours: bytes, theirs: bytes) -> MergedText:
        """The merged text, with marks where both sides changed the same lines."""


def merge_pages(
    base: bytes, ours: bytes, theirs: bytes, path: PagePath, merge: TextMerge
) -> MergedText:
    """Merge two versions of a page with a common base; outputs never conflict.

    Args:
        base: the page that both come from; empty where there is none.
        ours: one of them.
        theirs: the other.
        path: of the page, for messages.
        merge: merges their text.
    """
    try:
        sides = [_Side(data, path) for data in (base, ours, theirs)]
    except NotUtf8:
        return merge(base, ours, theirs)
    if base in (ours, theirs):  # one side changed nothing: the other is the result, to the byte
        return MergedText(data=theirs if base == ours else ours, conflicts=False)
    merged = merge(*(side.cut.data for side in sides))
    page = parse(merged.data, path)
    chosen: dict[int, _Blocks] = {}
    for host, chain in _chains(page).items():
        if blocks := _choose(sides, chain):
            chosen[host] = blocks
    return MergedText(data=put_back(page, chosen), conflicts=merged.conflicts)


class _Side:
    """One version of the page: its text without outputs, and the outputs by their code.

    Attributes:
        figures: for each figure that an output shows, what tells that output from others.
    """

    def __init__(self, data: bytes, path: PagePath) -> None:
        page = parse(data, path)
        chains = _chains(page)
        self.cut = cut_outputs(page, frozenset(chains))
        self.blocks: Mapping[_Chain, _Blocks] = {
            chain: self.cut.blocks.get(host, ()) for host, chain in chains.items()
        }
        self.figures = {
            name: block.value
            for blocks in self.blocks.values()
            for block in blocks
            for name in block.stored.assets
        }


def _chains(page: Page) -> dict[int, _Chain]:
    """For each block with code all code of its section on this page, up to its own.

    Where two sections begin alike, a number tells them apart.
    """
    found: dict[int, tuple[str, ...]] = {}
    codes = {(fence.block, fence.line): fence.code for fence in page.fences}
    for unit in units_alone(page, GraphConfig()):
        chain: list[str] = []
        for occurrence in unit.occurrences:
            chunk = occurrence.chunk
            # As it is written: what a reference in it stands for may be on another page.
            chain.append(codes.get((chunk.block, chunk.line), chunk.code))
            found[occurrence.host] = tuple(chain)
    counts: Counter[tuple[str, ...]] = Counter()
    numbered: dict[int, _Chain] = {}
    for host in sorted(found):
        numbered[host] = (found[host], counts[found[host]])
        counts[found[host]] += 1
    return numbered


def _choose(sides: Sequence[_Side], chain: _Chain) -> _Blocks:
    """The outputs of a block of the merged page, whose code is that of the chain."""
    base, ours, theirs = (side.blocks.get(chain) for side in sides)
    if ours and theirs and _failed(ours) != _failed(theirs):  # it passed for one of the two
        ours, theirs = (None, theirs) if _failed(ours) else (ours, None)
    if ours is not None and (theirs is None or _same(theirs, ours) or _same(theirs, base)):
        return ours
    if theirs is not None and (ours is None or _same(ours, base)):
        return () if _figure_is_ours(sides, theirs) else theirs
    return ()


def _figure_is_ours(sides: Sequence[_Side], blocks: _Blocks) -> bool:
    """Whether blocks of theirs show a figure that we changed: that file stays as ours is.

    One that is named after its content has not changed.
    """
    before, ours, _ = (side.figures for side in sides)
    names = [name for block in blocks for name in block.stored.assets if not is_content_name(name)]
    return any(ours.get(name) != before.get(name) for name in names)


def _failed(blocks: _Blocks) -> bool:
    return any(block.stored.failed for block in blocks)


def _same(one: _Blocks, other: _Blocks | None) -> bool:
    return other is not None and [b.value for b in one] == [b.value for b in other]


# --- git ------------------------------------------------------------------------------------------


def merge_files(files: Sequence[Path], path: str, *, marker_size: int = 7) -> bool:
    """Merge three versions of a file as a git merge driver; return whether no conflict is left.

    Figures, which a run makes again, stay as ours are.

    Args:
        files: the base, ours, and theirs; the merged file is written over ours.
        path: of the file in the repository.
        marker_size: how long the marks of a conflict are.

    Raises:
        NotReadable: a file cannot be read.
        NotWritable: the merged one cannot be written.
        GitFailed: git cannot merge such files.
    """
    if not path.endswith(PAGE_SUFFIXES):
        return True
    base, ours, theirs = (read_bytes(file) for file in files)
    merge = partial(merge_texts, marker_size=marker_size)
    merged = merge_pages(base, ours, theirs, PagePath(path), merge)
    if merged.data != ours:
        write_file(files[1], merged.data)
    return not merged.conflicts


_MERGED: Final = (*(f"*{suffix}" for suffix in PAGE_SUFFIXES), f"{ASSET_FOLDER}/*")
ATTRIBUTES: Final = (
    "# Outputs in pages, and figures, are merged by tangle; see `tangle merge-driver --help`.\n"
    + "".join(f"{pattern} merge=tangle\n" for pattern in _MERGED)
)


def install_driver(project: Project, command: str) -> Path | None:
    """Make git merge a graph's pages with tangle, in this clone.

    Args:
        project: whose notes.
        command: what runs `tangle` here.

    Returns:
        The file of attributes, where it was written; it is to be committed. None where it said all.

    Raises:
        NoRepository: the graph is in no git repository.
        NotWritable: the file cannot be written.
    """
    repository = Repository.around(project.graph)
    driver = f"{command.replace('%', '%%')} merge-driver --marker-size %L %O %A %B %P"
    repository.configure("merge.tangle.name", "tangle: outputs by the code they are of")
    repository.configure("merge.tangle.driver", driver)
    path = project.graph / ".gitattributes"
    if not path.exists():
        create(path, ATTRIBUTES.encode(), root=project.graph)
        return path
    before = read_bytes(path)
    lines = before.decode("utf-8", "replace").split("\n")
    missing = [line for line in ATTRIBUTES.split("\n")[1:] if line and line not in lines]
    if not missing:
        return None
    end = b"" if before.endswith(b"\n") or not before else b"\n"
    added = "".join(f"{line}\n" for line in missing).encode()
    replace(path, before + end + added, expected=before, root=project.graph)
    return path
