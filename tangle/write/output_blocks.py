"""Find the output blocks in a page."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from tangle.model import Span
from tangle.parse import is_property_like, may_be_written
from tangle.write.block import CHUNK_GONE, PROPERTY, canonical, chunk_line, output_digest
from tangle.write.body import asset_names, body_of
from tangle.write.sizes import without_sizes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tangle.model import Block, Page, Property

_VALUE = re.compile(r"([0-9a-f]{12})\.([0-9a-f]{8})", re.ASCII)
_OWN_FILE = re.compile(r"!?\[[^\]]*\]\([^)]*assets/tangle/[^)]*\)(?:\{[^{}]*\})?\Z")
_CHUNK = re.compile(rb"(\r?\n[ \t]*)?tangle\.chunk::[ \t]*([^\r\n]*)")
_INDENT = " \t\f"


class StoredOutput(Struct, frozen=True, kw_only=True):
    """An output block of a page.

    Attributes:
        block: its index.
        host: the block that it belongs to; -1 where it stands alone.
        line: its first line in the page.
        code_digest: first digest of its property; empty where the property is not whole.
        output_digest: second digest of its property; empty likewise.
        edited: whether the content is not what the second digest was taken of.
        reworked: whether a person made something else of it: put words in its place, or code in it.
        titled: whether a person gave it a first line.
        sunk: whether its property is below its own first line, where Logseq puts a hidden one
            when a person edits a block that begins with words or an image.
        failed: whether it says why its chunk failed.
        added: whether its text has lines that Logseq added.
        chunk_gone: whether it was emptied because its chunk is gone.
        assets: names of the figures in `assets/tangle/` that it shows.
        indent: the white space before its bullet.
        span: from the start of its first line to the end of its content, children aside.
        head: from the start of its first line to the end of its last property line.
        value: the property's value.
        lines: its other lines, dedented, as they are compared; without what Logseq adds to them.
        sizes: what Logseq put behind each image when a person resized it; empty where nothing is.
    """

    block: int
    host: int
    line: int
    code_digest: str
    output_digest: str
    edited: bool
    reworked: bool
    titled: bool
    sunk: bool
    failed: bool
    added: bool
    chunk_gone: bool
    assets: tuple[str, ...]
    indent: bytes
    span: Span
    head: Span
    value: Span
    lines: tuple[str, ...]
    sizes: tuple[str, ...] = ()


def stored_outputs(page: Page) -> tuple[StoredOutput, ...]:
    """Return every output block of a page, in order."""
    found: list[StoredOutput] = []
    with_code = {fence.block for fence in page.fences if fence.language not in {"", "text"}}
    before: dict[int, int] = {}
    for index, block in enumerate(page.blocks):
        mark = _mark(block) if index not in page.templates else None
        if mark is not None:
            host = _host(page, index, before.get(block.parent, -1), with_code)
            found.append(_stored(page, (index, host), mark, has_code=index in with_code))
        else:
            before[block.parent] = index
    return tuple(found)


def _host(page: Page, index: int, before: int, with_code: Collection[int]) -> int:
    """The block that an output block belongs to: its parent, mostly.

    A page without bullets has its outputs as the first bullets, which belong to the pre-block.
    One that a person outdented follows its chunk's block, below a block without code.

    Args:
        page: the page.
        index: of the output block.
        before: its next sibling above that is no output; -1 where there is none.
        with_code: the blocks that have code.
    """
    parent = page.blocks[index].parent
    if before >= 0 and parent < 0 and page.blocks[before].kind == "pre":
        return before
    outdented = before in with_code and parent not in with_code
    return before if outdented else parent


def without_first_line(first: bytes, stored: StoredOutput) -> bytes:
    """Return the first lines of a block without one of text above its properties.

    Args:
        first: the lines, up to the last property.
        stored: the block.
    """
    _, _, properties = first.partition(b"\n")
    return stored.indent + b"- " + properties.lstrip(b" \t")


def numbered_head(page: Page, stored: StoredOutput, value: bytes, number: int) -> bytes:
    """Return the first lines of a block, up to its last property, with another value.

    Args:
        page: that has the block.
        stored: the block.
        value: of its property.
        number: of its chunk among those of the block; 0 where it is the only one.
    """
    start, end = stored.value.start, stored.value.end
    before, after = page.data[stored.head.start : start], page.data[end : stored.head.end]
    found = _CHUNK.search(before + value + after)
    if found is None:
        added = b"\n" + stored.indent + b"  " + chunk_line(number).encode() if number else b""
        eol = b"\r\n" if b"\r\n" in page.data[stored.span.start : stored.span.end] else b"\n"
        return before + value + added.replace(b"\n", eol) + after
    whole = before + value + after
    if number or found[1] is None:  # one behind the bullet stays: the bullet needs a line
        number_ = str(number or 1).encode()
        return whole[: found.start(2)] + number_ + whole[found.end(2) :]
    return whole[: found.start()] + whole[found.end() :]


def used_assets(data: bytes) -> frozenset[str]:
    """Return the names of all figures in `assets/tangle/` that a page's text mentions."""
    return frozenset(asset_names(data.decode("utf-8", "replace")))


