"""Fingerprints of sections: tell two states of the notes apart, and say what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tangle.analyse import Package, PlannedChunk
from tangle.model import Place, Problem, SectionName
from tangle.verbs.results.cache_keys import import_effects
from tangle.verbs.selection import Selected


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFace:
    """What a chunk's result depends on; `code` is its own, `digest` covers all before it."""

    digest: str
    code: str
    settings: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A chunk that cannot run in its current, unfinished state."""

    number: int
    place: Place
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What a run of a section depends on, except its data files.

    Attributes:
        chunks: those that run.
        draft: the chunk at which they end before the section does.
        borrowed: whether statements from earlier sections run first.
        saved: texts of the saved statements that are reached.
        effects: those that do something when the package is imported, where it may be.
    """

    chunks: tuple[ChunkFace, ...]
    draft: Draft | None
    borrowed: tuple[str, ...]
    saved: tuple[str, ...]
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a section runs.

    Attributes:
        section: which.
        what: what changed, in words: `chunk 4`.
        first: the first chunk whose result may differ, from 1; 0 if that is not known yet.
    """

    section: SectionName
    what: str
    first: int


def face(selected: Selected, package: Package) -> Face:
    """Return the fingerprint of a section, or of its selected part.

    Args:
        selected: the section.
        package: the generated package.
    """
    running = [c for c in selected.session.chunks[: selected.chunks] if c.code.chunk.settings.run]
    whole: list[PlannedChunk] = []
    faults = selected.session.unit.faults
    draft = _draft(faults[0], 1) if faults else None
    for planned in () if faults else running:
        if planned.code.obstacle is not None:
            draft = _draft(planned.code.obstacle, len(whole) + 1)
            break
        whole.append(planned)
    borrowed = tuple(entry.text for entry in selected.session.prelude)
    texts = (*borrowed, *(planned.code.chunk.code for planned in whole))
    imports = selected.session.package or any(package.name.root in text for text in texts)
    return Face(
        chunks=tuple(map(_chunk_face, whole)),
        draft=draft,
        borrowed=borrowed,
        saved=selected.session.package,
        effects=import_effects(package) if imports else (),
    )


def runnable(selected: Selected) -> Selected:
    """Return the part of a section before its first chunk that cannot run."""
    for index, planned in enumerate(selected.session.chunks[: selected.chunks]):
        if planned.code.broken and planned.code.chunk.settings.run:
            return Selected(session=selected.session, chunks=index)
    return selected


def _chunk_face(planned: PlannedChunk) -> ChunkFace:
    chunk = planned.code.chunk
    settings = (
        *(chunk.settings.raises, chunk.settings.timeout, chunk.settings.device),
        chunk.settings.xfail is not None,
    )
    return ChunkFace(digest=planned.digest, code=chunk.code, settings=settings)


def _draft(problem: Problem, number: int) -> Draft:
    return Draft(number=number, place=problem.place, message=problem.message)


def difference(
    section: SectionName, before: Face | None, now: Face, package: Package
) -> Why | None:
    """Return why a section must run again; None if it need not, or nothing is left to run.

    Args:
        section: its name.
        before: its fingerprint when it ran.
        now: its current fingerprint.
        package: of the current notes.
    """
    if before is None:
        return Why(section=section, what="new", first=1) if now.chunks else None
    if before.effects != now.effects and now.chunks:
        what = f"what importing {package.name.root} does changed"
        return Why(section=section, what=what, first=1)
    pairs = enumerate(zip_longest(before.chunks, now.chunks), start=1)
    first = next((number for number, (old, new) in pairs if old != new), None)
    if first is None or first > len(now.chunks):
        return None
    return Why(section=section, what=_what(before, now, first, package), first=first)


def _what(before: Face, now: Face, first: int, package: Package) -> str:
    here = now.chunks[first - 1]
    old = before.chunks[first - 1] if first <= len(before.chunks) else None
    if old is None and before.draft is None:
        return f"chunk {first} is new"
    if old is None:
        return f"chunk {first} changed"
    if (old.code, old.settings) != (here.code, here.settings):
        return f"chunk {first} changed"
    if first == 1 and before.borrowed != now.borrowed:
        return "what it borrows changed"
    names = _saved_names(package, set(now.saved) - set(before.saved))
    return f"{', '.join(names)} changed" if names else "saved code that it uses changed"


def _saved_names(package: Package, texts: set[str]) -> Sequence[str]:
    root = package.name.root
    found = (name for saved in package.saved if saved.text in texts for name in saved.names)
    return [f"{root}.{name}" for name in dict.fromkeys(found)]
