"""The cells of a section's notebook: its outline as Markdown, its chunks as code."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

from tangle.analyse import PlannedChunk
from tangle.model import PagePath, SectionName, ShownOutput, Unit, Uuid
from tangle.notes import Core, pages, units
from tangle.weave.block_text import HOLE, BlockText, block_texts
from tangle.weave.plain_markdown import Meaning, plain_markdown

SETUP_TAG: Final = "tangle-setup"
"""Marks the cell that holds what a section takes from others."""

IMAGES: Final = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
}
"""The MIME type of each image that a notebook shows, by its ending."""

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a file that a notebook takes in."""


class CellPart(NamedTuple):
    """What a block says in a cell.

    Attributes:
        block: its index.
        listed: whether it is an entry of a list, which other entries follow without a blank line.
    """

    block: int
    text: str
    listed: bool = False


def joined_parts(parts: Sequence[CellPart]) -> str:
    """Return the Markdown of a cell: entries of a list are kept together, all else by itself.

    Args:
        parts: of the cell.
    """
    found = ""
    for at, part in enumerate(parts):
        if at:
            found += "\n" if part.listed and parts[at - 1].listed else "\n\n"
        found += part.text
    return found.strip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCell:
    """A cell of a notebook.

    Attributes:
        source: its text.
        plain: code as plain Python can have it, magics as comments.
        block: id of the block that it is from; empty where that has none.
        properties: of the block, as they are written.
        chunk: number of the chunk in its section's notebook, from 1; 0 for text.
        output: what is under the chunk.
        page: the page that the cell is from.
        parts: what each block of that page says in it, in order; several of one block are possible.
        attachments: images by name.
    """

    kind: Literal["markdown", "code"]
    source: str
    plain: str = ""
    section: SectionName | None = None
    block: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    chunk: int = 0
    output: ShownOutput | None = None
    page: PagePath | None = None
    parts: tuple[CellPart, ...] = ()
    attachments: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a notebook needs beside the notes.

    Attributes:
        setup: the text of the first cell.
        outputs: of each page, by block and chunk of the block.
        file: reads a file by its path in the graph; None if it is missing.
        shows: whether words of a page may be in the notebook, where a block refers to it.
    """

    setup: str
    outputs: Mapping[PagePath, Mapping[tuple[int, int], ShownOutput]]
    file: Callable[[str], bytes | None]
    shows: Callable[[PagePath], bool] = lambda _: True


def unit_pages(unit: Unit) -> tuple[PagePath, ...]:
    """Return the pages that a unit's notebook shows, in reading order."""
    own = (unit.section.page, *(part.page for part in unit.parts))
    return tuple(dict.fromkeys((*own, *(entry.page for entry in unit.occurrences))))


def notebook_cells(core: Core, place: int, given: Given) -> tuple[NotebookCell, ...]:
    """Return the cells of a unit.

    Args:
        core: the notes.
        place: of the unit in reading order.
        given: what else is needed.
    """
    session = units.session(core, place)
    first = NotebookCell(
        kind="code", source=given.setup.rstrip("\n"), plain=given.setup, tags=(SETUP_TAG,)
    )
    chunks: defaultdict[tuple[PagePath, int], list[tuple[int, PlannedChunk]]] = defaultdict(list)
    for number, planned in enumerate(session.chunks, start=1):
        chunks[planned.occurrence.page, planned.occurrence.host].append((number, planned))
    found = [
        cell
        for path in unit_pages(session.unit)
        for cell in _Page(core, path, session.unit, given, chunks).cells()
    ]
    return (first, *_title(session.unit, found), *found)


def _title(unit: Unit, cells: Sequence[NotebookCell]) -> Iterator[NotebookCell]:
    """Yield a cell with the title of a unit that has no heading, unless its first cell has it."""
    title = " ".join(filter(None, (".".join(map(str, unit.section.number)), unit.section.title)))
    heading = f"# {title}"
    if unit.section.block < 0 and not (cells and cells[0].source.split("\n")[0] == heading):
        yield NotebookCell(kind="markdown", source=heading, section=unit.name)


