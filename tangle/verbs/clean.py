"""Remove what tangle wrote into the notes, and the cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace as replace_fields

from tangle.model import Page, PagePath, Place, Problem
from tangle.model.problems.outputs import EDITED_OUTPUT
from tangle.notes import ChunkRow, pages
from tangle.store import (
    ASSET_FOLDER,
    CACHES,
    Cache,
    asset_names,
    lock,
    make_folder,
    remove_asset,
    replace,
)
from tangle.verbs.graph_sources import check_may_write
from tangle.verbs.last_runs import LastRuns
from tangle.verbs.notes import Notes, forget_notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.run_history import History
from tangle.verbs.selection import named_chunks
from tangle.verbs.sources import shown
from tangle.verbs.write_back.chunk_blocks import chunks_by_block
from tangle.verbs.write_back.crash_recovery import recovered
from tangle.verbs.write_back.figure_ledger import FigureLedger, mentioned
from tangle.verbs.write_back.unplaced import forget
from tangle.write import Wanted, apply, match, remove_outputs, stored_outputs, used_assets


class CleanReport(Struct, frozen=True, kw_only=True):
    """What `clean` removed and kept.

    Attributes:
        pages: the pages that were changed, as messages name them.
        figures: the figures that went, as messages name them.
        kept: outputs that a person edited and that were left, as problems.
    """

    pages: tuple[str, ...]
    figures: tuple[str, ...]
    kept: tuple[Problem, ...]


class CleanTerms(Struct, frozen=True, kw_only=True):
    """What `clean` removes.

    Attributes:
        force: outputs that a person edited, too.
        orphans: only what belongs to no chunk; the cache stays.
        dry_run: nothing; only say what it would be.
        wanted: sections, pages and blocks as `select` takes them: only the outputs of their chunks;
            the cache stays.
    """

    force: bool = False
    orphans: bool = False
    dry_run: bool = False
    wanted: tuple[str, ...] = ()


_ALL: Final = CleanTerms()


def clean(project: Project, terms: CleanTerms = _ALL) -> CleanReport:
    """Remove outputs and figures from the notes, and the cache.

    Args:
        project: whose notes.
        terms: what is removed.

    Raises:
        UnknownSection: a name means no section.
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
    """
    check_may_write(project)
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        loaded = read_notes(project)
        kept: list[Problem] = []
        if not terms.dry_run and (left := recovered(project, loaded.pages)):
            kept.extend(shown(project, problem) for problem in left)
            loaded = read_notes(project)
        report = _cleaned(loaded, terms)
        if not (terms.orphans or terms.dry_run or terms.wanted):
            _forget(project)
    return replace_fields(report, kept=(*kept, *report.kept))


def _cleaned(loaded: Notes, terms: CleanTerms) -> CleanReport:
    """Clean the pages, then remove the figures that none shows any more."""
    project = loaded.project
    ledger = FigureLedger(project)
    if not terms.dry_run:
        ledger.sweep(lambda: mentioned(loaded))
    changed: list[str] = []
    kept: list[Problem] = []
    dropped: set[str] = set()
    used: set[str] = set()
    chosen = _chosen(loaded, terms)
    for path, page in loaded.pages.items():
        only = chosen(page)
        plan = remove_outputs(page, force=terms.force, only=only)
        kept.extend(shown(project, problem) for problem in plan.kept_edited)
        if plan.edits:
            if not terms.dry_run:
                ledger.note((), plan.dropped_assets)
                data = apply(page.data, plan.edits)
                replace(project.graph / path, data, expected=page.data, root=project.graph)
            changed.append(project.shown(path))
        dropped.update(plan.dropped_assets)
        used.update(plan.used_assets)
    if terms.orphans:
        dropped.update(_unmentioned(loaded, ledger, used))
    left_out = (data for path, data in loaded.sources.data.items() if path not in loaded.pages)
    used.update(*map(used_assets, left_out))
    edited = frozenset() if terms.force else ledger.edited(dropped - used)
    kept.extend(_left_figure(project, name) for name in sorted(edited))
    gone = sorted((dropped - used - edited).intersection(asset_names(project.graph)))
    for name in () if terms.dry_run else gone:
        remove_asset(project.graph, name)
    if not terms.dry_run:
        ledger.settle()
    figures = tuple(project.shown(PagePath(f"{ASSET_FOLDER}/{name}")) for name in gone)
    return CleanReport(pages=tuple(changed), figures=figures, kept=tuple(kept))


def _chosen(loaded: Notes, terms: CleanTerms) -> Callable[[Page], frozenset[int] | None]:
    """What finds the output blocks of a page that may go; None means all."""
    if terms.wanted:
        hosts = _hosts(loaded, terms.wanted)
        return lambda page: _outputs_under(page, hosts.get(page.path, ()))
    if terms.orphans:
        blocks = chunks_by_block(loaded.rows, loaded.outputs)
        return lambda page: _orphans(loaded, page, blocks.get(page.path, {}))
    return lambda _: None


def _hosts(loaded: Notes, wanted: Sequence[str]) -> Mapping[PagePath, set[int]]:
    """The blocks that have the chunks that the arguments name, by page."""
    named = named_chunks(loaded, wanted)
    hosts: defaultdict[PagePath, set[int]] = defaultdict(set)
    for row in loaded.rows:
        for at in named.get(row.name, ()):
            hosts[row.chunks[at].page].add(row.chunks[at].host)
    return hosts


def _outputs_under(page: Page, hosts: Collection[int]) -> frozenset[int]:
    """The output blocks that belong to some blocks of a page."""
    if not hosts:
        return frozenset()
    return frozenset(output.block for output in stored_outputs(page) if output.host in hosts)


def _orphans(loaded: Notes, page: Page, blocks: Mapping[int, Sequence[ChunkRow]]) -> frozenset[int]:
    """The output blocks of a page that belong to no chunk; none of a page that is excluded."""
    stored = stored_outputs(page)
    if not stored or pages.excluded(loaded.core, page.path):
        return frozenset()
    wanted = {
        host: [Wanted(code_digest=chunk.digest) for chunk in chunks]
        for host, chunks in blocks.items()
    }
    return frozenset(output.block for output in match(wanted, stored).left)


def _unmentioned(loaded: Notes, ledger: FigureLedger, used: set[str]) -> set[str]:
    """The figures that tangle drew and that no page mentions, pages that are left out included."""
    if any(problem.place.path not in loaded.sources.data for problem in loaded.sources.unread):
        return set()  # a page that cannot be read may show them
    left = set(asset_names(loaded.project.graph)) - used
    return ledger.drawn(left - mentioned(loaded)) if left else set()


def _forget(project: Project) -> None:
    """Drop all records of earlier runs."""
    for folder in CACHES:
        Cache(project.state / folder, dict).clear()
    forget_notes()
    forget(project)
    History(project).forget()
    LastRuns(project).forget()


def _left_figure(project: Project, name: str) -> Problem:
    return EDITED_OUTPUT.at(
        Place(path=PagePath(project.shown(PagePath(f"{ASSET_FOLDER}/{name}"))), line=1),
        "this figure was edited by hand, and is left where it is",
        hint="delete the file, or use --force",
    )
