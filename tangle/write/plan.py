"""Plan the edits that bring the outputs of a page up to date."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tangle.model import Place, Problem
from tangle.model.problems.outputs import EDITED_OUTPUT, UNPLACEABLE_OUTPUT
from tangle.write.block import (
    CHUNK_GONE,
    PROPERTY,
    STYLES,
    ChunkOutput,
    Style,
    Unwritten,
    body_lines,
    canonical,
    output_digest,
)
from tangle.write.draft import Draft, value_of
from tangle.write.edits import Edit, apply
from tangle.write.layout import Layout, Spot, has_children, sibling_spot
from tangle.write.markup import ZERO_WIDTH
from tangle.write.matching import Wanted, match
from tangle.write.output_blocks import (
    StoredOutput,
    stored_outputs,
    used_assets,
)
from tangle.write.verify import reads_as_expected

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tangle.model import Page

    Planned = ChunkOutput | Unwritten | None
    """What is to become of a chunk's output; None leaves it, whatever code the chunk has."""

    StyleOf = Callable[[ChunkOutput], Style]
    Drafter = Callable[[Mapping[int, Sequence[Planned]], StyleOf], Draft]


_MOST_TROUBLED: Final = 8
"""Outputs of a page that are looked for one by one; with more, all are protected."""


class Same(Protocol):
    """Whether a stored output and a new one show the same, so that the note may stay as it is."""

    def __call__(self, stored: StoredOutput, output: ChunkOutput) -> bool:
        """Compare the two; their lines differ, and no person edited the stored one."""


def _never(stored: StoredOutput, output: ChunkOutput) -> bool:
    del stored, output
    return False


class OutputPlan(Struct, frozen=True, kw_only=True):
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
    hosts: Mapping[int, Sequence[Planned]],
    *,
    unit: str = "\t",
    force: bool = False,
    same: Same = _never,
) -> OutputPlan:
    """Return the edits that give a page its outputs; none for a block that is already right.

    Args:
        page: the page as it is.
        hosts: by index of a block, the outputs of all its chunks in order; `Unwritten` and None
            leave what is there, and an output that shows nothing removes it, or empties it where
            a person would miss it. Blocks that are not named keep theirs, unless these are of
            code that stands elsewhere now.
        unit: one step of indentation, for a page that does not show its own.
        force: replace output blocks that a person edited as well.
        same: whether a stored output need not be written again although its lines differ.
    """
    layout = Layout(page, unit)

    def draft(some: Mapping[int, Sequence[Planned]], style_of: StyleOf) -> Draft:
        return _Drafting(Draft(layout=layout, force=force), style_of, same).of(some)

    return _first_that_holds(page, _drafts(page, hosts, draft))


def _drafts(page: Page, hosts: Mapping[int, Sequence[Planned]], draft: Drafter) -> Iterator[Draft]:
    """Yield drafts, the plainest first; where some outputs are in the way, only these change."""
    yield draft(hosts, _plainest)
    outputs = [o for planned in hosts.values() for o in planned if isinstance(o, ChunkOutput)]
    troubled = frozenset(islice(_troubled(page, hosts, outputs, draft), _MOST_TROUBLED))
    some = 0 < len(troubled) < min(len(outputs), _MOST_TROUBLED)
    for protected in (troubled, frozenset(outputs)) if some else (frozenset(outputs),):
        for style in STYLES[1:]:
            yield draft(hosts, _protecting(protected, style))


def _plainest(_: ChunkOutput) -> Style:
    return STYLES[0]


def _protecting(some: Collection[ChunkOutput], style: Style) -> StyleOf:
    """One style for some outputs, and the plainest for others."""
    return lambda output: style if output in some else STYLES[0]


def _troubled(
    page: Page,
    hosts: Mapping[int, Sequence[Planned]],
    outputs: Sequence[ChunkOutput],
    draft: Drafter,
) -> Iterator[ChunkOutput]:
    """Yield outputs that keep a page from reading as it should, by halves.

    The others are taken out, so that it does not matter whether they are there already.
    """
    some = frozenset(outputs)

    def alone(planned: Planned) -> Planned:
        if not isinstance(planned, ChunkOutput) or planned in some:
            return planned
        return replace(planned, pieces=(), failure=())

    only = {host: [alone(planned) for planned in of] for host, of in hosts.items()}
    if _holds(page, draft(only, _plainest)):
        return
    if len(outputs) < 2:
        yield from outputs
        return
    half = len(outputs) // 2
    yield from _troubled(page, hosts, outputs[:half], draft)
    yield from _troubled(page, hosts, outputs[half:], draft)


def remove_outputs(
    page: Page, *, force: bool = False, only: Collection[int] | None = None
) -> OutputPlan:
    """Return the edits that remove output blocks, and all that inserting added.

    Args:
        page: the page as it is.
        force: remove output blocks that a person edited as well.
        only: the indices of the blocks to remove; None for all.
    """
    draft = Draft(layout=Layout(page, ""), force=force)
    for stored in stored_outputs(page):
        if only is None or stored.block in only:
            draft.remove(stored)
        else:
            draft.leave(stored)
    return _first_that_holds(page, (draft,))


