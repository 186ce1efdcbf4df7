"""Collect all problems that can be found without running the notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tangle.analyse import once_a_page
from tangle.model import PagePath, Place, Problem
from tangle.model.problems.files import FOREIGN_FILE, STALE_GENERATED
from tangle.store import ForeignFile, asset_names
from tangle.verbs.build import tree_changes
from tangle.verbs.generated import generated, held
from tangle.verbs.missing_imports import missing_imports
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.reports.values import SectionRow
from tangle.verbs.sources import by_place, shown
from tangle.verbs.write_back.staleness import output_problems, section_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The problems of a project, and how many of its stored outputs are fresh.

    Attributes:
        problems: in order of place.
        outputs: how many output blocks stand in the notes.
        fresh: how many of them are proven to be of the code as it is, whole and unedited.
    """

    problems: tuple[Problem, ...]
    outputs: int
    fresh: int


def check(project: Project) -> tuple[Problem, ...]:
    """Return all problems of a project: its notes, stored outputs and generated files."""
    return check_report(project).problems


def check_report(project: Project) -> CheckReport:
    """Return the problems of a project, and how many of its stored outputs are fresh."""
    notes = read_notes(project)
    figures = frozenset(asset_names(project.graph))
    outputs = tuple(output_problems(notes, figures))
    modules = once_a_page(module for row in notes.rows for module in row.modules)
    problems = [*notes.problems, *outputs, *missing_imports(notes.named_project, modules)]
    found = by_place(shown(project, problem) for problem in problems)
    stale = tuple(_stale_files(notes))
    notes.remember()
    count = sum(map(len, notes.outputs.values()))
    return CheckReport(problems=(*found, *stale), outputs=count, fresh=count - len(outputs))


def sections(project: Project) -> tuple[SectionRow, ...]:
    """Return a row for each unit with code and each numbered one without, in reading order."""
    notes = read_notes(project)
    found = tuple(section_rows(notes))
    notes.remember()
    return found


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
