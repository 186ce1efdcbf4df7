"""Keep results that cannot be written now, and write them later."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tangle.activity import step
from tangle.errors import Refused
from tangle.model import SectionName
from tangle.store import PENDING, Records, make_folder, user_key
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.write_back.hosts import pages_of
from tangle.verbs.write_back.page_use import SavedSince, in_use_problem
from tangle.verbs.write_back.place import place
from tangle.verbs.write_back.placement import Placed, Placement

_PAUSE: Final = 0.05
"""Seconds between two looks at a page that another program is using."""

_PATIENCE: Final = 5.0
"""Seconds for which such a page is waited for at least."""

_TIMES: Final = 3
"""How many times the quiet that a page needs is waited for: others may save it meanwhile."""


def waiting(project: Project) -> tuple[Placed, ...]:
    """Return the pending results, by section and digest."""
    records = _records(project)
    found = (records.get(key) for key in records.keys())  # noqa: SIM118
    return tuple(sorted((f for f in found if f is not None), key=lambda f: (f.section, f.digest)))


def place_or_keep(
    loaded: Notes,
    outputs: Iterable[Placed],
    placement: Placement,
    *,
    force: bool = False,
    quiet: float = 0.0,
) -> str | None:
    """Write results into the notes and keep the rest; return why writing was refused, if it was.

    Pages that another program is using are waited for, some seconds at most. What waited of the
    same sections is older, and dropped.

    Args:
        loaded: the notes that the results were made from.
        outputs: the results.
        placement: records what was written.
        force: write over outputs that a person edited, too.
        quiet: seconds without a save after which a page that was saved since is written.
    """
    found = tuple(outputs)
    try:
        _place_patiently(found, placement, SavedSince(began=loaded, quiet=quiet), force=force)
    except Refused as error:
        keep(loaded.project, found)
        return str(error)
    except BaseException:
        keep(loaded.project, found)
        raise
    sections = {output.section for output in found}
    settle(loaded.project, sections, placement.left)
    return _place_others(loaded, sections, placement, quiet)


def _place_others(
    loaded: Notes, sections: Collection[SectionName], placement: Placement, quiet: float
) -> str | None:
    """Write results of earlier commands that have a place now; return why that was refused."""
    others = [output for output in waiting(loaded.project) if output.section not in sections]
    placeable = [o for found in pages_of(loaded.rows, others).values() for o in found]
    if not placeable:
        return None
    attempt = Placement(pages=placement.pages, figures=placement.figures, kept=placement.kept)
    try:
        place(loaded, placeable, attempt, hold=SavedSince(began=loaded, quiet=quiet))
    except Refused as error:
        return str(error)
    deferred = (o for entry in attempt.deferred.values() for o in entry.outputs)
    still = {_key(output) for output in (*attempt.left, *deferred)}
    _drop(loaded.project, (o for o in placeable if _key(o) not in still))
    return None


def _place_patiently(
    outputs: Sequence[Placed], placement: Placement, hold: SavedSince, *, force: bool
) -> None:
    """Write results, and retry those whose page another program was using."""
    began, end = hold.began, time.monotonic() + max(_PATIENCE, _TIMES * hold.quiet)
    place(began, outputs, placement, force=force, hold=hold)
    while placement.deferred and time.monotonic() < end:
        step(f"waiting to write: {_in_the_way(began, placement)}")
        time.sleep(_PAUSE)
        if hold.free(placement.deferred):
            todo = [o for found in placement.deferred.values() for o in found.outputs]
            placement.deferred.clear()
            place(began, todo, placement, force=force, hold=hold)
    for page, found in placement.deferred.items():
        names = {output.section for output in found.outputs}
        placement.pending.append(in_use_problem(began.project, page, found.why, names))
        placement.left.extend(found.outputs)


def _in_the_way(notes: Notes, placement: Placement) -> str:
    """What keeps results from being written, in words."""
    page, found = next(iter(placement.deferred.items()))
    more = f", and {len(placement.deferred) - 1} more" if len(placement.deferred) > 1 else ""
    return f"{notes.project.shown(page)} {found.why}{more}"


def write_pending(
    project: Project, placement: Placement, *, force: bool, quiet: float = 0.0
) -> tuple[Notes, str | None]:
    """Write pending results; return the notes, and why writing was refused.

    Args:
        project: whose notes.
        placement: records what was written.
        force: write over outputs that a person edited, too.
        quiet: as for `place_or_keep`.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    make_folder(project.state)
    loaded = read_notes(project)
    found = waiting(project)
    return loaded, place_or_keep(loaded, found, placement, force=force, quiet=quiet)


def settle(project: Project, sections: Collection[SectionName], left: Sequence[Placed]) -> None:
    """Keep the unwritten results of some sections, and drop their older pending ones.

    Args:
        project: whose notes.
        sections: that have run.
        left: their results that were not written.
    """
    keep(project, left)
    kept = {_key(output) for output in left}
    older = (output for output in waiting(project) if output.section in sections)
    _drop(project, (output for output in older if _key(output) not in kept))


def _drop(project: Project, outputs: Iterable[Placed]) -> None:
    records = _records(project)
    for output in outputs:
        records.drop(_key(output))


def forget(project: Project) -> None:
    """Drop every pending result."""
    records = _records(project)
    for key in records.keys():  # noqa: SIM118
        records.drop(key)


def keep(project: Project, outputs: Iterable[Placed]) -> None:
    """Keep results, unless the disk refuses: it may be what refused to write them.

    Args:
        project: whose notes.
        outputs: to be kept.
    """
    records = _records(project)
    try:
        for output in outputs:
            records.put(_key(output), output)
    except Refused:
        return


def _records(project: Project) -> Records[Placed]:
    return Records(project.state / PENDING, Placed, key=user_key())


def _key(output: Placed) -> str:
    named = f"{output.section}\0{output.digest}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(named).hexdigest()
