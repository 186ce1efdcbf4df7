"""Collect the edits of a page's outputs, and what the page should read like then."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tangle.model import Span
from tangle.write.block import (
    COLLAPSED,
    MOST_OPEN_LINES,
    ChunkOutput,
    canonical,
    chunk_line,
    head,
    joined,
    output_digest,
)
from tangle.write.edits import Edit, disjoint
from tangle.write.layout import Layout, Spot, line_end
from tangle.write.output_blocks import (
    StoredOutput,
    numbered_head,
    without_first_line,
)
from tangle.write.sizes import resized
from tangle.write.verify import Expected

if TYPE_CHECKING:
    from tangle.model import Page


class Draft(Struct, kw_only=True):
    """A plan in the making."""

    layout: Layout
    force: bool
    edits: list[Edit] = field(default_factory=list)
    shifts: list[Edit] = field(default_factory=list)
    kept: list[StoredOutput] = field(default_factory=list)
    gone: list[StoredOutput] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    inserted: defaultdict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    @property
    def page(self) -> Page:
        """The page as it is."""
        return self.layout.page

    def leave(self, stored: StoredOutput) -> None:
        """Keep a block as it is."""
        value = self.page.data[stored.value.start : stored.value.end]
        self._expect(stored.host, value, stored.lines, ours=False)

    def refuse(self, stored: StoredOutput) -> None:
        """Keep a block as it is because a person changed it."""
        self.kept.append(stored)
        self.leave(stored)

    def insert(
        self, place: tuple[int, Spot], output: ChunkOutput, lines: tuple[str, ...], number: int
    ) -> None:
        """Put a new block, collapsed if it is long, behind what stands before a spot of a host.

        Args:
            place: the host, and the spot.
            output: what it shows.
            lines: of the block.
            number: of the chunk in its block; 0 where it is the only one.
        """
        (host, spot), eol = place, self.layout.eol
        value = value_of(output, lines)
        properties = [chunk_line(number)] if number else []
        properties += [COLLAPSED] if len(lines) > MOST_OPEN_LINES else []
        lines_of_chunk = (*properties, *lines)
        block = joined(head(spot.indent, value), spot.indent, lines_of_chunk, eol)
        self.inserted[spot.offset].append(eol + block)
        self._expect(host, value.encode(), canonical(lines), ours=True)

    def replace(
        self, stored: StoredOutput, value: bytes, lines: tuple[str, ...], number: int
    ) -> None:
        """Make a block say something else; its properties and its children stay.

        Args:
            stored: the block.
            value: of its property.
            lines: of the block; those that it has leave it as it is.
            number: of the chunk in its block; 0 where it is the only one.
        """
        self._expect(stored.host, value, canonical(lines), ours=True)
        first = numbered_head(self.page, stored, value, number)
        if canonical(lines) == stored.lines:
            self._replace_head(stored, value, first)
            return
        edit = Edit(span=stored.span, data=self._moved_to(stored, first, lines, stored.indent))
        if stored.failed and first == self.page.data[stored.head.start : stored.head.end]:
            self.shifts.append(edit)  # no reason to write the page
        else:
            self.gone.append(stored)
            self.edits.append(edit)

    def relocate(
        self,
        stored: StoredOutput,
        place: tuple[int, Spot],
        output: ChunkOutput,
        lines: tuple[str, ...],
        number: int,
    ) -> None:
        """Take a block to where its chunk is now; nothing stands below it.

        Args:
            stored: the block.
            place: its new host, and where it goes.
            output: what it shows.
            lines: of the block.
            number: of the chunk in its block; 0 where it is the only one.
        """
        host, spot = place
        value = value_of(output, lines).encode()
        self.gone.append(stored)
        self.edits.append(Edit(span=removal(self.page, stored), data=b""))
        first = numbered_head(self.page, stored, value, number)
        block = self._moved_to(stored, first, lines, spot.indent)
        self.inserted[spot.offset].append(self.layout.eol + block)
        self._expect(host, value, canonical(lines), ours=True)

    def remove(self, stored: StoredOutput) -> bool:
        """Take a block out with the line end before it, unless a person changed it; whether so."""
        if self.is_kept(stored) or stored.titled:
            self.refuse(stored)
            return False
        self.gone.append(stored)
        self.edits.append(Edit(span=removal(self.page, stored), data=b""))
        return True

    def is_kept(self, stored: StoredOutput) -> bool:
        """Whether a block is a person's: edited, or reworked, and then not even to be forced."""
        return stored.reworked or (stored.edited and not self.force)

    def _replace_head(self, stored: StoredOutput, value: bytes, first: bytes) -> None:
        """Change the properties of a block that says the right thing, if they have to change."""
        data = self.page.data
        before = data[stored.head.start : stored.head.end]
        start, end = (at - stored.head.start for at in (stored.value.start, stored.value.end))
        if first == before[:start] + value + before[end:]:
            if before[start:end] != value:
                self.edits.append(Edit(span=stored.value, data=value))
        else:
            self.edits.append(Edit(span=stored.head, data=first))

    def _moved_to(
        self, stored: StoredOutput, first: bytes, lines: tuple[str, ...], indent: bytes
    ) -> bytes:
        """A block's bytes with other lines below its properties, at some indentation."""
        block = self.page.data[stored.span.start : stored.span.end]
        eol = line_end(block) if b"\n" in block else self.layout.eol
        if stored.sunk:
            first = without_first_line(first, stored)
        if indent != stored.indent:
            rows = first.split(eol)
            first = eol.join(indent + row.removeprefix(stored.indent) for row in rows)
        return joined(first, indent, resized(lines, stored.lines, stored.sizes), eol)

    def all_edits(self) -> tuple[Edit, ...]:
        """The edits in order; blocks inserted at one spot stand in the order of their chunks."""
        inserts = [
            Edit(span=Span(start=offset, end=offset), data=b"".join(blocks))
            for offset, blocks in self.inserted.items()
        ]
        edits = [*inserts, *self.edits]
        # Where a page is written anyway, failures name the lines that it has then.
        return disjoint([*edits, *self.shifts] if edits else edits)

    def _expect(self, host: int, value: bytes, lines: tuple[str, ...], *, ours: bool) -> None:
        self.expected.append(Expected(host=host, value=value, lines=lines, ours=ours))


def value_of(output: ChunkOutput, lines: tuple[str, ...]) -> str:
    """Return the value of an output block's property.

    Args:
        output: of the chunk.
        lines: of the block, below its properties.
    """
    return f"{output.value}.{output_digest(lines, failed=bool(output.failure))}"


def removal(page: Page, stored: StoredOutput) -> Span:
    """Return a block's span, including the line end that inserting added.

    Args:
        page: that has the block.
        stored: the output block.
    """
    data, start, end = page.data, stored.span.start, stored.span.end
    if page.blocks[stored.block].kind == "pre":
        return page.blocks[stored.block].span
    block = data[start:end]
    before = data[max(0, start - 2) : start]
    # The block's own line end shows how long the one before it is: a lone CR there is not ours.
    if before == b"\r\n" and (b"\r\n" in block or b"\n" not in block):
        return Span(start=start - 2, end=end)
    if before.endswith(b"\n"):
        return Span(start=start - 1, end=end)
    following = len(data[end:]) - len(data[end:].lstrip(b"\r\n"))
    return Span(start=start, end=end + min(following, len(line_end(data))))
