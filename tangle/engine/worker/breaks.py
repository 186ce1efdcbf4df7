"""Which names of a session are not what its code means them to be, since a cell failed."""

from __future__ import annotations

from dataclasses import replace
from traceback import walk_tb

from tangle.engine.postmortem import place_of_line
from tangle.model import Cell, Lack


class Breaks:
    """Finds the cells that depend on one that failed.

    Statements of a cell above the one that failed have done their work: what only they define or
    change is as it should be.
    """

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self.any = False
        self._broken: dict[str, Lack] = {}
        self._opaque: Lack | None = None

    def lack(self, cell: Cell) -> Lack | None:
        """What a cell needs and has not got; None where it may run."""
        if not self.any:
            return None
        found = next((self._broken[name] for name in cell.ties.uses if name in self._broken), None)
        if found is None and self._opaque is not None and cell.ties.unknown:
            return replace(self._opaque, name=cell.ties.unknown[0])
        return found

    def passed(self, cell: Cell) -> None:
        """Takes note of what a cell has defined anew."""
        if self.any:
            for name in cell.ties.binds:
                self._broken.pop(name, None)

    def failed(self, index: int, cell: Cell, row: int | None) -> None:
        """Takes note of what a cell that failed has not done.

        Args:
            index: its place among the cells.
            cell: the cell.
            row: the line of its code (from 0) at which it failed; None where it has not begun.
        """
        self.any = True
        for name, last in cell.ties.touches:
            if row is None or last >= row:
                place = place_of_line(cell, min(last, len(cell.origins) - 1) + 1)
                self._broken[name] = Lack(name=name, cell=index, place=place)
        if cell.ties.opaque:
            self._opaque = Lack(name="", cell=index, place=place_of_line(cell, (row or 0) + 1))

    def skipped(self, cell: Cell, lack: Lack) -> None:
        """Takes note of what a cell that was left out has not done."""
        self._broken.update(dict.fromkeys((name for name, _ in cell.ties.touches), lack))
        if cell.ties.opaque:
            self._opaque = lack


def row_of_failure(error: BaseException | None, cell: Cell) -> int | None:
    """The line of a cell's own code (from 0) that was running when it failed, where known."""
    if error is None:
        return None
    file = f"<{cell.name}>"
    rows = (line - 1 for frame, line in walk_tb(error.__traceback__) if _is_body(frame, file))
    return next(rows, None)


def _is_body(frame: object, file: str) -> bool:
    code = getattr(frame, "f_code", None)
    return code is not None and code.co_filename == file and code.co_name == "<module>"
