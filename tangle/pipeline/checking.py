"""Everything that can be known of the notes without running them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tangle.analyse import Plan, Session
from tangle.model import PagePath, Place, Problem, SectionName
from tangle.pipeline.build import generated_changes
from tangle.pipeline.load import Loaded, load, shown
from tangle.pipeline.project import Project
from tangle.pipeline.reports import SectionRow, State
from tangle.store import ASSET_FOLDER, ForeignFile, asset_names
from tangle.write import StoredOutput, stored_outputs


def check(project: Project) -> tuple[Problem, ...]:
    """All problems of a project: its notes, its stored outputs, what was generated from it."""
    loaded = load(project)
    found = [shown(project, problem) for problem in (*loaded.problems, *stale_outputs(loaded))]
    found.sort(key=lambda problem: (problem.place.path, problem.place.line, problem.place.column))
    return (*found, *_stale_files(loaded))


def stale_outputs(loaded: Loaded) -> Iterator[Problem]:
    """Outputs in the notes that belong to other code, or that a person edited."""
    digests = _digests(loaded.plan.sessions)
    sections = _sections(loaded.plan)
    figures = set(asset_names(loaded.project.graph))
    for path, page in loaded.pages.items():
        for stored in stored_outputs(page):
            current = digests.get((path, stored.host))
            section = sections.get((path, stored.host))
            if current is None or stored.code_digest not in current:
                yield replace(_stale(path, stored, orphan=current is None), section=section)
            elif stored.edited:
                yield replace(_edited(path, stored), section=section)
            elif missing := set(stored.assets) - figures:
                yield replace(_without_figure(path, stored, min(missing)), section=section)


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


def _without_figure(path: PagePath, stored: StoredOutput, name: str) -> Problem:
    return Problem(
        code="stale-output",
        severity="error",
        place=Place(path=path, line=stored.line),
        message=f"this output shows {name}, which is not in {ASSET_FOLDER}",
        hint="run the section again",
    )


def _stale(path: PagePath, stored: StoredOutput, *, orphan: bool) -> Problem:
    message = "this output belongs to no chunk" if orphan else "this output is of older code"
    hint = "delete the block, or run `tangle clean`" if orphan else "run the section again"
    if stored.edited:
        message += ", and was edited by hand"
        hint = "delete the block, or run the section with --force"
    return Problem(
        code="stale-output",
        severity="error",
        place=Place(path=path, line=stored.line),
        message=message,
        hint=hint,
    )


def _edited(path: PagePath, stored: StoredOutput) -> Problem:
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=path, line=stored.line),
        message="this output was edited by hand, and is not written over",
        hint="delete the block and run the section again, or run it with --force",
    )


def _stale_files(loaded: Loaded) -> Iterator[Problem]:
    project = loaded.project
    try:
        changes = generated_changes(loaded)
    except ForeignFile as error:
        for path in error.paths:
            message = "a file stands here that tangle did not write"
            yield _file_problem(project, path, "foreign-file", message, "move it, or set `output`")
        return
    if not (changes.changed or changes.removed or changes.unchanged):
        return  # nothing was ever generated here
    kinds = (("missing", changes.added), ("stale", changes.changed), ("left over", changes.removed))
    for kind, names in kinds:
        for name in names:
            message = f"this generated file is {kind}"
            path = project.output / name
            yield _file_problem(project, path, "stale-generated", message, "run `tangle build`")


def _file_problem(project: Project, path: Path, code: str, message: str, hint: str) -> Problem:
    shown_path = path.relative_to(project.root) if path.is_relative_to(project.root) else path
    return Problem(
        code=code,
        severity="error",
        place=Place(path=PagePath(shown_path.as_posix()), line=1),
        message=message,
        hint=hint or None,
    )


# --- the list of sections -------------------------------------------------------------------------


def sections(project: Project) -> tuple[SectionRow, ...]:
    """The sections that are scripts, and the numbered ones without code, in reading order."""
    loaded = load(project)
    saves: dict[SectionName, list[str]] = {}
    units = {
        part.name: session.name
        for session in loaded.plan.sessions
        for part in (session.unit.section, *session.unit.parts)
    }
    for saved in loaded.plan.package.saved:
        saves.setdefault(units.get(saved.section, saved.section), []).extend(saved.names)
    stored = {path: stored_outputs(page) for path, page in loaded.pages.items()}
    return tuple(
        _row(project, session, tuple(saves.get(session.name, ())), stored)
        for session in loaded.plan.sessions
    )


def _row(
    project: Project,
    session: Session,
    saves: tuple[str, ...],
    stored: dict[PagePath, tuple[StoredOutput, ...]],
) -> SectionRow:
    section = session.unit.section
    return SectionRow(
        name=session.name,
        title=section.title,
        page=project.shown(section.page),
        line=section.line,
        chunks=len(session.chunks),
        borrowed=len(session.prelude),
        saves=saves,
        state=_state(session, stored),
    )


def _state(session: Session, stored: dict[PagePath, tuple[StoredOutput, ...]]) -> State:
    if not session.chunks:
        return "no-code"
    if session.problems or any(planned.code.broken for planned in session.chunks):
        return "broken"
    digests = _digests([session])
    found = [
        output.code_digest in digests[path, output.host]
        for path, outputs in stored.items()
        for output in outputs
        if (path, output.host) in digests
    ]
    if not found:
        return "not-run"
    return "fresh" if all(found) else "stale"
