"""Everything that can be known of the notes without running them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tangle.model import PagePath, Place, Problem
from tangle.pipeline.building import generated_changes
from tangle.pipeline.findings import FoundOutput, UnitFindings
from tangle.pipeline.memory import Memory
from tangle.pipeline.problems import by_place, shown
from tangle.pipeline.project import Project
from tangle.pipeline.reports import SectionRow, State
from tangle.pipeline.survey import Survey, survey
from tangle.store import ASSET_FOLDER, ForeignFile, asset_names


def check(project: Project) -> tuple[Problem, ...]:
    """All problems of a project: its notes, its stored outputs, what was generated from it."""
    found = survey(project, Memory(project))
    problems = by_place(
        shown(project, problem) for problem in (*found.problems, *stale_outputs(found))
    )
    return (*problems, *_stale_files(found))


def stale_outputs(found: Survey) -> Iterator[Problem]:
    """Outputs in the notes that belong to other code, or that a person edited."""
    digests = _digests(found.findings.units)
    sections = {(e[0], e[1]): e[3] for unit in found.findings.units for e in unit.digests}
    figures = set(asset_names(found.project.graph))
    for path, page in found.findings.pages.items():
        for stored in map(FoundOutput._make, page.outputs):
            current = digests.get((path, stored.host))
            section = sections.get((path, stored.host))
            if current is None or stored.code_digest not in current:
                yield replace(_stale(path, stored, orphan=current is None), section=section)
            elif stored.edited:
                yield replace(_edited(path, stored), section=section)
            elif missing := set(stored.assets) - figures:
                yield replace(_without_figure(path, stored, min(missing)), section=section)


def _digests(units: Iterable[UnitFindings]) -> dict[tuple[PagePath, int], set[str]]:
    """The digests of the chunks of every block that has some."""
    found: dict[tuple[PagePath, int], set[str]] = {}
    for unit in units:
        for page, host, digest, _ in unit.digests:
            found.setdefault((page, host), set()).add(digest)
    return found


def _without_figure(path: PagePath, stored: FoundOutput, name: str) -> Problem:
    return Problem(
        code="stale-output",
        severity="error",
        place=Place(path=path, line=stored.line),
        message=f"this output shows {name}, which is not in {ASSET_FOLDER}",
        hint="run the section again",
    )


def _stale(path: PagePath, stored: FoundOutput, *, orphan: bool) -> Problem:
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


def _edited(path: PagePath, stored: FoundOutput) -> Problem:
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=path, line=stored.line),
        message="this output was edited by hand, and is not written over",
        hint="delete the block and run the section again, or run it with --force",
    )


def _stale_files(found: Survey) -> Iterator[Problem]:
    project = found.project
    try:
        changes = generated_changes(found)
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
    found = survey(project, Memory(project)).findings
    saves: defaultdict[int, list[str]] = defaultdict(list)
    for (unit, _, _), names in zip(found.package.saved, found.package.names, strict=True):
        saves[unit].extend(names)
    stored = {
        path: tuple(map(FoundOutput._make, page.outputs))
        for path, page in found.pages.items()
        if page.outputs
    }
    return tuple(
        SectionRow(
            name=unit.name,
            title=unit.title,
            page=project.shown(unit.page),
            line=unit.line,
            chunks=unit.chunks,
            borrowed=unit.borrowed,
            saves=tuple(saves[index]),
            state=_state(unit, stored),
        )
        for index, unit in enumerate(found.units)
    )


def _state(unit: UnitFindings, stored: Mapping[PagePath, Sequence[FoundOutput]]) -> State:
    if not unit.chunks:
        return "no-code"
    if unit.broken:
        return "broken"
    digests = _digests([unit])
    found = [
        output.code_digest in digests[path, output.host]
        for path in dict.fromkeys(path for path, _ in digests)
        for output in stored.get(path, ())
        if (path, output.host) in digests
    ]
    if not found:
        return "not-run"
    return "fresh" if all(found) else "stale"