@dataclass(slots=True)
class _Prose:
    """Markdown that is being collected for one cell."""

    parts: list[CellPart] = field(default_factory=list)
    block: BlockText | None = None
    section: SectionName | None = None
    attachments: dict[str, bytes] = field(default_factory=dict)


class _Page:
    """The cells of one page's part of a unit."""

    def __init__(
        self,
        core: Core,
        path: PagePath,
        unit: Unit,
        given: Given,
        chunks: Mapping[tuple[PagePath, int], Sequence[tuple[int, PlannedChunk]]],
    ) -> None:
        self._core = core
        self._path = path
        self._given = given
        self._page = pages.page(core, path)
        self._outline = pages.outlined(core, path).outline
        self._names = {unit.name, *(part.name for part in unit.parts)}
        self._start = unit.section.block if unit.section.page == path else -1
        self._chunks = chunks
        self._outputs = given.outputs.get(path, {})
        self._shown = {output.block for output in self._outputs.values()}
        self._prose = _Prose()
        self._depths: dict[int, int] = {-1: 0}
        self._alone = {ref.block for ref in self._page.references if ref.alone}

    def cells(self) -> Iterator[NotebookCell]:
        """Yield them."""
        for block in block_texts(self._page):
            if self._outline.section_at(block.index).name not in self._names:
                continue
            if block.index in self._shown or block.index in self._page.templates:
                continue
            yield from self._of_block(block)
        yield from self._flush()

    def _of_block(self, block: BlockText) -> Iterator[NotebookCell]:
        depth = self._depth(block)
        section = self._outline.section_at(block.index).name
        chunks = list(self._chunks.get((self._path, block.index), ()))
        text = block.text
        if chunks and block.index in self._alone and not block.codes:
            text = ""  # nothing but a reference to the chunks that follow
        if block.heading or block.index == self._start:
            yield from self._flush()
        at, first = 0, True
        for piece in _pieces(text):
            if isinstance(piece, str):
                self._write(block, piece, depth, section, first=first)
                first = False
                continue
            code = block.codes[piece]
            planned = next((c for c in chunks if _is_at(c[1], self._path, code.line)), None)
            if planned is None or not _runs(planned[1]):
                at += planned is not None
                self._write(block, _fenced(code.text, code.language), depth, section, first=first)
            else:
                yield from self._flush()
                yield self._code(block, planned, at, section)
                at += 1
            first = False
        for entry in chunks:
            if not block.codes and _runs(entry[1]):
                yield from self._flush()
                yield self._code(block, entry, at, section)
            at += not block.codes

    def _depth(self, block: BlockText) -> int:
        """How deep the block is in a list below its heading."""
        own = self._page.blocks[block.index]
        above = self._depths.get(own.parent, 0)
        self._depths[block.index] = 0 if block.heading or block.index == self._start else above + 1
        return self._depths[block.index]

    def _write(
        self, block: BlockText, text: str, depth: int, section: SectionName, *, first: bool
    ) -> None:
        """Add a block's text to the Markdown: headings and paragraphs, and lists below these."""
        if not text.strip():
            return
        if not self._prose.parts:
            self._prose.block, self._prose.section = block, section
        meaning = Meaning(block=self._text_of, image=self._image)
        shown = plain_markdown(text, meaning)
        task = " ".join(
            filter(None, (block.marker, f"[#{block.priority}]" if block.priority else ""))
        )
        if first and task:
            shown = f"**{task}** {shown}"
        level = block.heading or (1 if block.index == self._start else 0)
        if first and level:
            shown = f"{'#' * level} {shown}"
        if depth <= 1:
            self._prose.parts.append(CellPart(block.index, shown))
            return
        mark = "1. " if block.value("logseq.order-list-type") == "number" else "- "
        margin = "  " * (depth - 2)
        lines = shown.split("\n")
        inner = margin + " " * len(mark)
        head = f"{margin}{mark}{lines[0]}" if first else f"{inner}{lines[0]}"
        rest = (f"{inner}{line}" if line else "" for line in lines[1:])
        self._prose.parts.append(CellPart(block.index, "\n".join((head, *rest)), listed=True))

    def _flush(self) -> Iterator[NotebookCell]:
        prose, self._prose = self._prose, _Prose()
        if prose.parts and prose.block is not None:
            yield NotebookCell(
                kind="markdown",
                source=joined_parts(prose.parts),
                section=prose.section,
                block=self._id(prose.block.index),
                properties=_properties(prose.block),
                page=self._path,
                parts=tuple(prose.parts),
                attachments=tuple(sorted(prose.attachments.items())),
            )

    def _code(
        self, block: BlockText, entry: tuple[int, PlannedChunk], at: int, section: SectionName
    ) -> NotebookCell:
        number, planned = entry
        code = planned.code
        settings = code.chunk.settings
        fails = settings.raises is not None or settings.xfail is not None
        source = code.code if code.parsed.examples is not None else code.chunk.code
        rows = range(1, len(code.chunk.lines) + 1)
        plain = source if code.parsed.examples is not None else _plain(planned, rows)
        return NotebookCell(
            kind="code",
            source=source.rstrip("\n"),
            plain=plain,
            section=section,
            block=self._id(block.index),
            properties=_properties(block),
            tags=("raises-exception",) if fails else (),
            chunk=number,
            output=self._outputs.get((block.index, at)),
            page=self._path,
            parts=(CellPart(block.index, source),),
        )

    def _id(self, index: int) -> str:
        return self._page.blocks[index].id or ""

    def _text_of(self, uuid: str) -> str | None:
        found = pages.block_of(self._core, Uuid(uuid.lower()))
        if found is None or not self._given.shows(found[0]):
            return None
        path, facts = found
        return pages.page(self._core, path).blocks[facts.block].title

    def _image(self, target: str) -> str:
        """The address of an image: a file of the graph goes into the notebook."""
        if ":" in target.partition("/")[0] or target.partition(".")[2] == "":
            return target
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), unquote(target)))
        ending = path.rpartition(".")[2].lower()
        data = self._given.file(path) if ending in IMAGES and not path.startswith("..") else None
        if data is None or len(data) > LARGEST:
            return target
        name = re.sub(r"[^\w.-]+", "_", posixpath.basename(path))
        while self._prose.attachments.setdefault(name, data) != data:
            name = f"_{name}"  # images of the same name in two folders
        return f"attachment:{name}"


def _pieces(text: str) -> Iterator[str | int]:
    """The texts of a block and the numbers of the fences between them."""
    lines: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip().lstrip("> \t")
        if stripped.startswith(HOLE) and stripped.endswith(HOLE) and len(stripped) > 2:
            if lines:
                yield "\n".join(lines).strip("\n")
            lines = []
            yield int(stripped.strip(HOLE))
        else:
            lines.append(line)
    if lines:
        yield "\n".join(lines).strip("\n")


def _is_at(planned: PlannedChunk, path: PagePath, line: int) -> bool:
    chunk = planned.occurrence.chunk
    return chunk.page == path and chunk.line == line


def _runs(planned: PlannedChunk) -> bool:
    return planned.code.runs and not planned.code.broken and not planned.code.parsed.sketch


def _plain(planned: PlannedChunk, rows: range) -> str:
    if planned.code.parsed.foreign:
        return "".join(f"# {line.text}".rstrip() + "\n" for line in planned.code.chunk.lines)
    return "".join(f"{planned.code.plain_line(row)}\n" for row in rows)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    body = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{fence}{language}\n{body}{fence}"


def _properties(block: BlockText) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for key, name, value in block.properties if key != "id")
