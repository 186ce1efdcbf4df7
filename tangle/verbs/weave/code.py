"""What a site shows of code beside the notes: stored outputs, states of sections, their files."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from tangle.link import unit_name
from tangle.model import PagePath, SectionName, ShownOutput
from tangle.notes import Core, Query, pages, query, units
from tangle.verbs.export import FORMATS, graph_file, section_cells
from tangle.verbs.generated import scripts
from tangle.verbs.notes import Notes
from tangle.verbs.run_history import History
from tangle.verbs.shown_outputs import shown_on
from tangle.verbs.write_back.staleness import section_rows
from tangle.weave.graph import (
    asset_stamp,
    href_of_page,
    is_line_left_out,
    is_published,
    left_out,
)
from tangle.weave.inputs import SectionFacts, facts_of

DOWNLOADS: Final = "downloads"
"""The folder of the sections' files, in the site."""


@query(kept=tuple[PagePath, ...])
def pages_taken(core: Core, place: int) -> tuple[PagePath, ...]:
    """The pages of which text or code is in the files of a section."""
    session = units.session(core, place)
    saved = units.reached_package(core, place).saved
    lines = (line for chunk in session.chunks for line in chunk.code.chunk.lines)
    found = {
        session.unit.section.page: None,
        **{entry.place.path: None for entry in session.prelude},
        **{entry.place.path: None for entry in saved},
        **{line.place.path: None for line in lines},
        **{entry.page: None for entry in session.unit.occurrences},
    }
    return tuple(found)


@query(kept=str)
def files_stamp(core: Core, place: int) -> str:
    """A digest that changes when the files of a section do."""

    def stamp(path: str) -> bytes | None:
        """What stands for the content of a file: reading it is for those who write the files."""
        found = asset_stamp(core, path)
        return None if found is None else found.encode()

    found = section_cells(core, place, stamp, shows=partial(is_published, core)).files()
    return hashlib.sha256(b"".join(found[ending] for ending in FORMATS)).hexdigest()[:32]


@query(kept=bool)
def holds_solution(core: Core, place: int) -> bool:
    """Whether the files of a section would show what the edition for students leaves out."""
    session = units.session(core, place)
    saved = units.reached_package(core, place).saved
    lines = [line.place for chunk in session.chunks for line in chunk.code.chunk.lines]
    lines += [entry.place for entry in session.prelude]
    lines += [entry.place for entry in saved]
    if any(is_line_left_out(core, line.path, line.line) for line in lines):
        return True
    page = session.unit.section.page
    outline = pages.outlined(core, page).outline
    return any(
        unit_name(outline.section_at(block)) == session.unit.name for block in left_out(core, page)
    )


QUERIES: Final[tuple[Query[Any, Any], ...]] = (
    *(shown_on, pages_taken, files_stamp),
    holds_solution,
)
"""What is kept of them on disk."""


def roots(core: Core) -> Iterator[tuple[Query[Any, Any], Any]]:
    """What of it is remembered for the next command."""
    for place in core.keys(files_stamp):
        yield files_stamp, place
    for place in core.keys(pages_taken):
        yield pages_taken, place
        yield holds_solution, place
    for path in core.keys(is_published):
        yield is_published, path


def all_outputs(notes: Notes) -> dict[PagePath, tuple[ShownOutput, ...]]:
    """Return what the output blocks of each page show.

    Args:
        notes: the notes.
    """
    found = {path: shown_on(notes.core, path) for path in notes.outputs}
    return {path: outputs for path, outputs in found.items() if outputs}


def all_facts(notes: Notes) -> dict[SectionName, SectionFacts]:
    """Return what is known of each section with code.

    A section that takes code from a page that is not published, or from a solution that is left
    out, has no files in the site.

    Args:
        notes: the notes.
    """
    core = notes.core
    names = scripts(notes)
    pasts = History(notes.project).recall()
    places = notes.places

    def files(name: SectionName) -> tuple[str, ...]:
        taken = pages_taken(core, places[name]) if name in names else ()
        if not (taken and href_of_page(core, taken[0])):
            return ()
        if not all(is_published(core, path) for path in taken):
            return ()
        if holds_solution(core, places[name]):
            return ()
        base = f"{DOWNLOADS}/{posixpath.basename(names[name]).removesuffix('.py')}"
        return (f"{base}.py", f"{base}.ipynb")

    return {
        row.name: SectionFacts(
            state=row.state,
            seconds=round(pasts[row.name].seconds, 1) if row.name in pasts else None,
            files=files(row.name),
        )
        for row in section_rows(notes)
        if row.chunks
    }


def downloads(
    notes: Notes,
) -> Iterator[tuple[str, Callable[[], str], Callable[[], bytes]]]:
    """Yield path, digest and content of the files of sections.

    Args:
        notes: the notes.
    """
    core, read = notes.core, graph_file(notes.project)
    for place, row in enumerate(notes.rows):
        for path in facts_of(core, row.name).files if row.chunks else ():
            ending = f".{path.rpartition('.')[2]}"
            digest = partial(files_stamp, core, place)
            yield path, digest, partial(_content, core, place, read, ending)


def _content(core: Core, place: int, read: Callable[[str], bytes | None], ending: str) -> bytes:
    return section_cells(core, place, read, shows=partial(is_published, core)).files()[ending]
