"""Write results into pages: outputs and figures go where their code is now."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields
from itertools import chain
from pathlib import Path

from tangle.analyse import PlannedChunk, Session
from tangle.errors import Refused
from tangle.link import CONFIG
from tangle.model import Page, PagePath, Place, Problem, Result, SectionName
from tangle.model.problems.files import FOREIGN_FILE
from tangle.model.problems.outputs import CHANGED_MEANWHILE
from tangle.notes import UnitRow
from tangle.store import (
    ASSET_FOLDER,
    Changed,
    InUse,
    NotReadable,
    Unfinished,
    asset_names,
    is_being_written,
    lock,
    read_bytes,
    remove_asset,
    replace,
    write_asset,
)
from tangle.verbs.job_builder import FAULTS
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.results.judging import written
from tangle.verbs.sources import shown
from tangle.verbs.write_back.chunk_blocks import chunks_by_block
from tangle.verbs.write_back.crash_recovery import recovered
from tangle.verbs.write_back.failing_lines import CurrentLines, note_of
from tangle.verbs.write_back.figure_ledger import FigureLedger, mentioned
from tangle.verbs.write_back.page_use import SAVED_OFTEN, Hold, free_page
from tangle.verbs.write_back.unchanged import NewOutput, Unchanged
from tangle.write import (
    EXTENSIONS,
    USUAL,
    ChunkOutput,
    Edit,
    FailureNote,
    Figure,
    File,
    MovedLines,
    OutputPlan,
    Piece,
    Tolerance,
    Unwritten,
    apply,
    asset_name,
    asset_target,
    figure_label,
    piece,
    plan_outputs,
    rendered,
    shortened_for_note,
    used_assets,
)

Rows = Sequence[UnitRow]
"""The rows of all sections, in reading order."""

_ATTEMPTS = 5
"""How often a page that an editor keeps saving is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The output of one chunk, ready for its page.

    Attributes:
        digest: of the code that it is the output of.
        failure: why the chunk failed, where it did.
        tolerance: how far its numbers may be from those in the note, which stay then.
    """

    section: SectionName
    digest: str
    output: ChunkOutput
    figures: tuple[Figure, ...]
    failure: FailureNote | None = None
    tolerance: Tolerance = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """Outputs that wait because another program is using their page.

    Attributes:
        why: what is in the way, as said of the page.
    """

    why: str
    outputs: tuple[Placed, ...]


PageEdits = tuple[PagePath, bytes, Sequence[Edit]]
"""A page, its bytes before it was written, and what was done to these."""


@dataclass(slots=True, kw_only=True)
class Placement:
    """What was written, refused and deferred.

    Attributes:
        pending: why outputs were not written, as errors.
        left: those outputs.
        deferred: outputs for pages that another program is using, by page.
        kept: hand-edited outputs that were left alone, as warnings.
        edits: the pages that were written, their bytes before, and what was done to these.
    """

    pages: list[PagePath] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    pending: list[Problem] = field(default_factory=list)
    left: list[Placed] = field(default_factory=list)
    deferred: dict[PagePath, Deferral] = field(default_factory=dict)
    kept: list[Problem] = field(default_factory=list)
    edits: list[PageEdits] = field(default_factory=list)


def outputs_of(
    notes: Notes, session: Session, results: Sequence[tuple[PlannedChunk, Result]]
) -> tuple[Placed, ...]:
    """Return the outputs of the chunks that ran, figures numbered within each section.

    Those that failed have their failure. Those that were skipped or interrupted have none, nor
    has one that was running when the time of its session was over, which need not be its fault, or
    that was not run because a property of its section is at fault.

    Args:
        notes: as they were run.
        session: the plan of the section.
        results: its chunks with their results.
    """
    counts: defaultdict[SectionName, int] = defaultdict(int)
    placed: list[Placed] = []
    for planned, result in results:
        section = planned.occurrence.section
        seen = shortened_for_note(rendered(written(planned, result)))
        pieces: list[Piece] = []
        figures: list[Figure] = []
        for part in seen.parts:
            if not isinstance(part, File):
                pieces.append(piece(part))
                continue
            counts[section] += 1
            name = asset_name(section, counts[section], part.data, EXTENSIONS[part.mime])
            target = asset_target(planned.occurrence.page, name)
            label = figure_label(section, counts[section], part.shows)
            pieces.append(piece(part, label=label, target=target))
            figures.append(Figure(name=name, data=part.data))
        settings = planned.code.chunk.settings
        if _has_ended(result, settings.timeout):
            failed = result.failure if result.outcome != "passed" else None
            output = ChunkOutput(digest=planned.digest, pieces=tuple(pieces))
            placed.append(
                Placed(
                    section=session.name,
                    digest=planned.digest,
                    output=output,
                    figures=tuple(figures),
                    failure=note_of(notes, failed) if failed is not None else None,
                    tolerance=Tolerance(rtol=settings.rtol, atol=settings.atol),
                )
            )
    return tuple(placed)


def _has_ended(result: Result, timeout: float | None) -> bool:
    """Whether a chunk ended by itself, passed or failed."""
    if result.outcome == "timed-out":
        return timeout is not None and result.seconds >= timeout
    refused = result.failure is not None and result.failure.name in FAULTS
    return result.outcome not in ("skipped", "interrupted") and not refused


def place(
    loaded: Notes,
    outputs: Iterable[Placed],
    placement: Placement,
    *,
    force: bool = False,
    hold: Hold = free_page,
) -> None:
    """Write outputs into the current notes, and record in `placement` what was written.

    The pages are read again under the lock. An output goes where its code stands: under the chunk
    of its section whose digest is the one that the output was made with. One whose code has
    changed meanwhile is not written, and named; one whose page another program is using is
    deferred.

    Args:
        loaded: the notes as read before.
        outputs: what to write.
        placement: is filled in.
        force: overwrite outputs and figures that were edited by hand.
        hold: says why a page must not be written now.

    Raises:
        Locked: another tangle is writing.
        NotWritable: a page or a figure cannot be written; the pages are whole.
    """
    with lock(loaded.project.state, notes=loaded.project.graph, timeout=30):
        placement.kept.extend(recovered(loaded.project, loaded.pages))
        todo = list(outputs)
        changed: Mapping[PagePath, Sequence[Placed]] = {}
        ledger = FigureLedger(loaded.project)
        terms = _Terms(
            force=force,
            hold=hold,
            before=loaded.rows,
            ledger=ledger,
            lines=CurrentLines(loaded),
        )
        for _ in range(_ATTEMPTS):
            if not todo:
                return
            loaded = read_notes(loaded.project)
            changed = _place_all(loaded, todo, placement, terms)
            todo = [entry for entries in changed.values() for entry in entries]
    for page, entries in changed.items():
        file = loaded.project.graph / page
        why = InUse(file).why if is_being_written(file) else SAVED_OFTEN
        placement.deferred[page] = Deferral(why=why, outputs=tuple(entries))


def pages_of(rows: Rows, outputs: Iterable[Placed]) -> Mapping[PagePath, Sequence[Placed]]:
    """Return the pages on which the code of outputs is, each with its outputs.

    Args:
        rows: the sections of the current notes.
        outputs: to be assigned to pages.
    """
    hosts, _ = _all_hosts(rows, outputs)
    return {path: tuple(_entries(by_block)) for path, by_block in hosts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Conditions of writing pages.

    Attributes:
        force: over outputs that a person edited, too.
        hold: why a page must not be replaced now.
        before: the sections of the notes that the outputs were made from.
        ledger: the figures that tangle drew.
        lines: finds the lines that failures name.
    """

    force: bool
    hold: Hold
    before: Rows
    ledger: FigureLedger
    lines: CurrentLines


