"""Map failures to the current lines of the notes, and add the hints of `check`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from tangle.analyse import PlannedChunk, Session, WantedModule
from tangle.model import Failure, PagePath, Place, Result
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRun
from tangle.verbs.write_back.placement import PageEdits
from tangle.write import MovedLines

_QUOTED = re.compile(r"'([^']+)'")

# --- the way out ----------------------------------------------------------------------------------


def with_hint(loaded: Notes, run: SectionRun) -> SectionRun:
    """Return a run whose failures have the hints of `check`.

    Args:
        loaded: the notes as they were run.
        run: of one of their sections.
    """
    if run.result.outcome == "passed":
        return run
    results = tuple(hinted(loaded, run.session, result) for result in run.result.results)
    return replace(run, result=replace(run.result, results=results))


def hinted(loaded: Notes, session: Session, result: Result) -> Result:
    """Return the result of a chunk with the hint of `check` for its failure.

    Args:
        loaded: the notes as they were run.
        session: of the chunk.
        result: of the chunk.
    """
    failure = result.failure
    if failure is None or result.outcome == "passed":
        return result
    hint = next(filter(None, _hints(loaded, session, failure)), failure.hint)
    return replace(result, failure=replace(failure, hint=hint))


def _hints(loaded: Notes, session: Session, failure: Failure) -> Iterator[str | None]:
    quoted = _QUOTED.search(failure.message)
    name = quoted[1] if quoted else ""
    match failure.name:
        case "NameError":
            said = f"{name} is not defined"
            yield from (p.hint for p in session.problems if p.message.startswith(said))
        case "ModuleNotFoundError" if failure.place is not None:
            wanted = WantedModule(
                name=name.partition(".")[0],
                place=failure.place,
                section=session.name,
                folder=session.folder,
            )
            yield from (p.hint for p in missing_imports(loaded, [wanted]))
        case "SyntaxError" | "IndentationError" | "TabError" | "OpenReference":
            yield from _of_chunk(loaded, session, failure)


def _of_chunk(loaded: Notes, session: Session, failure: Failure) -> Iterator[str | None]:
    """Yield the hints for problems of the chunk that a failure is in."""
    place, shown = failure.place, loaded.project.shown
    if place is None:
        return
    for planned in session.chunks:
        chunk, last = planned.code.chunk, planned.code.source.count("\n") + 1
        if shown(chunk.page) != place.path or not 0 <= place.line - chunk.line <= last:
            continue
        for problem in loaded.problems:
            at = problem.place
            here = at.path == chunk.page and 0 <= at.line - chunk.line <= last
            if here and problem.severity == "error":  # a warning is not why it failed
                yield problem.hint


# --- lines ----------------------------------------------------------------------------------------


def as_written(
    loaded: Notes, runs: Sequence[SectionRun], edits: Sequence[PageEdits]
) -> tuple[SectionRun, ...]:
    """Return runs with chunks and failures at their lines after outputs are written.

    Args:
        loaded: the notes as they were run.
        runs: with the lines of those notes.
        edits: what was done to the pages.
    """
    # A page is written once: what is left for another attempt has not been written.
    moved = {
        path: MovedLines(loaded.pages[path].data, data, of_page)
        for path, data, of_page in edits
        if path in loaded.pages
    }
    return tuple(_moved(loaded.project, run, moved) for run in runs) if moved else tuple(runs)


def _moved(project: Project, run: SectionRun, moved: Mapping[PagePath, MovedLines]) -> SectionRun:
    shown = {project.shown(path): lines for path, lines in moved.items()}
    chunks = tuple(_chunk_moved(planned, moved) for planned in run.session.chunks)
    results = tuple(_result_moved(result, shown) for result in run.result.results)
    return replace(
        run,
        session=replace(run.session, chunks=chunks),
        result=replace(run.result, results=results),
    )


def _chunk_moved(planned: PlannedChunk, moved: Mapping[PagePath, MovedLines]) -> PlannedChunk:
    chunk = planned.code.chunk
    if chunk.page not in moved:
        return planned
    chunk = replace(chunk, line=moved[chunk.page](chunk.line))
    occurrence = replace(planned.occurrence, chunk=chunk)
    return replace(planned, code=replace(planned.code, occurrence=occurrence))


def _result_moved(result: Result, moved: Mapping[str, MovedLines]) -> Result:
    failure, skip = result.failure, result.skip
    if failure is not None:
        failure = _failure_moved(failure, moved)
    if skip is not None:
        skip = replace(skip, place=_place_moved(skip.place, moved))
    return replace(result, failure=failure, skip=skip)


def _failure_moved(failure: Failure, moved: Mapping[str, MovedLines]) -> Failure:
    traceback, hint = failure.traceback, failure.hint
    for path, lines in moved.items():
        in_traceback = re.compile(rf'(?m)^( *(?:\| *)*File "{re.escape(path)}", line )(\d+)')
        traceback = _renumbered(in_traceback, traceback, lines)
        hint = _renumbered(re.compile(rf"({re.escape(path)}:)(\d+)"), hint, lines)
    return replace(
        failure, place=_place_moved(failure.place, moved), traceback=traceback, hint=hint
    )


def _renumbered(pattern: re.Pattern[str], text: str, lines: MovedLines) -> str:
    return pattern.sub(lambda match: f"{match[1]}{lines(int(match[2]))}", text)


def _place_moved(place: Place | None, moved: Mapping[str, MovedLines]) -> Place | None:
    if place is None or place.path not in moved:
        return place
    return replace(place, line=moved[place.path](place.line))
