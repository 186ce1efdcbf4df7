"""Plan what outputs do to pages, before any of these is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace as replace_fields

from tangle.model import Page, PagePath, Problem
from tangle.verbs.notes import Notes
from tangle.verbs.write_back.failing_lines import CurrentLines
from tangle.verbs.write_back.figure_ledger import FigureLedger
from tangle.verbs.write_back.hosts import ByBlock, Hosts, Rows, entries, placed
from tangle.verbs.write_back.page_use import Hold
from tangle.verbs.write_back.placement import Placed
from tangle.verbs.write_back.unchanged import Known, NewOutput, Unchanged
from tangle.write import ChunkOutput, MovedLines, OutputPlan, Unwritten, plan_outputs


class Terms(Struct, frozen=True, kw_only=True):
    """Conditions of writing pages.

    Attributes:
        force: over outputs that a person edited, too.
        hold: why a page must not be replaced now.
        before: the sections of the notes that the outputs were made from.
        ledger: the figures that tangle drew.
    """

    force: bool
    hold: Hold
    before: Rows
    ledger: FigureLedger


class PagePlan(Struct, frozen=True, kw_only=True):
    """What is to be done to a page.

    Attributes:
        hosts: its outputs; those with figures that a person edited are not to be written.
        edited: these, as warnings.
        plan: the edits.
    """

    hosts: ByBlock
    edited: Sequence[Problem]
    plan: OutputPlan


def page_plans(loaded: Notes, hosts: Hosts, terms: Terms) -> Mapping[PagePath, PagePlan]:
    """Return the plans of pages; failures name the lines that there are once all are written.

    Args:
        loaded: the current notes.
        hosts: what goes where.
        terms: of writing.
    """
    planning = _Planning(loaded, terms, CurrentLines(loaded), {})
    plans: dict[PagePath, PagePlan] = {}
    for path, by_block in hosts.items():
        kept, edited = _without_edited(loaded.pages[path], by_block, terms)
        plans[path] = PagePlan(hosts=kept, edited=edited, plan=planning.plan(path, kept))
    failing = [path for path, page in plans.items() if any(_failures(page.hosts))]
    if not failing:
        return plans
    data = {path: loaded.pages[path].data for path in plans}
    moved = {
        path: MovedLines(data[path], data[path], page.plan.edits) for path, page in plans.items()
    }
    after = replace_fields(planning, lines=CurrentLines(loaded, moved))
    for path in failing:
        page = plans[path]
        if any(planning.says(entry) != after.says(entry) for entry in _failures(page.hosts)):
            plans[path] = replace_fields(page, plan=after.plan(path, page.hosts))
    return plans


def _failures(hosts: ByBlock) -> Iterator[Placed]:
    return (entry for entry in entries(hosts) if entry.failure is not None)


def _without_edited(page: Page, hosts: ByBlock, terms: Terms) -> tuple[ByBlock, Sequence[Problem]]:
    """Return the blocks, those with figures edited by hand unwritten, and what was edited."""
    if terms.force:
        return hosts, ()
    figures = {host: [f for e in placed(found) for f in e.figures] for host, found in hosts.items()}
    written = {host: found for host, found in figures.items() if any(placed(hosts[host]))}
    edited = terms.ledger.edited_hosts(page, written)
    left = {
        host: [Unwritten(digest=entry.digest) for entry in found] if host in edited else found
        for host, found in hosts.items()
    }
    return left, tuple(edited.values())


class _Planning(Struct, frozen=True):
    """Plans pages.

    Attributes:
        lines: finds the lines that failures name.
        known: which outputs show what is in the note.
    """

    loaded: Notes
    terms: Terms
    lines: CurrentLines
    known: Known

    def says(self, entry: Placed) -> tuple[str, ...]:
        """The lines that say why a chunk failed; none where it passed."""
        return entry.failure.at(self.lines).lines() if entry.failure is not None else ()

    def plan(self, path: PagePath, hosts: ByBlock) -> OutputPlan:
        """What is to be done to a page."""
        outputs: dict[int, list[ChunkOutput | Unwritten]] = {}
        new: dict[ChunkOutput, NewOutput] = {}
        for host, found in hosts.items():
            outputs[host] = []
            for entry in found:
                if isinstance(entry, Unwritten):
                    outputs[host].append(entry)
                    continue
                output = replace_fields(entry.output, failure=self.says(entry))
                outputs[host].append(output)
                new[output] = NewOutput(figures=entry.figures, tolerance=entry.tolerance)
        return plan_outputs(
            self.loaded.pages[path],
            outputs,
            unit=self.loaded.config.unit,
            force=self.terms.force,
            same=Unchanged(self.loaded.project, new, self.known),
        )
