"""What the last plan of the same notes has found out, for the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tangle.analyse.code import ChunkCode, UnitCode
from tangle.analyse.plan import Package
from tangle.model import Occurrence, Unit

if TYPE_CHECKING:
    from tangle.analyse.planning import UnitPlan

_Text = tuple[str, str | None, bool, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUnit:
    """A unit's code, and its chunks by their text."""

    code: UnitCode
    texts: Mapping[_Text, ChunkCode]


class Known:
    """Chunks and units read as Python, and sessions planned, by what they were made of.

    A chunk is known by its text, wherever it stands; a unit by all that is in it; a session by the
    units up to its own and the package. What the last plan did not need is forgotten.
    """

    def __init__(self) -> None:
        """Knows nothing yet."""
        self._chunks: dict[_Text, ChunkCode] = {}
        self._units: dict[Unit, KnownUnit] = {}
        self._sessions: dict[int, UnitPlan] = {}
        self._order: Sequence[UnitCode] = ()
        self._package: Package | None = None
        self._same = 0
        self._needed_chunks: dict[_Text, ChunkCode] = {}
        self._needed_units: dict[Unit, KnownUnit] = {}

    # --- reading ------------------------------------------------------------------------------

    def unit(self, unit: Unit) -> UnitCode | None:
        """A unit's code, where nothing in it has changed or moved."""
        found = self._units.get(unit)
        if found is None:
            return None
        self._needed_units[unit] = found
        self._needed_chunks.update(found.texts)
        return found.code

    def learn_unit(self, code: UnitCode) -> None:
        """Keeps a unit's code; one with open references says more than its unit does."""
        texts: dict[_Text, ChunkCode] = {}
        lazy = False
        for entry in code.chunks:
            if entry.chunk.whole and entry.parsed.problem is None:
                texts[_text(entry.occurrence, lazy=lazy)] = entry
            lazy = lazy or entry.makes_lazy
        self._needed_chunks.update(texts)
        if all(entry.chunk.whole for entry in code.chunks):
            self._needed_units[code.unit] = KnownUnit(code=code, texts=texts)

    def chunk(self, occurrence: Occurrence, *, lazy: bool) -> ChunkCode | None:
        """The code of a chunk that parses; what it says is relative to the chunk's first line."""
        found = self._chunks.get(_text(occurrence, lazy=lazy)) if occurrence.chunk.whole else None
        return None if found is None else replace(found, occurrence=occurrence)

    # --- planning -----------------------------------------------------------------------------

    def begin(self, units: Sequence[UnitCode], package: Package) -> None:
        """Takes what a plan is made of; sessions before the first unit that changed are known."""
        pairs = zip(units, self._order, strict=False)
        self._same = next((at for at, (a, b) in enumerate(pairs) if a is not b), len(units))
        self._same = min(self._same, len(self._order)) if package == self._package else 0
        self._order, self._package = tuple(units), package
        self._chunks, self._units = self._needed_chunks, self._needed_units
        self._needed_chunks, self._needed_units = {}, {}
        self._sessions = {at: s for at, s in self._sessions.items() if at < self._same}

    def session(self, index: int) -> UnitPlan | None:
        """A session that was planned before of the same units and the same package."""
        return self._sessions.get(index)

    def learn_session(self, index: int, found: UnitPlan) -> None:
        """Keeps a session that has no errors: those speak of later units, too."""
        self._sessions[index] = found


def _text(occurrence: Occurrence, *, lazy: bool) -> _Text:
    chunk = occurrence.chunk
    return chunk.code, chunk.settings.raises, chunk.session, lazy