def _mark(block: Block) -> Property | None:
    # Logseq takes the bullet from an output that has become the first block of its page.
    if block.kind == "heading" or (block.kind == "pre" and block.title):
        return None
    return next((found for found in block.properties if found.key == PROPERTY), None)


def _stored(page: Page, place: tuple[int, int], mark: Property, *, has_code: bool) -> StoredOutput:
    index, host = place
    block = page.blocks[index]
    head, value = _head(page.data, block, mark)
    rows = _rows(page.data, block, head)
    below = canonical(rows)
    digests = _VALUE.fullmatch(page.data[value.start : value.end].decode("utf-8", "replace"))
    code, output = digests.groups() if digests else ("", "")
    above = _first_line(page.data, block)
    raw, sunk = below, False
    if above and not _is_written(below, block, output):
        whole = canonical((above, *rows))
        own = _OWN_FILE.match(above) is not None or _is_written(whole, block, output)
        sunk = own and not has_code
        raw = whole if sunk else below
    titled = bool(block.title) and not sunk
    gone = output == CHUNK_GONE and not raw and not has_code
    lines, sizes = _read_back(raw, block, output)
    failed = output == output_digest(lines, failed=True)
    edited = has_code or not (gone or failed or output == output_digest(lines))
    return StoredOutput(
        block=index,
        host=host,
        line=block.line,
        code_digest=code,
        output_digest=output,
        edited=edited,
        reworked=has_code or (titled and edited),
        titled=titled,
        sunk=sunk,
        failed=failed,
        added=len(lines) != len(raw),
        chunk_gone=gone,
        assets=_assets(lines),
        indent=page.data[block.span.start : block.span.start + block.indent],
        span=Span(start=block.span.start, end=block.content),
        head=head,
        value=value,
        lines=lines,
        sizes=sizes,
    )


def _read_back(
    raw: tuple[str, ...], block: Block, output: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that tangle wrote, and the sizes that a person gave its images."""
    as_written = {output_digest(raw), output_digest(raw, failed=True)}
    return (raw, ()) if output in as_written else _without_additions(raw, block)


def _is_written(raw: tuple[str, ...], block: Block, output: str) -> bool:
    """Whether lines are those that a digest was taken of."""
    lines, _ = _read_back(raw, block, output)
    return output in {output_digest(lines), output_digest(lines, failed=True)}


def _first_line(data: bytes, block: Block) -> str:
    """The words above a block's properties; empty where these come first."""
    if not block.title:
        return ""
    start = block.span.start + block.indent
    return data[start : _line_end(data, start)].decode("utf-8", "surrogateescape")[2:].strip()


def _head(data: bytes, block: Block, mark: Property) -> tuple[Span, Span]:
    """The spans of the block's lines up to its last property, and of the mark's value."""
    last = max(found.span.start for found in block.properties)
    after_key = data.index(b"::", mark.span.start) + 2
    rest = data[after_key : _line_end(data, after_key)]
    start = after_key + len(rest) - len(rest.lstrip())
    value = Span(start=start, end=start + len(rest.strip()))
    return Span(start=block.span.start, end=_line_end(data, last)), value


def _line_end(data: bytes, offset: int) -> int:
    """The end of the line at `offset`, without its line end."""
    end = data.find(b"\n", offset)
    if end < 0:
        return len(data)
    return end - 1 if data[offset:end].endswith(b"\r") else end


def _rows(data: bytes, block: Block, head: Span) -> tuple[str, ...]:
    """The lines below the properties, less the indentation of the first that is not blank."""
    below = data[head.end : max(head.end, block.content)].decode("utf-8", "surrogateescape")
    lines = below.split("\n")[1:]
    first = next((line for line in lines if line.strip()), "")
    margin = len(first) - len(first.lstrip(_INDENT))
    return tuple(_dedented(line, margin) for line in lines)


def _without_additions(
    lines: Sequence[str], block: Block
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines without what Logseq adds, and the sizes that it wrote behind images.

    Behind each line with `::` in its first word it repeats a property that the block gets; the
    property itself may be gone again.
    """
    own = {f"{found.key}:: {found.value}" for found in block.properties if found.key != PROPERTY}
    kept: list[str] = []
    for line in lines:
        if kept and is_property_like(kept[-1]) and (line in own or may_be_written(line)):
            continue
        kept.append(line)
    kept, sizes = without_sizes(kept)
    return canonical(kept), sizes


def _assets(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(asset_names(x.text) for x in body_of(lines) if not x.wrapped))


def _dedented(line: str, margin: int) -> str:
    return line[:margin].lstrip(_INDENT) + line[margin:]