def _place_all(
    loaded: Notes, outputs: Sequence[Placed], placement: Placement, terms: _Terms
) -> Mapping[PagePath, Sequence[Placed]]:
    """Write outputs page by page; return those of pages that changed meanwhile."""
    found, missing = _all_hosts(loaded.rows, outputs)
    hosts = _completed(loaded.rows, found)
    terms.ledger.sweep(lambda: mentioned(loaded))
    terms = replace_fields(terms, lines=_lines(loaded, hosts, terms))
    changed: defaultdict[PagePath, list[Placed]] = defaultdict(list)
    for path, by_block in hosts.items():
        attempt = replace_fields(placement, pending=[], kept=[], left=[])
        try:
            _place_page(loaded, path, by_block, attempt, terms)
        except InUse as error:
            entries = tuple(_entries(by_block))
            placement.deferred[path] = Deferral(why=error.why, outputs=entries)
            continue
        except Changed:
            changed[path].extend(_entries(by_block))
            continue
        placement.pending += attempt.pending
        placement.kept += attempt.kept
        placement.left += attempt.left
    for path, half in _half_saved(loaded, missing, terms.before).items():
        changed[path].extend(half)
        missing = [entry for entry in missing if entry not in half]
    by_name = {row.name: row for row in loaded.rows}
    for entry in missing:
        if entry.failure is not None:
            continue  # the code that failed is gone, and so is the reason to say so
        placement.pending.append(_pending(loaded.project, by_name.get(entry.section), entry))
        placement.left.append(entry)
    return changed


