"""Pages in memory for the tests of the site."""

from __future__ import annotations

from collections.abc import Mapping

from tangle.link import GraphConfig
from tangle.model import PackageName, PagePath, Place
from tangle.notes import Core, core_of
from tangle.weave.chunks import PageChunk, page_chunks
from tangle.weave.code import ChunkFrame, chunk_html
from tangle.weave.inputs import page_results

NAME = PackageName(root="d2l", module="torch")


def core(pages: Mapping[str, str]) -> Core:
    """The notes of a book."""
    data = {PagePath(f"pages/{name}.md"): text.encode() for name, text in pages.items()}
    found = core_of(data, GraphConfig(), NAME, book=("**",))
    found.set(page_results, "", {})
    return found


def chunks(found: Core, page: str) -> list[PageChunk]:
    """The chunks of a page."""
    return list(page_chunks(found, PagePath(f"pages/{page}.md")).values())


def address(place: Place) -> str:
    """The address of a line."""
    return f"{place.path.removeprefix('pages/').removesuffix('.md')}.html#L{place.line}"


def html(chunk: PageChunk, language: str = "en", **frame: str) -> str:
    """A chunk as HTML."""
    around = ChunkFrame(mark="none", package=str(NAME), **frame)  # type: ignore[arg-type]
    return str(chunk_html(chunk, around, address, language))
