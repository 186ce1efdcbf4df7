"""Delete, move and add blocks of a page as the cells of its notebook were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from tangle.model import PagePath, Place
from tangle.verbs.exported_notebooks import BaseCell, ExportedCell
from tangle.verbs.sync.cell_cuts import (
    SPREAD,
    WITH_OTHERS,
    NotPossible,
    cut_of,
    last_block,
    moving_roots,
    objections,
)
from tangle.verbs.sync.cell_matching import Matches, matched_cells, misplaced, moved_cells
from tangle.verbs.sync.edited_files import Key, Refusal
from tangle.verbs.sync.section_view import Drafts, Item, blocks_of, items_of
from tangle.verbs.sync.sync import Change, Conflict, Moved, Side, place_of, sides_diff
from tangle.write import Entangled
from tangle.write.block_moves import Spot, inserted, moved, spots, subtree, without
from tangle.write.foreign_cells import NotANotebook, cells_of_notebook
from tangle.write.new_page import new_page

_DELETED: Final = "the cell behind this one was deleted"
_MOVED: Final = "this cell was moved"
_UNKNOWN: Final = "this file was not exported here, so that it is not known who changed it"
_NO_PLACE: Final = "the outline of the page has no place for it there"
_BESIDE: Final = "the cell before it is on another page"
UNPLACED_CELL: Final = "a new cell; write it into the notes, and export again"
_STRANGE: Final = "the notes do not have this cell; write it there, and export again"
_WAY_OUT: Final = "do that in the notes, and export again"


class Decision(Struct, frozen=True, kw_only=True):
    """Which changes count, and how conflicts are decided.

    Attributes:
        chosen: whether a cell of the notes is meant.
        take: the side that decides its conflicts.
        is_known: whether it is known what both sides began with.
    """

    chosen: Callable[[Key], bool]
    take: Side | None
    is_known: bool


class Outcome(Struct, kw_only=True):
    """What was done.

    Attributes:
        base: the cells that the notes and the notebook have in common now.
        decided: whether a conflict was decided.
    """

    base: list[BaseCell]
    done: list[Moved] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    dropped: list[Place] = field(default_factory=list)
    decided: bool = False


class _Step(Struct, frozen=True, kw_only=True):
    """A cell that the notebook has moved.

    Attributes:
        before: the one that it is behind now.
        after: those that follow it.
        file: the cell, for messages.
        by_notes: whether the notes have moved it as well.
    """

    cell: BaseCell
    before: BaseCell | None
    after: tuple[BaseCell, ...]
    file: str
    by_notes: bool


class Structure:
    """A notebook's cells that came, went or moved, and the page that follows them."""

    def __init__(
        self,
        drafts: Drafts,
        base: Sequence[BaseCell],
        cells: Sequence[ExportedCell],
        matches: Matches,
        decision: Decision,
    ) -> None:
        """Change nothing yet.

        Args:
            drafts: the texts of the pages.
            base: the cells that the notes and the notebook began with.
            cells: of the notebook.
            matches: the place in `base` of each.
            decision: what counts.
        """
        self._drafts = drafts
        self._cells = cells
        self._decision = decision
        self.outcome = Outcome(base=list(base))
        # A cell is followed by its identity: places change, and cells may be equal.
        self._edited = {number: base[at] for number, at in enumerate(matches) if at is not None}
        self._look()

    def _look(self, more: Mapping[PagePath, bytes] | None = None) -> None:
        if more:
            self._drafts.pages = {**self._drafts.pages, **more}
        base = self.outcome.base
        self._view = self._drafts.view(base)
        matches = matched_cells(base, self._view.bases)
        # The cell that each of the notes is.
        self._known = [None if at is None else base[at] for at in matches]

    def _in_notes(self, cell: BaseCell) -> int | None:
        """The place of a cell in the notes; None if they have it no more."""
        return next((number for number, one in enumerate(self._known) if one is cell), None)

    def _end_in_notes(self, cell: BaseCell) -> int | None:
        """The last place of a cell in the notes, which may have other cells inside of it."""
        number = last = self._in_notes(cell)
        if number is None or cell.kind == "code":
            return number
        own = frozenset(items_of(cell))
        for at in range(number + 1, len(self._known)):
            if self._known[at] is not None:
                break
            shown = frozenset(items_of(self._view.bases[at]))
            last = at if shown and shown <= own else last
        return last

    def _at(self, cell: BaseCell) -> int:
        return next(at for at, one in enumerate(self.outcome.base) if one is cell)

    def _holder(self, cell: BaseCell) -> int | None:
        """The place of a cell of the notes that was changed and says what another one said."""
        lines = list(items_of(cell))
        for number, base in enumerate(self._view.bases if lines else ()):
            known, own = self._known[number], list(items_of(base))
            is_changed = known is None or known.source != base.source
            if is_changed and any(own[at : at + len(lines)] == lines for at in range(len(own))):
                return number
        return None

    def _refuse_held(self, cell: BaseCell, file: str, what: str) -> bool:
        """Refuse what was done to a cell that is one with others in the notes, if it is."""
        holder = self._holder(cell)
        if holder is None:
            return False
        key = self._view.key(holder)
        if key is None or self._decision.chosen(key):
            self._refuse(file, f"{what}: {WITH_OTHERS}; {_WAY_OUT}")
        return True

    def _forget(self, cell: BaseCell) -> None:
        """Count a cell as none that both sides have."""
        del self.outcome.base[self._at(cell)]
        self._known = [None if one is cell else one for one in self._known]

    # --- deleted cells ------------------------------------------------------------------------

    def delete(self, name: str) -> None:
        """Remove what the notebook has no more.

        Args:
            name: of the notebook, for messages.
        """
        there = {id(cell) for cell in self._edited.values()}
        before = 0
        numbers = {id(cell): number for number, cell in self._edited.items()}
        for cell in list(self.outcome.base):
            file = f"{name}, cell {before}"
            if id(cell) in there:
                before = self._cells[numbers[id(cell)]].at
            elif cell.setup:
                continue
            elif (number := self._in_notes(cell)) is not None:
                self._delete(cell, number, file)
            elif not self._refuse_held(cell, file, _DELETED):
                self._forget(cell)

    def _delete(self, cell: BaseCell, number: int, file: str) -> None:
        view = self._view
        key = view.key(number)
        if key is not None and not self._decision.chosen(key):
            return
        try:
            cut = cut_of(view, number)
            why = list(objections(view, number, cut))
            if view.bases[number].source != cell.source:
                why.append("changed in the notes")
            if not self._decision.is_known:
                why.append(_UNKNOWN)
            if key is not None and why and not self._decides(key, cell, number, file, why):
                return
            page = view.page(view.cells[number].page or PagePath(""))
            data = {page.path: without(page, cut)}
            if not why:
                start, end = len(view.items(slice(number))), len(view.items(slice(number + 1)))
                items = view.items()
                self._check(data, [*items[:start], *items[end:]])
        except (NotPossible, Entangled) as error:
            why_not = str(error) if isinstance(error, NotPossible) else _NO_PLACE
            self._refuse(file, f"{_DELETED}: {why_not}; {_WAY_OUT}")
            return
        self._forget(cell)
        self._note(key, cell, file, "removed")
        self._look(data)

    def _decides(
        self, key: Key, cell: BaseCell, number: int, file: str, why: Sequence[str]
    ) -> bool:
        """Whether the notebook may delete a cell of the notes, to which there are objections."""
        if self._decision.take is None:
            old = self._view.bases[number].source.split("\n")
            self._conflict(key, file, old, [], f"deleted in the notebook; {'; '.join(why)}")
            return False
        self.outcome.decided = True
        if self._decision.take == "notes":
            self._forget(cell)
            self.outcome.dropped.append(self._place(key))
            return False
        return True

    # --- moved cells --------------------------------------------------------------------------

    def move(self, name: str) -> None:
        """Move what the notebook has at another place.

        Args:
            name: of the notebook, for messages.
        """
        edited = [(n, c) for n, c in sorted(self._edited.items()) if not c.setup]
        moved_there = moved_cells([self._at(cell) for _, cell in edited])
        by_notes = self._moved_by_notes() if moved_there else frozenset()
        is_known = self._decision.is_known
        ids = {id(self.outcome.base[at]) for at in moved_there}
        for place, (number, cell) in enumerate(edited):
            if id(cell) not in ids:
                continue
            near = (one for _, one in reversed(edited[:place]) if self._in_notes(one) is not None)
            step = _Step(
                cell=cell,
                before=next(near, None),
                after=tuple(one for _, one in edited[place + 1 :]),
                file=f"{name}, cell {self._cells[number].at}",
                by_notes=id(cell) in by_notes or not is_known,
            )
            ids -= {id(each) for each in self._move(step)}

    def _moved_by_notes(self) -> frozenset[int]:
        order = [self._at(cell) for cell in self._known if cell is not None]
        return frozenset(id(self.outcome.base[at]) for at in moved_cells(order))

    def _move(self, step: _Step) -> list[BaseCell]:
        """Move a cell behind another one; return the cells that are where they should be then."""
        number = self._in_notes(step.cell)
        held = step.cell if number is None else self._crossed(step, number)
        if held is not None and self._refuse_held(held, step.file, _MOVED):
            return []
        anchor = self._end_in_notes(step.before) if step.before is not None else None
        if number is None or self._follows(number, -1 if anchor is None else anchor):
            self._settle(step, [])
            return [step.cell]
        key = self._view.key(number)
        if key is not None and not self._decision.chosen(key):
            return []
        if step.by_notes and key is not None and not self._may_move(step, key):
            return []
        try:
            return self._put(step, number, anchor)
        except (NotPossible, Entangled) as error:
            why = str(error) if isinstance(error, NotPossible) else _NO_PLACE
            self._refuse(step.file, f"{_MOVED}: {why}; {_WAY_OUT}")
            return []

    def _crossed(self, step: _Step, number: int) -> BaseCell | None:
        """A cell that is one with others in the notes, on the side where the notebook has it not.

        Only one that the moved cell was on the other side of before.
        """
        known = {id(cell) for cell in self._known}
        gone = {id(cell) for cell in self._edited.values()} - known
        place = self._at(step.cell)
        for at, cell in enumerate(self.outcome.base):
            holder = self._holder(cell) if id(cell) in gone else None
            is_behind = holder is not None and any(cell is one for one in step.after)
            if holder is None or is_behind == (at > place):
                continue
            if not (number < holder if is_behind else holder < number):
                return cell
        return None

    def _may_move(self, step: _Step, key: Key) -> bool:
        """Whether the notebook may move a cell that the notes have moved as well."""
        if self._decision.take is None:
            self._conflict(key, step.file, [], [], "moved in the notes and in the notebook")
            return False
        self.outcome.decided = True
        if self._decision.take == "notes":
            self._settle(step, [])
            self.outcome.dropped.append(self._place(key))
            return False
        return True

    def _follows(self, number: int, anchor: int) -> bool:
        """Whether a cell of the notes is behind another, with none between that both sides have."""
        between = self._known[anchor + 1 : number]
        return anchor < number and all(cell is None or cell.setup for cell in between)

    def _put(self, step: _Step, number: int, anchor: int | None) -> list[BaseCell]:
        view, key = self._view, self._view.key(number)
        path = view.cells[number].page
        if anchor is None or path is None:
            raise NotPossible(_NO_PLACE)
        if view.cells[anchor].page not in (path, None):
            raise NotPossible(_BESIDE)
        if self._end_in_notes(step.cell) != number:
            raise NotPossible(SPREAD)
        followers = self._followers(number, step.after)
        page = view.page(path)
        roots = moving_roots(view, number, [n for n, _ in followers])
        own = {index for root in roots for index in subtree(page, root)}
        group = [
            n for n, c in enumerate(view.cells) if c.page == path and own.issuperset(blocks_of(c))
        ]
        wanted, level = self._rearranged(group, anchor), page.blocks[roots[0]].level
        along = [cell for n, cell in followers if n in group]
        if wanted == view.items():  # it changed places with an equal one
            self._settle(step, along)
            self._look()
            return [step.cell, *along]
        for spot in self._nearest(anchor, level):
            try:
                data = {path: moved(page, roots, spot)}
                self._check(data, wanted)
            except (Entangled, NotPossible):
                continue
            self._settle(step, along)
            self._note(key, step.cell, step.file, "moved")
            self._look(data)
            return [step.cell, *along]
        raise NotPossible(_NO_PLACE)

    def _followers(self, number: int, after: Sequence[BaseCell]) -> list[tuple[int, BaseCell]]:
        """The cells behind one in the notes that follow it in the notebook, too."""
        found = []
        for at, cell in enumerate(after, number + 1):
            if self._in_notes(cell) != at:
                break
            found.append((at, cell))
        return found

    def _rearranged(self, numbers: Sequence[int], anchor: int) -> list[Item]:
        """What the notes are to show when cells are behind another one."""
        order = [n for n in range(len(self._view.cells)) if n not in numbers]
        if anchor not in order:
            raise NotPossible(_NO_PLACE)
        place = order.index(anchor) + 1
        order[place:place] = numbers
        bases = [self._view.bases[n] for n in order]
        return [item for base in bases if not base.setup for item in items_of(base)]

    def _spots(self, anchor: int) -> Iterator[Spot]:
        """The places behind a cell of the notes."""
        view = self._view
        path = view.cells[anchor].page
        unit = view.notes.config.unit
        if path is None:
            page = view.page(view.session.unit.section.page)
            first = next((i for i, b in enumerate(page.blocks) if b.kind != "pre"), 0)
            return spots(page, first, unit)
        return spots(view.page(path), last_block(view, anchor) + 1, unit)

    def _settle(self, step: _Step, along: Sequence[BaseCell]) -> None:
        """Record that both sides have a cell at another place now."""
        own = [step.cell, *along]
        rest = [one for one in self.outcome.base if not any(one is each for each in own)]
        at = next((n + 1 for n, one in enumerate(rest) if one is step.before), 1)
        self.outcome.base[:] = [*rest[:at], *own, *rest[at:]]

    # --- added cells --------------------------------------------------------------------------

    def bring_back(self, name: str, gone: Sequence[int]) -> None:
        """Ask about cells that the notes have no more, and that the notebook has changed.

        Args:
            name: of the notebook, for messages.
            gone: the cells.
        """
        for number in gone:
            base, cell = self._edited[number], self._cells[number]
            near = (self._edited[n] for n in range(number - 1, -1, -1) if n in self._edited)
            places = (self._in_notes(one) for one in near)
            anchor = next((place for place in places if place is not None), 0)
            path = self._view.session.unit.section.page
            key = self._view.key(anchor) or Key(path=path, line=1)
            if not self._decision.chosen(key):
                continue
            if self._decision.take is None:
                new = cell.source.split("\n")
                file = f"{name}, cell {cell.at}"
                self._conflict(key, file, [], new, "deleted behind this, changed in the notebook")
                continue
            self.outcome.decided = True
            at = self._at(base)
            if self._decision.take == "notes":
                self._edited[number] = replace(base, source=cell.source)
                self.outcome.base[at] = self._edited[number]
                self.outcome.dropped.append(self._place(key))
            else:
                del self.outcome.base[at], self._edited[number]
        self._look()

    def add(self, name: str, about: Mapping[str, Any]) -> None:
        """Write new cells, adjacent ones together.

        Args:
            name: of the notebook, for messages.
            about: its metadata.
        """
        run: list[int] = []
        runs: list[tuple[int | None, list[int]]] = []
        before: int | None = None
        for number in range(len(self._cells)):
            if number in self._edited:
                before, run = number, []
                continue
            if not run:
                runs.append((before, run))
            run.append(number)
        for before, numbers in runs:
            self._add(before, [self._cells[n] for n in numbers], name, about)

    def _add(
        self,
        before: int | None,
        cells: Sequence[ExportedCell],
        name: str,
        about: Mapping[str, Any],
    ) -> None:
        file = f"{name}, cell {cells[0].at}"
        if not self._decision.is_known and any(cell.own for cell in cells):
            self._refuse(file, _STRANGE)
            return
        base = self._edited.get(before) if before is not None else None
        anchor = self._end_in_notes(base) if base is not None and not base.setup else None
        if anchor is None or base is None:
            self._refuse(file, UNPLACED_CELL)
            return
        key = self._view.key(anchor)
        if key is not None and not self._decision.chosen(key):
            return
        text = self._text(cells, about)
        path = self._view.cells[anchor].page or self._view.session.unit.section.page
        data = self._written(path, anchor, text, cells) if text is not None else None
        if data is None:
            self._refuse(file, UNPLACED_CELL)
            return
        at = self._at(base) + 1
        self.outcome.base[at:at] = [cell.base for cell in cells]
        if data != self._view.page(path).data:
            count = sum(cell.source.count("\n") + 1 for cell in cells)
            place = self._place(key) if key is not None else self._place(Key(path=path, line=1))
            self.outcome.done.append(Moved(place=place, lines=count, files=(file,), what="added"))
        self._look({path: data})

    def _text(self, cells: Sequence[ExportedCell], about: Mapping[str, Any]) -> str | None:
        """Cells as blocks from the left margin on; None if they cannot be that."""
        notebook = {"nbformat": 4, "metadata": about, "cells": [cell.raw for cell in cells]}
        try:
            found = cells_of_notebook(json.dumps(notebook).encode())
        except NotANotebook:
            return None
        if any(cell.attachments for cell in found):
            return None
        unit = self._view.notes.config.unit
        return new_page(found, unit, lambda _, target: target).text

    def _written(
        self, path: PagePath, anchor: int, text: str, cells: Sequence[ExportedCell]
    ) -> bytes | None:
        """The page with new blocks, as it is if it has them already; None without a place."""
        page, items = self._view.page(path), self._view.items()
        at = len(self._view.items(slice(anchor + 1)))
        wanted = [item for cell in cells for item in items_of(cell.base)]
        found: bytes | None = None
        for spot in self._nearest(anchor):
            try:
                data = inserted(page, text, spot)
                after = self._drafts.view(self.outcome.base, {path: data}).items()
            except (Entangled, KeyError):
                continue
            behind = at + len(after) - len(items)
            # What shows nothing is outside of the section.
            if behind == at or after[:at] != items[:at] or after[behind:] != items[at:]:
                continue
            if self._are_new(anchor, after[at:behind]):
                return page.data
            if after[at:behind] == wanted:
                return data
            found = found or data
        return found

    def _nearest(self, anchor: int, level: int = 0) -> list[Spot]:
        """The places behind a cell, the best first: those below it last, unless it is a heading.

        Args:
            anchor: the cell.
            level: that the blocks had; without it, they go beside the cell's last block.
        """
        cell = self._view.cells[anchor]
        beside = 1
        if cell.page is not None:
            last = self._view.page(cell.page).blocks[blocks_of(cell)[-1]]
            beside = last.level + bool(last.heading)
        near = level or beside
        return sorted(
            self._spots(anchor), key=lambda spot: (spot.level > beside, abs(spot.level - near))
        )

    def _are_new(self, anchor: int, shown: Sequence[Item]) -> bool:
        """Whether the notes have got these cells behind another one already."""
        found: list[Item] = []
        for number in range(anchor + 1, len(self._known)):
            if self._known[number] is not None or len(found) >= len(shown):
                break
            found += items_of(self._view.bases[number])
        return found[: len(shown)] == list(shown) and bool(shown)

    def shows_otherwise(self) -> int | None:
        """Return the number of the first cell that a new export shows in another way."""
        found = self._view.items()
        start = 0
        for cell in self._cells:
            own = [] if cell.setup else list(items_of(cell.base))
            if found[start : start + len(own)] != own:
                return cell.at
            start += len(own)
        return None if start == len(found) or not self._cells else self._cells[-1].at

    def misplaced(self, base: Sequence[Item]) -> int | None:
        """Return the number of the first cell that a new export shows at another place.

        Args:
            base: what both sides began with.
        """
        own = [(c.at, item) for c in self._cells if not c.setup for item in items_of(c.base)]
        found = misplaced(base, [item for _, item in own], self._view.items())
        return None if found is None else own[found][0]

    # --- reports ------------------------------------------------------------------------------

    def _check(self, data: Mapping[PagePath, bytes], wanted: Sequence[Item]) -> None:
        """Check that the notes show what they are to show then."""
        try:
            found = self._drafts.view(self.outcome.base, data).items()
        except KeyError as error:
            raise NotPossible(_NO_PLACE) from error
        if found != list(wanted):
            raise NotPossible(_NO_PLACE)

    def _refuse(self, file: str, why: str) -> None:
        self.outcome.refusals.append(Refusal(file=file, at=1, why=why))

    def _note(self, key: Key | None, cell: BaseCell, file: str, what: Change) -> None:
        if key is not None:
            lines = cell.source.count("\n") + 1
            self.outcome.done.append(
                Moved(place=self._place(key), lines=lines, files=(file,), what=what)
            )

    def _place(self, key: Key) -> Place:
        return place_of(self._view.notes.project, key)

    def _conflict(
        self, key: Key, file: str, old: Sequence[str], new: Sequence[str], why: str
    ) -> None:
        place = self._place(key)
        diff = sides_diff(place, file, old, new)
        self.outcome.conflicts.append(Conflict(place=place, files=((file, 1),), diff=diff, why=why))