class _Drafting(Struct, frozen=True):
    """Decides, for each chunk and each stored output of a page, what becomes of it."""

    draft: Draft
    style_of: StyleOf
    same: Same

    def of(self, hosts: Mapping[int, Sequence[Planned]]) -> Draft:
        """Return the draft, filled in."""
        page = self.draft.page
        texts = {host: [self._lines(o) for o in outputs] for host, outputs in hosts.items()}
        wanted = {
            host: [_wanted(o, lines) for o, lines in zip(outputs, texts[host], strict=True)]
            for host, outputs in hosts.items()
        }
        matches = match(wanted, stored_outputs(page))
        for host, outputs in sorted(hosts.items()):
            spot = self.draft.layout.first_child_spot(host)
            rows = zip(outputs, texts[host], matches.found[host], strict=True)
            for number, (output, lines, stored) in enumerate(rows, start=1):
                own = number if len(outputs) > 1 else 0
                spot = self._chunk((host, spot), own, (output, lines), stored)
        for stored in matches.left:
            self._left(stored, hosts.get(stored.host))
        return self.draft

    def _lines(self, output: Planned) -> tuple[str, ...]:
        return body_lines(output, self.style_of(output)) if isinstance(output, ChunkOutput) else ()

    def _chunk(
        self,
        place: tuple[int, Spot],
        number: int,
        new: tuple[Planned, tuple[str, ...]],
        stored: StoredOutput | None,
    ) -> Spot:
        """Draft the output of one chunk; return the spot for the next one of its block."""
        draft, (output, lines) = self.draft, new
        host, spot = place
        if stored is None:
            if isinstance(output, ChunkOutput) and lines:
                draft.insert(place, output, lines, number)
        elif stored.host != host and not has_children(draft.page, stored.block):
            if not isinstance(output, ChunkOutput):
                draft.leave(stored)
            elif lines:
                draft.relocate(stored, place, output, lines, number)
            else:
                self._silent(stored, output, number)
        elif self._settle(stored, output, lines, number) and stored.host == host:
            return sibling_spot(draft.page, stored.block)
        return spot

    def _settle(
        self, stored: StoredOutput, output: Planned, lines: tuple[str, ...], number: int
    ) -> bool:
        """Decide about a block that is there; whether it stays."""
        draft = self.draft
        if not isinstance(output, ChunkOutput):
            draft.leave(stored)
        elif not lines:
            return self._silent(stored, output, number)
        elif draft.is_kept(stored) and canonical(lines) != stored.lines:
            draft.refuse(stored)
        elif self._stays(stored, output, lines):
            value = f"{output.value}.{stored.output_digest}".encode()
            draft.replace(stored, value, stored.lines, number)
        else:
            draft.replace(stored, value_of(output, lines).encode(), lines, number)
        return True

    def _stays(self, stored: StoredOutput, output: ChunkOutput, lines: tuple[str, ...]) -> bool:
        """Whether a block need not be written again although the lines are others."""
        return (
            canonical(lines) != stored.lines
            and not (stored.edited or stored.added)
            and stored.failed == bool(output.failure)
            and _unprotected(lines) != _unprotected(stored.lines)
            and self.same(stored, output)
        )

    def _silent(self, stored: StoredOutput, output: ChunkOutput, number: int) -> bool:
        """Decide about the block of a chunk that shows nothing; whether it stays."""
        draft = self.draft
        if draft.is_kept(stored) or not _would_be_missed(draft.page, stored):
            return not draft.remove(stored)
        draft.replace(stored, value_of(output, ()).encode(), (), number)
        return True

    def _left(self, stored: StoredOutput, chunks: Sequence[Planned] | None) -> None:
        """Decide about a block that belongs to no chunk; it goes if others of its host have run."""
        draft = self.draft
        written = [isinstance(chunk, ChunkOutput) for chunk in chunks or ()]
        unknown = chunks is None or None in chunks or (any(written) != bool(written))
        if unknown or stored.chunk_gone:
            draft.leave(stored)
        elif draft.is_kept(stored) or not _would_be_missed(draft.page, stored):
            draft.remove(stored)
        else:
            value = f"{stored.code_digest}.{CHUNK_GONE}".encode()
            draft.replace(stored, value, (), 0)


def _wanted(output: Planned, lines: tuple[str, ...]) -> Wanted:
    if output is None:
        return Wanted()
    said = ""
    if isinstance(output, ChunkOutput) and lines:
        said = output_digest(lines, failed=bool(output.failure))
    return Wanted(code_digest=output.value, output_digest=said)


def _unprotected(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines without what keeps Logseq from reading them: an older tangle wrote less of that."""
    return canonical(line.replace(ZERO_WIDTH, "") for line in lines)


def _would_be_missed(page: Page, stored: StoredOutput) -> bool:
    """Whether something refers to a block, stands below it, or a person gave it a first line."""
    block = page.blocks[stored.block]
    return block.id is not None or stored.titled or has_children(page, stored.block)


def _first_that_holds(page: Page, drafts: Iterable[Draft]) -> OutputPlan:
    kept: tuple[Problem, ...] = ()
    for draft in drafts:
        edits = draft.all_edits()
        kept = tuple(_edited(page, stored) for stored in draft.kept)
        if _holds(page, draft):
            data = apply(page.data, edits)
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


def _holds(page: Page, draft: Draft) -> bool:
    """Whether the page reads as it should when the edits of a draft are made."""
    edits = draft.all_edits()
    loose = any(has_children(page, stored.block) for stored in draft.gone)
    data = apply(page.data, edits)
    return not edits or reads_as_expected(page, data, draft.expected, loose=loose)


def _edited(page: Page, stored: StoredOutput) -> Problem:
    own = stored.reworked or (stored.titled and not stored.edited)
    return EDITED_OUTPUT.at(
        Place(path=page.path, line=stored.line),
        (
            "this output block is your text now, and is not overwritten"
            if own
            else "this output was edited by hand and is left as it is"
        ),
        hint=(
            f"remove the line `{PROPERTY}::` from the block, and the output gets a block beside it"
            if own
            else "delete the block and run the section again, or use --force"
        ),
    )


def _unplaceable(page: Page) -> Problem:
    return UNPLACEABLE_OUTPUT.at(
        Place(path=page.path, line=1),
        "outputs here would change how Logseq reads the rest of the page",
    )
