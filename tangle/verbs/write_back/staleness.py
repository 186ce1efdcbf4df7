"""Judge the outputs in the notes: fresh, stale, edited, or without a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from tangle.model import PagePath, Place, Problem, SectionName
from tangle.model.problems.outputs import EDITED_OUTPUT, FAILED_OUTPUT, STALE_OUTPUT
from tangle.notes import UnitRow
from tangle.store import ASSET_FOLDER
from tangle.verbs.adoption import adopted_pages, untouched_state
from tangle.verbs.last_runs import LastRun, LastRuns
from tangle.verbs.notes import Notes
from tangle.verbs.queries import FoundOutput
from tangle.verbs.reports.values import SectionRow, State
from tangle.write import Stored, Wanted, match


def output_problems(notes: Notes, figures: Collection[str]) -> Iterator[Problem]:
    """Yield problems of outputs: stale, failed, edited by a person, or lacking a figure.

    Args:
        notes: the notes.
        figures: the figures that are there.
    """
    if not notes.outputs:
        return
    hosts, wanted = _hosts(notes.rows), wanted_outputs(notes.rows)
    for path, outputs in notes.outputs.items():
        fresh = _fresh(wanted.get(path, {}), outputs)
        for output in outputs:
            host = hosts.get((path, output.host))
            if output.reworked:
                yield _reworked(path, output, host)
            elif id(output) not in fresh:
                yield _stale(path, output, host)
            else:
                yield from _of_current_code(path, output, host, figures)


def _of_current_code(
    path: PagePath, output: FoundOutput, host: _Host | None, figures: Collection[str]
) -> Iterator[Problem]:
    if output.failed:
        yield _failed(path, output, host)
    elif output.edited:
        yield _edited(path, output, host)
    elif missing := set(output.assets).difference(figures):
        yield _without_figure(path, output, host, min(missing))


_Wanted = Mapping[PagePath, Mapping[int, Sequence[Wanted]]]


def wanted_outputs(units: Iterable[UnitRow]) -> _Wanted:
    """The chunks of each page by the block under which their outputs belong.

    Args:
        units: the rows of all units.
    """
    found: defaultdict[PagePath, defaultdict[int, list[Wanted]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for unit in units:
        for chunk in unit.chunks:
            found[chunk.page][chunk.host].append(Wanted(code_digest=chunk.digest))
    return found


def _fresh(hosts: Mapping[int, Sequence[Wanted]], outputs: Sequence[FoundOutput]) -> set[int]:
    """The outputs of a page whose code is as it was, by identity.

    Most stand with their chunk. One may stand elsewhere: its chunk was moved away from it.
    """
    own = {
        id(output)
        for output in outputs
        if any(is_fresh(output, chunk) for chunk in hosts.get(output.host, ()))
    }
    if len(own) == len(outputs):
        return own
    found = match(hosts, outputs).found
    moved = {
        id(output)
        for host, matched in found.items()
        for chunk, output in zip(hosts[host], matched, strict=True)
        if output is not None and is_fresh(output, chunk)
    }
    return own | moved


def is_fresh(output: Stored, chunk: Wanted) -> bool:
    """Whether an output is of the code that its chunk has now.

    Args:
        output: the output.
        chunk: its chunk.
    """
    return output.code_digest == chunk.code_digest and not output.chunk_gone


class _Host(Struct, kw_only=True):
    """A block that hosts outputs.

    Attributes:
        digests: of its chunks.
        runs: whether any of them is run.
    """

    section: SectionName
    digests: set[str] = field(default_factory=set)
    runs: bool = False

    @property
    def run(self) -> str:
        """How to have its outputs written, as a hint says it."""
        return "run the section" if self.runs else "take `tangle.run:: no` away, run the section"


def _hosts(units: Iterable[UnitRow]) -> dict[tuple[PagePath, int], _Host]:
    """Every block that has chunks."""
    found: dict[tuple[PagePath, int], _Host] = {}
    for unit in units:
        for chunk in unit.chunks:
            block = found.setdefault((chunk.page, chunk.host), _Host(section=chunk.section))
            block.digests.add(chunk.digest)
            block.runs = block.runs or chunk.runs
    return found


def _stale(path: PagePath, output: FoundOutput, host: _Host | None) -> Problem:
    force = " --force" if output.edited else ""
    if output.chunk_gone or host is None:
        message = "this output belongs to no chunk"
        hint = f"delete the block, or run `tangle clean --orphans{force}`"
        if output.titled:
            hint = "delete the block, or remove its line `tangle.output::` to keep it as a text"
    else:
        message = "this output is of older code"
        again = " with --force" if output.edited else " again"
        hint = f"delete the block, or {host.run}{again}"
        if host.runs and not output.edited:
            hint = "run the section again"
    if output.edited:
        message += ", and was edited by hand"
    return STALE_OUTPUT.at(
        Place(path=path, line=output.line),
        message,
        section=host.section if host is not None else None,
        hint=hint,
    )


def _failed(path: PagePath, output: FoundOutput, host: _Host | None) -> Problem:
    return FAILED_OUTPUT.at(
        Place(path=path, line=output.line),
        "the chunk of this output failed when it was last run",
        section=host.section if host is not None else None,
        hint=f"repair it, then {host.run if host is not None else 'run the section'} again",
    )


def _edited(path: PagePath, output: FoundOutput, host: _Host | None) -> Problem:
    run = host.run if host is not None else "run the section"
    return EDITED_OUTPUT.at(
        Place(path=path, line=output.line),
        "this output was edited by hand, and is not overwritten",
        section=host.section if host is not None else None,
        hint=f"delete the block and {run} again, or {run} with --force",
    )


def _reworked(path: PagePath, output: FoundOutput, host: _Host | None) -> Problem:
    what = ", and the output gets one beside it" if host is not None and host.runs else ""
    return EDITED_OUTPUT.at(
        Place(path=path, line=output.line),
        "this output block is your text now, and is not overwritten",
        section=host.section if host is not None else None,
        hint=f"remove the line `tangle.output::` from the block{what}",
    )


def _without_figure(path: PagePath, output: FoundOutput, host: _Host | None, name: str) -> Problem:
    return STALE_OUTPUT.at(
        Place(path=path, line=output.line),
        f"this output shows {name}, which is not in {ASSET_FOLDER}",
        section=host.section if host is not None else None,
        hint="run the section again",
    )


# --- the list of sections -------------------------------------------------------------------------


def section_rows(notes: Notes) -> Iterator[SectionRow]:
    """Yield a row for each unit with code and each numbered one without, in reading order."""
    adopted = adopted_pages(notes)
    ran = LastRuns(notes.project).recall()
    saves: defaultdict[int, list[str]] = defaultdict(list)
    for place, names in notes.saved_names:
        saves[place].extend(names)
    standing: defaultdict[tuple[PagePath, int], list[FoundOutput]] = defaultdict(list)
    for path, outputs in notes.outputs.items():
        for output in outputs:
            standing[path, output.host].append(output)
    for place, row in enumerate(notes.rows):
        yield SectionRow(
            name=row.name,
            title=row.section.title,
            page=notes.project.shown(row.section.page),
            line=row.section.line,
            chunks=len(row.chunks),
            borrowed=row.borrowed,
            saves=tuple(saves[place]),
            state=_state(row, standing, ran.get(row.name))
            if row.section.page in adopted or not row.chunks
            else untouched_state(notes, row),
            adopted=row.section.page in adopted,
        )


def page_rows(notes: Notes, known: Collection[str]) -> Iterator[SectionRow]:
    """Yield a row for each page without code.

    Args:
        notes: the notes.
        known: pages that have rows already, as messages name them.
    """
    for path in notes.pages:
        page = notes.project.shown(path)
        if page not in known:
            title = notes.title(path)
            yield SectionRow(
                name=SectionName(title),
                title=title,
                page=page,
                line=1,
                chunks=0,
                borrowed=0,
                saves=(),
                state="no-code",
                adopted=False,
            )


def _state(
    unit: UnitRow,
    standing: Mapping[tuple[PagePath, int], Sequence[FoundOutput]],
    last: LastRun | None,
) -> State:
    if not unit.chunks:
        return "no-code"
    if unit.broken:
        return "broken"
    found = [
        (output, output.code_digest in host.digests)
        for at, host in _hosts([unit]).items()
        for output in standing.get(at, ())
        if not (output.reworked or output.chunk_gone)
    ]
    # The note says so on every machine, the record of the last run on this one.
    said = any(output.failed and fresh for output, fresh in found)
    if said or (last is not None and last.failed_with(unit)):
        return "failed"
    fresh = [fresh and not output.failed for output, fresh in found]
    if not fresh:  # it shows nothing, or nothing but what its writer keeps beside the code
        return "fresh" if last is not None and last.passed_with(unit) else "not-run"
    return "fresh" if all(fresh) else "stale"