def _half_saved(
    loaded: Notes, missing: Sequence[Placed], before: Rows
) -> Mapping[PagePath, Sequence[Placed]]:
    """Return the outputs whose code is missing because their page is just being saved."""
    if not missing:
        return {}
    graph = loaded.project.graph
    pages = pages_of(before, missing)
    return {path: of for path, of in pages.items() if _is_moving(graph / path, loaded, path)}


def _is_moving(file: Path, loaded: Notes, path: PagePath) -> bool:
    """Whether a page is open for writing, or has changed since it was read."""
    page = loaded.pages.get(path)
    try:
        return is_being_written(file) or page is None or read_bytes(file) != page.data
    except NotReadable:
        return False


_ByBlock = Mapping[int, Sequence[Placed | Unwritten]]
_Hosts = Mapping[PagePath, _ByBlock]


def _all_hosts(rows: Rows, outputs: Iterable[Placed]) -> tuple[_Hosts, list[Placed]]:
    """Return the outputs by page and host block, and those without a place."""
    by_section: defaultdict[SectionName, list[Placed]] = defaultdict(list)
    for output in outputs:
        by_section[output.section].append(output)
    found = [_hosts(rows, name, entries) for name, entries in by_section.items()]
    missing = [entry for _, left in found for entry in left]
    return _merged(hosts for hosts, _ in found), missing


def _hosts(rows: Rows, name: SectionName, outputs: Sequence[Placed]) -> tuple[_Hosts, list[Placed]]:
    """The same for the outputs of one section.

    A chunk may have moved to another section: the digest, which covers all that the output depends
    on, finds it there, if there is but one of it.
    """
    left = {output.digest: output for output in outputs}
    pages: defaultdict[PagePath, defaultdict[int, list[Placed | Unwritten]]] = defaultdict(
        lambda: defaultdict(list)
    )
    own = next((row for row in rows if row.name == name), None)
    moved = _elsewhere(rows, name, left.keys() - {c.digest for c in own.chunks} if own else left)
    for row in (*((own,) if own else ()), *moved):
        for chunk in row.chunks:
            found = left.pop(chunk.digest, None) if chunk.runs else None
            pages[chunk.page][chunk.host].append(
                _at(chunk.page, found) if found else Unwritten(digest=chunk.digest)
            )
    chosen = {
        path: {host: found for host, found in hosts.items() if any(_placed(found))}
        for path, hosts in pages.items()
    }
    return {path: hosts for path, hosts in chosen.items() if hosts}, list(left.values())


def _merged(found: Iterable[_Hosts]) -> _Hosts:
    """Merge the outputs of several sections, page by page and block by block."""
    pages: defaultdict[PagePath, dict[int, Sequence[Placed | Unwritten]]] = defaultdict(dict)
    for hosts in found:
        for path, by_block in hosts.items():
            for host, entries in by_block.items():
                before = pages[path].get(host, entries)
                pages[path][host] = [
                    a if isinstance(a, Placed) else b for a, b in zip(before, entries, strict=True)
                ]
    return pages


