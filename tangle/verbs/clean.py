"""Remove what tangle wrote into the notes, and the cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tangle.model import Page, PagePath, Place, Problem
from tangle.model.problems.outputs import EDITED_OUTPUT
from tangle.store import (
    ASSET_FOLDER,
    CACHES,
    Cache,
    lock,
    make_folder,
    remove_asset,
    replace,
)
from tangle.verbs.last_runs import LastRuns
from tangle.verbs.notes import Notes, forget_notes, read_notes
from tangle.verbs.project import Project
from tangle.verbs.run_history import History
from tangle.verbs.selection import named_chunks
from tangle.verbs.sources import shown
from tangle.verbs.write_back.crash_recovery import recovered
from tangle.verbs.write_back.figure_ledger import FigureLedger
from tangle.verbs.write_back.unplaced import forget
from tangle.write import apply, remove_outputs, stored_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReport:
    """What `clean` removed and kept.

    Attributes:
        pages: the pages that were changed, as messages name them.
        figures: how many figures went.
        kept: outputs that a person edited and that were left, as problems.
    """

    pages: tuple[str, ...]
    figures: int
    kept: tuple[Problem, ...]


def clean(project: Project, wanted: Sequence[str] = (), *, force: bool = False) -> CleanReport:
    """Remove outputs and figures from the notes, and the cache.

    Args:
        project: whose notes.
        wanted: sections, pages and blocks as `select` takes them; remove only the outputs of their
            chunks, and keep the cache.
        force: remove outputs that a person edited, too.

    Raises:
        UnknownSection: an argument names no section.
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
    """
    pages: list[str] = []
    kept: list[Problem] = []
    dropped: set[str] = set()
    used: set[str] = set()
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        loaded = read_notes(project)
        if left := recovered(project, loaded.pages):
            kept.extend(shown(project, problem) for problem in left)
            loaded = read_notes(project)
        hosts = _hosts(loaded, wanted) if wanted else None
        for path, page in loaded.pages.items():
            only = None if hosts is None else _outputs_under(page, hosts.get(path, ()))
            plan = remove_outputs(page, force=force, only=only)
            kept.extend(shown(project, problem) for problem in plan.kept_edited)
            if plan.edits:
                data = apply(page.data, plan.edits)
                replace(project.graph / path, data, expected=page.data, root=project.graph)
                pages.append(project.shown(path))
            dropped.update(plan.dropped_assets)
            used.update(plan.used_assets)
        edited = frozenset() if force else FigureLedger(project).edited(dropped - used)
        kept.extend(_left_figure(project, name) for name in sorted(edited))
        gone = sorted(dropped - used - edited)
        figures = sum(remove_asset(project.graph, name) for name in gone)
        if not wanted:
            _forget(project)
    return CleanReport(pages=tuple(pages), figures=figures, kept=tuple(kept))


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


def _forget(project: Project) -> None:
    """Drop all that is remembered of earlier runs."""
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
