"""Plan the edits that bring the outputs of a page up to date."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from tangle.model import Place, Problem, Span
from tangle.model.problems.outputs import EDITED_OUTPUT, UNPLACEABLE_OUTPUT
from tangle.write.block import (
    PROPERTY,
    STYLES,
    ChunkOutput,
    Style,
    body_lines,
    canonical,
    head,
    joined,
    output_digest,
)
from tangle.write.edits import Edit, apply, disjoint
from tangle.write.layout import Layout, Spot, has_children, line_end, sibling_spot
from tangle.write.output_blocks import StoredOutput, stored_outputs, used_assets
from tangle.write.verify import Expected, reads_as_expected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tangle.model import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """The edits of a page, and what was left.

    Attributes:
        edits: of the page's bytes; none where all is right already.
        kept_edited: output blocks that a person changed and that are left alone, as warnings.
        refused: why nothing can be written to this page, as errors; `edits` is empty then.
        dropped_assets: names of figures that the page showed and shows no more.
        used_assets: names of figures that the page mentions when the edits are made.
    """

    edits: tuple[Edit, ...]
    kept_edited: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = ()
    dropped_assets: tuple[str, ...] = ()
    used_assets: tuple[str, ...] = ()


def plan_outputs(
    page: Page,
    hosts: Mapping[int, Sequence[ChunkOutput | None]],
    *,
    unit: str = "\t",
    force: bool = False,
) -> OutputPlan:
    """Return the edits that give a page its outputs; none for a block that is already right.

    Args:
        page: the page as it is.
        hosts: by index of a block, the outputs of all its chunks in order; None leaves what is
            there, and an output that shows nothing removes it. Other blocks keep theirs.
        unit: one step of indentation, for a page that does not show its own.
        force: replace output blocks that a person edited as well.
    """
    layout = Layout(page, unit)
    drafts = (_draft_outputs(layout, hosts, style, force=force) for style in STYLES)
    return _first_that_holds(page, drafts)


def remove_outputs(
    page: Page, *, force: bool = False, only: Collection[int] | None = None
) -> OutputPlan:
    """Return the edits that remove output blocks, and all that inserting added.

    Args:
        page: the page as it is.
        force: remove output blocks that a person edited as well.
        only: the indices of the blocks to remove; None for all.
    """
    draft = _Draft(layout=Layout(page, ""), force=force)
    for stored in stored_outputs(page):
        if only is None or stored.block in only:
            draft.remove(stored)
        else:
            draft.leave(stored)
    return _first_that_holds(page, (draft,))


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A plan in the making."""

    layout: Layout
    force: bool
    edits: list[Edit] = field(default_factory=list)
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

    def insert(self, host: int, spot: Spot, output: ChunkOutput, lines: tuple[str, ...]) -> None:
        """Put a new block behind what stands before the spot."""
        eol = self.layout.eol
        value = _value(output, lines)
        block = joined(head(spot.indent, value), spot.indent, lines, eol)
        self.inserted[spot.offset].append(eol + block)
        self._expect(host, value.encode(), canonical(lines), ours=True)

    def replace(self, stored: StoredOutput, output: ChunkOutput, lines: tuple[str, ...]) -> None:
        """Make a block say something else; its properties and its children stay."""
        data = self.page.data
        value = _value(output, lines).encode()
        self._expect(stored.host, value, canonical(lines), ours=True)
        if canonical(lines) == stored.lines:
            if data[stored.value.start : stored.value.end] != value:
                self.edits.append(Edit(span=stored.value, data=value))
            return
        self.gone.append(stored)
        block = data[stored.span.start : stored.span.end]
        eol = line_end(block) if b"\n" in block else self.layout.eol
        first = (
            data[stored.head.start : stored.value.start]
            + value
            + data[stored.value.end : stored.head.end]
        )
        indent = block[: self.page.blocks[stored.block].indent]
        shown = _resized(output, lines, stored)
        self.edits.append(Edit(span=stored.span, data=joined(first, indent, shown, eol)))

    def remove(self, stored: StoredOutput) -> bool:
        """Take a block out with the line end before it, unless a person changed it; whether so."""
        if self.is_kept(stored):
            self.refuse(stored)
            return False
        self.gone.append(stored)
        self.edits.append(Edit(span=removal(self.page, stored), data=b""))
        return True

    def is_kept(self, stored: StoredOutput) -> bool:
        """Whether a block is a person's: edited, or reworked, and then not even to be forced."""
        return stored.reworked or (stored.edited and not self.force)

    def all_edits(self) -> tuple[Edit, ...]:
        """The edits in order; blocks inserted at one spot stand in the order of their chunks."""
        inserts = [
            Edit(span=Span(start=offset, end=offset), data=b"".join(blocks))
            for offset, blocks in self.inserted.items()
        ]
        return disjoint([*inserts, *self.edits])

    def _expect(self, host: int, value: bytes, lines: tuple[str, ...], *, ours: bool) -> None:
        self.expected.append(Expected(host=host, value=value, lines=lines, ours=ours))


