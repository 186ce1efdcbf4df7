"""Repair code that does not parse, and remove lines that Logseq wrote into code."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from msgspec import Struct

from tangle.analyse.repair import Repair
from tangle.model import Chunk, PagePath, Place
from tangle.model.problems.page import PROPERTY_IN_CODE
from tangle.notes import Core
from tangle.parse import parse
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.sources import Sources, edited, read
from tangle.verbs.write_back.rewriting import rewritten
from tangle.write import Entangled, with_repair, without_written_lines


class Repaired(Struct, frozen=True, kw_only=True):
    """A chunk that was repaired, or would be.

    Attributes:
        place: of its fence, the path as messages name it.
        causes: what was wrong with it.
    """

    place: Place
    causes: tuple[str, ...]


class RepairReport(Struct, frozen=True, kw_only=True):
    """What was repaired, or would be, and how.

    Attributes:
        diff: all edits as a unified diff; empty where there are none.
    """

    repaired: tuple[Repaired, ...]
    diff: str


def repair(project: Project, *, write: bool) -> RepairReport:
    """Repair every chunk that has a certain repair; all other bytes stay as they are.

    Args:
        project: whose notes.
        write: whether to change the pages; otherwise only report what would be done.

    Raises:
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
        Locked: another tangle is at work on this project.
    """
    before = after = read(project)
    repaired: list[Repaired] = []
    # A chunk that refers to a repaired one can be read only then.
    core = Core()
    while found := tuple(_repaired(project, after, core)):
        after = edited(after, {path: data for path, data, _ in found})
        repaired += [what for _, _, what in found]
    changed = [path for path, now in after.digests.items() if now != before.digests[path]]
    if write and changed:
        with rewritten(project, {path: after.data[path] for path in changed}, before.data):
            pass
    diff = "".join(_diff(project, path, before, after) for path in changed)
    return RepairReport(repaired=tuple(repaired), diff=diff)


def _repaired(
    project: Project, sources: Sources, core: Core
) -> Iterator[tuple[PagePath, bytes, Repaired]]:
    """Yield each repaired chunk with the new text of its page; the last of a page has all edits."""
    full = Notes(project, sources, core)
    # Lines go first, and alone: what is below them stands elsewhere then.
    yield from tuple(_without_written_lines(project, full)) or _parsing(project, full)


def _without_written_lines(
    project: Project, full: Notes
) -> Iterator[tuple[PagePath, bytes, Repaired]]:
    for path, page in full.pages.items():
        if not any(problem.code == PROPERTY_IN_CODE.code for problem in page.problems):
            continue
        try:
            data, fences = without_written_lines(page)
        except Entangled:
            continue
        for fence in fences:
            place = Place(path=PagePath(project.shown(path)), line=fence.line)
            cause = "Logseq wrote properties of the block into the code"
            yield path, data, Repaired(place=place, causes=(cause,))


def _parsing(project: Project, full: Notes) -> Iterator[tuple[PagePath, bytes, Repaired]]:
    pages = dict(full.pages)
    for chunk, sure in _sure(full):
        try:
            data = with_repair(pages[chunk.page], chunk, sure.lines)
        except Entangled:
            continue
        pages[chunk.page] = parse(data, chunk.page)
        place = Place(path=PagePath(project.shown(chunk.page)), line=chunk.line)
        yield chunk.page, data, Repaired(place=place, causes=sure.causes)


def _sure(notes: Notes) -> Iterator[tuple[Chunk, Repair]]:
    """Yield the chunks with a certain repair, once each; not those with other chunks' lines."""
    seen: set[tuple[PagePath, int]] = set()
    for session in notes.plan.sessions:
        for planned in session.chunks:
            chunk, diagnosis = planned.code.written, planned.code.parsed.diagnosis
            if diagnosis is None or diagnosis.sure is None or (chunk.page, chunk.line) in seen:
                continue
            seen.add((chunk.page, chunk.line))
            if chunk.is_as_written:
                yield chunk, diagnosis.sure


def _diff(project: Project, path: PagePath, before: Sources, after: Sources) -> str:
    name = project.shown(path)
    old, new = (sources.data[path].decode("utf-8").split("\n") for sources in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    return "".join(f"{line}\n" for line in lines)
