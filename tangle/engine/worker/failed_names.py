"""Names that a session lacks since cells failed, and the cells that cannot run without them."""

from __future__ import annotations

from msgspec import Struct

from tangle.engine.postmortem import place_of_line
from tangle.engine.wire import Skipped
from tangle.model import Cell, Job, Skip

_NOTHING_RAN = 0


class _Cause(Struct, frozen=True, kw_only=True):
    """The failure for which a name is missing.

    Attributes:
        name: the name that the failed cell was to define or change.
        cell: the cell that failed, by its place among the job's cells.
        line: the last line of that cell's code that has to do with the name.
    """

    name: str
    cell: int
    line: int


class FailedNames:
    """The names that failed cells, and cells skipped for them, were to define or change."""

    def __init__(self) -> None:
        """Nothing has failed yet."""
        self._missing: dict[str, _Cause] = {}
        self.any_failed = False

    def skipped(self, job: Job, index: int) -> Skipped | None:
        """Return why a cell cannot run; None if it can. What it touches is then missing, too.

        Args:
            job: the session.
            index: the cell, by its place among the job's cells.
        """
        if not self._missing:
            return None
        cell = job.cells[index]
        cause = next((self._missing[name] for name in cell.needs if name in self._missing), None)
        if cause is None:
            return None
        self._missing.update((touch.name, cause) for touch in cell.touches)
        return Skipped(index=index, skip=_reason(job, cell, cause))

    def fail(self, index: int, cell: Cell, line: int | None) -> None:
        """Record a failure; what statements before the failing one have done stands.

        Args:
            index: the cell, by its place among the job's cells.
            cell: that did not pass.
            line: of its code at which it failed, from 1; None if that is not known.
        """
        self.any_failed = True
        since = _NOTHING_RAN if line is None else line
        for touch in cell.touches:
            if touch.last >= since:
                self._missing[touch.name] = _Cause(name=touch.name, cell=index, line=touch.last)

    def complete(self, cell: Cell) -> None:
        """Record that a cell has run to its end: what it defines is no longer missing."""
        if self._missing:
            for touch in cell.touches:
                if touch.sure:
                    self._missing.pop(touch.name, None)


def _reason(job: Job, cell: Cell, cause: _Cause) -> Skip:
    failed = job.cells[cause.cell]
    place = failed.place or place_of_line(failed, cause.line)
    return Skip(
        before=f"needs {cause.name} from {'' if place else 'a borrowed statement'}",
        place=place,
        after=", which failed",
        page=cell.place.path if cell.place else None,
        blamed=cause.cell,
    )