def _draft_outputs(
    layout: Layout,
    hosts: Mapping[int, Sequence[ChunkOutput | None]],
    style: Style,
    *,
    force: bool,
) -> _Draft:
    draft = _Draft(layout=layout, force=force)
    by_host: defaultdict[int, list[StoredOutput]] = defaultdict(list)
    for stored in stored_outputs(layout.page):
        by_host[stored.host].append(stored)
        if stored.host not in hosts:
            draft.leave(stored)
    for host, outputs in sorted(hosts.items()):
        _draft_host(draft, (host, outputs), by_host[host], style)
    return draft


def _draft_host(
    draft: _Draft,
    chunks: tuple[int, Sequence[ChunkOutput | None]],
    there: Sequence[StoredOutput],
    style: Style,
) -> None:
    host, outputs = chunks
    texts = [body_lines(output, style) if output else () for output in outputs]
    matched, left = _matched(outputs, texts, there)
    spot = draft.layout.first_child_spot(host)
    for output, lines, stored in zip(outputs, texts, matched, strict=True):
        if stored:
            if _settle(draft, stored, output, lines):
                spot = sibling_spot(draft.page, stored.block)
        elif output and lines:
            draft.insert(host, spot, output, lines)
    for stored in left:
        (draft.leave if None in outputs else draft.remove)(stored)


def _settle(
    draft: _Draft, stored: StoredOutput, output: ChunkOutput | None, lines: tuple[str, ...]
) -> bool:
    """Decide about a block that is there; whether it stays."""
    if output is None:
        draft.leave(stored)
    elif not lines:
        return not draft.remove(stored)
    elif draft.is_kept(stored) and canonical(lines) != stored.lines:
        draft.refuse(stored)
    else:
        draft.replace(stored, output, lines)
    return True


def _matched(
    outputs: Sequence[ChunkOutput | None],
    texts: Sequence[tuple[str, ...]],
    there: Sequence[StoredOutput],
) -> tuple[list[StoredOutput | None], list[StoredOutput]]:
    """For each chunk the block that is its own: by its code, by what it says, the rest in order.

    A block that says the same is the chunk's although the code before it changed: what refers to
    the block was written about this output. The blocks stay in the order of their chunks.
    """
    left = list(there)
    matched: list[StoredOutput | None] = [None] * len(outputs)
    for index, output in enumerate(outputs):
        same = [stored for stored in left if output and stored.code_digest == output.value]
        if same:
            matched[index] = same[0]
            left.remove(same[0])
    open_ = [index for index, stored in enumerate(matched) if stored is None]
    if not (open_ and left):
        return matched, left
    said = [output_digest(texts[index]) if texts[index] else str(index) for index in open_]
    aligned = SequenceMatcher(None, [stored.output_digest for stored in left], said, autojunk=False)
    taken: set[int] = set()
    for _, first, last, start, end in aligned.get_opcodes():
        for at, index in zip(range(first, last), open_[start:end], strict=False):
            matched[index] = left[at]
            taken.add(at)
    return matched, [stored for at, stored in enumerate(left) if at not in taken]


def _resized(output: ChunkOutput, lines: tuple[str, ...], stored: StoredOutput) -> tuple[str, ...]:
    """The lines, with the sizes that a person gave the figures at the same places."""
    first = len(lines) - len(output.figures)
    sizes = dict(enumerate(stored.sizes, start=first))
    return tuple(line + sizes.get(at, "") for at, line in enumerate(lines))


def _value(output: ChunkOutput, lines: tuple[str, ...]) -> str:
    return f"{output.value}.{output_digest(lines)}"


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
    # The block's own line end tells how long the one before it is: a lone CR there is not ours.
    if before == b"\r\n" and (b"\r\n" in block or b"\n" not in block):
        return Span(start=start - 2, end=end)
    if before.endswith(b"\n"):
        return Span(start=start - 1, end=end)
    following = len(data[end:]) - len(data[end:].lstrip(b"\r\n"))
    return Span(start=start, end=end + min(following, len(line_end(data))))


def _first_that_holds(page: Page, drafts: Iterable[_Draft]) -> OutputPlan:
    kept: tuple[Problem, ...] = ()
    for draft in drafts:
        edits = draft.all_edits()
        data = apply(page.data, edits)
        kept = tuple(_edited(page, stored) for stored in draft.kept)
        loose = any(has_children(page, stored.block) for stored in draft.gone)
        if not edits or reads_as_expected(page, data, draft.expected, loose=loose):
            used = used_assets(data)
            dropped = {name for stored in draft.gone for name in stored.assets} - used
            return OutputPlan(
                edits=edits,
                kept_edited=kept,
                dropped_assets=tuple(sorted(dropped)),
                used_assets=tuple(sorted(used)),
            )
    return OutputPlan(
        edits=(),
        kept_edited=kept,
        refused=(_unplaceable(page),),
        used_assets=tuple(sorted(used_assets(page.data))),
    )


def _edited(page: Page, stored: StoredOutput) -> Problem:
    return EDITED_OUTPUT.at(
        Place(path=page.path, line=stored.line),
        (
            "this output block is your text now, and is not overwritten"
            if stored.reworked
            else "this output was edited by hand and is left as it is"
        ),
        hint=(
            f"remove the line `{PROPERTY}::` from the block, and the output gets a block beside it"
            if stored.reworked
            else "delete the block and run the section again, or use --force"
        ),
    )


def _unplaceable(page: Page) -> Problem:
    return UNPLACEABLE_OUTPUT.at(
        Place(path=page.path, line=1),
        "outputs here would change how Logseq reads the rest of the page",
    )
