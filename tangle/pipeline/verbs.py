"""The small verbs: show a script, clean the notes, tell how pages are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tangle.emit import script_path
from tangle.model import Page, PagePath, Place, Problem
from tangle.parse import parse
from tangle.pipeline.answers import CACHE
from tangle.pipeline.figures import edited_figures
from tangle.pipeline.generated import generated
from tangle.pipeline.load import load
from tangle.pipeline.memory import MEMORY
from tangle.pipeline.pending import forget
from tangle.pipeline.project import Project
from tangle.pipeline.reading import SETTINGS, shown
from tangle.pipeline.recovering import recovered
from tangle.pipeline.scheduling import History
from tangle.pipeline.selection import find_session
from tangle.store import (
    ASSET_FOLDER,
    Cache,
    lock,
    make_folder,
    page_files,
    read_bytes,
    remove_asset,
    replace,
)
from tangle.write import apply, remove_outputs


def show(project: Project, name: str) -> str:
    """The script of one section, as `build` writes it.

    Raises:
        UnknownSection: there is no such section.
        NoCode: it has no code.
        SeveralScripts: it is a chapter.
    """
    loaded = load(project)
    session = find_session(loaded.plan, name)
    return generated(loaded)[script_path(loaded.plan, session.name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReport:
    """What cleaning removed.

    Attributes:
        pages: the pages that were changed, as messages name them.
        figures: how many figures went.
        kept: outputs that a person edited and that were left, as problems.
    """

    pages: tuple[str, ...]
    figures: int
    kept: tuple[Problem, ...]


def clean(project: Project, *, force: bool = False) -> CleanReport:
    """Remove outputs and figures from the notes, and the cache.

    Args:
        project: whose notes.
        force: remove outputs that a person edited, too.

    Raises:
        Changed: a page was saved by another program meanwhile; run it again.
        NotWritable: a page cannot be written; it is as it was.
    """
    pages: list[str] = []
    kept: list[Problem] = []
    dropped: set[str] = set()
    used: set[str] = set()
    make_folder(project.state)
    with lock(project.state, notes=project.graph):
        loaded = load(project)
        if left := recovered(project, loaded.pages):
            kept.extend(shown(project, problem) for problem in left)
            loaded = load(project, before=loaded)
        for path, page in loaded.pages.items():
            plan = remove_outputs(page, force=force)
            kept.extend(shown(project, problem) for problem in plan.kept_edited)
            if plan.edits:
                data = apply(page.data, plan.edits)
                replace(project.graph / path, data, expected=page.data, root=project.graph)
                pages.append(project.shown(path))
            dropped.update(plan.dropped_assets)
            used.update(plan.used_assets)
        edited = frozenset() if force else edited_figures(project, dropped - used)
        kept.extend(_left_figure(project, name) for name in sorted(edited))
        gone = sorted(dropped - used - edited)
        figures = sum(remove_asset(project.graph, name) for name in gone)
        for folder in (CACHE, MEMORY, SETTINGS):
            Cache(project.state / folder).clear()
        forget(project)
        History(project).forget()
    return CleanReport(pages=tuple(pages), figures=figures, kept=tuple(kept))


def _left_figure(project: Project, name: str) -> Problem:
    return Problem(
        code="edited-output",
        severity="warning",
        place=Place(path=PagePath(project.shown(PagePath(f"{ASSET_FOLDER}/{name}"))), line=1),
        message="this figure was edited by hand, and is left where it is",
        hint="delete the file, or use --force",
    )


def outline_pages(paths: tuple[Path, ...]) -> Iterator[Page]:
    """The pages at the given paths, or below them where they are folders, in order.

    Raises:
        NotReadable: a path cannot be read.
        NotUtf8: a page is not UTF-8.
    """
    for path in paths:
        if path.is_dir():
            for name in page_files(path):
                yield parse(read_bytes(path / name), PagePath((path / name).as_posix()))
        else:
            yield parse(read_bytes(path), PagePath(path.as_posix()))