def _completed(rows: Rows, hosts: _Hosts) -> _Hosts:
    """Return the blocks of those pages, and their other blocks with code, whose outputs stay.

    This distinguishes outputs that stand below no chunk any more from those of other chunks.
    """
    blocks = chunks_by_block(rows, hosts)
    others = {
        path: {
            host: [Unwritten(digest=chunk.digest) for chunk in chunks]
            for host, chunks in by_block.items()
        }
        for path, by_block in blocks.items()
    }
    return {path: {**others.get(path, {}), **by_block} for path, by_block in hosts.items()}


def _elsewhere(rows: Rows, name: SectionName, digests: Collection[str]) -> list[UnitRow]:
    """Return other sections that have chunks with these digests, each exactly once in the notes."""
    counts = Counter(c.digest for row in rows for c in row.chunks if c.digest in digests)
    once = {digest for digest, count in counts.items() if count == 1}
    return [
        row
        for row in rows
        if row.name != name and any(chunk.digest in once for chunk in row.chunks)
    ]


def _at(page: PagePath, placed: Placed) -> Placed:
    """Return an output with figure paths relative to its page."""
    targets = [asset_target(page, figure.name) for figure in placed.figures]
    return replace_fields(placed, output=placed.output.with_targets(targets))


def _lines(loaded: Notes, hosts: _Hosts, terms: _Terms) -> CurrentLines:
    """Return what finds the lines of failures once all pages are written."""
    before = CurrentLines(loaded)
    entries = (entry for by_block in hosts.values() for entry in _entries(by_block))
    if all(entry.failure is None for entry in entries):
        return before
    moved: dict[PagePath, MovedLines] = {}
    for path, by_block in hosts.items():
        data = loaded.pages[path].data
        kept, _ = _without_edited(loaded.pages[path], by_block, terms)
        plan = _plan(loaded, path, kept, replace_fields(terms, lines=before))
        moved[path] = MovedLines(data, data, plan.edits)
    return CurrentLines(loaded, moved)


def _without_edited(
    page: Page, hosts: _ByBlock, terms: _Terms
) -> tuple[_ByBlock, Sequence[Problem]]:
    """Return the blocks, those with figures edited by hand unwritten, and what was edited."""
    if terms.force:
        return hosts, ()
    figures = {
        host: [f for e in _placed(found) for f in e.figures] for host, found in hosts.items()
    }
    written = {host: found for host, found in figures.items() if any(_placed(hosts[host]))}
    edited = terms.ledger.edited_hosts(page, written)
    left = {
        host: [Unwritten(digest=entry.digest) for entry in found] if host in edited else found
        for host, found in hosts.items()
    }
    return left, tuple(edited.values())


def _plan(loaded: Notes, path: PagePath, hosts: _ByBlock, terms: _Terms) -> OutputPlan:
    """Return what is to be done to a page."""
    outputs: dict[int, list[ChunkOutput | Unwritten]] = {}
    new: dict[ChunkOutput, NewOutput] = {}
    for host, found in hosts.items():
        outputs[host] = []
        for entry in found:
            if isinstance(entry, Unwritten):
                outputs[host].append(entry)
                continue
            failure = entry.failure.at(terms.lines).lines() if entry.failure is not None else ()
            output = replace_fields(entry.output, failure=failure)
            outputs[host].append(output)
            new[output] = NewOutput(figures=entry.figures, tolerance=entry.tolerance)
    return plan_outputs(
        loaded.pages[path],
        outputs,
        unit=loaded.config.unit,
        force=terms.force,
        same=Unchanged(loaded.project, new),
    )


