"""The outputs that stand in the notes: whether they are of the code that stands there now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tangle.analyse import Plan, Session
from tangle.model import PagePath, Place, Problem, SectionName
from tangle.pipeline.load import Loaded
from tangle.pipeline.project import Project
from tangle.pipeline.reports import SectionRow, State
from tangle.write import StoredOutput, stored_outputs

Stored = dict[PagePath, tuple[StoredOutput, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputState:
    """An output block, and what is wrong with it.

    Attributes:
        problem: set where it belongs to other code, or was edited.
        figures: names of the figures that it shows.
    """

    path: PagePath
    line: int
    section: SectionName | None
    problem: Problem | None
    figures: tuple[str, ...]


def stored(loaded: Loaded) -> Stored:
    """The output blocks of every page that has some."""
    found = {path: stored_outputs(page) for path, page in loaded.pages.items()}
    return {path: outputs for path, outputs in found.items() if outputs}


def output_states(loaded: Loaded, found: Stored) -> Iterator[OutputState]:
    """Every output block in the notes with its state."""
    digests = _digests(loaded.plan.sessions)
    sections = _sections(loaded.plan)
    for path, outputs in found.items():
        for output in outputs:
            current = digests.get((path, output.host))
            section = sections.get((path, output.host))
            problem = None
            if current is None or output.code_digest not in current:
                problem = _stale(path, output, section, orphan=current is None)
            elif output.edited:
                problem = _edited(path, output, section)
            yield OutputState(
                path=path,
                line=output.line,
                section=section,
                problem=problem,
                figures=output.assets,
            )


def _digests(sessions: Iterable[Session]) -> dict[tuple[PagePath, int], set[str]]:
    """The digests of the chunks of every block that has some."""
    found: dict[tuple[PagePath, int], set[str]] = {}
    for session in sessions:
        for planned in session.chunks:
            occurrence = planned.occurrence
            found.setdefault((occurrence.page, occurrence.host), set()).add(planned.digest)
    return found


def _sections(plan: Plan) -> dict[tuple[PagePath, int], SectionName]:
    return {
        (planned.occurrence.page, planned.occurrence.host): planned.occurrence.section
        for session in plan.sessions
        for planned in session.chunks
    }


def _stale(
    path: PagePath, output: StoredOutput, section: SectionName | None, *, orphan: bool
) -> Problem:
    message = "this output belongs to no chunk" if orphan else "this output is of older code"
    hint = "delete the block, or run `tangle clean`" if orphan else "run the section again"
    if output.edited:
        message += ", and was edited by hand"
        hint = "delete the block, or run the section with --force"
    return Problem(
        code="stale-output",
        severity="error",
        place=Place(path=path, line=output.line),
        section=section,
        message=message,
        hint=hint,
    )


def _edited(path: PagePath, output: StoredOutput, section: SectionName | None) -> Problem:
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=path, line=output.line),
        section=section,
        message="this output was edited by hand, and is not written over",
        hint="delete the block and run the section again, or run it with --force",
    )


# --- the list of sections -------------------------------------------------------------------------


def section_rows(loaded: Loaded, found: Stored) -> Iterator[SectionRow]:
    """The sections that are scripts, and the numbered ones without code, in reading order."""
    saves: dict[SectionName, list[str]] = {}
    units = {
        part.name: session.name
        for session in loaded.plan.sessions
        for part in (session.unit.section, *session.unit.parts)
    }
    for saved in loaded.plan.package.saved:
        saves.setdefault(units.get(saved.section, saved.section), []).extend(saved.names)
    standing: defaultdict[tuple[PagePath, int], list[StoredOutput]] = defaultdict(list)
    for path, outputs in found.items():
        for output in outputs:
            standing[path, output.host].append(output)
    for session in loaded.plan.sessions:
        state = _state(session, standing)
        yield _row(loaded.project, session, tuple(saves.get(session.name, ())), state)


def _row(project: Project, session: Session, saves: tuple[str, ...], state: State) -> SectionRow:
    section = session.unit.section
    return SectionRow(
        name=session.name,
        title=section.title,
        page=project.shown(section.page),
        line=section.line,
        chunks=len(session.chunks),
        borrowed=len(session.prelude),
        saves=saves,
        state=state,
    )


def _state(
    session: Session, standing: Mapping[tuple[PagePath, int], Sequence[StoredOutput]]
) -> State:
    if not session.chunks:
        return "no-code"
    if session.problems or any(planned.code.broken for planned in session.chunks):
        return "broken"
    fresh = [
        output.code_digest in digests
        for at, digests in _digests([session]).items()
        for output in standing.get(at, ())
    ]
    if not fresh:
        return "not-run"
    return "fresh" if all(fresh) else "stale"
