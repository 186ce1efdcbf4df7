"""Write results into pages: outputs and figures go where their code is now."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from msgspec.structs import replace as replace_fields

from tangle.errors import Refused
from tangle.link import CONFIG
from tangle.model import PagePath, Place, Problem
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
from tangle.verbs.notes import Notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.sources import shown
from tangle.verbs.write_back.crash_recovery import recovered
from tangle.verbs.write_back.figure_ledger import FigureLedger, mentioned
from tangle.verbs.write_back.hosts import (
    ByBlock,
    Rows,
    completed,
    entries,
    hosts_of,
    pages_of,
)
from tangle.verbs.write_back.page_plans import PagePlan, Terms, page_plans
from tangle.verbs.write_back.page_use import SAVED_OFTEN, Hold, free_page
from tangle.verbs.write_back.placement import Deferral, Placed, Placement
from tangle.write import (
    Figure,
    OutputPlan,
    apply,
    used_assets,
)

_ATTEMPTS = 5
"""How often a page that an editor keeps saving is read again."""


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
        terms = Terms(
            force=force,
            hold=hold,
            before=loaded.rows,
            ledger=ledger,
        )
        for _ in range(_ATTEMPTS):
            if not todo:
                return
            loaded = read_notes(loaded.project)
            changed = _place_all(loaded, todo, placement, terms)
            todo = [entry for left in changed.values() for entry in left]
    for page, left in changed.items():
        file = loaded.project.graph / page
        why = InUse(file).why if is_being_written(file) else SAVED_OFTEN
        placement.deferred[page] = Deferral(why=why, outputs=tuple(left))


def _place_all(
    loaded: Notes, outputs: Sequence[Placed], placement: Placement, terms: Terms
) -> Mapping[PagePath, Sequence[Placed]]:
    """Write outputs page by page; return those of pages that changed meanwhile."""
    found, missing = hosts_of(loaded.rows, outputs)
    hosts = completed(loaded.rows, found)
    terms.ledger.sweep(lambda: mentioned(loaded))
    plans = page_plans(loaded, hosts, terms)
    changed: defaultdict[PagePath, list[Placed]] = defaultdict(list)
    for path, by_block in hosts.items():
        attempt = replace_fields(placement, pending=[], kept=[], left=[])
        try:
            _place_page(loaded, path, plans[path], attempt, terms)
        except InUse as error:
            waiting = tuple(entries(by_block))
            placement.deferred[path] = Deferral(why=error.why, outputs=waiting)
            continue
        except Changed:
            changed[path].extend(entries(by_block))
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


def _place_page(
    loaded: Notes,
    path: PagePath,
    planned: PagePlan,
    placement: Placement,
    terms: Terms,
) -> None:
    project, page = loaded.project, loaded.pages[path]
    hosts, plan = planned.hosts, planned.plan
    placement.kept.extend(planned.edited)
    placement.kept.extend(plan.kept_edited)
    placement.pending.extend(shown(project, problem) for problem in plan.refused)
    if plan.refused:
        placement.left.extend(entries(hosts))
        return
    figures = list(_figures(hosts, plan))
    there = set(asset_names(project.graph))
    others = terms.ledger.foreign(lambda: _shown(loaded), [f for f in figures if f.name in there])
    if others:
        placement.left.extend(entries(hosts))
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


def _figures(hosts: ByBlock, plan: OutputPlan) -> Iterator[Figure]:
    for entry in entries(hosts):
        yield from (f for f in entry.figures if f.name in plan.used_assets)


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
