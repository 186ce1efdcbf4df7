"""Collect what the results of a unit depend on, and find where two states of a unit differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from msgspec import Struct

from tangle.analyse import Package, PlannedChunk, Session
from tangle.verbs.results.cache_keys import import_effects


class ChunkInputs(Struct, frozen=True, kw_only=True):
    """What a chunk's result depends on beside the chunks before it.

    Attributes:
        code: the chunk as its session runs it.
        terms: the outcome, device and time that it must keep to.
    """

    code: str
    terms: tuple[object, ...]


class UnitInputs(Struct, frozen=True, kw_only=True):
    """What the results of a unit depend on: neither its name nor its place, nor its data files.

    Attributes:
        folder: where its code looks for files.
        borrowed: statements that run first.
        lent: texts of the saved statements that the borrowed ones reach.
        reaches: texts of the saved statements that each chunk is the first to reach.
        effects: saved statements that do something when the package is imported, where it may be.
    """

    folder: str
    borrowed: tuple[str, ...]
    lent: tuple[str, ...]
    effects: tuple[str, ...]
    chunks: tuple[ChunkInputs, ...]
    reaches: tuple[tuple[str, ...], ...]

    @property
    def saved(self) -> tuple[str, ...]:
        """Texts of all saved statements that it reaches."""
        return (*self.lent, *(text for texts in self.reaches for text in texts))


def unit_inputs(
    session: Session, package: Package, chunks: int | None = None, *, limits: bool = False
) -> UnitInputs:
    """Return what the results of a unit depend on.

    Args:
        session: the unit.
        package: the generated package.
        chunks: how many of its chunks take part; None for all.
        limits: whether the time that a chunk may take counts: it decides only whether it passes.
    """
    running = [planned for planned in session.chunks[:chunks] if planned.code.runs]
    borrowed = tuple(entry.text for entry in session.prelude)
    texts = (*borrowed, *(planned.code.chunk.code for planned in running))
    imports = session.package or any(package.name.root in text for text in texts)
    return UnitInputs(
        folder=session.folder,
        borrowed=borrowed,
        lent=(*package.future, *session.lent) if session.package else (),
        effects=import_effects(package) if imports else (),
        chunks=tuple(_chunk_inputs(planned, limits=limits) for planned in running),
        reaches=tuple(planned.reaches for planned in running),
    )


def _chunk_inputs(planned: PlannedChunk, *, limits: bool) -> ChunkInputs:
    chunk, by = planned.code.chunk, planned.code.chunk.settings
    return ChunkInputs(
        code=chunk.code,
        terms=(
            chunk.whole,
            by.raises,
            by.xfail is not None,
            by.device,
            by.timeout if limits else None,
        ),
    )


def first_difference(before: UnitInputs, now: UnitInputs) -> int | None:
    """Return the first chunk whose result may differ, from 1; None if all inputs are equal.

    Args:
        before: an earlier state of a unit.
        now: a later one; where it ends first, the number is that of a chunk it no longer has.
    """
    starts = [(unit.folder, unit.effects, unit.borrowed, unit.lent) for unit in (before, now)]
    if starts[0] != starts[1]:
        return 1
    sides = (zip(unit.chunks, unit.reaches, strict=True) for unit in (before, now))
    pairs = enumerate(zip_longest(*sides), start=1)
    return next((number for number, (old, new) in pairs if old != new), None)


def saved_names(texts: Iterable[str], *packages: Package) -> tuple[str, ...]:
    """Return the names that saved statements make, each once.

    Args:
        texts: of the statements.
        packages: those that may hold them.
    """
    names: Mapping[str, tuple[str, ...]] = {
        saved.text: saved.names or saved.patches for package in packages for saved in package.saved
    }
    return tuple(dict.fromkeys(name for text in texts for name in names.get(text, ())))