def _place_page(
    loaded: Notes,
    path: PagePath,
    hosts: _ByBlock,
    placement: Placement,
    terms: _Terms,
) -> None:
    project, page = loaded.project, loaded.pages[path]
    hosts, edited = _without_edited(page, hosts, terms)
    placement.kept.extend(edited)
    plan = _plan(loaded, path, hosts, terms)
    placement.kept.extend(plan.kept_edited)
    placement.pending.extend(shown(project, problem) for problem in plan.refused)
    if plan.refused:
        placement.left.extend(_entries(hosts))
        return
    figures = list(_figures(hosts, plan))
    there = set(asset_names(project.graph))
    others = terms.ledger.foreign(lambda: _shown(loaded), [f for f in figures if f.name in there])
    if others:
        placement.left.extend(_entries(hosts))
        placement.pending.extend(_foreign(project, figure) for figure in others)
        return
    if plan.edits and (why := terms.hold(loaded, path)):
        raise InUse(project.graph / path, why)
    terms.ledger.note(figures, {f.name for f in figures} - there | {*plan.dropped_assets})
    if _write_page(loaded, path, plan, figures, there):
        placement.pages.append(path)
        placement.edits.append((path, page.data, plan.edits))
    placement.figures.extend(figure.name for figure in figures)
    if plan.dropped_assets:
        dropped = set(plan.dropped_assets) - _shown_elsewhere(loaded, path)
        for name in dropped - (frozenset() if terms.force else terms.ledger.edited(dropped)):
            remove_asset(project.graph, name)
    terms.ledger.settle()


def _write_page(
    loaded: Notes, path: PagePath, plan: OutputPlan, figures: Sequence[Figure], there: set[str]
) -> bool:
    """Write a page and the figures that it shows, or neither; whether the page changed."""
    graph, page = loaded.project.graph, loaded.pages[path]
    written: list[str] = []
    try:
        # Figures first: a page never shows one that is not there.
        written.extend(f.name for f in figures if write_asset(graph, f.name, f.data))
        if plan.edits:
            replace(graph / path, apply(page.data, plan.edits), expected=page.data, root=graph)
    except Refused as error:
        # Where the page could not be put back, it shows them until the next run does that.
        if not isinstance(error, Unfinished):
            for name in set(written) - there:
                remove_asset(graph, name)
        raise
    return bool(plan.edits)


def _figures(hosts: _ByBlock, plan: OutputPlan) -> Iterator[Figure]:
    for entry in _entries(hosts):
        yield from (f for f in entry.figures if f.name in plan.used_assets)


def _entries(hosts: _ByBlock) -> Iterator[Placed]:
    return (entry for found in hosts.values() for entry in _placed(found))


def _placed(found: Sequence[Placed | Unwritten]) -> Iterator[Placed]:
    return (entry for entry in found if isinstance(entry, Placed))


def _foreign(project: Project, figure: Figure) -> Problem:
    path = PagePath(project.shown(PagePath(f"{ASSET_FOLDER}/{figure.name}")))
    message = "a file stands here that tangle did not write, where a figure belongs"
    hint = "move it away, then run the section again"
    return FOREIGN_FILE.at(Place(path=path, line=1), message, hint=hint)


def _shown(notes: Notes) -> frozenset[str]:
    """The figures that outputs show."""
    found = (output.assets for outputs in notes.outputs.values() for output in outputs)
    return frozenset(chain.from_iterable(found))


def _shown_elsewhere(notes: Notes, path: PagePath) -> frozenset[str]:
    """The figures that other pages mention."""
    others = (notes.sources.data[other] for other in notes.pages if other != path)
    return frozenset[str]().union(*map(used_assets, others))


def _pending(project: Project, row: UnitRow | None, output: Placed) -> Problem:
    section = row.section if row is not None else None
    where = Place(
        path=PagePath(project.shown(section.page if section else CONFIG)),
        line=section.line if section else 1,
    )
    return CHANGED_MEANWHILE.at(
        where,
        f"a chunk of section {output.section} changed while it ran; its output was not written",
        section=output.section,
        hint=f"run it again: tangle run {shlex.quote(output.section)}; or, once the code is again "
        "what it was, write the kept result: tangle run --write-pending",
    )
