"""Notes to plan: reads every page and works out what the notes come to; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tangle.analyse import Plan, plan
from tangle.link import GraphConfig, graph_config, link
from tangle.model import CONFIG, Page, PagePath, Place, Problem
from tangle.parse import NotUtf8, parse
from tangle.pipeline.problems import by_place
from tangle.pipeline.project import Project
from tangle.store import NotReadable, page_files, read_bytes, read_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's notes as they are on disk now, and what they come to.

    Attributes:
        pages: every page that could be read.
        unread: the problems of pages that could not be read.
        problems: all that is wrong with the notes, in order of place.
    """

    project: Project
    config: GraphConfig
    pages: Mapping[PagePath, Page]
    plan: Plan
    unread: tuple[Problem, ...]
    problems: tuple[Problem, ...]


def load(project: Project, *, known: Mapping[PagePath, Page] | None = None) -> Loaded:
    """Read the notes.

    Args:
        project: whose notes.
        known: pages read before; one whose bytes are the same is not parsed again.

    Raises:
        NotReadable: the graph's folder cannot be listed.
    """
    text = read_bytes(project.graph / CONFIG).decode("utf-8", "replace")
    config, problems = graph_config(text)
    pages: dict[PagePath, Page] = {}
    unread: list[Problem] = []
    for path, data in read_files(project.graph, page_files(project.graph, config.hidden)).items():
        before = (known or {}).get(path)
        page = before if before and before.data == data else parsed(project, path, data)
        if isinstance(page, Problem):
            unread.append(page)
        else:
            pages[path] = page
    result = plan(
        link(pages.values(), config), project.package, borrow=project.options.borrow == "on"
    )
    return Loaded(
        project=project,
        config=config,
        pages=pages,
        plan=result,
        unread=tuple(unread),
        problems=by_place([*problems, *unread, *result.problems]),
    )


def parsed(project: Project, path: PagePath, data: bytes | NotReadable) -> Page | Problem:
    """A page, or why it cannot be read."""
    if isinstance(data, NotReadable):
        return _unread(project.graph / path, path, data)
    try:
        return parse(data, path)
    except NotUtf8 as error:
        return _unread(project.graph / path, path, error)


def _unread(file: Path, path: PagePath, error: NotUtf8 | NotReadable) -> Problem:
    line = error.line if isinstance(error, NotUtf8) else 1
    code = "not-utf8" if isinstance(error, NotUtf8) else "unreadable-page"
    said = str(error).removeprefix(f"{path}:{line}: ").removeprefix(f"{file}: ")
    message, _, hint = said.partition("; ")
    return Problem(
        code=code,
        severity="error",
        place=Place(path=path, line=line),
        message=message,
        hint=hint or None,
    )
