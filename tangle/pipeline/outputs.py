"""The outputs that stand in the notes: whether they are of the code that stands there now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import starmap

from tangle.model import PagePath, Place, Problem, SectionName
from tangle.pipeline.findings import Findings, FoundOutput, UnitFindings
from tangle.pipeline.project import Project
from tangle.pipeline.reports import SectionRow, State
from tangle.store import ASSET_FOLDER


def output_problems(found: Findings, figures: Collection[str]) -> Iterator[Problem]:
    """Outputs in the notes that belong to other code, that a person edited, or lack a figure.

    Args:
        found: what is found in the notes.
        figures: the figures that are there.
    """
    if not any(page.outputs for page in found.pages.values()):
        return
    digests = _digests(found.units)
    sections = {(e[0], e[1]): e[3] for unit in found.units for e in unit.digests}
    for path, page in found.pages.items():
        for output in starmap(FoundOutput, page.outputs):
            current = digests.get((path, output.host))
            section = sections.get((path, output.host))
            if current is None or output.code_digest not in current:
                yield _stale(path, output, section, orphan=current is None)
            elif output.edited:
                yield _edited(path, output, section)
            elif missing := set(output.assets).difference(figures):
                yield _without_figure(path, output, section, min(missing))


def _digests(units: Iterable[UnitFindings]) -> dict[tuple[PagePath, int], set[str]]:
    """The digests of the chunks of every block that has some."""
    found: dict[tuple[PagePath, int], set[str]] = {}
    for unit in units:
        for page, host, digest, _ in unit.digests:
            found.setdefault((page, host), set()).add(digest)
    return found


def _stale(
    path: PagePath, output: FoundOutput, section: SectionName | None, *, orphan: bool
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


def _edited(path: PagePath, output: FoundOutput, section: SectionName | None) -> Problem:
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=path, line=output.line),
        section=section,
        message="this output was edited by hand, and is not written over",
        hint="delete the block and run the section again, or run it with --force",
    )


def _without_figure(
    path: PagePath, output: FoundOutput, section: SectionName | None, name: str
) -> Problem:
    return Problem(
        code="stale-output",
        severity="error",
        place=Place(path=path, line=output.line),
        section=section,
        message=f"this output shows {name}, which is not in {ASSET_FOLDER}",
        hint="run the section again",
    )


# --- the list of sections -------------------------------------------------------------------------


def section_rows(project: Project, found: Findings) -> Iterator[SectionRow]:
    """The sections that are scripts, and the numbered ones without code, in reading order."""
    saves: defaultdict[int, list[str]] = defaultdict(list)
    for (unit, _, _), names in zip(found.package.saved, found.package.names, strict=True):
        saves[unit].extend(names)
    standing: defaultdict[tuple[PagePath, int], list[FoundOutput]] = defaultdict(list)
    for path, page in found.pages.items():
        for output in starmap(FoundOutput, page.outputs):
            standing[path, output.host].append(output)
    for index, session in enumerate(found.units):
        yield SectionRow(
            name=session.name,
            title=session.title,
            page=project.shown(session.page),
            line=session.line,
            chunks=session.chunks,
            borrowed=session.borrowed,
            saves=tuple(saves[index]),
            state=_state(session, standing),
        )


def _state(
    unit: UnitFindings, standing: Mapping[tuple[PagePath, int], Sequence[FoundOutput]]
) -> State:
    if not unit.chunks:
        return "no-code"
    if unit.broken:
        return "broken"
    fresh = [
        output.code_digest in digests
        for at, digests in _digests([unit]).items()
        for output in standing.get(at, ())
    ]
    if not fresh:
        return "not-run"
    return "fresh" if all(fresh) else "stale"
