"""The code and the results of a page as HTML, with addresses in the site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tangle.link import title_key
from tangle.model import PagePath, Place
from tangle.notes import Core, package_name, pages
from tangle.weave.block_text import Code
from tangle.weave.chunks import PageChunk, code_lines, has_outputs, mark_of, page_chunks, units_on
from tangle.weave.code import ChunkFrame, chunk_html, figure_html, line_anchor
from tangle.weave.graph import href_of_page, is_line_left_out, site_language
from tangle.weave.inputs import facts_of, results_on
from tangle.weave.results import Around, output_html
from tangle.weave.urls import ROOT

REFERENCE: Final = "package.html"
"""The page of the package's names."""


def fence_html(core: Core, path: PagePath, code: Code, *, anchored: bool) -> str:
    """Return a fence of a page as HTML: a chunk with its names, or any other code.

    Args:
        core: the notes.
        path: the page that has it.
        code: the fence.
        anchored: whether the page itself is shown, so that its lines have anchors.
    """
    chunk = page_chunks(core, path).get(code.line)
    if chunk is None:
        return str(figure_html(code.text, code.language))
    outputs = results_on(core, path)
    output = next((o for o in outputs if (o.host, o.at) == (chunk.host, chunk.at)), None)
    was_run = has_outputs(core, chunk.unit)
    mark, reason = mark_of(chunk, output.mark if output is not None else None, was_run=was_run)
    frame = ChunkFrame(
        mark=mark,
        reason=reason,
        package=str(package_name(core, "")),
        reference=f"{ROOT}{REFERENCE}" if chunk.uses else "",
        anchored=anchored,
        downloads=_downloads(core, path, chunk) if anchored else (),
    )
    return str(chunk_html(chunk, frame, place_link(core), site_language(core, "")))


def result_html(core: Core, path: PagePath, block: int, around: Around) -> str | None:
    """Return what an output block shows as HTML; None of other blocks.

    Args:
        core: the notes.
        path: the page.
        block: the block's index in it.
        around: what the output needs of the site.
    """
    found = next((o for o in results_on(core, path) if o.block == block), None)
    return None if found is None else str(output_html(found, around))


def place_link(core: Core) -> Callable[[Place], str | None]:
    """Return a function that finds the address of a line of the notes."""

    def link(place: Place) -> str | None:
        href = href_of_page(core, place.path)
        if href is None:
            return None
        shown = place.line in code_lines(core, place.path)
        shown = shown and not is_line_left_out(core, place.path, place.line)
        return f"{ROOT}{href}#{line_anchor(place.line)}" if shown else f"{ROOT}{href}"

    return link


def line_address(core: Core, title: str, line: int) -> str | None:
    """Return the address of a line of the page that has a title; None if it is not woven.

    Args:
        core: the notes.
        title: of the page.
        line: in the page.
    """
    path = pages.page_named(core, title_key(title))
    return None if path is None else place_link(core)(Place(path=path, line=line))


def page_downloads(core: Core, path: PagePath) -> tuple[tuple[str, str], ...]:
    """Return the files of the only section of a page: text and address.

    Where there are several, they are with the first chunk of each.

    Args:
        core: the notes.
        path: the page.
    """
    places = units_on(core, path)
    name = pages.unit_at(core, places[0]) if len(places) == 1 else None
    return tuple(file_links(facts_of(core, name).files)) if name is not None else ()


def _downloads(core: Core, path: PagePath, chunk: PageChunk) -> tuple[tuple[str, str], ...]:
    if not chunk.first or len(units_on(core, path)) < 2:
        return ()
    files = file_links(facts_of(core, chunk.unit).files)
    return tuple((text, f"{ROOT}{href}") for text, href in files)


def file_links(files: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return text and address of the files of a section.

    Args:
        files: relative to the site's root.
    """
    return [(f".{file.rpartition('.')[2]}", file) for file in files]
