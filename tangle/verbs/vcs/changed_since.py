"""Find sections that a change affects, by what they depend on, not by changed files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tangle.analyse import Package, Session
from tangle.model import SectionName
from tangle.notes import Plan
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Options, Project
from tangle.verbs.reports.values import SectionChange
from tangle.verbs.results.data_reads import DataReads
from tangle.verbs.selection import Selected
from tangle.verbs.unit_inputs import UnitInputs, saved_names, unit_inputs
from tangle.verbs.vcs.at_revision import past_notes, past_project
from tangle.verbs.vcs.repository import Repository
from tangle.verbs.vcs.worktree import WorkTree

_DECIDING = ("package", "seed", "device", "figures", "borrow")
"""What a configuration says that every section's result may depend on."""


def changed_since(
    now: Notes, revision: str, options: RunOptions | None = None
) -> tuple[SectionChange, ...]:
    """Return the sections whose code, borrowed or saved names, or data changed since a revision.

    The notes are compared as they are on disk, saved in git or not. A section counts as changed if
    no section of then is the same in all that its outputs depend on, wherever it stood and whatever
    it was called. Sections that need a changed one (`tangle.needs`) count, too.

    Args:
        now: the notes as they are.
        revision: a commit, branch or tag.
        options: of the run that is meant, which finds in the cache what sections read.

    Raises:
        NoRepository: the graph is in no git repository.
        UnknownRevision: the repository has no such commit.
        GitFailed: git could not answer.
    """
    project = now.project
    repository = Repository.around(project.graph)
    commit = repository.commit(revision)
    then = past_project(repository, commit, project)
    sessions = [session for session in now.plan.sessions if session.chunks]
    found: dict[SectionName, list[str]]
    if then is None:
        found = {s.name: ["tangle.toml, which cannot be obeyed there"] for s in sessions}
    elif different := _different_options(then.options, project.options):
        found = {session.name: [f"tangle.toml: {', '.join(different)}"] for session in sessions}
    else:
        old = past_notes(repository, commit, then, now)
        found = dict(_code_reasons(now.plan, old.plan if old is not None else None))
        data = DataReads(now, options or RunOptions(), WorkTree(repository, commit))
        for session in sessions:
            if session.name not in found and (reasons := list(data.reasons(session))):
                found[session.name] = reasons
    _add_dependants(sessions, found)
    return tuple(
        SectionChange(section=session.name, reasons=tuple(found[session.name]))
        for session in sessions
        if session.name in found
    )


def changed_sections(project: Project, revision: str) -> tuple[SectionChange, ...]:
    """Return the sections of a project that changed since a revision; see `changed_since`.

    Args:
        project: whose notes.
        revision: a commit, branch or tag.
    """
    return changed_since(read_notes(project), revision)


def only_changed(
    selected: Sequence[Selected], changes: Iterable[SectionChange]
) -> tuple[Selected, ...]:
    """Return the selected sections that changed, preceded by those that they need.

    Args:
        selected: what was asked for.
        changes: the sections that changed.
    """
    by_name = {entry.session.name: entry for entry in selected}
    todo = [change.section for change in changes if change.section in by_name]
    kept: set[SectionName] = set()
    while todo:
        name = todo.pop()
        if name not in kept and name in by_name:
            kept.add(name)
            todo.extend(by_name[name].session.unit.needs)
    return tuple(entry for entry in selected if entry.session.name in kept)


def _different_options(then: Options, now: Options) -> list[str]:
    return [name for name in _DECIDING if getattr(then, name) != getattr(now, name)]


def _add_dependants(sessions: Sequence[Session], found: dict[SectionName, list[str]]) -> None:
    """Add the sections that need a changed one, and those that need them."""
    grown = True
    while grown:
        grown = False
        for session in sessions:
            needed = [name for name in session.unit.needs if name in found]
            if needed and session.name not in found:
                found[session.name] = [f"needs {name}" for name in needed]
                grown = True


# --- code -----------------------------------------------------------------------------------------


def _code_reasons(now: Plan, then: Plan | None) -> Iterator[tuple[SectionName, list[str]]]:
    old = {s.name: unit_inputs(s, then.package) for s in then.sessions} if then else {}
    known = set(old.values())
    packages = [plan.package for plan in (now, then) if plan is not None]
    for session in now.sessions:
        inputs = unit_inputs(session, now.package)
        if session.chunks and inputs not in known:
            before = old.get(session.name)
            reasons = ["new"] if before is None else [*_why(session, inputs, before, packages)]
            yield session.name, reasons


def _why(
    session: Session, now: UnitInputs, then: UnitInputs, packages: Sequence[Package]
) -> Iterator[str]:
    if now.folder != then.folder:
        yield f"moved here from {then.folder}"
    if now.chunks != then.chunks:
        yield "its code"
    if now.borrowed != then.borrowed:
        new = [entry for entry in session.prelude if entry.text not in then.borrowed]
        names = dict.fromkeys(name for entry in new for name in entry.names)
        yield f"borrowed {', '.join(names)}" if names else "what it borrows"
    if (now.lent, now.reaches) != (then.lent, then.reaches):
        different = [text for text in now.saved if text not in then.saved]
        different += [text for text in then.saved if text not in now.saved]
        found = saved_names(different, *packages)
        yield f"saved {', '.join(found)}" if found else "what the package imports"
    if now.effects != then.effects:
        yield f"what importing {packages[0].name.root} does"
