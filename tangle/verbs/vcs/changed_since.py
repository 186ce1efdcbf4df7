"""Find sections that a change affects, by what they depend on, not by changed files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tangle.analyse import Session
from tangle.model import SectionName
from tangle.notes import Plan
from tangle.verbs.job_builder import RunOptions
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Options, Project
from tangle.verbs.reports.values import SectionChange
from tangle.verbs.results.data_reads import DataReads
from tangle.verbs.selection import Selected
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Everything in the notes that a section's outputs depend on, names and places excluded."""

    folder: str
    borrowed: tuple[str, ...]
    package: tuple[str, ...]
    chunks: tuple[tuple[object, ...], ...]


def _facts(plan: Plan, session: Session) -> _Facts:
    """The facts of a section; its folder is where it looks for its data."""
    chunks = (planned.code.chunk for planned in session.chunks)
    return _Facts(
        folder=PurePosixPath(session.unit.section.page).parent.as_posix(),
        borrowed=tuple(entry.text for entry in session.prelude),
        package=(*plan.package.future, *session.package) if session.package else (),
        chunks=tuple(
            (chunk.code, chunk.whole, by.raises, by.xfail is not None, by.device)
            for chunk in chunks
            if (by := chunk.settings).run
        ),
    )


def _code_reasons(now: Plan, then: Plan | None) -> Iterator[tuple[SectionName, list[str]]]:
    old = {session.name: _facts(then, session) for session in then.sessions} if then else {}
    known = set(old.values())
    texts = _saved_names(now, then)
    for session in now.sessions:
        facts = _facts(now, session)
        if session.chunks and facts not in known:
            before = old.get(session.name)
            yield (
                session.name,
                ["new"] if before is None else list(_why(session, facts, before, texts)),
            )


def _why(
    session: Session, now: _Facts, then: _Facts, saved: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    if now.folder != then.folder:
        yield f"moved here from {then.folder}"
    if now.chunks != then.chunks:
        yield "its code"
    if now.borrowed != then.borrowed:
        new = [entry for entry in session.prelude if entry.text not in then.borrowed]
        names = dict.fromkeys(name for entry in new for name in entry.names)
        yield f"borrowed {', '.join(names)}" if names else "what it borrows"
    if now.package != then.package:
        # The order counts, too: `dict.fromkeys` tells the names in that of the package.
        different = [text for text in now.package if text not in then.package]
        different += [text for text in then.package if text not in now.package]
        names = dict.fromkeys(name for text in different for name in saved.get(text, ()))
        yield f"saved {', '.join(names)}" if names else "what the package imports"


def _saved_names(*plans: Plan | None) -> dict[str, tuple[str, ...]]:
    """The names that a saved statement makes, by its text."""
    return {
        entry.text: entry.names or entry.patches
        for plan in plans
        if plan is not None
        for entry in plan.package.saved
    }
