"""Collect all problems that can be found without running the notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from tangle.analyse import once_a_page
from tangle.model import PagePath, Place, Problem
from tangle.model.problems.files import FOREIGN_FILE, STALE_GENERATED
from tangle.store import ForeignFile, asset_names
from tangle.verbs.adoption import adopted_pages, never_run, reported
from tangle.verbs.build import tree_changes
from tangle.verbs.generated import generated, held
from tangle.verbs.left_out import chosen
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRow, State
from tangle.verbs.selection import Selected
from tangle.verbs.sources import by_place, shown
from tangle.verbs.unmatched_globs import unmatched_globs
from tangle.verbs.write_back.staleness import output_problems, page_rows, section_rows


class CheckReport(Struct, frozen=True, kw_only=True):
    """The problems of a project, and how many of its stored outputs are fresh.

    Attributes:
        problems: in order of place.
        outputs: how many output blocks stand in the notes.
        fresh: how many of them are proven to be of the code as it is, whole and unedited.
        pages: how many pages can be read.
        coded: how many units have code.
        never_run: how many units are on pages that are not adopted, by state.
        org_pages: how many pages are Org's, which are not read.
    """

    problems: tuple[Problem, ...]
    outputs: int
    fresh: int
    pages: int
    coded: int
    never_run: Mapping[State, int]
    org_pages: int


def check(project: Project) -> tuple[Problem, ...]:
    """Return all problems of a project: its notes, stored outputs and generated files."""
    return check_report(project, every=True).problems


def check_report(
    project: Project, wanted: Sequence[str] = (), *, every: bool = False
) -> CheckReport:
    """Return the problems of a project, and how many of its stored outputs are fresh.

    Args:
        project: the project.
        wanted: sections and pages, as `select` takes them; report only the problems of their pages.
        every: report the problems of pages that are not adopted, too.

    Raises:
        UnknownSection: an argument names no section.
    """
    notes = read_notes(project)
    named = _pages_of(chosen(notes, wanted)) if wanted else frozenset[PagePath]()
    outputs = tuple(output_problems(notes, frozenset(asset_names(project.graph))))
    adopted = adopted_pages(notes, named)
    problems = _with_imports(notes, outputs)
    if named:
        problems = [problem for problem in problems if problem.place.path in named]
    else:
        problems = reported(notes, problems, adopted, every=every)
    found = by_place(shown(project, problem) for problem in problems)
    stale = () if named else (*unmatched_globs(notes), *_stale_files(notes))
    notes.remember()
    count = sum(map(len, notes.outputs.values()))
    return CheckReport(
        problems=(*found, *stale),
        outputs=count,
        fresh=count - len(outputs),
        pages=len(notes.pages),
        coded=sum(bool(row.chunks) for row in notes.rows),
        never_run=never_run(notes, adopted),
        org_pages=notes.sources.org_pages,
    )


def problems_of_pages(notes: Notes) -> tuple[Problem, ...]:
    """Return what `check` reports without arguments; paths are those of the graph.

    Args:
        notes: the notes.
    """
    outputs = output_problems(notes, frozenset(asset_names(notes.project.graph)))
    found = _with_imports(notes, outputs)
    return by_place(reported(notes, found, adopted_pages(notes), every=False))


def _with_imports(notes: Notes, outputs: Iterable[Problem]) -> list[Problem]:
    """The problems of notes, of their outputs, and of what they import."""
    modules = once_a_page(module for row in notes.rows for module in row.modules)
    return [*notes.problems, *outputs, *missing_imports(notes, modules)]


def _pages_of(selected: Iterable[Selected]) -> frozenset[PagePath]:
    """The pages on which sections, or their chunks, stand."""
    return frozenset(
        path
        for one in selected
        for path in (
            one.session.unit.section.page,
            *(planned.occurrence.page for planned in one.session.chunks),
        )
    )


class ListReport(Struct, frozen=True, kw_only=True):
    """The units of a project.

    Attributes:
        rows: each unit with code and each numbered one without, in reading order.
        org_pages: how many pages are Org's, which are not read.
    """

    rows: tuple[SectionRow, ...]
    org_pages: int


def sections(project: Project, *, every: bool = False) -> ListReport:
    """Return the units of a project.

    Args:
        project: the project.
        every: return pages without code, too.
    """
    notes = read_notes(project)
    found = tuple(section_rows(notes))
    if every:
        found += tuple(page_rows(notes, {row.page for row in found}))
    notes.remember()
    return ListReport(rows=found, org_pages=notes.sources.org_pages)


def _stale_files(notes: Notes) -> Iterator[Problem]:
    project = notes.named_project
    made = generated(notes)
    try:
        changes = tree_changes(project, {**made, **held(project, made, notes.unread)})
    except ForeignFile as error:
        for path in error.paths:
            message = "a file stands here that tangle did not write"
            place = _file_place(project, path)
            yield FOREIGN_FILE.at(place, message, hint="move it, or set `output`")
        return
    if not (changes.changed or changes.removed or changes.unchanged):
        return  # nothing was ever generated here
    kinds = (("missing", changes.added), ("stale", changes.changed), ("left over", changes.removed))
    for kind, names in kinds:
        for name in names:
            message = f"this generated file is {kind}"
            yield STALE_GENERATED.at(_file_place(project, project.output / name), message)


def _file_place(project: Project, path: Path) -> Place:
    shown_path = path.relative_to(project.root) if path.is_relative_to(project.root) else path
    return Place(path=PagePath(shown_path.as_posix()), line=1)
